"""What two-level models are asked afterwards: residuals, factor scores, score tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, check_option, near
from trustmeasure.confirmatory.factor_scores import (
    METHODS,
    NO_ERROR,
    FactorScores,
    factors_of,
    latent_moments,
    new_values,
    scoring_weights,
)
from trustmeasure.confirmatory.modification import (
    OPERATORS,
    Candidates,
    Wanted,
    added_starts,
    change_scales,
    extended_table,
    refuse_nothing_equal,
    released,
    tested,
)
from trustmeasure.confirmatory.residuals import (
    KINDS,
    ModelResiduals,
    joined_matrices,
    joined_series,
    plain_residuals,
)
from trustmeasure.confirmatory.specification import specify
from trustmeasure.confirmatory.two_level.estimation import TwoLevelEstimate, Unrestricted
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.fit_indices import Residuals
from trustmeasure.kernels.moment_fit import Model
from trustmeasure.kernels.structural import Layout, implied, matrices
from trustmeasure.kernels.two_level_models import score
from trustmeasure.kernels.two_level_scores import expected_parts, score_quality
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

LEVELS = (1, 2)


def two_level_modification_indices(
    found: TwoLevelEstimate, whole: Unrestricted, sample: TwoLevelSample, wanted: Wanted
) -> pd.DataFrame:
    """Test every parameter that the model fixes, on each level."""
    operators = wanted.operators(OPERATORS)
    table = found.specification.table
    extended, places = extended_table(table)
    specification = specify(extended)
    model = specification.model(whole.covariances, whole.means)
    point = np.concatenate([found.estimates.parameters, added_starts(table, extended)])
    gradient, information = _score(found, sample, model, point)
    lv, everything = change_scales(specification, model, point)
    candidates = Candidates(
        specification=specification,
        places=places,
        basis=found.model.model.basis,
        gradient=gradient,
        information=information,
        factor=float(sample.moments.n),
        lv=lv,
        everything=everything,
    )
    return tested(candidates, LEVELS, wanted, operators).rename(columns={"group": "level"})


def two_level_score_tests(found: TwoLevelEstimate, sample: TwoLevelSample) -> pd.DataFrame:
    """Test every equality constraint, those between levels among them."""
    table = found.specification.table
    refuse_nothing_equal(table)
    point = found.estimates.parameters
    gradient, information = _score(found, sample, found.model.model, point)
    df = len(point) - len(found.estimates.reduced)
    tests = released(table, gradient, information, factor=float(sample.moments.n), df=df)
    tests["constraint"] = tests["constraint"].str.replace("(group 2)", "(level 2)", regex=False)
    return tests


def _score(
    found: TwoLevelEstimate, sample: TwoLevelSample, model: Model, point: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give slopes and expected information in all free parameters, equalities aside."""
    free = replace(model, basis=np.eye(len(point)), origin=np.zeros(len(point)))
    gradient, information = score(replace(found.model, model=free), sample.moments, point[None])
    return gradient[0], information[0]


def two_level_residuals(
    found: TwoLevelEstimate, whole: Unrestricted, sample: TwoLevelSample, *, kind: str
) -> ModelResiduals:
    """Compare each level's moments with those that nothing restricts."""
    check_option("kind", kind, KINDS)
    if kind in ("standardized", "normalized"):
        raise OptionError(
            f"kind='{kind}' needs standard errors of each level's moments, which models with "
            "levels do not give (nor does lavaan). Use kind='raw' or kind='correlation'."
        )
    parts = [implied(matrices(one, found.estimates.parameters)) for one in _layouts(found)]
    observed, expected = _levels_of_means(found, whole, (parts[0].mean, parts[1].mean))
    names = [block.observed for block in found.specification.blocks]
    pairs = [
        plain_residuals(Residuals(covariance, part.spread, mean, level, sample.moments.n), kind)
        for covariance, part, mean, level in zip(
            whole.covariances, parts, observed, expected, strict=True
        )
    ]
    return ModelResiduals(
        n=sample.moments.n,
        n_dropped=sample.n_dropped,
        kind=kind,
        cov=joined_matrices(names, LEVELS, [spread for spread, _ in pairs], over="level"),
        mean=joined_series(names, LEVELS, [mean for _, mean in pairs], over="level"),
        settings={"kind": kind},
    )


def _layouts(found: TwoLevelEstimate) -> tuple[Layout, ...]:
    return found.model.model.layouts


