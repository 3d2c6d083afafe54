"""From correlations to rotated factors in order, for the sample and for parts of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.correlation.matrices import Correlations
from trustmeasure.kernels.factor_extraction import Extraction, Method, extract
from trustmeasure.kernels.factor_replicates import Replicates, replicate
from trustmeasure.kernels.rotation import Rotated, Rotation, arrange, rotate

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Solved:
    """A solution, and the way to it."""

    found: Correlations
    extraction: Extraction
    rotated: Rotated
    method: Method
    rotation: Rotation


def solve(
    found: Correlations,
    n_factors: int,
    method: str,
    rotation: Rotation,
    n_starts: int,
    rng: np.random.Generator | None,
) -> Solved:
    """Extract, rotate, and put the factors in order."""
    extraction = extract(found.matrix, n_factors, method)  # type: ignore[arg-type]  # checked
    empty = (extraction.loadings**2).sum(axis=0) < 1e-8
    turn = Rotation("none") if empty.any() or n_factors == 1 else rotation
    rotated = arrange(rotate(extraction.loadings, turn, n_starts=n_starts, rng=rng), turn)
    return Solved(found, extraction, rotated, method, turn)  # type: ignore[arg-type]  # checked


def solutions(solved: Solved, matrices: FloatArray) -> Replicates:
    """Solve a stack of matrices as the sample's own was solved, aligned to it."""
    return replicate(
        matrices, solved.extraction.loadings, solved.rotated, solved.method, solved.rotation
    )
