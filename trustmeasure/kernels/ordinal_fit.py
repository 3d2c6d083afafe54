"""Fitting structural models to thresholds and correlations of ordered variables.

Squared distances from the observed moments are weighted by the inverse of the moments'
covariance (WLS), of its diagonal (DWLS), or not at all (ULS). The moments are smooth in the
parameters, so that a Gauss–Newton step serves all three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import descend
from trustmeasure.kernels.ordinal_moments import Shape
from trustmeasure.kernels.ordinal_structure import (
    OrdinalLayout,
    ordinal_implied,
    ordinal_slopes,
)
from trustmeasure.kernels.sandwich import Traces, Whitened, traces

FloatArray = NDArray[np.float64]

# Numbers that derivatives of a stack of samples may hold at a time.
NUMBERS = 4_000_000


@dataclass(frozen=True)
class OrdinalModel:
    """Groups that share parameters; all free ones are ``basis @ reduced + origin``."""

    layouts: tuple[OrdinalLayout, ...]
    basis: FloatArray
    origin: FloatArray

    def expand(self, reduced: FloatArray) -> FloatArray:
        """Give all free parameters (…, n_free) of the reduced ones."""
        return np.asarray(reduced @ self.basis.T + self.origin)


@dataclass(frozen=True)
class OrdinalSample:
    """Moments of one group, and what their distances are weighted by.

    ``moments`` is (…, q). ``weight`` is (q,) or (…, q), or, for full weights, the root (q, q)
    with root' root the weight matrix; None weighs all alike.
    """

    moments: FloatArray
    weight: FloatArray | None
    n: float
    full: bool = False

    def whiten(self, moments: FloatArray) -> FloatArray:
        """Turn moments along the second-last axis (…, q, k) so that plain squares are left."""
        if self.weight is None:
            return moments
        if self.full:
            return np.asarray(self.weight @ moments)
        return np.asarray(np.sqrt(self.weight)[..., None] * moments)


@dataclass(frozen=True)
class OrdinalFit:
    """A minimum.

    Attributes
    ----------
    reduced : ndarray, shape (…, n_reduced)
    parameters : ndarray, shape (…, n_free)
    chisq : ndarray, shape (…)
        Sum over groups of n − 1 times the weighted squared distance.
    converged : ndarray of bool, shape (…)
    n_iterations : int
    """

    reduced: FloatArray
    parameters: FloatArray
    chisq: FloatArray
    converged: NDArray[np.bool_]
    n_iterations: int


def weights(estimator: str, spread: FloatArray) -> tuple[FloatArray | None, bool]:
    """Give the ``weight`` and ``full`` of a sample whose moments have this covariance (q, q)."""
    if estimator == "ULS":
        return None, False
    if estimator == "DWLS":
        return 1.0 / np.diag(spread), False
    return np.asarray(np.linalg.inv(np.linalg.cholesky(spread))), True


def fit_ordinal(
    model: OrdinalModel,
    samples: Sequence[OrdinalSample],
    start: FloatArray,
    *,
    tolerance: float = 1e-15,
    max_iterations: int = 500,
) -> OrdinalFit:
    """Minimise the distance from ``start``, reduced parameters (n_reduced,)."""
    lead = samples[0].moments.shape[:-1]
    flat = [_flattened(sample) for sample in samples]

    def value(points: FloatArray, which: NDArray[np.intp]) -> FloatArray:
        return distance(model, [_picked(sample, which) for sample in flat], points)

    def slope(points: FloatArray, which: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        size = max(1, NUMBERS // (flat[0].moments.shape[1] * len(model.origin)))
        parts = [
            score(model, [_picked(sample, which[i : i + size]) for sample in flat],
                  points[i : i + size])
            for i in range(0, len(which), size)
        ]  # fmt: skip
        return np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts])

    found = descend(
        value,
        slope,
        np.tile(start, (len(flat[0].moments), 1)),
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    total = sum(sample.n for sample in samples)
    return OrdinalFit(
        reduced=found.point.reshape(*lead, -1),
        parameters=model.expand(found.point).reshape(*lead, -1),
        chisq=total * found.value.reshape(lead),
        converged=found.converged.reshape(lead),
        n_iterations=found.n_iterations,
    )


def _flattened(sample: OrdinalSample) -> OrdinalSample:
    return replace(sample, moments=sample.moments.reshape(-1, sample.moments.shape[-1]))


def _picked(sample: OrdinalSample, which: NDArray[np.intp]) -> OrdinalSample:
    if len(which) == len(sample.moments):
        return sample
    own = sample.weight is not None and not sample.full and sample.weight.ndim > 1
    return replace(
        sample,
        moments=sample.moments[which],
        weight=sample.weight[which] if own and sample.weight is not None else sample.weight,
    )


def distance(
    model: OrdinalModel, samples: Sequence[OrdinalSample], reduced: FloatArray
) -> FloatArray:
    """Distances (r,) of a stack of parameters (r, n_reduced), infinite where they imply none."""
    parameters = model.expand(reduced)
    total_n = sum(sample.n for sample in samples)
    total = np.zeros(len(reduced))
    for layout, sample in zip(model.layouts, samples, strict=True):
        rest = sample.moments - ordinal_implied(layout, parameters).moments
        white = sample.whiten(rest[..., None])[..., 0]
        total += (sample.n - 1.0) / total_n * (white**2).sum(axis=-1)
    return np.where(np.isfinite(total), total, np.inf)


def score(
    model: OrdinalModel, samples: Sequence[OrdinalSample], reduced: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (r, k) of half the distance, and Gauss and Newton's Hessian (r, k, k) of that."""
    parameters = model.expand(reduced)
    total_n = sum(sample.n for sample in samples)
    size = model.basis.shape[1]
    gradient = np.zeros((len(reduced), size))
    hessian = np.zeros((len(reduced), size, size))
    for layout, sample in zip(model.layouts, samples, strict=True):
        found = ordinal_implied(layout, parameters)
        change = sample.whiten(ordinal_slopes(layout, found) @ model.basis)
        rest = sample.whiten((sample.moments - found.moments)[..., None])
        share = (sample.n - 1.0) / total_n
        turned = change.mT
        gradient -= share * (turned @ rest)[..., 0]
        hessian += share * (turned @ change)
    return gradient, hessian


