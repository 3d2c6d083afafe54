"""Indices of how well a structural model fits, from its statistic and its residuals.

Nothing is checked and nothing is judged here. Robust variants take the scaling factors of
the model's and the baseline's statistics; 1 gives the plain index.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Statistic:
    """A χ² with its degrees of freedom and the factor that its mean is too large by."""

    chisq: float
    df: float
    scaling: float = 1.0

    @property
    def excess(self) -> float:
        """How far χ² lies above what is expected of a correct model."""
        return self.chisq - self.scaling * self.df


def pvalue(chisq: float, df: float) -> float:
    """Upper tail of χ²; NaN without degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(df, chisq)) if df > 0 else math.nan


def incremental(model: Statistic, baseline: Statistic) -> dict[str, float]:
    """Compare with the baseline model: CFI, TLI and their relatives."""
    zero, one = baseline.excess, model.excess
    ratio = baseline.chisq / baseline.df if baseline.df else math.nan
    own = model.chisq / model.df if model.df else math.nan
    highest = max(one, zero, 0.0)
    tli = 1.0
    if model.df > 0:
        tli = 1.0 - _over(one * baseline.df, zero * model.df)
    # A baseline with fewer degrees of freedom than the model has nothing to gain on.
    nested = model.df <= baseline.df
    nfi = _over(baseline.chisq - model.chisq, baseline.chisq)
    rfi = _over(ratio - own, ratio) if model.df > 0 and ratio > own else 1.0
    return {
        "cfi": 1.0 if highest == 0 else 1.0 - max(one, 0.0) / highest,
        "tli": tli,
        "nnfi": tli,
        "rfi": rfi if nested else math.nan,
        "nfi": nfi if nested else math.nan,
        "pnfi": nfi * _over(model.df, baseline.df),
        "ifi": _over(baseline.chisq - model.chisq, baseline.chisq - model.df),
        "rni": 1.0 if model.df == 0 else 1.0 - _over(one, zero),
    }


def _over(a: float, b: float) -> float:
    return a / b if b else math.nan


def rmsea(
    model: Statistic,
    n: float,
    n_groups: int,
    *,
    reference: Statistic | None = None,
    level: float = 0.90,
    close: float = 0.05,
    distant: float = 0.08,
) -> dict[str, float]:
    """Root mean square error of approximation, its interval, and two tests of it.

    ``reference`` is the statistic that has a noncentral χ² distribution, with the factor that
    brings its noncentrality back to the model's; by default ``model`` itself, unscaled.
    """
    names = ("rmsea", "rmsea_ci_lower", "rmsea_ci_upper")
    tests = ("rmsea_pvalue", "rmsea_notclose_pvalue")
    if not (math.isfinite(model.chisq) and model.chisq >= 0 and model.scaling > 0):
        return dict.fromkeys((*names, *tests), math.nan)
    if model.df <= 0:
        return dict.fromkeys(names, 0.0) | dict.fromkeys(tests, math.nan)
    by = Statistic(model.chisq, model.df) if reference is None else reference
    per_unit = by.scaling * n_groups / (n * by.df)
    low = noncentrality(by.chisq, by.df, 0.5 + level / 2)
    high = noncentrality(by.chisq, by.df, 0.5 - level / 2)
    return {
        "rmsea": math.sqrt(max(model.excess, 0.0) * n_groups / (n * model.df)),
        "rmsea_ci_lower": math.sqrt(low * per_unit),
        "rmsea_ci_upper": math.sqrt(high * per_unit),
        "rmsea_pvalue": 1.0 - _noncentral(by.chisq, by.df, close**2 / per_unit),
        "rmsea_notclose_pvalue": _noncentral(by.chisq, by.df, distant**2 / per_unit),
    }


def _noncentral(chisq: float, df: float, ncp: float) -> float:
    from scipy.special import chndtr

    return float(chndtr(chisq, df, ncp))


def noncentrality(chisq: float, df: float, probability: float) -> float:
    """Give the noncentrality at which χ² stays below this with this probability, or 0."""
    from scipy.optimize import brentq

    if _noncentral(chisq, df, 0.0) < probability:
        return 0.0
    high = max(chisq, 1.0)
    while _noncentral(chisq, df, high) > probability:
        high *= 2
    return float(
        brentq(lambda ncp: _noncentral(chisq, df, ncp) - probability, 0.0, high, xtol=1e-10)
    )


def information_criteria(loglik: float, n_parameters: float, n: float) -> dict[str, float]:
    """Compute AIC, BIC, and the BIC for the adjusted sample size (Sclove, 1987)."""
    deviance = -2.0 * loglik
    return {
        "aic": deviance + 2.0 * n_parameters,
        "bic": deviance + n_parameters * math.log(n),
        "bic2": deviance + n_parameters * math.log((n + 2.0) / 24.0),
    }


