"""Whether items of a factor converge: reliability, variance extracted and loadings, with limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_level
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.reporting import delta_errors
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.kernels.categorical_factor import categorical_omega_of
from trustmeasure.kernels.ordinal_structure import OrdinalLayout, ordinal_implied
from trustmeasure.kernels.structural import Layout, implied, matrices
from trustmeasure.results import Notes, Result
from trustmeasure.validity.convergent import Measurement, measurements
from trustmeasure.validity.method_models import critical

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ConvergentValidityResult(Result):
    """What `convergent_validity` returns.

    Attributes
    ----------
    table : DataFrame, index factor (or group and factor)
        ``n_items``; composite reliability ``omega`` and average variance extracted ``ave``,
        each with standard error (``_se``) and limits (``_low``, ``_high``); the least and the
        mean standardised loading.
    loadings : DataFrame, index factor and item (or group, factor and item)
        Standardised ``loading`` with ``se`` and limits.
    """

    title: ClassVar[str] = "Convergent validity"

    table: pd.DataFrame
    loadings: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the table."""
        return self.table.copy()


@dataclass(frozen=True)
class _Moments:
    """A group's measurement at a stack of parameters (s, …); cuts of each ordered item."""

    loadings: FloatArray
    latent: FloatArray
    spread: FloatArray
    cuts: list[FloatArray] | None


