from __future__ import annotations

import pickle

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import trustmeasure as tm
from trustmeasure.responses import Responses
from trustmeasure.scoring import score, score_frame

ITEMS = ["a1", "a2", "a3", "b1", "b2"]


def instrument(**changes):
    fields = {
        "id": "two-scales",
        "response_sets": [{"id": "agree7", "min": 1, "max": 7}],
        "items": [
            {"id": "a1"},
            {"id": "a2", "reverse": True},
            {"id": "a3"},
            {"id": "b1", "reverse": True},
            {"id": "b2"},
        ],
        "scales": [
            {"id": "alpha", "items": ["a1", "a2", "a3"]},
            {"id": "beta", "items": ["b1", "b2"], "min_valid": 2},
        ],
    }
    return tm.build_instrument(**{**fields, **changes})


def answers() -> pd.DataFrame:
    return pd.DataFrame(
        [
            [1, 2, 3, 4, 5],
            [7, 1, 7, 1, 7],
            [7, np.nan, 6, 1, np.nan],
            [np.nan, np.nan, 6, np.nan, np.nan],
            [np.nan] * 5,
        ],
        columns=ITEMS,
    )


def test_means_reverse_by_id_and_respect_the_least_number_of_answers() -> None:
    scores = score(answers(), instrument())
    np.testing.assert_allclose(
        scores.data["alpha"], [(1 + 6 + 3) / 3, 7, 6.5, np.nan, np.nan], rtol=1e-15
    )
    np.testing.assert_allclose(scores.data["beta"], [4.5, 7, np.nan, np.nan, np.nan])
    assert scores.n_valid["alpha"].tolist() == [3, 3, 2, 1, 0]


def test_the_order_of_columns_does_not_matter() -> None:
    shuffled = answers()[["b2", "a3", "a2", "b1", "a1"]]
    pd.testing.assert_frame_equal(
        score(shuffled, instrument()).data, score(answers(), instrument()).data
    )


def test_sum_is_prorated_and_pomp_runs_from_0_to_100() -> None:
    sums = score(answers(), instrument(), method="sum").data["alpha"]
    np.testing.assert_allclose(sums, [10, 21, 19.5, np.nan, np.nan])
    pomp = score(answers(), instrument(), method="pomp").data["alpha"]
    np.testing.assert_allclose(pomp[:3], [(10 / 3 - 1) / 6 * 100, 100, 5.5 / 6 * 100])


def test_proration_too_few_and_unanswered_are_counted() -> None:
    scores = score(answers(), instrument())
    assert scores.prorated.to_dict() == {"alpha": 1, "beta": 0}
    assert scores.too_few.to_dict() == {"alpha": 1, "beta": 1}
    assert scores.unanswered.to_dict() == {"alpha": 1, "beta": 2}
    assert len(scores.warnings) == 5


@pytest.mark.parametrize(
    ("min_valid", "scored"), [(1, 4), (2, 3), (3, 2), (0.5, 3), (0.34, 3), (0.33, 4), (1.0, 2)]
)
def test_min_valid_is_a_count_or_a_share(min_valid: float, scored: int) -> None:
    one_scale = instrument(scales=[{"id": "alpha", "items": ["a1", "a2", "a3"]}])
    result = score(answers(), one_scale, min_valid=min_valid)
    assert result.data["alpha"].notna().sum() == scored


@pytest.mark.parametrize("min_valid", [0, 4, -1, 0.0, 1.5, True, "half"])
def test_an_impossible_min_valid_is_refused(min_valid: object) -> None:
    with pytest.raises(tm.OptionError, match="min_valid"):
        score(answers(), instrument(), min_valid=min_valid)


def test_reversing_twice_is_the_identity() -> None:
    once = score(answers(), instrument()).keyed
    again = score(once, instrument()).keyed
    pd.testing.assert_frame_equal(again, answers(), check_dtype=False)


def test_score_maps_serve_items_that_are_not_monotone() -> None:
    peaked = instrument(
        response_sets=[{"id": "often", "min": 1, "max": 5}],
        items=[
            {"id": "a1", "score_map": {1: 1, 2: 3, 3: 5, 4: 3, 5: 1}},
            {"id": "a2"},
        ],
        scales=[{"id": "s", "items": ["a1", "a2"]}],
    )
    data = pd.DataFrame({"a1": [1, 2, 3, 4, 5], "a2": [3, 3, 3, 3, 3]})
    assert score(data, peaked).data["s"].tolist() == [2, 3, 4, 3, 2]
    assert score_frame(pl.from_pandas(data), peaked)["s"].to_list() == [2, 3, 4, 3, 2]
    pomp = score(data, peaked, method="pomp").data["s"]
    np.testing.assert_allclose(pomp, score_frame(pl.from_pandas(data), peaked, method="pomp")["s"])


