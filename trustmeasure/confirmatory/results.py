"""A fitted structural model, as the user has it in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from trustmeasure.confirmatory.estimation import Data, Estimates
from trustmeasure.confirmatory.inference import Inference
from trustmeasure.confirmatory.samples import Samples
from trustmeasure.confirmatory.specification import Specification
from trustmeasure.results import Result

if TYPE_CHECKING:
    from trustmeasure.confirmatory.factor_scores import FactorScores
    from trustmeasure.confirmatory.modification import Wanted
    from trustmeasure.confirmatory.residuals import ModelResiduals


@dataclass(frozen=True)
class Fitted:
    """What further questions to a model are answered from; not part of its printed result."""

    specification: Specification
    estimates: Estimates
    data: Data
    samples: Samples
    inference: Inference
    means: bool


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StructuralModel(Result):
    """What `cfa` and `sem` return.

    Attributes
    ----------
    model : str
        The syntax that was fitted.
    converged : bool
        Whether the search ended at a minimum.
    admissible : bool
        Whether the solution could be one: no negative variance, no impossible correlation.
    fit : Series
        Indices of fit, named as lavaan's with dots as underscores.
    estimates : DataFrame
        One row a parameter: lhs, op, rhs, group, label, est, se, z, pvalue, ci_low, ci_high,
        std (in standard deviations of all variables) and its se_std.
    r_squared : DataFrame
        Share of variance explained, one row a variable, one column a group.
    """

    title: ClassVar[str] = "Structural model"

    model: str
    converged: bool
    admissible: bool
    fit: pd.Series
    estimates: pd.DataFrame
    r_squared: pd.DataFrame
    fitted: Fitted = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the estimates."""
        return self.estimates.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the machinery as plain Python objects."""
        from trustmeasure.results import to_plain

        names = ("n", "n_dropped", "settings", "warnings", "model", "converged", "admissible",
                 "fit", "estimates", "r_squared")  # fmt: skip
        return {name: to_plain(getattr(self, name)) for name in names}

    def summary(self) -> dict[str, Any]:
        """Give the indices that are read first."""
        wanted = ["chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr"]
        if "cfi_robust" in self.fit:
            scaled = "_scaled" if "chisq_scaled" in self.fit else ""
            wanted = [f"chisq{scaled}", f"df{scaled}", f"pvalue{scaled}", "cfi_robust",
                      "tli_robust", "rmsea_robust", "srmr"]  # fmt: skip
        found: dict[str, Any] = {"converged": self.converged, "admissible": self.admissible}
        return found | {name: float(self.fit[name]) for name in wanted if name in self.fit}

    def implied(self) -> Mapping[Any, dict[str, pd.DataFrame | pd.Series]]:
        """Give the moments that the model implies: "cov" and "mean", for each group."""
        from trustmeasure.kernels.structural import implied, matrices

        kept = self.fitted
        found = {}
        for layout, block, group in zip(
            kept.estimates.model.layouts,
            kept.specification.blocks,
            kept.samples.groups,
            strict=True,
        ):
            moments = implied(matrices(layout, kept.estimates.parameters))
            names = pd.Index(block.observed)
            parts: dict[str, pd.DataFrame | pd.Series] = {
                "cov": pd.DataFrame(moments.spread, index=names, columns=names)
            }
            if kept.means:
                parts["mean"] = pd.Series(moments.mean, index=names)
            found[group.label] = parts
        return found

    def modification_indices(
        self,
        *,
        minimum: float = 0.0,
        sort: bool = True,
        op: str | Sequence[str] | None = None,
        power: bool = False,
        delta: float = 0.1,
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        r"""Test what the model leaves out: how much χ² would fall if it were estimated.

        With g the slope of half the discrepancy in a parameter that is fixed, and V what the
        estimated parameters leave of its expected information,

        .. math:: \mathrm{MI} = n g^2 / V, \qquad \mathrm{EPC} = -g / V.

        All candidates are tested from one gradient and one information matrix.

        Parameters
        ----------
        minimum : float
            Leave out smaller indices.
        sort : bool
            Largest first; else in the order of the table.
        op : {"=~", "~", "~~", "~1"} or several, optional
            Only these kinds of parameters; of ordered items also "|" and "~*~".
        power : bool
            Add the power to find a change of ``delta``, and what it makes of the index.
        delta, alpha : float
            A change worth finding, and the level of the test.

        Returns
        -------
        DataFrame
            lhs, op, rhs, group; mi; epc, the expected change; sepc_lv and sepc_all, the same in
            standard deviations of the latent variables and of all (covariances as correlations
            of residuals). With ``power`` also ncp, power and decision: "misspecified"
            (significant, although power is low), "fine" (not significant, although power is
            high), "large" or "small" (significant at high power; by the expected change), or
            "inconclusive".

        Raises
        ------
        OptionError
            With estimator="ULS" of continuous items.

        Notes
        -----
        Equals ``lavaan::modindices(fit)``, also of models of ordered items, and of two levels
        (with "level" instead of "group"). Left out are parameters that would not be identified,
        the moments of exogenous variables, and regressions of these on others. Of fixed
        variances, lavaan standardises the estimate, not the change; here all columns are about
        the change. lavaan's indices are n / (n − 1) of these with likelihood="wishart", and, by a
        gradient that is taken with n, its indices and changes (n − 1) / n of these with "GLS"
        and "WLS"; here indices are on the scale of χ². Indices of many parameters capitalise on
        chance: add a parameter only where theory has a place for it.

        References
        ----------
        Saris, W. E., Satorra, A., & van der Veld, W. M. (2009). Testing structural equation
        models or detection of misspecifications? *Structural Equation Modeling, 16*, 561–582.
        https://doi.org/10.1080/10705510903203433

        Sörbom, D. (1989). Model modification. *Psychometrika, 54*, 371–384.
        https://doi.org/10.1007/BF02294623

        Examples
        --------
        >>> import trustmeasure as tm
        >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
        >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
        >>> fitted.modification_indices(minimum=100).round(2)[["lhs", "op", "rhs", "mi", "epc"]]
              lhs  op     rhs      mi   epc
        0   q_377  ~~   q_379  117.13  0.17
        1  q_1855  ~~  q_4289  100.78  0.18
        """
        from trustmeasure.confirmatory.modification import Wanted

        return self._indices(
            Wanted(minimum=minimum, sort=sort, op=op, power=power, delta=delta, alpha=alpha)
        )

    def score_tests(self) -> pd.DataFrame:
        """Test what the model holds equal: how much χ² would fall if it were let go.

        Returns
        -------
        DataFrame
            A row for each equality: chisq, df and pvalue of letting go this one alone, and epc,
            how far its two sides are expected to move apart. The last row lets go all.

        Raises
        ------
        OptionError
            For a model without equalities, and with estimator="ULS" of continuous
            items.

        Notes
        -----
        Equals ``lavaan::lavTestScore(fit)``. With robust estimators the tests presume normal
        data, as they do in lavaan.

        References
        ----------
        Bentler, P. M., & Chou, C.-P. (1992). Some new covariance structure model improvement
        statistics. *Sociological Methods & Research, 21*, 259–282.
        https://doi.org/10.1177/0049124192021002006

        Examples
        --------
        >>> import numpy as np
        >>> import trustmeasure as tm
        >>> rng = np.random.default_rng(1)
        >>> items = rng.normal(size=(300, 1)) * [0.9, 0.8, 0.5, 0.8] + rng.normal(size=(300, 4))
        >>> equal = "f =~ a*item1 + a*item2 + a*item3 + a*item4"
        >>> tm.cfa(equal, items, std_lv=True).score_tests().round(3)
                         constraint   chisq  df  pvalue    epc
        0  f =~ item1 == f =~ item2   0.422   1   0.516 -0.061
        1  f =~ item1 == f =~ item3  16.237   1   0.000  0.390
        2  f =~ item1 == f =~ item4   0.462   1   0.497 -0.066
        3                       all  18.330   3   0.000    NaN
        """
        from trustmeasure.confirmatory.modification import score_tests

        return score_tests(self.fitted)

    def residuals(self, *, kind: str = "raw") -> ModelResiduals:
        """Give what the model leaves of the moments.

        Parameters
        ----------
        kind : {"raw", "correlation", "standardized", "normalized"}
            Observed minus implied covariances and means; the same of correlations (means over
            the observed standard deviation); over the standard error of the difference (a z
            value, of which ±1.96 is a bound); or over that of the sample's moment alone.

        Returns
        -------
        ModelResiduals
            ``cov``, and ``mean`` where the model has means; ``largest()`` names the pairs.

        Raises
        ------
        OptionError
            For standard errors with estimator="ULS" or "WLS".

        Notes
        -----
        Equals ``lavaan::residuals(fit, type = "raw")``, "cor" (Bollen's), "standardized" and
        "normalized". Standard errors are those of the estimator: robust ones with "MLM" and
        "MLR". Of incomplete data, "observed" are the full-information estimates.

        References
        ----------
        Maydeu-Olivares, A. (2017). Assessing the size of model misfit in structural equation
        models. *Psychometrika, 82*, 533–558. https://doi.org/10.1007/s11336-016-9552-7

        Examples
        --------
        >>> import trustmeasure as tm
        >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
        >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
        >>> fitted.residuals(kind="correlation").largest(3).round(3)
              lhs     rhs  residual
        0   q_377   q_379     0.060
        1  q_1855   q_379    -0.038
        2  q_1855  q_4289     0.031
        """
        from trustmeasure.confirmatory.residuals import residuals_of

        return residuals_of(self.fitted, self._labels(), self.settings, kind=kind)

    def factor_scores(self, data: Any = None, *, method: str = "regression") -> FactorScores:
        r"""Estimate where persons stand on the latent variables.

        With V the covariances of the latent variables and :math:`\mu` the means that the model
        implies,

        .. math:: \hat\eta = \alpha_\eta + V\Lambda'\Sigma^{-1}(y - \mu)
            \quad\text{or}\quad
            \alpha_\eta + (\Lambda'\Sigma^{-1}\Lambda)^{-1}\Lambda'\Sigma^{-1}(y - \mu).

        Parameters
        ----------
        data : DataFrame, 2-D array, or Scores, optional
            Persons to score, with the model's variables (and its group column); by default
            those whom the model was fitted to. A single person will do.
        method : {"regression", "Bartlett"}
            Regression scores have the least error, and lean towards the mean; Bartlett's are
            unbiased, and vary more than the latent variable.

        Returns
        -------
        FactorScores
            ``scores`` and ``se``, persons × latent variables; ``reliability``.

        Raises
        ------
        DataError
            For data without the model's variables or group column.
        OptionError
            For models fitted to moments, without ``data``; and without latent variables.

        Notes
        -----
        Equals ``lavaan::lavPredict(fit, method = "regression")``, or "Bartlett", and its
        ``se = "standard"``. With missing="fiml", persons are scored from what they answered;
        otherwise those with a missing answer have no score. Regressing on factor scores gives
        other slopes than the model does: keep to the model for relations.

        References
        ----------
        Grice, J. W. (2001). Computing and evaluating factor scores. *Psychological Methods, 6*,
        430–450. https://doi.org/10.1037/1082-989X.6.4.430

        Examples
        --------
        >>> import trustmeasure as tm
        >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
        >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
        >>> found = fitted.factor_scores()
        >>> found.scores.head(2).round(2)
           trust
        0   0.32
        1  -0.12
        >>> round(float(found.reliability["trust"]), 2)
        0.88
        """
        from trustmeasure.confirmatory.factor_scores import scores_of

        return scores_of(
            self.fitted, self._labels(), data=data, method=method,
            missing=str(self.settings["missing"]),
        )  # fmt: skip

    def _indices(self, wanted: Wanted) -> pd.DataFrame:
        from trustmeasure.confirmatory.modification import modification_indices

        return modification_indices(self.fitted, self._labels(), wanted)

    def _labels(self) -> list[Any]:
        return [group.label for group in self.fitted.samples.groups]
