"""REDCap data dictionaries: the questions that they define."""

from __future__ import annotations

import re

from trustmeasure.platforms.decoding import find_delimiter
from trustmeasure.platforms.definitions import Choice, Definition, LeftOut, Question
from trustmeasure.platforms.sources import Row, Source, headings_of, read_rows
from trustmeasure.platforms.wording import without_markup

# Headings of the web page's download, squeezed, and what the API calls the same columns.
HEADINGS = {
    "variablefieldname": "field_name",
    "fieldname": "field_name",
    "formname": "form_name",
    "sectionheader": "section_header",
    "fieldtype": "field_type",
    "fieldlabel": "field_label",
    "choicescalculationsorsliderlabels": "select_choices_or_calculations",
    "choicesorcalculations": "select_choices_or_calculations",
    "selectchoicesorcalculations": "select_choices_or_calculations",
    "textvalidationtypeorshowslidernumber": "text_validation_type_or_show_slider_number",
    "matrixgroupname": "matrix_group_name",
    "fieldannotation": "field_annotation",
}
_NEEDED = ("field_name", "field_type", "field_label", "select_choices_or_calculations")

# Field types that are no scale of answers, and why they are left out.
_OTHER_TYPES = {
    "text": "free answers",
    "notes": "free answers",
    "calc": "it is calculated",
    "file": "files",
    "checkbox": "several answers a person (a column for each)",
    "descriptive": "nothing is asked",
    "slider": "its answers are no closed list of codes",
    "sql": "its answers come from a database",
    "signature": "a drawing",
}
_VALIDATED = {
    "date": "a date",
    "datetime": "a date",
    "time": "a time",
    "email": "an address",
    "phone": "an address",
    "integer": "a number, not one of a closed list",
    "number": "a number, not one of a closed list",
}
_TWO = {"yesno": ("No", "Yes"), "truefalse": ("False", "True")}


def is_definition(source: Source) -> bool:
    """Tell a data dictionary by its headings."""
    if b"\x00" in source.data[:1000]:
        return False
    names = {HEADINGS.get(name) for name in _headings(source)}
    return {"field_name", "field_type"} <= names


def _headings(source: Source) -> list[str]:
    return headings_of(source, find_delimiter(source.text)[0])


def read_definition(source: Source) -> Definition:
    """Read a data dictionary, in the spelling of the web page or of the API."""
    found = {HEADINGS.get(name) for name in _headings(source)}
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise source.error(
            f"a REDCap data dictionary has the column(s) {', '.join(lacking)}, which are not "
            "here. Download the dictionary again (Designer > Download the current Data "
            "Dictionary).",
            "line 1",
        )
    rows = read_rows(source, find_delimiter(source.text)[0], HEADINGS)
    if not rows:
        raise source.error("has a heading but no fields. Download the dictionary again.")
    questions: list[Question] = []
    left_out: list[LeftOut] = []
    titles: dict[str, dict[str, str]] = {}
    for row in rows:
        part = _read(source, row)
        if isinstance(part, Question):
            questions.append(part)
            header = without_markup(_cell(row, "section_header"))
            if part.matrix and (header or part.matrix not in titles):
                titles[part.matrix] = {"en": header} if header else {}
            if part.block:
                titles.setdefault(part.block, {"en": _spaced(part.block)})
        else:
            left_out.append(part)
    return Definition(
        platform="REDCap",
        title={},
        language="en",
        questions=tuple(questions),
        left_out=tuple(left_out),
        titles=titles,
        mend="number the choices in the Online Designer and download the dictionary again",
        piping=r"\[[a-z][a-z0-9_-]*(?::[\w:-]*)?\]",
        remarks=("A REDCap dictionary names no language; the texts are taken as English.",),
    )


def _read(source: Source, row: Row) -> Question | LeftOut:
    name, kind = _cell(row, "field_name"), _cell(row, "field_type").casefold()
    if not name or not kind:
        lacks = "variable name" if not name else "field type"
        raise source.error(f"the field has no {lacks}. Fill it in.", row.place)
    wording = without_markup(_cell(row, "field_label"))
    if "@HIDDEN" in _cell(row, "field_annotation").upper().split():
        return LeftOut(name, "hidden", "it is not shown (@HIDDEN)", wording)
    if kind in _OTHER_TYPES:
        validated = _cell(row, "text_validation_type_or_show_slider_number").split("_")[0]
        reason = _VALIDATED.get(validated, "") if kind == "text" else ""
        return LeftOut(name, kind, reason or _OTHER_TYPES[kind], wording)
    matrix = _cell(row, "matrix_group_name")
    form = _cell(row, "form_name")
    if kind in _TWO:
        choices = tuple(Choice(str(i), {"en": label}) for i, label in enumerate(_TWO[kind]))
    elif kind in ("radio", "dropdown"):
        choices = _choices(source, row, name)
    else:
        return LeftOut(name, kind, f"the field type '{kind}' is not known", wording)
    return Question(
        name=name,
        text={"en": wording} if wording else {},
        choices=choices,
        kind="matrix" if matrix else kind,
        place=row.place,
        matrix=matrix,
        block=form,
    )


def _choices(source: Source, row: Row, name: str) -> tuple[Choice, ...]:
    """Read ``1, one | 2, two``; the label may hold commas, and be empty."""
    text = _cell(row, "select_choices_or_calculations")
    where = f"{row.place}, field '{name}'"
    if not text:
        raise source.error(
            "a radio or dropdown field has no choices. Write them as: 1, Disagree | 2, Agree.",
            where,
        )
    choices: list[Choice] = []
    for part in re.split(r"\||\r?\n", text):
        if not part.strip():
            continue
        code, comma, label = (piece.strip() for piece in part.partition(","))
        if not code or not comma:
            raise source.error(
                f"the choice '{part.strip()}' is not 'code, label'. Write the choices as: "
                "1, Disagree | 2, Agree.",
                where,
            )
        if any(choice.code == code for choice in choices):
            raise source.error(
                f"two choices have the code '{code}'. Give each a code of its own.", where
            )
        label = without_markup(label)
        choices.append(Choice(code, {"en": label} if label else {}))
    return tuple(choices)


def _cell(row: Row, name: str) -> str:
    """Give a cell; R writes NA where there is nothing."""
    return "" if row[name] == "NA" else row[name]


def _spaced(name: str) -> str:
    """Write the name of a form as a title."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
