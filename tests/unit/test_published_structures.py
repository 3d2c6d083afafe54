"""The published instruments: the facts of the brief, what is marked as unsure, and the scores."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import trustmeasure as tm
from trustmeasure.instruments.files import shipped_folder
from trustmeasure.scoring import score_frame


def numbered(prefix: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}" for number in numbers)


def upto(prefix: str, n: int) -> tuple[str, ...]:
    return numbered(prefix, *range(1, n + 1))


Evidence = tuple[str, str | None, float, int | None, bool]


@dataclass(frozen=True)
class Facts:
    """What the brief says of one instrument; what is not named is confirmed."""

    scales: Mapping[str, tuple[str, ...]]
    range: tuple[int, int]
    doi: str | None
    method: str = "mean"
    reverse: Sequence[str] = ()
    unsure_items: Sequence[str] = ()
    unsure_scales: Sequence[str] = ()
    unsure_range: bool = False
    unsure_labels: bool = False
    evidence: Sequence[Evidence] = field(default_factory=tuple)


MAYER = {
    "ability": upto("abil", 6),
    "benevolence": upto("ben", 5),
    "integrity": upto("int", 6),
    "propensity": upto("prop", 8),
    "trust": upto("trust", 4),
}
AIM = ("acceptability", "appropriateness", "feasibility")
ILS = ("proactive", "knowledgeable", "supportive", "perseverant")
ICAS = ("advocacy", "therapeutic_use_of_self", "validation")
SAFETY = "team_psychological_safety"

FACTS = {
    "edmondson-1999": Facts(
        {SAFETY: upto("tps", 7)},
        (1, 7),
        "10.2307/2666999",
        reverse=("tps1", "tps3", "tps5"),
        unsure_labels=True,
        evidence=(
            ("alpha", SAFETY, 0.82, None, False),
            ("alpha", SAFETY, 0.84, 8310, True),
            ("cfi", SAFETY, 0.995, 8310, True),
            ("rmsea", SAFETY, 0.07, 8310, True),
            ("icc1", SAFETY, 0.195, 8310, True),
        ),
    ),
    "mcallister-1995": Facts(
        {
            "affect_based_trust": upto("abt", 5),
            "cognition_based_trust": numbered("cbt", 6, 7, 8, 9, 10, 11),
        },
        (1, 7),
        "10.5465/256727",
        reverse=("cbt11",),
        unsure_items=("cbt11",),
        evidence=(
            ("alpha", "affect_based_trust", 0.89, 194, False),
            ("alpha", "cognition_based_trust", 0.91, 194, False),
        ),
    ),
    "mayer-davis-1999": Facts(
        MAYER,
        (1, 5),
        "10.1037/0021-9010.84.1.123",
        # Taken as reversed, and like all the others not confirmed: the brief is not sure.
        reverse=("int4", "prop1", "prop4", "trust1", "trust3"),
        unsure_items=tuple(name for items in MAYER.values() for name in items),
        unsure_range=True,
    ),
    "trq-2005": Facts(
        {"trust_youth": upto("y", 16), "trust_adult": upto("a", 16)},
        (1, 5),
        None,
        unsure_scales=("trust_youth", "trust_adult"),
        unsure_range=True,
        unsure_labels=True,
        evidence=(("alpha", None, 0.91, 15, True),),
    ),
    "icas-2006": Facts(
        {**dict.fromkeys(ICAS, ()), "total": upto("icas", 23)},
        (1, 4),
        "10.1016/j.profnurs.2005.12.005",
        unsure_scales=ICAS,
        unsure_range=True,
        unsure_labels=True,
        evidence=(
            ("alpha", "total", 0.96, 531, True),
            ("alpha", "total", 0.939, 156, True),
            ("alpha", "advocacy", 0.857, 156, True),
            ("alpha", "therapeutic_use_of_self", 0.890, 156, True),
            ("alpha", "validation", 0.795, 156, True),
        ),
    ),
    "bti-gillespie": Facts(
        {"reliance": upto("bti", 5), "disclosure": numbered("bti", 6, 7, 8, 9, 10)}, (1, 7), None
    ),
    "aim-iam-fim-2017": Facts(
        dict(zip(AIM, (upto("aim", 4), upto("iam", 4), upto("fim", 4)), strict=True)),
        (1, 5),
        "10.1186/s13012-017-0635-3",
        evidence=(
            *(("alpha", s, v, 326, True) for s, v in zip(AIM, (0.85, 0.91, 0.89), strict=True)),
            *(
                ("test_retest", s, v, None, False)
                for s, v in zip(AIM, (0.83, 0.87, 0.88), strict=True)
            ),
        ),
    ),
    "ils-2014": Facts(
        {name: upto(name[:3], 3) for name in ILS},
        (0, 4),
        "10.1186/1748-5908-9-45",
        evidence=tuple(
            ("alpha", s, v, 459, True) for s, v in zip(ILS, (0.95, 0.96, 0.95, 0.96), strict=True)
        ),
    ),
    "ics-2014": Facts(
        {
            "focus": upto("foc", 3),
            "educational_support": upto("edu", 3),
            "recognition": upto("rec", 3),
            "rewards": upto("rew", 3),
            "selection_practice": upto("sel", 3),
            "selection_openness": upto("opn", 3),
        },
        (0, 4),
        "10.1186/s13012-014-0157-1",
    ),
    "oric-2014": Facts(
        {"commitment": upto("com", 5), "efficacy": upto("eff", 7)},
        (1, 5),
        "10.1186/1748-5908-9-7",
        unsure_scales=("commitment", "efficacy"),
        evidence=(("cfi", None, 0.95, 284, True), ("rmsea", None, 0.067, 284, True)),
    ),
    "wai-sr-2006": Facts(
        {
            "task": numbered("wai", 1, 2, 10, 12),
            "bond": numbered("wai", 3, 5, 7, 9),
            "goal": numbered("wai", 4, 6, 8, 11),
        },
        (1, 5),
        "10.1080/10503300500352500",
        method="sum",
    ),
    "relational-coordination": Facts(
        {
            "communication": ("frequent", "timely", "accurate", "problem_solving"),
            "relationship": ("shared_goals", "shared_knowledge", "mutual_respect"),
        },
        (1, 5),
        "10.1287/mnsc.48.11.1408.268",
        unsure_items=("frequent",),
    ),
}
UNSCORED = ("braving", "partnership-trust-tool")
ALL = (*FACTS, *UNSCORED)
SURE = ("edmondson-1999", "bti-gillespie", "aim-iam-fim-2017", "ils-2014", "ics-2014",
        "wai-sr-2006")  # fmt: skip


@pytest.fixture(params=FACTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def answers(known: tm.Instrument, n: int = 4, seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {}
    for item in known.items:
        low, high = known.response_range(item.id)
        columns[item.id] = rng.integers(low, high + 1, n).astype(float)
    return pd.DataFrame(columns)


def one_person(known: tm.Instrument, code: float, **others: float) -> pd.DataFrame:
    """Everybody's answer is ``code``, but for some items."""
    return pd.DataFrame({**dict.fromkeys(known.item_ids, code), **others}, index=[0], dtype=float)


