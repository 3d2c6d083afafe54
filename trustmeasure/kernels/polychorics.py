"""Correlations behind ordered categories: every pair of items at once.

Answers are taken as normal variables cut at thresholds. Thresholds come from the margins;
each pair's correlation then maximises the likelihood of its contingency table. All tables
come out of one matrix product, and Newton's steps move all pairs together. A cell's
derivative in the correlation is a difference of bivariate normal densities (Plackett), so
that only the cell probabilities themselves need integration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Likelihoods are followed up to this correlation; what lies at it has no maximum inside.
LARGEST = 0.99999
# Nodes of the Gauss–Legendre rule up to each correlation; beyond, Owen's T takes over.
NODES = ((0.3, 8), (0.6, 12), (0.9, 20))
STEEP = 0.9
# The normal distribution has no more to give beyond this many standard deviations.
FAR = 38.0
# Marks of who is in which category, and pairs, that are worked on at a time.
MARKS, PAIRS = 2_000_000, 4_000


@dataclass(frozen=True)
class Polychorics:
    """Correlations of p ordered items with at most k categories.

    Attributes
    ----------
    correlation, standard_error : ndarray, shape (p, p)
    thresholds : ndarray, shape (p, k − 1)
        From everyone who answered the item; infinite beyond its last category.
    counts : ndarray, shape (p, p)
        Persons behind each correlation.
    converged : ndarray of bool, shape (p, p)
        False where the likelihood has no maximum inside ±1.
    empty : ndarray of int, shape (p, p)
        Cells of each table that nobody is in.
    """

    correlation: FloatArray
    standard_error: FloatArray
    thresholds: FloatArray
    counts: FloatArray
    converged: NDArray[np.bool_]
    empty: NDArray[np.int64]


def polychorics(
    codes: NDArray[np.integer[Any]],
    n_categories: int,
    *,
    thresholds: str = "global",
    correction: float = 0.0,
    errors: bool = True,
) -> Polychorics:
    """Correlate all pairs of items, given as categories (n, p) from 0, −1 for missing.

    ``thresholds`` are "global", from everyone who answered the item, or "pairwise", from the
    persons of each table. Empty cells count as ``correction`` persons.
    """
    p = codes.shape[1]
    tables = contingency(codes, n_categories)
    margins = np.diagonal(np.diagonal(tables, axis1=2, axis2=3), axis1=0, axis2=1).T
    margins = np.ascontiguousarray(margins)
    i, j = np.triu_indices(p, 1)
    pairs = tables[i, j]
    possible = (margins[i] > 0)[:, :, None] & (margins[j] > 0)[:, None, :]
    vacant = possible & (pairs == 0)
    used = np.where(vacant, correction, pairs) if correction else pairs
    by_pair = thresholds == "pairwise"
    rows = used.sum(axis=2) if by_pair else margins[i]
    columns = used.sum(axis=1) if by_pair else margins[j]
    fits = fit_pairs(used, margin_thresholds(rows), margin_thresholds(columns))
    se = np.full(len(i), np.nan)
    if errors:
        everyone = np.full(len(i), len(codes))
        persons = used.sum(axis=(1, 2)) if by_pair else everyone
        se = standard_errors(used, rows, columns, fits.correlation, persons)
        se[~fits.converged] = np.nan
    return Polychorics(
        correlation=_square(fits.correlation, p, 1.0),
        standard_error=_square(se, p, 0.0),
        thresholds=margin_thresholds(margins),
        counts=_square(pairs.sum(axis=(1, 2)), p, 0.0) + np.diag(margins.sum(axis=1)),
        converged=_square(fits.converged, p, True).astype(bool),
        empty=_square(vacant.sum(axis=(1, 2)), p, 0.0).astype(np.int64),
    )


def _square(pairs: NDArray[Any], p: int, on: float) -> FloatArray:
    """Put the values of the pairs (i < j) into a symmetric matrix."""
    square = np.full((p, p), on, dtype=np.float64)
    i, j = np.triu_indices(p, 1)
    square[i, j] = square[j, i] = pairs
    return square


@dataclass(frozen=True)
class PairFits:
    """Correlations of m pairs of ordered variables.

    Attributes
    ----------
    correlation : ndarray, shape (m,)
    converged : ndarray of bool, shape (m,)
        False where the likelihood rises up to the largest correlation allowed.
    """

    correlation: FloatArray
    converged: NDArray[np.bool_]


def contingency(codes: NDArray[np.integer[Any]], n_categories: int) -> FloatArray:
    """Count all pairs of answers of all pairs of items.

    ``codes`` (n, p) counts categories from 0, with −1 for a missing answer; the tables
    come as (p, p, k, k), the first item's categories before the second's.
    """
    n, p = codes.shape
    total = np.zeros((p * n_categories, p * n_categories))
    persons = max(1, MARKS // (p * n_categories))
    for begin in range(0, n, persons):
        part = codes[begin : begin + persons]
        # Single precision counts exactly up to 2²⁴.
        marks = np.empty((len(part), n_categories, p), dtype=np.float32)
        for category in range(n_categories):
            np.equal(part, category, out=marks[:, category], casting="unsafe")
        flat = marks.reshape(len(part), -1)
        total += flat.T @ flat
    return total.reshape(n_categories, p, n_categories, p).transpose(1, 3, 0, 2)


def margin_thresholds(counts: FloatArray) -> FloatArray:
    """Thresholds (…, k − 1) between the categories of margins (…, k).

    The last category that occurs has no upper threshold: infinity, as for all above it.
    """
    from scipy.special import ndtri

    cumulated = np.cumsum(counts, axis=-1)
    total = cumulated[..., -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(ndtri(cumulated[..., :-1] / total))


def fit_pairs(
    tables: FloatArray,
    rows: FloatArray,
    columns: FloatArray,
    *,
    start: FloatArray | None = None,
    tolerance: float = 1e-6,
    max_iter: int = 100,
) -> PairFits:
    """Maximise the likelihood of each table (m, k, l) given its thresholds.

    ``rows`` (m, k − 1) and ``columns`` (m, l − 1) are the thresholds; ``start`` (m,) holds
    correlations that are near, where some are known. The last step being shorter than
    ``tolerance``, Newton's method has squared that error.
    """
    first = _starts(tables) if start is None else np.clip(start, -0.99, 0.99)
    parts = [
        _fit(tables[part], rows[part], columns[part], first[part], tolerance, max_iter)
        for part in (slice(i, i + PAIRS) for i in range(0, len(tables), PAIRS))
    ]
    return PairFits(
        correlation=np.concatenate([part.correlation for part in parts]),
        converged=np.concatenate([part.converged for part in parts]),
    )


def _fit(
    tables: FloatArray,
    rows: FloatArray,
    columns: FloatArray,
    start: FloatArray,
    tolerance: float,
    max_iter: int,
) -> PairFits:
    correlation = start.copy()
    converged = np.zeros(len(tables), dtype=bool)
    low, high = np.full(len(tables), -LARGEST), np.full(len(tables), LARGEST)
    active = np.arange(len(tables))
    counts, h, k = tables, _bounded(rows), _bounded(columns)
    for _ in range(max_iter):
        now = correlation[active]
        slope, curvature, expected = _slopes(counts, h, k, now)
        # The maximum lies where the slope points: a bracket that no step may leave.
        low[active] = np.where(slope > 0, now, low[active])
        high[active] = np.where(slope < 0, now, high[active])
        information = np.where(curvature > 0.1 * expected, curvature, expected)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = now + slope / information
        middle = (low[active] + high[active]) / 2
        inside = (new > low[active]) & (new < high[active])  # also false for NaN
        new = np.where(slope == 0, now, np.where(inside, new, middle))
        correlation[active] = new
        moving = np.abs(new - now) > tolerance * (1.0 - now**2)
        if not moving.all():
            converged[active[~moving]] = True
            active = active[moving]
            counts, h, k = counts[moving], h[moving], k[moving]
        if not active.size:
            break
    converged &= np.abs(correlation) < LARGEST - 1e-5
    return PairFits(correlation=correlation, converged=converged)


def _bounded(thresholds: FloatArray) -> FloatArray:
    return np.clip(thresholds, -FAR, FAR)


def _starts(tables: FloatArray) -> FloatArray:
    """Product-moment correlations of the categories' numbers, near enough to start from."""
    n = tables.sum(axis=(1, 2))
    row, column = tables.sum(axis=2), tables.sum(axis=1)
    a, b = np.arange(tables.shape[1]), np.arange(tables.shape[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_a, mean_b = row @ a / n, column @ b / n
        var_a, var_b = row @ a**2 / n - mean_a**2, column @ b**2 / n - mean_b**2
        shared = np.einsum("mkl,k,l->m", tables, a, b) / n
        r = (shared - mean_a * mean_b) / np.sqrt(var_a * var_b)
    return np.asarray(np.clip(np.nan_to_num(1.1 * r), -0.9, 0.9))


def _slopes(
    counts: FloatArray, h: FloatArray, k: FloatArray, rho: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """First derivative of the log-likelihood, minus the second, and the expected information."""
    cells, first, second = cell_probabilities(h, k, rho)
    ratio = first / cells
    slope = (counts * ratio).sum(axis=(1, 2))
    curvature = (counts * (ratio**2 - second / cells)).sum(axis=(1, 2))
    expected = counts.sum(axis=(1, 2)) * (first * ratio).sum(axis=(1, 2))
    return slope, curvature, expected


def standard_errors(
    tables: FloatArray,
    row_counts: FloatArray,
    column_counts: FloatArray,
    correlation: FloatArray,
    persons: NDArray[Any],
) -> FloatArray:
    """Give the standard errors (m,) of the correlations, the thresholds' own uncertainty included.

    ``tables`` (m, k, l) hold the persons who answered both items, ``row_counts`` (m, k) and
    ``column_counts`` (m, l) all who answered each, from whom its thresholds come. The
    variance is the sum over persons of the squared influence that each has on the
    estimate, times n / (n − 1) of the ``persons`` (m,) in the data.
    """
    both, by_row, by_column = influences(tables, row_counts, column_counts, correlation)
    only_row = row_counts - tables.sum(axis=2)
    only_column = column_counts - tables.sum(axis=1)
    # Where nobody answered both items, influences are infinite.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        total = (
            (tables * both**2).sum(axis=(1, 2))
            + (only_row * by_row**2).sum(axis=1)
            + (only_column * by_column**2).sum(axis=1)
        )
        return np.asarray(np.sqrt(total * persons / (persons - 1.0)))


def influences(
    tables: FloatArray,
    row_counts: FloatArray,
    column_counts: FloatArray,
    correlation: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How each person moves a correlation: in a cell (m, k, l), or by one answer alone.

    Arguments as in `standard_errors`; one answer alone, (m, k) and (m, l), acts through the
    thresholds. As in Muthén (1984), second derivatives are estimated by the products of
    first ones.
    """
    h, k = _bounded(margin_thresholds(row_counts)), _bounded(margin_thresholds(column_counts))
    cells, first, _ = cell_probabilities(h, k, correlation)
    ratio = first / cells
    weighted = tables * ratio
    information = (weighted * ratio).sum(axis=(1, 2))
    pull = weighted / cells
    by_row = _through_thresholds(h, k, correlation, pull, row_counts)
    by_column = _through_thresholds(k, h, correlation, pull.mT, column_counts)
    both = ratio + by_row[:, :, None] + by_column[:, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            both / information[:, None, None],
            by_row / information[:, None],
            by_column / information[:, None],
        )


def _through_thresholds(
    h: FloatArray, k: FloatArray, rho: FloatArray, pull: FloatArray, counts: FloatArray
) -> FloatArray:
    """How a person in each category of the row item (m, k) moves the slope by its thresholds.

    ``pull`` (m, k, l) holds what one unit of a cell's probability takes from the slope.
    """
    from scipy.special import ndtr

    root = np.sqrt(1.0 - rho**2)[:, None, None]
    reach = (k[:, None, :] - rho[:, None, None] * h[:, :, None]) / root
    share = np.diff(ndtr(reach), axis=2, prepend=0.0, append=1.0)
    density = np.exp(-(h**2) / 2) / np.sqrt(2 * np.pi)
    # A higher threshold moves persons from the category above it into the one below.
    cross = -density * (share * (pull[:, :-1] - pull[:, 1:])).sum(axis=2)
    answered = counts.sum(axis=1, keepdims=True)
    cumulated = np.cumsum(counts, axis=1)[:, :-1] / answered
    below = np.arange(counts.shape[1])[:, None] <= np.arange(counts.shape[1] - 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moved = (below - cumulated[:, None, :]) / (density * answered)[:, None, :]
    usable = (cumulated > 0) & (cumulated < 1)
    moved = np.where(usable[:, None, :], moved, 0.0)
    return np.asarray((moved * cross[:, None, :]).sum(axis=2))


def cell_probabilities(
    h: FloatArray, k: FloatArray, rho: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probabilities of the cells (m, k, l), and their two derivatives in the correlation."""
    from scipy.special import ndtr

    m, rows, columns = len(rho), h.shape[1] + 2, k.shape[1] + 2
    below = np.zeros((m, rows, columns))
    below[:, 1:-1, 1:-1] = bivariate_normal(h[:, :, None], k[:, None, :], rho[:, None, None])
    below[:, 1:-1, -1] = ndtr(h)
    below[:, -1, 1:-1] = ndtr(k)
    below[:, -1, -1] = 1.0
    density, slope = np.zeros_like(below), np.zeros_like(below)
    inner = (slice(None), slice(1, -1), slice(1, -1))
    density[inner], slope[inner] = bivariate_density(
        h[:, :, None], k[:, None, :], rho[:, None, None]
    )
    # Differences of probabilities near 1 leave rounding where nothing is left.
    cells = np.maximum(_differences(below), 1e-16)
    return cells, _differences(density), _differences(slope)


def _differences(grid: FloatArray) -> FloatArray:
    along = grid[:, 1:] - grid[:, :-1]
    return np.asarray(along[:, :, 1:] - along[:, :, :-1])


def bivariate_density(
    h: FloatArray, k: FloatArray, rho: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Bivariate normal density, and its derivative in the correlation."""
    rest = 1.0 - rho**2
    squares, product = h**2 + k**2, h * k
    density = np.exp((rho * product - squares / 2) / rest) / (2 * np.pi * np.sqrt(rest))
    slope = rho / rest + (product * (1 + rho**2) - rho * squares) / rest**2
    return density, density * slope


def bivariate_normal(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Probability that two standard normals with correlation ``rho`` lie below h and k.

    Shapes broadcast to (m, …), with ``rho`` of shape (m, 1, …).
    """
    h, k = np.broadcast_arrays(h, k)
    steep = np.abs(rho.ravel()) > STEEP
    found = np.empty(h.shape)
    if not steep.all():
        found[~steep] = _by_quadrature(h[~steep], k[~steep], rho[~steep])
    if steep.any():
        found[steep] = _by_owen(h[steep], k[steep], rho[steep])
    return found


@cache
def _rule(count: int) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights, which take longer to find than to use."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return np.asarray(nodes), np.asarray(weights)


def _by_quadrature(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Φ(h)Φ(k) and the integral of the density over correlations from 0 (Plackett, 1954)."""
    from scipy.special import ndtr

    largest = float(np.abs(rho).max(initial=0.0))
    count = next((number for bound, number in NODES if largest <= bound), NODES[-1][1])
    nodes, weights = _rule(count)
    top = np.arcsin(rho)[..., None]
    angle = top * (nodes + 1) / 2
    falling = 1.0 / np.cos(angle) ** 2
    with np.errstate(under="ignore"):
        heights = np.exp(
            (h * k)[..., None] * (np.sin(angle) * falling)
            - ((h**2 + k**2) / 2)[..., None] * falling
        )
    area = (heights @ weights) * (top[..., 0] / (4 * np.pi))
    return np.asarray(ndtr(h) * ndtr(k) + area)


def _by_owen(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Owen's (1956) reduction to his function T, exact for any correlation."""
    from scipy.special import ndtr, owens_t

    # At exactly 0 the slopes below would divide by zero; T does not see so small a change.
    h, k = np.where(h == 0, 1e-300, h), np.where(k == 0, 1e-300, k)
    root = np.sqrt(1.0 - rho**2)
    opposite = ((h < 0) != (k < 0)) / 2
    t = owens_t(h, (k / h - rho) / root) + owens_t(k, (h / k - rho) / root)
    return np.asarray((ndtr(h) + ndtr(k)) / 2 - t - opposite)
