"""LimeSurvey exports of answers: headings as code or text, answer codes, and which rows count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.instruments import ResponseSet
from trustmeasure.platforms.layout import Column, Table
from trustmeasure.platforms.workbooks import cell_text
from trustmeasure.responses import LogEntry

# LimeSurvey's own columns, by code and by what the export with full texts calls them.
_OWN = {
    "id": "respondent",
    "response id": "respondent",
    "submitdate": "submitdate",
    "date submitted": "submitdate",
    **dict.fromkeys(
        (
            "lastpage", "last page", "startlanguage", "start language", "seed", "startdate",
            "date started", "datestamp", "date last action", "refurl", "referrer url",
            "interviewtime", "total time",
        ),
        "",
    ),
}  # fmt: skip
_PRIVATE = frozenset({"token", "access code", "ipaddr", "ip address"})
_TELLING = {"submitdate", "lastpage", "startlanguage", "datestamp", "startdate"}
_TELLING_TEXTS = {"date submitted", "last page", "start language", "date last action"}
_CODED = re.compile(r"([A-Za-z]\w*)((?:\[[\w ]+\])*)(?:\.\s+(.*))?", re.DOTALL)
_JOINED = re.compile(r"[A-Za-z][A-Za-z0-9]*_([A-Za-z0-9]+)")
_NUMBERED_ANSWER = re.compile(r"AO?0*(\d{1,4})")


def looks_like(headings: Sequence[str]) -> bool:
    """Tell an export of LimeSurvey by its headings."""
    names = {heading.strip().lower() for heading in headings}
    if len(names & _TELLING) >= 2 or len(names & _TELLING_TEXTS) >= 2:
        return True
    coded = sum(bool(re.match(r"[A-Za-z]\w*(\[\w+\])*\. ", h)) for h in headings)
    return coded > len(headings) / 2


def sort_columns(table: Table) -> Table:
    """Mark what LimeSurvey adds, and find the codes of the questions."""
    numbered = False
    for column in table.columns:
        heading = column.name.strip()
        coded = _CODED.fullmatch(heading)
        name = (coded.group(1) if coded and not coded.group(2) else heading).lower()
        own = next((key for key in (heading.lower(), name) if key in _OWN or key in _PRIVATE), "")
        if own in _PRIVATE:
            column.kind = "identifying"
        elif own:
            column.kind, column.role = "metadata", _OWN[own]
            # Only the first one: a question of one's own may be called "id", too.
            if column.role == "respondent" and numbered:
                column.kind, column.role = "answer", ""
            numbered = numbered or column.role == "respondent"
        elif re.match(r"(group|question)time", heading, re.IGNORECASE):
            column.kind = "timing"
        else:
            column.import_id = _code(heading)
    return table


def _code(heading: str) -> str:
    """Give the code of a question, or of the row of an array."""
    coded = _CODED.fullmatch(heading)
    if coded and coded.group(2):
        return coded.group(2)[1:].partition("]")[0].strip()
    joined = _JOINED.fullmatch(heading)
    if joined and joined.group(1) not in {"other", "comment"}:
        return joined.group(1)
    return coded.group(1) if coded else ""


def unfinished(
    table: Table, matched: Mapping[str, Column]
) -> tuple[NDArray[np.bool_], LogEntry | None]:
    """Mark responses without a date of submission."""
    del matched
    dates = next((c for c in table.columns if c.role == "submitdate"), None)
    if dates is None:
        return np.zeros(table.n, dtype=np.bool_), None
    found = np.array([not cell_text(value).strip() for value in dates.values], dtype=np.bool_)
    if not found.any():
        return found, None
    return found, LogEntry("", int(found.sum()), f"'{dates.name}' is empty")


def answer_code(text: str, options: ResponseSet) -> int | None:
    """Read the codes that LimeSurvey gives answers by itself: A1 or AO01 for the first one.

    Only where the codes of the response set count from 1, as these do.
    """
    match = _NUMBERED_ANSWER.fullmatch(text)
    if match is None or options.min != 1:
        return None
    return int(match.group(1))
