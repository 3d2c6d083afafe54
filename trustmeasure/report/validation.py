"""The validation report: what a methodologist asks of a scale, in one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from trustmeasure import plots, reliability
from trustmeasure._checks import as_rng, check_count
from trustmeasure.instruments import Scale
from trustmeasure.quality import missingness
from trustmeasure.report.common import answered, describe_data, new_page, scored, share
from trustmeasure.report.method import REFERENCES, validation_paragraphs
from trustmeasure.report.page import Page, Section, output_path, write_page
from trustmeasure.report.structure import add_structure, shared_scales
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.tables import reliability_overview, table
from trustmeasure.tables.numbers import bounded
from trustmeasure.thresholds import verdict

# Resamples behind the intervals that need them: enough for their second place.
N_BOOT = 200


def validation_report(
    responses: Responses,
    path: str | Path,
    *,
    n_factors: int | None = None,
    confirm_keying: bool | Mapping[str, bool] = False,
    include_text: bool | None = None,
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
    include_text : bool, optional
        Show item wordings that the instrument itself may not ship with (``text: none``,
        attached with ``with_text``); by default ids stand in for them. False shows ids only.
    rng : int or Generator
        For parallel analysis and resampling; the default gives the same page again.
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
    as_rng(rng)
    scores = scored(responses, confirm_keying=confirm_keying)
    responses = replace(responses, instrument=scores.instrument)  # with the user's key
    shown = scores.instrument.shows_text(include_text)
    with plots.offscreen():
        page = _make_page(responses, scores, n_factors=n_factors, rng=rng, include_text=shown)
        return write_page(page, path, overwrite=overwrite)


def _make_page(
    responses: Responses,
    scores: Scores,
    *,
    n_factors: int | None,
    rng: Any,
    include_text: bool,
) -> Page:
    page = new_page("Validation report", responses, scores)
    brief = page.section("In brief")
    method = page.section("Method")
    for paragraph in validation_paragraphs(scores):
        method.say(paragraph)
    _data(page, responses, scores)
    _items(page, responses, scores, include_text)
    _scores(page, scores)
    found = _reliability(page, scores, rng, include_text)
    for group in shared_scales(scores):
        add_structure(page, scores, group, n_factors=n_factors, rng=rng, include_text=include_text)
    _brief(brief, scores, found)
    intervals = "95%; alpha: Feldt; omega: delta method; the others from"
    page.settings.append(("Intervals", f"{intervals} {N_BOOT} resamples, rng = {rng}"))
    page.settings.append(("Parallel analysis", f"1,000 replications, 95th percentile, rng = {rng}"))
    for key in ("alpha", "feldt", "omega", "kmo", "bartlett", "parallel", "minres", "oblimin"):
        page.references.append(REFERENCES[key])
    page.references.append(REFERENCES["cosmin"])
    return page


def _brief(section: Section, scores: Scores, found: Mapping[str, Reliability]) -> None:
    facts = []
    for scale in scores.instrument.scales:
        if scale.id not in found:
            continue
        alpha = found[scale.id].alpha
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
                f"{row['n']:,.0f} people with a score."
            )


def _data(page: Page, responses: Responses, scores: Scores) -> None:
    section = page.section("Data and missing answers")
    missing = missingness(scores)
    page.note("Missing answers", missing.warnings)
    describe_data(section, responses, scores, missing)


def _items(page: Page, responses: Responses, scores: Scores, include_text: bool) -> None:
    section = page.section("Items")
    section.say(
        "Answers are shown as they were given. Items marked (R) are reverse-keyed: there, "
        "disagreement speaks for the construct."
    )
    drawn: set[str] = set()
    for scale in scores.instrument.scales:
        if not answered(scores, scale):
            section.notice(f"{scale.name}: nobody answered its items.")
            continue
        topic = f"Items of {scale.name}"
        if not drawn.issuperset(scale.items):  # facets repeat the items of their total
            drawn.update(scale.items)
            page.draw(
                section,
                topic,
                f"{scale.name}: answers to each item, in per cent.",
                partial(plots.likert, responses, scale=scale.id, include_text=include_text),
                partial(plots.describe, responses, scale=scale.id),
            )
        frame = page.attempt(
            section,
            topic,
            "The item analysis",
            partial(reliability.item_analysis, scores, scale=scale.id),
        )
        if frame is not None:
            page.note(topic, frame.attrs.get("warnings", ()))
            section.table(
                table(
                    frame,
                    title=f"Items of {scale.name}",
                    instrument=scores.instrument,
                    labels=False,
                )
            )


def _scores(page: Page, scores: Scores) -> None:
    section = page.section("Scores")
    section.table(table(scores))
    for scale in scores.instrument.scales:
        if scores.data[scale.id].notna().sum() < 2:
            continue
        page.draw(
            section,
            f"Scores of {scale.name}",
            f"{scale.name}: distribution of the scores.",
            partial(plots.score_distribution, scores, scale=scale.id),
            partial(plots.describe, scores, scale=scale.id),
        )


@dataclass(frozen=True)
class Reliability:
    """What was found of one scale; omega needs three items and a solution."""

    alpha: reliability.AlphaResult
    omega: reliability.OmegaResult | None


def _reliability(
    page: Page, scores: Scores, rng: Any, include_text: bool
) -> dict[str, Reliability]:
    section = page.section("Reliability")
    found: dict[str, Reliability] = {}
    for scale in scores.instrument.scales:
        if not answered(scores, scale):
            continue
        topic = f"Reliability of {scale.name}"
        alpha = page.attempt(
            section,
            topic,
            f"Alpha of {scale.name}",
            partial(reliability.cronbach_alpha, scores, scale=scale.id),
        )
        if alpha is None:
            continue
        omega = None
        if len(scale.items) >= 3:
            omega = page.attempt(
                section,
                topic,
                f"Omega of {scale.name}",
                partial(reliability.mcdonald_omega, scores, scale=scale.id),
            )
        found[scale.id] = Reliability(alpha, omega)
    if not found:
        return found
    section.table(
        reliability_overview(
            {name: (part.alpha, part.omega) for name, part in found.items()},
            instrument=scores.instrument,
        )
    )
    every = page.attempt(
        section,
        "Reliability of all scales",
        "The table of all coefficients",
        partial(reliability.reliability_table, scores, scales=list(found), n_boot=N_BOOT, rng=rng),
    )
    if every is not None:
        title = "All Coefficients of Reliability"
        section.table(table(every, title=title, instrument=scores.instrument))
    for scale in scores.instrument.scales:
        if scale.id in found:
            _one_reliability(page, section, scores, scale, found[scale.id], include_text)
    return found


def _one_reliability(
    page: Page,
    section: Section,
    scores: Scores,
    scale: Scale,
    found: Reliability,
    include_text: bool,
) -> None:
    alpha, omega = found.alpha, found.omega
    judged = verdict("alpha", alpha.estimate)
    section.say(
        f"{scale.name}: α = {bounded(alpha.estimate)}, 95% CI [{bounded(alpha.ci_low)}, "
        f"{bounded(alpha.ci_high)}], n = {alpha.n:,} ({share(alpha.n / scores.n)} of all): "
        f"{judged.word} by the threshold {judged.threshold} ({judged.citation})."
    )
    if len(scale.items) >= 3:
        page.draw(
            section,
            f"Reliability of {scale.name}",
            f"{scale.name}: correlation of each item with the rest of the scale, and alpha "
            "without the item.",
            partial(
                plots.item_rest, alpha, instrument=scores.instrument, include_text=include_text
            ),
            partial(plots.describe, alpha),
        )
    if omega is not None:
        section.table(
            table(
                omega,
                title=f"One-Factor Model and Coefficient Omega: {scale.name}",
                instrument=scores.instrument,
                labels=False,
            )
        )
