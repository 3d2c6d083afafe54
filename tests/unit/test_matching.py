"""Columns to items, and answers to codes."""

from __future__ import annotations

import pandas as pd
import pytest

from trustmeasure import DataError, OptionError, build_instrument
from trustmeasure.platforms import read_responses
from trustmeasure.platforms.wording import bare, plain, statements

LABELS = {
    1: {"en": "Strongly disagree", "de": "Stimme gar nicht zu"},
    2: {"en": "Disagree", "de": "Stimme nicht zu"},
    3: {"en": "Neither agree nor disagree", "de": "Teils, teils"},
    4: {"en": "Agree", "de": "Stimme zu"},
    5: {"en": "Strongly agree", "de": "Stimme voll zu"},
}


def build(items=None, *, labels=LABELS, low=1, high=5, **fields):
    items = items or [
        {"id": "ps01", "text": {"en": "In {referent}, we don't hide mistakes.",
                                "de": "In {referent} verbergen wir keine Fehler."}},
        {"id": "ps02", "text": {"en": "I can ask {referent} for help.",
                                "de": "Ich kann {referent} um Hilfe bitten."}},
    ]  # fmt: skip
    return build_instrument(
        id="safety",
        response_sets=[{"id": "agree", "min": low, "max": high, "labels": labels}],
        items=items,
        scales=[{"id": "s", "items": [item["id"] for item in items]}],
        **{"referents": [{"en": "my team", "de": "meinem Team"}], **fields},
    )


def read(frame: dict, instrument=None, **options):
    """Read a frame with the given columns."""
    return read_responses(pd.DataFrame(frame), instrument or build(), **options)


def matched(names, instrument=None, **options):
    return dict(read({name: ["1"] for name in names}, instrument, **options).column_map)


# -- texts ------------------------------------------------------------------------------------


def test_texts_are_compared_without_markup_and_punctuation():
    written = "<p>In&nbsp;<b>my</b> team, we “don’t” hide<br/>mistakes.</p>"
    assert bare(written) == "in my team we dont hide mistakes"
    assert plain("A &lt; B &amp; C") == "a < b & c"
    assert bare("Größe – ja!") == "grösse ja"


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("Please rate. - I am heard", "i am heard"),
        ("At work - in general - I am heard", "i am heard"),
        ("How far do you agree? [I am heard]", "i am heard"),
        ("likert0[SQ1]. [I am heard]", "i am heard"),
        ("Q3. I am heard", "i am heard"),
        ("Rate: I am heard", None),
    ],
)
def test_statements_of_matrix_headings(heading, part):
    assert (part in statements(heading)) == (part is not None)


# -- columns to items -----------------------------------------------------------------------------


def test_rules_in_their_order():
    assert matched(["ps01", "ps02"]) == {"ps01": "ps01", "ps02": "ps02"}
    assert matched(["PS01", "Ps02"]) == {"ps01": "PS01", "ps02": "Ps02"}
    aliased = build(aliases={"Q1_1": "ps01", "Q1_2": "ps02"})
    assert matched(["Q1_1", "Q1_2"], aliased) == {"ps01": "Q1_1", "ps02": "Q1_2"}
    worded = ["In my team, we don't hide mistakes", "i can ask my team for help!"]
    assert list(matched(worded).values()) == worded


def test_an_earlier_rule_wins():
    aliased = build(aliases={"Q1": "ps01"})
    taken = matched(["Q1", "ps01", "ps02", "In my team, we don't hide mistakes."], aliased)
    assert taken["ps01"] == "ps01"
    chosen = matched(["Q1", "ps01", "ps02"], aliased, columns={"ps01": "ps02", "ps02": "Q1"})
    assert chosen == {"ps01": "ps02", "ps02": "Q1"}


def test_column_of_an_items_name_that_another_item_does_not_take():
    responses = read({"ps01": ["1"], "ps02": ["2"], "Q": ["3"]}, build(), columns={"ps01": "Q"})
    assert responses.items.to_numpy().tolist() == [[3, 2]]
    assert responses.log.count("columns left out for their name") == 1


@pytest.mark.parametrize(
    "heading",
    [
        "In my team, we don’t hide mistakes.",
        "In {referent}, we don't hide mistakes.",
        "In meinem Team verbergen wir keine Fehler",
        "How is it? [In my team, we don't hide mistakes.]",
        "Please rate your team - In my team, we don&#39;t hide mistakes.",
        "In the Northern ward team, we don't hide mistakes.",
        "Stem - In ${e://Field/team}, we don't hide mistakes.",
    ],
)
def test_wordings(heading):
    assert matched([heading, "ps02"])["ps01"] == heading


