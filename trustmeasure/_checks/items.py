"""Answers as a persons × items array of floats, with NaN for what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks.frames import as_frame, as_label
from trustmeasure._checks.options import listed, near
from trustmeasure.errors import DataError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Items:
    """A checked block of answers.

    Attributes
    ----------
    values : ndarray of float64, shape (n_persons, n_items)
        NaN is missing; no infinities.
    names : tuple of str
        The user's own item names, unique, in column order.
    """

    values: FloatArray
    names: tuple[str, ...]

    @property
    def n_persons(self) -> int:
        """Rows, complete or not."""
        return int(self.values.shape[0])


@dataclass(frozen=True)
class GroupedItems(Items):
    """A checked block of answers with the cluster of each person.

    Attributes
    ----------
    codes : ndarray of int, shape (n_persons,)
        Position of the person's cluster in ``labels``; −1 where it is unknown.
    labels : tuple
        The clusters' own labels, in sorted order.
    cluster_name : str
        What the clusters are called in the data.
    """

    codes: NDArray[np.intp]
    labels: tuple[Any, ...]
    cluster_name: str


def as_items(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    min_items: int = 2,
    min_persons: int = 2,
) -> Items:
    """Check ``data`` and give its items as one float array.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows.
    items : sequence of str, optional
        The columns to use. Without it, every column of a frame; the keyed items of Scores.
    scale : str, optional
        With Scores: the items of this scale.
    min_items, min_persons : int
        The least that the caller can work with.

    Raises
    ------
    DataError
        For an unknown, repeated or non-numeric column, infinite values, an item with no
        answer at all, or too few items or persons.
    """
    frame = as_frame(data, scale=scale)
    return _numeric_items(_pick(frame, data, items, exclude=()), min_items, min_persons)


def as_grouped(
    data: Any,
    *,
    cluster: Any,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    min_items: int = 1,
    min_persons: int = 2,
) -> GroupedItems:
    """Check ``data`` and give its items together with each person's cluster.

    ``cluster`` is a column of the data, or one label a person; None stands for the
    cluster that Scores already know.
    """
    frame = as_frame(data, scale=scale)
    if cluster is None or (isinstance(cluster, str) and cluster not in frame.columns):
        known = getattr(data, "cluster", None)
        if known is not None and cluster in (None, "cluster"):
            cluster = known
        elif cluster is None:
            raise DataError(
                "No cluster was given, and the data do not know theirs. Pass cluster='column "
                "with the team of each person'."
            )
    if isinstance(cluster, str):
        if cluster not in frame.columns:
            raise DataError(
                f"The cluster column '{cluster}' is not in the data. Columns: "
                f"{listed(frame.columns)}." + near(cluster, frame.columns)
            )
        name, column = cluster, frame[cluster]
        exclude: tuple[str, ...] = (cluster,)
    else:
        column = pd.Series(np.asarray(cluster).ravel(), name=getattr(cluster, "name", None))
        if len(column) != len(frame):
            raise DataError(
                f"cluster= holds {len(column)} labels, but the data have {len(frame)} rows."
            )
        name, exclude = str(column.name or "cluster"), ()
    block = _numeric_items(_pick(frame, data, items, exclude=exclude), min_items, min_persons)
    codes, labels = pd.factorize(column.astype(object), sort=False)
    try:
        order = sorted(range(len(labels)), key=lambda i: labels[i])
    except TypeError:  # labels of mixed types
        order = sorted(range(len(labels)), key=lambda i: str(labels[i]))
    place = np.empty(len(labels) + 1, dtype=np.intp)
    place[order] = np.arange(len(labels))
    place[-1] = -1  # what factorize gives for a missing label
    return GroupedItems(
        values=block.values,
        names=block.names,
        codes=place[codes],
        labels=tuple(as_label(labels[i]) for i in order),
        cluster_name=name,
    )


def one_scale(data: Any, *, scale: str | None, items: Sequence[str] | None = None) -> str | None:
    """Decide which scale of Scores an analysis of a single scale is about.

    The one that was asked for, or the only one there is. Frames and arrays have none, and
    ``items=`` makes the choice unnecessary.

    Raises
    ------
    DataError
        When Scores hold several scales and neither ``scale`` nor ``items`` chooses.
    """
    scales = [str(known.id) for known in getattr(getattr(data, "instrument", None), "scales", ())]
    if scale is not None or items is not None or not scales:
        return scale
    if len(scales) > 1:
        raise DataError(
            f"The scores hold {len(scales)} scales, and this analysis is about one. Choose it "
            f"with scale=...: {listed(scales)}; or name the columns with items=[...]."
        )
    return scales[0]


def listwise(
    block: Items, *, min_persons: int = 2, constant: bool = False
) -> tuple[FloatArray, int]:
    """Drop persons with a missing answer; give the rest and the number dropped.

    Raises
    ------
    DataError
        When too few persons are left, or (unless ``constant``) an item has the same
        answer from all of them.
    """
    missing = np.isnan(block.values)
    kept = block.values[~missing.any(axis=1)] if missing.any() else block.values
    dropped = int(block.n_persons - kept.shape[0])
    if kept.shape[0] < min_persons:
        counts = np.isnan(block.values).sum(axis=0)
        worst = [block.names[j] for j in np.argsort(-counts, kind="stable")[:3] if counts[j]]
        raise DataError(
            f"Only {kept.shape[0]} of {block.n_persons} persons answered all "
            f"{len(block.names)} items; at least {min_persons} are needed. Most often "
            f"missing: {listed(worst)}. Use fewer items, or missing='pairwise' where offered."
        )
    if not constant:
        refuse_constant(kept, block.names)
    return kept, dropped


def refuse_constant(values: FloatArray, names: Sequence[str]) -> None:
    """Refuse items to which every person gave the same answer."""
    head = values[:500]
    if (np.fmin.reduce(head, axis=0) < np.fmax.reduce(head, axis=0)).all():
        return  # differing answers among the first persons are enough
    columns = np.ascontiguousarray(values.T)
    low, high = np.fmin.reduce(columns, axis=1), np.fmax.reduce(columns, axis=1)
    flat = [name for name, same in zip(names, low == high, strict=True) if same]
    if flat:
        raise DataError(
            f"Item(s) {listed(flat)} are constant: all {values.shape[0]} persons gave the same "
            "answer, so nothing can be said about how they relate to others. Leave them out "
            "with items=[...]."
        )


def dropped_note(n_dropped: int, n_total: int) -> str:
    """Word a listwise deletion for a result's warnings."""
    return (
        f"{n_dropped} of {n_total} persons were left out (listwise deletion: at least one "
        "answer missing)."
    )


