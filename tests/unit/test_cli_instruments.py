"""The commands about instruments: show, validate, import, export."""

from __future__ import annotations

import csv
import io
import json
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

import trustmeasure as tm
from trustmeasure.cli import main

QSF = Path(__file__).parents[1] / "data" / "exports"

BROKEN = """\
schema: 1
id: broken
version: "1.0.0"
title: Broken
response_sets:
  - {id: agree5, min: 1, max: 5}
items:
  - {id: b1, text: We talk., colour: blue}
  - {id: b2, text: We hide., reverse: yes}
scales:
  - {id: all, items: [b1, b3]}
"""
DICTIONARY = """\
field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations,matrix_group_name
op1,team,In my team,radio,We tell bad news early.,"1, Disagree | 2, Neither | 3, Agree",open
op2,team,,radio,People hide their doubts.,"1, Disagree | 2, Neither | 3, Agree",open
age,team,,text,Your age,,
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run the command line in this process, as main() does it."""

    def go(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["trustmeasure", "instruments", *map(str, arguments)])
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            with pytest.raises(SystemExit) as end:
                main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Done(int(end.value.code or 0), said.out, said.err)

    return go


# -- show ------------------------------------------------------------------------------------------


def test_show_prints_a_codebook_in_a_hundred_columns(run) -> None:  # type: ignore[no-untyped-def]
    done = run("show", "psychological-safety")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 100
    for words in (
        "unvalidated: no data show yet",
        "1 = Strongly disagree;",
        "(offered instead)",
        "  Asking for help\n    ps11",
        "ps04 R   People in my team wait",
        "R = reversed: 6 − answer (ps04, ps05",
        "at least 10 of 20 answers",
        "es (unreviewed translation)",
        "Licence    CC-BY-4.0",
        "Cite as",
    ):
        assert words in done.out


@pytest.mark.parametrize("name", tm.list_instruments().index)
def test_show_works_for_every_instrument(run, name: str) -> None:  # type: ignore[no-untyped-def]
    instrument = tm.load_instrument(name)
    for language in instrument.languages or ("en",):
        done = run("show", name, "--language", language)
        assert done.code == 0, done.err
        assert all(len(line) <= 100 for line in done.out.splitlines() if "http" not in line)
        assert all(item in done.out for item in instrument.item_ids)
        assert ("unreviewed translation. " in done.out) == (language == "es")


def test_show_says_what_is_not_certain(run) -> None:  # type: ignore[no-untyped-def]
    shown = run("show", "mcallister-1995").out
    assert "cbt11 R?" in shown
    assert "? = keying could not be verified" in shown
    assert "(unconfirmed)" in shown
    assert "its items are not known" in run("show", "icas-2006").out
    assert "No scores\n  It names seven elements" in run("show", "braving").out
    assert "M = score map 1→1, 2→3" in run("show", "relational-coordination").out


def test_show_takes_a_form_a_referent_and_a_language(run) -> None:  # type: ignore[no-untyped-def]
    one = run("show", "practitioner-trust", "--form", "stakeholder", "--referent", "Ada").out
    assert "Ada keeps the promises" in one
    assert "\n    pt01_p" not in one
    refused = run("show", "trust-pulse", "--language", "xx")
    assert refused.code == 2
    assert "'en', 'es'" in refused.err


