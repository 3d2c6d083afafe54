"""Score tests of what levels hold equal of ordered items.

Weighted least squares are no likelihood: the slope of the distance does not vary by its
curvature. The generalised score test takes its variance from that of the moments instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.confirmatory.ordinal.specification import specify_ordinal
from trustmeasure.invariance.ordinal_designs import OrdinalDesign, solution_of
from trustmeasure.invariance.ordinal_plans import Plan
from trustmeasure.invariance.score_tests import tests_frame
from trustmeasure.kernels.constraint_tests import axes, release_tests
from trustmeasure.kernels.ordinal_fit import score, uncertainty

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def ordinal_score_tests(
    design: OrdinalDesign,
    fitted: StructuralModel,
    plan: Plan,
    names: Sequence[str],
    *,
    correction: str,
) -> pd.DataFrame:
    """Test what the fit of a plan would gain if each named parameter were free, worst first.

    With Δ the slopes of the moments in all parameters, those of the candidates included, W the
    weights and Γ the moments' covariance, slopes g = −Δ'Wr of half the distance have the
    covariance Δ'WΓWΔ/n; see `release_tests`. Columns as those of `score_tests`.
    """
    open_plan, rows = design.measures.opened(plan, names)
    solution = solution_of(fitted)
    table = _table(design, fitted, open_plan)
    specification = specify_ordinal(table)
    size = table.n_free
    model = replace(
        specification.model(solution.moments), basis=np.eye(size), origin=np.zeros(size)
    )
    point, basis = _placed(solution, table)
    spreads = [
        np.diag(group.variances) if group.spread is None else group.spread
        for group in solution.moments
    ]
    gradient, information = score(model, solution.samples, point[None])
    meat = uncertainty(model, solution.samples, spreads, point).traces.meat
    free = _free(design, fitted, table)
    later = range(1, len(design.labels))
    pairs = [
        [(free[name, 0], free[name, occasion]) for name in rows[asked] for occasion in later]
        for asked in names
    ]
    tests = release_tests(
        gradient[0], information[0], basis,
        [axes(np.array([own for _, own in found]), size) for found in pairs],
        solution.n, meat=meat,
    )  # fmt: skip
    changes = [
        np.array([change[own] - (change[first] if first >= 0 else 0.0) for first, own in found])
        for change, found in zip(tests.changes, pairs, strict=True)
    ]
    return tests_frame(names, tests.chisq, tests.df, changes, correction)


def _table(design: OrdinalDesign, fitted: StructuralModel, plan: Plan) -> ParameterTable:
    """Complete the model of an opened plan, as `cfa` completed the fitted one."""
    solution = solution_of(fitted)
    before = solution.specification
    categories = {
        name: int(count)
        for block, shape in zip(before.base.blocks, before.shapes, strict=True)
        for name, count in zip(block.observed, shape.categories, strict=True)
        if count
    }
    options: dict[str, Any] = {
        **DEFAULTS["cfa"],
        "std_lv": True,
        "orthogonal": design.options["orthogonal"],
        "fixed_x": False,
        "n_groups": before.table.n_groups,
        "parameterization": design.options["parameterization"],
    }
    return parameter_table(
        parse_model(design.syntax(plan)), ordered=list(categories), categories=categories, **options
    )


def _placed(solution: Any, table: ParameterTable) -> tuple[FloatArray, FloatArray]:
    """Give the fitted solution, and the directions that it could move in, in a wider model."""
    inside = solution.specification.table
    free = {
        (row.group, row.lhs, row.op, row.rhs): (row.free - 1, value)
        for row, value in zip(inside.parameters, solution.values, strict=True)
    }
    point = np.zeros(table.n_free)
    basis = np.zeros((table.n_free, solution.model.basis.shape[1]))
    for row in table.parameters:
        if not row.free:
            continue
        place, value = free[row.group, row.lhs, row.op, row.rhs]
        point[row.free - 1] = value
        if place >= 0:
            basis[row.free - 1] = solution.model.basis[place]
    return point, basis


def _free(
    design: OrdinalDesign, fitted: StructuralModel, table: ParameterTable
) -> dict[tuple[str, int], int]:
    """Where the parameter of each (name, occasion) stands among the free ones, −1 if fixed."""
    free = {(row.group, row.lhs, row.op, row.rhs): row.free - 1 for row in table.parameters}
    inside = solution_of(fitted).specification.table.parameters
    return {
        key: free[row.group, row.lhs, row.op, row.rhs]
        for key, row in ((key, inside[place]) for key, place in design.rows(fitted).items())
    }


__all__ = ["ordinal_score_tests"]
