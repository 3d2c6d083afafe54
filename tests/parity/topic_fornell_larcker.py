"""Roots of variance extracted beside latent correlations, against lavaan and semTools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import trustmeasure as tm
from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_convergent_validity import THREE
from tests.parity.topic_structural_models import with_holes

FIVE, BIG = (
    "\n".join(f"{f} =~ " + " + ".join(f"{f}{i}" for i in range(1, 6)) for f in factors)
    for factors in ("ACENO", "AON")
)
MLR = {"estimator": "MLR"}
FIML = {**MLR, "missing": "fiml"}
RUNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ML": (THREE, "hs", {}),
    "ML crossed": (f"{THREE}\nvisual =~ x9", "hs", {}),
    "ML paths": (
        f"{THREE}\nx7 ~~ x8\nspeed ~ textual + visual\ntextual ~ visual", "hs", {},
    ),
    "MLR fiml": (THREE, "holes", FIML),
    "MLR bfi": (FIVE, "bfi", {**MLR, "std_lv": True}),
    "MLR fiml bfi": (BIG, "bfi", FIML),
    "WLSMV": (BIG, "bfi", {"ordered": True}),
    "WLSMV theta": (
        BIG, "bfi", {"ordered": True, "parameterization": "theta", "std_lv": True},
    ),
}  # fmt: skip


def comparisons() -> Iterator[Comparison]:
    cases = load("fornell_larcker")
    hs = read_data("hs1939.csv")
    data = {"hs": hs, "holes": with_holes(hs), "bfi": read_data("bfi.csv")}
    for name, (model, source, options) in RUNS.items():
        case = cases[name]
        fitted = tm.sem(model, data[source], **options)
        found = tm.fornell_larcker(fitted)
        yield from case.compare("roots", found, rtol=0, atol=ESTIMATE)
        shared = {
            f"{one} {other}": value
            for one, row in np.square(found).iterrows()
            for other, value in row.items()
        }
        yield from case.compare("squares", shared, rtol=0, atol=ESTIMATE)
        if "ave" in case.values:
            extracted = tm.average_variance_extracted(fitted)
            yield from case.compare("ave", extracted, rtol=0, atol=ESTIMATE)
