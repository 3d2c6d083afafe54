"""Data and options at the edge of what correlations, factors and short forms are for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import trustmeasure as tm
from trustmeasure.errors import DataError, OptionError

ROTATIONS = ("varimax", "promax", "oblimin", "geomin_oblique", "bentlerT")


def two_traits(n: int = 150, seed: int = 1) -> pd.DataFrame:
    """Eight items of two correlated traits."""
    rng = np.random.default_rng(seed)
    traits = rng.normal(size=(n, 1)) + rng.normal(size=(n, 2))
    values = np.repeat(traits, 4, axis=1) + rng.normal(size=(n, 8))
    return pd.DataFrame(values, columns=[f"q{j}" for j in range(8)])


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    """Eight items of two correlated traits, 150 persons."""
    return two_traits()


@pytest.fixture(scope="module")
def codes(answers: pd.DataFrame) -> pd.DataFrame:
    """The same, in four categories."""
    return answers.apply(lambda column: np.digitize(column, [-1.5, 0, 1.5]))


def with_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """Leave out one answer in twenty."""
    return data.mask(np.random.default_rng(3).random(data.shape) < 0.05)


class TestNothingToSay:
    def test_parallel_analysis_of_three_persons(self) -> None:
        rng = np.random.default_rng(1)
        few = pd.DataFrame(np.argsort(rng.random((3, 4)), axis=0), columns=list("abcd"))
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            warnings.simplefilter("ignore", tm.errors.TrustMeasureWarning)
            found = tm.parallel_analysis(few, correlation="polychoric", n_iter=20, rng=1)
        assert np.isfinite(found.reference.to_numpy()).all()

    def test_adequacy_of_items_that_share_nothing(self) -> None:
        corr = np.eye(4)
        corr[0, 1] = corr[1, 0] = 0.5
        found = tm.kmo(corr=corr)
        # Of two items alone, the partial correlation is the correlation.
        assert found.overall == pytest.approx(0.5)
        assert found.items.isna().tolist() == [False, False, True, True]
        assert "'item3', 'item4' correlate with no other" in found.warnings[0]
        assert np.isnan(tm.kmo(corr=np.eye(3)).overall)

    def test_a_perfect_model_leaves_the_hull_its_limit(self) -> None:
        """Vanishing residuals have partial correlations of their own size: 1 − KMO is 1/2."""
        corr = np.full((6, 6), 0.5) + 0.5 * np.eye(6)
        found = tm.n_factors(corr=corr, n_obs=200, criteria=["hull_caf"])
        assert found.curves["caf"].dropna().iloc[1] == pytest.approx(0.5)

    def test_errors_of_a_solution_at_the_edge_are_named(self) -> None:
        corr = np.array([[1, -1, 0.2], [-1, 1, -0.2], [0.2, -0.2, 1]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.errors.TrustMeasureWarning)
            found = tm.efa(corr=corr, n_obs=100, n_factors=1, method="pa", ci="normal")
        assert found.loadings_se is not None
        assert found.loadings_se.isna().any().any()
        assert any("no standard error" in note for note in found.warnings)

    @pytest.mark.parametrize("rotation", ["bifactor", "bifactorQ"])
    def test_a_general_factor_needs_two_groups(self, rotation: str, answers: pd.DataFrame) -> None:
        two, three = (tm.efa(answers, n_factors=m, rotation=rotation) for m in (2, 3))
        plain = tm.efa(answers, n_factors=2, rotation="none")
        np.testing.assert_allclose(two.loadings, plain.loadings)
        assert any("any axes are as good" in note for note in two.warnings)
        assert not any("any axes are as good" in note for note in three.warnings)


class TestDependentItems:
    @pytest.mark.parametrize("rotation", ROTATIONS)
    def test_replicates_with_fewer_factors_are_left_out(self, rotation: str) -> None:
        rng = np.random.default_rng(5)
        pair = np.r_[np.zeros(97), 1, 1, 1]
        data = pd.DataFrame(
            np.c_[np.r_[np.zeros(98), 1, 1], pair, rng.random((100, 4)) < 0.4],
            columns=list("abcdef"),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.errors.TrustMeasureWarning)
            found = tm.efa(
                data, n_factors=2, method="minrank", rotation=rotation, ci="bootstrap",
                n_boot=12, n_starts=2, rng=1,
            )  # fmt: skip
        assert found.loadings_se is not None
        assert found.loadings_se.notna().all().all()

    def test_a_bank_with_a_copy_is_refused(self, answers: pd.DataFrame) -> None:
        with pytest.raises(DataError, match=r"linearly dependent: 'q0', 'copy'"):
            tm.short_forms(answers.assign(copy=answers["q0"]), n_items=4, rng=1)

    def test_an_impossible_matrix_is_not_called_dependent(self) -> None:
        corr = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
        with pytest.raises(DataError, match="no persons' answers could give"):
            tm.kmo(corr=corr)


def test_units_do_not_matter_to_the_bootstrap(answers: pd.DataFrame) -> None:
    small, large = (
        tm.efa(answers * unit, n_factors=2, ci="bootstrap", n_boot=20, rng=1)
        for unit in (1e-8, 1.0)
    )
    assert small.loadings_se is not None
    assert large.loadings_se is not None
    np.testing.assert_allclose(small.loadings_se, large.loadings_se, atol=1e-8)


def test_strangers_are_refused_before_anything_is_computed(codes: pd.DataFrame) -> None:
    apart = codes.iloc[:, :2].astype(float)
    apart.iloc[:75, 0] = np.nan
    apart.iloc[75:, 1] = np.nan
    with pytest.raises(DataError, match="0 persons answered both"):
        tm.polychoric(apart, thresholds="pairwise")


class TestMatrices:
    def test_names_of_other_frames_are_kept(self, answers: pd.DataFrame) -> None:
        corr = answers.corr()
        found = tm.efa(corr=pl.from_pandas(corr), n_factors=2)
        assert found.loadings.index.tolist() == answers.columns.tolist()

    def test_complex_numbers_are_refused(self, answers: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="not numbers"):
            tm.kmo(corr=answers.corr().to_numpy().astype(complex))

    @pytest.mark.parametrize("option", [{"correlation": "polychoric"}, {"missing": "pairwise"}])
    @pytest.mark.parametrize(
        "call",
        [
            tm.kmo,
            tm.map_test,
            lambda **options: tm.bartlett_sphericity(n_obs=150, **options),
            lambda **options: tm.n_factors(n_obs=150, **options),
            lambda **options: tm.efa(n_factors=2, **options),
        ],
    )
    def test_options_of_raw_data_are_refused(
        self, call: Callable[..., Any], option: dict[str, str], answers: pd.DataFrame
    ) -> None:
        with pytest.raises(OptionError, match="about raw data"):
            call(corr=answers.corr(), **option)


class TestIdleOptions:
    def test_bootstrap_samples_without_a_bootstrap(self, answers: pd.DataFrame) -> None:
        for ci in (None, "normal", "jackknife"):
            with pytest.raises(OptionError, match="go with ci='bootstrap'"):
                tm.efa(answers, n_factors=2, ci=ci, n_boot=50)

    def test_starts_without_a_rotation(self, answers: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="rotation='none' has none"):
            tm.efa(answers, n_factors=2, rotation="none", n_starts=5)

    def test_a_choice_among_tables_that_are_none(self, answers: pd.DataFrame) -> None:
        table = tm.efa(answers, n_factors=2).loadings
        with pytest.raises(OptionError, match="tables already"):
            tm.congruence(table, table, of="structure")

    def test_more_forms_than_can_be_judged(self) -> None:
        rng = np.random.default_rng(1)
        wide = pd.DataFrame(rng.normal(size=(200, 40)), columns=[f"q{j}" for j in range(40)])
        with pytest.raises(OptionError, match="too many to judge"):
            tm.short_forms(wide, n_items=10, method="exhaustive", rng=1)
        with pytest.raises(OptionError, match="too many to judge"):
            tm.short_forms(wide, n_items=10, max_subsets=10**10, rng=1)


class TestValuesThatAreNone:
    """Numbers that no computation could use are refused, not passed through."""

    @pytest.mark.parametrize("weight", [np.nan, np.inf, -1, True])
    def test_weights_of_short_forms(self, weight: float, answers: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="must be a number, 0 or above"):
            tm.short_forms(answers, n_items=4, weights={"omega": weight}, rng=1)

    @pytest.mark.parametrize(
        ("rotation", "key"),
        [("geomin_oblique", "delta"), ("promax", "power"), ("oblimin", "gamma")],
    )
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_arguments_of_rotations(
        self, rotation: str, key: str, value: float, answers: pd.DataFrame
    ) -> None:
        with pytest.raises(OptionError, match="must be a number, and finite"):
            tm.efa(answers, n_factors=2, rotation=rotation, rotation_args={key: value})

    def test_a_level_without_intervals(self, answers: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="come with ci="):
            tm.efa(answers, n_factors=2, conf_level=0.9)

    def test_tables_of_loadings(self) -> None:
        table = pd.DataFrame({"general": [0.6] * 4, "one": [0.5, 0.5, 0, 0]})
        with pytest.raises(DataError, match="All loadings are 0"):
            tm.bifactor_indices(table * 0)
        with pytest.raises(DataError, match="holds values that are not numbers"):
            tm.bifactor_indices(table, uniquenesses=["a"] * 4)
        with pytest.raises(DataError, match="in several rows"):
            tm.bifactor_indices(table.set_axis(list("aabc"), axis=0))


class TestSeveralMinimaOfTheExtraction:
    """R's nine tests of Thurstone: four factors of them have several minima."""

    corr = np.array(
        [
            [1, 0.828, 0.776, 0.439, 0.432, 0.447, 0.447, 0.541, 0.380],
            [0.828, 1, 0.779, 0.493, 0.464, 0.489, 0.432, 0.537, 0.358],
            [0.776, 0.779, 1, 0.460, 0.425, 0.443, 0.401, 0.534, 0.359],
            [0.439, 0.493, 0.460, 1, 0.674, 0.590, 0.381, 0.350, 0.424],
            [0.432, 0.464, 0.425, 0.674, 1, 0.541, 0.402, 0.367, 0.446],
            [0.447, 0.489, 0.443, 0.590, 0.541, 1, 0.288, 0.320, 0.325],
            [0.447, 0.432, 0.401, 0.381, 0.402, 0.288, 1, 0.555, 0.598],
            [0.541, 0.537, 0.534, 0.350, 0.367, 0.320, 0.555, 1, 0.452],
            [0.380, 0.358, 0.359, 0.424, 0.446, 0.325, 0.598, 0.452, 1],
        ]
    )

    def solution(self, n_factors: int = 4, **options: Any) -> tm.exploratory.ExploratoryFactors:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.errors.TrustMeasureWarning)
            return tm.efa(corr=self.corr, n_obs=213, n_factors=n_factors, method="ml", **options)

    def test_the_usual_start_is_kept_and_its_fault_named(self) -> None:
        # factanal(covmat = R, factors = 4, n.obs = 213), and with nstart = 30
        assert self.solution().chisq == pytest.approx(1.276839, abs=1e-5)
        lowest = self.solution(extraction_starts=50)
        assert lowest.chisq == pytest.approx(0.8255352, abs=1e-5)
        assert any("extraction_starts=50" in note for note in self.solution().warnings)
        assert any("the lowest found" in note for note in lowest.warnings)
        assert lowest.settings["extraction_starts"] == 50

    def test_nothing_is_said_of_one_minimum(self) -> None:
        one, many = self.solution(3), self.solution(3, extraction_starts=20)
        assert not any("discrepancy has several" in note for note in one.warnings + many.warnings)
        np.testing.assert_allclose(one.loadings, many.loadings, atol=1e-6)

    @pytest.mark.parametrize("method", ["pa", "alpha", "minrank"])
    def test_methods_that_minimise_nothing_have_no_starts(self, method: str) -> None:
        with pytest.raises(OptionError, match="goes with minres, uls, ml"):
            tm.efa(corr=self.corr, n_factors=3, method=method, extraction_starts=5)


