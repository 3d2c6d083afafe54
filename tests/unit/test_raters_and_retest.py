"""Raters, two occasions, errors of measurement, groups, and the table of all scales."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import pytest

import trustmeasure as tm
from tests.parity.comparison import read_data
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels.alpha_equality import dependent_alphas, independent_alphas
from trustmeasure.kernels.crossed_effects import crossed_components
from trustmeasure.kernels.ratings import components, mean_squares
from trustmeasure.reliability import (
    conditional_sem,
    cronbach_alpha,
    mcdonald_omega,
    measurement_error,
    rater_icc,
    reliability_by,
    reliability_table,
)

JUDGES = read_data("ratings.csv")
AGREE = [f"A{i}" for i in range(1, 6)]
BFI = keyed_bfi()


def long_ratings() -> pd.DataFrame:
    frame = JUDGES.rename_axis("target").reset_index()
    return frame.melt("target", var_name="judge", value_name="points")


def test_raters_agree_with_shrout_and_fleiss() -> None:
    table = rater_icc(JUDGES).table
    published = [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]  # their table 4
    np.testing.assert_allclose(table["icc"], published, atol=0.005)


def test_raters_equal_pingouin() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pingouin uses what pandas will drop
        theirs = pingouin.intraclass_corr(
            data=long_ratings(), targets="target", raters="judge", ratings="points"
        )
    ours = rater_icc(JUDGES).table
    np.testing.assert_allclose(ours["icc"], theirs["ICC"], rtol=1e-10)
    np.testing.assert_allclose(ours["F"], theirs["F"], rtol=1e-10)
    column = "CI95" if "CI95" in theirs else "CI95%"
    limits = np.vstack(list(theirs[column]))
    np.testing.assert_allclose(ours[["ci_low", "ci_high"]], limits, atol=0.0051)  # two places


def test_one_row_a_rating_is_the_same() -> None:
    rows = long_ratings().sample(frac=1, random_state=1)
    ours = rater_icc(rows, target="target", rater="judge", rating="points")
    pd.testing.assert_frame_equal(ours.table, rater_icc(JUDGES).table)
    with pytest.raises(DataError, match="rated more than once by 'judge1'"):
        rater_icc(
            pd.concat([rows, rows[rows["judge"] == "judge1"]]),
            target="target", rater="judge", rating="points",
        )  # fmt: skip
    with pytest.raises(OptionError, match="all of target="):
        rater_icc(rows, target="target")
    with pytest.raises(DataError, match="Did you mean 'judge'"):
        rater_icc(rows, target="target", rater="judges", rating="points")


def test_the_mixed_model_finds_the_analysis_of_variance_where_nothing_is_missing() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 1)) + rng.normal(size=5) + rng.normal(size=(40, 5))
    exact = components(mean_squares(values), 0.0)
    for data in (values, values.T, 1e4 + 1e-2 * values):
        found = crossed_components(data)
        scale = 1e-4 if data.mean() > 100 else 1.0
        turned = data.shape == (5, 40)
        targets, raters = (found.raters, found.targets) if turned else (found.targets, found.raters)
        assert targets == pytest.approx(exact.targets * scale, rel=1e-5)
        assert raters == pytest.approx(exact.raters * scale, rel=1e-5)
        assert found.error == pytest.approx(exact.error * scale, rel=1e-5)
        assert found.converged


def test_no_variance_of_raters_is_said() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 1)) * 2 + rng.normal(size=(60, 4))
    values -= values.mean(axis=0)
    values[0, 0] = np.nan
    result = rater_icc(values)
    assert result.components["raters"] == pytest.approx(0, abs=1e-6)
    assert any("raters is estimated as zero" in message for message in result.warnings)
    assert result.settings["method"] == "reml"
    assert result.n_missing == 1


def test_perfect_agreement_and_none() -> None:
    same = np.repeat(np.arange(1.0, 6.0)[:, None], 3, axis=1)
    table = rater_icc(same).table
    np.testing.assert_allclose(table["icc"], 1)
    assert np.isinf(table["F"]).all()
    assert (table["pvalue"] == 0).all()
    json.dumps(rater_icc(same).to_dict())
    with pytest.raises(DataError, match="ratings are the same"):
        rater_icc(np.ones((4, 3)))
    alone = np.full((3, 3), np.nan)
    np.fill_diagonal(alone, [1, 2, 3])
    with pytest.raises(DataError, match="0 by more than one rater"):
        rater_icc(alone)
    unrated = JUDGES.astype(float)
    unrated.loc[2] = np.nan
    result = rater_icc(unrated)
    assert (result.n_targets, result.n_dropped) == (5, 1)
    assert result.settings["method"] == "anova"


def test_two_occasions_are_matched_by_index_or_position() -> None:
    before = pd.Series([1.0, 2, 3, 4, 5], index=list("abcde"))
    after = pd.Series([5.0, 4, 3, 2, 2], index=list("edcbz"))
    result = tm.test_retest(before, after)
    assert list(result.pairs.index) == ["b", "c", "d", "e"]
    assert (result.pairs["difference"] == 0).sum() == 4
    assert result.n_dropped == 2
    assert "2 of 6 persons" in result.warnings[0]
    by_position = tm.test_retest(before.to_numpy(), after.to_numpy())
    assert by_position.settings["matched_by"] == "position"
    assert by_position.bias == pytest.approx((after.to_numpy() - before.to_numpy()).mean())
    with pytest.raises(DataError, match="5 scores before and 4 after"):
        tm.test_retest(before.to_numpy(), after.to_numpy()[:4])
    with pytest.raises(DataError, match="1 person"):
        tm.test_retest(before, after.rename(lambda label: "a" if label == "b" else label.upper()))
    with pytest.raises(DataError, match="are the same"):
        tm.test_retest(np.ones(5), np.ones(5))


def test_the_same_persons_in_another_order_give_the_same_pairs() -> None:
    rng = np.random.default_rng(4)
    persons = pd.Index([f"p{k}" for k in range(20)], name="person")
    before = pd.Series(rng.normal(size=20), index=persons)
    after = before + rng.normal(size=20)
    after.iloc[3] = np.nan
    at_once, sought = tm.test_retest(before, after), tm.test_retest(before, after[::-1])
    pd.testing.assert_frame_equal(at_once.pairs, sought.pairs)
    assert at_once.warnings == sought.warnings
    assert (at_once.n, at_once.n_dropped) == (19, 1)


def test_two_scores_are_matched_by_respondent() -> None:
    answers = pd.read_csv(tm.example_path("spi_trust")).head(300)
    answers["id"] = [f"p{i}" for i in range(300)]
    read = {"respondent": "id"}
    first = tm.score(tm.read_responses(answers, "spi-trust", **read))
    second = tm.score(tm.read_responses(answers.iloc[::-1].head(200), "spi-trust", **read))
    result = tm.test_retest(first, second)
    assert result.settings["matched_by"] == "respondent"
    assert result.settings["scale"] == "trust"
    assert (result.n, result.n_dropped) == (200, 100)
    assert result.icc_agreement == pytest.approx(1)
    assert result.sdc == pytest.approx(0, abs=1e-6)


def test_answers_become_scores_of_complete_persons() -> None:
    wave1 = BFI[AGREE]
    wave2 = wave1 + 0.5
    result = tm.test_retest(wave1, wave2, score="sum")
    assert result.n == 2709
    assert result.bias == pytest.approx(2.5)
    assert result.icc_consistency == pytest.approx(1)
    assert result.icc_agreement < 1


@pytest.mark.parametrize("kind", ["frame", "array", "scores", "vector"])
def test_the_error_of_measurement_is_that_of_the_scores(kind: str) -> None:
    frame = keyed_trust()
    scores = tm.score(tm.read_responses(tm.example_path(), "spi-trust"))
    data: Any = {
        "frame": frame,
        "array": frame.to_numpy(),
        "scores": scores,
        "vector": frame.mean(axis=1),
    }[kind]
    alpha = cronbach_alpha(frame)
    result = measurement_error(data, reliability=alpha)
    sd = frame.mean(axis=1).std()
    assert result.sem == pytest.approx(sd * math.sqrt(1 - alpha.estimate))
    assert result.n == 4000
    assert result.sem_ci_low < result.sem < result.sem_ci_high
    summed = measurement_error(frame, reliability=0.8, score="sum")
    assert summed.sd == pytest.approx(5 * sd)
    assert math.isnan(summed.sem_ci_low)
    omega = mcdonald_omega(frame)
    assert measurement_error(sd, reliability=omega).reliability == omega.omega_total


@pytest.mark.parametrize(
    ("data", "reliability", "error", "words"),
    [
        (0.8, 1.1, OptionError, "not between 0 and 1"),
        (0.8, "high", OptionError, "neither a number nor a result"),
        (-1.0, 0.8, OptionError, "is positive"),
        ([1.0, 1.0, 1.0], 0.8, DataError, "do not vary"),
        (["a", "b"], 0.8, DataError, "not numbers"),
    ],
)
def test_impossible_errors_are_refused(
    data: Any, reliability: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        measurement_error(data, reliability=reliability)


def test_conditional_errors_average_to_the_overall_one() -> None:
    frame = BFI[AGREE].dropna()
    result = conditional_sem(frame)
    error = measurement_error(frame, reliability=cronbach_alpha(frame))
    assert result.overall == pytest.approx(error.sem, rel=1e-10)
    table = result.table
    n = len(frame)
    mean = (table["n"] * table["sem"] ** 2).sum() / n * n / (n - 1)
    assert math.sqrt(mean) == pytest.approx(result.overall)
    summed = conditional_sem(frame, score="sum")
    np.testing.assert_allclose(summed.table["sem"], 5 * table["sem"])
    np.testing.assert_allclose(summed.table.index, 5 * table.index)


def test_multinomial_error_of_right_and_wrong_is_the_binomial_one() -> None:
    rng = np.random.default_rng(1)
    data = (rng.normal(size=(200, 1)) + rng.normal(size=(200, 8)) > 0).astype(float)
    table = conditional_sem(data, method="multinomial", score="sum").table
    x = table.index.to_numpy()
    np.testing.assert_allclose(table["sem"], np.sqrt(x * (8 - x) / 7), atol=1e-12)


def test_parts_must_hold_all_items_in_equal_numbers() -> None:
    frame = BFI[["A2", "A3", "A4", "A5"]].dropna()
    halves = [["A2", "A5"], ["A3", "A4"]]
    result = conditional_sem(frame, parts=halves)
    assert result.n_parts == 2
    difference = frame[halves[0]].sum(axis=1) - frame[halves[1]].sum(axis=1)
    # Thorndike: with two parts the error variance is that of their difference.
    assert result.overall * 4 == pytest.approx(difference.std())
    with pytest.raises(DataError, match="every item once"):
        conditional_sem(frame, parts=[["A2"], ["A3"]])
    with pytest.raises(DataError, match="equal length"):
        conditional_sem(frame, parts=[["A2"], ["A3", "A4", "A5"]])


def test_equal_alphas_are_tested_as_published() -> None:
    # The example of Feldt, Woodruff and Salih (1987), dependent alphas: 10.66, p = .014.
    r = np.array(
        [[1, 0.8, 0.6, 0.75], [0.8, 1, 0.65, 0.7], [0.6, 0.65, 1, 0.55], [0.75, 0.7, 0.55, 1]]
    )
    test = dependent_alphas(
        np.array([0.857, 0.875, 0.800, 0.833]), 100, np.array([50.0, 40, 35, 25]), r
    )
    assert (round(test.chisq, 2), test.df, round(test.pvalue, 3)) == (10.66, 3, 0.014)
    # Their independent alphas, 22.93 by their own formula, which weights all groups alike.
    test = independent_alphas(
        np.array([0.784, 0.875, 0.936]), np.array([51.0, 101, 151]), np.full(3, 5.0)
    )
    assert test.df == 2
    assert test.chisq == pytest.approx(22.93, rel=0.01)


def test_each_group_is_analysed_by_itself() -> None:
    result = reliability_by(BFI, by="gender", items=AGREE)
    for sex in (1, 2):
        alpha = cronbach_alpha(BFI[BFI["gender"] == sex], items=AGREE)
        assert result.table.loc[sex, "alpha"] == pytest.approx(alpha.estimate)
        assert result.table.loc[sex, "n_dropped"] == alpha.n_dropped
    assert result.test == "hakstian_whalen"
    labels = reliability_by(BFI[AGREE], by=BFI["gender"].to_numpy())
    assert labels.chisq == pytest.approx(result.chisq)


def test_groups_that_allow_nothing_are_kept_and_named() -> None:
    frame = BFI[AGREE].dropna().head(100).assign(team=["a"] * 60 + ["b"] * 38 + ["c"] * 2)
    frame.loc[frame.index[60:98], "A1"] = 3
    result = reliability_by(frame, by="team")
    assert np.isnan(result.table.loc[["b", "c"], "alpha"]).all()
    assert np.isnan(result.chisq)
    text = " ".join(result.warnings)
    assert "Group 'b' could not be analysed. Item(s) 'A1' are constant" in text
    assert "Group 'c'" in text
    with pytest.raises(DataError, match="'person' is not in the data"):
        reliability_by(frame, by="team", respondent="person")
    frame["person"] = 1
    with pytest.raises(DataError, match="Respondent 1 occurs more than once"):
        reliability_by(frame, by="team", respondent="person")


def test_recurring_persons_make_the_groups_dependent() -> None:
    first = BFI[AGREE].dropna().head(300)
    both = pd.concat([first.assign(wave=1), first.assign(wave=2)])
    both["who"] = np.tile(np.arange(300), 2)
    same = reliability_by(both, by="wave", respondent="who")
    assert np.isnan(same.pvalue)
    assert any("correlate perfectly" in message for message in same.warnings)
    both.iloc[:150, 0] = 6.0
    result = reliability_by(both, by="wave", respondent="who")
    assert result.test == "feldt_woodruff_salih"
    assert result.pvalue < 1
    assert result.settings["items"] == AGREE
    partly = both.iloc[:550]
    with_gap = reliability_by(partly, by="wave", respondent="who")
    assert any("250 of 300 persons" in message for message in with_gap.warnings)


def test_the_table_holds_what_the_functions_give() -> None:
    scales = {"agree": AGREE, "two": ["N1", "N2"]}
    table = reliability_table(BFI, scales=scales, n_boot=0).table
    assert list(table.index) == ["agree", "two"]
    row = table.loc["agree"]
    assert row["alpha"] == cronbach_alpha(BFI, items=AGREE).estimate
    assert row["omega"] == mcdonald_omega(BFI, items=AGREE).omega_total
    assert row["lambda2"] == pytest.approx(tm.guttman_lambdas(BFI, items=AGREE).lambda2)
    halves = tm.split_half(BFI, items=AGREE)
    assert (row["split_max"], row["split_min"]) == (halves.max, halves.min)
    assert row["glb"] == pytest.approx(tm.glb(BFI, items=AGREE).estimate)
    assert table.loc["two", ["omega", "rmsea", "tau_pvalue"]].isna().all()
    assert np.isfinite(table.loc["two", ["alpha", "lambda2", "split_max"]].astype(float)).all()


LIMITED = [
    "alpha", "alpha_std", "min_r_drop", "omega", "lambda2", "lambda6", "split_max", "split_mean",
    "split_min", "glb", "sem", "ordinal_alpha", "omega_categorical", "omega_hierarchical",
]  # fmt: skip
ANALYTIC = ["alpha", "omega", "ordinal_alpha"]


def two_facets_of_trust(n: int = 1000, k: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    facets = rng.normal(size=(n, 3))[:, np.arange(k) % 3]
    latent = 0.6 * rng.normal(size=(n, 1)) + 0.5 * facets + 0.6 * rng.normal(size=(n, k))
    codes = np.digitize(latent, [-1.2, -0.4, 0.4, 1.2]).astype(float)
    return pd.DataFrame(codes, columns=[f"t{j + 1}" for j in range(k)])


@pytest.mark.filterwarnings("ignore:Scale 'all'. one factor fits badly")
def test_every_coefficient_of_the_table_has_limits() -> None:
    data = two_facets_of_trust()
    row = reliability_table(data, n_boot=200, rng=1).table.loc["all"]
    for name in LIMITED:
        low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
        assert low < row[name] < high, name
        assert high - low < 0.15, name
    again = reliability_table(data, n_boot=200, rng=1).table.loc["all"]
    pd.testing.assert_series_equal(row, again)
    wide = reliability_table(data, n_boot=200, rng=1, conf_level=0.99).table.loc["all"]
    for name in LIMITED:
        assert wide[f"{name}_ci_low"] < row[f"{name}_ci_low"], name
    # Whoever starts from the seed of the scale draws the same persons.
    seed = int(np.random.default_rng(1).integers(2**32))
    options = {"n_boot": 200, "rng": seed}
    halves = tm.split_half(data, **options).intervals
    assert halves is not None
    assert row["split_max_ci_low"] == pytest.approx(halves.loc["max", "ci_low"])
    assert row["glb_ci_low"] == pytest.approx(tm.glb(data, **options).ci_low)
    lambdas = tm.guttman_lambdas(data, **options).to_frame()
    assert row["lambda6_ci_high"] == pytest.approx(lambdas.loc["lambda6", "ci_high"])
    assert row["omega_categorical_ci_low"] == tm.categorical_omega(data, **options).ci_low
    omega = mcdonald_omega(data, n_factors=3, ci="bootstrap", **options)
    expected = omega.intervals.loc["omega_hierarchical", "ci_low"]
    assert row["omega_hierarchical_ci_low"] == pytest.approx(expected)
    assert row["ordinal_alpha_ci_low"] == tm.ordinal_alpha(data, ci="asymptotic").ci_low


@pytest.mark.filterwarnings("ignore:Scale 'all'. one factor fits badly")
def test_without_a_bootstrap_only_analytic_limits_are_left() -> None:
    data = two_facets_of_trust()
    for none in (0, None):
        row = reliability_table(data, n_boot=none).table.loc["all"]
        known = [name for name in LIMITED if np.isfinite(row[f"{name}_ci_low"])]
        assert known == ANALYTIC
        assert np.isfinite(row[LIMITED].astype(float)).all()
    for wrong in (1, -5, 2.5):
        with pytest.raises(OptionError, match="n_boot"):
            reliability_table(data, n_boot=wrong)


@pytest.mark.filterwarnings("ignore:Scale 'all'")
def test_limits_in_the_table_of_few_persons_say_what_they_lack() -> None:
    few = two_facets_of_trust().iloc[:14, :4].assign(t4=[1.0] * 13 + [2.0])
    result = reliability_table(few, n_boot=50, rng=1)
    row = result.table.loc["all"]
    assert np.isnan(row["glb_ci_low"])
    # In a third of the replicates everybody gives the same answer to t4.
    assert any("bootstrap samples gave no estimate (an item" in m for m in result.warnings)
    assert row["lambda2_ci_low"] < row["lambda2"]
    assert row["alpha_ci_low"] < row["alpha"] < row["alpha_ci_high"]


def test_the_table_warns_where_assumptions_fail() -> None:
    mixed = {"mixed": ["A2", "A3", "A4", "C1", "C2", "C3"], "agree": AGREE}
    with pytest.warns(DataWarning, match="Scale 'mixed': one factor fits badly"):
        result = reliability_table(BFI, scales=mixed, n_boot=0)
    assert result.concerns["agree"] == ()
    unkeyed = read_data("bfi.csv")
    with pytest.warns(DataWarning, match="'A1' relate negatively to the rest"):
        reliability_table(unkeyed, scales={"agree": AGREE}, n_boot=0)
    rng = np.random.default_rng(1)
    loads = np.array([0.95, 0.9, 0.3, 0.25, 0.2])
    uneven = rng.normal(size=(800, 1)) * loads + rng.normal(size=(800, 5)) * np.sqrt(1 - loads**2)
    with pytest.warns(DataWarning, match="loadings are unequal.*p < .001.*understates"):
        result = reliability_table(uneven, n_boot=0)
    assert np.isnan(result.table.loc["all", "glb"])
    equal = rng.normal(size=(800, 1)) + rng.normal(size=(800, 5))
    fine = reliability_table(equal, n_boot=0)
    assert fine.concerns["all"] == ()


def test_scales_that_allow_nothing_are_left_out_of_the_table() -> None:
    frame = BFI.assign(flat=1.0)
    with pytest.warns(DataWarning, match="Scale 'broken' could not be analysed"):
        result = reliability_table(
            frame, scales={"agree": AGREE, "broken": ["flat", "A1"]}, n_boot=0
        )
    assert list(result.table.index) == ["agree"]
    with pytest.raises(DataError, match="'A9' are not in the data"):
        reliability_table(BFI, scales={"agree": ["A1", "A9"]})
    with pytest.raises(OptionError, match="maps each scale to its items"):
        reliability_table(BFI, scales=["A1"])
    scores = tm.score(tm.read_responses(tm.example_path(), "spi-trust"))
    with pytest.raises(OptionError, match="Did you mean 'trust'"):
        reliability_table(scores, scales=["trusty"])


def test_every_result_has_its_table_figure_and_words() -> None:
    frame = BFI.iloc[:400]
    with pytest.warns(DataWarning, match="biased upwards"):
        bound = tm.glb(frame, items=AGREE)
    results = [
        bound,
        tm.guttman_lambdas(frame, items=AGREE, n_boot=20, rng=1),
        tm.split_half(frame, items=AGREE),
        tm.alpha_bounds(frame, items=AGREE),
        rater_icc(JUDGES),
        tm.test_retest(frame["N1"], frame["N2"]),
        reliability_by(frame, by="gender", items=AGREE),
        measurement_error(0.8, reliability=0.8),
        conditional_sem(frame, items=AGREE),
        reliability_table(frame, scales={"agree": AGREE}, n_boot=20),
    ]
    for result in results:
        table = tm.table(result)
        assert len(table.frame) > 1 or isinstance(result, type(results[-1]))
        assert table.to_html()
        json.dumps(result.to_dict())
        assert result.title in repr(result)
    retest = results[5]
    with tm.plots.offscreen():
        ax = tm.plot(retest)
        assert ax.get_ylabel() == "Difference (after − before)"
        assert len(ax.collections[0].get_offsets()) == retest.n
    words = tm.plots.describe(retest)
    assert "mean difference" in words
    assert f"{retest.n} persons" in words


def test_scores_bring_their_waves_clusters_and_respondents() -> None:
    answers = pd.read_csv(tm.example_path()).head(400)
    answers["id"] = np.tile(np.arange(200), 2)
    answers["time"] = np.repeat(["t1", "t2"], 200)
    answers["team"] = np.arange(400) % 4
    roles = {"respondent": "id", "wave": "time", "cluster": "team"}
    scores = tm.score(tm.read_responses(answers, "spi-trust", **roles))
    by_wave = reliability_by(scores, by="wave")
    assert by_wave.test == "feldt_woodruff_salih"
    assert list(by_wave.table.index) == ["t1", "t2"]
    by_team = reliability_by(scores, by="cluster")
    assert len(by_team.table) == 4
    assert any("more than once in their group" in message for message in by_team.warnings)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: measurement_error(1.2, reliability=0.8, score="sum"), "a standard deviation"),
        (lambda: measurement_error(1.2, reliability=0.8, items=["a"]), "a standard deviation"),
        (
            lambda: measurement_error(BFI["N1"].dropna(), reliability=0.8, score="sum"),
            "are scores already",
        ),
        (lambda: tm.test_retest(BFI["N1"], BFI["N2"], scale="trust"), "neither measurement"),
        (lambda: tm.test_retest(BFI["N1"], BFI["N2"], score="sum"), "are scores already"),
        (lambda: conditional_sem(BFI, items=AGREE, parts=3), "list the items of each part"),
        (lambda: conditional_sem(BFI, items=AGREE, parts=["A1", "A2"]), "list the items"),
        (
            lambda: mcdonald_omega(BFI, items=[*AGREE, "C1"], n_factors=3, option="first"),
            "tells two factors apart",
        ),
        (
            lambda: cronbach_alpha(cov=BFI[AGREE].cov(), missing="pairwise"),
            "covariances are taken as they are",
        ),
    ],
)
def test_options_that_would_be_idle_are_refused(call: Any, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        call()
