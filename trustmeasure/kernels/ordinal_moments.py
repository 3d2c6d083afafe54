"""What models of ordered and continuous variables are fitted to, and its covariance.

The moments of p variables are, in this order: the thresholds of each ordered variable, or minus
the mean of a continuous one, variable by variable; the variances of the continuous ones; and
all covariances, pair by pair (0, 1), (0, 2), …, in which an ordered variable counts as a
standard normal one. Their covariance comes from the influence that each person has on each
moment (Muthén, 1984), which for ordered variables depends on the answers' cell only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import (
    FAR,
    contingency,
    fit_pairs,
    influences,
    margin_thresholds,
)
from trustmeasure.kernels.polyserials import polyserial

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
    """

    categories: IntArray
    cut: IntArray
    continuous: IntArray
    rows: IntArray
    columns: IntArray

    @property
    def ordered(self) -> NDArray[np.bool_]:
        """Which variables are ordered (p,)."""
        return np.asarray(self.categories > 0)

    @property
    def n_moments(self) -> int:
        """How many moments there are."""
        return len(self.cut) + len(self.continuous) + len(self.rows)

    @property
    def pairs(self) -> slice:
        """Where the covariances stand among the moments."""
        return slice(len(self.cut) + len(self.continuous), None)


def shape_of(categories: NDArray[np.integer[Any]]) -> Shape:
    """Lay out the moments of variables with so many categories (p,), 0 for continuous ones."""
    counts = np.asarray(categories, dtype=np.intp)
    rows, columns = np.triu_indices(len(counts), 1)
    return Shape(
        categories=counts,
        cut=np.repeat(np.arange(len(counts)), np.where(counts > 0, counts - 1, 1)),
        continuous=np.flatnonzero(counts == 0),
        rows=rows,
        columns=columns,
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


def category_counts(values: FloatArray, categories: NDArray[np.integer[Any]]) -> list[FloatArray]:
    """Count the answers of each ordered variable, in all its categories."""
    return [
        np.bincount(values[:, j].astype(np.intp), minlength=int(k)).astype(np.float64)
        for j, k in enumerate(categories)
        if k > 0
    ]


def ordinal_moments(
    values: FloatArray, categories: NDArray[np.integer[Any]], *, full: bool = True
) -> OrdinalMoments:
    """Estimate the moments of complete data (n, p), and their covariance.

    Ordered variables hold their categories, from 0, none of which is empty; ``categories``
    (p,) counts them and is 0 for continuous variables. Without ``full``, only the diagonal of
    the covariance is computed.
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
        mixed = _Mixed(values, shape, ordinal)
        for place, (value, line, reached) in mixed.moments().items():
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


class _Ordinal:
    """Thresholds and polychoric correlations, and the influence of each answer on them."""

    def __init__(self, values: FloatArray, shape: Shape) -> None:
        self.items = np.flatnonzero(shape.ordered)
        self.codes = values[:, self.items].astype(np.intp)
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
        if not len(self.pairs):
            self.correlation, self.converged = np.zeros(0), np.ones(0, dtype=bool)
            self.cells = self.tables
            return
        used = _without_holes(self.tables, (size == 4) & (self.vacant == 1))
        fits = fit_pairs(used, rows, columns)
        self.correlation, self.converged = fits.correlation, fits.converged
        self.cells, _, _ = influences(
            self.tables, self.margins[self.first], self.margins[self.second], self.correlation
        )

    @property
    def shifts(self) -> FloatArray:
        """Influence of each category on each threshold of its variable (items, k, k − 1)."""
        total = self.margins.sum(axis=1)[:, None]
        share = np.cumsum(self.margins, axis=1)[:, :-1] / total
        density = np.exp(-(np.where(self.inside, self.thresholds, 0.0) ** 2) / 2)
        density /= np.sqrt(2 * np.pi)
        below = np.arange(self.k)[:, None] <= np.arange(self.k - 1)
        return np.asarray((below - share[:, None, :]) / (density * total)[:, None, :])

    def cut_squares(self) -> FloatArray:
        return np.asarray(np.einsum("ic,ict->it", self.margins, self.shifts**2)[self.inside])

    def pair_squares(self) -> FloatArray:
        return np.asarray((self.tables * self.cells**2).sum(axis=(1, 2)))

    def fill(self, lines: FloatArray, shape: Shape, begin: int, end: int) -> None:
        """Write the influences of some persons into their moments' lines (q, persons)."""
        codes = np.ascontiguousarray(self.codes[begin:end].T)
        places = np.flatnonzero(shape.ordered[shape.cut])
        item, cut = np.nonzero(self.inside)
        shifts = self.shifts
        for place, i, t in zip(places, item, cut, strict=True):
            np.take(shifts[i, :, t], codes[i], out=lines[place], mode="clip")
        flat = self.cells.reshape(len(self.pairs), self.k * self.k)
        raised = codes * self.k
        for pair, (place, i, j) in enumerate(
            zip(self.pairs + shape.pairs.start, self.first, self.second, strict=True)
        ):
            np.take(flat[pair], raised[i] + codes[j], out=lines[place], mode="clip")


def _without_holes(tables: FloatArray, which: NDArray[np.bool_]) -> FloatArray:
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


class _Mixed:
    """Moments of continuous variables, and their covariances with all others."""

    def __init__(self, values: FloatArray, shape: Shape, ordinal: _Ordinal) -> None:
        self.shape, self.ordinal = shape, ordinal
        data = values[:, shape.continuous].T
        self.mean, self.variance = data.mean(axis=1), data.var(axis=1)
        self.sd = np.sqrt(self.variance)
        self.z = (data - self.mean[:, None]) / self.sd[:, None]
        self.own = [_own_influence(z, v) for z, v in zip(self.z, self.variance, strict=True)]
        self.number = {int(j): place for place, j in enumerate(shape.continuous)}
        self.item = {int(j): place for place, j in enumerate(ordinal.items)}

    def moments(self) -> dict[int, tuple[float, FloatArray, bool]]:
        """Give place → value, influences (n,), and whether its likelihood has a maximum."""
        found: dict[int, tuple[float, FloatArray, bool]] = {}
        means = np.flatnonzero(~self.shape.ordered[self.shape.cut])
        for i, place in enumerate(means.tolist()):
            found[place] = -float(self.mean[i]), -self.own[i][0], True
            found[len(self.shape.cut) + i] = float(self.variance[i]), self.own[i][1], True
        pairs = zip(self.shape.rows.tolist(), self.shape.columns.tolist(), strict=True)
        for place, (i, j) in enumerate(pairs, start=self.shape.pairs.start):
            first, second = self.number.get(i), self.number.get(j)
            if first is not None and second is not None:
                found[place] = (*self._continuous(first, second), True)
            elif first is not None:
                found[place] = self._with_ordered(first, self.item[j])
            elif second is not None:
                found[place] = self._with_ordered(second, self.item[i])
        return found

    def _continuous(self, i: int, j: int) -> tuple[float, FloatArray]:
        """Covariance of two continuous variables."""
        x, y = self.z[i], self.z[j]
        rho = float(x @ y) / len(x)
        rest = 1.0 - rho**2
        product = x * y
        slope = rho / rest + product / rest - (x**2 + y**2 - 2 * rho * product) * rho / rest**2
        moved = np.zeros_like(slope)
        for one, a, b in ((i, x, y), (j, y, x)):
            by_mean = (a - rho * b) / (self.sd[one] * rest)
            by_variance = ((a**2 - rho * product) / rest - 1.0) / (2 * self.variance[one])
            moved += (slope @ by_mean) * self.own[one][0] + (slope @ by_variance) * self.own[one][1]
        line = (slope - moved) / float(slope @ slope)
        return self._to_covariance(rho, line, (i, j))

    def _with_ordered(self, i: int, j: int) -> tuple[float, FloatArray, bool]:
        """Covariance of a continuous variable with an ordered one, from the polyserial."""
        z, codes, ordinal = self.z[i], self.ordinal.codes[:, j], self.ordinal
        count = int(ordinal.counts[j])
        cuts = ordinal.thresholds[j, : count - 1]
        fit = polyserial(z, codes, cuts, tolerance=1e-10)
        rho, root = fit.correlation, np.sqrt(1.0 - fit.correlation**2)
        edges = np.concatenate([[-FAR], cuts, [FAR]])
        upper, lower = edges[codes + 1], edges[codes]
        high, low, share = _interval(z, upper, lower, rho)
        slope = (high * (upper * rho - z) - low * (lower * rho - z)) / (root**3 * share)
        change = (high - low) * rho / (root * share)
        by_mean = (z + change) / self.sd[i]
        by_variance = (z**2 - 1.0 + change * z) / (2 * self.variance[i])
        up = np.bincount(codes, slope * high / (root * share), minlength=count)
        down = np.bincount(codes, slope * low / (root * share), minlength=count)
        by_category = ordinal.shifts[j, :, : count - 1] @ (up[:-1] - down[1:])
        moved = (
            (slope @ by_mean) * self.own[i][0]
            + (slope @ by_variance) * self.own[i][1]
            + by_category[codes]
        )
        line = (slope - moved) / float(slope @ slope)
        return (*self._to_covariance(rho, line, (i,)), fit.converged)

    def _to_covariance(
        self, rho: float, line: FloatArray, continuous: tuple[int, ...]
    ) -> tuple[float, FloatArray]:
        scale = float(np.prod(self.sd[list(continuous)]))
        line = scale * line
        for one in continuous:
            line = line + rho * scale / (2 * self.variance[one]) * self.own[one][1]
        return rho * scale, line


def _own_influence(z: FloatArray, variance: float) -> FloatArray:
    """Influences (2, n) on mean and variance, with products of scores as information."""
    scores = np.stack([z / np.sqrt(variance), (z**2 - 1.0) / (2 * variance)])
    return np.asarray(np.linalg.solve(scores @ scores.T, scores))


def _interval(
    z: FloatArray, upper: FloatArray, lower: FloatArray, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Densities at both edges of each person's category given z, and its probability."""
    from scipy.special import ndtr

    root = np.sqrt(1.0 - rho**2)
    top, bottom = (upper - rho * z) / root, (lower - rho * z) / root
    # From the far tail, where both are near 1, to the near one.
    flip = top + bottom > 0
    share = np.where(flip, ndtr(-bottom) - ndtr(-top), ndtr(top) - ndtr(bottom))
    with np.errstate(under="ignore"):
        high, low = (np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi) for edge in (top, bottom))
    return high, low, np.maximum(share, 1e-300)