def _pick(
    frame: pd.DataFrame, data: Any, items: Sequence[str] | None, exclude: tuple[str, ...]
) -> pd.DataFrame:
    """Choose the item columns of a frame."""
    if items is None:
        keyed = getattr(data, "__trustmeasure_context__", None)
        leave = {*exclude, *(keyed() if keyed is not None else ())}
        return frame[[name for name in frame.columns if name not in leave]] if leave else frame
    if isinstance(items, str):
        items = [items]
    wanted = [str(item) for item in items]
    unknown = [name for name in wanted if name not in frame.columns]
    if unknown:
        raise DataError(
            f"Column(s) {listed(unknown)} are not in the data. Columns: "
            f"{listed(frame.columns)}." + near(unknown[0], frame.columns)
        )
    if len(set(wanted)) < len(wanted):
        repeated = sorted({name for name in wanted if wanted.count(name) > 1})
        raise DataError(f"items= names {listed(repeated)} more than once.")
    return frame if wanted == frame.columns.tolist() else frame[wanted]


def _numeric_items(frame: pd.DataFrame, min_items: int, min_persons: int) -> Items:
    names = tuple(frame.columns)
    if len(names) < min_items:
        raise DataError(
            f"The data hold {len(names)} item(s) ({listed(names)}); at least {min_items} are "
            "needed."
        )
    if len(frame) < min_persons:
        raise DataError(f"The data hold {len(frame)} person(s); at least {min_persons} are needed.")
    dtypes = list(frame.dtypes)
    numbers = {dtype: _is_number(dtype) for dtype in set(dtypes)}
    text = [
        name
        for name, dtype in zip(names, dtypes, strict=True)
        if not (numbers[dtype] or (dtype.kind == "O" and _holds_numbers(frame[name])))
    ]
    if text:
        example = next((v for v in frame[text[0]].dropna()), None)
        raise DataError(
            f"Column(s) {listed(text)} are not numeric (for example {example!r} in "
            f"'{text[0]}'). Choose the items with items=[...], or read the export with "
            "trustmeasure.read_responses, which turns labels into codes."
        )
    values = np.ascontiguousarray(_to_float(frame))
    if not np.isfinite(values).all():
        infinite = np.isinf(values)
        if infinite.any():
            row, column = np.argwhere(infinite)[0]
            raise DataError(
                f"Item '{names[column]}' holds an infinite value (first: row {row + 1}). "
                "Replace it by NaN if it stands for a missing answer."
            )
        missing = np.isnan(values)
        empty = [name for j, name in enumerate(names) if missing[:, j].all()]
        if empty:
            raise DataError(
                f"Item(s) {listed(empty)} have no answer at all. Leave them out with items=[...]."
            )
    _refuse_extremes(values, names)
    return Items(values=values, names=names)


# Beyond these the squares of values leave what a float holds.
_LARGEST, _SMALLEST = 1e100, 1e-100


def _refuse_extremes(values: FloatArray, names: Sequence[str]) -> None:
    """Refuse items whose variance would be infinite, or zero though their values differ."""
    if not values.size:
        return
    flat = values.ravel()
    ordinary = np.fmax.reduce(flat) <= _LARGEST and np.fmin.reduce(flat) >= -_LARGEST
    if ordinary and (np.fmax.reduce(np.abs(values[:500]), axis=0) >= _SMALLEST).all():
        return  # the first persons show that no item is vanishingly small
    high, low = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
    largest = np.fmax(high, -low)
    wrong = (largest > _LARGEST) | ((largest > 0) & (largest < _SMALLEST))
    if wrong.any():
        j = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"Item '{names[j]}' has values up to {largest[j]:.3g} in size, whose variance no "
            "computer number can hold. Are these answers? Change their unit if they are."
        )


def _to_float(frame: pd.DataFrame) -> FloatArray:
    return np.asarray(frame.to_numpy(dtype=np.float64, na_value=float("nan")), dtype=np.float64)


def _is_number(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)


def _holds_numbers(column: pd.Series[Any]) -> bool:
    """Whether a column of objects (None, Decimal, mixed numbers) holds nothing but numbers."""
    kinds = {type(value) for value in column.dropna()}
    return all(
        issubclass(kind, (int, float, np.number)) or kind.__name__ == "Decimal" for kind in kinds
    )
