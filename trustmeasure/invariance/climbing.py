"""Climbing the ladder: all levels fitted, each compared with the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from trustmeasure._checks import check_count, check_level, check_option, listed
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import ConvergenceWarning, DataWarning
from trustmeasure.invariance.comparisons import (
    CRITERIA,
    changes,
    criteria_for,
    difference,
    holds,
    judged,
    kind_of_indices,
    level_row,
)
from trustmeasure.invariance.designs import Design, doubts, point_of
from trustmeasure.invariance.latent_means import latent_means, no_means
from trustmeasure.invariance.ordinal_designs import OrdinalDesign
from trustmeasure.invariance.results import InvarianceResult
from trustmeasure.results import Notes
from trustmeasure.thresholds import load_thresholds

# Estimators whose statistics can be subtracted: plainly, or by Satorra and Bentler.
ESTIMATORS = ("ML", "MLM", "MLR", "MLF", "GLS")
# Of ordered items, whose statistics are adjusted (Satorra, 2000), scaled, or χ² as they are.
ORDINAL_ESTIMATORS = ("WLSMV", "WLSM", "ULSMV", "ULSM", "WLS")
# Persons in each group under which changes of fit are hardly to be told from chance.
MIN_GROUP_SIZE = 100


def check_options(criteria: str, min_size: int, conf_level: float) -> None:
    """Check what ladders over groups and over waves have in common."""
    check_option("criteria", criteria, ("auto", *CRITERIA))
    check_count("min_group_size", min_size)
    check_level("conf_level", conf_level)


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
    if isinstance(design, OrdinalDesign):
        fits = _merged(design, steps, fits, notes)
        steps = {level: steps[level] for level in fits}
    first = next(iter(fits.values()))
    worried = {doubt for fit in fits.values() for doubt in doubts(fit)}
    for message in first.warnings:
        if message not in worried:
            notes.record(message)
    sizes = design.measured(first, point_of(first)[0])
    _note_sizes(design, [part.n for part in sizes], min_size, criteria, notes)
    chosen = criteria_for(criteria, first.n, ordinal=isinstance(design, OrdinalDesign))
    rules = load_thresholds(thresholds)
    table, verdicts = compare(fits, criteria=chosen, thresholds=rules)
    if kind_of_indices(first) == "scaled":
        why = (
            "where thresholds are equal" if isinstance(design, OrdinalDesign)
            else "for incomplete data"
        )  # fmt: skip
        notes.record(f"CFI and RMSEA are the scaled ones; there are no robust ones {why}.")
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
            "criteria": chosen,
            "min_group_size": min_size,
        },
        warnings=notes.messages(),
    )


def _merged(
    design: OrdinalDesign,
    steps: Mapping[str, tuple[str, ...]],
    fits: Mapping[str, StructuralModel],
    notes: Notes,
) -> dict[str, StructuralModel]:
    """Leave out levels that hold nothing equal beyond the one before, and say why."""
    kept: dict[str, StructuralModel] = {}
    names = list(fits)
    for level, fit in fits.items():
        if kept and fit.fit["df"] == list(kept.values())[-1].fit["df"]:
            after = names[names.index(level) + 1 :]
            where = (
                f"it is tested together with '{after[0]}'" if after
                else "name a level after it in levels= to test it"
            )  # fmt: skip
            notes.record(
                f"Level '{level}' is left out: {_nothing(design, steps[level])}, so that it fits "
                f"as the level before; {where} (Wu & Estabrook, 2016)."
            )
        else:
            kept[level] = fit
    few = [item for item, count in design.measures.categories.items() if count == 2]
    if few and "metric" in kept and not {"intercepts"} & set(steps["metric"]):
        notes.record(
            f"Items with two categories ({listed(few)}) have no unit of their own until their "
            "intercepts are equal: they are free at 'metric' and join at 'scalar' (Wu & "
            "Estabrook, 2016)."
        )
    return kept


def _nothing(design: OrdinalDesign, equal: tuple[str, ...]) -> str:
    """Say why a level restricts nothing."""
    most = max(design.measures.categories.values())
    if "loadings" not in equal and most <= 3:
        return (
            f"items have {'two' if most == 2 else 'at most three'} categories, whose thresholds "
            "do no more than set the origin and unit of each item"
        )
    if "intercepts" not in equal and most == 2:
        return (
            "loadings of items with two categories have no common unit before intercepts are equal"
        )
    return "what it adds is not comparable with what has been released"


def compare(
    fits: Mapping[str, StructuralModel], *, criteria: str, thresholds: Any
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
            decided = judged(change, level, criteria=criteria, thresholds=thresholds)
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
    ordinal = isinstance(design, OrdinalDesign)
    if (
        design.kind == "group"
        and criteria == "auto"
        and not ordinal
        and max(sizes) > 2 * min(sizes)
    ):
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
