"""Where the boxes of a path diagram stand, in inches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from trustmeasure.plots import style
from trustmeasure.plots.diagrams import Diagram, general_factors, is_measurement
from trustmeasure.plots.layers import heights, layered

FONT = 8.5  # points
LETTER = style.LETTER * FONT / style.BODY
LINE = style.LINE * FONT / style.BODY
GAP = 0.22  # between the nodes of a layer
COLUMN = 26  # letters in a line of an indicator that stands in a column
ROW = 0.31  # from one indicator to the next
BETWEEN = 1.02  # between layers, with room for an estimate
BESIDE = 0.95  # from a factor to its indicators
ABOVE = 0.85  # the same, where they stand above or below


@dataclass
class Box:
    """A node: centre, half its size, and what is written in it."""

    x: float
    y: float
    half_width: float
    half_height: float
    text: str
    latent: bool

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return (self.x - self.half_width, self.y - self.half_height,
                self.x + self.half_width, self.y + self.half_height)  # fmt: skip


@dataclass
class Plan:
    """Boxes by name; bends of long arrows; which layer, and side, each stands on."""

    boxes: dict[str, Box]
    ways: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    column: dict[str, int] = field(default_factory=dict)
    side: dict[str, str] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all boxes."""
        edges = [box.bounds for box in self.boxes.values()]
        return (min(e[0] for e in edges), min(e[1] for e in edges),
                max(e[2] for e in edges), max(e[3] for e in edges))  # fmt: skip


def make_box(name: str, diagram: Diagram, width: int = 15) -> Box:
    """Give a box of the size that its words need, in lines of up to ``width`` letters."""
    latent = name in diagram.latent
    text = wrapped(diagram.labels.get(name, name), width)
    lines = text.split("\n")
    across = max(len(line) for line in lines) * LETTER
    if latent:
        return Box(
            0, 0, max(across * 0.54 + 0.13, 0.42), 0.12 + 0.62 * LINE * len(lines), text, True
        )
    return Box(0, 0, max(across / 2 + 0.09, 0.24), 0.045 + LINE * len(lines) / 2, text, False)


def wrapped(text: str, width: int) -> str:
    """Break a name where it is too long; at spaces, and after underscores and dots."""
    if len(text) <= width:
        return text
    loose = text.replace("_", "_ ").replace(".", ". ").replace(":", ": ")
    return style.wrap(loose, width).replace("_ ", "_").replace(". ", ".").replace(": ", ":")


def place(diagram: Diagram) -> Plan:
    """Lay the diagram out: measurement models in columns, structural ones in layers."""
    return _measurement(diagram) if is_measurement(diagram) else _structural(diagram)


def _measurement(diagram: Diagram) -> Plan:
    """Factors left, indicators in a column, general factors to the right of it."""
    general = general_factors(diagram)
    boxes = {name: make_box(name, diagram) for name in diagram.latent}
    boxes |= {name: make_box(name, diagram, COLUMN) for name in diagram.observed}
    plan = Plan(boxes)
    first = [name for name in diagram.latent if name not in general]
    _even(boxes, [first, general])
    loaded: dict[str, list[str]] = {name: [] for name in diagram.latent}
    for link in diagram.links:
        if link.loading:
            loaded[link.start].append(link.end)
    order = list(dict.fromkeys(name for factor in first for name in loaded[factor]))
    order += [name for name in diagram.observed if name not in order]
    owner = {name: factor for factor in reversed(first) for name in loaded[factor]}
    y = 0.0
    for before, name in zip([None, *order], order, strict=False):
        apart = before is not None and owner.get(before) != owner.get(name)
        y += 0.0 if before is None else _step(boxes, [before, name]) + (0.22 if apart else 0.0)
        boxes[name].y = y
    reach = max((boxes[name].half_width for name in first), default=0.0)
    column = max((boxes[name].half_width for name in order), default=0.0)
    middle = reach + BESIDE + 0.35 + column
    for name in order:
        boxes[name].x, boxes[name].half_width = middle, column
        plan.column[name], plan.side[name] = 1, "right"
    for group, x in ((first, 0.0), (general, middle + column + BESIDE + 0.35)):
        size = {name: (boxes[name].half_height,) * 2 for name in group}
        steps = [(name, item) for name in group for item in loaded[name]]
        wanted = heights([group], [], size, GAP) if group else {}
        for name in group:
            own = [boxes[item].y for _, item in steps if _ == name]
            wanted[name] = sum(own) / len(own) if own else wanted[name]
        _spread(group, wanted, boxes)
        for name in group:
            boxes[name].x = x + (boxes[name].half_width if x else 0.0)
            plan.column[name], plan.side[name] = (0, "left") if not x else (2, "right")
    return plan


