"""What each of the ten item banks must hold: its facets, counts, answers and kind of sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import trustmeasure as tm
from trustmeasure.instruments.files import shipped_files

Sentence = Literal["statement", "question", "gerund"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The content plan of one bank. Counts hold for each form where there are forms."""

    level: str
    least: int
    facets: Mapping[str, int]
    answers: tuple[str, ...] = ("agree5",)  # by default: one for all, or one a form
    offered: tuple[str, ...] = ("agree5", "agree7")
    sentence: Sentence = "statement"
    reverse: tuple[float, float] = (0.10, 0.40)  # share of the items
    forms: tuple[str, ...] = ()
    domains: Mapping[str, int] = field(default_factory=dict)  # facets in each, if grouped
    anchored: bool = False  # every facet says what a rater sees at the stages
    facet_scales: bool = True  # every facet is a scale, named after it
    version: str = "1.0.0"


PLANS: dict[str, Plan] = {
    "psychological-safety": Plan(
        level="team",
        least=16,
        facets={
            "speaking-up": 5,
            "learning-from-error": 5,
            "asking-for-help": 5,
            "inclusion-of-difference": 5,
        },
        version="1.1.0",
    ),
    "trust-cognitive-affective": Plan(
        level="dyad",
        least=24,
        facets={
            "reliability": 4,
            "competence": 4,
            "integrity": 4,
            "care": 4,
            "openness": 4,
            "emotional-safety": 4,
        },
        domains={"cognitive": 3, "affective": 3},
        facet_scales=False,
        version="1.1.0",
    ),
    "trust-pulse": Plan(
        level="team",
        least=5,
        facets={"cognitive": 2, "affective": 2, "safety": 1},
        facet_scales=False,
        version="1.1.0",
    ),
    "practitioner-trust": Plan(
        level="dyad",
        least=18,
        facets={
            "reliable": 3,
            "competent": 3,
            "committed": 3,
            "reciprocity": 3,
            "shared-aims": 3,
            "two-way-communication": 3,
        },
        forms=("stakeholder", "practitioner"),
        domains={"intrapersonal": 3, "interpersonal": 3},
        facet_scales=False,  # three items are too few for a score of their own
    ),
    "trust-strategies": Plan(
        level="dyad",
        least=27,
        facets={
            "vulnerability": 3,
            "authenticity": 3,
            "bi-directional-communication": 3,
            "co-learning": 3,
            "empathy-driven-exchanges": 3,
            "frequent-interactions": 3,
            "responsiveness": 3,
            "demonstrating-expertise": 3,
            "quick-wins": 3,
        },
        answers=("often5", "well5"),
        offered=("often5", "well5", "often7", "well7"),
        sentence="question",
        reverse=(0, 0),
        forms=("often", "well"),
        domains={"relational": 5, "technical": 4},
    ),
    "partnership-behaviours": Plan(
        level="team",
        least=24,
        facets={
            "communication": 4,
            "commitment": 4,
            "frank-conversations": 4,
            "shared-decision-making": 4,
            "frequent-communication": 4,
            "sensitivity-to-priorities": 4,
        },
        answers=("often5",),
        offered=("often5", "often7", "agree5", "agree7"),
        reverse=(0, 0.40),
        domains={"foundations": 3, "under-pressure": 3},
    ),
    "practice-profile-2018": Plan(
        level="person",
        least=48,
        facets={
            "co-learning": 4,
            "brokering": 4,
            "power-differentials": 4,
            "co-design": 4,
            "tailored-support": 4,
            "need-and-context": 4,
            "applying-implementation-science": 4,
            "improvement-cycles": 4,
            "relationships": 4,
            "capacity": 4,
            "leadership": 4,
            "facilitation": 4,
        },
        answers=("stage4",),
        offered=("stage4", "often5"),
        sentence="gerund",
        reverse=(0, 0),
        domains={"co-creation": 5, "ongoing-improvement": 3, "sustaining-change": 4},
        anchored=True,
    ),
    "practice-competencies-2020": Plan(
        level="person",
        least=45,
        facets={
            "co-learning": 3,
            "brokering": 3,
            "power-differentials": 3,
            "co-design": 3,
            "tailoring-support": 3,
            "needs-and-assets": 3,
            "understanding-context": 3,
            "frameworks-and-strategies": 3,
            "facilitation": 3,
            "communication": 3,
            "improvement-cycles": 3,
            "relationships": 3,
            "developing-teams": 3,
            "building-capacity": 3,
            "leaders-and-champions": 3,
        },
        answers=("stage4",),
        offered=("stage4", "often5"),
        sentence="gerund",
        reverse=(0, 0),
        domains={"co-creation": 5, "ongoing-improvement": 6, "sustaining-change": 4},
        anchored=True,
    ),
    "capacity": Plan(
        level="organisation",
        least=16,
        facets={"intervention-specific": 5, "general": 5, "analytic": 5, "adaptive": 5},
    ),
    "theory-of-change": Plan(
        level="person",
        least=20,
        facets={
            "motivation": 5,
            "capability": 5,
            "opportunity": 5,
            "commitment": 5,
            "resilience": 5,
        },
        domains={"first-response": 3, "lasting-response": 2},
    ),
}


def shipped_banks() -> list[tm.Instrument]:
    """Load the banks; that none is missing is a test of its own."""
    files = shipped_files()
    return [tm.load_instrument(name) for name in PLANS if name in files]


def referents_of(bank: tm.Instrument, form: str | None) -> tuple[Mapping[str, str], ...]:
    """Give who may be rated in a form: the form's own referents, or the bank's."""
    own = next((f.referents for f in bank.forms if f.id == form), ())
    return own or bank.referents


def visible_texts(bank: tm.Instrument) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give every text that people see, with its place."""
    yield "title", bank.title
    yield "instructions", bank.instructions
    for place, referent in enumerate(bank.referents):
        yield f"referents[{place}]", referent
    for form in bank.forms:
        yield f"form {form.id}: title", form.title
        for place, referent in enumerate(form.referents):
            yield f"form {form.id}: referents[{place}]", referent
    for facet in bank.facets:
        yield f"facet {facet.id}: title", facet.title
        yield f"facet {facet.id}: definition", facet.definition
        for code, anchor in facet.anchors.items():
            yield f"facet {facet.id}: anchor {code}", anchor
    for answers in bank.response_sets:
        yield f"response set {answers.id}: stem", answers.stem
        for code, label in answers.labels.items():
            yield f"response set {answers.id}: label {code}", label
    for item in bank.items:
        yield f"item {item.id}", item.text
    for scale in bank.scales:
        yield f"scale {scale.id}: title", scale.title
