"""Confirmatory factor analysis and structural equation models, in lavaan's language."""

from trustmeasure.confirmatory.models import cfa, growth, sem
from trustmeasure.confirmatory.results import StructuralModel

__all__ = ["StructuralModel", "cfa", "growth", "sem"]
