"""Tables of lower bounds, raters, retest and groups."""

from __future__ import annotations

from typing import Any

from trustmeasure.reliability import (
    AlphaBoundsResult,
    ConditionalErrorResult,
    GlbResult,
    LambdasResult,
    MeasurementErrorResult,
    RaterICCResult,
    ReliabilityByResult,
    ReliabilityTableResult,
    RetestResult,
    SplitHalfResult,
)
from trustmeasure.tables.model import Cell, Column, Rich, Table, italic, rich, row
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    is_missing,
    level,
    number,
    p_statement,
    p_value,
)
from trustmeasure.tables.options import (
    Options,
    build,
    item_cells,
    of_scale,
)
from trustmeasure.tables.scale_reliability import reliability_table_table

N, M, SD, F, P, R = (italic(letter) for letter in ("n", "M", "SD", "F", "p", "r"))


def lambdas_table(result: LambdasResult, options: Options) -> Table:
    """Show Guttman's six bounds."""
    frame = result.to_frame()
    with_limits = "ci_low" in frame.columns
    rows = [
        row(
            f"λ{str(name)[-1]}",
            bounded(values["estimate"]),
            *([interval(values["ci_low"], values["ci_high"])] if with_limits else []),
        )
        for name, values in frame.iterrows()
    ]
    columns = [Column(rich("Bound"), "left"), Column(rich("Estimate"))]
    if with_limits:
        columns.append(Column(rich(f"{level(result.settings.get('conf_level'))} CI")))
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {result.n_items} items. λ3 is α; λ4 is the largest of "
        f"{count(result.n_splits)} split halves ({'all' if result.exhaustive else 'a sample'}).",
        "Of standardised items." if result.settings.get("standardized") else "",
    ]
    title = f"Guttman’s Lower Bounds to Reliability{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


def split_half_table(result: SplitHalfResult, options: Options) -> Table:
    """Show the best and the worst split, with the mean of all."""
    rows = [
        row(
            {"max": "Largest", "min": "Smallest"}[str(name)],
            bounded(values["reliability"]),
            *_split_limits(result, str(name)),
            ", ".join(values["half_a"]),
            ", ".join(values["half_b"]),
        )
        for name, values in result.halves.iterrows()
    ]
    mean = bounded(result.mean), *_split_limits(result, "mean")
    rows.append(row("Mean", *mean, "", "", rule=True))
    columns = [
        Column(rich("Split"), "left"),
        Column(R),
        *(Column(rich(f"{level(result.settings['conf_level'])} CI")) for _ in mean[1:]),
        Column(rich("First half"), "left"),
        Column(rich("Second half"), "left"),
    ]
    which = "all" if result.exhaustive else "a random sample of the"
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {count(result.n_splits)} splits, {which} splits of "
        f"{result.n_items} items; 95% of them between {bounded(result.quantiles[0.025])} and "
        f"{bounded(result.quantiles[0.975])}.",
        R + " = 4 × covariance of the halves over the variance of their sum.",
    ]
    title = f"Split-Half Reliability{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


def _split_limits(result: SplitHalfResult, name: str) -> list[str]:
    """Give the cell of an interval, where there are intervals."""
    if result.intervals is None:
        return []
    low, high = result.intervals.loc[name, ["ci_low", "ci_high"]]
    return [interval(low, high)]


def glb_table(result: GlbResult, options: Options) -> Table:
    """Show how the bound divides each item's variance."""
    leading = item_cells(result.items.index, result, options)
    rows = [
        row(
            *leading.cells[str(name)],
            *(number(values[column]) for column in ("variance", "common", "error")),
        )
        for name, values in result.items.iterrows()
    ]
    columns = [
        *leading.columns,
        *(Column(rich(heading)) for heading in ("Variance", "Common", "Error")),
    ]
    limits = ""
    if not is_missing(result.ci_low):
        conf = level(result.settings["conf_level"])
        limits = f", {conf} CI {interval(result.ci_low, result.ci_high)}"
    notes: list[Rich | str] = [
        rich(f"Greatest lower bound = {bounded(result.estimate)}{limits}, ")
        + N
        + f" = {count(result.n)}.",
        *(rich(message) for message in result.warnings if "biased" in message),
        *leading.notes,
    ]
    title = f"Greatest Lower Bound to Reliability{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


