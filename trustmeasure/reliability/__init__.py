"""Internal consistency of a scale: coefficient alpha, omega, and the analysis of its items."""

from trustmeasure.reliability.alpha import AlphaResult, cronbach_alpha
from trustmeasure.reliability.categorical import CategoricalOmegaResult, categorical_omega
from trustmeasure.reliability.greatest_bound import GlbResult, glb
from trustmeasure.reliability.groups import ReliabilityByResult, reliability_by
from trustmeasure.reliability.halves import SplitHalfResult, split_half
from trustmeasure.reliability.hierarchical import HierarchicalOmegaResult
from trustmeasure.reliability.items import item_analysis
from trustmeasure.reliability.keying import reverse_candidates
from trustmeasure.reliability.lambdas import LambdasResult, guttman_lambdas
from trustmeasure.reliability.missing_answers import AlphaBoundsResult, alpha_bounds
from trustmeasure.reliability.multilevel import (
    MultilevelReliabilityResult,
    multilevel_reliability,
)
from trustmeasure.reliability.omega import OmegaResult, mcdonald_omega
from trustmeasure.reliability.ordinal import OrdinalAlphaResult, ordinal_alpha
from trustmeasure.reliability.overview import ReliabilityTableResult, reliability_table
from trustmeasure.reliability.precision import (
    ConditionalErrorResult,
    MeasurementErrorResult,
    conditional_sem,
    measurement_error,
)
from trustmeasure.reliability.prophecy import spearman_brown, spearman_brown_length
from trustmeasure.reliability.raters import RaterICCResult, rater_icc
from trustmeasure.reliability.retest import RetestResult, test_retest

__all__ = [
    "AlphaBoundsResult",
    "AlphaResult",
    "CategoricalOmegaResult",
    "ConditionalErrorResult",
    "GlbResult",
    "HierarchicalOmegaResult",
    "LambdasResult",
    "MeasurementErrorResult",
    "MultilevelReliabilityResult",
    "OmegaResult",
    "OrdinalAlphaResult",
    "RaterICCResult",
    "ReliabilityByResult",
    "ReliabilityTableResult",
    "RetestResult",
    "SplitHalfResult",
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
]
