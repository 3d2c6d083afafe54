"""Whether scales measure the same in all groups and at all times."""

from trustmeasure.invariance.effect_sizes import BiasEffects
from trustmeasure.invariance.ladder import measurement_invariance
from trustmeasure.invariance.many_groups import AlignmentResult, alignment
from trustmeasure.invariance.results import InvarianceResult, PartialInvariance
from trustmeasure.invariance.waves import longitudinal_invariance

__all__ = [
    "AlignmentResult",
    "BiasEffects",
    "InvarianceResult",
    "PartialInvariance",
    "alignment",
    "longitudinal_invariance",
    "measurement_invariance",
]