def test_a_referent_is_only_a_few_words():
    long = "In a team that has many members who come and go all of the time, we don't hide mistakes"
    with pytest.raises(DataError, match="1 of 2 items"):
        matched([long, "ps02"])


def test_language_limits_the_wordings():
    german = ["In meinem Team verbergen wir keine Fehler", "ps02"]
    assert matched(german, language="de")["ps01"] == german[0]
    with pytest.raises(DataError, match="have no column"):
        matched(german, language="en")
    with pytest.raises(OptionError, match=r"'de', 'en'"):
        matched(german, language="fr")


def test_ambiguity_is_refused_with_all_cases():
    with pytest.raises(DataError, match=r"item 'ps01' fits the columns 'PS01', 'Ps01'"):
        matched(["PS01", "Ps01", "ps02"])
    twins = build([{"id": "a", "text": "I trust them."}, {"id": "b", "text": "I trust them!"}])
    with pytest.raises(DataError, match=r"column 'I trust them' fits the items 'a', 'b'"):
        matched(["I trust them"], twins)
    aliased = build(aliases={"Q1": "ps01", "Q2": "ps01"})
    with pytest.raises(DataError, match=r"by alias.*'Q1', 'Q2'"):
        matched(["Q1", "Q2", "ps02"], aliased)


def test_items_without_a_column_are_listed_with_near_ones():
    with pytest.raises(DataError) as error:
        matched(["ps1", "In my squad, we never hide our mistakes", "age"])
    message = str(error.value)
    assert "2 of 2 items of instrument 'safety' have no column" in message
    assert "'ps01' (Did you mean 'ps1'?)" in message
    assert "columns={'ps01': '...'}" in message
    assert "subset" in message
    with pytest.raises(DataError, match="Similar wording: 'In my team we do not hide a mistake'"):
        matched(["In my team we do not hide a mistake", "x"])


def test_explicit_columns_are_checked():
    names = ["Q1", "Q2"]
    with pytest.raises(DataError, match=r"wrong way round.*\{'ps01': 'Q1'\}"):
        matched(names, columns={"Q1": "ps01", "Q2": "ps02"})
    with pytest.raises(DataError, match=r"names item\(s\) 'ps1'.*Did you mean 'ps01'"):
        matched(names, columns={"ps1": "Q1"})
    with pytest.raises(DataError, match=r"'ps01' names the column 'Q11'.*Did you mean 'Q1'"):
        matched(names, columns={"ps01": "Q11"})
    with pytest.raises(DataError, match=r"one column to several items: 'Q1' for 'ps01', 'ps02'"):
        matched(names, columns={"ps01": "Q1", "ps02": "Q1"})
    with pytest.raises(DataError, match="expected a mapping"):
        matched(names, columns=["Q1", "Q2"])
    with pytest.raises(DataError, match="expected its heading"):
        matched(names, columns={"ps01": 1})


def test_without_an_instrument():
    frame = pd.DataFrame({"a": ["1", "2"], "b": ["x", "y"], "c": ["5", ""]})
    responses = read_responses(frame)
    assert dict(responses.column_map) == {}
    assert responses.data["a"].tolist() == [1, 2]
    named = read_responses(frame, columns={"item1": "a", "item2": "c"})
    assert dict(named.column_map) == {"item1": "a", "item2": "c"}
    assert named.items.fillna(0).to_numpy().tolist() == [[1, 5], [2, 0]]
    with pytest.raises(DataError, match=r"unknown answer 'x'.*expected numbers"):
        read_responses(frame, columns={"item1": "b"})


# -- answers to codes -----------------------------------------------------------------------------