def further(model: Statistic, n: float, n_parameters: float) -> dict[str, float]:
    """Compute Hoelter's critical N, McDonald's noncentrality index, and the expected ECVI."""
    from scipy.special import chdtri

    def critical(alpha: float) -> float:
        if model.df == 0 or model.chisq == 0:
            return math.nan
        return float(chdtri(model.df, alpha)) / (model.chisq / n) + 1.0

    return {
        "cn_05": critical(0.05),
        "cn_01": critical(0.01),
        "mfi": math.exp(-0.5 * (model.chisq - model.df) / n),
        "ecvi": model.chisq / n + 2.0 * n_parameters / n,
    }


@dataclass(frozen=True)
class Residuals:
    """Observed and implied moments of one group; means are None where the model has none."""

    observed: FloatArray
    implied: FloatArray
    observed_mean: FloatArray | None
    implied_mean: FloatArray | None
    n: float

    @cached_property
    def correlations(self) -> FloatArray:
        """Observed correlations less implied ones."""
        return _to_correlation(self.observed) - _to_correlation(self.implied)


def root_mean_squares(groups: Sequence[Residuals]) -> dict[str, float]:
    """Compute RMR, SRMR (Bentler's and Mplus's) and CRMR, with and without the means' part."""
    kinds: dict[str, Callable[[Residuals], tuple[FloatArray, FloatArray | None, bool]]] = {
        "rmr": _raw,
        "srmr_bentler": _standardised,
        "crmr": _correlations,
        "srmr_mplus": _mplus,
    }
    total = sum(group.n for group in groups)
    found: dict[str, float] = {}
    size = len(groups[0].observed)
    for name, kind in kinds.items():
        whole = bare = 0.0
        for group in groups:
            spread, mean, diagonal = kind(group)
            # Half of the squares off the diagonal, of each pair one.
            own = float((spread.diagonal() ** 2).sum())
            squares = (float((spread**2).sum()) + (own if diagonal else -own)) / 2.0
            count = size * (size + (1 if diagonal else -1)) // 2
            # One variable alone has no correlation that could be left over.
            bare += group.n / total * (math.sqrt(squares / count) if count else math.nan)
            if mean is not None:
                squares, count = squares + float(mean @ mean), count + len(mean)
            whole += group.n / total * (math.sqrt(squares / count) if count else math.nan)
        found[name], found[f"{name}_nomean"] = whole, bare
    found["srmr"] = found["srmr_bentler"]
    return found


Parts = tuple[FloatArray, FloatArray | None, bool]


def _means(group: Residuals, scale: FloatArray) -> FloatArray | None:
    if group.observed_mean is None or group.implied_mean is None:
        return None
    return np.asarray((group.observed_mean - group.implied_mean) / scale)


def _raw(group: Residuals) -> Parts:
    return group.observed - group.implied, _means(group, np.ones(len(group.observed))), True


def _standardised(group: Residuals) -> Parts:
    sd = np.sqrt(group.observed.diagonal())
    return (group.observed - group.implied) / np.outer(sd, sd), _means(group, sd), True


def _correlations(group: Residuals) -> Parts:
    return group.correlations, _means(group, np.sqrt(group.observed.diagonal())), False


def _mplus(group: Residuals) -> Parts:
    """Correlations off the diagonal, relative variances on it."""
    rest = group.correlations.copy()
    own = group.observed.diagonal()
    np.fill_diagonal(rest, (own - group.implied.diagonal()) / own)
    return rest, _standard_means(group), True


def _standard_means(group: Residuals) -> FloatArray | None:
    if group.observed_mean is None or group.implied_mean is None:
        return None
    observed = group.observed_mean / np.sqrt(group.observed.diagonal())
    own = group.implied.diagonal()
    return np.asarray(observed - group.implied_mean / np.sqrt(np.where(own > 0, own, np.nan)))


def _to_correlation(spread: FloatArray) -> FloatArray:
    own = spread.diagonal()
    # A model may imply a negative variance, with which nothing correlates.
    scale = 1.0 / np.sqrt(np.where(own > 0, own, np.nan))
    return np.asarray(spread * scale[:, None] * scale)


def goodness(shares: Sequence[float], df: float, n_moments: float) -> dict[str, float]:
    """Compute GFI, AGFI and PGFI.

    ``shares`` hold, for each group already weighted by its share of persons, the part of the
    weighted squared moments that the model leaves over.
    """
    gfi = 1.0 - sum(shares)
    return {
        "gfi": gfi,
        "agfi": 1.0 - n_moments / df * (1.0 - gfi) if df > 0 else 1.0,
        "pgfi": df / n_moments * gfi,
    }
