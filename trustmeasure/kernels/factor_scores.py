"""Weights that turn answers into estimates of factors, and how determined the factors are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreWeights:
    """Weights of standardised items, and what the scores are worth.

    Attributes
    ----------
    weights : ndarray, shape (p, m)
    correlations : ndarray, shape (m, m)
        Of the scores with each other.
    validities : ndarray, shape (m, m)
        Of each factor (row) with each score (column); the diagonal are validities proper.
    squared_multiple : ndarray, shape (m,)
        Share of each factor's variance that the items determine.
    """

    weights: FloatArray
    correlations: FloatArray
    validities: FloatArray
    squared_multiple: FloatArray


def score_weights(
    correlation: FloatArray, loadings: FloatArray, phi: FloatArray, method: str
) -> ScoreWeights:
    """Find weights by "regression", "bartlett" or "tenberge" for a regular matrix (p, p)."""
    structure = loadings @ phi
    best = np.linalg.solve(correlation, structure)
    if method == "regression":
        weights = best
    elif method == "bartlett":
        unique = 1.0 - (structure * loadings).sum(axis=1)
        scaled = loadings / unique[:, None]
        weights = scaled @ np.linalg.inv(loadings.T @ scaled)
    else:
        root, half = _power(phi, 0.5), _power(correlation, -0.5)
        rotated = loadings @ root
        inner = _power(rotated.T @ np.linalg.solve(correlation, rotated), -0.5)
        weights = half @ (half @ rotated @ inner) @ root
    covariances = weights.T @ correlation @ weights
    sd = np.sqrt(np.diag(covariances))
    return ScoreWeights(
        weights=np.asarray(weights, dtype=np.float64),
        correlations=covariances / np.outer(sd, sd),
        validities=(structure.T @ weights) / sd,
        squared_multiple=(best * structure).sum(axis=0),
    )


def _power(matrix: FloatArray, exponent: float) -> FloatArray:
    """Raise a symmetric matrix with positive eigenvalues to a power."""
    values, vectors = np.linalg.eigh(matrix)
    powered: FloatArray = (vectors * np.maximum(values, 1e-300) ** exponent) @ vectors.T
    return powered
