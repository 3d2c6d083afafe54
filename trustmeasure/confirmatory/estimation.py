"""Fitting a specified model: estimates, discrepancy, information, for each estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.samples import GroupSample, Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.confirmatory.starts import is_shared, starting_values
from trustmeasure.kernels.incomplete import normal_moments
from trustmeasure.kernels.moment_fit import (
    Estimator,
    Model,
    Sample,
    discrepancy,
    fit_moments,
    is_possible,
    score,
)
from trustmeasure.kernels.pattern_fit import (
    deviance,
    fit_patterns,
    fit_saturated,
    gradient_and_information,
    observed_information,
)
from trustmeasure.kernels.pattern_moments import PatternStack, stack_complete, stack_patterns
from trustmeasure.kernels.sandwich import moment_weight

FloatArray = NDArray[np.float64]

LOG_2PI = float(np.log(2 * np.pi))

# Where a search goes astray, as in small samples, another begins with residual variances and
# variances of latent variables (and disturbances) multiplied by these: weak factors.
OTHER_STARTS = ((1.0, 0.1), (1.9, 0.1))


@dataclass(frozen=True)
class Estimates:
    """A fitted model.

    Attributes
    ----------
    model : Model
    reduced, parameters : ndarray
        Reduced parameters (k,), and all free ones (n_free,).
    chisq : float
        Statistic against the saturated model.
    loglik, saturated_loglik : float
        NaN for estimators that are not likelihoods.
    expected, observed : ndarray (k, k) or None
        Unit information.
    converged : bool
    n_iterations : int
    n_equal : int
        Equalities that are not linear, so that they do not reduce the parameters.
    """

    model: Model
    reduced: FloatArray
    parameters: FloatArray
    chisq: float
    loglik: float
    saturated_loglik: float
    converged: bool
    n_iterations: int
    n_equal: int = 0


@dataclass(frozen=True)
class Data:
    """The moments, or patterns of answers, that a discrepancy is taken from.

    With ``wishart``, covariances divide by n − 1, and so many persons count in each group.
    """

    samples: tuple[Sample, ...]
    patterns: tuple[PatternStack, ...] | None
    estimator: Estimator
    saturated: tuple[tuple[FloatArray, FloatArray], ...]
    saturated_loglik: float
    wishart: bool = False

    @property
    def n(self) -> float:
        """Persons in all groups."""
        return sum(sample.n for sample in self.samples)


def prepare(
    samples: Samples, estimator: Estimator, *, means: bool, incomplete: bool, wishart: bool = False
) -> Data:
    """Bring each group to what its discrepancy is taken from."""
    if incomplete:
        stacks = tuple(stack_patterns(_answers(group.values)) for group in samples.groups)
        found = [
            _saturated(stack, group) for stack, group in zip(stacks, samples.groups, strict=True)
        ]
        return Data(
            samples=tuple(
                Sample(group.covariance, group.mean, group.n) for group in samples.groups
            ),
            patterns=stacks,
            estimator="ML",
            saturated=tuple((mean, covariance) for mean, covariance, _ in found),
            saturated_loglik=sum(loglik for _, _, loglik in found),
        )
    # lavaan fits least squares to covariances that divide by n − 1.
    unbiased = estimator != "ML"
    weighted = estimator == "WLS"
    moments = tuple(
        Sample(
            group.covariance * (group.n / (group.n - 1) if unbiased else 1.0),
            group.mean if means else None,
            group.n,
            moment_weight(_answers(group.values), means=means) if weighted else None,
        )
        for group in samples.groups
    )
    loglik = sum(
        normal_loglik(group.covariance, group.covariance, group.n) for group in samples.groups
    )
    return Data(
        samples=moments,
        patterns=None,
        estimator=estimator,
        saturated=tuple(
            (
                np.zeros(len(group.covariance)) if group.mean is None else group.mean,
                group.covariance,
            )
            for group in samples.groups
        ),
        saturated_loglik=loglik if estimator == "ML" else float("nan"),
        wishart=wishart,
    )


def _saturated(stack: PatternStack, group: GroupSample) -> tuple[FloatArray, FloatArray, float]:
    """Give the moments and the log-likelihood of the model that restricts nothing."""
    values = _answers(group.values)
    mean = np.nanmean(values, axis=0)
    centre, covariance, level, converged = fit_saturated(stack, mean, group.covariance)
    if not converged:  # the EM algorithm is slow, but goes where answers are few
        found = normal_moments(values)
        return found.mean, found.covariance, found.loglik
    return centre, covariance, -0.5 * (level + LOG_2PI * stack.n_answers)


def _answers(values: FloatArray | None) -> FloatArray:
    if values is None:  # moments alone are refused before
        raise ValueError("incomplete data need answers")
    return values


def normal_loglik(
    observed: FloatArray, implied: FloatArray, n: float, off: FloatArray | None = None
) -> float:
    """Log-likelihood of normal data with these moments; ``off`` is mean minus implied mean."""
    root = np.linalg.cholesky(implied)
    white = np.linalg.inv(root)
    total = len(observed) * LOG_2PI + 2.0 * float(np.log(np.diag(root)).sum())
    total += float(((white @ observed) * white).sum())
    if off is not None:
        total += float(((white @ off) ** 2).sum())
    return -0.5 * n * total


def estimate(
    specification: Specification,
    samples: Samples,
    data: Data,
    *,
    start: FloatArray | None = None,
) -> Estimates:
    """Fit the model from its starting values, and from others where these may not do.

    A search that goes astray begins again elsewhere. Where items measure several latent
    variables, as in bifactor models, there may be several minima; the lower of two is taken.
    """
    model, begin = starting_point(specification, samples, data, start)
    found = _search(model, data, begin)
    several = is_shared(specification.table)
    if start is not None or (found.converged and not several):
        return found
    axes = starting_values(specification, samples.covariances, samples.means, principal=True)
    others = [axes, *(_scaled(model, axes, *factors) for factors in OTHER_STARTS)]
    for other in others[:1] if found.converged else others:
        tried = _search(model, data, _proper(model, data, other))
        if tried.converged and not (found.converged and found.chisq <= tried.chisq):
            found = tried
        if found.converged and not several:
            break
    return found


def _scaled(model: Model, start: FloatArray, residual: float, latent: float) -> FloatArray:
    """Multiply the variances of a start (k,) that are free."""
    full = model.expand(start)
    for layout in model.layouts:
        for name, factor in (("theta", residual), ("psi", latent)):
            rows, columns, which = layout.places[name]
            full[which[rows == columns]] *= factor
    return model.reduce(full)


def _search(model: Model, data: Data, start: FloatArray) -> Estimates:
    if data.patterns is not None:
        descent = fit_patterns(model, data.patterns, start)
        reduced, converged = descent.point[0], bool(descent.converged[0])
        loglik = -0.5 * data.n * float(descent.value[0]) - _constant(data.patterns)
        chisq = 2.0 * (data.saturated_loglik - loglik)
        rounds = descent.n_iterations
    else:
        found = fit_moments(model, data.samples, start, data.estimator)
        converged, rounds = bool(found.converged), found.n_iterations
        reduced = model.reduce(found.parameters)
        chisq, loglik = _statistic(model, data, reduced, float(found.discrepancy))
    return Estimates(
        model=model,
        reduced=reduced,
        parameters=model.expand(reduced),
        chisq=max(chisq, 0.0),
        loglik=loglik,
        saturated_loglik=data.saturated_loglik,
        converged=converged,
        n_iterations=rounds,
    )


def starting_point(
    specification: Specification, samples: Samples, data: Data, start: FloatArray | None = None
) -> tuple[Model, FloatArray]:
    """Give the model, and reduced parameters (k,) at which it is possible."""
    model = specification.model(samples.covariances, samples.means)
    if start is None:
        start = starting_values(specification, samples.covariances, samples.means)
    return model, _proper(model, data, start)


def estimates_at(model: Model, data: Data, reduced: FloatArray) -> Estimates:
    """Take reduced parameters (k,) for the estimates."""
    level = discrepancy_at(model, data, reduced)
    if data.patterns is not None:
        loglik = -0.5 * data.n * level - _constant(data.patterns)
        chisq = 2.0 * (data.saturated_loglik - loglik)
    else:
        chisq, loglik = _statistic(model, data, reduced, level)
    return Estimates(
        model=model,
        reduced=reduced,
        parameters=model.expand(reduced),
        chisq=max(chisq, 0.0),
        loglik=loglik,
        saturated_loglik=data.saturated_loglik,
        converged=True,
        n_iterations=0,
    )


def _statistic(model: Model, data: Data, reduced: FloatArray, level: float) -> tuple[float, float]:
    """Give χ² and the log-likelihood (NaN where there is none) of a discrepancy."""
    loglik = data.saturated_loglik - 0.5 * data.n * level
    if data.wishart:
        fewer = [replace(_single(sample), n=sample.n - 1.0) for sample in data.samples]
        level = float(discrepancy(model, fewer, reduced[None], data.estimator)[0])
    return statistic_factor(data) * level, loglik


def statistic_factor(data: Data) -> float:
    """Persons that a discrepancy is multiplied by; one fewer a group but by normal likelihood."""
    normal = data.estimator == "ML" and not data.wishart
    return data.n if normal else data.n - len(data.samples)


def _constant(groups: Sequence[PatternStack]) -> float:
    return 0.5 * LOG_2PI * sum(group.n_answers for group in groups)


def _proper(model: Model, data: Data, start: FloatArray) -> FloatArray:
    """Raise residual variances until the start implies covariances that can be inverted."""
    trial = start
    for _ in range(6):
        if data.estimator != "ML" or is_possible(model, trial):
            return trial
        full = model.expand(trial)
        for layout in model.layouts:
            for name in ("theta", "psi"):
                rows, columns, which = layout.places[name]
                own = which[rows == columns]
                full[own] = np.maximum(np.abs(full[own]) * 2.0, 0.1)
                full[which[rows != columns]] *= 0.5
        trial = model.reduce(full)
    return trial


def discrepancy_at(model: Model, data: Data, reduced: FloatArray) -> float:
    """Give the discrepancy at reduced parameters (k,); infinite where the model is impossible."""
    if data.patterns is not None:
        return deviance(model, data.patterns, reduced)
    flat = [_single(sample) for sample in data.samples]
    return float(discrepancy(model, flat, reduced[None], data.estimator)[0])


def _single(sample: Sample) -> Sample:
    mean = None if sample.mean is None else sample.mean[None]
    return Sample(sample.covariance[None], mean, sample.n, sample.weight)


def score_and_information(
    model: Model, data: Data, reduced: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the gradient (k,) of half the discrepancy and the unit information (k, k) expected."""
    if data.patterns is not None:
        return gradient_and_information(model, data.patterns, reduced)
    flat = [_single(sample) for sample in data.samples]
    gradient, information = score(model, flat, reduced[None], data.estimator)
    return gradient[0], information[0]


