"""Tables of structural models: estimates, resampled estimates, residuals, scores, power."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure.confirmatory import (
    BootstrapResult,
    FactorScores,
    FitCutoffs,
    ModelResiduals,
    PowerResult,
    StructuralModel,
)
from trustmeasure.tables.matrices import triangle
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
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
from trustmeasure.tables.options import Options, build
from trustmeasure.tables.validity import left, lines

B, SE, P, N, M, SD = (italic(text) for text in ("B", "SE", "p", "n", "M", "SD"))
BETA, DF = rich("β"), italic("df")
# What a table shows, by operator; variances, intercepts and thresholds stay in the frame.
_KINDS = {"=~": "Loadings", "~": "Regressions", "~~": "Covariances", ":=": "Defined"}
_ARROWS = {"=~": "→", "~": "←", "~~": "↔", ":=": "="}


def fit_note(fit: pd.Series, n: int, settings: Any) -> Rich:
    """Put the indices of fit in a sentence: scaled and robust ones where there are."""
    scaled = "_scaled" if "chisq_scaled" in fit else ""
    chisq, df = fit[f"chisq{scaled}"], fit[f"df{scaled}" if f"df{scaled}" in fit else "df"]
    said = rich("χ²(") + count(df) + ", " + N + f" = {count(n)}) = {number(chisq)}"
    if df > 0:
        said = said + ", " + P + p_statement(fit[f"pvalue{scaled}"])
    for name, index in (("CFI", "cfi"), ("TLI", "tli"), ("RMSEA", "rmsea"), ("SRMR", "srmr")):
        end = "_robust" if f"{index}_robust" in fit else ""
        value = fit.get(f"{index}{end}", np.nan)
        if value != value:
            continue
        said = said + f", {name} = {bounded(value, 3)}"
        low, high = (fit.get(f"rmsea_ci_{side}{end}", np.nan) for side in ("lower", "upper"))
        if index == "rmsea" and low == low:
            said = said + f" {interval(low, high, digits=3)}"
    robust = " Indices are robust." if "cfi_robust" in fit else ""
    return said + f" ({settings['estimator']})." + robust


def structural_table(result: StructuralModel, options: Options) -> Table:
    """Show loadings, regressions, covariances and what is defined, with intervals, and fit."""
    rows = list(
        _estimate_rows(
            result.estimates,
            lambda line: [
                number(line["est"]),
                number(line["se"]) if line["se"] else "fixed",
                interval(line["ci_low"], line["ci_high"], unit=False) if line["se"] else "",
                p_value(line["pvalue"]) if line["se"] else "",
                bounded(line["std"]),
            ],
        )
    )
    notes: list[Rich | str] = [fit_note(result.fit, result.n, result.settings)]
    if not result.converged:
        notes.append("The search did not converge: these are no estimates.")
    elif not result.admissible:
        notes.append("The solution is not proper; do not read the estimates as they are.")
    notes.append("β: in standard deviations of all variables.")
    confidence = level(result.settings.get("conf_level"))
    columns = [
        left("Parameter"), Column(B), Column(SE), Column(rich(f"{confidence} CI")), Column(P),
        Column(BETA),
    ]  # fmt: skip
    return build(options, "Estimates of the Structural Model", columns, rows, notes)


def bootstrap_table(result: BootstrapResult, options: Options) -> Table:
    """Show estimates with errors and limits from refitted resamples."""
    rows = list(
        _estimate_rows(
            result.estimates,
            lambda line: [
                number(line["est"]),
                number(line["se"]) if line["se"] else "fixed",
                interval(line["ci_low"], line["ci_high"], unit=False) if line["se"] else "",
                bounded(line["std"]),
                interval(line["std_ci_low"], line["std_ci_high"]) if line["se_std"] else "",
            ],
        )
    )
    kinds = {"bca": "BCa", "bca.simple": "bias-corrected"}
    kind = kinds.get(str(result.settings["ci"]), str(result.settings["ci"]))
    confidence = f"{level(result.settings['conf_level'])} CI"
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Standard errors and {kind} limits from "
        f"{count(result.n_boot)} bootstrap replicates; {count(result.n_failed)} failed, "
        f"{count(result.n_improper)} are improper."
    ]
    if not np.isnan(result.bollen_stine_pvalue):
        notes.append(rich("Bollen–Stine ") + P + p_statement(result.bollen_stine_pvalue) + ".")
    columns = [
        left("Parameter"), Column(B), Column(SE), Column(rich(confidence)), Column(BETA),
        Column(rich(f"{confidence} of β")),
    ]  # fmt: skip
    return build(options, "Bootstrap of the Structural Model", columns, rows, notes)


def _estimate_rows(estimates: pd.DataFrame, cells: Callable[[Any], list[str]]) -> Iterable[Row]:
    """Go through the estimates by block (group or level) and kind."""
    blocks = [name for name in ("group", "level") if name in estimates]
    shown = estimates[estimates["op"].isin(list(_KINDS))]
    own = (shown["op"] == "~~") & (shown["lhs"] == shown["rhs"])
    shown = shown[~own]
    keys = shown[blocks].astype(object).where(shown[blocks].notna(), "") if blocks else None
    for block in [()] if keys is None else list(dict.fromkeys(map(tuple, keys.to_numpy()))):
        part = shown if keys is None else shown[(keys == list(block)).all(axis=1)]
        where = ", ".join(
            f"{name} {value}" for name, value in zip(blocks, block, strict=True) if value != ""
        )
        for op, heading in _KINDS.items():
            found = part[part["op"] == op]
            if len(found):
                yield Row(group=f"{heading} ({where})" if where else heading)
            for _, line in lines(found):
                yield row(f"{line['lhs']} {_ARROWS[op]} {line['rhs']}", *cells(line))


def residuals_table(result: ModelResiduals, options: Options) -> Table:
    """Show what the model leaves of each covariance or correlation."""
    kinds = {
        "raw": "Residual Covariances",
        "correlation": "Residual Correlations",
        "standardized": "Standardised Residuals",
        "normalized": "Normalised Residuals",
    }
    write = bounded if result.kind == "correlation" else number
    limit = {"correlation": 0.10}.get(result.kind, 1.96 if result.kind != "raw" else np.inf)
    grouped = result.cov.index.nlevels > 1
    over = result.cov.index.names[0] or "group"
    blocks = (
        {f"{over} {label}": result.cov.loc[label] for label in result.cov.index.unique(0)}
        if grouped
        else {"": result.cov}
    )
    columns: list[Column] = []
    rows: list[Row] = []
    for label, block in blocks.items():
        frame = block.reindex(columns=list(block.index))
        own, found = triangle(frame, write, strong=lambda value: abs(value) > limit, diagonal=True)
        columns = columns or own
        rows += [Row(group=label), *found] if label else found
    notes: list[Rich | str] = [N + f" = {count(result.n)}; observed minus implied."]
    if np.isfinite(limit):
        notes.append(f"Bold: beyond ±{write(limit)}.")
    return build(options, kinds.get(result.kind, "Residuals"), columns, rows, notes)


def scores_table(result: FactorScores, options: Options) -> Table:
    """Show how the scores of each factor spread, and how well they are known."""
    rows = []
    for factor in result.scores:
        values = result.scores[factor]
        known = result.reliability.get(factor, np.nan)
        rows.append(
            row(
                str(factor), count(values.notna().sum()), number(values.mean()),
                number(values.std()), number(values.min()), number(values.max()),
                number(result.se[factor].mean()), bounded(known),
            )
        )  # fmt: skip
    columns = [
        left("Factor"), Column(N), Column(M), Column(SD), Column(rich("Least")),
        Column(rich("Most")), Column(rich("Mean ") + SE), Column(rich("Reliability")),
    ]  # fmt: skip
    kinds = {
        "regression": "Regression", "Bartlett": "Bartlett’s", "EBM": "Empirical Bayes modal",
        "ML": "Maximum-likelihood",
    }  # fmt: skip
    method = kinds[result.settings["method"]]
    return build(options, "Factor Scores", columns, rows, [f"{method} scores."])


def cutoffs_table(result: FitCutoffs, options: Options) -> Table:
    """Show the indices of the model under the cut-offs that were found for it."""
    heads = [str(name).removesuffix("_scaled").upper() for name in result.cutoffs]
    columns = [left("Model"), *(Column(rich(head)) for head in heads)]
    rows = [
        row("Observed", *(bounded(result.observed[str(name)], 3) for name in result.cutoffs)),
    ]
    for (label, values), (_, certain) in zip(
        lines(result.cutoffs), lines(result.certainty), strict=True
    ):
        cells = [
            f"{bounded(value, 3)} ({percent(sure)})" if value == value else "none"
            for value, sure in zip(values, certain, strict=True)
        ]
        rows.append(row(str(label), *cells))
    notes: list[Rich | str] = [
        N + f" = {count(result.n)}. Cut-offs from {count(result.settings['n_rep'])} samples of the "
        "right model and of each wrong one; in parentheses, the share of wrong models that a "
        "cut-off rejects and of right ones that it keeps. None: no value tells the two apart."
        + (" RMSEA and CFI are scaled." if "cfi_scaled" in result.cutoffs else "")
    ]
    return build(options, "Dynamic Cut-Offs of Fit", columns, rows, notes)


def power_table(result: PowerResult, options: Options) -> Table:
    """Show the power of each test of fit, and of each parameter where it was simulated.

    Sample sizes stand side by side. Variances of single variables stay in the frame, as in the
    table of the model.
    """
    settings = result.settings
    sizes = list(result.fit.index)
    columns = [
        left("Test"),
        *(Column(N + f" = {count(size)}", spanner="Power") for size in sizes),
    ]
    names = {
        "close_fit": f"close fit (RMSEA {bounded(settings['rmsea_a'])} against "
        f"{bounded(settings['rmsea0'])})",
        "not_close": "not-close fit",
        "exact": "exact fit",
    }
    rows = [Row(group="Fit of the model")]
    for test in result.fit:
        rows.append(row(names.get(str(test), str(test)), *map(bounded, result.fit[test])))
    notes: list[Rich | str] = [
        DF + f" = {count(settings['df'])}, α = {bounded(settings['alpha'])}."
    ]
    if result.parameters is not None:
        rows.append(Row(group="Parameters"))
        found = result.parameters["power"]
        for name in found.loc[sizes[0]].index:
            lhs, op, rhs = str(name).split(" ", 2)
            if lhs != rhs:
                cells = [
                    Cell(bounded(v), strong=bool(v < 0.8))
                    for v in found.loc[[(n, name) for n in sizes]]
                ]
                rows.append(row(f"{lhs} {_ARROWS.get(op, op)} {rhs}", *cells))
        notes.append(
            f"Power of parameters from {count(settings['n_rep'])} simulated samples; bold: below "
            ".80."
        )
    return build(options, "Power", columns, rows, notes)


BUILDERS: dict[type, tuple[str, Callable[[Any, Options], Table]]] = {
    StructuralModel: ("cfa, sem, growth", structural_table),
    BootstrapResult: ("bootstrap", bootstrap_table),
    ModelResiduals: ("cfa(...).residuals", residuals_table),
    FactorScores: ("cfa(...).factor_scores", scores_table),
    FitCutoffs: ("fit_cutoffs", cutoffs_table),
    PowerResult: ("power", power_table),
}
