"""From correlated factors to a general factor and what the groups have beyond it.

Schmid and Leiman (1957): one factor of second order explains why the factors correlate; each
item's loading on it is what its factors pass on, and the rest of each factor is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import Method, extract

FloatArray = NDArray[np.float64]
TwoFactors = Literal["equal", "first", "second"]


@dataclass(frozen=True)
class SchmidLeiman:
    """A general factor and orthogonal group factors.

    Attributes
    ----------
    general : ndarray, shape (p,)
        Loadings on the general factor, with a sum that is not negative.
    groups : ndarray, shape (p, m)
        Loadings on what is left of each factor.
    second_order : ndarray, shape (m,)
        Loadings of the factors themselves on the general one.
    converged : bool
        Whether the factor of second order was found.
    at_bound : bool
        Whether a factor is stopped at the bound of what the general one may explain.
    """

    general: FloatArray
    groups: FloatArray
    second_order: FloatArray
    converged: bool
    at_bound: bool


def schmid_leiman(
    pattern: FloatArray, phi: FloatArray, *, method: Method = "minres", option: TwoFactors = "equal"
) -> SchmidLeiman:
    """Transform pattern loadings (p, m) of factors with correlations ``phi`` (m, m), m ≥ 2.

    ``method`` extracts the factor of second order. Two factors have one correlation for two
    loadings, and ``option`` decides: equal ones (the root of the correlation), or 1 for the
    first or the second and the correlation for the other.
    """
    m = len(phi)
    converged, at_bound = True, False
    if m == 2:
        weights = two_factor_loadings(float(phi[0, 1]), option)
    else:
        found = extract(phi, 1, method)
        weights, converged = found.loadings[:, 0], found.converged
        at_bound = bool(found.at_bound.any())
    general, groups = split_loadings(pattern, weights)
    if general.sum() < 0:
        general, weights = -general, -weights
    return SchmidLeiman(general, groups, weights, converged, at_bound)


def two_factor_loadings(r: float, option: TwoFactors) -> FloatArray:
    """Give loadings on the general factor of two factors that correlate ``r``."""
    if option == "first":
        return np.array([1.0, r])
    if option == "second":
        return np.array([r, 1.0])
    root = np.sqrt(abs(r))
    return np.array([root, np.sign(r) * root])


def split_loadings(pattern: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give what passes to the general factor, and what stays with each factor."""
    own = np.sqrt(np.maximum(1.0 - weights**2, 0.0))
    return pattern @ weights, pattern * own
