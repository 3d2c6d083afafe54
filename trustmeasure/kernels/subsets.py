"""What subsets of items are worth as scales, and the search for good ones.

A subset is judged by its part of one covariance matrix, many subsets at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.single_factor import fit_single_factor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

# Subsets fitted at a time, which keeps the arrays of the fit under some 50 MB.
AT_ONCE = 1_000
# The ants of one round, and how much of their trail is left by the next.
ANTS, PERSISTENCE = 60, 0.9


@dataclass(frozen=True)
class Merits:
    """Coefficients of m subsets, each of shape (m,).

    ``omega``, ``cfi`` and ``rmsea`` belong to the one-factor maximum likelihood model;
    ``r_full`` is the correlation of the subset's sum with that of all items.
    """

    alpha: FloatArray
    omega: FloatArray
    cfi: FloatArray
    rmsea: FloatArray
    r_full: FloatArray


@dataclass(frozen=True)
class Search:
    """The best subsets found, best first, and how many were judged."""

    subsets: IntArray
    values: FloatArray
    n_judged: int
    exhaustive: bool


def judge(covariance: FloatArray, subsets: IntArray, n_obs: int) -> Merits:
    """Judge subsets (m, k) of the items of a covariance matrix (p, p)."""
    parts = [
        _judge(covariance, subsets[i : i + AT_ONCE], n_obs) for i in range(0, len(subsets), AT_ONCE)
    ]
    return Merits(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("alpha", "omega", "cfi", "rmsea", "r_full")
        )
    )


def _judge(covariance: FloatArray, subsets: IntArray, n_obs: int) -> Merits:
    k = subsets.shape[1]
    blocks = covariance[subsets[:, :, None], subsets[:, None, :]]
    total = blocks.sum(axis=(1, 2))
    own = np.trace(blocks, axis1=1, axis2=2)
    loadings, uniquenesses, discrepancy, failed = _one_factor(blocks)
    common = loadings.sum(axis=1) ** 2
    chisq = n_obs * np.maximum(discrepancy, 0.0)
    spread = np.diagonal(blocks, axis1=1, axis2=2)
    null = n_obs * (np.log(spread).sum(axis=1) - np.linalg.slogdet(blocks)[1])
    df, null_df = k * (k - 3) // 2, k * (k - 1) // 2
    beyond = np.maximum(chisq - df, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cfi = 1.0 - beyond / np.maximum(np.maximum(null - null_df, beyond), 1e-300)
        rmsea = np.sqrt(beyond / (max(df, 1) * n_obs))
        shared = covariance.sum(axis=1)[subsets].sum(axis=1)
        r_full = shared / np.sqrt(total * covariance.sum())
    omega = common / (common + uniquenesses.sum(axis=1))
    for part in (omega, cfi, rmsea):
        part[failed] = np.nan
    return Merits(
        alpha=k / (k - 1) * (1.0 - own / total),
        omega=omega,
        cfi=cfi,
        rmsea=rmsea,
        r_full=r_full,
    )


def _one_factor(blocks: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Fit one factor to each subset; Heywood cases fail, as no short form should be one.

    The discrepancy is flat at its minimum: its error is the square of a loading's. Few subsets
    are not done after some steps, most of them Heywood cases; they are tried once more alone.
    """
    fits = fit_single_factor(blocks, tolerance=1e-6, max_iterations=60)
    loadings, uniquenesses = fits.loadings, fits.uniquenesses
    discrepancy, failed = fits.discrepancy, ~fits.converged
    if failed.any():
        late = np.flatnonzero(failed)
        again = fit_single_factor(blocks[late], tolerance=1e-6, max_iterations=500)
        loadings[late], uniquenesses[late] = again.loadings, again.uniquenesses
        discrepancy[late], failed[late] = again.discrepancy, ~again.converged
    return loadings, uniquenesses, discrepancy, failed | (uniquenesses <= 0).any(axis=1)


