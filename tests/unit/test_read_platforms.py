"""Exports of REDCap, LimeSurvey, KoboToolbox and ODK, in the shapes that real ones have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.platforms import write_kobo, write_limesurvey, write_qualtrics, write_redcap

LABELS = {1: "Strongly disagree", 2: "Disagree", 3: "Neither", 4: "Agree", 5: "Strongly agree"}
WORDINGS = {"PS_1": "In my team, we talk about slips.", "PS_2": "I hide what worries me."}


@pytest.fixture
def two():
    return tm.build_instrument(
        id="two",
        response_sets=[{"id": "agree5", "min": 1, "max": 5, "labels": LABELS}],
        items=[{"id": item, "text": text} for item, text in WORDINGS.items()],
        scales=[{"id": "safety", "items": list(WORDINGS)}],
    )


def read(tmp_path: Path, content: str, instrument=None, **options) -> tm.Responses:
    path = tmp_path / "export.csv"
    path.write_text(content, encoding="utf-8")
    return tm.read_responses(path, instrument, **options)


def codes(responses) -> list[list[float]]:
    return responses.items.fillna(-1).to_numpy().tolist()


# -- REDCap ---------------------------------------------------------------------------------

REDCAP = (
    "participant_id,redcap_survey_identifier,intake_timestamp,age,race___1,intake_complete,"
    "survey_timestamp,ps_1,ps_2,survey_complete\n"
    '1,,"2026-03-06 15:52:43",33,1,2,"2026-03-06 15:58:00",1,5,2\n'
    '2,,"2026-03-06 15:53:15",41,0,2,"[not completed]",4,,0\n'
    '3,,"2026-03-07 15:53:15",28,0,0,"2026-03-07 16:00:00",2,2,1\n'
)


def test_redcap_counts_the_form_of_the_items(tmp_path, two):
    responses = read(tmp_path, REDCAP, two)
    assert responses.platform == "redcap"
    assert responses.respondent == "participant_id"
    # Person 3 left the intake open, but not the survey.
    assert responses.data["participant_id"].tolist() == [1, 3]
    assert codes(responses) == [[1, 5], [2, 2]]
    assert responses.log.count("unfinished dropped") == 1
    assert "'survey_complete'" in repr(responses.log)
    assert {"race___1", "survey_complete", "intake_timestamp"} <= set(responses.data.columns)
    kept = read(tmp_path, REDCAP, two, unfinished="keep")
    assert kept.n == 3
    assert kept.log.count("unfinished kept") == 1


def test_redcap_without_items_counts_all_forms(tmp_path):
    assert read(tmp_path, REDCAP).n == 3  # nobody left both forms open
    one = "record_id,a,form_complete\n1,1,0\n2,1,2\n3,1,\n"
    assert read(tmp_path, one).data["record_id"].tolist() == [2, 3]


def test_redcap_timestamps_serve_where_no_state_is_exported(tmp_path, two):
    text = "record_id,redcap_survey_identifier,s_timestamp,ps_1,ps_2\n"
    text += '1,,"2026-03-06 15:52:43",1,2\n2,,"[not completed]",1,\n'
    assert read(tmp_path, text, two).n == 1


def test_redcap_with_labels(tmp_path, two):
    text = (
        "Record ID,Event Name,Survey Timestamp,Age,Complete?,Survey Timestamp,"
        '"In my team, we talk about slips.",I hide what worries me.,Complete?\n'
        "1,Before,,30,Complete,,Agree,Neither,Complete\n"
        "2,Before,,30,Complete,,Agree,,Incomplete\n"
        "3,Before,,30,Unverified,,Disagree,Neither,Unverified\n"
    )
    responses = read(tmp_path, text, two, wave="Event Name")
    assert responses.platform == "redcap"
    assert codes(responses) == [[4, 3], [2, 3]]
    assert "Complete? (2)" in responses.data


def test_redcap_events_are_waves(tmp_path, two):
    text = "record_id,redcap_event_name,ps_1,ps_2,s_complete\n"
    text += "1,before_arm_1,1,2,2\n1,after_arm_1,3,4,2\n2,before_arm_1,2,2,2\n"
    with pytest.raises(tm.DataError, match="name the wave with wave="):
        read(tmp_path, text, two)
    assert read(tmp_path, text, two, wave="redcap_event_name").n == 3


def test_when_all_are_unfinished_the_error_says_so(tmp_path, two):
    text = "record_id,ps_1,ps_2,s_complete\n1,1,2,0\n2,1,2,0\n"
    with pytest.raises(tm.DataError, match=r"None of the 2 responses.*'s_complete'.*keep"):
        read(tmp_path, text, two)


def test_a_column_that_only_ends_like_a_state_stays(tmp_path, two):
    text = "record_id,ps_1,ps_2,task_complete,s_complete\n1,1,2,7 minutes,2\n2,1,2,,0\n"
    responses = read(tmp_path, text, two)
    assert responses.n == 1
    assert responses.data["task_complete"].tolist() == ["7 minutes"]


def test_frames_are_understood_like_files(tmp_path, two):
    path = tmp_path / "export.csv"
    path.write_text(REDCAP)
    frame = pd.read_csv(path)
    responses = tm.read_responses(frame, two)
    assert responses.platform == "redcap"
    assert codes(responses) == [[1, 5], [2, 2]]
    assert tm.read_responses(frame, two, platform="table").n == 3


# -- LimeSurvey -----------------------------------------------------------------------------

LIME = (
    '"id","submitdate","lastpage","startlanguage","seed","ipaddr","groupTime12",{heads}\n'
    '"3","2026-01-05 09:00:00","1","en","12","10.0.0.1","8.1",{first}\n'
    '"5","","1","en","13","10.0.0.2","7.0",{second}\n'
)


@pytest.mark.parametrize(
    "heads",
    [
        '"Q1[PS1]","Q1[PS2]"',
        '"Q1_PS1","Q1_PS2"',
        '"PS1","PS2"',
        '"Q1[PS1]. How far? [In my team, we talk about slips.]","Q1[PS2]. How far? [I hide]"',
        '"How far? [In my team, we talk about slips.]","How far? [I hide what worries me.]"',
    ],
)
@pytest.mark.parametrize("first", ['"2","5"', '"A2","A5"', '"AO02","AO05"', '"Disagree","5"'])
def test_limesurvey_headings_and_answers(tmp_path, two, heads, first):
    text = LIME.format(heads=heads, first=first, second='"1",""')
    responses = read(tmp_path, text, two)
    assert responses.platform == "limesurvey"
    assert (responses.respondent, responses.data["id"].tolist()) == ("id", [3])
    assert codes(responses) == [[2, 5]]
    assert responses.log.count("unfinished dropped") == 1
    assert responses.log.count("timing columns left out") == 1
    assert "ipaddr" not in responses.data
    coded = 2 if "A" in first else 0
    assert responses.log.count("answer codes of the platform read by their number") == coded


def test_limesurvey_with_full_texts(tmp_path, two):
    text = (
        '"Response ID";"Date submitted";"Last page";"Start language";'
        '"How far? [In my team, we talk about slips.]";"How far? [I hide what worries me.]"\r\n'
        '"1";"2026-01-05 09:00:00";"1";"en";"Agree";"Disagree"\r\n'
        '"2";"";"1";"en";"Agree";""\r\n'
    )
    responses = read(tmp_path, text, two)
    assert responses.platform == "limesurvey"
    assert codes(responses) == [[4, 2]]
    assert responses.respondent == "Response ID"


def test_limesurvey_with_code_and_text_everywhere(tmp_path, two):
    text = (
        "id. Response ID,submitdate. Date submitted,team. Which team?,"
        "Q1[PS1]. How far? [x],Q1[PS2]. How far? [y]\n1,2026-01-05,North,1,2\n2,,South,3,4\n"
    )
    responses = read(tmp_path, text, two, cluster="team")
    assert codes(responses) == [[1, 2]]
    assert responses.cluster == "team. Which team?"


def test_limesurveys_own_answer_codes_are_not_guessed(tmp_path, two):
    zero = tm.build_instrument(
        id="zero",
        response_sets=[{"id": "r", "min": 0, "max": 4}],
        items=[{"id": "PS1"}, {"id": "PS2"}],
        scales=[{"id": "s", "items": ["PS1", "PS2"]}],
    )
    text = LIME.format(heads='"Q[PS1]","Q[PS2]"', first='"A1","A4"', second='"A1",""')
    with pytest.raises(tm.DataError, match="unknown answer 'A1'"):
        read(tmp_path, text, zero)
    recode = {f"A{i}": i - 1 for i in range(1, 6)}
    assert codes(read(tmp_path, text, zero, recode=recode)) == [[0, 3]]
    # What the user says goes first, and codes outside the range stay errors.
    assert codes(read(tmp_path, text.replace("PS1", "PS_1"), two, recode={"A1": 5})) == [[5, 4]]
    with pytest.raises(tm.DataError, match="code 9"):
        read(tmp_path, text.replace("A4", "A9"), two)
    with pytest.raises(tm.DataError, match="unknown answer 'A1'"):
        read(tmp_path, "PS_1,PS_2\nA1,A2\n", two)


def test_subquestions_with_the_same_code_are_refused(tmp_path, two):
    text = LIME.format(heads='"Q1[PS1]","Q2[PS1]","Q1[PS2]"', first="1,1,1", second="1,1,1")
    with pytest.raises(tm.DataError, match=r"'PS_1' fits the columns 'Q1\[PS1\]', 'Q2\[PS1\]'"):
        read(tmp_path, text, two)


# -- KoboToolbox and ODK --------------------------------------------------------------------

KOBO = (
    '"start";"end";"username";"{a}";"{b}";"agree5/reserved_name_for_field_list_labels_3";'
    '"_id";"_uuid";"_submission_time";"__version__";"_index"\n'
)
ROW = '"2026";"2026";"ann";"{a}";"{b}";"";"{i}";"u-{i}";"2026";"v1";"{i}"\n'


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("agree5/PS_1", "agree5/PS_2"),
        ("PS_1", "PS_2"),
        ("outer/agree5/ps_1", "outer/agree5/ps_2"),
        ("How far?/In my team, we talk about slips.", "How far?/I hide what worries me."),
        ("In my team, we talk about slips.", "I hide what worries me."),
    ],
)
@pytest.mark.parametrize("tags", [False, True])
def test_kobo(tmp_path, two, a, b, tags):
    text = KOBO.format(a=a, b=b)
    if tags:
        text += '"#date";"";"";"#score +one";"#score";"";"";"";"";"";""\n'
    text += ROW.format(a="2", b="Strongly agree", i=7) + ROW.format(a="Neither", b="", i=9)
    responses = read(tmp_path, text, two)
    assert responses.platform == "xlsform"
    assert codes(responses) == [[2, 5], [3, -1]]
    assert (responses.respondent, responses.data["_id"].tolist()) == ("_id", [7, 9])
    assert responses.log.count("row of HXL tags dropped") == tags
    assert responses.log.count("layout columns left out") == 1
    assert "username" not in responses.data
    assert not any("reserved" in name for name in responses.data)


def test_odk_central(tmp_path, two):
    text = (
        "SubmissionDate,agree5-PS_1,agree5-PS_2,place-Latitude,meta-instanceID,KEY,SubmitterName,"
        "ReviewState\n2026-01-05,1,2,,uuid:1,uuid:1,Ann,\n2026-01-06,4,5,,uuid:2,uuid:2,Ann,\n"
    )
    responses = read(tmp_path, text, two)
    assert responses.platform == "xlsform"
    assert codes(responses) == [[1, 2], [4, 5]]
    assert responses.data["KEY"].tolist() == ["uuid:1", "uuid:2"]
    assert "SubmitterName" not in responses.data


# -- how ids are compared -------------------------------------------------------------------


def test_ids_are_compared_by_letters_and_digits(tmp_path, two):
    assert codes(read(tmp_path, "ps.1,PS 2\n1,2\n", two)) == [[1, 2]]
    assert codes(read(tmp_path, "q[ps1],q[ps2]\n1,2\n", two)) == [[1, 2]]
    with pytest.raises(tm.DataError, match=r"'PS_1' fits the columns 'ps\.1', 'ps-1'"):
        read(tmp_path, "ps.1,ps-1,PS_2\n1,2,3\n", two)


def test_what_stands_between_two_numbers_counts(tmp_path):
    instrument = tm.build_instrument(
        id="close",
        response_sets=[{"id": "r", "min": 1, "max": 5}],
        items=[{"id": "q11"}, {"id": "q1_2"}],
        scales=[{"id": "s", "items": ["q11", "q1_2"]}],
    )
    with pytest.raises(tm.DataError, match=r"1 of 2 items.*'q11'"):
        read(tmp_path, "Q1_1,Q1-2\n1,2\n", instrument)


# -- simulated exports ----------------------------------------------------------------------

WRITERS = {
    "redcap": write_redcap,
    "limesurvey": write_limesurvey,
    "xlsform": write_kobo,
    "qualtrics": write_qualtrics,
}


@pytest.mark.parametrize("platform", WRITERS)
def test_simulated_exports_are_known_and_marked(tmp_path, platform):
    simulated = tm.simulate_responses("trust-pulse", n=20, n_clusters=2, waves=2, rng=3)
    path = WRITERS[platform](simulated, tmp_path / "a.csv")
    respondent = None if platform == "qualtrics" else {"redcap": "record_id", "limesurvey": "id"}
    respondent = respondent.get(platform, "_id") if respondent else "respondent"
    read_again = tm.read_responses(
        path, "trust-pulse", cluster="team", wave="wave", respondent=respondent
    )
    assert read_again.platform == platform
    assert read_again.simulated
    assert read_again.items.equals(simulated.items)
    assert read_again.data["wave"].tolist() == simulated.data["wave"].tolist()
    with pytest.raises(tm.DataError, match="exists already"):
        WRITERS[platform](simulated, path)
    with pytest.raises(tm.OptionError, match="labels="):
        WRITERS[platform](simulated, path, labels="yes", overwrite=True)


@pytest.mark.parametrize("platform", ["redcap", "limesurvey", "xlsform"])
def test_context_columns_may_not_have_the_platforms_names(tmp_path, two, platform):
    own = {"redcap": "two_complete", "limesurvey": "lastpage", "xlsform": "_index"}[platform]
    frame = pd.DataFrame({"PS_1": [1, 2], "PS_2": [3, 4], own: [1, 2]})
    responses = tm.read_responses(frame, two, platform="table")
    with pytest.raises(tm.DataError, match=own):
        WRITERS[platform](responses, tmp_path / "a.csv")
    nothing = tm.read_responses(frame)
    with pytest.raises(tm.DataError, match="known instrument"):
        WRITERS[platform](nothing, tmp_path / "a.csv")


@pytest.mark.parametrize("shape", ["qualtrics", "redcap", "limesurvey", "kobo", "csv"])
def test_the_command_line_simulates_and_scores_every_shape(tmp_path, shape):
    from typer.testing import CliRunner

    from trustmeasure.cli import app

    export, scores = str(tmp_path / "export.csv"), tmp_path / "scores.csv"
    simulate = ["simulate", "trust-pulse", "--n", "30", "--seed", "1", "--as", shape, "-o", export]
    assert CliRunner().invoke(app, simulate).exit_code == 0
    done = CliRunner().invoke(app, ["score", export, "-i", "trust-pulse", "-o", str(scores)])
    assert done.exit_code == 0, done.output
    expected = tm.score(tm.simulate_responses("trust-pulse", n=30, rng=1)).data["trust_pulse"]
    written = pd.read_csv(scores)["trust_pulse"]
    pd.testing.assert_series_equal(written, expected, check_names=False)


def test_the_warning_about_a_translation_points_to_the_users_line(tmp_path):
    with pytest.warns(tm.InstrumentWarning) as told:
        tm.export_instrument(
            "trust-pulse", tmp_path / "a.md", platform="markdown", language="es"
        )  # fmt: skip
    assert told[0].filename == __file__
