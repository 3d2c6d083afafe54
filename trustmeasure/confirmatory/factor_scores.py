"""Where persons stand on the latent variables of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, as_items, check_option, listed, near
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.results import Fitted
from trustmeasure.confirmatory.samples import Samples, in_order
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.pattern_moments import answer_kinds
from trustmeasure.kernels.structural import Layout, matrices
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

METHODS = ("regression", "Bartlett")
# Error variances below this are those of variables without error.
NO_ERROR = 1e-5


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FactorScores(Result):
    """What `StructuralModel.factor_scores` returns.

    Attributes
    ----------
    scores : DataFrame
        Persons × latent variables, with the index of the data; NaN for persons without a score.
    se : DataFrame
        Standard error of each score: the standard deviation of the latent variable around it.
    reliability : Series, or DataFrame with a column for each group
        Share of the scores' variance that is true, for persons who answered everything; for
        regression scores also the squared correlation with the latent variable. Of ordered
        items, and of persons in clusters, whose errors differ, the mean of it over persons.
    """

    title: ClassVar[str] = "Factor scores"

    scores: pd.DataFrame
    se: pd.DataFrame
    reliability: pd.Series | pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the scores."""
        return self.scores.copy()


@dataclass(frozen=True)
class LatentMoments:
    """Moments of the latent variables of a group, and of the observed ones through them.

    ``measuring`` are loadings in which an observed outcome measures what it is regressed on.
    """

    loadings: FloatArray
    spread: FloatArray
    centre: FloatArray
    observed_spread: FloatArray
    observed_mean: FloatArray
    measuring: FloatArray


@dataclass(frozen=True)
class ScoringWeights:
    """What turns deviations of some variables into scores; error variances, and reliability."""

    weights: FloatArray
    variance: FloatArray
    reliability: FloatArray


def scores_of(
    fitted: Fitted, labels: Sequence[Any], *, data: Any, method: str, missing: str
) -> FactorScores:
    """Score persons; see `StructuralModel.factor_scores`."""
    check_option("method", method, METHODS)
    notes = Notes()
    table = fitted.specification.table
    groups, index = persons_of(fitted.samples, table, labels, data, notes, table.observed)
    blocks = fitted.specification.blocks
    names = list(dict.fromkeys(name for block in blocks for name in factors_of(block)))
    if not names:
        raise OptionError(
            "The model has no latent variables ('=~'), so there are no factor scores."
        )
    scores = np.full((len(index), len(names)), np.nan)
    errors = scores.copy()
    reliability = {}
    for place, (values, rows) in enumerate(groups):
        block = blocks[place]
        latent = _latent(fitted, place)
        own = [block.latent.index(name) for name in factors_of(block)]
        columns = np.array([names.index(name) for name in factors_of(block)], dtype=np.intp)
        found, error = _score(latent, values, method, missing)
        scores[np.ix_(rows, columns)] = found[:, own]
        errors[np.ix_(rows, columns)] = error[:, own]
        whole = scoring_weights(latent, np.arange(len(latent.loadings)), method)
        reliability[labels[place]] = pd.Series(whole.reliability[own], index=factors_of(block))
    unscored = [name for j, name in enumerate(names) if np.isnan(scores[:, j]).all()]
    if unscored and len(index):
        notes.record(
            f"{listed(unscored)} cannot be scored by method='{method}': no observed variable "
            "measures it directly. Use method='regression'."
        )
    nobody = int(np.isnan(scores).all(axis=1).sum())
    shares = pd.DataFrame(reliability)
    return FactorScores(
        n=len(index) - nobody,
        n_dropped=nobody,
        scores=pd.DataFrame(scores, index=index, columns=names),
        se=pd.DataFrame(errors, index=index, columns=names),
        reliability=shares if len(labels) > 1 else shares.iloc[:, 0].rename("reliability"),
        settings={"method": method, "missing": missing, "new_data": data is not None},
        warnings=notes.messages(),
    )


def factors_of(block: Block) -> list[str]:
    """Name the latent variables that are no stand-ins."""
    return [name for name in block.latent if name not in block.stand_ins]


def persons_of(
    samples: Samples,
    table: ParameterTable,
    labels: Sequence[Any],
    data: Any,
    notes: Notes,
    observed: Sequence[str],
) -> tuple[list[tuple[FloatArray, IntArray]], pd.Index]:
    """Give the answers of each group with the persons' rows, and the index of all rows.

    ``observed`` names the columns of the answers.
    """
    if data is None:
        if samples.index is None or any(group.values is None for group in samples.groups):
            raise OptionError(
                "The model was fitted to moments, so there are no persons to score. Pass data=."
            )
        return [
            (group.values, group.rows)
            for group in samples.groups
            if group.values is not None and group.rows is not None
        ], samples.index
    frame = as_frame(data)
    values = new_values(frame, table, observed)
    everyone = np.arange(len(frame))
    if samples.group_name is None:
        return [(values, everyone)], frame.index
    if samples.group_name not in frame.columns:
        raise DataError(
            f"The model has a group for each value of '{samples.group_name}', a column that the "
            "data do not have." + near(samples.group_name, frame.columns)
        )
    column = frame[samples.group_name]
    found = [np.flatnonzero((column == label).to_numpy(dtype=bool)) for label in labels]
    strangers = len(frame) - sum(len(rows) for rows in found)
    if strangers:
        notes.record(
            f"{strangers} persons belong to no group of the model ({listed(labels)}) and have no "
            "score."
        )
    return [(values[rows], rows) for rows in found], frame.index


