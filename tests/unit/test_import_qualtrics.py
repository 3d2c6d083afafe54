"""Importing QSF files: every shape of choices, codes, blocks and languages."""

from __future__ import annotations

import json
import warnings

import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument

AGREE = {"1": "Disagree", "2": "Neither", "3": "Agree"}


def shown(texts):
    return {key: {"Display": text} for key, text in texts.items()}


def single(tag="Q1", choices=None, **fields):
    return {
        "QuestionText": "Is it so?",
        "DataExportTag": tag,
        "QuestionType": "MC",
        "Selector": "SAVR",
        "SubSelector": "TX",
        "Choices": shown(choices or AGREE),
        "Language": [],
        **fields,
    }


def matrix(tag="trust", rows=None, answers=None, **fields):
    return {
        "QuestionText": "How far do you <b>agree</b>?",
        "DataExportTag": tag,
        "QuestionType": "Matrix",
        "Selector": "Likert",
        "SubSelector": "SingleAnswer",
        "Choices": shown(rows or {"1": "One.", "2": "Two.", "4": "Four."}),
        "Answers": shown(answers or AGREE),
        "ChoiceDataExportTags": False,
        "Language": [],
        **fields,
    }


def qsf(*questions, blocks=None, language="EN", flow=None):
    named = {f"QID{i}": q for i, q in enumerate(questions, start=1)}
    if blocks is None:
        blocks = [block("BL_1", "Main", list(named))]
    elements = [{"Element": "BL", "PrimaryAttribute": "Survey Blocks", "Payload": blocks}]
    if flow is not None:
        elements.append({"Element": "FL", "PrimaryAttribute": "Survey Flow", "Payload": flow})
    elements += [
        {"Element": "SQ", "PrimaryAttribute": name, "Payload": {"QuestionID": name, **question}}
        for name, question in named.items()
    ]
    entry = {"SurveyName": "A survey", "SurveyLanguage": language}
    return json.dumps({"SurveyEntry": entry, "SurveyElements": elements})


def block(name, title, questions, **fields):
    elements = [{"Type": "Question", "QuestionID": q} for q in questions]
    return {
        "ID": name,
        "Type": "Standard",
        "Description": title,
        "BlockElements": elements,
    } | fields


@pytest.fixture
def load(tmp_path):
    def run(text, **options):
        path = tmp_path / "survey.qsf"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.InstrumentWarning)
            return import_instrument(path, **options)

    return run


def test_rows_are_named_by_the_keys_of_the_choices(load):
    survey = load(qsf(matrix(ChoiceOrder=[4, "1", 2])))
    assert survey.item_ids == ("trust_4", "trust_1", "trust_2")
    assert survey.scales[0].id == "trust"
    assert survey.response_sets[0].stem == {"en": "How far do you agree?"}


def test_recode_values_are_applied(load):
    recoded = {"1": "7", "2": 6, "3": "5"}
    survey = load(qsf(matrix(RecodeValues=recoded, AnswerOrder=["3", 2, 1])))
    answers = survey.response_sets[0]
    assert (answers.min, answers.max) == (5, 7)
    assert {code: label["en"] for code, label in answers.labels.items()} == {
        5: "Agree",
        6: "Neither",
        7: "Disagree",
    }


def test_choice_tags_of_ones_own_name_the_columns(load):
    tags = {"1": "honest", "2": "2", "4": ""}
    survey = load(qsf(matrix(ChoiceDataExportTags=tags)))
    assert survey.item_ids == ("honest", "trust_2", "trust_4")
    assert survey.aliases["QID1_1"] == survey.aliases["trust_1"] == "honest"
    assert survey.aliases["trust_honest"] == "honest"


def test_choices_that_php_wrote_as_lists(load):
    # Keys from 0 make PHP write a list: the usual shape of the 0–10 question.
    nps = single("nps", Selector="NPS") | {"Choices": [{"Display": str(i)} for i in range(11)]}
    survey = load(qsf(nps | {"RecodeValues": []}))
    assert survey.response_range("nps") == (0, 10)
    assert survey.response_set("nps").labels == {}


