"""Reliability: what is refused, what is warned of, and the cases that parity does not reach."""

from __future__ import annotations

import json
import math
import warnings
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import pytest

import trustmeasure as tm
from tests.parity.comparison import read_data
from tests.parity.topic_alpha import TRUST, keyed_bfi, keyed_trust
from trustmeasure.errors import (
    ConvergenceWarning,
    DataError,
    DataWarning,
    OptionError,
)
from trustmeasure.kernels.covariance import squared_multiple_correlations
from trustmeasure.kernels.reliability import consistency, structure
from trustmeasure.kernels.resampling import resample_counts
from trustmeasure.reliability import cronbach_alpha, item_analysis, mcdonald_omega

ANALYSES = [cronbach_alpha, mcdonald_omega, item_analysis]


@pytest.fixture
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    latent = rng.normal(size=(60, 1)) + 0.8 * rng.normal(size=(60, 4))
    return pd.DataFrame(np.clip(np.round(latent + 3), 1, 5), columns=["a", "b", "c", "d"])


@pytest.fixture
def scores() -> tm.Scores:
    instrument = tm.build_instrument(
        id="two-scales",
        title="Two scales",
        response_sets=[{"id": "agree6", "min": 1, "max": 6}],
        items=[
            {"id": name, "response_set": "agree6", "reverse": name in ("A1", "E1", "E2")}
            for name in ("A1", "A2", "A3", "E1", "E2", "E3")
        ],
        scales=[
            {"id": "agree", "items": ["A1", "A2", "A3"]},
            {"id": "extra", "items": ["E1", "E2", "E3"]},
        ],
    )
    names = [f"{letter}{i}" for letter in "AE" for i in (1, 2, 3)]
    return tm.score(read_data("bfi.csv")[names], instrument)


# Known answers -----------------------------------------------------------------------


def test_alpha_of_the_spi_trust_items() -> None:
    result = cronbach_alpha(keyed_trust())
    assert result.estimate == pytest.approx(0.8714289, abs=5e-8)
    assert (result.n, result.n_dropped) == (4000, 0)


@pytest.mark.parametrize("letter", list("ACENO"))
def test_alpha_equals_pingouin(letter: str) -> None:
    items = keyed_bfi()[[f"{letter}{i}" for i in range(1, 6)]]
    for missing in ("listwise", "pairwise"):
        theirs = pingouin.cronbach_alpha(items, nan_policy=missing)[0]
        assert cronbach_alpha(items, missing=missing).estimate == pytest.approx(theirs, rel=1e-12)
    # Its interval is right where nobody was deleted, and rounded to three digits.
    complete = items.dropna()
    ours = cronbach_alpha(items)
    limits = pingouin.cronbach_alpha(complete)[1]
    np.testing.assert_allclose([ours.ci_low, ours.ci_high], limits, atol=5.01e-4)


def test_two_items_leave_nothing_to_say_without_one(answers: pd.DataFrame) -> None:
    result = cronbach_alpha(answers[["a", "b"]])
    without = [column for column in result.items if column.endswith("_drop") and column != "r_drop"]
    assert len(without) == 8
    assert result.items[without].isna().all(axis=None)
    r = np.corrcoef(answers["a"], answers["b"])[0, 1]
    assert result.mean_r == pytest.approx(r)
    np.testing.assert_allclose(result.items["r_drop"], r)
    np.testing.assert_allclose(result.lambda6, 1 - 2 * (1 - r * r) / (2 + 2 * r))


def test_an_item_that_others_determine_has_a_multiple_correlation_of_one(
    answers: pd.DataFrame,
) -> None:
    twin = answers.assign(twin=answers["a"])
    result = cronbach_alpha(twin)
    assert any("singular" in message for message in result.warnings)
    assert np.isfinite(result.items.to_numpy()).all()
    R = twin.corr().to_numpy()
    smc = squared_multiple_correlations(R)
    assert smc[0] == smc[4] == 1.0
    # It is where the regular case goes.
    np.testing.assert_allclose(smc, squared_multiple_correlations(R + 1e-7 * np.eye(5)), atol=1e-6)


