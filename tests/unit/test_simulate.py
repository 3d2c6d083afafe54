"""Simulated responses: the parameters are recovered, and every option works and is checked."""

from __future__ import annotations

from math import asin, pi

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from trustmeasure import OptionError, build_instrument
from trustmeasure.simulate import simulate_responses

N = 40_000
# Six standard errors of a correlation at this n, and as much again for what is left of the
# attenuation on a hundred answers: far below any parameter that could be confused.
CLOSE = 6 / np.sqrt(N)


def build(scales=None, *, low=1, high=5, reverse=(), **fields):
    scales = scales or {"one": ["a1", "a2", "a3"], "two": ["b1", "b2", "b3"]}
    items = list(dict.fromkeys(item for members in scales.values() for item in members))
    return build_instrument(
        id="known",
        response_sets=[{"id": "r", "min": low, "max": high}],
        items=[{"id": item, "reverse": item in reverse} for item in items],
        scales=[{"id": scale, "items": members} for scale, members in scales.items()],
        **fields,
    )


def fine(**options):
    """Simulate on a hundred answers, where categories hardly attenuate."""
    return simulate_responses(
        build(high=100, **options.pop("build", {})),
        n=N,
        thresholds=np.linspace(-3, 3, 99),
        rng=11,
        **options,
    )


def test_correlations_are_those_of_the_model():
    data = fine(loadings={"a1": 0.9, "a2": 0.7, "a3": 0.5, "b1": 0.8, "b2": 0.6, "b3": 0.0},
                factor_corr=0.4).items  # fmt: skip
    load = np.array([0.9, 0.7, 0.5, 0.8, 0.6, 0.0])
    phi = np.array([[1, 0.4], [0.4, 1]])
    pattern = np.zeros((6, 2))
    pattern[:3, 0], pattern[3:, 1] = load[:3], load[3:]
    expected = pattern @ phi @ pattern.T
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(np.corrcoef(data.T), expected, atol=CLOSE)


def test_loadings_are_recovered_by_factor_analysis():
    scales = {"one": ["a1", "a2", "a3", "a4"]}
    truth = {"a1": 0.9, "a2": 0.75, "a3": 0.6, "a4": 0.45}
    data = fine(loadings=truth, build={"scales": scales}).items
    found = np.abs(_one_factor(np.corrcoef(data.T)))
    np.testing.assert_allclose(found, list(truth.values()), atol=0.02)


def test_few_answers_attenuate_as_the_theory_says():
    data = simulate_responses(build({"one": ["a1", "a2"]}, high=2), n=N, loadings=0.8, rng=3).items
    # Two answers, cut at 0: the correlation of the signs of two normals.
    expected = 2 / pi * asin(0.64)
    assert np.corrcoef(data.T)[0, 1] == pytest.approx(expected, abs=CLOSE)


def test_reversed_items_are_reversed_in_raw_codes():
    plain = simulate_responses(build(), n=500, rng=1).items
    turned = simulate_responses(build(reverse=("a2",)), n=500, rng=1).items
    pd.testing.assert_series_equal(turned["a2"], 6 - plain["a2"])
    pd.testing.assert_frame_equal(turned.drop(columns="a2"), plain.drop(columns="a2"))


def test_answers_stay_in_the_response_set():
    data = simulate_responses(build(low=0, high=4), n=2000, rng=1).items
    assert set(np.unique(data)) == {0, 1, 2, 3, 4}
    assert data.dtypes.eq(np.float64).all()


def test_thresholds_give_the_expected_shares():
    cuts = [-1.0, 0.2, 0.9, 2.0]
    data = simulate_responses(build(), n=N, thresholds=cuts, rng=2).items
    expected = np.diff([0, *norm.cdf(cuts), 1])
    for item in data:
        shares = data[item].value_counts(normalize=True).sort_index().to_numpy()
        np.testing.assert_allclose(shares, expected, atol=6 * 0.5 / np.sqrt(N))
    own = {item: [-1.0, 0.0, 1.0, 2.0] for item in build().item_ids}
    other = simulate_responses(build(), n=50, thresholds=own, rng=2).items
    assert len(other) == 50


