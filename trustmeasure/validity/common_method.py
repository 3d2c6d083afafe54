"""Checks for variance that measures share because of their method, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    Items,
    check_level,
    check_option,
    dropped_note,
    listwise,
)
from trustmeasure.correlation.matrices import correlations_of
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels import marker as kernel
from trustmeasure.kernels.correlation_intervals import correlation_pvalue, fisher_limits
from trustmeasure.kernels.covariance import listwise_moments
from trustmeasure.kernels.factor_extraction import extract
from trustmeasure.results import Notes, Result
from trustmeasure.validity.samples import numbers_of, score_table

FloatArray = NDArray[np.float64]

CAUTION = (
    "This proves nothing: one factor can dominate without any shared method, and method "
    "variance can be present without one. Do not report it as evidence for or against common "
    "method bias (Podsakoff et al., 2012)."
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MarkerResult(Result):
    """Correlations with the part taken out that a marker ascribes to the method.

    Attributes
    ----------
    marker_r : float
        The correlation ascribed to the method.
    marker_correlations : Series or None
        The marker's correlation with each variable.
    pairs : DataFrame, index the two variables
        ``r`` and ``pvalue``; ``adjusted`` and ``adjusted_p``; ``loses_at``, the marker
        correlation at which a significant positive r would no longer be so (NaN where it is
        not, or is negative); with a marker, ``partial``, the ordinary partial correlation.
    sensitivity : DataFrame, index the two variables and level
        ``marker_r`` at the upper limit of its interval, ``adjusted``, ``adjusted_p``.
    """

    title: ClassVar[str] = "Marker variable"

    marker_r: float
    marker_correlations: pd.Series[float] | None
    pairs: pd.DataFrame
    sensitivity: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the pairs."""
        return self.pairs.copy()


