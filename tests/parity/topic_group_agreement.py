"""Agreement within groups, group ICCs and team means against multilevel, psych and t.test."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.parity.comparison import Comparison, load, read_data
from tests.parity.topic_alpha import TRUST, keyed_bfi
from trustmeasure.agreement import (
    AgreementResult,
    GroupICCResult,
    aggregate,
    group_icc,
    rwg,
    rwg_j,
)
from trustmeasure.errors import DataWarning

SIX = 35 / 12  # the uniform null variance of six answers with all its digits


def _bfi() -> pd.DataFrame:
    frame = keyed_bfi()
    frame["agegroup"] = np.floor(frame["age"] / 5) * 5
    return frame


def _hs() -> pd.DataFrame:
    frame = read_data("hs1939.csv").copy()
    known = frame["school"].notna() & frame["grade"].notna()
    grade = frame["grade"].where(known, 0).astype(int).astype(str)
    frame["class"] = (frame["school"].astype(str) + "-" + grade).where(known)
    return frame


def _spi() -> pd.DataFrame:
    frame = read_data("spi_trust.csv").copy()
    frame["q_871"] = 7 - frame["q_871"]
    frame["trust"] = frame[TRUST].mean(axis=1)
    return frame


def _agreements() -> Iterator[tuple[str, AgreementResult]]:
    bfi, hs, spi = _bfi(), _hs(), _spi()
    scale = {letter: [f"{letter}{i}" for i in range(1, 6)] for letter in "ANC"}
    yield "bfi_education", rwg_j(bfi, cluster="education", items=scale["A"], null_variance=SIX)
    yield "bfi_age", rwg_j(bfi, cluster="agegroup", items=scale["N"], null_variance=SIX)
    yield (
        "bfi_age_skew",
        rwg_j(bfi, cluster="agegroup", items=scale["C"], n_options=6, null="slight_skew"),
    )
    yield "hs_class", rwg_j(hs, cluster="class", items=["x4", "x5", "x6"], null_variance=2)
    yield "spi_education", rwg_j(spi, cluster="education", items=TRUST, n_options=6)
    yield "bfi_age_item", rwg(bfi, cluster="agegroup", item="N3", null_variance=SIX)
    yield "spi_item", rwg(spi, cluster="education", item="q_377", null_variance=SIX)


def _iccs() -> Iterator[tuple[str, GroupICCResult]]:
    hs = _hs()
    yield "icc_bfi_education", group_icc(_bfi(), cluster="education", value="A3")
    yield "icc_bfi_age", group_icc(_bfi(), cluster="agegroup", value="N1")
    yield "icc_hs", group_icc(hs, cluster="class", value="x4")
    yield "icc_hs_negative", group_icc(hs[:60], cluster=np.tile(np.arange(12), 5), value="x7")
    yield "icc_spi", group_icc(_spi(), cluster="education", items=TRUST)
    yield "icc_balanced", group_icc(hs[:240], cluster=np.repeat(np.arange(30), 8), value="x4")


def _by_label(column: pd.Series) -> pd.Series:
    """Name clusters as R does: a whole number without its decimal."""
    return column.rename(lambda label: f"{label:g}" if isinstance(label, float) else str(label))


def comparisons() -> Iterator[Comparison]:
    cases = load("group_agreement")
    with warnings.catch_warnings():
        # Some age groups are further apart than chance; the value of 0 is multilevel's too.
        warnings.simplefilter("ignore", DataWarning)
        agreements = list(_agreements())
    for name, ours in agreements:
        case = cases[name]
        for column in ours.table.columns:
            yield from case.compare(column, _by_label(ours.table[column]))
        for number in ("mean", "median", "share_above"):
            if number in case.values:
                yield from case.compare(number, getattr(ours, number))
    for name, icc in _iccs():
        yield from cases[name].compare("icc", pd.Series(icc.summary()))
        yield from cases[name].compare("icc1_ci", icc.icc1_ci)
        yield from cases[name].compare("icc2_ci", icc.icc2_ci)
    teams = aggregate(_spi(), cluster="education", scales=["trust"])
    case = cases["aggregate_spi"]
    yield from case.compare("teams", teams.table.rename(lambda label: f"{label:g}"))
    yield from case.compare("overall", teams.overall.loc["trust"])
