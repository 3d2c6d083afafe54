"""Shape of each item, and its correlation with a total, with or without missing answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ItemMoments:
    """Description of each item over its valid answers; arrays of shape (n_items,)."""

    n: NDArray[np.intp]
    mean: FloatArray
    sd: FloatArray
    skew: FloatArray
    kurtosis: FloatArray
    minimum: FloatArray
    maximum: FloatArray


def item_moments(values: FloatArray) -> ItemMoments:
    """Describe items, shape (n_persons, n_items), NaN missing.

    The standard deviation has n − 1 in its denominator. Skewness is m₃ / sd³ and kurtosis
    m₄ / sd⁴ − 3, with mᵣ the r-th central moment over n: b₁ and b₂ of Joanes and Gill (1998).
    """
    valid = ~np.isnan(values)
    n = valid.sum(axis=0)
    filled = np.where(valid, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / n
        deviation = np.where(valid, values - mean, 0.0)
        square = deviation * deviation
        sum_square = square.sum(axis=0)
        sd = np.sqrt(sum_square / (n - 1))
        skew = np.einsum("ij,ij->j", square, deviation) / (n * sd**3)
        kurtosis = np.einsum("ij,ij->j", square, square) / (n * sd**4) - 3
    return ItemMoments(
        n=n,
        mean=mean,
        sd=sd,
        skew=skew,
        kurtosis=kurtosis,
        minimum=np.where(valid, values, np.inf).min(axis=0),
        maximum=np.where(valid, values, -np.inf).max(axis=0),
    )


def correlation_with(total: FloatArray, values: FloatArray) -> FloatArray:
    """Correlate ``total``, shape (n_persons,), with each item over its valid answers."""
    valid = ~np.isnan(values) & ~np.isnan(total)[:, None]
    n = valid.sum(axis=0)
    x = np.where(valid, values, 0.0)
    x = np.where(valid, x - x.sum(axis=0) / n, 0.0)
    t = np.where(valid, total[:, None], 0.0)
    t = np.where(valid, t - t.sum(axis=0) / n, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r: FloatArray = (x * t).sum(axis=0) / np.sqrt((x * x).sum(axis=0) * (t * t).sum(axis=0))
    return r
