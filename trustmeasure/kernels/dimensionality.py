"""Is there anything to factor, and how much: adequacy of a correlation matrix, parallel analysis.

Parallel analysis needs correlation matrices of unrelated items, not the items themselves.
Such a matrix has a Wishart scatter behind it, which the Bartlett decomposition draws
directly, in a time that does not depend on the number of persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import LOWEST_UNIQUENESS, extract

FloatArray = NDArray[np.float64]

# Sweeps that bring a one-factor solution near enough for Newton's steps, and how far each
# goes beyond the best value of one loading (successive over-relaxation).
N_SWEEPS = 20
RELAXATION = 1.45


@dataclass(frozen=True)
class Adequacy:
    """Measure of sampling adequacy: of all items together, and of each, shape (p,)."""

    overall: float
    items: FloatArray


@dataclass(frozen=True)
class Sphericity:
    """Test that all correlations are zero in the population."""

    chisq: float
    df: int
    pvalue: float


@dataclass(frozen=True)
class Eigenvalues:
    """Eigenvalues, descending along the last axis, of components and of common factors."""

    components: FloatArray
    factors: FloatArray


def adequacy(correlation: FloatArray) -> Adequacy:
    """Compare correlations (p, p) with partial correlations given all other items."""
    inverse = np.linalg.inv(correlation)
    scale = 1.0 / np.sqrt(np.diag(inverse))
    partial = inverse * scale[:, None] * scale
    simple2, partial2 = correlation**2, partial**2
    np.fill_diagonal(simple2, 0.0)
    np.fill_diagonal(partial2, 0.0)
    return Adequacy(
        overall=float(simple2.sum() / (simple2.sum() + partial2.sum())),
        items=simple2.sum(axis=0) / (simple2.sum(axis=0) + partial2.sum(axis=0)),
    )


def sphericity(correlation: FloatArray, n_obs: int) -> Sphericity:
    """Bartlett's test, −(n − 1 − (2p + 5)/6) ln|R|."""
    from scipy.special import chdtrc

    p = correlation.shape[0]
    chisq = -np.linalg.slogdet(correlation)[1] * (n_obs - 1 - (2 * p + 5) / 6)
    df = p * (p - 1) // 2
    return Sphericity(chisq=float(chisq), df=df, pvalue=float(chdtrc(df, chisq)))


def observed_eigenvalues(correlation: FloatArray) -> Eigenvalues:
    """Eigenvalues of a correlation matrix (p, p), and of the one that one factor reduces."""
    return Eigenvalues(
        components=_descending_eigenvalues(correlation),
        factors=extract(correlation, 1, "minres").reduced_eigenvalues,
    )


