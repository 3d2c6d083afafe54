"""Results a team: means with intervals, and protection of teams that are too small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.agreement import GroupMoments, group_moments, mean_interval
from trustmeasure.kernels.suppression import Suppression, protect
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

# Under this, people can too easily guess who answered what.
RECOMMENDED_SIZE = 5


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AggregateResult(Result):
    """Scale means of teams, safe to hand out.

    ``n`` counts the people behind what is shown, on the scale that most of them answered;
    ``n_dropped`` is always 0, because the number of others would help to count the members
    of a hidden team.

    Attributes
    ----------
    table : DataFrame, index the cluster
        One row a team and scale: ``scale``, ``n``, ``mean``, ``sd``, ``se``, ``ci_low``,
        ``ci_high``, ``suppressed``. Everything but names is missing where suppressed.
    overall : DataFrame, index the scale
        All people together: ``n``, ``mean``, ``sd``, ``se``, ``ci_low``, ``ci_high``,
        ``withheld``. Everything is missing where withheld.
    suppressed : tuple
        Labels of the teams that are hidden, small ones and those hidden to protect them.
    n_clusters : int
        Teams, hidden ones included.
    """

    title: ClassVar[str] = "Team results"

    table: pd.DataFrame
    overall: pd.DataFrame
    suppressed: tuple[Any, ...]
    n_clusters: int

    def to_frame(self) -> pd.DataFrame:
        """Give the table of teams."""
        return self.table.copy()


def aggregate(
    data: Any,
    *,
    cluster: Any = None,
    scale: str | None = None,
    scales: Sequence[str] | None = None,
    min_cluster_size: int = 5,
    conf_level: float = 0.95,
) -> AggregateResult:
    """Give each team's mean with an interval, and hide what would expose its members.

    Parameters
    ----------
    data : Scores, or DataFrame (pandas, Polars, PyArrow, …)
        Persons in rows.
    cluster : str or sequence, optional
        The column with each person's team, or one label a person; Scores know theirs.
    scale : str, optional
        With Scores: show only this scale. What is hidden follows from all of them.
    scales : sequence of str, optional
        The columns with scale scores; required for a DataFrame.
    min_cluster_size : int
        The fewest scores that a team may be shown with, at least 2.
    conf_level : float
        Confidence level of the t intervals.

    Returns
    -------
    AggregateResult

    Raises
    ------
    DataError
        For an unknown column, data without a team or without any score.
    OptionError
        For ``min_cluster_size`` below 2, or ``scales`` that a DataFrame lacks.

    Warns
    -----
    DataWarning
        When ``min_cluster_size`` is below 5.

    Notes
    -----
    Four rules keep a small team's results from being worked out:

    1. A team with 1 to ``min_cluster_size`` − 1 scores on any scale is hidden on all, so
       that its size on another scale cannot be used against it. A team of which nobody
       answered a scale is blank on that scale only.
    2. The difference between the overall row and the teams shown is about the people who
       are not shown. On every scale these must be at least ``min_cluster_size`` people and
       not of one team alone: if they are fewer, further teams are hidden, smallest first.
    3. Where that is impossible, or would hide every team, the overall row is withheld
       instead.
    4. People without a team have no row; they count in the overall row, and among those
       whom it holds beyond the teams shown. If no team is hidden and they are fewer than
       ``min_cluster_size``, the overall row leaves them out.

    No rule of size helps where all members of a team have the same score: their mean is then
    each member's own. Such teams are named in ``warnings``.

    Which of the hidden teams are small is not told. The rules protect one table: tables of
    overlapping data (two cuts by different attributes, or before and after one person
    joined) can still be compared, so publish one.

    Means, standard deviations (n − 1) and intervals are those of R's ``t.test`` within each
    team; persons without a score are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> scores = pd.DataFrame({
    ...     "team": ["A"] * 6 + ["B"] * 5 + ["C"] * 3 + ["D"] * 5,
    ...     "safety": [4, 5, 4, 3, 4, 4, 2, 3, 3, 2, 3, 1, 1, 2, 4, 5, 5, 4, 5],
    ... })
    >>> teams = tm.aggregate(scores, cluster="team", scales=["safety"])
    >>> teams.table[["n", "mean", "suppressed"]].round(2)
             n  mean  suppressed
    team
    A        6   4.0       False
    B     <NA>   NaN        True
    C     <NA>   NaN        True
    D        5   4.6       False
    >>> teams.suppressed
    ('B', 'C')
    """
    least = _checked_size(min_cluster_size)
    _checks.check_level("conf_level", conf_level)
    notes = Notes()
    if least < RECOMMENDED_SIZE:
        notes.warn(
            f"min_cluster_size={least} shows teams of fewer than {RECOMMENDED_SIZE} people, whose "
            "members can often be told apart. Make sure that they agreed to this."
        )
    block = _scored(data, cluster, scales, notes)
    shown = _shown_scales(block, scale)

    placed = block.codes >= 0
    n_teams = len(block.labels)
    teams = group_moments(block.values[placed], block.codes[placed], n_teams)
    strays = (~np.isnan(block.values[~placed])).sum(axis=0)
    decision = protect(teams.n, strays, least)
    everyone = block.values if decision.strays else block.values[placed]
    overall = group_moments(everyone, np.zeros(len(everyone), dtype=np.intp), 1)

    hidden = decision.hidden[:, None] | (teams.n == 0)
    withheld = ~decision.overall | (overall.n[0] < least)
    table = _team_table(block, teams, hidden, shown, conf_level)
    whole = _overall_table(block, overall, withheld, shown, conf_level)
    _note_protection(decision, withheld[shown], block, strays, least, notes)
    _note_unanimity(_select(teams, shown), hidden[:, shown], block, notes)
    answering = np.asarray(teams.n.any(axis=1))
    return AggregateResult(
        n=_people_shown(teams, hidden, overall, withheld, shown),
        table=table,
        overall=whole,
        suppressed=tuple(
            label
            for label, hide, answers in zip(block.labels, decision.hidden, answering, strict=True)
            if hide or not answers
        ),
        n_clusters=n_teams,
        settings={
            "cluster": block.cluster_name,
            "scales": [block.names[j] for j in shown],
            "min_cluster_size": least,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _checked_size(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 2:
        raise OptionError(
            f"min_cluster_size={value!r} must be a whole number of at least 2: a team of one has "
            "no mean but its member's own answer. 5 is the usual choice."
        )
    return int(value)


def _scored(
    data: Any, cluster: Any, scales: Sequence[str] | None, notes: Notes
) -> _checks.GroupedItems:
    """Find the scores, one column a scale, and each person's team."""
    if hasattr(data, "scale_ids"):  # Scores
        frame, wanted = data.data, list(data.scale_ids)
        cluster = getattr(data, "cluster", None) if cluster is None else cluster
    else:
        frame = _checks.as_frame(data)
        if scales is None:
            raise OptionError(
                "Which columns hold the scores? Pass scales=[...], or Scores, which know. "
                f"Columns: {_checks.listed(frame.columns)}."
            )
        wanted = [scales] if isinstance(scales, str) else list(scales)
    empty = [name for name in wanted if name in frame.columns and frame[name].isna().all()]
    if empty:
        notes.record(f"Scale(s) {_checks.listed(empty)} have no score at all and are left out.")
        wanted = [name for name in wanted if name not in empty]
    if not wanted:
        raise DataError("Nobody has a score on any scale, so there is nothing to aggregate.")
    block = _checks.as_grouped(frame, cluster=cluster, items=wanted, min_persons=1)
    if not block.labels:
        raise DataError(f"Nobody has a '{block.cluster_name}': the whole column is missing.")
    return block


