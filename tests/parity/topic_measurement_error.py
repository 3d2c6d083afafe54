"""Errors of measurement, overall and at each score, against their definitions in R."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import Comparison, load
from tests.parity.topic_lower_bounds import item_sets
from trustmeasure.reliability import conditional_sem, cronbach_alpha, measurement_error

# The polynomial crosses zero near the ends of the range, and its root there loses digits.
NEAR_ZERO = 1e-6


def comparisons() -> Iterator[Comparison]:
    sets = item_sets()
    for name, case in load("measurement_error").items():
        data = sets[name.removesuffix("_at_scores")]
        if "error" in case.values:
            ours = measurement_error(data, reliability=cronbach_alpha(data))
            yield from case.compare("error", ours.to_frame()["value"])
            continue
        for method in ("difference", "multinomial"):
            table = conditional_sem(data, method=method).table
            for column in table.columns:
                ours = list(table[column])
                yield from case.compare(f"{method}_{column}", ours, atol=NEAR_ZERO)
