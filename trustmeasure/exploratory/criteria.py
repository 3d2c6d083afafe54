"""The criteria for the number of factors: what each is called, and what is known of it.

``tendency`` is what simulations found where a criterion errs: "over" (too many factors),
"under" (too few), "balanced" (neither, in most conditions), or "mixed" (it depends on the
data). The sources stand in the docstring of `trustmeasure.n_factors`.
"""

from __future__ import annotations

from dataclasses import dataclass

OVER, UNDER, BALANCED, MIXED = "over", "under", "balanced", "mixed"


@dataclass(frozen=True)
class Criterion:
    """What is known of a criterion before it is computed.

    Attributes
    ----------
    label : str
        Its name in print.
    short : str
        Its name where room is scarce.
    family : str
        Criteria of one family share one vote, for they look at the same thing.
    tendency : {"over", "under", "balanced", "mixed"}
    """

    label: str
    short: str
    family: str
    tendency: str


CRITERIA: dict[str, Criterion] = {
    "pa_components": Criterion(
        "Parallel analysis, components, quantile",
        "PA components",
        "parallel analysis",
        BALANCED,
    ),
    "pa_components_mean": Criterion(
        "Parallel analysis, components, mean",
        "PA components (mean)",
        "parallel analysis",
        OVER,
    ),
    "pa_factors": Criterion(
        "Parallel analysis, common factors, quantile",
        "PA factors",
        "parallel analysis",
        MIXED,
    ),
    "pa_factors_mean": Criterion(
        "Parallel analysis, common factors, mean",
        "PA factors (mean)",
        "parallel analysis",
        OVER,
    ),
    "ekc": Criterion("Empirical Kaiser criterion", "EKC", "empirical Kaiser", BALANCED),
    "hull_caf": Criterion("Hull, common part accounted for", "Hull CAF", "hull", BALANCED),
    "hull_cfi": Criterion("Hull, CFI", "Hull CFI", "hull", BALANCED),
    "hull_rmsea": Criterion("Hull, RMSEA", "Hull RMSEA", "hull", BALANCED),
    "comparison_data": Criterion("Comparison data", "Comparison data", "comparison data", BALANCED),
    "map": Criterion("Minimum average partial", "MAP", "partial correlations", UNDER),
    "map_revised": Criterion(
        "Minimum average partial, fourth power", "MAP revised", "partial correlations", UNDER
    ),
    "acceleration": Criterion("Acceleration factor", "Acceleration", "bends of the scree", UNDER),
    "optimal_coordinates": Criterion(
        "Optimal coordinates", "Optimal coordinates", "bends of the scree", MIXED
    ),
    "kaiser": Criterion("Kaiser–Guttman, eigenvalues above 1", "Kaiser", "Kaiser", OVER),
    "chisq": Criterion("Sequential χ² tests", "χ² tests", "χ² tests", OVER),
    "aic": Criterion("Smallest AIC", "AIC", "information criteria", OVER),
    "bic": Criterion("Smallest BIC", "BIC", "information criteria", MIXED),
}


@dataclass(frozen=True)
class Suggestion:
    """What a criterion says of the data.

    Attributes
    ----------
    n_factors : int or None
        None where it could not be computed.
    basis : str
        What it is based on.
    note : str
        Why there is no number, or how to read the one there is.
    """

    n_factors: int | None
    basis: str
    note: str = ""
