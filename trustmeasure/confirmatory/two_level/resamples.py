"""Resamples of clusters, and a two-level model fitted to each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.replication import improper, table_values
from trustmeasure.confirmatory.specification import Specification, specify
from trustmeasure.confirmatory.standardised import standardised
from trustmeasure.confirmatory.two_level.estimation import TwoLevelEstimate
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample
from trustmeasure.errors import OptionError
from trustmeasure.kernels.moment_replicates import Replicates
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.two_level_models import TwoLevelModel, cluster_scores
from trustmeasure.kernels.two_level_replicates import fit_cluster_replicates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class ClusterResamples:
    """Two levels: whole clusters are drawn, each draw a cluster of its own.

    ``model`` has the moments of exogenous variables as its last parameters.
    """

    estimate: TwoLevelEstimate
    sample: TwoLevelSample
    specification: Specification
    model: TwoLevelModel
    start: FloatArray
    draws: IntArray

    whole_clusters = True

    @classmethod
    def of(
        cls, fit: TwoLevelStructuralModel, n_boot: int, rng: np.random.Generator
    ) -> ClusterResamples:
        """Draw clusters."""
        estimate, sample = fit.estimate, fit.sample
        given = [block.exogenous for block in estimate.specification.blocks]
        split = sorted(set(given[0]) & set(given[1]))
        if split:
            raise OptionError(
                f"bootstrap() does not take two-level models in which {listed(split)} is taken "
                "as given on both levels. Let the model have its variance: write "
                f"'{split[0]} ~~ {split[0]}' on both levels."
            )
        table, values = _with_given(fit)
        specification = specify(table)
        inner = specification.model(fit.unrestricted.covariances, fit.unrestricted.means)
        return cls(
            estimate=estimate,
            sample=sample,
            specification=specification,
            model=replace(estimate.model, model=inner),
            start=np.concatenate([estimate.estimates.reduced, values]),
            draws=rng.integers(0, len(sample.clusters), size=(n_boot, len(sample.clusters))),
        )

    @property
    def table(self) -> ParameterTable:
        """The parameter table, whose groups are the levels."""
        return self.estimate.specification.table

    @property
    def point(self) -> FloatArray:
        """The estimates; moments of exogenous variables come last."""
        found = self.estimate.estimates
        return np.concatenate([found.parameters, self.start[len(found.reduced) :]])

    def replicates(self) -> Replicates:
        """Fit the draws, one after the other."""
        return fit_cluster_replicates(
            self.model, self.sample.values, self.sample.codes, self.draws, self.start
        )

    def values(self, parameters: FloatArray) -> FloatArray:
        """Give every row of the table."""
        return table_values(self.specification, self.model.model, parameters)

    def standardised(self, parameters: FloatArray) -> FloatArray:
        """Give every row in standard deviations on its level."""
        with np.errstate(invalid="ignore"):
            return standardised(self.specification, self.model.model, parameters)

    def improper(self, parameters: FloatArray) -> NDArray[np.bool_]:
        """Say which replicates are improper."""
        return improper(self.model.model, parameters)

    def influence(self) -> FloatArray:
        """Give the scores of clusters times the inverse information."""
        found, basis = self.estimate, self.estimate.model.model.basis
        scores = cluster_scores(
            found.model, self.sample.values, self.sample.codes, found.maximum.reduced
        )
        return np.asarray(scores @ scaled_inverse(found.maximum.information) @ basis.T)


def _with_given(fit: TwoLevelStructuralModel) -> tuple[ParameterTable, list[float]]:
    """Free the moments of exogenous variables, and give their values."""
    table = fit.estimate.specification.table
    rows, values = [], []
    for row in table.parameters:
        if not row.exo:
            rows.append(row)
            continue
        block = fit.estimate.specification.blocks[row.group - 1]
        i = block.observed.index(row.lhs)
        if row.op == "~1":
            values.append(float(fit.unrestricted.means[row.group - 1][i]))
        else:
            j = block.observed.index(row.rhs)
            values.append(float(fit.unrestricted.covariances[row.group - 1][i, j]))
        rows.append(replace(row, free=table.n_free + len(values), exo=False))
    return replace(table, parameters=tuple(rows)), values
