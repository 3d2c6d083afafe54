"""Internal consistency of a scale: coefficient alpha, omega, and the analysis of its items."""

from trustmeasure.reliability.alpha import AlphaResult, cronbach_alpha
from trustmeasure.reliability.items import item_analysis
from trustmeasure.reliability.keying import reverse_candidates
from trustmeasure.reliability.omega import OmegaResult, mcdonald_omega

__all__ = [
    "AlphaResult",
    "OmegaResult",
    "cronbach_alpha",
    "item_analysis",
    "mcdonald_omega",
    "reverse_candidates",
]
