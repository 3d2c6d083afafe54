"""Where persons stand on latent variables, from ordered and continuous answers.

Given the latent variables η, answers are independent: a continuous one is normal around
o + λ'η, an ordered one falls into the category that a normal variable around o + λ'η is in.
Scores are the mode of

    Σ ln f(yᵢ | η) − (η − μ)'P(η − μ) / 2,

with P the inverse covariance of η (empirical Bayes), or next to nothing (maximum likelihood). It
is concave, so that Newton's steps find it, all persons side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import descend

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

ROOT_2PI = float(np.log(2 * np.pi) / 2)
# Numbers that a stack of persons may take at once.
NUMBERS = 2_000_000


@dataclass(frozen=True)
class Measures:
    """What p answers say of m latent variables.

    Attributes
    ----------
    loadings : ndarray, shape (p, m)
    offsets : ndarray, shape (n, p)
        Means of the answers where the latent variables are 0.
    sd : ndarray, shape (p,)
        Residual standard deviations.
    lower, upper : ndarray, shape (n, p)
        Between which thresholds each answer lies, infinite at the ends; both the answer itself
        for continuous variables, and NaN where missing.
    ordered : ndarray of bool, shape (p,)
    """

    loadings: FloatArray
    offsets: FloatArray
    sd: FloatArray
    lower: FloatArray
    upper: FloatArray
    ordered: NDArray[np.bool_]


@dataclass(frozen=True)
class Modes:
    """Scores (n, m), their covariance (n, m, m) by the curvature there, and convergence (n,)."""

    scores: FloatArray
    covariance: FloatArray
    converged: NDArray[np.bool_]


def posterior_modes(measures: Measures, mean: FloatArray, precision: FloatArray) -> Modes:
    """Find the modes for persons with prior means (n, m) and precision (m, m)."""
    n, m = mean.shape
    scores, spread = np.empty((n, m)), np.empty((n, m, m))
    converged = np.zeros(n, dtype=bool)
    p = len(measures.sd)
    size = max(1, NUMBERS // (8 * p + p * m + 12 * m * m))
    for begin in range(0, n, size):
        part = slice(begin, begin + size)
        found = _modes(_some(measures, part), mean[part], precision)
        scores[part], spread[part] = found.scores, found.covariance
        converged[part] = found.converged
    return Modes(scores, spread, converged)


def _some(measures: Measures, which: slice | IntArray) -> Measures:
    return Measures(
        measures.loadings, measures.offsets[which], measures.sd,
        measures.lower[which], measures.upper[which], measures.ordered,
    )  # fmt: skip


def _modes(measures: Measures, mean: FloatArray, precision: FloatArray) -> Modes:
    turned = measures.loadings / measures.sd[:, None]

    def value(points: FloatArray, which: IntArray) -> FloatArray:
        off = points - mean[which]
        density, _, _ = _densities(_some(measures, which), points, turned)
        prior = np.einsum("ni,ij,nj->n", off, precision, off)
        return np.asarray(prior - 2.0 * density.sum(axis=1))

    def slope(points: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        _, pull, bend = _densities(_some(measures, which), points, turned)
        gradient = (points - mean[which]) @ precision - pull @ turned
        return gradient, precision + np.einsum("np,pi,pj->nij", bend, turned, turned)

    found = descend(value, slope, mean.copy(), tolerance=1e-13, max_iterations=200)
    _, hessian = slope(found.point, np.arange(len(mean)))
    covariance = np.asarray(np.linalg.pinv(hessian, hermitian=True), dtype=np.float64)
    return Modes(found.point, covariance, found.converged)


def _densities(
    measures: Measures, points: FloatArray, turned: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give log densities (n, p), their slopes in λ'η/σ, and minus their second derivatives."""
    from scipy.special import log_ndtr

    shift = points @ turned.T
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        low = (measures.lower - measures.offsets) / measures.sd - shift
        high = (measures.upper - measures.offsets) / measures.sd - shift
        # From the far tail, where both are near 1, to the near one.
        flip = low + high > 0
        near, far = np.where(flip, -low, high), np.where(flip, -high, low)
        top = log_ndtr(near)
        share = top + np.log1p(-np.exp(log_ndtr(far) - top))
        at_low, at_high = (np.exp(-(edge**2) / 2 - ROOT_2PI - share) for edge in (low, high))
        pull = at_low - at_high
        edges = [
            np.where(np.isfinite(edge), edge, 0.0) * at
            for edge, at in ((low, at_low), (high, at_high))
        ]
        bend = edges[1] - edges[0] + pull**2
        plain = -(low**2) / 2 - ROOT_2PI - np.log(measures.sd)
    ordered, known = measures.ordered, ~np.isnan(measures.lower)
    parts = (
        np.where(ordered, share, plain),
        np.where(ordered, pull, low),
        np.where(ordered, np.clip(bend, 0.0, 1.0), 1.0),
    )
    share, pull, bend = (np.where(known, part, 0.0) for part in parts)
    return share, pull, bend
