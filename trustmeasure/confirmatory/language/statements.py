"""Statements: where one ends, and which operator it is about."""

from __future__ import annotations

from collections.abc import Sequence

from trustmeasure.confirmatory.language.tokens import Source, Token

# After one of these a statement goes on, on whatever line; and it goes on before one of those.
_OPEN_ENDED = frozenset({"+", "-", "*", "/", "^", "**", "?", ",", "("})
_CONTINUING = frozenset({"+", "-", "*", "/", "^", "**", "?", ",", ")"})
# Words of Mplus, and what says the same here.
_ELSEWHERE = {"BY": "'f =~ x1 + x2'", "ON": "'y ~ x'", "WITH": "'x ~~ y'"}


def statements(tokens: Sequence[Token], source: Source) -> list[tuple[list[Token], Token]]:
    """Cut the model at semicolons and at ends of lines that end something."""
    found: list[tuple[list[Token], Token]] = []
    statement: list[Token] = []
    opened: list[Token] = []
    for position, token in enumerate(tokens):
        if token.kind == "newline":
            if opened or not statement or _goes_on(statement, tokens[position:]):
                continue
        elif token.kind != "end" and token.text != ";":
            _follow(token, opened, source)
            statement.append(token)
            continue
        if opened:
            raise source.error(opened[-1].start, "this parenthesis is never closed.")
        if statement:
            found.append((statement, token))
            statement = []
    return found


def _goes_on(statement: Sequence[Token], rest: Sequence[Token]) -> bool:
    """Tell whether a statement goes on in the next line."""
    last = statement[-1]
    if last.text == ":" and len(statement) == 2:
        return False  # the head of a block
    if last.kind == "op" or (last.kind == "punct" and last.text in _OPEN_ENDED):
        return True
    following = next((token for token in rest if token.kind != "newline"), None)
    return following is not None and (
        (following.kind == "punct" and following.text in _CONTINUING) or following.kind == "op"
    )


def _follow(token: Token, opened: list[Token], source: Source) -> None:
    """Keep account of parentheses; nothing but numbers and labels stands within them."""
    if token.text == "(":
        opened.append(token)
    elif token.text == ")":
        if not opened:
            raise source.error(token.start, "this parenthesis was never opened.")
        opened.pop()
    elif token.kind == "op" and opened:
        raise source.error(
            opened[-1].start,
            f"this parenthesis is not closed before '{token.text}'. (Text such as f=~x1 inside "
            "a modifier needs quotation marks.)",
        )


def find_operator(tokens: Sequence[Token], source: Source) -> int:
    """Find the operator that a statement is about, and refuse a second one."""
    found = [i for i, token in enumerate(tokens) if token.kind == "op"]
    if not found:
        raise source.error(tokens[0].start, _without_operator(tokens))
    at = found[0]
    others = [i for i in found[1:] if tokens[i].text != ":"]
    if tokens[at].text == ":" and others:
        raise source.error(
            tokens[max(at - 1, 0)].start,
            "a product stands on the right side only. Compute the product as a column of the "
            "data, and use its name here.",
        )
    if others:
        first, second = tokens[at], tokens[others[0]]
        hint = "Begin a new line (or put ';') between the two formulas."
        line = source.line(second.start)
        if source.line(first.start) < line:
            before = [token for token in tokens if source.line(token.start) < line]
            hint = (
                f"The line above ends with '{before[-1].text}', so that this line was read as "
                "its continuation."
            )
        raise source.error(second.start, f"a second operator, after '{first.text}'. {hint}")
    if tokens[at].text == "<~":
        raise source.error(
            tokens[at].start,
            "'<~' (composites formed from indicators) is not offered. Write the composite as "
            "regressions on its parts, or compute its score and use that.",
        )
    return at


def _without_operator(tokens: Sequence[Token]) -> str:
    for token in tokens:
        if token.kind == "name" and token.text.upper() in _ELSEWHERE:
            return (
                f"no operator in this statement; '{token.text}' belongs to another program. "
                f"Here it is written {_ELSEWHERE[token.text.upper()]}."
            )
    return (
        "no operator (=~ ~ ~~ | ~*~ == < > :=) in this statement. If it continues the line "
        "above, end that line, or begin this one, with '+'."
    )
