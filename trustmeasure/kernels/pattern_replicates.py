"""Structural models fitted to resamples of incomplete answers, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.descent import Descent, descend
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.moment_replicates import TOLERANCE, Replicates
from trustmeasure.kernels.pattern_fit import (
    deviance,
    fit_patterns,
    gradient_and_information,
    gradient_of,
)
from trustmeasure.kernels.pattern_moments import PatternStack, stack_patterns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Steps with the sample's own information, before the replicate's own is computed at each step.
SHORT = 8


def fit_pattern_replicates(
    model: Model,
    values: Sequence[FloatArray],
    draws: Iterable[Sequence[IntArray]],
    start: FloatArray,
) -> Replicates:
    """Fit a model to rows drawn from each group's answers (n, p), NaN where missing.

    ``draws`` gives the rows of each group, replicate by replicate. Information hardly differs
    between resamples, and costs most: the sample's own, at ``start`` (k,), serves all of them.
    """
    whole = [stack_patterns(group) for group in values]
    information = gradient_and_information(model, whole, start)[1]
    found = [
        _fit(
            model,
            [stack_patterns(own[rows]) for own, rows in zip(values, drawn, strict=True)],
            start,
            information,
        )
        for drawn in draws
    ]
    reduced = np.array([one.point[0] for one in found])
    return Replicates(
        parameters=model.expand(reduced),
        discrepancy=np.array([one.value[0] for one in found]),
        converged=np.array([one.converged[0] for one in found]),
    )


def _fit(
    model: Model, groups: Sequence[PatternStack], start: FloatArray, information: FloatArray
) -> Descent:
    def value(points: FloatArray, _: IntArray) -> FloatArray:
        return np.array([deviance(model, groups, point) for point in points])

    def slope(points: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        return np.stack([gradient_of(model, groups, point) for point in points]), information[None]

    found = descend(value, slope, start[None], tolerance=TOLERANCE, max_iterations=SHORT)
    if found.converged[0]:
        return found
    try:
        return fit_patterns(model, groups, found.point[0], tolerance=TOLERANCE, max_iterations=200)
    except np.linalg.LinAlgError:
        return found
