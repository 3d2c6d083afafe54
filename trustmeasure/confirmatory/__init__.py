"""Confirmatory factor analysis and structural equation models, in lavaan's language."""

from trustmeasure.confirmatory.bootstrapping import BootstrapResult, bootstrap
from trustmeasure.confirmatory.comparison import ModelComparison, compare_models
from trustmeasure.confirmatory.factor_scores import FactorScores
from trustmeasure.confirmatory.models import cfa, growth, sem
from trustmeasure.confirmatory.residuals import ModelResiduals
from trustmeasure.confirmatory.results import StructuralModel

__all__ = [
    "BootstrapResult",
    "FactorScores",
    "ModelComparison",
    "ModelResiduals",
    "StructuralModel",
    "bootstrap",
    "cfa",
    "compare_models",
    "growth",
    "sem",
]
