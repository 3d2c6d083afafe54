"""How much of a difference between nested models is chance, where statistics are scaled.

The parameters of the restricted model move its moments along some directions, those of the
general model along more. What the restriction takes away are directions A of the general
model's parameters; a difference of statistics is distributed as a weighted sum of as many
squares, of which mean and variance follow from two traces (Satorra, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.sandwich import scaled_inverse

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class DifferenceTraces:
    """tr(UΓ) and tr((UΓ)²) of a difference, and how many directions the restriction takes."""

    first: float
    second: float
    rank: int


def carried_over(general: FloatArray, restricted: FloatArray) -> FloatArray:
    """Express moves of the restricted model in parameters of the general one (k₁, k₀).

    Both are derivatives of the same moments, (q, k₁) and (q, k₀), each at its own estimates, so
    that this is what plain least squares make of it.
    """
    found, *_ = np.linalg.lstsq(general, restricted, rcond=1e-8)
    return np.asarray(found)


def difference_traces(
    information: FloatArray, meat: FloatArray, carried: FloatArray
) -> DifferenceTraces:
    """Compute the traces from the general model's reduced parameters.

    ``information`` (k₁, k₁) is Δ'VΔ and ``meat`` Δ'VΓVΔ, summed over groups by their shares;
    ``carried`` (k₁, k₀) are the directions that the restricted model keeps.
    """
    left, size, _ = np.linalg.svd(carried)
    kept = int((size > 1e-7 * max(float(size[0]), 1e-300)).sum()) if len(size) else 0
    lost = left[:, kept:].T
    inverse = scaled_inverse(information)
    through = lost @ inverse
    middle = through.T @ np.linalg.pinv(through @ lost.T, hermitian=True) @ through
    product = middle @ meat
    return DifferenceTraces(
        first=float(np.trace(product)),
        second=float((product * product.T).sum()),
        rank=len(lost),
    )
