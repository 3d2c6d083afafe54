"""A table whose headings are understood: columns with name, wording and kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, listed
from trustmeasure.errors import DataError
from trustmeasure.platforms.tables import RawTable, refuse_repeated
from trustmeasure.responses import LogEntry

Kind = Literal[
    "answer",  # a question or embedded data: may be an item
    "metadata",  # what the platform adds: dates, progress, status
    "identifying",
    "display order",
    "block randomiser",
    "timing",
    "free text",
    "topic",
    "simulation mark",
]


@dataclass
class Column:
    """One column of an export.

    Attributes
    ----------
    name : str
        What the users call it: the export tag, or the heading.
    values : Series
        Text (empty for no answer) from a file; anything from a frame.
    text : str
        The question's wording; the heading itself in a plain table.
    import_id : str
        The platform's own name for it, where there is one.
    role : str
        For metadata, which: "Status", "Finished", …
    """

    name: str
    values: pd.Series[Any]
    text: str = ""
    import_id: str = ""
    kind: Kind = "answer"
    role: str = ""


@dataclass
class Table:
    """Columns of equal length, and where their rows stood in the file.

    Attributes
    ----------
    rows : ndarray of int or None
        Spreadsheet row of each record; None for a frame.
    numbers : ndarray of int
        Count of each record among the data rows, from 1.
    """

    columns: list[Column]
    numbers: NDArray[np.intp]
    rows: NDArray[np.intp] | None
    name: str
    delimiter: str = ""
    log: list[LogEntry] = field(default_factory=list)

    @property
    def n(self) -> int:
        """How many records there are."""
        return len(self.numbers)

    def keep(self, mask: NDArray[np.bool_]) -> Table:
        """Keep the records that the mask marks."""
        if mask.all():
            return self
        return replace(
            self,
            columns=[replace(c, values=c.values[mask]) for c in self.columns],
            numbers=self.numbers[mask],
            rows=None if self.rows is None else self.rows[mask],
        )

    def place(self, position: int) -> str:
        """Say where a record stands, for a message."""
        said = f"data row {self.numbers[position]}"
        if self.rows is None:
            return said
        return f"{said}, which a spreadsheet shows as row {self.rows[position]}"


def make_columns(raw: RawTable, n_headings: int, names: Sequence[str]) -> list[Column]:
    """Cut the records under the headings into columns of text."""
    body = raw.records[n_headings:]
    if not body:
        raise DataError(
            f"'{raw.name}' has headings but no rows below them: there are no responses to read."
        )
    cells = zip(*body, strict=True)
    return [
        Column(name=name, values=pd.Series(list(column), dtype=object))
        for name, column in zip(names, cells, strict=True)
    ]


def make_table(raw: RawTable, n_headings: int, columns: list[Column]) -> Table:
    """Put columns together, without those that have neither heading nor content."""
    kept, empty, unnamed = [], 0, []
    for position, column in enumerate(columns, start=1):
        if column.name:
            kept.append(column)
        elif (column.values.astype(str).str.strip() == "").all():
            empty += 1
        else:
            column.name = f"column {position}"
            unnamed.append(column.name)
            kept.append(column)
    log = list(raw.log)
    if empty:
        log.append(LogEntry("empty columns left out", empty, "no heading and no content"))
    if unnamed:
        log.append(LogEntry("columns without heading", len(unnamed), f"named {listed(unnamed)}"))
    refuse_repeated([c.name for c in kept], f"'{raw.name}'")
    rows = np.asarray(raw.rows[n_headings:], dtype=np.intp)
    return Table(
        columns=kept,
        numbers=np.arange(1, len(rows) + 1, dtype=np.intp),
        rows=rows,
        name=raw.name,
        delimiter=raw.delimiter,
        log=log,
    )


def lay_out_table(raw: RawTable) -> Table:
    """Read a table under one row of headings (two where the first has merged cells)."""
    n_headings, names, texts = 1, [h.strip() for h in raw.records[0]], raw.records[0]
    log = []
    if raw.spans and len(raw.records) > 1:
        n_headings = 2
        groups, parts = raw.records[0], raw.records[1]
        names = [(part or group).strip() for group, part in zip(groups, parts, strict=True)]
        texts = [
            f"{group} - {part}" if group and part else group or part
            for group, part in zip(groups, parts, strict=True)
        ]
        log.append(
            LogEntry("merged headings", 1, "the first row spans columns; names are from the second")
        )
    columns = make_columns(raw, n_headings, names)
    for column, text in zip(columns, texts, strict=True):
        column.text = text
    table = make_table(raw, n_headings, columns)
    table.log.extend(log)
    return table


def lay_out_frame(data: Any) -> Table:
    """Take a frame that is in memory already; its headings are its column names."""
    frame = as_frame(data).reset_index(drop=True)
    if not frame.shape[1] or not len(frame):
        raise DataError(
            f"The frame has {len(frame)} rows and {frame.shape[1]} columns: there are no "
            "responses to read."
        )
    _refuse_heading_rows(frame)
    columns = [Column(name=name, values=frame[name], text=name) for name in frame.columns]
    return Table(
        columns=columns,
        numbers=np.arange(1, len(frame) + 1, dtype=np.intp),
        rows=None,
        name="the frame",
    )


def _refuse_heading_rows(frame: pd.DataFrame) -> None:
    """Refuse a Qualtrics export whose second and third heading row were loaded as persons."""
    first: Iterable[Any] = frame.head(2).to_numpy(dtype=object).ravel()
    if any(isinstance(cell, str) and '"ImportId"' in cell for cell in first):
        raise DataError(
            "The frame's first rows are the further heading rows of a Qualtrics export (they hold "
            "ImportId). Pass the path of the export instead, so that its headings are understood."
        )


# -- identifying columns ------------------------------------------------------------------

_IDENTIFYING_WORDS = """
    email emailaddress mail mailaddress recipientemail participantemail username useremail
    name fullname firstname lastname surname givenname familyname namefirst namelast
    recipientfirstname recipientlastname participantname respondentname
    phone phonenumber telephone telephone1 telephone2 mobile address homeaddress streetaddress
    street ip ipaddress ipaddr latitude longitude locationlatitude locationlongitude
    locationaccuracy externalreference externaldatareference
    vorname nachname familienname emailadresse ipadresse telefon telefonnummer anschrift adresse
    prenom nomdefamille adresseemail adresseip courriel nombre apellido apellidos correo
    correoelectronico direccionip
    """
_IDENTIFYING = frozenset(_IDENTIFYING_WORDS.split())
_PERSONAL = re.compile(r"\s*(?:[^@\s]+@[^@\s]+\.[A-Za-z]{2,}|(?:\d{1,3}\.){3}\d{1,3})\s*", re.ASCII)


def is_identifying(column: Column) -> bool:
    """Tell columns that could name a person, by their heading or by what they hold.

    Mail and IP addresses are recognised by their form, whatever the heading says.
    """
    if re.sub(r"[\W_]+", "", column.name.casefold()) in _IDENTIFYING:
        return True
    if pd.api.types.is_numeric_dtype(column.values.dtype):
        return False
    sample = [v for v in column.values.iloc[:200] if isinstance(v, str) and v.strip()]
    return bool(sample) and sum(bool(_PERSONAL.fullmatch(v)) for v in sample) * 2 >= len(sample)
