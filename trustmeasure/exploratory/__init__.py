"""Exploratory structure: adequacy of the correlations, number of factors, factor analysis."""

from trustmeasure.exploratory.adequacy import (
    BartlettSphericity,
    SamplingAdequacy,
    bartlett_sphericity,
    kmo,
)
from trustmeasure.exploratory.consensus import Consensus
from trustmeasure.exploratory.factor_number import NumberOfFactors, n_factors
from trustmeasure.exploratory.factors import efa
from trustmeasure.exploratory.partials import MinimumAveragePartial, map_test
from trustmeasure.exploratory.reduction import ShortForms, short_forms
from trustmeasure.exploratory.retention import ParallelAnalysis, parallel_analysis
from trustmeasure.exploratory.solution import ExploratoryFactors

__all__ = [
    "BartlettSphericity",
    "Consensus",
    "ExploratoryFactors",
    "MinimumAveragePartial",
    "NumberOfFactors",
    "ParallelAnalysis",
    "SamplingAdequacy",
    "ShortForms",
    "bartlett_sphericity",
    "efa",
    "kmo",
    "map_test",
    "n_factors",
    "parallel_analysis",
    "short_forms",
]