def test_skew_moves_the_scores():
    means = [
        simulate_responses(build(reverse=("a1",)), n=3000, skew=skew, rng=4).items.mean()
        for skew in (-1.0, 0.0, 1.0)
    ]
    assert means[0]["a2"] > means[1]["a2"] > means[2]["a2"]
    assert means[0]["a1"] < means[1]["a1"] < means[2]["a1"]


def test_clusters_share_the_variance_that_was_asked_for():
    scale = {"one": ["a1", "a2"]}
    simulated = fine(build={"scales": scale}, loadings=1.0, icc=0.3, n_clusters=4000)
    value = simulated.data["a1"]
    groups = value.groupby(simulated.data["team"])
    size = N / 4000
    between, within = groups.mean().var() * size, groups.var().mean()
    icc1 = (between - within) / (between + (size - 1) * within)
    assert icc1 == pytest.approx(0.3, abs=0.03)


def test_cluster_sizes_and_names():
    even = simulate_responses(build(), n=23, n_clusters=4, rng=1)
    counts = even.data["team"].value_counts(sort=False)
    assert counts.to_dict() == {"Team 01": 6, "Team 02": 6, "Team 03": 6, "Team 04": 5}
    given = simulate_responses(build(), n=10, cluster_sizes=[7, 3], rng=1)
    assert given.data["team"].value_counts(sort=False).tolist() == [7, 3]
    assert given.cluster == "team"
    many = simulate_responses(build(), n=120, n_clusters=120, rng=1)
    assert many.data["team"].iloc[0] == "Team 001"


def test_waves_repeat_persons_and_teams():
    simulated = fine(
        build={"scales": {"one": ["a1", "a2"]}}, loadings=1.0, waves=3, stability=0.5, change=0.4
    )
    data = simulated.data
    assert simulated.wave == "wave"
    assert len(data) == 3 * N
    assert (
        data.groupby("wave")["respondent"]
        .apply(list)
        .map(lambda r: r == list(range(1, N + 1)))
        .all()
    )
    first, second = (data.loc[data["wave"] == w, "a1"].to_numpy() for w in (1, 2))
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.5, abs=2 * CLOSE)
    # A step of the answers is 6/98 of an SD.
    assert (second.mean() - first.mean()) * 6 / 98 == pytest.approx(0.4, abs=0.03)
    teams = simulate_responses(build(), n=12, n_clusters=3, waves=2, rng=1).data
    assert teams.groupby("respondent")["team"].nunique().eq(1).all()


def test_missing_answers():
    simulated = simulate_responses(build(), n=5000, missing=0.2, rng=1)
    assert simulated.items.isna().mean().to_numpy() == pytest.approx(0.2, abs=0.03)
    assert simulate_responses(build(), n=50, rng=1).items.notna().all(axis=None)


def test_totals_over_subscales_are_no_factor():
    instrument = build(
        {"one": ["a1", "a2"], "two": ["b1", "b2"], "total": ["a1", "a2", "b1", "b2"]}, high=100
    )
    data = simulate_responses(
        instrument, n=N, loadings=0.8, factor_corr=0.25, thresholds=np.linspace(-3, 3, 99), rng=1
    ).items
    correlation = np.corrcoef(data.T)
    assert correlation[0, 1] == pytest.approx(0.64, abs=CLOSE)
    assert correlation[0, 2] == pytest.approx(0.16, abs=CLOSE)


def test_tables_of_loadings_and_correlations():
    loadings = pd.DataFrame(
        {"one": [0.6, 0.6, 0.6, 0, 0, 0], "two": [0.3, 0, 0, 0.7, 0.7, 0.7]},
        index=["a1", "a2", "a3", "b1", "b2", "b3"],
    )
    phi = pd.DataFrame([[1, 0.5], [0.5, 1]], index=["two", "one"], columns=["two", "one"])
    data = fine(loadings=loadings, factor_corr=phi).items
    expected = loadings.to_numpy() @ np.array([[1, 0.5], [0.5, 1]]) @ loadings.to_numpy().T
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(np.corrcoef(data.T), expected, atol=CLOSE)
    assert simulate_responses(build(), n=5, factor_corr=phi.to_numpy(), rng=1).n == 5


