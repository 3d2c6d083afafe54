"""Correlations without what a marker ascribes to the method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.correlation_intervals import correlation_pvalue

FloatArray = NDArray[np.float64]


def adjusted(r: FloatArray, marker_r: float) -> FloatArray:
    """Take ``marker_r`` out of correlations: (r − m) / (1 − m)."""
    return np.asarray((r - marker_r) / (1 - marker_r))


def partial(r: FloatArray, with_first: FloatArray, with_second: FloatArray) -> FloatArray:
    """Partial correlations, from those with the variable that is held constant."""
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt((1 - with_first**2) * (1 - with_second**2))
        return np.asarray((r - with_first * with_second) / left)


def loses_at(r: FloatArray, n: int, alpha: float) -> FloatArray:
    """Smallest marker correlation at which positive correlations are no longer significant.

    NaN for correlations that are negative, or not significant without a marker.
    """
    from scipy.special import stdtrit

    t = float(stdtrit(n - 3, 1 - alpha / 2))
    critical = t / np.sqrt(n - 3 + t**2)
    significant = np.array([correlation_pvalue(value, n) < alpha for value in r])
    # A partial correlation has one degree of freedom less, and so may fail at 0 already.
    edge = np.maximum((r - critical) / (1 - critical), 0.0)
    return np.where((r > 0) & significant, edge, np.nan)
