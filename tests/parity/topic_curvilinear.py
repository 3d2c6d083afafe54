"""Quadratics, u-tests and two lines against base R, sandwich and mgcv."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.validity import CurvilinearResult, curvilinear


def _results() -> Iterator[tuple[str, CurvilinearResult]]:
    x = pd.Series(np.linspace(1, 5, 200), name="x")
    y = -((x - 3.5) ** 2) + 1.5 * np.sin(37 * np.arange(1, 201))
    yield "inverse_u", curvilinear(y, x)
    yield "inverse_u_hc3", curvilinear(y, x, errors="HC3")
    hs, bfi = read_data("hs1939.csv"), read_data("bfi.csv")
    yield (
        "hs1939",
        curvilinear("x9", "x7", data=hs, covariates=["ageyr", "sex"], errors="HC1"),
    )
    yield "hs1939_cluster", curvilinear("x9", "x1", data=hs, cluster="agemo")
    neuroticism = bfi[[f"N{i}" for i in range(1, 6)]].mean(axis=1, skipna=False)
    yield (
        "bfi_age",
        curvilinear(neuroticism, bfi["age"], covariates=bfi[["gender"]]),
    )
    yield "bfi_item", curvilinear("N2", "N1", data=bfi)
    yield "attitude", curvilinear("rating", "advance", data=read_data("attitude.csv"))


def comparisons() -> Iterator[Comparison]:
    for name, ours in _results():
        case = load("curvilinear")[name]
        covariates = ours.settings["covariates"]
        table = ours.coefficients.set_axis(["intercept", "x", "x2", *covariates])
        # Differences of sums of squares, and p-values near zero, hold in absolute terms.
        yield from case.compare("coefficients", table, atol=1e-12)
        numbers = pd.Series(ours.summary())
        yield from case.compare("r2", numbers, atol=1e-12)
        yield from case.compare("ends", ours.ends, atol=1e-12)
        finite = numbers.astype(float).where(np.isfinite(numbers.astype(float)))
        yield from case.compare("turning", finite, atol=1e-12)
        yield from case.compare("lines", ours.lines, atol=1e-12)
        yield from case.compare("at", numbers)
