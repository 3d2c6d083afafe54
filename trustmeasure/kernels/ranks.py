"""Ranks, ties at their mean, and the correlations of ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def ranks(values: FloatArray) -> FloatArray:
    """Rank each column of complete data (n, p) from 1, ties at their mean."""
    return np.column_stack([_rank(column) for column in values.T])


def _rank(column: FloatArray) -> FloatArray:
    _, places, counts = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places], dtype=np.float64)


def pairwise_rank_correlations(values: FloatArray) -> FloatArray:
    """Spearman's correlations of data with NaN (n, p).

    Each pair is ranked anew among the persons who answered both, as R's
    ``cor(x, use = "pairwise", method = "spearman")`` does.
    """
    p = values.shape[1]
    answered = ~np.isnan(values)
    found = np.eye(p)
    for i in range(p):
        for j in range(i):
            both = answered[:, i] & answered[:, j]
            found[i, j] = found[j, i] = _correlate(values[both, i], values[both, j])
    return found


def _correlate(first: FloatArray, second: FloatArray) -> float:
    if len(first) < 2:
        return float("nan")
    a, b = _rank(first), _rank(second)
    a, b = a - a.mean(), b - b.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))
