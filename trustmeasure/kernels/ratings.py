"""Ratings of targets by raters: variance components, and the six intraclass correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class MeanSquares:
    """Of a crossed design of n targets and k raters.

    ``within`` pools raters and error.
    """

    n: int
    k: int
    targets: float
    raters: float
    error: float

    @property
    def within(self) -> float:
        """Mean square within targets."""
        return (self.raters + (self.n - 1) * self.error) / self.n


@dataclass(frozen=True)
class Components:
    """Variances of targets, raters and error, with the mean they lie around."""

    targets: float
    raters: float
    error: float
    mean: float
    converged: bool = True


@dataclass(frozen=True)
class Intraclass:
    """One coefficient, its F test and its limits."""

    icc: float
    f: float
    df1: int
    df2: int
    pvalue: float
    low: float
    high: float


def mean_squares(values: FloatArray) -> MeanSquares:
    """Analyse complete ratings, shape (n, k)."""
    n, k = values.shape
    centred = values - values.mean()  # first, or large values would lose digits
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    residual = centred - rows[:, None] - columns
    return MeanSquares(
        n=n,
        k=k,
        targets=k * float(rows @ rows) / (n - 1),
        raters=n * float(columns @ columns) / (k - 1),
        error=float((residual * residual).sum()) / ((n - 1) * (k - 1)),
    )


def components(squares: MeanSquares, mean: float) -> Components:
    """Give the variances that mean squares imply; they may be negative."""
    return Components(
        targets=(squares.targets - squares.error) / squares.k,
        raters=(squares.raters - squares.error) / squares.n,
        error=squares.error,
        mean=mean,
    )


def implied_squares(found: Components, n: int, k: int) -> MeanSquares:
    """Give the mean squares that a complete design with these variances would have."""
    return MeanSquares(
        n=n,
        k=k,
        targets=k * found.targets + found.error,
        raters=n * found.raters + found.error,
        error=found.error,
    )


def intraclass(squares: MeanSquares, level: float) -> dict[str, Intraclass]:
    """Compute the six coefficients of Shrout and Fleiss with F tests and limits."""
    n, k = squares.n, squares.k
    B, W, J, E = squares.targets, squares.within, squares.raters, squares.error
    one, three = (n - 1, n * (k - 1)), (n - 1, (n - 1) * (k - 1))
    icc2 = _ratio(B - E, B + (k - 1) * E + k * (J - E) / n)
    f1, f3 = _ratio(B, W), _ratio(B, E)
    p1, p3 = _upper_tail(f1, *one), _upper_tail(f3, *three)
    low1, high1 = _f_limits(f1, *one, level)
    low3, high3 = _f_limits(f3, *three, level)
    low2, high2 = _agreement_limits(squares, icc2, level)
    return {
        "ICC1": Intraclass(
            _ratio(B - W, B + (k - 1) * W), f1, *one, p1, _single(low1, k), _single(high1, k)
        ),
        "ICC2": Intraclass(icc2, f3, *three, p3, low2, high2),
        "ICC3": Intraclass(
            _ratio(B - E, B + (k - 1) * E), f3, *three, p3, _single(low3, k), _single(high3, k)
        ),
        "ICC1k": Intraclass(_ratio(B - W, B), f1, *one, p1, _mean(low1), _mean(high1)),
        "ICC2k": Intraclass(
            _ratio(B - E, B + (J - E) / n), f3, *three, p3, _stepped(low2, k), _stepped(high2, k)
        ),
        "ICC3k": Intraclass(_ratio(B - E, B), f3, *three, p3, _mean(low3), _mean(high3)),
    }


def _ratio(numerator: float, denominator: float) -> float:
    if denominator != 0:
        return numerator / denominator
    return math.inf if numerator > 0 else math.nan


def _upper_tail(f: float, df1: int, df2: int) -> float:
    from scipy.special import fdtrc

    if math.isinf(f):
        return 0.0
    return float(fdtrc(df1, df2, f)) if f >= 0 else math.nan


def _f_limits(f: float, df1: int, df2: int, level: float) -> tuple[float, float]:
    from scipy.special import fdtri

    tail = (1 + level) / 2
    return f / float(fdtri(df1, df2, tail)), f * float(fdtri(df2, df1, tail))


def _single(f: float, k: int) -> float:
    return 1.0 if math.isinf(f) else (f - 1) / (f + k - 1)


def _mean(f: float) -> float:
    return 1 - _ratio(1.0, f) if f else -math.inf


def _stepped(icc: float, k: int) -> float:
    return _ratio(k * icc, 1 + (k - 1) * icc)


def _agreement_limits(squares: MeanSquares, icc: float, level: float) -> tuple[float, float]:
    """Give the limits of ICC(A,1), with Satterthwaite's degrees of freedom."""
    from scipy.special import fdtri

    n, k = squares.n, squares.k
    B, J, E = squares.targets, squares.raters, squares.error
    tail = (1 + level) / 2
    if not math.isfinite(icc):
        return math.nan, math.nan
    # The ratio raters over error, with error taken out of both sums where it is zero.
    a, b = k * icc * J, n * (1 + (k - 1) * icc) * E - k * icc * E
    bottom = (a * a) * (n - 1) + b * b
    if bottom <= 0:
        return math.nan, math.nan
    df = (k - 1) * (n - 1) * (a + b) ** 2 / bottom
    if df <= 0:
        return math.nan, math.nan
    # Both quantiles are of F(df, n − 1), which gathers at 0 where df nearly vanishes; that of
    # F(n − 1, df), whose inverse the lower one is, has no end there.
    least, most = (
        float(fdtri(df, n - 1, share)) if df > 1e-8 else 0.0 for share in (1 - tail, tail)
    )
    rest = k * J + (k * n - k - n) * E
    return (
        _ratio(n * (least * B - E), rest + n * least * B),
        _ratio(n * (most * B - E), rest + n * most * B),
    )
