"""Normal-theory moments of incomplete data: full-information maximum likelihood.

Persons with the same items answered share everything that the likelihood needs, so each
pattern of answers enters once, by its count, means and scatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.pattern_moments import answer_kinds

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """Persons who answered the same items.

    Attributes
    ----------
    items : ndarray of int
        Positions of the items answered.
    n : int
    mean : ndarray, shape (len(items),)
    scatter : ndarray, shape (len(items), len(items))
        Sums of squares and products around the mean.
    """

    items: NDArray[np.intp]
    n: int
    mean: FloatArray
    scatter: FloatArray


@dataclass(frozen=True)
class NormalMoments:
    """Maximum-likelihood mean (p,) and covariance (p, p), which divides by n."""

    mean: FloatArray
    covariance: FloatArray
    loglik: float
    converged: bool
    n_iterations: int


def patterns(values: FloatArray) -> list[Pattern]:
    """Sort persons (n, p) by which items they answered; who answered none is left out."""
    answered = ~np.isnan(values)
    kinds, which, counts = answer_kinds(answered)
    order = np.argsort(which, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(counts)])
    found = []
    for number, kind in enumerate(kinds):
        if not kind.any():
            continue
        block = values[order[bounds[number] : bounds[number + 1]]][:, kind]
        mean = block.mean(axis=0)
        centred = block - mean
        found.append(Pattern(np.flatnonzero(kind), len(block), mean, centred.T @ centred))
    return found


def normal_moments(
    values: FloatArray, *, tolerance: float = 1e-9, max_iter: int = 5000
) -> NormalMoments:
    """Maximise the likelihood of normal data with NaN by the EM algorithm, extrapolated.

    Each round makes two EM steps and goes on along their difference (Varadhan & Roland,
    2008) where that raises the likelihood.
    """
    groups = patterns(values)
    p = values.shape[1]
    scale = np.nanstd(values, axis=0)
    centre = np.nanmean(values, axis=0)
    point = _pack(np.zeros(p), np.eye(p))
    standard = [
        Pattern(
            g.items,
            g.n,
            (g.mean - centre[g.items]) / scale[g.items],
            g.scatter / np.outer(scale[g.items], scale[g.items]),
        )
        for g in groups
    ]
    converged, rounds = False, 0
    while not converged and rounds < max_iter:
        rounds += 1
        first, _ = _em_step(point, standard, p)
        second, level = _em_step(first, standard, p)
        one, two = first - point, second - 2 * first + point
        converged = bool(np.abs(second - first).max() < tolerance)
        length = np.sqrt((one @ one) / np.maximum(two @ two, 1e-300))
        leap = point + 2 * length * one + length**2 * two
        after, reached = _em_step(leap, standard, p)
        point = after if reached >= level else second
    mean, covariance = _unpack(point, p)
    loglik = _loglik(point, standard, p) - sum(g.n * np.log(scale[g.items]).sum() for g in groups)
    return NormalMoments(
        mean=centre + scale * mean,
        covariance=covariance * np.outer(scale, scale),
        loglik=float(loglik),
        converged=converged,
        n_iterations=rounds,
    )


def _pack(mean: FloatArray, covariance: FloatArray) -> FloatArray:
    return np.concatenate([mean, covariance[np.tril_indices(len(mean))]])


def _unpack(point: FloatArray, p: int) -> tuple[FloatArray, FloatArray]:
    covariance = np.zeros((p, p))
    covariance[np.tril_indices(p)] = point[p:]
    return point[:p], covariance + np.tril(covariance, -1).T


def _em_step(point: FloatArray, groups: list[Pattern], p: int) -> tuple[FloatArray, float]:
    """Give the expected moments given the point, and the log-likelihood of the point itself."""
    mean, covariance = _unpack(point, p)
    total, products, n, level = np.zeros(p), np.zeros((p, p)), 0, 0.0
    for group in groups:
        o = group.items
        m = np.setdiff1d(np.arange(p), o, assume_unique=True)
        try:
            root = np.linalg.cholesky(covariance[np.ix_(o, o)])
        except np.linalg.LinAlgError:
            return point, -np.inf
        inverse = np.linalg.inv(root)
        precision = inverse.T @ inverse
        off = group.mean - mean[o]
        scatter = group.scatter + group.n * np.outer(off, off)
        level -= group.n * np.log(np.diag(root)).sum() + 0.5 * (precision * scatter).sum()
        slopes = covariance[np.ix_(m, o)] @ precision
        filled = np.zeros(p)
        filled[o], filled[m] = off, slopes @ off
        total += group.n * filled
        products[np.ix_(o, o)] += scatter
        across = slopes @ scatter
        products[np.ix_(m, o)] += across
        products[np.ix_(o, m)] += across.T
        rest = covariance[np.ix_(m, m)] - slopes @ covariance[np.ix_(o, m)]
        products[np.ix_(m, m)] += across @ slopes.T + group.n * rest
        n += group.n
    shift = total / n
    return _pack(mean + shift, products / n - np.outer(shift, shift)), level


def _loglik(point: FloatArray, groups: list[Pattern], p: int) -> float:
    constant = sum(g.n * len(g.items) for g in groups) * np.log(2 * np.pi) / 2
    return float(_em_step(point, groups, p)[1] - constant)