def new_values(frame: pd.DataFrame, table: ParameterTable, observed: Sequence[str]) -> FloatArray:
    """Take the model's variables (n, p) out of other data than it was fitted to."""
    plain = [name for name in observed if name not in table.interactions]
    plain += [part for pair in table.interactions.values() for part in pair if part not in plain]
    unknown = [name for name in plain if name not in frame.columns]
    if unknown:
        raise DataError(
            f"The data do not have the model's variable(s) {listed(unknown)}."
            + near(unknown[0], frame.columns)
        )
    block = as_items(frame, items=list(dict.fromkeys(plain)), min_items=1, min_persons=1)
    return in_order(block, observed, table.interactions)


def _latent(fitted: Fitted, place: int) -> LatentMoments:
    layout, block = fitted.estimates.model.layouts[place], fitted.specification.blocks[place]
    known = None
    if not fitted.means:
        known = fitted.samples.groups[place].mean
        known = np.zeros(len(block.observed)) if known is None else known
    return latent_moments(layout, block, fitted.estimates.parameters, known)


def latent_moments(
    layout: Layout, block: Block, parameters: FloatArray, mean: FloatArray | None
) -> LatentMoments:
    """Compute what scores need; ``mean`` (p,) are observed ones, where the model has none."""
    parts = matrices(layout, parameters)
    through: FloatArray = np.asarray(
        np.linalg.inv(np.eye(len(block.latent)) - parts["beta"]), dtype=np.float64
    )
    spread = through @ parts["psi"] @ through.T
    loadings = parts["lambda"]
    observed_spread = loadings @ spread @ loadings.T + parts["theta"]
    if mean is None:
        centre = through @ parts["alpha"]
        mean = parts["nu"] + loadings @ centre
    else:
        centre = _centre(layout, block, through, mean)
    measuring = loadings.copy()
    for column, name in enumerate(block.latent):
        if name in block.stand_ins and name not in block.exogenous:
            measuring[block.observed.index(name)] = parts["beta"][column]
    return LatentMoments(loadings, spread, centre, observed_spread, mean, measuring)


def _centre(layout: Layout, block: Block, through: FloatArray, mean: FloatArray) -> FloatArray:
    """Give latent means where the model has none: what observed variables among them imply."""
    stands = [place for place, name in enumerate(block.latent) if name in block.stand_ins]
    level = np.zeros(len(block.latent))
    if stands:
        at = [block.observed.index(block.latent[place]) for place in stands]
        level[stands] = np.linalg.solve(through[np.ix_(stands, stands)], mean[at])
    return np.asarray(through @ level)


def scoring_weights(latent: LatentMoments, answered: IntArray, method: str) -> ScoringWeights:
    """Give scoring weights (m, answered) for those who answered these variables."""
    loadings = (latent.loadings if method == "regression" else latent.measuring)[answered]
    inverse = np.linalg.inv(latent.observed_spread[np.ix_(answered, answered)])
    inner = loadings.T @ inverse @ loadings
    variance = np.diag(latent.spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "regression":
            weights = latent.spread @ loadings.T @ inverse
            known = np.diag(latent.spread @ inner @ latent.spread)
            return ScoringWeights(weights, variance - known, known / variance)
        back = np.linalg.pinv(inner, rcond=1e-12, hermitian=True)
        weights = back @ loadings.T @ inverse
        without = np.abs(weights).max(axis=1, initial=0.0) < 1e-12
        whole = np.where(without, np.nan, np.diag(back))
        return ScoringWeights(
            np.where(without[:, None], np.nan, weights), whole - variance, variance / whole
        )


def _score(
    latent: LatentMoments, values: FloatArray, method: str, missing: str
) -> tuple[FloatArray, FloatArray]:
    """Give scores and standard errors (n, m), pattern by pattern of what was answered."""
    answered = ~np.isnan(values)
    scores = np.full((len(values), len(latent.centre)), np.nan)
    errors = scores.copy()
    if not len(values):
        return scores, errors
    kinds, which, _ = answer_kinds(answered)
    for number, kind in enumerate(kinds):
        if not kind.any() or (missing == "listwise" and not kind.all()):
            continue
        rows = np.flatnonzero(which == number)
        own = np.flatnonzero(kind)
        found = scoring_weights(latent, own, method)
        off = values[np.ix_(rows, own)] - latent.observed_mean[own]
        scores[rows] = off @ found.weights.T + latent.centre
        errors[rows] = np.sqrt(np.where(found.variance < NO_ERROR, np.nan, found.variance))
    return scores, errors
