"""Short forms: the search finds what is there, and says what it costs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.kernels.subsets import all_subsets, count_subsets, judge

FACETS = {f"q{j}": "one" if j < 5 else "two" for j in range(10)}


def bank(n: int = 1200, seed: int = 1) -> pd.DataFrame:
    """Ten items of one trait: q0, q1, q5, q6 are the best by far."""
    rng = np.random.default_rng(seed)
    strength = np.array([0.9, 0.9, 0.4, 0.4, 0.4, 0.9, 0.9, 0.4, 0.4, 0.4])
    values = strength * rng.normal(size=(n, 1)) + np.sqrt(1 - strength**2) * rng.normal(
        size=(n, 10)
    )
    return pd.DataFrame(values, columns=list(FACETS))


def test_the_best_items_are_found_both_ways() -> None:
    for method in ("exhaustive", "ants"):
        found = tm.short_forms(bank(), n_items=4, facets=FACETS, method=method, rng=2)
        assert found.items == ("q0", "q1", "q5", "q6")
        assert found.settings["method"] == method
    assert tm.short_forms(bank(), n_items=4, facets=FACETS, rng=2).exhaustive


def test_coefficients_are_those_of_the_single_analyses() -> None:
    data = bank()
    found = tm.short_forms(data, n_items=4, facets=FACETS, holdout=0, rng=1)
    first = found.table.loc["1"]
    chosen = list(found.items)
    assert first["alpha"] == pytest.approx(tm.cronbach_alpha(data[chosen]).estimate, abs=1e-12)
    assert first["omega"] == pytest.approx(tm.mcdonald_omega(data[chosen]).omega_total, abs=1e-6)
    total = np.corrcoef(data[chosen].sum(axis=1), data.sum(axis=1))[0, 1]
    assert first["r_full"] == pytest.approx(total, abs=1e-12)
    assert found.table.loc["all", "alpha"] == pytest.approx(tm.cronbach_alpha(data).estimate)
    assert "flatter" in found.warnings[0]


def test_fit_is_that_of_one_factor_by_maximum_likelihood() -> None:
    data = bank()[["q0", "q1", "q2", "q3", "q4"]]
    # Two items with something of their own in common, so that one factor does not fit.
    shared = np.random.default_rng(5).normal(size=len(data))
    data = data.assign(q2=data["q2"] + shared, q3=data["q3"] + shared)
    merits = judge(np.cov(data.T, bias=True), np.arange(5)[None], len(data))
    single = tm.efa(data, n_factors=1, method="ml")
    # efa multiplies the discrepancy by Bartlett's n − 1 − (2p + 5)/6 − 2/3, this by n.
    scale = (len(data) - 1 - 15 / 6 - 2 / 3) / len(data)
    assert merits.rmsea[0] > 0.1
    chisq = merits.rmsea[0] ** 2 * 5 * len(data) + 5
    assert chisq * scale == pytest.approx(single.chisq, rel=1e-6)
    assert merits.cfi[0] == pytest.approx(single.cfi, abs=0.001)


def test_costs_are_what_happens_when_one_item_changes() -> None:
    data = bank()
    found = tm.short_forms(data, n_items=4, facets=FACETS, holdout=0, rng=1)
    base = tm.cronbach_alpha(data[list(found.items)]).estimate
    less = tm.cronbach_alpha(data[["q1", "q5", "q6"]]).estimate
    more = tm.cronbach_alpha(data[[*found.items, "q9"]]).estimate
    assert found.costs.loc["q0", "alpha_change"] == pytest.approx(less - base)
    assert found.costs.loc["q9", "alpha_change"] == pytest.approx(more - base)
    assert found.costs["kept"].tolist() == [name in found.items for name in data]
    three = tm.short_forms(data, n_items=3, facets=FACETS, rng=1).costs
    assert three.loc[three["kept"], "alpha_change"].isna().all()
    assert three.loc[~three["kept"], "alpha_change"].notna().all()


def test_every_form_covers_the_facets() -> None:
    found = tm.short_forms(bank(), n_items=6, facets=FACETS, min_per_facet=2, n_forms=9, rng=1)
    for items in found.table.drop("all")["items"].str.split(", "):
        counts = pd.Series([FACETS[name] for name in items]).value_counts()
        assert len(items) == 6
        assert counts.min() >= 2
    assert found.table["criterion"].drop("all").is_monotonic_decreasing


def test_subsets_are_counted_and_listed_alike() -> None:
    groups = [np.array([0, 2, 4]), np.array([1, 3, 5, 6])]
    subsets = all_subsets(groups, [1, 2], 4)
    expected = [
        s
        for s in combinations(range(7), 4)
        if len({0, 2, 4} & set(s)) >= 1 and len({1, 3, 5, 6} & set(s)) >= 2
    ]
    assert sorted(map(tuple, subsets.tolist())) == expected
    assert count_subsets(groups, [1, 2], 4) == len(expected)


def test_seeds_reproduce_and_the_holdout_is_other_people() -> None:
    first = tm.short_forms(bank(), n_items=5, facets=FACETS, method="ants", rng=7)
    again = tm.short_forms(bank(), n_items=5, facets=FACETS, method="ants", rng=7)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert (first.table["omega"] != first.table["omega_holdout"]).all()


def test_scores_bring_their_facets() -> None:
    answers = tm.simulate_responses("trust-cognitive-affective", n=300, rng=1)
    found = tm.short_forms(tm.score(answers), scale="cognitive_trust", n_items=6, rng=1)
    assert found.costs.loc[list(found.items), "facet"].value_counts().tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_items": 10}, "leaves nothing out"),
        ({"n_items": 2}, "at least 3"),
        ({"n_items": 4, "facets": {"q0": "one"}}, "no facet for item"),
        ({"n_items": 4, "facets": FACETS, "min_per_facet": 3}, "need 6 items; n_items=4"),
        ({"n_items": 4, "facets": FACETS, "min_per_facet": 6}, "fewer than 6 items"),
        ({"n_items": 4, "min_per_facet": 1}, "needs facets="),
        ({"n_items": 4, "weights": {"rmsea": 1}}, "weights='rmsea' is not offered"),
        ({"n_items": 4, "weights": {"omega": 0}}, "are all 0"),
        ({"n_items": 4, "holdout": 1.0}, "must be a share"),
        ({"n_items": 4, "holdout": 0.995}, "more cases than items"),
        ({"n_items": 4, "method": "genetic"}, "method='genetic' is not offered"),
    ],
)
def test_what_is_refused(options: dict, words: str) -> None:
    with pytest.raises(tm.TrustMeasureError, match=words):
        tm.short_forms(bank(), **options)


def test_a_form_that_takes_long_to_fit_is_judged_and_a_heywood_case_is_not() -> None:
    bfi = pd.read_csv(Path(__file__).parent.parent / "data" / "bfi.csv").iloc[:600]
    bank = bfi[[*(f"N{i}" for i in range(1, 6)), "C4", "C5", "E1", "E2"]].dropna()
    found = tm.short_forms(bank, n_items=4, holdout=0, n_forms=200).table.set_index("items")
    assert found.loc["C4, C5, E1, E2", "omega"] == pytest.approx(0.59998, abs=1e-4)
    assert np.isnan(found.loc["N3, N5, E1, E2", "omega"])
