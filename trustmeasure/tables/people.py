"""Tables of scores, missing answers, and teams."""

from __future__ import annotations

from typing import Any

import pandas as pd

from trustmeasure.agreement import AggregateResult, AgreementResult, GroupICCResult
from trustmeasure.instruments import Instrument
from trustmeasure.quality import MissingnessResult
from trustmeasure.scoring import Scores
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row, sub
from trustmeasure.tables.numbers import (
    NOT_AVAILABLE,
    bounded,
    count,
    interval,
    level,
    number,
    p_statement,
    percent,
)
from trustmeasure.tables.options import Options, build, item_cells, of_scale, one_of, scale_titles

N, M, SD, P = italic("n"), italic("M"), italic("SD"), italic("p")
HIDDEN = "not shown"


def scores_table(result: Scores, options: Options) -> Table:
    """Describe the scores of each scale; no person is shown."""
    titles = scale_titles(result.scale_ids, result, options)
    rows = []
    for scale, values in result.describe().iterrows():
        low, high = scale_range(result, str(scale))
        rows.append(
            row(
                titles[scale],
                count(len(result.instrument.scale(str(scale)).items)),
                f"{low:g}–{high:g}",
                count(values["n"]),
                *(number(values[name]) for name in ("mean", "sd", "min", "median", "max")),
                *(count(values[name]) for name in ("prorated", "too_few", "unanswered")),
            )
        )
    headings = (
        "Items", "Range", N, M, SD, "Min", italic("Mdn"), "Max", "Prorated", "Too few answers",
        "Not answered",
    )  # fmt: skip
    columns = [Column(rich("Scale"), "left"), *(Column(rich(heading)) for heading in headings)]
    notes: list[Rich | str] = [
        "Range = lowest and highest possible score. Prorated = persons scored although an answer "
        "was missing; too few answers = persons without a score for that reason; not answered = "
        "persons without any answer to the scale.",
        f"Persons in all: {count(result.n)}.",
        "Simulated data: no person gave these answers." if result.simulated else "",
    ]
    title = f"Scale Scores: {result.instrument.name}"
    return build(options, title, columns, rows, notes)


def scale_range(scores: Scores, scale: str) -> tuple[float, float]:
    """Give the lowest and the highest possible score of a scale, as it was scored."""
    known = scores.instrument.scale(scale)
    method = scores.settings.get("method", {}).get(scale, known.method)
    return possible_range(scores.instrument, scale, method)


def possible_range(instrument: Instrument, scale: str, method: str) -> tuple[float, float]:
    """Give the lowest and the highest score that a scale can have by a method of scoring."""
    if method == "pomp":
        return 0.0, 100.0
    limits = []
    for name in instrument.scale(scale).items:
        mapped = instrument.item(name).score_map
        limits.append(
            (min(mapped.values()), max(mapped.values()))
            if mapped
            else instrument.response_range(name)
        )
    # Scores are means (or means times items), of items that share a range before mapping.
    low = sum(limit[0] for limit in limits)
    high = sum(limit[1] for limit in limits)
    return (low, high) if method == "sum" else (low / len(limits), high / len(limits))


def missing_table(result: MissingnessResult, options: Options) -> Table:
    """Show missing answers: of each scale, or of each item where there is one scale."""
    if options.scale is not None or len(result.scales) == 1:
        scale = one_of(options.scale or result.scales.index[0], result.scales.index)
        return _missing_items(result, scale, options)
    titles = scale_titles(result.scales.index, None, options)
    rows = [
        row(
            titles[scale],
            *(count(values[name]) for name in ("n_items", "complete", "partial", "unanswered")),
            percent(values["missing_share"], 1),
        )
        for scale, values in result.scales.iterrows()
    ]
    headings = ("Items", "Complete", "In part", "Not answered", "% skipped")
    columns = [Column(rich("Scale"), "left"), *(Column(rich(heading)) for heading in headings)]
    notes: list[Rich | str] = [
        "Complete, in part and not answered = persons who answered all, some and none of the "
        "items. Those who answered none often were not asked, so they are counted by themselves; "
        "% skipped = share of answers missing among all others.",
        f"Persons in all: {count(result.n)}.",
    ]
    return build(options, "Missing Answers", columns, rows, notes)


def _missing_items(result: MissingnessResult, scale: str, options: Options) -> Table:
    items = result.items.loc[scale]
    leading = item_cells(items.index, None, options)
    rows = []
    for item, counts in items.iterrows():
        asked = counts["answered"] + counts["skipped"]
        share = counts["skipped"] / asked if asked else float("nan")
        rows.append(
            row(
                *leading.cells[str(item)],
                *(count(counts[name]) for name in ("answered", "skipped")),
                percent(share, 1),
            )
        )
    headings = ("Answered", "Skipped", "% skipped")
    columns = [*leading.columns, *(Column(rich(heading)) for heading in headings)]
    whole = result.scales.loc[scale]
    notes: list[Rich | str] = [
        f"Of {count(result.n)} persons, {count(whole['complete'])} answered all items, "
        f"{count(whole['partial'])} some and {count(whole['unanswered'])} none. Those who answered "
        "none are not counted as having skipped items, because often they were not asked.",
        *leading.notes,
    ]
    title = f"Missing Answers: {scale_titles([scale], None, options)[scale]}"
    return build(options, title, columns, rows, notes)


