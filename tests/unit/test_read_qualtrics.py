"""Qualtrics exports: real ones, and every shape of headings, status and finished."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from trustmeasure import DataError, build_instrument
from trustmeasure.platforms import read_responses, write_qualtrics
from trustmeasure.simulate import simulate_responses

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
LABELS = {1: "Strongly disagree", 2: "Disagree", 3: "Neither", 4: "Agree", 5: "Strongly agree"}


def make(scales, low=1, high=7, **fields):
    return build_instrument(
        id="real",
        response_sets=[{"id": "points", "min": low, "max": high}],
        items=[
            {"id": f"{scale}_{k}", "reverse": k in reverse}
            for scale, n, reverse in scales
            for k in range(1, n + 1)
        ],
        scales=[
            {"id": scale, "items": [f"{scale}_{k}" for k in range(1, n + 1)]}
            for scale, n, _ in scales
        ],
        **fields,
    )


@pytest.fixture(scope="module")
def priming():
    return make([("elevation", 6, ()), ("fatigue", 9, (3, 7, 8)), ("desire_predict", 8, (1, 4, 5))])


@pytest.fixture
def two_items():
    return build_instrument(
        id="two",
        response_sets=[{"id": "agree5", "min": 1, "max": 5, "labels": LABELS}],
        items=[{"id": "ps1", "text": "A."}, {"id": "ps2", "text": "B."}],
        scales=[{"id": "safety", "items": ["ps1", "ps2"]}],
    )


# -- real exports ---------------------------------------------------------------------------------


def test_affective_priming(priming):
    responses = read_responses(
        EXPORTS / "affective_priming_response.csv", priming, respondent="TWIN_ID", cluster="cond"
    )
    assert responses.platform == "qualtrics"
    assert responses.n == 1000
    assert responses.source == "affective_priming_response.csv"
    answered = {
        scale.id: int(responses.data[list(scale.items)].notna().all(axis=1).sum())
        for scale in priming.scales
    }
    assert answered == {"elevation": 508, "fatigue": 492, "desire_predict": 492}
    log = {e.action: e.count for e in responses.log.entries if e.action[:5] != "scale"}
    assert log == {
        "third-row cells that are not JSON": 1,
        "matched by id": 23,
        "display order columns left out": 31,
        "block randomiser columns left out": 8,
        "timing columns left out": 8,
        "free text columns left out": 3,
    }
    assert "'TWIN_ID'" in responses.log.entries[0].detail
    assert [e.count for e in responses.log.entries if e.action == "scale without any answer"] == [
        492,
        508,
        508,
    ]
    # 91 columns: 50 left out, 41 kept.
    assert responses.data.shape == (1000, 41)
    assert list(responses.data.columns[:25]) == [*priming.item_ids, "TWIN_ID", "cond"]
    assert not any("_DO_" in name or "Click" in name for name in responses.data.columns)


def test_affective_priming_by_import_id_and_wording():
    by_import_id = build_instrument(
        id="by-import-id",
        response_sets=[{"id": "p", "min": 1, "max": 7}],
        items=[{"id": f"el{k}"} for k in range(1, 7)],
        scales=[{"id": "el", "items": [f"el{k}" for k in range(1, 7)]}],
        aliases={f"QID49_{k}": f"el{k}" for k in range(1, 7)},
    )
    path = EXPORTS / "affective_priming_response.csv"
    responses = read_responses(path, by_import_id)
    assert responses.column_map["el3"] == "elevation_3"
    by_wording = build_instrument(
        id="by-wording",
        response_sets=[{"id": "p", "min": 1, "max": 7}],
        items=[
            {"id": "dp8", "text": "I dislike unpredictable situations."},
            {"id": "dp1", "text": "I would like to be around friends who are UNPREDICTABLE"},
        ],
        scales=[{"id": "dp", "items": ["dp8", "dp1"]}],
    )
    worded = read_responses(path, by_wording)
    assert dict(worded.column_map) == {"dp8": "desire_predict_8", "dp1": "desire_predict_1"}
    assert worded.log.count("matched by statement of a matrix") == 2


def test_preference_redistribution():
    path = EXPORTS / "preference_redistribution_response.csv"
    trust = build_instrument(
        id="gss-trust",
        response_sets=[{"id": "three", "min": 1, "max": 3}],
        items=[{"id": "TRUST_GSS"}, {"id": "FAIR"}, {"id": "CONPRESS_GSS"}],
        scales=[{"id": "trust", "items": ["TRUST_GSS", "FAIR", "CONPRESS_GSS"]}],
    )
    with pytest.raises(DataError, match="its response set allows 1–3") as error:
        read_responses(path, trust, respondent="TWIN_ID")
    assert "recode=" in str(error.value)
    responses = read_responses(path, trust, respondent="TWIN_ID", missing_codes=(4,))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        records = list(csv.reader(stream))
    assert responses.n == len(records) - 3 == 1198
    assert responses.log.count("third-row cells that are not JSON") == 1
    column = records[0].index("TRUST_GSS")
    raw = [row[column] for row in records[3:]]
    expected = [float(cell) if cell in {"1", "2", "3"} else np.nan for cell in raw]
    np.testing.assert_array_equal(responses.data["TRUST_GSS"], expected)
    assert responses.log.count("declared missing") > 0


def test_german_headings():
    responses = read_responses(EXPORTS / "qualtRics_sample_modern_de.csv")
    assert (responses.platform, responses.n) == ("qualtrics", 1)
    assert responses.respondent == "ResponseId"
    kept = set(responses.data.columns)
    assert {"Q1", "StartDate", "UserLanguage", "DistributionChannel"} <= kept
    assert not kept & {"IPAddress", "RecipientEmail", "LocationLatitude", "Q2", "Q2 - Topics"}
    assert responses.log.count("topic columns left out") == 1
    assert responses.log.count("identifying columns left out") == 7


def test_legacy_headings():
    one = build_instrument(
        id="one",
        response_sets=[{"id": "r", "min": 1, "max": 3}],
        items=[{"id": "q", "text": "This is a multiple choice question."}],
        scales=[{"id": "s", "items": ["q"]}],
    )
    responses = read_responses(EXPORTS / "qualtRics_sample_legacy.csv", one)
    assert (responses.platform, responses.n) == ("qualtrics", 1)
    assert responses.data["q"].tolist() == [2.0]
    assert responses.data["ResponseId"].tolist() == ["R_2YPOQ602ER1jkf1"]
    assert "130.92.34.66" not in responses.data.to_csv()
    assert responses.log.count("Qualtrics headings") == 2


# -- shapes ---------------------------------------------------------------------------------------

OWN = ["StartDate", "Status", "Progress", "Finished", "ResponseId", "DistributionChannel"]
OWN_IDS = ["startDate", "status", "progress", "finished", "_recordId", "distributionChannel"]
OWN_TEXTS = ["Start Date", "Response Type", "Progress", "Finished", "Response ID", "Channel"]


def export(rows, *, headings=3, names=("ps1", "ps2"), ids=("QID1", "QID2"), texts=("A", "B")):
    """Write a Qualtrics export with its own columns before those that are given."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    top = [
        [*OWN, *names],
        [*OWN_TEXTS, *texts],
        [json.dumps({"ImportId": name}) for name in (*OWN_IDS, *ids)],
    ]
    writer.writerows(top[:headings])
    writer.writerows(rows)
    return stream.getvalue()


