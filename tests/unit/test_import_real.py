"""Importing real survey definitions, and reading the exports of answers that belong to them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import trustmeasure as tm
from trustmeasure.platforms import import_instrument, read_responses
from trustmeasure.reliability import reverse_candidates

EXPORTS = Path(__file__).parents[1] / "data" / "exports"
MATRICES = {"elevation": 6, "fatigue": 9, "desire_predict": 8}


def quietly(path, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.InstrumentWarning)
        return import_instrument(path, *args, **options)


@pytest.fixture(scope="module")
def priming():
    return quietly(EXPORTS / "affective_priming.qsf")


def rows(name):
    return [f"{name}_{k}" for k in range(1, MATRICES[name] + 1)]


def test_the_matrices_of_a_qsf_are_scales_of_items(priming):
    scales = {scale.id: list(scale.items) for scale in priming.scales}
    for name in MATRICES:
        assert scales[name] == rows(name)
        assert {priming.response_range(item) for item in rows(name)} == {(1, 7)}
    assert scales["DV1"] == ["DV1_1", "DV1_2"]
    assert priming.scale("desire_predict").name == "At this moment..."
    assert len(priming.items) == 32
    assert priming.title == {"en": "Digital Twins Affective Priming"}


def test_markup_goes_but_words_stay(priming):
    text = priming.item_text("desire_predict_3")
    assert text == (
        "I would not like to go into a situation without knowing what I can expect from it"
    )
    # A zero-width space and a non-breaking one stand in the file.
    assert priming.item_text("elevation_5") == "Desiring to help others"
    assert priming.scale("elevation").name == (
        "Please indicate the extent to which you are feeling each of the below feelings right now."
    )


def test_labels_keep_their_words_and_bare_numbers_go(priming):
    labels = priming.response_set("elevation_1").labels
    assert labels == {1: {"en": "Not at all 1"}, 7: {"en": "Extremely 7"}}


def test_the_same_answers_are_one_response_set(priming):
    assert priming.item("elevation_1").response_set == priming.item("fatigue_9").response_set
    assert priming.item("DV1_1").response_set == "agree7"
    assert priming.item("DV1_1").response_set == priming.item("desire_predict_8").response_set


def test_a_long_stem_is_cut_in_the_title_and_whole_in_the_description(priming):
    scale = priming.scale("fatigue")
    assert len(scale.name) <= 90
    assert scale.name.endswith("…")
    assert scale.description.endswith("reflecting on a recent event earlier in this survey.")


def test_trash_and_other_kinds_are_listed_with_their_reasons(priming):
    notes = priming.notes.splitlines()
    assert "Left out (55):" in notes
    assert sum("(trash): it is among the survey's unused questions" in line for line in notes) == 45
    assert any(line.startswith("- tariffs (trash)") for line in notes)
    assert any(line.startswith("- c_writing (text entry): free answers") for line in notes)
    assert any(line.startswith("- Q61 (timing)") for line in notes)
    assert "tariffs_1" not in priming.item_ids


def test_nothing_is_keyed_and_nothing_confirmed(priming):
    assert not any(item.reverse or item.confirmed for item in priming.items)
    assert priming.status == "unvalidated"
    assert priming.licence == "unspecified"


def test_the_warning_says_what_to_do():
    with pytest.warns(tm.InstrumentWarning) as caught:
        import_instrument(EXPORTS / "affective_priming.qsf")
    assert len(caught) == 1
    message = str(caught[0].message)
    for words in (
        "32 item(s) and 6 scale(s)",
        "with_key(reverse=[...])",
        "confirm_keying=True",
        "reverse_candidates(responses)",
        "55 question(s) were left out (trash: 45, descriptive text: 5, text entry: 3, timing: 2)",
    ):
        assert words in message


def test_the_export_is_read_without_a_column_map(priming):
    wanted = [item for name in MATRICES for item in rows(name)]
    responses = read_responses(EXPORTS / "affective_priming_response.csv", priming.subset(wanted))
    assert responses.log.count("matched by id") == 23
    assert dict(responses.column_map) == {item: item for item in wanted}
    assert responses.data["elevation_1"].count() == 508
    assert responses.data["fatigue_1"].count() == 492


def test_import_ids_are_aliases(priming):
    assert priming.aliases["QID56_3"] == "fatigue_3"
    assert priming.aliases["QID62"] == "Q62"


def test_candidates_are_the_items_worded_the_other_way(priming):
    responses = read_responses(EXPORTS / "affective_priming_response.csv", priming)
    table = reverse_candidates(responses)
    assert list(table.index[table["candidate"]]) == [
        "fatigue_3",
        "fatigue_7",
        "fatigue_8",
        "desire_predict_1",
        "desire_predict_4",
        "desire_predict_5",
    ]
    assert "DV1_1" not in table.index
    keyed = priming.with_key(reverse=table.index[table["candidate"]])
    again = reverse_candidates(responses, keyed)
    assert not again["candidate"].any()
    scores = tm.score(responses, keyed)
    drop = tm.item_analysis(scores, scale="fatigue", missing="pairwise")["r_drop"]
    fatigue = again[again["scale"] == "fatigue"]["r_rest"]
    assert fatigue.to_dict() == pytest.approx(drop.to_dict(), rel=1e-12)


def test_scoring_asks_for_the_keying(priming):
    responses = read_responses(EXPORTS / "affective_priming_response.csv", priming)
    with pytest.raises(tm.InstrumentError, match="confirm_keying=True"):
        tm.score(responses)
    assert tm.score(responses, confirm_keying=True).n_valid["fatigue"].gt(0).sum() == 492


def test_single_choices_and_labels_that_may_mean_no_answer():
    with pytest.warns(tm.InstrumentWarning, match=r"23 item\(s\) count an answer that may mean"):
        survey = import_instrument(EXPORTS / "preference_redistribution.qsf")
    assert len(survey.items) == 27
    assert survey.response_range("TRUST_GSS") == (1, 4)
    responses = read_responses(EXPORTS / "preference_redistribution_response.csv", survey)
    assert responses.log.count("matched by id") == 27
    assert survey.item_text("FAEDUC").endswith("education your father completed?")


def test_no_answers_named_by_their_label_are_taken_out():
    survey = quietly(EXPORTS / "preference_redistribution.qsf", missing_codes=["Don't know"])
    # Straight and curly apostrophes are the same.
    assert survey.response_range("TRUST_GSS") == (1, 3)
    assert survey.response_range("FAMSUFFR_GSS") == (1, 5)
    assert survey.response_set("FAMSUFFR_GSS").id == "agree5"
    assert "The answer 4 'Don’t know' counts as no answer in 'DWELOWN_GSS'" in survey.notes
    scale = survey.scale("trust_in_people_and_institutions")
    assert scale.items == ("CONBUS_GSS", "CONPRESS_GSS")
    assert scale.name == "TRUST IN PEOPLE AND INSTITUTIONS"


@pytest.mark.parametrize("name", ["dictionary.csv", "metadata.csv"])
def test_both_spellings_of_a_redcap_dictionary(name):
    survey = quietly(EXPORTS / "redcap" / "simple" / name)
    assert survey.item_ids == ("sex", "ethnicity")
    assert survey.response_set("sex").labels == {0: {"en": "Female"}, 1: {"en": "Male"}}
    assert "- race (checkbox): several answers a person (a column for each)" in survey.notes
    assert "- dob (text): a date [Date of birth]" in survey.notes
    assert survey.scales == ()
    assert survey.unscored.startswith("No scale could be formed")


def test_redcap_data_are_read_by_variable_name():
    survey = quietly(EXPORTS / "redcap" / "survey" / "dictionary.csv")
    assert [scale.items for scale in survey.scales] == [("complete_study", "discharge_summary_4")]
    responses = read_responses(EXPORTS / "redcap" / "survey" / "data.csv", survey)
    assert responses.log.count("matched by id") == 11
    simple = quietly(EXPORTS / "redcap" / "simple" / "dictionary.csv")
    responses = read_responses(
        EXPORTS / "redcap" / "simple" / "data.csv",
        simple,
        recode={"sex": {"FALSE": 0, "TRUE": 1}},  # a spreadsheet program wrote these
    )
    assert responses.data["ethnicity"].tolist() == [1, 1, 0, 1, 2]


def test_a_survey_of_checkboxes_has_no_items_and_says_why():
    with pytest.warns(tm.InstrumentWarning, match=r"gave 0 item\(s\)"):
        survey = import_instrument(EXPORTS / "redcap" / "checkboxes-1" / "dictionary.csv")
    assert survey.items == ()
    assert "None of the questions" in survey.unscored


def test_a_real_lss():
    survey = quietly(EXPORTS / "citric_survey.lss")
    assert survey.title == {"en": "Test Survey"}
    assert survey.item_ids == ("G01Q02",)
    assert survey.item_text("G01Q02") == "Text for second question"
    assert survey.response_range("G01Q02") == (1, 5)
    assert "- G02Q04 (yes/no): its answers are the letters Y and N" in survey.notes


def test_a_real_xls_form():
    survey = quietly(EXPORTS / "pyxform_table-list.xls")
    assert survey.items == ()
    assert "- table_list_3 (select_one): its answer codes 'yes', 'no' are no whole" in survey.notes


def test_a_real_xlsx_form():
    survey = quietly(EXPORTS / "synthetic_agree5.xlsx")
    assert survey.item_ids == ("q1", "q2")
    assert survey.response_sets[0].id == "agree5"
    assert survey.scales[0].name == "Demo scale"
    assert survey.aliases == {"demo/q1": "q1", "demo/q2": "q2"}


@pytest.mark.parametrize(
    "name",
    [
        "affective_priming.qsf",
        "preference_redistribution.qsf",
        "citric_survey.lss",
        "redcap/survey/dictionary.csv",
        "redcap/checkboxes-1/dictionary.csv",
        "synthetic_agree5.xlsx",
    ],
)
@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_what_was_imported_is_saved_and_loaded_whole(name, ending, tmp_path):
    survey = quietly(EXPORTS / name)
    path = survey.save(tmp_path / f"{survey.id}.{ending}")
    loaded = tm.load_instrument(path)
    assert loaded == survey
    assert loaded.notes == survey.notes
