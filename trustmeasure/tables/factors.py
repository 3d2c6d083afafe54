"""Tables of dimensionality: adequacy, number of factors, loadings."""

from __future__ import annotations

import math

import pandas as pd

from trustmeasure.exploratory import (
    BartlettSphericity,
    ExploratoryFactors,
    ParallelAnalysis,
    SamplingAdequacy,
)
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    is_missing,
    number,
    p_statement,
    percent,
)
from trustmeasure.tables.options import ItemCells, Options, build, item_cells

N, P = italic("n"), italic("p")
_DONE = {
    "minres": "minimum residuals",
    "ml": "maximum likelihood",
    "pa": "principal axes",
    "uls": "unweighted least squares",
    "alpha": "alpha factoring",
    "minrank": "minimum rank",
}


def adequacy_table(
    result: SamplingAdequacy, options: Options, test: BartlettSphericity | None = None
) -> Table:
    """Show the measure of sampling adequacy of each item and of all."""
    leading = item_cells(result.items.index, result, options)

    def judged(value: float) -> tuple[Cell, Cell]:
        verdict = options.thresholds.verdict("kmo", value)
        failed = verdict.meets is False
        return Cell(bounded(value), strong=failed), Cell(verdict.word, strong=failed)

    rows = [
        row(*leading.cells[str(name)], *judged(float(value)))
        for name, value in result.items.items()
    ]
    rows.append(row(*leading.blank("All items"), *judged(result.overall), rule=True))
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}.",
        options.thresholds["kmo"].explain() + ".",
        "" if test is None else _bartlett_sentence(test),
        *leading.notes,
    ]
    columns = [*leading.columns, Column(rich("KMO")), Column(rich("Verdict"), "left")]
    title = "Kaiser–Meyer–Olkin Measure of Sampling Adequacy"
    return build(options, title, columns, rows, notes, ("kmo",))


def _bartlett_sentence(test: BartlettSphericity) -> Rich:
    start = f"Bartlett’s test of sphericity: χ²({count(test.df)}) = {number(test.chisq)}, "
    return rich(start) + P + p_statement(test.pvalue) + "."


def bartlett_table(result: BartlettSphericity, options: Options) -> Table:
    """Show the test of sphericity."""
    columns = [
        Column(rich("Test"), "left"),
        Column(N),
        Column(rich("χ²")),
        Column(italic("df")),
        Column(P),
    ]
    test = p_statement(result.pvalue).strip().removeprefix("= ")
    line = row("Sphericity", count(result.n), number(result.chisq), count(result.df), test)
    notes = ["Null hypothesis: no two items correlate in the population (Bartlett’s test)."]
    return build(options, "Bartlett’s Test of Sphericity", columns, [line], notes)


def parallel_table(result: ParallelAnalysis, options: Options) -> Table:
    """Show eigenvalues beside those of random data; what is retained is bold."""
    quantile = f"{percent(result.settings.get('quantile', 0.95))} quantile"
    kinds = [("factors", "Factors", result.n_factors)]
    kinds.append(("components", "Components", result.n_components))
    columns = [Column(rich("Number"), "left")]
    for _, spanner, _ in kinds:
        columns += [Column(rich(heading), spanner=spanner) for heading in ("Observed", "Random")]
    rows = []
    for place, index in enumerate(result.observed.index):
        cells = [Cell(str(index))]
        for kind, _, kept in kinds:
            strong = place < kept
            cells.append(Cell(number(result.observed.loc[index, kind]), strong=strong))
            cells.append(Cell(number(result.reference.loc[index, kind]), strong=strong))
        rows.append(row(*cells))
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}.",
        f"Random = {quantile} of the eigenvalues of random data of the same size. Bold: above it "
        f"without a break from the first on, and so retained ({result.n_factors} factor(s), "
        f"{result.n_components} component(s)).",
    ]
    return build(options, "Parallel Analysis", columns, rows, notes)


