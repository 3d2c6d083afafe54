"""What an added item and an added case cost: up to 150 items and 100,000 cases, no peers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pandas as pd
from peers import Row, best_of, five_point_answers

from trustmeasure.correlation import correlate
from trustmeasure.exploratory import efa, parallel_analysis
from trustmeasure.reliability import cronbach_alpha, item_analysis

ITEMS = (20, 40, 80, 150)
CASES = (1_000, 10_000, 100_000)

TASKS: dict[str, Callable[[pd.DataFrame], object]] = {
    "full item analysis": item_analysis,
    "bootstrap alpha (2,000)": lambda data: cronbach_alpha(data, ci="bootstrap", rng=1),
    "efa minres oblimin, 3 factors": lambda data: efa(data, n_factors=3),
    "parallel analysis (1,000)": lambda data: parallel_analysis(data, rng=1),
    "polychoric matrix": lambda data: correlate(data, correlation="polychoric"),
}


def rows() -> Iterator[Row]:
    """Give a row for each design, its note the cost of the last added items or cases."""
    for name, task in TASKS.items():
        for designs in ([(1_000, p) for p in ITEMS], [(n, 20) for n in CASES[1:]]):
            before: tuple[int, int, float] | None = None
            for n, p in designs:
                data = five_point_answers(n, p)
                seconds = best_of(lambda d=data, t=task: t(d), runs=2, at_least=0.0)
                yield Row(f"{name}, {n:,} x {p}", seconds, "", None, None,
                          _note(before, n, p, seconds) + _memory(task, data))  # fmt: skip
                before = (n, p, seconds)


def _note(before: tuple[int, int, float] | None, n: int, p: int, seconds: float) -> str:
    if before is None:
        return ""
    cases, items, then = before
    if p > items:
        return f"{(seconds - then) / (p - items) * 1e3:.3g} ms an item; "
    return f"{(seconds - then) / (n - cases) * 1e6:.3g} µs a case; "


def _memory(task: Callable[[pd.DataFrame], object], data: pd.DataFrame) -> str:
    tracemalloc.start()
    task(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"at most {peak / 1e6:.0f} MB"
