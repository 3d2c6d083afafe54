"""Measurement invariance over groups: the public function, and what it shares with waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from trustmeasure._checks import as_frame, check_count, check_level, check_option, listed, near
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.confirmatory.samples import group_labels
from trustmeasure.errors import ConvergenceWarning, DataWarning, OptionError
from trustmeasure.invariance.comparisons import (
    ADEQUATE,
    changes,
    difference,
    holds,
    judged,
    kind_of_indices,
    level_row,
)
from trustmeasure.invariance.designs import (
    Design,
    GroupDesign,
    doubts,
    hold_lower_intercepts,
    read_factors,
    standardises,
)
from trustmeasure.invariance.latent_means import latent_means, no_means
from trustmeasure.invariance.levels import STANDARD, ladder
from trustmeasure.invariance.results import InvarianceResult
from trustmeasure.results import Notes
from trustmeasure.thresholds import load_thresholds

# Estimators whose statistics can be subtracted: plainly, or by Satorra and Bentler.
ESTIMATORS = ("ML", "MLM", "MLR", "MLF", "GLS")
# Persons in each group under which changes of fit are hardly to be told from chance.
MIN_GROUP_SIZE = 100


def measurement_invariance(
    model: str,
    data: Any,
    *,
    group: str,
    levels: str | Sequence[str] = STANDARD,
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: Any = None,
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
    _refuse_ordered(ordered)
    steps = ladder(levels)
    check_option("estimator", estimator, ESTIMATORS)
    check_options(criteria, min_group_size, conf_level)
    frame, labels = _reference_first(data, group, reference)
    partial = (group_partial,) if isinstance(group_partial, str) else tuple(group_partial)
    design = GroupDesign(
        model=hold_lower_intercepts(model),
        data=frame,
        group=group,
        labels=labels,
        factors=read_factors(model),
        options={
            "estimator": estimator, "missing": missing, "cluster": cluster,
            "std_lv": standardises(model) if std_lv is None else std_lv,
            "orthogonal": orthogonal, "conf_level": conf_level,
        },
        released=partial,
    )  # fmt: skip
    return climb(
        design, steps, criteria=criteria, thresholds=thresholds, min_size=min_group_size,
        conf_level=conf_level, settings={"model": model, "group": group},
    )  # fmt: skip


def check_options(criteria: str, min_size: int, conf_level: float) -> None:
    """Check what ladders over groups and over waves have in common."""
    check_option("criteria", criteria, ("auto", "adequate", "small"))
    check_count("min_group_size", min_size)
    check_level("conf_level", conf_level)


def _refuse_ordered(ordered: Any) -> None:
    if ordered is not None and ordered is not False:
        raise OptionError(
            "ordered= is not offered yet: invariance of ordered items has levels of its own "
            "(thresholds). With five or more answer options, estimator='MLR' treats them as "
            "continuous."
        )


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


def climb(
    design: Design,
    steps: Mapping[str, tuple[str, ...]],
    *,
    criteria: str,
    thresholds: Any,
    min_size: int,
    conf_level: float,
    settings: Mapping[str, Any],
    earlier: Sequence[str] = (),
) -> InvarianceResult:
    """Fit all levels, compare each with the one before, and put the result together."""
    notes = Notes()
    for message in earlier:
        notes.record(message)
    fits: dict[str, StructuralModel] = {}
    for level, equal in steps.items():
        fits[level] = design.fit(equal, ())
        for message in doubts(fits[level]):
            notes.warn(f"{level}: {message}", ConvergenceWarning, stacklevel=4)
    first = next(iter(fits.values()))
    worried = {doubt for fit in fits.values() for doubt in doubts(fit)}
    for message in first.warnings:
        if message not in worried:
            notes.record(message)
    sizes = design.measured(first, first.fitted.estimates.parameters)
    _note_sizes(design, [part.n for part in sizes], min_size, criteria, notes)
    strict = criteria == "small" or (criteria == "auto" and first.n <= ADEQUATE)
    rules = load_thresholds(thresholds)
    table, verdicts = compare(fits, strict=strict, thresholds=rules)
    if kind_of_indices(first) == "scaled":
        notes.record(
            "CFI and RMSEA are the scaled ones; there are no robust ones for incomplete data."
        )
    means = _means(design, steps, fits, table, conf_level, notes)
    return InvarianceResult(
        n=first.n,
        n_dropped=first.n_dropped,
        table=table,
        verdicts=verdicts,
        fits=fits,
        latent_means=means,
        design=design,
        criteria=rules,
        settings={
            **settings,
            "levels": list(steps),
            "labels": [str(label) for label in design.labels],
            **design.options,
            "released": list(design.released),
            "indices": kind_of_indices(first),
            "criteria": "small" if strict else "adequate",
            "min_group_size": min_size,
        },
        warnings=notes.messages(),
    )


def compare(
    fits: Mapping[str, StructuralModel], *, strict: bool, thresholds: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table of levels, and of the verdicts on their changes."""
    rows, verdicts = [], []
    before: tuple[StructuralModel, dict[str, Any]] | None = None
    for level, fit in fits.items():
        row = level_row(fit)
        change = dict.fromkeys(("delta_cfi", "delta_rmsea", "delta_srmr"), float("nan"))
        test: dict[str, Any] = {"chisq_diff": float("nan"), "df_diff": float("nan"),
                                "pvalue_diff": float("nan")}  # fmt: skip
        met: bool | None = None
        if before is not None:
            found = difference(fit, before[0])
            test = {
                "chisq_diff": found.chisq, "df_diff": found.df, "pvalue_diff": found.pvalue,
            }  # fmt: skip
            change = changes(row, before[1])
            decided = judged(change, level, strict=strict, thresholds=thresholds)
            met = holds(decided)
            verdicts += [
                {
                    "level": level, "index": one.measure.split("_")[1], "change": one.value,
                    "criterion": one.threshold, "meets": one.meets, "citation": one.citation,
                    "measure": one.measure,
                }
                for one in decided
            ]  # fmt: skip
        rows.append({**row, **test, **change, "holds": met})
        before = (fit, row)
    table = pd.DataFrame(rows, index=pd.Index(list(fits), name="level", dtype=object))
    table["holds"] = table["holds"].astype(object).where(table["holds"].notna(), None)
    columns = ["level", "index", "change", "criterion", "meets", "citation", "measure"]
    return table, pd.DataFrame(verdicts, columns=columns).set_index(["level", "index"])


