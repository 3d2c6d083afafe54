"""Tables, figures and words of invariance."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure import plots
from trustmeasure.invariance import AlignmentResult, InvarianceResult

DATA = Path(__file__).parent.parent / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(autouse=True)
def _no_pyplot_figures() -> Iterator[None]:
    with plots.offscreen():
        yield
    assert plt.get_fignums() == []


@pytest.fixture(scope="module")
def schools() -> InvarianceResult:
    hs = pd.read_csv(DATA / "hs1939.csv")
    return tm.measurement_invariance(THREE, hs, group="school")


@pytest.fixture(scope="module")
def sites() -> AlignmentResult:
    rng = np.random.default_rng(3)
    parts = []
    for place, site in enumerate("abcd"):
        trust = 0.3 * place + rng.normal(size=300)
        answers = 3 + 0.8 * trust[:, None] + 0.7 * rng.normal(size=(300, 4))
        parts.append(pd.DataFrame(answers, columns=["t1", "t2", "t3", "t4"]).assign(site=site))
    return tm.alignment("trust =~ t1 + t2 + t3 + t4", pd.concat(parts), group="site", n_starts=3)


def test_the_table_of_levels_says_what_holds_and_by_whose_criteria(
    schools: InvarianceResult,
) -> None:
    table = tm.table(schools)
    frame = table.frame.set_index("Level")
    assert frame.iloc[:, -1].tolist() == ["—", "yes", "no", "yes"]
    assert frame.iloc[2, 0] == "164.10 (60)"
    assert "Chen, 2007" in table.to_markdown()
    assert "**−.038**" in table.to_markdown()
    assert any("10.1080/10705510701301834" in text for text in table.references)


def test_the_users_criteria_decide_in_the_table(schools: InvarianceResult) -> None:
    lax = {
        "delta_cfi": {"criterion": {"least": -0.5, "source": "Nobody, 2026"}},
        "delta_srmr_intercepts": {"criterion": {"most": 0.5, "source": "Nobody, 2026"}},
    }
    frame = tm.table(schools, thresholds=lax).frame
    assert frame.iloc[:, -1].tolist() == ["—", "yes", "yes", "yes"]


def test_tables_of_partial_models_effects_and_alignment(
    schools: InvarianceResult, sites: AlignmentResult
) -> None:
    partial = schools.partial("scalar")
    assert tm.table(partial).frame["Released"].tolist() == ["none", "x3~1", "x7~1"]
    effects = tm.table(partial.effect_size())
    assert "medium" in effects.to_markdown()
    assert "Nye et al., 2019" in effects.to_markdown()
    aligned = tm.table(sites)
    assert aligned.frame["Group"].tolist() == ["d", "c", "b", "a"]
    for table in (tm.table(partial), effects, aligned):
        assert table.to_html()
        assert table.to_latex()


def test_the_ladder_is_drawn_in_units_of_the_criteria(schools: InvarianceResult) -> None:
    axes = tm.plot(schools)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:4] == ["Metric: ΔCFI", "Metric: ΔRMSEA", "Metric: ΔSRMR", "Scalar: ΔCFI"]
    marks = [float(np.asarray(line.get_xdata())[0]) for line in axes.get_lines()
             if line.get_marker() in ("o", "<", ">")]  # fmt: skip
    change = schools.table.loc["scalar", "delta_cfi"]
    assert marks[3] == pytest.approx(change / -0.01)
    assert marks[1] == pytest.approx(schools.table.loc["metric", "delta_rmsea"] / 0.015)
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert bold == ["−.038", ".011"]


def test_parameters_are_drawn_by_group_and_released_ones_named(schools: InvarianceResult) -> None:
    axes = tm.plot(schools, kind="measurement_parameters")
    frame = schools.fits["configural"].estimates
    loadings = frame[(frame["op"] == "=~") & (frame["group"] == "Grant-White")]["est"]
    drawn = np.asarray(axes.get_lines()[1].get_xdata(), dtype=float)
    np.testing.assert_allclose(drawn, loadings)
    assert "have variance 1" in axes.figure.get_supxlabel()  # type: ignore[union-attr]
    axes = tm.plot(schools.partial("scalar"), parameter="intercepts")
    free = [t.get_text() for t in axes.get_yticklabels() if t.get_fontweight() == "bold"]
    assert free == ["x3 – free", "x7 – free"]
    assert len(axes.get_yticklabels()) == 9


def test_aligned_means_are_drawn_highest_first(sites: AlignmentResult) -> None:
    axes = tm.plot(sites)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["d", "c", "b", "a"]


def test_every_figure_is_described_in_words(
    schools: InvarianceResult, sites: AlignmentResult
) -> None:
    assert "scalar does not hold" in plots.describe(schools)
    assert "9 items" in plots.describe(schools, kind="measurement_parameters")
    assert "x3~1, x7~1" in plots.describe(schools.partial("scalar"))
    assert "4 groups" in plots.describe(sites)


def test_figures_refuse_what_they_cannot_draw(
    schools: InvarianceResult, sites: AlignmentResult
) -> None:
    wrong: Any = sites
    with pytest.raises(tm.DataError, match="invariance_ladder draws"):
        plots.invariance_ladder(wrong)
    with pytest.raises(tm.DataError, match="measurement_parameters draws"):
        plots.measurement_parameters(wrong)
    with pytest.raises(tm.OptionError, match="at='weak' is no level"):
        plots.measurement_parameters(schools, at="weak")
    with pytest.raises(tm.OptionError, match="factor='faith'"):
        plots.aligned_means(sites, factor="faith")
    hs = pd.read_csv(DATA / "hs1939.csv")
    form = tm.measurement_invariance(THREE, hs, group="school", levels="configural")
    with pytest.raises(tm.DataError, match="no level that is judged"):
        tm.plot(form)


def test_waves_have_the_same_table_and_figures() -> None:
    data = pd.read_csv(DATA / "political_democracy.csv")
    columns = {f"d{j}": (f"y{j}", f"y{j + 4}") for j in range(1, 5)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.TrustMeasureWarning)
        found = tm.longitudinal_invariance(
            "dem =~ d1 + d2 + d3 + d4", data, columns=columns, wave=(1960, 1965)
        )
    assert "waves: 1960, 1965" in tm.table(found).to_markdown()
    axes = tm.plot(found, kind="measurement_parameters", parameter="intercepts")
    assert [t.get_text() for t in axes.get_yticklabels()] == ["d1", "d2", "d3", "d4"]
    assert "2 waves" in plots.describe(found)
