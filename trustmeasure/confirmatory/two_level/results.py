"""A fitted two-level model, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.two_level.estimation import TwoLevelEstimate, Unrestricted
from trustmeasure.confirmatory.two_level.samples import TwoLevelSample
from trustmeasure.kernels.structural import implied, matrices

if TYPE_CHECKING:
    from trustmeasure.confirmatory.factor_scores import FactorScores
    from trustmeasure.confirmatory.modification import Wanted
    from trustmeasure.confirmatory.residuals import ModelResiduals


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
    sample: TwoLevelSample = field(repr=False)

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

    def score_tests(self) -> pd.DataFrame:
        """Test what the model holds equal, between levels as well.

        Notes
        -----
        As in `StructuralModel.score_tests`. Equals ``lavaan::lavTestScore(fit)``.
        """
        from trustmeasure.confirmatory.two_level.questions import two_level_score_tests

        return two_level_score_tests(self.estimate, self.sample)

    def residuals(self, *, kind: str = "raw") -> ModelResiduals:
        """Give what the model leaves of each level's moments.

        Parameters
        ----------
        kind : {"raw", "correlation"}
            Unrestricted estimates of each level's covariances and means less the implied
            ones; or the same of correlations (means over the standard deviation).

        Returns
        -------
        ModelResiduals
            ``cov`` and ``mean``, with the level and the variable in the index.

        Raises
        ------
        OptionError
            For "standardized" and "normalized": there are no standard errors of the moments.

        Notes
        -----
        Equals ``lavaan::residuals(fit, type = "raw")`` or "cor", where the covariances between
        clusters are positive definite (see the notes of `cfa`). Of a variable on both levels,
        only the sum of its means is known; it stands at level 2, and 0 at level 1.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> import trustmeasure as tm
        >>> rng = np.random.default_rng(1)
        >>> team = np.repeat(np.arange(80), 10)
        >>> shared, own = rng.normal(size=(80, 1))[team], rng.normal(size=(800, 1))
        >>> between, within = rng.normal(size=(80, 3))[team] / 2, rng.normal(size=(800, 3))
        >>> data = pd.DataFrame(shared + own + between + within, columns=["a", "b", "c"])
        >>> model = "level: 1" + chr(10) + "f =~ a + b + c" + chr(10) + "level: 2"
        >>> paired = model + chr(10) + "a ~~ 0*b" + chr(10) + "a ~~ c" + chr(10) + "b ~~ c"
        >>> fitted = tm.cfa(paired, data.assign(team=team), cluster="team")
        >>> fitted.residuals(kind="correlation").largest(1).round(2)
           level lhs rhs  residual
        0      2   a   b      0.72
        """
        from trustmeasure.confirmatory.two_level.questions import two_level_residuals

        return two_level_residuals(self.estimate, self.unrestricted, self.sample, kind=kind)

    def factor_scores(
        self, data: Any = None, *, method: str = "regression", level: int = 1
    ) -> FactorScores:
        r"""Estimate where persons, or clusters, stand on the latent variables of their level.

        All answers of a cluster tell which part of them lies between clusters, and which within;
        scores are `StructuralModel.factor_scores` of that part.

        Parameters
        ----------
        data : DataFrame, 2-D array, or Scores, optional
            Persons to score, with the model's variables and the column of the clusters. Score
            whole clusters: all answers in ``data`` from one of them count.
        method : {"regression", "Bartlett"}
            As for one level. Regression scores are the expectation of the latent variables
            given all answers.
        level : {1, 2}
            1 for persons (within their cluster), 2 for clusters.

        Returns
        -------
        FactorScores
            ``scores`` and ``se``: persons × latent variables of level 1, or clusters × latent
            variables of level 2; ``reliability``, the mean of the squared correlations of
            scores and latent variables.

        Raises
        ------
        DataError
            For data without the model's variables or the column of the clusters.
        OptionError
            Where the level has no latent variables.

        Notes
        -----
        Equals ``lavaan::lavPredict(fit, method = "regression", level = level)``, or
        "Bartlett", with two differences. Variables at level 2 alone enter the scores of
        clusters with their values; lavaan 0.6-14 puts 0 in their place. And standard errors
        grow where a cluster has few persons; lavaan's are those of a cluster whose part is
        known. Bartlett's weights are given to expected parts, as in lavaan, so that its scores
        of small clusters lean towards the mean, too.

        Examples
        --------
        >>> import numpy as np
        >>> import pandas as pd
        >>> import trustmeasure as tm
        >>> rng = np.random.default_rng(1)
        >>> team = np.repeat(np.arange(80), 10)
        >>> shared, own = rng.normal(size=(80, 1))[team], rng.normal(size=(800, 1))
        >>> between, within = rng.normal(size=(80, 3))[team] / 2, rng.normal(size=(800, 3))
        >>> data = pd.DataFrame(shared + own + between + within, columns=["a", "b", "c"])
        >>> model = chr(10).join(["level: 1", "f =~ a + b + c", "level: 2", "g =~ a + b + c"])
        >>> fitted = tm.cfa(model, data.assign(team=team), cluster="team")
        >>> clusters = fitted.factor_scores(level=2)
        >>> clusters.scores.shape, round(float(clusters.reliability["g"]), 2)
        ((80, 1), 0.76)
        """
        from trustmeasure.confirmatory.two_level.questions import two_level_scores

        return two_level_scores(
            self.estimate, self.sample, data=data, method=method, level=level,
            cluster=str(self.settings["cluster"]),
        )  # fmt: skip

    def _indices(self, wanted: Wanted) -> pd.DataFrame:
        from trustmeasure.confirmatory.two_level.questions import two_level_modification_indices

        return two_level_modification_indices(self.estimate, self.unrestricted, self.sample, wanted)
