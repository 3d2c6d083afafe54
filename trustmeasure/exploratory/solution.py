"""What a factor analysis gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure.correlation.matrices import Correlations
from trustmeasure.kernels.factor_extraction import Extraction
from trustmeasure.kernels.factor_fit import FactorFit
from trustmeasure.kernels.rotation import Rotated, explained
from trustmeasure.results import Result

FloatArray = NDArray[np.float64]

_AFTER_RMSEA = frozenset({"rmsr", "tli", "cfi", "bic", "converged"})


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ExploratoryFactors(Result):
    """What `efa` returns.

    Factors are ``F1``, ``F2``, … in descending order of the variance they explain after
    rotation; each has a positive sum of loadings. Rows are the items in the user's order.

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
    """

    title: ClassVar[str] = "Exploratory factor analysis"

    loadings: pd.DataFrame
    phi: pd.DataFrame
    structure: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
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
    found: Correlations,
    extraction: Extraction,
    rotated: Rotated,
    implied: FloatArray,
    fit: FactorFit,
    settings: dict[str, Any],
    warnings: tuple[str, ...],
) -> ExploratoryFactors:
    """Dress the numbers in the users' names."""
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
        n=found.n_obs or 0,
        n_dropped=found.n_dropped,
        settings=settings,
        warnings=warnings,
    )
