"""What a model is fitted to: each group's answers and moments, from data or from moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    Items,
    as_frame,
    as_items,
    as_label,
    check_count,
    listed,
    near,
    refuse_constant,
)
from trustmeasure.errors import DataError, OptionError
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]

# Persons that a correlation of a pair of variables takes.
LEAST_SHARED = 5


@dataclass(frozen=True)
class GroupSample:
    """One group.

    Attributes
    ----------
    label : object
        What the group is called in the data; None without groups.
    values : ndarray (n, p) or None
        Answers in the order of the model's variables, NaN where missing; None where moments
        were given.
    clusters : ndarray of int (n,) or None
    n : int
    mean : ndarray (p,) or None
    covariance : ndarray (p, p)
        With divisor n. Of incomplete data, pairwise: only for starting values.
    rows : ndarray of int (n,) or None
        Where the persons stand in the data.
    """

    label: Any
    values: FloatArray | None
    clusters: NDArray[np.intp] | None
    n: int
    mean: FloatArray | None
    covariance: FloatArray
    rows: NDArray[np.intp] | None = None


@dataclass(frozen=True)
class Samples:
    """All groups, and what was left out; ``index`` is that of the data."""

    groups: tuple[GroupSample, ...]
    n_dropped: int
    group_name: str | None = None
    index: pd.Index | None = None

    @property
    def n(self) -> int:
        """Persons in all groups."""
        return sum(group.n for group in self.groups)

    @property
    def covariances(self) -> list[FloatArray]:
        """Covariance matrix of each group."""
        return [group.covariance for group in self.groups]

    @property
    def means(self) -> list[FloatArray] | None:
        """Mean of each group, where known."""
        means = [group.mean for group in self.groups if group.mean is not None]
        return means if len(means) == len(self.groups) else None


def unbiased(samples: Samples) -> Samples:
    """Let covariances divide by n − 1."""
    groups = [
        replace(group, covariance=group.covariance * (group.n / (group.n - 1.0)))
        for group in samples.groups
    ]
    return replace(samples, groups=tuple(groups))


def group_labels(data: Any, group: str | None) -> list[Any]:
    """Labels of the groups in the order in which they occur, as lavaan numbers them."""
    if group is None:
        return [None]
    frame = as_frame(data)
    if group not in frame.columns:
        raise DataError(
            f"group= names the column '{group}', which the data do not have. Columns: "
            f"{listed(frame.columns)}." + near(group, frame.columns)
        )
    labels = list(pd.unique(frame[group].dropna()))
    if len(labels) < 2:
        raise DataError(
            f"The group column '{group}' has {len(labels)} different value(s); at least 2 groups "
            "are needed."
        )
    return [as_label(label) for label in labels]


def from_data(
    data: Any,
    observed: Sequence[str],
    *,
    interactions: Mapping[str, tuple[str, str]],
    exogenous: Sequence[str],
    group: str | None,
    labels: Sequence[Any],
    cluster: str | None,
    missing: str,
    notes: Notes,
) -> Samples:
    """Take each group's answers out of the data."""
    frame = as_frame(data)
    plain = [name for name in observed if name not in interactions]
    plain += [part for pair in interactions.values() for part in pair if part not in plain]
    block = as_items(frame, items=list(dict.fromkeys(plain)), min_items=1, min_persons=2)
    values = in_order(block, observed, interactions)
    keep = _kept(values, observed, exogenous, missing, notes)
    which = np.zeros(len(values), dtype=np.intp)
    if group is not None:
        places = {label: place for place, label in enumerate(labels)}
        which = np.array([places.get(label, -1) for label in frame[group]], dtype=np.intp)
        unknown = int((which < 0).sum())
        if unknown:
            notes.record(f"{unknown} persons without a group in '{group}' were left out.")
            keep &= which >= 0
    codes = _cluster_codes(frame, cluster, keep, notes)
    groups = [
        _group(label, values, np.flatnonzero(keep & (which == place)), codes, observed)
        for place, label in enumerate(labels)
    ]
    return Samples(tuple(groups), n_dropped=int((~keep).sum()), group_name=group, index=frame.index)


def in_order(
    block: Items, observed: Sequence[str], interactions: Mapping[str, tuple[str, str]]
) -> FloatArray:
    """Give the model's variables (n, p), products among them."""
    if list(block.names) == list(observed):
        return block.values
    columns = dict(zip(block.names, block.values.T, strict=True))
    for name, (a, b) in interactions.items():
        columns[name] = columns[a] * columns[b]
    return np.column_stack([columns[name] for name in observed])


def _kept(
    values: FloatArray,
    observed: Sequence[str],
    exogenous: Sequence[str],
    missing: str,
    notes: Notes,
) -> NDArray[np.bool_]:
    if np.isfinite(values.sum()):
        return np.ones(len(values), dtype=bool)
    answered = ~np.isnan(values)
    if missing == "listwise":
        keep = answered.all(axis=1)
        if not keep.all():
            notes.record(
                f"{int((~keep).sum())} of {len(values)} persons were left out (listwise deletion: "
                "at least one answer missing)."
            )
        return np.asarray(keep)
    fixed = [place for place, name in enumerate(observed) if name in exogenous]
    keep = answered.any(axis=1)
    if missing == "pairwise":
        # Who answered nothing that is modelled tells nothing of what depends on the exogenous.
        keep = np.delete(answered, fixed, axis=1).any(axis=1)
    if not keep.all():
        notes.record(f"{int((~keep).sum())} of {len(values)} persons answered nothing.")
    without = keep & ~answered[:, fixed].all(axis=1)
    if without.any():
        notes.record(
            f"{int(without.sum())} persons were left out because an exogenous variable, whose "
            "distribution is not modelled, is missing."
        )
    return np.asarray(keep & ~without)


