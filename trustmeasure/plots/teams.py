"""Teams side by side."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustmeasure._checks import FloatArray, check_option, listed
from trustmeasure.agreement import AggregateResult, AgreementResult
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.tables.labels import instrument_of, scale_title
from trustmeasure.tables.numbers import bounded, count, level, number
from trustmeasure.tables.people import possible_range
from trustmeasure.thresholds import load_thresholds

NOT_SHOWN = "not shown, to protect its members"
# More hidden teams than this are named below the figure instead of in rows of their own.
MOST_HIDDEN_ROWS = 6


def team_means(
    result: AggregateResult,
    *,
    scale: str | None = None,
    response_range: tuple[float, float] | None = None,
    sort: str = "mean",
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each team's mean with its interval over the scale's whole range.

    Parameters
    ----------
    result : AggregateResult
    scale : str, optional
        Needed where the result holds several.
    response_range : (float, float), optional
        Lowest and highest possible score; the instrument gives it too. Without either, the
        axis spans what is drawn.
    sort : {"mean", "label"}
        Highest mean on top, or teams in their own order. Teams that are not shown come last.
    instrument : Instrument, optional
        Gives the scale's title and range.
    labels : mapping, optional
        Scale → title, instead of the instrument's.
    language : str
        Of the scale's title.
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
        Where the result holds several scales and none is chosen.
    OptionError
        For an unknown scale or order, or a range that is none.
    """
    check_option("sort", sort, ("mean", "label"))
    chosen = _one_scale(result, scale)
    part = result.table[result.table["scale"] == chosen]
    shown = part[~part["suppressed"].astype(bool)]
    if sort == "mean":
        shown = shown.sort_values("mean", ascending=False, kind="stable")
    hidden = [str(team) for team in part.index[part["suppressed"].astype(bool)]]
    in_rows = hidden if len(hidden) <= MOST_HIDDEN_ROWS else []
    row_labels = [style.wrap(str(team), 28) for team in [*shown.index, *in_rows]]
    layout = style.rows(row_labels)
    instrument = instrument or instrument_of(result, labels)
    whole: Any = result.overall.loc[chosen]
    means = np.append(shown["mean"].to_numpy(dtype=np.float64), float(whole["mean"]))
    known, limits = _limits(response_range, instrument, chosen, shown, means)
    width = min(9.0, 5.8 + style.label_width(row_labels))
    with style.sheet(ax, width, layout.height + 1.65) as drawn:
        axes = drawn.ax
        layout.apply(axes, row_labels)
        margin = 0.02 * (limits[1] - limits[0])
        axes.set_xlim(limits[0] - margin, limits[1] + margin)
        _draw_teams(axes, shown, layout)
        for centre in layout.centres[len(shown) :]:
            axes.text(limits[0], centre, NOT_SHOWN, va="center", color=style.SOFT, style="italic")
        if not bool(whole["withheld"]):
            mean = float(whole["mean"])
            axes.axvline(mean, color=style.ORANGE, linestyle="--", linewidth=1.3, zorder=1)
            axes.annotate(
                f"all together {number(mean)}", (mean, 1), xycoords=("data", "axes fraction"),
                xytext=(0, 3), textcoords="offset points", ha="center", va="bottom",
                color=style.ORANGE,
            )  # fmt: skip
        axes.grid(axis="x")
        axes.tick_params(axis="x", length=0)
        named = _title_of(chosen, labels, instrument, language)
        axes.set_xlabel(named + (f" ({limits[0]:g} to {limits[1]:g})" if known else ""))
        conf = level(result.settings.get("conf_level"))
        if title is None:
            title = f"Team means with {conf} intervals: {named}"
        drawn.caption(title, _hidden_note(result, hidden, in_rows))
        return axes


