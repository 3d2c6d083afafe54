"""Fitting two-level models: the saturated one, the model itself, its errors and its statistic."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import Estimates
from trustmeasure.confirmatory.inference import Inference, Scaled
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.specification import Specification, specify
from trustmeasure.confirmatory.starts import starting_values
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.kernels.two_level import moment_estimates
from trustmeasure.kernels.two_level_models import (
    TwoLevelMaximum,
    TwoLevelModel,
    cluster_scores,
    deviance,
    fit_two_level_model,
    loglik,
    saturated_model,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Unrestricted:
    """The saturated model: its moments on each level, within before between."""

    model: TwoLevelModel
    maximum: TwoLevelMaximum
    covariances: tuple[FloatArray, FloatArray]
    means: tuple[FloatArray, FloatArray]
    loglik: float


@dataclass(frozen=True)
class TwoLevelEstimate:
    """A fitted model: as for one level, with what belongs to two.

    ``information`` is the unit information of the reduced parameters, observed.
    """

    specification: Specification
    model: TwoLevelModel
    estimates: Estimates
    maximum: TwoLevelMaximum


def unrestricted(sample: TwoLevelSample, *, observed: bool) -> Unrestricted:
    """Fit the moments of both levels; robust statistics need the information observed."""
    w, b, data = sample.within, sample.between, sample.moments
    model = saturated_model(len(sample.names), w, b)
    spread, shared = moment_estimates(data)
    own = np.diag(spread).copy()
    alone = np.isin(np.arange(len(own)), np.setdiff1d(b, w))
    own[alone] = np.diag(shared)[alone]
    root = np.sqrt(own)
    # Σ_b is started from inside the positive definite matrices, in standard deviations within.
    values, vectors = np.linalg.eigh((shared / np.outer(root, root))[np.ix_(b, b)])
    shared = (vectors * np.maximum(values, 0.05)) @ vectors.T * np.outer(root[b], root[b])
    mean = sample.values.mean(axis=0)
    start = np.concatenate(
        [
            spread[np.ix_(w, w)][np.tril_indices(len(w))],
            mean[w][~np.isin(w, b)],
            shared[np.tril_indices(len(b))],
            mean[b],
        ]
    )
    found = fit_two_level_model(model, data, start, observed=observed)
    parts = [implied(matrices(one, found.reduced)) for one in model.model.layouts]
    return Unrestricted(
        model=model,
        maximum=found,
        covariances=(parts[0].spread, parts[1].spread),
        means=(parts[0].mean, parts[1].mean),
        loglik=loglik(data, found.deviance, len(w)),
    )


def estimate_two_level(
    table: ParameterTable, sample: TwoLevelSample, whole: Unrestricted, *, observed: bool = True
) -> TwoLevelEstimate:
    """Fit the model of a table whose groups are the levels."""
    specification = specify(table)
    # Exogenous variables keep the moments that nothing restricts.
    inner = specification.model(whole.covariances, whole.means)
    model = TwoLevelModel(
        inner, _places(sample, specification, 0), _places(sample, specification, 1)
    )
    start = starting_values(
        specification, [_proper(part) for part in whole.covariances], whole.means
    )
    start = _inside(model, sample, start)
    found = fit_two_level_model(model, sample.moments, start, observed=observed)
    level = loglik(sample.moments, found.deviance, len(sample.within))
    estimates = Estimates(
        model=inner,
        reduced=found.reduced,
        parameters=inner.expand(found.reduced),
        chisq=max(2.0 * (whole.loglik - level), 0.0),
        loglik=level,
        saturated_loglik=whole.loglik,
        converged=found.converged,
        n_iterations=found.n_iterations,
    )
    return TwoLevelEstimate(specification, model, estimates, found)


def _places(sample: TwoLevelSample, specification: Specification, level: int) -> NDArray[np.intp]:
    observed = specification.blocks[level].observed
    return np.array([sample.names.index(name) for name in observed], dtype=np.intp)


def _proper(matrix: FloatArray) -> FloatArray:
    """Raise the eigenvalues of the correlations that a start is taken from."""
    own = np.diag(matrix)
    root = np.sqrt(np.where(own > 0, own, np.abs(own).mean()))
    values, vectors = np.linalg.eigh(matrix / np.outer(root, root))
    return np.asarray((vectors * np.maximum(values, 0.05)) @ vectors.T * np.outer(root, root))


def _inside(model: TwoLevelModel, sample: TwoLevelSample, start: FloatArray) -> FloatArray:
    """Raise variances until the start has a likelihood."""
    inner = model.model
    trial: FloatArray = start
    for _ in range(8):
        if np.isfinite(deviance(model, sample.moments, trial[None])[0]):
            break
        full = inner.expand(trial)
        for layout in inner.layouts:
            for name in ("theta", "psi"):
                rows, columns, which = layout.places[name]
                own = which[rows == columns]
                full[own] = np.maximum(2.0 * np.abs(full[own]), 0.05)
                full[which[rows != columns]] *= 0.5
        solved, *_ = np.linalg.lstsq(inner.basis, full - inner.origin, rcond=None)
        trial = np.asarray(solved, dtype=np.float64)
    return trial


def infer_two_level(
    found: TwoLevelEstimate,
    sample: TwoLevelSample,
    whole: Unrestricted,
    *,
    robust: bool,
    df: int,
) -> Inference:
    """Give errors from the observed information; robust ones from the clusters' scores as well."""
    information, persons = found.maximum.information, sample.moments.n
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    basis = found.model.model.basis
    weakest = float(values[0]) if len(values) else 1.0
    direction = np.abs(basis @ (vectors[:, 0] / size)) if len(values) else np.zeros(len(basis))
    inverse = scaled_inverse(information) / persons
    if not robust:
        spread = basis @ inverse @ basis.T
        return Inference(spread, None, None, weakest, direction)
    meat = _meat(found.model, sample, found.maximum.reduced)
    spread = basis @ inverse @ meat @ inverse @ basis.T
    scaled, factors = None, None
    if df > 0:
        own = float(np.trace(inverse @ meat))
        total, count = _saturated_trace(found.specification, sample, whole)
        scaling = (total - own) / df
        # lavaan counts parameters before equalities here.
        factors = (total / count, own / len(found.estimates.parameters))
        scaled = Scaled(found.estimates.chisq / scaling, df, scaling)
    return Inference(spread, scaled, factors, weakest, direction)


