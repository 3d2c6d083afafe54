"""How close scales come to measuring the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.tables.labels import scale_title
from trustmeasure.tables.numbers import bounded, interval, level
from trustmeasure.thresholds import load_thresholds
from trustmeasure.validity import HeterotraitRatios


def heterotrait_ratios(
    result: HeterotraitRatios,
    *,
    instrument: Instrument | None = None,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the heterotrait–monotrait ratio of each pair of scales, with its interval.

    Parameters
    ----------
    result : HeterotraitRatios
    instrument : Instrument, optional
        Gives the scales' titles.
    thresholds : path or mapping, optional
        Other cut-offs than the built-in ones; those of ``htmt`` are drawn.
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
    if not isinstance(result, HeterotraitRatios):
        raise DataError(
            f"heterotrait_ratios draws the result of htmt; found {type(result).__name__}."
        )
    pairs = result.pairs.sort_values("estimate", ascending=False)
    labels = [
        style.wrap(" – ".join(scale_title(name, instrument) for name in pair), 42)
        for pair in pairs.index
    ]
    layout = style.rows(labels)
    rule = load_thresholds(thresholds)["htmt"]
    limits = [band.condition.limit for band in rule.bands if band.condition.sign] or [rule.cut]
    values = pairs["estimate"].to_numpy(dtype=np.float64)
    drawn_limits = pairs[["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    with style.sheet(ax, min(10.0, 5.6 + style.label_width(labels)), layout.height + 1.4) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.set_xlim(0, max(1.02, float(np.nanmax([*values, *drawn_limits.ravel()])) + 0.02))
        for limit in limits:
            axes.axvline(limit, color=style.SOFT, linestyle=":", linewidth=1.3, zorder=1)
        axes.annotate(
            " / ".join(bounded(limit) for limit in limits), (float(np.mean(limits)), 1),
            xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            ha="center", va="bottom", color=style.SOFT,
        )  # fmt: skip
        axes.hlines(layout.centres, *axes.get_xlim(), color=style.GRID, linewidth=0.8, zorder=0.5)
        axes.hlines(
            layout.centres, drawn_limits[:, 0], drawn_limits[:, 1], color=style.BLUE, linewidth=2,
            zorder=2,
        )  # fmt: skip
        axes.plot(values, layout.centres, "o", color=style.BLUE, markersize=7, zorder=3)
        name = "HTMT2" if result.settings["method"] == "htmt2" else "HTMT"
        texts = [bounded(value) for value in values]
        style.number_column(axes, layout, 0.6, name, texts, list(values >= rule.cut))
        if not np.isnan(drawn_limits).all():
            texts = [interval(*pair) for pair in drawn_limits]
            confidence = level(result.settings["conf_level"])
            style.number_column(axes, layout, 1.6, f"{confidence} CI", texts)
        style.unit_axis(axes)
        if title is None:
            title = f"How close scales come to measuring the same ({name})"
        drawn.caption(title)
        return axes