def _shown_scales(block: _checks.GroupedItems, scale: str | None) -> list[int]:
    if scale is None:
        return list(range(len(block.names)))
    if scale not in block.names:
        raise OptionError(
            f"scale={scale!r} is not among the scales: {_checks.listed(block.names)}."
            + _checks.near(scale, block.names)
        )
    return [block.names.index(scale)]


def _statistics(
    moments: GroupMoments, blank: NDArray[np.bool_], conf_level: float
) -> dict[str, Any]:
    """Give flat columns, group by group and scale by scale, with NA where ``blank``."""
    sd = np.sqrt(moments.variance)
    se, low, high = mean_interval(moments.mean, sd, moments.n, conf_level)
    n = pd.array(moments.n.ravel(), dtype="Int64")
    n[blank.ravel()] = pd.NA
    numbers = {"mean": moments.mean, "sd": sd, "se": se, "ci_low": low, "ci_high": high}
    cells = {name: np.where(blank, np.nan, value).ravel() for name, value in numbers.items()}
    return {"n": n, **cells}


def _select(moments: GroupMoments, shown: list[int]) -> GroupMoments:
    return GroupMoments(
        n=moments.n[:, shown], mean=moments.mean[:, shown], variance=moments.variance[:, shown]
    )


def _team_table(
    block: _checks.GroupedItems,
    teams: GroupMoments,
    hidden: NDArray[np.bool_],
    shown: list[int],
    conf_level: float,
) -> pd.DataFrame:
    labels = [label for label in block.labels for _ in shown]
    return pd.DataFrame(
        {
            "scale": [block.names[j] for j in shown] * len(block.labels),
            **_statistics(_select(teams, shown), hidden[:, shown], conf_level),
            "suppressed": hidden[:, shown].ravel(),
        },
        index=pd.Index(labels, name=block.cluster_name),
    )


