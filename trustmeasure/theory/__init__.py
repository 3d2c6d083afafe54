"""The theory of change of trust in implementation, run: models, rivals, mediation, moderation."""

from trustmeasure.theory.comparison import TheoryComparison, compare_theories
from trustmeasure.theory.fitting import TheoryFit, fit_theory
from trustmeasure.theory.mediators import MediationResult, mediation
from trustmeasure.theory.models import TheoryOfChange, theory_of_change
from trustmeasure.theory.moderators import ModerationResult, moderation

__all__ = [
    "MediationResult",
    "ModerationResult",
    "TheoryComparison",
    "TheoryFit",
    "TheoryOfChange",
    "compare_theories",
    "fit_theory",
    "mediation",
    "moderation",
    "theory_of_change",
]
