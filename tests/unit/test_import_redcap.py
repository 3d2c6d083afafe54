"""Importing REDCap data dictionaries, and what a malformed one says."""

from __future__ import annotations

import warnings

import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument

LONG = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Annotation","Matrix Group Name"'
)
SHORT = (
    "field_name,form_name,section_header,field_type,field_label,"
    "select_choices_or_calculations,field_annotation,matrix_group_name"
)
AGREE = '"1, No | 2, Partly, or so | 3, Yes"'


@pytest.fixture
def load(tmp_path):
    def run(*lines, heading=LONG, **options):
        path = tmp_path / "dictionary.csv"
        path.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.InstrumentWarning)
            return import_instrument(path, **options)

    return run


@pytest.mark.parametrize("heading", [LONG, SHORT, SHORT.replace(",", ";")])
def test_a_matrix_is_a_scale_under_its_section_header(load, heading):
    lines = [
        f'a1,team,<b>Our team</b>,radio,"We&nbsp;listen.",{AGREE},,m1',
        f"a2,team,,radio,<p>We <i>learn</i>.</p>,{AGREE},,m1",
        f"b1,team,,dropdown,We rest.,{AGREE},,",
        "note,team,,descriptive,Thank you,,,",
    ]
    if ";" in heading:
        lines = [line.replace(", ", "§").replace(",", ";").replace("§", ", ") for line in lines]
    survey = load(*lines, heading=heading)
    (scale,) = survey.scales
    assert (scale.id, scale.name, scale.items) == ("m1", "Our team", ("a1", "a2"))
    assert survey.item_text("a1") == "We listen."
    assert survey.item_text("a2") == "We learn."
    assert survey.response_set("b1").labels[2] == {"en": "Partly, or so"}


def test_single_choices_of_a_form_with_the_same_answers_are_a_scale(load):
    survey = load(
        f"a1,team_health,,radio,A.,{AGREE},,",
        f"a2,team_health,,dropdown,B.,{AGREE},,",
        f"a3,other,,dropdown,C.,{AGREE},,",
    )
    assert [(s.id, s.name, s.items) for s in survey.scales] == [
        ("team_health", "Team health", ("a1", "a2"))
    ]


def test_yes_and_no(load):
    survey = load("a1,f,,yesno,Done?,,,", "a2,f,,truefalse,True?,,,")
    assert survey.response_set("a1").labels == {0: {"en": "No"}, 1: {"en": "Yes"}}
    assert survey.response_set("a2").labels == {0: {"en": "False"}, 1: {"en": "True"}}


def test_letters_and_gaps_are_listed_with_the_mend(load):
    survey = load(
        'a1,f,,radio,A.,"a, Low | b, High",,',
        'a2,f,,radio,B.,"1, Low | 2, High | UNK, Unknown | -999, Gone",,',
    )
    assert survey.items == ()
    assert "- a1 (radio): its answer codes 'a', 'b' are no whole numbers" in survey.notes
    assert "- a2 (radio): its answer codes 'UNK' are no whole numbers" in survey.notes


def test_missing_codes_may_be_letters(load):
    line = 'a2,f,,radio,B.,"1, Low | 2, High | UNK, Unknown | -999, Gone",,'
    survey = load(line, missing_codes=["UNK", -999])
    assert survey.response_range("a2") == (1, 2)
    assert load(line, missing_codes=["unknown", "gone"]).response_range("a2") == (1, 2)


def test_hidden_fields_sliders_and_unknown_types(load):
    survey = load(
        f"a1,f,,radio,A.,{AGREE},@HIDDEN,",
        "a2,f,,slider,B.,Low | Mid | High,,",
        "a3,f,,hologram,C.,,,",
    )
    assert "- a1 (hidden): it is not shown (@HIDDEN)" in survey.notes
    assert "- a2 (slider): its answers are no closed list of codes" in survey.notes
    assert "- a3 (hologram): the field type 'hologram' is not known" in survey.notes


def test_piping_is_mentioned(load):
    survey = load(f"a1,f,,radio,Do you trust [team_name]?,{AGREE},,")
    assert "The wording of 'a1' holds text that the platform fills in" in survey.notes


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['a1,f,,radio,A.,"1 No | 2 Yes",,'], r"line 2, field 'a1': the choice '1 No' is not 'co"),
        (['a1,f,,radio,A.,"1, No | 1, Yes",,'], "line 2, field 'a1': two choices have the code"),
        (["x,f,,text,X,,,", "a1,f,,radio,A.,,,"], "line 3, field 'a1': a radio or dropdown field"),
        (
            [f"a1,f,,radio,A.,{AGREE},,", f"a1,f,,radio,B.,{AGREE},,"],
            "line 2 and line 3: two quest",
        ),
        ([",f,,radio,A.,,,"], "line 2: the field has no variable name"),
        (["a1,f,,,A.,,,"], "line 2: the field has no field type"),
        (['a1,f,,radio,"A.', "b1,f,,radio,B,,,"], "from line 2 on: the table cannot be parsed"),
        ([f"a1,f,,radio,A, B.,{AGREE},,,m"], "line 2: it has 10 cells, but the heading has 8"),
        ([], "no fields"),
    ],
)
def test_a_malformed_dictionary_names_line_field_and_mend(load, lines, words):
    with pytest.raises(tm.InstrumentError, match=words) as caught:
        load(*lines)
    assert "dictionary.csv" in str(caught.value)


def test_a_line_is_that_of_the_file_also_after_texts_of_several_lines(load):
    with pytest.raises(tm.InstrumentError, match="line 5, field 'a1'"):
        load('x,f,,text,"one', "two", 'three",,,', "a1,f,,radio,A.,,,")


def test_columns_that_are_lacking_or_twice(load):
    with pytest.raises(tm.InstrumentError, match=r"column\(s\) field_label"):
        load(
            "a1,f,,radio", heading="field_name,form_name,select_choices_or_calculations,field_type"
        )
    with pytest.raises(tm.InstrumentError, match="the heading 'field_label' occurs 2 times"):
        load("a", heading=SHORT + ",Field Label")
