"""Figures from results: each takes ``ax=None`` and returns the Axes.

Nothing here loads matplotlib until a figure is drawn.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from trustmeasure.plots.dispatch import plot

if TYPE_CHECKING:
    from trustmeasure.plots.answers import likert
    from trustmeasure.plots.curves import turning_point
    from trustmeasure.plots.descriptions import describe
    from trustmeasure.plots.discriminant import heterotrait_ratios
    from trustmeasure.plots.distributions import score_distribution
    from trustmeasure.plots.effects import conditional_slope, mediation_effects
    from trustmeasure.plots.export import close, figure_svg
    from trustmeasure.plots.factors import loadings, scree
    from trustmeasure.plots.invariance import (
        aligned_means,
        invariance_ladder,
        measurement_parameters,
    )
    from trustmeasure.plots.items import adequacy, item_rest
    from trustmeasure.plots.latent import latent_correlations, variance_shares
    from trustmeasure.plots.matrices import correlation_heatmap
    from trustmeasure.plots.paths import path_diagram
    from trustmeasure.plots.reliability import reliability_intervals
    from trustmeasure.plots.residuals import residual_heatmap
    from trustmeasure.plots.retention import criteria, map_values
    from trustmeasure.plots.retest import bland_altman
    from trustmeasure.plots.style import offscreen
    from trustmeasure.plots.teams import agreement, team_means

_MODULES = {
    "adequacy": "items",
    "agreement": "teams",
    "aligned_means": "invariance",
    "bland_altman": "retest",
    "close": "export",
    "conditional_slope": "effects",
    "correlation_heatmap": "matrices",
    "criteria": "retention",
    "describe": "descriptions",
    "figure_svg": "export",
    "heterotrait_ratios": "discriminant",
    "invariance_ladder": "invariance",
    "item_rest": "items",
    "latent_correlations": "latent",
    "likert": "answers",
    "loadings": "factors",
    "map_values": "retention",
    "measurement_parameters": "invariance",
    "mediation_effects": "effects",
    "offscreen": "style",
    "path_diagram": "paths",
    "reliability_intervals": "reliability",
    "residual_heatmap": "residuals",
    "score_distribution": "distributions",
    "scree": "factors",
    "team_means": "teams",
    "turning_point": "curves",
    "variance_shares": "latent",
}

__all__ = [
    "adequacy",
    "agreement",
    "aligned_means",
    "bland_altman",
    "close",
    "conditional_slope",
    "correlation_heatmap",
    "criteria",
    "describe",
    "figure_svg",
    "heterotrait_ratios",
    "invariance_ladder",
    "item_rest",
    "latent_correlations",
    "likert",
    "loadings",
    "map_values",
    "measurement_parameters",
    "mediation_effects",
    "offscreen",
    "path_diagram",
    "plot",
    "reliability_intervals",
    "residual_heatmap",
    "score_distribution",
    "scree",
    "team_means",
    "turning_point",
    "variance_shares",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(_import_module(f"trustmeasure.plots.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'trustmeasure.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
