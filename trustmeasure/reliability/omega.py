"""McDonald's omega: the one function for one factor and for several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from trustmeasure import _checks
from trustmeasure.errors import OptionError
from trustmeasure.reliability import hierarchical
from trustmeasure.reliability.draws import check_draws
from trustmeasure.reliability.hierarchical import HierarchicalOmegaResult
from trustmeasure.reliability.one_factor import OmegaResult, one_factor_omega

__all__ = ["HierarchicalOmegaResult", "OmegaResult", "mcdonald_omega"]


@overload
def mcdonald_omega(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    n_factors: Literal[1] = 1,
    method: str = "minres",
    rotation: str = "oblimin",
    option: str = "equal",
    flip: bool = True,
    correlation: str = "pearson",
    missing: str = "listwise",
    ci: str | None = "default",
    conf_level: float = 0.95,
    n_boot: int | None = None,
    rng: Any = None,
) -> OmegaResult: ...


@overload
def mcdonald_omega(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    n_factors: int,
    method: str = "minres",
    rotation: str = "oblimin",
    option: str = "equal",
    flip: bool = True,
    correlation: str = "pearson",
    missing: str = "listwise",
    ci: str | None = "default",
    conf_level: float = 0.95,
    n_boot: int | None = None,
    rng: Any = None,
) -> OmegaResult | HierarchicalOmegaResult: ...


def mcdonald_omega(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    n_factors: int = 1,
    method: str = "minres",
    rotation: str = "oblimin",
    option: str = "equal",
    flip: bool = True,
    correlation: str = "pearson",
    missing: str = "listwise",
    ci: str | None = "default",
    conf_level: float = 0.95,
    n_boot: int | None = None,
    rng: Any = None,
) -> OmegaResult | HierarchicalOmegaResult:
    r"""Compute McDonald's omega with an interval, from one factor or several.

    With one factor,

    .. math:: \omega = \frac{(\sum_j \lambda_j)^2}{(\sum_j \lambda_j)^2 + \sum_j \theta_j}

    with the loadings :math:`\lambda` and uniquenesses :math:`\theta` that are most likely
    under normality. Unlike alpha, omega does not suppose that all items measure the
    factor equally well; like alpha, it supposes that there is only one.

    With several, the correlations :math:`R` are factored, rotated obliquely, and split by
    Schmid and Leiman into a general factor with loadings :math:`g` and group factors. Then

    .. math:: \omega_t = \frac{1'R1 - \sum_j u_j^2}{1'R1}, \qquad
        \omega_h = \frac{(\sum_j g_j)^2}{1'R1}, \qquad
        \omega_{\infty} = \omega_h / \omega_t, \qquad
        \mathrm{ECV} = \frac{\sum_j g_j^2}{\sum_j g_j^2 + \sum_{jk} s_{jk}^2}.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items, at least three; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    n_factors : int
        Group factors of the model; 1 is a model of one factor, fitted by maximum likelihood.
        Three or more are needed for a general factor that the data identify.
    method : {"minres", "ml", "pa"}
        With several factors, how they are extracted, those of first and of second order.
    rotation : {"oblimin", "quartimin", "promax", "geomin_oblique", "bentlerQ", "simplimax"}
        With several factors, the oblique rotation; it starts from varimax.
    option : {"equal", "first", "second"}
        With two factors, whose one correlation cannot tell two loadings on the general
        factor: equal ones, or 1 for the first or the second factor (in the order of the
        variance that they explain after varimax).
    flip : bool
        With several factors, turn round the items that load negatively on the general
        factor, as psych does; they are named in ``flipped`` and in ``warnings``.
    correlation : {"pearson", "polychoric"}
        With several factors, what is factored.
    missing : {"listwise", "pairwise"}
        The persons who answered every item are used; or, with several factors, each
        correlation takes the persons who answered both items.
    ci : {"delta", "bootstrap", None}, default "delta" for one factor, else "bootstrap"
        Estimate ± z · se, with the standard error from the expected information by the
        delta method (one factor only); from resampled persons, the whole estimation repeated
        in each (percentiles with one factor; see below for several); or no interval. Whatever
        interval, ``se`` of one factor without a bootstrap is that of the delta method.
    conf_level : float
        Confidence level of the interval.
    n_boot : int, optional
        Bootstrap replicates, for ``ci="bootstrap"`` alone, and refused beside another ``ci``:
        2000 for one factor and 500 for several if not given.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers, for ``ci="bootstrap"`` alone.

    Returns
    -------
    OmegaResult or HierarchicalOmegaResult
        The latter with more than one factor.

    Raises
    ------
    DataError
        For fewer than three items (four, with several factors), too many factors for the
        items, with one factor no more persons than items or items that determine each
        other, a constant item, and whatever `cronbach_alpha` refuses.
    OptionError
        For an option that is not offered, or that belongs to several factors but is given
        with one.
    ConvergenceError
        When no bootstrap replicate could be fitted.

    Warns
    -----
    ConvergenceWarning
        When the likelihood has no maximum that could be found, when factors or rotation did
        not converge, when an item has a negative uniqueness or one at its bound (a Heywood
        case; the item is named), and when bootstrap replicates could not be fitted.
    DataWarning
        When items relate negatively to the rest and are not turned round.

    Notes
    -----
    With one factor, ``omega_total`` and its interval equal lavaan's ``omega := (l1 + …)^2 /
    ((l1 + …)^2 + t1 + …)`` in ``cfa(model, data, std.lv = TRUE)``, and its value
    ``semTools::compRelSEM(fit, obs.var = FALSE)``; ``omega_observed`` equals
    ``semTools::compRelSEM(fit)``, whose denominator is the observed variance of the sum.
    psych's omega of one factor is another statistic: it extracts it from correlations by
    minimum residuals (``psych::omega(x, nfactors = 1)`` comes near ``standardized``).

    With several, everything equals ``psych::omega(x, nfactors, fm = method, rotate =
    rotation, flip = flip, option = option)`` with GPArotation run to convergence (psych
    leaves it at 1e-5), and ``missing="pairwise"`` where answers are missing; psych's
    "geominQ" is "geomin_oblique". ``omega_asymptotic`` is its ``omega.lim``, ``lambda6`` its
    ``G6``, and ``alpha`` is of standardised items. ``puc`` (Rodriguez, Reise & Haviland, 2016)
    puts each item into the group on which it loads most. In the bootstrap items keep the
    group of the sample. Where psych draws Fisher-z intervals from replicates, the intervals
    here are normal ones of −ln(1 − ω), Bonett's (2002) metric, with the bias of the replicates
    taken off (Davison & Hinkley, 1997, section 5.2): in samples, factors are found where there
    is only chance, which makes the general one look weaker than it is, and in resamples more
    so. In simulations of nine items in three groups, limits of 95 % held ``omega_hierarchical``
    in 92 of 100 samples of 300 persons where groups are clear, and in 61 where they are faint
    (percentiles: in 64 and 27); with 1,000 persons in 93 and 89 (84 and 17).
    ``omega_asymptotic`` and ``ecv`` are covered less where groups are faint.

    References
    ----------
    Bonett, D. G. (2002). Sample size requirements for testing and estimating coefficient
    alpha. *Journal of Educational and Behavioral Statistics, 27*, 335–340.
    https://doi.org/10.3102/10769986027004335

    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Cambridge University Press. https://doi.org/10.1017/CBO9780511802843

    McDonald, R. P. (1999). *Test theory: A unified treatment*. Erlbaum.
    https://doi.org/10.4324/9781410601087

    Raykov, T. (2002). Analytic estimation of standard error and confidence interval for
    scale reliability. *Multivariate Behavioral Research, 37*, 89–103.
    https://doi.org/10.1207/S15327906MBR3701_04

    Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions.
    *Psychometrika, 22*, 53–61. https://doi.org/10.1007/BF02289209

    Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's α, Revelle's β, and
    McDonald's ω_H: Their relations with each other and two alternative conceptualizations
    of reliability. *Psychometrika, 70*, 123–133. https://doi.org/10.1007/s11336-003-0974-7

    Rodriguez, A., Reise, S. P., & Haviland, M. G. (2016). Evaluating bifactor models:
    Calculating and interpreting statistical indices. *Psychological Methods, 21*, 137–150.
    https://doi.org/10.1037/met0000045

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> trust = rng.normal(size=(300, 1))
    >>> answers = trust * [0.9, 0.8, 0.7, 0.6] + 0.6 * rng.normal(size=(300, 4))
    >>> omega = tm.mcdonald_omega(answers)
    >>> print(f"{omega.omega_total:.2f} [{omega.ci_low:.2f}, {omega.ci_high:.2f}]")
    0.85 [0.82, 0.87]

    Three facets of four items each, which share half of what they have in common:

    >>> facets = np.repeat(rng.normal(size=(300, 3)), 4, axis=1)
    >>> answers = trust + facets + rng.normal(size=(300, 12))
    >>> omega = tm.mcdonald_omega(answers, n_factors=3, n_boot=100, rng=1)
    >>> print(f"{omega.omega_total:.2f} {omega.omega_hierarchical:.2f} {omega.ecv:.2f}")
    0.93 0.66 0.45
    >>> omega.intervals.loc["omega_hierarchical", ["ci_low", "ci_high"]].round(2).to_list()
    [0.59, 0.72]
    """
    several = _checks.check_count("n_factors", n_factors) > 1
    if ci == "default":
        ci = "bootstrap" if several else "delta"
    _check_options(n_factors, method, rotation, option, flip, correlation, missing, ci)
    usual = 500 if several else 2000
    n_boot = usual if n_boot is None else n_boot
    check_draws(n_boot, ci, usual=usual)
    _checks.check_level("conf_level", conf_level)
    scale = _checks.one_scale(data, scale=scale, items=items)
    if several:
        return hierarchical.hierarchical_omega(
            data,
            items=items,
            scale=scale,
            n_factors=n_factors,
            method=method,
            rotation=rotation,
            option=option,
            flip=flip,
            correlation=correlation,
            missing=missing,
            ci=ci,
            conf_level=conf_level,
            n_boot=n_boot,
            rng=rng,
        )
    return one_factor_omega(
        data,
        items=items,
        scale=scale,
        missing=missing,
        ci=ci,
        conf_level=conf_level,
        n_boot=n_boot,
        rng=rng,
    )


def _check_options(
    n_factors: int,
    method: str,
    rotation: str,
    option: str,
    flip: bool,
    correlation: str,
    missing: str,
    ci: str | None,
) -> None:
    """Refuse options that are not offered, or that the number of factors makes idle."""
    _checks.check_option("method", method, hierarchical.METHODS)
    _checks.check_option("rotation", rotation, hierarchical.ROTATIONS)
    _checks.check_option("option", option, hierarchical.OPTIONS)
    _checks.check_option("flip", flip, (True, False))
    _checks.check_option("correlation", correlation, ("pearson", "polychoric"))
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    if n_factors > 1:
        _checks.check_option("ci", ci, ("bootstrap", None))
        if n_factors > 2 and option != "equal":
            raise OptionError(
                f"option='{option}' tells two factors apart, whose one correlation cannot; "
                f"{n_factors} factors need none."
            )
        return
    _checks.check_option("ci", ci, ("delta", "bootstrap", None))
    given = {
        "method": method != "minres",
        "rotation": rotation != "oblimin",
        "option": option != "equal",
        "flip": not flip,
        "correlation": correlation != "pearson",
        "missing": missing != "listwise",
    }
    idle = [name for name, used in given.items() if used]
    if idle:
        raise OptionError(
            f"{_checks.listed(idle)} belong(s) to n_factors above 1; one factor is fitted by "
            "maximum likelihood to complete answers. For ordered answers use categorical_omega."
        )
