"""Structures of the two covariance matrices of clustered data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.single_factor import fit_single_factor

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Saturated:
    """Both matrices free: θ holds their lower triangles, row by row."""

    p: int

    def start(self, within: FloatArray, between: FloatArray) -> FloatArray:
        """Give the triangles of the two matrices."""
        lower = np.tril_indices(self.p)
        return np.concatenate([within[lower], between[lower]])

    def matrices(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give Σ_w and Σ_b."""
        first, second = np.split(theta, 2)
        return unfold(first, self.p), unfold(second, self.p)

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Give the identity."""
        return np.eye(len(theta))

    def units(self, scale: FloatArray) -> FloatArray:
        """Give the products of two scales."""
        i, j = np.tril_indices(self.p)
        return np.tile(scale[i] * scale[j], 2)


@dataclass(frozen=True)
class OneFactorEach:
    """One factor with variance 1 on each level: θ holds λ_w, θ_w, λ_b, θ_b, each (p,)."""

    p: int

    def start(self, within: FloatArray, between: FloatArray) -> FloatArray:
        """Fit each matrix by itself."""
        parts = []
        for matrix in (within, between):
            fit = fit_single_factor(matrix[None], max_iterations=50)
            loadings, unique = fit.loadings[0], fit.uniquenesses[0]
            # The start must be proper; where the search goes from there is free.
            floor = 0.1 * np.diag(matrix)
            parts += [np.clip(loadings, -2, 2), np.maximum(unique, floor)]
        return np.concatenate(parts)

    def matrices(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give Σ_w and Σ_b."""
        lw, uw, lb, ub = np.split(theta, 4)
        return np.outer(lw, lw) + np.diag(uw), np.outer(lb, lb) + np.diag(ub)

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Give the derivatives of the lower triangles."""
        lw, _, lb, _ = np.split(theta, 4)
        p, half = self.p, self.p * (self.p + 1) // 2
        jacobian = np.zeros((2 * half, 4 * p))
        for level, loadings in enumerate((lw, lb)):
            block = jacobian[level * half : (level + 1) * half, level * 2 * p : (level + 1) * 2 * p]
            i, j = np.tril_indices(p)
            rows = np.arange(half)
            np.add.at(block, (rows, i), loadings[j])
            np.add.at(block, (rows, j), loadings[i])
            block[rows[i == j], p + i[i == j]] = 1.0
        return jacobian

    def units(self, scale: FloatArray) -> FloatArray:
        """Give the scales for loadings, their squares for uniquenesses."""
        return np.tile(np.concatenate([scale, scale**2]), 2)


@dataclass(frozen=True)
class OneFactorWithin:
    """One factor within, Σ_b free: θ holds λ_w, θ_w, and the lower triangle of Σ_b."""

    p: int

    def start(self, within: FloatArray, between: FloatArray) -> FloatArray:
        """Fit the matrix within, and take the other as it is."""
        first = OneFactorEach(self.p).start(within, between)[: 2 * self.p]
        return np.concatenate([first, between[np.tril_indices(self.p)]])

    def matrices(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give Σ_w and Σ_b."""
        loadings, unique, between = np.split(theta, [self.p, 2 * self.p])
        return np.outer(loadings, loadings) + np.diag(unique), unfold(between, self.p)

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Give the derivatives of the lower triangles."""
        half, both = self.p * (self.p + 1) // 2, 2 * self.p
        jacobian = np.zeros((2 * half, both + half))
        factor = OneFactorEach(self.p).jacobian(np.tile(theta[:both], 2))
        jacobian[:half, :both] = factor[:half, :both]
        jacobian[half:, both:] = np.eye(half)
        return jacobian

    def units(self, scale: FloatArray) -> FloatArray:
        """Give the scales for loadings, their products for variances and covariances."""
        i, j = np.tril_indices(self.p)
        return np.concatenate([scale, scale**2, scale[i] * scale[j]])


def unfold(lower: FloatArray, p: int) -> FloatArray:
    """Put a lower triangle into a symmetric matrix."""
    matrix = np.zeros((p, p))
    matrix[np.tril_indices(p)] = lower
    return np.asarray(matrix + np.tril(matrix, -1).T)