def coded(answers, instrument=None, **options):
    columns = {"ps01": list(answers), "ps02": ["1"] * len(answers)}
    responses = read(columns, instrument, **options)
    return responses.data["ps01"].fillna(-1).tolist(), responses.log


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("4", 4), (" 4 ", 4), ("4.0", 4), ("4,0", 4), ("+4", 4), ("4.", 4), (4, 4), (4.0, 4),
        ("Agree", 4), ("  agree ", 4), ("AGREE", 4), ("<b>Agree</b>", 4), ("Agree.", 4),
        ("Stimme zu", 4), ("teils teils", 3), ("Neither agree&nbsp;nor disagree", 3),
        ("4 (Agree)", 4), ("4 - Agree", 4), ("4 – Agree", 4), ("4 = Agree", 4), ("4: Agree", 4),
        ("4. Agree", 4), ("4 Agree", 4), ("(4) Agree", 4), ("[4] Agree", 4), ("4) Agree", 4),
        ("Agree (4)", 4), ("Agree [4]", 4), ("'Agree", 4),
        ("", -1), ("  ", -1), (None, -1), ("NA", -1), ("NaN", -1), (float("nan"), -1),
    ],
)  # fmt: skip
def test_ways_of_writing_an_answer(answer, code):
    assert coded([answer, "1"])[0] == [code, 1]


def test_partly_labelled_answers_keep_their_digits():
    ends = build(labels={1: "None at all", 10: "All of my time"}, high=10)
    assert coded(["1 (None at all)", "7", "10 (All of my time)", "3 - three"], ends)[0] == [
        1, 7, 10, 3,
    ]  # fmt: skip
    # An answer that has a label is not known by its digits under another one.
    with pytest.raises(DataError, match="unknown answer '1 - nothing'"):
        coded(["1 - nothing"], ends)


def test_digits_inside_a_label_do_not_decide():
    times = build(
        labels={1: "Never", 2: "1 time a week", 3: "2-3 times a week", 4: "4 or more times"},
        high=4,
    )
    answers = ["Never", "1 time a week", "2-3 times a week", "4 or more times", "2"]
    values, log = coded(answers, times)
    assert values == [1, 2, 3, 4, 2]
    assert log.count("labels with another code's digits") == 0


def test_a_number_that_disagrees_with_its_label_loses_and_is_logged():
    values, log = coded(["1 - Strongly agree", "5 - Strongly disagree", "1 - Strongly agree"])
    assert values == [5, 1, 5]
    assert log.count("labels with another code's digits") == 3


def test_digits_that_are_one_label_and_another_code_are_refused():
    backwards = build(labels={1: "5", 2: "4", 3: "3", 4: "2", 5: "1"})
    with pytest.raises(DataError, match=r"'ps01' has '5' in 1 row.s., which may be codes"):
        coded(["5", "3"], backwards)
    recode = {str(k): 6 - k for k in range(1, 6)}
    assert coded(["5", "3"], backwards, recode={"ps01": recode, "ps02": {"1": 5}})[0] == [1, 3]


def test_digits_with_a_mark_are_not_the_digits():
    counts = build(labels={1: "None", 2: "1 or 2", 3: "3+"}, high=3)
    assert coded(["3", "3+", "1 or 2", "2"], counts)[0] == [3, 3, 2, 2]
    steps = build(labels={1: "−2", 2: "−1", 3: "0", 4: "+1", 5: "+2"})
    assert coded(["−2", "0", "+1"], steps)[0] == [1, 3, 4]


def test_unknown_labels_are_listed_with_count_row_and_what_is_allowed():
    with pytest.raises(DataError) as error:
        coded(["Agree", "Sometimes", "Sometimes", "Never"])
    message = str(error.value)
    assert "Item 'ps01' has the unknown answer 'Sometimes' in 2 rows (first: data row 2)" in message
    assert "'Never' in 1 row (first: data row 4)" in message
    assert "4 'Agree'" in message
    assert "recode={label: code}" in message
    with pytest.raises(DataError, match="has no labels"):
        coded(["Agree"], build(labels={}))


def test_a_label_in_two_languages_for_two_codes_is_not_guessed():
    mixed = build(labels={1: {"en": "Quite"}, 2: {"nl": "quite"}}, high=2)
    with pytest.raises(DataError, match="unknown answer 'Quite'"):
        coded(["Quite"], mixed)
    assert coded(["Quite"], mixed, language="nl")[0] == [2]


def test_codes_outside_the_range():
    with pytest.raises(DataError) as error:
        coded(["1", "6", "6", "6", "0"])
    message = str(error.value)
    assert "Item 'ps01' has code 6 in 3 rows (first: data row 2); " in message
    assert "its response set allows 1–5" in message
    assert "Was the export made with other recode values? Pass recode=" in message
    assert "code 0 in 1 row (first: data row 5)" in message


