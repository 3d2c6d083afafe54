"""Importing XLSForms, and what a malformed one says."""

from __future__ import annotations

import warnings

import openpyxl
import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument

CHOICES = [
    ("list_name", "name", "label::English (en)", "label::Español"),
    ("agree3", 1, "Disagree", "No"),
    ("agree3", 2, "Neither", "Ni"),
    ("agree3", 3, "Agree", "Sí"),
]
HEADING = ("type", "name", "label::English (en)", "label::Español", "appearance")


@pytest.fixture
def load(tmp_path):
    def run(*rows, heading=HEADING, choices=CHOICES, settings=None, names=None, **options):
        book = openpyxl.Workbook()
        sheets = {"survey": [heading, *rows], "choices": choices, "settings": settings}
        for name, records in sheets.items():
            if records:
                sheet = book.create_sheet((names or {}).get(name, name))
                for record in records:
                    sheet.append(record)
        del book["Sheet"]
        path = tmp_path / "form.xlsx"
        book.save(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tm.InstrumentWarning)
            return import_instrument(path, **options)

    return run


def test_questions_of_a_group_with_one_list_are_a_scale_in_all_languages(load):
    survey = load(
        ("begin group", "team", "Our team", "Nuestro equipo"),
        ("select_one agree3", "t1", "We <b>listen</b>.", "Escuchamos."),
        ("select one agree3", "t2", "We learn.", "Aprendemos."),
        ("integer", "age", "Your age", "Edad"),
        ("end group",),
    )
    (scale,) = survey.scales
    assert scale.items == ("t1", "t2")
    assert scale.title == {"en": "Our team", "es": "Nuestro equipo"}
    assert survey.item("t1").text == {"en": "We listen.", "es": "Escuchamos."}
    assert survey.response_sets[0].id == "agree3"
    assert survey.response_sets[0].labels[3] == {"en": "Agree", "es": "Sí"}
    assert survey.aliases == {"team/t1": "t1", "team/t2": "t2"}
    assert "- age (integer): free answers [Your age]" in survey.notes


def test_a_table_has_its_groups_label_as_stem(load):
    survey = load(
        ("begin_group", "team", "How far do you agree?", None, "table-list"),
        ("select_one agree3", "t1", "A.", None),
        ("select_one agree3", "t2", "B.", None),
        ("end_group",),
    )
    assert survey.response_sets[0].stem == {"en": "How far do you agree?"}
    assert survey.scales[0].id == "team"


def test_settings_give_title_and_language(load):
    survey = load(
        ("select_one agree3", "t1", "Wir hören zu."),
        heading=("type", "name", "label"),
        settings=[("form_title", "default_language"), ("Umfrage", "Deutsch (de)")],
    )
    assert survey.title == {"de": "Umfrage"}
    assert survey.item("t1").text == {"de": "Wir hören zu."}


def test_a_language_without_a_known_name_gets_a_private_tag(load):
    survey = load(
        ("select_one agree3", "t1", "Hello.", "nuqneH"),
        heading=("type", "name", "label::English", "label::Klingonese"),
    )
    assert survey.item("t1").text == {"en": "Hello.", "qaa": "nuqneH"}
    assert "The language 'Klingonese' is not known by this name" in survey.notes


def test_names_that_two_groups_share_take_the_path(load):
    survey = load(
        ("begin group", "a"),
        ("select_one agree3", "t1", "One."),
        ("end group",),
        ("begin group", "b"),
        ("select_one agree3", "t1", "Two."),
        ("end group",),
    )
    assert survey.item_ids == ("a/t1", "b/t1")


def test_repeats_other_answers_and_multiple_answers_are_listed(load):
    survey = load(
        ("begin repeat", "child", "Children"),
        ("select_one agree3", "c1", "C."),
        ("end repeat",),
        ("select_one agree3 or_other", "o1", "O."),
        ("select_multiple agree3", "m1", "M."),
        ("select_one_from_file x.csv", "f1", "F."),
        ("start", "start"),
        ("note", None, "Thank you."),
    )
    assert survey.items == ()
    for line in (
        "- c1 (select_one): it stands in a repeat",
        "- o1 (select_one): its answer codes 'other' are no whole numbers",
        "- m1 (select_multiple): several answers a person",
        "- f1 (select_one_from_file): its choices come from outside the form",
        "- start (start): recorded by the app, not answered",
        "- sheet 'survey', row 9 (note): nothing is asked [Thank you.]",
    ):
        assert line in survey.notes


def test_or_other_counts_where_it_is_named_as_no_answer(load):
    survey = load(("select_one agree3 or_other", "o1", "O."), missing_codes=["other"])
    assert survey.response_range("o1") == (1, 3)


def test_disabled_rows_do_not_count(load):
    survey = load(
        ("select_one agree3", "t1", "A.", None),
        ("select_one agree3", "t2", "B.", "yes"),
        heading=("type", "name", "label", "disabled"),
    )
    assert survey.item_ids == ("t1",)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("select_one agre3", "t1", "A.")], r"row 2: .*list 'agre3'.*Did you mean 'agree3'\?"),
        ([("select_one agree3", None, "A.")], r"row 2: the question \(select_one agree3\) has no"),
        ([("begin group", "g"), ("text", "a")], "row 2: the group 'g' begins here but never ends"),
        ([("text", "a"), ("end group",)], "row 3: a group ends here, but nothing is open"),
        ([("begin group", "g"), ("end repeat",)], "row 3: a repeat ends here, but the group of"),
        (
            [("select_one agree3", "t1", "A."), ("select_one agree3", "t1", "B.")],
            "sheet 'survey', row 2 and sheet 'survey', row 3: two questions are both called 't1'",
        ),
        ([], "sheet 'survey'"),
    ],
)
def test_a_malformed_survey_sheet_names_the_row(load, rows, words):
    with pytest.raises(tm.InstrumentError, match=words) as caught:
        load(*rows)
    assert "form.xlsx" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("agree3", 3, "Again"), "row 5: the list 'agree3' has the choice '3' a second time"),
        (("agree3", None, "Nameless"), "row 5: the choice has no name"),
        ((None, 4, "Homeless"), "row 5: the choice has no list_name"),
    ],
)
def test_a_malformed_choices_sheet_names_the_row(load, row, words):
    with pytest.raises(tm.InstrumentError, match=f"sheet 'choices', {words}"):
        load(("select_one agree3", "t1", "A."), choices=[*CHOICES, row])


def test_sheets_and_columns_that_are_lacking(load):
    with pytest.raises(tm.InstrumentError, match=r"no sheet 'survey'.*'Sheet1'"):
        load(("text", "a"), names={"survey": "Sheet1"})
    with pytest.raises(tm.InstrumentError, match="there is no column 'name'"):
        load(("text", "a"), heading=("type", "label"))
    with pytest.raises(tm.InstrumentError, match="the column 'label' is there 2 times"):
        load(("text", "a"), heading=("type", "name", "label", "Label"))
