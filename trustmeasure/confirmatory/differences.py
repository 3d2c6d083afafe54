"""The difference between two nested models: its statistic, plain or scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import expected_information, hessian
from trustmeasure.confirmatory.inference import robust_traces
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.nesting import moment_places, scaling_at
from trustmeasure.confirmatory.ordinal.estimation import ESTIMATORS
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.kernels.difference_tests import carried_over, difference_traces
from trustmeasure.kernels.fit_indices import pvalue
from trustmeasure.kernels.ordinal_fit import adjusted, information_of
from trustmeasure.kernels.ordinal_structure import ordinal_implied, ordinal_slopes
from trustmeasure.kernels.structural import implied, matrices, slopes

FloatArray = NDArray[np.float64]

METHODS = ("default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000")
DIRECTIONS = ("delta", "exact")
# Statistics that are scaled by one factor, and those that are adjusted for their variance too.
BY_MEAN = ("satorra.bentler", "yuan.bentler.mplus")
BY_VARIANCE = ("scaled.shifted", "mean.var.adjusted")


@dataclass(frozen=True)
class Difference:
    """A test of what one model restricts and another does not.

    ``chisq`` is the plain difference over ``scaling``, plus ``shift``; missing where the scaling
    factor is negative. ``df`` is a fraction where it is adjusted.
    """

    chisq: float
    df: float
    pvalue: float
    scaling: float
    shift: float
    method: str


def test_of(fit: StructuralModel) -> str:
    """Name the statistic of a model: "standard", or how it is scaled."""
    if isinstance(fit, OrdinalStructuralModel):
        return ESTIMATORS[fit.settings["estimator"]][2] or "standard"
    return str(fit.settings["test"])


def method_for(fit: StructuralModel, method: str) -> str:
    """Say which test goes with a model's statistic, and refuse those that do not."""
    test = test_of(fit)
    if test == "standard":
        return "standard"
    usual = "satorra.2000" if test in BY_VARIANCE else "satorra.bentler.2001"
    if method == "default":
        return usual
    estimator = fit.settings["estimator"]
    if test in BY_VARIANCE and method != "satorra.2000":
        raise OptionError(
            f"method='{method}' is for statistics that are scaled by their mean, not for those of "
            f"estimator='{estimator}'. Use method='satorra.2000'."
        )
    kept = fit.settings.get("cluster") is not None or fit.settings["missing"] == "fiml"
    if method == "satorra.2000" and kept and not isinstance(fit, OrdinalStructuralModel):
        raise OptionError(
            "method='satorra.2000' is for complete answers without clusters. Use "
            "method='satorra.bentler.2001' or 'satorra.bentler.2010'."
        )
    if method == "satorra.bentler.2010" and isinstance(fit, OrdinalStructuralModel):
        raise OptionError(
            "method='satorra.bentler.2010' is not offered for ordered items. Use 'satorra.2000', "
            "which cannot become negative either."
        )
    return method


def difference_test(
    restricted: StructuralModel,
    general: StructuralModel,
    *,
    method: str = "default",
    directions: str = "delta",
    scaled_shifted: bool = True,
) -> Difference:
    """Test a model against one that it is nested in; see `compare_models` for the methods."""
    chosen = method_for(restricted, method)
    df = float(restricted.fit["df"] - general.fit["df"])
    gap = float(restricted.fit["chisq"] - general.fit["chisq"])
    if df <= 0:
        return Difference(math.nan, df, math.nan, math.nan, 0.0, "none")
    if chosen == "standard":
        return _judged(gap, df, 1.0, 0.0, chosen)
    if chosen == "satorra.2000":
        found = _traces(restricted, general, directions)
        plain = "mean.var.adjusted" if test_of(restricted) in BY_VARIANCE else "satorra.bentler"
        one = adjusted(gap, df, *found, "scaled.shifted" if scaled_shifted else plain)
        return _judged(one.chisq, one.df, one.scaling, one.shift, chosen)
    heavier = float(restricted.fit["df"] * restricted.fit["chisq_scaling_factor"])
    lighter = 0.0
    if general.fit["df"] > 0:
        factor = float(general.fit["chisq_scaling_factor"])
        if chosen == "satorra.bentler.2010":
            factor = scaling_at(restricted, general)
        lighter = float(general.fit["df"]) * factor
    scaling = (heavier - lighter) / df
    if not scaling > 0:
        return Difference(math.nan, df, math.nan, math.nan, 0.0, chosen)
    return _judged(gap / scaling, df, scaling, 0.0, chosen)


