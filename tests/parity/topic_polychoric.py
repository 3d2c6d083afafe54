"""Polychoric and tetrachoric correlations beside lavaan and psych."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import CLOSED_FORM, Comparison, load, read_data
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.correlation import polychoric, tetrachoric
from trustmeasure.errors import DataWarning

# lavaan maximises each pair's likelihood, too, but stops where its optimiser is content.
CONVERGED = {"rtol": 0.0, "atol": 1e-6}
# psych's search may stop 1.2e-4 (the fourth root of the machine's precision) short.
ROUGH = {"rtol": 0.0, "atol": 3e-4, "reason": "psych stops searching within 1.2e-4"}


def data_of(name: str) -> pd.DataFrame:
    source = name.removesuffix("_two").removesuffix("_rare")
    data = read_data(f"{source}.csv")[ITEMS[source]]
    if source != name:
        complete = data.dropna()
        yes = (complete > 3 if name.endswith("_two") else complete[:60] > 5).astype(int)
        return yes.iloc[:, [1, 2, 3, 4, 11, 12, 13, 14]]
    return data


def comparisons() -> Iterator[Comparison]:
    for case in load("polychoric").values():
        name, source = case.id.split("/")
        if source == "lavaan":
            result = polychoric(data_of(name), missing="listwise")
            yield from case.compare("correlation", result.correlation, **CONVERGED)
            yield from case.compare("se", result.se, **CONVERGED)
        elif name == "bfi_rare":
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*not positive definite", DataWarning)
                result = tetrachoric(
                    data_of(name), thresholds=source.split("_")[1], correction=0.5, smooth=False
                )
            yield from case.compare("correlation", result.correlation, **ROUGH)
        elif source == "psych":
            result = tetrachoric(data_of(name))
            yield from case.compare("correlation", result.correlation, **ROUGH)
        else:
            own = source == "psych_pairwise"
            result = polychoric(
                data_of(name),
                thresholds="pairwise" if own else "global",
                correction=0.5 if own else 0.0,
            )
            yield from case.compare("correlation", result.correlation, **ROUGH)
        cuts = {
            f"{item}|{cut}": value
            for item, row in result.thresholds.iterrows()
            for cut, value in row.items()
        }
        yield from case.compare("thresholds", cuts, rtol=CLOSED_FORM)
