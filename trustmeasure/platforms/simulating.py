"""Responses as the text cells of an export: what the writers of all platforms share."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from trustmeasure._checks import check_count, listed
from trustmeasure._files import neutralise, write_whole
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.platforms.answers import item_cells
from trustmeasure.platforms.tables import refuse_repeated
from trustmeasure.responses import Responses

_START = datetime.datetime(2026, 1, 5, 9, 0, 0)


def check_writable(responses: Responses, *, labels: bool, unfinished: int) -> Instrument:
    """Refuse what cannot be written as an export; give the instrument."""
    instrument = responses.instrument
    if instrument is None or not responses.item_ids:
        raise DataError("Only responses to a known instrument can be written as an export.")
    if not len(responses.data):
        raise DataError("There are no responses to write.")
    check_count("unfinished", unfinished, least=0)
    if not isinstance(labels, bool):
        raise OptionError(f"labels={labels!r} must be True or False.")
    return instrument


def answer_cells(
    responses: Responses, *, labels: bool, language: str, unfinished: int
) -> tuple[pd.DataFrame, int]:
    """Give the items as text, unfinished rows at the end, and how many are finished.

    An unfinished row repeats one of the first persons, who left the later half open.
    """
    frame = pd.DataFrame(
        {
            item: item_cells(responses, item, labels=labels, language=language)
            for item in responses.item_ids
        }
    ).reset_index(drop=True)
    if not unfinished:
        return frame, len(frame)
    more = frame.iloc[[i % len(frame) for i in range(unfinished)]].reset_index(drop=True)
    more[list(responses.item_ids[len(responses.item_ids) // 2 :])] = ""
    return pd.concat([frame, more], ignore_index=True), len(frame)


def context_cells(responses: Responses, n: int, *, own: Iterable[str]) -> pd.DataFrame:
    """Give the other columns as text for ``n`` rows, without the persons' ids."""
    taken = set(own)
    names = [
        str(name)
        for name in responses.data.columns
        if name not in responses.item_ids and name != responses.respondent
    ]
    clash = [name for name in names if name in taken]
    if clash:
        raise DataError(
            f"Column(s) {listed(clash)} of the responses have a name that the platform uses for "
            "its own. Rename them."
        )
    if "simulated" in names and responses.simulated:
        raise DataError("A column of the responses is called 'simulated'; rename it to write them.")
    frame = pd.DataFrame(
        {name: responses.data[name].map(cell).astype(object) for name in names},
        index=responses.data.index,
    ).reset_index(drop=True)
    frame = frame.iloc[[i % len(frame) for i in range(n)]].reset_index(drop=True)
    if responses.simulated:
        frame["simulated"] = "yes"
    return frame


def person_cells(responses: Responses, n: int) -> list[str]:
    """Give the persons' ids; further rows get new ones."""
    if responses.respondent is None:
        return [str(i) for i in range(1, n + 1)]
    known = [cell(value) for value in responses.data[responses.respondent]]
    return known + [f"unfinished-{i}" for i in range(1, n - len(known) + 1)]


def moments(n: int, *, shift: int = 0) -> list[str]:
    """Make up moments in time, always the same; ``shift`` is in minutes."""
    return [str(_START + datetime.timedelta(minutes=7 * i + shift)) for i in range(n)]


def cell(value: Any) -> str:
    """Write a value as an export would: empty for none, whole numbers without a point."""
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def write_cells(
    columns: Sequence[tuple[str, Sequence[str]]],
    path: str | Path,
    *,
    overwrite: bool,
    delimiter: str = ",",
    quoted: bool = False,
    mark: bool = False,
    end: str = "\n",
) -> Path:
    """Write headed columns of text; formulas are neutralised."""
    refuse_repeated([name for name, _ in columns], "the export to be written")
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        lineterminator=end,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerow([neutralise(name) for name, _ in columns])
    for row in zip(*(values for _, values in columns), strict=True):
        writer.writerow([neutralise(value) for value in row])
    text = stream.getvalue()
    return write_whole(path, ("\ufeff" if mark else "") + text, overwrite=overwrite)


def named(frame: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[str, Sequence[str]]]:
    """Give the columns of a frame under the platform's names."""
    return [(names.get(str(c), str(c)), frame[c].tolist()) for c in frame.columns]
