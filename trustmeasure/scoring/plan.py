"""What is to be scored and how: an instrument with the user's choices applied and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trustmeasure._checks import FloatArray, check_option, listed, near
from trustmeasure.errors import DataError, InstrumentError, OptionError
from trustmeasure.instruments import Instrument, Item, Scale
from trustmeasure.instruments.models import least_answers
from trustmeasure.scoring.confirmation import (
    Unverified,
    refuse_unscored,
    require_confirmation,
    with_own_key,
)

METHODS = ("mean", "sum", "pomp")


@dataclass(frozen=True)
class Plan:
    """An instrument with the user's choices applied."""

    instrument: Instrument
    scales: tuple[Scale, ...]
    items: tuple[Item, ...]
    ranges: Mapping[str, tuple[int, int]]
    settings: Mapping[str, Any]
    unverified: Unverified

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items that any scale uses, in the instrument's order."""
        return tuple(item.id for item in self.items)


def make_plan(
    instrument: Instrument,
    method: str | None,
    min_valid: float | None,
    confirm_keying: bool | Mapping[str, bool],
) -> Plan:
    """Apply the user's choices, and refuse those that do not fit the instrument."""
    if method is not None:
        check_option("method", method, METHODS)
    refuse_unscored(instrument)
    instrument = with_own_key(instrument, confirm_keying)
    in_use = {name for scale in instrument.scales for name in scale.items}
    items = tuple(item for item in instrument.items if item.id in in_use)
    unverified = require_confirmation(instrument, items, confirm_keying)
    scales = []
    for scale in instrument.scales:
        changes: dict[str, Any] = {}
        if method is not None:
            changes["method"] = method
        if min_valid is not None:
            try:
                least_answers(min_valid, len(scale.items))
            except InstrumentError as error:
                raise OptionError(f"min_valid for scale '{scale.id}': {error}.") from None
            changes["min_valid"] = min_valid
        scales.append(scale.model_copy(update=changes))
    ranges = {item.id: instrument.response_range(item.id) for item in items}
    for scale in scales:
        if scale.method != "pomp" and len({ranges[name] for name in scale.items}) > 1:
            raise OptionError(
                f"method='{scale.method}' does not fit scale '{scale.id}', whose items have "
                "different response ranges. Use method='pomp'."
            )
    return Plan(
        instrument=instrument,
        scales=tuple(scales),
        items=items,
        ranges=ranges,
        settings={
            "instrument": instrument.id,
            "instrument_version": instrument.version,
            "method": {scale.id: scale.method for scale in scales},
            "min_valid": {scale.id: scale.min_valid for scale in scales},
            "confirm_keying": confirm_keying
            if isinstance(confirm_keying, bool)
            else dict(confirm_keying),
            "unverified": unverified.as_settings(),
        },
        unverified=unverified,
    )


def keyed_range(plan: Plan, name: str) -> tuple[float, float]:
    """Give the range of an item's keyed values; a score map may change it."""
    item = plan.items[plan.item_ids.index(name)]
    if item.score_map is None:
        return plan.ranges[name]
    return min(item.score_map.values()), max(item.score_map.values())


def require_columns(names: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse data without all of the item columns."""
    missing = [name for name in wanted if name not in set(names)]
    if missing:
        raise DataError(
            f"Item column(s) {listed(missing)} are not in the data. Columns: {listed(names)}."
            + near(missing[0], names)
            + " Rename the columns to the item ids, use instrument.subset([...]), or read the "
            "export with read_responses, which matches columns to items."
        )


def check_ranges(
    plan: Plan,
    lowest: Mapping[str, float],
    highest: Mapping[str, float],
    values: FloatArray | None = None,
) -> None:
    """Refuse codes that no answer of the item has; with ``values``, say how many and where."""
    problems = []
    for j, item in enumerate(plan.items):
        low, high = plan.ranges[item.id]
        if lowest[item.id] < low or highest[item.id] > high:
            if values is None:
                extreme = lowest[item.id] if lowest[item.id] < low else highest[item.id]
                problems.append(
                    f"item '{item.id}' has code {extreme:g}; its response set allows {low}–{high}"
                )
                continue
            wrong = np.flatnonzero((values[:, j] < low) | (values[:, j] > high))
            problems.append(
                f"item '{item.id}' has code {values[wrong[0], j]:g} in row {wrong[0] + 1}"
                + (f" ({len(wrong)} rows are out of range)" if len(wrong) > 1 else "")
                + f"; its response set allows {low}–{high}"
            )
    if problems:
        more = f"; and {len(problems) - 8} more items" if len(problems) > 8 else ""
        text = "; ".join(problems[:8]) + more
        raise DataError(
            text[0].upper() + text[1:] + ". Codes such as −99 for a missing answer must become "
            "missing first (read_responses: missing_codes=...), and other codings be recoded "
            "(recode=...)."
        )
