"""Responses written in the shape of a LimeSurvey export."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from trustmeasure._checks import check_option
from trustmeasure.platforms.limesurvey.exporting import array_code, question_code
from trustmeasure.platforms.simulating import (
    answer_cells,
    check_writable,
    context_cells,
    moments,
    named,
    person_cells,
    write_cells,
)
from trustmeasure.responses import Responses

_OWN = ("id", "submitdate", "lastpage", "startlanguage", "seed")


def write_limesurvey(
    responses: Responses,
    path: str | Path,
    *,
    labels: bool = False,
    headings: Literal["code", "code and text"] = "code",
    unfinished: int = 0,
    language: str = "en",
    referent: str | None = None,
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write responses as a CSV in the shape of a LimeSurvey export.

    With semicolons, quotation marks and a byte-order mark. The items are the rows of one
    array a response set, as ``agree5[ps01]``. Simulated responses get the column
    ``simulated`` with "yes".

    Parameters
    ----------
    responses : Responses
        To a known instrument.
    path : path
        Written whole or not at all; cells that a spreadsheet would run as a formula get an
        apostrophe in front.
    labels : bool
        Write full answers instead of codes.
    headings : {"code", "code and text"}
        The second one is ``agree5[ps01]. [wording]``.
    unfinished : int
        How many responses without a date of submission to add, made from the first ones.
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
        When the file exists, there is nothing to write, or a context column has a name of
        LimeSurvey's own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> from trustmeasure.platforms import write_limesurvey
    >>> simulated = tm.simulate_responses("trust-pulse", n=6, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_limesurvey(simulated, Path(folder) / "export.csv", unfinished=2)
    ...     again = tm.read_responses(path, "trust-pulse")
    >>> again.platform, again.n, again.column_map["tp01"]
    ('limesurvey', 6, 'agree5[tp01]')
    """
    instrument = check_writable(responses, labels=labels, unfinished=unfinished)
    check_option("headings", headings, ("code", "code and text"))
    shown = instrument.shows_text(include_text)
    answers, finished = answer_cells(
        responses, labels=labels, language=language, unfinished=unfinished
    )
    n = len(answers)
    names = {}
    for item in responses.item_ids:
        array = array_code(instrument.item(item).response_set, 1)
        names[item] = f"{array}[{question_code(item)}]"
        if headings == "code and text":
            wording = instrument.item_text(item, language=language, referent=referent)
            names[item] += f". [{wording if shown and wording else item}]"
    stamps = moments(n)
    columns = [
        ("id", person_cells(responses, n)),
        ("submitdate", [stamps[i] if i < finished else "" for i in range(n)]),
        ("lastpage", ["1"] * n),
        ("startlanguage", [language] * n),
        ("seed", [str(100000007 + 17 * i) for i in range(n)]),
        *named(answers, names),
        *named(context_cells(responses, n, own=_OWN), {}),
    ]
    return write_cells(
        columns, path, overwrite=overwrite, delimiter=";", quoted=True, mark=True, end="\r\n"
    )
