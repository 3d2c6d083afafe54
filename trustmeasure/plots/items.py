"""What each item adds to its scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.exploratory import SamplingAdequacy
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.reliability import AlphaResult, OrdinalAlphaResult, cronbach_alpha
from trustmeasure.scoring import Scores
from trustmeasure.tables.labels import (
    REVERSED,
    instrument_of,
    item_texts,
    reversed_items,
    scale_title,
)
from trustmeasure.tables.numbers import bounded
from trustmeasure.thresholds import load_thresholds


def item_rest(
    data: Any,
    *,
    scale: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each item's correlation with the rest of its scale, and alpha without it.

    Parameters
    ----------
    data : AlphaResult, OrdinalAlphaResult or Scores
        Of Scores, alpha is computed first (complete answers).
    scale : str, optional
        With Scores of several scales, which one.
    instrument : Instrument, optional
        Where item wordings, titles and reversal are to be had; Scores bring theirs.
    labels : bool or mapping, optional
        False for ids instead of wordings; or a mapping id → text.
    language : str
        Of item wordings.
    include_text : bool, optional
        Show wordings that the instrument itself may not ship with (``text: none``, attached
        with ``with_text``); by default only those of instruments whose text is included.
    thresholds : path or mapping, optional
        Other cut-offs than the built-in ones; the one for ``item_rest`` is drawn.
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
        For data of another kind.
    """
    known = isinstance(data, (AlphaResult, OrdinalAlphaResult))
    result = data if known else _alpha(data, scale)
    instrument = instrument or instrument_of(data, labels)
    names = [str(name) for name in result.items.index]
    row_labels = item_labels(names, labels, instrument, language, include_text)
    layout = style.rows(row_labels)
    cut = load_thresholds(thresholds)["item_rest"].cut
    correlations = result.items["r_drop"].to_numpy(dtype=np.float64)
    without = result.items["alpha_drop"].to_numpy(dtype=np.float64)
    width = min(10.0, 5.6 + style.label_width(row_labels))
    with style.sheet(ax, width, layout.height + 1.75) as drawn:
        axes = drawn.ax
        layout.apply(axes, row_labels)
        lowest = float(np.nanmin([0.0, *correlations, *without]))
        axes.set_xlim(min(0.0, np.floor(lowest * 10) / 10) - 0.02, 1.02)
        _reference(axes, cut, f"{bounded(cut)}", style.SOFT, ":")
        _reference(axes, result.estimate, f"α = {bounded(result.estimate)}", style.ORANGE, "--")
        axes.hlines(layout.centres, *axes.get_xlim(), color=style.GRID, linewidth=0.8, zorder=0.5)
        axes.plot(
            correlations, layout.centres, "o", color=style.BLUE, markersize=7, zorder=3,
            label="correlation with the other items",
        )  # fmt: skip
        axes.plot(
            without, layout.centres, "D", markerfacecolor="white", markeredgecolor=style.ORANGE,
            markeredgewidth=1.5, markersize=6, zorder=3, label="α without the item",
        )  # fmt: skip
        worse = np.round(without, 2) > round(result.estimate, 2)
        columns = [
            ("r", [bounded(value) for value in correlations], correlations < cut),
            ("α without", [bounded(value) for value in without], worse),
        ]
        for place, (heading, texts, marked) in zip((0.5, 1.4), columns, strict=True):
            style.number_column(axes, layout, place, heading, texts, list(marked))
        style.unit_axis(axes)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=1.9,
            handletextpad=0.2,
        )  # fmt: skip
        found = scale or result.settings.get("scale")
        named = f": {scale_title(found, instrument, language)}" if found else ""
        if title is None:
            title = f"Item–rest correlations and α without each item{named}"
        turned = reversed_items(names, instrument)
        drawn.caption(title, f"{REVERSED} = reverse-keyed, turned round here." if turned else "")
        return axes


def adequacy(
    result: SamplingAdequacy,
    *,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the measure of sampling adequacy of each item; options as in `item_rest`."""
    instrument = instrument or instrument_of(result, labels)
    names = [str(name) for name in result.items.index]
    row_labels = item_labels(names, labels, instrument, language, include_text)
    layout = style.rows(row_labels)
    rule = load_thresholds(thresholds)["kmo"]
    values = result.items.to_numpy(dtype=np.float64)
    with style.sheet(ax, min(10.0, 5.2 + style.label_width(row_labels)), layout.height + 1.3) as (
        drawn
    ):
        axes = drawn.ax
        layout.apply(axes, row_labels)
        axes.set_xlim(0, 1.02)
        _reference(axes, rule.cut, bounded(rule.cut), style.SOFT, ":")
        _reference(axes, result.overall, f"all {bounded(result.overall)}", style.ORANGE, "--")
        axes.hlines(layout.centres, 0, values, color=style.GRID, linewidth=0.8, zorder=0.5)
        axes.plot(values, layout.centres, "o", color=style.BLUE, markersize=7, zorder=3)
        texts = [bounded(value) for value in values]
        style.number_column(axes, layout, 0.55, "KMO", texts, list(values < rule.cut))
        style.unit_axis(axes)
        drawn.caption("Sampling adequacy of each item (KMO)" if title is None else title)
        return axes


def item_labels(
    names: list[str],
    labels: Any,
    instrument: Any,
    language: str,
    include_text: bool | None = None,
    *,
    width: int = 42,
) -> list[str]:
    """Give wrapped wordings, or ids where there are none, reversed items marked."""
    texts = item_texts(
        names, labels=labels, instrument=instrument, language=language, include_text=include_text
    )
    turned = reversed_items(names, instrument)
    return [
        style.wrap(texts.get(name, name) + (f"\u00a0{REVERSED}" if name in turned else ""), width)
        for name in names
    ]


def _alpha(data: Any, scale: str | None) -> AlphaResult:
    if not isinstance(data, Scores):
        raise DataError(
            f"item_rest draws the result of cronbach_alpha, or Scores; found {type(data).__name__}."
        )
    return cronbach_alpha(data, scale=scale)


def _reference(ax: Axes, value: float, text: str, colour: str, dashes: str) -> None:
    """Draw a vertical line with its value above."""
    if np.isnan(value):
        return
    ax.axvline(value, color=colour, linestyle=dashes, linewidth=1.3, zorder=1)
    ax.annotate(
        text, (value, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", color=colour,
    )  # fmt: skip
