"""Measurement invariance over groups: the public function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from trustmeasure._checks import as_frame, check_option, listed, near
from trustmeasure.confirmatory.samples import group_labels
from trustmeasure.errors import OptionError
from trustmeasure.invariance.climbing import ESTIMATORS, MIN_GROUP_SIZE, check_options, climb
from trustmeasure.invariance.designs import (
    GroupDesign,
    hold_lower_intercepts,
    read_factors,
    standardises,
)
from trustmeasure.invariance.levels import STANDARD, ladder
from trustmeasure.invariance.ordinal_ladders import ordinal_groups, ordinal_steps, wants_ordered
from trustmeasure.invariance.results import InvarianceResult


def measurement_invariance(
    model: str,
    data: Any,
    *,
    group: str,
    levels: str | Sequence[str] | None = None,
    estimator: str | None = None,
    missing: str = "listwise",
    ordered: bool | Sequence[str] | None = None,
    parameterization: str | None = None,
    group_partial: str | Sequence[str] = (),
    reference: Any = None,
    criteria: str = "auto",
    cluster: str | None = None,
    std_lv: bool | None = None,
    orthogonal: bool = False,
    min_group_size: int = MIN_GROUP_SIZE,
    thresholds: Any = None,
    conf_level: float = 0.95,
) -> InvarianceResult:
    r"""Ask on a ladder of models whether a scale measures the same in every group.

    Each level holds more parameters equal over groups than the one before: none but the form
    (configural), loadings (metric), intercepts (scalar), residual variances (strict), then
    latent variances and latent means. Differences of latent means need scalar invariance, or
    a part of it.

    Parameters
    ----------
    model : str
        Measurement model in lavaan syntax, as for `cfa`.
    data : DataFrame, 2-D array, or Scores
        Persons in rows.
    group : str
        Column with the group of each person.
    levels : sequence of {"configural", "metric", "scalar", "strict", "lv_variances", "lv_means"}
        In order, the loosest first. Each adds its own to what the ones before hold equal;
        "scalar" includes "metric", and so on.
    estimator : {"ML", "MLM", "MLR", "MLF", "GLS"}
        As in `cfa`. For MLM and MLR the statistics are the scaled ones, their differences
        Satorra and Bentler's (2001; where its scaling factor is negative, 2010), and the indices
        the robust ones where there are such, else the scaled ones.
    missing : {"listwise", "fiml"}
    ordered : None
        Ordered items are not offered here yet.
    group_partial : str or sequence of str
        Parameters that stay free at every level, as ``"trust=~item2"`` or ``"item3~1"``.
    reference : optional
        Label of the group that others are compared with; the first in the data by default.
    criteria : {"auto", "adequate", "small"}
        Chen's (2007) criteria for changes of fit: those for samples of more than 300 persons,
        or the stricter ones for fewer, which she advises for groups of unequal size too. "auto"
        goes by the number of persons.
    cluster : str, optional
        Column with the cluster of each person.
    std_lv : bool, optional
        Give factors their scale by a variance of 1 (in the reference group, once loadings are
        equal), so that every loading can be tested; otherwise by the first loading. By default
        True unless the model fixes a loading itself. Fit does not depend on it.
    orthogonal : bool
        Fix latent covariances at 0.
    min_group_size : int
        Groups with fewer persons are warned of.
    thresholds : path or mapping, optional
        Other criteria than the built-in ones; see `trustmeasure.thresholds`.
    conf_level : float

    Returns
    -------
    InvarianceResult
        ``table``, ``verdicts``, ``fits``, ``latent_means``; ``partial(level)`` searches for
        equalities to give up, ``effect_size()`` gives d_MACS.

    Raises
    ------
    OptionError
        For unknown levels and options, ordered items, and a reference that is no group.
    DataError
        As `cfa`.

    Warns
    -----
    DataWarning
        For groups with fewer than ``min_group_size`` persons.
    ConvergenceWarning
        For levels whose search did not end, or whose solution could not be.

    Notes
    -----
    ``holds`` asks all three of ΔCFI, ΔRMSEA and ΔSRMR to be within the criteria. RMSEA varies
    much in models with few degrees of freedom that fit well, so a level that fails by it alone
    deserves a second look. The χ² test of the difference stands beside; with many persons it
    finds differences that do not matter.
    Where factors measure a factor, equal intercepts are those of items and of the lower factors.
    Latent means are from the first level with equal intercepts and free means.

    Equals ``lavaan::cfa(model, data, group = , group.equal = c("loadings", "intercepts", ...),
    std.lv = TRUE)`` at each level, and ``lavaan::lavTestLRT()`` between them, as
    ``semTools::compareFit()`` puts together.

    References
    ----------
    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    *Structural Equation Modeling, 14* (3), 464–504. https://doi.org/10.1080/10705510701301834

    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    *Psychometrika, 58* (4), 525–543. https://doi.org/10.1007/BF02294825

    Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for moment
    structure analysis. *Psychometrika, 66* (4), 507–514. https://doi.org/10.1007/BF02296192

    Satorra, A., & Bentler, P. M. (2010). Ensuring positiveness of the scaled difference
    chi-square test statistic. *Psychometrika, 75* (2), 243–248.
    https://doi.org/10.1007/s11336-009-9135-y

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> team = np.repeat(["north", "south"], 400)
    >>> trust = rng.normal(size=800) + 0.5 * (team == "south")
    >>> answers = pd.DataFrame({
    ...     f"t{j}": 3 + 0.8 * trust + rng.normal(size=800) for j in range(1, 6)
    ... }).assign(team=team)
    >>> result = tm.measurement_invariance(
    ...     "trust =~ t1 + t2 + t3 + t4 + t5", answers, group="team"
    ... )
    >>> result.table["holds"].tolist()
    [None, True, True, True]
    >>> bool(0.2 < result.latent_means["d"].iloc[0] < 0.8)
    True
    """
    check_options(criteria, min_group_size, conf_level)
    ordinal = wants_ordered(ordered, parameterization)
    partial = (group_partial,) if isinstance(group_partial, str) else tuple(group_partial)
    design: Any
    if ordinal:
        steps, scaling = ordinal_steps(levels, parameterization)
        frame, labels = _reference_first(data, group, reference)
        design = ordinal_groups(
            model, frame, group=group, labels=labels, ordered=ordered, parameterization=scaling,
            released=partial, estimator=estimator, missing=missing, cluster=cluster,
            std_lv=std_lv, orthogonal=orthogonal, conf_level=conf_level,
        )  # fmt: skip
    else:
        steps = ladder(STANDARD if levels is None else levels)
        chosen = "ML" if estimator is None else estimator
        check_option("estimator", chosen, ESTIMATORS)
        frame, labels = _reference_first(data, group, reference)
        design = GroupDesign(
            model=hold_lower_intercepts(model),
            data=frame,
            group=group,
            labels=labels,
            factors=read_factors(model),
            options={
                "estimator": chosen, "missing": missing, "cluster": cluster,
                "std_lv": standardises(model) if std_lv is None else std_lv,
                "orthogonal": orthogonal, "conf_level": conf_level,
            },
            released=partial,
        )  # fmt: skip
    return climb(
        design, steps, criteria=criteria, thresholds=thresholds, min_size=min_group_size,
        conf_level=conf_level, settings={"model": model, "group": group},
    )  # fmt: skip


def _reference_first(data: Any, group: str, reference: Any) -> tuple[pd.DataFrame, tuple[Any, ...]]:
    """Move the reference group's rows to the front, where lavaan's numbering begins."""
    frame = as_frame(data)
    labels = group_labels(frame, group)
    if reference is None:
        return frame, tuple(labels)
    if reference not in labels:
        raise OptionError(
            f"reference={reference!r} is no group in '{group}'. Groups: {listed(labels)}."
            + near(reference, labels)
        )
    first = frame[group] == reference
    frame = pd.concat([frame[first], frame[~first]])
    return frame, (reference, *(label for label in labels if label != reference))
