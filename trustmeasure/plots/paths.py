"""Path diagrams of measurement and structural models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.plots import style
from trustmeasure.plots.diagrams import (
    FIXED,
    PLAIN,
    STRONG,
    WEAK,
    Diagram,
    Link,
    blocks_of,
    diagram_of,
)
from trustmeasure.plots.placing import FONT, LETTER, LINE, Box, Plan, place
from trustmeasure.plots.tracks import arrow_track, covariance_curves, point_on, reach_of
from trustmeasure.tables.numbers import bounded, count, number
from trustmeasure.theory import TheoryFit, TheoryOfChange

_WIDTH = {STRONG: 1.7, WEAK: 0.9, FIXED: 0.9, PLAIN: 1.1}
_DASH: dict[str, Any] = {STRONG: "-", WEAK: (0, (4, 2.5)), FIXED: "-", PLAIN: "-"}
# Where along an arrow its number may stand, best places first.
_PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8, 0.14, 0.86)
_ON_LOADINGS = (0.6, 0.52, 0.68, 0.44, 0.76, 0.36)


def path_diagram(
    model: Any,
    *,
    standardized: bool = True,
    estimates: bool = True,
    covariances: bool = True,
    indicators: bool | None = None,
    group: Any = None,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a model: ellipses for latent, rectangles for observed variables, arrows for paths.

    Parameters
    ----------
    model : StructuralModel, TheoryFit, TheoryOfChange, or str
        A fitted model, a theory of change, fitted or not, or model syntax.
    standardized : bool
        Estimates in standard deviations.
    estimates : bool
        Write them on the arrows. Thick arrows have intervals that exclude zero, thin dashed
        ones do not; negative ones are orange. Thin solid arrows are fixed.
    covariances : bool
        Draw covariances as curved double arrows.
    indicators : bool, optional
        Draw the indicators of latent variables; by default in measurement models, and where
        structural ones have up to 30.
    group : object, optional
        Whose estimates, in a model with groups, or which level's (1 or 2) in a two-level
        model; the first one's otherwise.
    labels : mapping, optional
        Name → what is written instead.
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
        For what is no model.
    OptionError
        For a group that the model does not have.

    Notes
    -----
    Variables stand in layers by the longest way to them; the order within a layer is that with
    the fewest crossings that barycentre sweeps find (Sugiyama et al., 1981).

    References
    ----------
    Sugiyama, K., Tagawa, S., & Toda, M. (1981). Methods for visual understanding of
    hierarchical system structures. *IEEE Transactions on Systems, Man, and Cybernetics, 11*,
    109–125. https://doi.org/10.1109/TSMC.1981.4308636
    """
    diagram = diagram_of(
        model, standardized=standardized, group=group, indicators=indicators, labels=labels
    )
    plan = place(diagram)
    curves = covariance_curves(diagram, plan) if covariances else {}
    left, top, right, bottom = _extent(diagram, plan, curves)
    width, height = right - left, bottom - top
    heading = _title(model, diagram) if title is None else title
    note = _note(model, diagram, standardized, estimates)
    lines = style.n_lines(style.wrap(note, int(max(width, 5.2) / style.LETTER))) if note else 0
    with style.sheet(ax, max(width + 0.2, 5.4), height + 0.75 + lines * style.LINE) as drawn:
        axes = drawn.ax
        axes.set(xlim=(left, right), ylim=(bottom, top))
        axes.set_axis_off()
        axes.set_aspect("equal")
        scale = 1.0 if drawn.own else _scale(axes, width, height)
        _draw_links(axes, diagram, plan, curves, estimates, scale)
        for name, box in plan.boxes.items():
            if name in diagram.labels:
                _draw_box(axes, box, scale)
        _caption(drawn, heading, note)
        return axes


