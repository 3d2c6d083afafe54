"""From data, or a correlation matrix that a user has, to what the kernels work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    Items,
    as_items,
    check_option,
    dropped_note,
    listed,
    listwise,
    near,
    refuse_constant,
)
from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.kernels.covariance import (
    dependent_items,
    is_positive_definite,
    listwise_moments,
    pairwise_moments,
    smoothed,
    to_correlation,
)
from trustmeasure.kernels.incomplete import normal_moments
from trustmeasure.kernels.polychorics import Polychorics, polychorics
from trustmeasure.kernels.ranks import pairwise_rank_correlations, ranks
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]

# Beyond this an item is a number rather than a choice among categories.
MOST_CATEGORIES = 20

MISSING = ("listwise", "pairwise", "fiml")
CORRELATIONS = ("pearson", "spearman", "polychoric", "tetrachoric")


@dataclass(frozen=True)
class Correlations:
    """A checked correlation matrix.

    Attributes
    ----------
    matrix : ndarray, shape (p, p)
    names : tuple of str
        The items.
    n_obs : int or None
        Persons; None where a matrix came without its sample size.
    n_dropped : int
        Persons left out.
    counts : ndarray or None
        Persons behind each cell, where cells differ.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    n_obs: int | None
    n_dropped: int = 0
    counts: FloatArray | None = None


def correlations_of(
    data: Any,
    *,
    items: Sequence[str] | None,
    scale: str | None,
    correlation: str,
    missing: str,
    min_items: int,
    notes: Notes,
) -> Correlations:
    """Correlate the items of ``data``, persons with missing answers handled as asked."""
    check_option("correlation", correlation, CORRELATIONS)
    check_option("missing", missing, MISSING)
    if missing == "fiml" and correlation != "pearson":
        raise OptionError(
            f"missing='fiml' estimates the moments of normal data; it does not go with "
            f"correlation='{correlation}'. Use missing='pairwise', or correlation='pearson'."
        )
    block = as_items(data, items=items, scale=scale, min_items=min_items, min_persons=3)
    if correlation in ("polychoric", "tetrachoric"):
        return _ordinal(block, correlation, missing, notes)
    if missing == "fiml" and np.isnan(block.values).any():
        return _full_information(block, notes)
    if missing == "pairwise" and np.isnan(block.values).any():
        return _pairwise(block, correlation, notes)
    values, dropped = listwise(block, min_persons=3)
    if dropped:
        notes.record(dropped_note(dropped, block.n_persons))
    moments = listwise_moments(values if correlation == "pearson" else ranks(values))
    return Correlations(
        matrix=moments.correlation, names=block.names, n_obs=moments.n, n_dropped=dropped
    )


def answered_by_anyone(block: Items, notes: Notes) -> tuple[FloatArray, int]:
    """Leave out persons who answered no item; give the rest and the number left out."""
    answered = ~np.isnan(block.values).all(axis=1)
    dropped = int(block.n_persons - answered.sum())
    if dropped:
        notes.record(f"{dropped} of {block.n_persons} persons answered no item and were left out.")
    return block.values[answered], dropped


def _ordinal(block: Items, kind: str, missing: str, notes: Notes) -> Correlations:
    """Correlate ordered answers, and smooth the matrix where its pairs contradict each other."""
    if missing == "pairwise":
        values, dropped = answered_by_anyone(block, notes)
    else:
        values, dropped = listwise(block, min_persons=3)
        if dropped:
            notes.record(dropped_note(dropped, block.n_persons))
    refuse_constant(values, block.names)
    codes, n_categories = ordered_codes(values, block.names, two=kind == "tetrachoric")
    found = polychorics(codes, n_categories, errors=False)
    refuse_unknown(found.correlation, found.counts.astype(np.int64), block.names)
    note_unbounded(found, block.names, notes)
    matrix = found.correlation
    if not is_positive_definite(matrix):
        matrix = smoothed(matrix)
        notes.warn(smoothing_note(found.correlation, matrix), DataWarning, stacklevel=4)
    incomplete = missing == "pairwise" and np.isnan(values).any()
    if incomplete:
        note_pairwise(found.counts.astype(np.int64), len(values), notes)
    return Correlations(
        matrix=matrix,
        names=block.names,
        n_obs=len(values),
        n_dropped=dropped,
        counts=found.counts if incomplete else None,
    )