def row(number, *answers, status="0", progress="100", finished="1", channel="anonymous"):
    return ["2026-01-05 09:00:00", status, progress, finished, f"R_{number}", channel, *answers]


def read(tmp_path, text, instrument, **options):
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    return read_responses(path, instrument, **options)


@pytest.mark.parametrize("headings", [1, 2, 3])
def test_headings_that_people_deleted(tmp_path, two_items, headings):
    text = export([row(1, 1, 2), row(2, 5, "")], headings=headings)
    responses = read(tmp_path, text, two_items)
    assert responses.platform == "qualtrics"
    assert responses.items.fillna(0).to_numpy().tolist() == [[1, 2], [5, 0]]
    assert responses.log.count("Qualtrics headings") == (0 if headings == 3 else headings)


def test_tab_separated_and_utf16(tmp_path, two_items):
    text = export([row(1, 1, 2)])
    stream = io.StringIO()
    csv.writer(stream, delimiter="\t").writerows(csv.reader(io.StringIO(text)))
    path = tmp_path / "export.tsv"
    path.write_bytes(stream.getvalue().encode("utf-16"))
    responses = read_responses(path, two_items)
    assert responses.platform == "qualtrics"
    assert responses.items.to_numpy().tolist() == [[1, 2]]


def test_workbooks(tmp_path, two_items):
    book = openpyxl.Workbook()
    for record in csv.reader(io.StringIO(export([row(1, 1, 2), row(2, 3, 4, finished="0")]))):
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in record])
    book.save(tmp_path / "export.xlsx")
    responses = read_responses(tmp_path / "export.xlsx", two_items)
    assert responses.platform == "qualtrics"
    assert responses.items.to_numpy().tolist() == [[1, 2]]
    assert responses.log.count("unfinished dropped") == 1


