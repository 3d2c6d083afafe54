"""One matrix of correlations, of whichever kind the answers call for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_items,
    check_option,
    dropped_note,
    listed,
    listwise,
    near,
    refuse_constant,
)
from trustmeasure.correlation.matrices import (
    CORRELATIONS,
    MISSING,
    Correlations,
    answered_by_anyone,
    correlations_of,
    note_pairwise,
    ordered_codes,
    refuse_unknown,
    smoothing_note,
)
from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.kernels.covariance import is_positive_definite, smoothed
from trustmeasure.kernels.mixed_correlations import MixedCorrelations, mixed_correlations
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
    se : DataFrame or None
        With ``correlation="mixed"`` the standard error of each correlation: 0 on the diagonal,
        NaN where a correlation runs to ±1. `polychoric` has them of ordered answers alone.
    """

    title: ClassVar[str] = "Correlations"

    correlation: pd.DataFrame
    n_pairs: pd.DataFrame
    se: pd.DataFrame | None = field(default=None)

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
        only). Pairwise, "polychoric", "tetrachoric" and "mixed" take thresholds, means and
        variances from everyone who answered the item.

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
    maximum likelihood, of which lavaan's search now and then stops short; ``psych::polyserial``
    is a closed-form approximation instead); and
    ``cov2cor`` of the saturated moments of ``lavaan::lavCor(x, missing = "ml")`` for "fiml".

    The standard errors of "mixed" follow from the influence that each person has on a
    correlation, thresholds, means and variances being estimates too (Muthén, 1984), on n − 1.
    They equal those of ``lavaan::standardizedSolution(cfa(model, x, ordered = ...))`` for the
    model of all covariances, and belong to the correlations before a matrix is smoothed.

    Pairwise, "polychoric" and "mixed" equal ``lavCor(x, ordered = ..., missing = "pairwise")``,
    the standard errors ``cfa(..., missing = "pairwise")``, and on ordered answers alone those of
    `polychoric`. A correlation of two continuous variables then maximises the likelihood given
    the moments of everyone, and so is not that of ``cor(x, use = "pairwise")``. lavaan differs in
    two places: where a table of 2 × 2 has an empty cell, it moves half a person into it (here the
    cell stays empty, and the correlation runs to ±1); and it leaves out of a polyserial or
    product-moment correlation persons whose likelihood is below 1.5e-8, which depends on the
    units and befalls outliers. Here everyone counts.

    References
    ----------
    Olsson, U., Drasgow, F., & Dorans, N. J. (1982). The polyserial correlation coefficient.
    *Psychometrika, 47*, 337–347. https://doi.org/10.1007/BF02294164

    Enders, C. K. (2010). *Applied missing data analysis*. Guilford.

    Muthén, B. (1984). A general structural equation model with dichotomous, ordered
    categorical, and continuous latent variable indicators. *Psychometrika, 49*, 115–132.
    https://doi.org/10.1007/BF02294210

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
    >>> float(mixed.se.loc["item1", "item2"].round(3))
    0.016
    """
    check_option("correlation", correlation, (*CORRELATIONS, "mixed"))
    notes = Notes()
    errors: FloatArray | None = None
    if correlation == "mixed":
        found, errors = _mixed(data, items, scale, ordered, missing, notes)
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
        se=None if errors is None else pd.DataFrame(errors, index=names, columns=names),
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
) -> tuple[Correlations, FloatArray]:
    """Correlate ordered and continuous items, each pair by its own kind, with standard errors."""
    if not ordered or isinstance(ordered, str):
        raise OptionError("correlation='mixed' needs the ordered items: ordered=['name', ...].")
    check_option("missing", missing, MISSING)
    if missing == "fiml":
        raise OptionError(
            "missing='fiml' estimates the moments of normal data; it does not go with "
            "correlation='mixed'. Use missing='pairwise' or missing='listwise'."
        )
    block = as_items(data, items=items, scale=scale, min_items=2, min_persons=3)
    unknown = [str(name) for name in ordered if str(name) not in block.names]
    if unknown:
        raise DataError(
            f"ordered= names {listed(unknown)}, which are not among the items "
            f"{listed(block.names)}." + near(unknown[0], block.names)
        )
    if missing == "pairwise":
        values, dropped = answered_by_anyone(block, notes)
        refuse_constant(values, block.names)
    else:
        values, dropped = listwise(block, min_persons=3)
        if dropped:
            notes.record(dropped_note(dropped, block.n_persons))
    is_ordered = np.isin(block.names, [str(name) for name in ordered])
    chosen = [name for name, own in zip(block.names, is_ordered, strict=True) if own]
    codes, _ = ordered_codes(values[:, is_ordered], chosen)
    found = mixed_correlations(values[:, ~is_ordered], codes, is_ordered)
    refuse_unknown(found.correlation, found.counts, block.names)
    incomplete = bool(np.isnan(values).any())
    if incomplete:
        note_pairwise(found.counts, len(values), notes)
    _note_unbounded(found, is_ordered, block.names, notes)
    matrix = found.correlation
    if not is_positive_definite(matrix):
        matrix = smoothed(matrix)
        notes.warn(smoothing_note(found.correlation, matrix), DataWarning, stacklevel=4)
    correlations = Correlations(
        matrix=matrix,
        names=block.names,
        n_obs=len(values),
        n_dropped=dropped,
        counts=found.counts.astype(np.float64) if incomplete else None,
    )
    return correlations, found.standard_error


def _note_unbounded(
    found: MixedCorrelations,
    is_ordered: NDArray[np.bool_],
    names: Sequence[str],
    notes: Notes,
) -> None:
    """Say which correlations, by kind, run to ±1."""
    both = np.outer(is_ordered, is_ordered)
    for kind, among in (("polychoric", both), ("polyserial", ~both)):
        pairs = np.argwhere(np.triu(~found.converged & among, 1))
        if pairs.size:
            named = listed((f"{names[i]} with {names[j]}" for i, j in pairs), 6)
            notes.warn(
                f"The {kind} correlation of {len(pairs)} pair(s) of items runs to ±1, where its "
                f"likelihood is highest: {named}. Join rare categories, or leave one of the two "
                "items out.",
                ConvergenceWarning,
                stacklevel=5,
            )
