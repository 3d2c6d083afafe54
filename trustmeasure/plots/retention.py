"""How many factors: every criterion under the scree, and the partial correlations of MAP."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from trustmeasure.exploratory import MinimumAveragePartial, NumberOfFactors
from trustmeasure.exploratory.criteria import CRITERIA
from trustmeasure.plots import style
from trustmeasure.tables.numbers import percent

# Where a criterion errs when it errs: its mark, colour and words.
MARKS = {
    "balanced": ("o", style.BLUE, "without a\nknown bias"),
    "over": (">", style.ORANGE, "known to keep\ntoo many"),
    "under": ("<", style.GREEN, "known to keep\ntoo few"),
    "mixed": ("D", style.SOFT, "depends on\nthe data"),
}
SCREE, ROW, GAP = 2.7, 0.21, 0.16  # inches


def criteria(result: NumberOfFactors, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the scree with what criteria compare it with, and below what each suggests.

    Parameters
    ----------
    result : NumberOfFactors
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
        Eigenvalues have their own scale in the upper part; rows of criteria go below it.
    """
    said = _ordered(result.table)
    kinds = list(dict.fromkeys(said["tendency"]))
    high = result.consensus.high or 0
    last = min(len(result.eigenvalues), max(15, high + 5))
    height = SCREE + ROW * len(said) + GAP * len(kinds) + 1.8
    with style.sheet(ax, 7.4, height) as drawn:
        axes = drawn.ax
        low, top = _scree(axes, result, last)
        inch = (top - low) / SCREE
        places = _rows(axes, said, low, inch)
        for number in result.consensus.modes:
            axes.axvspan(number - 0.5, number + 0.5, color=style.FAINT, zorder=0.2)
        ticks = [value for value in np.arange(0, top, _step(top)) if value >= low]
        names = [CRITERIA[str(name)].short for name in said.index]
        axes.set_yticks([*ticks, *places], [*(f"{value:g}" for value in ticks), *names])
        axes.set_ylim(places[-1] - 0.7 * ROW * inch, top)
        axes.annotate(
            "Eigenvalue", (0, 1), xycoords="axes fraction", xytext=(-4, 2),
            textcoords="offset points", ha="right", va="bottom", annotation_clip=False,
        )  # fmt: skip
        axes.set_xlim(-0.6, last + 0.6)
        step = max(1, last // 12)
        axes.set_xticks(np.arange(0, last + 1, step))
        axes.set_xlabel("Number of the eigenvalue; number of factors suggested")
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.3)
        drawn.caption(_title(result) if title is None else title, _note(result))
        return axes


