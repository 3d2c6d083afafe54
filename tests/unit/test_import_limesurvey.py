"""Importing LimeSurvey structures of both ages, and tab-separated surveys."""

from __future__ import annotations

import warnings

import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument


def rows(*records):
    cells = (
        "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in record.items())
        for record in records
    )
    return "<rows>" + "".join(f"<row>{cell}</row>" for cell in cells) + "</rows>"


def lss(**tables):
    body = "".join(f"<{name}>{rows(*records)}</{name}>" for name, records in tables.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<document>\n'
        "<LimeSurveyDocType>Survey</LimeSurveyDocType>\n"
        f"<languages><language>en</language></languages>\n{body}</document>\n"
    )


def question(qid, title, kind, text="", language="en", **fields):
    return {
        "qid": qid, "parent_qid": 0, "gid": 1, "type": kind, "title": title, "question": text,
        "other": "N", "question_order": qid, "language": language, "scale_id": 0, **fields,
    }  # fmt: skip


def answers(qid, codes, language="en", labels=("Low", "Mid", "High")):
    return [
        {"qid": qid, "code": code, "answer": label, "sortorder": i, "language": language,
         "scale_id": 0}
        for i, (code, label) in enumerate(zip(codes, labels, strict=True))
    ]  # fmt: skip


OLD = lss(
    groups=[
        {"gid": 1, "group_name": "Team", "group_order": 1, "language": "en"},
        {"gid": 1, "group_name": "Equipo", "group_order": 1, "language": "es"},
    ],
    questions=[
        question(1, "trust", "F", "How far?"),
        question(1, "trust", "F", "¿Cuánto?", "es"),
        question(2, "mood", "5", "Your <em>mood</em>?"),
        question(3, "why", "T", "Why?"),
    ],
    subquestions=[
        question(11, "t1", "T", "We listen.", parent_qid=1),
        question(11, "t1", "T", "Escuchamos.", "es", parent_qid=1),
        question(12, "t2", "T", "We learn.", parent_qid=1),
        question(12, "t2", "T", "Aprendemos.", "es", parent_qid=1),
    ],
    answers=[
        *answers(1, ("A1", "A2", "A3")),
        *answers(1, ("A1", "A2", "A3"), "es", ("Bajo", "Medio", "Alto")),
    ],
    surveys=[{"sid": 9, "language": "en"}],
    surveys_languagesettings=[{"surveyls_language": "en", "surveyls_title": "Old survey"}],
)
NEW = lss(
    groups=[{"gid": 1, "group_order": 1}],
    group_l10ns=[{"gid": 1, "group_name": "Team", "language": "en"}],
    questions=[
        {"qid": 1, "parent_qid": 0, "gid": 1, "type": "F", "title": "trust", "question_order": 1},
        {"qid": 2, "parent_qid": 0, "gid": 1, "type": "5", "title": "mood", "question_order": 2},
        {"qid": 3, "parent_qid": 0, "gid": 1, "type": "T", "title": "why", "question_order": 3},
    ],
    subquestions=[
        {"qid": 12, "parent_qid": 1, "gid": 1, "type": "T", "title": "t2", "question_order": 2},
        {"qid": 11, "parent_qid": 1, "gid": 1, "type": "T", "title": "t1", "question_order": 1},
    ],
    question_l10ns=[
        {"qid": 1, "question": "How far?", "language": "en"},
        {"qid": 1, "question": "¿Cuánto?", "language": "es"},
        {"qid": 2, "question": "Your <em>mood</em>?", "language": "en"},
        {"qid": 3, "question": "Why?", "language": "en"},
        {"qid": 11, "question": "We listen.", "language": "en"},
        {"qid": 11, "question": "Escuchamos.", "language": "es"},
        {"qid": 12, "question": "We learn.", "language": "en"},
        {"qid": 12, "question": "Aprendemos.", "language": "es"},
    ],
    answers=[
        {"aid": 100 + i, "qid": 1, "code": f"A{i}", "sortorder": i, "scale_id": 0}
        for i in (3, 1, 2)
    ],
    answer_l10ns=[
        {"aid": 100 + i, "answer": label, "language": language}
        for language, labels in {"en": "Low Mid High", "es": "Bajo Medio Alto"}.items()
        for i, label in enumerate(labels.split(), start=1)
    ],
    surveys_languagesettings=[{"surveyls_language": "en", "surveyls_title": "Old survey"}],
)
SEPARATED = [
    "id\tclass\ttype/scale\tname\trelevance\ttext\thelp\tlanguage\tother\thidden",
    "\tS\t\tlanguage\t\ten",
    "\tSL\t\tsurveyls_title\t\tOld survey\t\ten",
    "1\tG\tG0\tTeam\t1\t\t\ten",
    "1\tQ\tF\ttrust\t1\tHow far?\t\ten",
    "\tSQ\t0\tt1\t1\tWe listen.\t\ten",
    "\tSQ\t0\tt2\t1\tWe learn.\t\ten",
    "\tA\t0\tA1\t\tLow\t\ten",
    "\tA\t0\tA2\t\tMid\t\ten",
    "\tA\t0\tA3\t\tHigh\t\ten",
    '2\tQ\t5\tmood\t1\t"Your <em>mood</em>?"\t\ten',
    "3\tQ\tT\twhy\t1\tWhy?\t\ten",
    "1\tG\tG0\tEquipo\t1\t\t\tes",
    "1\tQ\tF\ttrust\t1\t¿Cuánto?\t\tes",
    "\tSQ\t0\tt1\t1\tEscuchamos.\t\tes",
    "\tSQ\t0\tt2\t1\tAprendemos.\t\tes",
    "\tA\t0\tA1\t\tBajo\t\tes",
    "\tA\t0\tA2\t\tMedio\t\tes",
    "\tA\t0\tA3\t\tAlto\t\tes",
]


