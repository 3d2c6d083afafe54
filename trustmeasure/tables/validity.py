"""Tables of what scores mean: discriminant validity, known groups, criteria."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    is_missing,
    level,
    number,
    p_value,
)
from trustmeasure.tables.options import Options, build, scale_titles, verdict_note
from trustmeasure.validity import (
    ConvergentValidityResult,
    CriterionValidityResult,
    DisattenuatedCorrelation,
    HeterotraitRatios,
    KnownGroupsResult,
)

N, M, SD, R, P, F = (italic(letter) for letter in ("n", "M", "SD", "r", "p", "F"))
G, RHO = italic("g"), rich("ρ")


def lines(frame: Any) -> Iterator[tuple[Any, Any]]:
    """Go through the rows of a DataFrame, whatever its index."""
    yield from frame.iterrows()


def left(heading: str) -> Column:
    """Head a column of text."""
    return Column(rich(heading), "left")


def heterotrait_table(result: HeterotraitRatios, options: Options) -> Table:
    """Show the ratio of each pair of scales with both intervals, and what it amounts to."""
    titles = scale_titles(result.index, result, options)
    name = "HTMT2" if result.settings["method"] == "htmt2" else "HTMT"
    rule = options.thresholds["htmt"]
    with_interval = result.settings["ci"] is not None
    rows = []
    for (first, second), values in lines(result.pairs):
        verdict = options.thresholds.verdict("htmt", float(values["estimate"]))
        cells: list[str | Cell] = [
            titles[first],
            titles[second],
            Cell(bounded(values["estimate"]), strong=verdict.meets is False),
        ]
        if with_interval:
            cells.append(interval(values["ci_low"], values["ci_high"]))
            cells.append(interval(values["bca_low"], values["bca_high"]))
        rows.append(row(*cells, verdict.word))
    confidence = f"{level(result.settings['conf_level'])} CI"
    columns = [left("Scale"), left("Other scale"), Column(rich(name))]
    if with_interval:
        columns += [
            Column(rich("percentile"), spanner=confidence),
            Column(rich("BCa"), spanner=confidence),
        ]
    kind = "polychoric" if result.settings["correlation"] == "polychoric" else "Pearson"
    means = "geometric" if name == "HTMT2" else "arithmetic"
    notes: list[Rich | str] = [
        f"{name} = heterotrait–monotrait ratio of absolute {kind} correlations, {means} means; ",
        N + f" = {count(result.n)}.",
    ]
    joined = [rich(notes[0]) + notes[1], rich(rule.explain() + "; bold: not below it.")]
    if with_interval:
        joined.append(
            rich(
                f"Intervals from {count(result.settings['n_boot'])} bootstrap replicates. The "
                "verdict is on the estimate; an interval that reaches the cut-off leaves it open."
            )
        )
    return build(
        options,
        "Heterotrait–Monotrait Ratios of Correlations",
        [*columns, left("Scales are")],
        rows,
        joined,
        ("htmt",),
    )


def convergent_table(result: ConvergentValidityResult, options: Options) -> Table:
    """Show reliability and variance extracted of each factor with limits, and loadings below."""
    omega, ave = options.thresholds["omega"], options.thresholds["ave"]
    confidence = f"{level(result.settings['conf_level'])} CI"
    rows: list[Row] = []
    for key, values in lines(result.table):
        where = key if isinstance(key, tuple) else (key,)
        rows.append(Row(group=", ".join(map(str, reversed(where)))))
        cells: list[str | Cell] = [f"{count(values['n_items'])} items", "", ""]
        for rule, name in ((omega, "omega"), (ave, "ave")):
            meets = options.thresholds.verdict(rule.id, float(values[name])).meets
            cells.append(Cell(bounded(values[name]), strong=meets is False))
            cells.append(interval(values[f"{name}_low"], values[f"{name}_high"]))
        rows.append(row(*cells))
        for item, line in lines(result.loadings.xs(where, level=tuple(range(len(where))))):
            limits = interval(line["ci_low"], line["ci_high"])
            rows.append(row(str(item), bounded(line["loading"]), limits, *[""] * 4))
    columns = [
        left("Item"), Column(rich("λ")), Column(rich(confidence)), Column(rich("ω")),
        Column(rich(confidence)), Column(rich("AVE")), Column(rich(confidence)),
    ]  # fmt: skip
    kind = "of the sum of ordered answers" if result.settings["ordered"] else "of the sum of items"
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {result.settings['estimator']}. λ: standardised loading; ω: "
        f"reliability {kind}; AVE: average variance extracted. Limits by the delta method.",
        rich(omega.explain() + "; " + ave.explain() + "; bold: below."),
    ]
    return build(
        options, "Convergent Validity", columns, rows, [*notes, *result.warnings], ("omega", "ave")
    )


def known_groups_table(result: KnownGroupsResult, options: Options) -> Table:
    """Show groups below their scale, and contrasts below the groups."""
    titles = scale_titles(result.tests.index, result, options)
    expected = result.settings["expected"] is not None
    rows: list[Row] = []
    for scale, test in lines(result.tests):
        rows.append(Row(group=_test_line(titles[scale], test)))
        for group, values in lines(result.groups.loc[scale]):
            cells = [count(values["n"]), number(values["mean"]), number(values["sd"])]
            rows.append(row(str(group), *cells, *[""] * (4 + expected)))
        for (first, second), values in lines(result.contrasts.loc[scale]):
            cells = [
                number(values["difference"]),
                interval(values["ci_low"], values["ci_high"], unit=False),
                f"{number(values['g'])} {interval(values['g_low'], values['g_high'], unit=False)}",
                p_value(values["p_holm"]),
            ]
            if expected:
                cells.append("yes" if values["as_expected"] else "no")
            rows.append(row(f"{second} − {first}", "", "", "", *cells))
    confidence = f"{level(result.settings['conf_level'])} CI"
    columns = [
        left("Group or contrast"),
        *(Column(heading) for heading in (N, M, SD)),
        Column(rich("Difference")),
        Column(rich(confidence)),
        Column(G + f" [{confidence}]"),
        Column(P),
    ]
    if expected:
        columns.append(Column(rich("As expected"), "center"))
    notes: list[Rich | str] = [
        "Welch’s tests; " + P + " adjusted for the number of contrasts (Holm). " + G
        + " = Hedges’ standardised difference, its interval from the noncentral t distribution. "
        "ω² = share of variance between groups.",
    ]  # fmt: skip
    if expected:
        met = int(result.contrasts["as_expected"].sum())
        notes.append(
            f"{met} of {len(result.contrasts)} differences go in the expected direction, whatever "
            "their size:"
        )
        notes.append(verdict_note(options, "hypotheses", result.share_as_expected))
    by = result.settings["by"]
    measures = ("hypotheses",) if expected else ()
    return build(options, f"Scale Scores by {by}", columns, rows, notes, measures)


def _test_line(title: str, test: Any) -> str:
    p = p_value(test["p_holm"])
    p = f"p {p}" if p.startswith("<") else f"p = {p}"
    return (
        f"{title}: F({count(test['df1'])}, {number(test['df2'], 1)}) = {number(test['f'])}, {p}; "
        f"ω² = {bounded(test['omega2'])}"
    )


def criterion_table(result: CriterionValidityResult, options: Options) -> Table:
    """Show a row a scale: correlation, corrected, and what it adds or how it separates."""
    titles = scale_titles(result.correlations.index, result, options)
    confidence = f"{level(result.settings['conf_level'])} CI"
    corrected = bool(result.correlations["corrected"].notna().any())
    columns = [
        left("Scale"),
        *(Column(heading) for heading in (N, R, rich(confidence), P, RHO)),
    ]
    if corrected:
        columns += [
            Column(R, spanner="Corrected for unreliability"),
            Column(rich(confidence), spanner="Corrected for unreliability"),
        ]
    if result.incremental is not None:
        columns += [
            Column(rich("Δ") + italic("R") + "²", spanner="Beyond covariates"),
            Column(rich(confidence), spanner="Beyond covariates"),
            Column(P, spanner="Beyond covariates"),
        ]
    if result.discrimination is not None:
        columns += [Column(rich("AUC")), Column(rich(f"{confidence} "))]
    rows = []
    for scale, values in lines(result.correlations):
        cells = [
            titles[scale],
            count(values["n"]),
            bounded(values["r"]),
            interval(values["ci_low"], values["ci_high"]),
            p_value(values["p_holm"]),
            bounded(values["rho"]),
        ]
        if corrected:
            cells.append(bounded(values["corrected"]))
            cells.append(interval(values["corrected_low"], values["corrected_high"]))
        if result.incremental is not None:
            more: Any = result.incremental.loc[scale]
            cells.append(bounded(more["delta_r2"]))
            cells += [interval(more["ci_low"], more["ci_high"]), p_value(more["p_holm"])]
        if result.discrimination is not None:
            area: Any = result.discrimination.loc[scale]
            cells += [bounded(area["auc"]), interval(area["ci_low"], area["ci_high"])]
        rows.append(row(*cells))
    return build(
        options,
        f"Scale Scores and {result.settings['criterion']}",
        columns,
        rows,
        _criterion_notes(result.settings, corrected, result),
    )


def _criterion_notes(
    settings: Mapping[str, Any], corrected: bool, result: CriterionValidityResult
) -> list[Rich | str]:
    how = "Fisher’s z" if settings["ci"] == "fisher" else "bootstrap percentiles"
    notes: list[Rich | str] = [
        R + f" = Pearson, ρ = Spearman; intervals by {how}; " + P + " adjusted (Holm)."
    ]
    if corrected:
        other = settings["criterion_reliability"]
        beside = "" if other == 1 else f" and the criterion’s ({bounded(other)})"
        taken = "taken as known" if settings["ci"] == "fisher" else "estimated in each replicate"
        notes.append(
            f"Corrected = divided by the root of the scale’s reliability{beside}, {taken}: what "
            "the constructs share, not what scores predict."
        )
    if result.incremental is not None:
        notes.append(f"Covariates: {', '.join(settings['covariates'])}.")
    if result.discrimination is not None:
        notes.append("AUC = area under the ROC curve, interval by DeLong et al. (1988).")
    return notes


def corrected_table(result: DisattenuatedCorrelation, options: Options) -> Table:
    """Show the observed correlation, both reliabilities, and the corrected correlation."""
    settings = result.settings
    columns = [
        Column(R),
        Column(rich("Reliability of ") + italic("x")),
        Column(rich("Reliability of ") + italic("y")),
        Column(rich("Corrected ") + R),
        Column(rich(f"{level(settings['conf_level'])} CI")),
    ]
    cells = [
        bounded(result.r),
        bounded(settings["reliability_x"]),
        bounded(settings["reliability_y"]),
        bounded(result.estimate),
        interval(result.ci_low, result.ci_high),
    ]
    notes: list[Rich | str] = ["The interval takes the reliabilities as known."]
    if is_missing(result.ci_low) or not np.isfinite(result.ci_low):
        notes = []
    return build(options, "Correlation Corrected for Attenuation", columns, [row(*cells)], notes)
