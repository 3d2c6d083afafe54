"""Categorical omega: the reliability of the sum of ordered answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceError, ConvergenceWarning
from trustmeasure.kernels.categorical_factor import (
    WeightedFactors,
    categorical_omega_of,
    fit_weighted_factor,
)
from trustmeasure.kernels.ordinal_resampling import bootstrap_polychorics
from trustmeasure.kernels.reliability import structure
from trustmeasure.reliability.answers import (
    Answers,
    item_order_note,
    ordered_answers,
    spread,
    usable_replicates,
)
from trustmeasure.reliability.draws import check_draws
from trustmeasure.results import Notes, Result

# Replicates of a bootstrap unless asked for others.
N_BOOT = 1000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CategoricalOmegaResult(Result):
    """Green and Yang's reliability of the sum of ordered answers.

    Attributes
    ----------
    estimate : float
        Reliability of the sum, its variance being what the model implies.
    ci_low, ci_high : float
        Percentiles of ``estimate`` in resampled persons; missing with ``ci=None``.
    se : float
        Standard deviation of the replicates.
    observed : float
        The same with the variance that follows from the polychoric correlations themselves.
    discrepancy : float
        Weighted squared residuals at the solution.
    converged : bool
        Whether the minimum was found.
    n_items : int
        Items in the scale.
    loadings : DataFrame, index the item
        ``loading`` (standardised) and ``uniqueness``, 1 minus its square.
    thresholds : DataFrame, index the item
        Standard normal values that cut its categories; missing beyond its last.
    correlation : DataFrame
        Polychoric correlations.
    replicates : ndarray or None
        The bootstrap replicates behind the interval.
    """

    title: ClassVar[str] = "Categorical omega"

    estimate: float
    ci_low: float
    ci_high: float
    se: float
    observed: float
    discrepancy: float
    converged: bool
    n_items: int
    loadings: pd.DataFrame
    thresholds: pd.DataFrame
    correlation: pd.DataFrame
    replicates: FloatArray | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of loadings."""
        return self.loadings.copy()


def categorical_omega(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "dwls",
    missing: str = "listwise",
    ci: str | None = "bootstrap",
    conf_level: float = 0.95,
    n_boot: int = N_BOOT,
    rng: Any = None,
) -> CategoricalOmegaResult:
    r"""Compute the reliability of the sum of ordered answers, from a one-factor model of them.

    The model has one normal factor behind normal variables that thresholds :math:`\tau` cut
    into the answers. With :math:`\Phi_2(a, b; r)` the bivariate normal distribution,

    .. math:: \omega = \frac{\sum_{jj'} \sum_{cc'} [\Phi_2(\tau_{jc}, \tau_{j'c'};
        \lambda_j \lambda_{j'}) - \Phi(\tau_{jc}) \Phi(\tau_{j'c'})]}{\sum_{jj'} \sum_{cc'}
        [\Phi_2(\tau_{jc}, \tau_{j'c'}; r_{jj'}) - \Phi(\tau_{jc}) \Phi(\tau_{j'c'})]},

    where :math:`r_{jj}` is 1: the covariance of the sums of two parallel tests over the
    variance of the sum, answers counted 0, 1, 2, …. In ``estimate``, :math:`r_{jj'} =
    \lambda_j \lambda_{j'}`; in ``observed`` it is the polychoric correlation.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing. Answers are
        ordered by size; at most 20 different ones an item.
    items : sequence of str, optional
        The items, at least three; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    method : {"dwls", "uls"}
        Loadings by least squares on the polychoric correlations, each weighted by the inverse
        of its sampling variance (what lavaan's "WLSMV" estimates), or all alike.
    missing : {"listwise", "pairwise"}
        Persons with a missing answer are left out, or used for the pairs that they answered.
    ci : {"bootstrap", None}
        Percentiles of omega in resampled persons, the whole estimation repeated in each; or
        no interval.
    conf_level : float
        Confidence level of the interval.
    n_boot : int
        Bootstrap replicates; refused where ``ci`` draws none.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers.

    Returns
    -------
    CategoricalOmegaResult

    Raises
    ------
    DataError
        For fewer than three items, a constant item, more than 20 categories, and pairs
        without common answers.
    OptionError
        For an option that is not offered.
    ConvergenceError
        When a correlation runs to ±1 and so has no weight, and when no bootstrap replicate
        could be used.

    Warns
    -----
    ConvergenceWarning
        When the minimum was not found, when an item has a negative uniqueness (omega is then
        not given), and when bootstrap replicates had to be left out.
    DataWarning
        When items relate negatively to the rest.

    Notes
    -----
    With ``fit <- lavaan::cfa("f =~ ...", x, ordered = names(x), estimator = "WLSMV")``,
    ``estimate`` equals ``omega`` of ``semTools::reliability(fit)`` and
    ``semTools::compRelSEM(fit, obs.var = FALSE)``; ``observed`` equals ``omega3`` and
    ``compRelSEM(fit)``. ``method="uls"`` is ``estimator = "ULSMV"``. ``missing="pairwise"``
    takes thresholds from everyone who answered the item.

    References
    ----------
    Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural
    equation modeling: An alternative to coefficient alpha. *Psychometrika, 74*, 155–167.
    https://doi.org/10.1007/s11336-008-9099-3

    Flora, D. B. (2020). Your coefficient alpha is probably wrong, but which coefficient omega
    is right? *Advances in Methods and Practices in Psychological Science, 3*, 484–501.
    https://doi.org/10.1177/2515245920951747

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> latent = 0.7 * rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 4))
    >>> answers = np.digitize(latent, [-0.5, 0.8])
    >>> omega = tm.categorical_omega(answers, n_boot=200, rng=1)
    >>> print(f"{omega.estimate:.2f} [{omega.ci_low:.2f}, {omega.ci_high:.2f}]")
    0.70 [0.66, 0.75]
    """
    _checks.check_option("method", method, ("dwls", "uls"))
    _checks.check_option("ci", ci, ("bootstrap", None))
    _checks.check_level("conf_level", conf_level)
    check_draws(n_boot, ci, usual=N_BOOT)
    scale = _checks.one_scale(data, scale=scale, items=items)
    notes = Notes()
    sample = ordered_answers(data, items, scale, missing, min_items=3, notes=notes)
    _refuse_weightless(sample, method)

    fit = _fit(sample.correlation[None], sample.standard_error[None], method, None)
    cut, R = sample.thresholds[None], sample.correlation[None]
    omega = float(categorical_omega_of(cut, fit.loadings, None)[0])
    observed = float(categorical_omega_of(cut, fit.loadings, R)[0])
    converged = bool(fit.converged[0])
    item_order_note(structure(sample.correlation), sample.names, notes)
    _warn_of_solution(fit, sample.names, notes)
    replicates = None
    if ci == "bootstrap" and converged and math.isfinite(omega):
        generator = _checks.as_rng(rng)
        replicates = _omega_replicates(sample, fit, method, n_boot, generator, notes)
    se, low, high = spread(replicates, conf_level)
    names = pd.Index(sample.names, name="item")
    cut_frame = np.where(np.isfinite(sample.thresholds), sample.thresholds, np.nan)
    return CategoricalOmegaResult(
        n=sample.n,
        n_dropped=sample.n_dropped,
        estimate=omega if converged else math.nan,
        ci_low=low,
        ci_high=high,
        se=se,
        observed=observed if converged else math.nan,
        discrepancy=float(fit.discrepancy[0]),
        converged=converged,
        n_items=len(sample.names),
        loadings=pd.DataFrame(
            {"loading": fit.loadings[0], "uniqueness": 1 - fit.loadings[0] ** 2}, index=names
        ),
        thresholds=pd.DataFrame(cut_frame, index=names, columns=range(1, sample.n_categories)),
        correlation=sample.frame(sample.correlation),
        replicates=replicates,
        settings={
            "items": list(sample.names),
            "scale": scale,
            "method": method,
            "missing": missing,
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot if ci else None,
        },
        warnings=notes.messages(),
    )


