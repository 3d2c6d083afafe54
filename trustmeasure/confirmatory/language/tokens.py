"""The words of a model: names, numbers, operators, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from trustmeasure._checks import near
from trustmeasure.errors import OptionError

FORMULA_OPERATORS = ("=~", "~", "~~", "|", "~*~")
CONSTRAINT_OPERATORS = ("==", "<", ">")
OPERATORS = (*FORMULA_OPERATORS, *CONSTRAINT_OPERATORS, ":=", ":", "<~")
# What people write who know another program, and what they mean.
_MEANT = {
    "=": "'=~' (is measured by) or '==' (a constraint)",
    "~=": "'=~' (is measured by)",
    "<=": "'<'; the models of this language do not tell '<' from '<='",
    ">=": "'>'; the models of this language do not tell '>' from '>='",
    "=<": "'<'",
    "=>": "'>'",
    "=:": "':='",
    "<>": "'~~' (covariance)",
    "::": "':'",
    "||": "'|'",
}
_STRANGE = {
    "@": "To fix a parameter, write the value and a star before the variable: 0.5*x1.",
    "[": "For an intercept, write x1 ~ 1.",
    "{": "Only round parentheses are used.",
    "−": "This is a printed minus sign; type '-' instead.",
    "–": "This is a dash; type '-' instead.",
    "×": "This is a printed multiplication sign; type '*' instead.",
    "·": "This is a printed multiplication sign; type '*' instead.",
    "“": 'These are typographic quotation marks; type " instead.',
    "”": 'These are typographic quotation marks; type " instead.',
    "‘": "These are typographic quotation marks; type ' instead.",
    "’": "These are typographic quotation marks; type ' instead.",
    "$": "Name the column itself, without the frame that it stands in.",
    "&": "Join variables with '+'.",
    "\\": "A line goes on by itself after '+', '*' or an operator.",
}
# Tildes that editors and keyboards put in place of the plain one.
_TILDES = str.maketrans({"˜": "~", "∼": "~", "～": "~"})
_SKIPPED = re.compile(r"(?:[#!][^\n]*|[^\S\n]+|\ufeff|\u200b)+")
_PLAIN_NAME = re.compile(r"(?:[A-Za-z_]|\.(?![0-9]))[A-Za-z0-9._]*")
_PATTERN = re.compile(
    r"""
    (?P<newline>\n)
    |(?P<string>"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<op>~\*~|[=~<>:|%]+)
    |(?P<punct>\*\*|[-+*/^(),;?])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word of the model: name, number, string, op, punct, newline or end."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next character stands."""
        return self.start + len(self.text)

    @property
    def bare(self) -> str:
        """The text of a name or string without its quotation marks."""
        return self.text[1:-1] if self.kind == "string" else self.text

    def described(self) -> str:
        """Quote the token for a message."""
        return {"newline": "the end of the line", "end": "the end of the model"}.get(
            self.kind, f"'{self.text}'"
        )


@dataclass(frozen=True)
class Source:
    """The text of a model, which errors point into."""

    text: str

    def line(self, where: int) -> int:
        """Count the line, from 1, that a position is on."""
        return self.text.count("\n", 0, where) + 1

    def error(self, where: int, message: str) -> OptionError:
        """Word an error at a position: line, column, what is wrong, and the line itself."""
        where = min(where, len(self.text))
        begin = self.text.rfind("\n", 0, where) + 1
        line = self.text[begin:].split("\n", 1)[0].rstrip("\r")
        # Tabs stay tabs under the line, so that the caret stands where the eye expects it.
        margin = "".join("\t" if char == "\t" else " " for char in line[: where - begin])
        return OptionError(
            f"Line {self.line(where)}, column {where - begin + 1} of the model: {message}\n"
            f"    {line}\n"
            f"    {margin}^"
        )


def tokenise(source: Source) -> list[Token]:
    """Cut a text into tokens; comments and blanks are left out, an 'end' closes the list."""
    text = source.text.translate(_TILDES)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped is not None:
            at = skipped.end()
            continue
        plain = _PLAIN_NAME.match(text, at)
        if plain is not None or _begins_name(text, at):
            stop = at + 1 if plain is None else plain.end()
            while stop < len(text) and _in_name(text[stop]):
                stop += 1
            tokens.append(Token("name", text[at:stop], at))
            at = stop
            continue
        match = _PATTERN.match(text, at)
        if match is None:
            raise source.error(at, _strange(text, at))
        kind = str(match.lastgroup)
        if text.startswith(("->", "-->"), at):
            raise source.error(
                at,
                "arrows are not part of the language: 'f =~ x1' says that f is measured by x1, "
                "'y ~ x' that y is regressed on x.",
            )
        token = Token(kind, match.group(), at)
        at = match.end()
        if kind == "number" and at < len(text) and _in_name(text[at]):
            raise source.error(
                token.start,
                "a name cannot begin with a digit. Put a column that does in quotation marks, "
                "or write a coefficient with a star: 2*x1.",
            )
        if kind == "string" and not token.bare.strip():
            raise source.error(token.start, "there is no name between the quotation marks.")
        if kind == "op" and token.text not in OPERATORS:
            raise source.error(token.start, _unknown_operator(token.text))
        tokens.append(token)
    return [*tokens, Token("end", "", len(text))]


def _begins_name(text: str, at: int) -> bool:
    char = text[at]
    if char == ".":
        return not text[at + 1 : at + 2].isdigit()
    return char == "_" or (char.isalpha() if char.isascii() else _in_name(char))


def _in_name(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char in "._"
    # Marks belong to the letters of many scripts, and joiners stand inside their words.
    return char.isalnum() or char in "\u200c\u200d" or unicodedata.category(char)[0] == "M"


def _strange(text: str, at: int) -> str:
    char = text[at]
    if char in "\"'`":
        return f"the quotation mark {char} is not closed on this line."
    hint = _STRANGE.get(char, "Put a column name that holds it in quotation marks.")
    return f"'{char}' has no meaning here. {hint}"


def _unknown_operator(found: str) -> str:
    if found == "%":
        return "'%' (weights of groups) is not offered."
    meant = _MEANT.get(found)
    hint = f" Did you mean {meant}?" if meant else near(found, OPERATORS)
    known = " ".join(op for op in OPERATORS if op not in (":", "<~"))
    return f"'{found}' is not an operator. The operators are {known}.{hint}"
