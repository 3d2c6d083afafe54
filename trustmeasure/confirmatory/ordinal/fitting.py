"""Models of ordered items, from syntax and data to a result: each step of it, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed, near
from trustmeasure.confirmatory.constrained import refuse_constraints
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.language.syntax import ParsedModel, parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.confirmatory.ordinal.completion import explained_ordinal, standardised_ordinal
from trustmeasure.confirmatory.ordinal.estimation import (
    ESTIMATORS,
    OrdinalSolution,
    estimate_ordinal,
)
from trustmeasure.confirmatory.ordinal.factor_scores import OrdinalAnswers
from trustmeasure.confirmatory.ordinal.fit_measures import ordinal_fit_measures
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.reporting import delta_errors, with_tests
from trustmeasure.confirmatory.sample_size import note_persons
from trustmeasure.confirmatory.samples import from_data, group_labels, note_pairwise
from trustmeasure.correlation.matrices import ordered_codes
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]

PARAMETERIZATIONS = ("delta", "theta")
# Answers further apart are no categories with gaps.
MOST_GAPS = 20


def fit_ordinal_model(
    kind: str,
    model: str,
    data: Any,
    *,
    estimator: str,
    ordered: bool | Sequence[str],
    parameterization: str,
    group: str | None,
    group_equal: str | Sequence[str],
    group_partial: str | Sequence[str],
    missing: str,
    fixed_x: bool,
    std_lv: bool,
    orthogonal: bool,
    conf_level: float,
) -> OrdinalStructuralModel:
    """Read the model and the data, fit it, and put the result together."""
    notes = Notes()
    if estimator == "ML":
        estimator = "WLSMV"
        notes.record("With ordered items, the estimator is WLSMV.")
    check_option("estimator", estimator, tuple(ESTIMATORS))
    check_option("parameterization", parameterization, PARAMETERIZATIONS)
    parsed = parse_model(model)
    labels = group_labels(data, group)
    options: dict[str, Any] = {
        **DEFAULTS[kind], "std_lv": std_lv, "orthogonal": orthogonal, "fixed_x": fixed_x,
        "conditional_x": fixed_x,
        "n_groups": len(labels), "group_labels": [str(label) for label in labels],
        "group_equal": group_equal, "group_partial": group_partial,
        "parameterization": parameterization,
    }  # fmt: skip
    plain = parameter_table(parsed, **(options | {"group_equal": (), "group_partial": ()}))
    names = _ordered_names(ordered, parsed, plain, notes)
    samples = from_data(
        data, plain.observed, interactions=plain.interactions,
        exogenous=plain.ov_x if fixed_x else (), group=group, labels=labels, cluster=None,
        missing=missing, notes=notes,
    )  # fmt: skip
    if missing == "pairwise":
        note_pairwise(samples, plain.observed, notes)
    values = [group.values for group in samples.groups if group.values is not None]
    arrays, categories = _categorised(values, plain.observed, names)
    _note_gaps(_categories(values, plain, names), notes)
    table = parameter_table(parsed, ordered=names, categories=categories, **options)
    refuse_constraints(table)
    for note in table.notes:
        notes.record(note)
    places = {name: j for j, name in enumerate(plain.observed)}
    solution = estimate_ordinal(
        table,
        [
            array[:, [places[name] for name in table.names("ov", group=g)]]
            for g, array in enumerate(arrays, start=1)
        ],
        estimator=estimator,
        group_labels=[str(label) for label in labels] if group is not None else (),
    )
    _refuse_too_many(solution)
    # Thresholds come from the margins alone, however many there are.
    cuts = {row.free for row in table.free if row.op == "|"}
    note_persons(samples.n, max(len(solution.reduced) - len(cuts), 1), notes)
    _note_few(solution, labels, notes)
    _note_holes(solution, labels, notes)
    problems = problems_of_ordinal(solution)
    for message in problems:
        notes.warn(message, ConvergenceWarning, stacklevel=4)
    shares = explained_ordinal(solution.specification, solution.model, solution.parameters)
    columns = ["r_squared"] if labels == [None] else list(labels)
    return OrdinalStructuralModel(
        n=samples.n,
        n_dropped=samples.n_dropped,
        model=model,
        converged=solution.converged,
        admissible=not _negative(solution),
        fit=ordinal_fit_measures(solution, estimator),
        estimates=_estimates(solution, labels, conf_level),
        r_squared=pd.DataFrame(dict(zip(columns, shares, strict=True))),
        solution=solution,
        answers=OrdinalAnswers(samples, tuple(plain.observed), _categories(values, plain, names)),
        labels=tuple(labels),
        settings={
            "function": kind,
            "estimator": estimator,
            "ordered": names,
            "parameterization": parameterization,
            "group": group,
            "group_labels": [str(label) for label in labels] if group is not None else None,
            "group_equal": [group_equal] if isinstance(group_equal, str) else list(group_equal),
            "group_partial": (
                [group_partial] if isinstance(group_partial, str) else list(group_partial)
            ),
            "missing": missing,
            "fixed_x": fixed_x,
            "std_lv": std_lv,
            "orthogonal": orthogonal,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _ordered_names(
    ordered: bool | Sequence[str], parsed: ParsedModel, table: ParameterTable, notes: Notes
) -> list[str]:
    """Say which variables are ordered: those named, or all that the model explains."""
    if ordered is True:
        return [name for name in table.observed if name not in table.ov_x]
    if isinstance(ordered, (str, bool)) or not isinstance(ordered, Iterable):
        raise OptionError(f"ordered={ordered!r} must be True or a list of variables.")
    names = [str(name) for name in ordered]
    unknown = [name for name in names if name not in parsed.observed]
    if unknown:
        raise OptionError(
            f"ordered= names {listed(unknown)}, which the model does not have. Its variables: "
            f"{listed(parsed.observed)}." + near(unknown[0], parsed.observed)
        )
    predictors = [name for name in names if name in table.ov_x]
    if predictors:
        notes.record(
            f"{listed(predictors)} are predictors only, whose numbers are taken as they are: they "
            "have no thresholds."
        )
    return [name for name in names if name not in predictors]


def _categorised(
    groups: Sequence[FloatArray], observed: Sequence[str], ordered: Sequence[str]
) -> tuple[list[FloatArray], Mapping[str, int]]:
    """Count the categories of ordered variables from 0, over all groups alike."""
    together = np.concatenate(groups)
    places = [list(observed).index(name) for name in ordered]
    codes, _ = ordered_codes(together[:, places], list(ordered))
    together[:, places] = np.where(codes < 0, np.nan, codes)
    categories = {name: int(codes[:, j].max()) + 1 for j, name in enumerate(ordered)}
    ends = np.cumsum([len(group) for group in groups])[:-1]
    return list(np.split(together, ends)), categories


def _categories(
    groups: Sequence[FloatArray], table: ParameterTable, ordered: Sequence[str]
) -> dict[str, FloatArray]:
    """Name the answers that each ordered variable has, in their order."""
    together = np.concatenate(groups)
    columns = {name: together[:, table.observed.index(name)] for name in ordered}
    return {name: np.unique(column[~np.isnan(column)]) for name, column in columns.items()}


def _note_gaps(categories: Mapping[str, FloatArray], notes: Notes) -> None:
    """Say which whole numbers between the lowest and the highest answer nobody gave."""
    for name, answers in categories.items():
        if not np.all(answers % 1 == 0) or answers[-1] - answers[0] > MOST_GAPS:
            continue
        absent = sorted(set(range(int(answers[0]), int(answers[-1]) + 1)) - set(answers.tolist()))
        if absent:
            notes.record(
                f"Nobody gave '{name}' the answer {' or '.join(map(str, absent))}: it is taken to "
                f"have {len(answers)} categories."
            )


def _refuse_too_many(solution: OrdinalSolution) -> None:
    if solution.df < 0:
        raise DataError(
            f"The model has {len(solution.reduced)} free parameters, {-solution.df} more than "
            "there are thresholds, correlations and other moments to estimate them from, so it is "
            "not identified. Fix or equate some, or use more indicators."
        )


def _note_few(solution: OrdinalSolution, labels: Sequence[Any], notes: Notes) -> None:
    """Say where moments are more than persons, so that their covariance is not told apart."""
    for label, moments in zip(labels, solution.moments, strict=True):
        if moments.n <= len(moments.moments):
            where = "" if label is None else f" in group '{label}'"
            notes.record(
                f"{moments.n} persons{where} for {len(moments.moments)} thresholds, correlations "
                "and other moments: the covariance of these, on which errors and adjusted "
                "statistics rest, is not of full rank. Merge rare categories, use fewer items, or "
                "more persons."
            )


def _note_holes(solution: OrdinalSolution, labels: Sequence[Any], notes: Notes) -> None:
    """Name the 2 × 2 tables with an empty cell, which is filled."""
    blocks = solution.specification.base.blocks
    for label, block, moments in zip(labels, blocks, solution.moments, strict=True):
        shape = moments.shape
        two = (shape.categories[shape.rows] == 2) & (shape.categories[shape.columns] == 2)
        pairs = [
            f"{block.observed[shape.rows[i]]} with {block.observed[shape.columns[i]]}"
            for i in np.flatnonzero(two & (moments.vacant == 1))
        ]
        if pairs:
            where = "" if label is None else f" in group '{label}'"
            notes.record(
                f"The 2 × 2 table of {listed(pairs)}{where} has an empty cell, into which half a "
                "person was moved (margins kept), as lavaan does: the correlation would be 1 or "
                "−1 otherwise. Treat it with caution."
            )


def _negative(solution: OrdinalSolution) -> list[str]:
    """Name variances below zero, those that follow from others among them."""
    from trustmeasure.confirmatory.ordinal.completion import completed
    from trustmeasure.kernels.structural import matrices

    model, parameters = completed(solution.model, solution.parameters)
    found = []
    for group, (block, layout) in enumerate(
        zip(solution.specification.base.blocks, model.layouts, strict=True), start=1
    ):
        parts = matrices(layout, parameters)
        where = f" (group {group})" if len(model.layouts) > 1 else ""
        for name, labels in (("theta", block.observed), ("psi", block.latent)):
            own = np.diag(parts[name])
            found += [f"{labels[i]}{where}" for i in np.flatnonzero(own < -1e-10)]
    return found


def problems_of_ordinal(solution: OrdinalSolution) -> list[str]:
    """Say what is to be doubted of a solution."""
    found = []
    if not solution.converged:
        found.append(
            f"The search did not converge in {solution.n_iterations} steps; the estimates are "
            "where it stopped."
        )
    if not solution.identified:
        found.append(
            "The model is not identified: some parameters can change together without any change "
            "of fit. Fix one of them, or give the factor more indicators."
        )
    negative = _negative(solution)
    if negative:
        found.append(
            f"Heywood case: the residual or latent variance of {listed(negative)} is negative. Do "
            "not read these estimates as they are."
        )
    return found


def _estimates(solution: OrdinalSolution, labels: Sequence[Any], conf_level: float) -> pd.DataFrame:
    specification = solution.specification

    def function(points: FloatArray) -> FloatArray:
        return standardised_ordinal(specification, solution.model, points)

    std = function(solution.parameters)
    std_errors = delta_errors(function, solution.parameters, solution.covariance)
    rows = [
        {
            "lhs": row.lhs, "op": row.op, "rhs": row.rhs, "group": labels[row.group - 1],
            "label": row.label, "est": solution.values[place], "se": solution.errors[place],
            "std": std[place], "se_std": std_errors[place] if std_errors[place] > 1e-9 else 0.0,
        }
        for place, row in enumerate(specification.table.parameters)
    ]  # fmt: skip
    table = specification.table
    first = [
        next(i for i, row in enumerate(table.parameters) if row.free == k + 1)
        for k in range(table.n_free)
    ]
    for definition in table.definitions:
        value, slope = definition.expression.evaluate(solution.parameters)

        def whole(points: FloatArray, expression: Any = definition.expression) -> FloatArray:
            return np.asarray(expression.evaluate(function(points)[..., first])[0])[..., None]

        error = float(np.sqrt(max(float(slope @ solution.covariance @ slope), 0.0)))
        text = definition.text.split(":=")[-1].strip()
        rows.append(
            {"lhs": definition.name, "op": ":=", "rhs": text, "group": None,
             "label": definition.name, "est": float(value), "se": error,
             "std": float(whole(solution.parameters)[0]),
             "se_std": float(delta_errors(whole, solution.parameters, solution.covariance)[0])}
        )  # fmt: skip
    return with_tests(pd.DataFrame(rows), conf_level, grouped=list(labels) != [None])
