"""Tables of the number of factors: all criteria, and the partial correlations of MAP."""

from __future__ import annotations

import pandas as pd

from trustmeasure.exploratory import MinimumAveragePartial, NumberOfFactors
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import NOT_AVAILABLE, bounded, count
from trustmeasure.tables.options import Options, build

N = italic("n")
TENDENCIES = {
    "balanced": "no known bias",
    "over": "too many",
    "under": "too few",
    "mixed": "depends on the data",
}


def criteria_table(result: NumberOfFactors, options: Options) -> Table:
    """Show what every criterion suggests, by family; the suggestions with most votes are bold."""
    table = result.table
    remarks = (table["note"] != "").any()
    rows: list[Row] = []
    for _, line in table.iterrows():
        number = line["n_factors"]
        known = not pd.isna(number)
        strong = known and int(number) in result.consensus.modes
        cells = [
            Cell(str(line["criterion"])),
            Cell(count(number) if known else NOT_AVAILABLE, strong=strong),
            Cell(TENDENCIES[str(line["tendency"])]),
            Cell(str(line["basis"])),
        ]
        rows.append(row(*cells, *([Cell(str(line["note"]))] if remarks else [])))
    columns = [
        Column(rich("Criterion"), "left"),
        Column(rich("Factors")),
        Column(rich("Errs towards"), "left"),
        Column(rich("Counts"), "left"),
        *([Column(rich("Remark"), "left")] if remarks else []),
    ]
    notes: list[Rich | str] = [
        N + (f" = {count(result.n)}." if result.n else " unknown."),
        result.consensus.sentence,
        "Bold: most votes, one for each family of criteria.",
        "Errs towards: what simulations found where a criterion is wrong (Auerswald & Moshagen, "
        "2019, and others; see the function’s documentation).",
    ]
    return build(options, "Criteria for the Number of Factors", columns, rows, notes)


def partials_table(result: MinimumAveragePartial, options: Options) -> Table:
    """Show the mean partial correlations; the smallest are bold."""
    kinds = [
        (result.values, result.n_factors),
        (result.values_revised, result.n_factors_revised),
    ]
    rows = [
        row(
            str(place),
            *(Cell(bounded(values.iloc[place], 4), strong=place == kept) for values, kept in kinds),
        )
        for place in range(len(result.values))
    ]
    columns = [
        Column(rich("Components"), "left"),
        Column(rich("Mean square")),
        Column(rich("Mean fourth power")),
    ]
    notes: list[Rich | str] = [
        N + (f" = {count(result.n)}." if result.n else " unknown."),
        "Means of the partial correlations between items with so many principal components held "
        "constant. Bold: smallest, where the test stops.",
    ]
    return build(options, "Minimum Average Partial Test", columns, rows, notes)
