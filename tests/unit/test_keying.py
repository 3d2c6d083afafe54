"""Items that the answers suggest are reversed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.reliability import reverse_candidates


def make(n_items=4, *, reverse=(), extra=()):
    ids = [f"i{k}" for k in range(1, n_items + 1)]
    return tm.build_instrument(
        id="trial",
        response_sets=[{"id": "r", "min": 1, "max": 7}],
        items=[
            {"id": name, "text": f"Text {name}.", "reverse": name in reverse, "confirmed": False}
            for name in [*ids, *extra]
        ],
        scales=[
            {"id": "main", "items": ids},
            *([{"id": "small", "items": list(extra)}] if extra else []),
        ],
    )


def answers(n_items=4, turned=(), n=300, seed=1):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    raw = 4 + 1.2 * trait[:, None] + rng.normal(size=(n, n_items))
    codes = np.clip(np.rint(raw), 1, 7)
    frame = pd.DataFrame(codes, columns=[f"i{k}" for k in range(1, n_items + 1)])
    for name in turned:
        frame[name] = 8 - frame[name]
    return frame


def test_the_turned_item_is_the_candidate_and_nothing_changes():
    survey, frame = make(), answers(turned=["i3"])
    before = frame.copy()
    table = reverse_candidates(frame, survey)
    assert table.columns.tolist() == ["scale", "n", "r_rest", "reverse", "candidate"]
    assert table.index.name == "item"
    assert table.index[table["candidate"]].tolist() == ["i3"]
    assert (table["n"] == 300).all()
    assert not any(item.reverse for item in survey.items)
    pd.testing.assert_frame_equal(frame, before)


def test_r_rest_is_the_correlation_with_the_sum_of_the_others():
    frame = answers(turned=["i3"])
    table = reverse_candidates(frame, make(), missing="listwise")
    for name in frame:
        rest = frame.drop(columns=name).sum(axis=1)
        assert table.loc[name, "r_rest"] == pytest.approx(frame[name].corr(rest), rel=1e-12)


def test_items_are_taken_as_they_are_keyed_now():
    frame = answers(turned=["i3"])
    table = reverse_candidates(frame, make(reverse=["i3"]))
    assert not table["candidate"].any()
    assert table["reverse"].tolist() == [False, False, True, False]
    wrong = reverse_candidates(frame, make(reverse=["i1", "i3"]))
    assert wrong.index[wrong["candidate"]].tolist() == ["i1"]


def test_missing_answers_count_pairwise_or_listwise():
    frame = answers()
    frame.loc[:99, "i1"] = np.nan
    frame.loc[200:, "i2"] = np.nan
    pairwise = reverse_candidates(frame, make())
    assert pairwise["n"].tolist() == [200, 200, 300, 300]
    assert any("pairwise" in message for message in pairwise.attrs["warnings"])
    listwise = reverse_candidates(frame, make(), missing="listwise")
    whole = frame.dropna()
    rest = whole[["i2", "i3", "i4"]].sum(axis=1)
    assert listwise.loc["i1", "r_rest"] == pytest.approx(whole["i1"].corr(rest), rel=1e-12)


def test_scales_of_two_items_say_nothing():
    frame = answers().assign(x1=4.0, x2=4.0)
    table = reverse_candidates(frame, make(extra=["x1", "x2"]))
    assert set(table["scale"]) == {"main"}
    assert "'small'" in table.attrs["warnings"][0]
    with pytest.raises(tm.DataError, match="No scale of instrument 'trial' has 3 or more"):
        reverse_candidates(answers(2), make(2))


def test_a_scale_that_cannot_be_computed_is_named_and_spares_the_others():
    frame = answers()
    frame["i2"] = 4.0
    table = reverse_candidates(frame, make())
    assert table["r_rest"].isna().all()
    assert not table["candidate"].any()
    assert "Scale 'main': " in table.attrs["warnings"][0]


def test_half_of_the_items_turned_leaves_no_direction_and_the_wording_decides():
    frame = answers(6, turned=["i1", "i2", "i3"])
    table = reverse_candidates(frame, make(6))
    assert table["candidate"].all()  # each side is outnumbered among the others
    clear = reverse_candidates(frame, make(6).with_key(reverse=["i1"]))
    assert clear.index[clear["candidate"]].tolist() == ["i2", "i3"]


def test_options_and_data_are_checked():
    with pytest.raises(tm.OptionError, match="missing="):
        reverse_candidates(answers(), make(), missing="drop")
    with pytest.raises(tm.DataError):
        reverse_candidates(answers(3), make())
