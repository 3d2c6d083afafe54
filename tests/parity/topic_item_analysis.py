"""The analysis of items against psych::describe and psych::alpha."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.reliability import item_analysis


def _inputs() -> Iterator[tuple[str, pd.DataFrame, tuple[float, float] | None]]:
    bfi = keyed_bfi()
    for letter in "ACENO":
        yield f"bfi_{letter}", bfi[[f"{letter}{i}" for i in range(1, 6)]], (1, 6)
    yield "spi_trust", keyed_trust(), (1, 6)
    yield "hs1939", read_data("hs1939.csv")[[f"x{i}" for i in range(1, 10)]], None


def comparisons() -> Iterator[Comparison]:
    cases = load("item_analysis")
    for name, frame, limits in _inputs():
        for missing in ("listwise", "pairwise"):
            ours = item_analysis(frame, response_range=limits, missing=missing)
            yield from cases[name].compare(missing, ours)
        yield from cases[name].compare("describe", ours)
        yield from cases[name].compare("ends", ours)
