"""The crossed random-effects model of ratings with gaps, by restricted maximum likelihood.

y = μ + target + rater + error. Of the ratings the likelihood needs, for the targets with m
ratings each: how often two raters judged the same of them, and sums. So its cost depends on
the number of raters alone, not on that of targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.ratings import Components

FloatArray = NDArray[np.float64]

# Ratios of standard deviations to that of errors, from which the search begins.
_GRID = np.concatenate([[0.0], np.geomspace(0.03, 60.0, 22)])
_ZOOMS = 7


@dataclass(frozen=True)
class _Sums:
    """Sufficient statistics; the first axis of the last three runs over ``m``.

    Attributes
    ----------
    m, targets : ndarray, shape (sizes,)
        Ratings a target, and how many targets have as many.
    counts, sums : ndarray, shape (k,)
        Ratings of each rater, and their sum.
    square : float
        Sum of squares of all ratings.
    together : ndarray, shape (sizes, k, k)
        Targets that both raters judged.
    shared : ndarray, shape (sizes, k)
        Sum, over the targets that a rater judged, of the targets' totals.
    totals : ndarray, shape (sizes,)
        Sum of the squared totals of targets.
    """

    m: FloatArray
    targets: FloatArray
    counts: FloatArray
    sums: FloatArray
    square: float
    together: FloatArray
    shared: FloatArray
    totals: FloatArray


def crossed_components(values: FloatArray) -> Components:
    """Estimate the variances of ratings (n, k) with NaN; none of them is negative.

    Profiles the error variance and the mean out, and searches the ratios of the standard
    deviations of targets and raters to that of errors.
    """
    if values.shape[1] > values.shape[0]:  # the model is the same seen from either side
        turned = crossed_components(values.T)
        return Components(
            turned.raters, turned.targets, turned.error, turned.mean, converged=turned.converged
        )
    centre, scale = float(np.nanmean(values)), float(np.nanstd(values))
    sums = _sums((values - centre) / scale)

    found, converged = _search(sums)
    _, error, mean = _deviance(found, sums)
    error *= scale**2
    return Components(
        targets=float(found[0] ** 2 * error),
        raters=float(found[1] ** 2 * error),
        error=float(error),
        mean=centre + scale * mean,
        converged=converged,
    )


def _sums(values: FloatArray) -> _Sums:
    valid = ~np.isnan(values)
    answered = valid.astype(np.float64)
    x = np.where(valid, values, 0.0)
    per_target, total = answered.sum(axis=1), x.sum(axis=1)
    sizes, which, targets = np.unique(per_target, return_inverse=True, return_counts=True)
    groups = [answered[which == g] for g in range(len(sizes))]
    group_totals = [total[which == g] for g in range(len(sizes))]
    return _Sums(
        m=sizes,
        targets=targets.astype(np.float64),
        counts=answered.sum(axis=0),
        sums=x.sum(axis=0),
        square=float((x * x).sum()),
        together=np.stack([o.T @ o for o in groups]),
        shared=np.stack([o.T @ t for o, t in zip(groups, group_totals, strict=True)]),
        totals=np.array([float(t @ t) for t in group_totals]),
    )


def _deviance(ratio: FloatArray, sums: _Sums) -> tuple[float, float, float]:
    """Give the REML deviance less constants, the error variance, and the mean.

    With W the inverse covariance of errors and targets over the error variance,
    I − c 11' within a target of m ratings, c = θ / (1 + mθ); raters come in by Woodbury.
    """
    theta, phi = float(ratio[0]) ** 2, float(ratio[1]) ** 2
    c = theta / (1 + sums.m * theta)
    A = np.diag(sums.counts) - np.tensordot(c, sums.together, axes=1)  # Z'WZ
    b = sums.sums - c @ sums.shared  # Z'Wy
    whole = sums.square - float(c @ sums.totals)  # y'Wy
    k = len(b)
    ones = A.sum(axis=1)  # Z'W1, as 1 = Z 1
    mixed = np.eye(k) + phi * A
    solved = np.linalg.solve(mixed, np.column_stack([ones, b]))
    xx = float(ones.sum()) - phi * float(ones @ solved[:, 0])
    xy = float(b.sum()) - phi * float(ones @ solved[:, 1])
    yy = whole - phi * float(b @ solved[:, 1])
    n = float(sums.counts.sum())
    mean = xy / xx
    error = max((yy - xy * mean) / (n - 1), 1e-300)
    logdet = float((sums.targets * np.log1p(sums.m * theta)).sum())
    logdet += float(np.linalg.slogdet(mixed)[1])
    return (n - 1) * float(np.log(error)) + logdet + float(np.log(xx)), error, mean


def _search(sums: _Sums) -> tuple[FloatArray, bool]:
    """Find the ratios with the least deviance: on a grid, ever finer around its best point."""
    axes = [_GRID, _GRID]
    best = np.zeros(2)
    for _ in range(_ZOOMS):
        surface = _deviances(axes[0], axes[1], sums)
        place = divmod(int(surface.argmin()), surface.shape[1])
        best = np.array([axis[i] for axis, i in zip(axes, place, strict=True)])
        axes = [
            np.linspace(axis[max(i - 1, 0)], axis[min(i + 1, len(axis) - 1)], 9)
            for axis, i in zip(axes, place, strict=True)
        ]
    # Without error in the ratings the best ratio is the largest that is offered.
    return _polished(best, sums), bool((best < _GRID[-1]).all())


def _deviances(first: FloatArray, second: FloatArray, sums: _Sums) -> FloatArray:
    """Give `_deviance` for all pairs of ratios, shape (len(first), len(second)).

    The eigenvectors of Z'WZ, which depends on the first ratio alone, turn the solutions for
    all values of the second one into sums over k terms.
    """
    theta, phi = first[:, None] ** 2, second**2
    c = theta / (1 + sums.m * theta)
    A = np.diag(sums.counts) - np.tensordot(c, sums.together, axes=1)
    b = sums.sums - c @ sums.shared
    whole = sums.square - c @ sums.totals
    ones = A.sum(axis=2)
    values, vectors = np.linalg.eigh(A)
    values = np.maximum(values, 0.0)
    o, r = (np.einsum("gij,gi->gj", vectors, side)[:, None, :] for side in (ones, b))
    stretched = 1 + phi[None, :, None] * values[:, None, :]
    weight = phi[None, :, None] / stretched
    xx = ones.sum(axis=1)[:, None] - (weight * o * o).sum(axis=2)
    xy = b.sum(axis=1)[:, None] - (weight * o * r).sum(axis=2)
    yy = whole[:, None] - (weight * r * r).sum(axis=2)
    n = float(sums.counts.sum())
    error = np.maximum((yy - xy * xy / xx) / (n - 1), 1e-300)
    logdet = (sums.targets * np.log1p(sums.m * theta)).sum(axis=1)[:, None]
    surface: FloatArray = (
        (n - 1) * np.log(error) + logdet + np.log(stretched).sum(axis=2) + np.log(xx)
    )
    return surface


def _polished(point: FloatArray, sums: _Sums) -> FloatArray:
    """Take Newton's steps with numerical derivatives, where the search left digits behind."""
    free = np.flatnonzero(point > 1e-4)
    value = _deviance(point, sums)[0]
    for _ in range(4):
        if not len(free):
            break
        gradient, curvature = _derivatives(point, free, sums)
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            break
        moved = point.copy()
        moved[free] -= step
        if (moved < 0).any() or np.abs(step).max() > 1e-3:
            break
        reached = _deviance(moved, sums)[0]
        if reached > value + 1e-10 * abs(value):
            break
        point, value = moved, reached
    return point


def _derivatives(
    point: FloatArray, free: NDArray[np.intp], sums: _Sums
) -> tuple[FloatArray, FloatArray]:
    """Give central differences of the deviance, first and second."""
    size = 1e-4 * np.maximum(point[free], 1e-2)
    f = len(free)

    def at(*moves: tuple[int, float]) -> float:
        moved = point.copy()
        for which, by in moves:
            moved[free[which]] += by
        return _deviance(moved, sums)[0]

    centre = at()
    gradient, curvature = np.empty(f), np.empty((f, f))
    for i in range(f):
        up, down = at((i, size[i])), at((i, -size[i]))
        gradient[i] = (up - down) / (2 * size[i])
        curvature[i, i] = (up - 2 * centre + down) / size[i] ** 2
        for j in range(i):
            corners = [
                s * t * at((i, s * size[i]), (j, t * size[j])) for s in (1, -1) for t in (1, -1)
            ]
            curvature[i, j] = curvature[j, i] = sum(corners) / (4 * size[i] * size[j])
    return gradient, curvature
