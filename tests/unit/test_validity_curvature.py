from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels.least_squares import least_squares
from trustmeasure.kernels.smoothing import cubic_spline
from trustmeasure.kernels.turning_points import fieller_limits
from trustmeasure.validity import curvilinear


def inverse_u(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trust, size = rng.uniform(1, 5, size=n), rng.normal(size=n)
    team = rng.integers(0, 30, size=n)
    shared = rng.normal(size=30)[team]
    performance = 10 - (trust - 3.5) ** 2 + 0.5 * size + 0.3 * shared + rng.normal(size=n)
    return pd.DataFrame({"trust": trust, "y": performance, "size": size, "team": team})


def test_a_turn_is_found_where_it_is() -> None:
    found = curvilinear("y", "trust", data=inverse_u(), covariates="size")
    assert found.shape == "inverse U"
    assert found.turning_low < 3.5 < found.turning_high
    assert found.turns_inside
    assert found.u_pvalue < 0.001
    assert found.lines_turn
    assert found.flat_low <= found.breakpoint <= found.flat_high
    below, above = found.lines["slope"]
    assert below > 0 > above


def test_what_levels_off_does_not_turn() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0.2, 10, size=800)
    found = curvilinear(np.log(x) + rng.normal(size=800) * 0.4, x)
    assert found.coefficients.loc["x²", "pvalue"] < 0.001, "yet the quadratic term is significant"
    assert not found.lines_turn


def test_false_alarms_stay_at_their_rate() -> None:
    rng = np.random.default_rng(9)
    turned = 0
    for _ in range(200):
        x = rng.normal(size=80)
        turned += curvilinear(x + rng.normal(size=80), x).lines_turn
    assert turned / 200 <= 0.03


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(10)
    hits = 0
    for _ in range(300):
        x = rng.uniform(1, 5, size=120)
        found = curvilinear(-((x - 3) ** 2) + rng.normal(size=120), x)
        hits += found.turning_low <= 3 <= found.turning_high
    assert 0.92 <= hits / 300 <= 0.98


def test_moving_and_stretching_x_moves_and_stretches_the_turn() -> None:
    frame = inverse_u()
    plain = curvilinear("y", "trust", data=frame)
    moved = curvilinear(frame["y"], 1000 + 10 * frame["trust"])
    for name in ("turning_point", "turning_low", "turning_high", "breakpoint"):
        assert getattr(moved, name) == pytest.approx(1000 + 10 * getattr(plain, name), rel=1e-9)
    assert moved.u_pvalue == pytest.approx(plain.u_pvalue, rel=1e-6)
    assert moved.r2 == pytest.approx(plain.r2)
    turned = curvilinear(-frame["y"], frame["trust"])
    assert turned.shape == "U"
    assert turned.u_pvalue == pytest.approx(plain.u_pvalue)


def test_the_interval_may_have_no_bounds() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=60)
    found = curvilinear(x + rng.normal(size=60), x)
    assert np.isinf([found.turning_low, found.turning_high]).all()
    assert any("no bounds" in note for note in found.warnings)
    assert found.to_dict()["turning_low"] is None


def test_fieller_limits_are_where_the_slope_is_just_not_significant() -> None:
    from scipy.special import stdtrit

    covariance = np.array([[0.04, -0.006], [-0.006, 0.002]])
    low, high = fieller_limits(1.5, -0.25, covariance, 40, 0.95)
    for x in (low, high):
        slope = 1.5 - 0.5 * x
        se = np.sqrt(covariance[0, 0] + 4 * x * covariance[0, 1] + 4 * x * x * covariance[1, 1])
        assert abs(slope / se) == pytest.approx(float(stdtrit(40, 0.975)))


