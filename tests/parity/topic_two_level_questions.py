"""What two-level models are asked afterwards, beside lavaan."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tests.parity.comparison import Case, Comparison, load
from tests.parity.topic_two_level_models import fit
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel

# As in the topic of the models themselves.
LOOSE = {"rtol": 1e-3, "atol": 1e-4}
SEARCH = "slopes where lavaan's search stops are none to 1e-5 only, and small indices are of these"


def comparisons() -> Iterator[Comparison]:
    for case in load("two_level_questions").values():
        fitted = fit(case.id)
        if "mi" in case.values:
            yield from _indices(case, fitted)
        if "released" in case.values:
            tests = fitted.score_tests()["chisq"]
            yield from case.compare("released", tests[:-1], **LOOSE)
            yield from case.compare("all", tests.iloc[-1], **LOOSE)
        yield from _residuals(case, fitted)
        yield from _scores(case, fitted)


def _indices(case: Case, fitted: TwoLevelStructuralModel) -> Iterator[Comparison]:
    table = fitted.modification_indices(sort=False)
    keys = ["|".join((row.lhs, row.op, row.rhs, str(row.level))) for row in table.itertuples()]
    named = table.set_axis(keys)
    for name in ("mi", "epc", "sepc_lv", "sepc_all"):
        yield from case.compare(name, named[name], rtol=2e-3, atol=1e-3, reason=SEARCH)


def _residuals(case: Case, fitted: TwoLevelStructuralModel) -> Iterator[Comparison]:
    for theirs, ours in {"raw": "raw", "cor": "correlation"}.items():
        found = fitted.residuals(kind=ours)
        for level in (1, 2):
            yield from case.compare(f"{theirs}|cov|{level}", found.cov.loc[level], **LOOSE)
    mean = fitted.residuals().mean
    assert mean is not None
    yield from case.compare("mean", mean.loc[2], **LOOSE)


def _scores(case: Case, fitted: TwoLevelStructuralModel) -> Iterator[Comparison]:
    for level in (1, 2):
        for method in ("regression", "Bartlett"):
            if f"{method}|{level}" in case.values:
                scores: pd.DataFrame = fitted.factor_scores(method=method, level=level).scores
                rows = [str(number + 1) for number in range(len(scores))]
                yield from case.compare(f"{method}|{level}", scores.set_axis(rows), **LOOSE)