@dataclass(frozen=True)
class OrdinalUncertainty:
    """What standard errors and scaled statistics need.

    Attributes
    ----------
    naive, robust : ndarray, shape (n_free, n_free)
        Covariance of the free parameters: the inverse information, and the sandwich; of so
        many persons as there are beyond one a group, as lavaan counts them.
    traces : Traces
        Of the fitted model.
    rank : int
        Of the information (n_reduced, n_reduced); less than full where the model is not
        identified.
    """

    naive: FloatArray
    robust: FloatArray
    traces: Traces
    rank: int


def information_of(
    model: OrdinalModel, samples: Sequence[OrdinalSample], reduced: FloatArray
) -> FloatArray:
    """Give Δ'WΔ of reduced parameters (k,), summed over groups by their shares of persons."""
    parameters = model.expand(reduced)
    total = sum(sample.n for sample in samples)
    information = np.zeros((len(reduced), len(reduced)))
    for layout, sample in zip(model.layouts, samples, strict=True):
        change = ordinal_slopes(layout, ordinal_implied(layout, parameters)) @ model.basis
        white = sample.whiten(change)
        information += sample.n / total * (white.T @ white)
    return information


def uncertainty(
    model: OrdinalModel,
    samples: Sequence[OrdinalSample],
    spreads: Sequence[FloatArray],
    reduced: FloatArray,
) -> OrdinalUncertainty:
    """Compute covariances of the parameters (n_reduced,); ``spreads`` (q, q) are the moments'."""
    parameters = model.expand(reduced)
    total = sum(sample.n for sample in samples)
    groups = []
    information = np.zeros((len(reduced), len(reduced)))
    everything = np.arange(len(parameters))
    for layout, sample, spread in zip(model.layouts, samples, spreads, strict=True):
        change = sample.whiten(ordinal_slopes(layout, ordinal_implied(layout, parameters)))
        own = change @ model.basis
        information += sample.n / total * (own.T @ own)
        white = sample.whiten(sample.whiten(spread).T)
        groups.append(Whitened(slopes=change, spread=white, used=everything, n=sample.n))
    found = traces(groups, information, model.basis)
    inverse = np.linalg.pinv(information, hermitian=True)
    middle = inverse @ found.meat @ inverse
    persons = total - len(samples)
    return OrdinalUncertainty(
        naive=model.basis @ inverse @ model.basis.T / persons,
        robust=model.basis @ middle @ model.basis.T / persons,
        traces=found,
        rank=int(np.linalg.matrix_rank(_scaled(information), tol=1e-8, hermitian=True)),
    )


def _scaled(information: FloatArray) -> FloatArray:
    """Give the information a diagonal of one, so that units do not decide about its rank."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    return np.asarray(information / np.outer(scale, scale))


@dataclass(frozen=True)
class OrdinalBaseline:
    """The model in which nothing covaries: its statistic, degrees of freedom, and traces."""

    chisq: float
    df: int
    first: float
    second: float


def baseline(
    shapes: Sequence[Shape], samples: Sequence[OrdinalSample], spreads: Sequence[FloatArray]
) -> OrdinalBaseline:
    """Fit free thresholds, means and variances, without covariances, in every group."""
    chisq = first = second = 0.0
    df = 0
    for shape, sample, spread in zip(shapes, samples, spreads, strict=True):
        q, pairs = shape.n_moments, np.arange(shape.n_moments)[shape.pairs]
        held = np.isin(np.arange(q), pairs)
        # What is free spans some axes; in whitened moments the rest is what it leaves.
        free = sample.whiten(np.eye(q)[:, ~held])
        start = np.where(held, sample.moments, 0.0)
        axes, _ = np.linalg.qr(free)
        white = sample.whiten(start[:, None])[:, 0]
        white = white - axes @ (axes.T @ white)
        chisq += (sample.n - 1.0) * float(white @ white)
        covered = sample.whiten(sample.whiten(spread).T)
        covered = covered - axes @ (axes.T @ covered)
        first += float(np.trace(covered))
        second += float((covered * covered.T).sum())
        df += len(pairs)
    return OrdinalBaseline(chisq=chisq, df=df, first=first, second=second)


@dataclass(frozen=True)
class Adjusted:
    """A statistic adjusted to its distribution: it is χ²/``scaling`` + ``shift``."""

    chisq: float
    df: float
    scaling: float
    shift: float


def adjusted(chisq: float, df: float, first: float, second: float, test: str) -> Adjusted:
    """Adjust a statistic by tr(UΓ) and tr((UΓ)²).

    ``test`` is "satorra.bentler" (the mean), "mean.var.adjusted" (mean and variance, by the
    degrees of freedom) or "scaled.shifted" (mean and variance, by a shift).
    """
    if df <= 0:
        return Adjusted(chisq, df, np.nan, 0.0)
    if test == "scaled.shifted":
        factor = float(np.sqrt(df / second))
        shift = df - factor * first
        return Adjusted(chisq * factor + shift, df, 1.0 / factor, shift)
    new_df = first**2 / second if test == "mean.var.adjusted" else df
    scaling = first / new_df
    return Adjusted(chisq / scaling, new_df, scaling, 0.0)
