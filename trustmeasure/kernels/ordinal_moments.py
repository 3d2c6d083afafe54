"""What models of ordered and continuous variables are fitted to, and its covariance.

The moments of p variables are, in this order: the thresholds of each ordered variable, or minus
the mean of a continuous one, variable by variable; the variances of the continuous ones; and all
covariances, pair by pair (0, 1), (0, 2), …, in which an ordered variable counts as a standard
normal one; and, where covariates are given, the slopes on these. Their covariance comes from the
influence that each person has on each moment (Muthén, 1984), which for ordered variables depends
on the answers' cell only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.mixed_moments import Mixed
from trustmeasure.kernels.polychorics import (
    contingency,
    fit_pairs,
    influences,
    margin_thresholds,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Persons whose influences are held at a time.
PERSONS = 4096


@dataclass(frozen=True)
class Shape:
    """Which variable each moment belongs to.

    Attributes
    ----------
    categories : ndarray of int, shape (p,)
        0 for a continuous variable.
    cut : ndarray of int, shape (n_cuts,)
        Variable of each threshold (or of a continuous variable's mean).
    continuous : ndarray of int
        Continuous variables.
    rows, columns : ndarray of int, shape (n_pairs,)
        Variables of each covariance.
    n_given : int
        Covariates that the variables are conditioned on. Slopes on the first come first.
    """

    categories: IntArray
    cut: IntArray
    continuous: IntArray
    rows: IntArray
    columns: IntArray
    n_given: int = 0

    @property
    def ordered(self) -> NDArray[np.bool_]:
        """Which variables are ordered (p,)."""
        return np.asarray(self.categories > 0)

    @property
    def n_moments(self) -> int:
        """How many moments there are."""
        return int(self.slopes.stop)

    @property
    def pairs(self) -> slice:
        """Where the covariances stand among the moments."""
        first = len(self.cut) + len(self.continuous)
        return slice(first, first + len(self.rows))

    @property
    def slopes(self) -> slice:
        """Where the slopes on covariates stand among the moments."""
        first = self.pairs.stop
        return slice(first, first + self.n_given * len(self.categories))


def shape_of(categories: NDArray[np.integer[Any]], n_given: int = 0) -> Shape:
    """Lay out the moments of variables with so many categories (p,), 0 for continuous ones."""
    counts = np.asarray(categories, dtype=np.intp)
    rows, columns = np.triu_indices(len(counts), 1)
    return Shape(
        categories=counts,
        cut=np.repeat(np.arange(len(counts)), np.where(counts > 0, counts - 1, 1)),
        continuous=np.flatnonzero(counts == 0),
        rows=rows,
        columns=columns,
        n_given=n_given,
    )


@dataclass(frozen=True)
class OrdinalMoments:
    """Moments of one group of n persons, q of them.

    Attributes
    ----------
    shape : Shape
    moments : ndarray, shape (q,)
    spread : ndarray, shape (q, q) or None
        Asymptotic covariance of √n times the moments.
    variances : ndarray, shape (q,)
        Its diagonal.
    covariance : ndarray, shape (p, p)
        With the variances of continuous variables and ones on the diagonal.
    mean : ndarray, shape (p,)
        Zero for ordered variables.
    converged : ndarray of bool, shape (n_pairs,)
        False where a likelihood has no maximum inside ±1.
    vacant : ndarray of int, shape (n_pairs,)
        Empty cells of the table of each pair of ordered variables.
    n : int
    given_covariance, given_mean : ndarray, shape (n_given, n_given), (n_given,)
        Of covariates that are conditioned on, with divisor n − 1. ``covariance`` and ``mean`` are
        then what these leave, and the intercepts.
    regressed : ndarray of bool, shape (p,)
        False where the regression on covariates has no maximum of the likelihood.
    """

    shape: Shape
    moments: FloatArray
    spread: FloatArray | None
    variances: FloatArray
    covariance: FloatArray
    mean: FloatArray
    converged: NDArray[np.bool_]
    vacant: NDArray[np.int64]
    n: int
    given_covariance: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    given_mean: FloatArray = field(default_factory=lambda: np.zeros(0))
    regressed: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=bool))


def category_counts(values: FloatArray, categories: NDArray[np.integer[Any]]) -> list[FloatArray]:
    """Count the answers (NaN where missing) of each ordered variable, in all its categories."""
    return [
        np.bincount(category_codes(values[:, j]) + 1, minlength=int(k) + 1)[1:].astype(np.float64)
        for j, k in enumerate(categories)
        if k > 0
    ]


def category_codes(values: FloatArray) -> IntArray:
    """Give categories as whole numbers, −1 where an answer is missing."""
    return np.where(np.isnan(values), -1.0, values).astype(np.intp)


def ordinal_moments(
    values: FloatArray, categories: NDArray[np.integer[Any]], *, full: bool = True
) -> OrdinalMoments:
    """Estimate the moments of data (n, p), and their covariance.

    Ordered variables hold their categories, from 0, none of which is empty; ``categories``
    (p,) counts them and is 0 for continuous variables. Without ``full``, only the diagonal of
    the covariance is computed.

    Where answers are missing (NaN), each threshold, mean and variance comes from all who
    answered its variable, each covariance from all who answered both; persons influence a
    covariance also through the thresholds of a single answer.
    """
    shape = shape_of(categories)
    n = len(values)
    ordinal = _Ordinal(values, shape)
    moments = np.zeros(shape.n_moments)
    covariance = np.eye(len(shape.categories))
    mean = np.zeros(len(shape.categories))
    converged = np.ones(len(shape.rows), dtype=bool)
    vacant = np.zeros(len(shape.rows), dtype=np.int64)
    by_cut = shape.ordered[shape.cut]
    moments[: len(shape.cut)][by_cut] = ordinal.cuts
    moments[shape.pairs][ordinal.pairs] = ordinal.correlation
    converged[ordinal.pairs], vacant[ordinal.pairs] = ordinal.converged, ordinal.vacant
    lines: dict[int, FloatArray] = {}
    if len(shape.continuous):
        mixed = Mixed(
            values[:, shape.continuous],
            ordinal.codes,
            [
                row[: count - 1]
                for row, count in zip(ordinal.thresholds, ordinal.counts, strict=True)
            ],
            ordinal.shifts,
        )
        for place, (value, line, reached) in _mixed_moments(mixed, shape).items():
            moments[place], lines[place] = value, line
            if place >= shape.pairs.start:
                converged[place - shape.pairs.start] = reached
        mean[shape.continuous] = mixed.mean
        covariance[shape.continuous, shape.continuous] = mixed.variance
    covariance[shape.rows, shape.columns] = moments[shape.pairs]
    covariance[shape.columns, shape.rows] = moments[shape.pairs]
    if full:
        spread = n * _products(ordinal, lines, shape, n)
        variances = np.diag(spread).copy()
    else:
        spread, variances = None, np.zeros(shape.n_moments)
        variances[: len(shape.cut)][by_cut] = n * ordinal.cut_squares()
        variances[shape.pairs][ordinal.pairs] = n * ordinal.pair_squares()
        for place, line in lines.items():
            variances[place] = n * (line @ line)
    return OrdinalMoments(
        shape=shape,
        moments=moments,
        spread=spread,
        variances=variances,
        covariance=covariance,
        mean=mean,
        converged=converged,
        vacant=vacant,
        n=n,
    )


def _mixed_moments(mixed: Mixed, shape: Shape) -> dict[int, tuple[float, FloatArray, bool]]:
    """Give place → value, influences (n,), and whether its likelihood has a maximum."""
    found: dict[int, tuple[float, FloatArray, bool]] = {}
    number = {int(j): place for place, j in enumerate(shape.continuous)}
    item = {int(j): place for place, j in enumerate(np.flatnonzero(shape.ordered))}
    means = np.flatnonzero(~shape.ordered[shape.cut])
    for i, place in enumerate(means.tolist()):
        found[place] = -float(mixed.mean[i]), -mixed.own[i][0], True
        found[len(shape.cut) + i] = float(mixed.variance[i]), mixed.own[i][1], True
    pairs = zip(shape.rows.tolist(), shape.columns.tolist(), strict=True)
    for place, (i, j) in enumerate(pairs, start=shape.pairs.start):
        first, second = number.get(i), number.get(j)
        if first is not None and second is not None:
            found[place] = mixed.continuous(first, second)
        elif first is not None:
            found[place] = mixed.with_ordered(first, item[j])
        elif second is not None:
            found[place] = mixed.with_ordered(second, item[i])
    return found


def threshold_shifts(margins: FloatArray) -> FloatArray:
    """Influence of one person in each category on each threshold of its item.

    From counts (items, k), the last of which may be empty, to (items, k + 1, k − 1): the last
    row stands for no answer, which has no influence.
    """
    thresholds = margin_thresholds(margins)
    total = margins.sum(axis=1)[:, None]
    share = np.cumsum(margins, axis=1)[:, :-1] / total
    density = np.exp(-(np.where(np.isfinite(thresholds), thresholds, 0.0) ** 2) / 2)
    density /= np.sqrt(2 * np.pi)
    below = np.arange(margins.shape[1])[:, None] <= np.arange(margins.shape[1] - 1)
    moved = (below - share[:, None, :]) / (density * total)[:, None, :]
    return np.concatenate([moved, np.zeros_like(moved[:, :1])], axis=1)


class _Ordinal:
    """Thresholds and polychoric correlations, and the influence of each answer on them."""

    def __init__(self, values: FloatArray, shape: Shape) -> None:
        self.items = np.flatnonzero(shape.ordered)
        self.codes = category_codes(values[:, self.items])
        self.counts = shape.categories[self.items]
        self.k = int(self.counts.max(initial=1))
        # Pairs of ordered variables, among all pairs.
        both = shape.ordered[shape.rows] & shape.ordered[shape.columns]
        self.pairs = np.flatnonzero(both)
        self.first, self.second = np.triu_indices(len(self.items), 1)
        every = contingency(self.codes, self.k)
        self.tables = every[self.first, self.second]
        margins = np.diagonal(np.diagonal(every, axis1=2, axis2=3), axis1=0, axis2=1)
        self.margins = np.ascontiguousarray(margins.T)
        self.thresholds = margin_thresholds(self.margins)
        self.inside = np.arange(self.k - 1) < self.counts[:, None] - 1
        self.cuts = self.thresholds[self.inside]
        self._correlate()

    def _correlate(self) -> None:
        rows, columns = self.thresholds[self.first], self.thresholds[self.second]
        size = self.counts[self.first] * self.counts[self.second]
        self.vacant = size - (self.tables > 0).sum(axis=(1, 2))
        # How persons move a correlation; in the last row and column, by one answer alone.
        self.cells = np.zeros((len(self.pairs), self.k + 1, self.k + 1))
        if not len(self.pairs):
            self.correlation, self.converged = np.zeros(0), np.ones(0, dtype=bool)
            return
        used = without_holes(self.tables, (size == 4) & (self.vacant == 1))
        fits = fit_pairs(used, rows, columns)
        self.correlation, self.converged = fits.correlation, fits.converged
        both, by_row, by_column = influences(
            self.tables, self.margins[self.first], self.margins[self.second], self.correlation
        )
        self.cells[:, :-1, :-1] = both
        self.cells[:, :-1, -1], self.cells[:, -1, :-1] = by_row, by_column

    @property
    def shifts(self) -> FloatArray:
        """Influence of each category on each threshold of its variable (items, k + 1, k − 1).

        The last category stands for no answer, which has none.
        """
        return threshold_shifts(self.margins)

    def cut_squares(self) -> FloatArray:
        return np.asarray(
            np.einsum("ic,ict->it", self.margins, self.shifts[:, :-1] ** 2)[self.inside]
        )

    def pair_squares(self) -> FloatArray:
        rows = self.margins[self.first] - self.tables.sum(axis=2)
        columns = self.margins[self.second] - self.tables.sum(axis=1)
        squares = self.cells**2
        return np.asarray(
            (self.tables * squares[:, :-1, :-1]).sum(axis=(1, 2))
            + (rows * squares[:, :-1, -1]).sum(axis=1)
            + (columns * squares[:, -1, :-1]).sum(axis=1)
        )

    def fill(self, lines: FloatArray, shape: Shape, begin: int, end: int) -> None:
        """Write the influences of some persons into their moments' lines (q, persons)."""
        codes = np.ascontiguousarray(self.codes[begin:end].T)
        codes[codes < 0] = self.k
        places = np.flatnonzero(shape.ordered[shape.cut])
        item, cut = np.nonzero(self.inside)
        shifts = self.shifts
        for place, i, t in zip(places, item, cut, strict=True):
            np.take(shifts[i, :, t], codes[i], out=lines[place], mode="clip")
        flat = self.cells.reshape(len(self.pairs), (self.k + 1) ** 2)
        raised = codes * (self.k + 1)
        for pair, (place, i, j) in enumerate(
            zip(self.pairs + shape.pairs.start, self.first, self.second, strict=True)
        ):
            np.take(flat[pair], raised[i] + codes[j], out=lines[place], mode="clip")


def without_holes(tables: FloatArray, which: NDArray[np.bool_]) -> FloatArray:
    """Move half a person into the empty cell of 2 × 2 tables, and keep the margins.

    Otherwise the likelihood of such a table rises up to a correlation of ±1.
    """
    used = tables
    if which.any():
        used = tables.copy()
        corner = used[which, :2, :2]
        main = (corner[:, 0, 0] == 0) | (corner[:, 1, 1] == 0)
        half = np.where(main, 0.5, -0.5)[:, None, None]
        used[which, :2, :2] = corner + half * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return used


def _products(ordinal: _Ordinal, known: dict[int, FloatArray], shape: Shape, n: int) -> FloatArray:
    """Sum the products of all influences over persons (q, q)."""
    total = np.zeros((shape.n_moments, shape.n_moments))
    lines = np.empty((shape.n_moments, min(n, PERSONS)))
    for begin in range(0, n, PERSONS):
        end = min(begin + PERSONS, n)
        part = lines if end - begin == lines.shape[1] else np.empty((len(lines), end - begin))
        ordinal.fill(part, shape, begin, end)
        for place, line in known.items():
            part[place] = line[begin:end]
        total += part @ part.T
    return total