def _note_sizes(
    design: Design, sizes: Sequence[int], least: int, criteria: str, notes: Notes
) -> None:
    small = [f"'{label}' ({n})" for label, n in zip(design.labels, sizes, strict=True) if n < least]
    if small:
        what = "Groups" if design.kind == "group" else "Waves"
        notes.warn(
            f"{what} with fewer than {least} persons: {', '.join(small)}. Changes of fit are "
            "then hardly to be told from chance, and invariance that seems to hold says little.",
            DataWarning,
            stacklevel=5,
        )
    if design.kind == "group" and criteria == "auto" and max(sizes) > 2 * min(sizes):
        notes.record(
            f"Groups differ in size ({min(sizes)} to {max(sizes)} persons). Chen (2007) advises "
            "the stricter criteria for unequal groups: criteria='small'."
        )


def _means(
    design: Design,
    steps: Mapping[str, tuple[str, ...]],
    fits: Mapping[str, StructuralModel],
    table: pd.DataFrame,
    conf_level: float,
    notes: Notes,
) -> pd.DataFrame:
    """Take latent means from the first level that identifies them."""
    level = next(
        (name for name, equal in steps.items() if "intercepts" in equal and "means" not in equal),
        None,
    )
    if level is None:
        return no_means()
    if any(table.loc[:level, "holds"].eq(False)):
        notes.record(
            f"Latent means are from the {level} model, which does not hold by the criteria: look "
            f"at .partial() before they are read."
        )
    return latent_means(design, fits[level], conf_level)
