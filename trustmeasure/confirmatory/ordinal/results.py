"""A fitted model of ordered items, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from trustmeasure.confirmatory.ordinal.estimation import OrdinalSolution
from trustmeasure.confirmatory.ordinal.factor_scores import OrdinalAnswers
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.kernels.ordinal_indices import implied_covariance

if TYPE_CHECKING:
    from trustmeasure.confirmatory.factor_scores import FactorScores
    from trustmeasure.confirmatory.modification import Wanted
    from trustmeasure.confirmatory.residuals import ModelResiduals


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrdinalStructuralModel(StructuralModel):
    """What `cfa` and `sem` return for ordered items.

    Attributes
    ----------
    model, converged, admissible, fit, estimates, r_squared
        As in `StructuralModel`. Thresholds have the operator ``|``.

    Notes
    -----
    Modification indices and score tests equal ``lavaan::modindices(fit)`` and
    ``lavaan::lavTestScore(fit)``, which test with the unscaled statistic: with "WLSMV" they are
    larger than the scaled χ² would fall by. Thresholds and scaling factors are among what
    modification indices test (``op="|"``, ``op="~*~"``) where the model could tell them. Under
    the theta parameterization scaling factors follow from the variances and are no candidates;
    lavaan 0.6-14 lists them for several groups all the same.
    """

    title: ClassVar[str] = "Structural model of ordered items"

    fitted: Any = field(default=None, repr=False)
    solution: OrdinalSolution = field(repr=False)
    answers: OrdinalAnswers = field(repr=False)
    labels: tuple[Any, ...] = (None,)

    def implied(self) -> Mapping[Any, dict[str, pd.DataFrame | pd.Series]]:
        """Give the moments that the model implies, for each group.

        "cov" has correlations of the variables behind ordered items, "thresholds" is named as
        "item|t1"; "mean" has the means of continuous variables, where there are any. Given
        covariates, these are of what covariates leave, and "slopes" are the slopes on them.
        """
        from trustmeasure.confirmatory.ordinal.residuals import slopes_of, threshold_names

        found: dict[Any, dict[str, pd.DataFrame | pd.Series]] = {}
        blocks = self.solution.specification.base.blocks
        for label, block, group, moments in zip(
            self.labels, blocks, self.solution.implied, self.solution.moments, strict=True
        ):
            shape = moments.shape
            names = pd.Index(block.observed)
            matrix = implied_covariance(shape, group.moments)
            level, by_cut = group.moments[: len(shape.cut)], shape.ordered[shape.cut]
            found[label] = {
                "cov": pd.DataFrame(matrix, index=names, columns=names),
                "thresholds": pd.Series(
                    level[by_cut], index=threshold_names(block.observed, shape)
                ),
            }
            if len(shape.continuous):
                # Moments hold means with the other sign.
                found[label]["mean"] = pd.Series(-level[~by_cut], index=names[shape.continuous])
            if given := self.solution.specification.given[len(found) - 1]:
                found[label]["slopes"] = pd.DataFrame(
                    slopes_of(shape, group.moments), index=names, columns=list(given)
                )
        return found

    def residuals(self, *, kind: str = "raw") -> ModelResiduals:
        """Give what the model leaves of correlations and thresholds.

        Parameters
        ----------
        kind : {"raw", "correlation", "standardized", "normalized"}
            As in `StructuralModel.residuals`. Of ordered items, raw residuals are those of
            correlations; the two kinds differ for continuous variables among them.

        Returns
        -------
        ModelResiduals
            ``cov``, ``thresholds``, ``mean`` of continuous variables, and ``slopes`` on
            covariates that the model conditions on.

        Notes
        -----
        Equals ``lavaan::residuals(fit, type = "raw")``, "cor", "standardized" and "normalized"
        of a model of ordered items. Standard errors come from the covariance of thresholds and
        correlations that the estimator's own errors rest on. With several groups, each one's
        errors are those of its own persons; lavaan 0.6-14 divides by the persons of all groups.
        lavaan has no standard errors with continuous variables among the ordered ones.

        Examples
        --------
        >>> import trustmeasure as tm
        >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
        >>> model = "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871"
        >>> fitted = tm.cfa(model, keyed, ordered=True)
        >>> fitted.residuals().largest(2).round(3)
              lhs    rhs  residual
        0   q_377  q_379     0.054
        1  q_1855  q_379    -0.049
        """
        from trustmeasure.confirmatory.ordinal.residuals import ordinal_residuals

        return ordinal_residuals(
            self.solution, self.labels, self.settings, n_dropped=self.n_dropped, kind=kind
        )

    def score_tests(self) -> pd.DataFrame:
        """Test what the model holds equal; see `StructuralModel.score_tests`.

        Notes
        -----
        Equals ``lavaan::lavTestScore(fit)``, whose tests are those of the unscaled statistic:
        with "WLSMV" they are somewhat too large, as it is.
        """
        from trustmeasure.confirmatory.ordinal.modification import ordinal_score_tests

        return ordinal_score_tests(self.solution)

    def _indices(self, wanted: Wanted) -> pd.DataFrame:
        from trustmeasure.confirmatory.ordinal.modification import ordinal_modification_indices

        return ordinal_modification_indices(self.solution, self.labels, wanted)

    def factor_scores(self, data: Any = None, *, method: str = "EBM") -> FactorScores:
        r"""Estimate where persons stand on the latent variables.

        Given the latent variables :math:`\eta`, with covariances V and means
        :math:`\alpha_\eta`, the answers are independent, and each has the probability that
        its thresholds give. Scores have the largest

        .. math:: \sum_i \ln P(y_i \mid \eta)
            - \tfrac{1}{2}(\eta - \alpha_\eta)' V^{-1} (\eta - \alpha_\eta),

        or, with "ML", the largest first sum alone.

        Parameters
        ----------
        data : DataFrame, 2-D array, or Scores, optional
            Persons to score, with answers coded as those that the model was fitted to.
        method : {"EBM", "ML"}
            Empirical Bayes modal scores, which lean towards the mean, or maximum likelihood.
            "regression" and "Bartlett", their names for continuous items, will also do.

        Returns
        -------
        FactorScores
            ``scores`` and ``se``, persons × latent variables; ``reliability``.

        Raises
        ------
        DataError
            For data without the model's variables or group column, for answers that nobody
            gave whom the model was fitted to, and where a residual variance is negative.
        OptionError
            For models without latent variables.

        Notes
        -----
        Equals ``lavaan::lavPredict(fit, method = "EBM")``, or "ML", of one group under the delta
        parameterization, as far as lavaan's search goes (some 1e-3). In lavaan 0.6-14, scores under
        the theta parameterization, and those of further groups, mix the units of thresholds and of
        the variables behind, and what covariates do to an item directly is left out; here both
        parameterizations give the same scores. Whoever gave only lowest, or only highest, answers
        has no maximum of the likelihood: "ML" then ends where a normal prior with a variance of
        100,000 holds it, as in lavaan. Standard errors, which lavaan does not give, are from the
        curvature at the score. Residual covariances play no part, as in lavaan. Persons with a
        missing answer have no score where the model was fitted listwise.

        References
        ----------
        Bock, R. D., & Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a
        microcomputer environment. *Applied Psychological Measurement, 6* (4), 431–444.
        https://doi.org/10.1177/014662168200600405

        Examples
        --------
        >>> import trustmeasure as tm
        >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
        >>> model = "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871"
        >>> found = tm.cfa(model, keyed, ordered=True).factor_scores()
        >>> found.scores.head(2).round(2)
           trust
        0   0.14
        1  -0.12
        >>> round(float(found.reliability["trust"]), 2)
        0.88
        """
        from trustmeasure.confirmatory.ordinal.factor_scores import ordinal_scores_of

        return ordinal_scores_of(
            self.solution, self.labels, self.answers, data=data, method=method,
            missing=str(self.settings["missing"]),
        )  # fmt: skip