def missing_answers_table(result: AlphaBoundsResult, options: Options) -> Table:
    """Show alpha under each treatment of missing answers."""
    words = {
        "listwise": "Persons with all answers",
        "pairwise": "Pairwise covariances",
        "fiml": "Full-information maximum likelihood",
    }
    rows = [
        row(
            words[str(name)],
            count(values["n"]),
            bounded(values["alpha"]),
            interval(values["ci_low"], values["ci_high"]),
        )
        for name, values in result.table.iterrows()
    ]
    limits = f"{level(result.settings.get('conf_level'))} CI"
    columns = [
        Column(rich("Treatment"), "left"),
        *(Column(heading) for heading in (N, rich("α"), rich(limits))),
    ]
    notes: list[Rich | str] = [
        f"{number(100 * result.missing_share, 1)}% of the answers are missing. Had they been "
        f"given, α could lie anywhere between {bounded(result.lowest)} and "
        f"{bounded(result.highest)}.",
    ]
    title = f"Coefficient Alpha Under Missing Answers{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("alpha",))


def rater_icc_table(result: RaterICCResult, options: Options) -> Table:
    """Show the six coefficients of raters."""
    rows = [
        row(
            str(name),
            str(values["label"]),
            bounded(values["icc"]),
            interval(values["ci_low"], values["ci_high"]),
            number(values["F"]),
            f"{count(values['df1'])}, {count(values['df2'])}",
            p_value(values["pvalue"]),
        )
        for name, values in result.table.iterrows()
    ]
    limits = f"{level(result.settings.get('conf_level'))} CI"
    columns = [
        Column(rich("Form"), "left"),
        Column(rich("Label"), "left"),
        *(Column(h) for h in (rich("ICC"), rich(limits), F, italic("df"), P)),
    ]
    gaps = (
        f"{count(result.n_missing)} ratings are missing; variances by restricted maximum "
        "likelihood."
        if result.n_missing
        else ""
    )
    notes: list[Rich | str] = [
        f"{count(result.n_targets)} targets, {count(result.n_raters)} raters. Forms after Shrout "
        "and Fleiss, labels after McGraw and Wong: A = absolute agreement, C = consistency, 1 = "
        "one rater, k = the mean of all.",
        gaps,
    ]
    return build(options, "Intraclass Correlations of Raters", columns, rows, notes)


_RETEST = {
    "icc_agreement": "ICC(A,1), absolute agreement",
    "icc_consistency": "ICC(C,1), consistency",
    "pearson": "Pearson correlation",
    "bias": "Mean difference (after − before)",
    "loa_low": "Lower limit of agreement",
    "loa_high": "Upper limit of agreement",
}


def retest_table(result: RetestResult, options: Options) -> Table:
    """Show coefficients, bias, limits of agreement, and errors."""
    rows = []
    for name, values in result.table.iterrows():
        unit = name in ("icc_agreement", "icc_consistency", "pearson")
        write = bounded if unit else number
        limits = interval(values["ci_low"], values["ci_high"], unit=unit)
        rows.append(row(_RETEST[str(name)], write(values["estimate"]), limits))
    rows.append(row("Standard error of measurement", number(result.sem), "", rule=True))
    rows.append(row("Smallest detectable change", number(result.sdc), ""))
    columns = [
        Column(rich("Measure"), "left"),
        Column(rich("Estimate")),
        Column(rich(f"{level(result.settings.get('conf_level'))} CI")),
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. The errors count a change of the mean; without it they are "
        f"{number(result.sem_consistency)} and {number(result.sdc_consistency)}. Limits of "
        f"agreement hold {level(result.settings.get('coverage'))} of the differences.",
    ]
    title = f"Test–Retest Reliability{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


