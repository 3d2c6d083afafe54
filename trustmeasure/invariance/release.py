"""Partial invariance: which equalities to give up, one at a time, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from trustmeasure._checks import check_count, check_level, check_option, listed, near
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import ConvergenceWarning, OptionError
from trustmeasure.invariance.climbing import climb
from trustmeasure.invariance.comparisons import changes, difference, holds, judged, level_row
from trustmeasure.invariance.designs import Design, doubts
from trustmeasure.invariance.effect_sizes import (
    BiasEffects,
    anchored,
    bias_effects,
    threshold_names,
)
from trustmeasure.invariance.latent_means import latent_means, no_means
from trustmeasure.invariance.levels import LEVELS, ORDINAL_LEVELS, RELEASABLE, ladder
from trustmeasure.invariance.ordinal_designs import OrdinalDesign
from trustmeasure.invariance.ordinal_score_tests import ordinal_score_tests
from trustmeasure.invariance.results import InvarianceResult, PartialInvariance
from trustmeasure.invariance.score_tests import score_tests
from trustmeasure.results import Notes

CRITERIA, CORRECTIONS = ("changes", "pvalue"), ("holm", "bh", "none")


@dataclass(frozen=True)
class Step:
    """A level with some equalities given up, beside the level before with the same given up."""

    fit: StructuralModel
    before: StructuralModel
    row: Mapping[str, Any]
    holds: bool


def partial(
    result: InvarianceResult,
    level: str,
    *,
    release: str | Sequence[str] | None,
    criterion: str,
    correction: str,
    alpha: float,
    min_invariant: int,
    thresholds: Any,
) -> PartialInvariance:
    """Release what was asked for, or search; see `InvarianceResult.partial`."""
    check_option("criterion", criterion, CRITERIA)
    check_option("correction", correction, CORRECTIONS)
    check_level("alpha", alpha)
    check_count("min_invariant", min_invariant, least=1)
    equal, equal_before = _equalities(result, level)
    design = result.design
    names = candidates(design, level, equal, equal_before)
    rules = result.criteria if thresholds is None else thresholds
    kind = str(result.settings["criteria"])

    def step(released: Sequence[str]) -> Step:
        fit, before = design.fit(equal, released), design.fit(equal_before, released)
        row, own = level_row(before), level_row(fit)
        change = changes(own, row)
        test = difference(fit, before)
        decided = judged(change, level, criteria=kind, thresholds=rules)
        met = bool(holds(decided)) if criterion == "changes" else not test.pvalue < alpha
        shown = {
            "chisq_diff": test.chisq, "df_diff": test.df, "pvalue_diff": test.pvalue,
            **{key: own[key] for key in ("chisq", "cfi", "rmsea", "srmr")}, **change,
            "holds": met,
        }  # fmt: skip
        return Step(fit, before, shown, met)

    notes = Notes()
    log: list[dict[str, Any]] = []
    now = step(())
    log.append({"released": "", "reason": "all equalities of the level", **now.row})
    done: list[str] = []
    if release is not None:
        wanted = [release] if isinstance(release, str) else list(release)
        for name in _known(wanted, names, level):
            done.append(name)
            now = step(done)
            log.append({"released": name, "reason": "asked for", **now.row})
        stopped = "everything asked for was released"
        tests = equality_tests(design, now.fit, names, equal, done, correction=correction)
    else:
        stopped = ""
        while True:
            tests = equality_tests(design, now.fit, names, equal, done, correction=correction)
            if now.holds:
                stopped = "the criterion is met"
                break
            allowed = [
                name for name in tests.index
                if _leaves_enough(design, level, equal, [*design.released, *done, str(name)],
                                  str(name), min_invariant)
            ]  # fmt: skip
            significant = tests[tests["p_adjusted"] < alpha]
            if significant.empty:
                stopped = f"no equality that remains is significant at {alpha:g} after correction"
                break
            open_to = significant.loc[[n for n in significant.index if n in allowed]]
            if open_to.empty:
                stopped = (
                    f"each factor keeps at least {min_invariant} invariant items; "
                    f"{listed(significant.index)} could not be released"
                )
                break
            name = str(open_to.index[0])
            test = open_to.iloc[0]
            done.append(name)
            now = step(done)
            log.append(
                {
                    "released": name,
                    "reason": f"largest misfit of {len(tests)} equalities, significant "
                    f"({_CORRECTED[correction]})",
                    "score_chisq": test["chisq"], "score_df": test["df"],
                    "score_pvalue": test["pvalue"], "p_adjusted": test["p_adjusted"],
                    "n_tests": len(tests), "expected_change": test["expected_change"], **now.row,
                }
            )  # fmt: skip
    for message in doubts(now.fit):
        notes.warn(message, ConvergenceWarning, stacklevel=4)
    if done and release is None:
        notes.record(
            f"{len(done)} of {len(names)} equalities were released by a search in these data; "
            "confirm them in others."
        )
    if not now.holds:
        notes.record(f"The criterion is not met: {stopped}.")
    columns = ["released", "reason", "score_chisq", "score_df", "score_pvalue", "p_adjusted",
               "n_tests", "expected_change", *now.row]  # fmt: skip
    frame = pd.DataFrame(log).reindex(columns=columns)
    means = no_means()
    if "intercepts" in equal and "means" not in equal:
        means = latent_means(design, now.fit, float(design.options["conf_level"]))
    return PartialInvariance(
        n=now.fit.n,
        n_dropped=now.fit.n_dropped,
        level=level,
        released=(*design.released, *done),
        log=frame.rename_axis(index="step"),
        stopped=stopped,
        holds=now.holds,
        fit=now.fit,
        before=now.before,
        tests=tests,
        latent_means=means,
        ladder=result,
        settings={
            "level": level, "release": None if release is None else list(done),
            "criterion": criterion, "criteria": result.settings["criteria"],
            "correction": correction, "alpha": alpha, "min_invariant": min_invariant,
        },
        warnings=notes.messages(),
    )  # fmt: skip


_CORRECTED = {
    "holm": "Holm",
    "bh": "Benjamini–Hochberg",
    "none": "not corrected for the number of tests",
}


def _equalities(result: InvarianceResult, level: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give what the level and the one before it hold equal."""
    known = known_levels(result.design)
    check_option("level", level, [name for name in known if name in RELEASABLE])
    steps = ladder(result.settings["levels"], known)
    names = list(steps)
    if level not in names or names.index(level) == 0:
        raise OptionError(
            f"level='{level}' is not compared with one before it in this result, whose levels "
            f"are {listed(names)}. Name both in levels=."
        )
    return steps[level], steps[names[names.index(level) - 1]]


