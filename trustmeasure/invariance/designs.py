"""What is compared: groups of persons, or waves of the same persons.

A design fits a measurement model with some parameters held equal over its occasions (groups or
waves) and others released, and says where each occasion's parameters stand in the model. What
asks about invariance needs to know no more.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel, cfa
from trustmeasure.confirmatory.admissibility import problems_of
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.confirmatory.ordinal.fitting import problems_of_ordinal
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]
Row = tuple[str, int]


class Design(Protocol):
    """Occasions that a measurement model is compared over."""

    @property
    def kind(self) -> str:
        """What an occasion is: "group" or "wave"."""

    @property
    def labels(self) -> tuple[Any, ...]:
        """Labels of the occasions, that of the reference first."""

    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]:
        """Items of each factor."""

    @property
    def options(self) -> Mapping[str, Any]:
        """Options that go to `cfa`."""

    @property
    def released(self) -> tuple[str, ...]:
        """Names of parameters that are free at every level."""

    def fit(self, equal: Sequence[str], released: Sequence[str]) -> StructuralModel:
        """Fit the model with classes of parameters equal, single ones released."""

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the parameter table of each (name, occasion)."""

    def measured(self, fitted: StructuralModel, points: FloatArray) -> Sequence[Measured]:
        """Give each occasion's parameters at points (…, n_free)."""


@dataclass(frozen=True)
class Measured:
    """One occasion's part in a model, at a stack of parameters.

    Attributes
    ----------
    items, factors : tuple of str
        Rows and columns of the loadings.
    loadings : ndarray, shape (…, p, m)
    intercepts : ndarray, shape (…, p)
    level : ndarray, shape (…, m)
        Means of the factors.
    spread : ndarray, shape (…, m, m)
        Their covariances.
    deviations : ndarray, shape (p,)
        Observed standard deviations of the items, divisor n − 1.
    means : ndarray, shape (p,)
        Their observed means.
    n : int
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: FloatArray
    intercepts: FloatArray
    level: FloatArray
    spread: FloatArray
    deviations: FloatArray
    means: FloatArray
    n: int


def read_factors(model: str) -> dict[str, tuple[str, ...]]:
    """Give the indicators of each latent variable of a model."""
    parsed = parse_model(model)
    found: dict[str, list[str]] = {}
    for row in parsed.formulas:
        if row.op == "=~" and row.rhs not in found.setdefault(row.lhs, []):
            found[row.lhs].append(row.rhs)
    return {factor: tuple(items) for factor, items in found.items()}


def hold_lower_intercepts(model: str) -> str:
    """Fix intercepts of factors that other factors measure, or their means would not be known.

    Equal intercepts free the means of all factors. Where a factor has indicators that are
    factors, only its own mean can be told from those below, whose intercepts are held at 0.
    """
    parsed = parse_model(model)
    latent = {row.lhs for row in parsed.formulas if row.op == "=~"}
    given = {row.lhs for row in parsed.formulas if row.op == "~1"}
    lower = dict.fromkeys(
        row.rhs for row in parsed.formulas if row.op == "=~" and row.rhs in latent - given
    )
    return "\n".join([model, *(f"{name} ~ 0*1" for name in lower)])


def of_items(factors: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Give the factors that items measure, without those that only factors do."""
    found = {
        factor: tuple(item for item in own if item not in factors)
        for factor, own in factors.items()
    }
    return {factor: own for factor, own in found.items() if own}


def standardises(model: str) -> bool:
    """Tell whether factors can take their scale from their variance: no loading is fixed."""
    parsed = parse_model(model)
    options: dict[str, Any] = {**DEFAULTS["cfa"], "std_lv": True}
    table = parameter_table(parsed, **options)
    return not any(row.op == "=~" and not row.free and row.value for row in table.parameters)


@dataclass(frozen=True)
class GroupDesign:
    """Groups of persons, named by a column."""

    model: str
    data: Any
    group: str
    labels: tuple[Any, ...]
    factors: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any]
    released: tuple[str, ...] = ()
    kind: str = "group"

    def fit(self, equal: Sequence[str], released: Sequence[str]) -> StructuralModel:
        """Fit the model with classes of parameters equal over groups, single ones released."""
        partial = tuple(dict.fromkeys([*self.released, *released])) if equal else ()
        return quietly(
            self.model, self.data, group=self.group, group_equal=tuple(equal),
            group_partial=partial, **self.options,
        )  # fmt: skip

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the table of each (name, group)."""
        return {
            (f"{row.lhs}{row.op}{row.rhs}", row.group - 1): place
            for place, row in enumerate(fitted.fitted.specification.table.parameters)
        }

    def measured(self, fitted: StructuralModel, points: FloatArray) -> list[Measured]:
        """Give each group's parameters."""
        kept = fitted.fitted
        found = []
        for place, (layout, block, group) in enumerate(
            zip(
                kept.estimates.model.layouts,
                kept.specification.blocks,
                kept.samples.groups,
                strict=True,
            )
        ):
            mean, spread = kept.data.saturated[place]
            parts = matrices(layout, points)
            level, latent = latent_moments(parts)
            found.append(
                Measured(
                    items=block.observed,
                    factors=block.latent,
                    loadings=parts["lambda"],
                    intercepts=parts["nu"],
                    level=level,
                    spread=latent,
                    deviations=np.sqrt(np.diag(spread) * group.n / (group.n - 1)),
                    means=mean,
                    n=group.n,
                )
            )
        return found


def latent_moments(parts: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Means and covariances of the latent variables, what they regress on included."""
    beta = parts["beta"]
    through = np.linalg.inv(np.eye(beta.shape[-1]) - beta)
    level = (through @ parts["alpha"][..., None])[..., 0]
    return level, through @ parts["psi"] @ through.mT


def quietly(model: str, data: Any, **options: Any) -> StructuralModel:
    """Fit without warnings on the spot: the ladder gives them with the level's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return cfa(model, data, **options)


def point_of(fitted: StructuralModel) -> tuple[FloatArray, FloatArray]:
    """Give the free parameters of a model, and their covariance."""
    if isinstance(fitted, OrdinalStructuralModel):
        return fitted.solution.parameters, fitted.solution.covariance
    return fitted.fitted.estimates.parameters, fitted.fitted.inference.covariance


def doubts(fitted: StructuralModel) -> tuple[str, ...]:
    """Give what was warned of in a fit, without what was merely recorded."""
    if isinstance(fitted, OrdinalStructuralModel):
        return tuple(problems_of_ordinal(fitted.solution))
    kept = fitted.fitted
    problems = problems_of(kept.specification, kept.estimates, kept.inference)
    return tuple(problems.messages(kept.estimates.converged, kept.estimates.n_iterations))
