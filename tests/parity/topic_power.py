"""Power of tests of fit in closed form, and of parameters by simulation, beside R."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import pandas as pd

import trustmeasure as tm
from tests.parity.comparison import Case, Comparison, load

MODEL = (
    "f =~ a1 + a2 + a3 + a4\ng =~ b1 + b2 + b3 + a4\nf ~~ g\na1 ~~ b1\nh =~ c1 + c2 + c3\nh ~ f + g"
)
# Samples that we draw, and the multiple of the Monte Carlo error that a cell may be off.
# Some 250 cells are compared, of which chance would put one beyond three errors.
SAMPLES, ERRORS = 2500, 4.0
CHANCE = "4 Monte Carlo standard errors of 2,500 samples"
BIAS = f"{CHANCE}, and 3 / n, as ML estimates are biased by some 2 / n"
BOTH = "4 Monte Carlo standard errors of the difference between 2,500 samples and R's 1,500"


def comparisons() -> Iterator[Comparison]:
    cases = load("power")
    for name, case in cases.items():
        if name.startswith("fit/"):
            _, df, rmsea0, rmsea_a, alpha = name.split("/")
            found = tm.power(
                int(df), [10, 50, 200, 1000],
                rmsea0=float(rmsea0), rmsea_a=float(rmsea_a), alpha=float(alpha),
            )  # fmt: skip
            table = found.fit.set_axis(found.fit.index.astype(str))
            yield from case.compare("power", table)
    yield from _large(cases["large"])
    yield from _small(cases["small"])


@cache
def simulated(n: int) -> pd.DataFrame:
    """Draw samples of n from the population, and fit the model to them."""
    given = load("power")["large"].values["cov"]
    cov = pd.DataFrame(given["values"], index=given["rows"], columns=given["columns"])
    # The divisor of a covariance is n - 1; of the likelihood, n.
    fitted = tm.sem(MODEL, cov=cov * n / (n - 1), n_obs=n)
    parameters = tm.power(fitted, n, n_rep=SAMPLES, rng=1).parameters
    assert parameters is not None
    return parameters.loc[n]


def _share(p: float, samples: int) -> float:
    """Standard error of a share, which is not 0 where all or none are counted."""
    middle = (p * samples + 2) / (samples + 4)
    return math.sqrt(middle * (1 - middle) / samples)


def _near(
    case: Case, name: str, ours: float, given: float, error: float, reason: str
) -> Comparison:
    return Comparison(
        case.id, case.statistic, case.call, name, ours, given,
        rtol=0, atol=ERRORS * error, reason=reason,
    )  # fmt: skip


def _large(case: Case) -> Iterator[Comparison]:
    found = simulated(3000)
    given = case.values["parameters"]
    for name, (population, se, power) in zip(given["rows"], given["values"], strict=True):
        row = found.loc[name]
        cells = {
            "population": (population, 2e-5, "as lavaan's search ends some 1e-5 from the minimum"),
            "estimate": (population, se / SAMPLES**0.5 + 3 / 3000 / ERRORS, BIAS),
            "sd": (se, se / math.sqrt(2 * SAMPLES), CHANCE),
            "power": (power, _share(power, SAMPLES), CHANCE),
            "coverage": (0.95, _share(0.95, SAMPLES), CHANCE),
        }
        for kind, (reference, error, why) in cells.items():
            yield _near(case, f"{kind}[{name}]", row[kind], reference, error, why)
    for name, power in case.values["satorra_saris"].items():
        yield _near(
            case, f"satorra_saris[{name}]", found.loc[name, "power"], power,
            _share(power, SAMPLES), CHANCE,
        )  # fmt: skip


def _small(case: Case) -> Iterator[Comparison]:
    found, given = simulated(150), case.values["parameters"]
    samples = case.values["samples"]
    both = math.sqrt(1 / SAMPLES + 1 / samples)
    for name, values in zip(given["rows"], given["values"], strict=True):
        row, r = found.loc[name], dict(zip(given["columns"], values, strict=True))
        errors = {
            "estimate": r["sd"] * both,
            "sd": r["sd"] * both / math.sqrt(2),
            "se": r["spread_of_se"] * both,
        }
        for kind in ("coverage", "power"):
            errors[kind] = math.hypot(_share(r[kind], SAMPLES), _share(r[kind], samples))
        for kind, error in errors.items():
            yield _near(case, f"{kind}[{name}]", row[kind], r[kind], error, BOTH)
