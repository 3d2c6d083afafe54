"""Mediation against lavaan and lm; moderation against lm and sandwich."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.theory import MediationResult, ModerationResult, mediation, moderation

DELTA = "lavaan's search ends some 1e-7 from the least-squares solution, which ours is"


def _mediations() -> Iterator[tuple[str, MediationResult]]:
    hs, attitude = read_data("hs1939.csv"), read_data("attitude.csv")
    yield "simple", mediation(hs, "x1", "x4", "x9", ci="delta")
    yield (
        "parallel",
        mediation(hs, "x1", ["x4", "x7"], "x9", covariates=["ageyr", "sex"], ci="delta"),
    )
    yield (
        "serial",
        mediation(
            attitude, "complaints", ["learning", "raises"], "rating", order="serial", ci="delta"
        ),
    )


def _moderations() -> Iterator[tuple[str, ModerationResult]]:
    hs = read_data("hs1939.csv")
    yield "moderated", moderation(hs, "x9", "x1", "x7")
    yield "moderated_hc3", moderation(hs, "x4", "x2", "ageyr", covariates="sex", errors="HC3")
    yield "moderated_cluster", moderation(hs, "x5", "x3", "x8", cluster="agemo")
    yield "moderated_bfi", moderation(read_data("bfi.csv"), "N1", "E1", "age")


def comparisons() -> Iterator[Comparison]:
    cases = load("mediation")
    for name, found in _mediations():
        case = cases[name]
        yield from case.compare("effects", found.effects, rtol=1e-6, atol=1e-8, reason=DELTA)
        yield from case.compare("paths", found.paths, atol=1e-12)  # p-values near zero
    for name, result in _moderations():
        case = cases[name]
        yield from case.compare("coefficients", result.coefficients, atol=1e-12)
        slopes = result.simple_slopes.set_axis(["low", "mean", "high"], axis=0)
        yield from case.compare("simple_slopes", slopes, atol=1e-12)
        cuts = [*result.regions["low"].iloc[1:], np.nan, np.nan]
        yield from case.compare("cuts", {"first": cuts[0], "second": cuts[1]})
        yield from case.compare("r2", {"r2": result.r2, "delta_r2": result.delta_r2}, atol=1e-12)
