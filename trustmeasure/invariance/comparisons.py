"""One level beside the one before: difference of statistics, changes of indices, criteria."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.inference import infer
from trustmeasure.kernels.fit_indices import pvalue
from trustmeasure.kernels.moment_fit import Sample, fit_moments
from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.thresholds import Verdict, load_thresholds

# Chen's (2007) looser criteria are for total samples above this.
ADEQUATE = 300


@dataclass(frozen=True)
class Difference:
    """A test of what one model holds equal and another does not."""

    chisq: float
    df: int
    pvalue: float
    method: str


def difference(restricted: StructuralModel, general: StructuralModel) -> Difference:
    """Test the equalities of the restricted model against the general one.

    Plain differences of χ² for normal-theory estimators; else Satorra and Bentler's (2001)
    scaled difference, or, where its scaling factor is negative, that of 2010.
    """
    df = int(restricted.fit["df"] - general.fit["df"])
    gap = float(restricted.fit["chisq"] - general.fit["chisq"])
    if df <= 0:
        return Difference(math.nan, df, math.nan, "none")
    if "chisq_scaling_factor" not in restricted.fit:
        return Difference(gap, df, pvalue(gap, df), "standard")
    heavier = float(restricted.fit["df"] * restricted.fit["chisq_scaling_factor"])
    lighter = float(general.fit["df"] * general.fit.get("chisq_scaling_factor", 0.0) or 0.0)
    scaling, method = (heavier - lighter) / df, "satorra.bentler.2001"
    if not scaling > 0:
        scaling = (heavier - general.fit["df"] * scaling_at(restricted, general)) / df
        method = "satorra.bentler.2010"
    if not scaling > 0:
        return Difference(math.nan, df, math.nan, "none")
    return Difference(gap / scaling, df, pvalue(gap / scaling, df), method)


def scaling_at(restricted: StructuralModel, general: StructuralModel) -> float:
    """Scaling factor of the general model at the moments that the restricted one implies."""
    inside, outside = restricted.fitted, general.fitted
    moments = [
        implied(matrices(layout, inside.estimates.parameters))
        for layout in inside.estimates.model.layouts
    ]
    samples = [
        Sample(one.spread, one.mean if inside.means else None, group.n)
        for one, group in zip(moments, inside.samples.groups, strict=True)
    ]
    model = outside.estimates.model
    found = fit_moments(model, samples, outside.estimates.reduced, "ML")
    reduced, *_ = np.linalg.lstsq(model.basis, found.parameters - model.origin, rcond=None)
    there = replace(
        outside.estimates, reduced=np.asarray(reduced), parameters=np.asarray(found.parameters)
    )
    inference = infer(
        outside.specification, there, outside.data, outside.samples,
        errors=general.settings["se"], test=general.settings["test"], df=int(general.fit["df"]),
        means=outside.means,
    )  # fmt: skip
    return math.nan if inference.scaled is None else inference.scaled.scaling


def kind_of_indices(fitted: StructuralModel) -> str:
    """Which indices are compared: "robust" where there are such, else "scaled" or "naive"."""
    for kind in ("robust", "scaled"):
        if f"cfi_{kind}" in fitted.fit:
            return kind
    return "naive"


def level_row(fitted: StructuralModel) -> dict[str, Any]:
    """Statistic and indices of one level."""
    fit, kind = fitted.fit, kind_of_indices(fitted)
    end = "" if kind == "naive" else f"_{kind}"
    corrected = "_scaled" if "chisq_scaled" in fit else ""
    return {
        "chisq": fit[f"chisq{corrected}"],
        "df": int(fit["df"]),
        "pvalue": fit[f"pvalue{corrected}"],
        "cfi": fit[f"cfi{end}"],
        "rmsea": fit[f"rmsea{end}"],
        "rmsea_ci_lower": fit[f"rmsea_ci_lower{end}"],
        "rmsea_ci_upper": fit[f"rmsea_ci_upper{end}"],
        "srmr": fit["srmr"],
        "aic": fit.get("aic", math.nan),
        "bic": fit.get("bic", math.nan),
    }


def changes(row: dict[str, Any], before: dict[str, Any]) -> dict[str, float]:
    """Give the changes of the three indices that are judged."""
    return {f"delta_{name}": row[name] - before[name] for name in ("cfi", "rmsea", "srmr")}


def judged(
    change: dict[str, float], level: str, *, strict: bool, thresholds: Any = None
) -> list[Verdict]:
    """Hold the changes to Chen's criteria; there are none for latent variances and means."""
    if level not in ("metric", "scalar", "strict"):
        return []
    end = "_small" if strict else ""
    of = "loadings" if level == "metric" else "intercepts"
    rules = load_thresholds(thresholds)
    return [
        rules.verdict(f"delta_cfi{end}", change["delta_cfi"]),
        rules.verdict(f"delta_rmsea{end}", change["delta_rmsea"]),
        rules.verdict(f"delta_srmr_{of}{end}", change["delta_srmr"]),
    ]


def holds(verdicts: list[Verdict]) -> bool | None:
    """Whether all criteria are met; None where there are none."""
    return all(bool(one.meets) for one in verdicts) if verdicts else None
