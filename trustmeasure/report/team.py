"""The team report: what an evaluator can hand out without exposing anyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import agreement, plots, reliability
from trustmeasure._checks import check_count, listed
from trustmeasure.errors import DataError
from trustmeasure.instruments import Scale
from trustmeasure.report.common import new_page, scored, share
from trustmeasure.report.method import REFERENCES, team_paragraphs
from trustmeasure.report.page import Page, Section, output_path, write_page
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.tables import table
from trustmeasure.tables.numbers import bounded
from trustmeasure.tables.people import scale_range
from trustmeasure.thresholds import verdict


def team_report(
    responses: Responses,
    path: str | Path,
    *,
    cluster: str | None = None,
    min_cluster_size: int = 5,
    wave: Any = None,
    confirm_keying: bool | Mapping[str, bool] = False,
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write how teams stand, as one HTML page that exposes nobody.

    Parameters
    ----------
    responses : Responses
        From `read_responses` or `simulate_responses`, with an instrument.
    path : str or path
        Ends in ``.html``.
    cluster : str, optional
        Column with the team of each person; by default the one that the responses know.
    min_cluster_size : int
        Teams with fewer answers are not shown.
    wave : optional
        The wave to report, where the responses hold several.
    confirm_keying : bool or mapping
        As in `score`.
    include_text : bool, optional
        Show item wordings that the instrument itself may not ship with (``text: none``,
        attached with ``with_text``); by default ids stand in for them. False shows ids only.
    overwrite : bool
        Replace a file that exists.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    DataError
        Without teams, with fewer people than ``min_cluster_size``, with several waves and
        none chosen, or for a file that exists.

    Notes
    -----
    No answer of a single person, no id and no free text is on the page. Teams that
    `aggregate` hides are hidden everywhere. Where it withholds the result of everybody
    together, figures and tables of the whole group are made from the teams that are shown,
    since anything else would let a reader work out the hidden rest. Agreement and ICCs are
    always those of the teams that are shown.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> answers = tm.simulate_responses(
    ...     tm.load_instrument("trust-pulse"), n=60, n_clusters=6, icc=0.2, rng=1
    ... )
    >>> folder = Path(tempfile.mkdtemp())
    >>> tm.team_report(answers, folder / "teams.html").name
    'teams.html'
    """
    path = output_path(path, overwrite=overwrite)
    check_count("min_cluster_size", min_cluster_size, least=2)
    responses = _one_wave(responses, wave)
    scores = scored(responses, confirm_keying=confirm_keying, cluster=cluster)
    responses = replace(responses, instrument=scores.instrument)  # with the user's key
    shown = scores.instrument.shows_text(include_text)
    if scores.cluster is None:
        raise DataError(
            "A team report needs to know each person's team: pass cluster='column', here or to "
            "read_responses."
        )
    if scores.n < min_cluster_size:
        raise DataError(
            f"The responses hold {scores.n} persons, fewer than min_cluster_size="
            f"{min_cluster_size}. A report on so few would expose them."
        )
    with plots.offscreen():
        page = _make_page(responses, scores, min_cluster_size, shown)
        if responses.wave is not None and wave is not None:
            page.settings.append((f"Wave ({responses.wave})", str(wave)))
        return write_page(page, path, overwrite=overwrite)


def _make_page(responses: Responses, scores: Scores, least: int, include_text: bool) -> Page:
    cluster = str(scores.cluster)
    teams = agreement.aggregate(scores, min_cluster_size=least)
    in_shown = _members_shown(scores, teams)
    shown = _subset(scores, in_shown)
    everybody, answers = scores, responses
    if not _overall_holds_everybody(teams, scores):
        everybody = shown
        answers = replace(responses, data=responses.data[in_shown].reset_index(drop=True))
    page = new_page("Team report", responses, everybody)
    # What reading and scoring noted counts everybody, hidden people too; how many answered
    # nothing, say, could point to one of them.
    page.warnings.clear()
    page.note("Teams", teams.warnings)
    page.note("Reading", [f"{entry.action}: {entry.count}" for entry in responses.log.entries])
    _brief(page, teams, everybody, cluster, least)
    how = page.section("How to read this, and how it was made")
    for paragraph in team_paragraphs(everybody, least):
        how.say(paragraph)
    for scale in scores.instrument.scales:
        _scale(page, scale, cluster, teams, everybody, shown, least)
    _answers(page, everybody, answers, include_text)
    _quality(page, everybody)
    page.settings.append(("Smallest team shown", str(least)))
    page.settings.append(("Team column", cluster))
    page.references.extend(REFERENCES[key] for key in ("rwg", "agreement", "icc", "alpha"))
    return page


