"""Intervals and tests of correlations, and what unreliability takes from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.resampling import resample_counts

FloatArray = NDArray[np.float64]


def fisher_limits(r: float, n: float, level: float, *, ranks: bool = False) -> tuple[float, float]:
    """Give the interval of Fisher's z; ``ranks`` for Spearman's (Bonett & Wright, 2000)."""
    from scipy.special import ndtri

    if math.isnan(r) or n <= 3:
        return math.nan, math.nan
    if abs(r) >= 1:
        return r, r
    variance = (1 + r**2 / 2 if ranks else 1.0) / (n - 3)
    half = float(ndtri((1 + level) / 2)) * math.sqrt(variance)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def correlation_pvalue(r: float, n: float, *, controlled: int = 0) -> float:
    """Two-sided probability of a (partial) correlation from t with n − 2 − controlled df."""
    from scipy.special import stdtr

    df = n - 2 - controlled
    if math.isnan(r) or df < 1:
        return math.nan
    if abs(r) >= 1:
        return 0.0
    return float(2 * stdtr(df, -abs(r) * math.sqrt(df / (1 - r**2))))


def corrected(r: float, reliability_x: float, reliability_y: float) -> float:
    """Divide a correlation by the root of both reliabilities; NaN unless both are positive."""
    if not (reliability_x > 0 and reliability_y > 0):
        return math.nan
    return r / math.sqrt(reliability_x * reliability_y)


@dataclass(frozen=True)
class ScoredItems:
    """Scores beside a criterion, and the items that they were made of.

    Attributes
    ----------
    scores, criterion : ndarray, shape (n,)
        Complete.
    items : ndarray, shape (n, k)
        NaN for missing; alpha is that of the persons who answered them all, NaN without items.
    """

    scores: FloatArray
    criterion: FloatArray
    items: FloatArray

    def estimates(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Correlation and alpha, each (b,), where persons count ``weights`` (b, n) times."""
        s = self.scores - self.scores.mean()
        y = self.criterion - self.criterion.mean()
        complete = np.asarray(~np.isnan(self.items).any(axis=1))
        x = np.where(complete[:, None], self.items, 0.0)
        x = np.where(complete[:, None], x - x.sum(axis=0) / max(complete.sum(), 1), 0.0)
        k, total = x.shape[1], x.sum(axis=1)
        moments = [np.ones_like(s), s, y, s * s, y * y, s * y, complete, (x * x).sum(1), total**2]
        sums = weights @ np.column_stack([*moments, x])
        n, m = sums[:, 0], sums[:, 6]
        with np.errstate(divide="ignore", invalid="ignore"):
            covariance = sums[:, 5] - sums[:, 1] * sums[:, 2] / n
            spread_s, spread_y = (sums[:, j + 2] - sums[:, j] ** 2 / n for j in (1, 2))
            r = covariance / np.sqrt(spread_s * spread_y)
            means = sums[:, 9:] / m[:, None]
            trace = sums[:, 7] / m - (means**2).sum(axis=1)
            whole = sums[:, 8] / m - means.sum(axis=1) ** 2
            alpha = (1 - trace / whole) * k / (k - 1)
        return r, alpha

    def bootstrap(
        self, n_boot: int, rng: np.random.Generator
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Correlation and alpha of resampled persons, in blocks."""
        for weights in resample_counts(len(self.scores), n_boot, rng):
            yield self.estimates(weights)


@dataclass(frozen=True)
class Increment:
    """What one more predictor explains, arrays of shape (b,).

    ``r2`` is explained without it, ``delta`` by it, ``beta`` its standardised weight.
    """

    r2: FloatArray
    delta: FloatArray
    beta: FloatArray


def increment(covariance: FloatArray) -> Increment:
    """Explain the last variable by all before, the last but one entering last: (b, k, k).

    Each variable is taken out of all others in turn; one that those before it determine has
    nothing to take out.
    """
    c = covariance.copy()
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    for j in range(c.shape[1] - 2):
        pivot = c[:, j, j]
        usable = pivot > 1e-10 * variance[:, j]
        factor = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        c = c - c[:, :, [j]] * c[:, [j], :] * factor[:, None, None]
    left = c[:, -2, -2]
    usable = left > 1e-10 * variance[:, -2]
    weight = np.where(usable, c[:, -2, -1] / np.where(usable, left, 1.0), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Increment(
            r2=1 - c[:, -1, -1] / variance[:, -1],
            delta=weight * c[:, -2, -1] / variance[:, -1],
            beta=weight * np.sqrt(variance[:, -2] / variance[:, -1]),
        )
