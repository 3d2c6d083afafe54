"""How far groups and waves measure alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from trustmeasure._checks import check_option, listed
from trustmeasure.errors import DataError, OptionError
from trustmeasure.invariance import AlignmentResult, InvarianceResult, PartialInvariance
from trustmeasure.invariance.ordinal_designs import OrdinalDesign
from trustmeasure.plots import style
from trustmeasure.tables.invariance import NAMES, of_factor
from trustmeasure.tables.numbers import bounded, level, number
from trustmeasure.tables.validity import lines
from trustmeasure.thresholds import load_thresholds

MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.SKY, style.INK, style.SOFT)
OPERATORS = {"loadings": "=~", "intercepts": "~1", "thresholds": "|"}
SYMBOLS = {"cfi": "ΔCFI", "rmsea": "ΔRMSEA", "srmr": "ΔSRMR"}
# Changes of more criteria than this are drawn at the edge, with an arrow; their number says it.
FARTHEST = 4.0


def invariance_ladder(
    result: InvarianceResult,
    *,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how much worse each level of invariance fits than the one before.

    Parameters
    ----------
    result : InvarianceResult
    thresholds : path or mapping, optional
        Other criteria than those of the result.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
        One row a level and index. Changes are in units of what the criterion allows, so that 1
        is the criterion of each; the band holds what it allows. Right of it the changes
        themselves, in bold where they exceed the criterion.

    Raises
    ------
    DataError
        For another kind of result, and one without levels that have criteria.
    """
    if not isinstance(result, InvarianceResult):
        raise DataError(
            "invariance_ladder draws the result of measurement_invariance or "
            f"longitudinal_invariance; found {type(result).__name__}."
        )
    if result.verdicts.empty:
        raise DataError(
            "The result has no level that is judged against one before it. Ask for levels= such "
            "as ('configural', 'metric', 'scalar')."
        )
    rules = result.criteria if thresholds is None else load_thresholds(thresholds)
    labels, values, changes, beyond = [], [], [], []
    for (name, index), line in lines(result.verdicts):
        rule, change = rules[str(line["measure"])], float(line["change"])
        meets = rules.verdict(rule.id, change).meets
        labels.append(f"{NAMES[str(name)]}: {SYMBOLS[str(index)]}")
        # Worse is to the right, whichever way an index goes.
        values.append(change / rule.cut if rule.cut else np.nan)
        changes.append(number(change, 3).replace("0.", "."))
        beyond.append(meets is False)
    layout = style.rows(labels, least=0.3)
    shown = np.clip(values, -FARTHEST, FARTHEST)
    low, high = min(-1.0, float(np.nanmin(shown)) - 0.2), max(1.5, float(np.nanmax(shown)) + 0.2)
    with style.sheet(ax, min(10.0, 5.0 + style.label_width(labels)), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.set_xlim(low, high)
        axes.axvspan(low, 1, color=style.GREEN, alpha=0.12, linewidth=0, zorder=0)
        axes.axvline(0, color=style.SOFT, linewidth=0.8, zorder=1)
        axes.axvline(1, color=style.GREEN, linewidth=1.3, zorder=1)
        for centre, value, worse in zip(layout.centres, values, beyond, strict=True):
            colour = style.ORANGE if worse else style.BLUE
            at = float(np.clip(value, -FARTHEST, FARTHEST))
            axes.hlines(centre, 0, at, color=colour, linewidth=2, zorder=2)
            mark = "o" if at == value else (">" if value > 0 else "<")
            axes.plot([at], [centre], mark, color=colour, markersize=7, zorder=3)
        of_level = [str(name) for name, _ in result.verdicts.index]
        for place in range(1, len(labels)):
            if of_level[place] == of_level[place - 1]:
                continue
            edge = (layout.centres[place - 1] + layout.centres[place]) / 2
            axes.axhline(edge, color=style.GRID, linewidth=0.8, zorder=0.5)
        style.number_column(axes, layout, 0.75, "change", changes, beyond)
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel("Change of fit to the level before, in units of what the criterion allows")
        sources = dict.fromkeys(
            source.short
            for measure in result.verdicts["measure"]
            for source in rules[str(measure)].sources
        )
        if title is None:
            over = "groups" if result.design.kind == "group" else "waves"
            title = f"What each level of invariance over {over} costs"
        drawn.caption(title, f"Green: within the criteria ({'; '.join(sources)}). Right: worse.")
        return axes


def measurement_parameters(
    result: InvarianceResult | PartialInvariance,
    *,
    parameter: str = "loadings",
    at: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the loadings, intercepts or thresholds of each group (or wave), with their intervals.

    Parameters
    ----------
    result : InvarianceResult or PartialInvariance
    parameter : {"loadings", "intercepts", "thresholds"}
        Thresholds of ordered items.
    at : str, optional
        Of a ladder, the level whose model is drawn: by default the one before the parameters
        are equal ("configural" for loadings and thresholds, "metric" for intercepts; of ordered
        items "thresholds" for loadings). A partial model is drawn as it is.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
        One row an item, one mark a group; what was released is named in bold.

    Raises
    ------
    OptionError
        For levels that the result does not have.
    DataError
        For another kind of result, and thresholds of items that are not ordered.
    """
    check_option("parameter", parameter, tuple(OPERATORS))
    released: tuple[str, ...] = ()
    if isinstance(result, PartialInvariance):
        ladder, fitted, where = result.ladder, result.fit, f"partial {result.level}"
        released = result.released
    elif isinstance(result, InvarianceResult):
        ladder, where = result, at or _before(result, parameter)
        if where not in result.fits:
            raise OptionError(f"at={where!r} is no level of the result: {listed(result.fits)}.")
        fitted, released = result.fits[where], tuple(result.settings["released"])
    else:
        raise DataError(
            f"measurement_parameters draws a result of invariance; found {type(result).__name__}."
        )
    frame = _estimates(ladder, fitted, parameter)
    if frame.empty:
        raise DataError("The items are not ordered, so that there are no thresholds to draw.")
    names = list(dict.fromkeys(frame["name"]))
    several = len(ladder.design.factors) > 1
    labels = [
        _label(name, parameter, several) + (" – free" if name in released else "") for name in names
    ]
    groups = ladder.design.labels
    layout = style.rows(labels, least=max(0.34, 0.12 * len(groups) + 0.12))
    ends = frame[["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    margin = 0.05 * (float(np.nanmax(ends)) - float(np.nanmin(ends)) or 1.0)
    with style.sheet(ax, min(10.0, 5.4 + style.label_width(labels)), layout.height + 1.6) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.set_xlim(float(np.nanmin(ends)) - margin, float(np.nanmax(ends)) + margin)
        for tick, name in zip(axes.get_yticklabels(), names, strict=True):
            if name in released:
                tick.set_fontweight("bold")
        spread = 0.12 * (np.arange(len(groups)) - (len(groups) - 1) / 2)
        for place, group in enumerate(groups):
            own = frame[frame["place"] == place].set_index("name").reindex(names)
            heights = layout.centres + spread[place]
            colour = COLOURS[place % len(COLOURS)]
            axes.hlines(heights, own["ci_low"], own["ci_high"], color=colour, linewidth=1.6)
            axes.plot(
                own["est"], heights, MARKS[place % len(MARKS)], color=colour, markersize=5.5,
                label=str(group),
            )  # fmt: skip
        for centre in (layout.centres[1:] + layout.centres[:-1]) / 2:
            axes.axhline(centre, color=style.GRID, linewidth=0.6, zorder=0)
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel(parameter.capitalize())
        handles = [
            Line2D([], [], color=COLOURS[k % len(COLOURS)], marker=MARKS[k % len(MARKS)],
                   markersize=5.5, label=str(group))
            for k, group in enumerate(groups)
        ]  # fmt: skip
        axes.legend(
            handles=handles, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
            ncols=min(len(groups), 4), handlelength=1.4,
        )  # fmt: skip
        if title is None:
            over = "group" if ladder.design.kind == "group" else "wave"
            title = f"{parameter.capitalize()} in each {over}, {where} model"
        conf = level(fitted.settings["conf_level"])
        note = f"Bars: {conf} intervals." + (
            " Bold: free to differ." if set(released) & set(names) else ""
        )
        drawn.caption(title, note + _scale_of(ladder, where, parameter))
        return axes


def _scale_of(ladder: InvarianceResult, where: str, parameter: str) -> str:
    """Say what sets the scale of parameters that are not tied together by equal ones."""
    each = ladder.design.kind
    ordinal = isinstance(ladder.design, OrdinalDesign)
    if where == "configural" and ordinal:
        what = "residual" if ladder.settings["parameterization"] == "theta" else "total"
        return (
            f" Latent means are 0 and {what} variances 1 in each {each}; where these differ, it "
            "shows here too."
        )
    if where in ("configural", "thresholds") and parameter == "loadings":
        if ladder.settings["std_lv"]:
            return f" Factors have variance 1 in each {each}, so that loadings differ with it too."
        return ""
    if where in ("configural", "metric") and parameter == "intercepts":
        if ordinal:
            return f" Latent means are 0 in each {each}, and the reference’s intercepts are 0."
        return f" Latent means are 0 in each {each}, so that intercepts are the items’ means."
    return ""


def _before(result: InvarianceResult, parameter: str) -> str:
    """Give the last level at which the parameters are not yet equal, or the first level."""
    wanted = {
        "loadings": ("thresholds", "configural"),
        "intercepts": ("metric", "thresholds", "configural"),
        "thresholds": ("configural",),
    }[parameter]
    return next((name for name in wanted if name in result.fits), next(iter(result.fits)))


def _estimates(ladder: InvarianceResult, fitted: Any, parameter: str) -> pd.DataFrame:
    """Take the drawn rows out of a model's estimates, by name and occasion."""
    op = OPERATORS[parameter]
    latent = set(ladder.design.factors)
    frame = fitted.estimates
    rows = []
    for (name, place), at in ladder.design.rows(fitted).items():
        line = frame.iloc[at]
        if line["op"] != op or (op == "~1" and name.removesuffix("~1") in latent):
            continue
        rows.append(
            {
                "name": name, "place": place,
                **{key: line[key] for key in ("est", "ci_low", "ci_high")},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _label(name: str, parameter: str, several: bool) -> str:
    if parameter == "intercepts":
        return name.removesuffix("~1")
    if parameter == "thresholds":
        return name.replace("|t", ", threshold ")
    factor, item = name.split("=~")
    return f"{item} ({factor})" if several else item


def aligned_means(
    result: AlignmentResult,
    *,
    factor: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the latent means of aligned groups with their intervals, the highest on top.

    Parameters
    ----------
    result : AlignmentResult
    factor : str, optional
        Which one, where there are several.
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
    OptionError
        Where there are several factors and none was chosen.
    """
    if not isinstance(result, AlignmentResult):
        raise DataError(f"aligned_means draws the result of alignment; found {type(result)}.")
    factors = list(dict.fromkeys(result.means.index.get_level_values("factor")))
    if factor is None and len(factors) > 1:
        raise OptionError(f"Choose one of the factors with factor=: {listed(factors)}.")
    chosen = factors[0] if factor is None else factor
    check_option("factor", chosen, factors)
    own = of_factor(result, chosen)
    labels = [style.wrap(str(name), 34) for name in own.index]
    layout = style.rows(labels)
    with style.sheet(ax, min(10.0, 5.4 + style.label_width(labels)), layout.height + 1.5) as drawn:
        axes = drawn.ax
        layout.apply(axes, labels)
        axes.hlines(layout.centres, own["ci_low"], own["ci_high"], color=style.BLUE, linewidth=2)
        axes.plot(own["mean"], layout.centres, "o", color=style.BLUE, markersize=7)
        axes.axvline(0, color=style.SOFT, linewidth=0.8, zorder=0)
        axes.tick_params(axis="x", length=0)
        style.number_column(axes, layout, 0.6, "mean", [number(m) for m in own["mean"]])
        axes.set_xlabel(f"Latent mean, in standard deviations in '{result.settings['reference']}'")
        if title is None:
            title = f"Aligned latent means: {chosen}"
        conf = level(result.settings["conf_level"])
        share = bounded(result.noninvariant)
        drawn.caption(title, f"Bars: {conf} intervals. Share of parameters that differ: {share}.")
        return axes
