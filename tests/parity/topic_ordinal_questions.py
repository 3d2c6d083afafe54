"""What models of ordered items are asked afterwards, beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import trustmeasure as tm
from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel

KINDS = {
    "raw": "raw",
    "cor": "correlation",
    "standardized": "standardized",
    "normalized": "normalized",
}
# lavaan's search stops some 1e-6 from the minimum.
LOOSE = {"rtol": 1e-3, "atol": ESTIMATE}
SEARCH = "lavaan's search for each person's score stops at a relative 1e-8 of what it minimises"

TWO = "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
ITEMS = [f"A{i}" for i in range(1, 6)] + [f"C{i}" for i in range(1, 6)]
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
PATHS = "A =~ A1 + A2 + A3\nC =~ C1 + C2 + C3\nC ~ A\nN1 ~ A + C\nN2 ~ A"
COVARIATE = "A =~ A1 + A2 + A3\nA ~ age\nN1 ~ A + age\nN2 ~ A"
GIVEN = "A =~ A1 + A2 + A3\nA ~ age + gender\nN1 ~ A + age\nN2 ~ A"
BOTH = "A =~ A1 + A2 + A3\nC =~ C1 + C2 + C3\nA ~ age + gender\nC ~ A + age"
LABELS = "A =~ a*A2 + a*A3 + b*A4 + b*A5 + A1\nC =~ C1 + c*C2 + c*C3 + C4 + C5"


@cache
def bfi() -> pd.DataFrame:
    frame = read_data("bfi.csv")
    frame = frame.dropna(subset=[*frame.columns[:25], "gender"]).head(900)
    return frame.assign(age=np.minimum(frame["age"], 60) / 100)


@cache
def children() -> pd.DataFrame:
    frame = read_data("hs1939.csv").copy()
    # As findInterval(): intervals are closed on the left.
    frame["x2"] = np.searchsorted([5, 6.5, 8], frame["x2"], side="right")
    frame["x5"] = np.searchsorted([3.5, 4.5, 5.5], frame["x5"], side="right")
    frame["x6"] = (frame["x6"] > 2).astype(int)
    return frame


@cache
def few() -> pd.DataFrame:
    frame = bfi().iloc[:400, :10].sub(1).floordiv(2)
    return frame.assign(A1=(frame["A1"] > 0).astype(int))


def fit(name: str) -> OrdinalStructuralModel:
    groups: dict[str, Any] = {"group": "gender", "group_equal": ["loadings", "thresholds"]}
    fits: dict[str, tuple[str, pd.DataFrame, list[str], dict[str, Any]]] = {
        "two": (TWO, bfi(), ITEMS, {}),
        "two/theta": (TWO, bfi(), ITEMS, {"parameterization": "theta"}),
        "two/ULSMV": (TWO, bfi(), ITEMS, {"estimator": "ULSMV"}),
        "two/WLS": (TWO, bfi(), ITEMS, {"estimator": "WLS"}),
        "few": (TWO, few(), ITEMS, {}),
        "labels": (LABELS, bfi(), ITEMS, {"estimator": "DWLS"}),
        "mixed": (THREE, children(), ["x2", "x5", "x6"], {}),
        "paths": (PATHS, bfi(), ["A1", "A2", "A3", "C1", "C2", "C3", "N1", "N2"], {}),
        "covariate": (
            COVARIATE,
            bfi(),
            ["A1", "A2", "A3", "N1", "N2"],
            {"fixed_x": False},
        ),
        "given": (GIVEN, bfi(), ["A1", "A2", "A3", "N1", "N2"], {}),
        "given/scores": (BOTH, bfi(), ["A1", "A2", "A3", "C1", "C2", "C3"], {}),
        "groups/delta": (TWO, bfi(), ITEMS, groups),
        "groups/theta": (TWO, bfi(), ITEMS, {**groups, "parameterization": "theta"}),
    }
    model, data, ordered, options = fits[name]
    found = tm.sem(model, data, ordered=ordered, **options)
    assert isinstance(found, OrdinalStructuralModel)
    return found


def comparisons() -> Iterator[Comparison]:
    for case in load("ordinal_questions").values():
        fitted = fit(case.id)
        yield from _indices(case, fitted)
        yield from _residuals(case, fitted)
        yield from _implied(case, fitted)
        if "scores|EBM" in case.values:
            yield from _scores(case, fitted)


def _indices(case: Case, fitted: OrdinalStructuralModel) -> Iterator[Comparison]:
    table = fitted.modification_indices(sort=False)
    groups = ["1"] * len(table)
    if "group" in table:
        groups = [str(fitted.labels.index(label) + 1) for label in table["group"]]
    keys = [
        "|".join((row.lhs, row.op, row.rhs, group))
        for row, group in zip(table.itertuples(), groups, strict=True)
    ]
    named = table.set_axis(keys)
    for name in ("mi", "epc", "sepc_lv", "sepc_all"):
        yield from case.compare(name, named[name], **LOOSE)
    if "released" in case.values:
        tests = fitted.score_tests()["chisq"]
        yield from case.compare("released", tests[:-1], **LOOSE)
        yield from case.compare("all", tests.iloc[-1], **LOOSE)


def _residuals(case: Case, fitted: OrdinalStructuralModel) -> Iterator[Comparison]:
    for theirs, ours in KINDS.items():
        if f"{theirs}|cov|1" not in case.values:
            continue
        found = fitted.residuals(kind=ours)
        assert found.thresholds is not None
        for place, label in enumerate(fitted.labels):
            alone = len(fitted.labels) == 1
            cov: pd.DataFrame = found.cov if alone else found.cov.loc[label]
            yield from case.compare(f"{theirs}|cov|{place + 1}", cov, **LOOSE)
            cuts = found.thresholds if alone else found.thresholds[label]
            yield from case.compare(f"{theirs}|th|{place + 1}", cuts, **LOOSE)
            if f"{theirs}|slopes|{place + 1}" in case.values:
                yield from case.compare(f"{theirs}|slopes|{place + 1}", found.slopes, **LOOSE)


def _implied(case: Case, fitted: OrdinalStructuralModel) -> Iterator[Comparison]:
    for place, (label, parts) in enumerate(fitted.implied().items(), start=1):
        yield from case.compare(f"implied|cov|{place}", parts["cov"], **LOOSE)
        yield from case.compare(f"implied|th|{place}", parts["thresholds"], **LOOSE)
        if "slopes" in parts:
            yield from case.compare(f"implied|slopes|{place}", parts["slopes"], **LOOSE)
        column = "r_squared" if label is None else label
        yield from case.compare(f"rsquare|{place}", fitted.r_squared[column], **LOOSE)


def _scores(case: Case, fitted: OrdinalStructuralModel) -> Iterator[Comparison]:
    for method in ("EBM", "ML"):
        scores = fitted.factor_scores(method=method).scores.dropna()
        rows = [str(number + 1) for number in range(len(scores))]
        yield from case.compare(
            f"scores|{method}", scores.set_axis(rows), rtol=1e-3, atol=2e-3, reason=SEARCH
        )
