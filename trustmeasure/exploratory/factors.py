"""Exploratory factor analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from trustmeasure._checks import check_count, check_option, listed
from trustmeasure.correlation.matrices import (
    Correlations,
    correlations_given,
    correlations_of,
    refuse_dependent,
)
from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.exploratory.solution import ExploratoryFactors, solution
from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.factor_extraction import (
    LOWEST_UNIQUENESS,
    Extraction,
    degrees_of_freedom,
    extract,
    most_factors,
)
from trustmeasure.kernels.factor_fit import FactorFit, factor_fit
from trustmeasure.kernels.rotation import Rotated, arrange, rotate
from trustmeasure.results import Notes

METHODS = ("minres", "ml", "pa")
ROTATIONS = ("none", "varimax", "promax", "oblimin")


def efa(
    data: Any = None,
    *,
    n_factors: int,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
    n_obs: int | None = None,
) -> ExploratoryFactors:
    r"""Exploratory factor analysis of raw answers or of a correlation matrix.

    The model is :math:`R = \Lambda\Phi\Lambda' + \Psi`, with pattern loadings
    :math:`\Lambda` (p × m), factor correlations :math:`\Phi` and diagonal uniquenesses
    :math:`\Psi`.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows. Give either ``data`` or ``corr``.
    n_factors : int
        Factors to extract, m. Degrees of freedom, ((p − m)² − p − m)/2, must not be negative.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    method : {"minres", "ml", "pa"}
        Minimum residual (least squares on the correlations between items), maximum
        likelihood, or principal axes iterated to their limit. minres and ml keep
        uniquenesses at or above 0.005.
    rotation : {"none", "varimax", "promax", "oblimin"}
        oblimin is direct quartimin on the loadings as they are; varimax and promax
        (power 4) normalise rows first. A single factor is not rotated.
    correlation : {"pearson"}
        Kind of correlation.
    missing : {"listwise", "pairwise"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered. Fit then takes everyone with at least one answer as n, as psych does.
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``.
    n_obs : int, optional
        Persons behind ``corr``; without it, the fit statistics are NaN.

    Returns
    -------
    ExploratoryFactors

    Raises
    ------
    DataError
        When there are too many factors for the items, or the data or the correlation matrix
        cannot be used; for ``method="ml"`` also when the matrix is not positive definite.
    OptionError
        For an unknown method, rotation or other option.

    Warns
    -----
    ConvergenceWarning
        For Heywood cases (items named), or when extraction or rotation did not converge.
    DataWarning
        When the correlation matrix is not positive definite; what rests on its determinant
        (``chisq``, ``rmsea``, ``tli``, ``cfi``, ``bic``) is then NaN.

    Notes
    -----
    Equals ``psych::fa(x, m, fm = method, rotate = rotation)`` of psych 2.2.9 run to
    convergence: ``chisq`` is its ``STATISTIC``, ``chisq_empirical`` its ``chi``, ``rmsr``
    its ``rms``, ``variance`` its ``Vaccounted``; ``rmsea``, ``tli`` and ``bic`` have its
    definitions. ``pa`` is ``fm = "pa"`` with ``min.err`` near 0 and ``max.iter`` large,
    ``ml`` also ``stats::factanal``. ``promax`` is psych's: rows stay normalised until the
    end, where ``stats::promax`` raises rows of their own length to the power. psych 2.2.9
    has no CFI; here it is :math:`1 - \max(\chi^2 - df, 0) / \max(\chi^2_0 - df_0, \chi^2 -
    df, 0)`, with the null model's χ² as ``null_chisq``.

    Factors are ordered by :math:`diag(\Phi\Lambda'\Lambda)`, and each column is turned to a
    positive sum. Oblimin starts from the unrotated axes; when one of four other fixed
    starts reaches a clearly lower criterion, a note says so.

    References
    ----------
    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
    *Psychometrika, 31*, 351–368. https://doi.org/10.1007/BF02289468

    Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
    *Psychometrika, 32*, 443–482. https://doi.org/10.1007/BF02289658

    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software
    for arbitrary rotation criteria in factor analysis. *Educational and Psychological
    Measurement, 65*, 676–696. https://doi.org/10.1177/0013164404272507

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(500, 2)), 4, axis=1)
    >>> result = tm.efa(traits + rng.normal(size=(500, 8)), n_factors=2)
    >>> (result.loadings.abs() > .5).sum()
    F1    4
    F2    4
    dtype: int64
    >>> result.df, result.converged
    (13, True)
    """
    check_count("n_factors", n_factors)
    check_option("method", method, METHODS)
    check_option("rotation", rotation, ROTATIONS)
    notes = Notes()
    found = _correlations(data, corr, n_obs, items, scale, correlation, missing, notes)
    _refuse_too_many(n_factors, len(found.names))
    _check_definite(found, method, notes)

    extraction = extract(found.matrix, n_factors, method)  # type: ignore[arg-type]  # checked
    empty = (extraction.loadings**2).sum(axis=0) < 1e-8
    turn = "none" if empty.any() else rotation
    rotated = arrange(rotate(extraction.loadings, turn))  # type: ignore[arg-type]  # checked
    implied = rotated.loadings @ rotated.phi @ rotated.loadings.T
    persons = math.nan if found.n_obs is None else float(found.n_obs)
    fit = factor_fit(found.matrix, implied, n_factors, persons, found.counts)

    if empty.any():
        notes.warn(
            f"{int(empty.sum())} of {n_factors} factors explain nothing, so the solution was not "
            "rotated; ask for fewer.",
            DataWarning,
        )
    _note_problems(found, extraction, rotated, fit, notes)
    settings = {
        "n_factors": n_factors,
        "items": list(found.names),
        "scale": scale,
        "method": method,
        "rotation": rotation,
        "correlation": correlation if corr is None else "given",
        "missing": missing if corr is None else None,
        "n_obs": n_obs,
    }
    return solution(found, extraction, rotated, implied, fit, settings, notes.messages())


def _correlations(
    data: Any,
    corr: Any,
    n_obs: int | None,
    items: Sequence[str] | None,
    scale: str | None,
    correlation: str,
    missing: str,
    notes: Notes,
) -> Correlations:
    """Take the correlations from the one source that was given."""
    if (data is None) == (corr is None):
        raise OptionError("Give either data (persons in rows) or corr= (items × items).")
    if data is not None:
        if n_obs is not None:
            raise OptionError("n_obs= belongs to corr=; raw data bring their own number of rows.")
        return correlations_of(
            data,
            items=items,
            scale=scale,
            correlation=correlation,
            missing=missing,
            min_items=3,
            notes=notes,
        )
    if scale is not None:
        raise OptionError("scale= picks items out of Scores; with corr=, use items=[...].")
    if n_obs is None:
        notes.record("Fit statistics need the number of persons: pass n_obs= with corr=.")
    else:
        check_count("n_obs", n_obs, least=3)
    return correlations_given(corr, n_obs=n_obs, items=items, min_items=3)


def _refuse_too_many(n_factors: int, n_items: int) -> None:
    if n_factors >= n_items or degrees_of_freedom(n_items, n_factors) < 0:
        most = most_factors(n_items)
        raise DataError(
            f"n_factors={n_factors} is too many for {n_items} items: the loadings would outnumber "
            f"the correlations. {n_items} items allow at most {most} factor"
            f"{'s' if most != 1 else ''}."
        )


def _check_definite(found: Correlations, method: str, notes: Notes) -> None:
    """Refuse a matrix without a likelihood to ml, and warn the other methods of it."""
    if is_positive_definite(found.matrix):
        return
    if method == "ml":
        refuse_dependent(found, "method='ml'")
    few = found.n_obs is not None and found.n_obs <= len(found.names)
    notes.warn(
        "The correlation matrix is not positive definite"
        + (f" ({found.n_obs} persons for {len(found.names)} items)" if few else "")
        + "; loadings are given, but chisq, rmsea, tli, cfi and bic are not defined.",
        DataWarning,
        stacklevel=4,
    )


def _note_problems(
    found: Correlations, extraction: Extraction, rotated: Rotated, fit: FactorFit, notes: Notes
) -> None:
    """Say what in the estimates changes how they must be read."""
    communalities = (extraction.loadings**2).sum(axis=1)
    improper = extraction.at_bound | (communalities > 1.0 - LOWEST_UNIQUENESS + 1e-9)
    if improper.any():
        names = listed(np.asarray(found.names)[improper])
        notes.warn(
            f"Heywood case: almost no unique variance is left for {names}. The loadings there "
            "are not to be trusted; try fewer factors, or look for near copies among the items.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if not extraction.converged:
        notes.warn(
            f"The extraction did not converge in {extraction.n_iterations} steps.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if not rotated.converged:
        notes.warn("The rotation did not converge.", ConvergenceWarning, stacklevel=4)
    if rotated.criterion - rotated.best_criterion > 1e-4 * abs(rotated.criterion):
        notes.record(
            f"Oblimin from the unrotated axes gave a criterion of {rotated.criterion:.5f}; another "
            f"start reached {rotated.best_criterion:.5f}. The rotation has several minima."
        )
    if found.n_obs is not None and math.isnan(fit.chisq) and is_positive_definite(found.matrix):
        notes.record(
            f"n = {found.n_obs} is too small for Bartlett's correction, or the reproduced "
            "correlations have no inverse, so the likelihood-based fit is not defined."
        )
    if fit.df == 0:
        notes.record("No degrees of freedom are left, so the fit cannot be tested.")
