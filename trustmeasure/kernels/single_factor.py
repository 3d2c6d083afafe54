"""The one-factor model Σ = λλ' + Θ by maximum likelihood, for one matrix or a stack of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_HALVINGS = 30


@dataclass(frozen=True)
class SingleFactors:
    """One-factor solutions of a stack of covariance matrices.

    Attributes
    ----------
    loadings, uniquenesses : ndarray, shape (m, p)
        In the units of the matrices; loadings sum to a positive number. A uniqueness may
        be negative: the model is not constrained.
    discrepancy : ndarray, shape (m,)
        ln|Σ| + tr(SΣ⁻¹) − ln|S| − p at the solution.
    converged : ndarray of bool, shape (m,)
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    discrepancy: FloatArray
    converged: NDArray[np.bool_]


@dataclass(frozen=True)
class Omega:
    """Omega of one solution, with the standard error of the model-implied one."""

    total: float
    observed: float
    standardized: float
    se: float


def fit_single_factor(
    cov: FloatArray,
    *,
    start: tuple[FloatArray, FloatArray] | None = None,
    max_iterations: int = 1000,
    tolerance: float = 1e-10,
) -> SingleFactors:
    """Fit one factor to each matrix of shape (m, p, p) by Fisher scoring.

    ``start`` holds standardised loadings and uniquenesses, shape (p,); ``tolerance`` is the
    largest step of a standardised parameter that ends the search. The fit happens in
    correlations, to which the model is indifferent, and is brought back to the units given.
    """
    m, p = cov.shape[:2]
    sd = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))
    R = cov / (sd[:, :, None] * sd[:, None, :])
    logdet = np.linalg.slogdet(R)[1]
    first = _start(R[0]) if start is None else start
    loadings = np.broadcast_to(first[0], (m, p)).copy()
    uniquenesses = np.broadcast_to(first[1], (m, p)).copy()
    value = _objective(R, loadings, uniquenesses)
    converged = np.zeros(m, dtype=bool)
    active = np.arange(m)
    for _ in range(max_iterations):
        step = _scoring_step(R[active], loadings[active], uniquenesses[active])
        moved, size = _line_search(R, loadings, uniquenesses, value, active, step)
        done = size < tolerance
        converged[active[done]] = True
        stuck = ~moved & ~done  # no step lowers the objective, though one should
        active = active[~done & ~stuck]
        if active.size == 0:
            break
    sign = np.where(loadings.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    return SingleFactors(
        loadings=sign * loadings * sd,
        uniquenesses=uniquenesses * sd**2,
        discrepancy=value - logdet - p,
        converged=converged,
    )


def omega(cov: FloatArray, loadings: FloatArray, uniquenesses: FloatArray, n: int) -> Omega:
    """Compute omega from one solution; ``cov``, shape (p, p), has the divisor n."""
    common, error = float(loadings.sum()) ** 2, float(uniquenesses.sum())
    sd = np.sqrt(np.diagonal(cov))
    standard_common = float((loadings / sd).sum()) ** 2
    standard_error = float((uniquenesses / sd**2).sum())
    return Omega(
        total=common / (common + error),
        observed=common / float(cov.sum()),
        standardized=standard_common / (standard_common + standard_error),
        se=_omega_se(loadings, uniquenesses, n),
    )


def model_omegas(fit: SingleFactors) -> FloatArray:
    """Compute model-implied omega for each solution of a stack."""
    common = fit.loadings.sum(axis=1) ** 2
    ratio: FloatArray = common / (common + fit.uniquenesses.sum(axis=1))
    return ratio


def information(loadings: FloatArray, uniquenesses: FloatArray) -> FloatArray:
    """Give the expected information of (λ, Θ) for one observation, shape (…, 2p, 2p)."""
    V = _inverse(_implied(loadings, uniquenesses))
    return _information(V, loadings)


def _omega_se(loadings: FloatArray, uniquenesses: FloatArray, n: int) -> float:
    """Delta method: ω = u² / (u² + t), with u the sum of loadings, t that of uniquenesses."""
    p = loadings.shape[0]
    u, t = float(loadings.sum()), float(uniquenesses.sum())
    whole = (u * u + t) ** 2
    gradient = np.concatenate([np.full(p, 2 * u * t / whole), np.full(p, -u * u / whole)])
    try:
        variance = gradient @ np.linalg.solve(information(loadings, uniquenesses), gradient) / n
    except np.linalg.LinAlgError:
        return math.nan
    return math.sqrt(variance) if variance > 0 else math.nan


def _start(R: FloatArray) -> tuple[FloatArray, FloatArray]:
    """First guess: half of what the other items leave unexplained is unique."""
    p = R.shape[0]
    unique = np.clip((1 - 0.5 / p) / np.diagonal(np.linalg.inv(R)), 0.05, 0.95)
    values, vectors = np.linalg.eigh(R - np.diag(unique))
    loadings = vectors[:, -1] * math.sqrt(max(values[-1], 0.1))
    return loadings, unique


def _implied(loadings: FloatArray, uniquenesses: FloatArray) -> FloatArray:
    p = loadings.shape[-1]
    sigma: FloatArray = loadings[..., :, None] * loadings[..., None, :]
    sigma[..., np.arange(p), np.arange(p)] += uniquenesses
    return sigma


def _inverse(matrices: FloatArray) -> FloatArray:
    inverse: FloatArray = np.linalg.inv(matrices).astype(np.float64, copy=False)
    return inverse


def _objective(R: FloatArray, loadings: FloatArray, uniquenesses: FloatArray) -> FloatArray:
    """ln|Σ| + tr(RΣ⁻¹); infinite where Σ is not positive definite."""
    sigma = _implied(loadings, uniquenesses)
    sign, logdet = np.linalg.slogdet(sigma)
    # Adding λλ' can lift one negative uniqueness, never two, so that this is exact.
    proper = (sign > 0) & ((uniquenesses <= 0).sum(axis=-1) <= 1) & np.isfinite(logdet)
    sigma[~proper] = np.eye(R.shape[-1])
    trace = np.einsum("mij,mji->m", R, np.linalg.inv(sigma))
    return np.where(proper, logdet + trace, np.inf)


def _scoring_step(R: FloatArray, loadings: FloatArray, uniquenesses: FloatArray) -> FloatArray:
    """Give −(information)⁻¹ gradient, shape (m, 2p)."""
    V = _inverse(_implied(loadings, uniquenesses))
    W = V - V @ R @ V
    gradient = np.concatenate(
        [np.einsum("mij,mj->mi", W, loadings), np.diagonal(W, axis1=1, axis2=2) / 2], axis=1
    )
    expected = _information(V, loadings)
    size = expected.shape[-1]
    # Nothing else keeps a nearly flat direction from a singular solve.
    expected[:, np.arange(size), np.arange(size)] *= 1 + 1e-12
    step: FloatArray = -np.linalg.solve(expected, gradient[..., None])[..., 0]
    return step


def _information(V: FloatArray, loadings: FloatArray) -> FloatArray:
    """Give ½ tr(V Σ_a V Σ_b) for all parameters a and b, with V = Σ⁻¹."""
    p = loadings.shape[-1]
    v = np.einsum("...ij,...j->...i", V, loadings)
    c = (v * loadings).sum(axis=-1)[..., None, None]
    blocks = np.empty((*V.shape[:-2], 2 * p, 2 * p))
    blocks[..., :p, :p] = v[..., :, None] * v[..., None, :] + c * V
    blocks[..., :p, p:] = V * v[..., None, :]
    blocks[..., p:, :p] = blocks[..., :p, p:].mT
    blocks[..., p:, p:] = V * V / 2
    return blocks


def _line_search(
    R: FloatArray,
    loadings: FloatArray,
    uniquenesses: FloatArray,
    value: FloatArray,
    active: NDArray[np.intp],
    step: FloatArray,
) -> tuple[NDArray[np.bool_], FloatArray]:
    """Move the active solutions in place, halving each step until it lowers the objective.

    Gives which could move, and how far the full step would have gone.
    """
    p = loadings.shape[1]
    size = np.abs(step).max(axis=1)
    moved = np.zeros(len(active), dtype=bool)
    waiting = np.arange(len(active))
    fraction = 1.0
    for _ in range(_HALVINGS):
        who = active[waiting]
        new_l = loadings[who] + fraction * step[waiting, :p]
        new_u = uniquenesses[who] + fraction * step[waiting, p:]
        new = _objective(R[who], new_l, new_u)
        # At the solution rounding makes the objective waver in its last digits.
        better = new <= value[who] + 1e-12 * np.abs(value[who])
        chosen = who[better]
        loadings[chosen], uniquenesses[chosen] = new_l[better], new_u[better]
        value[chosen] = new[better]
        moved[waiting[better]] = True
        waiting = waiting[~better]
        if waiting.size == 0:
            break
        fraction /= 2
    return moved, size
