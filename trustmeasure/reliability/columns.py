"""The columns of the table of reliability, each group of them with the function that fills it.

To add columns, write a function from `ScaleAnswers` to their values and add a `Columns` to
`COLUMNS`; what it refuses (`DataError`) or cannot estimate (`ConvergenceError`) becomes NaN,
with a note in the result.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.correlation.matrices import MOST_CATEGORIES
from trustmeasure.errors import (
    ConvergenceError,
    ConvergenceWarning,
    DataError,
    TrustMeasureWarning,
)
from trustmeasure.kernels import equal_loadings
from trustmeasure.kernels.bootstrap_intervals import (
    CORRELATION,
    POSITIVE,
    RELIABILITY,
    Metric,
    corrected_limits,
)
from trustmeasure.kernels.lower_bounds import lambdas
from trustmeasure.kernels.minimum_trace import greatest_bounds, minimum_trace
from trustmeasure.kernels.reliability import rest_correlations
from trustmeasure.kernels.single_factor import SingleFactors, fit_single_factor
from trustmeasure.kernels.split_halves import split_extremes
from trustmeasure.reliability.alpha import AlphaResult, cronbach_alpha
from trustmeasure.reliability.categorical import categorical_omega
from trustmeasure.reliability.greatest_bound import ENOUGH_PERSONS, refuse_dependent
from trustmeasure.reliability.halves import choose_splits
from trustmeasure.reliability.hierarchical import HierarchicalOmegaResult
from trustmeasure.reliability.omega import mcdonald_omega
from trustmeasure.reliability.ordinal import ordinal_alpha
from trustmeasure.reliability.resampled import left_out_note, resampled_covariances, to_correlations
from trustmeasure.reliability.sample import Sample
from trustmeasure.results import Notes
from trustmeasure.thresholds import load_thresholds

FloatArray = NDArray[np.float64]

# A loss of reliability by the assumption of equal loadings that shows in the second place.
VISIBLE = 0.01
# Group factors behind a general one: the fewest that identify it, as psych takes by default.
GROUPS = 3


@dataclass(frozen=True)
class ScaleAnswers:
    """One scale: what every column may start from, each part computed once.

    Attributes
    ----------
    name : str
    answers : DataFrame
        Complete answers, keyed; one column an item.
    sample : Sample
        Their moments.
    ci : str
        Interval of alpha.
    conf_level : float
    n_boot : int
        Bootstrap replicates; 0 for none.
    seed : int
        Of the bootstrap: whoever resamples these persons from it draws the same replicates.
    rng : Generator
        Of the random splits.
    found : dict
        The columns filled so far.
    concerns : list of str
        Assumptions that visibly fail; a column's function may add to it.
    notes : Notes
    """

    name: str
    answers: pd.DataFrame
    sample: Sample
    ci: str
    conf_level: float
    n_boot: int
    seed: int
    rng: np.random.Generator
    found: dict[str, float] = field(default_factory=dict)
    concerns: list[str] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    @cached_property
    def alpha(self) -> AlphaResult:
        """Alpha with its item statistics."""
        return cronbach_alpha(self.answers, ci=self.ci, conf_level=self.conf_level)

    @cached_property
    def draws(self) -> FloatArray:
        """Covariances (m, k, k) of resampled persons, which all that comes from them shares."""
        found = resampled_covariances(self.sample, self.n_boot, np.random.default_rng(self.seed))
        if len(found) < self.n_boot:
            self.notes.record(left_out_note(len(found), self.n_boot))
        return found

    @cached_property
    def likelihood_cov(self) -> FloatArray:
        """Covariances with the divisor n."""
        return self.sample.cov * ((self.sample.n - 1) / self.sample.n)

    @cached_property
    def one_factor(self) -> SingleFactors:
        """The one-factor model, for scales of three items and more."""
        return fit_single_factor(self.likelihood_cov[None])


@dataclass(frozen=True)
class Columns:
    """Columns that are filled together."""

    names: tuple[str, ...]
    fill: Callable[[ScaleAnswers], dict[str, float]]


def _description(scale: ScaleAnswers) -> dict[str, float]:
    alpha = scale.alpha
    return {"n_items": alpha.n_items, "mean": alpha.mean, "sd": alpha.sd}


def _with_limits(name: str, estimate: float, low: float, high: float) -> dict[str, float]:
    return {name: estimate, f"{name}_ci_low": low, f"{name}_ci_high": high}


def _resampled_limits(
    scale: ScaleAnswers,
    names: Sequence[str],
    estimates: Sequence[float],
    replicates: Callable[[], FloatArray],
    metric: Metric = RELIABILITY,
) -> dict[str, float]:
    """Put limits from the replicates (m, names) beside the estimates; NaN without a bootstrap."""
    low = high = np.full(len(names), np.nan)
    if scale.n_boot and len(scale.draws) > 1:
        low, high = corrected_limits(np.array(estimates), replicates(), metric, scale.conf_level)
    found: dict[str, float] = {}
    for each in zip(names, estimates, low.tolist(), high.tolist(), strict=True):
        found |= _with_limits(*each)
    return found


def _alpha(scale: ScaleAnswers) -> dict[str, float]:
    alpha = scale.alpha
    rest = alpha.items["r_drop"]
    if alpha.n_items > 1 and rest.min() < 0:
        negative = ", ".join(f"'{name}'" for name in rest.index[rest < 0])
        scale.concerns.append(
            f"item(s) {negative} relate negatively to the rest: still to be reversed?"
        )
    return (
        _with_limits("alpha", alpha.estimate, alpha.ci_low, alpha.ci_high)
        | _resampled_limits(
            scale,
            ["alpha_std"],
            [alpha.standardized],
            lambda: lambdas(to_correlations(scale.draws)).lambda3[:, None],
        )
        | _resampled_limits(
            scale,
            ["min_r_drop"],
            [float(rest.min())],
            lambda: rest_correlations(scale.draws).min(axis=1)[:, None],
            CORRELATION,
        )
    )


def _omega(scale: ScaleAnswers) -> dict[str, float]:
    omega = mcdonald_omega(scale.answers, conf_level=scale.conf_level)
    return _with_limits("omega", omega.omega_total, omega.ci_low, omega.ci_high)


def _bounds(scale: ScaleAnswers) -> dict[str, float]:
    marks, _ = choose_splits(len(scale.sample.cov), scale.rng, scale.notes)

    def bounds(covariances: FloatArray) -> FloatArray:
        found = lambdas(covariances)
        return np.column_stack((found.lambda2, found.lambda6, split_extremes(covariances, marks)))

    names = ("lambda2", "lambda6", "split_max", "split_mean", "split_min")
    estimates = bounds(scale.sample.cov[None])[0].tolist()
    return _resampled_limits(scale, names, estimates, lambda: bounds(scale.draws))


def _greatest_bound(scale: ScaleAnswers) -> dict[str, float]:
    if scale.sample.n < ENOUGH_PERSONS:
        return _with_limits("glb", math.nan, math.nan, math.nan)
    refuse_dependent(scale.sample, list(scale.answers.columns))
    errors = float(minimum_trace(scale.sample.cov).errors.sum())
    bound = 1 - errors / float(scale.sample.cov.sum())
    return _resampled_limits(scale, ["glb"], [bound], lambda: greatest_bounds(scale.draws)[:, None])


def _error(scale: ScaleAnswers) -> dict[str, float]:
    alpha = scale.alpha
    sem = alpha.sd * math.sqrt(max(1 - alpha.estimate, 0.0))
    return _resampled_limits(
        scale, ["sem"], [sem], lambda: _mean_errors(scale.draws, scale.sample.n)[:, None], POSITIVE
    )


def _mean_errors(covariances: FloatArray, n: int) -> FloatArray:
    """Give the errors of measurement (m,) of the mean answer; covariances have the divisor n."""
    variance = covariances.sum(axis=(1, 2)) * n / (n - 1) / covariances.shape[1] ** 2
    found: FloatArray = np.sqrt(variance * np.maximum(1 - lambdas(covariances).lambda3, 0.0))
    return found


def _unidimensionality(scale: ScaleAnswers) -> dict[str, float]:
    """Fit one factor; a concern where it misses all of COSMIN's criteria."""
    _needs_model(scale)
    fit = equal_loadings.one_factor_fit(scale.likelihood_cov, scale.one_factor, scale.sample.n)
    values = {"rmsea": fit.rmsea, "cfi": fit.cfi, "srmr": fit.srmr}
    thresholds = load_thresholds()
    met = [thresholds.verdict(name, v).meets for name, v in values.items() if not math.isnan(v)]
    if len(scale.answers.columns) > 3 and met and not any(met):
        scale.concerns.append(
            f"one factor fits badly (RMSEA {fit.rmsea:.2f}, CFI {fit.cfi:.2f}, SRMR "
            f"{fit.srmr:.2f}), so the scale is more than one thing, which alpha and omega of one "
            "factor do not allow for"
        )
    return values


