"""Whether scores mean what they are said to mean: beside other scales, groups and criteria."""

from trustmeasure.validity.attenuation import DisattenuatedCorrelation, disattenuate
from trustmeasure.validity.common_method import (
    MarkerResult,
    SingleFactorResult,
    harman_single_factor,
    marker_variable,
)
from trustmeasure.validity.criterion import CriterionValidityResult, criterion_validity
from trustmeasure.validity.curvature import CurvilinearResult, curvilinear
from trustmeasure.validity.discriminant import HeterotraitRatios, htmt
from trustmeasure.validity.groups import KnownGroupsResult, known_groups
from trustmeasure.validity.multitrait import MultitraitResult, mtmm

__all__ = [
    "CriterionValidityResult",
    "CurvilinearResult",
    "DisattenuatedCorrelation",
    "HeterotraitRatios",
    "KnownGroupsResult",
    "MarkerResult",
    "MultitraitResult",
    "SingleFactorResult",
    "criterion_validity",
    "curvilinear",
    "disattenuate",
    "harman_single_factor",
    "htmt",
    "known_groups",
    "marker_variable",
    "mtmm",
]