def test_teams_widen_errors_where_their_members_share_much() -> None:
    rng = np.random.default_rng(5)
    team = np.repeat(np.arange(40), 10)
    x = rng.normal(size=40)[team] + 0.1 * rng.normal(size=400)
    y = x - x**2 + rng.normal(size=40)[team] + 0.2 * rng.normal(size=400)
    apart, nested = curvilinear(y, x), curvilinear(y, x, cluster=team)
    assert (nested.coefficients["se"] > 1.5 * apart.coefficients["se"]).all()
    assert nested.settings["errors"] == "cluster"
    assert nested.settings["n_clusters"] == 40
    few = curvilinear(y, x, cluster=team // 8)
    assert any("only 5 clusters" in note for note in few.warnings)


def test_clusters_of_one_person_are_hc1() -> None:
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    y = rng.normal(size=30)
    single = least_squares(X, y, cluster=np.arange(30))
    hc1 = least_squares(X, y, errors="HC1")
    # n/(n−1) · (n−1)/(n−k) = n/(n−k)
    np.testing.assert_allclose(single.covariance, hc1.covariance)


def test_splines_go_through_their_knots_and_leave_lines_alone() -> None:
    x = np.random.default_rng(1).uniform(size=50)
    spline = cubic_spline(x, 6)
    np.testing.assert_allclose(spline.basis(spline.knots), np.eye(6), atol=1e-12)
    line = 2 + 3 * spline.knots
    np.testing.assert_allclose(spline.basis(x) @ line, 2 + 3 * x)
    assert abs(line @ spline.penalty @ line) < 1e-10


def test_persons_with_missing_values_are_counted_not_shown() -> None:
    frame = inverse_u()
    frame.loc[3, "trust"] = np.nan
    frame.loc[[4, 5], "team"] = np.nan
    found = curvilinear("y", "trust", data=frame, cluster="team")
    assert (found.n, found.n_dropped) == (297, 3)
    clean = curvilinear("y", "trust", data=frame.dropna(), cluster="team")
    pd.testing.assert_frame_equal(found.coefficients, clean.coefficients)
    assert len(found.points) == 297
    plain = json.loads(json.dumps(found.to_dict()))
    assert "points" not in plain
    assert plain["settings"]["cluster"] == "team"


def test_an_answer_scale_may_leave_no_room_for_a_break() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat([1.0, 3.0, 4.0, 5.0], [4, 4, 4, 50])
    with pytest.warns(DataWarning, match="too few different values"):
        found = curvilinear(rng.normal(size=62), x)
    assert np.isnan(found.breakpoint)
    assert not found.lines_turn


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": "y", "x": "trust"}, OptionError, "data="),
        ({"y": 2 * np.arange(30.0), "x": np.arange(30.0)}, DataError, "straight line"),
        ({"y": [1.0, 2.0], "x": [1.0, 2.0, 3.0]}, OptionError, "differ in length"),
        ({"y": "y", "x": "trst", "data": inverse_u()}, DataError, "Did you mean 'trust'"),
        ({"y": "y", "x": "trust", "data": inverse_u(6)}, DataError, "at least 8"),
        ({"y": "y", "x": "trust", "data": inverse_u().assign(trust=1)}, DataError, "1 different"),
        (
            {"y": "y", "x": "trust", "data": inverse_u(), "covariates": ["trust"]},
            DataError,
            "follow from",
        ),
        (
            {"y": "y", "x": "trust", "data": inverse_u(), "covariates": ["sise"]},
            DataError,
            "Did you mean 'size'",
        ),
        ({"y": "y", "x": "trust", "data": inverse_u(), "errors": "HC9"}, OptionError, "'HC3'"),
        ({"y": "y", "x": "trust", "data": inverse_u(), "x_range": (5, 1)}, OptionError, "rise"),
        ({"y": "y", "x": "trust", "data": inverse_u(), "x_range": 5}, OptionError, "two numbers"),
        (
            {"y": "y", "x": "trust", "data": inverse_u(), "cluster": ["a"] * 300},
            DataError,
            "one cluster",
        ),
    ],
)
def test_what_cannot_turn_is_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        curvilinear(**arguments)