def loadings_table(result: ExploratoryFactors, options: Options) -> Table:
    """Show pattern loadings, communalities, explained variance and factor correlations."""
    frame = sort_by_factor(result.loadings) if options.sort else result.loadings
    factors = [str(name) for name in frame.columns]
    leading = item_cells(frame.index, result, options)
    cut = options.thresholds["loading"].cut if options.cut is None else options.cut

    def shown(value: float) -> Cell:
        if abs(value) >= cut:
            return Cell(number(value) if abs(value) > 1 else bounded(value), strong=True)
        return Cell(bounded(value), muted=True) if options.below_cut == "grey" else Cell()

    rows = [
        row(
            *leading.cells[str(name)],
            *(shown(float(value)) for value in values),
            bounded(result.communalities[str(name)]),
            bounded(result.uniquenesses[str(name)]),
            number(result.complexity[str(name)]),
        )
        for name, values in frame.iterrows()
    ]
    rows += _variance_rows(result, leading)
    if len(factors) > 1 and _is_oblique(result.phi):
        rows += _correlation_rows(result.phi, leading)
    columns = [
        *leading.columns,
        *(Column(rich(name), spanner="Loadings") for name in factors),
        *(Column(italic(h) + "²") for h in ("h", "u")),
        Column(rich("Complexity")),
    ]
    method = str(result.settings.get("method", ""))
    rotation = str(result.settings.get("rotation", "none"))
    turned = "unrotated" if rotation == "none" or len(factors) == 1 else f"{rotation} rotation"
    turned = turned.replace("_", " ")
    below = "" if options.below_cut == "grey" else "; smaller ones are left out"
    notes: list[Rich | str] = [
        N
        + (f" = {count(result.n_obs)}; " if not is_missing(result.n_obs) else " unknown; ")
        + f"extraction by {_DONE.get(method, method)}, {turned}.",
        italic("h") + "² = communality, " + italic("u") + "² = uniqueness; complexity = number of "
        "factors that an item needs (Hofmann). "
        f"Loadings of {bounded(cut)} or more in size are bold{below}.",
        *_fit_notes(result),
        "" if result.converged else "The solution did not converge; its numbers mean little.",
        *leading.notes,
    ]
    title = f"Loadings of {len(factors)} {'Factor' if len(factors) == 1 else 'Factors'}"
    return build(options, title, columns, rows, notes, ("loading",))


def sort_by_factor(loadings: pd.DataFrame) -> pd.DataFrame:
    """Put items under the factor on which they load most, strongest first."""
    size = loadings.abs()
    order = pd.DataFrame(
        {"factor": size.to_numpy().argmax(axis=1), "size": -size.max(axis=1).to_numpy()}
    )
    return loadings.iloc[order.sort_values(["factor", "size"], kind="stable").index]


def fit_sentence(result: ExploratoryFactors) -> str:
    """Put the fit of a factor solution in words; empty where it is unknown."""
    parts = []
    if not math.isnan(result.chisq) and result.df > 0:
        parts.append(f"χ²({result.df}) = {number(result.chisq)}, p{p_statement(result.pvalue)}")
    if not math.isnan(result.rmsea):
        low, high = result.rmsea_ci
        parts.append(f"RMSEA = {bounded(result.rmsea, 3)}, 90% CI {interval(low, high, digits=3)}")
    if not math.isnan(result.tli):
        parts.append(f"TLI = {bounded(result.tli)}")
    if not math.isnan(result.cfi):
        parts.append(f"CFI = {bounded(result.cfi)}")
    if not math.isnan(result.rmsr):
        parts.append(f"root mean square residual = {bounded(result.rmsr, 3)}")
    return "; ".join(parts)


def _fit_notes(result: ExploratoryFactors) -> list[Rich | str]:
    sentence = fit_sentence(result)
    if not sentence:
        return []
    before, letter, after = sentence.partition(", p ")
    if not letter:
        return [f"Fit: {sentence}."]
    return [rich(f"Fit: {before}, ") + P + f" {after}."]


def _variance_rows(result: ExploratoryFactors, leading: ItemCells) -> list[Row]:
    blanks = ("", "", "")
    total, share = result.variance.loc["ss_loadings"], result.variance.loc["proportion"]
    return [
        row(*leading.blank("Sum of squares"), *map(number, total), *blanks, rule=True),
        row(*leading.blank("Share of variance"), *map(percent, share), *blanks),
    ]


def _is_oblique(phi: pd.DataFrame) -> bool:
    """Tell whether any two factors correlate."""
    values = phi.to_numpy()
    return any(abs(values[i, j]) > 1e-12 for i in range(len(values)) for j in range(i))


def _correlation_rows(phi: pd.DataFrame, leading: ItemCells) -> list[Row]:
    rows = [Row(group="Factor correlations")]
    for i, name in enumerate(phi.index):
        values = [
            bounded(phi.iloc[i, j]) if j < i else "—" if j == i else "" for j in range(len(phi))
        ]
        rows.append(row(*leading.blank(str(name)), *values, "", "", ""))
    return rows
