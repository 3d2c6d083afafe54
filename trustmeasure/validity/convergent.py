"""What factors share with their items: composite reliability, variance extracted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.kernels.categorical_factor import categorical_omega_of
from trustmeasure.kernels.structural import matrices

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Measurement:
    """One group's measurement of its factors.

    Attributes
    ----------
    label : object
    items, factors : list of str
    loadings : ndarray, shape (p, m)
    latent : ndarray, shape (m, m)
        Covariances of the factors.
    observed, implied : ndarray, shape (p, p)
        Of the items; of ordered ones, the correlations of the variables behind.
    thresholds : list of ndarray or None
        Of each item, where all are ordered, in its own standard deviation.
    """

    label: Any
    items: list[str]
    factors: list[str]
    loadings: FloatArray
    latent: FloatArray
    observed: FloatArray
    implied: FloatArray
    thresholds: list[FloatArray] | None


def composite_reliability(
    fit: StructuralModel, *, observed: bool = True, ordinal_scale: bool = True
) -> pd.Series | pd.DataFrame:
    r"""Compute the reliability of the sum of each factor's items, from a fitted model.

    .. math:: \omega = \frac{(\sum_j \lambda_j)^2 \psi}{\mathbf{1}'\Sigma\mathbf{1}}

    over the items that load on the factor; residual covariances and other factors count as
    variance that is not the factor's. For ordered items, the reliability of the sum of the
    answers themselves (Green & Yang, 2009), from thresholds and polychoric correlations.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa` or `sem`.
    observed : bool
        Divide by the variance that the sum has in the data; else by what the model implies.
    ordinal_scale : bool
        Of ordered items: the reliability of the sum of the answers, which is what one has;
        with False that of the variables behind them, which no one has, and which is higher.

    Returns
    -------
    Series, index the factor; or DataFrame with a column for each group
        NaN for factors with fewer than two observed items.

    Raises
    ------
    OptionError
        For models of two levels (see `multilevel_reliability`), or without latent variables;
        for ``ordinal_scale=False`` without ordered items.

    Notes
    -----
    Equals ``semTools::compRelSEM(fit)``; with ``observed=False``, ``obs.var = FALSE``; with
    ``ordinal_scale=False``, ``ord.scale = FALSE``. `convergent_validity` gives limits. `htmt`
    and `discriminant_validity` ask whether factors differ; `average_variance_extracted`, how
    much of its items each explains.

    References
    ----------
    Bentler, P. M. (1968). Alpha-maximized factor analysis (alphamax): Its relation to alpha and
    canonical factor analysis. *Psychometrika, 33*, 335–345.
    https://doi.org/10.1007/BF02289328

    Green, S. B., & Yang, Y. (2009). Reliability of summed item scores using structural equation
    modeling: An alternative to coefficient alpha. *Psychometrika, 74*, 155–167.
    https://doi.org/10.1007/s11336-008-9099-3

    Examples
    --------
    >>> import trustmeasure as tm
    >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
    >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
    >>> tm.composite_reliability(fitted).round(3)
    factor
    trust    0.873
    Name: omega, dtype: float64
    """
    groups = measurements(fit)
    if not ordinal_scale:
        if any(group.thresholds is None for group in groups):
            raise OptionError(
                "ordinal_scale=False is for models of ordered items (ordered=True); of others the "
                "sum of answers is all that there is."
            )
        groups = [replace(group, thresholds=None) for group in groups]
    return _by_group(groups, [_omegas(group, observed=observed) for group in groups], "omega")


def average_variance_extracted(
    fit: StructuralModel, *, observed: bool = True
) -> pd.Series | pd.DataFrame:
    r"""Compute the share of its items' variance that each factor explains.

    .. math:: \text{AVE} = \frac{\psi \sum_j \lambda_j^2}{\sum_j \sigma_j^2}

    Below .50, items hold more error than factor.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa` or `sem`.
    observed : bool
        Divide by the variances in the data; else by those that the model implies.

    Returns
    -------
    Series, index the factor; or DataFrame with a column for each group
        NaN for factors with fewer than two items, and for those that share an item with
        another, whose variance cannot be divided.

    Raises
    ------
    OptionError
        For models of two levels, or without latent variables.

    Notes
    -----
    Equals ``semTools::AVE(fit)``; with ``observed=False``, ``obs.var = FALSE``. Of ordered
    items, the variance is that of the variables behind the answers, whichever parameterization
    the model has; semTools 0.5-6 gives other values under theta, where it weighs items by
    variances that the parameterization sets.

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with
    unobservable variables and measurement error. *Journal of Marketing Research, 18*, 39–50.
    https://doi.org/10.1177/002224378101800104

    Examples
    --------
    >>> import trustmeasure as tm
    >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
    >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
    >>> tm.average_variance_extracted(fitted).round(3)
    factor
    trust    0.581
    Name: ave, dtype: float64
    """
    groups = measurements(fit)
    return _by_group(groups, [_extracted(group, observed=observed) for group in groups], "ave")


def fornell_larcker(fit: StructuralModel) -> pd.DataFrame:
    """Set the square root of each factor's AVE beside its correlations with the others.

    By the criterion of Fornell and Larcker (1981) two factors differ if both roots exceed
    their correlation. It misses many that do not: see `discriminant_validity` and `htmt`.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa` or `sem`, of one group.

    Returns
    -------
    DataFrame, factor × factor
        Roots of AVE in the diagonal, correlations of the factors beside it.

    Raises
    ------
    OptionError
        For several groups, models of two levels, or models without latent variables.

    References
    ----------
    Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with
    unobservable variables and measurement error. *Journal of Marketing Research, 18*, 39–50.
    https://doi.org/10.1177/002224378101800104

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
    >>> items = np.repeat(factors, 3, axis=1) + rng.normal(size=(400, 6))
    >>> model = "trust =~ item1 + item2 + item3" + chr(10) + "safety =~ item4 + item5 + item6"
    >>> tm.fornell_larcker(tm.cfa(model, items)).round(2)
            trust  safety
    trust    0.72    0.46
    safety   0.46    0.71
    """
    groups = measurements(fit)
    if len(groups) > 1:
        raise OptionError("fornell_larcker takes a model of one group. Fit each group by itself.")
    group = groups[0]
    sd = np.sqrt(np.diag(group.latent))
    found = group.latent / np.outer(sd, sd)
    np.fill_diagonal(found, np.sqrt(_extracted(group, observed=True).to_numpy()))
    return pd.DataFrame(found, index=group.factors, columns=group.factors)


def measurements(fit: StructuralModel) -> list[Measurement]:
    """Take the measurement part out of a fitted model."""
    if isinstance(fit, OrdinalStructuralModel):
        found = _ordinal(fit)
    elif isinstance(fit, StructuralModel) and isinstance(fit.fitted, Fitted):
        found = _continuous(fit.fitted)
    else:
        raise OptionError(
            "This takes a model of one level fitted by cfa or sem. For two levels, see "
            "multilevel_reliability."
        )
    if not found[0].factors:
        raise OptionError("The model has no latent variables ('=~').")
    return found


def _continuous(fitted: Fitted) -> list[Measurement]:
    found = []
    for place, (block, layout, group) in enumerate(
        zip(
            fitted.specification.blocks,
            fitted.estimates.model.layouts,
            fitted.samples.groups,
            strict=True,
        )
    ):
        parts = matrices(layout, fitted.estimates.parameters)
        through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
        latent = through @ parts["psi"] @ through.T
        loadings = parts["lambda"]
        own = [j for j, name in enumerate(block.latent) if name not in block.stand_ins]
        found.append(
            Measurement(
                label=group.label,
                items=list(block.observed),
                factors=[block.latent[j] for j in own],
                loadings=loadings[:, own],
                latent=latent[np.ix_(own, own)],
                observed=fitted.data.saturated[place][1],
                implied=loadings @ latent @ loadings.T + parts["theta"],
                thresholds=None,
            )
        )
    return found


def _ordinal(fit: OrdinalStructuralModel) -> list[Measurement]:
    """Take everything in standard deviations of the variables behind the answers."""
    found = []
    solution = fit.solution
    implied = fit.implied()
    for label, block, layout, inside, moments in zip(
        fit.labels,
        solution.specification.base.blocks,
        solution.model.layouts,
        solution.implied,
        solution.moments,
        strict=True,
    ):
        parts = matrices(layout.structure, solution.parameters)
        through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
        latent = through @ parts["psi"] @ through.T
        own = [j for j, name in enumerate(block.latent) if name not in block.stand_ins]
        delta = inside.delta
        shape = moments.shape
        ordered = bool(shape.ordered.all())
        cuts = [moments.moments[: len(shape.cut)][shape.cut == j] for j in range(len(delta))]
        found.append(
            Measurement(
                label=label,
                items=list(block.observed),
                factors=[block.latent[j] for j in own],
                loadings=delta[:, None] * parts["lambda"][:, own],
                latent=latent[np.ix_(own, own)],
                observed=moments.covariance,
                implied=implied[label]["cov"].to_numpy(),
                thresholds=cuts if ordered else None,
            )
        )
    if any(group.thresholds is None for group in found):
        raise OptionError(
            "Some items are ordered and others are not, whose sum has no reliability of one "
            "kind. Fit the model with all items ordered, or none."
        )
    return found


def _omegas(group: Measurement, *, observed: bool) -> pd.Series:
    whole = group.observed if observed else group.implied
    found = {}
    for j, factor in enumerate(group.factors):
        own = np.flatnonzero(group.loadings[:, j] != 0)
        found[factor] = np.nan
        if len(own) < 2:
            continue
        loadings, variance = group.loadings[own, j], group.latent[j, j]
        inner = whole[np.ix_(own, own)]
        if group.thresholds is None:
            found[factor] = float(loadings.sum() ** 2 * variance / inner.sum())
            continue
        most = max(len(group.thresholds[i]) for i in own)
        cuts = np.full((1, len(own), most), np.inf)
        for place, i in enumerate(own):
            cuts[0, place, : len(group.thresholds[i])] = group.thresholds[i]
        sd = np.sqrt(np.diag(inner))
        found[factor] = float(
            categorical_omega_of(
                cuts, (loadings * np.sqrt(variance))[None], (inner / np.outer(sd, sd))[None]
            )[0]
        )
    return pd.Series(found)


def _extracted(group: Measurement, *, observed: bool) -> pd.Series:
    whole = group.observed if observed else group.implied
    shared = (np.abs(group.loadings) > 5e-6).sum(axis=1) > 1
    found = {}
    for j, factor in enumerate(group.factors):
        own = np.flatnonzero(group.loadings[:, j] != 0)
        known = len(own) > 1 and not shared[own].any()
        explained = float((group.loadings[own, j] ** 2).sum() * group.latent[j, j])
        found[factor] = explained / float(np.diag(whole)[own].sum()) if known else np.nan
    return pd.Series(found)


def _by_group(
    groups: list[Measurement], values: list[pd.Series], name: str
) -> pd.Series | pd.DataFrame:
    if len(groups) == 1:
        return values[0].rename(name).rename_axis("factor")
    labels = [group.label for group in groups]
    frame = pd.DataFrame(dict(zip(labels, values, strict=True)))
    return frame.rename_axis(index="factor")
