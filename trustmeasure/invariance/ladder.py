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
    latent variances and latent means. Ordered items have thresholds, which come before loadings.
    Differences of latent means need scalar invariance, or a part of it.

    Parameters
    ----------
    model : str
        Measurement model in lavaan syntax, as for `cfa`. With ``ordered``: lines with ``=~``, and
        ``~~`` between items, without modifiers.
    data : DataFrame, 2-D array, or Scores
        Persons in rows.
    group : str
        Column with the group of each person.
    levels : sequence of str, optional
        Of "configural", "thresholds" (of ordered items), "metric", "scalar", "strict",
        "lv_variances" and "lv_means", in order, the loosest first; by default those up to
        "strict". Each adds its own to what the ones before hold equal; "scalar" includes
        "metric", which includes "thresholds", and so on.
    estimator : {"ML", "MLM", "MLR", "MLF", "GLS"} or {"WLSMV", "WLSM", "ULSMV", "ULSM", "WLS"}
        As in `cfa`; "ML" by default, the latter of ordered items, "WLSMV" by default. For MLM,
        MLR and those of ordered items the statistics are the scaled ones. Their differences are
        Satorra and Bentler's (2001; where its scaling factor is negative, 2010), for WLSMV and
        ULSMV Satorra's (2000); indices are the robust ones where there are such, else the scaled
        ones.
    missing : {"listwise", "fiml"}
        With ``ordered`` "listwise" only.
    ordered : bool or sequence of str, optional
        Items that are ordered categories: True for all, or their names. Every category must be
        answered in every group.
    parameterization : {"theta", "delta"}, optional
        Of ordered items: whether residual variances ("theta", the default) or scaling factors are
        free where thresholds are equal. Fit is the same; "strict" needs "theta".
    group_partial : str or sequence of str
        Parameters that stay free at every level, as ``"trust=~item2"``, ``"item3~1"``, or
        ``"item4|t2"`` (a threshold).
    reference : optional
        Label of the group that others are compared with; the first in the data by default.
    criteria : {"auto", "adequate", "small", "ordinal"}
        Chen's (2007) criteria for changes of fit: those for samples of more than 300 persons,
        or the stricter ones for fewer, which she advises for groups of unequal size too; or
        Rutkowski and Svetina's (2017) for ordered items, of CFI and RMSEA alone. "auto" takes
        the last for ordered items, and else goes by the number of persons.
    cluster : str, optional
        Column with the cluster of each person; not with ``ordered``.
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
        For unknown levels and options, options that do not go with ordered items, and a
        reference that is no group.
    DataError
        As `cfa`; of ordered items, for categories that are empty in a group, which are named.

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

    What is behind an ordered item has no origin and no unit of its own, so that levels of ordered
    items are identified as Wu and Estabrook (2016) show. Factors have mean 0 and variance 1 and
    items intercepts of 0 and residual variances (or scaling factors) of 1, in all groups at the
    configural level and in the first at all others. Equal thresholds then set intercepts and
    residual variances of later groups free, equal loadings the factors' variances, equal
    intercepts, which are 0 again, the factors' means, and "strict" fixes residual variances at 1.
    One threshold is spent on an item's origin, a second on its unit. So equal thresholds restrict
    nothing where items have up to three categories, and items with two have loadings that can
    be compared only once their intercepts are equal as well: thresholds, loadings and
    intercepts of such items can be tested together alone. Levels that restrict nothing are left
    out, and ``warnings`` say so; among items with more categories, those with two join at
    "scalar". (There semTools, at "metric", holds their loadings equal with residual variances or
    scaling factors fixed, a model whose fit depends on which of these it is.) Where all items
    have two categories, mean and variance of a factor can be told apart only as far as items
    differ in how thresholds relate to loadings; if they hardly do, a warning says that the
    model is not identified.
    Rutkowski and Svetina's criteria come from simulations of ten and twenty groups with equal
    thresholds and loadings; that for thresholds is held to intercepts and residual variances,
    too.

    Equals ``lavaan::cfa(model, data, group = , group.equal = c("loadings", "intercepts", ...),
    std.lv = TRUE)`` at each level, and ``lavaan::lavTestLRT()`` between them, as
    ``semTools::compareFit()`` puts together. Of ordered items, equals lavaan's fit of
    ``semTools::measEq.syntax(model, data, ordered = , parameterization = "theta", ID.fac =
    "std.lv", ID.cat = "Wu.Estabrook.2016", group = , group.equal = c("thresholds", ...))``, and
    ``lavTestLRT()`` of these fits.

    References
    ----------
    Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance.
    *Structural Equation Modeling, 14* (3), 464–504. https://doi.org/10.1080/10705510701301834

    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance.
    *Psychometrika, 58* (4), 525–543. https://doi.org/10.1007/BF02294825

    Rutkowski, L., & Svetina, D. (2017). Measurement invariance in international surveys:
    Categorical indicators and fit measure performance. *Applied Measurement in Education, 30* (1),
    39–51. https://doi.org/10.1080/08957347.2016.1243540

    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment
    structures. In R. D. H. Heijmans, D. S. G. Pollock, & A. Satorra (Eds.), *Innovations in
    multivariate statistical analysis* (pp. 233–247). Kluwer.
    https://doi.org/10.1007/978-1-4615-4603-0_17

    Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for moment
    structure analysis. *Psychometrika, 66* (4), 507–514. https://doi.org/10.1007/BF02296192

    Satorra, A., & Bentler, P. M. (2010). Ensuring positiveness of the scaled difference
    chi-square test statistic. *Psychometrika, 75* (2), 243–248.
    https://doi.org/10.1007/s11336-009-9135-y

    Wu, H., & Estabrook, R. (2016). Identification of confirmatory factor analysis models of
    different levels of invariance for ordered categorical outcomes. *Psychometrika, 81* (4),
    1014–1045. https://doi.org/10.1007/s11336-016-9506-0

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

    The same answers in five ordered categories:

    >>> items = ["t1", "t2", "t3", "t4", "t5"]
    >>> ordered = answers[items].round().clip(1, 5).assign(team=team)
    >>> result = tm.measurement_invariance(
    ...     "trust =~ t1 + t2 + t3 + t4 + t5", ordered, group="team", ordered=True
    ... )
    >>> result.table["df"].tolist()
    [10, 20, 24, 28, 33]
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
