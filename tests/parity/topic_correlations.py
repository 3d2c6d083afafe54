"""Correlations of ranks, of incomplete and of mixed data, and smoothing, beside R and lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.correlation import correlate, polychoric
from trustmeasure.kernels.covariance import smoothed

ORDERED = ["A1", "A2", "N3", "education"]


def comparisons() -> Iterator[Comparison]:
    for case in load("correlations").values():
        name, *rest = case.id.split("/")
        if name == "smoothing":
            impossible = np.full((3, 3), -0.7) + 1.7 * np.eye(3)
            ours = pd.DataFrame(smoothed(impossible), list("abc"), list("abc"))
            # psych forms the square root of the raised eigenvalues, which are nearly zero.
            yield from case.compare("correlation", ours, rtol=0.0, atol=1e-8)
            continue
        if rest[-1:] == ["pairwise"] and rest[0] != "spearman":
            data = _with_holes() if rest[0] == "mixed" else _with_holes()[ORDERED]
            answers = [correlate(data, correlation="mixed", ordered=ORDERED, missing="pairwise")]
            if rest[0] == "ordered":
                answers.append(polychoric(data, missing="pairwise"))
            for found in answers:
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
    """Ordered answers, the age and means of five items, missing by a rule; two answered nothing."""
    bfi = read_data("bfi.csv")
    means = {
        letter.lower(): bfi[[f"{letter}{i}" for i in range(1, 6)]].mean(axis=1, skipna=False)
        for letter in "CEO"
    }
    some = bfi[[*ORDERED, "age"]].assign(**means).astype(float)
    row = np.arange(1, len(some) + 1)[:, None]
    gone = (row * 7 + np.arange(1, some.shape[1] + 1) * 13) % 31 < 4
    gone[[4, 49]] = True
    return some.mask(gone)
