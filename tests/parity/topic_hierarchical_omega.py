"""Omega with a general factor and group factors against psych."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Case, Comparison, load, read_data
from trustmeasure.errors import TrustMeasureWarning
from trustmeasure.reliability import HierarchicalOmegaResult, mcdonald_omega

# Extraction and rotation are iterative on both sides; run to their limits they agree far
# closer than the promised 1e-4.
TIGHT = 2e-6
ROTATIONS = {"geominQ": "geomin_oblique"}


def _data(name: str) -> pd.DataFrame:
    if name == "hs1939":
        return read_data("hs1939.csv")[[f"x{i}" for i in range(1, 10)]]
    if name == "spi_trust":
        return read_data("spi_trust.csv")[["q_1855", "q_4289", "q_377", "q_379", "q_871"]]
    bfi = read_data("bfi.csv").iloc[:, :25]
    if name == "bfi_pairwise":
        return bfi
    return bfi.dropna().iloc[:, :10] if name == "bfi_AC" else bfi.dropna()


def _result(case: Case) -> HierarchicalOmegaResult:
    name, m, method, rotation, *option = case.id.split("/")
    with warnings.catch_warnings():  # unflipped items, and a bound of second order
        warnings.simplefilter("ignore", TrustMeasureWarning)
        found = mcdonald_omega(
            _data(name),
            n_factors=int(m),
            method=method,
            rotation=ROTATIONS.get(rotation, rotation),
            option=option[0] if option else "equal",
            flip=name != "bfi_unflipped",
            correlation="polychoric" if name == "bfi_polychoric" else "pearson",
            missing="pairwise" if name == "bfi_pairwise" else "listwise",
            ci=None,
        )
    assert isinstance(found, HierarchicalOmegaResult)
    return found


def comparisons() -> Iterator[Comparison]:
    for case in load("hierarchical_omega").values():
        ours = _result(case)
        reference = case.values["oblique"]
        theirs = pd.DataFrame(
            reference["values"], index=reference["rows"], columns=reference["columns"]
        )
        # The sign of a factor is free, and with it that of its loading on the general one.
        signs = pd.Series(np.sign((theirs * ours.pattern).sum()), index=theirs.columns)
        key = pd.Series(case.values["key"])
        # So is the direction of the general factor, which psych takes as it comes.
        general = pd.Series(
            [row[0] for row in case.values["loadings"]["values"]], index=reference["rows"]
        )
        turned = np.sign((general * key * _unflipped(ours)).sum())
        flips = pd.Series(1.0, index=theirs.index)
        flips[list(ours.flipped)] = -1.0
        table = ours.to_frame().rename(columns={"communality": "h2", "uniqueness": "u2"})
        unkeyed = table[ours.pattern.columns].mul(flips, axis=0) * signs
        table[ours.pattern.columns] = unkeyed.mul(key, axis=0)
        table["general"] = _unflipped(ours) * turned * key
        yield from case.compare("total", pd.Series(ours.summary()), rtol=0, atol=TIGHT)
        yield from case.compare("omega_group", ours.omega_group, rtol=0, atol=TIGHT)
        yield from case.compare("loadings", table, rtol=0, atol=TIGHT)
        yield from case.compare("oblique", ours.pattern * signs, rtol=0, atol=TIGHT)
        phi = ours.phi.mul(signs, axis=0) * signs
        yield from case.compare("phi", phi, rtol=0, atol=TIGHT)
        second = ours.second_order * signs * turned
        yield from case.compare("second_order", second, rtol=0, atol=TIGHT)
        whole = flips * (turned if case.values["key"] != dict.fromkeys(flips.index, 1) else 1.0)
        yield from case.compare("key", whole, rtol=0, atol=0)


def _unflipped(ours: HierarchicalOmegaResult) -> pd.Series:
    """Give the general loadings of the items as they were answered."""
    signs = pd.Series(1.0, index=ours.general_loadings.index)
    signs[list(ours.flipped)] = -1.0
    return ours.general_loadings * signs
