"""Does a relation turn round: tests of a quadratic curve and of two lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.least_squares import LeastSquares, least_squares
from trustmeasure.kernels.smoothing import Smooth, smooth

FloatArray = NDArray[np.float64]
Clusters = NDArray[np.intp] | None


@dataclass(frozen=True)
class Ends:
    """Slopes of the quadratic at both ends of a range, each array (2,).

    ``pvalue`` are one-sided, against slopes that would not make the shape; ``joint`` is
    that of both together (Sasabuchi), the larger one.
    """

    slope: FloatArray
    se: FloatArray
    t: FloatArray
    pvalue: FloatArray
    joint: float


def end_slopes(
    linear: float, square: float, covariance: FloatArray, ends: FloatArray, df: float
) -> Ends:
    """Test b₁ + 2 b₂ x at the two ``ends``; ``covariance`` (2, 2) of b₁ and b₂."""
    from scipy.special import stdtr

    slope = linear + 2 * square * ends
    variance = covariance[0, 0] + 4 * ends * covariance[0, 1] + 4 * ends**2 * covariance[1, 1]
    se = np.sqrt(variance)
    t = slope / se
    # A U falls at its lower end and rises at its upper one; an inverse U the other way.
    direction = np.array([-1.0, 1.0]) * (1.0 if square > 0 else -1.0)
    pvalue = np.asarray(stdtr(df, -direction * t))
    return Ends(slope=slope, se=se, t=t, pvalue=pvalue, joint=float(pvalue.max()))


def fieller_limits(
    linear: float, square: float, covariance: FloatArray, df: float, level: float
) -> tuple[float, float]:
    """Interval of the turning point −b₁ / (2 b₂); infinite where it is not bounded."""
    from scipy.special import stdtrit

    t2 = float(stdtrit(df, (1 + level) / 2)) ** 2
    double = 2 * square
    v11, v22, v12 = covariance[0, 0], 4 * covariance[1, 1], 2 * covariance[0, 1]
    a = double**2 - t2 * v22
    b = linear * double - t2 * v12
    c = linear**2 - t2 * v11
    root = b * b - a * c
    if a <= 0 or root < 0:
        return -math.inf, math.inf
    return (-b - math.sqrt(root)) / a, (-b + math.sqrt(root)) / a


@dataclass(frozen=True)
class Break:
    """Two lines that meet, or jump, at ``at``.

    ``slope``, ``se``, ``statistic``, ``pvalue`` and ``level`` (the lines' heights at the
    break) are pairs: below and above. A case at the break counts to the line in question.
    """

    at: float
    slope: tuple[float, float]
    se: tuple[float, float]
    statistic: tuple[float, float]
    pvalue: tuple[float, float]
    level: tuple[float, float]
    errors: tuple[str, str]


def two_lines(
    x: FloatArray, y: FloatArray, covariates: FloatArray, at: float, cluster: Clusters = None
) -> Break:
    """Fit an interrupted regression at a break: normal tests with HC3 errors.

    With clusters, t tests with cluster-robust errors instead.
    """
    from scipy.special import ndtr, stdtr

    centred = covariates - covariates.mean(axis=0)
    found = []
    for side, high in ((0, x > at), (1, x >= at)):
        away = x - at
        X = np.column_stack(
            [np.ones_like(x), np.where(high, 0.0, away), np.where(high, away, 0.0), high, centred]
        )
        fit = least_squares(X, y, errors="HC3", cluster=cluster)
        slope, se = float(fit.coefficients[1 + side]), float(fit.se[1 + side])
        z = slope / se if se > 0 else math.nan
        tail = float(ndtr(-abs(z)) if cluster is None else stdtr(fit.df, -abs(z)))
        level = float(fit.coefficients[0] + side * fit.coefficients[3])
        found.append((slope, se, z, 2 * tail, level, fit.errors))
    below, above = found
    return Break(
        at=at,
        slope=(below[0], above[0]),
        se=(below[1], above[1]),
        statistic=(below[2], above[2]),
        pvalue=(below[3], above[3]),
        level=(below[4], above[4]),
        errors=(below[5], above[5]),
    )


@dataclass(frozen=True)
class RobinHood:
    """The break that gives the weaker line more cases, and how it was found.

    ``flat`` is the range of x around the curve's extreme that it may come from; ``lines``
    is None where no break leaves both lines identified.
    """

    curve: Smooth
    flat: tuple[float, float]
    lines: Break | None


def robin_hood(
    x: FloatArray, y: FloatArray, covariates: FloatArray, *, rises: bool, cluster: Clusters = None
) -> RobinHood:
    """Set the break of two lines by Simonsohn's (2018) rule.

    ``rises`` tells whether the relation rises at first, so that a maximum is looked for.
    """
    curve = smooth(x, y, covariates)
    nothing = RobinHood(curve=curve, flat=(math.nan, math.nan), lines=None)
    low, high = np.quantile(x, [0.1, 0.9])
    middle = (x > low) & (x < high)
    if not middle.any():
        return nothing
    sign = 1.0 if rises else -1.0
    height, se = sign * curve.fitted[middle], curve.se[middle]
    flat = x[middle][height + se > height.max()]
    if not flat.size or not identified(x, float(np.median(flat))):
        return nothing
    first = two_lines(x, y, covariates, float(np.median(flat)), cluster)
    strength = np.abs(first.statistic)
    if not np.isfinite(strength).all() or strength.sum() == 0:
        return nothing
    at = float(np.quantile(flat, strength[1] / strength.sum()))
    lines = two_lines(x, y, covariates, at, cluster) if identified(x, at) else None
    return RobinHood(curve=curve, flat=(float(flat.min()), float(flat.max())), lines=lines)


def identified(x: FloatArray, at: float) -> bool:
    """Whether both lines have two different values of x, whichever the break counts to."""
    sides = (x <= at, x > at, x < at, x >= at)
    return all(len(np.unique(x[side])) > 1 for side in sides)


def quadratic(
    x: FloatArray, y: FloatArray, covariates: FloatArray, *, errors: str, cluster: Clusters = None
) -> LeastSquares:
    """Regress y on 1, x, x² and covariates; pass x and covariates centred."""
    X = np.column_stack([np.ones_like(x), x, x * x, covariates])
    return least_squares(X, y, errors=errors, cluster=cluster)
