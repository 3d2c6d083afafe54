"""Responses written in the shape of a Qualtrics export."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from trustmeasure._checks import check_count, listed
from trustmeasure._files import neutralise, write_whole
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.platforms.answers import item_cells
from trustmeasure.platforms.qualtrics.reading import METADATA
from trustmeasure.responses import Responses

_TEXTS = {
    "StartDate": "Start Date",
    "EndDate": "End Date",
    "Status": "Response Type",
    "Progress": "Progress",
    "Duration (in seconds)": "Duration (in seconds)",
    "Finished": "Finished",
    "RecordedDate": "Recorded Date",
    "ResponseId": "Response ID",
    "DistributionChannel": "Distribution Channel",
    "UserLanguage": "User Language",
}
_START = datetime.datetime(2026, 1, 5, 9, 0, 0)
_DATES = ("StartDate", "EndDate", "RecordedDate")


def write_qualtrics(
    responses: Responses,
    path: str | Path,
    *,
    labels: bool = False,
    previews: int = 0,
    unfinished: int = 0,
    language: str = "en",
    referent: str | None = None,
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write responses as a CSV in the shape of a Qualtrics export.

    Three heading rows (tag, wording, ImportId), Qualtrics' own columns, the items as one
    matrix a response set, then cluster, wave, persons and the other context columns as
    embedded data. Dates and response ids are made up, and always the same. Simulated
    responses get the column ``simulated`` with "yes", by which `read_responses` knows them.

    Parameters
    ----------
    responses : Responses
        To a known instrument.
    path : path
        Written whole or not at all; cells that a spreadsheet would run as a formula get an
        apostrophe in front.
    labels : bool
        Write the labels of the answers (an export of choice text) instead of their codes.
    previews, unfinished : int
        How many previews and unfinished responses to add, made from the first responses.
    language : str
        Language of wordings and labels.
    referent : str, optional
        Fills ``{referent}`` in the wordings; the instrument's first one if left out.
    include_text : bool, optional
        Write wordings into the second heading row. By default, those that the instrument ships
        with; wordings that were attached to it are written only with True.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When the file exists, there is nothing to write, a label stands for two codes, or a
        context column has the name of one of Qualtrics' own.
    OptionError
        For a count that is negative or no whole number.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> from trustmeasure.platforms import write_qualtrics
    >>> simulated = tm.simulate_responses("trust-pulse", n=6, n_clusters=2, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_qualtrics(simulated, Path(folder) / "export.csv", previews=2)
    ...     again = tm.read_responses(path, "trust-pulse", cluster="team")
    >>> again.n, again.log.count("previews dropped"), again.simulated
    (6, 2, True)
    """
    instrument = responses.instrument
    if instrument is None or not responses.item_ids:
        raise DataError("Only responses to a known instrument can be written as an export.")
    if not len(responses.data):
        raise DataError("There are no responses to write.")
    check_count("previews", previews, least=0)
    check_count("unfinished", unfinished, least=0)
    if not isinstance(labels, bool):
        raise OptionError(f"labels={labels!r} must be True or False.")
    cells = _cells(responses, labels=labels, language=language)
    parts = [_rows(cells, len(cells), labels, "normal")]
    if previews:
        parts.append(_rows(cells, previews, labels, "preview"))
    if unfinished:
        parts.append(_rows(cells, unfinished, labels, "unfinished", blank=responses.item_ids))
    body = _with_metadata(pd.concat(parts, ignore_index=True), language)
    shown = instrument.shows_text(include_text)
    headings = _headings(
        instrument if shown else instrument.without_text(),
        responses.item_ids,
        body.columns,
        language,
        referent,
    )
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(headings)
    writer.writerows([neutralise(cell) for cell in row] for row in body.to_numpy(dtype=object))
    return write_whole(path, stream.getvalue(), overwrite=overwrite)


