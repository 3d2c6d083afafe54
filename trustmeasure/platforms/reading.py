"""The public way from a survey export to Responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from trustmeasure._checks import check_option
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument, load_instrument
from trustmeasure.platforms.coding import code_items
from trustmeasure.platforms.context import Roles, assemble, find_roles
from trustmeasure.platforms.detection import (
    PLATFORMS,
    advice,
    detect_headings,
    detect_platform,
    refuse_unread,
    resembles,
)
from trustmeasure.platforms.layout import (
    Column,
    Table,
    is_identifying,
    lay_out_frame,
    lay_out_table,
)
from trustmeasure.platforms.limesurvey import reading as limesurvey
from trustmeasure.platforms.matching import explicit_columns, match_columns
from trustmeasure.platforms.qualtrics import reading as qualtrics
from trustmeasure.platforms.redcap import reading as redcap
from trustmeasure.platforms.tables import read_table
from trustmeasure.platforms.xlsform import reading as xlsform
from trustmeasure.responses import LogEntry, ReadLog, Responses

# Platforms with one row of headings: what they add is told by these modules.
_ONE_HEADING = {"redcap": redcap, "limesurvey": limesurvey, "xlsform": xlsform}


def read_responses(
    path: Any,
    instrument: Instrument | str | Path | None = None,
    *,
    platform: Literal["qualtrics", "redcap", "limesurvey", "xlsform", "table"] | None = None,
    columns: Mapping[str, str] | None = None,
    respondent: str | None = None,
    cluster: str | None = None,
    wave: str | None = None,
    missing_codes: Iterable[Any] = (),
    recode: Mapping[Any, Any] | None = None,
    unfinished: Literal["drop", "keep"] = "drop",
    previews: Literal["drop", "keep"] = "drop",
    sheet: str | int | None = None,
    language: str | None = None,
) -> Responses:
    r"""Read a survey export: raw codes of the instrument's items, and the context columns.

    CSV, TSV and other delimited text (encoding and delimiter are found), XLSX workbooks
    (extra ``excel``), Qualtrics response exports with one, two or three heading rows, exports
    of REDCap, LimeSurvey and KoboToolbox or ODK, and frames in memory. Nothing is reversed or
    scored, and nothing is guessed: what cannot be matched or coded is an error that lists it,
    and whatever is dropped is counted in the log.

    Parameters
    ----------
    path : path or DataFrame
        The export; or a pandas, Polars or PyArrow frame that is in memory already.
    instrument : Instrument, str or path, optional
        An instrument, its id, or its file. Without one, numeric columns are read as they
        are, and ``.data`` has no items but those of ``columns``.
    platform : {"qualtrics", "redcap", "limesurvey", "xlsform", "table"}, optional
        Where the export comes from; found by its headings if left out. ``"xlsform"`` stands for
        KoboToolbox and ODK, ``"table"`` for any table with one row of headings.
    columns : mapping, optional
        Item id → column, for items that cannot be matched otherwise. The other items are
        matched by their id (then without regard to case), an alias of the instrument or
        Qualtrics' ImportId, the id as the platform writes it (see Notes), and the wording of
        the question, in this order.
    respondent, cluster, wave : str, optional
        Columns with the person, the team (or other group), and the time of measurement, by
        heading, ImportId or wording. Without ``respondent``, the platform's own id is taken
        (Qualtrics' ResponseId, REDCap's first column, LimeSurvey's id, Kobo's _id, ODK's KEY),
        or a column called "respondent", or else persons are numbered from 1.
    missing_codes : iterable, optional
        Codes or texts that stand for no answer, as ``(-99, "n/a")``. Empty cells, and NA and
        NaN as R and pandas write them, are missing without being declared.
    recode : mapping, optional
        ``{from: to}`` for all items, or ``{item id: {from: to}}``. What to recode is a code
        or a text; the result a code, or None for no answer.
    unfinished : {"drop", "keep"}
        What to do with responses that were not submitted (see Notes).
    previews : {"drop", "keep"}
        What to do with a Qualtrics survey's previews and test responses.
    sheet : str or int, optional
        Sheet of a workbook, by name or by number from 1; the first one with content if left
        out.
    language : str, optional
        Use the wordings and labels of this language only; all languages if left out.

    Returns
    -------
    Responses
        ``.data`` holds one float column an item, in the instrument's order and named by its
        id, with raw codes and NaN for no answer; then respondent, cluster and wave; then the
        other columns (numeric where every cell with content is). Columns with display order,
        randomiser, timing, free text and topics, and those that could identify a person, are
        left out, unless an argument names them. ``.log`` counts all of it.

    Raises
    ------
    DataError
        For a file that is missing, empty, binary, ragged, a web page, or has no rows; a
        repeated heading; items without a column, with two, or sharing one; unknown labels,
        fractions and codes outside the response set; unknown columns; persons without an id
        or with the same id twice in a wave. Rows are given twice: counted among the rows of
        data, and as a spreadsheet program numbers them.
    InstrumentError
        For an unknown instrument.
    OptionError
        For an option that is not offered.
    MissingExtraError
        For a workbook where openpyxl is not installed.

    Warns
    -----
    DataWarning
        When labels of clusters differ only in case or spacing, as "Team A" and "team a".

    Notes
    -----
    A label counts as an answer's label without regard to markup, case and spacing, alone or
    with a number beside it ("5 - Strongly agree", "Strongly agree (5)"). Where the number
    is not the label's code, the label decides, and the log says so.

    Platforms change ids: REDCap writes them in lower case, LimeSurvey with letters and digits
    only and inside ``code[id]``, Kobo and ODK after the group, as ``group/id``. Such a column
    counts as the item's where letters and digits are the same. Qualtrics numbers the
    statements of a matrix, so that ``ps_1`` may be ``ps01``; there, the wording goes first.
    LimeSurvey's own codes of answers, A1 or AO01, are read by their number where the response
    set begins at 1.

    A response counts as unfinished: in Qualtrics, where Finished is 0 or False (or Progress
    under 100, where Finished is absent); in REDCap, where the forms of all items say
    Incomplete (``<form>_complete`` stands to the right of a form's fields); in LimeSurvey,
    where the date of submission is empty. Kobo and ODK export what was sent, and nothing else.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> new = tm.build_instrument(
    ...     id="openness",
    ...     response_sets=[{"id": "agree3", "min": 1, "max": 3,
    ...                     "labels": {1: "No", 2: "Partly", 3: "Yes"}}],
    ...     items=[{"id": "op1", "text": "We tell each other bad news early."},
    ...            {"id": "op2", "text": "People here hide their doubts.", "reverse": True}],
    ...     scales=[{"id": "open", "items": ["op1", "op2"]}],
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "export.csv"
    ...     _ = path.write_text(
    ...         "Team;op1;People here hide their doubts\n"
    ...         "North;Yes;1\nNorth;partly;2\nSouth;3 - Yes;\n"
    ...     )
    ...     responses = tm.read_responses(path, new, cluster="Team")
    >>> responses.data
       op1  op2  respondent   Team
    0  3.0  1.0           1  North
    1  2.0  2.0           2  North
    2  3.0  NaN           3  South
    >>> responses.log.count("labels turned into codes")
    3
    """
    check_option("unfinished", unfinished, ("drop", "keep"))
    check_option("previews", previews, ("drop", "keep"))
    if platform is not None:
        check_option("platform", platform, PLATFORMS)
    known = None if instrument is None else load_instrument(instrument)
    if language is not None:
        _check_language(language, known)

    table, found = _open(path, platform, sheet)
    like = resembles([c.name for c in table.columns]) if found == "table" else found
    hint = advice(like)
    roles = find_roles(table.columns, respondent=respondent, cluster=cluster, wave=wave)
    matched, log = _match(table.columns, known, columns, roles, language, found, hint)
    if found == "qualtrics":
        table = qualtrics.drop_rows(table, previews=previews, unfinished=unfinished)
    elif found in _ONE_HEADING:
        table = _drop_unfinished(table, matched, found, unfinished)
    roles, matched = roles.within(table), _within(matched, table)
    table.log.extend(log)
    codes, log = code_items(
        table,
        matched,
        known,
        recode=recode,
        missing_codes=missing_codes,
        language=language,
        platform_code=limesurvey.answer_code if found == "limesurvey" else None,
    )
    table.log.extend(log)
    scales = {} if known is None else {scale.id: scale.items for scale in known.scales}
    data, names = assemble(table, codes, matched, roles, scales)
    return Responses(
        data=data,
        instrument=known,
        platform=found,
        column_map={item: column.name for item, column in matched.items()},
        log=ReadLog(tuple(table.log)),
        respondent=names["respondent"],
        cluster=names["cluster"],
        wave=names["wave"],
        simulated=any(c.kind == "simulation mark" for c in table.columns),
        source="" if table.rows is None else table.name,
    )


def _check_language(language: str, instrument: Instrument | None) -> None:
    if instrument is None:
        raise OptionError("language= chooses among an instrument's languages; pass an instrument.")
    known = {tag for item in instrument.items for tag in item.text}
    known |= {
        tag for answers in instrument.response_sets for t in answers.labels.values() for tag in t
    }
    if known:
        check_option("language", language, sorted(known))


def _open(path: Any, platform: str | None, sheet: str | int | None) -> tuple[Table, str]:
    """Read whatever was passed, and understand its headings."""
    if not isinstance(path, (str, Path)):
        if platform == "qualtrics":
            raise OptionError(
                "platform='qualtrics' needs the path of the export: a frame has lost the heading "
                "rows. Pass the path, or read the frame with platform='table'."
            )
        if sheet is not None:
            raise OptionError(f"sheet={sheet!r} is for .xlsx workbooks, not for a frame.")
        table = lay_out_frame(path)
        found = platform or detect_headings([c.name for c in table.columns])
        return _sort_columns(table, found), found
    raw = read_table(path, sheet=sheet)
    found = platform or detect_platform(raw)
    if found == "qualtrics":
        return qualtrics.lay_out_qualtrics(raw), found
    refuse_unread(raw)
    if found == "redcap":
        raw = redcap.rename_repeated(raw)
    table = _sort_columns(lay_out_table(raw), found)
    like = resembles([c.name for c in table.columns])
    if like and found == "table":
        table.log.append(
            LogEntry("read as a plain table", 1, f"though the headings look like {like}")
        )
    return table, found


def _drop_unfinished(
    table: Table, matched: Mapping[str, Column], platform: str, unfinished: str
) -> Table:
    """Drop responses that were not submitted, or keep them, and log how many there were."""
    open_rows, why = _ONE_HEADING[platform].unfinished(table, matched)
    if why is None:
        return table
    done = "dropped" if unfinished == "drop" else "kept"
    table.log.append(LogEntry(f"unfinished {done}", why.count, why.detail))
    if unfinished == "keep":
        return table
    if open_rows.all():
        raise DataError(
            f"None of the {table.n} responses in '{table.name}' is left: all are unfinished "
            f"({why.detail}). Pass unfinished='keep' to use them."
        )
    return table.keep(~open_rows)


def _sort_columns(table: Table, platform: str) -> Table:
    """Mark what a table with one row of headings holds besides answers."""
    if platform in _ONE_HEADING:
        table = _ONE_HEADING[platform].sort_columns(table)
    for column in table.columns:
        if column.kind != "answer":
            continue
        if is_identifying(column):
            column.kind = "identifying"
        elif column.name == "simulated":
            marked = column.values.astype(str).str.strip().str.lower() == "yes"
            if marked.any():
                column.kind = "simulation mark"
    return table


def _match(
    columns: Sequence[Column],
    instrument: Instrument | None,
    explicit: Mapping[str, str] | None,
    roles: Roles,
    language: str | None,
    platform: str,
    hint: str,
) -> tuple[dict[str, Column], list[LogEntry]]:
    if instrument is not None:
        matched, log = match_columns(
            columns,
            instrument,
            explicit,
            taken=roles.columns(),
            language=language,
            platform=platform,
            hint=hint,
        )
    else:
        matched = explicit_columns(columns, explicit, None)
        log = [LogEntry("matched by columns=", len(matched))] if matched else []
    both = [
        f"'{c.name}' ({item})"
        for item, c in matched.items()
        if any(c is r for r in roles.columns())
    ]
    if both:
        raise DataError(
            "Column(s) serve both as an item and as respondent, cluster or wave: "
            f"{', '.join(both)}."
        )
    return matched, log


def _within(matched: Mapping[str, Column], table: Table) -> dict[str, Column]:
    """Find the matched columns again after rows were dropped."""
    by_name = {column.name: column for column in table.columns}
    return {item: by_name[column.name] for item, column in matched.items()}
