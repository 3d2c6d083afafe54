"""Fitting structural models to means and covariances: ML, GLS and ULS for any number of groups.

The three differ only in what they measure distances with: covariances are whitened by the
implied matrix itself (ML), by the observed one (GLS), or not at all (ULS). One Gauss–Newton
step, which for ML is Fisher scoring, therefore serves them all, and a stack of samples (as of
bootstrap replications) as well as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.structural import Implied, Layout, implied, matrices, slopes

FloatArray = NDArray[np.float64]
Estimator = Literal["ML", "GLS", "ULS"]

_HALVINGS = 25
# Steps that are looked back on.
DEPTH = 4


@dataclass(frozen=True)
class Sample:
    """Moments of one group: covariance (…, p, p) with divisor n, mean (…, p), persons n.

    ``mean`` is None where the model has no means.
    """

    covariance: FloatArray
    mean: FloatArray | None
    n: float


@dataclass(frozen=True)
class Model:
    """Groups that share parameters, and the linear equalities between these.

    All free parameters are ``basis @ reduced + origin``.
    """

    layouts: tuple[Layout, ...]
    basis: FloatArray
    origin: FloatArray

    def expand(self, reduced: FloatArray) -> FloatArray:
        """Give all free parameters (…, n_free) of the reduced ones."""
        return np.asarray(reduced @ self.basis.T + self.origin)


@dataclass(frozen=True)
class MomentFit:
    """A minimum.

    Attributes
    ----------
    parameters : ndarray, shape (…, n_free)
    discrepancy : ndarray, shape (…)
        F with χ² = nF, groups weighted by their share of persons.
    converged : ndarray of bool, shape (…)
    n_iterations : int
    """

    parameters: FloatArray
    discrepancy: FloatArray
    converged: NDArray[np.bool_]
    n_iterations: int


def fit_moments(
    model: Model,
    samples: Sequence[Sample],
    start: FloatArray,
    estimator: Estimator,
    *,
    tolerance: float = 1e-15,
    max_iterations: int = 300,
) -> MomentFit:
    """Minimise the discrepancy from ``start``, reduced parameters of shape (n_reduced,).

    The search ends where a full step promises to lower the discrepancy by less than
    ``tolerance``: half the squared length of the step, in standard errors of one person.
    """
    lead = samples[0].covariance.shape[:-2]
    flat = [_flattened(sample) for sample in samples]
    count = len(flat[0].covariance)
    point = np.tile(start, (count, 1))
    value = discrepancy(model, flat, point, estimator)
    damping = np.zeros(count)
    converged = np.zeros(count, dtype=bool)
    history = _History(point.shape)
    active = np.arange(count)
    rounds = 0
    while active.size and rounds < max_iterations:
        rounds += 1
        some = [_picked(sample, active) for sample in flat]
        here, level = point[active], value[active]
        gradient, information = score(model, some, here, estimator)
        step = _solve(information, -gradient, damping[active])
        promise = -(gradient * step).sum(axis=-1) / 2
        leap = history.extrapolate(active, here, step)
        leapt = discrepancy(model, some, leap, estimator)
        far = leapt < level - promise  # as good as the plain step could hope to be
        moved, reached = leap.copy(), leapt.copy()
        near = np.flatnonzero(~far)
        if near.size:
            moved[near], reached[near] = _search(
                model, [_picked(sample, near) for sample in some],
                here[near], level[near], step[near], estimator,
            )  # fmt: skip
        better = reached < level
        point[active], value[active] = moved, np.where(better, reached, level)
        done = promise < tolerance
        converged[active[done]] = True
        damping[active] = np.where(better, damping[active] / 10, _raised(damping[active]))
        hopeless = ~done & ~better & (damping[active] > 1e6)
        active = active[~done & ~hopeless]
    return MomentFit(
        parameters=model.expand(point).reshape(*lead, -1),
        discrepancy=value.reshape(lead),
        converged=converged.reshape(lead),
        n_iterations=rounds,
    )


class _History:
    """The last few points and steps of each fit, from which Anderson's method looks ahead.

    Scoring steps shrink by a constant factor where the model does not fit perfectly; the
    combination of the last ones that cancels most of the step is where they lead.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._points = np.full((DEPTH + 1, *shape), np.nan)
        self._steps = np.full((DEPTH + 1, *shape), np.nan)

    def extrapolate(
        self, active: NDArray[np.intp], here: FloatArray, step: FloatArray
    ) -> FloatArray:
        """Give the points (r, k) that the steps so far point to."""
        for kept, new in ((self._points, here), (self._steps, step)):
            kept[1:, active] = kept[:-1, active].copy()
            kept[0, active] = new
        points, steps = self._points[:, active], self._steps[:, active]
        moves, turns = points[0] - points[1:], steps[0] - steps[1:]
        known = ~np.isnan(turns).any(axis=-1)
        moves, turns = (np.where(known[..., None], part, 0.0) for part in (moves, turns))
        moves, turns = np.swapaxes(moves, 0, 1), np.swapaxes(turns, 0, 1)
        products = turns @ np.swapaxes(turns, -1, -2)
        ridge = 1e-12 * np.trace(products, axis1=-1, axis2=-2)[:, None, None] + 1e-300
        right = (turns @ step[..., None])[..., 0]
        weights = np.linalg.solve(products + ridge * np.eye(DEPTH), right[..., None])
        return np.asarray(here + step - ((moves + turns) * weights).sum(axis=1))


