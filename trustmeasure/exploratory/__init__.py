"""Exploratory structure: adequacy of the correlations, number of factors, factor analysis."""

from trustmeasure.exploratory.adequacy import (
    BartlettSphericity,
    SamplingAdequacy,
    bartlett_sphericity,
    kmo,
)
from trustmeasure.exploratory.factors import efa
from trustmeasure.exploratory.reduction import ShortForms, short_forms
from trustmeasure.exploratory.retention import ParallelAnalysis, parallel_analysis
from trustmeasure.exploratory.solution import ExploratoryFactors

__all__ = [
    "BartlettSphericity",
    "ExploratoryFactors",
    "ParallelAnalysis",
    "SamplingAdequacy",
    "ShortForms",
    "bartlett_sphericity",
    "efa",
    "kmo",
    "parallel_analysis",
    "short_forms",
]
