"""Samples of ordered answers drawn from a fitted model, each fitted, and how well each fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.ordinal_completion import completed
from trustmeasure.confirmatory.ordinal_estimation import OrdinalSolution, estimate_ordinal
from trustmeasure.confirmatory.ordinal_fit_measures import ordinal_fit_measures
from trustmeasure.confirmatory.ordinal_results import OrdinalStructuralModel
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.structural import implied, matrices

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class OrdinalPopulation:
    """The variables behind the answers, their matrices, and the thresholds that cut them.

    ``indices`` are those that the estimator is judged by: scaled ones where it scales. Says of
    each whether a larger value is better.
    """

    solution: OrdinalSolution
    estimator: str
    block: Block
    parts: Mapping[str, FloatArray]
    indices: Mapping[str, bool]

    @classmethod
    def of(cls, fit: OrdinalStructuralModel, what: str) -> OrdinalPopulation:
        """Take a fitted model for the population."""
        solution = fit.solution
        blocks = solution.specification.base.blocks
        if len(blocks) > 1:
            raise OptionError(f"{what}() takes models of one group. Fit each group by itself.")
        if any(solution.specification.given):
            raise OptionError(
                f"{what}() does not draw covariates that ordered items are conditioned on. Leave "
                "them out, or fit the model with fixed_x=False."
            )
        if fit.settings["missing"] != "listwise":
            raise DataError(
                f"{what}() draws complete answers; the model was fitted to incomplete ones. Fit "
                "it to the complete ones alone (missing='listwise')."
            )
        model, parameters = completed(solution.model, solution.parameters)
        scaled = "_scaled" if "rmsea_scaled" in fit.fit else ""
        return cls(
            solution=solution,
            estimator=str(fit.settings["estimator"]),
            block=blocks[0],
            parts=matrices(model.layouts[0], parameters),
            indices={"srmr": False, f"rmsea{scaled}": False, f"cfi{scaled}": True},
        )

    def draw(
        self, parts: Mapping[str, FloatArray], n: int, n_rep: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Draw samples from matrices, and give the indices of those that have a solution."""
        found = implied(parts)
        root = np.linalg.cholesky(found.spread)
        rows = []
        for _ in range(n_rep):
            behind = found.mean + rng.standard_normal((n, len(root))) @ root.T
            try:
                fitted = estimate_ordinal(
                    self.solution.specification.table,
                    [self._answers(behind)],
                    estimator=self.estimator,
                )
            except DataError:  # an empty category, or a correlation of ±1
                continue
            measures = ordinal_fit_measures(fitted, self.estimator)
            if fitted.converged and np.isfinite(measures[list(self.indices)]).all():
                rows.append(measures[list(self.indices)])
        return pd.DataFrame(rows, columns=list(self.indices)).reset_index(drop=True)

    def _answers(self, behind: FloatArray) -> FloatArray:
        """Cut the variables behind into categories, numbered from 0."""
        shape, tau = self.solution.specification.shapes[0], self.solution.implied[0].tau
        values = behind.copy()
        for j in np.flatnonzero(shape.ordered):
            values[:, j] = np.searchsorted(tau[shape.cut == j], behind[:, j])
        return values
