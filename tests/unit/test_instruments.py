"""What an instrument must be, what it can tell, and what is said when it is at fault."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

import trustmeasure as tm
from trustmeasure.instruments import Citation, Item, ResponseSet, Scale
from trustmeasure.instruments.files import make_instrument
from trustmeasure.instruments.models import least_answers, text_in

Data = dict[str, Any]

VALID: Data = {
    "schema": 1,
    "id": "open-talk",
    "version": "1.0.0",
    "title": {"en": "Open talk", "pt-BR": "Conversa aberta"},
    "construct": {"name": "openness", "definition": "Bad news is told."},
    "level": "team",
    "citation": {"authors": ["Doe, J.", "Roe, R."], "year": 2020, "title": "Open talk"},
    "referents": ["my team", {"en": "our unit"}],
    "response_sets": [
        {"id": "agree5", "min": 1, "max": 5, "labels": {1: "No", 5: {"en": "Yes", "no": "Ja"}}},
        {"id": "often7", "min": 0, "max": 6},
    ],
    "items": [
        {"id": "a1", "text": {"en": "In {referent}, we tell bad news."}, "response_set": "agree5"},
        {"id": "a2", "text": "{referent} hides doubts.", "response_set": "agree5", "reverse": True},
        {"id": "a3", "text": "We ask.", "response_set": "agree5", "facet": "asking"},
        {
            "id": "b1",
            "text": "We meet.",
            "response_set": "often7",
            "score_map": {0: 0, 1: 1, 2: 2, 3: 3, 4: 2, 5: 1, 6: 0},
        },
    ],
    "scales": [
        {"id": "open", "title": "Openness", "items": ["a1", "a2", "a3"], "min_valid": 2},
        {"id": "all", "items": ["a1", "a2", "a3", "b1"], "method": "pomp"},
    ],
    "aliases": {"Q1_1": "a1"},
}


def make(data: Data) -> tm.Instrument:
    return make_instrument(data, source="The instrument")


@pytest.fixture
def instrument() -> tm.Instrument:
    return make(VALID)


def changed(change: Callable[[Data], object]) -> Data:
    data = copy.deepcopy(VALID)
    change(data)
    return data


def refusal(data: Data) -> str:
    with pytest.raises(tm.InstrumentError) as caught:
        make(data)
    return str(caught.value)


# -- rules -------------------------------------------------------------------------------------

GONE = object()  # in place of a value: the key is taken out


def spoiled(path: str, value: Any) -> Data:
    """Copy the valid instrument with one value changed, added, or taken out."""
    data = copy.deepcopy(VALID)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    part: Any = data
    for step in way:
        part = part[step]
    if value is GONE:
        del part[last]
    elif isinstance(part, list) and last == len(part):
        part.append(value)
    else:
        part[last] = value
    return data


ALPHA = {"statistic": "alpha", "value": 0.9, "source": "x"}
SHARE_OR_COUNT = "scales[0].min_valid: expected a count of answers (as 4) or a share of the items"

RULES = [
    # keys
    ("titel", "x", "titel: this key is not known. Did you mean 'title'"),
    ("items.0.revers", True, "items[0].revers: this key is not known. Did you mean 'reverse'"),
    ("response_sets.0.maximum", 1, "response_sets[0].maximum: this key is not known."),
    ("scales.0.minvalid", 1, "scales[0].minvalid: this key is not known. Did you mean 'min_valid'"),
    ("construct.nam", "x", "construct.nam: this key is not known. Did you mean 'name'"),
    ("citation.jurnal", "x", "citation.jurnal: this key is not known. Did you mean 'journal'"),
    ("evidence", [{**ALPHA, "valu": 1}], "evidence[0].valu: this key is not known. Did you mean"),
    ("id", GONE, "id: this key is missing"),
    ("title", GONE, "title: this key is missing"),
    (
        "response_sets",
        GONE,
        "response_sets: expected at least one (an instrument without scores says why",
    ),
    ("items", GONE, "items: expected at least one (an instrument without scores says why"),
    ("scales", GONE, "scales: expected at least one (an instrument without scores says why"),
    ("items.1.id", GONE, "items[1].id: this key is missing"),
    ("response_sets.0.max", GONE, "response_sets[0].max: this key is missing"),
    # kinds
    ("schema", 2, "schema: Input should be 1; found 2"),
    ("version", 1, "version: expected text (put it in quotes); found 1"),
    (
        "id",
        "Open Talk",
        "id: expected lower-case letters and digits, joined by hyphens; found 'Ope",
    ),
    ("id", "../x", "id: expected lower-case letters and digits, joined by hyphens; found '../x'"),
    ("title.english", "x", "title.english: is not a language tag, such as en or pt-BR; found"),
    ("title", ["x"], "title: expected a text, or a mapping language → text; found ['x']"),
    ("title", None, "title: expected a text, or a mapping language → text; found None"),
    (
        "items.0.text",
        5,
        "items[0].text: expected a text, or a mapping language → text; found 5 (put",
    ),
    ("items.0.text.no", True, "items[0].text.no: expected text (put it in quotes); found True"),
    ("items.0.reverse", "yes", "items[0].reverse: expected true or false; found 'yes'"),
    ("items.0.reverse", 1, "items[0].reverse: expected true or false; found 1"),
    ("items.0.confirmed", "no", "items[0].confirmed: expected true or false; found 'no'"),
    ("items.0.id", "", "items[0].id: expected at least one character; found ''"),
    ("items.0.id", " a1", "items[0].id: expected a name that neither begins nor ends with a space"),
    ("items", {"a1": "x"}, "items: expected a list; found {'a1': 'x'}"),
    ("items.4", "a9", "items[4]: expected keys and values; found 'a9'"),
    ("items", [], "items: expected at least one (an instrument without scores"),
    ("scales", [], "scales: expected at least one (an instrument without scores"),
    ("scales.0.items", [], "scales[0]: has no items; expected at least one (or confirmed: false"),
    ("level", "group", "level: Input should be 'person', 'dyad', 'team' or 'organisation'; found"),
    ("status", "good", "status: Input should be 'unvalidated', 'piloted' or 'validated'; found"),
    ("text", "all", "text: Input should be 'included' or 'none'; found 'all'"),
    ("scales.0.method", "median", "scales[0].method: Input should be 'mean', 'sum' or 'pomp'; fou"),
    (
        "citation",
        {"year": 2020},
        "citation: a citation needs authors and title, or a finished text",
    ),
    # response sets
    ("response_sets.0.min", True, "response_sets[0].min: expected a number; found True"),
    ("response_sets.0.min", 1.5, "response_sets[0].min: expected a whole number; found 1.5"),
    ("response_sets.0.min", "a", "response_sets[0].min: expected a whole number; found 'a'"),
    ("response_sets.1.max", -1, "response_sets[1]: max is -1, but must be above min, which is 0"),
    ("response_sets.1.max", 0, "response_sets[1]: max is 0, but must be above min, which is 0"),
    (
        "response_sets.0.max",
        10**12,
        "response_sets[0]: the range 1 to 1000000000000 holds 10000000",
    ),
    (
        "response_sets.0.labels.6",
        "x",
        "response_sets[0]: label(s) for code(s) [6] lie outside the r",
    ),
    ("response_sets.0.labels.two", "x", "response_sets[0].labels.two: expected a whole number"),
    ("response_sets.0.labels.2", {"en": 2}, "response_sets[0].labels[2].en: expected text (put it"),
    ("response_sets.0.labels.4", "yes ", "response_sets[0]: the codes 5 and 4 have the same label"),
    (
        "response_sets.1.id",
        "agree5",
        "response_sets[1]: response set id(s) 'agree5' occur more than",
    ),
    # items
    ("items.3.reverse", True, "items[3]: has both reverse: true and a score_map"),
    (
        "items.3.score_map.6",
        GONE,
        "items[3].score_map: item 'b1' has a score_map without the code(",
    ),
    (
        "items.3.score_map.7",
        0,
        "items[3].score_map: item 'b1' has a score_map with the code(s) [7]",
    ),
    ("items.3.score_map.6", math.nan, "items[3].score_map[6]: Input should be a finite number"),
    ("items.3.score_map.6", True, "items[3].score_map[6]: expected a number; found True"),
    (
        "items.0.response_set",
        "agree6",
        "items[0]: item 'a1' names the response set 'agree6', which",
    ),
    ("items.0.response_set", GONE, "items[0]: item 'a1' names no response set (defined: 'agree5',"),
    (
        "items.0.text",
        GONE,
        "items[0]: item 'a1' has no text (for a structure without wording: text:",
    ),
    ("items.0.text", {"en": " "}, "items[0]: item 'a1' has no text"),
    ("items.1.id", "a1", "items[1]: item id(s) 'a1' occur more than once"),
    ("items.2.id", "respondent", "items[2]: 'respondent' cannot name an item or a scale"),
    ("items.2.id", "cluster", "items[2]: 'cluster' cannot name an item or a scale"),
    ("items.2.id", "wave", "items[2]: 'wave' cannot name an item or a scale"),
    # scales
    (
        "scales.0.items",
        ["a1", "aa2"],
        "scales[0].items: scale 'open' names unknown item(s) 'aa2'. D",
    ),
    ("scales.0.items", ["a1", "a1", "a2"], "scales[0]: names item(s) 'a1' more than once"),
    ("scales.1.id", "open", "scales[1]: scale id(s) 'open' occur more than once"),
    ("scales.1.id", "wave", "scales[1]: 'wave' cannot name an item or a scale"),
    ("scales.1.id", "a1", "scales[1]: 'a1' names both an item and a scale"),
    (
        "scales.1.method",
        "mean",
        "scales[1]: scale 'all' mixes response ranges [(0, 6), (1, 5)]; it",
    ),
    (
        "scales.1.method",
        "sum",
        "scales[1]: scale 'all' mixes response ranges [(0, 6), (1, 5)]; its",
    ),
    (
        "scales.0.min_valid",
        0,
        "scales[0]: min_valid is the count 0, but must be from 1 to the 3 it",
    ),
    (
        "scales.0.min_valid",
        4,
        "scales[0]: min_valid is the count 4, but must be from 1 to the 3 it",
    ),
    ("scales.0.min_valid", -1, "scales[0]: min_valid is the count -1, but must be from 1"),
    ("scales.0.min_valid", 0.0, "scales[0]: min_valid is the share 0.0; it must be above 0 and at"),
    ("scales.0.min_valid", "1.5", "scales[0]: min_valid is the share 1.5; it must be above 0 and"),
    ("scales.0.min_valid", math.nan, "scales[0]: min_valid is the share nan; it must be above 0"),
    ("scales.0.min_valid", True, f"{SHARE_OR_COUNT} (as 0.5); found True"),
    ("scales.0.min_valid", "half", f"{SHARE_OR_COUNT} (as 0.5); found 'half'"),
    ("scales.0.min_valid", None, f"{SHARE_OR_COUNT} (as 0.5); found None"),
    # aliases, status, evidence
    ("aliases.Q9", "a33", "aliases.Q9: the alias 'Q9' points to unknown item 'a33'. Did you mean"),
    ("aliases.a2", "a1", "aliases.a2: the alias 'a2' of item 'a1' is the id of another item"),
    ("status", "piloted", "status: status is 'piloted', but no evidence is given for it"),
    ("status", "validated", "status: status is 'validated', but no evidence is given for it"),
    ("evidence", [{**ALPHA, "scale": "opem"}], "evidence[0]: the alpha is given for unknown scale"),
    ("evidence", [{**ALPHA, "value": math.inf}], "evidence[0].value: Input should be a finite num"),
    ("evidence", [{**ALPHA, "n": True}], "evidence[0].n: expected a number; found True"),
    ("evidence", [{"statistic": "alpha", "value": 0.9}], "evidence[0].source: this key is missing"),
]


@pytest.mark.parametrize(("path", "value", "words"), RULES)
def test_every_broken_rule_is_named_with_its_place(path: str, value: Any, words: str) -> None:
    message = refusal(spoiled(path, value))
    assert message.startswith("The instrument has ")
    assert f"\n- {words}" in message


def test_the_instrument_that_the_rules_are_broken_in_is_fine(instrument: tm.Instrument) -> None:
    assert instrument.item_ids == ("a1", "a2", "a3", "b1")


def test_all_problems_of_the_parts_are_listed_at_once() -> None:
    def spoil(data: Data) -> None:
        data["titel"] = "x"
        data["version"] = 2
        data["items"][0]["reverse"] = "no"
        data["items"][1].pop("id")
        data["scales"][0]["method"] = "median"
        data["response_sets"][0]["max"] = 0

    message = refusal(changed(spoil))
    assert message.startswith("The instrument has 6 problem(s):\n- ")
    assert message.count("\n- ") == 6


def test_a_list_whose_parts_all_fail_is_not_said_to_be_empty() -> None:
    message = refusal(spoiled("scales", [{**VALID["scales"][0], "x": 1}]))
    assert "1 problem(s)" in message
    assert "at least one" not in message


def test_all_problems_between_the_parts_are_listed_at_once() -> None:
    def spoil(data: Data) -> None:
        data["status"] = "validated"
        data["items"][0]["response_set"] = "none"
        data["items"][2].pop("text")
        data["scales"][0]["items"] = ["a1", "x9"]
        data["aliases"]["q"] = "x9"

    message = refusal(changed(spoil))
    assert message.startswith("The instrument has 5 problem(s):\n- ")
    assert message.count("\n- ") == 5


def test_an_instrument_cannot_be_changed(instrument: tm.Instrument) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        instrument.version = "2"
    with pytest.raises(ValidationError, match="frozen"):
        instrument.items[0].reverse = True


# -- what the parts mean -------------------------------------------------------------------------


def test_a_single_response_set_need_not_be_named() -> None:
    def simplify(data: Data) -> None:
        del data["response_sets"][1], data["items"][3], data["scales"][1]
        for item in data["items"]:
            del item["response_set"]

    assert {i.response_set for i in make(changed(simplify)).items} == {"agree5"}


def test_response_sets_give_their_codes(instrument: tm.Instrument) -> None:
    often = instrument.response_set("b1")
    assert (often.id, often.values, often.n_options) == ("often7", (0, 1, 2, 3, 4, 5, 6), 7)
    assert instrument.response_range("a1") == (1, 5)
    assert instrument.n_options("a1") == 5
    assert instrument.response_set("a1").labels[5] == {"en": "Yes", "no": "Ja"}


def test_labels_may_be_blank_more_than_once() -> None:
    answers = ResponseSet(id="x", min=1, max=3, labels={1: "low", 2: "", 3: ""})
    assert answers.labels[3] == {"en": ""}


@pytest.mark.parametrize(
    ("min_valid", "n_items", "expected"),
    [
        (1, 5, 1), (5, 5, 5), (0.5, 5, 3), (0.5, 4, 2), (0.5, 1, 1), (1.0, 7, 7), (0.7, 10, 7),
        (0.1, 10, 1), (0.01, 10, 1), (0.3, 10, 3), (0.6, 5, 3), (0.61, 5, 4), (1 / 3, 9, 3),
    ],
)  # fmt: skip
def test_shares_become_counts_rounded_up(min_valid: float, n_items: int, expected: int) -> None:
    assert least_answers(min_valid, n_items) == expected


@pytest.mark.parametrize(("given", "expected"), [("0.5", 0.5), ("3", 3), (1, 1), (1.0, 1.0)])
def test_a_number_is_a_share_or_a_count_as_it_is_written(given: object, expected: object) -> None:
    found = Scale(id="s", items=("a", "b", "c"), min_valid=given).min_valid
    assert found == expected
    assert type(found) is type(expected)


def test_scales_give_their_name_and_least_answers(instrument: tm.Instrument) -> None:
    assert instrument.scale("open").name == "Openness"
    assert instrument.scale("open").least_answers == 2
    assert instrument.scale("all").name == "all", "the id where there is no title"
    assert instrument.scale("all").least_answers == 2


def test_texts_are_chosen_by_language() -> None:
    texts = {"de": "Hallo", "en": "Hello", "pt-BR": "Oi"}
    chosen = {tag: text_in(texts, tag) for tag in ("de", "de-AT", "DE", "pt-br", "fr", "en-GB")}
    assert chosen == {
        "de": "Hallo",
        "de-AT": "Hallo",
        "DE": "Hallo",
        "pt-br": "Oi",
        "fr": "Hello",
        "en-GB": "Hello",
    }
    assert text_in({"nl": "Hallo"}, "fr") == "Hallo"
    assert text_in({}) == ""


def test_item_texts_name_the_referent(instrument: tm.Instrument) -> None:
    assert instrument.item_text("a1") == "In my team, we tell bad news."
    assert instrument.item_text("a1", referent="our unit") == "In our unit, we tell bad news."
    assert instrument.item_text("a2") == "My team hides doubts.", "a sentence begins with a capital"
    assert instrument.item_text("a2", language="de") == "My team hides doubts."
    bare = make(changed(lambda d: d.update(referents=[])))
    assert bare.item_text("a2") == "{referent} hides doubts."


def test_parts_are_found_or_near_matches_named(instrument: tm.Instrument) -> None:
    assert instrument.item("a3").facet == "asking"
    with pytest.raises(tm.InstrumentError, match=r"no item 'a33'.*Did you mean 'a3'"):
        instrument.item("a33")
    with pytest.raises(tm.InstrumentError, match=r"no scale 'opne'.*Did you mean 'open'"):
        instrument.scale("opne")


def test_to_frame_lists_the_items(instrument: tm.Instrument) -> None:
    frame = instrument.to_frame()
    assert frame.index.name == "item"
    assert list(frame.index) == ["a1", "a2", "a3", "b1"]
    assert list(frame.columns) == [
        "text", "response_set", "min", "max", "reverse", "facet", "form", "scales", "confirmed",
    ]  # fmt: skip
    assert frame["reverse"].tolist() == [False, True, False, False]
    assert frame["scales"].tolist() == ["open, all"] * 3 + ["all"]
    assert frame.loc["b1", ["min", "max"]].tolist() == [0, 6]


# -- citations -----------------------------------------------------------------------------------


def test_cite_in_apa_style_and_as_bibtex(instrument: tm.Instrument) -> None:
    assert instrument.cite() == "Doe, J., & Roe, R. (2020). Open talk."
    assert instrument.cite("bibtex") == (
        "@misc{open-talk,\n  author = {Doe, J. and Roe, R.},\n  year = {2020},\n"
        "  title = {Open talk},\n}"
    )
    with pytest.raises(tm.TrustMeasureError, match=r"style='mla' is not offered. Allowed: 'apa'"):
        instrument.cite("mla")  # type: ignore[arg-type]


def test_an_article_is_cited_with_everything_that_it_has() -> None:
    article = Citation(
        authors=("Doe, J.",), year=2001, title="On trust", journal="J. Trust",
        volume=12, issue=3, pages="4–9", doi="10.1/x", url="https://unused.example",
    )  # fmt: skip
    assert (
        article.format() == "Doe, J. (2001). On trust. J. Trust, 12(3), 4–9. https://doi.org/10.1/x"
    )
    bibtex = article.format("bibtex", key="doe")
    assert bibtex.startswith("@article{doe,\n")
    for line in ("volume = {12}", "number = {3}", "pages = {4--9}", "doi = {10.1/x}"):
        assert f"  {line}," in bibtex


def test_other_forms_of_reference() -> None:
    three = Citation(authors=("A, B.", "C, D.", "E, F."), title="T", url="https://t.example")
    assert three.format() == "A, B., C, D., & E, F. (n.d.). T. https://t.example"
    house = Citation(authors=("The Trust House",), title="T", publisher="Press", year=1)
    assert house.format() == "The Trust House (1). T. Press."
    assert "author = {{The Trust House}}," in house.format("bibtex"), "one name, not three"
    finished = make(changed(lambda d: d.update(citation="Doe (2020). Words.")))
    assert finished.cite() == "Doe (2020). Words."
    assert "note = {Doe (2020). Words.}," in finished.cite("bibtex")


def test_what_a_reference_ends_in_and_what_latex_would_misread() -> None:
    asked = Citation(authors=("A, B.",), title="Who & why?", publisher="P_Q", doi="10.1/a_b")
    assert asked.format() == "A, B. (n.d.). Who & why? P_Q. https://doi.org/10.1/a_b"
    bibtex = asked.format("bibtex")
    assert r"title = {Who \& why?}," in bibtex
    assert r"publisher = {P\_Q}," in bibtex
    assert "doi = {10.1/a_b}," in bibtex


def test_nothing_to_cite_is_said() -> None:
    with pytest.raises(tm.InstrumentError, match="'open-talk' has no citation"):
        make(changed(lambda d: d.pop("citation"))).cite()


# -- other instruments from this one -------------------------------------------------------------


def test_subset_shrinks_scales_and_counts(instrument: tm.Instrument) -> None:
    some = instrument.subset(["a3", "a1"])
    assert some.item_ids == ("a1", "a3"), "the instrument's own order"
    assert [(s.id, s.items, s.min_valid) for s in some.scales] == [
        ("open", ("a1", "a3"), 2),
        ("all", ("a1", "a3"), 0.5),
    ]
    assert instrument.subset("a3").scale("open").min_valid == 1
    assert instrument.subset("a3").aliases == {}
    assert instrument.subset("b1").scales[0].id == "all"
    assert len(instrument.subset("b1").scales) == 1
    assert instrument.item_ids == ("a1", "a2", "a3", "b1"), "the original stays as it was"
    assert make(some.model_dump(by_alias=True)) == some, "a subset is itself valid"


def test_subset_errors(instrument: tm.Instrument) -> None:
    with pytest.raises(tm.InstrumentError, match="at least one item"):
        instrument.subset([])
    with pytest.raises(tm.InstrumentError, match="no item 'a7'"):
        instrument.subset(["a1", "a7"])
    loose = make(changed(lambda d: d["scales"].pop(1)))
    with pytest.raises(tm.InstrumentError, match="None of 'b1' belongs to a scale"):
        loose.subset(["b1"])


def test_evidence_stays_only_where_it_still_holds() -> None:
    evidence = [
        {"statistic": "alpha", "value": 0.9, "scale": "open", "source": "x"},
        {"statistic": "alpha", "value": 0.8, "scale": "all", "source": "x"},
        {"statistic": "cfi", "value": 0.97, "source": "x"},
    ]
    proven = make(changed(lambda d: d.update(status="validated", evidence=evidence)))
    assert proven.subset(proven.item_ids) == proven
    part = proven.subset(["a1", "a2", "a3"])
    assert [(e.scale, part.status) for e in part.evidence] == [("open", "validated")]
    less = proven.subset(["a1", "a2"])
    assert (less.evidence, less.status) == ((), "unvalidated")


def test_with_response_set_changes_the_answers_offered(instrument: tm.Instrument) -> None:
    def offer_seven(data: Data) -> None:
        data["response_sets"].append({"id": "agree7", "min": 1, "max": 7})

    instrument = make(changed(offer_seven))
    some = instrument.with_response_set("agree7", items=["a1", "a2", "a3"])
    assert [some.n_options(name) for name in some.item_ids] == [7, 7, 7, 7]
    assert instrument.n_options("a1") == 5, "the original stays as it was"
    with pytest.raises(
        tm.InstrumentError, match=r"no response set 'agree8'.*Did you mean 'agree7'"
    ):
        instrument.with_response_set("agree8")
    with pytest.raises(
        tm.InstrumentError, match=r"cannot use .*: scale 'open' mixes response rang"
    ):
        instrument.with_response_set("agree7", items="a1")
    with pytest.raises(tm.InstrumentError, match=r"score_map without the code\(s\) \[7\]"):
        instrument.with_response_set("agree7")
    with pytest.raises(tm.InstrumentError, match="no item 'zz'"):
        instrument.with_response_set("agree7", items=["zz"])


# -- building in code ------------------------------------------------------------------------------

PARTS: Data = {
    "id": "new",
    "response_sets": [{"id": "agree5", "min": 1, "max": 5}],
    "items": [{"id": "x1", "text": "One."}, {"id": "x2", "text": {"en": "Two."}}],
    "scales": [{"id": "x", "items": ["x1", "x2"]}],
}


def build(**changes: Any) -> tm.Instrument:
    return tm.build_instrument(**{**PARTS, **changes})


def test_build_instrument_needs_little() -> None:
    new = build()
    assert (new.name, new.version, new.status, new.text) == (
        "new",
        "0.1.0",
        "unvalidated",
        "included",
    )
    assert new.scale("x").items == ("x1", "x2")
    assert (new.scale("x").method, new.scale("x").min_valid) == ("mean", 0.5)


def test_build_instrument_takes_every_key_of_a_file() -> None:
    new = build(
        title={"en": "New", "de": "Neu"},
        version="2.0",
        level="dyad",
        construct="trust",
        citation="Me (2020).",
        referents=["you"],
        aliases={"Q1": "x1"},
    )
    assert new.measured_construct is not None
    assert (new.measured_construct.name, new.cite(), new.level) == ("trust", "Me (2020).", "dyad")
    assert tm.build_instrument(**{**VALID, "schema": 1}) == make(VALID)


def test_build_instrument_takes_ready_parts() -> None:
    new = build(
        items=[
            Item(id="x1", text={"en": "One."}, response_set="agree5"),
            {"id": "x2", "text": "T."},
        ],
        scales=[Scale(id="x", items=("x1", "x2"), min_valid=2)],
        response_sets=(ResponseSet(id=name, min=1, max=5) for name in ["agree5"]),
    )
    assert new.scale("x").least_answers == 2
    assert new.item("x2").response_set == "agree5"


def test_without_any_text_it_is_a_structure() -> None:
    bare = build(items=[{"id": "x1"}, {"id": "x2"}])
    assert bare.text == "none"
    with pytest.raises(tm.InstrumentError, match="item 'x2' has no text"):
        build(items=[{"id": "x1", "text": "One."}, {"id": "x2"}])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items": ["x1", "x2"]}, "Found 'x1' where an item, scale or response set is described"),
        ({"items": "x1"}, "items='x1' must be a list of mappings"),
        ({"scales": [["x1"]]}, r"Found \['x1'\] where an item"),
        ({"id": "Not Good"}, "Instrument 'Not Good' has 1 problem"),
        (
            {"scales": [{"id": "x", "items": ["x11"]}]},
            r"unknown item\(s\) 'x11'. Did you mean 'x1'",
        ),
        ({"response_sets": []}, "response_sets: expected at least one"),
        ({"reponse_sets": []}, "reponse_sets: this key is not known. Did you mean 'response_sets'"),
    ],
)
def test_build_instrument_errors(changes: Mapping[str, Any], words: str) -> None:
    with pytest.raises(tm.InstrumentError, match=words):
        build(**changes)


# -- listing and loading ---------------------------------------------------------------------------


def test_list_instruments_tells_what_there_is() -> None:
    listed = tm.list_instruments()
    assert listed.index.name == "id"
    assert list(listed.columns) == [
        "title", "construct", "level", "n_items", "n_scales", "text", "licence", "status",
    ]  # fmt: skip
    expected = {
        "edmondson-1999": ("team", 7, 1, "none", "validated"),
        "mcallister-1995": ("dyad", 11, 2, "none", "validated"),
        "psychological-safety": ("team", 20, 5, "included", "unvalidated"),
        "spi-trust": ("person", 5, 1, "none", "piloted"),
        "trust-cognitive-affective": ("dyad", 24, 2, "included", "unvalidated"),
        "trust-pulse": ("team", 5, 1, "included", "unvalidated"),
    }
    columns = ["level", "n_items", "n_scales", "text", "status"]
    found = {row[0]: row[1:] for row in listed[columns].itertuples(name=None)}
    assert expected.items() <= found.items()
    assert list(listed.index) == sorted(listed.index)
    assert listed["title"].str.len().min() > 5
    assert listed["construct"].str.len().min() > 4


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("trust-puls", "There is no instrument 'trust-puls'. Did you mean 'trust-pulse'"),
        ("Psychological-Safety", "Did you mean 'psychological-safety'"),
        ("zzz", "There is no instrument 'zzz'. Shipped: 'aim-iam-fim-2017', "),
        ("", "There is no instrument ''"),
        ("no/such/file.yaml", "Instrument file 'no/such/file.yaml' cannot be read: No such file"),
        (5, "instrument=5 is a int; expected an id, a path, or an Instrument"),
        (None, "instrument=None is a NoneType"),
    ],
)
def test_what_cannot_be_loaded_is_explained(wanted: Any, words: str) -> None:
    with pytest.raises(tm.InstrumentError) as caught:
        tm.load_instrument(wanted)
    assert words in str(caught.value)


def test_an_instrument_loads_as_itself(instrument: tm.Instrument) -> None:
    assert tm.load_instrument(instrument) is instrument


def test_parts_and_texts_of_the_wrong_kind_are_named(instrument: tm.Instrument) -> None:
    with pytest.raises(tm.InstrumentError, match=r"items=None must be a list of mappings"):
        tm.build_instrument(id="new", response_sets=[], items=None, scales=[])  # type: ignore[arg-type]
    with pytest.raises(tm.InstrumentError, match="given as a int"):
        instrument.with_text(5)  # type: ignore[arg-type]
