"""Invariance over waves beside lavaan and semTools: democracy in 1960 and in 1965."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache

from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from tests.parity.topic_invariance import EVERY, SEARCH
from tests.parity.topic_structural_models import keyed
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.invariance import InvarianceResult, longitudinal_invariance

WAVES = (60, 65)
COLUMNS = {f"d{j}": (f"y{j}", f"y{j + 4}") for j in range(1, 5)}


def comparisons() -> Iterator[Comparison]:
    for case in load("invariance_waves").values():
        kind, level = case.id.split("/")
        if kind == "partial":
            yield from _model(case, ladder("ML").partial("scalar", release="d2~1").fit)
            continue
        result = ladder(kind)
        yield from _model(case, result.fits[level])
        if "difference" in case.values:
            yield from case.compare(
                "difference", result.table.loc[level], rtol=1e-3, atol=1e-5,
                reason="a small difference of statistics that lavaan's search leaves inexact",
            )  # fmt: skip
        if "meas_eq" in case.values:
            yield from case.compare("meas_eq", result.fits[level].fit, rtol=SEARCH)


@cache
def ladder(estimator: str) -> InvarianceResult:
    """Climb with one estimator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return longitudinal_invariance(
            "dem =~ d1 + d2 + d3 + d4", read_data("political_democracy.csv"), wave=WAVES,
            columns=COLUMNS, levels=EVERY, estimator=estimator,
        )  # fmt: skip


def _model(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    rows = keyed(fitted)
    rows.index = [key.replace("dem.", "dem").removesuffix("|1") for key in rows.index]
    for name in ("est", "se", "std"):
        yield from case.compare(name, rows[name], rtol=SEARCH, atol=ESTIMATE)
    yield from case.compare("fit", fitted.fit, rtol=SEARCH, atol=1e-6)
