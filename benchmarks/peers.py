"""How the benchmarks measure: one thread, best of several runs, R timed inside R.

Import this before NumPy, so that the linear algebra libraries see how many threads to use.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run from a checkout as well as from an installation

import numpy as np  # noqa: E402  (after the number of threads is set)
import pandas as pd  # noqa: E402

# The model of three_factors().
ITEMS = {"a": range(1, 8), "b": range(8, 15), "c": range(15, 21)}
MODEL = "\n".join(
    f"{name} =~ " + " + ".join(f"q{i}" for i in items) for name, items in ITEMS.items()
)
# What a fitted model of ours holds from the start, asked of lavaan's.
EVERYTHING = "fitMeasures(f); standardizedSolution(f)"


@dataclass(frozen=True)
class Row:
    """One line of the table: our time beside a peer's for the same task.

    ``peer_seconds`` is None where the peer is not installed, ``target_ratio`` where nothing
    is promised.
    """

    name: str
    ours_seconds: float
    peer: str
    peer_seconds: float | None
    target_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times faster we are."""
        return None if self.peer_seconds is None else self.peer_seconds / self.ours_seconds

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or no peer."""
        if self.ratio is None or self.target_ratio is None:
            return None
        return self.ratio >= self.target_ratio


def best_of(task: Callable[[], Any], *, runs: int = 7, at_least: float = 0.05) -> float:
    """Time ``task`` after a warm-up: seconds a call, the best of ``runs``.

    Short tasks are called in a loop of at least ``at_least`` seconds a run.
    """
    task()
    start = time.perf_counter()
    task()
    once = time.perf_counter() - start
    calls = max(1, int(at_least / max(once, 1e-7)))
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(calls):
            task()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def time_r(
    expression: str,
    data: pd.DataFrame,
    *,
    packages: tuple[str, ...],
    before: str = "",
    calls: int = 1,
    runs: int = 3,
) -> float | None:
    """Time an R expression on the data frame ``x``, inside R: seconds a call, best of ``runs``.

    What stands in ``before`` is done once, and not timed. None where R or a package is missing.
    """
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data.to_csv(Path(folder) / "x.csv", index=False)
        script = Path(folder) / "time.R"
        script.write_text(
            f"""
            x <- read.csv("{(Path(folder) / "x.csv").as_posix()}")
            suppressMessages({{ {"; ".join(f"library({package})" for package in packages)} }})
            quiet <- function() suppressMessages(suppressWarnings({{ {expression} }}))
            sink(nullfile())
            suppressMessages(suppressWarnings({{ {before} }}))
            if ({calls} > 1) quiet()  # warm up, where a call is short
            times <- replicate({runs}, system.time(for (i in 1:{calls}) quiet())[["elapsed"]])
            sink()
            cat("seconds:", format(min(times) / {calls}, digits = 12), "\\n")
            """,
            encoding="utf-8",
        )
        done = subprocess.run(
            ["Rscript", "--vanilla", str(script)], capture_output=True, text=True, check=False
        )
    found = [line for line in done.stdout.splitlines() if line.startswith("seconds:")]
    return float(found[-1].split()[1]) if done.returncode == 0 and found else None


def reckoned(seconds: float | None, times: float) -> float | None:
    """Reckon what more of the same would take, from a part that was timed."""
    return None if seconds is None else seconds * times


def fits_by_lavaan(models: Iterable[str], arguments: str = "") -> str:
    """Write R that fits models to ``x`` as f1, f2, … and asks what ours hold from the start."""
    return "; ".join(
        f"f{k} <- cfa('{model}', x{arguments}); {EVERYTHING.replace('(f)', f'(f{k})')}"
        for k, model in enumerate(models, 1)
    )


def five_point_answers(n: int, k: int, *, seed: int = 1) -> pd.DataFrame:
    """Make answers of ``n`` persons to ``k`` five-point items of one factor."""
    rng = np.random.default_rng(seed)
    latent = 0.7 * rng.normal(size=(n, 1)) + np.sqrt(1 - 0.49) * rng.normal(size=(n, k))
    codes = np.clip(np.round(latent * 1.1 + 3), 1, 5)
    return pd.DataFrame(codes, columns=[f"q{j + 1}" for j in range(k)])


def three_factors(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Make answers of ``n`` persons to items of three correlated factors."""
    rng = np.random.default_rng(seed)
    between = np.array([[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]])
    factors = rng.multivariate_normal(np.zeros(3), between, size=n)
    found = {}
    for place, items in enumerate(ITEMS.values()):
        for i in items:
            loading = 0.5 + 0.02 * i
            behind = loading * factors[:, place] + np.sqrt(1 - loading**2) * rng.normal(size=n)
            found[f"q{i}"] = np.clip(np.round(behind * 1.1 + 3 + 0.3 * (i % 3)), 1, 5)
    return pd.DataFrame(found)


def spi_trust() -> pd.DataFrame:
    """Read the five real trust items, keyed."""
    frame = pd.read_csv(ROOT / "tests" / "data" / "spi_trust.csv")
    items = frame[["q_1855", "q_4289", "q_377", "q_379", "q_871"]].astype(float)
    return items.assign(q_871=7 - items["q_871"])
