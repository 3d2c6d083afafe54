"""Score tests of models of ordered items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.language.parameters import Parameter
from trustmeasure.confirmatory.modification import (
    OPERATORS,
    Candidates,
    Wanted,
    added_starts,
    change_scales,
    extended_table,
    refuse_nothing_equal,
    released,
    tested,
)
from trustmeasure.confirmatory.ordinal.completion import completed
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution
from trustmeasure.confirmatory.ordinal.specification import OrdinalSpecification, specify_ordinal
from trustmeasure.kernels.ordinal_fit import OrdinalModel
from trustmeasure.kernels.ordinal_information import slope_and_information
from trustmeasure.kernels.ordinal_structure import ordinal_implied

FloatArray = NDArray[np.float64]

ORDINAL_OPERATORS = (*OPERATORS, "|", "~*~")


def ordinal_modification_indices(
    solution: OrdinalSolution, labels: Sequence[Any], wanted: Wanted
) -> pd.DataFrame:
    """Test every parameter that the model fixes, thresholds and scaling factors among them."""
    operators = wanted.operators(ORDINAL_OPERATORS)
    return tested(_candidates(solution), labels, wanted, operators)


def ordinal_score_tests(solution: OrdinalSolution) -> pd.DataFrame:
    """Test every equality constraint."""
    table = solution.specification.table
    refuse_nothing_equal(table)
    gradient, information = slope_and_information(
        solution.model, solution.samples, solution.parameters
    )
    df = len(solution.parameters) - len(solution.reduced)
    return released(table, gradient, information, factor=float(solution.n), df=df)


def _candidates(solution: OrdinalSolution) -> Candidates:
    table = solution.specification.table
    ordered = set(table.ov_ord)

    def derived(row: Parameter) -> bool:
        """Say whether a parameter follows from others: one of variance and scaling factor."""
        if row.op == "~*~":
            return table.parameterization == "theta"
        own = row.op == "~~" and row.lhs == row.rhs and row.lhs in ordered
        return own and table.parameterization == "delta"

    extended, places = extended_table(table, operators=ORDINAL_OPERATORS, derived=derived)
    specification = specify_ordinal(extended).filled(solution.moments)
    model = specification.model(solution.moments)
    point = np.concatenate([solution.parameters, added_starts(table, extended)])
    gradient, information = slope_and_information(model, solution.samples, point)
    lv, everything = _scales(specification, model, point)
    return Candidates(
        specification=specification.base,
        places=places,
        basis=solution.model.basis,
        gradient=gradient,
        information=information,
        factor=float(solution.n),
        lv=lv,
        everything=everything,
    )


def _scales(
    specification: OrdinalSpecification, model: OrdinalModel, point: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """As `change_scales`; thresholds in standard deviations of the variable behind.

    A scaling factor is one over such a deviation itself, and has no standard value.
    """
    blocks = [
        replace(block, stand_ins=block.stand_ins | set(given))
        for block, given in zip(specification.base.blocks, specification.given, strict=True)
    ]
    base = replace(specification.base, blocks=tuple(blocks))
    lv, everything = change_scales(base, *completed(model, point))
    groups = [ordinal_implied(layout, point) for layout in model.layouts]
    for place, row in enumerate(specification.table.parameters):
        if row.op == "|":
            variable = specification.base.blocks[row.group - 1].observed.index(row.lhs)
            everything[place] = groups[row.group - 1].delta[variable]
        elif row.op == "~*~":
            everything[place] = np.nan
    return lv, everything
