"""Invariance over groups beside lavaan and semTools: all levels, tests, partial models, effects."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd

from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from tests.parity.topic_structural_models import THREE, keyed, with_holes
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.nesting import scaling_at
from trustmeasure.invariance import InvarianceResult, measurement_invariance
from trustmeasure.invariance.levels import STANDARD
from trustmeasure.invariance.score_tests import score_tests

TRAITS = "\n".join(
    f"{name} =~ " + " + ".join(f"{letter}{j}" for j in range(1, 6))
    for name, letter in (("agree", "A"), ("consc", "C"), ("neuro", "N"))
)
EVERY = (*STANDARD, "lv_variances", "lv_means")
OPERATORS = {"metric": "=~", "scalar": "~1", "strict": "~~"}
# lavaan's search stops some 1e-5 from the minimum, and its numbers with it.
SEARCH = 1e-4


def comparisons() -> Iterator[Comparison]:
    for case in load("invariance").values():
        source, kind, *rest = case.id.split("/")
        if kind == "tests":
            yield from _score_tests(case, source, rest[0])
        elif kind in ("partial", "anchors"):
            yield from _effects(case, kind)
        elif kind == "positive":
            yield from _positive(case, *rest)
        elif rest == ["changes"]:
            yield from _changes(case, ladder(source, kind))
        else:
            result = ladder(source, kind)
            yield from _model(case, result.fits[rest[0]])
            if "difference" in case.values:
                yield from case.compare(
                    "difference", result.table.loc[rest[0]], rtol=1e-3, atol=1e-5,
                    reason="a small difference of statistics that lavaan's search leaves inexact",
                )  # fmt: skip


@cache
def ladder(source: str, estimator: str, std_lv: bool | None = None) -> InvarianceResult:
    """Climb as a case's id says."""
    options: dict[str, Any] = {"std_lv": std_lv, "levels": EVERY if estimator == "ML" else STANDARD}
    if source == "bfi":
        model, data, group = TRAITS, read_data("bfi.csv"), "gender"
        items = [column for column in data.columns if column[0] in "ACN" and len(column) == 2]
        data = data.dropna(subset=items)  # lavaan numbers groups after deletion, we before it
    else:
        model, data, group = THREE, read_data("hs1939.csv"), "school"
    if source == "holes":
        data, options["missing"] = with_holes(data), "fiml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measurement_invariance(model, data, group=group, estimator=estimator, **options)


def _model(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    rows = keyed(fitted)
    for name in ("est", "se", "std"):
        yield from case.compare(name, rows[name], rtol=SEARCH, atol=ESTIMATE)
    if "fit" not in case.values:
        return
    given = dict(case.values["fit"])
    if given["df"] > given["baseline_df"]:  # where lavaan has no NFI and RFI
        del given["nfi"], given["rfi"]
    shown = Case(case.id, case.statistic, case.call, {"fit": given})
    yield from shown.compare("fit", fitted.fit, rtol=SEARCH, atol=1e-6)


def _changes(case: Case, result: InvarianceResult) -> Iterator[Comparison]:
    columns = {name: f"delta_{name}" for name in ("cfi", "rmsea", "srmr")}
    yield from case.compare("changes", result.table, rtol=1e-4, atol=1e-5, columns=columns)


def _score_tests(case: Case, source: str, level: str) -> Iterator[Comparison]:
    result = ladder(source, "ML")
    names = [name for name in case.values["chisq"] if OPERATORS[level] in name]
    found = score_tests(result.design, result.fits[level], names, correction="none")
    yield from case.compare(
        "chisq", found["chisq"], rtol=1e-3, atol=1e-4,
        reason="multipliers are from the gradient where lavaan's search stopped",
    )  # fmt: skip


def _positive(case: Case, estimator: str, level: str) -> Iterator[Comparison]:
    """Scale a difference by the factor at the restricted model's moments.

    MLR's factor is from the observed information, which away from the minimum depends on how
    factors get their scale: by first loadings, as in the reference.
    """
    result = ladder("hs", estimator, std_lv=False)
    restricted, general = (
        result.fits[name] for name in (level, STANDARD[STANDARD.index(level) - 1])
    )
    df = restricted.fit["df"] - general.fit["df"]
    heavier = restricted.fit["df"] * restricted.fit["chisq_scaling_factor"]
    scaling = (heavier - general.fit["df"] * scaling_at(restricted, general)) / df
    gap = restricted.fit["chisq"] - general.fit["chisq"]
    yield from case.compare(
        "chisq", gap / scaling, rtol=1e-3,
        reason="a small difference of statistics that lavaan's search leaves inexact",
    )  # fmt: skip


def _effects(case: Case, kind: str) -> Iterator[Comparison]:
    result = ladder("hs", "ML")
    if kind == "partial":
        found = result.partial("scalar", release=["x3~1", "x7~1"]).effect_size()
    else:
        found = result.effect_size(anchors=("x1", "x4", "x9"))
    table: pd.DataFrame = found.table.droplevel(["factor", "group"])
    yield from case.compare("effects", table, rtol=SEARCH, atol=ESTIMATE)
    yield from case.compare("scale", found.scales["bias"].droplevel(1), rtol=SEARCH, atol=ESTIMATE)
    yield from _model(case, found.fit)
