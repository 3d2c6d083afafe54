"""Bootstrap of ordered answers: contingency tables of many replicates, fitted together.

A replicate changes only how often each person counts, so its tables are sums of weights;
the correlations of all pairs of all replicates then take their Newton steps side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import (
    PAIRS,
    PairFits,
    contingency,
    fit_pairs,
    margin_thresholds,
    standard_errors,
)
from trustmeasure.kernels.resampling import resample_counts

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Replicates:
    """Polychoric correlations of a block of b replicates.

    Attributes
    ----------
    correlation : ndarray, shape (b, p, p)
    standard_error : ndarray, shape (b, p, p)
        Zero in the diagonal; NaN throughout where they were not asked for.
    thresholds : ndarray, shape (b, p, k − 1)
    usable : ndarray of bool, shape (b,)
        Whether all items vary in the replicate and all pairs have a maximum inside ±1.
    """

    correlation: FloatArray
    standard_error: FloatArray
    thresholds: FloatArray
    usable: NDArray[np.bool_]


def bootstrap_polychorics(
    codes: NDArray[np.integer[Any]],
    n_categories: int,
    n_boot: int,
    rng: np.random.Generator,
    *,
    errors: bool = False,
) -> Iterator[Replicates]:
    """Resample persons (n, p), categories from 0 and −1 for missing, and correlate the items.

    The sample's own correlations are where every replicate starts.
    """
    n, p = codes.shape
    i, j = np.triu_indices(p, 1)
    whole = contingency(codes, n_categories)
    start = _fit(whole[None, i, j], _margins(whole)[None], None).correlation
    # As many replicates at a time as one stack of pairs holds.
    cells = max(1, PAIRS // len(i)) * n
    for weights in resample_counts(n, n_boot, rng, cells=cells):
        yield _replicates(codes, n_categories, weights, start, errors)


def _replicates(
    codes: NDArray[np.integer[Any]],
    n_categories: int,
    weights: FloatArray,
    start: FloatArray,
    errors: bool,
) -> Replicates:
    b, p = len(weights), codes.shape[1]
    i, j = np.triu_indices(p, 1)
    tables, margins = weighted_tables(codes, n_categories, weights)
    varied = ((margins > 0).sum(axis=2) > 1).all(axis=1)
    fits = _fit(tables, margins, np.tile(start, b))
    se = np.full(fits.correlation.shape, np.nan)
    if errors:
        rows, columns = margins[:, i].reshape(-1, n_categories), margins[:, j]
        se = standard_errors(
            tables.reshape(-1, n_categories, n_categories),
            rows,
            columns.reshape(-1, n_categories),
            fits.correlation,
            np.repeat(weights.sum(axis=1), len(i)),
        )
    usable = varied & fits.converged.reshape(b, -1).all(axis=1)
    if errors:
        usable &= np.isfinite(se).reshape(b, -1).all(axis=1)
    return Replicates(
        correlation=_square(fits.correlation.reshape(b, -1), p, 1.0),
        standard_error=_square(se.reshape(b, -1), p, 0.0),
        thresholds=margin_thresholds(margins),
        usable=usable,
    )


def weighted_tables(
    codes: NDArray[np.integer[Any]], n_categories: int, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Count the answers of persons who enter ``weights`` (b, n) times.

    Gives the tables of the pairs i < j, shape (b, pairs, k, k), and the margins (b, p, k).
    """
    b, (n, p) = len(weights), codes.shape
    hot = (codes[:, :, None] == np.arange(n_categories)).astype(np.float32)
    counts = weights.astype(np.float32)  # exact up to 2²⁴ persons
    flat = hot.reshape(n, -1)
    margins = (counts @ flat).reshape(b, p, n_categories)
    tables = np.empty((b, p * (p - 1) // 2, n_categories, n_categories))
    first = 0
    for item in range(p - 1):
        last = first + p - 1 - item
        later = flat[:, (item + 1) * n_categories :]
        for category in range(n_categories):
            # Only who chose this category of the item enters this row of its tables.
            who = np.flatnonzero(codes[:, item] == category)
            row = counts[:, who] @ later[who]
            tables[:, first:last, category] = row.reshape(b, -1, n_categories)
        first = last
    return tables, margins.astype(np.float64)


def _margins(tables: FloatArray) -> FloatArray:
    """Take the counts of each item's categories from the tables of the items with themselves."""
    own = np.diagonal(np.diagonal(tables, axis1=2, axis2=3), axis1=0, axis2=1).T
    return np.ascontiguousarray(own)


def _fit(tables: FloatArray, margins: FloatArray, start: FloatArray | None) -> PairFits:
    """Fit the pairs of all replicates, tables (b, pairs, k, k), as one stack."""
    p, k = margins.shape[1:]
    i, j = np.triu_indices(p, 1)
    cut = margin_thresholds(margins)
    return fit_pairs(
        tables.reshape(-1, k, k),
        cut[:, i].reshape(-1, k - 1),
        cut[:, j].reshape(-1, k - 1),
        start=start,
        # Newton squares the last step's error: far below what sampling does.
        tolerance=1e-6 if start is None else 1e-3,
    )


def _square(pairs: FloatArray, p: int, on: float) -> FloatArray:
    square = np.full((len(pairs), p, p), on)
    i, j = np.triu_indices(p, 1)
    square[:, i, j] = square[:, j, i] = pairs
    return square
