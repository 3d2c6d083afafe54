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
    statistic_factor,
)
from trustmeasure.confirmatory.samples import GroupSample, Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.kernels.moment_fit import Estimator, Model
from trustmeasure.kernels.pattern_fit import case_scores
from trustmeasure.kernels.pattern_moments import PatternStack, pattern_terms, stack_patterns
from trustmeasure.kernels.sandwich import (
    Traces,
    Whitened,
    case_spread,
    cluster_sums,
    clustered_distances,
    inverse_root,
    is_positive,
    plain_inverse,
    scaled_inverse,
    squared_distances,
    traces,
    whitened_slopes,
)
from trustmeasure.kernels.structural import Layout, implied, matrices, slopes

FloatArray = NDArray[np.float64]

# What each estimator asks for: discrepancy, standard errors, test statistic.
ESTIMATORS: dict[str, tuple[Estimator, str, str]] = {
    "ML": ("ML", "standard", "standard"),
    "MLM": ("ML", "robust.sem", "satorra.bentler"),
    "MLMV": ("ML", "robust.sem", "scaled.shifted"),
    "MLMVS": ("ML", "robust.sem", "mean.var.adjusted"),
    "MLR": ("ML", "robust.huber.white", "yuan.bentler.mplus"),
    "MLF": ("ML", "first.order", "standard"),
    "GLS": ("GLS", "standard", "standard"),
    "ULS": ("ULS", "standard", "standard"),
    "WLS": ("WLS", "standard", "standard"),
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
    scaled to a diagonal of one, or a bound below it where the model is identified, and
    ``direction`` the free parameters' part in what is not.
    """

    covariance: FloatArray
    scaled: Scaled | None
    likelihood_scaling: tuple[float, float] | None
    weakest: float
    direction: FloatArray


def infer(
    specification: Specification,
    found: Estimates,
    data: Data,
    samples: Samples,
    *,
    errors: str,
    test: str,
    df: int,
    means: bool,
    saturated: float | None = None,
    moments_only: bool = False,
) -> Inference:
    """Compute standard errors and the test statistic in the ways asked for.

    ``saturated`` is the trace tr(B₁A₁⁻¹) of the saturated model, where it is known already.
    With ``moments_only``, the scaled statistic takes the information of the moments at the
    solution, without the curvature of the model in its parameters.
    """
    observed = data.patterns is not None or errors == "robust.huber.white"
    information = hessian(found, data) if observed else expected_information(found, data)
    inverse, weakest, direction = _inverted(information, found.model)
    scaled, factors = None, None
    n = statistic_factor(data)
    if errors == "standard":
        spread = inverse
        if data.estimator == "ULS":
            spread = _inverse(_unweighted_information(found, data))
    elif errors == "robust.sem":
        parts = robust_traces(specification, found, samples, information, means=means)
        spread = inverse @ parts.meat @ inverse
        if df > 0:
            scaled = scale(found.chisq, df, test, parts.first, parts.second)
    else:
        meat = _meat(found, samples, means=means)
        spread = _inverse(meat) if errors == "first.order" else inverse @ meat @ inverse
        if df > 0 and test == "yuan.bentler.mplus":
            bread = (
                _inverse(_moments_information(found, data, samples, means=means))
                if moments_only
                else inverse
            )
            own = float(np.trace(bread @ meat))
            if saturated is None:
                saturated = _saturated_trace(specification, data, samples, means=means)
            scaling = (saturated - own) / df
            # lavaan counts parameters before equalities here.
            moments = specification.basis.shape[1] - found.n_equal + df
            factors = (saturated / moments, own / len(found.parameters))
            scaled = Scaled(found.chisq / scaling, df, scaling)
    return Inference(_expanded(found.model, spread / n), scaled, factors, weakest, direction)


def robust_traces(
    specification: Specification,
    found: Estimates,
    samples: Samples,
    information: FloatArray,
    *,
    means: bool,
) -> Traces:
    """Give what Satorra and Bentler's errors and statistics need, from the cases' spread."""
    groups = _whitened(specification, found, samples, means=means)
    return traces(groups, information, found.model.basis)


def _unweighted_information(found: Estimates, data: Data) -> FloatArray:
    """Give products of the derivatives of the moments, each counted once, as lavaan for ULS."""
    size = found.model.basis.shape[1]
    information = np.zeros((size, size))
    for layout, sample in zip(found.model.layouts, data.samples, strict=True):
        change = slopes(layout, implied(matrices(layout, found.parameters)))
        rows, columns = np.tril_indices(len(sample.covariance))
        flat = change.spread()[:, rows, columns]
        if sample.mean is not None:
            flat = np.concatenate([flat, change.mean], axis=1)
        reduced = flat.T @ found.model.basis[change.used]
        information += sample.n / data.n * (reduced.T @ reduced)
    return information


def _moments_information(
    found: Estimates, data: Data, samples: Samples, *, means: bool
) -> FloatArray:
    """Give the observed information of the moments at the solution, as of a linear model."""
    size = found.model.basis.shape[1]
    information = np.zeros((size, size))
    for place, (layout, group) in enumerate(zip(found.model.layouts, samples.groups, strict=True)):
        moments = implied(matrices(layout, found.parameters))
        change = slopes(layout, moments)
        rows, columns = np.tril_indices(moments.spread.shape[-1])
        turn = np.concatenate([change.spread()[:, rows, columns], change.mean], axis=1)
        reduced = turn.T @ found.model.basis[change.used]
        stack = (
            stack_patterns(_centred(group, means=means))
            if data.patterns is None
            else data.patterns[place]
        )
        information += reduced.T @ _observed_of(stack, moments.spread, moments.mean) @ reduced
    return information / samples.n


def _expected_of(stack: PatternStack, spread: FloatArray, mean: FloatArray) -> FloatArray:
    """Give the expected information of covariances and means."""
    terms = pattern_terms(stack, spread, mean, expected=True)
    if terms is None or terms.expected is None:
        raise np.linalg.LinAlgError("the covariance matrix has no inverse")
    return terms.expected


def _observed_of(stack: PatternStack, spread: FloatArray, mean: FloatArray) -> FloatArray:
    """Give the observed information of covariances and means, which the saturated model has."""
    terms = pattern_terms(stack, spread, mean, observed=True)
    if terms is None or terms.observed is None:
        raise np.linalg.LinAlgError("the covariance matrix has no inverse")
    return terms.observed


def _inverse(matrix: FloatArray) -> FloatArray:
    return np.asarray(scaled_inverse(matrix), dtype=np.float64)


def scale(chisq: float, df: float, test: str, first: float, second: float) -> Scaled:
    """Correct χ² by tr(UΓ) and tr((UΓ)²)."""
    if test == "satorra.bentler":
        return Scaled(chisq * df / first, df, first / df)
    if test == "mean.var.adjusted":
        return Scaled(chisq * first / second, first**2 / second, second / first)
    ratio = float(np.sqrt(df / second))
    shift = df - float(np.sqrt(df * first**2 / second))
    return Scaled(chisq * ratio + shift, df, 1.0 / ratio, shift)


def _expanded(model: Model, covariance: FloatArray) -> FloatArray:
    return np.asarray(model.basis @ covariance @ model.basis.T)


def _inverted(information: FloatArray, model: Model) -> tuple[FloatArray, float, FloatArray]:
    """Invert the information; give what `Inference` says of its weakest direction."""
    own = information.diagonal()
    size = np.sqrt(np.where(own > 0, own, 1.0))
    units = np.outer(size, size)
    scaled = information / units
    inverse = plain_inverse(scaled)
    if inverse is not None and is_positive(scaled):  # identified: only a bound is needed
        bound = 1.0 / max(float(np.linalg.norm(inverse)), 1.0)
        return inverse / units, bound, np.zeros(model.basis.shape[0])
    values, vectors = np.linalg.eigh(scaled)
    direction = np.abs(model.basis @ (vectors[:, 0] / size))
    return _inverse(information), float(values[0]), direction


def _answers(group: GroupSample) -> FloatArray:
    if group.values is None:
        raise ValueError("robust statistics need answers")  # moments alone are refused before
    return group.values


def _given(specification: Specification, group: int) -> NDArray[np.intp]:
    """Places of the exogenous variables, whose moments are taken as they are."""
    block = specification.blocks[group]
    return np.array([block.observed.index(name) for name in block.exogenous], dtype=np.intp)


def _whitened(
    specification: Specification, found: Estimates, samples: Samples, *, means: bool
) -> list[Whitened]:
    groups = []
    for place, (layout, group) in enumerate(zip(found.model.layouts, samples.groups, strict=True)):
        moments = implied(matrices(layout, found.parameters))
        root, values = inverse_root(moments.spread), _answers(group)
        change = slopes(layout, moments)
        groups.append(
            Whitened(
                slopes=whitened_slopes(change, root, means=means),
                spread=case_spread(
                    values,
                    values.mean(axis=0),
                    root,
                    means=means,
                    given=_given(specification, place),
                ),
                used=change.used,
                n=group.n,
            )
        )
    return groups


def _meat(found: Estimates, samples: Samples, *, means: bool) -> FloatArray:
    """Mean product of the cases' (or the clusters') scores."""
    answers = [_centred(group, means=means) for group in samples.groups]
    size = found.model.basis.shape[1]
    meat = np.zeros((size, size))
    for scores, group in zip(
        case_scores(found.model, answers, found.reduced), samples.groups, strict=True
    ):
        meat += clustered_products(scores, group.clusters)
    return meat / samples.n


def _centred(group: GroupSample, *, means: bool) -> FloatArray:
    """Take out the means where the model has none: its scores are those of deviations."""
    values = _answers(group)
    return values if means else values - values.mean(axis=0)


def clustered_products(scores: FloatArray, clusters: NDArray[np.intp] | None) -> FloatArray:
    """Sum of products of scores, over clusters first where there are any."""
    if clusters is None:
        return np.asarray(scores.T @ scores)
    totals = cluster_sums(scores, clusters)
    return np.asarray(totals.T @ totals * len(totals) / (len(totals) - 1.0))


def _saturated_trace(
    specification: Specification, data: Data, samples: Samples, *, means: bool
) -> float:
    """Give tr(B₁A₁⁻¹) of the saturated model, exogenous moments aside."""
    total = 0.0
    for place, group in enumerate(samples.groups):
        mean, spread = data.saturated[place]
        given = _given(specification, place)
        if data.patterns is None and not len(given):
            total += _distance_trace(group, means=means)
            continue
        stack = stack_patterns(_answers(group)) if data.patterns is None else data.patterns[place]
        total += _saturated_part(group, mean, spread, stack, given, means=means)
    return total


def _distance_trace(group: GroupSample, *, means: bool) -> float:
    """Give the trace of complete cases from their Mahalanobis distances alone."""
    values = _answers(group)
    p = values.shape[1]
    if group.clusters is not None:
        white = (values - values.mean(axis=0)) @ inverse_root(group.covariance).T
        parts = clustered_distances(white, group.clusters)
        count = len(np.unique(group.clusters))
        return (sum(parts) if means else parts[0]) / group.n * count / (count - 1.0)
    distance = squared_distances(values, values.mean(axis=0), group.covariance)
    # The mean distance is p, but for covariances that divide by n − 1.
    level = float(distance.mean())
    spread: float = 0.5 * (float((distance**2).mean()) - 2.0 * level + p)
    return spread + level if means else spread


def _saturated_part(
    group: GroupSample,
    mean: FloatArray,
    spread: FloatArray,
    stack: PatternStack,
    given: NDArray[np.intp],
    *,
    means: bool,
) -> float:
    """Give the trace of one group, with the information at the saturated moments.

    It is the observed one; for complete answers, the same as what is expected there.
    """
    p = len(spread)
    model = saturated_model(p)
    rows, columns = np.tril_indices(p)
    point = np.concatenate([spread[rows, columns], mean])
    if np.isnan(_answers(group)).any():
        information = _observed_of(stack, spread, mean) / stack.n
    else:
        information = _expected_of(stack, spread, mean) / stack.n
    meat = (
        clustered_products(case_scores(model, [_answers(group)], point)[0], group.clusters)
        / group.n
    )
    outside = ~np.isin(np.arange(p), given)
    kept = np.concatenate([outside[rows] | outside[columns], outside & means])
    inner = np.ix_(kept, kept)
    return float(np.trace(np.linalg.solve(information[inner], meat[inner])))


def saturated_model(p: int) -> Model:
    """Give the model whose parameters are the moments themselves."""
    rows, columns = np.tril_indices(p)
    none = np.zeros(0, dtype=np.intp)
    count, size = len(rows), len(rows) + p
    zeros = np.zeros((p, p))
    layout = Layout(
        fixed={
            "lambda": np.eye(p), "theta": zeros, "psi": zeros, "beta": zeros,
            "nu": np.zeros(p), "alpha": np.zeros(p),
        },
        places={
            "lambda": (none, none, none),
            "theta": (none, none, none),
            "psi": (rows, columns, np.arange(count)),
            "beta": (none, none, none),
            "nu": (np.arange(p), np.zeros(p, dtype=np.intp), np.arange(count, size)),
            "alpha": (none, none, none),
        },
        n_free=size,
    )  # fmt: skip
    return Model((layout,), np.eye(size), np.zeros(size))
