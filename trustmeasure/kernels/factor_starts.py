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
    if len(covariance) < 3:
        return None
    rest, with_first = covariance[1:, 1:], covariance[1:, 0]
    try:
        inverse = np.linalg.inv(rest)
    except np.linalg.LinAlgError:
        return None
    # Weights of all others for the first item; column i leaves item i out of them.
    whole = inverse @ with_first
    weights = whole[:, None] - inverse * (whole / inverse.diagonal())
    strength = with_first @ weights
    if not (strength > 1e-12 * covariance[0, 0]).all():
        return None
    variances = covariance.diagonal()
    most = np.sqrt(variances / (LEAST_RELIABLE * variances[0]))
    loadings = np.ones(len(covariance))
    found = (rest * weights.T).sum(axis=1) / strength
    loadings[1:] = np.minimum(np.maximum(found, -most[1:]), most[1:])
    return loadings, _factor_variance(covariance, loadings)


def _factor_variance(covariance: FloatArray, loadings: FloatArray) -> float:
    """Fit the covariances between items, with these loadings, by least squares."""
    squares, own = loadings**2, float(covariance[0, 0])
    covered = float(loadings @ covariance @ loadings - squares @ covariance.diagonal())
    weight = float(squares.sum() ** 2 - squares @ squares)
    variance = covered / weight if weight > 0 else 0.0
    return min(max(variance, LEAST_RELIABLE * own), 0.9 * own)


def principal_loadings(covariance: FloatArray) -> tuple[FloatArray, float]:
    """Give loadings (p,) relative to the first item, and the factor's variance, by the first axis.

    Half of the items' variance is taken for the factor's. An item at a right angle to the axis
    is taken to lie a little towards it, so that others can be relative to it.
    """
    sd = np.sqrt(covariance.diagonal())
    axis = np.linalg.eigh(covariance / np.outer(sd, sd))[1][:, -1]
    axis = axis / np.abs(axis).max()
    first = float(np.copysign(max(abs(axis[0]), LEAST_RELIABLE), axis[0]))
    loadings = axis * sd / (first * sd[0])
    loadings[0] = 1.0
    return loadings, 0.5 * (first * float(sd[0])) ** 2