def _tau_equivalence(scale: ScaleAnswers) -> dict[str, float]:
    """Test equal against free loadings; a concern where alpha loses visibly by it."""
    from scipy.special import chdtrc

    _needs_model(scale)
    equal = equal_loadings.fit_equal_loadings(scale.likelihood_cov)
    if not equal.converged:
        raise DataError("The model with equal loadings did not converge.")
    k, n = len(scale.sample.cov), scale.sample.n
    chisq = n * max(equal.discrepancy - float(scale.one_factor.discrepancy[0]), 0.0)
    pvalue = float(chdtrc(k - 1, chisq))
    loss = scale.found.get("omega", math.nan) - scale.alpha.estimate
    if pvalue < 0.05 and loss >= VISIBLE:
        scale.concerns.append(
            f"loadings are unequal (χ²({k - 1}) = {chisq:.1f}, p {_p_text(pvalue)}), so alpha "
            f"understates reliability, by {loss:.2f} against omega"
        )
    return {"tau_chisq": chisq, "tau_df": k - 1, "tau_pvalue": pvalue}


def _ordinal(scale: ScaleAnswers) -> dict[str, float]:
    """Reliability of ordered answers; NaN where an item has too many different ones."""
    missing = _with_limits("ordinal_alpha", math.nan, math.nan, math.nan) | _with_limits(
        "omega_categorical", math.nan, math.nan, math.nan
    )
    if scale.answers.nunique().max() > MOST_CATEGORIES:
        return missing
    alpha = ordinal_alpha(scale.answers, ci="asymptotic", conf_level=scale.conf_level)
    missing |= _with_limits("ordinal_alpha", alpha.estimate, alpha.ci_low, alpha.ci_high)
    if len(scale.answers.columns) < 3:
        return missing
    try:
        omega = categorical_omega(scale.answers, ci=None)
    except ConvergenceError as error:
        scale.notes.record(f"omega_categorical is missing. {error}")
        return missing
    omega = _bootstrapped(scale, "omega_categorical", categorical_omega, omega)
    return missing | _with_limits("omega_categorical", omega.estimate, omega.ci_low, omega.ci_high)


