"""What a factor analysis gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.exploratory.scores import FactorScores, factor_scores
from trustmeasure.exploratory.solving import Solved
from trustmeasure.exploratory.uncertainty import Uncertainty
from trustmeasure.kernels.covariance import squared_multiple_correlations
from trustmeasure.kernels.factor_fit import FactorFit
from trustmeasure.kernels.rotation import Optima, explained
from trustmeasure.results import Result

FloatArray = NDArray[np.float64]

_AFTER_RMSEA = frozenset({"rmsr", "tli", "cfi", "bic", "converged"})


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ExploratoryFactors(Result):
    """What `efa` returns.

    Factors are ``F1``, ``F2``, … in descending order of the variance they explain after
    rotation; each has a positive sum of loadings. A factor that the rotation itself singles
    out keeps its place: the general one of a bifactor rotation is ``F1``, and factors of a
    target stand in its order, with its signs. Rows are the items in the user's order.

    Attributes
    ----------
    loadings : DataFrame, shape (p, m)
        Pattern loadings.
    phi : DataFrame, shape (m, m)
        Factor correlations; the identity after an orthogonal rotation.
    structure : DataFrame, shape (p, m)
        Correlations of items with factors, ``loadings @ phi``.
    communalities, uniquenesses : Series, shape (p,)
        Variance shared with the factors, and the rest; they sum to 1.
    initial_communalities : Series, shape (p,)
        Squared multiple correlations of each item with the others, from which extraction
        starts.
    complexity : Series, shape (p,)
        Hofmann's index: how many factors an item needs.
    variance : DataFrame, shape (5, m)
        Sums of squared loadings, proportion of all variance and its running sum,
        proportion of the explained variance and its running sum.
    eigenvalues : Series, shape (p,)
        Of the correlation matrix, descending.
    common_eigenvalues : Series, shape (p,)
        Of the correlation matrix with communalities in its diagonal, descending.
    chisq, df, pvalue : float, int, float
        Likelihood-ratio χ² with Bartlett's correction.
    chisq_empirical : float
        n times the sum of squared residual correlations, both triangles.
    null_chisq, null_df : float, int
        The same as ``chisq`` for no factor at all.
    rmsea, rmsea_ci : float, tuple of float
        Root mean square error of approximation with its 90 % interval.
    rmsr : float
        Root mean square of the residual correlations.
    tli, cfi, bic : float
    residuals : DataFrame, shape (p, p)
        Correlations minus what the factors reproduce; uniquenesses in the diagonal.
    n_obs : float
        Persons; NaN where unknown, as then are the fit statistics.
    converged : bool
        Whether extraction and rotation reached their minimum within the admissible.
    criterion : float
        What the rotation minimised, on GPArotation's scale; NaN where nothing was rotated.
    local_optima : DataFrame
        The distinct minima that the rotation's starts led to, ascending: ``criterion``,
        ``starts`` and their ``share`` of all starts. Empty where nothing was rotated.
    loadings_se, loadings_low, loadings_high : DataFrame or None
        Standard errors and confidence limits of the loadings, with ``ci=``.
    phi_se, phi_low, phi_high : DataFrame or None
        The same of the factor correlations.
    """

    title: ClassVar[str] = "Exploratory factor analysis"

    loadings: pd.DataFrame
    phi: pd.DataFrame
    structure: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
    initial_communalities: pd.Series
    complexity: pd.Series
    variance: pd.DataFrame
    eigenvalues: pd.Series
    common_eigenvalues: pd.Series
    chisq: float
    df: int
    pvalue: float
    chisq_empirical: float
    null_chisq: float
    null_df: int
    rmsea: float
    rmsea_ci: tuple[float, float]
    rmsr: float
    tli: float
    cfi: float
    bic: float
    residuals: pd.DataFrame
    n_obs: float
    converged: bool
    criterion: float
    local_optima: pd.DataFrame
    loadings_se: pd.DataFrame | None = None
    loadings_low: pd.DataFrame | None = None
    loadings_high: pd.DataFrame | None = None
    phi_se: pd.DataFrame | None = None
    phi_low: pd.DataFrame | None = None
    phi_high: pd.DataFrame | None = None

    @property
    def correlations(self) -> pd.DataFrame:
        """The correlations that were factored: what the factors reproduce, and the residuals."""
        return self.residuals + self.loadings @ self.phi @ self.loadings.T

    @property
    def communality_table(self) -> pd.DataFrame:
        """One row an item: initial and extracted communality, uniqueness, complexity."""
        return pd.DataFrame(
            {
                "initial": self.initial_communalities,
                "communality": self.communalities,
                "uniqueness": self.uniquenesses,
                "complexity": self.complexity,
            }
        )

    def scores(
        self, data: Any, *, method: str = "regression", scale: str | None = None
    ) -> FactorScores:
        """Estimate each person's factor scores, and how far the items determine the factors.

        Parameters
        ----------
        data : DataFrame, 2-D array, or Scores
            Persons in rows, with the items that were factored. Items are standardised by
            their means and standard deviations in these data.
        method : {"regression", "bartlett", "tenberge"}
            Thurstone's scores, nearest to the factors; Bartlett's, unbiased for each person;
            or ten Berge's, which correlate as the factors do.
        scale : str, optional
            With Scores, the scale that was factored.

        Returns
        -------
        FactorScores
            ``scores``, ``weights``, ``determinacy``, ``correlations``, ``validities``.

        Raises
        ------
        DataError
            When an item is missing or constant, or the correlations cannot be inverted.

        Notes
        -----
        Equals ``psych::factor.scores(x, f, Phi, method = "Thurstone" | "Bartlett" |
        "tenBerge", rho = r)``; psych gives Thurstone's scores of a single factor even when
        ten Berge's are asked for.

        References
        ----------
        Grice, J. W. (2001). Computing and evaluating factor scores. *Psychological Methods,
        6*, 430–450. https://doi.org/10.1037/1082-989X.6.4.430

        ten Berge, J. M. F., Krijnen, W. P., Wansbeek, T., & Shapiro, A. (1999). Some new
        results on correlation-preserving factor scores prediction methods. *Linear Algebra
        and Its Applications, 289*, 311–318. https://doi.org/10.1016/S0024-3795(97)10007-6

        Examples
        --------
        >>> import numpy as np
        >>> import trustmeasure as tm
        >>> rng = np.random.default_rng(1)
        >>> traits = np.repeat(rng.normal(size=(500, 2)), 4, axis=1)
        >>> answers = traits + rng.normal(size=(500, 8))
        >>> found = tm.efa(answers, n_factors=2).scores(answers, method="tenberge")
        >>> found.scores.shape
        (500, 2)
        >>> bool((found.determinacy["multiple_r"] > .85).all())
        True
        """
        return factor_scores(
            data,
            method,
            correlation=self.correlations,
            loadings=self.loadings,
            phi=self.phi,
            scale=scale,
        )

    def to_frame(self) -> pd.DataFrame:
        """One row an item: loadings, communality, uniqueness and complexity."""
        return self.loadings.assign(
            communality=self.communalities,
            uniqueness=self.uniquenesses,
            complexity=self.complexity,
        )

    def summary(self) -> dict[str, Any]:
        """Give the fit, with the limits of RMSEA beside it."""
        low, high = self.rmsea_ci
        numbers = super().summary()
        numbers.pop("n_obs")
        rest = {name: numbers.pop(name) for name in list(numbers) if name in _AFTER_RMSEA}
        return {**numbers, "rmsea_ci_low": low, "rmsea_ci_high": high, **rest}

    def _heading(self) -> str:
        if math.isnan(self.n_obs):
            return f"{self.title} (n unknown)"
        return super()._heading()


def solution(
    solved: Solved,
    implied: FloatArray,
    fit: FactorFit,
    uncertainty: Uncertainty | None,
    settings: dict[str, Any],
    warnings: tuple[str, ...],
) -> ExploratoryFactors:
    """Dress the numbers in the users' names."""
    found, extraction, rotated = solved.found, solved.extraction, solved.rotated
    p, m = rotated.loadings.shape
    names = pd.Index(found.names)
    factors = pd.Index([f"F{k + 1}" for k in range(m)])
    numbers = pd.RangeIndex(1, p + 1, name="number")
    communalities = np.diag(implied)
    squares = rotated.loadings**2
    share = explained(rotated.loadings, rotated.phi)
    # Items without loadings, and factors without variance, have shares of nothing: NaN.
    with np.errstate(invalid="ignore", divide="ignore"):
        complexity = squares.sum(axis=1) ** 2 / (squares**2).sum(axis=1)
        table = [share, share / p, share.cumsum() / p]
        table += [share / share.sum(), share.cumsum() / share.sum()]
    return ExploratoryFactors(
        loadings=pd.DataFrame(rotated.loadings, index=names, columns=factors),
        phi=pd.DataFrame(rotated.phi, index=factors, columns=factors),
        structure=pd.DataFrame(rotated.loadings @ rotated.phi, index=names, columns=factors),
        communalities=pd.Series(communalities, index=names, name="communality"),
        uniquenesses=pd.Series(1.0 - communalities, index=names, name="uniqueness"),
        initial_communalities=pd.Series(
            squared_multiple_correlations(found.matrix), index=names, name="initial"
        ),
        complexity=pd.Series(complexity, index=names, name="complexity"),
        variance=pd.DataFrame(
            np.array(table),
            index=[
                "ss_loadings",
                "proportion",
                "cumulative",
                "proportion_explained",
                "cumulative_explained",
            ],
            columns=factors,
        ),
        eigenvalues=pd.Series(
            np.linalg.eigvalsh(found.matrix)[::-1], index=numbers, name="eigenvalue"
        ),
        common_eigenvalues=pd.Series(
            extraction.reduced_eigenvalues, index=numbers, name="eigenvalue"
        ),
        chisq=fit.chisq,
        df=fit.df,
        pvalue=fit.pvalue,
        chisq_empirical=fit.chisq_empirical,
        null_chisq=fit.null_chisq,
        null_df=fit.null_df,
        rmsea=fit.rmsea,
        rmsea_ci=(fit.rmsea_low, fit.rmsea_high),
        rmsr=fit.rmsr,
        tli=fit.tli,
        cfi=fit.cfi,
        bic=fit.bic,
        residuals=pd.DataFrame(found.matrix - implied, index=names, columns=names),
        n_obs=math.nan if found.n_obs is None else float(found.n_obs),
        converged=extraction.converged and rotated.converged,
        criterion=rotated.criterion,
        local_optima=_optima(rotated.optima),
        **_limits(uncertainty, names, factors),
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        settings=settings,
        warnings=warnings,
    )


def _optima(optima: Optima | None) -> pd.DataFrame:
    if optima is None:
        return pd.DataFrame({"criterion": [], "starts": [], "share": []})
    return pd.DataFrame(
        {
            "criterion": optima.criteria,
            "starts": optima.counts,
            "share": optima.counts / optima.n_starts,
        },
        index=pd.RangeIndex(1, len(optima.criteria) + 1, name="minimum"),
    )


def _limits(
    uncertainty: Uncertainty | None, names: pd.Index, factors: pd.Index
) -> dict[str, pd.DataFrame]:
    if uncertainty is None:
        return {}
    return {
        field: pd.DataFrame(
            getattr(uncertainty, field),
            index=names if field.startswith("loadings") else factors,
            columns=factors,
        )
        for field in (
            "loadings_se", "loadings_low", "loadings_high", "phi_se", "phi_low", "phi_high",
        )
    }  # fmt: skip
