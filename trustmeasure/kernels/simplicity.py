"""Alignment: latent means and variances of many groups under which most parameters agree.

Each group's loadings λ₀ and intercepts ν₀ come from a model of its own, in which the factor has
mean 0 and variance 1. With mean α and standard deviation e^s the same model has loadings
λ = λ₀e⁻ˢ and intercepts ν = ν₀ − αλ. Means and deviations are chosen so that the total of
f(λ_g − λ_h) and f(ν_g − ν_h), f(x) = (x² + ε)^¼, over items and pairs of groups is smallest:
many differences near 0 and a few large ones cost less than many of middling size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Function = Callable[[FloatArray, float], tuple[float, FloatArray]]


@dataclass(frozen=True)
class Alignment:
    """A minimum of the simplicity function.

    Attributes
    ----------
    means, deviations : ndarray, shape (g,)
        Of the factor, the deviation of the reference group being 1.
    loadings, intercepts : ndarray, shape (g, p)
    value : float
        Mean of f over items, kinds of parameters and pairs of groups, weighted by √(n_g n_h).
    converged : bool
    n_agreeing, n_starts : int
        Starts that came to this minimum.
    weakest : float
        Smallest eigenvalue of the Hessian over the largest: near 0 where means are not
        determined.
    """

    means: FloatArray
    deviations: FloatArray
    loadings: FloatArray
    intercepts: FloatArray
    value: float
    converged: bool
    n_agreeing: int
    n_starts: int
    weakest: float
    point: FloatArray


@dataclass(frozen=True)
class Frame:
    """What the free parameters are: means but the fixed one, and g − 1 log deviations.

    Log deviations sum to 0 while the function is minimised, or it would shrink all loadings.
    """

    n_groups: int
    fixed: int | None
    reference: int

    @property
    def n_means(self) -> int:
        """Free means."""
        return self.n_groups - (self.fixed is not None)

    @property
    def size(self) -> int:
        """Free parameters."""
        return self.n_means + self.n_groups - 1

    @property
    def sums(self) -> FloatArray:
        """An orthonormal basis (g, g − 1) of what sums to 0."""
        full = np.linalg.qr(np.column_stack([np.ones(self.n_groups), np.eye(self.n_groups)[:, 1:]]))
        return np.asarray(full[0][:, 1:])

    def expand(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give means and log deviations."""
        means = np.asarray(point[: self.n_means])
        if self.fixed is not None:
            means = np.insert(means, self.fixed, 0.0)
        return means, self.sums @ point[self.n_means :]

    def contract(self, means: FloatArray, logs: FloatArray) -> FloatArray:
        """Give the free parameters' part of derivatives, or of parameters."""
        if self.fixed is not None:
            means = np.delete(means, self.fixed)
        return np.concatenate([means, self.sums.T @ logs])


def simplicity(
    loadings: FloatArray,
    intercepts: FloatArray,
    weights: FloatArray,
    frame: Frame,
    point: FloatArray,
    epsilon: float,
) -> tuple[float, FloatArray]:
    """Give the function and its gradient in the free parameters.

    ``weights`` (g, g) is symmetric with a diagonal of 0 and sums to 1.
    """
    means, logs = frame.expand(point)
    own = loadings * np.exp(-logs)[:, None]
    level = intercepts - means[:, None] * own
    value_own, slope_own = _loss(own, weights, epsilon)
    value_level, slope_level = _loss(level, weights, epsilon)
    scale = 2.0 * loadings.shape[1]
    by_mean = -(slope_level * own).sum(axis=1)
    by_log = ((-slope_own + slope_level * means[:, None]) * own).sum(axis=1)
    return (value_own + value_level) / scale, frame.contract(by_mean, by_log) / scale


def _loss(values: FloatArray, weights: FloatArray, epsilon: float) -> tuple[float, FloatArray]:
    """Total of (x² + ε)^¼ over items and pairs, and its derivatives (g, p)."""
    gaps = values[:, None, :] - values[None, :, :]
    root = gaps**2 + epsilon
    total = float(np.einsum("gh,ghp->", weights, root**0.25))
    # Each pair is met twice.
    return total, np.einsum("gh,ghp->gp", weights, gaps * root**-0.75)


