"""Guttman's lambdas against psych::guttman, and Spearman-Brown against its formula."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import (
    LambdasResult,
    guttman_lambdas,
    spearman_brown,
    spearman_brown_length,
)


def item_sets() -> dict[str, pd.DataFrame]:
    """Give the sets of items that the lower bounds are compared on."""
    bfi, trust, attitude = keyed_bfi(), keyed_trust(), read_data("attitude.csv")
    sets = {f"bfi_{letter}": bfi[[f"{letter}{i}" for i in range(1, 6)]] for letter in "ACENO"}
    sets["bfi_AC"] = bfi[[f"{letter}{i}" for letter in "AC" for i in range(1, 6)]]
    sets["bfi_CE6"] = bfi[["C1", "C2", "C3", "E1", "E2", "E3"]]
    sets["bfi_25"] = bfi[[f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)]]
    sets["spi_trust"] = trust
    sets["spi_trust_4"] = trust.iloc[:, :4]
    sets["attitude"] = attitude
    sets["attitude_6"] = attitude.iloc[:, :6]
    return sets


def lambdas(data: pd.DataFrame, *, standardized: bool, missing: str = "listwise") -> LambdasResult:
    with warnings.catch_warnings():
        # Items of several scales: the warning is right, and expected.
        warnings.simplefilter("ignore", DataWarning)
        return guttman_lambdas(data, standardized=standardized, missing=missing, rng=1)


def comparisons() -> Iterator[Comparison]:
    cases = load("lower_bounds")
    sets = item_sets()
    for name, data in sets.items():
        ours = lambdas(data, standardized=True).to_frame()["estimate"]
        yield from cases[name].compare("lambdas", ours)
        if "lambda4" in cases[name].values:
            yield from cases[name].compare("lambda4", ours)
        if f"{name}_raw" in cases:
            raw = lambdas(data, standardized=False).to_frame()["estimate"]
            yield from cases[f"{name}_raw"].compare("lambdas", raw)
    for name in ("bfi_A", "bfi_AC"):
        ours = lambdas(sets[name], standardized=True, missing="pairwise").to_frame()["estimate"]
        case = cases[f"{name}_pairwise"]
        yield from case.compare("lambdas", ours)
        if "lambda4" in case.values:
            yield from case.compare("lambda4", ours)
    prophecy = cases["spearman_brown"]
    rho = pd.Series([0.1, 0.3, 0.6, 0.85])
    predicted = [value for m in (0.5, 1, 2, 3.5) for value in spearman_brown(rho, length=m)]
    yield from prophecy.compare("predicted", predicted)
    lengths = [v for t in (0.5, 0.7, 0.9) for v in spearman_brown_length(rho, target=t)]
    yield from prophecy.compare("length", lengths)
