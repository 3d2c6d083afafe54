"""REDCap exports of answers: the record id, the state of each form, and which rows count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.platforms.layout import Column, Table, is_identifying
from trustmeasure.platforms.tables import RawTable
from trustmeasure.platforms.workbooks import cell_text
from trustmeasure.responses import LogEntry

# What an export with labels repeats for every form.
_REPEATED = {"complete?", "survey timestamp"}
_OWN = {
    "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    "redcap_data_access_group", "redcap_survey_identifier", "event name", "repeat instrument",
    "repeat instance", "data access group", "survey identifier",
}  # fmt: skip
_STATES = frozenset({"0", "1", "2", "incomplete", "unverified", "complete"})
_OPEN = frozenset({"0", "incomplete"})


def looks_like(headings: Sequence[str]) -> bool:
    """Tell an export of REDCap, raw or with labels, by its headings."""
    names = {heading.strip().lower() for heading in headings}
    first = headings[0].strip().lower() if headings else ""
    if names & {"redcap_event_name", "redcap_repeat_instrument", "redcap_survey_identifier"}:
        return True
    if "complete?" in names:
        return True
    return any(name.endswith("_complete") for name in names) and (
        first.endswith("_id") or any(re.search(r"___\w+$", name) for name in names)
    )


def rename_repeated(raw: RawTable) -> RawTable:
    """Tell apart, by numbers, the headings that an export with labels has once for every form."""
    seen: dict[str, int] = {}
    headings = []
    for heading in raw.records[0]:
        key = heading.strip().lower()
        if key in _REPEATED:
            seen[key] = seen.get(key, 0) + 1
            heading = heading.strip() + (f" ({seen[key]})" if seen[key] > 1 else "")
        headings.append(heading)
    raw.records[0] = headings
    return raw


def sort_columns(table: Table) -> Table:
    """Mark what REDCap adds. The first column is the record's id."""
    for position, column in enumerate(table.columns):
        name = column.name.strip().lower()
        if position == 0 and not name.endswith("_complete"):
            column.kind, column.role = "metadata", "respondent"
        elif _is_state(column, name):
            column.kind, column.role = "metadata", "state"
        elif name.endswith("_timestamp") or name.startswith("survey timestamp"):
            column.kind, column.role = "metadata", "timestamp"
        elif name in _OWN:
            column.kind = "identifying" if is_identifying(column) else "metadata"
    return table


def _is_state(column: Column, name: str) -> bool:
    if not (name.endswith("_complete") or re.fullmatch(r"complete\?( \(\d+\))?", name)):
        return False
    return set(_words(column)) <= _STATES | {""}


def _words(column: Column) -> list[str]:
    return [cell_text(value).strip().lower() for value in column.values]


def unfinished(
    table: Table, matched: Mapping[str, Column]
) -> tuple[NDArray[np.bool_], LogEntry | None]:
    """Mark rows in which the forms of the items are all incomplete.

    The state of a form stands behind its fields, so an item's is the next one to its right.
    Without items, all forms count. An empty state says nothing: the row has no such form.
    """
    states = _states_of(table, matched)
    if states:
        words = [_words(column) for column in states]
        met = np.array([[w in _OPEN for w in column] for column in words])
        told = np.array([[w != "" for w in column] for column in words])
        found = (met | ~told).all(axis=0) & met.any(axis=0)
    else:
        stamps = [c for c in table.columns if c.role == "timestamp"]
        states = stamps
        marks = [[w == "[not completed]" for w in _words(c)] for c in stamps]
        found = np.array(marks).all(axis=0) if marks else np.zeros(table.n, dtype=np.bool_)
    if not found.any():
        return found, None
    names = listed([c.name for c in states], 6)
    return found, LogEntry("", int(found.sum()), f"the forms are incomplete: {names}")


def _states_of(table: Table, matched: Mapping[str, Column]) -> list[Column]:
    places = {id(column): place for place, column in enumerate(table.columns)}
    states = [(places[id(c)], c) for c in table.columns if c.role == "state"]
    found: dict[int, Column] = {}
    for column in matched.values():
        following = [state for state in states if state[0] > places.get(id(column), -1)]
        if following:
            found.setdefault(*following[0])
    return [found[place] for place in sorted(found)] or [column for _, column in states]
