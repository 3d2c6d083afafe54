"""The likelihood of incomplete data, summed over patterns: held to plain sums over persons."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from trustmeasure.kernels.moment_replicates import independence_discrepancy, simulated_moments
from trustmeasure.kernels.pattern_moments import (
    deviance_of,
    moment_vector,
    pattern_terms,
    stack_complete,
    stack_patterns,
    weighted_answers,
)

FloatArray = NDArray[np.float64]


def answers(n: int = 60, p: int = 5, share: float = 0.25) -> FloatArray:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + 2.0
    values[rng.random((n, p)) < share] = np.nan
    values[3] = np.nan
    return values


def moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    p = values.shape[1]
    root = np.random.default_rng(5).normal(size=(p, p))
    return root @ root.T + p * np.eye(p), np.nanmean(values, axis=0) + 0.3


def plain_deviance(values: FloatArray, spread: FloatArray, mean: FloatArray) -> float:
    total = 0.0
    for row in values:
        o = np.flatnonzero(~np.isnan(row))
        if len(o):
            inner, off = spread[np.ix_(o, o)], row[o] - mean[o]
            total += np.linalg.slogdet(inner)[1] + off @ np.linalg.solve(inner, off)
    return float(total)


def point_of(spread: FloatArray, mean: FloatArray) -> FloatArray:
    return np.concatenate([spread[np.tril_indices(len(mean))], mean])


def unpacked(point: FloatArray, p: int) -> tuple[FloatArray, FloatArray]:
    spread = np.zeros((p, p))
    rows, columns = np.tril_indices(p)
    spread[rows, columns] = spread[columns, rows] = point[: len(rows)]
    return spread, point[len(rows) :]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.6])
def test_patterns_sum_to_what_persons_do(share: float) -> None:
    values = answers(share=share)
    spread, mean = moments(values)
    stack = stack_patterns(values)
    expected = plain_deviance(values, spread, mean)
    terms = pattern_terms(stack, spread, mean)
    assert terms is not None
    assert terms.deviance == pytest.approx(expected, rel=1e-12)
    assert deviance_of(stack, spread, mean) == pytest.approx(expected, rel=1e-12)
    assert stack.n == np.isfinite(values).any(axis=1).sum()
    assert stack.n_answers == np.isfinite(values).sum()


def test_slopes_and_curvature_are_differences() -> None:
    values = answers()
    spread, mean = moments(values)
    p = len(mean)
    stack = stack_patterns(values)
    terms = pattern_terms(stack, spread, mean, observed=True)
    assert terms is not None
    assert terms.observed is not None
    point = point_of(spread, mean)
    slopes, curvature = np.zeros(len(point)), np.zeros((len(point), len(point)))
    for j in range(len(point)):
        step = np.zeros(len(point))
        step[j] = 1e-5
        sides = [pattern_terms(stack, *unpacked(point + sign * step, p)) for sign in (1, -1)]
        assert sides[0] is not None
        assert sides[1] is not None
        slopes[j] = (sides[0].deviance - sides[1].deviance) / 4e-5
        curvature[j] = (moment_vector(sides[0]) - moment_vector(sides[1])) / 2e-5
    np.testing.assert_allclose(moment_vector(terms), slopes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(terms.observed, curvature, rtol=1e-6, atol=1e-6)


def test_expected_information_is_the_mean_of_the_observed_one() -> None:
    """With scatter as the moments imply it, the two are the same."""
    spread, mean = moments(answers())
    stack = stack_complete(spread, mean, 50.0)
    one = pattern_terms(stack, spread, mean, expected=True)
    two = pattern_terms(stack, spread, mean, observed=True)
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(one.expected, two.observed, atol=1e-10)


def test_what_is_no_covariance_has_no_likelihood() -> None:
    values = answers()
    spread, mean = moments(values)
    stack = stack_patterns(values)
    assert deviance_of(stack, -spread, mean) == np.inf
    assert pattern_terms(stack, -spread, mean) is None


def test_weighted_answers_are_those_of_each_persons_own_items() -> None:
    values = answers()
    spread, mean = moments(values)
    turned, layers = weighted_answers(stack_patterns(values), values, spread, mean)
    for row, found in zip(values, turned, strict=True):
        o = np.flatnonzero(~np.isnan(row))
        expected = np.zeros(len(mean))
        expected[o] = np.linalg.solve(spread[np.ix_(o, o)], row[o] - mean[o])
        np.testing.assert_allclose(found, expected, atol=1e-10)
    layer, inverses = layers[0]
    o = np.flatnonzero(layer.answered[0])
    np.testing.assert_allclose(inverses[0][np.ix_(o, o)], np.linalg.inv(spread[np.ix_(o, o)]))


def test_simulated_covariances_have_the_mean_and_spread_of_wishart_ones() -> None:
    spread, mean = moments(answers())
    n, p = 40, len(mean)
    means, covariances = simulated_moments(spread, mean, n, 20_000, np.random.default_rng(1))
    np.testing.assert_allclose(covariances.mean(axis=0), spread * (n - 1) / n, rtol=0.05, atol=0.05)
    variance = np.diag(spread) ** 2 * 2 * (n - 1) / n**2
    np.testing.assert_allclose(covariances.var(axis=0).diagonal(), variance, rtol=0.06)
    np.testing.assert_allclose(means.mean(axis=0), mean, atol=0.05)
    assert covariances.shape == (20_000, p, p)


def test_independence_has_the_closed_form_of_its_discrepancy() -> None:
    spread, _ = moments(answers())
    given = np.array([1, 3])
    alone = np.zeros_like(spread)
    np.fill_diagonal(alone, np.diag(spread))
    alone[np.ix_(given, given)] = spread[np.ix_(given, given)]
    expected = (
        np.linalg.slogdet(alone)[1]
        + np.trace(np.linalg.solve(alone, spread))
        - np.linalg.slogdet(spread)[1]
        - len(spread)
    )
    assert independence_discrepancy(spread[None], given)[0] == pytest.approx(expected)
