"""Who takes part in an analysis of groups: persons with a cluster and their answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import GroupedItems
from trustmeasure.results import Notes


def used_persons(block: GroupedItems, notes: Notes, *, without: str) -> NDArray[np.bool_]:
    """Mark the persons with a cluster and every value; record the others.

    ``without`` words the reason of those with a cluster but not all values.
    """
    complete = ~np.isnan(block.values).any(axis=1)
    placed = block.codes >= 0
    for left_out, reason in (
        (~placed, f"no '{block.cluster_name}'"),
        (placed & ~complete, without),
    ):
        if left_out.any():
            notes.record(
                f"{int(left_out.sum())} of {block.n_persons} persons were left out: {reason}."
            )
    return np.asarray(complete & placed)
