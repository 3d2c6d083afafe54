"""Alpha and omega of both levels as functions of two-level parameters, with their errors.

Every function takes parameters (…, q), real or complex: imaginary steps give derivatives
without the rounding of differences, and rows of draws give a Monte Carlo distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Parameters = NDArray[Any]
Function = Callable[[Parameters], Parameters]


def alphas(theta: Parameters) -> Parameters:
    """Give alpha within and between (…, 2) from the lower triangles of `Saturated`."""
    k = _items(theta.shape[-1] // 2)
    i, j = np.tril_indices(k)
    diagonal, twice = np.flatnonzero(i == j), np.where(i == j, 1.0, 2.0)
    found = []
    for part in np.split(theta, 2, axis=-1):
        total, trace = part @ twice, part[..., diagonal].sum(axis=-1)
        known = np.real(total) > 0  # between clusters it need not be
        found.append(k / (k - 1) * (1 - trace / np.where(known, total, np.nan)))
    return np.stack(found, axis=-1)


def shares_between(theta: Parameters) -> Parameters:
    """Give each item's ICC(1), shape (…, p), from the lower triangles of `Saturated`."""
    k = _items(theta.shape[-1] // 2)
    i, j = np.tril_indices(k)
    within, between = np.split(theta, 2, axis=-1)
    diagonal = np.flatnonzero(i == j)
    own, shared = within[..., diagonal], between[..., diagonal]
    return np.asarray(shared / (own + shared))


def omegas(inverse_size: float) -> Function:
    """Give a function of the parameters of `OneFactorEach` with four values (…, 4).

    Omega within and between, the reliability of the observed cluster means as measures of
    the factor between, and the share of their variance that is between at all;
    ``inverse_size`` is the mean of 1 / cluster size.
    """

    def function(theta: Parameters) -> Parameters:
        lw, uw, lb, ub = np.split(theta, 4, axis=-1)
        common_w, common_b = lw.sum(axis=-1) ** 2, lb.sum(axis=-1) ** 2
        whole_w, whole_b = common_w + uw.sum(axis=-1), common_b + ub.sum(axis=-1)
        means = whole_b + whole_w * inverse_size
        return np.stack(
            [common_w / whole_w, common_b / whole_b, common_b / means, whole_b / means], axis=-1
        )

    return function


def omega_within(theta: Parameters) -> Parameters:
    """Give omega within alone (…, 1) from the parameters of `OneFactorWithin`."""
    # Of loadings, uniquenesses and a triangle only the number of items is not at hand.
    k = int((np.sqrt(25 + 8 * theta.shape[-1]) - 5) / 2 + 0.5)
    common = theta[..., :k].sum(axis=-1) ** 2
    return np.asarray(common / (common + theta[..., k : 2 * k].sum(axis=-1)))[..., None]


def delta_errors(function: Function, theta: FloatArray, covariance: FloatArray) -> FloatArray:
    """Give the standard errors of a function's values by the delta method."""
    step = 1e-20
    moved = theta + 1j * step * np.eye(len(theta))
    slopes = np.imag(function(moved)) / step  # (q, values)
    variance = np.einsum("qv,qr,rv->v", slopes, covariance, slopes)
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def drawn_limits(
    function: Function,
    theta: FloatArray,
    covariance: FloatArray,
    level: float,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Give percentiles of a function's values over normal draws of the parameters."""
    root = np.linalg.cholesky(covariance)
    draws = theta + rng.standard_normal((n_draws, len(theta))) @ root.T
    tail = (1 - level) / 2
    low, high = np.nanquantile(function(draws), [tail, 1 - tail], axis=0)
    return low, high


def _items(half: int) -> int:
    """Side of the matrix whose lower triangle has ``half`` cells."""
    return int((np.sqrt(8 * half + 1) - 1) / 2 + 0.5)
