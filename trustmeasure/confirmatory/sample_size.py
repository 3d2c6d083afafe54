"""Whether there are enough persons, clusters and answers for what a model asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from trustmeasure._checks import listed
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.errors import DataWarning
from trustmeasure.results import Notes
from trustmeasure.thresholds import load_thresholds

# With few clusters, robust standard errors tend to be too small; Cameron and Miller (2015,
# doi:10.3368/jhr.50.2.317) put the limit between 20 and 50.
MANY_CLUSTERS = 50


def note_sample(samples: Samples, observed: Sequence[str], n_free: int, notes: Notes) -> None:
    """Say where a sample is small beside its model."""
    note_persons(samples.n, n_free, notes)
    _note_clusters(samples, n_free, notes)
    _note_coverage(samples, observed, notes)


def note_persons(n: int, n_free: int, notes: Notes) -> None:
    """Say where persons are few beside the free parameters."""
    rule = load_thresholds()["latent_n_per_parameter"]
    if n >= rule.cut * n_free:
        return
    advice = (
        f"Rules of thumb ask for {rule.cut:g} per parameter or more ({rule.sources[0].short}); "
        "use fewer indicators or factors, scale scores, or more persons."
    )
    if n <= n_free:
        notes.warn(
            f"{n} persons for {n_free} free parameters: standard errors, tests and fit indices "
            f"rest on large samples and cannot be trusted here. {advice}",
            DataWarning,
            stacklevel=5,
        )
    else:
        notes.record(f"{n} persons for {n_free} free parameters. {advice}")


def _note_clusters(samples: Samples, n_free: int, notes: Notes) -> None:
    codes = [group.clusters for group in samples.groups if group.clusters is not None]
    if not codes:
        return
    n_clusters = len(np.unique(np.concatenate(codes)))
    if n_clusters < MANY_CLUSTERS:
        notes.record(
            f"There are {n_clusters} clusters. With fewer than 20 to {MANY_CLUSTERS}, "
            "cluster-robust standard errors are too small and tests too often significant "
            "(Cameron & Miller, 2015)."
        )
    if n_clusters <= n_free:
        notes.record(
            f"There are {n_clusters} clusters for {n_free} free parameters: the scaled statistic "
            "rests on fewer differences between clusters than it has parameters to allow for."
        )


def _note_coverage(samples: Samples, observed: Sequence[str], notes: Notes) -> None:
    """Name pairs of variables that nobody answered both of."""
    for group in samples.groups:
        if group.values is None or not np.isnan(group.values).any():
            continue
        answered = ~np.isnan(group.values)
        together = answered.T.astype(np.float64) @ answered
        pairs = np.argwhere(np.tril(together == 0, -1))
        if len(pairs):
            where = "" if group.label is None else f" in group '{group.label}'"
            named = listed(_pairs(observed, pairs.tolist()))
            notes.warn(
                f"Nobody answered both of {named}{where}: their {len(pairs)} covariance(s) rest "
                "on the model alone, and are no part of the test of fit, whose degrees of "
                "freedom count them all the same.",
                DataWarning,
                stacklevel=5,
            )


def _pairs(observed: Sequence[str], pairs: Iterable[Sequence[int]]) -> list[str]:
    return [f"{observed[j]} with {observed[i]}" for i, j in pairs]
