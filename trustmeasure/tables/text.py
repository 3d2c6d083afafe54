"""Tables as Markdown and LaTeX."""

from __future__ import annotations

import re
from itertools import groupby

from trustmeasure.tables.model import Rich, Row, Table

# Marks that mean something wherever they stand, and those that only do beside a letter.
_MARKDOWN_SPECIAL = re.compile(r"([\\`*|~$]|<(?=\S)|(?<!\w)_|_(?!\w))")
_MARKDOWN_LINK = re.compile(r"([\[\]])(?=.*\][(\[])|(\])(?=[(\[])")
_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    # Letters and signs that text fonts often lack.
    "−": r"$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "²": r"$^2$",
    "α": r"$\alpha$",
    "χ": r"$\chi$",
    "λ": r"$\lambda$",
    "θ": r"$\theta$",
    "ω": r"$\omega$",
    "Δ": r"$\Delta$",
    "—": "---",
    "–": "--",
}


def escape_markdown(text: str) -> str:
    """Escape what Markdown or HTML inside it would read as markup, pipes above all."""
    text = _MARKDOWN_SPECIAL.sub(r"\\\1", _one_line(text)).replace("&", "&amp;")
    return _MARKDOWN_LINK.sub(lambda found: "\\" + found.group(), text)


def escape_latex(text: str) -> str:
    """Escape LaTeX's special characters, and write signs in math mode."""
    return "".join(_LATEX_SPECIAL.get(letter, letter) for letter in _one_line(text))


def write_markdown(table: Table) -> str:
    """Write a pipe table."""
    number = "" if table.number is None else f"**Table {table.number}**\n\n"
    lines = [f"{number}*{escape_markdown(table.title)}*", ""]
    headings = [
        " ".join(filter(None, [escape_markdown(column.spanner), _markdown(column.heading)]))
        for column in table.columns
    ]
    marks = {"left": ":--", "right": "--:", "center": ":-:"}
    lines.append(_pipes(headings))
    lines.append(_pipes([marks[column.align] for column in table.columns]))
    for line in table.rows:
        if line.group:
            cells = [f"*{escape_markdown(line.group)}*", *[""] * (len(table.columns) - 1)]
        else:
            cells = [
                f"**{escape_markdown(cell.text)}**" if cell.strong else escape_markdown(cell.text)
                for cell in line.cells
            ]
        lines.append(_pipes(cells))
    if table.notes:
        lines += ["", "*Note.* " + " ".join(_markdown(note) for note in table.notes)]
    return "\n".join(lines) + "\n"


def write_latex(table: Table) -> str:
    """Write a table with booktabs rules and the note below; grey entries need no colour."""
    marks = {"left": "l", "right": "r", "center": "c"}
    layout = "".join(
        r"p{0.4\linewidth}" if _is_long(table, j) else marks[column.align]
        for j, column in enumerate(table.columns)
    )
    lines = [
        r"\begin{table}[htbp]",
        rf"\caption{{\textit{{{escape_latex(table.title)}}}}}",
        rf"\begin{{tabular}}{{@{{}}{layout}@{{}}}}",
        r"\toprule",
    ]
    if any(column.spanner for column in table.columns):
        lines.append(_latex_spanners(table))
    lines.append(" & ".join(_latex(column.heading) for column in table.columns) + r" \\")
    lines.append(r"\midrule")
    lines += [_latex_row(line, table) for line in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes:
        notes = " ".join(_latex(note) for note in table.notes)
        lines += ["", r"\smallskip", rf"\textit{{Note.}} {notes}"]
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _keep_edges(text: str, escaped: str) -> str:
    """Put back the blanks at both ends that separate a part from its neighbours."""
    if not text.strip():
        return " " if text else ""
    return (" " if text[0].isspace() else "") + escaped + (" " if text[-1].isspace() else "")


def _markdown(text: Rich) -> str:
    marks = {"plain": ("", ""), "italic": ("*", "*"), "sub": ("<sub>", "</sub>")}
    return "".join(
        marks[kind][0] + _keep_edges(part, escape_markdown(part)) + marks[kind][1]
        for kind, part in text.parts
    )


def _latex(text: Rich) -> str:
    commands = {"italic": "textit", "sub": "textsubscript"}
    return "".join(
        _keep_edges(part, escape_latex(part))
        if kind == "plain"
        else rf"\{commands[kind]}{{{escape_latex(part)}}}"
        for kind, part in text.parts
    )


def _pipes(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _is_long(table: Table, j: int) -> bool:
    """Tell whether a column holds running text, which needs a width to wrap at."""
    if table.columns[j].align != "left":
        return False
    return any(len(line.cells[j].text) > 30 for line in table.rows if not line.group)


def _latex_spanners(table: Table) -> str:
    cells, rules, place = [], [], 1
    for spanner, columns in groupby(table.columns, key=lambda column: column.spanner):
        width = len(list(columns))
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{escape_latex(spanner)}}}")
        if spanner:
            rules.append(rf"\cmidrule(lr){{{place}-{place + width - 1}}}")
        place += width
    return " & ".join(cells) + r" \\" + "\n" + " ".join(rules)


def _latex_row(line: Row, table: Table) -> str:
    if line.group:
        group = escape_latex(line.group)
        return rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}{{\textit{{{group}}}}} \\"
    cells = []
    for cell in line.cells:
        text = escape_latex(cell.text)
        # A bracket at the start of a row would be taken for an argument of the line break.
        text = "{" + text + "}" if text.startswith(("[", "*")) else text
        cells.append(rf"\textbf{{{text}}}" if cell.strong else text)
    return (r"\midrule" + "\n" if line.rule else "") + " & ".join(cells) + r" \\"
