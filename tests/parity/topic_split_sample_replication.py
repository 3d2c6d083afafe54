"""Factors of random halves beside each other, against psych with its own halves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations
from statistics import NormalDist

import numpy as np
import pandas as pd

import trustmeasure as tm
from tests.parity.comparison import ESTIMATE, Case, Comparison, load, read_data
from trustmeasure.exploratory import SplitSampleReplication

BFI = [f"{letter}{j}" for letter in "ACN" for j in range(1, 6)]
# Splits that we draw, and the multiple of the Monte Carlo error that a cell may be off.
SPLITS, R_SPLITS, ERRORS = 1500, 400, 4.0
CHANCE = "4 Monte Carlo standard errors of the difference between 1,500 splits and R's 400"


def comparisons() -> Iterator[Comparison]:
    sets = {
        "bfi": (read_data("bfi.csv")[BFI].dropna().head(400), "oblimin"),
        "hs": (read_data("hs1939.csv")[[f"x{j}" for j in range(1, 10)]], "varimax"),
    }
    cases = load("split_sample_replication")
    for name, (data, rotation) in sets.items():
        found = tm.split_sample_replication(
            data, n_factors=3, rotation=rotation, n_splits=SPLITS, rng=1
        )
        case = cases[f"{name}/whole"]
        yield from case.compare("loadings", found.loadings, rtol=0, atol=ESTIMATE)
        end = len(data) // 2 * 2
        halves = {
            half: _matched(
                tm.efa(data.iloc[k:end:2], n_factors=3, rotation=rotation).loadings, found.loadings
            )
            for k, half in enumerate(("odd", "even"))
        }
        for half, loadings in halves.items():
            yield from case.compare(half, loadings, rtol=0, atol=ESTIMATE)
        alike = tm.congruence(halves["odd"], halves["even"]).coefficients
        yield from case.compare("congruence", alike, rtol=0, atol=ESTIMATE)
        yield from _splits(cases[f"{name}/splits"], found)


def _matched(loadings: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """Put factors in the order and sign that are nearest to the whole sample's."""
    a, b = loadings.to_numpy(), whole.to_numpy()
    alike = a.T @ b / np.sqrt(np.outer((a**2).sum(axis=0), (b**2).sum(axis=0)))
    own = np.arange(b.shape[1])
    best = list(max(permutations(own), key=lambda o: np.abs(alike[list(o), own]).sum()))
    signed = a[:, best] * np.sign(alike[best, own])
    return pd.DataFrame(signed, index=loadings.index, columns=whole.columns)


def _splits(case: Case, found: SplitSampleReplication) -> Iterator[Comparison]:
    values, errors = case.values["quantiles"], case.values["errors"]["values"]
    more = math.sqrt(1 + R_SPLITS / SPLITS)
    normal = NormalDist()
    for i, share in enumerate(float(row) for row in values["rows"]):
        # The error as of normal data, where the one estimated from few splits is smaller.
        usual = math.sqrt(share * (1 - share)) / normal.pdf(normal.inv_cdf(share))
        for j, factor in enumerate(values["columns"]):
            error = max(errors[i][j], usual * case.values["mean_error"][factor]) * more
            ours = found.splits[factor].quantile(share)
            yield _near(case, f"quantile[{factor}, {share}]", ours, values["values"][i][j], error)
            edge = {0.025: "low", 0.5: "median", 0.975: "high"}.get(share)
            if edge:
                own = found.factors.loc[factor, edge]
                yield _near(case, f"{edge}[{factor}]", own, values["values"][i][j], error)
    for factor, mean in case.values["mean"].items():
        error = case.values["mean_error"][factor] * more
        yield _near(case, f"mean[{factor}]", found.factors.loc[factor, "mean"], mean, error)
    items = case.values["items"]
    for item, row in zip(items["rows"], items["values"], strict=True):
        given, own = dict(zip(items["columns"], row, strict=True)), found.items.loc[item]
        same = (given["same"] * R_SPLITS + 2) / (R_SPLITS + 4)  # has an error also where 1
        error = math.sqrt(same * (1 - same) / R_SPLITS)
        yield _near(case, f"same_factor[{item}]", own["same_factor"], given["same"], error * more)
        yield _near(
            case, f"squared_difference[{item}]", own["squared_difference"], given["apart"],
            given["apart_error"] * more,
        )  # fmt: skip
        yield _near(case, f"factor[{item}]", float(own["factor"][1:]), given["factor"], 0.0)


def _near(case: Case, name: str, ours: float, given: float, error: float) -> Comparison:
    return Comparison(
        case.id, case.statistic, case.call, name, float(ours), given,
        rtol=0, atol=ERRORS * error, reason=CHANCE,
    )  # fmt: skip
