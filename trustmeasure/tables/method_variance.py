"""Tables of factors of method: what becomes of loadings, correlations and reliability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from trustmeasure.tables.model import Column, Rich, Row, Table, italic, joined, rich, row, sub
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
from trustmeasure.tables.options import Options, build, item_cells
from trustmeasure.tables.validity import left, lines
from trustmeasure.validity import MarkerFactorResult, MethodFactorResult

P, N = italic("p"), italic("n")
LAMBDA = rich("λ") + sub("M")
NAMES = {
    "method": "method alone",
    "traits": "traits alone",
    "equal": "equal loadings on the method",
    "free": "free loadings on the method",
}


def method_factor_table(result: MethodFactorResult, options: Options) -> Table:
    """Show loadings, relations and reliability without the method factor and with it."""
    settings = result.settings
    confidence = f"{level(settings['conf_level'])} CI"
    leading = item_cells(result.items.index, result, options)
    rows: list[Row] = []
    for factor in result.loadings.index.unique("factor"):
        rows.append(Row(group=f"Loadings on {factor}"))
        for item, line in lines(result.loadings.loc[factor]):
            method = result.items.loc[item]
            known = method["loading"] == method["loading"]
            rows.append(
                row(
                    " ".join(cell.text for cell in leading.cells[str(item)]),
                    *_both(line), bounded(method["loading"]) if known else "–",
                    interval(method["ci_low"], method["ci_high"]) if known else "",
                    p_value(method["pvalue"]) if known else "", bounded(method["method"]),
                )
            )  # fmt: skip
    if len(result.relations):
        rows.append(Row(group="Relations of factors"))
    for name, line in lines(result.relations):
        before = f"{bounded(line['without'])} {interval(line['without_low'], line['without_high'])}"
        after = f"{bounded(line['with'])} {interval(line['with_low'], line['with_high'])}"
        rows.append(row(_relation(name), before, after, bounded(line["change"]), *[""] * 4))
    rows.append(Row(group="Reliability of the sum of items"))
    for name, line in lines(result.reliability):
        change = line["trait"] - line["without"]
        cells = [bounded(line["without"]), bounded(line["trait"]), bounded(change)]
        rows.append(row(str(name), *cells, "", "", "", bounded(line["method"])))
    columns = [
        left(""), Column(rich("Without")), Column(rich("With")), Column(rich("Change")),
        Column(LAMBDA), Column(rich(confidence)), Column(P), Column(rich("Method share")),
    ]  # fmt: skip
    shares = (result.trait_share, result.method_share, result.error_share)
    trait, method, error = (percent(value, 1) for value in shares)
    limits = f"[{percent(result.ci_low, 1)}, {percent(result.ci_high, 1)}]"
    notes: list[Rich | str] = [
        N
        + f" = {count(result.n)}; {settings['estimator']}; {settings['loadings']} loadings on the "
        f"method. Of the items’ variance, traits explain {trait}, the method {method} {limits}, "
        f"{error} is error. All values are standardised; " + LAMBDA + ": loading on the method.",
        _differences(result.differences, NAMES),
        *leading.notes,
        *result.warnings,
    ]
    return build(options, "What an Unmeasured Latent Method Factor Takes", columns, rows, notes)


def marker_factor_table(result: MarkerFactorResult, options: Options) -> Table:
    """Show correlations before and after the marker is taken out, and how sure that is."""
    settings = result.settings
    steps = [str(name) for name in result.correlations if str(name).startswith("Method-S")]
    rows = [
        row(
            _relation(name), bounded(line["CFA"]), bounded(line["Baseline"]),
            bounded(line["method"]), interval(line["method_low"], line["method_high"]),
            *(bounded(line[step]) for step in steps),
        )
        for name, line in lines(result.correlations)
    ]  # fmt: skip
    columns = [
        left("Factors"), Column(rich("CFA")), Column(rich("Baseline")),
        Column(rich(result.form)), Column(rich(f"{level(settings['conf_level'])} CI")),
        *(Column(rich(step)) for step in steps),
    ]  # fmt: skip
    share = f"{percent(result.method_share, 1)} [{percent(result.ci_low, 1)}, "
    share += f"{percent(result.ci_high, 1)}]"
    apart = "; ".join(
        f"{name} {bounded(line['total'])}, of it trait {bounded(line['trait'])} and method "
        f"{bounded(line['method'])}"
        for name, line in lines(result.reliability)
        if name != settings["name"]
    )
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {settings['estimator']}. Marker: "
        f"{', '.join(settings['marker'])} (Williams et al., 2010). {result.form}: method taken "
        "out; Method-S: with its loadings at their limits.",
        _differences(result.differences, {}),
        f"The marker takes {share} of the items’ variance. Reliability: {apart}.",
        *result.warnings,
    ]
    title = "Correlations of Factors by the Confirmatory Marker Technique"
    return build(options, title, columns, rows, notes)


def _both(line: Any) -> list[str]:
    return [bounded(line[key]) for key in ("without", "with", "change")]


def _relation(name: Any) -> str:
    return str(name).replace("~~", "↔").replace("~", "←")


def _differences(differences: pd.DataFrame, names: Mapping[str, str]) -> Rich:
    """Put the tests between models in words."""
    said = [
        rich(f"{names.get(less, less)} against {names.get(more, more)}: ")
        + f"Δχ²({count(line['df'])}) = {number(line['chisq'])}, " + P + p_statement(line["pvalue"])
        for (less, more), line in lines(differences)
        if line["chisq"] == line["chisq"]
    ]  # fmt: skip
    return rich("Tests: ") + joined(said, "; ") + "." if said else Rich()


BUILDERS: dict[type, tuple[str, Callable[[Any, Options], Table]]] = {
    MethodFactorResult: ("method_factor", method_factor_table),
    MarkerFactorResult: ("marker_factor", marker_factor_table),
}
