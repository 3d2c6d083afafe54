"""How sure the estimates are, and how the statistic is distributed where data are not normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import (
    Data,
    Estimates,
    expected_information,
    hessian,
)
from trustmeasure.confirmatory.samples import GroupSample, Samples
from trustmeasure.kernels.fit_indices import Statistic
from trustmeasure.kernels.incomplete import Pattern
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.pattern_fit import case_scores
from trustmeasure.kernels.sandwich import (
    Traces,
    Whitened,
    case_spread,
    inverse_root,
    mean_square_distance,
    traces,
    whitened_slopes,
)
from trustmeasure.kernels.structural import Implied, Layout, implied, matrices, slopes

FloatArray = NDArray[np.float64]

# What each estimator asks for: discrepancy, standard errors, test statistic.
ESTIMATORS: dict[str, tuple[str, str, str]] = {
    "ML": ("ML", "standard", "standard"),
    "MLM": ("ML", "robust.sem", "satorra.bentler"),
    "MLMV": ("ML", "robust.sem", "scaled.shifted"),
    "MLMVS": ("ML", "robust.sem", "mean.var.adjusted"),
    "MLR": ("ML", "robust.huber.white", "yuan.bentler.mplus"),
    "MLF": ("ML", "first.order", "standard"),
    "GLS": ("GLS", "standard", "standard"),
    "ULS": ("ULS", "standard", "standard"),
}


@dataclass(frozen=True)
class Scaled:
    """A statistic corrected for data that are not normal.

    ``scaling`` divides χ², ``shift`` is added, and ``df`` may be a fraction.
    """

    chisq: float
    df: float
    scaling: float
    shift: float = 0.0


@dataclass(frozen=True)
class Inference:
    """Covariance matrix (n_free, n_free) of the estimates, and the scaled statistic if any.

    ``likelihood_scaling`` holds the factors of the saturated model's log-likelihood and of this
    one's, where MLR compares them. ``weakest`` is the smallest eigenvalue of the information
    scaled to a diagonal of one, and ``direction`` the free parameters' part in it: what is not
    identified.
    """

    covariance: FloatArray
    scaled: Scaled | None
    likelihood_scaling: tuple[float, float] | None
    weakest: float
    direction: FloatArray


def infer(
    found: Estimates, data: Data, samples: Samples, *, errors: str, test: str, df: int, means: bool
) -> Inference:
    """Compute standard errors and the test statistic in the ways asked for."""
    incomplete = data.patterns is not None
    observed = incomplete or errors == "robust.huber.white"
    information = hessian(found, data) if observed else expected_information(found, data)
    weakest, direction = _weakest(information, found.model)
    inverse = _inverse(information)
    n = data.n
    if errors == "standard" and test == "standard":
        factor = n if data.estimator == "ML" else n - len(data.samples)
        spread = inverse if data.estimator != "ULS" else _unweighted_spread(found, data, inverse)
        return Inference(_expanded(found.model, spread / factor), None, None, weakest, direction)
    if incomplete:
        meat, own = _meat_of_patterns(found, samples, inverse)
        saturated = _saturated_trace_of_patterns(data, samples)
    else:
        groups = _whitened(found, samples, means=means)
        parts = traces(groups, information, found.model.basis)
        meat = parts.meat
        own = float(np.trace(inverse @ meat))
        saturated = _saturated_trace(samples, means=means)
    clustered = samples.groups[0].clusters is not None
    if clustered:
        meat, own = _meat_of_clusters(found, samples, inverse)
    spread = _inverse(meat) if errors == "first.order" else inverse @ meat @ inverse
    scaled, factors = None, None
    if df > 0 and test == "yuan.bentler.mplus":
        if clustered:
            saturated = _saturated_trace_of_clusters(data, samples, means=means)
        scaling = (saturated - own) / df
        k = len(information)
        factors = (saturated / (k + df), own / k)
        scaled = Scaled(found.chisq / scaling, df, scaling)
    elif df > 0 and test != "standard":
        scaled = scale(found.chisq, df, test, parts.first, parts.second)
    return Inference(_expanded(found.model, spread / n), scaled, factors, weakest, direction)


def _inverse(matrix: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.pinv(matrix, rcond=1e-10, hermitian=True), dtype=np.float64)


def scale(chisq: float, df: float, test: str, first: float, second: float) -> Scaled:
    """Correct χ² by tr(UΓ) and tr((UΓ)²)."""
    if test == "satorra.bentler":
        return Scaled(chisq * df / first, df, first / df)
    if test == "mean.var.adjusted":
        return Scaled(chisq * first / second, first**2 / second, second / first)
    ratio = float(np.sqrt(df / second))
    shift = df - float(np.sqrt(df * first**2 / second))
    return Scaled(chisq * ratio + shift, df, 1.0 / ratio, shift)


def statistic(scaled: Scaled | None, chisq: float, df: float) -> Statistic:
    """Give χ² with the scaling that robust indices use."""
    return Statistic(chisq, df, 1.0 if scaled is None else scaled.scaling)


def _expanded(model: Model, covariance: FloatArray) -> FloatArray:
    return np.asarray(model.basis @ covariance @ model.basis.T)


def _weakest(information: FloatArray, model: Model) -> tuple[float, FloatArray]:
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    if not len(values):
        return 1.0, np.zeros(model.basis.shape[0])
    return float(values[0]), np.abs(model.basis @ (vectors[:, 0] / size))


def _unweighted_spread(found: Estimates, data: Data, inverse: FloatArray) -> FloatArray:
    """Give what ULS estimates have for a covariance were the data normal."""
    meat = np.zeros_like(inverse)
    for layout, sample in zip(found.model.layouts, data.samples, strict=True):
        change = slopes(layout, implied(matrices(layout, found.parameters)))
        turned = whitened_slopes(
            change,
            np.asarray(np.linalg.cholesky(sample.covariance).T),
            means=sample.mean is not None,
        )
        reduced = turned @ found.model.basis[change.used]
        meat += sample.n / data.n * (reduced.T @ reduced)
    return np.asarray(inverse @ meat @ inverse)


def _group_parts(
    found: Estimates, layout: Layout, group: GroupSample
) -> tuple[Implied, FloatArray, FloatArray]:
    moments = implied(matrices(layout, found.parameters))
    values = group.values
    if values is None:
        raise ValueError("robust statistics need answers")  # refused before
    return moments, inverse_root(moments.spread), values


def _whitened(found: Estimates, samples: Samples, *, means: bool) -> list[Whitened]:
    groups = []
    for layout, group in zip(found.model.layouts, samples.groups, strict=True):
        moments, root, values = _group_parts(found, layout, group)
        change = slopes(layout, moments)
        groups.append(
            Whitened(
                slopes=whitened_slopes(change, root, means=means),
                spread=case_spread(values, values.mean(axis=0), root, means=means),
                used=change.used,
                n=group.n,
            )
        )
    return groups


def _saturated_trace(samples: Samples, *, means: bool) -> float:
    """tr(B₁A₁⁻¹) of the saturated model, from the cases' distances."""
    total = 0.0
    for group in samples.groups:
        values = group.values
        if values is None:
            raise ValueError("robust statistics need answers")  # refused before
        p = values.shape[1]
        square = mean_square_distance(values, _plain(values.mean(axis=0), group.covariance)) ** 2
        total += 0.5 * (float(square.mean()) - p) + (p if means else 0)
    return total