def test_attached_wordings_show_only_when_asked(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    texts = tmp_path / "mine.csv"
    texts.write_text("id,text\ntps1,As licensed to me.\n", encoding="utf-8")
    arguments = ["show", "edmondson-1999", "--text", texts]
    assert "As licensed" not in run(*arguments).out
    assert "As licensed" in run(*arguments, "--include-text").out
    licensed = ["show", "relational-coordination", "--text", texts]
    refused = run(*licensed)
    assert refused.code == 1
    assert "licensed= is --licensed" in refused.err


def test_the_codebook_leaves_as_a_table(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rows = list(csv.DictReader(io.StringIO(run("show", "trust-pulse", "--as", "csv").out)))
    assert [row["item"] for row in rows] == list(tm.load_instrument("trust-pulse").item_ids)
    assert rows[0]["text"] == "People in my team did what they had agreed to do."
    output = tmp_path / "book.md"
    assert run("show", "trust-pulse", "-o", output).code == 0
    lines = output.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("| item | text |")
    assert len(lines) == 2 + 5
    refused = run("show", "trust-pulse", "-o", output)
    assert refused.code == 1
    assert "--force" in refused.err
    assert run("show", "trust-pulse", "-o", tmp_path / "book.csv").code == 0


# -- validate --------------------------------------------------------------------------------------


def test_validate_reports_everything_with_its_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    done = run("validate", path)
    assert done.code == 1
    errors = done.err.splitlines()
    assert errors[0].startswith("Error: items[0].colour (line 8): this key is not known.")
    assert errors[1].startswith("Error: items[1].reverse (line 9): expected true or false")
    assert errors[2].startswith("Error: scales[0].items (line 11): scale 'all' names unknown")
    assert errors[3].endswith("3 errors and 2 warnings; it does not load.")
    assert "Warning: response_sets[0] (line 6): " in done.out
    as_json = json.loads(run("validate", path, "--json").out)
    assert as_json["ok"] is False
    assert [p["line"] for p in as_json["problems"] if p["level"] == "error"] == [8, 9, 11]


def test_validate_ends_well_for_sound_files(run) -> None:  # type: ignore[no-untyped-def]
    done = run("validate", "trust-pulse")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip().endswith("no problems found.")
    warned = run("validate", "mcallister-1995")
    assert warned.code == 0
    assert "Warning: items (line " in warned.out


@pytest.mark.parametrize("name", ["none.yaml", "notes.txt"])
def test_what_is_no_instrument_file_is_said(run, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "notes.txt").write_text("Dear diary", encoding="utf-8")
    done = run("validate", tmp_path / name)
    assert done.code == 1
    assert done.err.startswith("Error: the file ")


# -- import and export -----------------------------------------------------------------------------


def test_a_definition_becomes_an_instrument_file(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    source = tmp_path / "survey.csv"
    source.write_text(DICTIONARY, encoding="utf-8")
    shown = run("import", source)
    assert shown.code == 0, shown.err
    assert shown.err.startswith("Warning: ")
    assert "InstrumentWarning" not in shown.err
    assert "op2  ?  People hide their doubts." in shown.out
    assert "Nothing was written" in shown.out

    output = tmp_path / "openness.yaml"
    done = run("import", source, "--platform", "redcap", "-o", output)
    assert done.code == 0, done.err
    made = tm.load_instrument(output)
    assert (made.id, made.item_ids) == ("openness", ("op1", "op2"))
    assert "age (text)" in (made.notes or "")
    assert "2 items, 1 scales" in done.out
    checked = run("validate", output)
    assert checked.code == 0
    assert "could not be verified" in checked.out
    assert run("import", source, "-o", output).code == 1
    assert run("import", source, "-o", output, "--force").code == 0
    refused = run("import", tmp_path / "none.csv")
    assert refused.code == 1
    assert "none.csv" in refused.err


def test_an_instrument_goes_to_a_platform(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "pulse.csv"
    arguments = ["export", "trust-pulse", "--to", "redcap", "-o", output]
    done = run(*arguments, "--language", "es", "--referent", "mi unidad")
    assert done.code == 0, done.err
    assert "mi unidad" in output.read_text(encoding="utf-8")
    assert "Warning: " in done.err
    assert "unreviewed" in done.err
    assert "5 items" in done.out
    assert run(*arguments).code == 1
    assert run(*arguments, "--force").code == 0
    wrong = run("export", "trust-pulse", "--to", "paper", "-o", output)
    assert wrong.code == 2
    wrong = run("export", "trust-pulse", "--to", "qualtrics", "-o", tmp_path / "pulse.csv2")
    assert wrong.code == 2
    assert list(tmp_path.iterdir()) == [output]


def test_one_form_is_exported_by_itself(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "form.txt"
    done = run(
        "export", "practitioner-trust", "--to", "qualtrics", "--form", "practitioner", "-o", output
    )
    assert done.code == 0, done.err
    assert "18 items" in done.out
    text = output.read_text(encoding="utf-8")
    assert "the people I support" in text
    assert "our practitioner" not in text.lower()


def test_structures_need_a_wording_that_may_be_used(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "tps.txt"
    arguments = ["export", "edmondson-1999", "--to", "qualtrics", "-o", output]
    refused = run(*arguments)
    assert refused.code == 1
    assert "with_text is --text FILE.csv" in refused.err
    texts = tmp_path / "mine.csv"
    rows = [f"tps{i},Own wording number {i}." for i in range(1, 8)]
    texts.write_text("\n".join(["id,text", *rows]), encoding="utf-8")
    unasked = run(*arguments, "--text", texts)
    assert unasked.code == 1
    assert "include_text= is --include-text" in unasked.err
    assert run(*arguments, "--text", texts, "--include-text").code == 0
    assert "Own wording number 7." in output.read_text(encoding="utf-8")
