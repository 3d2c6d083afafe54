"""Latent correlations of ordered items and incomplete answers against cut-offs, as semTools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_convergent_validity import BIG, THREE
from trustmeasure.confirmatory import cfa
from trustmeasure.validity import discriminant_validity

RUNS: dict[str, tuple[float, dict[str, Any]]] = {
    "fiml ML": (0.85, {"missing": "fiml"}),
    "fiml MLR": (0.6, {"missing": "fiml", "estimator": "MLR"}),
    "WLSMV": (0.5, {"ordered": True}),
    "WLSM": (0.4, {"ordered": True, "estimator": "WLSM", "parameterization": "theta"}),
}


def comparisons() -> Iterator[Comparison]:
    cases = load("discriminant_validity")
    hs, bfi = read_data("hs1939.csv"), read_data("bfi.csv")
    holes = hs.copy()
    for j in range(1, 10):
        rows = [(i * 7 + j * 13) % 31 < 3 for i in range(1, len(hs) + 1)]
        holes.loc[rows, f"x{j}"] = float("nan")
    for name, (cutoff, options) in RUNS.items():
        ordered = "ordered" in options
        fitted = cfa(BIG if ordered else THREE, bfi if ordered else holes, **options)
        table = discriminant_validity(fitted, cutoff=cutoff).table
        flat = table.set_axis([" ".join(map(str, pair)) for pair in table.index])
        near = {key: key for key in ("correlation", "ci_low", "ci_high", "pvalue")}
        yield from cases[name].compare("table", flat, rtol=0, atol=ESTIMATE, columns=near)
        statistic = {"chisq_diff": "chisq_diff"}
        yield from cases[name].compare("table", flat, rtol=ESTIMATE, columns=statistic)
