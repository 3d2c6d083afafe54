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

METHODS = ("mean", "sum", "pomp")


@dataclass(frozen=True)
class Plan:
    """An instrument with the user's choices applied."""

    instrument: Instrument
    scales: tuple[Scale, ...]
    items: tuple[Item, ...]
    ranges: Mapping[str, tuple[int, int]]
    settings: Mapping[str, Any]

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
    _refuse_unscored(instrument)
    _refuse_unknown_members(instrument, confirm_keying)
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
    in_use = {name for scale in scales for name in scale.items}
    items = _confirmed_items(instrument, in_use, confirm_keying)
    _refuse_unsure_ranges(instrument, items, confirm_keying)
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
        },
    )


def _refuse_unscored(instrument: Instrument) -> None:
    if instrument.unscored is not None:
        raise InstrumentError(
            f"Instrument '{instrument.id}' cannot be scored. {instrument.unscored.strip()}"
        )


def _refuse_unknown_members(instrument: Instrument, confirm: bool | Mapping[str, bool]) -> None:
    """Refuse scales whose items are not known, or not known for certain."""
    empty = [scale.id for scale in instrument.scales if not scale.items]
    unsure = [scale.id for scale in instrument.scales if scale.items and not scale.confirmed]
    if empty:
        raise InstrumentError(
            f"Which items belong to scale(s) {listed(empty)} of instrument '{instrument.id}' is "
            "not known. Supply it from your copy of the instrument: "
            f"instrument.with_key(scales={{'{empty[0]}': [item ids]}}); an empty list leaves a "
            "scale out."
        )
    if unsure and confirm is not True:
        raise InstrumentError(
            f"Which items belong to scale(s) {listed(unsure)} of instrument '{instrument.id}' "
            "could not be verified in the source. Check your copy of the instrument, then pass "
            "confirm_keying=True to accept what is stored, or supply it with "
            f"instrument.with_key(scales={{'{unsure[0]}': [item ids]}})."
        )


def _refuse_unsure_ranges(
    instrument: Instrument, items: Sequence[Item], confirm: bool | Mapping[str, bool]
) -> None:
    """Refuse response ranges that could not be verified: reversal and POMP depend on them."""
    used = {item.response_set for item in items}
    unsure = [r for r in instrument.response_sets if r.id in used and not r.range_confirmed]
    if unsure and confirm is not True:
        first = unsure[0]
        raise InstrumentError(
            f"The range of response set(s) {listed(r.id for r in unsure)} of instrument "
            f"'{instrument.id}' could not be verified in the source. Check your copy of the "
            f"instrument, then pass confirm_keying=True to accept {first.min}–{first.max}, or "
            f"supply it with instrument.with_key(ranges={{'{first.id}': (lowest, highest)}})."
        )


def _confirmed_items(
    instrument: Instrument, in_use: set[str], confirm: bool | Mapping[str, bool]
) -> tuple[Item, ...]:
    """Apply the user's key, and refuse to guess where the keying is not certain."""
    if not isinstance(confirm, (bool, Mapping)):
        raise OptionError(
            f"confirm_keying={confirm!r} must be True, False, or a mapping from item ids to "
            "whether they are reversed."
        )
    key = dict(confirm) if isinstance(confirm, Mapping) else {}
    for name in key:
        instrument.item(name)  # raises, with near matches, for an unknown id
    items = tuple(
        item.model_copy(
            update={"reverse": bool(key[item.id]), "score_map": None, "confirmed": True}
        )
        if item.id in key
        else item
        for item in instrument.items
        if item.id in in_use
    )
    unsure = [item.id for item in items if not item.confirmed]
    if unsure and confirm is not True:
        raise InstrumentError(
            f"The keying of item(s) {listed(unsure)} of instrument '{instrument.id}' could not be "
            "verified in the source. Check your copy of the scale, then pass "
            "confirm_keying=True to accept it as stored, or your own key as "
            "confirm_keying={'" + unsure[0] + "': True}  # True: reversed."
        )
    return items


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
