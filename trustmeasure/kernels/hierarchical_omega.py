"""Omegas of a scale with a general factor and group factors, and their bootstrap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import Method, extract
from trustmeasure.kernels.factor_replicates import extract_stack
from trustmeasure.kernels.gradient_projection import ARRIVED, minimise
from trustmeasure.kernels.reliability import consistency, structure
from trustmeasure.kernels.rotation import (
    Rotated,
    Rotation,
    arrange,
    promax_axes,
    rotate,
    row_lengths,
)
from trustmeasure.kernels.schmid_leiman import (
    SchmidLeiman,
    TwoFactors,
    schmid_leiman,
    split_loadings,
    two_factor_loadings,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Solution:
    """Correlated factors of a scale, and the general factor behind them.

    Attributes
    ----------
    varimax : ndarray, shape (p, m)
        The orthogonal loadings from which the oblique rotation starts.
    rotated : Rotated
        Pattern loadings (p, m), factor correlations and the axes that lead there.
    split : SchmidLeiman
        General and group loadings.
    uniquenesses : ndarray, shape (p,)
    converged : bool
        Whether extraction, rotation and the factor of second order were found.
    at_bound : ndarray of bool, shape (p,)
        Items whose uniqueness was stopped at the bound.
    """

    varimax: FloatArray
    rotated: Rotated
    split: SchmidLeiman
    uniquenesses: FloatArray
    converged: bool
    at_bound: NDArray[np.bool_]


@dataclass(frozen=True)
class Omegas:
    """Coefficients of the sum of the items, and of the sum of each group of items.

    Attributes
    ----------
    total, hierarchical, asymptotic : float
        Share of the variance of the sum that all factors explain; that the general one
        explains; and what the latter would be of an infinitely long test of this kind.
    alpha, lambda6 : float
    ecv : float
        Share of the common variance of the items that the general factor explains.
    puc : float
        Share of the correlations that are between items of different groups.
    groups : ndarray, shape (m + 1, 3)
        Total, general and group omega: of all items, then of each group's own; NaN for a
        group without items.
    signs : ndarray, shape (p,)
        −1 for items that were turned round.
    group_of : ndarray of int, shape (p,)
        The group factor on which each item loads most.
    """

    total: float
    hierarchical: float
    asymptotic: float
    alpha: float
    lambda6: float
    ecv: float
    puc: float
    groups: FloatArray
    signs: FloatArray
    group_of: NDArray[np.intp]

    def numbers(self) -> FloatArray:
        """Give everything that has a sampling distribution, groups last."""
        first = [
            self.total,
            self.hierarchical,
            self.asymptotic,
            self.alpha,
            self.lambda6,
            self.ecv,
        ]
        return np.concatenate([first, self.groups[1:].ravel()])


def solve(
    R: FloatArray, n_factors: int, *, method: Method, rotation: Rotation, option: TwoFactors
) -> Solution:
    """Extract, rotate and split ``n_factors`` ≥ 2 factors of correlations (p, p).

    The oblique rotation starts from varimax, as psych::schmid does; the factors keep the
    order of the variance that each explains there.
    """
    extraction = extract(R, n_factors, method)
    orthogonal = arrange(rotate(extraction.loadings, Rotation("varimax", normalize=True))).loadings
    rotated = rotate(orthogonal, rotation)
    split = schmid_leiman(rotated.loadings, rotated.phi, method=method, option=option)
    return Solution(
        varimax=orthogonal,
        rotated=rotated,
        split=split,
        uniquenesses=1.0 - (orthogonal**2).sum(axis=1),
        converged=extraction.converged and rotated.converged and split.converged,
        at_bound=extraction.at_bound,
    )


def omegas(
    R: FloatArray,
    general: FloatArray,
    groups: FloatArray,
    uniquenesses: FloatArray,
    *,
    flip: bool,
    group_of: NDArray[np.intp] | None = None,
) -> Omegas:
    """Compute the coefficients from correlations (p, p) and Schmid–Leiman loadings.

    With ``flip`` items that load negatively on the general factor are turned round.
    """
    p, m = groups.shape
    signs = np.where(flip & (general < 0), -1.0, 1.0)
    R = R * np.outer(signs, signs)
    general, groups = general * signs, groups * signs[:, None]
    own = np.abs(groups).argmax(axis=1) if group_of is None else group_of
    variance, common = float(R.sum()), float(R.sum() - uniquenesses.sum())
    from_general = float(general.sum()) ** 2
    items = consistency(structure(R))
    squares = float((general**2).sum())
    member = own[:, None] == np.arange(m)
    within = np.einsum("ig,ij,jg->g", member.astype(float), R, member.astype(float))
    sums = np.stack([general @ member, (groups * member).sum(axis=0)]) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(member.any(axis=0), sums / within, np.nan)
    sizes = member.sum(axis=0)
    table = np.empty((m + 1, 3))
    table[0] = common / variance, from_general / variance, float(sums[1].sum()) / variance
    table[1:] = np.column_stack([shares.sum(axis=0), shares[0], shares[1]])
    return Omegas(
        total=common / variance,
        hierarchical=from_general / variance,
        asymptotic=from_general / common,
        alpha=items.alpha,
        lambda6=items.lambda6,
        ecv=squares / (squares + float((groups**2).sum())),
        puc=1.0 - float((sizes * (sizes - 1)).sum()) / (p * (p - 1)),
        groups=table,
        signs=signs,
        group_of=own,
    )


def replicate_omegas(
    blocks: Iterable[FloatArray],
    first: Solution,
    group_of: NDArray[np.intp],
    *,
    method: Method,
    rotation: Rotation,
    option: TwoFactors,
    flip: bool,
) -> Iterator[FloatArray]:
    """Give `Omegas.numbers` of each correlation matrix of blocks (b, p, p), as rows.

    Every replicate starts at the sample's solution, and its factors are turned towards the
    sample's and descend from its axes, all of a block together, so that they stay the same
    factors. An item stays in the group that
    it has in the sample. Replicates that do not converge are NaN throughout.
    """
    for block in blocks:
        stack, extracted = _extract(block, first.varimax, method)
        left, _, right = np.linalg.svd(stack.mT @ first.varimax)
        pattern, phi, arrived = _rotate_stack(stack @ (left @ right), first.rotated, rotation)
        unique = 1.0 - (stack**2).sum(axis=2)
        numbers = np.full((len(block), 6 + 3 * stack.shape[2]), np.nan)
        usable = np.flatnonzero(arrived & extracted)
        weights, split = _second_order(phi[usable], first.split.second_order, method, option)
        for b, own in zip(usable[split], weights[split], strict=True):
            general, groups = split_loadings(pattern[b], own)
            general = -general if general.sum() < 0 else general
            each = omegas(block[b], general, groups, unique[b], flip=flip, group_of=group_of)
            numbers[b] = each.numbers()
        yield numbers


def _extract(
    correlations: FloatArray, start: FloatArray, method: Method
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Extract unrotated loadings (b, p, m) of a stack, and tell which were found."""
    if method != "pa":
        return extract_stack(correlations, start, method)
    # Principal axes may pass the bound at which the steps of a stack are stopped.
    found = [extract(R, start.shape[1], method) for R in correlations]
    loadings = np.array([each.loadings for each in found]).reshape(-1, *start.shape)
    return loadings, np.array([each.converged for each in found], dtype=bool)


