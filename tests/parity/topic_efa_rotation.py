"""Rotated factors beside psych::fa: pattern, structure, factor correlations, variance.

Both sides order factors by the variance explained and turn them to a positive sum, so
factors meet by position; a difference in order or sign would show in every cell.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_efa_extraction import VARIANCE_ROWS
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import efa


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_rotation").values():
        name, use, n_factors, method, rotation = case.id.split("/")
        result = efa(
            read_data(f"{name}.csv"),
            items=ITEMS[name],
            n_factors=int(n_factors),
            method=method,
            rotation=rotation,
            missing="listwise" if use == "complete" else "pairwise",
        )
        # R's optimisers ran to their limit here (see the R script), so agreement can be closer
        # than the promise of 1e-4.
        near = {"rtol": 0.0, "atol": 5e-6}
        for field in ("loadings", "phi", "structure", "communalities", "uniquenesses"):
            yield from case.compare(field, getattr(result, field), **near)
        yield from case.compare("variance", result.variance.rename(index=VARIANCE_ROWS), **near)
        yield from case.compare("complexity", result.complexity, rtol=1e-5)
        yield from case.compare("chisq", result.chisq, rtol=1e-5)
