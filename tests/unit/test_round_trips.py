"""From an instrument to a platform and back: the definition names the columns, answers survive.

The columns of each simulated export are taken from the exported definition, as the platform
itself would make them, and not from the instrument.
"""

from __future__ import annotations

import csv
import re
import warnings
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.platforms import write_kobo, write_limesurvey, write_qualtrics, write_redcap

SEVEN = {
    1: {"en": "Never", "es": "Nunca"},
    4: {"en": "Half of the time, or so", "es": "La mitad de las veces, más o menos"},
    7: {"en": "Always", "es": "Siempre"},
}
AGREE = {
    0: {"en": "Not at all", "es": "Nada"},
    1: {"en": "Partly", "es": "En parte"},
    2: {"en": "Wholly", "es": "Del todo"},
}


def built(**changes) -> tm.Instrument:
    """Give ids with capitals, underscores and gaps, two response sets, partial labels."""
    parts = {
        "id": "odd-ids",
        "title": {"en": "Odd ids", "es": "Identificadores raros"},
        "instructions": {"en": "Think of {referent}.", "es": "Piense en {referent}."},
        "referents": [{"en": "my team", "es": "mi equipo"}],
        "translations": {"es": {"status": "reviewed"}},
        "response_sets": [
            {
                "id": "often7",
                "min": 1,
                "max": 7,
                "labels": SEVEN,
                "stem": {"en": "How often in {referent}?", "es": "¿Con qué frecuencia?"},
            },
            {"id": "agree3", "min": 0, "max": 2, "labels": AGREE},
        ],
        "items": [
            {
                "id": "PS_Item_03",
                "text": {"en": "{referent} listens & learns.", "es": "{referent} escucha."},
                "response_set": "often7",
            },
            {
                "id": "PS_Item_1",
                "text": {"en": "People in {referent} hide slips.", "es": "La gente calla."},
                "response_set": "often7",
                "reverse": True,
            },
            {
                "id": "trustLead",
                "text": {"en": "I trust the lead of {referent}.", "es": "Confío en quien dirige."},
                "response_set": "often7",
            },
            {
                "id": "q2_1",
                "text": {"en": "Help is near, even at <5 people.", "es": "Hay ayuda cerca."},
                "response_set": "agree3",
            },
        ],
        "scales": [
            {"id": "open", "items": ["PS_Item_03", "PS_Item_1", "trustLead"]},
            {"id": "help", "items": ["q2_1"]},
        ],
    }
    return tm.build_instrument(**{**parts, **changes})


CASES = {
    "bank": lambda: tm.load_instrument("psychological-safety"),
    "two scales": lambda: tm.load_instrument("trust-cognitive-affective"),
    "pulse": lambda: tm.load_instrument("trust-pulse"),
    "seven points": lambda: tm.load_instrument("trust-pulse").with_response_set("agree7"),
    "odd ids": built,
    "two forms": lambda: tm.load_instrument("practitioner-trust"),
    "one form": lambda: tm.load_instrument("trust-strategies").form("well"),
    "stages": lambda: tm.load_instrument("practice-profile-2018"),
    "a part": lambda: tm.load_instrument("psychological-safety").subset(["ps09", "ps02", "ps12"]),
}
cases = pytest.mark.parametrize("make", CASES.values(), ids=CASES)


def simulate(instrument: tm.Instrument) -> tm.Responses:
    return tm.simulate_responses(instrument, n=60, n_clusters=4, icc=0.2, missing=0.1, rng=7)


