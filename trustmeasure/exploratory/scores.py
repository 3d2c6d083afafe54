"""Factor scores, and how far the items determine the factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, as_items, check_option, refuse_constant
from trustmeasure.errors import DataError
from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.factor_scores import score_weights
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

METHODS = ("regression", "bartlett", "tenberge")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FactorScores(Result):
    """What ``efa(...).scores(data)`` returns.

    Attributes
    ----------
    scores : DataFrame, shape (n, m)
        One row a person, in the order of the data; NaN where an answer is missing.
    weights : DataFrame, shape (p, m)
        Of the standardised items.
    determinacy : DataFrame, index the factor
        ``multiple_r_squared`` and ``multiple_r`` of the items with the factor,
        ``minimum_correlation`` of two sets of scores that fit the factor equally well
        (2R² − 1), and ``validity``, the correlation of the scores given here with the factor.
    correlations : DataFrame, shape (m, m)
        Of the scores with each other, by the weights; those of the factors may differ.
    validities : DataFrame, shape (m, m)
        Correlation of each factor (row) with each score (column); off the diagonal, what a
        score takes from other factors.
    """

    title: ClassVar[str] = "Factor scores"

    scores: pd.DataFrame
    weights: pd.DataFrame
    determinacy: pd.DataFrame
    correlations: pd.DataFrame
    validities: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the determinacy of each factor."""
        return self.determinacy.copy()


def factor_scores(
    data: Any,
    method: str,
    *,
    correlation: pd.DataFrame,
    loadings: pd.DataFrame,
    phi: pd.DataFrame,
    scale: str | None = None,
) -> FactorScores:
    """Score persons on factors; `ExploratoryFactors.scores` documents it."""
    check_option("method", method, METHODS)
    names: Sequence[str] = [str(name) for name in loadings.index]
    matrix = correlation.to_numpy(dtype=np.float64)
    unique = 1.0 - (loadings.to_numpy() @ phi.to_numpy() * loadings.to_numpy()).sum(axis=1)
    if not is_positive_definite(matrix):
        raise DataError(
            "Factor scores need a correlation matrix that is positive definite, and the one that "
            "was factored is not: leave out dependent items."
        )
    if method == "bartlett" and (unique <= 0).any():
        raise DataError(
            "method='bartlett' divides by the uniquenesses, and at least one is not positive (a "
            "Heywood case). Use method='regression'."
        )
    notes = Notes()
    block = as_items(data, items=names, scale=scale, min_items=1, min_persons=2)
    refuse_constant(block.values, block.names)
    found = score_weights(matrix, loadings.to_numpy(), phi.to_numpy(), method)
    missing = np.isnan(block.values).any(axis=1)
    mean, sd = np.nanmean(block.values, axis=0), np.nanstd(block.values, axis=0, ddof=1)
    factors = loadings.columns
    if missing.any():
        notes.record(
            f"{int(missing.sum())} of {block.n_persons} persons lack an answer and have no scores."
        )
    r2 = found.squared_multiple
    index = as_frame(data, scale=scale).index
    return FactorScores(
        scores=pd.DataFrame(
            ((block.values - mean) / sd) @ found.weights, index=index, columns=factors
        ),
        weights=pd.DataFrame(found.weights, index=loadings.index, columns=factors),
        determinacy=pd.DataFrame(
            {
                "multiple_r_squared": r2,
                "multiple_r": np.sqrt(np.maximum(r2, 0.0)),
                "minimum_correlation": 2.0 * r2 - 1.0,
                "validity": np.diag(found.validities),
            },
            index=factors,
        ),
        correlations=pd.DataFrame(found.correlations, index=factors, columns=factors),
        validities=pd.DataFrame(found.validities, index=factors, columns=factors),
        n=int((~missing).sum()),
        n_dropped=int(missing.sum()),
        settings={"method": method, "items": names, "scale": scale},
        warnings=notes.messages(),
    )
