"""Alpha, omega and ICC within and between clusters against lavaan and semTools."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.reliability import MultilevelReliabilityResult, multilevel_reliability

# Iterative on both sides, and lavaan's standard errors come from differences of its gradient;
# far inside the promised 1e-4.
TIGHT = 1e-6
ITEMS = {
    "clustered_5": ["y1", "y2", "y3", "y4", "y5"],
    "clustered_6": ["y1", "y2", "y3", "y4", "y5", "y6"],
    "clustered_3": ["y1", "y2", "y3"],
    "clustered_rounded": ["y1", "y3", "y4", "y5"],
}


def _result(name: str) -> MultilevelReliabilityResult:
    data = read_data("clustered.csv")
    if name == "clustered_rounded":
        data = data.round()
    with warnings.catch_warnings():  # a negative uniqueness, which lavaan has as well
        warnings.simplefilter("ignore", ConvergenceWarning)
        return multilevel_reliability(data, cluster="team", items=ITEMS[name])


def comparisons() -> Iterator[Comparison]:
    results = {name: _result(name) for name in ITEMS}
    for case in load("multilevel_reliability").values():
        name, what = case.id.split("/")
        ours = results[name]
        numbers = pd.Series(ours.summary())
        if what == "factors":
            yield from case.compare("omega", ours.table, rtol=0, atol=TIGHT)
            yield from case.compare("semtools", ours.table["estimate"], rtol=0, atol=TIGHT)
            yield from case.compare("loadings", ours.loadings, rtol=0, atol=TIGHT)
            yield from case.compare("loglik", ours.loglik, rtol=1e-9)
            yield from case.compare("df", ours.df)
            yield from case.compare("fit", numbers, rtol=1e-6, atol=1e-6)
            continue
        yield from case.compare("alpha", ours.table, rtol=0, atol=TIGHT)
        yield from case.compare("icc", ours.icc, rtol=0, atol=TIGHT)
        yield from case.compare("within", ours.within, rtol=0, atol=TIGHT)
        yield from case.compare("between", ours.between, rtol=0, atol=TIGHT)
