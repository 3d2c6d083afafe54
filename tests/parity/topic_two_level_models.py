"""Two-level models beside lavaan: every estimate, error, share and index."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from tests.parity.comparison import HERE, Comparison, load, read_data
from trustmeasure.confirmatory import sem
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel
from trustmeasure.errors import ConvergenceWarning

CLUSTERS = {"clustered": "team", "schools": "school"}
# lavaan's search stops at a relative change of 1e-10 of the objective, some 1e-5 of a standard
# error from the maximum; its saturated model stops where ln L rises by less than 1e-10.
ATOL, RTOL = 1e-4, 5e-5  # means in standard deviations are of size 5 and more
# lavaan's saturated model keeps Σ_b positive semidefinite; here its maximum lies outside, where
# y6 hardly differs between teams. What depends on it is left out, and what is standardised by a
# variance of nearly nothing. Estimates, errors and ln L of the model itself must agree.
OUTSIDE = "clustered/two"
OWN = ("npar", "fmin", "df", "baseline_df", "logl", "aic", "bic", "bic2", "ntotal")


def models() -> dict[str, str]:
    """Read the models out of the R script, so that both sides fit the same."""
    script = (HERE / "r" / "two_level_models.R").read_text(encoding="utf-8")
    found = re.findall(r'^  (\w+) = "(level:.*?)",?$', script, flags=re.MULTILINE)
    return {name: text.replace("\\n", "\n") for name, text in found}


def fit(name: str) -> TwoLevelStructuralModel:
    """Fit what a case's id says."""
    source, model, *words = name.split("/")
    options: dict[str, Any] = {"std_lv": "std_lv" in words}
    if "MLR" in words:
        options["estimator"] = "MLR"
    data = read_data(f"{source}.csv")
    if source == "schools":  # see the R script
        data = data.assign(minutes=data["minutes"] - data["minutes"].mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # negative variances, in lavaan too
        found = sem(models()[model], data, cluster=CLUSTERS[source], **options)
    assert isinstance(found, TwoLevelStructuralModel)
    return found


def keyed(fitted: TwoLevelStructuralModel) -> pd.DataFrame:
    """Name the rows as the reference does."""
    frame = fitted.estimates
    levels = ["0" if pd.isna(level) else str(int(level)) for level in frame["level"]]
    keys = [
        "|".join((row.lhs, row.op, row.rhs.replace(" ", ""), level))
        for row, level in zip(frame.itertuples(), levels, strict=True)
    ]
    return frame.set_axis(keys)


def comparisons() -> Iterator[Comparison]:
    for case in load("two_level_models").values():
        fitted = fit(case.id)
        rows = keyed(fitted)
        for name in ("est", "se"):
            yield from case.compare(name, rows[name], rtol=RTOL, atol=ATOL)
        if case.id == OUTSIDE:
            own = {name: case.values["fit"][name] for name in OWN}
            shown = replace(case, values={"fit": own})
            yield from shown.compare("fit", fitted.fit, rtol=1e-7)
            continue
        for name, column in (("std", "std"), ("std_se", "se_std")):
            yield from case.compare(name, rows[column], rtol=RTOL, atol=ATOL)
        for level in ("within", "between"):
            if not case.values[level]:
                continue  # nothing is explained there
            yield from case.compare(level, fitted.r_squared[level], rtol=0, atol=ATOL)
        yield from case.compare("icc", fitted.icc, rtol=0, atol=ATOL)
        given = dict(case.values["fit"])
        if given["df"] * given.get("chisq_scaling_factor", 1.0) < 1:
            # lavaan takes this product for degrees of freedom, and gives no interval below 1.
            del given["rmsea_ci_lower_scaled"], given["rmsea_ci_upper_scaled"]
        shown = replace(case, values={"fit": given})
        yield from shown.compare("fit", fitted.fit, rtol=5e-5, atol=1e-5)
