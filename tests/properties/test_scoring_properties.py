"""What must hold of scoring whatever the answers are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import trustmeasure as tm


@st.composite
def scored_cases(draw: st.DrawFn):
    """Draw an instrument of one scale, and answers to it with holes."""
    low = draw(st.integers(-3, 1))
    high = low + draw(st.integers(1, 10))
    reverse = draw(st.lists(st.booleans(), min_size=1, max_size=6))
    ids = [f"i{j}" for j in range(len(reverse))]
    instrument = tm.build_instrument(
        id="case",
        response_sets=[{"id": "r", "min": low, "max": high}],
        items=[{"id": i, "reverse": r} for i, r in zip(ids, reverse, strict=True)],
        scales=[{"id": "s", "items": ids}],
    )
    shape = (draw(st.integers(1, 12)), len(ids))
    codes = draw(hnp.arrays(np.float64, shape, elements=st.integers(low, high).map(float)))
    holes = draw(hnp.arrays(np.bool_, shape))
    return instrument, pd.DataFrame(np.where(holes, np.nan, codes), columns=ids)


methods = st.sampled_from(["mean", "sum", "pomp"])
shares = st.sampled_from([0.1, 0.5, 1.0])


@given(scored_cases(), methods, shares)
@settings(max_examples=80, deadline=None)
def test_arrays_and_expressions_agree(case, method, min_valid) -> None:
    instrument, data = case
    fast = tm.score_frame(data, instrument, method=method, min_valid=min_valid)
    slow = tm.score_frame(pl.from_pandas(data), instrument, method=method, min_valid=min_valid)
    np.testing.assert_allclose(
        fast["s"], slow["s"].cast(pl.Float64).fill_null(np.nan).to_numpy(), rtol=1e-12, atol=1e-12
    )
    assert fast["s_n_valid"].tolist() == slow["s_n_valid"].to_list()


@given(scored_cases(), methods, shares)
@settings(max_examples=80, deadline=None)
def test_scores_equal_their_definition(case, method, min_valid) -> None:
    instrument, data = case
    low, high = instrument.response_range("i0")
    found = tm.score(data, instrument, method=method, min_valid=min_valid).data["s"]
    for row, score in zip(data.to_numpy(), found, strict=True):
        keyed = [
            low + high - answer if item.reverse else answer
            for item, answer in zip(instrument.items, row, strict=True)
            if not np.isnan(answer)
        ]
        if len(keyed) < max(1, np.ceil(min_valid * data.shape[1] - 1e-9)):
            assert np.isnan(score)
            continue
        mean = sum(keyed) / len(keyed)
        expected = {
            "mean": mean,
            "sum": mean * data.shape[1],
            "pomp": 100 * (mean - low) / (high - low),
        }[method]
        np.testing.assert_allclose(score, expected, rtol=1e-12, atol=1e-12)


@given(scored_cases())
@settings(max_examples=50, deadline=None)
def test_reversing_twice_is_the_identity(case) -> None:
    instrument, data = case
    once = tm.score(data, instrument).keyed
    pd.testing.assert_frame_equal(tm.score(once, instrument).keyed, data)


@given(scored_cases(), st.randoms())
@settings(max_examples=50, deadline=None)
def test_neither_the_order_of_persons_nor_of_columns_matters(case, random) -> None:
    instrument, data = case
    rows, columns = list(range(len(data))), list(data.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = tm.score(data.loc[rows, columns], instrument).data["s"]
    pd.testing.assert_series_equal(shuffled.sort_index(), tm.score(data, instrument).data["s"])
