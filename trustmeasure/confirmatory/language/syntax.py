"""The language of models: lavaan's syntax, read into formulas, constraints and definitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from trustmeasure._checks import near
from trustmeasure.confirmatory.language.expressions import Expression, read_expression
from trustmeasure.confirmatory.language.modifiers import (
    Modifiers,
    Term,
    plain_name,
    read_terms,
    split,
)
from trustmeasure.confirmatory.language.statements import find_operator, statements
from trustmeasure.confirmatory.language.tokens import (
    CONSTRAINT_OPERATORS,
    FORMULA_OPERATORS,
    Source,
    Token,
    tokenise,
)
from trustmeasure.confirmatory.language.variables import Roles, joined_names, roles_of_blocks
from trustmeasure.errors import OptionError

_BLOCKS = ("group", "level")
# Levels are counted from within clusters, whichever is written first.
_UPSIDE_DOWN = (["2", "1"], ["between", "within"])


@dataclass(frozen=True)
class Formula:
    """One line of the model after taking sums apart: lhs, operator, rhs and modifiers.

    ``group`` and ``level`` count the blocks of the model from 1.
    """

    lhs: str
    op: str
    rhs: str
    modifiers: Modifiers
    where: int
    group: int = 1
    level: int = 1
    user: bool = True
    exo: bool = False


@dataclass(frozen=True)
class Relation:
    """A constraint or definition as written: its names are still to be resolved."""

    op: str
    lhs: Expression
    rhs: Expression
    where: int

    @property
    def text(self) -> str:
        """The relation on one line."""
        return f"{self.lhs.text} {self.op} {self.rhs.text}"


@dataclass(frozen=True)
class ParsedModel:
    """A model as written, before any default is added.

    Attributes
    ----------
    formulas : tuple of Formula
    relations : tuple of Relation
        Constraints and definitions, in order.
    groups, levels : tuple of str
        Labels of the blocks of the model; empty without such blocks.
    source : Source
        The text, for messages.
    """

    formulas: tuple[Formula, ...]
    relations: tuple[Relation, ...]
    groups: tuple[str, ...] = field(default=())
    levels: tuple[str, ...] = field(default=())
    source: Source = field(default=Source(""))

    @property
    def text(self) -> str:
        """The text of the model."""
        return self.source.text

    def names(self, kind: str) -> tuple[str, ...]:
        """Names of one kind ("ov", "lv", "ov.x", …) over all groups and levels."""
        return joined_names(self._roles, kind)

    @property
    def observed(self) -> tuple[str, ...]:
        """Observed variables of the model, products included."""
        return self.names("ov")

    @property
    def latent(self) -> tuple[str, ...]:
        """Latent variables of the model."""
        return self.names("lv")

    @cached_property
    def _roles(self) -> dict[tuple[int, int], Roles]:
        blocks = list(dict.fromkeys((row.group, row.level) for row in self.formulas))
        return roles_of_blocks(self.formulas, blocks)


@dataclass
class _Blocks:
    """Groups and levels met so far, and the one that the next lines belong to."""

    labels: dict[str, list[str]] = field(default_factory=lambda: {"group": [], "level": []})
    now: dict[str, int] = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int]:
        return self.now.get("group", 1), self.now.get("level", 1)


def parse_model(text: str) -> ParsedModel:
    """Read a model in lavaan's syntax.

    Raises
    ------
    OptionError
        For anything that the language does not allow. The message gives line and column,
        shows the line, and says what was found and how to mend it.
    """
    if not isinstance(text, str):
        raise OptionError(
            f"The model is {type(text).__name__}; expected text in lavaan's syntax, such as "
            "'trust =~ item1 + item2 + item3'."
        )
    source = Source(text.replace("\r\n", "\n").replace("\r", "\n"))
    formulas: list[Formula] = []
    relations: list[Relation] = []
    blocks = _Blocks()
    for tokens, after in statements(tokenise(source), source):
        at = find_operator(tokens, source)
        op = tokens[at].text
        if op == ":":
            _open_block(tokens, at, source, blocks, bool(formulas))
        elif op in FORMULA_OPERATORS:
            formulas.extend(_formulas(tokens, at, after, source, blocks.place, formulas))
        else:
            relations.append(_relation(tokens, at, after, source))
    if not formulas:
        raise OptionError(
            "The model holds no formula. A factor is written 'trust =~ item1 + item2 + item3', "
            "a regression 'outcome ~ trust'."
        )
    _check_blocks(blocks, formulas)
    if [label.lower() for label in blocks.labels["level"]] in _UPSIDE_DOWN:
        blocks.labels["level"].reverse()
        formulas = [replace(row, level=3 - row.level) for row in formulas]
    return ParsedModel(
        formulas=tuple(_ordered_pairs(formulas)),
        relations=tuple(relations),
        groups=tuple(blocks.labels["group"]),
        levels=tuple(blocks.labels["level"]),
        source=source,
    )


def _open_block(
    tokens: Sequence[Token], at: int, source: Source, blocks: _Blocks, begun: bool
) -> None:
    """Begin a block of the model: level: 1, group: 2."""
    first = tokens[0]
    kind = first.text.lower()
    if at != 1 or kind not in _BLOCKS:
        raise source.error(
            first.start,
            f"found '{tokens[at].text}' after {first.described()}: a block begins with 'level:' "
            "or 'group:', and a product of variables stands on the right side of '~' only."
            + near(kind, _BLOCKS),
        )
    label = "".join(token.bare for token in tokens[2:])
    if not label:
        raise source.error(tokens[1].end, f"'{kind}:' needs a number or name, as in '{kind}: 1'.")
    known = blocks.labels[kind]
    if begun and not blocks.now:
        raise source.error(
            first.start,
            "lines stand before the first block. Once a model has blocks, all of its formulas "
            "belong into one of them.",
        )
    if kind == "group" and blocks.labels["level"] and not blocks.labels["group"]:
        raise source.error(
            first.start, "levels lie within groups: write 'group:' first, and 'level:' in each."
        )
    if label not in known:
        known.append(label)
    if kind == "group":
        blocks.now.pop("level", None)
    blocks.now[kind] = known.index(label) + 1


def _check_blocks(blocks: _Blocks, formulas: Sequence[Formula]) -> None:
    """Refuse a level without company, and groups of which some have levels and some not."""
    levels, groups = blocks.labels["level"], blocks.labels["group"]
    if not levels:
        return
    if len(levels) != 2:
        raise OptionError(
            f"The model has {len(levels)} level(s): {', '.join(levels)}. A two-level model has "
            "two blocks, 'level: 1' (within clusters) and 'level: 2' (between them)."
        )
    filled = {(row.group, row.level) for row in formulas}
    for g in range(max(len(groups), 1)):
        for k, label in enumerate(levels):
            if (g + 1, k + 1) not in filled:
                within = f" of group '{groups[g]}'" if groups else ""
                raise OptionError(f"Level '{label}'{within} holds no formula.")


def _formulas(
    tokens: Sequence[Token],
    at: int,
    after: Token,
    source: Source,
    place: tuple[int, int],
    earlier: Sequence[Formula],
) -> list[Formula]:
    """Take a formula apart into one row for every variable on the left and on the right."""
    op = tokens[at].text
    left = _left(tokens[:at], tokens[at], source)
    right = tokens[at + 1 :]
    if not right:
        raise source.error(tokens[at].end, f"nothing stands on the right side of '{op}'.")
    terms = read_terms(right, source, op, after)
    seen = {
        _identity(row.lhs, row.op, row.rhs): row
        for row in earlier
        if (row.group, row.level) == place
    }
    found = []
    for name in left:
        for term in terms:
            row = _formula(name, op, term, source, place)
            key = _identity(row.lhs, row.op, row.rhs)
            if key in seen:
                line = source.line(seen[key].where)
                raise source.error(
                    term.where,
                    f"'{_written(row)}' was said before, on line {line}. Say it once, with "
                    "all of its modifiers.",
                )
            seen[key] = row
            found.append(row)
    return found


def _written(row: Formula) -> str:
    return f"{row.lhs} ~ 1" if row.op == "~1" else f"{row.lhs} {row.op} {row.rhs}"


def _identity(lhs: str, op: str, rhs: str) -> tuple[str, ...]:
    """Give what two rows about the same parameter have in common."""
    return (op, *sorted((lhs, rhs))) if op == "~~" else (op, lhs, rhs)


def _formula(name: Token, op: str, term: Term, source: Source, place: tuple[int, int]) -> Formula:
    """Make one row, and refuse what no variable can do to itself."""
    lhs, rhs = plain_name(name, source), term.name
    if op == "=~" and rhs == "=~0":
        rhs = lhs  # a latent variable without indicators
    elif op in ("=~", "~") and lhs == rhs:
        said = "is measured by itself" if op == "=~" else "is regressed on itself"
        hint = f" A variance is written {lhs} ~~ {lhs}." if op == "~" else ""
        raise source.error(term.where, f"'{lhs}' stands on both sides: it {said}.{hint}")
    elif op == "~*~" and lhs != rhs:
        raise source.error(
            term.where,
            f"'~*~' scales one variable, so '{lhs}' must stand on both sides: {lhs} ~*~ {lhs}.",
        )
    elif op == "|" and re.fullmatch(r"t[1-9]\d*", rhs) is None:
        raise source.error(
            term.where,
            f"found '{rhs}' where a threshold was expected. Thresholds are named t1, t2, …: "
            f"{lhs} | t1 + t2.",
        )
    if op == "~" and rhs == "":
        op = "~1"
    return Formula(lhs, op, rhs, term.modifiers, term.where, *place)


def _left(tokens: Sequence[Token], operator: Token, source: Source) -> list[Token]:
    """Read the variables on the left side, joined by '+'."""
    if not tokens:
        raise source.error(operator.start, f"nothing stands on the left side of '{operator.text}'.")
    found = []
    for part, ending in split(tokens, "+", operator):
        if not part:
            raise source.error(
                ending.start, f"found {ending.described()} where a variable was expected."
            )
        if any(token.text == "*" for token in part):
            raise source.error(
                part[0].start,
                "modifiers stand on the right side only, before the variable that they are about.",
            )
        if part[0].kind not in ("name", "string") or len(part) > 1:
            wrong = part[0] if part[0].kind not in ("name", "string") else part[1]
            raise source.error(
                wrong.start,
                f"found {wrong.described()} on the left side of '{operator.text}', where "
                "variables joined by '+' were expected.",
            )
        found.append(part[0])
    return found


def _relation(tokens: Sequence[Token], at: int, after: Token, source: Source) -> Relation:
    """Read a constraint, or a definition with ':='."""
    op = tokens[at]
    left, right = list(tokens[:at]), list(tokens[at + 1 :])
    if op.text == ":=" and (len(left) != 1 or left[0].kind not in ("name", "string")):
        where = left[0] if left else op
        raise source.error(
            where.start, "the left side of ':=' is one name, that of what is defined."
        )
    if op.text in CONSTRAINT_OPERATORS and not left:
        raise source.error(op.start, f"nothing stands on the left side of '{op.text}'.")
    return Relation(
        op=op.text,
        lhs=read_expression(left, source, op),
        rhs=read_expression(right, source, after),
        where=tokens[0].start,
    )


def _ordered_pairs(formulas: Sequence[Formula]) -> list[Formula]:
    """Put the two sides of covariances in order: latent before observed, and as they appear."""
    if not any(row.op == "~~" for row in formulas):
        return list(formulas)
    blocks = list(dict.fromkeys((row.group, row.level) for row in formulas))
    # lavaan counts the heads of groups as blocks where levels lie within them.
    first = (1, 1) if len({group for group, _ in blocks}) == 1 else None
    roles = roles_of_blocks(formulas, blocks, first=first)
    names = [name for kind in ("lv", "ov") for name in joined_names(roles, kind)]
    rank = {name: position for position, name in reversed(list(enumerate(names)))}
    return [
        replace(row, lhs=row.rhs, rhs=row.lhs)
        if row.op == "~~" and rank[row.lhs] > rank[row.rhs]
        else row
        for row in formulas
    ]