def _spread(group: list[str], wanted: Mapping[str, float], boxes: dict[str, Box]) -> None:
    """Keep factors apart from each other, in the order of what they wish."""
    last = float("-inf")
    for name in sorted(group, key=lambda one: wanted[one]):
        box = boxes[name]
        box.y = max(wanted[name], last + box.half_height + GAP)
        last = box.y + box.half_height


def _structural(diagram: Diagram) -> Plan:
    """Layers from left to right; indicators outside the ends, above or below between them."""
    inside = diagram.nodes
    boxes = {name: make_box(name, diagram) for name in (*diagram.latent, *diagram.observed)}
    edges = [
        (link.start, link.end)
        for link in diagram.links
        if not link.two_way and link.start in inside and link.end in inside
    ]
    found = layered(inside, edges)
    _even(boxes, found.layers)
    last = len(found.layers) - 1
    plan = Plan(boxes)
    for k, layer in enumerate(found.layers):
        for i, name in enumerate(layer):
            plan.column[name] = k
            upper = i < len(layer) / 2 if len(layer) > 1 else False
            ends = {0: "left", last: "right"}
            plan.side[name] = ends.get(k, "above" if upper else "below")
            if plan.side[name] in ("left", "right"):
                for item in diagram.indicators.get(name, ()):
                    boxes[item] = make_box(item, diagram, COLUMN)
    size = dict.fromkeys(found.bends, (-0.05, -0.05)) | {
        name: _room(name, diagram, boxes, plan.side[name]) for name in inside
    }
    steps = [step for way in found.ways.values() for step in pairwise(way)]
    gaps = GAP + 0.12
    at = heights(found.layers, steps, size, gaps, found.bends)
    widths = [
        max([_width(name, diagram, boxes, plan.side[name]) for name in layer if name in boxes]
            or [0.0])
        for layer in found.layers
    ]  # fmt: skip
    x, centre = 0.0, []
    for k, width in enumerate(widths):
        x += width if k == 0 else widths[k - 1] + BETWEEN + width
        centre.append(x)
    for name in inside:
        boxes[name].x, boxes[name].y = centre[plan.column[name]], at[name]
    for name in inside:
        _indicators(name, diagram, plan)
    for edge, way in found.ways.items():
        plan.ways[edge] = [(centre[plan.column[stop]], at[stop]) for stop in way[1:-1]]
    return plan


def _even(boxes: dict[str, Box], layers: list[list[str]]) -> None:
    """Make ellipses of a layer equally wide, and rectangles too."""
    for layer in layers:
        for latent in (True, False):
            own = [boxes[name] for name in layer if name in boxes and boxes[name].latent is latent]
            for box in own:
                box.half_width = max(other.half_width for other in own)


def _step(boxes: Mapping[str, Box], names: Sequence[str]) -> float:
    """Give the distance from one indicator of a column to the next."""
    return max(ROW, max(2 * boxes[name].half_height for name in names) + 0.08)


def _room(name: str, diagram: Diagram, boxes: Mapping[str, Box], side: str) -> tuple[float, float]:
    """Give what a node with its indicators needs above and below its centre."""
    own = diagram.indicators.get(name, ())
    half = boxes[name].half_height
    if not own:
        return half, half
    if side in ("left", "right"):
        stack = max(half, (len(own) - 1) * _step(boxes, own) / 2 + boxes[own[0]].half_height)
        return stack, stack
    deep = half + ABOVE
    return (deep, half) if side == "above" else (half, deep)


def _width(name: str, diagram: Diagram, boxes: Mapping[str, Box], side: str) -> float:
    """Give half the width that a node with its indicators needs."""
    own = diagram.indicators.get(name, ())
    half = boxes[name].half_width
    if not own or side in ("left", "right"):
        return half
    row = sum(2 * boxes[item].half_width + 0.1 for item in own) / 2
    return max(half, row)


def _indicators(name: str, diagram: Diagram, plan: Plan) -> None:
    own = diagram.indicators.get(name, ())
    if not own:
        return
    box, side = plan.boxes[name], plan.side[name]
    column = max(plan.boxes[item].half_width for item in own)
    row = sum(2 * plan.boxes[item].half_width + 0.1 for item in own) - 0.1
    along, step = box.x - row / 2, _step(plan.boxes, own)
    for i, item in enumerate(own):
        part = plan.boxes[item]
        plan.side[item], plan.column[item] = side, plan.column[name]
        if side in ("left", "right"):
            part.half_width = column
            away = box.half_width + BESIDE + column
            part.x = box.x + (away if side == "right" else -away)
            part.y = box.y + (i - (len(own) - 1) / 2) * step
        else:
            part.x = along + part.half_width
            along += 2 * part.half_width + 0.1
            away = box.half_height + ABOVE - part.half_height
            part.y = box.y + (away if side == "below" else -away)
