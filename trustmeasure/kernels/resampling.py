"""Bootstrap from per-case moments: a matrix of weights instead of resampled data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Cells of weights made at once: few enough to stay near the processor. Where a block of
# weights meets moments that are costly to make, more of them go together; each cell takes
# about 24 bytes for a moment.
_CELLS = 250_000
_MANY_CELLS = 4_000_000
# Products of items a case that are worth keeping for all replicates: some 80 MB.
_MOST_MOMENTS = 10_000_000


def resample_counts(
    n: int, n_boot: int, rng: np.random.Generator, *, cells: int = _CELLS
) -> Iterator[FloatArray]:
    """Draw how often each case enters each replicate, in blocks of shape (rows, n).

    The size of the blocks does not change what is drawn.
    """
    step = max(1, cells // n)
    for start in range(0, n_boot, step):
        rows = min(step, n_boot - start)
        drawn = rng.integers(0, n, size=(rows, n))
        drawn += np.arange(rows)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        yield counts.astype(np.float64)


def bootstrap_alpha(values: FloatArray, n_boot: int, rng: np.random.Generator) -> FloatArray:
    """Give alpha in each replicate of complete answers, shape (n_boot,).

    Alpha needs the variance of the sum and the sum of the variances only, so k + 2
    moments a case are enough. A replicate without variance is NaN.
    """
    n, k = values.shape
    x = values - values.mean(axis=0)
    total = x.sum(axis=1)
    moments = np.column_stack([x, (x * x).sum(axis=1), total * total])
    blocks = []
    for weights in resample_counts(n, n_boot, rng):
        sums = weights @ moments
        means = sums[:, :k] / n
        trace = sums[:, k] / n - (means * means).sum(axis=1)
        whole = sums[:, k + 1] / n - means.sum(axis=1) ** 2
        blocks.append(_alpha(trace, whole, k))
    return np.concatenate(blocks)


def bootstrap_alpha_pairwise(
    values: FloatArray, n_boot: int, rng: np.random.Generator
) -> FloatArray:
    """Give alpha in each replicate from pairwise covariances, shape (n_boot,)."""
    return np.concatenate(
        [
            _alpha(np.trace(cov, axis1=1, axis2=2), cov.sum(axis=(1, 2)), values.shape[1])
            for cov in bootstrap_covariances_pairwise(values, n_boot, rng)
        ]
    )


def bootstrap_covariances_pairwise(
    values: FloatArray, n_boot: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Give pairwise covariances (each pair's n − 1) of replicates, (rows, k, k).

    NaN for two items that fewer than two persons of a replicate answered together.
    """
    n, k = values.shape
    valid = ~np.isnan(values)
    x = np.where(valid, values - np.nanmean(values, axis=0), 0.0)
    answered = valid.astype(np.float64)
    for weights in resample_counts(n, n_boot, rng, cells=_MANY_CELLS):
        found = np.empty((len(weights), k, k))
        for i in range(k):
            # One item against itself and those after it: products, both sums, numbers.
            later = slice(i, k)
            moments = np.hstack(
                [
                    x[:, [i]] * x[:, later],
                    x[:, [i]] * answered[:, later],
                    answered[:, [i]] * x[:, later],
                    answered[:, [i]] * answered[:, later],
                ]
            )
            product, left, right, number = np.split(weights @ moments, 4, axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                cov = (product - left * right / number) / np.where(number > 1, number - 1, np.nan)
            found[:, i, later] = found[:, later, i] = cov
        yield found


def bootstrap_covariances(
    values: FloatArray, n_boot: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Give the covariances (divisor n) of replicates of complete answers, (rows, k, k)."""
    n, k = values.shape
    x = values - values.mean(axis=0)
    if n * k * (k + 3) // 2 > _MOST_MOMENTS:
        for weights in resample_counts(n, n_boot, rng):
            yield _weighted_covariances(x, weights / n)
        return
    rows, columns = np.tril_indices(k)
    moments = np.hstack([x, x[:, rows] * x[:, columns]])
    for weights in resample_counts(n, n_boot, rng):
        sums = weights @ moments / n
        means = sums[:, :k]
        cov = np.empty((len(weights), k, k))
        cov[:, rows, columns] = sums[:, k:] - means[:, rows] * means[:, columns]
        cov[:, columns, rows] = cov[:, rows, columns]
        yield cov


def _alpha(trace: FloatArray, whole: FloatArray, k: int) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 1e-12 * trace, (1 - trace / whole) * k / (k - 1), np.nan)


def half_correlations(
    values: FloatArray, n_splits: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Give the correlations (rows, k, k) of two random halves of complete answers, again and again.

    Of an odd number of persons one is left out of each split. A split in which an item is
    constant in a half is left out.
    """
    n, k = values.shape
    x = (values - values.mean(axis=0)) / values.std(axis=0)
    half = n // 2
    rows, columns = np.tril_indices(k)
    many = n * k * (k + 3) // 2 > _MOST_MOMENTS
    moments = np.zeros((0, 0)) if many else np.hstack([x, x[:, rows] * x[:, columns]])
    step = max(1, _CELLS // n)
    for start in range(0, n_splits, step):
        place = np.argsort(rng.random((min(step, n_splits - start), n)), axis=1)
        side = np.zeros((2, *place.shape))
        np.put_along_axis(side[0], place[:, :half], 1.0, axis=1)
        np.put_along_axis(side[1], place[:, half : 2 * half], 1.0, axis=1)
        both = []
        for weights in side:
            if many:
                both.append(_weighted_covariances(x, weights / half))
                continue
            sums = weights @ moments / half
            cov = np.empty((len(weights), k, k))
            cov[:, rows, columns] = sums[:, k:] - sums[:, rows] * sums[:, columns]
            cov[:, columns, rows] = cov[:, rows, columns]
            both.append(cov)
        spread = np.sqrt(np.maximum(np.diagonal(np.array(both), axis1=2, axis2=3), 0.0))
        usable = (spread > 1e-6).all(axis=(0, 2))
        first, second = (
            cov[usable] / (sd[usable][:, :, None] * sd[usable][:, None, :])
            for cov, sd in zip(both, spread, strict=True)
        )
        yield first, second


def _weighted_covariances(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Give covariances (rows, k, k) under rows of weights that sum to 1, one after the other."""
    means = weights @ x
    cov = np.array([(x * w[:, None]).T @ x for w in weights])
    return cov - means[:, :, None] * means[:, None, :]
