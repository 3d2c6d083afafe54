"""Invariance of ordered items beside semTools and lavaan: levels, tests, effects, waves."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.invariance import (
    InvarianceResult,
    longitudinal_invariance,
    measurement_invariance,
)
from trustmeasure.invariance.levels import ORDINAL_LEVELS
from trustmeasure.invariance.ordinal_score_tests import ordinal_score_tests

EVERY = tuple(name for name in ORDINAL_LEVELS)
ITEMS = ("A2", "A3", "A4", "A5", "A1")
ONE = "A =~ A2 + A3 + A4 + A5 + A1"
TWO = ONE + "\nC =~ C1 + C2 + C3 + C4 + C5"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
TRUST = "trust =~ t1 + t2 + t3 + t4"
# lavaan's search stops some 1e-5 from the minimum, and its numbers with it.
SEARCH = 1e-4


def comparisons() -> Iterator[Comparison]:
    for case in load("ordinal_invariance").values():
        source, kind, *rest = case.id.split("/")
        if source == "partial":
            released = {"thresholds": ["A3|t5", "A3|t1"], "scalar": ["A=~A5", "A1~1", "A4|t2"]}
            again = ladder("six", "theta").design
            yield from _model(case, again.fit(ORDINAL_LEVELS[kind], released[kind]))
        elif source == "tests":
            yield from _score_tests(case, kind)
        elif source == "effects":
            yield from _effects(case, kind)
        elif source == "waves_partial":
            found = waves("waves", "theta").design.fit(
                ORDINAL_LEVELS["scalar"], ["trust=~t4", "t3|t2"]
            )
            yield from _model(case, found)
        else:
            climbed = waves if source.startswith("waves") else ladder
            yield from _level(case, climbed(source, kind), rest[0])


@cache
def answers(source: str) -> pd.DataFrame:
    """Give the data that a case's id names."""
    if source == "mixed":
        frame = read_data("hs1939.csv").copy()
        # As findInterval(): intervals are closed on the left.
        frame["x2"] = np.searchsorted([5, 6.5, 8], frame["x2"], side="right")
        frame["x5"] = np.searchsorted([3.5, 4.5, 5.5], frame["x5"], side="right")
        return frame
    columns = [*ITEMS, *(f"C{j}" for j in range(1, 6)), "gender"]
    frame = read_data("bfi.csv").dropna(subset=columns).copy()
    if source == "education":
        return frame[frame["education"].isin([3, 4, 5])]
    for name in ITEMS:
        if source == "three":
            frame[name] = 1 + (frame[name] >= 4) + (frame[name] >= 5)
        elif source == "binary":
            frame[name] = (frame[name] > 4).astype(int)
    if source == "blend":
        frame["A1"] = (frame["A1"] > 2).astype(int)
    return frame


@cache
def ladder(source: str, kind: str) -> InvarianceResult:
    """Climb over groups as a case's id says."""
    model = {"two": TWO, "mixed": THREE}.get(source, ONE)
    options: dict[str, Any] = {
        "parameterization": "delta" if kind == "delta" else "theta",
        "estimator": kind if kind.isupper() else None,
        "ordered": ["x2", "x5"] if source == "mixed" else True,
    }
    if kind == "theta":
        options["levels"] = EVERY
    if source == "blend":
        options["levels"] = ("configural", "scalar", "strict")
    group = {"mixed": "school", "education": "education"}.get(source, "gender")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measurement_invariance(model, answers(source), group=group, **options)


@cache
def waves(source: str, kind: str) -> InvarianceResult:
    """Climb over waves as a case's id says."""
    frame = read_data("ordinal_waves.csv").copy()
    columns = {f"t{j}": tuple(f"t{j}_{w}" for w in (1, 2, 3)) for j in range(1, 5)}
    every = [name for own in columns.values() for name in own]
    if source == "waves3":
        frame[every] = frame[every].clip(upper=3)
    elif source == "waves2":
        frame[every] = (frame[every] > 2).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return longitudinal_invariance(
            TRUST, frame, columns=columns, ordered=True, parameterization=kind,
            levels=EVERY if kind == "theta" else None,
        )  # fmt: skip


def _level(case: Case, result: InvarianceResult, level: str) -> Iterator[Comparison]:
    yield from _model(case, result.fits[level])
    if "difference" in case.values:
        yield from case.compare(
            "difference", result.table.loc[level], rtol=1e-3, atol=1e-5,
            reason="a small difference of statistics that lavaan's search leaves inexact",
        )  # fmt: skip


def keyed(fitted: StructuralModel) -> pd.DataFrame:
    """Name every row as the reference does, covariances either way round."""
    table = fitted.solution.specification.table.parameters  # type: ignore[attr-defined]
    frame = fitted.estimates.copy()
    names = []
    for row in table:
        left, right = (text.replace("trust.", "trust") for text in (row.lhs, row.rhs))
        names.append((left, row.op, right, str(row.group)))
    frame.index = ["|".join(name) for name in names]
    turned = frame[[name[1] == "~~" and name[0] != name[2] for name in names]].copy()
    turned.index = [f"{c}|~~|{a}|{g}" for a, op, c, g in names if op == "~~" and a != c]
    return pd.concat([frame, turned])


def _model(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    rows = keyed(fitted)
    for name in ("est", "se", "std"):
        if name in case.values:
            yield from case.compare(name, rows[name], rtol=SEARCH, atol=ESTIMATE)
    given = {name: value for name, value in case.values["fit"].items() if name in fitted.fit}
    shown = Case(case.id, case.statistic, case.call, {"fit": given})
    yield from shown.compare("fit", fitted.fit, rtol=SEARCH, atol=1e-6)


def _score_tests(case: Case, level: str) -> Iterator[Comparison]:
    result = ladder("binary" if level == "binary" else "six", "theta")
    level = "scalar" if level == "binary" else level
    design: Any = result.design
    plan = design.plan(ORDINAL_LEVELS[level], ())
    names = list(case.values["chisq"])
    found = ordinal_score_tests(design, result.fits[level], plan, names, correction="none")
    yield from case.compare(
        "chisq", found["chisq"], rtol=1e-3, atol=1e-4,
        reason="slopes are from where lavaan's search stopped",
    )  # fmt: skip


def _effects(case: Case, source: str) -> Iterator[Comparison]:
    anchors = {"six": ("A2",), "three": ("A2", "A4"), "binary": ("A2", "A3")}[source]
    found = ladder(source, "theta").effect_size(anchors=anchors)
    table = found.table.droplevel(["factor", "group"])
    yield from case.compare("effects", table, rtol=SEARCH, atol=ESTIMATE)
    scale = found.scales.iloc[0]
    for name in ("expected", "bias"):
        yield from case.compare(name, scale[name], rtol=SEARCH, atol=ESTIMATE)
    yield from case.compare("df", found.fit.fit["df"])
