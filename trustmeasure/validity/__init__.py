"""Whether scores mean what they are said to mean: beside other scales, groups and criteria."""

from trustmeasure.validity.attenuation import DisattenuatedCorrelation, disattenuate
from trustmeasure.validity.criterion import CriterionValidityResult, criterion_validity
from trustmeasure.validity.discriminant import HeterotraitRatios, htmt
from trustmeasure.validity.groups import KnownGroupsResult, known_groups

__all__ = [
    "CriterionValidityResult",
    "DisattenuatedCorrelation",
    "HeterotraitRatios",
    "KnownGroupsResult",
    "criterion_validity",
    "disattenuate",
    "htmt",
    "known_groups",
]
