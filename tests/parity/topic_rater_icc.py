"""The six coefficients of raters against psych::ICC, complete and with gaps (lme4)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.reliability import rater_icc

COLUMNS = {
    "ICC": "icc", "F": "F", "df1": "df1", "df2": "df2", "p": "pvalue",
    "lower bound": "ci_low", "upper bound": "ci_high",
}  # fmt: skip
SEARCH = "psych takes lmer's variances as its default search leaves them, five digits deep"


def ratings(name: str) -> pd.DataFrame:
    """Give a set of ratings, with the gaps that its name says."""
    judges, attitude = read_data("ratings.csv").astype(float), read_data("attitude.csv")
    attitude = attitude.astype(float)
    neuroticism = read_data("bfi.csv")[[f"N{i}" for i in range(1, 6)]]
    if name == "shrout_fleiss_gaps":
        judges.iloc[[0, 3], [1, 2]] = judges.iloc[[0, 3], [1, 2]].mask(np.eye(2, dtype=bool))
        return judges
    if name == "attitude_gaps":
        for row, column in zip([0, 4, 8, 11, 19, 19, 27], [0, 2, 6, 1, 3, 4, 5], strict=True):
            attitude.iloc[row, column] = np.nan
        return attitude
    return {
        "shrout_fleiss": judges,
        "two_judges": judges.iloc[:, :2],
        "attitude": attitude,
        "bfi_N": neuroticism.dropna(),
        "bfi_N_gaps": neuroticism.iloc[:400],
    }[name]


def comparisons() -> Iterator[Comparison]:
    for name, case in load("rater_icc").items():
        ours = rater_icc(ratings(name))
        if "components" in case.values:
            yield from case.compare("table", ours.table, columns=COLUMNS, rtol=1e-3, reason=SEARCH)
            yield from case.compare("components", ours.components, rtol=1e-6)
        else:
            # p comes near the smallest number there is, where its digits wear out.
            yield from case.compare("table", ours.table, columns=COLUMNS, atol=1e-300)
