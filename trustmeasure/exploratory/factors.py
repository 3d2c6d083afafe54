"""Exploratory factor analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trustmeasure._checks import as_rng, check_count, check_level, check_option
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.exploratory.remarks import check_definite, note_problems
from trustmeasure.exploratory.rotations import check_rotation, check_starts
from trustmeasure.exploratory.solution import ExploratoryFactors, solution
from trustmeasure.exploratory.solving import MINIMISED, Solved, solve
from trustmeasure.exploratory.sources import correlations_from
from trustmeasure.exploratory.uncertainty import (
    INTERVALS,
    Uncertainty,
    analytic,
    bootstrap,
    check_interval,
    check_resamples,
)
from trustmeasure.kernels.factor_extraction import (
    degrees_of_freedom,
    most_factors,
)
from trustmeasure.kernels.factor_fit import factor_fit
from trustmeasure.results import Notes

METHODS = ("minres", "uls", "ml", "pa", "alpha", "minrank")


def efa(
    data: Any = None,
    *,
    n_factors: int,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    rotation_args: Mapping[str, float] | None = None,
    target: Any = None,
    normalize: bool | None = None,
    n_starts: int | None = None,
    extraction_starts: int = 1,
    correlation: str = "pearson",
    missing: str = "listwise",
    corr: Any = None,
    n_obs: int | None = None,
    ci: str | None = None,
    conf_level: float = 0.95,
    n_boot: int | None = None,
    rng: Any = None,
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
    method : {"minres", "uls", "ml", "pa", "alpha", "minrank"}
        Minimum residual (least squares on the correlations between items); unweighted least
        squares, which has the same minimum; maximum likelihood; principal axes iterated to
        their limit, again the same minimum; alpha factoring (Kaiser & Caffrey 1965), which
        rescales items to equal common variance; or minimum rank: the largest uniquenesses
        that leave no negative eigenvalue, and the first m axes of the rest. minres, uls and
        ml keep uniquenesses at or above 0.005.
    rotation : str
        Orthogonal: "varimax", "quartimax", "equamax", "geomin_orthogonal", "bentlerT",
        "bifactor", "target_orthogonal". Oblique: "promax", "oblimin", "quartimin",
        "geomin_oblique", "bentlerQ", "simplimax", "biquartimin" (the oblique bifactor
        rotation of Jennrich & Bentler 2012), "target_oblique". Or "none". Also understood:
        "geominT", "geominQ", "bentler_orthogonal", "bentler_oblique", "bifactorT",
        "bifactorQ", "targetT", "targetQ", and "target" for "target_oblique". A single
        factor is not rotated.
    rotation_args : mapping, optional
        ``gamma`` of oblimin (0, which is quartimin), ``delta`` of geomin (0.01), ``power``
        of promax (4), ``n_small`` of simplimax (p), the number of loadings to bring near 0.
    target : DataFrame or array, shape (p, m), optional
        For the target rotations: loadings to come near to, NaN where a loading is free.
        Rows of a frame are found by item name.
    normalize : bool, optional
        Whether rows are brought to equal length during rotation (Kaiser). By default
        varimax and promax do so, and no other, as in psych.
    n_starts : int, optional
        Starts of the rotation: the unrotated axes, as in GPArotation, and random orthogonal
        turns of them (for a target, the second one is the turn nearest to it). The lowest
        minimum is kept; of minima within a millionth of each other that of the unrotated
        axes. ``n_starts=1`` is GPArotation's solution. Without it, 30; but 5 for oblimin,
        quartimin, quartimax and equamax, where several minima are rare, 1 for varimax and
        promax, and 100 for simplimax, where minima are legion.
    extraction_starts : int
        Starts of the extraction by minres, uls or ml: squared multiple correlations, and random
        uniquenesses as with ``nstart`` of ``stats::factanal``. The lowest minimum is kept. With
        1, the default, it is that of the first start, mostly psych's and factanal's own. Where
        that one is a Heywood case, a note says whether any of nine others leads lower.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered, or (Pearson only) all answers together give maximum likelihood estimates
        of the correlations. Fit then takes everyone with at least one answer as n, as psych
        does for pairwise correlations.
    corr : DataFrame or 2-D array, optional
        Correlation matrix to use instead of ``data``.
    n_obs : int, optional
        Persons behind ``corr``; without it, the fit statistics are NaN.
    ci : {None, "bootstrap", "normal", "jackknife"}
        Standard errors and intervals of loadings and factor correlations: percentiles of
        resampled persons, aligned with the sample's factors; normal theory, with the model
        as the population (not with raw data that are not listwise Pearson); or the
        infinitesimal jackknife, which supposes neither normality nor the model. The last
        two have formulas for minres, uls, pa and ml.
    conf_level : float
        Confidence level of these intervals.
    n_boot : int, optional
        Bootstrap samples, with ``ci="bootstrap"``; 1,000 without it.
    rng : None, int or numpy.random.Generator
        Random numbers of the starts and of the bootstrap. Without it, starts are always the
        same, and the bootstrap is not.

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
    definitions. psych 2.2.9 has no CFI; here it is :math:`1 - \max(\chi^2 - df, 0) /
    \max(\chi^2_0 - df_0, \chi^2 - df, 0)`, with the null model's χ² as ``null_chisq``.

    Extraction: ``ml`` is also ``stats::factanal``; ``pa`` is ``fm = "pa"`` with ``min.err``
    near 0 and ``max.iter`` large, and so is ``alpha``; psych's ``uls`` and ``minres`` differ
    in what their optimiser is told beside a bound, and have one minimum. ``minrank`` is
    psych's, whose communalities do not depend on m: constrained minimum-trace factor
    analysis (Shapiro & ten Berge 2002), which psych solves with Rcsdp.

    Rotation: the criteria are GPArotation's. ``equamax`` is Crawford and Ferguson's with κ =
    m/(2p); ``bifactor`` and ``biquartimin`` are psych's rotations of these names
    (GPArotation's ``bifactorT``, ``bifactorQ``), not Carroll's biquartimin, which is oblimin
    with ``gamma=0.5``; targets with NaN are ``targetT``, ``targetQ``, or ``pstT``, ``pstQ``
    with weights of 0 there. ``promax`` is psych's: rows stay normalised until the end, where
    ``stats::promax`` raises rows of their own length to the power.

    Order and sign follow one rule: factors descend by :math:`diag(\Phi\Lambda'\Lambda)`, each
    with a positive sum of loadings, except a factor that the rotation itself singles out,
    which keeps its place: the general factor comes first, and targets keep their order,
    and their signs where they have any. Everything is reordered together.

    Criteria may have several minima, above all geomin, simplimax and the bifactor ones;
    ``local_optima`` counts those found (Nguyen & Waller 2023).

    References
    ----------
    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
    *Psychometrika, 31*, 351–368. https://doi.org/10.1007/BF02289468

    Jöreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis.
    *Psychometrika, 32*, 443–482. https://doi.org/10.1007/BF02289658

    Kaiser, H. F., & Caffrey, J. (1965). Alpha factor analysis. *Psychometrika, 30*, 1–14.
    https://doi.org/10.1007/BF02289743

    Shapiro, A., & ten Berge, J. M. F. (2002). Statistical inference of minimum rank factor
    analysis. *Psychometrika, 67*, 79–94. https://doi.org/10.1007/BF02294710

    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and software
    for arbitrary rotation criteria in factor analysis. *Educational and Psychological
    Measurement, 65*, 676–696. https://doi.org/10.1177/0013164404272507

    Jennrich, R. I., & Bentler, P. M. (2012). Exploratory bi-factor analysis: The oblique
    case. *Psychometrika, 77*, 442–454. https://doi.org/10.1007/s11336-012-9269-1

    Nguyen, H. V., & Waller, N. G. (2023). Local minima and factor rotations in exploratory
    factor analysis. *Psychological Methods, 28*, 1122–1141.
    https://doi.org/10.1037/met0000467

    Jennrich, R. I. (1974). Simplified formulae for standard errors in maximum-likelihood
    factor analysis. *British Journal of Mathematical and Statistical Psychology, 27*,
    122–131. https://doi.org/10.1111/j.2044-8317.1974.tb00533.x

    Zhang, G., Preacher, K. J., & Jennrich, R. I. (2012). The infinitesimal jackknife with
    exploratory factor analysis. *Psychometrika, 77*, 634–648.
    https://doi.org/10.1007/s11336-012-9281-5

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
    check_level("conf_level", conf_level)
    check_option("method", method, METHODS)
    check_option("ci", ci, INTERVALS)
    n_boot = check_resamples(ci, n_boot)
    if ci is None and conf_level != 0.95:
        raise OptionError(
            f"conf_level={conf_level!r} is of the intervals of loadings: they come with ci=. That "
            "of RMSEA is always 90 %, as in psych."
        )
    generator = None if rng is None else as_rng(rng)
    notes = Notes()
    found = correlations_from(
        data, corr, n_obs=n_obs, items=items, scale=scale, correlation=correlation,
        missing=missing, min_items=3, notes=notes,
    )  # fmt: skip
    if corr is not None and n_obs is None:
        notes.record("Fit statistics need the number of persons: pass n_obs= with corr=.")
    chosen = check_rotation(
        rotation,
        rotation_args=rotation_args,
        target=target,
        normalize=normalize,
        names=found.names,
        n_factors=n_factors,
    )
    n_starts = check_starts(n_starts, chosen)
    _check_extraction(extraction_starts, method)
    check_interval(
        ci, data=data, n_obs=n_obs, correlation=correlation, missing=missing, method=method
    )
    refuse_too_many(n_factors, len(found.names))
    check_definite(found, method, notes)

    solved = solve(found, n_factors, method, chosen, n_starts, generator, extraction_starts)
    rotated = solved.rotated
    implied = rotated.loadings @ rotated.phi @ rotated.loadings.T
    persons = math.nan if found.n_obs is None else float(found.n_obs)
    fit = factor_fit(found.matrix, implied, n_factors, persons, found.counts)
    note_problems(solved, chosen, fit, notes)
    uncertainty = None
    if ci is not None:
        where = {"items": items, "scale": scale}
        uncertainty = (
            bootstrap(
                solved, data, where, correlation=correlation, missing=missing, notes=notes,
                conf_level=conf_level, n_boot=n_boot, rng=generator or as_rng(None),
            )
            if ci == "bootstrap"
            else _analytic(solved, ci, data, where, conf_level, notes)
        )  # fmt: skip
    settings = {
        "n_factors": n_factors,
        "items": list(found.names),
        "scale": scale,
        "method": method,
        "rotation": chosen.name,
        "rotation_args": dict(rotation_args or {}),
        "target": None if chosen.target is None else chosen.target.tolist(),
        "normalize": chosen.normalize,
        "n_starts": n_starts,
        "extraction_starts": extraction_starts,
        "correlation": correlation if corr is None else "given",
        "missing": missing if corr is None else None,
        "n_obs": n_obs,
        "ci": ci,
        "conf_level": conf_level,
        "n_boot": n_boot if ci == "bootstrap" else None,
    }
    return solution(solved, implied, fit, uncertainty, settings, notes.messages())


def _check_extraction(extraction_starts: int, method: str) -> None:
    check_count("extraction_starts", extraction_starts)
    if extraction_starts > 1 and method not in MINIMISED:
        raise OptionError(
            f"extraction_starts= are starts of a search for a minimum; method='{method}' does not "
            f"search for one. It goes with {', '.join(MINIMISED)}."
        )


def _analytic(
    solved: Solved, ci: str, data: Any, where: dict[str, Any], conf_level: float, notes: Notes
) -> Uncertainty | None:
    """Give intervals from derivatives, where the solution has any."""
    from scipy.special import ndtri

    if solved.extraction.at_bound.any():
        notes.warn(
            f"ci='{ci}' is not defined where a uniqueness is stopped at its bound; use "
            "ci='bootstrap'.",
            ConvergenceWarning,
            stacklevel=4,
        )
        return None
    found = analytic(solved, ci, data, where, float(ndtri((1 + conf_level) / 2)))
    unknown = int(np.isnan(found.loadings_se).sum())
    if unknown:
        notes.warn(
            f"ci='{ci}' has no standard error of {unknown} loading(s): the correlation matrix, or "
            "the solution, lies at the edge of what is possible.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return found


def refuse_too_many(n_factors: int, n_items: int) -> None:
    """Refuse more factors than the correlations can determine."""
    if n_factors >= n_items or degrees_of_freedom(n_items, n_factors) < 0:
        most = most_factors(n_items)
        raise DataError(
            f"n_factors={n_factors} is too many for {n_items} items: the loadings would outnumber "
            f"the correlations. {n_items} items allow at most {most} factor"
            f"{'s' if most != 1 else ''}."
        )