def export(instrument, path: Path, platform: str, language: str) -> Path:
    """Export without the warning about an unreviewed translation, which has its own test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.InstrumentWarning)
        return tm.export_instrument(instrument, path, platform=platform, language=language)


def asked(instrument: tm.Instrument) -> list[str]:
    """Give the items in the order of a questionnaire: one form after the other."""
    forms = list(dict.fromkeys(item.form for item in instrument.items))
    return [i.id for form in forms for i in instrument.items if i.form == form]


def assert_same_scores(read: tm.Responses, simulated: tm.Responses) -> None:
    pd.testing.assert_frame_equal(read.items, simulated.items)
    ours, theirs = tm.score(read), tm.score(simulated)
    scales = list(ours.scale_ids)
    assert scales == list(theirs.scale_ids)
    pd.testing.assert_frame_equal(ours.data[scales], theirs.data[scales])


def in_place(path: Path, items, columns, *, heading_of, delimiter=",", encoding="utf-8") -> Path:
    """Give the columns of the items other headings: those of the exported definition."""
    with path.open(encoding=encoding, newline="") as stream:
        names, *rows = csv.reader(stream, delimiter=delimiter)
    assert len(columns) == len(items)
    for item, column in zip(items, columns, strict=True):
        names[names.index(heading_of(item))] = column
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([names, *rows])
    return path


languages = pytest.mark.parametrize("language", ["en", "es"])
as_labels = pytest.mark.parametrize("labels", [False, True], ids=["codes", "labels"])


def case(make, language: str) -> tuple[tm.Instrument, tm.Responses]:
    instrument = make()
    if language not in instrument.languages:
        pytest.skip("not translated")
    return instrument, simulate(instrument)


# -- Qualtrics ------------------------------------------------------------------------------------


def qualtrics_columns(definition: Path) -> list[tuple[str, str]]:
    """Give tag and wording of every column, as Qualtrics makes them from the text file."""
    columns = []
    text = definition.read_text(encoding="utf-8")
    assert text.startswith("[[AdvancedFormat]]\n")
    for question in re.split(r"^\[\[Question:", text, flags=re.MULTILINE)[1:]:
        kind, _, rest = question.partition("]]\n")
        if kind == "Text":
            continue
        tag = re.match(r"\[\[ID:(.+)\]\]\n", rest)
        wording = rest[tag.end() :].split("\n\n")[0]
        if kind.startswith("MC"):
            columns.append((tag[1], wording))
            continue
        assert kind == "Matrix:SingleAnswer"
        statements = rest.split("[[Choices]]\n")[1].split("\n\n")[0].split("\n")
        columns += [
            (f"{tag[1]}_{i}", f"{wording} - {statement}")
            for i, statement in enumerate(statements, start=1)
        ]
    return columns


def as_qualtrics(simulated, columns, path, *, wordings=True, **options) -> Path:
    """Write an export with these columns in the place of the items."""
    write_qualtrics(simulated, path, **options)
    with path.open(encoding="utf-8", newline="") as stream:
        names, texts, ids, *rows = csv.reader(stream)
    assert len(columns) == len(simulated.item_ids)
    for item, (tag, text) in zip(asked(simulated.instrument), columns, strict=True):
        place = names.index(item)
        names[place], texts[place] = tag, text if wordings else ""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([names, texts, ids, *rows])
    return path


@cases
@as_labels
@languages
def test_qualtrics(tmp_path, make, labels, language):
    instrument, simulated = case(make, language)
    definition = export(instrument, tmp_path / "survey.txt", "qualtrics", language)
    export_path = as_qualtrics(
        simulated, qualtrics_columns(definition), tmp_path / "answers.csv",
        labels=labels, language=language, unfinished=2, previews=1,
    )  # fmt: skip
    read = tm.read_responses(export_path, instrument, cluster="team")
    assert read.platform == "qualtrics"
    assert_same_scores(read, simulated)


def test_qualtrics_tags_alone_suffice_where_ids_count(tmp_path):
    instrument = tm.load_instrument("trust-cognitive-affective")
    simulated = simulate(instrument)
    definition = tm.export_instrument(instrument, tmp_path / "survey.txt", platform="qualtrics")
    columns = qualtrics_columns(definition)
    assert [tag for tag, _ in columns[10:14]] == ["ct_11", "ct_12", "at_1", "at_2"]
    answers = as_qualtrics(simulated, columns, tmp_path / "answers.csv", wordings=False)
    read = tm.read_responses(answers, instrument)
    assert read.log.count("matched by tag and number of a matrix") == 24
    assert_same_scores(read, simulated)


def test_qualtrics_tags_say_where_ids_begin_to_count(tmp_path):
    instrument = tm.load_instrument("practice-profile-2018")
    simulated = simulate(instrument)
    definition = tm.export_instrument(instrument, tmp_path / "survey.txt", platform="qualtrics")
    columns = qualtrics_columns(definition)
    assert [tag for tag, _ in columns[3:6]] == ["pf_4", "pf_from_5_1", "pf_from_5_2"]
    answers = as_qualtrics(simulated, columns, tmp_path / "answers.csv", wordings=False)
    assert_same_scores(tm.read_responses(answers, instrument), simulated)


def test_in_qualtrics_the_wording_goes_before_the_tag(tmp_path):
    instrument = tm.load_instrument("psychological-safety")
    simulated = simulate(instrument)
    definition = tm.export_instrument(instrument, tmp_path / "survey.txt", platform="qualtrics")
    columns = qualtrics_columns(definition)
    # Somebody moved the statements: Qualtrics kept the numbers of the places.
    moved = [(tag, text) for (tag, _), (_, text) in zip(columns[::-1], columns, strict=True)]
    read = tm.read_responses(as_qualtrics(simulated, moved, tmp_path / "a.csv"), instrument)
    assert read.column_map["ps01"] == f"ps_{len(columns)}"
    assert_same_scores(read, simulated)


def test_qualtrics_tags_that_do_not_count_need_the_wording(tmp_path):
    instrument = tm.load_instrument("psychological-safety").subset(["ps09", "ps02"])
    definition = tm.export_instrument(instrument, tmp_path / "survey.txt", platform="qualtrics")
    columns = qualtrics_columns(definition)
    assert [tag for tag, _ in columns] == ["M_agree5_1", "M_agree5_2"]
    answers = as_qualtrics(simulate(instrument), columns, tmp_path / "a.csv", wordings=False)
    with pytest.raises(tm.DataError, match="2 of 2 items"):
        tm.read_responses(answers, instrument)


# -- REDCap ---------------------------------------------------------------------------------------


def dictionary(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def redcap_columns(definition: Path) -> tuple[list[tuple[str, str]], str]:
    """Give name and label of every question, and the name of the form."""
    rows = dictionary(definition)
    assert len(rows[0]) == 18
    assert rows[0]["Variable / Field Name"] == "record_id"
    questions = [row for row in rows if row["Field Type"] == "radio"]
    names = [(row["Variable / Field Name"], row["Field Label"]) for row in questions]
    return names, rows[0]["Form Name"]


@cases
@as_labels
@languages
def test_redcap(tmp_path, make, labels, language):
    instrument, simulated = case(make, language)
    definition = export(instrument, tmp_path / "dictionary.csv", "redcap", language)
    columns, form = redcap_columns(definition)
    path = write_redcap(
        simulated, tmp_path / "data.csv", labels=labels, language=language, unfinished=3,
        include_text=False,
    )  # fmt: skip
    heads = [label if labels else name for name, label in columns]
    with path.open(encoding="utf-8", newline="") as stream:
        written = next(csv.reader(stream))
    first = written.index("simulated") + 1
    given = dict(zip(simulated.item_ids, written[first:-1], strict=True))
    in_place(path, asked(instrument), heads, heading_of=given.get)
    several = len({item.form for item in instrument.items}) > 1
    assert labels or several or written[-1] == f"{form}_complete"
    read = tm.read_responses(path, instrument, cluster="team")
    assert read.platform == "redcap"
    assert read.respondent == ("Record ID" if labels else "record_id")
    assert read.log.count("unfinished dropped") == 3
    assert_same_scores(read, simulated)


@cases
@languages
def test_redcap_dictionaries_are_read_as_the_same_instrument(tmp_path, make, language):
    instrument, _ = case(make, language)
    definition = export(instrument, tmp_path / "dictionary.csv", "redcap", language)
    assert_same_questions(definition, instrument, language, "redcap", str.lower)


def assert_same_questions(definition, instrument, language, platform, name) -> None:
    """Import a definition: ids, ranges, labels and wordings are those that were exported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.InstrumentWarning)
        again = tm.import_instrument(definition)
    order = asked(instrument)
    assert [i.id for i in again.items] == [name(i) for i in order]
    for item, own in zip(again.items, map(instrument.item, order), strict=True):
        assert again.response_range(item.id) == instrument.response_range(own.id)
        (wording,) = item.text.values()
        shown = instrument.item_text(own.id, language=language)
        # A question that stands alone may carry the words above it.
        assert wording.endswith(shown), platform
        labels = {
            code: next(iter(texts.values()))
            for code, texts in again.response_set(item.id).labels.items()
            if next(iter(texts.values())) != str(code)
        }
        expected = instrument.response_set(own.id).labels
        assert labels == {code: texts[language] for code, texts in expected.items()}


