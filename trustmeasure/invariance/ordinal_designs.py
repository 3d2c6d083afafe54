"""Groups and waves with ordered items: what `designs` says of continuous ones, by plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.invariance.designs import Measured, Row, latent_moments, quietly
from trustmeasure.invariance.ordinal_answers import Answers
from trustmeasure.invariance.ordinal_plans import Measures, Plan
from trustmeasure.invariance.ordinal_syntax import over_groups, over_waves
from trustmeasure.invariance.wide import Wide
from trustmeasure.kernels.ordinal_bias import OrdinalMeasurement
from trustmeasure.kernels.ordinal_structure import OrdinalLayout, ordinal_implied
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class OrdinalMeasured(Measured):
    """One occasion's part in a model of ordered items.

    ``behind`` is how the variables behind the answers are measured; ``ordered`` says which items
    have thresholds, and ``lowest`` (p,) what their lowest answer is.
    """

    behind: OrdinalMeasurement
    ordered: NDArray[np.bool_]
    lowest: FloatArray


@dataclass(frozen=True)
class OrdinalDesign:
    """What groups and waves have in common."""

    measures: Measures
    answers: Answers
    labels: tuple[Any, ...]
    options: Mapping[str, Any]
    released: tuple[str, ...] = ()
    kind: str = "group"

    @property
    def factors(self) -> Mapping[str, tuple[str, ...]]:
        """Items of each factor."""
        return self.measures.factors

    @property
    def ordered(self) -> list[str]:
        """Ordered items."""
        return list(self.measures.categories)

    def plan(self, equal: Sequence[str], released: Sequence[str]) -> Plan:
        """Say what is equal and free, with what is released at every level."""
        return self.measures.plan(equal, {*self.released, *released})

    def fit(self, equal: Sequence[str], released: Sequence[str]) -> StructuralModel:
        """Fit the model with classes of parameters equal, single ones released."""
        return self.fit_plan(self.plan(equal, released))

    def fit_plan(self, plan: Plan) -> StructuralModel:
        """Fit the model that a plan describes."""
        raise NotImplementedError

    def syntax(self, plan: Plan) -> str:
        """Write the model of all occasions."""
        raise NotImplementedError

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the table of each (name, occasion)."""
        raise NotImplementedError

    def measured(self, fitted: StructuralModel, points: FloatArray) -> list[OrdinalMeasured]:
        """Give each occasion's parameters at points (…, n_free)."""
        raise NotImplementedError

    @property
    def fitting(self) -> dict[str, Any]:
        """Options that go to `cfa`."""
        names = ("estimator", "parameterization", "orthogonal", "conf_level")
        return {name: self.options[name] for name in names} | {"std_lv": True}

    def _part(
        self,
        layout: OrdinalLayout,
        points: FloatArray,
        place: int,
        rows: Sequence[int],
        columns: Sequence[int],
    ) -> OrdinalMeasured:
        """Take one occasion out of a layout: rows of its items, columns of its factors."""
        found = ordinal_implied(layout, points)
        parts = matrices(layout.structure, points)
        level, latent = latent_moments(parts)
        loadings = parts["lambda"][..., rows, :][..., columns]
        spread = latent[..., columns, :][..., columns]
        items = self.measures.items
        codes = [self.answers.codes.get(item, np.zeros(1)) for item in items]
        most = max(len(own) for own in codes) - 1
        steps = np.zeros((len(items), most))
        thresholds = np.zeros((*points.shape[:-1], len(items), most))
        for i, (row, own) in enumerate(zip(rows, codes, strict=True)):
            if len(own) > 1:
                steps[i, : len(own) - 1] = np.diff(own)
                at = np.flatnonzero(layout.shape.cut == row)
                thresholds[..., i, : len(at)] = found.tau[..., at]
        shared = np.einsum("...pm,...mk,...pk->...p", loadings, spread, loadings)
        ordered = np.array([item in self.answers.codes for item in items])
        total = 1.0 / found.delta[..., rows] ** 2
        rest = np.where(ordered, total - shared, 1.0)
        intercepts = parts["nu"][..., rows]
        return OrdinalMeasured(
            items=items,
            factors=tuple(self.factors),
            loadings=loadings,
            intercepts=intercepts,
            level=level[..., columns],
            spread=spread,
            deviations=self.answers.deviations[place],
            means=self.answers.means[place],
            n=self.answers.sizes[place],
            behind=OrdinalMeasurement(
                loadings=loadings,
                intercepts=intercepts,
                thresholds=thresholds,
                deviations=np.sqrt(np.maximum(rest, 1e-12)),
                steps=steps,
            ),
            ordered=ordered,
            lowest=np.array([own[0] for own in codes]),
        )


