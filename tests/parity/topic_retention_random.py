"""Random criteria beside R: means over many samples agree within what chance leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import parallel_analysis
from trustmeasure.kernels.comparison_data import compare, margin
from trustmeasure.kernels.covariance import listwise_moments

FINITE = (
    "R's population of 100,000 has correlations of its own, off by up to .006, its principal "
    "axes stop after 50 rounds, and both are means of 500 samples"
)
CHANCE = "both are means over 300 random samples; four of their standard errors are .004 to .014"
FEW = "R's are means over 60 random samples, whose standard errors reach .005"
HEAVY = (
    "one factor of unrelated items is a Heywood case in one sample of five, with an eigenvalue "
    "near 1 among values near .2, so that the standard error of R's mean is .05"
)
STARTS = "psych finds polychoric correlations to 1e-4, and loadings to what its search leaves"


def comparisons() -> Iterator[Comparison]:
    yield from _rows()


@cache  # the samples take seconds, and every test of a topic asks for its comparisons
def _rows() -> tuple[Comparison, ...]:
    return tuple(_compared())


def _compared() -> Iterator[Comparison]:
    for case in load("retention_random").values():
        name, part = case.id.split("/")
        data = read_data(f"{name}.csv")[ITEMS[name]].dropna()
        if part == "comparison":
            most = len(case.values["rmse"])
            rmse = _samples(data, most)
            yield from case.compare("rmse", rmse.mean(axis=1), rtol=0, atol=0.004, reason=FINITE)
            # Both sets of 500 samples scatter alike: the ratio of two standard deviations.
            errors = rmse.std(axis=1, ddof=1) / np.sqrt(500)
            yield from case.compare("error", errors, rtol=0.25, reason=FINITE)
        elif part == "permutation":
            result = parallel_analysis(data, reference="permutation", n_iter=300, rng=1)
            means = result.reference_mean["components"]
            yield from case.compare("mean", means, rtol=0, atol=0.014, reason=CHANCE)
            # The 97.5% and 2.5% quantiles of a normal variable are 3.92 deviations apart.
            wide, narrow = (
                parallel_analysis(data, reference="permutation", n_iter=300, quantile=q, rng=1)
                for q in (0.975, 0.025)
            )
            spread = (wide.reference["components"] - narrow.reference["components"]) / 3.92
            yield from case.compare("spread", spread, rtol=0.35, reason=CHANCE)
        else:
            if name == "bfi":
                data = data.iloc[:, :10]
            result = parallel_analysis(data, correlation="polychoric", n_iter=200, rng=1)
            for kind in ("components", "factors"):
                yield from case.compare(
                    kind, result.observed[kind], rtol=0, atol=2e-4, reason=STARTS
                )
                for row in case.compare(
                    f"random_{kind}", result.reference_mean[kind], rtol=0, atol=0.02, reason=FEW
                ):
                    heavy = row.cell == "random_factors[1]"
                    yield replace(row, atol=0.15, reason=HEAVY) if heavy else row


def _samples(data: pd.DataFrame, most: int) -> np.ndarray:
    values = data.to_numpy(dtype=float)
    return compare(
        listwise_moments(values).correlation,
        [margin(column) for column in values.T],
        len(values),
        most=most,
        n_samples=500,
        alpha=1.0,  # go on to the last
        rng=np.random.default_rng(1),
    ).rmse
