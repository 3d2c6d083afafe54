"""Mediation and moderation: resampling, regions, refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.least_squares import full_rank
from trustmeasure.kernels.resampling import resample_counts
from trustmeasure.theory import mediation, moderation


def people(n: int = 150, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 1, n)
    m1 = 0.5 * x + rng.normal(size=n)
    m2 = 0.3 * x + 0.4 * m1 + rng.normal(size=n)
    y = 0.2 * x + 0.4 * m1 + 0.3 * m2 + rng.normal(size=n)
    z = rng.normal(size=n)
    return pd.DataFrame({"x": x, "m1": m1, "m2": m2, "y": y, "z": z, "team": np.arange(n) % 15})


def slope(frame: pd.DataFrame, outcome: str, predictors: list[str], wanted: str) -> float:
    design = np.column_stack([np.ones(len(frame)), frame[predictors]])
    return float(
        np.linalg.lstsq(design, frame[outcome], rcond=None)[0][1 + predictors.index(wanted)]
    )


def indirect(frame: pd.DataFrame) -> float:
    return slope(frame, "m1", ["x"], "x") * slope(frame, "y", ["x", "m1"], "m1")


def drawn(n: int, n_boot: int) -> np.ndarray:
    return np.concatenate(list(resample_counts(n, n_boot, np.random.default_rng(7))))


def test_percentile_limits_are_those_of_refitted_samples() -> None:
    data = people()
    refitted = [
        indirect(data.loc[np.repeat(data.index, counts.astype(int))]) for counts in drawn(150, 200)
    ]
    found = mediation(data, "x", "m1", "y", n_boot=200, rng=7).effects.loc["indirect"]
    assert found[["ci_low", "ci_high"]].tolist() == pytest.approx(
        np.quantile(refitted, [0.025, 0.975]), rel=1e-8
    )
    assert found["se"] == pytest.approx(np.std(refitted, ddof=1), rel=1e-8)


def test_teams_are_resampled_whole() -> None:
    data = people()
    teams = [data[data["team"] == team] for team in range(15)]
    refitted = [
        indirect(pd.concat([teams[i] for i in np.repeat(np.arange(15), counts.astype(int))]))
        for counts in drawn(15, 150)
    ]
    found = mediation(data, "x", "m1", "y", cluster="team", n_boot=150, rng=7)
    assert found.effects.loc["indirect", "ci_low"] == pytest.approx(
        np.quantile(refitted, 0.025), rel=1e-8
    )


def test_corrected_limits_use_the_skewness_of_left_out_estimates() -> None:
    from trustmeasure.kernels.bootstrap_intervals import bca_limits

    data = people(60)
    refitted = np.array(
        [[indirect(data.loc[np.repeat(data.index, c.astype(int))])] for c in drawn(60, 300)]
    )
    without = np.array([[indirect(data.drop(index=i))] for i in data.index])
    expected = bca_limits(np.array([indirect(data)]), refitted, without, 0.95)
    found = mediation(data, "x", "m1", "y", ci="bca", n_boot=300, rng=7).effects.loc["indirect"]
    assert found["ci_low"] == pytest.approx(expected.low[0], rel=1e-8)
    assert found["ci_high"] == pytest.approx(expected.high[0], rel=1e-8)


def test_series_give_every_way_and_parallels_only_single_ones() -> None:
    data = people()
    serial = mediation(data, "x", ["m1", "m2"], "y", order="serial", ci="delta")
    assert list(serial.effects.index) == [
        "total", "direct", "indirect", "x → m1 → y", "x → m2 → y", "x → m1 → m2 → y",
    ]  # fmt: skip
    parallel = mediation(data, "x", ["m1", "m2"], "y", ci="delta")
    assert "x → m1 → m2 → y" not in parallel.effects.index
    for found in (serial, parallel):
        est = found.effects["est"]
        assert est["total"] == pytest.approx(slope(data, "y", ["x"], "x"), rel=1e-10)
        assert est["indirect"] == pytest.approx(est.iloc[3:].sum(), rel=1e-10)
    assert serial.effects.loc["direct", "est"] == pytest.approx(
        parallel.effects.loc["direct", "est"], rel=1e-10
    )
    json.dumps(serial.to_dict())


def test_a_known_effect_is_recovered() -> None:
    found = mediation(people(20000), "x", ["m1", "m2"], "y", order="serial", n_boot=200, rng=1)
    expected = {"direct": 0.2, "x → m1 → y": 0.2, "x → m2 → y": 0.09, "x → m1 → m2 → y": 0.06}
    for name, value in expected.items():
        row = found.effects.loc[name]
        assert row["est"] == pytest.approx(value, abs=0.03)
        assert row["se"] == pytest.approx(row["se_delta"], rel=0.3)  # 200 replicates


def test_persons_with_gaps_are_left_out_and_counted() -> None:
    data = people()
    data.loc[:9, "m1"] = np.nan
    found = mediation(data, "x", "m1", "y", ci="delta")
    assert (found.n, found.n_dropped) == (140, 10)
    assert "10 of 150" in found.warnings[0]
    whole = mediation(data.iloc[10:], "x", "m1", "y", ci="delta")
    pd.testing.assert_frame_equal(found.effects, whole.effects)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"m": []}, OptionError, "at least one mediator"),
        ({"m": "x"}, OptionError, "two parts"),
        ({"m": "m3"}, DataError, "not in the data"),
        ({"m": "m1", "order": "series"}, OptionError, "'serial'"),
        ({"m": "m1", "ci": "sobel"}, OptionError, "'delta'"),
        ({"m": "m1", "cluster": "class"}, DataError, "cluster="),
        ({"m": "copy"}, DataError, "determine each other"),
        ({"m": "flat"}, DataError, "constant"),
    ],
)
def test_what_cannot_be_done_is_refused(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    data = people().assign(flat=1.0)
    data["copy"] = 2 * data["x"] + 1
    with pytest.raises(error, match=words):
        mediation(data, "x", y="y", **arguments)  # type: ignore[arg-type]


def test_regions_begin_where_the_slope_is_just_significant() -> None:
    data = people(300)
    data["y"] += 0.4 * (data["x"] - 3) * data["z"]
    found = moderation(data, "y", "x", "z", covariates="m1")
    cuts = found.regions["low"].iloc[1:]
    assert len(cuts) >= 1
    at_cuts = moderation(data, "y", "x", "z", covariates="m1", probe=list(cuts))
    assert at_cuts.simple_slopes["pvalue"].tolist() == pytest.approx([0.05] * len(cuts), rel=1e-8)
    assert found.regions["share"].sum() == pytest.approx(1)
    assert found.regions["low"].iloc[0] == data["z"].min()
    assert list(found.simple_slopes.index) == pytest.approx(
        list(data["z"].mean() + data["z"].std() * np.array([-1, 0, 1]))
    )


def test_centring_moves_no_slope() -> None:
    data = people(200)
    a = moderation(data, "y", "x", "z")
    b = moderation(data, "y", "x", "z", center=False)
    pd.testing.assert_frame_equal(a.simple_slopes, b.simple_slopes)
    pd.testing.assert_frame_equal(a.regions, b.regions)
    assert a.interaction == pytest.approx(b.interaction)
    assert a.coefficients.loc["x", "est"] != pytest.approx(b.coefficients.loc["x", "est"])


def test_a_moderator_of_two_values_is_probed_at_both() -> None:
    data = people(200)
    data["z"] = (data["z"] > 0).astype(float)
    found = moderation(data, "y", "x", "z")
    assert list(found.simple_slopes.index) == [0.0, 1.0]
    for value in (0.0, 1.0):
        assert found.simple_slopes.loc[value, "est"] == pytest.approx(
            slope(data[data["z"] == value], "y", ["x"], "x"), rel=1e-9
        )


@pytest.mark.parametrize("options", [{}, {"errors": "HC3"}, {"cluster": "team"}])
def test_the_interaction_adds_what_is_lost_without_it(options: dict[str, str]) -> None:
    data = people(150)
    found = moderation(data, "y", "x", "z", **options)  # type: ignore[arg-type]
    x, z, y = (data[name].to_numpy() for name in ("x", "z", "y"))
    reduced = np.column_stack([np.ones(len(y)), x, z])
    left = y - reduced @ np.linalg.lstsq(reduced, y, rcond=None)[0]
    share = 1 - (left @ left) / ((y - y.mean()) ** 2).sum()
    assert found.delta_r2 == pytest.approx(found.r2 - share, rel=1e-9)


@pytest.mark.parametrize(("apart", "told"), [(1e-3, True), (1e-7, True), (1e-11, False)])
def test_a_column_follows_from_others_up_to_rounding(apart: float, told: bool) -> None:
    a, b, noise = np.random.default_rng(5).normal(size=(3, 200))
    design = np.column_stack([np.ones(200), 1e6 * a, 1e-6 * b, a + b + apart * noise])
    assert full_rank(design) is told
    assert not full_rank(design[:3])


def test_bootstrap_limits_of_slopes_are_near_those_of_t() -> None:
    data = people(500)
    classical = moderation(data, "y", "x", "z", cluster="team")
    for kind in ("percentile", "bca"):
        found = moderation(data, "y", "x", "z", ci=kind, n_boot=2000, rng=1)
        plain = moderation(data, "y", "x", "z", errors="HC3")
        width = plain.simple_slopes["ci_high"] - plain.simple_slopes["ci_low"]
        assert (
            (found.simple_slopes["ci_low"] - plain.simple_slopes["ci_low"]).abs() < 0.15 * width
        ).all()
    assert classical.settings["errors"] == "cluster"
    json.dumps(classical.to_dict())


def test_a_product_that_says_nothing_new_is_refused() -> None:
    data = people(50)
    data["z"] = (data["x"] > 3).astype(float)
    data["x"] = data["z"] + 1.0
    with pytest.raises(DataError, match="determine each other"):
        moderation(data, "y", "x", "z")
    data["z"] = np.where(data["x"] > 1.5, 0.0, np.arange(50) % 2)
    with pytest.raises(DataError, match="cannot be told"):
        moderation(data, "y", "x", "z")
    with pytest.raises(OptionError, match="list of numbers"):
        moderation(people(), "y", "x", "z", probe=[np.nan])
