"""Omegas of several factors, of ordered answers and of two levels beside psych and semTools."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import peers
from peers import ROOT, Row, best_of, time_r

from trustmeasure.reliability import (
    categorical_omega,
    mcdonald_omega,
    multilevel_reliability,
    ordinal_alpha,
)

N_BOOT = 50


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    bfi = pd.read_csv(ROOT / "tests" / "data" / "bfi.csv").iloc[:, :25].dropna()
    yield from _hierarchical("BFI, 2,436 x 25, five factors", bfi)
    for label, data in (
        ("1,000 x 20 five-point items", peers.five_point_answers(1000, 20)),
        ("SPI trust, 4,000 x 5", peers.spi_trust()),
    ):
        yield from _ordered(label, data)
    clustered = pd.read_csv(ROOT / "tests" / "data" / "clustered.csv")
    yield from _two_levels("771 persons in 120 teams, 5 items", clustered.drop(columns="y6"))


def _hierarchical(label: str, data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        f"hierarchical omega, {label}",
        best_of(lambda: mcdonald_omega(data, n_factors=5, ci=None)),
        "psych",
        time_r("omega(x, 5, plot = FALSE)", data, packages=("psych",), calls=3),
    )
    yield Row(
        f"hierarchical omega, bootstrap ({N_BOOT}), {label}",
        best_of(lambda: mcdonald_omega(data, n_factors=5, n_boot=N_BOOT, rng=1), runs=2),
        "psych",
        time_r(f"omega(x, 5, n.iter = {N_BOOT}, plot = FALSE)", data, packages=("psych",), runs=1),
        target_ratio=15,
    )


def _ordered(label: str, data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        f"ordinal alpha, {label}",
        best_of(lambda: ordinal_alpha(data, ci=None)),
        "psych",
        time_r("psych::alpha(polychoric(x)$rho)", data, packages=("psych",), runs=2),
        target_ratio=15,
    )
    model = "f =~ " + " + ".join(data.columns)
    yield Row(
        f"categorical omega, {label}",
        best_of(lambda: categorical_omega(data, ci=None)),
        "semTools",
        time_r(
            f'compRelSEM(cfa("{model}", x, ordered = names(x), std.lv = TRUE))',
            data,
            packages=("lavaan", "semTools"),
            runs=1,
        ),
        note="a one-factor WLSMV model by lavaan, its tests included",
    )


def _two_levels(label: str, data: pd.DataFrame) -> Iterator[Row]:
    items = " + ".join(data.columns[1:])
    model = f"level: 1\\n fw =~ {items}\\n level: 2\\n fb =~ {items}"
    yield Row(
        f"multilevel reliability, {label}",
        best_of(lambda: multilevel_reliability(data, cluster="team")),
        "semTools",
        time_r(
            f'reliability(cfa("{model}", x, cluster = "team", std.lv = TRUE))',
            data,
            packages=("lavaan", "semTools"),
            runs=1,
        ),
        note="a two-level model by lavaan; ours gives alphas and ICCs with errors as well",
    )
