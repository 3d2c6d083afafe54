"""Tables of the theory of change, and of effects that go through others or depend on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import (
    bounded,
    count,
    interval,
    level,
    number,
    p_value,
    percent,
)
from trustmeasure.tables.options import Options, build
from trustmeasure.tables.structures import fit_note
from trustmeasure.tables.validity import left, lines
from trustmeasure.theory import MediationResult, ModerationResult, TheoryComparison, TheoryFit

B, SE, P, N, T, R = (italic(text) for text in ("B", "SE", "p", "n", "t", "R"))
BETA, DF, CHISQ = rich("β"), italic("df"), rich("χ²")
AIC = ("AIC", "BIC")


def theory_table(result: TheoryFit, options: Options) -> Table:
    """Show every arrow of the theory, what was expected of it, every chain, and their sums."""
    rows = [Row(group="Paths")]
    ways = {
        str(label): f"{_words(line['cause'])} → {_words(line['effect'])}"
        for label, line in lines(result.paths)
    }
    for label, line in lines(result.paths):
        expected = " ".join(ways.get(word, word) for word in str(line["expected"]).split())
        rows.append(row(ways[str(label)], expected, *_effect(line)))
    rows.append(Row(group="Emphases (above 0 as expected)"))
    for name, line in lines(result.emphasis):
        rows.append(row(_words(str(name).removeprefix("emphasis_")), "above 0", *_effect(line)))
    rows.append(Row(group="Sums of chains"))
    names = {str(one): str(key) for key, one in result.theory.constructs["code"].items()}
    rows += [row(_sum_words(str(k), names), "", *_effect(v, 3)) for k, v in lines(result.sums)]
    rows.append(Row(group="Chains"))
    for _, line in lines(result.chains):
        way = " → ".join([line["strategy"], line["through"], line["outcome"]])
        rows.append(row(_words(way), "", *_effect(line, 3)))
    settings = result.settings
    kind = "the delta method"
    if settings["intervals"] == "bootstrap":
        kind = f"{count(settings['n_boot'])} bootstrap replicates (percentile)"
    notes: list[Rich | str] = [
        result.theory.claim,
        fit_note(result.fit, result.n, settings),
        f"Intervals by {kind}. Bold: the interval excludes 0. What was expected is stated by the "
        "theory before the data; its sources are among its assumptions. Products of paths have "
        "three decimals.",
    ]
    title = "The Theory of Change of Trust"
    if result.theory.name != "theory":
        title = f"A Rival of the Theory of Change: {_words(result.theory.name)}"
    return build(
        options,
        f"{title} ({result.theory.form.capitalize()} Form)",
        [left("Effect"), left("Expected"), *_effect_columns(level(settings["conf_level"]))],
        rows,
        notes,
    )


def _effect_columns(confidence: str) -> list[Column]:
    return [
        Column(B), Column(SE), Column(rich(f"{confidence} CI")), Column(P), Column(BETA),
        Column(rich(f"{confidence} CI of β")),
    ]  # fmt: skip


def _effect(line: Any, digits: int = 2) -> list[str | Cell]:
    clear = bool(line["ci_low"] > 0 or line["ci_high"] < 0)
    return [
        Cell(number(line["est"], digits), strong=clear),
        number(line["se"], digits),
        interval(line["ci_low"], line["ci_high"], digits=digits, unit=False),
        p_value(line["pvalue"]),
        bounded(line["std"], digits),
        interval(line["std_ci_low"], line["std_ci_high"], digits=digits),
    ]


def _words(name: Any) -> str:
    return str(name).replace("_", " ")


def _sum_words(label: str, names: dict[str, str]) -> str:
    """Put the label of a sum in words, as "indirect_rel_adoption"."""
    kind, *codes = label.split("_")
    parts = [_words(names.get(code, code)) for code in codes]
    if kind == "through" and len(parts) > 2:
        return f"{parts[1]} → {parts[0]} → {' '.join(parts[2:])}"
    return f"{parts[0]} → {' '.join(parts[1:])}, {'in all' if kind == 'total' else kind}"


def theories_table(result: TheoryComparison, options: Options) -> Table:
    """Show the theory beside its rivals: fit, evidence, and tests where models are nested."""
    rows = []
    for name, line in lines(result.table):
        tested = result.differences.loc[name] if name in result.differences.index else None
        difference, probability = "", ""
        if tested is not None and tested["nested"] != "no":
            difference = f"{number(tested['chisq'])} ({count(tested['df'])})"
            probability = p_value(tested["pvalue"])
        elif tested is not None:
            difference = "not nested"
        proper = line["converged"] and line["admissible"]
        rows.append(
            row(
                _words(name) + ("" if proper else " †"),
                f"{number(line['chisq'])} ({count(line['df'])})",
                *(bounded(line[index], 3) for index in ("cfi", "rmsea", "srmr")),
                Cell(number(line["delta_aic"], 1), strong=line["delta_aic"] == 0),
                Cell(number(line["delta_bic"], 1), strong=line["delta_bic"] == 0),
                bounded(line["akaike_weight"]),
                difference,
                probability,
            )
        )
    spanner = "From the theory"
    columns = [
        left("Model"), Column(CHISQ + " (" + DF + ")"),
        *(Column(rich(heading)) for heading in ("CFI", "RMSEA", "SRMR", "ΔAIC", "ΔBIC")),
        Column(rich("Akaike weight")), Column(rich("Δχ²") + " (" + DF + ")", spanner=spanner),
        Column(P, spanner=spanner),
    ]  # fmt: skip
    claims = " ".join(f"{_words(name)}: {line['claim']}" for name, line in lines(result.table))
    notes: list[Rich | str] = [N + f" = {count(result.n)}. {claims}"]
    if (result.differences["nested"] == "edge").any():
        notes.append(
            "One general trust lies at the edge of what two can be (a correlation of 1), where the "
            "test is conservative."
        )
    if not bool((result.table["converged"] & result.table["admissible"]).all()):
        notes.append("† The solution is not proper.")
    notes.append("Bold: the smallest. Models that fit alike may differ in what they claim.")
    return build(options, "The Theory of Change and Its Rivals", columns, rows, notes)


def mediation_table(result: MediationResult, options: Options) -> Table:
    """Show total, direct and indirect effects, and the paths that they are made of."""
    settings = result.settings
    confidence = level(settings["conf_level"])
    rows = [Row(group="Effects")]
    for name, line in lines(result.effects):
        clear = bool(line["ci_low"] > 0 or line["ci_high"] < 0)
        rows.append(
            row(
                str(name), Cell(number(line["est"]), strong=clear), number(line["se"]),
                interval(line["ci_low"], line["ci_high"], unit=False), "",
                bounded(line["std"]),
                interval(line["std_ci_low"], line["std_ci_high"]) if "std_ci_low" in line else "",
            )
        )  # fmt: skip
    rows.append(Row(group="Paths"))
    for name, line in lines(result.paths):
        if str(name).endswith("intercept"):
            continue
        rows.append(
            row(
                str(name).replace("~", "←"), number(line["est"]), number(line["se"]),
                interval(line["ci_low"], line["ci_high"], unit=False), p_value(line["pvalue"]),
                bounded(line["std"]), "",
            )
        )  # fmt: skip
    kind = {
        "percentile": "percentile bootstrap", "bca": "BCa bootstrap", "delta": "delta method",
    }[settings["ci"]]  # fmt: skip
    drawn = f" ({count(settings['n_boot'])} replicates)" if settings["ci"] != "delta" else ""
    explained = "; ".join(f"{name} {bounded(value)}" for name, value in result.r_squared.items())
    beside = f" Covariates: {', '.join(settings['covariates'])}." if settings["covariates"] else ""
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Intervals of effects: {kind}{drawn}; bold: they exclude 0."
        f"{beside}",
        R + f"²: {explained}.",
        "Effects are causal only as far as no other cause of mediator and outcome is left out.",
    ]
    columns = [left("Effect"), *_effect_columns(confidence)]
    title = f"Effects of {settings['x']} on {settings['y']}"
    return build(options, title, columns, rows, notes)


def moderation_table(result: ModerationResult, options: Options) -> Table:
    """Show coefficients, slopes at values of the moderator, and where they are significant."""
    settings = result.settings
    x, w, y = settings["x"], settings["w"], settings["y"]
    confidence = level(settings["conf_level"])
    rows = [Row(group=f"Regression of {y}")]
    rows += [row(str(term), *_slope(line)) for term, line in lines(result.coefficients)]
    rows.append(Row(group=f"Slope of {x} at values of {w}"))
    rows += [row(f"{w} = {_value(at)}", *_slope(line)) for at, line in lines(result.simple_slopes)]
    rows.append(Row(group=f"Johnson–Neyman: where the slope of {x} is what"))
    for _, line in lines(result.regions):
        where = f"{w} from {number(line['low'])} to {number(line['high'])}"
        share = percent(line["share"])
        rows.append(row(f"{where}: {line['effect']}", number(line["slope"]), "", "", "", share))
    errors = {"classical": "classical", "cluster": "cluster-robust"}
    kind = errors.get(str(settings["errors"]), str(settings["errors"]))
    centred = f" {x} and {w} are centred in the regression." if settings["center"] else ""
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}; {kind} errors." + centred,
        R + f"² = {bounded(result.r2)}, of which the interaction {bounded(result.delta_r2)}.",
        "Regions: the slope in their middle, and the share of persons in them.",
    ]
    if settings["ci"] != "classical":
        notes.append(f"Limits from {count(settings['n_boot'])} bootstrap replicates.")
    columns = [
        left("Term"), Column(B), Column(SE), Column(T), Column(P), Column(rich(f"{confidence} CI")),
    ]  # fmt: skip
    return build(options, f"{y} on {x}: Does {w} Change It?", columns, rows, notes)


def _value(at: Any) -> str:
    return number(at) if isinstance(at, (int, float)) else str(at)


def _slope(line: pd.Series) -> list[str]:
    return [
        number(line["est"]), number(line["se"]), number(line["t"]), p_value(line["pvalue"]),
        interval(line["ci_low"], line["ci_high"], unit=False),
    ]  # fmt: skip


BUILDERS: dict[type, tuple[str, Callable[[Any, Options], Table]]] = {
    TheoryFit: ("fit_theory", theory_table),
    TheoryComparison: ("compare_theories", theories_table),
    MediationResult: ("mediation", mediation_table),
    ModerationResult: ("moderation", moderation_table),
}
