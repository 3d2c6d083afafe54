"""Descending to the minimum of a discrepancy by scoring steps, many problems at once.

A scoring step uses the expected Hessian instead of the Hessian itself. It is safe from afar and
shrinks by a constant factor close by, which Anderson's extrapolation makes up for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

_HALVINGS = 25
# Less than this of a step is little.
LITTLE = 0.1
# Steps that are looked back on.
DEPTH = 4

# Both take points (s, k) of the problems (s,) named beside them.
Value = Callable[[FloatArray, IntArray], FloatArray]
Score = Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Descent:
    """Minima of r problems: points (r, k), values (r,), and whether each was reached."""

    point: FloatArray
    value: FloatArray
    converged: NDArray[np.bool_]
    n_iterations: int


def descend(
    value: Value,
    score: Score,
    start: FloatArray,
    *,
    tolerance: float = 1e-15,
    max_iterations: int = 300,
) -> Descent:
    """Minimise r problems from ``start`` (r, k).

    ``value`` gives discrepancies; ``score`` the gradients of half of them, and the expected
    Hessians of that. What a full step promises to lower the discrepancy by is half its squared
    length, in standard errors of one person. The search ends with the step after which, as the
    promises shrink, the next would promise less than ``tolerance``.
    """
    point = start.copy()
    everything = np.arange(len(point))
    level = value(point, everything)
    damping = np.zeros(len(point))
    converged = np.zeros(len(point), dtype=bool)
    history = _History()
    active, last, shrinkage = everything, np.zeros(len(point)), np.ones(len(point))
    rounds = 0
    while active.size and rounds < max_iterations:
        rounds += 1
        here, before = point[active], level[active]
        gradient, information = score(here, active)
        step = _solve(information, -gradient, damping[active])
        promise = -(gradient * step).sum(axis=-1) / 2
        shrunk = promise / np.maximum(np.maximum(last, promise), 1e-300)
        # What extrapolation gains differs from step to step; the worse of two is counted on.
        next_promise = promise * np.maximum(shrunk, shrinkage)
        moved = history.extrapolate(here, step)
        reached = value(moved, active)
        # A leap must be as good as the plain step could hope to be; at the end nothing is left
        # to gain, and whether it gains is noise.
        near = np.flatnonzero(~(reached < before - promise) & ~(promise < tolerance))
        straight = np.ones(len(active), dtype=bool)
        if near.size:
            moved[near], reached[near], fraction = _halve(
                value, active[near], here[near], before[near], step[near]
            )
            straight[near] = fraction > LITTLE
        better = reached < before
        point[active], level[active] = moved, np.where(better, reached, before)
        # Damped steps promise little wherever they are, and tell nothing of the next.
        free = better & (damping[active] < 1e-6)
        done = (promise < tolerance) | (free & (next_promise < tolerance))
        converged[active[done]] = True
        # A step of which little could be taken led astray, though that little helped.
        damping[active] = np.where(
            better & straight, damping[active] / 10, _raised(damping[active])
        )
        hopeless = ~done & ~better & (damping[active] > 1e6)
        waiting = ~done & ~hopeless
        if not waiting.all():
            history.keep(waiting)
        active, last, shrinkage = active[waiting], promise[waiting], shrunk[waiting]
    return Descent(point=point, value=level, converged=converged, n_iterations=rounds)


def _halve(
    value: Value, which: IntArray, point: FloatArray, level: FloatArray, step: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Halve each step until it lowers the discrepancy; give the fraction taken as well."""
    moved, reached = point.copy(), level.copy()
    waiting = np.arange(len(point))
    taken = np.zeros(len(point))
    fraction = 1.0
    for _ in range(_HALVINGS):
        trial = point[waiting] + fraction * step[waiting]
        found = value(trial, which[waiting])
        better = found < level[waiting]
        moved[waiting[better]], reached[waiting[better]] = trial[better], found[better]
        taken[waiting[better]] = fraction
        waiting = waiting[~better]
        if not waiting.size:
            break
        fraction /= 2
    return moved, reached, taken


def _raised(damping: FloatArray) -> FloatArray:
    return np.maximum(10 * damping, 1e-3)


def _solve(information: FloatArray, target: FloatArray, damping: FloatArray) -> FloatArray:
    """Solve for the step, in units in which the information has a diagonal of one."""
    scale = np.sqrt(np.maximum(information.diagonal(axis1=-2, axis2=-1), 1e-12))
    scaled = information / (scale[..., :, None] * scale[..., None, :])
    # A little of the diagonal keeps a model that is not identified from a singular solve.
    own = np.arange(scaled.shape[-1])
    scaled[..., own, own] += damping[:, None] + 1e-10
    return np.asarray(np.linalg.solve(scaled, (target / scale)[..., None])[..., 0] / scale)


class _History:
    """The last few points and steps of each fit, from which Anderson's method looks ahead.

    Scoring steps shrink by a constant factor where the model does not fit perfectly; the
    combination of the last ones that cancels most of the step is where they lead.
    """

    def __init__(self) -> None:
        self._points: list[FloatArray] = []
        self._steps: list[FloatArray] = []

    def keep(self, waiting: NDArray[np.bool_]) -> None:
        """Forget the fits (r,) that are over."""
        self._points = [part[waiting] for part in self._points]
        self._steps = [part[waiting] for part in self._steps]

    def extrapolate(self, here: FloatArray, step: FloatArray) -> FloatArray:
        """Give the points (r, k) that the steps so far point to."""
        points, steps = self._points, self._steps
        self._points, self._steps = [here, *points[: DEPTH - 1]], [step, *steps[: DEPTH - 1]]
        plain = here + step
        if not steps:
            return plain
        turns = np.stack([step - before for before in steps], axis=1)
        moves = np.stack(
            [plain - left - before for left, before in zip(points, steps, strict=True)], axis=1
        )
        products = turns @ turns.mT
        own = np.arange(len(steps))
        products[:, own, own] += 1e-12 * np.trace(products, axis1=-1, axis2=-2)[:, None] + 1e-300
        weights = np.linalg.solve(products, turns @ step[..., None])
        return np.asarray(plain - (moves * weights).sum(axis=1))