def reference_eigenvalues(
    n_obs: int, n_items: int, n_iter: int, rng: np.random.Generator
) -> Eigenvalues:
    """Eigenvalues (n_iter, p) of as many samples of ``n_obs`` persons with unrelated items."""
    size = max(1, min(n_iter, 2_000_000 // n_items**2))  # keeps each array under some 16 MB
    parts = [
        _eigenvalues(random_correlations(n_obs, n_items, min(size, n_iter - begin), rng))
        for begin in range(0, n_iter, size)
    ]
    return Eigenvalues(
        components=np.concatenate([part.components for part in parts]),
        factors=np.concatenate([part.factors for part in parts]),
    )


def random_correlations(
    n_obs: int, n_items: int, count: int, rng: np.random.Generator
) -> FloatArray:
    """Draw correlation matrices (count, p, p) of samples from independent normal items.

    The scatter of n persons is LL', with L lower triangular (trapezoidal where persons are
    fewer than items): standard normals below the diagonal, and the square roots of χ² with
    n − 1, n − 2, … degrees of freedom on it. Rows of unit length make it a correlation.
    """
    rank = min(n_items, n_obs - 1)
    root = np.zeros((count, n_items, rank))
    below = np.tril_indices(n_items, -1, rank)
    root[:, below[0], below[1]] = rng.standard_normal((count, below[0].size))
    diagonal = np.arange(rank)
    root[:, diagonal, diagonal] = np.sqrt(rng.chisquare(n_obs - 1.0 - diagonal, (count, rank)))
    root /= np.sqrt(np.einsum("bij,bij->bi", root, root))[:, :, None]
    correlations = root @ np.swapaxes(root, 1, 2)
    _set_diagonals(correlations, 1.0)
    return correlations


def one_factor_communalities(correlations: FloatArray, largest: FloatArray) -> FloatArray:
    """Communalities (b, p) of the one-factor minimum residual solution of each matrix.

    The stack is solved as one: sweeps of Harman and Jones's minres, in which the best
    loading of an item is a regression slope given the other loadings, lead into the
    minimum; Newton steps then finish it. ``largest`` (b,) are the largest eigenvalues.
    Uniquenesses keep the bound that `extract` gives them.
    """
    off = correlations.copy()
    _set_diagonals(off, 0.0)
    # Items first, so that each update runs along memory over the stack.
    by_item = np.ascontiguousarray(off.transpose(1, 2, 0))
    loadings = np.ascontiguousarray(_first_axes(correlations, largest).T)
    for _ in range(N_SWEEPS):
        _sweep(by_item, loadings)
    loadings = _finish(off, np.ascontiguousarray(loadings.T))
    return np.asarray(loadings**2)


def _eigenvalues(correlations: FloatArray) -> Eigenvalues:
    """Eigenvalues of a stack of correlation matrices, which is overwritten."""
    components = _descending_eigenvalues(correlations)
    communalities = one_factor_communalities(correlations, components[:, 0])
    _set_diagonals(correlations, communalities)
    return Eigenvalues(components=components, factors=_descending_eigenvalues(correlations))


def _descending_eigenvalues(matrices: FloatArray) -> FloatArray:
    return np.ascontiguousarray(np.linalg.eigvalsh(matrices)[..., ::-1], dtype=np.float64)


def _first_axes(correlations: FloatArray, largest: FloatArray) -> FloatArray:
    """First principal axes (b, p), near enough to start from: one step of inverse iteration."""
    shifted = correlations.copy()
    p = correlations.shape[1]
    _set_diagonals(shifted, (1.0 - largest * (1.0 + 1e-6))[:, None])
    # Any right-hand side that is no eigenvector's orthogonal complement will do.
    seed = np.cos(np.arange(1.0, p + 1.0) ** 2)
    axis = np.linalg.solve(shifted, np.broadcast_to(seed, (len(shifted), p))[:, :, None])[:, :, 0]
    axis /= np.sqrt((axis**2).sum(axis=1, keepdims=True))
    return np.asarray(axis * np.sqrt(np.maximum(largest - 1.0, 1e-3))[:, None])


def _finish(
    off: FloatArray, loadings: FloatArray, *, precision: float = 1e-6, max_steps: int = 100
) -> FloatArray:
    """Newton steps on each matrix, damped where a step would not lower the residuals.

    A matrix is done when its gradient is small beside what its loadings make usual, so
    that large samples, whose loadings are small, are solved as well as small ones.
    """
    strength = (loadings**2).sum(axis=1)
    tolerance = precision * strength**1.5 / np.sqrt(loadings.shape[1])
    active = np.arange(len(loadings))
    damping = np.zeros(len(loadings))
    value, gradient, hessian = _residuals(off, loadings)
    current = loadings.copy()
    place = np.arange(loadings.shape[1])
    for _ in range(max_steps):
        moving = np.abs(gradient).max(axis=1) > tolerance[active]
        if not moving.all():
            loadings[active[~moving]] = current[~moving]
            active, current, damping = active[moving], current[moving], damping[moving]
            value, gradient, hessian = value[moving], gradient[moving], hessian[moving]
        if not active.size:
            break
        damped = hessian.copy()
        damped[:, place, place] += damping[:, None]
        candidate = current - np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
        found = _residuals(off[active], candidate)
        better = found[0] <= value
        current[better] = candidate[better]
        value[better], gradient[better], hessian[better] = (part[better] for part in found)
        damping = np.where(better, damping * 0.1, np.maximum(10.0 * damping, 0.01))
    loadings[active] = current
    return loadings


def _residuals(off: FloatArray, loadings: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quarter of the squared residuals of each matrix, with gradient and Hessian.

    Off the diagonal (``off`` has zeros on it) the model is the product of loadings; on it
    only a communality beyond the bound leaves a residual.
    """
    squares = loadings**2
    others = squares.sum(axis=1, keepdims=True) - squares
    excess = np.maximum(squares - (1.0 - LOWEST_UNIQUENESS), 0.0)
    pulled = np.einsum("bij,bj->bi", off, loadings)
    product = loadings[:, :, None] * loadings[:, None, :]
    value = (
        0.25 * (squares * others).sum(axis=1)
        - 0.5 * (pulled * loadings).sum(axis=1)
        + 0.25 * (excess**2).sum(axis=1)
    )
    hessian = 2.0 * product - off
    _set_diagonals(hessian, others + np.where(excess > 0, excess + 2.0 * squares, 0.0))
    return value, loadings * (others + excess) - pulled, hessian


def _sweep(off: FloatArray, loadings: FloatArray) -> None:
    """Improve each item's loading (p, b) in turn, in place."""
    total = np.einsum("pb,pb->b", loadings, loadings)
    for i, own in enumerate(loadings):
        others = np.maximum(total - own * own, np.finfo(float).tiny)
        best = np.einsum("jb,jb->b", off[i], loadings) / others
        beyond = best * best > 1.0 - LOWEST_UNIQUENESS
        if beyond.any():
            best[beyond] = _bounded(best[beyond], others[beyond])
        best = own + RELAXATION * (best - own)
        total = others + best * best
        loadings[i] = best


def _bounded(slope: FloatArray, others: FloatArray) -> FloatArray:
    """Best loading of an item whose uniqueness is held at its bound.

    What exceeds the bound is a residual in the diagonal, so that the loading x solves
    ``others (x − slope) + x (x² − 1 + bound) = 0``; Newton's steps on that cubic.
    """
    most = 1.0 - LOWEST_UNIQUENESS
    x = np.sign(slope) * np.sqrt(most)
    for _ in range(8):
        x = x - (others * (x - slope) + x * (x * x - most)) / (others + 3.0 * x * x - most)
    return np.asarray(x)


def _set_diagonals(matrices: FloatArray, value: FloatArray | float) -> None:
    """Write ``value`` into the diagonals of a stack of matrices."""
    place = np.arange(matrices.shape[-1])
    matrices[:, place, place] = value
