"""From the definition of a survey to an instrument: response sets, items, scales, aliases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trustmeasure.instruments import Instrument
from trustmeasure.instruments.coherence import RESERVED_NAMES
from trustmeasure.instruments.files import make_instrument
from trustmeasure.instruments.models import text_in
from trustmeasure.platforms import import_notes
from trustmeasure.platforms.closed import Coded, Missing, sort_questions
from trustmeasure.platforms.definitions import Definition, Question, shortened
from trustmeasure.platforms.sources import Source

_LONGEST_TITLE = 90


@dataclass(frozen=True)
class Draft:
    """An instrument made of a definition, and what to warn of."""

    instrument: Instrument
    message: str


def draft_instrument(
    definition: Definition, source: Source, *, id: str, missing_codes: Iterable[str]
) -> Draft:
    """Make an instrument of a definition, with everything that is not certain in its notes.

    ``missing_codes`` are the codes and labels of no answer, as `answer_key` writes them.
    """
    missing = Missing(missing_codes)
    found = sort_questions(definition, missing, source)
    questions = found.questions
    sets, set_of = _response_sets(found.kept, definition)
    scales = list(_scales(questions, set_of, sets, definition))
    remarks = list(import_notes.remarks(definition, found, missing))
    data: dict[str, Any] = {
        "schema": 1,
        "id": id,
        "version": "0.1.0",
        "title": {tag: text for tag, text in definition.title.items() if text}
        or {definition.language: id},
        "status": "unvalidated",
        "licence": "unspecified",
        "translations": _translations(questions, definition),
        "response_sets": list(sets.values()),
        "items": [
            {
                "id": question.name,
                "text": dict(question.text),
                "response_set": set_of[question.name],
                "reverse": False,
                "confirmed": False,
            }
            for question in questions
        ],
        "scales": scales,
        "aliases": _aliases(questions),
        "notes": import_notes.notes(definition, source, remarks, found.left_out),
    }
    if not scales:
        data["unscored"] = _unscored(questions, definition)
    instrument = make_instrument(data, source=f"The instrument made of '{source.name}'")
    return Draft(instrument, import_notes.message(instrument, source, remarks, found.left_out))


def _response_sets(
    kept: Mapping[str, tuple[Question, Coded]], definition: Definition
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Give the distinct response sets by id, and the id of each question's."""
    users: dict[Coded, list[Question]] = {}
    for question, answers in kept.values():
        users.setdefault(answers, []).append(question)
    sets: dict[str, dict[str, Any]] = {}
    set_of = {}
    for answers, questions in users.items():
        name = _set_name(answers, questions)
        name = _unique(name or _numbered(sets), sets)
        codes = answers.codes
        sets[name] = {
            "id": name,
            "min": codes[0],
            "max": codes[-1],
            "labels": {code: dict(labels) for code, labels in answers.labels if labels},
        }
        stem = _common_stem(questions, definition)
        if stem:
            sets[name]["stem"] = stem
        set_of.update({question.name: name for question in questions})
    return sets, set_of


def _common_stem(questions: Sequence[Question], definition: Definition) -> dict[str, str]:
    """Give the stem above all of these questions, where there is one that is the same for all."""
    stems = [definition.titles.get(q.matrix, {}) if q.matrix else {} for q in questions]
    return dict(stems[0]) if all(stem == stems[0] for stem in stems) else {}


def _set_name(answers: Coded, questions: Sequence[Question]) -> str:
    """Name a response set as the definition does, or by what its ends say, if they say it."""
    own = {question.answer_list for question in questions}
    if len(own) == 1 and (name := own.pop()):
        return name
    ends = [dict(answers.labels[i][1]).get("en", "").casefold() for i in (0, -1)]
    for kind, words in (
        ("agree", r"\bagree\b|\bdisagree\b"),
        ("often", r"\bnever\b|\balways\b|\boften\b"),
    ):
        if all(re.search(words, end) for end in ends):
            return f"{kind}{len(answers.labels)}"
    if sorted(ends) == ["no", "yes"]:
        return "yes_no"
    return ""