def pair_weights(n: FloatArray) -> FloatArray:
    """Weigh pairs of groups by the root of the product of their sizes."""
    weights = np.sqrt(np.outer(n, n))
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights / weights.sum())


def align(
    loadings: FloatArray,
    intercepts: FloatArray,
    n: FloatArray,
    frame: Frame,
    starts: Sequence[FloatArray],
    *,
    epsilon: float = 0.01,
) -> Alignment:
    """Minimise from each start, coming from a smoother function, and keep the lowest."""
    from scipy.optimize import minimize

    weights = pair_weights(n)

    def function(point: FloatArray, smooth: float) -> tuple[float, FloatArray]:
        return simplicity(loadings, intercepts, weights, frame, point, smooth)

    found: list[tuple[float, FloatArray]] = []
    for start in starts:
        point = start
        for smooth in (max(1.0, epsilon), max(0.1, epsilon), epsilon):
            point = np.asarray(
                minimize(
                    function, point, args=(smooth,), jac=True, method="BFGS",
                    options={"gtol": 1e-9, "maxiter": 2000},
                ).x
            )  # fmt: skip
        found.append((function(point, epsilon)[0], point))
    best = min(value for value, _ in found)
    point = next(point for value, point in found if value == best)
    hessian = second_derivatives(loadings, intercepts, weights, frame, point, epsilon)
    point = _polished(function, point, hessian, epsilon)
    value, gradient = function(point, epsilon)
    eigenvalues = np.linalg.eigvalsh(hessian)
    own = reported(loadings, intercepts, frame, point)
    return Alignment(
        *own,
        value=value,
        converged=bool(np.abs(gradient).max(initial=0.0) < 1e-6 and eigenvalues[0] > -1e-8),
        n_agreeing=sum(other - best < 1e-6 for other, _ in found),
        n_starts=len(found),
        weakest=float(eigenvalues[0] / max(eigenvalues[-1], 1e-300)),
        point=point,
    )


def _polished(
    function: Function, point: FloatArray, hessian: FloatArray, epsilon: float
) -> FloatArray:
    """Make Newton steps as long as they make the gradient smaller."""
    for _ in range(5):
        gradient = function(point, epsilon)[1]
        trial = point - np.linalg.pinv(hessian, rcond=1e-8, hermitian=True) @ gradient
        if np.abs(function(trial, epsilon)[1]).max(initial=0.0) >= np.abs(gradient).max(initial=0):
            break
        point = trial
    return point


def second_derivatives(
    loadings: FloatArray,
    intercepts: FloatArray,
    weights: FloatArray,
    frame: Frame,
    point: FloatArray,
    epsilon: float,
    *,
    step: float = 1e-5,
) -> FloatArray:
    """Hessian by central differences of the gradient."""
    rows = []
    for move in step * np.eye(len(point)):
        ahead, behind = (
            simplicity(loadings, intercepts, weights, frame, point + side * move, epsilon)[1]
            for side in (1.0, -1.0)
        )
        rows.append((ahead - behind) / (2 * step))
    hessian = np.asarray(rows)
    return (hessian + hessian.T) / 2


