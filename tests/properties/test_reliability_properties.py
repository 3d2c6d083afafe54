"""What must hold of reliability whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.properties.strategies import FRAME_KINDS, SEEDS, answers, frame_kinds
from trustmeasure.kernels.resampling import resample_counts
from trustmeasure.reliability import cronbach_alpha, item_analysis, mcdonald_omega

# Small random samples hold items that relate negatively, or determine each other, by chance.
pytestmark = pytest.mark.filterwarnings(
    "ignore::trustmeasure.errors.DataWarning", "ignore::trustmeasure.errors.ConvergenceWarning"
)
INTERVALS = st.sampled_from(["feldt", "bonett", "asymptotic", "bootstrap"])


def _numbers(result: Any) -> pd.Series:
    return pd.Series({name: float(value) for name, value in result.summary().items()})


def _assert_same(first: Any, second: Any, *, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(_numbers(first), _numbers(second), rtol=rtol, atol=1e-11)
    assert_frame_equal(first.to_frame(), second.to_frame(), rtol=rtol, atol=1e-10)


@given(data=answers(), ci=INTERVALS)
@settings(max_examples=40, deadline=None)
def test_listwise_equals_the_result_on_data_deleted_before(data: pd.DataFrame, ci: str) -> None:
    complete = data.dropna()
    options: dict[str, Any] = {"ci": ci, "rng": 1}
    if ci == "bootstrap":
        options["n_boot"] = 50
    ours = cronbach_alpha(data, **options)
    _assert_same(ours, cronbach_alpha(complete, **options))
    assert (ours.n, ours.n_dropped) == (len(complete), len(data) - len(complete))


@given(data=answers(min_items=3, max_items=5))
@settings(max_examples=15, deadline=None)
def test_listwise_omega_equals_the_result_on_data_deleted_before(data: pd.DataFrame) -> None:
    _assert_same(mcdonald_omega(data), mcdonald_omega(data.dropna()))


@given(data=answers(), missing=st.sampled_from(["listwise", "pairwise"]), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_order_changes_nothing(data: pd.DataFrame, missing: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = data.iloc[rng.permutation(len(data)), rng.permutation(data.shape[1])]
    first, second = (cronbach_alpha(frame, missing=missing) for frame in (data, shuffled))
    np.testing.assert_allclose(_numbers(first), _numbers(second), rtol=1e-9, atol=1e-12)
    assert_frame_equal(first.items, second.items.loc[first.items.index], rtol=1e-8, atol=1e-10)


@given(data=answers(missing=False), shift=st.floats(-50, 50), factor=st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_shift_and_common_unit_change_no_coefficient(
    data: pd.DataFrame, shift: float, factor: float
) -> None:
    moved = data * factor
    moved["q1"] += shift
    first, second = cronbach_alpha(data), cronbach_alpha(moved)
    for name in ("estimate", "ci_low", "ci_high", "se", "standardized", "lambda6", "mean_r"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-8, abs=1e-10)


@given(data=answers())
@settings(max_examples=30, deadline=None)
def test_standardized_alpha_is_spearman_brown_of_the_mean_correlation(data: pd.DataFrame) -> None:
    alpha = cronbach_alpha(data)
    k = alpha.n_items
    assert alpha.standardized == pytest.approx(k * alpha.mean_r / (1 + (k - 1) * alpha.mean_r))


@given(data=answers(min_items=3))
@settings(max_examples=25, deadline=None)
def test_columns_without_an_item_are_those_of_the_scale_without_it(data: pd.DataFrame) -> None:
    complete = data.dropna()
    whole = cronbach_alpha(complete)
    pairs = {
        "alpha_drop": "estimate",
        "std_alpha_drop": "standardized",
        "lambda6_drop": "lambda6",
        "mean_r_drop": "mean_r",
        "median_r_drop": "median_r",
        "signal_to_noise_drop": "signal_to_noise",
        "se_drop": "se",
    }
    for name in complete.columns:
        rest = cronbach_alpha(complete.drop(columns=name))
        for column, field in pairs.items():
            assert whole.items.loc[name, column] == pytest.approx(
                getattr(rest, field), rel=1e-7, abs=1e-9
            ), column
        others = complete.drop(columns=name).sum(axis=1)
        assert whole.items.loc[name, "r_drop"] == pytest.approx(
            np.corrcoef(complete[name], others)[0, 1], abs=1e-9
        )


@given(data=answers(missing=False))
@settings(max_examples=20, deadline=None)
def test_pairwise_equals_listwise_where_nothing_is_missing(data: pd.DataFrame) -> None:
    _assert_same(cronbach_alpha(data), cronbach_alpha(data, missing="pairwise"))
    assert_frame_equal(item_analysis(data), item_analysis(data, missing="pairwise"))


@given(data=answers(), kind=frame_kinds(), missing=st.sampled_from(["listwise", "pairwise"]))
@settings(max_examples=40, deadline=None)
def test_every_frame_gives_the_same_numbers(data: pd.DataFrame, kind: str, missing: str) -> None:
    other = FRAME_KINDS[kind](data)
    _assert_same(
        cronbach_alpha(data, missing=missing), cronbach_alpha(other, missing=missing), rtol=1e-13
    )
    assert_frame_equal(item_analysis(data), item_analysis(other))


@given(data=answers())
@settings(max_examples=10, deadline=None)
def test_an_array_gives_the_same_numbers(data: pd.DataFrame) -> None:
    np.testing.assert_allclose(
        _numbers(cronbach_alpha(data)), _numbers(cronbach_alpha(data.to_numpy())), rtol=1e-13
    )


@given(data=answers(max_persons=30), seed=SEEDS, missing=st.sampled_from(["listwise", "pairwise"]))
@settings(max_examples=20, deadline=None)
def test_bootstrap_equals_resampling_the_rows(data: pd.DataFrame, seed: int, missing: str) -> None:
    n_boot = 20
    used = data.dropna() if missing == "listwise" else data.dropna(how="all")
    weights = np.vstack(list(resample_counts(len(used), n_boot, np.random.default_rng(seed))))
    naive = []
    for row in weights.astype(int):
        cov = pd.DataFrame(np.repeat(used.to_numpy(), row, axis=0)).cov(min_periods=2).to_numpy()
        k = len(cov)
        if not np.isnan(cov).any() and cov.sum() > 0:
            naive.append(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))
    ours = cronbach_alpha(data, ci="bootstrap", n_boot=n_boot, rng=seed, missing=missing)
    np.testing.assert_allclose(ours.replicates, naive, rtol=1e-8, atol=1e-9)
    again = cronbach_alpha(data, ci="bootstrap", n_boot=n_boot, rng=seed, missing=missing)
    np.testing.assert_array_equal(ours.replicates, again.replicates)


@given(seed=SEEDS, k=st.integers(2, 10), rho=st.floats(0.15, 0.8))
@settings(max_examples=15, deadline=None)
def test_parallel_items_recover_the_alpha_they_were_made_with(
    seed: int, k: int, rho: float
) -> None:
    rng = np.random.default_rng(seed)
    n = 4000
    data = np.sqrt(rho) * rng.normal(size=(n, 1)) + np.sqrt(1 - rho) * rng.normal(size=(n, k))
    true = k * rho / (1 + (k - 1) * rho)
    alpha = cronbach_alpha(data)
    assert abs(alpha.estimate - true) < 6 * alpha.se  # a miss in 5e8 draws
    if k > 2:
        omega = mcdonald_omega(data)
        assert abs(omega.omega_total - true) < 6 * omega.se


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_omega_is_found_from_any_unit_and_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(0.4, 0.9, size=6)
    data = rng.normal(size=(300, 1)) * loadings + rng.normal(size=(300, 6))
    first = mcdonald_omega(data)
    second = mcdonald_omega(data * rng.uniform(0.1, 50, size=6))
    assert first.standardized == pytest.approx(second.standardized, abs=1e-8)
    assert first.chisq == pytest.approx(second.chisq, abs=1e-6)
    order = rng.permutation(6)
    third = mcdonald_omega(data[:, order])
    assert first.omega_total == pytest.approx(third.omega_total, abs=1e-8)
    np.testing.assert_allclose(
        first.loadings["loading"].to_numpy()[order], third.loadings["loading"], atol=1e-7
    )
