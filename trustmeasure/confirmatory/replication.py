"""A fitted model made ready to be fitted again and again, to moments of other samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.results import Fitted
from trustmeasure.confirmatory.specification import Specification, specify
from trustmeasure.confirmatory.standardised import standardised
from trustmeasure.kernels.moment_fit import Model, Sample
from trustmeasure.kernels.moment_replicates import Replicates, fit_replicates
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Refit:
    """What stays the same from replicate to replicate.

    Exogenous variables keep the moments of their sample: here these are estimated, which for
    a block of its own comes to the same, so that one model serves all replicates. They are
    the last of the free parameters.
    """

    fitted: Fitted
    specification: Specification
    model: Model
    start: FloatArray

    @classmethod
    def of(cls, fitted: Fitted) -> Refit:
        """Prepare a fitted model."""
        table = fitted.specification.table
        samples = fitted.samples
        rows, values = [], []
        for row in table.parameters:
            if not row.exo:
                rows.append(row)
                continue
            values.append(_given(fitted, row.group - 1, row.lhs, row.op, row.rhs))
            rows.append(replace(row, free=table.n_free + len(values), exo=False))
        specification = specify(replace(table, parameters=tuple(rows)))
        model = specification.model(samples.covariances, samples.means)
        start = np.concatenate([fitted.estimates.reduced, values])
        return cls(fitted, specification, model, start)

    def fit(self, moments: Sequence[tuple[FloatArray, FloatArray]]) -> Replicates:
        """Fit means (b, p) and covariances (b, p, p), divisor n, of each group."""
        data = self.fitted.data
        unbiased = data.estimator != "ML" or data.wishart
        samples = [
            Sample(
                covariance * (group.n / (group.n - 1) if unbiased else 1.0),
                mean if self.fitted.means else None,
                group.n,
            )
            for (mean, covariance), group in zip(moments, self.fitted.samples.groups, strict=True)
        ]
        return fit_replicates(self.model, samples, self.start, data.estimator)

    def values(self, parameters: FloatArray) -> FloatArray:
        """Give every row of the table (b, rows), what is fixed included."""
        return table_values(self.specification, self.model, parameters)

    def standardised(self, parameters: FloatArray) -> FloatArray:
        """Give every row (b, rows) in standard deviations."""
        with np.errstate(invalid="ignore"):
            return standardised(self.specification, self.model, parameters)


def table_values(specification: Specification, model: Model, parameters: FloatArray) -> FloatArray:
    """Give every row of a table (b, rows), what is fixed included."""
    found = np.full((len(parameters), len(specification.table.parameters)), np.nan)
    for block, layout in zip(specification.blocks, model.layouts, strict=True):
        parts = matrices(layout, parameters)
        for place, (name, i, j) in block.cells.items():
            part = parts[name]
            found[:, place] = part[:, i] if name in ("nu", "alpha") else part[:, i, j]
    return found


def defined_values(
    table: ParameterTable, parameters: FloatArray, std: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give what a table defines (b, definitions), plain and in standard deviations.

    ``parameters`` (b, n) begin with the free ones, and ``std`` (b, rows) has every row.
    """
    own = parameters[:, : table.n_free]
    where = {row.free: place for place, row in enumerate(table.parameters) if row.free}
    rows = [where[k + 1] for k in range(table.n_free)]
    plain = [one.expression.evaluate(own)[0] for one in table.definitions]
    whole = [one.expression.evaluate(std[:, rows])[0] for one in table.definitions]
    empty = np.zeros((len(parameters), 0))
    return (
        np.column_stack(plain) if plain else empty,
        np.column_stack(whole) if whole else empty,
    )


def improper(model: Model, parameters: FloatArray) -> NDArray[np.bool_]:
    """Say which replicates (b,) have a negative variance or an impossible correlation."""
    found = np.zeros(len(parameters), dtype=bool)
    for layout in model.layouts:
        parts = matrices(layout, parameters)
        for name in ("theta", "psi"):
            if parts[name].shape[-1]:
                values = np.linalg.eigvalsh(parts[name])
                found |= values[:, 0] < -1e-8 * np.maximum(values[:, -1], 1e-12)
    return found


def _given(fitted: Fitted, group: int, lhs: str, op: str, rhs: str) -> float:
    """Give a moment of exogenous variables in the sample."""
    block, sample = fitted.specification.blocks[group], fitted.data.samples[group]
    i = block.observed.index(lhs)
    if op == "~1":
        return 0.0 if sample.mean is None else float(sample.mean[i])
    return float(sample.covariance[i, block.observed.index(rhs)])
