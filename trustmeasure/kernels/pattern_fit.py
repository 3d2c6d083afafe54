"""Full-information maximum likelihood of structural models: incomplete data by their patterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import Descent, descend
from trustmeasure.kernels.moment_fit import Model, half_products
from trustmeasure.kernels.pattern_moments import (
    PatternStack,
    Terms,
    deviance_of,
    moment_slopes,
    moment_vector,
    pattern_terms,
    stack_patterns,
    weighted_answers,
)
from trustmeasure.kernels.structural import (
    NAMES,
    Implied,
    Layout,
    Slopes,
    implied,
    matrices,
    slopes,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Groups = Sequence[PatternStack]


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


def fit_saturated(
    group: PatternStack, mean: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray, float, bool]:
    """Maximise the likelihood over all means and covariances, from a start.

    Gives mean, covariance, deviance in all (without its constant), and whether it converged.
    """
    p = len(mean)
    rows, columns = np.tril_indices(p)
    q = len(rows)

    def moments(point: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = np.zeros((p, p))
        found[rows, columns] = found[columns, rows] = point[:q]
        return found, point[q:]

    def value(points: FloatArray, _: IntArray) -> FloatArray:
        return np.array([deviance_of(group, *moments(point)) for point in points]) / group.n

    def score(points: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        found = [_terms(group, *moments(point)) for point in points]
        slope = np.stack([moment_vector(one) for one in found])
        return slope / group.n, np.stack([_known(one.expected) for one in found]) / group.n

    start = np.concatenate([_proper(spread)[rows, columns], mean])
    found = descend(value, score, start[None], tolerance=1e-13, max_iterations=100)
    covariance, centre = moments(found.point[0])
    return centre, covariance, float(found.value[0]) * group.n, bool(found.converged[0])


def _proper(spread: FloatArray) -> FloatArray:
    """Shrink pairwise correlations until they can be those of one population."""
    scale = np.sqrt(np.diag(spread))
    correlation = spread / np.outer(scale, scale)
    lowest = float(np.linalg.eigvalsh(correlation)[0])
    share = 0.0 if lowest > 0.01 else min(1.0, (0.02 - lowest) / (1.0 - lowest))
    shrunk = (1.0 - share) * correlation + share * np.eye(len(scale))
    return np.asarray(shrunk * np.outer(scale, scale))


def persons(groups: Groups) -> float:
    """Count everyone in all groups."""
    return sum(group.n for group in groups)


def deviance(model: Model, groups: Groups, reduced: FloatArray) -> float:
    """Give −2 log-likelihood a person, without the constant; infinite where Σ is none."""
    parameters = model.expand(reduced)
    total = 0.0
    for layout, group in zip(model.layouts, groups, strict=True):
        found = implied(matrices(layout, parameters))
        total += deviance_of(group, found.spread, found.mean)
        if not np.isfinite(total):
            return np.inf
    return total / persons(groups)


def gradient_of(model: Model, groups: Groups, reduced: FloatArray) -> FloatArray:
    """Gradient (k,) of half the deviance."""
    parameters = model.expand(reduced)
    gradient = np.zeros(len(parameters))
    for layout, group in zip(model.layouts, groups, strict=True):
        found = implied(matrices(layout, parameters))
        change = slopes(layout, found)
        terms = pattern_terms(group, found.spread, found.mean)
        if terms is None:
            raise np.linalg.LinAlgError("the implied covariance matrix has no inverse")
        spread = ((change.left @ terms.slope_spread) * change.right).sum(axis=-1)
        gradient[change.used] += 2.0 * change.weight * spread + change.mean @ terms.slope_mean
    return np.asarray(gradient @ model.basis / persons(groups))


def gradient_and_information(
    model: Model, groups: Groups, reduced: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradient (k,) of half the deviance, and its expected Hessian were data missing at random."""
    parameters = model.expand(reduced)
    gradient = np.zeros(len(parameters))
    information = np.zeros((len(parameters), len(parameters)))
    for layout, group in zip(model.layouts, groups, strict=True):
        found = implied(matrices(layout, parameters))
        change = slopes(layout, found)
        turn = moment_slopes(change)
        terms = _terms(group, found.spread, found.mean)
        gradient[change.used] += moment_vector(terms) @ turn
        information[np.ix_(change.used, change.used)] += turn.T @ _known(terms.expected) @ turn
    n = persons(groups)
    basis = model.basis
    return gradient @ basis / n, basis.T @ information @ basis / n


def _terms(
    group: PatternStack, spread: FloatArray, mean: FloatArray, *, observed: bool = False
) -> Terms:
    terms = pattern_terms(group, spread, mean, expected=not observed, observed=observed)
    if terms is None:
        raise np.linalg.LinAlgError("the implied covariance matrix has no inverse")
    return terms


def _known(matrix: FloatArray | None) -> FloatArray:
    if matrix is None:
        raise ValueError("this was not computed")
    return matrix


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
        if np.isfinite(data.sum()):
            scores[:, change.used] = _complete_scores(change, found, data)
            found_scores.append(scores @ model.basis)
            continue
        turned, layers = weighted_answers(stack_patterns(data), data, found.spread, found.mean)
        part = change.weight * ((turned @ change.left.T) * (turned @ change.right.T))
        part += turned @ change.mean.T
        p = data.shape[1]
        rows, columns = np.tril_indices(p)
        twice = np.where(rows == columns, 1.0, 2.0)
        half = moment_slopes(change)[: len(rows)] * (0.5 * twice)[:, None]
        for layer, inverses in layers:
            part[layer.rows] -= (inverses[:, rows, columns] @ half)[layer.which]
        scores[:, change.used] = part
        found_scores.append(scores @ model.basis)
    return found_scores


