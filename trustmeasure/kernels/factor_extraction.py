"""Common factors from a correlation matrix: least squares, likelihood, axes, alpha, minimum rank.

The first three are one optimisation over the uniquenesses. With the uniquenesses given, the best
loadings are eigenvectors, so the discrepancy depends on the small eigenvalues alone; its
gradient and Hessian have closed forms (Jöreskog 1967, 1977), and a projected Newton method
needs a handful of eigendecompositions where a quasi-Newton one needs dozens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.alpha_factoring import alpha_factors
from trustmeasure.kernels.covariance import squared_multiple_correlations
from trustmeasure.kernels.minimum_trace import minimum_trace

FloatArray = NDArray[np.float64]
Method = Literal["minres", "uls", "ml", "pa", "alpha", "minrank"]

# psych::fa and stats::factanal keep uniquenesses at or above this.
LOWEST_UNIQUENESS = 0.005
# Principal axes have no such bound; past this the iteration is running away.
RUNAWAY_UNIQUENESS = -1.0


@dataclass(frozen=True)
class Extraction:
    """Unrotated factors.

    Attributes
    ----------
    loadings : ndarray, shape (p, m)
        In descending order of the variance explained, each column with a positive sum.
    reduced_eigenvalues : ndarray, shape (p,)
        Eigenvalues, descending, of the correlations with communalities in the diagonal.
    discrepancy : float
        The minimum found: half the squared residuals (minres, uls, pa), or the likelihood
        discrepancy ln|Σ| − ln|R| + tr(RΣ⁻¹) − p (ml); NaN for alpha and minrank.
    at_bound : ndarray of bool, shape (p,)
        Items whose uniqueness was stopped at the bound.
    converged : bool
    n_iterations : int
    """

    loadings: FloatArray
    reduced_eigenvalues: FloatArray
    discrepancy: float
    at_bound: NDArray[np.bool_]
    converged: bool
    n_iterations: int


@dataclass(frozen=True)
class _Point:
    """A discrepancy with its derivatives at one set of parameters."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


def extract(correlation: FloatArray, n_factors: int, method: Method) -> Extraction:
    """Extract ``n_factors`` unrotated common factors from a correlation matrix (p, p)."""
    if method in ("alpha", "minrank"):
        return _without_discrepancy(correlation, n_factors, method)
    uniqueness = 1.0 - squared_multiple_correlations(correlation)
    return _extract_from(uniqueness, correlation, n_factors, method)


def extract_anew(
    correlation: FloatArray,
    n_factors: int,
    method: Method,
    n_starts: int,
    rng: np.random.Generator | None,
) -> Extraction | None:
    """Take the lowest minimum that random starts lead to; always the same ones without ``rng``."""
    rng = np.random.default_rng(20220731) if rng is None else rng
    starts = rng.uniform(0.05, 0.95, (n_starts, len(correlation)))
    found = [_extract_from(start, correlation, n_factors, method) for start in starts]
    arrived = [one for one in found if one.converged]
    return min(arrived, key=lambda one: one.discrepancy, default=None)


def lies_lower(one: Extraction, other: Extraction) -> bool:
    """Whether the first minimum lies below the second by more than rounding."""
    return one.discrepancy < other.discrepancy - max(1e-6 * other.discrepancy, 1e-9)


def _extract_from(
    uniqueness: FloatArray, correlation: FloatArray, n_factors: int, method: Method
) -> Extraction:
    """Find the minimum that uniquenesses (p,) lead to."""
    if method == "ml":
        lower = np.log(LOWEST_UNIQUENESS)
        start = np.log(np.clip(uniqueness, LOWEST_UNIQUENESS, 1.0))
        found, point, converged, steps = _projected_newton(
            lambda log_psi: _likelihood(log_psi, correlation, n_factors), start, lower, 0.0
        )
        loadings = _likelihood_loadings(np.exp(found), correlation, n_factors)
    else:
        lower = LOWEST_UNIQUENESS
        if method == "pa":
            # A few of the classical iterations choose the solution that they lead to;
            # Newton steps then reach its limit, where the classical ones would crawl.
            uniqueness = _iterate_axes(correlation, uniqueness, n_factors, times=10)
            lower = RUNAWAY_UNIQUENESS
        found, point, converged, steps = _projected_newton(
            lambda psi: _least_squares(psi, correlation, n_factors),
            np.clip(uniqueness, lower, 1.0),
            lower,
            1.0,
        )
        loadings = _axes(correlation, found, n_factors)
    at_bound = (found <= lower) & (point.gradient > 0)
    return Extraction(
        loadings=positive_columns(loadings),
        reduced_eigenvalues=reduced_eigenvalues(correlation, loadings),
        discrepancy=point.value,
        at_bound=at_bound,
        converged=converged and not (method == "pa" and bool(at_bound.any())),
        n_iterations=steps,
    )