def test_mixed_ranges_are_scored_as_pomp_only() -> None:
    mixed = instrument(
        response_sets=[{"id": "five", "min": 1, "max": 5}, {"id": "ten", "min": 0, "max": 10}],
        items=[
            {"id": "a1", "response_set": "five"},
            {"id": "a2", "response_set": "ten", "reverse": True},
        ],
        scales=[{"id": "s", "items": ["a1", "a2"], "method": "pomp"}],
    )
    data = pd.DataFrame({"a1": [5, 3], "a2": [0, np.nan]})
    assert score(data, mixed).data["s"].tolist() == [100, 50]
    assert score_frame(pl.from_pandas(data), mixed)["s"].to_list() == [100, 50]
    with pytest.raises(tm.OptionError, match="different response ranges"):
        score(data, mixed, method="mean")


# -- frames of every kind ---------------------------------------------------------------------


def big() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    data = pd.DataFrame(rng.integers(1, 8, (20_000, 5)).astype(float), columns=ITEMS)
    data = data.mask(rng.random(data.shape) < 0.2)
    data.insert(0, "person", np.arange(len(data)))
    return data


def as_kind(kind: str, data: pd.DataFrame):
    makers = {
        "pandas": lambda: data,
        "pandas nullable": lambda: data.convert_dtypes(),
        "pandas arrow": lambda: data.astype(dict.fromkeys(ITEMS, "double[pyarrow]")),
        "pandas shuffled index": lambda: data.set_axis(range(len(data), 0, -1)),
        "polars": lambda: pl.from_pandas(data),
        "polars nan": lambda: pl.from_pandas(data, nan_to_null=False),
        "polars integers": lambda: pl.from_pandas(data).cast(dict.fromkeys(ITEMS, pl.Int8)),
        "polars lazy": lambda: pl.from_pandas(data).lazy(),
        "pyarrow": lambda: pa.Table.from_pandas(data),
        "duckdb": lambda: duckdb.from_arrow(pa.Table.from_pandas(data)),
        "duckdb decimals": lambda: duckdb.from_arrow(pa.Table.from_pandas(data)).project(
            "person, " + ", ".join(f"cast({c} as decimal(9, 2)) as {c}" for c in ITEMS)
        ),
    }
    return makers[kind]()


def to_pandas(frame) -> pd.DataFrame:
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.to_arrow_table()
    if isinstance(frame, (pl.DataFrame, pa.Table)):
        frame = frame.to_pandas()
    return frame.sort_values("person").reset_index(drop=True)


KINDS = [
    "pandas", "pandas nullable", "pandas arrow", "pandas shuffled index", "polars", "polars nan",
    "polars integers", "polars lazy", "pyarrow", "duckdb", "duckdb decimals",
]  # fmt: skip


