"""The reliability of scales, coefficient by coefficient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.reliability import ReliabilityTableResult
from trustmeasure.tables.labels import scale_title
from trustmeasure.tables.numbers import bounded, level
from trustmeasure.thresholds import load_thresholds

# What is drawn, from the top, and what it is called.
_NAMES = {
    "alpha": "α",
    "ordinal_alpha": "Ordinal α",
    "omega": "ω of one factor",
    "omega_categorical": "ω of ordered answers",
    "omega_hierarchical": "ω of a general factor",
    "lambda2": "λ2",
    "lambda6": "λ6",
    "split_max": "Split half, largest",
    "split_mean": "Split half, mean",
    "split_min": "Split half, smallest",
    "glb": "Greatest lower bound",
}
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.INK)
_MARKS = ("o", "s", "D", "^")
# With more scales these alone are drawn, a row a scale.
_HEADLINE = ("alpha", "omega")
_APART = 0.13  # inches, of the marks in a row


def reliability_intervals(
    result: ReliabilityTableResult,
    *,
    instrument: Instrument | None = None,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the coefficients of reliability with their intervals.

    Parameters
    ----------
    result : ReliabilityTableResult
    instrument : Instrument, optional
        Gives the scales' titles.
    thresholds : path or mapping, optional
        Other cut-offs than the built-in ones; that of ``alpha`` is drawn.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
        Up to four scales side by side, a row a coefficient; of more scales alpha and omega, a
        row a scale. A coefficient without an interval is a mark alone.

    Raises
    ------
    DataError
        For another kind of result.
    """
    if not isinstance(result, ReliabilityTableResult):
        raise DataError(
            "reliability_intervals draws the result of reliability_table; found "
            f"{type(result).__name__}."
        )
    table = result.table
    titles = {str(name): scale_title(str(name), instrument) for name in table.index}
    known = [name for name in _NAMES if table[name].notna().any()]
    side_by_side = len(table) <= len(_COLOURS)
    rows = known if side_by_side else list(titles)
    series = list(titles) if side_by_side else [name for name in _HEADLINE if name in known]
    labels = [style.wrap(_NAMES.get(row, titles.get(row, row)), 32) for row in rows]
    layout = style.rows(labels, 0.2 + _APART * len(series))
    cut = load_thresholds(thresholds)["alpha"].cut
    with style.sheet(ax, 5.4 + style.label_width(labels), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.axvline(cut, color=style.SOFT, linestyle=":", linewidth=1.3, zorder=1)
        lowest = cut
        for place, one in enumerate(series):
            pairs = [(row, one) if not side_by_side else (one, row) for row in rows]
            found = np.array([_numbers(table, scale, name) for scale, name in pairs])
            lowest = min(lowest, float(np.nanmin(found)))
            at = layout.centres + _APART * (place - (len(series) - 1) / 2)
            colour, mark = _COLOURS[place], _MARKS[place]
            axes.hlines(at, found[:, 1], found[:, 2], color=colour, linewidth=2, zorder=2)
            name = titles[one] if side_by_side else _NAMES[one]
            axes.plot(found[:, 0], at, mark, color=colour, markersize=5.5, zorder=3, label=name)
        axes.set_xlim(max(lowest - 0.05, -1.0), 1.0)
        if len(series) > 1:
            axes.legend(
                loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(len(series), 2),
                borderaxespad=0.2,
            )  # fmt: skip
        style.unit_axis(axes)
        conf = level(result.settings["conf_level"])
        note = f"Lines: {conf} intervals. Dotted: {bounded(cut)}, the least that is asked of α."
        drawn.caption("Reliability of scales" if title is None else title, note)
        return axes


def _numbers(table: pd.DataFrame, scale: str, name: str) -> list[float]:
    """Give a coefficient of a scale with its limits."""
    columns = [name, f"{name}_ci_low", f"{name}_ci_high"]
    found: list[float] = table.loc[[scale], columns].to_numpy(dtype=np.float64)[0].tolist()
    return found
