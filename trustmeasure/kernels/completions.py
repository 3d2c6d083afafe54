"""What alpha could be, had the missing answers been given: its extremes over completions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MOST_STEPS = 500


@dataclass(frozen=True)
class _Fixed:
    """What the persons with all answers add to the moments: n, sums, and sums of squares."""

    n: int
    items: FloatArray
    squares: float
    totals: float
    total_squares: float


def extreme_alphas(
    values: FloatArray,
    low: FloatArray,
    high: FloatArray,
    rng: np.random.Generator,
    *,
    n_starts: int = 16,
) -> tuple[float, float]:
    """Search the smallest and the largest alpha of data (n, k) whose NaN may be anything.

    Anything between ``low`` and ``high``, shape (k,). Alpha falls as q, the items' variances
    over the variance of the sum, rises. Each step minimises (or maximises) a bound to
    tr − q V that touches it where the search stands, so that no step goes back. The ends
    are local: completions more extreme than these may exist, less extreme ones surely do.
    """
    incomplete = np.isnan(values).any(axis=1)
    centre = np.nanmean(values, axis=0)
    whole = values[~incomplete] - centre
    sums = whole.sum(axis=1)
    fixed = _Fixed(
        len(whole), whole.sum(axis=0), float((whole**2).sum()), float(sums.sum()),
        float((sums**2).sum()),
    )  # fmt: skip
    part = values[incomplete] - centre
    gaps = np.isnan(part)
    bounds = (low - centre, high - centre)
    smallest, largest = np.inf, -np.inf
    for number in range(n_starts):
        start = np.where(gaps, _start(number, gaps, bounds, rng), part)
        smallest = min(smallest, _search(start, gaps, bounds, fixed, upwards=False))
        largest = max(largest, _search(start, gaps, bounds, fixed, upwards=True))
    return float(smallest), float(largest)


def _start(
    number: int,
    gaps: NDArray[np.bool_],
    bounds: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Begin with the items' means, then with ends of the range drawn at random."""
    if number == 0:
        return np.broadcast_to(np.clip(0.0, *bounds), gaps.shape)
    drawn: FloatArray = np.where(rng.random(gaps.shape) < 0.5, *bounds)
    return drawn


def _search(
    x: FloatArray,
    gaps: NDArray[np.bool_],
    bounds: tuple[FloatArray, FloatArray],
    fixed: _Fixed,
    *,
    upwards: bool,
) -> float:
    k = x.shape[1]
    n_gaps = gaps.sum(axis=1, keepdims=True)
    n = fixed.n + len(x)
    best = -np.inf if upwards else np.inf
    for _ in range(_MOST_STEPS):
        sums = x.sum(axis=1, keepdims=True)
        mean = (fixed.items + x.sum(axis=0)) / n
        mean_sum = (fixed.totals + float(sums.sum())) / n
        trace = fixed.squares + float((x * x).sum()) - n * float((mean * mean).sum())
        total = fixed.total_squares + float((sums * sums).sum()) - n * mean_sum**2
        if total <= 1e-12 * trace:
            return -np.inf
        q = trace / total
        alpha = k / (k - 1) * (1 - q)
        gain = alpha - best if upwards else best - alpha
        best = max(best, alpha) if upwards else min(best, alpha)
        if gain < 1e-12:
            break
        deviation = sums - mean_sum
        if upwards:
            moved = mean + q * deviation
        else:
            moved = x + ((x - mean) / q - deviation) / np.maximum(n_gaps, 1)
        x = np.where(gaps, np.clip(moved, *bounds), x)
    return best
