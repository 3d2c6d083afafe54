"""Teams: null variances, what is refused and noted, and the cases of suppression by name."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from tests.parity.comparison import read_data
from trustmeasure.agreement import AggregateResult, aggregate, group_icc, rwg, rwg_j
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels.agreement import NULL_VARIANCES


@pytest.fixture
def answers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "team": ["A", "A", "A", "B", "B", "B", "C"],
            "open": [4.0, 4, 5, 1, 3, 4, 2],
            "safe": [4.0, 5, 5, 2, 3, 3, 2],
        }
    )


@pytest.fixture
def scores() -> tm.Scores:
    instrument = tm.build_instrument(
        id="pair",
        title="Pair",
        response_sets=[{"id": "agree6", "min": 1, "max": 6}],
        items=[
            {"id": name, "response_set": "agree6", "reverse": name == "A1"}
            for name in ("A1", "A2", "A3", "N1", "N2", "N3")
        ],
        scales=[
            {"id": "agree", "items": ["A1", "A2", "A3"]},
            {"id": "neuro", "items": ["N1", "N2", "N3"]},
        ],
    )
    frame = read_data("bfi.csv")[["A1", "A2", "A3", "N1", "N2", "N3", "education"]]
    responses = tm.Responses(data=frame, instrument=instrument, cluster="education")
    return tm.score(responses)


# r_WG --------------------------------------------------------------------------------


@pytest.mark.parametrize("null", sorted(NULL_VARIANCES))
@pytest.mark.parametrize("n_options", range(5, 12))
def test_null_variances_come_from_the_table(
    null: str, n_options: int, answers: pd.DataFrame
) -> None:
    ours = rwg(
        answers[answers["team"] == "A"],
        cluster="team",
        item="open",
        n_options=n_options,
        null=null,
    )
    assert ours.null_variance == NULL_VARIANCES[null][n_options]
    if null == "uniform":
        assert ours.null_variance == pytest.approx((n_options**2 - 1) / 12, abs=0.005)


def test_other_numbers_of_answers_have_a_uniform_null_only(answers: pd.DataFrame) -> None:
    low = answers[answers["team"] == "A"]
    assert rwg(low, cluster="team", item="open", n_options=3).null_variance == 8 / 12
    assert rwg(low, cluster="team", item="open", n_options=13).null_variance == 14
    with pytest.raises(OptionError, match=r"'normal' has no tabled variance for 13.*5 to 11"):
        rwg(low, cluster="team", item="open", n_options=13, null="normal")


def test_the_number_of_answers_is_required_where_it_is_not_known(answers: pd.DataFrame) -> None:
    for call in (
        lambda: rwg_j(answers, cluster="team"),
        lambda: rwg(answers, cluster="team", item="open"),
    ):
        with pytest.raises(DataError, match=r"Pass n_options=\.\.\. .*or null_variance"):
            call()


def test_scores_know_the_number_of_answers(scores: tm.Scores) -> None:
    result = rwg_j(scores, scale="agree")
    assert result.null_variance == 2.92
    assert result.table.index.name == "education"
    with pytest.raises(DataError, match="2 scales"):
        rwg_j(scores)
    by_item = rwg(scores, item="A1")
    assert by_item.table["n"].sum() == by_item.n


def test_items_of_different_response_sets_have_no_common_null() -> None:
    instrument = tm.build_instrument(
        id="mixed",
        title="Mixed",
        response_sets=[{"id": "six", "min": 1, "max": 6}, {"id": "five", "min": 1, "max": 5}],
        items=[
            {"id": "a", "response_set": "six"},
            {"id": "b", "response_set": "five"},
            {"id": "c", "response_set": "five", "score_map": {1: 1, 2: 5, 3: 3, 4: 2, 5: 1}},
        ],
        scales=[{"id": "all", "items": ["a", "b", "c"], "method": "pomp"}],
    )
    frame = pd.DataFrame({"a": [1, 2, 6, 4], "b": [1, 2, 5, 4], "c": [1, 2, 3, 5]})
    scored = tm.score(frame, instrument)
    with pytest.raises(DataError, match=r"different numbers of answers.*'a': 6, 'b': 5"):
        rwg_j(scored, cluster=[1, 1, 2, 2], items=["a", "b"])
    with pytest.raises(DataError, match=r"'c' are scored through a map.*null_variance"):
        rwg_j(scored, cluster=[1, 1, 2, 2], items=["b", "c"])


def test_a_wrong_number_of_answers_is_noticed(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"from 1 to 5, .* n_options=4"):
        rwg_j(answers, cluster="team", n_options=4)


def test_lone_persons_and_missing_answers_are_counted(answers: pd.DataFrame) -> None:
    answers.loc[0, "open"] = np.nan
    answers.loc[5, "team"] = None
    result = rwg_j(answers, cluster="team", n_options=5)
    assert list(result.table["n"]) == [2, 2, 1]
    assert math.isnan(result.table.loc["C", "rwg_j"])
    assert (result.n, result.n_dropped, result.n_clusters) == (5, 2, 2)
    assert [message.split(":")[0] for message in result.warnings[:2]] == [
        "1 of 7 persons were left out"
    ] * 2
    assert "1 of 3 clusters" in result.warnings[2]
    assert result.mean == pytest.approx(result.table["rwg_j"].mean())
    assert result.share_above == (result.table["rwg_j"].dropna() >= 0.7).mean()


def test_disagreement_beyond_chance_is_set_to_0_and_warned_of() -> None:
    frame = pd.DataFrame({"team": list("AABB"), "q": [1, 5, 3, 3]})
    with pytest.warns(DataWarning, match="1 of 2 clusters.*set to 0"):
        result = rwg(frame, cluster="team", item="q", n_options=5)
    assert list(result.table["rwg"]) == [0, 1]


def test_a_null_variance_replaces_the_number_of_answers(answers: pd.DataFrame) -> None:
    by_table = rwg_j(answers, cluster="team", n_options=5)
    by_value = rwg_j(answers, cluster="team", null_variance=2)
    pd.testing.assert_frame_equal(by_table.table, by_value.table)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"null": "flat"}, "'uniform'"),
        ({"null_variance": 0}, "positive"),
        ({"null_variance": "2"}, "positive"),
        ({"n_options": 1}, "at least 2"),
        ({"n_options": 5, "cutoff": 70}, "cutoff"),
    ],
)
def test_bad_options_of_agreement_are_refused(
    answers: pd.DataFrame, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        rwg_j(answers, cluster="team", **options)


def test_bad_data_of_agreement_are_refused(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="hold 1 item"):
        rwg_j(answers, cluster="team", items=["open"], n_options=5)
    with pytest.raises(DataError, match="None of 7 persons has both"):
        rwg_j(answers.assign(team=None), cluster="team", n_options=5)
    with pytest.raises(DataError, match="Did you mean 'team'"):
        rwg_j(answers, cluster="taem", n_options=5)
    with pytest.raises(DataError, match="No cluster"):
        rwg_j(answers[["open", "safe"]], n_options=5)


# Group ICC ---------------------------------------------------------------------------


def test_icc_of_scores_uses_the_scale_score(scores: tm.Scores) -> None:
    by_scale = group_icc(scores, scale="neuro")
    by_value = group_icc(scores, value="neuro")
    by_hand = group_icc(scores.data, cluster="education", value="neuro")
    assert by_scale.summary() == by_value.summary() == by_hand.summary()
    with pytest.raises(DataError, match="2 scales"):
        group_icc(scores)


def test_icc_counts_whom_it_leaves_out(answers: pd.DataFrame) -> None:
    answers.loc[0, "open"] = np.nan
    answers.loc[5, "team"] = None
    result = group_icc(answers, cluster="team", value="open")
    assert (result.n, result.n_dropped, result.n_clusters) == (5, 2, 3)
    assert "1 cluster(s) of 'team' hold one person" in result.warnings[-1]
    assert result.to_frame().loc["icc2", "estimate"] == result.icc2


def test_a_negative_icc_stays_negative() -> None:
    frame = pd.DataFrame({"team": list("AABBCC"), "v": [1, 5, 2, 4, 1.5, 4.5]})
    result = group_icc(frame, cluster="team", value="v")
    assert result.icc1 < 0
    assert any("negative" in message for message in result.warnings)
    assert json.dumps(result.to_dict())


def test_teams_of_one_mind_have_icc_one() -> None:
    result = group_icc(pd.DataFrame({"v": [1.0, 1, 2, 2]}), cluster=[1, 1, 2, 2], value="v")
    assert (result.icc1, result.icc2, result.pvalue) == (1, 1, 0)
    assert result.icc1_ci == (1, 1)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"value": None}, "Which value"),
        ({}, {"value": "opne"}, "Did you mean 'open'"),
        ({"open": 3.0}, {}, "'open' is constant"),
        ({"team": "A"}, {}, "1 cluster"),
        ({"team": list("abcdefg")}, {}, "holds one person"),
        ({}, {"items": ["open", "safe"]}, "one of value=, items= and scale="),
        ({"open": np.nan}, {}, "no answer at all"),
    ],
)
def test_bad_data_of_icc_are_refused(
    answers: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        group_icc(answers.assign(**change), cluster="team", **{"value": "open", **options})


def test_bad_options_of_icc_are_refused(answers: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="Allowed: 'anova'"):
        group_icc(answers, cluster="team", value="open", method="reml")
    with pytest.raises(OptionError, match="conf_level"):
        group_icc(answers, cluster="team", value="open", conf_level=0)
    with pytest.raises(OptionError, match="picks a scale out of Scores"):
        group_icc(answers, cluster="team", scale="open")


# Team results ------------------------------------------------------------------------


def _teams(**sizes: int) -> pd.DataFrame:
    """Give distinct scores of teams of these sizes; `none` has no team."""
    rng = np.random.default_rng(11)
    team = [None if name == "none" else name for name, n in sizes.items() for _ in range(n)]
    return pd.DataFrame({"team": np.array(team, dtype=object), "s": rng.normal(size=len(team))})


def _run(frame: pd.DataFrame, **options: Any) -> AggregateResult:
    scales = [name for name in frame.columns if name != "team"]
    return aggregate(frame, cluster="team", scales=scales, **options)


def test_a_small_team_is_hidden_and_never_alone() -> None:
    result = _run(_teams(A=9, B=3, C=6, D=12))
    assert result.suppressed == ("B", "C")
    assert not result.overall.loc["s", "withheld"]
    assert result.overall.loc["s", "n"] == 30
    blank = result.table.loc["B"]
    assert blank["suppressed"]
    assert blank.drop(["scale", "suppressed"]).isna().all()
    assert "fewer than 5" in result.warnings[0]


def test_two_small_teams_may_protect_each_other() -> None:
    assert _run(_teams(A=9, B=3, C=3, D=12)).suppressed == ("B", "C")
    # Together they must be enough.
    assert _run(_teams(A=9, B=2, C=2, D=12)).suppressed == ("A", "B", "C")


def test_the_overall_row_goes_before_the_last_team_does() -> None:
    result = _run(_teams(A=20, B=3))
    assert result.suppressed == ("B",)
    assert result.overall.loc["s", "withheld"]
    assert result.overall.drop(columns="withheld").isna().all(axis=None)
    assert result.n == 20  # not 23: that would count the hidden team
    assert "withheld" in result.warnings[1]


def test_one_small_team_gives_nothing_at_all() -> None:
    result = _run(_teams(A=4))
    assert result.suppressed == ("A",)
    assert result.overall.loc["s", "withheld"]
    assert result.n == 0


def test_only_small_teams_still_give_an_overall_row() -> None:
    result = _run(_teams(A=3, B=4, C=2))
    assert result.suppressed == ("A", "B", "C")
    assert result.overall.loc["s", "n"] == 9


def test_people_without_a_team_hide_among_the_hidden() -> None:
    result = _run(_teams(A=9, B=3, C=4, none=2))
    assert result.suppressed == ("B", "C")
    assert None not in result.table.index
    assert result.overall.loc["s", "n"] == 18


def test_few_people_without_a_team_are_left_out_of_the_overall_row() -> None:
    few = _run(_teams(A=9, B=8, none=2))
    assert few.suppressed == ()
    assert few.overall.loc["s", "n"] == 17
    assert "too few" in few.warnings[0]
    many = _run(_teams(A=9, B=8, none=6))
    assert many.overall.loc["s", "n"] == 23


def test_a_team_small_on_one_scale_is_hidden_on_all() -> None:
    frame = _teams(A=9, B=6, C=8, D=7)
    frame["t"] = frame["s"] + 1
    frame.loc[frame.index[frame["team"] == "B"][:2], "t"] = np.nan
    result = _run(frame)
    assert result.suppressed == ("B", "D")
    assert result.table.loc["B", "suppressed"].all()
    # Showing one scale only must not bring it back.
    scored = aggregate(frame, cluster="team", scales=["s", "t"], scale="s")
    assert scored.suppressed == ("B", "D")
    assert list(scored.overall.index) == ["s"]


def test_a_team_that_was_not_asked_is_blank_on_that_scale_only() -> None:
    frame = _teams(A=9, B=6, C=8)
    frame["t"] = frame["s"].where(frame["team"] != "B")
    result = _run(frame)
    assert result.suppressed == ()
    assert list(result.table.loc["B", "suppressed"]) == [False, True]
    assert result.overall.loc["t", "n"] == 17


def test_the_threshold_can_be_lowered_with_a_warning() -> None:
    with pytest.warns(DataWarning, match="min_cluster_size=3"):
        result = _run(_teams(A=9, B=3, C=6), min_cluster_size=3)
    assert result.suppressed == ()
    for value in (1, 0, 2.5, "5", True):
        with pytest.raises(OptionError, match="at least 2"):
            _run(_teams(A=9), min_cluster_size=value)


def test_scores_aggregate_by_their_own_cluster(scores: tm.Scores) -> None:
    result = aggregate(scores)
    assert list(result.overall.index) == ["agree", "neuro"]
    assert result.table.index.name == "education"
    expected = scores.data.groupby("education")["neuro"].agg(["count", "mean"])
    ours = result.table[result.table["scale"] == "neuro"]
    np.testing.assert_allclose(ours["mean"], expected["mean"])
    assert list(ours["n"]) == list(expected["count"])
    one = aggregate(scores, scale="agree")
    assert set(one.table["scale"]) == {"agree"}
    with pytest.raises(OptionError, match="Did you mean 'agree'"):
        aggregate(scores, scale="agre")


def test_team_results_print_and_travel() -> None:
    result = _run(_teams(A=9, B=3, C=6, D=12))
    assert "Hidden: 'B', 'C'" in repr(result)
    assert "<table" in result._repr_html_()
    record = json.loads(json.dumps(result.to_dict()))["table"][1]
    assert record["team"] == "B"
    assert record["n"] is None
    assert record["mean"] is None


def test_bad_data_of_team_results_are_refused() -> None:
    frame = _teams(A=9, B=8)
    with pytest.raises(OptionError, match="Which columns hold the scores"):
        aggregate(frame, cluster="team")
    with pytest.raises(DataError, match="not in the data"):
        aggregate(frame, cluster="team", scales=["x"])
    with pytest.raises(DataError, match="Nobody has a score"):
        _run(frame.assign(s=np.nan))
    with pytest.raises(DataError, match="Nobody has a 'team'"):
        _run(frame.assign(team=None))
    with pytest.raises(DataError, match="No cluster"):
        aggregate(frame, scales=["s"])
    kept = _run(frame.assign(empty=np.nan))
    assert list(kept.overall.index) == ["s"]
    assert "'empty' have no score at all" in kept.warnings[0]


def test_a_team_of_one_score_is_named() -> None:
    frame = _teams(A=9, B=6, C=8)
    frame.loc[frame["team"] == "B", "s"] = 0.1 + 0.2
    result = _run(frame)
    assert result.suppressed == ()
    (note,) = result.warnings
    assert note.startswith("All members of 'B' have the same score")
    # A hidden team is not named, whatever its scores.
    hidden = _teams(A=9, B=3, C=3, D=12)
    hidden.loc[hidden["team"] == "B", "s"] = 1.0
    assert not any("All members" in note for note in _run(hidden).warnings)
