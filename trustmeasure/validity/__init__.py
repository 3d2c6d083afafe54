"""Whether scores mean what they are said to mean: beside other scales, groups and criteria."""

from trustmeasure.validity.discriminant import HeterotraitRatios, htmt
from trustmeasure.validity.groups import KnownGroupsResult, known_groups

__all__ = ["HeterotraitRatios", "KnownGroupsResult", "htmt", "known_groups"]
