"""Correlations among ordered and continuous variables, each pair by its own kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.mixed_moments import Mixed
from trustmeasure.kernels.ordinal_moments import threshold_shifts
from trustmeasure.kernels.polychorics import margin_thresholds, polychorics

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class MixedCorrelations:
    """Polychoric, polyserial and product-moment correlations of p variables.

    Attributes
    ----------
    correlation : ndarray, shape (p, p)
        NaN for a pair in which fewer than 3 persons, or no differing ones, are complete.
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


def mixed_correlations(values: FloatArray, ordered: BoolArray) -> MixedCorrelations:
    """Correlate the variables (n, p), of which ``ordered`` (p,) are; NaN is missing.

    Each pair takes the persons who answered both, for its thresholds, means and variances too.
    """
    if not np.isnan(values).any():
        return _complete(values, ordered)
    p = len(ordered)
    answered = (~np.isnan(values)).astype(np.float64)
    counts = np.rint(answered.T @ answered).astype(np.int64)
    found = MixedCorrelations(np.eye(p), np.zeros((p, p)), counts, np.ones((p, p), dtype=bool))
    for i, j in zip(*np.triu_indices(p, 1), strict=True):
        pair = values[:, [i, j]]
        pair = pair[~np.isnan(pair).any(axis=1)]
        here = (np.array([i, j]), np.array([j, i]))
        if len(pair) < 3 or (pair == pair[:1]).all(axis=0).any():
            found.correlation[here] = found.standard_error[here] = np.nan
            continue
        own = _complete(pair, ordered[[i, j]])
        found.correlation[here] = own.correlation[0, 1]
        found.standard_error[here] = own.standard_error[0, 1]
        found.converged[here] = own.converged[0, 1]
    return found


def _complete(values: FloatArray, ordered: BoolArray) -> MixedCorrelations:
    n, p = values.shape
    matrix, errors = np.eye(p), np.zeros((p, p))
    converged = np.ones((p, p), dtype=bool)
    items, others = np.flatnonzero(ordered), np.flatnonzero(~ordered)
    codes = np.zeros((n, len(items)), dtype=np.intp)
    for place, item in enumerate(items):
        codes[:, place] = np.unique(values[:, item], return_inverse=True)[1]
    counts = codes.max(axis=0, initial=0) + 1
    if len(items) > 1:
        among = polychorics(codes, int(counts.max()))
        block = np.ix_(items, items)
        matrix[block], errors[block] = among.correlation, among.standard_error
        converged[block] = among.converged
    mixed = _continuous(values[:, others], codes, counts)
    root = np.sqrt(n / (n - 1))
    for a, i in enumerate(others):
        for b, item in enumerate(items):
            rho, line, reached = mixed.polyserial(a, b)
            matrix[i, item] = matrix[item, i] = rho
            error = np.sqrt(line @ line) * root if reached else np.nan
            errors[i, item] = errors[item, i] = error
            converged[i, item] = converged[item, i] = reached
        for b, j in enumerate(others[:a]):
            rho, line = mixed.product_moment(a, b)
            matrix[i, j] = matrix[j, i] = rho
            errors[i, j] = errors[j, i] = np.sqrt(line @ line) * root
    return MixedCorrelations(matrix, errors, np.full((p, p), n), converged)


def _continuous(values: FloatArray, codes: NDArray[np.intp], counts: NDArray[np.intp]) -> Mixed:
    k = int(counts.max(initial=1))
    margins = [np.bincount(column, minlength=k) for column in codes.T]
    table = np.array(margins, dtype=np.float64).reshape(-1, k)
    cut = margin_thresholds(table)
    thresholds = [row[: count - 1] for row, count in zip(cut, counts, strict=True)]
    return Mixed(values, codes, thresholds, threshold_shifts(table))