# -- facts ----------------------------------------------------------------------------------------


def test_the_brief_names_fourteen() -> None:
    assert len(ALL) == 14
    assert set(ALL) <= set(tm.list_instruments().index)


@pytest.mark.parametrize("name", ALL)
def test_no_wording_ships_in_any_language(name: str) -> None:
    known = tm.load_instrument(name)
    assert known.text == "none"
    assert all(item.text == {} for item in known.items)
    assert known.languages == ()
    assert all(not answers.labels and not answers.stem for answers in known.response_sets)
    assert known.instructions == {}
    assert not known.shows_text()


@pytest.mark.parametrize("name", ALL)
def test_comments_and_notes_hold_no_item(name: str) -> None:
    """Nothing in a file speaks in the first or second person, as items do."""
    text = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.findall(r"\b(I|me|my|we|our|us|your)\b(?! team\}| copy)", text) == []


@pytest.mark.parametrize("name", ALL)
def test_citation_licence_and_contact_are_there(name: str) -> None:
    known = tm.load_instrument(name)
    assert known.citation is not None
    assert known.citation.year is not None
    assert known.licence != "unspecified"
    assert known.licence_status
    assert known.contact
    assert known.measured_construct is not None
    assert known.measured_construct.definition
    assert known.measured_construct.source
    if name in FACTS:
        assert known.citation.doi == FACTS[name].doi


