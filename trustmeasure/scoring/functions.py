"""The two ways to score: `score` for everything that follows, `score_frame` for frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from trustmeasure._checks import as_frame, listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument, load_instrument
from trustmeasure.responses import ReadLog, Responses
from trustmeasure.scoring.arrays import item_values, score_arrays
from trustmeasure.scoring.expressions import score_expressions
from trustmeasure.scoring.plan import Plan, make_plan, require_columns
from trustmeasure.scoring.scores import Scores, build_scores


def score(
    data: Any,
    instrument: Instrument | str | None = None,
    *,
    method: Literal["mean", "sum", "pomp"] | None = None,
    min_valid: float | None = None,
    respondent: str | None = None,
    cluster: str | None = None,
    wave: str | None = None,
    confirm_keying: bool | Mapping[str, bool] = False,
) -> Scores:
    """Score every scale of an instrument.

    Reverses by item id (``min + max − answer``), takes the mean of the answers that are
    there, and reports it as mean, as sum (mean × number of items, so that a missing
    answer does not lower it), or as the percentage of the maximum possible::

        POMP = 100 · mean over answered items of (answer − min) / (max − min)

    Parameters
    ----------
    data : Responses, or a DataFrame (pandas, Polars, PyArrow, …)
        Raw codes, one column an item, named by its id. A frame's other columns come along
        as context.
    instrument : Instrument or str, optional
        Needed for a frame; responses know theirs.
    method : {"mean", "sum", "pomp"}, optional
        For all scales; by default each scale's own.
    min_valid : int or float, optional
        Least number (int) or share (float) of a scale's items that must be answered for a
        score; by default each scale's own, usually half.
    respondent, cluster, wave : str, optional
        Context columns with these roles; responses know theirs.
    confirm_keying : bool or mapping, optional
        For published instruments of which some facts could not be verified. True accepts all
        that is stored: keying, the items of each scale, ranges. A mapping item id → reversed
        (True or False) gives the keying from your own source; what else is unverified goes
        through ``instrument.with_key(...)``.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        For a missing item column, a code outside its response set, or text where codes
        are expected.
    InstrumentError
        Where keying, the items of a scale, or a range is unverified and not confirmed; where
        it is not known which items a scale has; and for instruments that are not scored.
    OptionError
        For an unknown method or an impossible ``min_valid``.

    Notes
    -----
    Missing data: persons with fewer answers than ``min_valid`` get NaN and are counted in
    ``too_few``; persons without any answer to a scale are counted in ``unanswered``;
    persons scored with answers missing are counted in ``prorated``.

    In R: ``psych::scoreItems(keys, x, missing = TRUE, impute = "none")`` for means, apart
    from the least number of answers, which R leaves to the user.

    References
    ----------
    Cohen, P., Cohen, J., Aiken, L. S., & West, S. G. (1999). The problem of units and the
    circumstance for POMP. Multivariate Behavioral Research, 34(3), 315–346.
    https://doi.org/10.1207/S15327906MBR3403_2

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> items = ["q_1855", "q_4289", "q_377", "q_379", "q_871"]
    >>> answers = pd.DataFrame([[4, 4, 4, 5, 3], [5, 5, None, 6, 1]], columns=items)
    >>> tm.score(answers, "spi-trust").data["trust"].tolist()
    [4.2, 5.5]
    """
    if isinstance(data, Responses):
        if instrument is not None:
            data = replace(data, instrument=load_instrument(instrument))
        if data.instrument is None:
            raise DataError(
                "The responses were read without an instrument, so there is nothing to score by. "
                "Pass instrument=... here or to read_responses."
            )
        respondent, cluster, wave = (
            respondent or data.respondent,
            cluster or data.cluster,
            wave or data.wave,
        )
        frame, used, simulated, log = data.data, data.instrument, data.simulated, data.log
    elif instrument is None:
        raise OptionError(
            "instrument= is needed to score a frame: an id that list_instruments() gives, a path, "
            "or an Instrument."
        )
    else:
        frame, used, simulated, log = as_frame(data), load_instrument(instrument), False, ReadLog()
    roles = {"respondent": respondent, "cluster": cluster, "wave": wave}
    for role, column in roles.items():
        _require_role(role, column, list(frame.columns))
    plan = make_plan(used, method, min_valid, confirm_keying)
    values = item_values(frame, plan)
    return build_scores(frame, values, plan, roles, simulated=simulated, log=log)


def score_frame(
    frame: Any,
    instrument: Instrument | str,
    *,
    respondent: str | None = None,
    method: Literal["mean", "sum", "pomp"] | None = None,
    min_valid: float | None = None,
    confirm_keying: bool | Mapping[str, bool] = False,
) -> Any:
    """Score a data frame and get a frame of the same kind back, lazy where it was lazy.

    Parameters
    ----------
    frame : pandas, Polars (eager or lazy), PyArrow, DuckDB or PySpark frame
        Raw codes, one column an item, named by its id.
    instrument : Instrument or str
    respondent : str, optional
        Column to carry along. Needed for lazy frames, whose rows have no order.
    method, min_valid, confirm_keying
        As in `score`.

    Returns
    -------
    frame of the same kind
        The respondent column, then for each scale its score and, as ``<scale>_n_valid``,
        its number of answers. NaN (pandas, NumPy types) or null where there is no score.

    Raises
    ------
    DataError, InstrumentError, OptionError
        As `score`. Codes out of range are looked for in lazy frames too, in one pass that
        reads the item columns; the scores themselves stay lazy.

    See Also
    --------
    score : The same numbers with everything that later analyses need.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame(
    ...     {"q_1855": [4], "q_4289": [4], "q_377": [None], "q_379": [5], "q_871": [3]}
    ... )
    >>> tm.score_frame(answers, "spi-trust", method="pomp")
       trust  trust_n_valid
    0   65.0              4
    """
    plan = make_plan(load_instrument(instrument), method, min_valid, confirm_keying)
    if isinstance(frame, pd.DataFrame):
        _require_role("respondent", respondent, list(frame.columns))
        return _score_pandas(frame, plan, respondent)
    try:
        native: Any = nw.from_native(frame)
    except TypeError:
        raise DataError(
            f"frame is a {type(frame).__name__}; expected a pandas, Polars, PyArrow, DuckDB or "
            "PySpark frame."
        ) from None
    names = native.collect_schema().names()
    require_columns(names, plan.item_ids)
    if respondent is None and isinstance(native, nw.LazyFrame):
        raise DataError(
            "respondent= is needed for a lazy frame: its rows have no order, so without an id "
            "nobody could tell whose score is whose."
        )
    _require_role("respondent", respondent, names)
    return score_expressions(native, plan, respondent).to_native()


def _require_role(role: str, column: str | None, names: Sequence[str]) -> None:
    if column is not None and column not in names:
        raise DataError(
            f"{role}='{column}' is not a column of the data. Columns: {listed(names)}."
            + near(column, names)
        )


def _score_pandas(frame: pd.DataFrame, plan: Plan, respondent: str | None) -> pd.DataFrame:
    scores, counts = score_arrays(item_values(frame, plan), plan)
    out: dict[str, Any] = {} if respondent is None else {respondent: frame[respondent]}
    for s, scale in enumerate(plan.scales):
        out[scale.id] = scores[:, s]
        out[f"{scale.id}_n_valid"] = counts[:, s].astype(np.int64)
    return pd.DataFrame(out, index=frame.index)
