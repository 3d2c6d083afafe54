"""From scores and answers to the variables of the theory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure._checks import as_frame, listed, near
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.results import Notes
from trustmeasure.theory.arrows import PRODUCTS
from trustmeasure.theory.constructs import SAFETY, TEAM_SAFETY, Construct
from trustmeasure.theory.models import TheoryOfChange
from trustmeasure.theory.writing import structural_names


def joined(data: Any, form: str) -> tuple[pd.DataFrame, str | None]:
    """Give one frame of keyed items (latent) or scores (composite), and the cluster known.

    Scores of several instruments are joined by their respondent ids where all have them, by
    row otherwise.
    """
    if not isinstance(data, (list, tuple)):
        return _one(data, form), getattr(data, "cluster", None)
    if not data:
        raise DataError("The list of Scores is empty.")
    frames = [_one(part, form) for part in data]
    clusters = [getattr(part, "cluster", None) for part in data]
    ids = [getattr(part, "respondent", None) for part in data]
    if all(name is not None for name in ids):
        for part, frame, name in zip(data, frames, ids, strict=True):
            if frame[name].duplicated().any():
                raise DataError(
                    f"The respondent column '{name}' of {_title(part)} names someone more than "
                    "once (several waves?). Choose one row a person before joining."
                )
        frames = [frame.set_index(name) for frame, name in zip(frames, ids, strict=True)]
    elif len({len(frame) for frame in frames}) > 1:
        raise DataError(
            "The Scores to be joined have "
            + ", ".join(f"{len(frame)} ({_title(part)})" for part, frame in
                        zip(data, frames, strict=True))
            + " rows and no respondent ids to match them by. Read each with respondent='...'."
        )  # fmt: skip
    whole = frames[0]
    for frame in frames[1:]:
        fresh = [name for name in frame.columns if name not in whole.columns]
        whole = whole.join(frame[fresh], how="outer")
    return whole.reset_index(), next((name for name in clusters if name is not None), None)


def _title(part: Any) -> str:
    return str(getattr(getattr(part, "instrument", None), "id", type(part).__name__))


def _one(data: Any, form: str) -> pd.DataFrame:
    """Take keyed items and context, or the scores, out of what holds them."""
    if form == "composite" and hasattr(data, "scale_ids"):
        scores: pd.DataFrame = data.data
        return scores
    return as_frame(data)


def variables(
    theory: TheoryOfChange, frame: pd.DataFrame, cluster: str | None, notes: Notes
) -> pd.DataFrame:
    """Give the model's observed variables, parcels and products made where they are wanted."""
    made: dict[Any, Any] = dict(frame.items())
    wanted = list(structural_names(theory.variant))
    for part in theory.parts.values():
        for name, items in (part.parcels or {}).items():
            if name in wanted and name not in made:
                made[name] = _parcel(frame, part, items)
    if theory.variant.context:
        made |= _moderation(theory, frame, cluster)
    missing = [name for name in wanted if name not in made]
    if missing:
        raise DataError(_absent(theory, missing, frame))
    found = pd.DataFrame({name: made[name] for name in wanted})
    empty = int(found.isna().all(axis=1).sum())
    if empty:
        notes.record(f"{empty} person(s) answered nothing that the model is about.")
    return found


def _absent(theory: TheoryOfChange, missing: Sequence[str], frame: pd.DataFrame) -> str:
    other = "scores" if theory.form == "composite" else "items"
    hint = (
        "Score each instrument with trustmeasure.score and pass the list of Scores, or name your "
        "columns with names={...}."
        if theory.form == "composite"
        else "Pass the list of Scores of all instruments, choose items with items={...}, or use "
        "form='composite' if you have scores."
    )
    return (
        f"The data do not hold {len(missing)} of the {other} that the theory is about: "
        f"{listed(missing, limit=8)}.{near(missing[0], frame.columns)} {hint}"
    )


def _parcel(frame: pd.DataFrame, part: Construct, items: Sequence[str]) -> pd.Series[float]:
    """Average the items of a facet, for those who answered at least half of them."""
    absent = [item for item in items if item not in frame.columns]
    if absent:
        raise DataError(
            f"The data do not hold the items {listed(absent)} of '{part.key}'. Choose those that "
            "you have with instruments= (a subset of the bank) or items={...}."
        )
    answers = frame[list(items)].astype(np.float64)
    enough = answers.notna().sum(axis=1) >= len(items) / 2
    return answers.mean(axis=1).where(enough)


def _moderation(
    theory: TheoryOfChange, frame: pd.DataFrame, cluster: str | None
) -> dict[str, pd.Series[float]]:
    """Make the team's mean safety and its products with trust, all centred."""
    if cluster is None:
        raise OptionError(
            "The rival 'safety_moderator' is about the team's safety: say who is in which team "
            "with cluster='column'."
        )
    name = theory.parts[SAFETY].name
    trusts = {product: theory.parts[key].name for key, product in PRODUCTS.items()}
    absent = [column for column in (name, *trusts.values()) if column not in frame.columns]
    if absent:
        raise DataError(_absent(theory, absent, frame))
    team = frame[name].groupby(frame[cluster]).transform("mean")
    safety = team - team.mean()
    found = {TEAM_SAFETY: safety}
    for product, column in trusts.items():
        found[product] = (frame[column] - frame[column].mean()) * safety
    sizes = frame[cluster].value_counts()
    if len(sizes) < 10:
        warnings.warn(
            f"{len(sizes)} teams are few for a difference between teams: what the team's safety "
            "does rests on as many values as there are teams.",
            DataWarning,
            stacklevel=5,
        )
    return found
