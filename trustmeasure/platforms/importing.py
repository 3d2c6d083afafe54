"""The public way from a platform's survey definition to an instrument."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from trustmeasure._checks import check_option
from trustmeasure.errors import InstrumentError, InstrumentWarning
from trustmeasure.instruments import Instrument
from trustmeasure.platforms.coding import check_missing_codes
from trustmeasure.platforms.decoding import is_workbook
from trustmeasure.platforms.definitions import Definition
from trustmeasure.platforms.drafting import draft_instrument
from trustmeasure.platforms.limesurvey import importing as limesurvey
from trustmeasure.platforms.qualtrics import importing as qualtrics
from trustmeasure.platforms.redcap import importing as redcap
from trustmeasure.platforms.sources import FORMATS, Source
from trustmeasure.platforms.xlsform import importing as xlsform

# In the order in which they are tried: workbooks before whatever is text.
_IMPORTERS: dict[str, tuple[Callable[[Source], bool], Callable[[Source], Definition]]] = {
    "xlsform": (xlsform.is_definition, xlsform.read_definition),
    "qualtrics": (qualtrics.is_definition, qualtrics.read_definition),
    "limesurvey": (limesurvey.is_definition, limesurvey.read_definition),
    "redcap": (redcap.is_definition, redcap.read_definition),
}
_OURS = re.compile(r'(^|[{,])\s*"?(schema"?\s*:\s*1\b|response_sets"?\s*:)', re.MULTILINE)
_ID = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


def import_instrument(
    path: str | Path,
    platform: Literal["qualtrics", "redcap", "limesurvey", "xlsform"] | None = None,
    *,
    missing_codes: Iterable[Any] = (),
    id: str | None = None,
) -> Instrument:
    r"""Make an instrument of a platform's survey definition.

    Matrix questions and single choices become items, named as the platform's export of
    answers names their columns, so that `read_responses` finds them without a map. Whatever
    has no scale of answers (texts, dates, sliders, multiple answers, timing, …) is listed in
    ``.notes`` with the reason, as are questions that were hidden or thrown away.

    Parameters
    ----------
    path : path
        A Qualtrics survey (``.qsf``), a REDCap data dictionary (``.csv``, with the headings
        of the web page or those of the API), a LimeSurvey structure (``.lss``) or tab-separated
        survey (``.txt``, ``.tsv``), or an XLSForm (``.xlsx`` or ``.xls``; extra ``excel``).
    platform : {"qualtrics", "redcap", "limesurvey", "xlsform"}, optional
        Where it comes from; found by its content if left out.
    missing_codes : iterable, optional
        Codes or labels of answers that are none, as ``(99, "Don't know")``. They are taken
        out of the response sets.
    id : str, optional
        Id of the instrument; made of the file's name if left out.

    Returns
    -------
    Instrument
        Status "unvalidated", licence "unspecified". Each matrix is a scale, and so are two or
        more single choices of a block (group, form) with the same answers; other questions are
        items on no scale. No item is marked as reversed and none is confirmed.

    Raises
    ------
    InstrumentError
        For a file that is missing, empty, of another kind, or malformed, with the place and
        the mend.
    OptionError
        For a platform that is not offered, and for ``missing_codes`` that are none.
    MissingExtraError
        For a workbook where openpyxl (``.xlsx``) or xlrd (``.xls``) is not installed.

    Warns
    -----
    InstrumentWarning
        Always: that keying cannot be seen in a definition, how many questions were left out,
        and which answers look as if they meant none.

    Notes
    -----
    Codes of answers must be whole numbers without gaps. A question with other codes is left
    out and listed; name the codes that are no answers in ``missing_codes``, or recode on the
    platform. LimeSurvey's ``A1``, ``A2``, … count as 1, 2, … as they do for `read_responses`.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> heading = ("field_name,form_name,section_header,field_type,field_label,"
    ...            "select_choices_or_calculations,matrix_group_name")
    >>> agree = '"1, Disagree | 2, Neither | 3, Agree | 99, No answer"'
    >>> with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # keying is unconfirmed: see below
    ...     path = Path(folder) / "team_survey.csv"
    ...     _ = path.write_text(
    ...         f"{heading}\n"
    ...         f"op1,team,In my team,radio,We tell bad news early.,{agree},open\n"
    ...         f"op2,team,,radio,People hide their doubts.,{agree},open\n"
    ...         "age,team,,text,Your age,,\n"
    ...     )
    ...     survey = tm.import_instrument(path, missing_codes=[99])
    >>> survey.scales[0].title["en"], survey.response_range("op1")
    ('In my team', (1, 3))
    >>> keyed = survey.with_key(reverse=["op2"])
    >>> keyed.item("op2").reverse, keyed.item("op2").confirmed
    (True, True)
    >>> print(survey.notes.splitlines()[-1])
    - age (text): free answers [Your age]
    """
    if platform is not None:
        check_option("platform", platform, sorted(_IMPORTERS))
    missing = check_missing_codes(missing_codes)
    if not isinstance(path, (str, Path)):
        raise InstrumentError(
            f"path={path!r} is a {type(path).__name__}; expected the path of a survey definition."
        )
    source = Source.open(Path(path))
    found = _detect(source, platform)
    draft = draft_instrument(
        _IMPORTERS[found][1](source),
        source,
        id=_make_id(Path(path).stem) if id is None else id,
        missing_codes=missing,
    )
    warnings.warn(draft.message, InstrumentWarning, stacklevel=2)
    return draft.instrument


def _make_id(stem: str) -> str:
    """Make an id of a file's name."""
    made = re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-")
    return made if _ID.fullmatch(made) else "imported-survey"


