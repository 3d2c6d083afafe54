"""How large non-invariance is: d_MACS of each item, and what it adds to differences of scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import listed, near
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.reporting import delta_errors
from trustmeasure.errors import OptionError
from trustmeasure.invariance.designs import Design, Measured, of_items, point_of
from trustmeasure.invariance.ordinal_designs import OrdinalDesign, OrdinalMeasured
from trustmeasure.invariance.ordinal_score_tests import ordinal_score_tests
from trustmeasure.invariance.score_tests import score_tests
from trustmeasure.kernels.measurement_bias import ItemBias, item_bias, pooled_deviation
from trustmeasure.kernels.ordinal_bias import ordinal_bias
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BiasEffects(Result):
    """What `effect_size` of an invariance result returns.

    Attributes
    ----------
    table : DataFrame
        One row an item and occasion, compared with the reference: the differences of loading
        (of the factor named), intercept and, of ordered items, the threshold that differs most,
        ``bias`` (expected answer of the focal occasion less
        what it would be if its measurement were the reference's, in points of the answer scale)
        with its interval, ``d_signed`` (bias in standard deviations) with its interval, and
        ``d_macs``.
    scales : DataFrame
        One row a factor and occasion, for the mean of its items: the difference of the observed
        means, the difference that the model expects, the part of it that is ``bias`` with its
        interval, the part that is the factors', and the share of bias in the expected one.
    anchors : tuple of str
        Items whose loading and intercept are equal, which tie the occasions' scales together.
    fit : StructuralModel
        The model that the parameters are from.
    """

    title: ClassVar[str] = "Effect sizes of non-invariance"

    table: pd.DataFrame
    scales: pd.DataFrame
    anchors: tuple[str, ...]
    fit: StructuralModel

    def to_frame(self) -> pd.DataFrame:
        """Give the items."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the model as plain Python objects."""
        from trustmeasure.results import to_plain

        names = ("n", "n_dropped", "settings", "warnings", "table", "scales", "anchors")
        return {name: to_plain(getattr(self, name)) for name in names}


def anchored(
    design: Design, anchors: Sequence[str] | None, notes: Notes
) -> tuple[StructuralModel, tuple[str, ...]]:
    """Fit the model in which only the anchors' measurement is equal."""
    chosen = _chosen(design, anchors) if anchors is not None else _suggested(design, notes)
    free = [
        name
        for factor, items in of_items(design.factors).items()
        for item in items
        if item not in chosen
        for name in (f"{factor}=~{item}", f"{item}~1", *threshold_names(design, item))
    ]
    return design.fit(_equal(design), free), chosen


def _equal(design: Design) -> tuple[str, ...]:
    """Name what the scalar level holds equal."""
    thresholds = ("thresholds",) if isinstance(design, OrdinalDesign) else ()
    return (*thresholds, "loadings", "intercepts")


def threshold_names(design: Design, item: str) -> tuple[str, ...]:
    """Name the thresholds of an item; none of continuous ones."""
    return design.measures.thresholds(item) if isinstance(design, OrdinalDesign) else ()


def _needed(design: Design, items: Sequence[str]) -> int:
    """How many anchors tie a factor's mean and variance: two of items with two categories."""
    if not isinstance(design, OrdinalDesign):
        return 1
    return 1 if any(design.measures.categories.get(item) != 2 for item in items) else 2


def _chosen(design: Design, anchors: Sequence[str]) -> tuple[str, ...]:
    chosen = (anchors,) if isinstance(anchors, str) else tuple(anchors)
    items = [item for own in of_items(design.factors).values() for item in own]
    unknown = [name for name in chosen if name not in items]
    if unknown:
        raise OptionError(
            f"anchors= names {listed(unknown)}, which the model does not have. Items: "
            f"{listed(items)}.{near(unknown[0], items)}"
        )
    without = [
        factor for factor, own in of_items(design.factors).items() if not set(own) & set(chosen)
    ]
    if without:
        raise OptionError(
            f"anchors= has no item of {listed(without)}; each factor needs at least one, or its "
            "scale differs between the occasions."
        )
    few = [
        factor
        for factor, own in of_items(design.factors).items()
        if len(tied := [item for item in own if item in chosen]) < _needed(design, tied)
    ]
    if few:
        raise OptionError(
            f"anchors= has one item of {listed(few)}, with two categories. One such item cannot "
            "tie both the mean and the variance of a factor: name two."
        )
    return chosen


def _suggested(design: Design, notes: Notes) -> tuple[str, ...]:
    """Take for each factor the item whose measurement fits equality best."""
    equal = _equal(design)
    fitted = design.fit(equal, ())
    factors = of_items(design.factors)
    if isinstance(design, OrdinalDesign):
        names = design.measures.candidates(equal, (), ())
        plan = design.plan(equal, ())
        tests = ordinal_score_tests(design, fitted, plan, names, correction="none")
    else:
        names = [f"{f}=~{item}" for f, own in factors.items() for item in own]
        names += [f"{item}~1" for own in factors.values() for item in own]
        tests = score_tests(design, fitted, names, correction="none")
    chisq = tests["chisq"].fillna(0.0)
    suggested: list[str] = []
    for factor, own in factors.items():
        misfit = {
            item: max(
                float(chisq.get(name, 0.0))
                for name in (f"{factor}=~{item}", f"{item}~1", *threshold_names(design, item))
            )
            for item in own
        }
        ranked = sorted(own, key=lambda item: misfit[item])
        suggested += ranked[: _needed(design, ranked[:1])]
    notes.record(
        f"Anchors, whose measurement is taken to be equal: {listed(suggested)}, of each factor "
        "the item with the smallest score tests in the scalar model (two of items with two "
        "categories). Everything here depends on them; pass anchors= to choose."
        if isinstance(design, OrdinalDesign)
        else f"Anchors, whose loadings and intercepts are taken to be equal: {listed(suggested)}, "
        "of each factor the item with the smallest score tests in the scalar model. Everything "
        "here depends on them; pass anchors= to choose."
    )
    return tuple(dict.fromkeys(suggested))


def bias_effects(
    design: Design,
    fitted: StructuralModel,
    anchors: Sequence[str],
    *,
    conf_level: float,
    notes: Notes,
) -> BiasEffects:
    """Compare each occasion's measurement with the reference's."""
    from scipy.special import ndtri

    point, covariance = point_of(fitted)
    reference, *others = design.measured(fitted, point)
    half = float(ndtri(0.5 + conf_level / 2))
    items, scales = [], []
    for place, (label, focal) in enumerate(zip(design.labels[1:], others, strict=True), start=1):
        parts = bias_parts(reference, focal)
        size = len(focal.items)

        def function(points: FloatArray, place: int = place) -> FloatArray:
            every = design.measured(fitted, points)
            return _with_scales(
                bias_parts(every[0], every[place]).mean, every[0], of_items(design.factors)
            )

        errors = delta_errors(function, point, covariance)
        spread = pooled_deviation(reference.deviations, focal.deviations, reference.n, focal.n)
        for factor, own in of_items(design.factors).items():
            column = focal.factors.index(factor)
            for item in own:
                if item not in focal.items:
                    continue
                row = focal.items.index(item)
                bias, error = float(parts.mean[row]), float(errors[row])
                gap = focal.loadings[row, column] - reference.loadings[row, column]
                items.append(
                    {
                        "factor": factor, "item": item, design.kind: label,
                        "reference": design.labels[0],
                        "loading_difference": float(gap),
                        "intercept_difference": float(
                            focal.intercepts[row] - reference.intercepts[row]
                        ),
                        **_threshold_gap(reference, focal, row),
                        "bias": bias, "bias_low": bias - half * error,
                        "bias_high": bias + half * error,
                        "d_signed": bias / spread[row],
                        "d_low": (bias - half * error) / spread[row],
                        "d_high": (bias + half * error) / spread[row],
                        "d_macs": float(np.sqrt(parts.square[row])) / spread[row],
                    }
                )  # fmt: skip
        for count, (factor, own) in enumerate(of_items(design.factors).items()):
            at = [focal.items.index(item) for item in own if item in focal.items]
            if not at:
                continue
            expected = _expected(focal)[at].mean() - _expected(reference)[at].mean()
            bias, error = float(parts.mean[at].mean()), float(errors[size + count])
            scales.append(
                {
                    "factor": factor, design.kind: label, "reference": design.labels[0],
                    "observed": float(focal.means[at].mean() - reference.means[at].mean()),
                    "expected": float(expected), "bias": bias,
                    "bias_low": bias - half * error, "bias_high": bias + half * error,
                    "latent": float(expected) - bias,
                    "share": bias / expected if abs(expected) > 1e-8 else np.nan,
                }
            )  # fmt: skip
    return BiasEffects(
        n=fitted.n,
        n_dropped=fitted.n_dropped,
        table=pd.DataFrame(items).set_index(["factor", "item", design.kind]),
        scales=pd.DataFrame(scales).set_index(["factor", design.kind]),
        anchors=tuple(anchors),
        fit=fitted,
        settings={"reference": design.labels[0], "anchors": list(anchors),
                  "conf_level": conf_level},
        warnings=notes.messages(),
    )  # fmt: skip


def bias_parts(reference: Measured, focal: Measured) -> ItemBias:
    """Bias of every item at the focal occasion's latent distribution."""
    linear = item_bias(
        focal.loadings - reference.loadings,
        focal.intercepts - reference.intercepts,
        focal.level,
        focal.spread,
    )
    if not (isinstance(reference, OrdinalMeasured) and isinstance(focal, OrdinalMeasured)):
        return linear
    found = ordinal_bias(reference.behind, focal.behind, focal.level, focal.spread)
    return ItemBias(
        mean=np.where(focal.ordered, found.mean, linear.mean),
        square=np.where(focal.ordered, found.square, linear.square),
    )


def _with_scales(
    bias: FloatArray, one: Measured, factors: Mapping[str, Sequence[str]]
) -> FloatArray:
    """Append the mean bias of each factor's items."""
    means = []
    for own in factors.values():
        at = [one.items.index(item) for item in own if item in one.items]
        means.append(bias[..., at].mean(axis=-1) if at else np.zeros(bias.shape[:-1]))
    return np.concatenate([bias, np.stack(means, axis=-1)], axis=-1)


def _expected(part: Measured) -> FloatArray:
    linear = np.asarray(part.intercepts + part.loadings @ part.level)
    if not isinstance(part, OrdinalMeasured):
        return linear
    answers = part.lowest + part.behind.average(part.level, part.spread)
    return np.where(part.ordered, answers, linear)


def _threshold_gap(reference: Measured, focal: Measured, row: int) -> dict[str, float]:
    """Give the difference of the thresholds that differ most, of ordered items."""
    if not (isinstance(reference, OrdinalMeasured) and isinstance(focal, OrdinalMeasured)):
        return {}
    gaps = focal.behind.thresholds[row] - reference.behind.thresholds[row]
    largest = float(gaps[np.abs(gaps).argmax()])
    return {"threshold_difference": largest if focal.ordered[row] else np.nan}


__all__ = ["BiasEffects", "anchored", "bias_effects", "bias_parts"]
