"""Scoring a million people beside bare NumPy, and importing the package beside pandas."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from peers import Row, best_of

from trustmeasure.instruments import Instrument, build_instrument
from trustmeasure.scoring import score, score_frame

N, K = 1_000_000, 20


def rows() -> Iterator[Row]:
    """Give the rows of the table. A target of 1/1.5 is: at most 1.5 times the peer's time."""
    yield from _million()
    yield from _import()


def _million() -> Iterator[Row]:
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 8, size=(N, K)).astype(float)
    answers[rng.random(answers.shape) < 0.03] = np.nan
    frame = pd.DataFrame(answers, columns=[f"i{j}" for j in range(K)])
    turned = np.arange(K) % 4 == 0
    instrument = _instrument(turned)

    def bare() -> np.ndarray:
        """Score correctly in as few lines as NumPy needs: reverse, mean, at least half."""
        keyed = np.where(turned, 8 - frame.to_numpy(), frame.to_numpy())
        count = (~np.isnan(keyed)).sum(axis=1)
        return np.where(count >= K / 2, np.nansum(keyed, axis=1) / count, np.nan)

    np.testing.assert_array_equal(score_frame(frame, instrument)["s"], bare())
    theirs = best_of(bare)
    ours = best_of(lambda: score_frame(frame, instrument))
    yield Row("score_frame, 1,000,000 x 20", ours, "bare NumPy", theirs, 1 / 1.5)
    whole = best_of(lambda: score(frame, instrument))
    note = "with keyed items, counts and checks"
    yield Row("score, 1,000,000 x 20", whole, "bare NumPy", theirs, 1 / 1.5, note)


def _instrument(turned: np.ndarray) -> Instrument:
    return build_instrument(
        id="million",
        response_sets=[{"id": "seven", "min": 1, "max": 7}],
        items=[{"id": f"i{j}", "reverse": bool(r)} for j, r in enumerate(turned)],
        scales=[{"id": "s", "items": [f"i{j}" for j in range(K)]}],
    )


def _import() -> Iterator[Row]:
    pandas = _interpreter("import pandas")
    bare = _interpreter("import trustmeasure")
    every = _interpreter("import trustmeasure as tm\nfor n in tm.__all__: getattr(tm, n)")
    yield Row("import trustmeasure", bare, "import pandas", pandas, 1 / 1.3)
    yield Row("first use of every name", every, "import pandas", pandas, note="no target")


def _interpreter(code: str, runs: int = 10) -> float:
    """Time a fresh interpreter that runs ``code``: seconds, best of ``runs``."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        best = min(best, time.perf_counter() - start)
    return best
