"""The model that others are compared with: nothing covaries but exogenous variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from trustmeasure.confirmatory.constrained import estimate_within
from trustmeasure.confirmatory.estimation import Data, statistic_factor
from trustmeasure.confirmatory.fit_measures import Tested, degrees_of_freedom
from trustmeasure.confirmatory.incomplete_fit import Informed, corrected, saturated_trace
from trustmeasure.confirmatory.inference import infer
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import specify


def fit_baseline(
    table: ParameterTable,
    samples: Samples,
    prepared: Data,
    known: Sequence[Informed] | None,
    *,
    errors: str,
    test: str,
    means: bool,
) -> Tested:
    """Fit the model in which no variable but the exogenous ones covaries with another."""
    if prepared.estimator == "ML" and prepared.patterns is None and test == "standard":
        return _plain_baseline(table, prepared)
    baseline_table = _independence_table(table, means)
    specification = specify(baseline_table)
    df = degrees_of_freedom(specification, means=means)
    found, _ = estimate_within(specification, samples, prepared)
    inference = infer(
        specification, found, prepared, samples, errors=errors, test=test, df=df, means=means,
        saturated=None if known is None else saturated_trace(known),
    )  # fmt: skip
    complete = None if known is None else corrected(found, prepared, samples, df, known)
    return Tested(found.chisq, df, inference.scaled, complete)


def _plain_baseline(table: ParameterTable, prepared: Data) -> Tested:
    """Give the likelihood ratio of complete data, which needs no search.

    The model's variances, and covariances of exogenous variables, are the observed ones.
    """
    exogenous = table.names("ov.x")
    discrepancy, df = 0.0, 0
    for group, sample in enumerate(prepared.samples, start=1):
        names = table.names("ov", group=group)
        given = np.array([names.index(name) for name in exogenous], dtype=np.intp)
        inner = sample.covariance[np.ix_(given, given)]
        alone = np.delete(sample.covariance.diagonal(), given)
        apart = np.log(alone).sum() + np.linalg.slogdet(inner)[1]
        discrepancy += sample.n * float(apart - np.linalg.slogdet(sample.covariance)[1])
        df += (len(names) * (len(names) - 1) - len(given) * (len(given) - 1)) // 2
    return Tested(statistic_factor(prepared) * discrepancy / prepared.n, df, None)


def _independence_table(table: ParameterTable, means: bool) -> ParameterTable:
    """Write the independence model as a table: variances (and means) free, exogenous ones given.

    Exogenous variables that are not given covary freely.
    """
    rows: list[Parameter] = []
    free = 0
    exogenous = table.names("ov.x")
    given = {row.lhs for row in table.parameters if row.exo and row.lhs == row.rhs}
    for group in range(1, table.n_groups + 1):
        names = table.names("ov", group=group)
        pairs = [(name, name) for name in names]
        pairs += [(a, b) for i, a in enumerate(exogenous) for b in exogenous[:i]]
        for a, b in pairs:
            exo = a in given and b in given
            free += not exo
            # Least squares would else give a baseline with negative variances.
            least = 0.0 if a == b else -np.inf
            rows.append(
                Parameter(a, "~~", b, group=group, free=0 if exo else free, exo=exo, lower=least)
            )
        for name in names if means else ():
            exo = name in given
            free += not exo
            rows.append(Parameter(name, "~1", "", group=group, free=0 if exo else free, exo=exo))
    return replace(table, parameters=tuple(rows), constraints=(), definitions=())
