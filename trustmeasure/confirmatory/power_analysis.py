"""How large a sample must be: power of the test of fit, and of every parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, check_level
from trustmeasure.confirmatory.admissibility import describe
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.ordinal.simulation import OrdinalPopulation
from trustmeasure.confirmatory.replication import Refit
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.simulation import population, simulate, simulation_model
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.structural import implied
from trustmeasure.results import Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PowerResult(Result):
    """What `power` returns.

    Attributes
    ----------
    fit : DataFrame, index n
        close_fit: power to reject close fit (RMSEA at most ``rmsea0``) if RMSEA is ``rmsea_a``;
        not_close: power to reject poor fit (at least ``rmsea_a``) if it is ``rmsea0``; exact:
        power to reject perfect fit if RMSEA is ``rmsea_a``.
    parameters : DataFrame or None
        By n and parameter: population value, mean of the estimates, relative_bias, sd of the
        estimates and mean se, coverage of the interval, and power of the z test.
    """

    title: ClassVar[str] = "Power of a structural model"

    fit: pd.DataFrame
    parameters: pd.DataFrame | None

    def to_frame(self) -> pd.DataFrame:
        """Give the power of the tests of fit."""
        return self.fit.copy()


def power(
    model: StructuralModel | int,
    n: int | Sequence[int],
    *,
    rmsea0: float = 0.05,
    rmsea_a: float = 0.08,
    alpha: float = 0.05,
    n_rep: int = 1000,
    rng: Any = None,
) -> PowerResult:
    r"""Compute the power of tests of fit by RMSEA, and of every parameter by simulation.

    A χ² statistic of a model with RMSEA :math:`\varepsilon` and d degrees of freedom has
    noncentrality :math:`(n - 1) d \varepsilon^2`. Parameters: samples of n are drawn from the
    fitted model and fitted again, as one stack of covariance matrices.

    Parameters
    ----------
    model : StructuralModel or int
        A fitted model, whose estimates are taken for the population (fit it to the moments that
        are expected, with ``cov=`` or ``corr=``); or degrees of freedom alone, for tests of fit.
    n : int or sequence of int
        Sample sizes.
    rmsea0, rmsea_a : float
        RMSEA under the null and under the alternative hypothesis.
    alpha : float
    n_rep : int
        Samples of each size, for the parameters.
    rng : None, int or numpy.random.Generator

    Returns
    -------
    PowerResult

    Raises
    ------
    OptionError
        For models that have no degrees of freedom, of several groups or levels, of other
        estimators of continuous items than maximum likelihood, or of ordered items given
        covariates. For tests of fit alone, their degrees of freedom will do:
        ``power(int(fitted.fit["df"]), n)``.
    DataError
        For models of incomplete answers, and where hardly any sample has a solution.

    Notes
    -----
    ``close_fit`` equals ``semTools::findRMSEApower(rmsea0, rmseaA, df, n)``, ``not_close`` the
    same with the two exchanged. Of ordered items, normal variables behind the answers are drawn
    and cut at the model's thresholds, and each sample is fitted by itself, which takes some
    hundredths of a second; their standard errors are the estimator's own.

    References
    ----------
    MacCallum, R. C., Browne, M. W., & Sugawara, H. M. (1996). Power analysis and determination
    of sample size for covariance structure modeling. *Psychological Methods, 1*, 130–149.
    https://doi.org/10.1037/1082-989X.1.2.130

    Muthén, L. K., & Muthén, B. O. (2002). How to use a Monte Carlo study to decide on sample
    size and determine power. *Structural Equation Modeling, 9*, 599–620.
    https://doi.org/10.1207/S15328007SEM0904_8

    Examples
    --------
    >>> import trustmeasure as tm
    >>> tm.power(24, [100, 200, 400]).fit.round(2)
         close_fit  not_close  exact
    n
    100       0.27       0.24   0.58
    200       0.51       0.49   0.93
    400       0.83       0.82   1.00
    """
    sizes = [n] if isinstance(n, (int, np.integer)) else list(n)
    for size in sizes:
        check_count("n", size, least=10)
    check_level("alpha", alpha)
    check_count("n_rep", n_rep, least=50)
    if not 0 <= rmsea0 < rmsea_a:
        raise OptionError(
            f"rmsea0={rmsea0!r} must be less than rmsea_a={rmsea_a!r}, and neither negative."
        )
    is_model = isinstance(model, StructuralModel)
    df = int(model.fit["df"]) if isinstance(model, StructuralModel) else model
    if isinstance(df, bool) or not isinstance(df, (int, np.integer)) or df < 1:
        raise OptionError(
            "power takes a fitted model with degrees of freedom, or their number (at least 1)."
        )
    index = pd.Index(sizes, name="n")
    fit = pd.DataFrame(
        [_fit_power(int(df), size, rmsea0, rmsea_a, alpha) for size in sizes], index=index
    )
    parameters = None
    if isinstance(model, StructuralModel):
        generator = as_rng(rng)
        parameters = pd.concat(
            {size: _parameters(model, size, n_rep, alpha, generator) for size in sizes},
            names=["n"],
        )
    return PowerResult(
        n=max(sizes),
        fit=fit,
        parameters=parameters,
        settings={
            "df": int(df), "rmsea0": rmsea0, "rmsea_a": rmsea_a, "alpha": alpha,
            "n_rep": n_rep if is_model else None,
        },
    )  # fmt: skip


def _fit_power(df: int, n: int, rmsea0: float, rmsea_a: float, alpha: float) -> dict[str, float]:
    from scipy.special import chdtri, chndtr, chndtrix

    unit = (n - 1) * df
    null, other = unit * rmsea0**2, unit * rmsea_a**2
    upper = float(chndtrix(1 - alpha, df, null)) if null else float(chdtri(df, alpha))
    lower = float(chndtrix(alpha, df, other))
    return {
        "close_fit": 1.0 - float(chndtr(upper, df, other)),
        "not_close": float(chndtr(lower, df, null)),
        "exact": 1.0 - float(chndtr(float(chdtri(df, alpha)), df, other)),
    }


def _parameters(
    fit: StructuralModel, n: int, n_rep: int, alpha: float, rng: np.random.Generator
) -> pd.DataFrame:
    from scipy.special import ndtri

    if isinstance(fit, OrdinalStructuralModel):
        table, true = fit.solution.specification.table, fit.solution.parameters
        estimates, errors = OrdinalPopulation.of(fit, "power").estimates(n, n_rep, rng)
    else:
        refit = simulation_model(fit, "power")
        table, true = refit.fitted.specification.table, refit.fitted.estimates.parameters
        estimates, errors = _normal_estimates(refit, n, n_rep, rng)
    if len(estimates) < 10:
        raise DataError(
            f"Only {len(estimates)} of {n_rep} samples of n={n} have a solution: n is too small "
            "for the model, or some answer categories are too rare."
        )
    critical = float(ndtri(1 - alpha / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                "population": true,
                "estimate": estimates.mean(axis=0),
                "relative_bias": estimates.mean(axis=0) / true - 1.0,
                "sd": estimates.std(axis=0, ddof=1),
                "se": errors.mean(axis=0),
                "coverage": (np.abs(estimates - true) <= critical * errors).mean(axis=0),
                "power": (np.abs(estimates) > critical * errors).mean(axis=0),
                "n_converged": len(estimates),
            },
            index=pd.Index([describe(row) for row in table.free], name="parameter"),
        )


def _normal_estimates(
    refit: Refit, n: int, n_rep: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Give free parameters and errors (b, n_free) of samples that have a solution."""
    moments = implied(population(refit.fitted))
    if n <= len(moments.mean):
        raise OptionError(
            f"n={n} is no more than the model's {len(moments.mean)} variables, so that their "
            "covariances have no inverse."
        )
    found = simulate(refit, moments.spread, moments.mean, n, n_rep, rng, errors=True)
    return found.parameters[found.converged], found.errors[found.converged]
