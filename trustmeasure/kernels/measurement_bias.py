"""How much a difference of measurement between two groups changes their answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ItemBias:
    """Bias of linear items at the latent distribution of the focal group.

    Attributes
    ----------
    mean : ndarray, shape (…, p)
        Expected answer of the focal group less that which it would have with the reference
        group's loadings and intercepts.
    square : ndarray, shape (…, p)
        Expected square of that difference over persons of the focal group.
    """

    mean: FloatArray
    square: FloatArray


def item_bias(
    loadings: FloatArray, intercepts: FloatArray, level: FloatArray, spread: FloatArray
) -> ItemBias:
    """Integrate differences of loadings (…, p, m) and intercepts (…, p), focal less reference.

    Latent variables of the focal group are normal with means (…, m) and covariances (…, m, m),
    so that E(Δν + Δλ'η) = Δν + Δλ'α, and the expected square is its square plus Δλ'ΦΔλ.
    """
    mean = intercepts + (loadings @ level[..., None])[..., 0]
    square = mean**2 + np.einsum("...pm,...mk,...pk->...p", loadings, spread, loadings)
    return ItemBias(mean=mean, square=square)


def pooled_deviation(
    reference: FloatArray, focal: FloatArray, n_reference: float, n_focal: float
) -> FloatArray:
    """Pool standard deviations with divisors n − 1."""
    total = (n_reference - 1) * reference**2 + (n_focal - 1) * focal**2
    return np.asarray(np.sqrt(total / (n_reference + n_focal - 2)))
