"""Models fitted to resamples of persons or clusters, as a bootstrap fits them, beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.confirmatory import cfa
from trustmeasure.confirmatory.ordinal.resamples import OrdinalResamples
from trustmeasure.confirmatory.resamples import PatternResamples, Resamples, resamples_of
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.two_level.resamples import ClusterResamples

THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
TWO = "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
ONE = "C =~ C1 + C2 + C3 + C4"
LEVELS = "level: 1\nfw =~ y1 + y2 + y3\nlevel: 2\nfb =~ y1 + y2 + y3"
ITEMS = [f"{factor}{i}" for factor in "AC" for i in range(1, 6)]
REPLICATES = range(1, 5)


def comparisons() -> Iterator[Comparison]:
    for case in load("model_resamples").values():
        fitted = fit(case.id)
        source = _with_rows(resamples_of(fitted, len(REPLICATES), np.random.default_rng(1)))
        found = source.replicates()
        names = ["|".join((row.lhs, row.op, row.rhs, str(row.group))) for row in source.table.free]
        frame = pd.DataFrame(
            found.parameters[:, : len(names)].T, index=names, columns=[str(r) for r in REPLICATES]
        )
        yield from case.compare("coefficients", frame, rtol=1e-3, atol=ESTIMATE)


def fit(name: str) -> StructuralModel:
    if name == "clusters":
        return cfa(LEVELS, read_data("schools.csv"), cluster="school")
    if name.startswith("fiml"):
        data = read_data("hs1939.csv").copy()
        rows = np.arange(1, len(data) + 1)
        for j in range(1, 10):
            data[f"x{j}"] = data[f"x{j}"].where((rows * 7 + j * 13) % 31 >= 3)
        return cfa(THREE, data, missing="fiml", group="school" if "group" in name else None)
    frame = read_data("bfi.csv").dropna(subset=[*ITEMS, "gender"]).head(600)
    options: dict[str, dict[str, Any]] = {
        "ordered": {},
        "ordered/theta": {"parameterization": "theta"},
        "ordered/ULS": {"estimator": "ULSMV"},
        "ordered/WLS": {"estimator": "WLS"},
        "ordered/group": {"group": "gender"},
        "ordered/pairwise": {"missing": "pairwise"},
        "mixed": {},
    }
    ordered = [item for item in ITEMS if name != "mixed" or item != "A5"]
    if name == "mixed":
        frame = frame.assign(A5=frame["A5"] + frame["C1"] / 7)
    if name == "ordered/pairwise":
        rows = np.arange(1, len(frame) + 1)
        holes = {item: (rows * 7 + j * 13) % 29 < 2 for j, item in enumerate(ITEMS, start=1)}
        frame = frame.assign(**{item: frame[item].mask(holes[item]) for item in ITEMS})
    model = ONE if name == "ordered/WLS" else TWO
    used = [item for item in ordered if item in model]
    return cfa(model, frame, ordered=used, **options[name])


def _rows(n: int) -> list[NDArray[np.intp]]:
    number = np.arange(1, n + 1)
    return [(number * (2 * r + 1) + number // 3 * r) % n for r in REPLICATES]


def _with_rows(source: Resamples) -> Resamples:
    """Draw as the R script does."""
    if isinstance(source, PatternResamples):
        groups = source.refit.fitted.samples.groups
        return replace(source, draws=[_rows(group.n) for group in groups])
    if isinstance(source, OrdinalResamples):
        return replace(source, draws=[np.array(_rows(len(group))) for group in source.groups])
    assert isinstance(source, ClusterResamples)
    return replace(source, draws=np.array(_rows(len(source.sample.clusters))))