def _meat(model: TwoLevelModel, sample: TwoLevelSample, reduced: FloatArray) -> FloatArray:
    scores = cluster_scores(model, sample.values, sample.codes, reduced)
    return np.asarray(scores.T @ scores)


def _saturated_trace(
    specification: Specification, sample: TwoLevelSample, whole: Unrestricted
) -> tuple[float, int]:
    """Give tr(B₁A₁⁻¹) of the saturated model without exogenous moments, and its parameters."""
    kept = []
    for block, places, alone in zip(
        specification.blocks,
        (sample.within, sample.between),
        (~np.isin(sample.within, sample.between), np.ones(len(sample.between), dtype=bool)),
        strict=True,
    ):
        names = [sample.names[i] for i in places]
        outside = np.array([name not in block.exogenous for name in names])
        rows, columns = np.tril_indices(len(places))
        kept += [outside[rows] | outside[columns], outside[alone]]
    inner = np.concatenate(kept)
    information = sample.moments.n * whole.maximum.information[np.ix_(inner, inner)]
    meat = _meat(whole.model, sample, whole.maximum.reduced)[np.ix_(inner, inner)]
    return float(np.trace(np.linalg.solve(information, meat))), int(inner.sum())


def independence_table(table: ParameterTable, sample: TwoLevelSample) -> ParameterTable:
    """Write the model in which, on each level, only exogenous variables covary."""
    rows: list[Parameter] = []
    free = 0
    above = {sample.names[i] for i in sample.between}
    for level in (1, 2):
        names = table.names("ov", group=level)
        given = [
            row.lhs
            for row in table.parameters
            if row.group == level and row.exo and row.op == "~~" and row.lhs == row.rhs
        ]
        pairs = [(name, name) for name in names]
        pairs += [(a, b) for i, a in enumerate(given) for b in given[:i]]
        for a, b in pairs:
            exo = a in given and b in given
            free += not exo
            rows.append(Parameter(a, "~~", b, group=level, free=0 if exo else free, exo=exo))
        for name in names:
            exo = name in given
            settled = level == 1 and name in above
            free += not (exo or settled)
            rows.append(
                Parameter(
                    name, "~1", "", group=level, exo=exo and not settled,
                    free=0 if exo or settled else free, value=0.0 if settled else np.nan,
                )
            )  # fmt: skip
    return replace(table, parameters=tuple(rows), constraints=(), definitions=())
