"""Linear equality constraints as a matrix that they reduce the free parameters by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.confirmatory.language.parameters import Constraint, ParameterTable
from trustmeasure.errors import OptionError

FloatArray = NDArray[np.float64]

_TINY = 1e-12


def equality_matrix(table: ParameterTable) -> tuple[FloatArray, FloatArray]:
    """Give (basis, origin) with all free parameters = basis @ reduced + origin.

    ``basis`` is (n_free, k) and ``origin`` (n_free,). The reduced parameters are k of the free
    ones, those that remain when each independent linear equality has settled one. Equalities
    that are not linear are left to `nonlinear_equalities`.

    Raises
    ------
    OptionError
        Where linear equalities contradict each other.
    """
    size = table.n_free
    linear = [(form, one) for one in table.equalities if (form := linear_form(one, size))]
    settled: list[tuple[int, FloatArray, float]] = []
    for (slopes, constant), written in linear:
        slopes, constant = slopes.copy(), constant
        scale = max(float(np.abs(slopes).max(initial=0.0)), abs(constant), 1.0)
        for pivot, row, value in settled:
            if factor := slopes[pivot]:
                slopes -= factor * row
                slopes[pivot] = 0.0
                constant -= factor * value
        slopes[np.abs(slopes) < _TINY * scale] = 0.0
        if not slopes.any():
            if abs(constant) > 1e-9 * scale:
                raise _contradiction(written, table)
            continue
        # Earlier parameters remain, unless the slope of a later one is too small to divide by.
        steep = np.abs(slopes) >= 0.1 * np.abs(slopes).max()
        pivot = int(np.flatnonzero(steep)[-1])
        row, value = slopes / slopes[pivot], constant / slopes[pivot]
        settled = [
            (p, other - factor * row, v - factor * value)
            if (factor := other[pivot])
            else (p, other, v)
            for p, other, v in settled
        ]
        settled.append((pivot, row, value))
    gone = {pivot for pivot, _, _ in settled}
    kept = [place for place in range(size) if place not in gone]
    basis = np.zeros((size, len(kept)))
    origin = np.zeros(size)
    basis[kept, np.arange(len(kept))] = 1.0
    for pivot, row, value in settled:
        basis[pivot] = -row[kept]
        origin[pivot] = -value
    return basis + 0.0, origin + 0.0


def nonlinear_equalities(table: ParameterTable) -> tuple[Constraint, ...]:
    """Give the equalities that `equality_matrix` leaves out."""
    return tuple(one for one in table.equalities if linear_form(one, table.n_free) is None)


def linear_form(constraint: Constraint, size: int) -> tuple[FloatArray, float] | None:
    """Give slopes (size,) and constant of lhs − rhs, or None if it is not linear."""
    left, right = constraint.lhs.linear(size), constraint.rhs.linear(size)
    if left is None or right is None:
        return None
    return left[0] - right[0], left[1] - right[1]


def _contradiction(constraint: Constraint, table: ParameterTable) -> OptionError:
    places = sorted({*constraint.lhs.places, *constraint.rhs.places})
    about = [f"{row.lhs} {row.op} {row.rhs}".strip() for row in (table.free[p] for p in places)]
    return OptionError(
        f"The constraint '{constraint.text}' contradicts the others"
        + (f" on {listed(about)}" if about else "")
        + ": no values satisfy all of them. Remove one."
    )
