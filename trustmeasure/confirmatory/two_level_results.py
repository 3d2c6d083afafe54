"""A fitted two-level model, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

import pandas as pd

from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.two_level_estimation import TwoLevelEstimate, Unrestricted
from trustmeasure.errors import OptionError
from trustmeasure.kernels.structural import implied, matrices


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TwoLevelStructuralModel(StructuralModel):
    """What `cfa` and `sem` return for models with ``level:`` blocks.

    Attributes
    ----------
    model, converged, admissible, fit
        As in `StructuralModel`; ``fit`` has srmr_within and srmr_between.
    estimates : DataFrame
        As in `StructuralModel`, with the level (1 within clusters, 2 between them) instead of
        the group. ``std`` is in standard deviations of the variables on that level.
    r_squared : DataFrame
        Share of variance explained, one column a level.
    icc : Series
        Share of each variable's variance that lies between clusters, without restrictions.
    n_clusters : int
    """

    title: ClassVar[str] = "Two-level structural model"

    fitted: Any = field(default=None, repr=False)
    icc: pd.Series
    n_clusters: int
    estimate: TwoLevelEstimate = field(repr=False)
    unrestricted: Unrestricted = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the machinery as plain Python objects."""
        from trustmeasure.results import to_plain

        more = {name: to_plain(getattr(self, name)) for name in ("icc", "n_clusters")}
        return super().to_dict() | more

    def summary(self) -> dict[str, Any]:
        """Give the indices that are read first."""
        found = super().summary()
        found.pop("srmr", None)
        own = {name: float(self.fit[name]) for name in ("srmr_within", "srmr_between")}
        return found | own | {"n_clusters": self.n_clusters}

    def implied(self) -> Mapping[Any, dict[str, pd.DataFrame | pd.Series]]:
        """Give the moments that the model implies: "cov" and "mean", by level."""
        found: dict[Any, dict[str, pd.DataFrame | pd.Series]] = {}
        kept = self.estimate
        for label, layout, block in zip(
            (1, 2), kept.model.model.layouts, kept.specification.blocks, strict=True
        ):
            moments = implied(matrices(layout, kept.estimates.parameters))
            names = pd.Index(block.observed)
            found[label] = {
                "cov": pd.DataFrame(moments.spread, index=names, columns=names),
                "mean": pd.Series(moments.mean, index=names),
            }
        return found

    def modification_indices(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: score tests are for one level."""
        self._refuse("modification indices")

    def score_tests(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: score tests are for one level."""
        self._refuse("score tests")

    def residuals(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: see `implied` for what the model gives."""
        self._refuse("residuals")

    def factor_scores(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: scores of two levels are not offered."""
        self._refuse("factor scores")

    def _refuse(self, what: str) -> NoReturn:
        raise OptionError(
            f"There are no {what} for models with levels. Fit one level alone to look at them: "
            "within clusters, answers less their cluster's mean serve."
        )
