"""What must hold of validity whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.properties.strategies import FRAME_KINDS, SEEDS, answers, frame_kinds
from trustmeasure.kernels.group_differences import holm, noncentral_t_limits, pair_difference
from trustmeasure.validity import curvilinear, disattenuate, htmt, known_groups, mtmm

pytestmark = pytest.mark.filterwarnings("ignore::trustmeasure.errors.DataWarning")


def _scales(data: pd.DataFrame) -> dict[str, list[str]]:
    names = list(data.columns)
    half = len(names) // 2
    return {"first": names[:half], "second": names[half:]}


@given(data=answers(min_items=4), method=st.sampled_from(["htmt", "htmt2"]), seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_order_and_names_of_items_do_not_matter(data: pd.DataFrame, method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scales = _scales(data)
    shuffled = data.iloc[rng.permutation(len(data)), rng.permutation(data.shape[1])]
    turned = {name: list(reversed(items)) for name, items in reversed(scales.items())}
    ours = htmt(data, scales, method=method, ci=None)
    theirs = htmt(shuffled, turned, method=method, ci=None)
    assert_frame_equal(ours.to_frame(), theirs.to_frame().loc[ours.index, ours.columns], rtol=1e-9)


@given(data=answers(min_items=4), missing=st.sampled_from(["listwise", "pairwise"]))
@settings(max_examples=20, deadline=None)
def test_units_do_not_matter_to_ratios_and_their_intervals(
    data: pd.DataFrame, missing: str
) -> None:
    options: dict[str, Any] = {"missing": missing, "n_boot": 30, "rng": 1}
    scales = _scales(data)
    ours = htmt(data, scales, **options).pairs
    theirs = htmt(data * 3 + 100, scales, **options).pairs
    assert_frame_equal(ours, theirs, rtol=1e-6, atol=1e-9)


@given(data=answers(min_items=4))
@settings(max_examples=15, deadline=None)
def test_listwise_ratios_are_those_of_data_deleted_before(data: pd.DataFrame) -> None:
    ours = htmt(data, _scales(data), n_boot=30, rng=1)
    theirs = htmt(data.dropna(), _scales(data), n_boot=30, rng=1)
    assert_frame_equal(ours.pairs, theirs.pairs)
    assert ours.n == theirs.n


@given(data=answers(min_items=4), kind=frame_kinds())
@settings(max_examples=15, deadline=None)
def test_every_kind_of_frame_gives_the_same(data: pd.DataFrame, kind: str) -> None:
    other = FRAME_KINDS[kind](data)
    assert_frame_equal(
        htmt(data, _scales(data), ci=None).to_frame(),
        htmt(other, _scales(data), ci=None).to_frame(),
    )
    names = list(data.columns)
    measures = {(t, m): names[2 * i + j] for i, t in enumerate("ab") for j, m in enumerate("xy")}
    assert_frame_equal(mtmm(data, measures).matrix, mtmm(other, measures).matrix)


@given(seed=SEEDS, n1=st.integers(2, 40), n2=st.integers(2, 40), shift=st.floats(-3, 3))
@settings(max_examples=60, deadline=None)
def test_contrasts_turn_with_their_groups(seed: int, n1: int, n2: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=n1), rng.normal(shift, 2, size=n2)
    there, back = pair_difference(first, second, 0.9), pair_difference(second, first, 0.9)
    assert back.g == pytest.approx(-there.g)
    assert back.g_low == pytest.approx(-there.g_high, abs=1e-7)
    assert back.pvalue == pytest.approx(there.pvalue)
    assert there.low <= there.difference <= there.high
    moved = pair_difference(5 * first + 3, 5 * second + 3, 0.9)
    assert moved.g == pytest.approx(there.g)
    assert moved.difference == pytest.approx(5 * there.difference)


@given(t=st.floats(-30, 30), df=st.integers(2, 500), level=st.floats(0.5, 0.99))
@settings(max_examples=80, deadline=None)
def test_noncentral_limits_invert_the_distribution(t: float, df: int, level: float) -> None:
    from scipy.special import nctdtr

    low, high = noncentral_t_limits(t, df, level)
    assert low < high
    assert nctdtr(df, low, t) == pytest.approx((1 + level) / 2, abs=1e-7)
    assert nctdtr(df, high, t) == pytest.approx((1 - level) / 2, abs=1e-7)


@given(p=st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=1, max_size=12))
def test_adjusted_probabilities_keep_their_order(p: list[float]) -> None:
    raw = np.array(p)
    adjusted = holm(raw)
    known = ~np.isnan(raw)
    assert (np.isnan(adjusted) == ~known).all()
    assert (adjusted[known] >= raw[known]).all()
    assert (adjusted[known] <= 1).all()
    order = np.argsort(raw[known], kind="stable")
    assert (np.diff(adjusted[known][order]) >= 0).all()


@given(seed=SEEDS, k=st.integers(2, 4))
@settings(max_examples=25, deadline=None)
def test_labels_of_groups_do_not_matter(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.tile(np.arange(k), 8)
    frame = pd.DataFrame({"s": rng.normal(size=len(group)) + group, "g": group})
    named = frame.assign(g=[f"group {chr(97 + g)}" for g in group])
    ours, theirs = known_groups(frame, by="g"), known_groups(named, by="g")
    assert_frame_equal(ours.tests, theirs.tests)
    np.testing.assert_allclose(ours.contrasts, theirs.contrasts)


@given(r=st.floats(-0.9, 0.9), x=st.floats(0.3, 1), y=st.floats(0.3, 1), n=st.integers(5, 1000))
def test_correction_undoes_attenuation(r: float, x: float, y: float, n: int) -> None:
    observed = r * np.sqrt(x * y)
    found = disattenuate(float(observed), reliability_x=x, reliability_y=y, n=n)
    assert found.estimate == pytest.approx(r)
    assert found.ci_low <= found.estimate <= found.ci_high


@given(seed=SEEDS, move=st.floats(-100, 100), stretch=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_units_of_x_move_the_turn_along(seed: int, move: float, stretch: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 5, size=60)
    y = -((x - 3) ** 2) + rng.normal(size=60)
    ours, theirs = curvilinear(y, x), curvilinear(y, move + stretch * x)
    assert theirs.turning_point == pytest.approx(move + stretch * ours.turning_point, rel=1e-6)
    assert theirs.u_pvalue == pytest.approx(ours.u_pvalue, rel=1e-4, abs=1e-12)
    assert theirs.shape == ours.shape
    assert theirs.r2 == pytest.approx(ours.r2)
