"""Ordered answers, and the polychoric correlations that stand for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.correlation.matrices import (
    answered_by_anyone,
    note_unbounded,
    ordered_codes,
)
from trustmeasure.errors import ConvergenceError, ConvergenceWarning, DataError
from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.polychorics import polychorics
from trustmeasure.kernels.reliability import Structure, percentile_interval, reversed_looking
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Ordered answers of the persons in use.

    Attributes
    ----------
    codes : ndarray of int, shape (n_persons, n_items)
        Categories from 0 in their order, −1 for a missing answer.
    n_categories : int
        Categories of the item that has most.
    names : tuple of str
    correlation, standard_error : ndarray, shape (n_items, n_items)
        Polychoric; the standard error is NaN where a correlation runs to ±1.
    thresholds : ndarray, shape (n_items, n_categories − 1)
        Infinite beyond an item's last category.
    n_dropped : int
    """

    codes: NDArray[np.integer[Any]]
    n_categories: int
    names: tuple[str, ...]
    correlation: FloatArray
    standard_error: FloatArray
    thresholds: FloatArray
    n_dropped: int

    @property
    def n(self) -> int:
        """Persons in use."""
        return len(self.codes)

    def frame(self, matrix: FloatArray) -> pd.DataFrame:
        """Put the items' names on a matrix."""
        return pd.DataFrame(matrix, index=self.names, columns=self.names)


def ordered_answers(
    data: Any,
    items: Sequence[str] | None,
    scale: str | None,
    missing: str,
    *,
    min_items: int,
    notes: Notes,
) -> Answers:
    """Check the answers, choose the persons by the missing-data rule, and correlate the items."""
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    block = _checks.as_items(data, items=items, scale=scale, min_items=min_items, min_persons=3)
    if missing == "pairwise":
        values, dropped = answered_by_anyone(block, notes)
        _checks.refuse_constant(values, block.names)
    else:
        values, dropped = _checks.listwise(block, min_persons=3)
        if dropped:
            notes.record(_checks.dropped_note(dropped, block.n_persons))
    codes, n_categories = ordered_codes(values, block.names)
    found = polychorics(codes, n_categories)
    _refuse_strangers(found.counts, found.correlation, block.names)
    note_unbounded(found, block.names, notes)
    if not is_positive_definite(found.correlation):
        notes.record(
            "The polychoric correlations are not positive definite; they were used as they are, "
            "and lambda6 and r_cor, which lean on their inverse, mean little."
        )
    return Answers(
        codes=codes,
        n_categories=n_categories,
        names=block.names,
        correlation=found.correlation,
        standard_error=found.standard_error,
        thresholds=found.thresholds,
        n_dropped=dropped,
    )


def item_order_note(structure: Structure, names: Sequence[str], notes: Notes) -> None:
    """Warn of items that look as if they still had to be reversed; flip nothing."""
    backward = reversed_looking(structure)
    if backward.any():
        which = [name for name, back in zip(names, backward, strict=True) if back]
        notes.warn(
            f"Item(s) {_checks.listed(which)} relate negatively to the rest of the scale. Check "
            "whether they are to be reversed (in the instrument: reverse: true) and whether "
            "they were; nothing was flipped here.",
            stacklevel=4,
        )


def usable_replicates(replicates: FloatArray, n_boot: int, notes: Notes) -> FloatArray:
    """Keep the replicates that have a value, and say how many do not."""
    usable = replicates[np.isfinite(replicates)]
    if len(usable) < 2:
        raise ConvergenceError(
            "No bootstrap sample gave an estimate: the answers are too few, or too much alike. "
            "Use ci=None."
        )
    if len(usable) < n_boot:
        notes.warn(
            f"{n_boot - len(usable)} of {n_boot} bootstrap samples gave no estimate (a constant "
            "item, a correlation at ±1 or a negative uniqueness); the interval leaves them out.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return usable


def spread(replicates: FloatArray | None, level: float) -> tuple[float, float, float]:
    """Give standard deviation and percentile limits of replicates; NaN where there are none."""
    if replicates is None:
        return math.nan, math.nan, math.nan
    return (float(replicates.std(ddof=1)), *percentile_interval(replicates, level))


def _refuse_strangers(counts: FloatArray, correlation: FloatArray, names: Sequence[str]) -> None:
    """Refuse pairs whose common answers give no correlation."""
    unknown = np.argwhere(np.triu((counts < 3) | np.isnan(correlation), 1))
    if unknown.size:
        i, j = unknown[0]
        raise DataError(
            f"{len(unknown)} pair(s) of items cannot be correlated, the first '{names[i]}' with "
            f"'{names[j]}': {int(counts[i, j])} persons answered both, and at least 3 are "
            "needed. Leave one of them out with items=[...]."
        )
