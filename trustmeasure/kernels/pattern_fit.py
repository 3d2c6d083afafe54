"""Full-information maximum likelihood of structural models: incomplete data by their patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import Descent, descend
from trustmeasure.kernels.incomplete import Pattern
from trustmeasure.kernels.moment_fit import Model, half_products
from trustmeasure.kernels.structural import Implied, Layout, implied, matrices, slopes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Groups = Sequence[Sequence[Pattern]]


def fit_patterns(
    model: Model,
    groups: Groups,
    start: FloatArray,
    *,
    tolerance: float = 1e-13,
    max_iterations: int = 500,
) -> Descent:
    """Maximise the likelihood of the patterns of each group from ``start`` (k,).

    The minimum's value is −2 log-likelihood a person, less the constant.
    """

    def value(points: FloatArray, _: IntArray) -> FloatArray:
        return np.array([deviance(model, groups, point) for point in points])

    def score(points: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        found = [gradient_and_information(model, groups, point) for point in points]
        return np.stack([one for one, _ in found]), np.stack([two for _, two in found])

    return descend(value, score, start[None], tolerance=tolerance, max_iterations=max_iterations)


def persons(groups: Groups) -> int:
    """Count everyone in all groups."""
    return sum(pattern.n for patterns in groups for pattern in patterns)


def deviance(model: Model, groups: Groups, reduced: FloatArray) -> float:
    """Give −2 log-likelihood a person, without the constant; infinite where Σ is none."""
    parameters = model.expand(reduced)
    total = 0.0
    for layout, patterns in zip(model.layouts, groups, strict=True):
        found = implied(matrices(layout, parameters))
        for pattern in patterns:
            part = _deviance(found, pattern)
            if not np.isfinite(part):
                return np.inf
            total += part
    return total / persons(groups)


def _deviance(found: Implied, pattern: Pattern) -> float:
    o = pattern.items
    spread = found.spread[np.ix_(o, o)]
    if not np.isfinite(spread).all():
        return np.inf
    try:
        root = np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:
        return np.inf
    white = np.linalg.inv(root)
    off = white @ (pattern.mean - found.mean[o])
    scatter = float(((white @ pattern.scatter) * white).sum())
    return pattern.n * (2.0 * float(np.log(np.diag(root)).sum()) + float(off @ off)) + scatter


def gradient_and_information(
    model: Model, groups: Groups, reduced: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (k,) of half the deviance, and its expected Hessian were data missing at random."""
    parameters = model.expand(reduced)
    gradient = np.zeros(len(parameters))
    information = np.zeros((len(parameters), len(parameters)))
    for layout, patterns in zip(model.layouts, groups, strict=True):
        own, cross, used = _group(layout, parameters, patterns)
        gradient[used] += own
        information[np.ix_(used, used)] += cross
    n = persons(groups)
    basis = model.basis
    return gradient @ basis / n, basis.T @ information @ basis / n


def _group(
    layout: Layout, parameters: FloatArray, patterns: Sequence[Pattern]
) -> tuple[FloatArray, FloatArray, IntArray]:
    found = implied(matrices(layout, parameters))
    change = slopes(layout, found)
    size = len(change.used)
    gradient, information = np.zeros(size), np.zeros((size, size))
    weight = change.weight
    for pattern in patterns:
        o = pattern.items
        white = np.linalg.inv(np.linalg.cholesky(found.spread[np.ix_(o, o)]))
        left, right = change.left[:, o] @ white.T, change.right[:, o] @ white.T
        means = change.mean[:, o] @ white.T
        off = white @ (pattern.mean - found.mean[o])
        scatter = white @ pattern.scatter @ white.T / pattern.n + np.outer(off, off)
        rest = scatter - np.eye(len(o))
        gradient -= pattern.n * (weight * ((left @ rest) * right).sum(axis=1) + means @ off)
        information += pattern.n * (
            weight[:, None] * weight * half_products(left, right) + means @ means.T
        )
    return gradient, information, change.used


def case_scores(
    model: Model, values: Sequence[FloatArray], reduced: FloatArray
) -> list[FloatArray]:
    """Give the derivatives (n, k) of each case's log-likelihood; data (n, p) a group, with NaN."""
    parameters = model.expand(reduced)
    found_scores = []
    for layout, data in zip(model.layouts, values, strict=True):
        found = implied(matrices(layout, parameters))
        change = slopes(layout, found)
        scores = np.zeros((len(data), len(parameters)))
        answered = ~np.isnan(data)
        kinds, which = np.unique(answered, axis=0, return_inverse=True)
        for number, kind in enumerate(kinds):
            o = np.flatnonzero(kind)
            rows = np.flatnonzero(which.ravel() == number)
            if not len(o):
                continue
            white = np.linalg.inv(np.linalg.cholesky(found.spread[np.ix_(o, o)]))
            left, right = change.left[:, o] @ white.T, change.right[:, o] @ white.T
            off = (data[np.ix_(rows, o)] - found.mean[o]) @ white.T
            expected = (left * right).sum(axis=1)
            part = change.weight * ((off @ left.T) * (off @ right.T) - expected)
            part += off @ (change.mean[:, o] @ white.T).T
            scores[np.ix_(rows, change.used)] += part
        found_scores.append(scores @ model.basis)
    return found_scores


def observed_information(
    model: Model, groups: Groups, reduced: FloatArray, *, step: float = 1e-5
) -> FloatArray:
    """Hessian (k, k) of half the deviance, by central differences of the gradient."""
    size = len(reduced)
    hessian = np.zeros((size, size))
    for j in range(size):
        move = np.zeros(size)
        move[j] = step * max(1.0, abs(reduced[j]))
        after, _ = gradient_and_information(model, groups, reduced + move)
        before, _ = gradient_and_information(model, groups, reduced - move)
        hessian[j] = (after - before) / (2 * move[j])
    return (hessian + hessian.T) / 2
