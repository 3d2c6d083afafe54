"""How strongly items relate across factors, beside how strongly within them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Correlations below this are 0.
ROUNDING = 1e-12


def heterotrait_ratios(
    correlation: FloatArray, factor: NDArray[np.intp], *, geometric: bool
) -> FloatArray:
    """Ratios (b, m) of all pairs of factors in each correlation matrix (b, p, p).

    ``factor`` (p,) is each item's factor, counted from 0. The mean absolute correlation
    across two factors, over the geometric mean of the mean absolute correlations within
    each; ``geometric`` makes all means geometric ones. Pairs are in the order of
    ``numpy.triu_indices(n_factors, 1)``.
    """
    member = (factor[:, None] == np.arange(factor.max() + 1)).astype(np.float64)
    size = np.abs(correlation)
    # What rounding leaves of a correlation of 0 would decide a ratio to it. As a logarithm, 0
    # would be minus infinity, times 0 where it does not belong.
    size = np.where(size < ROUNDING, 1e-300 if geometric else 0.0, size)
    size = np.log(size) if geometric else size
    # The diagonal is 1, and so 0 as a logarithm: what it adds is known.
    sums = member.T @ size @ member
    n = member.sum(axis=0)
    own = 0.0 if geometric else n
    within = (np.diagonal(sums, axis1=1, axis2=2) - own) / (n * (n - 1))
    i, j = np.triu_indices(len(n), 1)
    across = sums[:, i, j] / (n[i] * n[j])
    with np.errstate(divide="ignore", invalid="ignore"):
        if geometric:
            return np.asarray(np.exp(across - (within[:, i] + within[:, j]) / 2))
        return np.asarray(across / np.sqrt(within[:, i] * within[:, j]))
