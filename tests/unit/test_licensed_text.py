"""Wording that may not ship stays with its user: it shows only where it was asked for."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure import plots
from trustmeasure.results import to_plain
from trustmeasure.tables import adequacy_table, reliability_overview

MARKER = "Zwillingsmarke"
ITEMS = tuple(tm.load_instrument("mcallister-1995").item_ids)
TEXTS = {name: f"{MARKER} {name} steht hier." for name in ITEMS}


@pytest.fixture(scope="module")
def licensed() -> tm.Instrument:
    """A published structure, complete with wordings that a licence holder attached."""
    return tm.load_instrument("mcallister-1995").with_key(reverse=["cbt11"]).with_text(TEXTS)


@pytest.fixture(scope="module")
def responses(licensed: tm.Instrument) -> tm.Responses:
    return tm.simulate_responses(licensed, n=120, n_clusters=8, icc=0.2, missing=0.02, rng=3)


@pytest.fixture(scope="module")
def scores(responses: tm.Responses) -> tm.Scores:
    return tm.score(responses)


@pytest.fixture(autouse=True)
def _offscreen() -> Iterator[None]:
    with plots.offscreen():
        yield


SCALE = "affect_based_trust"


def results(scores: tm.Scores) -> dict[str, Any]:
    return {
        "scores": scores,
        "alpha": tm.cronbach_alpha(scores, scale=SCALE),
        "omega": tm.mcdonald_omega(scores, scale=SCALE),
        "items": tm.item_analysis(scores, scale=SCALE),
        "missing": tm.missingness(scores),
        "kmo": tm.kmo(scores, scale=SCALE),
        "bartlett": tm.bartlett_sphericity(scores, scale=SCALE),
        "parallel": tm.parallel_analysis(scores, scale=SCALE, rng=1),
        "efa": tm.efa(scores, n_factors=2),
        "teams": tm.aggregate(scores),
        "icc": tm.group_icc(scores, value=SCALE),
        "agreement": tm.rwg_j(scores, scale=SCALE),
    }


# -- the decision ---------------------------------------------------------------------------------


def test_the_decision_is_the_instruments(licensed: tm.Instrument) -> None:
    own = tm.load_instrument("trust-pulse")
    assert [own.shows_text(asked) for asked in (None, True, False)] == [True, True, False]
    assert [licensed.shows_text(asked) for asked in (None, True, False)] == [False, True, False]
    assert licensed.subset(ITEMS[:3]).shows_text() is False
    assert licensed.with_key(reverse=[]).shows_text() is False
    with pytest.raises(tm.OptionError, match="include_text='yes' must be True, False or None"):
        licensed.shows_text("yes")  # type: ignore[arg-type]


def test_users_see_their_own_texts_in_memory(licensed: tm.Instrument) -> None:
    assert licensed.item_text("abt1") == TEXTS["abt1"]
    assert licensed.to_frame().loc["abt1", "text"] == TEXTS["abt1"]
    assert licensed.languages == ("en",)


def test_nothing_that_shows_results_reads_wordings_by_itself() -> None:
    """Tables and figures take wordings from `tables.labels`, which asks the instrument."""
    package = Path(tm.__file__).parent
    parts = ("report", "plots", "tables", "scoring", "reliability", "exploratory", "agreement")
    files = [path for part in parts for path in (package / part).rglob("*.py")]
    files += [
        package / name for name in ("quality.py", "responses.py", "results.py", "simulate.py")
    ]
    readers = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and (
                node.attr == "item_text"
                or (node.attr == "text" and ast.unparse(node.value).endswith("item"))
            ):
                readers.add(str(path.relative_to(package)))
    assert readers == {"tables/labels.py"}


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
def test_saved_files_leave_it_out_unless_asked(
    licensed: tm.Instrument, tmp_path: Path, ending: str
) -> None:
    silent = licensed.save(tmp_path / f"silent.{ending}")
    assert MARKER not in silent.read_text("utf-8")
    assert tm.load_instrument(silent) == licensed.without_text()
    asked = licensed.save(tmp_path / f"asked.{ending}", include_text=True)
    assert asked.read_text("utf-8").count(MARKER) == len(ITEMS)
    again = tm.load_instrument(asked)
    assert again == licensed
    assert again.text == "none", "a file with the wordings does not make them free"
    assert MARKER not in again.save(tmp_path / f"again.{ending}").read_text("utf-8")


def test_own_wordings_are_saved_unless_unwanted(tmp_path: Path) -> None:
    own = tm.load_instrument("trust-pulse")
    first = own.item_text("tp01", referent="{referent}")
    assert first in own.save(tmp_path / "own.json").read_text("utf-8")
    bare = own.save(tmp_path / "bare.json", include_text=False)
    assert first not in bare.read_text("utf-8")
    assert tm.load_instrument(bare).text == "none"


def test_score_tables_and_plain_results_hold_none(scores: tm.Scores) -> None:
    for name, result in results(scores).items():
        if isinstance(result, pd.DataFrame):
            plain: Any = to_plain(result)
            shown = result.to_string() + result.to_html()
        else:
            plain = result.to_dict()
            shown = repr(result) + result._repr_html_() + result.to_frame().to_csv()
        assert MARKER not in json.dumps(plain), name
        assert MARKER not in shown, name


def test_responses_hold_none(responses: tm.Responses) -> None:
    shown = repr(responses) + responses._repr_html_() + responses.data.to_csv()
    assert MARKER not in shown


# -- tables ---------------------------------------------------------------------------------------


def tables(scores: tm.Scores, known: tm.Instrument, **options: Any) -> dict[str, Any]:
    found = results(scores)
    made = {name: tm.table(result, instrument=known, **options) for name, result in found.items()}
    made["missing items"] = tm.table(found["missing"], scale=SCALE, instrument=known, **options)
    made["overview"] = reliability_overview(
        {SCALE: (found["alpha"], found["omega"])}, instrument=known, **options
    )
    made["adequacy"] = adequacy_table(found["kmo"], found["bartlett"], instrument=known, **options)
    made["items"] = tm.tables.item_table(found["items"], instrument=known, **options)
    return made


WITH_WORDINGS = {"alpha", "omega", "items", "efa", "kmo", "missing items"}


@pytest.mark.parametrize("labels", [None, True])
def test_no_table_shows_it_unless_asked(
    scores: tm.Scores, licensed: tm.Instrument, labels: Any
) -> None:
    def showing(**options: Any) -> set[str]:
        made = tables(scores, licensed, labels=labels, **options)
        texts = {
            name: table.to_html() + table.to_markdown() + table.to_latex() + table.frame.to_csv()
            for name, table in made.items()
        }
        return {name for name, text in texts.items() if MARKER in text}

    assert showing() == set()
    assert showing(include_text=False) == set()
    assert showing(include_text=True) >= WITH_WORDINGS


def test_labels_that_name_the_instrument_do_not_ask(
    scores: tm.Scores, licensed: tm.Instrument
) -> None:
    alpha = tm.cronbach_alpha(scores, scale=SCALE)
    assert MARKER not in tm.table(alpha, labels=licensed).to_html()
    assert MARKER in tm.table(alpha, labels=licensed, include_text=True).to_html()
    assert MARKER in tm.table(alpha, labels=TEXTS).to_html(), "texts that the call itself brings"


# -- figures --------------------------------------------------------------------------------------


FIGURES: dict[str, Callable[..., Any]] = {
    "likert of responses": lambda r, s, k, **o: plots.likert(r, scale=SCALE, **o),
    "likert of scores": lambda r, s, k, **o: plots.likert(s, scale=SCALE, **o),
    "likert of a frame": lambda r, s, k, **o: plots.likert(r.items, instrument=k, scale=SCALE, **o),
    "likert by plot": lambda r, s, k, **o: tm.plot(r, scale=SCALE, **o),
    "item_rest of scores": lambda r, s, k, **o: plots.item_rest(s, scale=SCALE, **o),
    "item_rest": lambda r, s, k, **o: plots.item_rest(
        tm.cronbach_alpha(s, scale=SCALE), instrument=k, **o
    ),
    "adequacy": lambda r, s, k, **o: plots.adequacy(tm.kmo(s, scale=SCALE), instrument=k, **o),
    "heatmap": lambda r, s, k, **o: plots.correlation_heatmap(s, scale=SCALE, **o),
    "heatmap of a frame": lambda r, s, k, **o: plots.correlation_heatmap(
        s.keyed, instrument=k, **o
    ),
    "loadings": lambda r, s, k, **o: plots.loadings(tm.efa(s, n_factors=2), instrument=k, **o),
    "omega": lambda r, s, k, **o: plots.loadings(
        tm.mcdonald_omega(s, scale=SCALE), instrument=k, **o
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_shows_it_unless_asked(
    name: str, responses: tm.Responses, scores: tm.Scores, licensed: tm.Instrument
) -> None:
    def svg(**options: Any) -> str:
        axes = FIGURES[name](responses, scores, licensed, **options)
        drawn = plots.figure_svg(axes, "A figure.")
        plots.close(axes)
        return drawn

    silent = svg()
    assert MARKER not in silent
    assert "abt1" in silent, "ids stand in for the wordings"
    assert MARKER not in svg(include_text=False)
    assert MARKER in svg(include_text=True)


def test_descriptions_of_figures_hold_none(responses: tm.Responses, scores: tm.Scores) -> None:
    for kind in (None, "item_rest", "correlation_heatmap"):
        assert MARKER not in plots.describe(scores, kind=kind, scale=SCALE)
    assert MARKER not in plots.describe(responses, scale=SCALE)
    assert MARKER not in plots.describe(tm.efa(scores, n_factors=2))


# -- reports --------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [tm.validation_report, tm.team_report])
def test_no_report_shows_it_unless_asked(
    report: Callable[..., Path], responses: tm.Responses, tmp_path: Path
) -> None:
    silent = report(responses, tmp_path / "silent.html").read_text("utf-8")
    assert MARKER not in silent
    assert "abt1" in silent
    assert "could not be computed" not in silent
    asked = report(responses, tmp_path / "asked.html", include_text=True).read_text("utf-8")
    assert asked.count(MARKER) >= len(ITEMS)
    with pytest.raises(tm.OptionError, match="include_text='yes' must be True, False or None"):
        report(responses, tmp_path / "never.html", include_text="yes")
    assert not (tmp_path / "never.html").exists()


def test_reports_leave_out_their_own_wordings_when_told(tmp_path: Path) -> None:
    simulated = tm.simulate_responses("trust-pulse", n=40, n_clusters=4, rng=1)
    words = tm.load_instrument("trust-pulse").item_text("tp01").split()[0:2]
    shown, ids = (
        tm.team_report(simulated, tmp_path / f"{asked}.html", include_text=asked).read_text("utf-8")
        for asked in (None, False)
    )
    assert " ".join(words) in shown
    assert " ".join(words) not in ids
    assert "tp01" in ids


# -- the command line -----------------------------------------------------------------------------


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trustmeasure", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(
    licensed: tm.Instrument, responses: tm.Responses, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What a licence holder works with: the file with the wordings, and an export."""
    place = tmp_path_factory.mktemp("licensed")
    licensed.save(place / "own.yaml", include_text=True)
    responses.data.to_csv(place / "export.csv", index=False)
    return place


