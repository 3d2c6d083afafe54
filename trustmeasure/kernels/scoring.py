"""Scale totals and counts of answers, for all scales at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Rows a chunk: 20 items of this many rows stay in the processor's cache.
_CHUNK = 8192


@dataclass(frozen=True)
class Totals:
    """What scoring needs to know of every person.

    Attributes
    ----------
    totals : ndarray, shape (n_persons, n_scales)
        Sum of the valid weighted answers of each scale.
    counts : ndarray, shape (n_persons, n_scales)
        Number of valid answers of each scale.
    lowest, highest : ndarray, shape (n_items,)
        Range of the valid answers; NaN for an item without any.
    """

    totals: FloatArray
    counts: FloatArray
    lowest: FloatArray
    highest: FloatArray


def totals(
    values: FloatArray, weights: FloatArray, constants: FloatArray, member: FloatArray
) -> Totals:
    """Add up ``constants + weights * answer`` over the answered items of each scale.

    A reversed item has the weight −1 and the constant min + max, so that nobody's answers
    need to be copied in order to be turned round.

    Parameters
    ----------
    values : ndarray, shape (n_persons, n_items)
        Raw codes, NaN where missing.
    weights, constants, member : ndarray, shape (n_items, n_scales)
        Zero where the item does not belong to the scale; ``member`` is one where it does.
    """
    n, k = values.shape
    s = weights.shape[1]
    out = Totals(
        totals=np.empty((n, s)),
        counts=np.empty((n, s)),
        lowest=np.full(k, np.nan),
        highest=np.full(k, np.nan),
    )
    for start in range(0, n, _CHUNK):
        block = np.ascontiguousarray(values[start : start + _CHUNK], dtype=np.float64)
        rows = slice(start, start + len(block))
        np.fmin(out.lowest, np.fmin.reduce(block, axis=0), out=out.lowest)
        np.fmax(out.highest, np.fmax.reduce(block, axis=0), out=out.highest)
        answered = block == block  # False for NaN alone, and faster than isnan
        if answered.all():
            with np.errstate(invalid="ignore"):  # an infinite code shows in `highest`
                out.totals[rows] = block @ weights + constants.sum(axis=0)
            out.counts[rows] = member.sum(axis=0)
            continue
        seen = answered.astype(np.float64)
        with np.errstate(invalid="ignore"):
            out.totals[rows] = np.where(answered, block, 0.0) @ weights + seen @ constants
        out.counts[rows] = seen @ member
    return out
