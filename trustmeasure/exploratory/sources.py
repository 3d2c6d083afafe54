"""Correlations from whichever one source a user gives: answers, or a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trustmeasure._checks import check_count
from trustmeasure.correlation.matrices import Correlations, correlations_given, correlations_of
from trustmeasure.errors import OptionError
from trustmeasure.results import Notes


def correlations_from(
    data: Any,
    corr: Any,
    *,
    n_obs: int | None,
    items: Sequence[str] | None,
    scale: str | None,
    correlation: str,
    missing: str,
    min_items: int,
    notes: Notes,
) -> Correlations:
    """Correlate the items of ``data``, or check the matrix ``corr``; exactly one is given."""
    if (data is None) == (corr is None):
        raise OptionError("Give either data (persons in rows) or corr= (items × items).")
    if data is not None:
        if n_obs is not None:
            raise OptionError("n_obs= belongs to corr=; raw data bring their own number of rows.")
        return correlations_of(
            data,
            items=items,
            scale=scale,
            correlation=correlation,
            missing=missing,
            min_items=min_items,
            notes=notes,
        )
    if scale is not None:
        raise OptionError("scale= picks items out of Scores; with corr=, use items=[...].")
    if correlation != "pearson" or missing != "listwise":
        raise OptionError("correlation= and missing= are about raw data; corr= is taken as it is.")
    if n_obs is not None:
        check_count("n_obs", n_obs, least=3)
    return correlations_given(corr, n_obs=n_obs, items=items, min_items=min_items)
