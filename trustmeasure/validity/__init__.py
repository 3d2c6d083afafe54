"""Whether scores mean what they are said to mean: beside other scales, groups and criteria."""

from trustmeasure.validity.discriminant import HeterotraitRatios, htmt

__all__ = ["HeterotraitRatios", "htmt"]
