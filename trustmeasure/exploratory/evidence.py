"""What every criterion for the number of factors says of the data, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trustmeasure.correlation.matrices import Correlations
from trustmeasure.exploratory.criteria import Suggestion
from trustmeasure.exploratory.retention import random_eigenvalues, summaries
from trustmeasure.kernels.comparison_data import Comparison, compare, margin
from trustmeasure.kernels.covariance import is_positive_definite, listwise_moments, pairwise_moments
from trustmeasure.kernels.dimensionality import (
    Eigenvalues,
    observed_eigenvalues,
    reference_eigenvalues,
)
from trustmeasure.kernels.model_sequence import Models, common_parts, likelihood_models
from trustmeasure.kernels.ranks import pairwise_rank_correlations, ranks
from trustmeasure.kernels.retention import (
    Hull,
    PartialCorrelations,
    acceleration,
    before_elbow,
    empirical_kaiser,
    hull,
    leading,
    optimal_coordinates,
    partial_correlations,
)

FloatArray = NDArray[np.float64]

NO_PERSONS = "needs the number of persons: pass n_obs= with corr="
NO_ANSWERS = "needs the answers themselves, not only their correlations"
NOT_DEFINITE = "the correlation matrix is not positive definite"


@dataclass(frozen=True)
class Options:
    """The user's choices, checked; see `trustmeasure.n_factors`."""

    correlation: str
    reference: str
    n_iter: int
    quantile: float
    alpha: float
    n_samples: int
    cd_alpha: float
    most: int
    limited: bool
    rng: np.random.Generator


