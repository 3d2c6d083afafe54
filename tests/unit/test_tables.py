from __future__ import annotations

import math
import re
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.agreement import aggregate, group_icc, rwg_j
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.exploratory import bartlett_sphericity, efa, kmo, parallel_analysis
from trustmeasure.instruments import build_instrument, load_instrument
from trustmeasure.quality import missingness
from trustmeasure.reliability import (
    cronbach_alpha,
    glb,
    item_analysis,
    mcdonald_omega,
    reliability_table,
    split_half,
)
from trustmeasure.scoring import Scores, score
from trustmeasure.tables import (
    Table,
    adequacy_table,
    item_table,
    reliability_overview,
    table,
)
from trustmeasure.tables import numbers as apa
from trustmeasure.tables.model import Column, Row, italic, rich, row
from trustmeasure.tables.people import scale_range

DATA = Path(__file__).parent.parent / "data"
EVIL = '<script>alert("x")</script> a|b & 50% $5 _x_ #1 {y} ~ ^ \\z'


@pytest.fixture(scope="module")
def spi() -> Scores:
    return score(pd.read_csv(DATA / "spi_trust.csv"), "spi-trust")


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def teams() -> Scores:
    """Two scales, nine teams, the last three of them with fewer than five members."""
    instrument = build_instrument(
        id="made-up",
        title={"en": "Made up"},
        response_sets=[{"id": "agree", "min": 1, "max": 5}],
        items=[{"id": f"i{j}", "text": {"en": f"Text {j}"}} for j in range(6)],
        scales=[
            {"id": "first", "title": {"en": "First scale"}, "items": ["i0", "i1", "i2"]},
            {"id": "second", "items": ["i3", "i4", "i5"]},
        ],
    )
    rng = np.random.default_rng(2)
    sizes = [9, 8, 8, 7, 7, 6, 4, 3, 2]
    level = np.repeat(rng.normal(scale=0.7, size=9), sizes)
    values = np.clip(
        np.round(3 + level[:, None] + rng.normal(scale=0.6, size=(len(level), 6))), 1, 5
    )
    values[rng.random(values.shape) < 0.03] = np.nan
    frame = pd.DataFrame(values, columns=[f"i{j}" for j in range(6)])
    frame["team"] = np.repeat([f"Team {letter}" for letter in "ABCDEFGHI"], sizes)
    return score(frame, instrument, cluster="team")


def parsed(made: Table) -> ET.Element:
    """Read the HTML as XML, which it must be for a page to survive it."""
    return ET.fromstring(made.to_html(css=False))


# -- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (apa.number(3.456), "3.46"),
        (apa.number(-3.456), "−3.46"),
        (apa.number(-0.001), "0.00"),
        (apa.number(0.5), "0.50"),
        (apa.number(12345.678), "12,345.68"),
        (apa.number(math.inf), "∞"),
        (apa.number(math.nan), "—"),
        (apa.number(None), "—"),
        (apa.bounded(0.871), ".87"),
        (apa.bounded(-0.2), "−.20"),
        (apa.bounded(-0.001), ".00"),
        (apa.bounded(1.0), "1.00"),
        (apa.bounded(0.999), "1.00"),
        (apa.bounded(-1.0), "−1.00"),
        (apa.bounded(10.05), "10.05"),
        (apa.count(4000), "4,000"),
        (apa.count(pd.NA), "—"),
        (apa.p_value(0.0009), "< .001"),
        (apa.p_value(0.001), ".001"),
        (apa.p_value(0.0345), ".035"),
        (apa.p_value(1.0), "1.000"),
        (apa.p_statement(0.0001), " < .001"),
        (apa.p_statement(0.5), " = .500"),
        (apa.percent(0.125, 1), "12.5%"),
        (apa.interval(0.86, 0.882), "[.86, .88]"),
        (apa.interval(-0.1, 3.5, unit=False), "[−0.10, 3.50]"),
        (apa.interval(math.nan, 1), "—"),
        (apa.level(0.95), "95%"),
        (apa.level(0.999), "99.9%"),
    ],
)
def test_numbers_are_written_as_apa_asks(made: str, expected: str) -> None:
    assert made == expected