def test_alpha_survives_fewer_persons_than_items() -> None:
    rng = np.random.default_rng(3)
    few = rng.normal(size=(5, 1)) + rng.normal(size=(5, 12))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        result = cronbach_alpha(few)
    assert any("too few persons" in message for message in result.warnings)
    assert math.isfinite(result.estimate)
    assert math.isfinite(result.lambda6)


def test_perfect_items_have_alpha_one() -> None:
    column = np.arange(10.0)
    result = cronbach_alpha(np.column_stack([column, column + 1, column]))
    assert result.estimate == pytest.approx(1)
    assert (result.ci_low, result.ci_high) == (pytest.approx(1), pytest.approx(1))


def test_intervals_use_the_persons_who_are_left() -> None:
    frame = keyed_bfi()[["E1", "E2", "E3", "E4", "E5"]]
    result = cronbach_alpha(frame)
    assert (result.n, result.n_dropped) == (2713, 87)
    assert "87 of 2800 persons were left out" in result.warnings[0]
    same = cronbach_alpha(frame.dropna())
    assert (result.ci_low, result.ci_high) == (same.ci_low, same.ci_high)


def test_persons_without_any_answer_do_not_count_in_pairwise(answers: pd.DataFrame) -> None:
    padded = pd.concat([answers, answers[:5] * np.nan], ignore_index=True)
    padded.loc[0, "a"] = np.nan
    result = cronbach_alpha(padded, missing="pairwise")
    assert (result.n, result.n_dropped) == (60, 5)
    assert "no answer at all" in result.warnings[0]
    assert "pairwise" in result.warnings[1]


def test_bootstrap_lies_where_the_other_intervals_lie() -> None:
    frame = keyed_trust()
    boot = cronbach_alpha(frame, ci="bootstrap", rng=1)
    feldt = cronbach_alpha(frame)
    assert boot.ci_low == pytest.approx(feldt.ci_low, abs=0.004)
    assert boot.ci_high == pytest.approx(feldt.ci_high, abs=0.004)
    assert boot.replicates is not None
    assert boot.replicates.shape == (2000,)
    assert feldt.replicates is None


def test_omega_bootstrap_lies_where_the_delta_interval_lies() -> None:
    frame = keyed_trust()
    boot = mcdonald_omega(frame, ci="bootstrap", n_boot=500, rng=1)
    delta = mcdonald_omega(frame)
    assert boot.omega_total == delta.omega_total
    assert boot.ci_low == pytest.approx(delta.ci_low, abs=0.006)
    assert boot.ci_high == pytest.approx(delta.ci_high, abs=0.006)
    # Answers are not quite normal, so the two standard errors are only near.
    assert boot.se == pytest.approx(delta.se, rel=0.3)


def test_omega_bootstrap_equals_fitting_resampled_rows(answers: pd.DataFrame) -> None:
    boot = mcdonald_omega(answers, ci="bootstrap", n_boot=5, rng=2)
    (weights,) = resample_counts(len(answers), 5, np.random.default_rng(2))
    naive = [
        mcdonald_omega(np.repeat(answers.to_numpy(), row, axis=0)).omega_total
        for row in weights.astype(int)
    ]
    np.testing.assert_allclose(boot.replicates, naive, atol=1e-5)


def test_the_size_of_blocks_does_not_change_what_is_drawn() -> None:
    whole, parts = (
        np.vstack(list(resample_counts(31, 20, np.random.default_rng(5), cells=cells)))
        for cells in (10_000, 100)
    )
    np.testing.assert_array_equal(whole, parts)
    assert (whole.sum(axis=1) == 31).all()


def test_three_items_fit_exactly(answers: pd.DataFrame) -> None:
    result = mcdonald_omega(answers[["a", "b", "c"]])
    assert result.df == 0
    assert result.chisq == pytest.approx(0, abs=1e-8)
    assert math.isnan(result.pvalue)
    np.testing.assert_allclose(
        result.loadings["std_loading"] ** 2 + result.loadings["std_uniqueness"], 1
    )


