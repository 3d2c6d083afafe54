"""From whatever holds answers or scores to the arrays that questions of validity start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_frame, as_items, listed, near
from trustmeasure.errors import DataError, OptionError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreTable:
    """Scale scores, one column a scale, and the columns beside them.

    Attributes
    ----------
    frame : DataFrame
        Everything that the data hold: context and scores.
    names : tuple of str
        The scales.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]

    def scores(self) -> FloatArray:
        """Give persons × scales, NaN for no score."""
        return as_items(self.frame, items=self.names, min_items=1).values


def is_scores(data: Any) -> bool:
    """Tell Scores from frames and arrays."""
    return hasattr(data, "__trustmeasure_frame__") and hasattr(data, "scale_ids")


def score_table(data: Any, *, scales: Sequence[str] | None, beside: Sequence[str]) -> ScoreTable:
    """Take scale scores from Scores or from a frame of them.

    Without ``scales`` all scales of Scores; of a frame, all numeric columns but ``beside``.
    """
    frame = data.data if is_scores(data) else as_frame(data)
    offered = data.scale_ids if is_scores(data) else tuple(frame.columns)
    if scales is None:
        names = [name for name in offered if name not in beside]
        if not is_scores(data):
            names = [name for name in names if pd.api.types.is_numeric_dtype(frame[name])]
    else:
        names = [scales] if isinstance(scales, str) else [str(name) for name in scales]
        unknown = [name for name in names if name not in offered]
        if unknown:
            raise DataError(
                f"scales= names {listed(unknown)}, which the data do not hold. They hold: "
                f"{listed(offered)}." + near(unknown[0], offered)
            )
    if not names:
        raise DataError("The data hold no scale scores. Name their columns with scales=[...].")
    return ScoreTable(frame=frame, names=tuple(names))


def column_of(frame: pd.DataFrame, chosen: Any, argument: str) -> pd.Series[Any]:
    """Take a column by its name, or a vector with one value a person."""
    if isinstance(chosen, str):
        if chosen not in frame.columns:
            raise DataError(
                f"The column '{chosen}' ({argument}=) is not in the data. Columns: "
                f"{listed(frame.columns)}." + near(chosen, frame.columns)
            )
        column: pd.Series[Any] = frame[chosen]
        return column
    values = pd.Series(np.asarray(chosen).ravel(), name=getattr(chosen, "name", None) or argument)
    if len(values) != len(frame):
        raise DataError(
            f"{argument}= holds {len(values)} values, but the data have {len(frame)} rows."
        )
    return values.set_axis(frame.index)


def numbers_of(frame: pd.DataFrame, chosen: Any, argument: str) -> tuple[FloatArray, str]:
    """Take a numeric column (or vector), and what it is called."""
    column = column_of(frame, chosen, argument)
    block = as_items(column.to_frame(), min_items=1)
    return block.values[:, 0], block.names[0]


def scale_items(data: Any, scales: Any) -> dict[str, list[str]]:
    """Give the items of each scale: from a mapping, or from the instrument of Scores."""
    if isinstance(scales, Mapping):
        found = {
            str(name): [items] if isinstance(items, str) else [str(item) for item in items]
            for name, items in scales.items()
        }
    elif not is_scores(data):
        raise OptionError(
            "scales= must map each scale to its items, as {'trust': ['t1', 't2'], ...}; only "
            "Scores know the items of their scales."
        )
    else:
        names = data.scale_ids if scales is None else scales
        names = [names] if isinstance(names, str) else names
        unknown = [str(name) for name in names if name not in data.scale_ids]
        if unknown:
            raise OptionError(
                f"scales= names {listed(unknown)}, which were not scored. Scales: "
                f"{listed(data.scale_ids)}." + near(unknown[0], data.scale_ids)
            )
        found = {str(name): list(data.instrument.scale(name).items) for name in names}
    return found
