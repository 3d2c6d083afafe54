"""The lines of a path diagram: straight, round other nodes, or bent as covariances are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from trustmeasure.plots.diagrams import Diagram, Link, is_measurement
from trustmeasure.plots.placing import Box, Plan


def arrow_track(link: Link, plan: Plan) -> np.ndarray[Any, Any]:
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


def covariance_curves(diagram: Diagram, plan: Plan) -> dict[Link, np.ndarray[Any, Any]]:
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


def point_on(track: np.ndarray[Any, Any], t: float) -> np.ndarray[Any, Any]:
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


def reach_of(track: np.ndarray[Any, Any]) -> float:
    """Give the distance from one end of a line to the other."""
    return float(np.hypot(*(track[-1] - track[0])))
