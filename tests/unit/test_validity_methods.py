"""Multitrait–multimethod matrices and checks of common method variance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.validity import harman_single_factor, marker_variable, mtmm

DATA = Path(__file__).parent.parent / "data"


def measured(*, method_strength: float, n: int = 600) -> tuple[pd.DataFrame, dict[Any, Any]]:
    """Three traits by three methods, two items each."""
    rng = np.random.default_rng(2)
    traits, methods = rng.normal(size=(2, n, 3))
    columns, measures = {}, {}
    for t in range(3):
        for m in range(3):
            names = [f"t{t}m{m}{k}" for k in "ab"]
            measures[f"trait {t}", f"method {m}"] = names
            for name in names:
                own = (1 - method_strength) * traits[:, t] + method_strength * methods[:, m]
                columns[name] = own + 0.4 * rng.normal(size=n)
    return pd.DataFrame(columns), measures


def test_traits_win_where_methods_are_weak_and_lose_where_they_are_strong() -> None:
    data, measures = measured(method_strength=0.1)
    clear = mtmm(data, measures)
    assert list(clear.comparisons["n"]) == [9, 36, 36, 36 * 3]
    assert (clear.comparisons["share"].iloc[:3] == 1).all()
    muddled = mtmm(*measured(method_strength=0.8))
    assert muddled.comparisons.loc[3, "share"] < 0.1
    assert muddled.kinds.loc["heterotrait-monomethod", "mean"] > 0.5


def test_both_shapes_and_any_order_give_the_same() -> None:
    data, measures = measured(method_strength=0.3)
    nested: dict[str, dict[str, list[str]]] = {}
    for (trait, method), names in reversed(measures.items()):
        nested.setdefault(trait, {})[method] = names
    first, second = mtmm(data, measures), mtmm(data, nested)
    aligned = second.matrix.loc[first.matrix.index, first.matrix.columns]
    pd.testing.assert_frame_equal(first.matrix, aligned)
    pd.testing.assert_frame_equal(first.comparisons, second.comparisons)
    assert first.concordance == pytest.approx(second.concordance)


def test_the_matrix_may_have_holes() -> None:
    data, measures = measured(method_strength=0.2)
    del measures["trait 2", "method 1"]
    found = mtmm(data, measures, reliability={("trait 0", "method 0"): 0.5})
    assert found.matrix.shape == (8, 8)
    assert found.matrix.loc[("method 0", "trait 0"), ("method 0", "trait 0")] == 0.5
    assert found.kinds.loc["reliability", "n"] == 8
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["matrix"][0]["method 0 trait 0"] == 0.5


@pytest.mark.parametrize(
    ("measures", "error", "message"),
    [
        ({("a", "m"): "x1", ("b", "m"): "x2"}, DataError, r"2 trait\(s\) and 1 method"),
        ({("a", "m"): "x1", ("b", "n"): ["x1", "x2"]}, DataError, "belong to two"),
        ({"a": "x1", "b": "x2"}, OptionError, "expected a pair"),
        (["x1", "x2"], OptionError, "must map"),
        ({("a", "m"): [], ("b", "n"): "x1"}, DataError, "no column"),
    ],
)
def test_measures_of_another_shape_are_refused(
    measures: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        mtmm(pd.DataFrame(np.eye(6), columns=[f"x{i}" for i in range(6)]), measures)


def shared_method(strength: float) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    method, first, second, third = rng.normal(size=(4, 2000))
    return pd.DataFrame(
        {
            "a": first + strength * method,
            "b": second + strength * method,
            "marker": third + strength * method,
        }
    )


def test_a_marker_takes_out_what_the_method_put_in() -> None:
    found = marker_variable(shared_method(0.7), marker="marker")
    pair = found.pairs.loc[("a", "b")]
    assert pair["r"] == pytest.approx(0.33, abs=0.05)
    assert abs(pair["adjusted"]) < 0.06
    assert found.marker_correlations is not None
    assert found.marker_r == pytest.approx(found.marker_correlations.min())


def test_a_correlation_loses_significance_where_it_is_said_to() -> None:
    found = marker_variable(shared_method(0.7), marker="marker")
    edge = found.pairs["loses_at"].iloc[0]
    for shift, significant in ((-1e-6, True), (1e-6, False)):
        again = marker_variable(shared_method(0.7), marker="marker", estimate=edge + shift)
        assert (again.pairs["adjusted_p"].iloc[0] < 0.05) is np.bool_(significant)


def test_sensitivity_takes_out_more_at_higher_levels() -> None:
    found = marker_variable(shared_method(0.5), marker="marker", levels=(0.5, 0.9))
    assert found.sensitivity["marker_r"].is_monotonic_increasing
    assert (found.sensitivity["marker_r"] > found.marker_r).all()
    assert found.sensitivity["adjusted"].is_monotonic_decreasing
    assert marker_variable(shared_method(0.5), marker="marker", levels=()).sensitivity.empty


def test_a_marker_that_relates_to_nothing_takes_out_nothing() -> None:
    frame = shared_method(0.0).assign(marker=lambda f: -f["a"] - f["b"])
    with pytest.warns(DataWarning, match="nothing was taken out"):
        found = marker_variable(frame, marker="marker")
    assert found.marker_r == 0
    np.testing.assert_allclose(found.pairs["adjusted"], found.pairs["r"])


def test_without_a_marker_that_is_said() -> None:
    found = marker_variable(shared_method(0.6))
    assert found.marker_correlations is None
    assert "partial" not in found.pairs
    assert "trait variance" in found.warnings[0]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"marker": "nobody"}, DataError),
        ({"marker": "a", "variables": ["a", "b"]}, DataError),
        ({"variables": ["a"]}, DataError),
        ({"estimate": "largest"}, OptionError),
        ({"estimate": 1.0}, OptionError),
        ({"levels": [1.5]}, OptionError),
    ],
)
def test_markers_that_cannot_be_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        marker_variable(shared_method(0.5), **options)


def test_a_single_factor_never_comes_without_its_caution() -> None:
    bfi = pd.read_csv(DATA / "bfi.csv").iloc[:, :25]
    found = harman_single_factor(bfi)
    assert found.warnings[0].startswith("This proves nothing")
    assert 0 < found.factor_share < found.component_share < 1
    assert found.eigenvalues.sum() == pytest.approx(25)
    assert "This proves nothing" in repr(found)
