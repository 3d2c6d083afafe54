"""Every criterion of rotation beside GPArotation: loadings, phi, structure, criterion.

GPArotation starts at the unrotated axes alone, so that is what is compared; and no start of
its own, of several at random, may lie below the minimum that ours keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.parity.comparison import Case, Comparison, load
from tests.parity.topic_efa_methods import source
from trustmeasure.exploratory import ExploratoryFactors, efa
from trustmeasure.kernels.factor_replicates import matched

NEAR = {"rtol": 0.0, "atol": 5e-5}


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_criteria").values():
        name, n_factors, asked = case.id.split("/")
        rotation, _, detail = asked.partition(" ")
        options: dict[str, Any] = {"n_factors": int(n_factors), "rotation": rotation}
        if "=" in detail:
            key, value = detail.split("=")
            options["rotation_args"] = {key: float(value)}
        elif detail == "normalize":
            options["normalize"] = True
        elif detail:
            options["target"] = _frame(case, "target")
        result = efa(**source(name), **options, n_starts=1)
        best = efa(**source(name), **options, n_starts=40, rng=1)
        yield from case.compare("criterion", result.criterion, rtol=1e-5, atol=1e-7)
        lowest = case.values["lowest"]
        yield Comparison(
            case.id, case.statistic, case.call, "not above the lowest of R's starts",
            max(best.criterion - lowest - 1e-5 * abs(lowest) - 1e-7, 0.0), 0.0,
        )  # fmt: skip
        yield from _factors(case, result)


def _factors(case: Case, result: ExploratoryFactors) -> Iterator[Comparison]:
    """Compare after bringing our factors to GPArotation's order and signs."""
    reference = _frame(case, "loadings")
    order, signs = matched(result.loadings.to_numpy(), reference.to_numpy())
    names = list(reference.columns)
    for field in ("loadings", "structure"):
        moved = getattr(result, field).iloc[:, order].mul(signs).set_axis(names, axis=1)
        yield from case.compare(field, moved, **NEAR)
    phi = result.phi.to_numpy()[np.ix_(order, order)] * np.outer(signs, signs)
    yield from case.compare("phi", pd.DataFrame(phi, index=names, columns=names), **NEAR)


def _frame(case: Case, name: str) -> pd.DataFrame:
    content = case.values[name]
    values = [[np.nan if v is None else float(v) for v in row] for row in content["values"]]
    return pd.DataFrame(values, index=content["rows"], columns=content["columns"])
