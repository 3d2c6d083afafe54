"""A table before it is written out: headings, cells, notes, and no markup language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

Kind = Literal["plain", "italic", "sub"]


@dataclass(frozen=True)
class Rich:
    """Text in which some parts are italic or lowered.

    Only the project's own words carry markup; what users bring in is always plain, and
    escaped by whoever writes it out.
    """

    parts: tuple[tuple[Kind, str], ...] = ()

    def __add__(self, other: Rich | str) -> Rich:
        return Rich(self.parts + rich(other).parts)

    def __radd__(self, other: str) -> Rich:
        return rich(other) + self

    def __str__(self) -> str:
        return "".join(text for _, text in self.parts)


def rich(text: Rich | str) -> Rich:
    """Take text as it is."""
    return text if isinstance(text, Rich) else Rich((("plain", str(text)),))


def italic(text: str) -> Rich:
    """Set statistical symbols in italics, as APA style does with Latin letters."""
    return Rich((("italic", text),))


def sub(text: str) -> Rich:
    """Set text below the line."""
    return Rich((("sub", text),))


@dataclass(frozen=True)
class Column:
    """A heading, and how the cells below it stand.

    Attributes
    ----------
    heading : Rich
    align : {"left", "right", "center"}
        Numbers have equal decimals, so that "right" lines up their points.
    spanner : str
        A heading over this and its neighbours with the same one.
    """

    heading: Rich
    align: Literal["left", "right", "center"] = "right"
    spanner: str = ""


@dataclass(frozen=True)
class Cell:
    """One entry; ``muted`` for what is there but below a cut-off, ``strong`` for its opposite."""

    text: str = ""
    muted: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Row:
    """Cells, or with ``group`` a heading over the rows that follow.

    Attributes
    ----------
    cells : tuple of Cell
    group : str
    rule : bool
        A line above, before summary rows.
    """

    cells: tuple[Cell, ...] = ()
    group: str = ""
    rule: bool = False


def row(*cells: str | Cell, rule: bool = False) -> Row:
    """Make a row of cells or plain text."""
    return Row(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells), rule=rule)


@dataclass(frozen=True)
class Table:
    """A table in APA style, ready to be written as HTML, Markdown or LaTeX.

    Attributes
    ----------
    title : str
        Shown above, in italics.
    columns : tuple of Column
    rows : tuple of Row
    notes : tuple of Rich
        Shown below: abbreviations, intervals, cut-offs with their sources.
    number : int or None
        Shown above the title as "Table 3".
    references : tuple of str
        Full references of the sources that the notes cite.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Rich, ...] = ()
    number: int | None = None
    references: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """The notes as one plain text."""
        return " ".join(str(note) for note in self.notes)

    @property
    def frame(self) -> pd.DataFrame:
        """The cells as formatted text, one row a row of the table, group headings left out."""
        names: list[str] = []
        for column in self.columns:
            name = " ".join(filter(None, [column.spanner, str(column.heading)]))
            names.append(name if name not in names else f"{name} ({names.count(name) + 1})")
        cells = [[cell.text for cell in line.cells] for line in self.rows if not line.group]
        return pd.DataFrame(cells, columns=pd.Index(names), dtype=object)

    def numbered(self, number: int) -> Table:
        """Give the same table with a number over its title."""
        return replace(self, number=number)

    def to_html(self, *, css: bool = True) -> str:
        """Write the table as HTML, with the few style rules that it needs unless ``css=False``.

        Everything that came from data or instruments is escaped.
        """
        from trustmeasure.tables.html import write_html

        return write_html(self, css=css)

    def to_markdown(self) -> str:
        """Write the table as a Markdown pipe table, title above and note below."""
        from trustmeasure.tables.text import write_markdown

        return write_markdown(self)

    def to_latex(self) -> str:
        """Write the table as a LaTeX ``table`` environment; needs the package booktabs."""
        from trustmeasure.tables.text import write_latex

        return write_latex(self)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.to_markdown()


def joined(parts: Iterable[Rich | str], separator: str = " ") -> Rich:
    """Join pieces of text."""
    whole = Rich()
    for i, part in enumerate(parts):
        whole = whole + separator + part if i else rich(part)
    return whole
