"""Confirmatory factor analysis and structural equation models, in lavaan's language."""

from trustmeasure.confirmatory.bootstrapping import BootstrapResult, bootstrap
from trustmeasure.confirmatory.comparison import ModelComparison, compare_models
from trustmeasure.confirmatory.cutoffs import FitCutoffs, fit_cutoffs
from trustmeasure.confirmatory.factor_scores import FactorScores
from trustmeasure.confirmatory.models import cfa, growth, sem
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.power_analysis import PowerResult, power
from trustmeasure.confirmatory.residuals import ModelResiduals
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel

__all__ = [
    "BootstrapResult",
    "FactorScores",
    "FitCutoffs",
    "ModelComparison",
    "ModelResiduals",
    "OrdinalStructuralModel",
    "PowerResult",
    "StructuralModel",
    "TwoLevelStructuralModel",
    "bootstrap",
    "cfa",
    "compare_models",
    "fit_cutoffs",
    "growth",
    "power",
    "sem",
]
