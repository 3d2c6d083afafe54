"""Measure trust and psychological safety, from a survey export to a report.

Every public name is imported from its module when it is first used, so that importing the
package costs little and loads no library that the work at hand does not need. The imports
under ``TYPE_CHECKING`` are what editors and type checkers see; a test holds the two equal.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

if _TYPE_CHECKING:
    from trustmeasure import plots as plots
    from trustmeasure.agreement import aggregate, group_icc, rwg, rwg_j
    from trustmeasure.confirmatory import (
        bootstrap,
        cfa,
        compare_models,
        fit_cutoffs,
        growth,
        power,
        sem,
    )
    from trustmeasure.correlation import (
        correlate,
        polychoric,
        sufficient_statistics,
        tetrachoric,
    )
    from trustmeasure.errors import (
        ConvergenceError,
        ConvergenceWarning,
        DataError,
        DataWarning,
        InstrumentError,
        InstrumentWarning,
        MissingExtraError,
        OptionError,
        TrustMeasureError,
        TrustMeasureWarning,
    )
    from trustmeasure.examples import example_path
    from trustmeasure.exploratory import (
        bartlett_sphericity,
        bifactor_indices,
        congruence,
        efa,
        kmo,
        map_test,
        n_factors,
        parallel_analysis,
        schmid_leiman,
        short_forms,
        split_sample_replication,
    )
    from trustmeasure.instruments import (
        Instrument,
        Item,
        ResponseSet,
        Scale,
        build_instrument,
        list_instruments,
        load_instrument,
        validate_instrument,
    )
    from trustmeasure.invariance import alignment, longitudinal_invariance, measurement_invariance
    from trustmeasure.platforms import export_instrument, import_instrument, read_responses
    from trustmeasure.plots import plot
    from trustmeasure.quality import missingness
    from trustmeasure.reliability import (
        alpha_bounds,
        categorical_omega,
        conditional_sem,
        cronbach_alpha,
        glb,
        guttman_lambdas,
        item_analysis,
        mcdonald_omega,
        measurement_error,
        multilevel_reliability,
        ordinal_alpha,
        rater_icc,
        reliability_by,
        reliability_table,
        reverse_candidates,
        spearman_brown,
        spearman_brown_length,
        split_half,
        test_retest,
    )
    from trustmeasure.report import team_report, validation_report
    from trustmeasure.responses import Responses
    from trustmeasure.scoring import Scores, score, score_frame
    from trustmeasure.simulate import simulate_responses
    from trustmeasure.tables import Table, table
    from trustmeasure.theory import (
        compare_theories,
        fit_theory,
        mediation,
        moderation,
        theory_of_change,
    )
    from trustmeasure.validity import (
        average_variance_extracted,
        composite_reliability,
        convergent_validity,
        criterion_validity,
        curvilinear,
        disattenuate,
        discriminant_validity,
        fornell_larcker,
        harman_single_factor,
        htmt,
        known_groups,
        marker_factor,
        marker_variable,
        method_factor,
        mtmm,
    )

__version__ = "0.1.0"

__all__ = [
    "ConvergenceError",
    "ConvergenceWarning",
    "DataError",
    "DataWarning",
    "Instrument",
    "InstrumentError",
    "InstrumentWarning",
    "Item",
    "MissingExtraError",
    "OptionError",
    "ResponseSet",
    "Responses",
    "Scale",
    "Scores",
    "Table",
    "TrustMeasureError",
    "TrustMeasureWarning",
    "aggregate",
    "alignment",
    "alpha_bounds",
    "average_variance_extracted",
    "bartlett_sphericity",
    "bifactor_indices",
    "bootstrap",
    "build_instrument",
    "categorical_omega",
    "cfa",
    "compare_models",
    "compare_theories",
    "composite_reliability",
    "conditional_sem",
    "congruence",
    "convergent_validity",
    "correlate",
    "criterion_validity",
    "cronbach_alpha",
    "curvilinear",
    "disattenuate",
    "discriminant_validity",
    "efa",
    "example_path",
    "export_instrument",
    "fit_cutoffs",
    "fit_theory",
    "fornell_larcker",
    "glb",
    "group_icc",
    "growth",
    "guttman_lambdas",
    "harman_single_factor",
    "htmt",
    "import_instrument",
    "item_analysis",
    "kmo",
    "known_groups",
    "list_instruments",
    "load_instrument",
    "longitudinal_invariance",
    "map_test",
    "marker_factor",
    "marker_variable",
    "mcdonald_omega",
    "measurement_error",
    "measurement_invariance",
    "mediation",
    "method_factor",
    "missingness",
    "moderation",
    "mtmm",
    "multilevel_reliability",
    "n_factors",
    "ordinal_alpha",
    "parallel_analysis",
    "plot",
    "polychoric",
    "power",
    "rater_icc",
    "read_responses",
    "reliability_by",
    "reliability_table",
    "reverse_candidates",
    "rwg",
    "rwg_j",
    "schmid_leiman",
    "score",
    "score_frame",
    "sem",
    "short_forms",
    "simulate_responses",
    "spearman_brown",
    "spearman_brown_length",
    "split_half",
    "split_sample_replication",
    "sufficient_statistics",
    "table",
    "team_report",
    "test_retest",
    "tetrachoric",
    "theory_of_change",
    "validate_instrument",
    "validation_report",
]

_HOMES = {
    "agreement": ("aggregate", "group_icc", "rwg", "rwg_j"),
    "confirmatory": (
        "bootstrap",
        "cfa",
        "compare_models",
        "fit_cutoffs",
        "growth",
        "power",
        "sem",
    ),
    "correlation": ("correlate", "polychoric", "sufficient_statistics", "tetrachoric"),
    "errors": (
        "ConvergenceError",
        "ConvergenceWarning",
        "DataError",
        "DataWarning",
        "InstrumentError",
        "InstrumentWarning",
        "MissingExtraError",
        "OptionError",
        "TrustMeasureError",
        "TrustMeasureWarning",
    ),
    "examples": ("example_path",),
    "exploratory": (
        "bartlett_sphericity",
        "bifactor_indices",
        "congruence",
        "efa",
        "kmo",
        "map_test",
        "n_factors",
        "parallel_analysis",
        "schmid_leiman",
        "short_forms",
        "split_sample_replication",
    ),
    "instruments": (
        "Instrument",
        "Item",
        "ResponseSet",
        "Scale",
        "build_instrument",
        "list_instruments",
        "load_instrument",
        "validate_instrument",
    ),
    "invariance": ("alignment", "longitudinal_invariance", "measurement_invariance"),
    "platforms": ("export_instrument", "import_instrument", "read_responses"),
    "plots": ("plot",),
    "quality": ("missingness",),
    "reliability": (
        "alpha_bounds",
        "categorical_omega",
        "conditional_sem",
        "cronbach_alpha",
        "glb",
        "guttman_lambdas",
        "item_analysis",
        "mcdonald_omega",
        "measurement_error",
        "multilevel_reliability",
        "ordinal_alpha",
        "rater_icc",
        "reliability_by",
        "reliability_table",
        "reverse_candidates",
        "spearman_brown",
        "spearman_brown_length",
        "split_half",
        "test_retest",
    ),
    "report": ("team_report", "validation_report"),
    "responses": ("Responses",),
    "scoring": ("Scores", "score", "score_frame"),
    "simulate": ("simulate_responses",),
    "tables": ("Table", "table"),
    "theory": ("compare_theories", "fit_theory", "mediation", "moderation", "theory_of_change"),
    "validity": (
        "average_variance_extracted",
        "composite_reliability",
        "convergent_validity",
        "criterion_validity",
        "curvilinear",
        "disattenuate",
        "discriminant_validity",
        "fornell_larcker",
        "harman_single_factor",
        "htmt",
        "known_groups",
        "marker_factor",
        "marker_variable",
        "method_factor",
        "mtmm",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name from its module, once."""
    if name == "plots":
        return _import_module("trustmeasure.plots")
    if name not in _HOME:
        raise AttributeError(f"module 'trustmeasure' has no attribute '{name}'")
    value = getattr(_import_module(f"trustmeasure.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported yet or not."""
    return [*__all__, "__version__"]
