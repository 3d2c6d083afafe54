"""Where persons stand on the latent variables of a model of ordered items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed
from trustmeasure.confirmatory.factor_scores import FactorScores, factors_of, persons_of
from trustmeasure.confirmatory.ordinal.completion import completed, whole_parts
from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.kernels.ordinal_scores import Measures, Modes, posterior_modes
from trustmeasure.results import Notes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# lavaan's names, and those that it has for continuous items.
METHODS = {"EBM": "EBM", "ML": "ML", "regression": "EBM", "Bartlett": "ML"}
# What keeps scores by maximum likelihood finite, as in lavaan.
NEXT_TO_NOTHING = 1e-5


@dataclass(frozen=True)
class OrdinalAnswers:
    """What the model was fitted to.

    ``observed`` names the columns of each group's values, and ``categories`` holds the answers
    that an ordered variable has, in their order.
    """

    samples: Samples
    observed: tuple[str, ...]
    categories: Mapping[str, FloatArray]


@dataclass(frozen=True)
class _Group:
    """Latent variables of a group, and how its variables measure them.

    ``factors`` (m,), ``given`` and ``indicators`` are places: of latent variables proper among
    the latent ones; of continuous variables that take part among the latent ones, and of all
    others, among the observed ones. What is given moves the expectations of the rest.
    ``spread`` (m, m) is that of the latent variables given it, ``variance`` (m,) without.
    """

    block: Block
    factors: list[int]
    given: list[int]
    indicators: list[int]
    ordered: NDArray[np.bool_]
    thresholds: list[FloatArray]
    loadings: FloatArray
    intercepts: FloatArray
    sd: FloatArray
    on_given: FloatArray
    given_mean: FloatArray
    mean: FloatArray
    mean_on_given: FloatArray
    spread: FloatArray
    variance: FloatArray
    left_out: int


def ordinal_scores_of(
    solution: OrdinalSolution,
    labels: Sequence[Any],
    answers: OrdinalAnswers,
    *,
    data: Any,
    method: str,
    missing: str,
) -> FactorScores:
    """Score persons; see `OrdinalStructuralModel.factor_scores`."""
    check_option("method", method, tuple(METHODS))
    method = METHODS[method]
    notes = Notes()
    blocks = [solution.specification.whole_block(place) for place in range(len(labels))]
    names = list(dict.fromkeys(name for block in blocks for name in factors_of(block)))
    if not names:
        raise OptionError(
            "The model has no latent variables ('=~'), so there are no factor scores."
        )
    groups, index = persons_of(
        answers.samples, solution.specification.table, labels, data, notes, answers.observed
    )
    scores = np.full((len(index), len(names)), np.nan)
    errors = scores.copy()
    reliability = {}
    stuck = 0
    for place, (values, rows) in enumerate(groups):
        group = _group(solution, place)
        coded = coded_answers(values, group.block, answers)
        usable = ~np.isnan(coded).any(axis=1) if missing == "listwise" else _answered(coded, group)
        found = _modes(group, coded[usable], method)
        stuck += int((~found.converged).sum())
        columns = np.array([names.index(name) for name in factors_of(group.block)], dtype=np.intp)
        at = np.ix_(rows[usable], columns)
        scores[at] = found.scores
        errors[at] = np.sqrt(np.diagonal(found.covariance, axis1=1, axis2=2))
        shares = _reliability(errors[at], group.variance, method)
        reliability[labels[place]] = pd.Series(shares, index=factors_of(group.block))
        if group.left_out:
            where = "" if len(groups) == 1 else f" in group '{labels[place]}'"
            notes.record(
                f"{group.left_out} residual correlation(s){where} play no part in the scores, "
                "for which answers are independent given the latent variables."
            )
    if stuck:
        notes.warn(
            f"The scores of {stuck} persons did not converge.", ConvergenceWarning, stacklevel=4
        )
    nobody = int(np.isnan(scores).all(axis=1).sum())
    shares_frame = pd.DataFrame(reliability)
    return FactorScores(
        n=len(index) - nobody,
        n_dropped=nobody,
        scores=pd.DataFrame(scores, index=index, columns=names),
        se=pd.DataFrame(errors, index=index, columns=names),
        reliability=(
            shares_frame if len(labels) > 1 else shares_frame.iloc[:, 0].rename("reliability")
        ),
        settings={"method": method, "missing": missing, "new_data": data is not None},
        warnings=notes.messages(),
    )


def _group(solution: OrdinalSolution, place: int) -> _Group:
    """Turn a group's matrices into measures of its latent variables."""
    model, parameters = completed(solution.model, solution.parameters)
    block = solution.specification.whole_block(place)
    shape = solution.specification.shapes[place]
    parts = whole_parts(model, solution.model.layouts[place], parameters, place)
    ordered = np.append(shape.ordered, np.zeros(shape.n_given, dtype=bool))
    through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
    spread, mean = through @ parts["psi"] @ through.T, through @ parts["alpha"]
    factors = [i for i, name in enumerate(block.latent) if name not in block.stand_ins]
    stands = {i: block.observed.index(block.latent[i]) for i in range(len(block.latent))
              if i not in factors}  # fmt: skip
    known = [i for i, j in stands.items() if not ordered[j]]
    given = [stands[i] for i in known]
    # All else, given what is known exactly; then ordered outcomes, given the latent variables.
    rest, follow = _conditional(spread, known)
    inner = np.ix_(factors, factors)
    _, along = _conditional(rest, factors)
    indicators = [j for j in range(len(block.observed)) if j not in given]
    loadings = parts["lambda"][:, factors].copy()
    theta = parts["theta"].copy()
    on_given = parts["lambda"] @ follow
    level = parts["nu"] + parts["lambda"] @ mean
    after = rest - along @ rest[factors]
    for i, j in stands.items():
        loadings[j] = along[i]
        for k, other in stands.items():
            theta[j, other] = theta[j, other] + after[i, k]
    theta = theta[np.ix_(indicators, indicators)]
    _refuse_improper(block, indicators, np.diag(theta), rest[inner])
    taus = [
        solution.implied[place].tau[..., shape.cut == j] if ordered[j] else np.zeros(0)
        for j in indicators
    ]
    kept = loadings[indicators]
    return _Group(
        block=block,
        factors=factors,
        given=given,
        indicators=indicators,
        ordered=ordered[indicators],
        thresholds=taus,
        loadings=kept,
        # Means where what is known is at its mean, and the latent variables are 0.
        intercepts=level[indicators] - kept @ mean[factors],
        sd=np.sqrt(np.diag(theta)),
        on_given=on_given[indicators] - kept @ follow[factors],
        given_mean=level[given],
        mean=mean[factors],
        mean_on_given=follow[factors],
        spread=rest[inner],
        variance=np.diag(spread)[factors],
        left_out=int((np.abs(theta[np.tril_indices(len(theta), -1)]) > 1e-10).sum()),
    )


