"""Reports: complete, self-contained, honest about what failed, and silent about persons."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm

EXPORTS = Path(__file__).parents[1] / "data" / "exports"


def affective_priming() -> tm.Instrument:
    blocks = {
        "elevation": (6, ()),
        "fatigue": (9, (3, 7, 8)),
        "desire_predict": (8, (1, 4, 5)),
    }
    return tm.build_instrument(
        id="affective-priming",
        response_sets=[{"id": "seven", "min": 1, "max": 7}],
        items=[
            {"id": f"{name}_{j}", "reverse": j in turned}
            for name, (k, turned) in blocks.items()
            for j in range(1, k + 1)
        ],
        scales=[
            {"id": name, "items": [f"{name}_{j}" for j in range(1, k + 1)]}
            for name, (k, _) in blocks.items()
        ],
        status="unvalidated",
    )


def pulse(sizes: dict[str | None, int], seed: int = 0) -> pd.DataFrame:
    """Answers to the trust pulse by people in teams of these sizes."""
    rng = np.random.default_rng(seed)
    items = tm.load_instrument("trust-pulse").item_ids
    teams = [team for team, size in sizes.items() for _ in range(size)]
    level = rng.normal(3, 1, (len(teams), 1))
    answers = np.clip(np.round(level + rng.normal(0, 1, (len(teams), 5))), 1, 5)
    return pd.DataFrame(answers, columns=list(items)).assign(
        team=pd.Series(teams, dtype=object), person=[f"person-{i:03}" for i in range(len(teams))]
    )


def team_page(frame: pd.DataFrame, folder: Path, **options) -> str:
    responses = tm.read_responses(
        frame, "trust-pulse", cluster="team", respondent="person", platform="table"
    )
    path = tm.team_report(responses, folder / "team.html", overwrite=True, **options)
    return path.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Collects what a page refers to and how it is built."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.ids: list[str] = []
        self.titles: list[str] = []
        self.figures = self.described = 0
        self._in_heading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "link", "img", "iframe", "object", "video"):
            self.sources.append(tag)
        for name in ("src", "href", "xlink:href"):
            value = values.get(name)
            if value and not value.startswith(("#", "data:")):
                self.sources.append(value)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "svg":
            self.figures += 1
            self.described += bool(values.get("aria-label") or values.get("aria-labelledby"))
        self._in_heading = tag == "h2"

    def handle_data(self, data: str) -> None:
        if self._in_heading and data.strip():
            self.titles.append(data.strip())


@pytest.fixture(scope="module")
def real_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    responses = tm.read_responses(EXPORTS / "affective_priming_response.csv", affective_priming())
    path = tmp_path_factory.mktemp("real") / "report.html"
    return tm.validation_report(responses, path).read_text(encoding="utf-8")


# -- the validation report -----------------------------------------------------------------------


def test_the_real_export_is_reported_with_its_three_alphas(real_page: str) -> None:
    for n, alpha in (("508", ".92"), ("492", ".77"), ("492", ".87")):
        assert re.search(rf"α = {alpha}, 95% CI \[[^\]]+\], n = {n}", real_page)


def test_unanswered_blocks_are_reported_as_such(real_page: str) -> None:
    assert "elevation, 492 of 1,000" in real_page
    assert "fatigue, 508 of 1,000" in real_page
    assert "not missing at random" in real_page


def test_scales_shown_to_different_people_are_factored_apart(real_page: str) -> None:
    titles = Outline(real_page).titles
    assert "Structure: elevation" in titles
    assert "Structure: fatigue, desire_predict" in titles


def test_the_page_is_complete(real_page: str) -> None:
    page = Outline(real_page)
    for title in (
        "In brief", "Method", "Data and missing answers", "Items", "Scores", "Reliability",
        "Warnings", "Settings and versions", "References",
    ):  # fmt: skip
        assert title in page.titles
    assert "Unvalidated item bank" in real_page
    assert "Simulated data" not in real_page
    assert tm.__version__ in real_page
    assert "display order columns left out: 31" in real_page


def test_the_page_needs_nothing_from_elsewhere(real_page: str) -> None:
    page = Outline(real_page)
    assert page.sources == []
    assert "@import" not in real_page
    assert not re.search(r"url\((?!#)", real_page)


def test_every_figure_has_a_text_that_stands_for_it(real_page: str) -> None:
    page = Outline(real_page)
    assert page.figures >= 12
    assert page.described == page.figures


def test_ids_on_a_page_are_unique(real_page: str) -> None:
    ids = Outline(real_page).ids
    assert len(ids) == len(set(ids))


def test_the_same_data_give_the_same_page(tmp_path: Path) -> None:
    responses = tm.read_responses(tm.example_path(), "spi-trust")
    first = tm.validation_report(responses, tmp_path / "1.html").read_text(encoding="utf-8")
    again = tm.validation_report(responses, tmp_path / "2.html").read_text(encoding="utf-8")
    assert first == again


def test_a_chosen_number_of_factors_is_extracted(tmp_path: Path) -> None:
    responses = tm.read_responses(tm.example_path(), "spi-trust")
    path = tm.validation_report(responses, tmp_path / "r.html", n_factors=2)
    assert "Loadings of 2 Factors" in path.read_text(encoding="utf-8")
    with pytest.raises(tm.OptionError, match="n_factors"):
        tm.validation_report(responses, tmp_path / "x.html", n_factors=0)
    assert not (tmp_path / "x.html").exists()


def test_what_cannot_be_computed_is_said_in_its_place(tmp_path: Path) -> None:
    frame = pulse({"a": 80}).assign(tp02=3)
    responses = tm.read_responses(frame, "trust-pulse", respondent="person")
    page = tm.validation_report(responses, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "could not be computed" in page
    assert "tp02" in page
    assert "constant" in page
    assert "Scores" in Outline(page).titles


def test_few_cases_get_no_factors_but_a_reason(tmp_path: Path) -> None:
    responses = tm.read_responses(pulse({"a": 20}), "trust-pulse", respondent="person")
    page = tm.validation_report(responses, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "too few to explore a structure" in page


def test_texts_of_an_instrument_are_escaped(tmp_path: Path) -> None:
    nasty = tm.build_instrument(
        id="nasty",
        title="<script>alert(1)</script>",
        response_sets=[{"id": "r", "min": 1, "max": 5, "labels": {1: "<b>no</b>"}}],
        items=[
            {"id": f"i{j}", "text": f"<img src=x onerror=alert({j})> & $x_{j}$"} for j in (1, 2, 3)
        ],
        scales=[{"id": "s", "title": "<i>S</i>", "items": ["i1", "i2", "i3"]}],
    )
    responses = tm.simulate_responses(nasty, n=90, rng=1)
    page = tm.validation_report(responses, tmp_path / "r.html").read_text(encoding="utf-8")
    assert Outline(page).sources == []
    for harmful in ("<script", "<img", "<b>no", "<i>S</i>"):
        assert harmful not in page


# -- the team report -----------------------------------------------------------------------------

SIZES = {"Alpha": 9, "Beta": 8, "Gamma": 7, "Delta": 3, "Epsilon": 3}


def test_the_team_report_shows_no_person(tmp_path: Path) -> None:
    page = team_page(pulse(SIZES), tmp_path)
    assert "person-0" not in page
    outline = Outline(page)
    assert outline.sources == []
    assert outline.described == outline.figures == 3
    assert "Unvalidated item bank" in page


def test_small_teams_are_named_but_not_shown(tmp_path: Path) -> None:
    page = team_page(pulse(SIZES), tmp_path)
    assert "&#39;Delta&#39;, &#39;Epsilon&#39;" in page
    rows = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*(?:Delta|Epsilon)(?:(?!</tr>).)*</tr>", page, re.S)
    assert rows
    assert not [row for row in rows if re.search(r"\d", re.sub(r"<[^>]*>", "", row))]


@pytest.mark.parametrize(
    "sizes",
    [
        {"Alpha": 12, "Beta": 3},  # the rest of everybody is Beta: the overall result must go
        {"Alpha": 12, "Beta": 9, None: 2},  # two people without a team
    ],
    ids=["one small team", "people without a team"],
)
def test_answers_of_hidden_people_leave_no_trace(sizes, tmp_path: Path) -> None:
    frame = pulse(sizes)
    hidden = ~frame["team"].isin([t for t, n in sizes.items() if t and n >= 5])
    changed = frame.copy()
    items = [c for c in frame if c.startswith("tp")]
    changed.loc[hidden, items] = 6 - frame.loc[hidden, items]
    assert not changed.equals(frame)
    assert team_page(changed, tmp_path) == team_page(frame, tmp_path)


def test_who_of_the_hidden_answered_what_leaves_no_trace(tmp_path: Path) -> None:
    frame = pulse(SIZES)
    items = [c for c in frame if c.startswith("tp")]
    delta, epsilon = frame["team"] == "Delta", frame["team"] == "Epsilon"
    changed = frame.copy()
    changed.loc[delta, items] = frame.loc[epsilon, items].to_numpy()
    changed.loc[epsilon, items] = frame.loc[delta, items].to_numpy()
    plain = re.compile(r"\d\.\d{3,}")  # paths of curves may differ in the last digit of a float
    first, second = team_page(frame, tmp_path), team_page(changed, tmp_path)
    assert plain.sub("", first) == plain.sub("", second)


def test_several_waves_must_be_told_apart(tmp_path: Path) -> None:
    frame = pd.concat([pulse(SIZES, seed=1).assign(t=1), pulse(SIZES, seed=2).assign(t=2)])
    responses = tm.read_responses(
        frame.reset_index(drop=True), "trust-pulse", cluster="team", respondent="person", wave="t"
    )
    with pytest.raises(tm.DataError, match=r"2 waves .*wave="):
        tm.team_report(responses, tmp_path / "r.html")
    one = tm.team_report(responses, tmp_path / "1.html", wave=1).read_text(encoding="utf-8")
    assert "30 persons" in one
    two = tm.team_report(responses, tmp_path / "2.html", wave="2").read_text(encoding="utf-8")
    assert one != two
    with pytest.raises(tm.DataError, match="wave=3 is not in"):
        tm.team_report(responses, tmp_path / "3.html", wave=3)


def test_simulated_answers_are_labelled(tmp_path: Path) -> None:
    responses = tm.simulate_responses(
        tm.load_instrument("trust-pulse"), n=40, n_clusters=5, icc=0.2, rng=1
    )
    page = tm.team_report(responses, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Simulated data" in page


# -- refusals, which write nothing -----------------------------------------------------------------


def test_what_makes_no_team_report_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    without = tm.read_responses(pulse(SIZES), "trust-pulse", respondent="person")
    with pytest.raises(tm.DataError, match="needs to know each person's team"):
        tm.team_report(without, path)
    few = tm.read_responses(pulse({"a": 4}), "trust-pulse", cluster="team", respondent="person")
    with pytest.raises(tm.DataError, match="would expose them"):
        tm.team_report(few, path)
    with pytest.raises(tm.DataError, match="not a column"):
        tm.team_report(without, path, cluster="tea")
    with pytest.raises(tm.OptionError, match="min_cluster_size"):
        tm.team_report(without, path, min_cluster_size=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("report", [tm.team_report, tm.validation_report])
def test_paths_and_inputs_are_checked_first(report, tmp_path: Path) -> None:
    responses = tm.read_responses(pulse(SIZES), "trust-pulse", cluster="team", respondent="person")
    there = tmp_path / "there.html"
    there.write_text("mine")
    with pytest.raises(tm.DataError, match="exists already"):
        report(responses, there)
    assert there.read_text() == "mine"
    with pytest.raises(tm.OptionError, match=r"must end in \.html"):
        report(responses, tmp_path / "report.pdf")
    with pytest.raises(tm.DataError, match="does not exist"):
        report(responses, tmp_path / "nowhere" / "r.html")
    with pytest.raises(tm.DataError, match="made from Responses"):
        report(pulse(SIZES), tmp_path / "r.html")
    assert [p.name for p in tmp_path.iterdir()] == ["there.html"]


# -- unusual data --------------------------------------------------------------------------------


def test_a_single_team_reads_how_far_it_agrees(tmp_path: Path) -> None:
    page = team_page(pulse({"A": 12}), tmp_path)
    assert "Agreement within the team" in page
    assert "How far teams differ is not reported" in page


def test_everybody_together_is_shown_where_no_team_is(tmp_path: Path) -> None:
    page = team_page(pulse({"A": 4, "B": 3, "C": 4}), tmp_path)
    assert "No team has enough answers on this scale to be shown." in page
    assert re.search(r"All together: mean \d\.\d\d", page)
    assert "Histogram of 11 scores" in page


def test_alternative_texts_call_scales_by_their_titles(tmp_path: Path) -> None:
    page = team_page(pulse({"A": 8, "B": 9}), tmp_path)
    assert "means of 2 teams on Trust pulse" in page
    assert "on trust_pulse" not in page


def test_answers_to_a_mapped_item_are_drawn_for_teams(tmp_path: Path) -> None:
    instrument = tm.build_instrument(
        id="mapped",
        response_sets=[{"id": "five", "min": 1, "max": 5}],
        items=[
            {"id": "a", "score_map": {1: 1, 2: 3, 3: 5, 4: 3, 5: 1}}, {"id": "b"}, {"id": "c"},
        ],
        scales=[{"id": "s", "items": ["a", "b", "c"]}],
    )  # fmt: skip
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.integers(1, 6, (40, 3)), columns=list("abc")).assign(
        team=["A", "B", "C", "D"] * 10
    )
    responses = tm.read_responses(frame, instrument, cluster="team")
    page = tm.team_report(responses, tmp_path / "mapped.html").read_text(encoding="utf-8")
    assert "Stacked bars of the answers to 3 items" in page


def test_a_figure_that_fails_leaves_the_rest_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr(tm.plots, "item_rest", fail)
    answers = tm.simulate_responses(tm.load_instrument("trust-pulse"), n=80, rng=1)
    page = tm.validation_report(answers, tmp_path / "v.html").read_text(encoding="utf-8")
    assert "The figure could not be computed. Eigenvalues did not converge" in page
    assert "Parallel analysis suggests" in page


def test_arguments_of_the_wrong_kind_write_nothing(tmp_path: Path) -> None:
    answers = tm.simulate_responses(tm.load_instrument("trust-pulse"), n=30, rng=1)
    with pytest.raises(tm.OptionError, match="path=5 is of type int"):
        tm.validation_report(answers, 5)  # type: ignore[arg-type]
    with pytest.raises(tm.OptionError, match="rng='x'"):
        tm.validation_report(answers, tmp_path / "v.html", rng="x")
    assert list(tmp_path.iterdir()) == []
