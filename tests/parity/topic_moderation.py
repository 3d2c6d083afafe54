"""Options of moderation (errors, centring, probes, missing values) against lm and sandwich."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_structural_models import with_holes
from trustmeasure.theory import moderation

RUNS: dict[str, tuple[str, tuple[str, str, str], dict[str, Any]]] = {
    "raw HC1": (
        "hs", ("x9", "x1", "x7"),
        {"covariates": ["ageyr", "sex"], "center": False, "probe": [3, 4.25, 6],
         "errors": "HC1", "conf_level": 0.9},
    ),
    "binary HC3": ("hs", ("x4", "x2", "sex"), {"errors": "HC3"}),
    "incomplete": (
        "holes", ("x5", "x3", "x8"),
        {"covariates": "x1", "probe": [2, 5, 9], "conf_level": 0.99},
    ),
    "cluster": (
        "holes", ("x9", "x1", "x7"),
        {"covariates": "sex", "center": False, "probe": [3, 5], "cluster": "agemo"},
    ),
    "bfi HC1": (
        "bfi", ("N1", "E1", "age"),
        {"covariates": ["gender", "A1"], "center": False, "probe": [18, 30, 60], "errors": "HC1"},
    ),
}  # fmt: skip


def comparisons() -> Iterator[Comparison]:
    hs = read_data("hs1939.csv")
    data = {"hs": hs, "holes": with_holes(hs), "bfi": read_data("bfi.csv")}
    for name, (source, variables, options) in RUNS.items():
        case = load("moderation")[name]
        found = moderation(data[source], *variables, **options)
        yield from case.compare("n", found.n)
        yield from case.compare("coefficients", found.coefficients, atol=1e-12)  # p-values near 0
        slopes = found.simple_slopes
        slopes = slopes.set_axis([f"at{k}" for k in range(1, len(slopes) + 1)])
        yield from case.compare("simple_slopes", slopes, atol=1e-12)
        curve = found.curve.set_axis(found.curve.index.astype(str))
        yield from case.compare("curve", curve, atol=1e-12)
        effects = found.regions.groupby("effect")["share"].sum()
        shares = {sign: float(effects.get(sign, 0.0)) for sign in ("negative", "positive")}
        yield from case.compare("shares", shares, atol=1e-12)
        yield from case.compare("r2", {"r2": found.r2, "delta_r2": found.delta_r2}, atol=1e-12)
