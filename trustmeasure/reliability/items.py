"""The analysis of items: how each is answered, and how it relates to its scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import reliability as kernel
from trustmeasure.kernels.moments import ItemMoments, item_moments
from trustmeasure.reliability.sample import choose_sample, raw_correlations
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]


def item_analysis(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    response_range: tuple[float, float] | None = None,
    missing: str = "listwise",
) -> pd.DataFrame:
    """Describe every item and its relation to the scale.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items of one scale; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse. Scores with several scales give all of them,
        each analysed by itself, when neither ``scale`` nor ``items`` chooses.
    response_range : (float, float), optional
        Lowest and highest possible answer. Scores know theirs from the response sets; for
        other data without it, floor and ceiling are those of the answers that occur.
    missing : {"listwise", "pairwise"}
        Whose answers the four columns about the scale use; see `cronbach_alpha`.

    Returns
    -------
    DataFrame, index ``item``
        ``scale`` (only with several scales); ``n`` valid and ``missing`` answers;
        ``mean``, ``sd`` (n − 1), ``skew``, ``kurtosis`` (m₃ / sd³ and m₄ / sd⁴ − 3, with
        central moments over n), ``min`` and ``max`` of the valid answers; ``floor`` and
        ``ceiling``, the shares (0–1) of valid answers at the lowest and highest possible
        answer; correlations with the scale score (``raw_r``), with that of the
        standardised items corrected for overlap and reliability (``r_cor``), and with the
        other items (``r_drop``); alpha without the item (``alpha_drop``). What was done to
        the data is in ``.attrs["warnings"]``.

    Raises
    ------
    DataError
        For whatever `cronbach_alpha` refuses, and for answers outside ``response_range``.
    OptionError
        For a range that is none, or an option that is not offered.

    Notes
    -----
    Equals ``psych::describe(x)`` (type 3), whose moments use every valid answer, and the
    ``item.stats`` and ``alpha.drop`` of ``psych::alpha(na.omit(x))`` (listwise) or
    ``psych::alpha(x)`` (pairwise). A scale of one item has NaN in the last four columns,
    and one of two items in ``alpha_drop``.

    References
    ----------
    Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis.
    *The Statistician, 47*, 183–189. https://doi.org/10.1111/1467-9884.00122

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> table = tm.item_analysis(answers, response_range=(1, 5))
    >>> table[["n", "mean", "floor", "ceiling", "r_drop"]].round(2)
           n  mean  floor  ceiling  r_drop
    item
    open   8  3.00   0.12     0.12    0.93
    safe   8  3.00   0.12     0.12    0.81
    heard  8  3.12   0.12     0.25    0.86
    """
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    asked = checked_range(response_range)
    scales = _scales(data, scale, items)
    several = len(scales) > 1
    notes = Notes()
    tables = []
    for name in scales:
        block = _checks.as_items(
            data, items=items, scale=name, min_items=1 if several else 2, min_persons=3
        )
        table = _describe(data, block, asked, missing, notes)
        if several:
            table.insert(0, "scale", name)
        tables.append(table)
    whole = pd.concat(tables) if several else tables[0]
    whole.attrs["warnings"] = notes.messages()
    return whole


def _scales(data: Any, scale: str | None, items: Sequence[str] | None) -> list[str | None]:
    """List the scales to analyse; [None] where the data have none or ``items`` chooses."""
    if scale is not None or items is not None:
        return [scale]
    known = [str(known.id) for known in getattr(getattr(data, "instrument", None), "scales", ())]
    return list(known) or [None]


def checked_range(response_range: Any) -> tuple[float, float] | None:
    """Check the lowest and highest answer that a user states."""
    if response_range is None:
        return None
    try:
        low, high = (float(limit) for limit in response_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not low < high:
        raise OptionError(
            f"response_range={response_range!r} must be two numbers, the lowest and the highest "
            "possible answer, as in response_range=(1, 5)."
        )
    return low, high


def answer_limits(
    data: Any, block: _checks.Items, asked: tuple[float, float] | None, observed: ItemMoments
) -> tuple[FloatArray, FloatArray]:
    """Give the lowest and the highest possible answer of each item, shape (n_items,)."""
    if asked is not None:
        outside = (block.values < asked[0]) | (block.values > asked[1])
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise DataError(
                f"Item '{block.names[column]}' has the answer {block.values[row, column]:g} "
                f"(first: row {row + 1}; {int(outside.sum())} answers in all lie outside), but "
                f"response_range={asked} was given."
            )
        return np.full(len(block.names), asked[0]), np.full(len(block.names), asked[1])
    instrument = getattr(data, "instrument", None)
    low, high = observed.minimum.copy(), observed.maximum.copy()
    if instrument is not None:
        known = {item.id for item in instrument.items}
        for j, name in enumerate(block.names):
            if name in known:
                low[j], high[j] = _keyed_range(instrument, name)
    return low, high


def _keyed_range(instrument: Any, item_id: str) -> tuple[float, float]:
    """Give the range of an item after keying: reversal keeps it, a score map sets its own."""
    mapped: Mapping[int, float] | None = getattr(instrument.item(item_id), "score_map", None)
    if mapped:
        return min(mapped.values()), max(mapped.values())
    low, high = instrument.response_range(item_id)
    return low, high


def _describe(
    data: Any,
    block: _checks.Items,
    asked: tuple[float, float] | None,
    missing: str,
    notes: Notes,
) -> pd.DataFrame:
    shape = item_moments(block.values)
    low, high = answer_limits(data, block, asked, shape)
    undefined = np.full(len(block.names), np.nan)
    raw_r, r_cor, r_drop, alpha_drop = (undefined,) * 4
    if len(block.names) > 1:
        sample = choose_sample(block, missing, notes)
        totals = kernel.item_totals(sample.structure)
        raw_r, r_cor, r_drop = raw_correlations(sample, totals), totals.r_cor, totals.r_drop
        alpha_drop = kernel.alpha_without(sample.cov)
    answers = np.ascontiguousarray(block.values.T)
    with np.errstate(invalid="ignore"):
        at_floor = np.count_nonzero(answers <= low[:, None], axis=1)
        at_ceiling = np.count_nonzero(answers >= high[:, None], axis=1)
    columns = {
        "n": shape.n,
        "missing": block.n_persons - shape.n,
        "mean": shape.mean,
        "sd": shape.sd,
        "skew": shape.skew,
        "kurtosis": shape.kurtosis,
        "min": shape.minimum,
        "max": shape.maximum,
        "floor": at_floor / shape.n,
        "ceiling": at_ceiling / shape.n,
        "raw_r": raw_r,
        "r_cor": r_cor,
        "r_drop": r_drop,
        "alpha_drop": alpha_drop,
    }
    return pd.DataFrame(columns, index=pd.Index(block.names, name="item"))
