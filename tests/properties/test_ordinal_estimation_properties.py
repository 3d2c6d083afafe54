"""What must hold of moments of ordered and continuous variables, whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.properties.strategies import SEEDS
from trustmeasure.kernels.conditional_moments import conditional_moments
from trustmeasure.kernels.difference_tests import carried_over, difference_traces
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, ordinal_moments

FEW = settings(max_examples=10, deadline=None)
KINDS = np.array([3, 2, 0, 4, 0])
FloatArray = NDArray[np.float64]


def drawn(seed: int, n: int = 220) -> tuple[FloatArray, FloatArray, np.random.Generator]:
    """Draw three ordered and two continuous variables, and two covariates."""
    rng = np.random.default_rng(seed)
    given_ones = np.column_stack([rng.normal(size=n), rng.integers(0, 2, size=n)])
    level = rng.normal(size=n) + given_ones @ [0.4, -0.3]
    values = level[:, None] * 0.8 + rng.normal(size=(n, 5))
    for j, cuts in ((0, [-0.6, 0.7]), (1, [0.2]), (3, [-1.0, 0.0, 1.0])):
        values[:, j] = np.digitize(values[:, j], cuts)
    return values, given_ones, rng


def with_gaps(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    found = values.copy()
    found[rng.random(found.shape) < 0.15] = np.nan
    return found


def spread_of(moments: OrdinalMoments) -> FloatArray:
    assert moments.spread is not None
    return moments.spread


@FEW
@given(seed=SEEDS)
def test_covariates_that_tell_nothing_change_nothing_but_by_chance(seed: int) -> None:
    """A covariate that has no slope at all leaves the moments as they are without it."""
    values, _, _ = drawn(seed)
    twice = np.concatenate([values, values])
    sign = np.repeat([1.0, -1.0], len(values))[:, None]
    plain, given_one = ordinal_moments(twice, KINDS), conditional_moments(twice, KINDS, sign)
    shape = given_one.shape
    np.testing.assert_allclose(given_one.moments[shape.slopes], 0.0, atol=1e-7)
    kept = slice(0, shape.slopes.start)
    np.testing.assert_allclose(given_one.moments[kept], plain.moments, atol=1e-7)
    np.testing.assert_allclose(spread_of(given_one)[kept, kept], spread_of(plain), atol=1e-5)


@FEW
@given(seed=SEEDS, missing=st.booleans())
def test_covariates_may_be_turned_and_moved(seed: int, missing: bool) -> None:
    """Slopes turn with covariates and thresholds move; what these leave stays as it is."""
    values, x, rng = drawn(seed)
    values = with_gaps(values, rng) if missing else values
    turn = rng.normal(size=(2, 2)) + 2.0 * np.eye(2)
    one = conditional_moments(values, KINDS, x)
    two = conditional_moments(values, KINDS, x @ turn + [100.0, -3.0])
    pairs, p = one.shape.pairs, len(KINDS)
    np.testing.assert_allclose(two.moments[pairs], one.moments[pairs], atol=1e-6)
    np.testing.assert_allclose(
        spread_of(two)[pairs, pairs], spread_of(one)[pairs, pairs], rtol=1e-4, atol=1e-5
    )
    slopes = [found.moments[found.shape.slopes].reshape(2, p) for found in (one, two)]
    np.testing.assert_allclose(turn @ slopes[1], slopes[0], atol=1e-6)


@FEW
@given(seed=SEEDS, conditional=st.booleans())
def test_order_of_persons_does_not_matter(seed: int, conditional: bool) -> None:
    values, x, rng = drawn(seed)
    values = with_gaps(values, rng)

    def moments(order: NDArray[np.intp]) -> OrdinalMoments:
        if conditional:
            return conditional_moments(values[order], KINDS, x[order])
        return ordinal_moments(values[order], KINDS)

    one, two = moments(np.arange(len(values))), moments(rng.permutation(len(values)))
    np.testing.assert_allclose(two.moments, one.moments, atol=1e-7)
    np.testing.assert_allclose(spread_of(two), spread_of(one), atol=1e-5)


@FEW
@given(seed=SEEDS)
def test_the_diagonal_alone_is_that_of_the_whole(seed: int) -> None:
    values, _, rng = drawn(seed)
    values = with_gaps(values, rng)
    whole = ordinal_moments(values, KINDS)
    alone = ordinal_moments(values, KINDS, full=False)
    assert alone.spread is None
    np.testing.assert_allclose(alone.variances, np.diag(spread_of(whole)), rtol=1e-8)


@FEW
@given(seed=SEEDS, general=st.integers(3, 8), lost=st.integers(1, 2))
def test_differences_do_not_depend_on_how_models_count_parameters(
    seed: int, general: int, lost: int
) -> None:
    """Other parameters for the same moments leave the traces as they are."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(size=(15, general))
    inner = moves @ rng.normal(size=(general, general - lost))
    root = rng.normal(size=(15, 15))
    spread = root @ root.T

    def traces(wide: FloatArray, narrow: FloatArray) -> tuple[float, float, int]:
        found = difference_traces(wide.T @ wide, wide.T @ spread @ wide, carried_over(wide, narrow))
        return found.first, found.second, found.rank

    turn = rng.normal(size=(general, general)) + 3.0 * np.eye(general)
    back = rng.normal(size=(general - lost, general - lost)) + 3.0 * np.eye(general - lost)
    first, second, rank = traces(moves, inner)
    other = traces(moves @ turn, inner @ back)
    assert rank == other[2] == lost
    np.testing.assert_allclose(other[:2], (first, second), rtol=1e-5)
    assert second <= first**2 + 1e-9
    assert first**2 <= lost * second * (1 + 1e-9)
