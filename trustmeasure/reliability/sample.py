"""Whose answers a reliability analysis uses, and what it checks before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError
from trustmeasure.kernels.covariance import Moments, listwise_moments, pairwise_moments
from trustmeasure.kernels.moments import correlation_with
from trustmeasure.kernels.reliability import (
    ItemTotals,
    Structure,
    reversed_looking,
    structure,
)
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The answers that an analysis uses, and the moments that stand for them.

    Attributes
    ----------
    values : ndarray, shape (n_persons, n_items)
        NaN only under the pairwise rule.
    moments : Moments
        Means, covariances and numbers.
    structure : Structure
        The covariances, prepared for every coefficient.
    complete : bool
        Whether no answer is missing.
    """

    values: FloatArray
    moments: Moments
    structure: Structure
    complete: bool

    @property
    def n(self) -> int:
        """Persons in use."""
        return self.moments.n

    @property
    def cov(self) -> FloatArray:
        """Covariances with the divisor n − 1."""
        return self.structure.cov


def choose_sample(block: _checks.Items, missing: str, notes: Notes) -> Sample:
    """Choose the persons by the missing-data rule, and compute their moments."""
    values, incomplete = _choose_persons(block, missing, notes)
    moments = pairwise_moments(values) if incomplete else listwise_moments(values)
    if incomplete:
        _refuse_unpaired(moments.counts, block.names)
        notes.record(
            f"{incomplete} of {len(values)} persons left answers out; each covariance comes from "
            f"the persons who answered both items (pairwise: {moments.counts.min()} to "
            f"{moments.counts.max()} persons)."
        )
    cov = moments.covariance
    if cov.sum() <= 1e-12 * np.trace(cov):
        raise DataError(
            f"The sum of the items {_checks.listed(block.names)} does not vary between persons "
            "(they cancel each other out), so the scale has no reliability. Are some items "
            "still to be reversed?"
        )
    items = structure(cov)
    if not items.positive_definite:
        notes.record(
            "The correlations between the items are singular or not positive definite: some "
            "items are determined by others, or there are too few persons. lambda6 and r_cor "
            "lean on the others' prediction of an item and mean little here."
        )
    return Sample(values=values, moments=moments, structure=items, complete=not incomplete)


def _choose_persons(block: _checks.Items, missing: str, notes: Notes) -> tuple[FloatArray, int]:
    """Give the answers of the persons in use, and how many of these have gaps."""
    if missing == "listwise":
        values, dropped = _checks.listwise(block, min_persons=3)
        if dropped:
            notes.record(_checks.dropped_note(dropped, block.n_persons))
        return values, 0
    values = _with_any_answer(block, notes)
    _checks.refuse_constant(values, block.names)
    return values, int(np.isnan(values).any(axis=1).sum())


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


def warn_reversed(
    sample: Sample, names: Sequence[str], notes: Notes, *, stacklevel: int = 4
) -> None:
    """Warn of items that look as if they still had to be reversed; flip nothing."""
    backward = reversed_looking(sample.structure)
    if backward.any():
        which = [name for name, back in zip(names, backward, strict=True) if back]
        notes.warn(
            f"Item(s) {_checks.listed(which)} relate negatively to the rest of the scale. Check "
            "whether they are to be reversed (in the instrument: reverse: true) and whether "
            "they were; nothing was flipped here.",
            stacklevel=stacklevel,
        )


def raw_correlations(sample: Sample, totals: ItemTotals) -> FloatArray:
    """Correlate each item with the mean of the answers that each person gave.

    Where nothing is missing that is the sum of the items, and the covariances know it.
    """
    if sample.complete:
        return totals.raw_r
    return correlation_with(np.nanmean(sample.values, axis=1), sample.values)


def score_moments(sample: Sample) -> tuple[float, float]:
    """Give mean and standard deviation of the persons' means of the answers they gave."""
    if sample.complete:
        k = len(sample.cov)
        return float(sample.moments.mean.mean()), float(np.sqrt(sample.cov.sum())) / k
    scores = np.nanmean(sample.values, axis=1)
    return float(scores.mean()), float(scores.std(ddof=1))
