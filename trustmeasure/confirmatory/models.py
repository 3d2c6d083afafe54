"""Confirmatory factor analysis and structural equation models: the public functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trustmeasure.confirmatory.fitting import fit_model
from trustmeasure.confirmatory.results import StructuralModel


def cfa(
    model: str,
    data: Any = None,
    *,
    estimator: str = "ML",
    ordered: bool | Sequence[str] | None = None,
    parameterization: str = "delta",
    group: str | None = None,
    group_equal: str | Sequence[str] = (),
    group_partial: str | Sequence[str] = (),
    cluster: str | None = None,
    missing: str = "listwise",
    std_lv: bool = False,
    orthogonal: bool = False,
    meanstructure: bool | None = None,
    fixed_x: bool | None = None,
    likelihood: str = "normal",
    corr: Any = None,
    cov: Any = None,
    n_obs: int | None = None,
    means: Any = None,
    conf_level: float = 0.95,
) -> StructuralModel:
    r"""Confirmatory factor analysis in lavaan's model syntax, with lavaan's defaults.

    Each latent variable is defined by its indicators (``trust =~ t1 + t2 + t3``); the first
    loading is 1 (or, with ``std_lv``, the variance), latent variables covary. Measurements
    are :math:`y = \nu + \Lambda\eta + \varepsilon`, which implies
    :math:`\Sigma = \Lambda\Psi\Lambda' + \Theta`.

    Parameters
    ----------
    model : str
        lavaan syntax: ``=~ ~ ~~ ~1 := == < >``, labels, fixed values, ``start()``, ``c()``,
        ``lower()``, ``upper()``.
    data : DataFrame, 2-D array, or Scores
        Persons in rows. Give either ``data``, or ``cov`` or ``corr``.
    estimator : {"ML", "MLM", "MLMV", "MLMVS", "MLR", "MLF", "GLS", "ULS", "WLS", …}
        Maximum likelihood; with standard errors and statistic corrected for data that are not
        normal (MLM: Satorra–Bentler; MLMV and MLMVS: mean and variance adjusted; MLR:
        Huber–White errors and the Yuan–Bentler statistic, also for missing answers); with
        errors from the products of scores (MLF); generalised and unweighted least squares, and
        least squares weighted by how persons differ in the moments (WLS, Browne's ADF). With
        ``ordered``: "WLSMV" (also what "ML" then means), "WLSM", "WLSMVS", "DWLS", "WLS",
        "ULSMV", "ULSM", "ULSMVS", "ULS".
    ordered : bool or sequence of str, optional
        Items that are ordered categories: True for all that the model explains, or their
        names. They are modelled by thresholds and polychoric correlations.
    parameterization : {"delta", "theta"}
        Of ordered items: the variable behind has unit variance, or its residual has.
    group : str, optional
        Column with the group of each person; every group has parameters of its own.
    group_equal : str or sequence of str
        What is held equal over groups: "loadings", "intercepts", "means", "residuals",
        "residual_covariances", "lv_variances", "lv_covariances", "regressions".
    group_partial : str or sequence of str
        Parameters that stay free all the same, as ``"visual=~x2"``.
    cluster : str, optional
        Column with the cluster of each person; standard errors (and, with MLR, the
        statistic) then allow for likeness within clusters. A model with ``level:`` blocks is
        fitted to both levels instead; see the notes.
    missing : {"listwise", "fiml", "pairwise"}
        Leave out persons with a missing answer, or use all that they answered, by
        full-information maximum likelihood ("ML", "MLR" or "MLF"). With ``ordered``: listwise or
        pairwise, thresholds from all who answered an item and correlations from all who
        answered both, with errors that allow for it. That takes answers to be missing
        completely at random.
    std_lv : bool
        Fix latent variances at 1 instead of first loadings.
    orthogonal : bool
        Fix latent covariances at 0.
    meanstructure : bool, optional
        Model the means; by default where groups, missing answers or the syntax need them.
    fixed_x : bool, optional
        Take observed variables that only predict as they are: by default with maximum likelihood,
        and with ``ordered``, which then conditions on them. False models their moments, too.
    likelihood : {"normal", "wishart"}
        Of maximum likelihood: of the persons' answers, or of the covariances alone, which then
        divide by n − 1 and count n − 1 persons a group in χ² and errors.
    cov, corr : DataFrame, optional
        Covariance matrix (divisor n − 1) or correlation matrix instead of ``data``.
    n_obs : int, optional
        Persons behind it.
    means : Series or mapping, optional
        Means beside ``cov``.
    conf_level : float
        For the intervals of the estimates.

    Returns
    -------
    StructuralModel
        ``converged``, ``admissible``, ``fit`` (Series), ``estimates`` (DataFrame),
        ``r_squared``.

    Raises
    ------
    OptionError
        For syntax that cannot be read (line and column are given), and unknown options.
    DataError
        For variables that the data do not have, constant ones, too few persons, a covariance
        matrix that has no inverse, and a model that leaves negative degrees of freedom; of
        ordered items, for categories that nobody chose in a group, items of which one determines
        the other, pairs that hardly anybody answered, and covariates that determine an item or
        each other.

    Warns
    -----
    ConvergenceWarning
        When the search did not end, when parameters are not identified (named), and for
        solutions that cannot be: negative variances, impossible correlations (named).

    Notes
    -----
    Equals ``lavaan::cfa(model, data, estimator = ...)`` of lavaan 0.6-14, every estimate,
    standard error and index, as far as lavaan's search goes (some 1e-5). ``se`` for "ML" are
    from the expected information; with missing answers and for "MLR" from the observed one.
    ``std`` is lavaan's ``std.all``, its standard error by the delta method. With ``cluster``,
    "ML" has MLR's errors and kind of statistic; as in lavaan, its scaling takes the information
    of the moments alone, without the model's curvature. The search starts from instrumental
    variables, begins again elsewhere where it goes astray, and where items measure several
    latent variables takes the lower of two minima. Robust indices of incomplete data are Zhang and
    Savalei's (V6 for "ML", V3 for "MLR"); GFI then weighs pairwise moments by what the answers
    tell of each, as lavaan does.

    Observed predictors are taken as they are by maximum likelihood, and modelled by least
    squares. "ULS" counts each moment once.

    Standard errors under constraints (``==``, ``<``, ``>``) move along what those that bind leave
    free; degrees of freedom count equalities alone, and errors at a bound (``lower()``,
    ``upper()``) are those without it, all as in lavaan, which ignores bounds where there are
    linear equalities. Inequalities and bounds that bind are named in ``warnings``.

    With ``ordered``, equals ``lavaan::cfa(model, data, ordered = ..., estimator = "WLSMV")``, also
    with ``missing = "pairwise"``. Observed covariates are conditioned on, as by lavaan's
    ``conditional.x = TRUE``: each ordered item first has a probit regression on them, each
    continuous one a linear one, and the model is fitted to thresholds, slopes, and correlations
    of what is left; standardised values are of the whole variables. With ``fixed_x=False``, their
    moments are modelled beside the others' (``fixed.x = FALSE, conditional.x = FALSE``). Three
    things differ from lavaan. Where an ordered variable mediates, lavaan's search by the delta
    parameterization passes over how its residual variance follows from the model, and ends
    before the minimum; here both parameterizations give the same, which is lavaan's by theta.
    Persons who answered nothing but covariates are left out of these' moments. And the factor
    of the baseline model in robust CFI and TLI is the sum of the groups' tr(Γ) over its degrees
    of freedom (Savalei, 2021); lavaan divides each group's by its share of persons first, which
    makes it larger by about the number of groups. WRMR counts the moments of the first group
    alone, as lavaan's does.

    With ``likelihood="wishart"``, equals lavaan's argument of that name: covariances divide by
    n − 1, :math:`\chi^2 = \sum_g (n_g - 1) F_g`, and errors, RMSEA and its relatives count n less
    the number of groups; the log-likelihood stays that of n persons.

    With two blocks, ``level: 1`` (persons) and ``level: 2`` (clusters), intercepts vary between
    clusters (random intercepts): answers of cluster j have
    :math:`y_{ij} = b_j + w_{ij}`, with a model each for the covariances of :math:`w` within and
    of :math:`b` between clusters. A variable in both blocks is split, one in level 1 alone
    varies within clusters only, one in level 2 alone belongs to clusters. Labels may be shared
    by the levels, and ``:=`` may combine them. The result is a `TwoLevelStructuralModel`, with
    ``level`` in ``estimates``, ``icc`` and ``n_clusters``. Estimators are "ML", its errors from
    the observed information, and "MLR", errors from the clusters' scores, both by maximum
    likelihood from complete answers; groups, ordered items, moments and ``missing="fiml"`` are
    refused, and so are fewer clusters than variables at level 2 plus two. Equals
    ``lavaan::cfa(model, data, cluster = ...)``, with three differences. The saturated model that χ²
    is taken against is the unrestricted maximum here, while lavaan's keeps the covariances between
    clusters positive semidefinite (and stops early). A predictor that is split is fixed at its
    whole mean here, in lavaan at the part of it that its EM algorithm leaves between. And the
    scores of "MLR" allow for the mean of a predictor at level 1 here; centre it to see lavaan's
    numbers.

    References
    ----------
    McDonald, R. P., & Goldstein, H. (1989). Balanced versus unbalanced designs for linear
    structural relations in two-level data. *British Journal of Mathematical and Statistical
    Psychology, 42* (2), 215–232. https://doi.org/10.1111/j.2044-8317.1989.tb00911.x

    Muthén, B. (1984). A general structural equation model with dichotomous, ordered categorical,
    and continuous latent variable indicators. *Psychometrika, 49*, 115–132.
    https://doi.org/10.1007/BF02294210

    Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. *Journal of
    Statistical Software, 48* (2), 1–36. https://doi.org/10.18637/jss.v048.i02

    Satorra, A., & Bentler, P. M. (1994). Corrections to test statistics and standard errors in
    covariance structure analysis. In A. von Eye & C. C. Clogg (Eds.), *Latent variables
    analysis* (pp. 399–419). Sage.

    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical
    data. *Multivariate Behavioral Research, 56* (3), 390–407.
    https://doi.org/10.1080/00273171.2020.1717922

    Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance
    structure analysis with nonnormal missing data. *Sociological Methodology, 30*, 165–200.
    https://doi.org/10.1111/0081-1750.00078

    Zhang, X., & Savalei, V. (2023). New computations for RMSEA and CFI following FIML and TS
    estimation with missing data. *Psychological Methods, 28* (2), 263–283.
    https://doi.org/10.1037/met0000445

    Examples
    --------
    >>> import trustmeasure as tm
    >>> answers = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> keyed = tm.score(answers)
    >>> model = "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871"
    >>> fitted = tm.cfa(model, keyed, estimator="MLR")
    >>> fitted.converged, int(fitted.fit["df"])
    (True, 5)
    """
    return fit_model(
        "cfa", model, data, estimator=estimator, ordered=ordered, parameterization=parameterization,
        group=group, group_equal=group_equal, group_partial=group_partial, cluster=cluster,
        missing=missing, std_lv=std_lv,
        orthogonal=orthogonal, meanstructure=meanstructure, fixed_x=fixed_x, likelihood=likelihood,
        corr=corr, cov=cov, n_obs=n_obs, means=means, conf_level=conf_level,
    )  # fmt: skip


def sem(
    model: str,
    data: Any = None,
    *,
    estimator: str = "ML",
    ordered: bool | Sequence[str] | None = None,
    parameterization: str = "delta",
    group: str | None = None,
    group_equal: str | Sequence[str] = (),
    group_partial: str | Sequence[str] = (),
    cluster: str | None = None,
    missing: str = "listwise",
    std_lv: bool = False,
    orthogonal: bool = False,
    meanstructure: bool | None = None,
    fixed_x: bool | None = None,
    likelihood: str = "normal",
    corr: Any = None,
    cov: Any = None,
    n_obs: int | None = None,
    means: Any = None,
    conf_level: float = 0.95,
) -> StructuralModel:
    r"""Structural equation model: measurement as in `cfa`, and regressions among variables.

    Latent variables follow :math:`\eta = \alpha + B\eta + \zeta`, which implies
    :math:`\Sigma = \Lambda(I - B)^{-1}\Psi(I - B)^{-T}\Lambda' + \Theta`. Observed variables
    may regress and be regressed on; those that are only predictors keep the moments that they
    have in the data.

    Parameters
    ----------
    model, data, estimator, ordered, parameterization, group, group_equal, group_partial
        As in `cfa`.
    cluster, missing, std_lv
        As in `cfa`.
    orthogonal, meanstructure, fixed_x, likelihood, corr, cov, n_obs, means, conf_level
        As in `cfa`.

    Returns
    -------
    StructuralModel

    Notes
    -----
    Equals ``lavaan::sem(model, data, estimator = ...)``. For models of persons in clusters with
    ``level:`` blocks, see the notes of `cfa`.

    References
    ----------
    Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. *Journal of
    Statistical Software, 48* (2), 1–36. https://doi.org/10.18637/jss.v048.i02

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=500)
    >>> m = 0.5 * x + rng.normal(size=500)
    >>> y = 0.4 * m + rng.normal(size=500)
    >>> paths = '''
    ...     m ~ a * x
    ...     y ~ b * m
    ...     indirect := a * b
    ... '''
    >>> fitted = tm.sem(paths, pd.DataFrame({"x": x, "m": m, "y": y}))
    >>> fitted.estimates.set_index("lhs").loc["indirect", "est"].round(2)
    np.float64(0.24)
    """
    return fit_model(
        "sem", model, data, estimator=estimator, ordered=ordered, parameterization=parameterization,
        group=group, group_equal=group_equal, group_partial=group_partial, cluster=cluster,
        missing=missing, std_lv=std_lv,
        orthogonal=orthogonal, meanstructure=meanstructure, fixed_x=fixed_x, likelihood=likelihood,
        corr=corr, cov=cov, n_obs=n_obs, means=means, conf_level=conf_level,
    )  # fmt: skip


def growth(
    model: str,
    data: Any,
    *,
    estimator: str = "ML",
    group: str | None = None,
    group_equal: str | Sequence[str] = (),
    group_partial: str | Sequence[str] = (),
    cluster: str | None = None,
    missing: str = "listwise",
    conf_level: float = 0.95,
) -> StructuralModel:
    """Latent growth curve: intercepts of the measurements are 0, latent means are free.

    Parameters
    ----------
    model, data, estimator, group, group_equal, group_partial, cluster, missing, conf_level
        As in `cfa`.

    Returns
    -------
    StructuralModel

    Notes
    -----
    Equals ``lavaan::growth(model, data, estimator = ...)``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> start, slope = rng.normal(3, 1, 400), rng.normal(0.5, 0.2, 400)
    >>> waves = {f"t{w}": start + w * slope + rng.normal(0, 0.4, 400) for w in range(4)}
    >>> model = '''
    ...     level =~ 1*t0 + 1*t1 + 1*t2 + 1*t3
    ...     change =~ 0*t0 + 1*t1 + 2*t2 + 3*t3
    ... '''
    >>> rows = tm.growth(model, pd.DataFrame(waves)).estimates
    >>> rows.query("op == '~1' and lhs == 'change'")["est"].round(1).tolist()
    [0.5]
    """
    return fit_model(
        "growth", model, data, estimator=estimator, group=group, group_equal=group_equal,
        group_partial=group_partial, cluster=cluster, missing=missing, conf_level=conf_level,
    )  # fmt: skip
