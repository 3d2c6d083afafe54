"""Multitrait–multimethod matrices against base R and psych."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load
from tests.parity.topic_alpha import keyed_bfi
from trustmeasure.validity import mtmm

METHODS = {"first": (1, 2), "second": (3, 4), "last": (5,)}


def comparisons() -> Iterator[Comparison]:
    measures = {
        (trait, method): [f"{trait}{i}" for i in places]
        for trait in "ACEO"
        for method, places in METHODS.items()
    }
    for missing in ("listwise", "pairwise"):
        case = load("mtmm")[f"bfi_{missing}"]
        ours = mtmm(keyed_bfi(), measures, missing=missing)
        names = [" ".join(key) for key in ours.matrix.index]
        matrix = pd.DataFrame(ours.matrix.to_numpy(), index=names, columns=names)
        yield from case.compare("matrix", matrix)
        yield from case.compare("n_met", list(ours.comparisons["n_met"]))
        yield from case.compare("n", list(ours.comparisons["n"]))
        yield from case.compare("concordance", ours.concordance)
