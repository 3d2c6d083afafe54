"""What a correlation would be if both scores were free of error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import check_count, check_level
from trustmeasure.errors import DataWarning, OptionError
from trustmeasure.kernels import correlation_intervals as kernel
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DisattenuatedCorrelation(Result):
    """A correlation corrected for unreliability.

    Attributes
    ----------
    r : float
        As observed.
    estimate : float
        Corrected; may exceed 1.
    ci_low, ci_high : float
        Its interval; NaN without ``n``.
    attenuation : float
        What the observed correlation was divided by.
    """

    title: ClassVar[str] = "Correlation corrected for attenuation"

    r: float
    estimate: float
    ci_low: float
    ci_high: float
    attenuation: float

    def to_frame(self) -> pd.DataFrame:
        """Give the estimate with its interval in a row."""
        return pd.DataFrame([self.summary()])


def disattenuate(
    r: float,
    *,
    reliability_x: float,
    reliability_y: float,
    n: int | None = None,
    conf_level: float = 0.95,
) -> DisattenuatedCorrelation:
    r"""Correct a correlation for the unreliability of both scores.

    .. math:: \hat\rho = \frac{r_{xy}}{\sqrt{r_{xx'}\, r_{yy'}}}

    The interval divides Fisher's limits of r by the same root: it takes the reliabilities as
    known. `criterion_validity` with ``ci="bootstrap"`` estimates them anew in each replicate.

    Parameters
    ----------
    r : float
        The observed correlation, −1 to 1.
    reliability_x, reliability_y : float
        Above 0, at most 1; 1 leaves a score as it is.
    n : int, optional
        Persons behind ``r``, for the interval.
    conf_level : float
        Confidence level.

    Returns
    -------
    DisattenuatedCorrelation

    Raises
    ------
    OptionError
        For a correlation or a reliability that cannot be.

    Warns
    -----
    DataWarning
        When the corrected correlation exceeds 1, which says that a reliability was
        underestimated or that r lies above its value in the population by chance.

    Notes
    -----
    Equals ``psych::correct.cor(r, c(reliability_x, reliability_y))`` above the diagonal, and
    ``psych::r.con(r, n) / sqrt(reliability_x * reliability_y)``.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things.
    *American Journal of Psychology, 15*, 72–101. https://doi.org/10.2307/1412159

    Charles, E. P. (2005). The correction for attenuation due to measurement error.
    *Psychological Methods, 10*, 206–226. https://doi.org/10.1037/1082-989X.10.2.206

    Examples
    --------
    >>> import trustmeasure as tm
    >>> found = tm.disattenuate(0.40, reliability_x=0.80, reliability_y=0.70, n=120)
    >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.535, 0.318, 0.722)
    """
    check_level("conf_level", conf_level)
    r = _number("r", r, -1.0, 1.0)
    rx = checked_reliability("reliability_x", reliability_x)
    ry = checked_reliability("reliability_y", reliability_y)
    if n is not None:
        check_count("n", n, least=4)
    notes = Notes()
    estimate = kernel.corrected(r, rx, ry)
    if abs(estimate) > 1:
        notes.warn(beyond_one(estimate), DataWarning)
    low, high = kernel.fisher_limits(r, n, conf_level) if n else (math.nan, math.nan)
    return DisattenuatedCorrelation(
        n=n or 0,
        r=r,
        estimate=estimate,
        ci_low=kernel.corrected(low, rx, ry),
        ci_high=kernel.corrected(high, rx, ry),
        attenuation=math.sqrt(rx * ry),
        settings={"reliability_x": rx, "reliability_y": ry, "n": n, "conf_level": conf_level},
        warnings=notes.messages(),
    )


def checked_reliability(name: str, value: float) -> float:
    """Refuse a reliability outside (0, 1]."""
    value = _number(name, value, 0.0, 1.0)
    if value == 0:
        raise OptionError(f"{name}=0: nothing can be said about scores that are all error.")
    return value


def beyond_one(estimate: float) -> str:
    """Word what a corrected correlation above 1 says."""
    return (
        f"The corrected correlation is {estimate:.3f}. Beyond 1 it says that a reliability is "
        "underestimated, or that the observed correlation is high by chance; it is not cut off."
    )


def _number(name: str, value: float, low: float, high: float) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.number))
        or not low <= float(value) <= high
    ):
        raise OptionError(f"{name}={value!r} must be a number from {low:g} to {high:g}.")
    return float(value)
