"""Limits of coefficients that are computed from covariances, from resampled persons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.errors import DataError
from trustmeasure.kernels.bootstrap_intervals import RELIABILITY, corrected_limits, known_spread
from trustmeasure.kernels.resampling import bootstrap_covariances, bootstrap_covariances_pairwise
from trustmeasure.reliability.sample import Sample
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


def resampled_covariances(
    sample: Sample, n_boot: int, generator: np.random.Generator, *, standardized: bool = False
) -> FloatArray:
    """Give covariances (m, k, k) of resampled persons, pairwise where answers are missing.

    Of the ``n_boot`` draws those without common answers to some pair are left out, as are
    those in which an item does not vary.
    """
    draw = bootstrap_covariances if sample.complete else bootstrap_covariances_pairwise
    covariances = np.concatenate(list(draw(sample.values, n_boot, generator)))
    variance = np.diagonal(covariances, axis1=1, axis2=2)
    varied = (variance > 1e-12 * np.diagonal(sample.cov)).all(axis=1)
    usable: FloatArray = covariances[varied & np.isfinite(covariances).all(axis=(1, 2))]
    return to_correlations(usable) if standardized else usable


def to_correlations(covariances: FloatArray) -> FloatArray:
    """Standardise a stack (m, k, k) of items that vary."""
    scale = 1 / np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    correlations: FloatArray = covariances * scale[:, :, None] * scale[:, None, :]
    return correlations


def left_out_note(usable: int, n_boot: int) -> str:
    """Word how many bootstrap samples gave nothing."""
    return (
        f"{n_boot - usable} of {n_boot} bootstrap samples gave no estimate (an item or a sum "
        "without variance, or items that determine each other) and were left out of the "
        "intervals: the sample is very small."
    )


def reliability_limits(
    names: Sequence[str],
    estimates: Sequence[float],
    replicates: FloatArray,
    n_boot: int,
    level: float,
    notes: Notes,
) -> pd.DataFrame:
    """Give ``estimate``, ``se`` and limits of m reliabilities from the replicates of n_boot.

    Limits are normal ones of −ln(1 − r) with the bias of the replicates taken off.
    """
    found = np.asarray(estimates, dtype=np.float64)
    usable = replicates[np.isfinite(replicates).all(axis=1)]
    if len(usable) < 2:
        raise DataError(
            "No bootstrap sample had any variance to share out; the sample is too small for an "
            "interval by resampling."
        )
    if len(usable) < n_boot:
        notes.warn(left_out_note(len(usable), n_boot), stacklevel=4)
    low, high = corrected_limits(found, usable, RELIABILITY, level)
    return pd.DataFrame(
        {"estimate": found, "se": known_spread(usable), "ci_low": low, "ci_high": high},
        index=pd.Index(names, name="coefficient"),
    )
