"""A fitted model of ordered items, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import pandas as pd

from trustmeasure.confirmatory.ordinal_estimation import OrdinalSolution
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.kernels.ordinal_indices import implied_covariance

if TYPE_CHECKING:
    from trustmeasure.confirmatory.modification import Wanted
    from trustmeasure.confirmatory.residuals import ModelResiduals


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrdinalStructuralModel(StructuralModel):
    """What `cfa` and `sem` return for ordered items.

    Attributes
    ----------
    model, converged, admissible, fit, estimates, r_squared
        As in `StructuralModel`. Thresholds have the operator ``|``.
    """

    title: ClassVar[str] = "Structural model of ordered items"

    fitted: Any = field(default=None, repr=False)
    solution: OrdinalSolution = field(repr=False)
    labels: tuple[Any, ...] = (None,)

    def implied(self) -> Mapping[Any, dict[str, pd.DataFrame | pd.Series]]:
        """Give the moments that the model implies, for each group.

        "cov" has correlations of the variables behind ordered items, "thresholds" is named as
        "item|t1"; "mean" has the means of continuous variables, where there are any.
        """
        from trustmeasure.confirmatory.ordinal_residuals import threshold_names

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
            ``cov``, ``thresholds``, and ``mean`` of continuous variables.

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
        from trustmeasure.confirmatory.ordinal_residuals import ordinal_residuals

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
        from trustmeasure.confirmatory.ordinal_modification import ordinal_score_tests

        return ordinal_score_tests(self.solution)

    def _indices(self, wanted: Wanted) -> pd.DataFrame:
        from trustmeasure.confirmatory.ordinal_modification import ordinal_modification_indices

        return ordinal_modification_indices(self.solution, self.labels, wanted)

    def factor_scores(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: scores of ordered items need the item response models."""
        self._refuse("factor scores")

    def _refuse(self, what: str) -> NoReturn:
        raise OptionError(
            f"There are no {what} for models of ordered items. Fit the model without ordered= "
            "(estimator='MLR') to look at them."
        )
