"""The one door: every container gives the same items, and bad input is refused in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.properties.strategies import FRAME_KINDS
from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError

ANSWERS = pd.DataFrame(
    {"team": ["b", "a", None, "b"], "q1": [1.0, 2, np.nan, 4], "q2": [2.0, 3, 3, 5]}
)
ITEMS = ANSWERS[["q1", "q2"]]


class FakeScores:
    """The face that Scores show to the door."""

    cluster = "team"

    def __init__(self, *scales: str) -> None:
        scale = type("Scale", (), {})
        made = []
        for name in scales:
            one = scale()
            one.id = name
            made.append(one)
        self.instrument = type("Instrument", (), {"scales": made})()

    def __trustmeasure_frame__(self, scale: str | None) -> pd.DataFrame:
        return ANSWERS[["team", "q1"]] if scale == "first" else ANSWERS

    def __trustmeasure_context__(self) -> tuple[str, ...]:
        return ("team",)


@pytest.mark.parametrize("kind", sorted(FRAME_KINDS))
def test_every_frame_gives_the_same_items(kind: str) -> None:
    block = _checks.as_items(FRAME_KINDS[kind](ITEMS))
    assert block.names == ("q1", "q2")
    assert block.n_persons == 4
    assert block.values.dtype == np.float64
    np.testing.assert_array_equal(block.values, ITEMS.to_numpy())


@pytest.mark.parametrize("kind", sorted(FRAME_KINDS))
def test_every_frame_gives_the_same_groups(kind: str) -> None:
    block = _checks.as_grouped(FRAME_KINDS[kind](ANSWERS), cluster="team")
    assert block.labels == ("a", "b")
    np.testing.assert_array_equal(block.codes, [1, 0, -1, 1])
    np.testing.assert_array_equal(block.values, ITEMS.to_numpy())


def test_a_duckdb_relation_is_read() -> None:
    frame = ITEMS  # noqa: F841  (DuckDB finds it by name)
    with duckdb.connect() as connection:
        block = _checks.as_items(connection.sql("select * from frame"))
    np.testing.assert_array_equal(block.values, ITEMS.to_numpy())


def test_an_array_gets_names() -> None:
    block = _checks.as_items(ITEMS.to_numpy())
    assert block.names == ("item1", "item2")


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, None, 4], dtype=object),
        pd.Series([Decimal(1), Decimal(2), None, Decimal(4)], dtype=object),
        pd.Series([1, 2, None, 4], dtype="Int64"),
        pd.Series([1, 2, None, 4], dtype="Int8"),
        pd.Series([1, 2, None, 4], dtype="Float32"),
        pd.Series([1, 2, None, 4], dtype=pd.ArrowDtype(pa.int16())),
    ],
    ids=["object", "decimal", "Int64", "Int8", "Float32", "arrow"],
)
def test_columns_of_every_number_type_are_read(column: pd.Series) -> None:
    block = _checks.as_items(pd.DataFrame({"q1": column, "q2": [1, 2, 3, 4]}))
    np.testing.assert_array_equal(block.values[:, 0], [1, 2, np.nan, 4])


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"q1": [1, 2, None], "q2": [1.0, float("nan"), 2.0]}),
        pa.table({"q1": [1, 2, None], "q2": [1.0, float("nan"), 2.0]}),
    ],
    ids=["polars", "pyarrow"],
)
def test_null_and_nan_both_mean_missing(frame: Any) -> None:
    block = _checks.as_items(frame)
    np.testing.assert_array_equal(block.values, [[1, 1], [2, np.nan], [np.nan, 2]])


def test_items_choose_columns_in_the_order_given() -> None:
    assert _checks.as_items(ANSWERS, items=["q2", "q1"]).names == ("q2", "q1")
    assert _checks.as_items(ANSWERS, items="q2", min_items=1).names == ("q2",)


def test_column_names_become_strings() -> None:
    assert _checks.as_items(pd.DataFrame({1: [1, 2], 2: [2, 1]})).names == ("1", "2")


def test_scores_leave_their_context_out() -> None:
    assert _checks.as_items(FakeScores("first", "second")).names == ("q1", "q2")
    assert _checks.as_items(FakeScores("first"), scale="first", min_items=1).names == ("q1",)
    assert _checks.as_grouped(FakeScores("first"), cluster=None).labels == ("a", "b")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([[1, 2], [3, 4]], "a list"),
        ({"q1": [1, 2]}, "a dict"),
        (ITEMS["q1"], "a Series"),
        (None, "a NoneType"),
        ("answers.csv", "a str"),
        (3, "an int"),
        (np.array([1.0, 2.0]), "1 dimension"),
        (np.zeros((2, 2, 2)), "3 dimension"),
    ],
)
def test_what_is_no_table_is_refused(data: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _checks.as_items(data)


@pytest.mark.parametrize(
    ("frame", "items", "words"),
    [
        (ANSWERS, ["q1", "Q2"], "'Q2' are not in the data.*Did you mean 'q2'"),
        (ANSWERS, ["q1", "q1"], "'q1' more than once"),
        (ANSWERS, None, "'team' are not numeric"),
        (ITEMS.assign(q2=["1", "2", "3", "4"]), None, "'q2' are not numeric"),
        (ITEMS.assign(q2=pd.Timestamp("2020-01-01")), None, "'q2' are not numeric"),
        (ITEMS.assign(q2=np.array([1j, 2, 3, 4])), None, "'q2' are not numeric"),
        (ITEMS.assign(q2=[1, 2, np.inf, 3]), None, "'q2' holds an infinite value.*row 3"),
        (ITEMS.assign(q2=np.nan), None, "'q2' have no answer"),
        (ITEMS.assign(q2=None), None, "'q2' have no answer"),
        (ITEMS[["q1"]], None, "hold 1 item"),
        (ITEMS[:1], None, "hold 1 person"),
        (ITEMS[:0], None, "hold 0 person"),
        (ITEMS[[]], None, "hold 0 item"),
        (pd.concat([ITEMS, ITEMS[["q1"]]], axis=1), None, "'q1' occur more than once"),
    ],
)
def test_bad_items_are_refused(frame: pd.DataFrame, items: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _checks.as_items(frame, items=items)


def test_a_scale_needs_scores() -> None:
    with pytest.raises(OptionError, match="a DataFrame"):
        _checks.as_items(ITEMS, scale="trust")


def test_a_cluster_may_be_labels() -> None:
    block = _checks.as_grouped(ITEMS, cluster=pd.Series([2, 1, 2, 1], name="site"))
    assert (block.cluster_name, block.labels) == ("site", (1, 2))
    assert _checks.as_grouped(ITEMS, cluster=["x", "y", "x", "y"]).cluster_name == "cluster"


def test_labels_of_mixed_types_are_ordered_somehow() -> None:
    block = _checks.as_grouped(ITEMS, cluster=np.array(["x", 1, "x", 1], dtype=object))
    assert set(block.labels) == {"x", 1}


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (None, "No cluster was given"),
        ("taem", r"'taem' is not in the data.*Did you mean 'team'"),
        (["x", "y"], "2 labels, but the data have 4 rows"),
    ],
)
def test_bad_clusters_are_refused(cluster: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _checks.as_grouped(ANSWERS, cluster=cluster, items=["q1", "q2"])


def test_an_analysis_of_one_scale_asks_which() -> None:
    assert _checks.one_scale(ITEMS, scale=None) is None
    assert _checks.one_scale(FakeScores("first"), scale=None) == "first"
    assert _checks.one_scale(FakeScores("first", "second"), scale="second") == "second"
    assert _checks.one_scale(FakeScores("first", "second"), scale=None, items=["q1"]) is None
    with pytest.raises(DataError, match=r"2 scales.*'first', 'second'"):
        _checks.one_scale(FakeScores("first", "second"), scale=None)


@pytest.mark.parametrize("value", ["Listwise", 1, None, True, ["listwise"]])
def test_an_unknown_option_lists_the_known(value: Any) -> None:
    with pytest.raises(OptionError, match="Allowed: 'listwise', 'pairwise'"):
        _checks.check_option("missing", value, ("listwise", "pairwise"))


@pytest.mark.parametrize("value", [0, 1, -0.1, 95, "0.95", True, None, np.nan])
def test_a_level_lies_between_0_and_1(value: Any) -> None:
    with pytest.raises(OptionError, match="strictly between 0 and 1"):
        _checks.check_level("conf_level", value)


@pytest.mark.parametrize("value", [0, 1.5, "3", True, None])
def test_a_count_is_a_whole_number(value: Any) -> None:
    with pytest.raises(OptionError, match="whole number of at least 1"):
        _checks.check_count("n_boot", value)


def test_a_source_of_random_numbers_is_checked() -> None:
    seeded = _checks.as_rng(3).random()
    assert seeded == _checks.as_rng(np.random.default_rng(3)).random()
    with pytest.raises(OptionError, match="seed"):
        _checks.as_rng("three")


def test_too_few_complete_rows_name_the_worst_items() -> None:
    frame = pd.DataFrame({"q1": [1, 2, 3, 4], "q2": [np.nan, np.nan, np.nan, 1]})
    with pytest.raises(DataError, match=r"Only 1 of 4.*'q2'"):
        _checks.listwise(_checks.as_items(frame))


def test_a_constant_item_is_named() -> None:
    frame = pd.DataFrame({"q1": [1, 2, 3, 4], "q2": [3, 3, 3, np.nan]})
    with pytest.raises(DataError, match="'q2' are constant"):
        _checks.listwise(_checks.as_items(frame))
    kept, dropped = _checks.listwise(_checks.as_items(frame), constant=True)
    assert (kept.shape, dropped) == ((3, 2), 1)


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_values_whose_variance_no_float_holds_are_refused(size: float) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1 * size, 2 * size, 4 * size]})
    with pytest.raises(DataError, match=r"Item 'b' has values up to 4e[+-]200"):
        _checks.as_items(frame)


def test_large_and_small_units_are_no_obstacle() -> None:
    frame = pd.DataFrame({"a": [1e12, 2e12, 3e12], "b": [1e-12, np.nan, 4e-12], "c": [0, 0, 0]})
    assert _checks.as_items(frame).values.shape == (3, 3)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(OptionError, match="whole number from 0"):
        _checks.as_rng(-1)


def test_codes_that_a_missing_one_made_floats_are_written_whole() -> None:
    teams = [1.0, 1.0, 2.0, 2.5, np.nan, 2.0]
    frame = pd.DataFrame({"q1": [1, 2, 3, 4, 5, 3], "q2": [2, 2, 3, 5, 4, 1], "team": teams})
    assert [str(label) for label in _checks.as_grouped(frame, cluster="team").labels] == [
        "1", "2", "2.5",
    ]  # fmt: skip
