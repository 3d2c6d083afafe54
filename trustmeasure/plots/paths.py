"""Path diagrams of measurement and structural models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
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
    diagram_of,
    is_measurement,
)
from trustmeasure.plots.placing import FONT, LETTER, LINE, Box, Plan, place
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
        Whose estimates, in a model with groups; the first group's otherwise.
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
    curves = _curves(diagram, plan) if covariances else {}
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
    tracks = [_track(link, plan) for link in diagram.links if not link.two_way]
    for track in (*tracks, *curves.values()):
        points = np.array([_bezier(track, t) for t in np.linspace(0, 1, 25)])
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
            track = _track(link, plan)
        _draw_arrow(ax, link, track, scale)
        if estimates and np.isfinite(link.value):
            waiting.append((link, track))
    # Short arrows have the least choice.
    waiting.sort(key=lambda pair: _length(pair[1]))
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


def _track(link: Link, plan: Plan) -> np.ndarray[Any, Any]:
    """Give the line of an arrow: straight, or an S through the bends of a long one."""
    start, end = plan.boxes[link.start], plan.boxes[link.end]
    bends = plan.ways.get((link.start, link.end), [])
    stops = [(start.x, start.y), *bends, (end.x, end.y)]
    first = _edge(start, *stops[1])
    last = _facing(end, plan.side[link.end], start) if link.loading else _edge(end, *stops[-2])
    if not bends:
        return np.array([first, last])
    stops = [first, *bends, last]
    points = [stops[0]]
    for (x0, y0), (x1, y1) in pairwise(stops):
        third = (x1 - x0) / 2.4
        points += [(x0 + third, y0), (x1 - third, y1), (x1, y1)]
    # Ends point straight to where they go, not along the layer.
    points[1] = _toward(stops[0], stops[1], 0.4)
    points[-2] = _toward(stops[-1], stops[-2], 0.4)
    return np.array(points)


def _facing(box: Box, side: str, factor: Box) -> tuple[float, float]:
    """Give the middle of the side of an indicator that looks at its factor."""
    if side in ("left", "right"):
        return box.x + (box.half_width if factor.x > box.x else -box.half_width), box.y
    return box.x, box.y + (box.half_height if factor.y > box.y else -box.half_height)


def _toward(a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[float, float]:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _edge(box: Box, x: float, y: float) -> tuple[float, float]:
    """Give where the line from a box's centre to a point leaves it."""
    dx, dy = x - box.x, y - box.y
    if dx == 0 and dy == 0:
        return box.x, box.y
    if box.latent:
        reach = 1 / np.hypot(dx / box.half_width, dy / box.half_height)
    else:
        reach = min(
            box.half_width / abs(dx) if dx else np.inf, box.half_height / abs(dy) if dy else np.inf
        )
    return box.x + reach * dx, box.y + reach * dy


def _curves(diagram: Diagram, plan: Plan) -> dict[Link, np.ndarray[Any, Any]]:
    """Give each covariance its curve."""
    inside = set(diagram.nodes)
    aside = is_measurement(diagram)
    found = {}
    for link in diagram.links:
        if not link.two_way or not {link.start, link.end} <= set(diagram.labels):
            continue
        a, b = plan.boxes[link.start], plan.boxes[link.end]
        if plan.column[link.start] != plan.column[link.end]:
            found[link] = _between_columns(link, a, b, plan)
        elif {link.start, link.end} <= inside:
            found[link] = _between_nodes(a, b, plan, aside or _free_left(link, plan))
        else:
            found[link] = _between_indicators(link, a, b, plan)
    return found


def _between_nodes(a: Box, b: Box, plan: Plan, left: bool) -> np.ndarray[Any, Any]:
    """Join nodes of a layer: to the left where that is empty, else as directly as possible."""
    if left:
        return _bowed(a, b, -1.0, between=_between(a, b, plan))
    if _between(a, b, plan):
        return _bowed(a, b, 1.0)
    upper, lower = (a, b) if a.y < b.y else (b, a)
    top, bottom = upper.y + upper.half_height, lower.y - lower.half_height
    x = (upper.x + lower.x) / 2
    return np.array([(x, top), (x + 0.12, (top + bottom) / 2), (x, bottom)])


def _between_indicators(link: Link, a: Box, b: Box, plan: Plan) -> np.ndarray[Any, Any]:
    """Bend out on the side that looks away from the factors."""
    outs = [_outward(name, plan) for name in (link.start, link.end)]
    if outs[0] != outs[1]:
        return _joined(a, b, outs[0], outs[1])
    dx, dy = outs[0]
    if dx:
        return _bowed(a, b, float(dx))
    deep = 0.3 + 0.22 * abs(a.x - b.x)
    middle = ((a.x + b.x) / 2, a.y + dy * (a.half_height + deep))
    return np.array([(a.x, a.y + dy * a.half_height), middle, (b.x, b.y + dy * b.half_height)])


