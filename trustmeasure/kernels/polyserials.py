"""Correlations of continuous variables with the normal variables behind ordered answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import FAR, LARGEST

FloatArray = NDArray[np.float64]


# Curvature of a log-likelihood that is as good as none.
LEVEL = 1e-9


@dataclass(frozen=True)
class Polyserial:
    """One correlation; ``converged`` is False where the likelihood rises up to ±1."""

    correlation: float
    converged: bool


def polyserial(
    continuous: FloatArray,
    codes: NDArray[np.integer[Any]],
    thresholds: FloatArray,
    *,
    tolerance: float = 1e-6,
    max_iter: int = 100,
) -> Polyserial:
    """Maximise the likelihood of ordered answers given a standardised variable (n,).

    ``thresholds`` cut the answers' categories, which ``codes`` count from 0.
    """
    edges = np.concatenate([[-FAR], np.clip(thresholds, -FAR, FAR), [FAR]])
    upper, lower = edges[codes + 1], edges[codes]
    off, middle = continuous - continuous.mean(), codes - codes.mean()
    size = float(np.sqrt((off @ off) * (middle @ middle)))
    # Persons who all answered alike still tell of it, by thresholds that come from others too.
    start = float(np.clip(off @ middle / size, -0.9, 0.9)) if size else 0.0
    rho, converged = steps_within(
        lambda now: _slopes(continuous, upper, lower, now),
        start,
        tolerance=tolerance,
        max_iter=max_iter,
    )
    return Polyserial(correlation=rho, converged=converged)


def steps_within(
    slopes: Callable[[float], tuple[float, float]],
    start: float,
    *,
    tolerance: float,
    max_iter: int = 100,
) -> tuple[float, bool]:
    """Follow Newton's steps to the most likely correlation, and say whether it lies inside ±1.

    ``slopes`` gives the slope of the log-likelihood and what to divide it by. The slope's sign
    narrows a bracket that no step may leave. A likelihood that is level has no maximum.
    """
    rho, low, high = start, -LARGEST, LARGEST
    converged = False
    for _ in range(max_iter):
        slope, curvature = slopes(rho)
        if abs(curvature) < LEVEL:
            return rho, False
        if slope > 0:
            low = rho
        else:
            high = rho
        step = slope / curvature if curvature > 0 else np.inf
        new = rho + step if low < rho + step < high else (low + high) / 2
        converged = abs(new - rho) < tolerance * (1.0 - rho**2)
        rho = float(new)
        if converged:
            break
    return rho, converged and abs(rho) < LARGEST - 1e-5


def _slopes(x: FloatArray, upper: FloatArray, lower: FloatArray, rho: float) -> tuple[float, float]:
    """Slope of the log-likelihood in the correlation, and the sum of its squared parts."""
    from scipy.special import ndtr

    rest = 1.0 - rho**2
    top, bottom = (upper - rho * x) / np.sqrt(rest), (lower - rho * x) / np.sqrt(rest)
    # From the far tail, where both are near 1, to the near one.
    flip = top + bottom > 0
    share = np.where(flip, ndtr(-bottom) - ndtr(-top), ndtr(top) - ndtr(bottom))
    density = [
        np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (rho * edge - x) / rest**1.5
        for z, edge in ((top, upper), (bottom, lower))
    ]
    parts = (density[0] - density[1]) / np.maximum(share, 1e-300)
    return float(parts.sum()), float(parts @ parts)
