"""Omega of a one-factor model, by maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceError, ConvergenceWarning, DataError
from trustmeasure.kernels import single_factor as kernel
from trustmeasure.kernels.covariance import dependent_items
from trustmeasure.kernels.reliability import normal_interval, percentile_interval
from trustmeasure.kernels.resampling import bootstrap_covariances
from trustmeasure.reliability.sample import Sample, choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OmegaResult(Result):
    """McDonald's omega of a scale, its interval, and the one-factor model behind it.

    Attributes
    ----------
    omega_total : float
        Share of the model-implied variance of the sum that the factor explains; missing,
        as are the other omegas, where ``converged`` is False.
    ci_low, ci_high : float
        Confidence limits of ``omega_total``.
    se : float
        Standard error of ``omega_total`` by the delta method, or of its replicates.
    omega_observed : float
        The same explained variance over the observed variance of the sum.
    standardized : float
        Omega of the standardised items.
    chisq, df, pvalue : float
        Likelihood-ratio test of one factor; with three items it has no degrees of freedom.
    converged : bool
        Whether the maximum of the likelihood was found.
    n_items : int
        Items in the scale.
    loadings : DataFrame, index the item
        ``loading`` and ``uniqueness`` in the items' units (factor variance 1, covariances
        with divisor n), ``std_loading`` and ``std_uniqueness``.
    replicates : ndarray or None
        The bootstrap replicates of ``omega_total`` behind a bootstrap interval.
    """

    title: ClassVar[str] = "McDonald's omega"

    omega_total: float
    ci_low: float
    ci_high: float
    se: float
    omega_observed: float
    standardized: float
    chisq: float
    df: int
    pvalue: float
    converged: bool
    n_items: int
    loadings: pd.DataFrame
    replicates: FloatArray | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of loadings."""
        return self.loadings.copy()


def one_factor_omega(
    data: Any,
    *,
    items: Sequence[str] | None,
    scale: str | None,
    missing: str,
    ci: str | None,
    conf_level: float,
    n_boot: int,
    rng: Any,
) -> OmegaResult:
    """Do what `mcdonald_omega` promises for one factor."""
    block = _checks.as_items(data, items=items, scale=scale, min_items=3, min_persons=3)
    notes = Notes()
    sample = choose_sample(block, missing, notes)
    _refuse_singular(sample, block.names)

    cov = sample.cov * ((sample.n - 1) / sample.n)  # the likelihood's own divisor
    fit = kernel.fit_single_factor(cov[None])
    solution = kernel.omega(cov, fit.loadings[0], fit.uniquenesses[0], sample.n)
    converged = bool(fit.converged[0])
    _warn_of_solution(fit, block.names, notes)
    warn_reversed(sample, block.names, notes, stacklevel=5)

    replicates = None
    se, (low, high) = solution.se, normal_interval(solution.total, solution.se, conf_level)
    if ci == "bootstrap":
        replicates = _replicates(sample, cov, fit, n_boot, _checks.as_rng(rng), notes)
        se, (low, high) = float(replicates.std(ddof=1)), percentile_interval(replicates, conf_level)
    total, observed, standardized = solution.total, solution.observed, solution.standardized
    if ci is None:
        low = high = math.nan
    if not converged:  # a loading that runs away takes omega to any value, also beyond 1
        se = low = high = total = observed = standardized = math.nan
    k = len(block.names)
    chisq, df, pvalue = _fit_test(sample.n * float(fit.discrepancy[0]), k)
    return OmegaResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        omega_total=total,
        ci_low=low,
        ci_high=high,
        se=se,
        omega_observed=observed,
        standardized=standardized,
        chisq=chisq,
        df=df,
        pvalue=pvalue,
        converged=converged,
        n_items=k,
        loadings=_loading_table(cov, fit, block.names),
        replicates=replicates,
        settings={
            "items": list(block.names),
            "scale": scale,
            "n_factors": 1,
            "method": "ml",
            "missing": missing,
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot if ci == "bootstrap" else None,
        },
        warnings=notes.messages(),
    )


