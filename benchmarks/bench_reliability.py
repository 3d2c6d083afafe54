"""Item analysis, bootstrap alpha and omega beside psych, pingouin and lavaan."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import peers
import pingouin
from peers import Row, best_of, time_r

from trustmeasure.kernels.split_halves import n_splits
from trustmeasure.reliability import (
    cronbach_alpha,
    guttman_lambdas,
    item_analysis,
    mcdonald_omega,
    rater_icc,
    split_half,
)

N_BOOT = 2000
LOOPS = 100  # of the pingouin loop that are timed


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    for label, data in (
        ("1,000 x 20 five-point items", peers.five_point_answers(1000, 20)),
        ("20,000 x 20 five-point items", peers.five_point_answers(20_000, 20)),
        ("SPI trust, 4,000 x 5", peers.spi_trust()),
    ):
        yield from _alpha(label, data)
        yield from _item_analysis(label, data)
        yield from _bootstrap(label, data)
        yield from _omega(label, data)
    yield from _halves("1,000 x 10 items", peers.five_point_answers(1000, 10))
    yield from _halves("1,000 x 16 items", peers.five_point_answers(1000, 16))
    yield from _raters("200 targets x 6 raters", peers.five_point_answers(200, 6))


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


def _halves(label: str, data: pd.DataFrame) -> Iterator[Row]:
    k = data.shape[1]
    yield Row(
        f"all {n_splits(k):,} split halves, {label}",
        best_of(lambda: split_half(data, standardized=True, ci=None)),
        "psych",
        time_r("splitHalf(x)", data, packages=("psych",), calls=10),
        target_ratio=10 if k > 10 else None,
        note="" if k > 10 else "a millisecond of ours is checks and the table",
    )
    yield Row(
        f"Guttman's lambdas, {label}",
        best_of(lambda: guttman_lambdas(data, standardized=True)),
        "psych",
        time_r("guttman(x)", data, packages=("psych",), calls=5),
        target_ratio=10,
        note="psych also extracts factors",
    )


def _raters(label: str, data: pd.DataFrame) -> Iterator[Row]:
    ours = best_of(lambda: rater_icc(data))
    yield Row(
        f"intraclass correlations of raters, {label}",
        ours,
        "psych",
        time_r("ICC(x, lmer = FALSE)", data, packages=("psych",), calls=5),
        target_ratio=10,
    )
    rows = data.rename_axis("target").reset_index().melt("target", var_name="rater")
    yield Row(
        f"intraclass correlations of raters, {label}",
        ours,
        "pingouin",
        best_of(
            lambda: pingouin.intraclass_corr(
                data=rows, targets="target", raters="rater", ratings="value"
            ),
            runs=2,
        ),
        target_ratio=10,
    )
    gaps = data.mask(np.random.default_rng(1).random(data.shape) < 0.1)
    yield Row(
        f"the same with a tenth of the ratings missing, {label}",
        best_of(lambda: rater_icc(gaps)),
        "psych (lme4)",
        time_r("ICC(x)", gaps, packages=("psych",), calls=5),
        target_ratio=4,
    )
