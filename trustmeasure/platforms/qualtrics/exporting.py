"""Survey definitions for Qualtrics: text files in its advanced format.

Qualtrics names the columns of a matrix by its tag and the number of the statement: ``ps_1``,
``ps_2``, … A file cannot set these names. So matrices are cut where ids count on (``ps01`` to
``ps15`` make the matrix ``ps``; ``ps08`` to ``ps15`` alone make ``ps_from_8``), and a single
question has its item's id. Where ids do not count, the tag is the block's, and
`read_responses` matches by the wording, which every export of answers holds in its second
row. The wording also goes before the tag wherever both are there: whoever changes a survey
moves statements, and their words with them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby

from trustmeasure.platforms.matching import counted
from trustmeasure.platforms.naming import refuse_fragments, slug
from trustmeasure.platforms.questionnaire import Block, Questionnaire, Statement

_FRAGMENTS = {"[[": "a command", "${": "piped text"}


def write_definition(laid: Questionnaire) -> bytes:
    """Give the text file."""
    refuse_fragments(laid, _FRAGMENTS, "Qualtrics")
    lines = ["[[AdvancedFormat]]", ""]
    version = re.sub(r"[^\w.+-]+", " ", laid.instrument.version).strip()
    lines += [f"[[ED:instrument:{laid.instrument.id} {version}]]", ""]
    tags: set[str] = set()
    for position, block in enumerate(laid.blocks):
        name = re.sub(r"[\[\]]", "", block.heading or laid.title)
        lines += [f"[[Block:{name}]]", ""]
        if position == 0 and laid.instructions:
            lines += ["[[Question:Text]]", _escaped(laid.instructions), ""]
        if block.heading:
            lines += ["[[Question:Text]]", _escaped(block.heading), ""]
        for tag, items in _questions(block, tags):
            single = len(block.items) == 1
            question = laid.alone(block) if single else laid.asked(block)
            lines += _question(tag, items, block, question)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _questions(block: Block, tags: set[str]) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """Cut a block into questions, each with a tag that no other one has."""
    if len(block.items) == 1:
        yield _unused(slug(block.items[0].id), tags), block.items
        return
    cut = _counted(block) or [(f"M_{slug(block.id)}", block.items)]
    for tag, items in cut:
        yield _unused(tag, tags), items


def _counted(block: Block) -> list[tuple[str, tuple[Statement, ...]]]:
    """Give runs of ids that count on, with their tags; nothing if the block has others."""
    cut = []
    for prefix, run in groupby(block.items, lambda item: counted(item.id)[0]):
        items = tuple(run)
        numbers = [counted(item.id)[1] for item in items]
        first = numbers[0]
        if first < 1 or numbers != list(range(first, first + len(items))):
            return []
        cut.append((slug(prefix) if first == 1 else f"{slug(prefix)}_from_{first}", items))
    tags = [tag.casefold() for tag, _ in cut]
    good = len(set(tags)) == len(tags) and all(
        tag[:1].isalpha() and len(items) > 1 for tag, items in cut
    )
    return cut if good else []


def _unused(tag: str, tags: set[str]) -> str:
    found, number = tag, 2
    while found.casefold() in tags:
        found, number = f"{tag}_v{number}", number + 1
    tags.add(found.casefold())
    return found


def _question(tag: str, items: tuple[Statement, ...], block: Block, question: str) -> list[str]:
    if len(items) == 1:
        lines = ["[[Question:MC:SingleAnswer:Vertical]]", f"[[ID:{tag}]]", _escaped(question), ""]
        lines.append("[[AdvancedChoices]]")
        kind = "Choice"
    else:
        lines = ["[[Question:Matrix:SingleAnswer]]", f"[[ID:{tag}]]", _escaped(question), ""]
        lines += ["[[Choices]]", *(_escaped(item.text) for item in items), ""]
        lines.append("[[AdvancedAnswers]]")
        kind = "Answer"
    for code, label in block.options:
        lines += [f"[[{kind}:{code}]]", _escaped(label)]
    return [*lines, ""]


def _escaped(text: str) -> str:
    """Texts are HTML there."""
    return html.escape(text, quote=False)
