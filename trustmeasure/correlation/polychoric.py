"""Polychoric and tetrachoric correlations, with thresholds and standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    Items,
    as_items,
    check_option,
    dropped_note,
    listwise,
    refuse_constant,
)
from trustmeasure.correlation.matrices import (
    answered_by_anyone,
    note_unbounded,
    ordered_codes,
    smoothing_note,
)
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels.covariance import is_positive_definite, smoothed
from trustmeasure.kernels.polychorics import Polychorics, polychorics
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

MISSING = ("pairwise", "listwise")
THRESHOLDS = ("global", "pairwise")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PolychoricCorrelations(Result):
    """What `polychoric` and `tetrachoric` return.

    Attributes
    ----------
    correlation : DataFrame
        Items × items.
    se : DataFrame
        Standard errors, NaN where a correlation runs to ±1.
    thresholds : DataFrame
        One row an item, columns 1, 2, …: the standard normal values that cut its categories;
        NaN beyond its last category.
    n_pairs : DataFrame
        Persons behind each correlation.
    empty_cells : DataFrame
        Cells of each pair's table that nobody is in.
    converged : bool
        Whether every pair's likelihood has its maximum inside ±1.
    """

    title: ClassVar[str] = "Polychoric correlations"

    correlation: pd.DataFrame
    se: pd.DataFrame
    thresholds: pd.DataFrame
    n_pairs: pd.DataFrame
    empty_cells: pd.DataFrame
    converged: bool

    def to_frame(self) -> pd.DataFrame:
        """Give the correlation matrix."""
        return self.correlation.copy()


def polychoric(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    missing: str = "pairwise",
    thresholds: str = "global",
    correction: float = 0.0,
    smooth: bool = True,
) -> PolychoricCorrelations:
    r"""Correlations of the normal variables behind ordered answers.

    Each answer is taken as a standard normal variable cut at thresholds. The thresholds come
    from the margins, :math:`\tau_c = \Phi^{-1}(F_c)`; each pair's correlation then maximises
    :math:`\sum_{ab} n_{ab} \ln \pi_{ab}(\rho)` over its contingency table (two-step
    estimation; Olsson, 1979).

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows. Answers are ordered by size; at most 20 different ones an item.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    missing : {"pairwise", "listwise"}
        Persons with a missing answer are used for the pairs that they answered, or left out.
    thresholds : {"global", "pairwise"}
        From everyone who answered the item, or anew from the persons of each pair.
    correction : float
        Persons that an empty cell of a table counts as. At 0 empty cells stay empty, which
        is maximum likelihood. ``psych::polychoric`` takes 0.5, but only where it estimates
        thresholds pairwise; ``psych::tetrachoric`` always.
    smooth : bool
        Where the matrix is not positive definite, give the nearby one that is.

    Returns
    -------
    PolychoricCorrelations

    Raises
    ------
    DataError
        For a constant item, more than 20 categories, pairs without common answers, or
        items that cannot be used.
    OptionError
        For an option that is not offered.

    Warns
    -----
    ConvergenceWarning
        When a correlation runs to ±1 (pairs named).
    DataWarning
        When the matrix was smoothed; how far is said.

    Notes
    -----
    Equals ``lavaan::lavCor(x, ordered = names(x))``, also with ``missing = "pairwise"``, and
    ``psych::polychoric(x)$rho`` up to the 1e-4 at which psych's search stops; with
    ``thresholds="pairwise", correction=0.5`` it is ``psych::polychoric(x, global = FALSE)`` of
    tables without empty cells. Where psych fills cells, it takes thresholds from shares that then
    add up to more than 1, and is off by some hundredths; ``psych::tetrachoric``, which brings them
    back to 1, is followed here.
    ``se`` equals ``lavCor(x, ordered = names(x), se = "standard", output = "est")``: it
    includes the thresholds' uncertainty (Muthén, 1984). Smoothing is psych's ``cor.smooth``.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation
    coefficient. *Psychometrika, 44*, 443–460. https://doi.org/10.1007/BF02296207

    Muthén, B. (1984). A general structural equation model with dichotomous, ordered
    categorical, and continuous latent variable indicators. *Psychometrika, 49*, 115–132.
    https://doi.org/10.1007/BF02294210

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=2000)
    >>> answers = np.digitize(latent, [-1, 0, 1.5])
    >>> result = tm.polychoric(answers)
    >>> round(float(result.correlation.iloc[0, 1]), 2), round(float(result.se.iloc[0, 1]), 3)
    (0.59, 0.018)
    """
    return _correlate(data, items, scale, missing, thresholds, correction, smooth, two=False)


def tetrachoric(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    missing: str = "pairwise",
    thresholds: str = "global",
    correction: float = 0.0,
    smooth: bool = True,
) -> PolychoricCorrelations:
    """Correlations of the normal variables behind answers of two kinds, as yes and no.

    Parameters
    ----------
    data, items, scale, missing, thresholds, correction, smooth
        As in `polychoric`; every item must have exactly two different answers.

    Returns
    -------
    PolychoricCorrelations

    Notes
    -----
    Equals ``psych::tetrachoric(x, correct = 0)$rho`` up to the 1e-4 at which psych's search
    stops. psych's own default counts half a person in an empty cell: ``correction=0.5`` here. Its
    ``global = FALSE`` is ``thresholds="pairwise"``.

    References
    ----------
    Divgi, D. R. (1979). Calculation of the tetrachoric correlation coefficient.
    *Psychometrika, 44*, 169–172. https://doi.org/10.1007/BF02293968

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=2000)
    >>> float(tm.tetrachoric(latent > 0.5).correlation.iloc[0, 1].round(2))
    0.6
    """
    return _correlate(data, items, scale, missing, thresholds, correction, smooth, two=True)


def _correlate(
    data: Any,
    items: Sequence[str] | None,
    scale: str | None,
    missing: str,
    thresholds: str,
    correction: float,
    smooth: bool,
    *,
    two: bool,
) -> PolychoricCorrelations:
    check_option("missing", missing, MISSING)
    check_option("thresholds", thresholds, THRESHOLDS)
    check_option("smooth", smooth, (True, False))
    if isinstance(correction, bool) or not isinstance(correction, (int, float)) or correction < 0:
        raise OptionError(f"correction={correction!r} must be a number of persons, 0 or above.")
    block = as_items(data, items=items, scale=scale, min_items=2, min_persons=3)
    notes = Notes()
    values, dropped = _persons(block, missing, notes)
    codes, n_categories = ordered_codes(values, block.names, two=two)
    _refuse_strangers(codes, block.names)
    found = polychorics(codes, n_categories, thresholds=thresholds, correction=float(correction))
    matrix = _usable(found, block.names, float(correction), smooth, notes)
    names = pd.Index(block.names)

    def square(values: NDArray[Any]) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=names)

    cut = np.where(np.isfinite(found.thresholds), found.thresholds, np.nan)
    return PolychoricCorrelations(
        n=len(values),
        n_dropped=dropped,
        correlation=square(matrix),
        se=square(found.standard_error),
        thresholds=pd.DataFrame(cut, index=names, columns=range(1, n_categories)),
        n_pairs=square(found.counts.astype(np.int64)),
        empty_cells=square(found.empty),
        converged=bool(found.converged.all()),
        settings={
            "items": list(block.names),
            "scale": scale,
            "missing": missing,
            "thresholds": thresholds,
            "correction": float(correction),
            "smooth": smooth,
        },
        warnings=notes.messages(),
    )


def _persons(block: Items, missing: str, notes: Notes) -> tuple[FloatArray, int]:
    if missing == "listwise":
        values, dropped = listwise(block, min_persons=3)
        if dropped:
            notes.record(dropped_note(dropped, block.n_persons))
        return values, dropped
    values, dropped = answered_by_anyone(block, notes)
    refuse_constant(values, block.names)
    return values, dropped


def _refuse_strangers(codes: NDArray[np.int8], names: Sequence[str]) -> None:
    """Refuse pairs that hardly anybody answered together."""
    answered = (codes >= 0).astype(np.float64)
    counts = answered.T @ answered
    few = np.argwhere(np.triu(counts < 3, 1))
    if few.size:
        i, j = few[0]
        raise DataError(
            f"{len(few)} pair(s) of items cannot be correlated, the first '{names[i]}' with "
            f"'{names[j]}': {int(counts[i, j])} persons answered both, and at least 3 are "
            "needed. Leave one of them out with items=[...]."
        )


def _usable(
    found: Polychorics, names: Sequence[str], correction: float, smooth: bool, notes: Notes
) -> FloatArray:
    """Say what stands in the way of the matrix, and smooth it where that is asked."""
    pairs = np.triu(found.empty > 0, 1)
    if pairs.any():
        how = f"each counted as {correction:g} persons" if correction else "left empty"
        notes.record(
            f"{int(np.triu(found.empty, 1).sum())} cells in the tables of {int(pairs.sum())} "
            f"pairs of items are empty; they were {how}."
        )
    note_unbounded(found, names, notes)
    matrix = found.correlation
    if is_positive_definite(matrix):
        return matrix
    if not smooth:
        notes.warn("The matrix is not positive definite.", DataWarning, stacklevel=5)
        return matrix
    better = smoothed(matrix)
    notes.warn(smoothing_note(matrix, better), DataWarning, stacklevel=5)
    return better
