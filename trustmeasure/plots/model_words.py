"""Path diagrams and residuals of models in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from trustmeasure.confirmatory import StructuralModel
from trustmeasure.tables.numbers import bounded, interval, level, number, percent
from trustmeasure.theory import MediationResult, ModerationResult, TheoryFit, TheoryOfChange
from trustmeasure.validity import DiscriminantValidity, MarkerFactorResult, MethodFactorResult

MOST_PATHS = 30


def paths(model: StructuralModel | TheoryFit | TheoryOfChange) -> str:
    """Say what the path diagram of a model shows."""
    from trustmeasure.plots.diagrams import STRONG, diagram_of
    from trustmeasure.plots.paths import fit_words

    diagram = diagram_of(model)
    inside = set(diagram.nodes)
    arrows = [
        link for link in diagram.links
        if not link.two_way and link.start in inside and link.end in inside
    ]  # fmt: skip
    loads = [link for link in diagram.links if link.loading]
    named = diagram.labels
    what = "Path diagram"
    if isinstance(model, (TheoryFit, TheoryOfChange)):
        theory = model.theory if isinstance(model, TheoryFit) else model
        what += f" of the theory of change ({theory.form} form, model '{theory.name}')"
    parts = [f"{what}: {_counted(len(diagram.latent), 'latent variable')}, "
             f"{_counted(len(diagram.observed) + diagram.hidden, 'observed one')}."]  # fmt: skip
    if loads and np.isfinite([link.value for link in loads]).all():
        low = min(loads, key=lambda link: link.value)
        high = max(loads, key=lambda link: link.value)
        parts.append(
            f"Standardised loadings from {bounded(low.value)} ({named[low.end]} on "
            f"{named[low.start]}) to {bounded(high.value)} ({named[high.end]} on "
            f"{named[high.start]})."
        )
    if arrows:
        finite = all(np.isfinite(link.value) for link in arrows)
        chosen = arrows
        if len(arrows) > MOST_PATHS and finite:
            chosen = sorted(arrows, key=lambda link: -abs(link.value))[:MOST_PATHS]
        said = [f"{named[link.start]} to {named[link.end]}" + _value(link) for link in chosen]
        more = "" if len(chosen) == len(arrows) else f", and {len(arrows) - len(chosen)} smaller"
        parts.append(f"Paths: {'; '.join(said)}{more}.")
        if finite:
            clear = sum(link.kind == STRONG for link in arrows)
            parts.append(f"Intervals of {clear} of {len(arrows)} exclude zero.")
    fitted = model.structural if isinstance(model, TheoryFit) else model
    if isinstance(fitted, StructuralModel):
        parts.append(fit_words(fitted))
    return " ".join(parts)


def _value(link: Any) -> str:
    if not np.isfinite(link.value):
        return ""
    return " " + (bounded(link.value) if abs(link.value) < 1 else number(link.value))


def residuals(model: StructuralModel | TheoryFit) -> str:
    """Say what the heat map of residuals shows."""
    from trustmeasure.plots.residuals import LIMIT, residual_correlations

    matrix, which = residual_correlations(model)
    rows, columns = np.tril_indices(len(matrix), -1)
    values = matrix.to_numpy(dtype=np.float64)[rows, columns]
    parts = [f"Heat map of observed minus implied correlations of {len(matrix)} variables{which}:"]
    for k, word in ((int(values.argmin()), "from"), (int(values.argmax()), "to")):
        pair = f"{matrix.index[rows[k]]} with {matrix.columns[columns[k]]}"
        parts.append(f"{word} {bounded(values[k])} ({pair})" + ("." if word == "to" else ""))
    many = int((np.abs(values) > LIMIT).sum())
    parts.append(f"{many or 'None'} of {len(values)} beyond {bounded(LIMIT)} in size.")
    return " ".join(parts)


def mediated(result: MediationResult) -> str:
    """Say what the figure of effects shows."""
    table = result.effects
    said = [
        f"{name} {number(row['est'])} {interval(row['ci_low'], row['ci_high'], unit=False)}"
        for name, row in table.iterrows()
    ]
    return (
        f"Dot plot of the effects of {result.settings['x']} on {result.settings['y']} with "
        f"{level(result.settings['conf_level'])} intervals: {'; '.join(said)}."
    )


def moderated(result: ModerationResult) -> str:
    """Say what the figure of conditional slopes shows."""
    from trustmeasure.plots.effects import regions_in_words

    settings, ends = result.settings, result.curve["slope"]
    return (
        f"Line plot of the slope of {settings['x']} on {settings['y']} over {settings['w']}, from "
        f"{number(ends.iloc[0])} at {number(result.curve['w'].iloc[0])} to "
        f"{number(ends.iloc[-1])} at {number(result.curve['w'].iloc[-1])}. "
        f"{regions_in_words(result)}"
    )


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" + ("" if n == 1 else "s")


def shared(result: MethodFactorResult | MarkerFactorResult) -> str:
    """Say how much of the items is the method's."""
    method = result.items["method"]
    return (
        f"Stacked bars of {len(method)} items: traits, method and error. The method takes "
        f"{percent(result.method_share)} of the variance, from {bounded(method.min())} "
        f"({method.idxmin()}) to {bounded(method.max())} ({method.idxmax()})."
    )


def told_apart(result: DiscriminantValidity) -> str:
    """Say how high factors correlate, and which are not told apart."""
    values = result.table["correlation"]
    names = [" with ".join(map(str, pair)) for pair in values.index]
    low, high = int(values.abs().argmin()), int(values.abs().argmax())
    alike = [name for name, differs in zip(names, result.table["differs"], strict=True)
             if not differs]  # fmt: skip
    cut = bounded(result.settings["cutoff"])
    return (
        f"Dot plot of {len(values)} correlations of latent variables, from "
        f"{bounded(values.iloc[low])} ({names[low]}) to {bounded(values.iloc[high])} "
        f"({names[high]}). Not shown to be below {cut}: {', '.join(alike) or 'none'}."
    )
