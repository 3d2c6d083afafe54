"""The validation report: what a methodologist asks of a scale, in one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trustmeasure import exploratory, plots, reliability
from trustmeasure._checks import check_count
from trustmeasure.instruments import Scale
from trustmeasure.quality import missingness
from trustmeasure.report.common import bounded, describe_data, new_page, scored, share
from trustmeasure.report.method import REFERENCES, validation_paragraphs
from trustmeasure.report.page import Page, output_path, write_page
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.thresholds import verdict

# Fewer complete cases than this make factors of noise; the literature's floor is about 50.
_LEAST_FOR_FACTORS = 50


def validation_report(
    responses: Responses,
    path: str | Path,
    *,
    n_factors: int | None = None,
    confirm_keying: bool | Mapping[str, bool] = False,
    rng: Any = 0,
    overwrite: bool = False,
) -> Path:
    """Write everything that bears on the validity of a scale as one HTML page.

    The page needs no network: styles and figures are inside. It holds the data and what is
    missing, the answers item by item, scores, reliability, and structure, with a method
    paragraph, APA tables, figures with alternative text, every warning, all settings and
    the versions of the software.

    Parameters
    ----------
    responses : Responses
        From `read_responses` or `simulate_responses`, with an instrument.
    path : str or path
        Ends in ``.html``.
    n_factors : int, optional
        Factors to extract; by default what parallel analysis suggests.
    confirm_keying : bool or mapping
        As in `score`.
    rng : int or Generator
        For parallel analysis; the default gives the same page again.
    overwrite : bool
        Replace a file that exists.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    DataError
        For data that cannot be scored, or a file that exists. Where a single analysis is
        impossible, as with a constant item, the report says so in its place.

    Notes
    -----
    Scales are factored together where the same people answered them, and apart where a
    survey showed them to different people. Missing data: listwise within each analysis.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> answers = tm.simulate_responses(tm.load_instrument("trust-pulse"), n=120, rng=1)
    >>> folder = Path(tempfile.mkdtemp())
    >>> tm.validation_report(answers, folder / "report.html").name
    'report.html'
    """
    path = output_path(path, overwrite=overwrite)
    if n_factors is not None:
        check_count("n_factors", n_factors)
    scores = scored(responses, confirm_keying=confirm_keying)
    page = new_page("Validation report", responses, scores)
    brief = page.section("In brief")
    method = page.section("Method")
    for paragraph in validation_paragraphs(scores):
        method.say(paragraph)
    _data(page, responses, scores)
    _items(page, responses, scores)
    _scores(page, scores)
    alphas = _reliability(page, scores)
    for group in shared_scales(scores):
        _structure(page, scores, group, n_factors=n_factors, rng=rng)
    _brief(brief, scores, alphas)
    page.settings.append(("Intervals", "95%; alpha: Feldt; omega: delta method"))
    page.settings.append(("Parallel analysis", f"1,000 replications, 95th percentile, rng = {rng}"))
    for key in ("alpha", "feldt", "omega", "kmo", "bartlett", "parallel", "minres", "oblimin"):
        page.references.append(REFERENCES[key])
    page.references.append(REFERENCES["cosmin"])
    return write_page(page, path, overwrite=overwrite)


def _brief(section: Any, scores: Scores, alphas: Mapping[str, Any]) -> None:
    facts = []
    for scale in scores.instrument.scales:
        alpha = alphas.get(scale.id)
        if alpha is None:
            continue
        judged = verdict("alpha", alpha.estimate)
        facts.append(
            (
                f"Alpha, {scale.name}",
                bounded(alpha.estimate),
                f"95% interval {bounded(alpha.ci_low)} to {bounded(alpha.ci_high)}, "
                f"n = {alpha.n:,}; {judged.word} ({judged.threshold})",
            )
        )
    section.facts(facts)
    described = scores.describe()
    for scale in scores.instrument.scales:
        row = described.loc[scale.id]
        if row["n"] > 1:
            section.say(
                f"{scale.name}: mean {row['mean']:.2f} (SD {row['sd']:.2f}) from "
                f"{int(row['n']):,} people with a score."
            )


def _data(page: Page, responses: Responses, scores: Scores) -> None:
    section = page.section("Data and missing answers")
    missing = missingness(scores)
    page.note("Missing answers", missing.warnings)
    describe_data(section, responses, scores, missing)


def _items(page: Page, responses: Responses, scores: Scores) -> None:
    section = page.section("Items")
    section.say(
        "Answers are shown as they were given. Items marked (R) are reverse-keyed: there, "
        "disagreement speaks for the construct."
    )
    drawn: set[str] = set()
    for scale in scores.instrument.scales:
        if not _answered(scores, scale):
            section.notice(f"{scale.name}: nobody answered its items.")
            continue
        topic = f"Items of {scale.name}"
        if not drawn.issuperset(scale.items):  # facets repeat the items of their total
            drawn.update(scale.items)
            axes = page.attempt(
                section, topic, "The figure", lambda s=scale: plots.likert(responses, scale=s.id)
            )
            if axes is not None:
                section.figure(axes, f"{scale.name}: answers to each item, in per cent.")
        frame = page.attempt(
            section,
            topic,
            "The item analysis",
            lambda s=scale: reliability.item_analysis(scores, scale=s.id),
        )
        if frame is not None:
            section.table(frame, title=f"Items of {scale.name}")


def _scores(page: Page, scores: Scores) -> None:
    section = page.section("Scores")
    section.table(scores)
    for scale in scores.instrument.scales:
        if scores.data[scale.id].notna().sum() < 2:
            continue
        axes = page.attempt(
            section,
            f"Scores of {scale.name}",
            "The figure",
            lambda s=scale: plots.score_distribution(scores, scale=s.id),
        )
        if axes is not None:
            section.figure(axes, f"{scale.name}: distribution of the scores.")


def _reliability(page: Page, scores: Scores) -> dict[str, Any]:
    section = page.section("Reliability")
    alphas: dict[str, Any] = {}
    for scale in scores.instrument.scales:
        if not _answered(scores, scale):
            continue
        topic = f"Reliability of {scale.name}"
        alpha = page.attempt(
            section,
            topic,
            f"Alpha of {scale.name}",
            lambda s=scale: reliability.cronbach_alpha(scores, scale=s.id),
        )
        if alpha is None:
            continue
        alphas[scale.id] = alpha
        judged = verdict("alpha", alpha.estimate)
        section.say(
            f"{scale.name}: α = {bounded(alpha.estimate)}, 95% CI [{bounded(alpha.ci_low)}, "
            f"{bounded(alpha.ci_high)}], n = {alpha.n:,} ({share(alpha.n / scores.n)} of all): "
            f"{judged.word} by the threshold {judged.threshold} ({judged.citation})."
        )
        section.table(alpha)
        if len(scale.items) >= 3:
            omega = page.attempt(
                section,
                topic,
                f"Omega of {scale.name}",
                lambda s=scale: reliability.mcdonald_omega(scores, scale=s.id),
            )
            if omega is not None:
                section.table(omega)
            section.figure(
                plots.item_rest(alpha, instrument=scores.instrument),
                f"{scale.name}: correlation of each item with the rest of the scale, and alpha "
                "without the item.",
            )
    return alphas


def _structure(
    page: Page, scores: Scores, group: Sequence[Scale], *, n_factors: int | None, rng: Any
) -> None:
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
    options: dict[str, Any] = {"items": items}
    axes = page.attempt(
        section, topic, "The figure", lambda: plots.correlation_heatmap(scores, **options)
    )
    if axes is not None:
        section.figure(axes, f"Correlations of the keyed items (n = {complete:,}).")
    for what, step in (
        ("The Kaiser–Meyer–Olkin measure", exploratory.kmo),
        ("Bartlett's test", exploratory.bartlett_sphericity),
    ):
        result = page.attempt(section, topic, what, lambda f=step: f(scores, **options))
        if result is not None:
            section.table(result)
    parallel = page.attempt(
        section,
        topic,
        "Parallel analysis",
        lambda: exploratory.parallel_analysis(scores, rng=rng, **options),
    )
    if parallel is not None:
        section.figure(
            plots.scree(parallel),
            f"Parallel analysis suggests {parallel.n_factors} factor(s) and "
            f"{parallel.n_components} component(s).",
        )
    wanted = n_factors or max(1, getattr(parallel, "n_factors", 1))
    solution = page.attempt(
        section,
        topic,
        f"Factor analysis with {wanted} factor(s)",
        lambda: exploratory.efa(scores, n_factors=wanted, **options),
    )
    if solution is not None:
        section.table(solution)
        section.figure(
            plots.loadings(solution, instrument=scores.instrument),
            f"Loadings of the items on {wanted} factor(s).",
        )


def shared_scales(scores: Scores) -> list[list[Scale]]:
    """Group the scales that the same people answered.

    Two scales belong together when most people who completed the smaller one completed the
    other as well; so a survey that shows two blocks to different people gives two groups.
    """
    scales = [scale for scale in scores.instrument.scales if _answered(scores, scale)]
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


def _answered(scores: Scores, scale: Scale) -> bool:
    return bool(scores.keyed[list(scale.items)].notna().to_numpy().any())


def _alone(scores: Scores, group: Sequence[Scale]) -> bool:
    return len(group) == len(scores.instrument.scales)
