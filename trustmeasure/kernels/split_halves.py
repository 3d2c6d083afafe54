"""The reliabilities of all ways to split a scale in halves, by one matrix product."""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Of more items than this the splits are sampled: 16 items have 6,435, 17 have 24,310.
MOST_ITEMS = 16


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

    ``cov`` is one matrix (k, k) or a stack (m, k, k). With h the marks of half A, its
    covariance with the other half is h'C1 − h'Ch.
    """
    across = marks @ cov.sum(axis=-1)[..., None]
    within = np.einsum("...si,si->...s", marks @ cov, marks)
    whole = cov.sum(axis=(-2, -1))[..., None]
    halves: FloatArray = 4 * (across[..., 0] - within) / whole
    return halves