def test_scales_items_and_ranges(name: str) -> None:
    known, facts = tm.load_instrument(name), FACTS[name]
    assert {scale.id: scale.items for scale in known.scales} == dict(facts.scales)
    on_scales = {item for items in facts.scales.values() for item in items}
    assert set(known.item_ids) == on_scales
    assert {known.response_range(item) for item in known.item_ids} == {facts.range}
    assert {scale.method for scale in known.scales} == {facts.method}
    assert [item.id for item in known.items if item.reverse] == list(facts.reverse)
    assert known.unscored is None


def test_what_is_unsure_is_marked_at_its_place_and_nothing_else_is(name: str) -> None:
    known, facts = tm.load_instrument(name), FACTS[name]
    assert [i.id for i in known.items if not i.confirmed] == list(facts.unsure_items)
    assert [s.id for s in known.scales if not s.confirmed] == list(facts.unsure_scales)
    (answers,) = known.response_sets
    assert answers.range_confirmed is not facts.unsure_range
    assert answers.confirmed is not facts.unsure_labels


def test_published_coefficients_have_their_source(name: str) -> None:
    known, facts = tm.load_instrument(name), FACTS[name]
    found = [(e.statistic, e.scale, e.value, e.n, e.confirmed) for e in known.evidence]
    assert sorted(found, key=str) == sorted(facts.evidence, key=str)
    assert all(e.source for e in known.evidence)
    own = [e for e in known.evidence if "8 items" not in (e.population or "")]
    assert known.status == ("validated" if own else "unvalidated")


def test_counts_of_items() -> None:
    counts = {name: len(tm.load_instrument(name).items) for name in ALL}
    assert counts == {
        "edmondson-1999": 7, "mcallister-1995": 11, "mayer-davis-1999": 29, "trq-2005": 32,
        "icas-2006": 23, "bti-gillespie": 10, "aim-iam-fim-2017": 12, "ils-2014": 12,
        "ics-2014": 18, "oric-2014": 12, "wai-sr-2006": 12, "relational-coordination": 7,
        "braving": 7, "partnership-trust-tool": 0,
    }  # fmt: skip


def test_a_licence_is_required_for_one_only() -> None:
    required = [name for name in ALL if tm.load_instrument(name).licence_required]
    assert required == ["relational-coordination"]


def test_the_forms_of_the_trq_are_linked_item_by_item() -> None:
    known = tm.load_instrument("trq-2005")
    youth, adult = known.form("youth"), known.form("adult")
    assert [form.id for form in known.forms] == ["youth", "adult"]
    assert youth.item_ids == upto("y", 16)
    assert adult.item_ids == upto("a", 16)
    assert [i.pair for i in youth.items] == [i.pair for i in adult.items] == list(upto("p", 16))
    assert [scale.id for scale in youth.scales] == ["trust_youth"]
    assert [scale.id for scale in adult.scales] == ["trust_adult"]


# -- scores ---------------------------------------------------------------------------------------


def refusal(data: pd.DataFrame, known: tm.Instrument, **options: object) -> str:
    messages = set()
    for scorer, frame in ((tm.score, data), (score_frame, data), (score_frame, pl.DataFrame(data))):
        with pytest.raises(tm.InstrumentError) as caught:
            scorer(frame, known, **options)  # type: ignore[operator]
        messages.add(str(caught.value))
    assert len(messages) == 1
    return messages.pop()


@pytest.mark.parametrize("name", SURE)
def test_what_is_sure_is_scored_at_once(name: str) -> None:
    known = tm.load_instrument(name)
    scores = tm.score(answers(known), known)
    assert scores.settings["unverified"] == {"scales": [], "items": [], "response_sets": []}
    assert "nverified" not in " ".join(scores.warnings)
    assert scores.data[list(scores.scale_ids)].notna().all(axis=None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mcallister-1995", ["the keying of 1 item(s) ('cbt11'; stored as reversed: 'cbt11')",
                             "confirm_keying={'cbt11': True}", "with_key(reverse=["]),
        ("mayer-davis-1999", ["the keying of 29 item(s) ('abil1'", "'trust1', 'trust3')",
                              "the range of 1 response set(s) ('agree5': 1–5)",
                              "with_key(reverse=[ids of all reversed items], ranges={'agree5'"]),
        ("trq-2005", ["which items belong to 2 scale(s) ('trust_youth', 'trust_adult')",
                      "the range of 1 response set(s) ('often5': 1–5)",
                      "with_key(scales={'trust_youth': [item ids], ...}, ranges={'often5'"]),
        ("oric-2014", ["which items belong to 2 scale(s) ('commitment', 'efficacy')",
                       "with_key(scales={'commitment': [item ids], ...})"]),
        ("relational-coordination", ["the keying of 1 item(s) ('frequent'",
                                     "with_key(score_maps={'frequent': {code: score, ...}})"]),
    ],
)  # fmt: skip
def test_what_is_unsure_refuses_first_and_says_why_and_what_to_do(
    name: str, words: Sequence[str]
) -> None:
    known = tm.load_instrument(name)
    message = refusal(answers(known), known)
    assert message.startswith(f"Instrument '{name}' holds facts that could not be verified")
    assert "confirm_keying=True to accept what is stored" in message
    for part in words:
        assert part in message


