"""The theory of change of trust in implementation, run: models, rivals, mediation, moderation."""

from trustmeasure.theory.comparison import TheoryComparison, compare_theories
from trustmeasure.theory.fitting import TheoryFit, fit_theory
from trustmeasure.theory.models import TheoryOfChange, theory_of_change

__all__ = [
    "TheoryComparison",
    "TheoryFit",
    "TheoryOfChange",
    "compare_theories",
    "fit_theory",
    "theory_of_change",
]
