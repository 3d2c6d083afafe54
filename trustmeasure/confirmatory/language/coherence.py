"""Whether a model fits the groups, levels and items that it is to describe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trustmeasure._checks import check_count, listed, near
from trustmeasure.confirmatory.language.defaults import Options, Row
from trustmeasure.confirmatory.language.syntax import Formula, ParsedModel
from trustmeasure.confirmatory.language.variables import block_roles, unique
from trustmeasure.errors import OptionError


def place_groups(
    parsed: ParsedModel, n_groups: int, group_labels: Sequence[str], n_levels: int | None
) -> tuple[list[Formula], bool]:
    """Count groups as the data do; say whether the model has blocks for them."""
    levels = max(len(parsed.levels), 1)
    if n_levels is not None and n_levels != levels:
        raise OptionError(
            f"The data have {n_levels} level(s), but the model describes {levels}. Write one "
            "block for each: 'level: 1' (within clusters) and 'level: 2' (between them)."
        )
    if not parsed.groups:
        if levels > 1 and n_groups > 1:
            raise OptionError(
                "A two-level model for several groups needs a block for each of them: "
                "'group: 1' with its levels, then 'group: 2' with its own."
            )
        return list(parsed.formulas), False
    if len(parsed.groups) != n_groups:
        raise OptionError(
            f"The model has blocks for {len(parsed.groups)} group(s) "
            f"({listed(parsed.groups)}), but the data have {n_groups}."
        )
    labels = [str(label) for label in group_labels]
    numbers = [str(number) for number in range(1, n_groups + 1)]
    if labels and set(parsed.groups) == {"".join(label.split()) for label in labels}:
        numbers = ["".join(label.split()) for label in labels]
    elif set(parsed.groups) != set(numbers):
        unknown = [name for name in parsed.groups if name not in labels]
        if labels:
            raise OptionError(
                f"The model has blocks for group(s) {listed(unknown)}, but the groups of the "
                f"data are {listed(labels)}.{near(unknown[0] if unknown else '', labels)}"
            )
        numbers = list(parsed.groups)
    place = {i: numbers.index(name) + 1 for i, name in enumerate(parsed.groups, start=1)}
    return [replace(row, group=place[row.group]) for row in parsed.formulas], True


def refuse_impossible(parsed: ParsedModel, formulas: Sequence[Formula]) -> None:
    """Refuse what latent variables cannot have: products, thresholds and scaling factors."""
    latent = {row.lhs for row in formulas if row.op == "=~"}
    mixed = [name for name in parsed.observed if name in latent]
    for row in formulas:
        if mixed and {row.lhs, row.rhs} & set(mixed):
            raise parsed.source.error(
                row.where,
                f"'{mixed[0]}' is latent in one block of the model and observed in another. Give "
                "the two different names.",
            )
        if ":" in row.rhs and set(row.rhs.split(":")) & latent:
            raise parsed.source.error(
                row.where,
                f"'{row.rhs}' multiplies a latent variable, which is not offered. Compute "
                "products of the (centred) indicators as columns of the data, and let them "
                "measure a latent variable of their own.",
            )
        if row.op in ("|", "~*~") and row.lhs in latent:
            raise parsed.source.error(
                row.where, f"'{row.lhs}' is latent; '{row.op}' belongs to observed variables."
            )
    if not parsed.observed:
        raise OptionError("The model names no observed variable, so no data can inform it.")


def ordered_items(parsed: ParsedModel, ordered: bool | Iterable[str]) -> set[str]:
    """Name the ordered items among the variables of the model."""
    if isinstance(ordered, bool):
        return set(parsed.names("ov.nox")) if ordered else set()
    asked = {ordered} if isinstance(ordered, str) else set(ordered)
    return asked & set(parsed.names("ov.nox"))


def check_categories(
    parsed: ParsedModel,
    formulas: Sequence[Formula],
    ordered: set[str],
    categories: Mapping[str, int],
) -> None:
    """Refuse ordered items of unknown thresholds, and thresholds beyond the last."""
    cut = {row.lhs for row in formulas if row.op == "|"}
    unknown = sorted(ordered - cut - set(categories))
    if unknown:
        raise OptionError(
            f"How many answer options have {listed(unknown)}? Pass categories={{name: number}}."
        )
    for name, number in categories.items():
        if name in ordered | cut:
            check_count(f"categories['{name}']", number, least=2)
    for row in formulas:
        if row.op == "|" and int(row.rhs[1:]) >= categories.get(row.lhs, math.inf):
            raise parsed.source.error(
                row.where,
                f"'{row.lhs}' has {categories[row.lhs]} categories, so its last threshold is "
                f"t{categories[row.lhs] - 1}.",
            )


def naming_notes(formulas: Sequence[Formula], options: Options) -> list[str]:
    """Say which names mean something else than they may seem to."""
    notes = []
    if random := _given_moments(formulas) if options.fixed_x else []:
        notes.append(
            f"Exogenous variable(s) {listed(random)} are treated as random, because the model "
            "gives them a variance, covariance or mean."
        )
    variables = {name for row in formulas for name in (row.lhs, row.rhs)} - {""}
    labels = unique(label for row in formulas for label in row.modifiers.label)
    if both := [label for label in labels if label in variables]:
        notes.append(
            f"{listed(both)} before a star is the label of a parameter, though a variable has "
            "this name too. A product of variables is written with a colon, x1:x2."
        )
    return notes


def _given_moments(formulas: Sequence[Formula]) -> list[str]:
    """Name exogenous variables with a variance, covariance or mean in the model."""
    if not any(row.op in ("~~", "~1") for row in formulas):
        return []
    found: list[str] = []
    for block in dict.fromkeys((row.group, row.level) for row in formulas):
        own = [row for row in formulas if (row.group, row.level) == block]
        found += block_roles(own).random
    return unique(found)


def check_references(rows: Sequence[Row], labels: Sequence[str], parsed: ParsedModel) -> None:
    """Refuse equal("f=~x9") where there is no such parameter."""
    for row in rows:
        if row.label and ("~" in row.label or "|" in row.label) and labels.count(row.label) < 2:
            others = [label for label, one in zip(labels, rows, strict=True) if one is not row]
            raise parsed.source.error(
                row.where,
                f"'{row.label}' names no other parameter of the model.{near(row.label, others)}",
            )
