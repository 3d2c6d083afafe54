"""Figures of factors: shares of method, correlations of latent variables, of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from tests.unit.test_plots import assert_nothing_is_cut
from tests.unit.test_validity_method_factors import MARKER, MODEL, answers
from trustmeasure import plots
from trustmeasure.errors import DataError

DATA = Path(__file__).parent.parent / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def shared() -> Any:
    return tm.method_factor(MODEL, answers(0.7, n=500))


def test_shares_are_bars_that_add_up(shared: Any) -> None:
    with plots.offscreen():
        ax = plots.plot(shared)
        assert_nothing_is_cut(ax.figure)
    widths = np.array([bar.get_width() for bar in ax.patches]).reshape(-1, 3)
    expected = shared.items[["trait", "method", "error"]].to_numpy()
    np.testing.assert_allclose(widths[:-1], expected)
    np.testing.assert_allclose(widths[-1], expected.mean(axis=0))
    assert ax.get_yticklabels()[-1].get_text() == "All items"
    words = plots.describe(shared)
    assert f"({shared.items['method'].idxmax()})" in words


def test_what_lies_below_zero_is_drawn_to_the_left() -> None:
    hs = pd.read_csv(DATA / "hs1939.csv")
    with pytest.warns(match="Heywood"):
        found = tm.method_factor(THREE, hs)
    with plots.offscreen():
        ax = plots.variance_shares(found)
    below = [bar for bar in ax.patches if bar.get_width() < 0]
    assert len(below) == 1
    assert ax.get_xlim()[0] < below[0].get_width()


def test_a_marker_has_the_same_figure() -> None:
    found = tm.marker_factor(MODEL, answers(0.7, n=400), marker=MARKER)
    with plots.offscreen():
        assert len(plots.plot(found).patches) == 3 * 13
    with pytest.raises(DataError, match="method_factor or marker_factor"):
        plots.variance_shares(pd.DataFrame())


def test_latent_correlations_stand_beside_the_cut_off() -> None:
    hs = pd.read_csv(DATA / "hs1939.csv")
    found = tm.discriminant_validity(tm.cfa(THREE, hs), cutoff=0.5)
    with plots.offscreen():
        ax = plots.plot(found)
        assert_nothing_is_cut(ax.figure)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "visual – speed", "visual – textual", "textual – speed",
    ]  # fmt: skip
    assert "Not shown to be below .50: visual with textual, visual with speed" in plots.describe(
        found
    )
    turned = hs.assign(**{f"x{i}": -hs[f"x{i}"] for i in (7, 8, 9)})
    negative = tm.discriminant_validity(tm.cfa(THREE, turned))
    with plots.offscreen():
        assert plots.plot(negative).get_xlim()[0] < -1
    with pytest.raises(DataError, match="discriminant_validity"):
        plots.latent_correlations(found.table)


def test_correlations_of_any_kind_are_drawn_as_they_are() -> None:
    bfi = pd.read_csv(DATA / "bfi.csv")[["N1", "N2", "N3"]]
    found = tm.polychoric(bfi)
    with plots.offscreen():
        ax = plots.plot(found)
        assert len(plots.plot(tm.correlate(bfi)).collections[0].get_array()) == 3
    drawn = np.asarray(ax.collections[0].get_array())
    lower = found.correlation.to_numpy()[np.tril_indices(3, -1)]
    np.testing.assert_allclose(np.sort(drawn), np.sort(lower))
    assert "Heat map of the correlations between 3 items" in plots.describe(found)
