"""Coefficient alpha against psych::alpha, cell by cell."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from trustmeasure.errors import DataWarning
from trustmeasure.reliability import AlphaResult, cronbach_alpha

TOTAL = {
    "raw_alpha": "estimate",
    "std.alpha": "standardized",
    "G6(smc)": "lambda6",
    "average_r": "mean_r",
    "S/N": "signal_to_noise",
    "ase": "se",
    "mean": "mean",
    "sd": "sd",
    "median_r": "median_r",
}
ITEM_STATS = {
    "n": "n",
    "raw.r": "raw_r",
    "std.r": "std_r",
    "r.cor": "r_cor",
    "r.drop": "r_drop",
    "mean": "mean",
    "sd": "sd",
}
ALPHA_DROP = {
    "raw_alpha": "alpha_drop",
    "std.alpha": "std_alpha_drop",
    "G6(smc)": "lambda6_drop",
    "average_r": "mean_r_drop",
    "S/N": "signal_to_noise_drop",
    "alpha se": "se_drop",
    "var.r": "var_r_drop",
    "med.r": "median_r_drop",
}
SCALES = {
    "agree": "A",
    "conscientious": "C",
    "extraversion": "E",
    "neuroticism": "N",
    "openness": "O",
}
REVERSED = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
TRUST = ["q_1855", "q_4289", "q_377", "q_379", "q_871"]


def keyed_bfi() -> pd.DataFrame:
    """Give bfi with its negatively worded items reversed."""
    frame = read_data("bfi.csv").copy()
    frame[REVERSED] = 7 - frame[REVERSED]
    return frame


def keyed_trust() -> pd.DataFrame:
    """Give the five trust items with the last one reversed."""
    frame = read_data("spi_trust.csv")[TRUST].copy()
    frame["q_871"] = 7 - frame["q_871"]
    return frame


def _results() -> Iterator[tuple[str, AlphaResult]]:
    bfi = keyed_bfi()
    for name, letter in SCALES.items():
        for missing in ("listwise", "pairwise"):
            items = [f"{letter}{i}" for i in range(1, 6)]
            yield f"bfi_{name}_{missing}", cronbach_alpha(bfi, items=items, missing=missing)
    every = [f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)]
    for missing in ("listwise", "pairwise"):
        yield f"bfi_all_{missing}", _quiet(bfi, every, missing)
    yield "bfi_unkeyed_pairwise", _quiet(read_data("bfi.csv"), every[:5], "pairwise")
    yield "bfi_two_items", cronbach_alpha(bfi, items=["N1", "N2"])
    yield "bfi_three_items", cronbach_alpha(bfi, items=["N1", "N2", "N3"])
    yield "spi_trust", cronbach_alpha(keyed_trust(), missing="pairwise")
    yield "hs1939", cronbach_alpha(read_data("hs1939.csv"), items=[f"x{i}" for i in range(1, 10)])


def _quiet(frame: pd.DataFrame, items: list[str], missing: str) -> AlphaResult:
    with warnings.catch_warnings():
        # Items of several scales, or one left unreversed: the warning is right, and expected.
        warnings.simplefilter("ignore", DataWarning)
        return cronbach_alpha(frame, items=items, missing=missing)


def comparisons() -> Iterator[Comparison]:
    cases = load("alpha")
    for name, ours in _results():
        case = cases[name]
        fields = pd.Series({reference: getattr(ours, own) for reference, own in TOTAL.items()})
        yield from case.compare("total", fields)
        yield from case.compare(
            "feldt", pd.Series({"ci_low": ours.ci_low, "ci_high": ours.ci_high})
        )
        signs = ours.items.rename(index=str)
        yield from case.compare("item_stats", signs, columns=ITEM_STATS)
        if "alpha_drop" in case.values:  # absent with two items, where psych's rule is not ours
            yield from case.compare("alpha_drop", signs, columns=ALPHA_DROP)
    intervals = cases["spi_trust_intervals"]
    for ci in ("bonett", "asymptotic"):
        ours = cronbach_alpha(keyed_trust(), ci=ci)
        yield from intervals.compare(
            ci, pd.Series({"ci_low": ours.ci_low, "ci_high": ours.ci_high})
        )
