"""What factors share: with a method, and with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.plots.items import item_labels
from trustmeasure.tables.numbers import bounded, interval, level, percent
from trustmeasure.validity import DiscriminantValidity, MarkerFactorResult, MethodFactorResult

PARTS = (("trait", style.BLUE), ("method", style.ORANGE), ("error", style.GRID))


def variance_shares(
    result: MethodFactorResult | MarkerFactorResult,
    *,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how much of each item's variance is the traits', the method's, and error.

    Parameters
    ----------
    result : MethodFactorResult or MarkerFactorResult
    instrument, labels, language, include_text
        Item wordings, as in `table`.
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
        For another kind of result.
    """
    if not isinstance(result, (MethodFactorResult, MarkerFactorResult)):
        raise DataError(
            "variance_shares draws the result of method_factor or marker_factor; found "
            f"{type(result).__name__}."
        )
    shares = result.items[["trait", "method", "error"]]
    names = [str(name) for name in shares.index]
    texts = item_labels(names, labels, instrument, language, include_text, width=46)
    texts = [*texts, "All items"]
    values = np.vstack([shares.to_numpy(dtype=np.float64), shares.mean().to_numpy()])
    layout = style.rows(texts)
    with style.sheet(ax, min(10.0, 5.6 + style.label_width(texts)), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, texts)
        low = min(0.0, float(np.nanmin(values)) - 0.02)
        axes.set_xlim(low, max(1.0, float(np.nanmax(values)) + 0.02))
        for place, centre in zip(values, layout.centres, strict=True):
            _stack(axes, place, float(centre))
        axes.axhline(layout.centres[-1] - 0.17, color=style.SOFT, linewidth=0.8)
        for at, (name, _) in enumerate(PARTS):
            printed = [bounded(value) for value in values[:, at]]
            marked = [value < 0 or value > 1 for value in values[:, at]]
            style.number_column(axes, layout, 0.55 + 0.62 * at, name, printed, marked)
        style.unit_axis(axes)
        limits = f"[{percent(result.ci_low)}, {percent(result.ci_high)}]"
        drawn.caption(
            "What items owe to traits and to the method" if title is None else title,
            f"Blue: trait, orange: method ({percent(result.method_share)} {limits} of all), grey: "
            f"error. The method factor takes substance that items share as well. n = {result.n}.",
        )
        return axes


def _stack(axes: Axes, values: Any, centre: float) -> None:
    """Draw the parts side by side; what is below 0, as error in a Heywood case, to the left."""
    begin = 0.0
    for value, (_, colour) in zip(values, PARTS, strict=True):
        left = begin if value >= 0 else 0.0
        axes.barh(centre, value, left=left, height=0.2, color=colour, zorder=2)
        begin += max(float(value), 0.0)


def latent_correlations(
    result: DiscriminantValidity, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the correlation of each pair of factors with its interval, beside the cut-off.

    Parameters
    ----------
    result : DiscriminantValidity
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
        For another kind of result.
    """
    if not isinstance(result, DiscriminantValidity):
        raise DataError(
            "latent_correlations draws the result of discriminant_validity; found "
            f"{type(result).__name__}."
        )
    order = result.table["correlation"].abs().sort_values(ascending=False).index
    table = result.table.loc[order]
    labels = [style.wrap(" – ".join(map(str, pair)), 42) for pair in table.index]
    layout = style.rows(labels)
    cut = float(result.settings["cutoff"])
    ends = table[["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    values = table["correlation"].to_numpy(dtype=np.float64)
    below = float(np.nanmin(ends)) < 0
    with style.sheet(ax, min(10.0, 5.6 + style.label_width(labels)), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        low = min(-1.02, float(np.nanmin(ends)) - 0.02) if below else 0.0
        axes.set_xlim(low, max(1.02, float(np.nanmax(ends)) + 0.02))
        for limit in (-cut, cut) if below else (cut,):
            axes.axvline(limit, color=style.SOFT, linestyle=":", linewidth=1.3, zorder=1)
        if below:
            axes.axvline(0, color=style.SOFT, linewidth=0.9, zorder=1)
        axes.hlines(layout.centres, *axes.get_xlim(), color=style.GRID, linewidth=0.8, zorder=0.5)
        axes.hlines(layout.centres, ends[:, 0], ends[:, 1], color=style.BLUE, linewidth=2, zorder=2)
        axes.plot(values, layout.centres, "o", color=style.BLUE, markersize=7, zorder=3)
        marked = list(~table["differs"].to_numpy(dtype=bool))
        style.number_column(axes, layout, 0.6, "r", [bounded(value) for value in values], marked)
        confidence = f"{level(result.settings['conf_level'])} CI"
        style.number_column(axes, layout, 1.7, confidence, [interval(*pair) for pair in ends])
        style.unit_axis(axes)
        heading = "Correlations of latent variables" if title is None else title
        drawn.caption(
            heading,
            f"Dotted: the cut-off of {bounded(cut)}. Orange: not shown to be lower than it. "
            f"n = {result.n}.",
        )
        return axes
