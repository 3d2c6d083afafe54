"""From a result to its table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from trustmeasure._checks import check_option
from trustmeasure.agreement import AggregateResult, AgreementResult, GroupICCResult
from trustmeasure.confirmatory import ModelComparison
from trustmeasure.errors import OptionError
from trustmeasure.exploratory import (
    BartlettSphericity,
    BifactorIndices,
    ExploratoryFactors,
    FactorCongruence,
    FactorScores,
    MinimumAveragePartial,
    NumberOfFactors,
    ParallelAnalysis,
    SamplingAdequacy,
    SchmidLeimanFactors,
    ShortForms,
    SplitSampleReplication,
)
from trustmeasure.instruments import Instrument
from trustmeasure.invariance import (
    AlignmentResult,
    BiasEffects,
    InvarianceResult,
    PartialInvariance,
)
from trustmeasure.quality import MissingnessResult
from trustmeasure.reliability import (
    AlphaResult,
    CategoricalOmegaResult,
    HierarchicalOmegaResult,
    MultilevelReliabilityResult,
    OmegaResult,
    OrdinalAlphaResult,
)
from trustmeasure.scoring import Scores
from trustmeasure.tables import (
    coefficients,
    factors,
    invariance,
    matrices,
    method_variance,
    methods,
    models,
    omegas,
    people,
    reliability,
    retention,
    solutions,
    structures,
    theories,
    validity,
)
from trustmeasure.tables.model import Table
from trustmeasure.tables.options import Options
from trustmeasure.thresholds import load_thresholds
from trustmeasure.validity import (
    ConvergentValidityResult,
    CriterionValidityResult,
    CurvilinearResult,
    DisattenuatedCorrelation,
    DiscriminantValidity,
    HeterotraitRatios,
    KnownGroupsResult,
    MarkerResult,
    MultitraitResult,
    SingleFactorResult,
)

_BUILDERS: dict[type, tuple[str, Callable[[Any, Options], Table]]] = {
    AlphaResult: ("cronbach_alpha", reliability.alpha_table),
    OmegaResult: ("mcdonald_omega", reliability.omega_table),
    HierarchicalOmegaResult: ("mcdonald_omega", omegas.hierarchical_omega_table),
    OrdinalAlphaResult: ("ordinal_alpha", omegas.ordinal_alpha_table),
    CategoricalOmegaResult: ("categorical_omega", omegas.categorical_omega_table),
    MultilevelReliabilityResult: ("multilevel_reliability", omegas.multilevel_table),
    **coefficients.BUILDERS,
    SamplingAdequacy: ("kmo", factors.adequacy_table),
    BartlettSphericity: ("bartlett_sphericity", factors.bartlett_table),
    ParallelAnalysis: ("parallel_analysis", factors.parallel_table),
    MinimumAveragePartial: ("map_test", retention.partials_table),
    NumberOfFactors: ("n_factors", retention.criteria_table),
    ExploratoryFactors: ("efa", factors.loadings_table),
    SchmidLeimanFactors: ("schmid_leiman", solutions.schmid_leiman_table),
    BifactorIndices: ("bifactor_indices", solutions.bifactor_table),
    FactorCongruence: ("congruence", solutions.congruence_table),
    SplitSampleReplication: ("split_sample_replication", solutions.replication_table),
    FactorScores: ("efa(...).scores", solutions.determinacy_table),
    Scores: ("score", people.scores_table),
    MissingnessResult: ("missingness", people.missing_table),
    AggregateResult: ("aggregate", people.teams_table),
    GroupICCResult: ("group_icc", people.icc_table),
    AgreementResult: ("rwg, rwg_j", people.agreement_table),
    **structures.BUILDERS,
    **theories.BUILDERS,
    **matrices.BUILDERS,
    **method_variance.BUILDERS,
    ShortForms: ("short_forms", solutions.short_forms_table),
    ModelComparison: ("compare_models", models.comparison_table),
    DiscriminantValidity: ("discriminant_validity", models.discriminant_table),
    HeterotraitRatios: ("htmt", validity.heterotrait_table),
    ConvergentValidityResult: ("convergent_validity", validity.convergent_table),
    KnownGroupsResult: ("known_groups", validity.known_groups_table),
    CriterionValidityResult: ("criterion_validity", validity.criterion_table),
    DisattenuatedCorrelation: ("disattenuate", validity.corrected_table),
    MultitraitResult: ("mtmm", methods.multitrait_table),
    MarkerResult: ("marker_variable", methods.marker_table),
    SingleFactorResult: ("harman_single_factor", methods.single_factor_table),
    CurvilinearResult: ("curvilinear", methods.curvilinear_table),
    InvarianceResult: ("measurement_invariance", invariance.ladder_table),
    PartialInvariance: ("measurement_invariance(...).partial", invariance.partial_table),
    BiasEffects: ("measurement_invariance(...).effect_size", invariance.effects_table),
    AlignmentResult: ("alignment", invariance.alignment_table),
    pd.DataFrame: ("item_analysis", reliability.items_table),
}


_WITH_SCALES = (AggregateResult, MissingnessResult, pd.DataFrame)


def _options(
    title: str | None,
    instrument: Instrument | None,
    labels: Any,
    language: str,
    include_text: bool | None,
    thresholds: Any,
) -> Options:
    return Options(
        title=title,
        known=instrument,
        labels=labels,
        language=language,
        include_text=include_text,
        thresholds=load_thresholds(thresholds),
    )


def table(
    result: Any,
    *,
    style: str = "apa",
    scale: str | None = None,
    title: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
    cut: float | None = None,
    below_cut: str = "grey",
    sort: bool = True,
    hide: Collection[Any] = (),
) -> Table:
    """Make a table in APA style from a result.

    Parameters
    ----------
    result : result of an analysis, Scores, or the DataFrame of `item_analysis`
    style : {"apa"}
        Two decimals, no zero before the point of what cannot exceed 1, statistical symbols
        in italics, horizontal rules only, notes below.
    scale : str, optional
        Show only this scale, of the results of `aggregate`, `missingness` and
        `item_analysis`.
    title : str, optional
        Instead of the table's own.
    instrument : Instrument, optional
        Gives item wordings, scale titles and reversal; Scores bring theirs.
    labels : bool or mapping, optional
        Item wordings beside the ids: a mapping id → text, or False for ids alone.
    language : str
        Of item wordings and scale titles.
    include_text : bool, optional
        Show wordings that the instrument itself may not ship with (``text: none``, attached
        with ``with_text``); by default only those of instruments whose text is included.
    thresholds : path or mapping, optional
        Other cut-offs than the built-in ones; see `trustmeasure.thresholds`.
    cut : float, optional
        Loadings below this in size are greyed, or with ``below_cut="blank"`` left out; by
        default the cut-off of the thresholds.
    below_cut : {"grey", "blank"}
    sort : bool
        Loadings: items under their factor, strongest first.
    hide : collection
        Teams of which nothing may be shown, as ``aggregate(...).suppressed``. Teams that the
        result itself suppresses are never shown.

    Returns
    -------
    Table
        With ``to_html()``, ``to_markdown()``, ``to_latex()``, ``frame``, ``title`` and
        ``note``.

    Raises
    ------
    OptionError
        For a result that has no table, or an option that is not offered.

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> tm.table(tm.cronbach_alpha(answers)).frame[["Item", "M", "r item–rest"]]
        Item     M r item–rest
    0   open  3.00         .93
    1   safe  3.00         .81
    2  heard  3.12         .86
    """
    check_option("style", style, ("apa",))
    check_option("below_cut", below_cut, ("grey", "blank"))
    chosen = Options(
        title=title,
        known=instrument,
        scale=scale,
        labels=labels,
        language=language,
        include_text=include_text,
        thresholds=load_thresholds(thresholds),
        cut=cut,
        below_cut=below_cut,
        sort=sort,
        hide=frozenset(hide),
    )
    for kind, (_, builder) in _BUILDERS.items():
        if isinstance(result, kind) and (
            kind is not pd.DataFrame or reliability.is_item_analysis(result)
        ):
            if scale is not None and kind not in _WITH_SCALES:
                raise OptionError(
                    f"scale= does not apply to a {kind.__name__}; it picks a scale out of the "
                    "results of aggregate, missingness and item_analysis."
                )
            return builder(result, chosen)
    known = ", ".join(name for name, _ in _BUILDERS.values())
    raise OptionError(
        f"There is no table for a {type(result).__name__}. There is one for the results of: "
        f"{known}; and for several scales at once reliability_overview({{name: alpha, ...}})."
    )


def item_table(
    frame: pd.DataFrame,
    *,
    title: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
) -> Table:
    """Make a table from the DataFrame of `item_analysis`; options as in `table`."""
    options = _options(title, instrument, labels, language, include_text, thresholds)
    return reliability.items_table(frame, options)


def reliability_overview(
    results: Mapping[str, Any],
    *,
    title: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
) -> Table:
    """Make one table of several scales.

    Parameters
    ----------
    results : mapping
        Scale → result of `cronbach_alpha`, or a pair of it and that of `mcdonald_omega`.
    title, instrument, labels, language, include_text, thresholds
        As in `table`.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        For anything else than these results.
    """
    options = _options(title, instrument, labels, language, include_text, thresholds)
    return reliability.overview_table(results, options)


def adequacy_table(
    kmo: SamplingAdequacy,
    bartlett: BartlettSphericity,
    *,
    title: str | None = None,
    instrument: Instrument | None = None,
    labels: Any = None,
    language: str = "en",
    include_text: bool | None = None,
    thresholds: Any = None,
) -> Table:
    """Make one table of the results of `kmo` and `bartlett_sphericity`; options as in `table`."""
    options = _options(title, instrument, labels, language, include_text, thresholds)
    return factors.adequacy_table(kmo, options, bartlett)
