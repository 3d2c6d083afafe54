"""Responses written in the shape of a REDCap export."""

from __future__ import annotations

from pathlib import Path

from trustmeasure.platforms.redcap.exporting import field_name
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


def write_redcap(
    responses: Responses,
    path: str | Path,
    *,
    labels: bool = False,
    unfinished: int = 0,
    language: str = "en",
    referent: str | None = None,
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write responses as a CSV in the shape of a REDCap export.

    The record's id, a timestamp, context columns, the items, and the state of the form.
    Simulated responses get the column ``simulated`` with "yes".

    Parameters
    ----------
    responses : Responses
        To a known instrument.
    path : path
        Written whole or not at all; cells that a spreadsheet would run as a formula get an
        apostrophe in front.
    labels : bool
        Write the export with labels: wordings as headings and labels as answers.
    unfinished : int
        How many incomplete responses to add, made from the first responses.
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
        REDCap's own.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> from trustmeasure.platforms import write_redcap
    >>> simulated = tm.simulate_responses("trust-pulse", n=6, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_redcap(simulated, Path(folder) / "export.csv", unfinished=2)
    ...     again = tm.read_responses(path, "trust-pulse")
    >>> again.platform, again.n, again.respondent, again.log.count("unfinished dropped")
    ('redcap', 6, 'record_id', 2)
    """
    instrument = check_writable(responses, labels=labels, unfinished=unfinished)
    shown = instrument.shows_text(include_text)
    answers, finished = answer_cells(
        responses, labels=labels, language=language, unfinished=unfinished
    )
    n = len(answers)
    form = field_name(instrument.id)
    done = [i < finished for i in range(n)]
    names = {item: field_name(item) for item in responses.item_ids}
    own = ["record_id", "redcap_survey_identifier", f"{form}_timestamp", f"{form}_complete"]
    if labels:
        own = ["Record ID", "Survey Identifier", "Survey Timestamp", "Complete?"]
        for item in names:
            wording = instrument.item_text(item, language=language, referent=referent)
            names[item] = (wording if shown else "") or names[item]
    context = context_cells(responses, n, own=own)
    states = ("Complete", "Incomplete") if labels else ("2", "0")
    stamps = moments(n)
    columns = [
        (own[0], person_cells(responses, n)),
        (own[1], [""] * n),
        (own[2], [stamps[i] if done[i] else "[not completed]" for i in range(n)]),
        *named(context, {}),
        *named(answers, names),
        (own[3], [states[0] if yes else states[1] for yes in done]),
    ]
    return write_cells(columns, path, overwrite=overwrite)
