"""One factor with equal loadings (essential tau-equivalence), and how well one factor fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.single_factor import SingleFactors

FloatArray = NDArray[np.float64]

_MOST_STEPS = 500
_HALVINGS = 30


@dataclass(frozen=True)
class EqualLoadings:
    """The model Σ = φ 11' + Θ, in the units of the matrix.

    ``discrepancy`` is ln|Σ| + tr(SΣ⁻¹) − ln|S| − p.
    """

    common: float
    uniquenesses: FloatArray
    discrepancy: float
    converged: bool


@dataclass(frozen=True)
class OneFactorFit:
    """How well one factor with free loadings fits."""

    rmsea: float
    cfi: float
    srmr: float


def fit_equal_loadings(cov: FloatArray) -> EqualLoadings:
    """Fit by Fisher scoring, in correlations: Σ = φ ww' + U with w = 1 / sd."""
    p = len(cov)
    sd = np.sqrt(np.diagonal(cov))
    R, w = cov / np.outer(sd, sd), sd.mean() / sd
    below = R[np.tril_indices(p, -1)]
    point = np.concatenate([[max(float(below.mean()), 0.05)], np.full(p, 0.6)])
    value = _objective(R, w, point)
    converged = False
    for _ in range(_MOST_STEPS):
        step = _scoring_step(R, w, point)
        if np.abs(step).max() < 1e-10:
            converged = True
            break
        fraction = 1.0
        for _ in range(_HALVINGS):
            reached = _objective(R, w, point + fraction * step)
            if reached <= value + 1e-12 * abs(value):
                break
            fraction /= 2
        else:
            break  # no step lowers the objective, though one should
        point, value = point + fraction * step, reached
    return EqualLoadings(
        common=float(point[0] * sd.mean() ** 2),
        uniquenesses=point[1:] * sd**2,
        discrepancy=value - float(np.linalg.slogdet(R)[1]) - p,
        converged=converged,
    )


def one_factor_fit(cov: FloatArray, fit: SingleFactors, n: int) -> OneFactorFit:
    """Compute indices of the first solution of ``fit``; ``cov``, (p, p), has the divisor n."""
    p = len(cov)
    sd = np.sqrt(np.diagonal(cov))
    R = cov / np.outer(sd, sd)
    chisq, df = n * max(float(fit.discrepancy[0]), 0.0), p * (p - 3) // 2
    baseline, baseline_df = -n * float(np.linalg.slogdet(R)[1]), p * (p - 1) // 2
    excess, most = max(chisq - df, 0.0), max(baseline - baseline_df, chisq - df, 0.0)
    loadings = fit.loadings[0] / sd
    residual = R - np.outer(loadings, loadings) - np.diag(fit.uniquenesses[0] / sd**2)
    squares = (residual**2)[np.tril_indices(p)]
    return OneFactorFit(
        rmsea=math.sqrt(excess / (df * n)) if df else math.nan,
        cfi=1 - excess / most if most > 0 else 1.0,
        srmr=math.sqrt(float(squares.mean())),
    )


def _implied(w: FloatArray, point: FloatArray) -> FloatArray:
    sigma: FloatArray = point[0] * np.outer(w, w) + np.diag(point[1:])
    return sigma


def _objective(R: FloatArray, w: FloatArray, point: FloatArray) -> float:
    """ln|Σ| + tr(RΣ⁻¹); infinite where Σ is not positive definite."""
    try:
        root = np.linalg.cholesky(_implied(w, point))
    except np.linalg.LinAlgError:
        return math.inf
    inverse = np.linalg.inv(root)
    return 2 * float(np.log(np.diagonal(root)).sum()) + float(((inverse @ R) * inverse).sum())


def _scoring_step(R: FloatArray, w: FloatArray, point: FloatArray) -> FloatArray:
    """Give −H⁻¹g with the expected second derivatives tr(V Σ_a V Σ_b), V = Σ⁻¹."""
    V = np.linalg.inv(_implied(w, point))
    W = V - V @ R @ V
    gradient = np.concatenate([[w @ W @ w], np.diagonal(W)])
    v = V @ w
    p = len(w)
    H = np.empty((p + 1, p + 1))
    H[0, 0] = float(w @ v) ** 2
    H[0, 1:] = H[1:, 0] = v**2
    H[1:, 1:] = V**2
    step: FloatArray = -np.linalg.solve(H, gradient)
    return step
