"""A fitted model of ordered items, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np
import pandas as pd

from trustmeasure.confirmatory.ordinal_estimation import OrdinalSolution
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.kernels.ordinal_indices import implied_covariance

if TYPE_CHECKING:
    from trustmeasure.confirmatory.modification import Wanted


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
        """Give the correlations and thresholds that the model implies, for each group."""
        found: dict[Any, dict[str, pd.DataFrame | pd.Series]] = {}
        blocks = self.solution.specification.base.blocks
        for label, block, group, moments in zip(
            self.labels, blocks, self.solution.implied, self.solution.moments, strict=True
        ):
            shape = moments.shape
            names = pd.Index(block.observed)
            matrix = implied_covariance(shape, group.moments)
            cuts = np.flatnonzero(shape.ordered[shape.cut])
            thresholds = pd.Series(
                group.moments[cuts], index=[block.observed[shape.cut[i]] for i in cuts]
            )
            found[label] = {
                "cov": pd.DataFrame(matrix, index=names, columns=names),
                "thresholds": thresholds,
            }
        return found

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

    def residuals(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: see `implied` for what the model gives."""
        self._refuse("residuals")

    def factor_scores(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: scores of ordered items need the item response models."""
        self._refuse("factor scores")

    def _refuse(self, what: str) -> NoReturn:
        raise OptionError(
            f"There are no {what} for models of ordered items. Fit the model without ordered= "
            "(estimator='MLR') to look at them."
        )
