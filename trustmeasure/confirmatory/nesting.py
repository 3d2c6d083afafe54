"""Whether one model is nested in another: whether that one fits all that this one implies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.inference import infer
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.kernels.moment_fit import Model, Sample, fit_moments, reduced_parameters
from trustmeasure.kernels.ordinal_fit import OrdinalModel, fit_ordinal
from trustmeasure.kernels.ordinal_moments import Shape
from trustmeasure.kernels.structural import implied, matrices

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# χ² a person with which one model fits what another implies, if it is nested in it.
NESTED = 1e-7


def is_nested(restricted: StructuralModel, general: StructuralModel) -> bool:
    """Whether the general model fits what the restricted one implies."""
    if restricted is general:
        return True
    if restricted.fit["df"] < general.fit["df"]:
        return False
    if isinstance(restricted, OrdinalStructuralModel) and isinstance(
        general, OrdinalStructuralModel
    ):
        return _fits_ordinal(restricted, general)
    return bool(_refitted(restricted, general)[1] < NESTED)


def scaling_at(restricted: StructuralModel, general: StructuralModel) -> float:
    """Give the general model's scaling factor at the estimates of the restricted one."""
    reduced, value = _refitted(restricted, general)
    if not value < NESTED:
        return math.nan
    outside = general.fitted
    model = outside.estimates.model
    there = replace(outside.estimates, reduced=reduced, parameters=model.expand(reduced))
    inference = infer(
        outside.specification, there, outside.data, outside.samples,
        errors=str(general.settings["se"]), test=str(general.settings["test"]),
        df=int(general.fit["df"]), means=outside.means,
    )  # fmt: skip
    return math.nan if inference.scaled is None else inference.scaled.scaling


def moment_places(restricted: StructuralModel, general: StructuralModel) -> list[IntArray]:
    """Where each moment of the general model stands among those of the restricted one."""
    found = []
    if isinstance(restricted, OrdinalStructuralModel) and isinstance(
        general, OrdinalStructuralModel
    ):
        own, other = restricted.solution.specification, general.solution.specification
        for place, (mine, yours) in enumerate(zip(own.base.blocks, other.base.blocks, strict=True)):
            order = [mine.observed.index(name) for name in yours.observed]
            given = [own.given[place].index(name) for name in other.given[place]]
            found.append(_ordinal_places(own.shapes[place], other.shapes[place], order, given))
        return found
    with_means = general.fitted.means
    for place in range(len(general.fitted.specification.blocks)):
        order = _order(restricted.fitted, general.fitted, place)
        p = len(order)
        numbers = np.zeros((p, p), dtype=np.intp)
        rows, columns = np.tril_indices(p)
        numbers[rows, columns] = numbers[columns, rows] = np.arange(len(rows))
        at = numbers[np.ix_(order, order)][rows, columns]
        found.append(np.concatenate([at, len(rows) + np.array(order)]) if with_means else at)
    return found


def _ordinal_places(
    inside: Shape, outside: Shape, order: Sequence[int], given: Sequence[int]
) -> IntArray:
    """Find the outer moments among the inner ones.

    ``order`` and ``given`` number variables and covariates likewise.
    """
    cuts = [np.flatnonzero(inside.cut == variable) for variable in order]
    own = {int(variable): place for place, variable in enumerate(inside.continuous)}
    first = len(inside.cut)
    variances = [first + own[order[variable]] for variable in outside.continuous.tolist()]
    pairs = {
        pair: place
        for place, pair in enumerate(
            zip(inside.rows.tolist(), inside.columns.tolist(), strict=True),
            start=inside.pairs.start,
        )
    }
    covariances = [
        pairs[min(order[i], order[j]), max(order[i], order[j])]
        for i, j in zip(outside.rows.tolist(), outside.columns.tolist(), strict=True)
    ]
    p = len(order)
    slopes = [inside.slopes.start + x * p + variable for x in given for variable in order]
    return np.concatenate([*cuts, variances, covariances, slopes]).astype(np.intp)


def _fits_ordinal(restricted: OrdinalStructuralModel, general: OrdinalStructuralModel) -> bool:
    inside, outside = restricted.solution, general.solution
    samples = [
        replace(sample, moments=group.moments[at])
        for sample, group, at in zip(
            outside.samples, inside.implied, moment_places(restricted, general), strict=True
        )
    ]
    mapped = _mapped(
        inside.specification.table, inside.values, outside.specification.table, outside.model
    )
    for start in (mapped, outside.reduced):
        found = fit_ordinal(outside.model, samples, start, tolerance=1e-14)
        if float(found.chisq) / outside.n < NESTED:
            return True
    return False


def _refitted(restricted: StructuralModel, general: StructuralModel) -> tuple[FloatArray, float]:
    """Fit the general model to the implied moments: reduced parameters, and the discrepancy."""
    inside, outside = restricted.fitted, general.fitted
    with_means = inside.means or outside.means
    samples, covariances, means = [], [], []
    for place, (layout, group) in enumerate(
        zip(inside.estimates.model.layouts, inside.samples.groups, strict=True)
    ):
        moments = implied(matrices(layout, inside.estimates.parameters))
        at = _order(inside, outside, place)
        spread = moments.spread[np.ix_(at, at)]
        known = group.mean if not inside.means else moments.mean
        mean = (np.zeros(len(spread)) if known is None else known)[at]
        covariances.append(spread)
        means.append(mean)
        samples.append(Sample(spread, mean if outside.means else None, group.n))
    if any(np.linalg.eigvalsh(one)[0] <= 0 for one in covariances):
        return outside.estimates.reduced, math.nan
    model = outside.specification.model(covariances, means if with_means else None)
    best: tuple[FloatArray, float] = (outside.estimates.reduced, math.inf)
    mapped = _mapped(
        inside.specification.table,
        restricted.estimates["est"].to_numpy(dtype=np.float64),
        outside.specification.table,
        outside.estimates.model,
    )
    for start in (mapped, outside.estimates.reduced):
        found = fit_moments(model, samples, start, "ML", tolerance=1e-14)
        value = float(found.discrepancy)
        if value < best[1]:
            reduced = reduced_parameters(model.basis, model.origin, found.parameters)
            best = (reduced, value)
        if best[1] < NESTED:
            break
    return best


def _order(inside: Fitted, outside: Fitted, place: int) -> list[int]:
    own = inside.specification.blocks[place].observed
    return [own.index(name) for name in outside.specification.blocks[place].observed]


def _mapped(
    inner: ParameterTable, values: FloatArray, outer: ParameterTable, model: Model | OrdinalModel
) -> FloatArray:
    """Start the general model where the restricted one ended, by the names of parameters."""
    known: dict[tuple[int, str, str, str], float] = {}
    for row, value in zip(inner.parameters, values.tolist(), strict=False):
        known[row.group, row.lhs, row.op, row.rhs] = value
        if row.op == "~~":
            known[row.group, row.rhs, row.op, row.lhs] = value
    start = np.array(
        [known.get((row.group, row.lhs, row.op, row.rhs), _neutral(row.op)) for row in outer.free]
    )
    return reduced_parameters(model.basis, model.origin, start)


def _neutral(op: str) -> float:
    """Give the value of a parameter that the restricted model does not have."""
    return 1.0 if op == "~*~" else 0.0
