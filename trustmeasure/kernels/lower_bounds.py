"""Guttman's lower bounds to reliability, from one covariance matrix or a stack of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.covariance import squared_multiple_correlations, to_correlation

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Lambdas:
    """Guttman's bounds without lambda 4, which needs the splits; arrays of shape (m,)."""

    lambda1: FloatArray
    lambda2: FloatArray
    lambda3: FloatArray
    lambda5: FloatArray
    lambda6: FloatArray


def lambdas(cov: FloatArray) -> Lambdas:
    """Compute the bounds of each matrix of shape (m, k, k); NaN where a sum does not vary."""
    k = cov.shape[-1]
    variance = np.diagonal(cov, axis1=1, axis2=2)
    trace, total = variance.sum(axis=1), cov.sum(axis=(1, 2))
    total = np.where(total > 1e-12 * trace, total, np.nan)
    square = cov * cov
    columns = square.sum(axis=1) - variance**2  # of each item with the others
    first = 1 - trace / total
    return Lambdas(
        lambda1=first,
        lambda2=first + np.sqrt(columns.sum(axis=1) * k / (k - 1)) / total,
        lambda3=first * k / (k - 1),
        lambda5=first + 2 * np.sqrt(columns.max(axis=1)) / total,
        lambda6=1 - _errors(cov, variance) / total,
    )


def _errors(cov: FloatArray, variance: FloatArray) -> FloatArray:
    """Sum the variance of each item that the others do not predict."""
    R = cov / np.sqrt(variance[:, :, None] * variance[:, None, :])
    regular = np.linalg.eigvalsh(R)[:, 0] > 1e-6
    errors = np.full(len(cov), np.nan)
    if regular.any():
        inverse = np.linalg.inv(cov[regular])
        errors[regular] = (1 / np.diagonal(inverse, axis1=1, axis2=2)).sum(axis=1)
    for i in np.flatnonzero(~regular):  # too near singular for an inverse, or indefinite
        if np.isfinite(R[i]).all():
            smc = squared_multiple_correlations(to_correlation(cov[i]))
            errors[i] = (variance[i] * (1 - smc)).sum()
    return errors


def spearman_brown(reliability: FloatArray, length: FloatArray) -> FloatArray:
    """Give the reliability of a scale made ``length`` times as long with parallel items."""
    with np.errstate(divide="ignore", invalid="ignore"):
        predicted: FloatArray = length * reliability / (1 + (length - 1) * reliability)
    return predicted


def required_length(reliability: FloatArray, target: FloatArray) -> FloatArray:
    """Give how many times as long a scale must be to reach a reliability."""
    with np.errstate(divide="ignore", invalid="ignore"):
        length: FloatArray = target * (1 - reliability) / (reliability * (1 - target))
    return length
