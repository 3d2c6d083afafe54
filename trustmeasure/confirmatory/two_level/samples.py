"""What a two-level model is fitted to: answers, clusters, and which level each variable is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, listed
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.samples import from_data
from trustmeasure.errors import DataError
from trustmeasure.kernels.two_level import ClusterMoments, cluster_moments
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Below this many clusters, standard errors between clusters are known to be too small
# (Maas & Hox, 2005).
FEW = 50


@dataclass(frozen=True)
class TwoLevelSample:
    """Answers in clusters.

    Attributes
    ----------
    values : ndarray (n, p)
        Complete answers, in the order of ``names``.
    codes : ndarray of int (n,)
        Clusters, numbered from 0 without gaps.
    names : tuple of str
    within, between : ndarray of int
        Places of each level's variables, in the order of that level.
    moments : ClusterMoments
    n_dropped : int
    rows : ndarray of int (n,)
        Where the persons stand in the data.
    index : Index
        Of all the data.
    clusters : Index
        What the clusters are called, in the order of their numbers.
    """

    values: FloatArray
    codes: IntArray
    names: tuple[str, ...]
    within: IntArray
    between: IntArray
    moments: ClusterMoments
    n_dropped: int
    rows: IntArray
    index: pd.Index
    clusters: pd.Index

    @property
    def both(self) -> IntArray:
        """Places of the variables that both levels have."""
        return np.intersect1d(self.within, self.between)


def two_level_sample(
    data: Any, table: ParameterTable, *, cluster: str, notes: Notes
) -> TwoLevelSample:
    """Take the answers out of the data, and see that each level can be estimated.

    ``table`` has the levels as its groups.
    """
    levels = [table.names("ov", group=level) for level in (1, 2)]
    names = tuple(dict.fromkeys([*levels[0], *levels[1]]))
    samples = from_data(
        data, names, interactions=table.interactions, exogenous=(), group=None, labels=[None],
        cluster=cluster, missing="listwise", notes=notes,
    )  # fmt: skip
    group = samples.groups[0]
    if group.values is None or group.clusters is None or group.rows is None:
        raise ValueError("two-level models need answers and clusters")  # refused before
    _, first, codes = np.unique(group.clusters, return_index=True, return_inverse=True)
    called = as_frame(data)[cluster]
    # Means of the data would cost digits of the scatter around them.
    within, between = (
        np.array([names.index(name) for name in level], dtype=np.intp) for level in levels
    )
    sample = TwoLevelSample(
        values=group.values,
        codes=codes,
        names=names,
        within=within,
        between=between,
        moments=cluster_moments(group.values, codes),
        n_dropped=samples.n_dropped,
        rows=group.rows,
        index=called.index,
        clusters=pd.Index(called.iloc[group.rows[first]], name=cluster),
    )
    _refuse_few(sample, cluster)
    _refuse_misplaced(sample, cluster)
    _refuse_dependent(sample, cluster)
    if sample.moments.n_clusters < FEW:
        notes.record(
            f"There are {sample.moments.n_clusters} clusters. With fewer than {FEW}, standard "
            "errors between clusters tend to be too small (Maas & Hox, 2005)."
        )
    return sample


def _refuse_few(sample: TwoLevelSample, cluster: str) -> None:
    clusters, persons = sample.moments.n_clusters, sample.moments.n
    least = len(sample.between) + 2
    if clusters < least:
        raise DataError(
            f"'{cluster}' has {clusters} cluster(s) with complete answers; a model of "
            f"{len(sample.between)} variables between clusters needs at least {least}, and many "
            "more for errors that can be trusted. Use fewer variables at level 2, or a model "
            "without levels and cluster= for errors that allow for likeness in clusters."
        )
    if persons - clusters <= len(sample.within):
        raise DataError(
            f"'{cluster}' has {clusters} clusters for {persons} persons with complete answers: "
            f"too few persons share a cluster to tell how {len(sample.within)} variables vary "
            "within clusters."
        )


def _refuse_misplaced(sample: TwoLevelSample, cluster: str) -> None:
    """Refuse variables of clusters that differ within one, and persons' that never do."""
    lowest = np.full((sample.moments.n_clusters, len(sample.names)), np.inf)
    highest = -lowest
    np.minimum.at(lowest, sample.codes, sample.values)
    np.maximum.at(highest, sample.codes, sample.values)
    spread = highest - lowest
    varies = spread > 1e-10 * np.maximum(np.abs(sample.values).max(axis=0), 1e-300)
    wrong = [i for i in sample.between if i not in sample.within and varies[:, i].any()]
    if wrong:
        count = int(varies[:, wrong[0]].sum())
        raise DataError(
            f"{_named(sample, wrong)} at level 2 alone, but '{sample.names[wrong[0]]}' differs "
            f"between persons of one cluster in {count} cluster(s) of '{cluster}'. Put it at "
            "level 1, too, or give every person of a cluster one value."
        )
    fixed = [i for i in sample.within if not varies[:, i].any()]
    if fixed:
        raise DataError(
            f"{_named(sample, fixed)} at level 1, but the same for all persons of each cluster "
            f"of '{cluster}'. Put it at level 2 alone."
        )


def _named(sample: TwoLevelSample, places: Sequence[int]) -> str:
    names = listed(sample.names[i] for i in places)
    return f"Variable {names} is" if len(places) == 1 else f"Variables {names} are"


def _refuse_dependent(sample: TwoLevelSample, cluster: str) -> None:
    """Refuse variables of which some determine others, on either level."""
    from trustmeasure.kernels.covariance import dependent_items, to_correlation

    moments, w = sample.moments, sample.within
    counts = np.bincount(sample.codes)
    sums = np.zeros((moments.n_clusters, len(sample.names)))
    np.add.at(sums, sample.codes, sample.values)
    means = (sums / counts[:, None])[:, sample.between]
    parts = (
        ("within", moments.within[np.ix_(w, w)], w),
        ("between", np.cov(means.T).reshape(len(sample.between), -1), sample.between),
    )
    for where, spread, places in parts:
        correlation = to_correlation(spread)
        if np.linalg.eigvalsh(correlation)[0] > 1e-10:
            continue
        names = listed(sample.names[places[i]] for i in dependent_items(correlation))
        raise DataError(
            f"The covariance matrix {where} clusters of '{cluster}' has no inverse: these "
            f"variables are linearly dependent: {names}. Leave one of them out."
        )
