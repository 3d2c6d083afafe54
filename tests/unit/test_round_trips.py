"""From an instrument to a platform and back: the definition names the columns, answers survive.

The columns of each simulated export are taken from the exported definition, as the platform
itself would make them, and not from the instrument.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.platforms import write_qualtrics

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
    "a part": lambda: tm.load_instrument("psychological-safety").subset(["ps09", "ps02", "ps12"]),
}
cases = pytest.mark.parametrize("make", CASES.values(), ids=CASES)


def simulate(instrument: tm.Instrument) -> tm.Responses:
    return tm.simulate_responses(instrument, n=60, n_clusters=4, icc=0.2, missing=0.1, rng=7)


def assert_same_scores(read: tm.Responses, simulated: tm.Responses) -> None:
    pd.testing.assert_frame_equal(read.items, simulated.items)
    ours, theirs = tm.score(read), tm.score(simulated)
    scales = list(ours.scale_ids)
    assert scales == list(theirs.scale_ids)
    pd.testing.assert_frame_equal(ours.data[scales], theirs.data[scales])


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
    for item, (tag, text) in zip(simulated.item_ids, columns, strict=True):
        place = names.index(item)
        names[place], texts[place] = tag, text if wordings else ""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([names, texts, ids, *rows])
    return path


@cases
@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("language", ["en", "es"])
def test_qualtrics(tmp_path, make, labels, language):
    instrument = make()
    if language not in instrument.languages:
        pytest.skip("not translated")
    simulated = simulate(instrument)
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


def export(instrument, path: Path, platform: str, language: str) -> Path:
    """Export without the warning about an unreviewed translation, which has its own test."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.InstrumentWarning)
        return tm.export_instrument(instrument, path, platform=platform, language=language)
