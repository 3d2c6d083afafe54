"""Expected answers to ordered items, and what differences of measurement do to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.measurement_bias import ItemBias

FloatArray = NDArray[np.float64]

# Nodes of the rule by which expectations over persons are taken, in each direction.
NODES = 61


@dataclass(frozen=True)
class OrdinalMeasurement:
    """How p items measure m factors in one group.

    Attributes
    ----------
    loadings : ndarray, shape (…, p, m)
    intercepts : ndarray, shape (…, p)
    thresholds : ndarray, shape (…, p, k)
        Padded with any finite value where an item has fewer.
    deviations : ndarray, shape (…, p)
        Residual standard deviations of the variables behind.
    steps : ndarray, shape (p, k)
        By how much answers rise at each threshold; 0 where there is none.
    """

    loadings: FloatArray
    intercepts: FloatArray
    thresholds: FloatArray
    deviations: FloatArray
    steps: FloatArray

    def expected(self, reach: FloatArray, noise: FloatArray | None = None) -> FloatArray:
        """Give expected answers above the lowest where λ'η is ``reach`` (…, p).

        E = Σₖ stepₖ Φ((ν + λ'η − τₖ)/√θ). With ``noise`` (…, p) that standard deviation is taken
        instead of √θ, so that expectations over normal λ'η have its variance added.
        """
        from scipy.special import ndtr

        spread = self.deviations if noise is None else noise
        above = (self.intercepts + reach)[..., None] - self.thresholds
        return np.asarray((self.steps * ndtr(above / spread[..., None])).sum(axis=-1))

    def average(self, level: FloatArray, covariance: FloatArray) -> FloatArray:
        """Give expected answers over normal factors with means (…, m), covariances (…, m, m)."""
        reach = (self.loadings @ level[..., None])[..., 0]
        shared = np.einsum("...pm,...mk,...pk->...p", self.loadings, covariance, self.loadings)
        return self.expected(reach, np.sqrt(self.deviations**2 + shared))


def ordinal_bias(
    reference: OrdinalMeasurement,
    focal: OrdinalMeasurement,
    level: FloatArray,
    covariance: FloatArray,
) -> ItemBias:
    """Integrate differences of expected answers, focal less reference, over the focal group.

    Factors are normal with means (…, m) and covariances (…, m, m). What an item takes from them
    in the two groups, λ_F'η and λ_R'η, are two normal variables, which are one where each item
    belongs to one factor; the rule of Gauss and Hermite has nodes for both.
    """
    root = np.linalg.cholesky(covariance)
    own, other = focal.loadings @ root, reference.loadings @ root
    length = np.sqrt((own**2).sum(axis=-1))
    size = np.sqrt((other**2).sum(axis=-1))
    along = (own * other).sum(axis=-1) / np.where(length > 0, length, 1.0)
    across = np.sqrt(np.maximum(size**2 - along**2, 0.0))
    first, weight = _rule(NODES)
    flat = bool((across <= 1e-7 * np.maximum(size, 1e-300)).all())
    second, besides = (np.zeros(1), np.ones(1)) if flat else _rule(NODES)
    at = (focal.loadings @ level[..., None])[..., 0]
    base = (reference.loadings @ level[..., None])[..., 0]
    mean, square = np.zeros(at.shape), np.zeros(at.shape)
    for z, w in zip(first, weight, strict=True):
        here = focal.expected(at + length * z)
        for y, v in zip(second, besides, strict=True):
            gap = here - reference.expected(base + along * z + across * y)
            mean += w * v * gap
            square += w * v * gap**2
    return ItemBias(mean=mean, square=square)


def _rule(count: int) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights of expectations over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()
