"""How many factors to keep: parallel analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_items, as_rng, check_count, check_level, check_option, listwise
from trustmeasure.correlation.matrices import correlations_of, ordered_codes
from trustmeasure.errors import OptionError
from trustmeasure.kernels.dimensionality import (
    Eigenvalues,
    observed_eigenvalues,
    reference_eigenvalues,
)
from trustmeasure.kernels.random_reference import ordered_eigenvalues, permuted_eigenvalues
from trustmeasure.kernels.ranks import pairwise_rank_correlations, ranks
from trustmeasure.kernels.retention import leading
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

REFERENCES = ("normal", "permutation")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ParallelAnalysis(Result):
    """What `parallel_analysis` returns.

    Attributes
    ----------
    n_factors, n_components : int
        Factors and components to keep, by the quantile of random data.
    n_factors_mean, n_components_mean : int
        The same by the mean of random data, which keeps more (Glorfeld, 1995).
    observed : DataFrame, shape (p, 2)
        Eigenvalues of the data; columns ``factors`` and ``components``, index 1 … p.
    reference : DataFrame, shape (p, 2)
        The quantile that random data exceed rarely, in the same shape.
    reference_mean : DataFrame, shape (p, 2)
        The mean over random data.
    """

    title: ClassVar[str] = "Parallel analysis"

    n_factors: int
    n_components: int
    n_factors_mean: int
    n_components_mean: int
    observed: pd.DataFrame
    reference: pd.DataFrame
    reference_mean: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row an eigenvalue: observed, mean and quantile, for factors and components."""
        parts = {
            "observed": self.observed,
            "random_mean": self.reference_mean,
            "random_quantile": self.reference,
        }
        return pd.DataFrame(
            {
                f"{kind}_{name}": frame[kind]
                for kind in ("factors", "components")
                for name, frame in parts.items()
            }
        )


def parallel_analysis(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    n_iter: int = 1000,
    quantile: float = 0.95,
    correlation: str = "pearson",
    reference: str = "normal",
    missing: str = "listwise",
    rng: Any = None,
) -> ParallelAnalysis:
    r"""Horn's parallel analysis: keep what exceeds the eigenvalues of random data.

    Components are eigenvalues of the correlation matrix. Common factors are eigenvalues of
    the correlation matrix with the communalities of a one-factor minimum residual solution
    in its diagonal. Counting stops at the first eigenvalue that does not exceed the
    ``quantile`` of its counterparts in samples of as many persons and unrelated items.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows; at least 3 items.
    items : sequence of str, optional
        The columns to use; all without it.
    scale : str, optional
        With Scores, the items of this scale.
    n_iter : int
        Random samples.
    quantile : float
        Quantile of the random eigenvalues to exceed.
    correlation : {"pearson", "spearman", "polychoric", "tetrachoric"}
        Kind of correlation, of the data and of the random samples alike.
    reference : {"normal", "permutation"}
        What random samples are made of: independent normal variables (ranked, or cut at the
        observed thresholds, where the correlations are of ranks or of ordered answers), or
        the observed answers, each item's permuted on its own.
    missing : {"listwise", "pairwise", "fiml"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered, or enter a full-information covariance matrix (of Pearson correlations,
        with ``reference="normal"``). Random samples then have everyone with at least one
        answer; those that are permuted or ordered also have the gaps of the data.
    rng : None, int, or numpy.random.Generator
        Seed; the same seed gives the same result.

    Returns
    -------
    ParallelAnalysis
        ``n_factors``, ``n_components``, ``observed``, ``reference``, ``reference_mean``.

    Raises
    ------
    DataError
        When an item is constant, or there are too few persons or items.
    OptionError
        For an unknown option, or a quantile outside 0 to 1.

    Notes
    -----
    ``observed`` equals ``fa.values`` and ``pc.values`` of ``psych::fa.parallel(x, fm =
    "minres")`` (with ``cor = "poly"`` for polychoric correlations), and the counting rule is
    psych's. psych simulates normal answers and also resamples each item's own, with
    replacement, and where raw data are given decides by the resampled ones; here they are
    permuted, and only with ``reference="permutation"``. For Pearson correlations of more
    than a few dozen persons the references agree closely (Buja & Eyuboglu, 1992).
    Polychoric correlations of unrelated items vary more than Pearson's, which is why their
    reference has to be polychoric too (Timmerman & Lorenzo-Seva, 2011).

    Normal samples for Pearson correlations are not simulated person by person. Their
    scatter matrices follow a Wishart distribution, which is drawn directly, so that the
    time needed does not grow with the number of persons. All other references do simulate:
    a thousand samples of 1,000 persons and 20 items take about a second for Pearson and
    rank correlations and several for polychoric ones, where ``n_iter=100`` often will do.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    *Psychometrika, 30*, 179–185. https://doi.org/10.1007/BF02289447

    Buja, A., & Eyuboglu, N. (1992). Remarks on parallel analysis. *Multivariate Behavioral
    Research, 27*, 509–540. https://doi.org/10.1207/s15327906mbr2704_2

    Glorfeld, L. W. (1995). An improvement on Horn's parallel analysis methodology for
    selecting the correct number of factors to retain. *Educational and Psychological
    Measurement, 55*, 377–393. https://doi.org/10.1177/0013164495055003002

    Timmerman, M. E., & Lorenzo-Seva, U. (2011). Dimensionality assessment of ordered
    polytomous items with parallel analysis. *Psychological Methods, 16*, 209–220.
    https://doi.org/10.1037/a0023353

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(300, 2)), 4, axis=1)
    >>> result = tm.parallel_analysis(traits + rng.normal(size=(300, 8)), rng=1)
    >>> result.n_factors, result.n_components
    (2, 2)
    """
    check_count("n_iter", n_iter, least=20)
    check_level("quantile", quantile)
    check_option("reference", reference, REFERENCES)
    refuse_incomplete(reference, missing)
    generator = as_rng(rng)
    notes = Notes()
    found = correlations_of(
        data,
        items=items,
        scale=scale,
        correlation=correlation,
        missing=missing,
        min_items=3,
        notes=notes,
    )
    n_obs = found.n_obs or 0
    if n_obs <= len(found.names):
        notes.record(
            f"{n_obs} persons for {len(found.names)} items: with no more persons than items, "
            "eigenvalues say little."
        )
    observed = observed_eigenvalues(found.matrix)
    if correlation == "pearson" and reference == "normal":
        random = reference_eigenvalues(n_obs, len(found.names), n_iter, generator)
    else:
        values = answers_used(data, items=found.names, scale=scale, missing=missing)
        random = random_eigenvalues(values, found.names, correlation, reference, n_iter, generator)
    limits, means = summaries(random, quantile)
    return ParallelAnalysis(
        n_factors=leading(observed.factors > limits.factors),
        n_components=leading(observed.components > limits.components),
        n_factors_mean=leading(observed.factors > means.factors),
        n_components_mean=leading(observed.components > means.components),
        observed=_table(observed),
        reference=_table(limits),
        reference_mean=_table(means),
        n=n_obs,
        n_dropped=found.n_dropped,
        settings={
            "items": list(found.names),
            "scale": scale,
            "n_iter": n_iter,
            "quantile": quantile,
            "correlation": correlation,
            "reference": reference,
            "missing": missing,
            "rng": rng if isinstance(rng, int) else None,
        },
        warnings=notes.messages(),
    )


