"""What must hold of the criteria for the number of factors whatever the data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.strategies import FRAME_KINDS, SEEDS, answers, frame_kinds
from trustmeasure.exploratory import map_test, n_factors, parallel_analysis
from trustmeasure.exploratory.criteria import CRITERIA
from trustmeasure.kernels.retention import hull

CLOSED = ("map", "map_revised", "ekc", "kaiser", "acceleration", "optimal_coordinates")
MODELS = ("chisq", "aic", "bic")
QUICK: dict[str, Any] = {"n_iter": 20, "n_samples": 50, "rng": 1}


def _count(data: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        # Small samples may hold Heywood cases and contradictory pairs; neither matters here.
        warnings.simplefilter("ignore")
        return n_factors(data, **{**QUICK, **options})


@settings(deadline=None, max_examples=25)
@given(answers(min_persons=40, min_items=4))
def test_listwise_is_deletion_beforehand(data: pd.DataFrame) -> None:
    one, other = _count(data), _count(data.dropna())
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.eigenvalues, other.eigenvalues)
    pd.testing.assert_frame_equal(one.curves, other.curves)
    assert one.n + one.n_dropped == len(data)


@settings(deadline=None, max_examples=25)
@given(answers(min_persons=40, min_items=4), SEEDS, st.sampled_from(["pearson", "spearman"]))
def test_neither_order_nor_units_matter(data: pd.DataFrame, seed: int, correlation: str) -> None:
    order = np.random.default_rng(seed).permutation(data.columns)
    mixed = data[list(order)] * 3.5 + 2.0
    asked = [*CLOSED, *MODELS]
    one = _count(data, criteria=asked, correlation=correlation)
    other = _count(mixed, criteria=asked, correlation=correlation)
    for name in ("components", "ekc_reference", "acceleration", "optimal_coordinates"):
        np.testing.assert_allclose(one.eigenvalues[name], other.eigenvalues[name], atol=1e-8)
    np.testing.assert_allclose(one.curves["map"], other.curves["map"], rtol=1e-6)
    np.testing.assert_allclose(one.curves["chisq"].iloc[0], other.curves["chisq"].iloc[0])


@settings(deadline=None, max_examples=30)
@given(answers(min_persons=30), st.sampled_from(["listwise", "pairwise"]))
def test_suggestions_are_possible(data: pd.DataFrame, missing: str) -> None:
    result = _count(data, missing=missing)
    p = data.shape[1]
    said = result.table["n_factors"].dropna()
    assert said.between(0, p).all()
    assert (result.table["n_factors"].notna() | (result.table["note"] != "")).all()
    found = result.consensus
    if len(said):
        assert (found.low, found.high) == (said.min(), said.max())
        assert set(found.candidates) <= set(said)
        assert set(found.modes) <= set(found.candidates)
        families = {CRITERIA[str(name)].family for name in said.index}
        np.testing.assert_allclose(found.groups["votes"].sum(), len(families))
        assert found.groups["n_criteria"].sum() == len(said)
    assert (result.eigenvalues["ekc_reference"] >= 1).all()
    assert result.curves["map"].dropna().between(0, 1 + 1e-9).all()
    assert (result.curves["map_revised"].dropna() <= result.curves["map"].dropna() + 1e-9).all()


@settings(deadline=None, max_examples=20)
@given(answers(min_persons=30), SEEDS)
def test_the_same_seed_gives_the_same(data: pd.DataFrame, seed: int) -> None:
    one, other = _count(data, rng=seed), _count(data, rng=seed)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.curves, other.curves)
    for reference in ("normal", "permutation"):
        first, second = (
            parallel_analysis(data, n_iter=20, reference=reference, rng=seed) for _ in range(2)
        )
        pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())


@settings(deadline=None, max_examples=20)
@given(answers(min_persons=30), frame_kinds())
def test_every_frame_gives_the_same(data: pd.DataFrame, kind: str) -> None:
    one, other = map_test(data), map_test(FRAME_KINDS[kind](data))
    pd.testing.assert_series_equal(one.values, other.values)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=9),
    st.lists(st.integers(1, 9), min_size=9, max_size=9),
)
def test_a_hull_rises_ever_more_slowly(fit: list[float], steps: list[int]) -> None:
    values = np.array(fit)
    df = -np.cumsum(steps[: len(fit)]).astype(float)
    found = hull(values, df)
    kept = np.flatnonzero(found.on_hull)
    assert kept[0] == 0
    rise = np.diff(values[kept]) / -np.diff(df[kept])
    assert (rise > 0).all()
    assert (np.diff(rise) < 1e-12).all()
    # Nothing that was left out lies above the hull.
    on_line = np.interp(-df, -df[kept], values[kept])
    assert (values <= on_line + 1e-9).all()
    inside = ~np.isnan(found.strength)
    assert set(np.flatnonzero(inside)) == set(kept[1:-1])
    if inside.any():
        assert found.n_factors == np.nanargmax(found.strength)
