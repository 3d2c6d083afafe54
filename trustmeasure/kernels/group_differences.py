"""Differences of means between groups: tests, effect sizes, and intervals that invert tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FTest:
    """An F statistic with its degrees of freedom and probability."""

    f: float
    df1: float
    df2: float
    pvalue: float


@dataclass(frozen=True)
class PairDifference:
    """How two groups differ, second minus first.

    Attributes
    ----------
    difference, se, df, t, pvalue, low, high : float
        Welch's.
    d, g : float
        Divided by the pooled standard deviation, without and with Hedges' correction.
    g_low, g_high : float
        From the noncentral t distribution.
    """

    difference: float
    se: float
    df: float
    t: float
    pvalue: float
    low: float
    high: float
    d: float
    g: float
    g_low: float
    g_high: float


def pair_difference(first: FloatArray, second: FloatArray, level: float) -> PairDifference:
    """Compare two groups of at least two persons each."""
    from scipy.special import stdtr, stdtrit

    n1, n2 = len(first), len(second)
    v1, v2 = first.var(ddof=1), second.var(ddof=1)
    difference = float(second.mean() - first.mean())
    q1, q2 = v1 / n1, v2 / n2
    with np.errstate(divide="ignore", invalid="ignore"):
        se = math.sqrt(q1 + q2)
        df = float(np.divide((q1 + q2) ** 2, q1**2 / (n1 - 1) + q2**2 / (n2 - 1)))
        t = float(np.divide(difference, se)) if se > 0 else math.nan
    half = float(stdtrit(df, (1 + level) / 2)) * se if se > 0 else math.nan
    pooled = math.sqrt(((n1 - 1) * v1 + (n2 - 1) * v2) / (n1 + n2 - 2))
    d = difference / pooled if pooled > 0 else math.nan
    low, high = standardised_limits(d, n1, n2, level)
    correction = small_sample_correction(n1 + n2 - 2)
    return PairDifference(
        difference=difference,
        se=se,
        df=df,
        t=t,
        pvalue=float(2 * stdtr(df, -abs(t))),
        low=difference - half,
        high=difference + half,
        d=d,
        g=correction * d,
        g_low=correction * low,
        g_high=correction * high,
    )


def small_sample_correction(df: float) -> float:
    """Give Hedges' exact factor Γ(df / 2) / (√(df / 2) Γ((df − 1) / 2))."""
    if df <= 1:
        return math.nan
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def standardised_limits(d: float, n1: int, n2: int, level: float) -> tuple[float, float]:
    """Interval of the standardised difference: noncentralities at which t is extreme."""
    if math.isnan(d):
        return math.nan, math.nan
    scale = math.sqrt(1 / n1 + 1 / n2)
    low, high = noncentral_t_limits(d / scale, n1 + n2 - 2, level)
    return low * scale, high * scale


def noncentral_t_limits(t: float, df: float, level: float) -> tuple[float, float]:
    """Noncentralities at which ``t`` is the upper or the lower tail's quantile."""
    from scipy.special import nctdtr

    def below(nc: float) -> float:
        return float(nctdtr(df, nc, t))

    return _crossing(below, (1 + level) / 2, t), _crossing(below, (1 - level) / 2, t)


def noncentral_f_limits(f: float, df1: float, df2: float, level: float) -> tuple[float, float]:
    """Noncentralities at which ``f`` is the upper or the lower tail's quantile; from 0."""
    from scipy.special import ncfdtr

    def below(nc: float) -> float:
        return float(ncfdtr(df1, df2, max(nc, 0.0), f))

    limits = []
    for target in ((1 + level) / 2, (1 - level) / 2):
        limits.append(0.0 if below(0.0) <= target else _crossing(below, target, f * df1, least=0.0))
    return limits[0], limits[1]


def _crossing(
    below: Callable[[float], float], target: float, start: float, *, least: float = -math.inf
) -> float:
    """Find where a falling function of the noncentrality meets ``target``."""
    from scipy.optimize import brentq

    step = 1.0 + abs(start) / 10
    low = high = max(start, least)
    while below(low) < target and low > least:
        low, step = max(low - step, least), 2 * step
        if step > 1e8:
            return math.nan
    step = 1.0 + abs(start) / 10
    while below(high) > target:
        high, step = high + step, 2 * step
        if step > 1e8:
            return math.nan
    if low == high:
        return low
    return float(brentq(lambda nc: below(nc) - target, low, high, xtol=1e-12, rtol=1e-14))