class TestNames:
    def test_ten_factors_keep_their_order_when_matched(self) -> None:
        rng = np.random.default_rng(1)
        left, right = rng.normal(size=(30, 11)), rng.normal(size=(30, 10))
        found = tm.congruence(left, right)
        own = [int(name[1:]) for name in found.matches.index]
        assert own == sorted(own)
        assert len(own) == 10
        for name, row in found.matches.iterrows():
            value = found.coefficients.loc[str(name), row["factor"]]
            assert row["congruence"] * row["sign"] == pytest.approx(value)

    def test_other_names_of_indices_are_refused(self, answers: pd.DataFrame) -> None:
        split = tm.schmid_leiman(tm.efa(answers.assign(q8=answers["q0"] + two_traits(seed=9)["q0"]),
                                        n_factors=3))  # fmt: skip
        corr = answers.assign(other=two_traits(seed=9)["q0"]).corr()
        with pytest.raises(DataError, match=r"corr= lacks 'q8'"):
            tm.bifactor_indices(split, corr=corr)
        with pytest.raises(DataError, match=r"uniquenesses= lacks 'q8'"):
            tm.bifactor_indices(split, uniquenesses=split.uniquenesses.rename({"q8": "q9"}))


# Every choice that a function offers, beside one that all the others are compared with. What
# two values may share is said; that an option is accepted and ignored shows as equal numbers.
CORRELATION = {"correlation": ("pearson", "spearman", "polychoric")}
MISSING = {"missing": ("listwise", "pairwise", "fiml")}
RANDOM = {"n_iter": (20, 30), "quantile": (0.95, 0.5), "reference": ("normal", "permutation")}
FACTORS = {
    "n_factors": (2, 1),
    "method": ("minres", "ml", "alpha", "minrank"),
    "rotation": (
        "oblimin", "none", "varimax", "quartimax", "equamax", "promax", "geomin_orthogonal",
        "geomin_oblique", "bentlerT", "bentlerQ", "simplimax",
    ),
    "rotation_args": (None, {"gamma": -1}),
    "normalize": (None, True),
}  # fmt: skip
OFFERS: list[tuple[Callable[..., Any], dict[str, Any], dict[str, tuple[Any, ...]]]] = [
    (tm.correlate, {}, CORRELATION | MISSING),
    (tm.kmo, {}, CORRELATION | MISSING),
    (tm.bartlett_sphericity, {}, CORRELATION | MISSING),
    (tm.map_test, {}, CORRELATION | MISSING),
    (
        tm.polychoric,
        {},
        {
            "missing": ("pairwise", "listwise"),
            "thresholds": ("global", "pairwise"),
            "correction": (0.0, 0.5),
        },
    ),
    (tm.parallel_analysis, {"rng": 1, "n_iter": 20}, CORRELATION | MISSING | RANDOM),
    (
        tm.n_factors,
        {"rng": 1, "n_iter": 20, "n_samples": 50},
        CORRELATION
        | MISSING
        | RANDOM
        | {
            "max_factors": (3, 2),
            "alpha": (0.05, 0.9999999),
            "n_samples": (50, 60),
            "criteria": (None, ("ekc",)),
        },
    ),
    (tm.efa, {"n_factors": 2, "rng": 1}, FACTORS | CORRELATION | MISSING),
    (
        tm.efa,
        {"n_factors": 2, "rng": 1, "ci": "bootstrap", "n_boot": 10},
        {"n_boot": (10, 12), "conf_level": (0.95, 0.5)},
    ),
    (tm.efa, {"n_factors": 2}, {"ci": ("normal", "jackknife")}),
    (
        tm.split_sample_replication,
        {"n_factors": 2, "rng": 1, "n_splits": 4},
        {**FACTORS, **CORRELATION, **MISSING, "n_splits": (4, 6), "conf_level": (0.95, 0.5)},
    ),
    (
        tm.short_forms,
        {"n_items": 3, "rng": 1},
        {
            "n_items": (3, 4),
            "weights": (None, {"alpha": 1.0}),
            "method": ("exhaustive", "ants"),
            "n_forms": (5, 3),
            "holdout": (0.5, 0.2, 0),
            "max_subsets": (20_000, 5),
        },
    ),
]


@pytest.mark.parametrize(
    ("function", "fixed", "option", "values"),
    [
        pytest.param(f, fixed, option, values, id=f"{f.__name__}-{option}")
        for f, fixed, offers in OFFERS
        for option, values in offers.items()
    ],
)
def test_every_choice_changes_something(
    function: Callable[..., Any],
    fixed: dict[str, Any],
    option: str,
    values: tuple[Any, ...],
    codes: pd.DataFrame,
) -> None:
    data = with_gaps(codes)
    seen: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.errors.TrustMeasureWarning)
        for value in values:
            found = function(data, **(fixed | {option: value})).to_dict()
            for said in ("settings", "warnings"):
                found.pop(said)
            seen.append(repr(found))
    assert len(set(seen)) == len(values)
