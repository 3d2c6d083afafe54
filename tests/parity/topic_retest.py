"""Test-retest coefficients against psych::ICC, cor.test and t.test."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.reliability import test_retest

NUMBERS = ("sem", "sdc", "sem_consistency", "sdc_consistency", "sd_difference")


def comparisons() -> Iterator[Comparison]:
    attitude, bfi, judges = (read_data(f"{name}.csv") for name in ("attitude", "bfi", "ratings"))
    pairs = {
        "attitude": (attitude["rating"], attitude["complaints"]),
        "bfi": (bfi["N1"], bfi["N2"]),
        "judges": (judges["judge1"], judges["judge4"]),
    }
    for name, case in load("retest").items():
        ours = test_retest(*pairs[name])
        yield from case.compare("table", ours.table)
        yield from case.compare("numbers", pd.Series({n: getattr(ours, n) for n in NUMBERS}))