# -- contents -------------------------------------------------------------------------------------


def test_alpha_table_shows_the_items_and_says_what_alpha_amounts_to(spi: Scores) -> None:
    result = cronbach_alpha(spi)
    made = table(result)
    assert list(made.frame.columns) == ["Item", "n", "M", "SD", "r item–rest", "α if deleted"]
    assert made.frame["M"].tolist() == [f"{m:.2f}" for m in result.items["mean"]]
    assert made.frame["n"].tolist() == ["4,000"] * 5
    assert "Cronbach’s α = .87, 95% CI [.87, .88] (Feldt), n = 4,000" in made.note
    assert "meets the criterion ≥ .70 (COSMIN; Prinsen et al., 2018)" in made.note
    assert "is good (≥ .80; PAPERS; Lewis et al., 2021)" in made.note
    assert any("10.1007/s11136-018-1798-3" in reference for reference in made.references)


def test_alpha_table_marks_what_falls_short(spi: Scores) -> None:
    own = {"item_rest": {"criterion": {"least": 0.70, "source": "Our protocol"}}}
    result = cronbach_alpha(spi)
    made = table(result, thresholds=own)
    strong = [line.cells[-2].strong for line in made.rows]
    assert strong == (result.items["r_drop"] < 0.70).tolist()
    assert "bold below .70 (Our protocol)" in made.note


def test_a_value_that_rounds_over_a_cut_off_gets_a_third_place() -> None:
    own = {"alpha": {"criterion": {"least": 0.70, "source": "x"}}}
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)) + np.arange(40)[:, None])
    close = replace(cronbach_alpha(frame), estimate=0.698)
    assert "α = .698 does not meet the criterion ≥ .70" in table(close, thresholds=own).note


def test_item_texts_and_reversal_come_from_the_instrument(spi: Scores) -> None:
    texts = {name: f"Wording of {name}" for name in spi.instrument.item_ids}
    worded = spi.instrument.with_text(texts)
    made = table(cronbach_alpha(spi), instrument=worded, include_text=True)
    assert made.frame["Wording"].iloc[0] == "Wording of q_1855"
    assert "Wording" not in table(cronbach_alpha(spi), instrument=worded).frame, "not asked for"
    assert made.frame["Item"].iloc[-1] == "q_871 (R)"
    assert "(R) = reverse-keyed" in made.note
    assert "Trust" in made.title
    assert "Wording" not in table(cronbach_alpha(spi), instrument=worded, labels=False).frame
    assert table(cronbach_alpha(spi), labels={"q_377": "Mine"}).frame["Wording"].iloc[2] == "Mine"


def test_omega_table_holds_both_metrics(spi: Scores) -> None:
    result = mcdonald_omega(spi)
    frame = table(result).frame
    assert frame["Standardised λ"].tolist() == [
        apa.bounded(value) for value in result.loadings["std_loading"]
    ]
    assert "McDonald’s ω = .87" in table(result).note
    assert "χ²(5)" in table(result).note


def test_item_table_groups_scales(teams: Scores) -> None:
    frame = item_analysis(teams)
    made = table(frame, instrument=teams.instrument)
    assert [line.group for line in made.rows if line.group] == ["First scale", "second"]
    assert made.frame["Wording"].iloc[0] == "Text 0"
    assert len(made.frame) == len(frame)
    assert len(table(frame, scale="second").frame) == 3
    assert item_table(frame).frame.shape == table(frame).frame.shape
    with pytest.raises(DataError, match="item_analysis"):
        item_table(frame[["mean"]])


def test_overview_has_a_row_a_scale(teams: Scores) -> None:
    alphas = {name: cronbach_alpha(teams, scale=name) for name in teams.scale_ids}
    omega = mcdonald_omega(teams, scale="first")
    made = reliability_overview(
        {"first": (alphas["first"], omega), "second": alphas["second"]},
        instrument=teams.instrument,
    )
    assert made.frame["Scale"].tolist() == ["First scale", "second"]
    assert made.frame["ω"].tolist() == [apa.bounded(omega.omega_total), "—"]
    assert "ω" not in reliability_overview(alphas).frame
    with pytest.raises(DataError, match="cronbach_alpha"):
        reliability_overview({"first": omega})