def _without_discrepancy(correlation: FloatArray, n_factors: int, method: Method) -> Extraction:
    """Extract by a criterion that is no discrepancy between correlations."""
    if method == "alpha":
        alpha = alpha_factors(correlation, n_factors)
        loadings, converged, steps = alpha.loadings, alpha.converged, alpha.n_iterations
        bare = np.zeros(len(correlation), dtype=bool)
    else:
        trace = minimum_trace(correlation)
        loadings, steps = _axes(correlation, trace.errors, n_factors), 0
        # What could be gained at most, of the sum of uniquenesses per item.
        converged = trace.gap < 1e-7
        bare = trace.errors < 1e-6
    return Extraction(
        loadings=positive_columns(loadings),
        reduced_eigenvalues=reduced_eigenvalues(correlation, loadings),
        discrepancy=float("nan"),
        at_bound=bare,
        converged=converged,
        n_iterations=steps,
    )


def reduced_eigenvalues(correlation: FloatArray, loadings: FloatArray) -> FloatArray:
    """Eigenvalues, descending, of the correlations with communalities in the diagonal."""
    reduced = correlation.copy()
    np.fill_diagonal(reduced, (loadings**2).sum(axis=1))
    return np.ascontiguousarray(np.linalg.eigvalsh(reduced)[::-1], dtype=np.float64)


def positive_columns(loadings: FloatArray) -> FloatArray:
    """Turn every column so that its sum is not negative."""
    return loadings * column_signs(loadings)


def column_signs(loadings: FloatArray) -> FloatArray:
    """Sign that gives each column a sum that is not negative."""
    return np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)


def most_factors(n_items: int) -> int:
    """Most factors that leave no negative degrees of freedom."""
    most = 0
    while degrees_of_freedom(n_items, most + 1) >= 0 and most + 1 < n_items:
        most += 1
    return most


def degrees_of_freedom(n_items: int, n_factors: int) -> int:
    """Correlations minus free loadings, rotation taken off: ((p − m)² − p − m) / 2."""
    return ((n_items - n_factors) ** 2 - n_items - n_factors) // 2


def _least_squares(psi: FloatArray, correlation: FloatArray, n_factors: int) -> _Point:
    """Half the squared residuals left by the best loadings, given the uniquenesses."""
    values, vectors = np.linalg.eigh(correlation - np.diag(psi))
    small = _left_over(values > 0.0, n_factors)
    rest, rest_values = vectors[:, small], values[small]
    return _Point(
        value=0.5 * float(rest_values @ rest_values),
        gradient=-(rest**2) @ rest_values,
        hessian=(rest @ rest.T) ** 2
        - 2.0 * _cross(vectors, values, small, lambda low, high: low / (high - low)),
    )


def _likelihood(log_psi: FloatArray, correlation: FloatArray, n_factors: int) -> _Point:
    """Likelihood discrepancy left by the best loadings, in log uniquenesses."""
    scale = np.exp(-0.5 * log_psi)
    values, vectors = np.linalg.eigh(correlation * scale[:, None] * scale)
    values = np.maximum(values, np.finfo(float).tiny)
    small = _left_over(values > 1.0, n_factors)
    rest, rest_values = vectors[:, small], values[small]
    return _Point(
        value=float((rest_values - np.log(rest_values) - 1.0).sum()),
        gradient=(rest**2) @ (1.0 - rest_values),
        hessian=(rest @ rest.T) * ((rest * rest_values) @ rest.T)
        + _cross(
            vectors,
            values,
            small,
            lambda low, high: (1.0 - low) * (low + high) / (high - low),
        ),
    )


def _left_over(usable: NDArray[np.bool_], n_factors: int) -> NDArray[np.bool_]:
    """Mask of the eigenvalues (ascending) that no factor accounts for."""
    small = np.ones(usable.size, dtype=bool)
    small[usable.size - n_factors :] = ~usable[usable.size - n_factors :]
    return small


