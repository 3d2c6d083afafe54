"""Item analysis, bootstrap alpha and omega beside psych, pingouin and lavaan."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import peers
import pingouin
from peers import Row, best_of, time_r

from trustmeasure.reliability import cronbach_alpha, item_analysis, mcdonald_omega

N_BOOT = 2000
LOOPS = 100  # of the pingouin loop that are timed


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    for label, data in (
        ("1,000 x 20 five-point items", peers.five_point_answers(1000, 20)),
        ("SPI trust, 4,000 x 5", peers.spi_trust()),
    ):
        yield from _alpha(label, data)
        yield from _item_analysis(label, data)
        yield from _bootstrap(label, data)
        yield from _omega(label, data)


def _alpha(label: str, data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        f"alpha with interval, {label}",
        best_of(lambda: cronbach_alpha(data)),
        "pingouin",
        best_of(lambda: pingouin.cronbach_alpha(data)),
        note="ours gives every item statistic as well",
    )


def _item_analysis(label: str, data: pd.DataFrame) -> Iterator[Row]:
    def ours() -> None:
        cronbach_alpha(data)
        item_analysis(data)

    yield Row(
        f"full item analysis, {label}",
        best_of(ours),
        "psych",
        time_r("alpha(x); describe(x)", data, packages=("psych",), calls=5),
        target_ratio=10,
        note="cronbach_alpha and item_analysis beside alpha and describe",
    )


def _bootstrap(label: str, data: pd.DataFrame) -> Iterator[Row]:
    ours = best_of(lambda: cronbach_alpha(data, ci="bootstrap", n_boot=N_BOOT, rng=1))
    name = f"bootstrap alpha ({N_BOOT:,}), {label}"
    yield Row(
        name,
        ours,
        "psych",
        time_r(f"alpha(x, n.iter = {N_BOOT})", data, packages=("psych",), runs=2),
        target_ratio=15,
        note="psych forks over two cores, as it comes",
    )
    yield Row(
        name,
        ours,
        "pingouin loop",
        _pingouin_loop(data) * N_BOOT / LOOPS,
        target_ratio=10,
        note=f"{LOOPS} resamples timed, scaled to {N_BOOT:,}",
    )


def _pingouin_loop(data: pd.DataFrame) -> float:
    """Time ``LOOPS`` resamples, each with pingouin's alpha; the best of three."""
    best = float("inf")
    for _ in range(3):
        rng = np.random.default_rng(1)
        start = time.perf_counter()
        for _ in range(LOOPS):
            pingouin.cronbach_alpha(data.iloc[rng.integers(0, len(data), len(data))])
        best = min(best, time.perf_counter() - start)
    return best


def _omega(label: str, data: pd.DataFrame) -> Iterator[Row]:
    items = list(data.columns)
    loadings = " + ".join(f"l{j}*{name}" for j, name in enumerate(items))
    errors = "; ".join(f"{name} ~~ t{j}*{name}" for j, name in enumerate(items))
    common = "(" + " + ".join(f"l{j}" for j in range(len(items))) + ")^2"
    error = " + ".join(f"t{j}" for j in range(len(items)))
    model = f"f =~ {loadings}; {errors}; omega := {common} / ({common} + {error})"
    yield Row(
        f"omega with interval, {label}",
        best_of(lambda: mcdonald_omega(data)),
        "lavaan",
        time_r(f'parameterEstimates(cfa("{model}", x, std.lv = TRUE))', data, packages=("lavaan",)),
    )
