"""Systems of linear regressions from sums of products, for any number of samples at once.

Variables stand in the columns of a data matrix whose first column is 1. Sums of products
Z'WZ of resampled persons follow from one product of weights with per-person products, so
that replicates need no data of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.resampling import resample_counts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
_CELLS = 2_000_000


@dataclass(frozen=True)
class Equation:
    """One regression: the columns of outcome and predictors (the 1 among them)."""

    outcome: int
    predictors: tuple[int, ...]


def products(data: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Give the products of all columns, a row a person (or cluster), lower triangle only."""
    rows, columns = np.tril_indices(data.shape[1])
    found = data[:, rows] * data[:, columns]
    if cluster is None:
        return found
    sums = np.zeros((int(cluster.max()) + 1, found.shape[1]))
    np.add.at(sums, cluster, found)
    return sums


def squares(flat: FloatArray, k: int) -> FloatArray:
    """Make matrices (…, k, k) of lower triangles (…, k(k + 1)/2)."""
    rows, columns = np.tril_indices(k)
    found = np.empty((*flat.shape[:-1], k, k))
    found[..., rows, columns] = flat
    found[..., columns, rows] = flat
    return found


def regressions(sums: FloatArray, equations: Sequence[Equation]) -> list[FloatArray]:
    """Coefficients (…, predictors) of each equation, from sums of products (…, k, k).

    NaN where a sample leaves predictors that depend on each other.
    """
    found = []
    for equation in equations:
        own = np.array(equation.predictors)
        left = sums[..., own[:, None], own]
        right = sums[..., own, equation.outcome]
        scale = np.sqrt(left.diagonal(axis1=-2, axis2=-1))
        scale = np.where(scale > 0, scale, 1.0)
        even = left / (scale[..., :, None] * scale[..., None, :])
        sound = np.linalg.eigvalsh(even)[..., 0] > 1e-11
        even = np.where(sound[..., None, None], even, np.eye(len(own)))
        solved = np.linalg.solve(even, (right / scale)[..., None])[..., 0] / scale
        found.append(np.where(sound[..., None], solved, np.nan))
    return found


def resampled_sums(terms: FloatArray, n_boot: int, rng: np.random.Generator) -> list[FloatArray]:
    """Give sums of products of replicates, in blocks, of rows drawn with replacement."""
    return [weights @ terms for weights in resample_counts(len(terms), n_boot, rng, cells=_CELLS)]


def left_out_sums(terms: FloatArray) -> FloatArray:
    """Give sums of products without each row in turn."""
    return np.asarray(terms.sum(axis=0) - terms)


def joint_covariance(
    data: FloatArray,
    equations: Sequence[Equation],
    coefficients: Sequence[FloatArray],
    cluster: IntArray | None,
) -> FloatArray:
    """Covariance of all coefficients, equation after equation.

    From residual (co)variances with divisor n, as maximum likelihood gives it; with clusters
    from their summed scores, times G / (G − 1).
    """
    designs = [data[:, list(equation.predictors)] for equation in equations]
    residuals = np.column_stack(
        [
            data[:, equation.outcome] - design @ own
            for equation, design, own in zip(equations, designs, coefficients, strict=True)
        ]
    )
    bread = [np.linalg.inv(design.T @ design) @ design.T for design in designs]
    if cluster is not None:
        influence = np.hstack([(b * residuals[:, i]).T for i, b in enumerate(bread)])
        groups = int(cluster.max()) + 1
        summed = np.zeros((groups, influence.shape[1]))
        np.add.at(summed, cluster, influence)
        return np.asarray(summed.T @ summed * groups / (groups - 1))
    spread = residuals.T @ residuals / len(data)
    blocks = [[spread[i, j] * a @ b.T for j, b in enumerate(bread)] for i, a in enumerate(bread)]
    return np.asarray(np.block(blocks))


def chain_products(
    coefficients: FloatArray, chains: Sequence[Sequence[int]]
) -> tuple[FloatArray, FloatArray]:
    """Products of coefficients (…, k) along chains, (…, c), and their slopes (…, c, k)."""
    lead, k = coefficients.shape[:-1], coefficients.shape[-1]
    values = np.empty((*lead, len(chains)))
    slopes = np.zeros((*lead, len(chains), k))
    for c, chain in enumerate(chains):
        parts = coefficients[..., list(chain)]
        values[..., c] = parts.prod(axis=-1)
        for place, which in enumerate(chain):
            others = np.delete(parts, place, axis=-1)
            slopes[..., c, which] += others.prod(axis=-1)
    return values, slopes


def significance_limits(slope: FloatArray, covariance: FloatArray, critical: float) -> FloatArray:
    """Values of a moderator at which a slope b₁ + b₃w is just significant (Johnson–Neyman).

    ``slope`` holds b₁ and b₃, ``covariance`` (2, 2) theirs. Gives none or two values, in
    order.
    """
    b1, b3 = slope
    c2 = critical**2
    a = b3**2 - c2 * covariance[1, 1]
    b = 2 * (b1 * b3 - c2 * covariance[0, 1])
    c = b1**2 - c2 * covariance[0, 0]
    inner = b * b - 4 * a * c
    if inner <= 0 or a == 0:
        return np.zeros(0)
    # The stable form of the two roots.
    q = -(b + np.copysign(np.sqrt(inner), b)) / 2
    return np.sort(np.array([q / a, c / q])) if q != 0 else np.array([0.0, 0.0])