def _numbered(sets: Iterable[str]) -> str:
    return f"answers{1 + sum(bool(re.fullmatch('answers[0-9]+', name)) for name in sets)}"


def _scales(
    questions: Sequence[Question],
    set_of: Mapping[str, str],
    sets: Mapping[str, Mapping[str, Any]],
    definition: Definition,
) -> Iterator[dict[str, Any]]:
    """Make a scale of each matrix, and of the questions of a block that share their answers."""
    groups: dict[tuple[str, str, str], list[Question]] = {}
    for q in questions:
        key = ("matrix", q.matrix) if q.matrix else ("block", q.block)
        groups.setdefault((*key, set_of[q.name]), []).append(q)
    groups = {key: members for key, members in groups.items() if len(members) > 1}
    several = Counter(key[:2] for key in groups)
    taken = {q.name for q in questions} | RESERVED_NAMES
    for (kind, owner, answers), members in groups.items():
        title = {tag: t for tag, t in definition.titles.get(owner, {}).items() if t}
        if kind == "block":
            # A matrix keeps its tag; the titles of blocks are sentences.
            wanted = _slug(text_in(title, definition.language) or owner) or "scale"
        else:
            wanted = owner
        # Two scales of a block are told apart by number, a scale and an item by a word.
        names = {q.name.casefold() for q in questions}
        name = _unique(f"{wanted}_scale" if wanted.casefold() in names else wanted, taken)
        taken.add(name)
        scale: dict[str, Any] = {"id": name, "title": {}, "items": [q.name for q in members]}
        if not title:
            title = {definition.language: owner or name}
        ends = _ends(sets[answers], definition.language) if several[(kind, owner)] > 1 else ""
        for tag, text in title.items():
            scale["title"][tag] = shortened(text, _LONGEST_TITLE) + ends
        whole = text_in(title, definition.language)
        if len(whole) > _LONGEST_TITLE:
            scale["description"] = whole
        yield scale


def _ends(answers: Mapping[str, Any], language: str) -> str:
    """Tell apart the scales of one block by the first and the last of their answers."""
    labels = [
        text_in(answers["labels"].get(code, {}), language) or str(code)
        for code in (answers["min"], answers["max"])
    ]
    return f" ({shortened(labels[0], 30)} … {shortened(labels[1], 30)})"


def _aliases(questions: Sequence[Question]) -> dict[str, str]:
    """Map the other names of columns to items; a name that fits two items helps nobody."""
    ids = {question.name for question in questions}
    claims = Counter(alias for question in questions for alias in set(question.aliases))
    return {
        alias: question.name
        for question in questions
        for alias in dict.fromkeys(question.aliases)
        if alias and alias not in ids and claims[alias] == 1
    }


def _translations(questions: Sequence[Question], definition: Definition) -> dict[str, Any]:
    tags = dict.fromkeys(tag for question in questions for tag in question.text)
    return {
        tag: {"status": "unreviewed", "note": "As in the survey definition."}
        for tag in tags
        if tag != definition.language
    }


def _unscored(questions: Sequence[Question], definition: Definition) -> str:
    if not questions:
        return (
            f"None of the questions of this {definition.platform} survey has answers that could "
            "be scored; the notes list each with the reason."
        )
    return (
        "No scale could be formed: no two questions stand in one matrix, or in one block with the "
        "same answers. Say which items belong together by adding scales to the saved file."
    )


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "_", shortened(text, 40).casefold()).strip("_")


def _unique(wanted: str, taken: Iterable[str]) -> str:
    """Give the name itself, or with a number after it if it is taken."""
    known = {name.casefold() for name in taken}
    name, n = wanted, 1
    while name.casefold() in known:
        n += 1
        name = f"{wanted}_{n}"
    return name
