"""Heterotrait–monotrait ratios against semTools, intervals against Efron's formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import keyed_bfi
from trustmeasure.kernels.bootstrap_intervals import bca_limits, percentile_limits
from trustmeasure.validity import htmt

THREE = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
FIVE = {letter: [f"{letter}{i}" for i in range(1, 6)] for letter in "ACENO"}


def comparisons() -> Iterator[Comparison]:
    cases = load("htmt")
    hs, bfi = read_data("hs1939.csv"), keyed_bfi()
    holes = hs.copy()
    for j in range(1, 10):
        rows = [(i * 7 + j * 13) % 31 < 3 for i in range(1, len(hs) + 1)]
        holes.loc[rows, f"x{j}"] = np.nan
    runs: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("hs1939", hs, THREE, {}),
        ("bfi_listwise", bfi, FIVE, {}),
        ("bfi_pairwise", bfi, FIVE, {"missing": "pairwise"}),
        ("bfi_ordered", bfi, FIVE, {"correlation": "polychoric"}),
        ("hs1939_fiml", holes, THREE, {"missing": "fiml"}),
    ]
    for name, data, scales, options in runs:
        # Polychoric and full-information correlations are iterative; both stop far closer than
        # promised.
        rtol = 1e-5 if options.keys() & {"correlation"} or name.endswith("fiml") else 1e-8
        for method in ("htmt", "htmt2"):
            ours = htmt(data, scales, method=method, ci=None, **options)
            yield from cases[name].compare(method, ours, rtol=rtol)

    given = cases["bca"]
    replicates = np.array(given.values["replicates"])[:, None]
    left = np.array(given.values["left_out"])[:, None]
    yield from given.compare("percentile", [v[0] for v in percentile_limits(replicates, 0.95)])
    for name, estimate, level in (("bca", 2.4, 0.95), ("bca_90", 3.1, 0.90)):
        found = bca_limits(np.array([estimate]), replicates, left, level)
        yield from given.compare(name, [v[0] for v in found])
