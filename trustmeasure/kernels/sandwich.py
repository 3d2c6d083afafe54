"""Standard errors and test statistics that do not presume normal data.

All of it happens in whitened moments: covariances C become L⁻¹CL⁻ᵀ with Σ = LL', of which the
triangle is kept, scaled so that inner products are half the trace of products. In these
coordinates the normal-theory weight matrix is the identity, and what sandwich formulas need
are plain products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.structural import Slopes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Numbers held at a time while cases are gone through.
NUMBERS = 2_000_000


@dataclass(frozen=True)
class Whitened:
    """One group in whitened moments, q of them: the triangle of Σ, then the mean.

    Attributes
    ----------
    slopes : ndarray, shape (q, t)
        Derivatives of the moments in the parameters that the group uses.
    spread : ndarray, shape (q, q)
        Covariance of the cases' contributions to the moments, with divisor n.
    used : ndarray of int, shape (t,)
    n : float
    """

    slopes: FloatArray
    spread: FloatArray
    used: NDArray[np.intp]
    n: float


def inverse_root(matrix: FloatArray) -> FloatArray:
    """Give L⁻¹ with LL' the matrix."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(matrix)))


def scaled_inverse(matrix: FloatArray) -> FloatArray:
    """Give the pseudoinverse of information (…, k, k), whatever the units of its parameters.

    Directions without information are found after scaling the diagonal to one.
    """
    own = matrix.diagonal(axis1=-2, axis2=-1)
    size = np.sqrt(np.where(own > 0, own, 1.0))
    units = size[..., :, None] * size[..., None, :]
    scaled = matrix / units
    inverse = plain_inverse(scaled)
    if inverse is None:
        inverse = np.linalg.pinv(scaled, rcond=1e-10, hermitian=True)
    return np.asarray(inverse / units)


def is_positive(matrix: FloatArray) -> bool:
    """Whether a symmetric matrix (k, k) is positive definite."""
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    # What is not a number passes, and spreads to the last.
    return bool(np.isfinite(factor[-1, -1]))


def plain_inverse(scaled: FloatArray) -> FloatArray | None:
    """Invert symmetric matrices (…, k, k) of unit diagonal; None if any is nearly singular.

    No eigenvalue then lies below 1e-8: none does below one over the inverse's norm.
    """
    try:
        inverse = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        return None
    norms = np.sqrt((inverse**2).sum(axis=(-1, -2)))
    return np.asarray(inverse) if (norms < 1e8).all() else None


def triangle(matrices: FloatArray) -> FloatArray:
    """Keep the lower triangle of symmetric (…, p, p), scaled to halve the trace of products."""
    p = matrices.shape[-1]
    rows, columns = np.tril_indices(p)
    kept = matrices[..., rows, columns]
    return np.asarray(kept * np.where(rows == columns, np.sqrt(0.5), 1.0))


def whitened_slopes(change: Slopes, root: FloatArray, *, means: bool) -> FloatArray:
    """Give the derivatives (q, t) of the whitened moments of one group."""
    left, right = change.left @ root.T, change.right @ root.T
    half = left[:, :, None] * (change.weight[:, None] * right)[:, None, :]
    found = triangle(half + half.mT).T
    return np.concatenate([found, root @ change.mean.T]) if means else found