def test_previews_and_unfinished_in_numbers(tmp_path, two_items):
    rows = [
        row(1, 1, 1),
        row(2, 2, 2, status="1"),
        row(3, 3, 3, finished="0", progress="40"),
        row(4, 4, 4, status="8"),
        row(5, 5, 5, status="17"),  # an offline preview
        row(6, 1, 2, status="1", finished="0"),
        row(7, 1, 3, channel="preview"),
    ]
    responses = read(tmp_path, export(rows), two_items)
    assert responses.data["ResponseId"].tolist() == ["R_1", "R_4"]
    assert responses.log.count("previews dropped") == 4
    assert responses.log.count("unfinished dropped") == 1
    assert responses.log.count("possible spam kept") == 1
    kept = read(tmp_path, export(rows), two_items, previews="keep", unfinished="keep")
    assert kept.n == 7
    assert kept.log.count("previews kept") == 4
    assert kept.log.count("unfinished kept") == 2


@pytest.mark.parametrize(
    ("yes", "no", "preview"),
    [
        ("True", "False", "Survey Preview"),
        ("TRUE", "FALSE", "Survey Test"),
        ("Wahr", "Falsch", "Umfragevorschau"),
        ("Vrai", "Faux", "Aperçu de l'enquête"),
        ("Verdadero", "Falso", "Vista previa de la encuesta"),
    ],
)
def test_previews_and_unfinished_in_words(tmp_path, two_items, yes, no, preview):
    rows = [
        row(1, "Agree", "Disagree", status="IP Address", finished=yes),
        row(2, "Agree", "Disagree", status=preview, finished=yes),
        row(3, "Agree", "", status="IP Address", finished=no, progress="50"),
    ]
    responses = read(tmp_path, export(rows), two_items)
    assert responses.items.to_numpy().tolist() == [[4, 2]]
    assert responses.log.count("previews dropped") == 1
    assert responses.log.count("unfinished dropped") == 1
    assert responses.log.count("labels turned into codes") == 2


def test_finished_that_nobody_understands(tmp_path, two_items):
    rows = [row(1, 1, 1, finished="kyllä"), row(2, 2, 2, finished="ei", progress="30")]
    responses = read(tmp_path, export(rows), two_items)
    assert responses.n == 1
    assert responses.log.count("Finished not understood") == 2
    assert responses.log.count("unfinished dropped") == 1


