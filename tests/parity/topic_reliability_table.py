"""The table of reliability, cell by cell, against psych and lavaan."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from tests.parity.comparison import Comparison, load
from tests.parity.topic_lower_bounds import item_sets
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import reliability_table


def comparisons() -> Iterator[Comparison]:
    sets = item_sets()
    for name, case in load("reliability_table").items():
        with warnings.catch_warnings():
            # Assumptions fail visibly in some of the scales: the warning is right, and expected.
            warnings.simplefilter("ignore", DataWarning)
            ours = reliability_table(sets[name], n_boot=0, rng=1).table.loc["all"]
        yield from case.compare("closed", ours)
        yield from case.compare("model", ours, rtol=0.0, atol=1e-5)
        # lavaan stops where the chi-square is right to five digits; p follows it.
        yield from case.compare("test", ours, rtol=1e-4, atol=1e-10)
