"""Qualtrics response exports: their headings, their kinds of columns, and which rows count."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.errors import DataError
from trustmeasure.platforms.layout import (
    Column,
    Kind,
    Table,
    is_identifying,
    make_columns,
    make_table,
)
from trustmeasure.platforms.tables import RawTable
from trustmeasure.responses import LogEntry

# What Qualtrics adds to every export: column name → ImportId.
METADATA = {
    "StartDate": "startDate",
    "EndDate": "endDate",
    "Status": "status",
    "IPAddress": "ipAddress",
    "Progress": "progress",
    "Duration (in seconds)": "duration",
    "Finished": "finished",
    "RecordedDate": "recordedDate",
    "ResponseId": "_recordId",
    "RecipientLastName": "recipientLastName",
    "RecipientFirstName": "recipientFirstName",
    "RecipientEmail": "recipientEmail",
    "ExternalReference": "externalDataReference",
    "LocationLatitude": "locationLatitude",
    "LocationLongitude": "locationLongitude",
    "DistributionChannel": "distributionChannel",
    "UserLanguage": "userLanguage",
}
_BY_IMPORT_ID = {import_id: name for name, import_id in METADATA.items()}
# Older spellings, and what the first columns of legacy exports are called by number.
_OTHER_NAMES = {
    "responseid": "ResponseId",
    "startdate": "StartDate",
    "enddate": "EndDate",
    "status": "Status",
    "finished": "Finished",
    "ipaddress": "IPAddress",
    "name": "RecipientName",
    "emailaddress": "RecipientEmail",
    "externaldatareference": "ExternalReference",
    "responseset": "ResponseSet",
}
_LEGACY = {
    "V1": "ResponseId",
    "V2": "ResponseSet",
    "V3": "RecipientName",
    "V4": "ExternalReference",
    "V5": "RecipientEmail",
    "V6": "IPAddress",
    "V7": "Status",
    "V8": "StartDate",
    "V9": "EndDate",
    "V10": "Finished",
}
_IDENTIFYING = frozenset(
    {
        "IPAddress",
        "RecipientName",
        "RecipientLastName",
        "RecipientFirstName",
        "RecipientEmail",
        "ExternalReference",
        "LocationLatitude",
        "LocationLongitude",
        "LocationAccuracy",
    }
)

# Status is a sum of flags (1 preview, 2 test, 4 imported, 8 spam, 16 offline, 32 employee
# project), or words in the language of the account.
_PREVIEW_FLAGS = 1 | 2
_SPAM_FLAG = 8
_PREVIEW_WORDS = (
    "preview",
    "survey test",
    "test response",
    "vorschau",  # German
    "umfragetest",
    "aperçu",  # French
    "vista previa",  # Spanish
    "anteprima",  # Italian
    "voorbeeld",  # Dutch
    "pré-visualização",  # Portuguese
)
_YES = frozenset({"1", "true", "wahr", "vrai", "verdadero", "vero", "waar", "verdadeiro", "yes"})
_NO = frozenset({"0", "false", "falsch", "faux", "falso", "onwaar", "no"})


def is_qualtrics(raw: RawTable) -> bool:
    """Tell whether the headings are those of a Qualtrics export."""
    return _import_row(raw) is not None or _is_legacy(raw) or _n_metadata(raw.records[0]) >= 4


def _import_row(raw: RawTable) -> int | None:
    """Find the heading row that holds the ImportIds."""
    for i, record in enumerate(raw.records[:3]):
        if any(_import_id(cell) for cell in record):
            return i
    return None


def _import_id(cell: str) -> str:
    """Read ``{"ImportId": …}``, to which a choice of its own is added: QID5 and 2 are QID5_2."""
    if not cell.lstrip().startswith("{"):
        return ""
    try:
        parsed = json.loads(cell)
    except ValueError:
        return ""
    if not isinstance(parsed, dict) or not isinstance(parsed.get("ImportId"), str):
        return ""
    choice = parsed.get("choiceId")
    return f"{parsed['ImportId']}_{choice}" if choice else str(parsed["ImportId"])


def _is_legacy(raw: RawTable) -> bool:
    first = [cell.strip() for cell in raw.records[0]]
    if len(raw.records) < 2 or not {"V1", "V2"} & set(first):
        return False
    second = {_squeezed(cell) for cell in raw.records[1]}
    return "responseid" in second or len(second & set(_OTHER_NAMES)) >= 3


def _n_metadata(names: list[str]) -> int:
    return sum(name.strip() in METADATA for name in names)


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def lay_out_qualtrics(raw: RawTable) -> Table:
    """Understand the one, two or three heading rows of a Qualtrics export."""
    if not is_qualtrics(raw):
        raise DataError(
            f"'{raw.name}' has none of the headings of a Qualtrics export (a row of ImportIds, or "
            "columns such as StartDate, Finished, ResponseId). Leave platform= out to have it "
            "read as a plain table."
        )
    import_row = _import_row(raw)
    if import_row is not None:
        n_headings, text_row = import_row + 1, 1 if import_row == 2 else None
    elif _is_legacy(raw) or _second_row_is_text(raw):
        n_headings, text_row = 2, 1
    else:
        n_headings, text_row = 1, None
    names = [cell.strip() for cell in raw.records[0]]
    columns = make_columns(raw, n_headings, names)
    not_json = []
    for j, column in enumerate(columns):
        if text_row is not None:
            column.text = raw.records[text_row][j]
        if import_row is not None:
            column.import_id = _import_id(raw.records[import_row][j])
            if not column.import_id and column.name:
                not_json.append(column.name)
        column.role = _role(column)
        if column.role and re.fullmatch(r"V\d+", column.name):
            column.name, column.import_id = column.role, column.name
        column.kind = _kind(column)
    table = make_table(raw, n_headings, columns)
    table.log.extend(_heading_notes(n_headings, not_json))
    return table


def _second_row_is_text(raw: RawTable) -> bool:
    """Tell wordings from a first person: the platform's own columns hold digits or true/false."""
    if len(raw.records) < 2:
        return False
    told = [
        cell.strip().lower()
        for name, cell in zip(raw.records[0], raw.records[1], strict=True)
        if name.strip() in METADATA
        and name.strip() not in _IDENTIFYING | {"Status", "DistributionChannel", "UserLanguage"}
        and cell.strip()
    ]
    return bool(told) and not any(re.search(r"\d", c) or c in _YES | _NO for c in told)


