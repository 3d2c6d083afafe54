"""What was done, in words: the method paragraphs and the references behind them."""

from __future__ import annotations

from trustmeasure.instruments import Instrument
from trustmeasure.scoring import Scores

REFERENCES = {
    "alpha": "Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. "
    "Psychometrika, 16, 297–334. https://doi.org/10.1007/BF02310555",
    "feldt": "Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for "
    "coefficient alpha. Applied Psychological Measurement, 11, 93–103. "
    "https://doi.org/10.1177/014662168701100107",
    "omega": "McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum.",
    "kmo": "Kaiser, H. F. (1974). An index of factorial simplicity. Psychometrika, 39, 31–36. "
    "https://doi.org/10.1007/BF02291575",
    "bartlett": "Bartlett, M. S. (1951). The effect of standardization on a χ² approximation in "
    "factor analysis. Biometrika, 38, 337–344. https://doi.org/10.1093/biomet/38.3-4.337",
    "parallel": "Horn, J. L. (1965). A rationale and test for the number of factors in factor "
    "analysis. Psychometrika, 30, 179–185. https://doi.org/10.1007/BF02289447",
    "minres": "Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals "
    "(minres). Psychometrika, 31, 351–368. https://doi.org/10.1007/BF02289468",
    "oblimin": "Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and "
    "software for arbitrary rotation criteria in factor analysis. Educational and Psychological "
    "Measurement, 65, 676–696. https://doi.org/10.1177/0013164404272507",
    "cosmin": "Prinsen, C. A. C., Mokkink, L. B., Bouter, L. M., Alonso, J., Patrick, D. L., "
    "de Vet, H. C. W., & Terwee, C. B. (2018). COSMIN guideline for systematic reviews of "
    "patient-reported outcome measures. Quality of Life Research, 27, 1147–1157. "
    "https://doi.org/10.1007/s11136-018-1798-3",
    "rwg": "James, L. R., Demaree, R. G., & Wolf, G. (1984). Estimating within-group interrater "
    "reliability with and without response bias. Journal of Applied Psychology, 69, 85–98. "
    "https://doi.org/10.1037/0021-9010.69.1.85",
    "agreement": "LeBreton, J. M., & Senter, J. L. (2008). Answers to 20 questions about "
    "interrater reliability and interrater agreement. Organizational Research Methods, 11, "
    "815–852. https://doi.org/10.1177/1094428106296642",
    "icc": "Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In "
    "K. J. Klein & S. W. J. Kozlowski (Eds.), Multilevel theory, research, and methods in "
    "organizations (pp. 349–381). Jossey-Bass.",
}


def scoring_sentence(scores: Scores) -> str:
    """Say how the scales were scored."""
    instrument = scores.instrument
    parts = []
    for scale in instrument.scales:
        method = scores.settings["method"][scale.id]
        least = scale.model_copy(
            update={"min_valid": scores.settings["min_valid"][scale.id]}
        ).least_answers
        parts.append(
            f"{scale.name} ({_how(method)} of {len(scale.items)} items, at least {least} answered)"
        )
    reversed_items = [item.id for item in instrument.items if item.reverse]
    turned = (
        f" Reverse-keyed items ({', '.join(reversed_items)}) were turned round by subtracting the "
        "answer from the sum of the lowest and the highest code."
        if reversed_items
        else " No item is reverse-keyed."
    )
    mapped = [item.id for item in instrument.items if item.score_map is not None]
    if mapped:
        turned += f" Each answer to {', '.join(mapped)} got the score that its score map names."
    return f"Scored were: {'; '.join(parts)}.{turned}"


def validation_paragraphs(scores: Scores) -> list[str]:
    """Word the method of a validation report."""
    instrument = scores.instrument
    return [
        f"{_origin(instrument)} {scoring_sentence(scores)} Persons with too few answers got no "
        "score; where some answers were missing, the score is based on those that were there "
        "(prorated).",
        "Reliability is reported as coefficient alpha with its Feldt interval and as omega from a "
        "one-factor maximum likelihood model of the covariances with a delta-method interval, both "
        "after listwise deletion within the scale. Item–rest correlations leave the item out of "
        "the sum that it is compared with.",
        "The structure was explored on Pearson correlations of complete cases: the "
        "Kaiser–Meyer–Olkin measure and Bartlett's test for whether factoring makes sense, "
        "parallel analysis for the number of factors (1,000 random correlation matrices, 95th "
        "percentile), and minimum residual factor analysis, with oblimin rotation where there is "
        "more than one factor. Exploration on one sample suggests a structure; it does not "
        "confirm it.",
    ]


def team_paragraphs(scores: Scores, least: int) -> list[str]:
    """Word the method of a team report."""
    return [
        f"{_origin(scores.instrument)} {scoring_sentence(scores)}",
        "Team means carry 95% t intervals: with few people in a team they are wide, and "
        "overlapping intervals mean that the teams may not differ at all.",
        f"Teams with fewer than {least} answers are not shown, and where one hidden team could be "
        "worked out from the rest, a further team is hidden too. Agreement and variance between "
        "teams were computed from the teams that are shown.",
        "Agreement within teams is r_WG(J) against a uniform null distribution: 1 means that all "
        "members answer alike, 0 that they answer as if at random. ICC(1) is the share of "
        "variance between teams, ICC(2) the reliability of team means.",
    ]


def _origin(instrument: Instrument) -> str:
    return (
        f"{instrument.name} (version {instrument.version}, {len(instrument.items)} items, "
        f"{_count(len(instrument.scales), 'scale')}) was used."
    )


def _how(method: str) -> str:
    return {"mean": "mean", "sum": "sum", "pomp": "percentage of the maximum possible"}[method]


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" + ("" if n == 1 else "s")
