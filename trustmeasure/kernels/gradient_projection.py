"""Gradient projection over a stack of rotations (Jennrich 2002; Bernaards & Jennrich 2005).

All starts move together, so that looking for a better minimum costs little more than
finding one. The algorithm's own first steps choose the minimum, as in GPArotation; BFGS
steps then reach it, where first-order ones would crawl.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.rotation_criteria import Criterion

FloatArray = NDArray[np.float64]

# First-order steps before second-order ones; where the slope jumps, until it hardly does.
FIRST_STEPS, FIRST_STEPS_OVER_EDGES = 8, 300
# How small a slope is as good as zero.
PRECISE = 1e-8
# Rounding can stop the descent a little above the tolerance.
ARRIVED = 1e-6
# Near enough for telling which minimum it is: the criterion is then good to ten digits.
NEAR = 1e-5


@dataclass(frozen=True)
class Turned:
    """A stack of rotations with the criterion's parts and its slope.

    ``axes`` T (k, m, m): loadings are A T'⁻¹ with unit columns of T (oblique), or A T with T
    orthogonal. ``parts`` (k, …) sum to the criterion; ``gradient`` is the slope along the
    surface on which the axes must stay.
    """

    axes: FloatArray
    loadings: FloatArray
    parts: FloatArray
    gradient: FloatArray

    @property
    def values(self) -> FloatArray:
        """The criterion of each."""
        return np.asarray(self.parts.reshape(len(self.parts), -1).sum(axis=1))

    @property
    def size(self) -> FloatArray:
        """Length of each slope."""
        return np.asarray(np.sqrt((self.gradient**2).sum(axis=(1, 2))))

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Turned:
        """Pick some of the stack."""
        return Turned(
            self.axes[which], self.loadings[which], self.parts[which], self.gradient[which]
        )


def turn(loadings: FloatArray, axes: FloatArray, criterion: Criterion) -> Turned:
    """Rotate loadings, (p, m) or (k, p, m), to each of a stack of axes, and evaluate."""
    if not criterion.oblique:
        left, _, right = np.linalg.svd(axes)
        axes = left @ right
        turned = loadings @ axes
        parts, pull = criterion.evaluate(turned)
        slope = np.swapaxes(np.broadcast_to(loadings, turned.shape), 1, 2) @ pull
        inner = axes.mT @ slope
        gradient = axes @ (inner - inner.mT) / 2
        return Turned(axes, turned, parts, gradient)
    axes = axes / np.sqrt((axes**2).sum(axis=1, keepdims=True))
    inverse = _inverse(axes)
    turned = loadings @ inverse.mT
    parts, pull = criterion.evaluate(turned)
    slope = -np.swapaxes(turned.mT @ pull @ inverse, 1, 2)
    gradient = slope - axes * (axes * slope).sum(axis=1, keepdims=True)
    return Turned(axes, turned, parts, gradient)


def minimise(
    loadings: FloatArray,
    axes: FloatArray,
    criterion: Criterion,
    *,
    tolerance: float | FloatArray = PRECISE,
    max_steps: int = 1000,
    first_steps: int | None = None,
) -> Turned:
    """Descend from each of a stack of axes (k, m, m) until its slope is as good as zero.

    ``tolerance`` is the length of a slope that counts as zero, for all or for each.

    ``loadings`` are (p, m) for all, or (k, p, m), one for each. Starts whose criterion runs
    away or whose slope stays keep what they reached; `Turned.size` tells.
    """
    tolerance = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), len(axes))
    if first_steps is None:
        first_steps = FIRST_STEPS if criterion.smooth else FIRST_STEPS_OVER_EDGES
    # Trial steps far out may overflow; they are refused because their criterion is no number.
    with np.errstate(all="ignore"):
        near = _first_order(loadings, axes, criterion, first_steps, tolerance)
        return _second_order(loadings, near, criterion, tolerance, max_steps)


def _first_order(
    loadings: FloatArray,
    axes: FloatArray,
    criterion: Criterion,
    n_steps: int,
    tolerance: FloatArray,
) -> Turned:
    now = turn(loadings, axes, criterion)
    step = np.ones(len(axes))
    for _ in range(n_steps):
        if (now.size < tolerance).all():
            break
        now, step = _descend(loadings, now, -now.gradient, 2.0 * step, criterion, share=0.5)
    return now


def _second_order(
    loadings: FloatArray, now: Turned, criterion: Criterion, tolerance: FloatArray, max_steps: int
) -> Turned:
    """Finish by BFGS steps; starts that have arrived leave the stack."""
    k, m, _ = now.axes.shape
    final = Turned(*(part.copy() for part in (now.axes, now.loadings, now.parts, now.gradient)))
    left = np.arange(k)
    curvature = np.broadcast_to(np.eye(m * m), (k, m * m, m * m)).copy()  # inverse Hessians
    moving = now.size >= tolerance
    for _ in range(max_steps):
        if not moving.all():
            _store(final, left[~moving], now.take(~moving))
            left, now, curvature = left[moving], now.take(moving), curvature[moving]
        if not left.size:
            return final
        own = loadings if loadings.ndim == 2 else loadings[left]
        slope = now.gradient.reshape(len(left), -1, 1)
        direction = -(curvature @ slope)
        uphill = ~((direction * slope).sum(axis=1)[:, 0] < 0)
        direction[uphill] = -slope[uphill]
        new, step = _descend(
            own, now, direction.reshape(-1, m, m), np.ones(len(left)), criterion, share=1e-4
        )
        moved = (new.axes - now.axes).reshape(len(left), -1, 1)
        bent = new.gradient.reshape(len(left), -1, 1) - slope
        now = new
        moving = (now.size >= tolerance[left]) & (step > 0.0)
        _update(curvature, moved, bent)
    _store(final, left, now)
    return final


def _store(final: Turned, place: NDArray[np.intp], found: Turned) -> None:
    final.axes[place] = found.axes
    final.loadings[place] = found.loadings
    final.parts[place] = found.parts
    final.gradient[place] = found.gradient


def _descend(
    loadings: FloatArray,
    now: Turned,
    direction: FloatArray,
    step: FloatArray,
    criterion: Criterion,
    share: float,
) -> tuple[Turned, FloatArray]:
    """Halve each start's step until it gains its ``share`` of what the slope promises."""
    promised = -(now.gradient * direction).sum(axis=(1, 2))
    slack = 1e-16 * np.abs(now.values)
    # Where less than rounding is promised, no gain can be tested: that start has arrived.
    pending = promised > 10.0 * slack
    step = np.where(pending, step, np.minimum(step, 1.0))
    for _ in range(25):
        found = turn(loadings, now.axes + step[:, None, None] * direction, criterion)
        # Differences part by part keep the digits that two nearly equal sums lose.
        gained = (now.parts - found.parts).reshape(len(step), -1).sum(axis=1)
        pending &= ~(gained >= share * promised * step - slack)
        if not pending.any():
            return found, step
        step[pending] *= 0.5
    step[pending] = 0.0
    return turn(loadings, now.axes + step[:, None, None] * direction, criterion), step


def _update(curvature: FloatArray, moved: FloatArray, bent: FloatArray) -> None:
    """Bring the inverse Hessians (k, n, n) up to date with a step and its change of slope."""
    product = moved.mT @ bent
    usable = product[:, 0, 0] > 1e-300
    product = np.where(usable[:, None, None], product, 1.0)
    pulled = curvature @ bent
    stretch = (1.0 + bent.mT @ pulled / product) / product
    change = stretch * (moved @ moved.mT) - (pulled @ moved.mT + moved @ pulled.mT) / product
    curvature[usable] += change[usable]


def _inverse(axes: FloatArray) -> FloatArray:
    """Invert each; axes that have fallen together get a criterion that is no number."""
    try:
        return np.asarray(np.linalg.inv(axes))
    except np.linalg.LinAlgError:
        singular = np.linalg.matrix_rank(axes) < axes.shape[1]
        safe = np.where(singular[:, None, None], np.eye(axes.shape[1]), axes)
        return np.asarray(
            np.where(singular[:, None, None], np.nan, np.linalg.inv(safe)), dtype=np.float64
        )
