"""Means, covariances and correlations of complete and incomplete data; what makes them usable.

Everything later (reliability, factor extraction, adequacy) starts from these few moments,
never from the cases, so each is computed once and in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# An eigenvalue of a correlation matrix below this is zero up to rounding.
NULL_EIGENVALUE = 1e-10


@dataclass(frozen=True)
class Moments:
    """The sufficient statistics of a block of items.

    Attributes
    ----------
    n : int
        Rows that went in.
    mean : ndarray, shape (p,)
        Mean of each item over everyone who answered it.
    covariance : ndarray, shape (p, p)
        Unbiased (n − 1) covariances; pairwise ones use the persons who answered both.
    correlation : ndarray, shape (p, p)
        Pearson correlations with a diagonal of exactly 1; NaN where an item is constant.
    counts : ndarray of int, shape (p, p)
        Persons behind each cell.
    """

    n: int
    mean: FloatArray
    covariance: FloatArray
    correlation: FloatArray
    counts: NDArray[np.int64]


def listwise_moments(values: FloatArray) -> Moments:
    """Moments of complete data, shape (n, p), without any NaN."""
    n, p = values.shape
    mean = values.mean(axis=0)
    centred = values - mean
    covariance = centred.T @ centred / (n - 1)
    return Moments(
        n=n,
        mean=mean,
        covariance=covariance,
        correlation=to_correlation(covariance),
        counts=np.full((p, p), n, dtype=np.int64),
    )


def pairwise_moments(values: FloatArray) -> Moments:
    """Moments of data with NaN, each cell from the persons who answered both items.

    Equals R's ``cov(x, use = "pairwise")`` and ``cor(x, use = "pairwise")``: a correlation
    takes the two variances, too, from the persons who answered both.
    """
    answered = ~np.isnan(values)
    present = answered.astype(np.float64)
    counts = present.T @ present
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(answered, values, 0.0).sum(axis=0) / np.diag(counts)
        # Centring first keeps the differences of large sums below from losing digits.
        centred = np.where(answered, values - mean, 0.0)
        sums = centred.T @ present  # [i, j]: sum of item i over those who answered both
        scatter = centred.T @ centred - sums * sums.T / counts
        squares = (centred**2).T @ present - sums**2 / counts
        covariance = scatter / (counts - 1)
        correlation = _bounded(scatter / np.sqrt(squares * squares.T))
    return Moments(
        n=values.shape[0],
        mean=mean,
        covariance=covariance,
        correlation=correlation,
        counts=np.rint(counts).astype(np.int64),
    )


def to_correlation(covariance: FloatArray) -> FloatArray:
    """Rescale a covariance matrix to correlations."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1.0 / np.sqrt(np.diag(covariance))
        return _bounded(covariance * scale[:, None] * scale)


def _bounded(correlation: FloatArray) -> FloatArray:
    """Undo what rounding does to a diagonal of ones and to perfect correlations."""
    correlation = np.clip((correlation + correlation.T) / 2, -1.0, 1.0)
    known = ~np.isnan(np.diag(correlation))
    np.fill_diagonal(correlation, np.where(known, 1.0, np.nan))
    return correlation


def smallest_eigenvalue(matrix: FloatArray) -> float:
    """Smallest eigenvalue of a symmetric matrix."""
    return float(np.linalg.eigvalsh(matrix)[0])


def is_positive_definite(correlation: FloatArray) -> bool:
    """Whether every eigenvalue of a correlation matrix lies above rounding."""
    return smallest_eigenvalue(correlation) > NULL_EIGENVALUE


def dependent_items(correlation: FloatArray) -> NDArray[np.intp]:
    """Positions of the items that take part in an exact linear dependency.

    They are those with a weight in an eigenvector whose eigenvalue is zero. A negative
    eigenvalue (pairwise correlations that no complete data could have) counts as one.
    """
    values, vectors = np.linalg.eigh(correlation)
    null = vectors[:, values <= NULL_EIGENVALUE]
    return np.flatnonzero(np.abs(null).max(axis=1, initial=0.0) > 1e-5)


def squared_multiple_correlations(correlation: FloatArray) -> FloatArray:
    """Share of each item's variance that the other items predict, 1 − 1/diag(R⁻¹).

    Where R is singular, the limit of R + εI as ε goes to 0: an item that the others
    determine has 1; so has one whose precision an indefinite R makes zero or negative.
    """
    return predicted_shares(*np.linalg.eigh(correlation))


def predicted_shares(values: FloatArray, vectors: FloatArray) -> FloatArray:
    """Squared multiple correlations from the eigenvalues and eigenvectors of R."""
    null = np.abs(values) < NULL_EIGENVALUE
    inverse = np.where(null, 0.0, 1 / np.where(null, 1.0, values))
    square = vectors * vectors
    precision = square @ inverse  # at least 1 where R is positive definite
    with np.errstate(divide="ignore"):
        smc = 1 - 1 / precision
    # Of an indefinite R the sign of a precision of zero is rounding, and so would smc be.
    smc = np.where(precision < 1e-10 * np.maximum(1.0, np.abs(inverse).max()), 1.0, smc)
    if null.any():
        smc = np.where(square[:, null].sum(axis=1) > NULL_EIGENVALUE, 1.0, smc)
    bounded: FloatArray = np.clip(smc, 0.0, 1.0)
    return bounded


def smoothed(correlation: FloatArray, *, tolerance: float = 1e-12) -> FloatArray:
    """Give the nearby correlation matrix without eigenvalues below ``tolerance``.

    They are set to a hundred times the tolerance, all eigenvalues are brought to the sum
    that they must have, and the diagonal is scaled back to 1.
    """
    values, vectors = np.linalg.eigh(correlation)
    raised = np.where(values < tolerance, 100.0 * tolerance, values)
    raised *= len(values) / raised.sum()
    return to_correlation((vectors * raised) @ vectors.T)
