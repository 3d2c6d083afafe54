"""Standardised differences of latent means and effect sizes of bias with their limits."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_invariance import TRAITS
from tests.parity.topic_invariance_waves import COLUMNS, WAVES
from tests.parity.topic_structural_models import THREE, with_holes
from trustmeasure.invariance import (
    InvarianceResult,
    longitudinal_invariance,
    measurement_invariance,
)

NEURO = TRAITS.splitlines()[-1]
LEVELS = ("configural", "metric", "scalar")


def _result(name: str) -> InvarianceResult:
    options: dict[str, Any] = {"levels": LEVELS}
    if name.startswith("waves"):
        return longitudinal_invariance(
            "dem =~ d1 + d2 + d3 + d4", read_data("political_democracy.csv"), wave=WAVES,
            columns=COLUMNS, estimator=name.split()[1], **options,
        )  # fmt: skip
    options["std_lv"] = True
    # The first group to appear is the reference.
    hs = read_data("hs1939.csv").sort_values("school", kind="stable")
    bfi = read_data("bfi.csv").sort_values("gender", kind="stable")
    if name == "hs ML":
        return measurement_invariance(THREE, hs, group="school", **options)
    if name == "hs MLR fiml":
        holes = with_holes(read_data("hs1939.csv")).sort_values("school", kind="stable")
        options |= {"estimator": "MLR", "missing": "fiml"}
        return measurement_invariance(THREE, holes, group="school", **options)
    if name == "bfi five":
        bfi = bfi.sort_values("education", kind="stable")
        return measurement_invariance(NEURO, bfi, group="education", estimator="MLR", **options)
    model = TRAITS if name == "bfi ML" else NEURO
    return measurement_invariance(model, bfi, group="gender", **options)


def comparisons() -> Iterator[Comparison]:
    for name, case in load("latent_means").items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = _result(name.removeprefix("effects "))
        if name.startswith("effects"):
            anchor = f"d{name[-1]}" if "waves" in name else "N1"
            found = result.effect_size(anchors=[anchor])
            table = found.table.droplevel([0, 2])
            yield from case.compare("effects", table, rtol=0, atol=ESTIMATE)
            continue
        means = result.latent_means
        labels = [
            f"{label:g}" if isinstance(label, float) else str(label) for _, label in means.index
        ]
        factors = means.index.get_level_values("factor")
        keys = (
            labels
            if "waves" in name
            else [f"{f} {label}" for f, label in zip(factors, labels, strict=True)]
        )
        means = means.set_axis(keys)
        yield from case.compare("means", means, rtol=1e-4, atol=ESTIMATE)
