"""Replicated moments, resampled or simulated, and structural models fitted to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.moment_fit import Estimator, Model, Sample, fit_moments

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Numbers held at a time while replicates are fitted.
NUMBERS = 4_000_000
# Half the squared distance to the minimum at which a replicate's search ends, in standard
# errors of one person: a thousandth of its own standard error or so.
TOLERANCE = 1e-11


@dataclass(frozen=True)
class Replicates:
    """Fits of b replicates.

    Attributes
    ----------
    parameters : ndarray, shape (b, n_free)
    discrepancy : ndarray, shape (b,)
    converged : ndarray of bool, shape (b,)
    """

    parameters: FloatArray
    discrepancy: FloatArray
    converged: NDArray[np.bool_]


def fit_replicates(
    model: Model, samples: Sequence[Sample], start: FloatArray, estimator: Estimator
) -> Replicates:
    """Fit a model to stacks of moments (b, p, p), from the same start.

    Replicates whose covariances have no inverse count as not converged.
    """
    usable = np.all([_invertible(sample.covariance) for sample in samples], axis=0)
    count = len(usable)
    parameters = np.full((count, len(model.origin)), np.nan)
    discrepancy, converged = np.full(count, np.nan), np.zeros(count, dtype=bool)
    p = samples[0].covariance.shape[-1]
    t = max(len(layout.used) for layout in model.layouts)
    size = max(1, NUMBERS // (t * t + 4 * t * p))
    places = np.flatnonzero(usable)
    for begin in range(0, len(places), size):
        which = places[begin : begin + size]
        found = fit_moments(
            model,
            [_picked(sample, which) for sample in samples],
            start,
            estimator,
            tolerance=TOLERANCE,
            max_iterations=200,
        )
        parameters[which], discrepancy[which] = found.parameters, found.discrepancy
        converged[which] = found.converged & np.isfinite(found.discrepancy)
    return Replicates(parameters, discrepancy, converged)


def _invertible(covariance: FloatArray) -> NDArray[np.bool_]:
    variances = np.diagonal(covariance, axis1=1, axis2=2)
    sd = np.sqrt(np.where(variances > 0, variances, 1.0))
    values = np.linalg.eigvalsh(covariance / (sd[:, :, None] * sd[:, None, :]))
    return np.asarray((values[:, 0] > 1e-10) & (variances > 0).all(axis=1))


def _picked(sample: Sample, which: IntArray) -> Sample:
    return Sample(
        sample.covariance[which], None if sample.mean is None else sample.mean[which], sample.n
    )


def resampled_moments(
    values: FloatArray,
    n_boot: int,
    rng: np.random.Generator,
    clusters: IntArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Give means (b, p) and covariances (b, p, p), divisor n, of resampled persons (n, p).

    With ``clusters`` whole clusters are drawn, as many as there are.
    """
    n, p = values.shape
    centre = values.mean(axis=0)
    x = values - centre
    rows, columns = np.tril_indices(p)
    moments = np.hstack([np.ones((n, 1)), x, x[:, rows] * x[:, columns]])
    if clusters is not None:
        _, places = np.unique(clusters, return_inverse=True)
        totals = np.zeros((int(places.max()) + 1, moments.shape[1]))
        np.add.at(totals, places, moments)
        moments = totals
    means, covariances = np.empty((n_boot, p)), np.empty((n_boot, p, p))
    step = max(1, NUMBERS // len(moments))
    for begin in range(0, n_boot, step):
        size = min(step, n_boot - begin)
        part = slice(begin, begin + size)
        sums = _counts(len(moments), size, rng) @ moments
        sums = sums[:, 1:] / sums[:, :1]
        mean = sums[:, :p]
        flat = sums[:, p:] - mean[:, rows] * mean[:, columns]
        means[part] = mean + centre
        covariances[part, rows, columns] = covariances[part, columns, rows] = flat
    return means, covariances


def drawn_rows(
    n: int, n_boot: int, rng: np.random.Generator, clusters: IntArray | None = None
) -> list[IntArray]:
    """Draw the rows of resampled persons, or of all persons of resampled clusters."""
    if clusters is None:
        return [rng.integers(0, n, size=n) for _ in range(n_boot)]
    order = np.argsort(clusters, kind="stable")
    _, first = np.unique(clusters[order], return_index=True)
    members = np.split(order, first[1:])
    return [
        np.concatenate([members[one] for one in rng.integers(0, len(members), size=len(members))])
        for _ in range(n_boot)
    ]


def _counts(n: int, size: int, rng: np.random.Generator) -> FloatArray:
    """Draw how often each case enters each of the replicates."""
    drawn = rng.integers(0, n, size=(size, n))
    drawn += np.arange(size)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def simulated_moments(
    spread: FloatArray, mean: FloatArray, n: int, size: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw means (b, p) and covariances (b, p, p), divisor n, of samples of normal data.

    Covariances have a Wishart distribution with n − 1 degrees of freedom, by Bartlett's
    decomposition: nothing depends on n but their spread.
    """
    p = len(spread)
    root = np.linalg.cholesky(spread)
    lower = np.zeros((size, p, p))
    rows, columns = np.tril_indices(p, -1)
    lower[:, rows, columns] = rng.standard_normal((size, len(rows)))
    own = np.arange(p)
    lower[:, own, own] = np.sqrt(rng.chisquare(n - 1 - own, size=(size, p)))
    turned = root @ lower
    covariances = turned @ turned.mT / n
    means = mean + rng.standard_normal((size, p)) @ root.T / np.sqrt(n)
    return means, covariances


def independence_discrepancy(covariance: FloatArray, given: IntArray) -> FloatArray:
    """Discrepancy (b,) of the model in which nothing but the given variables covaries (ML)."""
    p = covariance.shape[-1]
    outside = np.setdiff1d(np.arange(p), given)
    logs = np.log(covariance[:, outside, outside]).sum(axis=1)
    if len(given):
        inner = covariance[:, given[:, None], given[None, :]]
        logs = logs + np.linalg.slogdet(inner)[1]
    return np.asarray(logs - np.linalg.slogdet(covariance)[1])
