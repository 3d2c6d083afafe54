"""Rotations' choices, scores, second-order solutions, congruence, replication."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.exploratory import (
    bifactor_indices,
    congruence,
    efa,
    schmid_leiman,
    split_sample_replication,
)
from trustmeasure.kernels import rotation_criteria as criteria
from trustmeasure.kernels.gradient_projection import turn

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def tests9() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")[[f"x{i}" for i in range(1, 10)]]


def _bifactor(general: float) -> np.ndarray[Any, Any]:
    """Correlations of three groups of four items with a general factor."""
    uneven = np.tile([-0.15, 0.1, -0.05, 0.1], 3)[:, None]
    loadings = np.hstack([general + uneven, (0.5 - uneven) * np.repeat(np.eye(3), 4, axis=0)])
    corr = loadings @ loadings.T
    np.fill_diagonal(corr, 1.0)
    return np.asarray(corr)


CRITERIA = {
    "quartimin": criteria.oblimin(),
    "oblimin": criteria.oblimin(0.4),
    "equamax": criteria.crawford_ferguson(0.2),
    "quartimax": criteria.quartimax,
    "varimax": criteria.varimax,
    "geomin": criteria.geomin(0.02),
    "bentler": criteria.bentler,
    "simplimax": criteria.simplimax(9),
    "bifactor": criteria.bifactor,
    "target": criteria.towards(np.where(np.arange(24).reshape(8, 3) % 4 == 0, np.nan, 0.2)),
}


class TestCriteria:
    @pytest.mark.parametrize("name", CRITERIA)
    def test_slopes(self, name: str) -> None:
        loadings = np.random.default_rng(1).normal(size=(2, 8, 3))
        slope = CRITERIA[name](loadings)[1]
        by_force = np.zeros_like(slope)
        for place in np.ndindex(loadings.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = loadings.copy()
                moved[place] += step
                parts = CRITERIA[name](moved)[0]
                ends.append(parts.reshape(2, -1).sum(axis=1)[place[0]])
            by_force[place] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(slope, by_force, atol=1e-7)

    @pytest.mark.parametrize("oblique", [True, False])
    def test_the_slope_on_the_surface(self, oblique: bool) -> None:
        """A small step along any direction changes the criterion as the gradient says."""
        rng = np.random.default_rng(2)
        loadings = rng.normal(size=(8, 3))
        axes = np.linalg.qr(rng.normal(size=(1, 3, 3)))[0]
        criterion = criteria.Criterion(criteria.geomin(), oblique=oblique)
        here = turn(loadings, axes, criterion)
        direction = rng.normal(size=(1, 3, 3))
        ends = [turn(loadings, axes + s * direction, criterion).values[0] for s in (1e-5, -1e-5)]
        slope = float((here.gradient * direction).sum())
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope, rel=1e-6)


class TestChoices:
    def test_aliases(self, tests9: pd.DataFrame) -> None:
        for alias, name in (("geominQ", "geomin_oblique"), ("bifactorT", "bifactor")):
            one, other = (efa(tests9, n_factors=3, rotation=r) for r in (alias, name))
            pd.testing.assert_frame_equal(one.loadings, other.loadings)
            assert one.settings["rotation"] == name

    def test_no_choice_is_ignored(self, tests9: pd.DataFrame) -> None:
        plain = efa(tests9, n_factors=3, rotation="geomin_oblique")
        for options in ({"rotation_args": {"delta": 0.3}}, {"normalize": True}):
            other = efa(tests9, n_factors=3, rotation="geomin_oblique", **options)
            assert np.abs(plain.loadings - other.loadings).to_numpy().max() > 1e-3

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"rotation": "varimax", "rotation_args": {"gamma": 0}}, "'varimax' does not take"),
            ({"rotation": "oblimin", "rotation_args": {"gama": 0}}, "It takes: 'gamma'"),
            ({"rotation": "oblimin", "rotation_args": {"gamma": 2}}, "must not exceed 1"),
            ({"rotation": "oblimin", "rotation_args": {"gamma": "0"}}, "must be a number"),
            ({"rotation": "oblimin", "rotation_args": 0.5}, "must be a mapping"),
            ({"rotation": "promax", "rotation_args": {"power": 1}}, "greater than 1"),
            ({"rotation": "geominT", "rotation_args": {"delta": 0}}, "greater than 0"),
            ({"rotation": "simplimax", "rotation_args": {"n_small": 40}}, "from 1 to 26"),
            ({"rotation": "target"}, "needs target="),
            ({"rotation": "varimax", "target": np.zeros((9, 3))}, "belongs to the target"),
            ({"rotation": "none", "normalize": True}, "rotation='none' has none"),
            ({"normalize": 1}, "Allowed: None, True, False"),
            ({"n_starts": 0}, "n_starts"),
        ],
    )
    def test_refusals(self, options: dict[str, Any], message: str, tests9: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match=message):
            efa(tests9, n_factors=3, **options)

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            (np.zeros((9, 2)), r"shape \(9, 2\); expected \(9, 3\)"),
            (np.full((9, 3), np.nan), "too few loadings"),
            (np.full((9, 3), np.inf), "infinite"),
            ([["a"] * 3] * 9, "not numbers"),
            (pd.DataFrame(np.zeros((8, 3)), index=[f"x{i}" for i in range(1, 9)]), "'x9'"),
        ],
    )
    def test_targets_that_cannot_be(self, target: Any, message: str, tests9: pd.DataFrame) -> None:
        with pytest.raises(DataError, match=message):
            efa(tests9, n_factors=3, rotation="target", target=target)

    def test_a_target_keeps_its_order_and_signs(self, tests9: pd.DataFrame) -> None:
        values = np.zeros((9, 3))
        values[6:, 0], values[:3, 1], values[3:6, 2] = 0.7, -0.7, 0.7
        target = pd.DataFrame(values, index=tests9.columns)
        result = efa(tests9, n_factors=3, rotation="target", target=target)
        assert (result.loadings.iloc[6:, 0] > 0.25).all()
        assert (result.loadings.iloc[[0, 2], 1] < -0.4).all()
        shuffled = efa(
            tests9, n_factors=3, rotation="target", target=target.sample(frac=1, random_state=1)
        )
        pd.testing.assert_frame_equal(result.loadings, shuffled.loadings)

    @pytest.mark.parametrize("general", [0.6, 0.3])
    def test_the_general_factor_comes_first(self, general: float) -> None:
        for rotation in ("bifactor", "biquartimin"):
            result = efa(corr=_bifactor(general), n_obs=500, n_factors=4, rotation=rotation)
            assert (result.loadings.iloc[:, 1:].to_numpy() > 0.3).sum() == 12
            assert np.abs(result.loadings.iloc[:, 1:].to_numpy() < 1e-6).sum() == 24
            assert (result.loadings["F1"] > -1e-6).all()

    def test_the_best_of_many_starts_is_kept(self, bfi: pd.DataFrame) -> None:
        options: dict[str, Any] = {"n_factors": 5, "rotation": "simplimax"}
        one = efa(bfi, **options, n_starts=1)
        many = efa(bfi, **options, n_starts=30)
        assert many.criterion < one.criterion
        assert many.local_optima["criterion"].is_monotonic_increasing
        note = many.warnings[-1]
        assert "30 starts" in note
        assert "where other programs start, led to" in note
        again = efa(bfi, **options, n_starts=30)
        pd.testing.assert_frame_equal(many.loadings, again.loadings)

    def test_varimax_counts_its_starts(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, rotation="varimax", n_starts=12)
        assert result.local_optima["starts"].sum() == 12
        np.testing.assert_allclose(
            result.loadings, efa(bfi, n_factors=5, rotation="varimax", n_starts=1).loadings
        )

    def test_factors_that_fall_together_are_named(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, rotation_args={"gamma": 0.5}, n_starts=1)
        assert "nearly fallen together (F1 with F4 0.91)" in result.warnings[-1]


class TestMethods:
    def test_one_minimum_of_three_methods(self, bfi: pd.DataFrame) -> None:
        first = efa(bfi, n_factors=5, rotation="none")
        for method in ("uls", "pa"):
            other = efa(bfi, n_factors=5, rotation="none", method=method)
            np.testing.assert_allclose(first.loadings, other.loadings, atol=1e-8)

    def test_alpha_factors_reproduce_the_common_parts(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, rotation="none", method="alpha")
        loadings = result.loadings.to_numpy() / np.sqrt(result.communalities.to_numpy())[:, None]
        values = np.linalg.eigvalsh(
            (result.correlations.to_numpy() - np.diag(result.uniquenesses))
            / np.sqrt(np.outer(result.communalities, result.communalities))
        )[::-1]
        np.testing.assert_allclose((loadings**2).sum(axis=1), 1, atol=1e-9)
        np.testing.assert_allclose((loadings**2).sum(axis=0), values[:5], atol=1e-8)

    def test_alpha_that_finds_no_end_says_so(self, bfi: pd.DataFrame) -> None:
        with pytest.warns(ConvergenceWarning, match="did not converge"):
            result = efa(bfi, n_factors=1, method="alpha")
        assert not result.converged

    def test_minimum_rank_leaves_nothing_negative(self, bfi: pd.DataFrame) -> None:
        few, many = (efa(bfi, n_factors=m, method="minrank", rotation="none") for m in (3, 5))
        np.testing.assert_allclose(few.loadings, many.loadings.iloc[:, :3], atol=1e-6)

    def test_minimum_rank_refuses_a_singular_matrix(self, tests9: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="method='minrank' needs"):
            efa(tests9.assign(total=tests9.sum(axis=1)), n_factors=2, method="minrank")

    @pytest.mark.parametrize("correlation", ["spearman", "polychoric"])
    def test_other_correlations(self, correlation: str) -> None:
        data = pd.read_csv(DATA / "spi_trust.csv")[["q_1855", "q_4289", "q_377", "q_379"]]
        one = efa(data, n_factors=1, correlation=correlation)
        assert one.settings["correlation"] == correlation
        plain = efa(data, n_factors=1)
        assert 1e-3 < np.abs(one.loadings - plain.loadings).to_numpy().max() < 0.2

    def test_full_information(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, missing="fiml")
        assert result.n == len(bfi)
        listwise = efa(bfi, n_factors=5)
        assert (congruence(result, listwise).matches["congruence"] > 0.99).all()

    def test_the_table_of_communalities(self, tests9: pd.DataFrame) -> None:
        table = efa(tests9, n_factors=3).communality_table
        R = tests9.corr().to_numpy()
        np.testing.assert_allclose(table["initial"], 1 - 1 / np.diag(np.linalg.inv(R)))
        np.testing.assert_allclose(table["communality"] + table["uniqueness"], 1)


class TestScores:
    def test_what_each_kind_promises(self, tests9: pd.DataFrame) -> None:
        result = efa(tests9, n_factors=3)
        ten = result.scores(tests9, method="tenberge")
        np.testing.assert_allclose(ten.scores.corr(), result.phi, atol=1e-10)
        bartlett = result.scores(tests9, method="bartlett")
        # Unbiased: without unique parts they would give the factors back.
        np.testing.assert_allclose(bartlett.weights.T @ result.loadings, np.eye(3), atol=1e-10)
        thurstone = result.scores(tests9)
        r2 = thurstone.determinacy["multiple_r_squared"]
        np.testing.assert_allclose(thurstone.determinacy["validity"], np.sqrt(r2))
        np.testing.assert_allclose(thurstone.scores.var(), r2, atol=1e-10)
        for other in (ten, bartlett):
            assert (other.determinacy["validity"] <= np.sqrt(r2) + 1e-12).all()
        np.testing.assert_allclose(thurstone.determinacy["minimum_correlation"], 2 * r2 - 1)

    def test_persons_keep_their_rows(self, tests9: pd.DataFrame) -> None:
        data = tests9.set_axis([f"p{i}" for i in range(len(tests9))], axis=0)
        data.iloc[3, 2] = np.nan
        found = efa(tests9, n_factors=3).scores(data)
        assert list(found.scores.index) == list(data.index)
        assert found.scores.iloc[3].isna().all()
        assert (found.n, found.n_dropped) == (300, 1)
        assert "lack an answer" in found.warnings[0]
        json.dumps(found.to_dict())

    def test_refusals(self, tests9: pd.DataFrame) -> None:
        result = efa(tests9, n_factors=3)
        with pytest.raises(OptionError, match="Allowed: 'regression', 'bartlett', 'tenberge'"):
            result.scores(tests9, method="anderson")
        with pytest.raises(DataError, match="'x9'"):
            result.scores(tests9.drop(columns="x9"))


class TestSecondOrder:
    def test_the_two_solutions_reproduce_the_same(self, tests9: pd.DataFrame) -> None:
        oblique = efa(tests9, n_factors=3)
        split = schmid_leiman(oblique)
        loadings = split.loadings.to_numpy()
        # One factor explains three correlations exactly, so that nothing is lost here.
        np.testing.assert_allclose((loadings**2).sum(axis=1), oblique.communalities, atol=1e-8)
        assert split.n == 301
        json.dumps(split.to_dict())

    def test_two_factors_are_said_to_be_too_few(self, tests9: pd.DataFrame) -> None:
        split = schmid_leiman(efa(tests9, n_factors=2), option="first")
        assert split.second_order["F1"] == 1
        assert "Two factors do not determine" in split.warnings[0]

    def test_refusals(self, tests9: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="result of efa"):
            schmid_leiman(tests9)  # type: ignore[arg-type]
        with pytest.raises(DataError, match="general already"):
            schmid_leiman(efa(tests9, n_factors=1))
        with pytest.raises(DataError, match="uncorrelated"):
            schmid_leiman(efa(tests9, n_factors=3, rotation="varimax"))
        with pytest.raises(OptionError, match="is for two factors"):
            schmid_leiman(efa(tests9, n_factors=3), option="first")


class TestBifactorIndices:
    def test_by_hand(self) -> None:
        table = np.array([[0.6, 0.5, 0.0]] * 3 + [[0.6, 0.0, 0.4]] * 3)
        found = bifactor_indices(table)
        variance = 3.6**2 + 1.5**2 + 1.2**2 + 3 * 0.39 + 3 * 0.48
        assert found.omega_hierarchical == pytest.approx(3.6**2 / variance)
        assert found.omega_total == pytest.approx(1 - (3 * 0.39 + 3 * 0.48) / variance)
        assert found.puc == pytest.approx(9 / 15)
        assert found.ecv == pytest.approx(2.16 / (2.16 + 0.75 + 0.48))
        h = found.factors["h"]
        assert h["group1"] == pytest.approx(1 / (1 + 1 / (3 * 0.25 / 0.75)))
        assert found.factors.loc["group1", "omega_hierarchical"] == pytest.approx(
            2.25 / (1.8**2 + 2.25 + 1.17)
        )
        assert list(found.items["group"]) == ["group1"] * 3 + ["group2"] * 3
        assert found.items["iecv"].iloc[0] == pytest.approx(0.36 / 0.61)
        assert "n =" not in repr(found)

    def test_from_a_bifactor_rotation(self) -> None:
        solution = efa(corr=_bifactor(0.6), n_obs=500, n_factors=4, rotation="bifactor")
        found = bifactor_indices(solution)
        assert 0.6 < found.omega_hierarchical < found.omega_total < 1
        assert list(found.factors.index) == ["F1", "F2", "F3", "F4"]

    @pytest.mark.parametrize(
        ("loadings", "message"),
        [
            (np.full((4, 2), 0.9), "more than all variance"),
            (np.zeros(4), "1 dimension"),
            (np.full((4, 1), 0.5), "at least two items"),
            (np.full((4, 2), np.nan), "missing"),
        ],
    )
    def test_refusals(self, loadings: Any, message: str) -> None:
        with pytest.raises(DataError, match=message):
            bifactor_indices(loadings)

    def test_solutions_without_a_general_factor(self, tests9: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="no general factor"):
            bifactor_indices(efa(tests9, n_factors=3))
        with pytest.raises(DataError, match="factors correlate"):
            bifactor_indices(efa(tests9, n_factors=3, rotation="biquartimin"))


class TestCongruence:
    def test_matching_undoes_order_and_sign(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5)
        moved = result.loadings[["F3", "F1", "F5", "F2", "F4"]] * [1, -1, 1, 1, -1]
        found = congruence(result, moved.sample(frac=1, random_state=1))
        np.testing.assert_allclose(found.matches["congruence"], 1)
        assert list(found.matches["factor"]) == [f"F{k}" for k in range(1, 6)]
        assert dict(found.matches["sign"]) == {"F1": -1, "F2": 1, "F3": 1, "F4": -1, "F5": 1}

    def test_another_number_of_factors_and_items(self, bfi: pd.DataFrame) -> None:
        five = efa(bfi, n_factors=5)
        four = efa(bfi.iloc[:, :20], n_factors=4)
        one, other = congruence(five, four), congruence(four, five)
        assert one.n == 20
        assert len(one.matches) == len(other.matches) == 4
        assert one.matches["congruence"].sum() == pytest.approx(other.matches["congruence"].sum())
        assert "5 item(s) in only one" in one.warnings[0]

    def test_refusals(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5)
        with pytest.raises(DataError, match="share 0 item"):
            congruence(result, result.loadings.add_prefix("z", axis=0))
        with pytest.raises(DataError, match="missing or infinite"):
            congruence(result, result.loadings * np.nan)
        with pytest.raises(OptionError, match="'loadings', 'structure'"):
            congruence(result, result, of="phi")


class TestReplication:
    def test_clear_factors_come_again(self, bfi: pd.DataFrame) -> None:
        found = split_sample_replication(bfi, n_factors=5, n_splits=40, rng=3)
        again = split_sample_replication(bfi, n_factors=5, n_splits=40, rng=3)
        pd.testing.assert_frame_equal(found.splits, again.splits)
        assert found.n_splits == 40
        assert (found.factors["low"] > 0.9).all()
        assert (found.factors["low"] <= found.factors["median"]).all()
        assert found.items["same_factor"].mean() > 0.9
        json.dumps(found.to_dict())

    def test_chance_factors_do_not(self) -> None:
        rng = np.random.default_rng(1)
        noise = rng.normal(size=(300, 8))
        found = split_sample_replication(noise, n_factors=2, n_splits=40, rng=1)
        assert (found.factors["mean"] < 0.75).all()

    def test_other_correlations(self) -> None:
        data = pd.read_csv(DATA / "spi_trust.csv")[["q_1855", "q_4289", "q_377", "q_379"]]
        found = split_sample_replication(
            data, n_factors=1, correlation="spearman", missing="pairwise", n_splits=5, rng=1
        )
        assert (found.factors["lowest"] > 0.98).all()

    def test_too_few_persons(self, tests9: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="Halves of 18 persons"):
            split_sample_replication(tests9.head(18), n_factors=2)


def test_a_single_matrix_that_newton_does_not_fit(bfi: pd.DataFrame) -> None:
    """Resampled one by one, a replicate may need the slower extraction."""
    result = efa(
        bfi.iloc[:, :6].head(60), n_factors=2, missing="pairwise", ci="bootstrap", n_boot=15, rng=1
    )
    assert result.loadings_se is not None
    assert np.isfinite(result.loadings_se.to_numpy()).all()
