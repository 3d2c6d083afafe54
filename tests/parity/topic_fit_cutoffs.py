"""Quantiles of indices of fit where the model is right, and where it leaves something out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import pandas as pd

import trustmeasure as tm
from tests.parity.comparison import Case, Comparison, load

MODELS = {
    "one": ("f =~ x1 + x2 + x3 + x4 + x5 + x6", 200),
    "three": ("f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6\nh =~ y7 + y8 + y9", 300),
}
INDICES = {"srmr": False, "rmsea": False, "cfi": True}  # whether more is better
# Samples that we draw of each kind, and the multiple of the Monte Carlo error that a cell may
# be off. Of some 220 cells chance would put one beyond three errors.
SAMPLES, ERRORS = 1500, 4.0
CHANCE = "4 Monte Carlo standard errors of the difference between 1,500 samples and R's 1,000"


def comparisons() -> Iterator[Comparison]:
    cases = load("fit_cutoffs")
    for kind, (model, n) in MODELS.items():
        own = {name.split("/")[1]: case for name, case in cases.items() if name[:3] == kind[:3]}
        given = own["correct"].values["population"]
        cov = pd.DataFrame(given["values"], index=given["rows"], columns=given["columns"])
        # The divisor of a covariance is n - 1; of the likelihood, n.
        fitted = tm.cfa(model, cov=cov * n / (n - 1), n_obs=n)
        found = tm.fit_cutoffs(fitted, n_rep=SAMPLES, rng=1)
        for level, drawn in found.replicates.groupby("level"):
            yield from _distribution(own[str(level)], drawn)
        for level in found.cutoffs.index:
            yield from _cutoffs(own["correct"], own[level], found, level)


def _distribution(case: Case, drawn: pd.DataFrame) -> Iterator[Comparison]:
    both = math.sqrt(1 / SAMPLES + 1 / case.values["samples"])
    table = case.values["quantiles"]
    for share in table["rows"]:
        for index in table["columns"]:
            given, error = _quantile(case, float(share), index)
            ours = drawn[index].quantile(float(share))
            yield _near(case, f"{index}[{share}]", ours, given, error * _more(case))
    for index in INDICES:
        sd = case.values["sd"][index]
        ours = drawn[index]
        yield _near(case, f"mean[{index}]", ours.mean(), case.values["mean"][index], sd * both)
        # Of skewed indices the standard deviation varies more than of normal ones.
        spread = sd * both * math.sqrt((max(ours.kurt(), 0.0) + 2) / 4)
        yield _near(case, f"sd[{index}]", ours.std(), sd, spread)


def _cutoffs(correct: Case, wrong: Case, found: Any, level: str) -> Iterator[Comparison]:
    """Take the cut-off from R's samples as its definition says."""
    for index, more_is_better in INDICES.items():
        expected, error, share = math.nan, 0.0, math.nan
        for certainty in (0.95, 0.9):
            low, high = (round(1 - certainty, 2), certainty)
            at, other = (high, low) if more_is_better else (low, high)
            limit, kept = _quantile(wrong, at, index), _quantile(correct, other, index)
            if (kept[0] > limit[0]) if more_is_better else (kept[0] < limit[0]):
                expected, error, share = limit[0], limit[1], certainty
                break
        ours = found.cutoffs.loc[level, index]
        yield _near(wrong, f"cutoff[{index}]", ours, expected, error * _more(wrong))
        yield _near(wrong, f"certainty[{index}]", found.certainty.loc[level, index], share, 0.0)


def _quantile(case: Case, share: float, index: str) -> tuple[float, float]:
    """Give R's quantile and its error: as estimated, or as of normal data if that is larger."""
    table = case.values["quantiles"]
    i, j = [float(row) for row in table["rows"]].index(share), table["columns"].index(index)
    normal, z = NormalDist(), NormalDist().inv_cdf(share)
    usual = math.sqrt(share * (1 - share) / case.values["samples"]) / normal.pdf(z)
    error = max(case.values["errors"]["values"][i][j], usual * case.values["sd"][index])
    return table["values"][i][j], error


def _more(case: Case) -> float:
    """How much larger the error of a difference is than that of R's value."""
    return math.sqrt(1 + case.values["samples"] / SAMPLES)


def _near(case: Case, name: str, ours: Any, given: float, error: float) -> Comparison:
    return Comparison(
        case.id, case.statistic, case.call, name, float(ours), given,
        rtol=0, atol=ERRORS * error + 1e-9, reason=CHANCE,
    )  # fmt: skip
