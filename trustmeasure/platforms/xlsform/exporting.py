"""XLSForms for KoboToolbox, ODK and whatever else reads them: one matrix a block."""

from __future__ import annotations

import io
import re
from typing import Any

from trustmeasure._files import neutralise
from trustmeasure.errors import MissingExtraError
from trustmeasure.platforms.naming import platform_names, refuse_fragments, slug
from trustmeasure.platforms.questionnaire import Questionnaire

# Language names as forms write them; any other language is called by its tag.
_LANGUAGES = {
    "en": "English", "es": "Español", "fr": "Français", "de": "Deutsch", "pt": "Português",
    "it": "Italiano", "nl": "Nederlands", "ar": "العربية", "sw": "Kiswahili",
}  # fmt: skip
_Rows = list[dict[str, str | int]]


def question_name(item: str) -> str:
    """Name an item as XML and XLSForm allow: letters, digits and underscores."""
    name = slug(item)
    return name if name[:1].isalpha() else f"_{name}"


def question_names(laid: Questionnaire) -> dict[str, str]:
    """Name every item."""
    return platform_names(
        laid,
        question_name,
        allowed=r"[A-Za-z_][A-Za-z0-9_]*",
        what="names in an XLSForm (letters, digits and underscores)",
        reserved=frozenset({"instructions", "meta", "start", "end", "today", "name", "label"}),
    )


def write_definition(laid: Questionnaire) -> bytes:
    """Give the workbook: survey, choices, settings, and a sheet about the instrument."""
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("Writing an XLSForm", "openpyxl", "excel") from None
    refuse_fragments(laid, {"${": "a reference"}, "an XLSForm")
    names = question_names(laid)
    survey, choices = _survey(laid, names), _choices(laid)
    version = re.sub(r"[^A-Za-z0-9.]+", "", laid.instrument.version)
    settings: _Rows = [
        {
            "form_title": laid.title,
            "form_id": slug(laid.instrument.id),
            "version": version,
            "default_language": _language(laid.language),
        }
    ]
    about: _Rows = [{"about": line} for line in laid.small_print()]
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in (("survey", survey), ("choices", choices), ("settings", settings)):
        _write_sheet(book.create_sheet(name), rows)
    _write_sheet(book.create_sheet("about"), about)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _label(language: str) -> str:
    """Name the column of labels as forms say their language: ``label::English (en)``."""
    return f"label::{_language(language)}"


def _language(language: str) -> str:
    return f"{_LANGUAGES.get(language.split('-')[0].lower(), language)} ({language})"


def _survey(laid: Questionnaire, names: dict[str, str]) -> _Rows:
    rows: _Rows = []
    taken = {name.casefold() for name in names.values()}
    label = _label(laid.language)
    if laid.instructions:
        rows.append({"type": "note", "name": "instructions", label: laid.instructions})
    for position, block in enumerate(laid.blocks, start=1):
        group = question_name(block.id)
        if group.casefold() in taken:
            group = f"block_{position}"
        taken.add(group.casefold())
        above = " ".join(part for part in (block.heading, block.question) if part)
        start: dict[str, str | int] = {"type": "begin group", "name": group}
        start[label] = above or laid.title
        start["appearance"] = "table-list" if len(block.items) > 1 else "field-list"
        rows.append(start)
        for item in block.items:
            kind = f"select_one {question_name(block.response_set)}"
            rows.append({"type": kind, "name": names[item.id], label: item.text})
        rows.append({"type": "end group"})
    return rows


def _choices(laid: Questionnaire) -> _Rows:
    rows: _Rows = []
    done: set[str] = set()
    for block in laid.blocks:
        name = question_name(block.response_set)
        if name in done:
            continue
        done.add(name)
        for code, text in block.options:
            rows.append({"list_name": name, "name": code, _label(laid.language): text})
    return rows


def _write_sheet(sheet: Any, rows: _Rows) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for place, heading in enumerate(columns, start=1):
        sheet.cell(row=1, column=place, value=heading)
    for number, row in enumerate(rows, start=2):
        for place, key in enumerate(columns, start=1):
            if key not in row:
                continue
            cell = sheet.cell(row=number, column=place)
            value = row[key]
            # Text stays text: openpyxl would store "=…" as a formula.
            cell.value = neutralise(value)
