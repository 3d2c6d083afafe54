"""How many components: the minimum average partial correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure.exploratory.sources import correlations_from
from trustmeasure.kernels.retention import partial_correlations
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MinimumAveragePartial(Result):
    """What `map_test` returns.

    Attributes
    ----------
    n_factors : int
        Components held constant where the mean squared partial correlation is smallest.
    n_factors_revised : int
        The same for the mean fourth power.
    values, values_revised : Series, shape (p,)
        The means, with 0, 1, … p − 1 components held constant.
    """

    title: ClassVar[str] = "Minimum average partial correlation"

    n_factors: int
    n_factors_revised: int
    values: pd.Series[float]
    values_revised: pd.Series[float]

    def to_frame(self) -> pd.DataFrame:
        """One row a number of components; both means."""
        return pd.DataFrame({"squared": self.values, "fourth_power": self.values_revised})

    def _heading(self) -> str:
        return super()._heading() if self.n else f"{self.title} (n unknown)"


def map_test(
    data: Any = None,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
    n_obs: int | None = None,
) -> MinimumAveragePartial:
    r"""Velicer's minimum average partial test, original and revised.

    Principal components are held constant one after the other. As long as they hold what
    items share, the partial correlations :math:`r^*_{ij}` between items become smaller; once
    they hold what single items have of their own, larger. The test takes the number of
    components with the smallest

    .. math:: \frac{1}{p(p-1)} \sum_{i \ne j} (r^{*}_{ij})^{2},

    the revised test that with the smallest mean of the fourth powers.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows; at least 3 items. Give either ``data`` or ``corr``.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered, or enter a full-information covariance matrix (Pearson only).
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``.
    n_obs : int, optional
        Persons behind ``corr``; only shown, for the test does without it.

    Returns
    -------
    MinimumAveragePartial
        ``n_factors``, ``n_factors_revised``, ``values``, ``values_revised``.

    Raises
    ------
    DataError
        When the data or the matrix cannot be used.
    OptionError
        For an option that is not offered.

    Notes
    -----
    ``values`` from 1 component on equal ``psych::vss(x, n = p)$map``; psych does not look at
    0 components, for which the mean is that of the correlations themselves, so that it
    suggests one component even of unrelated items. psych 2.2.9 has no revised test. Where
    components leave an item no variance, its partial correlations do not exist and the
    mean is NaN.

    References
    ----------
    Velicer, W. F. (1976). Determining the number of components from the matrix of partial
    correlations. *Psychometrika, 41*, 321–327. https://doi.org/10.1007/BF02293557

    Velicer, W. F., Eaton, C. A., & Fava, J. L. (2000). Construct explication through factor
    or component analysis. In R. D. Goffin & E. Helmes (Eds.), *Problems and solutions in
    human assessment* (pp. 41–71). Kluwer. https://doi.org/10.1007/978-1-4615-4397-8_3

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(300, 2)), 4, axis=1)
    >>> result = tm.map_test(traits + rng.normal(size=(300, 8)))
    >>> result.n_factors, result.n_factors_revised
    (2, 2)
    """
    notes = Notes()
    found = correlations_from(
        data,
        corr,
        n_obs=n_obs,
        items=items,
        scale=scale,
        correlation=correlation,
        missing=missing,
        min_items=3,
        notes=notes,
    )
    partial = partial_correlations(found.matrix)
    number = pd.RangeIndex(len(found.names), name="n_components")
    return MinimumAveragePartial(
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        n_factors=int(np.nanargmin(partial.squared)),
        n_factors_revised=int(np.nanargmin(partial.fourth)),
        values=pd.Series(partial.squared, index=number, name="squared"),
        values_revised=pd.Series(partial.fourth, index=number, name="fourth_power"),
        settings={
            "items": list(found.names),
            "scale": scale,
            "correlation": correlation if corr is None else "given",
            "missing": missing if corr is None else None,
            "n_obs": n_obs,
        },
        warnings=notes.messages(),
    )
