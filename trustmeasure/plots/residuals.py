"""What a model leaves unexplained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from trustmeasure._checks import listed
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import DataError, OptionError
from trustmeasure.plots import style
from trustmeasure.plots.diagrams import blocks_of
from trustmeasure.plots.paths import fit_words
from trustmeasure.tables.numbers import bounded
from trustmeasure.theory import TheoryFit

MOST_WITH_VALUES = 20
LIMIT = 0.10  # what is drawn in full colour at least


def residual_heatmap(
    model: Any,
    *,
    group: Any = None,
    values: bool | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw observed minus implied correlations as a lower triangle of coloured cells.

    Parameters
    ----------
    model : StructuralModel or TheoryFit
    group : object, optional
        Which group's, in a model with groups, or which level's (1 or 2) in a two-level model;
        the first one's otherwise.
    values : bool, optional
        Print the residuals; by default for up to 20 variables. Residuals beyond .10 in size
        carry their sign in any case.
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
        For what is no fitted model.
    OptionError
        For a group that the model does not have.

    Notes
    -----
    Blue: the model implies too small a correlation; orange: too large a one. Residuals beyond
    .10 are those that Kline (2016) advises to look at.

    References
    ----------
    Kline, R. B. (2016). *Principles and practice of structural equation modeling* (4th ed.).
    Guilford.
    """
    matrix, which = residual_correlations(model, group)
    names = [str(name) for name in matrix.columns]
    k = len(names)
    printed = k <= MOST_WITH_VALUES if values is None else values
    cell = 0.42 if printed else (0.26 if k <= 40 else 0.16)
    lower = [(i, j) for i in range(k) for j in range(i)]
    numbers = np.array([matrix.iloc[i, j] for i, j in lower], dtype=np.float64)
    reach = max(LIMIT, float(np.nanmax(np.abs(numbers)))) if len(numbers) else LIMIT
    below = style.label_width(names)
    labels = style.label_width(names)
    fitted = _model_of(model)
    with style.sheet(ax, max(5.4, labels + k * cell + 0.4), k * cell + below + 1.2) as drawn:
        axes = drawn.ax
        cells = PatchCollection(
            [Rectangle((j, i), 1, 1) for i, j in lower], cmap=style.DIVERGING, edgecolor="white",
            linewidth=1.0,
        )  # fmt: skip
        cells.set_array(numbers)
        cells.set_clim(-reach, reach)
        axes.add_collection(cells)
        axes.set(xlim=(0, k - 1), ylim=(k, 1))
        if not drawn.own:
            axes.set_aspect("equal")
        axes.set_yticks(np.arange(1, k) + 0.5, names[1:])
        axes.set_xticks(np.arange(k - 1) + 0.5, names[:-1], rotation=90)
        axes.tick_params(length=0, pad=4)
        for side in axes.spines.values():
            side.set_visible(False)
        for (i, j), value in zip(lower, numbers, strict=True):
            large = abs(value) > LIMIT
            text = bounded(value) if printed else (("+" if value > 0 else "−") if large else "")
            if text and np.isfinite(value):
                axes.text(
                    j + 0.5, i + 0.5, text, ha="center", va="center",
                    fontsize=8.5 if printed else 7, fontweight="bold" if large else "normal",
                    color=style.ink_on(style.DIVERGING((value / reach + 1) / 2)),
                )  # fmt: skip
        heading = f"What the model leaves of the correlations{which}" if title is None else title
        many = int((np.abs(numbers) > LIMIT).sum())
        drawn.caption(
            heading,
            "Observed minus implied correlation; blue: the model implies too little, orange: too "
            f"much. {many or 'None'} of {len(lower)} beyond .10 in size"
            f"{' (bold)' if printed else ''}. {fit_words(fitted)}",
        )
        return axes


def residual_correlations(model: Any, group: Any = None) -> tuple[pd.DataFrame, str]:
    """Give observed minus implied correlations of one group or level, and name it."""
    fitted = _model_of(model)
    found = fitted.residuals(kind="correlation").cov
    if found.index.nlevels == 1:
        if group is not None:
            raise OptionError("group= chooses among groups or levels, and the model has none.")
        return found, ""
    offered = list(found.index.unique(0))
    group = offered[0] if group is None else group
    if group not in offered:
        raise OptionError(f"group={group!r} is none of the model's: {listed(offered)}.")
    block: pd.DataFrame = found.loc[group]
    return block[list(block.index)], f", {blocks_of(fitted)} {group}"


def _model_of(model: Any) -> StructuralModel:
    fitted = model.structural if isinstance(model, TheoryFit) else model
    if not isinstance(fitted, StructuralModel):
        raise DataError(
            "residual_heatmap draws a fitted model (of cfa, sem or growth); found "
            f"{type(model).__name__}."
        )
    return fitted
