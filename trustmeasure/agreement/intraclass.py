"""How much teams differ: intraclass correlations of a one-way analysis of variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.agreement.persons import used_persons
from trustmeasure.errors import DataError
from trustmeasure.kernels import agreement as kernel
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GroupICCResult(Result):
    """ICC(1) and ICC(2) of a value over clusters.

    Attributes
    ----------
    icc1 : float
        Share of the variance that lies between clusters; how alike two members are.
    icc2 : float
        Reliability of the clusters' means.
    icc1_ci, icc2_ci : (float, float)
        Confidence limits.
    f, df1, df2, pvalue : float
        F test of the differences between clusters.
    n_clusters : int
        Clusters with at least one value.
    mean_cluster_size : float
        Persons over clusters.
    ms_between, ms_within : float
        Mean squares.
    """

    title: ClassVar[str] = "Intraclass correlations of groups"

    icc1: float
    icc2: float
    icc1_ci: tuple[float, float]
    icc2_ci: tuple[float, float]
    f: float
    df1: int
    df2: int
    pvalue: float
    n_clusters: int
    mean_cluster_size: float
    ms_between: float
    ms_within: float

    def to_frame(self) -> pd.DataFrame:
        """Give both coefficients with their limits."""
        return pd.DataFrame(
            {
                "estimate": [self.icc1, self.icc2],
                "ci_low": [self.icc1_ci[0], self.icc2_ci[0]],
                "ci_high": [self.icc1_ci[1], self.icc2_ci[1]],
            },
            index=pd.Index(["icc1", "icc2"], name="coefficient"),
        )


def group_icc(
    data: Any,
    *,
    cluster: Any = None,
    value: str | None = None,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "anova",
    conf_level: float = 0.95,
) -> GroupICCResult:
    r"""Compute ICC(1) and ICC(2), the two intraclass correlations of groups.

    .. math::
        ICC(1) = \frac{MS_B - MS_W}{MS_B + (k - 1) MS_W} \qquad
        ICC(2) = \frac{MS_B - MS_W}{MS_B}

    with the mean cluster size :math:`k`. These are about clusters of interchangeable
    members; coefficients of raters who judge the same targets are another matter.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows.
    cluster : str or sequence, optional
        The column with each person's cluster, or one label a person; Scores know theirs.
    value : str, optional
        The column to analyse; with Scores, a scale (its score). Scores of one scale need
        nothing.
    items : sequence of str, optional
        Instead of ``value``: analyse the mean of these items, of the persons who answered
        all of them.
    scale : str, optional
        With Scores: the same as ``value``.
    method : {"anova"}
        Mean squares of a one-way analysis of variance.
    conf_level : float
        Confidence level of the intervals.

    Returns
    -------
    GroupICCResult

    Raises
    ------
    DataError
        For an unknown column, a constant value, fewer than two clusters, or clusters of
        one person each.
    OptionError
        For an option that is not offered.

    Notes
    -----
    Equals ``multilevel::ICC1(m)`` and ``multilevel::ICC2(m)`` for
    ``m <- aov(value ~ as.factor(cluster))``, which takes persons over clusters for
    :math:`k` also where clusters differ in size. Persons without value or cluster are left
    out; clusters of one person stay in, as there, and are counted in ``warnings``.

    The limits come from the F distribution, with :math:`F_L = F / F_{1-\alpha/2;df1,df2}`
    and :math:`F_U = F \cdot F_{1-\alpha/2;df2,df1}` in the place of :math:`F = MS_B /
    MS_W` (McGraw and Wong 1996, one-way model): exact for normal clusters of equal size,
    else an approximation. They equal ``psychometric::ICC1.CI``, and for equal sizes
    ``psych::ICC`` (rows ICC1 and ICC1k). A negative coefficient is given as it is:
    members are then less alike than strangers.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In
    K. J. Klein & S. W. J. Kozlowski (Eds.), *Multilevel theory, research, and methods in
    organizations* (pp. 349–381). Jossey-Bass.

    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass
    correlation coefficients. *Psychological Methods, 1*, 30–46.
    https://doi.org/10.1037/1082-989X.1.1.30

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> scores = pd.DataFrame({
    ...     "team": ["A", "A", "A", "B", "B", "B", "C", "C", "C"],
    ...     "safety": [4.2, 4.5, 4.0, 2.9, 3.3, 3.6, 3.9, 3.1, 3.5],
    ... })
    >>> icc = tm.group_icc(scores, cluster="team", value="safety")
    >>> round(icc.icc1, 2), round(icc.icc2, 2)
    (0.65, 0.85)
    """
    _checks.check_option("method", method, ("anova",))
    _checks.check_level("conf_level", conf_level)
    block, name = _values(data, cluster, value, items, scale)
    notes = Notes()
    used = used_persons(block, notes, without="no value")
    values = block.values[used].mean(axis=1)
    codes, n_clusters = _present(block.codes[used])
    _refuse_unusable(values, codes, n_clusters, name, block.cluster_name)
    result = kernel.one_way(values, codes, n_clusters, conf_level)
    _note_reading(result, codes, block.cluster_name, notes)
    return GroupICCResult(
        n=len(values),
        n_dropped=block.n_persons - len(values),
        icc1=result.icc1,
        icc2=result.icc2,
        icc1_ci=result.icc1_ci,
        icc2_ci=result.icc2_ci,
        f=result.f,
        df1=result.df1,
        df2=result.df2,
        pvalue=result.pvalue,
        n_clusters=n_clusters,
        mean_cluster_size=result.size,
        ms_between=result.ms_between,
        ms_within=result.ms_within,
        settings={
            "cluster": block.cluster_name,
            "value": name,
            "method": method,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _values(
    data: Any, cluster: Any, value: str | None, items: Sequence[str] | None, scale: str | None
) -> tuple[_checks.GroupedItems, str]:
    """Choose what to analyse, and name it."""
    chosen = [option for option in (value, items, scale) if option is not None]
    if len(chosen) > 1:
        raise DataError("Pass one of value=, items= and scale=, not several.")
    if items is not None:
        block = _checks.as_grouped(data, cluster=cluster, items=items)
        return block, "mean of " + ", ".join(block.names)
    scores = getattr(data, "data", None) if hasattr(data, "__trustmeasure_frame__") else None
    if isinstance(scores, pd.DataFrame) and hasattr(data, "scale_ids"):
        name = value or _checks.one_scale(data, scale=scale)
        cluster = getattr(data, "cluster", None) if cluster is None else cluster
        return _checks.as_grouped(scores, cluster=cluster, items=[str(name)]), str(name)
    if scale is not None:
        _checks.as_frame(data, scale=scale)  # says that only Scores have scales
    if value is None:
        raise DataError(
            "Which value should be compared between clusters? Pass value='column', or "
            "items=[...] for their mean."
        )
    return _checks.as_grouped(data, cluster=cluster, items=[value]), value


def _present(codes: NDArray[np.intp]) -> tuple[NDArray[np.intp], int]:
    """Give new numbers to the clusters that still have someone."""
    present, again = np.unique(codes, return_inverse=True)
    return again.astype(np.intp), len(present)


def _refuse_unusable(
    values: FloatArray, codes: NDArray[np.intp], n_clusters: int, name: str, cluster: str
) -> None:
    if n_clusters < 2:
        raise DataError(
            f"There are values of '{name}' in {n_clusters} cluster(s) of '{cluster}'; to compare "
            "clusters takes at least 2."
        )
    if len(values) == n_clusters:
        raise DataError(
            f"Each cluster of '{cluster}' holds one person with a value of '{name}', so nothing "
            f"varies within clusters. Is '{cluster}' the column with the team?"
        )
    if values.min() == values.max():
        raise DataError(f"'{name}' is constant: all {len(values)} persons have {values[0]:g}.")


def _note_reading(
    result: kernel.OneWay, codes: NDArray[np.intp], cluster: str, notes: Notes
) -> None:
    lone = int((np.bincount(codes) == 1).sum())
    if lone:
        notes.record(
            f"{lone} cluster(s) of '{cluster}' hold one person; they count in the differences "
            "between clusters, and tell nothing of those within."
        )
    if result.icc1 < 0:
        notes.record(
            "The coefficients are negative: members of a cluster differ more than members of "
            "different clusters. Read this as no sign of a common level."
        )
    if math.isinf(result.f):
        notes.record("Nobody differs from the other members of the cluster: ICC(1) is 1.")