def note_pairwise(samples: Samples, observed: Sequence[str], notes: Notes) -> None:
    """Say how many answers are missing, and refuse pairs of variables that too few answered."""
    absent = np.zeros(len(observed), dtype=np.intp)
    for group in samples.groups:
        if group.values is None:
            continue
        answered = ~np.isnan(group.values)
        absent += (~answered).sum(axis=0)
        shared = answered.T.astype(np.float64) @ answered
        a, b = divmod(int(shared.argmin()), len(observed))
        if shared[a, b] < LEAST_SHARED:
            where = "" if group.label is None else f" in group '{group.label}'"
            raise DataError(
                f"{int(shared[a, b])} person(s){where} answered both '{observed[a]}' and "
                f"'{observed[b]}': too few for their correlation. Leave one of them out."
            )
    if not absent.any():
        return
    counts = ", ".join(
        f"{name} {number}" for name, number in zip(observed, absent, strict=True) if number
    )
    notes.record(
        f"{int(absent.sum())} answers of {samples.n} persons are missing ({counts}). Thresholds "
        "come from all who answered an item, correlations from all who answered both."
    )


def _cluster_codes(
    frame: pd.DataFrame, cluster: str | None, keep: NDArray[np.bool_], notes: Notes
) -> NDArray[np.intp] | None:
    if cluster is None:
        return None
    if cluster not in frame.columns:
        raise DataError(
            f"cluster= names the column '{cluster}', which the data do not have. Columns: "
            f"{listed(frame.columns)}." + near(cluster, frame.columns)
        )
    codes, _ = pd.factorize(frame[cluster])
    unknown = keep & (codes < 0)
    if unknown.any():
        notes.record(
            f"{int(unknown.sum())} persons without a cluster in '{cluster}' were left out."
        )
        keep &= codes >= 0
    return np.asarray(codes, dtype=np.intp)


def _group(
    label: Any,
    values: FloatArray,
    rows: NDArray[np.intp],
    codes: NDArray[np.intp] | None,
    observed: Sequence[str],
) -> GroupSample:
    where = "" if label is None else f" in group '{label}'"
    if len(rows) < 2:
        raise DataError(
            f"{len(rows)} person(s){where} can be used; a model needs more. Use "
            "missing='fiml' where answers are missing, or fewer variables."
        )
    if len(rows) < len(values):
        values = values[rows]
    if np.isfinite(values.sum()):
        mean = np.ones(len(values)) @ values / len(values)
        centred = values - mean
        covariance = centred.T @ centred / len(values)
        if (covariance.diagonal() <= 1e-12 * (1.0 + mean**2)).any():
            _refuse_constant(values, observed, label)
    else:
        answered = ~np.isnan(values)
        unasked = [name for place, name in enumerate(observed) if not answered[:, place].any()]
        if unasked:
            raise DataError(f"Variable(s) {listed(unasked)} have no answer{where}.")
        _refuse_constant(values, observed, label)
        mean = np.nanmean(values, axis=0)
        centred = np.where(answered, values - mean, 0.0)
        counts = answered.T.astype(np.float64) @ answered
        covariance = centred.T @ centred / np.maximum(counts, 1.0)
    return GroupSample(
        label=label,
        values=values,
        clusters=None if codes is None else codes[rows],
        n=len(values),
        mean=mean,
        covariance=covariance,
        rows=rows,
    )


def _refuse_constant(values: FloatArray, observed: Sequence[str], label: Any) -> None:
    """Refuse constant variables, and name the group in which they are."""
    try:
        refuse_constant(values, observed)
    except DataError as error:
        if label is None:
            raise
        raise DataError(f"Group '{label}': {error}") from error


def from_moments(
    moments: Any,
    observed: Sequence[str],
    *,
    n_obs: int | None,
    means: Any,
    is_correlation: bool,
) -> Samples:
    """Take one group's moments as a user has them, covariances with divisor n − 1."""
    if n_obs is None:
        raise OptionError("A covariance matrix needs the number of persons: pass n_obs=.")
    check_count("n_obs", n_obs, least=3)
    name = "corr" if is_correlation else "cov"
    frame = moments if isinstance(moments, pd.DataFrame) else None
    if frame is None:
        raise OptionError(
            f"{name}= must be a DataFrame with the variables' names on rows and columns."
        )
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
    frame = frame.set_axis([str(c) for c in frame.index], axis=0)
    unknown = [v for v in observed if v not in frame.columns or v not in frame.index]
    if unknown:
        raise DataError(
            f"{name}= does not have the variable(s) {listed(unknown)}. It has: "
            f"{listed(frame.columns)}." + near(unknown[0], frame.columns)
        )
    matrix = frame.loc[list(observed), list(observed)].to_numpy(dtype=np.float64)
    if (
        not np.isfinite(matrix).all()
        or np.abs(matrix - matrix.T).max() > 1e-6 * np.abs(matrix).max()
    ):
        raise DataError(f"{name}= must be symmetric and without missing values.")
    if np.linalg.eigvalsh(matrix)[0] <= 0:
        raise DataError(f"{name}= is not positive definite, so no model can be fitted to it.")
    mean = None
    if means is not None:
        series = pd.Series(means)
        mean = series.reindex(list(observed)).to_numpy(dtype=np.float64)
        if np.isnan(mean).any():
            raise DataError("means= must name every variable of the model.")
    sample = GroupSample(
        label=None,
        values=None,
        clusters=None,
        n=int(n_obs),
        mean=mean,
        covariance=matrix * (n_obs - 1) / n_obs,
    )
    return Samples((sample,), n_dropped=0)