def _caption(drawn: style.Sheet, heading: str, note: str) -> None:
    """Set title and note; axes without axis lines show no label, so the note is text there."""
    if drawn.own:
        drawn.caption(heading, note)
        return
    drawn.caption(heading)
    if note:
        room = drawn.ax.get_position().width * drawn.figure.get_figwidth()
        drawn.ax.text(
            0, -0.02, style.wrap(note, max(20, int(room / style.LETTER))), color=style.SOFT,
            transform=drawn.ax.transAxes, ha="left", va="top",
        )  # fmt: skip


def _scale(ax: Axes, width: float, height: float) -> float:
    """Give the size of letters and lines in the user's axes, so that they keep to their boxes."""
    figure = style.root_figure(ax)
    place = ax.get_position()
    return float(
        min(
            1.0,
            place.width * figure.get_figwidth() / width,
            place.height * figure.get_figheight() / height,
        )
    )


def _extent(
    diagram: Diagram, plan: Plan, curves: Mapping[Link, np.ndarray[Any, Any]]
) -> tuple[float, float, float, float]:
    """Give left, top, right and bottom of boxes and arrows, with a margin."""
    left, top, right, bottom = plan.bounds
    tracks = [arrow_track(link, plan) for link in diagram.links if not link.two_way]
    for track in (*tracks, *curves.values()):
        points = np.array([point_on(track, t) for t in np.linspace(0, 1, 25)])
        left, right = min(left, *points[:, 0]), max(right, *points[:, 0])
        top, bottom = min(top, *points[:, 1]), max(bottom, *points[:, 1])
    return left - 0.2, top - 0.14, right + 0.2, bottom + 0.14


def _draw_box(ax: Axes, box: Box, scale: float) -> None:
    if box.latent:
        patch: Any = Ellipse(
            (box.x, box.y), 2 * box.half_width, 2 * box.half_height, facecolor="white",
            edgecolor=style.INK, linewidth=1.2 * scale, zorder=3,
        )  # fmt: skip
    else:
        patch = FancyBboxPatch(
            (box.x - box.half_width, box.y - box.half_height), 2 * box.half_width,
            2 * box.half_height, boxstyle="square,pad=0", facecolor=style.FAINT,
            edgecolor=style.INK, linewidth=0.9 * scale, zorder=3,
        )  # fmt: skip
    ax.add_patch(patch)
    ax.text(
        box.x, box.y, box.text, ha="center", va="center", fontsize=FONT * scale, color=style.INK,
        linespacing=1.05, zorder=4,
    )  # fmt: skip


def _draw_links(
    ax: Axes,
    diagram: Diagram,
    plan: Plan,
    curves: Mapping[Link, np.ndarray[Any, Any]],
    estimates: bool,
    scale: float,
) -> None:
    """Draw the arrows, then their numbers where they cover least."""
    taken = [box.bounds for name, box in plan.boxes.items() if name in diagram.labels]
    waiting = []
    for link in diagram.links:
        if link.two_way:
            if link not in curves:
                continue
            track = curves[link]
        else:
            track = arrow_track(link, plan)
        _draw_arrow(ax, link, track, scale)
        if estimates and np.isfinite(link.value):
            waiting.append((link, track))
    # Short arrows have the least choice.
    waiting.sort(key=lambda pair: reach_of(pair[1]))
    for link, track in waiting:
        text = number(link.value) if abs(link.value) >= 1 else bounded(link.value)
        spot = _free_spot(link, track, text, taken)
        ax.text(
            *spot, text, ha="center", va="center", fontsize=(FONT - 0.7) * scale, zorder=6,
            color=_colour(link), fontweight="bold" if link.kind == STRONG else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.7 * scale},
        )  # fmt: skip


def _colour(link: Link) -> str:
    if link.kind in (WEAK, FIXED):
        return style.SOFT
    if np.isfinite(link.value):
        return style.ORANGE if link.value < 0 else style.BLUE
    return style.INK


