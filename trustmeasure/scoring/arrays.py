"""Scoring arrays of codes: what pandas frames go through, and all of `Scores`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from trustmeasure._checks import FloatArray, listed
from trustmeasure.errors import DataError
from trustmeasure.instruments import Scale
from trustmeasure.kernels import scoring as kernel
from trustmeasure.scoring.plan import Plan, check_ranges, keyed_range, require_columns


def item_values(frame: pd.DataFrame, plan: Plan) -> FloatArray:
    """Give the raw codes as one array."""
    require_columns([str(name) for name in frame.columns], plan.item_ids)
    block = frame[list(plan.item_ids)]
    if block.shape[1] != len(plan.item_ids):
        twice = [n for n in plan.item_ids if list(frame.columns).count(n) > 1]
        raise DataError(f"Column name(s) {listed(twice)} occur more than once in the data.")
    text = [
        name
        for name in block.columns
        if not pd.api.types.is_numeric_dtype(block[name].dtype) and block[name].notna().any()
    ]
    for name in text:
        numbers = pd.to_numeric(block[name], errors="coerce")
        wrong = block[name].notna() & numbers.isna()
        if wrong.any() or block[name].map(lambda v: isinstance(v, str)).any():
            found = block[name][wrong].iloc[0] if wrong.any() else block[name].dropna().iloc[0]
            raise DataError(
                f"Item '{name}' holds text (for example {found!r}) where codes are expected. Read "
                "the export with read_responses, which turns labels into codes."
            )
    return np.asarray(block.to_numpy(dtype=np.float64, na_value=float("nan")), dtype=np.float64)


def _weights(plan: Plan) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give each item's weight and constant in each scale, and who belongs where."""
    shape = (len(plan.items), len(plan.scales))
    weights, constants, member = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    place = {name: j for j, name in enumerate(plan.item_ids)}
    for s, scale in enumerate(plan.scales):
        for name in scale.items:
            j = place[name]
            low, high = plan.ranges[name]
            weight, constant = (-1.0, low + high) if plan.items[j].reverse else (1.0, 0.0)
            weights[j, s], constants[j, s], member[j, s] = weight, constant, 1.0
    return weights, constants, member


def map_scores(values: FloatArray, plan: Plan) -> FloatArray:
    """Replace the codes of items that have a score map."""
    mapped = [j for j, item in enumerate(plan.items) if item.score_map is not None]
    if not mapped:
        return values
    values = values.copy()
    for j in mapped:
        score_map = plan.items[j].score_map or {}
        column = values[:, j].copy()
        unmapped = ~np.isnan(column) & ~np.isin(column, list(score_map))
        if unmapped.any():
            row = int(np.flatnonzero(unmapped)[0])
            raise DataError(
                f"Item '{plan.items[j].id}' has code {column[row]:g} in row {row + 1}, which its "
                "score map does not know."
            )
        for code, score_value in score_map.items():
            values[column == code, j] = score_value
    return values


def score_arrays(values: FloatArray, plan: Plan) -> tuple[FloatArray, FloatArray]:
    """Score an array of raw codes: scores and counts, one column a scale."""
    mapped = map_scores(values, plan)
    result = kernel.totals(mapped, *_weights(plan))
    lowest, highest = result.lowest, result.highest
    if mapped is not values:  # ranges are those of the codes, not of the mapped scores
        lowest, highest = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    with np.errstate(invalid="ignore"):
        limits = np.array([plan.ranges[name] for name in plan.item_ids], dtype=np.float64)
        if (lowest < limits[:, 0]).any() or (highest > limits[:, 1]).any():
            names = plan.item_ids
            check_ranges(
                plan,
                dict(zip(names, lowest, strict=True)),
                dict(zip(names, highest, strict=True)),
                values,
            )
    scores = np.empty_like(result.totals)
    for s, scale in enumerate(plan.scales):
        total, count = result.totals[:, s], result.counts[:, s]
        if scale.method == "pomp":
            total, unit = _pomp_total(mapped, plan, scale, total, count), 1.0
        else:
            unit = float(len(scale.items)) if scale.method == "sum" else 1.0
        with np.errstate(invalid="ignore", divide="ignore"):
            column = total / count if unit == 1.0 else total / count * unit
        column[count < scale.least_answers] = np.nan
        scores[:, s] = column
    return scores, result.counts


def _pomp_total(
    values: FloatArray, plan: Plan, scale: Scale, total: FloatArray, count: FloatArray
) -> FloatArray:
    """Turn totals of keyed answers into totals of percentages."""
    bounds = {keyed_range(plan, name) for name in scale.items}
    if len(bounds) == 1:
        ((low, high),) = bounds
        return np.asarray((total - low * count) * (100.0 / (high - low)))
    keyed = key_values(values, plan)
    sums = np.zeros(len(values))
    for name in scale.items:
        low, high = keyed_range(plan, name)
        column = (keyed[:, plan.item_ids.index(name)] - low) * (100.0 / (high - low))
        sums += np.where(np.isnan(column), 0.0, column)
    return sums


def key_values(mapped: FloatArray, plan: Plan) -> FloatArray:
    """Reverse what is to be reversed."""
    signs = np.array([-1.0 if item.reverse else 1.0 for item in plan.items])
    constants = np.array([sum(plan.ranges[i.id]) if i.reverse else 0.0 for i in plan.items])
    keyed: FloatArray = mapped * signs
    keyed += constants
    return keyed
