"""Minimising a smooth function under equalities h(x) = 0 and inequalities g(x) ≥ 0.

Sequential quadratic programming finds the neighbourhood and which inequalities bind; Newton's
method on the Lagrangian then goes to the minimum itself, dropping inequalities that push the
wrong way and taking up those that would be broken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Values (m,) and slopes (m, k) of the restrictions at a point (k,).
Restriction = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

BROKEN = 1e-8
_NEAR = 1e-5
_ROUNDS = 60
_HUGE = 1e10


@dataclass(frozen=True)
class Problem:
    """What to minimise, and within what.

    Attributes
    ----------
    value : callable
        The function at a point (k,).
    slope : callable
        Its gradient (k,) and an approximate Hessian (k, k), as of scoring.
    curvature : callable
        Its Hessian (k, k).
    equal, positive : callable
        What must be zero, and what must not be negative.
    """

    value: Callable[[FloatArray], float]
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]]
    curvature: Callable[[FloatArray], FloatArray]
    equal: Restriction
    positive: Restriction


@dataclass(frozen=True)
class Constrained:
    """A minimum: point (k,), which inequalities bind, slopes of all that do, and how it went."""

    point: FloatArray
    binding: NDArray[np.bool_]
    slopes: FloatArray
    broken: float
    converged: bool
    n_iterations: int


def minimise(problem: Problem, start: FloatArray) -> Constrained:
    """Find a minimum from ``start`` (k,), where the function must be finite."""
    with np.errstate(all="ignore"):  # steps that leave what is possible are taken back
        point, rounds = _approach(problem, start)
        return _polish(problem, point, rounds)


def _approach(problem: Problem, start: FloatArray) -> tuple[FloatArray, int]:
    """Use SciPy's SLSQP, in coordinates in which the function bends alike in all directions."""
    from scipy.optimize import minimize

    _, information = problem.slope(start)
    size = np.sqrt(np.maximum(np.diag(information), 1e-12))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    turn = vectors / np.sqrt(np.maximum(values, 1e-4)) / size[:, None]

    def at(z: FloatArray) -> FloatArray:
        return np.asarray(start + turn @ z)

    def value(z: FloatArray) -> float:
        found = problem.value(at(z))
        return found if np.isfinite(found) else _HUGE

    def gradient(z: FloatArray) -> FloatArray:
        try:
            found = problem.slope(at(z))[0] @ turn
        except np.linalg.LinAlgError:
            return np.zeros(len(z))
        return np.asarray(np.where(np.isfinite(found), found, 0.0))

    constraints = [
        {
            "type": kind,
            "fun": lambda z, one=one: _finite(one(at(z))[0]),
            "jac": lambda z, one=one: _finite(one(at(z))[1] @ turn),
        }
        for kind, one in (("eq", problem.equal), ("ineq", problem.positive))
        if len(one(start)[0])
    ]
    found = minimize(  # type: ignore[call-overload]  # the stubs know no such dictionaries
        value,
        np.zeros(len(start)),
        jac=gradient,
        method="SLSQP",
        constraints=constraints,
        options={"maxiter": 1000, "ftol": 1e-13},
    )
    reached = at(np.asarray(found.x, dtype=np.float64))
    possible = np.isfinite(reached).all() and np.isfinite(problem.value(reached))
    return (reached if possible else start), int(found.nit)


def _finite(values: FloatArray) -> FloatArray:
    return np.nan_to_num(values, nan=_HUGE, posinf=_HUGE, neginf=-_HUGE)