@pytest.mark.parametrize("name", sorted(set(FACTS) - set(SURE) - {"icas-2006"}))
def test_what_was_accepted_is_recorded_with_counts(name: str) -> None:
    known, facts = tm.load_instrument(name), FACTS[name]
    scores = tm.score(answers(known), known, confirm_keying=True)
    assert scores.settings["unverified"] == {
        "scales": list(facts.unsure_scales),
        "items": list(facts.unsure_items),
        "response_sets": [r.id for r in known.response_sets] if facts.unsure_range else [],
    }
    said = " ".join(scores.warnings)
    if facts.unsure_items:
        assert f"The keying of {len(facts.unsure_items)} item(s)" in said
    if facts.unsure_scales:
        assert f"Which items belong to {len(facts.unsure_scales)} scale(s)" in said
    if facts.unsure_range:
        assert "The range of 1 response set(s)" in said
    assert said.count("unverified in the source, and taken as stored") == sum(
        map(bool, (facts.unsure_items, facts.unsure_scales, facts.unsure_range))
    )


def both(data: pd.DataFrame, known: tm.Instrument, **options: object) -> dict[str, float]:
    """Score in both ways, and give what they agree on for the first person."""
    scores = tm.score(data, known, **options)  # type: ignore[arg-type]
    frame = score_frame(pl.DataFrame(data), known, **options)  # type: ignore[arg-type]
    first = {scale: float(scores.data[scale].iloc[0]) for scale in scores.scale_ids}
    other = {scale: np.nan if frame[scale][0] is None else frame[scale][0] for scale in first}
    assert other == pytest.approx(first, nan_ok=True)
    return first


def test_edmondson_reverses_by_id() -> None:
    known = tm.load_instrument("edmondson-1999")
    data = pd.DataFrame([[1, 7, 2, 6, 3, 5, 7]], columns=list(known.item_ids))
    # 8 − 1, 7, 8 − 2, 6, 8 − 3, 5, 7
    assert both(data, known)[SAFETY] == pytest.approx((7 + 7 + 6 + 6 + 5 + 5 + 7) / 7)
    assert both(data[data.columns[::-1]], known)[SAFETY] == pytest.approx(43 / 7)


def test_mcallister_with_every_key() -> None:
    known = tm.load_instrument("mcallister-1995")
    data = one_person(known, 6, cbt11=2, abt1=1)
    affect = (1 + 6 * 4) / 5
    stored, plain = (6 * 5 + 6) / 6, (6 * 5 + 2) / 6
    assert both(data, known, confirm_keying=True) == pytest.approx(
        {"affect_based_trust": affect, "cognition_based_trust": stored}
    )
    for found in (
        both(data, known, confirm_keying={"cbt11": False}),
        both(data, known.with_key(reverse=[])),
    ):
        assert found["cognition_based_trust"] == pytest.approx(plain)
    assert both(data, known.with_key(reverse="cbt11"))["cognition_based_trust"] == stored


def test_mayer_davis_takes_the_users_key_and_range() -> None:
    known = tm.load_instrument("mayer-davis-1999")
    seven = known.with_key(reverse=["trust2"], ranges={"agree5": (1, 7)})
    data = one_person(seven, 6, trust2=1, abil1=2)
    assert both(data, seven) == pytest.approx(
        {
            "ability": (2 + 5 * 6) / 6,
            "benevolence": 6,
            "integrity": 6,
            "propensity": 6,
            "trust": (6 + 7 + 6 + 6) / 4,
        }
    )
    only_key = refusal(data, known.with_key(reverse=["trust2"]))
    assert "the range of 1" in only_key
    assert "keying of" not in only_key
    only_mapping = refusal(data, known, confirm_keying=dict.fromkeys(known.item_ids, False))
    assert "the range of 1" in only_mapping
    accepted = both(one_person(known, 5), known, confirm_keying=True)
    assert accepted["trust"] == pytest.approx((1 + 5 + 1 + 5) / 4)
    assert accepted["propensity"] == pytest.approx((6 * 5 + 2) / 8)


