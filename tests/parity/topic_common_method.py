"""Marker correlations and the single factor against the papers' formulas and psych."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.validity import harman_single_factor, marker_variable

NAMES = ["x1", "x4", "x7", "x9"]
RUNS: dict[str, dict[str, Any]] = {
    "smallest": {"marker": "x3"},
    "second": {"marker": "x3", "estimate": "second"},
    "mean": {"marker": "ageyr", "estimate": "mean"},
    "none": {},
}


def _labelled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis([" ".join(map(str, key)) for key in frame.index])


def comparisons() -> Iterator[Comparison]:
    cases = load("common_method")
    hs, bfi = read_data("hs1939.csv"), read_data("bfi.csv")
    for name, options in RUNS.items():
        ours = marker_variable(hs, variables=NAMES, **options)
        yield from cases[name].compare("marker_r", ours.marker_r)
        yield from cases[name].compare("pairs", _labelled(ours.pairs))
        yield from cases[name].compare("sensitivity", _labelled(ours.sensitivity))
    for name, data in (
        ("harman_bfi", bfi.iloc[:, :25]),
        ("harman_hs1939", hs[[f"x{i}" for i in range(1, 10)]]),
    ):
        single = harman_single_factor(data)
        case = cases[name]
        yield from case.compare("component_share", single.component_share)
        yield from case.compare("eigenvalues", list(single.eigenvalues))
        yield from case.compare("factor_share", single.factor_share, rtol=0, atol=ESTIMATE)
        yield from case.compare("loadings", single.loadings, rtol=0, atol=ESTIMATE)
