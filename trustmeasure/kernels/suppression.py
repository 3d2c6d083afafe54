"""Which groups to hide so that nobody can work out what a small one answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Suppression:
    """What may be shown.

    Attributes
    ----------
    hidden : ndarray of bool, shape (n_groups,)
        Groups hidden on every scale.
    overall : ndarray of bool, shape (n_scales,)
        Scales whose overall row may be shown.
    strays : bool
        Whether people without a group may enter the overall rows.
    """

    hidden: Flags
    overall: Flags
    strays: bool


def protect(counts: Counts, strays: Counts, least: int) -> Suppression:
    """Hide groups until no difference of published numbers is about too few people.

    ``counts``, shape (n_groups, n_scales), are the valid scores of each group, ``strays``,
    shape (n_scales,), those of people without a group.

    A group with one to ``least`` − 1 scores on any scale is hidden on all of them: were it
    shown where it is large enough, its number there would help to guess the hidden one.
    What an overall row holds beyond the groups shown is then an open secret, so on every
    scale it must be of at least ``least`` people and of two groups; further groups, the
    smallest first, are hidden until it is. Where that cannot be reached, or would leave no
    group to show, the overall row is withheld instead.

    With no small group, people without a group are the only ones who could be found by a
    difference: should they be too few on any scale, all overall rows leave them out.
    """
    small: Flags = np.asarray(((counts > 0) & (counts < least)).any(axis=1))
    if not small.any():
        few = (strays > 0) & (strays < least)
        return Suppression(small, np.full(len(strays), True), not few.any())
    # Where not even hiding everybody would help, the overall row goes, not the groups.
    possible = _safe(np.full(len(counts), True), counts, strays, least)
    hidden = small.copy()
    while not _safe(hidden, counts, strays, least)[possible].all():
        unsafe = possible & ~_safe(hidden, counts, strays, least)
        helps = ~hidden & (counts[:, unsafe] > 0).any(axis=1)
        size = np.where(helps, counts.sum(axis=1), np.iinfo(np.intp).max)
        hidden[np.argmin(size)] = True
    answering = counts.any(axis=1)
    if hidden[answering].all() and not small[answering].all():
        hidden = small
    return Suppression(hidden, _safe(hidden, counts, strays, least), True)


def _safe(hidden: Flags, counts: Counts, strays: Counts, least: int) -> Flags:
    """Mark the scales where what is hidden may be known in sum, shape (n_scales,)."""
    people = counts[hidden].sum(axis=0) + strays
    groups = (counts[hidden] > 0).sum(axis=0)
    return np.asarray((people == 0) | ((people >= least) & (groups != 1)))