def _complete_scores(change: Slopes, found: Implied, data: FloatArray) -> FloatArray:
    """Give the scores (n, t) of cases who answered everything."""
    root = np.linalg.inv(np.linalg.cholesky(found.spread))
    white = (data - found.mean) @ root.T
    left, right = change.left @ root.T, change.right @ root.T
    part = (white @ left.T) * (white @ right.T)
    part -= (left * right).sum(axis=1)
    part *= change.weight
    if change.mean.any():
        part += white @ (change.mean @ root.T).T
    return np.asarray(part)


def observed_information(
    model: Model, groups: Groups, reduced: FloatArray, *, step: float = 1e-5
) -> FloatArray:
    """Hessian (k, k) of half the deviance.

    What the moments' curvature contributes is exact; the bend of the moments themselves, at
    the slope of the likelihood held fixed, is exact for loadings, and by central differences
    where slopes among latent variables are free.
    """
    parameters = model.expand(reduced)
    size = len(reduced)
    moves = np.diag(step * np.maximum(1.0, np.abs(reduced)))
    points = model.expand(np.concatenate([reduced + moves, reduced - moves]))
    curved = np.zeros((len(parameters), len(parameters)))
    bent = np.zeros((2 * size, len(parameters)))
    for layout, group in zip(model.layouts, groups, strict=True):
        found = implied(matrices(layout, parameters))
        change = slopes(layout, found)
        if _is_complete(group):
            terms = pattern_terms(group, found.spread, found.mean)
            if terms is None:
                raise np.linalg.LinAlgError("the implied covariance matrix has no inverse")
            own = _complete_curvature(group, change, found)
        else:
            turn = moment_slopes(change)
            terms = _terms(group, found.spread, found.mean, observed=True)
            own = turn.T @ _known(terms.observed) @ turn
        # Moments are linear in what is not a loading or a slope.
        if len(layout.places["beta"][2]):
            bent[:, change.used] += _slopes_at(layout, points, terms)
        elif len(layout.places["lambda"][2]):
            own = own + _bend_of_loadings(layout, parameters, terms)
        curved[np.ix_(change.used, change.used)] += own
    bend = (bent[:size] - bent[size:]) @ model.basis / (2 * np.diag(moves))[:, None]
    hessian = model.basis.T @ curved @ model.basis + (bend + bend.T) / 2
    return np.asarray(hessian / persons(groups))


def _is_complete(group: PatternStack) -> bool:
    return len(group.layers) == 1 and group.layers[0].missing.shape == (1, 0)


def _complete_curvature(group: PatternStack, change: Slopes, found: Implied) -> FloatArray:
    """Give the curvature (t, t) of one complete pattern, from the vectors of the derivatives."""
    layer = group.layers[0]
    n = float(layer.n[0])
    root = np.linalg.inv(np.linalg.cholesky(found.spread))
    left, right, means = (part @ root.T for part in (change.left, change.right, change.mean))
    off = root @ (layer.mean[0] - found.mean)
    spread = np.outer(off, off)
    if len(layer.scatter):
        spread = spread + root @ layer.scatter[0] @ root.T / n
    by = left @ spread, right @ spread
    around = (right @ left.T) * (by[0] @ right.T) + (right @ right.T) * (by[0] @ left.T)
    around += (left @ left.T) * (by[1] @ right.T) + (left @ right.T) * (by[1] @ left.T)
    weight = change.weight
    curved = weight[:, None] * weight * (around - half_products(left, right))
    mixed = weight[:, None] * (
        (right @ off)[:, None] * (left @ means.T) + (left @ off)[:, None] * (right @ means.T)
    )
    return np.asarray(n * (curved + mixed + mixed.T + means @ means.T))


def _bend_of_loadings(layout: Layout, parameters: FloatArray, terms: Terms) -> FloatArray:
    """Give what the bend of the moments adds (t, t) where loadings are free, but no slopes."""
    parts = matrices(layout, parameters)
    through = np.linalg.inv(np.eye(len(parts["beta"])) - parts["beta"])
    latent = through @ parts["psi"] @ through.T
    pull = terms.slope_spread
    turned = pull @ parts["lambda"] @ through
    i, j, _ = layout.places["lambda"]
    at, begin = {}, 0
    for name in NAMES:
        at[name] = slice(begin, begin + len(layout.places[name][2]))
        begin = at[name].stop
    found = np.zeros((begin, begin))
    found[at["lambda"], at["lambda"]] = 2.0 * pull[np.ix_(i, i)] * latent[np.ix_(j, j)]
    k, m, _ = layout.places["psi"]
    across = through[np.ix_(j, k)] * turned[np.ix_(i, m)]
    across = across + through[np.ix_(j, m)] * turned[np.ix_(i, k)]
    found[at["lambda"], at["psi"]] = 2.0 * np.where(k == m, 0.5, 1.0) * across
    means, _, _ = layout.places["alpha"]
    found[at["lambda"], at["alpha"]] = terms.slope_mean[i][:, None] * through[np.ix_(j, means)]
    for name in ("psi", "alpha"):
        found[at[name], at["lambda"]] = found[at["lambda"], at[name]].T
    return found


def _slopes_at(layout: Layout, points: FloatArray, terms: Terms) -> FloatArray:
    """Slopes (s, t) of the likelihood at points (s, n_free), as if linear in the moments."""
    change = slopes(layout, implied(matrices(layout, points)))
    spread = 2.0 * change.weight * ((change.left @ terms.slope_spread) * change.right).sum(axis=-1)
    return np.asarray(spread + change.mean @ terms.slope_mean)
