"""What ties parameters together: shared labels, constraints and definitions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trustmeasure._checks import listed
from trustmeasure.confirmatory.language.defaults import Row
from trustmeasure.confirmatory.language.expressions import Expression, Node
from trustmeasure.confirmatory.language.parameters import Constraint, Definition, Parameter
from trustmeasure.confirmatory.language.syntax import ParsedModel
from trustmeasure.confirmatory.language.tokens import Source


def shared_label(
    rows: Sequence[Row], labels: Sequence[str]
) -> tuple[list[tuple[int, int]], list[str]]:
    """Hold rows of one label equal: give pairs of positions, and notes.

    Where one of them is fixed, all are fixed at its value, and there is nothing to hold.
    """
    pairs: list[tuple[int, int]] = []
    notes: list[str] = []
    places: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        places.setdefault(label, []).append(position)
    # Labels in the order of their second appearance.
    shared = sorted((p[1], label) for label, p in places.items() if len(p) > 1)
    for _, label in shared:
        same = [rows[position] for position in places[label]]
        lower = [row.lower for row in same if math.isfinite(row.lower)]
        upper = [row.upper for row in same if math.isfinite(row.upper)]
        for row in same:
            row.lower = min(lower, default=-math.inf)
            row.upper = max(upper, default=math.inf)
        fixed = [row.value for row in same if not row.free]
        if fixed:
            if any(value != fixed[0] and not math.isnan(value) for value in fixed):
                notes.append(
                    f"Parameters that are held equal ('{label}') are fixed at different values; "
                    f"the first, {fixed[0]:g}, is used for all."
                )
            for row in same:
                row.fix(fixed[0])
            continue
        first, *others = places[label]
        pairs += [(first, other) for other in others]
        for row in same:
            row.label = row.label or f".p{first + 1}."
    return pairs, notes


def resolve_relations(
    parsed: ParsedModel, parameters: Sequence[Parameter], pairs: Sequence[tuple[int, int]]
) -> tuple[tuple[Constraint, ...], tuple[Definition, ...]]:
    """Resolve the names of constraints and definitions, and add the equalities of labels."""
    known: dict[str, int | float | Expression] = {}
    for row in parameters:
        if row.free or not math.isnan(row.value):
            meaning = row.free - 1 if row.free else row.value
            known.setdefault(row.plabel, meaning)
            if row.label:
                known.setdefault(row.label, meaning)
    definitions = _definitions(parsed, known)
    constraints = [
        Constraint(
            op=one.op,
            lhs=one.lhs.resolved(known),
            rhs=one.rhs.resolved(known),
            text=one.text,
        )
        for one in parsed.relations
        if one.op != ":="
    ]
    for first, other in pairs:
        a, b = parameters[first], parameters[other]
        text = f"{a.plabel} == {b.plabel}"
        left, right = (
            Expression(one.plabel, Node("parameter", place=one.free - 1), Source(text))
            for one in (a, b)
        )
        constraints.append(Constraint("==", left, right, text, user=False))
    return tuple(constraints), definitions


def _definitions(
    parsed: ParsedModel, known: dict[str, int | float | Expression]
) -> tuple[Definition, ...]:
    """Resolve definitions in order, and make each known to what follows."""
    written = [one for one in parsed.relations if one.op == ":="]
    names = [one.lhs.root.name or one.lhs.text for one in written]
    labels = set(known)
    found = []
    for position, (name, one) in enumerate(zip(names, written, strict=True)):
        if name in labels:
            raise parsed.source.error(
                one.where,
                f"'{name}' is the label of a parameter already; define it under another name.",
            )
        if name in names[:position]:
            raise parsed.source.error(one.where, f"'{name}' is defined twice.")
        later = [other for other in one.rhs.names if other in names[position:]]
        hint = (
            f" It is defined only by this line or a later one ({listed(later)})." if later else ""
        )
        expression = one.rhs.resolved(known, hint)
        known[name] = expression
        found.append(Definition(name, expression, one.text))
    return tuple(found)