def _refuse_singular(sample: Sample, names: Sequence[str]) -> None:
    k = len(names)
    if sample.n <= k:
        raise DataError(
            f"A one-factor model of {k} items needs more than {k} persons with complete answers; "
            f"there are {sample.n}. cronbach_alpha needs no model and works with fewer."
        )
    dependent = dependent_items(sample.structure.R)
    if len(dependent):
        raise DataError(
            f"Items {_checks.listed(names[i] for i in dependent)} determine each other exactly "
            "(one is a copy or a sum of others), so a factor model has no likelihood. Leave one "
            "of them out with items=[...]."
        )


def _warn_of_solution(fit: kernel.SingleFactors, names: Sequence[str], notes: Notes) -> None:
    negative = [name for name, u in zip(names, fit.uniquenesses[0], strict=True) if u < 0]
    if not fit.converged[0]:
        notes.warn(
            "The one-factor model did not converge, so omega is not given. Most often "
            "the items do not share one factor, or there are too few persons: look at the "
            "correlations, or report cronbach_alpha."
            + (f" Item(s) {_checks.listed(negative)} ran away." if negative else ""),
            ConvergenceWarning,
            stacklevel=5,
        )
    elif negative:
        notes.warn(
            f"Heywood case: item(s) {_checks.listed(negative)} have a negative uniqueness, that "
            "is, the factor explains more than all of their variance. Most often two items say "
            "nearly the same, or there are too few persons; read omega with care.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _replicates(
    sample: Sample,
    cov: FloatArray,
    fit: kernel.SingleFactors,
    n_boot: int,
    generator: np.random.Generator,
    notes: Notes,
) -> FloatArray:
    """Bootstrap omega, starting every replicate at the sample's own solution."""
    variance = np.diagonal(cov)
    start = (fit.loadings[0] / np.sqrt(variance), fit.uniquenesses[0] / variance)
    blocks = []
    for covariances in bootstrap_covariances(sample.values, n_boot, generator):
        regular = covariances[_positive_definite(covariances)]
        # A millionth is far below what sampling does to a replicate.
        fits = kernel.fit_single_factor(regular, start=start, max_iterations=200, tolerance=1e-6)
        blocks.append(kernel.model_omegas(fits)[fits.converged])
    usable = np.concatenate(blocks)
    if len(usable) < 2:
        raise ConvergenceError(
            "The one-factor model fitted in none of the bootstrap samples. Use ci='delta'."
        )
    if len(usable) < n_boot:
        notes.warn(
            f"The one-factor model could not be fitted in {n_boot - len(usable)} of {n_boot} "
            "bootstrap samples; the interval leaves them out.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return usable


def _positive_definite(covariances: FloatArray) -> NDArray[np.bool_]:
    variance = np.diagonal(covariances, axis1=1, axis2=2)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    correlations = covariances / (scale[:, :, None] * scale[:, None, :])
    return np.asarray(np.linalg.eigvalsh(correlations)[:, 0] > 1e-8)


def _fit_test(chisq: float, k: int) -> tuple[float, int, float]:
    from scipy.special import chdtrc

    df = k * (k + 1) // 2 - 2 * k
    chisq = max(chisq, 0.0)  # a perfect fit is zero up to rounding
    return chisq, df, float(chdtrc(df, chisq)) if df else math.nan


def _loading_table(
    cov: FloatArray, fit: kernel.SingleFactors, names: Sequence[str]
) -> pd.DataFrame:
    sd = np.sqrt(np.diagonal(cov))
    return pd.DataFrame(
        {
            "loading": fit.loadings[0],
            "std_loading": fit.loadings[0] / sd,
            "uniqueness": fit.uniquenesses[0],
            "std_uniqueness": fit.uniquenesses[0] / sd**2,
        },
        index=pd.Index(names, name="item"),
    )