def test_trq_forms_are_scored_apart() -> None:
    youth = tm.load_instrument("trq-2005").form("youth")
    data = one_person(youth, 4, y1=1)
    assert "1 scale(s) ('trust_youth')" in refusal(data, youth)
    assert both(data, youth, confirm_keying=True) == pytest.approx({"trust_youth": 61 / 16})
    eight = youth.with_key(scales={"trust_youth": upto("y", 8)}, ranges={"often5": (1, 5)})
    assert both(data, eight) == pytest.approx({"trust_youth": 29 / 8})


def test_icas_needs_to_know_which_item_belongs_where() -> None:
    known = tm.load_instrument("icas-2006")
    data = one_person(known, 3, icas1=1)
    for options in ({}, {"confirm_keying": True}):
        message = refusal(data, known, **options)
        assert message.startswith("Which items belong to scale(s) 'advocacy', 'therapeutic_use_of")
        assert "with_key(scales={'advocacy': [item ids], ...})" in message
        assert "an empty list leaves a scale out" in message
        assert "Not verified either: the range of 1 response set(s) ('four': 1–4)" in message
    own = known.with_key(
        scales={
            "advocacy": upto("icas", 9),
            "therapeutic_use_of_self": numbered("icas", *range(10, 18)),
            "validation": numbered("icas", *range(18, 24)),
        }
    )
    assert "the range of 1" in refusal(data, own)
    expected = {
        "advocacy": (1 + 8 * 3) / 9,
        "therapeutic_use_of_self": 3,
        "validation": 3,
        "total": (1 + 22 * 3) / 23,
    }
    assert both(data, own, confirm_keying=True) == pytest.approx(expected)
    assert both(data, own.with_key(ranges={"four": (1, 4)})) == pytest.approx(expected)
    total = known.with_key(scales={scale: [] for scale in ICAS}, ranges={"four": (1, 4)})
    assert both(data, total) == pytest.approx({"total": 67 / 23})
    assert {entry.scale for entry in total.evidence} == {"total"}


@pytest.mark.parametrize("name", ["bti-gillespie", "aim-iam-fim-2017", "ils-2014", "ics-2014"])
def test_plain_means(name: str) -> None:
    known = tm.load_instrument(name)
    first = known.scales[0]
    low, high = known.response_range(first.items[0])
    data = one_person(known, high, **{first.items[0]: low})
    found = both(data, known)
    k = len(first.items)
    assert found.pop(first.id) == pytest.approx((low + (k - 1) * high) / k)
    assert set(found.values()) == {high}


def test_oric_when_its_counts_are_accepted() -> None:
    known = tm.load_instrument("oric-2014")
    data = one_person(known, 2, com1=5, eff7=5)
    assert both(data, known, confirm_keying=True) == pytest.approx(
        {"commitment": 13 / 5, "efficacy": 17 / 7}
    )
    ten = known.with_key(scales={"commitment": upto("com", 5), "efficacy": upto("eff", 5)})
    assert both(data, ten) == pytest.approx({"commitment": 13 / 5, "efficacy": 2})


def test_wai_sums_by_its_own_order_and_prorates() -> None:
    known = tm.load_instrument("wai-sr-2006")
    data = pd.DataFrame([[1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]], columns=list(known.item_ids))
    assert both(data, known) == {
        "task": 1 + 2 + 5 + 2,
        "bond": 3 + 5 + 2 + 4,
        "goal": 4 + 1 + 3 + 1,
    }
    gaps = data.astype(float).assign(wai1=np.nan, wai3=np.nan, wai5=np.nan, wai7=np.nan)
    found = both(gaps, known)
    assert found["task"] == pytest.approx((2 + 5 + 2) / 3 * 4)
    assert np.isnan(found["bond"]), "one answer of four is too few"