def solution_of(fitted: StructuralModel) -> Any:
    """Give what was estimated of ordered items."""
    return cast("OrdinalStructuralModel", fitted).solution


@dataclass(frozen=True, kw_only=True)
class OrdinalGroupDesign(OrdinalDesign):
    """Groups of persons, named by a column."""

    data: Any
    group: str

    def syntax(self, plan: Plan) -> str:
        """Write the model of all groups."""
        return over_groups(self.measures, plan, len(self.labels))

    def fit_plan(self, plan: Plan) -> StructuralModel:
        """Fit the model that a plan describes."""
        return quietly(
            self.syntax(plan), self.data, group=self.group, ordered=self.ordered, **self.fitting
        )

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the table of each (name, group)."""
        return {
            (f"{row.lhs}{row.op}{row.rhs}", row.group - 1): place
            for place, row in enumerate(solution_of(fitted).specification.table.parameters)
        }

    def measured(self, fitted: StructuralModel, points: FloatArray) -> list[OrdinalMeasured]:
        """Give each group's parameters."""
        solution = solution_of(fitted)
        blocks = solution.specification.base.blocks
        return [
            self._part(
                layout, points, place,
                [block.observed.index(item) for item in self.measures.items],
                [block.latent.index(factor) for factor in self.factors],
            )
            for place, (layout, block) in enumerate(
                zip(solution.model.layouts, blocks, strict=True)
            )
        ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OrdinalWaveDesign(OrdinalDesign):
    """Waves of the same persons, in wide data."""

    wide: Wide
    residual_covariances: bool
    kind: str = "wave"

    def syntax(self, plan: Plan) -> str:
        """Write the model of all waves."""
        return over_waves(
            self.measures, plan, self.wide.columns, self.wide.suffixes,
            residual_covariances=self.residual_covariances,
        )  # fmt: skip

    def fit_plan(self, plan: Plan) -> StructuralModel:
        """Fit the model that a plan describes."""
        ordered = [name for item in self.ordered for name in self.wide.columns[item]]
        return quietly(self.syntax(plan), self.wide.frame, ordered=ordered, **self.fitting)

    def rows(self, fitted: StructuralModel) -> dict[Row, int]:
        """Give the row of the table of each (name, wave)."""
        return self.wide.rows(solution_of(fitted).specification.table.parameters, self.factors)

    def measured(self, fitted: StructuralModel, points: FloatArray) -> list[OrdinalMeasured]:
        """Give each wave's parameters."""
        solution = solution_of(fitted)
        block, layout = solution.specification.base.blocks[0], solution.model.layouts[0]
        columns = self.wide.columns
        return [
            self._part(
                layout, points, place,
                [block.observed.index(columns[item][place]) for item in self.measures.items],
                [block.latent.index(f"{factor}.{end}") for factor in self.factors],
            )
            for place, end in enumerate(self.wide.suffixes)
        ]  # fmt: skip


__all__ = [
    "OrdinalDesign",
    "OrdinalGroupDesign",
    "OrdinalMeasured",
    "OrdinalWaveDesign",
    "solution_of",
]
