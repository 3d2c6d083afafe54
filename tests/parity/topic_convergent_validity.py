"""Reliability, variance extracted and loadings with their limits, against lavaan and semTools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.confirmatory import cfa
from trustmeasure.validity import composite_reliability, convergent_validity

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
BIG = "\n".join(
    f"{name} =~ " + " + ".join(f"{name[0].upper()}{i}" for i in range(1, 6))
    for name in ("agree", "open", "neuro")
)
RUNS: dict[str, dict[str, Any]] = {
    "ML": {},
    "MLR": {"estimator": "MLR"},
    "MLR fiml": {"estimator": "MLR", "missing": "fiml"},
    "WLSMV": {"ordered": True},
}


def comparisons() -> Iterator[Comparison]:
    cases = load("convergent_validity")
    hs, bfi = read_data("hs1939.csv"), read_data("bfi.csv")
    holes = hs.copy()
    for j in range(1, 10):
        rows = [(i * 7 + j * 13) % 31 < 3 for i in range(1, len(hs) + 1)]
        holes.loc[rows, f"x{j}"] = float("nan")
    for name, options in RUNS.items():
        ordered = name == "WLSMV"
        data = bfi if ordered else holes if name.endswith("fiml") else hs
        fitted = cfa(BIG if ordered else THREE, data, **options)
        found = convergent_validity(fitted)
        case = cases[name]
        yield from case.compare("table", found.table, rtol=0, atol=ESTIMATE)
        flat = found.loadings.set_axis([" ".join(map(str, key)) for key in found.loadings.index])
        yield from case.compare("loadings", flat, rtol=0, atol=ESTIMATE)
        for part in ("omega", "ave"):
            yield from case.compare(part, found.table[part], rtol=0, atol=ESTIMATE)
        for part, observed in (("behind", True), ("behind_implied", False)):
            if part in case.values:
                behind = composite_reliability(fitted, observed=observed, ordinal_scale=False)
                yield from case.compare(part, behind, rtol=0, atol=ESTIMATE)
