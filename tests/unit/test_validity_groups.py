from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest

from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import group_differences as kernel
from trustmeasure.kernels.discrimination import area_under_curve
from trustmeasure.scoring import score
from trustmeasure.validity import known_groups

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    group = np.repeat(["a", "b", "c"], [30, 25, 40])
    shift = pd.Series(group).map({"a": 0.0, "b": 0.4, "c": 1.0}).to_numpy()
    return pd.DataFrame(
        {"group": group, "t": rng.normal(size=95) + shift, "u": rng.normal(size=95)}
    )


def test_pingouin_agrees(frame: pd.DataFrame) -> None:
    found = known_groups(frame, by="group")
    theirs = pingouin.welch_anova(data=frame, dv="t", between="group").iloc[0]
    assert found.tests.loc["t", "f"] == pytest.approx(theirs["F"])
    for key, ours in found.contrasts.loc["t"].iterrows():
        first, second = (frame.loc[frame["group"] == g, "t"] for g in key)
        g = pingouin.compute_effsize(second, first, eftype="hedges")
        # pingouin takes Hedges' approximation to the correction.
        assert ours["g"] == pytest.approx(g, rel=1e-3)
        assert ours["superiority"] == pytest.approx(
            pingouin.mwu(second, first)["CLES"].iloc[0], rel=1e-12
        )


def test_limits_are_where_the_observed_t_is_extreme() -> None:
    from scipy.stats import nct

    for t, df in ((0.0, 8), (2.3, 18), (-4.0, 200), (30.0, 500)):
        low, high = kernel.noncentral_t_limits(t, df, 0.95)
        assert nct.sf(t, df, low) == pytest.approx(0.025, rel=1e-6)
        assert nct.cdf(t, df, high) == pytest.approx(0.025, rel=1e-6)


def test_limits_of_f_stop_at_zero() -> None:
    assert kernel.noncentral_f_limits(0.2, 2, 50, 0.95) == (0.0, pytest.approx(3.4, abs=1.5))
    assert kernel.noncentral_f_limits(0.01, 2, 50, 0.95) == (0.0, 0.0)


def test_the_interval_of_g_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(400):
        first, second = rng.normal(size=12), rng.normal(0.8, size=18)
        found = kernel.pair_difference(first, second, 0.95)
        # The limits are those of d; the correction moves them a little.
        hits += found.g_low <= 0.8 <= found.g_high
    assert 0.92 <= hits / 400 <= 0.98


def test_the_area_is_the_share_of_pairs() -> None:
    rng = np.random.default_rng(2)
    high, low = rng.integers(1, 6, 30).astype(float), rng.integers(0, 5, 20).astype(float)
    pairs = (high[:, None] > low).mean() + (high[:, None] == low).mean() / 2
    found = area_under_curve(high, low)
    assert found.area == pytest.approx(pairs)
    assert area_under_curve(low, high).area == pytest.approx(1 - pairs)
    assert area_under_curve(low, high).se == pytest.approx(found.se)


def test_expected_orders_turn_the_contrasts_and_are_counted(frame: pd.DataFrame) -> None:
    plain = known_groups(frame, by="group", scales="t").contrasts
    turned = known_groups(frame, by="group", scales=["t"], expected=["c", "b", "a"])
    assert turned.share_as_expected == 0
    assert turned.contrasts.loc[("t", "c", "a"), "g"] == pytest.approx(
        -plain.loc[("t", "a", "c"), "g"]
    )
    assert turned.contrasts.loc[("t", "c", "a"), "g_low"] == pytest.approx(
        -plain.loc[("t", "a", "c"), "g_high"]
    )
    assert "as_expected" not in plain
    assert json.loads(json.dumps(turned.to_dict()))["share_as_expected"] == 0.0


def test_who_is_left_out_is_said(frame: pd.DataFrame) -> None:
    frame.loc[0, "group"] = None
    frame.loc[[3, 4], "t"] = np.nan
    lonely = pd.DataFrame({"group": ["d"], "t": [1.0], "u": [2.0]})
    found = known_groups(pd.concat([frame, lonely]), by="group", expected=["a", "d", "c"])
    assert found.n == 95
    assert found.n_dropped == 1
    assert found.tests.loc["t", "n"] == 29 - 2 + 40
    assert found.groups.loc[("t", "d"), "n"] == 1
    assert any("no 'group'" in message for message in found.warnings)
    assert any("t: 2 person(s)" in message for message in found.warnings)


def test_any_container_and_labels_apart(frame: pd.DataFrame) -> None:
    import polars as pl

    ours = known_groups(frame, by="group").contrasts
    theirs = known_groups(pl.from_pandas(frame), by="group").contrasts
    pd.testing.assert_frame_equal(ours, theirs)
    apart = known_groups(frame[["t", "u"]], by=frame["group"].to_list()).contrasts
    pd.testing.assert_frame_equal(ours, apart)


def test_scores_bring_their_scales() -> None:
    raw = pd.read_csv(DATA / "spi_trust.csv").dropna(subset=["education"])
    found = known_groups(score(raw, "spi-trust"), by="education")
    assert list(found.tests.index) == list(score(raw, "spi-trust").scale_ids)
    assert 0 < found.tests["omega2"].iloc[0] < 0.2


def test_groups_without_variance_have_no_test() -> None:
    frame = pd.DataFrame({"g": [1, 1, 1, 2, 2, 2], "s": [3.0, 3, 3, 3, 3, 3]})
    found = known_groups(frame, by="g")
    assert np.isnan(found.tests.loc["s", "pvalue"])
    assert np.isnan(found.contrasts["g"].iloc[0])
    assert found.contrasts["superiority"].iloc[0] == 0.5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"by": "grp"}, DataError, "Did you mean 'group'"),
        ({"by": [1, 2]}, DataError, "holds 2 values"),
        ({"by": "group", "expected": ["a", "z"]}, OptionError, "names 'z'"),
        ({"by": "group", "expected": ["a"]}, OptionError, "at least two"),
        ({"by": "group", "scales": ["v"]}, DataError, "do not hold"),
        ({"by": "group", "trim": 0.5}, OptionError, "below 0.5"),
        ({"by": ["x"] * 95}, DataError, "Fewer than two groups"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    frame: pd.DataFrame, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        known_groups(frame, **options)
