"""Tables of the reliabilities that rest on a model of the items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trustmeasure.reliability import (
    CategoricalOmegaResult,
    HierarchicalOmegaResult,
    MultilevelReliabilityResult,
    OrdinalAlphaResult,
)
from trustmeasure.tables.model import Cell, Column, Rich, Table, italic, rich, row
from trustmeasure.tables.numbers import bounded, count, interval, is_missing, level
from trustmeasure.tables.options import Options, build, item_cells, of_scale, verdict_note

N, R = italic("n"), italic("r")

HOW = {
    "asymptotic": "asymptotic",
    "bootstrap": "bootstrap percentile",
    "corrected": "bootstrap, less its bias",
    "delta": "delta method",
    "monte_carlo": "Monte Carlo",
}


def ordinal_alpha_table(result: OrdinalAlphaResult, options: Options) -> Table:
    """Show the items by their polychoric correlations, with ordinal alpha in the note."""
    leading = item_cells(result.items.index, result, options)
    cut = options.thresholds["item_rest"].cut
    rows = [
        row(
            *leading.cells[str(name)],
            count(values["n_categories"]),
            Cell(bounded(values["r_drop"]), strong=bool(values["r_drop"] < cut)),
            Cell(
                bounded(values["alpha_drop"]),
                strong=bool(round(values["alpha_drop"], 2) > round(result.estimate, 2)),
            ),
        )
        for name, values in result.items.iterrows()
    ]
    columns = [
        *leading.columns,
        *(Column(rich(heading)) for heading in ("Categories", R + " item–rest", "α if deleted")),
    ]
    notes: list[Rich | str] = [
        with_interval("Ordinal α", result.estimate, result.ci_low, result.ci_high, result.settings)
        + ", "
        + N
        + f" = {count(result.n)}; mean polychoric correlation {bounded(result.mean_r)}.",
        "Ordinal α describes the normal variables behind the answers, not the scores in use "
        "(Chalmers, 2018), so no verdict is given.",
        R + f" item–rest from polychoric correlations, bold below {bounded(cut)}; α if deleted = "
        "ordinal α of the scale without the item, bold where it exceeds that of all items.",
        *leading.notes,
    ]
    title = f"Items by Polychoric Correlations and Ordinal Alpha{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("item_rest",))


def categorical_omega_table(result: CategoricalOmegaResult, options: Options) -> Table:
    """Show the loadings of the model of ordered answers, with omega in the note."""
    leading = item_cells(result.loadings.index, result, options)
    cut = options.thresholds["loading"].cut if options.cut is None else options.cut
    rows = [
        row(
            *leading.cells[str(name)],
            Cell(bounded(values["loading"]), strong=bool(abs(values["loading"]) < cut)),
            bounded(values["uniqueness"]),
        )
        for name, values in result.loadings.iterrows()
    ]
    how = "diagonally weighted" if result.settings["method"] == "dwls" else "unweighted"
    notes: list[Rich | str] = [
        with_interval(
            "Categorical ω", result.estimate, result.ci_low, result.ci_high, result.settings
        )
        + ", "
        + N
        + f" = {count(result.n)}.",
        verdict_note(options, "omega", result.estimate),
        f"λ = standardised loading, θ = uniqueness, by {how} least squares on polychoric "
        f"correlations; bold: |λ| below {bounded(cut)}. ω is the reliability of the sum of the "
        "answers (Green & Yang, 2009).",
        "" if result.converged else "The model did not converge; its numbers mean little.",
        *leading.notes,
    ]
    columns = [*leading.columns, Column(rich("λ")), Column(rich("θ"))]
    title = f"One-Factor Model of Ordered Answers and Categorical Omega{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("omega", "loading"))


def hierarchical_omega_table(result: HierarchicalOmegaResult, options: Options) -> Table:
    """Show the Schmid–Leiman loadings and each group's omegas, with those of all in the note."""
    leading = item_cells(result.group_loadings.index, result, options)
    cut = options.thresholds["loading"].cut if options.cut is None else options.cut
    factors = list(result.group_loadings.columns)

    def cell(value: float) -> Cell:
        small = abs(value) < cut
        if small and options.below_cut == "blank":
            return Cell("")
        return Cell(bounded(value), muted=small)

    rows = [
        row(
            *leading.cells[str(name)],
            cell(values["general"]),
            *(cell(values[factor]) for factor in factors),
            bounded(values["communality"]),
        )
        for name, values in result.to_frame().iterrows()
    ]
    blank = [""] * (len(leading.columns) - 1)
    for kind, word in (("total", "ω total"), ("general", "ω general"), ("group", "ω group")):
        shares = result.omega_group[kind]
        rows.append(row(word, *blank, *(_share(shares[f]) for f in ["general", *factors]), ""))
    columns = [
        *leading.columns,
        Column(rich("General")),
        *(Column(rich(factor), spanner="Group factors") for factor in factors),
        Column(italic("h") + "²"),
    ]
    limits = result.intervals[["ci_low", "ci_high"]].to_numpy()
    low, high = limits[result.intervals.index.get_loc("omega_hierarchical")]
    settings = {**result.settings, "ci": "corrected"}  # what its bootstrap is
    notes: list[Rich | str] = [
        with_interval("ω total", result.omega_total, result.ci_low, result.ci_high, settings)
        + "; "
        + with_interval("ω hierarchical", result.omega_hierarchical, low, high, settings)
        + f"; asymptotic ω = {bounded(result.omega_asymptotic)}, "
        f"explained common variance = {bounded(result.ecv)}, share of correlations between "
        f"groups = {bounded(result.puc)}; " + N + f" = {count(result.n)}.",
        f"Schmid–Leiman transformation of {len(factors)} factors ({settings['method']}, "
        f"{settings['rotation']}); loadings below {bounded(cut)} are "
        + ("left out." if options.below_cut == "blank" else "grey."),
        "Last rows: share of the variance of the sum of all items (General) and of each group’s "
        "own items that all factors, the general factor and the group factors explain.",
        f"Turned round: {', '.join(result.flipped)}." if result.flipped else "",
        "" if result.converged else "The model did not converge; its numbers mean little.",
        *leading.notes,
    ]
    title = f"General and Group Factors and Hierarchical Omega{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ("loading",))