def _draw_arrow(ax: Axes, link: Link, track: np.ndarray[Any, Any], scale: float) -> None:
    codes = {2: [Path.MOVETO, Path.LINETO], 3: [Path.MOVETO, Path.CURVE3, Path.CURVE3]}.get(
        len(track), [Path.MOVETO, *[Path.CURVE4] * (len(track) - 1)]
    )
    thin = 0.75 if link.two_way else 1.0
    ax.add_patch(
        FancyArrowPatch(
            path=Path(track, codes), arrowstyle="<|-|>" if link.two_way else "-|>",
            mutation_scale=(7 if link.two_way else 9) * scale, color=_colour(link),
            linewidth=_WIDTH[link.kind] * thin * scale, linestyle=_DASH[link.kind], zorder=2,
            shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def _free_spot(
    link: Link,
    track: np.ndarray[Any, Any],
    text: str,
    taken: list[tuple[float, float, float, float]],
) -> tuple[float, float]:
    """Choose where a number covers least, and keep its place."""
    half = len(text) * LETTER / 2 + 0.03, LINE / 2
    best, least = None, np.inf
    for rank, t in enumerate(_ON_LOADINGS if link.loading else _PLACES):
        x, y = (float(v) for v in point_on(track, t))
        spot = (x - half[0], y - half[1], x + half[0], y + half[1])
        cost = sum(_overlap(spot, other) for other in taken) + 1e-4 * rank
        if cost < least:
            best, least = (x, y, spot), cost
    x, y, spot = best  # type: ignore[misc]
    taken.append(spot)
    return x, y


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0.0) * max(high, 0.0)


def _title(model: Any, diagram: Diagram) -> str:
    if isinstance(model, (TheoryFit, TheoryOfChange)):
        theory = model.theory if isinstance(model, TheoryFit) else model
        rival = "" if theory.name == "theory" else f", rival “{theory.name}”"
        what = "assumed" if isinstance(model, TheoryOfChange) else "estimated"
        return f"The theory of change as {what} ({theory.form} form{rival})"
    kind = "Structural model" if diagram.regressions else "Measurement model"
    over = blocks_of(model) if isinstance(model, StructuralModel) else "group"
    return kind if diagram.group is None else f"{kind}, {over} {diagram.group}"


def _note(model: Any, diagram: Diagram, standardized: bool, estimates: bool) -> str:
    parts = []
    fitted = model.structural if isinstance(model, TheoryFit) else model
    if isinstance(fitted, StructuralModel):
        if estimates:
            unit = "Standardised" if standardized else "Unstandardised"
            parts.append(f"{unit} estimates.")
        parts.append("Thick: interval without 0; thin, dashed: with 0; thin, solid: fixed.")
        if any(link.value < 0 and link.kind == STRONG for link in diagram.links):
            parts.append("Orange: negative.")
    elif isinstance(model, TheoryOfChange):
        kinds = {link.kind for link in diagram.links}
        if STRONG in kinds:
            parts.append(
                "Thick: expected emphasis (technical → cognitive stated in commentary, relational "
                "→ affective inferred). Dashed: free, expected to be weaker."
            )
    if diagram.hidden:
        parts.append(f"{count(diagram.hidden)} indicators are not shown.")
    if isinstance(fitted, StructuralModel):
        parts.append(fit_words(fitted))
    return " ".join(parts)


def fit_words(model: StructuralModel) -> str:
    """Put fit in a few words."""
    fit = model.fit
    end = "_scaled" if "chisq_scaled" in fit else ""
    robust = "_robust" if "cfi_robust" in fit else ""
    words = [
        f"χ²({number(fit[f'df{end}'], 0)}) = {number(fit[f'chisq{end}'])}",
        *(f"{name.upper()} {bounded(fit.get(name + robust, fit[name]))}" for name in
          ("cfi", "rmsea")),
        f"SRMR {bounded(fit['srmr'])}",
    ]  # fmt: skip
    return f"{', '.join(words)}; n = {count(model.n)}."
