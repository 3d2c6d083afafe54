"""Factor models with 0, 1, 2, … factors beside each other: fit, tests, information criteria."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import degrees_of_freedom, extract, most_factors
from trustmeasure.kernels.factor_fit import factor_fit, upper_tail
from trustmeasure.kernels.retention import common_part

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Models:
    """Maximum likelihood models with 0, 1, … k − 1 factors; each array has shape (k,).

    ``aic`` and ``bic`` are χ² − 2 df and χ² − ln(n) df, which order models as the full
    criteria do.
    """

    df: FloatArray
    chisq: FloatArray
    pvalue: FloatArray
    rmsea: FloatArray
    cfi: FloatArray
    aic: FloatArray
    bic: FloatArray
    heywood: NDArray[np.bool_]
    converged: NDArray[np.bool_]


def most_testable(n_items: int) -> int:
    """Most factors that leave a degree of freedom."""
    most = most_factors(n_items)
    while most > 0 and degrees_of_freedom(n_items, most) <= 0:
        most -= 1
    return most


def likelihood_models(
    correlation: FloatArray, n_obs: float, most: int, counts: FloatArray | None = None
) -> Models:
    """Fit models with none to ``most`` factors to a correlation matrix (p, p)."""
    p = correlation.shape[0]
    table = np.full((7, most + 1), np.nan)
    heywood, converged = np.zeros(most + 1, dtype=bool), np.ones(most + 1, dtype=bool)
    for m in range(most + 1):
        if m == 0:
            loadings = np.zeros((p, 1))
        else:
            found = extract(correlation, m, "ml")
            loadings = found.loadings
            heywood[m], converged[m] = bool(found.at_bound.any()), found.converged
        table[:, m] = _row(correlation, loadings, m, n_obs, counts)
    df, chisq, pvalue, rmsea, cfi, aic, bic = table
    return Models(df, chisq, pvalue, rmsea, cfi, aic, bic, heywood, converged)


def _row(
    correlation: FloatArray,
    loadings: FloatArray,
    n_factors: int,
    n_obs: float,
    counts: FloatArray | None,
) -> tuple[float, ...]:
    p = correlation.shape[0]
    fit = factor_fit(correlation, loadings @ loadings.T, n_factors, n_obs, counts)
    df = degrees_of_freedom(p, n_factors)
    pvalue = upper_tail(fit.chisq, df) if df > 0 else math.nan
    aic = fit.chisq - 2 * df
    bic = fit.chisq - math.log(n_obs) * df
    return df, fit.chisq, pvalue, fit.rmsea, fit.cfi, aic, bic


def common_parts(correlation: FloatArray, most: int) -> FloatArray:
    """Give the common part accounted for (most + 1,) by none to ``most`` minres factors."""
    p = correlation.shape[0]
    found = [common_part(correlation, np.zeros((p, 1)))]
    found += [
        common_part(correlation, extract(correlation, m, "minres").loadings)
        for m in range(1, most + 1)
    ]
    return np.array(found)
