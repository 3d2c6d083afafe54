"""How many factors, from a correlation matrix alone: rules on eigenvalues, MAP, the hull.

Every rule gives the curve that it decides by beside its count, and counts from the first
eigenvalue on: what comes after a first failure is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.dimensionality import adequacy

FloatArray = NDArray[np.float64]

# Variance that components leave of an item; below this, nothing but rounding is left.
NOTHING_LEFT = 1e-10


@dataclass(frozen=True)
class PartialCorrelations:
    """Average partial correlations once 0, 1, … p − 1 components are held constant.

    Attributes
    ----------
    squared, fourth : ndarray, shape (p,)
        Mean of the squares and of the fourth powers; NaN where components leave no variance.
    """

    squared: FloatArray
    fourth: FloatArray


@dataclass(frozen=True)
class Hull:
    """The hull of fit values over numbers of parameters.

    Attributes
    ----------
    n_factors : int or None
        Where the elbow is sharpest. With no solution between two others, the best fitting
        one if more factors fit no better, else None.
    best : int or None
        The best fitting solution; None without any.
    strength : ndarray, shape (k,)
        How much sharper the rise before a solution is than the one after; NaN where it is
        not on the hull, or at its ends.
    on_hull : ndarray of bool, shape (k,)
    """

    n_factors: int | None
    best: int | None
    strength: FloatArray
    on_hull: NDArray[np.bool_]


def leading(exceeds: NDArray[np.bool_]) -> int:
    """Count up to the first that fails."""
    return int(exceeds.size if exceeds.all() else exceeds.argmin())


def empirical_kaiser(eigenvalues: FloatArray, n_obs: float) -> FloatArray:
    """Give the reference values (p,) of the empirical Kaiser criterion.

    The first is the limit of the largest eigenvalue of unrelated items, (1 + √(p/n))². Later
    ones take the share of the variance that the eigenvalues before them have left; none is
    below 1.
    """
    p = eigenvalues.size
    largest = (1.0 + np.sqrt(p / n_obs)) ** 2
    left = p - np.concatenate([[0.0], np.cumsum(eigenvalues)[:-1]])
    return np.asarray(np.maximum(largest * left / np.arange(p, 0, -1), 1.0))


def acceleration(eigenvalues: FloatArray) -> FloatArray:
    """Second differences (p,) of the eigenvalues; NaN at both ends, where there is none."""
    found = np.full(eigenvalues.size, np.nan)
    found[1:-1] = eigenvalues[2:] - 2.0 * eigenvalues[1:-1] + eigenvalues[:-2]
    return found


def before_elbow(bends: FloatArray) -> int:
    """Count the eigenvalues before the place where the scree bends most."""
    return int(np.nanargmax(bends))


def optimal_coordinates(eigenvalues: FloatArray) -> FloatArray:
    """Extrapolate to each eigenvalue from the line through the next one and the last.

    NaN for the last two, which have no two after them.
    """
    p = eigenvalues.size
    found = np.full(p, np.nan)
    place = np.arange(1.0, p - 1)  # 1 … p − 2, counted from 1
    slopes = (eigenvalues[-1] - eigenvalues[1:-1]) / (p - 1.0 - place)
    found[:-2] = eigenvalues[1:-1] - slopes
    return found


def partial_correlations(correlation: FloatArray) -> PartialCorrelations:
    """Partial out components of a correlation matrix (p, p), one after the other."""
    p = correlation.shape[0]
    values, vectors = np.linalg.eigh(correlation)
    squared, fourth = np.full(p, np.nan), np.full(p, np.nan)
    for m in range(p):
        rest = vectors[:, : p - m]
        left = (rest * values[: p - m]) @ rest.T if m else correlation
        variance = np.diag(left)
        if variance.min() < NOTHING_LEFT:
            continue
        partial = left / np.sqrt(np.outer(variance, variance))
        np.fill_diagonal(partial, 0.0)
        squares = partial**2
        squared[m] = squares.sum() / (p * (p - 1))
        fourth[m] = (squares**2).sum() / (p * (p - 1))
    return PartialCorrelations(squared=squared, fourth=fourth)


def common_part(correlation: FloatArray, loadings: FloatArray) -> float:
    """Give the common part accounted for: 1 minus the sampling adequacy of what loadings leave.

    The residual correlations get a diagonal of ones; NaN where they cannot be inverted. Ever
    smaller ones have partial correlations of their own size, hence 1/2 where they vanish.
    """
    rest = correlation - loadings @ loadings.T
    np.fill_diagonal(rest, 1.0)
    if np.linalg.eigvalsh(rest)[0] <= NOTHING_LEFT:
        return float("nan")
    if np.abs(rest - np.eye(len(rest))).max() < NOTHING_LEFT:
        return 0.5
    return 1.0 - adequacy(rest).overall


def hull(fit: FloatArray, df: FloatArray) -> Hull:
    """Find the elbow of fit values (k,), higher is better, of 0, 1, … k − 1 factors.

    ``df`` are degrees of freedom, which fall by one with each parameter. Solutions that fit
    no better than one with fewer factors, or that lie on or below the line between their
    neighbours, are not on the hull.
    """
    kept: list[int] = []
    for m, value in enumerate(fit):
        if np.isfinite(value) and (not kept or value > fit[kept[-1]]):
            kept.append(m)
    cost = -np.asarray(df, dtype=np.float64)  # parameters, up to a constant
    while True:
        below = _first_below(kept, fit, cost)
        if below is None:
            break
        kept.remove(below)
    strength = np.full(fit.size, np.nan)
    for a, b, c in zip(kept, kept[1:], kept[2:], strict=False):
        rise = (fit[b] - fit[a]) / (cost[b] - cost[a])
        strength[b] = rise / ((fit[c] - fit[b]) / (cost[c] - cost[b]))
    on_hull = np.zeros(fit.size, dtype=bool)
    on_hull[kept] = True
    best = kept[-1] if kept else None
    if not np.isnan(strength).all():
        found: int | None = int(np.nanargmax(strength))
    else:
        found = best if best is not None and best < fit.size - 1 else None
    return Hull(n_factors=found, best=best, strength=strength, on_hull=on_hull)


def _first_below(kept: list[int], fit: FloatArray, cost: FloatArray) -> int | None:
    """Name the first solution on or below the line between its neighbours."""
    for a, b, c in zip(kept, kept[1:], kept[2:], strict=False):
        share = (cost[b] - cost[a]) / (cost[c] - cost[a])
        if fit[b] <= fit[a] + share * (fit[c] - fit[a]):
            return b
    return None
