"""From a parameter table with thresholds to the layouts that ordinal kernels fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.specification import Block, Specification, specify
from trustmeasure.confirmatory.starts import starting_values
from trustmeasure.errors import OptionError
from trustmeasure.kernels.ordinal_fit import OrdinalModel
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, Shape, shape_of
from trustmeasure.kernels.ordinal_structure import (
    OrdinalLayout,
    ordinal_implied,
    residual_variances,
)
from trustmeasure.kernels.structural import Layout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class OrdinalSpecification:
    """A table with the matrices, thresholds and scaling factors that it fills.

    Attributes
    ----------
    base : Specification
        Of the variables behind the ordered ones.
        Its blocks are given the exogenous variables, which are among the latent ones only.
    shapes : tuple of Shape
        The moments of each group; variables are those of its block, in order.
    given : tuple of tuple of str
        Exogenous variables of each group, which the others are conditioned on.
    """

    base: Specification
    shapes: tuple[Shape, ...]
    given: tuple[tuple[str, ...], ...]

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        return self.base.table

    def filled(self, moments: Sequence[OrdinalMoments]) -> OrdinalSpecification:
        """Take the moments of exogenous variables from the data."""
        if not any(self.given):
            return self
        rows = [_with_moment(row, self.given, moments) for row in self.table.parameters]
        table = replace(self.table, parameters=tuple(rows))
        return replace(self, base=replace(self.base, table=table))

    def model(self, moments: Sequence[OrdinalMoments]) -> OrdinalModel:
        """Lay out the parameters."""
        base = self.base.model(
            [group.covariance for group in moments], [group.mean for group in moments]
        )
        layouts = [
            _layout(self.table, group, block, shape, structure, self.given[group])
            for group, (block, shape, structure) in enumerate(
                zip(self.base.blocks, self.shapes, base.layouts, strict=True)
            )
        ]
        return OrdinalModel(layouts=tuple(layouts), basis=base.basis, origin=base.origin)

    def start(self, moments: Sequence[OrdinalMoments], *, principal: bool = False) -> FloatArray:
        """Give reduced parameters to start from; see `starting_values`."""
        rows = [
            replace(row, start=value)
            if row.free
            and not np.isfinite(row.start)
            and (value := self._suggested(row, moments[row.group - 1])) is not None
            else row
            for row in self.table.parameters
        ]
        begun = replace(self.base, table=replace(self.table, parameters=tuple(rows)))
        return starting_values(
            begun,
            [group.covariance for group in moments],
            [group.mean for group in moments],
            principal=principal,
        )

    def position(self, row: Parameter) -> int:
        """Where the threshold of a row stands among the moments of its group."""
        return _position(row, self.base.blocks[row.group - 1], self.shapes[row.group - 1])

    def whole_block(self, group: int) -> Block:
        """Give a block with exogenous variables among the observed ones, last."""
        block, given = self.base.blocks[group], self.given[group]
        return replace(
            block,
            observed=(*block.observed, *given),
            stand_ins=block.stand_ins | set(given),
        )

    def _suggested(self, row: Parameter, moments: OrdinalMoments) -> float | None:
        block, shape = self.base.blocks[row.group - 1], self.shapes[row.group - 1]
        if row.op == "|":
            return float(moments.moments[self.position(row)])
        own = row.op == "~*~" or (row.op == "~~" and row.lhs == row.rhs)
        ordered = row.lhs in block.observed and shape.ordered[block.observed.index(row.lhs)]
        return 1.0 if own and ordered else None


def specify_ordinal(table: ParameterTable) -> OrdinalSpecification:
    """Place every parameter of a table with ordered variables.

    Raises
    ------
    OptionError
        Where the model frees what its parameterization derives or moments of variables that it
        conditions on, takes these from the data without conditioning, or leaves thresholds
        without values.
    """
    base = specify(table)
    given = tuple(_given(table, group + 1) for group in range(table.n_groups))
    blocks = [_conditioned(block, names) for block, names in zip(base.blocks, given, strict=True)]
    base = replace(base, blocks=tuple(blocks))
    shapes = tuple(
        shape_of(_categories(table, group + 1, block.observed), len(names))
        for group, (block, names) in enumerate(zip(base.blocks, given, strict=True))
    )
    ordered = [
        {name for name, is_ordered in zip(block.observed, shape.ordered, strict=True) if is_ordered}
        for block, shape in zip(base.blocks, shapes, strict=True)
    ]
    for row in table.parameters:
        _refuse(row, table.parameterization, ordered[row.group - 1], given[row.group - 1])
    return OrdinalSpecification(base=base, shapes=shapes, given=given)


def _given(table: ParameterTable, group: int) -> tuple[str, ...]:
    """Name the exogenous variables of a group, if the model conditions on them."""
    rows = [row for row in table.parameters if row.group == group]
    if not any(row.exo and row.op == "~" for row in rows):
        return ()
    regressed = {row.rhs for row in rows if row.exo and row.op == "~"}
    return tuple(name for name in table.names("ov", group=group) if name in regressed)


def _conditioned(block: Block, given: Sequence[str]) -> Block:
    """Leave exogenous variables in their place among the latent ones only."""
    if not given:
        return block
    observed = tuple(name for name in block.observed if name not in given)
    at = {old: observed.index(name) for old, name in enumerate(block.observed) if name in observed}
    cells = {}
    for place, (name, i, j) in block.cells.items():
        if name in ("lambda", "nu"):
            cells[place] = name, at[i], j
        elif name == "theta":
            cells[place] = name, at[i], at[j]
        else:
            cells[place] = name, i, j
    return replace(
        block,
        observed=observed,
        stand_ins=block.stand_ins - set(given),
        cells=cells,
        exogenous=(),
    )


def _with_moment(
    row: Parameter, given: Sequence[Sequence[str]], moments: Sequence[OrdinalMoments]
) -> Parameter:
    """Fix a moment of exogenous variables at what it is in the data."""
    names, found = given[row.group - 1], moments[row.group - 1]
    if not row.exo or row.free:
        return row
    if row.op == "~1":
        return replace(row, value=float(found.given_mean[names.index(row.lhs)]))
    at = names.index(row.lhs), names.index(row.rhs)
    return replace(row, value=float(found.given_covariance[at]))


def _categories(table: ParameterTable, group: int, observed: Sequence[str]) -> IntArray:
    """Count the categories of each variable: 0 where it has no thresholds."""
    numbers: dict[str, int] = {}
    for row in table.parameters:
        if row.op == "|" and row.group == group:
            numbers[row.lhs] = max(numbers.get(row.lhs, 1), int(row.rhs[1:]) + 1)
    return np.array([numbers.get(name, 0) for name in observed], dtype=np.intp)


def _refuse(row: Parameter, parameterization: str, ordered: set[str], given: Sequence[str]) -> None:
    if row.exo and not given:
        raise OptionError(
            f"'{row.lhs} {row.op} {row.rhs}' takes the moments of an exogenous variable from the "
            "data without conditioning on it, which is not offered beside ordered variables."
        )
    if row.op == "|" and not row.free and not np.isfinite(row.value):
        raise OptionError(
            f"The threshold '{row.lhs} | {row.rhs}' is neither estimated nor fixed at a value."
        )
    if row.op == "~*~" and row.lhs not in ordered:
        raise OptionError(
            f"'{row.lhs} ~*~ {row.lhs}' scales a variable that is not ordered. Only ordered "
            "variables have scaling factors."
        )
    if not row.free or row.lhs not in ordered:
        return
    if row.op == "~*~" and parameterization == "theta":
        raise OptionError(
            f"'{row.lhs} ~*~ {row.lhs}' is free, but under the theta parameterization scaling "
            "factors follow from residual variances. Free the residual variance instead, or "
            "use parameterization='delta'."
        )
    if row.op == "~~" and row.lhs == row.rhs and parameterization == "delta":
        raise OptionError(
            f"The residual variance '{row.lhs} ~~ {row.lhs}' of an ordered variable is free, but "
            "under the delta parameterization it follows from the scaling factor. Use "
            "parameterization='theta', or free the scaling factor, as in "
            f"'{row.lhs} ~*~ NA*{row.lhs}'."
        )


def _position(row: Parameter, block: Block, shape: Shape) -> int:
    """Where a threshold stands among the moments."""
    first = int(np.searchsorted(shape.cut, block.observed.index(row.lhs)))
    return first + int(row.rhs[1:]) - 1


def _layout(
    table: ParameterTable,
    group: int,
    block: Block,
    shape: Shape,
    structure: Layout,
    names: Sequence[str],
) -> OrdinalLayout:
    tau, delta = np.zeros(len(shape.cut)), np.ones(len(block.observed))
    tau_places: list[tuple[int, int]] = []
    delta_places: list[tuple[int, int]] = []
    theta = table.parameterization == "theta"
    given: set[int] = set()
    for row in table.parameters:
        if row.group != group + 1:
            continue
        if row.op == "|":
            position = _position(row, block, shape)
            given.add(position)
            if row.free:
                tau_places.append((position, row.free - 1))
            else:
                tau[position] = row.value
        elif row.op == "~*~" and not theta:
            variable = block.observed.index(row.lhs)
            if row.free:
                delta_places.append((variable, row.free - 1))
            else:
                delta[variable] = row.value
    _need_all(set(np.flatnonzero(shape.ordered[shape.cut]).tolist()) - given, block, shape)
    tied = [
        (column, block.observed.index(name))
        for column, name in enumerate(block.latent)
        if not theta and name in block.stand_ins and shape.ordered[block.observed.index(name)]
    ]
    return OrdinalLayout(
        structure=structure,
        shape=shape,
        tau=tau,
        tau_places=_arrays(tau_places),
        delta=delta,
        delta_places=_arrays(delta_places),
        theta=theta,
        tied=_arrays(tied),
        given=np.array([block.latent.index(name) for name in names], dtype=np.intp),
    )


def _need_all(absent: set[int], block: Block, shape: Shape) -> None:
    if absent:
        names = dict.fromkeys(block.observed[shape.cut[place]] for place in sorted(absent))
        raise OptionError(
            f"The model skips thresholds of {listed(list(names))}: they are numbered from t1 "
            "without gaps, one fewer than the categories."
        )


def _arrays(pairs: Sequence[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    first, second = np.asarray(pairs, dtype=np.intp).reshape(-1, 2).T
    return first, second


def row_values(
    specification: OrdinalSpecification, model: OrdinalModel, parameters: FloatArray
) -> FloatArray:
    """Give the value of every row of the table, those that follow from others included.

    Under the delta parameterization, these are the residual variances of ordered variables;
    under the theta parameterization, their scaling factors.
    """
    table = specification.table
    groups = [ordinal_implied(layout, parameters) for layout in model.layouts]
    rest = [
        residual_variances(layout, group)
        for layout, group in zip(model.layouts, groups, strict=True)
    ]
    found = np.empty(len(table.parameters))
    for place, row in enumerate(table.parameters):
        found[place] = parameters[row.free - 1] if row.free else row.value
        group = row.group - 1
        layout, block = model.layouts[group], specification.base.blocks[group]
        if row.free or row.lhs not in block.observed or row.lhs != row.rhs:
            continue
        variable = block.observed.index(row.lhs)
        if row.op == "~*~":
            found[place] = groups[group].delta[variable]
        elif row.op == "~~" and layout.shape.ordered[variable] and not layout.theta:
            found[place] = rest[group][variable]
    return found
