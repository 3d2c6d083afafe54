"""Tables of what comes after loadings: general factors, scores, congruence, replication."""

from __future__ import annotations

from trustmeasure.exploratory import (
    BifactorIndices,
    FactorCongruence,
    FactorScores,
    SchmidLeimanFactors,
    ShortForms,
    SplitSampleReplication,
)
from trustmeasure.tables.factors import sort_by_factor
from trustmeasure.tables.model import Cell, Column, Rich, Table, italic, rich, row
from trustmeasure.tables.numbers import bounded, count, is_missing, percent
from trustmeasure.tables.options import Options, build, item_cells

N = italic("n")


def schmid_leiman_table(result: SchmidLeimanFactors, options: Options) -> Table:
    """Show general and group loadings, communalities and the general factor's share of them."""
    order = sort_by_factor(result.groups).index if options.sort else result.groups.index
    leading = item_cells(order, result, options)
    cut = options.thresholds["loading"].cut if options.cut is None else options.cut

    def shown(value: float) -> Cell:
        if abs(value) >= cut:
            return Cell(bounded(value), strong=True)
        return Cell(bounded(value), muted=True) if options.below_cut == "grey" else Cell()

    rows = [
        row(
            *leading.cells[str(name)],
            shown(float(result.general[name])),
            *(shown(float(value)) for value in result.groups.loc[name]),
            bounded(result.communalities[name]),
            bounded(result.general_share[name]),
        )
        for name in order
    ]
    rows.append(
        row(
            *leading.blank("Factor on the general one"),
            "",
            *(bounded(value) for value in result.second_order),
            *("", ""),
            rule=True,
        )
    )
    columns = [
        *leading.columns,
        Column(rich("General")),
        *(Column(rich(str(name)), spanner="Group factors") for name in result.groups.columns),
        Column(italic("h") + "²"),
        Column(rich("General share")),
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}.",
        italic("h") + "² = communality; general share = part of it that the general factor "
        f"explains. Loadings of {bounded(cut)} or more in size are bold.",
        *leading.notes,
    ]
    return build(options, "Schmid–Leiman Solution", columns, rows, notes, ("loading",))


def bifactor_table(result: BifactorIndices, options: Options) -> Table:
    """Show what the general factor and each group factor are worth."""
    columns = [
        Column(rich("Factor"), "left"),
        Column(rich("Items")),
        Column(rich("ω")),
        Column(rich("ωH")),
        Column(rich("ECV")),
        Column(italic("H")),
        Column(rich("Determinacy")),
    ]
    rows = [
        row(
            str(name),
            count(line["n_items"]),
            *(
                "" if is_missing(line[field]) else bounded(line[field])
                for field in ("omega", "omega_hierarchical", "ecv", "h", "determinacy")
            ),
        )
        for name, line in result.factors.iterrows()
    ]
    notes: list[Rich | str] = [
        "ω = share of the variance of the sum of a factor’s items that all factors explain, ωH = "
        "that the factor alone explains; ECV = share of the explained common variance; "
        + italic("H")
        + " = construct replicability; determinacy = correlation with regression scores.",
        f"{percent(result.puc)} of the correlations are between items of different groups.",
    ]
    return build(options, "Bifactor Indices", columns, rows, notes)


def congruence_table(result: FactorCongruence, options: Options) -> Table:
    """Show all coefficients; counterparts are bold."""
    pairs = dict(zip(result.matches.index, result.matches["factor"], strict=True))
    columns = [Column(rich("Factor"), "left")]
    columns += [
        Column(rich(str(name)), spanner="Second solution") for name in result.coefficients.columns
    ]
    rows = [
        row(
            str(name),
            *(
                Cell(bounded(value), strong=pairs.get(name) == other)
                for other, value in line.items()
            ),
        )
        for name, line in result.coefficients.iterrows()
    ]
    notes: list[Rich | str] = [
        f"Tucker’s coefficients of congruence over {count(result.n)} items. Bold: the one-to-one "
        "assignment with the largest sum; a negative one points the other way.",
    ]
    return build(options, "Congruence of Factors", columns, rows, notes)


def replication_table(result: SplitSampleReplication, options: Options) -> Table:
    """Show how alike the factors of random halves are."""
    level = percent(result.settings.get("conf_level", 0.95))
    columns = [
        Column(rich("Factor"), "left"),
        Column(italic("M")),
        Column(italic("Mdn")),
        Column(rich("Lower"), spanner=f"Middle {level}"),
        Column(rich("Upper"), spanner=f"Middle {level}"),
        Column(rich("Lowest")),
    ]
    fields = ("mean", "median", "low", "high", "lowest")
    rows = [
        row(str(name), *(bounded(line[field]) for field in fields))
        for name, line in result.factors.iterrows()
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {count(result.n_splits)} random splits into halves.",
        "Tucker’s congruence of each factor between the two halves.",
    ]
    return build(options, "Replication of Factors in Random Halves", columns, rows, notes)


def determinacy_table(result: FactorScores, options: Options) -> Table:
    """Show how far the items determine the factors, and what the scores are worth."""
    columns = [
        Column(rich("Factor"), "left"),
        Column(italic("R") + "²"),
        Column(italic("R")),
        Column(rich("Minimum ") + italic("r")),
        Column(rich("Validity")),
    ]
    fields = ("multiple_r_squared", "multiple_r", "minimum_correlation", "validity")
    rows = [
        row(str(name), *(bounded(line[field]) for field in fields))
        for name, line in result.determinacy.iterrows()
    ]
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; scores by the method '{result.settings.get('method')}'.",
        italic("R")
        + " = multiple correlation of the items with the factor; minimum "
        + italic("r")
        + " = lowest correlation of two sets of scores that fit the factor equally well; "
        "validity = correlation of these scores with the factor.",
    ]
    return build(options, "Determinacy of Factor Scores", columns, rows, notes)


def short_forms_table(result: ShortForms, options: Options) -> Table:
    """Show the best forms with what they keep, in the cases that the search did not see."""
    held = [name for name in result.table if str(name).endswith("_holdout")]
    end = "_holdout" if held and result.table[held].notna().any(axis=None) else ""
    fields = [f"{name}{end}" for name in ("alpha", "omega", "cfi", "rmsea", "r_full")]
    rows = []
    for form, line in result.table.iterrows():
        whole = form == "all"
        rows.append(
            row(
                "All items" if whole else str(form), "" if whole else str(line["items"]),
                bounded(line["criterion"], 3), *(bounded(line[field]) for field in fields),
                rule=whole,
            )
        )  # fmt: skip
    headings = (rich("α"), rich("ω"), rich("CFI"), rich("RMSEA"), italic("r") + " with all")
    spanner = "Held-out cases" if end else "All cases"
    columns = [
        Column(rich("Form")), Column(rich("Items"), "left"), Column(rich("Criterion")),
        *(Column(heading, spanner=spanner) for heading in headings),
    ]  # fmt: skip
    judged = "all" if result.exhaustive else "an ant colony’s"
    weights = ", ".join(f"{key} × {value:g}" for key, value in result.settings["weights"].items())
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {judged} {count(result.n_judged)} subsets judged.",
        f"Criterion: weighted mean ({weights}), in the cases that the search saw.",
        "A short form is a new instrument: validate it on new data.",
    ]
    return build(options, "Short Forms", columns, rows, notes)
