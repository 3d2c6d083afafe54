"""Normal data of persons in clusters of unequal size: maximum likelihood from cluster moments.

A person's answers are a cluster's part plus the person's own, with covariances Σ_b and Σ_w.
The answers of a cluster of n_j persons then hold two independent sources: the deviations
from its mean, with covariance Σ_w, and √n_j times its mean, with covariance Σ_w + n_j Σ_b
(Muthén, 1990; McDonald & Goldstein, 1989). Clusters of one size share everything that the
likelihood needs, so each size enters once, by its number, means and scatter, whatever
structure the two matrices have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# A variance of cluster means this small a share of what persons alone would leave is the edge of
# where the likelihood has an end.
EDGE = 0.02


@dataclass(frozen=True)
class ClusterMoments:
    """What the likelihood needs of clustered data.

    Attributes
    ----------
    n, n_clusters : int
        Persons and clusters.
    within : ndarray, shape (p, p)
        Sums of squares and products of persons around their cluster's mean.
    sizes, counts : ndarray, shape (s,)
        The distinct cluster sizes, and how many clusters have each.
    means : ndarray, shape (s, p)
        Mean of the cluster means of each size.
    scatter : ndarray, shape (s, p, p)
        Sums of squares and products of the cluster means of each size around it.
    inverse_size : float
        Mean over clusters of 1 / size.
    """

    n: int
    n_clusters: int
    within: FloatArray
    sizes: FloatArray
    counts: FloatArray
    means: FloatArray
    scatter: FloatArray
    inverse_size: float

    @property
    def p(self) -> int:
        """Variables."""
        return len(self.within)

    def scaled(self, centre: FloatArray, scale: FloatArray) -> ClusterMoments:
        """Give the moments of (x − centre) / scale."""
        square = np.outer(scale, scale)
        return ClusterMoments(
            self.n,
            self.n_clusters,
            self.within / square,
            self.sizes,
            self.counts,
            (self.means - centre) / scale,
            self.scatter / square,
            self.inverse_size,
        )


class Structure(Protocol):
    """A structure of the two covariance matrices, with parameters θ (q,)."""

    def start(self, within: FloatArray, between: FloatArray) -> FloatArray:
        """Give parameters to start from, near two given matrices."""
        ...

    def matrices(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give Σ_w and Σ_b, each (p, p)."""
        ...

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """Give the derivatives (p (p + 1), q) of the lower triangles, Σ_w before Σ_b."""
        ...

    def units(self, scale: FloatArray) -> FloatArray:
        """Give what multiplies each parameter when variables are multiplied by ``scale``."""
        ...


@dataclass(frozen=True)
class TwoLevelFit:
    """A structure fitted to clustered data.

    Attributes
    ----------
    theta : ndarray, shape (q,)
        The parameters, in the units of the data.
    covariance : ndarray, shape (q, q)
        Their sampling covariances, from the observed information of parameters and means
        together; NaN where that is not positive definite, or not asked for.
    mean : ndarray, shape (p,)
    within, between : ndarray, shape (p, p)
        The matrices that the parameters stand for.
    loglik : float
    converged : bool
    n_iterations : int
    """

    theta: FloatArray
    covariance: FloatArray
    mean: FloatArray
    within: FloatArray
    between: FloatArray
    loglik: float
    converged: bool
    n_iterations: int


def cluster_moments(values: FloatArray, codes: NDArray[np.intp]) -> ClusterMoments:
    """Summarise complete answers (n, p) of persons in clusters numbered from 0 without gaps."""
    n, p = values.shape
    size = np.bincount(codes)
    sums = np.zeros((len(size), p))
    np.add.at(sums, codes, values)
    means = sums / size[:, None]
    apart = values - means[codes]
    sizes, which = np.unique(size, return_inverse=True)
    centre = np.zeros((len(sizes), p))
    scatter = np.zeros((len(sizes), p, p))
    for s in range(len(sizes)):
        block = means[which == s]
        centre[s] = block.mean(axis=0)
        block = block - centre[s]
        scatter[s] = block.T @ block
    return ClusterMoments(
        n=n,
        n_clusters=len(size),
        within=apart.T @ apart,
        sizes=sizes.astype(np.float64),
        counts=np.bincount(which.ravel()).astype(np.float64),
        means=centre,
        scatter=scatter,
        inverse_size=float((1.0 / size).mean()),
    )


