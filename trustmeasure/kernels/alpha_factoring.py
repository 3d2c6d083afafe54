"""Alpha factoring: factors of the items rescaled to equal common variance (Kaiser & Caffrey).

The communalities solve h = h · diag(LL'), with L the axes of the correlations among the
common parts. Substituting once and again converges slowly; mixing the last few
substitutions (Anderson's acceleration) reaches the same point in a tenth of the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.covariance import squared_multiple_correlations

FloatArray = NDArray[np.float64]

_DEPTH = 5  # past substitutions that are mixed
# Communalities outside of these are running away.
_LEAST, _MOST = 1e-6, 10.0


@dataclass(frozen=True)
class AlphaFactors:
    """Loadings (p, m), in descending order of generalisability, and how they were reached."""

    loadings: FloatArray
    converged: bool
    n_iterations: int


def alpha_factors(
    correlation: FloatArray, n_factors: int, *, tolerance: float = 1e-11, max_steps: int = 1000
) -> AlphaFactors:
    """Find the communalities at which the common parts are reproduced with unit variance."""
    h = np.maximum(squared_multiple_correlations(correlation), _LEAST)
    points: list[FloatArray] = []
    changes: list[FloatArray] = []
    best, nearest = np.inf, h
    for step in range(max_steps):
        new = np.maximum(h * (_axes(correlation, h, n_factors) ** 2).sum(axis=1), _LEAST)
        # Half of the change (on the log scale): whole ones can swing to and fro for ever.
        change = 0.5 * (np.log(new) - np.log(h))
        size = float(np.abs(new - h).max())
        if size < tolerance:
            return AlphaFactors(_loadings(correlation, new, n_factors), True, step + 1)
        if size > 10.0 * best:  # mixing led astray: forget, and substitute plainly
            points, changes = [], []
        if size < best:
            best, nearest = size, h
        points = [*points[-_DEPTH:], np.log(h) + change]
        changes = [*changes[-_DEPTH:], change]
        h = np.exp(np.clip(_mixed(points, changes), np.log(_LEAST), np.log(_MOST)))
    return AlphaFactors(_loadings(correlation, nearest, n_factors), False, max_steps)


def _mixed(points: list[FloatArray], changes: list[FloatArray]) -> FloatArray:
    """Combine past points so that the combination of their changes is smallest."""
    if len(points) < 2:
        return points[-1]
    bends = np.stack([later - earlier for earlier, later in pairwise(changes)])
    moves = np.stack([later - earlier for earlier, later in pairwise(points)])
    weights = np.linalg.lstsq(bends.T, changes[-1], rcond=1e-10)[0]
    return points[-1] - weights @ moves


def _axes(correlation: FloatArray, h: FloatArray, n_factors: int) -> FloatArray:
    """Principal axes of the correlations among the common parts."""
    scale = 1.0 / np.sqrt(h)
    common = correlation * scale[:, None] * scale
    np.fill_diagonal(common, 1.0)
    values, vectors = np.linalg.eigh(common)
    kept: FloatArray = vectors[:, ::-1][:, :n_factors] * np.sqrt(
        np.maximum(values[::-1][:n_factors], 0.0)
    )
    return kept


def _loadings(correlation: FloatArray, h: FloatArray, n_factors: int) -> FloatArray:
    loadings: FloatArray = np.sqrt(h)[:, None] * _axes(correlation, h, n_factors)
    return loadings
