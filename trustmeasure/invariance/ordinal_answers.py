"""What was answered to ordered items in each group or wave, before any model is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.errors import DataError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """Answers of the persons who are analysed.

    Attributes
    ----------
    codes : dict
        Ordered item → the answers that there are, ascending, the same in every occasion.
    means, deviations : tuple of ndarray (p,)
        Of each occasion, with divisor n − 1.
    sizes : tuple of int
        Persons in each occasion.
    """

    codes: Mapping[str, FloatArray]
    means: tuple[FloatArray, ...]
    deviations: tuple[FloatArray, ...]
    sizes: tuple[int, ...]

    @property
    def categories(self) -> dict[str, int]:
        """Ordered item → how many categories it has."""
        return {item: len(codes) for item, codes in self.codes.items()}


def read_answers(
    values: Sequence[FloatArray],
    items: Sequence[str],
    ordered: Sequence[str],
    labels: Sequence[Any],
    *,
    over: str,
) -> Answers:
    """Read the complete answers (n, p) of each occasion.

    Raises
    ------
    DataError
        For occasions without persons, ordered items with one category only, and categories that
        are empty in some occasions.
    """
    few = [str(label) for label, part in zip(labels, values, strict=True) if len(part) < 2]
    if few:
        raise DataError(
            f"Fewer than 2 persons answered all items in {over} {listed(few)}. Leave out the "
            f"{over}, or items that were not asked there."
        )
    codes = {}
    for item in ordered:
        place = list(items).index(item)
        codes[item] = np.unique(np.concatenate([part[:, place] for part in values]))
        if len(codes[item]) < 2:
            raise DataError(f"All answers to '{item}' are {codes[item][0]:g}; it tells nothing.")
    _refuse_empty(values, items, codes, labels, over)
    return Answers(
        codes=codes,
        means=tuple(part.mean(axis=0) for part in values),
        deviations=tuple(part.std(axis=0, ddof=1) for part in values),
        sizes=tuple(len(part) for part in values),
    )


def _refuse_empty(
    values: Sequence[FloatArray],
    items: Sequence[str],
    codes: Mapping[str, FloatArray],
    labels: Sequence[Any],
    over: str,
) -> None:
    """Refuse categories that nobody in a group or wave chose: they have no threshold there."""
    found, first = [], ""
    for item, every in codes.items():
        place = list(items).index(item)
        for label, part in zip(labels, values, strict=True):
            empty = every[~np.isin(every, part[:, place])]
            if not len(empty):
                continue
            found.append(f"{item}: {', '.join(f'{one:g}' for one in empty)} in {over} '{label}'")
            if not first:
                at = int(np.flatnonzero(every == empty[0])[0])
                beside = every[at - 1] if at else every[1]
                first = f"{empty[0]:g} and {beside:g} of {item}"
    if found:
        shown = "; ".join(found[:8]) + (f"; and {len(found) - 8} more" if len(found) > 8 else "")
        raise DataError(
            f"Some answer categories are empty: {shown}. A category that nobody chose "
            f"has no threshold, so thresholds of the {over}s cannot be compared. Merge it with a "
            f"neighbour in all {over}s before the analysis (for example {first}), or leave out "
            "the item."
        )


__all__ = ["Answers", "read_answers"]
