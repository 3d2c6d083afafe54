"""Responses written in the shape of a KoboToolbox or ODK export."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from trustmeasure._checks import check_option
from trustmeasure.platforms.simulating import (
    answer_cells,
    check_writable,
    context_cells,
    moments,
    named,
    person_cells,
    write_cells,
)
from trustmeasure.platforms.xlsform.exporting import question_name
from trustmeasure.responses import Responses

_OWN = ("start", "end", "_id", "_uuid", "_submission_time", "_status", "_index")


def write_kobo(
    responses: Responses,
    path: str | Path,
    *,
    labels: bool = False,
    headings: Literal["name", "group/name", "label"] = "group/name",
    language: str = "en",
    referent: str | None = None,
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write responses as a CSV in the shape of a KoboToolbox export.

    With semicolons, everything in quotation marks, and the platform's columns from ``_id`` to
    ``_index`` at the end. Simulated responses get the column ``simulated`` with "yes". There
    are no unfinished responses: only forms that were sent are exported.

    Parameters
    ----------
    responses : Responses
        To a known instrument.
    path : path
        Written whole or not at all; cells that a spreadsheet would run as a formula get an
        apostrophe in front.
    labels : bool
        Write the labels of the answers instead of their codes.
    headings : {"name", "group/name", "label"}
        XML names, with or without their group, or the wordings.
    language, referent : str
        Language of wordings and labels, and what fills ``{referent}``.
    include_text : bool, optional
        As in `write_qualtrics`.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When the file exists, there is nothing to write, or a context column has a name of the
        platform's own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> from trustmeasure.platforms import write_kobo
    >>> simulated = tm.simulate_responses("trust-pulse", n=6, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_kobo(simulated, Path(folder) / "export.csv")
    ...     again = tm.read_responses(path, "trust-pulse")
    >>> again.platform, again.n, again.column_map["tp01"]
    ('xlsform', 6, 'agree5/tp01')
    """
    instrument = check_writable(responses, labels=labels, unfinished=0)
    check_option("headings", headings, ("name", "group/name", "label"))
    shown = instrument.shows_text(include_text)
    answers, n = answer_cells(responses, labels=labels, language=language, unfinished=0)
    names = {}
    for item in responses.item_ids:
        names[item] = question_name(item)
        if headings == "group/name":
            names[item] = f"{question_name(instrument.item(item).response_set)}/{names[item]}"
        elif headings == "label" and shown:
            names[item] = (
                instrument.item_text(item, language=language, referent=referent) or names[item]
            )
    columns = [
        ("start", moments(n)),
        ("end", moments(n, shift=4)),
        *named(context_cells(responses, n, own=_OWN), {}),
        *named(answers, names),
        ("_id", person_cells(responses, n)),
        ("_uuid", [f"00000000-0000-4000-8000-{i:012d}" for i in range(1, n + 1)]),
        ("_submission_time", moments(n, shift=5)),
        ("_status", ["submitted_via_web"] * n),
        ("_index", [str(i) for i in range(1, n + 1)]),
    ]
    return write_cells(columns, path, overwrite=overwrite, delimiter=";", quoted=True, mark=True)
