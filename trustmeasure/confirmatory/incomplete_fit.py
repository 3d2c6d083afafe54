"""What misfit would be were no answer missing: corrections for robust indices of incomplete data.

With answers missing, the FIML statistic measures misfit by weights that depend on what is
missing. Zhang and Savalei (2023) therefore take the distance between the saturated model's
moments and the implied ones as if answers were complete, and correct for its bias: with W the
information that the answers hold on the moments, V that of complete answers, Δ the derivatives
of the moments, and P = I − Δ(Δ'WΔ)⁻¹Δ'W, the expected distance of a correct model is

    tr(V P W⁻¹)         for normal data (their V6),
    tr(V P Γ P')        with Γ = W⁻¹JW⁻¹ and J the mean product of scores (their V3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.confirmatory.estimation import Data, Estimates, normal_loglik
from trustmeasure.confirmatory.inference import clustered_products, saturated_model
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.kernels.fit_indices import Statistic
from trustmeasure.kernels.pattern_fit import case_scores
from trustmeasure.kernels.pattern_moments import moment_slopes, pattern_terms, stack_complete
from trustmeasure.kernels.sandwich import scaled_inverse
from trustmeasure.kernels.structural import implied, matrices, slopes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Informed:
    """What the answers of one group tell about its moments, q of them; exogenous ones aside.

    Attributes
    ----------
    known, complete : ndarray, shape (q, q)
        Unit information of the answers, and of complete ones.
    products : ndarray, shape (q, q) or None
        Mean product of scores, where data need not be normal.
    kept : ndarray of bool
        Which of all moments these are.
    share : float
        The group's share of persons.
    first_order : bool
        Whether products of scores are the information on the parameters.
    """

    known: FloatArray
    complete: FloatArray
    products: FloatArray | None
    kept: NDArray[np.bool_]
    share: float
    first_order: bool


def informed(
    specification: Specification, data: Data, samples: Samples, *, errors: str
) -> list[Informed]:
    """Take stock of what each group's answers tell, at the saturated model's moments."""
    if data.patterns is None:
        raise ValueError("nothing is missing")
    groups = []
    for place, (stack, group) in enumerate(zip(data.patterns, samples.groups, strict=True)):
        mean, spread = data.saturated[place]
        block = specification.blocks[place]
        p = len(spread)
        rows, columns = np.tril_indices(p)
        outside = ~np.isin(np.asarray(block.observed), np.asarray(block.exogenous, dtype=object))
        kept = np.concatenate([outside[rows] | outside[columns], outside])
        inner = np.ix_(kept, kept)
        terms = pattern_terms(stack, spread, mean, observed=True)
        whole = pattern_terms(stack_complete(spread, mean, 1.0), spread, mean, expected=True)
        if terms is None or terms.observed is None or whole is None or whole.expected is None:
            raise np.linalg.LinAlgError("the saturated covariance matrix has no inverse")
        products = None
        if errors != "standard" and group.values is not None:
            point = np.concatenate([spread[rows, columns], mean])
            single = case_scores(saturated_model(p), [group.values], point)[0]
            products = clustered_products(single[:, kept], group.clusters) / group.n
        groups.append(
            Informed(
                known=terms.observed[inner] / stack.n,
                complete=whole.expected[inner],
                products=products,
                kept=kept,
                share=group.n / samples.n,
                first_order=errors == "first.order",
            )
        )
    return groups


def saturated_trace(groups: Sequence[Informed]) -> float | None:
    """Give tr(JW⁻¹) over groups, where there are products of scores."""
    total = 0.0
    for group in groups:
        if group.products is None:
            return None
        total += float(np.trace(np.linalg.solve(group.known, group.products)))
    return total


def corrected(
    found: Estimates, data: Data, samples: Samples, df: int, groups: Sequence[Informed]
) -> Statistic:
    """Give the distance as if answers were complete, with the factor that it is too large by.

    It is V3 where there are products of scores, and these do not serve for information.
    """
    chisq = 0.0
    reduced = []
    information = np.zeros((found.model.basis.shape[1],) * 2)
    for place, (layout, group, known) in enumerate(
        zip(found.model.layouts, samples.groups, groups, strict=True)
    ):
        moments = implied(matrices(layout, found.parameters))
        mean, spread = data.saturated[place]
        apart = normal_loglik(spread, moments.spread, group.n, mean - moments.mean)
        chisq += 2.0 * (normal_loglik(spread, spread, group.n) - apart)
        change = slopes(layout, moments)
        turn = (moment_slopes(change) @ found.model.basis[change.used])[known.kept]
        reduced.append(turn)
        weight = known.products if known.first_order and known.products is not None else known.known
        information += known.share * turn.T @ weight @ turn
    if df <= 0:
        return Statistic(chisq, df)
    inverse = scaled_inverse(information)
    return Statistic(chisq, df, _expected(inverse, reduced, groups) / df)


def _expected(
    inverse: FloatArray, reduced: Sequence[FloatArray], groups: Sequence[Informed]
) -> float:
    """Give the distance that a correct model is expected to have."""
    total = 0.0
    crossed, meat = np.zeros_like(inverse), np.zeros_like(inverse)
    for turn, group in zip(reduced, groups, strict=True):
        own = np.linalg.inv(group.known)
        weighted = group.share * turn.T @ group.complete
        crossed += weighted @ turn
        if group.products is None or group.first_order:
            total += float((group.complete * own).sum())
            continue
        spread = own @ group.products
        total += float((group.complete * (spread @ own)).sum())
        total -= 2.0 * float(((inverse @ weighted) * (turn.T @ spread.T)).sum())
        meat += group.share * turn.T @ group.products @ turn
    if groups[0].products is None or groups[0].first_order:
        return total - float((inverse * crossed).sum())
    return total + float((inverse @ crossed @ inverse * meat).sum())
