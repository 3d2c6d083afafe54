"""Adjusted differences between nested models (Satorra, 2000) beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.confirmatory import compare_models, sem
from trustmeasure.confirmatory.results import StructuralModel

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
TWO = "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
EQUAL = "A =~ a*A2 + a*A3 + a*A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
MIXED = "visual =~ x1 + x2 + x3\nvisual ~ {}x4 + {}x5\nx9 ~ visual + x4"
SCHOOLS = {"metric": "loadings", "scalar": "intercepts"}
SEXES = {"thresholds": "thresholds", "loadings": "loadings", "means": "means"}
# lavaan's search stops some 1e-5 from the minimum, where differences of statistics of some
# thousands have lost three digits more; "exact" starts from where parameters ended.
LOOSE = 1e-4


@cache
def pupils() -> pd.DataFrame:
    return read_data("hs1939.csv")


@cache
def cut_pupils() -> pd.DataFrame:
    frame = pupils().copy()
    frame["x2"] = np.searchsorted([5, 6.5, 8], frame["x2"], side="right")
    frame["x5"] = np.searchsorted([3.5, 4.5, 5.5], frame["x5"], side="right")
    return frame


@cache
def persons() -> pd.DataFrame:
    frame = read_data("bfi.csv")
    items = [f"{scale}{i}" for scale in "AC" for i in range(1, 6)]
    return frame.dropna(subset=[*items, "gender"]).head(900)


def held(
    model: str, data: pd.DataFrame, levels: dict[str, str], **options: Any
) -> dict[str, StructuralModel]:
    found = {"configural": sem(model, data, **options)}
    equal: list[str] = []
    for name, more in levels.items():
        equal += more.split()
        found[name] = sem(model, data, group_equal=equal, **options)
    return found


@cache
def models(topic: str) -> dict[str, StructuralModel]:
    kind, estimator = topic.split("/")
    if kind == "schools":
        return held(THREE, pupils(), SCHOOLS, group="school", estimator=estimator)
    if kind in ("sexes", "theta"):
        given = {"parameterization": "theta"} if kind == "theta" else {}
        return held(
            TWO, persons(), SEXES, group="gender", estimator=estimator, ordered=True, **given
        )
    if kind == "cut":
        levels = {"loadings": "thresholds loadings"}
        return held(THREE, cut_pupils(), levels, group="school", ordered=["x2", "x5"])
    if kind == "paths":
        syntax = {"free": ("", ""), "equal": ("a*", "a*"), "none": ("0*", "0*")}
        return {
            name: sem(MIXED.format(*signs), pupils(), estimator=estimator)
            for name, signs in syntax.items()
        }
    shapes = {"two": TWO, "equal": EQUAL, "apart": f"{EQUAL}\nA ~~ 0*C"}
    return {name: sem(syntax, persons(), ordered=True) for name, syntax in shapes.items()}


def comparisons() -> Iterator[Comparison]:
    for case in load("model_differences").values():
        kind, estimator, method, directions, shifted = case.id.split("/")
        fits = models(f"{kind}/{estimator}")
        if case.id == "schools/MLMV/satorra.2000/exact/shifted":
            fits = {name: fits[name] for name in ("configural", "metric")}
        found = compare_models(
            fits,
            method=method,
            directions=directions,
            scaled_shifted=shifted == "shifted",
        ).table
        for name in ("chisq_diff", "df_diff", "pvalue"):
            yield from case.compare(name, found[name], rtol=LOOSE, atol=1e-6)