def _flattened(sample: Sample) -> Sample:
    p = sample.covariance.shape[-1]
    return replace(
        sample,
        covariance=sample.covariance.reshape(-1, p, p),
        mean=None if sample.mean is None else sample.mean.reshape(-1, p),
    )


def _picked(sample: Sample, which: NDArray[np.intp]) -> Sample:
    if len(which) == len(sample.covariance):
        return sample
    return replace(
        sample,
        covariance=sample.covariance[which],
        mean=None if sample.mean is None else sample.mean[which],
    )


def _raised(damping: FloatArray) -> FloatArray:
    return np.maximum(10 * damping, 1e-3)


def _solve(information: FloatArray, target: FloatArray, damping: FloatArray) -> FloatArray:
    """Solve for the step, in units in which the information has a diagonal of one."""
    scale = np.sqrt(np.maximum(np.diagonal(information, axis1=-2, axis2=-1), 1e-12))
    scaled = information / (scale[..., :, None] * scale[..., None, :])
    size = scaled.shape[-1]
    # A little of the diagonal keeps a model that is not identified from a singular solve.
    scaled = scaled + (damping[:, None, None] + 1e-10) * np.eye(size)
    return np.asarray(np.linalg.solve(scaled, (target / scale)[..., None])[..., 0] / scale)


def _search(
    model: Model,
    samples: Sequence[Sample],
    point: FloatArray,
    value: FloatArray,
    step: FloatArray,
    estimator: Estimator,
) -> tuple[FloatArray, FloatArray]:
    """Halve the step until it lowers the discrepancy."""
    moved, reached = point.copy(), value.copy()
    waiting = np.arange(len(point))
    fraction = 1.0
    for _ in range(_HALVINGS):
        trial = point[waiting] + fraction * step[waiting]
        some = [_picked(sample, waiting) for sample in samples]
        found = discrepancy(model, some, trial, estimator)
        better = found < value[waiting]
        moved[waiting[better]], reached[waiting[better]] = trial[better], found[better]
        waiting = waiting[~better]
        if not waiting.size:
            break
        fraction /= 2
    return moved, reached


def discrepancy(
    model: Model, samples: Sequence[Sample], reduced: FloatArray, estimator: Estimator
) -> FloatArray:
    """Discrepancies of a stack of parameters (r, n_reduced); infinite where Σ is no covariance."""
    total_n = sum(sample.n for sample in samples)
    parameters = model.expand(reduced)
    total = np.zeros(len(reduced))
    for layout, sample in zip(model.layouts, samples, strict=True):
        found = implied(matrices(layout, parameters))
        likely = estimator == "ML"
        part = _likelihood(found, sample) if likely else _squares(found, sample, estimator)
        total += sample.n / total_n * part
    return total