def refuse_incomplete(reference: str, missing: str) -> None:
    """Refuse a reference that full-information correlations do not have."""
    if missing == "fiml" and reference == "permutation":
        raise OptionError(
            "reference='permutation' does not go with missing='fiml', whose correlations would "
            "have to be estimated anew for every sample. Use reference='normal', or "
            "missing='pairwise'."
        )


def answers_used(
    data: Any, *, items: Sequence[str] | None, scale: str | None, missing: str
) -> FloatArray:
    """Give the answers (n, p) behind correlations: complete rows, or all with any answer."""
    block = as_items(data, items=items, scale=scale)
    if missing == "listwise":
        return listwise(block)[0]
    return block.values[~np.isnan(block.values).all(axis=1)]


def random_eigenvalues(
    values: FloatArray,
    names: Sequence[str],
    correlation: str,
    reference: str,
    n_iter: int,
    rng: np.random.Generator,
) -> Eigenvalues:
    """Eigenvalues of random samples that are correlated as the observed answers are."""
    n, p = values.shape
    permute = reference == "permutation"
    if correlation in ("polychoric", "tetrachoric"):
        codes, n_categories = ordered_codes(values, names)
        return ordered_eigenvalues(codes, n_categories, n_iter, rng, permute=permute)
    if not permute:  # normal variables have no ties, and so any order of 1 … n
        if correlation == "pearson":
            return reference_eigenvalues(n, p, n_iter, rng)
        return permuted_eigenvalues(np.tile(np.arange(float(n))[:, None], p), n_iter, rng)
    if correlation == "pearson":
        return permuted_eigenvalues(values, n_iter, rng)
    if np.isnan(values).any():
        return permuted_eigenvalues(values, n_iter, rng, pairwise_rank_correlations)
    return permuted_eigenvalues(ranks(values), n_iter, rng)


def summaries(random: Eigenvalues, quantile: float) -> tuple[Eigenvalues, Eigenvalues]:
    """Quantiles and means over random samples."""
    limits = Eigenvalues(
        components=np.quantile(random.components, quantile, axis=0),
        factors=np.quantile(random.factors, quantile, axis=0),
    )
    means = Eigenvalues(
        components=random.components.mean(axis=0), factors=random.factors.mean(axis=0)
    )
    return limits, means


def _table(values: Eigenvalues) -> pd.DataFrame:
    return pd.DataFrame(
        {"factors": values.factors, "components": values.components},
        index=pd.RangeIndex(1, len(values.factors) + 1, name="number"),
    )
