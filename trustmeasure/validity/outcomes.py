"""An outcome, what may explain it, and what stands beside: complete persons, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, as_items, listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.results import Notes
from trustmeasure.validity.samples import column_of, is_scores, numbers_of

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class OutcomeSample:
    """Complete persons: outcome, predictor, covariates (n, q), clusters from 0."""

    y: FloatArray
    x: FloatArray
    covariates: FloatArray
    cluster: NDArray[np.intp] | None
    names: tuple[str, ...]
    cluster_name: str | None
    index: pd.Index[Any]
    n_dropped: int


def outcome_sample(
    y: Any, x: Any, data: Any, covariates: Any, cluster: Any, notes: Notes
) -> OutcomeSample:
    """Take complete persons out of columns, arrays or scores."""
    if data is None:
        named = [n for n, v in (("y", y), ("x", x), ("cluster", cluster)) if isinstance(v, str)]
        if named:
            raise OptionError(f"{listed(named)}: names of columns need the data they are in, data=")
        sizes = {len(np.asarray(v).ravel()) for v in (y, x)}
        if len(sizes) > 1:
            raise OptionError(f"y and x differ in length: {sorted(sizes)}.")
        index = y.index if isinstance(y, pd.Series) else pd.RangeIndex(sizes.pop())
        frame = pd.DataFrame(index=index)
    else:
        frame = data.data if is_scores(data) else as_frame(data)
    outcome, y_name = numbers_of(frame, y, "y")
    predictor, x_name = numbers_of(frame, x, "x")
    beside, z_names = _covariates(frame, covariates)
    known = np.asarray(~np.isnan(np.column_stack([outcome, predictor, beside])).any(axis=1))
    codes, cluster_name = None, None
    if cluster is not None:
        teams = column_of(frame, cluster, "cluster")
        cluster_name = str(teams.name)
        known &= teams.notna().to_numpy()
        codes = pd.factorize(teams[known].astype(object))[0]
    dropped = int((~known).sum())
    if dropped:
        notes.record(f"{dropped} of {len(known)} persons with a missing value were left out.")
    sample = OutcomeSample(
        y=outcome[known],
        x=predictor[known],
        covariates=beside[known],
        cluster=codes,
        names=(y_name, x_name, *z_names),
        cluster_name=cluster_name,
        index=frame.index[known],
        n_dropped=dropped,
    )
    _refuse_small(sample)
    if codes is not None and codes.max() < 19:
        notes.record(
            f"There are only {int(codes.max()) + 1} clusters; cluster-robust errors tend to be "
            "too small below about 20 to 40."
        )
    return sample


def _covariates(frame: pd.DataFrame, covariates: Any) -> tuple[FloatArray, Sequence[str]]:
    if covariates is None:
        return np.empty((len(frame), 0)), ()
    if isinstance(covariates, str):
        covariates = [covariates]
    if isinstance(covariates, (list, tuple)) and all(isinstance(c, str) for c in covariates):
        unknown = [name for name in covariates if name not in frame.columns]
        if unknown:
            raise DataError(
                f"Covariate(s) {listed(unknown)} are not in the data. Columns: "
                f"{listed(frame.columns)}." + near(unknown[0], frame.columns)
            )
        block = as_items(frame, items=covariates, min_items=1)
    else:
        values = covariates
        if not hasattr(values, "columns"):
            values = np.asarray(values, dtype=float)
            values = values[:, None] if values.ndim == 1 else values
        block = as_items(values, min_items=1)
    if block.n_persons != len(frame):
        raise OptionError(f"covariates= has {block.n_persons} rows, y and x have {len(frame)}.")
    return block.values, block.names


def _refuse_small(sample: OutcomeSample) -> None:
    n, terms = len(sample.x), 4 + sample.covariates.shape[1]
    if n < terms + 4:
        raise DataError(
            f"{n} persons have all values; at least {terms + 4} are needed for {terms} "
            "coefficients."
        )
    distinct = len(np.unique(sample.x))
    if distinct < 4:
        raise DataError(
            f"'{sample.names[1]}' has {distinct} different values; a curve and two lines need at "
            "least 4."
        )
    if np.ptp(sample.y) == 0:
        raise DataError(f"'{sample.names[0]}' is the same for everyone.")
    if sample.cluster is not None and sample.cluster.max() < 1:
        raise DataError(f"All persons are in one cluster of '{sample.cluster_name}'.")