def test_own_columns_may_be_absent(tmp_path, two_items):
    full = list(csv.reader(io.StringIO(export([row(1, 1, 2), row(2, 3, 4, progress="20")]))))
    without_finished = [[*r[:3], *r[4:]] for r in full]
    stream = io.StringIO()
    csv.writer(stream).writerows(without_finished)
    responses = read(tmp_path, stream.getvalue(), two_items)
    assert responses.log.count("Finished is absent") == 1
    assert responses.n == 1
    answers_only = [r[6:] for r in full]
    stream = io.StringIO()
    csv.writer(stream).writerows(answers_only)
    responses = read(tmp_path, stream.getvalue(), two_items)
    assert (responses.platform, responses.n) == ("qualtrics", 2)
    assert responses.data["respondent"].tolist() == [1, 2]


def test_nothing_left(tmp_path, two_items):
    rows = [row(1, 1, 2, status="1"), row(2, 1, 2, finished="0")]
    with pytest.raises(DataError, match=r"None of the 2 responses.*1 previews and 1 unfinished"):
        read(tmp_path, export(rows), two_items)


def test_rows_in_messages_are_those_of_the_file(tmp_path, two_items):
    rows = [row(1, 1, 2, status="1"), row(2, 1, 2), row(3, 9, 2)]
    with pytest.raises(DataError, match=r"code 9 in 1 row \(first: data row 3, .* row 6\)"):
        read(tmp_path, export(rows), two_items)


def test_columns_that_are_no_answers_never_match(tmp_path):
    names = [
        "Q1", "Q1_DO_1", "Q1_5_TEXT", "Q2_First Click", "Q2_Click Count", "FL_3_DO_Block",
        "Q4 - Topics", "Q4 - Sentiment", "email", "dept",
    ]  # fmt: skip
    ids = [
        "QID1", "QID1_DO", "QID1_5_TEXT", "QID2_FIRST_CLICK", "QID2_CLICK_COUNT", "FL_3_DO",
        "QID4_TEXT_eae5a8d0e7fd4bd183e983e5Topics", "QID4_TEXT_eae5a8d0e7fd4bd183e983e5Sentiment",
        "email", "dept",
    ]  # fmt: skip
    text = export([row(1, 1, 2, "x", 3, 4, 1, "t", "s", "e", "Ops")], names=names, ids=ids,
                  texts=["I like it"] * len(names))  # fmt: skip
    like = build_instrument(
        id="like",
        response_sets=[{"id": "r", "min": 1, "max": 5}],
        items=[{"id": "like1", "text": "I like it."}],
        scales=[{"id": "like", "items": ["like1"]}],
    )
    with pytest.raises(DataError, match="'Q1', 'dept'"):  # both have the wording, nothing else
        read(tmp_path, text, like)
    responses = read(tmp_path, text, like, columns={"like1": "Q1"}, cluster="dept")
    assert list(responses.data.columns)[:3] == ["like1", "ResponseId", "dept"]
    for kind, count in {
        "display order": 1, "free text": 1, "timing": 2, "block randomiser": 1, "topic": 2,
        "identifying": 1,
    }.items():  # fmt: skip
        assert responses.log.count(f"{kind} columns left out") == count
    wanted = build_instrument(
        id="wanted",
        response_sets=[{"id": "r", "min": 1, "max": 5}],
        items=[{"id": "Q1_DO_1"}],
        scales=[{"id": "s", "items": ["Q1_DO_1"]}],
    )
    with pytest.raises(DataError, match="holds display order"):
        read(tmp_path, text, wanted)


def test_left_out_columns_can_be_asked_for(tmp_path, two_items):
    text = export(
        [row(1, 1, 2, "North", "a@b.org")],
        names=["ps1", "ps2", "team_TEXT", "RecipientEmail"],
        ids=["QID1", "QID2", "QID3_TEXT", "recipientEmail"],
        texts=["A", "B", "Your team?", "Recipient Email"],
    )
    responses = read(tmp_path, text, two_items, cluster="Your team?", respondent="recipientEmail")
    assert responses.data["team_TEXT"].tolist() == ["North"]
    assert responses.respondent == "RecipientEmail"