def _levels_of_means(
    found: TwoLevelEstimate, whole: Unrestricted, implied_means: tuple[FloatArray, FloatArray]
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Put the means of variables that both levels have on the second: only their sum is known."""
    w, b = found.model.within, found.model.between
    size = int(max(w.max(), b.max())) + 1
    placed = []
    for first, second in (whole.means, implied_means):
        split = np.isin(w, b)
        total = np.zeros(size)
        total[b] += second
        total[w[split]] += first[split]
        placed.append((np.where(split, 0.0, first), total[b]))
    return placed[0], placed[1]


def two_level_scores(
    found: TwoLevelEstimate,
    sample: TwoLevelSample,
    *,
    data: Any,
    method: str,
    level: int,
    cluster: str,
) -> FactorScores:
    """Score persons (level 1) or clusters (level 2); see `TwoLevelStructuralModel`."""
    check_option("method", method, METHODS)
    if level not in LEVELS:
        raise OptionError(f"level={level!r} must be 1 (persons) or 2 (clusters).")
    notes = Notes()
    block = found.specification.blocks[level - 1]
    names = factors_of(block)
    if not names:
        raise OptionError(
            f"The model has no latent variables ('=~') at level {level}, so there are no factor "
            "scores of it."
        )
    answers = _own(sample) if data is None else _new(found, sample, data, cluster, notes)
    parts = expected_parts(found.model, found.estimates.parameters, answers.values, answers.codes)
    latent = latent_moments(_layouts(found)[level - 1], block, found.estimates.parameters, None)
    everything = np.arange(len(block.observed))
    weights, regression = (
        scoring_weights(latent, everything, one).weights for one in (method, "regression")
    )
    part = parts.within if level == 1 else parts.between
    known = parts.known_within if level == 1 else parts.known_between
    variance = np.diag(latent.spread)
    error, share = score_quality(weights, known, regression, variance)
    own = [block.latent.index(name) for name in names]
    if level == 1:
        error, share = error[answers.codes], share[answers.codes]
    scores = (part @ weights.T + latent.centre)[:, own]
    errors = np.sqrt(np.where(error < NO_ERROR, np.nan, error))[:, own]
    index = answers.index if level == 1 else answers.clusters
    rows = answers.rows if level == 1 else np.arange(len(index))
    frames = []
    for values in (scores, errors):
        filled = np.full((len(index), len(names)), np.nan)
        filled[rows] = values
        frames.append(pd.DataFrame(filled, index=index, columns=names))
    return FactorScores(
        n=len(rows),
        n_dropped=len(index) - len(rows),
        scores=frames[0],
        se=frames[1],
        reliability=pd.Series(share[:, own].mean(axis=0), index=names, name="reliability"),
        settings={"method": method, "level": level, "new_data": data is not None},
        warnings=notes.messages(),
    )


@dataclass(frozen=True)
class _Answers:
    """Complete answers (n, p) in clusters, and where they stand in the data."""

    values: FloatArray
    codes: IntArray
    rows: IntArray
    index: pd.Index
    clusters: pd.Index


def _own(sample: TwoLevelSample) -> _Answers:
    return _Answers(sample.values, sample.codes, sample.rows, sample.index, sample.clusters)


def _new(
    found: TwoLevelEstimate, sample: TwoLevelSample, data: Any, cluster: str, notes: Notes
) -> _Answers:
    frame = as_frame(data)
    values = new_values(frame, found.specification.table, sample.names)
    if cluster not in frame.columns:
        raise DataError(
            f"The model has persons in the clusters of '{cluster}', a column that the data do "
            "not have." + near(cluster, frame.columns)
        )
    column = frame[cluster]
    keep = ~np.isnan(values).any(axis=1) & column.notna().to_numpy(dtype=bool)
    if not keep.all():
        notes.record(
            f"{int((~keep).sum())} of {len(frame)} persons have a missing answer, or no cluster, "
            "and play no part."
        )
    if not keep.any():
        raise DataError(
            "Nobody in the data has an answer to all variables of the model, and a cluster."
        )
    rows = np.flatnonzero(keep)
    codes, clusters = pd.factorize(column.iloc[rows])
    return _Answers(
        values=values[rows],
        codes=np.asarray(codes, dtype=np.intp),
        rows=rows,
        index=frame.index,
        clusters=pd.Index(clusters, name=cluster),
    )
