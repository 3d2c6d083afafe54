"""Whose answers a reliability analysis uses, and what it checks before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError
from trustmeasure.kernels.covariance import (
    is_positive_definite,
    listwise_moments,
    pairwise_moments,
    to_correlation,
)
from trustmeasure.kernels.reliability import reversed_looking
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The answers that an analysis uses, and their covariances."""

    values: FloatArray
    cov: FloatArray

    @property
    def n(self) -> int:
        """Persons in use."""
        return int(self.values.shape[0])

    @property
    def complete(self) -> bool:
        """Whether no answer is missing."""
        return not np.isnan(self.values).any()


def choose_sample(block: _checks.Items, missing: str, notes: Notes) -> Sample:
    """Choose the persons by the missing-data rule, and compute their covariances."""
    if missing == "listwise":
        values, dropped = _checks.listwise(block, min_persons=3)
        if dropped:
            notes.record(_checks.dropped_note(dropped, block.n_persons))
        cov = listwise_moments(values).covariance
    else:
        values = _with_any_answer(block, notes)
        _checks.refuse_constant(values, block.names)
        moments = pairwise_moments(values)
        _refuse_unpaired(moments.counts, block.names)
        cov = moments.covariance
        n_incomplete = int(np.isnan(values).any(axis=1).sum())
        if n_incomplete:
            notes.record(
                f"{n_incomplete} of {len(values)} persons left answers out; each covariance "
                "comes from the persons who answered both items (pairwise: "
                f"{moments.counts.min()} to {moments.counts.max()} persons)."
            )
    if cov.sum() <= 1e-12 * np.trace(cov):
        raise DataError(
            f"The sum of the items {_checks.listed(block.names)} does not vary between persons "
            "(they cancel each other out), so the scale has no reliability. Are some items "
            "still to be reversed?"
        )
    if not is_positive_definite(to_correlation(cov)):
        notes.record(
            "The correlations between the items are singular or not positive definite: some "
            "items are determined by others, or there are too few persons. lambda6 and r_cor "
            "lean on the others' prediction of an item and mean little here."
        )
    return Sample(values=values, cov=cov)


def _with_any_answer(block: _checks.Items, notes: Notes) -> FloatArray:
    answered = ~np.isnan(block.values).all(axis=1)
    empty = int(block.n_persons - answered.sum())
    if empty:
        notes.record(f"{empty} of {block.n_persons} persons were left out: no answer at all.")
    if answered.sum() < 3:
        raise DataError(
            f"Only {int(answered.sum())} of {block.n_persons} persons answered any of the items; "
            "at least 3 are needed."
        )
    return block.values[answered] if empty else block.values


def _refuse_unpaired(counts: NDArray[np.int64], names: Sequence[str]) -> None:
    unpaired = np.argwhere(np.triu(counts < 2))
    if len(unpaired):
        first, second = unpaired[0]
        raise DataError(
            f"Items '{names[first]}' and '{names[second]}' were answered together by "
            f"{counts[first, second]} person(s), so their covariance is unknown "
            f"({len(unpaired)} such pair(s)). Items of different conditions or forms cannot "
            "make one scale: choose items that were asked together."
        )


def warn_reversed(cov: FloatArray, names: Sequence[str], notes: Notes) -> None:
    """Warn of items that look as if they still had to be reversed; flip nothing."""
    backward = reversed_looking(cov)
    if backward.any():
        which = [name for name, back in zip(names, backward, strict=True) if back]
        notes.warn(
            f"Item(s) {_checks.listed(which)} relate negatively to the rest of the scale. Check "
            "whether they are to be reversed (in the instrument: reverse: true) and whether "
            "they were; nothing was flipped here.",
            stacklevel=4,
        )


def person_means(values: FloatArray) -> FloatArray:
    """Mean of the answers that each person gave."""
    means: FloatArray = np.nanmean(values, axis=1)
    return means