@pytest.fixture
def load(tmp_path):
    def run(text, name="survey.lss", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8-sig"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.InstrumentWarning)
            return import_instrument(path, **options)

    return run


@pytest.mark.parametrize(
    ("text", "name"),
    [(OLD, "survey.lss"), (NEW, "survey.lss"), ("\n".join(SEPARATED), "survey.txt")],
    ids=["old", "new", "tab-separated"],
)
def test_all_formats_give_the_same_instrument(load, text, name):
    survey = load(text, name)
    assert survey.title == {"en": "Old survey"}
    assert survey.item_ids == ("t1", "t2", "mood")
    (scale,) = survey.scales
    assert (scale.id, scale.items) == ("trust", ("t1", "t2"))
    assert scale.title == {"en": "How far?", "es": "¿Cuánto?"}
    assert survey.item("t2").text == {"en": "We learn.", "es": "Aprendemos."}
    assert survey.item("mood").text == {"en": "Your mood?"}
    answers = survey.response_set("t1")
    assert (answers.min, answers.max) == (1, 3)
    assert answers.labels[3] == {"en": "High", "es": "Alto"}
    assert answers.stem == {"en": "How far?", "es": "¿Cuánto?"}
    assert survey.response_range("mood") == (1, 5)
    assert survey.aliases == {
        "trust_t1": "t1", "trust[t1]": "t1", "trust_t2": "t2", "trust[t2]": "t2"
    }  # fmt: skip
    assert "- why (long text): free answers [Why?]" in survey.notes
    assert "answer codes such as A1 count as the numbers in them" in survey.notes


def array(title, qid, codes=("SQ001", "SQ002"), kind="A"):
    return [
        question(qid, title, kind, "Stem"),
        *(
            question(qid * 10 + i, code, "T", f"{title} {i}", parent_qid=qid)
            for i, code in enumerate(codes)
        ),
    ]


def test_codes_of_rows_that_two_arrays_share_take_the_question_in_front(load):
    survey = load(lss(questions=[*array("one", 1), *array("two", 2, kind="B")]))
    assert survey.item_ids == ("one_SQ001", "one_SQ002", "two_SQ001", "two_SQ002")
    assert survey.aliases == {
        "one[SQ001]": "one_SQ001", "one[SQ002]": "one_SQ002",
        "two[SQ001]": "two_SQ001", "two[SQ002]": "two_SQ002",
    }  # fmt: skip
    assert survey.response_range("one_SQ001") == (1, 5)
    assert survey.response_range("two_SQ001") == (1, 10)


def test_bare_numbers_are_no_names_of_rows(load):
    assert load(lss(questions=array("one", 1, ("1", "2")))).item_ids == ("one_1", "one_2")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("A1", "A2", "A3"), (1, 3)),
        (("AO01", "AO02", "AO03"), (1, 3)),
        (("3", "2", "1"), (1, 3)),
        (("-1", "0", "1"), (-1, 1)),
    ],
)
def test_codes_that_count(load, codes, expected):
    text = lss(questions=[question(1, "q", "L", "Q?")], answers=answers(1, codes))
    assert load(text).response_range("q") == expected


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (("A1", "A2", "A9"), "its codes 1, 2, 9 are not consecutive"),
        (("A1", "A2", "N"), "its answer codes 'A1', 'A2', 'N' are no whole numbers"),
        (("L1", "L2", "L3"), "its answer codes 'L1', 'L2', 'L3' are no whole numbers"),
        (("A1", "B2", "C3"), "its answer codes 'A1', 'B2', 'C3' are no whole numbers"),
    ],
)
def test_codes_that_do_not_count_are_listed(load, codes, reason):
    text = lss(questions=[question(1, "q", "!", "Q?")], answers=answers(1, codes))
    assert reason in load(text).notes


