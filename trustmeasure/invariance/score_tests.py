"""Which equality fits worst: a score test for each parameter that a level holds equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.invariance.designs import Design
from trustmeasure.kernels.constraint_tests import adjusted, axes, release_tests
from trustmeasure.kernels.fit_indices import pvalue
from trustmeasure.kernels.moment_fit import Sample, score
from trustmeasure.kernels.pattern_fit import gradient_and_information, observed_information

FloatArray = NDArray[np.float64]


def score_tests(
    design: Design, fitted: StructuralModel, names: Sequence[str], *, correction: str
) -> pd.DataFrame:
    """Test the equality of each named parameter over all occasions, worst first.

    One row a parameter that is held equal: chisq, df, pvalue, p_adjusted, and the expected
    change: how far the parameter of the occasion that differs most would move away from the
    reference's.
    """
    sets = equal_sets(design, fitted, names)
    gradient, information = slopes_of(fitted)
    kept = fitted.fitted
    n = kept.data.n - (len(kept.data.samples) if kept.data.estimator != "ML" else 0)
    basis = kept.estimates.model.basis
    apart = [axes(places[1:], len(gradient)) for places in sets.values()]
    found = release_tests(gradient, information, basis, apart, n)
    # lavaan scales its modification indices alike where the statistic is scaled.
    scaling = float(fitted.fit.get("chisq_scaling_factor", 1.0) or 1.0)
    changes = [
        change[places[1:]] - change[places[0]]
        for change, places in zip(found.changes, sets.values(), strict=True)
    ]
    return tests_frame(list(sets), found.chisq / scaling, found.df, changes, correction)


def tests_frame(
    names: Sequence[str],
    chisq: FloatArray,
    df: NDArray[np.intp],
    changes: Sequence[FloatArray],
    correction: str,
) -> pd.DataFrame:
    """Put score tests into a frame, worst first; of the changes the largest is shown."""
    values = np.array(
        [pvalue(one, int(own)) if np.isfinite(one) else np.nan
         for one, own in zip(chisq, df, strict=True)], dtype=np.float64
    )  # fmt: skip
    table = pd.DataFrame(
        {
            "chisq": chisq,
            "df": df,
            "pvalue": values,
            "p_adjusted": adjusted(values, correction),
            "expected_change": [
                float(one[np.abs(one).argmax()]) if np.isfinite(one).all() else np.nan
                for one in changes
            ],
        },
        index=pd.Index(list(names), name="parameter", dtype=object),
    )
    # Rounded, so that tests of the same restriction stay in the order of their names.
    keys = pd.DataFrame({"p": values.round(12), "chisq": -np.asarray(chisq).round(6)})
    return table.iloc[keys.sort_values(["p", "chisq"], kind="stable").index]


def equal_sets(
    design: Design, fitted: StructuralModel, names: Sequence[str]
) -> dict[str, NDArray[np.intp]]:
    """Places among the free parameters of each name, where it is held equal over occasions."""
    table = fitted.fitted.specification.table
    basis = fitted.fitted.estimates.model.basis
    rows = design.rows(fitted)
    sets = {}
    for name in names:
        places = [
            table.parameters[rows[name, occasion]].free - 1
            for occasion in range(len(design.labels))
            if (name, occasion) in rows
        ]
        together = len(places) == len(design.labels) and min(places) >= 0
        if together and (basis[places] == basis[places[0]]).all() and basis[places[0]].any():
            sets[name] = np.asarray(places, dtype=np.intp)
    return sets


def slopes_of(fitted: StructuralModel) -> tuple[FloatArray, FloatArray]:
    """Gradient and unit information in all free parameters, as if nothing were held equal."""
    found, data = fitted.fitted.estimates, fitted.fitted.data
    size = len(found.parameters)
    model = replace(found.model, basis=np.eye(size), origin=np.zeros(size))
    if data.patterns is not None:
        gradient, _ = gradient_and_information(model, data.patterns, found.parameters)
        return gradient, observed_information(model, data.patterns, found.parameters)
    samples = [
        Sample(
            sample.covariance[None],
            None if sample.mean is None else sample.mean[None],
            sample.n,
            sample.weight,
        )
        for sample in data.samples
    ]
    gradient, information = score(model, samples, found.parameters[None], data.estimator)
    return np.asarray(gradient[0]), np.asarray(information[0])
