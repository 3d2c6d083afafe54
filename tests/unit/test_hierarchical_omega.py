"""Omega of several factors: recovery, intervals, flips, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.kernels.schmid_leiman import schmid_leiman, split_loadings


def three_facets(n: int = 500, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    facets = np.repeat(rng.normal(size=(n, 3)), 4, axis=1)
    answers = rng.normal(size=(n, 1)) + facets + rng.normal(size=(n, 12))
    return pd.DataFrame(answers, columns=[f"q{j + 1}" for j in range(12)])


def test_a_population_with_a_general_factor_is_recovered_exactly() -> None:
    own = np.kron(np.eye(3), np.ones((4, 1)))
    second = np.array([0.8, 0.6, 0.7])
    pattern = own * np.linspace(0.5, 0.9, 12)[:, None]
    phi = np.outer(second, second) + np.diag(1 - second**2)
    split = schmid_leiman(pattern, phi)
    assert split.converged
    assert split.second_order == pytest.approx(second, abs=1e-7)
    assert split.general == pytest.approx(pattern @ second, abs=1e-7)
    assert split.groups == pytest.approx(pattern * np.sqrt(1 - second**2), abs=1e-7)


@pytest.mark.parametrize(
    ("option", "expected"), [("equal", [0.6, 0.6]), ("first", [1, 0.36]), ("second", [0.36, 1])]
)
def test_two_factors_take_their_loadings_from_the_option(option: str, expected: list) -> None:
    pattern = np.kron(np.eye(2), np.full((3, 1), 0.7))
    split = schmid_leiman(pattern, np.array([[1, 0.36], [0.36, 1]]), option=option)
    assert split.second_order == pytest.approx(np.array(expected))
    assert split.general == pytest.approx(np.repeat(0.7 * np.array(expected), 3))


def test_splitting_keeps_what_the_factors_explain() -> None:
    rng = np.random.default_rng(4)
    pattern, weights = rng.normal(size=(7, 3)), np.array([0.9, -0.4, 0.6])
    general, groups = split_loadings(pattern, weights)
    phi = np.outer(weights, weights) + np.diag(1 - weights**2)
    whole = np.outer(general, general) + groups @ groups.T
    assert whole == pytest.approx(pattern @ phi @ pattern.T)


def test_simulated_shares_are_found() -> None:
    found = tm.mcdonald_omega(three_facets(20_000), n_factors=3, ci=None)
    # Var of the sum: 144 general + 3 · 16 group + 12 error.
    assert found.omega_total == pytest.approx(192 / 204, abs=0.01)
    assert found.omega_hierarchical == pytest.approx(144 / 204, abs=0.02)
    assert found.ecv == pytest.approx(0.5, abs=0.02)
    assert found.puc == pytest.approx(48 / 66)
    assert found.omega_asymptotic == pytest.approx(found.omega_hierarchical / found.omega_total)
    assert found.group_of.nunique() == 3
    group = found.omega_group.loc["F1"]
    assert group["total"] == pytest.approx(group["general"] + group["group"])
    assert group["total"] == pytest.approx(32 / 36, abs=0.02)


def test_intervals_hold_their_estimates_and_repeat_with_the_seed() -> None:
    data = three_facets(300)
    first, second = (tm.mcdonald_omega(data, n_factors=3, n_boot=60, rng=2) for _ in range(2))
    assert first.intervals.equals(second.intervals)
    table = first.intervals
    assert (table["ci_low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["ci_high"]).all()
    assert first.ci_low == table.loc["omega_total", "ci_low"]
    assert first.replicates.shape == (60, 6 + 9)
    assert list(first.replicates.columns) == list(table.index)


def test_a_replicate_equals_the_analysis_of_the_resampled_persons() -> None:
    data = three_facets(300)
    found = tm.mcdonald_omega(data, n_factors=3, n_boot=4, rng=7)
    drawn = np.random.default_rng(7).integers(0, 300, size=(4, 300))
    for row, replicate in zip(drawn, found.replicates.to_numpy(), strict=True):
        again = tm.mcdonald_omega(data.iloc[row], n_factors=3, ci=None)
        ours = again.intervals["estimate"].to_numpy()[:6]
        assert replicate[:6] == pytest.approx(ours, abs=1e-5)


@pytest.mark.parametrize("rotation", ["promax", "geomin_oblique", "bentlerQ", "quartimin"])
def test_other_rotations_have_intervals_too(rotation: str) -> None:
    found = tm.mcdonald_omega(three_facets(), n_factors=3, rotation=rotation, n_boot=30, rng=1)
    assert found.ci_low < found.omega_total < found.ci_high
    low, high = found.intervals.loc["omega_hierarchical", ["ci_low", "ci_high"]]
    assert low < found.omega_hierarchical < high


def test_polychoric_and_pairwise_replicates() -> None:
    data = (three_facets(400) / 1.5).round().clip(-2, 2)
    poly = tm.mcdonald_omega(data, n_factors=3, correlation="polychoric", n_boot=20, rng=1)
    plain = tm.mcdonald_omega(data, n_factors=3, n_boot=20, rng=1)
    assert poly.omega_total > plain.omega_total
    assert poly.ci_low < poly.omega_total < poly.ci_high
    data.iloc[::4, 2] = np.nan
    pairwise = tm.mcdonald_omega(data, n_factors=3, missing="pairwise", n_boot=20, rng=1)
    assert pairwise.n == 400
    assert pairwise.ci_low < pairwise.omega_total < pairwise.ci_high
    listwise = tm.mcdonald_omega(data, n_factors=3, n_boot=20, rng=1)
    before = tm.mcdonald_omega(data.dropna(), n_factors=3, n_boot=20, rng=1)
    assert listwise.intervals.equals(before.intervals)
    assert listwise.n_dropped == 100


def test_reversed_items_are_turned_round_and_named() -> None:
    data = three_facets()
    keyed = tm.mcdonald_omega(data, n_factors=3, ci=None)
    other = tm.mcdonald_omega(data.assign(q3=-data["q3"]), n_factors=3, ci=None)
    assert other.flipped == ("q3",)
    assert "'q3'" in other.warnings[0]
    assert other.omega_hierarchical == pytest.approx(keyed.omega_hierarchical, rel=1e-6)
    assert other.pattern.loc["q3"].abs().max() == pytest.approx(
        keyed.pattern.loc["q3"].abs().max(), abs=1e-5
    )
    with pytest.warns(tm.DataWarning, match="'q3' load negatively"):
        left = tm.mcdonald_omega(data.assign(q3=-data["q3"]), n_factors=3, flip=False, ci=None)
    assert left.omega_total < keyed.omega_total
    assert left.general_loadings["q3"] < 0


def test_the_order_of_the_items_does_not_matter() -> None:
    data = three_facets()
    order = np.random.default_rng(3).permutation(12)
    one = tm.mcdonald_omega(data, n_factors=3, ci=None)
    two = tm.mcdonald_omega(data.iloc[:, order], n_factors=3, ci=None)
    assert two.general_loadings[data.columns].to_numpy() == pytest.approx(
        one.general_loadings.to_numpy(), abs=1e-6
    )
    assert two.omega_group.to_numpy() == pytest.approx(one.omega_group.to_numpy(), abs=1e-6)


def test_two_factors_say_that_the_general_one_is_not_identified() -> None:
    found = tm.mcdonald_omega(three_facets().iloc[:, :8], n_factors=2, ci=None, option="first")
    assert any("option='first'" in note for note in found.warnings)
    assert found.second_order["F1"] == 1.0
    assert (found.group_loadings["F1"] == 0).all()


def test_what_cannot_be_used_is_refused() -> None:
    data = three_facets(100)
    with pytest.raises(tm.DataError, match="n_factors=8 is too many for 12 items"):
        tm.mcdonald_omega(data, n_factors=8)
    with pytest.raises(tm.OptionError, match="ci='delta'"):
        tm.mcdonald_omega(data, n_factors=3, ci="delta")
    with pytest.raises(tm.OptionError, match="rotation='varimax'"):
        tm.mcdonald_omega(data, n_factors=3, rotation="varimax")
    with pytest.raises(tm.OptionError, match="'rotation' belong"):
        tm.mcdonald_omega(data, rotation="promax")
    with pytest.raises(tm.OptionError, match="n_factors=0"):
        tm.mcdonald_omega(data, n_factors=0)


def test_one_factor_without_an_interval() -> None:
    found = tm.mcdonald_omega(three_facets().iloc[:, :4], ci=None)
    assert math.isnan(found.ci_low)
    assert found.se > 0


def test_the_table_shows_loadings_and_group_omegas() -> None:
    found = tm.mcdonald_omega(three_facets(), n_factors=3, n_boot=30, rng=1)
    table = tm.table(found)
    assert list(table.frame["Item"])[-3:] == ["ω total", "ω general", "ω group"]
    assert len(table.frame) == 15
    assert "bootstrap, less its bias" in table.note
    assert "ω hierarchical" in table.note


def test_the_table_of_scales_holds_the_coefficients_of_each_function() -> None:
    data = (three_facets(400) / 1.5).round().clip(-2, 2)
    scales = {"all": list(data.columns), "short": ["q1", "q2", "q3"], "two": ["q1", "q2"]}
    table = tm.reliability_table(
        data, scales={"short": scales["short"], "two": scales["two"]}, n_boot=0
    )
    assert table.table["omega_hierarchical"].isna().all()
    omega = tm.categorical_omega(data[scales["short"]], ci=None).estimate
    assert table.table.loc["short", "omega_categorical"] == pytest.approx(omega)
    assert math.isnan(table.table.loc["two", "omega_categorical"])
    with pytest.warns(tm.DataWarning, match="one factor fits badly"):
        table = tm.reliability_table(data, scales=scales, n_boot=0)
    found = tm.mcdonald_omega(data, n_factors=3, ci=None).omega_hierarchical
    assert table.table.loc["all", "omega_hierarchical"] == pytest.approx(found)
    alpha = tm.ordinal_alpha(data, ci=None).estimate
    assert table.table.loc["all", "ordinal_alpha"] == pytest.approx(alpha)
    shown = set(tm.table(table).frame["Statistic"])
    assert {"ω of ordered answers", "ω of a general factor", "Ordinal α"} <= shown


def test_the_table_of_scales_leaves_out_what_many_answers_do_not_allow() -> None:
    with pytest.warns(tm.DataWarning, match="one factor fits badly"):
        table = tm.reliability_table(three_facets(), n_boot=0)
    assert table.table[["ordinal_alpha", "omega_categorical"]].isna().all(axis=None)
    assert not table.table["omega_hierarchical"].isna().any()


def test_the_figure_shows_the_general_factor_beside_the_groups() -> None:
    found = tm.mcdonald_omega(three_facets(), n_factors=3, ci=None)
    with tm.plots.offscreen():
        ax = tm.plot(found)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["general", "F1", "F2", "F3"]
    assert {tick.get_text() for tick in ax.get_yticklabels()} == set(found.group_loadings.index)