def _judged(chisq: float, df: float, scaling: float, shift: float, method: str) -> Difference:
    return Difference(chisq, df, pvalue(max(chisq, 0.0), df), scaling, shift, method)


def _traces(
    restricted: StructuralModel, general: StructuralModel, directions: str
) -> tuple[float, float]:
    if isinstance(restricted, OrdinalStructuralModel) and isinstance(
        general, OrdinalStructuralModel
    ):
        own = general.solution
        information = information_of(own.model, own.samples, own.reduced)
        meat = own.uncertainty.traces.meat
        outside, inside = _ordinal_moves(general), _ordinal_moves(restricted)
    else:
        kept = general.fitted
        # As lavaan: errors of MLR are from the observed information, and so is this.
        observed = general.settings["se"] == "robust.huber.white"
        found_information = hessian if observed else expected_information
        information = found_information(kept.estimates, kept.data)
        found = robust_traces(
            kept.specification, kept.estimates, kept.samples, information, means=kept.means
        )
        meat = found.meat
        outside, inside = _moves(general), _moves(restricted)
    if directions == "exact":
        carried = _carried_by_name(restricted, general)
    else:
        places = moment_places(restricted, general)
        carried = carried_over(
            np.concatenate(outside),
            np.concatenate([part[at] for part, at in zip(inside, places, strict=True)]),
        )
    traces = difference_traces(information, meat, carried)
    return traces.first, traces.second


def _moves(fit: StructuralModel) -> list[FloatArray]:
    """Differentiate each group's covariances and means in the reduced parameters: (q, k)."""
    kept = fit.fitted
    model, found = kept.estimates.model, []
    for layout in model.layouts:
        change = slopes(layout, implied(matrices(layout, kept.estimates.parameters)))
        p = len(layout.fixed["theta"])
        rows, columns = np.tril_indices(p)
        flat = change.spread()[:, rows, columns]
        if kept.means:
            flat = np.concatenate([flat, change.mean], axis=1)
        found.append(flat.T @ model.basis[change.used])
    return found


def _ordinal_moves(fit: OrdinalStructuralModel) -> list[FloatArray]:
    """Differentiate each group's thresholds and correlations likewise."""
    own = fit.solution
    return [
        ordinal_slopes(layout, ordinal_implied(layout, own.parameters)) @ own.model.basis
        for layout in own.model.layouts
    ]


def _carried_by_name(restricted: StructuralModel, general: StructuralModel) -> FloatArray:
    """Carry the restricted model's parameters over by their names: what is not free stands."""
    (inside, inner), (outside, outer) = (_table_and_basis(fit) for fit in (restricted, general))
    rows = {_name(row): row for row in inside.parameters}
    moved = np.zeros((outer.shape[0], inner.shape[1]))
    known = set()
    for row in outside.parameters:
        other = rows.get(_name(row))
        known.add(_name(row))
        if other is None:
            continue
        if other.free and not row.free:
            _refuse_names(other)
        if row.free and other.free:
            moved[row.free - 1] = inner[other.free - 1]
    for row in inside.free:
        if _name(row) not in known:
            _refuse_names(row)
    carried, *_ = np.linalg.lstsq(outer, moved, rcond=None)
    if np.abs(outer @ carried - moved).max(initial=0.0) > 1e-8:
        raise OptionError(
            "directions='exact' needs models of which one restricts parameters of the other; here "
            "the general model holds parameters equal that the restricted one lets differ. Use "
            "directions='delta'."
        )
    return np.asarray(carried)


def _refuse_names(row: Parameter) -> None:
    raise OptionError(
        "directions='exact' needs models of which one restricts parameters of the other, but "
        f"'{row.lhs} {row.op} {row.rhs}' is free in the restricted model alone. Use "
        "directions='delta'."
    )


def _name(row: Parameter) -> tuple[int, str, str, str]:
    pair = sorted((row.lhs, row.rhs)) if row.op == "~~" else [row.lhs, row.rhs]
    return row.group, pair[0], row.op, pair[1]


def _table_and_basis(fit: StructuralModel) -> tuple[ParameterTable, FloatArray]:
    if isinstance(fit, OrdinalStructuralModel):
        return fit.solution.specification.table, fit.solution.model.basis
    return fit.fitted.specification.table, fit.fitted.estimates.model.basis
