"""Models of two levels, from syntax and data to a result: each step of it, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure._checks import check_level, listed
from trustmeasure.confirmatory.admissibility import problems_of
from trustmeasure.confirmatory.fit_measures import Tested
from trustmeasure.confirmatory.language.equalities import nonlinear_equalities
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.language.syntax import ParsedModel
from trustmeasure.confirmatory.language.table import DEFAULTS, parameter_table
from trustmeasure.confirmatory.reporting import estimates_frame, r_squared_frame
from trustmeasure.confirmatory.two_level.estimation import (
    Unrestricted,
    estimate_two_level,
    independence_table,
    infer_two_level,
    unrestricted,
)
from trustmeasure.confirmatory.two_level.fit_measures import two_level_df, two_level_fit_measures
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample, two_level_sample
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.results import Notes

LEVELS = ("within", "between")


def fit_levels(
    kind: str,
    model: str,
    parsed: ParsedModel,
    data: Any,
    *,
    estimator: str,
    cluster: str | None,
    std_lv: bool,
    orthogonal: bool,
    conf_level: float,
    **others: Any,
) -> TwoLevelStructuralModel:
    """Fit the model, its baseline and the saturated model, and put the result together.

    ``others`` are options that models with levels do not have; see `_refuse_options`.
    """
    named = _refuse_options(data, parsed, estimator, cluster, others)
    level = check_level("conf_level", conf_level)
    notes = Notes()
    options: dict[str, Any] = {**DEFAULTS[kind], "std_lv": std_lv, "orthogonal": orthogonal}
    written = parameter_table(parsed, **options)
    _refuse_constraints(written)
    for note in written.notes:
        notes.record(note)
    table = _levels_as_groups(written)
    sample = two_level_sample(data, table, cluster=named, notes=notes)
    robust = estimator == "MLR"
    whole = unrestricted(sample, observed=robust)
    found = estimate_two_level(table, sample, whole)
    df = two_level_df(found.specification, sample)
    if df < 0:
        raise DataError(
            f"The model has {-df} free parameters more than there are moments of both levels to "
            "estimate them from, so it is not identified. Fix or equate some."
        )
    inference = infer_two_level(found, sample, whole, robust=robust, df=df)
    fit = two_level_fit_measures(
        found, sample, whole, Tested(found.estimates.chisq, df, inference.scaled),
        _baseline(table, sample, whole, robust=robust), inference.likelihood_scaling,
    )  # fmt: skip
    if not whole.maximum.converged:
        notes.warn(
            "The saturated model, which the model is tested against, has no maximum that could "
            "be found: clusters are too few, or too much alike. Do not read χ² and what is "
            "made of it.",
            ConvergenceWarning,
            stacklevel=4,
        )
    problems = problems_of(found.specification, found.estimates, inference)
    for message in problems.messages(found.estimates.converged, found.estimates.n_iterations):
        worded = message.replace("(group 2)", "(between)").replace(" in group 1", " within")
        worded = worded.replace(" in group 2", " between")
        notes.warn(worded, ConvergenceWarning, stacklevel=4)
    frame = estimates_frame(found.specification, found.estimates, inference, [1, 2], level)
    return TwoLevelStructuralModel(
        n=sample.moments.n,
        n_dropped=sample.n_dropped,
        model=model,
        converged=found.estimates.converged,
        admissible=not problems.inadmissible,
        fit=fit,
        estimates=frame.rename(columns={"group": "level"}),
        r_squared=r_squared_frame(found.specification, found.estimates, LEVELS),
        icc=_icc(sample, whole),
        n_clusters=sample.moments.n_clusters,
        estimate=found,
        unrestricted=whole,
        sample=sample,
        settings={
            "function": kind,
            "estimator": estimator,
            "se": "robust.huber.white" if robust else "standard",
            "test": "yuan.bentler.mplus" if robust else "standard",
            "cluster": cluster,
            "levels": list(parsed.levels),
            "group": None,
            "group_labels": None,
            "missing": "listwise",
            "std_lv": std_lv,
            "orthogonal": orthogonal,
            "meanstructure": True,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _refuse_options(
    data: Any, parsed: ParsedModel, estimator: str, cluster: str | None, others: dict[str, Any]
) -> str:
    """Refuse what models with levels do not offer, and give the column of the clusters."""
    if data is None:
        raise OptionError(
            "Models with levels need the answers of persons in clusters: pass data and cluster=."
        )
    if cluster is None:
        raise OptionError(
            "The model has level: blocks, so cluster= must name the column that says which "
            "cluster (team, school, organisation) each person belongs to."
        )
    if estimator not in ("ML", "MLR"):
        raise OptionError(
            f"estimator='{estimator}' is not offered for models with levels: use 'ML', or 'MLR' "
            "for errors and a statistic that allow for answers that are not normal."
        )
    if others.get("ordered") is not None and others["ordered"] is not False:
        raise OptionError(
            "Models with levels treat all items as continuous: leave out ordered=. "
            "(estimator='MLR' allows for answers that are not normal.)"
        )
    if others.get("missing", "listwise") != "listwise":
        raise OptionError(
            f"missing='{others['missing']}' is not offered for models with levels; they use "
            "complete answers: missing='listwise'."
        )
    if others.get("group") is not None or parsed.groups:
        raise OptionError(
            "Groups cannot be combined with levels. Fit each group by itself, or let a variable "
            "at level 2 stand for the group."
        )
    if others.get("meanstructure") is False:
        raise OptionError("Models with levels always have means: leave out meanstructure=False.")
    if others.get("parameterization", "delta") != "delta":
        raise OptionError("parameterization= is for ordered items, which levels do not offer.")
    names = ("group_equal", "group_partial", "corr", "cov", "n_obs", "means")
    given = [f"{name}=" for name in names if _said(others.get(name))]
    if given:
        raise OptionError(f"{listed(given)} cannot be combined with levels.")
    return cluster


def _said(value: Any) -> bool:
    return value is not None and not (isinstance(value, (str, Sequence)) and len(value) == 0)


def _refuse_constraints(table: ParameterTable) -> None:
    bounded = any(np.isfinite(row.lower) or np.isfinite(row.upper) for row in table.free)
    if table.inequalities or bounded:
        raise OptionError(
            "Inequality constraints and bounds ('<', '>', lower(), upper()) are not fitted in "
            "models with levels. Leave them out, and look whether the estimates keep to them."
        )
    if nonlinear_equalities(table):
        raise OptionError(
            "The model has equality constraints that are not linear in the parameters, which are "
            "not fitted in models with levels. Write them as linear ones, or fix the values."
        )
    if table.ov_ord or any(row.op in ("|", "~*~") for row in table.parameters):
        raise OptionError(
            "The model has thresholds or scaling factors, which are for ordered items; models "
            "with levels treat all items as continuous."
        )


def _levels_as_groups(table: ParameterTable) -> ParameterTable:
    """Take the levels for groups, as each has matrices of its own."""
    rows = tuple(replace(row, group=row.level, level=1) for row in table.parameters)
    return replace(table, parameters=rows, n_groups=2, n_levels=1)


def _baseline(
    table: ParameterTable, sample: TwoLevelSample, whole: Unrestricted, *, robust: bool
) -> Tested:
    found = estimate_two_level(independence_table(table, sample), sample, whole, observed=robust)
    df = two_level_df(found.specification, sample)
    inference = infer_two_level(found, sample, whole, robust=robust, df=df)
    return Tested(found.estimates.chisq, df, inference.scaled)


def _icc(sample: TwoLevelSample, whole: Unrestricted) -> pd.Series:
    """Give the share between clusters of what persons differ in: 0 where level 2 lacks it."""
    within, between = (
        dict(zip(places, np.diag(matrix), strict=True))
        for places, matrix in zip(
            (sample.within.tolist(), sample.between.tolist()), whole.covariances, strict=True
        )
    )
    shares = {
        sample.names[i]: between.get(i, 0.0) / (own + between.get(i, 0.0))
        for i, own in within.items()
    }
    return pd.Series(shares, name="icc", dtype=np.float64)
