"""From raw codes to scale scores: the only place where items are reversed."""

from trustmeasure.scoring.confirmation import refuse_unscored
from trustmeasure.scoring.functions import score, score_frame
from trustmeasure.scoring.scores import Scores

__all__ = ["Scores", "refuse_unscored", "score", "score_frame"]