def test_adequacy_tables(bfi: pd.DataFrame) -> None:
    sampling, test = kmo(bfi), bartlett_sphericity(bfi)
    made = table(sampling)
    assert made.frame.iloc[-1].tolist() == ["All items", ".85", "meritorious"]
    assert len(made.frame) == 26
    both = adequacy_table(sampling, test)
    assert "χ²(300) = 18,146.07, p < .001" in both.note
    assert table(test).frame.iloc[0].tolist() == [
        "Sphericity", "2,436", "18,146.07", "300", "< .001",
    ]  # fmt: skip


def test_parallel_table_marks_what_is_retained(bfi: pd.DataFrame) -> None:
    result = parallel_analysis(bfi, n_iter=40, rng=1)
    made = table(result)
    assert sum(line.cells[1].strong for line in made.rows) == result.n_factors
    assert sum(line.cells[3].strong for line in made.rows) == result.n_components
    assert len(made.frame) == 25


def test_loadings_table_sorts_marks_and_sums_up(bfi: pd.DataFrame) -> None:
    result = efa(bfi, n_factors=5)
    made = table(result, cut=0.4)
    items = made.frame["Item"].tolist()[:25]
    assert sorted(items) == sorted(result.loadings.index)
    for line in made.rows[:25]:
        values = result.loadings.loc[line.cells[0].text]
        assert [cell.strong for cell in line.cells[1:6]] == (values.abs() >= 0.4).tolist()
        assert [cell.muted for cell in line.cells[1:6]] == (values.abs() < 0.4).tolist()
    labels = made.frame["Item"].tolist()[25:]
    assert labels == ["Sum of squares", "Share of variance", "F1", "F2", "F3", "F4", "F5"]
    assert made.frame.iloc[28, 1] == apa.bounded(result.phi.loc["F2", "F1"])
    assert f"RMSEA = {apa.bounded(result.rmsea, 3)}" in made.note
    blank = table(result, cut=0.4, below_cut="blank", sort=False)
    assert blank.frame["Item"].tolist()[:25] == list(result.loadings.index)
    assert "" in blank.frame["Loadings F1"].tolist()
    assert "smaller ones are left out" in blank.note


def test_orthogonal_factors_have_no_correlations_to_show(bfi: pd.DataFrame) -> None:
    made = table(efa(bfi, n_factors=3, rotation="varimax"))
    assert not any(line.group for line in made.rows)
    assert table(efa(bfi.iloc[:, :5], n_factors=1)).title == "Loadings of 1 Factor"


def test_scores_table_gives_the_possible_range(teams: Scores) -> None:
    made = table(teams)
    assert made.frame["Range"].tolist() == ["1–5", "1–5"]
    assert made.frame["M"].tolist() == [f"{m:.2f}" for m in teams.describe()["mean"]]
    raw = teams.keyed.assign(team=teams.data["team"])
    assert scale_range(score(raw, teams.instrument, method="sum"), "first") == (3, 15)
    assert scale_range(score(raw, teams.instrument, method="pomp"), "first") == (0, 100)


def test_missing_table_summarises_scales_or_lists_items(teams: Scores) -> None:
    result = missingness(teams)
    assert table(result, instrument=teams.instrument).frame["Scale"].tolist() == [
        "First scale",
        "second",
    ]
    one = table(result, scale="second")
    assert one.frame["Skipped"].tolist() == [str(n) for n in result.items.loc["second", "skipped"]]
    assert "% skipped" in one.frame


def test_icc_and_agreement_tables(teams: Scores) -> None:
    icc = group_icc(teams, scale="first")
    made = table(icc, instrument=teams.instrument)
    assert made.frame["Estimate"].tolist() == [apa.bounded(icc.icc1), apa.bounded(icc.icc2)]
    assert "LeBreton & Senter, 2008" in made.note
    assert "First scale" in made.title
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agreed = rwg_j(teams, scale="first")
    hidden = aggregate(teams).suppressed
    frame = table(agreed, hide=hidden).frame.set_index("Team")
    assert len(hidden) == 3
    assert (frame.loc[list(hidden), "Agreement"] == "not shown").all()
    assert (frame.loc[list(hidden), ["n", "rWG(J)"]] == "—").all(axis=None)
    assert frame.loc["Median", "rWG(J)"] == apa.bounded(agreed.median)


