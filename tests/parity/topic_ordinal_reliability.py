"""Ordinal alpha against psych, categorical omega against semTools."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load
from tests.parity.topic_alpha import keyed_bfi, keyed_trust
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import categorical_omega, ordinal_alpha

# Two-step polychorics are iterative on both sides, lavaan's to about 1e-8; all that follows
# inherits that, far inside the promised 1e-4.
TIGHT = 1e-6
LOADING = 1e-5  # nlminb stops a little before the minimum of 25 loadings
METHODS = {"WLSMV": "dwls", "ULSMV": "uls"}


def _blocks() -> dict[str, pd.DataFrame]:
    bfi = keyed_bfi()
    blocks = {f"bfi_{letter}": bfi[[f"{letter}{i}" for i in range(1, 6)]] for letter in "ACENO"}
    mixed = blocks["bfi_C"].copy()
    mixed["C1"] = np.where(mixed["C1"].isna(), np.nan, (mixed["C1"] > 4).astype(float))
    mixed["C3"] = mixed["C3"].clip(upper=4)
    everything = pd.concat(list(blocks.values()), axis=1)
    return {
        **blocks,
        "spi_trust": keyed_trust(),
        "bfi_25": everything,
        "bfi_C_mixed": mixed,
    }


COLUMNS = {
    "r": "std_r",
    "r.cor": "r_cor",
    "r.drop": "r_drop",
    "raw_alpha": "alpha_drop",
    "G6(smc)": "lambda6_drop",
    "average_r": "mean_r_drop",
    "med.r": "median_r_drop",
}


def comparisons() -> Iterator[Comparison]:
    with warnings.catch_warnings():  # of the 25 items some point the other way
        warnings.simplefilter("ignore", DataWarning)
        yield from _comparisons()


def _comparisons() -> Iterator[Comparison]:
    blocks = _blocks()
    for case in load("ordinal_reliability").values():
        name, what = case.id.split("/")
        if what == "alpha":
            alpha = ordinal_alpha(blocks[name], ci="asymptotic")
            yield from case.compare("total", pd.Series(alpha.summary()), rtol=0, atol=TIGHT)
            yield from case.compare("items", alpha.items, rtol=0, atol=TIGHT, columns=COLUMNS)
            yield from case.compare("correlation", alpha.correlation, rtol=0, atol=TIGHT)
            yield from case.compare("se", alpha.se, rtol=1e-5)
            continue
        omega = categorical_omega(blocks[name], ci=None, method=METHODS[what])
        yield from case.compare("loadings", omega.loadings["loading"], rtol=0, atol=LOADING)
        yield from case.compare("omega", pd.Series(omega.summary()), rtol=0, atol=TIGHT)
        ordinal = ordinal_alpha(blocks[name], ci=None).estimate
        ours = {"alpha.ord": ordinal, "omega": omega.estimate, "omega3": omega.observed}
        yield from case.compare("reliability", ours, rtol=0, atol=TIGHT)
