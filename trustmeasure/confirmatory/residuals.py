"""What a model leaves of the moments: raw, as correlations, and in standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option
from trustmeasure.confirmatory.fit_measures import residual_moments
from trustmeasure.confirmatory.inference import clustered_products, saturated_model
from trustmeasure.confirmatory.results import Fitted
from trustmeasure.errors import OptionError
from trustmeasure.kernels.fit_indices import Residuals
from trustmeasure.kernels.pattern_fit import case_scores
from trustmeasure.kernels.pattern_moments import (
    PatternStack,
    moment_slopes,
    pattern_terms,
    stack_complete,
)
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.structural import implied, matrices, slopes
from trustmeasure.results import Result

FloatArray = NDArray[np.float64]

KINDS = ("raw", "correlation", "standardized", "normalized")
# What is smaller than this is none: its standard error is none either.
NOTHING = 1e-5


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ModelResiduals(Result):
    """What `StructuralModel.residuals` returns.

    Attributes
    ----------
    kind : str
    cov : DataFrame
        Residuals of covariances (of correlations with kind "correlation"), variable × variable;
        with groups (levels) the index holds group (level) and variable.
    mean : Series or None
        Residuals of the means, where the model has means; of ordered items, see thresholds.
    thresholds : Series or None
        Residuals of the thresholds of ordered items, named as "item|t1".
    slopes : DataFrame or None
        Residuals of the slopes on covariates that a model of ordered items conditions on,
        variable × covariate; ``cov`` and ``thresholds`` are then of what these leave.
    """

    title: ClassVar[str] = "Residuals"

    kind: str
    cov: pd.DataFrame
    mean: pd.Series | None
    thresholds: pd.Series | None = None
    slopes: pd.DataFrame | None = None

    def to_frame(self) -> pd.DataFrame:
        """Give the residuals of covariances."""
        return self.cov.copy()

    def largest(self, count: int = 10) -> pd.DataFrame:
        """Give the pairs with the largest residuals, one row a pair."""
        grouped = self.cov.index.nlevels > 1
        over = self.cov.index.names[0] or "group"
        blocks = (
            [(label, self.cov.loc[label]) for label in self.cov.index.unique(0)]
            if grouped
            else [(None, self.cov)]
        )
        rows = []
        for label, block in blocks:
            names = list(block.index)
            values = block[names].to_numpy()
            for i, j in zip(*np.tril_indices(len(values), -1), strict=True):
                rows.append((label, names[j], names[i], values[i, j]))
        frame = pd.DataFrame(rows, columns=[over, "lhs", "rhs", "residual"])
        frame = frame.reindex(frame["residual"].abs().sort_values(ascending=False).index)
        frame = frame.head(count).reset_index(drop=True)
        return frame if grouped else frame.drop(columns=over)


def residuals_of(
    fitted: Fitted, labels: Sequence[Any], settings: Mapping[str, Any], *, kind: str
) -> ModelResiduals:
    """Compute residuals; see `StructuralModel.residuals`."""
    check_option("kind", kind, KINDS)
    groups = residual_moments(
        fitted.specification, fitted.estimates, fitted.data, fitted.samples, means=fitted.means
    )
    parts = [plain_residuals(group, kind) for group in groups]
    if kind in ("standardized", "normalized"):
        if fitted.data.estimator not in ("ML", "GLS"):
            raise OptionError(
                f"kind='{kind}' needs standard errors of the moments, which are given for "
                f"maximum likelihood and 'GLS', not for '{fitted.data.estimator}'. Use kind='raw' "
                "or kind='correlation'."
            )
        spreads = _spreads(fitted, str(settings["se"]), groups, kind)
        parts = [
            _scaled(part, spread, fitted.means) for part, spread in zip(parts, spreads, strict=True)
        ]
    names = [block.observed for block in fitted.specification.blocks]
    return ModelResiduals(
        n=fitted.samples.n,
        n_dropped=fitted.samples.n_dropped,
        kind=kind,
        cov=joined_matrices(names, labels, [spread for spread, _ in parts]),
        mean=joined_series(names, labels, [mean for _, mean in parts]) if fitted.means else None,
        settings={"kind": kind, "se": settings["se"], "estimator": settings["estimator"]},
    )


Part = tuple[FloatArray, FloatArray | None]


def plain_residuals(group: Residuals, kind: str) -> Part:
    """Give observed less implied moments, as they are or (kind "correlation") of correlations."""
    mean = None
    if group.observed_mean is not None and group.implied_mean is not None:
        mean = group.observed_mean - group.implied_mean
    if kind != "correlation":
        return group.observed - group.implied, mean
    variances = (np.diag(part) for part in (group.observed, group.implied))
    observed, expected = (np.sqrt(np.where(own > 0, own, np.nan)) for own in variances)
    spread = group.observed / np.outer(observed, observed)
    spread = spread - group.implied / np.outer(expected, expected)
    return spread, None if mean is None else mean / observed


def _scaled(part: Part, spread: FloatArray, means: bool) -> Part:
    """Divide by standard errors, from variances of the triangle and then of the means."""
    residual, mean = part
    p = len(residual)
    rows, columns = np.tril_indices(p)
    variances = np.zeros((p, p))
    variances[rows, columns] = variances[columns, rows] = spread[: len(rows)]
    found = over_errors(residual, variances)
    return found, over_errors(mean, spread[len(rows) :]) if means and mean is not None else None


def over_errors(residual: FloatArray, variance: FloatArray) -> FloatArray:
    """Divide residuals by their standard errors; 0 for those that are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = residual / np.sqrt(np.where(variance > 0, variance, np.nan))
    return np.where(np.abs(residual) < NOTHING, 0.0, scaled)