def test_commands_do_not_print_or_write_it(folder: Path, tmp_path: Path) -> None:
    known = ("--instrument", folder / "own.yaml", "--cluster", "team")
    runs = {
        "show": run("instruments", "show", folder / "own.yaml"),
        "codebook": run("instruments", "show", folder / "own.yaml", "--as", "csv"),
        "validate": run("instruments", "validate", folder / "own.yaml"),
        "validate to JSON": run("instruments", "validate", folder / "own.yaml", "--json"),
        "inspect": run("inspect", folder / "export.csv", *known),
        "score": run("score", folder / "export.csv", *known, "-o", tmp_path / "scores.csv"),
        "reliability": run("reliability", folder / "export.csv", *known[:2]),
        "report": run("report", folder / "export.csv", *known, "-o", tmp_path / "v.html"),
        "team": run(
            "report", folder / "export.csv", *known, "--for", "evaluator",
            "-o", tmp_path / "t.html",
        ),
        "simulate": run("simulate", folder / "own.yaml", "--n", 5, "-o", tmp_path / "s.csv"),
    }  # fmt: skip
    for name, done in runs.items():
        assert done.returncode == 0, (name, done.stderr)
        assert MARKER not in done.stdout + done.stderr, name
    assert "near-duplicate" in runs["validate to JSON"].stdout, "the wordings were compared"
    written = {path.name: path.read_text("utf-8-sig") for path in tmp_path.iterdir()}
    assert set(written) == {"scores.csv", "v.html", "t.html", "s.csv"}
    assert [name for name, text in written.items() if MARKER in text] == []


