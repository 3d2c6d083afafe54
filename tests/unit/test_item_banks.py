"""The wording that the project writes itself: content plan, plain language, Spanish, own words.

Each test goes over a whole bank and lists everything that is at fault, so that one run is enough
to mend a bank.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
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
from tests.unit.bank_plan import PLANS, Plan, referents_of, shipped_banks, visible_texts
from tests.unit.reading_level import flesch_kincaid, syllables, words
from trustmeasure.instruments.files import shipped_files, shipped_folder
from trustmeasure.instruments.strict_yaml import parse

BANKS = shipped_banks()

per_bank = pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.id)


def plan_of(bank: tm.Instrument) -> Plan:
    return PLANS[bank.id]


def forms_of(bank: tm.Instrument) -> list[tuple[tm.Item, ...]]:
    """Give the items of each form, or all of them where there are no forms."""
    if not bank.forms:
        return [bank.items]
    return [tuple(i for i in bank.items if i.form == form.id) for form in bank.forms]


def filled(bank: tm.Instrument, item: tm.Item, language: str = "en") -> Iterator[str]:
    """Give an item's wording with each of its referents."""
    for referent in referents_of(bank, item.form):
        yield bank.item_text(item.id, language=language, referent=referent[language])


def in_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


# -- content plan ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_all_ten_banks_ship(name: str) -> None:
    assert len(PLANS) == 10
    assert name in shipped_files()


@per_bank
def test_facets_and_counts_follow_the_plan(bank: tm.Instrument) -> None:
    plan = plan_of(bank)
    assert [form.id for form in bank.forms] == list(plan.forms)
    for items in forms_of(bank):
        assert Counter(item.facet for item in items) == plan.facets
        assert len(items) >= plan.least
    assert {item.form for item in bank.items} == (set(plan.forms) or {None})
    assert [facet.id for facet in bank.facets] == list(plan.facets)
    if plan.domains:
        assert Counter(facet.domain for facet in bank.facets) == plan.domains


@per_bank
def test_coverage_is_complete(bank: tm.Instrument) -> None:
    """Every item belongs to one facet, every facet has its items, and the table shows it."""
    plan = plan_of(bank)
    table = bank.coverage()
    assert list(table.index) == list(plan.facets)
    assert list(table.columns) == list(bank.item_ids)
    assert (table.sum(axis="index") == 1).all()
    n_forms = max(len(plan.forms), 1)
    assert table.sum(axis="columns").to_dict() == {
        facet: count * n_forms for facet, count in plan.facets.items()
    }


@per_bank
def test_what_every_bank_says_of_itself(bank: tm.Instrument) -> None:
    assert (bank.status, bank.text, bank.licence) == ("unvalidated", "included", "CC-BY-4.0")
    assert (bank.level, bank.version) == (plan_of(bank).level, plan_of(bank).version)
    assert bank.evidence == ()
    assert bank.unscored is None
    assert bank.measured_construct is not None
    assert bank.measured_construct.definition
    assert bank.measured_construct.source
    assert "Content coverage:" in (bank.notes or "")
    assert "the wording is the project's own" in in_one_line(bank.notes)
    assert bank.cite().startswith("The trustmeasure developers (2026). ")
    assert f"version {bank.version})" in bank.cite()
    assert len(bank.referents) >= 3
    for language in ("en", "es"):
        names = [r[language] for r in bank.referents]
        assert len(set(names)) == len(names)


LABELS = {
    "agree5": (5, "Strongly disagree", "Strongly agree"),
    "agree7": (7, "Strongly disagree", "Strongly agree"),
    "often5": (5, "Never", "Always"),
    "often7": (7, "Never", "Always"),
}
SPANISH_LABELS = {
    "Strongly disagree": "Muy en desacuerdo",
    "Disagree": "En desacuerdo",
    "Somewhat disagree": "Algo en desacuerdo",
    "Neither agree nor disagree": "Ni de acuerdo ni en desacuerdo",
    "Somewhat agree": "Algo de acuerdo",
    "Agree": "De acuerdo",
    "Strongly agree": "Muy de acuerdo",
    "Never": "Nunca",
    "Rarely": "Rara vez",
    "Sometimes": "A veces",
    "Often": "A menudo",
    "Always": "Siempre",
}


