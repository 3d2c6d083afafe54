"""Files that are no survey definition, or not the one that was named: what each is told."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument
from trustmeasure.platforms.sources import MAX_BYTES, language_tag

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
PLATFORMS = ("qualtrics", "redcap", "limesurvey", "xlsform")


def archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (bytes(range(256)) * 20, "binary file"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", r"web page \(HTML\)"),
        (b"\n<HTML><body>x", r"web page \(HTML\)"),
        (b'{"a": 1}', "not recognised"),
        (b"[1, 2]", "not recognised"),
        (b"a,b\n1,2\n", "not recognised"),
        (b'<?xml version="1.0"?><ODM xmlns="x"/>', "REDCap project in XML"),
        (b'<?xml version="1.0"?><h:html xmlns:h="x"/>', "XForm in XML"),
        (b"schema: 1\nid: mine\n", r"load_instrument\(path\)"),
        (b'{"schema": 1, "id": "mine"}', r"load_instrument\(path\)"),
        (b"[[AdvancedFormat]]\n[[Question:MC]]\n", "for Qualtrics to import"),
        (archive("survey.lss"), "is an archive"),
        (archive("xl/workbook.xml"), "cannot be opened as a workbook"),
        (b"PK\x03\x04 cut off", "is an archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "cannot be opened as a workbook"),
        ("﻿".encode() + b'{"SurveyEntry": 1', "not well-formed JSON"),
    ],
)
def test_what_is_no_definition_is_told_what_it_is(tmp_path, data, words):
    path = tmp_path / "survey.qsf"
    path.write_bytes(data)
    with pytest.raises(tm.InstrumentError, match=words) as caught:
        import_instrument(path)
    assert "survey.qsf" in str(caught.value)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("data", [b"a,b\n1,2\n", bytes(range(256)) * 20, b"{}", b"<a/>"])
def test_a_named_platform_says_what_it_expected(tmp_path, platform, data):
    path = tmp_path / "survey.dat"
    path.write_bytes(data)
    with pytest.raises(tm.InstrumentError, match=r"survey\.dat"):
        import_instrument(path, platform)


def test_an_export_of_answers_is_no_definition():
    with pytest.raises(tm.InstrumentError, match="read_responses"):
        import_instrument(EXPORTS / "affective_priming_response.csv")


def test_another_platform_than_the_one_named():
    with pytest.raises(tm.InstrumentError, match="is a definition of qualtrics, but platform='red"):
        import_instrument(EXPORTS / "affective_priming.qsf", platform="redcap")


def test_our_own_instruments_are_loaded_not_imported(tmp_path):
    for ending in ("yaml", "json"):
        path = tm.load_instrument("trust-pulse").save(tmp_path / f"trust-pulse.{ending}")
        with pytest.raises(tm.InstrumentError, match="load_instrument"):
            import_instrument(path)


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "survey.qsf").write_text("x")
    with pytest.raises(tm.InstrumentError, match=r"no file .*Did you mean 'survey\.qsf'\?"):
        import_instrument(tmp_path / "survy.qsf")
    with pytest.raises(tm.InstrumentError, match="is a folder"):
        import_instrument(tmp_path)
    with pytest.raises(tm.InstrumentError, match="expected the path"):
        import_instrument(3)


def test_a_file_far_too_large_is_not_read(tmp_path):
    path = tmp_path / "huge.qsf"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(tm.InstrumentError, match="larger than 50 MB"):
        import_instrument(path)


def test_options_are_checked():
    path = EXPORTS / "citric_survey.lss"
    with pytest.raises(tm.OptionError, match="'limesurvey'"):
        import_instrument(path, "limesurvy")
    with pytest.raises(tm.OptionError, match="missing_codes"):
        import_instrument(path, missing_codes={1: 2})
    with pytest.raises(tm.InstrumentError, match="lower-case letters"):
        import_instrument(path, id="Not An Id")


def test_the_id_is_made_of_the_file_name_or_given():
    path = EXPORTS / "citric_survey.lss"
    with pytest.warns(tm.InstrumentWarning):
        assert import_instrument(path).id == "citric-survey"
    with pytest.warns(tm.InstrumentWarning):
        assert import_instrument(path, "limesurvey", id="mine").id == "mine"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(
    "name",
    ["affective_priming.qsf", "citric_survey.lss", "pyxform_table-list.xls",
     "synthetic_agree5.xlsx"],
)  # fmt: skip
def test_a_file_that_was_cut_off_is_refused(tmp_path, name, share):
    data = (EXPORTS / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(tm.InstrumentError, match=name.split(".")[0]):
        import_instrument(path)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("zh_hans", "zh-Hans"),
        ("ZH-S", "zh-Hans"),
        ("English (en)", "en"),
        ("Español", "es"),
        ("French (Canada)", "fr"),
        ("English(UK)", "en"),
        ("de-informal", "de-informal"),
        ("Klingonese", "und"),
        ("", "und"),
    ],
)
def test_language_tags(name, tag):
    assert language_tag(name) == tag
