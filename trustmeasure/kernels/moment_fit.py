"""Fitting structural models to means and covariances, for any number of groups.

Estimators differ only in what they measure distances with: covariances are whitened by the
implied matrix itself (ML), by the observed one (GLS), by the spread of what persons contribute
to each moment (WLS), or not at all (ULS, each moment counted once, as lavaan does). One
Gauss–Newton step, which for ML is Fisher scoring, therefore serves them all, and a stack of
samples (as of bootstrap replications) as well as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import descend
from trustmeasure.kernels.sandwich import is_positive
from trustmeasure.kernels.structural import Implied, Layout, implied, matrices, slopes

FloatArray = NDArray[np.float64]
Estimator = Literal["ML", "GLS", "ULS", "WLS"]


@dataclass(frozen=True)
class Sample:
    """Moments of one group: covariance (…, p, p) with divisor n, mean (…, p), persons n.

    ``mean`` is None where the model has no means. ``weight`` (q, q), of weighted least squares,
    is for the lower triangle of the covariances by rows, then the means.
    """

    covariance: FloatArray
    mean: FloatArray | None
    n: float
    weight: FloatArray | None = None

    @cached_property
    def logdet(self) -> FloatArray:
        """ln|S|, which every look at the likelihood needs."""
        return np.asarray(np.linalg.slogdet(self.covariance)[1])


@dataclass(frozen=True)
class Model:
    """Groups that share parameters, and the linear equalities between these.

    All free parameters are ``basis @ reduced + origin``.
    """

    layouts: tuple[Layout, ...]
    basis: FloatArray
    origin: FloatArray

    @cached_property
    def is_unrestricted(self) -> bool:
        """Whether nothing is held equal, so that the reduced parameters are the free ones."""
        return is_identity(self.basis)

    def expand(self, reduced: FloatArray) -> FloatArray:
        """Give all free parameters (…, n_free) of the reduced ones."""
        return np.asarray(reduced @ self.basis.T + self.origin)

    def reduce(self, parameters: FloatArray) -> FloatArray:
        """Give the reduced parameters (k,) nearest to free ones (n_free,)."""
        return reduced_parameters(self.basis, self.origin, parameters)


def reduced_parameters(basis: FloatArray, origin: FloatArray, parameters: FloatArray) -> FloatArray:
    """Give the reduced parameters (k,) whose free ones come nearest to these (n_free,)."""
    rest = parameters - origin
    if is_identity(basis):
        return np.asarray(rest)
    return np.asarray(np.linalg.lstsq(basis, rest, rcond=None)[0])


def is_identity(basis: FloatArray) -> bool:
    """Whether a basis holds nothing equal."""
    return basis.shape[0] == basis.shape[1] and np.array_equal(basis, np.eye(len(basis)))


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

    ``tolerance`` is that of `descend`.
    """
    lead = samples[0].covariance.shape[:-2]
    flat = [_flattened(sample) for sample in samples]

    last: list[tuple[FloatArray, Sequence[_Moments]]] = []

    def value(points: FloatArray, which: NDArray[np.intp]) -> FloatArray:
        chosen = [_picked(sample, which) for sample in flat]
        at = _moments(model, points, estimator)
        last[:] = [(points, at)]
        return _discrepancy(chosen, at, estimator)

    def slope(points: FloatArray, which: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        chosen = [_picked(sample, which) for sample in flat]
        # A search mostly goes on from the point that it looked at last.
        known = last[0][1] if last and np.array_equal(last[0][0], points) else None
        return score(model, chosen, points, estimator, known)

    found = descend(
        value,
        slope,
        np.tile(start, (len(flat[0].covariance), 1)),
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    return MomentFit(
        parameters=model.expand(found.point).reshape(*lead, -1),
        discrepancy=found.value.reshape(lead),
        converged=found.converged.reshape(lead),
        n_iterations=found.n_iterations,
    )


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


@dataclass(frozen=True)
class _Moments:
    """Implied moments of one group, and what likelihoods take from them.

    ``root`` (r, p, p) is W with W'W = Σ⁻¹, and ``logdet`` (r,) is ln|Σ|; the unit matrix's where
    ``proper`` (r,) is false, as Σ is no covariance matrix there. None but for likelihoods.
    """

    implied: Implied
    root: FloatArray | None = None
    logdet: FloatArray | None = None
    proper: NDArray[np.bool_] | None = None


def _moments(model: Model, reduced: FloatArray, estimator: Estimator) -> list[_Moments]:
    """Give what a stack of parameters (r, n_reduced) implies in each group."""
    parameters = model.expand(reduced)
    found = [implied(matrices(layout, parameters)) for layout in model.layouts]
    if estimator != "ML":
        return [_Moments(part) for part in found]
    return [_with_roots(part) for part in found]


def _with_roots(found: Implied) -> _Moments:
    spread = found.spread
    try:
        factor = np.linalg.cholesky(spread)
        # What is not a number passes, and spreads to the last.
        proper = np.asarray(np.isfinite(factor[..., -1, -1]))
    except np.linalg.LinAlgError:
        proper = np.asarray(np.isfinite(spread).all(axis=(-1, -2)))
        spread = np.where(proper[..., None, None], spread, np.eye(spread.shape[-1]))
        proper = np.asarray(proper & (np.linalg.eigvalsh(spread)[..., 0] > 0))
        spread = np.where(proper[..., None, None], spread, np.eye(spread.shape[-1]))
        factor = np.linalg.cholesky(spread)
    if not proper.all():
        factor = np.where(proper[..., None, None], factor, np.eye(factor.shape[-1]))
    logdet = 2.0 * np.log(factor.diagonal(axis1=-2, axis2=-1)).sum(axis=-1)
    return _Moments(found, np.linalg.inv(factor), logdet, proper)


def is_possible(model: Model, reduced: FloatArray) -> bool:
    """Whether reduced parameters (k,) imply covariances that have an inverse, in every group."""
    parameters = model.expand(reduced)
    return all(
        is_positive(implied(matrices(layout, parameters)).spread) for layout in model.layouts
    )


def discrepancy(
    model: Model, samples: Sequence[Sample], reduced: FloatArray, estimator: Estimator
) -> FloatArray:
    """Discrepancies of a stack of parameters (r, n_reduced); infinite where Σ is no covariance."""
    return _discrepancy(samples, _moments(model, reduced, estimator), estimator)


def _discrepancy(
    samples: Sequence[Sample], at: Sequence[_Moments], estimator: Estimator
) -> FloatArray:
    total_n = sum(sample.n for sample in samples)
    total = np.zeros(len(at[0].implied.spread))
    for found, sample in zip(at, samples, strict=True):
        if estimator == "ML":
            part = _likelihood(found, sample)
        elif estimator == "GLS":
            part = _squares(found.implied, sample)
        else:
            part = _weighted_squares(found.implied, sample, estimator)
        total += sample.n / total_n * part
    return total


def _likelihood(found: _Moments, sample: Sample) -> FloatArray:
    """ln|Σ| + tr(SΣ⁻¹) − ln|S| − p + (m − μ)'Σ⁻¹(m − μ)."""
    if found.root is None or found.logdet is None or found.proper is None:
        raise ValueError("likelihoods need the root of the implied covariances")
    value = found.logdet - sample.logdet - found.root.shape[-1]
    value = value + ((found.root @ sample.covariance) * found.root).sum(axis=(-1, -2))
    if sample.mean is not None:
        off = found.root @ (sample.mean - found.implied.mean)[..., None]
        value = value + (off[..., 0] ** 2).sum(axis=-1)
    return np.where(found.proper & np.isfinite(value), value, np.inf)


def _squares(found: Implied, sample: Sample) -> FloatArray:
    """½ tr[(S⁻¹(S − Σ))²] + (m − μ)'S⁻¹(m − μ)."""
    rest = sample.covariance - found.spread
    weight = np.linalg.inv(sample.covariance)
    turned = weight @ rest
    value = np.einsum("rij,rji->r", turned, turned) / 2
    if sample.mean is not None:
        off = sample.mean - found.mean
        value = value + np.einsum("ri,rij,rj->r", off, weight, off)
    return np.where(np.isfinite(value), value, np.inf)


def _weighted_squares(found: Implied, sample: Sample, estimator: Estimator) -> FloatArray:
    """(s − σ)'W(s − σ), with W given (WLS), or I (ULS)."""
    rest = _apart(found, sample)
    value = (_weighted(rest, sample, estimator) * rest).sum(axis=-1)
    return np.where(np.isfinite(value), value, np.inf)


def _weighted(part: FloatArray, sample: Sample, estimator: Estimator) -> FloatArray:
    if estimator == "ULS":
        return part
    if sample.weight is None:
        raise ValueError("weighted least squares need weights")
    return part @ sample.weight


def _apart(found: Implied, sample: Sample) -> FloatArray:
    """Give moments less implied ones (…, q)."""
    rows, columns = np.tril_indices(found.spread.shape[-1])
    rest = (sample.covariance - found.spread)[..., rows, columns]
    return rest if sample.mean is None else np.concatenate([rest, sample.mean - found.mean], -1)


def score(
    model: Model,
    samples: Sequence[Sample],
    reduced: FloatArray,
    estimator: Estimator,
    known: Sequence[_Moments] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Gradient (r, k) of half the discrepancy, and its expected Hessian (r, k, k).

    ``known`` is what the parameters imply, where it was computed already.
    """
    total_n = sum(sample.n for sample in samples)
    at = _moments(model, reduced, estimator) if known is None else known
    size = model.basis.shape[1]
    gradient = np.zeros((len(reduced), size))
    information = np.zeros((len(reduced), size, size))
    for layout, sample, found in zip(model.layouts, samples, at, strict=True):
        share = sample.n / total_n
        own, cross, used = _group_score(layout, found, sample, estimator)
        if model.is_unrestricted and layout.in_order:
            gradient += share * own
            information += share * cross
            continue
        if model.is_unrestricted and layout.stands_once:
            gradient[:, used] += share * own
            information[:, used[:, None], used] += share * cross
            continue
        basis = model.basis[used]
        gradient += share * (own @ basis)
        information += share * (basis.T @ cross @ basis)
    return gradient, information


def _group_score(
    layout: Layout, at: _Moments, sample: Sample, estimator: Estimator
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Gradient and expected Hessian of one group, in the parameters that it uses."""
    found = at.implied
    change = slopes(layout, found)
    if estimator in ("ULS", "WLS"):
        rows, columns = np.tril_indices(found.spread.shape[-1])
        turn = change.spread()[..., rows, columns]
        if sample.mean is not None:
            turn = np.concatenate([turn, change.mean], axis=-1)
        weighted = _weighted(turn, sample, estimator)
        slope = -(weighted @ _apart(found, sample)[..., None])[..., 0]
        return slope, weighted @ turn.mT, change.used
    by = at.root if at.root is not None else _inverse_root(sample.covariance)
    root = by.mT
    rest = sample.covariance - found.spread
    off = None if sample.mean is None else sample.mean - found.mean
    if off is not None and estimator == "ML":
        rest = rest + off[..., :, None] * off[..., None, :]
    left, right = change.left @ root, change.right @ root
    residual = root.mT @ rest @ root
    weight = change.weight
    gradient = -weight * ((left @ residual) * right).sum(axis=-1)
    information = weight[:, None] * weight * half_products(left, right)
    if off is not None:
        means = change.mean @ root
        gradient -= (means @ (off[..., None, :] @ root)[..., 0, :, None])[..., 0]
        information = information + means @ means.mT
    return gradient, information, change.used


def half_products(left: FloatArray, right: FloatArray) -> FloatArray:
    """Half the trace of the product of each two derivatives, from their vectors alone."""
    turned_left, turned_right = left.mT, right.mT
    across = left @ turned_right
    return (left @ turned_left) * (right @ turned_right) + across * across.mT


def _inverse_root(covariance: FloatArray) -> FloatArray:
    """Give W with W'W the inverse of what distances are measured by."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))
