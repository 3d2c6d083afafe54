"""Where the search for a model's parameters begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.kernels.factor_starts import instrumental_loadings, principal_loadings

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """What the starting values of one group are taken from."""

    table: ParameterTable
    number: int
    places: Mapping[str, int]
    covariance: FloatArray
    mean: FloatArray | None
    principal: bool

    def between(self, a: str, b: str) -> float:
        return float(self.covariance[self.places[a], self.places[b]])


def starting_values(
    specification: Specification,
    covariances: Sequence[FloatArray],
    means: Sequence[FloatArray] | None,
    *,
    principal: bool = False,
) -> FloatArray:
    """Give reduced parameters to start from: the user's, or what the moments suggest.

    Loadings come from instrumental variables; ``principal`` ones from the items' first principal
    axis, which does not depend on the marker.
    """
    table = specification.table
    groups = [
        _Group(
            table,
            number,
            {name: place for place, name in enumerate(block.observed)},
            covariances[number - 1],
            None if means is None else means[number - 1],
            principal,
        )
        for number, block in enumerate(specification.blocks, start=1)
    ]
    factors = {
        (group.number, name): _factor(group, name)
        for group in groups
        for name in table.names("lv", group=group.number)
    }
    start = np.zeros(table.n_free)
    for row in table.free:
        start[row.free - 1] = (
            row.start
            if np.isfinite(row.start)
            else _suggested(groups[row.group - 1], row, factors.get((row.group, row.lhs)))
        )
    reduced, *_ = np.linalg.lstsq(specification.basis, start - specification.origin, rcond=None)
    return np.asarray(reduced)


def is_shared(table: ParameterTable) -> bool:
    """Whether some item measures several latent variables, so that minima may be several."""
    pairs = [
        (row.group, row.rhs)
        for row in table.parameters
        if row.op == "=~" and (row.free or row.value)
    ]
    return len(set(pairs)) < len(pairs)


def _factor(group: _Group, name: str) -> dict[str, float]:
    """Give the loadings of a latent variable's items, and under its own name its variance."""
    items = [
        row
        for row in group.table.parameters
        if (row.op, row.lhs, row.group) == ("=~", name, group.number) and row.rhs in group.places
    ]
    if not items:
        return {name: 0.25}
    names = [row.rhs for row in items]
    relative, variance = _relative(group, names)
    first = items[0]
    scale = np.sqrt(variance) if first.free or not first.value else first.value
    found = dict(zip(names, (relative * scale).tolist(), strict=True))
    return {**found, name: variance / float(scale) ** 2}


def _relative(group: _Group, names: Sequence[str]) -> tuple[FloatArray, float]:
    """Give loadings relative to the first item, and the variance that goes with them."""
    places = [group.places[name] for name in names]
    covariance = group.covariance[np.ix_(places, places)]
    found = None if group.principal else instrumental_loadings(covariance)
    return principal_loadings(covariance) if found is None else found


def _suggested(group: _Group, row: Parameter, factor: Mapping[str, float] | None) -> float:
    if row.op == "=~":
        return 1.0 if factor is None else factor.get(row.rhs, 1.0)
    if row.op == "~~" and row.lhs == row.rhs:
        whole = factor[row.lhs] if factor is not None else group.between(row.lhs, row.lhs)
        return whole * (0.5 if _is_explained(group, row.lhs) else 1.0)
    if row.op == "~~":
        inside = row.lhs in group.places and row.rhs in group.places and row.exo
        return group.between(row.lhs, row.rhs) if inside else 0.0
    if row.op == "~1" and group.mean is not None and row.lhs in group.places:
        return float(group.mean[group.places[row.lhs]])
    return 0.0


def _is_explained(group: _Group, name: str) -> bool:
    """Whether a variable is an item, or regressed on others."""
    return any(
        row.group == group.number
        and ((row.op == "=~" and row.rhs == name) or (row.op == "~" and row.lhs == name))
        for row in group.table.parameters
    )