def test_blocks_as_a_mapping_and_in_the_order_of_the_flow(load):
    blocks = {
        "1": block("BL_b", "Second", ["QID1"]),
        "2": block("BL_a", "First", ["QID2"]),
        "3": {"ID": "BL_t", "Type": "Trash", "Description": "Trash"},
    }
    inner = {"Type": "BlockRandomizer", "Flow": [{"Type": "Standard", "ID": "BL_b"}]}
    flow = {"Type": "Root", "Flow": [{"Type": "Standard", "ID": "BL_a"}, inner]}
    survey = load(qsf(single("Q1"), single("Q2"), blocks=blocks, flow=flow))
    assert survey.item_ids == ("Q2", "Q1")


@pytest.mark.parametrize(
    ("question", "fields", "kind"),
    [
        (single(DataVisibility={"Hidden": True}), {}, "hidden"),
        (single(), {"Type": "Trash"}, "trash"),
        (single(), {"Options": {"Looping": "Static"}}, "looped"),
        (single(Selector="MAVR"), {}, "multiple answer"),
        (single(DynamicChoices={"Locator": "q://QID1"}), {}, "carried forward"),
        (matrix(SubSelector="MultipleAnswer"), {}, "multiple-answer matrix"),
        (matrix(Selector="Bipolar"), {}, "bipolar matrix"),
        (single(QuestionType="Slider", Selector="HSLIDER"), {}, "slider"),
        (single(QuestionType="SBS", Selector="SBSMatrix"), {}, "side by side"),
        (single(QuestionType="TE", Selector="SL"), {}, "text entry"),
        (single(QuestionType="Hologram", Selector="X"), {}, "Hologram X"),
    ],
)
def test_what_is_no_item_is_listed(load, question, fields, kind):
    blocks = [block("BL_1", "Main", ["QID1"], **fields), block("BL_2", "Other", ["QID2"])]
    survey = load(qsf(question, single("kept"), blocks=blocks))
    assert survey.item_ids == ("kept",)
    assert f"- {question['DataExportTag']} ({kind}): " in survey.notes


def test_questions_in_no_block_and_blocks_without_their_question(load):
    survey = load(qsf(single("Q1"), single("Q2"), blocks=[block("B", "", ["QID1", "QID9"])]))
    assert survey.item_ids == ("Q1",)
    assert "- Q2 (question): it is in no block, so nobody sees it" in survey.notes
    assert "- QID9 (question): a block names it, but the file lacks it" in survey.notes


def test_languages(load):
    spanish = {
        "QuestionText": "¿Cuánto?",
        "Choices": shown({"1": "Uno.", "2": "Dos.", "4": "Cuatro."}),
        "Answers": shown({"1": "No", "2": "Ni", "3": "Sí"}),
    }
    survey = load(qsf(matrix(Language={"ES": spanish, "ZH-S": {"QuestionText": "几"}})))
    assert survey.languages == ("en", "es")
    assert survey.item("trust_4").text == {"en": "Four.", "es": "Cuatro."}
    assert survey.response_sets[0].labels[3] == {"en": "Agree", "es": "Sí"}
    assert survey.scales[0].title["zh-Hans"] == "几"
    assert survey.translations["es"].status == "unreviewed"


def test_a_survey_in_another_language(load):
    survey = load(qsf(matrix(), language="DE"))
    assert survey.item("trust_1").text == {"de": "One."}
    assert survey.title == {"de": "A survey"}
    assert survey.translations == {}


def test_piped_text_is_kept_and_mentioned(load):
    survey = load(qsf(single(QuestionText="Do you trust ${e://Field/team}?")))
    assert survey.item_text("Q1") == "Do you trust ${e://Field/team}?"
    assert "The wording of 'Q1' holds text that the platform fills in" in survey.notes


@pytest.mark.parametrize(
    ("recoded", "reason"),
    [
        ({"3": "99"}, "its codes 1, 2, 99 are not consecutive; if 99 is no answer, pass"),
        ({"3": "2"}, "several of its answers have the code 2"),
        ({"3": "x"}, "its answer codes 'x' are no whole numbers"),
        ({"3": "2.5"}, "its answer codes '2.5' are no whole numbers"),
    ],
)
def test_codes_that_cannot_be_scored_are_listed_with_the_mend(load, recoded, reason):
    survey = load(qsf(single(RecodeValues=recoded)))
    assert survey.items == ()
    assert reason in survey.notes
    assert "Recode Values" in survey.notes


