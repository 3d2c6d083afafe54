"""Exports of answers to XLSForms: KoboToolbox and ODK."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.platforms.layout import Column, Table, is_identifying
from trustmeasure.platforms.workbooks import cell_text
from trustmeasure.responses import LogEntry

_OWN_NAMES = """
    start end today _id _uuid _submission_time _validation_status _notes _status __version__
    _tags _index _parent_index _parent_table_name _version_ formhub/uuid meta/instanceid
    meta/rootuuid meta/deprecatedid meta/instancename meta-instanceid meta-instancename
    instanceid _attachments _xform_id_string audit meta/audit meta-audit
    """
# Common words: they count as the platform's own only where ODK Central wrote the file.
_CENTRAL_NAMES = """
    submissiondate key attachmentspresent attachmentsexpected status reviewstate edits formversion
    """
_PRIVATE_NAMES = """
    deviceid username phonenumber simserial subscriberid email _submitted_by submitterid
    submittername
    """
_OWN = frozenset(_OWN_NAMES.split())
_CENTRAL = frozenset(_CENTRAL_NAMES.split())
_PRIVATE = frozenset(_PRIVATE_NAMES.split())
# The first of these that there is names the response.
_IDS = ("_id", "_uuid", "key", "meta-instanceid", "meta/instanceid", "instanceid")
_LAYOUT = re.compile(r"(generated_table_list_label|reserved_name_for_field_list_labels)_\d+$")
_PLACE = re.compile(r"_.+_(latitude|longitude|altitude|precision)", re.IGNORECASE)


def looks_like(headings: Sequence[str]) -> bool:
    """Tell an export of KoboToolbox or ODK by its headings."""
    names = {heading.strip().lower() for heading in headings}
    return (
        bool(names & {"_submission_time", "_index", "meta-instanceid", "meta/instanceid"})
        or {"_id", "_uuid"} <= names
        or {"submissiondate", "key"} <= names
    )


def sort_columns(table: Table) -> Table:
    """Mark what the platform adds, take groups off the names, and drop a row of HXL tags."""
    names = [column.name.strip() for column in table.columns]
    lower = [name.lower() for name in names]
    central = {"submissiondate", "key"} <= set(lower)
    person = next((k for k in _IDS if k in lower and (central or k not in _CENTRAL)), "")
    groups = Counter(name.partition("/")[0] for name in names if "/" in name)
    for column, name, key in zip(table.columns, names, lower, strict=True):
        if key == person:
            column.kind, column.role = "metadata", "respondent"
            person = ""  # the first one only
        elif key in _PRIVATE or _PLACE.fullmatch(name):
            column.kind = "identifying"
        elif key in _OWN or (central and key in _CENTRAL):
            column.kind = "identifying" if is_identifying(column) else "metadata"
        elif "/" in name:
            group, _, rest = name.partition("/")
            column.import_id = name.rpartition("/")[2].strip()
            if groups[group] > 1:
                column.text = rest.strip()
        elif central and "-" in name:
            column.import_id = name.rpartition("-")[2]
    return _without_tags(_without_layout(table))


def _without_layout(table: Table) -> Table:
    """Leave out the columns that compiling a matrix adds for the row of its labels."""
    added = [c for c in table.columns if _LAYOUT.search(c.name) and not any(map(_filled, c.values))]
    if added:
        table.columns = [c for c in table.columns if not any(c is other for other in added)]
        detail = "empty ones, for the labels above a matrix"
        table.log.append(LogEntry("layout columns left out", len(added), detail))
    return table


def _filled(value: object) -> bool:
    return bool(cell_text(value).strip())


def _without_tags(table: Table) -> Table:
    """Drop a row of HXL tags below the headings: ``#respondent``, ``#score +trust``."""
    if table.n < 1:
        return table
    cells = [cell_text(column.values.iloc[0]).strip() for column in table.columns]
    filled = [text for text in cells if text]
    if not filled or not all(re.match(r"#[A-Za-z]", text) for text in filled):
        return table
    keep = np.ones(table.n, dtype=np.bool_)
    keep[0] = False
    table.log.append(LogEntry("row of HXL tags dropped", 1, "the second row holds #tags"))
    return table.keep(keep)


def unfinished(
    table: Table, matched: Mapping[str, Column]
) -> tuple[NDArray[np.bool_], LogEntry | None]:
    """Mark nothing: only forms that were sent are in an export."""
    del matched
    return np.zeros(table.n, dtype=np.bool_), None
