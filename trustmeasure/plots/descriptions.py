"""Figures in words: alternative texts with the main numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure.agreement import AggregateResult, AgreementResult
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.correlation import CorrelationMatrix, PolychoricCorrelations
from trustmeasure.errors import OptionError
from trustmeasure.exploratory import (
    ExploratoryFactors,
    MinimumAveragePartial,
    NumberOfFactors,
    ParallelAnalysis,
    SamplingAdequacy,
)
from trustmeasure.exploratory.criteria import CRITERIA
from trustmeasure.instruments import Instrument
from trustmeasure.invariance import AlignmentResult, InvarianceResult, PartialInvariance
from trustmeasure.plots import model_words
from trustmeasure.reliability import AlphaResult, OmegaResult, ReliabilityTableResult, RetestResult
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.tables.labels import scale_title
from trustmeasure.tables.numbers import bounded, count, interval, level, number, percent
from trustmeasure.tables.people import scale_range
from trustmeasure.theory import MediationResult, ModerationResult, TheoryFit, TheoryOfChange
from trustmeasure.thresholds import load_thresholds
from trustmeasure.validity import (
    CurvilinearResult,
    DiscriminantValidity,
    HeterotraitRatios,
    MarkerFactorResult,
    MethodFactorResult,
)


def describe(
    result: Any,
    *,
    kind: str | None = None,
    scale: str | None = None,
    instrument: Instrument | None = None,
) -> str:
    """Say in a sentence or two what the figure of a result shows, with the main numbers.

    Parameters
    ----------
    result : anything that `plot` draws
    kind : str, optional
        Of Scores, which figure: "score_distribution" (the default), "likert", "item_rest" or
        "correlation_heatmap".
    scale : str, optional
        Where the result holds several scales.
    instrument : Instrument, optional
        Of team results: to call the scale by its title.

    Returns
    -------
    str
        Of suppressed teams nothing but their number.

    Raises
    ------
    OptionError
        For what has no figure.
    """
    if isinstance(result, Scores) and kind in (None, "score_distribution"):
        return _distribution(result, scale)
    if isinstance(result, Scores) and kind == "item_rest":
        from trustmeasure.reliability import cronbach_alpha

        return _items(cronbach_alpha(result, scale=scale))
    if isinstance(result, HeterotraitRatios):
        return _ratios(result)
    if isinstance(result, (StructuralModel, TheoryFit)) and kind == "residual_heatmap":
        return model_words.residuals(result)
    if isinstance(result, (StructuralModel, TheoryFit, TheoryOfChange)):
        return model_words.paths(result)
    if isinstance(result, InvarianceResult) and kind == "measurement_parameters":
        return _parameters(result)
    if isinstance(result, (CorrelationMatrix, PolychoricCorrelations)):
        return _correlations(result, None)
    if kind == "correlation_heatmap" or _is_matrix(result):
        return _correlations(result, scale)
    if isinstance(result, (Scores, Responses)):
        return _answers(result, scale)
    if isinstance(result, AggregateResult):
        return _teams(result, scale, instrument)
    for known, words in _SENTENCES.items():
        if isinstance(result, known):
            return words(result)
    raise OptionError(
        f"There is no figure of a {type(result).__name__} to describe. There is one of: "
        + ", ".join([*(known.__name__ for known in _SENTENCES), "AggregateResult", "Scores"])
        + ", Responses."
    )


def _items(result: AlphaResult) -> str:
    r, drop = result.items["r_drop"], result.items["alpha_drop"]
    cut = load_thresholds()["item_rest"].cut
    low = [str(name) for name in r.index[r < cut]]
    better = [str(name) for name in drop.index[drop.round(2) > round(result.estimate, 2)]]
    text = (
        f"Dot plot of {len(r)} items. Item–rest correlations go from {bounded(r.min())} "
        f"({r.idxmin()}) to {bounded(r.max())} ({r.idxmax()}). Alpha of the scale is "
        f"{bounded(result.estimate)}; without an item it would be {bounded(drop.min())} to "
        f"{bounded(drop.max())}."
    )
    text += (
        f" Below {bounded(cut)}: {', '.join(low)}." if low else f" None is below {bounded(cut)}."
    )
    return text + (f" Alpha would rise without: {', '.join(better)}." if better else "")


def _coefficients(result: ReliabilityTableResult) -> str:
    words = [
        f"{scale}: alpha {bounded(row['alpha'])}, omega {bounded(row['omega'])}"
        for scale, row in result.table.iterrows()
    ]
    return (
        f"Coefficients of reliability of {len(words)} scale(s) with intervals. {'; '.join(words)}."
    )


def _omega(result: OmegaResult) -> str:
    loads = result.loadings["std_loading"]
    return (
        f"Standardised loadings of {len(loads)} items on one factor, from {bounded(loads.min())} "
        f"({loads.idxmin()}) to {bounded(loads.max())} ({loads.idxmax()}); omega is "
        f"{bounded(result.omega_total)}."
    )


def _retest(result: RetestResult) -> str:
    limits = result.table.loc["bias"]
    return (
        f"Bland–Altman plot of {count(result.n)} persons measured twice. The mean difference, "
        f"after minus before, is {number(result.bias)}, "
        f"{level(result.settings.get('conf_level'))} interval "
        f"{interval(limits['ci_low'], limits['ci_high'], unit=False)}; "
        f"{level(result.settings.get('coverage'))} of the differences are expected between "
        f"{number(result.loa_low)} and {number(result.loa_high)}."
    )


def _adequacy(result: SamplingAdequacy) -> str:
    return (
        f"Dot plot of the sampling adequacy of {len(result.items)} items: "
        f"{bounded(result.overall)} for all together, from {bounded(result.items.min())} "
        f"({result.items.idxmin()}) to {bounded(result.items.max())} ({result.items.idxmax()})."
    )


def _scree(result: ParallelAnalysis) -> str:
    parts = []
    for kind, kept in (("factors", result.n_factors), ("components", result.n_components)):
        leading = result.observed[kind].head(max(kept, 1) + 1)
        parts.append(
            f"{kept} {kind} exceed random data (first eigenvalues: "
            f"{', '.join(number(value) for value in leading)})"
        )
    return (
        f"Scree plot with parallel analysis of {len(result.observed)} items: "
        + "; ".join(parts)
        + "."
    )


def _partials(result: MinimumAveragePartial) -> str:
    parts = [
        f"of the {what} {bounded(values.iloc[kept], 4)} with {_counted(kept, 'component')} held "
        f"constant, {bounded(values.iloc[0], 4)} with none"
        for what, values, kept in (
            ("squares", result.values, result.n_factors),
            ("fourth powers", result.values_revised, result.n_factors_revised),
        )
    ]
    return f"Mean partial correlations of {len(result.values)} items: {'; '.join(parts)}."


def _criteria(result: NumberOfFactors) -> str:
    groups = result.consensus.groups
    said = [
        f"{_counted(int(number), 'factor')}: "
        + ", ".join(CRITERIA[name].short for name in str(names).split(", "))
        for number, names in zip(groups.index.to_list(), groups["criteria"], strict=True)
    ]
    missing = int(result.table["n_factors"].isna().sum())
    without = f" {_counted(missing, 'criterion')} without a number." if missing == 1 else ""
    without = f" {missing} criteria without a number." if missing > 1 else without
    return (
        f"Scree plot of {len(result.eigenvalues)} items with the suggestions of "
        f"{len(result.table)} criteria below. {'; '.join(said)}.{without} "
        f"{result.consensus.sentence}"
    )


def _loadings(result: ExploratoryFactors) -> str:
    size = result.loadings.abs()
    primary = size.idxmax(axis=1)
    parts = []
    for factor in result.loadings.columns:
        members = size.loc[primary == factor, factor].sort_values(ascending=False)
        names = ", ".join(str(name) for name in members.index) or "no item"
        parts.append(f"{factor}: {names}")
    cut = load_thresholds()["loading"].cut
    weak = int((size.max(axis=1) < cut).sum())
    return (
        f"Loadings of {len(size)} items on {size.shape[1]} factor(s). Items by the factor on which "
        f"they load most: {'; '.join(parts)}. "
        f"{weak or 'No'} item(s) load below {bounded(cut)} on every factor."
    )


def _agreement(result: AgreementResult) -> str:
    return (
        f"Dot plot of the agreement within {result.n_clusters} teams: median "
        f"{bounded(result.median)}, mean {bounded(result.mean)}; {percent(result.share_above)} are "
        f"at or above {bounded(result.cutoff)}."
    )


def _teams(result: AggregateResult, scale: str | None, instrument: Instrument | None) -> str:
    chosen = str(result.table["scale"].iloc[0]) if scale is None else scale
    part = result.table[result.table["scale"] == chosen]
    hidden = part["suppressed"].astype(bool)
    shown = part[~hidden]
    named = scale_title(chosen, instrument)
    text = f"Dot plot of the means of {_counted(len(shown), 'team')} on {named}"
    if len(shown):
        text += (
            f", from {number(shown['mean'].min())} ({shown['mean'].idxmin()}) to "
            f"{number(shown['mean'].max())} ({shown['mean'].idxmax()}), with "
            f"{level(result.settings.get('conf_level'))} intervals"
        )
    whole: Any = result.overall.loc[chosen]
    text += "." if whole["withheld"] else f"; all together {number(whole['mean'])}."
    if hidden.any():
        text += f" Not shown: {_counted(int(hidden.sum()), 'team')}."
    return text


def _ratios(result: HeterotraitRatios) -> str:
    values = result.pairs["estimate"]
    cut = load_thresholds()["htmt"].cut
    names = [" with ".join(str(name) for name in pair) for pair in values.index]
    low, high = names[int(values.argmin())], names[int(values.argmax())]
    above = int((values >= cut).sum())
    return (
        f"Dot plot of the heterotrait–monotrait ratios of {_counted(len(values), 'pair')} of "
        f"scales, from {bounded(values.min())} ({low}) to {bounded(values.max())} ({high}). "
        f"{above or 'None'} {'is' if above < 2 else 'are'} at or above {bounded(cut)}."
    )


def _curve(result: CurvilinearResult) -> str:
    y, x = result.settings["y"], result.settings["x"]
    text = (
        f"Scatter plot of {y} over {x} for {count(result.n)} persons with a quadratic curve "
        f"({result.shape}) that turns at {number(result.turning_point)}"
    )
    if np.isfinite(result.turning_low):
        limits = interval(result.turning_low, result.turning_high, unit=False)
        text += f", {level(result.settings['conf_level'])} interval {limits}"
    text += "." if result.turns_inside else ", outside the range."
    if np.isnan(result.breakpoint):
        return text
    below, above = result.lines["slope"]
    return (
        f"{text} Two straight lines part at {number(result.breakpoint)}: slope {number(below)} "
        f"below and {number(above)} above."
    )


_LEVELS = {"thresholds": "equality of thresholds"}


def _ladder(result: InvarianceResult) -> str:
    held = result.table["holds"]
    words = [
        f"{_LEVELS.get(str(name), str(name))} {'holds' if met else 'does not hold'}"
        for name, met in held.items()
        if met is not None
    ]
    over = "groups" if result.design.kind == "group" else "waves"
    judged = [name.upper() for name in dict.fromkeys(result.verdicts.index.get_level_values(1))]
    return (
        f"Dot plot of the changes of {', '.join(judged[:-1])} and {judged[-1]} at each level of "
        "invariance over "
        f"{_counted(len(result.design.labels), over[:-1])}, in units of what the criteria allow. "
        f"By the criteria {', '.join(words)}."
    )


def _parameters(result: InvarianceResult) -> str:
    occasions = result.design.labels
    items = {item for own in result.design.factors.values() for item in own}
    kind = "group" if result.design.kind == "group" else "wave"
    return (
        f"Dot plot of the parameters of {_counted(len(items), 'item')} with intervals, one mark "
        f"for each {kind}: {', '.join(str(one) for one in occasions)}."
    )


def _released(result: PartialInvariance) -> str:
    free = ", ".join(result.released) or "nothing"
    met = "is" if result.holds else "is not"
    return (
        f"{_parameters(result.ladder)} Partial {result.level} model; free to differ: {free}. The "
        f"criterion {met} met."
    )


def _aligned(result: AlignmentResult) -> str:
    texts = []
    for factor in dict.fromkeys(result.means.index.get_level_values("factor")):
        means = result.means.loc[factor, "mean"]
        texts.append(
            f"{factor}: {_counted(len(means), 'group')} from {number(means.min())} "
            f"({means.idxmin()}) to {number(means.max())} ({means.idxmax()})"
        )
    return (
        f"Dot plot of aligned latent means with intervals. {'; '.join(texts)}. "
        f"{percent(result.noninvariant)} of loadings and intercepts differ."
    )


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" + ("" if n == 1 else "s")


def _distribution(scores: Scores, scale: str | None) -> str:
    from trustmeasure._checks import one_scale
    from trustmeasure.plots.distributions import mean_interval

    name = str(one_scale(scores, scale=scale))
    values = scores.data[name].dropna().to_numpy(dtype=np.float64)
    low, high = scale_range(scores, name)
    title = scale_title(name, scores.instrument)
    if len(values) < 2:
        return f"Histogram of the scores on {title}: too few people."
    mean, lower, upper = mean_interval(values, 0.95)
    return (
        f"Histogram of {count(len(values))} scores on {title}, possible range {low:g} to {high:g}: "
        f"mean {number(mean)}, 95% interval {interval(lower, upper, unit=False)}, standard "
        f"deviation {number(values.std(ddof=1))}."
    )


def _answers(data: Any, scale: str | None) -> str:
    from trustmeasure.plots.answers import answer_shares, chosen_items, raw_answers

    raw, known = raw_answers(data, None)
    names = chosen_items(raw, known, scale, None)
    shares, n, answers = answer_shares(raw, known, names)
    middle = (answers.n_options - 1) / 2
    above = shares[:, np.arange(answers.n_options) > middle].sum(axis=1)
    least, most = int(above.argmin()), int(above.argmax())
    return (
        f"Stacked bars of the answers to {len(names)} items with {answers.n_options} options "
        f"(n = {count(n.min())} to {count(n.max())}), as given. Answers above the middle: from "
        f"{percent(above[least])} ({names[least]}) to {percent(above[most])} ({names[most]})."
    )


def _correlations(data: Any, scale: str | None) -> str:
    from trustmeasure.plots.matrices import correlations

    matrix = correlations(data, None, scale)
    rows, columns = np.tril_indices(len(matrix), -1)
    values = matrix.to_numpy(dtype=np.float64)[rows, columns]

    def pair(k: int) -> str:
        return f"{matrix.index[rows[k]]} with {matrix.columns[columns[k]]}"

    low, high = int(np.nanargmin(values)), int(np.nanargmax(values))
    return (
        f"Heat map of the correlations between {len(matrix)} items: from {bounded(values[low])} "
        f"({pair(low)}) to {bounded(values[high])} ({pair(high)}), mean "
        f"{bounded(float(np.nanmean(values)))}."
    )


def _is_matrix(data: Any) -> bool:
    return isinstance(data, pd.DataFrame) and list(data.index) == list(data.columns)


_SENTENCES: dict[type, Callable[[Any], str]] = {
    AlphaResult: _items,
    OmegaResult: _omega,
    ReliabilityTableResult: _coefficients,
    RetestResult: _retest,
    SamplingAdequacy: _adequacy,
    ParallelAnalysis: _scree,
    MinimumAveragePartial: _partials,
    NumberOfFactors: _criteria,
    ExploratoryFactors: _loadings,
    AgreementResult: _agreement,
    CurvilinearResult: _curve,
    DiscriminantValidity: model_words.told_apart,
    MethodFactorResult: model_words.shared,
    MarkerFactorResult: model_words.shared,
    MediationResult: model_words.mediated,
    ModerationResult: model_words.moderated,
    InvarianceResult: _ladder,
    PartialInvariance: _released,
    AlignmentResult: _aligned,
}
