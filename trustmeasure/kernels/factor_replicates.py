"""Factor solutions of many similar correlation matrices at once: resamples, or halves.

Every replicate starts where the whole sample's solution is, so that a few Newton steps
extract all of them, and the rotation finds the minimum that belongs to the sample's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import LOWEST_UNIQUENESS, Method, extract
from trustmeasure.kernels.gradient_projection import ARRIVED, minimise
from trustmeasure.kernels.rotation import Rotated, Rotation, promax_axes, row_lengths

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MOST_STEPS = 25
PRECISION = 1e-7  # of the slope: far below what sampling does to a replicate
EMPTY = 1e-8  # of a factor's sum of squared loadings: it explains nothing
_CELLS = 2_000_000


@dataclass(frozen=True)
class Replicates:
    """Rotated solutions of a stack of matrices, factors in the sample's order and sign.

    Attributes
    ----------
    loadings : ndarray, shape (b, p, m)
    phi : ndarray, shape (b, m, m)
    usable : ndarray of bool, shape (b,)
        Whether extraction and rotation reached a minimum.
    """

    loadings: FloatArray
    phi: FloatArray
    usable: BoolArray


def replicate(
    correlations: FloatArray,
    unrotated: FloatArray,
    rotated: Rotated,
    method: Method,
    rotation: Rotation,
) -> Replicates:
    """Solve each of a stack (b, p, p), starting at the solution of the whole sample."""
    p, m = unrotated.shape
    step = max(1, _CELLS // (p * max(p, m * (p - m))))
    parts = [
        _replicate(correlations[i : i + step], unrotated, rotated, method, rotation)
        for i in range(0, len(correlations), step)
    ]
    return Replicates(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("loadings", "phi", "usable")
        )
    )


def matched(loadings: FloatArray, reference: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Assign columns (p, m) to those of a reference (p, r) by congruence; give their signs.

    The assignment has the largest possible sum of sizes of congruences.
    """
    from scipy.optimize import linear_sum_assignment

    likeness = congruences(loadings, reference)
    rows, columns = linear_sum_assignment(-np.abs(np.nan_to_num(likeness)))
    order = rows[np.argsort(columns)]
    signs = np.where(likeness[order, np.sort(columns)] < 0, -1.0, 1.0)
    return order.astype(np.intp), signs


