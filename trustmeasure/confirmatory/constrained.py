"""Fitting under constraints that no linear reduction takes care of.

Equalities such as ``a == b * c``, inequalities, and bounds. What is found is given with the
model made linear around it: its reduced parameters move along what the constraints leave free,
so that errors and tests follow as they do without constraints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.confirmatory.admissibility import describe
from trustmeasure.confirmatory.estimation import (
    Data,
    Estimates,
    discrepancy_at,
    estimate,
    estimates_at,
    hessian,
    score_and_information,
    starting_point,
)
from trustmeasure.confirmatory.language.equalities import nonlinear_equalities
from trustmeasure.confirmatory.language.parameters import Constraint, ParameterTable
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.errors import OptionError
from trustmeasure.kernels.constrained import BROKEN, Problem, Restriction, minimise, rank, tangent
from trustmeasure.kernels.moment_fit import Model

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Restrictions:
    """Constraints and bounds of a table, as functions of its free parameters (n_free,).

    Attributes
    ----------
    equal : tuple of Constraint
        Equalities that are not linear.
    unequal : tuple of Constraint
    lower, upper : ndarray, shape (n_free,)
    """

    equal: tuple[Constraint, ...]
    unequal: tuple[Constraint, ...]
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, table: ParameterTable) -> Restrictions:
        """Collect what a table restricts beyond its linear equalities."""
        return cls(
            equal=nonlinear_equalities(table),
            unequal=table.inequalities,
            lower=np.array([row.lower for row in table.free], dtype=np.float64),
            upper=np.array([row.upper for row in table.free], dtype=np.float64),
        )

    @property
    def any(self) -> bool:
        """Whether there is anything to keep to."""
        bounded = np.isfinite(self.lower).any() or np.isfinite(self.upper).any()
        return bool(self.equal or self.unequal or bounded)

    def equalities(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give values (m,) and slopes (m, n_free) of what must be zero."""
        return _differences([(one, 1.0) for one in self.equal], parameters)

    def inequalities(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give values and slopes of what must not be negative: constraints, then bounds."""
        signs = [(one, -1.0 if one.op == "<" else 1.0) for one in self.unequal]
        values, slopes = _differences(signs, parameters)
        unit = np.eye(len(parameters))
        low, high = np.isfinite(self.lower), np.isfinite(self.upper)
        return (
            np.concatenate(
                [values, (parameters - self.lower)[low], (self.upper - parameters)[high]]
            ),
            np.concatenate([slopes, unit[low], -unit[high]]),
        )


def _differences(
    signed: list[tuple[Constraint, float]], parameters: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give left less right side, each times its sign, with slopes."""
    values, slopes = np.zeros(len(signed)), np.zeros((len(signed), len(parameters)))
    for place, (one, sign) in enumerate(signed):
        left, right = one.lhs.evaluate(parameters), one.rhs.evaluate(parameters)
        values[place] = sign * float(left[0] - right[0])
        slopes[place] = sign * (left[1] - right[1])
    return values, slopes


@dataclass(frozen=True)
class Held:
    """How constraints shape a solution.

    Attributes
    ----------
    messages : tuple of str
        Inequalities and bounds that bind, in words.
    problem : str
        Why the solution does not keep to the constraints, or "".
    """

    messages: tuple[str, ...] = ()
    problem: str = ""


def estimate_within(
    specification: Specification, samples: Samples, data: Data
) -> tuple[Estimates, Held]:
    """Fit the model within its constraints."""
    limits = Restrictions.of(specification.table)
    if not limits.any:
        return estimate(specification, samples, data), Held()
    _refuse_crossed(limits, specification.table)
    if not limits.equal:
        found = estimate(specification, samples, data)
        if found.converged and limits.inequalities(found.parameters)[0].min() > BROKEN:
            return found, Held()
    return _search(specification, samples, data, limits)


def refuse_constraints(table: ParameterTable) -> None:
    """Refuse constraints where the search has no way to keep to them."""
    if Restrictions.of(table).any:
        raise OptionError(
            "Models of ordered items take equalities that are linear in the parameters, but no "
            "other constraints or bounds. Leave these out, and look whether the estimates keep to "
            "them; or treat the items as continuous."
        )


def _refuse_crossed(limits: Restrictions, table: ParameterTable) -> None:
    crossed = [
        f"{describe(row)} between {row.lower:g} and {row.upper:g}"
        for row, bad in zip(table.free, limits.lower > limits.upper, strict=True)
        if bad
    ]
    if crossed:
        raise OptionError(
            f"Lower bounds lie above upper ones: {listed(crossed)}. Exchange lower() and upper()."
        )


def _search(
    specification: Specification, samples: Samples, data: Data, limits: Restrictions
) -> tuple[Estimates, Held]:
    model, start = starting_point(specification, samples, data)
    start = _inside(model, data, start, limits)
    basis = model.basis

    def restriction(function: Restriction) -> Restriction:
        def reduced(point: FloatArray) -> tuple[FloatArray, FloatArray]:
            values, slopes = function(model.expand(point))
            return values, slopes @ basis

        return reduced

    problem = Problem(
        value=lambda point: 0.5 * discrepancy_at(model, data, point),
        slope=lambda point: score_and_information(model, data, point),
        curvature=lambda point: hessian(estimates_at(model, data, point), data),
        equal=restriction(limits.equalities),
        positive=restriction(limits.inequalities),
    )
    solved = minimise(problem, start)
    parameters = model.expand(solved.point)
    for bound in (limits.lower, limits.upper):  # exactly there, and not just beyond
        parameters = np.where(np.abs(parameters - bound) < BROKEN, bound, parameters)
    # lavaan's errors keep to the constraints that bind, but not to bounds.
    places = np.flatnonzero(solved.binding)
    n_unequal = len(limits.unequal)
    held = np.concatenate([np.ones(len(limits.equal), dtype=bool), places < n_unequal])
    free = basis @ tangent(solved.slopes[held], basis.shape[1])
    around = _linear(model, parameters, free)
    found = estimates_at(around, data, _shares(free, parameters - around.origin))
    n_equal = rank(solved.slopes[: len(limits.equal)], basis.shape[1])
    found = replace(
        found,
        parameters=parameters,
        converged=solved.converged,
        n_iterations=solved.n_iterations,
        n_equal=n_equal,
    )
    problem_text = ""
    if solved.broken > 1e-6:
        problem_text = (
            "No values were found that keep to all constraints; these miss them by up to "
            f"{solved.broken:.3g}. Check whether they can hold together, or give start() values."
        )
    return found, Held(_messages(specification.table, limits, places), problem_text)


def _linear(model: Model, parameters: FloatArray, free: FloatArray) -> Model:
    """Give the model whose parameters move from a point along ``free`` alone."""
    return replace(model, basis=free, origin=parameters - free @ _shares(free, parameters))


def _shares(basis: FloatArray, parameters: FloatArray) -> FloatArray:
    """Give what multiplies the columns of a basis (n_free, k) to come closest to parameters."""
    found, *_ = np.linalg.lstsq(basis, parameters, rcond=None)
    return np.asarray(found, dtype=np.float64)


def _inside(model: Model, data: Data, start: FloatArray, limits: Restrictions) -> FloatArray:
    """Bring starting values within their bounds, where the model stays possible."""
    clipped = np.clip(model.expand(start), limits.lower, limits.upper)
    trial = _shares(model.basis, clipped - model.origin)
    return trial if np.isfinite(discrepancy_at(model, data, trial)) else start


def _messages(
    table: ParameterTable, limits: Restrictions, binding: NDArray[np.intp]
) -> tuple[str, ...]:
    """Word which inequalities and bounds bind."""
    low = np.flatnonzero(np.isfinite(limits.lower))
    high = np.flatnonzero(np.isfinite(limits.upper))
    rows = table.free
    found, at = [], []
    for place in binding:
        if place < len(limits.unequal):
            found.append(limits.unequal[place].text)
            continue
        other = place - len(limits.unequal)
        row, bound = (
            (rows[low[other]], limits.lower[low[other]])
            if other < len(low)
            else (rows[high[other - len(low)]], limits.upper[high[other - len(low)]])
        )
        at.append(f"{describe(row)} = {bound:g}")
    messages = []
    if found:
        messages.append(
            f"Binding: {listed(found)} hold(s) with equality. Standard errors take them for "
            "equalities; degrees of freedom do not count them, so p-values of χ² are approximate."
        )
    if at:
        messages.append(
            f"At a bound: {listed(at)}. Standard errors are computed as if it were none, and "
            "p-values of χ² are approximate."
        )
    return tuple(messages)