def test_team_table_never_prints_what_is_suppressed(teams: Scores) -> None:
    result = aggregate(teams)
    made = table(result, instrument=teams.instrument)
    for line in made.rows:
        if line.cells and line.cells[0].text in result.suppressed:
            assert [cell.text for cell in line.cells[1:]] == ["—", "—", "—", "not shown"]
    means = teams.data.groupby("team")[["first", "second"]].mean()
    one = table(result, scale="first").frame.set_index("Team")
    for team in means.index:
        shown = one.loc[team, "M"]
        assert shown == ("—" if team in result.suppressed else f"{means.loc[team, 'first']:.2f}")
    assert "fewer than 5 answers" in made.note
    assert table(result, hide=["Team A"]).frame.set_index("Team").loc["Team A", "M"].eq("—").all()


def test_a_withheld_total_is_not_printed() -> None:
    frame = pd.DataFrame({"team": ["A"] * 6 + ["B"] * 2, "safety": [4.0, 5, 4, 3, 4, 4, 1, 2]})
    result = aggregate(frame, cluster="team", scales=["safety"])
    assert bool(result.overall["withheld"].iloc[0])
    last = table(result).frame.iloc[-1].tolist()
    assert last == ["All together", "—", "—", "—", "not shown"]
    assert f"{frame['safety'].iloc[6:].mean():.2f}" not in table(result).to_html()


# -- writing --------------------------------------------------------------------------------------


def all_tables(spi: Scores, bfi: pd.DataFrame, teams: Scores) -> list[Table]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results: list[Any] = [
            cronbach_alpha(spi), mcdonald_omega(spi), item_analysis(teams), kmo(bfi),
            bartlett_sphericity(bfi), parallel_analysis(bfi, n_iter=20, rng=1),
            efa(bfi, n_factors=3), teams, missingness(teams), aggregate(teams),
            group_icc(teams, scale="first"), rwg_j(teams, scale="first"),
        ]  # fmt: skip
    return [table(result) for result in results]


def test_every_table_can_be_written_every_way(
    spi: Scores, bfi: pd.DataFrame, teams: Scores
) -> None:
    for made in all_tables(spi, bfi, teams):
        assert made.title
        assert made.note
        root = parsed(made.numbered(3))
        assert "Table 3" in "".join(root.find(".//caption").itertext())  # type: ignore[union-attr]
        heads = root.findall(".//thead/tr")[-1]
        body = [line for line in root.findall(".//tbody/tr") if line.get("class") != "tm-group"]
        assert all(len(line) == len(heads) == made.frame.shape[1] for line in body)
        assert len(body) == len(made.frame)
        lines = [line for line in made.to_markdown().splitlines() if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(heads) + 1}
        latex = made.to_latex()
        assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
        assert r"\toprule" in latex
        assert made._repr_html_().startswith("<style>")
        assert str(made) == made.to_markdown()


def test_what_users_bring_is_escaped_everywhere() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, 1)) + rng.normal(size=(40, 3))
    frame = pd.DataFrame(base, columns=[EVIL, "b", "c"])
    made = table(cronbach_alpha(frame), title=EVIL, labels={EVIL: EVIL})
    html = made.to_html(css=False)
    assert "<script" not in html
    texts = ["".join(cell.itertext()) for cell in parsed(made).findall(".//tbody/tr[1]/*")]
    assert texts[:2] == [EVIL, EVIL]
    markdown = made.to_markdown()
    assert "<script" not in markdown.replace(r"\<script", "")
    assert r"a\|b" in markdown
    latex = made.to_latex()
    assert r"50\% \$5 \_x\_ \#1 \{y\}" in latex
    assert r"\textbackslash{}z" in latex
    assert not re.search(r"(?<!\\)[&%$#_](?=b| 5|5|x|1)", latex.split(r"\midrule")[1].split("&")[0])