# Results -----------------------------------------------------------------------------


@pytest.mark.parametrize("analysis", [cronbach_alpha, mcdonald_omega])
def test_results_print_and_travel(analysis: Any, answers: pd.DataFrame) -> None:
    result = analysis(answers)
    assert f"n = {len(answers)}" in repr(result)
    assert "<table" in result._repr_html_()
    assert list(result.to_frame().index) == ["a", "b", "c", "d"]
    again = json.loads(json.dumps(result.to_dict()))
    assert again["n"] == len(answers)
    assert again["settings"]["conf_level"] == 0.95
    json.dumps(result.to_dict()["settings"])


def test_a_result_cannot_be_changed_through_its_frame(answers: pd.DataFrame) -> None:
    result = cronbach_alpha(answers)
    frame = result.to_frame()
    frame.loc["a", "mean"] = 0
    assert result.items.loc["a", "mean"] == answers["a"].mean()


# Scores ------------------------------------------------------------------------------


def test_scores_need_a_scale_where_they_have_several(scores: tm.Scores) -> None:
    by_hand = cronbach_alpha(keyed_bfi()[["A1", "A2", "A3"]])
    assert cronbach_alpha(scores, scale="agree").estimate == pytest.approx(by_hand.estimate)
    by_item = cronbach_alpha(scores, items=["A1", "A2", "A3"])
    assert by_item.estimate == pytest.approx(by_hand.estimate)
    for analysis in (cronbach_alpha, mcdonald_omega):
        with pytest.raises(DataError, match=r"2 scales.*'agree', 'extra'"):
            analysis(scores)
        with pytest.raises(OptionError, match="agree"):
            analysis(scores, scale="agre")


def test_item_analysis_of_scores_takes_every_scale(scores: tm.Scores) -> None:
    table = item_analysis(scores)
    assert table.columns[0] == "scale"
    assert list(table["scale"]) == ["agree"] * 3 + ["extra"] * 3
    one = item_analysis(scores, scale="extra")
    assert "scale" not in one
    pd.testing.assert_frame_equal(table[table["scale"] == "extra"].drop(columns="scale"), one)
    # The ends are those of the response set, and follow the reversal.
    raw = read_data("bfi.csv")["E1"].dropna()
    assert one.loc["E1", "ceiling"] == pytest.approx((raw == 1).mean())


def test_item_analysis_knows_the_range_from_the_caller(answers: pd.DataFrame) -> None:
    narrow = item_analysis(answers)
    wide = item_analysis(answers, response_range=(0, 6))
    assert (wide["floor"] == 0).all()
    assert (narrow["floor"] == (answers == answers.min()).mean()).all()
    with pytest.raises(DataError, match=r"'a' has the answer 5 .*outside"):
        item_analysis(answers.clip(upper=5).assign(a=5 - np.arange(60) % 5), response_range=(1, 4))


@pytest.mark.parametrize("value", [(5, 1), (1, 1), 5, (1, 2, 3), "ab", (None, 5)])
def test_a_range_has_two_ends(answers: pd.DataFrame, value: Any) -> None:
    with pytest.raises(OptionError, match="response_range"):
        item_analysis(answers, response_range=value)


def test_item_analysis_counts_what_is_missing() -> None:
    frame = keyed_bfi()[["N1", "N2", "N3", "N4", "N5"]]
    table = item_analysis(frame, response_range=(1, 6))
    assert (table["missing"] == frame.isna().sum()).all()
    assert (table["n"] + table["missing"] == len(frame)).all()
    assert "left out" in table.attrs["warnings"][0]


