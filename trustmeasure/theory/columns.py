"""The columns that a mediation or moderation is about, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, as_items, listed, near, refuse_constant
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.least_squares import full_rank
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Complete values of the variables (n, k), and each person's cluster from 0."""

    values: FloatArray
    names: tuple[str, ...]
    cluster: NDArray[np.intp] | None
    n_dropped: int

    @property
    def n(self) -> int:
        """Persons used."""
        return len(self.values)

    @property
    def with_one(self) -> FloatArray:
        """The values with a first column of ones."""
        return np.column_stack([np.ones(self.n), self.values])

    @property
    def centred(self) -> FloatArray:
        """The same with the values centred, which sums of products keep precise."""
        return np.column_stack([np.ones(self.n), self.values - self.values.mean(axis=0)])


def take_columns(data: Any, names: Sequence[str], cluster: str | None, notes: Notes) -> Columns:
    """Take columns out of data, drop persons with a missing value, refuse what cannot work."""
    frame = data.data if hasattr(data, "scale_ids") else as_frame(data)
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise OptionError(f"The variable(s) {listed(twice)} cannot play two parts at once.")
    values = as_items(frame, items=list(names), min_items=2, min_persons=3).values
    keep: NDArray[np.bool_] = np.asarray(~np.isnan(values).any(axis=1))
    codes = None
    if cluster is not None:
        if cluster not in frame.columns:
            raise DataError(
                f"cluster= names the column '{cluster}', which the data do not have. Columns: "
                f"{listed(frame.columns)}." + near(cluster, frame.columns)
            )
        keep &= frame[cluster].notna().to_numpy()
        codes = pd.factorize(frame[cluster][keep])[0].astype(np.intp)
        if codes.max(initial=-1) < 1:
            raise DataError(f"The column '{cluster}' holds fewer than 2 clusters.")
    dropped = int((~keep).sum())
    if dropped:
        notes.record(
            f"{dropped} of {len(keep)} persons were left out (listwise deletion: a value missing)."
        )
    used = values[keep]
    if len(used) < len(names) + 3:
        raise DataError(
            f"{len(used)} complete person(s) for {len(names)} variables; at least "
            f"{len(names) + 3} are needed."
        )
    refuse_constant(used, list(names))
    if not full_rank(np.column_stack([np.ones(len(used)), used - used.mean(axis=0)])):
        raise DataError(
            f"The variables {listed(names)} determine each other (one is a sum or copy of "
            "others). Leave one out."
        )
    return Columns(used, tuple(names), codes, dropped)