def _detect(source: Source, platform: str | None) -> str:
    """Tell the platform by the content; refuse what is none, saying what it is."""
    found = next((name for name, (fits, _) in _IMPORTERS.items() if fits(source)), None)
    if found is not None and platform in (None, found):
        return found
    if found is not None:
        raise source.error(
            f"is a definition of {found}, but platform='{platform}' was given. Leave platform= "
            "out, or pass the file that was meant."
        )
    _refuse_known(source)
    if platform is not None:
        return platform  # its importer says what is amiss
    raise source.error("is not recognised. Export the definition from one of these: " + FORMATS)


def _refuse_known(source: Source) -> None:
    """Refuse files whose kind can be told, with what to do instead."""
    data = source.data
    if data.startswith(b"PK") and not is_workbook(data):
        raise source.error(
            "is an archive. Unpack it; LimeSurvey's .lsa and REDCap's .zip hold the definition "
            "(.lss, .csv) inside."
        )
    if is_workbook(data) or data.startswith(b"\xd0\xcf\x11\xe0"):
        return
    text = source.text
    start = text[:3000].lstrip()
    lowered = start.lower()
    if re.match(r"<!doctype html|<html|<head|<body|<script|<meta|<table|<div", lowered):
        raise source.error(
            "is a web page (HTML). Downloads end like this when one is not logged in any more: "
            "log in to the survey platform and export again."
        )
    if re.search(r"<(\w+:)?odm\b", lowered):
        raise source.error(
            "is a REDCap project in XML. Export the data dictionary instead (Designer > Download "
            "the current Data Dictionary, .csv)."
        )
    if "<h:html" in lowered or "<xforms" in lowered:
        raise source.error("is an XForm in XML. Pass the XLSForm (.xlsx) that it was made of.")
    if _OURS.search(text):
        raise source.error(
            "is an instrument file of this library already. Load it: load_instrument(path)."
        )
    if "[[advancedformat]]" in lowered:
        raise source.error(
            "is a text for Qualtrics to import. Import it there, and export the survey as .qsf "
            "(Survey > Tools > Import/Export > Export survey)."
        )
    if '"ImportId"' in text[:100_000]:
        raise source.error(
            "is an export of answers. Read it with read_responses(path, instrument); the "
            "definition is exported apart: " + FORMATS
        )
