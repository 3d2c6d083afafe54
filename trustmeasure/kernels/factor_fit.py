"""How well factors reproduce a correlation matrix: the definitions of psych::fa (2.2.9)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.factor_extraction import degrees_of_freedom

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FactorFit:
    """Fit of a common factor model; NaN where n, or degrees of freedom, are lacking."""

    df: int
    chisq: float
    pvalue: float
    chisq_empirical: float
    null_chisq: float
    null_df: int
    rmsr: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    tli: float
    cfi: float
    bic: float


def factor_fit(
    correlation: FloatArray,
    implied: FloatArray,
    n_factors: int,
    n_obs: float,
    counts: FloatArray | None = None,
    *,
    conf_level: float = 0.90,
) -> FactorFit:
    """Compare correlations (p, p) with those that loadings and factor correlations imply.

    Where psych smooths a matrix that is not positive definite, what rests on a likelihood
    is NaN here: its determinant, and with it the value, would be an artefact.
    ``n_obs`` is NaN where unknown; ``counts`` (p, p) are the persons behind each cell of a
    pairwise matrix, None where all cells have the same.
    """
    p = correlation.shape[0]
    df, null_df = degrees_of_freedom(p, n_factors), p * (p - 1) // 2
    residual = correlation - implied
    np.fill_diagonal(residual, 0.0)
    rmsr, chisq_empirical = _residual_size(residual, n_obs, counts)

    # Bartlett's correction of the sample size, with the factors (model) and without (null).
    null_size = n_obs - 1 - (2 * p + 5) / 6
    size = null_size - 2 * n_factors / 3
    model = implied.copy()
    np.fill_diagonal(model, np.diag(correlation))
    discrepancy = likelihood_discrepancy(correlation, model)
    null_discrepancy = likelihood_discrepancy(correlation, np.eye(p))
    chisq = max(discrepancy, 0.0) * size if size > 0 else math.nan
    null_chisq = null_discrepancy * null_size if size > 0 else math.nan
    rmsea = rmsea_low = rmsea_high = tli = bic = pvalue = math.nan
    if df > 0:
        pvalue = upper_tail(chisq, df)
        rmsea = _rmsea(chisq, df, n_obs)
        rmsea_low, rmsea_high = rmsea_limits(chisq, df, n_obs, conf_level)
        tli = _tucker_lewis(discrepancy / df, null_discrepancy / null_df, size)
        bic = chisq - df * math.log(n_obs)
    return FactorFit(
        df=df,
        chisq=chisq,
        pvalue=pvalue,
        chisq_empirical=chisq_empirical,
        null_chisq=null_chisq,
        null_df=null_df,
        rmsr=rmsr,
        rmsea=rmsea,
        rmsea_low=rmsea_low,
        rmsea_high=rmsea_high,
        tli=tli,
        cfi=_comparative_fit(chisq, df, null_chisq, null_df),
        bic=bic,
    )


def upper_tail(chisq: float, df: float) -> float:
    """Probability that a χ² variable exceeds ``chisq``."""
    from scipy.special import chdtrc

    return float(chdtrc(df, chisq))


def rmsea_limits(chisq: float, df: int, n_obs: float, conf_level: float) -> tuple[float, float]:
    """Limits of RMSEA from the noncentrality whose tail probabilities match."""
    if math.isnan(chisq):
        return math.nan, math.nan
    tail = (1.0 - conf_level) / 2
    scale = df * (n_obs - 1)
    low, high = (
        math.sqrt(_noncentrality(chisq, df, probability) / scale)
        for probability in (1.0 - tail, tail)
    )
    return low, high


def _noncentrality(chisq: float, df: int, probability: float) -> float:
    """Noncentrality at which P(χ² ≤ ``chisq``) equals ``probability``; 0 where none does."""
    from scipy.special import chndtr, chndtrinc

    if float(chndtr(chisq, df, 0.0)) <= probability:
        return 0.0
    return float(chndtrinc(chisq, df, probability))


def likelihood_discrepancy(observed: FloatArray, model: FloatArray) -> float:
    """Give tr(RΣ⁻¹) − ln|RΣ⁻¹| − p; NaN where either matrix is not positive definite."""
    if not (is_positive_definite(observed) and is_positive_definite(model)):
        return math.nan
    ratio = np.linalg.solve(model, observed)
    return float(np.trace(ratio) - np.linalg.slogdet(ratio)[1] - observed.shape[0])


def _residual_size(
    residual: FloatArray, n_obs: float, counts: FloatArray | None
) -> tuple[float, float]:
    """Root mean square residual, and n times the sum of squared residuals."""
    p = residual.shape[0]
    if counts is None:
        total = float((residual**2).sum())
        return math.sqrt(total / (p * (p - 1))), total * n_obs
    weighted = float((residual**2 * counts).sum())
    harmonic = counts.size / float((1.0 / counts).sum())
    return math.sqrt(weighted / (harmonic * p * (p - 1))), weighted


def _rmsea(chisq: float, df: int, n_obs: float) -> float:
    """Root mean square error of approximation, with psych's n and n − 1."""
    if math.isnan(chisq):
        return math.nan
    return math.sqrt(max(chisq / (df * n_obs) - 1.0 / (n_obs - 1), 0.0))


def _tucker_lewis(ratio: float, null_ratio: float, size: float) -> float:
    """Tucker–Lewis index from discrepancies per degree of freedom."""
    bottom = null_ratio - 1.0 / size
    return (null_ratio - ratio) / bottom if bottom != 0 else math.nan


def _comparative_fit(chisq: float, df: int, null_chisq: float, null_df: int) -> float:
    """Give the comparative fit index: the share of the null model's noncentrality removed."""
    if math.isnan(chisq) or math.isnan(null_chisq):
        return math.nan
    excess = max(chisq - df, 0.0)
    null_excess = max(null_chisq - null_df, excess)
    return 1.0 - excess / null_excess if null_excess > 0 else 1.0
