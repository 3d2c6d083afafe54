"""Correlations of ordered answers beside psych and lavaan, and how they grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from functools import partial

from peers import Row, best_of, five_point_answers, time_r

from trustmeasure.correlation import correlate, polychoric, tetrachoric

PSYCH, LAVAAN = ("psych",), ("lavaan",)


def rows() -> Iterator[Row]:
    """Give the rows of the table: side by side first, then growth without a peer."""
    for n in (1_000, 20_000):
        data = five_point_answers(n, 20)
        label = f"polychoric, {n:,} x 20, thresholds and standard errors"
        ours = best_of(lambda d=data: polychoric(d))
        theirs = time_r("polychoric(x)", data, packages=PSYCH)
        yield Row(label, ours, "psych", theirs, 15, "psych gives no errors, on two cores")
        call = "lavCor(x, ordered = names(x))"
        theirs = time_r(call, data, packages=LAVAAN, runs=2)
        yield Row(label, ours, "lavaan", theirs, 15, "lavaan without errors")
        ours = best_of(lambda d=data: correlate(d, correlation="polychoric"))
        yield Row(f"polychoric matrix alone, {n:,} x 20", ours, "lavaan", theirs, 15)
        binary = (data > 3).astype(int)
        ours = best_of(partial(tetrachoric, binary))
        theirs = time_r("tetrachoric(x)", binary, packages=PSYCH, runs=2)
        note = "psych gives no errors"
        yield Row(f"tetrachoric, {n:,} x 20, with errors", ours, "psych", theirs, note=note)
    for n, p in ((1_000, 40), (1_000, 80), (1_000, 150), (100_000, 20), (100_000, 150)):
        data = five_point_answers(n, p)
        ours = best_of(lambda d=data: correlate(d, correlation="polychoric"), runs=2)
        yield Row(f"polychoric matrix alone, {n:,} x {p}", ours, "", None, None, _peak(data))


def _peak(data: object) -> str:
    """Say how much memory the call takes at most."""
    tracemalloc.start()
    correlate(data, correlation="polychoric")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"at most {peak / 1e6:.0f} MB"
