"""Whether the correlations are worth factoring: sampling adequacy and sphericity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from trustmeasure._checks import listed
from trustmeasure.correlation.matrices import refuse_dependent
from trustmeasure.errors import OptionError
from trustmeasure.exploratory.sources import correlations_from
from trustmeasure.kernels.dimensionality import adequacy, sphericity
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SamplingAdequacy(Result):
    """What `kmo` returns.

    Attributes
    ----------
    overall : float
        Measure of sampling adequacy of all items together, 0 to 1.
    items : Series
        The same for each item, index the item names.
    """

    title: ClassVar[str] = "Kaiser–Meyer–Olkin sampling adequacy"

    overall: float
    items: pd.Series

    def to_frame(self) -> pd.DataFrame:
        """One row an item."""
        return self.items.to_frame()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BartlettSphericity(Result):
    """What `bartlett_sphericity` returns.

    Attributes
    ----------
    chisq : float
    df : int
    pvalue : float
    """

    title: ClassVar[str] = "Bartlett's test of sphericity"

    chisq: float
    df: int
    pvalue: float

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame(
            {"chisq": [self.chisq], "df": [self.df], "pvalue": [self.pvalue]}, index=["bartlett"]
        )

    def summary(self) -> dict[str, Any]:
        """Nothing beyond the frame."""
        return {}


def kmo(
    data: Any = None,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
) -> SamplingAdequacy:
    r"""Kaiser–Meyer–Olkin measure of sampling adequacy.

    Compares squared correlations with squared partial correlations given all other items:
    :math:`\sum r^2 / (\sum r^2 + \sum q^2)` over pairs of items. Near 1, what two items
    share is shared with others too, which a factor can express.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows. Give either ``data`` or ``corr``.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they answered,
        or (Pearson only) all answers together give maximum likelihood estimates.
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``.

    Returns
    -------
    SamplingAdequacy
        ``overall``, and ``items`` (Series).

    Raises
    ------
    DataError
        When the correlations are singular (the dependent items are named), an item is
        constant, or there are too few persons or items.

    Notes
    -----
    Equals ``psych::KMO(r)`` of these correlations, as ``cor(x, use = "complete")``. psych goes on
    with the plain correlations where the matrix cannot be inverted; this refuses.

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little jiffy, mark IV. *Educational and Psychological
    Measurement, 34*, 111–117. https://doi.org/10.1177/001316447403400115

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(300, 1))
    >>> result = tm.kmo(trait + rng.normal(size=(300, 5)))
    >>> round(result.overall, 2)
    0.84
    >>> list(result.items.index)
    ['item1', 'item2', 'item3', 'item4', 'item5']
    """
    notes = Notes()
    found = correlations_from(
        data, corr, n_obs=None, items=items, scale=scale, correlation=correlation,
        missing=missing, min_items=2, notes=notes,
    )  # fmt: skip
    refuse_dependent(found, "Sampling adequacy")
    numbers = adequacy(found.matrix)
    alone = listed(name for name, own in zip(found.names, numbers.items, strict=True) if own != own)
    if alone:
        notes.record(
            f"Item(s) {alone} correlate with no other item at all, so their sampling adequacy is "
            "0 / 0, which is not defined."
        )
    return SamplingAdequacy(
        overall=numbers.overall,
        items=pd.Series(numbers.items, index=list(found.names), name="msa"),
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        settings={
            "items": list(found.names),
            "scale": scale,
            "correlation": correlation if corr is None else "given",
            "missing": missing if corr is None else None,
        },
        warnings=notes.messages(),
    )


def bartlett_sphericity(
    data: Any = None,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
    n_obs: int | None = None,
) -> BartlettSphericity:
    r"""Bartlett's test that the items are uncorrelated in the population.

    :math:`\chi^2 = -(n - 1 - (2p + 5)/6)\,\ln|R|` with :math:`p(p-1)/2` degrees of freedom.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows. Give either ``data`` or ``corr``.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation. The test is one of Pearson correlations; with others it is an
        approximation of unknown quality, as it is in psych.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered, or (Pearson only) all answers together give maximum likelihood estimates;
        n is in the last two cases everyone with at least one answer.
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``.
    n_obs : int, optional
        Persons behind ``corr``; needed with it.

    Returns
    -------
    BartlettSphericity
        ``chisq``, ``df``, ``pvalue``.

    Raises
    ------
    DataError
        When the correlations are singular, an item is constant, or there are too few
        persons or items.
    OptionError
        For an option that is not offered, or ``corr=`` without ``n_obs=``.

    Notes
    -----
    Equals ``psych::cortest.bartlett(cor(x, use = "complete"), n)``; with
    ``missing="pairwise"``, ``psych::cortest.bartlett(x)``. The test assumes normal answers,
    and with many persons it rejects for any data worth collecting.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a χ² approximation in factor
    analysis. *Biometrika, 38*, 337–344. https://doi.org/10.1093/biomet/38.3-4.337

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> result = tm.bartlett_sphericity(rng.normal(size=(300, 1)) + rng.normal(size=(300, 5)))
    >>> result.df, result.pvalue < .001
    (10, True)
    """
    notes = Notes()
    if corr is not None and n_obs is None:
        raise OptionError("The test needs the number of persons: pass n_obs= with corr=.")
    found = correlations_from(
        data, corr, n_obs=n_obs, items=items, scale=scale, correlation=correlation,
        missing=missing, min_items=2, notes=notes,
    )  # fmt: skip
    refuse_dependent(found, "Bartlett's test")
    n_obs = found.n_obs or 0
    numbers = sphericity(found.matrix, n_obs)
    return BartlettSphericity(
        chisq=numbers.chisq,
        df=numbers.df,
        pvalue=numbers.pvalue,
        n=n_obs,
        n_dropped=found.n_dropped,
        settings={
            "items": list(found.names),
            "scale": scale,
            "correlation": correlation if corr is None else "given",
            "missing": missing if corr is None else None,
        },
        warnings=notes.messages(),
    )
