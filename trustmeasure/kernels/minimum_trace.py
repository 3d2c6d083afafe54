"""Constrained minimum-trace factor analysis, by an interior-point method.

The greatest lower bound to reliability takes as much of the items' variances for error as
the covariances allow: it maximises the sum of the error variances θ while Σ − diag(θ) has
no negative eigenvalue and no θ is negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_MOST_STEPS = 400
_SHRINK = 0.15  # of the barrier, from one centre to the next


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


def minimum_trace(cov: FloatArray, *, tolerance: float = 1e-11) -> MinimumTrace:
    """Solve for a positive definite covariance matrix (k, k).

    Follows the centres of w'u + μ (ln|R − diag(u)| + Σ ln u) by Newton's method as μ goes
    to 0, with R the correlations, w the variances and θ = w u. At a centre μ (R − diag(u))⁻¹
    solves the dual problem, which bounds what is left to gain by 2 k μ.
    """
    k = len(cov)
    w = np.diagonal(cov) / np.trace(cov)
    sd = np.sqrt(np.diagonal(cov))
    R = cov / np.outer(sd, sd)
    u = np.full(k, 0.5 * float(np.linalg.eigvalsh(R)[0]))
    mu, steps, gap = 1.0 / k, 0, 1.0
    while steps < _MOST_STEPS and gap >= tolerance:
        found, centred, used = _centre(R, w, u, mu, _MOST_STEPS - steps)
        if not centred:  # rounding ends the search; the last centre stands
            break
        u, gap = found, 2 * k * mu
        steps += used
        mu *= _SHRINK
    return MinimumTrace(errors=u * np.diagonal(cov), gap=gap, converged=gap < 1e-8)


def _centre(
    R: FloatArray, w: FloatArray, u: FloatArray, mu: float, most: int
) -> tuple[FloatArray, bool, int]:
    """Newton's method for one μ; tells whether it arrived, and after how many steps."""
    for step in range(1, most + 1):
        inverse = _inverse(R - np.diag(u))
        if inverse is None:
            return u, False, step
        gradient = w / mu - np.diagonal(inverse) + 1 / u
        curvature = inverse * inverse + np.diag(1 / u**2)
        # In the metric of u itself, where all directions are of similar size.
        scaled = np.linalg.solve(curvature * np.outer(u, u), gradient * u)
        decrement = math.sqrt(max(float(scaled @ (gradient * u)), 0.0))
        if decrement < 1e-6:
            return u, True, step
        # Self-concordance: this length of step stays inside, and gains.
        length = 1.0 if decrement < 0.25 else 1 / (1 + decrement)
        u = u + length * u * scaled
    return u, False, most


def _inverse(matrix: FloatArray) -> FloatArray | None:
    try:
        root = np.linalg.inv(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        return None
    inverse: FloatArray = root.T @ root
    return inverse