def ordered_codes(
    values: FloatArray, names: Sequence[str], *, two: bool = False
) -> tuple[NDArray[np.int8], int]:
    """Count each item's categories from 0 in their order, −1 for a missing answer."""
    codes = np.full(values.shape, -1, dtype=np.int8)
    most = 0
    for j, name in enumerate(names):
        answered = ~np.isnan(values[:, j])
        categories, places = _categories(values[answered, j])
        if two and len(categories) != 2:
            raise DataError(
                f"Item '{name}' has {len(categories)} different answers; tetrachoric correlations "
                "are for items with two. Use correlation='polychoric'."
            )
        if len(categories) > MOST_CATEGORIES:
            raise DataError(
                f"Item '{name}' has {len(categories)} different answers; polychoric correlations "
                f"are for ordered categories, at most {MOST_CATEGORIES}. Use "
                "correlation='pearson', or, where only some items are ordered, "
                "correlate(correlation='mixed', ordered=[...])."
            )
        codes[answered, j] = places
        most = max(most, len(categories))
    return codes, most


def _categories(column: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Find the distinct answers, in order, and the place of each answer among them."""
    low = column.min()
    shifted = column - low
    if shifted.max() <= 1000 and not (shifted % 1).any():
        # Small whole numbers, which answers mostly are, can be counted instead of sorted.
        whole = shifted.astype(np.int64)
        present = np.bincount(whole) > 0
        return np.flatnonzero(present) + low, (np.cumsum(present) - 1)[whole]
    categories, places = np.unique(column, return_inverse=True)
    return categories, places.astype(np.int64)


def note_unbounded(found: Polychorics, names: Sequence[str], notes: Notes) -> None:
    """Say which pairs have no maximum of the likelihood inside ±1."""
    pairs = np.argwhere(np.triu(~found.converged, 1))
    if pairs.size:
        named = listed((f"{names[i]} with {names[j]}" for i, j in pairs), 6)
        notes.warn(
            f"The polychoric correlation of {len(pairs)} pair(s) of items runs to ±1, where its "
            f"likelihood is highest: {named}. Empty cells in their tables cause this; join rare "
            "categories, or leave one of the two items out.",
            ConvergenceWarning,
            stacklevel=4,
        )


def smoothing_note(before: FloatArray, after: FloatArray) -> str:
    """Word what smoothing did to a matrix."""
    return (
        f"The correlation matrix had {int((np.linalg.eigvalsh(before) <= 1e-10).sum())} "
        "eigenvalue(s) not above zero and was smoothed; the largest change of a correlation is "
        f"{np.abs(after - before).max():.4f}."
    )


def _full_information(block: Items, notes: Notes) -> Correlations:
    values, dropped = answered_by_anyone(block, notes)
    refuse_constant(values, block.names)
    answered = (~np.isnan(values)).astype(np.float64)
    counts = np.rint(answered.T @ answered).astype(np.int64)
    refuse_unknown(pairwise_moments(values).correlation, counts, block.names)
    found = normal_moments(values)
    if not found.converged:
        notes.warn(
            f"The EM algorithm did not converge in {found.n_iterations} rounds.",
            ConvergenceWarning,
            stacklevel=4,
        )
    notes.record(
        f"Correlations are full-information maximum likelihood (EM), from {len(values)} persons "
        f"of whom {int(np.isnan(values).any(axis=1).sum())} have missing answers; tests and fit "
        "take all of them as n."
    )
    return Correlations(
        matrix=to_correlation(found.covariance),
        names=block.names,
        n_obs=len(values),
        n_dropped=dropped,
    )


def _pairwise(block: Items, correlation: str, notes: Notes) -> Correlations:
    values, dropped = answered_by_anyone(block, notes)
    refuse_constant(values, block.names)
    moments = pairwise_moments(values)
    matrix = moments.correlation
    if correlation == "spearman":
        matrix = pairwise_rank_correlations(values)
    refuse_unknown(matrix, moments.counts, block.names)
    note_pairwise(moments.counts, moments.n, notes)
    return Correlations(
        matrix=matrix,
        names=block.names,
        n_obs=moments.n,
        n_dropped=dropped,
        counts=moments.counts.astype(np.float64),
    )


def note_pairwise(counts: NDArray[np.int64], n: int, notes: Notes) -> None:
    """Say how many persons are behind pairwise correlations."""
    off = ~np.eye(len(counts), dtype=bool)
    notes.record(
        f"Correlations are pairwise, from {counts[off].min()} to {counts[off].max()} persons "
        f"each; tests and fit take n = {n}, everyone who answered anything, and so flatter the "
        "precision."
    )


def refuse_unknown(
    correlation: FloatArray, counts: NDArray[np.int64], names: tuple[str, ...]
) -> None:
    """Refuse pairs of items whose common answers give no correlation."""
    unknown = np.argwhere(np.triu(np.isnan(correlation) | (counts < 3), 1))
    if unknown.size:
        i, j = unknown[0]
        raise DataError(
            f"{len(unknown)} pair(s) of items cannot be correlated, the first '{names[i]}' with "
            f"'{names[j]}': {counts[i, j]} persons answered both, and at least 3 with differing "
            "answers are needed. Leave one of them out with items=[...]."
        )


def correlations_given(
    corr: Any, *, n_obs: int | None, items: Sequence[str] | None, min_items: int
) -> Correlations:
    """Check a correlation matrix that a user passes."""
    frame = _square(corr)
    if items is not None:
        frame = _chosen(frame, [items] if isinstance(items, str) else [str(i) for i in items])
    names = tuple(frame.columns)
    if len(names) < min_items:
        raise DataError(
            f"corr= holds {len(names)} item(s); at least {min_items} are needed for a factor."
        )
    try:
        if np.iscomplexobj(frame.to_numpy()):
            raise TypeError
        matrix = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError("corr= holds values that are not numbers.") from None
    _refuse_impossible(matrix, names)
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    return Correlations(matrix=matrix, names=names, n_obs=n_obs)


def _square(corr: Any) -> pd.DataFrame:
    native = nw.from_native(corr, eager_only=True, pass_through=True)
    if isinstance(native, nw.DataFrame) and not isinstance(corr, pd.DataFrame):
        corr = native.to_pandas()
    if isinstance(corr, pd.DataFrame):
        frame = corr
        rows, columns = [str(i) for i in frame.index], [str(c) for c in frame.columns]
        if rows != columns and not isinstance(frame.index, pd.RangeIndex):
            raise DataError(
                "corr= has other names on its rows than on its columns "
                f"({listed(rows, 3)} beside {listed(columns, 3)}). Both must list the items in "
                "the same order."
            )
    else:
        values = np.asarray(corr)
        if values.ndim != 2:
            raise DataError(
                f"corr= has {values.ndim} dimension(s); expected a square matrix, items × items."
            )
        frame = pd.DataFrame(values, columns=[f"item{j + 1}" for j in range(values.shape[1])])
    if frame.shape[0] != frame.shape[1]:
        raise DataError(
            f"corr= has {frame.shape[0]} rows and {frame.shape[1]} columns; a correlation matrix "
            "is square. Pass raw answers as the first argument, data."
        )
    names = [str(name) for name in frame.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"corr= names {listed(repeated)} more than once.")
    return frame.set_axis(names, axis=1).set_axis(names, axis=0)


def _chosen(frame: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    unknown = [name for name in items if name not in frame.columns]
    if unknown:
        raise DataError(
            f"Item(s) {listed(unknown)} are not in corr=. Items: {listed(frame.columns)}."
            + near(unknown[0], frame.columns)
        )
    return frame.loc[items, items]


def _refuse_impossible(matrix: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse what no correlation matrix can hold."""
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise DataError(f"corr= has no value for '{names[i]}' with '{names[j]}'.")
    diagonal = np.diag(matrix)
    if not np.allclose(diagonal, 1.0, rtol=0, atol=1e-6):
        i = int(np.argmax(np.abs(diagonal - 1.0)))
        raise DataError(
            f"corr= has {diagonal[i]:.6g} in the diagonal for '{names[i]}'; expected 1. Divide "
            "a covariance matrix by the standard deviations first."
        )
    apart = np.abs(matrix - matrix.T)
    if apart.max() > 1e-6:
        i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
        raise DataError(
            f"corr= is not symmetric: '{names[i]}' with '{names[j]}' is {matrix[i, j]:.6g}, the "
            f"other way round {matrix[j, i]:.6g}."
        )
    if np.abs(matrix).max() > 1.0 + 1e-9:
        i, j = np.unravel_index(int(np.argmax(np.abs(matrix))), matrix.shape)
        raise DataError(
            f"corr= holds {matrix[i, j]:.6g} for '{names[i]}' with '{names[j]}'; correlations lie "
            "between −1 and 1."
        )


def refuse_dependent(found: Correlations, purpose: str) -> None:
    """Refuse a matrix that cannot be inverted, and name the items behind it."""
    if is_positive_definite(found.matrix):
        return
    names = listed(found.names[i] for i in dependent_items(found.matrix))
    if found.n_obs is not None and found.n_obs <= len(found.names):
        cause = (
            f"{found.n_obs} persons answered {len(found.names)} items, and there must be more "
            "persons than items"
        )
        advice = "Use fewer items."
    elif found.counts is not None:
        cause = f"pairwise deletion left it with impossible combinations among {names}"
        advice = "Use missing='listwise', or leave items out."
    elif np.linalg.eigvalsh(found.matrix)[0] < -1e-8:
        cause = f"no persons' answers could give together what it has of {names}"
        advice = (
            "Look for slips of the pen, or for correlations from different persons; leave items "
            "out with items=[...], or bring the matrix to a possible one first."
        )
    else:
        cause = f"these items are linearly dependent: {names} (a sum, a copy or a mirror image?)"
        advice = "Leave out at least one of them with items=[...]."
    raise DataError(
        f"{purpose} needs a correlation matrix that is positive definite, and this one is not: "
        f"{cause}. {advice}"
    )
