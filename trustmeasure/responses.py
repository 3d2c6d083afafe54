"""Raw answers with everything known about where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import pandas as pd

from trustmeasure.errors import DataError
from trustmeasure.instruments import Instrument


@dataclass(frozen=True)
class LogEntry:
    """One thing that reading did.

    Attributes
    ----------
    action : str
        A short fixed word, as "previews dropped".
    count : int
        Rows, columns or cells concerned.
    detail : str
        Which, and why.
    """

    action: str
    count: int
    detail: str = ""


@dataclass(frozen=True)
class ReadLog:
    """Everything that reading did, in order."""

    entries: tuple[LogEntry, ...] = ()

    def count(self, action: str) -> int:
        """Add up the counts of an action; 0 where it did not happen."""
        return sum(entry.count for entry in self.entries if entry.action == action)

    def to_frame(self) -> pd.DataFrame:
        """List the entries: action, count, detail."""
        return pd.DataFrame(
            [(entry.action, entry.count, entry.detail) for entry in self.entries],
            columns=["action", "count", "detail"],
        )

    def messages(self) -> tuple[str, ...]:
        """Give the entries as sentences."""
        return tuple(
            f"{entry.action}: {entry.count}" + (f" ({entry.detail})" if entry.detail else "")
            for entry in self.entries
        )

    def __repr__(self) -> str:
        return "\n".join(self.messages()) or "nothing to report"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


@dataclass(frozen=True, repr=False, eq=False)
class Responses:
    """Raw codes of a survey, one row a person, as `read_responses` gives them.

    Attributes
    ----------
    data : DataFrame
        One float column an item, named by its id and holding raw codes (nothing is
        reversed), NaN where there is no answer; then the context columns.
    instrument : Instrument or None
        None where an export was read without one.
    platform : str
        Where the export came from, as "qualtrics".
    column_map : mapping
        Item id → column of the export.
    log : ReadLog
        What was dropped or changed, with counts.
    respondent, cluster, wave : str or None
        Names of the context columns that hold them.
    simulated : bool
        True for data that no person gave.
    source : str
        File name of the export, without its folder.
    """

    data: pd.DataFrame
    instrument: Instrument | None
    platform: str = "table"
    column_map: Mapping[str, str] = field(default_factory=dict)
    log: ReadLog = field(default_factory=ReadLog)
    respondent: str | None = None
    cluster: str | None = None
    wave: str | None = None
    simulated: bool = False
    source: str = ""

    @property
    def n(self) -> int:
        """How many persons there are."""
        return len(self.data)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items that the data hold, in the instrument's order."""
        return tuple(self.column_map)

    @property
    def items(self) -> pd.DataFrame:
        """The raw codes alone."""
        return self.data[list(self.item_ids)]

    def __trustmeasure_frame__(self, scale: str | None) -> NoReturn:
        """Refuse to serve as keyed items: reversed items still point the other way."""
        raise DataError(
            "These are raw Responses, in which reverse-keyed items have not been turned round. "
            "Score them first: trustmeasure.score(responses)."
        )

    def __repr__(self) -> str:
        name = self.instrument.name if self.instrument else "no instrument"
        context = [
            f"{role}: {column}"
            for role in ("respondent", "cluster", "wave")
            if (column := getattr(self, role))
        ]
        lines = [
            f"Responses to {name}: {self.n} {'person-waves' if self.wave else 'persons'}, "
            f"{len(self.column_map)} items "
            f"(platform: {self.platform}{', simulated' if self.simulated else ''})",
            *context,
            *self.log.messages(),
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Describe the data without showing a person; ``.data`` holds the rows."""
        from html import escape

        return "<br>".join(escape(line) for line in repr(self).splitlines())
