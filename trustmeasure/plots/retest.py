"""Two measurements of the same persons."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.plots import style
from trustmeasure.reliability import RetestResult
from trustmeasure.tables.numbers import count, level, number

# From so many points on, single ones are hard to tell apart.
MANY = 300


def bland_altman(result: RetestResult, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the differences between two measurements over their means (Bland and Altman).

    Parameters
    ----------
    result : RetestResult
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
        Each dot is a person, a darker one several with the same scores; lines show the mean
        difference and the limits of agreement, bands their intervals. As the dots are single
        persons, think before you show the figure of a small group.
    """
    mean = result.pairs["mean"].to_numpy(dtype=np.float64)
    difference = result.pairs["difference"].to_numpy(dtype=np.float64)
    lines = result.table.loc[["bias", "loa_low", "loa_high"]]
    words = ("mean difference", "lower limit", "upper limit")
    colours = (style.BLUE, style.ORANGE, style.ORANGE)
    ends = np.append(lines[["ci_low", "ci_high"]].to_numpy(dtype=np.float64), [*difference, 0.0])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    margin = 0.06 * (high - low or 1.0)
    with style.sheet(ax, 7.6, 4.4) as drawn:
        axes = drawn.ax
        axes.set_ylim(low - margin, high + margin)
        axes.axhline(0, color=style.SOFT, linewidth=0.8, zorder=1)
        for (_, line), colour in zip(lines.iterrows(), colours, strict=True):
            band = (float(line["ci_low"]), float(line["ci_high"]))
            axes.axhspan(*band, color=colour, alpha=0.13, linewidth=0, zorder=0)
            axes.axhline(
                float(line["estimate"]), color=colour, linewidth=1.6, zorder=2,
                linestyle="-" if colour == style.BLUE else "--",
            )  # fmt: skip
        size = 22 if len(mean) < MANY else 12
        axes.scatter(
            mean, difference, s=size, color=style.INK, alpha=0.55 if len(mean) < MANY else 0.3,
            linewidth=0, zorder=3,
        )  # fmt: skip
        _name_lines(axes, lines["estimate"].to_numpy(dtype=np.float64), words, colours)
        axes.tick_params(length=0)
        axes.set_ylabel("Difference (after − before)")
        axes.set_xlabel("Mean of both measurements")
        conf = level(result.settings.get("conf_level"))
        if title is None:
            title = f"Agreement of two measurements of {count(result.n)} persons"
        share = level(result.settings.get("coverage"))
        note = f"Dashed: limits that hold {share} of the differences. Bands: {conf} intervals."
        drawn.caption(title, note)
        return axes


def _name_lines(
    ax: Axes, values: np.ndarray, words: tuple[str, ...], colours: tuple[str, ...]
) -> None:
    """Write each line's name and value right of the axes, apart from each other."""
    bottom, top = ax.get_ylim()
    least = 0.11 * (top - bottom)  # two lines of text
    order = np.argsort(values)
    places = values[order].copy()
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + least)
    places -= (places - values[order]).mean()
    for place, which in zip(places, order, strict=True):
        ax.annotate(
            f"{words[which]}\n{number(values[which])}", (1, place),
            xycoords=ax.get_yaxis_transform(), xytext=(6, 0), textcoords="offset points",
            ha="left", va="center", color=colours[which], annotation_clip=False,
        )  # fmt: skip
