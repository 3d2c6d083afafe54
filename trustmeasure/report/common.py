"""What both reports begin with: scores from responses, and how the data came about."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trustmeasure.errors import DataError
from trustmeasure.instruments import Scale
from trustmeasure.quality import MissingnessResult
from trustmeasure.report.page import Page, Section
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores, score
from trustmeasure.tables import table


def scored(responses: Responses, *, confirm_keying: Any, cluster: str | None = None) -> Scores:
    """Score the responses that a report is about."""
    if not isinstance(responses, Responses):
        raise DataError(
            f"A report is made from Responses, as read_responses gives them; found a "
            f"{type(responses).__name__}. A data frame becomes Responses with "
            "read_responses(frame, instrument)."
        )
    if responses.n == 0:
        raise DataError("The responses hold no person, so there is nothing to report.")
    return score(responses, cluster=cluster, confirm_keying=confirm_keying)


def new_page(title: str, responses: Responses, scores: Scores) -> Page:
    """Begin a page with what is known of the data."""
    instrument = scores.instrument
    source = f" from {responses.source}" if responses.source else ""
    page = Page(
        title=title,
        subtitle=f"{scores.n:,} persons{source}; instrument {instrument.id} "
        f"{instrument.version}, {instrument.status}",
        instrument=instrument.name,
        simulated=scores.simulated,
        unvalidated=instrument.status == "unvalidated",
        published=instrument.text == "none" and instrument.citation is not None,
    )
    page.note("Reading", responses.log.messages())
    page.note("Scoring", scores.warnings)
    page.settings.extend(
        [
            ("Instrument", f"{instrument.id} {instrument.version} ({instrument.status})"),
            ("Licence of the instrument", instrument.licence),
            ("Platform of the export", responses.platform),
        ]
    )
    for name in ("method", "min_valid"):
        values = scores.settings[name]
        shown = ", ".join(f"{scale}: {value}" for scale, value in values.items())
        page.settings.append((f"Scoring: {name}", shown))
    if instrument.citation is not None:
        page.references.append(instrument.cite())
    return page


def describe_data(
    section: Section, responses: Responses, scores: Scores, missing: MissingnessResult
) -> None:
    """Say who answered, what was dropped in reading, and what is missing."""
    section.say(
        f"The data hold {scores.n:,} persons and {len(responses.column_map)} items. "
        + (
            "What reading dropped or changed is listed under Warnings."
            if responses.log.entries
            else "Nothing was dropped in reading."
        )
    )
    section.table(table(missing, instrument=scores.instrument, labels=False))
    blocks = missing.scales["unanswered"]
    if (blocks > 0).any():
        section.notice(
            "Some people answered none of the items of a scale: "
            + "; ".join(
                f"{scores.instrument.scale(str(scale)).name}, {count:,} of {scores.n:,}"
                for scale, count in blocks[blocks > 0].items()
            )
            + ". That is what a survey looks like which shows blocks of questions to part of its "
            "people. These answers are not missing at random, and the scales concerned speak of "
            "those who were asked only."
        )


def answered(scores: Scores, scale: Scale) -> bool:
    """Whether anybody answered any item of a scale."""
    return bool(scores.keyed[list(scale.items)].notna().to_numpy().any())


def share(value: float) -> str:
    """Write a share as a percentage, without pretending to be exact where it is tiny."""
    if pd.isna(value):
        return "–"
    return "under 1%" if 0 < value < 0.01 else f"{value:.0%}"
