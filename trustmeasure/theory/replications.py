"""Bootstrap intervals of a fitted model's parameters: many samples fitted at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.standardised import standardised
from trustmeasure.errors import DataError
from trustmeasure.kernels.moment_fit import Sample, fit_moments
from trustmeasure.kernels.resampling import resample_counts

FloatArray = NDArray[np.float64]


def replicates(
    model: StructuralModel, n_boot: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, int]:
    """Refit the model to resampled persons (teams, where clusters are known).

    Gives free parameters (b, k) and standardised values of all rows (b, rows) of the
    replicates that converged, and how many did not. Needs complete data of one group, and no
    variable whose moments are taken as given.
    """
    kept = model.fitted
    sample = kept.samples.groups[0]
    values = sample.values
    if values is None or np.isnan(values).any():
        raise DataError(
            "Bootstrap intervals need complete answers. Use intervals='delta', or "
            "missing='listwise'."
        )
    specification = kept.specification
    away = kept.estimates.parameters - specification.origin
    start = np.asarray(np.linalg.lstsq(specification.basis, away, rcond=None)[0], dtype=np.float64)
    parameters, whole, failed = [], [], 0
    for covariance, mean in _moments(values, sample.clusters, n_boot, rng):
        found = fit_moments(
            kept.estimates.model,
            [Sample(covariance, mean if kept.means else None, float(len(values)))],
            start,
            "ML",
            tolerance=1e-10,
            max_iterations=100,
        )
        good = found.converged
        failed += int((~good).sum())
        parameters.append(found.parameters[good])
        whole.append(standardised(kept.specification, kept.estimates.model, parameters[-1]))
    return np.concatenate(parameters), np.concatenate(whole), failed


def _moments(
    values: FloatArray, clusters: NDArray[np.intp] | None, n_boot: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Give covariances (divisor n) and means of replicates, from weighted sums of products.

    A replicate with a covariance matrix that has no inverse is drawn but not given.
    """
    n, p = values.shape
    centre = values.mean(axis=0)
    x = values - centre
    rows, columns = np.tril_indices(p)
    terms = np.hstack([np.ones((n, 1)), x, x[:, rows] * x[:, columns]])
    if clusters is not None:
        _, codes = np.unique(clusters, return_inverse=True)
        sums = np.zeros((int(codes.max()) + 1, terms.shape[1]))
        np.add.at(sums, codes, terms)
        terms = sums
    cells = max(1, 4_000_000 // (p * p)) * len(terms) // 25
    for weights in resample_counts(len(terms), n_boot, rng, cells=cells):
        total = weights @ terms
        total = total[:, 1:] / total[:, :1]
        mean = total[:, :p]
        covariance = np.empty((len(weights), p, p))
        covariance[:, rows, columns] = total[:, p:] - mean[:, rows] * mean[:, columns]
        covariance[:, columns, rows] = covariance[:, rows, columns]
        usable = np.linalg.eigvalsh(covariance)[:, 0] > 1e-10 * covariance.max()
        yield covariance[usable], mean[usable] + centre
