"""Intervals from replicates of an estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Limits(NamedTuple):
    """Lower and upper limits, each of the estimate's shape."""

    low: FloatArray
    high: FloatArray


def percentile_limits(replicates: FloatArray, level: float) -> Limits:
    """Quantiles (R's type 7) of replicates (b, ...)."""
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
    return Limits(np.asarray(low), np.asarray(high))


def bca_limits(
    estimate: FloatArray, replicates: FloatArray, left_out: FloatArray, level: float
) -> Limits:
    """Bias-corrected and accelerated limits (Efron, 1987).

    ``estimate`` (m,), ``replicates`` (b, m), and the estimates without each person
    ``left_out`` (n, m), whose skewness is the acceleration. NaN where all replicates lie on
    one side of the estimate.
    """
    from scipy.special import ndtr, ndtri

    below = (replicates < estimate).mean(axis=0) + (replicates == estimate).mean(axis=0) / 2
    apart = left_out.mean(axis=0) - left_out
    with np.errstate(divide="ignore", invalid="ignore"):
        acceleration = (apart**3).sum(axis=0) / (6 * ((apart**2).sum(axis=0)) ** 1.5)
        bias = ndtri(below)
        limits = []
        for tail in ((1 - level) / 2, (1 + level) / 2):
            moved = bias + ndtri(tail)
            limits.append(ndtr(bias + moved / (1 - acceleration * moved)))
    usable = np.isfinite(bias) & np.isfinite(acceleration)
    found = np.full((2, len(estimate)), np.nan)
    for m in np.flatnonzero(usable):
        found[:, m] = np.quantile(replicates[:, m], [limits[0][m], limits[1][m]])
    return Limits(found[0], found[1])
