"""Effects that go through others, and effects that depend on something."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.plots import style
from trustmeasure.tables.numbers import interval, level, number, percent
from trustmeasure.theory import MediationResult, ModerationResult


def mediation_effects(
    result: MediationResult, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw total, direct and indirect effects with their intervals.

    Parameters
    ----------
    result : MediationResult
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
    if not isinstance(result, MediationResult):
        raise DataError(
            f"mediation_effects draws the result of mediation; found {type(result).__name__}."
        )
    table = result.effects
    labels = [style.wrap(str(name), 42) for name in table.index]
    layout = style.rows(labels)
    settings = result.settings
    with style.sheet(ax, min(10.0, 6.0 + style.label_width(labels)), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.axvline(0, color=style.SOFT, linewidth=0.9, zorder=1)
        clear = (table["ci_low"] > 0) | (table["ci_high"] < 0)
        for y, low, high, estimate, strong in zip(
            layout.centres, table["ci_low"], table["ci_high"], table["est"], clear, strict=True
        ):
            axes.hlines(y, low, high, color=style.BLUE, linewidth=2.4 if strong else 1.2, zorder=2)
            axes.plot(
                estimate, y, "o", markersize=7, zorder=3, color=style.BLUE,
                markerfacecolor=style.BLUE if strong else "white",
            )  # fmt: skip
        texts = [number(value) for value in table["est"]]
        limits = [
            interval(low, high, unit=False)
            for low, high in zip(table["ci_low"], table["ci_high"], strict=True)
        ]
        style.number_column(axes, layout, 0.6, "effect", texts)
        style.number_column(axes, layout, 1.75, f"{level(settings['conf_level'])} interval", limits)
        axes.set_xlabel(f"{settings['y']} for one more unit of {settings['x']}")
        heading = f"Ways from {settings['x']} to {settings['y']}" if title is None else title
        drawn.caption(heading, f"Filled: the interval excludes 0. n = {result.n}.")
        return axes


def conditional_slope(
    result: ModerationResult, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the slope of the predictor over the moderator, with its Johnson–Neyman regions.

    Parameters
    ----------
    result : ModerationResult
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
    if not isinstance(result, ModerationResult):
        raise DataError(
            f"conditional_slope draws the result of moderation; found {type(result).__name__}."
        )
    settings, curve = result.settings, result.curve
    with style.sheet(ax, 7.2, 4.8) as drawn:
        axes = drawn.ax
        axes.axhline(0, color=style.SOFT, linewidth=0.9, zorder=1)
        axes.fill_between(
            curve["w"], curve["ci_low"], curve["ci_high"], color=style.SKY, alpha=0.3, linewidth=0,
            zorder=2,
        )  # fmt: skip
        for _, region in result.regions.iterrows():
            clear = region["effect"] != "not significant"
            at = np.linspace(region["low"], region["high"], 50)
            axes.plot(
                at, np.interp(at, curve["w"], curve["slope"]), zorder=4,
                color=style.BLUE if clear else style.SOFT, linewidth=2.6 if clear else 1.3,
                linestyle="-" if clear else "--",
            )  # fmt: skip
        for cut in result.regions["low"].iloc[1:]:
            axes.axvline(cut, color=style.GREEN, linewidth=1.3, linestyle=":", zorder=3)
        slopes = result.simple_slopes
        axes.plot(slopes.index, slopes["est"], "o", color=style.BLUE, markersize=6, zorder=5)
        axes.set_xlabel(settings["w"])
        axes.set_ylabel(f"Slope of {settings['x']} on {settings['y']}")
        heading = (
            f"How {settings['x']} goes with {settings['y']}, by {settings['w']}"
            if title is None
            else title
        )
        drawn.caption(heading, f"{regions_in_words(result)} n = {result.n}.")
        return axes


def regions_in_words(result: ModerationResult) -> str:
    """Say where the slope is what."""
    said = [
        f"{region['effect']} from {number(region['low'])} to {number(region['high'])} "
        f"({percent(region['share'])} of people)"
        for _, region in result.regions.iterrows()
    ]
    return f"Slope {'; '.join(said)}."
