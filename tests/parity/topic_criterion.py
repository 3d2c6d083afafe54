"""Criterion validity against base R, psych and pROC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.validity import criterion_validity, disattenuate

SCALES = ["x1", "x4", "x7"]


def _results() -> Iterator[tuple[str, Any]]:
    hs = read_data("hs1939.csv")
    options: dict[str, Any] = {"scales": SCALES, "n_boot": 20, "rng": 1}
    yield (
        "hs1939_x9",
        criterion_validity(
            hs, criterion="x9", covariates=["ageyr", "sex"], criterion_reliability=0.8,
            reliability={"x1": 0.7, "x4": 0.85, "x7": 0.6}, **options,
        ),
    )  # fmt: skip
    yield (
        "hs1939_grade",
        criterion_validity(
            hs, criterion="grade", covariates=["ageyr", "sex", "x9"], reliability=0.7, **options
        ),
    )
    yield "hs1939_school", criterion_validity(hs, criterion="school", reliability=0.9, **options)


def comparisons() -> Iterator[Comparison]:
    cases = load("criterion")
    for name, ours in _results():
        for part in cases[name].values:
            yield from cases[name].compare(part, getattr(ours, part))
    for part, (r, x, y, n) in {
        "first": (0.4, 0.8, 0.7, 120),
        "second": (-0.25, 0.55, 0.9, 30),
    }.items():
        found = disattenuate(r, reliability_x=x, reliability_y=y, n=n)
        yield from cases["disattenuate"].compare(part, pd.Series(found.summary()))
