"""Reliability of persons within their clusters, and of the clusters themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceWarning, DataWarning
from trustmeasure.kernels import two_level_reliability as kernel
from trustmeasure.kernels.two_level import (
    ClusterMoments,
    TwoLevelFit,
    fit_two_level,
)
from trustmeasure.kernels.two_level_em import fit_saturated_proper
from trustmeasure.kernels.two_level_structures import (
    OneFactorEach,
    OneFactorWithin,
    Saturated,
)
from trustmeasure.reliability.clusters import FEW_CLUSTERS, clustered_answers
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MultilevelReliabilityResult(Result):
    """Reliability on two levels.

    Attributes
    ----------
    alpha_within, omega_within : float
        Of differences between persons of one cluster, as measured by the sum of the items.
    alpha_between, omega_between : float
        Of differences between clusters, as measured by the sum of the items' true cluster
        means.
    omega_cluster_means : float
        Reliability of the observed cluster means as measures of the factor between, that a
        mean of few persons is inexact counted as error.
    interrater : float
        Share of the variance of the observed cluster means that is between clusters at all.
    table : DataFrame
        One row a coefficient: ``estimate``, ``se``, ``ci_low``, ``ci_high``.
    icc : DataFrame, index the item
        ``icc1`` with ``se``, ``ci_low``, ``ci_high``; the variances ``within`` and ``between``.
    loadings : DataFrame, index the item
        Of the model with one factor on each level: ``within``, ``within_uniqueness``,
        ``between``, ``between_uniqueness``, in the items' units; ``std_within`` and
        ``std_between``.
    within, between : DataFrame, items × items
        Saturated covariance matrices by maximum likelihood.
    chisq, df, pvalue : float
        Likelihood-ratio test of one factor on each level against saturated matrices.
    loglik : float
        Of the model with one factor on each level.
    n_clusters, n_items : int
    mean_cluster_size : float
    converged : bool
        Whether both the saturated and the one-factor matrices were found.
    """

    title: ClassVar[str] = "Multilevel reliability"

    alpha_within: float
    omega_within: float
    alpha_between: float
    omega_between: float
    omega_cluster_means: float
    interrater: float
    table: pd.DataFrame
    icc: pd.DataFrame
    loadings: pd.DataFrame
    within: pd.DataFrame
    between: pd.DataFrame
    chisq: float
    df: int
    pvalue: float
    loglik: float
    n_clusters: int
    n_items: int
    mean_cluster_size: float
    converged: bool

    def to_frame(self) -> pd.DataFrame:
        """Give the table of coefficients."""
        return self.table.copy()


def multilevel_reliability(
    data: Any,
    *,
    cluster: Any = None,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    ci: str | None = "delta",
    conf_level: float = 0.95,
    n_draws: int = 20_000,
    rng: Any = None,
) -> MultilevelReliabilityResult:
    r"""Compute alpha and omega within clusters and between them.

    Answers are taken as the sum of a cluster's part and a person's own, whose covariance
    matrices :math:`\Sigma_b` and :math:`\Sigma_w` are estimated together by maximum
    likelihood; clusters may differ in size. On each level :math:`l`,

    .. math:: \alpha_l = \frac{k}{k - 1} \left(1 - \frac{\operatorname{tr} \Sigma_l}{1'
        \Sigma_l 1}\right), \qquad
        \omega_l = \frac{(\sum_j \lambda_{lj})^2}{(\sum_j \lambda_{lj})^2 + \sum_j \theta_{lj}},

    alpha from saturated matrices, omega from a model with one factor on each level. The
    alpha of all persons together, which `cronbach_alpha` gives, mixes the two.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    cluster : str or sequence
        The column with each person's cluster, or one label a person; unnecessary where
        Scores know their clusters.
    items : sequence of str, optional
        The items, at least three; without it all columns but the cluster's.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    ci : {"delta", "monte_carlo", None}
        Estimate ± z · se by the delta method; percentiles of the coefficients over normal
        draws of the parameters, which respects that they are skewed and end at 1 (Preacher &
        Selig, 2012); or no interval. Both rest on the observed information.
    conf_level : float
        Confidence level of the intervals.
    n_draws : int
        Draws for ``ci="monte_carlo"``.
    rng : None, int or numpy.random.Generator
        Source of the draws.

    Returns
    -------
    MultilevelReliabilityResult

    Raises
    ------
    DataError
        For fewer than three items, no more clusters than items, no more persons beyond one
        a cluster than items, an item that is constant within clusters, items that determine
        each other, and columns that cannot be used.
    OptionError
        For an option that is not offered.

    Warns
    -----
    ConvergenceWarning
        When a maximum was not found (what rests on it is missing then, but omega_within
        comes from a model with a factor within alone where that can be fitted), when a uniqueness
        is negative (level and item are named), and when no standard errors exist.
    DataWarning
        When items have no variance between clusters, so that nothing can be said there.

    Notes
    -----
    Persons without a cluster or with a missing answer are left out (listwise).

    ``omega_within``, ``omega_between``, their standard errors and intervals and the loadings
    equal lavaan's ``cfa("level: 1\n fw =~ l1*y1 + …\n level: 2\n fb =~ b1*y1 + …\n
    omega_within := …", x, cluster = "team", std.lv = TRUE)``, and the omegas
    ``semTools::reliability(fit)``. ``omega_cluster_means`` and ``interrater`` are ``omega_B``
    and ``IRR`` of ``semTools::compRelSEM(fit, shared = "fb", obs.var = FALSE)``. The alphas
    and ICCs are those of a lavaan model with all covariances free on both levels.
    :math:`\Sigma_b` is not held to be positive definite, in either: where it is not, a
    warning says so, and lavaan's own h1 moments (``lavInspect(fit, "h1")``, hence its χ² and
    semTools' alpha), which EM keeps inside, differ a little.

    References
    ----------
    Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a
    multilevel confirmatory factor analysis framework. *Psychological Methods, 19*, 72–91.
    https://doi.org/10.1037/a0032138

    Lai, M. H. C. (2021). Composite reliability of multilevel data: It's about observed scores
    and construct meanings. *Psychological Methods, 26*, 90–102.
    https://doi.org/10.1037/met0000287

    Preacher, K. J., & Selig, J. P. (2012). Advantages of Monte Carlo confidence intervals for
    indirect effects. *Communication Methods and Measures, 6*, 77–98.
    https://doi.org/10.1080/19312458.2012.679848

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> team = np.repeat(np.arange(80), 6)
    >>> climate = rng.normal(size=(80, 4)) * 0.3 + rng.normal(size=(80, 1)) * 0.6
    >>> trust = rng.normal(size=(480, 1)) + rng.normal(size=(480, 4))
    >>> answers = pd.DataFrame(climate[team] + trust).assign(team=team)
    >>> found = tm.multilevel_reliability(answers, cluster="team")
    >>> found.table.loc[["omega_within", "omega_between"]].round(2)
                   estimate    se  ci_low  ci_high
    coefficient
    omega_within       0.83  0.01    0.80     0.86
    omega_between      0.94  0.03    0.88     1.00
    """
    _checks.check_option("ci", ci, ("delta", "monte_carlo", None))
    _checks.check_level("conf_level", conf_level)
    _checks.check_count("n_draws", n_draws, least=100)
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_grouped(
        data, cluster=cluster, items=items, scale=scale, min_items=3, min_persons=3
    )
    notes = Notes()
    moments, n_dropped = clustered_answers(block, notes)
    p = len(block.names)

    free = fit_two_level(moments, Saturated(p), errors=ci is not None)
    inside = free.converged
    if not inside:
        free = fit_saturated_proper(moments)
    one = fit_two_level(moments, OneFactorEach(p), errors=ci is not None)
    _note_problems(free, one, inside, ci is not None, block.names, moments, notes)
    how = _Interval(ci, conf_level, n_draws, _checks.as_rng(rng))
    table = _table(moments, free, one, how)
    icc = _coefficients(list(block.names), kernel.shares_between, free, how)
    chisq, df, pvalue = _fit_test(free, one, p) if inside else (math.nan, p * (p - 3), math.nan)
    return MultilevelReliabilityResult(
        n=moments.n,
        n_dropped=n_dropped,
        **{str(name): float(value) for name, value in table["estimate"].items()},
        table=table,
        icc=icc.rename(columns={"estimate": "icc1"})
        .assign(within=np.diag(free.within), between=np.diag(free.between))
        .rename_axis("item"),
        loadings=_loading_table(one, block.names),
        within=pd.DataFrame(free.within, index=block.names, columns=block.names),
        between=pd.DataFrame(free.between, index=block.names, columns=block.names),
        chisq=chisq,
        df=df,
        pvalue=pvalue,
        loglik=one.loglik if one.converged else math.nan,
        n_clusters=moments.n_clusters,
        n_items=p,
        mean_cluster_size=moments.n / moments.n_clusters,
        converged=free.converged and one.converged,
        settings={
            "items": list(block.names),
            "scale": scale,
            "cluster": block.cluster_name,
            "missing": "listwise",
            "ci": ci,
            "conf_level": conf_level,
            "n_draws": n_draws if ci == "monte_carlo" else None,
        },
        warnings=notes.messages(),
    )


@dataclass(frozen=True)
class _Interval:
    """How intervals are made."""

    ci: str | None
    level: float
    n_draws: int
    rng: np.random.Generator


def _table(
    moments: ClusterMoments, free: TwoLevelFit, one: TwoLevelFit, how: _Interval
) -> pd.DataFrame:
    """Put the coefficients of the scale together."""
    alphas = _coefficients(["alpha_within", "alpha_between"], kernel.alphas, free, how)
    omegas = _coefficients(
        ["omega_within", "omega_between", "omega_cluster_means", "interrater"],
        kernel.omegas(moments.inverse_size),
        one,
        how,
    )
    if not one.converged:  # mostly because of the between level, which within can do without
        alone = fit_two_level(moments, OneFactorWithin(moments.p))
        omegas.loc[["omega_within"]] = _coefficients(
            ["omega_within"], kernel.omega_within, alone, how
        )
    table = pd.concat([alphas, omegas]).rename_axis("coefficient")
    return table.iloc[[0, 2, 1, 3, 4, 5]]


def _coefficients(
    names: list[str], function: kernel.Function, fit: TwoLevelFit, how: _Interval
) -> pd.DataFrame:
    """Give estimates with standard errors and limits; missing where the fit is."""
    missing = np.full(len(names), math.nan)
    estimate, se, low, high = missing, missing, missing, missing
    if fit.converged:
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = function(fit.theta)
        # Without any variance there is no share of it.
        estimate = np.where(np.abs(estimate) < 1e6, estimate, math.nan)
    if fit.converged and how.ci is not None and np.isfinite(fit.covariance).all():
        se = kernel.delta_errors(function, fit.theta, fit.covariance)
        if how.ci == "delta":
            from scipy.special import ndtri

            half = float(ndtri((1 + how.level) / 2)) * se
            low, high = estimate - half, estimate + half
        else:
            low, high = kernel.drawn_limits(
                function, fit.theta, fit.covariance, how.level, how.n_draws, how.rng
            )
    return pd.DataFrame(
        {"estimate": estimate, "se": se, "ci_low": low, "ci_high": high}, index=names
    )


def _fit_test(free: TwoLevelFit, one: TwoLevelFit, p: int) -> tuple[float, int, float]:
    from scipy.special import chdtrc

    df = p * (p + 1) - 4 * p
    if not (free.converged and one.converged):
        return math.nan, df, math.nan
    chisq = max(2 * (free.loglik - one.loglik), 0.0)
    return chisq, df, float(chdtrc(df, chisq)) if df else math.nan


def _loading_table(fit: TwoLevelFit, names: Sequence[str]) -> pd.DataFrame:
    theta = fit.theta if fit.converged else np.full_like(fit.theta, math.nan)
    lw, uw, lb, ub = np.split(theta, 4)
    lw, lb = lw * _sign(lw), lb * _sign(lb)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.where(lb**2 + ub > 0, lb**2 + ub, math.nan)
        columns = {
            "within": lw,
            "within_uniqueness": uw,
            "std_within": lw / np.sqrt(lw**2 + uw),
            "between": lb,
            "between_uniqueness": ub,
            "std_between": lb / np.sqrt(between),
        }
    return pd.DataFrame(columns, index=pd.Index(names, name="item"))


def _sign(loadings: FloatArray) -> float:
    return -1.0 if loadings.sum() < 0 else 1.0


def _note_problems(
    free: TwoLevelFit,
    one: TwoLevelFit,
    inside: bool,
    wanted: bool,
    names: Sequence[str],
    moments: ClusterMoments,
    notes: Notes,
) -> None:
    """Say what in the estimates changes how they must be read.

    ``inside`` tells whether the maximum of free matrices is, and ``wanted`` whether standard
    errors were asked for.
    """
    if moments.n_clusters < FEW_CLUSTERS:
        notes.record(
            f"{moments.n_clusters} clusters are few: coefficients between clusters are imprecise "
            "and their intervals too narrow."
        )
    for fit, what in ((free, "saturated matrices"), (one, "model with one factor on each level")):
        if not fit.converged:
            notes.warn(
                f"The {what} did not converge, and what rests on it is not given"
                + (" (omega_within comes from one factor within alone)" if fit is one else "")
                + ". Most often the items hardly differ between clusters, or there are too few "
                "clusters.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif fit is free and not inside:
            notes.warn(
                "The likelihood of free matrices has no maximum inside: the one between clusters "
                "was held positive semidefinite, and alpha and ICCs come without standard errors.",
                ConvergenceWarning,
                stacklevel=4,
            )
        elif wanted and not np.isfinite(fit.covariance).all():
            notes.warn(
                f"The {what} has no standard errors: its information is not positive definite.",
                ConvergenceWarning,
                stacklevel=4,
            )
    if one.converged:
        _, within, _, between = np.split(one.theta, 4)
        for level, unique in (("within", within), ("between", between)):
            negative = [name for name, u in zip(names, unique, strict=True) if u < 0]
            if negative:
                notes.warn(
                    f"Heywood case {level} clusters: item(s) {_checks.listed(negative)} have a "
                    f"negative uniqueness there; read omega_{level} with care.",
                    ConvergenceWarning,
                    stacklevel=4,
                )
    if free.converged:
        _note_between(free, names, notes)


def _note_between(free: TwoLevelFit, names: Sequence[str], notes: Notes) -> None:
    variance = np.diag(free.between)
    none = [
        name
        for name, between, within in zip(names, variance, np.diag(free.within), strict=True)
        if between <= 1e-6 * within
    ]
    if none:
        notes.warn(
            f"Item(s) {_checks.listed(none)} have no variance between clusters (the estimate is "
            "zero or negative): clusters differ no more than chance has it, and coefficients "
            "between them mean little.",
            DataWarning,
            stacklevel=5,
        )
    elif np.linalg.eigvalsh(free.between)[0] < -1e-8 * variance.max():
        notes.record(
            "The saturated covariance matrix between clusters is not positive definite, as "
            "happens where items differ little between clusters; alpha_between is taken from it "
            "as it is."
        )
