"""Omega from a one-factor model against lavaan and semTools."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.reliability import OmegaResult, mcdonald_omega

TIGHT = 1e-8  # both solutions converge far closer than the promised 1e-4


def _results() -> Iterator[tuple[str, OmegaResult]]:
    bfi = keyed_bfi()
    for letter in "ACENO":
        yield f"bfi_{letter}", mcdonald_omega(bfi, items=[f"{letter}{i}" for i in range(1, 6)])
    yield "spi_trust", mcdonald_omega(keyed_trust())
    hs = read_data("hs1939.csv")
    yield "hs1939_verbal", mcdonald_omega(hs, items=["x4", "x5", "x6"])
    yield "hs1939_all", mcdonald_omega(hs, items=[f"x{i}" for i in range(1, 10)])


def comparisons() -> Iterator[Comparison]:
    cases = load("omega")
    for name, ours in _results():
        case = cases[name]
        numbers = pd.Series(ours.summary())
        yield from case.compare("omega", numbers, rtol=TIGHT)
        yield from case.compare("comp_rel", numbers, rtol=TIGHT)
        yield from case.compare("standardized", ours.standardized, rtol=TIGHT)
        yield from case.compare("loadings", ours.loadings, rtol=0, atol=TIGHT)
        # A p-value near zero and the chi-square of a perfect fit hold in absolute terms.
        yield from case.compare("fit", numbers, rtol=TIGHT, atol=1e-9)
