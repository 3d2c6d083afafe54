"""Tables of method variance and of relations that may turn round."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row, sub
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    level,
    number,
    p_statement,
    p_value,
    percent,
)
from trustmeasure.tables.options import Options, build, scale_titles
from trustmeasure.tables.validity import lines
from trustmeasure.validity import (
    CurvilinearResult,
    MarkerResult,
    MultitraitResult,
    SingleFactorResult,
)

N, R, P, T = (italic(letter) for letter in ("n", "r", "p", "t"))


def multitrait_table(result: MultitraitResult, options: Options) -> Table:
    """Show the lower triangle, blocks by method, with the four comparisons below."""
    keys = list(result.matrix.index)
    values = result.matrix.to_numpy(dtype=float)
    rows: list[Row] = []
    last = None
    for i, (method, trait) in enumerate(keys):
        if method != last:
            rows.append(Row(group=str(method)))
            last = method
        cells: list[str | Cell] = [str(trait)]
        for j, (other_method, other_trait) in enumerate(keys):
            if j > i:
                cells.append("")
            elif j == i:
                cells.append("" if np.isnan(values[i, i]) else f"({bounded(values[i, i])})")
            else:
                valid = trait == other_trait and method != other_method
                cells.append(Cell(bounded(values[i, j]), strong=valid))
        rows.append(row(*cells))
    columns = [Column(rich("Trait"), "left")]
    columns += [Column(rich(str(trait)), spanner=str(method)) for method, trait in keys]
    counts = "; ".join(
        f"({k}) {line['question'][0].lower()}{line['question'][1:]}: {line['n_met']} of {line['n']}"
        for k, line in lines(result.comparisons)
        if line["n_met"] or line["n"]
    )
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Reliabilities in parentheses; bold: the same trait by another "
        "method (validity values).",
        f"Campbell and Fiske’s (1959) comparisons that hold: {counts}.",
    ]
    if not np.isnan(result.concordance):
        notes.append(f"Kendall’s W of the blocks’ orders = {bounded(result.concordance)}.")
    return build(options, "Multitrait–Multimethod Matrix", columns, rows, notes)


def marker_table(result: MarkerResult, options: Options) -> Table:
    """Show each correlation as observed, adjusted, and at the marker's upper limits."""
    settings = result.settings
    titles = scale_titles(settings["variables"], result, options)
    columns = [
        Column(rich("Variables"), "left"),
        Column(R),
        Column(P),
        Column(R, spanner="Adjusted"),
        Column(P, spanner="Adjusted"),
    ]
    columns += [Column(R, spanner=f"Upper limit, {level(value)}") for value in settings["levels"]]
    columns.append(Column(rich("Loses at ") + R + sub("M")))
    alpha = 1 - settings["conf_level"]
    rows = []
    adjusted = result.sensitivity["adjusted"].to_dict()
    limits = result.sensitivity["adjusted_p"].to_dict()
    for (first, second), values in lines(result.pairs):
        cells: list[str | Cell] = [
            f"{titles[first]} – {titles[second]}",
            bounded(values["r"]),
            p_value(values["pvalue"]),
            bounded(values["adjusted"]),
            p_value(values["adjusted_p"]),
        ]
        for value in settings["levels"]:
            place = (first, second, value)
            lost = values["pvalue"] < alpha and not _kept(
                values["r"], adjusted[place], limits[place], alpha
            )
            cells.append(Cell(bounded(adjusted[place]), strong=bool(lost)))
        rows.append(row(*cells, bounded(values["loses_at"])))
    significant = result.pairs[result.pairs["pvalue"] < alpha]
    kept = sum(
        _kept(line["r"], line["adjusted"], line["adjusted_p"], alpha)
        for _, line in lines(significant)
    )
    who = settings["marker"] or "no marker; the variables themselves"
    notes: list[Rich | str] = [
        f"Marker: {who}; " + R + sub("M") + f" = {bounded(result.marker_r)}; "
        + N + f" = {count(result.n)} (Lindell & Whitney, 2001).",
        f"{kept} of {len(significant)} significant correlations stay so when adjusted. Upper "
        "limits repeat the adjustment with the marker correlation’s upper confidence limits; bold: "
        "no longer significant in its direction. Loses at = marker correlation that would take "
        "significance away.",
    ]  # fmt: skip
    return build(options, "Correlations Adjusted by a Marker Variable", columns, rows, notes)


