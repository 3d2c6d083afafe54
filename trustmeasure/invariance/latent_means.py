"""Differences of latent means to the reference, in units of the model and standardised."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.reporting import delta_errors
from trustmeasure.invariance.designs import Design, Measured, point_of

FloatArray = NDArray[np.float64]

COLUMNS = ("reference", "n", "n_reference", "difference", "se", "z", "pvalue", "ci_low",
           "ci_high", "d", "d_low", "d_high")  # fmt: skip


def no_means() -> pd.DataFrame:
    """Give the empty frame, where no level frees latent means."""
    index = pd.MultiIndex.from_arrays([[], []], names=["factor", "occasion"])
    return pd.DataFrame(columns=list(COLUMNS), index=index, dtype=np.float64)


def latent_means(design: Design, fitted: StructuralModel, conf_level: float) -> pd.DataFrame:
    """Compare each factor's mean with the reference's, the first occasion.

    ``d`` divides by the latent standard deviation, its variance pooled over the two occasions
    with their persons as weights; intervals by the delta method.
    """
    from scipy.special import ndtr, ndtri

    point, covariance = point_of(fitted)
    measured = design.measured(fitted, point)
    factors = [name for name in measured[0].factors if name in design.factors]

    def gaps(points: FloatArray) -> FloatArray:
        return np.concatenate(
            [np.concatenate(_gaps(part, points_first), axis=-1)
             for points_first, *rest in [design.measured(fitted, points)] for part in rest],
            axis=-1,
        )  # fmt: skip

    values, errors = gaps(point), delta_errors(gaps, point, covariance)
    size, half = len(measured[0].factors), float(ndtri(0.5 + conf_level / 2))
    rows, index = [], []
    for place, (label, part) in enumerate(zip(design.labels[1:], measured[1:], strict=True)):
        for factor in factors:
            at = 2 * size * place + part.factors.index(factor)
            difference, se = float(values[at]), float(errors[at])
            d, se_d = float(values[at + size]), float(errors[at + size])
            z = difference / se if se > 0 else np.nan
            index.append((factor, label))
            rows.append(
                {
                    "reference": design.labels[0], "n": part.n, "n_reference": measured[0].n,
                    "difference": difference, "se": se, "z": z,
                    "pvalue": 2 * float(ndtr(-abs(z))),
                    "ci_low": difference - half * se, "ci_high": difference + half * se,
                    "d": d, "d_low": d - half * se_d, "d_high": d + half * se_d,
                }
            )  # fmt: skip
    names = ["factor", design.kind]
    frame = pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=names))
    order = {factor: place for place, factor in enumerate(factors)}
    return frame.sort_index(level="factor", key=lambda k: k.map(order), kind="stable",
                            sort_remaining=False)  # fmt: skip


def _gaps(part: Measured, first: Measured) -> tuple[FloatArray, FloatArray]:
    """Differences of means, plain and over the pooled standard deviation."""
    gap = part.level - first.level
    variance = part.spread.diagonal(axis1=-2, axis2=-1)
    base = first.spread.diagonal(axis1=-2, axis2=-1)
    pooled = (part.n * variance + first.n * base) / (part.n + first.n)
    return gap, gap / np.sqrt(np.maximum(pooled, 1e-12))