def _one_wave(responses: Responses, wave: Any) -> Responses:
    """Keep the people of one wave: those of several are not independent persons."""
    if not isinstance(responses, Responses) or responses.wave is None:
        if wave is not None and isinstance(responses, Responses):
            raise DataError(
                f"wave={wave!r} was asked for, but the responses have no wave. Name its column "
                "in read_responses(..., wave='column')."
            )
        return responses
    found = responses.data[responses.wave].dropna().unique().tolist()
    if wave is None:
        if len(found) <= 1:
            return responses
        raise DataError(
            f"The responses hold {len(found)} waves ({listed(found)}). Choose the one to report "
            f"with wave=..., as wave={found[0]!r}."
        )
    column = responses.data[responses.wave]
    rows = (column == wave) | (column.map("{:g}".format) if _numeric(column) else column).eq(
        str(wave)
    )
    if not rows.any():
        raise DataError(f"wave={wave!r} is not in the responses; they hold {listed(found)}.")
    return replace(responses, data=responses.data[rows].reset_index(drop=True))


def _numeric(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype)


def _overall_holds_everybody(teams: agreement.AggregateResult, scores: Scores) -> bool:
    """Tell whether the overall rows are published, and leave nobody out.

    They leave out a handful of people without a team; a figure of the whole group that
    held them would, beside such a row, show what they answered.
    """
    overall = teams.overall
    if overall["withheld"].any():
        return False
    with_score = scores.data[list(scores.scale_ids)].notna().sum()
    return bool((overall["n"].astype(float) == with_score[overall.index].astype(float)).all())


def _members_shown(scores: Scores, teams: agreement.AggregateResult) -> NDArray[np.bool_]:
    """Mark the members of teams that are shown."""
    column = scores.data[scores.cluster]
    hidden = column.isin(set(teams.suppressed))
    return (column.notna() & ~hidden).to_numpy(dtype=np.bool_)


def _subset(scores: Scores, keep: Any) -> Scores:
    n_valid = scores.n_valid[keep]
    scored_ = scores.data.loc[keep, list(scores.scale_ids)].notna()
    lengths = pd.Series({s.id: len(s.items) for s in scores.instrument.scales})
    return replace(
        scores,
        data=scores.data[keep],
        keyed=scores.keyed[keep],
        n_valid=n_valid,
        prorated=(scored_ & (n_valid < lengths)).sum(),
        too_few=(~scored_ & (n_valid > 0)).sum(),
        unanswered=(n_valid == 0).sum(),
        n=int(keep.sum()),
        warnings=(),
    )


def _brief(
    page: Page, teams: agreement.AggregateResult, everybody: Scores, cluster: str, least: int
) -> None:
    section = page.section("In brief")
    hidden = len(teams.suppressed)
    section.facts(
        [
            ("People", f"{everybody.n:,}", "in the results of this page"),
            ("Teams", str(teams.n_clusters), f"column {cluster}"),
            (
                "Teams shown",
                str(teams.n_clusters - hidden),
                f"{hidden} not shown, to protect their members" if hidden else "all of them",
            ),
        ]
    )
    overall = teams.overall[~teams.overall["withheld"].astype(bool)]
    section.facts(
        (
            everybody.instrument.scale(str(scale)).name,
            f"{row['mean']:.2f}",
            f"mean, 95% interval {row['ci_low']:.2f} to {row['ci_high']:.2f}; possible are "
            "{:g} to {:g}".format(*scale_range(everybody, str(scale))),
        )
        for scale, row in overall.iterrows()
    )
    if hidden:
        section.notice(
            f"Not shown: {listed(teams.suppressed, 30)}. A team is hidden when fewer than {least} "
            "of its members answered, or when showing it would let others work out a hidden team."
        )
    if teams.overall["withheld"].any():
        section.notice(
            "The result of everybody together is withheld: with it, the hidden teams could be "
            "worked out. Results of the whole group are those of the teams that are shown."
        )


