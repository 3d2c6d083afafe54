"""All indices of fit, under lavaan's names with dots as underscores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import (
    Data,
    Estimates,
    normal_loglik,
    statistic_factor,
)
from trustmeasure.confirmatory.inference import Scaled
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Block, Specification
from trustmeasure.kernels.fit_indices import (
    Residuals,
    Statistic,
    further,
    goodness,
    incremental,
    information_criteria,
    pvalue,
    rmsea,
    root_mean_squares,
)
from trustmeasure.kernels.moment_fit import Sample
from trustmeasure.kernels.pattern_moments import PatternStack, pairwise_moments, pattern_terms
from trustmeasure.kernels.structural import implied, matrices

FloatArray = NDArray[np.float64]

CLOSE, DISTANT, LEVEL = 0.05, 0.08, 0.90


@dataclass(frozen=True)
class Tested:
    """A model's statistic, plain and scaled, with its degrees of freedom.

    ``complete`` is what it would be were no answer missing, where some are.
    """

    chisq: float
    df: int
    scaled: Scaled | None
    complete: Statistic | None = None

    @property
    def plain(self) -> Statistic:
        """The statistic as if data were normal."""
        return Statistic(self.chisq, self.df)

    @property
    def corrected(self) -> Statistic:
        """The scaled statistic, taken at face value."""
        if self.scaled is None:
            return self.plain
        return Statistic(self.scaled.chisq, self.scaled.df)

    @property
    def robust(self) -> Statistic:
        """The plain statistic with the factor that its mean is too large by."""
        if self.complete is not None:
            return self.complete
        if self.scaled is None:
            return self.plain
        factor = self.scaled.scaling
        if self.scaled.shift:
            factor *= (self.df - self.scaled.shift) / self.df
        return Statistic(self.chisq, self.df, factor)

    @property
    def approximate(self) -> Statistic:
        """What the scaled RMSEA is taken from: the factor goes to the degrees of freedom."""
        if self.scaled is None:
            return self.plain
        if self.scaled.shift:
            return self.corrected
        return Statistic(self.chisq, self.scaled.scaling * self.scaled.df)

    @property
    def reference(self) -> Statistic:
        """The scaled statistic, with the factor that leads back from it."""
        if self.complete is not None:
            factor = self.complete.scaling
            return Statistic(self.complete.chisq / factor, self.complete.df, factor)
        if self.scaled is None:
            return self.plain
        return Statistic(self.scaled.chisq, self.df, self.scaled.scaling)


def degrees_of_freedom(specification: Specification, *, means: bool, n_equal: int = 0) -> int:
    """Moments that the model explains, less the parameters that it takes.

    ``n_equal`` are equalities that are not linear, so that they do not reduce the parameters.
    """
    moments = sum(n_moments(block.observed, block.exogenous, means=means)
                  for block in specification.blocks)  # fmt: skip
    return moments - int(specification.basis.shape[1]) + n_equal


def n_moments(observed: Sequence[str], exogenous: Sequence[str], *, means: bool) -> int:
    """Moments of one group, without those of exogenous variables, which are not modelled."""

    def count(size: int) -> int:
        return size * (size + 1) // 2 + (size if means else 0)

    return count(len(observed)) - count(len(exogenous))


def fit_measures(
    specification: Specification,
    found: Estimates,
    data: Data,
    samples: Samples,
    tested: Tested,
    baseline: Tested,
    *,
    means: bool,
    scaling: tuple[float, float] | None,
) -> pd.Series:
    """Compute every index that the estimator allows."""
    groups = len(samples.groups)
    n_statistic = statistic_factor(data)
    npar = specification.basis.shape[1] - found.n_equal
    measures: dict[str, float] = {
        "npar": npar,
        "fmin": _minimum(found, tested.chisq, data),
        "chisq": tested.chisq,
        "df": tested.df,
        # Unweighted least squares alone has no χ² distribution.
        "pvalue": math.nan if data.estimator == "ULS" else pvalue(tested.chisq, tested.df),
    }
    if tested.scaled is not None:
        measures |= {
            "chisq_scaled": tested.scaled.chisq,
            "df_scaled": tested.scaled.df,
            "pvalue_scaled": pvalue(tested.scaled.chisq, tested.scaled.df),
            "chisq_scaling_factor": tested.scaled.scaling,
        }
    measures |= _baseline(baseline)
    if data.estimator == "ULS":
        measures["baseline_pvalue"] = math.nan
    measures |= _incremental(tested, baseline)
    measures |= _likelihood(specification, found, samples, npar)
    if scaling is not None:
        measures |= {"scaling_factor_h1": scaling[0], "scaling_factor_h0": scaling[1]}
    measures |= _rmsea(tested, n_statistic, groups)
    residuals = residual_moments(specification, found, data, samples, means=means)
    measures |= root_mean_squares(residuals)
    measures |= further(tested.plain, n_statistic, npar)
    moments = sum(n_moments(block.observed, (), means=means) for block in specification.blocks)
    measures |= goodness(_unexplained(specification, data, samples, residuals), tested.df, moments)
    return pd.Series(list(measures.values()), index=list(measures), dtype=np.float64)


def _minimum(found: Estimates, chisq: float, data: Data) -> float:
    """Half the discrepancy, as lavaan counts persons."""
    if data.wishart:
        return (found.saturated_loglik - found.loglik) / data.n
    return 0.5 * chisq / data.n


def _baseline(baseline: Tested) -> dict[str, float]:
    found = {
        "baseline_chisq": baseline.chisq,
        "baseline_df": float(baseline.df),
        "baseline_pvalue": pvalue(baseline.chisq, baseline.df),
    }
    if baseline.scaled is not None:
        found |= {
            "baseline_chisq_scaled": baseline.scaled.chisq,
            "baseline_df_scaled": baseline.scaled.df,
            "baseline_pvalue_scaled": pvalue(baseline.scaled.chisq, baseline.scaled.df),
            "baseline_chisq_scaling_factor": baseline.scaled.scaling,
        }
    return found


def _incremental(tested: Tested, baseline: Tested) -> dict[str, float]:
    found = incremental(tested.plain, baseline.plain)
    if tested.scaled is not None and baseline.scaled is not None:
        corrected = incremental(tested.corrected, baseline.corrected)
        found |= {f"{name}_scaled": value for name, value in corrected.items()}
    elif tested.complete is None or baseline.complete is None:
        return found
    corrected = incremental(tested.robust, baseline.robust)
    found |= {f"{name}_robust": corrected[name] for name in ("cfi", "tli", "nnfi", "rni")}
    return found


def _likelihood(
    specification: Specification, found: Estimates, samples: Samples, npar: int
) -> dict[str, float]:
    if math.isnan(found.loglik):
        return {}
    # Exogenous variables are conditioned on, so their own likelihood is no part of the model's.
    given = 0.0
    for block, group in zip(specification.blocks, samples.groups, strict=True):
        if block.exogenous:
            places = [block.observed.index(name) for name in block.exogenous]
            spread = group.covariance[np.ix_(places, places)]
            given += normal_loglik(spread, spread, group.n)
    return {
        "logl": found.loglik - given,
        "unrestricted_logl": found.saturated_loglik - given,
        **information_criteria(found.loglik - given, npar, samples.n),
        "ntotal": float(samples.n),
    }


def _rmsea(tested: Tested, n: float, groups: int) -> dict[str, float]:
    found = rmsea(tested.plain, n, groups, level=LEVEL, close=CLOSE, distant=DISTANT)
    found |= {"rmsea_ci_level": LEVEL, "rmsea_close_h0": CLOSE, "rmsea_notclose_h0": DISTANT}
    kinds: list[tuple[str, Statistic, Statistic | None]] = []
    if tested.scaled is not None:
        kinds.append(("scaled", tested.approximate, None))
    if tested.scaled is not None or tested.complete is not None:
        kinds.append(("robust", tested.robust, tested.reference))
    for name, kind, reference in kinds:
        part = rmsea(
            kind, n, groups, reference=reference, level=LEVEL, close=CLOSE, distant=DISTANT
        )
        found |= {f"{key}_{name}": value for key, value in part.items()}
    return found


def residual_moments(
    specification: Specification,
    found: Estimates,
    data: Data,
    samples: Samples,
    *,
    means: bool,
) -> list[Residuals]:
    """Pair the observed moments of each group with the implied ones."""
    pairs = []
    for place, (layout, group) in enumerate(zip(found.model.layouts, samples.groups, strict=True)):
        moments = implied(matrices(layout, found.parameters))
        observed_mean, observed = data.saturated[place]
        if data.estimator != "ML":
            observed = data.samples[place].covariance
        pairs.append(
            Residuals(
                observed=observed,
                implied=moments.spread,
                observed_mean=observed_mean if means else None,
                implied_mean=moments.mean if means else None,
                n=group.n,
            )
        )
    return pairs


def _unexplained(
    specification: Specification,
    data: Data,
    samples: Samples,
    residuals: Sequence[Residuals],
) -> list[float]:
    """Weighted squared residuals of each group over its weighted squared moments.

    Moments of exogenous variables alone are no part of either. Incomplete data weigh by what
    the answers tell of each moment.
    """
    total = sum(group.n for group in residuals)
    shares = []
    if data.estimator == "WLS":
        return [
            sample.n / total * _weighed(block, group, sample)
            for block, group, sample in zip(
                specification.blocks, residuals, data.samples, strict=True
            )
        ]
    if data.patterns is not None:
        for place, (block, group) in enumerate(zip(specification.blocks, residuals, strict=True)):
            values = samples.groups[place].values
            if values is not None:
                left = _untold(block, group, data.patterns[place], values)
                shares.append(group.n / total * left)
        return shares
    for block, group in zip(specification.blocks, residuals, strict=True):
        measure = {"ML": group.implied, "GLS": group.observed}.get(
            data.estimator, np.eye(len(group.observed))
        )
        weight = np.asarray(np.linalg.inv(measure), dtype=np.float64)
        given = [block.observed.index(name) for name in block.exogenous]
        observed = group.observed.copy()
        observed[np.ix_(given, given)] = 0.0
        weighted = _once if data.estimator == "ULS" else _weighted
        rest, whole = (
            weighted(part, weight) for part in (group.observed - group.implied, observed)
        )
        if group.observed_mean is not None and group.implied_mean is not None:
            off = group.observed_mean - group.implied_mean
            mean = group.observed_mean.copy()
            mean[given] = 0.0
            rest += float(off @ weight @ off)
            whole += float(mean @ weight @ mean)
        shares.append(group.n / total * rest / whole)
    return shares


def _weighed(block: Block, group: Residuals, sample: Sample) -> float:
    """Give the share that a group leaves of its moments, weighted as they were fitted."""
    if sample.weight is None:
        return math.nan
    rows, columns = np.tril_indices(len(group.observed))
    observed, rest = group.observed[rows, columns], (group.observed - group.implied)[rows, columns]
    if group.observed_mean is not None and group.implied_mean is not None:
        observed = np.concatenate([observed, group.observed_mean])
        rest = np.concatenate([rest, group.observed_mean - group.implied_mean])
    return float((rest @ sample.weight @ rest) / (observed @ sample.weight @ observed))


def _untold(block: Block, group: Residuals, stack: PatternStack, values: FloatArray) -> float:
    """Give the share that an incomplete group leaves, weighted by the information expected."""
    if group.implied_mean is None:
        raise ValueError("incomplete data have means")
    terms = pattern_terms(stack, group.implied, group.implied_mean, expected=True)
    if terms is None or terms.expected is None:
        return math.nan
    p = len(group.implied)
    rows, columns = np.tril_indices(p)
    outside = np.array([name not in block.exogenous for name in block.observed], dtype=bool)
    kept = np.concatenate([outside[rows] | outside[columns], outside])
    # As in lavaan, the moments observed are those of the answers that each pair has.
    observed = pairwise_moments(values)
    rest = observed - np.concatenate([group.implied[rows, columns], group.implied_mean])
    weight = terms.expected[np.ix_(kept, kept)]
    observed, rest = observed[kept], rest[kept]
    return float((rest @ weight @ rest) / (observed @ weight @ observed))


def _once(part: FloatArray, _: FloatArray) -> float:
    """Sum of squares of the triangle, each moment counted once."""
    return float((part[np.tril_indices(len(part))] ** 2).sum())


def _weighted(part: FloatArray, weight: FloatArray) -> float:
    turned = weight @ part
    return 0.5 * float((turned * turned.T).sum())
