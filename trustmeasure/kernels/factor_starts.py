"""Loadings of one factor in closed form, for searches to start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# The marker is taken to be at least this reliable, which bounds the other loadings.
LEAST_RELIABLE = 0.1


def instrumental_loadings(covariance: FloatArray) -> tuple[FloatArray, float] | None:
    """Give loadings (p,) relative to the first item, and the factor's variance.

    Each item is regressed on the first, with all others as instruments (Hägglund, 1982, FABIN
    3; doi:10.1007/BF02293852). None where the items do not hang together enough to tell.
    """
    p = len(covariance)
    if p < 3:
        return None
    variances = np.diag(covariance)
    loadings = np.ones(p)
    for i in range(1, p):
        others = np.delete(np.arange(p), (0, i))
        with_first, with_own = covariance[others, 0], covariance[others, i]
        try:
            weights = np.linalg.solve(covariance[np.ix_(others, others)], with_first)
        except np.linalg.LinAlgError:
            return None
        strength = float(with_first @ weights)
        if strength <= 1e-12 * variances[0]:
            return None
        loadings[i] = float(with_own @ weights) / strength
    most = np.sqrt(variances / (LEAST_RELIABLE * variances[0]))
    loadings[1:] = np.clip(loadings, -most, most)[1:]
    if not np.isfinite(loadings).all():
        return None
    return loadings, _factor_variance(covariance, loadings)


def _factor_variance(covariance: FloatArray, loadings: FloatArray) -> float:
    """Fit the covariances between items, with these loadings, by least squares."""
    product = np.outer(loadings, loadings)
    apart = ~np.eye(len(loadings), dtype=bool)
    own = float(covariance[0, 0])
    variance = float((product * covariance)[apart].sum() / (product[apart] ** 2).sum())
    return float(np.clip(variance, LEAST_RELIABLE * own, 0.9 * own))


def principal_loadings(covariance: FloatArray) -> tuple[FloatArray, float]:
    """Give loadings (p,) relative to the first item, and the factor's variance, by the first axis.

    Half of the items' variance is taken for the factor's. An item at a right angle to the axis
    is taken to lie a little towards it, so that others can be relative to it.
    """
    sd = np.sqrt(np.diag(covariance))
    axis = np.linalg.eigh(covariance / np.outer(sd, sd))[1][:, -1]
    axis = axis / np.abs(axis).max()
    first = float(np.copysign(max(abs(axis[0]), LEAST_RELIABLE), axis[0]))
    loadings = axis * sd / (first * sd[0])
    loadings[0] = 1.0
    return loadings, 0.5 * (first * float(sd[0])) ** 2
