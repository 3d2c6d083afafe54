"""All methods of extraction beside psych::fa, from correlation matrices and R's own data sets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from tests.parity.comparison import CLOSED_FORM, ESTIMATE, FIT, Comparison, load, read_data
from tests.parity.topic_efa_extraction import VARIANCE_ROWS
from tests.parity.topic_kmo_bartlett import ITEMS
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.exploratory import efa

N_OBS = {"harman74": 145, "ability": 112}


def source(name: str) -> dict[str, Any]:
    """Give the arguments of efa that bring a data set in."""
    frame = read_data(f"{name}.csv")
    if name in N_OBS:
        return {"corr": frame.set_index(frame.columns[0]), "n_obs": N_OBS[name]}
    return {"data": frame, "items": ITEMS.get(name, list(frame.columns))}


def comparisons() -> Iterator[Comparison]:
    for case in load("efa_methods").values():
        name, n_factors, method = case.id.split("/")
        with warnings.catch_warnings():
            # attitude has a Heywood case, with psych as with us.
            warnings.simplefilter("ignore", ConvergenceWarning)
            result = efa(**source(name), n_factors=int(n_factors), method=method, rotation="none")
        # psych's alpha and pa run to their limit in R, its optimiser for the others does not
        # quite; the minimum trace of R's side is precise to some 1e-7.
        near = {"rtol": 0.0, "atol": 1e-5}
        variance = {str(factor): str(factor) for factor in result.loadings.columns}
        for field in ("loadings", "communalities", "uniquenesses", "residuals"):
            yield from case.compare(field, getattr(result, field), **near)
        yield from case.compare("complexity", result.complexity, rtol=FIT)
        yield from case.compare(
            "variance", result.variance.rename(index=VARIANCE_ROWS), columns=variance, **near
        )
        yield from case.compare("eigenvalues", result.eigenvalues, rtol=CLOSED_FORM)
        yield from case.compare("common_eigenvalues", result.common_eigenvalues, **near)
        for field in ("df", "null_df"):
            yield from case.compare(field, getattr(result, field))
        yield from case.compare("null_chisq", result.null_chisq, rtol=CLOSED_FORM)
        for field in ("chisq", "chisq_empirical"):
            yield from case.compare(field, getattr(result, field), rtol=1e-4, atol=1e-5)
        yield from case.compare(
            "bic", result.bic, rtol=0, atol=max(1e-4 * result.chisq, 1e-5),
            reason="χ² minus df ln n: what χ² may differ by is the measure",
        )  # fmt: skip
        for field in ("pvalue", "rmsr", "rmsea", "tli", "cfi"):
            yield from case.compare(field, getattr(result, field), rtol=0, atol=ESTIMATE)
        yield from case.compare("rmsea_low", result.rmsea_ci[0], rtol=0, atol=ESTIMATE)
        yield from case.compare("rmsea_high", result.rmsea_ci[1], rtol=0, atol=ESTIMATE)
