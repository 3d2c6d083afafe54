"""Samples drawn from a fitted model, all fitted at once, and how well each fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.ordinal.simulation import OrdinalPopulation
from trustmeasure.confirmatory.replication import Refit
from trustmeasure.confirmatory.resamples import complete_fit
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import OptionError
from trustmeasure.kernels.moment_fit import Sample, score
from trustmeasure.kernels.moment_replicates import (
    Replicates,
    independence_discrepancy,
    simulated_moments,
)
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.structural import implied, matrices

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Simulated:
    """Fits to b samples: indices by name, parameters and their standard errors (b, n_free)."""

    indices: dict[str, FloatArray]
    parameters: FloatArray
    errors: FloatArray
    converged: NDArray[np.bool_]


def simulation_model(fit: StructuralModel, what: str) -> Refit:
    """Prepare a fitted model for samples that are drawn from it."""
    fitted = complete_fit(fit, what)
    if fitted.data.estimator != "ML":
        raise OptionError(f"{what}() takes models fitted by maximum likelihood.")
    if len(fitted.samples.groups) > 1:
        raise OptionError(f"{what}() takes models of one group. Fit each group by itself.")
    return Refit.of(fitted)


@dataclass(frozen=True)
class NormalPopulation:
    """A fitted model of continuous items as the population; ``indices`` as in `Population`."""

    refit: Refit
    block: Block
    parts: Mapping[str, FloatArray]
    indices: Mapping[str, bool]

    @classmethod
    def of(cls, fit: StructuralModel, what: str) -> NormalPopulation:
        """Take a fitted model for the population."""
        refit = simulation_model(fit, what)
        return cls(
            refit=refit,
            block=refit.fitted.specification.blocks[0],
            parts=population(refit.fitted),
            indices={"srmr": False, "rmsea": False, "cfi": True},
        )

    def draw(
        self, parts: Mapping[str, FloatArray], n: int, n_rep: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Draw samples from matrices, and give the indices of those that have a solution."""
        moments = implied(parts)
        found = simulate(self.refit, moments.spread, moments.mean, n, n_rep, rng)
        frame = pd.DataFrame({name: found.indices[name] for name in self.indices})
        return frame[found.converged]


class Population(Protocol):
    """A model that samples are drawn from.

    ``parts`` are the matrices of its one group, laid out as ``block`` says; ``indices`` names
    those that samples are judged by, and says of each whether a larger value is better.
    """

    @property
    def block(self) -> Block:
        """What the rows and columns of the matrices are."""
        ...

    @property
    def parts(self) -> Mapping[str, FloatArray]:
        """The matrices."""
        ...

    @property
    def indices(self) -> Mapping[str, bool]:
        """Index → whether a larger value is better."""
        ...

    def draw(
        self, parts: Mapping[str, FloatArray], n: int, n_rep: int, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Draw samples from matrices, and give the indices of those that have a solution."""
        ...


def population_of(fit: StructuralModel, what: str) -> Population:
    """Take a fitted model for the population."""
    if isinstance(fit, OrdinalStructuralModel):
        return OrdinalPopulation.of(fit, what)
    return NormalPopulation.of(fit, what)


def population(fitted: Fitted) -> dict[str, FloatArray]:
    """Give the matrices of the one group."""
    layout = fitted.estimates.model.layouts[0]
    return matrices(layout, fitted.estimates.parameters)


def simulate(
    refit: Refit,
    spread: FloatArray,
    mean: FloatArray,
    n: int,
    n_rep: int,
    rng: np.random.Generator,
    *,
    errors: bool = False,
) -> Simulated:
    """Draw samples of n from normal data with these moments, and fit the model to them."""
    means, covariances = simulated_moments(spread, mean, n, n_rep, rng)
    sample = Sample(covariances, means if refit.fitted.means else None, n)
    found = refit.fit([(means, covariances)])
    good = found.converged
    size = refit.fitted.specification.table.n_free
    return Simulated(
        indices=_indices(refit, found, sample),
        parameters=found.parameters[:, :size],
        errors=_errors(refit, found, sample)[:, :size] if errors else np.zeros((0, size)),
        converged=good,
    )


def _indices(refit: Refit, found: Replicates, sample: Sample) -> dict[str, FloatArray]:
    fitted, block = refit.fitted, refit.specification.blocks[0]
    given = np.array(
        [block.observed.index(name) for name in fitted.specification.blocks[0].exogenous],
        dtype=np.intp,
    )
    p, x = len(block.observed), len(given)
    df = float(p * (p + 1) / 2 - x * (x + 1) / 2 - fitted.specification.basis.shape[1])
    df += (p - x) if fitted.means else 0
    base_df = float(p * (p - 1) / 2 - x * (x - 1) / 2)
    n = sample.n
    chisq = n * found.discrepancy
    base = n * independence_discrepancy(sample.covariance, given)
    with np.errstate(invalid="ignore", divide="ignore"):
        excess, base_excess = np.maximum(chisq - df, 0.0), np.maximum(base - base_df, 0.0)
        worst = np.maximum(excess, base_excess)
        tli = 1.0 - (chisq - df) * base_df / ((base - base_df) * df)
        return {
            "chisq": chisq,
            "df": np.full(len(chisq), df),
            "cfi": np.where(worst > 0, 1.0 - excess / worst, 1.0),
            "tli": tli,
            "rmsea": np.sqrt(excess / (n * df)),
            "srmr": _srmr(refit, found, sample),
        }


def _srmr(refit: Refit, found: Replicates, sample: Sample) -> FloatArray:
    moments = implied(matrices(refit.model.layouts[0], found.parameters))
    sd = np.sqrt(np.diagonal(sample.covariance, axis1=1, axis2=2))
    residual = (sample.covariance - moments.spread) / (sd[:, :, None] * sd[:, None, :])
    rows, columns = np.tril_indices(residual.shape[-1])
    squares = residual[:, rows, columns] ** 2
    if sample.mean is not None:
        squares = np.hstack([squares, ((sample.mean - moments.mean) / sd) ** 2])
    return np.asarray(np.sqrt(squares.mean(axis=1)))


def _errors(refit: Refit, found: Replicates, sample: Sample) -> FloatArray:
    """Give standard errors (b, n_free), from the expected information."""
    good = np.flatnonzero(found.converged)
    errors = np.full(found.parameters.shape, np.nan)
    model = refit.model
    inner = model.basis.T @ model.basis
    step = max(1, 2_000_000 // max(1, len(model.origin) ** 2 * 4))
    for begin in range(0, len(good), step):
        which = good[begin : begin + step]
        reduced = (found.parameters[which] - model.origin) @ model.basis @ np.linalg.inv(inner)
        part = Sample(
            sample.covariance[which], None if sample.mean is None else sample.mean[which], sample.n
        )
        information = score(model, [part], reduced, "ML")[1]
        spread = model.basis @ scaled_inverse(information)
        variances = (spread * model.basis).sum(axis=-1)
        errors[which] = np.sqrt(np.maximum(variances, 0.0) / sample.n)
    return errors
