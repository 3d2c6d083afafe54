"""Tables of internal consistency and of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from trustmeasure.errors import DataError
from trustmeasure.reliability import AlphaResult, OmegaResult
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    is_missing,
    level,
    number,
    p_statement,
    percent,
)
from trustmeasure.tables.options import (
    Options,
    build,
    item_cells,
    of_scale,
    one_of,
    scale_titles,
    verdict_note,
)

N, M, SD, R, P = italic("n"), italic("M"), italic("SD"), italic("r"), italic("p")

_INTERVALS = {
    "feldt": "Feldt",
    "bonett": "Bonett",
    "asymptotic": "asymptotic",
    "bootstrap": "bootstrap percentile",
    "delta": "delta method",
}


def alpha_table(result: AlphaResult, options: Options) -> Table:
    """Show the items of a scale, with alpha in the note."""
    leading = item_cells(result.items.index, result, options)
    cut = options.thresholds["item_rest"].cut
    rows = [
        row(
            *leading.cells[str(name)],
            count(values["n"]),
            number(values["mean"]),
            number(values["sd"]),
            Cell(bounded(values["r_drop"]), strong=bool(values["r_drop"] < cut)),
            Cell(
                bounded(values["alpha_drop"]),
                strong=bool(round(values["alpha_drop"], 2) > round(result.estimate, 2)),
            ),
        )
        for name, values in result.items.iterrows()
    ]
    estimate = rich(f"Cronbach’s α = {_with_interval(result.estimate, result)}, ") + N
    notes: list[Rich | str] = [
        estimate + f" = {count(result.n)}; mean correlation between items "
        f"{bounded(result.mean_r)}.",
        verdict_note(options, "alpha", result.estimate),
        R + " item–rest = correlation with the sum of the other items; bold "
        f"below {bounded(cut)} ({_source(options, 'item_rest')}).",
        "α if deleted = α of the scale without the item; bold where it exceeds that of all items.",
        *leading.notes,
    ]
    columns = [
        *leading.columns,
        *(Column(heading) for heading in (N, M, SD, R + " item–rest", rich("α if deleted"))),
    ]
    title = f"Item Statistics and Internal Consistency{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("alpha", "item_rest"))


def omega_table(result: OmegaResult, options: Options) -> Table:
    """Show the loadings of the one-factor model, with omega in the note."""
    leading = item_cells(result.loadings.index, result, options)
    cut = options.thresholds["loading"].cut if options.cut is None else options.cut
    rows = [
        row(
            *leading.cells[str(name)],
            number(values["loading"]),
            number(values["uniqueness"]),
            Cell(bounded(values["std_loading"]), strong=bool(abs(values["std_loading"]) < cut)),
            bounded(values["std_uniqueness"]),
        )
        for name, values in result.loadings.iterrows()
    ]
    columns = [
        *leading.columns,
        Column(rich("λ"), spanner="Item units"),
        Column(rich("θ"), spanner="Item units"),
        Column(rich("λ"), spanner="Standardised"),
        Column(rich("θ"), spanner="Standardised"),
    ]
    test = rich("")
    if result.df > 0:
        test = rich(f"One factor: χ²({result.df}) = {number(result.chisq)}, ") + P
        test = test + p_statement(result.pvalue) + "."
    notes: list[Rich | str] = [
        rich(f"McDonald’s ω = {_with_interval(result.omega_total, result)}, ")
        + N
        + f" = {count(result.n)}.",
        verdict_note(options, "omega", result.omega_total),
        test,
        "λ = loading, θ = uniqueness, from a one-factor maximum-likelihood model; bold: "
        f"|λ| below {bounded(cut)}.",
        "" if result.converged else "The model did not converge; its numbers mean little.",
        *leading.notes,
    ]
    title = f"One-Factor Model and Coefficient Omega{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("omega", "loading"))


def is_item_analysis(frame: Any) -> bool:
    """Recognise what `item_analysis` returns."""
    needed = {"mean", "sd", "r_drop", "alpha_drop", "floor", "ceiling"}
    return isinstance(frame, pd.DataFrame) and needed <= set(frame.columns)


def items_table(frame: pd.DataFrame, options: Options) -> Table:
    """Show what `item_analysis` found, scale by scale."""
    if not is_item_analysis(frame):
        raise DataError(
            "Expected the DataFrame that item_analysis returns, with the columns mean, sd, floor, "
            "ceiling, r_drop and alpha_drop."
        )
    if options.scale is not None:
        scale = one_of(options.scale, frame.get("scale", pd.Series(dtype=object)).unique())
        frame = frame[frame["scale"] == scale].drop(columns="scale")
    leading = item_cells(dict.fromkeys(frame.index), None, options)
    cut, most = options.thresholds["item_rest"].cut, options.thresholds["floor_ceiling"].cut
    titles = scale_titles(frame.get("scale", pd.Series(dtype=object)).unique(), None, options)
    rows: list[Row] = []
    current = None
    for name, values in frame.iterrows():
        if "scale" in frame.columns and values["scale"] != current:
            current = values["scale"]
            rows.append(Row(group=titles[current]))
        rows.append(
            row(
                *leading.cells[str(name)],
                count(values["n"]),
                count(values["missing"]),
                number(values["mean"]),
                number(values["sd"]),
                number(values["skew"]),
                number(values["kurtosis"]),
                Cell(percent(values["floor"]), strong=bool(values["floor"] > most)),
                Cell(percent(values["ceiling"]), strong=bool(values["ceiling"] > most)),
                Cell(bounded(values["r_drop"]), strong=bool(values["r_drop"] < cut)),
                bounded(values["alpha_drop"]),
            )
        )
    headings = (
        N, "Missing", M, SD, "Skew", "Kurtosis", "Floor", "Ceiling", R + " item–rest",
        "α if deleted",
    )  # fmt: skip
    notes: list[Rich | str] = [
        "Kurtosis is excess kurtosis. Floor and ceiling = share of answers at the lowest and the "
        f"highest possible value, bold above {percent(most)} "
        f"({_source(options, 'floor_ceiling')}).",
        R + " item–rest = correlation with the sum of the scale’s other items, bold below "
        f"{bounded(cut)} ({_source(options, 'item_rest')}); α if deleted = α without the item.",
        *leading.notes,
    ]
    columns = [*leading.columns, *(Column(rich(heading)) for heading in headings)]
    return build(options, "Item Analysis", columns, rows, notes, ("item_rest", "floor_ceiling"))


def overview_table(results: Mapping[str, Any], options: Options) -> Table:
    """Show one row a scale: alpha, and omega where it was computed."""
    pairs = {name: _pair(name, found) for name, found in results.items()}
    has_omega = any(omega is not None for _, omega in pairs.values())
    titles = scale_titles(pairs, None, options)
    rows = []
    for name, (alpha, omega) in pairs.items():
        cells = [
            titles[name],
            count(alpha.n_items),
            count(alpha.n),
            number(alpha.mean),
            number(alpha.sd),
            bounded(alpha.mean_r),
            bounded(alpha.estimate),
            interval(alpha.ci_low, alpha.ci_high),
        ]
        if has_omega and omega is None:
            cells += ["—", "—"]
        elif omega is not None:
            cells += [bounded(omega.omega_total), interval(omega.ci_low, omega.ci_high)]
        cells.append(options.thresholds.verdict("alpha", alpha.estimate).word)
        rows.append(row(*cells))
    first = next(iter(pairs.values()))[0]
    limits = f"{level(first.settings.get('conf_level'))} CI"
    columns = [
        Column(rich("Scale"), "left"),
        *(Column(heading) for heading in (rich("Items"), N, M, SD, R, rich("α"), rich(limits))),
    ]
    if has_omega:
        columns += [Column(rich("ω")), Column(rich(limits))]
    columns.append(Column(rich("Verdict on α"), "left"))
    how = _INTERVALS.get(str(first.settings.get("ci")), str(first.settings.get("ci")))
    notes: list[Rich | str] = [
        M + " and " + SD + " of the mean answer; " + R + " = mean correlation between items; "
        f"CI = confidence interval ({how} for α).",
        options.thresholds["alpha"].explain() + ".",
    ]
    measures = ("alpha", "omega") if has_omega else ("alpha",)
    return build(options, "Internal Consistency of the Scales", columns, rows, notes, measures)


def _pair(name: str, found: Any) -> tuple[AlphaResult, OmegaResult | None]:
    parts = found if isinstance(found, (tuple, list)) else (found,)
    alpha = next((part for part in parts if isinstance(part, AlphaResult)), None)
    omega = next((part for part in parts if isinstance(part, OmegaResult)), None)
    if alpha is None or len(parts) > 2 or any(part not in (alpha, omega, None) for part in parts):
        raise DataError(
            f"For scale '{name}' expected the result of cronbach_alpha, or a pair of it and that "
            "of mcdonald_omega."
        )
    return alpha, omega


def _with_interval(estimate: float, result: AlphaResult | OmegaResult) -> str:
    how = _INTERVALS.get(str(result.settings.get("ci")), "")
    if is_missing(result.ci_low) or is_missing(result.ci_high):
        return bounded(estimate)
    limits = interval(result.ci_low, result.ci_high)
    return f"{bounded(estimate)}, {level(result.settings.get('conf_level'))} CI {limits}" + (
        f" ({how})" if how else ""
    )


def _source(options: Options, measure: str) -> str:
    source = options.thresholds[measure].criterion_source
    return source.short if source else "own cut-off"
