"""The sheets of an XLSForm, from ``.xlsx`` and from the old ``.xls``."""

from __future__ import annotations

import io
from typing import Any

from trustmeasure._checks import listed
from trustmeasure.errors import DataError, MissingExtraError
from trustmeasure.platforms.decoding import is_workbook
from trustmeasure.platforms.sources import Row, Source
from trustmeasure.platforms.workbooks import cell_text, read_workbook

_OLD = b"\xd0\xcf\x11\xe0"
SHEETS = ("survey", "choices", "settings")
Records = list[tuple[int, list[str]]]


def is_form(source: Source) -> bool:
    """Tell a workbook by its content."""
    return source.data.startswith(_OLD) or is_workbook(source.data)


def read_sheets(source: Source) -> dict[str, list[Row]]:
    """Give the rows of the sheets that there are; "survey" must be among them."""
    if not is_form(source):
        raise source.error("is no workbook. Save the form as .xlsx or .xls.")
    raw = _old_sheets(source) if source.data.startswith(_OLD) else _new_sheets(source)
    by_name = {title.strip().casefold(): records for title, records in raw.items()}
    found = {name: by_name[name] for name in SHEETS if name in by_name}
    if "survey" not in found:
        raise source.error(
            f"has no sheet 'survey', which holds the questions of an XLSForm (its sheets: "
            f"{listed(raw)}). Is it an export of answers, or are the sheets named otherwise?"
        )
    sheets = {name: _rows(source, name, records) for name, records in found.items()}
    heading = set(sheets["survey"][0].cells) if sheets["survey"] else set()
    lacking = [name for name in ("type", "name") if name not in heading]
    if lacking:
        raise source.error(
            f"there is no column {' and no column '.join(repr(name) for name in lacking)}, or no "
            "row below the heading. The first row must name the columns type, name and label.",
            "sheet 'survey'",
        )
    return sheets


def _rows(source: Source, sheet: str, records: Records) -> list[Row]:
    if not records:
        return []
    names = [_heading(cell) for cell in records[0][1]]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise source.error(
            f"the column '{twice[0]}' is there {names.count(twice[0])} times. Remove the copies.",
            f"sheet '{sheet}', row {records[0][0]}",
        )
    return [
        Row(f"sheet '{sheet}', row {number}", dict(zip(names, cells, strict=False)))
        for number, cells in records[1:]
        if any(cell.strip() for cell in cells)
    ]


def _heading(cell: str) -> str:
    """Write headings as XLSForm does now; languages keep their spelling."""
    name, colons, language = cell.strip().partition("::")
    if not colons and ":" in name and name.casefold().startswith("label"):
        name, colons, language = name.partition(":")
    name = name.strip().casefold().replace(" ", "_")
    return f"{name}::{language.strip()}" if colons else name


def _new_sheets(source: Source) -> dict[str, Records]:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError("Reading .xlsx forms", "openpyxl", "excel") from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True)
        titles = list(book.sheetnames)
        book.close()
    except Exception as error:  # a damaged workbook fails in any of the parsers within
        raise _damaged(source, error) from None
    found: dict[str, Records] = {title: [] for title in titles}
    for title in titles:
        if title.strip().casefold() not in SHEETS:
            continue
        try:
            table = read_workbook(source.data, source.name, sheet=title)
        except DataError as error:
            if "is empty" not in str(error):
                raise source.error(str(error), f"sheet '{title}'") from None
            continue
        except Exception as error:
            raise _damaged(source, error) from None
        found[title] = list(zip(table.rows, table.records, strict=True))
    return found


def _old_sheets(source: Source) -> dict[str, Records]:
    try:
        import xlrd
    except ImportError:
        raise MissingExtraError("Reading .xls forms", "xlrd", "excel") from None
    try:
        book = xlrd.open_workbook(file_contents=source.data, logfile=io.StringIO())
        return {
            str(sheet.name): [
                (i + 1, [_old_cell(sheet.cell(i, j)) for j in range(sheet.ncols)])
                for i in range(sheet.nrows)
                if any(str(value).strip() for value in sheet.row_values(i))
            ]
            for sheet in book.sheets()
        }
    except Exception as error:
        raise _damaged(source, error) from None


def _old_cell(cell: Any) -> str:
    # Kinds of xlrd: 4 is a truth value, 5 an error.
    if cell.ctype == 5:
        return ""
    return cell_text(bool(cell.value) if cell.ctype == 4 else cell.value)


def _damaged(source: Source, error: Exception) -> Exception:
    return source.error(
        f"cannot be opened as a workbook ({type(error).__name__}: {error}). It may be damaged or "
        "have a password: save it again as .xlsx without one."
    )
