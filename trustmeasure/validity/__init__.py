"""Whether scores mean what they are said to mean: beside other scales, groups and criteria."""

from trustmeasure.validity.attenuation import DisattenuatedCorrelation, disattenuate
from trustmeasure.validity.common_method import (
    MarkerResult,
    SingleFactorResult,
    harman_single_factor,
    marker_variable,
)
from trustmeasure.validity.convergence import ConvergentValidityResult, convergent_validity
from trustmeasure.validity.convergent import (
    average_variance_extracted,
    composite_reliability,
    fornell_larcker,
)
from trustmeasure.validity.criterion import CriterionValidityResult, criterion_validity
from trustmeasure.validity.curvature import CurvilinearResult, curvilinear
from trustmeasure.validity.discriminant import HeterotraitRatios, htmt
from trustmeasure.validity.groups import KnownGroupsResult, known_groups
from trustmeasure.validity.latent_correlations import (
    DiscriminantValidity,
    discriminant_validity,
)
from trustmeasure.validity.marker_factors import MarkerFactorResult, marker_factor
from trustmeasure.validity.method_factors import MethodFactorResult, method_factor
from trustmeasure.validity.multitrait import MultitraitResult, mtmm

__all__ = [
    "ConvergentValidityResult",
    "CriterionValidityResult",
    "CurvilinearResult",
    "DisattenuatedCorrelation",
    "DiscriminantValidity",
    "HeterotraitRatios",
    "KnownGroupsResult",
    "MarkerFactorResult",
    "MarkerResult",
    "MethodFactorResult",
    "MultitraitResult",
    "SingleFactorResult",
    "average_variance_extracted",
    "composite_reliability",
    "convergent_validity",
    "criterion_validity",
    "curvilinear",
    "disattenuate",
    "discriminant_validity",
    "fornell_larcker",
    "harman_single_factor",
    "htmt",
    "known_groups",
    "marker_factor",
    "marker_variable",
    "method_factor",
    "mtmm",
]
