"""The structure of scales in a validation report: may items be factored, and into what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from trustmeasure import exploratory, plots
from trustmeasure.instruments import Scale
from trustmeasure.report.common import answered
from trustmeasure.report.page import Page, Section
from trustmeasure.scoring import Scores
from trustmeasure.tables import adequacy_table, table

# Fewer complete cases than this make factors of noise; the literature's floor is about 50.
_LEAST_FOR_FACTORS = 50


def add_structure(
    page: Page,
    scores: Scores,
    group: Sequence[Scale],
    *,
    n_factors: int | None,
    rng: Any,
    include_text: bool,
) -> None:
    """Say what the items of scales that the same people answered share, in a section."""
    names = ", ".join(scale.name for scale in group)
    section = page.section("Structure" if _alone(scores, group) else f"Structure: {names}")
    items = list(dict.fromkeys(name for scale in group for name in scale.items))
    complete = int(scores.keyed[items].notna().all(axis=1).sum())
    if len(items) < 3 or complete < _LEAST_FOR_FACTORS:
        section.notice(
            f"{len(items)} items and {complete} complete cases are too few to explore a structure "
            f"(at least 3 items and {_LEAST_FOR_FACTORS} complete cases are needed here)."
        )
        return
    topic = section.title
    matrix = scores.keyed[items].dropna().corr()
    page.draw(
        section,
        topic,
        f"Correlations of the keyed items (n = {complete:,}).",
        lambda: plots.correlation_heatmap(scores, items=items, include_text=include_text),
        lambda: plots.describe(matrix),
    )
    kmo = page.attempt(
        section,
        topic,
        "The Kaiser–Meyer–Olkin measure",
        lambda: exploratory.kmo(scores, items=items),
    )
    bartlett = page.attempt(
        section,
        topic,
        "Bartlett's test",
        lambda: exploratory.bartlett_sphericity(scores, items=items),
    )
    if kmo is not None and bartlett is not None:
        section.table(adequacy_table(kmo, bartlett, instrument=scores.instrument, labels=False))
    parallel = page.attempt(
        section,
        topic,
        "Parallel analysis",
        lambda: exploratory.parallel_analysis(scores, items=items, rng=rng),
    )
    if parallel is not None:
        page.draw(
            section,
            topic,
            f"Parallel analysis suggests {_counted(parallel.n_factors, 'factor')} and "
            f"{_counted(parallel.n_components, 'component')}.",
            partial(plots.scree, parallel),
            partial(plots.describe, parallel),
        )
    suggested = max(1, getattr(parallel, "n_factors", 1))
    if len(group) == 1 and n_factors is None and suggested > 1:
        section.say(
            f"{group[0].name} is scored as one scale, so the solution with one factor comes "
            "first. Factors that correlate highly with each other often are parts of one."
        )
        _solution(page, section, scores, items, 1, include_text)
    _solution(page, section, scores, items, n_factors or suggested, include_text)


def _solution(
    page: Page,
    section: Section,
    scores: Scores,
    items: Sequence[str],
    n_factors: int,
    include_text: bool,
) -> None:
    solution = page.attempt(
        section,
        section.title,
        f"The solution with {_counted(n_factors, 'factor')}",
        lambda: exploratory.efa(scores, n_factors=n_factors, items=items),
    )
    if solution is None:
        return
    section.table(table(solution, instrument=scores.instrument, labels=False))
    page.draw(
        section,
        section.title,
        f"Loadings of the items on {_counted(n_factors, 'factor')}.",
        partial(plots.loadings, solution, instrument=scores.instrument, include_text=include_text),
        partial(plots.describe, solution),
    )


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" + ("" if n == 1 else "s")


def shared_scales(scores: Scores) -> list[list[Scale]]:
    """Group the scales that the same people answered.

    Two scales belong together when most people who completed the smaller one completed the
    other as well; so a survey that shows two blocks to different people gives two groups.
    """
    scales = [scale for scale in scores.instrument.scales if answered(scores, scale)]
    complete = {
        scale.id: scores.keyed[list(scale.items)].notna().all(axis=1).to_numpy() for scale in scales
    }
    groups: list[list[Scale]] = []
    for scale in scales:
        for group in groups:
            both = np.logical_and.reduce([complete[s.id] for s in (*group, scale)])
            least = min(complete[s.id].sum() for s in (*group, scale))
            if least and both.sum() * 2 > least:
                group.append(scale)
                break
        else:
            groups.append([scale])
    return groups


def _alone(scores: Scores, group: Sequence[Scale]) -> bool:
    return len(group) == len(scores.instrument.scales)
