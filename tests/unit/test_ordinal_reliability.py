"""Ordinal alpha and categorical omega: intervals, missing answers, what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.correlation.matrices import ordered_codes
from trustmeasure.kernels.categorical_factor import (
    answer_variances,
    categorical_omega_of,
    event_covariances,
    fit_weighted_factor,
)
from trustmeasure.kernels.ordinal_resampling import bootstrap_polychorics, weighted_tables
from trustmeasure.kernels.polychorics import contingency, polychorics


def five_answers(n: int = 400, k: int = 4, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = 0.7 * rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, k))
    codes = np.digitize(latent, [-1.2, -0.4, 0.4, 1.2]).astype(float)
    return pd.DataFrame(codes, columns=[f"q{j + 1}" for j in range(k)])


def test_weighted_tables_are_those_of_the_resampled_persons() -> None:
    values = five_answers(200).to_numpy().copy()
    values[::7, 1] = np.nan
    codes, k = ordered_codes(values, list("abcd"))
    drawn = np.random.default_rng(1).integers(0, 200, size=(3, 200))
    weights = np.stack([np.bincount(row, minlength=200) for row in drawn]).astype(float)
    tables, margins = weighted_tables(codes, k, weights)
    i, j = np.triu_indices(4, 1)
    for b, row in enumerate(drawn):
        whole = contingency(codes[row], k)
        assert np.array_equal(tables[b], whole[i, j])
        counts = [np.bincount(column[column >= 0], minlength=k) for column in codes[row].T]
        assert np.array_equal(margins[b], counts)


def test_replicates_equal_polychorics_of_resampled_answers() -> None:
    codes, k = ordered_codes(five_answers(200).to_numpy(), list("abcd"))
    blocks = list(bootstrap_polychorics(codes, k, 5, np.random.default_rng(9), errors=True))
    drawn = np.random.default_rng(9).integers(0, 200, size=(5, 200))
    found = np.concatenate([block.correlation for block in blocks])
    errors = np.concatenate([block.standard_error for block in blocks])
    for b, row in enumerate(drawn):
        direct = polychorics(codes[row], k)
        # Newton's last step is below 1e-3, so that the error is near its square.
        assert np.abs(found[b] - direct.correlation).max() < 1e-5
        assert np.abs(errors[b] - direct.standard_error).max() < 1e-5


def test_the_sum_of_event_covariances_is_the_variance_of_the_answers() -> None:
    thresholds = np.array([[[-0.7, 0.2, 1.1]]])
    codes = np.arange(4)
    from scipy.special import ndtr

    share = np.diff(ndtr(thresholds[0, 0]), prepend=0, append=1)
    variance = (share * codes**2).sum() - (share * codes).sum() ** 2
    assert answer_variances(thresholds)[0, 0] == pytest.approx(variance, rel=1e-12)
    almost = event_covariances(thresholds, thresholds, np.array([[1 - 1e-12]]))
    assert almost[0, 0] == pytest.approx(variance, rel=1e-4)
    assert event_covariances(thresholds, thresholds, np.array([[0.0]]))[0, 0] == pytest.approx(0)


def test_an_item_with_fewer_categories_adds_nothing_beyond_its_last() -> None:
    cut = np.array([[[-0.5, 0.5], [0.1, np.inf], [-1.0, 1.0]]])
    loadings = np.array([[0.7, 0.6, 0.8]])
    wide = np.concatenate([cut, np.full((1, 3, 1), np.inf)], axis=2)
    R = np.full((1, 3, 3), 0.45) + 0.55 * np.eye(3)
    for correlation in (None, R):
        narrow = categorical_omega_of(cut, loadings, correlation)
        assert narrow == pytest.approx(categorical_omega_of(wide, loadings, correlation), rel=1e-12)


def test_weighted_least_squares_finds_exact_loadings_under_any_weights() -> None:
    rng = np.random.default_rng(2)
    true = rng.uniform(0.3, 0.9, size=(6, 5))
    R = true[:, :, None] * true[:, None, :]
    R[:, np.arange(5), np.arange(5)] = 1.0
    weights = rng.uniform(1, 50, size=R.shape)
    fit = fit_weighted_factor(R, weights + np.swapaxes(weights, 1, 2))
    assert fit.converged.all()
    assert fit.loadings == pytest.approx(true, abs=1e-9)
    assert fit.discrepancy == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("function", [tm.ordinal_alpha, tm.categorical_omega])
def test_the_interval_holds_the_estimate_and_repeats_with_its_seed(function) -> None:
    data = five_answers()
    first, second = (function(data, n_boot=200, rng=4) for _ in range(2))
    assert first.ci_low < first.estimate < first.ci_high
    assert np.array_equal(first.replicates, second.replicates)
    assert len(first.replicates) == 200
    assert first.se == pytest.approx(first.replicates.std(ddof=1))
    assert function(data, n_boot=200, rng=4, conf_level=0.5).ci_low > first.ci_low


@pytest.mark.parametrize("function", [tm.ordinal_alpha, tm.categorical_omega])
def test_without_an_interval_nothing_is_resampled(function) -> None:
    result = function(five_answers(), ci=None)
    assert result.replicates is None
    assert math.isnan(result.ci_low)
    assert math.isnan(result.se)
    assert result.settings["n_boot"] is None


@pytest.mark.parametrize("function", [tm.ordinal_alpha, tm.categorical_omega])
def test_listwise_equals_deleting_before_and_pairwise_uses_more(function) -> None:
    data = five_answers()
    data.iloc[::5, 0] = np.nan
    listwise = function(data, n_boot=100, rng=1)
    before = function(data.dropna(), n_boot=100, rng=1)
    assert (listwise.estimate, listwise.ci_low) == (before.estimate, before.ci_low)
    assert listwise.n_dropped == 80
    assert "80 of 400" in listwise.warnings[0]
    pairwise = function(data, missing="pairwise", n_boot=100, rng=1)
    assert pairwise.n == 400
    assert pairwise.n_dropped == 0
    assert pairwise.ci_low < pairwise.estimate < pairwise.ci_high
    assert pairwise.estimate != listwise.estimate


def test_relabelling_the_answers_in_their_order_changes_nothing() -> None:
    data = five_answers()
    other = np.exp(data)
    for function in (tm.ordinal_alpha, tm.categorical_omega):
        same = function(other, ci=None).estimate
        assert function(data, ci=None).estimate == pytest.approx(same, rel=1e-12)


def test_categorical_omega_approaches_the_reliability_that_was_simulated() -> None:
    rng = np.random.default_rng(8)
    factor = 0.7 * rng.normal(size=(40_000, 1))
    parallel = [
        np.digitize(factor + np.sqrt(0.51) * rng.normal(size=(40_000, 4)), [-1, 0, 1]).sum(axis=1)
        for _ in range(2)
    ]
    share = np.corrcoef(*parallel)[0, 1]
    answers = np.digitize(factor + np.sqrt(0.51) * rng.normal(size=(40_000, 4)), [-1, 0, 1])
    found = tm.categorical_omega(answers, ci=None)
    assert found.estimate == pytest.approx(share, abs=0.01)
    assert tm.ordinal_alpha(answers, ci=None).estimate > found.estimate + 0.02


def test_a_heywood_case_leaves_omega_without_a_value() -> None:
    rng = np.random.default_rng(5)
    latent = rng.multivariate_normal(
        np.zeros(3), [[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]], size=2000
    )
    answers = np.digitize(latent, [-1, 0, 1])
    with pytest.warns(tm.ConvergenceWarning, match="Heywood case: item.*'item1'"):
        found = tm.categorical_omega(answers)
    assert math.isnan(found.estimate)
    assert math.isnan(found.ci_low)
    assert found.loadings["loading"].iloc[0] > 1


def test_a_correlation_at_its_bound_has_no_weight() -> None:
    data = five_answers()
    data["q4"] = data["q1"]
    with (
        pytest.warns(tm.ConvergenceWarning, match="q1 with q4"),
        pytest.raises(tm.ConvergenceError, match="'q1 with q4' has no sampling variance"),
    ):
        tm.categorical_omega(data)


def test_reversed_items_are_named_not_flipped() -> None:
    data = five_answers()
    data["q2"] = 5 - data["q2"]
    with pytest.warns(tm.DataWarning, match="'q2' relate negatively"):
        found = tm.ordinal_alpha(data, ci=None)
    assert found.correlation.loc["q1", "q2"] < 0


def test_what_cannot_be_used_is_refused() -> None:
    data = five_answers()
    with pytest.raises(tm.OptionError, match="method='wls'"):
        tm.categorical_omega(data, method="wls")
    with pytest.raises(tm.OptionError, match="ci='delta'"):
        tm.ordinal_alpha(data, ci="delta")
    with pytest.raises(tm.DataError, match="at least 3 are needed"):
        tm.categorical_omega(data[["q1", "q2"]])
    with pytest.raises(tm.DataError, match="different answers"):
        tm.ordinal_alpha(data.assign(q1=np.arange(400.0)))
    with pytest.raises(tm.DataError, match="constant"):
        tm.ordinal_alpha(data.assign(q1=1.0))
    apart = data.copy()
    apart.iloc[:200, 0] = np.nan
    apart.iloc[200:, 1] = np.nan
    with pytest.raises(tm.DataError, match="'q1' with 'q2': 0 persons"):
        tm.ordinal_alpha(apart, missing="pairwise")


def test_tables_show_the_interval_and_the_caution() -> None:
    data = five_answers()
    table = tm.table(tm.ordinal_alpha(data, n_boot=50, rng=1))
    assert "Chalmers" in table.note
    assert "bootstrap percentile" in table.note
    assert list(table.frame["Categories"]) == ["5"] * 4
    omega = tm.categorical_omega(data, ci=None)
    table = tm.table(omega)
    assert f"Categorical ω = {omega.estimate:.2f}".replace("0.", ".") in table.note
    assert list(table.frame.columns) == ["Item", "λ", "θ"]


def test_figures_show_the_numbers_of_the_results() -> None:
    data = five_answers()
    with tm.plots.offscreen():
        loadings = tm.plot(tm.categorical_omega(data, ci=None))
        items = tm.plot(tm.ordinal_alpha(data, ci=None))
    assert [tick.get_text() for tick in loadings.get_xticklabels()] == ["Factor"]
    expected = tm.ordinal_alpha(data, ci=None).items["r_drop"].to_numpy()
    places = [line.get_xdata() for line in items.lines]
    assert any(len(x) == 4 and np.allclose(x, expected) for x in places)


def test_asymptotic_limits_are_those_of_the_delta_method() -> None:
    answers = five_answers(600)
    found = tm.ordinal_alpha(answers, ci="asymptotic", conf_level=0.9)
    drawn = tm.ordinal_alpha(answers, n_boot=400, rng=1)
    assert found.se == pytest.approx(drawn.se, rel=0.1)
    assert found.ci_high - found.estimate == pytest.approx(1.6448536 * found.se, rel=1e-6)
    assert found.replicates is None
    assert found.settings["n_boot"] is None
    # Two items have one correlation, whose own standard error decides.
    pair = answers[["q1", "q2"]]
    alpha, single = tm.ordinal_alpha(pair, ci="asymptotic"), tm.polychoric(pair)
    r, se = single.correlation.iloc[0, 1], single.se.iloc[0, 1]
    assert alpha.se == pytest.approx(2 * se / (1 + r) ** 2, rel=1e-9)


def test_asymptotic_limits_know_who_left_answers_out() -> None:
    answers = five_answers(800)
    holes = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.15)
    paired = tm.ordinal_alpha(holes, missing="pairwise", ci="asymptotic")
    drawn = tm.ordinal_alpha(holes, missing="pairwise", n_boot=400, rng=1)
    assert paired.se == pytest.approx(drawn.se, rel=0.12)
    assert paired.se > tm.ordinal_alpha(answers, ci="asymptotic").se
    some = holes[["q1", "q2"]]  # one pair again, in which thresholds use more persons
    alpha, single = (
        tm.ordinal_alpha(some, missing="pairwise", ci="asymptotic"),
        tm.polychoric(some),
    )
    r, se = single.correlation.iloc[0, 1], single.se.iloc[0, 1]
    assert alpha.se == pytest.approx(2 * se / (1 + r) ** 2, rel=1e-3)


def test_a_correlation_at_one_leaves_alpha_without_an_error() -> None:
    answers = five_answers(200)
    same = answers.assign(q4=answers["q1"])
    with pytest.warns(tm.ConvergenceWarning, match="runs to ±1"):
        found = tm.ordinal_alpha(same, ci="asymptotic")
    assert math.isnan(found.se)
    assert math.isnan(found.ci_low)
