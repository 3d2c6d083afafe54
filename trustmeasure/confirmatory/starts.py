"""Where the search for a model's parameters begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.kernels.factor_starts import instrumental_loadings, principal_loadings
from trustmeasure.kernels.moment_fit import reduced_parameters

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """What the starting values of one group are taken from.

    ``factors`` holds, for each latent variable, the loadings of its items; ``variances`` that of
    each latent variable; ``explained`` names what others explain.
    """

    places: Mapping[str, int]
    covariance: FloatArray
    mean: FloatArray | None
    factors: Mapping[str, Mapping[str, float]]
    variances: Mapping[str, float]
    explained: frozenset[str]

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
    axis, which does not depend on the marker. Residual variances and covariances of latent
    variables follow from them.
    """
    table = specification.table
    groups = [
        _group(
            [row for row in table.parameters if row.group == number],
            block.observed,
            covariances[number - 1],
            None if means is None else means[number - 1],
            principal,
        )
        for number, block in enumerate(specification.blocks, start=1)
    ]
    start = np.zeros(table.n_free)
    for row in table.free:
        start[row.free - 1] = (
            row.start if np.isfinite(row.start) else _suggested(groups[row.group - 1], row)
        )
    return reduced_parameters(specification.basis, specification.origin, start)


def is_shared(table: ParameterTable) -> bool:
    """Whether some item measures several latent variables, so that minima may be several."""
    pairs = [
        (row.group, row.rhs)
        for row in table.parameters
        if row.op == "=~" and (row.free or row.value)
    ]
    return len(set(pairs)) < len(pairs)


def _group(
    rows: Sequence[Parameter],
    observed: Sequence[str],
    covariance: FloatArray,
    mean: FloatArray | None,
    principal: bool,
) -> _Group:
    places = {name: place for place, name in enumerate(observed)}
    items: dict[str, list[Parameter]] = {}
    explained = set()
    for row in rows:
        if row.op == "=~":
            explained.add(row.rhs)
            items.setdefault(row.lhs, [])
            if row.rhs in places:
                items[row.lhs].append(row)
        elif row.op == "~":
            explained.add(row.lhs)
    factors, variances = {}, {}
    for name, own in items.items():
        factors[name], variances[name] = _factor(own, places, covariance, principal)
    return _Group(places, covariance, mean, factors, variances, frozenset(explained))


def _factor(
    items: Sequence[Parameter],
    places: Mapping[str, int],
    covariance: FloatArray,
    principal: bool,
) -> tuple[dict[str, float], float]:
    """Give the loadings of a latent variable's items, and its variance."""
    if not items:
        return {}, 0.25
    names = [row.rhs for row in items]
    which = [places[name] for name in names]
    inner = covariance[which][:, which]
    found = None if principal else instrumental_loadings(inner)
    relative, variance = principal_loadings(inner) if found is None else found
    first = items[0]
    scale = float(np.sqrt(variance)) if first.free or not first.value else first.value
    loadings = dict(zip(names, (relative * scale).tolist(), strict=True))
    return loadings, variance / scale**2


def _suggested(group: _Group, row: Parameter) -> float:
    if row.op == "=~":
        return group.factors[row.lhs].get(row.rhs, 1.0)
    if row.op == "~~" and row.lhs == row.rhs:
        return _variance(group, row.lhs)
    if row.op == "~~":
        return _covariance(group, row)
    if row.op == "~1" and group.mean is not None and row.lhs in group.places:
        return float(group.mean[group.places[row.lhs]])
    return 0.0


def _variance(group: _Group, name: str) -> float:
    """Give a variance, or what is left of it where others explain the variable."""
    if name not in group.places:
        return group.variances.get(name, 0.25) * (0.5 if name in group.explained else 1.0)
    whole = group.between(name, name)
    if name not in group.explained:
        return whole
    parents = [latent for latent, loadings in group.factors.items() if name in loadings]
    if len(parents) != 1:
        return 0.5 * whole
    common = group.factors[parents[0]][name] ** 2 * group.variances[parents[0]]
    return min(max(whole - common, 0.1 * whole), 0.9 * whole)


def _covariance(group: _Group, row: Parameter) -> float:
    """Give what the covariances between items say of two latent variables, if nothing else does."""
    if row.lhs in group.places and row.rhs in group.places:
        return group.between(row.lhs, row.rhs) if row.exo else 0.0
    one, other = group.factors.get(row.lhs), group.factors.get(row.rhs)
    if not one or not other or {row.lhs, row.rhs} & group.explained or set(one) & set(other):
        return 0.0
    left, right = np.array(list(one.values())), np.array(list(other.values()))
    rows, columns = ([group.places[name] for name in names] for names in (one, other))
    across = group.covariance[rows][:, columns]
    found = float(left @ across @ right / ((left @ left) * (right @ right)))
    most = 0.8 * float(np.sqrt(group.variances[row.lhs] * group.variances[row.rhs]))
    return min(max(found, -most), most)
