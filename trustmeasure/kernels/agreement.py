"""Agreement within groups and differences between them, from answers and group positions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Codes = NDArray[np.intp]

# Variance of an item when people answer at random, by number of answers and shape of the
# random answers: LeBreton and Senter (2008), table 2, https://doi.org/10.1177/1094428106296642
NULL_VARIANCES: dict[str, dict[int, float]] = {
    "uniform": {5: 2.0, 6: 2.92, 7: 4.0, 8: 5.25, 9: 6.67, 10: 8.25, 11: 10.0},
    "slight_skew": {5: 1.34, 6: 1.85, 7: 2.90, 8: 3.47, 9: 5.66, 10: 6.30, 11: 7.31},
    "moderate_skew": {5: 0.90, 6: 1.26, 7: 2.14, 8: 2.79, 9: 4.73, 10: 5.09, 11: 6.32},
    "heavy_skew": {5: 0.44, 6: 0.69, 7: 1.39, 8: 2.35, 9: 3.16, 10: 3.46, 11: 4.02},
    "triangular": {5: 1.32, 6: 1.45, 7: 2.10, 8: 2.81, 9: 3.00, 10: 2.89, 11: 3.32},
    "normal": {5: 1.04, 6: 1.25, 7: 1.40, 8: 1.73, 9: 1.58, 10: 1.45, 11: 1.40},
}


@dataclass(frozen=True)
class OneWay:
    """One-way analysis of variance and the two intraclass correlations it gives.

    ``size`` is the mean group size, persons over groups.
    """

    ms_between: float
    ms_within: float
    df1: int
    df2: int
    f: float
    pvalue: float
    size: float
    icc1: float
    icc2: float
    icc1_ci: tuple[float, float]
    icc2_ci: tuple[float, float]


@dataclass(frozen=True)
class GroupMoments:
    """Number, mean and variance (n − 1) of each group's values, arrays of shape (groups, columns).

    The variance of fewer than two values is NaN, and so is the mean of none.
    """

    n: NDArray[np.intp]
    mean: FloatArray
    variance: FloatArray


def group_moments(values: FloatArray, codes: Codes, n_groups: int) -> GroupMoments:
    """Describe each group; ``values`` (persons, columns) may hold NaN, ``codes`` are ≥ 0."""
    valid = ~np.isnan(values)
    n = _sum_by(valid.astype(np.float64), codes, n_groups)
    filled = np.where(valid, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _sum_by(filled, codes, n_groups) / n
        deviation = np.where(valid, values - mean[codes], 0.0)
        squares = _sum_by(deviation * deviation, codes, n_groups)
        variance = squares / np.where(n > 1, n - 1, np.nan)
    return GroupMoments(n=n.astype(np.intp), mean=np.where(n > 0, mean, np.nan), variance=variance)


def agreement(variance: FloatArray, n_items: int, null_variance: float) -> FloatArray:
    """Compute r_WG(J) from each group's mean item variance; above the null variance it is 0.

    With one item this is r_WG, 1 − s² / σ².
    """
    ratio = np.minimum(variance / null_variance, 1.0)
    agreed: FloatArray = n_items * (1 - ratio) / (n_items * (1 - ratio) + ratio)
    return agreed


def one_way(values: FloatArray, codes: Codes, n_groups: int, level: float) -> OneWay:
    """Analyse the variance of complete ``values``, shape (persons,), between and within groups.

    Every group must have someone, and some group two people.
    """
    from scipy.special import fdtrc

    groups = group_moments(values[:, None], codes, n_groups)
    n, mean = groups.n[:, 0], groups.mean[:, 0]
    df1, df2 = n_groups - 1, len(values) - n_groups
    size = len(values) / n_groups
    ms_between = float((n * (mean - values.mean()) ** 2).sum()) / df1
    ms_within = float(((values - mean[codes]) ** 2).sum()) / df2
    f = ms_between / ms_within if ms_within > 0 else math.inf
    icc1 = (ms_between - ms_within) / (ms_between + (size - 1) * ms_within)
    icc1_ci, icc2_ci = _icc_intervals(f, df1, df2, size, level)
    return OneWay(
        ms_between=ms_between,
        ms_within=ms_within,
        df1=df1,
        df2=df2,
        f=f,
        pvalue=float(fdtrc(df1, df2, f)) if math.isfinite(f) else 0.0,
        size=size,
        icc1=icc1,
        icc2=(ms_between - ms_within) / ms_between if ms_between > 0 else -math.inf,
        icc1_ci=icc1_ci,
        icc2_ci=icc2_ci,
    )


def mean_interval(
    mean: FloatArray, sd: FloatArray, n: NDArray[np.intp], level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the standard error of means and their t interval."""
    from scipy.special import stdtrit

    with np.errstate(invalid="ignore", divide="ignore"):
        se = sd / np.sqrt(n)
        half = stdtrit(np.where(n > 1, n - 1, np.nan), (1 + level) / 2) * se
    return se, mean - half, mean + half


def _icc_intervals(
    f: float, df1: int, df2: int, size: float, level: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give F-based limits of ICC(1) and ICC(2), exact for normal groups of equal size."""
    from scipy.special import fdtri

    if math.isinf(f):
        return (1.0, 1.0), (1.0, 1.0)
    tail = (1 + level) / 2
    low = f / float(fdtri(df1, df2, tail))
    high = f * float(fdtri(df2, df1, tail))
    single = ((low - 1) / (low + size - 1), (high - 1) / (high + size - 1))
    average = tuple(1 - 1 / limit if limit > 0 else -math.inf for limit in (low, high))
    return single, (average[0], average[1])


def _sum_by(values: FloatArray, codes: Codes, n_groups: int) -> FloatArray:
    sums = [np.bincount(codes, weights=column, minlength=n_groups) for column in values.T]
    return np.column_stack(sums)
