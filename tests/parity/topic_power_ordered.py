"""Power and indices of fit of models of ordered items by simulation, beside lavaan's own."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

import trustmeasure as tm
from tests.parity.comparison import Case, Comparison, load, read_data

# Samples that we draw (for power, for indices of fit), and the multiple of the Monte Carlo error
# that a cell may be off. Of some 80 cells chance would put none beyond four errors.
SAMPLES, FITS, ERRORS = 300, 80, 4.0
CHANCE = "4 Monte Carlo standard errors of the difference between {} samples and R's 300"


def comparisons() -> Iterator[Comparison]:
    case = load("power_ordered")["bfi"]
    answers = np.ceil(read_data("bfi.csv")[["A2", "A3", "A4", "A5"]].dropna().head(300) / 2)
    fitted = tm.cfa("f =~ A2 + A3 + A4 + A5", answers, ordered=True)
    found = tm.power(fitted, 300, n_rep=SAMPLES, rng=1).parameters
    assert found is not None
    given, samples = case.values["parameters"], case.values["samples"]
    both = math.sqrt(1 / SAMPLES + 1 / samples)
    for name, values in zip(given["rows"], given["values"], strict=True):
        row, r = found.loc[(300, name)], dict(zip(given["columns"], values, strict=True))
        errors = {
            "population": 1e-4 / ERRORS,
            "estimate": r["sd"] * both,
            "sd": r["sd"] * both / math.sqrt(2),
            "se": r["spread_of_se"] * both,
        }
        for kind in ("coverage", "power"):
            share = (r[kind] * samples + 2) / (samples + 4)  # has an error also where 1
            errors[kind] = math.sqrt(share * (1 - share)) * both
        for kind, error in errors.items():
            yield _near(case, f"{kind}[{name}]", row[kind], r[kind], error, SAMPLES)
    drawn = tm.fit_cutoffs(fitted, n_rep=FITS, rng=1).replicates
    drawn = drawn[drawn["level"] == "correct"]
    for index, mean in case.values["fit_mean"].items():
        error = case.values["fit_sd"][index] * math.sqrt(1 / FITS + 1 / samples)
        yield _near(case, f"fit_mean[{index}]", drawn[index].mean(), mean, error, FITS)


def _near(
    case: Case, name: str, ours: float, given: float, error: float, samples: int
) -> Comparison:
    return Comparison(
        case.id, case.statistic, case.call, name, float(ours), given,
        rtol=0, atol=ERRORS * error, reason=CHANCE.format(samples),
    )  # fmt: skip