def known_levels(design: Design) -> Mapping[str, tuple[str, ...]]:
    """Give the levels that there are for items of this kind."""
    return ORDINAL_LEVELS if isinstance(design, OrdinalDesign) else LEVELS


def candidates(
    design: Design, level: str, equal: Sequence[str], before: Sequence[str]
) -> list[str]:
    """Names of the parameters that a level may release."""
    if isinstance(design, OrdinalDesign):
        return design.measures.candidates(equal, before, design.released)
    kind = RELEASABLE[level]
    latent = set(design.factors)
    pairs = [(factor, item) for factor, own in design.factors.items() for item in own]
    if kind == "loadings":
        return [f"{factor}=~{item}" for factor, item in pairs]
    items = dict.fromkeys(item for _, item in pairs if item not in latent)
    return [f"{item}~1" if kind == "intercepts" else f"{item}~~{item}" for item in items]


def equality_tests(
    design: Design,
    fitted: StructuralModel,
    names: Sequence[str],
    equal: Sequence[str],
    released: Sequence[str],
    *,
    correction: str,
) -> pd.DataFrame:
    """Score tests of the equalities that remain."""
    if not isinstance(design, OrdinalDesign):
        return score_tests(design, fitted, names, correction=correction)
    left = [name for name in names if name not in released]
    return ordinal_score_tests(
        design, fitted, design.plan(equal, released), left, correction=correction
    )


def _known(wanted: Sequence[str], names: Sequence[str], level: str) -> list[str]:
    found = ["".join(name.split()) for name in wanted]
    for name in found:
        if name not in names:
            raise OptionError(
                f"release= names '{name}', which is none of what level='{level}' holds equal: "
                f"{listed(names)}.{near(name, names)}"
            )
    return list(dict.fromkeys(found))


def _leaves_enough(
    design: Design,
    level: str,
    equal: Sequence[str],
    released: Sequence[str],
    name: str,
    least: int,
) -> bool:
    """Whether each factor that an equality concerns keeps enough invariant items."""
    if isinstance(design, OrdinalDesign):
        return design.measures.leaves_enough(equal, released, name, least)
    if level == "strict":
        return True
    gone = set(released)
    for factor, own in design.factors.items():
        concerned = name in {f"{factor}=~{item}" for item in own} | {f"{item}~1" for item in own}
        kept = [
            item for item in own
            if f"{factor}=~{item}" not in gone and (level == "metric" or f"{item}~1" not in gone)
        ]  # fmt: skip
        if concerned and len(kept) < least:
            return False
    return True


def resume(result: PartialInvariance) -> InvarianceResult:
    """Go up the ladder with what was released free at every level."""
    before = result.ladder
    design: Any = before.design
    settings = before.settings
    kept = {key: settings[key] for key in ("model", "group", "wave") if key in settings}
    return climb(
        replace(design, released=result.released),
        ladder(settings["levels"], known_levels(design)),
        criteria=settings["criteria"],
        thresholds=before.criteria,
        min_size=settings["min_group_size"],
        conf_level=float(design.options["conf_level"]),
        settings=kept,
    )


def effects_of_ladder(
    result: InvarianceResult, anchors: Sequence[str] | None, conf_level: float | None
) -> BiasEffects:
    """Effect sizes with only anchors equal."""
    level = _level(result.design, conf_level)
    notes = Notes()
    fitted, chosen = anchored(result.design, anchors, notes)
    return bias_effects(result.design, fitted, chosen, conf_level=level, notes=notes)


def effects_of_partial(result: PartialInvariance, conf_level: float | None) -> BiasEffects:
    """Effect sizes of what was released."""
    design = result.ladder.design
    if result.level in ("thresholds", "metric"):
        raise OptionError(
            "Effect sizes need intercepts on one scale: use those of .partial('scalar'), or "
            ".effect_size() of the ladder, which ties the scales together by anchors."
        )
    gone = set(result.released)
    chosen = [
        item
        for factor, own in design.factors.items()
        for item in own
        if not gone & {f"{factor}=~{item}", f"{item}~1", *threshold_names(design, item)}
    ]
    level = _level(design, conf_level)
    return bias_effects(
        design, result.fit, tuple(dict.fromkeys(chosen)), conf_level=level, notes=Notes()
    )


def _level(design: Design, conf_level: float | None) -> float:
    return check_level(
        "conf_level", float(design.options["conf_level"]) if conf_level is None else conf_level
    )
