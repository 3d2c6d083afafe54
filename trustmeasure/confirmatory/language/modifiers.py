"""The terms of a formula: variables, and what is written before them with a star."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

from trustmeasure._checks import near
from trustmeasure.confirmatory.language.expressions import FUNCTIONS, read_expression
from trustmeasure.confirmatory.language.tokens import Source, Token

Numbers = tuple[float | None, ...]

_KNOWN = ("c", "start", "label", "equal", "lower", "upper")
_NOT_OFFERED = {
    "efa": "Exploratory blocks are not part of confirmatory models here; see trustmeasure.efa.",
    "rv": "Random slopes are not offered.",
    "prior": "Prior distributions are not offered.",
}


@dataclass(frozen=True)
class Modifiers:
    """What is said about a parameter: one value for all groups, or one a group.

    NaN among ``fixed`` sets a parameter free; None says nothing for that group.
    """

    fixed: Numbers = ()
    start: Numbers = ()
    lower: Numbers = ()
    upper: Numbers = ()
    label: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fixed or self.start or self.lower or self.upper or self.label)


UNMODIFIED = Modifiers()


@dataclass(frozen=True)
class Term:
    """A variable of a formula ("" for an intercept), its modifiers, and its place."""

    name: str
    modifiers: Modifiers
    where: int


def read_terms(tokens: Sequence[Token], source: Source, op: str, after: Token) -> list[Term]:
    """Read the right side of a formula; modifiers of a variable named twice are joined."""
    found: dict[str, Term] = {}
    for part, ending in split(tokens, "+", after):
        # A plus may stand before the first term.
        if not part and ending.start == tokens[0].start:
            continue
        term = _term(part, source, op, ending)
        if term.name in found:
            earlier = found[term.name]
            term = replace(
                earlier, modifiers=_joined(earlier.modifiers, term.modifiers, source, term.where)
            )
        found[term.name] = term
    return list(found.values())


def split(tokens: Sequence[Token], sign: str, after: Token) -> list[tuple[list[Token], Token]]:
    """Cut tokens at a sign outside parentheses; each part with the token that ends it."""
    parts: list[tuple[list[Token], Token]] = []
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "punct" and token.text == sign and depth == 0:
            parts.append((part, token))
            part = []
        else:
            part.append(token)
    return [*parts, (part, after)]


def _term(tokens: list[Token], source: Source, op: str, ending: Token) -> Term:
    if not tokens:
        raise source.error(
            ending.start, f"found {ending.described()} where a variable was expected."
        )
    *factors, (target, last) = split(_starred(tokens), "*", ending)
    if not target:
        raise source.error(
            last.start,
            f"found {last.described()} where a variable was expected: a coefficient stands "
            "before a star, and what it belongs to after it, as in 0.5*x1.",
        )
    name = _target(target, source, op)
    modifiers = UNMODIFIED
    for part, star in factors:
        if not part:
            raise source.error(
                star.start, "found '*' where a coefficient, label or variable was expected."
            )
        found = _modifier(part, source, star)
        if found.fixed and modifiers.fixed and not math.isnan(_only(found) * _only(modifiers)):
            found = Modifiers(fixed=(_only(found) * _only(modifiers),))
            modifiers = replace(modifiers, fixed=())
        modifiers = _joined(modifiers, found, source, part[0].start)
    if name in ("0", "=~0"):
        modifiers = _joined(modifiers, Modifiers(fixed=(0.0,)), source, target[0].start)
    return Term("" if name in ("0", "1") else name, modifiers, target[0].start)


def _only(modifiers: Modifiers) -> float:
    """Give the one fixed value, or NaN where there are several or it is not known."""
    value = modifiers.fixed[0] if len(modifiers.fixed) == 1 else None
    return math.nan if value is None else value


def _starred(tokens: list[Token]) -> list[Token]:
    """Write the short form of a starting value, 0.5?x1, in full: start(0.5)*x1."""
    marks = [i for i, token in enumerate(tokens) if token.text == "?" and token.kind == "punct"]
    if not marks:
        return tokens
    at = marks[0]
    begin, mark = tokens[0].start, tokens[at]
    return [
        Token("name", "start", begin),
        Token("punct", "(", begin),
        *tokens[:at],
        Token("punct", ")", mark.start),
        Token("punct", "*", mark.start),
        *_starred(tokens[at + 1 :]),
    ]


def _target(tokens: list[Token], source: Source, op: str) -> str:
    """Name what a term is about: a variable, a product, or an intercept ("1", or "0" fixed)."""
    first, rest = tokens[0], tokens[1:]
    if first.kind == "number" and not rest:
        if op == "~" and first.text in ("0", "1"):
            return first.text
        if op == "=~" and first.text == "0":
            return "=~0"
        raise source.error(
            first.start,
            f"found the number '{first.text}' where a variable was expected."
            + (
                f" To fix an intercept, write {first.text}*1."
                if op == "~"
                else f" To fix a parameter, write {first.text}* before its variable."
            ),
        )
    if first.kind not in ("name", "string"):
        raise source.error(first.start, _not_a_variable(first, rest))
    if first.text == "NA":
        raise source.error(
            first.start, "NA frees a parameter and needs a star and its variable: NA*x1."
        )
    if not rest:
        return plain_name(first, source)
    if rest[0].text == ":":
        return _product(first, rest, source, op)
    raise source.error(rest[0].start, _after_variable(first, rest[0]))


def plain_name(token: Token, source: Source) -> str:
    """Give the name of a variable that is not a product."""
    if ":" in token.bare:
        raise source.error(
            token.start,
            "names with a colon are kept for products of variables. Rename the column.",
        )
    return token.bare


def _not_a_variable(first: Token, rest: Sequence[Token]) -> str:
    if first.text == "-":
        return (
            "terms are joined with '+' only. A coefficient of minus one is written -1*"
            + (rest[0].text if rest else "x1")
            + "."
        )
    if first.text == ")":
        return "this parenthesis was never opened."
    if first.text == "(":
        return "variables do not stand in parentheses; join them with '+'."
    return f"found {first.described()} where a variable was expected."


def _after_variable(first: Token, found: Token) -> str:
    if found.text == ")":
        return "this parenthesis was never opened."
    if found.text == "(":
        return f"'{first.text}(…)' stands before a star and a variable: {first.text}(…)*x1."
    if found.text == "-":
        return (
            "terms are joined with '+' only. A negative coefficient is written with its "
            "variable, as in + -0.5*x2."
        )
    if found.kind in ("name", "string", "number"):
        return (
            f"there is no sign between {first.described()} and {found.described()}. Join "
            "variables with '+', put a star after a label, and put a column name that holds "
            "a blank in quotation marks."
        )
    return f"found {found.described()} after {first.described()} where '+' was expected."


def _product(first: Token, rest: Sequence[Token], source: Source, op: str) -> str:
    if len(rest) < 2 or rest[1].kind not in ("name", "string"):
        where = rest[1].start if len(rest) > 1 else rest[0].end
        raise source.error(where, "a product needs a variable on both sides of ':', as in x1:x2.")
    if len(rest) > 2:
        message = (
            "products of three variables are not offered. Compute the product as a column of "
            "the data and use its name."
            if rest[2].text == ":"
            else _after_variable(rest[1], rest[2])
        )
        raise source.error(rest[2].start, message)
    if op in ("|", "~*~"):
        raise source.error(first.start, f"a product cannot stand after '{op}'.")
    return f"{first.bare}:{rest[1].bare}"


def _modifier(tokens: list[Token], source: Source, star: Token) -> Modifiers:
    """Read what stands before a star."""
    first = tokens[0]
    if len(tokens) == 1 and first.text == "NA":
        return Modifiers(fixed=(math.nan,))
    if len(tokens) == 1 and first.kind in ("name", "string") and first.text != "pi":
        return Modifiers(label=(_stripped(first),))
    called = first.kind == "name" and len(tokens) > 1 and tokens[1].text == "("
    if called and first.text in _NOT_OFFERED:
        raise source.error(
            first.start, f"{first.text}() is not offered. {_NOT_OFFERED[first.text]}"
        )
    if called and first.text in _KNOWN:
        return _function(tokens, source)
    if called and first.text not in FUNCTIONS:
        raise source.error(
            first.start,
            f"'{first.text}()' is not a modifier. There are "
            + ", ".join(f"{name}()" for name in _KNOWN)
            + "."
            + near(first.text, (*_KNOWN, *FUNCTIONS)),
        )
    return Modifiers(fixed=(_number(tokens, source, star),))


def _function(tokens: list[Token], source: Source) -> Modifiers:
    """Read c(), start(), label(), equal(), lower() or upper()."""
    name, close = tokens[0], tokens[-1]
    parts = _arguments(tokens, source)
    if name.text in ("label", "equal"):
        return Modifiers(label=tuple(_label(part, source, close) for part in parts))
    if name.text == "c":
        return _vector(parts, source, close)
    numbers = tuple(math.nan if _is_na(part) else _number(part, source, close) for part in parts)
    if name.text == "start":
        return Modifiers(start=numbers)
    return Modifiers(lower=numbers) if name.text == "lower" else Modifiers(upper=numbers)


def _vector(parts: Sequence[list[Token]], source: Source, close: Token) -> Modifiers:
    """Read c(): numbers and NA, or labels, where NA and "" mean none; or a mixture."""
    labels: list[str] = []
    numbers: list[float | None] = []
    for part in parts:
        worded = len(part) == 1 and part[0].kind in ("name", "string") and part[0].text != "pi"
        labels.append(_stripped(part[0]) if worded and not _is_na(part) else "")
        numbers.append(None if worded else _number(part, source, close))
    if any(labels):
        return Modifiers(
            label=tuple(labels),
            fixed=tuple(numbers) if any(number is not None for number in numbers) else (),
        )
    return Modifiers(fixed=tuple(math.nan if number is None else number for number in numbers))


def _arguments(tokens: list[Token], source: Source) -> list[list[Token]]:
    """Cut the arguments of a modifier; a c() inside stands for its own arguments."""
    name, close = tokens[0], tokens[-1]
    depth = 0
    for position, token in enumerate(tokens[1:], start=1):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and position < len(tokens) - 1:
            raise source.error(
                tokens[position + 1].start,
                f"found {tokens[position + 1].described()} where a star was expected, "
                f"after {name.text}(…).",
            )
    parts = split(tokens[2:-1], ",", close)
    for part, ending in parts:
        if not part:
            raise source.error(
                ending.start, f"{name.text}() lacks a value before {ending.described()}."
            )
    inner = parts[0][0]
    if len(parts) == 1 and len(inner) > 2 and inner[0].text == "c" and inner[1].text == "(":
        return _arguments(inner, source)
    return [part for part, _ in parts]


def _label(tokens: list[Token], source: Source, close: Token) -> str:
    if len(tokens) > 1 or tokens[0].kind not in ("name", "string"):
        raise source.error(
            tokens[0].start, f"found {tokens[0].described()} where a label was expected."
        )
    return "" if _is_na(tokens) else _stripped(tokens[0])


def _number(tokens: list[Token], source: Source, after: Token) -> float:
    """Evaluate arithmetic without names."""
    if tokens[0].kind == "string" and len(tokens) == 1:
        raise source.error(tokens[0].start, "found text where a number was expected.")
    depth = 0
    for before, token in pairwise(tokens):
        depth += (before.text == "(") - (before.text == ")")
        if (
            token.text == "-"
            and depth == 0
            and (before.kind in ("name", "string", "number") or before.text == ")")
        ):
            raise source.error(
                token.start,
                "terms are joined with '+' only: a negative coefficient is written + -0.5*x1, "
                "and arithmetic before a star in parentheses, (1-0.5)*x1.",
            )
    expression = read_expression(tokens, source, after)
    if expression.names:
        where = next(t for t in tokens if t.bare == expression.names[0] and t.kind != "punct")
        raise source.error(
            where.start,
            f"'{where.bare}' stands inside arithmetic, but a coefficient is arithmetic of "
            "numbers alone. A label stands by itself before the star (a*x1); relations between "
            "labels are written in a line of their own (a == 2*b).",
        )
    import numpy as np

    value = float(expression.evaluate(np.zeros(0))[0])
    if not math.isfinite(value):
        raise source.error(tokens[0].start, f"'{expression.text}' is not a finite number.")
    return value


def _joined(left: Modifiers, right: Modifiers, source: Source, where: int) -> Modifiers:
    """Put together what is said twice of a parameter, as in a*x1 + 0.7*x1."""
    for part in fields(Modifiers):
        if getattr(left, part.name) and getattr(right, part.name):
            named = {"fixed": "fixed values", "start": "starting values", "label": "labels"}
            said = named.get(part.name, f"{part.name} bounds")
            raise source.error(where, f"the parameter has two {said} here. Keep one of them.")
    return Modifiers(
        *(getattr(left, part.name) or getattr(right, part.name) for part in fields(Modifiers))
    )


def _is_na(tokens: Sequence[Token]) -> bool:
    return len(tokens) == 1 and tokens[0].text == "NA"


def _stripped(token: Token) -> str:
    """Give a label without the blanks that may stand in it, as in "f =~ x2"."""
    return "".join(token.bare.split())
