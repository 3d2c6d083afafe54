"""What reliability does when a scale grows or shrinks."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.errors import OptionError
from trustmeasure.kernels import lower_bounds as kernel

Numbers = TypeVar("Numbers", float, NDArray[np.float64], "pd.Series[float]")


def spearman_brown(reliability: Numbers, *, length: float) -> Numbers:
    r"""Predict the reliability of a longer or shorter scale (Spearman–Brown).

    .. math:: \rho_m = \frac{m \rho}{1 + (m - 1) \rho}

    Parameters
    ----------
    reliability : float, array or Series
        Reliability :math:`\rho` of the scale as it is; at most 1, and above −1 / (m − 1)
        where the scale grows.
    length : float
        The new length over the old, :math:`m`: 2 for twice as many items, 0.5 for half. The
        items added or left are supposed parallel to those that were there.

    Returns
    -------
    float, array or Series
        As ``reliability`` is.

    Raises
    ------
    OptionError
        For a reliability above 1 or too negative for a scale that grows, or a length that is
        not positive.

    Notes
    -----
    Equals ``CTT::spearman.brown(rho, input = m, n.or.r = "n")$r.new``. With ``length=2`` it steps a
    correlation between two halves up to the whole.

    References
    ----------
    Spearman, C. (1910). Correlation calculated from faulty data. *British Journal of
    Psychology, 3*, 271–295. https://doi.org/10.1111/j.2044-8295.1910.tb00206.x

    Brown, W. (1910). Some experimental results in the correlation of mental abilities.
    *British Journal of Psychology, 3*, 296–322.
    https://doi.org/10.1111/j.2044-8295.1910.tb00207.x

    Examples
    --------
    >>> import trustmeasure as tm
    >>> round(tm.spearman_brown(0.60, length=2), 3)
    0.75
    """
    values = _numbers("reliability", reliability)
    _refuse("length", length, isinstance(length, (int, float)) and 0 < length < np.inf)
    _refuse("reliability", reliability, bool(np.all(values <= 1)))
    _refuse("reliability", reliability, bool(np.all(1 + (length - 1) * values > 0)))
    result: Numbers = _like(
        reliability, kernel.spearman_brown(values, np.asarray(length, dtype=np.float64))
    )
    return result


def spearman_brown_length(reliability: Numbers, *, target: float) -> Numbers:
    r"""Find how much longer a scale must be to reach a reliability.

    .. math:: m = \frac{\rho_m (1 - \rho)}{\rho (1 - \rho_m)}

    Parameters
    ----------
    reliability : float, array or Series
        Reliability :math:`\rho` of the scale as it is, between 0 and 1.
    target : float
        The reliability :math:`\rho_m` to be reached, between 0 and 1.

    Returns
    -------
    float, array or Series
        The new length over the old; times the number of items, rounded up, it is the number
        of items needed.

    Raises
    ------
    OptionError
        For a reliability or target that is not strictly between 0 and 1.

    Notes
    -----
    The inverse of `spearman_brown`. Equals ``CTT::spearman.brown(rho, input = target,
    n.or.r = "r")$n.new``.

    References
    ----------
    Lord, F. M., & Novick, M. R. (1968). *Statistical theories of mental test scores* (p. 112).
    Addison-Wesley.

    Examples
    --------
    >>> import trustmeasure as tm
    >>> round(tm.spearman_brown_length(0.60, target=0.75), 3)
    2.0
    """
    values = _numbers("reliability", reliability)
    _refuse("reliability", reliability, bool(np.all((values > 0) & (values < 1))))
    _refuse("target", target, isinstance(target, (int, float)) and 0 < target < 1)
    result: Numbers = _like(
        reliability, kernel.required_length(values, np.asarray(target, dtype=np.float64))
    )
    return result


def _numbers(name: str, value: Any) -> NDArray[np.float64]:
    try:
        values = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    _refuse(name, value, bool(np.isfinite(values).all()))
    return values


def _refuse(name: str, value: Any, fits: bool) -> None:
    if not fits:
        raise OptionError(
            f"{name}={value!r} does not fit. A reliability is a number up to 1 (to be stretched to "
            "a target, strictly between 0 and 1), a length a positive number of times."
        )


def _like(given: Any, values: NDArray[np.float64]) -> Any:
    """Give numbers in the container that they came in."""
    if isinstance(given, pd.Series):
        return pd.Series(values, index=given.index, name=given.name)
    return float(values) if values.ndim == 0 else values