def _between_columns(link: Link, a: Box, b: Box, plan: Plan) -> np.ndarray[Any, Any]:
    out_a, out_b = _outward(link.start, plan), _outward(link.end, plan)
    if out_a[1] and out_b[0]:
        return _around(a, b, out_a[1], out_b[0], plan)
    if out_a[0] and out_b[1]:
        return _around(b, a, out_b[1], out_a[0], plan)
    return _joined(a, b, out_a, out_b)


def _outward(name: str, plan: Plan) -> tuple[int, int]:
    """Give the direction in which nothing stands beside a node or an indicator."""
    sides = {"left": (-1, 0), "right": (1, 0), "above": (0, -1), "below": (0, 1)}
    return sides[plan.side[name]]


def _joined(a: Box, b: Box, out_a: tuple[int, int], out_b: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Leave each box in its own direction."""
    reach = 0.12 + 0.32 * float(np.hypot(a.x - b.x, a.y - b.y))
    points = []
    for box, out in ((a, out_a), (b, out_b)):
        edge = np.array([box.x + out[0] * box.half_width, box.y + out[1] * box.half_height])
        points.append((edge, edge + reach * np.array(out)))
    (p, c), (q, d) = points
    return np.array([p, c, d, q])


def _around(a: Box, b: Box, up: int, aside: int, plan: Plan) -> np.ndarray[Any, Any]:
    """Go from a box above or below round the corner of a column to one in it."""
    column = [box for box in plan.boxes.values() if abs(box.x - b.x) < b.half_width]
    end = min(box.y for box in column) if up < 0 else max(box.y for box in column)
    deep = abs(b.y - end)
    x = b.x + aside * (b.half_width + 0.22 + 0.4 * deep)
    y = end + up * 0.3
    start = np.array([a.x, a.y + up * a.half_height])
    high = (min if up < 0 else max)(float(start[1]), y) + up * (0.2 + 0.17 * abs(a.x - b.x))
    goal = np.array([b.x + aside * b.half_width, b.y])
    return np.array(
        [start, (a.x, high), (x, high), (x, y), (x, y - up * (0.15 + 0.8 * deep)), (x, b.y), goal]
    )


def _free_left(link: Link, plan: Plan) -> bool:
    """Whether both stand in the first column with nothing to the left of them."""
    left = plan.bounds[0]
    return all(
        plan.column[name] == 0 and plan.boxes[name].bounds[0] - left < 0.35
        for name in (link.start, link.end)
    )


def _between(a: Box, b: Box, plan: Plan) -> int:
    """Count the boxes between two of a column."""
    low, high = sorted((a.y, b.y))
    return sum(
        low < box.y < high and abs(box.x - a.x) < box.half_width
        for box in plan.boxes.values()
        if box is not a and box is not b
    )


def _bowed(a: Box, b: Box, direction: float, *, between: int = 0) -> np.ndarray[Any, Any]:
    """Bend out to one side of a column; ends of long bows stand apart from those of short."""
    reach = max(a.half_width, b.half_width)
    x = (a.x + b.x) / 2 + direction * (reach + 0.28 + 0.42 * abs(a.y - b.y))
    ends = []
    for one, other in ((a, b), (b, a)):
        share = max(0.55 - 0.4 * between, -0.75) * (1 if other.y > one.y else -1)
        width = one.half_width * (np.sqrt(1 - share**2) if one.latent else 1.0)
        ends.append((one.x + direction * width, one.y + share * one.half_height))
    return np.array([ends[0], (x, (a.y + b.y) / 2), ends[1]])


def _bezier(track: np.ndarray[Any, Any], t: float) -> np.ndarray[Any, Any]:
    """Give a point of a line, a quadratic, or a chain of cubics."""
    if len(track) == 2:
        return np.asarray(track[0] + t * (track[1] - track[0]))
    if len(track) == 3:
        a, b, c = track
        return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c)
    pieces = (len(track) - 1) // 3
    which = min(int(t * pieces), pieces - 1)
    s = t * pieces - which
    a, b, c, d = track[3 * which : 3 * which + 4]
    return np.asarray(
        (1 - s) ** 3 * a + 3 * s * (1 - s) ** 2 * b + 3 * s**2 * (1 - s) * c + s**3 * d
    )


def _length(track: np.ndarray[Any, Any]) -> float:
    return float(np.hypot(*(track[-1] - track[0])))


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
        x, y = (float(v) for v in _bezier(track, t))
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
    return kind if diagram.group is None else f"{kind}, group {diagram.group}"


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
