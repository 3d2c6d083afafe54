"""Survey structures for LimeSurvey: tab-separated, one array question a block."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator

from trustmeasure._files import neutralise
from trustmeasure.errors import InstrumentError
from trustmeasure.platforms.naming import platform_names, refuse_fragments, slug
from trustmeasure.platforms.questionnaire import Block, Questionnaire

COLUMNS = (
    "id", "related_id", "class", "type/scale", "name", "relevance", "text", "help", "language",
    "validation", "mandatory", "other", "default", "same_default",
)  # fmt: skip
# LimeSurvey stores twenty characters of a question's code, and five of an answer's.
_LONGEST_NAME, _LONGEST_ANSWER = 20, 5


def question_code(item: str) -> str:
    """Name an item as LimeSurvey allows: letters and digits only."""
    return slug(item, between="")


def question_codes(laid: Questionnaire) -> dict[str, str]:
    """Name every item."""
    return platform_names(
        laid,
        question_code,
        allowed=rf"[A-Za-z][A-Za-z0-9]{{0,{_LONGEST_NAME - 1}}}",
        what=f"codes of LimeSurvey (letters and digits, a letter first, at most {_LONGEST_NAME})",
        reserved=frozenset({"other", "comment", "time", "id", "sid", "gid", "qid"}),
    )


def array_code(block_id: str, position: int) -> str:
    """Name the array of a block."""
    code = slug(block_id, between="")
    return (code if code[:1].isalpha() else f"B{position}{code}")[:_LONGEST_NAME]


def write_definition(laid: Questionnaire) -> bytes:
    """Give the text file, with the byte-order mark that LimeSurvey writes itself."""
    refuse_fragments(laid, {"{": "an expression"}, "LimeSurvey")
    _refuse_answer_codes(laid)
    language = laid.language
    rows = [
        _row("S", "language", language),
        _row("S", "format", "G"),
        _row("SL", "surveyls_language", language, language),
        _row("SL", "surveyls_title", _escaped(laid.title), language),
        _row("SL", "surveyls_welcometext", _escaped(laid.instructions), language),
    ]
    names = question_codes(laid)
    codes = _array_codes(laid, names)
    number = 0
    for position, block in enumerate(laid.blocks, start=1):
        group = _row("G", block.heading or laid.title, "", language)
        rows.append({**group, "id": str(position), "relevance": "1"})
        question = number + 1
        asked = laid.alone(block) if len(block.items) == 1 else laid.asked(block)
        for row in _question(block, codes[block.id], asked, names, language):
            if row["class"] in {"Q", "SQ"}:
                number += 1
            related = {"related_id": str(question)} if row["class"] == "SQ" else {}
            own = number if row["class"] == "SQ" else question
            rows.append({**row, "id": str(own), **related})
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({key: neutralise(value) for key, value in row.items()} for row in rows)
    return ("\ufeff" + stream.getvalue()).encode("utf-8")


def _refuse_answer_codes(laid: Questionnaire) -> None:
    for block in laid.blocks:
        for code, _ in block.options:
            if code < 0 or len(str(code)) > _LONGEST_ANSWER:
                raise InstrumentError(
                    f"Code {code} of response set '{block.id}' cannot be an answer code of "
                    f"LimeSurvey (letters and digits, at most {_LONGEST_ANSWER}). Give the answers "
                    "codes from 0 on."
                )


def _array_codes(laid: Questionnaire, names: dict[str, str]) -> dict[str, str]:
    """Name every block, unlike the others and the items that stand alone."""
    taken = {name.casefold() for name in names.values()}
    codes = {}
    for position, block in enumerate(laid.blocks, start=1):
        code = array_code(block.id, position)
        if code.casefold() in taken:
            code = f"B{position}{code}"[:_LONGEST_NAME]
        taken.add(code.casefold())
        codes[block.id] = code
    return codes


def _question(
    block: Block, code: str, asked: str, names: dict[str, str], language: str
) -> Iterator[dict[str, str]]:
    """Give the rows of an array, or of a list where there is one item only."""
    if len(block.items) == 1:
        item = block.items[0]
        question = _row("Q", names[item.id], _escaped(asked), language)
        yield {**question, "type/scale": "L", "relevance": "1", "mandatory": "N", "other": "N"}
    else:
        question = _row("Q", code, _escaped(asked), language)
        yield {**question, "type/scale": "F", "relevance": "1", "mandatory": "N", "other": "N"}
        for item in block.items:
            row = _row("SQ", names[item.id], _escaped(item.text), language)
            yield {**row, "type/scale": "0", "relevance": "1"}
    for option, label in block.options:
        yield {**_row("A", str(option), _escaped(label), language), "type/scale": "0"}


def _row(kind: str, name: str, text: str, language: str = "") -> dict[str, str]:
    return {"class": kind, "name": name, "text": text, "language": language}


def _escaped(text: str) -> str:
    """Texts are HTML there."""
    return html.escape(text, quote=False)
