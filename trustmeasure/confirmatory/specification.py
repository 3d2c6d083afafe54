"""From a parameter table to the matrices of each group, and to values to start from.

Variables that regress or are regressed on, or that covary with a latent variable, take part
among the latent ones: an observed one does so through a stand-in, a latent variable that it
measures without error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.language.equalities import equality_matrix
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.structural import NAMES, Layout

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

Cell = tuple[str, int, int]


@dataclass(frozen=True)
class Block:
    """One group of a model, spelt out.

    Attributes
    ----------
    observed, latent : tuple of str
        Rows and columns of lambda. Stand-ins of observed variables come last among the latent.
    stand_ins : frozenset of str
    cells : dict
        Row of the table → its matrix, row and column.
    exogenous : tuple of str
        Observed variables whose moments are taken from the data.
    """

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    stand_ins: frozenset[str]
    cells: Mapping[int, Cell]
    exogenous: tuple[str, ...]

    @cached_property
    def entries(self) -> dict[str, tuple[IntArray, IntArray, IntArray]]:
        """Matrix → the rows of the table that fill it, and their rows and columns in it."""
        lists: dict[str, list[tuple[int, int, int]]] = {}
        for place, (name, i, j) in self.cells.items():
            lists.setdefault(name, []).append((place, i, j))
        return {name: tuple(np.asarray(cells, dtype=np.intp).T) for name, cells in lists.items()}


@dataclass(frozen=True)
class Specification:
    """A table with the matrices that it fills."""

    table: ParameterTable
    blocks: tuple[Block, ...]
    basis: FloatArray
    origin: FloatArray

    def model(self, covariances: Sequence[FloatArray], means: Sequence[FloatArray] | None) -> Model:
        """Fill in what is fixed, the moments of exogenous variables among it."""
        layouts = [
            _layout(
                self.table,
                block,
                group,
                covariances[group],
                None if means is None else means[group],
            )
            for group, block in enumerate(self.blocks)
        ]
        return Model(layouts=tuple(layouts), basis=self.basis, origin=self.origin)


def specify(table: ParameterTable) -> Specification:
    """Place every parameter of the table in a matrix."""
    basis, origin = equality_matrix(table)
    blocks = tuple(_block(table, group + 1) for group in range(table.n_groups))
    return Specification(table=table, blocks=blocks, basis=basis, origin=origin)


def _block(table: ParameterTable, group: int) -> Block:
    rows = [(place, row) for place, row in enumerate(table.parameters) if row.group == group]
    observed = table.names("ov", group=group)
    latent = table.names("lv", group=group)
    stand_ins = _stand_ins([row for _, row in rows], set(observed), set(latent))
    columns = (*latent, *(name for name in observed if name in stand_ins))
    at_observed = {name: place for place, name in enumerate(observed)}
    at_latent = {name: place for place, name in enumerate(columns)}
    cells = {
        place: cell
        for place, row in rows
        if (cell := _cell(row, at_observed, at_latent)) is not None
    }
    exogenous = [row.lhs for _, row in rows if row.exo and row.op == "~~" and row.lhs == row.rhs]
    return Block(
        observed=observed,
        latent=columns,
        stand_ins=frozenset(stand_ins),
        cells=cells,
        exogenous=tuple(exogenous),
    )


def _stand_ins(rows: Sequence[Parameter], observed: set[str], latent: set[str]) -> set[str]:
    """Which observed variables must take part among the latent ones."""
    chosen = {
        name for row in rows if row.op == "~" for name in (row.lhs, row.rhs) if name in observed
    }
    pairs = [(row.lhs, row.rhs) for row in rows if row.op == "~~" and row.lhs != row.rhs]
    before = -1
    while len(chosen) != before:
        before = len(chosen)
        inside = chosen | latent
        chosen |= {
            name
            for pair in pairs
            for name in pair
            if name in observed and any(other in inside for other in pair if other != name)
        }
    return chosen


def _cell(row: Parameter, observed: Mapping[str, int], latent: Mapping[str, int]) -> Cell | None:
    if row.op == "=~":
        if row.rhs in latent:
            return "beta", latent[row.rhs], latent[row.lhs]
        return "lambda", observed[row.rhs], latent[row.lhs]
    if row.op == "~":
        return "beta", latent[row.lhs], latent[row.rhs]
    if row.op == "~~":
        if row.lhs in latent and row.rhs in latent:
            return "psi", latent[row.lhs], latent[row.rhs]
        return "theta", observed[row.lhs], observed[row.rhs]
    if row.op == "~1":
        if row.lhs in latent:
            return "alpha", latent[row.lhs], 0
        return "nu", observed[row.lhs], 0
    return None  # thresholds and scaling factors have no place among the moments' matrices


def _layout(
    table: ParameterTable,
    block: Block,
    group: int,
    covariance: FloatArray,
    mean: FloatArray | None,
) -> Layout:
    p, m = len(block.observed), len(block.latent)
    shapes: dict[str, tuple[int, ...]] = {
        "lambda": (p, m), "theta": (p, p), "psi": (m, m), "beta": (m, m), "nu": (p,), "alpha": (m,),
    }  # fmt: skip
    fixed = {name: np.zeros(shape) for name, shape in shapes.items()}
    at = {name: place for place, name in enumerate(block.observed)}
    for column, name in enumerate(block.latent):
        if name in block.stand_ins:
            fixed["lambda"][at[name], column] = 1.0
    places: dict[str, list[tuple[int, int, int]]] = {name: [] for name in NAMES}
    for place, (name, i, j) in block.cells.items():
        row = table.parameters[place]
        if row.free:
            places[name].append((i, j, row.free - 1))
            continue
        value = row.value
        if row.exo and np.isnan(value):
            value = _data_value(row, at, covariance, mean)
        if name in ("nu", "alpha"):
            fixed[name][i] = value
        else:
            fixed[name][i, j] = value
            if name in ("theta", "psi"):
                fixed[name][j, i] = value
    arrays = {
        name: tuple(np.asarray(cells, dtype=np.intp).reshape(-1, 3).T)
        for name, cells in places.items()
    }
    return Layout(fixed=fixed, places=arrays, n_free=table.n_free)  # type: ignore[arg-type]


def _data_value(
    row: Parameter, at: Mapping[str, int], covariance: FloatArray, mean: FloatArray | None
) -> float:
    if row.op == "~~":
        return float(covariance[at[row.lhs], at[row.rhs]])
    return 0.0 if mean is None else float(mean[at[row.lhs]])
