"""Confirmatory and structural models beside lavaan: every estimate, error and index."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.confirmatory import cfa, growth, sem
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import ConvergenceWarning

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
MODELS = {
    "three": THREE,
    "second": f"{THREE}\ng =~ visual + textual + speed",
    "bifactor": "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\n"
    "visual =~ x1 + x2 + x3\nspeed =~ x7 + x8 + x9",
    "paths": "x9 ~ a*x7 + b*x1 + x2\nx8 ~ d*x9 + x1\nindirect := a*d\nboth := a*d + b*d",
    "mixed": "visual =~ x1 + x2 + x3\nvisual ~ x4 + x5\nx9 ~ visual + x4",
    "curve": "level =~ 1*x1 + 1*x2 + 1*x3 + 1*x4\nchange =~ 0*x1 + 1*x2 + 2*x3 + 3*x4",
    "democracy": "ind60 =~ x1 + x2 + x3\ndem60 =~ y1 + a*y2 + b*y3 + c*y4\n"
    "dem65 =~ y5 + a*y6 + b*y7 + c*y8\ndem60 ~ ind60\ndem65 ~ ind60 + dem60\n"
    "y1 ~~ y5\ny2 ~~ y4 + y6\ny3 ~~ y7\ny4 ~~ y8\ny6 ~~ y8",
    "one": "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9",
    "nested": "g =~ N1 + N2 + N3 + N4 + N5 + E1 + E2 + E3 + E4 + E5\n"
    "N =~ N1 + N2 + N3 + N4 + N5\nE =~ E1 + E2 + E3 + E4 + E5",
    "spi": "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871",
}
EQUAL = {
    "loadings": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
FILES = {"spi": "spi_trust.csv", "democracy": "political_democracy.csv", "bfi": "bfi.csv"}


def comparisons() -> Iterator[Comparison]:
    for case in load("structural_models").values():
        fitted = fit(case.id)
        rows = keyed(fitted)
        for name, column in (("est", "est"), ("se", "se"), ("std", "std")):
            yield from case.compare(
                name, rows[column], rtol=1e-4, atol=ESTIMATE,
                reason="lavaan's search stops some 1e-5 of the value from the minimum",
            )  # fmt: skip
        yield from case.compare("fit", fitted.fit, rtol=1e-4, atol=1e-6)


def keyed(fitted: StructuralModel) -> pd.DataFrame:
    frame = fitted.estimates
    labels = fitted.settings["group_labels"]
    groups = ["1"] * len(frame)
    if labels is not None:
        groups = [str(labels.index(str(label)) + 1) for label in frame["group"]]
    keys = [
        "|".join((row.lhs, row.op, row.rhs.replace(" ", ""), group))
        for row, group in zip(frame.itertuples(), groups, strict=True)
    ]
    return frame.set_axis(keys)


def fit(name: str) -> StructuralModel:
    """Fit what a case's id says."""
    source, *words = name.split("/")
    data = read_data(FILES.get(source, "hs1939.csv"))
    options: dict[str, Any] = {}
    kind, model = cfa, MODELS.get(source, THREE)
    if source == "holes":
        data = with_holes(data)
    if "spi" in source and "cluster" in words:
        data = data.dropna()
    for word in words:
        if word in ("ML", "MLM", "MLMV", "MLMVS", "MLR", "MLF", "GLS", "ULS"):
            options["estimator"] = word
        elif word in MODELS:
            model = MODELS[word]
            kind = {"paths": sem, "mixed": sem, "curve": growth}.get(word, cfa)
        elif word in EQUAL:
            options["group_equal"] = EQUAL[word]
        elif word == "group":
            options["group"] = "school"
        elif word == "means":
            options["meanstructure"] = True
        elif word == "fiml":
            options["missing"] = "fiml"
        elif word == "cluster":
            options["cluster"] = "age" if source == "spi" else "agemo"
        else:
            options[word] = True
    if source == "bfi":
        data = data.head(1200)
    if {"bifactor", "nested"} & set(words):
        options |= {"orthogonal": True, "std_lv": True}
    if name == "hs/mixed/MLR":
        options["meanstructure"] = True
    if name == "holes/fiml/mixed":
        data = data.dropna(subset=["x4", "x5"])
    if source == "democracy":
        kind = sem
    with warnings.catch_warnings():
        # The growth curve of unrelated tests is improper, in lavaan too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kind(model, data, **options)


def with_holes(data: pd.DataFrame) -> pd.DataFrame:
    """Leave out answers by the rule of the R script."""
    data = data.copy()
    rows = np.arange(1, len(data) + 1)
    for j in range(1, 10):
        data[f"x{j}"] = data[f"x{j}"].mask((rows * 7 + j * 13) % 31 < 3)
    return data
