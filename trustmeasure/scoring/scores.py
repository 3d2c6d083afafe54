"""The result of scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import FloatArray, listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument, Scale
from trustmeasure.responses import ReadLog
from trustmeasure.results import Notes, Result, to_plain
from trustmeasure.scoring.arrays import key_values, map_scores, score_arrays
from trustmeasure.scoring.plan import Plan


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Scores(Result):
    """Scale scores, and the keyed items that every analysis of a scale starts from.

    Attributes
    ----------
    data : DataFrame
        Respondent, cluster and wave (where known), one column a scale, then any other
        context columns. One row a person, in the order of the responses.
    keyed : DataFrame
        The items after reversal: a high value always means much of the construct.
    n_valid : DataFrame
        Number of answers, one column a scale.
    prorated : Series
        Index the scale: persons scored although at least one answer was missing.
    too_few : Series
        Index the scale: persons with some answers, but too few for a score.
    unanswered : Series
        Index the scale: persons without any answer to it, as where a block of questions
        was not shown to them.
    instrument : Instrument
    respondent, cluster, wave : str or None
        Names of the context columns that hold them.
    simulated : bool
        True for data that no person gave.
    log : ReadLog
        What reading the export dropped or changed.
    """

    title: ClassVar[str] = "Scores"

    data: pd.DataFrame
    keyed: pd.DataFrame
    n_valid: pd.DataFrame
    prorated: pd.Series[int]
    too_few: pd.Series[int]
    unanswered: pd.Series[int]
    instrument: Instrument
    respondent: str | None = None
    cluster: str | None = None
    wave: str | None = None
    simulated: bool = False
    log: ReadLog = field(default_factory=ReadLog)

    @property
    def scale_ids(self) -> tuple[str, ...]:
        """The scales that were scored."""
        return tuple(self.n_valid.columns)

    def to_frame(self) -> pd.DataFrame:
        """Give the score table, one row a person."""
        return self.data.copy()

    def summary(self) -> dict[str, Any]:
        """Describe the scores of each scale in a line; no person is shown."""
        return {}

    def describe(self) -> pd.DataFrame:
        """Summarise each scale: n, mean, sd, min, median, max, and who was not scored."""
        scores = self.data[list(self.scale_ids)]
        return pd.DataFrame(
            {
                "n": scores.count(),
                "mean": scores.mean(),
                "sd": scores.std(),
                "min": scores.min(),
                "median": scores.median(),
                "max": scores.max(),
                "prorated": self.prorated,
                "too_few": self.too_few,
                "unanswered": self.unanswered,
            }
        ).rename_axis("scale")

    def to_dict(self) -> dict[str, Any]:
        """Give the scores and their settings as plain Python objects."""
        return {
            "instrument": self.instrument.id,
            "n": self.n,
            "n_dropped": self.n_dropped,
            "scales": to_plain(self.describe()),
            "scores": to_plain(self.data.reset_index(drop=True)),
            "settings": to_plain(self.settings),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        notes = "".join(f"\n\nNote: {message}" for message in self.warnings)
        return f"{self._heading()}\n\n{self.describe().round(3).to_string()}{notes}"

    def _repr_html_(self) -> str:
        return f"<h4>{self._heading()}</h4>{self.describe().round(3).to_html()}"

    def _heading(self) -> str:
        return f"Scores of {self.instrument.name} (n = {self.n})"

    def __trustmeasure_frame__(self, scale: str | None) -> pd.DataFrame:
        """Give context columns and keyed items (of one scale) to `_checks.as_frame`."""
        if scale is not None and scale not in self.scale_ids:
            raise OptionError(
                f"scale={scale!r} was not scored. Scales: {listed(self.scale_ids)}."
                + near(scale, self.scale_ids)
            )
        items = self.instrument.scale(scale).items if scale else tuple(self.keyed.columns)
        context = self.data[[c for c in self.__trustmeasure_context__() if c not in items]]
        return pd.concat([context, self.keyed[list(items)]], axis=1)

    def __trustmeasure_context__(self) -> tuple[str, ...]:
        """Name the columns that are neither items nor scales."""
        return tuple(c for c in self.data.columns if c not in self.n_valid.columns)


def build_scores(
    frame: pd.DataFrame,
    values: FloatArray,
    plan: Plan,
    roles: Mapping[str, str | None],
    *,
    simulated: bool,
    log: ReadLog,
) -> Scores:
    """Score the codes and put the table together."""
    scores, counts = score_arrays(values, plan)
    names = [scale.id for scale in plan.scales]
    clash = [name for name in names if name in frame.columns and name not in plan.item_ids]
    if clash:
        raise DataError(
            f"The data have column(s) {listed(clash)}, which is what the scores would be called. "
            "Rename or drop them."
        )
    leading = list(dict.fromkeys(column for column in roles.values() if column is not None))
    items = set(plan.instrument.item_ids)
    others = [c for c in frame.columns if c not in items and c not in leading]
    # The arrays are nobody else's, so the frames need not copy them.
    scored = pd.DataFrame(scores, columns=names, index=frame.index, copy=False)
    n_valid = pd.DataFrame(counts.astype(np.int64), columns=names, index=frame.index, copy=False)
    lengths = np.array([len(scale.items) for scale in plan.scales])
    has_score = ~np.isnan(scores)
    notes = Notes()
    prorated = pd.Series((has_score & (counts < lengths)).sum(axis=0), index=names)
    too_few = pd.Series((~has_score & (counts > 0)).sum(axis=0), index=names)
    unanswered = pd.Series((counts == 0).sum(axis=0), index=names)
    for scale in plan.scales:
        _note_missing(notes, scale, prorated[scale.id], too_few[scale.id], unanswered[scale.id])
    for phrase in plan.unverified.phrases():
        said = phrase[0].upper() + phrase[1:]
        notes.record(f"{said}: unverified in the source, and taken as stored.")
    return Scores(
        data=pd.concat([frame[leading], scored, frame[others]], axis=1),
        keyed=pd.DataFrame(
            key_values(map_scores(values, plan), plan),
            columns=list(plan.item_ids),
            index=frame.index,
        ),
        n_valid=n_valid,
        prorated=prorated,
        too_few=too_few,
        unanswered=unanswered,
        instrument=plan.instrument,
        respondent=roles["respondent"],
        cluster=roles["cluster"],
        wave=roles["wave"],
        simulated=simulated,
        log=log,
        n=len(frame),
        settings=dict(plan.settings),
        warnings=notes.messages(),
    )


def _note_missing(notes: Notes, scale: Scale, prorated: int, too_few: int, unanswered: int) -> None:
    if prorated:
        notes.record(
            f"{scale.name}: {prorated} person(s) were scored from fewer than all "
            f"{len(scale.items)} items (prorated)."
        )
    if too_few:
        notes.record(
            f"{scale.name}: {too_few} person(s) answered fewer than {scale.least_answers} of "
            f"{len(scale.items)} items and got no score."
        )
    if unanswered:
        notes.record(
            f"{scale.name}: {unanswered} person(s) answered none of its items (not asked, or "
            "skipped as a block)."
        )