def test_columns_by_import_id(tmp_path, two_items):
    text = export([row(1, 1, 2)], names=["Q7_1", "Q7_2"], ids=["QID36_1", "QID36_2"])
    responses = read(tmp_path, text, two_items, columns={"ps1": "QID36_2", "ps2": "Q7_1"})
    assert responses.data[["ps1", "ps2"]].to_numpy().tolist() == [[2, 1]]


def test_duplicate_tags(tmp_path, two_items):
    text = export([row(1, 1, 2, 3)], names=["ps1", "ps2", "ps2"], ids=["QID1", "QID2", "QID3"],
                  texts=["A", "B", "B"])  # fmt: skip
    with pytest.raises(DataError, match="'ps2' in columns 8, 9"):
        read(tmp_path, text, two_items)


def test_forced_platform(tmp_path, two_items):
    with pytest.raises(DataError, match="none of the headings of a Qualtrics export"):
        read(tmp_path, "ps1,ps2\n1,2\n", two_items, platform="qualtrics")
    text = export([row(1, 1, 2)], headings=1)
    assert read(tmp_path, text, two_items, platform="table").platform == "table"


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [False, True])
def test_written_exports_are_read_again(tmp_path, two_items, labels):
    simulated = simulate_responses(
        two_items, n=60, n_clusters=5, icc=0.2, waves=2, missing=0.2, rng=5
    )
    path = write_qualtrics(
        simulated, tmp_path / "export.csv", labels=labels, previews=3, unfinished=4
    )
    again = read_responses(path, two_items, respondent="respondent", cluster="team", wave="wave")
    assert again.platform == "qualtrics"
    assert again.simulated
    assert again.log.count("previews dropped") == 3
    assert again.log.count("unfinished dropped") == 4
    assert again.log.count("simulated") == 120
    columns = [*two_items.item_ids, "respondent", "team", "wave"]
    assert again.data[columns].equals(simulated.data[columns])
    with pytest.raises(DataError, match="exists already"):
        write_qualtrics(simulated, path)


def test_written_exports_have_three_headings_and_are_safe(tmp_path, two_items):
    simulated = simulate_responses(two_items, n=4, n_clusters=2, rng=5)
    data = simulated.data.assign(team=["=1+1", "@x", "-3", "ok"])
    unsafe = type(simulated)(**{**vars(simulated), "data": data})
    path = write_qualtrics(unsafe, tmp_path / "export.csv")
    with path.open(newline="") as stream:
        records = list(csv.reader(stream))
    assert records[0][:3] == ["StartDate", "EndDate", "Status"]
    assert records[1][records[0].index("ps1")] == "Please give one answer in each row. - A."
    assert [json.loads(cell)["ImportId"] for cell in records[2]][:2] == ["startDate", "endDate"]
    assert [r[records[0].index("team")] for r in records[3:]] == ["'=1+1", "'@x", "-3", "ok"]


def test_what_cannot_be_written(tmp_path, two_items):
    simulated = simulate_responses(two_items, n=4, rng=5)
    with pytest.raises(DataError, match="known instrument"):
        write_qualtrics(
            type(simulated)(**{**vars(simulated), "instrument": None}), tmp_path / "a.csv"
        )
    double = build_instrument(
        id="double",
        response_sets=[{"id": "r", "min": 1, "max": 2, "labels": {1: "Yes", 2: {"de": "Yes"}}}],
        items=[{"id": "a", "text": "A"}],
        scales=[{"id": "s", "items": ["a"]}],
    )
    with pytest.raises(DataError, match="stand for several codes"):
        write_qualtrics(simulate_responses(double, n=4, rng=1), tmp_path / "a.csv", labels=True)
    assert not list(tmp_path.iterdir())
