"""Indices of fit of models of ordered items, under the names that continuous ones have."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from trustmeasure.confirmatory.fit_measures import CLOSE, DISTANT, LEVEL
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution
from trustmeasure.kernels.fit_indices import (
    Statistic,
    further,
    goodness,
    incremental,
    pvalue,
    rmsea,
)
from trustmeasure.kernels.ordinal_indices import (
    categorical_likelihood,
    ordinal_root_mean_squares,
)

# Estimators for which the categorical likelihood gives robust CFI, TLI and RMSEA.
WITH_ROBUST = frozenset({"WLSM", "WLSMV", "ULSM", "ULSMV"})


def ordinal_fit_measures(solution: OrdinalSolution, estimator: str) -> pd.Series:
    """Compute every index that the estimator allows."""
    groups = len(solution.moments)
    persons = solution.n - groups
    model = Statistic(solution.chisq, solution.df)
    null = Statistic(solution.baseline.chisq, solution.baseline.df)
    # Unweighted least squares have no χ² distribution, where they are not adjusted.
    distributed = not estimator.startswith("ULS")
    count = sum(len(sample.moments) for sample in solution.samples)
    beyond = further(model, persons, len(solution.reduced))
    found: dict[str, float] = {
        "npar": float(len(solution.reduced)),
        "chisq": solution.chisq,
        "df": float(solution.df),
        "pvalue": pvalue(solution.chisq, solution.df) if distributed else math.nan,
        "baseline_chisq": solution.baseline.chisq,
        "baseline_df": float(solution.baseline.df),
        "baseline_pvalue": pvalue(null.chisq, null.df) if distributed else math.nan,
        **incremental(model, null),
        **rmsea(model, persons, groups, level=LEVEL, close=CLOSE, distant=DISTANT),
        "rmsea_ci_level": LEVEL,
        "rmsea_close_h0": CLOSE,
        "rmsea_notclose_h0": DISTANT,
        **ordinal_root_mean_squares(solution.moments, solution.implied),
        "ntotal": float(solution.n),
        "fmin": 0.5 * solution.chisq / solution.n,
        **{name: value for name, value in beyond.items() if name != "ecvi"},
        **goodness(_unexplained(solution), solution.df, count),
        # As lavaan, which counts the moments of the first group, however many there are.
        "wrmr": math.sqrt(solution.chisq / len(solution.samples[0].moments)),
    }
    if solution.scaled is not None and solution.baseline_scaled is not None:
        found |= _scaled(solution, persons, groups)
    if estimator in WITH_ROBUST:
        found |= _robust(solution, persons, groups)
    return pd.Series(found, dtype=float)


def _unexplained(solution: OrdinalSolution) -> list[float]:
    """Weighted squares that the model leaves of each group's moments, by its share of persons."""
    left = []
    for sample, implied in zip(solution.samples, solution.implied, strict=True):
        pair = np.stack([sample.moments - implied.moments, sample.moments], axis=-1)
        rest, whole = (sample.whiten(pair) ** 2).sum(axis=0)
        left.append(sample.n / solution.n * float(rest / whole))
    return left


def _scaled(solution: OrdinalSolution, persons: int, groups: int) -> dict[str, float]:
    own, null = solution.scaled, solution.baseline_scaled
    if own is None or null is None:
        return {}
    adjusted = Statistic(own.chisq, own.df)
    found = {
        "chisq_scaled": own.chisq,
        "df_scaled": own.df,
        "pvalue_scaled": pvalue(own.chisq, own.df),
        "chisq_scaling_factor": own.scaling,
        "baseline_chisq_scaled": null.chisq,
        "baseline_df_scaled": null.df,
        "baseline_pvalue_scaled": pvalue(null.chisq, null.df),
        "baseline_chisq_scaling_factor": null.scaling,
    }
    compared = incremental(adjusted, Statistic(null.chisq, null.df))
    found |= {f"{name}_scaled": value for name, value in compared.items()}
    # Without a shift, the trace stands for the degrees of freedom of the plain statistic.
    if not own.shift:
        adjusted = Statistic(solution.chisq, solution.uncertainty.traces.first)
    approximate = rmsea(adjusted, persons, groups, level=LEVEL, close=CLOSE, distant=DISTANT)
    return found | {f"{name}_scaled": value for name, value in approximate.items()}


def _robust(solution: OrdinalSolution, persons: int, groups: int) -> dict[str, float]:
    spreads = [group.spread for group in solution.moments if group.spread is not None]
    likelihood = categorical_likelihood(
        solution.model, solution.samples, spreads, solution.implied, solution.df
    )
    if likelihood is None:
        return {}
    own = likelihood.model
    by = Statistic(own.chisq / own.scaling, own.df, own.scaling)
    compared = incremental(own, likelihood.baseline)
    found = {name: compared[name] for name in ("cfi", "tli", "nnfi", "rni")}
    found |= rmsea(own, persons, groups, reference=by, level=LEVEL, close=CLOSE, distant=DISTANT)
    return {f"{name}_robust": value for name, value in found.items()}
