"""Ordered items with missing answers, and with observed covariates, beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from trustmeasure.confirmatory import sem
from trustmeasure.confirmatory.results import StructuralModel

ITEMS = [f"{scale}{i}" for scale in "AC" for i in range(1, 6)]
CUT = ITEMS[:8]
TWO = "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
OUTCOMES = ["A1", "A2", "A3", "N1", "N2"]
PATHS = """
A =~ A1 + A2 + A3
A ~ a*age + gender
N1 ~ b*A + age
N2 ~ A
N1 ~~ N2
C5 ~ A + N1 + gender
ab := a*b
"""
MODELS = {
    "ordered": TWO,
    "mixed": TWO,
    "predicted": f"{TWO}\nA ~ age + gender\nC ~ A + age\nC1 ~ gender",
    "paths": PATHS,
    "only": "N1 ~ N2 + age\nN2 ~ age + gender\nC4 ~ N1",
    "sexes": f"{TWO}\nA ~ age\nC ~ A + age",
}
ORDERED = {"mixed": CUT, "paths": OUTCOMES, "only": ["N1", "N2"]}
# The first persons who answered nothing, and who did not tell their age.
SILENT, AGELESS = [4, 49], [6, 69, 70]


@cache
def answers(kind: str, missing: bool) -> pd.DataFrame:
    frame = read_data("bfi.csv").dropna(subset=[*ITEMS, "gender", "age"]).head(700).copy()
    covariates = kind not in ("ordered", "mixed")
    if covariates:
        frame = frame.dropna(subset=["N1", "N2"])
        frame["age"] = frame["age"] / 10
    row = np.arange(1, len(frame) + 1)
    if missing:
        for j, name in enumerate(ITEMS, start=1):
            frame[name] = frame[name].astype(float).mask((row * 7 + j * 13) % 31 < 4)
        if covariates:
            frame.iloc[AGELESS, frame.columns.get_loc("age")] = np.nan
        else:
            frame.iloc[SILENT, [frame.columns.get_loc(name) for name in ITEMS]] = np.nan
    if kind in ("mixed", "paths", "only"):
        frame["C5"] = frame["C5"] + (row % 7) / 5
        frame["C4"] = frame["C4"] + (row % 5) / 3
    return frame


def fitted(name: str) -> StructuralModel:
    kind, missing, estimator, *words = name.split("/")
    options: dict[str, Any] = {"estimator": estimator, "missing": missing}
    for word in words:
        options |= {
            "theta": {"parameterization": "theta"},
            "std": {"std_lv": True},
            "groups": {"group": "gender", "group_equal": ("thresholds", "loadings")},
            "equal": {"group": "gender", "group_equal": ("loadings", "regressions")},
        }[word]
    data = answers(kind, missing == "pairwise")
    return sem(MODELS[kind], data, ordered=ORDERED.get(kind, ITEMS), **options)


def keyed(fit: StructuralModel) -> pd.DataFrame:
    """Name the estimates as the reference does."""
    rows = fit.estimates
    labels = list(rows["group"].dropna().unique()) if "group" in rows else []
    group = [labels.index(label) + 1 if label in labels else 1 for label in rows.get("group", [])]
    names = rows["lhs"] + rows["op"] + rows["rhs"]
    if group:
        names = names + [f".g{number}" if number > 1 else "" for number in group]
    return rows[["est", "se", "std", "se_std"]].set_axis(names)


def comparisons() -> Iterator[Comparison]:
    for case in load("ordinal_answers").values():
        fit = fitted(case.id)
        yield from case.compare("estimates", keyed(fit), rtol=0, atol=ESTIMATE)
        yield from case.compare("n", fit.n)
        given = {k: v for k, v in case.values["fit"].items() if k in fit.fit}
        shown = Case(case.id, case.statistic, case.call, {"fit": given})
        yield from shown.compare("fit", fit.fit, rtol=1e-5, atol=1e-5)
