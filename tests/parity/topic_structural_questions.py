"""What fitted models are asked afterwards, beside lavaan: score tests, residuals, scores."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import ESTIMATE, Case, Comparison, load
from tests.parity.topic_structural_models import fit
from trustmeasure.confirmatory.results import StructuralModel

KINDS = {
    "raw": "raw",
    "cor": "correlation",
    "standardized": "standardized",
    "normalized": "normalized",
}
# lavaan's search stops some 1e-5 from the minimum.
LOOSE = {"rtol": 1e-4, "atol": ESTIMATE}
# A residual over its standard error, where that is close to none, magnifies the distance.
STANDARDIZED = "residuals that a model all but fixes have standard errors of almost none"


def comparisons() -> Iterator[Comparison]:
    for case in load("structural_questions").values():
        fitted = fit(case.id)
        yield from _indices(case, fitted)
        yield from _residuals(case, fitted)
        if "regression|1" in case.values:
            yield from _scores(case, fitted)


def _indices(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    table = fitted.modification_indices(sort=False)
    groups = ["1"] * len(table)
    if "group" in table:
        labels = fitted.settings["group_labels"]
        groups = [str(labels.index(str(label)) + 1) for label in table["group"]]
    keys = [
        "|".join((row.lhs, row.op, row.rhs, group))
        for row, group in zip(table.itertuples(), groups, strict=True)
    ]
    named = table.set_axis(keys)
    gls = case.id == "hs/GLS"
    for name in ("mi", "epc", "sepc_lv", "sepc_all"):
        if name in case.values:
            yield from case.compare(
                name,
                named[name],
                rtol=1e-2 if gls else 1e-3,
                atol=1e-3 if gls else ESTIMATE,
                reason="lavaan scales the slope by (n - 1) / n and then multiplies by n"
                if gls
                else "",
            )
    if "released" in case.values:
        tests = fitted.score_tests()["chisq"]
        yield from case.compare("released", tests[:-1], rtol=1e-3, atol=ESTIMATE)
        yield from case.compare("all", tests.iloc[-1], rtol=1e-3, atol=ESTIMATE)


def _residuals(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    labels = fitted._labels()
    for theirs, ours in KINDS.items():
        found = fitted.residuals(kind=ours)
        for place, label in enumerate(labels):
            cov: pd.DataFrame = found.cov if len(labels) == 1 else found.cov.loc[label]
            tolerance = LOOSE if ours != "standardized" else {"rtol": 2e-3, "atol": 2e-3}
            reason = STANDARDIZED if ours == "standardized" else ""
            yield from case.compare(f"{theirs}|cov|{place + 1}", cov, reason=reason, **tolerance)
            name = f"{theirs}|mean|{place + 1}"
            if name in case.values:
                assert found.mean is not None
                mean = found.mean if len(labels) == 1 else found.mean[label]
                yield from case.compare(name, mean, reason=reason, **tolerance)


def _scores(case: Case, fitted: StructuralModel) -> Iterator[Comparison]:
    for method in ("regression", "Bartlett"):
        found = fitted.factor_scores(method=method)
        for place, group in enumerate(fitted.fitted.samples.groups, start=1):
            if f"{method}|{place}" not in case.values:
                continue
            used = found.scores.iloc[group.rows]
            count = min(25, len(used))
            rows = [str(number + 1) for number in range(count)]
            yield from case.compare(f"{method}|{place}", used.iloc[:count].set_axis(rows), **LOOSE)
            errors = found.se.iloc[group.rows].iloc[:count].set_axis(rows)
            single = set(case.values[f"{method}|se|{place}"]) != {"rows", "columns", "values"}
            yield from case.compare(
                f"{method}|se|{place}", errors.iloc[0] if single else errors, **LOOSE
            )
