"""Correlations of every kind, and what makes a matrix of them usable."""

from trustmeasure.correlation.polychoric import PolychoricCorrelations, polychoric, tetrachoric

__all__ = ["PolychoricCorrelations", "polychoric", "tetrachoric"]