def map_values(
    result: MinimumAveragePartial, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the mean partial correlations by the number of components held constant.

    Parameters
    ----------
    result : MinimumAveragePartial
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
    """
    curves = [
        ("squared", result.values, result.n_factors, style.BLUE, "o"),
        ("fourth power", result.values_revised, result.n_factors_revised, style.ORANGE, "s"),
    ]
    # At the far end, with hardly anything left, means run to 1 and would flatten the rest.
    last = min(len(result.values) - 1, max(8, 2 * max(kept for _, _, kept, _, _ in curves) + 2))
    with style.sheet(ax, 6.4, 3.8) as drawn:
        axes = drawn.ax
        for name, values, kept, colour, marker in curves:
            shown = values.iloc[: last + 1].to_numpy(dtype=np.float64)
            axes.plot(
                np.arange(len(shown)), shown, color=colour, marker=marker, markersize=5,
                markerfacecolor="white", label=f"{name}, smallest at {kept}",
            )  # fmt: skip
            axes.plot(kept, values.iloc[kept], marker, color=colour, markersize=8, zorder=3)
        axes.grid(axis="y")
        axes.set_ylim(bottom=0)
        axes.set_xticks(np.arange(0, last + 1, max(1, last // 12)))
        axes.set_xlabel("Components held constant")
        axes.set_ylabel("Mean partial correlation")
        axes.tick_params(length=0)
        axes.legend(loc="upper center")
        if title is None:
            title = (
                f"Partial correlations are smallest with {result.n_factors} components "
                f"(squared) and {result.n_factors_revised} (fourth power)"
            )
        drawn.caption(title, "The filled mark is the smallest value.")
        return axes


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Put criteria of the same tendency together."""
    known = [kind for kind in MARKS if (table["tendency"] == kind).any()]
    return pd.concat([table[table["tendency"] == kind] for kind in known])


def _scree(axes: Axes, result: NumberOfFactors, last: int) -> tuple[float, float]:
    """Draw eigenvalues and references; give the range that they take."""
    seen = result.eigenvalues.iloc[:last]
    number = seen.index.to_numpy()
    quantile = percent(result.settings.get("quantile", 0.95))
    lines: list[tuple[str, str, str, Any, str]] = [
        ("components", "components", style.BLUE, "-", "o"),
        (
            "random_components",
            f"random components, {quantile}",
            style.BLUE,
            (0, (4, 2)),
            "",
        ),
        ("factors", "factors", style.ORANGE, "-", "s"),
        ("random_factors", f"random factors, {quantile}", style.ORANGE, (0, (4, 2)), ""),
        ("ekc_reference", "limit of EKC", style.GREEN, (0, (1, 1.2)), ""),
    ]
    drawn = [line for line in lines if line[0] in seen]
    for name, label, colour, dashes, marker in drawn:
        axes.plot(
            number, seen[name].to_numpy(dtype=np.float64), color=colour, linestyle=dashes,
            marker=marker or None, markersize=4, linewidth=1.4, label=label,
        )  # fmt: skip
    low = min(0.0, float(seen[[line[0] for line in drawn]].min().min()))
    top = 1.08 * float(seen["components"].max())
    axes.hlines(1.0, -0.6, last + 0.6, color=style.SOFT, linewidth=0.8, zorder=0.6)
    axes.hlines(low, -0.6, last + 0.6, color=style.GRID, linewidth=0.8, zorder=0.6)
    return low, top


def _rows(axes: Axes, said: pd.DataFrame, low: float, inch: float) -> list[float]:
    """Draw a row for each criterion, and beside each group what is known of it."""
    places: list[float] = []
    edge = low
    for kind, (marker, colour, words) in MARKS.items():
        group = said[said["tendency"] == kind]
        if group.empty:
            continue
        edge -= GAP * inch
        first = edge
        for value in group["n_factors"]:
            centre = edge - ROW * inch / 2
            edge -= ROW * inch
            places.append(centre)
            axes.axhline(centre, color=style.GRID, linewidth=0.6, zorder=0.4)
            if pd.isna(value):
                axes.annotate(
                    "no number", (0, centre), xycoords=axes.get_yaxis_transform(),
                    xytext=(3, 0), textcoords="offset points", va="center", color=style.SOFT,
                    fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                )  # fmt: skip
                continue
            axes.plot(
                int(value), centre, marker, color=colour, markersize=7, zorder=3,
                markerfacecolor="white" if kind == "mixed" else colour, linestyle="none",
            )  # fmt: skip
        axes.annotate(
            words, (1, (first + edge) / 2), xycoords=axes.get_yaxis_transform(), xytext=(6, 0),
            textcoords="offset points", va="center", color=colour, annotation_clip=False,
        )  # fmt: skip
    return places


def _step(top: float) -> float:
    """Choose the distance between ticks of eigenvalues."""
    return float(next((step for step in (0.5, 1.0, 2.0, 5.0, 10.0) if top / step <= 6), 20.0))


def _title(result: NumberOfFactors) -> str:
    found = result.consensus
    if found.low is None:
        return "No criterion for the number of factors could be computed"
    if found.low == found.high:
        return f"All criteria suggest {found.low} factor{'' if found.low == 1 else 's'}"
    modes = " and ".join(str(number) for number in found.modes)
    return f"Criteria suggest {found.low} to {found.high} factors, with most votes for {modes}"


def _note(result: NumberOfFactors) -> str:
    random = "random_components" in result.eigenvalues
    note = ("Dashed: quantile of random data. " if random else "") + "Grey line: eigenvalue 1."
    if result.consensus.modes:
        share = percent(result.consensus.share)
        note += f" Shaded: most votes ({share}; one vote for each family of criteria)."
    if (result.table["n_factors"].isna()).any():
        note += " The table says why a criterion has no number."
    return note