def _polish(problem: Problem, point: FloatArray, rounds: int) -> Constrained:
    """Solve for where the Lagrangian is level, one set of binding inequalities after another."""
    binding = problem.positive(point)[0] < _NEAR
    converged = False
    for _ in range(_ROUNDS):
        rounds += 1
        try:
            gradient, _ = problem.slope(point)
            curvature = problem.curvature(point)
        except np.linalg.LinAlgError:
            break
        values, slopes = _held(problem, point, binding)
        force = np.linalg.pinv(slopes.T) @ gradient
        bent = curvature - _bend(problem, point, binding, force)
        step, force = _step(bent, slopes, gradient, values)
        pushed = force[len(values) - int(binding.sum()) :]
        if (pushed < -1e-9).any():
            places = np.flatnonzero(binding)
            binding[places[int(np.argmin(pushed))]] = False
            continue
        step, met = _shortened(problem, point, step, binding)
        if not np.isfinite(problem.value(point + step)):
            break
        point = point + step
        decrement = float(step @ bent @ step)
        if met.any():
            binding |= met
            continue
        if abs(decrement) < 1e-15 and np.abs(values).max(initial=0.0) < BROKEN:
            converged = _is_minimum(bent, slopes)
            break
    _, slopes = _held(problem, point, binding)
    equal, positive = problem.equal(point)[0], problem.positive(point)[0]
    broken = float(max(np.abs(equal).max(initial=0.0), -positive.min(initial=0.0)))
    return Constrained(point, binding, slopes, broken, converged and broken < 1e-6, rounds)


def _held(
    problem: Problem, point: FloatArray, binding: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Give values and slopes of what is held: equalities, then the inequalities that bind."""
    equal, positive = problem.equal(point), problem.positive(point)
    return (
        np.concatenate([equal[0], positive[0][binding]]),
        np.concatenate([equal[1], positive[1][binding]]),
    )


def _bend(
    problem: Problem, point: FloatArray, binding: NDArray[np.bool_], force: FloatArray
) -> FloatArray:
    """Curvature (k, k) of the restrictions, each times its force, by central differences."""
    size = len(point)
    if not len(force):
        return np.zeros((size, size))
    found = np.zeros((size, size))
    for place in range(size):
        move = np.zeros(size)
        move[place] = 1e-5 * max(1.0, abs(point[place]))
        ahead = _held(problem, point + move, binding)[1]
        behind = _held(problem, point - move, binding)[1]
        found[place] = force @ (ahead - behind) / (2 * move[place])
    return (found + found.T) / 2


def _step(
    bent: FloatArray, slopes: FloatArray, gradient: FloatArray, values: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Solve the conditions of a minimum, made linear: the step, and the forces of what holds."""
    size, held = len(gradient), len(values)
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(bent)), 1e-12))
    whole = np.zeros((size + held, size + held))
    whole[:size, :size] = bent * np.outer(scale, scale)
    whole[:size, size:] = -(slopes * scale).T
    whole[size:, :size] = slopes * scale
    target = np.concatenate([-gradient * scale, -values])
    found = np.linalg.lstsq(whole, target, rcond=1e-12)[0]
    return found[:size] * scale, found[size:]


def _shortened(
    problem: Problem, point: FloatArray, step: FloatArray, binding: NDArray[np.bool_]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Halve a step until the function is finite and what it breaks can be taken up."""
    here = problem.positive(point)[0]
    for _ in range(30):
        if np.isfinite(problem.value(point + step)):
            break
        step = step / 2
    there = problem.positive(point + step)[0]
    crossed = ~binding & (there < -BROKEN)
    if not crossed.any():
        return step, crossed
    # To where the first of them is met, were it linear.
    fraction = np.where(crossed, here / np.where(crossed, here - there, 1.0), np.inf)
    first = int(np.argmin(fraction))
    met = np.zeros(len(binding), dtype=bool)
    met[first] = True
    return step * float(np.clip(fraction[first], 0.0, 1.0)), met


def _is_minimum(bent: FloatArray, slopes: FloatArray) -> bool:
    """Whether the Lagrangian bends upwards along everything that is not held."""
    free = tangent(slopes, len(bent))
    inner = free.T @ bent @ free
    size = np.sqrt(np.maximum(np.abs(np.diag(inner)), 1e-300))
    lowest = np.linalg.eigvalsh(inner / np.outer(size, size))
    return bool(lowest.min(initial=1.0) > -1e-7)


def tangent(slopes: FloatArray, size: int) -> FloatArray:
    """Give directions (size, k) along which restrictions with slopes (m, size) do not change."""
    if not len(slopes):
        return np.eye(size)
    _, values, turned = np.linalg.svd(slopes)
    rank = int((values > 1e-9 * max(float(values.max(initial=0.0)), 1e-300)).sum())
    return np.asarray(turned[rank:].T)


def rank(slopes: FloatArray, size: int) -> int:
    """Count the independent ones among restrictions with slopes (m, size)."""
    return size - int(tangent(slopes, size).shape[1])
