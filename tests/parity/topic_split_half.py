"""All split halves against psych::splitHalf, split by split."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load
from tests.parity.topic_alpha import keyed_bfi
from tests.parity.topic_lower_bounds import item_sets
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import split_half

NUMBERS = ("max", "mean", "min", "alpha", "lambda2", "lambda6", "mean_r", "median_r")


def _data(name: str) -> pd.DataFrame:
    if name == "bfi_A4":
        return keyed_bfi()[["A2", "A3", "A4", "A5"]]
    return item_sets()[name]


def comparisons() -> Iterator[Comparison]:
    for name, case in load("split_half").items():
        kind = name.rsplit("_", 1)[1]
        missing = "pairwise" if "pairwise" in name else "listwise"
        data = _data(name.rsplit("_", 1)[0].removesuffix("_pairwise"))
        with warnings.catch_warnings():
            # Items of several scales: the warning is right, and expected.
            warnings.simplefilter("ignore", DataWarning)
            ours = split_half(data, standardized=kind == "std", missing=missing, ci=None)
        yield from case.compare("numbers", pd.Series({n: getattr(ours, n) for n in NUMBERS}))
        yield from case.compare("quantiles", ours.quantiles.rename(index=str))
        yield from case.compare("sorted", list(np.sort(ours.values)))
