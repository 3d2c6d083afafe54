"""How many factors, and what they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from trustmeasure.exploratory import ExploratoryFactors, ParallelAnalysis, SchmidLeimanFactors
from trustmeasure.instruments import Instrument
from trustmeasure.plots import style
from trustmeasure.plots.items import item_labels
from trustmeasure.reliability import (
    CategoricalOmegaResult,
    HierarchicalOmegaResult,
    OmegaResult,
)
from trustmeasure.tables.factors import sort_by_factor
from trustmeasure.tables.labels import instrument_of
from trustmeasure.tables.numbers import bounded, percent
from trustmeasure.thresholds import load_thresholds


def scree(result: ParallelAnalysis, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw eigenvalues beside those of random data; retained ones are filled.

    Parameters
    ----------
    result : ParallelAnalysis
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes
    """
    number = np.arange(1, len(result.observed) + 1)
    quantile = percent(result.settings.get("quantile", 0.95))
    kinds = [
        ("components", result.n_components, style.BLUE, "o"),
        ("factors", result.n_factors, style.ORANGE, "s"),
    ]
    with style.sheet(ax, 7.2, 4.4) as drawn:
        axes = drawn.ax
        axes.axhline(0, color=style.SOFT, linewidth=0.8, zorder=0.6)
        for kind, kept, colour, marker in kinds:
            observed = result.observed[kind].to_numpy(dtype=np.float64)
            axes.plot(
                number, observed, color=colour, marker=marker, markersize=6, markevery=[],
                label=f"{kind}, {kept} retained",
            )  # fmt: skip
            axes.plot(number[:kept], observed[:kept], marker, color=colour, markersize=7, zorder=3)
            axes.plot(
                number[kept:], observed[kept:], marker, markerfacecolor="white",
                markeredgecolor=colour, markersize=5, zorder=3,
            )  # fmt: skip
            axes.plot(
                number, result.reference[kind].to_numpy(dtype=np.float64), linestyle=(0, (4, 2)),
                color=colour, linewidth=1.2, label=f"random {kind}, {quantile} quantile",
            )  # fmt: skip
        axes.grid(axis="y")
        axes.set_xlim(0.4, len(number) + 0.6)
        step = max(1, len(number) // 12)
        axes.set_xticks(number[::step] if step > 1 else number)
        axes.set_xlabel("Number of the eigenvalue")
        axes.set_ylabel("Eigenvalue")
        axes.tick_params(length=0)
        axes.legend(loc="upper right")
        if title is None:
            title = (
                f"Parallel analysis: {_counted(result.n_factors, 'factor')} and "
                f"{_counted(result.n_components, 'component')} exceed random data"
            )
        drawn.caption(title, "Filled marks are retained.")
        return axes


def loadings(
    result: ExploratoryFactors
    | SchmidLeimanFactors
    | OmegaResult
    | HierarchicalOmegaResult
    | CategoricalOmegaResult,
    *,
    cut: float | None = None,
    sort: bool = True,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the loadings as a strip of coloured cells, items under their factor.

    Parameters
    ----------
    result : ExploratoryFactors, SchmidLeimanFactors, or the result of an omega
    cut : float, optional
        Loadings below this in size stay grey on white; by default the cut-off of the
        thresholds.
    sort : bool
        Items under the factor on which they load most, strongest first.
    instrument : Instrument, optional
        Where item wordings, titles and reversal are to be had.
    labels : bool or mapping, optional
        False for ids instead of wordings; or a mapping id → text.
    language : str
        Of item wordings.
    include_text : bool, optional
        Show wordings that the instrument itself may not ship with (``text: none``, attached
        with ``with_text``); by default only those of instruments whose text is included.
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
    if isinstance(result, OmegaResult):
        table = result.loadings[["std_loading"]].set_axis(["Factor"], axis=1)
        phi = None
    elif isinstance(result, CategoricalOmegaResult):
        table, phi = result.loadings[["loading"]].set_axis(["Factor"], axis=1), None
    elif isinstance(result, HierarchicalOmegaResult):
        groups = result.group_loadings
        order = sort_by_factor(groups).index if sort else groups.index
        whole = result.to_frame()[["general", *groups.columns]]
        table, phi, sort = whole.loc[order], None, False
    elif isinstance(result, SchmidLeimanFactors):
        # Items under their group factor; the general one, first, would draw them all.
        order = sort_by_factor(result.groups).index if sort else result.groups.index
        table, phi, sort = result.loadings.loc[order], None, False
    else:
        table, phi = result.loadings, result.phi
    table = sort_by_factor(table) if sort else table
    least = load_thresholds(thresholds)["loading"].cut if cut is None else cut
    names = [str(name) for name in table.index]
    instrument = instrument or instrument_of(result, labels)
    row_labels = item_labels(names, labels, instrument, language, include_text)
    layout = style.rows(row_labels, least=0.27)
    m = table.shape[1]
    span = 0.72
    width = style.label_width(row_labels) + m * span + 0.5
    with style.sheet(ax, max(width, 3.8), layout.height + 1.4) as drawn:
        axes = drawn.ax
        layout.apply(axes, row_labels)
        numbers = table.to_numpy(dtype=np.float64)
        _strips(axes, numbers, layout, least)
        axes.set_xlim(0, m)
        axes.set_xticks(np.arange(m) + 0.5, [str(name) for name in table.columns])
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", length=0, pad=4)
        axes.spines["bottom"].set_visible(False)
        if sort:
            primary = np.abs(numbers).argmax(axis=1)
            for i in np.flatnonzero(np.diff(primary)):
                edge = layout.centres[i : i + 2].mean()
                axes.axhline(edge, color=style.SOFT, linewidth=0.8)
        note = f"Loadings below {bounded(least)} in size are on white."
        if phi is not None and m > 1:
            note = f"{note} {_correlation_note(phi)}"
        if title is None:
            title = f"Loadings on {_counted(m, 'factor')}"
            if isinstance(result, (SchmidLeimanFactors, HierarchicalOmegaResult)):
                title = f"Loadings on a general and {_counted(m - 1, 'group factor')}"
        drawn.caption(title, note)
        return axes


def _strips(ax: Axes, numbers: Any, layout: style.Rows, cut: float) -> None:
    """Draw a cell for every loading, coloured from the cut-off on."""
    heights = 2 * np.diff(np.concatenate([[0.0], layout.centres]))  # rows touch each other
    tops, edge = [], 0.0
    for i, centre in enumerate(layout.centres):
        heights[i] = 2 * (centre - edge)
        tops.append(edge)
        edge += heights[i]
    patches = [
        Rectangle((j, tops[i]), 1, heights[i])
        for i in range(numbers.shape[0])
        for j in range(numbers.shape[1])
    ]
    flat = numbers.ravel()
    cells = PatchCollection(
        patches, cmap=style.DIVERGING.with_extremes(bad="white"), edgecolor="white", linewidth=1.5
    )
    cells.set_array(np.ma.masked_where(np.abs(flat) < cut, flat))
    cells.set_clim(-1, 1)
    ax.add_collection(cells)
    for i, row in enumerate(numbers):
        for j, value in enumerate(row):
            strong = abs(value) >= cut
            colour = style.ink_on(style.DIVERGING((value + 1) / 2)) if strong else style.SOFT
            ax.text(
                j + 0.5, layout.centres[i], bounded(value), ha="center", va="center",
                color=colour, fontsize=9, fontweight="bold" if strong else "normal",
            )  # fmt: skip


def _correlation_note(phi: Any) -> str:
    values = phi.to_numpy(dtype=np.float64)
    pairs = [
        (f"{phi.index[j]}–{phi.index[i]}", values[i, j])
        for i in range(len(values))
        for j in range(i)
    ]
    if all(abs(value) < 1e-12 for _, value in pairs):
        return "Factors are uncorrelated."
    listed = ", ".join(f"{name} {bounded(value)}" for name, value in pairs)
    return f"Factor correlations: {listed}."


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