def test_the_middle_frequency_scores_highest() -> None:
    known = tm.load_instrument("relational-coordination")
    data = pd.DataFrame([[code, 4, 4, 4, 5, 3, 4] for code in range(1, 6)],
                        columns=list(known.item_ids))  # fmt: skip
    scores = tm.score(data, known, confirm_keying=True)
    keyed = scores.keyed["frequent"].to_list()
    assert keyed.index(max(keyed)) == 2
    assert keyed[0] < keyed[2] > keyed[4]
    assert keyed == [1, 3, 5, 3, 1]
    assert scores.data["communication"].to_list() == [(k + 12) / 4 for k in keyed]
    assert scores.data["relationship"].to_list() == [4] * 5
    frame = score_frame(pl.DataFrame(data), known, confirm_keying=True)
    assert frame["communication"].to_list() == scores.data["communication"].to_list()
    own = known.with_key(score_maps={"frequent": {1: 1, 2: 4, 3: 5, 4: 4, 5: 1}})
    assert tm.score(data, own).keyed["frequent"].to_list() == [1, 4, 5, 4, 1]
    plain = tm.score(data, known, confirm_keying={"frequent": False})
    assert plain.keyed["frequent"].to_list() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("value", [1, "yes", None])
def test_a_key_says_true_or_false(value: object) -> None:
    known = tm.load_instrument("mcallister-1995")
    with pytest.raises(tm.OptionError, match="whether they are reversed"):
        tm.score(answers(known), known, confirm_keying={"cbt11": value})  # type: ignore[dict-item]


def test_a_users_key_goes_on_with_the_scores() -> None:
    known = tm.load_instrument("mcallister-1995")
    scores = tm.score(answers(known), known, confirm_keying={"cbt11": False})
    assert not scores.instrument.item("cbt11").reverse
    assert scores.instrument.item("cbt11").confirmed
    assert known.item("cbt11").reverse, "the instrument itself stays as it was"


# -- what is not a scale --------------------------------------------------------------------------


REASONS = {"braving": "no validated way of scoring", "partnership-trust-tool": "it is not a scale"}


@pytest.mark.parametrize("name", UNSCORED)
def test_what_is_not_a_scale_refuses_and_says_why(name: str) -> None:
    known = tm.load_instrument(name)
    data = pd.DataFrame(3, index=range(3), columns=[*known.item_ids, "team"])
    for options in ({}, {"confirm_keying": True}):
        message = refusal(data, known, **options)
        assert message.startswith(f"Instrument '{name}' cannot be scored.")
        assert REASONS[name] in message
    with pytest.raises(tm.InstrumentError, match=REASONS[name]):
        tm.simulate_responses(known, n=5)
    assert known.scales == ()


def test_the_named_elements_are_shown_without_a_range() -> None:
    known = tm.load_instrument("braving")
    assert [facet.name for facet in known.facets] == [
        "Boundaries", "Reliability", "Accountability", "Vault", "Integrity", "Nonjudgment",
        "Generosity",
    ]  # fmt: skip
    frame = known.to_frame()
    assert frame[["min", "max"]].isna().all(axis=None)
    assert known.coverage().to_numpy().sum() == 7
    with pytest.raises(tm.InstrumentError, match=r"'vault' of .* has no response set"):
        known.response_range("vault")