def _likelihood(found: Implied, sample: Sample) -> FloatArray:
    """ln|Σ| + tr(SΣ⁻¹) − ln|S| − p + (m − μ)'Σ⁻¹(m − μ)."""
    spread = found.spread.copy()
    proper = np.linalg.eigvalsh(spread)[..., 0] > 0
    proper &= np.isfinite(spread).all(axis=(-1, -2))
    p = spread.shape[-1]
    spread[~proper] = np.eye(p)
    inverse = np.linalg.inv(spread)
    ratio = np.linalg.slogdet(spread)[1] - np.linalg.slogdet(sample.covariance)[1]
    value = ratio + np.einsum("rij,rji->r", sample.covariance, inverse) - p
    if sample.mean is not None:
        off = sample.mean - found.mean
        value = value + np.einsum("ri,rij,rj->r", off, inverse, off)
    return np.where(proper, value, np.inf)


def _squares(found: Implied, sample: Sample, estimator: Estimator) -> FloatArray:
    """½ tr[(V⁻¹(S − Σ))²] + (m − μ)'V⁻¹(m − μ), with V = S (GLS) or I (ULS)."""
    rest = sample.covariance - found.spread
    weight = (
        np.linalg.inv(sample.covariance)
        if estimator == "GLS"
        else np.broadcast_to(np.eye(rest.shape[-1]), rest.shape)
    )
    turned = weight @ rest
    value = np.einsum("rij,rji->r", turned, turned) / 2
    if sample.mean is not None:
        off = sample.mean - found.mean
        value = value + np.einsum("ri,rij,rj->r", off, weight, off)
    return np.where(np.isfinite(value), value, np.inf)


def score(
    model: Model, samples: Sequence[Sample], reduced: FloatArray, estimator: Estimator
) -> tuple[FloatArray, FloatArray]:
    """Gradient (r, k) of half the discrepancy, and its expected Hessian (r, k, k)."""
    total_n = sum(sample.n for sample in samples)
    parameters = model.expand(reduced)
    n_free = parameters.shape[-1]
    gradient = np.zeros((len(reduced), n_free))
    information = np.zeros((len(reduced), n_free, n_free))
    for layout, sample in zip(model.layouts, samples, strict=True):
        share = sample.n / total_n
        own, cross, used = group_score(layout, parameters, sample, estimator)
        gradient[:, used] += share * own
        information[:, used[:, None], used[None, :]] += share * cross
    return gradient @ model.basis, model.basis.T @ information @ model.basis


def group_score(
    layout: Layout, parameters: FloatArray, sample: Sample, estimator: Estimator
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Gradient and expected Hessian of one group, in the parameters that it uses."""
    found = implied(matrices(layout, parameters))
    change = slopes(layout, found)
    root = np.swapaxes(_root(found, sample, estimator), -1, -2)
    rest = sample.covariance - found.spread
    off = None if sample.mean is None else sample.mean - found.mean
    if off is not None and estimator == "ML":
        rest = rest + off[..., :, None] * off[..., None, :]
    left, right = change.left @ root, change.right @ root
    residual = np.swapaxes(root, -1, -2) @ rest @ root
    weight = change.weight
    gradient = -weight * ((left @ residual) * right).sum(axis=-1)
    information = weight[:, None] * weight * _products(left, right)
    if off is not None:
        means = change.mean @ root
        gradient -= (means @ (off[..., None, :] @ root)[..., 0, :, None])[..., 0]
        information = information + means @ np.swapaxes(means, -1, -2)
    return gradient, information, change.used


def _products(left: FloatArray, right: FloatArray) -> FloatArray:
    """Half the trace of the product of each two derivatives, from their vectors alone."""
    turned_left, turned_right = np.swapaxes(left, -1, -2), np.swapaxes(right, -1, -2)
    across = left @ turned_right
    return (left @ turned_left) * (right @ turned_right) + across * np.swapaxes(across, -1, -2)


def _root(found: Implied, sample: Sample, estimator: Estimator) -> FloatArray:
    """Give W with W'W the inverse of what distances are measured by."""
    if estimator == "ULS":
        return np.broadcast_to(np.eye(found.spread.shape[-1]), found.spread.shape)
    by = found.spread if estimator == "ML" else sample.covariance
    return np.asarray(np.linalg.inv(np.linalg.cholesky(by)))
