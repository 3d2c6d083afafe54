"""Structural models of two levels: maximum likelihood by scoring, from cluster moments.

Variables may lie on both levels, vary between persons of a cluster alone, or belong to clusters.
The deviations of persons from their cluster's mean have the covariance Σ_w. The vector of a
cluster of n_j persons, means of its persons and what belongs to the cluster itself, has

    V_j = Σ_b + Σ_w / n_j,    μ = μ_w + μ_b,

each matrix filled with zeros where a level lacks a variable. To the likelihood these are as many
independent groups as there are cluster sizes, and one of deviations, whose parameters are shared
(McDonald & Goldstein, 1989). Derivatives are those of a structural model on each level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import descend
from trustmeasure.kernels.moment_fit import Model, half_products
from trustmeasure.kernels.structural import (
    Implied,
    Layout,
    Slopes,
    implied,
    matrices,
    slopes,
)
from trustmeasure.kernels.two_level import EDGE, ClusterMoments

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LOG_2PI = float(np.log(2 * np.pi))
# Numbers that a stack of points may take at once.
ROOM = 4_000_000


@dataclass(frozen=True)
class TwoLevelModel:
    """A model with two layouts, within before between, and where their variables stand.

    ``within`` and ``between`` are places among the p variables of the data.
    """

    model: Model
    within: IntArray
    between: IntArray


@dataclass(frozen=True)
class TwoLevelMaximum:
    """A maximum: reduced parameters (k,), and the unit information observed there (k, k).

    ``deviance`` is −2 ln L, without the constants that `loglik` adds, over the persons.
    """

    reduced: FloatArray
    deviance: float
    information: FloatArray
    converged: bool
    n_iterations: int


@dataclass(frozen=True)
class _Terms:
    """The likelihood at r points, and its derivatives in the matrices of each level.

    ``value`` (r,), ``inner`` Σ_w⁻¹, ``whole`` V_s (r, s, p, p) and its ``inverse``; ``off`` is
    the sample's means less the implied ones (r, s, p).
    """

    parts: tuple[Implied, Implied]
    value: FloatArray
    inner: FloatArray
    inverse: FloatArray
    off: FloatArray


def fit_two_level_model(
    model: TwoLevelModel,
    data: ClusterMoments,
    start: FloatArray,
    *,
    observed: bool = True,
    max_iterations: int = 500,
) -> TwoLevelMaximum:
    """Maximise the likelihood from ``start`` (k,) by scoring, then by Newton's method.

    Σ_b is not bound to be positive definite. As in `two_level`, the search stays where the
    likelihood has an end. ``observed`` says which information is given, and the last steps are
    taken with.
    """
    found = descend(
        lambda points, _: deviance(model, data, points),
        lambda points, _: score(model, data, points),
        start[None],
        tolerance=1e-12,
        max_iterations=max_iterations,
    )
    point, converged = found.point[0], bool(found.converged[0])

    def information(at: FloatArray) -> FloatArray:
        return (
            observed_information(model, data, at)
            if observed
            else score(model, data, at[None])[1][0]
        )

    known = information(point)
    if converged:
        polished = _polished(model, data, point, known)
        if np.abs(polished - point) @ np.sqrt(np.abs(np.diag(known))) > 1e-8:
            known = information(polished)
        point = polished
    return TwoLevelMaximum(
        reduced=point,
        deviance=float(deviance(model, data, point[None])[0]),
        information=known,
        converged=converged,
        n_iterations=found.n_iterations,
    )


def _polished(
    model: TwoLevelModel, data: ClusterMoments, point: FloatArray, information: FloatArray
) -> FloatArray:
    """Take the last steps; differences of the likelihood are below its rounding by then."""
    if not len(point) or np.linalg.eigvalsh(information)[0] <= 0:
        return point
    before = 1e-6
    for _ in range(12):
        slope = gradient(model, data, point[None])[0]
        step = -np.linalg.solve(information, slope)
        size = -float(slope @ step)
        if not 1e-24 < size < before:
            break
        point, before = point + step, size / 2
    return point


def loglik(data: ClusterMoments, deviance: float, n_within: int) -> float:
    """Give ln L of all answers; ``n_within`` variables are person by person."""
    between = data.p - n_within
    answers = data.n * n_within + data.n_clusters * between
    return -0.5 * (free_deviance(data, deviance, n_within) + LOG_2PI * answers)


def free_deviance(data: ClusterMoments, deviance: float, n_within: int) -> float:
    """Give −2 ln L but for the constant of the normal density."""
    return data.n * deviance + n_within * float(data.counts @ np.log(data.sizes))


def deviance(model: TwoLevelModel, data: ClusterMoments, reduced: FloatArray) -> FloatArray:
    """Give −2 ln L a person at points (r, k); infinite where a matrix is no covariance."""
    return _terms(model, data, model.model.expand(reduced)).value


def gradient(model: TwoLevelModel, data: ClusterMoments, reduced: FloatArray) -> FloatArray:
    """Give the slopes (r, k) of half the deviance."""
    parameters = model.model.expand(reduced)
    found = _terms(model, data, parameters)
    changes = _changes(model, found)
    return _gradient(model, data, found, changes, parameters.shape[-1]) @ model.model.basis


def score(
    model: TwoLevelModel, data: ClusterMoments, reduced: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the slopes (r, k) of half the deviance, and what its Hessian is expected to be."""
    parameters = model.model.expand(reduced)
    n_free = parameters.shape[-1]
    found = _terms(model, data, parameters)
    changes = _changes(model, found)
    basis = model.model.basis
    slope = _gradient(model, data, found, changes, n_free) @ basis
    information = _information(model, data, found, changes, n_free)
    return slope, basis.T @ information @ basis


