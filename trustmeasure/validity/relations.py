"""One scale beside a criterion: how they relate, what the scale adds, how it separates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.errors import DataError, DataWarning
from trustmeasure.kernels import correlation_intervals as kernel
from trustmeasure.kernels.bootstrap_intervals import percentile_limits
from trustmeasure.kernels.covariance import listwise_moments
from trustmeasure.kernels.discrimination import area_under_curve
from trustmeasure.kernels.least_squares import full_rank
from trustmeasure.kernels.ranks import ranks
from trustmeasure.kernels.resampling import bootstrap_covariances
from trustmeasure.results import Notes
from trustmeasure.validity.attenuation import beyond_one

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """A scale's scores and the criterion, both complete, and the criterion's ranks."""

    scale: str
    x: FloatArray
    y: FloatArray
    y_ranks: FloatArray

    def refuse_unusable(self, criterion: str) -> None:
        """Refuse what cannot be correlated."""
        if len(self.x) < 4:
            raise DataError(
                f"{len(self.x)} persons have both '{self.scale}' and '{criterion}'; at least 4 "
                "are needed."
            )
        for name, column in ((self.scale, self.x), (criterion, self.y)):
            if np.ptp(column) == 0:
                raise DataError(
                    f"'{name}' is the same for all {len(column)} persons who have both "
                    f"'{self.scale}' and '{criterion}', so it relates to nothing."
                )


def relate(
    pair: Pair,
    items: FloatArray | None,
    reliability: float | None,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    notes: Notes,
) -> dict[str, float]:
    """Give the row of correlations; ``items`` where the reliability is to be estimated."""
    level, n, other = settings["conf_level"], len(pair.x), settings["criterion_reliability"]
    sample = kernel.ScoredItems(pair.x, pair.y, np.empty((n, 0)) if items is None else items)
    found_r, found_alpha = sample.estimates(np.ones((1, n)))
    r = float(np.clip(found_r[0], -1, 1))
    if items is not None:
        reliability = float(found_alpha[0])
        if not reliability > 0:
            notes.warn(
                f"{pair.scale}: alpha is {reliability:.3f}; nothing can be corrected by it.",
                DataWarning,
            )
    corrected = kernel.corrected(r, np.nan if reliability is None else reliability, other)
    if abs(corrected) > 1:
        notes.warn(f"{pair.scale}: {beyond_one(corrected)}", DataWarning)
    if settings["ci"] == "fisher":
        low, high = kernel.fisher_limits(r, n, level)
        limits = [low, high]
        if reliability is not None:
            limits += [kernel.corrected(limit, reliability, other) for limit in (low, high)]
    else:
        limits = _bootstrap(sample, None if items is not None else reliability, settings, rng)
    if reliability is None:
        limits = [*limits[:2], np.nan, np.nan]
    ranked = np.column_stack([ranks(pair.x[:, None]), pair.y_ranks])
    rho = float(listwise_moments(ranked).correlation[0, 1])
    rho_low, rho_high = kernel.fisher_limits(rho, n, level, ranks=True)
    return {
        "n": n,
        "r": r,
        "ci_low": limits[0],
        "ci_high": limits[1],
        "pvalue": kernel.correlation_pvalue(r, n),
        "rho": rho,
        "rho_low": rho_low,
        "rho_high": rho_high,
        "rho_p": kernel.correlation_pvalue(rho, n),
        "reliability": np.nan if reliability is None else reliability,
        "corrected": corrected,
        "corrected_low": limits[2],
        "corrected_high": limits[3],
    }


def _bootstrap(
    sample: kernel.ScoredItems,
    known: float | None,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[float]:
    """Percentiles of r and of its correction, alpha with it where it is not known."""
    blocks = list(sample.bootstrap(settings["n_boot"], rng))
    r = np.concatenate([block[0] for block in blocks])
    alpha = np.concatenate([block[1] for block in blocks]) if known is None else known
    with np.errstate(invalid="ignore"):
        product = np.where(np.asarray(alpha) > 0, alpha, np.nan) * settings["criterion_reliability"]
        corrected = r / np.sqrt(product)
    limits: list[float] = []
    for replicates in (r, corrected):
        usable = replicates[np.isfinite(replicates)]
        if len(usable) < 2:
            limits += [np.nan, np.nan]
        else:
            found = percentile_limits(usable, settings["conf_level"])
            limits += [float(found.low), float(found.high)]
    return limits


def increment(
    pair: Pair, extra: FloatArray, settings: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, float]:
    """Give the row of what the scale adds to covariates ``extra`` (n, k)."""
    from scipy.special import fdtrc

    complete = ~np.isnan(extra).any(axis=1)
    values = np.column_stack([extra, pair.x, pair.y])[complete]
    n, k = values.shape[0], extra.shape[1]
    if n < k + 4:
        raise DataError(
            f"{n} persons have '{pair.scale}', the criterion and all {k} covariates; at least "
            f"{k + 4} are needed."
        )
    if not full_rank(np.column_stack([np.ones(n), values[:, :k] - values[:, :k].mean(axis=0)])):
        raise DataError(
            f"The covariates {listed(settings['covariates'])} are constant, or follow from each "
            "other. Leave one of them out."
        )
    found = kernel.increment(np.cov(values.T)[None])
    before, delta = float(found.r2[0]), float(found.delta[0])
    if np.isnan(delta):
        raise DataError(
            f"The covariates {listed(settings['covariates'])} determine '{pair.scale}' or the "
            "criterion completely, so nothing is left to add."
        )
    df2 = n - k - 2
    f = delta / max((1 - before - delta) / df2, 1e-300)
    drawn = bootstrap_covariances(values, settings["n_boot"], rng)
    replicates = np.concatenate([kernel.increment(block).delta for block in drawn])
    limits = percentile_limits(replicates[np.isfinite(replicates)], settings["conf_level"])
    return {
        "n": n,
        "r2_covariates": before,
        "r2": before + delta,
        "delta_r2": delta,
        "ci_low": float(limits.low),
        "ci_high": float(limits.high),
        "f": f,
        "df1": 1,
        "df2": df2,
        "pvalue": float(fdtrc(1, df2, f)),
        "beta": float(found.beta[0]),
    }


def area(pair: Pair, level: float) -> dict[str, float]:
    """Give the row of how well the scale separates the criterion's two values."""
    high = pair.y == pair.y.max()
    found = area_under_curve(pair.x[high], pair.x[~high])
    low_limit, high_limit = found.limits(level)
    return {
        "n_low": int((~high).sum()),
        "n_high": int(high.sum()),
        "auc": found.area,
        "se": found.se,
        "ci_low": low_limit,
        "ci_high": high_limit,
    }