def test_commands_do_when_asked(folder: Path, tmp_path: Path) -> None:
    done = run(
        "report", folder / "export.csv", "--instrument", folder / "own.yaml", "--cluster", "team",
        "--for", "evaluator", "-o", tmp_path / "t.html", "--include-text",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert MARKER in (tmp_path / "t.html").read_text("utf-8")
    assert MARKER not in done.stdout + done.stderr
    shown = run("instruments", "show", folder / "own.yaml", "--include-text")
    assert MARKER in shown.stdout


# -- attaching it ---------------------------------------------------------------------------------


def test_a_licence_must_be_stated_and_is_recalled() -> None:
    known = tm.load_instrument("relational-coordination")
    with pytest.raises(tm.InstrumentError, match=r"under a licence only.*licensed=True"):
        known.with_text({"timely": MARKER})
    with pytest.warns(tm.InstrumentWarning, match="keep to its terms"):
        own = known.with_text({"timely": MARKER}, licensed=True)
    assert own.item_text("timely") == MARKER
    assert own.shows_text() is False


def test_wordings_come_from_a_file_too(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": TEXTS.keys(), "text": TEXTS.values()})
    table.to_csv(tmp_path / "own.csv", index=False)
    known = tm.load_instrument("mcallister-1995")
    assert known.with_text(tmp_path / "own.csv") == known.with_text(TEXTS)
    assert known.item("abt1").text == {}, "the structure itself stays as it was"


def test_errors_about_texts_do_not_repeat_them() -> None:
    known = tm.load_instrument("mcallister-1995")
    with pytest.raises(tm.InstrumentError) as caught:
        known.with_text({**TEXTS, "abt9": f"{MARKER} again"})
    assert "'abt9'" in str(caught.value)
    assert MARKER not in str(caught.value)
