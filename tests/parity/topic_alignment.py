"""Alignment beside the formula of Asparouhov and Muthén (2014), minimised anew in R."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.invariance import AlignmentResult, alignment

ITEMS = {"neuro": "N", "extra": "E"}


def comparisons() -> Iterator[Comparison]:
    for case in load("alignment").values():
        name, method = case.id.split("/")
        result = aligned(name, method)
        means = result.means.droplevel("factor")
        means.index = [str(int(label)) for label in means.index]
        yield from case.compare("table", means, atol=ESTIMATE)
        yield from case.compare("simplicity", result.simplicity[name], rtol=1e-6)
        for kind in ("loading", "intercept"):
            own = result.parameters["aligned"].xs(kind, level="parameter").loc[name]
            frame = own.unstack("item")
            frame.index = [str(int(label)) for label in frame.index]
            yield from case.compare(kind, frame, atol=ESTIMATE)


def aligned(name: str, method: str) -> AlignmentResult:
    """Align one factor over levels of education."""
    items = [f"{ITEMS[name]}{j}" for j in range(1, 6)]
    every = [f"{letter}{j}" for letter in ITEMS.values() for j in range(1, 6)]
    data = read_data("bfi.csv").dropna(subset=[*every, "education"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return alignment(f"{name} =~ {' + '.join(items)}", data, group="education", method=method)