def _second_order(
    phi: FloatArray, start: FloatArray, method: Method, option: TwoFactors
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Give loadings (b, m) on the general factor behind each of a stack, and which were found."""
    if phi.shape[1] == 2:
        weights = [two_factor_loadings(float(r), option) for r in phi[:, 0, 1]]
        return np.array(weights).reshape(-1, 2), np.ones(len(phi), dtype=bool)
    found, converged = _extract(phi, start[:, None], method)
    return found[:, :, 0], converged


def _rotate_stack(
    loadings: FloatArray, first: Rotated, rotation: Rotation
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Rotate each of a stack of loadings (b, p, m), from the axes that the sample's have."""
    b, p, m = loadings.shape
    criterion = rotation.criterion((p, m))
    if criterion is None:
        return loadings, np.broadcast_to(np.eye(m), (b, m, m)), np.ones(b, dtype=bool)
    scale = row_lengths(loadings) if rotation.normalize else np.ones((b, p, 1))
    rows = loadings / scale
    start = np.eye(m) if rotation.name == "promax" else first.axes
    starts = np.broadcast_to(start, (b, m, m)).copy()
    # A millionth of a loading is far below what sampling does to a replicate.
    found = minimise(rows, starts, criterion, tolerance=ARRIVED, first_steps=0)
    axes = found.axes
    if rotation.name == "promax":
        axes = promax_axes(rows @ axes, axes, rotation.power)
    phi = axes.mT @ axes
    pattern = loadings @ np.linalg.inv(axes).mT
    return pattern, phi, found.size <= ARRIVED
