"""What a questionnaire on paper says besides its statements, in the languages that we have."""

from __future__ import annotations

from trustmeasure.platforms.questionnaire import Block, Questionnaire

_WORDS = {
    "en": {
        "statement": "Statement",
        "tick": "Please tick one box in each row.",
        "write": "Please write one number in each row.",
    },
    "es": {
        "statement": "Afirmación",
        "tick": "Por favor, marque una casilla en cada fila.",
        "write": "Por favor, escriba un número en cada fila.",
    },
}
# Nobody ticks one of more boxes than these; then there is a line for the number.
MOST_BOXES = 11
BOX, LINE = "☐", "______"


def word(laid: Questionnaire, what: str) -> str:
    """Give a word of the layout in the language of the questionnaire, or in English."""
    return _WORDS.get(laid.language.split("-")[0].lower(), _WORDS["en"])[what]


def told(laid: Questionnaire) -> list[str]:
    """Say how to answer: by a tick, by a number, or both where blocks differ."""
    ticked = {len(block.options) <= MOST_BOXES for block in laid.blocks}
    return [
        word(laid, what) for what, there in (("tick", True), ("write", False)) if there in ticked
    ]


def columns(block: Block) -> list[tuple[str, str]]:
    """Give code and label of each column; an answer without a label has its code alone."""
    if len(block.options) > MOST_BOXES:
        ends = [
            " = ".join(dict.fromkeys((str(c), t))) for c, t in (block.options[0], block.options[-1])
        ]
        return [(" – ".join(ends), "")]
    return [(str(code), "" if label == str(code) else label) for code, label in block.options]


def marks(block: Block) -> list[str]:
    """Give what stands in each column to be filled in."""
    answers = columns(block)
    return [BOX] * len(answers) if len(block.options) <= MOST_BOXES else [LINE]
