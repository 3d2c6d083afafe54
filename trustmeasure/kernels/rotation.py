"""Rotation of factors to simple structure, from one start or many; their order and sign.

Every rotation but promax minimises a criterion of `rotation_criteria` by the engine of
`gradient_projection`; varimax has its classical algorithm besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels import rotation_criteria as criteria
from trustmeasure.kernels.factor_extraction import column_signs
from trustmeasure.kernels.gradient_projection import ARRIVED, NEAR, PRECISE, Turned, minimise, turn
from trustmeasure.kernels.rotation_criteria import Criterion

FloatArray = NDArray[np.float64]
RotationName = Literal[
    "none", "varimax", "quartimax", "equamax", "promax", "oblimin", "quartimin",
    "geomin_orthogonal", "geomin_oblique", "bentlerT", "bentlerQ", "simplimax", "bifactor",
    "biquartimin", "target_orthogonal", "target_oblique",
]  # fmt: skip

# Criteria that differ by less than this share are one minimum.
SAME = 1e-6


@dataclass(frozen=True)
class Rotation:
    """A rotation with all that it needs to know.

    ``gamma`` belongs to oblimin, ``delta`` to geomin, ``power`` to promax, ``n_small`` to
    simplimax, ``target`` (p, m; NaN is free) to the rotations towards a target.
    """

    name: RotationName
    normalize: bool = False
    gamma: float = 0.0
    delta: float = 0.01
    power: float = 4.0
    n_small: int = 0
    target: FloatArray | None = None

    def criterion(self, shape: tuple[int, int]) -> Criterion | None:
        """Give what is minimised for loadings of a shape; None where nothing is turned."""
        p, m = shape
        if m < 2 or self.name == "none":
            return None
        if self.name in ("varimax", "promax"):  # promax takes its varimax further
            return Criterion(criteria.varimax, oblique=False)
        if self.name == "quartimax":
            return Criterion(criteria.quartimax, oblique=False)
        if self.name == "equamax":
            return Criterion(criteria.crawford_ferguson(m / (2 * p)), oblique=False)
        if self.name in ("geomin_orthogonal", "geomin_oblique"):
            return Criterion(criteria.geomin(self.delta), oblique=self.name == "geomin_oblique")
        if self.name in ("bentlerT", "bentlerQ"):
            return Criterion(criteria.bentler, oblique=self.name == "bentlerQ")
        if self.name == "simplimax":
            return Criterion(criteria.simplimax(self.n_small or p), oblique=True, smooth=False)
        if self.name in ("bifactor", "biquartimin"):
            return Criterion(criteria.bifactor, oblique=self.name == "biquartimin")
        if self.target is not None:
            oblique = self.name == "target_oblique"
            return Criterion(criteria.towards(self.target), oblique=oblique)
        return Criterion(criteria.oblimin(self.gamma), oblique=True)


@dataclass(frozen=True)
class Optima:
    """What the starts of a rotation led to.

    Attributes
    ----------
    criteria : ndarray
        Criterion of each distinct minimum, ascending.
    counts : ndarray of int
        Starts that led to each.
    n_starts : int
        All starts, those that led nowhere included.
    first : float
        Criterion that the start from the unrotated axes led to; NaN where it led nowhere.
    """

    criteria: FloatArray
    counts: NDArray[np.int64]
    n_starts: int
    first: float


@dataclass(frozen=True)
class Rotated:
    """Rotated factors.

    Attributes
    ----------
    loadings : ndarray, shape (p, m)
        Pattern loadings.
    phi : ndarray, shape (m, m)
        Factor correlations; the identity after an orthogonal rotation.
    axes : ndarray, shape (m, m)
        T, such that ``loadings`` are the unrotated ones times T'⁻¹, and ``phi`` is T'T.
    converged : bool
    criterion : float
        What was minimised; NaN without a rotation. Of promax, that of its varimax.
    optima : Optima or None
        What all starts led to; None without a rotation.
    """

    loadings: FloatArray
    phi: FloatArray
    axes: FloatArray
    converged: bool = True
    criterion: float = float("nan")
    optima: Optima | None = None


def rotate(
    loadings: FloatArray,
    rotation: Rotation,
    *,
    n_starts: int = 1,
    rng: np.random.Generator | None = None,
) -> Rotated:
    """Rotate unrotated ``loadings`` (p, m); a single factor has nothing to rotate.

    The first start is the unrotated axes, the others are random orthogonal turns of them
    (towards a target, the second is the one that comes nearest to it).
    The lowest minimum is kept, and of equal ones that of the first start.
    """
    m = loadings.shape[1]
    criterion = rotation.criterion((loadings.shape[0], m))
    if criterion is None:
        return Rotated(loadings=loadings, phi=np.eye(m), axes=np.eye(m))
    scale = row_lengths(loadings) if rotation.normalize else np.ones((len(loadings), 1))
    rows = loadings / scale
    starts = random_turns(m, n_starts, rng)
    if rotation.target is not None and n_starts > 1:
        starts[1] = _nearest_turn(rows, rotation.target)
    found = _search(rows, criterion, rotation.name, starts)
    kept, optima = _choose(found)
    if kept > 0:
        found, kept = minimise(rows, found.axes[[kept]], criterion, first_steps=0), 0
    converged = bool(found.size[kept] < ARRIVED)
    axes = found.axes[kept]
    if rotation.name == "promax":
        axes = promax_axes(rows @ axes, axes, rotation.power)
    return Rotated(
        loadings=loadings @ np.linalg.inv(axes).T,
        phi=_unit(axes.T @ axes) if criterion.oblique or rotation.name == "promax" else np.eye(m),
        axes=axes,
        converged=converged,
        criterion=float(found.values[kept]),
        optima=optima,
    )


def arrange(rotated: Rotated, rotation: Rotation | None = None) -> Rotated:
    """Order factors by the variance they explain, each with a positive sum of loadings.

    The variance of a factor is its sum of squared loadings, diag(ΦL'L) when oblique. A
    factor that the rotation itself singles out keeps its place: the general one of a
    bifactor rotation comes first, and those of a target stay in its order, with its sign
    where the target says any. Loadings, factor correlations and axes move together.
    """
    signs, fixed = column_signs(rotated.loadings), 0
    if rotation is not None and rotation.target is not None:
        fixed = rotated.loadings.shape[1]
        signs = np.where(np.nansum(np.abs(rotation.target), axis=0) > 0, 1.0, signs)
    elif rotation is not None and rotation.name in ("bifactor", "biquartimin"):
        fixed = 1
    loadings = rotated.loadings * signs
    phi = rotated.phi * np.outer(signs, signs)
    share = explained(loadings, phi)
    share[:fixed] = np.inf
    order = np.argsort(-share, kind="stable")
    return replace(
        rotated,
        loadings=loadings[:, order],
        phi=phi[np.ix_(order, order)],
        axes=(rotated.axes * signs)[:, order],
    )


def explained(loadings: FloatArray, phi: FloatArray) -> FloatArray:
    """Give the sum of squared loadings of each factor, diag(ΦL'L)."""
    share: FloatArray = (phi * (loadings.T @ loadings)).sum(axis=1)
    return share


def promax_axes(simple: FloatArray, axes: FloatArray, power: float) -> FloatArray:
    """Turn varimax axes towards the loadings to a power, by least squares.

    Rows stay normalised until the end, as in ``psych::fa(rotate = "promax")``;
    ``stats::promax`` takes the power of rows that already have their lengths back, and gives
    other numbers. Works on one (p, m) or a stack of solutions.
    """
    target = simple * np.abs(simple) ** (power - 1)
    across = simple.mT
    towards = np.linalg.solve(across @ simple, across @ target)
    inverse = np.linalg.inv(towards.mT @ towards)
    towards = towards * np.sqrt(inverse.diagonal(axis1=-2, axis2=-1))[..., None, :]
    turned: FloatArray = np.linalg.inv(axes @ towards).mT
    return turned


def random_turns(n_factors: int, n_starts: int, rng: np.random.Generator | None) -> FloatArray:
    """Give the identity and random orthogonal turns; always the same ones without ``rng``."""
    rng = np.random.default_rng(20220731) if rng is None else rng
    turns = np.linalg.qr(rng.standard_normal((n_starts, n_factors, n_factors)))[0]
    turns[0] = np.eye(n_factors)
    return np.ascontiguousarray(turns, dtype=np.float64)


def _nearest_turn(loadings: FloatArray, target: FloatArray) -> FloatArray:
    """Turn nearest to a target whose free loadings are taken for 0: the Procrustes one."""
    left, _, right = np.linalg.svd(loadings.T @ np.nan_to_num(target))
    return np.asarray(left @ right)


def row_lengths(loadings: FloatArray) -> FloatArray:
    """Length of each row, as a column; 1 for an item without any loading."""
    lengths = np.sqrt((loadings**2).sum(axis=-1, keepdims=True))
    return np.where(lengths > 0, lengths, 1.0)


def _search(
    rows: FloatArray, criterion: Criterion, name: RotationName, starts: FloatArray
) -> Turned:
    """Descend from every start; varimax takes its classical way from the first one."""
    if name not in ("varimax", "promax"):
        tolerance = np.full(len(starts), NEAR)
        tolerance[0] = PRECISE
        return minimise(rows, starts, criterion, tolerance=tolerance)
    axes, arrived = varimax_turn(rows)
    first = turn(rows, axes[None], criterion)
    if not arrived:
        first = replace(first, gradient=np.full_like(first.gradient, np.inf))
    else:  # its own rule says so, more strictly than the slope
        first = replace(first, gradient=np.zeros_like(first.gradient))
    if len(starts) == 1:
        return first
    others = minimise(rows, starts[1:], criterion, tolerance=NEAR)
    return Turned(
        *(
            np.concatenate([getattr(first, part), getattr(others, part)])
            for part in ("axes", "loadings", "parts", "gradient")
        )
    )


def _choose(found: Turned) -> tuple[int, Optima]:
    """Keep the lowest minimum, the first start's among equals; count the distinct ones."""
    values, arrived = found.values, found.size < 2.0 * NEAR
    arrived[0] = found.size[0] < ARRIVED
    n_starts = len(values)
    if not arrived.any():
        nothing = np.array([])
        return 0, Optima(nothing, nothing.astype(np.int64), n_starts, float("nan"))
    place = np.flatnonzero(arrived)
    ascending = values[place][np.argsort(values[place], kind="stable")]
    width = SAME * np.maximum(np.abs(ascending), 1e-6)
    begins = np.flatnonzero(np.concatenate([[True], np.diff(ascending) > width[1:]]))
    lowest = ascending[0] + width[0]
    kept = int(place[values[place] <= lowest][0])
    optima = Optima(
        criteria=ascending[begins],
        counts=np.diff(np.append(begins, len(ascending))).astype(np.int64),
        n_starts=n_starts,
        first=float(values[0]) if arrived[0] else float("nan"),
    )
    return kept, optima


def varimax_turn(
    rows: FloatArray, *, tolerance: float = 1e-11, max_steps: int = 10_000
) -> tuple[FloatArray, bool]:
    """Find the varimax turn by repeated singular value decompositions."""
    axes = np.eye(rows.shape[1])
    for _ in range(max_steps):
        turned = rows @ axes
        pull = rows.T @ (turned**3 - turned * (turned**2).mean(axis=0))
        left, _, right = np.linalg.svd(pull)
        previous, axes = axes, left @ right
        if np.abs(axes - previous).max() < tolerance:
            return axes, True
    return axes, False


def _unit(phi: FloatArray) -> FloatArray:
    """Undo rounding in the diagonal of factor correlations."""
    phi = (phi + phi.T) / 2
    np.fill_diagonal(phi, 1.0)
    return phi
