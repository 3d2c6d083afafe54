"""Arithmetic in labels, as in `indirect := a * b` and `b1 == 2 * b2`.

An expression is read once into a tree, its names are then resolved to free parameters, fixed
values or earlier definitions, and it is evaluated together with its gradient for any number of
sets of parameters at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import near
from trustmeasure.confirmatory.language.tokens import Source, Token, tokenise
from trustmeasure.errors import OptionError

FloatArray = NDArray[np.float64]
Slope = Callable[[FloatArray, FloatArray], FloatArray]

CONSTANTS = {"pi": np.pi}
# Name → the function, and its derivative from argument and value.
FUNCTIONS: dict[str, tuple[Any, Slope]] = {
    "exp": (np.exp, lambda _, value: value),
    "log": (np.log, lambda x, _: 1 / x),
    "log10": (np.log10, lambda x, _: 1 / (x * np.log(10.0))),
    "sqrt": (np.sqrt, lambda _, value: 0.5 / value),
    "abs": (np.abs, lambda x, _: np.sign(x)),
    "sin": (np.sin, lambda x, _: np.cos(x)),
    "cos": (np.cos, lambda x, _: -np.sin(x)),
    "tan": (np.tan, lambda _, value: 1 + value**2),
}


@dataclass(frozen=True)
class Node:
    """A part of an expression.

    ``kind`` is "number" (``value``), "name" (``name``, to be resolved), "parameter"
    (``place``, a free parameter counted from 0), "function" or "operator" (``name`` of either,
    and ``parts``; "neg" is the minus sign of one part).
    """

    kind: str
    where: int = 0
    value: float = np.nan
    name: str = ""
    place: int = -1
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Expression:
    """An arithmetic expression, and where it was written."""

    text: str
    root: Node
    source: Source

    @property
    def names(self) -> tuple[str, ...]:
        """Names that are not resolved yet, in order of appearance."""
        return tuple(dict.fromkeys(node.name for node in _leaves(self.root, "name")))

    @property
    def places(self) -> tuple[int, ...]:
        """Free parameters that a resolved expression uses, counted from 0, sorted."""
        return tuple(sorted({node.place for node in _leaves(self.root, "parameter")}))

    def resolved(self, known: Mapping[str, int | float | Expression], hint: str = "") -> Expression:
        """Replace names: by a free parameter (int, from 0), a value, or another expression.

        Raises
        ------
        OptionError
            For a name that is not known; it shows where it stands, and names like it.
        """
        return replace(self, root=_resolved(self.root, known, self.source, hint))

    def evaluate(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give value (…) and gradient (…, n_parameters) at parameters (…, n_parameters).

        Where the expression is not defined, as the root of a negative number, the value is
        NaN or infinite, and nothing warns.
        """
        parameters = np.asarray(parameters, dtype=np.float64)
        places = self.places
        order = {place: position for position, place in enumerate(places)}
        with np.errstate(all="ignore"):
            value, slope = _evaluate(self.root, parameters, order)
        lead = parameters.shape[:-1]
        gradient = np.zeros(parameters.shape)
        if slope is not None:
            gradient[..., list(places)] = slope
        return np.broadcast_to(value, lead).astype(np.float64), gradient

    def linear(self, n_parameters: int) -> tuple[FloatArray, float] | None:
        """Give slopes (n_parameters,) and constant of a linear expression; None for others."""
        return _linear(self.root, n_parameters)


def parse_expression(text: str) -> Expression:
    """Read an expression that stands alone."""
    source = Source(text)
    tokens = [token for token in tokenise(source) if token.kind != "newline"]
    return read_expression(tokens[:-1], source, tokens[-1])


