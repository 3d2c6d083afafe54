"""Lower bounds to reliability, alpha from covariances, and alpha under missing answers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.parity.comparison import read_data
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels.completions import extreme_alphas
from trustmeasure.kernels.minimum_trace import greatest_bounds, minimum_trace
from trustmeasure.kernels.resampling import bootstrap_covariances, bootstrap_covariances_pairwise
from trustmeasure.kernels.split_halves import all_splits, n_splits
from trustmeasure.reliability import (
    alpha_bounds,
    cronbach_alpha,
    glb,
    guttman_lambdas,
    spearman_brown,
    spearman_brown_length,
    split_half,
)

ATTITUDE = read_data("attitude.csv")
AGREE = keyed_bfi()[["A1", "A2", "A3", "A4", "A5"]]


def one_factor(n: int, k: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    return pd.DataFrame(values, columns=[f"q{j + 1}" for j in range(k)])


@pytest.mark.parametrize(("k", "count"), [(2, 1), (3, 3), (4, 3), (5, 10), (8, 35), (16, 6435)])
def test_every_split_comes_once(k: int, count: int) -> None:
    marks = all_splits(k)
    assert len(marks) == n_splits(k) == count
    assert (marks.sum(axis=1) == k // 2).all()
    halves = {frozenset((tuple(row), tuple(1 - row))) for row in marks}
    assert len(halves) == count


def test_more_than_sixteen_items_are_sampled_and_the_result_says_so() -> None:
    data = one_factor(60, 18)
    first, second = split_half(data, rng=1), split_half(data, rng=1)
    assert not first.exhaustive
    assert first.n_splits == 10_000
    assert any("24,310 ways" in message for message in first.warnings)
    np.testing.assert_array_equal(first.values, second.values)
    assert first.mean == pytest.approx(first.alpha, abs=0.01)
    assert not guttman_lambdas(data, rng=1).exhaustive


def test_the_best_split_is_the_one_that_is_named() -> None:
    result = split_half(ATTITUDE, ci=None)
    for which in ("max", "min"):
        a, b = (list(result.halves.loc[which, half]) for half in ("half_a", "half_b"))
        assert sorted(a + b) == sorted(ATTITUDE.columns)
        A, B = ATTITUDE[a].sum(axis=1), ATTITUDE[b].sum(axis=1)
        assert getattr(result, which) == pytest.approx(4 * A.cov(B) / (A + B).var())


def test_the_greatest_lower_bound_fulfils_the_conditions_of_an_optimum() -> None:
    rng = np.random.default_rng(2)
    for k in (3, 6, 12, 30):
        values = rng.normal(size=(200, 1)) * rng.uniform(0.2, 1, k) + rng.normal(size=(200, k))
        C = np.cov((values * rng.uniform(0.1, 20, k)).T)
        found = minimum_trace(C)
        assert found.converged
        rest = C - np.diag(found.errors)
        size = np.trace(C)
        assert np.linalg.eigvalsh(rest)[0] > -1e-9 * size
        assert found.errors.min() >= 0
        # The common part is singular: any more error would make it indefinite.
        assert np.linalg.eigvalsh(rest)[0] < 1e-6 * size
        # No other split of the variances in reach has more error.
        for _ in range(50):
            other = np.maximum(found.errors + rng.normal(size=k) * 1e-3 * np.diag(C), 0)
            if np.linalg.eigvalsh(C - np.diag(other))[0] >= 0:
                assert other.sum() <= found.errors.sum() + 1e-8 * size


def test_the_greatest_lower_bound_is_exact_where_it_is_known() -> None:
    loadings = np.array([0.9, 0.7, 0.6, 0.5, 0.8])
    C = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    found = minimum_trace(C)  # one factor: the bound is the reliability
    np.testing.assert_allclose(found.errors, 1 - loadings**2, atol=1e-7)


def test_the_greatest_lower_bound_warns_of_small_samples() -> None:
    with pytest.warns(DataWarning, match="30 persons is biased upwards"):
        result = glb(ATTITUDE, ci=None)
    assert result.estimate == pytest.approx(0.928181060, abs=1e-8)
    assert result.items["error"].min() >= 0
    assert glb(keyed_trust()).estimate < 1  # 4,000 persons: nothing to warn of


def test_items_that_determine_each_other_have_no_greatest_bound() -> None:
    data = one_factor(50, 4)
    data["copy"] = data["q1"]
    with pytest.raises(DataError, match="'q1', 'copy' determine each other"):
        glb(data)
    assert guttman_lambdas(data).lambda6 > 0.5  # these still have their bounds


def test_intervals_of_the_lambdas_hold_the_estimates() -> None:
    result = guttman_lambdas(AGREE, n_boot=200, rng=1)
    frame = result.to_frame()
    assert (frame["ci_low"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["ci_high"]).all()
    again = guttman_lambdas(AGREE, n_boot=200, rng=1).to_frame()
    pd.testing.assert_frame_equal(frame, again)
    standard = guttman_lambdas(AGREE, n_boot=100, rng=1, standardized=True)
    assert standard.intervals is not None
    some = AGREE.iloc[:400].mask(np.random.default_rng(1).random((400, 5)) < 0.1)
    paired = guttman_lambdas(some, missing="pairwise", n_boot=100, rng=1).to_frame()
    assert (paired["ci_low"] < paired["estimate"]).all()


@pytest.mark.filterwarnings("ignore:The greatest lower bound of 8 items from 200 persons")
def test_limits_take_the_bias_of_extremes_off() -> None:
    equal = one_factor(200, 8)
    halves = split_half(equal, n_boot=200, rng=1).intervals
    assert halves is not None
    low, high = halves["ci_low"], halves["ci_high"]
    middle = (low + high) / 2
    # All splits are alike in the population: what is best here is no better than it.
    assert middle["max"] < halves.loc["max", "estimate"]
    assert middle["min"] > halves.loc["min", "estimate"]
    assert low["max"] < 8 / 9 < high["min"]
    bound = glb(equal, n_boot=200, rng=1)
    assert bound.bias > 0.005
    assert bound.ci_low < 8 / 9 < bound.ci_high
    assert bound.ci_high - bound.estimate < bound.estimate - bound.ci_low
    assert bound.replicates is not None
    assert len(bound.replicates) == 200
    assert bound.se == pytest.approx(bound.replicates.std(ddof=1))
    again = glb(equal, n_boot=200, rng=1)
    wide = glb(equal, n_boot=200, rng=1, conf_level=0.99)
    bare = glb(equal, ci=None)
    assert (again.ci_low, again.ci_high) == (bound.ci_low, bound.ci_high)
    assert wide.ci_low < bound.ci_low
    assert np.isnan([bare.ci_low, bare.se, bare.bias]).all()
    assert split_half(equal, ci=None).intervals is None


@pytest.mark.filterwarnings("ignore:The greatest lower bound of 6 items from 600 persons")
def test_bounds_of_incomplete_answers_have_intervals_too() -> None:
    data = one_factor(600, 6)
    holes = data.mask(np.random.default_rng(2).random(data.shape) < 0.1)
    for standardized in (False, True):
        options = {"standardized": standardized, "n_boot": 100, "rng": 1}
        halves = split_half(holes, missing="pairwise", **options)
        assert halves.intervals is not None
        assert halves.intervals.loc["mean", "ci_low"] < halves.mean
        whole, paired = glb(data, **options), glb(holes, missing="pairwise", **options)
        assert paired.se > whole.se * 0.9
    # Complete answers are their own pairs: the two ways to resample agree.
    values = data.to_numpy()
    one = np.concatenate(list(bootstrap_covariances(values, 5, np.random.default_rng(1))))
    two = np.concatenate(list(bootstrap_covariances_pairwise(values, 5, np.random.default_rng(1))))
    np.testing.assert_allclose(one * 600 / 599, two, rtol=1e-10, atol=1e-12)


@pytest.mark.filterwarnings("ignore:The greatest lower bound of 6 items from 9 persons")
def test_replicates_of_few_persons_are_left_out_and_said_to_be() -> None:
    few = one_factor(9, 6, seed=4)
    with pytest.warns(DataWarning, match="bootstrap samples gave no estimate"):
        bound = glb(few, n_boot=60, rng=1)
    assert bound.replicates is not None
    assert len(bound.replicates) < 60


def test_stacked_bounds_equal_the_single_ones() -> None:
    rng = np.random.default_rng(5)
    stack = np.array([np.cov(rng.normal(size=(40, 5)), rowvar=False) for _ in range(6)])
    single = [1 - minimum_trace(C).errors.sum() / C.sum() for C in stack]
    np.testing.assert_allclose(greatest_bounds(stack), single, atol=1e-5)
    broken = np.concatenate([stack, np.ones((1, 5, 5))])
    assert np.isnan(greatest_bounds(broken)).tolist() == [False] * 6 + [True]


def test_spearman_brown_takes_what_numbers_come_in() -> None:
    rho = pd.Series([0.5, 0.6], index=["a", "b"])
    assert spearman_brown(0.5, length=2) == pytest.approx(2 / 3)
    pd.testing.assert_index_equal(spearman_brown(rho, length=2).index, rho.index)
    assert isinstance(spearman_brown(rho.to_numpy(), length=3), np.ndarray)
    assert spearman_brown(-0.2, length=2) < 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spearman_brown(1.2, length=2), "reliability=1.2"),
        (lambda: spearman_brown(0.5, length=0), "length=0"),
        (lambda: spearman_brown("much", length=2), "reliability='much'"),
        (lambda: spearman_brown(-0.6, length=3), "reliability=-0.6"),
        (lambda: spearman_brown_length(0.0, target=0.8), "reliability=0.0"),
        (lambda: spearman_brown_length(0.5, target=1.0), "target=1.0"),
    ],
)
def test_impossible_prophecies_are_refused(call: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        call()


def test_alpha_of_covariances_is_alpha_of_the_data() -> None:
    complete = AGREE.dropna()
    data, matrix = cronbach_alpha(complete), cronbach_alpha(cov=complete.cov(), n_obs=len(complete))
    for name in ("estimate", "ci_low", "ci_high", "se", "standardized", "lambda6", "mean_r", "sd"):
        assert getattr(matrix, name) == pytest.approx(getattr(data, name)), name
    columns = [c for c in data.items.columns if c != "mean"]
    pd.testing.assert_frame_equal(
        matrix.items[columns].astype(float), data.items[columns].astype(float)
    )
    assert np.isnan(matrix.mean)
    assert matrix.items["mean"].isna().all()
    some = cronbach_alpha(cov=complete.cov(), items=["A1", "A2", "A3"])
    assert some.estimate == pytest.approx(cronbach_alpha(complete[["A1", "A2", "A3"]]).estimate)
    assert np.isnan([some.se, some.ci_low, some.ci_high]).all()
    assert any("Without n_obs=" in message for message in some.warnings)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, OptionError, "one of them is needed"),
        ({"data": AGREE, "cov": np.eye(2)}, OptionError, "not both"),
        ({"data": AGREE, "n_obs": 10}, OptionError, "n_obs= goes with cov="),
        ({"cov": np.eye(2), "ci": "bootstrap"}, OptionError, "resamples persons"),
        ({"cov": np.eye(2), "scale": "trust"}, OptionError, "scale= picks"),
        ({"cov": np.ones((2, 3))}, DataError, r"shape \(2, 3\)"),
        ({"cov": np.eye(1)}, DataError, "1 item"),
        ({"cov": [[1.0, np.nan], [np.nan, 1.0]]}, DataError, "no finite value"),
        ({"cov": [[1.0, 0.5], [0.4, 1.0]]}, DataError, "not symmetric"),
        ({"cov": [[1.0, 2.0], [2.0, 1.0]]}, DataError, "beyond 1"),
        ({"cov": [[0.0, 0.0], [0.0, 1.0]]}, DataError, "not positive: 'item1'"),
        ({"cov": [[1.0, -1.0], [-1.0, 1.0]]}, DataError, "does not vary"),
        ({"cov": AGREE.cov(), "items": ["A1", "A9"]}, DataError, "'A9' are not in cov="),
        ({"cov": AGREE.cov(), "n_obs": 2}, OptionError, "n_obs=2"),
    ],
)
def test_covariances_that_cannot_be_are_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        cronbach_alpha(**options)


def test_the_extremes_of_alpha_are_those_of_all_completions() -> None:
    rng = np.random.default_rng(4)
    grid = np.linspace(1, 5, 5)
    for _ in range(4):
        first = rng.integers(1, 6, size=(12, 1))
        values = np.clip(first + rng.integers(-1, 2, size=(12, 3)), 1, 5).astype(float)
        values.ravel()[rng.choice(36, 4, replace=False)] = np.nan
        gaps = np.isnan(values)
        seen = []
        for filling in itertools.product(grid, repeat=4):
            complete = values.copy()
            complete[gaps] = filling
            C = np.cov(complete.T)
            seen.append(1.5 * (1 - np.trace(C) / C.sum()))
        low, high = extreme_alphas(values, np.ones(3), np.full(3, 5.0), rng)
        # The grid holds the smallest, at ends of the range, but may miss the largest.
        assert low == pytest.approx(min(seen), abs=1e-3)
        assert high >= max(seen) - 1e-9


def test_alpha_bounds_hold_every_estimate() -> None:
    result = alpha_bounds(AGREE, response_range=(1, 6), n_boot=20, rng=1)
    assert result.table["alpha"].between(result.lowest, result.highest).all()
    assert result.n_complete == 2709
    assert np.isfinite(result.table.loc["fiml", ["ci_low", "ci_high"]].astype(float)).all()
    complete = alpha_bounds(AGREE.dropna())
    assert complete.lowest == complete.highest == complete.table["alpha"].iloc[0]
    assert complete.missing_share == 0
    with pytest.raises(DataError, match="has the answer 6"):
        alpha_bounds(AGREE, response_range=(1, 5))


def test_alpha_bounds_need_no_complete_person() -> None:
    data = one_factor(300, 4)
    rotating = data.mask(np.arange(4) == (np.arange(300) % 4)[:, None])
    result = alpha_bounds(rotating)
    assert np.isnan(result.table.loc["listwise", "alpha"])
    assert result.n_complete == 0
    assert result.table.loc["fiml", "alpha"] == pytest.approx(
        cronbach_alpha(data).estimate, abs=0.04
    )
    assert any("no listwise alpha" in message for message in result.warnings)


@pytest.mark.parametrize("analysis", [guttman_lambdas, split_half, glb, alpha_bounds])
def test_items_left_unreversed_are_named_and_not_flipped(analysis: Any) -> None:
    data = one_factor(1200, 4)
    data["q1"] = -data["q1"]
    with pytest.warns(DataWarning, match="'q1' relate negatively"):
        analysis(data)


@pytest.mark.parametrize("analysis", [guttman_lambdas, split_half, glb])
def test_missing_answers_follow_the_rule(analysis: Any) -> None:
    listwise = analysis(AGREE)
    assert (listwise.n, listwise.n_dropped) == (2709, 91)
    assert analysis(AGREE, missing="pairwise").n == 2800
    with pytest.raises(OptionError, match="missing='fiml'"):
        analysis(AGREE, missing="fiml")
    assert listwise.to_dict()["settings"]["missing"] == "listwise"
    assert repr(listwise)
