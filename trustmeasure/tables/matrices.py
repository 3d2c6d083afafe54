"""Tables of correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure.correlation import CorrelationMatrix, PolychoricCorrelations
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich
from trustmeasure.tables.numbers import NOT_AVAILABLE, bounded, count
from trustmeasure.tables.options import Options, build, item_cells

N = italic("n")


def triangle(
    frame: pd.DataFrame,
    write: Callable[[Any], str],
    *,
    strong: Callable[[float], bool] = lambda value: False,
    diagonal: bool = False,
    leading: Any = None,
) -> tuple[list[Column], list[Row]]:
    """Set the lower triangle of a symmetric matrix, its columns numbered as its rows."""
    names = [str(name) for name in frame.index]
    first = leading.columns if leading else (Column(rich("Variable"), "left"),)
    cut = 0 if diagonal else 1
    columns = [*first, *(Column(rich(str(j + 1))) for j in range(len(names) - cut))]
    columns[0] = Column(rich("Variable"), "left")
    numbers = frame.to_numpy(dtype=np.float64)
    rows = []
    for i, name in enumerate(names):
        head = list(leading.cells[name]) if leading else [Cell(name)]
        head[0] = Cell(f"{i + 1}. {head[0].text}")
        cells = []
        for j in range(len(names) - cut):
            if j > i - cut:
                cells.append(Cell("–" if j == i else ""))
                continue
            value = float(numbers[i, j])
            cells.append(Cell(write(value), strong=value == value and strong(value)))
        rows.append(Row((*head, *cells)))
    return columns, rows


def correlation_table(result: CorrelationMatrix, options: Options) -> Table:
    """Show the lower triangle of correlations of any kind."""
    kinds = {"mixed": "Pearson, polyserial and polychoric"}
    kind = str(result.settings["correlation"])
    return _correlations(result, kinds.get(kind, kind.capitalize()), options)


def polychoric_table(result: PolychoricCorrelations, options: Options) -> Table:
    """Show the lower triangle of polychoric correlations."""
    return _correlations(result, "Polychoric", options)


def _correlations(result: Any, kind: str, options: Options) -> Table:
    frame = result.correlation
    leading = item_cells(frame.index, result, options)
    columns, rows = triangle(frame, bounded, leading=leading)
    pairs = result.n_pairs.to_numpy()
    least, most = pairs.min(), pairs.max()
    size = count(least) if least == most else f"{count(least)} to {count(most)} a pair"
    notes: list[Rich | str] = [f"{kind} correlations; " + N + f" = {size}.", *leading.notes]
    if not getattr(result, "converged", True):
        notes.append(f"Some did not converge ({NOT_AVAILABLE} or where the search stopped).")
    return build(options, "Correlations", columns, rows, notes)


BUILDERS: dict[type, tuple[str, Callable[[Any, Options], Table]]] = {
    CorrelationMatrix: ("correlate", correlation_table),
    PolychoricCorrelations: ("polychoric, tetrachoric", polychoric_table),
}
