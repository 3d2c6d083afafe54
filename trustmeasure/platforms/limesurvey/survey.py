"""A LimeSurvey survey as both of its file formats give it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Answer:
    """An answer of a list or an array."""

    code: str
    texts: dict[str, str] = field(default_factory=dict)
    order: int = 0
    scale: str = "0"


@dataclass
class Asked:
    """A question or, as a member of ``rows``, a sub-question."""

    title: str
    type: str = ""
    group: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    rows: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    other: bool = False
    hidden: bool = False
    order: int = 0
    scale: str = "0"
    place: str = ""


@dataclass
class Survey:
    """The questions in the order in which they are asked, and the titles of their groups."""

    title: dict[str, str]
    language: str
    groups: dict[str, dict[str, str]]
    questions: list[Asked]
