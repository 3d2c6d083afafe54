"""Models of ordered items, estimated: from a table and arrays to estimates and statistics.

What a result shows to users is built on this; nothing here knows of frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.ordinal.specification import (
    OrdinalSpecification,
    row_values,
    specify_ordinal,
)
from trustmeasure.confirmatory.starts import is_shared
from trustmeasure.errors import DataError
from trustmeasure.kernels.conditional_moments import conditional_moments
from trustmeasure.kernels.covariance import dependent_items
from trustmeasure.kernels.ordinal_fit import (
    Adjusted,
    OrdinalBaseline,
    OrdinalFit,
    OrdinalModel,
    OrdinalSample,
    OrdinalUncertainty,
    adjusted,
    baseline,
    fit_ordinal,
    uncertainty,
    weights,
)
from trustmeasure.kernels.ordinal_moments import (
    OrdinalMoments,
    category_counts,
    ordinal_moments,
)
from trustmeasure.kernels.ordinal_structure import OrdinalImplied, ordinal_implied

FloatArray = NDArray[np.float64]

# Estimator → weights, whether errors are robust, and how the statistic is adjusted.
ESTIMATORS: dict[str, tuple[str, bool, str]] = {
    "WLS": ("WLS", False, ""),
    "DWLS": ("DWLS", False, ""),
    "WLSM": ("DWLS", True, "satorra.bentler"),
    "WLSMV": ("DWLS", True, "scaled.shifted"),
    "WLSMVS": ("DWLS", True, "mean.var.adjusted"),
    "ULS": ("ULS", False, ""),
    "ULSM": ("ULS", True, "satorra.bentler"),
    "ULSMV": ("ULS", True, "scaled.shifted"),
    "ULSMVS": ("ULS", True, "mean.var.adjusted"),
}


@dataclass(frozen=True)
class OrdinalSolution:
    """A fitted model of ordered items.

    Attributes
    ----------
    specification : OrdinalSpecification
    model : OrdinalModel
    moments : tuple of OrdinalMoments
        Of each group, with their covariances.
    samples : tuple of OrdinalSample
        The moments with what they are weighted by.
    implied : tuple of OrdinalImplied
    reduced, parameters : ndarray
        Free parameters with and without equalities.
    values, errors : ndarray, shape (n_rows,)
        Estimate and standard error of every row of the table; 0 where nothing is estimated.
    covariance : ndarray, shape (n_free, n_free)
        Of the free parameters, from which ``errors`` come.
    uncertainty : OrdinalUncertainty
        Both covariances, and the traces of the scaled statistics.
    chisq, df : float, int
        The unscaled statistic.
    scaled : Adjusted or None
        The statistic as the estimator adjusts it.
    baseline : OrdinalBaseline
    baseline_scaled : Adjusted or None
    converged, identified : bool
        Identified where the information about the parameters has full rank.
    n_iterations : int
    n : int
        Persons in all groups.
    """

    specification: OrdinalSpecification
    model: OrdinalModel
    moments: tuple[OrdinalMoments, ...]
    samples: tuple[OrdinalSample, ...]
    implied: tuple[OrdinalImplied, ...]
    reduced: FloatArray
    parameters: FloatArray
    values: FloatArray
    errors: FloatArray
    covariance: FloatArray
    uncertainty: OrdinalUncertainty
    chisq: float
    df: int
    scaled: Adjusted | None
    baseline: OrdinalBaseline
    baseline_scaled: Adjusted | None
    converged: bool
    identified: bool
    n_iterations: int
    n: int


def estimate_ordinal(
    table: ParameterTable,
    data: Sequence[FloatArray],
    *,
    estimator: str = "WLSMV",
    group_labels: Sequence[str] = (),
) -> OrdinalSolution:
    """Fit the model of a table with thresholds.

    ``data`` holds the answers (n, p) of each group, NaN where missing, columns in the order of
    ``table.names("ov", group=g)``; ordered variables as their categories' numbers from 0.

    Raises
    ------
    OptionError
        Where the estimator is unknown, or the table cannot be fitted; see `specify_ordinal`.
    DataError
        Where a category that has a threshold is empty in a group, the answers to one variable
        determine those to another, or persons are too few for full weights.
    """
    check_option("estimator", estimator, tuple(ESTIMATORS))
    specification = specify_ordinal(table)
    moments = tuple(
        _moments(specification, group, values, group_labels) for group, values in enumerate(data)
    )
    for group, found in enumerate(moments):
        _refuse_perfect(specification, group, found, group_labels)
    return fit_moments_of(specification, moments, estimator=estimator)


def _moments(
    specification: OrdinalSpecification,
    group: int,
    data: FloatArray,
    labels: Sequence[str],
) -> OrdinalMoments:
    """Estimate the moments of one group, given its covariates where it has such."""
    block, shape = specification.base.blocks[group], specification.shapes[group]
    names = specification.table.names("ov", group=group + 1)
    given = specification.given[group]
    values = data[:, [names.index(name) for name in block.observed]]
    _refuse_empty(specification, group, values, labels)
    if not given:
        return ordinal_moments(values, shape.categories)
    covariates = data[:, [names.index(name) for name in given]]
    _refuse_dependent(specification, group, covariates, labels)
    return conditional_moments(values, shape.categories, covariates)


def fit_moments_of(
    specification: OrdinalSpecification, moments: Sequence[OrdinalMoments], *, estimator: str
) -> OrdinalSolution:
    """Fit a specified model to moments that are already estimated."""
    specification = specification.filled(moments)
    kind, robust, test = ESTIMATORS[estimator]
    samples = tuple(_sample(group, kind) for group in moments)
    spreads = [_spread(group) for group in moments]
    model = specification.model(moments)
    fit = _lowest(specification, model, samples, moments)
    found = uncertainty(model, samples, spreads, fit.reduced)
    df = sum(len(sample.moments) for sample in samples) - len(fit.reduced)
    null = baseline(specification.shapes, samples, spreads)
    chisq = float(fit.chisq)
    covariance = found.robust if robust else found.naive
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    rows = specification.table.parameters
    own = found.traces
    return OrdinalSolution(
        specification=specification,
        model=model,
        moments=tuple(moments),
        samples=samples,
        implied=tuple(ordinal_implied(layout, fit.parameters) for layout in model.layouts),
        reduced=fit.reduced,
        parameters=fit.parameters,
        values=row_values(specification, model, fit.parameters),
        errors=np.array([error[row.free - 1] if row.free else 0.0 for row in rows]),
        covariance=covariance,
        uncertainty=found,
        chisq=chisq,
        df=df,
        scaled=adjusted(chisq, df, own.first, own.second, test) if test else None,
        baseline=null,
        baseline_scaled=(
            adjusted(null.chisq, null.df, null.first, null.second, test) if test else None
        ),
        converged=bool(fit.converged),
        identified=found.rank == len(fit.reduced),
        n_iterations=fit.n_iterations,
        n=sum(group.n for group in moments),
    )


def _lowest(
    specification: OrdinalSpecification,
    model: OrdinalModel,
    samples: Sequence[OrdinalSample],
    moments: Sequence[OrdinalMoments],
) -> OrdinalFit:
    """Fit from the usual start, and from another where it goes astray or minima are several."""
    found = fit_ordinal(model, samples, specification.start(moments))
    if found.converged and not is_shared(specification.table):
        return found
    other = fit_ordinal(model, samples, specification.start(moments, principal=True))
    better = other.converged and (not found.converged or other.chisq < found.chisq)
    return other if better else found


def _sample(moments: OrdinalMoments, kind: str) -> OrdinalSample:
    spread = _spread(moments)
    q = len(moments.moments)
    if kind == "WLS" and (moments.n <= q or np.linalg.eigvalsh(spread)[0] <= 0):
        raise DataError(
            f"The covariance of the {q} thresholds and correlations cannot be inverted with "
            f"{moments.n} persons, as estimator='WLS' does. Use estimator='WLSMV', which weights "
            "by its diagonal."
        )
    weight, full = weights(kind, spread)
    return OrdinalSample(moments=moments.moments, weight=weight, n=moments.n, full=full)


def _spread(moments: OrdinalMoments) -> FloatArray:
    if moments.spread is None:
        return np.diag(moments.variances)
    return moments.spread


def _refuse_empty(
    specification: OrdinalSpecification,
    group: int,
    values: FloatArray,
    labels: Sequence[str],
) -> None:
    """Refuse categories that nobody chose, which have no threshold to estimate."""
    block, shape = specification.base.blocks[group], specification.shapes[group]
    names = [block.observed[j] for j in np.flatnonzero(shape.ordered)]
    counts = category_counts(values, shape.categories)
    empty = {
        name: [place + 1 for place in np.flatnonzero(count == 0)]
        for name, count in zip(names, counts, strict=True)
        if not count.all()
    }
    if not empty:
        return
    where = _place(specification, group, labels)
    which = listed([f"{name} (number {', '.join(map(str, at))})" for name, at in empty.items()])
    raise DataError(
        f"Some answer categories are empty{where}: {which}. A category that nobody chose has no "
        "threshold to estimate"
        + (
            "."
            if len(specification.shapes) == 1
            else ", so that thresholds of groups cannot be compared."
        )
        + " Merge it with its neighbour in all groups before the analysis, or leave out the item."
    )


def _refuse_dependent(
    specification: OrdinalSpecification,
    group: int,
    covariates: FloatArray,
    labels: Sequence[str],
) -> None:
    """Refuse covariates of which one follows from the others."""
    off = covariates - covariates.mean(axis=0)
    size = np.sqrt((off**2).mean(axis=0))
    given = specification.given[group]
    where = _place(specification, group, labels)
    constant = [name for name, one in zip(given, size, strict=True) if one < 1e-12]
    if constant:
        raise DataError(
            f"The predictor(s) {listed(constant)} do not vary{where}. Leave them out of the model."
        )
    correlation = (off / size).T @ (off / size) / len(off)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        names = listed(given[i] for i in dependent_items(correlation))
        raise DataError(
            f"The predictors {names} are linearly dependent{where}, so that their slopes cannot be "
            "told apart. Leave one of them out."
        )


def _refuse_perfect(
    specification: OrdinalSpecification,
    group: int,
    moments: OrdinalMoments,
    labels: Sequence[str],
) -> None:
    """Refuse variables of which one determines the other: their correlation is ±1."""
    names, shape = specification.base.blocks[group].observed, moments.shape
    apart = [name for name, found in zip(names, moments.regressed, strict=False) if not found]
    if apart:
        raise DataError(
            f"The predictors determine the answers to {listed(apart)}"
            f"{_place(specification, group, labels)}, so that their slopes grow without bound. "
            "Leave out the predictor that does it, or the item."
        )
    bad = np.flatnonzero(~moments.converged)
    if not len(bad):
        return
    pairs = [
        f"{names[a]} with {names[b]}"
        for a, b in zip(shape.rows[bad], shape.columns[bad], strict=True)
    ]
    where = _place(specification, group, labels)
    raise DataError(
        f"The correlation behind the answers goes to 1 or −1{where} for {listed(pairs)}: one "
        "answer determines the other, or too few persons deviate to tell. Leave out one of the "
        "items, or merge rare answer categories."
    )


def _place(specification: OrdinalSpecification, group: int, labels: Sequence[str]) -> str:
    return "" if len(specification.shapes) == 1 else f" in group {_label(group, labels)}"


def _label(group: int, labels: Sequence[str]) -> str:
    return f"'{labels[group]}'" if labels else str(group + 1)
