"""How far raters agree who judge the same targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.kernels import ratings as kernel
from trustmeasure.kernels.crossed_effects import crossed_components
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

# McGraw and Wong's (1996) names of the six forms of Shrout and Fleiss (1979).
LABELS = {
    "ICC1": "ICC(1)",
    "ICC2": "ICC(A,1)",
    "ICC3": "ICC(C,1)",
    "ICC1k": "ICC(k)",
    "ICC2k": "ICC(A,k)",
    "ICC3k": "ICC(C,k)",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RaterICCResult(Result):
    """The six intraclass correlations of raters.

    Attributes
    ----------
    table : DataFrame, index ``ICC1`` … ``ICC3k``
        ``icc``, ``label`` (McGraw and Wong's name), ``F``, ``df1``, ``df2``, ``pvalue``,
        ``ci_low``, ``ci_high``.
    components : Series, index ``targets``, ``raters``, ``error``
        Variances.
    n_targets, n_raters : int
    n_missing : int
        Ratings that are missing in the crossed design.
    converged : bool
        Of the mixed model; True where none was needed.
    """

    title: ClassVar[str] = "Intraclass correlations of raters"

    table: pd.DataFrame
    components: pd.Series[float]
    n_targets: int
    n_raters: int
    n_missing: int
    converged: bool

    def to_frame(self) -> pd.DataFrame:
        """Give the table of the six coefficients."""
        return self.table.copy()


def rater_icc(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    target: str | None = None,
    rater: str | None = None,
    rating: str | None = None,
    conf_level: float = 0.95,
) -> RaterICCResult:
    r"""Compute the six intraclass correlations of Shrout and Fleiss.

    With the mean squares between targets :math:`MS_B`, within targets :math:`MS_W`, between
    raters :math:`MS_J` and of error :math:`MS_E`, of n targets and k raters,

    .. math::
        ICC1 &= \frac{MS_B - MS_W}{MS_B + (k-1) MS_W}, &
        ICC1k &= \frac{MS_B - MS_W}{MS_B}, \\
        ICC2 &= \frac{MS_B - MS_E}{MS_B + (k-1) MS_E + k (MS_J - MS_E) / n}, &
        ICC2k &= \frac{MS_B - MS_E}{MS_B + (MS_J - MS_E) / n}, \\
        ICC3 &= \frac{MS_B - MS_E}{MS_B + (k-1) MS_E}, &
        ICC3k &= \frac{MS_B - MS_E}{MS_B}.

    ICC1: each target has raters of its own. ICC2: the same raters judge all targets, and
    their levels count as disagreement. ICC3: the same, and their levels do not count. The
    forms with k are about the mean of k raters. (Coefficients of teams, whose members are
    interchangeable and differ in number, are `group_icc`.)

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …) or 2-D array
        Targets in rows, one column a rater; or, with ``target``, ``rater`` and ``rating``,
        one row a rating. NaN is missing.
    items : sequence of str, optional
        The raters' columns; without it all.
    target, rater, rating : str, optional
        Of one row a rating, the columns with the target, the rater and the rating.
    conf_level : float
        Confidence level of the intervals.

    Returns
    -------
    RaterICCResult

    Raises
    ------
    DataError
        For fewer than 2 targets or raters, ratings that do not vary, no target with two
        ratings, and two ratings of a target by the same rater.
    OptionError
        When only some of ``target``, ``rater`` and ``rating`` are given.

    Warns
    -----
    ConvergenceWarning
        When the mixed model did not converge.

    Notes
    -----
    Complete ratings are analysed by the analysis of variance, and everything equals
    ``psych::ICC(x, lmer = FALSE)`` and ``irr::icc``. With missing ratings the variances come
    from a mixed model with crossed targets and raters (restricted maximum likelihood, as
    ``lme4::lmer(rating ~ 1 + (1 | target) + (1 | rater))``), and the mean squares are those
    that a complete design would have with these variances: equal to ``psych::ICC(x)``. That
    supposes ratings missing at random; F tests and intervals are then approximate, and too
    narrow the more is missing. The mixed model gives no negative variance; the analysis of
    variance may, and its coefficients are then negative, as in psych with ``lmer = FALSE``.

    References
    ----------
    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
    reliability. *Psychological Bulletin, 86*, 420–428.
    https://doi.org/10.1037/0033-2909.86.2.420

    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. *Psychological Methods, 1*, 30–46.
    https://doi.org/10.1037/1082-989X.1.1.30

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> ratings = pd.DataFrame({
    ...     "judge1": [9, 6, 8, 7, 10, 6],
    ...     "judge2": [2, 1, 4, 1, 5, 2],
    ...     "judge3": [5, 3, 6, 2, 6, 4],
    ...     "judge4": [8, 2, 8, 6, 9, 7],
    ... })
    >>> tm.rater_icc(ratings).table[["label", "icc", "ci_low", "ci_high"]].round(2)
              label   icc  ci_low  ci_high
    form
    ICC1     ICC(1)  0.17   -0.13     0.72
    ICC2   ICC(A,1)  0.29    0.02     0.76
    ICC3   ICC(C,1)  0.71    0.34     0.95
    ICC1k    ICC(k)  0.44   -0.88     0.91
    ICC2k  ICC(A,k)  0.62    0.07     0.93
    ICC3k  ICC(C,k)  0.91    0.68     0.99
    """
    _checks.check_level("conf_level", conf_level)
    block = _ratings(data, items, target, rater, rating)
    notes = Notes()
    values, n_dropped = _rated(block, notes)
    n_missing = int(np.isnan(values).sum())
    if n_missing:
        found = crossed_components(values)
        squares = kernel.implied_squares(found, *values.shape)
        _note_model(found, n_missing, values.size, notes)
    else:
        squares = kernel.mean_squares(values)
        found = kernel.components(squares, float(values.mean()))
    six = kernel.intraclass(squares, conf_level)
    return RaterICCResult(
        n=len(values),
        n_dropped=n_dropped,
        table=_table(six),
        components=pd.Series(
            {"targets": found.targets, "raters": found.raters, "error": found.error},
            name="variance",
        ),
        n_targets=values.shape[0],
        n_raters=values.shape[1],
        n_missing=n_missing,
        converged=found.converged,
        settings={
            "raters": list(block.names),
            "method": "reml" if n_missing else "anova",
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _ratings(
    data: Any,
    items: Sequence[str] | None,
    target: str | None,
    rater: str | None,
    rating: str | None,
) -> _checks.Items:
    """Bring ratings to targets × raters."""
    given = [name for name in (target, rater, rating) if name is not None]
    if not given:
        return _checks.as_items(data, items=items)
    if len(given) < 3 or items is not None:
        raise OptionError(
            "One row a rating needs all of target=, rater= and rating=, and no items=."
        )
    frame = _checks.as_frame(data)
    unknown = [name for name in given if name not in frame.columns]
    if unknown:
        raise DataError(
            f"Column(s) {_checks.listed(unknown)} are not in the data. Columns: "
            f"{_checks.listed(frame.columns)}." + _checks.near(unknown[0], frame.columns)
        )
    known = frame.dropna(subset=[str(target), str(rater)])
    double = known.duplicated([str(target), str(rater)])
    if double.any():
        first = known[double].iloc[0]
        raise DataError(
            f"Target {first[str(target)]!r} was rated more than once by {first[str(rater)]!r} "
            f"({int(double.sum())} such row(s)). Choose one rating, or average them first."
        )
    _checks.as_items(known, items=[str(rating)], min_items=1)  # numbers, and finite
    wide = known.pivot_table(
        index=str(target), columns=str(rater), values=str(rating), dropna=False, observed=True,
        sort=False,
    )  # fmt: skip
    wide.columns = pd.Index([str(name) for name in wide.columns])
    return _checks.as_items(wide.reset_index(drop=True))


def _rated(block: _checks.Items, notes: Notes) -> tuple[FloatArray, int]:
    """Leave out targets without any rating, and refuse what no coefficient can come of."""
    rated = ~np.isnan(block.values)
    any_rating = rated.any(axis=1)
    values = block.values[any_rating]
    dropped = int(block.n_persons - len(values))
    if dropped:
        notes.record(f"{dropped} of {block.n_persons} targets have no rating and were left out.")
    if len(values) < 2 or not (rated.sum(axis=1) > 1).any():
        raise DataError(
            f"{len(values)} target(s) were rated, and {int((rated.sum(axis=1) > 1).sum())} by more "
            "than one rater; agreement needs at least 2 targets and some that share raters."
        )
    if np.nanmin(values) == np.nanmax(values):
        raise DataError("All ratings are the same, so nothing can be said about agreement.")
    return values, dropped


def _note_model(found: kernel.Components, n_missing: int, n_cells: int, notes: Notes) -> None:
    notes.record(
        f"{n_missing} of {n_cells} ratings are missing; the variances come from a mixed model "
        "(restricted maximum likelihood), and F tests and intervals are approximate."
    )
    if not found.converged:
        notes.warn(
            "The mixed model of the ratings did not converge; read the coefficients with care.",
            ConvergenceWarning,
            stacklevel=4,
        )
    zero = [name for name in ("targets", "raters") if getattr(found, name) < 1e-8 * found.error]
    if zero:
        notes.record(f"The variance of {' and '.join(zero)} is estimated as zero.")


def _table(six: dict[str, kernel.Intraclass]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": [LABELS[name] for name in six],
            "icc": [one.icc for one in six.values()],
            "F": [one.f for one in six.values()],
            "df1": [one.df1 for one in six.values()],
            "df2": [one.df2 for one in six.values()],
            "pvalue": [one.pvalue for one in six.values()],
            "ci_low": [one.low for one in six.values()],
            "ci_high": [one.high for one in six.values()],
        },
        index=pd.Index(list(six), name="form"),
    )