def test_shifted_codes_spell_the_recoding_out():
    with pytest.raises(DataError, match=r"recode=\{11: 1, 12: 2, 13: 3, 14: 4, 15: 5\}"):
        coded(["11", "12", "13", "14", "15"])


def test_missing_codes_must_be_declared():
    with pytest.raises(DataError, match=r"missing_codes=\(-99,\)"):
        coded(["1", "-99"])
    values, log = coded(["1", "-99", "n/a", "N/A", -99.0], missing_codes=(-99, "n/a"))
    assert values == [1, -1, -1, -1, -1]
    assert log.count("declared missing") == 4
    assert coded(["1", "5"], missing_codes=5)[0] == [1, -1]
    assert coded(["1", "-99"], missing_codes="-99")[0] == [1, -1]
    for token in ("n/a", "null", "-", ".", "99", "none"):
        with pytest.raises(DataError):
            coded(["1", token])


def test_written_missing_is_counted():
    values, log = coded(["NA", "NaN", "<NA>", "2"])
    assert values == [-1, -1, -1, 2]
    assert log.count("written as missing") == 3


def test_recoding():
    assert coded(["0", "4"], recode={0: 1, 4: 5, 1: 2})[0] == [1, 5]
    assert coded(["Yes", "no"], recode={"yes": 5, "NO": 1})[0] == [5, 1]
    assert coded(["1", "2"], recode={"ps01": {1: 2, 2: 1}})[0] == [2, 1]  # not in a chain
    assert coded(["1", "77"], recode={77: None})[0] == [1, -1]
    values, log = coded(["1", "9"], recode={9: 5, "never seen": 1})
    assert values == [1, 5]
    assert log.count("answers recoded") == 1
    assert log.count("recode never met") == 1
    with pytest.raises(DataError, match="code 8"):
        coded(["1"], recode={1: 8})
    with pytest.raises(DataError, match=r"names item\(s\) 'ps1'.*Did you mean 'ps01'"):
        coded(["1"], recode={"ps1": {1: 2}})


def test_problems_of_all_items_come_together():
    columns = {"ps01": ["9", "3.5", "Maybe"], "ps02": ["8", "1", "Perhaps"]}
    with pytest.raises(DataError) as error:
        read(columns)
    message = str(error.value)
    for part in ("code 9", "code 8", "3.5, which is not a whole number", "Maybe", "Perhaps"):
        assert part in message


def test_frames_of_numbers():
    columns = {"ps01": [1, 2, 3], "ps02": [1.0, None, 5.0]}
    responses = read(columns)
    assert responses.items.fillna(0).to_numpy().tolist() == [[1, 1], [2, 0], [3, 5]]
    with pytest.raises(DataError, match=r"has 2\.5, which is not a whole number"):
        read({"ps01": [1, 2.5], "ps02": [1, 1]})
    with pytest.raises(DataError, match="unknown answer 'inf'"):
        read({"ps01": [1, float("inf")], "ps02": [1, 1]})
    with pytest.raises(DataError, match="unknown answer 'True'"):
        read({"ps01": [True, False], "ps02": [1, 1]})


def test_what_many_items_share_is_said_once():
    items = [{"id": f"i{j}"} for j in range(12)]
    with pytest.raises(DataError) as error:
        read({f"i{j}": ["Quite so", "1", "-9", "8"] for j in range(12)}, build(items))
    message = str(error.value)
    assert "12 items have code 8 in 12 answers (first: item 'i0', data row 4" in message
    assert "12 items have the unknown answer 'Quite so' in 12 answers" in message
    assert message.count("the response set allows 1–5") == 1
    assert message.count("or the labels") == 1
    assert "missing_codes=(-9,)" in message  # 8 is outside too, but no usual sign of no answer


def test_a_missing_code_is_told_apart_from_shifted_codes():
    with pytest.raises(DataError, match=r"(?s)recode=\{11: 1, .*missing_codes=\(-99,\)"):
        read(
            {"ps01": ["11", "12", "13", "14", "15"], "ps02": ["11", "12", "-99", "13", "14"]},
        )


def test_a_column_is_suggested_by_a_word_of_its_question():
    frame = pd.DataFrame({"ps01": [1], "ps02": [2], "Which team are you in?": ["A"]})
    with pytest.raises(DataError, match="It is in the wording of 'Which team are you in\\?'"):
        read_responses(frame, build(), cluster="team")
