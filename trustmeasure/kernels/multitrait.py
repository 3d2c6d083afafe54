"""Campbell and Fiske's comparisons within a multitrait–multimethod matrix."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

VALIDITY, BETWEEN, WITHIN = (
    "monotrait-heteromethod",
    "heterotrait-heteromethod",
    "heterotrait-monomethod",
)


@dataclass(frozen=True)
class Comparisons:
    """How many comparisons there are, and how many hold: pairs (held, all).

    Attributes
    ----------
    between : tuple of int
        Validity values above the heterotrait–heteromethod values in their row and column.
    within : tuple of int
        Validity values above the heterotrait–monomethod values of their two measures.
    pattern : tuple of int
        Pairs of trait relations that two triangles put in the same order.
    concordance : float
        Kendall's W of the triangles' orders; NaN with fewer than three traits.
    """

    between: tuple[int, int]
    within: tuple[int, int]
    pattern: tuple[int, int]
    concordance: float


def kind(trait_1: int, method_1: int, trait_2: int, method_2: int) -> str:
    """Name the kind of a correlation between two different measures."""
    if trait_1 == trait_2:
        return VALIDITY
    return WITHIN if method_1 == method_2 else BETWEEN


def comparisons(r: FloatArray, trait: IntArray, method: IntArray) -> Comparisons:
    """Compare the validity values of measures (p,) with the rest of their matrix (p, p)."""
    between, within = [], []
    for a, b in combinations(range(len(trait)), 2):
        if trait[a] != trait[b]:
            continue
        for own, other in ((a, b), (b, a)):
            rivals = np.flatnonzero((trait != trait[a]) & (method == method[other]))
            between += list(r[a, b] > r[own, rivals])
            rivals = np.flatnonzero((trait != trait[a]) & (method == method[own]))
            within += list(r[a, b] > r[own, rivals])
    triangles = _triangles(r, trait, method)
    same = []
    for first, second in combinations(triangles, 2):
        i, j = np.triu_indices(len(first), 1)
        known = ~np.isnan(first[i] + first[j] + second[i] + second[j])
        same += list((np.sign(first[i] - first[j]) == np.sign(second[i] - second[j]))[known])
    return Comparisons(
        between=(int(np.sum(between)), len(between)),
        within=(int(np.sum(within)), len(within)),
        pattern=(int(np.sum(same)), len(same)),
        concordance=_concordance(triangles),
    )


def _triangles(r: FloatArray, trait: IntArray, method: IntArray) -> list[FloatArray]:
    """Relations of each pair of traits, once a method and twice a pair of methods."""
    place = {(int(t), int(m)): k for k, (t, m) in enumerate(zip(trait, method, strict=True))}
    pairs = list(combinations(range(int(trait.max()) + 1), 2))
    methods = range(int(method.max()) + 1)

    def triangle(m1: int, m2: int) -> FloatArray:
        cells = [(place.get((t1, m1)), place.get((t2, m2))) for t1, t2 in pairs]
        return np.array([np.nan if i is None or j is None else r[i, j] for i, j in cells])

    return [triangle(m1, m2) for m1 in methods for m2 in methods]


def _concordance(triangles: list[FloatArray]) -> float:
    """Kendall's W without correction for ties, which correlations do not have."""
    table = np.array(triangles)
    table = table[~np.isnan(table).any(axis=1)]
    m, n = table.shape
    if m < 2 or n < 3:
        return np.nan
    order = table.argsort(axis=1).argsort(axis=1) + 1.0
    sums = order.sum(axis=0)
    return float(12 * ((sums - sums.mean()) ** 2).sum() / (m**2 * (n**3 - n)))
