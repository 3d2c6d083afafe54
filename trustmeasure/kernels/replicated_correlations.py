"""Correlations of many versions of a sample: resampled persons, or one person left out.

A version only changes how often each person counts, so its correlations follow from sums of
the persons' moments: weights times moments for resampling, the total minus a person's own
for leaving one out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.ordinal_resampling import bootstrap_polychorics
from trustmeasure.kernels.polychorics import contingency, fit_pairs, margin_thresholds
from trustmeasure.kernels.resampling import resample_counts

FloatArray = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
# From moments (n, m) to their sums in each version (b, m).
Summing = Callable[[FloatArray], FloatArray]

# Cells of weights made at once, and of the matrices of persons left out.
_CELLS, _LEFT_OUT = 2_000_000, 2_000_000


def bootstrap_correlations(
    values: FloatArray, n_boot: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Resample persons (n, p), NaN for missing, and correlate: blocks of (b, p, p)."""
    x = _centred(values)
    complete = not np.isnan(x).any()
    moments = _moments(x) if complete else x
    for weights in resample_counts(len(values), n_boot, rng, cells=_CELLS):
        # With a missing answer the moments are too many to be kept.
        yield (
            _from_sums(weights @ moments, x.shape[1])
            if complete
            else _incomplete(x, weights.__matmul__)
        )


def left_out_correlations(values: FloatArray) -> Iterator[FloatArray]:
    """Correlations (b, p, p) without each person in turn."""
    n, p = values.shape
    x = _centred(values)
    step = max(1, _LEFT_OUT // (p * p))
    parts = [slice(start, start + step) for start in range(0, n, step)]
    if np.isnan(x).any():
        for part in parts:
            yield _incomplete(x, _without(part))
    else:
        moments = _moments(x)
        total = moments.sum(axis=0)
        for part in parts:
            yield _from_sums(total - moments[part], p)


def correlations(values: FloatArray, summing: Summing) -> FloatArray:
    """Correlate the items in each version, pairwise where answers are missing."""
    x = _centred(values)
    if np.isnan(x).any():
        return _incomplete(x, summing)
    return _from_sums(summing(_moments(x)), x.shape[1])


def bootstrap_ordinal(
    codes: Codes, n_categories: int, n_boot: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Polychoric correlations of resampled persons, NaN where a pair has no maximum."""
    for block in bootstrap_polychorics(codes, n_categories, n_boot, rng):
        yield np.where(block.usable[:, None, None], block.correlation, np.nan)


def left_out_ordinal(codes: Codes, n_categories: int) -> Iterator[FloatArray]:
    """Polychoric correlations (b, p, p) without each person in turn.

    All who gave the same two answers to a pair leave the same table behind, so each pair is
    fitted once for every two answers instead of once for every person.
    """
    n, p = codes.shape
    i, j = np.triu_indices(p, 1)
    found = _without_cells(codes, n_categories)
    step = max(1, _LEFT_OUT // (p * p))
    pairs = np.arange(len(i))
    for start in range(0, n, step):
        part = codes[start : start + step]
        matrix = np.ones((len(part), p, p))
        matrix[:, i, j] = matrix[:, j, i] = found[pairs, part[:, i], part[:, j]]
        yield matrix


def _without(persons: slice) -> Summing:
    def summing(moments: FloatArray) -> FloatArray:
        left: FloatArray = moments.sum(axis=0) - moments[persons]
        return left

    return summing


def _centred(values: FloatArray) -> FloatArray:
    """Keep the differences of sums, below, exact."""
    return np.asarray(values - np.nanmean(values, axis=0))


def _moments(x: FloatArray) -> FloatArray:
    """Give each person's one, values, and products of values: (n, 1 + p + p (p + 1) / 2)."""
    rows, columns = np.tril_indices(x.shape[1])
    return np.hstack([np.ones((len(x), 1)), x, x[:, rows] * x[:, columns]])


def _from_sums(sums: FloatArray, p: int) -> FloatArray:
    rows, columns = np.tril_indices(p)
    means = sums[:, 1 : p + 1] / sums[:, :1]
    cov = np.empty((len(sums), p, p))
    cov[:, rows, columns] = sums[:, p + 1 :] / sums[:, :1] - means[:, rows] * means[:, columns]
    cov[:, columns, rows] = cov[:, rows, columns]
    variance = np.diagonal(cov, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(variance > 1e-14 * (1 + means**2), 1 / np.sqrt(variance), np.nan)
        return _unit(cov * scale[:, :, None] * scale[:, None, :])


def _incomplete(x: FloatArray, summing: Summing) -> FloatArray:
    answered = (~np.isnan(x)).astype(np.float64)
    x = np.nan_to_num(x)
    p = x.shape[1]
    parts = []
    for i in range(p):
        own, here, later, there = x[:, [i]], answered[:, [i]], x[:, i:], answered[:, i:]
        moments = [
            own * later, own * there, here * later, here * there, own**2 * there, here * later**2,
        ]  # fmt: skip
        product, left, right, number, left2, right2 = np.split(summing(np.hstack(moments)), 6, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            shared = product - left * right / number
            spread = (left2 - left**2 / number) * (right2 - right**2 / number)
            parts.append(np.where(spread > 1e-14, shared / np.sqrt(spread), np.nan))
    matrix = np.empty((len(parts[0]), p, p))
    for i, part in enumerate(parts):
        matrix[:, i, i:] = matrix[:, i:, i] = part
    return _unit(matrix)


def _unit(matrix: FloatArray) -> FloatArray:
    places = np.arange(matrix.shape[1])
    matrix = np.clip(matrix, -1.0, 1.0)
    matrix[:, places, places] = 1.0
    return matrix


def _without_cells(codes: Codes, k: int) -> FloatArray:
    """Fit each pair without one person of each two answers: (pairs, k + 1, k + 1).

    The last place of an axis is for a missing answer, as the code −1 finds it.
    """
    p = codes.shape[1]
    i, j = np.triu_indices(p, 1)
    tables = contingency(codes, k)
    margins = np.stack([np.diag(tables[item, item]) for item in range(p)])
    whole = fit_pairs(tables[i, j], margin_thresholds(margins[i]), margin_thresholds(margins[j]))
    found = np.full((len(i), k + 1, k + 1), np.nan)
    found[:, -1, -1] = whole.correlation
    seen = np.zeros((len(i), k + 1, k + 1), dtype=bool)
    seen[np.arange(len(i)), codes[:, i], codes[:, j]] = True
    seen[:, -1, -1] = False
    pair, a, b = np.nonzero(seen)
    cells, rows, columns = tables[i, j][pair], margins[i][pair], margins[j][pair]
    both, each = (a < k) & (b < k), np.arange(len(pair))
    cells[each[both], a[both], b[both]] -= 1
    rows[each[a < k], a[a < k]] -= 1
    columns[each[b < k], b[b < k]] -= 1
    start = whole.correlation[pair]
    fits = fit_pairs(cells, margin_thresholds(rows), margin_thresholds(columns), start=start)
    found[pair, a, b] = np.where(fits.converged, fits.correlation, np.nan)
    return found
