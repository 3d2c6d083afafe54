"""Models of ordered items with their residual variances, as models of the variables behind.

Under the delta parameterization, residual variances of ordered variables are no parameters but
follow from others. With these added as if they were, what is computed from models of
continuous variables (standardised values, variance explained, whether a solution could be
one) holds for the variables behind the ordered ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.ordinal.specification import OrdinalSpecification
from trustmeasure.confirmatory.standardised import explained, standardised
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.ordinal_fit import OrdinalModel
from trustmeasure.kernels.ordinal_structure import (
    OrdinalLayout,
    ordinal_implied,
    residual_variances,
)
from trustmeasure.kernels.structural import Layout, implied, matrices

FloatArray = NDArray[np.float64]
Parts = dict[str, FloatArray]


def completed(model: OrdinalModel, parameters: FloatArray) -> tuple[Model, FloatArray]:
    """Give the model of the variables behind, and its parameters (…, n_free + added).

    Those of ``parameters`` (…, n_free) come first, then residual variances of ordered
    variables, group by group, where they follow from others.
    """
    added = [_derived(layout) for layout in model.layouts]
    n_all = model.layouts[0].n_free + sum(len(places) for places in added)
    values = [parameters]
    layouts = []
    begin = model.layouts[0].n_free
    for layout, variables in zip(model.layouts, added, strict=True):
        rest = residual_variances(layout, ordinal_implied(layout, parameters))
        values.append(rest[..., variables])
        layouts.append(_with_residuals(layout, variables, begin, n_all))
        begin += len(variables)
    basis = np.eye(n_all)
    return Model(tuple(layouts), basis, np.zeros(n_all)), np.concatenate(values, axis=-1)


def whole_parts(model: Model, layout: OrdinalLayout, parameters: FloatArray, group: int) -> Parts:
    """Give a group's matrices with rows for covariates, after those of its variables.

    ``model`` and ``parameters`` are what `completed` gives.
    """
    parts = matrices(model.layouts[group], parameters)
    p, m = parts["lambda"].shape
    g = len(layout.given)
    loadings, theta = np.zeros((p + g, m)), np.zeros((p + g, p + g))
    loadings[:p], theta[:p, :p] = parts["lambda"], parts["theta"]
    loadings[p + np.arange(g), layout.given] = 1.0
    nu = np.append(parts["nu"], np.zeros(g))
    return {**parts, "lambda": loadings, "theta": theta, "nu": nu}


def _derived(layout: OrdinalLayout) -> NDArray[np.intp]:
    """Ordered variables whose residual variances follow from other parameters."""
    if layout.theta:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(layout.shape.ordered)


def _with_residuals(
    layout: OrdinalLayout, variables: NDArray[np.intp], begin: int, n_all: int
) -> Layout:
    structure = layout.structure
    among = dict(zip(layout.tied[1].tolist(), layout.tied[0].tolist(), strict=True))
    places = dict(structure.places)
    for number, variable in enumerate(variables.tolist(), start=begin):
        name = "psi" if variable in among else "theta"
        at = among.get(variable, variable)
        rows, columns, which = places[name]
        places[name] = np.append(rows, at), np.append(columns, at), np.append(which, number)
    return replace(structure, places=places, n_free=n_all)


def standardised_ordinal(
    specification: OrdinalSpecification, model: OrdinalModel, parameters: FloatArray
) -> FloatArray:
    """Give every row of the table in standard deviations, shape (…, rows).

    As `standardised`, of the variables behind; thresholds in their standard deviations, which
    leaves scaling factors of 1.
    """
    behind, values = completed(model, parameters)
    found = standardised(specification.base, behind, values)
    groups = [ordinal_implied(layout, parameters) for layout in model.layouts]
    # In their whole standard deviation, that which covariates bring included.
    with np.errstate(invalid="ignore"):  # of solutions that cannot be
        sizes = [
            np.sqrt(np.diagonal(implied(matrices(layout, values)).spread, axis1=-2, axis2=-1))
            for layout in behind.layouts
        ]
    for place, row in enumerate(specification.table.parameters):
        group = groups[row.group - 1]
        block = specification.base.blocks[row.group - 1]
        if row.op == "|":
            position = specification.position(row)
            variable = block.observed.index(row.lhs)
            found[..., place] = group.tau[..., position] / sizes[row.group - 1][..., variable]
        elif row.op == "~*~":
            found[..., place] = 1.0
    return found


def explained_ordinal(
    specification: OrdinalSpecification, model: OrdinalModel, parameters: FloatArray
) -> list[dict[str, float]]:
    """Give R² of every variable behind that the model explains, a mapping for each group."""
    return explained(specification.base, *completed(model, parameters))
