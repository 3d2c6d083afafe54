"""Correlations among ordered and continuous variables, each pair by its own kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.mixed_moments import Mixed
from trustmeasure.kernels.ordinal_moments import threshold_shifts
from trustmeasure.kernels.polychorics import margin_thresholds, polychorics

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Persons without whom there is no correlation of two variables.
LEAST = 3


@dataclass(frozen=True)
class MixedCorrelations:
    """Polychoric, polyserial and product-moment correlations of p variables.

    Attributes
    ----------
    correlation : ndarray, shape (p, p)
        NaN for a pair that fewer than 3 persons answered.
    standard_error : ndarray, shape (p, p)
        On n − 1, thresholds, means and variances being estimates too; 0 on the diagonal and
        NaN where a correlation runs to ±1.
    counts : ndarray of int, shape (p, p)
        Persons behind each correlation.
    converged : ndarray of bool, shape (p, p)
        False where the likelihood has no maximum inside ±1.
    """

    correlation: FloatArray
    standard_error: FloatArray
    counts: NDArray[np.int64]
    converged: BoolArray


def mixed_correlations(
    values: FloatArray, codes: NDArray[np.integer[Any]], ordered: BoolArray
) -> MixedCorrelations:
    """Correlate variables of which ``ordered`` (p,) are, as `ordinal_moments` does.

    ``values`` (n, c) hold the continuous ones, NaN where missing, ``codes`` (n, items) the
    categories of ordered ones from 0, −1 where missing. Thresholds, means and variances come
    from everyone who answered the variable, each correlation from all who answered both.
    """
    p, n = len(ordered), len(values)
    items, others = np.flatnonzero(ordered), np.flatnonzero(~ordered)
    answered = np.zeros((n, p))
    answered[:, items], answered[:, others] = codes >= 0, ~np.isnan(values)
    counts = np.rint(answered.T @ answered).astype(np.int64)
    found = MixedCorrelations(np.eye(p), np.zeros((p, p)), counts, np.ones((p, p), dtype=bool))
    root = np.sqrt(n / (n - 1))
    if len(items) > 1:
        among = polychorics(codes, int(codes.max()) + 1)
        block = np.ix_(items, items)
        found.correlation[block] = among.correlation
        found.standard_error[block] = among.standard_error
        found.converged[block] = among.converged
    mixed = _continuous(values, codes)
    for a, i in enumerate(others.tolist()):
        for b, item in enumerate(items.tolist()):
            if counts[i, item] >= LEAST:
                rho, line, reached = mixed.polyserial(a, b)
                _enter(found, i, item, rho, np.sqrt(line @ line) * root, reached)
        for b, j in enumerate(others[:a].tolist()):
            if counts[i, j] >= LEAST:
                rho, line = mixed.product_moment(a, b)
                _enter(found, i, j, rho, np.sqrt(line @ line) * root, True)
    strange = counts < LEAST
    found.correlation[strange] = found.standard_error[strange] = np.nan
    return found


def _enter(
    found: MixedCorrelations, i: int, j: int, rho: float, error: float, reached: bool
) -> None:
    here = (np.array([i, j]), np.array([j, i]))
    found.correlation[here] = rho
    found.standard_error[here] = error if reached else np.nan
    found.converged[here] = reached


def _continuous(values: FloatArray, codes: NDArray[np.integer[Any]]) -> Mixed:
    counts = codes.max(axis=0, initial=0) + 1
    k = int(counts.max(initial=1))
    margins = [np.bincount(column + 1, minlength=k + 1)[1:] for column in codes.T]
    table = np.array(margins, dtype=np.float64).reshape(-1, k)
    cut = margin_thresholds(table)
    thresholds = [row[: count - 1] for row, count in zip(cut, counts, strict=True)]
    return Mixed(values, codes.astype(np.intp), thresholds, threshold_shifts(table))
