"""How far a score may lie from the true one: overall, and at each score."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorBounds:
    """Standard error of measurement, smallest detectable change, half width of an interval."""

    sem: float
    sdc: float
    half_width: float


@dataclass(frozen=True)
class ConditionalErrors:
    """Error variance at each score that occurs; arrays of shape (scores,).

    ``smooth`` is the polynomial in the score that fits the persons' error variances best,
    and may be negative.
    """

    score: FloatArray
    n: NDArray[np.intp]
    variance: FloatArray
    smooth: FloatArray
    mean: float


def error_bounds(sd: float, reliability: float, level: float) -> ErrorBounds:
    """Compute the three from the standard deviation of scores and their reliability."""
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    sem = sd * math.sqrt(max(1 - reliability, 0.0))
    return ErrorBounds(sem=sem, sdc=z * math.sqrt(2) * sem, half_width=z * sem)


def person_errors(parts: FloatArray, *, centred: bool) -> FloatArray:
    """Estimate each person's error variance of the sum of parts, shape (n, m), m ≥ 2.

    From how much the parts differ within the person: as they are (multinomial error), or
    with the differences between the parts' means taken out (``centred``).
    """
    m = parts.shape[1]
    x = parts - parts.mean(axis=0) if centred else parts
    within = x - x.mean(axis=1, keepdims=True)
    variance: FloatArray = m / (m - 1) * (within * within).sum(axis=1)
    return variance


def conditional_errors(scores: FloatArray, errors: FloatArray, degree: int) -> ConditionalErrors:
    """Average the persons' error variances at each score, and smooth them over scores."""
    rounded = np.round(scores, 10)  # sums of the same answers in another order
    score, which, n = np.unique(rounded, return_inverse=True, return_counts=True)
    variance = np.bincount(which, weights=errors) / n
    # Few scores cannot carry a steep polynomial. Centred, as powers of scores are nearly alike.
    degree = min(degree, len(score) - 1)
    middle, spread = score.mean(), max(float(np.ptp(score)) / 2, 1e-12)
    basis = ((score - middle) / spread)[:, None] ** np.arange(degree + 1)
    root = np.sqrt(n)
    weights = np.linalg.lstsq(basis * root[:, None], variance * root, rcond=None)[0]
    return ConditionalErrors(
        score=score,
        n=n,
        variance=variance,
        smooth=basis @ weights,
        mean=float(errors.mean()),
    )
