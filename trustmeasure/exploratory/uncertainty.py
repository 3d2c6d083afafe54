"""How sure rotated loadings and factor correlations are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_items, check_count, listwise
from trustmeasure.correlation.matrices import correlations_of
from trustmeasure.errors import (
    ConvergenceError,
    ConvergenceWarning,
    DataError,
    OptionError,
    TrustMeasureWarning,
)
from trustmeasure.exploratory.solving import Solved, solutions
from trustmeasure.kernels.covariance import to_correlation
from trustmeasure.kernels.loading_errors import jackknife_errors, normal_errors
from trustmeasure.kernels.resampling import bootstrap_covariances
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]

INTERVALS = (None, "bootstrap", "normal", "jackknife")


@dataclass(frozen=True)
class Uncertainty:
    """Standard errors and limits; loadings (p, m), factor correlations (m, m)."""

    loadings_se: FloatArray
    loadings_low: FloatArray
    loadings_high: FloatArray
    phi_se: FloatArray
    phi_low: FloatArray
    phi_high: FloatArray


def check_interval(
    ci: str | None, *, data: Any, n_obs: int | None, correlation: str, missing: str, method: str
) -> None:
    """Refuse an interval that the data at hand or the method have no formula for."""
    if ci is None:
        return
    if ci in ("bootstrap", "jackknife") and data is None:
        raise OptionError(f"ci='{ci}' needs the answers themselves; with corr=, use ci='normal'.")
    if ci == "normal" and data is None and n_obs is None:
        raise OptionError("ci='normal' needs the number of persons: pass n_obs= with corr=.")
    if ci == "bootstrap":
        return
    if method in ("alpha", "minrank"):
        raise OptionError(f"ci='{ci}' has no formula for method='{method}'; use ci='bootstrap'.")
    if data is not None and (correlation != "pearson" or missing != "listwise"):
        raise OptionError(
            f"ci='{ci}' is for Pearson correlations of complete answers (missing='listwise'); "
            "use ci='bootstrap'."
        )


def check_resamples(ci: str | None, n_boot: int | None) -> int:
    """Check the number of bootstrap samples, or choose one."""
    if n_boot is None:
        return 1000
    if ci != "bootstrap":
        raise OptionError(f"n_boot={n_boot!r} are bootstrap samples: they go with ci='bootstrap'.")
    return check_count("n_boot", n_boot, least=2)


def analytic(solved: Solved, ci: str, data: Any, where: dict[str, Any], z: float) -> Uncertainty:
    """Give estimate ± z · standard error from derivatives."""
    loadings, phi = solved.rotated.loadings, solved.rotated.phi
    if ci == "normal":
        n = float(solved.found.n_obs or 0)
        errors = normal_errors(loadings, phi, solved.method, solved.rotation, n)
    else:
        values, _ = listwise(as_items(data, **where, min_items=3, min_persons=3))
        errors = jackknife_errors(
            loadings, phi, solved.method, solved.rotation, solved.found.matrix, values
        )
    return Uncertainty(
        loadings_se=errors.loadings,
        loadings_low=loadings - z * errors.loadings,
        loadings_high=loadings + z * errors.loadings,
        phi_se=errors.phi,
        phi_low=phi - z * errors.phi,
        phi_high=phi + z * errors.phi,
    )


def bootstrap(
    solved: Solved,
    data: Any,
    where: dict[str, Any],
    *,
    correlation: str,
    missing: str,
    conf_level: float,
    n_boot: int,
    rng: np.random.Generator,
    notes: Notes,
) -> Uncertainty:
    """Give standard deviations and percentiles of the solutions of resampled persons."""
    matrices: Iterator[FloatArray]
    if correlation == "pearson" and missing == "listwise":
        values, _ = listwise(as_items(data, **where, min_items=3, min_persons=3))
        # Of standardised items, so that the units of the answers do not matter.
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        matrices = (_correlations(cov) for cov in bootstrap_covariances(values, n_boot, rng))
    else:
        matrices = _resampled(data, where, correlation, missing, n_boot, rng)
    parts = [solutions(solved, block) for block in matrices if len(block)]
    loadings = np.concatenate([part.loadings[part.usable] for part in parts] or [np.zeros((0, 1))])
    if len(loadings) < 2:
        raise ConvergenceError(
            "No bootstrap sample could be factored. Use fewer factors, or leave out items that few "
            "persons answered or that hardly vary."
        )
    phi = np.concatenate([part.phi[part.usable] for part in parts])
    if len(loadings) < n_boot:
        notes.warn(
            f"{n_boot - len(loadings)} of {n_boot} bootstrap samples had no solution; the "
            "intervals leave them out.",
            ConvergenceWarning,
            stacklevel=4,
        )
    tails = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    (low, high), (phi_low, phi_high) = (np.quantile(x, tails, axis=0) for x in (loadings, phi))
    return Uncertainty(
        loadings_se=loadings.std(axis=0, ddof=1),
        loadings_low=low,
        loadings_high=high,
        phi_se=phi.std(axis=0, ddof=1),
        phi_low=phi_low,
        phi_high=phi_high,
    )


def _correlations(covariances: FloatArray) -> FloatArray:
    """Rescale a stack; resamples in which an item is constant are left out."""
    variance = np.diagonal(covariances, axis1=1, axis2=2)
    usable = (variance > 1e-12).all(axis=1)
    return np.array([to_correlation(cov) for cov in covariances[usable]])


def _resampled(
    data: Any,
    where: dict[str, Any],
    correlation: str,
    missing: str,
    n_boot: int,
    rng: np.random.Generator,
) -> Iterator[FloatArray]:
    """Correlate resampled persons anew each time, where no moments say it faster."""
    block = as_items(data, **where, min_items=3, min_persons=3)
    names: Sequence[str] = block.names
    for _ in range(n_boot):
        drawn = rng.integers(0, block.n_persons, block.n_persons)
        frame = pd.DataFrame(block.values[drawn], columns=list(names))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrustMeasureWarning)
            try:
                found = correlations_of(
                    frame, items=None, scale=None, correlation=correlation, missing=missing,
                    min_items=3, notes=Notes(),
                )  # fmt: skip
            except DataError:  # an item has become constant
                continue
        yield found.matrix[None]
