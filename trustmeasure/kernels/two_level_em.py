"""Free covariance matrices of clustered data by EM, for where the maximum is at the edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.two_level import (
    ClusterMoments,
    TwoLevelFit,
    evaluate,
    loglik,
    moment_estimates,
    overall,
)

FloatArray = NDArray[np.float64]


def fit_saturated_proper(
    data: ClusterMoments, *, tolerance: float = 1e-6, max_iterations: int = 10_000
) -> TwoLevelFit:
    """Maximise the likelihood of free matrices by EM, which keeps both positive semidefinite.

    For data whose likelihood has no maximum that `fit_two_level` could find: the maximum then
    lies where Σ_b is singular. It has no standard errors there.
    """
    centre, sd = overall(data)
    standard = data.scaled(centre, sd)
    within, between = moment_estimates(standard)
    values, vectors = np.linalg.eigh(between)
    between = (vectors * np.maximum(values, 0.05)) @ vectors.T
    mean, converged, rounds = np.zeros(data.p), False, 0
    while rounds < max_iterations and not converged:
        rounds += 1
        new_within, new_between, mean = _em_step(standard, within, between, mean)
        change = max(np.abs(new_within - within).max(), np.abs(new_between - between).max())
        within, between = new_within, new_between
        converged = bool(change < tolerance)
    found = evaluate(standard, within, between)
    square, lower = np.outer(sd, sd), np.tril_indices(data.p)
    value = np.nan if found is None else found.value
    theta = np.concatenate([(within * square)[lower], (between * square)[lower]])
    return TwoLevelFit(
        theta=theta,
        covariance=np.full((len(theta), len(theta)), np.nan),
        mean=centre + sd * mean,
        within=within * square,
        between=between * square,
        loglik=loglik(data, value, sd),
        converged=converged,
        n_iterations=rounds,
    )


def _em_step(
    data: ClusterMoments, within: FloatArray, between: FloatArray, mean: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Replace the clusters' parts by what is expected of them, and estimate from that."""
    sizes, counts = data.sizes[:, None, None], data.counts[:, None, None]
    pull = np.asarray(between @ np.linalg.inv(between + within / sizes))  # (s, p, p)
    left = between - pull @ between
    off = data.means - mean
    spread = data.scatter + counts * off[:, :, None] * off[:, None, :]
    rest = np.eye(data.p) - pull
    own = rest @ spread @ rest.mT + counts * left
    shared = pull @ spread @ pull.mT + counts * left
    weight = data.counts * data.sizes / data.n
    shift = weight @ np.einsum("sij,sj->si", rest, off)
    new_within = (data.within + (sizes * own).sum(axis=0)) / data.n - np.outer(shift, shift)
    return new_within, shared.sum(axis=0) / data.n_clusters, mean + shift
