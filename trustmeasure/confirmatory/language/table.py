"""From a model as written to its parameter table, with the defaults of lavaan 0.6-14."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trustmeasure._checks import check_count, check_option
from trustmeasure.confirmatory.language.coherence import (
    check_categories,
    check_references,
    naming_notes,
    ordered_items,
    place_groups,
    refuse_impossible,
)
from trustmeasure.confirmatory.language.defaults import Options, Row, complete
from trustmeasure.confirmatory.language.equalities import equality_matrix, nonlinear_equalities
from trustmeasure.confirmatory.language.groups import (
    GROUP_EQUAL,
    equality_labels,
    free_in_later_groups,
)
from trustmeasure.confirmatory.language.parameters import (
    Constraint,
    Definition,
    Parameter,
    ParameterTable,
)
from trustmeasure.confirmatory.language.relations import resolve_relations, shared_label
from trustmeasure.confirmatory.language.syntax import Formula, ParsedModel
from trustmeasure.errors import OptionError

__all__ = [
    "DEFAULTS",
    "GROUP_EQUAL",
    "Constraint",
    "Definition",
    "Parameter",
    "ParameterTable",
    "equality_matrix",
    "nonlinear_equalities",
    "parameter_table",
]

_AUTOMATIC = {
    "int_ov_free": True,
    "int_lv_free": False,
    "auto_fix_first": True,
    "auto_fix_single": True,
    "auto_var": True,
    "auto_cov_lv_x": True,
    "auto_cov_y": True,
    "auto_th": True,
    "auto_delta": True,
}
# What cfa(), sem(), growth() and lavaan() of lavaan presume.
DEFAULTS: dict[str, dict[str, bool]] = {
    "cfa": _AUTOMATIC,
    "sem": _AUTOMATIC,
    "growth": {**_AUTOMATIC, "int_ov_free": False, "int_lv_free": True, "meanstructure": True},
    "lavaan": dict.fromkeys(_AUTOMATIC, False),
}


def parameter_table(
    parsed: ParsedModel,
    *,
    n_groups: int = 1,
    group_labels: Sequence[str] = (),
    meanstructure: bool | None = None,
    int_ov_free: bool = True,
    int_lv_free: bool = False,
    fixed_x: bool = True,
    conditional_x: bool = False,
    orthogonal: bool = False,
    orthogonal_x: bool = False,
    orthogonal_y: bool = False,
    std_lv: bool = False,
    auto_fix_first: bool = True,
    auto_fix_single: bool = True,
    auto_var: bool = True,
    auto_cov_lv_x: bool = True,
    auto_cov_y: bool = True,
    auto_th: bool = True,
    auto_delta: bool = True,
    parameterization: str = "delta",
    ordered: bool | Iterable[str] = (),
    categories: Mapping[str, int] | None = None,
    group_equal: str | Iterable[str] = (),
    group_partial: str | Iterable[str] = (),
    n_levels: int | None = None,
) -> ParameterTable:
    """Complete a model: add what it leaves unsaid, fix what sets scales, hold equal what must be.

    Parameters
    ----------
    parsed : ParsedModel
        From `parse_model`.
    n_groups, group_labels
        Groups of the data, and their labels where the model has ``group:`` blocks.
    meanstructure : bool, optional
        Whether the model has means. Without it: with several groups or levels, ordered items,
        intercepts in the model, or equal intercepts or means; these force means in any case.
    int_ov_free, int_lv_free : bool
        Estimate intercepts of observed and of latent variables.
    fixed_x, conditional_x : bool
        Take moments of exogenous variables from the data; condition on these variables.
    orthogonal, orthogonal_x, orthogonal_y : bool
        Fix covariances of latent variables at 0: all, of the exogenous, of the outcomes.
    std_lv : bool
        Fix variances of latent variables at 1 instead of first loadings.
    auto_fix_first, auto_fix_single, auto_var, auto_cov_lv_x, auto_cov_y, auto_th, auto_delta
        As in lavaan; `DEFAULTS` holds what its functions presume.
    parameterization : {"delta", "theta"}
        What is free in later groups of ordered items: scaling factors or residual variances.
    ordered : bool or iterable of str
        Ordered items; True for all that are not exogenous. Names that the model does not have
        are passed over, and exogenous variables stay as they are.
    categories : mapping of str to int
        Answer options of each ordered item: one more than its thresholds.
    group_equal, group_partial : iterable of str
        Classes of parameters to hold equal across groups, and single ones to except, as
        "trust=~item2" or "item2~1".
    n_levels : int, optional
        Levels of the data, to be checked against the ``level:`` blocks.

    Returns
    -------
    ParameterTable

    Raises
    ------
    OptionError
        Where options, blocks or modifiers do not fit the model, a constraint names an unknown
        label, or latent variables are multiplied.
    """
    n_groups = check_count("n_groups", n_groups)
    if conditional_x and parsed.levels:
        raise OptionError("conditional_x=True is not offered for models with levels.")
    check_option("parameterization", parameterization, ("delta", "theta"))
    equal = _classes(group_equal)
    partial = (group_partial,) if isinstance(group_partial, str) else tuple(group_partial)
    formulas, blocks_of_groups = place_groups(parsed, n_groups, group_labels, n_levels)
    levels = len({row.level for row in formulas})
    refuse_impossible(parsed, formulas)
    ordinal = ordered_items(parsed, ordered)
    counts = dict(categories or {})
    check_categories(parsed, formulas, ordinal, counts)
    categorical = bool(ordinal) or any(row.op == "|" for row in formulas)
    if categorical and {"intercepts", "thresholds"} & equal:
        equal |= {"intercepts", "thresholds"}
    means = (
        (n_groups > 1 if meanstructure is None else meanstructure)
        or any(row.op == "~1" for row in formulas)
        or levels > 1
        or categorical
        or conditional_x
        or bool({"intercepts", "means"} & equal)
    )
    options = Options(
        meanstructure=means,
        int_ov_free=int_ov_free,
        int_lv_free=int_lv_free,
        fixed_x=fixed_x,
        conditional_x=conditional_x,
        orthogonal=orthogonal,
        orthogonal_x=orthogonal_x,
        orthogonal_y=orthogonal_y,
        std_lv=std_lv,
        auto_fix_first=auto_fix_first and not std_lv,
        auto_fix_single=auto_fix_single,
        auto_var=auto_var,
        auto_cov_lv_x=auto_cov_lv_x,
        auto_cov_y=auto_cov_y,
        auto_th=auto_th,
        auto_delta=auto_delta,
        parameterization=parameterization,
        ordered=frozenset(ordinal),
        categories=counts,
        group_equal=frozenset(equal),
    )
    notes = naming_notes(formulas, options)
    copies = 1 if blocks_of_groups else n_groups
    rows = _all_rows(formulas, options, copies)
    if levels > 1:
        _settle_levels(rows)
    notes += _modify(rows, parsed, copies, bool(equal))
    labels = equality_labels(
        rows, n_groups=n_groups, group_equal=tuple(equal), group_partial=partial
    )
    check_references(rows, labels, parsed)
    pairs, more = shared_label(rows, labels)
    parameters = _numbered(rows)
    constraints, definitions = resolve_relations(parsed, parameters, pairs)
    return ParameterTable(
        parameters=parameters,
        constraints=constraints,
        definitions=definitions,
        meanstructure=means,
        parameterization=parameterization,
        n_groups=n_groups,
        n_levels=levels,
        notes=tuple(notes + more),
    )


def _classes(group_equal: str | Iterable[str]) -> set[str]:
    found = {group_equal} if isinstance(group_equal, str) else set(group_equal)
    for name in sorted(found):
        check_option("group_equal", name, GROUP_EQUAL)
    return found


def _all_rows(formulas: Sequence[Formula], options: Options, copies: int) -> list[Row]:
    """Complete every block, and repeat a model without groups of its own for each group."""
    rows: list[Row] = []
    for block in dict.fromkeys((row.group, row.level) for row in formulas):
        rows += complete([row for row in formulas if (row.group, row.level) == block], options)
    for group in range(2, copies + 1):
        added = [replace(row, group=group) for row in rows if row.group == 1]
        free_in_later_groups(added, options)
        rows += added
    return rows


def _settle_levels(rows: Sequence[Row]) -> None:
    """Let the higher level hold the means of variables that both levels have."""
    latent = {row.lhs for row in rows if row.op == "=~"}
    above = {row.lhs for row in rows if row.op == "~1" and row.level > 1 and row.lhs not in latent}
    for row in rows:
        if row.level == 1 and ((row.op == "~1" and row.lhs in above) or row.op == "|"):
            row.fix(0.0)
        elif row.level > 1 and row.op == "~*~":
            row.fix(1.0)


def _modify(rows: Sequence[Row], parsed: ParsedModel, copies: int, equal: bool) -> list[str]:
    """Apply the modifiers of the model; give notes."""
    single = False
    for row in rows:
        given = row.modifiers
        if not given:
            continue
        place = row.group - 1 if copies > 1 else 0
        for said in (given.fixed, given.start, given.lower, given.upper, given.label):
            if len(said) not in ((0, 1, copies) if copies > 1 else (0, 1)):
                raise parsed.source.error(
                    row.where,
                    f"c() holds {len(said)} values for '{row.lhs} {row.op} {row.rhs}', but "
                    + (
                        f"there are {copies} groups."
                        if copies > 1
                        else "there is one group here. Give a single value."
                    ),
                )
        if given.fixed and (value := _of(given.fixed, place)) is not None:
            if math.isnan(value):
                row.release()
            else:
                row.fix(value)
        if given.start and (start := _of(given.start, place)) is not None:
            row.value = start
        row.lower = _bound(given.lower, place, row.lower)
        row.upper = _bound(given.upper, place, row.upper)
        if given.label:
            row.label = _of(given.label, place)
            single = single or (len(given.label) == 1 and copies > 1 and not equal)
    if single:
        return [
            "A label without c() in a model for several groups holds its parameter equal across "
            "them. Write c(a1, a2) for a label in each group."
        ]
    return []


def _of(values: Sequence[Any], place: int) -> Any:
    """Give the value of a group: its own, or the one for all."""
    return values[place] if len(values) > 1 else values[0]


def _bound(values: Sequence[float | None], place: int, otherwise: float) -> float:
    value = _of(values, place) if values else None
    return otherwise if value is None or math.isnan(value) else float(value)


def _numbered(rows: Sequence[Row]) -> tuple[Parameter, ...]:
    """Give the rows their numbers among the free parameters."""
    found = []
    free = 0
    for position, row in enumerate(rows, start=1):
        free += row.free
        found.append(
            Parameter(
                lhs=row.lhs,
                op=row.op,
                rhs=row.rhs,
                group=row.group,
                level=row.level,
                free=free if row.free else 0,
                value=math.nan if row.free else row.value,
                start=row.value if row.free else math.nan,
                label=row.label,
                plabel=f".p{position}.",
                exo=row.exo,
                user=row.user,
                lower=row.lower,
                upper=row.upper,
            )
        )
    return tuple(found)
