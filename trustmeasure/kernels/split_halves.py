"""The reliabilities of all ways to split a scale in halves, by one matrix product."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Of more items than this the splits are sampled: 16 items have 6,435, 17 have 24,310.
MOST_ITEMS = 16
# Reliabilities that are held at a time, of a stack of matrices.
_CELLS = 2_000_000


def n_splits(k: int) -> int:
    """Count the ways to split k items into halves, or k odd into halves one item apart."""
    return comb(k, k // 2) // (2 - k % 2)


@lru_cache(maxsize=4)
def all_splits(k: int) -> FloatArray:
    """Mark the items of the smaller half in every split, shape (splits, k), of 0 and 1.

    Of two equal halves the one with the first item is marked, so that no split comes twice.
    """
    numbers = np.arange(2**k, dtype=np.uint32)
    bits = (numbers[:, None] >> np.arange(k, dtype=np.uint32)) & 1
    kept = bits.sum(axis=1) == k // 2
    if k % 2 == 0:
        kept &= bits[:, 0] == 1
    marks: FloatArray = bits[kept].astype(np.float64)
    marks.setflags(write=False)  # shared by all who ask
    return marks


def sampled_splits(k: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw n splits of k items at random, shape (n, k), of 0 and 1; a split may come twice."""
    order = np.argpartition(rng.random((n, k)), k // 2, axis=1)[:, : k // 2]
    marks = np.zeros((n, k))
    np.put_along_axis(marks, order, 1.0, axis=1)
    return marks


def split_reliabilities(cov: FloatArray, marks: FloatArray) -> FloatArray:
    """Give 4 cov(A, B) / var(A + B) of every split into A and B, shape (…, splits).

    ``cov`` is one matrix (k, k) or a stack (m, k, k). With s = 1 for the items of half A and −1
    for the others, the reliability is 1 − s'Cs / 1'C1.
    """
    rows, columns = np.tril_indices(cov.shape[-1], -1)
    signs = 2 * marks - 1
    same = signs[:, rows] * signs[:, columns]
    apart = np.trace(cov, axis1=-2, axis2=-1)[..., None] + 2 * (cov[..., rows, columns] @ same.T)
    halves: FloatArray = 1 - apart / cov.sum(axis=(-2, -1))[..., None]
    return halves


def split_extremes(cov: FloatArray, marks: FloatArray) -> FloatArray:
    """Give the largest, the mean and the smallest reliability of a stack (m, k, k): (m, 3)."""
    step = max(1, _CELLS // len(marks))
    found = np.empty((len(cov), 3))
    for begin in range(0, len(cov), step):
        part = slice(begin, begin + step)
        halves = split_reliabilities(cov[part], marks)
        found[part] = np.column_stack((halves.max(axis=1), halves.mean(axis=1), halves.min(axis=1)))
    return found
