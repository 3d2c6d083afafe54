"""Which platform an export comes from, told by its headings."""

from __future__ import annotations

import re

from trustmeasure.errors import DataError
from trustmeasure.platforms.qualtrics.reading import is_qualtrics
from trustmeasure.platforms.tables import RawTable

PLATFORMS = ("qualtrics", "table")

_PLAIN_CSV = {
    "REDCap": "export 'CSV / Microsoft Excel (raw data)' and keep one event and one row a person",
    "LimeSurvey": "export as CSV with 'question code' as heading and 'answer codes' as responses",
    "Google Forms": "export the responses as CSV",
    "Microsoft Forms": "open the workbook and keep one row of headings",
    "Kobo/ODK": "export as CSV with 'XML values and headers'",
}


def detect_platform(raw: RawTable) -> str:
    """Give "qualtrics" or "table"; refuse what is known and cannot be read as either."""
    if is_qualtrics(raw):
        return "qualtrics"
    refuse_unread(raw)
    return "table"


def refuse_unread(raw: RawTable) -> None:
    """Refuse the two-row headings of SurveyMonkey, which no plain table has."""
    if len(raw.records) < 2:
        return
    first, second = raw.records[0], raw.records[1]
    sub_headings = sum(cell.strip().startswith(("Response", "Open-Ended")) for cell in second)
    if first[0].strip().lower().replace(" ", "") == "respondentid" and (
        not second[0].strip() and (sub_headings or any(not cell for cell in first))
    ):
        raise DataError(
            f"'{raw.name}' looks like a SurveyMonkey export with two heading rows. This platform "
            "is not read yet. Make a plain CSV of it: one heading row with a name for every "
            "column (join the two rows where the first is empty), one row a person."
        )


def resembles(headings: list[str]) -> str:
    """Name the platform that a plain table's headings look like, or give an empty string."""
    names = {heading.strip().lower() for heading in headings}
    first = headings[0].strip().lower() if headings else ""
    if names & {"redcap_event_name", "redcap_repeat_instrument", "redcap_survey_identifier"} or (
        any(n.endswith("_complete") for n in names)
        and (first.endswith("_id") or any(re.search(r"___\w+$", n) for n in names))
    ):
        return "REDCap"
    if len(names & {"submitdate", "lastpage", "startlanguage", "datestamp", "startdate"}) >= 2:
        return "LimeSurvey"
    if sum(bool(re.match(r"\w+(\[\w+\])?\. ", h)) for h in headings) > len(headings) / 2:
        return "LimeSurvey"
    if first in {"timestamp", "zeitstempel", "horodateur", "marca temporal"}:
        return "Google Forms"
    if {"start time", "completion time"} <= names:
        return "Microsoft Forms"
    if "_submission_time" in names or {"_id", "_uuid"} <= names or "_index" in names:
        return "Kobo/ODK"
    return ""


def advice(platform: str) -> str:
    """Say how to get a table that can be read out of a platform."""
    if not platform:
        return ""
    return (
        f" The file looks like an export of {platform}, which is read as a plain table so far: "
        f"{_PLAIN_CSV[platform]}."
    )