def _plain(mean: FloatArray, spread: FloatArray) -> Implied:
    return Implied(spread=spread, mean=mean, total=spread, carried=spread, level=mean)


def _scores(found: Estimates, samples: Samples) -> list[FloatArray]:
    answers = [group.values for group in samples.groups if group.values is not None]
    return case_scores(found.model, answers, found.reduced)


def _meat_of_patterns(
    found: Estimates, samples: Samples, inverse: FloatArray
) -> tuple[FloatArray, float]:
    meat = sum(scores.T @ scores for scores in _scores(found, samples)) / samples.n
    return np.asarray(meat), float(np.trace(inverse @ meat))


def _meat_of_clusters(
    found: Estimates, samples: Samples, inverse: FloatArray
) -> tuple[FloatArray, float]:
    meat = np.zeros_like(inverse)
    for scores, group in zip(_scores(found, samples), samples.groups, strict=True):
        if group.clusters is None:
            raise ValueError("clusters are missing")  # all groups have them, or none
        totals = _cluster_sums(scores, group.clusters)
        meat += totals.T @ totals
    meat /= samples.n
    return meat, float(np.trace(inverse @ meat))


def _cluster_sums(scores: FloatArray, clusters: NDArray[np.intp]) -> FloatArray:
    _, places = np.unique(clusters, return_inverse=True)
    totals = np.zeros((places.max() + 1, scores.shape[1]))
    np.add.at(totals, places, scores)
    return totals