def _spreads(
    fitted: Fitted, errors: str, groups: Sequence[Residuals], kind: str
) -> list[FloatArray]:
    """Give the variances of each group's residuals; zero for moments that are given."""
    observed = fitted.data.patterns is not None or errors == "robust.huber.white"
    kept = [_kept(fitted, place) for place in range(len(groups))]
    own = [
        _sampling(fitted, place, errors, observed=observed)[np.ix_(keep, keep)] / group.n
        for place, (keep, group) in enumerate(zip(kept, groups, strict=True))
    ]
    if kind == "standardized":
        own = _projected(fitted, groups, own, kept, observed=observed)
    found = []
    for keep, spread in zip(kept, own, strict=True):
        variances = np.zeros(len(keep))
        variances[keep] = np.diag(spread)
        found.append(variances)
    return found


def _kept(fitted: Fitted, place: int) -> NDArray[np.bool_]:
    """Which moments (triangle, then means) are modelled, not those of exogenous variables."""
    block = fitted.specification.blocks[place]
    rows, columns = np.tril_indices(len(block.observed))
    outside = np.array([name not in block.exogenous for name in block.observed], dtype=bool)
    return np.concatenate([outside[rows] | outside[columns], outside & fitted.means])


def _stack(fitted: Fitted, place: int) -> PatternStack:
    if fitted.data.patterns is not None:
        return fitted.data.patterns[place]
    sample = fitted.data.samples[place]
    return stack_complete(sample.covariance, sample.mean, sample.n)


def _information(
    stack: PatternStack, spread: FloatArray, mean: FloatArray, *, observed: bool
) -> FloatArray:
    """Give the unit information about the moments."""
    terms = pattern_terms(stack, spread, mean, expected=not observed, observed=observed)
    found = None if terms is None else (terms.observed if observed else terms.expected)
    if found is None:
        raise np.linalg.LinAlgError("the covariance matrix has no inverse")
    return found / stack.n


def _sampling(fitted: Fitted, place: int, errors: str, *, observed: bool) -> FloatArray:
    """Give the covariance of the sample's moments, times n; rows that are not kept are zero."""
    stack, keep = _stack(fitted, place), _kept(fitted, place)
    mean, spread = fitted.data.saturated[place]
    if fitted.data.patterns is None:
        mean = np.zeros(len(mean)) if not fitted.means else mean
        spread = fitted.data.samples[place].covariance
    inner = np.ix_(keep, keep)
    whole = _information(stack, spread, mean, observed=observed)
    inverse = np.zeros_like(whole)
    inverse[inner] = np.linalg.inv(whole[inner])
    if not errors.startswith("robust"):
        return inverse
    group = fitted.samples.groups[place]
    values = group.values
    if values is None:
        raise ValueError("robust errors need answers")
    if not fitted.means:
        values = values - values.mean(axis=0)
    rows, columns = np.tril_indices(len(mean))
    point = np.concatenate([spread[rows, columns], mean])
    scores = case_scores(saturated_model(len(mean)), [values], point)[0]
    meat = clustered_products(scores, group.clusters) / group.n
    return inverse @ meat @ inverse


def _projected(
    fitted: Fitted,
    groups: Sequence[Residuals],
    own: Sequence[FloatArray],
    kept: Sequence[NDArray[np.bool_]],
    *,
    observed: bool,
) -> list[FloatArray]:
    """Take out of the moments' covariance what the estimates follow of it."""
    model, data = fitted.estimates.model, fitted.data
    total = sum(group.n for group in groups)
    turns, weights = [], []
    bread = np.zeros((model.basis.shape[1], model.basis.shape[1]))
    for place, (layout, keep, group) in enumerate(zip(model.layouts, kept, groups, strict=True)):
        moments = implied(matrices(layout, fitted.estimates.parameters))
        change = slopes(layout, moments)
        by = data.samples[place].covariance if data.estimator == "GLS" else moments.spread
        centre = moments.mean if fitted.means else np.zeros(len(moments.mean))
        weight = _information(_stack(fitted, place), by, centre, observed=observed)
        weight = weight[np.ix_(keep, keep)]
        turn = (moment_slopes(change) @ model.basis[change.used])[keep]
        bread += group.n / total * (turn.T @ weight @ turn)
        turns.append(turn)
        weights.append(weight)
    inverse = scaled_inverse(bread)
    found = []
    for turn, weight, spread, group in zip(turns, weights, own, groups, strict=True):
        rest = np.eye(len(turn)) - group.n / total * (turn @ inverse @ turn.T @ weight)
        found.append(rest @ spread @ rest.T)
    return found


def joined_matrices(
    names: Sequence[Sequence[str]],
    labels: Sequence[Any],
    parts: Sequence[FloatArray],
    over: str | None = None,
) -> pd.DataFrame:
    """Name the matrices of groups, and put them below each other; ``over`` names what they are."""
    frames = [
        pd.DataFrame(part, index=list(own), columns=list(own))
        for part, own in zip(parts, names, strict=True)
    ]
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames, keys=list(labels), names=[over, None])


def joined_series(
    names: Sequence[Sequence[str]],
    labels: Sequence[Any],
    parts: Sequence[FloatArray | None],
    over: str | None = None,
) -> pd.Series:
    """As `joined_matrices`, of vectors; None is left out."""
    series = {
        label: pd.Series(part, index=list(own), dtype=np.float64)
        for label, part, own in zip(labels, parts, names, strict=True)
        if part is not None
    }
    if len(parts) == 1:
        return next(iter(series.values()))
    found: pd.Series = pd.concat(series, names=[over, None])
    return found