def test_redcap_gives_each_form_its_own_form(tmp_path):
    instrument = tm.load_instrument("practitioner-trust")
    path = tm.export_instrument(instrument, tmp_path / "d.csv", platform="redcap")
    rows = dictionary(path)
    assert {r["Form Name"] for r in rows} == {
        "practitioner_trust_stakeholder",
        "practitioner_trust_practitioner",
    }
    groups = {r["Matrix Group Name"] for r in rows} - {""}
    assert len(groups) == len({(r["Form Name"], r["Matrix Group Name"]) for r in rows}) - 1


# -- LimeSurvey -----------------------------------------------------------------------------------


def limesurvey_columns(definition: Path) -> list[tuple[str, str]]:
    """Give code and wording of every column, as LimeSurvey heads them."""
    text = definition.read_text(encoding="utf-8")
    assert text.startswith("\ufeffid\t")
    rows = list(csv.DictReader(text.removeprefix("\ufeff").splitlines(), delimiter="\t"))
    ids = [row["id"] for row in rows if row["class"] in {"Q", "SQ"}]
    assert len(ids) == len(set(ids))
    columns = []
    for row in rows:
        if row["class"] == "Q":
            question = row
            if row["type/scale"] == "L":
                columns.append((row["name"], row["text"]))
        elif row["class"] == "SQ":
            assert question["type/scale"] == "F"
            assert row["related_id"] == question["id"]
            columns.append((f"{question['name']}[{row['name']}]", f"[{row['text']}]"))
        elif row["class"] == "A":
            assert row["id"] == question["id"]
            assert re.fullmatch(r"[A-Za-z0-9]{1,5}", row["name"])
    assert all(re.fullmatch(r"[A-Za-z0-9]+(\[[A-Za-z0-9]+\])?", code) for code, _ in columns)
    return columns


