"""One score a person, from whatever holds scores or answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError

FloatArray = NDArray[np.float64]


def single_scores(
    data: Any, *, items: Sequence[str] | None = None, scale: str | None = None, score: str = "mean"
) -> tuple[FloatArray, str]:
    """Give one score a person (NaN without one), and what the scores are called.

    Scores give their own score of the scale, a vector is taken as it is, and answers are
    summed or averaged for the persons who gave all of them.
    """
    if is_scores(data) and items is None:
        name = str(_checks.one_scale(data, scale=scale))
        if name not in data.scale_ids:
            raise OptionError(
                f"scale={name!r} was not scored. Scales: {_checks.listed(data.scale_ids)}."
                + _checks.near(name, data.scale_ids)
            )
        _refuse_summing(score)
        return np.asarray(data.data[name].to_numpy(dtype=np.float64, na_value=np.nan)), name
    if _is_vector(data):
        if items is not None or scale is not None:
            raise OptionError("items= and scale= choose among columns; these are single scores.")
        _refuse_summing(score)
        return _vector(data), str(getattr(data, "name", None) or "score")
    block = _checks.as_items(data, items=items, scale=scale, min_items=1, min_persons=2)
    if len(block.names) == 1:
        return block.values[:, 0], block.names[0]
    values = block.values.sum(axis=1)  # NaN where an answer is missing
    named = f"{score} of {len(block.names)} items"
    return (values / len(block.names) if score == "mean" else values), named


def _refuse_summing(score: str) -> None:
    if score != "mean":
        raise OptionError(
            f"score='{score}' says how answers become a score; these are scores already."
        )


def is_scores(data: Any) -> bool:
    """Tell Scores from frames and arrays."""
    return hasattr(data, "__trustmeasure_frame__") and hasattr(data, "scale_ids")


def _is_vector(data: Any) -> bool:
    if isinstance(data, np.ndarray):
        return data.ndim == 1
    if isinstance(data, (pd.Series, list, tuple)):
        return True
    return type(data).__name__ in {"Series", "ChunkedArray"}


def _vector(data: Any) -> FloatArray:
    try:
        if isinstance(data, pd.Series):
            values = data.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            plain = data.to_numpy() if hasattr(data, "to_numpy") else data
            values = np.asarray(plain, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The scores are not numbers.") from None
    if np.isinf(values).any():
        raise DataError("The scores hold an infinite value. Replace it by NaN if it is missing.")
    return np.asarray(values, dtype=np.float64)
