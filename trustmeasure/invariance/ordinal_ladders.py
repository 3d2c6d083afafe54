"""Ladders of ordered items: options and answers checked, designs built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_items, check_option, listed, near
from trustmeasure.correlation.matrices import ordered_codes
from trustmeasure.errors import OptionError
from trustmeasure.invariance.climbing import ORDINAL_ESTIMATORS
from trustmeasure.invariance.levels import ORDINAL_LEVELS, ORDINAL_STANDARD, ladder
from trustmeasure.invariance.measurement import read_measurement
from trustmeasure.invariance.ordinal_answers import Answers, read_answers
from trustmeasure.invariance.ordinal_designs import OrdinalGroupDesign, OrdinalWaveDesign
from trustmeasure.invariance.ordinal_plans import Measures, Pair
from trustmeasure.invariance.wide import Wide

FloatArray = NDArray[np.float64]
Steps = dict[str, tuple[str, ...]]

PARAMETERIZATIONS = ("theta", "delta")


def wants_ordered(ordered: Any, parameterization: Any) -> bool:
    """Whether items are to be taken as ordered."""
    if ordered is not None and ordered is not False:
        return True
    if parameterization is not None:
        raise OptionError("parameterization= is for ordered items: pass ordered=True or names.")
    return False


def ordinal_steps(
    levels: str | Sequence[str] | None, parameterization: str | None
) -> tuple[Steps, str]:
    """Give the levels with what they hold equal, and the parameterization."""
    chosen = "theta" if parameterization is None else parameterization
    check_option("parameterization", chosen, PARAMETERIZATIONS)
    if levels is None:
        levels = [one for one in ORDINAL_STANDARD if chosen == "theta" or one != "strict"]
    steps = ladder(levels, ORDINAL_LEVELS)
    if chosen == "delta" and "strict" in steps:
        raise OptionError(
            "Level 'strict' holds residual variances equal, which are no parameters under "
            "parameterization='delta'. Use parameterization='theta'."
        )
    return steps, chosen


def ordinal_options(
    estimator: str | None,
    *,
    missing: str,
    cluster: str | None,
    std_lv: bool | None,
    parameterization: str,
    ordered: Sequence[str],
    orthogonal: bool,
    conf_level: float,
) -> dict[str, Any]:
    """Check what models of ordered items offer, and put their options together."""
    chosen = "WLSMV" if estimator is None else estimator
    check_option("estimator", chosen, ORDINAL_ESTIMATORS)
    if missing != "listwise":
        raise OptionError(
            f"missing={missing!r} is not offered for ordered items, which are analysed listwise. "
            "With five or more categories, ordered=None, estimator='MLR' and missing='fiml' use "
            "incomplete answers."
        )
    if cluster is not None:
        raise OptionError("cluster= is not offered for ordered items.")
    if std_lv is False:
        raise OptionError(
            "std_lv=False is not offered for ordered items, whose factors have variance 1 in the "
            "reference (fit does not depend on it)."
        )
    return {
        "estimator": chosen, "missing": missing, "cluster": None, "std_lv": True,
        "orthogonal": orthogonal, "conf_level": conf_level,
        "parameterization": parameterization, "ordered": list(ordered),
    }  # fmt: skip


def ordinal_groups(
    model: str,
    frame: pd.DataFrame,
    *,
    group: str,
    labels: tuple[Any, ...],
    ordered: Any,
    parameterization: str,
    released: Sequence[str],
    **options: Any,
) -> OrdinalGroupDesign:
    """Read the model and each group's answers."""
    factors, pairs = read_measurement(model, over="groups")
    items = list(dict.fromkeys(item for own in factors.values() for item in own))
    names = _ordered(ordered, items)
    values = as_items(frame, items=items, min_items=1).values
    complete = ~np.isnan(values).any(axis=1)
    parts = [values[complete & (frame[group] == label).to_numpy()] for label in labels]
    answers = _answers(parts, items, names, labels, over="group")
    measures = _measures(factors, pairs, answers, parameterization)
    return OrdinalGroupDesign(
        measures=measures,
        answers=answers,
        labels=labels,
        options=ordinal_options(ordered=names, parameterization=parameterization, **options),
        released=measures.check("group_partial", released),
        data=frame,
        group=group,
    )


def ordinal_waves(
    factors: Mapping[str, tuple[str, ...]],
    pairs: Sequence[Pair],
    wide: Wide,
    *,
    ordered: Any,
    parameterization: str,
    released: Sequence[str],
    residual_covariances: bool,
    **options: Any,
) -> OrdinalWaveDesign:
    """Read each wave's answers; the model has been read."""
    items = list(dict.fromkeys(item for own in factors.values() for item in own))
    names = _ordered(ordered, items)
    every = [name for item in items for name in wide.columns[item]]
    block = as_items(wide.frame, items=every, min_items=1)
    columns = dict(zip(block.names, block.values.T, strict=True))
    complete = ~np.isnan(block.values).any(axis=1)
    parts = [
        np.column_stack([columns[wide.columns[item][place]][complete] for item in items])
        for place in range(len(wide.labels))
    ]
    answers = _answers(parts, items, names, wide.labels, over="wave")
    measures = _measures(factors, pairs, answers, parameterization)
    return OrdinalWaveDesign(
        measures=measures,
        answers=answers,
        labels=wide.labels,
        options=ordinal_options(
            ordered=names, parameterization=parameterization, std_lv=None, orthogonal=False,
            **options,
        ),
        released=measures.check("partial", released),
        wide=wide,
        residual_covariances=residual_covariances,
    )  # fmt: skip


def _ordered(ordered: Any, items: Sequence[str]) -> list[str]:
    """Say which items are ordered: those named, or all."""
    if ordered is True:
        return list(items)
    if isinstance(ordered, (str, bool)) or not isinstance(ordered, Iterable):
        raise OptionError(f"ordered={ordered!r} must be True or a list of items.")
    names = list(dict.fromkeys(str(name) for name in ordered))
    unknown = [name for name in names if name not in items]
    if unknown or not names:
        raise OptionError(
            f"ordered= names {listed(unknown)}, which the model does not have. Items: "
            f"{listed(items)}.{near(unknown[0], items)}"
            if unknown
            else "ordered= names no item. Leave it out where all items are continuous."
        )
    return [item for item in items if item in names]


def _answers(
    parts: Sequence[FloatArray],
    items: Sequence[str],
    ordered: Sequence[str],
    labels: Sequence[Any],
    *,
    over: str,
) -> Answers:
    places = [list(items).index(name) for name in ordered]
    together = np.concatenate(parts)
    if len(together):
        ordered_codes(together[:, places], ordered)  # refuses items with too many categories
    return read_answers(parts, items, ordered, labels, over=over)


def _measures(
    factors: Mapping[str, tuple[str, ...]],
    pairs: Sequence[Pair],
    answers: Answers,
    parameterization: str,
) -> Measures:
    return Measures(
        factors=factors,
        pairs=tuple(pairs),
        categories=answers.categories,
        theta=parameterization == "theta",
    )


__all__ = ["ordinal_groups", "ordinal_steps", "ordinal_waves", "wants_ordered"]
