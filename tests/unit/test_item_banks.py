"""The wording that the project writes itself: content plan, plain language, and its own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from statistics import mean
from typing import Any

import pytest
import textstat

import trustmeasure as tm
from tests.data.make_seed_fingerprint import (
    LENGTH,
    fingerprint,
    read_fingerprint,
    sequences,
    shared,
)
from tests.unit.reading_level import flesch_kincaid, syllables, words
from trustmeasure.instruments.files import shipped_files, shipped_folder
from trustmeasure.instruments.strict_yaml import parse

# Facets, and the scale of each item's facet besides a total.
PLAN: dict[str, dict[str, int]] = {
    "psychological-safety": {
        "speaking-up": 5,
        "learning-from-error": 5,
        "asking-for-help": 5,
        "inclusion-of-difference": 5,
    },
    "trust-cognitive-affective": {
        "reliability": 4,
        "competence": 4,
        "integrity": 4,
        "care": 4,
        "openness": 4,
        "emotional-safety": 4,
    },
    "trust-pulse": {"cognitive": 2, "affective": 2, "safety": 1},
}
LEAST = {"psychological-safety": 16, "trust-cognitive-affective": 24, "trust-pulse": 5}
BANKS = [tm.load_instrument(name) for name in PLAN]
ITEMS = [(bank, item) for bank in BANKS for item in bank.items]

per_bank = pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.id)
per_item = pytest.mark.parametrize(("bank", "item"), ITEMS, ids=[item.id for _, item in ITEMS])


# -- content plan ----------------------------------------------------------------------------------


@per_bank
def test_facets_and_counts_follow_the_plan(bank: tm.Instrument) -> None:
    assert Counter(item.facet for item in bank.items) == PLAN[bank.id]
    assert len(bank.items) >= LEAST[bank.id]


@per_bank
def test_what_every_bank_says_of_itself(bank: tm.Instrument) -> None:
    assert (bank.status, bank.text, bank.licence) == ("unvalidated", "included", "CC-BY-4.0")
    assert bank.version == "1.0.0"
    assert bank.evidence == ()
    assert bank.measured_construct is not None
    assert bank.measured_construct.definition
    assert bank.measured_construct.source
    assert bank.notes is not None
    assert "Content coverage:" in bank.notes
    assert bank.cite().startswith("The trustmeasure developers (2026). ")
    assert f"version {bank.version}" in bank.cite()
    assert len(bank.referents) >= 3
    assert len({r["en"] for r in bank.referents}) == len(bank.referents)


@per_bank
def test_two_forms_of_agreement_are_offered(bank: tm.Instrument) -> None:
    assert {item.response_set for item in bank.items} == {"agree5"}
    five, seven = bank.response_sets
    assert (five.id, five.values, seven.id, seven.values) == (
        "agree5",
        (1, 2, 3, 4, 5),
        "agree7",
        (1, 2, 3, 4, 5, 6, 7),
    )
    for answers in (five, seven):
        assert set(answers.labels) == set(answers.values)
        assert answers.labels[answers.min] == {"en": "Strongly disagree"}
        assert answers.labels[answers.max] == {"en": "Strongly agree"}
    assert bank.with_response_set("agree7").response_range(bank.item_ids[0]) == (1, 7)


@per_bank
def test_reverse_keyed_items_are_a_minority_in_every_part(bank: tm.Instrument) -> None:
    share = mean(item.reverse for item in bank.items)
    assert 0.10 <= share <= 0.40
    for scale in bank.scales:
        keyed = [bank.item(name).reverse for name in scale.items]
        assert 0 < sum(keyed) < len(keyed) / 2, f"scale {scale.id}"


def test_scales_of_psychological_safety_are_a_total_and_its_facets() -> None:
    bank = tm.load_instrument("psychological-safety")
    assert bank.level == "team"
    total, *facets = bank.scales
    assert total.id == "psychological_safety"
    assert total.items == bank.item_ids
    assert {s.id.replace("_", "-") for s in facets} == set(PLAN[bank.id])
    for scale in facets:
        assert {bank.item(name).facet for name in scale.items} == {scale.id.replace("_", "-")}
        assert len(scale.items) >= 4
    assert {(s.method, s.min_valid) for s in bank.scales} == {("mean", 0.5)}


def test_scales_of_trust_are_its_two_parts() -> None:
    bank = tm.load_instrument("trust-cognitive-affective")
    assert bank.level == "dyad"
    assert [(s.id, len(s.items), s.method, s.min_valid) for s in bank.scales] == [
        ("cognitive_trust", 12, "mean", 0.5),
        ("affective_trust", 12, "mean", 0.5),
    ]
    facets = {s.id: {bank.item(name).facet for name in s.items} for s in bank.scales}
    assert facets == {
        "cognitive_trust": {"reliability", "competence", "integrity"},
        "affective_trust": {"care", "openness", "emotional-safety"},
    }


def test_the_pulse_asks_for_four_of_five_answers() -> None:
    bank = tm.load_instrument("trust-pulse")
    (scale,) = bank.scales
    assert (scale.id, scale.items, scale.min_valid) == ("trust_pulse", bank.item_ids, 4)
    assert scale.least_answers == 4


@per_item
def test_every_item_has_its_reasons(bank: tm.Instrument, item: tm.Item) -> None:
    assert item.rationale is not None
    assert len(words(item.rationale)) >= 6
    assert item.source is not None
    assert re.search(r"\(\d{4}\)|\(n\.d\.\)", item.source), "author and year"
    assert item.source.split(" (")[0] in (bank.notes or ""), "and the notes say which work it is"
    assert any(item.id in scale.items for scale in bank.scales)


def test_no_wording_or_rationale_occurs_twice() -> None:
    for texts in (
        [item.text["en"] for _, item in ITEMS],
        [str(item.rationale) for _, item in ITEMS],
    ):
        assert Counter(texts).most_common(1)[0][1] == 1


# -- plain language --------------------------------------------------------------------------------

NEGATIONS = {
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without",
    "cannot", "hardly", "rarely", "seldom", "unless", "lack", "lacks", "fail", "fails", "deny",
    "denies", "avoid", "avoids", "refuse", "refuses",
}  # fmt: skip
PREFIXED = re.compile(r"(un|dis|in|im|ir|il|mis)[a-z]{4,}")
NO_PREFIX = {"until", "under", "into", "important", "understand", "disagree", "mistake"}


def negations(sentence: str) -> int:
    """Count what turns a sentence round: words of negation and words with such a prefix."""
    return sum(
        word in NEGATIONS
        or word.endswith("n't")
        or bool(PREFIXED.fullmatch(word) and word not in NO_PREFIX)
        for word in words(sentence)
    )


@per_item
def test_every_item_is_one_short_plain_sentence(bank: tm.Instrument, item: tm.Item) -> None:
    text = item.text["en"]
    assert text.count("{referent}") == 1
    assert re.fullmatch(r"[^.?!;:()/]+\.", text), "one sentence, no asides"
    found = words(text)
    assert not {"and", "or", "but", "as", "because"} & set(found) or text in ALLOWED, "one idea"
    for referent in bank.referents:
        filled = bank.item_text(item.id, referent=referent["en"])
        assert "{" not in filled
        assert filled[0].isupper()
        assert 4 <= len(words(filled)) < 20


# "but" ties the two halves of one contradiction together here; neither half is the item.
ALLOWED = {"{referent} says one thing to me but something else to others."}


@per_item
def test_no_item_has_a_double_negative(bank: tm.Instrument, item: tm.Item) -> None:
    assert negations(item.text["en"]) <= 1
    if item.reverse:  # to disagree with a negation is a double negative in the respondent's head
        assert negations(item.text["en"]) == 0


def test_the_count_of_negations_works() -> None:
    assert negations("Nobody in my team is unfair.") == 2
    assert negations("I don't lack help.") == 2
    assert negations("People in my team understand each other until the end.") == 0


@per_item
def test_no_item_reads_harder_than_grade_8(bank: tm.Instrument, item: tm.Item) -> None:
    # Two formulas that see different things: syllables a word, and letters a word.
    text = bank.item_text(item.id)
    assert flesch_kincaid(text) <= 8
    assert textstat.automated_readability_index(text) <= 8


@per_bank
def test_the_banks_as_a_whole_read_at_grade_8_or_below(bank: tm.Instrument) -> None:
    for referent in bank.referents:
        if len(words(referent["en"])) > 3:
            continue  # a long job title is a name to those who are asked; formulas take it as prose
        texts = [bank.item_text(item.id, referent=referent["en"]) for item in bank.items]
        assert mean(flesch_kincaid(text) for text in texts) <= 8
        assert mean(textstat.automated_readability_index(text) for text in texts) <= 8


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("team", 1), ("people", 2), ("done", 1), ("agreed", 2), ("asked", 1), ("wanted", 2),
        ("notices", 3), ("times", 1), ("idea", 3), ("usual", 3), ("supervisor", 4), ("the", 1),
        ("implementation", 5), ("practitioner", 4), ("don't", 1), ("respects", 2), ("voices", 2),
        ("worries", 2), ("being", 2), ("question", 2), ("question's", 2), ("mistake", 2),
    ],
)  # fmt: skip
def test_syllables(word: str, expected: int) -> None:
    assert syllables(word) == expected


def test_the_grade_is_flesch_and_kincaids() -> None:
    # 6 words, 6 syllables: 0.39 × 6 + 11.8 − 15.59.
    assert flesch_kincaid("The cat sat on the mat.") == pytest.approx(-1.45)
    assert flesch_kincaid("Organisational readiness facilitates implementation.") > 20


# -- our own words ---------------------------------------------------------------------------------


def texts_in(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from texts_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value)


@pytest.mark.parametrize("name", sorted(shipped_files()))
def test_six_words_in_a_row_are_never_a_source_documents(name: str) -> None:
    known = read_fingerprint()
    text = shipped_files()[name].read_text(encoding="utf-8")
    texts = list(texts_in(parse(text, source=name).data))
    for instrument_text in [*texts, text]:  # the whole file too, for the sake of its comments
        assert shared(instrument_text, known) == []
    instrument = tm.load_instrument(name)
    for item in instrument.items:
        for referent in instrument.referents:
            assert shared(instrument.item_text(item.id, referent=referent["en"]), known) == []


def test_the_readme_is_our_own_too() -> None:
    readme = (shipped_folder() / "README.md").read_text(encoding="utf-8")
    assert shared(readme, read_fingerprint()) == []


def test_the_fingerprint_is_whole() -> None:
    known = sorted(read_fingerprint())
    assert len(known) > 9000
    assert all(re.fullmatch("[0-9a-f]{10}", line) for line in known)
    # The documents cite this article, so its title, which is nobody's secret, must be caught.
    title = "The dynamic sustainability framework: addressing the paradox of sustainment"
    assert shared(title, frozenset(known)) == list(sequences(title))


def test_the_comparison_catches_six_words_and_lets_five_pass() -> None:
    document = "Alpha beta — gamma 'delta' epsilon zeta; eta isn't theta. Iota!"
    known = frozenset(fingerprint([document]))
    assert len(known) == 10 - LENGTH + 1, "ten words, whatever stands between them"
    assert shared("so: ALPHA, beta gamma\ndelta epsilon (zeta)", known) == [
        "alpha beta gamma delta epsilon zeta"
    ]
    assert shared("zeta eta isn’t theta iota, and gamma delta epsilon zeta", known) == []
    assert shared("beta alpha gamma delta epsilon zeta", known) == []
