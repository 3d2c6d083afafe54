"""Which role each variable of a model plays: the names that lavaan's `lavNames` gives.

Roles follow from the rows of a model, or of its table, alone. They are found block by block (a
block is a level of a group), and joined over blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Row(Protocol):
    """What roles follow from."""

    @property
    def lhs(self) -> str: ...  # noqa: D102
    @property
    def op(self) -> str: ...  # noqa: D102
    @property
    def rhs(self) -> str: ...  # noqa: D102
    @property
    def group(self) -> int: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102
    @property
    def user(self) -> bool: ...  # noqa: D102
    @property
    def exo(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class Roles:
    """Names of one block by kind, and exogenous variables that the user gave a (co)variance."""

    kinds: dict[str, tuple[str, ...]]
    random: tuple[str, ...] = field(default=())


Block = tuple[int, int]


def roles_of_blocks(
    rows: Sequence[Row], blocks: Sequence[Block], *, first: Block | None = (1, 1)
) -> dict[Block, Roles]:
    """Find the roles in every (group, level) block.

    With levels, what any block explains is exogenous in the ``first`` block at most.
    """
    outcomes = unique(row.lhs for row in rows if row.op == "~")
    levels = len({level for _, level in blocks}) > 1
    found = {}
    for block in blocks:
        own = [row for row in rows if (row.group, row.level) == block]
        found[block] = block_roles(own, outcomes if levels and block != first else None)
    return found


def joined_names(
    roles: Mapping[Block, Roles], kind: str, chosen: Sequence[Block] | None = None
) -> tuple[str, ...]:
    """Give the names of a kind over the chosen blocks, each once."""
    found: dict[str, None] = {}
    for block, own in roles.items():
        if chosen is None or block in chosen:
            found.update(dict.fromkeys(own.kinds[kind]))
    return tuple(found)


def block_roles(rows: Sequence[Row], explained: Sequence[str] | None = None) -> Roles:
    """Find the roles in the rows of one block."""
    by: dict[str, list[Row]] = {op: [] for op in ("=~", "~", "~~", "~1", "|")}
    for row in rows:
        if row.op in by:
            by[row.op].append(row)
    latent = unique(row.lhs for row in by["=~"])
    products = unique(row.rhs for row in rows if ":" in row.rhs)
    latent_products = [name for name in products if set(name.split(":")) & set(latent)]
    latent = [*latent, *latent_products]
    outcomes = unique(row.lhs for row in by["~"])
    causes = unique(row.rhs for row in by["~"])
    measured = unique(row.rhs for row in by["=~"])

    indicators = _without(measured, latent)
    y = _without(outcomes, latent, indicators)
    x = _without(causes, latent, indicators, y if explained is None else explained)
    # A product of which a part is explained is no more exogenous than that part.
    endogenous = [name for name in x if ":" in name and set(name.split(":")) & set(outcomes)]
    y, x = unique([*y, *endogenous]), _without(x, endogenous)

    covarying = by["~~"]
    sides = [row.lhs for row in covarying] + [row.rhs for row in covarying]
    sides += [row.lhs for row in rows if row.op in ("~1", "|")]
    observed = unique([*indicators, *y, *x, *_without(unique(sides), latent)])

    given = {row.lhs for row in by["~1"] if row.user}
    given |= {side for row in covarying if row.user for side in (row.lhs, row.rhs)}
    random = [name for name in x if name in given]
    moments = [row for row in covarying if row.exo]
    fixed = [row.lhs for row in moments] + [row.rhs for row in moments]
    fixed += [row.lhs for row in by["~1"] if row.exo]
    x = unique([*_without(x, random), *fixed])

    thresholds = [(row.lhs, row.rhs) for row in by["|"]]
    cut = {name for name, _ in thresholds}
    ordered = [name for name in observed if name in cut]
    plain = {name for name in observed if ":" not in name}
    latent_x = _without(latent, measured, outcomes)
    last = set(_without(outcomes, measured, causes))
    inside = set(latent)
    kinds = {
        "ov": observed,
        "ov.x": x,
        "ov.nox": _without(observed, x),
        "ov.y": [name for name in observed if name in last and name not in inside],
        "ov.ind": indicators,
        "ov.ord": ordered,
        "ov.num": _without(observed, ordered),
        "ov.interaction": [n for n in observed if ":" in n and set(n.split(":")) <= plain],
        "lv": latent,
        "lv.x": latent_x,
        "lv.y": [name for name in latent if name in last],
        "lv.nox": _without(latent, latent_x),
        "lv.ind": [name for name in measured if name in inside],
        "lv.interaction": latent_products,
        "th": [
            f"{name}|t{number}"
            for name in ordered
            for number in sorted({int(t[1:]) for owner, t in thresholds if owner == name})
        ],
    }
    return Roles({kind: tuple(names) for kind, names in kinds.items()}, tuple(random))


def unique(names: Iterable[str]) -> list[str]:
    """Give each name once, in order of first appearance."""
    return list(dict.fromkeys(names))


def _without(names: Sequence[str], *others: Sequence[str]) -> list[str]:
    gone = {name for other in others for name in other}
    return [name for name in names if name not in gone]
