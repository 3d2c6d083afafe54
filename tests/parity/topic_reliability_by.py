"""Reliability by group and wave, against psych and lavaan in each, and tests of equal alphas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load
from tests.parity.topic_alpha import keyed_bfi
from trustmeasure.reliability import ReliabilityByResult, reliability_by

CLOSED = ("n", "alpha", "ci_low", "ci_high", "se")
OMEGA = ("omega", "omega_ci_low", "omega_ci_high")


def _results() -> Iterator[tuple[str, ReliabilityByResult]]:
    bfi = keyed_bfi()
    agree, neuroticism = ([f"{letter}{i}" for i in range(1, 6)] for letter in "AN")
    bfi["sex"] = "g" + bfi["gender"].astype(str)
    yield "bfi_A_gender", reliability_by(bfi, by="sex", items=agree)
    known = bfi[bfi["education"].notna()].copy()
    known["schooling"] = "e" + known["education"].astype(int).astype(str)
    yield "bfi_N_education", reliability_by(known, by="schooling", items=neuroticism)
    both = bfi.iloc[:, :10].dropna()
    first, second = both.iloc[:, :5], both.iloc[:, 5:].set_axis(agree, axis=1)
    waves = pd.concat([first.assign(wave="w1"), second.assign(wave="w2")])
    waves["person"] = np.tile(np.arange(len(both)), 2)
    yield "bfi_waves", reliability_by(waves, by="wave", respondent="person")


def comparisons() -> Iterator[Comparison]:
    for name, ours in _results():
        case = load("reliability_by")[name]
        yield from case.compare("table", ours.table, columns={c: c for c in CLOSED})
        yield from case.compare("table", ours.table, columns={c: c for c in OMEGA}, atol=1e-5)
        test = pd.Series({"chisq": ours.chisq, "df": ours.df, "pvalue": ours.pvalue})
        yield from case.compare("test", test)
