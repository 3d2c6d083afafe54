"""Containers of data, of any kind that narwhals knows, as frames of named columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trustmeasure._checks.options import listed
from trustmeasure.errors import DataError, OptionError


def as_frame(data: Any, *, scale: str | None = None) -> pd.DataFrame:
    """Bring any accepted container to a pandas DataFrame with unique string column names.

    Frames keep all of their columns, context included. `Scores` give their context
    columns and their keyed items (of one scale, with ``scale``). Raw `Responses` are
    refused: reversed items in them still point the other way.
    """
    native = getattr(data, "__trustmeasure_frame__", None)
    if native is not None:
        frame: pd.DataFrame = native(scale)
    elif scale is not None:
        raise OptionError(
            f"scale={scale!r} picks a scale out of Scores, but the data are "
            f"{kind_of(data)}. Pass items=[...] instead, or score the data first with "
            "trustmeasure.score(data, instrument)."
        )
    elif isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, np.ndarray):
        if data.ndim != 2:
            raise DataError(
                f"The data are an array of {data.ndim} dimension(s); expected 2, with persons "
                "in rows and items in columns."
            )
        frame = pd.DataFrame(data, columns=[f"item{j + 1}" for j in range(data.shape[1])])
    else:
        frame = _from_narwhals(data)
    given = frame.columns.tolist()
    if frame.columns.is_unique and all(type(name) is str for name in given):
        return frame  # a new index of names costs more than most of what follows
    names = [str(name) for name in given]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"Column name(s) {listed(repeated)} occur more than once in the data. Every item "
            "needs a name of its own: rename or drop the copies."
        )
    return frame.set_axis(names, axis=1)


def as_label(value: Any) -> Any:
    """Write a code 1.0 as 1: columns of codes hold floats as soon as one is missing."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _from_narwhals(data: Any) -> pd.DataFrame:
    import narwhals as nw

    if isinstance(data, (pd.Series, list, tuple, dict, str, bytes)) or data is None:
        raise DataError(
            f"The data are {kind_of(data)}; expected a DataFrame or a 2-D array with persons in "
            "rows, or Scores."
        )
    try:
        frame = nw.from_native(data)
    except TypeError:
        raise DataError(
            f"The data are {kind_of(data)}; expected a DataFrame (pandas, Polars, PyArrow, "
            "DuckDB), a 2-D array with persons in rows, or Scores."
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    # narwhals goes through Arrow here, which needs pyarrow; columns as lists do not.
    columns = {
        name: frame[name].to_numpy() if frame[name].dtype.is_numeric() else frame[name].to_list()
        for name in frame.columns
    }
    return pd.DataFrame(columns)


def kind_of(data: Any) -> str:
    name = type(data).__name__
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name}"
