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
    x = np.ascontiguousarray(values.T)  # sums along memory are several times faster
    missing = np.isnan(x)
    if missing.any():
        n = (~missing).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(missing, 0.0, x).sum(axis=1) / n
        deviation = np.where(missing, 0.0, x - mean[:, None])
        minimum = np.where(missing, np.inf, x).min(axis=1)
        maximum = np.where(missing, -np.inf, x).max(axis=1)
    else:
        n = np.full(len(x), x.shape[1])
        mean = x.mean(axis=1)
        deviation = x - mean[:, None]
        minimum, maximum = x.min(axis=1), x.max(axis=1)
    square = deviation * deviation
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(square.sum(axis=1) / (n - 1))
        skew = np.einsum("ij,ij->i", square, deviation) / (n * sd**3)
        kurtosis = np.einsum("ij,ij->i", square, square) / (n * sd**4) - 3
    return ItemMoments(n, mean, sd, skew, kurtosis, minimum, maximum)


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
