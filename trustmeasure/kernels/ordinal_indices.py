"""Indices of fit of ordinal models: residuals, and what robust indices are computed from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.fit_indices import Statistic
from trustmeasure.kernels.ordinal_fit import OrdinalModel, OrdinalSample
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, Shape
from trustmeasure.kernels.ordinal_structure import OrdinalImplied, ordinal_slopes

FloatArray = NDArray[np.float64]


def implied_covariance(shape: Shape, moments: FloatArray) -> FloatArray:
    """Put implied moments (q,) into a matrix (p, p), with ones for ordered variables."""
    found = np.eye(len(shape.categories))
    own = moments[len(shape.cut) : shape.pairs.start]
    found[shape.continuous, shape.continuous] = own
    found[shape.rows, shape.columns] = found[shape.columns, shape.rows] = moments[shape.pairs]
    return found


def ordinal_root_mean_squares(
    groups: Sequence[OrdinalMoments], implied: Sequence[OrdinalImplied]
) -> dict[str, float]:
    """Compute RMR, SRMR and CRMR, with thresholds or (``_nomean``) without.

    As in lavaan, ``srmr`` itself is without; the diagonal of the first two counts as cells that
    do not differ, variances of continuous variables included; and means of these are passed over.
    """
    total = sum(group.n for group in groups)
    found: dict[str, float] = {}
    for group, model in zip(groups, implied, strict=True):
        share, shape = group.n / total, group.shape
        expected = implied_covariance(shape, model.moments)
        sd, own_sd = np.sqrt(np.diag(group.covariance)), np.sqrt(np.diag(expected))
        cuts = np.flatnonzero(shape.ordered[shape.cut])
        level = group.moments[cuts] - model.moments[cuts]
        raw = group.covariance - expected
        np.fill_diagonal(raw, 0.0)
        kinds = {
            "rmr": (raw, 0),
            "srmr_bentler": (raw / np.outer(sd, sd), 0),
            "crmr": (
                group.covariance / np.outer(sd, sd) - expected / np.outer(own_sd, own_sd),
                -1,
            ),
        }
        for name, (matrix, diagonal) in kinds.items():
            inside = matrix[np.tril_indices(len(matrix), diagonal)]
            squares, count = float(inside @ inside), len(inside)
            # Covariates stand in lavaan's diagonal, too, though nothing of them is modelled.
            count += shape.n_given if diagonal == 0 else 0
            whole = _root_mean(squares + float(level @ level), count + len(level))
            found[name] = found.get(name, 0.0) + share * whole
            bare = f"{name}_nomean"
            found[bare] = found.get(bare, 0.0) + share * _root_mean(squares, count)
    found["srmr"] = found["srmr_bentler_nomean"]
    return found


def _root_mean(squares: float, count: int) -> float:
    """Give NaN where nothing is left over: one variable alone has no correlation."""
    return math.sqrt(squares / count) if count else math.nan


@dataclass(frozen=True)
class CategoricalLikelihood:
    """Normal-theory statistics of the correlations, and the factors that they are too large by.

    Both are what robust CFI, TLI and RMSEA of ordinal models are computed from (Savalei,
    2021): `Statistic` of the model and of the baseline.
    """

    model: Statistic
    baseline: Statistic


def categorical_likelihood(
    model: OrdinalModel,
    samples: Sequence[OrdinalSample],
    spreads: Sequence[FloatArray],
    implied: Sequence[OrdinalImplied],
    df: float,
) -> CategoricalLikelihood | None:
    """Judge the estimated correlations by the normal likelihood.

    None where they cannot be: with continuous variables or covariates, with correlations that are
    not positive definite, or where the model restricts thresholds too, so that ``df`` counts more
    than the correlations have.
    """
    total = sum(sample.n for sample in samples)
    size = model.basis.shape[1]
    information = np.zeros((size, size))
    parts = []
    for layout, sample, spread, found in zip(model.layouts, samples, spreads, implied, strict=True):
        shape = layout.shape
        if len(shape.continuous) or shape.n_given:
            return None
        change = ordinal_slopes(layout, found) @ model.basis
        white = sample.whiten(change)
        information += sample.n / total * (white.T @ white)
        observed = implied_covariance(shape, sample.moments)
        expected = implied_covariance(shape, found.moments)
        if min(np.linalg.eigvalsh(observed)[0], np.linalg.eigvalsh(expected)[0]) <= 1.5e-8:
            return None
        parts.append((sample, shape, change, spread, observed, expected))
    n_pairs = sum(len(shape.rows) for _, shape, *_ in parts)
    slopes = np.concatenate([change[shape.pairs] for _, shape, change, *_ in parts])
    if n_pairs - np.linalg.matrix_rank(slopes, tol=1e-8) != df:
        return None
    inverse = np.linalg.pinv(information, hermitian=True)
    chisq = null = mean = null_mean = 0.0
    curvature = np.zeros_like(information)
    meat, crossed = np.zeros_like(information), np.zeros_like(information)
    for sample, shape, change, spread, observed, expected in parts:
        share, own = sample.n / total, change[shape.pairs]
        weight = _normal_weight(shape, expected)
        weighted = _weighted(sample, change)[shape.pairs]
        covered = spread[shape.pairs, shape.pairs]
        chisq += sample.n * _likelihood(observed, expected)
        null -= sample.n * float(np.linalg.slogdet(observed)[1])
        mean += float((weight * covered).sum())
        null_mean += float(np.trace(covered))
        curvature += share * (own.T @ weight @ own)
        meat += share * (weighted.T @ covered @ weighted)
        crossed += share * (own.T @ weight @ covered @ weighted)
    mean += float(
        np.trace(inverse @ curvature @ inverse @ meat) - 2.0 * np.trace(inverse @ crossed)
    )
    return CategoricalLikelihood(
        model=Statistic(chisq, df, mean / df if df else math.nan),
        baseline=Statistic(null, n_pairs, null_mean / n_pairs),
    )


def _weighted(sample: OrdinalSample, change: FloatArray) -> FloatArray:
    """Give WΔ."""
    if sample.full and sample.weight is not None:
        return np.asarray(sample.weight.T @ sample.whiten(change))
    return sample.whiten(sample.whiten(change))


def _normal_weight(shape: Shape, expected: FloatArray) -> FloatArray:
    """Normal-theory weights (n_pairs, n_pairs) of correlations."""
    inverse = np.linalg.inv(expected)
    rows, columns = shape.rows, shape.columns
    return np.asarray(
        inverse[np.ix_(rows, rows)] * inverse[np.ix_(columns, columns)]
        + inverse[np.ix_(rows, columns)] * inverse[np.ix_(columns, rows)]
    )


def _likelihood(observed: FloatArray, expected: FloatArray) -> float:
    """ln|Σ| + tr(SΣ⁻¹) − ln|S| − p."""
    ratio = np.linalg.slogdet(expected)[1] - np.linalg.slogdet(observed)[1]
    return float(ratio + np.trace(np.linalg.solve(expected, observed)) - len(observed))