def _omega_replicates(
    sample: Answers,
    fit: WeightedFactors,
    method: str,
    n_boot: int,
    generator: np.random.Generator,
    notes: Notes,
) -> FloatArray:
    blocks = []
    for part in bootstrap_polychorics(
        sample.codes, sample.n_categories, n_boot, generator, errors=method == "dwls"
    ):
        which = part.usable
        found = _fit(part.correlation[which], part.standard_error[which], method, fit.loadings[0])
        omegas = categorical_omega_of(part.thresholds[which], found.loadings, None)
        blocks.append(omegas[found.converged])
    return usable_replicates(np.concatenate(blocks), n_boot, notes)


def _fit(R: FloatArray, se: FloatArray, method: str, start: FloatArray | None) -> WeightedFactors:
    weights = np.ones_like(R)
    if method == "dwls":
        weights = 1 / np.where(se > 0, se, 1.0) ** 2
    # A millionth is far below what sampling does to a replicate.
    tolerance = 1e-11 if start is None else 1e-6
    return fit_weighted_factor(R, weights, start=start, tolerance=tolerance)


def _refuse_weightless(sample: Answers, method: str) -> None:
    pairs = np.argwhere(np.triu(~np.isfinite(sample.standard_error), 1))
    if method == "dwls" and pairs.size:
        named = _checks.listed((f"{sample.names[i]} with {sample.names[j]}" for i, j in pairs), 6)
        raise ConvergenceError(
            f"The polychoric correlation of {named} has no sampling variance, so method='dwls' "
            "cannot weight it. Join rare categories, leave one of the items out, or use "
            "method='uls'."
        )


def _warn_of_solution(fit: WeightedFactors, names: Sequence[str], notes: Notes) -> None:
    negative = [
        name for name, loading in zip(names, fit.loadings[0], strict=True) if abs(loading) >= 1
    ]
    if not fit.converged[0]:
        notes.warn(
            "The one-factor model did not converge, so omega is not given. Most often the items "
            "do not share one factor.",
            ConvergenceWarning,
            stacklevel=4,
        )
    elif negative:
        notes.warn(
            f"Heywood case: item(s) {_checks.listed(negative)} have a negative uniqueness, so "
            "omega is not defined. Most often two items say nearly the same, or there are too "
            "few persons.",
            ConvergenceWarning,
            stacklevel=4,
        )
