"""What deserves a second look in the wordings of an instrument that is otherwise in order.

Each check yields the name of its rule, the place, and what was found, expected and to be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

from trustmeasure.instruments.models import Instrument
from trustmeasure.instruments.parts import Item, Text
from trustmeasure.instruments.problems import Path
from trustmeasure.instruments.readability import flesch_kincaid, syllables, words

Advice = Iterator[tuple[str, Path, str]]

GRADE = 8
# Two wordings of which this share is alike are asked to be looked at together.
ALIKE = 0.9
_LEAST_WORDS = 4
REFERENT = "{referent}"

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CUES = {
    "en": {
        "not", "no", "never", "nobody", "none", "nothing", "nowhere", "neither", "nor", "cannot",
        "hardly", "scarcely", "barely", "rarely", "seldom",
    },
    "es": {
        "no", "nunca", "jamás", "nadie", "nada", "ningún", "ninguno", "ninguna", "tampoco",
        "apenas", "ni",
    },
}  # fmt: skip
# Where such a word turns nothing round: "not only", "no matter what", "whether or not".
_NO_NEGATION = {
    "en": re.compile(r"\bnot only\b|\bno matter\b|\bno doubt\b|\bor not\b|\bno one else\b"),
    "es": re.compile(r"\bno s[oó]lo\b|\bno solamente\b|\bo no\b|\bnada más\b"),
}


def wording_advice(instrument: Instrument) -> Advice:
    """Look at every wording of an instrument."""
    if not any(item.text for item in instrument.items):
        return
    yield from _placeholders(instrument)
    yield from _lookalikes(instrument)
    yield from _negations(instrument)
    yield from _reading_level(instrument)


# -- placeholders -----------------------------------------------------------------------------


def _placeholders(instrument: Instrument) -> Advice:
    for path, texts, form in _templates(instrument):
        with_referent = [tag for tag, text in texts.items() if REFERENT in text]
        without = [tag for tag, text in texts.items() if text.strip() and tag not in with_referent]
        if with_referent and without:
            yield (
                "referent",
                path,
                f"{{referent}} stands in the wording in {_tags(with_referent)}, but not in "
                f"{_tags(without)}; put it into all languages or none.",
            )
        if with_referent and not instrument.referents_of(form):
            yield (
                "referent",
                path,
                "the wording holds {referent}, but nothing says who may take its place; add "
                "referents: to the instrument, or to the form.",
            )
        strange = {
            found
            for text in texts.values()
            for found in _PLACEHOLDER.findall(text)
            if found != REFERENT
        }
        if strange:
            yield (
                "placeholder",
                path,
                f"{', '.join(sorted(strange))} would be shown as it stands; the only placeholder "
                "is {referent}.",
            )
    used = any(
        REFERENT in text for _, texts, _ in _templates(instrument) for text in texts.values()
    )
    if instrument.referents and not used:
        yield (
            "referent",
            ("referents",),
            "referents are given, but no wording holds {referent}; put it where they belong, or "
            "remove them.",
        )


def _templates(instrument: Instrument) -> Iterator[tuple[Path, Text, str | None]]:
    """Give every wording that may hold a placeholder, with its place and its form."""
    yield ("instructions",), instrument.instructions, None
    for place, answers in enumerate(instrument.response_sets):
        yield ("response_sets", place, "stem"), answers.stem, None
    for place, item in enumerate(instrument.items):
        yield ("items", place, "text"), item.text, item.form


# -- items that look alike --------------------------------------------------------------------


def _lookalikes(instrument: Instrument) -> Advice:
    said: set[tuple[int, int]] = set()
    for tag in _languages(instrument):
        plain = {
            place: " ".join(_WORD.findall(item.text[tag].replace(REFERENT, "it").casefold()))
            for place, item in enumerate(instrument.items)
            if item.text.get(tag, "").strip()
        }
        for first, second in combinations(plain, 2):
            if (first, second) in said or not plain[first] or not plain[second]:
                continue
            one, other = instrument.items[first], instrument.items[second]
            if not _asked_together(one, other):
                continue
            share = _likeness(plain[first], plain[second])
            if share < ALIKE:
                continue
            said.add((first, second))
            same = plain[first] == plain[second]
            quoted = f"“{other.text[tag]}” " if instrument.shows_text() else ""
            yield (
                "duplicate" if same else "near-duplicate",
                ("items", second, "text"),
                f"item '{other.id}' has {'the same' if same else 'nearly the same'} wording as "
                f"'{one.id}' ({tag}{'' if same else f', {share:.0%} alike'}): "
                f"{quoted}Keep one of them, or let them say different things.",
            )


def _asked_together(one: Item, other: Item) -> bool:
    """Whether a respondent meets both items, as answers to the same question."""
    if one.form != other.form and one.form is not None and other.form is not None:
        return False
    return one.response_set == other.response_set


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(a=one, b=other, autojunk=False)
    # The quick bounds spare most pairs of a long bank the full comparison.
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()


# -- negations and keying ---------------------------------------------------------------------


def negating_words(text: str, tag: str) -> list[str]:
    """List the words of a wording that turn it round, in a language whose words are known."""
    language = tag.split("-")[0].lower()
    if language not in _CUES:
        return []
    plain = _NO_NEGATION[language].sub(" ", text.casefold().replace("’", "'"))
    found = _WORD.findall(plain)
    return [w for w in found if w in _CUES[language] or (language == "en" and w.endswith("n't"))]


def _negations(instrument: Instrument) -> Advice:
    found = {
        item.id: {
            tag: negating_words(text, tag) for tag, text in item.text.items() if _is_known(tag)
        }
        for item in instrument.items
    }
    negated = {name for name, by_tag in found.items() if any(by_tag.values())}
    for place, item in enumerate(instrument.items):
        by_tag = found[item.id]
        scales = [scale for scale in instrument.scales if item.id in scale.items]
        mostly = any(len(negated & set(s.items)) > len(s.items) / 2 for s in scales)
        if item.id not in negated or item.score_map is not None or mostly:
            continue
        cues = ", ".join(
            f"'{' … '.join(dict.fromkeys(cue))}' ({tag})" for tag, cue in by_tag.items() if cue
        )
        if item.reverse:
            yield (
                "double-negative",
                ("items", place, "text"),
                f"item '{item.id}' is reversed and holds {cues}: to disagree with it is a double "
                "negative in the respondent's head. Say it without the negation.",
            )
        elif item.confirmed and all(by_tag.values()):
            # A negation in one language alone is a matter of its grammar.
            yield (
                "keying",
                ("items", place),
                f"item '{item.id}' holds {cues}, but is not marked reverse: true. Mark it if "
                "agreeing means little of the construct; otherwise see whether it can be said "
                "without the negation.",
            )


def _is_known(tag: str) -> bool:
    return tag.split("-")[0].lower() in _CUES


# -- reading level ----------------------------------------------------------------------------


def _reading_level(instrument: Instrument) -> Advice:
    for place, item in enumerate(instrument.items):
        for tag, text in item.text.items():
            if tag.split("-")[0].lower() != "en" or not text.strip():
                continue
            filled = text.replace(REFERENT, _short_referent(instrument, item, tag))
            if len(words(filled)) < _LEAST_WORDS:
                continue  # the formula has nothing to average
            grade = flesch_kincaid(filled)
            if round(grade, 1) > GRADE:
                yield (
                    "reading-level",
                    ("items", place, "text"),
                    f"item '{item.id}' reads at grade {grade:.1f} (Flesch–Kincaid); at most "
                    f"{GRADE} lets almost everybody follow. Use shorter words, or fewer of them.",
                )


def _short_referent(instrument: Instrument, item: Item, tag: str) -> str:
    """Give the plainest referent: a long job title is a name to those who are asked."""
    known = [r[tag] for r in instrument.referents_of(item.form) if r.get(tag)]
    return min(known, key=lambda text: sum(map(syllables, words(text))), default="they")


def _languages(instrument: Instrument) -> list[str]:
    """List the languages in which any item has a wording."""
    return list(dict.fromkeys(tag for i in instrument.items for tag, t in i.text.items() if t))


def _tags(tags: list[str]) -> str:
    return ", ".join(f"'{tag}'" for tag in tags)
