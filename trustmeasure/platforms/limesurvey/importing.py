"""LimeSurvey surveys, from ``.lss`` or tab-separated text: the questions that they define."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from trustmeasure.platforms.definitions import Choice, Definition, LeftOut, Question, Texts
from trustmeasure.platforms.limesurvey import separated, structure
from trustmeasure.platforms.limesurvey.survey import Answer, Asked, Survey
from trustmeasure.platforms.sources import Source

# Question types that are no scale of answers: what they are, and why they are left out.
_OTHER_TYPES = {
    "S": ("short text", "free answers"),
    "T": ("long text", "free answers"),
    "U": ("huge text", "free answers"),
    "Q": ("multiple short texts", "free answers"),
    ";": ("array of texts", "free answers"),
    "N": ("number", "free answers"),
    "K": ("multiple numbers", "free answers"),
    ":": ("array of numbers", "free answers"),
    "D": ("date", "a date"),
    "M": ("multiple choice", "several answers a person"),
    "P": ("multiple choice with comments", "several answers a person"),
    "R": ("ranking", "ranks are no ratings"),
    "X": ("text display", "nothing is asked"),
    "*": ("equation", "it is calculated"),
    "|": ("file upload", "files"),
    "I": ("language switch", "nothing is asked"),
    "1": ("dual-scale array", "two answers a row"),
    "Y": ("yes/no", "its answers are the letters Y and N; use a list with the codes 1 and 0"),
    "G": ("gender", "its answers are the letters F and M; use a list with numbers as codes"),
    "C": (
        "array yes/no/uncertain",
        "its answers are the letters Y, N and U; use an array with numbers as codes",
    ),
    "E": (
        "array increase/same/decrease",
        "its answers are the letters I, S and D; use an array with numbers as codes",
    ),
}
_LISTS = {"L": "list", "!": "dropdown list", "O": "list with comment"}
_ARRAYS = {"F": "array", "H": "array by column"}
_POINTS = {"A": 5, "B": 10}

# The codes that LimeSurvey gives by itself, and that its exports are read with.
_LETTERED = re.compile(r"(AO?)(\d{1,4})")


def is_definition(source: Source) -> bool:
    """Tell a LimeSurvey structure by its root, and a tab-separated survey by its headings."""
    return structure.is_structure(source) or separated.is_separated(source)


def read_definition(source: Source) -> Definition:
    """Read an ``.lss`` or a tab-separated survey."""
    survey = (
        separated.read_survey(source)
        if separated.is_separated(source)
        else structure.read_survey(source)
    )
    reader = _Reader(survey)
    parts = [part for asked in survey.questions for part in reader.parts(asked)]
    remarks = []
    if reader.lettered:
        first = next(iter(reader.lettered))
        remarks.append(
            f"LimeSurvey's answer codes such as {first} count as the numbers in them, as they do "
            "when its exports are read."
        )
    return Definition(
        platform="LimeSurvey",
        title=survey.title,
        language=survey.language,
        questions=tuple(part for part in parts if isinstance(part, Question)),
        left_out=tuple(part for part in parts if isinstance(part, LeftOut)),
        titles={**survey.groups, **{q.title: q.texts for q in survey.questions}},
        mend="give the answers numbers (or A1, A2, …) as codes in LimeSurvey and export again",
        piping=r"\{[^{}]+\}",
        remarks=tuple(remarks),
    )


class _Reader:
    """Turns the questions of a survey into items and what is left out."""

    def __init__(self, survey: Survey) -> None:
        self.lettered: dict[str, None] = {}
        # A row keeps its own code as its name only where no other row or question has it.
        self.codes = Counter(
            name.casefold()
            for asked in survey.questions
            for name in (asked.title, *(row.title for row in asked.rows))
        )

    def parts(self, asked: Asked) -> Iterator[Question | LeftOut]:
        """Give one question, or one for each row of an array."""
        kind = asked.type
        wording = next((text for text in asked.texts.values() if text), "")
        if asked.hidden:
            yield LeftOut(asked.title, "hidden", "it is not shown (always hidden)", wording)
        elif kind in _OTHER_TYPES:
            yield LeftOut(asked.title, *_OTHER_TYPES[kind], wording)
        elif kind == "5":
            yield self._single(asked, "5-point choice", _points(5))
        elif kind in _LISTS:
            yield self._single(asked, _LISTS[kind], self._choices(asked.answers, other=asked.other))
        elif kind in _POINTS:
            yield from self._array(asked, f"{_POINTS[kind]}-point array", _points(_POINTS[kind]))
        elif kind in _ARRAYS:
            yield from self._array(asked, _ARRAYS[kind], self._choices(asked.answers))
        else:
            yield LeftOut(asked.title, f"type {kind}", "questions of this type are not imported")

    def _single(self, asked: Asked, kind: str, choices: tuple[Choice, ...]) -> Question:
        return Question(
            name=asked.title,
            text=asked.texts,
            choices=choices,
            kind=kind,
            place=asked.place,
            block=asked.group,
        )

    def _array(
        self, asked: Asked, kind: str, choices: tuple[Choice, ...]
    ) -> Iterator[Question | LeftOut]:
        if not asked.rows:
            yield LeftOut(asked.title, kind, "it has no sub-questions")
        alone = all(self._is_name(row.title) for row in asked.rows)
        for row in asked.rows:
            names = [row.title, f"{asked.title}_{row.title}", f"{asked.title}[{row.title}]"]
            own = names.pop(0 if alone else 1)
            text: Texts = row.texts
            if not any(text.values()) and len(asked.rows) == 1:
                text = asked.texts
            yield Question(
                name=own,
                text=text,
                choices=choices,
                kind=kind,
                place=row.place or asked.place,
                aliases=tuple(name for name in names if name != row.title),
                matrix=asked.title,
                block=asked.group,
            )

    def _is_name(self, code: str) -> bool:
        return self.codes[code.casefold()] == 1 and not code.isdigit()

    def _choices(self, answers: Sequence[Answer], *, other: bool = False) -> tuple[Choice, ...]:
        """Take the digits of A1, A2, … as codes where all answers share the letters."""
        found = [_LETTERED.fullmatch(answer.code) for answer in answers]
        letters = {match.group(1) for match in found if match}
        lettered = bool(found) and all(found) and len(letters) == 1
        if lettered:
            self.lettered[answers[0].code] = None
        choices = [
            Choice(
                code=str(int(match.group(2))) if lettered and match else answer.code,
                labels=answer.texts,
                written=answer.code,
            )
            for answer, match in zip(answers, found, strict=True)
        ]
        if other:
            choices.append(Choice("-oth-", {}))
        return tuple(choices)


def _points(n: int) -> tuple[Choice, ...]:
    return tuple(Choice(str(code), {}) for code in range(1, n + 1))
