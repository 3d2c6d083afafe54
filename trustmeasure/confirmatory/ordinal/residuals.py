"""What a model of ordered items leaves of thresholds and correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution
from trustmeasure.confirmatory.residuals import (
    KINDS,
    ModelResiduals,
    joined_matrices,
    joined_series,
    over_errors,
    plain_residuals,
)
from trustmeasure.kernels.fit_indices import Residuals
from trustmeasure.kernels.ordinal_indices import implied_covariance
from trustmeasure.kernels.ordinal_information import residual_variances_of_moments
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, Shape
from trustmeasure.kernels.ordinal_structure import OrdinalImplied

FloatArray = NDArray[np.float64]
# Of covariances, means, thresholds and slopes.
Part = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def ordinal_residuals(
    solution: OrdinalSolution,
    labels: Sequence[Any],
    settings: Mapping[str, Any],
    *,
    n_dropped: int,
    kind: str,
) -> ModelResiduals:
    """Compute residuals; see `OrdinalStructuralModel.residuals`."""
    check_option("kind", kind, KINDS)
    groups = list(zip(solution.moments, solution.implied, strict=True))
    if kind in ("raw", "correlation"):
        parts = [_plain(moments, implied, kind) for moments, implied in groups]
    else:
        parts = [
            _scaled(moments, implied, variances)
            for (moments, implied), variances in zip(
                groups, _variances(solution, kind), strict=True
            )
        ]
    names = [block.observed for block in solution.specification.base.blocks]
    shapes = solution.specification.shapes
    cuts = [threshold_names(own, shape) for own, shape in zip(names, shapes, strict=True)]
    numeric = [[own[j] for j in shape.continuous] for own, shape in zip(names, shapes, strict=True)]
    return ModelResiduals(
        n=solution.n,
        n_dropped=n_dropped,
        kind=kind,
        cov=joined_matrices(names, labels, [part[0] for part in parts]),
        mean=joined_series(numeric, labels, [part[1] for part in parts]) if numeric[0] else None,
        thresholds=joined_series(cuts, labels, [part[2] for part in parts]),
        slopes=_joined_slopes(solution, labels, [part[3] for part in parts]),
        settings={"kind": kind, "estimator": settings["estimator"]},
    )


def _joined_slopes(
    solution: OrdinalSolution, labels: Sequence[Any], parts: Sequence[FloatArray]
) -> pd.DataFrame | None:
    specification = solution.specification
    frames = [
        pd.DataFrame(part, index=list(block.observed), columns=list(given))
        for part, block, given in zip(
            parts, specification.base.blocks, specification.given, strict=True
        )
    ]
    if not len(frames[0].columns):
        return None
    return frames[0] if len(frames) == 1 else pd.concat(frames, keys=list(labels))


def slopes_of(shape: Shape, moments: FloatArray) -> FloatArray:
    """Take the slopes (p, n_given) out of moments (q,)."""
    return moments[shape.slopes].reshape(shape.n_given, len(shape.categories)).T


def threshold_names(observed: Sequence[str], shape: Shape) -> list[str]:
    """Name the thresholds of a group, as "item|t1"."""
    variables = shape.cut[shape.ordered[shape.cut]]
    first = np.searchsorted(variables, variables)
    numbers = np.arange(len(variables)) - first + 1
    return [f"{observed[j]}|t{number}" for j, number in zip(variables, numbers, strict=True)]


def _plain(moments: OrdinalMoments, implied: OrdinalImplied, kind: str) -> Part:
    shape = moments.shape
    by_cut = shape.ordered[shape.cut]
    rest = (moments.moments - implied.moments)[: len(shape.cut)]
    found, _ = plain_residuals(
        Residuals(
            observed=moments.covariance,
            implied=implied_covariance(shape, implied.moments),
            observed_mean=None,
            implied_mean=None,
            n=moments.n,
        ),
        kind,
    )
    # Moments hold means with the other sign.
    means = 0.0 - rest[~by_cut]
    if kind == "correlation":
        means = means / np.sqrt(np.diag(moments.covariance)[shape.continuous])
    slopes = slopes_of(shape, moments.moments - implied.moments)
    return found, means, rest[by_cut], slopes


def _scaled(moments: OrdinalMoments, implied: OrdinalImplied, variances: FloatArray) -> Part:
    shape = moments.shape
    by_cut = shape.ordered[shape.cut]
    found = over_errors(moments.moments - implied.moments, variances)
    level = found[: len(shape.cut)]
    matrix = implied_covariance(shape, found)
    ordered = np.flatnonzero(shape.ordered)
    matrix[ordered, ordered] = 0.0
    return matrix, 0.0 - level[~by_cut], level[by_cut], slopes_of(shape, found)


def _variances(solution: OrdinalSolution, kind: str) -> list[FloatArray]:
    """Give the variances of each group's residuals, or of its moments alone."""
    if kind == "normalized":
        return [group.variances / group.n for group in solution.moments]
    spreads = [
        np.diag(group.variances) if group.spread is None else group.spread
        for group in solution.moments
    ]
    return residual_variances_of_moments(
        solution.model, solution.samples, spreads, solution.reduced
    )