def test_hostile_groups_and_links_are_escaped_too() -> None:
    made = Table(
        title="t",
        columns=(Column(rich("a"), "left"), Column(italic("b"))),
        rows=(Row(group=EVIL), row("[x](http://y)", "[.1, .2]")),
    )
    assert "<script" not in made.to_html()
    assert unescape(made.to_html()).count(EVIL) == 1
    assert r"\[x\](http://y)" in made.to_markdown()
    assert "| [.1, .2] |" in made.to_markdown()
    assert "{[x](http://y)} & {[.1, .2]}" in made.to_latex()


def test_headings_repeat_only_with_a_number() -> None:
    made = Table(title="t", columns=(Column(rich("CI")), Column(rich("CI"))), rows=(row("1", "2"),))
    assert list(made.frame.columns) == ["CI", "CI (2)"]


def test_all_coefficients_stand_with_their_intervals(bfi: pd.DataFrame) -> None:
    scales = {letter: [f"{letter}{i}" for i in range(1, 6)] for letter in "NE"}
    with warnings.catch_warnings():  # of items that are still to be reversed
        warnings.simplefilter("ignore", DataWarning)
        few = reliability_table(bfi, scales=scales, n_boot=50, rng=1)
        bare = reliability_table(bfi, scales=scales, n_boot=0)
        names = {f"{name}{i}": scales["N"] for i in range(3) for name in "ab"}
        many = reliability_table(bfi, scales=names, n_boot=0)
    made = table(few).frame.set_index("Statistic")
    assert list(made.columns) == ["N", "E*"]
    row = few.table.loc["N"]
    low, high = row["lambda2_ci_low"], row["lambda2_ci_high"]
    assert made.loc["λ2", "N"] == apa.bounded(row["lambda2"]) + " " + apa.interval(low, high)
    assert made.loc["SEM", "N"].startswith("0.")
    assert "ω of a general factor" not in made.index
    assert table(bare).frame.set_index("Statistic").loc["λ2", "N"] == apa.bounded(row["lambda2"])
    below = table(many)
    assert [line.group for line in below.rows if line.group] == list(names)
    assert list(below.frame.columns) == ["Statistic", "Estimate"]
    assert "[.8" in below.frame.set_index("Statistic").loc["α", "Estimate"].iloc[0]


def test_bounds_and_halves_show_their_limits(bfi: pd.DataFrame) -> None:
    items = [f"N{i}" for i in range(1, 6)]
    bound, halves = glb(bfi, items=items, n_boot=50, rng=1), split_half(bfi, items=items, ci=None)
    assert f"95% CI {apa.interval(bound.ci_low, bound.ci_high)}" in table(bound).note
    assert "95% CI" not in table(glb(bfi, items=items, ci=None)).note
    assert list(table(halves).frame.columns) == ["Split", "r", "First half", "Second half"]
    with_limits = split_half(bfi, items=items, n_boot=50, rng=1)
    assert with_limits.intervals is not None
    limits = with_limits.intervals.loc["mean", ["ci_low", "ci_high"]]
    assert table(with_limits).frame["95% CI"].iloc[-1] == apa.interval(*limits)


# -- the door -------------------------------------------------------------------------------------


def test_what_has_no_table_is_refused_with_what_has(spi: Scores) -> None:
    with pytest.raises(OptionError, match=r"no table for a str.*cronbach_alpha.*group_icc"):
        table("alpha")
    with pytest.raises(OptionError, match="no table for a DataFrame"):
        table(pd.DataFrame({"a": [1]}))
    with pytest.raises(OptionError, match="'apa'"):
        table(spi, style="mla")
    with pytest.raises(OptionError, match="'blank'"):
        table(spi, below_cut="hide")
    with pytest.raises(OptionError, match="scale= does not apply"):
        table(cronbach_alpha(spi), scale="trust")
    with pytest.raises(OptionError, match="Did you mean 'trust'"):
        table(missingness(spi), scale="trusst")
    with pytest.raises(OptionError, match="labels="):
        table(cronbach_alpha(spi), labels="texts")


def test_structures_without_wording_show_ids_alone() -> None:
    instrument = load_instrument("spi-trust")
    answers = pd.read_csv(DATA / "spi_trust.csv").head(50)
    made = table(cronbach_alpha(score(answers, instrument)), instrument=instrument)
    assert "Wording" not in made.frame