def fit_two_level(
    data: ClusterMoments,
    structure: Structure,
    *,
    errors: bool = True,
    tolerance: float = 1e-13,
    max_iterations: int = 500,
) -> TwoLevelFit:
    """Maximise the likelihood by Fisher scoring, the means concentrated out.

    The search ends when a step promises less than ``tolerance`` of log-likelihood, which is
    the square of its length in standard errors.

    Variables are standardised for the search. Σ_b is not bound to be positive definite and
    may have negative variances, where clusters are more alike than chance would have them.
    Far out there the likelihood grows without end, as Σ_w + n_j Σ_b of a size that few
    clusters have becomes singular; a search that gets there has not converged.
    """
    centre, sd = overall(data)
    standard = data.scaled(centre, sd)
    theta = _proper_start(standard, structure)
    now = evaluate(standard, *structure.matrices(theta))
    converged, steps = False, 0
    while now is not None and steps < max_iterations and not converged:
        steps += 1
        step, promised = _scoring_step(standard, structure, theta, now)
        moved = _line_search(standard, structure, theta, now, step, promised)
        # Rounding can leave nothing to gain a little before the step is short.
        converged = promised < (1e-9 if moved is None else tolerance)
        if moved is None:
            break
        theta, now = moved
    units = structure.units(sd)
    within, between = structure.matrices(theta)
    square = np.outer(sd, sd)
    value = np.nan if now is None else now.value
    mean = centre if now is None else centre + sd * now.mean
    sampling = _sampling(standard, structure, theta) if errors and converged else None
    q = len(theta)
    return TwoLevelFit(
        theta=theta * units,
        covariance=np.full((q, q), np.nan)
        if sampling is None
        else sampling * np.outer(units, units),
        mean=mean,
        within=within * square,
        between=between * square,
        loglik=loglik(data, value, sd),
        converged=converged,
        n_iterations=steps,
    )


def loglik(data: ClusterMoments, value: float, sd: FloatArray) -> float:
    """Bring a value in standardised variables to the log-likelihood of the data."""
    constant = data.n * data.p * np.log(2 * np.pi) / 2
    return float(-value - data.n * np.log(sd).sum() - constant)


def moment_estimates(data: ClusterMoments) -> tuple[FloatArray, FloatArray]:
    """Give Σ_w and Σ_b from the mean squares of an analysis of variance."""
    within = data.within / max(data.n - data.n_clusters, 1)
    centre = (data.counts * data.sizes) @ data.means / data.n
    off = data.means - centre
    weights = data.sizes
    between = np.einsum("s,sij->ij", weights, data.scatter) + np.einsum(
        "s,si,sj->ij", weights * data.counts, off, off
    )
    between /= max(data.n_clusters - 1, 1)
    typical = (data.n - (data.counts * data.sizes**2).sum() / data.n) / max(data.n_clusters - 1, 1)
    return within, (between - within) / typical


@dataclass(frozen=True)
class Point:
    """Half of −2 ln L without its constant, at one pair of matrices and the best means.

    ``pull_within`` and ``pull_between`` are its derivatives in the two matrices, as if all
    of their cells were free.
    """

    value: float
    mean: FloatArray
    pull_within: FloatArray
    pull_between: FloatArray
    within_inverse: FloatArray
    size_inverses: FloatArray
    mean_pull: FloatArray


def evaluate(
    data: ClusterMoments, within: FloatArray, between: FloatArray, mean: FloatArray | None = None
) -> Point | None:
    """Evaluate the likelihood; None where a matrix is not positive definite."""
    whole = within + data.sizes[:, None, None] * between
    try:
        root, roots = np.linalg.cholesky(within), np.linalg.cholesky(whole)
    except np.linalg.LinAlgError:
        return None
    V: FloatArray = np.asarray(np.linalg.inv(within), dtype=np.float64)
    inverses: FloatArray = np.asarray(np.linalg.inv(whole), dtype=np.float64)
    weight = data.counts * data.sizes
    if mean is None:
        pulls = np.einsum("s,sij,sj->i", weight, inverses, data.means)
        mean = np.linalg.solve(np.einsum("s,sij->ij", weight, inverses), pulls)
    off = data.means - mean
    spread = data.sizes[:, None, None] * (
        data.scatter + data.counts[:, None, None] * off[:, :, None] * off[:, None, :]
    )
    free = data.n - data.n_clusters
    logdets = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    value = 0.5 * (
        free * 2 * np.log(np.diag(root)).sum()
        + float((V * data.within).sum())
        + float(data.counts @ logdets)
        + float((inverses * spread).sum())
    )
    by_size = 0.5 * (data.counts[:, None, None] * inverses - inverses @ spread @ inverses)
    return Point(
        value=value,
        mean=mean,
        pull_within=0.5 * (free * V - V @ data.within @ V) + by_size.sum(axis=0),
        pull_between=np.einsum("s,sij->ij", data.sizes, by_size),
        within_inverse=V,
        size_inverses=inverses,
        mean_pull=-np.einsum("s,sij,sj->i", weight, inverses, off),
    )


def _gradient(structure: Structure, theta: FloatArray, point: Point) -> FloatArray:
    slopes = np.concatenate([_folded(point.pull_within), _folded(point.pull_between)])
    return np.asarray(structure.jacobian(theta).T @ slopes)


def _information(
    data: ClusterMoments, structure: Structure, theta: FloatArray, point: Point
) -> FloatArray:
    """Give the expected information of θ; that of the means is separate."""
    half = data.p * (data.p + 1) // 2
    blocks = np.zeros((2 * half, 2 * half))
    blocks[:half, :half] = (data.n - data.n_clusters) * _weight(point.within_inverse)
    for size, count, inverse in zip(data.sizes, data.counts, point.size_inverses, strict=True):
        own = count * _weight(inverse)
        blocks[:half, :half] += own
        blocks[:half, half:] += size * own
        blocks[half:, half:] += size**2 * own
    blocks[half:, :half] = blocks[:half, half:].T
    jacobian = structure.jacobian(theta)
    return np.asarray(jacobian.T @ blocks @ jacobian)


