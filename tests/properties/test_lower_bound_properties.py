"""What must hold of lower bounds, raters and errors of measurement, whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.properties.strategies import FRAME_KINDS, SEEDS, answers, frame_kinds
from trustmeasure.errors import DataError
from trustmeasure.kernels.crossed_effects import crossed_components
from trustmeasure.reliability import (
    alpha_bounds,
    cronbach_alpha,
    glb,
    guttman_lambdas,
    rater_icc,
    reliability_by,
    reliability_table,
    spearman_brown,
    spearman_brown_length,
    split_half,
    test_retest,
)

# Small random samples hold items that relate negatively, or determine each other, by chance.
pytestmark = pytest.mark.filterwarnings(
    "ignore::trustmeasure.errors.DataWarning", "ignore::trustmeasure.errors.ConvergenceWarning"
)
BOUNDS = ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda6")


def _numbers(result: Any) -> pd.Series:
    return pd.Series({name: float(value) for name, value in result.summary().items()})


@given(data=answers(), standardized=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_lambdas_are_ordered_as_guttman_proved(data: pd.DataFrame, standardized: bool) -> None:
    found = guttman_lambdas(data, standardized=standardized)
    slack = 1e-9 * (1 + abs(found.lambda1))
    assert found.lambda1 <= found.lambda3 * (1 + 1e-12) + slack or found.lambda1 < 0
    assert found.lambda3 <= found.lambda2 + slack
    assert found.lambda1 <= found.lambda5 + slack
    # The mean of all halves is alpha (for odd numbers a little less), so the best exceeds it.
    k = found.n_items
    assert found.lambda4 >= found.lambda3 * (1 if k % 2 == 0 else 1 - 1 / k**2) - slack


@given(data=answers(), standardized=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_mean_of_all_halves_is_alpha(data: pd.DataFrame, standardized: bool) -> None:
    found = split_half(data, standardized=standardized, ci=None)
    k = found.n_items
    share = 1 if k % 2 == 0 else 1 - 1 / k**2
    assert found.mean == pytest.approx(share * found.alpha, rel=1e-9, abs=1e-10)
    assert found.min <= found.median <= found.max
    alpha = cronbach_alpha(data)
    expected = alpha.standardized if standardized else alpha.estimate
    assert found.alpha == pytest.approx(expected, rel=1e-9, abs=1e-10)


@given(data=answers(min_persons=40))
@settings(max_examples=20, deadline=None)
def test_no_bound_exceeds_the_greatest(data: pd.DataFrame) -> None:
    try:
        greatest = glb(data, ci=None).estimate
    except DataError:  # items that determine each other
        assume(False)
    found = guttman_lambdas(data)
    assert max(getattr(found, name) for name in BOUNDS) <= greatest + 1e-7
    assert greatest <= 1


@given(data=answers(), seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_order_of_persons_and_items_changes_nothing(data: pd.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = data.iloc[rng.permutation(len(data)), rng.permutation(data.shape[1])]
    for analysis in (guttman_lambdas, split_half):
        first, second = analysis(data), analysis(shuffled)
        np.testing.assert_allclose(_numbers(first), _numbers(second), rtol=1e-9, atol=1e-10)


@given(data=answers(), shift=st.floats(-50, 50), factor=st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_shift_and_common_unit_change_no_bound(
    data: pd.DataFrame, shift: float, factor: float
) -> None:
    moved = data * factor
    moved["q1"] += shift
    first, second = guttman_lambdas(data), guttman_lambdas(moved)
    for name in BOUNDS:
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-7, abs=1e-9)


@given(data=answers())
@settings(max_examples=15, deadline=None)
def test_listwise_equals_the_result_on_data_deleted_before(data: pd.DataFrame) -> None:
    complete = data.dropna()
    for analysis in (guttman_lambdas, split_half):
        first, second = analysis(data), analysis(complete)
        np.testing.assert_allclose(_numbers(first), _numbers(second), rtol=1e-12)
        assert (first.n, first.n_dropped) == (len(complete), len(data) - len(complete))
    options = {"n_boot": 20, "rng": 1}
    table = reliability_table(data, **options).table
    again = reliability_table(complete, **options).table
    assert_frame_equal(table.drop(columns="n_dropped"), again.drop(columns="n_dropped"))


@given(data=answers(min_persons=30), seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_limits_are_in_order_and_know_nothing_of_the_order_of_items(
    data: pd.DataFrame, seed: int
) -> None:
    shuffled = data[data.columns[::-1]]
    first = split_half(data, n_boot=30, rng=seed).intervals
    second = split_half(shuffled, n_boot=30, rng=seed).intervals
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-9)
    known = first.dropna()
    assert (known["ci_low"] <= known["ci_high"]).all()
    assert (known["ci_high"] <= 1).all()


@given(data=answers(), kind=frame_kinds())
@settings(max_examples=20, deadline=None)
def test_every_frame_gives_the_same_numbers(data: pd.DataFrame, kind: str) -> None:
    other = FRAME_KINDS[kind](data)
    for analysis in (guttman_lambdas, split_half):
        np.testing.assert_allclose(_numbers(analysis(data)), _numbers(analysis(other)), rtol=1e-13)
    first = reliability_table(data, n_boot=0).table
    assert_frame_equal(first, reliability_table(other, n_boot=0).table)


@given(data=answers(max_persons=40, max_items=5))
@settings(max_examples=10, deadline=None)
def test_alpha_of_any_completion_lies_within_the_bounds(data: pd.DataFrame) -> None:
    found = alpha_bounds(data)
    rng = np.random.default_rng(0)
    low, high = data.min().to_numpy(), data.max().to_numpy()
    gaps = data.isna().to_numpy()
    for _ in range(10):
        drawn = np.where(gaps, rng.uniform(low, high, size=data.shape), data)
        alpha = cronbach_alpha(pd.DataFrame(drawn)).estimate
        assert found.lowest - 1e-6 <= alpha <= found.highest + 1e-6


@given(rho=st.floats(0.01, 0.99), length=st.floats(0.05, 20))
def test_the_prophecy_is_undone_by_its_inverse(rho: float, length: float) -> None:
    longer = spearman_brown(rho, length=length)
    assert spearman_brown_length(rho, target=longer) == pytest.approx(length, rel=1e-6)
    assert spearman_brown(longer, length=1 / length) == pytest.approx(rho, rel=1e-6)
    assert (longer > rho) == (length > 1) or length == pytest.approx(1)


@st.composite
def ratings(draw: st.DrawFn, *, missing: bool = False) -> np.ndarray:
    rng = np.random.default_rng(draw(SEEDS))
    n, k = draw(st.integers(4, 25)), draw(st.integers(2, 6))
    spread = draw(st.sampled_from([0.3, 1.0, 3.0]))
    values = spread * rng.normal(size=(n, 1)) + rng.normal(size=k) + rng.normal(size=(n, k))
    if missing:
        values[rng.random(values.shape) < 0.15] = np.nan
        values[0] = rng.normal(size=k)
    return values


@given(values=ratings(), shift=st.floats(-1e3, 1e3), factor=st.floats(0.01, 100), seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_raters_agree_alike_in_any_unit_and_order(
    values: np.ndarray, shift: float, factor: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    n, k = values.shape
    other = (values * factor + shift)[rng.permutation(n)][:, rng.permutation(k)]
    columns = ["icc", "F", "ci_low", "ci_high"]
    first, second = rater_icc(values).table[columns], rater_icc(other).table[columns]
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-8)


@given(values=ratings(), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_levels_of_raters_touch_agreement_only(values: np.ndarray, seed: int) -> None:
    moved = values + np.random.default_rng(seed).normal(size=values.shape[1]) * 3
    first, second = rater_icc(values).table["icc"], rater_icc(moved).table["icc"]
    for form in ("ICC3", "ICC3k"):
        assert first[form] == pytest.approx(second[form], rel=1e-8, abs=1e-10)
    # Differences of level take agreement towards zero, from either side.
    if rater_icc(values).components["raters"] >= 0:
        assert abs(first["ICC2"]) <= abs(first["ICC3"]) + 1e-10


@given(values=ratings())
@settings(max_examples=30, deadline=None)
def test_consistency_of_the_mean_is_alpha(values: np.ndarray) -> None:
    table = rater_icc(values).table
    alpha = cronbach_alpha(values)
    assert table.loc["ICC3k", "icc"] == pytest.approx(alpha.estimate, rel=1e-8, abs=1e-9)
    for end in ("ci_low", "ci_high"):  # Feldt's interval
        assert table.loc["ICC3k", end] == pytest.approx(getattr(alpha, end), rel=1e-8, abs=1e-9)
    single, mean = table["icc"]["ICC3"], table["icc"]["ICC3k"]
    if single > 0:
        assert spearman_brown(single, length=values.shape[1]) == pytest.approx(mean)


@given(values=ratings(missing=True))
@settings(max_examples=15, deadline=None)
def test_the_mixed_model_is_the_same_from_either_side(values: np.ndarray) -> None:
    first, second = crossed_components(values), crossed_components(values.T)
    scale = np.nanvar(values)
    assert first.targets == pytest.approx(second.raters, abs=1e-5 * scale)
    assert first.raters == pytest.approx(second.targets, abs=1e-5 * scale)
    assert first.error == pytest.approx(second.error, abs=1e-5 * scale)


@given(values=ratings(), shift=st.floats(-5, 5))
@settings(max_examples=30, deadline=None)
def test_a_shift_of_all_changes_the_bias_and_nothing_else(values: np.ndarray, shift: float) -> None:
    before, after = values[:, 0], values[:, 1]
    first, second = test_retest(before, after), test_retest(before, after + shift)
    assert second.bias == pytest.approx(first.bias + shift)
    for name in ("icc_consistency", "pearson", "sem_consistency", "sd_difference"):
        assert getattr(second, name) == pytest.approx(getattr(first, name), rel=1e-8, abs=1e-10)
    back = test_retest(after, before)
    assert back.bias == pytest.approx(-first.bias)
    assert back.loa_low == pytest.approx(-first.loa_high)
    assert back.icc_agreement == pytest.approx(first.icc_agreement, abs=1e-12)


@given(data=answers(min_persons=40, missing=False), seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_labels_of_groups_change_no_test(data: pd.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.where(rng.random(len(data)) < 0.5, "a", "b")
    first = reliability_by(data, by=group)
    second = reliability_by(data, by=np.where(group == "a", "z", "b"))
    if np.isfinite(first.chisq):
        assert first.chisq == pytest.approx(second.chisq)
        assert first.pvalue == pytest.approx(second.pvalue)
