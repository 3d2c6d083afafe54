"""Tables as HTML."""

from __future__ import annotations

from html import escape
from itertools import groupby

from trustmeasure.tables.model import Cell, Rich, Row, Table

# Colours come from the page, so that the table also reads on a dark one.
CSS = """<style>
.tm-table { max-width: 100%; overflow-x: auto; }
.tm-table table { border-collapse: collapse; border-top: 1.5px solid currentColor;
  border-bottom: 1.5px solid currentColor; font-variant-numeric: tabular-nums; }
.tm-table caption { caption-side: top; text-align: left; padding: 0 0 .5em; color: inherit; }
.tm-table caption b { display: block; }
.tm-table th, .tm-table td { border: 0; padding: .25em .6em; vertical-align: top;
  text-align: right; background: none; font-weight: normal; white-space: nowrap; }
.tm-table thead th { white-space: normal; }
.tm-table thead tr:last-child th { border-bottom: 1px solid currentColor; vertical-align: bottom; }
.tm-table th.tm-span { text-align: center; border-bottom: 1px solid currentColor; }
.tm-table .tm-left { text-align: left; white-space: normal; overflow-wrap: break-word; }
.tm-table .tm-center { text-align: center; }
.tm-table td.tm-left { max-width: 28em; } .tm-table td.tm-left:first-child { min-width: 6em; }
.tm-table .tm-rule > * { border-top: 1px solid currentColor; }
.tm-table .tm-group th { text-align: left; font-style: italic; padding-top: .7em; }
.tm-table .tm-muted { opacity: .6; }
.tm-table .tm-strong { font-weight: bold; }
.tm-table .tm-note { margin: .5em 0 0; max-width: 48em; font-size: .9em; text-align: left; }
</style>
"""

_TAGS = {"italic": "i", "sub": "sub"}


def write_html(table: Table, *, css: bool) -> str:
    """Write a table with caption, scoped headings and notes."""
    lines = ['<div class="tm-table">', "<table>", _caption(table), "<thead>"]
    if any(column.spanner for column in table.columns):
        lines.append(_spanners(table))
    headings = "".join(
        f'<th scope="col"{_class(column.align)}>{rich_html(column.heading)}</th>'
        for column in table.columns
    )
    lines += [f"<tr>{headings}</tr>", "</thead>", "<tbody>"]
    lines += [_row(line, table) for line in table.rows]
    lines += ["</tbody>", "</table>"]
    if table.notes:
        notes = " ".join(rich_html(note) for note in table.notes)
        lines.append(f'<p class="tm-note"><i>Note.</i> {notes}</p>')
    lines.append("</div>")
    return (CSS if css else "") + "\n".join(lines)


def rich_html(text: Rich) -> str:
    """Escape the text and mark up its parts."""
    return "".join(
        escape(part) if kind == "plain" else f"<{_TAGS[kind]}>{escape(part)}</{_TAGS[kind]}>"
        for kind, part in text.parts
    )


def _caption(table: Table) -> str:
    number = "" if table.number is None else f"<b>Table {table.number}</b>"
    return f"<caption>{number}<i>{escape(table.title)}</i></caption>"


def _spanners(table: Table) -> str:
    cells = []
    for spanner, columns in groupby(table.columns, key=lambda column: column.spanner):
        width = len(list(columns))
        cells.append(
            f'<th scope="colgroup" colspan="{width}" class="tm-span">{escape(spanner)}</th>'
            if spanner
            else f'<td colspan="{width}"></td>'
        )
    return f"<tr>{''.join(cells)}</tr>"


def _row(line: Row, table: Table) -> str:
    if line.group:
        return (
            f'<tr class="tm-group"><th scope="rowgroup" colspan="{len(table.columns)}">'
            f"{escape(line.group)}</th></tr>"
        )
    cells = []
    for j, (cell, column) in enumerate(zip(line.cells, table.columns, strict=True)):
        mark = _class(column.align, cell)
        text = escape(cell.text)
        cells.append(f'<th scope="row"{mark}>{text}</th>' if j == 0 else f"<td{mark}>{text}</td>")
    mark = ' class="tm-rule"' if line.rule else ""
    return f"<tr{mark}>{''.join(cells)}</tr>"


def _class(align: str, cell: Cell | None = None) -> str:
    names = [] if align == "right" else [f"tm-{align}"]
    if cell is not None and cell.muted:
        names.append("tm-muted")
    if cell is not None and cell.strong:
        names.append("tm-strong")
    return f' class="{" ".join(names)}"' if names else ""