def _cells(responses: Responses, *, labels: bool, language: str) -> pd.DataFrame:
    """Give items and embedded data as text."""
    own = {"Status", "Finished", "Progress", *_TEXTS}
    context = [
        name
        for name in responses.data.columns
        if name not in responses.item_ids and name not in own
    ]
    if "simulated" in context and responses.simulated:
        raise DataError("A column of the responses is called 'simulated'; rename it to write them.")
    named = [responses.respondent, responses.cluster, responses.wave]
    lost = [name for name in named if name in own and name != "ResponseId"]
    if lost:
        raise DataError(
            f"Column(s) {listed(lost)} have a name that Qualtrics uses for its own. Rename them."
        )
    data = {
        item: item_cells(responses, item, labels=labels, language=language)
        for item in responses.item_ids
    }
    for name in context:
        data[str(name)] = responses.data[name].map(_text).astype(object)
    frame = pd.DataFrame(data)
    if responses.simulated:
        frame["simulated"] = "yes"
    if responses.respondent == "ResponseId":
        frame["ResponseId"] = responses.data["ResponseId"].map(_text)
    return frame.reset_index(drop=True)


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _rows(
    cells: pd.DataFrame, n: int, labels: bool, what: str, blank: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Give rows of one kind; previews and unfinished ones repeat the first responses."""
    rows = cells.iloc[[i % len(cells) for i in range(n)]].reset_index(drop=True)
    done = what != "unfinished"
    preview = what == "preview"
    rows["Status"] = (
        ("Survey Preview" if preview else "IP Address") if labels else str(int(preview))
    )
    rows["Finished"] = str(done) if labels else str(int(done))
    rows["Progress"] = "100" if done else "50"
    rows["DistributionChannel"] = "preview" if preview else "anonymous"
    # People who break off leave the later questions open.
    rows[list(blank[len(blank) // 2 :])] = ""
    if not done or preview:
        rows = rows.drop(columns="ResponseId", errors="ignore")
    return rows


def _with_metadata(body: pd.DataFrame, language: str) -> pd.DataFrame:
    """Add made-up dates, durations and response ids, and put all in Qualtrics' order."""
    n = len(body)
    seconds = [180 + 37 * i % 240 for i in range(n)]
    starts = [_START + datetime.timedelta(minutes=7 * i) for i in range(n)]
    ends = [s + datetime.timedelta(seconds=d) for s, d in zip(starts, seconds, strict=True)]
    ids = pd.Series([f"R_simulated{i + 1:06d}" for i in range(n)], index=body.index)
    if "ResponseId" in body:
        ids = body["ResponseId"].where(body["ResponseId"].notna(), ids)
    made: dict[str, Any] = {
        "StartDate": [str(moment) for moment in starts],
        "EndDate": [str(moment) for moment in ends],
        "RecordedDate": [str(moment + datetime.timedelta(seconds=1)) for moment in ends],
        "Duration (in seconds)": [str(second) for second in seconds],
        "UserLanguage": [language.split("-")[0].upper()] * n,
        "ResponseId": ids,
    }
    body = body.assign(**made)
    return body[[*_TEXTS, *(name for name in body.columns if name not in _TEXTS)]]


def _headings(
    instrument: Instrument,
    item_ids: tuple[str, ...],
    names: pd.Index[Any],
    language: str,
    referent: str | None,
) -> list[list[str]]:
    """Give tag, wording and ImportId of every column."""
    blocks: dict[str, list[str]] = {}
    for item in item_ids:
        blocks.setdefault(instrument.item(item).response_set, []).append(item)
    places = {
        item: (block, place)
        for block, items in enumerate(blocks.values(), start=1)
        for place, item in enumerate(items, start=1)
    }
    texts, ids = [], []
    for name in map(str, names):
        if name in places:
            block, place = places[name]
            wording = instrument.item_text(name, language=language, referent=referent) or name
            texts.append(f"Please give one answer in each row. - {wording}")
            ids.append(json.dumps({"ImportId": f"QID{block}_{place}"}))
        elif name in _TEXTS:
            texts.append(_TEXTS[name])
            extra = {"timeZone": "Etc/UTC"} if name in _DATES else {}
            ids.append(json.dumps({"ImportId": METADATA[name], **extra}))
        else:
            texts.append(name)
            ids.append(json.dumps({"ImportId": name}))
    return [[neutralise(str(name)) for name in names], [neutralise(t) for t in texts], ids]