def _heading_notes(n_headings: int, not_json: list[str]) -> list[LogEntry]:
    notes = []
    if n_headings != 3:
        notes.append(
            LogEntry("Qualtrics headings", n_headings, "heading rows instead of the usual three")
        )
    if not_json:
        notes.append(
            LogEntry(
                "third-row cells that are not JSON",
                len(not_json),
                f"no ImportId for {listed(not_json)}; the heading was used",
            )
        )
    return notes


def _role(column: Column) -> str:
    """Which of Qualtrics' own columns this is, if any."""
    if column.import_id:
        return _BY_IMPORT_ID.get(column.import_id, "")
    if column.name in METADATA:
        return column.name
    if re.fullmatch(r"V\d+", column.name):
        return _OTHER_NAMES.get(_squeezed(column.text), _LEGACY.get(column.name, ""))
    if column.name == "LocationAccuracy":
        return column.name
    return "ResponseId" if column.name == "ResponseID" else ""


_ORDER = re.compile(r"_DO(_.*)?$")
_RANDOMISER = re.compile(r"^FL_\d+_DO(_|$)|^BR-FL_\d+")
_TIMING = re.compile(r"(^|[_ ])(First Click|Last Click|Page Submit|Click Count)$", re.IGNORECASE)
_TIMING_ID = re.compile(r"_(FIRST_CLICK|LAST_CLICK|PAGE_SUBMIT|CLICK_COUNT)$")
_TOPIC = re.compile(
    r" - (Parent )?(Topics?|Sentiment|Emotion|Effort|Actionability|Language)\b", re.IGNORECASE
)
_TOPIC_ID = re.compile(r"_TEXT_[0-9a-f]{12,}")
_FREE_TEXT = re.compile(r"_TEXT(_\d+)?$")


