"""Parallel analysis beside psych: eigenvalues of the data, counts, and random means."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.comparison import CLOSED_FORM, ESTIMATE, Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.exploratory import parallel_analysis

CHANCE = "both are means over random samples; 200 of psych's leave a standard error near .003"


def comparisons() -> Iterator[Comparison]:
    for case in load("parallel").values():
        name, use = case.id.split("/")
        result = parallel_analysis(
            read_data(f"{name}.csv"),
            items=ITEMS[name],
            missing="listwise" if use == "complete" else "pairwise",
            n_iter=1000,
            rng=1,
        )
        yield from case.compare("components", result.observed["components"], rtol=CLOSED_FORM)
        yield from case.compare("factors", result.observed["factors"], rtol=0, atol=ESTIMATE)
        yield from case.compare("n_factors", result.n_factors)
        yield from case.compare("n_components", result.n_components)
        yield from case.compare(
            "mean_components",
            result.reference_mean["components"],
            rtol=0,
            atol=0.012,
            reason=CHANCE,
        )
