"""Group differences against base R, and areas under the curve against pROC."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import keyed_bfi
from trustmeasure.validity import KnownGroupsResult, known_groups

NONCENTRAL = (
    "R sums the noncentral distributions to an error of 1e-9 (pf) and warns that pt may not "
    "reach full precision; the limits inherit that."
)
LIMITS = ["share_low", "share_high", "g_low", "g_high"]


def _results() -> Iterator[tuple[str, KnownGroupsResult]]:
    hs = read_data("hs1939.csv")
    yield "hs1939_school", known_groups(hs, by="school", scales=["x1", "x4", "x9"])
    bfi = keyed_bfi()
    frame = pd.DataFrame(
        {s: bfi[[f"{s}{i}" for i in range(1, 6)]].mean(axis=1, skipna=False) for s in "NO"}
    )
    frame["education"] = bfi["education"].astype("Int64")
    yield "bfi_education", known_groups(frame, by="education")


def comparisons() -> Iterator[Comparison]:
    cases = load("known_groups")
    for name, ours in _results():
        contrasts = ours.contrasts.set_axis(
            [" ".join(map(str, key)) for key in ours.contrasts.index]
        )
        for part, frame in (("tests", ours.tests), ("contrasts", contrasts)):
            columns = cases[name].values[part]["columns"]
            closed = {c: c for c in columns if c not in LIMITS}
            yield from cases[name].compare(part, frame, columns=closed)
            limits = {c: c for c in columns if c in LIMITS}
            yield from cases[name].compare(
                part, frame, columns=limits, rtol=1e-6, atol=1e-8, reason=NONCENTRAL
            )
