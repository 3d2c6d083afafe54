"""Correlations of every kind, and what makes a matrix of them usable."""

from trustmeasure.correlation.general import CorrelationMatrix, correlate
from trustmeasure.correlation.polychoric import PolychoricCorrelations, polychoric, tetrachoric
from trustmeasure.correlation.sufficient import SufficientStatistics, sufficient_statistics

__all__ = [
    "CorrelationMatrix",
    "PolychoricCorrelations",
    "SufficientStatistics",
    "correlate",
    "polychoric",
    "sufficient_statistics",
    "tetrachoric",
]
