"""Coefficient alpha, what belongs to it, and its intervals, from a covariance matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.covariance import (
    NULL_EIGENVALUE,
    predicted_shares,
    squared_multiple_correlations,
    to_correlation,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """Covariances with what every coefficient needs of them.

    Attributes
    ----------
    cov, R : ndarray, shape (k, k)
        Covariances and correlations.
    values, vectors : ndarray, shape (k,) and (k, k)
        Eigenvalues of R, ascending, and its eigenvectors.
    smc : ndarray, shape (k,)
        Squared multiple correlation of each item with all others.
    """

    cov: FloatArray
    R: FloatArray
    values: FloatArray
    vectors: FloatArray
    smc: FloatArray

    @property
    def positive_definite(self) -> bool:
        """Whether no item is determined by others."""
        return bool(self.values[0] > NULL_EIGENVALUE)


@dataclass(frozen=True)
class Consistency:
    """What one set of items says about its internal consistency.

    ``variance`` is n times the sampling variance of alpha under normality.
    """

    alpha: float
    standardized: float
    lambda6: float
    mean_r: float
    median_r: float
    signal_to_noise: float
    variance: float


@dataclass(frozen=True)
class ItemTotals:
    """How each item relates to the scale; arrays of shape (n_items,)."""

    raw_r: FloatArray
    std_r: FloatArray
    r_cor: FloatArray
    r_drop: FloatArray


@dataclass(frozen=True)
class WithoutItem:
    """The consistency of the scale without each item in turn; arrays of shape (n_items,)."""

    alpha: FloatArray
    standardized: FloatArray
    lambda6: FloatArray
    mean_r: FloatArray
    median_r: FloatArray
    var_r: FloatArray
    signal_to_noise: FloatArray
    variance: FloatArray


def structure(cov: FloatArray) -> Structure:
    """Prepare covariances, shape (k, k), for the functions below."""
    R = to_correlation(cov)
    values, vectors = np.linalg.eigh(R)
    return Structure(cov, R, values, vectors, predicted_shares(values, vectors))


def consistency(items: Structure) -> Consistency:
    """Compute alpha and its relatives."""
    cov, R = items.cov, items.R
    k = len(cov)
    total = float(R.sum())
    mean_r = (total - k) / (k * (k - 1))
    rows = cov.sum(axis=0)
    return Consistency(
        alpha=_alpha(float(np.trace(cov)), float(rows.sum()), k),
        standardized=_alpha(float(k), total, k),
        lambda6=_ratio(total - float((1 - items.smc).sum()), total),
        mean_r=mean_r,
        median_r=float(np.median(R[np.tril_indices(k, -1)])),
        signal_to_noise=_ratio(k * mean_r, 1 - mean_r),
        variance=float(
            _alpha_variance(np.trace(cov), rows.sum(), (cov * cov).sum(), (rows * rows).sum(), k)
        ),
    )


def rest_correlations(cov: FloatArray) -> FloatArray:
    """Correlate each item with the sum of the others, (m, k) of a stack (m, k, k)."""
    rows, variance = cov.sum(axis=1), np.diagonal(cov, axis1=1, axis2=2)
    rest = rows.sum(axis=1)[:, None] - 2 * rows + variance
    return _over_root(rows - variance, variance * rest)


def item_totals(items: Structure) -> ItemTotals:
    """Correlate each item with the scale in four ways.

    ``raw_r`` with the sum of the items; ``std_r`` with that of the standardised items;
    ``r_cor`` the same with the item's own share replaced by its squared multiple
    correlation; ``r_drop`` with the sum of the other items.
    """
    rows, rows_r = items.cov.sum(axis=0), items.R.sum(axis=0)
    variance = np.diagonal(items.cov)
    corrected = rows_r - 1 + items.smc
    return ItemTotals(
        raw_r=_over_root(rows, variance * rows.sum()),
        std_r=_over_root(rows_r, rows_r.sum()),
        r_cor=_over_root(corrected, corrected.sum()),
        r_drop=rest_correlations(items.cov[None])[0],
    )


def alpha_without(cov: FloatArray) -> FloatArray:
    """Compute alpha of the k − 1 other items, for each item; NaN where one is left."""
    k = len(cov)
    if k < 3:
        return np.full(k, np.nan)
    variance = np.diagonal(cov)
    trace = np.trace(cov) - variance
    total = cov.sum() - 2 * cov.sum(axis=0) + variance
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha: FloatArray = (1 - trace / total) * (k - 1) / (k - 2)
    return alpha


def without_each_item(items: Structure) -> WithoutItem:
    """Compute the consistency of the k − 1 other items, for each item.

    Two items leave one, of which nothing can be said: NaN throughout.
    """
    cov, R = items.cov, items.R
    k = len(cov)
    if k < 3:
        undefined = np.full(k, np.nan)
        return WithoutItem(*(undefined,) * 8)
    variance = np.diagonal(cov)
    rows, square = cov.sum(axis=0), cov * cov
    trace = np.trace(cov) - variance
    total = rows.sum() - 2 * rows + variance
    squares = square.sum() - 2 * square.sum(axis=0) + variance**2
    remaining = rows[:, None] - cov  # [j, i]: row sum of item j without item i
    row_squares = (remaining**2).sum(axis=0) - np.diagonal(remaining) ** 2
    rows_r = R.sum(axis=0)
    total_r = rows_r.sum() - 2 * rows_r + 1
    pairs = _pairs_without(R)
    mean_r = pairs.mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return WithoutItem(
            alpha=alpha_without(cov),
            standardized=(1 - (k - 1) / total_r) * (k - 1) / (k - 2),
            lambda6=1 - _errors_without(items) / total_r,
            mean_r=mean_r,
            median_r=np.median(pairs, axis=1),
            var_r=pairs.var(axis=1, ddof=1) if pairs.shape[1] > 1 else np.full(k, np.nan),
            signal_to_noise=(k - 1) * mean_r / (1 - mean_r),
            variance=_alpha_variance(trace, total, squares, row_squares, k - 1),
        )


def reversed_looking(items: Structure) -> NDArray[np.bool_]:
    """Mark the items that load negatively where the first principal component is positive.

    Of two negatively related items neither is the odd one out: both are marked.
    """
    if len(items.R) == 2:
        return np.full(2, items.R[0, 1] < 0)
    first = items.vectors[:, -1]
    # A total just about zero has no sign worth following: let the first item lead.
    lead = first.sum() if abs(first.sum()) > 1e-8 else first[np.argmax(np.abs(first) > 1e-8)]
    return np.asarray(first * np.sign(lead) < -1e-8)


def feldt_interval(alpha: float, n: int, k: int, level: float) -> tuple[float, float]:
    """Give the interval of Feldt, Woodruff and Salih (1987), from the F distribution."""
    from scipy.special import fdtri

    tail = (1 - level) / 2
    df1, df2 = n - 1, (n - 1) * (k - 1)
    return (
        1 - (1 - alpha) * float(fdtri(df1, df2, 1 - tail)),
        1 - (1 - alpha) * float(fdtri(df1, df2, tail)),
    )


def bonett_interval(alpha: float, n: int, k: int, level: float) -> tuple[float, float]:
    """Give the interval of Bonett (2002), from the normal distribution of ln(1 − alpha)."""
    half = _normal_quantile(level) * math.sqrt(2 * k / ((k - 1) * (n - 2)))
    return 1 - (1 - alpha) * math.exp(half), 1 - (1 - alpha) * math.exp(-half)


def normal_interval(estimate: float, se: float, level: float) -> tuple[float, float]:
    """Give estimate ± z · se."""
    half = _normal_quantile(level) * se
    return estimate - half, estimate + half


def percentile_interval(replicates: FloatArray, level: float) -> tuple[float, float]:
    """Give the quantiles of bootstrap replicates (R's type 7)."""
    tail = (1 - level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def _alpha(trace: float, total: float, k: int) -> float:
    return _ratio(total - trace, total) * k / (k - 1)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator != 0 else math.nan


def _over_root(numerator: FloatArray, squared: FloatArray | np.float64) -> FloatArray:
    """Divide by a square root; NaN where a sum of covariances is not positive."""
    positive = np.where(np.asarray(squared) > 0, squared, np.nan)
    divided: FloatArray = numerator / np.sqrt(positive)
    return divided


def _alpha_variance(
    trace: FloatArray | np.float64,
    total: FloatArray | np.float64,
    squares: FloatArray | np.float64,
    row_squares: FloatArray | np.float64,
    k: int,
) -> FloatArray:
    """N times the variance of alpha (van Zyl, Neudecker and Nel 2000).

    With C the covariances and 1 a vector of ones: trace = tr C, total = 1'C1,
    squares = tr C², row_squares = 1'C²1.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = total * (squares + trace**2) - 2 * trace * row_squares
        return np.asarray(2 * k**2 / ((k - 1) ** 2 * total**3) * inner)


def _pairs_without(R: FloatArray) -> FloatArray:
    """Give, for each item, the correlations among the others, shape (k, pairs)."""
    k = R.shape[0]
    rows, columns = np.tril_indices(k, -1)
    item = np.arange(k)[:, None]
    keep = (rows != item) & (columns != item)
    others: FloatArray = np.broadcast_to(R[rows, columns], keep.shape)[keep].reshape(k, -1)
    return others


def _errors_without(items: Structure) -> FloatArray:
    """Sum 1 − smc over the other items, for each item left out."""
    R, k = items.R, len(items.R)
    if items.values.min() < 1e-6:  # too near singular for the shortcut, or indefinite
        others = [np.delete(np.delete(R, i, 0), i, 1) for i in range(k)]
        return np.array([(1 - squared_multiple_correlations(other)).sum() for other in others])
    # The inverse without item i follows from the whole inverse P: P_jj − P_ij² / P_ii.
    P = (items.vectors / items.values) @ items.vectors.T
    diagonal = np.diagonal(P)
    reduced = diagonal[None, :] - P**2 / diagonal[:, None]
    np.fill_diagonal(reduced, np.inf)  # the item itself adds nothing
    with np.errstate(divide="ignore"):
        smc = np.clip(1 - 1 / reduced, 0.0, 1.0)
    errors: FloatArray = (1 - smc).sum(axis=1)
    return errors
