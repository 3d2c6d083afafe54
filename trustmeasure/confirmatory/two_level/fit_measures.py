"""Indices of fit of two-level models: those that lavaan gives, under its names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import normal_loglik
from trustmeasure.confirmatory.fit_measures import CLOSE, DISTANT, LEVEL, Tested
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.confirmatory.two_level.estimation import TwoLevelEstimate, Unrestricted
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample
from trustmeasure.kernels.fit_indices import (
    Statistic,
    incremental,
    information_criteria,
    pvalue,
    rmsea,
)
from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.kernels.two_level_models import free_deviance

FloatArray = NDArray[np.float64]


def two_level_df(specification: Specification, sample: TwoLevelSample) -> int:
    """Moments of both levels without those of exogenous variables, less the parameters."""
    moments = 0
    above = {sample.names[i] for i in sample.between}
    for level, block in enumerate(specification.blocks):
        for names, sign in ((block.observed, 1), (block.exogenous, -1)):
            moments += sign * len(names) * (len(names) + 1) // 2
            moments += sign * sum(level == 1 or name not in above for name in names)
    return moments - int(specification.basis.shape[1])


def two_level_fit_measures(
    found: TwoLevelEstimate,
    sample: TwoLevelSample,
    whole: Unrestricted,
    tested: Tested,
    baseline: Tested,
    scaling: tuple[float, float] | None,
) -> pd.Series:
    """Compute every index."""
    n = sample.moments.n
    npar = found.specification.basis.shape[1]
    given = _given_loglik(found.specification, sample)
    logl = found.estimates.loglik - given
    free = free_deviance(sample.moments, found.maximum.deviance, len(sample.within))
    measures: dict[str, float] = {
        "npar": npar,
        "fmin": 0.5 * free / n,
        **_statistic("", tested),
        **_statistic("baseline_", baseline),
        **_compared(tested, baseline),
        "logl": logl,
        "unrestricted_logl": whole.loglik - given,
        **information_criteria(logl, npar, n),
        "ntotal": float(n),
    }
    if scaling is not None:
        measures |= {"scaling_factor_h1": scaling[0], "scaling_factor_h0": scaling[1]}
    measures |= _rmsea(tested, n)
    within, between = _srmr(found, whole)
    measures |= {"srmr": within + between, "srmr_within": within, "srmr_between": between}
    return pd.Series(measures, dtype=np.float64)


def _statistic(prefix: str, tested: Tested) -> dict[str, float]:
    found = {
        f"{prefix}chisq": tested.chisq,
        f"{prefix}df": float(tested.df),
        f"{prefix}pvalue": pvalue(tested.chisq, tested.df),
    }
    if tested.scaled is not None:
        found |= {
            f"{prefix}chisq_scaled": tested.scaled.chisq,
            f"{prefix}df_scaled": tested.scaled.df,
            f"{prefix}pvalue_scaled": pvalue(tested.scaled.chisq, tested.scaled.df),
            f"{prefix}chisq_scaling_factor": tested.scaled.scaling,
        }
    return found


def _compared(tested: Tested, baseline: Tested) -> dict[str, float]:
    found = incremental(tested.plain, baseline.plain)
    if tested.scaled is None or baseline.scaled is None:
        return found
    scaled = incremental(tested.corrected, baseline.corrected)
    robust = incremental(tested.robust, baseline.robust)
    found |= {f"{name}_scaled": value for name, value in scaled.items()}
    return found | {f"{name}_robust": robust[name] for name in ("cfi", "tli", "nnfi", "rni")}


def _rmsea(tested: Tested, n: int) -> dict[str, float]:
    kinds: list[tuple[str, Statistic, Statistic | None]] = [("", tested.plain, None)]
    if tested.scaled is not None:
        kinds += [
            ("_scaled", tested.approximate, None),
            ("_robust", tested.robust, tested.reference),
        ]
    found = {"rmsea_ci_level": LEVEL, "rmsea_close_h0": CLOSE, "rmsea_notclose_h0": DISTANT}
    for name, kind, reference in kinds:
        part = rmsea(kind, n, 1, reference=reference, level=LEVEL, close=CLOSE, distant=DISTANT)
        found |= {f"{key}{name}": value for key, value in part.items()}
    return found


def _given_loglik(specification: Specification, sample: TwoLevelSample) -> float:
    """Log-likelihood of exogenous variables, on which the model's is conditional.

    As lavaan has it: of persons as if they were independent, and of clusters' means.
    """
    counts = np.bincount(sample.codes)
    sums = np.zeros((len(counts), len(sample.names)))
    np.add.at(sums, sample.codes, sample.values)
    total = 0.0
    for block, values in zip(
        specification.blocks, (sample.values, sums / counts[:, None]), strict=True
    ):
        if block.exogenous:
            places = [sample.names.index(name) for name in block.exogenous]
            own = values[:, places] - values[:, places].mean(axis=0)
            spread = own.T @ own / len(own)
            total += normal_loglik(spread, spread, len(own))
    return total


def _srmr(found: TwoLevelEstimate, whole: Unrestricted) -> Sequence[float]:
    """Root mean squares of the residual correlations of each level."""
    values = []
    for layout, observed in zip(found.model.model.layouts, whole.covariances, strict=True):
        spread = implied(matrices(layout, found.estimates.parameters)).spread
        inside = np.tril_indices(len(spread))
        rest = (_correlations(observed) - _correlations(spread))[inside]
        values.append(float(np.sqrt(rest @ rest / len(rest))))
    return values


def _correlations(spread: FloatArray) -> FloatArray:
    """Give correlations; NaN where a variance is not positive."""
    own = np.diag(spread)
    root = np.sqrt(np.where(own > 0, own, np.nan))
    return np.asarray(spread / np.outer(root, root))
