"""Score tests of equalities: what the fit would gain if they were given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Releases:
    """Tests of k sets of equalities, each given up alone.

    Attributes
    ----------
    chisq : ndarray, shape (k,)
        Lagrange multipliers; NaN where the set would not be identified without its equalities.
    df : ndarray of int, shape (k,)
    changes : tuple of ndarray, each (n_free,)
        Changes of all parameters that one step of scoring would make.
    """

    chisq: FloatArray
    df: NDArray[np.intp]
    changes: tuple[FloatArray, ...]


def axes(places: NDArray[np.intp], size: int) -> FloatArray:
    """Give each of these parameters (k,) a direction of its own among all (size, k)."""
    found = np.zeros((size, len(places)))
    found[places, np.arange(len(places))] = 1.0
    return found


def release_tests(
    gradient: FloatArray,
    information: FloatArray,
    basis: FloatArray,
    directions: Sequence[FloatArray],
    n: float,
    *,
    meat: FloatArray | None = None,
) -> Releases:
    """Test what the fit would gain from moves in more directions, set by set.

    ``gradient`` g (n_free,) and ``information`` I (n_free, n_free) are those of half the
    discrepancy for one person, in all free parameters, at the estimates that ``basis`` B
    (n_free, k) restricts. With the directions E (n_free, r) of a set, M = E − B(B'IB)⁻¹B'IE is
    what they add to those of B, and the test is n·g'M V⁻¹ M'g. V is M'IM; where the discrepancy
    is not a likelihood, so that the gradient's covariance is not I but ``meat`` (n_free, n_free),
    it is M'(meat)M (the generalised score test).
    """
    inverse = np.linalg.pinv(basis.T @ information @ basis, hermitian=True)
    chisq, df, changes = [], [], []
    for extra in directions:
        moves = extra - basis @ (inverse @ (basis.T @ information @ extra))
        rest = moves.T @ information @ moves
        own = extra.T @ information @ extra
        slope = moves.T @ gradient
        weakest = np.linalg.eigvalsh(rest)[0] if rest.size else 0.0
        df.append(extra.shape[1])
        if weakest <= 1e-10 * np.abs(own).max(initial=0.0):
            chisq.append(np.nan)
            changes.append(np.full(len(gradient), np.nan))
            continue
        spread = rest if meat is None else moves.T @ meat @ moves
        chisq.append(n * float(slope @ np.linalg.solve(spread, slope)))
        changes.append(moves @ -np.linalg.solve(rest, slope))
    return Releases(np.asarray(chisq), np.asarray(df, dtype=np.intp), tuple(changes))


def adjusted(pvalues: FloatArray, method: str) -> FloatArray:
    """Correct p values for their number: "holm", "bh" (Benjamini–Hochberg) or "none"."""
    found = np.asarray(pvalues, dtype=np.float64).copy()
    known = np.flatnonzero(~np.isnan(found))
    order = known[np.argsort(found[known], kind="stable")]
    count = len(order)
    ranked = found[order]
    if method == "holm":
        ranked = np.maximum.accumulate(ranked * np.arange(count, 0, -1))
    elif method == "bh":
        ranked = np.minimum.accumulate((ranked * count / np.arange(1, count + 1))[::-1])[::-1]
    found[order] = np.minimum(ranked, 1.0)
    return found
