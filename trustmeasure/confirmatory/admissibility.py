"""Whether a solution is identified and could be: a pass of its own, after the estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.confirmatory.estimation import Estimates
from trustmeasure.confirmatory.inference import Inference
from trustmeasure.confirmatory.language.parameters import Parameter
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.kernels.sandwich import is_positive
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]

# An information matrix, its diagonal scaled to one, with an eigenvalue below this has none left
# for some combination of parameters.
UNIDENTIFIED = 1e-9


@dataclass(frozen=True)
class Problems:
    """What stands in the way of reading a solution.

    Attributes
    ----------
    unidentified : tuple of str
        Parameters that the data leave open.
    negative : tuple of str
        Variances below zero.
    impossible : tuple of str
        Covariance matrices that are not positive definite, with the variables at fault.
    """

    unidentified: tuple[str, ...]
    negative: tuple[str, ...]
    impossible: tuple[str, ...]

    @property
    def inadmissible(self) -> bool:
        """Whether the solution could not be."""
        return bool(self.negative or self.impossible)

    def messages(self, converged: bool, n_iterations: int) -> list[str]:
        """Word what should be known, with what to do."""
        found = []
        if not converged:
            found.append(
                f"The search did not converge in {n_iterations} steps; the estimates are where it "
                "stopped. Check the model for what cannot be identified, or give start() values."
            )
        if self.unidentified:
            found.append(
                f"Not identified: {listed(self.unidentified)} can change together without any "
                "change of fit. Their standard errors mean nothing. Fix one of them, or give the "
                "factor more indicators."
            )
        if self.negative:
            found.append(
                f"Heywood case: {listed(self.negative)} negative. The model may be wrong or the "
                "sample too small; do not read these estimates as they are."
            )
        if self.impossible:
            found.append("Not positive definite: " + "; ".join(self.impossible) + ".")
        return found


def problems_of(specification: Specification, found: Estimates, inference: Inference) -> Problems:
    """Look at a solution for what it should not hold."""
    table = specification.table
    unidentified: list[str] = []
    if inference.weakest < UNIDENTIFIED:
        part = inference.direction / max(float(inference.direction.max()), 1e-300)
        unidentified = [describe(row) for row in table.free if part[row.free - 1] > 0.1]
    negative = [
        f"{describe(row)} = {found.parameters[row.free - 1]:.3f}"
        for row in table.free
        if row.op == "~~" and row.lhs == row.rhs and found.parameters[row.free - 1] < 0
    ]
    return Problems(tuple(unidentified), tuple(negative), tuple(_impossible(specification, found)))


def describe(row: Parameter) -> str:
    """Name a parameter as it would be written."""
    where = f" (group {row.group})" if row.group > 1 else ""
    return (f"{row.lhs} ~1" if row.op == "~1" else f"{row.lhs} {row.op} {row.rhs}") + where


def _impossible(specification: Specification, found: Estimates) -> list[str]:
    problems = []
    for group, (block, layout) in enumerate(
        zip(specification.blocks, found.model.layouts, strict=True), start=1
    ):
        parts = matrices(layout, found.parameters)
        for name, labels, what in (
            ("psi", block.latent, "the covariances of latent variables"),
            ("theta", block.observed, "the covariances of residuals"),
        ):
            matrix = parts[name]
            own = matrix.diagonal() > 0
            if not own.any():
                continue
            inner = matrix[np.ix_(own, own)]
            if is_positive(inner):
                continue
            values, vectors = np.linalg.eigh(inner)
            if values[0] < -1e-8 * max(float(values[-1]), 1e-12):
                named = np.asarray(labels)[own][np.abs(vectors[:, 0]) > 0.3]
                where = f" in group {group}" if len(specification.blocks) > 1 else ""
                problems.append(
                    f"{what}{where} cannot all be as estimated; a correlation beyond ±1 or a "
                    f"dependency involves {listed(named)}"
                )
    return problems
