"""Which platform an export comes from, told by its headings."""

from __future__ import annotations

from trustmeasure.errors import DataError
from trustmeasure.platforms.limesurvey import reading as limesurvey
from trustmeasure.platforms.qualtrics.reading import is_qualtrics
from trustmeasure.platforms.redcap import reading as redcap
from trustmeasure.platforms.tables import RawTable
from trustmeasure.platforms.xlsform import reading as xlsform

PLATFORMS = ("qualtrics", "redcap", "limesurvey", "xlsform", "table")

# How to get a table that can be read; the first ones are read as what they are.
_EXPORT = {
    "redcap": "From REDCap, export 'CSV / Microsoft Excel (raw data)'.",
    "limesurvey": "From LimeSurvey, export as CSV with 'question code' as heading.",
    "xlsform": "From KoboToolbox or ODK, export as CSV with 'XML values and headers'.",
    "Google Forms": "export the responses as CSV",
    "Microsoft Forms": "open the workbook and keep one row of headings",
}


def detect_platform(raw: RawTable) -> str:
    """Name the platform by the headings; refuse what is known and cannot be read at all."""
    if is_qualtrics(raw):
        return "qualtrics"
    refuse_unread(raw)
    return detect_headings(raw.records[0])


def detect_headings(headings: list[str]) -> str:
    """Name the platform that one row of headings is from, "table" where there is none."""
    for platform, reading in (
        ("redcap", redcap), ("limesurvey", limesurvey), ("xlsform", xlsform)
    ):  # fmt: skip
        if reading.looks_like(headings):
            return platform
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
    if first in {"timestamp", "zeitstempel", "horodateur", "marca temporal"}:
        return "Google Forms"
    if {"start time", "completion time"} <= names:
        return "Microsoft Forms"
    return ""


def advice(platform: str) -> str:
    """Say how to get a table that can be read out of a platform."""
    told = _EXPORT.get(platform, "")
    if not told or told.endswith("."):
        return f" {told}".rstrip()
    return f" The file looks like an export of {platform}, which is read as a plain table: {told}."
