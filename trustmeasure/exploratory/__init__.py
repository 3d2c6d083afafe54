"""Exploratory structure: adequacy of the correlations, number of factors, factor analysis."""

from trustmeasure.exploratory.adequacy import (
    BartlettSphericity,
    SamplingAdequacy,
    bartlett_sphericity,
    kmo,
)
from trustmeasure.exploratory.bifactor import BifactorIndices, bifactor_indices
from trustmeasure.exploratory.congruence import FactorCongruence, congruence
from trustmeasure.exploratory.consensus import Consensus
from trustmeasure.exploratory.factor_number import NumberOfFactors, n_factors
from trustmeasure.exploratory.factors import efa
from trustmeasure.exploratory.partials import MinimumAveragePartial, map_test
from trustmeasure.exploratory.reduction import ShortForms, short_forms
from trustmeasure.exploratory.replication import SplitSampleReplication, split_sample_replication
from trustmeasure.exploratory.retention import ParallelAnalysis, parallel_analysis
from trustmeasure.exploratory.scores import FactorScores
from trustmeasure.exploratory.second_order import SchmidLeimanFactors, schmid_leiman
from trustmeasure.exploratory.solution import ExploratoryFactors

__all__ = [
    "BartlettSphericity",
    "BifactorIndices",
    "Consensus",
    "ExploratoryFactors",
    "FactorCongruence",
    "FactorScores",
    "MinimumAveragePartial",
    "NumberOfFactors",
    "ParallelAnalysis",
    "SamplingAdequacy",
    "SchmidLeimanFactors",
    "ShortForms",
    "SplitSampleReplication",
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
]
