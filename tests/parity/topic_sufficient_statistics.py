"""Counts, means and covariances of any frame, against base R and lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import polars as pl

import trustmeasure as tm
from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from tests.parity.topic_structural_models import with_holes


def comparisons() -> Iterator[Comparison]:
    hs = read_data("hs1939.csv")
    items = [f"x{j}" for j in range(1, 10)]
    holes = with_holes(hs)[items]
    holes.loc[[3, 89]] = np.nan
    frames: dict[str, pd.DataFrame] = {
        "hs": hs[items],
        "holes": holes,
        "bfi": read_data("bfi.csv")[[f"{f}{j}" for f in "AN" for j in range(1, 6)]],
        "few": holes.iloc[:14, :4] * 1e4 + 1e6,
    }
    for name, case in load("sufficient_statistics").items():
        source, missing = name.split("/")
        frame = frames[source]
        lazy = pl.from_pandas(frame).lazy()
        for kind in (frame, lazy) if missing != "fiml" else (frame,):
            n, mean, cov = tm.sufficient_statistics(kind, list(frame.columns), missing=missing)
            yield from case.compare("n", n)
            if missing == "fiml":
                yield from case.compare("mean", mean, rtol=0, atol=ESTIMATE)
                yield from case.compare("cov", cov, rtol=0, atol=ESTIMATE)
            else:
                yield from case.compare("mean", mean)
                yield from case.compare("cov", cov)
