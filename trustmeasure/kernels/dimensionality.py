"""Is there anything to factor, and how much: adequacy of a correlation matrix, parallel analysis.

Parallel analysis needs correlation matrices of unrelated items, not the items themselves.
Such a matrix has a Wishart scatter behind it, which the Bartlett decomposition draws
directly, in a time that does not depend on the number of persons.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
    """Compare correlations (p, p) with partial correlations given all other items.

    NaN where there is neither: of items that correlate with no other at all.
    """
    inverse = np.linalg.inv(correlation)
    scale = 1.0 / np.sqrt(np.diag(inverse))
    partial = inverse * scale[:, None] * scale
    simple2, partial2 = correlation**2, partial**2
    np.fill_diagonal(simple2, 0.0)
    np.fill_diagonal(partial2, 0.0)
    simple, partial = simple2.sum(axis=0), partial2.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return Adequacy(
            overall=float(simple.sum() / (simple.sum() + partial.sum())),
            items=simple / (simple + partial),
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
        stacked_eigenvalues(
            random_correlations(n_obs, n_items, min(size, n_iter - begin), rng), n_obs
        )
        for begin in range(0, n_iter, size)
    ]
    return Eigenvalues(
        components=np.concatenate([part.components for part in parts]),
        factors=np.concatenate([part.factors for part in parts]),
    )


def stacked_eigenvalues(correlations: FloatArray, n_obs: int) -> Eigenvalues:
    """Eigenvalues (b, p) of each of a stack of correlation matrices of unrelated items.

    LAPACK leaves other threads free, so a second one finds eigenvalues where it can.
    """
    with ThreadPoolExecutor(2) as pool:
        components = pool.submit(_descending_eigenvalues, correlations)
        reduced = correlations.copy()
        _set_diagonals(reduced, one_factor_communalities(correlations, n_obs))
        factors = pool.map(_descending_eigenvalues, np.array_split(reduced, 2))
        return Eigenvalues(components=components.result(), factors=np.concatenate(list(factors)))


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
    correlations = root @ root.mT
    _set_diagonals(correlations, 1.0)
    return correlations


def one_factor_communalities(correlations: FloatArray, n_obs: int) -> FloatArray:
    """Communalities (b, p) of the one-factor minimum residual solution of each matrix.

    The stack, of samples of ``n_obs`` persons with unrelated items, is solved as one:
    sweeps of Harman and Jones's minres, in which the best loading of an item is a
    regression slope given the other loadings, lead into the minimum; Newton steps then
    finish it. Uniquenesses keep the bound that `extract` gives them.
    """
    off = correlations.copy()
    _set_diagonals(off, 0.0)
    # Items first, so that each update runs along memory over the stack.
    by_item = np.ascontiguousarray(off.transpose(1, 2, 0))
    loadings = np.ascontiguousarray(_first_axes(correlations, n_obs).T)
    for _ in range(N_SWEEPS):
        _sweep(by_item, loadings)
    return np.asarray(_finish(off, np.ascontiguousarray(loadings.T)) ** 2)


def _descending_eigenvalues(matrices: FloatArray) -> FloatArray:
    return np.ascontiguousarray(np.linalg.eigvalsh(matrices)[..., ::-1], dtype=np.float64)


def _first_axes(correlations: FloatArray, n_obs: int) -> FloatArray:
    """First principal axes (b, p), near enough to start from, by repeated squaring.

    Eigenvalues of unrelated items lie between (1 − √(p/n))² and (1 + √(p/n))², nearly;
    brought to 0 to 1, all but the largest vanish from a high power.
    """
    p = correlations.shape[1]
    low, high = (1.0 - min(1.0, (p / n_obs) ** 0.5)) ** 2, (1.0 + (p / n_obs) ** 0.5) ** 2
    power = correlations.copy()
    _set_diagonals(power, 1.0 - low)
    power /= high - low
    for _ in range(5):
        power = power @ power
    strongest = np.argmax(np.diagonal(power, axis1=1, axis2=2), axis=1)
    axis = power[np.arange(len(power)), strongest]
    axis /= np.sqrt((axis**2).sum(axis=1, keepdims=True))
    strength = (axis * (correlations @ axis[:, :, None])[:, :, 0]).sum(axis=1) - 1.0
    return np.asarray(axis * np.sqrt(np.maximum(strength, 1e-3))[:, None])


def _finish(
    off: FloatArray, loadings: FloatArray, *, precision: float = 1e-6, max_steps: int = 40
) -> FloatArray:
    """Newton steps on each matrix, damped where a step would not lower the residuals.

    A matrix is done when its gradient is small beside what its loadings make usual, so
    that large samples, whose loadings are small, are solved as well as small ones.
    """
    strength = (loadings**2).sum(axis=1)
    tolerance = precision * strength**1.5 / np.sqrt(loadings.shape[1])
    active = np.flatnonzero(np.abs(_slopes(off, loadings)).max(axis=1) > tolerance)
    off, current, damping = off[active], loadings[active], np.zeros(active.size)
    value, gradient, hessian = _residuals(off, current)
    bound = np.sqrt(1.0 - LOWEST_UNIQUENESS)
    for _ in range(max_steps):
        moving = np.abs(gradient).max(axis=1) > tolerance[active]
        if moving.sum() <= 0.8 * active.size:  # worth the copying
            loadings[active] = current
            active, off, current = active[moving], off[moving], current[moving]
            value, gradient, hessian = value[moving], gradient[moving], hessian[moving]
            damping = damping[moving]
        if not active.size:
            break
        damped = hessian.copy()
        _set_diagonals(damped, np.diagonal(hessian, axis1=1, axis2=2) + damping[:, None])
        # Past the bound residuals rise steeply: a loading first stops there, then goes on.
        furthest = np.where(np.abs(current) > bound, 2.0, bound + 1e-7)
        candidate = np.clip(current - _solve(damped, gradient), -furthest, furthest)
        found = _residuals(off, candidate)
        better = found[0] <= value
        current[better] = candidate[better]
        value[better], gradient[better], hessian[better] = (part[better] for part in found)
        damping = np.where(
            better, 0.1 * damping, np.maximum(10.0 * damping, 1e-3 * strength[active])
        )
    loadings[active] = current
    return loadings


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton directions (b, p); a singular Hessian anywhere in the stack gets a ridge."""
    try:
        return np.asarray(np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        ridge = 1e-8 * np.eye(hessian.shape[1])
        return np.asarray(np.linalg.solve(hessian + ridge, gradient[:, :, None])[:, :, 0])


def _slopes(off: FloatArray, loadings: FloatArray) -> FloatArray:
    """Slopes of a quarter of the squared residuals in the loadings (b, p).

    Off the diagonal (``off`` has zeros on it) the model is the product of loadings; on it
    only a communality beyond the bound leaves a residual.
    """
    squares = loadings**2
    held = squares.sum(axis=1, keepdims=True) - squares
    held += np.maximum(squares - (1.0 - LOWEST_UNIQUENESS), 0.0)
    return np.asarray(loadings * held - (off @ loadings[:, :, None])[:, :, 0])


def _residuals(off: FloatArray, loadings: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Quarter of the squared residuals of each matrix, up to a constant; slopes; Hessian."""
    squares = loadings**2
    others = squares.sum(axis=1, keepdims=True) - squares
    excess = np.maximum(squares - (1.0 - LOWEST_UNIQUENESS), 0.0)
    slopes = _slopes(off, loadings)
    # With b the pull of the correlations, slopes are l(others + excess) − b.
    value = (
        0.5 * (loadings * slopes).sum(axis=1)
        - 0.25 * (squares * others).sum(axis=1)
        + 0.25 * (excess * (excess - 2.0 * squares)).sum(axis=1)
    )
    hessian = 2.0 * loadings[:, :, None] * loadings[:, None, :]
    hessian -= off
    _set_diagonals(hessian, others + np.where(excess > 0, excess + 2.0 * squares, 0.0))
    return value, slopes, hessian


def _sweep(off: FloatArray, loadings: FloatArray) -> None:
    """Move each item's loading (p, b) in turn, in place, to and beyond its best value.

    Loadings are only held within ±1 here; the exact bound is left to `_finish`.
    """
    total = np.einsum("pb,pb->b", loadings, loadings)
    for i, own in enumerate(loadings):
        total -= own * own
        best = np.einsum("jb,jb->b", off[i], loadings)
        best /= total + 1e-300  # where all others are 0, as perfect correlations can make them
        np.minimum(best, 1.0, out=best)
        np.maximum(best, -1.0, out=best)
        own *= 1.0 - RELAXATION
        own += RELAXATION * best
        total += own * own


def _set_diagonals(matrices: FloatArray, value: FloatArray | float) -> None:
    """Write ``value`` into the diagonals of a stack of matrices."""
    place = np.arange(matrices.shape[-1])
    matrices[:, place, place] = value