def _share(value: float) -> str:
    return "—" if is_missing(value) else bounded(value)


def with_interval(
    name: str, estimate: float, low: float, high: float, settings: Mapping[str, Any]
) -> Rich:
    """Word an estimate with its interval, where it has one."""
    if is_missing(low) or is_missing(high):
        return rich(f"{name} = {bounded(estimate)}")
    how = HOW.get(str(settings.get("ci")), "")
    return rich(
        f"{name} = {bounded(estimate)}, {level(settings.get('conf_level'))} CI "
        f"{interval(low, high)}" + (f" ({how})" if how else "")
    )


def multilevel_table(result: MultilevelReliabilityResult, options: Options) -> Table:
    """Show the coefficients of both levels, with each item's share between clusters."""
    leading = item_cells(result.icc.index, result, options)
    rows = [
        row(
            *leading.cells[str(name)],
            bounded(icc["icc1"]),
            interval(icc["ci_low"], icc["ci_high"]),
            bounded(loadings["std_within"]),
            bounded(loadings["std_between"]),
        )
        for (name, icc), (_, loadings) in zip(
            result.icc.iterrows(), result.loadings.iterrows(), strict=True
        )
    ]
    columns = [
        *leading.columns,
        Column(rich("ICC(1)")),
        Column(rich(f"{level(result.settings.get('conf_level'))} CI")),
        Column(rich("Within"), spanner="Standardised λ"),
        Column(rich("Between"), spanner="Standardised λ"),
    ]
    found = {str(name): values for name, values in result.table.iterrows()}

    def worded(word: str, name: str) -> Rich:
        values = found[name]
        low, high = values["ci_low"], values["ci_high"]
        return with_interval(word, values["estimate"], low, high, result.settings)

    notes: list[Rich | str] = [
        "Within clusters: "
        + worded("α", "alpha_within")
        + "; "
        + worded("ω", "omega_within")
        + ". Between clusters: "
        + worded("α", "alpha_between")
        + "; "
        + worded("ω", "omega_between")
        + ". Observed cluster means as measures of the factor between: "
        + worded("ω", "omega_cluster_means")
        + ".",
        N + f" = {count(result.n)} in {count(result.n_clusters)} clusters. ICC(1) = share of the "
        "variance between clusters; λ from a model with one factor on each level.",
        "" if result.converged else "Not all matrices converged; what rests on them is missing.",
        *leading.notes,
    ]
    title = f"Reliability Within and Between Clusters{of_scale(result, options)}"
    return build(options, title, columns, rows, notes, ())