def count_subsets(groups: Sequence[IntArray], least: Sequence[int], size: int) -> int:
    """Count the subsets of ``size`` items with at least so many of each group."""
    return sum(
        int(np.prod([comb(len(g), n) for g, n in zip(groups, share, strict=True)], dtype=object))
        for share in _shares(groups, least, size)
    )


def all_subsets(groups: Sequence[IntArray], least: Sequence[int], size: int) -> IntArray:
    """List all of them, each sorted, shape (m, size)."""
    found = [
        sorted(int(item) for part in parts for item in part)
        for share in _shares(groups, least, size)
        for parts in product(
            *(combinations(g.tolist(), n) for g, n in zip(groups, share, strict=True))
        )
    ]
    return np.asarray(found, dtype=np.intp)


def _shares(
    groups: Sequence[IntArray], least: Sequence[int], size: int
) -> Iterator[tuple[int, ...]]:
    """Ways to divide ``size`` places among the groups."""
    ranges = [range(low, len(g) + 1) for g, low in zip(groups, least, strict=True)]
    return (share for share in product(*ranges) if sum(share) == size)


def search_all(
    groups: Sequence[IntArray],
    least: Sequence[int],
    size: int,
    value: Callable[[IntArray], FloatArray],
    keep: int,
) -> Search:
    """Judge every subset."""
    subsets = all_subsets(groups, least, size)
    values = value(subsets)
    best = np.argsort(-values, kind="stable")[:keep]
    return Search(subsets[best], values[best], len(subsets), exhaustive=True)


def search_by_ants(
    groups: Sequence[IntArray],
    least: Sequence[int],
    size: int,
    value: Callable[[IntArray], FloatArray],
    keep: int,
    rng: np.random.Generator,
    *,
    patience: int = 40,
    max_rounds: int = 400,
) -> Search:
    """Ant-colony search: subsets are drawn by trails, and good ones strengthen theirs.

    Stops when ``patience`` rounds have not bettered the best subset.
    """
    p = sum(len(group) for group in groups)
    trail = np.ones(p)
    known: dict[tuple[int, ...], float] = {}
    best, idle = -np.inf, 0
    for _ in range(max_rounds):
        drawn = {_draw(trail, groups, least, size, rng) for _ in range(ANTS)}
        fresh = sorted(drawn - known.keys())
        if fresh:
            values = value(np.asarray(fresh, dtype=np.intp))
            known.update(zip(fresh, values.tolist(), strict=True))
        leader = max(sorted(drawn), key=lambda subset: known[subset])
        champion = max(sorted(known), key=lambda subset: known[subset])
        idle = 0 if known[champion] > best + 1e-12 else idle + 1
        best = max(best, known[champion])
        trail *= PERSISTENCE
        trail[list(leader)] += 1.0 - PERSISTENCE
        trail[list(champion)] += 1.0 - PERSISTENCE
        trail = np.clip(trail, 0.05, 2.0)  # so that no item is ever quite forgotten
        if idle >= patience:
            break
    ranked = sorted(known, key=lambda subset: (-known[subset], subset))[:keep]
    return Search(
        subsets=np.asarray(ranked, dtype=np.intp),
        values=np.asarray([known[subset] for subset in ranked]),
        n_judged=len(known),
        exhaustive=False,
    )


def _draw(
    trail: FloatArray,
    groups: Sequence[IntArray],
    least: Sequence[int],
    size: int,
    rng: np.random.Generator,
) -> tuple[int, ...]:
    chosen: list[int] = []
    for group, low in zip(groups, least, strict=True):
        chosen += _pick(trail, group, low, rng)
    rest = np.setdiff1d(np.concatenate(groups), chosen)
    chosen += _pick(trail, rest, size - len(chosen), rng)
    return tuple(sorted(chosen))


def _pick(trail: FloatArray, items: IntArray, count: int, rng: np.random.Generator) -> list[int]:
    if not count:
        return []
    weights = trail[items] / trail[items].sum()
    return [int(item) for item in rng.choice(items, size=count, replace=False, p=weights)]
