"""From a result to its figure, without loading matplotlib before there is one to draw."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trustmeasure._checks import check_option
from trustmeasure.agreement import AggregateResult, AgreementResult
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.correlation import CorrelationMatrix, PolychoricCorrelations
from trustmeasure.errors import OptionError
from trustmeasure.exploratory import (
    ExploratoryFactors,
    MinimumAveragePartial,
    NumberOfFactors,
    ParallelAnalysis,
    SamplingAdequacy,
    SchmidLeimanFactors,
)
from trustmeasure.invariance import AlignmentResult, InvarianceResult, PartialInvariance
from trustmeasure.reliability import (
    AlphaResult,
    CategoricalOmegaResult,
    HierarchicalOmegaResult,
    OmegaResult,
    OrdinalAlphaResult,
    ReliabilityTableResult,
    RetestResult,
)
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.theory import MediationResult, ModerationResult, TheoryFit, TheoryOfChange
from trustmeasure.validity import (
    CurvilinearResult,
    DiscriminantValidity,
    HeterotraitRatios,
    MarkerFactorResult,
    MethodFactorResult,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The figures of each result; the first one is its natural figure.
_FIGURES: dict[type, tuple[str, ...]] = {
    Scores: ("score_distribution", "likert", "item_rest", "correlation_heatmap"),
    Responses: ("likert",),
    AlphaResult: ("item_rest",),
    OrdinalAlphaResult: ("item_rest",),
    OmegaResult: ("loadings",),
    HierarchicalOmegaResult: ("loadings",),
    CategoricalOmegaResult: ("loadings",),
    ReliabilityTableResult: ("reliability_intervals",),
    RetestResult: ("bland_altman",),
    SamplingAdequacy: ("adequacy",),
    ParallelAnalysis: ("scree",),
    MinimumAveragePartial: ("map_values",),
    NumberOfFactors: ("criteria",),
    ExploratoryFactors: ("loadings",),
    SchmidLeimanFactors: ("loadings",),
    AggregateResult: ("team_means",),
    AgreementResult: ("agreement",),
    CurvilinearResult: ("turning_point",),
    HeterotraitRatios: ("heterotrait_ratios",),
    DiscriminantValidity: ("latent_correlations",),
    MethodFactorResult: ("variance_shares",),
    MarkerFactorResult: ("variance_shares",),
    CorrelationMatrix: ("correlation_heatmap",),
    PolychoricCorrelations: ("correlation_heatmap",),
    StructuralModel: ("path_diagram", "residual_heatmap"),
    TheoryOfChange: ("path_diagram",),
    MediationResult: ("mediation_effects",),
    ModerationResult: ("conditional_slope",),
    TheoryFit: ("path_diagram", "residual_heatmap"),
    InvarianceResult: ("invariance_ladder", "measurement_parameters"),
    PartialInvariance: ("measurement_parameters",),
    AlignmentResult: ("aligned_means",),
}


def plot(result: Any, *, kind: str | None = None, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw the figure of a result.

    Parameters
    ----------
    result : Scores, Responses, or the result of an analysis
    kind : str, optional
        Which figure, where there are several: of Scores "score_distribution" (the default),
        "likert", "item_rest" or "correlation_heatmap"; of invariance "invariance_ladder" or
        "measurement_parameters"; of fitted models "path_diagram" (the default) or
        "residual_heatmap".
    ax : matplotlib Axes, optional
        Draw here; a new figure otherwise.
    **options
        Passed to the figure's own function in `trustmeasure.plots`, as ``scale="trust"``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        For a result that has no figure, a kind that it does not have, or an option that the
        figure does not take.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> with tm.plots.offscreen():
    ...     ax = tm.plot(tm.cronbach_alpha(answers))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['open', 'safe', 'heard']
    """
    for known, kinds in _FIGURES.items():
        if isinstance(result, known):
            if kind is not None:
                check_option("kind", kind, kinds)
            return _draw(kind or kinds[0], result, ax, options)
    raise OptionError(
        f"There is no figure of a {type(result).__name__}. There is one of: "
        + ", ".join(known.__name__ for known in _FIGURES)
        + "; and trustmeasure.plots.correlation_heatmap draws any data."
    )


def _draw(name: str, result: Any, ax: Axes | None, options: dict[str, Any]) -> Axes:
    import inspect

    function = getattr(import_module("trustmeasure.plots"), name)
    offered = [p for p in inspect.signature(function).parameters if p != "ax"][1:]
    for option in options:
        if option not in offered:
            check_option("option", option, offered)
    drawn: Axes = function(result, ax=ax, **options)
    return drawn
