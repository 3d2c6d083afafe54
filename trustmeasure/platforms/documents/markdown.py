"""Questionnaires as Markdown: a table a block, a box for every answer."""

from __future__ import annotations

import re

from trustmeasure.platforms.documents.layout import columns, marks, told, word
from trustmeasure.platforms.questionnaire import Block, Questionnaire

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
_LIST = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+])(?=\s|$)")


def write_definition(laid: Questionnaire) -> bytes:
    """Give the text."""
    parts = [f"# {_escaped(laid.title)}"]
    if laid.instructions:
        parts.append(_escaped(laid.instructions))
    parts += told(laid)
    number = 1
    for block in laid.blocks:
        if block.heading:
            parts.append(f"## {_escaped(block.heading)}")
        if block.stem:
            parts.append(f"**{_escaped(block.stem)}**")
        parts += _anchors(block)
        parts.append(_table(laid, block, number))
        number += len(block.items)
    small = "  \n".join(_escaped(line) for line in laid.small_print())
    return ("\n\n".join([*parts, "---", small]) + "\n").encode("utf-8")


def _anchors(block: Block) -> list[str]:
    labels = dict(block.options)
    lines = [f"- {_escaped(labels[code])}: {_escaped(text)}" for code, text in block.anchors]
    return ["\n".join(lines)] if lines else []


def _table(laid: Questionnaire, block: Block, number: int) -> str:
    answers = columns(block)
    heads = [
        f"{_escaped(code)}<br>{_escaped(label)}" if label else _escaped(code)
        for code, label in answers
    ]
    rows = [
        f"| {_row(['', word(laid, 'statement'), *heads])} |",
        f"| {_row(['--:', ':--', *[':-:'] * len(answers)])} |",
    ]
    for place, item in enumerate(block.items, start=number):
        rows.append(f"| {_row([str(place), _escaped(item.text), *marks(block)])} |")
    return "\n".join(rows)


def _row(cells: list[str]) -> str:
    return " | ".join(cells)


def _escaped(text: str) -> str:
    """Keep the characters that Markdown would take for markup."""
    text = _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))
    return _LIST.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", text)