@dataclass(frozen=True)
class OneWay:
    """Classical analysis of variance with shares of variance.

    ``low`` and ``high`` bound the population's share of variance between groups.
    """

    test: FTest
    eta2: float
    omega2: float
    low: float
    high: float


def one_way(groups: Sequence[FloatArray], level: float) -> OneWay:
    """Compare the means of groups with equal variances."""
    from scipy.special import fdtrc

    sizes = np.array([len(group) for group in groups], dtype=float)
    means = np.array([group.mean() for group in groups])
    n, k = float(sizes.sum()), len(groups)
    grand = float(sizes @ means) / n
    between = float(sizes @ (means - grand) ** 2)
    within = float(sum(((group - group.mean()) ** 2).sum() for group in groups))
    df1, df2 = k - 1.0, n - k
    if within <= 0:
        nan = math.nan
        return OneWay(FTest(nan, df1, df2, nan), nan, nan, nan, nan)
    error = within / df2
    f = between / df1 / error
    low, high = noncentral_f_limits(f, df1, df2, level)
    return OneWay(
        test=FTest(f, df1, df2, float(fdtrc(df1, df2, f))),
        eta2=between / (between + within),
        omega2=(between - df1 * error) / (between + within + error),
        low=low / (low + n),
        high=high / (high + n),
    )


def welch_test(groups: Sequence[FloatArray], *, trim: float = 0.0) -> FTest:
    """Compare (trimmed) means of groups whose variances may differ.

    Without trimming Welch's (1951) test; with it Yuen's (1974), for any number of groups:
    means of what is left, variances of what was pulled in to the last values left.
    """
    from scipy.special import fdtrc

    kept, means, weights = [], [], []
    for group in groups:
        n, out = len(group), math.floor(trim * len(group))
        ordered = np.sort(group)
        h = n - 2 * out
        winsorised = np.clip(ordered, ordered[out], ordered[n - out - 1])
        variance = float(winsorised.var(ddof=1))
        if variance <= 0 or h < 2:
            return FTest(math.nan, len(groups) - 1.0, math.nan, math.nan)
        kept.append(h)
        means.append(float(ordered[out : n - out].mean()))
        weights.append(h * (h - 1) / ((n - 1) * variance))
    h_, m, w = np.array(kept, dtype=float), np.array(means), np.array(weights)
    k, total = len(groups), float(w.sum())
    grand = float(w @ m) / total
    spread = float((((1 - w / total) ** 2) / (h_ - 1)).sum())
    f = float(w @ (m - grand) ** 2) / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    df2 = (k**2 - 1) / (3 * spread)
    return FTest(f, k - 1.0, df2, float(fdtrc(k - 1.0, df2, f)))


def kruskal_wallis(groups: Sequence[FloatArray]) -> tuple[float, float, float]:
    """Rank test of groups, corrected for ties: H, degrees of freedom, probability."""
    from scipy.special import chdtrc

    from trustmeasure.kernels.ranks import ranks

    values = np.concatenate(groups)
    n = len(values)
    rank = ranks(values[:, None])[:, 0] - (n + 1) / 2
    spread, df = float(rank @ rank), len(groups) - 1.0  # ties take from the spread of ranks
    if spread == 0:
        return math.nan, df, math.nan
    sizes = np.array([len(group) for group in groups])
    sums = np.array([part.sum() for part in np.split(rank, np.cumsum(sizes)[:-1])])
    h = (n - 1) * float((sums**2 / sizes).sum()) / spread
    return h, df, float(chdtrc(df, h))


def holm(pvalues: FloatArray) -> FloatArray:
    """Adjust probabilities for their number (Holm, 1979); NaN stays out of the count."""
    adjusted = np.full(len(pvalues), np.nan)
    known = np.flatnonzero(~np.isnan(pvalues))
    order = known[np.argsort(pvalues[known], kind="stable")]
    steps = pvalues[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted
