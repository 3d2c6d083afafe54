"""Agreement within teams: r_WG for one item and r_WG(J) for several."""

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
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import agreement as kernel
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AgreementResult(Result):
    """Agreement within each cluster, and its distribution over clusters.

    Attributes
    ----------
    table : DataFrame, index the cluster
        ``n`` persons with complete answers, and ``rwg`` or ``rwg_j``; NaN for a cluster of
        fewer than two such persons.
    mean, median : float
        Over the clusters that have a value.
    share_above : float
        Share (0–1) of them at or above ``cutoff``.
    cutoff : float
        The value that counts as agreement here.
    null_variance : float
        Variance of an item that random answers would have.
    n_items : int
        Items behind the index.
    n_clusters : int
        Clusters that have a value.
    """

    title: ClassVar[str] = "Agreement within groups"

    table: pd.DataFrame
    mean: float
    median: float
    share_above: float
    cutoff: float
    null_variance: float
    n_items: int
    n_clusters: int

    def to_frame(self) -> pd.DataFrame:
        """Give the table of clusters."""
        return self.table.copy()


def rwg_j(
    data: Any,
    *,
    cluster: Any = None,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    n_options: int | None = None,
    null: str = "uniform",
    null_variance: float | None = None,
    cutoff: float = 0.70,
) -> AgreementResult:
    r"""Compute r_WG(J), the agreement of each cluster over the items of a scale.

    .. math::
        r_{WG(J)} = \frac{J (1 - \bar s^2 / \sigma^2)}
                         {J (1 - \bar s^2 / \sigma^2) + \bar s^2 / \sigma^2}

    with the mean :math:`\bar s^2` over :math:`J` items of the variance within the cluster
    (n − 1), and the variance :math:`\sigma^2` that random answers would have.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much.
    cluster : str or sequence, optional
        The column with each person's cluster, or one label a person; Scores know theirs.
    items : sequence of str, optional
        The items, at least two; without it all other columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    n_options : int, optional
        Number of answers that an item offers. Scores know it from the response set; for
        other data either this or ``null_variance`` is required, because the index means
        nothing with the wrong one (R's default, 2, supposes five answers).
    null : {"uniform", "slight_skew", "moderate_skew", "heavy_skew", "triangular", "normal"}
        How random answers would be spread. Their variances for 5 to 11 answers are those
        tabled by LeBreton and Senter (2008); a uniform null with other numbers of answers
        A has (A² − 1) / 12.
    null_variance : float, optional
        The null variance itself, instead of ``n_options`` and ``null``.
    cutoff : float
        The value from which a cluster counts in ``share_above``.

    Returns
    -------
    AgreementResult

    Raises
    ------
    DataError
        For an unknown cluster or item, fewer than two items, answers further apart than
        ``n_options`` allows, no complete answers, or no known number of options.
    OptionError
        For an option that is not offered, or a null that is not tabled for the number of
        answers.

    Warns
    -----
    DataWarning
        When clusters disagree more than random answers would; their value is set to 0.

    Notes
    -----
    Persons with a missing answer or no cluster are left out, and the mean variance is set
    to at most the null variance: ``multilevel::rwg.j(x, grpid, ranvar = null_variance)``.
    Uniform null variances for 5 to 11 answers carry the table's two decimals (2.92 for
    six); pass ``null_variance=35 / 12`` for all digits.

    References
    ----------
    James, L. R., Demaree, R. G., & Wolf, G. (1984). Estimating within-group interrater
    reliability with and without response bias. *Journal of Applied Psychology, 69*, 85–98.
    https://doi.org/10.1037/0021-9010.69.1.85

    LeBreton, J. M., & Senter, J. L. (2008). Answers to 20 questions about interrater
    reliability and interrater agreement. *Organizational Research Methods, 11*, 815–852.
    https://doi.org/10.1177/1094428106296642

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "team": ["A", "A", "A", "B", "B", "B"],
    ...     "open": [4, 4, 5, 1, 3, 4],
    ...     "safe": [4, 5, 5, 2, 3, 3],
    ... })
    >>> tm.rwg_j(answers, cluster="team", n_options=5).table.round(2)
          n  rwg_j
    team
    A     3   0.91
    B     3   0.50
    """
    return _agreement(
        data,
        "rwg_j",
        cluster=cluster,
        items=items,
        scale=_checks.one_scale(data, scale=scale, items=items),
        min_items=2,
        options=(n_options, null, null_variance, cutoff),
    )


def rwg(
    data: Any,
    *,
    cluster: Any = None,
    item: str,
    n_options: int | None = None,
    null: str = "uniform",
    null_variance: float | None = None,
    cutoff: float = 0.70,
) -> AgreementResult:
    r"""Compute r_WG, the agreement of each cluster on one item.

    .. math:: r_{WG} = 1 - s^2 / \sigma^2

    with the variance :math:`s^2` within the cluster (n − 1), and the variance
    :math:`\sigma^2` that random answers would have.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows.
    cluster : str or sequence, optional
        The column with each person's cluster, or one label a person; Scores know theirs.
    item : str
        The item.
    n_options, null, null_variance, cutoff
        As in `rwg_j`.

    Returns
    -------
    AgreementResult
        With the column ``rwg`` in its table.

    Raises
    ------
    DataError, OptionError
        As in `rwg_j`.

    Warns
    -----
    DataWarning
        When clusters disagree more than random answers would; their value is set to 0.

    Notes
    -----
    Equals ``multilevel::rwg(x, grpid, ranvar = null_variance)``.

    References
    ----------
    James, L. R., Demaree, R. G., & Wolf, G. (1984). Estimating within-group interrater
    reliability with and without response bias. *Journal of Applied Psychology, 69*, 85–98.
    https://doi.org/10.1037/0021-9010.69.1.85

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({"team": ["A", "A", "A", "B", "B"], "open": [4, 4, 5, 2, 3]})
    >>> tm.rwg(answers, cluster="team", item="open", n_options=5).table.round(2)
          n   rwg
    team
    A     3  0.83
    B     2  0.75
    """
    return _agreement(
        data,
        "rwg",
        cluster=cluster,
        items=[item],
        scale=None,
        min_items=1,
        options=(n_options, null, null_variance, cutoff),
    )


