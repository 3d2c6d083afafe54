"""The number of factors: what parity with R does not show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.test_plots import assert_nothing_is_cut
from trustmeasure import plots
from trustmeasure.errors import DataError, OptionError
from trustmeasure.exploratory import map_test, n_factors, parallel_analysis
from trustmeasure.exploratory.consensus import consensus
from trustmeasure.exploratory.criteria import CRITERIA
from trustmeasure.kernels import comparison_data, model_sequence, random_reference, retention
from trustmeasure.plots.descriptions import describe
from trustmeasure.tables import table

DATA = Path(__file__).parents[1] / "data"
QUICK: dict[str, Any] = {"n_iter": 40, "n_samples": 60, "rng": 1}


def simulated(
    n: int, n_traits: int, each: int = 5, *, between: float = 0.3, options: int | None = None
) -> pd.DataFrame:
    """Answers to items of correlated traits with loadings of .7; ordered if ``options``."""
    rng = np.random.default_rng(7)
    corr = np.full((n_traits, n_traits), between) + (1 - between) * np.eye(n_traits)
    traits = rng.multivariate_normal(np.zeros(n_traits), corr, size=n)
    values = 0.7 * np.repeat(traits, each, axis=1)
    values = values + np.sqrt(1 - 0.49) * rng.normal(size=values.shape)
    if options:
        values = np.clip(np.round(values + (options + 1) / 2), 1, options)
    return pd.DataFrame(values, columns=[f"q{j + 1}" for j in range(values.shape[1])])


@pytest.fixture(scope="module")
def two() -> pd.DataFrame:
    return simulated(400, 2)


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")[[f"x{i}" for i in range(1, 10)]]


class TestRules:
    def test_leading_stops_at_the_first_failure(self) -> None:
        assert retention.leading(np.array([True, True, False, True])) == 2
        assert retention.leading(np.array([False, True])) == 0
        assert retention.leading(np.array([True, True])) == 2

    def test_empirical_kaiser_by_hand(self) -> None:
        values = np.array([2.0, 1.0, 0.6, 0.4])
        largest = (1 + np.sqrt(4 / 100)) ** 2
        expected = [largest, max(largest * 2 / 3, 1), 1.0, 1.0]
        np.testing.assert_allclose(retention.empirical_kaiser(values, 100), expected)

    def test_bends_by_hand(self) -> None:
        values = np.array([3.0, 1.0, 0.6, 0.4])
        np.testing.assert_allclose(retention.acceleration(values)[1:3], [1.6, 0.2])
        assert retention.before_elbow(retention.acceleration(values)) == 1
        # The line through (2, 1) and (4, .4) is 1.3 at 1; through (3, .6) and (4, .4) .8 at 2.
        np.testing.assert_allclose(retention.optimal_coordinates(values)[:2], [1.3, 0.8])

    def test_partial_correlations_by_hand(self) -> None:
        corr = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.2], [0.3, 0.2, 1.0]])
        found = retention.partial_correlations(corr)
        assert found.squared[0] == pytest.approx((0.25 + 0.09 + 0.04) / 3)
        assert found.fourth[0] == pytest.approx((0.5**4 + 0.3**4 + 0.2**4) / 3)
        values, vectors = np.linalg.eigh(corr)
        left = corr - values[2] * np.outer(vectors[:, 2], vectors[:, 2])
        scale = np.sqrt(np.diag(left))
        partial = (left / np.outer(scale, scale))[np.triu_indices(3, 1)]
        assert found.squared[1] == pytest.approx((partial**2).mean())
        assert found.fourth[1] == pytest.approx((partial**4).mean())
        assert found.squared[2] == pytest.approx(1.0)

    def test_a_hull_by_hand(self) -> None:
        # Parameters 0, 5, 9, 12: solution 2 is best; 3 gains little.
        df = -np.array([0.0, 5.0, 9.0, 12.0])
        found = retention.hull(np.array([0.0, 0.5, 0.95, 0.96]), df)
        # 1 lies below the line from 0 to 2 (.528 at 5 parameters).
        np.testing.assert_array_equal(found.on_hull, [True, False, True, True])
        assert found.n_factors == 2
        assert found.strength[2] == pytest.approx((0.95 / 9) / (0.01 / 3))

    def test_a_hull_without_an_elbow(self) -> None:
        df = -np.array([0.0, 5.0, 9.0])
        rising = retention.hull(np.array([0.0, 0.1, 0.9]), df)
        assert (rising.n_factors, rising.best) == (None, 2)
        stopped = retention.hull(np.array([0.0, 0.9, 0.8]), df)
        assert (stopped.n_factors, stopped.best) == (1, 1)
        gaps = retention.hull(np.array([np.nan, np.nan, np.nan]), df)
        assert (gaps.n_factors, gaps.best) == (None, None)

    def test_most_testable_leaves_a_degree_of_freedom(self) -> None:
        assert [model_sequence.most_testable(p) for p in (3, 4, 5, 6, 9)] == [0, 1, 2, 2, 5]


class TestComparisonData:
    def test_the_series_gives_the_correlation_of_cut_normals(self) -> None:
        rng = np.random.default_rng(3)
        latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=1_000_000)
        answers = np.column_stack(
            [np.digitize(latent[:, 0], [-1.2, 0.1, 1.0]), np.digitize(latent[:, 1], [0.8])]
        )
        margins = [comparison_data.margin(column) for column in answers.T]
        terms = np.stack([comparison_data.hermite_coefficients(one) for one in margins])
        after = comparison_data.after_margins(np.array([[1, 0.6], [0.6, 1]]), terms)
        assert after[0, 1] == pytest.approx(np.corrcoef(answers.T)[0, 1], abs=0.004)

    def test_samples_have_the_margins_and_the_correlations(self) -> None:
        data = simulated(800, 2, options=5).to_numpy()
        corr = np.corrcoef(data.T)
        margins = [comparison_data.margin(column) for column in data.T]
        terms = np.stack([comparison_data.hermite_coefficients(one) for one in margins])
        loadings = comparison_data.population(corr, terms, 2)
        latent = loadings @ loadings.T
        np.fill_diagonal(latent, 1.0)
        expected = comparison_data.after_margins(latent, terms)
        rng = np.random.default_rng(1)
        drawn = np.concatenate(
            list(comparison_data.sampled_correlations(loadings, margins, 800, 300, rng))
        )
        assert drawn.shape == (300, 10, 10)
        np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.01)
        assert np.abs(expected - corr).max() < 0.1  # what two factors cannot reproduce

    def test_continuous_margins_are_reproduced_too(self) -> None:
        skewed = np.exp(simulated(300, 1).to_numpy())
        margins = [comparison_data.margin(column) for column in skewed.T]
        normal = np.random.default_rng(1).standard_normal((1, 20_000, 5), dtype=np.float32)
        stepped = comparison_data._stepped(normal, margins)[0]
        for j, one in enumerate(margins):
            assert set(np.unique(stepped[:, j])) <= set(one.levels.astype(np.float32))
            assert stepped[:, j].mean() == pytest.approx(0, abs=0.05)
            assert stepped[:, j].std() == pytest.approx(1, abs=0.1)

    def test_mann_whitney_by_hand(self) -> None:
        from scipy.stats import mannwhitneyu

        rng = np.random.default_rng(1)
        one, other = rng.normal(size=80), rng.normal(0.2, size=70)
        expected = mannwhitneyu(one, other, alternative="less", method="asymptotic").pvalue
        assert comparison_data.smaller(one, other) == pytest.approx(expected, rel=1e-10)

    @pytest.mark.parametrize("n_traits", [1, 2, 3])
    def test_the_number_of_traits_is_found(self, n_traits: int) -> None:
        data = simulated(600, n_traits, options=5)
        # Samples scatter, and one time in three or so a factor more passes p < .30 by chance.
        result = n_factors(data, criteria="comparison_data", n_samples=200, cd_alpha=0.05, rng=2)
        assert result.table.loc["comparison_data", "n_factors"] == n_traits


class TestReferences:
    @pytest.mark.parametrize("correlation", ["pearson", "spearman", "polychoric"])
    @pytest.mark.parametrize("reference", ["normal", "permutation"])
    def test_every_reference_finds_the_traits(self, correlation: str, reference: str) -> None:
        data = simulated(300, 2, 4, options=4)
        result = parallel_analysis(
            data, correlation=correlation, reference=reference, n_iter=30, rng=1
        )
        assert (result.n_factors, result.n_components) == (2, 2)
        assert result.settings["reference"] == reference
        again = parallel_analysis(
            data, correlation=correlation, reference=reference, n_iter=30, rng=1
        )
        pd.testing.assert_frame_equal(result.to_frame(), again.to_frame())

    def test_the_mean_keeps_no_fewer_than_the_quantile(self, hs: pd.DataFrame) -> None:
        result = parallel_analysis(hs, n_iter=100, rng=1)
        assert result.n_factors_mean >= result.n_factors
        assert result.n_components_mean >= result.n_components

    def test_permutation_and_normal_agree_on_many_persons(self, two: pd.DataFrame) -> None:
        one = parallel_analysis(two, n_iter=400, rng=1)
        other = parallel_analysis(two, n_iter=400, reference="permutation", rng=1)
        apart = one.reference_mean["components"] - other.reference_mean["components"]
        assert np.abs(apart).max() < 0.012  # four standard errors of a difference of means

    def test_polychorics_of_unrelated_items_vary_more(self) -> None:
        data = simulated(300, 1, 6, options=3)
        plain = parallel_analysis(data, n_iter=100, rng=1).reference_mean["components"]
        poly = parallel_analysis(data, n_iter=100, correlation="polychoric", rng=1)
        assert poly.reference_mean["components"].iloc[0] > plain.iloc[0] + 0.02

    def test_missing_answers_stay_missing(self) -> None:
        values = simulated(60, 1, 4).to_numpy(copy=True)
        values[np.random.default_rng(1).random(values.shape) < 0.2] = np.nan
        mixed = random_reference._shuffled(values, np.random.default_rng(2))
        np.testing.assert_array_equal(np.isnan(mixed), np.isnan(values))
        np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(values, axis=0))
        codes = np.array([[0, 1], [1, -1], [2, 0], [2, 1]] * 25, dtype=np.int8)
        drawn = random_reference._drawn(codes, np.random.default_rng(3))
        np.testing.assert_array_equal(drawn < 0, codes < 0)
        assert drawn.max() == 2
        # Half of the first item's answers are 2: a standard error of five persons.
        assert (drawn[:, 0] == 2).sum() == pytest.approx(50, abs=20)

    @pytest.mark.parametrize("correlation", ["pearson", "spearman", "polychoric"])
    def test_pairwise_references(self, correlation: str) -> None:
        data = simulated(200, 1, 4, options=4).mask(np.random.default_rng(1).random((200, 4)) < 0.1)
        result = parallel_analysis(
            data,
            correlation=correlation,
            missing="pairwise",
            reference="permutation",
            n_iter=20,
            rng=1,
        )
        assert result.n == 200
        assert result.n_components == 1

    def test_full_information_cannot_be_permuted(self, two: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="missing='fiml'"):
            parallel_analysis(two, missing="fiml", reference="permutation")
        with pytest.raises(OptionError, match="Allowed: 'normal', 'permutation'"):
            parallel_analysis(two, reference="uniform")


class TestMapTest:
    def test_zero_components_of_unrelated_items(self) -> None:
        # Exactly uncorrelated items: whatever is held constant makes them correlate.
        values = np.linalg.qr(np.random.default_rng(1).normal(size=(200, 6)))[0]
        result = map_test(corr=0.99 * np.corrcoef(values.T) + 0.01 * np.eye(6))
        assert result.n_factors == 0

    def test_a_matrix_gives_what_its_data_give(self, two: pd.DataFrame) -> None:
        one, other = map_test(two), map_test(corr=two.corr())
        pd.testing.assert_series_equal(one.values, other.values, rtol=1e-9)
        assert one.n == 400
        assert "n unknown" in repr(other)
        json.dumps(one.to_dict())

    def test_a_copy_leaves_nothing_at_the_end(self, two: pd.DataFrame) -> None:
        result = map_test(two.assign(copy=two["q1"]))
        assert np.isnan(result.values.iloc[-1])
        assert result.n_factors == 2


class TestTable:
    def test_every_criterion_has_a_row_and_a_reason(self, two: pd.DataFrame) -> None:
        result = n_factors(two, **QUICK)
        assert list(result.table.index) == list(CRITERIA)
        said = result.table["n_factors"]
        for name in ("pa_components", "ekc", "hull_cfi", "map", "kaiser", "bic", "chisq"):
            assert said[name] == 2, name
        assert (said.notna() | (result.table["note"] != "")).all()
        assert result.consensus.modes == (2,)
        assert result.consensus.confirmed == (2,)

    @pytest.mark.parametrize(
        ("criterion", "column"),
        [
            ("map", "map"),
            ("chisq", "pvalue"),
            ("hull_caf", "caf"),
            ("hull_rmsea", "rmsea"),
            ("comparison_data", "comparison_rmse"),
        ],
    )
    def test_one_criterion_equals_itself_among_all(
        self, hs: pd.DataFrame, criterion: str, column: str
    ) -> None:
        alone, among = n_factors(hs, criteria=[criterion], **QUICK), n_factors(hs, **QUICK)
        assert alone.table.index.to_list() == [criterion]
        pd.testing.assert_frame_equal(alone.table, among.table.loc[[criterion]])
        pd.testing.assert_series_equal(alone.curves[column], among.curves[column])

    def test_parallel_analysis_is_the_function_of_that_name(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, criteria=["pa_factors", "pa_components"], n_iter=60, rng=5)
        other = parallel_analysis(hs, n_iter=60, rng=5)
        assert result.table.loc["pa_factors", "n_factors"] == other.n_factors
        pd.testing.assert_series_equal(
            result.eigenvalues["random_components"],
            other.reference["components"],
            check_names=False,
        )

    def test_the_hull_ends_one_beyond_parallel_analysis(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, **QUICK)
        limit = result.table.loc["pa_components_mean", "n_factors"] + 1
        assert result.curves["caf"].notna().sum() == limit + 1
        assert f"0 to {limit} factors" in result.table.loc["hull_caf", "basis"]
        more = n_factors(hs, max_factors=5, criteria=["hull_caf", "aic"], **QUICK)
        assert more.curves["caf"].notna().sum() == 6
        assert "0 to 5" in more.table.loc["aic", "basis"]

    def test_correlations_alone(self, hs: pd.DataFrame) -> None:
        result = n_factors(corr=hs.corr(), rng=1)
        table = result.table
        assert table["n_factors"].notna().sum() == 6
        assert "needs the number of persons" in table.loc["ekc", "note"]
        assert "answers themselves" in table.loc["comparison_data", "note"]
        assert "n unknown" in repr(result)
        known = n_factors(corr=hs.corr(), n_obs=301, **QUICK).table["n_factors"]
        data = n_factors(hs, **QUICK).table["n_factors"]
        pd.testing.assert_series_equal(known.drop("comparison_data"), data.drop("comparison_data"))

    @pytest.mark.parametrize("p", [3, 4, 5])
    def test_too_few_items_are_the_reason(self, p: int) -> None:
        result = n_factors(simulated(200, 1, p), **QUICK)
        notes = result.table["note"]
        assert result.table.loc["pa_components", "n_factors"] == 1
        if p < 5:
            assert notes["hull_cfi"].startswith("needs models with 0, 1 and 2 factors")
            assert notes["comparison_data"].startswith("needs models with 1 and 2 factors")
        if p == 3:
            assert notes["chisq"].startswith("needs a model with 1 factor")
            assert notes["bic"].startswith("needs a model with 1 factor")

    def test_an_indefinite_matrix_is_the_reason(self, two: pd.DataFrame) -> None:
        result = n_factors(two.assign(copy=two["q1"]), **QUICK)
        for name in ("hull_caf", "chisq", "aic", "bic"):
            assert (
                result.table.loc[name, "note"] == "the correlation matrix is not positive definite"
            )
        assert result.table.loc["pa_components", "n_factors"] == 2

    def test_tests_that_reject_everything(self) -> None:
        data = pd.read_csv(DATA / "bfi.csv").iloc[:, :25]
        result = n_factors(data, criteria=["chisq", "aic"], max_factors=4)
        assert "up to 4 factors is rejected" in result.table.loc["chisq", "note"]
        assert "more might have less" in result.table.loc["aic", "note"]
        assert result.table.loc["aic", "n_factors"] == 4

    def test_a_heywood_case_is_named(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, criteria=["chisq"])
        assert result.table.loc["chisq", "n_factors"] == 4
        assert "Heywood case with 4 factors" in result.table.loc["chisq", "note"]

    @pytest.mark.parametrize("correlation", ["spearman", "polychoric"])
    def test_other_correlations(self, correlation: str) -> None:
        data = simulated(400, 2, 4, options=4)
        result = n_factors(data, correlation=correlation, **QUICK)
        assert result.table.loc["pa_components", "n_factors"] == 2
        assert result.table.loc["comparison_data", "n_factors"] >= 2
        pearson = "compares Pearson" in result.table.loc["comparison_data", "note"]
        assert pearson == (correlation == "polychoric")
        assert f"{correlation} correlations" in result.table.loc["bic", "note"]

    def test_answers_of_two_kinds(self) -> None:
        data = simulated(500, 2, 4, options=2)
        result = n_factors(data, correlation="tetrachoric", **QUICK)
        assert result.table.loc["pa_components", "n_factors"] == 2
        with pytest.raises(DataError, match="items with two"):
            parallel_analysis(simulated(100, 1, options=4), correlation="tetrachoric")

    def test_incomplete_answers(self) -> None:
        data = simulated(300, 2, 4)
        data = data.mask(np.random.default_rng(1).random(data.shape) < 0.05)
        for missing in ("listwise", "pairwise", "fiml"):
            result = n_factors(data, missing=missing, **QUICK)
            assert result.table.loc["pa_components", "n_factors"] == 2
            assert result.table.loc["comparison_data", "n_factors"] >= 2
            assert result.n == (300 if missing != "listwise" else len(data.dropna()))
        ranked = n_factors(data, missing="pairwise", correlation="spearman", **QUICK)
        assert ranked.table.loc["comparison_data", "n_factors"] >= 2

    def test_impossible_requests(self, two: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="Did you mean 'ekc'"):
            n_factors(two, criteria=["ekk"])
        with pytest.raises(OptionError, match="criteria= is empty"):
            n_factors(two, criteria=[])
        with pytest.raises(OptionError, match="needs answers"):
            n_factors(corr=two.corr(), reference="permutation")
        with pytest.raises(OptionError, match="either data"):
            n_factors()
        with pytest.raises(OptionError, match="n_samples"):
            n_factors(two, n_samples=5)
        with pytest.raises(OptionError, match="cd_alpha"):
            n_factors(two, cd_alpha=30)
        with pytest.raises(OptionError, match="max_factors"):
            n_factors(two, max_factors=0)
        with pytest.raises(DataError, match="at least 3"):
            n_factors(two[["q1", "q2"]])

    def test_more_factors_than_items_allow(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, criteria=["bic"], max_factors=30)
        assert "5 at most" in result.warnings[-1]
        assert result.settings["max_factors"] == 5

    def test_json_and_print(self, two: pd.DataFrame) -> None:
        result = n_factors(two, **QUICK)
        plain = json.loads(json.dumps(result.to_dict()))
        assert plain["consensus"]["modes"] == [2]
        assert plain["table"][0]["id"] == "pa_components"
        assert result.consensus.sentence in repr(result)
        assert "<table" in result._repr_html_()


class TestConsensus:
    def test_families_share_their_vote(self) -> None:
        found = consensus(
            {"pa_components": 3, "pa_components_mean": 4, "pa_factors": 4, "pa_factors_mean": 4,
             "ekc": 3, "map": 2, "map_revised": None}
        )  # fmt: skip
        assert found.groups["votes"].to_dict() == {2: 1.0, 3: 1.25, 4: 0.75}
        assert (found.low, found.high, found.modes) == (2, 4, (3,))
        assert found.balanced == (3,)
        assert "between 2 and 4 factors" in found.sentence
        assert "Below these, and known to keep too few: MAP." in found.sentence
        assert "Above these without a known reason: PA factors." in found.sentence

    def test_disagreement_of_the_balanced_is_said(self) -> None:
        found = consensus({"pa_components": 1, "ekc": 3, "hull_cfi": 3, "comparison_data": 2})
        assert found.candidates == (1, 2, 3)
        assert "one for 1 (PA components)" in found.sentence
        assert "Compare the solutions with 1, 2 and 3 factors" in found.sentence

    def test_tests_that_agree_and_tests_that_do_not(self) -> None:
        agree = consensus({"ekc": 3, "chisq": 3, "kaiser": 4})
        assert agree.confirmed == (3,)
        assert "almost always right" in agree.sentence
        apart = consensus({"ekc": 2, "chisq": 3})
        assert apart.confirmed == ()
        assert "agree with none" in apart.sentence
        assert "tie" in apart.sentence

    def test_all_one_and_none(self) -> None:
        assert consensus({"ekc": 1, "map": 1}).sentence.startswith(
            "All 2 criteria suggest 1 factor."
        )
        assert consensus({"ekc": 1}).sentence.startswith("The only criterion suggests 1 factor.")
        nothing = consensus({"ekc": None})
        assert nothing.low is None
        assert str(nothing) == "No criterion could be computed."
        assert "share nothing" in consensus({"ekc": 0, "map": 0}).sentence

    def test_it_never_prints_as_a_number(self) -> None:
        found = consensus({"ekc": 1, "map": 1})
        assert repr(found) == found.sentence


class TestTablesAndFigures:
    def test_the_table_marks_the_mode_and_gives_reasons(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, **QUICK)
        made = table(result)
        assert len(made.frame) == len(CRITERIA)
        strong = [line.cells[0].text for line in made.rows if line.cells[1].strong]
        said = result.table
        assert strong == said.loc[said["n_factors"] == 3, "criterion"].to_list()
        assert result.consensus.sentence in made.note
        assert "Heywood" in made.frame["Remark"].str.cat()
        quiet = table(n_factors(hs, criteria=["map", "kaiser"]))
        assert "Remark" not in quiet.frame
        missing = table(n_factors(corr=hs.corr(), criteria=["ekc"]))
        assert missing.frame["Factors"].to_list() == ["—"]
        assert made.to_latex()
        assert made.to_html()

    def test_the_table_of_partial_correlations(self, hs: pd.DataFrame) -> None:
        result = map_test(hs)
        made = table(result)
        bold = [line.cells[0].text for line in made.rows if line.cells[1].strong]
        assert bold == [str(result.n_factors)]

    def test_the_figure_shows_every_suggestion(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, **QUICK)
        with plots.offscreen():
            ax = plots.plot(result)
        marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
        said = result.table["n_factors"].dropna()
        assert sorted(int(line.get_xdata()[0]) for line in marks) == sorted(said)
        labels = [label.get_text() for label in ax.get_yticklabels()]
        assert {one.short for one in CRITERIA.values()} <= set(labels)
        # Each mark stands in the row of its criterion.
        place = dict(zip(labels, ax.get_yticks(), strict=True))
        rows = {float(line.get_ydata()[0]): int(line.get_xdata()[0]) for line in marks}
        for name, number in said.items():
            assert rows[place[CRITERIA[str(name)].short]] == number
        lines = {line.get_label(): line for line in ax.lines}
        observed = lines["components"].get_ydata()
        np.testing.assert_allclose(observed, result.eigenvalues["components"])
        assert "3" in ax.get_figure().get_suptitle()

    @pytest.mark.parametrize("given", [False, True])
    def test_nothing_is_cut(self, hs: pd.DataFrame, given: bool) -> None:
        from matplotlib.figure import Figure

        for result in (n_factors(hs, **QUICK), n_factors(corr=hs.corr()), map_test(hs)):
            axes = Figure(figsize=(9, 8), layout="constrained").add_subplot() if given else None
            with plots.offscreen():
                ax = plots.plot(result, ax=axes)
            if given:
                assert ax is axes
                assert ax.get_title(loc="left")
            figure = ax.get_figure()
            assert_nothing_is_cut(figure)
            box = ax.get_legend().get_window_extent()
            assert box.x1 <= figure.bbox.x1
            assert box.y1 <= figure.bbox.y1

    def test_the_figure_without_numbers(self, hs: pd.DataFrame) -> None:
        with plots.offscreen():
            ax = plots.plot(n_factors(corr=hs.corr(), criteria=["ekc", "bic"]))
        assert [text.get_text() for text in ax.texts].count("no number") == 2
        assert "No criterion" in ax.get_figure().get_suptitle()

    def test_the_figure_of_partial_correlations(self, hs: pd.DataFrame) -> None:
        result = map_test(hs)
        with plots.offscreen():
            ax = plots.plot(result)
        shown = ax.lines[0].get_ydata()
        np.testing.assert_allclose(shown, result.values.iloc[: len(shown)])

    def test_in_words(self, hs: pd.DataFrame) -> None:
        result = n_factors(hs, **QUICK)
        text = describe(result)
        assert "2 factors: MAP, MAP revised" in text
        assert result.consensus.sentence in text
        assert ".0634 with 2 components" in describe(map_test(hs))
        one = describe(n_factors(corr=hs.corr(), criteria=["ekc", "map"]))
        assert "1 criterion without a number" in one