@cases
@as_labels
@languages
@pytest.mark.parametrize("shape", ["code", "joined", "code and text", "text"])
def test_limesurvey(tmp_path, make, labels, language, shape):
    instrument, simulated = case(make, language)
    definition = export(instrument, tmp_path / "survey.txt", "limesurvey", language)
    shown = {
        "code": lambda code, text: code,
        "joined": lambda code, text: code.replace("[", "_").removesuffix("]"),
        "code and text": lambda code, text: f"{code}. {text}",
        "text": lambda code, text: f"How far? {text}" if "[" in code else text,
    }[shape]
    columns = [shown(code, text) for code, text in limesurvey_columns(definition)]
    path = write_limesurvey(
        simulated, tmp_path / "data.csv", labels=labels, language=language, unfinished=3
    )
    with path.open(encoding="utf-8-sig", newline="") as stream:
        written = next(csv.reader(stream, delimiter=";"))
    given = dict(zip(simulated.item_ids, written[5 : 5 + len(columns)], strict=True))
    in_place(
        path, asked(instrument), columns, heading_of=given.get, delimiter=";",
        encoding="utf-8-sig",
    )  # fmt: skip
    read = tm.read_responses(path, instrument, cluster="team", respondent="id")
    assert read.platform == "limesurvey"
    assert read.log.count("unfinished dropped") == 3
    assert_same_scores(read, simulated)