def reported(
    loadings: FloatArray, intercepts: FloatArray, frame: Frame, point: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give means, deviations, loadings, intercepts with a reference deviation of 1."""
    means, logs = frame.expand(point)
    own = loadings * np.exp(-logs)[:, None]
    unit = float(np.exp(logs[frame.reference]))
    return means / unit, np.exp(logs) / unit, own * unit, intercepts - means[:, None] * own


def derivatives(
    loadings: FloatArray,
    intercepts: FloatArray,
    n: FloatArray,
    frame: Frame,
    point: FloatArray,
    *,
    epsilon: float,
    step: float = 1e-5,
) -> FloatArray:
    """Differentiate what is reported in λ₀ and ν₀, (2gp, 2g + 2gp), the minimum moving along.

    Rows: loadings group by group, then intercepts. Columns: means, deviations, loadings,
    intercepts.
    """
    weights = pair_weights(n)
    hessian = second_derivatives(loadings, intercepts, weights, frame, point, epsilon)
    inverse = np.linalg.pinv(hessian, rcond=1e-8, hermitian=True)
    size = loadings.size
    rows = []
    for j in range(2 * size):
        moved = []
        for side in (1.0, -1.0):
            change = np.zeros(2 * size)
            change[j] = side * step
            moved.append(
                (
                    loadings + change[:size].reshape(loadings.shape),
                    intercepts + change[size:].reshape(loadings.shape),
                )
            )
        slopes = [simplicity(*one, weights, frame, point, epsilon)[1] for one in moved]
        along = -inverse @ (slopes[0] - slopes[1]) / 2
        ends = [
            np.concatenate([part.ravel() for part in reported(*one, frame, point + side * along)])
            for one, side in zip(moved, (1.0, -1.0), strict=True)
        ]
        rows.append((ends[0] - ends[1]) / (2 * step))
    return np.asarray(rows)


def starting_points(
    loadings: FloatArray, intercepts: FloatArray, frame: Frame, n_random: int, draws: FloatArray
) -> list[FloatArray]:
    """Give no differences, differences of medians, and the latter with ``draws`` (r, size)."""
    none = np.zeros(frame.size)
    centre = np.median(loadings, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.abs(loadings / np.where(centre == 0, np.nan, centre))
    logs = np.log(np.clip(np.nan_to_num(np.nanmedian(ratios, axis=1), nan=1.0), 0.2, 5.0))
    logs = logs - logs.mean()
    own = loadings * np.exp(-logs)[:, None]
    base = frame.fixed if frame.fixed is not None else frame.reference
    gap = (intercepts - intercepts[base]) / np.where(np.abs(own) < 1e-6, np.nan, own)
    means = np.clip(np.nan_to_num(np.nanmedian(gap, axis=1)), -5, 5)
    medians = frame.contract(means, logs)
    return [none, medians, *(medians + draw for draw in draws[:n_random])]


def explained(
    loadings: FloatArray, intercepts: FloatArray, found: Alignment
) -> tuple[FloatArray, FloatArray]:
    """Shares (p,) of the variance over groups of λ₀ and ν₀ that means and variances explain."""
    typical, level = found.loadings.mean(axis=0), found.intercepts.mean(axis=0)
    rest = loadings - found.deviations[:, None] * typical
    rest_level = intercepts - level - found.means[:, None] * typical
    return _share(rest, loadings), _share(rest_level, intercepts)


def _share(rest: FloatArray, whole: FloatArray) -> FloatArray:
    total = whole.var(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 1e-12, 1.0 - rest.var(axis=0) / total, np.nan)


def invariant_set(
    values: FloatArray, covariance: FloatArray, *, alike: float = 0.01, apart: float = 0.001
) -> NDArray[np.bool_]:
    """Find the groups (g,) that agree on one parameter, by Asparouhov and Muthén's search.

    It starts from the largest set of groups connected by differences with p > ``alike``; then a
    group is in while its difference to the mean of the set has p > ``apart``.
    """
    z = _two_sided(alike)
    gap = np.abs(values[:, None] - values[None, :])
    diagonal = np.diag(covariance)
    error = np.sqrt(np.maximum(diagonal[:, None] + diagonal[None, :] - 2 * covariance, 1e-16))
    inside = _largest_component(gap < z * error)
    limit = _two_sided(apart)
    seen: set[bytes] = set()
    while inside.tobytes() not in seen:
        seen.add(inside.tobytes())
        average = inside / max(inside.sum(), 1)
        contrasts = np.eye(len(values)) - average[None, :]
        off = contrasts @ values
        error = np.sqrt(np.maximum(np.einsum("gi,ij,gj->g", contrasts, covariance, contrasts), 0))
        after = np.abs(off) <= limit * error + 1e-12
        if not after.any():
            break
        inside = after
    return inside


def _two_sided(p: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - p / 2))


def _largest_component(linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give the groups of the largest connected set, the first of equals."""
    reach = linked | np.eye(len(linked), dtype=bool)
    while True:
        further = (reach.astype(np.float64) @ reach.astype(np.float64)) > 0
        if (further == reach).all():
            return np.asarray(reach[int(reach.sum(axis=1).argmax())])
        reach = further