def test_answers_without_a_score_can_still_be_looked_at(tmp_path: Path) -> None:
    diary = tm.build_instrument(
        id="diary",
        items=[{"id": "d1", "text": "We met."}, {"id": "d2", "text": "We spoke."}],
        response_sets=[{"id": "three", "min": 1, "max": 3}],
        scales=[],
        unscored="Single facts, which do not add up.",
    )
    simulated = tm.simulate_responses(diary, n=12, rng=1)
    read = tm.read_responses(simulated.data, diary)
    assert list(read.items.columns) == ["d1", "d2"]
    with tm.plots.offscreen():
        axes = tm.plots.likert(read)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["We met.", "We spoke."]
    with pytest.raises(tm.DataError, match="no scale with items"):
        tm.missingness(read)
    for report in (tm.validation_report, tm.team_report):
        with pytest.raises(tm.InstrumentError, match="Single facts"):
            report(read, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_scales_without_known_items_are_left_out_of_counts_and_figures() -> None:
    known = tm.load_instrument("icas-2006")
    simulated = tm.simulate_responses(known, n=12, missing=0.1, rng=1)
    missing = tm.missingness(simulated)
    assert list(missing.scales.index) == ["total"]
    assert "'advocacy', 'therapeutic_use_of_self', 'validation'" in missing.warnings[0]
    with pytest.raises(tm.DataError, match="scale 'advocacy' of instrument 'icas-2006' is not kno"):
        tm.plots.likert(simulated, scale="advocacy")


@pytest.mark.parametrize("report", [tm.validation_report, tm.team_report])
def test_reports_refuse_what_is_unsure_and_write_nothing(report, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    simulated = tm.simulate_responses("mcallister-1995", n=60, n_clusters=6, icc=0.2, rng=1)
    with pytest.raises(tm.InstrumentError, match="could not be verified"):
        report(simulated, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []
    page = report(simulated, tmp_path / "report.html", confirm_keying=True).read_text("utf-8")
    if report is tm.validation_report:
        assert "unverified in the source, and taken as stored" in page
    own = report(simulated, tmp_path / "own.html", confirm_keying={"cbt11": False})
    assert "cbt11\u00a0(R)" not in own.read_text("utf-8")


def test_the_method_paragraph_tells_of_the_score_map(tmp_path: Path) -> None:
    simulated = tm.simulate_responses("relational-coordination", n=80, rng=1)
    page = tm.validation_report(simulated, tmp_path / "rc.html", confirm_keying=True)
    text = page.read_text("utf-8")
    assert "Each answer to frequent got the score that its score map names." in text
    assert "Counts as unvalidated here" in text


# -- the command line --------------------------------------------------------------------------


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trustmeasure", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["score", "reliability", "report"])
def test_commands_refuse_what_is_not_a_scale_before_they_look_for_columns(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_text("vault,team\nmuch,a\n", encoding="utf-8")
    output = () if command == "reliability" else ("-o", tmp_path / "out.html")
    for name, reason in REASONS.items():
        done = run(command, tmp_path / "export.csv", "-i", name, *output)
        assert done.returncode == 1
        assert f"Error: Instrument '{name}' cannot be scored." in done.stderr
        assert reason in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / "out.html").exists()


def test_commands_refuse_what_is_unsure_and_name_the_option(tmp_path: Path) -> None:
    made = tmp_path / "export.csv"
    assert run("simulate", "oric-2014", "--n", 40, "--as", "csv", "-o", made).returncode == 0
    done = run("score", made, "-i", "oric-2014", "-o", tmp_path / "scores.csv")
    assert done.returncode == 1
    assert "confirm_keying= is --confirm-keying" in done.stderr
    assert "with_key is for Python only" in done.stderr
    assert not (tmp_path / "scores.csv").exists()
    asked = ("score", made, "-i", "oric-2014", "-o", tmp_path / "scores.csv", "--confirm-keying")
    done = run(*asked)
    assert done.returncode == 0, done.stderr
    assert "Note: Which items belong to 2 scale(s) ('commitment', 'efficacy')" in done.stdout


def test_a_saved_key_serves_the_commands(tmp_path: Path) -> None:
    known = tm.load_instrument("icas-2006")
    own = known.with_key(scales={scale: [] for scale in ICAS}, ranges={"four": (1, 4)})
    file = own.save(tmp_path / "own.yaml")
    answers(known, 30).to_csv(tmp_path / "export.csv", index=False)
    refused = run("score", tmp_path / "export.csv", "-i", "icas-2006", "-o", tmp_path / "s.csv",
                  "--confirm-keying")  # fmt: skip
    assert refused.returncode == 1
    assert "is not known" in refused.stderr
    done = run("score", tmp_path / "export.csv", "-i", file, "-o", tmp_path / "s.csv")
    assert done.returncode == 0, done.stderr
    assert list(pd.read_csv(tmp_path / "s.csv").columns) == ["respondent", "total"]


def test_nothing_is_simulated_where_nobody_can_answer(tmp_path: Path) -> None:
    for name in UNSCORED:
        done = run("simulate", name, "--n", 5, "-o", tmp_path / "s.csv")
        assert done.returncode == 1
        assert "cannot be simulated" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["braving", "partnership-trust-tool", "icas-2006"])
def test_every_structure_can_be_shown(name: str) -> None:
    done = run("instruments", "show", name)
    assert done.returncode == 0, done.stderr
    assert tm.load_instrument(name).name in done.stdout