def test_a_scale_of_one_item_is_described_and_no_more() -> None:
    instrument = tm.build_instrument(
        id="odd",
        title="Odd",
        response_sets=[{"id": "five", "min": 1, "max": 5}],
        items=[{"id": name, "response_set": "five"} for name in ("a", "b", "c")],
        scales=[{"id": "one", "items": ["a"]}, {"id": "two", "items": ["b", "c"]}],
    )
    rng = np.random.default_rng(1)
    base = rng.integers(1, 6, size=30)
    frame = pd.DataFrame({"a": base, "b": base, "c": rng.integers(1, 6, size=30)})
    table = item_analysis(tm.score(frame, instrument))
    assert table.loc["a", ["raw_r", "r_cor", "r_drop", "alpha_drop"]].isna().all()
    assert table.loc["a", "mean"] == pytest.approx(base.mean())
    assert table.loc[["b", "c"], "r_drop"].notna().all()


# Warnings ----------------------------------------------------------------------------


@pytest.mark.parametrize("analysis", [cronbach_alpha, mcdonald_omega])
def test_items_that_look_reversed_are_named_and_left_alone(analysis: Any) -> None:
    frame = read_data("bfi.csv")[["A1", "A2", "A3", "A4", "A5"]]
    with pytest.warns(DataWarning, match=r"Item\(s\) 'A1' relate negatively.*nothing was flipped"):
        result = analysis(frame)
    assert any("'A1'" in message for message in result.warnings)
    assert result.to_frame().index[0] == "A1"


def test_of_two_opposed_items_both_are_named() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    frame = pd.DataFrame({"up": x, "down": 0.3 * rng.normal(size=50) - 0.5 * x})
    with pytest.warns(DataWarning, match="'up', 'down'"):
        result = cronbach_alpha(frame)
    assert result.estimate < 0


def test_a_heywood_case_names_the_item() -> None:
    # b and c share less with each other than both share with a: a's loading exceeds its sd.
    cov = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.5], [0.8, 0.5, 1.0]])
    rng = np.random.default_rng(0)
    white = rng.normal(size=(200, 3))
    white -= white.mean(axis=0)
    white = white @ np.linalg.inv(np.linalg.cholesky(np.cov(white.T))).T
    frame = pd.DataFrame(white @ np.linalg.cholesky(cov).T, columns=["a", "b", "c"])
    with pytest.warns(ConvergenceWarning, match=r"Heywood case: item\(s\) 'a'"):
        result = mcdonald_omega(frame)
    assert result.converged
    assert result.loadings.loc["a", "std_loading"] == pytest.approx(math.sqrt(0.64 / 0.5))


def test_a_model_without_a_solution_says_so() -> None:
    # The product of the three correlations is negative: no single factor can do that.
    cov = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, -0.4], [0.5, -0.4, 1.0]])
    rng = np.random.default_rng(0)
    frame = rng.multivariate_normal(np.zeros(3), cov, size=300)
    with (
        pytest.warns(ConvergenceWarning, match="did not converge"),
        warnings.catch_warnings(),
    ):
        result = mcdonald_omega(frame)
    assert not result.converged
    assert math.isnan(result.ci_low)
    # What runs away may stand for any number; none of them is an omega.
    assert math.isnan(result.omega_total)
    assert math.isnan(result.standardized)
    assert "did not converge" in tm.table(result).to_html()


def test_correlations_that_no_complete_data_could_have_do_not_depend_on_the_order() -> None:
    # Pairwise covariances can give a correlation that is cut to 1; the second item's precision
    # in this matrix is zero up to rounding.
    r = np.array([[1, 0.9819115, 1], [0.9819115, 1, 0.9710457], [1, 0.9710457, 1]])
    for order in permutations(range(3)):
        shares = squared_multiple_correlations(r[np.ix_(order, order)])
        assert shares[order.index(1)] == 1
        errors = consistency(structure(r[np.ix_(order, order)]))
        assert errors.lambda6 == pytest.approx(consistency(structure(r)).lambda6, abs=1e-9)


def test_copies_of_an_item_are_perfectly_consistent() -> None:
    one = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 3.0], 10)
    result = cronbach_alpha(pd.DataFrame({"a": one, "b": one, "c": one}))
    assert result.estimate == pytest.approx(1, abs=1e-12)
    assert result.se == pytest.approx(0, abs=1e-6)


# Errors ------------------------------------------------------------------------------


