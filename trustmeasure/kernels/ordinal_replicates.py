"""Thresholds and correlations of resampled ordered answers, and models fitted to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.conditional_moments import conditional_moments
from trustmeasure.kernels.moment_replicates import TOLERANCE, Replicates
from trustmeasure.kernels.ordinal_fit import OrdinalModel, OrdinalSample, fit_ordinal, weights
from trustmeasure.kernels.ordinal_moments import (
    category_counts,
    ordinal_moments,
    shape_of,
    without_holes,
)
from trustmeasure.kernels.ordinal_resampling import weighted_tables
from trustmeasure.kernels.polychorics import PAIRS, fit_pairs, influences, margin_thresholds

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class MomentStack:
    """Moments of b replicates of a group of n persons, with what they are weighted by.

    ``moments`` and ``variances``, the diagonal of the covariance of √n times them, are (b, q);
    ``roots`` (b, q, q) are roots of full weights, where these are used. Unless ``usable`` (b,),
    a replicate has an empty category, or a correlation that runs to ±1.
    """

    moments: FloatArray
    variances: FloatArray
    usable: NDArray[np.bool_]
    n: float
    roots: FloatArray | None = None


def ordered_stack(
    codes: NDArray[np.integer[Any]],
    categories: IntArray,
    draws: IntArray,
    correlation: FloatArray,
) -> MomentStack:
    """Estimate the moments of ordered answers (n, p) alone, all replicates as one stack.

    ``codes`` count categories from 0, −1 where missing; ``draws`` (b, n) are rows, and
    ``correlation`` (pairs,) is where the search begins: the sample's.
    """
    n, _ = codes.shape
    step = max(1, PAIRS // max(1, len(correlation)))
    parts = []
    for begin in range(0, len(draws), step):
        rows = draws[begin : begin + step]
        counts = np.stack([np.bincount(row, minlength=n) for row in rows]).astype(np.float64)
        parts.append(_block(codes, categories, counts, correlation))
    moments, variances, usable = (
        np.concatenate([part[place] for part in parts]) for place in range(3)
    )
    return MomentStack(moments, variances, usable.astype(bool), float(n))


def _block(
    codes: NDArray[np.integer[Any]],
    categories: IntArray,
    counts: FloatArray,
    correlation: FloatArray,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    k, p = int(categories.max()), len(categories)
    i, j = np.triu_indices(p, 1)
    tables, margins = weighted_tables(codes, k, counts)
    exists = np.arange(k) < categories[:, None]
    usable: NDArray[np.bool_] = np.asarray(((margins > 0) | ~exists).all(axis=(1, 2)))
    b, pairs = tables.shape[:2]
    tables, rows, columns = (
        part.reshape(b * pairs, *part.shape[2:]) for part in (tables, margins[:, i], margins[:, j])
    )
    size = np.tile(categories[i] * categories[j], b)
    holes = (size == 4) & ((tables > 0).sum(axis=(1, 2)) == 3)
    fits = fit_pairs(
        without_holes(tables, holes),
        margin_thresholds(rows),
        margin_thresholds(columns),
        start=np.tile(correlation, b),
        # Newton squares the last step's error: far below what sampling does.
        tolerance=1e-3,
    )
    usable = np.asarray(usable & fits.converged.reshape(b, pairs).all(axis=1))
    squares = _pair_squares(tables, rows, columns, fits.correlation).reshape(b, pairs)
    inside = np.arange(k - 1) < categories[:, None] - 1
    total = margins.sum(axis=2, keepdims=True)
    share = np.cumsum(margins, axis=2)[:, :, :-1] / total
    cuts = margin_thresholds(margins)[:, inside]
    with np.errstate(over="ignore", invalid="ignore"):
        scale = np.exp(cuts**2) * (2 * np.pi)
        spread = (share * (1.0 - share) / total)[:, inside] * scale
    n = counts.sum(axis=1)[:, None]
    return (
        np.concatenate([cuts, fits.correlation.reshape(b, pairs)], axis=1),
        n * np.concatenate([spread, squares], axis=1),
        usable,
    )


def _pair_squares(
    tables: FloatArray, rows: FloatArray, columns: FloatArray, correlation: FloatArray
) -> FloatArray:
    """Sum squared influences on each correlation, also of those who answered one item alone."""
    found = []
    for begin in range(0, len(tables), PAIRS):
        part = slice(begin, begin + PAIRS)
        own, row, column = tables[part], rows[part], columns[part]
        both, by_row, by_column = influences(own, row, column, correlation[part])
        found.append(
            (own * both**2).sum(axis=(1, 2))
            + ((row - own.sum(axis=2)) * by_row**2).sum(axis=1)
            + ((column - own.sum(axis=1)) * by_column**2).sum(axis=1)
        )
    return np.concatenate(found)


def mixed_stack(
    values: FloatArray,
    categories: IntArray,
    draws: IntArray,
    *,
    full: bool,
    given: FloatArray | None = None,
) -> MomentStack:
    """Estimate the moments of any variables (n, p), a replicate at a time.

    ``given`` (n, m) are covariates that the variables are conditioned on. With ``full``, full
    weights are made as well.
    """
    n_given = 0 if given is None else given.shape[1]
    q, b = shape_of(categories, n_given).n_moments, len(draws)
    moments, variances = np.full((b, q), np.nan), np.full((b, q), np.nan)
    roots = np.full((b, q, q), np.nan) if full else None
    usable = np.zeros(b, dtype=bool)
    for place, rows in enumerate(draws):
        own = values[rows]
        if not all(counts.all() for counts in category_counts(own, categories)):
            continue
        if given is None:
            found = ordinal_moments(own, categories, full=full)
        else:
            found = conditional_moments(own, categories, given[rows], full=full)
        moments[place], variances[place] = found.moments, found.variances
        sound = found.converged.all() and found.regressed.all()
        usable[place] = bool(sound) and bool(np.isfinite(found.moments).all())
        if roots is None or found.spread is None or not usable[place]:
            continue
        try:
            root, _ = weights("WLS", found.spread)
        except np.linalg.LinAlgError:
            root = None
        usable[place] = root is not None
        if root is not None:
            roots[place] = root
    return MomentStack(moments, variances, usable, float(len(values)), roots)


def fit_ordinal_replicates(
    model: OrdinalModel, groups: Sequence[MomentStack], start: FloatArray, kind: str
) -> Replicates:
    """Fit a model to replicates of each group from ``start`` (k,); ``kind`` names the weights."""
    usable = np.all([group.usable for group in groups], axis=0)
    places = np.flatnonzero(usable)
    b = len(usable)
    parameters = np.full((b, len(model.origin)), np.nan)
    discrepancy, converged = np.full(b, np.nan), np.zeros(b, dtype=bool)
    alone = any(group.roots is not None for group in groups)
    for which in (places[:, None] if alone else [places]) if len(places) else []:
        samples = [_sample(group, which, kind) for group in groups]
        found = fit_ordinal(model, samples, start, tolerance=TOLERANCE, max_iterations=200)
        parameters[which], discrepancy[which] = found.parameters, found.chisq
        converged[which] = found.converged & np.isfinite(found.chisq)
    return Replicates(parameters, discrepancy, converged)


def _sample(group: MomentStack, which: IntArray, kind: str) -> OrdinalSample:
    moments = group.moments[which]
    if group.roots is not None:
        return OrdinalSample(moments, group.roots[which[0]], group.n, full=True)
    weight = None if kind == "ULS" else 1.0 / group.variances[which]
    return OrdinalSample(moments, weight, group.n)