def _scoring_step(
    data: ClusterMoments, structure: Structure, theta: FloatArray, point: Point
) -> tuple[FloatArray, float]:
    """Give the step, and what it promises where the likelihood is quadratic, twice."""
    gradient = _gradient(structure, theta, point)
    curvature, axes = np.linalg.eigh(_information(data, structure, theta, point))
    # Where the between part vanishes its loadings leave no trace: a floor bounds the step.
    curvature = np.maximum(curvature, 1e-9 * curvature[-1])
    step = -axes @ ((axes.T @ gradient) / curvature)
    return step, -float(gradient @ step)


def _line_search(
    data: ClusterMoments,
    structure: Structure,
    theta: FloatArray,
    now: Point,
    step: FloatArray,
    promised: float,
) -> tuple[FloatArray, Point] | None:
    """Halve a step until it raises the likelihood, rounding aside; None where none does."""
    slack = 1e-15 * (data.n * data.p + abs(now.value))
    fraction = 1.0
    for _ in range(40):
        candidate = theta + fraction * step
        found = evaluate(data, *structure.matrices(candidate))
        enough = now.value - 1e-4 * fraction * promised + slack
        if found is not None and found.value <= enough and _well_inside(data, found):
            return candidate, found
        fraction /= 2
    return None


def _well_inside(data: ClusterMoments, point: Point) -> bool:
    """Whether Σ_w + n Σ_b of the largest clusters is far from singular beside Σ_w."""
    root = np.linalg.cholesky(point.within_inverse)
    # Eigenvalues of (Σ_w + n Σ_b)⁻¹ Σ_w, the largest of which runs away.
    inner = np.linalg.solve(root, point.size_inverses[-1])
    relative = np.linalg.solve(root, inner.T)
    return bool(np.linalg.eigvalsh((relative + relative.T) / 2)[-1] < 1 / EDGE)


def _proper_start(data: ClusterMoments, structure: Structure) -> FloatArray:
    """Start near the moments, Σ_b brought inside the positive definite ones."""
    within, between = moment_estimates(data)
    values, vectors = np.linalg.eigh(between)
    between = (vectors * np.maximum(values, 0.02)) @ vectors.T
    return structure.start(within, between)


def _sampling(data: ClusterMoments, structure: Structure, theta: FloatArray) -> FloatArray | None:
    """Give the covariances of θ from the observed information; None where there are none.

    The information is the slope of the gradient in parameters and means, by differences
    whose error is of fourth order.
    """
    now = evaluate(data, *structure.matrices(theta))
    if now is None:
        return None
    point = np.concatenate([theta, now.mean])
    q = len(theta)

    def slope(at: FloatArray) -> FloatArray | None:
        found = evaluate(data, *structure.matrices(at[:q]), at[q:])
        if found is None:
            return None
        return np.concatenate([_gradient(structure, at[:q], found), found.mean_pull])

    hessian = np.empty((len(point), len(point)))
    for i in range(len(point)):
        moved = np.zeros(len(point))
        moved[i] = 1e-3 * max(1.0, abs(point[i]))
        slopes = [slope(point + k * moved) for k in (-2, -1, 1, 2)]
        if any(each is None for each in slopes):
            return None
        far_low, low, high, far_high = (np.asarray(each) for each in slopes)
        hessian[i] = (far_low - far_high + 8 * (high - low)) / (12 * moved[i])
    hessian = (hessian + hessian.T) / 2
    try:
        root = np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(root)
    return np.asarray((inverse.T @ inverse)[:q, :q])


def overall(data: ClusterMoments) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each variable over all persons."""
    weight = data.counts * data.sizes
    mean = weight @ data.means / data.n
    off = data.means - mean
    squares = np.diag(data.within) + data.sizes @ np.diagonal(data.scatter, axis1=1, axis2=2)
    squares = squares + weight @ off**2
    return mean, np.sqrt(squares / data.n)


def _folded(matrix: FloatArray) -> FloatArray:
    """Sum the two cells of each pair, as derivatives in a lower triangle."""
    i, j = np.tril_indices(len(matrix))
    return np.asarray(np.where(i == j, 1.0, 2.0) * matrix[i, j])


def _weight(inverse: FloatArray) -> FloatArray:
    """Give the expected information of a lower triangle from one person, by the precision."""
    i, j = np.tril_indices(len(inverse))
    twice = np.where(i == j, 1.0, 2.0)
    cells = inverse[np.ix_(i, i)] * inverse[np.ix_(j, j)]
    cells = cells + inverse[np.ix_(i, j)] * inverse[np.ix_(j, i)]
    return np.asarray(np.outer(twice, twice) * cells / 4)
