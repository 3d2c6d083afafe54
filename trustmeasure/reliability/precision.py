"""What reliability means in the units of the score: errors of measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import measurement as kernel
from trustmeasure.reliability.scored import single_scores
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

_MEASURES = ("sem", "sdc", "ci_half_width", "sem_ci_low", "sem_ci_high", "sd", "reliability")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MeasurementErrorResult(Result):
    """The error of single scores, in their own units.

    Attributes
    ----------
    sem : float
        Standard error of measurement.
    sdc : float
        Smallest detectable change of one person between two occasions.
    ci_half_width : float
        Half the width of the interval around one person's score.
    sem_ci_low, sem_ci_high : float
        The standard errors that belong to the limits of the reliability's interval, where
        ``reliability`` was a result that has one; NaN otherwise.
    sd : float
        Standard deviation of the scores.
    reliability : float
    """

    title: ClassVar[str] = "Error of measurement"

    sem: float
    sdc: float
    ci_half_width: float
    sem_ci_low: float
    sem_ci_high: float
    sd: float
    reliability: float

    def to_frame(self) -> pd.DataFrame:
        """Give the numbers as one column."""
        return pd.DataFrame(
            {"value": [getattr(self, name) for name in _MEASURES]},
            index=pd.Index(_MEASURES, name="measure"),
        )

    def summary(self) -> dict[str, Any]:
        """Give nothing: the frame holds all numbers."""
        return {}


def measurement_error(
    data_or_sd: Any,
    *,
    reliability: Any,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    score: str = "mean",
    conf_level: float = 0.95,
) -> MeasurementErrorResult:
    r"""Compute the standard error of measurement and the smallest detectable change.

    .. math::
        \mathrm{SEM} = s \sqrt{1 - \rho}, \qquad
        \mathrm{SDC} = z \sqrt{2}\, \mathrm{SEM}, \qquad
        \text{half width} = z\, \mathrm{SEM}

    with the standard deviation :math:`s` of the scores, their reliability :math:`\rho`, and
    the normal quantile :math:`z` of ``conf_level`` (1.96 for 95 %).

    Parameters
    ----------
    data_or_sd : float, Series, 1-D array, DataFrame, 2-D array, or Scores
        The standard deviation of the scores; or the scores of persons; or their answers,
        keyed, which are scored here; or Scores, whose own scores of the scale are taken.
    reliability : float, or result of `cronbach_alpha`, `mcdonald_omega`, …
        Anything with an ``estimate`` or ``omega_total``; its interval, if it has one, gives
        that of the standard error.
    items : sequence of str, optional
        Of a DataFrame, the items to score.
    scale : str, optional
        With Scores, the scale; unnecessary where there is only one.
    score : {"mean", "sum"}
        How answers of persons become a score: mean or sum of the items, for persons who
        answered all of them. Without effect on scores and standard deviations.
    conf_level : float
        Confidence level of the change and of the interval.

    Returns
    -------
    MeasurementErrorResult

    Raises
    ------
    DataError
        For fewer than 2 scores, or scores that do not vary.
    OptionError
        For a reliability beyond 1 or below 0, a standard deviation that is not positive, or
        an option that is not offered.

    Notes
    -----
    Persons without a score are left out. Equals ``sd(x) * sqrt(1 - rel)`` and
    ``qnorm(.975) * sqrt(2) * sd(x) * sqrt(1 - rel)``. The limits of the standard error take
    the standard deviation as known.

    References
    ----------
    De Vet, H. C. W., Terwee, C. B., Knol, D. L., & Bouter, L. M. (2006). When to use agreement
    versus reliability measures. *Journal of Clinical Epidemiology, 59*, 1033–1039.
    https://doi.org/10.1016/j.jclinepi.2005.10.015

    Harvill, L. M. (1991). Standard error of measurement. *Educational Measurement: Issues and
    Practice, 10*, 33–41. https://doi.org/10.1111/j.1745-3992.1991.tb00195.x

    Examples
    --------
    >>> import trustmeasure as tm
    >>> error = tm.measurement_error(0.8, reliability=0.84)
    >>> print(f"{error.sem:.3f} {error.sdc:.3f} {error.ci_half_width:.3f}")
    0.320 0.887 0.627
    """
    _checks.check_option("score", score, ("mean", "sum"))
    _checks.check_level("conf_level", conf_level)
    value, low, high = _reliability(reliability)
    notes = Notes()
    sd, n, dropped = _spread(data_or_sd, items, scale, score, notes)

    bounds = kernel.error_bounds(sd, value, conf_level)
    limits = [kernel.error_bounds(sd, limit, conf_level).sem for limit in (high, low)]
    return MeasurementErrorResult(
        n=n,
        n_dropped=dropped,
        sem=bounds.sem,
        sdc=bounds.sdc,
        ci_half_width=bounds.half_width,
        sem_ci_low=limits[0] if np.isfinite(high) else np.nan,
        sem_ci_high=limits[1] if np.isfinite(low) else np.nan,
        sd=sd,
        reliability=value,
        settings={"scale": scale, "score": score, "conf_level": conf_level},
        warnings=notes.messages(),
    )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ConditionalErrorResult(Result):
    """The standard error of measurement at each score.

    Attributes
    ----------
    table : DataFrame, index ``score``
        ``n`` persons with the score, ``sem`` from these persons alone, ``sem_smooth`` from
        the polynomial over all scores.
    overall : float
        The standard error of all persons together.
    n_parts : int
        Parts whose differences tell the error.
    n_items : int
    """

    title: ClassVar[str] = "Conditional error of measurement"

    table: pd.DataFrame
    overall: float
    n_parts: int
    n_items: int

    def to_frame(self) -> pd.DataFrame:
        """Give the table of scores."""
        return self.table.copy()


def conditional_sem(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "difference",
    parts: Sequence[Sequence[str]] | None = None,
    score: str = "mean",
    degree: int = 2,
) -> ConditionalErrorResult:
    r"""Estimate the standard error of measurement at each score.

    The overall error is too small for some scores and too large for others, most often too
    large at the ends of the range. For person :math:`p` with the part scores
    :math:`x_{pi}`, :math:`i = 1 \dots m`, the error variance of the sum is estimated as

    .. math::
        \frac{m}{m-1} \sum_i \left[(x_{pi} - \bar x_{\cdot i})
        - (\bar x_{p\cdot} - \bar x_{\cdot\cdot})\right]^2

    (Feldt & Qualls 1996; with two parts Thorndike's difference method), and averaged over
    the persons with the same score.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. Persons with a missing answer
        are left out.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    method : {"difference", "multinomial"}
        As above; or with :math:`\bar x_{\cdot i}` and :math:`\bar x_{\cdot\cdot}` left out,
        as if each person had been given a random sample of items (Lee 2007): for items
        scored 0 and 1 that is Lord's binomial error, x (k − x) / (k − 1).
    parts : sequence of sequences of str, optional
        Items in parts of equal length that measure equally well; by default each item is a
        part.
    score : {"mean", "sum"}
        The unit of the scores and their errors.
    degree : int
        Of the polynomial that smooths the error variances over scores.

    Returns
    -------
    ConditionalErrorResult

    Raises
    ------
    DataError
        For whatever `cronbach_alpha` refuses, and parts that do not hold every item once, or
        are of different length.
    OptionError
        For an option that is not offered.

    Notes
    -----
    With ``method="difference"`` and items as parts, ``overall`` is the standard error of
    measurement by alpha, s √(1 − α). The errors at scores that few persons have are rough:
    read ``sem_smooth``. psych and lavaan have no such function: the reference values come from
    the papers' formulas, written out in R.

    References
    ----------
    Feldt, L. S., & Qualls, A. L. (1996). Estimation of measurement error variance at specific
    score levels. *Journal of Educational Measurement, 33*, 141–156.
    https://doi.org/10.1111/j.1745-3984.1996.tb00486.x

    Lee, W.-C. (2007). Multinomial and compound multinomial error models for tests with complex
    item scoring. *Applied Psychological Measurement, 31*, 255–274.
    https://doi.org/10.1177/0146621606294206

    Examples
    --------
    >>> import trustmeasure as tm
    >>> responses = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> errors = tm.conditional_sem(tm.score(responses))
    >>> print(f"{errors.overall:.3f}")
    0.394
    >>> errors.table.loc[[1.0, 3.4, 5.4], ["n", "sem_smooth"]].round(2)
           n  sem_smooth
    score
    1.0   59        0.27
    3.4  240        0.44
    5.4   82        0.24
    """
    _checks.check_option("method", method, ("difference", "multinomial"))
    _checks.check_option("score", score, ("mean", "sum"))
    _checks.check_count("degree", degree, least=0)
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    notes = Notes()
    values, dropped = _checks.listwise(block, min_persons=3)
    if dropped:
        notes.record(_checks.dropped_note(dropped, block.n_persons))
    summed = _part_scores(values, block.names, parts)

    errors = kernel.person_errors(summed, centred=method == "difference")
    found = kernel.conditional_errors(values.sum(axis=1), errors, degree)
    k = len(block.names)
    unit = k if score == "mean" else 1
    if (found.smooth < 0).any():
        notes.record(
            f"At {int((found.smooth < 0).sum())} score(s) the polynomial falls below zero; the "
            "smoothed error there is given as 0."
        )
    n = len(values)
    return ConditionalErrorResult(
        n=n,
        n_dropped=dropped,
        table=pd.DataFrame(
            {
                "n": found.n,
                "sem": np.sqrt(found.variance) / unit,
                "sem_smooth": np.sqrt(np.maximum(found.smooth, 0.0)) / unit,
            },
            index=pd.Index(np.round(found.score / unit, 10), name="score"),
        ),
        # Part means that are estimated take one person's worth of freedom.
        overall=float(np.sqrt(found.mean * (n / (n - 1) if method == "difference" else 1))) / unit,
        n_parts=summed.shape[1],
        n_items=k,
        settings={
            "items": list(block.names),
            "scale": scale,
            "method": method,
            "parts": None if parts is None else [list(part) for part in parts],
            "score": score,
            "degree": degree,
        },
        warnings=notes.messages(),
    )


def _part_scores(
    values: FloatArray, names: Sequence[str], parts: Sequence[Sequence[str]] | None
) -> FloatArray:
    """Add up the items of each part."""
    if parts is None:
        return values
    if not isinstance(parts, (list, tuple)) or any(isinstance(part, str) for part in parts):
        raise OptionError(
            f"parts={parts!r} must list the items of each part: parts=[['a', 'b'], ['c', 'd']]."
        )
    chosen = [[str(name) for name in part] for part in parts]
    flat = [name for part in chosen for name in part]
    if len(chosen) < 2 or sorted(flat) != sorted(names):
        raise DataError(
            f"parts= must hold every item once, in at least 2 parts. Items: "
            f"{_checks.listed(names)}; in parts: {_checks.listed(flat)}."
        )
    if len({len(part) for part in chosen}) > 1:
        raise DataError(
            f"parts= have {', '.join(str(len(part)) for part in chosen)} items; the method needs "
            "parts of equal length."
        )
    place = {name: j for j, name in enumerate(names)}
    return np.column_stack([values[:, [place[n] for n in part]].sum(axis=1) for part in chosen])


def _reliability(given: Any) -> tuple[float, float, float]:
    """Give a reliability and its limits, NaN where there are none."""
    value = getattr(given, "estimate", getattr(given, "omega_total", given))
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise OptionError(
            f"reliability={given!r} is neither a number nor a result with one, such as that of "
            "cronbach_alpha or mcdonald_omega."
        )
    if not 0 <= value <= 1:
        raise OptionError(
            f"reliability={float(value):.4g} is not between 0 and 1, so there is no error of "
            "measurement to be had from it."
        )
    low, high = (float(getattr(given, name, np.nan)) for name in ("ci_low", "ci_high"))
    return float(value), low, min(high, 1.0) if np.isfinite(high) else np.nan


def _spread(
    given: Any, items: Sequence[str] | None, scale: str | None, score: str, notes: Notes
) -> tuple[float, int, int]:
    """Give the standard deviation of scores, their number, and the persons without one."""
    if isinstance(given, (int, float, np.number)) and not isinstance(given, bool):
        if not 0 < given < np.inf:
            raise OptionError(f"A standard deviation is positive; found {given!r}.")
        if items is not None or scale is not None or score != "mean":
            raise OptionError(
                "items=, scale= and score= make scores of answers; this is a standard deviation."
            )
        return float(given), 0, 0
    values, name = single_scores(given, items=items, scale=scale, score=score)
    found = values[~np.isnan(values)]
    dropped = len(values) - len(found)
    if len(found) < 2 or found.min() == found.max():
        raise DataError(
            f"The scores ({name}) of {len(found)} person(s) do not vary, so they have no error of "
            "measurement."
        )
    if dropped:
        notes.record(f"{dropped} of {len(values)} persons have no score and were left out.")
    return float(found.std(ddof=1)), len(found), dropped
