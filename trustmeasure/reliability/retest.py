"""Test–retest reliability: the same persons, measured twice."""

# The linter takes `test_retest` for a test by its name.
# ruff: noqa: PT028

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import retest as kernel
from trustmeasure.kernels.measurement import error_bounds
from trustmeasure.reliability.scored import is_scores, single_scores
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RetestResult(Result):
    """How far two measurements of the same persons agree.

    Attributes
    ----------
    icc_agreement, icc_consistency : float
        ICC(A,1), in which a change of the mean counts as disagreement, and ICC(C,1), in which
        it does not.
    pearson : float
    sem, sdc : float
        Standard error of measurement and smallest detectable change, with the change of the
        mean counted as error.
    sem_consistency, sdc_consistency : float
        Without it.
    bias : float
        Mean of the differences, after minus before.
    sd_difference : float
    loa_low, loa_high : float
        Limits of agreement (Bland and Altman).
    table : DataFrame, index the measure
        ``estimate``, ``ci_low``, ``ci_high`` of the coefficients, the bias, and both limits
        of agreement.
    pairs : DataFrame
        ``before``, ``after``, their ``mean`` and ``difference``, one row a person, in the
        order of ``before``.
    """

    title: ClassVar[str] = "Test–retest reliability"

    icc_agreement: float
    icc_consistency: float
    pearson: float
    sem: float
    sdc: float
    sem_consistency: float
    sdc_consistency: float
    bias: float
    sd_difference: float
    loa_low: float
    loa_high: float
    table: pd.DataFrame
    pairs: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the table of measures; no person is shown."""
        return self.table.copy()

    def summary(self) -> dict[str, Any]:
        """Give what the table does not hold."""
        names = ("sem", "sdc", "sem_consistency", "sdc_consistency", "sd_difference")
        return {name: getattr(self, name) for name in names}


def test_retest(
    before: Any,
    after: Any,
    *,
    scale: str | None = None,
    score: str = "mean",
    conf_level: float = 0.95,
    coverage: float = 0.95,
) -> RetestResult:
    r"""Compare two measurements of the same persons.

    .. math::
        ICC(A,1) &= \frac{MS_B - MS_E}{MS_B + MS_E + 2 (MS_J - MS_E) / n}, &
        ICC(C,1) &= \frac{MS_B - MS_E}{MS_B + MS_E}, \\
        \mathrm{SEM} &= \sqrt{\hat\sigma^2_J + MS_E}, &
        \mathrm{SDC} &= z \sqrt{2}\, \mathrm{SEM}

    with the mean squares between n persons (B), between the two occasions (J) and of error
    (E), and :math:`\hat\sigma^2_J = \max\{(MS_J - MS_E) / n, 0\}`. With the differences
    :math:`d` of mean :math:`\bar d` (the bias) and standard deviation :math:`s_d`, the limits
    of agreement are :math:`\bar d \pm z s_d`, with intervals
    :math:`\pm t_{n-1} s_d \sqrt{1/n + z^2 / (2(n-1))}`.

    Parameters
    ----------
    before, after : Series, 1-D array, DataFrame, 2-D array, or Scores
        One score a person; or keyed answers, scored here; or Scores. Two Scores are matched
        by respondent where both know them, pandas objects by their index where its labels
        are unique, anything else by position.
    scale : str, optional
        With Scores, the scale; unnecessary where there is only one.
    score : {"mean", "sum"}
        How answers become a score, for persons who answered all of them.
    conf_level : float
        Confidence level of the intervals and of the smallest detectable change.
    coverage : float
        Share of the differences that the limits of agreement are to hold.

    Returns
    -------
    RetestResult

    Raises
    ------
    DataError
        For fewer than 3 persons measured twice, scores that do not vary, persons that occur
        twice, and measurements of different length that nothing matches.
    OptionError
        For an option that is not offered.

    Notes
    -----
    Persons measured once are left out, and counted. The coefficients equal
    ``psych::ICC(cbind(before, after), lmer = FALSE)``, rows ICC2 and ICC3; Pearson's r and its
    interval ``cor.test(before, after)``; bias and limits
    ``blandr::blandr.statistics(after, before)`` up to the standard error of the limits, for
    which Bland and Altman's (1999) full formula is taken.

    References
    ----------
    Bland, J. M., & Altman, D. G. (1999). Measuring agreement in method comparison studies.
    *Statistical Methods in Medical Research, 8*, 135–160.
    https://doi.org/10.1177/096228029900800204

    De Vet, H. C. W., Terwee, C. B., Knol, D. L., & Bouter, L. M. (2006). When to use agreement
    versus reliability measures. *Journal of Clinical Epidemiology, 59*, 1033–1039.
    https://doi.org/10.1016/j.jclinepi.2005.10.015

    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46.
    https://doi.org/10.1037/1082-989X.1.1.30

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> before = pd.Series([3.2, 4.0, 2.6, 3.8, 4.6, 3.0, 2.2, 4.4])
    >>> after = pd.Series([3.4, 4.2, 2.6, 3.6, 4.8, 3.4, 2.4, 4.2])
    >>> retest = tm.test_retest(before, after)
    >>> retest.table.round(2)
                     estimate  ci_low  ci_high
    measure
    icc_agreement        0.96    0.85     0.99
    icc_consistency      0.97    0.85     0.99
    pearson              0.97    0.83     0.99
    bias                 0.10   -0.08     0.28
    loa_low             -0.32   -0.64     0.00
    loa_high             0.52    0.20     0.84
    """
    _checks.check_option("score", score, ("mean", "sum"))
    _checks.check_level("conf_level", conf_level)
    _checks.check_level("coverage", coverage)
    if scale is not None and not (is_scores(before) or is_scores(after)):
        raise OptionError(
            f"scale={scale!r} picks a scale out of Scores, and neither measurement is Scores."
        )
    first = _measured(before, scale, score, "before")
    second = _measured(after, scale, score, "after")
    notes = Notes()
    pairs, how, n_dropped = _matched(first, second, before, after, notes)

    x, y = (pairs[name].to_numpy(dtype=np.float64) for name in ("before", "after"))
    found = kernel.retest(x, y, conf_level, coverage)
    rows = {
        "icc_agreement": (found.agreement.icc, found.agreement.low, found.agreement.high),
        "icc_consistency": (found.consistency.icc, found.consistency.low, found.consistency.high),
        "pearson": (found.pearson, *found.pearson_ci),
        "bias": (found.bias, *found.bias_ci),
        "loa_low": (found.loa[0], *found.loa_low_ci),
        "loa_high": (found.loa[1], *found.loa_high_ci),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "ci_low", "ci_high"])
    return RetestResult(
        n=len(pairs),
        n_dropped=n_dropped,
        icc_agreement=found.agreement.icc,
        icc_consistency=found.consistency.icc,
        pearson=found.pearson,
        sem=found.sem_agreement,
        sdc=error_bounds(found.sem_agreement, 0.0, conf_level).sdc,
        sem_consistency=found.sem_consistency,
        sdc_consistency=error_bounds(found.sem_consistency, 0.0, conf_level).sdc,
        bias=found.bias,
        sd_difference=found.sd,
        loa_low=found.loa[0],
        loa_high=found.loa[1],
        table=table.rename_axis("measure"),
        pairs=pairs,
        settings={
            "scale": scale or (first.name if first.name == second.name else None),
            "score": score,
            "matched_by": how,
            "conf_level": conf_level,
            "coverage": coverage,
        },
        warnings=notes.messages(),
    )


# pytest would take the name for that of a test.
test_retest.__test__ = False  # type: ignore[attr-defined]


def _measured(data: Any, scale: str | None, score: str, which: str) -> pd.Series[float]:
    """Give one score a person, labelled by who that is where the data say so."""
    values, name = single_scores(data, scale=scale if is_scores(data) else None, score=score)
    labels: Any = None
    if is_scores(data):
        known = data.respondent
        labels = pd.Index(data.data[known]) if known is not None else None
    elif isinstance(data, (pd.Series, pd.DataFrame)):
        labels = data.index if data.index.is_unique else None
    if labels is None:
        labels = pd.RangeIndex(len(values))
    elif is_scores(data) and labels.has_duplicates:
        twice = labels[labels.duplicated()].unique()
        raise DataError(
            f"Respondent(s) {_checks.listed(twice)} occur more than once in the scores {which}, so "
            "it is unclear which of their scores to compare. Keep one row a respondent."
        )
    return pd.Series(values, index=labels, name=name)


def _matched(
    first: pd.Series[float], second: pd.Series[float], before: Any, after: Any, notes: Notes
) -> tuple[pd.DataFrame, str, int]:
    """Put both scores of each person side by side; drop who has only one."""
    both_scores = is_scores(before) and is_scores(after)
    by_label = (
        both_scores and before.respondent is not None and after.respondent is not None
    ) or all(
        isinstance(data, (pd.Series, pd.DataFrame)) and data.index.is_unique
        for data in (before, after)
    )
    if not by_label:
        if len(first) != len(second):
            raise DataError(
                f"There are {len(first)} scores before and {len(second)} after, and nothing that "
                "matches them. Pass Series with the persons as index, or Scores that know their "
                "respondents."
            )
        second = pd.Series(second.to_numpy(), index=first.index)
    if first.index.identical(second.index):
        frame = pd.DataFrame({"before": first, "after": second})
    else:
        frame = pd.DataFrame({"before": first}).join(second.rename("after"), how="outer")
        frame = frame.reindex([*first.index, *second.index.difference(first.index, sort=False)])
    pairs = frame.dropna()
    dropped = len(frame) - len(pairs)
    if dropped:
        notes.record(f"{dropped} of {len(frame)} persons have only one score and were left out.")
    if len(pairs) < 3:
        raise DataError(
            f"{len(pairs)} person(s) have a score both before and after; at least 3 are needed. "
            "Are they matched by the right labels?"
        )
    if pairs.to_numpy().max() == pairs.to_numpy().min():
        raise DataError("All scores are the same, so nothing can be said about their agreement.")
    pairs = pairs.assign(
        mean=(pairs["before"] + pairs["after"]) / 2, difference=pairs["after"] - pairs["before"]
    )
    how = ("respondent" if both_scores else "index") if by_label else "position"
    return pairs, how, dropped
