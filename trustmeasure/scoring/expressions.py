"""Scoring any other frame with narwhals expressions, which each backend runs its own way."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from trustmeasure._checks import listed
from trustmeasure.errors import DataError
from trustmeasure.instruments import Scale
from trustmeasure.scoring.plan import Plan, check_ranges, keyed_range


def score_expressions(frame: Any, plan: Plan, respondent: str | None) -> Any:
    """Score with narwhals expressions, which any backend runs its own way."""
    schema = frame.collect_schema()
    text = [name for name in plan.item_ids if not schema[name].is_numeric()]
    if text:
        raise DataError(
            f"Item(s) {listed(text)} hold {schema[text[0]]} where numeric codes are expected."
        )
    codes = {name: _code(name, schema[name]) for name in plan.item_ids}
    extremes = frame.select(
        *(codes[name].min().alias(f"{name} low") for name in plan.item_ids),
        *(codes[name].max().alias(f"{name} high") for name in plan.item_ids),
    )
    if isinstance(extremes, nw.LazyFrame):
        extremes = extremes.collect()
    found = {name: extremes[name].to_list()[0] for name in extremes.columns}
    nan = float("nan")
    lowest = {n: nan if found[f"{n} low"] is None else found[f"{n} low"] for n in plan.item_ids}
    highest = {n: nan if found[f"{n} high"] is None else found[f"{n} high"] for n in plan.item_ids}
    check_ranges(plan, lowest, highest)
    columns = [] if respondent is None else [nw.col(respondent)]
    for scale in plan.scales:
        columns.extend(_scale_expressions(codes, plan, scale))
    return frame.select(*columns)


def _code(name: str, dtype: Any) -> Any:
    """Give an item as float with one kind of missing: null."""
    code = nw.col(name).cast(nw.Float64)
    return nw.when(~code.is_nan()).then(code) if dtype.is_float() else code


def _scale_expressions(codes: Mapping[str, Any], plan: Plan, scale: Scale) -> list[Any]:
    keyed = []
    for name in scale.items:
        item = plan.items[plan.item_ids.index(name)]
        value = codes[name]
        if item.score_map is not None:
            value = _mapped_expression(value, item.score_map)
        elif item.reverse:
            low, high = plan.ranges[name]
            value = float(low + high) - value
        if scale.method == "pomp":
            least, most = keyed_range(plan, name)
            value = (value - float(least)) * (100.0 / (most - least))
        keyed.append(value)
    # Chained additions, because horizontal sums misalign rows on some distributed frames.
    total = functools.reduce(operator.add, (value.fill_null(0.0) for value in keyed))
    count = functools.reduce(
        operator.add, ((~codes[name].is_null()).cast(nw.Int64) for name in scale.items)
    )
    mean = total / count.cast(nw.Float64)
    if scale.method == "sum":
        mean = mean * float(len(scale.items))
    return [
        nw.when(count >= scale.least_answers).then(mean).alias(scale.id),
        count.alias(f"{scale.id}_n_valid"),
    ]


def _mapped_expression(value: Any, score_map: Mapping[int, float]) -> Any:
    mapped: Any = nw.lit(None).cast(nw.Float64)
    for code, score_value in score_map.items():
        mapped = nw.when(value == float(code)).then(nw.lit(float(score_value))).otherwise(mapped)
    return mapped
