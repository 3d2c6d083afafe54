"""Short forms against every subset judged by itself, with psych and lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.exploratory import short_forms

EVEN = {"omega": 1, "cfi": 1, "r_full": 1}
FACETS = {"N1": "a", "N2": "a", "N3": "a", "C4": "b", "C5": "b", "N4": "b"}
NEURO = [f"N{i}" for i in range(1, 6)]


def _runs() -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    bfi, spi = read_data("bfi.csv").iloc[:600], read_data("spi_trust.csv")
    trust = [name for name in spi if str(name).startswith("q_")][:5]
    return {
        "bfi/4": (bfi[[*NEURO, "C4", "C5", "E1", "E2"]], {"n_items": 4, "weights": EVEN}),
        "bfi/3": (bfi[NEURO], {"n_items": 3, "weights": {"alpha": 2, "r_full": 1}}),
        "spi/4": (spi[trust], {"n_items": 4, "weights": EVEN}),
        "facets": (bfi[list(FACETS)], {"n_items": 4, "weights": EVEN, "facets": FACETS}),
    }


def comparisons() -> Iterator[Comparison]:
    cases = load("short_forms")
    for name, (data, options) in _runs().items():
        case = cases[name]
        found = short_forms(data, method="exhaustive", holdout=0, n_forms=500, **options)
        yield from case.compare("n_judged", found.n_judged)
        forms = found.table.drop(index="all")
        # Heywood cases are no candidates: their criterion is minus infinity, in R missing.
        table = forms.set_index("items").replace(-np.inf, np.nan)
        yield from case.compare("table", table, rtol=0, atol=ESTIMATE)
        places = {items: place for place, items in enumerate(forms["items"], start=1)}
        yield from case.compare("place", places)
        yield from case.compare("whole", found.table.loc["all"], rtol=0, atol=ESTIMATE)
        yield from case.compare("costs", found.costs, rtol=0, atol=ESTIMATE)
