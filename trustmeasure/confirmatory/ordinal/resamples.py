"""Resamples of ordered items, and their model fitted to each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.ordinal.completion import completed, standardised_ordinal
from trustmeasure.confirmatory.ordinal.estimation import ESTIMATORS, OrdinalSolution
from trustmeasure.confirmatory.ordinal.factor_scores import coded_answers
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.ordinal.specification import row_values
from trustmeasure.confirmatory.replication import improper
from trustmeasure.errors import OptionError
from trustmeasure.kernels.moment_replicates import Replicates
from trustmeasure.kernels.ordinal_moments import category_codes
from trustmeasure.kernels.ordinal_replicates import (
    MomentStack,
    fit_ordinal_replicates,
    mixed_stack,
    ordered_stack,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class OrdinalResamples:
    """Ordered items: thresholds and correlations of all resamples, fitted as one stack.

    ``groups`` holds answers (n, p), ordered ones by the numbers of their categories and
    covariates that the model conditions on last, and ``draws`` rows of each (b, n).
    """

    solution: OrdinalSolution
    kind: str
    groups: list[FloatArray]
    draws: list[IntArray]

    whole_clusters = False

    @classmethod
    def of(
        cls, fit: OrdinalStructuralModel, n_boot: int, rng: np.random.Generator
    ) -> OrdinalResamples:
        """Draw persons within groups."""
        solution = fit.solution
        groups = [
            coded_answers(group.values, solution.specification.whole_block(place), fit.answers)
            for place, group in enumerate(fit.answers.samples.groups)
            if group.values is not None
        ]
        draws = [
            rng.integers(0, len(own), size=(n_boot, len(own)), dtype=np.intp) for own in groups
        ]
        kind = ESTIMATORS[str(fit.settings["estimator"])][0]
        return cls(solution, kind, groups, draws)

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        return self.solution.specification.table

    @property
    def point(self) -> FloatArray:
        """The estimates."""
        return self.solution.parameters

    def replicates(self) -> Replicates:
        """Estimate the moments of all resamples, and fit them."""
        solution = self.solution
        stacks = [
            self._stack(place, values, rows)
            for place, (values, rows) in enumerate(zip(self.groups, self.draws, strict=True))
        ]
        return fit_ordinal_replicates(solution.model, stacks, solution.reduced, self.kind)

    def _stack(self, place: int, values: FloatArray, rows: IntArray) -> MomentStack:
        shape, moments = self.solution.specification.shapes[place], self.solution.moments[place]
        p, full = len(shape.categories), self.kind == "WLS"
        if shape.n_given:
            return mixed_stack(
                values[:, :p], shape.categories, rows, full=full, given=values[:, p:]
            )
        if len(shape.continuous) or full:
            return mixed_stack(values, shape.categories, rows, full=full)
        codes = category_codes(values)
        return ordered_stack(codes, shape.categories, rows, moments.moments[shape.pairs])

    def values(self, parameters: FloatArray) -> FloatArray:
        """Give every row of the table, those that follow from others included."""
        specification, model = self.solution.specification, self.solution.model
        found = [row_values(specification, model, one) for one in parameters]
        return np.array(found).reshape(len(parameters), -1)

    def standardised(self, parameters: FloatArray) -> FloatArray:
        """Give every row in standard deviations of the variables behind."""
        with np.errstate(invalid="ignore"):
            return standardised_ordinal(
                self.solution.specification, self.solution.model, parameters
            )

    def improper(self, parameters: FloatArray) -> NDArray[np.bool_]:
        """Say which replicates are improper."""
        return improper(*completed(self.solution.model, parameters))

    def influence(self) -> FloatArray:
        """Refuse: how persons move the estimates is not computed one by one."""
        raise OptionError(
            "ci='bca' needs how each person moves the estimates, which is not offered for models "
            "of ordered items. Use ci='bca.simple' (corrected for bias alone) or 'percentile'."
        )