def _cross(
    vectors: FloatArray,
    values: FloatArray,
    small: NDArray[np.bool_],
    weight: Callable[[FloatArray, FloatArray], FloatArray],
) -> FloatArray:
    """Sum over pairs of a left-over and a kept eigenvector: the mixed part of the Hessian."""
    low, high = values[small][:, None], values[~small][None, :]
    # Equal eigenvalues across the divide make the discrepancy non-smooth there; a floor
    # keeps the step finite until the iterate has left the spot.
    gap = np.maximum(high - low, 1e-10)
    pairs = vectors[:, small, None] * vectors[:, None, ~small]
    flat = pairs.reshape(vectors.shape[0], -1)
    result: FloatArray = (flat * weight(low, low + gap).ravel()) @ flat.T
    return result


def _projected_newton(
    evaluate: Callable[[FloatArray], _Point],
    start: FloatArray,
    lower: float,
    upper: float,
    *,
    tolerance: float = 1e-10,
    max_steps: int = 200,
) -> tuple[FloatArray, _Point, bool, int]:
    """Minimise within bounds: Newton on the parameters that no bound holds, halving as needed.

    Where the Hessian is indefinite, the absolute values of its eigenvalues give a
    direction that still leads down.
    """
    x, point = start, evaluate(start)
    for step in range(max_steps):
        held = ((x <= lower) & (point.gradient > 0)) | ((x >= upper) & (point.gradient < 0))
        free = ~held
        gradient = point.gradient[free]
        if np.abs(gradient).max(initial=0.0) < tolerance:
            return x, point, True, step
        curvature, axes = np.linalg.eigh(point.hessian[np.ix_(free, free)])
        curvature = np.maximum(np.abs(curvature), 1e-6 * np.abs(curvature).max() + 1e-12)
        direction = np.zeros_like(x)
        direction[free] = -axes @ ((axes.T @ gradient) / curvature)
        accepted = _line_search(evaluate, x, point, direction, lower, upper)
        if accepted is None:  # rounding leaves nothing to gain
            return x, point, bool(np.abs(gradient).max() < 1e-6), step
        x, point = accepted
    return x, point, False, max_steps


def _line_search(
    evaluate: Callable[[FloatArray], _Point],
    x: FloatArray,
    point: _Point,
    direction: FloatArray,
    lower: float,
    upper: float,
) -> tuple[FloatArray, _Point] | None:
    """Shorten a step until it lowers the discrepancy enough; None where no step does."""
    if -float(point.gradient @ direction) < 1e-13 * max(1.0, abs(point.value)):
        # Rounding hides so small a gain; a smaller gradient still tells the better point.
        candidate = np.clip(x + direction, lower, upper)
        found = evaluate(candidate)
        nearer = np.abs(found.gradient).max() < 0.5 * np.abs(point.gradient).max()
        return (candidate, found) if nearer else None
    length = 1.0
    for _ in range(40):
        candidate = np.clip(x + length * direction, lower, upper)
        found = evaluate(candidate)
        promised = 1e-4 * float(point.gradient @ (candidate - x))
        if found.value <= point.value + promised and promised < 0:
            return candidate, found
        length *= 0.5
    return None


def _axes(correlation: FloatArray, psi: FloatArray, n_factors: int) -> FloatArray:
    """Principal axes of the correlations with the uniquenesses taken off the diagonal."""
    values, vectors = np.linalg.eigh(correlation - np.diag(psi))
    kept: FloatArray = vectors[:, ::-1][:, :n_factors] * np.sqrt(
        np.maximum(values[::-1][:n_factors], 0.0)
    )
    return kept


def _iterate_axes(
    correlation: FloatArray, psi: FloatArray, n_factors: int, *, times: int
) -> FloatArray:
    """Replace uniquenesses by those of the axes that they lead to, a few times."""
    for _ in range(times):
        psi = 1.0 - (_axes(correlation, psi, n_factors) ** 2).sum(axis=1)
    return psi


def _likelihood_loadings(psi: FloatArray, correlation: FloatArray, n_factors: int) -> FloatArray:
    """Best loadings under the likelihood, given the uniquenesses."""
    scale = np.sqrt(psi)
    values, vectors = np.linalg.eigh(correlation / scale[:, None] / scale)
    kept: FloatArray = (
        scale[:, None]
        * vectors[:, ::-1][:, :n_factors]
        * np.sqrt(np.maximum(values[::-1][:n_factors] - 1.0, 0.0))
    )
    return kept