class Evidence:
    """Everything that criteria decide by; each part is worked out when it is first asked for.

    ``values`` are the answers (n, p) behind ``found``, None where only correlations are known.
    """

    def __init__(self, found: Correlations, values: FloatArray | None, options: Options) -> None:
        self.found, self.values, self.options = found, values, options
        self.p = len(found.names)
        self.n = found.n_obs
        # Comparison data draw from a stream of their own, whatever else is computed before.
        self._own_rng = options.rng.spawn(1)[0]

    @cached_property
    def eigenvalues(self) -> Eigenvalues:
        """Eigenvalues of the correlation matrix, and of the reduced one."""
        return observed_eigenvalues(self.found.matrix)

    @cached_property
    def random(self) -> tuple[Eigenvalues, Eigenvalues] | None:
        """Quantiles and means of the eigenvalues of random data."""
        if self.n is None:
            return None
        own = self.options
        plain = own.correlation == "pearson" and own.reference == "normal"
        if plain or self.values is None:
            drawn = reference_eigenvalues(self.n, self.p, own.n_iter, own.rng)
        else:
            drawn = random_eigenvalues(
                self.values, self.found.names, own.correlation, own.reference, own.n_iter, own.rng
            )
        return summaries(drawn, own.quantile)

    @cached_property
    def partials(self) -> PartialCorrelations:
        """Average partial correlations."""
        return partial_correlations(self.found.matrix)

    @cached_property
    def models(self) -> Models | None:
        """Maximum likelihood models with none to the most factors."""
        if self.n is None or not self.definite:
            return None
        return likelihood_models(
            self.found.matrix, float(self.n), self.options.most, self.found.counts
        )

    @cached_property
    def definite(self) -> bool:
        """Whether the correlation matrix is positive definite."""
        return is_positive_definite(self.found.matrix)

    @cached_property
    def hull_limit(self) -> int:
        """Most factors that the hull looks at: one more than parallel analysis suggests."""
        own = self.options
        if own.limited or self.random is None:
            return own.most
        suggested = leading(self.eigenvalues.components > self.random[1].components)
        return min(max(suggested + 1, 2), own.most)

    @cached_property
    def common_parts(self) -> FloatArray:
        """Common parts accounted for by minimum residual factors."""
        return common_parts(self.found.matrix, self.hull_limit)

    @cached_property
    def hulls(self) -> dict[str, Hull]:
        """Hulls of the fit indices that can be computed."""
        size = self.hull_limit + 1
        df = np.array([((self.p - m) ** 2 - self.p - m) / 2 for m in range(size)])
        found: dict[str, Hull] = {}
        if size < 3 or not self.definite:
            return found
        found["hull_caf"] = hull(self.common_parts, df)
        if self.models is not None:
            usable = self.models.converged[:size]
            for name, fit in (("hull_cfi", self.models.cfi), ("hull_rmsea", -self.models.rmsea)):
                found[name] = hull(np.where(usable, fit[:size], np.nan), df)
        return found

    @cached_property
    def comparison(self) -> Comparison | None:
        """Comparison data: Pearson correlations of answers, or of their ranks."""
        if self.values is None or self.options.most < 2:
            return None
        complete = not np.isnan(self.values).any()
        answers = self.values
        if self.options.correlation == "spearman":
            answers = np.column_stack([_ranked(column) for column in answers.T])
            rank = listwise_moments(answers).correlation if complete else None
            matrix = pairwise_rank_correlations(self.values) if rank is None else rank
        elif self.options.correlation == "pearson":
            matrix = self.found.matrix
        else:
            moments = listwise_moments(answers) if complete else pairwise_moments(answers)
            matrix = moments.correlation
        return compare(
            matrix,
            [margin(column[~np.isnan(column)]) for column in answers.T],
            len(answers),
            most=self.options.most,
            n_samples=self.options.n_samples,
            alpha=self.options.cd_alpha,
            rng=self._own_rng,
        )

    def suggestion(self, criterion: str) -> Suggestion:
        """Ask one criterion."""
        prefix = criterion.split("_")[0]
        special: dict[str, Callable[[str], Suggestion]] = {
            "pa": self._parallel,
            "hull": self._hull,
            "map": self._partial,
        }
        if prefix in special:
            return special[prefix](criterion)
        own: dict[str, Callable[[], Suggestion]] = {
            "ekc": self._ekc,
            "kaiser": self._kaiser,
            "acceleration": self._acceleration,
            "optimal_coordinates": self._coordinates,
            "comparison_data": self._comparison,
            "chisq": self._tests,
        }
        return own[criterion]() if criterion in own else self._information(criterion)

    def _parallel(self, criterion: str) -> Suggestion:
        own = self.options
        by_mean = criterion.endswith("_mean")
        kind = "components" if "components" in criterion else "factors"
        what = "mean" if by_mean else f"{own.quantile:g} quantile"
        made_of = "normal" if own.reference == "normal" else "permuted"
        basis = f"eigenvalues of {kind} above the {what} of {own.n_iter:,} {made_of} samples"
        if self.random is None:
            return Suggestion(None, basis, NO_PERSONS)
        limits = self.random[1 if by_mean else 0]
        seen, limit = (
            (self.eigenvalues.components, limits.components)
            if kind == "components"
            else (self.eigenvalues.factors, limits.factors)
        )
        return Suggestion(leading(seen > limit), basis)

    def _ekc(self) -> Suggestion:
        basis = "eigenvalues above the limit for what the factors before left"
        if self.n is None:
            return Suggestion(None, basis, NO_PERSONS)
        values = self.eigenvalues.components
        return Suggestion(leading(values > empirical_kaiser(values, self.n)), basis)

    def _kaiser(self) -> Suggestion:
        return Suggestion(leading(self.eigenvalues.components > 1.0), "eigenvalues above 1")

    def _acceleration(self) -> Suggestion:
        bends = acceleration(self.eigenvalues.components)
        return Suggestion(before_elbow(bends), "eigenvalues before the sharpest bend of the scree")

    def _coordinates(self) -> Suggestion:
        values = self.eigenvalues.components
        ahead = optimal_coordinates(values)
        return Suggestion(
            leading((values > ahead) & (values >= 1.0)),
            "eigenvalues of 1 or more above the line through those that follow",
        )

    def _partial(self, criterion: str) -> Suggestion:
        revised = criterion.endswith("revised")
        values = self.partials.fourth if revised else self.partials.squared
        power = "fourth powers" if revised else "squares"
        return Suggestion(int(np.nanargmin(values)), f"smallest mean of the {power} of partials")

    def _hull(self, criterion: str) -> Suggestion:
        index = {"hull_caf": "CAF", "hull_cfi": "CFI", "hull_rmsea": "RMSEA"}[criterion]
        basis = f"sharpest elbow of {index} with 0 to {self.hull_limit} factors"
        if self.options.most < 2:
            return Suggestion(
                None,
                f"sharpest elbow of {index}",
                "needs models with 0, 1 and 2 factors" + self._room(),
            )
        if not self.definite:
            return Suggestion(None, basis, NOT_DEFINITE)
        found = self.hulls.get(criterion)
        if found is None:
            return Suggestion(None, basis, NO_PERSONS)
        if found.n_factors is None:
            return Suggestion(
                None, basis, "no solution lies on the hull between two others: there is no elbow"
            )
        notes = [self._doubt(found.n_factors, criterion)]
        if self.random is None and not self.options.limited:
            notes.append("limit not from parallel analysis: n is unknown")
        if np.isnan(found.strength).all():
            notes.append("no elbow between others: the best fit, as more factors fit no better")
        elif found.best is not None and found.n_factors < found.best < self.hull_limit:
            notes.append(f"the fit is best with {found.best}, the end of the hull")
        return Suggestion(found.n_factors, basis, "; ".join(note for note in notes if note))

    def _comparison(self) -> Suggestion:
        own = self.options
        basis = f"factors that bring the eigenvalues of {own.n_samples:,} made samples nearer"
        if self.values is None:
            return Suggestion(None, basis, NO_ANSWERS)
        found = self.comparison
        if found is None:
            return Suggestion(None, basis, "needs models with 1 and 2 factors" + self._room())
        if found.n_factors is None:
            return Suggestion(
                None,
                basis,
                f"each factor up to the most tried, {own.most}, brought samples nearer",
            )
        note = ""
        if own.correlation in ("polychoric", "tetrachoric"):
            note = "compares Pearson correlations, as the samples are answers themselves"
        return Suggestion(found.n_factors, basis, note)

    def _tests(self) -> Suggestion:
        basis = f"fewest factors that the ML χ² test does not reject at {self.options.alpha:g}"
        models = self.models
        if models is None:
            return Suggestion(None, basis, NO_PERSONS if self.n is None else NOT_DEFINITE)
        usable = models.converged & ~np.isnan(models.pvalue)
        kept = np.flatnonzero(usable & (models.pvalue > self.options.alpha))
        if not kept.size:
            if self.options.most == 0:
                return Suggestion(None, basis, "needs a model with 1 factor" + self._room())
            if not usable.any():
                return Suggestion(None, basis, "n is too small for the test")
            return Suggestion(
                None, basis, f"every model with up to {self.options.most} factors is rejected"
            )
        first = int(kept[0])
        skipped = np.flatnonzero(~usable[:first])
        note = self._doubt(first, "chisq")
        if skipped.size:
            note = f"the model with {skipped[0]} did not converge and was passed over"
        return Suggestion(first, basis, note or self._theory())

    def _information(self, criterion: str) -> Suggestion:
        basis = f"smallest {criterion.upper()} of ML models with 0 to {self.options.most} factors"
        models = self.models
        if models is None:
            return Suggestion(None, basis, NO_PERSONS if self.n is None else NOT_DEFINITE)
        values = models.aic if criterion == "aic" else models.bic
        values = np.where(models.converged, values, np.nan)
        if np.isnan(values).all():
            return Suggestion(None, basis, "n is too small for the likelihood of these models")
        best = int(np.nanargmin(values))
        if self.options.most == 0:
            return Suggestion(None, basis, "needs a model with 1 factor" + self._room())
        if best == self.options.most:
            return Suggestion(best, basis, "the most factors tried; more might have less")
        return Suggestion(best, basis, self._doubt(best, criterion) or self._theory())

    def _doubt(self, n_factors: int, criterion: str) -> str:
        """Say of the chosen model what weakens the choice."""
        if criterion == "hull_caf" or self.models is None or not self.models.heywood[n_factors]:
            return ""
        return f"a Heywood case with {n_factors} factors: its fit is not to be trusted"

    def _theory(self) -> str:
        """Say where the χ² of normal answers is only an approximation."""
        if self.options.correlation == "pearson":
            return ""
        return f"normal theory, which {self.options.correlation} correlations follow only roughly"

    def _room(self) -> str:
        if self.options.limited:
            return f"; max_factors allows {self.options.most}"
        return f"; {self.p} items allow {self.options.most} with degrees of freedom left"