@cases
@languages
def test_limesurvey_structures_are_read_as_the_same_instrument(tmp_path, make, language):
    instrument, _ = case(make, language)
    definition = export(instrument, tmp_path / "survey.txt", "limesurvey", language)
    codes = [re.sub(r".*\[|\]", "", code) for code, _ in limesurvey_columns(definition)]
    by_item = dict(zip(asked(instrument), codes, strict=True))
    assert_same_questions(definition, instrument, language, "limesurvey", by_item.get)


# -- XLSForm --------------------------------------------------------------------------------------


def sheet_rows(path: Path, sheet: str) -> list[dict[str, object]]:
    heading, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def xlsform_columns(definition: Path) -> list[tuple[str, str]]:
    """Give the path and the label of every question."""
    columns, group = [], ""
    for row in sheet_rows(definition, "survey"):
        if row["type"] == "begin group":
            group = row["name"]
        elif row["type"].startswith("select_one"):
            label = next(v for k, v in row.items() if k.startswith("label"))
            columns.append((f"{group}/{row['name']}", label))
    return columns


@cases
@as_labels
@languages
@pytest.mark.parametrize("shape", ["kobo", "kobo names", "kobo labels", "central"])
def test_xlsform(tmp_path, make, labels, language, shape):
    instrument, simulated = case(make, language)
    definition = export(instrument, tmp_path / "form.xlsx", "xlsform", language)
    shown = {
        "kobo": lambda name, label: name,
        "kobo names": lambda name, label: name.split("/")[1],
        "kobo labels": lambda name, label: f"How far do you agree?/{label}",
        "central": lambda name, label: name.replace("/", "-"),
    }[shape]
    columns = [shown(name, label) for name, label in xlsform_columns(definition)]
    path = write_kobo(simulated, tmp_path / "data.csv", labels=labels, language=language)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names, *rows = csv.reader(stream, delimiter=";")
    given = dict(zip(asked(instrument), columns, strict=True))
    first = names.index("simulated") + 1
    names[first : first + len(columns)] = [given[item] for item in simulated.item_ids]
    if shape == "central":
        names = ["SubmissionDate" if n == "_submission_time" else n for n in names]
        names = ["KEY" if n == "_uuid" else n for n in names if n]
        names = ["meta-instanceID" if n == "_id" else n for n in names]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([names, *rows])
    read = tm.read_responses(path, instrument, cluster="team")
    assert read.platform == "xlsform"
    assert read.respondent == ("KEY" if shape == "central" else "_id")
    assert_same_scores(read, simulated)


@cases
@languages
def test_xlsforms_compile(tmp_path, make, language):
    from pyxform.xls2xform import convert

    instrument, _ = case(make, language)
    definition = export(instrument, tmp_path / "form.xlsx", "xlsform", language)
    told: list[str] = []
    xform = convert(definition, warnings=told, validate=False).xform
    assert told == []
    columns = xlsform_columns(definition)
    for item, (name, label) in zip(asked(instrument), columns, strict=True):
        assert label == instrument.item_text(item, language=language)
        assert f'ref="/data/{name}"' in xform
    assert "{referent}" not in xform


@cases
@languages
def test_xlsforms_are_read_as_the_same_instrument(tmp_path, make, language):
    instrument, _ = case(make, language)
    definition = export(instrument, tmp_path / "form.xlsx", "xlsform", language)
    assert_same_questions(definition, instrument, language, "xlsform", str)