def _hierarchical(scale: ScaleAnswers) -> dict[str, float]:
    """Omega of a general factor behind three groups; NaN where these are not to be had."""
    nothing = _with_limits("omega_hierarchical", math.nan, math.nan, math.nan)
    if len(scale.answers.columns) < 2 * GROUPS:
        return nothing
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrustMeasureWarning)
        omega = mcdonald_omega(scale.answers, n_factors=GROUPS, ci=None)
    improper = [str(each.message) for each in caught if each.category is ConvergenceWarning]
    if improper or not isinstance(omega, HierarchicalOmegaResult):
        scale.notes.record(
            f"omega_hierarchical of {GROUPS} group factors is missing. {' '.join(improper)}"
        )
        return nothing
    if omega.flipped:
        named = ", ".join(f"'{name}'" for name in omega.flipped)
        scale.notes.record(f"omega_hierarchical is about the sum with {named} turned round.")
    omega = _bootstrapped(
        scale, "omega_hierarchical", partial(mcdonald_omega, n_factors=GROUPS), omega
    )
    limits = omega.intervals.loc["omega_hierarchical", ["ci_low", "ci_high"]]
    return _with_limits("omega_hierarchical", omega.omega_hierarchical, *limits.tolist())


def _bootstrapped(scale: ScaleAnswers, name: str, analysis: Callable[..., Any], found: Any) -> Any:
    """Repeat what was found with a bootstrap, where one is wanted and some replicate allows it.

    What the bootstrap alone warns of becomes a note.
    """
    if not scale.n_boot:
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrustMeasureWarning)
        try:
            again = analysis(
                scale.answers,
                ci="bootstrap",
                conf_level=scale.conf_level,
                n_boot=scale.n_boot,
                rng=scale.seed,
            )
        except ConvergenceError as error:
            scale.notes.record(f"{name} has no interval. {error}")
            return found
    for message in again.warnings:
        if message not in found.warnings:
            scale.notes.record(f"{name}: {message}")
    return again


def _needs_model(scale: ScaleAnswers) -> None:
    k = len(scale.sample.cov)
    if k < 3 or scale.sample.n <= k:
        raise DataError(f"A one-factor model needs 3 items and more persons than {k} items.")
    refuse_dependent(scale.sample, list(scale.answers.columns))
    if not scale.one_factor.converged[0]:
        raise DataError("The one-factor model did not converge.")


def _p_text(pvalue: float) -> str:
    return "< .001" if pvalue < 0.001 else f"= {pvalue:.3f}"


def _limited(*names: str) -> tuple[str, ...]:
    """Name coefficients, each with its limits."""
    return tuple(column for name in names for column in (name, f"{name}_ci_low", f"{name}_ci_high"))


# In the order of the table. Tau-equivalence comes after omega, which it compares with.
COLUMNS: tuple[Columns, ...] = (
    Columns(("n_items", "mean", "sd"), _description),
    Columns(_limited("alpha", "alpha_std", "min_r_drop"), _alpha),
    Columns(_limited("omega"), _omega),
    Columns(_limited("lambda2", "lambda6", "split_max", "split_mean", "split_min"), _bounds),
    Columns(_limited("glb"), _greatest_bound),
    Columns(_limited("sem"), _error),
    Columns(("rmsea", "cfi", "srmr"), _unidimensionality),
    Columns(("tau_chisq", "tau_df", "tau_pvalue"), _tau_equivalence),
    Columns(_limited("ordinal_alpha", "omega_categorical"), _ordinal),
    Columns(_limited("omega_hierarchical"), _hierarchical),
)