def groups_table(result: ReliabilityByResult, options: Options) -> Table:
    """Show alpha and omega of each group, with the test of equal alphas in the note."""
    rows = [
        row(
            str(name),
            count(values["n"]),
            bounded(values["alpha"]),
            interval(values["ci_low"], values["ci_high"]),
            bounded(values["omega"]),
            interval(values["omega_ci_low"], values["omega_ci_high"]),
        )
        for name, values in result.table.iterrows()
    ]
    limits = f"{level(result.settings.get('conf_level'))} CI"
    columns = [
        Column(rich(str(result.table.index.name)), "left"),
        *(Column(heading) for heading in (N, rich("α"), rich(limits), rich("ω"), rich(limits))),
    ]
    test: Rich | str = ""
    if not is_missing(result.chisq):
        source = {
            "hakstian_whalen": "Hakstian & Whalen, 1976",
            "feldt_woodruff_salih": "Feldt, Woodruff & Salih, 1987",
        }[result.test]
        test = (
            rich(f"Equality of alphas ({source}): χ²({result.df}) = {number(result.chisq)}, ")
            + P
            + p_statement(result.pvalue)
            + "."
        )
    title = f"Reliability by Group{of_scale(result, options)}"
    return build(options, title, columns, rows, [test], ("alpha", "omega"))


def error_table(result: MeasurementErrorResult, options: Options) -> Table:
    """Show the standard error of measurement and what follows from it."""
    conf = level(result.settings.get("conf_level"))
    limits = interval(result.sem_ci_low, result.sem_ci_high, unit=False)
    rows = [
        row("Standard error of measurement", number(result.sem), limits),
        row("Smallest detectable change", number(result.sdc), ""),
        row(f"Half width of the {conf} interval of a score", number(result.ci_half_width), ""),
    ]
    columns = [
        Column(rich("Measure"), "left"), Column(rich("Value")), Column(rich(f"{conf} CI")),
    ]  # fmt: skip
    notes: list[Rich | str] = [
        SD + f" = {number(result.sd)}, reliability = {bounded(result.reliability)}.",
    ]
    title = f"Error of Measurement{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


def conditional_table(result: ConditionalErrorResult, options: Options) -> Table:
    """Show the error at each score."""
    rows = [
        row(
            f"{float(str(score)):g}",
            count(values["n"]),
            number(values["sem"]),
            number(values["sem_smooth"]),
        )
        for score, values in result.table.iterrows()
    ]
    rows.append(row(Cell("All"), count(result.n), number(result.overall), "", rule=True))
    columns = [
        Column(rich("Score")),
        *(Column(heading) for heading in (N, rich("SEM"), rich("SEM, smoothed"))),
    ]
    source = {"difference": "Feldt & Qualls, 1996", "multinomial": "Lee, 2007"}
    notes: list[Rich | str] = [
        "SEM = standard error of measurement of persons with the score "
        f"({source[str(result.settings.get('method'))]}); smoothed by a polynomial of degree "
        f"{result.settings.get('degree')} in the score.",
    ]
    title = f"Error of Measurement at Each Score{of_scale(result, options)}"
    return build(options, title, columns, rows, notes)


BUILDERS: dict[type, tuple[str, Any]] = {
    ReliabilityTableResult: ("reliability_table", reliability_table_table),
    ReliabilityByResult: ("reliability_by", groups_table),
    LambdasResult: ("guttman_lambdas", lambdas_table),
    SplitHalfResult: ("split_half", split_half_table),
    GlbResult: ("glb", glb_table),
    AlphaBoundsResult: ("alpha_bounds", missing_answers_table),
    RaterICCResult: ("rater_icc", rater_icc_table),
    RetestResult: ("test_retest", retest_table),
    MeasurementErrorResult: ("measurement_error", error_table),
    ConditionalErrorResult: ("conditional_sem", conditional_table),
}