@pytest.mark.parametrize("missing", ["A9", 9, "high"])
def test_missing_codes_as_written_as_numbers_or_as_labels(load, missing):
    text = lss(questions=[question(1, "q", "!", "Q?")], answers=answers(1, ("A1", "A2", "A9")))
    assert load(text, missing_codes=[missing]).response_range("q") == (1, 2)


def test_other_types_hidden_questions_and_an_answer_of_ones_own(load):
    text = lss(
        questions=[
            question(1, "q", "L", "Q?", other="Y"),
            question(2, "h", "5", "H?"),
            *(question(10 + i, f"k{i}", kind, "K?") for i, kind in enumerate("YGCEMDRX1*|:")),
            question(50, "z", "Z", "Z?"),
        ],
        answers=answers(1, ("1", "2", "3")),
        question_attributes=[{"qid": 2, "attribute": "hidden", "value": 1}],
    )
    survey = load(text)
    assert survey.items == ()
    assert "- q (list): its answer codes '-oth-' are no whole numbers" in survey.notes
    assert "- h (hidden): it is not shown" in survey.notes
    assert "- z (type Z): questions of this type are not imported" in survey.notes
    assert "Left out (15):" in survey.notes
    assert load(text, missing_codes=["-oth-"]).response_range("q") == (1, 3)


def test_the_second_scale_of_answers_is_not_mixed_in(load):
    more = [{**record, "scale_id": 1} for record in answers(1, ("7", "8", "9"))]
    text = lss(questions=[question(1, "q", "L", "Q?")], answers=[*answers(1, "123"), *more])
    assert load(text).response_range("q") == (1, 3)


def test_expressions_are_mentioned(load):
    survey = load(lss(questions=[question(1, "q", "5", "How is {TOKEN:FIRSTNAME}?")]))
    assert "The wording of 'q' holds text that the platform fills in" in survey.notes


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<document><LimeSurveyDocType>Survey</LimeSurveyDocType><x>&lol2;</x></document>"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OLD[: len(OLD) // 2], r"line \d+: this is not well-formed XML"),
        (BOMB, r"line 2: a document type \(DOCTYPE\) or entity"),
        (OLD.replace("<document>", '<!DOCTYPE d SYSTEM "file:///etc/passwd">\n<document>'), "DOCT"),
        ("<document>" + "<a>" * 100 + "</a>" * 100 + "</document>", "nested more than 40 levels"),
        (lss(groups=[{"gid": 1}]), "no table of questions"),
        (lss(questions=[{"qid": 1, "type": "5"}]), r"table 'questions', row 1: .*no code"),
        (lss(questions=[{"title": "a", "type": "5"}]), r"table 'questions', row 1: .*no number"),
        (
            lss(questions=[question(1, "a", "5", "A"), question(2, "a", "5", "B")]),
            "question 1 and question 2: two questions are both called 'a'",
        ),
    ],
)
def test_a_malformed_structure_names_file_and_place(load, text, words):
    with pytest.raises(tm.InstrumentError, match=words) as caught:
        load(text)
    assert "survey.lss" in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (SEPARATED[:4], "no rows of the class Q"),
        ([*SEPARATED[:4], SEPARATED[5]], "line 5: a row of the class SQ stands before any quest"),
        ([*SEPARATED[:6], SEPARATED[5]], "line 7: the sub-question 't1' is here a second time"),
        ([*SEPARATED[:5], SEPARATED[4]], "line 6: the question 'trust' is here a second time"),
        ([*SEPARATED[:5], "\tA\t0\t\t\tLow\t\ten"], "line 6: the answer has no name"),
        ([*SEPARATED[:5], '1\tQ\tT\tx\t1\t"Open\t\ten'], "from line 6 on: the table cannot be"),
    ],
)
def test_a_malformed_separated_survey_names_the_line(load, lines, words):
    with pytest.raises(tm.InstrumentError, match=words):
        load("\n".join(lines) + "\n", "survey.tsv")