def _kind(column: Column) -> Kind:
    """Sort a column by its ImportId and its tag."""
    name, import_id = column.name, column.import_id
    if column.role:
        return "identifying" if column.role in _IDENTIFYING else "metadata"
    if _RANDOMISER.search(name) or _RANDOMISER.search(import_id):
        return "block randomiser"
    if _ORDER.search(import_id) or (not import_id and _ORDER.search(name)):
        return "display order"
    if _TIMING_ID.search(import_id) or _TIMING.search(name):
        return "timing"
    if _TOPIC_ID.search(import_id) or _TOPIC.search(name):
        return "topic"
    if _FREE_TEXT.search(import_id) or _FREE_TEXT.search(name):
        return "free text"
    if name == "simulated" and (column.values.str.strip().str.lower() == "yes").any():
        return "simulation mark"
    return "identifying" if is_identifying(column) else "answer"


# -- which rows count -----------------------------------------------------------------------


def drop_rows(table: Table, *, previews: str, unfinished: str) -> Table:
    """Drop previews and unfinished responses, or keep them, and log how many there were."""
    log = table.log
    preview = _previews(table)
    if preview.any():
        done = "dropped" if previews == "drop" else "kept"
        log.append(LogEntry(f"previews {done}", int(preview.sum()), "the survey's own tests"))
    keep = ~preview if previews == "drop" else np.ones(table.n, dtype=np.bool_)
    n_all = table.n
    table = table.keep(keep)
    open_rows = _unfinished(table)
    if open_rows.any():
        done = "dropped" if unfinished == "drop" else "kept"
        log.append(
            LogEntry(f"unfinished {done}", int(open_rows.sum()), "the survey was not submitted")
        )
        if unfinished == "drop":
            table = table.keep(~open_rows)
    if not table.n:
        raise DataError(
            f"None of the {n_all} responses in '{table.name}' is left: {int(preview.sum())} "
            f"previews and {int(open_rows.sum())} unfinished ones were dropped. Pass "
            "unfinished='keep' or previews='keep' to use them."
        )
    return table


def _find(table: Table, role: str) -> Column | None:
    return next((column for column in table.columns if column.role == role), None)


def _words(column: Column) -> pd.Series[Any]:
    return column.values.str.strip().str.lower()


def _previews(table: Table) -> NDArray[np.bool_]:
    """Mark previews and tests by Status, and by the channel that they came through."""
    found = np.zeros(table.n, dtype=np.bool_)
    status = _find(table, "Status")
    if status is not None:
        words = _words(status)
        for value in words.unique():
            flags = int(value) if re.fullmatch(r"\d{1,3}", value) else 0
            here = (words == value).to_numpy(dtype=np.bool_)
            if flags & _PREVIEW_FLAGS or any(word in value for word in _PREVIEW_WORDS):
                found |= here
            elif flags & _SPAM_FLAG or "spam" in value:
                table.log.append(
                    LogEntry("possible spam kept", int(here.sum()), f"Status is '{value}'")
                )
    channel = _find(table, "DistributionChannel")
    if channel is not None:
        found |= _words(channel).isin(["preview", "test"]).to_numpy(dtype=np.bool_)
    return found


def _unfinished(table: Table) -> NDArray[np.bool_]:
    """Mark responses that were not submitted: by Finished or, failing that, by Progress."""
    finished = _find(table, "Finished")
    progress = _find(table, "Progress")
    none = np.zeros(table.n, dtype=np.bool_)
    if finished is not None:
        words = _words(finished)
        strange = sorted(set(words.unique()) - _YES - _NO - {""})
        if not strange:
            return words.isin(_NO).to_numpy(dtype=np.bool_)
        table.log.append(
            LogEntry(
                "Finished not understood",
                int(words.isin(strange).sum()),
                f"value(s) {listed(strange, 4)}; "
                + ("Progress decides instead" if progress is not None else "all rows were kept"),
            )
        )
    if progress is None:
        return none
    share = pd.to_numeric(_words(progress), errors="coerce")
    open_rows = (share < 100).to_numpy(dtype=np.bool_)
    if finished is None and open_rows.any():
        table.log.append(
            LogEntry("Finished is absent", 1, "responses with Progress under 100 are unfinished")
        )
    return open_rows