def observed_information(
    model: TwoLevelModel, data: ClusterMoments, reduced: FloatArray
) -> FloatArray:
    """Give the Hessian (k, k) of half the deviance at one point.

    Differences of the slopes, with an error of fourth order in steps of a thousandth of what
    one person tells of a parameter.
    """
    k = len(reduced)
    _, expected = score(model, data, reduced[None])
    own = np.diagonal(expected[0])
    step = 1e-3 / np.sqrt(np.maximum(own, 1e-6 * max(float(own.max(initial=0.0)), 1e-12)))
    sides = np.array([-2.0, -1.0, 1.0, 2.0])
    points = (reduced + sides[:, None, None] * np.diag(step)).reshape(-1, k)
    room = max(1, ROOM // max(1, len(data.sizes) * data.p**2 + model.model.layouts[0].n_free * 8))
    found = np.concatenate(
        [gradient(model, data, points[i : i + room]) for i in range(0, len(points), room)]
        or [np.zeros((0, k))]
    ).reshape(4, k, k)
    far_low, low, high, far_high = found
    hessian = (far_low - far_high + 8.0 * (high - low)) / (12.0 * step[:, None])
    return np.asarray((hessian + hessian.T) / 2)


def cluster_scores(
    model: TwoLevelModel, values: FloatArray, codes: IntArray, reduced: FloatArray
) -> FloatArray:
    """Give the slopes (J, k) of each cluster's log-likelihood.

    ``values`` (n, p) are the answers, and ``codes`` the clusters, numbered without gaps.
    """
    layout = model.model.layouts
    parameters = model.model.expand(reduced[None])
    parts = tuple(implied(matrices(one, parameters)) for one in layout)
    w, b = model.within, model.between
    size = np.bincount(codes).astype(np.float64)
    sums = np.zeros((len(size), values.shape[1]))
    np.add.at(sums, codes, values)
    means = sums / size[:, None]
    apart = (values - means[codes])[:, w]
    inner = np.linalg.inv(parts[0].spread[0])
    white = apart @ inner
    own = np.zeros((len(size), len(w), len(w)))
    np.add.at(own, codes, white[:, :, None] * white[:, None, :])
    sizes, which = np.unique(size, return_inverse=True)
    inverse = np.linalg.inv(cluster_covariances(model, (parts[0], parts[1]), sizes)[0])[which]
    off = means - cluster_mean(model, (parts[0], parts[1]), values.shape[1])[0]
    pulled = (inverse @ off[:, :, None])[..., 0]
    shared = 0.5 * (pulled[:, :, None] * pulled[:, None, :] - inverse)
    within = 0.5 * (own - (size - 1.0)[:, None, None] * inner)
    within += shared[:, w[:, None], w] / size[:, None, None]
    between = shared[:, b[:, None], b]
    total = np.zeros((len(size), parameters.shape[-1]))
    for one, part, pull, at in zip(layout, parts, (within, between), (w, b), strict=True):
        change = slopes(one, part)
        flat = change.spread()[0].reshape(len(change.used), -1)
        total[:, change.used] += pull.reshape(len(size), -1) @ flat.T
        total[:, change.used] += pulled[:, at] @ change.mean[0].T
    return np.asarray(total @ model.model.basis)


def saturated_model(n_variables: int, within: IntArray, between: IntArray) -> TwoLevelModel:
    """Give the model whose parameters are the moments of both levels.

    First the triangle of Σ_w and the means of what is within alone, then the triangle of Σ_b
    and the means of the rest.
    """
    alone = ~np.isin(within, between)
    n_first = len(within) * (len(within) + 1) // 2 + int(alone.sum())
    n_free = n_first + len(between) * (len(between) + 1) // 2 + len(between)
    everywhere = np.ones(len(between), dtype=bool)
    layouts = (
        _saturated_layout(len(within), alone, 0, n_free),
        _saturated_layout(len(between), everywhere, n_first, n_free),
    )
    return TwoLevelModel(Model(layouts, np.eye(n_free), np.zeros(n_free)), within, between)


def _saturated_layout(p: int, with_mean: NDArray[np.bool_], begin: int, n_free: int) -> Layout:
    rows, columns = np.tril_indices(p)
    none = np.zeros(0, dtype=np.intp)
    at = np.flatnonzero(with_mean)
    zeros = np.zeros((p, p))
    return Layout(
        fixed={
            "lambda": np.eye(p), "theta": zeros, "psi": zeros, "beta": zeros,
            "nu": np.zeros(p), "alpha": np.zeros(p),
        },
        places={
            "lambda": (none, none, none),
            "theta": (none, none, none),
            "psi": (rows, columns, begin + np.arange(len(rows))),
            "beta": (none, none, none),
            "nu": (at, np.zeros_like(at), begin + len(rows) + np.arange(len(at))),
            "alpha": (none, none, none),
        },
        n_free=n_free,
    )  # fmt: skip


def _terms(model: TwoLevelModel, data: ClusterMoments, parameters: FloatArray) -> _Terms:
    parts = tuple(implied(matrices(one, parameters)) for one in model.model.layouts)
    both = (parts[0], parts[1])
    w = model.within
    spread, whole = both[0].spread.copy(), cluster_covariances(model, both, data.sizes)
    mean = cluster_mean(model, both, data.p)
    proper = np.isfinite(whole).all(axis=(1, 2, 3)) & np.isfinite(mean).all(axis=1)
    spread[~proper], whole[~proper] = np.eye(len(w)), np.eye(data.p)
    try:
        own_root, roots = np.linalg.cholesky(spread), np.linalg.cholesky(whole)
    except np.linalg.LinAlgError:
        proper &= _definite(spread) & _definite(whole).all(axis=1)
        spread[~proper], whole[~proper] = np.eye(len(w)), np.eye(data.p)
        own_root, roots = np.linalg.cholesky(spread), np.linalg.cholesky(whole)
    inner: FloatArray = np.asarray(np.linalg.inv(spread), dtype=np.float64)
    inverse: FloatArray = np.asarray(np.linalg.inv(whole), dtype=np.float64)
    # The largest of (the persons' share of a cluster's mean) over (its variance) runs away
    # where the likelihood has no end.
    root = own_root / np.sqrt(data.sizes[-1])
    relative = root.mT @ inverse[:, -1][:, w[:, None], w] @ root
    proper &= np.linalg.eigvalsh(relative)[:, -1] < 1 / EDGE
    off = data.means - mean[:, None]
    share = data.counts / data.n
    scatter = data.scatter / data.counts[:, None, None]
    by_size = _logdets(roots) + np.einsum("rsij,sji->rs", inverse, scatter)
    by_size += np.einsum("rsi,rsij,rsj->rs", off, inverse, off)
    apart = (data.n - data.n_clusters) / data.n
    value = apart * _logdets(own_root) + by_size @ share
    value += np.einsum("rij,ji->r", inner, data.within[np.ix_(w, w)]) / data.n
    return _Terms(both, np.where(proper, value, np.inf), inner, inverse, off)


def _definite(matrix: FloatArray) -> NDArray[np.bool_]:
    values = np.linalg.eigvalsh(matrix)
    return np.asarray(values[..., 0] > 1e-14 * values[..., -1])


def _logdets(roots: NDArray[Any]) -> FloatArray:
    """Give log determinants from Cholesky roots."""
    return np.asarray(2.0 * np.log(roots.diagonal(axis1=-2, axis2=-1)).sum(axis=-1))


def cluster_covariances(
    model: TwoLevelModel, parts: tuple[Implied, Implied], sizes: FloatArray
) -> FloatArray:
    """Give the covariances of clusters' vectors (r, s, p, p) for each size."""
    w, b = model.within, model.between
    p = int(max(w.max(initial=-1), b.max(initial=-1))) + 1
    whole = np.zeros((len(parts[0].spread), len(sizes), p, p))
    whole[..., w[:, None], w] += parts[0].spread[:, None] / sizes[:, None, None]
    whole[..., b[:, None], b] += parts[1].spread[:, None]
    return whole


def cluster_mean(model: TwoLevelModel, parts: tuple[Implied, Implied], p: int) -> FloatArray:
    """Give the means of clusters' vectors (r, p)."""
    mean = np.zeros((len(parts[0].mean), p))
    mean[:, model.within] += parts[0].mean
    mean[:, model.between] += parts[1].mean
    return mean


def _changes(model: TwoLevelModel, found: _Terms) -> tuple[Slopes, Slopes]:
    within, between = model.model.layouts
    return slopes(within, found.parts[0]), slopes(between, found.parts[1])


def _gradient(
    model: TwoLevelModel,
    data: ClusterMoments,
    found: _Terms,
    changes: tuple[Slopes, Slopes],
    n_free: int,
) -> FloatArray:
    w, b = model.within, model.between
    share = data.counts / data.n
    scatter = data.scatter / data.counts[:, None, None]
    pulled = (found.inverse @ found.off[..., None])[..., 0]
    rest = found.inverse - found.inverse @ scatter @ found.inverse
    rest -= pulled[..., :, None] * pulled[..., None, :]
    between = 0.5 * np.einsum("s,rsij->rij", share, rest)
    within = 0.5 * np.einsum("s,rsij->rij", share / data.sizes, rest)[:, w[:, None], w]
    apart = data.n - data.n_clusters
    own = apart * found.inner - found.inner @ data.within[np.ix_(w, w)] @ found.inner
    within = within + 0.5 / data.n * own
    mean = -np.einsum("s,rsi->ri", share, pulled)
    total = np.zeros((len(mean), n_free))
    pulls = (within, between[:, b[:, None], b])
    for change, pull, at in zip(changes, pulls, (w, b), strict=True):
        part = 2.0 * change.weight * ((change.left @ pull) * change.right).sum(axis=-1)
        part = part + (change.mean @ mean[:, at, None])[..., 0]
        total[:, change.used] += part
    return total


def _information(
    model: TwoLevelModel,
    data: ClusterMoments,
    found: _Terms,
    changes: tuple[Slopes, Slopes],
    n_free: int,
) -> FloatArray:
    """Sum what deviations and clusters of each size tell."""
    first, second = changes
    information = np.zeros((len(found.value), n_free, n_free))
    # Whitening by any root of the inverse serves.
    root = np.linalg.cholesky(found.inner)
    cross = half_products(first.left @ root, first.right @ root)
    apart = (data.n - data.n_clusters) / data.n
    used = first.used
    weight = first.weight[:, None] * first.weight
    information[:, used[:, None], used] += apart * weight * cross
    count = len(first.used)
    used = np.concatenate([first.used, second.used])
    left, right, mean = (
        _embedded(model, getattr(first, name), getattr(second, name), data.p)
        for name in ("left", "right", "mean")
    )
    weights = np.concatenate([first.weight, second.weight])
    roots = np.linalg.cholesky(found.inverse)
    for s, size in enumerate(data.sizes):
        scaled = weights.copy()
        scaled[:count] /= size
        by = roots[:, s]
        part = scaled[:, None] * scaled * half_products(left @ by, right @ by)
        means = mean @ by
        part = part + means @ means.mT
        information[:, used[:, None], used] += data.counts[s] / data.n * part
    return information


def _embedded(model: TwoLevelModel, first: FloatArray, second: FloatArray, p: int) -> FloatArray:
    """Put vectors (r, t, ·) of both levels among all variables, (r, t₁ + t₂, p)."""
    count = first.shape[1]
    whole = np.zeros((len(first), count + second.shape[1], p))
    whole[:, :count, model.within] = first
    whole[:, count:, model.between] = second
    return whole
