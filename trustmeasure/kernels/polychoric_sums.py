"""How precisely the sum of polychoric correlations is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import contingency, influences

FloatArray = NDArray[np.float64]


def sum_error(codes: NDArray[np.integer[Any]], n_categories: int, correlation: FloatArray) -> float:
    """Give the standard error of the sum of the correlations (p, p) of ordered answers (n, p).

    Categories count from 0, and −1 is a missing answer. The covariances of all pairs of
    correlations add up to the squared influence of each person on the sum (Muthén, 1984), on
    n − 1, so that the matrix of them is never formed.
    """
    p, k = codes.shape[1], n_categories
    i, j = np.triu_indices(p, 1)
    tables = contingency(codes, k)
    margins = np.stack([np.diag(tables[item, item]) for item in range(p)])
    found = np.zeros((len(i), k + 1, k + 1))  # the last place is for a missing answer
    found[:, :k, :k], found[:, :k, k], found[:, k, :k] = influences(
        tables[i, j], margins[i], margins[j], correlation[i, j]
    )
    moved = sum(each[codes[:, a], codes[:, b]] for each, a, b in zip(found, i, j, strict=True))
    n = len(codes)
    return float(2 * np.sqrt((np.asarray(moved) ** 2).sum() * n / (n - 1)))
