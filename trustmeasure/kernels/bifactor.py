"""What a general factor and group factors are worth, from their loadings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FactorWorth:
    """Indices of uncorrelated factors, the general one first.

    Attributes
    ----------
    replicability : ndarray, shape (m,)
        Construct replicability H: share of a factor's variance that its optimally weighted
        items explain. 1 where an item has no other variance.
    determinacy : ndarray, shape (m,)
        Correlation of a factor with its regression scores.
    share : ndarray, shape (m,)
        Of the explained common variance.
    general_share : ndarray, shape (p,)
        Of each item's common variance, what the general factor explains.
    """

    replicability: FloatArray
    determinacy: FloatArray
    share: FloatArray
    general_share: FloatArray


def factor_worth(loadings: FloatArray, correlation: FloatArray) -> FactorWorth:
    """Compute the indices from loadings (p, m) and a regular correlation matrix (p, p)."""
    squares = loadings**2
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = (squares / np.maximum(1.0 - squares, 0.0)).sum(axis=0)
        replicability = np.where(np.isinf(odds), 1.0, odds / (1.0 + odds))
        general_share = squares[:, 0] / squares.sum(axis=1)
        share = squares.sum(axis=0) / squares.sum()
    determined = (loadings * np.linalg.solve(correlation, loadings)).sum(axis=0)
    return FactorWorth(
        replicability=replicability,
        determinacy=np.sqrt(np.maximum(determined, 0.0)),
        share=share,
        general_share=general_share,
    )