def expected_information(found: Estimates, data: Data) -> FloatArray:
    """Give the unit information (k, k) that the model expects."""
    return score_and_information(found.model, data, found.reduced)[1]


def hessian(found: Estimates, data: Data, *, step: float = 1e-5) -> FloatArray:
    """Give the unit information (k, k) observed: the Hessian of half the discrepancy."""
    if data.patterns is not None:
        return observed_information(found.model, data.patterns, found.reduced)
    if data.estimator == "ML":
        stacks = [
            stack_complete(sample.covariance, sample.mean, sample.n) for sample in data.samples
        ]
        return observed_information(found.model, stacks, found.reduced)
    size = len(found.reduced)
    moves = np.diag(step * np.maximum(1.0, np.abs(found.reduced)))
    sides = [
        score(
            found.model,
            [_stacked(sample, size) for sample in data.samples],
            found.reduced + side * moves,
            data.estimator,
        )[0]
        for side in (1.0, -1.0)
    ]
    slopes = (sides[0] - sides[1]) / (2 * np.diag(moves))[:, None]
    return np.asarray((slopes + slopes.T) / 2)


def _stacked(sample: Sample, size: int) -> Sample:
    single = _single(sample)
    covariance = np.broadcast_to(single.covariance, (size, *sample.covariance.shape))
    mean = (
        None if single.mean is None else np.broadcast_to(single.mean, (size, single.mean.shape[1]))
    )
    return Sample(covariance, mean, sample.n, sample.weight)
