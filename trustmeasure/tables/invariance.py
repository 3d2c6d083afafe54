"""Tables of invariance: levels, what was released, sizes of bias, aligned means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from trustmeasure.invariance import (
    AlignmentResult,
    BiasEffects,
    InvarianceResult,
    PartialInvariance,
)
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row, sub
from trustmeasure.tables.numbers import (
    NOT_AVAILABLE,
    bounded,
    count,
    interval,
    level,
    number,
    p_value,
    percent,
)
from trustmeasure.tables.options import Options, build
from trustmeasure.tables.validity import left, lines
from trustmeasure.thresholds import load_thresholds

N, M, P, D, DF, SE = (italic(text) for text in ("n", "M", "p", "d", "df", "SE"))
CHISQ, D_MACS = rich("χ²"), italic("d") + sub("MACS")
NAMES = {
    "configural": "Configural",
    "thresholds": "Thresholds",
    "metric": "Metric",
    "scalar": "Scalar",
    "strict": "Strict",
    "lv_variances": "Latent variances",
    "lv_means": "Latent means",
}
KINDS = {"robust": "robust", "scaled": "scaled", "naive": ""}


def ladder_table(result: InvarianceResult, options: Options) -> Table:
    """Show each level with its fit and its changes; changes that exceed a criterion are bold."""
    if options.thresholds is load_thresholds():  # the user has named none for the table
        options = replace(options, thresholds=result.criteria)
    rows: list[Row] = []
    used: list[str] = []
    for name, line in lines(result.table):
        cells: list[str | Cell] = [
            NAMES[str(name)],
            f"{number(line['chisq'])} ({count(line['df'])})",
            bounded(line["cfi"], 3),
            f"{bounded(line['rmsea'], 3)} "
            + interval(line["rmsea_ci_lower"], line["rmsea_ci_upper"], digits=3),
            bounded(line["srmr"], 3),
            _statistic(line),
            p_value(line["pvalue_diff"]),
        ]
        met = []
        for index in ("cfi", "rmsea", "srmr"):
            value = line[f"delta_{index}"]
            good = None
            if (name, index) in result.verdicts.index:
                measure = str(result.verdicts.loc[(name, index), "measure"])
                used.append(measure)
                good = options.thresholds.verdict(measure, float(value)).meets
                met.append(bool(good))
            cells.append(Cell(bounded(value, 3), strong=good is False))
        cells.append(("yes" if all(met) else "no") if met else NOT_AVAILABLE)
        rows.append(row(*cells))
    measures = tuple(dict.fromkeys(used))
    columns = [
        left("Level"),
        Column(CHISQ + " (" + DF + ")"),
        Column(rich("CFI")),
        Column(rich("RMSEA [90% CI]")),
        Column(rich("SRMR")),
        Column(rich("Δ") + CHISQ + " (Δ" + DF + ")", spanner="Change"),
        Column(P, spanner="Change"),
        Column(rich("ΔCFI"), spanner="Change"),
        Column(rich("ΔRMSEA"), spanner="Change"),
        Column(rich("ΔSRMR"), spanner="Change"),
        left("Holds"),
    ]
    over = "groups" if result.design.kind == "group" else "waves"
    labels = ", ".join(result.settings["labels"])
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {over}: {labels}.",
        _estimation(result),
        _criteria(options, measures),
    ]
    if result.settings["released"]:
        notes.append(f"Free in all levels: {', '.join(result.settings['released'])}.")
    return build(options, "Measurement Invariance", columns, rows, notes, measures)


def _statistic(line: Any) -> str:
    if pd.isna(line["chisq_diff"]):
        return NOT_AVAILABLE
    return f"{number(line['chisq_diff'])} ({count(line['df_diff'])})"


def _estimation(result: InvarianceResult) -> str:
    estimator, kind = result.settings["estimator"], KINDS[result.settings["indices"]]
    if not kind:
        return f"Estimator {estimator}."
    adjusted = estimator in ("WLSMV", "ULSMV")
    differences = "Satorra’s (2000)" if adjusted else "Satorra and Bentler’s"
    return (
        f"Estimator {estimator}: scaled χ² with {differences} scaled differences; CFI and "
        f"RMSEA are the {kind} ones."
    )


def _criteria(options: Options, measures: tuple[str, ...]) -> str:
    """List the criteria with their sources, each once."""
    rules = [options.thresholds[name] for name in measures]
    found = dict.fromkeys(
        f"{rule.symbol} {rule.criterion}" + (" (loadings)" if "loadings" in rule.id else "")
        for rule in rules
    )
    sources = dict.fromkeys(s.short for rule in rules for s in rule.sources)
    if not found:
        return ""
    return f"Criteria: {', '.join(found)} ({'; '.join(sources)}). Bold: beyond the criterion."


def partial_table(result: PartialInvariance, options: Options) -> Table:
    """Show what was released, step by step, and how fit changed to the level before."""
    rows: list[Row] = []
    for step, line in lines(result.log):
        test = NOT_AVAILABLE
        if not pd.isna(line["score_chisq"]):
            test = f"{number(line['score_chisq'])} ({count(line['score_df'])})"
        rows.append(
            row(
                str(step),
                str(line["released"]) or "none",
                test,
                p_value(line["p_adjusted"]),
                _statistic(line),
                p_value(line["pvalue_diff"]),
                *(bounded(line[f"delta_{index}"], 3) for index in ("cfi", "rmsea", "srmr")),
                Cell("yes" if line["holds"] else "no", strong=not line["holds"]),
            )
        )
    columns = [
        left("Step"),
        left("Released"),
        Column(CHISQ + " (" + DF + ")", spanner="Score test"),
        Column(P, spanner="Score test"),
        Column(rich("Δ") + CHISQ + " (Δ" + DF + ")", spanner="Change to the level before"),
        Column(P, spanner="Change to the level before"),
        *(
            Column(rich(f"Δ{index}"), spanner="Change to the level before")
            for index in ("CFI", "RMSEA", "SRMR")
        ),
        left("Criterion met"),
    ]
    words = {"holm": "Holm", "bh": "Benjamini and Hochberg", "none": ""}
    corrected = words[result.settings["correction"]]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Level: {result.level}.",
        f"Ended because {result.stopped}.",
    ]
    if corrected and result.settings["release"] is None:
        notes.append(rich("Score tests’ ") + P + f" corrected after {corrected} at each step.")
    name = NAMES[result.level].removesuffix("s")  # of thresholds
    return build(options, f"Partial {name} Invariance", columns, rows, notes)


def effects_table(result: BiasEffects, options: Options) -> Table:
    """Show the bias of each item, and below of the mean of each factor's items."""
    kind = str(result.table.index.names[2])
    ordered = "threshold_difference" in result.table
    rows: list[Row] = []
    for factor in dict.fromkeys(result.table.index.get_level_values("factor")):
        rows.append(Row(group=str(factor)))
        for (item, label), line in lines(result.table.loc[factor]):
            if item in result.anchors:
                continue
            verdict = options.thresholds.verdict("dmacs", float(line["d_macs"]))
            own = [number(line["loading_difference"]), number(line["intercept_difference"])]
            if ordered:
                own.append(number(line["threshold_difference"]))
            rows.append(
                row(
                    str(item), str(label), *own, number(line["bias"]),
                    interval(line["bias_low"], line["bias_high"], unit=False),
                    number(line["d_signed"]), number(line["d_macs"]), verdict.word,
                )
            )  # fmt: skip
        for label, line in lines(result.scales.loc[factor]):
            rows.append(
                row(
                    "mean of items", str(label), *[""] * (3 if ordered else 2),
                    number(line["bias"]),
                    interval(line["bias_low"], line["bias_high"], unit=False), "", "",
                    f"of a difference of {number(line['expected'])}",
                )
            )  # fmt: skip
    confidence = f"{level(result.settings['conf_level'])} CI"
    columns = [
        left("Item"),
        left("Group" if kind == "group" else "Wave"),
        Column(rich("Δλ")),
        Column(rich("Δν")),
        *([Column(rich("Δτ"))] if ordered else []),
        Column(rich("Bias")),
        Column(rich(confidence)),
        Column(rich("signed ") + D),
        Column(D_MACS),
        left("Size"),
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Compared with {result.settings['reference']}; positive: "
        "higher answers at equal standing.",
        "Bias in points of the answer scale. Not shown, as equal by the model: "
        f"{', '.join(result.anchors)}" + (" (but for residual variances)." if ordered else "."),
        *(["Δτ: of the threshold that differs most."] if ordered else []),
        options.thresholds["dmacs"].explain() + ".",
    ]
    return build(options, "Effect Sizes of Non-Invariance", columns, rows, notes, ("dmacs",))


