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


def release_tests(
    gradient: FloatArray,
    information: FloatArray,
    basis: FloatArray,
    sets: Sequence[NDArray[np.intp]],
    n: float,
) -> Releases:
    """Test the equality of each set of parameters.

    ``gradient`` (n_free,) and ``information`` (n_free, n_free) are those of half the discrepancy
    for one person, in all free parameters, at the estimates that ``basis`` (n_free, k) restricts.
    A set holds the places of parameters that are equal; all but its first get a direction of
    their own. With E these directions, the test is n·u'V⁻¹u, with u = E'g and
    V = E'IE − E'IB(B'IB)⁻¹B'IE.
    """
    inverse = np.linalg.pinv(basis.T @ information @ basis, hermitian=True)
    chisq, df, changes = [], [], []
    for places in sets:
        extra = np.zeros((len(gradient), len(places) - 1))
        extra[places[1:], np.arange(len(places) - 1)] = 1.0
        across = basis.T @ information @ extra
        own = extra.T @ information @ extra
        rest = own - across.T @ inverse @ across
        slope = extra.T @ gradient
        weakest = np.linalg.eigvalsh(rest)[0] if rest.size else 0.0
        df.append(extra.shape[1])
        if weakest <= 1e-10 * np.abs(own).max(initial=0.0):
            chisq.append(np.nan)
            changes.append(np.full(len(gradient), np.nan))
            continue
        step = -np.linalg.solve(rest, slope)
        chisq.append(n * float(-slope @ step))
        changes.append(extra @ step - basis @ (inverse @ (across @ step)))
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
