"""Resamples of what a model was fitted to, and the model fitted to each of them.

Whatever the model, a bootstrap asks the same of it: refits, what these make of every row of the
table, and how each person moves the estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.constrained import Restrictions
from trustmeasure.confirmatory.estimation import hessian
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.ordinal.resamples import OrdinalResamples
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.replication import Refit, improper
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.two_level.resamples import ClusterResamples
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.moment_replicates import Replicates, drawn_rows, resampled_moments
from trustmeasure.kernels.pattern_fit import case_scores
from trustmeasure.kernels.pattern_replicates import fit_pattern_replicates
from trustmeasure.kernels.sandwich import scaled_inverse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Moments = list[tuple[FloatArray, FloatArray]]


class Resamples(Protocol):
    """What a bootstrap asks; parameters are (b, n), the table's free ones first."""

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        ...

    @property
    def point(self) -> FloatArray:
        """The estimates (n,)."""
        ...

    @property
    def whole_clusters(self) -> bool:
        """Whether clusters were drawn, not persons."""
        ...

    def replicates(self) -> Replicates:
        """Fit the model to all resamples."""
        ...

    def values(self, parameters: FloatArray) -> FloatArray:
        """Give every row of the table (b, rows), what is fixed included."""
        ...

    def standardised(self, parameters: FloatArray) -> FloatArray:
        """Give every row (b, rows) in standard deviations."""
        ...

    def improper(self, parameters: FloatArray) -> NDArray[np.bool_]:
        """Say which replicates (b,) have a negative variance or an impossible correlation."""
        ...

    def influence(self) -> FloatArray:
        """Give how each person (or cluster) moves the free parameters, up to a factor."""
        ...


def resamples_of(fit: StructuralModel, n_boot: int, rng: np.random.Generator) -> Resamples:
    """Draw persons of a fitted model, or whole clusters, within its groups."""
    if isinstance(fit, OrdinalStructuralModel):
        return OrdinalResamples.of(fit, n_boot, rng)
    if isinstance(fit, TwoLevelStructuralModel):
        return ClusterResamples.of(fit, n_boot, rng)
    fitted = refittable(fit, "bootstrap")
    groups = fitted.samples.groups
    values = [group.values for group in groups if group.values is not None]
    if len(values) < len(groups):
        raise OptionError(
            "The model was fitted to moments, so there are no persons to draw. Fit it to the data."
        )
    refit = Refit.of(fitted)
    codes = [group.clusters for group in groups]
    if fitted.data.patterns is not None:
        drawn = [drawn_rows(len(v), n_boot, rng, c) for v, c in zip(values, codes, strict=True)]
        return PatternResamples(refit, drawn)
    return MomentResamples(
        refit, [resampled_moments(v, n_boot, rng, c) for v, c in zip(values, codes, strict=True)]
    )


def refittable(fit: StructuralModel, what: str) -> Fitted:
    """Give what a model was fitted to, if its estimator and constraints let it be refitted."""
    if isinstance(fit, OrdinalStructuralModel):
        raise OptionError(
            f"{what}() takes models of continuous items, not of ordered ones: it works with normal "
            "covariances. Fit the same model without ordered= (estimator='ML'); with five "
            "categories or more it is near."
        )
    if isinstance(fit, TwoLevelStructuralModel):
        raise OptionError(
            f"{what}() takes models of one level. Fit the model of level 1 to answers less their "
            "cluster's mean, or that of level 2 to the means of the clusters."
        )
    if not isinstance(fit, StructuralModel) or not isinstance(fit.fitted, Fitted):
        raise OptionError(f"{what}() takes a model fitted by cfa, sem or growth.")
    table = fit.fitted.specification.table
    if Restrictions.of(table).any:
        raise OptionError(
            f"{what}() fits models with linear equalities only; this one has constraints of "
            "another kind."
        )
    if fit.fitted.data.estimator == "WLS":
        raise OptionError(
            f"{what}() takes replicates by their moments, which 'WLS' weighs by the answers. Fit "
            "the model with estimator='MLM' or 'MLR'."
        )
    return fit.fitted


def complete_fit(fit: StructuralModel, what: str) -> Fitted:
    """Give what a model was fitted to, if it can be fitted again by its moments."""
    fitted = refittable(fit, what)
    if fitted.data.patterns is not None:
        raise DataError(
            f"{what}() needs complete answers; the model was fitted to incomplete ones. Fit it to "
            "the complete ones alone (missing='listwise')."
        )
    return fitted


@dataclass(frozen=True)
class _Refitted:
    """What models of continuous items share, however their answers are drawn."""

    refit: Refit

    @property
    def table(self) -> ParameterTable:
        """The parameter table."""
        return self.refit.fitted.specification.table

    @property
    def point(self) -> FloatArray:
        """The estimates; moments of exogenous variables come last."""
        found = self.refit.fitted.estimates
        return np.concatenate([found.parameters, self.refit.start[len(found.reduced) :]])

    @property
    def whole_clusters(self) -> bool:
        """Whether the model knows of clusters."""
        return self.refit.fitted.samples.groups[0].clusters is not None

    def values(self, parameters: FloatArray) -> FloatArray:
        """Give every row of the table."""
        return self.refit.values(parameters)

    def standardised(self, parameters: FloatArray) -> FloatArray:
        """Give every row in standard deviations."""
        return self.refit.standardised(parameters)

    def improper(self, parameters: FloatArray) -> NDArray[np.bool_]:
        """Say which replicates are improper."""
        return improper(self.refit.model, parameters)

    def influence(self) -> FloatArray:
        """Give the scores of persons, or clusters, times the inverse information."""
        fitted = self.refit.fitted
        values = [
            group.values if fitted.means else group.values - group.values.mean(axis=0)
            for group in fitted.samples.groups
            if group.values is not None
        ]
        model, found = fitted.estimates.model, fitted.estimates
        scores = np.vstack(case_scores(model, values, found.reduced))
        influence = scores @ scaled_inverse(hessian(found, fitted.data)) @ model.basis.T
        codes = [group.clusters for group in fitted.samples.groups if group.clusters is not None]
        return _summed(influence, np.concatenate(codes)) if codes else np.asarray(influence)


@dataclass(frozen=True)
class MomentResamples(_Refitted):
    """Complete answers: means and covariances of all resamples, fitted as one stack."""

    moments: Moments

    def replicates(self) -> Replicates:
        """Fit the moments."""
        return self.refit.fit(self.moments)


@dataclass(frozen=True)
class PatternResamples(_Refitted):
    """Incomplete answers: each resample is sorted by patterns, and fitted by full information.

    ``draws`` holds the rows of each group, replicate by replicate.
    """

    draws: list[list[IntArray]]

    def replicates(self) -> Replicates:
        """Fit the patterns."""
        groups = self.refit.fitted.samples.groups
        values = [group.values for group in groups if group.values is not None]
        return fit_pattern_replicates(
            self.refit.model, values, zip(*self.draws, strict=True), self.refit.start
        )


def _summed(influence: FloatArray, codes: IntArray) -> FloatArray:
    _, places = np.unique(codes, return_inverse=True)
    totals = np.zeros((int(places.max()) + 1, influence.shape[1]))
    np.add.at(totals, places, influence)
    return totals
