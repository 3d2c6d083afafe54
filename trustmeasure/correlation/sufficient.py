"""Count, means and covariances of a frame of any kind, lazy ones without fetching their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_items, check_option, listed, listwise, near
from trustmeasure.errors import DataError
from trustmeasure.kernels.covariance import listwise_moments, pairwise_moments
from trustmeasure.kernels.incomplete import normal_moments

FloatArray = NDArray[np.float64]

MISSING = ("listwise", "pairwise", "fiml")


class SufficientStatistics(NamedTuple):
    """What most analyses need of the data.

    Attributes
    ----------
    n : int
        Persons used.
    mean : Series
    cov : DataFrame
        Divisor n − 1 (n for "fiml").
    """

    n: int
    mean: pd.Series
    cov: pd.DataFrame


def sufficient_statistics(
    frame: Any, items: Sequence[str], *, missing: str = "listwise"
) -> SufficientStatistics:
    """Count, means and covariances of items.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), PyArrow, DuckDB or PySpark frame, 2-D array, Scores
        Lazy frames are aggregated where they are, in two passes; their rows are not fetched
        (but for "fiml").
    items : sequence of str
        The columns.
    missing : {"listwise", "pairwise", "fiml"}
        Leave out persons with a missing answer; use them for the items and pairs that they
        answered; or full-information maximum likelihood under normality.

    Returns
    -------
    SufficientStatistics
        A named tuple: ``n, mean, cov = sufficient_statistics(...)``.

    Raises
    ------
    DataError
        For unknown or non-numeric columns, and fewer than two persons.
    OptionError
        For an option that is not offered.

    Notes
    -----
    Equals R's ``colMeans`` and ``cov(x)`` of complete rows, ``cov(x, use = "pairwise")``, and
    the saturated moments of ``lavaan::lavCor(x, missing = "ml", output = "fit")``.

    Examples
    --------
    >>> import polars as pl
    >>> import trustmeasure as tm
    >>> lazy = pl.LazyFrame({"a": [1, 2, 3, 4], "b": [2, 1, 4, None]})
    >>> n, mean, cov = tm.sufficient_statistics(lazy, ["a", "b"])
    >>> n, float(cov.loc["a", "b"])
    (3, 1.0)
    """
    check_option("missing", missing, MISSING)
    names = [items] if isinstance(items, str) else [str(item) for item in items]
    native = nw.from_native(frame, pass_through=True)
    if isinstance(native, nw.LazyFrame) and missing != "fiml":
        n, mean, covariance = _aggregated(native, names, missing)
    else:
        n, mean, covariance = _fetched(frame, names, missing)
    index = pd.Index(names)
    return SufficientStatistics(
        n=n,
        mean=pd.Series(mean, index=index),
        cov=pd.DataFrame(covariance, index=index, columns=index),
    )


def _fetched(frame: Any, names: list[str], missing: str) -> tuple[int, FloatArray, FloatArray]:
    block = as_items(frame, items=names, min_items=1, min_persons=2)
    if missing == "listwise":
        values, _ = listwise(block, min_persons=2, constant=True)
        moments = listwise_moments(values)
        return moments.n, moments.mean, moments.covariance
    answered = block.values[~np.isnan(block.values).all(axis=1)]
    if missing == "pairwise":
        moments = pairwise_moments(answered)
        return len(answered), moments.mean, moments.covariance
    found = normal_moments(answered)
    return len(answered), found.mean, found.covariance


def _aggregated(
    frame: nw.LazyFrame[Any], names: list[str], missing: str
) -> tuple[int, FloatArray, FloatArray]:
    """Aggregate a lazy frame: counts and means first, then products of deviations."""
    schema = frame.collect_schema()
    unknown = [name for name in names if name not in schema]
    if unknown:
        raise DataError(
            f"Column(s) {listed(unknown)} are not in the data. Columns: {listed(schema)}."
            + near(unknown[0], list(schema))
        )
    text = [name for name in names if not schema[name].is_numeric()]
    if text:
        raise DataError(
            f"Column(s) {listed(text)} hold {schema[text[0]]} where numbers are expected."
        )
    codes = []
    for name in names:
        code = nw.col(name).cast(nw.Float64)
        # One kind of missing, as backends differ in what NaN means.
        codes.append(nw.when(~code.is_nan()).then(code) if schema[name].is_float() else code)
    used = frame.select(*(code.alias(f"x{j}") for j, code in enumerate(codes)))
    columns = [nw.col(f"x{j}") for j in range(len(names))]
    if missing == "listwise":
        for column in columns:
            used = used.filter(~column.is_null())
    counts = _row(used, [(~column.is_null()).cast(nw.Int64).sum() for column in columns])
    answered = columns[0].is_null()
    for column in columns[1:]:
        answered = answered & column.is_null()
    n = int(_row(used, [(~answered).cast(nw.Int64).sum()])[0])
    if counts.min() < 2:
        what = "all items" if missing == "listwise" else f"'{names[int(np.argmin(counts))]}'"
        raise DataError(f"{int(counts.min())} person(s) answered {what}; at least 2 are needed.")
    mean = _row(used, [column.sum() for column in columns]) / counts
    return n, mean, _lazy_covariance(used, columns, mean)


def _lazy_covariance(used: Any, columns: list[Any], mean: FloatArray) -> FloatArray:
    """Give covariances from sums over the persons who answered both of each pair."""
    p = len(columns)
    off = [(column - float(m)).fill_null(0.0) for column, m in zip(columns, mean, strict=True)]
    there = [(~column.is_null()).cast(nw.Float64) for column in columns]
    pairs = [(i, j) for i in range(p) for j in range(i + 1)]
    products = _row(used, [(off[i] * off[j]).sum() for i, j in pairs])
    both = _row(used, [(there[i] * there[j]).sum() for i, j in pairs])
    one = _row(used, [(off[i] * there[j]).sum() for i, j in pairs])
    other = _row(used, [(off[j] * there[i]).sum() for i, j in pairs])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (products - one * other / both) / (both - 1.0)
    covariance = np.zeros((p, p))
    for (i, j), value in zip(pairs, values, strict=True):
        covariance[i, j] = covariance[j, i] = value
    return covariance


def _row(used: Any, expressions: list[Any]) -> FloatArray:
    """Aggregate expressions to one row of numbers."""
    named = [expression.alias(f"s{k}") for k, expression in enumerate(expressions)]
    found = used.select(*named)
    if isinstance(found, nw.LazyFrame):
        found = found.collect()
    # Sums of integers may come as decimals.
    return np.array([float(found[f"s{k}"].to_list()[0] or 0) for k in range(len(named))])