def teams_table(result: AggregateResult, options: Options) -> Table:
    """Show team means; of a hidden team nothing but its name."""
    scales = list(dict.fromkeys(result.table["scale"]))
    if options.scale is not None:
        scales = [one_of(options.scale, scales)]
    titles = scale_titles(scales, result, options)
    rows: list[Row] = []
    for scale in scales:
        part = result.table[result.table["scale"] == scale]
        if len(scales) > 1:
            rows.append(Row(group=titles[scale]))
        rows += [
            _team_row(str(team), values, bool(values["suppressed"]) or team in options.hide)
            for team, values in part.iterrows()
        ]
        whole = result.overall.loc[scale]
        rows.append(_team_row("All together", whole, bool(whole["withheld"]), rule=True))
    cluster = str(result.settings.get("cluster") or "Team")
    limits = f"{level(result.settings.get('conf_level'))} CI"
    columns = [
        Column(rich(cluster[:1].upper() + cluster[1:]), "left"),
        *(Column(heading) for heading in (N, M, SD, rich(limits))),
    ]
    least = result.settings.get("min_cluster_size")
    notes: list[Rich | str] = ["CI = confidence interval of the mean."]
    if result.table["suppressed"].any() or result.overall["withheld"].any() or options.hide:
        notes.append(
            f"To protect their members, teams with fewer than {least} answers, and whatever would "
            "give these away, are not shown."
        )
    title = "Team Results" + (f": {titles[scales[0]]}" if len(scales) == 1 else "")
    return build(options, title, columns, rows, notes)


def _team_row(name: str, values: pd.Series[Any], hidden: bool, *, rule: bool = False) -> Row:
    if hidden:
        blank = Cell(NOT_AVAILABLE, muted=True)
        return row(name, blank, blank, blank, Cell(HIDDEN, muted=True), rule=rule)
    return row(
        name,
        count(values["n"]),
        number(values["mean"]),
        number(values["sd"]),
        interval(values["ci_low"], values["ci_high"], unit=False),
        rule=rule,
    )


def icc_table(result: GroupICCResult, options: Options) -> Table:
    """Show ICC(1) and ICC(2) with their limits."""
    limits = f"{level(result.settings.get('conf_level'))} CI"
    columns = [
        Column(rich("Coefficient"), "left"),
        Column(rich("Estimate")),
        Column(rich(limits)),
        Column(rich("Verdict"), "left"),
    ]
    pairs: list[tuple[str, str, float, tuple[float, float]]] = [
        ("ICC(1)", "icc1", result.icc1, result.icc1_ci),
        ("ICC(2)", "icc2", result.icc2, result.icc2_ci),
    ]
    rows = [
        row(
            name,
            number(value) if abs(value) > 1 else bounded(value),
            interval(*ci),
            options.thresholds.verdict(measure, value).word,
        )
        for name, measure, value, ci in pairs
    ]
    notes: list[Rich | str] = [
        f"{count(result.n)} persons in {count(result.n_clusters)} groups of "
        f"{number(result.mean_cluster_size, 1)} on average.",
        italic("F")
        + f"({count(result.df1)}, {count(result.df2)}) = {number(result.f)}, "
        + P
        + p_statement(result.pvalue)
        + ".",
        "ICC(1) = share of variance between groups; ICC(2) = reliability of the group means.",
        options.thresholds["icc1"].explain() + "; " + options.thresholds["icc2"].explain() + ".",
    ]
    value = result.settings.get("value")
    title = "Intraclass Correlations of Groups" + (
        f": {scale_titles([value], result, options)[value]}" if value else ""
    )
    return build(options, title, columns, rows, notes, ("icc1", "icc2"))


def agreement_table(result: AgreementResult, options: Options) -> Table:
    """Show agreement within each team, and its distribution over teams."""
    index = str(result.table.columns[-1])
    symbol = italic("r") + sub("WG(J)" if index == "rwg_j" else "WG")
    rows = [
        row(str(team), blank := Cell(NOT_AVAILABLE, muted=True), blank, Cell(HIDDEN, muted=True))
        if team in options.hide
        else row(
            str(team),
            count(values["n"]),
            bounded(values[index]),
            options.thresholds.verdict("rwg", values[index]).word,
        )
        for team, values in result.table.iterrows()
    ]
    for name, value in (("Mean", result.mean), ("Median", result.median)):
        word = options.thresholds.verdict("rwg", value).word
        rows.append(row(name, "", bounded(value), word, rule=name == "Mean"))
    cluster = str(result.settings.get("cluster") or "Group")
    columns = [
        Column(rich(cluster[:1].upper() + cluster[1:]), "left"),
        Column(N),
        Column(symbol),
        Column(rich("Agreement"), "left"),
    ]
    null = result.settings.get("null")
    notes: list[Rich | str] = [
        f"{percent(result.share_above)} of {count(result.n_clusters)} groups are at or above "
        f"{bounded(result.cutoff)}. Null variance {number(result.null_variance)}"
        + (f" ({str(null).replace('_', ' ')} null)." if null else "."),
        options.thresholds["rwg"].explain() + ".",
        "Small groups are not shown, to protect their members." if options.hide else "",
    ]
    title = f"Agreement Within Groups{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("rwg",))