def _agreement(
    data: Any,
    column: str,
    *,
    cluster: Any,
    items: Sequence[str] | None,
    scale: str | None,
    min_items: int,
    options: tuple[int | None, str, float | None, float],
) -> AgreementResult:
    """Do what `rwg` and `rwg_j` share."""
    n_options, null, null_variance, cutoff = options
    _checks.check_option("null", null, tuple(kernel.NULL_VARIANCES))
    _checks.check_level("cutoff", cutoff)
    block = _checks.as_grouped(data, cluster=cluster, items=items, scale=scale, min_items=min_items)
    if null_variance is None:
        n_options = _known_options(data, block, n_options)
        variance = _null_variance(n_options, null)
        _refuse_wide(block, n_options)
    else:
        variance = _checked_variance(null_variance)
    notes = Notes()
    used = _complete(block, notes)
    n_items, n_groups = len(block.names), len(block.labels)
    groups = kernel.group_moments(block.values[used], block.codes[used], n_groups)
    spread = groups.variance.mean(axis=1)
    agreed = kernel.agreement(spread, n_items, variance)
    defined = agreed[~np.isnan(agreed)]
    _note_clusters(groups.n[:, 0], spread, variance, block.cluster_name, notes)
    return AgreementResult(
        n=int(used.sum()),
        n_dropped=block.n_persons - int(used.sum()),
        table=pd.DataFrame(
            {"n": groups.n[:, 0], column: agreed},
            index=pd.Index(block.labels, name=block.cluster_name),
        ),
        mean=float(defined.mean()) if len(defined) else math.nan,
        median=float(np.median(defined)) if len(defined) else math.nan,
        share_above=float((defined >= cutoff).mean()) if len(defined) else math.nan,
        cutoff=float(cutoff),
        null_variance=variance,
        n_items=n_items,
        n_clusters=len(defined),
        settings={
            "cluster": block.cluster_name,
            "items": list(block.names),
            "scale": scale,
            "n_options": n_options,
            "null": null if null_variance is None else None,
            "null_variance": variance,
            "cutoff": cutoff,
        },
        warnings=notes.messages(),
    )


def _known_options(data: Any, block: _checks.GroupedItems, n_options: int | None) -> int:
    """Take the number of answers from the caller or from the instrument."""
    if n_options is not None:
        return _checks.check_count("n_options", n_options, least=2)
    instrument: Any = getattr(data, "instrument", None)
    known = {item.id: item for item in instrument.items} if instrument is not None else {}
    if not set(block.names) <= set(known):
        raise DataError(
            "The null variance depends on how many answers an item offers, and the data do not "
            "say. Pass n_options=... (5 for a five-point scale), or null_variance=...."
        )
    mapped = [name for name in block.names if getattr(known[name], "score_map", None)]
    if mapped:
        raise DataError(
            f"Item(s) {_checks.listed(mapped)} are scored through a map, so that the number of "
            "answers does not give the variance of random answers. Pass null_variance=...."
        )
    counts = {name: int(instrument.n_options(name)) for name in block.names}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"'{name}': {count}" for name, count in counts.items())
        raise DataError(
            f"The items offer different numbers of answers ({found}), so that they have no null "
            "variance in common. Choose items of one response set with items=[...]."
        )
    return next(iter(counts.values()))


def _null_variance(n_options: int, null: str) -> float:
    tabled = kernel.NULL_VARIANCES[null]
    if n_options in tabled:
        return tabled[n_options]
    if null == "uniform":
        return (n_options**2 - 1) / 12
    raise OptionError(
        f"null={null!r} has no tabled variance for {n_options} answers; it has for "
        f"{min(tabled)} to {max(tabled)}. Pass null_variance=..., or null='uniform'."
    )


def _checked_variance(value: Any) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise OptionError(f"null_variance={value!r} must be a positive number.")
    return float(value)


def _refuse_wide(block: _checks.GroupedItems, n_options: int) -> None:
    low, high = float(np.nanmin(block.values)), float(np.nanmax(block.values))
    if high - low > n_options - 1:
        raise DataError(
            f"The answers go from {low:g} to {high:g}, which is more than n_options={n_options} "
            "answers allow. Pass the number of answers that the items offer."
        )


def _complete(block: _checks.GroupedItems, notes: Notes) -> NDArray[np.bool_]:
    """Mark the persons with a cluster and every answer."""
    used = used_persons(block, notes, without="at least one answer missing")
    if not used.any():
        raise DataError(
            f"None of {block.n_persons} persons has both a '{block.cluster_name}' and answers to "
            f"all of {_checks.listed(block.names)}."
        )
    return used


def _note_clusters(
    n: NDArray[np.intp], spread: FloatArray, null_variance: float, name: str, notes: Notes
) -> None:
    lone = int((n < 2).sum())
    if lone:
        notes.record(
            f"{lone} of {len(n)} clusters ('{name}') have fewer than two persons with complete "
            "answers; their agreement is undefined."
        )
    apart = int((spread > null_variance).sum())
    if apart:
        notes.warn(
            f"{apart} of {len(n)} clusters ('{name}') disagree more than random answers would "
            f"(variance over {null_variance:g}); their value was set to 0. Opposed subgroups, or "
            "a null variance that is too small, are the usual reasons.",
            stacklevel=5,
        )