def marker_variable(
    scores: Any,
    *,
    marker: Any = None,
    variables: Sequence[str] | None = None,
    estimate: str | float = "smallest",
    levels: Sequence[float] = (0.75, 0.95, 0.99),
    conf_level: float = 0.95,
) -> MarkerResult:
    r"""Take out of correlations what a marker ascribes to the common method.

    .. math:: r_{ij \cdot M} = \frac{r_{ij} - r_M}{1 - r_M}, \qquad
        t(n - 3) = \frac{r_{ij \cdot M}}{\sqrt{(1 - r_{ij \cdot M}^2)/(n - 3)}}

    A marker is a variable measured the same way that has no reason to relate to at least one
    of the others; what it does share with them is ascribed to the method, alike for all.

    Parameters
    ----------
    scores : Scores, or DataFrame of scale scores
        Persons in rows; NaN is missing. Persons without a missing value are used.
    marker : str or sequence, optional
        A column, or one value a person, chosen before the data were seen. Without it the
        smallest positive correlation between the variables stands in, which is weaker.
    variables : sequence of str, optional
        Without it all scales of Scores, or all other numeric columns.
    estimate : {"smallest", "second", "mean"} or float
        Which of the marker's positive correlations is ascribed to the method: the smallest,
        the second smallest (more cautious), or the mean of all; or a value from outside.
    levels : sequence of float
        Confidence levels at whose upper limits (Fisher's z) the adjustment is repeated.
    conf_level : float
        What counts as significant for ``loses_at`` is a probability below its complement.

    Returns
    -------
    MarkerResult

    Raises
    ------
    DataError
        For fewer than two variables, or data that cannot be correlated.
    OptionError
        For an estimate that is not offered.

    Warns
    -----
    DataWarning
        When no correlation of the marker is positive: nothing is taken out then.

    Notes
    -----
    The adjustment presumes that the method moves all variables alike and that the marker
    catches it; a marker that does not lets bias pass. Negative correlations grow in size by
    it: turn variables so that they relate positively first. ``partial`` equals
    ``psych::partial.r(x, y = c(i, j), z = marker)``.

    References
    ----------
    Lindell, M. K., & Whitney, D. J. (2001). Accounting for common method variance in
    cross-sectional research designs. *Journal of Applied Psychology, 86*, 114–121.
    https://doi.org/10.1037/0021-9010.86.1.114

    Malhotra, N. K., Kim, S. S., & Patil, A. (2006). Common method variance in IS research.
    *Management Science, 52*, 1865–1883. https://doi.org/10.1287/mnsc.1060.0597

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> method, trait = rng.normal(size=(2, 400))
    >>> frame = pd.DataFrame({
    ...     "trust": trait + 0.5 * method + rng.normal(size=400),
    ...     "safety": trait + 0.5 * method + rng.normal(size=400),
    ...     "fruit": 0.5 * method + rng.normal(size=400),
    ... })
    >>> found = tm.marker_variable(frame, marker="fruit")
    >>> round(found.marker_r, 2)
    0.16
    >>> found.pairs[["r", "adjusted", "loses_at"]].round(2)
                     r  adjusted  loses_at
    trust safety  0.56      0.47      0.51
    """
    check_level("conf_level", conf_level)
    for level in levels:
        check_level("levels", level)
    how = _estimate(estimate)
    beside = [marker] if isinstance(marker, str) else []
    table = score_table(scores, scales=variables, beside=beside)
    names = list(table.names)
    if len(names) < 2:
        raise DataError(f"There is {len(names)} variable; at least 2 are needed to correlate.")
    columns, marked = table.scores(), None
    if marker is not None:
        own, marked = numbers_of(table.frame, marker, "marker")
        if marked in names:
            raise DataError(f"The marker '{marked}' is among the variables.")
        columns = np.column_stack([columns, own])
    notes = Notes()
    block = Items(values=columns, names=(*names, *([marked] if marked else [])))
    values, dropped = listwise(block, min_persons=5)
    if dropped:
        notes.record(dropped_note(dropped, block.n_persons))
    n, r = len(values), listwise_moments(values).correlation
    p = len(names)
    i, j = np.triu_indices(p, 1)
    marker_r = how if isinstance(how, float) else _ascribed(r, p, how, notes)

    index = pd.MultiIndex.from_tuples(list(combinations(names, 2)))
    pairs = _adjust(r[i, j], n, marker_r, index)
    pairs.insert(0, "r", r[i, j])
    pairs.insert(1, "pvalue", [correlation_pvalue(value, n) for value in r[i, j]])
    pairs["loses_at"] = kernel.loses_at(r[i, j], n, 1 - conf_level)
    if marked:
        pairs["partial"] = kernel.partial(r[i, j], r[i, p], r[j, p])
    upper = {level: max(fisher_limits(marker_r, n, level)[1], 0.0) for level in levels}
    repeated = [
        _adjust(r[i, j], n, value, index).assign(level=level, marker_r=value)
        for level, value in upper.items()
    ]
    kept = ["marker_r", "adjusted", "adjusted_p"]
    sensitivity = (
        pd.concat(repeated).set_index("level", append=True)[kept]
        if repeated
        else pd.DataFrame(columns=kept)
    )
    return MarkerResult(
        n=n,
        n_dropped=dropped,
        marker_r=marker_r,
        marker_correlations=pd.Series(r[:p, p], index=names, name=marked) if marked else None,
        pairs=pairs,
        sensitivity=sensitivity,
        settings={
            "marker": marked,
            "variables": names,
            "estimate": how,
            "levels": [float(level) for level in levels],
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _adjust(r: FloatArray, n: int, marker_r: float, index: pd.MultiIndex) -> pd.DataFrame:
    adjusted = kernel.adjusted(r, marker_r)
    probabilities = [correlation_pvalue(value, n, controlled=1) for value in adjusted]
    return pd.DataFrame({"adjusted": adjusted, "adjusted_p": probabilities}, index=index)


def _estimate(estimate: Any) -> str | float:
    if isinstance(estimate, (int, float)) and not isinstance(estimate, bool):
        if not 0 <= estimate < 1:
            raise OptionError(f"estimate={estimate!r} must be a correlation from 0 to below 1.")
        return float(estimate)
    check_option("estimate", estimate, ("smallest", "second", "mean"))
    return str(estimate)


def _ascribed(r: FloatArray, p: int, how: str, notes: Notes) -> float:
    """Choose the correlation that is ascribed to the method."""
    known = len(r) > p
    candidates = r[:p, p] if known else r[np.triu_indices(p, 1)]
    positive = np.sort(candidates[candidates > 0])
    what = "the marker with the variables" if known else "the variables"
    if not known:
        notes.record(
            "No marker was given; the correlations between the variables themselves stand in, "
            "which takes trait variance for method variance where all variables share some."
        )
    if len(positive) < len(candidates):
        notes.record(
            f"{len(candidates) - len(positive)} of {len(candidates)} correlations of {what} are "
            "not positive; they say nothing of a shared method and were passed over."
        )
    if not len(positive):
        notes.warn(
            f"No correlation of {what} is positive, so nothing was taken out.",
            DataWarning,
            stacklevel=4,
        )
        return 0.0
    if how == "mean":
        return float(positive.mean())
    return float(positive[min(1, len(positive) - 1)] if how == "second" else positive[0])


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SingleFactorResult(Result):
    """What one unrotated factor takes of all items.

    Attributes
    ----------
    component_share : float
        Share of all variance that the first principal component takes.
    factor_share : float
        Share of all variance that a single common factor (minres) takes.
    eigenvalues : Series
        Of the correlation matrix.
    loadings : Series
        On the single common factor.
    """

    title: ClassVar[str] = "Harman’s single factor"

    component_share: float
    factor_share: float
    eigenvalues: pd.Series[float]
    loadings: pd.Series[float]

    def to_frame(self) -> pd.DataFrame:
        """Give the loadings."""
        return self.loadings.to_frame()


def harman_single_factor(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
) -> SingleFactorResult:
    """Compute how much of all items a single factor takes, which proves nothing.

    Reviewers ask for it, so it is here with its caution. It has no cut-off that means
    anything ("below 50 %" is passed by nearly all data of several constructs, biased or
    not), and a scale of one construct fails it by being good. A marker variable
    (`marker_variable`), another source, or another time of measurement say more.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows. NaN is missing.
    items : sequence of str, optional
        The columns; all without it.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
    missing : {"listwise", "pairwise", "fiml"}
        As in `correlate`.

    Returns
    -------
    SingleFactorResult
        The caution is its first warning.

    Raises
    ------
    DataError
        For items that cannot be correlated.

    Notes
    -----
    Equals ``eigen(cor(x))$values[1] / ncol(x)`` and ``mean(psych::fa(x, 1)$communality)``.

    References
    ----------
    Podsakoff, P. M., MacKenzie, S. B., Lee, J.-Y., & Podsakoff, N. P. (2003). Common method
    biases in behavioral research. *Journal of Applied Psychology, 88*, 879–903.
    https://doi.org/10.1037/0021-9010.88.5.879

    Podsakoff, P. M., MacKenzie, S. B., & Podsakoff, N. P. (2012). Sources of method bias in
    social science research and recommendations on how to control it. *Annual Review of
    Psychology, 63*, 539–569. https://doi.org/10.1146/annurev-psych-120710-100452

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> items = rng.normal(size=(300, 1)) + rng.normal(size=(300, 4))
    >>> found = tm.harman_single_factor(items)
    >>> round(found.component_share, 2), round(found.factor_share, 2)
    (0.6, 0.47)
    >>> found.warnings[0][:21]
    'This proves nothing: '
    """
    notes = Notes()
    notes.record(CAUTION)
    found = correlations_of(
        data,
        items=items,
        scale=None,
        correlation=correlation,
        missing=missing,
        min_items=3,
        notes=notes,
    )
    factor = extract(found.matrix, 1, "minres")
    values = np.linalg.eigvalsh(found.matrix)[::-1]
    names, p = pd.Index(found.names, name="item"), len(found.names)
    return SingleFactorResult(
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        component_share=float(values[0]) / p,
        factor_share=float((factor.loadings**2).sum()) / p,
        eigenvalues=pd.Series(values, index=pd.RangeIndex(1, p + 1), name="eigenvalue"),
        loadings=pd.Series(factor.loadings[:, 0], index=names, name="loading"),
        settings={"items": list(found.names), "correlation": correlation, "missing": missing},
        warnings=notes.messages(),
    )
