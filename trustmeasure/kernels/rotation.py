"""Rotation of factors to simple structure: varimax, promax, oblimin; and their order and sign.

Oblimin follows the gradient projection algorithm (Jennrich 2002; Bernaards & Jennrich
2005), written for a stack of starts that move together, so that looking for a better
minimum costs little more than finding one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import column_signs

FloatArray = NDArray[np.float64]
RotationName = Literal["none", "varimax", "promax", "oblimin"]


@dataclass(frozen=True)
class Rotated:
    """Rotated factors.

    Attributes
    ----------
    loadings : ndarray, shape (p, m)
        Pattern loadings.
    phi : ndarray, shape (m, m)
        Factor correlations; the identity after an orthogonal rotation.
    converged : bool
    criterion : float
        What was minimised (oblimin); NaN for the others.
    best_criterion : float
        Lowest criterion that any of several starts reached; NaN for the others.
    """

    loadings: FloatArray
    phi: FloatArray
    converged: bool = True
    criterion: float = float("nan")
    best_criterion: float = float("nan")


def rotate(loadings: FloatArray, rotation: RotationName) -> Rotated:
    """Rotate unrotated ``loadings`` (p, m); a single factor has nothing to rotate."""
    if loadings.shape[1] < 2 or rotation == "none":
        return Rotated(loadings=loadings, phi=np.eye(loadings.shape[1]))
    if rotation == "varimax":
        return varimax(loadings)
    if rotation == "promax":
        return promax(loadings)
    return oblimin(loadings)


def arrange(rotated: Rotated) -> Rotated:
    """Order factors by the variance they explain, each with a positive sum of loadings.

    The variance of a factor is its sum of squared loadings, diag(ΦL'L) when oblique.
    Loadings and factor correlations move together.
    """
    signs = column_signs(rotated.loadings)
    loadings = rotated.loadings * signs
    phi = rotated.phi * np.outer(signs, signs)
    order = np.argsort(-explained(loadings, phi), kind="stable")
    return Rotated(
        loadings=loadings[:, order],
        phi=phi[np.ix_(order, order)],
        converged=rotated.converged,
        criterion=rotated.criterion,
        best_criterion=rotated.best_criterion,
    )


def explained(loadings: FloatArray, phi: FloatArray) -> FloatArray:
    """Give the sum of squared loadings of each factor, diag(ΦL'L)."""
    share: FloatArray = (phi * (loadings.T @ loadings)).sum(axis=1)
    return share


def varimax(loadings: FloatArray) -> Rotated:
    """Maximise the variance of squared loadings, with Kaiser's normalisation of rows."""
    scale = _row_lengths(loadings)
    turn, converged = _varimax_turn(loadings / scale)
    return Rotated(loadings=loadings @ turn, phi=np.eye(loadings.shape[1]), converged=converged)


def promax(loadings: FloatArray, *, power: int = 4) -> Rotated:
    """Varimax, then the least-squares oblique turn towards its loadings to a power.

    Everything happens on normalised rows, and the rows get their lengths back at the end,
    as ``psych::fa(rotate = "promax")`` does; ``stats::promax`` takes the power of rows
    that already have their lengths back, and gives other numbers.
    """
    scale = _row_lengths(loadings)
    turn, converged = _varimax_turn(loadings / scale)
    simple = (loadings / scale) @ turn
    target = simple * np.abs(simple) ** (power - 1)
    towards = np.linalg.lstsq(simple, target, rcond=None)[0]
    towards = towards * np.sqrt(np.diag(np.linalg.inv(towards.T @ towards)))
    inverse = np.linalg.inv(towards)
    return Rotated(
        loadings=(simple @ towards) * scale, phi=_unit(inverse @ inverse.T), converged=converged
    )


def oblimin(
    loadings: FloatArray, *, n_starts: int = 5, tolerance: float = 1e-8, max_steps: int = 1000
) -> Rotated:
    """Minimise the cross-products of squared loadings (direct quartimin), rows as they are.

    The solution is the one reached from the unrotated axes, as in GPArotation. The other
    starts are fixed pseudo-random turns; they take as many steps as the first one needs,
    and only tell whether a lower minimum exists.
    """
    starts = _starts(loadings.shape[1], n_starts)
    near = _gradient_projection(loadings, starts, n_steps=8)
    found = _quasi_newton(loadings, near, tolerance, max_steps)
    return Rotated(
        loadings=found.loadings[0],
        phi=_unit(found.axes[0].T @ found.axes[0]),
        # Rounding can stop the descent a little above the tolerance.
        converged=bool(found.size[0] < max(tolerance, 1e-6)),
        criterion=float(found.values[0]),
        best_criterion=float(found.values.min()),
    )


@dataclass(frozen=True)
class _Turned:
    """A stack of rotations with the criterion's parts and its gradient.

    ``axes`` (k, m, m) have unit columns; ``parts`` (k, p, m) sum to the criterion;
    ``gradient`` is the slope along the unit sphere of each axis, ``size`` its length.
    """

    axes: FloatArray
    loadings: FloatArray
    parts: FloatArray
    gradient: FloatArray

    @property
    def values(self) -> FloatArray:
        return np.asarray(self.parts.sum(axis=(1, 2)))

    @property
    def size(self) -> FloatArray:
        return np.asarray(np.sqrt((self.gradient**2).sum(axis=(1, 2))))


def _oblimin(loadings: FloatArray, axes: FloatArray) -> _Turned:
    """Rotate to each of a stack of axes, L = A (T')⁻¹, and evaluate the criterion there."""
    axes = axes / np.sqrt((axes**2).sum(axis=1, keepdims=True))
    inverse = np.linalg.inv(axes)
    turned = loadings @ np.swapaxes(inverse, 1, 2)
    squares = turned**2
    others = squares.sum(axis=2, keepdims=True) - squares
    slope = -np.swapaxes(np.swapaxes(turned, 1, 2) @ (turned * others) @ inverse, 1, 2)
    return _Turned(
        axes=axes,
        loadings=turned,
        parts=squares * others / 4,
        gradient=slope - axes * (axes * slope).sum(axis=1, keepdims=True),
    )


def _gradient_projection(loadings: FloatArray, axes: FloatArray, n_steps: int) -> FloatArray:
    """Take the first steps of the gradient projection algorithm, which choose the minimum."""
    now = _oblimin(loadings, axes)
    step = np.ones(len(axes))
    for _ in range(n_steps):
        now, step = _descend(loadings, now, -now.gradient, 2.0 * step, share=0.5)
    return now.axes


def _quasi_newton(
    loadings: FloatArray, axes: FloatArray, tolerance: float, max_steps: int
) -> _Turned:
    """Finish the descent by BFGS steps on all starts at once, until the first has arrived."""
    k, m, _ = axes.shape
    now = _oblimin(loadings, axes)
    curvature = np.broadcast_to(np.eye(m * m), (k, m * m, m * m)).copy()  # inverse Hessians
    for _ in range(max_steps):
        if now.size[0] < tolerance:
            break
        slope = now.gradient.reshape(k, -1, 1)
        direction = -(curvature @ slope)
        uphill = (direction * slope).sum(axis=1)[:, 0] >= 0
        direction[uphill] = -slope[uphill]
        new, step = _descend(loadings, now, direction.reshape(k, m, m), np.ones(k), share=1e-4)
        if step[0] == 0.0:
            break
        moved = (new.axes - now.axes).reshape(k, -1, 1)
        bent = new.gradient.reshape(k, -1, 1) - slope
        now = new
        _update(curvature, moved, bent)
    return now


def _descend(
    loadings: FloatArray,
    now: _Turned,
    direction: FloatArray,
    step: FloatArray,
    share: float,
) -> tuple[_Turned, FloatArray]:
    """Halve each start's step until it gains its ``share`` of what the slope promises."""
    promised = -(now.gradient * direction).sum(axis=(1, 2))
    slack = 1e-16 * now.values
    # Where less than rounding is promised, no gain can be tested: that start has arrived.
    pending = promised > 10.0 * slack
    step = np.where(pending, step, np.minimum(step, 1.0))
    for _ in range(25):
        found = _oblimin(loadings, now.axes + step[:, None, None] * direction)
        # Differences part by part keep the digits that two nearly equal sums lose.
        gained = (now.parts - found.parts).sum(axis=(1, 2))
        pending &= gained < share * promised * step - slack
        if not pending.any():
            return found, step
        step[pending] *= 0.5
    step[pending] = 0.0
    return _oblimin(loadings, now.axes + step[:, None, None] * direction), step


def _update(curvature: FloatArray, moved: FloatArray, bent: FloatArray) -> None:
    """Bring the inverse Hessians (k, n, n) up to date with a step and its change of slope."""
    product = np.swapaxes(moved, 1, 2) @ bent
    usable = product[:, 0, 0] > 1e-300
    product = np.where(usable[:, None, None], product, 1.0)
    pulled = curvature @ bent
    stretch = (1.0 + np.swapaxes(bent, 1, 2) @ pulled / product) / product
    change = (
        stretch * (moved @ np.swapaxes(moved, 1, 2))
        - (pulled @ np.swapaxes(moved, 1, 2) + moved @ np.swapaxes(pulled, 1, 2)) / product
    )
    curvature[usable] += change[usable]


def _starts(n_factors: int, n_starts: int) -> FloatArray:
    """Give the identity and fixed pseudo-random orthogonal turns."""
    rng = np.random.default_rng(20220731)
    turns = np.linalg.qr(rng.standard_normal((n_starts, n_factors, n_factors)))[0]
    turns[0] = np.eye(n_factors)
    return np.ascontiguousarray(turns, dtype=np.float64)


def _varimax_turn(
    rows: FloatArray, *, tolerance: float = 1e-11, max_steps: int = 10_000
) -> tuple[FloatArray, bool]:
    """Find the orthogonal turn by repeated singular value decompositions."""
    turn = np.eye(rows.shape[1])
    for _ in range(max_steps):
        turned = rows @ turn
        pull = rows.T @ (turned**3 - turned * (turned**2).mean(axis=0))
        left, _, right = np.linalg.svd(pull)
        previous, turn = turn, left @ right
        if np.abs(turn - previous).max() < tolerance:
            return turn, True
    return turn, False


def _row_lengths(loadings: FloatArray) -> FloatArray:
    """Length of each row, as a column; 1 for an item without any loading."""
    lengths = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return np.where(lengths > 0, lengths, 1.0)


def _unit(phi: FloatArray) -> FloatArray:
    """Undo rounding in the diagonal of factor correlations."""
    phi = (phi + phi.T) / 2
    np.fill_diagonal(phi, 1.0)
    return phi