def _overall_table(
    block: _checks.GroupedItems,
    overall: GroupMoments,
    withheld: NDArray[np.bool_],
    shown: list[int],
    conf_level: float,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            **_statistics(_select(overall, shown), withheld[None, shown], conf_level),
            "withheld": withheld[shown],
        },
        index=pd.Index([block.names[j] for j in shown], name="scale"),
    )


def _people_shown(
    teams: GroupMoments,
    hidden: NDArray[np.bool_],
    overall: GroupMoments,
    withheld: NDArray[np.bool_],
    shown: list[int],
) -> int:
    """Count who stands behind the table without counting anybody who is hidden."""
    in_teams = np.where(hidden, 0, teams.n).sum(axis=0)
    return int(np.where(withheld, in_teams, overall.n[0])[shown].max())


def _note_unanimity(
    teams: GroupMoments, hidden: NDArray[np.bool_], block: _checks.GroupedItems, notes: Notes
) -> None:
    """Say where a mean tells what each member scored, whatever the size of the team."""
    with np.errstate(invalid="ignore"):
        same = ~hidden & (teams.n > 0) & (teams.variance <= 1e-12 * np.maximum(1, teams.mean**2))
    if same.any():
        anywhere = np.asarray(same.any(axis=1))
        named = [label for label, one in zip(block.labels, anywhere, strict=True) if one]
        notes.record(
            f"All members of {_checks.listed(named)} have the same score on a scale that is shown, "
            "so that their mean tells what each of them scored. Ask yourself whether that could "
            "harm them."
        )


def _note_protection(
    decision: Suppression,
    withheld: NDArray[np.bool_],
    block: _checks.GroupedItems,
    strays: NDArray[np.intp],
    least: int,
    notes: Notes,
) -> None:
    hidden = [label for label, hide in zip(block.labels, decision.hidden, strict=True) if hide]
    if hidden:
        notes.record(
            f"Hidden: {_checks.listed(hidden)}. Teams with fewer than {least} scores on a scale "
            "are not shown, nor are teams whose results would give those away."
        )
    if withheld.any():
        notes.record(
            "The overall row is withheld on "
            + (f"{int(withheld.sum())} of {len(withheld)} scales" if len(withheld) > 1 else "it")
            + ": with it, a small team's results could be worked out."
        )
    if strays.any():
        notes.record(
            "People without a team have no row of their own"
            + (
                "; they count in the overall row."
                if decision.strays
                else f", and are too few (fewer than {least}) to count in the overall row."
            )
        )