@pytest.mark.parametrize("method", ["mean", "sum", "pomp"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_gives_the_same_numbers(kind: str, method: str) -> None:
    data = big()
    expected = score(data, instrument(), method=method)
    native = as_kind(kind, data)
    result = score_frame(native, instrument(), respondent="person", method=method)
    assert type(result) is type(native)
    found = to_pandas(result)
    for scale in ("alpha", "beta"):
        np.testing.assert_allclose(
            found[scale].to_numpy(dtype=float, na_value=np.nan),
            expected.data[scale].to_numpy(),
            rtol=1e-14,
        )
        assert (found[f"{scale}_n_valid"].to_numpy() == expected.n_valid[scale].to_numpy()).all()


@pytest.mark.parametrize("kind", ["polars", "pyarrow", "pandas nullable", "polars lazy", "duckdb"])
def test_score_takes_any_frame(kind: str) -> None:
    data = big()
    native = as_kind(kind, data)
    found = score(native, instrument(), respondent="person").data.sort_values("person")
    expected = score(data, instrument()).data
    np.testing.assert_array_equal(found["alpha"], expected["alpha"])


def test_the_index_and_the_input_stay_as_they_were() -> None:
    data = big().set_axis([f"p{i}" for i in range(20_000)])
    before = data.copy()
    assert score(data, instrument()).data.index.equals(before.index)
    assert score_frame(data, instrument()).index.equals(before.index)
    pd.testing.assert_frame_equal(data, before)


# -- what comes with the scores ----------------------------------------------------------------


def test_context_columns_come_along_in_a_stated_order() -> None:
    data = answers().assign(team="x", age=30, pid=range(5))
    scores = score(data, instrument(), respondent="pid", cluster="team")
    assert list(scores.data.columns) == ["pid", "team", "alpha", "beta", "age"]
    assert scores.cluster == "team"
    alpha_items = scores.__trustmeasure_frame__("alpha")
    assert list(alpha_items.columns) == ["pid", "team", "age", "a1", "a2", "a3"]


def test_responses_bring_their_own_instrument_and_roles() -> None:
    responses = Responses(
        data=answers().assign(team=list("xxyyz")),
        instrument=instrument(),
        column_map={i: i for i in ITEMS},
        cluster="team",
        simulated=True,
    )
    scores = score(responses)
    assert scores.cluster == "team"
    assert scores.simulated
    assert tm.score is score


def test_scores_print_without_showing_a_person_and_travel() -> None:
    scores = score(answers().assign(name="Ada Lovelace"), instrument())
    assert "Ada" not in repr(scores)
    assert "Ada" not in scores._repr_html_()
    again = pickle.loads(pickle.dumps(scores))
    pd.testing.assert_frame_equal(again.data, scores.data)
    assert scores.to_dict()["scores"][0]["beta"] == 4.5
    assert scores.to_dict()["scores"][4]["beta"] is None


def test_missingness_tells_blocks_from_skipped_items() -> None:
    result = tm.missingness(score(answers(), instrument()))
    assert result.scales.loc["alpha"].to_dict() == {
        "n_items": 3, "complete": 2, "partial": 2, "unanswered": 1, "missing_share": 3 / 12,
    }  # fmt: skip
    assert result.items.loc[("alpha", "a2")].to_dict() == {
        "answered": 2, "skipped": 2, "unanswered_block": 1,
    }  # fmt: skip
    assert "not as missing at random" in result.warnings[0]


# -- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scorer", [score, score_frame])
def test_an_out_of_range_code_is_named_with_its_row(scorer) -> None:
    data = answers()
    data.loc[2, "b2"] = -99
    with pytest.raises(tm.DataError, match=r"'b2' has code -99 in row 3; .* allows 1–7"):
        scorer(data, instrument())
    with pytest.raises(tm.DataError, match=r"'b2' has code -99"):
        score_frame(pl.from_pandas(data), instrument())


def test_an_infinite_code_is_out_of_range() -> None:
    with pytest.raises(tm.DataError, match="'a1' has code inf"):
        score(answers().replace({"a1": {1.0: np.inf}}), instrument())


@pytest.mark.parametrize("kind", ["pandas", "polars", "duckdb"])
def test_a_missing_column_suggests_near_ones(kind: str) -> None:
    native = as_kind(kind, big().rename(columns={"a2": "A2"}))
    with pytest.raises(tm.DataError, match=r"'a2'.* are not in the data.*Did you mean 'A2'"):
        score_frame(native, instrument(), respondent="person")


@pytest.mark.parametrize("scorer", [score, score_frame])
def test_text_is_refused_where_codes_are_expected(scorer) -> None:
    data = answers().astype({"a1": object})
    data.loc[0, "a1"] = "Agree"
    with pytest.raises(tm.DataError, match=r"'a1' holds text \(for example 'Agree'\)"):
        scorer(data, instrument())
    with pytest.raises(tm.DataError, match=r"'a1' hold String"):
        score_frame(pl.from_pandas(data.assign(a1="Agree")), instrument())


def test_duplicate_columns_are_refused() -> None:
    data = pd.concat([answers(), answers()[["a1"]]], axis=1)
    for scorer in (score, score_frame):
        with pytest.raises(tm.DataError, match=r"'a1'.* more than once"):
            scorer(data, instrument())


def test_a_lazy_frame_needs_a_respondent() -> None:
    with pytest.raises(tm.DataError, match="respondent= is needed for a lazy frame"):
        score_frame(pl.from_pandas(answers()).lazy(), instrument())


def test_an_unknown_method_lists_those_there_are() -> None:
    with pytest.raises(tm.OptionError, match="'mean', 'sum', 'pomp'"):
        score(answers(), instrument(), method="median")


@pytest.mark.parametrize("role", ["respondent", "cluster", "wave"])
def test_an_unknown_role_column_suggests_near_ones(role: str) -> None:
    with pytest.raises(tm.DataError, match="Did you mean 'teams'"):
        score(answers().assign(teams="x"), instrument(), **{role: "team"})


def test_a_column_called_like_a_scale_is_not_overwritten() -> None:
    with pytest.raises(tm.DataError, match="'alpha'"):
        score(answers().assign(alpha=1), instrument())


def test_something_that_is_no_frame_is_refused() -> None:
    with pytest.raises(tm.DataError, match="expected a"):
        score([1, 2, 3], instrument())
    with pytest.raises(tm.DataError, match="expected a"):
        score_frame([1, 2, 3], instrument())
    with pytest.raises(tm.OptionError, match="instrument= is needed"):
        score(answers())


def test_unconfirmed_keying_is_never_used_silently() -> None:
    structure = tm.load_instrument("mcallister-1995")
    data = pd.DataFrame(4, index=range(3), columns=list(structure.item_ids))
    data["cbt11"] = 1
    with pytest.raises(tm.InstrumentError, match=r"'cbt11'.*confirm_keying"):
        score(data, structure)
    stored = score(data, structure, confirm_keying=True)
    own = score(data, structure, confirm_keying={"cbt11": False})
    assert stored.data["cognition_based_trust"].iloc[0] == 4.5
    assert own.data["cognition_based_trust"].iloc[0] == 3.5
    assert "unverified" in " ".join(stored.warnings)
    assert "unverified" not in " ".join(own.warnings)
    with pytest.raises(tm.InstrumentError, match="no item 'cbt12'"):
        score(data, structure, confirm_keying={"cbt12": False})


def test_confirm_keying_is_true_or_a_key():
    with pytest.raises(tm.OptionError, match="confirm_keying='yes' must be True"):
        score(answers(), instrument(), confirm_keying="yes")
