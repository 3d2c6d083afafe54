"""Data dictionaries for REDCap: one field an item, matrix groups, a record id first."""

from __future__ import annotations

import csv
import io

from trustmeasure._files import neutralise
from trustmeasure.platforms.naming import platform_names, refuse_fragments, slug
from trustmeasure.platforms.questionnaire import Block, Questionnaire

COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
_RESERVED = frozenset({"record_id", "instructions", "redcap_event_name"})
_ADDED = ("_complete", "_timestamp")


def field_name(item: str) -> str:
    """Name an item as REDCap allows: lower-case letters, digits and single underscores."""
    return slug(item).lower()


def field_names(laid: Questionnaire) -> dict[str, str]:
    """Name every item."""
    return platform_names(
        laid,
        field_name,
        allowed=r"[a-z][a-z0-9_]{0,99}",
        what="field names of REDCap (letters, digits and underscores, a letter first)",
        reserved=_RESERVED
        | {f"{form_name(laid, b.form)}{end}" for b in laid.blocks for end in _ADDED},
    )


def form_name(laid: Questionnaire, form: str | None) -> str:
    """Name the form of an item: one for all, or one for each form of the instrument."""
    several = len({block.form for block in laid.blocks}) > 1
    name = f"{laid.instrument.id}_{form}" if several and form else laid.instrument.id
    name = slug(name).lower()[:60]
    return name if name[:1].isalpha() else f"form_{name}"


def write_definition(laid: Questionnaire) -> bytes:
    """Give the CSV file."""
    refuse_fragments(laid, {"|": "the end of an answer"}, "REDCap")
    names = field_names(laid)
    first = form_name(laid, laid.blocks[0].form)
    rows = [_row(names="record_id", form=first, kind="text", label="Record ID")]
    rows[0]["Field Annotation"] = " ".join(laid.small_print())
    if laid.instructions:
        rows.append(
            _row(names="instructions", form=first, kind="descriptive", label=laid.instructions)
        )
    for block in laid.blocks:
        rows += _block(block, form_name(laid, block.form), names)
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n", restval="")
    writer.writeheader()
    writer.writerows({key: neutralise(value) for key, value in row.items()} for row in rows)
    return stream.getvalue().encode("utf-8")


def _row(*, names: str, form: str, kind: str, label: str) -> dict[str, str]:
    return {
        "Variable / Field Name": names,
        "Form Name": form,
        "Field Type": kind,
        "Field Label": label,
    }


def _block(block: Block, form: str, names: dict[str, str]) -> list[dict[str, str]]:
    choices = " | ".join(f"{code}, {label}" for code, label in block.options)
    # A leading space, which REDCap cuts off, keeps "-1, …" from looking like a formula.
    choices = f" {choices}" if choices.startswith("-") else choices
    header = " ".join(part for part in (block.heading, block.question) if part)
    rows = []
    for item in block.items:
        row = _row(names=names[item.id], form=form, kind="radio", label=item.text)
        row["Choices, Calculations, OR Slider Labels"] = choices
        if len(block.items) > 1:
            row["Matrix Group Name"] = f"m_{slug(block.id).lower()}"[:60]
        rows.append(row)
    rows[0]["Section Header"] = header
    return rows
