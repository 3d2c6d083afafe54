"""Constrained minimum-trace factor analysis, by an interior-point method.

The greatest lower bound to reliability takes as much of the items' variances for error as
the covariances allow: it maximises the sum of the error variances θ while Σ − diag(θ) has
no negative eigenvalue and no θ is negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_MOST_STEPS = 400
_SHRINK = 0.15  # of the barrier, from one centre to the next
# How close to a centre is close enough: nearer ones drown in rounding as the barrier vanishes.
_CLOSE = 1e-2
# What a replicate of a bootstrap needs: far below what sampling does to it.
_ROUGH, _NEAR = 1e-6, 0.1


@dataclass(frozen=True)
class MinimumTrace:
    """The split of variances that leaves the least to the common part.

    Attributes
    ----------
    errors : ndarray, shape (k,)
        Error variances θ.
    gap : float
        How much larger than here the sum of the error variances could be at most, as a
        share of the sum of all variances. A dual solution proves it.
    converged : bool
    """

    errors: FloatArray
    gap: float
    converged: bool


def minimum_trace(cov: FloatArray, *, tolerance: float = 1e-9) -> MinimumTrace:
    """Solve for a positive definite covariance matrix (k, k)."""
    errors, gap = _solve(cov[None], tolerance, _CLOSE)
    return MinimumTrace(errors=errors[0], gap=float(gap[0]), converged=bool(gap[0] < 1e-8))


def greatest_bounds(cov: FloatArray) -> FloatArray:
    """Give the greatest lower bound of each of a stack (m, k, k), shape (m,), to 1e-6 or so.

    NaN for a matrix that is not positive definite.
    """
    variance = np.diagonal(cov, axis1=1, axis2=2)
    sd = np.sqrt(np.where(variance > 0, variance, 1.0))
    lowest = np.linalg.eigvalsh(cov / (sd[:, :, None] * sd[:, None, :]))[:, 0]
    usable = (lowest > 1e-9) & (variance > 0).all(axis=1)
    bounds = np.full(len(cov), np.nan)
    if usable.any():
        errors, gap = _solve(cov[usable], _ROUGH, _NEAR)
        found = 1 - errors.sum(axis=1) / cov[usable].sum(axis=(1, 2))
        bounds[usable] = np.where(gap < 10 * _ROUGH, found, np.nan)
    return bounds


def _solve(cov: FloatArray, tolerance: float, near: float) -> tuple[FloatArray, FloatArray]:
    """Give error variances (m, k) and gaps (m,) of a stack (m, k, k).

    Follows the centres of w'u + μ (ln|R − diag(u)| + Σ ln u) by Newton's method as μ goes
    to 0, with R the correlations, w the variances and θ = w u. At a centre μ (R − diag(u))⁻¹
    solves the dual problem, which bounds what is left to gain by 2 k μ. A centre is reached
    where Newton's decrement is below ``near``, which adds at most √(2 k) near / (1 − near) μ.
    """
    m, k, _ = cov.shape
    variance = np.diagonal(cov, axis1=1, axis2=2)
    w = variance / variance.sum(axis=1)[:, None]
    sd = np.sqrt(variance)
    R = cov / (sd[:, :, None] * sd[:, None, :])
    u = np.repeat(0.5 * np.linalg.eigvalsh(R)[:, :1], k, axis=1)
    centre, gap = u.copy(), np.ones(m)
    per_barrier = 2 * k + np.sqrt(2 * k) * near / (1 - near)
    mu = np.full(m, 1.0 / k)
    left = np.arange(m)
    for _ in range(_MOST_STEPS):
        inverse, inside = _inverses(R[left], u[left])
        left = left[inside]  # rounding ends the search of the others; their last centre stands
        if not left.size:
            break
        step, decrement = _newton_step(inverse[inside], w[left], u[left], mu[left])
        arrived = decrement < near
        centre[left[arrived]] = u[left[arrived]]
        gap[left[arrived]] = per_barrier * mu[left[arrived]]
        mu[left[arrived]] *= _SHRINK
        going = left[~arrived]
        u[going] += step[~arrived] * u[going]
        left = left[gap[left] >= tolerance]
    return centre * variance, gap


def _newton_step(
    inverse: FloatArray, w: FloatArray, u: FloatArray, mu: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give relative steps (m, k), short enough to stay inside, and Newton's decrements (m,)."""
    k = u.shape[1]
    gradient = (w / mu[:, None] - np.diagonal(inverse, axis1=1, axis2=2) + 1 / u) * u
    # In the metric of u itself, where all directions are of similar size.
    curvature = inverse * inverse * u[:, :, None] * u[:, None, :] + np.eye(k)
    scaled = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
    decrement = np.sqrt(np.maximum((scaled * gradient).sum(axis=1), 0.0))
    # Self-concordance: this length of step stays inside, and gains.
    length = np.where(decrement < 0.25, 1.0, 1 / (1 + decrement))
    return length[:, None] * scaled, decrement


def _inverses(R: FloatArray, u: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Invert R − diag(u) of a stack; tells which are positive definite, as all should be."""
    reduced = R - u[:, :, None] * np.eye(u.shape[1])
    inside = np.ones(len(R), dtype=bool)
    try:
        np.linalg.cholesky(reduced)
    except np.linalg.LinAlgError:
        inside = np.asarray(np.linalg.eigvalsh(reduced)[:, 0] > 0)
        reduced = np.where(inside[:, None, None], reduced, np.eye(u.shape[1]))
    return np.asarray(np.linalg.inv(reduced)), inside