def _saturated_model(group: GroupSample) -> Model:
    """Give the saturated model of one group."""
    p = group.covariance.shape[0]
    rows, columns = np.tril_indices(p)
    none = np.zeros(0, dtype=np.intp)
    count = len(rows)
    layout = Layout(
        fixed={
            "lambda": np.eye(p), "theta": np.zeros((p, p)), "psi": np.zeros((p, p)),
            "beta": np.zeros((p, p)), "nu": np.zeros(p), "alpha": np.zeros(p),
        },
        places={
            "lambda": (none, none, none),
            "theta": (none, none, none),
            "psi": (rows, columns, np.arange(count)),
            "beta": (none, none, none),
            "nu": (np.arange(p), np.zeros(p, dtype=np.intp), np.arange(count, count + p)),
            "alpha": (none, none, none),
        },
        n_free=count + p,
    )  # fmt: skip
    size = count + p
    return Model((layout,), np.eye(size), np.zeros(size))


def _saturated_trace_of_patterns(data: Data, samples: Samples) -> float:
    total = 0.0
    for place, group in enumerate(samples.groups):
        mean, spread = data.saturated[place]
        patterns = () if data.patterns is None else data.patterns[place]
        total += _saturated_part(group, mean, spread, patterns, clusters=None)
    return total


def _saturated_trace_of_clusters(data: Data, samples: Samples, *, means: bool) -> float:
    from trustmeasure.kernels.incomplete import patterns as sort_patterns

    total = 0.0
    for place, group in enumerate(samples.groups):
        if group.values is None:
            raise ValueError("clusters need answers")  # refused before
        mean, spread = data.saturated[place]
        kinds = sort_patterns(group.values)
        total += _saturated_part(group, mean, spread, kinds, clusters=group.clusters, means=means)
    return total


def _saturated_part(
    group: GroupSample,
    mean: FloatArray,
    spread: FloatArray,
    patterns: list[Pattern] | tuple[Pattern, ...],
    *,
    clusters: NDArray[np.intp] | None,
    means: bool = True,
) -> float:
    """tr(B₁A₁⁻¹) of one group, the information observed at the saturated moments."""
    from trustmeasure.kernels.pattern_fit import observed_information

    model = _saturated_model(group)
    rows, columns = np.tril_indices(len(spread))
    point = np.concatenate([spread[rows, columns], mean])
    information = observed_information(model, [patterns], point)
    if group.values is None:
        raise ValueError("robust statistics need answers")  # refused before
    scores = case_scores(model, [group.values], point)[0]
    if clusters is not None:
        scores = _cluster_sums(scores, clusters)
    meat = scores.T @ scores / group.n
    kept = slice(None) if means else slice(0, len(rows))
    return float(np.trace(np.linalg.solve(information[kept, kept], meat[kept, kept])))


__all__ = ["ESTIMATORS", "Inference", "Scaled", "Traces", "infer", "scale", "statistic"]
