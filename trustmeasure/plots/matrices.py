"""Correlations between items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from trustmeasure import _checks
from trustmeasure.correlation import CorrelationMatrix, PolychoricCorrelations
from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.plots.items import item_labels
from trustmeasure.tables.labels import REVERSED, instrument_of, reversed_items, scale_title
from trustmeasure.tables.numbers import MINUS, bounded

# Beyond these, values and wordings would make the figure larger than a page.
MOST_WITH_VALUES = 16
MOST_WITH_WORDINGS = 20


def correlation_heatmap(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    values: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the correlations between items as a lower triangle of coloured cells.

    Parameters
    ----------
    data : Scores, DataFrame, 2-D array, a correlation matrix as DataFrame, or the result of
        `correlate`, `polychoric` or `tetrachoric`
        Persons in rows, items keyed. Each correlation uses the persons who answered both
        items. A DataFrame with the same names on rows and columns and ones in its diagonal
        is taken as the correlations themselves.
    items : sequence of str, optional
    scale : str, optional
        With Scores, the items of this scale.
    instrument : Instrument, optional
        Where item wordings, titles and reversal are to be had; Scores bring theirs.
    labels : bool or mapping, optional
        True for wordings, False for ids, or a mapping id → text; by default wordings of up
        to 20 items.
    language : str
        Of item wordings.
    include_text : bool, optional
        Show wordings that the instrument itself may not ship with (``text: none``, attached
        with ``with_text``); by default only those of instruments whose text is included.
    values : bool, optional
        Print the correlations; by default for up to 16 items. Without them, cells of −.10
        and below carry a minus sign, so that signs survive greyscale printing.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        For whatever the analyses refuse in data, and fewer than two items.
    """
    matrix = correlations(data, items, scale)
    names = [str(name) for name in matrix.columns]
    k = len(names)
    instrument = instrument or instrument_of(data, labels)
    if labels is None and k > MOST_WITH_WORDINGS:
        labels = False
    texts = item_labels(
        names, labels, instrument, language, include_text, width=46 if k <= 12 else 70
    )
    worded = any(text.split("\u00a0")[0] != name for text, name in zip(texts, names, strict=True))
    marks = [str(i + 1) for i in range(k)] if worded or k > 60 else names
    row_labels = [
        f"{text}   {mark.rjust(2, chr(0x2007))}" if worded else text
        for text, mark in zip(texts, marks, strict=True)
    ]
    printed = k <= MOST_WITH_VALUES if values is None else values
    cell = 0.44 if printed else (0.27 if k <= 30 else 0.215)
    cell = max(cell, max(style.n_lines(text) for text in row_labels) * style.LINE + 0.04)
    if values is None and cell >= 0.4:  # wordings made room for them
        printed = True
    long_marks = max(len(mark) for mark in marks) * style.LETTER > cell
    below = max(len(mark) for mark in marks) * style.LETTER if long_marks else 0.2
    width = style.label_width(row_labels) + k * cell + 0.4
    with style.sheet(ax, max(width, 5.2), k * cell + below + 0.9) as drawn:
        axes = drawn.ax
        lower = [(i, j) for i in range(k) for j in range(i)]
        numbers = np.array([matrix.iloc[i, j] for i, j in lower], dtype=np.float64)
        cells = PatchCollection(
            [Rectangle((j, i), 1, 1) for i, j in lower], cmap=style.DIVERGING,
            edgecolor="white", linewidth=1.0,
        )  # fmt: skip
        cells.set_array(numbers)
        cells.set_clim(-1, 1)
        axes.add_collection(cells)
        axes.set(xlim=(0, k), ylim=(k, 0))
        if not drawn.own:  # own figures have the right shape, and stretch for long titles
            axes.set_aspect("equal")
        axes.set_yticks(np.arange(k) + 0.5, row_labels)
        axes.set_xticks(np.arange(k) + 0.5, marks, rotation=90 if long_marks else 0)
        axes.tick_params(length=0, pad=4)
        for side in axes.spines.values():
            side.set_visible(False)
        _print_cells(axes, lower, numbers, printed)
        if k >= 4:
            _colour_key(axes, cells, k, cell)
        chosen = scale or (instrument.name if instrument is not None and items is None else None)
        if title is None:
            named = scale_title(chosen, instrument, language) if chosen else ""
            title = "Correlations between items" + (f": {named}" if named else "")
        turned = reversed_items(names, instrument)
        drawn.caption(title, f"{REVERSED} = reverse-keyed, turned round here." if turned else "")
        return axes


def correlations(data: Any, items: Sequence[str] | None, scale: str | None) -> pd.DataFrame:
    """Compute the correlations, or take those that were passed."""
    if isinstance(data, (CorrelationMatrix, PolychoricCorrelations)):
        data = data.correlation
    if isinstance(data, pd.DataFrame) and _is_correlation(data):
        return data if items is None else data.loc[list(items), list(items)]
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    frame = pd.DataFrame(block.values, columns=list(block.names))
    constant = [name for name in block.names if frame[name].min() == frame[name].max()]
    if constant:
        raise DataError(
            f"Item(s) {_checks.listed(constant)} are constant, so they correlate with nothing. "
            "Leave them out with items=[...]."
        )
    return frame.corr(min_periods=3)


def _is_correlation(frame: pd.DataFrame) -> bool:
    if frame.shape[0] != frame.shape[1] or list(frame.index) != list(frame.columns):
        return False
    return bool(np.allclose(np.diag(frame.to_numpy(dtype=np.float64)), 1.0))


def _print_cells(ax: Axes, cells: Sequence[tuple[int, int]], numbers: Any, printed: bool) -> None:
    for (i, j), value in zip(cells, numbers, strict=True):
        if np.isnan(value):
            text = "–"
        elif printed:
            text = bounded(value)
        else:
            text = MINUS if value <= -0.10 else ""
        if text:
            colour = style.ink_on(style.DIVERGING((value + 1) / 2))
            ax.text(j + 0.5, i + 0.5, text, ha="center", va="center", color=colour, fontsize=9)


def _colour_key(ax: Axes, cells: PatchCollection, k: int, cell: float) -> None:
    """Explain the colours in the empty upper triangle."""
    length = min(0.42, 1.9 / (k * cell)) if k * cell > 1.9 / 0.42 else 0.42
    inset = ax.inset_axes((1 - length - 0.01, 0.93, length, min(0.14 / (k * cell), 0.06)))
    bar = ax.figure.colorbar(cells, cax=inset, orientation="horizontal")
    bar.set_ticks([-1, 0, 1], labels=[f"{MINUS}1", "0", "1"])
    bar.outline.set_visible(False)
    inset.tick_params(length=0, pad=2)
    inset.set_title("Correlation", loc="center", fontsize=style.BODY, fontweight="normal", pad=3)
