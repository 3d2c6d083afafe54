"""What is missing, and how: item by item, and block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import listed
from trustmeasure.errors import DataError
from trustmeasure.responses import Responses
from trustmeasure.results import Notes, Result
from trustmeasure.scoring import Scores


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MissingnessResult(Result):
    """Missing answers of each scale and item.

    Attributes
    ----------
    scales : DataFrame
        Index the scale; n_items, complete (persons who answered all items), partial (some),
        unanswered (none), and missing_share, the share of answers missing among persons who
        answered at least one item of the scale.
    items : DataFrame
        Index (scale, item); answered, skipped (missing although the person answered other
        items of the scale), unanswered_block (missing with the whole scale).
    """

    title: ClassVar[str] = "Missing answers"

    scales: pd.DataFrame
    items: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the table of the scales."""
        return self.scales.copy()


def missingness(data: Responses | Scores) -> MissingnessResult:
    """Count missing answers, and tell skipped items from blocks that were not answered at all.

    A person who answered nothing in a scale was often never asked: surveys show blocks by
    condition. Such persons are no sign of careless or sensitive items, and treating their
    answers as missing at random would be wrong, so they are counted by themselves.

    Parameters
    ----------
    data : Responses or Scores

    Returns
    -------
    MissingnessResult

    Raises
    ------
    DataError
        For responses without an instrument, or data of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> items = ["q_1855", "q_4289", "q_377", "q_379", "q_871"]
    >>> answers = pd.DataFrame([[4, 4, 4, 5, 3], [5, 5, None, 6, 1], [None] * 5], columns=items)
    >>> tm.missingness(tm.score(answers, "spi-trust")).scales.loc["trust", "unanswered"]
    np.int64(1)
    """
    if isinstance(data, Scores):
        frame, instrument = data.keyed, data.instrument
    elif isinstance(data, Responses) and data.instrument is not None:
        frame, instrument = data.items, data.instrument
    else:
        raise DataError(
            f"missingness needs Scores, or Responses read with an instrument; found "
            f"{type(data).__name__}."
        )
    known = [scale for scale in instrument.scales if scale.items]
    if not known:
        raise DataError(
            f"Instrument '{instrument.id}' has no scale with items, and missingness counts scale "
            "by scale. Count the answers of single items in responses.items."
        )
    notes = Notes()
    unknown = [scale.id for scale in instrument.scales if not scale.items]
    if unknown:
        notes.record(f"Left out, because their items are not known: scale(s) {listed(unknown)}.")
    scale_rows, item_rows = {}, {}
    for scale in known:
        missing = frame[list(scale.items)].isna().to_numpy()
        count = missing.sum(axis=1)
        nothing = count == len(scale.items)
        asked = missing[~nothing]
        scale_rows[scale.id] = {
            "n_items": len(scale.items),
            "complete": int((count == 0).sum()),
            "partial": int(((count > 0) & ~nothing).sum()),
            "unanswered": int(nothing.sum()),
            "missing_share": float(asked.mean()) if asked.size else np.nan,
        }
        for j, item in enumerate(scale.items):
            item_rows[scale.id, item] = {
                "answered": int((~missing[:, j]).sum()),
                "skipped": int(missing[~nothing, j].sum()),
                "unanswered_block": int(nothing.sum()),
            }
        if nothing.any():
            notes.record(
                f"{scale.name}: {int(nothing.sum())} of {len(frame)} persons answered none of its "
                "items. They are reported as an unanswered block, not as missing at random."
            )
    index = pd.MultiIndex.from_tuples(list(item_rows), names=["scale", "item"])
    return MissingnessResult(
        scales=pd.DataFrame.from_dict(scale_rows, orient="index").rename_axis("scale"),
        items=pd.DataFrame(list(item_rows.values()), index=index),
        n=len(frame),
        settings={"instrument": instrument.id},
        warnings=notes.messages(),
    )