def test_missing_codes_mend_gaps(load):
    text = qsf(matrix(RecodeValues={"3": "-99"}), single("Q2"))
    survey = load(text, missing_codes=[-99])
    assert survey.response_range("trust_1") == (1, 2)
    assert survey.response_range("Q2") == (1, 3)
    assert "The answer -99 'Agree' counts as no answer in 'trust_1'" in survey.notes


def test_numbers_name_codes_not_labels(load):
    turned = {"1": "3", "2": "2", "3": "1"}
    text = qsf(single(choices={"1": "1", "2": "2", "3": "3"}, RecodeValues=turned))
    survey = load(text, missing_codes=[3])
    assert survey.response_range("Q1") == (1, 2)
    assert survey.response_set("Q1").labels == {1: {"en": "3"}}


def test_numbers_as_labels_of_other_codes_are_mentioned(load):
    shifted = {"1": "2", "2": "3", "3": "4"}
    survey = load(qsf(single(choices={"1": "1", "2": "2", "3": "3"}, RecodeValues=shifted)))
    assert "In 'Q1' a number is the label of one answer and the code of another." in survey.notes
    plain = load(qsf(single(choices={"1": "1", "2": "2", "3": "3"})))
    assert "a number is the label" not in plain.notes


def test_a_list_of_thousands_is_no_scale(load):
    many = {str(i): f"Place {i}" for i in range(1, 1100)}
    survey = load(qsf(single(choices=many), single("Q2")))
    assert "- Q1 (single choice): it offers 1099 answers; at most 1001" in survey.notes


def test_missing_codes_that_fit_nothing_are_named(load):
    survey = load(qsf(single()), missing_codes=[88])
    assert "No answer has the code or label '88' that missing_codes= names." in survey.notes


def test_labels_that_cannot_be_told_apart(load):
    survey = load(qsf(single(choices={"1": "Maybe", "2": "maybe", "3": "No"})))
    assert "its codes 1 and 2 have the same label 'maybe'" in survey.notes


def test_scales_of_a_block_need_two_questions_with_the_same_answers(load):
    other = {"1": "Never", "2": "Sometimes", "3": "Often"}
    survey = load(
        qsf(
            single("a"),
            single("b"),
            single("c", other),
            single("d", other),
            single("e", {"1": "x", "2": "y"}),
        )
    )
    assert [(s.name, s.items) for s in survey.scales] == [
        ("Main (Disagree … Agree)", ("a", "b")),
        ("Main (Never … Often)", ("c", "d")),
    ]
    assert {s.id for s in survey.scales} == {"main", "main_2"}


def test_a_scale_does_not_take_the_name_of_an_item(load):
    survey = load(qsf(single("trust"), matrix("trust")))
    assert survey.scales[0].id == "trust_scale"


def test_two_questions_of_one_name_are_refused(load):
    with pytest.raises(tm.InstrumentError, match=r"QID1 and QID2.*both called 'Q1'"):
        load(qsf(single("Q1"), single("Q1")))


def test_a_reserved_name_is_left_out(load):
    survey = load(qsf(single("wave"), single("Q2")))
    assert "- wave (single choice): 'wave' cannot name an item" in survey.notes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"SurveyEntry": {', "line 1, character"),
        ('{"SurveyEntry": {}}', "no list 'SurveyElements'"),
        ('{"SurveyElements": [3]}', r"SurveyElements\[0\]"),
        ('{"SurveyElements": [{"Element": "SQ", "PrimaryAttribute": "QID7"}]}', r"\(QID7\)"),
        ('{"SurveyElements": ' + "[" * 5000, "export it again|Export it again"),
    ],
)
def test_a_malformed_qsf_names_file_and_place(load, text, words):
    with pytest.raises(tm.InstrumentError, match=words) as caught:
        load(text)
    assert "survey.qsf" in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, "x", [], [3], {"a": 3}])
@pytest.mark.parametrize(
    "field",
    ["Choices", "ChoiceOrder", "Answers", "AnswerOrder", "RecodeValues", "Language",
     "ChoiceDataExportTags", "DataVisibility", "DataExportTag", "QuestionText"],
)  # fmt: skip
def test_odd_values_never_break_the_import(load, field, value):
    survey = load(qsf(matrix() | {field: value}, single("kept")))
    assert "kept" in survey.item_ids