def _ranked(column: FloatArray) -> FloatArray:
    """Rank the answers that were given; NaN stays."""
    found = np.full(column.shape, np.nan)
    given = ~np.isnan(column)
    found[given] = ranks(column[given][:, None])[:, 0]
    return found


def by_number(evidence: Evidence, asked: Sequence[str]) -> dict[str, FloatArray]:
    """Everything that goes by the number of factors, as columns of p values each."""
    p = evidence.p
    columns: dict[str, FloatArray] = {}

    def put(name: str, values: FloatArray, start: int = 0) -> None:
        column = np.full(p, np.nan)
        column[start : start + len(values)] = values[: p - start]
        columns[name] = column

    if {"map", "map_revised"} & set(asked):
        put("map", evidence.partials.squared)
        put("map_revised", evidence.partials.fourth)
    if {"chisq", "aic", "bic", "hull_cfi", "hull_rmsea"} & set(asked) and evidence.models:
        models = evidence.models
        for name in ("df", "chisq", "pvalue", "aic", "bic", "cfi", "rmsea"):
            put(name, getattr(models, name))
        put("heywood", models.heywood.astype(np.float64))
        put("converged", models.converged.astype(np.float64))
    if "hull_caf" in asked and evidence.options.most >= 2 and evidence.definite:
        put("caf", evidence.common_parts)
    for name in ("hull_caf", "hull_cfi", "hull_rmsea"):
        if name in asked and evidence.options.most >= 2 and name in evidence.hulls:
            put(name, evidence.hulls[name].strength)
    if "comparison_data" in asked and evidence.comparison is not None:
        put("comparison_rmse", evidence.comparison.rmse.mean(axis=1), start=1)
        put("comparison_pvalue", evidence.comparison.pvalue, start=1)
    return columns


def by_eigenvalue(evidence: Evidence, asked: Sequence[str]) -> dict[str, FloatArray]:
    """Everything that goes by the number of the eigenvalue, as columns of p values each."""
    seen = evidence.eigenvalues
    columns = {"components": seen.components, "factors": seen.factors}
    if any(name.startswith("pa_") for name in asked) and evidence.random is not None:
        limits, means = evidence.random
        columns |= {
            "random_components": limits.components,
            "random_components_mean": means.components,
            "random_factors": limits.factors,
            "random_factors_mean": means.factors,
        }
    if "ekc" in asked and evidence.n is not None:
        columns["ekc_reference"] = empirical_kaiser(seen.components, evidence.n)
    if "acceleration" in asked:
        columns["acceleration"] = acceleration(seen.components)
    if "optimal_coordinates" in asked:
        columns["optimal_coordinates"] = optimal_coordinates(seen.components)
    return columns
