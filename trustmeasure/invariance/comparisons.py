"""One level beside the one before: difference of statistics, changes of indices, criteria."""

from __future__ import annotations

import math
from typing import Any

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.differences import Difference, difference_test
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.thresholds import Verdict, load_thresholds

# Chen's (2007) looser criteria are for total samples above this.
ADEQUATE = 300
# Whose criteria: Rutkowski and Svetina's (2017) of ordered items, or Chen's of either kind.
CRITERIA = ("ordinal", "adequate", "small")


def criteria_for(criteria: str, n: int, *, ordinal: bool) -> str:
    """Say which criteria changes are held to."""
    if criteria == "ordinal" and not ordinal:
        raise OptionError("criteria='ordinal' is for ordered items: pass ordered=True or names.")
    if criteria != "auto":
        return criteria
    if ordinal:
        return "ordinal"
    return "small" if n <= ADEQUATE else "adequate"


def difference(restricted: StructuralModel, general: StructuralModel) -> Difference:
    """Test the equalities of the restricted model against the general one.

    As `compare_models` does by default; where a scaling factor of 2001 is negative, by that of
    2010.
    """
    found = difference_test(restricted, general)
    if math.isnan(found.chisq) and found.method == "satorra.bentler.2001":
        return difference_test(restricted, general, method="satorra.bentler.2010")
    return found


def kind_of_indices(fitted: StructuralModel) -> str:
    """Which indices are compared: "robust" where there are such, else "scaled" or "naive"."""
    # Robust ones of ordered items are not known once thresholds are restricted.
    known = ("scaled",) if isinstance(fitted, OrdinalStructuralModel) else ("robust", "scaled")
    for kind in known:
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
    change: dict[str, float], level: str, *, criteria: str, thresholds: Any = None
) -> list[Verdict]:
    """Hold the changes to criteria; there are none for latent variances and means."""
    if level not in ("thresholds", "metric", "scalar", "strict"):
        return []
    of = "loadings" if level == "metric" else "intercepts"
    names = [("delta_cfi", "delta_cfi_ordinal"), ("delta_rmsea", f"delta_rmsea_ordinal_{of}")]
    if criteria != "ordinal":
        end = "_small" if criteria == "small" else ""
        names = [(name, f"{name}{end}") for name in ("delta_cfi", "delta_rmsea")]
        names.append(("delta_srmr", f"delta_srmr_{of}{end}"))
    rules = load_thresholds(thresholds)
    return [rules.verdict(measure, change[name]) for name, measure in names]


def holds(verdicts: list[Verdict]) -> bool | None:
    """Whether all criteria are met; None where there are none."""
    return all(bool(one.meets) for one in verdicts) if verdicts else None