def agreement(
    result: AgreementResult,
    *,
    hide: Collection[Any] = (),
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the agreement within each team over the bands of the thresholds.

    Parameters
    ----------
    result : AgreementResult
    hide : collection
        Teams of which nothing may be shown, as ``aggregate(...).suppressed``.
    thresholds : path or mapping, optional
        Other cut-offs than the built-in ones.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
    """
    column = str(result.table.columns[-1])
    keep = [team not in set(hide) for team in result.table.index]
    table = result.table[keep].dropna(subset=[column])
    table = table.sort_values(column, ascending=False, kind="stable")
    if table.empty:
        raise DataError("No team has an agreement that may be shown.")
    row_labels = [style.wrap(str(team), 28) for team in table.index]
    layout = style.rows(row_labels)
    values = table[column].to_numpy(dtype=np.float64)
    rule = load_thresholds(thresholds)["rwg"]
    with style.sheet(ax, min(9.0, 6.0 + style.label_width(row_labels)), layout.height + 1.5) as (
        drawn
    ):
        axes = drawn.ax
        layout.apply(axes, row_labels)
        axes.set_xlim(0, 1.015)
        _draw_bands(axes, rule)
        axes.plot(values, layout.centres, "o", color=style.BLUE, markersize=7, zorder=3)
        texts = [bounded(value) for value in values]
        style.number_column(axes, layout, 0.45, "r", texts)
        style.number_column(axes, layout, 0.9, "n", [count(people) for people in table["n"]])
        style.unit_axis(axes)
        symbol = "r WG(J)" if column == "rwg_j" else "r WG"
        axes.set_xlabel(f"Agreement within the team, {symbol}")
        left_out = len(result.table) - len(table)
        note = (
            f"{left_out} team(s) without a value, or too small, are not shown." if left_out else ""
        )
        drawn.caption("Agreement within teams" if title is None else title, note)
        return axes


def _one_scale(result: AggregateResult, scale: str | None) -> str:
    scales = list(dict.fromkeys(str(name) for name in result.table["scale"]))
    if scale is None and len(scales) > 1:
        raise DataError(
            f"The result holds {len(scales)} scales; choose one with scale=...: {listed(scales)}."
        )
    if scale is not None and scale not in scales:
        raise OptionError(f"scale={scale!r} is not in the result. Scales: {listed(scales)}.")
    return scales[0] if scale is None else scale


def _limits(
    given: tuple[float, float] | None,
    instrument: Any,
    scale: str,
    shown: pd.DataFrame,
    means: FloatArray,
) -> tuple[bool, tuple[float, float]]:
    """Give the ends of the axis, and whether they are known to be the possible scores."""
    if given is not None:
        low, high = float(given[0]), float(given[1])
        if not low < high:
            raise OptionError(f"response_range={given!r} must be two numbers, lowest first.")
        return True, (low, high)
    if instrument is not None and scale in {known.id for known in instrument.scales}:
        low, high = possible_range(instrument, scale, instrument.scale(scale).method)
        # Means beyond it were scored by another method than the instrument's.
        if not ((means < low - 1e-9) | (means > high + 1e-9)).any():
            return True, (low, high)
    ends = np.append(shown[["ci_low", "ci_high"]].to_numpy(dtype=np.float64), means)
    if not np.isfinite(ends).any():
        return False, (0.0, 1.0)
    low, high = float(np.floor(np.nanmin(ends))), float(np.ceil(np.nanmax(ends)))
    return False, (low, high) if low < high else (low - 1, high + 1)


def _draw_teams(ax: Axes, shown: pd.DataFrame, layout: style.Rows) -> None:
    centres = layout.centres[: len(shown)]
    means = shown["mean"].to_numpy(dtype=np.float64)
    low, high = (shown[end].to_numpy(dtype=np.float64) for end in ("ci_low", "ci_high"))
    ax.hlines(centres, low, high, color=style.BLUE, linewidth=2.2, zorder=2)
    ax.plot(means, centres, "o", color=style.BLUE, markersize=7.5, zorder=3)
    columns = {"mean": [number(value) for value in means], "n": [count(n) for n in shown["n"]]}
    rows = style.Rows(centres=centres, height=layout.height)
    for place, (heading, texts) in zip((0.55, 1.0), columns.items(), strict=True):
        style.number_column(ax, rows, place, heading, texts)


def _draw_bands(ax: Axes, rule: Any) -> None:
    """Shade the bands, lowest first, with their words on top."""
    limits = sorted(band.condition.limit for band in rule.bands if band.condition.sign)
    edges = [0.0, *limits, 1.015]
    words = [band.word for band in reversed(rule.bands)]
    for i, word in enumerate(words):
        if i % 2:
            ax.axvspan(edges[i], edges[i + 1], color=style.FAINT, linewidth=0, zorder=0)
        ax.annotate(
            style.wrap(word, 8), ((edges[i] + edges[i + 1]) / 2, 1),
            xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            ha="center", va="bottom", color=style.SOFT, fontsize=9,
        )  # fmt: skip


def _title_of(scale: str, labels: Any, instrument: Any, language: str) -> str:
    if isinstance(labels, dict) and scale in labels:
        return str(labels[scale])
    return scale_title(scale, instrument, language)


def _hidden_note(result: AggregateResult, hidden: list[str], in_rows: list[str]) -> str:
    if not hidden:
        return ""
    least = result.settings.get("min_cluster_size")
    note = (
        f"Teams with fewer than {least} answers, and whatever would give these away, are not shown."
    )
    return note if in_rows else f"{note} These are: {', '.join(hidden)}."
