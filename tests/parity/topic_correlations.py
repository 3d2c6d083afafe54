"""Correlations of ranks, of incomplete and of mixed data, and smoothing, beside R and lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.correlation import correlate
from trustmeasure.kernels.covariance import smoothed


def comparisons() -> Iterator[Comparison]:
    for case in load("correlations").values():
        name, *rest = case.id.split("/")
        if name == "smoothing":
            impossible = np.full((3, 3), -0.7) + 1.7 * np.eye(3)
            ours = pd.DataFrame(smoothed(impossible), list("abc"), list("abc"))
            # psych forms the square root of the raised eigenvalues, which are nearly zero.
            yield from case.compare("correlation", ours, rtol=0.0, atol=1e-8)
            continue
        if rest == ["mixed", "pairwise"]:
            found = correlate(
                _with_holes(),
                correlation="mixed",
                ordered=["A1", "A2", "N3", "education"],
                missing="pairwise",
            )
            yield from case.compare("n", found.n_pairs)
            yield from case.compare("correlation", found.correlation, rtol=0.0, atol=1e-6)
            yield from case.compare("se", found.se, rtol=0.0, atol=1e-6)
            continue
        data = read_data(f"{name}.csv")[ITEMS[name]]
        if rest == ["fiml"]:
            found = correlate(data, missing="fiml")
            # Both are EM, stopped by changes of different size.
            yield from case.compare("correlation", found.correlation, rtol=0.0, atol=1e-7)
        elif rest == ["mixed"]:
            data = data.assign(
                x2=np.digitize(data["x2"], [5, 6, 7], right=True),
                x5=np.digitize(data["x5"], [4], right=True),
            )
            found = correlate(data, correlation="mixed", ordered=["x2", "x5"])
            yield from case.compare("correlation", found.correlation, rtol=0.0, atol=1e-6)
            yield from case.compare("se", found.se, rtol=0.0, atol=1e-6)
        else:
            found = correlate(
                data,
                correlation="spearman",
                missing="listwise" if rest[1] == "complete" else "pairwise",
            )
            yield from case.compare("correlation", found.correlation)


def _with_holes() -> pd.DataFrame:
    """Ordered answers and means of five items, each with missing values of its own."""
    bfi = read_data("bfi.csv")
    means = {
        letter.lower(): bfi[[f"{letter}{i}" for i in range(1, 6)]].mean(axis=1, skipna=False)
        for letter in "CEO"
    }
    return bfi[["A1", "A2", "N3", "education"]].assign(**means)
