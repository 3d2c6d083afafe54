"""Tables and figures of validity: what they say, and that they say no more than the numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.test_plots import assert_nothing_is_cut
from trustmeasure import plots
from trustmeasure.errors import DataError
from trustmeasure.tables import table
from trustmeasure.thresholds import verdict
from trustmeasure.validity import (
    CurvilinearResult,
    criterion_validity,
    curvilinear,
    disattenuate,
    harman_single_factor,
    htmt,
    known_groups,
    marker_variable,
    mtmm,
)

DATA = Path(__file__).parent.parent / "data"
SCALES = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def turning() -> CurvilinearResult:
    rng = np.random.default_rng(1)
    trust = rng.uniform(1, 5, size=200)
    performance = 10 - (trust - 3.5) ** 2 + rng.normal(size=200)
    return curvilinear(pd.Series(performance, name="performance"), pd.Series(trust, name="trust"))


def test_cut_offs_of_ratios_are_those_of_the_literature() -> None:
    words = [verdict("htmt", value).word for value in (0.84, 0.85, 0.89, 0.90)]
    assert words == ["distinct", *["distinct by the liberal criterion only"] * 2, "not distinct"]
    assert verdict("htmt", 0.85).meets is False
    assert verdict("hypotheses", 0.75).meets


def test_ratios_have_verdicts_only_in_their_table(hs: pd.DataFrame) -> None:
    found = htmt(hs, SCALES, n_boot=50, rng=1)
    made = table(found)
    assert made.frame["Scales are"].tolist() == ["distinct"] * 3
    assert "Henseler et al., 2015" in made.note
    assert made.references
    assert "distinct" not in repr(found)
    strict = table(found, thresholds={"htmt": {"criterion": {"below": 0.4, "source": "Ours"}}})
    assert strict.frame["Scales are"].tolist() == ["insufficient", "insufficient", "sufficient"]
    plain = table(htmt(hs, SCALES, method="htmt2", ci=None))
    assert list(plain.frame) == ["Scale", "Other scale", "HTMT2", "Scales are"]


def test_known_groups_count_what_was_expected(hs: pd.DataFrame) -> None:
    found = known_groups(hs, by="school", scales=["x1", "x4"], expected=["Grant-White", "Pasteur"])
    made = table(found)
    assert made.frame["As expected"].tolist() == ["", "", "yes", "", "", "no"]
    assert "does not meet the criterion ≥ .75" in made.note
    silent = table(known_groups(hs, by="school", scales=["x1"]))
    assert "As expected" not in silent.frame
    assert "criterion" not in silent.note


def test_criteria_show_the_columns_that_there_are(hs: pd.DataFrame) -> None:
    short = table(criterion_validity(hs, criterion="x9", scales=["x1"]))
    assert len(short.columns) == 6
    whole = table(
        criterion_validity(
            hs, criterion="school", scales=["x1"], covariates=["ageyr"], reliability=0.8,
            n_boot=20, rng=1,
        )
    )  # fmt: skip
    assert len(whole.columns) == 13
    assert "Covariates: ageyr." in whole.note


def test_the_other_tables_hold_their_numbers(hs: pd.DataFrame) -> None:
    corrected = table(disattenuate(0.4, reliability_x=0.8, reliability_y=0.7, n=100))
    assert corrected.frame["Corrected r"].tolist() == [".53"]
    assert table(disattenuate(0.4, reliability_x=0.8, reliability_y=0.7)).note == ""
    measures = {(t, m): f"{t}{m}" for t in "xy" for m in "12"}
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(50, 4)), columns=["x1", "y1", "x2", "y2"])
    matrix = table(mtmm(frame, measures, reliability={("x", "1"): 0.7}))
    assert matrix.frame.iloc[0, 1] == "(.70)"
    assert matrix.frame.iloc[0, 2] == ""
    marked = table(marker_variable(hs, marker="x3", variables=["x1", "x4", "x9"]))
    assert marked.frame["Adjusted r"].tolist()[2] == ".06"
    assert "2 of 3 significant correlations stay so" in marked.note
    single = table(harman_single_factor(hs[[f"x{i}" for i in range(1, 10)]]))
    assert "proves nothing" in single.note


def test_the_table_of_a_turn_weighs_both_tests(turning: CurvilinearResult) -> None:
    assert "Both tests speak for" in table(turning).note
    assert "levels off" in table(replace(turning, lines_turn=False)).note
    assert "Neither test" in table(replace(turning, lines_turn=False, u_pvalue=0.4)).note
    assert "presumes less" in table(replace(turning, u_pvalue=0.4)).note
    endless = replace(turning, turning_low=-np.inf, turning_high=np.inf, breakpoint=np.nan)
    made = table(endless)
    assert "has no bounds" in made.note
    assert len(made.frame) == len(table(turning).frame) - 2


@pytest.mark.parametrize("kind", ["to_html", "to_markdown", "to_latex"])
def test_tables_leave_in_every_format(turning: CurvilinearResult, kind: str) -> None:
    assert len(getattr(table(turning), kind)()) > 200


def test_the_figure_of_a_turn_shows_curve_lines_and_interval(turning: CurvilinearResult) -> None:
    with plots.offscreen():
        ax = plots.plot(turning)
    lines = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_allclose(lines["quadratic"].get_ydata(), turning.curve["quadratic"])
    assert lines["turning point"].get_xdata()[0] == turning.turning_point
    np.testing.assert_allclose(
        lines["_interval"].get_xdata(), [turning.turning_low, turning.turning_high]
    )
    (x0, x1), (y0, y1) = lines["two lines"].get_data()
    assert x1 == turning.breakpoint
    assert (y1 - y0) / (x1 - x0) == pytest.approx(turning.lines.loc["below", "slope"])
    assert "trust" in ax.get_xlabel()


def test_persons_need_not_be_seen(turning: CurvilinearResult) -> None:
    with plots.offscreen():
        shown, hidden = (plots.turning_point(turning, points=p) for p in (True, False))
    assert len(shown.get_lines()) == len(hidden.get_lines()) + 1
    with pytest.raises(DataError, match="curvilinear"):
        plots.turning_point("text")


def test_an_interval_without_bounds_is_not_drawn(turning: CurvilinearResult) -> None:
    endless = replace(
        turning, turning_low=-np.inf, turning_high=np.inf, breakpoint=np.nan, turning_point=99.0
    )
    with plots.offscreen():
        ax = plots.plot(endless, title="", x_label="Trust", y_label="Performance")
    labels = [line.get_label() for line in ax.get_lines()]
    assert not {"_interval", "two lines", "turning point"} & set(labels)
    assert ax.get_xlabel() == "Trust"


def test_the_figure_of_ratios_draws_estimates_and_cut_offs(hs: pd.DataFrame) -> None:
    found = htmt(hs, SCALES, n_boot=50, rng=1)
    with plots.offscreen():
        ax = plots.plot(found)
        plots.plot(htmt(hs, SCALES, ci=None))
    dots = next(line for line in ax.get_lines() if line.get_marker() == "o")
    expected = sorted(found.pairs["estimate"], reverse=True)
    np.testing.assert_allclose(dots.get_xdata(), expected)
    with pytest.raises(DataError, match="htmt"):
        plots.heterotrait_ratios(pd.DataFrame())


@pytest.mark.parametrize(("change", "words"), [({}, "inverse U"), ({"turns_inside": False}, "out")])
def test_figures_have_words(
    turning: CurvilinearResult, change: dict[str, Any], words: str, hs: pd.DataFrame
) -> None:
    assert words in plots.describe(replace(turning, **change))
    assert "3 pairs of scales" in plots.describe(htmt(hs, SCALES, ci=None))


def test_long_names_are_wrapped_not_cut() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(1, 5, size=60)
    long = "perceived effectiveness of the implementation team in the last quarter of the year"
    found = curvilinear(
        pd.Series(-((x - 3) ** 2) + rng.normal(size=60), name=long),
        pd.Series(x, name=long.replace("perceived effectiveness", "trust")),
        covariates=rng.normal(size=(60, 1)),
    )
    items = rng.normal(size=(100, 1)) + rng.normal(size=(100, 4))
    ratios = htmt(items, {long: ["item1", "item2"], long[::-1]: ["item3", "item4"]}, ci=None)
    for result in (found, ratios):
        with plots.offscreen():
            figure = plots.plot(result).figure
        figure.draw_without_rendering()
        assert_nothing_is_cut(figure)
