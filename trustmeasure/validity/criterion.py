"""How scale scores relate to a criterion, alone and beyond what is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_items,
    as_rng,
    check_count,
    check_level,
    check_option,
    listed,
)
from trustmeasure.errors import OptionError
from trustmeasure.kernels.group_differences import holm
from trustmeasure.kernels.ranks import ranks
from trustmeasure.results import Notes, Result
from trustmeasure.validity.attenuation import checked_reliability
from trustmeasure.validity.relations import Pair, area, increment, relate
from trustmeasure.validity.samples import column_of, is_scores, score_table

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CriterionValidityResult(Result):
    """Relations of scale scores with a criterion.

    Attributes
    ----------
    correlations : DataFrame, index scale
        ``n``; Pearson's ``r`` with ``ci_low``, ``ci_high``, ``pvalue`` and ``p_holm``,
        adjusted over scales; Spearman's ``rho`` with ``rho_low``, ``rho_high`` and
        ``rho_p``; the scale's ``reliability`` and the ``corrected`` correlation with
        ``corrected_low`` and ``corrected_high``.
    incremental : DataFrame or None, index scale
        With covariates: ``n``, ``r2_covariates``, ``r2``, ``delta_r2`` with its bootstrap
        interval (``ci_low``, ``ci_high``), the ``f`` test with ``df1``, ``df2``,
        ``pvalue`` and ``p_holm``, and the scale's standardised weight ``beta``.
    discrimination : DataFrame or None, index scale
        With a criterion of two values: ``n_low``, ``n_high``, the area under the curve
        ``auc`` with ``se``, ``ci_low`` and ``ci_high``.
    """

    title: ClassVar[str] = "Criterion validity"

    correlations: pd.DataFrame
    incremental: pd.DataFrame | None
    discrimination: pd.DataFrame | None

    def to_frame(self) -> pd.DataFrame:
        """Give the correlations."""
        return self.correlations.copy()


def criterion_validity(
    scores: Any,
    *,
    criterion: Any,
    scales: Sequence[str] | None = None,
    covariates: Sequence[str] | None = None,
    reliability: Mapping[str, float] | float | None = None,
    criterion_reliability: float = 1.0,
    ci: str = "fisher",
    conf_level: float = 0.95,
    n_boot: int = 2000,
    rng: Any = None,
) -> CriterionValidityResult:
    r"""Relate scale scores to a criterion: correlations, increments, and areas under the curve.

    The corrected correlation divides r by the root of the scale's (and the criterion's)
    reliability, which tells what the constructs share; the observed one tells what the scores
    can predict. Incremental validity is what a scale adds to the covariates,
    :math:`\Delta R^2 = R^2_{\text{covariates + scale}} - R^2_{\text{covariates}}`, with

    .. math:: F(1, n - k - 2) = \frac{\Delta R^2}{(1 - R^2) / (n - k - 2)}

    for k covariates. For a criterion of two values the area under the curve is how often a
    person of the higher group has the higher score.

    Parameters
    ----------
    scores : Scores, or DataFrame of scale scores
        Persons in rows; NaN is missing.
    criterion : str or sequence
        A column, or one value a person. Two labels are taken as 0 and 1 in their order.
    scales : sequence of str, optional
        Without it all scales of Scores, or all other numeric columns.
    covariates : sequence of str, optional
        Numeric columns, other scales among them.
    reliability : mapping scale → float, or float, optional
        Of Scores, by default, coefficient alpha of the persons analysed.
    criterion_reliability : float
        1 corrects for the scale alone.
    ci : {"fisher", "bootstrap"}
        Of r and its correction: Fisher's z, reliabilities taken as known; or percentiles
        of resampled persons, alpha estimated anew where it was estimated.
    conf_level : float
        Confidence level of all intervals.
    n_boot : int
        Bootstrap replicates; the interval of ΔR² always needs them.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers.

    Returns
    -------
    CriterionValidityResult

    Raises
    ------
    DataError
        For unknown columns, scores or criteria without variance, and fewer than 4 persons
        with both.
    OptionError
        For options that are not offered.

    Warns
    -----
    DataWarning
        When a corrected correlation exceeds 1, or alpha is not positive.

    Notes
    -----
    Each scale uses the persons who have it and the criterion (for the increment also all
    covariates). Equals ``cor.test(x, y)``, and ``cor.test(x, y, method = "spearman",
    exact = FALSE)`` with the interval of Bonett and Wright (2000);
    ``anova(lm(y ~ z), lm(y ~ z + x))``; ``pROC::ci.auc(roc(y, x, direction = "<"))``.

    A percentile interval of ΔR² never reaches 0; whether a scale adds anything is the F
    test's question, how much is the interval's.

    References
    ----------
    Bonett, D. G., & Wright, T. A. (2000). Sample size requirements for estimating Pearson,
    Kendall and Spearman correlations. *Psychometrika, 65*, 23–28.
    https://doi.org/10.1007/BF02294183

    Charles, E. P. (2005). The correction for attenuation due to measurement error.
    *Psychological Methods, 10*, 206–226. https://doi.org/10.1037/1082-989X.10.2.206

    DeLong, E. R., DeLong, D. M., & Clarke-Pearson, D. L. (1988). Comparing the areas under
    two or more correlated receiver operating characteristic curves. *Biometrics, 44*,
    837–845. https://doi.org/10.2307/2531595

    Hunsley, J., & Meyer, G. J. (2003). The incremental validity of psychological testing and
    assessment. *Psychological Assessment, 15*, 446–455.
    https://doi.org/10.1037/1040-3590.15.4.446

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"trust": rng.normal(size=150), "tenure": rng.normal(size=150)})
    >>> frame["uptake"] = 0.5 * frame["trust"] + 0.3 * frame["tenure"] + rng.normal(size=150)
    >>> found = tm.criterion_validity(
    ...     frame, criterion="uptake", scales=["trust"], covariates=["tenure"],
    ...     reliability=0.8, rng=1,
    ... )
    >>> found.correlations[["r", "ci_low", "ci_high", "corrected"]].round(2)
              r  ci_low  ci_high  corrected
    scale
    trust  0.53     0.4     0.63       0.59
    >>> found.incremental[["delta_r2", "ci_low", "ci_high", "pvalue"]].round(3)
           delta_r2  ci_low  ci_high  pvalue
    scale
    trust     0.212   0.101     0.33     0.0
    """
    check_option("ci", ci, ("fisher", "bootstrap"))
    check_level("conf_level", conf_level)
    check_count("n_boot", n_boot, least=2)
    known = checked_reliability("criterion_reliability", criterion_reliability)
    covariates = [covariates] if isinstance(covariates, str) else list(covariates or ())
    beside = [*([criterion] if isinstance(criterion, str) else []), *covariates]
    table = score_table(scores, scales=scales, beside=beside)
    notes = Notes()
    y, name, binary = _criterion(table.frame, criterion, notes)
    given = _reliabilities(reliability, table.names)
    generator = as_rng(rng)
    settings = {
        "criterion": name,
        "scales": list(table.names),
        "covariates": covariates,
        "reliability": given,
        "criterion_reliability": known,
        "ci": ci,
        "conf_level": conf_level,
        "n_boot": n_boot,
    }

    values = table.scores()
    extra = as_items(table.frame, items=covariates, min_items=1).values if covariates else None
    related, added, areas = {}, {}, {}
    answered = ~np.isnan(y)
    y_ranks = ranks(y[answered, None])[:, 0]
    for j, scale in enumerate(table.names):
        use = answered & ~np.isnan(values[:, j])
        own = y_ranks if use.sum() == len(y_ranks) else ranks(y[use, None])[:, 0]
        pair = Pair(scale, values[use, j], y[use], own)
        pair.refuse_unusable(name)
        related[scale] = relate(
            pair, _items(scores, scale, use, given), given.get(scale), settings, generator, notes
        )
        if extra is not None:
            added[scale] = increment(pair, extra[use], settings, generator)
        if binary:
            areas[scale] = area(pair, conf_level)
    correlations = _by_scale(related)
    correlations.insert(5, "p_holm", holm(correlations["pvalue"].to_numpy(dtype=float)))
    incremental = _by_scale(added) if added else None
    if incremental is not None:
        adjusted = holm(incremental["pvalue"].to_numpy(dtype=float))
        incremental.insert(list(incremental).index("pvalue") + 1, "p_holm", adjusted)
    used = (~np.isnan(values)).any(axis=1) & answered
    if not used.all():
        notes.record(
            f"{int((~used).sum())} of {len(used)} persons without the criterion, or without any "
            "score, were left out."
        )
    return CriterionValidityResult(
        n=int(used.sum()),
        n_dropped=int((~used).sum()),
        correlations=correlations,
        incremental=incremental,
        discrimination=_by_scale(areas) if areas else None,
        settings=settings,
        warnings=notes.messages(),
    )


def _by_scale(rows: Mapping[str, dict[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="scale"))


def _criterion(frame: pd.DataFrame, criterion: Any, notes: Notes) -> tuple[FloatArray, str, bool]:
    """Take the criterion as numbers, and tell whether it has two values only."""
    column = column_of(frame, criterion, "criterion")
    name = str(column.name)
    labels = column.dropna().unique()
    binary = len(labels) == 2
    if binary and not pd.api.types.is_numeric_dtype(column):
        low, high = sorted(labels, key=lambda label: (str(type(label)), label))
        notes.record(f"'{name}': '{low}' counts as 0 and '{high}' as 1.")
        places = column.map({low: 0.0, high: 1.0})
        return places.to_numpy(dtype=float, na_value=np.nan), name, binary
    return as_items(column.to_frame(), min_items=1).values[:, 0], name, binary


def _reliabilities(given: Any, scales: Sequence[str]) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return {scale: checked_reliability("reliability", given) for scale in scales}
    unknown = [name for name in given if name not in scales]
    if unknown:
        raise OptionError(
            f"reliability= names {listed(unknown)}, which are no scales here. Scales: "
            f"{listed(scales)}."
        )
    return {str(k): checked_reliability(f"reliability of '{k}'", v) for k, v in given.items()}


def _items(
    scores: Any, scale: str, use: NDArray[np.bool_], given: Mapping[str, float]
) -> FloatArray | None:
    """Give the items behind a scale of Scores, where its reliability is to be estimated."""
    if given or not is_scores(scores):
        return None
    items = scores.instrument.scale(scale).items
    if len(items) < 2:
        return None
    return as_items(scores.keyed, items=items).values[use]
