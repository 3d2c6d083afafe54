"""Correlations of every kind, and what makes a matrix of them usable."""

from trustmeasure.correlation.general import CorrelationMatrix, correlate
from trustmeasure.correlation.polychoric import PolychoricCorrelations, polychoric, tetrachoric

__all__ = [
    "CorrelationMatrix",
    "PolychoricCorrelations",
    "correlate",
    "polychoric",
    "tetrachoric",
]
