"""How many factors to keep: parallel analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import as_rng, check_count, check_level
from trustmeasure.correlation.matrices import correlations_of
from trustmeasure.kernels.dimensionality import (
    Eigenvalues,
    observed_eigenvalues,
    reference_eigenvalues,
)
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ParallelAnalysis(Result):
    """What `parallel_analysis` returns.

    Attributes
    ----------
    n_factors, n_components : int
        Factors and components to keep.
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
    correlation : {"pearson"}
        Kind of correlation.
    missing : {"listwise", "pairwise"}
        Persons with a missing answer are left out, or used for the pairs that they
        answered; random samples then have everyone with at least one answer.
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
    "minres")``, and the counting rule is psych's. The reference differs in one way: psych
    resamples each item's own answers beside simulating normal ones and, where raw data are
    given, decides by the resampled; here samples are normal. For Pearson correlations of
    more than a few dozen persons the two agree closely (Buja & Eyuboglu 1992).

    Random samples are not simulated person by person. Their scatter matrices follow a
    Wishart distribution, which is drawn directly, so that the time needed does not grow
    with the number of persons.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    *Psychometrika, 30*, 179–185. https://doi.org/10.1007/BF02289447

    Buja, A., & Eyuboglu, N. (1992). Remarks on parallel analysis. *Multivariate Behavioral
    Research, 27*, 509–540. https://doi.org/10.1207/s15327906mbr2704_2

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
    random = reference_eigenvalues(n_obs, len(found.names), n_iter, generator)
    limits = Eigenvalues(
        components=np.quantile(random.components, quantile, axis=0),
        factors=np.quantile(random.factors, quantile, axis=0),
    )
    means = Eigenvalues(
        components=random.components.mean(axis=0), factors=random.factors.mean(axis=0)
    )
    return ParallelAnalysis(
        n_factors=_leading(observed.factors > limits.factors),
        n_components=_leading(observed.components > limits.components),
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
            "missing": missing,
            "rng": rng if isinstance(rng, int) else None,
        },
        warnings=notes.messages(),
    )


def _leading(exceeds: Any) -> int:
    """Count up to the first that fails."""
    return int(exceeds.argmin()) if not exceeds.all() else int(exceeds.size)


def _table(values: Eigenvalues) -> pd.DataFrame:
    return pd.DataFrame(
        {"factors": values.factors, "components": values.components},
        index=pd.RangeIndex(1, len(values.factors) + 1, name="number"),
    )