def _conditional(spread: FloatArray, known: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Give the covariances that remain where some variables are known, and the slopes on these."""
    across = spread[:, known]
    slopes = across @ np.linalg.pinv(spread[np.ix_(known, known)], hermitian=True)
    return spread - slopes @ across.T, slopes


def _refuse_improper(
    block: Block, indicators: Sequence[int], variances: FloatArray, spread: FloatArray
) -> None:
    bad = [block.observed[j] for j, own in zip(indicators, variances, strict=True) if own <= 1e-10]
    if bad:
        raise DataError(
            f"The residual variance of {listed(bad)} is not above zero, so that no answer to it "
            "has a probability given the latent variables, and there are no factor scores. "
            "Look at the model first: leave out the item, or fix what makes it a Heywood case."
        )
    own = np.sqrt(np.abs(np.diag(spread)))
    scaled = spread / np.outer(own, own) if (own > 0).all() else -np.eye(len(own))
    if np.linalg.eigvalsh(scaled)[0] <= 1e-10:
        raise DataError(
            "The covariance matrix of the latent variables has no inverse (a correlation of 1, "
            "or a variance of 0), so that there are no factor scores. Leave out, or join, what "
            "cannot be told apart."
        )


def coded_answers(values: FloatArray, block: Block, answers: OrdinalAnswers) -> FloatArray:
    """Put answers in the model's order, ordered ones as numbers of their categories, from 0."""
    values = values[:, [answers.observed.index(name) for name in block.observed]]
    coded = values.copy()
    for j, name in enumerate(block.observed):
        if name not in answers.categories:
            continue
        known = answers.categories[name]
        answered = ~np.isnan(values[:, j])
        places = np.searchsorted(known, values[answered, j])
        near = known[np.minimum(places, len(known) - 1)]
        strange = near != values[answered, j]
        if strange.any():
            raise DataError(
                f"'{name}' has the answer {values[answered, j][strange][0]:g} in "
                f"{int(strange.sum())} row(s), which nobody gave whom the model was fitted to; "
                f"its categories are {listed([f'{one:g}' for one in known])}. Give the answers "
                "the codes that the model knows, or set them to missing."
            )
        coded[answered, j] = places
    return coded


def _answered(coded: FloatArray, group: _Group) -> NDArray[np.bool_]:
    """Who answered anything, and has all values that answers depend on."""
    some = ~np.isnan(coded[:, group.indicators]).all(axis=1)
    return np.asarray(some & ~np.isnan(coded[:, group.given]).any(axis=1))


def _modes(group: _Group, coded: FloatArray, method: str) -> Modes:
    off = coded[:, group.given] - group.given_mean
    lower = coded[:, group.indicators].copy()
    upper = lower.copy()
    for j in np.flatnonzero(group.ordered):
        edges = np.concatenate([[-np.inf], group.thresholds[j], [np.inf]])
        answered = ~np.isnan(lower[:, j])
        category = lower[answered, j].astype(np.intp)
        lower[answered, j], upper[answered, j] = edges[category], edges[category + 1]
    measures = Measures(
        loadings=group.loadings,
        offsets=group.intercepts + off @ group.on_given.T,
        sd=group.sd,
        lower=lower,
        upper=upper,
        ordered=group.ordered,
    )
    mean = group.mean + off @ group.mean_on_given.T
    size = len(group.factors)
    precision: FloatArray = np.asarray(
        NEXT_TO_NOTHING * np.eye(size) if method == "ML" else np.linalg.inv(group.spread),
        dtype=np.float64,
    )
    return posterior_modes(measures, mean, precision)


def _reliability(errors: FloatArray, variance: FloatArray, method: str) -> FloatArray:
    """Give the mean over persons of the share of a score's variance that is true."""
    if not len(errors):
        return np.full(len(variance), np.nan)
    share = errors**2 / variance
    return np.asarray(((1.0 / (1.0 + share)) if method == "ML" else 1.0 - share).mean(axis=0))
