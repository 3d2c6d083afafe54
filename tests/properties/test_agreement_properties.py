"""What must hold of group results whatever the data, above all that no small team shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.properties.strategies import (
    FRAME_KINDS,
    SEEDS,
    frame_kinds,
    grouped_answers,
    team_scores,
)
from trustmeasure.agreement import AggregateResult, aggregate, group_icc, rwg, rwg_j
from trustmeasure.errors import DataError

# Disagreement beyond chance, and thresholds under 5, are warned of; both occur at random.
pytestmark = pytest.mark.filterwarnings("ignore::trustmeasure.errors.DataWarning")


def _items(data: pd.DataFrame) -> list[str]:
    return [name for name in data.columns if name != "team"]


@given(data=grouped_answers(), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_order_and_labels_change_nothing(data: pd.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = data.iloc[rng.permutation(len(data))].copy()
    known = sorted(set(data["team"].dropna()))
    renamed = dict(zip(known, rng.permutation(len(known)), strict=True))
    shuffled["team"] = shuffled["team"].map(renamed)
    first = rwg_j(data, cluster="team", n_options=5)
    second = rwg_j(shuffled, cluster="team", n_options=5)
    moved = first.table.rename(index=renamed).sort_index()
    assert_frame_equal(moved, second.table, check_index_type=False)
    assert first.median == pytest.approx(second.median, nan_ok=True)
    one, other = (group_icc(frame, cluster="team", value="q1") for frame in (data, shuffled))
    np.testing.assert_allclose(
        list(one.summary().values()), list(other.summary().values()), rtol=1e-9, atol=1e-12
    )


@given(data=grouped_answers())
@settings(max_examples=30, deadline=None)
def test_incomplete_persons_may_as_well_be_deleted(data: pd.DataFrame) -> None:
    complete = data.dropna()
    first = rwg_j(data, cluster="team", n_options=5)
    second = rwg_j(complete, cluster="team", n_options=5)
    assert_frame_equal(first.table.loc[second.table.index], second.table)
    assert (first.n, first.n_dropped) == (len(complete), len(data) - len(complete))
    items = _items(data)
    one, other = (group_icc(frame, cluster="team", items=items) for frame in (data, complete))
    assert one.summary() == other.summary()


@given(data=grouped_answers())
@settings(max_examples=30, deadline=None)
def test_agreement_lies_between_none_and_full(data: pd.DataFrame) -> None:
    items = _items(data)
    whole = rwg_j(data, cluster="team", n_options=5)
    defined = whole.table["rwg_j"].dropna()
    assert ((defined >= 0) & (defined <= 1)).all()
    assert (whole.table["rwg_j"].isna() == (whole.table["n"] < 2)).all()
    # Of identical items, the index says what one item says, stepped up to J of them.
    twice = data[["team", items[0]]].assign(copy=data[items[0]])
    single = rwg(data, cluster="team", item=items[0], n_options=5).table["rwg"]
    double = rwg_j(twice, cluster="team", n_options=5).table["rwg_j"]
    np.testing.assert_allclose(double, 2 * single / (1 + single), atol=1e-12)


@given(data=grouped_answers(missing=False))
@settings(max_examples=30, deadline=None)
def test_icc2_is_icc1_stepped_up_to_the_mean_cluster(data: pd.DataFrame) -> None:
    icc = group_icc(data, cluster="team", value="q1")
    k = icc.mean_cluster_size
    assert icc.icc2 == pytest.approx(k * icc.icc1 / (1 + (k - 1) * icc.icc1), abs=1e-9)
    assert icc.icc1_ci[0] <= icc.icc1 <= icc.icc1_ci[1]
    assert icc.icc2_ci[0] <= icc.icc2 <= icc.icc2_ci[1]


@given(seed=SEEDS, rho=st.floats(0.05, 0.6))
@settings(max_examples=10, deadline=None)
def test_icc1_recovers_the_value_it_was_made_with(seed: int, rho: float) -> None:
    rng = np.random.default_rng(seed)
    teams = np.repeat(np.arange(400), 8)
    values = np.sqrt(rho) * rng.normal(size=400)[teams] + np.sqrt(1 - rho) * rng.normal(size=3200)
    icc = group_icc(pd.DataFrame({"v": values}), cluster=teams, value="v", conf_level=0.9999999)
    assert icc.icc1_ci[0] < rho < icc.icc1_ci[1]


@given(data=grouped_answers(), kind=frame_kinds())
@settings(max_examples=30, deadline=None)
def test_every_frame_gives_the_same_numbers(data: pd.DataFrame, kind: str) -> None:
    other = FRAME_KINDS[kind](data)
    items = _items(data)
    assert_frame_equal(
        rwg_j(data, cluster="team", n_options=5).table,
        rwg_j(other, cluster="team", n_options=5).table,
        check_index_type=False,
    )
    ours, theirs = (group_icc(frame, cluster="team", value="q1") for frame in (data, other))
    assert ours.summary() == theirs.summary()
    ours, theirs = (aggregate(frame, cluster="team", scales=items) for frame in (data, other))
    assert_frame_equal(ours.table, theirs.table, check_index_type=False)


# ---------------------------------------------------------------------------------------
# Privacy. The attacker has the whole result, and knows how the rules work.
# ---------------------------------------------------------------------------------------


def differences(result: AggregateResult) -> dict[str, tuple[int, float, int]]:
    """Give, by scale, number and mean of those in the overall row but in no team shown.

    The third number is how many hidden teams they may come from.
    """
    found = {}
    for scale, whole in result.overall.iterrows():
        if whole["withheld"]:
            continue
        teams = result.table[result.table["scale"] == scale]
        shown = teams[~teams["suppressed"]]
        n = int(whole["n"] - shown["n"].sum())
        total = whole["n"] * whole["mean"] - (shown["n"] * shown["mean"]).sum()
        found[scale] = (n, total / n if n else np.nan, int(teams["suppressed"].sum()))
    return found


def true_cells(data: pd.DataFrame) -> pd.DataFrame:
    """Give number and mean by team and scale, which the attacker is after."""
    long = data.melt(id_vars="team", var_name="scale").dropna()
    return long.groupby(["team", "scale"])["value"].agg(["count", "mean"])


def _attempt(data: pd.DataFrame, **options: Any) -> AggregateResult | None:
    try:
        return aggregate(
            data, cluster="team", scales=[c for c in data.columns if c != "team"], **options
        )
    except DataError:  # nobody left with a score, or with a team
        return None


@given(data=team_scores(), least=st.sampled_from([2, 3, 5, 8]))
@settings(max_examples=300, deadline=None)
def test_no_small_team_can_be_worked_out(data: pd.DataFrame, least: int) -> None:
    result = _attempt(data, min_cluster_size=least)
    if result is None:
        return
    truth = true_cells(data)
    shown = result.table[~result.table["suppressed"]]
    assert (shown["n"] >= least).all()
    hidden = result.table[result.table["suppressed"]]
    assert hidden[["n", "mean", "sd", "se", "ci_low", "ci_high"]].isna().all(axis=None)

    for scale, (n, mean, _) in differences(result).items():
        assert n == 0 or n >= least, f"{scale}: the rest are {n} people"
        for (team, cell_scale), cell in truth.iterrows():
            if cell_scale == scale and team in result.suppressed:
                assert not np.isclose(mean, cell["mean"], rtol=0, atol=1e-9), f"{team} is exposed"
    # What a team shows elsewhere says nothing of a scale where it is too small.
    small = truth[truth["count"] < least].index.get_level_values("team").unique()
    assert set(small) <= set(result.suppressed)
    assert hidden.loc[hidden.index.isin(small)].shape[0] == len(small) * len(result.overall)


@given(data=team_scores(), least=st.sampled_from([3, 5, 8]))
@settings(max_examples=200, deadline=None)
def test_the_size_of_a_small_team_has_no_single_solution(data: pd.DataFrame, least: int) -> None:
    result = _attempt(data, min_cluster_size=least)
    if result is None or not result.suppressed:
        return
    counts = true_cells(data)["count"]
    for scale, (n, _, _) in differences(result).items():
        # Teams blank on this scale but shown on another have nobody here; the attacker sees it.
        candidates = [team for team in result.suppressed if counts.get((team, scale), 0) > 0]
        if candidates and n:
            # n people over at least two teams, n at least `least`: more than one way to
            # split them, so that no team's number follows.
            assert len(candidates) >= 2
            assert n >= least
    # Nor does the number on the result, or anything that is written to JSON.
    shown = result.table[~result.table["suppressed"]]
    in_teams = shown.groupby("scale")["n"].sum()
    allowed = set(result.overall["n"].dropna()) | set(in_teams) | {0}
    assert result.n in allowed
    assert result.n_dropped == 0


@given(data=team_scores(), seed=SEEDS)
@settings(max_examples=60, deadline=None)
def test_protection_does_not_depend_on_the_order_of_persons(data: pd.DataFrame, seed: int) -> None:
    shuffled = data.iloc[np.random.default_rng(seed).permutation(len(data))]
    first, second = _attempt(data), _attempt(shuffled)
    if first is None or second is None:
        assert first is second
        return
    assert first.suppressed == second.suppressed
    assert_frame_equal(first.table, second.table, rtol=1e-9)
    assert_frame_equal(first.overall, second.overall, rtol=1e-9)


@given(data=team_scores())
@settings(max_examples=60, deadline=None)
def test_what_is_shown_is_true(data: pd.DataFrame) -> None:
    result = _attempt(data)
    if result is None:
        return
    truth = true_cells(data)
    for team, row in result.table[~result.table["suppressed"]].iterrows():
        cell = truth.loc[(team, row["scale"])]
        assert row["n"] == cell["count"]
        assert row["mean"] == pytest.approx(cell["mean"])
        assert row["ci_low"] < row["mean"] < row["ci_high"]


@given(sizes=st.lists(st.integers(5, 12), min_size=1, max_size=6), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_nothing_is_hidden_without_need(sizes: list[int], seed: int) -> None:
    team = np.repeat([f"T{i}" for i in range(len(sizes))], sizes)
    data = pd.DataFrame({"team": team, "s": np.random.default_rng(seed).normal(size=len(team))})
    result = aggregate(data, cluster="team", scales=["s"])
    assert result.suppressed == ()
    assert not result.table["suppressed"].any()
    assert not result.overall["withheld"].any()
    assert result.n == len(data)
