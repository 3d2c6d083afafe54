"""Factor analysis and the number of factors beside factor_analyzer and psych."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import peers
from factor_analyzer import FactorAnalyzer
from peers import Row, best_of, time_r

from trustmeasure.exploratory import efa, map_test, parallel_analysis, schmid_leiman
from trustmeasure.exploratory import n_factors as count_factors

PSYCH = ("psych", "GPArotation")
DESIGNS = (("minres", "oblimin"), ("ml", "varimax"))


def rows() -> Iterator[Row]:
    """Give the rows of the table."""
    bfi = pd.read_csv(peers.ROOT / "tests" / "data" / "bfi.csv").iloc[:, :25].dropna()
    simulated = _three_factors(1000, 20)
    for label, data, n_factors in (
        ("bfi, 2,436 x 25, 5 factors", bfi, 5),
        ("1,000 x 20, 3 factors", simulated, 3),
        ("20,000 x 20, 3 factors", _three_factors(20_000, 20), 3),
    ):
        for method, rotation in DESIGNS:
            yield from _efa(label, data, n_factors, method, rotation)
    yield from _geomin(bfi)
    for label, data in (
        ("bfi, 2,436 x 25", bfi),
        ("1,000 x 20", simulated),
        ("SPI trust, 4,000 x 5", peers.spi_trust()),
    ):
        yield from _parallel(label, data)
    yield from _independence()
    yield from _polychoric()
    yield from _criteria(simulated)
    yield from _second_order(simulated)


def _efa(
    label: str, data: pd.DataFrame, n_factors: int, method: str, rotation: str
) -> Iterator[Row]:
    name = f"efa {method} {rotation}, {label}"
    ours = best_of(lambda: efa(data, n_factors=n_factors, method=method, rotation=rotation))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an argument that scikit-learn renamed
        theirs = best_of(
            lambda: FactorAnalyzer(n_factors, method=method, rotation=rotation).fit(data)
        )
    yield Row(name, ours, "factor_analyzer", theirs, target_ratio=2, note="loadings, no fit")
    yield Row(
        name,
        ours,
        "psych",
        time_r(
            f'fa(x, {n_factors}, fm = "{method}", rotate = "{rotation}")',
            data,
            packages=PSYCH,
            calls=10,
        ),
        target_ratio=2,
    )


def _geomin(bfi: pd.DataFrame) -> Iterator[Row]:
    """Oblique geomin, from one start as GPArotation, and from thirty; and its errors."""
    options = {"n_factors": 5, "rotation": "geomin_oblique"}
    for n_starts in (1, 30):
        rotations = "" if n_starts == 1 else f", n.rotations = {n_starts}"
        yield Row(
            f"efa minres geomin_oblique, {n_starts} start(s), bfi, 2,436 x 25, 5 factors",
            best_of(lambda n=n_starts: efa(bfi, **options, n_starts=n)),
            "psych",
            time_r(
                f'fa(x, 5, fm = "minres", rotate = "geominQ"{rotations})',
                bfi,
                packages=PSYCH,
                calls=3,
            ),
            target_ratio=2,
        )
    yield Row(
        "efa minres oblimin, 100 bootstrap samples, bfi, 2,436 x 25, 5 factors",
        best_of(lambda: efa(bfi, n_factors=5, ci="bootstrap", n_boot=100, rng=1)),
        "psych",
        time_r('fa(x, 5, fm = "minres", n.iter = 100)', bfi, packages=PSYCH),
        target_ratio=2,
    )


def _parallel(label: str, data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        f"parallel analysis (1,000), {label}",
        best_of(lambda: parallel_analysis(data, rng=1)),
        "psych",
        time_r("fa.parallel(x, n.iter = 20, plot = FALSE)", data, packages=PSYCH, calls=2),
        target_ratio=10,
        note="psych runs 20, each of resampled and of normal answers, forked over two cores",
    )


def _independence() -> Iterator[Row]:
    """Beside ourselves: a hundred times as many persons may make little difference."""
    few, many = _three_factors(1000, 20), _three_factors(100_000, 20)
    name = "parallel analysis (1,000), 100,000 x 20"
    ours = best_of(lambda: parallel_analysis(many, rng=1))
    yield Row(
        name,
        ours,
        "ours, n = 1,000",
        best_of(lambda: parallel_analysis(few, rng=1)),
        target_ratio=0.5,
        note="most of the difference is reading the data once",
    )
    yield Row(
        name,
        ours,
        "psych",
        time_r("fa.parallel(x, n.iter = 20, plot = FALSE)", many, packages=PSYCH, runs=1),
        target_ratio=10,
    )


def _polychoric() -> Iterator[Row]:
    """Compare twenty replications; psych resamples and correlates each pair by itself."""
    for n in (1000, 20_000):
        data = _three_factors(n, 20)
        call = 'fa.parallel(x, cor = "poly", n.iter = 20, plot = FALSE)'
        yield Row(
            f"parallel analysis (20), polychoric, {n:,} x 20",
            best_of(
                lambda data=data: parallel_analysis(
                    data, correlation="polychoric", n_iter=20, rng=1
                ),
                runs=3,
            ),
            "psych",
            time_r(call, data, packages=PSYCH, runs=1),
            target_ratio=40,
            note="psych forks over two cores",
        )


def _criteria(data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        "MAP, 1,000 x 20",
        best_of(lambda: map_test(data)),
        "psych",
        time_r("vss(x, n = 19, plot = FALSE)", data, packages=PSYCH),
        note="psych's also fits 19 factor models",
    )
    yield Row(
        "all 17 criteria, 1,000 x 20",
        best_of(lambda: count_factors(data, rng=1), runs=1),
        "psych",
        time_r(
            'fa.parallel(x, n.iter = 20, plot = FALSE); nfactors(x, 10, fm = "mle")',
            data,
            packages=PSYCH,
            runs=1,
        ),
        note="psych has parallel analysis, MAP and BIC of these",
    )


def _second_order(data: pd.DataFrame) -> Iterator[Row]:
    yield Row(
        "efa with Schmid-Leiman's factors, 1,000 x 20, 3 factors",
        best_of(lambda: schmid_leiman(efa(data, n_factors=3))),
        "psych",
        time_r("schmid(cor(x), 3, n.obs = nrow(x))", data, packages=PSYCH, calls=5),
    )


def _three_factors(n: int, k: int) -> pd.DataFrame:
    """Make answers to five-point items of three correlated factors."""
    rng = np.random.default_rng(1)
    traits = rng.normal(size=(n, 3)) + 0.6 * rng.normal(size=(n, 1))
    latent = 0.7 * traits[:, np.arange(k) % 3] + 0.7 * rng.normal(size=(n, k))
    codes = np.clip(np.round(latent * 1.1 + 3), 1, 5)
    return pd.DataFrame(codes, columns=[f"q{j + 1}" for j in range(k)])
