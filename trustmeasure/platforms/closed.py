"""Which questions of a definition have answers that can be scored, and why others have not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trustmeasure._checks import listed
from trustmeasure.instruments.coherence import RESERVED_NAMES
from trustmeasure.instruments.parts import MAX_OPTIONS
from trustmeasure.platforms.answers import answer_key
from trustmeasure.platforms.definitions import Choice, Definition, LeftOut, Question, any_text
from trustmeasure.platforms.sources import Source
from trustmeasure.platforms.wording import bare

_WHOLE = re.compile(r"[+-]?\d{1,9}")


class Missing:
    """The codes and labels that the user named as no answers."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)
        self._known = {form for key in self.keys for form in _forms(key)}

    def covers(self, choice: Choice) -> bool:
        """Tell whether this choice is no answer."""
        return bool(self._known & self.forms(choice))

    def idle(self, questions: Iterable[Question]) -> list[str]:
        """Give those that no choice has: most often a slip of the pen."""
        met = {form for q in questions for choice in q.choices for form in self.forms(choice)}
        return sorted(key for key in self.keys if not met & _forms(key))

    @staticmethod
    def forms(choice: Choice) -> set[str]:
        """Give every way of naming a choice: by its code or a label, with or without marks."""
        # A number names a code; the label 3 of the code 5 is another matter.
        words = {label for label in choice.labels.values() if not _WHOLE.fullmatch(label)}
        names = {choice.code, choice.written, *words} - {""}
        return {form for name in names for form in _forms(name)}


def _forms(text: str) -> set[str]:
    # Apostrophes are straight in one question and curly in the next; a sign is no mark, though.
    key = answer_key(text)
    return {key} if _WHOLE.fullmatch(key) else {key, bare(key)} - {""}


@dataclass(frozen=True)
class Coded:
    """The codes of a question in order, with their labels, those of no answer taken out."""

    labels: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]

    @property
    def codes(self) -> list[int]:
        """The codes alone, lowest first."""
        return [code for code, _ in self.labels]


@dataclass(frozen=True)
class Sorted:
    """The questions that become items with their answers, and those that do not.

    ``dropped`` maps answers that are none to the questions that offer them.
    """

    kept: Mapping[str, tuple[Question, Coded]]
    left_out: tuple[LeftOut, ...]
    dropped: Mapping[str, list[str]]

    @property
    def questions(self) -> list[Question]:
        """The questions that become items."""
        return [question for question, _ in self.kept.values()]


def sort_questions(definition: Definition, missing: Missing, source: Source) -> Sorted:
    """Sort the questions; two with the same name are refused."""
    _refuse_repeated(definition.questions, source)
    kept: dict[str, tuple[Question, Coded]] = {}
    left_out = list(definition.left_out)
    dropped: dict[str, list[str]] = {}
    for question in definition.questions:
        offered = [choice for choice in question.choices if not missing.covers(choice)]
        reason = _unusable(question, offered, definition)
        if reason:
            left_out.append(LeftOut(question.name, question.kind, reason, any_text(question.text)))
            continue
        kept[question.name] = question, Coded(_sorted_labels(offered))
        for choice in question.choices:
            if missing.covers(choice):
                label = any_text(choice.labels)
                named = (choice.written or choice.code) + (f" '{label}'" if label else "")
                dropped.setdefault(named, []).append(question.name)
    return Sorted(kept, tuple(left_out), dropped)


def _refuse_repeated(questions: Sequence[Question], source: Source) -> None:
    places: dict[str, list[str]] = {}
    for question in questions:
        places.setdefault(question.name, []).append(question.place)
    for name, where in places.items():
        if len(where) > 1:
            raise source.error(
                f"two questions are both called '{name}', so their answers could not be told "
                "apart. Give each a name of its own on the platform and export again.",
                " and ".join(dict.fromkeys(place for place in where if place)),
            )


def _unusable(question: Question, offered: Sequence[Choice], definition: Definition) -> str:
    """Say why a question cannot be an item; empty where it can."""
    if question.name in RESERVED_NAMES:
        return f"'{question.name}' cannot name an item, as score tables use it; rename it"
    if not any_text(question.text):
        return "it has no wording"
    strange = [c.written or c.code for c in offered if not _WHOLE.fullmatch(c.code)]
    if strange:
        return (
            f"its answer codes {listed(strange, 6)} are no whole numbers; {definition.mend}, or "
            "name those that are no answers with missing_codes="
        )
    codes = sorted(int(choice.code) for choice in offered)
    if len(codes) < 2:
        return f"it offers {len(codes)} answer(s), where at least two are needed"
    if len(codes) > MAX_OPTIONS:
        return f"it offers {len(codes)} answers; at most {MAX_OPTIONS} make a scale"
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        return f"several of its answers have the code {twice[0]}; {definition.mend}"
    gaps = [b for a, b in itertools.pairwise(codes) if b - a > 1]
    if gaps:
        return _gap_reason(codes, definition)
    return _shared_label(offered)


def _gap_reason(codes: list[int], definition: Definition) -> str:
    """Name the codes outside the longest run of consecutive ones."""
    runs: list[list[int]] = [[codes[0]]]
    for code in codes[1:]:
        if code - runs[-1][-1] == 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    longest = max(runs, key=len)
    apart = [code for code in codes if code not in longest]
    shown = ", ".join(map(str, codes[:12])) + (" …" if len(codes) > 12 else "")
    named = ", ".join(map(str, apart[:6]))
    return (
        f"its codes {shown} are not consecutive; if {named} "
        f"{'is' if len(apart) == 1 else 'are'} no answer, pass missing_codes=({named},), or else "
        f"{definition.mend}"
    )


def _shared_label(offered: Sequence[Choice]) -> str:
    seen: dict[tuple[str, str], str] = {}
    for choice in offered:
        for language, label in choice.labels.items():
            other = seen.setdefault((language, label.casefold()), choice.code)
            if label and other != choice.code:
                return (
                    f"its codes {other} and {choice.code} have the same label '{label}', so that "
                    "answers given as labels could not be told apart"
                )
    return ""


def _sorted_labels(
    offered: Sequence[Choice],
) -> tuple[tuple[int, tuple[tuple[str, str], ...]], ...]:
    """Order the answers by code; a label that merely repeats its own code says nothing."""
    return tuple(
        (
            int(choice.code),
            tuple(
                (language, label)
                for language, label in choice.labels.items()
                if label and answer_key(label) != answer_key(choice.code)
            ),
        )
        for choice in sorted(offered, key=lambda choice: int(choice.code))
    )
