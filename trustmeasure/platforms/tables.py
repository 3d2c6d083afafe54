"""CSV, TSV and XLSX files as raw text tables, and plain tables written."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trustmeasure._checks import listed
from trustmeasure._files import write_csv
from trustmeasure.errors import DataError, OptionError
from trustmeasure.platforms.decoding import (
    DELIMITER_NAMES,
    decode,
    find_delimiter,
    is_workbook,
    read_bytes,
    refuse_foreign,
    refuse_markup,
)
from trustmeasure.responses import LogEntry

if TYPE_CHECKING:
    from trustmeasure.responses import Responses


@dataclass
class RawTable:
    """The records of a file as text, heading rows included, all of one width.

    Attributes
    ----------
    records : list of list of str
        An empty cell is an empty string.
    rows : list of int
        The number under which a spreadsheet program shows each record: a text with line
        breaks is one row, a blank line is one too.
    name : str
        File name without its folder.
    delimiter : str
        Empty for a workbook.
    spans : bool
        A cell of the first row is merged over several columns.
    log : list of LogEntry
    """

    records: list[list[str]]
    rows: list[int]
    name: str
    delimiter: str = ""
    spans: bool = False
    log: list[LogEntry] = field(default_factory=list)


def read_table(path: str | Path, *, sheet: str | int | None = None) -> RawTable:
    """Read a text table or a workbook, told apart by their content."""
    path = Path(path)
    data = read_bytes(path)
    named_workbook = path.suffix.lower() in {".xlsx", ".xlsm"}
    if is_workbook(data) and named_workbook:
        from trustmeasure.platforms.workbooks import read_workbook

        return read_workbook(data, path.name, sheet=sheet)
    if sheet is not None:
        raise OptionError(f"sheet={sheet!r} is for .xlsx workbooks; '{path.name}' is none.")
    refuse_foreign(data, path.name)
    text, encoding = decode(data, path.name)
    refuse_markup(text, path.name)
    if named_workbook:
        raise DataError(
            f"'{path.name}' is named like an Excel workbook, but holds plain text. If it is a "
            f"CSV table, rename it to '{path.stem}.csv' and read that."
        )
    table = _parse(text, path.name)
    if encoding not in {"utf-8", "utf-8-sig"}:
        table.log.insert(
            0, LogEntry("encoding other than UTF-8", 1, f"the file was read as {encoding}")
        )
    return table


def _parse(text: str, name: str) -> RawTable:
    delimiter, text = find_delimiter(text)
    records: list[list[str]] = []
    rows: list[int] = []
    lines: list[int] = []
    blank = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line, row = 1, 0
    last = 1
    try:
        for record in reader:
            row += 1
            last = line
            if any(record):
                records.append(record)
                rows.append(row)
                lines.append(line)
            else:
                blank += 1
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"'{name}' could not be parsed from line {line} on ({error}). Most often a quotation "
            "mark is opened there and never closed."
        ) from None
    if not records:
        raise DataError(f"'{name}' is empty: it has no heading and no rows.")
    if reader.line_num > last:
        _refuse_unclosed(text, last, name)
    _refuse_ragged(records, rows, lines, name, delimiter)
    table = RawTable(records=records, rows=rows, name=name, delimiter=delimiter)
    table.log.extend(_parse_notes(delimiter, blank))
    return table


def _refuse_unclosed(text: str, start: int, name: str) -> None:
    """Refuse a last record that runs to the end because its quotation mark is never closed."""
    tail = list(io.StringIO(text, newline=""))[start - 1 :]
    if sum(line.count('"') for line in tail) % 2:
        raise DataError(
            f"'{name}' has a quotation mark in line {start} that is never closed: the "
            f"{len(tail) - 1} lines after it would be taken for one answer. Close it, or export "
            "again."
        )


def _parse_notes(delimiter: str, blank: int) -> list[LogEntry]:
    notes = []
    if delimiter != ",":
        called = DELIMITER_NAMES.get(delimiter, repr(delimiter))
        notes.append(LogEntry("delimiter other than comma", 1, f"columns are split at {called}"))
    if blank:
        notes.append(LogEntry("empty rows skipped", blank, "lines without any content"))
    return notes


def _refuse_ragged(
    records: Sequence[list[str]],
    rows: Sequence[int],
    lines: Sequence[int],
    name: str,
    delimiter: str,
) -> None:
    """Refuse records of another width than the heading; drop empty cells beyond it first."""
    width = len(records[0])
    ragged = []
    for i, record in enumerate(records):
        if len(record) > width and not any(record[width:]):
            del record[width:]
        if len(record) != width:
            ragged.append(i)
    if not ragged:
        return
    shown = "; ".join(
        f"row {rows[i]} (line {lines[i]} of the file) has {len(records[i])}" for i in ragged[:5]
    )
    rest = f"; and {len(ragged) - 5} more rows" if len(ragged) > 5 else ""
    swallowed = next((i for i in ragged if sum(cell.count("\n") for cell in records[i]) > 20), None)
    hint = (
        f" Row {rows[swallowed]} runs over many lines: a quotation mark in it may not be closed."
        if swallowed is not None
        else " A cell with a delimiter or a line break in it must stand in quotation marks."
    )
    raise DataError(
        f"'{name}' is ragged: the heading has {width} columns (split at "
        f"{DELIMITER_NAMES.get(delimiter, repr(delimiter))}), but {shown}{rest}. Rows are "
        "counted as a spreadsheet shows them, the heading being row 1." + hint
    )


def refuse_repeated(names: Sequence[str], where: str) -> None:
    """Refuse headings that occur more than once, naming them and their places."""
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names, start=1):
        if name:
            places.setdefault(name, []).append(position)
    repeated = {name: at for name, at in places.items() if len(at) > 1}
    if repeated:
        shown = "; ".join(
            f"'{name}' in columns {', '.join(map(str, at))}"
            for name, at in list(repeated.items())[:8]
        )
        rest = f"; and {len(repeated) - 8} more" if len(repeated) > 8 else ""
        raise DataError(
            f"Headings occur more than once in {where}: {shown}{rest}. Every column needs a name "
            "of its own: rename or delete the copies."
        )


def write_table(
    responses: Responses,
    path: str | Path,
    *,
    labels: bool = False,
    language: str = "en",
    overwrite: bool = False,
) -> Path:
    """Write responses as a plain CSV table: items first, then the context columns.

    Parameters
    ----------
    responses : Responses
    path : path
        Written whole or not at all; cells that a spreadsheet would run as a formula get an
        apostrophe in front.
    labels : bool
        Write the labels of the answers instead of their codes.
    language : str
        Language of the labels.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When the file exists, or a label stands for two codes.
    """
    from trustmeasure.platforms.answers import item_cells

    frame = responses.data.copy()
    for item in responses.item_ids:
        frame[item] = item_cells(responses, item, labels=labels, language=language)
    if responses.simulated:
        frame["simulated"] = np.repeat("yes", len(frame))
    if not len(frame):
        raise DataError("There are no responses to write.")
    refuse_repeated([str(name) for name in frame.columns], "the table to be written")
    return write_csv(frame, path, overwrite=overwrite)


def heading_list(names: Sequence[str]) -> str:
    """Quote the headings of a table for a message."""
    return listed([name for name in names if name], 20)
