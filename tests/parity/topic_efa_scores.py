"""Factor scores and their determinacy beside psych::factor.scores."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import efa

METHODS = {"Thurstone": "regression", "Bartlett": "bartlett", "tenBerge": "tenberge"}


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_scores").values():
        name, n_factors, rotation, method = case.id.split("/")
        frame = read_data(f"{name}.csv")
        frame = frame[ITEMS.get(name, list(frame.columns))].dropna()
        solution = efa(frame, n_factors=int(n_factors), rotation=rotation)
        found = solution.scores(frame, method=METHODS[method])
        near = {"rtol": 0.0, "atol": 1e-5}
        yield from case.compare("weights", found.weights, **near)
        first = found.scores.head(10).set_axis([str(i + 1) for i in range(10)], axis=0)
        yield from case.compare("scores", first, **near)
        yield from case.compare("correlations", found.correlations, **near)
        yield from case.compare(
            "multiple_r_squared", found.determinacy["multiple_r_squared"], **near
        )
