"""The greatest lower bound against psych::glb.algebraic, which hands it to CSDP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from tests.parity.comparison import Comparison, load
from tests.parity.topic_lower_bounds import item_sets
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import glb

# CSDP stops at a duality gap of 1e-8; the single error variances are less certain than their sum.
BOUND, SHARE = 1e-7, 1e-4


def comparisons() -> Iterator[Comparison]:
    for name, case in load("greatest_lower_bound").items():
        standardized = name.endswith("_std")
        with warnings.catch_warnings():
            # Few persons, or items of several scales: the warnings are right, and expected.
            warnings.simplefilter("ignore", DataWarning)
            ours = glb(item_sets()[name.removesuffix("_std")], standardized=standardized, ci=None)
        yield from case.compare("glb", ours.estimate, rtol=BOUND, reason="CSDP's own gap")
        share = ours.items["common"] / ours.items["variance"]
        yield from case.compare("common", share, rtol=0.0, atol=SHARE)
