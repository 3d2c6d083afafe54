"""What is exported, what is refused, and that no wording leaves unasked."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import docx
import pytest

import trustmeasure as tm
from trustmeasure.platforms import (
    write_kobo,
    write_limesurvey,
    write_qualtrics,
    write_redcap,
)

ENDINGS = {
    "qualtrics": ".txt",
    "redcap": ".csv",
    "limesurvey": ".tsv",
    "xlsform": ".xlsx",
    "docx": ".docx",
    "markdown": ".md",
    "json": ".json",
}
platforms = pytest.mark.parametrize("platform", ENDINGS)
asked_platforms = pytest.mark.parametrize("platform", [p for p in ENDINGS if p != "json"])
SECRET = "We have a wording that must not leave"


def small(**changes) -> tm.Instrument:
    parts = {
        "id": "small",
        "response_sets": [{"id": "agree3", "min": 1, "max": 3, "labels": {1: "No", 3: "Yes"}}],
        "items": [
            {"id": "sm1", "text": "{referent} tells bad news early."},
            {"id": "sm2", "text": "In {referent}, doubts are hidden.", "reverse": True},
        ],
        "scales": [{"id": "open", "items": ["sm1", "sm2"]}],
        "referents": ["my team"],
    }
    return tm.build_instrument(**{**parts, **changes})


def content(path: Path) -> str:
    """Give all text of a file, whatever kind it is."""
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
        return "\n".join([*(p.text for p in document.paragraphs), *cells])
    if path.suffix == ".xlsx":
        import openpyxl

        book = openpyxl.load_workbook(path)
        rows = [r for sheet in book for r in sheet.iter_rows(values_only=True)]
        return "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    return path.read_text(encoding="utf-8")


def export(instrument, folder: Path, platform: str, **options) -> Path:
    target = folder / f"out{ENDINGS[platform]}"
    return tm.export_instrument(instrument, target, platform=platform, **options)


@asked_platforms
def test_the_referent_is_filled_in_everywhere(tmp_path, platform):
    first = content(export(small(), tmp_path, platform))
    assert "My team tells bad news early." in first
    assert "{referent}" not in first
    own = content(export(small(), tmp_path, platform, referent="our unit", overwrite=True))
    assert "In our unit, doubts are hidden." in own
    assert "my team" not in own


@asked_platforms
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_shipped_instrument_with_wording_is_exported(tmp_path, platform, language):
    done = []
    for name in tm.list_instruments().query("text == 'included'").index:
        instrument = tm.load_instrument(name)
        if language not in instrument.languages:
            continue
        target = tmp_path / f"{name}{ENDINGS[platform]}"
        if language == "es":
            with pytest.warns(tm.InstrumentWarning, match="unreviewed translation"):
                tm.export_instrument(instrument, target, platform=platform, language=language)
        else:
            tm.export_instrument(instrument, target, platform=platform)
        assert "{referent}" not in content(target)
        done.append(name)
    assert len(done) >= 10


@asked_platforms
def test_a_referent_that_nobody_names_is_asked_for(tmp_path, platform):
    with pytest.raises(tm.OptionError, match=r"Item 'sm1' speaks of \{referent\}.*Pass referent="):
        export(small(referents=[]), tmp_path, platform)
    for referent in ("", "  ", 3, "the {referent}"):
        with pytest.raises(tm.OptionError, match="must be the words"):
            export(small(), tmp_path, platform, referent=referent)


def test_a_referent_without_a_placeholder_is_refused(tmp_path: Path) -> None:
    plain = tm.build_instrument(
        id="plain",
        response_sets=[{"id": "yes", "min": 0, "max": 1, "labels": {0: "No", 1: "Yes"}}],
        items=[{"id": "p1", "text": "We meet each week."}],
        scales=[{"id": "p", "items": ["p1"]}],
    )
    with pytest.raises(tm.OptionError, match="'our unit' has nothing to stand for"):
        export(plain, tmp_path, "markdown", referent="our unit")
    assert not list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_a_placeholder_in_the_instructions_counts_too(tmp_path):
    instrument = small(
        referents=[],
        items=[{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}],
        scales=[{"id": "s", "items": ["a", "b"]}],
        instructions="Think of {referent}.",
    )
    with pytest.raises(tm.OptionError, match="not filled in 'the instructions'"):
        export(instrument, tmp_path, "markdown")
    assert "Think of us." in content(export(instrument, tmp_path, "markdown", referent="us"))


@asked_platforms
def test_languages_that_are_not_there(tmp_path, platform):
    with pytest.raises(tm.OptionError, match=r"2 of 2 items.*every item has one: 'en'"):
        export(small(), tmp_path, platform, language="es")
    with pytest.raises(tm.OptionError, match="one export is in one language"):
        export(small(), tmp_path, platform, language="all")
    with pytest.raises(tm.OptionError, match="must be a language tag"):
        export(small(), tmp_path, platform, language=None)
    half = small(
        items=[
            {"id": "sm1", "text": {"en": "One.", "es": "Uno."}},
            {"id": "sm2", "text": {"en": "Two.", "es": "Dos."}},
        ]
    )
    with pytest.raises(tm.OptionError, match="labels or the question of response set 'agree3'"):
        export(half, tmp_path, platform, language="es")


def test_a_broader_language_will_do(tmp_path):
    with pytest.warns(tm.InstrumentWarning, match="unreviewed"):
        path = export("trust-pulse", tmp_path, "markdown", language="es-MX")
    assert "Unreviewed translation (es-MX)." in content(path)
    assert "# Pulso de confianza" in content(path)


@platforms
def test_endings_belong_to_platforms(tmp_path, platform):
    with pytest.raises(tm.OptionError, match=r"does not end in .*platform='\w+', as|does not end"):
        tm.export_instrument(small(), tmp_path / "a.pdf", platform=platform)
    with pytest.raises(tm.OptionError, match="path="):
        tm.export_instrument(small(), None, platform=platform)


def test_a_wrong_ending_names_the_platform_that_it_belongs_to(tmp_path):
    with pytest.raises(tm.OptionError, match=r"'\.csv' belongs to platform='redcap'"):
        tm.export_instrument(small(), tmp_path / "a.csv", platform="qualtrics")


def test_unknown_platforms(tmp_path):
    with pytest.raises(tm.OptionError, match="surveymonkey"):
        tm.export_instrument(small(), tmp_path / "a.csv", platform="surveymonkey")


@platforms
def test_files_are_not_replaced_unasked(tmp_path, platform):
    target = tmp_path / f"out{ENDINGS[platform]}"
    target.write_text("mine")
    with pytest.raises(tm.DataError, match="exists already"):
        export(small(), tmp_path, platform)
    assert target.read_text() == "mine"
    export(small(), tmp_path, platform, overwrite=True)
    assert target.read_bytes() != b"mine"
    with pytest.raises(tm.DataError, match="does not exist"):
        export(small(), tmp_path / "nowhere", platform)


# -- what may leave -------------------------------------------------------------------------------


def licensed() -> tm.Instrument:
    structure = tm.load_instrument("edmondson-1999")
    return structure.with_text({i: f"{SECRET}: {i}" for i in structure.item_ids})


@asked_platforms
def test_structures_without_wording_cannot_be_asked(tmp_path, platform):
    with pytest.raises(tm.InstrumentError, match=r"attach it with instrument\.with_text"):
        export("edmondson-1999", tmp_path, platform)
    assert list(tmp_path.iterdir()) == []


@asked_platforms
def test_attached_wording_leaves_only_when_asked_to(tmp_path, platform):
    for include_text in (None, False):
        with pytest.raises(tm.InstrumentError, match="pass include_text=True"):
            export(licensed(), tmp_path, platform, include_text=include_text)
    assert list(tmp_path.iterdir()) == []
    written = content(export(licensed(), tmp_path, platform, include_text=True))
    assert f"{SECRET}: tps1" in written
    with pytest.raises(tm.OptionError, match="must be True, False or None"):
        export(licensed(), tmp_path, platform, include_text="yes", overwrite=True)


def test_json_writes_the_structure_and_the_wording_only_when_asked_to(tmp_path):
    bare = export(licensed(), tmp_path, "json")
    assert SECRET not in content(bare)
    assert tm.load_instrument(bare).item_ids == licensed().item_ids
    whole = export(licensed(), tmp_path, "json", include_text=True, overwrite=True)
    assert SECRET in content(whole)
    with pytest.raises(tm.OptionError, match="all its languages"):
        export(small(), tmp_path / "x", "json", language="es")
    again = export(small(), tmp_path, "json", overwrite=True)
    assert tm.load_instrument(again) == small()
    assert json.loads(content(again))["items"][0]["text"]["en"].startswith("{referent}")


@pytest.mark.parametrize(
    ("write", "options"),
    [
        (write_qualtrics, {}),
        (write_redcap, {"labels": False}),
        (write_limesurvey, {"headings": "code and text"}),
        (write_kobo, {"headings": "label"}),
    ],
)
def test_simulated_exports_hold_no_attached_wording_unasked(tmp_path, write, options):
    simulated = tm.simulate_responses(licensed(), n=12, rng=1)
    path = write(simulated, tmp_path / "a.csv", **options)
    assert SECRET not in content(path)
    read = tm.read_responses(path, licensed())
    assert read.items.equals(simulated.items)
    if write is write_redcap:
        return  # raw exports hold no wordings at all
    assert SECRET in content(write(simulated, tmp_path / "b.csv", include_text=True, **options))


@asked_platforms
def test_what_is_not_scored_may_still_be_asked(tmp_path, platform):
    unscored = small(scales=[], unscored="It is for conversation.")
    assert "doubts are hidden" in content(export(unscored, tmp_path, platform))
    with pytest.raises(tm.InstrumentError, match=r"cannot be asked.*no validated way"):
        export("braving", tmp_path, platform, overwrite=True)


def test_ranges_that_could_not_be_verified_are_said(tmp_path):
    unsure = small(response_sets=[{"id": "agree3", "min": 1, "max": 3, "range_confirmed": False}])
    with pytest.warns(tm.InstrumentWarning, match="range of response set.*'agree3'"):
        export(unsure, tmp_path, "qualtrics")


# -- ids and texts that a platform cannot hold ----------------------------------------------------


def with_ids(*ids: str) -> tm.Instrument:
    return small(
        items=[{"id": i, "text": f"Statement {n}."} for n, i in enumerate(ids)],
        scales=[{"id": "open", "items": list(ids)}],
    )


@pytest.mark.parametrize("platform", ["redcap", "limesurvey", "xlsform"])
def test_ids_that_would_share_a_name_are_refused(tmp_path, platform):
    with pytest.raises(tm.InstrumentError, match=r"share a name.*'a\.1', 'a-1'|'a\.1' and"):
        export(with_ids("a.1", "a-1"), tmp_path, platform)
    assert list(tmp_path.iterdir()) == []


def test_ids_that_a_platform_cannot_write_are_refused(tmp_path):
    for platform in ("redcap", "limesurvey"):
        with pytest.raises(tm.InstrumentError, match=r"'1a'.*Rename the items"):
            export(with_ids("1a", "b"), tmp_path, platform)
    with pytest.raises(tm.InstrumentError, match="at most 20"):
        export(with_ids("a" * 21, "b"), tmp_path, "limesurvey")
    with pytest.raises(tm.InstrumentError, match="platform uses itself"):
        export(with_ids("Record_ID", "b"), tmp_path, "redcap")
    with pytest.raises(tm.InstrumentError, match="cannot be written"):
        export(with_ids("é", "b"), tmp_path, "xlsform")
    with pytest.raises(tm.InstrumentError, match="'año1'"):
        export(with_ids("año1", "b"), tmp_path, "redcap")


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ("qualtrics", "See [[PageBreak]] here."),
        ("qualtrics", "You said ${q://QID1/x}."),
        ("redcap", "This | that."),
        ("limesurvey", "Is {TOKEN} known?"),
        ("xlsform", "You said ${q1}."),
    ],
)
def test_texts_that_a_platform_would_run_are_refused(tmp_path, platform, text):
    instrument = small(items=[{"id": "a", "text": text}], scales=[{"id": "open", "items": ["a"]}])
    with pytest.raises(tm.InstrumentError, match="in item 'a' would be taken by"):
        export(instrument, tmp_path, platform)


def test_labels_that_look_the_same_are_refused(tmp_path):
    instrument = small(
        response_sets=[{"id": "agree3", "min": 1, "max": 3, "labels": {1: "2", 3: "3"}}]
    )
    with pytest.raises(tm.InstrumentError, match="shows '2' for several answers"):
        export(instrument, tmp_path, "qualtrics")


def test_codes_that_limesurvey_cannot_hold_are_refused(tmp_path):
    instrument = small(response_sets=[{"id": "agree3", "min": -1, "max": 1}])
    with pytest.raises(tm.InstrumentError, match="Code -1"):
        export(instrument, tmp_path, "limesurvey")
    # Elsewhere negative codes are fine, and are no formulas.
    assert '" -1, -1 | 0, 0 | 1, 1"' in content(export(instrument, tmp_path, "redcap"))


@pytest.mark.parametrize("platform", ["redcap", "xlsform", "limesurvey"])
def test_formulas_are_neutralised(tmp_path, platform):
    instrument = small(
        items=[{"id": "a", "text": "=HYPERLINK(1)"}], scales=[{"id": "open", "items": ["a"]}]
    )
    assert "'=HYPERLINK(1)" in content(export(instrument, tmp_path, platform))


# -- on paper -------------------------------------------------------------------------------------


def test_a_word_document_can_be_printed(tmp_path):
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn

    path = export("psychological-safety", tmp_path, "docx")
    document = docx.Document(str(path))
    texts = [p.text for p in document.paragraphs]
    instrument = tm.load_instrument("psychological-safety")
    assert texts[0] == instrument.name
    assert instrument.instruction() in texts
    assert instrument.stem("agree5") in texts
    assert any("Unvalidated item bank" in text for text in texts)
    assert any(instrument.licence in text and instrument.version in text for text in texts)
    assert instrument.cite() in texts
    (table,) = document.tables
    assert len(table.rows) == 1 + len(instrument.items)
    assert table.rows[1].cells[1].text == instrument.item_text("ps01")
    assert [c.text for c in table.rows[0].cells][2:4] == ["1\nStrongly disagree", "2\nDisagree"]
    for number, row in enumerate(table.rows):
        properties = row._tr.trPr
        assert properties.find(qn("w:cantSplit")) is not None
        assert (properties.find(qn("w:tblHeader")) is not None) == (number == 0)
    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    assert sum(cell.width for cell in table.rows[1].cells) <= room + 10_000
    assert section.orientation == WD_ORIENT.PORTRAIT
    wide = tm.load_instrument("trust-pulse").with_response_set("agree7")
    document = docx.Document(str(export(wide, tmp_path, "docx", overwrite=True)))
    assert document.sections[0].orientation == WD_ORIENT.LANDSCAPE


def test_markdown_marks_what_would_be_markup(tmp_path):
    instrument = small(
        items=[{"id": "a", "text": "I *like* it | or_not <b> & #1."}],
        scales=[{"id": "open", "items": ["a"]}],
        instructions="1. Think.",
    )
    written = content(export(instrument, tmp_path, "markdown"))
    assert r"| 1 | I \*like\* it \| or\_not \<b\> &amp; \#1. | ☐ | ☐ | ☐ |" in written
    assert "\n1\\. Think.\n" in written
    assert "| 1<br>No | 2 | 3<br>Yes |" in written


@pytest.mark.parametrize("platform", ["markdown", "docx"])
def test_stages_and_forms_are_told_on_paper(tmp_path, platform):
    staged = tm.load_instrument("practice-profile-2018")
    written = content(export(staged, tmp_path, platform))
    facet = staged.facets[0]
    assert facet.name in written
    assert facet.anchors[1]["en"] in written
    both = tm.load_instrument("practitioner-trust")
    written = content(export(both, tmp_path, platform, overwrite=True))
    assert all(form.name in written for form in both.forms)


@pytest.mark.parametrize("platform", ["markdown", "docx"])
def test_long_scales_are_answered_by_a_number_on_paper(tmp_path, platform):
    instrument = small(
        response_sets=[{"id": "share", "min": 0, "max": 100, "labels": {100: "Always"}}]
    )
    written = content(export(instrument, tmp_path, platform))
    assert "0 – 100 = Always" in written
    assert "______" in written.replace("\\", "")
    assert "write one number" in written
    assert "tick" not in written


@pytest.mark.parametrize(
    ("platform", "package", "extra"),
    [("docx", "docx", r"trustmeasure\[docx\]"), ("xlsform", "openpyxl", r"trustmeasure\[excel\]")],
)
def test_missing_packages_are_named(tmp_path, monkeypatch, platform, package, extra):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(tm.MissingExtraError, match=extra):
        export(small(), tmp_path, platform)
    assert list(tmp_path.iterdir()) == []