def _scale(
    page: Page,
    scale: Scale,
    cluster: str,
    teams: agreement.AggregateResult,
    everybody: Scores,
    shown: Scores,
    least: int,
) -> None:
    section = page.section(scale.name)
    if scale.description:
        section.say(scale.description)
    topic = f"Teams on {scale.name}"
    rows = teams.table[teams.table["scale"] == scale.id]
    some = bool(rows["mean"].notna().any())
    if not some:
        section.notice("No team has enough answers on this scale to be shown.")
    if scale.id not in teams.overall.index:  # nobody has a score
        return
    overall = teams.overall.loc[scale.id]
    if not overall["withheld"]:
        section.say(
            f"All together: mean {overall['mean']:.2f}, 95% interval {overall['ci_low']:.2f} to "
            f"{overall['ci_high']:.2f} ({overall['n']:.0f} people)."
        )
    if some:
        page.draw(
            section,
            topic,
            f"{scale.name}: mean of each team with its 95% interval. The axis spans all possible "
            "scores.",
            lambda: plots.team_means(teams, scale=scale.id, instrument=everybody.instrument),
            lambda: plots.describe(teams, scale=scale.id, instrument=everybody.instrument),
        )
        section.table(
            table(
                teams,
                scale=scale.id,
                title=f"Results of the Teams: {scale.name}",
                instrument=everybody.instrument,
            )
        )
    if everybody.data[scale.id].notna().sum() >= least:
        page.draw(
            section,
            topic,
            f"{scale.name}: how the scores are spread. Bars of fewer than {least} people are "
            "joined with their neighbours.",
            lambda: plots.score_distribution(everybody, scale=scale.id, min_count=least),
            lambda: plots.describe(everybody, scale=scale.id),
        )
    if some:
        _agreement(page, section, topic, scale, cluster, shown)


def _agreement(
    page: Page, section: Section, topic: str, scale: Scale, cluster: str, shown: Scores
) -> None:
    """Say how far members agree and teams differ, for the teams that are shown."""
    n_teams = shown.data[cluster].nunique()
    rwg = page.attempt(section, topic, "Agreement", lambda: agreement.rwg_j(shown, scale=scale.id))
    if rwg is not None:
        judged = verdict("rwg", rwg.median)
        section.say(
            f"Agreement within the team (r_WG(J), uniform null): {bounded(rwg.median)} "
            f"({judged.word} agreement)."
            if n_teams == 1
            else f"Agreement within teams (r_WG(J), uniform null): median {bounded(rwg.median)} "
            f"({judged.word} agreement); {share(rwg.share_above)} of teams reach "
            f"{bounded(rwg.cutoff)}."
        )
    if n_teams == 1:
        section.say("How far teams differ is not reported: it takes two that are shown.")
        return
    icc = page.attempt(section, topic, "ICC", lambda: agreement.group_icc(shown, value=scale.id))
    if icc is not None:
        section.table(table(icc, title=f"Differences between Teams: {scale.name}"))


def _answers(page: Page, everybody: Scores, answers: Responses, include_text: bool) -> None:
    section = page.section("Answers item by item")
    section.say(
        "Everybody together, in per cent, as the answers were given. Items marked (R) are "
        "reverse-keyed: there, disagreement is the favourable answer."
    )
    drawn: set[str] = set()
    for scale in everybody.instrument.scales:
        if drawn.issuperset(scale.items):  # facets repeat the items of their total
            continue
        drawn.update(scale.items)
        page.draw(
            section,
            f"Answers on {scale.name}",
            f"{scale.name}: answers to each item.",
            partial(plots.likert, answers, scale=scale.id, include_text=include_text),
            partial(plots.describe, answers, scale=scale.id),
        )


def _quality(page: Page, everybody: Scores) -> None:
    section = page.section("How well the scales measured here")
    for scale in everybody.instrument.scales:
        alpha = page.attempt(
            section,
            f"Reliability of {scale.name}",
            f"Alpha of {scale.name}",
            partial(reliability.cronbach_alpha, everybody, scale=scale.id),
        )
        if alpha is None:
            continue
        judged = verdict("alpha", alpha.estimate)
        section.say(
            f"{scale.name}: α = {bounded(alpha.estimate)}, 95% CI [{bounded(alpha.ci_low)}, "
            f"{bounded(alpha.ci_high)}], n = {alpha.n} ({judged.word}; {judged.threshold})."
        )
