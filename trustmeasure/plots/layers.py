"""Placing the nodes of a directed graph in layers, so that few arrows cross.

Everything is numbers and names; nothing is drawn here. Positions are in inches, from left to
right and from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Edge = tuple[str, str]


@dataclass(frozen=True)
class Layering:
    """Nodes by layer, in order from the top, and the ways of edges that pass over layers.

    Attributes
    ----------
    layers : list of list of str
        Bends, where an edge passes a layer, stand among the nodes.
    ways : dict
        Edge → the nodes on its way, both ends and the bends between.
    """

    layers: list[list[str]]
    ways: dict[Edge, list[str]]

    @property
    def bends(self) -> set[str]:
        """The points at which long edges pass a layer."""
        return {stop for way in self.ways.values() for stop in way[1:-1]}


def acyclic(nodes: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """Leave out the edges that close a circle, in the order in which they are met."""
    following: dict[str, list[str]] = {node: [] for node in nodes}
    kept = []
    for a, b in edges:
        if a == b or _reaches(following, b, a):
            continue
        following[a].append(b)
        kept.append((a, b))
    return kept


def _reaches(following: Mapping[str, list[str]], start: str, goal: str) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        node = waiting.pop()
        if node == goal:
            return True
        fresh = [other for other in following[node] if other not in seen]
        seen.update(fresh)
        waiting += fresh
    return False


def depths(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Give each node its layer: the longest way to it, sources next to what they act on."""
    found = dict.fromkeys(nodes, 0)
    for _ in nodes:
        changed = False
        for a, b in edges:
            if found[b] < found[a] + 1:
                found[b], changed = found[a] + 1, True
        if not changed:
            break
    aimed = {b for _, b in edges}
    for node in nodes:
        targets = [found[b] for a, b in edges if a == node]
        if node not in aimed and targets:
            found[node] = min(targets) - 1
    least = min(found.values(), default=0)
    return {node: depth - least for node, depth in found.items()}


def layered(nodes: Sequence[str], edges: Sequence[Edge]) -> Layering:
    """Put nodes into layers and order each by barycentres, where fewest edges cross."""
    kept = acyclic(nodes, edges)
    depth = depths(nodes, kept)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    ways: dict[Edge, list[str]] = {}
    for a, b in kept:
        bends = [f"{a}\0{b}\0{k}" for k in range(depth[a] + 1, depth[b])]
        for k, bend in zip(range(depth[a] + 1, depth[b]), bends, strict=True):
            layers[k].append(bend)
        ways[(a, b)] = [a, *bends, b]
    steps = [step for way in ways.values() for step in pairwise(way)]
    return Layering(_ordered(layers, steps), ways)


def _ordered(layers: list[list[str]], steps: Sequence[Edge]) -> list[list[str]]:
    """Sweep forth and back, and keep the order with the fewest crossings."""
    best, least = [list(layer) for layer in layers], crossings(layers, steps)
    current = [list(layer) for layer in layers]
    for sweep in range(8):
        forward = sweep % 2 == 0
        across = range(1, len(current)) if forward else range(len(current) - 2, -1, -1)
        for k in across:
            beside = current[k - 1 if forward else k + 1]
            place = {node: i for i, node in enumerate(beside)}
            weights = {
                node: _mean(
                    [place[a if forward else b] for a, b in steps if node == (b if forward else a)
                     and (a if forward else b) in place],
                    default=float(i),
                )
                for i, node in enumerate(current[k])
            }  # fmt: skip
            current[k] = sorted(current[k], key=lambda node: weights[node])
        found = crossings(current, steps)
        if found < least:
            best, least = [list(layer) for layer in current], found
    return best


def _mean(values: Sequence[float], default: float) -> float:
    return float(np.mean(values)) if values else default


def crossings(layers: Sequence[Sequence[str]], steps: Sequence[Edge]) -> int:
    """Count the pairs of steps between neighbouring layers that cross."""
    place = {node: i for layer in layers for i, node in enumerate(layer)}
    level = {node: k for k, layer in enumerate(layers) for node in layer}
    count = 0
    for k in range(len(layers) - 1):
        own = [(place[a], place[b]) for a, b in steps if level[a] == k and level[b] == k + 1]
        count += sum((a - c) * (b - d) < 0 for i, (a, b) in enumerate(own) for c, d in own[i + 1 :])
    return count


def heights(
    layers: Sequence[Sequence[str]],
    steps: Sequence[Edge],
    size: Mapping[str, tuple[float, float]],
    gap: float,
    bends: Set[str] = frozenset(),
) -> dict[str, float]:
    """Give each node its height: in order, apart by what it needs, near its neighbours.

    ``size`` is the room that a node needs above and below its centre; ``bends`` are no nodes
    but points that long edges pass.
    """
    found: dict[str, float] = {}
    for layer in layers:
        found |= dict(zip(layer, _centred(_offsets(layer, size, gap)), strict=True))
    for sweep in range(10):
        order = layers if sweep % 2 else list(reversed(layers))
        for layer in order:
            wanted = []
            for node in layer:
                beside = [found[b if a == node else a] for a, b in steps if node in (a, b)]
                if node in bends:  # long arrows run level rather than to and fro
                    level = [
                        found[other]
                        for a, b in steps
                        for other in ((b,) if a == node else (a,) if b == node else ())
                        if other in bends
                    ]
                    beside = level or beside
                wanted.append(_mean(beside, default=found[node]))
            offsets = _offsets(layer, size, gap)
            placed = offsets + _isotonic(np.asarray(wanted) - offsets)
            found |= dict(zip(layer, (float(y) for y in placed), strict=True))
    return found


def _offsets(
    layer: Sequence[str], size: Mapping[str, tuple[float, float]], gap: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the least distances from the first node on."""
    at = [0.0]
    for before, after in pairwise(layer):
        at.append(at[-1] + size[before][1] + gap + size[after][0])
    return np.asarray(at[: len(layer)])


def _centred(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> list[float]:
    middle = (values[0] + values[-1]) / 2 if len(values) else 0.0
    return [float(value - middle) for value in values]


def _isotonic(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the nearest values that do not fall (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, size = pools.pop()
            mean = (mean * count + before * size) / (count + size)
            count += size
        pools.append((mean, count))
    return np.concatenate([np.full(count, mean) for mean, count in pools] or [np.zeros(0)])