@per_bank
def test_at_least_two_sets_of_answers_are_offered(bank: tm.Instrument) -> None:
    plan = plan_of(bank)
    assert {a.id for a in bank.response_sets} == set(plan.offered)
    for items, default in zip(
        forms_of(bank), plan.answers * (len(forms_of(bank)) // len(plan.answers)), strict=True
    ):
        assert {item.response_set for item in items} == {default}
    for answers in bank.response_sets:
        assert set(answers.labels) == set(answers.values), "every answer has a label"
        assert answers.stem
        if answers.id in LABELS:
            n, low, high = LABELS[answers.id]
            assert answers.values == tuple(range(1, n + 1))
            assert answers.labels[1]["en"] == low
            assert answers.labels[n]["en"] == high
        for label in answers.labels.values():
            assert label["es"] == SPANISH_LABELS.get(label["en"], label["es"])


@per_bank
def test_the_answers_can_be_changed_for_the_others(bank: tm.Instrument) -> None:
    plan = plan_of(bank)
    forms = [bank.form(form) for form in plan.forms] or [bank]
    tried = 0
    for part in forms:
        default = part.response_set(part.item_ids[0])
        for answers in bank.response_sets:
            if answers.id[:-1] == default.id[:-1] and answers.id != default.id:
                changed = part.with_response_set(answers.id)
                assert changed.response_range(part.item_ids[0]) == (answers.min, answers.max)
                tried += 1
    if not plan.anchored:
        assert tried >= len(forms)
    else:  # stages and frequencies are different questions about the same practice
        other = bank.with_response_set("often5")
        assert other.response_range(bank.item_ids[0]) == (1, 5)


@per_bank
def test_reverse_keyed_items_are_a_minority_in_every_part(bank: tm.Instrument) -> None:
    low, high = plan_of(bank).reverse
    for items in forms_of(bank):
        assert low <= mean(item.reverse for item in items) <= high
    for scale in bank.scales:
        keyed = [bank.item(name).reverse for name in scale.items]
        assert sum(keyed) < len(keyed) / 2, f"scale {scale.id}"
        if low > 0 and len(keyed) > 4 * max(len(plan_of(bank).forms), 1):
            assert sum(keyed) > 0, f"scale {scale.id}"


@per_bank
def test_every_facet_is_a_scale_where_it_is_long_enough(bank: tm.Instrument) -> None:
    plan = plan_of(bank)
    if not plan.facet_scales:
        return
    known = {scale.id: scale for scale in bank.scales}
    for facet in plan.facets:
        scale = known[facet.replace("-", "_")]
        assert set(scale.items) == {i.id for i in bank.items if i.facet == facet}
        assert (scale.method, scale.min_valid) == ("mean", 0.5)


@per_bank
def test_every_scale_is_described_and_every_item_is_on_one(bank: tm.Instrument) -> None:
    for scale in bank.scales:
        assert re.fullmatch(r"[A-Z].+\.", scale.description or ""), scale.id
        assert scale.confirmed
    on_scales = {name for scale in bank.scales for name in scale.items}
    assert on_scales == set(bank.item_ids)


@pytest.mark.parametrize("name", ["practice-profile-2018", "practice-competencies-2020"])
def test_domains_of_practice_are_scales(name: str) -> None:
    bank = tm.load_instrument(name)
    domains = {facet.id: facet.domain for facet in bank.facets}
    for domain in PLANS[name].domains:
        scale = bank.scale(domain.replace("-", "_"))
        assert set(scale.items) == {i.id for i in bank.items if domains[i.facet or ""] == domain}
    assert any(scale.items == bank.item_ids for scale in bank.scales), "and there is a total"


@per_bank
def test_anchors_say_what_a_rater_sees_at_the_stages(bank: tm.Instrument) -> None:
    anchored = plan_of(bank).anchored
    stages = bank.response_set(bank.item_ids[0])
    for facet in bank.facets:
        if not anchored:
            assert not facet.anchors
            continue
        assert len(facet.anchors) >= 3
        assert {stages.min, stages.max} <= set(facet.anchors) <= set(stages.values)
    texts = [text["en"] for facet in bank.facets for text in facet.anchors.values()]
    assert len(set(texts)) == len(texts)


@per_bank
def test_every_item_and_facet_has_its_reasons(bank: tm.Instrument) -> None:
    notes = in_one_line(bank.notes)
    for item in bank.items:
        assert item.rationale is not None
        assert len(words(item.rationale)) >= 6, item.id
        assert item.source is not None
        assert re.fullmatch(r"[^()]+ \((\d{4}|n\.d\.)\)", item.source), "author and year"
        assert item.source in notes, f"{item.id}: the notes say which work '{item.source}' is"
    for facet in bank.facets:
        assert facet.source is not None
        for source in facet.source.split("; "):
            assert source in notes, f"{facet.id}: the notes say which work '{source}' is"


def test_ids_and_rationales_are_unique_over_all_banks() -> None:
    items = [item for bank in BANKS for item in bank.items]
    for names in ([i.id for i in items], [str(i.rationale) for i in items]):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_wording_occurs_twice(language: str) -> None:
    """Within a form; two forms of one bank may ask the same of different referents."""
    seen: Counter[str] = Counter()
    for bank in BANKS:
        texts: set[str] = set()
        for items in forms_of(bank):
            of_form = Counter(item.text[language].casefold() for item in items)
            assert [text for text, count in of_form.items() if count > 1] == []
            texts |= set(of_form)
        seen.update(texts)
    assert [text for text, count in seen.items() if count > 1] == []


# -- single banks ----------------------------------------------------------------------------------


def test_scales_of_psychological_safety_are_a_total_and_its_facets() -> None:
    bank = tm.load_instrument("psychological-safety")
    total, *facets = bank.scales
    assert total.id == "psychological_safety"
    assert total.items == bank.item_ids
    assert {s.id.replace("_", "-") for s in facets} == set(PLANS[bank.id].facets)
    assert {(s.method, s.min_valid) for s in bank.scales} == {("mean", 0.5)}


def test_scales_of_trust_are_its_two_parts() -> None:
    bank = tm.load_instrument("trust-cognitive-affective")
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


def test_capacity_is_rated_at_every_level_by_its_referent() -> None:
    bank = tm.load_instrument("capacity")
    assert bank.scale("capacity").items == bank.item_ids
    names = [referent["en"] for referent in bank.referents]
    for level in ("organisation", "network", "system", "person"):
        assert any(level in name for name in names), level


def test_the_theory_of_change_has_no_total_and_says_what_is_inferred() -> None:
    bank = tm.load_instrument("theory-of-change")
    assert [scale.id for scale in bank.scales] == list(PLANS[bank.id].facets)
    assert "relational ones work above all through affective trust is an inference" in (
        in_one_line(bank.notes)
    )
    for item in bank.items:  # one's own part in the singular, what holds a group together in plural
        spoken = set(words(item.text["en"]))
        alone = item.facet in {"motivation", "capability", "opportunity"}
        assert bool(spoken & {"i", "me", "my"}) == alone, item.id
        assert bool(spoken & {"we", "us", "ours"}) <= (not alone or item.id == "tc02"), item.id


@pytest.mark.parametrize("name", [name for name, plan in PLANS.items() if plan.forms])
def test_pairs_join_the_forms_one_to_one(name: str) -> None:
    bank = tm.load_instrument(name)
    first, second = ({item.pair: item for item in items} for items in forms_of(bank))
    assert None not in first
    assert list(first) == list(second), "the same pairs in the same order"
    assert len(first) == len(second) == len(bank.items) / 2
    for pair, item in first.items():
        other = second[pair]
        assert (item.facet, item.reverse) == (other.facet, other.reverse), pair
        assert bank.response_range(item.id) == bank.response_range(other.id), pair
    for form in bank.forms:
        assert form.respondent
        assert bank.form(form.id).item_ids == tuple(i.id for i in bank.items if i.form == form.id)


def test_practitioner_trust_gives_each_side_its_own_target_and_scores() -> None:
    bank = tm.load_instrument("practitioner-trust")
    of_form = {f.id: {r["en"] for r in f.referents} for f in bank.forms}
    assert all(len(names) >= 3 for names in of_form.values())
    assert not of_form["stakeholder"] & of_form["practitioner"]
    domain = {facet.id: facet.domain for facet in bank.facets}
    for form in bank.forms:
        part = bank.form(form.id)
        assert {s.id: len(s.items) for s in part.scales} == {
            f"intrapersonal_{form.id}": 9,
            f"interpersonal_{form.id}": 9,
        }
        for scale in part.scales:
            kind = scale.id.removesuffix(f"_{form.id}")
            assert {domain[part.item(name).facet or ""] for name in scale.items} == {kind}


def test_partnership_behaviours_keep_what_holds_always_from_what_shows_under_pressure() -> None:
    bank = tm.load_instrument("partnership-behaviours")
    domain = {facet.id: facet.domain for facet in bank.facets}
    for name, kind in {
        "partnership_foundations": "foundations",
        "ingredients_under_pressure": "under-pressure",
    }.items():
        items = {item.id for item in bank.items if domain[item.facet or ""] == kind}
        assert set(bank.scale(name).items) == items
    assert not any(len(scale.items) == len(bank.items) for scale in bank.scales), "no total"


STRATEGIES = tuple(PLANS["trust-strategies"].facets)


def strategy_answers() -> pd.DataFrame:
    """Make up four people whose answers tell the scales apart."""
    bank = tm.load_instrument("trust-strategies")
    domain = {facet.id: facet.domain for facet in bank.facets}
    made: dict[str, list[float]] = {}
    for item in bank.items:
        relational = domain[item.facet or ""] == "relational"
        if item.form == "often":
            made[item.id] = [5, 4 if relational else 2, 3, 1]
        else:  # the third person never saw any of it done, the last one only what is technical
            made[item.id] = [1, 2 if relational else 5, np.nan, np.nan if relational else 5]
    return pd.DataFrame(made)


def test_strategies_score_how_often_and_how_well_separately_and_together() -> None:
    bank = tm.load_instrument("trust-strategies")
    scores = tm.score(strategy_answers(), bank).data
    nan = np.nan
    expected = {
        "relational_often": [5, 4, 3, 1],
        "relational_well": [1, 2, nan, nan],
        "relational": [3, 3, 3, 1],
        "technical_often": [5, 2, 3, 1],
        "technical_well": [1, 5, nan, 5],
        "technical": [3, 3.5, 3, 3],
        "trust_building_often": [5, (15 * 4 + 12 * 2) / 27, 3, 1],
        # The last person judged 12 of 27, which is fewer than half.
        "trust_building_well": [1, (15 * 2 + 12 * 5) / 27, nan, nan],
        "trust_building": [3, (15 * 6 + 12 * 7) / 54, 3, (27 * 1 + 12 * 5) / 39],
        "vulnerability_often": [5, 4, 3, 1],
        "vulnerability_well": [1, 2, nan, nan],
        "vulnerability": [3, 3, 3, 1],
        "quick_wins": [3, 3.5, 3, 3],
    }
    for scale, values in expected.items():
        assert scores[scale].to_numpy() == pytest.approx(np.array(values), nan_ok=True), scale
    assert len(STRATEGIES) * 3 + 9 == len(bank.scales)


@pytest.mark.parametrize("form", ["often", "well"])
def test_a_form_of_the_strategies_scores_alone_as_it_does_with_the_other(form: str) -> None:
    bank = tm.load_instrument("trust-strategies")
    answers = strategy_answers()
    rng = np.random.default_rng(4)
    random = pd.DataFrame(
        rng.integers(1, 6, size=(30, len(bank.items))).astype(float), columns=list(bank.item_ids)
    )
    both = pd.concat([answers, random], ignore_index=True)
    whole = tm.score(both, bank).data
    part = bank.form(form)
    alone = tm.score(both[list(part.item_ids)], part).data
    names = [f"{name.replace('-', '_')}_{form}" for name in STRATEGIES]
    for scale in [*names, f"relational_{form}", f"technical_{form}", f"trust_building_{form}"]:
        assert alone[scale].to_numpy() == pytest.approx(whole[scale].to_numpy(), nan_ok=True)
        # The mean of raw answers: no strategy is reverse-keyed.
        items = list(bank.scale(scale).items)
        assert whole[scale].to_numpy()[4:] == pytest.approx(
            both[items].mean(axis="columns").to_numpy()[4:]
        )


# -- plain language --------------------------------------------------------------------------------

NEGATIONS = {
    "not", "no", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without",
    "cannot", "hardly", "rarely", "seldom", "unless", "lack", "lacks", "fail", "fails", "deny",
    "denies", "avoid", "avoids", "refuse", "refuses",
}  # fmt: skip
SPANISH_NEGATIONS = {"no", "No", "nunca", "nadie", "nada", "ni", "sin", "Sin", "tampoco", "jamás"}
PREFIXED = re.compile(r"(un|dis|in|im|ir|il|mis)[a-z]{4,}")
NO_PREFIX = {"until", "under", "into", "important", "understand", "disagree", "mistake"}

# The order of words that each kind of sentence has, and where the referent stands.
SENTENCES = {
    "statement": (re.compile(r"[^.?!;:()/]+\."), 1),
    "question": (re.compile(r"[^.?!;:()/]+\?"), 1),
    "gerund": (re.compile(r"[A-Z][a-z]+ing\b[^.?!;:()/]*\."), 0),
}
SPANISH_SENTENCES = {
    "statement": re.compile(r"(\{referent\}|[A-ZÁÉÍÓÚ])[^.¿?¡!;:()/]+\."),
    "question": re.compile(r"¿[A-ZÁÉÍÓÚ][^.¿?¡!;:()/]+\?"),
    "gerund": re.compile(
        r"[A-ZÁÉÍÓÚ][a-záéíóúñ]*(r|rse|rle|rles|rlo|rla|rlos|rlas)\b[^.¿?¡!;:()/]*\."
    ),
}
# "but" ties the two halves of one contradiction together here; neither half is the item.
ALLOWED = {"{referent} says one thing to me but something else to others."}


def negations(sentence: str) -> int:
    """Count what turns a sentence round: words of negation and words with such a prefix."""
    return sum(
        word in NEGATIONS
        or word.endswith("n't")
        or bool(PREFIXED.fullmatch(word) and word not in NO_PREFIX)
        for word in words(sentence)
    )


@per_bank
def test_every_item_is_one_short_plain_sentence(bank: tm.Instrument) -> None:
    form, n_referents = SENTENCES[plan_of(bank).sentence]
    wrong = []
    for item in bank.items:
        text = item.text["en"]
        if text.count("{referent}") != n_referents:
            wrong.append((item.id, "referent", text))
        if not form.fullmatch(text):
            wrong.append((item.id, "one sentence of the bank's kind, no asides", text))
        if {"and", "or", "but", "as", "because"} & set(words(text)) and text not in ALLOWED:
            wrong.append((item.id, "one idea", text))
        for sentence in filled(bank, item):
            if "{" in sentence or not sentence[0].isupper():
                wrong.append((item.id, "filled", sentence))
            if not 4 <= len(words(sentence)) < 20:
                wrong.append((item.id, "length", sentence))
    assert wrong == []


@per_bank
def test_the_stem_names_who_is_rated_where_the_items_do_not(bank: tm.Instrument) -> None:
    in_items = SENTENCES[plan_of(bank).sentence][1] == 1
    for answers in bank.response_sets:
        for language in ("en", "es"):
            assert answers.stem[language].count("{referent}") == (0 if in_items else 1)
            assert "{" not in bank.stem(answers.id, language=language)


@per_bank
def test_no_item_has_a_double_negative(bank: tm.Instrument) -> None:
    # To disagree with a negation is a double negative in the respondent's head.
    found = [(i.id, i.text["en"]) for i in bank.items if negations(i.text["en"]) > (not i.reverse)]
    assert found == []
    reversed_spanish = [item.text["es"] for item in bank.items if item.reverse]
    assert [text for text in reversed_spanish if SPANISH_NEGATIONS & set(text.split())] == []


def test_the_count_of_negations_works() -> None:
    assert negations("Nobody in my team is unfair.") == 2
    assert negations("I don't lack help.") == 2
    assert negations("People in my team understand each other until the end.") == 0


@per_bank
def test_no_item_reads_harder_than_grade_8(bank: tm.Instrument) -> None:
    # Two formulas that see different things: syllables a word, and letters a word.
    hard = []
    for item in bank.items:
        text = bank.item_text(item.id)
        grades = flesch_kincaid(text), textstat.automated_readability_index(text)
        if max(grades) > 8:
            hard.append((item.id, [round(grade, 1) for grade in grades], text))
    assert hard == []


@per_bank
def test_the_banks_as_a_whole_read_at_grade_8_or_below(bank: tm.Instrument) -> None:
    for items in forms_of(bank):
        for referent in referents_of(bank, items[0].form):
            if len(words(referent["en"])) > 3:
                continue  # a long job title is a name to those asked; formulas take it as prose
            texts = [bank.item_text(item.id, referent=referent["en"]) for item in items]
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


# -- two languages ---------------------------------------------------------------------------------


@per_bank
def test_every_text_that_people_see_is_there_in_both_languages(bank: tm.Instrument) -> None:
    assert bank.languages == ("en", "es")
    wrong = []
    for place, text in visible_texts(bank):
        if set(text) != {"en", "es"} or not all(t.strip() for t in text.values()):
            wrong.append((place, "not in both languages", text))
        elif text["en"] == text["es"]:
            wrong.append((place, "not translated", text))
        elif text["en"].count("{referent}") != text["es"].count("{referent}"):
            wrong.append((place, "{referent} in one language only", text))
    assert wrong == []


@per_bank
def test_the_translation_is_marked_as_unreviewed(bank: tm.Instrument) -> None:
    assert set(bank.translations) == {"es"}
    assert bank.translations["es"].status == "unreviewed"
    assert bank.translations["es"].note


@per_bank
def test_spanish_is_written_the_spanish_way(bank: tm.Instrument) -> None:
    form = SPANISH_SENTENCES[plan_of(bank).sentence]
    wrong = []
    for place, text in visible_texts(bank):
        spanish = text["es"]
        if spanish.count("?") != spanish.count("¿") or spanish.count("!") != spanish.count("¡"):
            wrong.append((place, "a mark without its counterpart", spanish))
        if unicodedata.normalize("NFC", spanish) != spanish:
            wrong.append((place, "an accent apart from its letter", spanish))
        if re.search(r"\b(de|a) el\b", spanish):
            wrong.append((place, "an uncontracted article", spanish))
        ends = [t.rstrip()[-1] in ".?" for t in text.values()]
        if ends[0] != ends[1]:
            wrong.append((place, "ends otherwise than the English", spanish))
    wrong += [
        (item.id, "sentence", item.text["es"])
        for item in bank.items
        if not form.fullmatch(item.text["es"])
    ]
    assert wrong == []


@per_bank
def test_no_spanish_referent_would_need_a_contraction(bank: tm.Instrument) -> None:
    """With "el", "de {referent}" would have to become "del"."""
    lists = [bank.referents, *(form.referents for form in bank.forms)]
    names = [referent["es"] for referents in lists for referent in referents]
    assert [name for name in names if name.casefold().split()[0] == "el"] == []
    assert [name for name in names if name != name.strip() or not name[0].islower()] == []


def test_one_label_is_translated_in_one_way_everywhere() -> None:
    known: dict[str, set[str]] = {}
    for bank in BANKS:
        for answers in bank.response_sets:
            for label in answers.labels.values():
                known.setdefault(label["en"], set()).add(label["es"])
    assert {english: spanish for english, spanish in known.items() if len(spanish) > 1} == {}


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
    data = parse(text, source=name).data
    # The documents list references. A published work must be named as it is named there.
    reference = data["citation"] if data.get("text") == "none" else {}
    named = set(sequences(" ".join(texts_in(reference))))
    for instrument_text in [*texts_in(data), text]:  # the whole file too, for its comments
        assert [found for found in shared(instrument_text, known) if found not in named] == []


@per_bank
def test_six_words_in_a_row_are_ours_with_every_referent_too(bank: tm.Instrument) -> None:
    known = read_fingerprint()
    for language in ("en", "es"):
        texts = [text for item in bank.items for text in filled(bank, item, language)]
        for form in [form.id for form in bank.forms] or [None]:
            for referent in referents_of(bank, form):
                given = {"language": language, "referent": referent[language]}
                texts.append(bank.instruction(**given))
                texts += [bank.stem(answers.id, **given) for answers in bank.response_sets]
        assert [sequence for text in texts for sequence in shared(text, known)] == []


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
