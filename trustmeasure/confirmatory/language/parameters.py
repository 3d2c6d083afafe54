"""The parameter table of a model: what is estimated, what is fixed, and what is held equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from trustmeasure.confirmatory.language.expressions import Expression
from trustmeasure.confirmatory.language.variables import Roles, joined_names, roles_of_blocks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table.

    Attributes
    ----------
    lhs, op, rhs : str
        As in the model; ``rhs`` is empty for intercepts ("~1").
    group, level : int
        From 1.
    free : int
        0 if fixed, else the place among the free parameters, from 1, before equalities.
    value : float
        What it is fixed at; NaN if it is free, or comes from the data (``exo``).
    start : float
        The user's starting value, or NaN.
    label, plabel : str
        The label of the user or of an equality; and ``.p1.``, ``.p2.``, … by row.
    exo : bool
        A moment of exogenous variables, or a slope on them where models condition on these.
    user : bool
        Written in the model, not added.
    lower, upper : float
        Bounds of the user, infinite otherwise.
    """

    lhs: str
    op: str
    rhs: str
    group: int = 1
    level: int = 1
    free: int = 0
    value: float = np.nan
    start: float = np.nan
    label: str = ""
    plabel: str = ""
    exo: bool = False
    user: bool = True
    lower: float = -np.inf
    upper: float = np.inf


@dataclass(frozen=True)
class Constraint:
    """An equality or inequality between expressions of free parameters.

    ``user`` is False for equalities that come from shared labels or from ``group_equal``.
    """

    op: str
    lhs: Expression
    rhs: Expression
    text: str
    user: bool = True


@dataclass(frozen=True)
class Definition:
    """A parameter that `:=` defines from others."""

    name: str
    expression: Expression
    text: str


@dataclass(frozen=True)
class ParameterTable:
    """Everything that a model says, defaults included.

    Attributes
    ----------
    parameters : tuple of Parameter
        In lavaan's order.
    constraints : tuple of Constraint
        The user's, then those of shared labels and of ``group_equal``; names are resolved.
    definitions : tuple of Definition
        In the order of the model; names are resolved, earlier definitions included.
    meanstructure : bool
    parameterization : str
        "delta" or "theta".
    n_groups, n_levels : int
    notes : tuple of str
        What should be known about how the model was read.
    """

    parameters: tuple[Parameter, ...]
    constraints: tuple[Constraint, ...]
    definitions: tuple[Definition, ...]
    meanstructure: bool = False
    parameterization: str = "delta"
    n_groups: int = 1
    n_levels: int = 1
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def n_free(self) -> int:
        """Free parameters, before equalities."""
        return max((parameter.free for parameter in self.parameters), default=0)

    @cached_property
    def free(self) -> tuple[Parameter, ...]:
        """The free parameters, in their order."""
        return tuple(parameter for parameter in self.parameters if parameter.free)

    def names(
        self, kind: str, *, group: int | None = None, level: int | None = None
    ) -> tuple[str, ...]:
        """Names of one kind ("ov", "ov.x", "lv.y", "th", …), as lavNames gives them.

        Without a group and level, those of all, each once.
        """
        key = (kind, group, level)
        if key not in self._known_names:
            chosen = [(g, k) for g, k in self._blocks if group in (None, g) and level in (None, k)]
            self._known_names[key] = joined_names(self._roles, kind, chosen)
        return self._known_names[key]

    @property
    def observed(self) -> tuple[str, ...]:
        """Observed variables over all groups and levels, in lavaan's order."""
        return self.names("ov")

    @property
    def latent(self) -> tuple[str, ...]:
        """Latent variables over all groups and levels, in lavaan's order."""
        return self.names("lv")

    @property
    def ov_x(self) -> tuple[str, ...]:
        """Exogenous observed variables."""
        return self.names("ov.x")

    @property
    def ov_nox(self) -> tuple[str, ...]:
        """Observed variables that are not exogenous."""
        return self.names("ov.nox")

    @property
    def ov_y(self) -> tuple[str, ...]:
        """Observed variables that are regressed on others and explain nothing."""
        return self.names("ov.y")

    @property
    def ov_ind(self) -> tuple[str, ...]:
        """Indicators of latent variables."""
        return self.names("ov.ind")

    @property
    def ov_ord(self) -> tuple[str, ...]:
        """Ordered observed variables, which have thresholds."""
        return self.names("ov.ord")

    @property
    def lv_x(self) -> tuple[str, ...]:
        """Exogenous latent variables."""
        return self.names("lv.x")

    @property
    def lv_y(self) -> tuple[str, ...]:
        """Latent variables that are regressed on others and explain nothing."""
        return self.names("lv.y")

    @property
    def lv_nox(self) -> tuple[str, ...]:
        """Latent variables that are not exogenous."""
        return self.names("lv.nox")

    @property
    def interactions(self) -> dict[str, tuple[str, str]]:
        """Products of observed variables: the name "a:b", and the two variables."""
        found = [name.split(":", 1) for name in self.observed if ":" in name]
        return {f"{a}:{b}": (a, b) for a, b in found}

    @property
    def equalities(self) -> tuple[Constraint, ...]:
        """Constraints with '=='."""
        return tuple(constraint for constraint in self.constraints if constraint.op == "==")

    @property
    def inequalities(self) -> tuple[Constraint, ...]:
        """Constraints with '<' and '>'."""
        return tuple(constraint for constraint in self.constraints if constraint.op != "==")

    def to_frame(self) -> pd.DataFrame:
        """Give the parameters as a frame, one row each, in order."""
        import pandas as pd

        columns = [part.name for part in fields(Parameter)]
        return pd.DataFrame(
            [[getattr(row, name) for name in columns] for row in self.parameters], columns=columns
        )

    @cached_property
    def _known_names(self) -> dict[tuple[str, int | None, int | None], tuple[str, ...]]:
        return {}

    @cached_property
    def _roles(self) -> dict[tuple[int, int], Roles]:
        return roles_of_blocks(self.parameters, self._blocks)

    @cached_property
    def _blocks(self) -> Sequence[tuple[int, int]]:
        return list(dict.fromkeys((row.group, row.level) for row in self.parameters))