def of_factor(result: AlignmentResult, factor: str) -> pd.DataFrame:
    """Give the means of one factor, the highest first."""
    own = pd.DataFrame(result.means.xs(factor, level="factor"))
    return own.iloc[own["rank"].to_numpy().argsort(kind="stable")]


def alignment_table(result: AlignmentResult, options: Options) -> Table:
    """Show the aligned means, highest first, and R² of invariance of the items below."""
    rows: list[Row] = []
    for factor in dict.fromkeys(result.means.index.get_level_values("factor")):
        rows.append(Row(group=str(factor)))
        for label, line in lines(of_factor(result, str(factor))):
            rows.append(
                row(
                    str(label), count(line["n"]), number(line["mean"]), number(line["se"]),
                    interval(line["ci_low"], line["ci_high"], unit=False), p_value(line["pvalue"]),
                    number(line["variance"]),
                )
            )  # fmt: skip
    columns = [
        left("Group"),
        Column(N),
        Column(M),
        Column(SE),
        Column(rich(f"{level(result.settings['conf_level'])} CI")),
        Column(P),
        Column(rich("Variance")),
    ]
    worst = result.items["r_squared"]
    first = f" = {count(result.n)}. Reference: {result.settings['reference']} (variance 1); "
    notes: list[Rich | str] = [
        N + first + P + " of the difference to it.",
        f"{percent(result.noninvariant)} of loadings and intercepts differ from those that agree; "
        "means are thought safe to compare up to about 25% (Muthén & Asparouhov, 2014).",
    ]
    if worst.notna().any():
        _, item, kind = list(worst.index)[int(worst.argmin())]
        notes.append(
            f"R² of invariance from {bounded(worst.min())} ({kind} of {item}) to "
            f"{bounded(worst.max())}."
        )
    return build(options, "Aligned Latent Means", columns, rows, notes)
