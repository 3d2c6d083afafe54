"""Agreement of two measurements of the same persons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.ratings import Intraclass, components, intraclass, mean_squares

FloatArray = NDArray[np.float64]

Limits = tuple[float, float]


@dataclass(frozen=True)
class Retest:
    """Coefficients, errors, and the differences' distribution, with limits."""

    agreement: Intraclass
    consistency: Intraclass
    sem_agreement: float
    sem_consistency: float
    pearson: float
    pearson_ci: Limits
    bias: float
    bias_ci: Limits
    sd: float
    loa: Limits
    loa_low_ci: Limits
    loa_high_ci: Limits


def retest(before: FloatArray, after: FloatArray, level: float, coverage: float) -> Retest:
    """Compare two measurements, each of shape (n,) and complete, n ≥ 3.

    ``coverage`` is the share of differences between the limits of agreement, whose standard
    error is s √(1/n + z² / (2 (n − 1))).
    """
    from scipy.special import ndtri, stdtrit

    n = len(before)
    squares = mean_squares(np.column_stack([before, after]))
    six = intraclass(squares, level)
    found = components(squares, 0.0)
    difference = after - before
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    t = float(stdtrit(n - 1, (1 + level) / 2))
    z = float(ndtri((1 + coverage) / 2))
    half, edge = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + z * z / (2 * (n - 1)))
    low, high = bias - z * sd, bias + z * sd
    r = _correlation(before, after)
    return Retest(
        agreement=six["ICC2"],
        consistency=six["ICC3"],
        sem_agreement=math.sqrt(max(found.raters, 0.0) + found.error),
        sem_consistency=math.sqrt(found.error),
        pearson=r,
        pearson_ci=_fisher(r, n, level),
        bias=bias,
        bias_ci=(bias - half, bias + half),
        sd=sd,
        loa=(low, high),
        loa_low_ci=(low - edge, low + edge),
        loa_high_ci=(high - edge, high + edge),
    )


def _correlation(x: FloatArray, y: FloatArray) -> float:
    a, b = x - x.mean(), y - y.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return min(1.0, max(-1.0, float(a @ b) / size)) if size > 0 else math.nan


def _fisher(r: float, n: int, level: float) -> Limits:
    from scipy.special import ndtri

    if n < 4 or math.isnan(r) or abs(r) >= 1:
        return math.nan, math.nan
    half = float(ndtri((1 + level) / 2)) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
