"""From correlations to rotated factors in order, for the sample and for parts of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.correlation.matrices import Correlations
from trustmeasure.kernels.factor_extraction import (
    Extraction,
    Method,
    extract,
    extract_anew,
    lies_lower,
)
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
    lower: float = math.nan  # a discrepancy below that of the extraction, where one is known


# The methods that minimise something, which may have several minima.
MINIMISED = ("minres", "uls", "ml")
# Other starts that tell of a solution at the edge whether it is the lowest minimum.
CHECKS = 9


def solve(
    found: Correlations,
    n_factors: int,
    method: str,
    rotation: Rotation,
    n_starts: int,
    rng: np.random.Generator | None,
    extraction_starts: int = 1,
) -> Solved:
    """Extract, rotate, and put the factors in order."""
    extraction = extract(found.matrix, n_factors, method)  # type: ignore[arg-type]  # checked
    lower = math.nan
    asked = extraction_starts > 1
    # To try others always would take more time than all the rest.
    doubtful = method in MINIMISED and bool(extraction.at_bound.any() or not extraction.converged)
    if asked or doubtful:
        others = extraction_starts - 1 if asked else CHECKS
        best = extract_anew(found.matrix, n_factors, method, others, rng if asked else None)  # type: ignore[arg-type]
        if best is not None and lies_lower(best, extraction):
            lower = best.discrepancy
            extraction = best if asked else extraction
    empty = (extraction.loadings**2).sum(axis=0) < 1e-8
    turn = Rotation("none") if empty.any() or n_factors == 1 else rotation
    rotated = arrange(rotate(extraction.loadings, turn, n_starts=n_starts, rng=rng), turn)
    return Solved(found, extraction, rotated, method, turn, lower)  # type: ignore[arg-type]  # checked


def solutions(solved: Solved, matrices: FloatArray) -> Replicates:
    """Solve a stack of matrices as the sample's own was solved, aligned to it."""
    return replicate(
        matrices, solved.extraction.loadings, solved.rotated, solved.method, solved.rotation
    )