def _bad(answers: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, str]]:
    return {
        "one person": (answers[:1], "hold 1 person"),
        "one item": (answers[["a"]], "hold 1 item"),
        "constant": (answers.assign(c=3), "'c' are constant"),
        "all missing": (answers.assign(c=np.nan), "'c' have no answer"),
        "infinite": (answers.assign(c=np.inf), "'c' holds an infinite value"),
        "text": (answers.assign(c="agree"), "'c' are not numeric"),
        "no complete row": (
            answers.mask(np.eye(60, 4, dtype=bool) | (np.arange(60) > 3)[:, None]),
            "Only 0 of 60 persons",
        ),
        "cancelling": (pd.DataFrame({"a": answers["a"], "b": -answers["a"]}), "does not vary"),
    }


@pytest.mark.parametrize("analysis", ANALYSES)
@pytest.mark.parametrize(
    "case",
    [
        "one person", "one item", "constant", "all missing", "infinite", "text", "no complete row",
        "cancelling",
    ],
)  # fmt: skip
def test_bad_data_are_refused(analysis: Any, case: str, answers: pd.DataFrame) -> None:
    frame, words = _bad(answers)[case]
    if case == "cancelling" and analysis is mcdonald_omega:
        words = "hold 2 item"
    with pytest.raises(DataError, match=words):
        analysis(frame)


@pytest.mark.parametrize("analysis", ANALYSES)
def test_an_unknown_item_suggests_a_near_one(analysis: Any) -> None:
    with pytest.raises(DataError, match="Did you mean 'q_871'"):
        analysis(keyed_trust(), items=[*TRUST[:4], "q_817"])


@pytest.mark.parametrize("analysis", ANALYSES)
def test_unknown_options_list_the_allowed(analysis: Any, answers: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'listwise'"):
        analysis(answers, missing="casewise")
    if analysis is not item_analysis:
        with pytest.raises(OptionError, match="'bootstrap'"):
            analysis(answers, ci="wald")
        with pytest.raises(OptionError, match="conf_level"):
            analysis(answers, conf_level=95)
        with pytest.raises(OptionError, match="n_boot"):
            analysis(answers, n_boot=0)
        with pytest.raises(OptionError, match="rng"):
            analysis(answers, ci="bootstrap", rng="seed")


def test_omega_of_one_factor_takes_complete_persons(answers: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'missing' belong"):
        mcdonald_omega(answers, missing="pairwise")


def test_omega_needs_three_items_and_enough_persons(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="at least 3"):
        mcdonald_omega(answers[["a", "b"]])
    with pytest.raises(DataError, match=r"more than 4 persons.*cronbach_alpha"):
        mcdonald_omega(pd.DataFrame(np.random.default_rng(0).normal(size=(4, 4))))


def test_omega_names_items_that_determine_each_other(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="'a', 'twin' determine each other"):
        mcdonald_omega(answers.assign(twin=answers["a"]))


def test_pairwise_refuses_items_that_nobody_answered_together(answers: pd.DataFrame) -> None:
    split = answers.copy()
    split.loc[:29, "a"] = np.nan
    split.loc[30:, "b"] = np.nan
    with pytest.raises(DataError, match="'a' and 'b' were answered together by 0"):
        cronbach_alpha(split, missing="pairwise")


@pytest.mark.parametrize(
    ("function", "ci"),
    [
        (cronbach_alpha, "feldt"), (mcdonald_omega, "delta"), (mcdonald_omega, None),
        (tm.ordinal_alpha, "asymptotic"), (tm.categorical_omega, None), (tm.split_half, None),
        (tm.glb, None),
    ],
)  # fmt: skip
def test_replicates_without_a_bootstrap_are_refused(function: Any, ci: str | None) -> None:
    frame = keyed_trust().head(300)
    with pytest.raises(OptionError, match="n_boot=30 counts bootstrap replicates"):
        function(frame, ci=ci, n_boot=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # of the small sample of glb
        assert function(frame, ci="bootstrap", n_boot=30, rng=1).settings["n_boot"] == 30
