"""Everything that is wrong with an instrument, or deserves a second look, in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from trustmeasure.instruments.coherence import incoherences
from trustmeasure.instruments.files import instrument_file, read_document, wrong_schema
from trustmeasure.instruments.models import Instrument
from trustmeasure.instruments.problems import Path as Place
from trustmeasure.instruments.problems import name_place
from trustmeasure.instruments.repair import Draft, read_leniently
from trustmeasure.instruments.strict_yaml import Document, MalformedError
from trustmeasure.instruments.structure_checks import structure_advice
from trustmeasure.instruments.wording_checks import wording_advice


@dataclass(frozen=True)
class Problem:
    """One finding about an instrument.

    Attributes
    ----------
    level : {"error", "warning"}
        An error keeps the instrument from loading; a warning asks for a second look.
    path : str
        The place in the file, as ``items[3].text``; empty for the file as a whole.
    line : int, optional
        None where there is no file, or no line to name.
    message : str
        What was found, what was expected, and what to do.
    rule : str
        The name of the rule: "unreadable", "schema", "key", "coherence" for errors;
        "near-duplicate", "keying", "reading-level", "labels", … for warnings.
    """

    level: Literal["error", "warning"]
    path: str
    line: int | None
    message: str
    rule: str

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        if not self.path:
            return f"{self.level}{f' in {line}' if line else ''}: {self.message}"
        return f"{self.level}: {self.path}{f' ({line})' if line else ''}: {self.message}"


@dataclass(frozen=True, repr=False)
class Validation:
    """All that was found about an instrument, errors first.

    Attributes
    ----------
    source : str
        The file, or the id of an instrument that was passed as such.
    problems : tuple of Problem
        In the order of the file, errors before warnings.
    """

    source: str
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the instrument from loading."""
        return tuple(found for found in self.problems if found.level == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What deserves a second look."""
        return tuple(found for found in self.problems if found.level == "warning")

    @property
    def ok(self) -> bool:
        """Whether the instrument loads."""
        return not self.errors

    def to_frame(self) -> pd.DataFrame:
        """Give the findings as a table: level, path, line, message, rule."""
        columns = ["level", "path", "line", "message", "rule"]
        frame = pd.DataFrame([asdict(found) for found in self.problems], columns=columns)
        return frame.astype({"line": "Int64"})

    def to_dict(self) -> dict[str, Any]:
        """Give the findings as plain Python objects that ``json.dumps`` accepts."""
        return {
            "source": self.source,
            "ok": self.ok,
            "problems": [asdict(found) for found in self.problems],
        }

    def summary(self) -> str:
        """Count the findings in one sentence."""
        counts = [
            f"{len(found)} {name}{'' if len(found) == 1 else 's'}"
            for found, name in ((self.errors, "error"), (self.warnings, "warning"))
            if found
        ]
        verdict = "no problems found" if not counts else " and ".join(counts)
        loads = "" if self.ok else "; it does not load"
        return f"{self.source}: {verdict}{loads}."

    def __repr__(self) -> str:
        return "\n".join([self.summary(), *(f"- {found}" for found in self.problems)])

    def _repr_html_(self) -> str:
        cell = "<td style='text-align:left; vertical-align:top; padding-right:1em'>"
        rows = "".join(
            f"<tr>{cell}{found.level}</td>"
            f"{cell}<code>{escape(found.path or 'the file')}</code></td>"
            f"{cell}{found.line or ''}</td>{cell}{escape(found.message)}</td></tr>"
            for found in self.problems
        )
        names = ("level", "place", "line", "what")
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return f"<p><strong>{escape(self.summary())}</strong></p>{table if rows else ''}"


def validate_instrument(instrument: Instrument | str | Path) -> Validation:
    """Find all problems of an instrument at once, each with its place.

    Errors are what `load_instrument` refuses: there are none exactly if the instrument loads.
    Warnings are what a second pair of eyes would ask about: items on no scale, wordings that
    occur twice or nearly so (nine tenths alike), negated items that are not reversed, reversed
    items with a negation, answers without labels, languages with gaps, incomplete pairs,
    English above grade 8 (Flesch–Kincaid), and every fact that could not be verified.

    Parameters
    ----------
    instrument : str, path or Instrument
        The path of a ``.yaml`` or ``.json`` file, the id of a shipped instrument, or an
        Instrument.

    Returns
    -------
    Validation
        ``.problems`` (each with level, path, line, message and rule), ``.errors``,
        ``.warnings``, ``.ok``, ``.to_frame()``, ``.to_dict()``.

    Raises
    ------
    InstrumentError
        For an id that is not there. A file that cannot be read is a problem like others.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> new = tm.build_instrument(
    ...     id="openness",
    ...     response_sets=[{"id": "agree5", "min": 1, "max": 5, "labels": {1: "No", 5: "Yes"}}],
    ...     items=[
    ...         {"id": "op1", "text": "We tell each other bad news early."},
    ...         {"id": "op2", "text": "People here do not tell their doubts."},
    ...     ],
    ...     scales=[{"id": "open", "items": ["op1", "op2"]}],
    ... )
    >>> found = tm.validate_instrument(new)
    >>> found.ok
    True
    >>> [(problem.path, problem.rule) for problem in found.warnings]
    [('items[1]', 'keying')]
    """
    if isinstance(instrument, Instrument):
        problems = [*_misfits(instrument, None, None), *_advice(instrument, None, None)]
        return Validation(f"Instrument '{instrument.id}'", _ordered(problems))
    path = instrument_file(instrument)
    source = f"Instrument file '{path}'"
    try:
        document = read_document(path, source=source)
    except MalformedError as error:
        fault = error.fault.removeprefix(": ").strip()
        said = fault if error.fault.startswith(":") else f"the file {fault}"
        return Validation(source, (Problem("error", "", error.line, said, "unreadable"),))
    return Validation(source, _ordered(_file_problems(document, path)))


def _file_problems(document: Document, path: Path) -> Iterator[Problem]:
    schema = wrong_schema(document.data)
    if schema:
        found = f"found {schema}"
        yield Problem("error", "schema", document.line(("schema",)), found, "schema")
    draft = read_leniently(document.data)
    for place, message in draft.problems:
        if place != ("schema",) or not schema:
            yield _problem("error", place, message, "key", document)
    if draft.instrument is None:
        return
    yield from _misfits(draft.instrument, draft, document)
    if draft.instrument.id != path.stem and ("id",) not in draft.lost:
        yield _problem(
            "warning",
            ("id",),
            f"the id is '{draft.instrument.id}', but the file is called '{path.name}'. Let both "
            "be the same, so that one finds the other.",
            "file-name",
            document,
        )
    yield from _advice(draft.instrument, draft, document)


def _misfits(
    instrument: Instrument, draft: Draft | None, document: Document | None
) -> Iterator[Problem]:
    for place, message in incoherences(instrument):
        if draft is None or not draft.is_doubtful(place):
            own = place if draft is None else draft.original(place)
            yield _problem("error", own, message, "coherence", document)


def _advice(
    instrument: Instrument, draft: Draft | None, document: Document | None
) -> Iterator[Problem]:
    for check in (structure_advice, wording_advice):
        for rule, place, message in check(instrument):
            if draft is None or not draft.is_doubtful(place, rule):
                own = place if draft is None else draft.original(place)
                yield _problem("warning", own, message, rule, document)


def _problem(
    level: Literal["error", "warning"],
    place: Place,
    message: str,
    rule: str,
    document: Document | None,
) -> Problem:
    line = document.line(place) if document else None
    return Problem(level, name_place(place), line, message, rule)


def _ordered(problems: Any) -> tuple[Problem, ...]:
    found = list(dict.fromkeys(problems))
    return tuple(sorted(found, key=lambda p: (p.level != "error", p.line or 0)))