def case_spread(
    values: FloatArray,
    centre: FloatArray,
    root: FloatArray,
    *,
    means: bool,
    given: NDArray[np.intp] | None = None,
) -> FloatArray:
    """Give the covariance (q, q) of the whitened contributions of complete cases (n, p).

    With ``given`` variables, which are taken as they are, what these predict of a case
    contributes nothing.
    """
    predicted = None if given is None or not len(given) else _predicted(values, given)
    n, p = values.shape
    rows, columns = np.tril_indices(p)
    scale = np.where(rows == columns, np.sqrt(0.5), 1.0)
    q = len(rows) + (p if means else 0)
    total, products = np.zeros(q), np.zeros((q, q))
    size = max(1, NUMBERS // (p * p))
    for begin in range(0, n, size):
        white = (values[begin : begin + size] - centre) @ root.T
        part = white[:, rows] * (white[:, columns] * scale)
        if means:
            part = np.concatenate([part, white], axis=1)
        if predicted is not None:
            known = (predicted[begin : begin + size] - centre) @ root.T
            spread = known[:, rows] * (known[:, columns] * scale)
            part -= np.concatenate([spread, known], axis=1) if means else spread
        total += part.sum(axis=0)
        products += part.T @ part
    mean = total / n
    return np.asarray(products / n - np.outer(mean, mean))


def moment_weight(values: FloatArray, *, means: bool) -> FloatArray:
    """Give the inverse (q, q) of the covariance of cases' contributions to the moments.

    Moments are the lower triangle of covariances by rows, then the means.
    """
    p = values.shape[1]
    rows, columns = np.tril_indices(p)
    spread = case_spread(values, values.mean(axis=0), np.eye(p), means=means)
    scale = np.where(rows == columns, np.sqrt(2.0), 1.0)
    scale = np.concatenate([scale, np.ones(p)]) if means else scale
    return np.asarray(np.linalg.inv(spread * np.outer(scale, scale)))


def _predicted(values: FloatArray, given: NDArray[np.intp]) -> FloatArray:
    """Replace every variable by its regression on the given ones, and leave these as they are."""
    by = np.column_stack([np.ones(len(values)), values[:, given]])
    slopes, *_ = np.linalg.lstsq(by, values, rcond=None)
    found = by @ slopes
    found[:, given] = values[:, given]
    return np.asarray(found)


@dataclass(frozen=True)
class Traces:
    """What scaled statistics need: tr(UΓ), tr((UΓ)²), and the meat (t, t) of the sandwich."""

    first: float
    second: float
    meat: FloatArray


def traces(groups: list[Whitened], information: FloatArray, basis: FloatArray) -> Traces:
    """Go from whitened groups to traces and meat.

    ``information`` (k, k) is the unit information of all groups in reduced parameters, which
    ``basis`` (n_free, k) expands. U = V − VΔ(Δ'VΔ)⁻¹Δ'V, with V and Γ block diagonal, each
    group's V times and Γ over its share of persons.
    """
    total = sum(group.n for group in groups)
    inverse = scaled_inverse(information)
    meat, squared = np.zeros_like(information), np.zeros_like(information)
    first = second = 0.0
    for group in groups:
        reduced = group.slopes @ basis[group.used]
        through = group.spread @ reduced
        share = group.n / total
        meat += share * (reduced.T @ through)
        squared += share * (through.T @ through)
        first += float(np.trace(group.spread))
        second += float((group.spread**2).sum())
    own = inverse @ meat
    return Traces(
        first=first - float(np.trace(own)),
        second=second - 2.0 * float(np.trace(inverse @ squared)) + float((own * own.T).sum()),
        meat=meat,
    )


def cluster_sums(values: FloatArray, clusters: IntArray) -> FloatArray:
    """Sum cases (n, q) within clusters, one row for each that there is, in their order."""
    order = np.argsort(clusters, kind="stable")
    begins = np.flatnonzero(np.diff(clusters[order], prepend=clusters[order[0]] - 1))
    return np.asarray(np.add.reduceat(values[order], begins, axis=0))


def clustered_distances(white: FloatArray, clusters: IntArray) -> tuple[float, float]:
    """Give what clusters of whitened cases z (n, p) contribute to covariances and to means.

    Sums over clusters of half the squared size of Σ(zz' − I), and of the squared length of Σz.
    Clusters of one size are worked on together, through whichever product is the smaller.
    """
    order = np.argsort(clusters, kind="stable")
    _, sizes = np.unique(clusters, return_counts=True)
    begins = np.cumsum(sizes) - sizes
    p = white.shape[1]
    spread = level = 0.0
    for size in np.unique(sizes):
        own = begins[sizes == size]
        block = white[order[own[:, None] + np.arange(size)]]
        product = block @ block.mT if size < p else block.mT @ block
        squares = float((product**2).sum()) - 2.0 * size * float((block**2).sum())
        spread += 0.5 * (squares + len(own) * size**2 * p)
        level += float((block.sum(axis=1) ** 2).sum())
    return spread, level


def squared_distances(values: FloatArray, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Give the squared Mahalanobis distances (n,) of cases from a mean and covariance."""
    white = (values - mean) @ inverse_root(spread).T
    return np.asarray((white**2).sum(axis=1))
