"""Relations that may turn round."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from trustmeasure.errors import DataError
from trustmeasure.plots import style
from trustmeasure.tables.numbers import interval, level, number, p_statement
from trustmeasure.validity import CurvilinearResult


def turning_point(
    result: CurvilinearResult,
    *,
    x_label: str | None = None,
    y_label: str | None = None,
    points: bool = True,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the quadratic with its turning point, and the two lines, over the persons.

    Parameters
    ----------
    result : CurvilinearResult
    x_label, y_label : str, optional
        Instead of the variables' names.
    points : bool
        Draw a dot a person, what covariates explain taken out; False where persons must not
        be seen.
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
    if not isinstance(result, CurvilinearResult):
        raise DataError(
            f"turning_point draws the result of curvilinear; found {type(result).__name__}."
        )
    curve = result.curve
    with style.sheet(ax, 7.2, 5.2) as drawn:
        axes = drawn.ax
        if points:
            axes.plot(
                result.points["x"], result.points["y"], "o", color=style.SOFT, markersize=4,
                alpha=min(0.5, max(0.12, 60 / len(result.points))), markeredgewidth=0, zorder=1,
            )  # fmt: skip
        axes.fill_between(
            curve["x"], curve["low"], curve["high"], color=style.SKY, alpha=0.35, linewidth=0,
            zorder=2,
        )  # fmt: skip
        axes.plot(curve["x"], curve["quadratic"], color=style.BLUE, zorder=4, label="quadratic")
        _draw_lines(axes, result)
        _draw_turn(axes, result)
        settings = result.settings
        axes.set_xlabel(style.wrap(settings["x"] if x_label is None else x_label, 70))
        axes.set_ylabel(style.wrap(_outcome(result) if y_label is None else y_label, 38))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
        if title is None:
            title = f"Does {settings['y']} turn round as {settings['x']} rises?"
        drawn.caption(title, _note(result))
        return axes


def _draw_lines(ax: Axes, result: CurvilinearResult) -> None:
    """Draw the two lines up to the break, each with the height that it has there."""
    at = result.breakpoint
    if np.isnan(at):
        return
    low, high = float(result.points["x"].min()), float(result.points["x"].max())
    for k, (end, (_, line)) in enumerate(zip((low, high), result.lines.iterrows(), strict=True)):
        heights = [line["level"] + line["slope"] * (end - at), line["level"]]
        ax.plot(
            [end, at], heights, color=style.ORANGE, linestyle="--", linewidth=2, zorder=5,
            label="" if k else "two lines",
        )  # fmt: skip


def _draw_turn(ax: Axes, result: CurvilinearResult) -> None:
    """Mark the turning point, and its interval as a bar along the bottom."""
    low, high = ax.get_xlim()
    if low < result.turning_point < high:
        ax.axvline(
            result.turning_point, color=style.GREEN, linewidth=1.3, linestyle=":", zorder=3,
            label="turning point",
        )  # fmt: skip
    ends = np.clip([result.turning_low, result.turning_high], low, high)
    if np.isfinite([result.turning_low, result.turning_high]).all() and ends[1] > ends[0]:
        ax.plot(
            ends, [0.02, 0.02], color=style.GREEN, linewidth=5, solid_capstyle="butt", zorder=6,
            transform=ax.get_xaxis_transform(), label="_interval",
        )  # fmt: skip
    ax.set_xlim(low, high)


def _outcome(result: CurvilinearResult) -> str:
    named = str(result.settings["y"])
    return f"{named} (covariates at their means)" if result.settings["covariates"] else named


def _note(result: CurvilinearResult) -> str:
    settings = result.settings
    confidence = level(settings["conf_level"])
    turn = f"Turning point {number(result.turning_point)}"
    if np.isfinite(result.turning_low):
        limits = interval(result.turning_low, result.turning_high, unit=False)
        turn += f", {confidence} interval {limits} (green bar)"
    else:
        turn += f", its {confidence} interval without bounds"
    lines = "no break could be set for two lines"
    if not np.isnan(result.breakpoint):
        slopes = " and ".join(
            f"{number(line['slope'])} (p{p_statement(line['pvalue'])})"
            for _, line in result.lines.iterrows()
        )
        lines = f"two lines with slopes {slopes}, parted at {number(result.breakpoint)}"
    return f"{turn}; u-test p{p_statement(result.u_pvalue)}; {lines}. n = {result.n}."
