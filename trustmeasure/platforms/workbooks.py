"""XLSX workbooks as raw text tables."""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

from trustmeasure._checks import listed, near
from trustmeasure.errors import DataError, MissingExtraError, OptionError
from trustmeasure.platforms.tables import RawTable
from trustmeasure.responses import LogEntry


def read_workbook(data: bytes, name: str, *, sheet: str | int | None) -> RawTable:
    """Read one sheet: the first with anything in it, or the one that is asked for."""
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("Reading .xlsx files", "openpyxl", "excel") from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise DataError(
            f"'{name}' could not be opened as a workbook ({error}). Save it again as .xlsx or CSV."
        ) from None
    try:
        return _read_sheet(book, _choose(book, name, sheet), data, name, sheet)
    finally:
        book.close()


def _choose(book: Any, name: str, sheet: str | int | None) -> Any:
    sheets = {s.title: s for s in book.worksheets}
    if sheet is None:
        filled = [s for s in book.worksheets if s.max_row > 1 or s["A1"].value is not None]
        if not filled:
            raise DataError(f"'{name}' is empty: none of its sheets holds anything.")
        return filled[0]
    if isinstance(sheet, bool) or not isinstance(sheet, (str, int)):
        raise OptionError(f"sheet={sheet!r} must be the name of a sheet or its number from 1.")
    if isinstance(sheet, int):
        if not 1 <= sheet <= len(sheets):
            raise OptionError(
                f"sheet={sheet} does not exist: '{name}' has {len(sheets)} sheet(s), counted "
                f"from 1: {listed(sheets)}."
            )
        return book.worksheets[sheet - 1]
    if sheet not in sheets:
        raise OptionError(
            f"'{name}' has no sheet '{sheet}'. It has: {listed(sheets)}." + near(sheet, sheets)
        )
    return sheets[sheet]


def _read_sheet(
    book: Any, chosen: Any, data: bytes, name: str, sheet: str | int | None
) -> RawTable:
    records: list[list[str]] = []
    rows: list[int] = []
    not_available = 0
    broken: list[str] = []
    for number, cells in enumerate(chosen.iter_rows(), start=1):
        record = []
        for cell in cells:
            if cell.data_type == "e":
                if str(cell.value) != "#N/A":
                    broken.append(f"{cell.coordinate} ({cell.value})")
                not_available += str(cell.value) == "#N/A"
                record.append("")
            else:
                record.append(cell_text(cell.value))
        if any(record):
            records.append(record)
            rows.append(number)
    where = f"sheet '{chosen.title}' of '{name}'"
    if broken:
        raise DataError(
            f"Formulas in {where} ended in an error: {listed(broken)}. Mend them, or empty the "
            "cells if there is no answer."
        )
    _refuse_uncalculated(data, chosen, where)
    if not records:
        raise DataError(f"The {where} is empty: it has no heading and no rows.")
    table = RawTable(records=records, rows=rows, name=name, spans=_merge(chosen, records, rows))
    if sheet is None and len(book.worksheets) > 1:
        others = [s.title for s in book.worksheets if s is not chosen]
        table.log.append(
            LogEntry("sheets not read", len(others), f"'{chosen.title}' was; not {listed(others)}")
        )
    if not_available:
        table.log.append(
            LogEntry("formula errors read as missing", not_available, "cells that show #N/A")
        )
    blank = rows[-1] - len(rows)  # the sheet's formatted but empty tail does not count
    if blank:
        table.log.append(LogEntry("empty rows skipped", blank, "rows without any content"))
    return table


def cell_text(value: Any) -> str:
    """Write a cell as the text that a CSV export would have: whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        if value != value:  # NaN of a frame
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _refuse_uncalculated(data: bytes, chosen: Any, where: str) -> None:
    """Refuse formulas whose values were never stored: they would silently read as missing."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
        if not any(b"<f>" in archive.read(part) for part in parts):
            return
    import openpyxl

    formulas = openpyxl.load_workbook(io.BytesIO(data))[chosen.title]
    empty = [
        cell.coordinate
        for cells in formulas.iter_rows()
        for cell in cells
        if cell.data_type == "f" and chosen[cell.coordinate].value is None
    ]
    if empty:
        raise DataError(
            f"Cells of {where} hold formulas that were never calculated: {listed(empty)}. Open "
            "the workbook in a spreadsheet program and save it, so that it holds their values."
        )


def _merge(chosen: Any, records: list[list[str]], rows: list[int]) -> bool:
    """Repeat a merged heading over its columns; tell whether the first row has such a one."""
    spans = False
    for merged in chosen.merged_cells.ranges:
        if merged.min_row != rows[0]:
            continue
        first = records[0][merged.min_col - 1]
        for column in range(merged.min_col, merged.max_col):
            records[0][column] = first
        spans = spans or merged.max_col > merged.min_col
    return spans
