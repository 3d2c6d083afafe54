"""What a model leaves unsaid: the rows that lavaan adds, and what it fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from trustmeasure.confirmatory.language.modifiers import UNMODIFIED, Modifiers
from trustmeasure.confirmatory.language.syntax import Formula
from trustmeasure.confirmatory.language.variables import Roles, block_roles

NAN = float("nan")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Options:
    """How to complete a model; see `parameter_table`."""

    meanstructure: bool
    int_ov_free: bool
    int_lv_free: bool
    fixed_x: bool
    conditional_x: bool
    orthogonal: bool
    orthogonal_x: bool
    orthogonal_y: bool
    std_lv: bool
    auto_fix_first: bool
    auto_fix_single: bool
    auto_var: bool
    auto_cov_lv_x: bool
    auto_cov_y: bool
    auto_th: bool
    auto_delta: bool
    parameterization: str
    ordered: frozenset[str]
    categories: Mapping[str, int]
    group_equal: frozenset[str]


@dataclass
class Row:
    """A parameter in the making; ``value`` is what it is fixed at, or its starting value."""

    lhs: str
    op: str
    rhs: str
    user: bool
    group: int = 1
    level: int = 1
    free: bool = True
    value: float = NAN
    exo: bool = False
    label: str = ""
    lower: float = -np.inf
    upper: float = np.inf
    modifiers: Modifiers = UNMODIFIED
    where: int = -1

    @property
    def key(self) -> Key:
        """What makes the parameter one within its block."""
        return self.lhs, self.op, self.rhs

    def fix(self, value: float) -> None:
        """Take the parameter out of those that are estimated."""
        self.free, self.value = False, value

    def release(self) -> None:
        """Have the parameter estimated."""
        self.free, self.value = True, NAN


def ordered_names(roles: Roles, options: Options) -> list[str]:
    """Name the ordered variables of a block: with thresholds written, or declared."""
    written = set(roles.kinds["ov.ord"])
    declared = options.ordered - set(roles.kinds["ov.x"])
    return [name for name in roles.kinds["ov"] if name in written or name in declared]


def complete(formulas: Sequence[Formula], options: Options) -> list[Row]:
    """Give the rows of one block: those of the user, then those that are added."""
    roles = block_roles(formulas)
    rows = [
        Row(
            one.lhs,
            one.op,
            one.rhs,
            True,
            one.group,
            one.level,
            modifiers=one.modifiers,
            where=one.where,
        )
        for one in formulas
    ]
    said = {row.key for row in rows}
    group, level = formulas[0].group, formulas[0].level
    rows += [Row(*key, False, group, level) for key in _added(roles, options) if key not in said]
    _fix_variances(rows, roles, options)
    _fix_scales(rows, options)
    _fix_covariances(rows, roles, options)
    if options.meanstructure:
        _fix_means(rows, roles, options)
    _fix_exogenous(rows, roles, options)
    ordinal = set(ordered_names(roles, options))
    _fix(rows, 1.0, lambda row: row.op == "~~" and row.lhs == row.rhs and row.lhs in ordinal)
    _fix(rows, 1.0, lambda row: row.op == "~*~")
    return rows


def _fix(rows: Iterable[Row], value: float, which: Callable[[Row], bool]) -> None:
    """Fix those of the added rows that a rule is about."""
    for row in rows:
        if not row.user and which(row):
            row.fix(value)


def _added(roles: Roles, options: Options) -> list[Key]:
    """Name the parameters that a model has without being asked, in order."""
    kinds = roles.kinds
    latent, x = kinds["lv"], kinds["ov.x"]
    ordinal = ordered_names(roles, options)
    found: list[Key] = [
        (name, "|", f"t{number}")
        for name in ordinal
        for number in range(1, options.categories.get(name, 1))
    ]
    found += [(name, "~~", name) for name in (*kinds["ov.nox"], *latent)]
    if options.auto_cov_lv_x:
        found += [(a, "~~", b) for a, b in combinations(kinds["lv.x"], 2)]
    if options.auto_cov_y:
        found += [(a, "~~", b) for a, b in combinations((*kinds["lv.y"], *kinds["ov.y"]), 2)]
    found += [(a, "~~", b) for position, a in enumerate(x) for b in x[position:]]
    found += [(name, "~*~", name) for name in ordinal]
    if options.meanstructure:
        found += [(name, "~1", "") for name in (*kinds["ov"], *latent)]
    return found


def _fix_variances(rows: list[Row], roles: Roles, options: Options) -> None:
    """Fix thresholds and variances that are not to be estimated, and those of std_lv."""
    latent = set(roles.kinds["lv"])
    if not options.auto_th:
        _fix(rows, NAN, lambda row: row.op == "|")
    if not options.auto_var:
        _fix(rows, 0.0, lambda row: row.op == "~~" and row.lhs == row.rhs)
    if options.std_lv:
        for row in rows:
            if row.op == "~~" and row.lhs == row.rhs and row.lhs in latent:
                row.fix(1.0)


def _fix_scales(rows: list[Row], options: Options) -> None:
    """Give latent variables a scale: a first loading of one, and single indicators no error."""
    loadings = [row for row in rows if row.op == "=~"]
    if options.auto_fix_first:
        first: dict[str, Row] = {}
        for row in loadings:
            first.setdefault(row.lhs, row)
        for row in first.values():
            row.fix(1.0)
    if options.auto_var and options.auto_fix_single:
        counts = [row.lhs for row in loadings]
        measured = [row.rhs for row in loadings]
        single = {
            row.rhs
            for row in loadings
            if counts.count(row.lhs) == 1 and row.lhs != row.rhs and measured.count(row.rhs) == 1
        }
        _fix(rows, 0.0, lambda row: row.op == "~~" and row.lhs == row.rhs and row.lhs in single)


def _fix_covariances(rows: list[Row], roles: Roles, options: Options) -> None:
    """Fix covariances of latent variables that are to be orthogonal."""
    for asked, kind in (
        (options.orthogonal, "lv"),
        (options.orthogonal_y, "lv.y"),
        (options.orthogonal_x, "lv.x"),
    ):
        if asked:
            names = set(roles.kinds[kind])
            _fix(rows, 0.0, lambda row, names=names: _pair(row, names))  # type: ignore[misc]


def _pair(row: Row, names: set[str]) -> bool:
    return row.op == "~~" and row.lhs != row.rhs and row.lhs in names and row.rhs in names


def _fix_means(rows: list[Row], roles: Roles, options: Options) -> None:
    """Fix intercepts of ordered items, and those that the kind of model leaves at zero."""
    zero = set(ordered_names(roles, options))
    if not options.int_ov_free:
        zero |= set(roles.kinds["ov"])
    if not options.int_lv_free:
        zero |= set(roles.kinds["lv"])
    _fix(rows, 0.0, lambda row: row.op == "~1" and row.lhs in zero)


def _fix_exogenous(rows: list[Row], roles: Roles, options: Options) -> None:
    """Take the moments of exogenous variables from the data."""
    x = set(roles.kinds["ov.x"])
    if not x or not (options.fixed_x or options.conditional_x):
        return
    for row in rows:
        moment = (row.op == "~~" and {row.lhs, row.rhs} <= x) or (row.op == "~1" and row.lhs in x)
        if moment and not row.user:
            row.exo = True
            if options.fixed_x:
                row.fix(NAN)
        elif options.conditional_x and row.op == "~" and row.rhs in x:
            row.exo = True