def read_expression(tokens: Sequence[Token], source: Source, after: Token) -> Expression:
    """Read an expression from its tokens; ``after`` is the token that follows them."""
    if not tokens:
        raise source.error(
            after.start, f"found {after.described()} where a number or label was expected."
        )
    reader = _Reader([*tokens, Token("end", "", after.start)], source, after)
    root = reader.sum()
    rest = reader.next
    if rest.kind != "end":
        unopened = rest.text == ")"
        raise source.error(
            rest.start,
            "this parenthesis was never opened."
            if unopened
            else f"found {rest.described()} where an arithmetic sign (+ - * / ^) was expected.",
        )
    text = source.text[tokens[0].start : tokens[-1].end]
    return Expression(text=" ".join(text.split()), root=root, source=source)


class _Reader:
    """Recursive descent: sums of products of signed powers."""

    def __init__(self, tokens: Sequence[Token], source: Source, after: Token) -> None:
        self._tokens = tokens
        self._source = source
        self._after = after
        self._at = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self.next
        self._at += 1
        return token

    def _operator(self, *texts: str) -> Token | None:
        return self._take() if self.next.kind == "punct" and self.next.text in texts else None

    def sum(self) -> Node:
        left = self._product()
        while sign := self._operator("+", "-"):
            left = Node("operator", sign.start, name=sign.text, parts=(left, self._product()))
        return left

    def _product(self) -> Node:
        left = self._signed()
        while sign := self._operator("*", "/"):
            left = Node("operator", sign.start, name=sign.text, parts=(left, self._signed()))
        return left

    def _signed(self) -> Node:
        # A power binds more tightly than the sign before it: -2^2 is -4.
        if sign := self._operator("-", "+"):
            inner = self._signed()
            return (
                inner
                if sign.text == "+"
                else Node("operator", sign.start, name="neg", parts=(inner,))
            )
        return self._power()

    def _power(self) -> Node:
        base = self._atom()
        if sign := self._operator("^", "**"):
            return Node("operator", sign.start, name="^", parts=(base, self._signed()))
        return base

    def _atom(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return Node("number", token.start, value=float(token.text))
        if token.kind == "name" and self.next.text == "(":
            return self._call(token)
        if token.kind == "name" and token.text in CONSTANTS:
            return Node("number", token.start, value=CONSTANTS[token.text], name=token.text)
        if token.kind in ("name", "string"):
            return Node("name", token.start, name=token.bare)
        if token.text == "(":
            inner = self.sum()
            self._close(token)
            return inner
        found = self._after if token.kind == "end" else token
        raise self._source.error(
            token.start, f"found {found.described()} where a number or label was expected."
        )

    def _call(self, name: Token) -> Node:
        if name.text not in FUNCTIONS:
            raise self._source.error(
                name.start,
                f"'{name.text}' is not a function that is offered; there are "
                + ", ".join(FUNCTIONS)
                + "."
                + near(name.text, FUNCTIONS),
            )
        opening = self._take()
        inner = self.sum()
        if self.next.text == ",":
            raise self._source.error(self.next.start, f"{name.text}() takes one argument.")
        self._close(opening)
        return Node("function", name.start, name=name.text, parts=(inner,))

    def _close(self, opening: Token) -> None:
        if self._operator(")") is None:
            token = self.next
            if token.kind == "end":
                raise self._source.error(opening.start, "this parenthesis is never closed.")
            raise self._source.error(
                token.start,
                f"found {token.described()} where ')' or an arithmetic sign was expected.",
            )


def _leaves(node: Node, kind: str) -> list[Node]:
    if not node.parts:
        return [node] if node.kind == kind else []
    return [leaf for part in node.parts for leaf in _leaves(part, kind)]


def _resolved(
    node: Node, known: Mapping[str, int | float | Expression], source: Source, hint: str
) -> Node:
    if node.kind == "name":
        if node.name not in known:
            raise _unknown(node, known, source, hint)
        found = known[node.name]
        if isinstance(found, Expression):
            return found.root
        if isinstance(found, int):
            return replace(node, kind="parameter", place=found)
        return replace(node, kind="number", value=float(found))
    if not node.parts:
        return node
    return replace(node, parts=tuple(_resolved(part, known, source, hint) for part in node.parts))


def _unknown(
    node: Node, known: Mapping[str, int | float | Expression], source: Source, hint: str
) -> OptionError:
    labels = [name for name in known if not name.startswith(".p")]
    return source.error(
        node.where,
        f"'{node.name}' is neither a label of a parameter nor defined above with ':='."
        + (
            near(node.name, labels)
            or " Label a parameter by writing the label and a star before "
            f"its variable: {node.name}*x1."
        )
        + hint,
    )


def _evaluate(
    node: Node, parameters: FloatArray, order: Mapping[int, int]
) -> tuple[FloatArray, FloatArray | None]:
    """Give value (…) and slopes (…, parameters used), or None for slopes of a constant."""
    if node.kind == "number":
        return np.asarray(node.value), None
    if node.kind == "parameter":
        unit = np.zeros(len(order))
        unit[order[node.place]] = 1.0
        return parameters[..., node.place], unit
    if node.kind == "name":
        raise OptionError(f"'{node.name}' has no value yet: resolve the expression first.")
    inner, slope = _evaluate(node.parts[0], parameters, order)
    if node.kind == "function":
        function, derivative = FUNCTIONS[node.name]
        value = function(inner)
        return value, None if slope is None else _scaled(derivative(inner, value), slope)
    if node.name == "neg":
        return -inner, None if slope is None else -slope
    return _combined(node.name, inner, slope, *_evaluate(node.parts[1], parameters, order))


def _combined(
    sign: str, a: FloatArray, da: FloatArray | None, b: FloatArray, db: FloatArray | None
) -> tuple[FloatArray, FloatArray | None]:
    if sign in "+-":
        other = None if db is None else (db if sign == "+" else -db)
        return (a + b if sign == "+" else a - b), _added(da, other)
    if sign == "*":
        return a * b, _added(_scaled(b, da), _scaled(a, db))
    if sign == "/":
        value = a / b
        return value, _added(_scaled(1 / b, da), _scaled(-value / b, db))
    value = np.power(a, b)
    # Powers of negative bases have a slope in the base alone.
    base = None if da is None else _scaled(b * np.power(a, b - 1), da)
    return value, _added(base, None if db is None else _scaled(value * np.log(a), db))


def _scaled(factor: FloatArray, slope: FloatArray | None) -> FloatArray | None:
    return None if slope is None else np.asarray(factor)[..., None] * slope


def _added(a: FloatArray | None, b: FloatArray | None) -> FloatArray | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


def _linear(node: Node, size: int) -> tuple[FloatArray, float] | None:
    if node.kind == "number":
        return np.zeros(size), node.value
    if node.kind == "parameter":
        slopes = np.zeros(size)
        slopes[node.place] = 1.0
        return slopes, 0.0
    parts = [_linear(part, size) for part in node.parts]
    if any(part is None for part in parts) or node.kind == "name":
        return None
    known = [part for part in parts if part is not None]
    if not any(slopes.any() for slopes, _ in known):
        value, _ = _evaluate_constant(node)
        return np.zeros(size), value
    if node.name == "neg":
        return -known[0][0], -known[0][1]
    if node.kind == "function" or node.name == "^":
        return None
    (left, a), (right, b) = known
    if node.name in "+-":
        sign = 1.0 if node.name == "+" else -1.0
        return left + sign * right, a + sign * b
    if node.name == "*":
        return None if left.any() and right.any() else (a * right + b * left, a * b)
    return None if right.any() else (left / b, a / b)


def _evaluate_constant(node: Node) -> tuple[float, None]:
    """Value of an expression in which every parameter cancels or none appears."""
    places = {leaf.place: 0 for leaf in _leaves(node, "parameter")}
    with np.errstate(all="ignore"):
        value, _ = _evaluate(node, np.zeros(max(places, default=0) + 1), dict.fromkeys(places, 0))
    return float(value), None
