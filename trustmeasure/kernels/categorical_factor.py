"""One factor behind ordered answers: weighted least squares on polychoric correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import FAR, bivariate_normal

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class WeightedFactors:
    """One-factor solutions of a stack of correlation matrices.

    Attributes
    ----------
    loadings : ndarray, shape (m, p)
        Standardised, with a positive sum; beyond 1 where the residual variance is negative.
    discrepancy : ndarray, shape (m,)
        Weighted squared residual correlations, each pair once.
    converged : ndarray of bool, shape (m,)
    """

    loadings: FloatArray
    discrepancy: FloatArray
    converged: NDArray[np.bool_]


def fit_weighted_factor(
    R: FloatArray,
    weights: FloatArray,
    *,
    start: FloatArray | None = None,
    tolerance: float = 1e-11,
    max_iterations: int = 500,
) -> WeightedFactors:
    """Minimise Σ w (r − λλ')² over the pairs i < j of each matrix (m, p, p).

    With the inverse sampling variances of the correlations as weights this is diagonally
    weighted least squares (thresholds are saturated and fit by themselves); with equal
    weights it is unweighted. Newton's method, with curvatures made positive and steps
    halved until they gain.
    """
    m, p = R.shape[:2]
    W = weights.copy()
    W[:, np.arange(p), np.arange(p)] = 0.0
    size = W.sum(axis=(1, 2)) / (p * (p - 1))
    W /= size[:, None, None]
    loadings = _start(R) if start is None else np.broadcast_to(start, (m, p)).copy()
    value = _value(R, W, loadings)
    converged = np.zeros(m, dtype=bool)
    active = np.arange(m)
    for _ in range(max_iterations):
        step = _newton_step(R[active], W[active], loadings[active])
        moved = _descend(R, W, loadings, value, active, step)
        done = np.abs(step).max(axis=1) < tolerance
        converged[active[done]] = True
        # Rounding can leave nothing to gain before a step is that short.
        stuck = ~moved & ~done
        converged[active[stuck & (np.abs(step).max(axis=1) < 1e-6)]] = True
        active = active[~done & ~stuck]
        if not active.size:
            break
    sign = np.where(loadings.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return WeightedFactors(loadings=sign * loadings, discrepancy=value * size, converged=converged)


def _start(R: FloatArray) -> FloatArray:
    """Shrink the first principal component."""
    values, vectors = np.linalg.eigh(R)
    p = R.shape[1]
    # The p items' own variances, which are no part of a common factor, raise its root.
    common = np.maximum(values[:, -1] - 1.0, 0.1) * p / (p - 1)
    return np.asarray(vectors[:, :, -1] * np.sqrt(common)[:, None])


def _value(R: FloatArray, W: FloatArray, loadings: FloatArray) -> FloatArray:
    residual = R - loadings[:, :, None] * loadings[:, None, :]
    return np.asarray((W * residual**2).sum(axis=(1, 2)) / 2)


def _newton_step(R: FloatArray, W: FloatArray, loadings: FloatArray) -> FloatArray:
    p = R.shape[1]
    outer = loadings[:, :, None] * loadings[:, None, :]
    pull = W * (R - outer)
    gradient = -2.0 * np.einsum("mij,mj->mi", pull, loadings)
    hessian = 2.0 * (W * outer - pull)
    hessian[:, np.arange(p), np.arange(p)] = 2.0 * np.einsum("mij,mj->mi", W, loadings**2)
    curvature, axes = np.linalg.eigh(hessian)
    curvature = np.abs(curvature)
    curvature = np.maximum(curvature, 1e-8 * curvature[:, -1:] + 1e-12)
    along = np.einsum("mij,mi->mj", axes, gradient) / curvature
    return np.asarray(-np.einsum("mij,mj->mi", axes, along))


def _descend(
    R: FloatArray,
    W: FloatArray,
    loadings: FloatArray,
    value: FloatArray,
    active: NDArray[np.intp],
    step: FloatArray,
) -> NDArray[np.bool_]:
    """Move the active solutions in place, halving each step until it does not lose."""
    moved = np.zeros(len(active), dtype=bool)
    waiting = np.arange(len(active))
    fraction = 1.0
    for _ in range(30):
        who = active[waiting]
        new = loadings[who] + fraction * step[waiting]
        found = _value(R[who], W[who], new)
        better = found <= value[who] * (1 + 1e-12)
        chosen = who[better]
        loadings[chosen], value[chosen] = new[better], found[better]
        moved[waiting[better]] = True
        waiting = waiting[~better]
        if not waiting.size:
            break
        fraction /= 2
    return moved


def categorical_omega_of(
    thresholds: FloatArray, loadings: FloatArray, correlation: FloatArray | None
) -> FloatArray:
    """Give Green and Yang's reliability of the sum of ordered answers, shape (m,).

    ``thresholds`` (m, p, c), infinite beyond an item's last; ``loadings`` (m, p);
    ``correlation`` (m, p, p) of the variables behind the answers as observed, or None for
    what the model implies. NaN where a loading is not inside ±1.

    An item is the sum of the events that it exceeds each threshold, so the variance of the
    sum is a sum of covariances of such events, and what two parallel tests would share has
    the same form with the factor as the only source of correlation.
    """
    m, p, _ = thresholds.shape
    i, j = np.triu_indices(p)
    proper = (np.abs(loadings) < 1).all(axis=1)
    omega = np.full(m, np.nan)
    if not proper.any():
        return omega
    cut = np.clip(thresholds[proper], -FAR, FAR)
    common = (loadings[:, i] * loadings[:, j])[proper]
    apart, twice = i != j, np.where(i == j, 1.0, 2.0)
    shared = event_covariances(cut[:, i], cut[:, j], common)
    total = shared.copy()
    if correlation is not None:
        observed = correlation[proper][:, i[apart], j[apart]]
        total[:, apart] = event_covariances(cut[:, i[apart]], cut[:, j[apart]], observed)
    total[:, ~apart] = answer_variances(cut)
    omega[proper] = (shared @ twice) / (total @ twice)
    return omega


def event_covariances(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Sum over all thresholds of the covariances of being below them, shape (m, pairs).

    ``h`` and ``k`` (m, pairs, c), ``rho`` (m, pairs).
    """
    from scipy.special import ndtr

    m, pairs, c = h.shape
    rows, columns = h.reshape(-1, c, 1), k.reshape(-1, 1, c)
    below = bivariate_normal(rows, columns, rho.reshape(-1, 1, 1))
    covariance = below - ndtr(rows) * ndtr(columns)
    return np.asarray(covariance.sum(axis=(1, 2)).reshape(m, pairs))


def answer_variances(thresholds: FloatArray) -> FloatArray:
    """Variance of each item whose answers count 0, 1, 2, …; (m, p, c) gives (m, p)."""
    from scipy.special import ndtr

    below = ndtr(thresholds)
    smaller = np.minimum(below[..., :, None], below[..., None, :])
    products = below[..., :, None] * below[..., None, :]
    return np.asarray((smaller - products).sum(axis=(-2, -1)))
