"""Two-level models fitted to resampled clusters, one resample after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.moment_replicates import Replicates
from trustmeasure.kernels.two_level import cluster_moments
from trustmeasure.kernels.two_level_models import TwoLevelModel, fit_two_level_model

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


def fit_cluster_replicates(
    model: TwoLevelModel, values: FloatArray, codes: IntArray, draws: IntArray, start: FloatArray
) -> Replicates:
    """Fit a model to clusters drawn from the answers (n, p), from the same start (k,).

    ``codes`` (n,) number the clusters from 0 without gaps; ``draws`` (b, J) name those of each
    replicate. A cluster that is drawn twice counts as two.
    """
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    members = np.split(order, np.cumsum(sizes)[:-1])
    found = []
    for drawn in draws:
        rows = np.concatenate([members[one] for one in drawn])
        again = np.repeat(np.arange(len(drawn)), sizes[drawn])
        moments = cluster_moments(values[rows], again)
        found.append(fit_two_level_model(model, moments, start, observed=False))
    return Replicates(
        parameters=model.model.expand(np.array([one.reduced for one in found])),
        discrepancy=np.array([one.deviance for one in found]),
        converged=np.array([one.converged and np.isfinite(one.deviance) for one in found]),
    )
