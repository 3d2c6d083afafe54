"""Samples of ordered answers drawn from a fitted model, each fitted, and how well each fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.ordinal.completion import completed
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution, estimate_ordinal
from trustmeasure.confirmatory.ordinal.fit_measures import ordinal_fit_measures
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
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
        names = list(self.indices)
        rows = []
        for fitted in self._fits(parts, n, n_rep, rng):
            measures = ordinal_fit_measures(fitted, self.estimator)[names]
            if np.isfinite(measures).all():
                rows.append(measures)
        return pd.DataFrame(rows, columns=names).reset_index(drop=True)

    def estimates(
        self, n: int, n_rep: int, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Draw samples from the model itself, and give free parameters and errors (b, n_free)."""
        found = [
            (fitted.parameters, np.sqrt(np.maximum(np.diag(fitted.covariance), 0.0)))
            for fitted in self._fits(self.parts, n, n_rep, rng)
        ]
        size = len(self.solution.parameters)
        both = np.array(found).reshape(len(found), 2, size)
        return both[:, 0], both[:, 1]

    def _fits(
        self, parts: Mapping[str, FloatArray], n: int, n_rep: int, rng: np.random.Generator
    ) -> Iterator[OrdinalSolution]:
        """Fit samples, and leave out those without a solution."""
        population = implied(parts)
        root = np.linalg.cholesky(population.spread)
        for _ in range(n_rep):
            behind = population.mean + rng.standard_normal((n, len(root))) @ root.T
            try:
                fitted = estimate_ordinal(
                    self.solution.specification.table,
                    [self._answers(behind)],
                    estimator=self.estimator,
                )
            except DataError:  # an empty category, or a correlation of ±1
                continue
            if fitted.converged:
                yield fitted

    def _answers(self, behind: FloatArray) -> FloatArray:
        """Cut the variables behind into categories, numbered from 0."""
        shape, tau = self.solution.specification.shapes[0], self.solution.implied[0].tau
        values = behind.copy()
        for j in np.flatnonzero(shape.ordered):
            values[:, j] = np.searchsorted(tau[shape.cut == j], behind[:, j])
        return values
