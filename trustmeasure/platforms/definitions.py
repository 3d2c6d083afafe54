"""What the survey definitions of all platforms have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """An answer that a question offers.

    ``code`` is what exports hold, or the number that reading makes of it; ``written`` is how
    the definition writes it.
    """

    code: str
    labels: Texts
    written: str = ""


@dataclass(frozen=True)
class Question:
    """A question with closed answers of which one is given.

    Attributes
    ----------
    name : str
        What the platform's export of answers calls its column.
    text : mapping
        Language → wording without markup.
    choices : tuple of Choice
    kind : str
        What the platform calls such a question, for messages.
    place : str
        Where it stands in the file.
    aliases : tuple of str
        Other names that exports give the column.
    matrix : str
        The matrix that it is a row of; empty for a question that stands alone.
    block : str
        The block, group or form that it belongs to.
    answer_list : str
        What the definition calls the list of its answers, if anything.
    """

    name: str
    text: Texts
    choices: tuple[Choice, ...]
    kind: str = "single choice"
    place: str = ""
    aliases: tuple[str, ...] = ()
    matrix: str = ""
    block: str = ""
    answer_list: str = ""


@dataclass(frozen=True)
class LeftOut:
    """A question that did not become an item, and why."""

    name: str
    kind: str
    reason: str
    wording: str = ""

    def __str__(self) -> str:
        wording = f" [{shortened(self.wording, 60)}]" if self.wording else ""
        return f"{self.name} ({self.kind}): {self.reason}{wording}"


@dataclass(frozen=True)
class Definition:
    """A survey definition as every platform's importer gives it.

    Attributes
    ----------
    platform : str
        Name of the platform, for messages.
    title : mapping
        Language → title of the survey.
    language : str
        The language in which it was written.
    questions : tuple of Question
    left_out : tuple of LeftOut
    titles : mapping
        Matrix or block → language → its stem or title.
    mend : str
        How to give answers whole-number codes on this platform.
    piping : str
        Pattern of texts that the platform fills in for each person.
    remarks : tuple of str
        Whatever else the user should know.
    """

    platform: str
    title: Texts
    language: str
    questions: tuple[Question, ...]
    left_out: tuple[LeftOut, ...]
    titles: Mapping[str, Texts] = field(default_factory=dict)
    mend: str = ""
    piping: str = ""
    remarks: tuple[str, ...] = ()


def any_text(texts: Texts) -> str:
    """Give the first text that says anything."""
    return next((text for text in texts.values() if text.strip()), "")


def shortened(text: str, width: int) -> str:
    """Cut a text at a word."""
    if len(text) <= width:
        return text
    cut = text[: width - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-")
    return (cut or text[: width - 1]) + "…"
