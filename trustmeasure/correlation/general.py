"""One matrix of correlations, of whichever kind the answers call for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_items, check_option, dropped_note, listed, listwise, near
from trustmeasure.correlation.matrices import (
    CORRELATIONS,
    Correlations,
    correlations_of,
    note_unbounded,
    ordered_codes,
    smoothing_note,
)
from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.kernels.covariance import is_positive_definite, listwise_moments, smoothed
from trustmeasure.kernels.polychorics import margin_thresholds, polychorics
from trustmeasure.kernels.polyserials import polyserial
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CorrelationMatrix(Result):
    """What `correlate` returns.

    Attributes
    ----------
    correlation : DataFrame
        Items × items.
    n_pairs : DataFrame
        Persons behind each correlation.
    """

    title: ClassVar[str] = "Correlations"

    correlation: pd.DataFrame
    n_pairs: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the correlation matrix."""
        return self.correlation.copy()


def correlate(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    correlation: str = "pearson",
    ordered: Sequence[str] | None = None,
    missing: str = "listwise",
) -> CorrelationMatrix:
    r"""Correlations of all pairs of items.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric", "mixed"}
        Product-moment; of ranks; of the normal variables behind ordered answers (see
        `polychoric` for thresholds and standard errors); or, where only some items are
        ordered, each pair's own: polychoric, polyserial or product-moment.
    ordered : sequence of str, optional
        With ``correlation="mixed"``: which items are ordered answers.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out; used for the pairs that they answered;
        or used wholly, by full-information maximum likelihood under normality (EM; Pearson
        only). "mixed" is listwise.

    Returns
    -------
    CorrelationMatrix

    Raises
    ------
    DataError
        For constant items, pairs without enough common answers, and data that cannot be
        used.
    OptionError
        For options that are not offered or do not go together.

    Warns
    -----
    ConvergenceWarning
        When a polychoric or polyserial correlation runs to ±1, or EM does not converge.
    DataWarning
        When a matrix of polychoric correlations had to be smoothed.

    Notes
    -----
    Equals ``cor(x, use = "complete")`` or ``use = "pairwise"``, with ``method = "spearman"``
    for ranks; ``lavaan::lavCor(x, ordered = ...)`` for "polychoric" and "mixed" (two-step
    maximum likelihood; ``psych::polyserial`` is a closed-form approximation instead); and
    ``cov2cor`` of the saturated moments of ``lavaan::lavCor(x, missing = "ml")`` for "fiml".

    References
    ----------
    Olsson, U., Drasgow, F., & Dorans, N. J. (1982). The polyserial correlation coefficient.
    *Psychometrika, 47*, 337–347. https://doi.org/10.1007/BF02294164

    Enders, C. K. (2010). *Applied missing data analysis*. Guilford.

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=2000)
    >>> latent[:, 1] = np.digitize(latent[:, 1], [-1, 0, 1.5])
    >>> mixed = tm.correlate(latent, correlation="mixed", ordered=["item2"])
    >>> float(mixed.correlation.loc["item1", "item2"].round(2))
    0.59
    """
    check_option("correlation", correlation, (*CORRELATIONS, "mixed"))
    notes = Notes()
    if correlation == "mixed":
        found = _mixed(data, items, scale, ordered, missing, notes)
    elif ordered is not None:
        raise OptionError("ordered= belongs to correlation='mixed'.")
    else:
        found = correlations_of(
            data,
            items=items,
            scale=scale,
            correlation=correlation,
            missing=missing,
            min_items=2,
            notes=notes,
        )
    names = pd.Index(found.names)
    n = found.n_obs or 0
    counts = np.full(found.matrix.shape, n) if found.counts is None else found.counts
    return CorrelationMatrix(
        n=n,
        n_dropped=found.n_dropped,
        correlation=pd.DataFrame(found.matrix, index=names, columns=names),
        n_pairs=pd.DataFrame(counts.astype(np.int64), index=names, columns=names),
        settings={
            "items": list(found.names),
            "scale": scale,
            "correlation": correlation,
            "ordered": None if ordered is None else [str(name) for name in ordered],
            "missing": missing,
        },
        warnings=notes.messages(),
    )


def _mixed(
    data: Any,
    items: Sequence[str] | None,
    scale: str | None,
    ordered: Sequence[str] | None,
    missing: str,
    notes: Notes,
) -> Correlations:
    """Correlate ordered and continuous items, each pair by its own kind."""
    if not ordered or isinstance(ordered, str):
        raise OptionError("correlation='mixed' needs the ordered items: ordered=['name', ...].")
    if missing != "listwise":
        raise OptionError("correlation='mixed' goes with missing='listwise' only.")
    block = as_items(data, items=items, scale=scale, min_items=2, min_persons=3)
    unknown = [str(name) for name in ordered if str(name) not in block.names]
    if unknown:
        raise DataError(
            f"ordered= names {listed(unknown)}, which are not among the items "
            f"{listed(block.names)}." + near(unknown[0], block.names)
        )
    values, dropped = listwise(block, min_persons=3)
    if dropped:
        notes.record(dropped_note(dropped, block.n_persons))
    is_ordered = np.isin(block.names, [str(name) for name in ordered])
    matrix = listwise_moments(values).correlation
    places = np.flatnonzero(is_ordered)
    chosen = [block.names[j] for j in places]
    codes, n_categories = ordered_codes(values[:, places], chosen)
    if len(places) > 1:
        among = polychorics(codes, n_categories, errors=False)
        note_unbounded(among, chosen, notes)
        matrix[np.ix_(places, places)] = among.correlation
    _fill_polyserials(matrix, values, codes, is_ordered, block.names, notes)
    if not is_positive_definite(matrix):
        better = smoothed(matrix)
        notes.warn(smoothing_note(matrix, better), DataWarning, stacklevel=4)
        matrix = better
    return Correlations(matrix=matrix, names=block.names, n_obs=len(values), n_dropped=dropped)


def _fill_polyserials(
    matrix: FloatArray,
    values: FloatArray,
    codes: NDArray[np.integer[Any]],
    is_ordered: NDArray[np.bool_],
    names: Sequence[str],
    notes: Notes,
) -> None:
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    unbounded = []
    for own, j in zip(codes.T, np.flatnonzero(is_ordered), strict=True):
        thresholds = margin_thresholds(np.bincount(own).astype(np.float64))
        for i in np.flatnonzero(~is_ordered):
            found = polyserial(standard[:, i], own, thresholds)
            matrix[i, j] = matrix[j, i] = found.correlation
            if not found.converged:
                unbounded.append(f"{names[int(i)]} with {names[int(j)]}")
    if unbounded:
        notes.warn(
            f"The polyserial correlation of {listed(unbounded, 6)} runs to ±1, where its "
            "likelihood is highest.",
            ConvergenceWarning,
            stacklevel=5,
        )