def congruences(a: FloatArray, b: FloatArray) -> FloatArray:
    """Tucker's coefficients of columns (…, p, m) and (…, p, r): (…, m, r)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        one = a / np.sqrt((a**2).sum(axis=-2, keepdims=True))
        other = b / np.sqrt((b**2).sum(axis=-2, keepdims=True))
        return np.asarray(one.mT @ other)


def _replicate(
    correlations: FloatArray,
    unrotated: FloatArray,
    rotated: Rotated,
    method: Method,
    rotation: Rotation,
) -> Replicates:
    m = unrotated.shape[1]
    loadings, usable = extract_stack(correlations, unrotated, method)
    turned, phi, arrived = _rotate_stack(loadings, unrotated, rotated, rotation)
    likeness = np.diagonal(congruences(turned, rotated.loadings), axis1=1, axis2=2)
    with np.errstate(invalid="ignore"):
        apart = np.flatnonzero(~(likeness > np.sqrt(0.5)).all(axis=1))
    for b in apart:  # more than half in common is beyond doubt
        order, signs = matched(turned[b], rotated.loadings)
        turned[b] = turned[b][:, order] * signs
        phi[b] = phi[b][np.ix_(order, order)] * np.outer(signs, signs)
    phi[:, np.arange(m), np.arange(m)] = 1.0
    usable &= arrived & np.isfinite(turned).all(axis=(1, 2))
    return Replicates(turned, phi, usable)


def extract_stack(
    correlations: FloatArray, start: FloatArray, method: Method
) -> tuple[FloatArray, BoolArray]:
    """Extract unrotated loadings (b, p, m) of each matrix, from the loadings (p, m) of one."""
    m = start.shape[1]
    if method in ("alpha", "minrank"):
        found = np.zeros((len(correlations), *start.shape))
        usable = np.zeros(len(correlations), dtype=bool)
        rest = np.arange(len(correlations))
    else:
        psi = np.clip(1.0 - (start**2).sum(axis=1), LOWEST_UNIQUENESS, 1.0)
        found, usable = _newton(correlations, psi, m, likelihood=method == "ml")
        rest = np.flatnonzero(~usable)
    for b in rest:  # few, where Newton from elsewhere fails
        if np.linalg.eigvalsh(correlations[b])[0] < 1e-10 and method in ("ml", "minrank"):
            continue
        single = extract(correlations[b], m, method)
        found[b], usable[b] = single.loadings, single.converged
    return found, usable


def _newton(
    correlations: FloatArray, psi: FloatArray, m: int, *, likelihood: bool
) -> tuple[FloatArray, BoolArray]:
    """Take plain Newton steps on all uniquenesses; a replicate that they do not fit is left."""
    b, p, _ = correlations.shape
    x = np.broadcast_to(np.log(psi) if likelihood else psi, (b, p)).copy()
    low, high = (np.log(LOWEST_UNIQUENESS), 0.0) if likelihood else (LOWEST_UNIQUENESS, 1.0)
    found, done = np.zeros((b, p, m)), np.zeros(b, dtype=bool)
    left = np.arange(b)
    for _ in range(MOST_STEPS):
        gradient, hessian, loadings = _point(x[left], correlations[left], m, likelihood)
        held = ((x[left] <= low) & (gradient > 0)) | ((x[left] >= high) & (gradient < 0))
        gradient = np.where(held, 0.0, gradient)
        arrived = np.abs(gradient).max(axis=1) < PRECISION
        found[left[arrived]] = loadings[arrived]
        done[left[arrived]] = True
        going = ~arrived & np.isfinite(gradient).all(axis=1)
        left, gradient, hessian, held = left[going], gradient[going], hessian[going], held[going]
        if not left.size:
            break
        free = ~held[:, :, None] & ~held[:, None, :]
        hessian = np.where(free, hessian, np.eye(p))
        try:
            step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            break
        most = 1.0 if likelihood else 0.25
        x[left] = np.clip(x[left] - np.clip(step, -most, most), low, high)
    if not done.any():
        return found, done
    # Newton can end on a saddle or a hill: only a minimum counts.
    _, hessian, _ = _point(x[done], correlations[done], m, likelihood)
    inside = (x[done] > low) & (x[done] < high)
    both = inside[:, :, None] & inside[:, None, :]
    lowest = np.linalg.eigvalsh(np.where(both, hessian, np.eye(p)))[:, 0]
    done[np.flatnonzero(done)[lowest < -1e-8]] = False
    return found, done


def _point(
    x: FloatArray, correlations: FloatArray, m: int, likelihood: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Slope and curvature in the uniquenesses of a stack, and the best loadings there."""
    place = np.arange(x.shape[1])
    if likelihood:
        scale = np.exp(-0.5 * x)
        reduced = correlations * scale[:, :, None] * scale[:, None, :]
    else:
        reduced = correlations.copy()
        reduced[:, place, place] -= x
    values, vectors = np.linalg.eigh(reduced)
    low, high = values[:, :-m], values[:, -m:]
    rest, kept = vectors[:, :, :-m], vectors[:, :, -m:]
    gap = np.maximum(high[:, None, :] - low[:, :, None], 1e-10)
    inner = rest @ rest.mT
    if likelihood:
        gradient = ((rest**2) * (1.0 - low)[:, None, :]).sum(axis=2)
        hessian = inner * ((rest * low[:, None, :]) @ rest.mT)
        weight = (1.0 - low)[:, :, None] * (low[:, :, None] + high[:, None, :]) / gap
        size = np.sqrt(np.maximum(high - 1.0, 0.0))
        loadings = kept * size[:, None, :] / scale[:, :, None]
        spoiled = high[:, 0] <= 1.0
    else:
        gradient = -((rest**2) * low[:, None, :]).sum(axis=2)
        hessian = inner**2
        weight = -2.0 * low[:, :, None] / gap
        loadings = kept * np.sqrt(np.maximum(high, 0.0))[:, None, :]
        spoiled = high[:, 0] <= 0.0
    pairs = (rest[:, :, :, None] * kept[:, :, None, :]).reshape(len(x), x.shape[1], -1)
    hessian += (pairs * weight.reshape(len(x), 1, -1)) @ pairs.mT
    gradient[spoiled] = np.nan  # another factor fewer: not what these formulas are for
    return gradient, hessian, loadings[:, :, ::-1]


def _rotate_stack(
    loadings: FloatArray, unrotated: FloatArray, rotated: Rotated, rotation: Rotation
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Rotate each of a stack to the minimum nearest to the sample's."""
    b, p, m = loadings.shape
    criterion = rotation.criterion((p, m))
    if criterion is None:
        return loadings.copy(), np.tile(np.eye(m), (b, 1, 1)), np.ones(b, dtype=bool)
    # Fewer factors than the sample has cannot be rotated as its are.
    whole = np.linalg.eigvalsh(loadings.mT @ loadings)[:, 0] > EMPTY
    loadings = np.where(whole[:, None, None], loadings, unrotated)
    left, _, right = np.linalg.svd(loadings.mT @ unrotated)
    axes = rotated.axes
    if rotation.name == "promax":  # its varimax axes are those nearest to orthogonal ones
        outer, _, inner = np.linalg.svd(axes)
        axes = outer @ inner
    scale = row_lengths(loadings) if rotation.normalize else np.ones((b, p, 1))
    found = minimise(
        loadings / scale, (left @ right) @ axes, criterion, tolerance=1e-6, first_steps=2
    )
    turned, axes, arrived = found.loadings * scale, found.axes, found.size < 10 * ARRIVED
    if rotation.name == "promax":
        axes = promax_axes(found.loadings, axes, rotation.power)
        turned = loadings @ np.linalg.inv(axes).mT
    phi = axes.mT @ axes if criterion.oblique or rotation.name == "promax" else None
    if phi is None:
        phi = np.tile(np.eye(m), (b, 1, 1))
    return turned, phi, arrived & whole
