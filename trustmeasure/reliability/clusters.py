"""Which persons and clusters an analysis of two levels uses."""

from __future__ import annotations

import numpy as np

from trustmeasure import _checks
from trustmeasure.errors import DataError
from trustmeasure.kernels.covariance import dependent_items, to_correlation
from trustmeasure.kernels.two_level import ClusterMoments, cluster_moments
from trustmeasure.results import Notes

# In simulations fewer clusters leave what is between them vague (Geldhof and others, 2014).
FEW_CLUSTERS = 50


def clustered_answers(block: _checks.GroupedItems, notes: Notes) -> tuple[ClusterMoments, int]:
    """Choose the persons, check that there are enough on both levels, and summarise them."""
    lost = block.codes < 0
    if lost.any():
        notes.record(
            f"{int(lost.sum())} of {block.n_persons} persons were left out: no "
            f"{block.cluster_name} is known."
        )
    gaps = np.isnan(block.values).any(axis=1) & ~lost
    if gaps.any():
        notes.record(_checks.dropped_note(int(gaps.sum()), block.n_persons))
    used = ~(lost | gaps)
    values, p = block.values[used], len(block.names)
    kept, codes = np.unique(block.codes[used], return_inverse=True)
    if len(kept) <= p:
        raise DataError(
            f"{len(kept)} clusters with complete answers cannot tell how {p} items covary "
            f"between clusters; more than {p} are needed, and {FEW_CLUSTERS} are few. Use fewer "
            "items, or cronbach_alpha for all persons together."
        )
    if len(values) - len(kept) <= p:
        raise DataError(
            f"{len(values)} persons in {len(kept)} clusters are too few to tell how {p} items "
            f"covary within clusters: more than {p} persons beyond the first of each cluster are "
            "needed."
        )
    moments = cluster_moments(values, codes.ravel().astype(np.intp))
    spread, whole = np.diag(moments.within), values.var(axis=0) * len(values)
    flat = [
        name
        for name, own, all_ in zip(block.names, spread, whole, strict=True)
        if own <= 1e-12 * max(all_, 1e-300)
    ]
    if flat:
        raise DataError(
            f"Item(s) {_checks.listed(flat)} do not vary within clusters: everybody in a cluster "
            "gave the same answer. Leave them out with items=[...]."
        )
    dependent = dependent_items(to_correlation(moments.within))
    if len(dependent):
        raise DataError(
            f"Items {_checks.listed(block.names[i] for i in dependent)} determine each other "
            "exactly within clusters (one is a copy or a sum of others). Leave one of them out "
            "with items=[...]."
        )
    return moments, int(block.n_persons - used.sum())
