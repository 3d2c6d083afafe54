"""Tables of structural models beside each other, and of factors that should differ."""

from __future__ import annotations

from trustmeasure.confirmatory import ModelComparison
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, italic, rich, row
from trustmeasure.tables.numbers import bounded, count, interval, level, number, p_value
from trustmeasure.tables.options import Options, build
from trustmeasure.tables.validity import left, lines
from trustmeasure.validity import DiscriminantValidity

P, R, DF = (italic(text) for text in ("p", "r", "df"))
CHISQ, DELTA_CHISQ = rich("χ²"), rich("Δχ²")


def comparison_table(result: ModelComparison, options: Options) -> Table:
    """Show models from the most general to the most restricted, each against what holds it."""
    scaled = bool((result.table["scaling"] != 1.0).any())
    rows: list[Row] = []
    for name, values in lines(result.table):
        rows.append(
            row(
                str(name),
                f"{number(values['chisq'])} ({count(values['df'])})",
                bounded(values["cfi"], 3),
                bounded(values["rmsea"], 3),
                bounded(values["srmr"], 3),
                number(values["aic"], 1),
                number(values["bic"], 1),
                str(values["against"]) or "–",
                f"{number(values['chisq_diff'])} ({_degrees(values['df_diff'])})"
                if values["chisq_diff"] == values["chisq_diff"]
                else "–",
                p_value(values["pvalue"]),
            )
        )
    spanner = "Difference"
    columns = [
        left("Model"),
        Column(CHISQ + " (" + DF + ")"),
        *(Column(rich(heading)) for heading in ("CFI", "RMSEA", "SRMR", "AIC", "BIC")),
        Column(rich("From"), "left", spanner=spanner),
        Column(DELTA_CHISQ + " (" + DF + ")", spanner=spanner),
        Column(P, spanner=spanner),
    ]
    notes: list[Rich | str] = [
        "A model is tested against the closest one that it is nested in, which was checked in "
        "numbers (Bentler & Satorra, 2010). The smaller AIC and BIC, the better.",
    ]
    if scaled:
        method = str(result.settings["method"])
        source = "Satorra" if method == "satorra.2000" else "Satorra & Bentler"
        notes.append(
            f"χ² is unscaled; differences are scaled ({source}, {method[-4:]}); CFI and RMSEA are "
            f"{result.settings['indices']}."
        )
    return build(options, "Comparison of Models", columns, rows, notes)


def _degrees(value: float) -> str:
    """Write degrees of freedom, which a test may adjust to a fraction."""
    return count(value) if float(value).is_integer() else number(value)


def discriminant_table(result: DiscriminantValidity, options: Options) -> Table:
    """Show each latent correlation with its interval and its test against the cut-off."""
    cutoff = bounded(result.settings["cutoff"])
    rows = [
        row(
            str(first),
            str(second),
            Cell(bounded(values["correlation"]), strong=not values["differs"]),
            interval(values["ci_low"], values["ci_high"]),
            number(values["chisq_diff"]),
            p_value(values["pvalue"]),
            str(values["problem"]),
        )
        for (first, second), values in lines(result.table)
    ]
    columns = [
        left("Factor"),
        left("Factor "),
        Column(R),
        Column(rich(f"{level(result.settings['conf_level'])} CI")),
        Column(DELTA_CHISQ + rich(f" at {cutoff}")),
        Column(P),
        left("Problem"),
    ]
    notes: list[Rich | str] = [
        f"Bold: the test does not reject a correlation as high as {cutoff}. Problem by the limit "
        "of the interval: none below .80, marginal below .90, moderate below 1, else severe "
        "(Rönkkö & Cho, 2022)."
    ]
    return build(options, "Correlations of Latent Variables", columns, rows, notes)