def _kept(r: float, adjusted: float, pvalue: float, alpha: float) -> bool:
    """Tell whether a correlation keeps its direction and its significance."""
    return bool(pvalue < alpha and r * adjusted > 0)


def single_factor_table(result: SingleFactorResult, options: Options) -> Table:
    """Show the two shares, under the caution that belongs to them."""
    columns = [Column(rich("Single factor"), "left"), Column(rich("Share of all variance"))]
    rows = [
        row("First principal component", percent(result.component_share, 1)),
        row("One common factor (minres)", percent(result.factor_share, 1)),
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}, {len(result.loadings)} items.",
        result.warnings[0],
    ]
    return build(options, "Harman’s Single Factor", columns, rows, notes)


def curvilinear_table(result: CurvilinearResult, options: Options) -> Table:
    """Show coefficients, slopes at the ends, and the two lines."""
    confidence = level(result.settings["conf_level"])
    columns = [
        Column(rich("Term"), "left"),
        Column(italic("b")),
        Column(italic("SE")),
        Column(rich("Statistic")),
        Column(P),
        Column(rich(f"{confidence} CI")),
    ]
    rows = [Row(group="Quadratic regression")]
    for term, values in lines(result.coefficients):
        rows.append(
            row(
                str(term), *_numbers(values, "estimate", "t"),
                interval(values["ci_low"], values["ci_high"], unit=False),
            )
        )  # fmt: skip
    rows.append(Row(group="Slopes at the ends of the range (one-sided)"))
    for _, values in lines(result.ends):
        rows.append(row(f"at {number(values['x'])}", *_numbers(values, "slope", "t"), ""))
    if not np.isnan(result.breakpoint):
        rows.append(Row(group=f"Two lines, parted at {number(result.breakpoint)}"))
        for line, values in lines(result.lines):
            rows.append(row(str(line), *_numbers(values, "slope", "statistic"), ""))
    settings = result.settings
    return build(
        options,
        f"{settings['y']} and {settings['x']}: Does the Relation Turn Round?",
        columns,
        rows,
        _curve_notes(result, confidence),
    )


def _numbers(values: Any, estimate: str, statistic: str) -> tuple[str, ...]:
    return (
        number(values[estimate]),
        number(values["se"]),
        number(values[statistic]),
        p_value(values["pvalue"]),
    )


def _curve_notes(result: CurvilinearResult, confidence: str) -> list[Rich | str]:
    kinds = {"classical": "classical errors", "cluster": "cluster-robust errors"}
    errors = kinds.get(result.settings["errors"], f"{result.settings['errors']} errors")
    where = "inside" if result.turns_inside else "outside"
    limits = "has no bounds"
    if np.isfinite(result.turning_low):
        limits = interval(result.turning_low, result.turning_high, unit=False)
    alpha = 1 - result.settings["conf_level"]
    quadratic = result.u_pvalue < alpha
    both = {
        (True, True): f"Both tests speak for a relation that turns round ({result.shape}).",
        (False, False): "Neither test speaks for a relation that turns round.",
        (True, False): "The u-test speaks for a turn, the two lines do not: take it as open, or "
        "as a relation that levels off.",
        (False, True): "The two lines speak for a turn, the u-test of the parabola does not; "
        "the former presumes less.",
    }[quadratic, result.lines_turn]
    turn = rich(
        f"Turning point {number(result.turning_point)}, {where} the range; Fieller’s {confidence} "
        f"interval {limits}. u-test (Lind & Mehlum, 2010): "
    )
    return [
        N + f" = {count(result.n)}; {errors}; " + italic("R")
        + f"² = {bounded(result.r2)}, of which the quadratic term {bounded(result.delta_r2)}.",
        turn + P + p_statement(result.u_pvalue) + ".",
        f"Two lines as Simonsohn (2018). {both}",
    ]  # fmt: skip
