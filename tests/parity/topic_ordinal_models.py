"""Models of ordered items against lavaan: estimates, standard errors, every χ², indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import ESTIMATE, Comparison, load, read_data
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import parameter_table
from trustmeasure.confirmatory.ordinal.completion import standardised_ordinal
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution, estimate_ordinal
from trustmeasure.confirmatory.reporting import delta_errors
from trustmeasure.kernels.fit_indices import Statistic, incremental, rmsea
from trustmeasure.kernels.ordinal_fit import Adjusted
from trustmeasure.kernels.ordinal_indices import (
    categorical_likelihood,
    ordinal_root_mean_squares,
)

# lavaan's optimiser stops closer than this, but its polychoric correlations are good to 1e-7.
CHISQ = 2e-6
FIVE = "\n".join(f"{x} =~ " + " + ".join(f"{x}{i}" for i in range(1, 6)) for x in "ACENO")
# A1 last: the first indicator decides which way a factor points.
TWO = "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
ONE = "A =~ A1 + A2 + A3 + A4 + A5"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
PATH = "A =~ A1 + A2 + A3\nA ~ age\nN1 ~ A + age\nN2 ~ A\nN1 ~~ N2"
WU = "\n".join(
    [
        "A =~ " + " + ".join(f"c(l{i}, l{i})*A{i}" for i in (2, 3, 4, 5, 1)),
        "A ~~ c(1, NA)*A",
        "A ~ c(0, 0)*1",
        *(
            f"A{i} | " + " + ".join(f"c(A{i}t{t}, A{i}t{t})*t{t}" for t in range(1, 6))
            for i in range(1, 6)
        ),
        *(f"A{i} ~~ c(1, NA)*A{i}" for i in range(1, 6)),
        *(f"A{i} ~ c(0, NA)*1" for i in range(1, 6)),
    ]
)


@cache
def bfi() -> pd.DataFrame:
    frame = read_data("bfi.csv")
    return frame.dropna(subset=[*frame.columns[:25], "gender"]).assign(
        **{name: frame[name] - 1 for name in frame.columns[:25]},
        # lavaan leaves out of a polyserial correlation whoever has a density below 1.5e-8.
        age=np.minimum(frame["age"], 60) / 100,
    )


@cache
def children() -> pd.DataFrame:
    frame = read_data("hs1939.csv").copy()
    # As findInterval(): intervals are closed on the left.
    frame["x2"] = np.searchsorted([5, 6.5, 8], frame["x2"], side="right")
    frame["x5"] = np.searchsorted([3.5, 4.5, 5.5], frame["x5"], side="right")
    frame["x6"] = (frame["x6"] > 2).astype(int)
    return frame


def fitted(
    model: str,
    data: pd.DataFrame,
    ordered: list[str],
    *,
    estimator: str = "WLSMV",
    group: str | None = None,
    **options: Any,
) -> OrdinalSolution:
    labels = [None] if group is None else list(data[group].unique())
    table = parameter_table(
        parse_model(model),
        n_groups=len(labels),
        group_labels=[str(label) for label in labels],
        ordered=ordered,
        categories={name: int(data[name].max()) + 1 for name in ordered},
        **options,
    )
    parts = [data if group is None else data[data[group] == label] for label in labels]
    arrays = [
        part[list(table.names("ov", group=place))].to_numpy(dtype=float)
        for place, part in enumerate(parts, start=1)
    ]
    return estimate_ordinal(table, arrays, estimator=estimator)


def estimates(solution: OrdinalSolution) -> pd.DataFrame:
    specification = solution.specification
    names = [
        row.lhs + row.op + row.rhs + (f".g{row.group}" if row.group > 1 else "")
        for row in specification.table.parameters
    ]

    def standard(points: np.ndarray) -> np.ndarray:
        return standardised_ordinal(specification, solution.model, points)

    return pd.DataFrame(
        {
            "est": solution.values,
            "se": solution.errors,
            "std": standard(solution.parameters),
            "se_std": delta_errors(standard, solution.parameters, solution.covariance),
        },
        index=names,
    )


def statistics(chisq: float, df: float, scaled: Adjusted | None, traces: Any) -> dict[str, float]:
    found = {"chisq": chisq, "df": float(df), "trace": traces.first, "trace2": traces.second}
    if scaled is not None:
        found |= {
            "chisq_scaled": scaled.chisq,
            "df_scaled": scaled.df,
            "scaling": scaled.scaling,
            "shift": scaled.shift,
        }
    return found


def indices(solution: OrdinalSolution) -> dict[str, float]:
    """Give the indices that follow from the statistics."""
    model = Statistic(solution.chisq, solution.df)
    null = Statistic(solution.baseline.chisq, solution.baseline.df)
    groups = len(solution.moments)
    persons = solution.n - groups
    found = {
        **incremental(model, null),
        **rmsea(model, persons, groups),
        **ordinal_root_mean_squares(solution.moments, solution.implied),
    }
    if solution.scaled is None or solution.baseline_scaled is None:
        return found
    adjusted = Statistic(solution.scaled.chisq, solution.scaled.df)
    null = Statistic(solution.baseline_scaled.chisq, solution.baseline_scaled.df)
    found |= {f"{name}_scaled": value for name, value in incremental(adjusted, null).items()}
    # Without a shift, lavaan puts the trace for the degrees of freedom of the plain statistic.
    if not solution.scaled.shift:
        adjusted = Statistic(solution.chisq, solution.uncertainty.traces.first)
    found |= {f"{k}_scaled": v for k, v in rmsea(adjusted, persons, groups).items()}
    spreads = [group.spread for group in solution.moments if group.spread is not None]
    robust = categorical_likelihood(
        solution.model, solution.samples, spreads, solution.implied, solution.df
    )
    if robust is not None:
        null = replace(robust.baseline, scaling=_baseline_factor(solution))
        own = robust.model
        by = Statistic(own.chisq / own.scaling, own.df, own.scaling)
        parts = {**incremental(own, null), **rmsea(own, persons, groups, reference=by)}
        found |= {f"{name}_robust": value for name, value in parts.items()}
    return found


def _baseline_factor(solution: OrdinalSolution) -> float:
    """Give lavaan's factor of the baseline, which divides by the groups' shares of persons.

    With one group this changes nothing; with more, it makes the factor too large by about their
    number, so that it is followed in what is compared, not in the kernel.
    """
    traces = [
        np.trace(group.spread[group.shape.pairs, group.shape.pairs]) * solution.n / group.n
        for group in solution.moments
        if group.spread is not None
    ]
    return float(sum(traces)) / solution.baseline.df


def solutions() -> Iterator[tuple[str, OrdinalSolution]]:
    items = list(bfi().columns[:25])
    ten = items[:10]
    for estimator in ("WLSMV", "ULSMV"):
        yield f"five_{estimator.lower()}", fitted(FIVE, bfi(), items, estimator=estimator)
    for estimator in ("DWLS", "ULS", "WLSM", "WLSMVS", "ULSM", "ULSMVS", "WLS"):
        yield f"two_{estimator.lower()}", fitted(TWO, bfi(), ten, estimator=estimator)
    yield "one_moments", fitted(ONE, bfi(), items[:5])
    yield "two_theta", fitted(TWO, bfi(), ten, parameterization="theta", std_lv=True)
    yield "groups_configural", fitted(TWO, bfi(), ten, group="gender")
    for kind in ("delta", "theta"):
        equal = ("thresholds", "loadings")
        yield (
            f"groups_{kind}",
            fitted(TWO, bfi(), ten, group="gender", group_equal=equal, parameterization=kind),
        )
    yield (
        "groups_wu_estabrook",
        fitted(WU, bfi(), items[:5], group="gender", parameterization="theta", std_lv=True),
    )
    cut = ["x2", "x5", "x6"]
    for kind in ("delta", "theta"):
        yield f"mixed_{kind}", fitted(THREE, children(), cut, parameterization=kind)
    equal = ("thresholds", "loadings", "intercepts")
    yield "mixed_groups", fitted(THREE, children(), cut, group="school", group_equal=equal)
    for kind in ("delta", "theta"):
        yield (
            f"path_{kind}",
            fitted(
                PATH,
                bfi(),
                ["A1", "A2", "A3", "N1", "N2"],
                parameterization=kind,
                fixed_x=False,
            ),
        )


def comparisons() -> Iterator[Comparison]:
    cases = load("ordinal_models")
    for name, ours in solutions():
        case = cases[name]
        yield from case.compare("estimates", estimates(ours), rtol=0, atol=ESTIMATE)
        tests = statistics(ours.chisq, ours.df, ours.scaled, ours.uncertainty.traces)
        yield from case.compare("tests", tests, rtol=CHISQ)
        null = ours.baseline
        yield from case.compare(
            "baseline",
            statistics(null.chisq, null.df, ours.baseline_scaled, null),
            rtol=CHISQ,
        )
        if "gamma" in case.values:
            spread = ours.moments[0].spread
            assert spread is not None
            yield from case.compare("moments", ours.moments[0].moments, rtol=0, atol=1e-6)
            yield from case.compare("gamma", spread.ravel(), rtol=0, atol=1e-5)
        if "indices" in case.values:
            found = indices(ours)
            for index in found.keys() & case.values["indices"].keys():
                value = case.values["indices"][index]
                yield Comparison(
                    case.id, case.statistic, case.call, index, found[index], value,
                    rtol=CHISQ, atol=ESTIMATE / 10,
                )  # fmt: skip
