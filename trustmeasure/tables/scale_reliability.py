"""The table of the reliability of all scales: every coefficient with its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from trustmeasure.reliability import ReliabilityTableResult
from trustmeasure.tables.model import Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import bounded, count, interval, is_missing, level, number
from trustmeasure.tables.options import Options, build, scale_titles

M, SD = italic("M"), italic("SD")

# The coefficients of the table of reliability, as groups of rows: column, and what it is called.
_COEFFICIENTS = {
    "Alpha": {
        "alpha": "α",
        "alpha_std": "α of standardised items",
        "ordinal_alpha": "Ordinal α",
        "min_r_drop": "Smallest item–rest correlation",
    },
    "Omega": {
        "omega": "ω of one factor",
        "omega_categorical": "ω of ordered answers",
        "omega_hierarchical": "ω of a general factor",
    },
    "Lower bounds": {
        "lambda2": "λ2",
        "lambda6": "λ6",
        "split_max": "Split half, largest",
        "split_mean": "Split half, mean",
        "split_min": "Split half, smallest",
        "glb": "Greatest lower bound",
    },
    "Error": {"sem": "SEM"},
}
# More scales than this side by side leave no room for their intervals.
_SIDE_BY_SIDE = 5


def reliability_table_table(result: ReliabilityTableResult, options: Options) -> Table:
    """Show every coefficient with its interval: scales side by side, or below each other."""
    titles = {
        name: str(title) + ("*" if result.concerns.get(str(name)) else "")
        for name, title in scale_titles(result.table.index, None, options).items()
    }
    limits = f"{level(result.settings.get('conf_level'))} CI"
    if len(titles) <= _SIDE_BY_SIDE:
        columns = [Column(rich("Statistic"), "left"), *(Column(rich(t)) for t in titles.values())]
        rows = _side_by_side(result.table)
    else:
        columns = [Column(rich("Statistic"), "left"), Column(rich("Estimate"))]
        rows = _below_each_other(result.table, titles)
    general = result.table["omega_hierarchical"].notna().any()
    notes: list[Rich | str] = [
        f"Brackets hold {limits}. "
        + M
        + " and "
        + SD
        + " of the mean answer"
        + ("; ω of a general factor behind three group factors" if general else "")
        + "; λ = Guttman’s lower bounds; greatest lower bound from 1,000 persons on; SEM = "
        "standard error of measurement of the mean answer, by α.",
        *(
            f"* {str(titles[name]).rstrip('*')}: {'; '.join(found)}."
            for name, found in result.concerns.items()
            if found
        ),
        options.thresholds["alpha"].explain() + ".",
    ]
    return build(options, "Reliability of the Scales", columns, rows, notes, ("alpha", "omega"))


def _side_by_side(table: pd.DataFrame) -> list[Row]:
    scales = [values for _, values in table.iterrows()]
    rows = [row(label, *(write(values) for values in scales)) for label, write in _described()]
    for group, names in _COEFFICIENTS.items():
        shown = [name for name in names if table[name].notna().any()]
        rows += [Row(group=group)] if shown else []
        rows += [
            row(names[name], *(_with_limits(values, name) for values in scales)) for name in shown
        ]
    return rows


def _below_each_other(table: pd.DataFrame, titles: dict[Any, str]) -> list[Row]:
    rows = []
    for scale, values in table.iterrows():
        rows.append(Row(group=titles[scale]))
        rows += [row(label, write(values)) for label, write in _described()]
        rows += [
            row(label, _with_limits(values, name))
            for names in _COEFFICIENTS.values()
            for name, label in names.items()
            if not is_missing(values[name])
        ]
    return rows


def _described() -> list[tuple[str, Callable[[pd.Series[Any]], str]]]:
    """Give what comes before the coefficients, and how each is written."""
    return [
        ("Persons", lambda values: count(values["n"])),
        ("Items", lambda values: count(values["n_items"])),
        ("Mean (SD)", lambda values: f"{number(values['mean'])} ({number(values['sd'])})"),
    ]


def _with_limits(values: pd.Series[Any], name: str) -> str:
    """Write ".83 [.81, .85]"; without limits the estimate alone."""
    unit = name != "sem"
    text = bounded(values[name]) if unit else number(values[name])
    low, high = values[f"{name}_ci_low"], values[f"{name}_ci_high"]
    if is_missing(low) or is_missing(high):
        return text
    return f"{text} {interval(low, high, unit=unit)}"
