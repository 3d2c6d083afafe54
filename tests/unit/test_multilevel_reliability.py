"""Reliability on two levels: recovery, sizes and labels of clusters, and where it ends."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.kernels.two_level import cluster_moments, evaluate, fit_two_level
from trustmeasure.kernels.two_level_em import fit_saturated_proper
from trustmeasure.kernels.two_level_structures import OneFactorEach, OneFactorWithin, Saturated

DATA = Path(__file__).parents[1] / "data"


def teams(n_teams: int = 100, size: int = 6, seed: int = 1, shared: float = 0.6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(n_teams), size)
    climate = shared * (rng.normal(size=(n_teams, 1)) + 0.5 * rng.normal(size=(n_teams, 4)))
    own = rng.normal(size=(len(team), 1)) + rng.normal(size=(len(team), 4))
    frame = pd.DataFrame(climate[team] + own, columns=["a", "b", "c", "d"])
    return frame.assign(team=team)


def uneven(seed: int = 2) -> pd.DataFrame:
    data = teams(120, 8, seed)
    keep = np.random.default_rng(seed).random(len(data)) < 0.7
    return data[keep].reset_index(drop=True)


def test_the_likelihood_equals_that_of_whole_clusters() -> None:
    data = uneven().iloc[:60]
    codes = pd.factorize(data["team"])[0]
    values = data[["a", "b", "c", "d"]].to_numpy()
    within, between = np.eye(4) + 0.5, 0.3 * np.eye(4) + 0.2
    mean = np.array([0.1, -0.2, 0.0, 0.3])
    direct = 0.0
    for cluster in np.unique(codes):
        block = values[codes == cluster]
        n = len(block)
        sigma = np.kron(np.eye(n), within) + np.kron(np.ones((n, n)), between)
        off = (block - mean).ravel()
        direct += np.linalg.slogdet(sigma)[1] / 2 + off @ np.linalg.solve(sigma, off) / 2
    found = evaluate(cluster_moments(values, codes), within, between, mean)
    assert found is not None
    assert found.value == pytest.approx(direct, rel=1e-12)


@pytest.mark.parametrize("structure", [Saturated(4), OneFactorEach(4), OneFactorWithin(4)])
def test_slopes_of_the_likelihood_are_those_of_its_differences(structure) -> None:
    from trustmeasure.kernels.two_level import _gradient, moment_estimates

    data = uneven()
    moments = cluster_moments(data[["a", "b", "c", "d"]].to_numpy(), pd.factorize(data["team"])[0])
    theta = structure.start(*moment_estimates(moments))
    found = evaluate(moments, *structure.matrices(theta))
    assert found is not None
    step = 1e-5
    for i, slope in enumerate(_gradient(structure, theta, found)):
        moved = np.eye(len(theta))[i] * step
        high = evaluate(moments, *structure.matrices(theta + moved))
        low = evaluate(moments, *structure.matrices(theta - moved))
        assert (high.value - low.value) / (2 * step) == pytest.approx(slope, abs=1e-4)


def test_equal_clusters_have_their_closed_form() -> None:
    data = teams(100, 5)
    values = data[["a", "b", "c", "d"]].to_numpy()
    moments = cluster_moments(values, data["team"].to_numpy())
    fit = fit_two_level(moments, Saturated(4))
    within = moments.within / 400
    assert fit.within == pytest.approx(within, abs=1e-8)
    means = data.groupby("team").mean().to_numpy()
    assert fit.between == pytest.approx(np.cov(means.T, bias=True) - within / 5, abs=1e-8)
    assert fit.mean == pytest.approx(values.mean(axis=0))


def test_simulated_coefficients_are_found() -> None:
    found = tm.multilevel_reliability(teams(3000, 6, seed=4), cluster="team")
    # Within: 4² common of 16 + 4; between: 16 of 16 + 4 · 0.25, times 0.36.
    assert found.omega_within == pytest.approx(16 / 20, abs=0.01)
    assert found.alpha_within == pytest.approx(found.omega_within, abs=0.005)
    assert found.omega_between == pytest.approx(16 / 17, abs=0.01)
    means = 0.36 * 17 + 20 / 6
    assert found.omega_cluster_means == pytest.approx(0.36 * 16 / means, abs=0.02)
    assert found.interrater == pytest.approx(0.36 * 17 / means, abs=0.02)
    assert found.icc["icc1"].to_numpy() == pytest.approx(0.45 / 2.45, abs=0.02)
    assert found.mean_cluster_size == 6


def test_neither_labels_nor_order_nor_units_matter() -> None:
    data = uneven()
    one = tm.multilevel_reliability(data, cluster="team")
    other = data.sample(frac=1, random_state=3)
    other["team"] = "t" + other["team"].map(lambda t: 7919 * (t + 3) % 1009).astype(str)
    other[["a", "b", "c", "d"]] = 100 + 25 * other[["a", "b", "c", "d"]]
    two = tm.multilevel_reliability(other, cluster="team")
    assert two.table.to_numpy() == pytest.approx(one.table.to_numpy(), rel=1e-6)
    assert two.icc["icc1"].to_numpy() == pytest.approx(one.icc["icc1"].to_numpy(), rel=1e-6)
    assert two.chisq == pytest.approx(one.chisq, rel=1e-6)


def test_listwise_equals_deleting_before() -> None:
    data = uneven()
    data.loc[::9, "b"] = np.nan
    data["team"] = data["team"].astype(float)
    data.loc[5:15, "team"] = np.nan
    found = tm.multilevel_reliability(data, cluster="team")
    before = tm.multilevel_reliability(data.dropna(), cluster="team")
    assert found.table.equals(before.table)
    assert found.n == before.n
    assert found.n_dropped == len(data) - before.n
    assert "no team is known" in found.warnings[0]
    assert "listwise" in found.warnings[1]


def test_intervals_by_delta_and_by_monte_carlo() -> None:
    data = uneven()
    delta = tm.multilevel_reliability(data, cluster="team").table
    drawn = tm.multilevel_reliability(data, cluster="team", ci="monte_carlo", rng=1)
    again = tm.multilevel_reliability(data, cluster="team", ci="monte_carlo", rng=1)
    assert drawn.table.equals(again.table)
    assert drawn.settings["n_draws"] == 20_000
    within = ["alpha_within", "omega_within"]
    assert drawn.table.loc[within].to_numpy() == pytest.approx(
        delta.loc[within].to_numpy(), abs=0.01
    )
    assert (drawn.table["ci_high"] < 1).all()
    none = tm.multilevel_reliability(data, cluster="team", ci=None).table
    assert none["estimate"].equals(delta["estimate"])
    assert none[["se", "ci_low", "ci_high"]].isna().all(axis=None)


def test_clusters_that_do_not_differ_leave_the_level_between_without_values() -> None:
    data = teams(80, 6, seed=5, shared=0.0)
    with pytest.warns() as caught:
        found = tm.multilevel_reliability(data, cluster="team")
    messages = " ".join(str(each.message) for each in caught)
    assert "no variance between clusters" in messages
    assert found.omega_within == pytest.approx(0.8, abs=0.03)
    assert 0 < found.table.loc["omega_within", "se"] < 0.05


def test_a_negative_uniqueness_is_named_with_its_level() -> None:
    data = pd.read_csv(DATA / "clustered.csv")
    with pytest.warns(tm.ConvergenceWarning, match="Heywood case between clusters: .*'y6'"):
        found = tm.multilevel_reliability(data, cluster="team")
    assert any("not positive definite" in note for note in found.warnings)


def test_few_clusters_are_noted() -> None:
    found = tm.multilevel_reliability(teams(30, 20), cluster="team")
    assert any("30 clusters are few" in note for note in found.warnings)


def test_what_cannot_be_used_is_refused() -> None:
    data = teams(60, 4)
    with pytest.raises(tm.DataError, match=r"4 clusters .* cannot tell how 4 items"):
        tm.multilevel_reliability(data[data["team"] < 4], cluster="team")
    with pytest.raises(tm.DataError, match="too few to tell"):
        tm.multilevel_reliability(data.groupby("team").head(1), cluster="team")
    with pytest.raises(tm.DataError, match="'b' do not vary within clusters"):
        tm.multilevel_reliability(data.assign(b=data["team"] * 1.0), cluster="team")
    with pytest.raises(tm.DataError, match="'a', 'd' determine each other"):
        tm.multilevel_reliability(data.assign(d=data["a"]), cluster="team")
    with pytest.raises(tm.DataError, match="at least 3 are needed"):
        tm.multilevel_reliability(data, cluster="team", items=["a", "b"])
    with pytest.raises(tm.DataError, match="'squad'"):
        tm.multilevel_reliability(data, cluster="squad")
    with pytest.raises(tm.OptionError, match="ci='bootstrap'"):
        tm.multilevel_reliability(data, cluster="team", ci="bootstrap")


def test_the_table_shows_both_levels() -> None:
    found = tm.multilevel_reliability(teams(), cluster="team")
    table = tm.table(found)
    assert list(table.frame["Item"]) == ["a", "b", "c", "d"]
    assert "600 in 100 clusters" in table.note
    assert "delta method" in table.note
    assert not math.isnan(found.chisq)


def test_em_finds_the_same_maximum_where_there_is_one_inside() -> None:
    data = uneven()
    moments = cluster_moments(data[["a", "b", "c", "d"]].to_numpy(), pd.factorize(data["team"])[0])
    free, proper = fit_two_level(moments, Saturated(4)), fit_saturated_proper(moments)
    assert proper.converged
    # Near a singular matrix EM creeps.
    assert proper.within == pytest.approx(free.within, abs=1e-3)
    assert proper.between == pytest.approx(free.between, abs=1e-3)
    assert proper.loglik == pytest.approx(free.loglik, abs=1e-4)


def test_em_takes_over_where_the_likelihood_has_no_end(monkeypatch) -> None:
    from trustmeasure.reliability import multilevel

    real = multilevel.fit_two_level

    def stubborn(moments, structure, **options):
        fit = real(moments, structure, **options)
        return replace(fit, converged=False) if isinstance(structure, Saturated) else fit

    expected = tm.multilevel_reliability(uneven(), cluster="team")
    monkeypatch.setattr(multilevel, "fit_two_level", stubborn)
    with pytest.warns(tm.ConvergenceWarning, match="held positive semidefinite"):
        found = tm.multilevel_reliability(uneven(), cluster="team")
    assert found.alpha_between == pytest.approx(expected.alpha_between, abs=1e-3)
    assert math.isnan(found.table.loc["alpha_between", "se"])
    assert found.table.loc["omega_within"].equals(expected.table.loc["omega_within"])
    assert math.isnan(found.chisq)