def convergent_validity(
    fit: StructuralModel, *, conf_level: float = 0.95
) -> ConvergentValidityResult:
    r"""Ask how far the items of each factor measure it, with limits for every answer.

    .. math:: \omega = \frac{(\sum_j \lambda_j)^2 \psi}{\mathbf{1}'\Sigma\mathbf{1}}, \qquad
        \text{AVE} = \frac{\psi \sum_j \lambda_j^2}{\sum_j \sigma_{jj}}

    with :math:`\Sigma` what the model implies, so that estimate and limits are functions of
    its parameters. `composite_reliability` and `average_variance_extracted` divide by what the
    data hold instead; where the model fits, the two agree.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa` or `sem`, of one level.
    conf_level : float

    Returns
    -------
    ConvergentValidityResult

    Raises
    ------
    OptionError
        For models of two levels, without latent variables, or with some items ordered and
        others not.

    Notes
    -----
    Estimates equal ``semTools::compRelSEM(fit, obs.var = FALSE)`` and ``semTools::AVE(fit,
    obs.var = FALSE)``, of ordered items the reliability of the sum of answers by Green and
    Yang (2009). Limits are by the delta method from the covariances of the estimates, robust
    ones with a robust estimator: those of ``omega := (l1 + l2)^2 / ((l1 + l2)^2 + t1 + t2)`` in
    ``lavaan::cfa(..., std.lv = TRUE)``. Where a factor shares items with another, its AVE is
    NaN. Verdicts are in the table (`table`).

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with
    unobservable variables and measurement error. *Journal of Marketing Research, 18*, 39–50.
    https://doi.org/10.1177/002224378101800104

    Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural equation
    modeling: An alternative to coefficient alpha. *Psychometrika, 74*, 155–167.
    https://doi.org/10.1007/s11336-008-9099-3

    Raykov, T. (2002). Analytic estimation of standard error and confidence interval for scale
    reliability. *Multivariate Behavioral Research, 37*, 89–103.
    https://doi.org/10.1207/S15327906MBR3701_04

    Examples
    --------
    >>> import trustmeasure as tm
    >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
    >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
    >>> tm.convergent_validity(fitted).table[["omega", "omega_low", "ave", "ave_low"]].round(2)
            omega  omega_low   ave  ave_low
    factor
    trust    0.87       0.87  0.58     0.57
    """
    check_level("conf_level", conf_level)
    groups = measurements(fit)
    moments, point, covariance = _source(fit, groups)
    notes = Notes()
    if not fit.admissible or not fit.converged:
        notes.record("The model has no proper solution; what follows from it means little.")

    def values(points: FloatArray) -> FloatArray:
        whole = np.atleast_2d(points)
        found = [_values(at, group) for at, group in zip(moments(whole), groups, strict=True)]
        joined = np.concatenate(found, axis=-1)
        return joined if points.ndim > 1 else joined[0]

    estimates = values(point).reshape(-1, 2)
    errors = delta_errors(values, point, covariance).reshape(-1, 2)
    errors = np.where(np.isnan(estimates), np.nan, errors)
    loadings = _loadings(fit, groups, conf_level)
    return ConvergentValidityResult(
        n=fit.n,
        n_dropped=fit.n_dropped,
        table=_table(groups, estimates, errors, loadings, conf_level),
        loadings=loadings,
        settings={
            "estimator": fit.settings["estimator"],
            "ordered": groups[0].thresholds is not None,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _source(
    fit: StructuralModel, groups: list[Measurement]
) -> tuple[Callable[[FloatArray], list[_Moments]], FloatArray, FloatArray]:
    """Give how moments follow from parameters, the estimates, and their covariances."""
    if isinstance(fit, OrdinalStructuralModel):
        solution = fit.solution
        blocks = solution.specification.base.blocks
        chosen = [_own(block, group) for block, group in zip(blocks, groups, strict=True)]
        ordinal = solution.model.layouts

        def of_ordered(points: FloatArray) -> list[_Moments]:
            pairs = zip(ordinal, chosen, strict=True)
            return [_ordinal(layout, points, own) for layout, own in pairs]

        return of_ordered, solution.parameters, solution.covariance
    fitted = fit.fitted
    chosen = [
        _own(block, group) for block, group in zip(fitted.specification.blocks, groups, strict=True)
    ]
    layouts = fitted.estimates.model.layouts

    def of_numbers(points: FloatArray) -> list[_Moments]:
        return [
            _continuous(layout, points, own) for layout, own in zip(layouts, chosen, strict=True)
        ]

    return of_numbers, fitted.estimates.parameters, fitted.inference.covariance


def _own(block: Any, group: Measurement) -> list[int]:
    return [block.latent.index(factor) for factor in group.factors]


def _continuous(layout: Layout, points: FloatArray, own: list[int]) -> _Moments:
    parts = matrices(layout, points)
    latent = _latent(parts)
    columns = np.ix_(range(len(points)), own, own)
    return _Moments(parts["lambda"][..., own], latent[columns], implied(parts).spread, None)


def _ordinal(layout: OrdinalLayout, points: FloatArray, own: list[int]) -> _Moments:
    """Take everything in standard deviations of the variables behind the answers."""
    inside = ordinal_implied(layout, points)
    parts = matrices(layout.structure, points)
    latent, delta = _latent(parts), inside.delta
    spread = inside.behind.spread * delta[:, :, None] * delta[:, None, :]
    # Residual variances may be no parameters, but what is left of the unit.
    diagonal = np.arange(delta.shape[1])
    spread[:, diagonal, diagonal] = 1.0
    cut = layout.shape.cut
    cuts = [inside.tau[:, cut == j] * delta[:, [j]] for j in diagonal]
    columns = np.ix_(range(len(points)), own, own)
    return _Moments(delta[..., None] * parts["lambda"][..., own], latent[columns], spread, cuts)


def _latent(parts: Any) -> FloatArray:
    beta = parts["beta"]
    through = np.linalg.inv(np.eye(beta.shape[-1]) - beta)
    return np.asarray(through @ parts["psi"] @ through.mT)


def _values(at: _Moments, group: Measurement) -> FloatArray:
    """Give omega and AVE of each factor, shape (s, 2 · factors)."""
    shared = (np.abs(group.loadings) > 5e-6).sum(axis=1) > 1
    found = np.full((len(at.loadings), 2 * len(group.factors)), np.nan)
    for j in range(len(group.factors)):
        own = np.flatnonzero(group.loadings[:, j] != 0)
        if len(own) < 2:
            continue
        loadings, variance = at.loadings[:, own, j], at.latent[:, j, j]
        inner = at.spread[:, own][:, :, own]
        if at.cuts is None:
            found[:, 2 * j] = loadings.sum(axis=1) ** 2 * variance / inner.sum(axis=(1, 2))
        else:
            found[:, 2 * j] = _categorical(at.cuts, own, loadings, variance, inner)
        if not shared[own].any():
            explained = (loadings**2).sum(axis=1) * variance
            found[:, 2 * j + 1] = explained / np.trace(inner, axis1=1, axis2=2)
    return found


def _categorical(
    cuts: list[FloatArray],
    own: NDArray[np.intp],
    loadings: FloatArray,
    variance: FloatArray,
    inner: FloatArray,
) -> FloatArray:
    most = max(cuts[i].shape[1] for i in own)
    padded = np.full((len(loadings), len(own), most), np.inf)
    for place, i in enumerate(own):
        padded[:, place, : cuts[i].shape[1]] = cuts[i]
    return categorical_omega_of(padded, loadings * np.sqrt(variance)[:, None], inner)


def _loadings(fit: StructuralModel, groups: list[Measurement], conf_level: float) -> pd.DataFrame:
    rows = fit.estimates[fit.estimates["op"] == "=~"]
    items = {item for group in groups for item in group.items}
    rows = rows[rows["rhs"].isin(items)]
    half = critical(conf_level) * rows["se_std"]
    frame = pd.DataFrame(
        {
            "loading": rows["std"],
            "se": rows["se_std"],
            "ci_low": rows["std"] - half,
            "ci_high": rows["std"] + half,
        }
    )
    keys = [rows["lhs"].rename("factor"), rows["rhs"].rename("item")]
    if len(groups) > 1:
        keys = [rows["group"].rename("group"), *keys]
    return frame.set_index(pd.MultiIndex.from_arrays(keys))


def _table(
    groups: list[Measurement],
    estimates: FloatArray,
    errors: FloatArray,
    loadings: pd.DataFrame,
    conf_level: float,
) -> pd.DataFrame:
    several = len(groups) > 1
    keys = [(group.label, factor) for group in groups for factor in group.factors]
    reach = critical(conf_level)
    rows = []
    for (label, factor), value, error in zip(keys, estimates, errors, strict=True):
        own = loadings.xs((label, factor) if several else factor, level=(0, 1) if several else 0)
        row = {"n_items": float(len(own))}
        for k, name in enumerate(("omega", "ave")):
            row |= {
                name: value[k],
                f"{name}_se": error[k],
                f"{name}_low": value[k] - reach * error[k],
                f"{name}_high": value[k] + reach * error[k],
            }
        row |= {"loading_min": own["loading"].min(), "loading_mean": own["loading"].mean()}
        rows.append(row)
    index: pd.Index = pd.Index([factor for _, factor in keys], name="factor")
    if several:
        index = pd.MultiIndex.from_tuples(keys, names=["group", "factor"])
    return pd.DataFrame(rows, index=index).astype({"n_items": int})