def test_score_maps_give_codes_that_have_the_score():
    instrument = build_instrument(
        id="mapped",
        response_sets=[{"id": "r", "min": 1, "max": 5}],
        items=[{"id": "a", "score_map": {1: 1, 2: 3, 3: 5, 4: 3, 5: 1}}, {"id": "b"}],
        scales=[{"id": "s", "items": ["a", "b"]}],
    )
    data = simulate_responses(instrument, n=20_000, loadings=0.9, rng=1).items
    score = data["a"].map({1: 1, 2: 3, 3: 5, 4: 3, 5: 1})
    assert np.corrcoef(score, data["b"])[0, 1] > 0.55
    assert abs(np.corrcoef(data["a"], data["b"])[0, 1]) < 0.05
    assert set(data["a"]) == {1, 2, 3, 4, 5}


def test_the_same_seed_gives_the_same_answers():
    first, second = (simulate_responses(build(), n=20, rng=9).data for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    generator = np.random.default_rng(9)
    pd.testing.assert_frame_equal(simulate_responses(build(), n=20, rng=generator).data, first)
    assert not simulate_responses(build(), n=20, rng=10).data.equals(first)


def test_responses_say_that_they_are_simulated():
    simulated = simulate_responses("spi-trust", n=7, rng=1)
    assert simulated.simulated
    assert simulated.platform == "simulated"
    assert simulated.log.count("simulated") == 7
    assert simulated.item_ids == simulated.instrument.item_ids


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n=0"),
        ({"n": 2.5}, "n=2.5"),
        ({"n_clusters": 11}, "more than the n=10"),
        ({"n_clusters": 0}, "n_clusters=0"),
        ({"cluster_sizes": [5, 4]}, "add up to 9"),
        ({"cluster_sizes": [10, 0]}, "cluster_sizes=0"),
        ({"cluster_sizes": [5, 5], "n_clusters": 3}, "has 2 sizes"),
        ({"icc": 0.1}, "needs clusters"),
        ({"icc": 1.0, "n_clusters": 2}, "below 1"),
        ({"icc": -0.1, "n_clusters": 2}, "from 0"),
        ({"waves": 0}, "waves=0"),
        ({"stability": 1.1}, "stability=1.1"),
        ({"change": "up"}, "finite number"),
        ({"missing": 1.0}, "below 1"),
        ({"missing": True}, "finite number"),
        ({"loadings": 1.2}, "more than all of the variance"),
        ({"loadings": "high"}, "finite number"),
        ({"loadings": {"a1": 0.5}}, "no loading for item"),
        ({"loadings": {"a9": 0.5}}, "unknown item"),
        ({"loadings": pd.DataFrame({"one": [0.5]}, index=["a1"])}, "no row for item"),
        ({"loadings": pd.DataFrame({"three": [0.5]}, index=["a1"])}, "unknown scale"),
        ({"factor_corr": 1.5}, "not possible"),
        ({"factor_corr": -1.01}, "not possible"),
        ({"factor_corr": [[1, 0.2], [0.3, 1]]}, "symmetric"),
        ({"factor_corr": [[1.0]]}, "shape"),
        ({"factor_corr": pd.DataFrame([[1]], index=["one"], columns=["one"])}, "lacks"),
        ({"thresholds": [0, 1]}, "need 4 increasing"),
        ({"thresholds": [0, 1, 1, 2]}, "need 4 increasing"),
        ({"thresholds": {"a1": [0, 1, 2, 3]}}, "no cuts for item 'a2'"),
        ({"thresholds": [-1, 0, 1, 2], "skew": 0.5}, "not both"),
        ({"skew": float("nan")}, "finite number"),
        ({"rng": "seed"}, "rng="),
    ],
)
def test_impossible_parameters_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        simulate_responses(build(), **{"n": 10, **options})


def _one_factor(correlation):
    """Iterate principal axes to a single factor; independent of the package's own analyses."""
    communalities = np.full(len(correlation), 0.5)
    for _ in range(500):
        reduced = correlation.copy()
        np.fill_diagonal(reduced, communalities)
        values, vectors = np.linalg.eigh(reduced)
        loading = vectors[:, -1] * np.sqrt(values[-1])
        communalities = loading**2
    return loading
