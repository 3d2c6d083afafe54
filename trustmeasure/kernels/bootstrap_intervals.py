"""Intervals from replicates of an estimate."""

from __future__ import annotations

from collections.abc import Callable
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

    ties = np.abs(replicates - estimate) <= 1e-12 * np.abs(estimate)  # up to rounding
    below = ((replicates < estimate) & ~ties).mean(axis=0) + ties.mean(axis=0) / 2
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


class Metric(NamedTuple):
    """Where an estimate varies about alike whatever its size, and the way back."""

    to: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]


# Bonett (2002) for reliabilities, Fisher's z for correlations, logarithms for standard errors.
RELIABILITY = Metric(lambda r: -np.log1p(-r), lambda t: -np.expm1(-t))
CORRELATION = Metric(np.arctanh, np.tanh)
POSITIVE = Metric(np.log, np.exp)


def corrected_limits(
    estimate: FloatArray, replicates: FloatArray, metric: Metric, level: float
) -> Limits:
    """Give normal limits of quantities (m,), less the bias of their replicates (b, m), in a metric.

    What is the largest or smallest of many is biased, and its replicates again: percentiles
    would have the bias twice where these have it once less. NaN where the metric has no place
    for the estimate, a tenth of the replicates has no value, or they do not vary.
    """
    from scipy.special import ndtri

    with np.errstate(divide="ignore", invalid="ignore"):
        centre, moved = metric.to(estimate), metric.to(replicates)
    known = np.isfinite(moved)
    spread = known_spread(np.where(known, moved, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = np.where(known, moved, 0.0).sum(axis=0) / known.sum(axis=0) - centre
    usable = (known.mean(axis=0) > 0.9) & np.isfinite(centre) & (spread > 1e-12)
    half = float(ndtri((1 + level) / 2)) * spread
    low, high = metric.back(centre - bias - half), metric.back(centre - bias + half)
    return Limits(np.where(usable, low, np.nan), np.where(usable, high, np.nan))


def known_limits(
    estimate: FloatArray, replicates: FloatArray, left_out: FloatArray | None, level: float
) -> Limits:
    """Give limits of quantities (m,) of which some have no value in some replicates (b, m).

    Percentiles without ``left_out``, else those of `bca_limits`. NaN for what does not vary, or
    has no value in a tenth of the replicates.
    """
    known = np.isfinite(replicates)
    moving = known.mean(axis=0) > 0.9
    moving[moving] = _range(replicates[:, moving]) > 1e-9
    whole = moving & known.all(axis=0)
    rest = np.flatnonzero(moving & ~whole)
    sets: list[NDArray[np.intp]] = [np.flatnonzero(whole), *rest[:, None]]
    low, high = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    for columns in sets:
        part = replicates[np.ix_(known[:, columns].all(axis=1), columns)]
        if left_out is None:
            found = percentile_limits(part, level)
        else:
            own = np.broadcast_to(left_out, (len(left_out), len(estimate)))[:, columns]
            found = bca_limits(estimate[columns], part, own, level)
        low[columns], high[columns] = found.low, found.high
    return Limits(low, high)


def _range(replicates: FloatArray) -> FloatArray:
    return np.asarray(np.nanmax(replicates, axis=0) - np.nanmin(replicates, axis=0))


def known_spread(replicates: FloatArray) -> FloatArray:
    """Give the standard deviation (m,) of the replicates (b, m) that have a value."""
    known = np.isfinite(replicates)
    count = known.sum(axis=0)
    filled = np.where(known, replicates, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(known, filled - filled.sum(axis=0) / count, 0.0)
        return np.asarray(np.sqrt((off**2).sum(axis=0) / (count - 1.0)))
