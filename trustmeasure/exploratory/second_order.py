"""What is behind correlated factors: the Schmid–Leiman transformation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import check_option, listed
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.exploratory.factors import METHODS
from trustmeasure.exploratory.solution import ExploratoryFactors
from trustmeasure.kernels.schmid_leiman import schmid_leiman as transform
from trustmeasure.results import Notes, Result


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SchmidLeimanFactors(Result):
    """What `schmid_leiman` returns.

    Attributes
    ----------
    general : Series, shape (p,)
        Loadings of the items on the general factor.
    groups : DataFrame, shape (p, m)
        Loadings on what is left of each factor; all factors are uncorrelated.
    second_order : Series, shape (m,)
        Loadings of the correlated factors on the general one.
    communalities, uniquenesses : Series, shape (p,)
    general_share : Series, shape (p,)
        Share of each item's communality that the general factor explains.
    converged : bool
    """

    title: ClassVar[str] = "Schmid–Leiman solution"

    general: pd.Series
    groups: pd.DataFrame
    second_order: pd.Series
    communalities: pd.Series
    uniquenesses: pd.Series
    general_share: pd.Series
    converged: bool

    def to_frame(self) -> pd.DataFrame:
        """One row an item: general and group loadings, communality, the general share of it."""
        return self.loadings.assign(
            communality=self.communalities,
            uniqueness=self.uniquenesses,
            general_share=self.general_share,
        )

    @property
    def loadings(self) -> pd.DataFrame:
        """General and group loadings side by side, the general factor first."""
        return pd.concat([self.general, self.groups], axis=1)


def schmid_leiman(
    efa: ExploratoryFactors, *, method: str = "minres", option: str = "equal"
) -> SchmidLeimanFactors:
    r"""Split correlated factors into a general factor and what the groups have beyond it.

    One factor of second order explains the correlations of the factors. With its loadings
    :math:`\gamma`, an item's general loading is :math:`\Lambda\gamma`, and its group
    loadings :math:`\lambda_{jk}\sqrt{1 - \gamma_k^2}`.

    Parameters
    ----------
    efa : ExploratoryFactors
        An oblique solution of at least two factors.
    method : {"minres", "uls", "ml", "pa", "alpha", "minrank"}
        Extraction of the factor of second order.
    option : {"equal", "first", "second"}
        Two factors have one correlation for two loadings: equal ones, or 1 for the first or
        the second.

    Returns
    -------
    SchmidLeimanFactors
        ``general`` (Series) and ``groups`` (DataFrame), among others.

    Raises
    ------
    DataError
        For a single factor, or uncorrelated ones.
    OptionError
        For an option that is not offered, or ``option=`` with more than two factors.

    Warns
    -----
    ConvergenceWarning
        When the general factor explains a factor wholly, or was not found.

    Notes
    -----
    Equals ``psych::schmid(loadings, Phi = phi, fm = method)$sl``. ``psych::schmid(r, m)``
    extracts and rotates by itself, starting its rotation at varimax axes; the numbers agree
    where the rotation has one minimum.

    References
    ----------
    Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions.
    *Psychometrika, 22*, 53–61. https://doi.org/10.1007/BF02289209

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = rng.normal(size=(500, 1)) + rng.normal(size=(500, 3))
    >>> answers = np.repeat(traits, 4, axis=1) + rng.normal(size=(500, 12))
    >>> split = tm.schmid_leiman(tm.efa(answers, n_factors=3))
    >>> bool((split.general > .4).all())
    True
    """
    if not isinstance(efa, ExploratoryFactors):
        raise OptionError(
            f"schmid_leiman takes the result of efa, not a {type(efa).__name__}: "
            "schmid_leiman(efa(data, n_factors=3))."
        )
    check_option("method", method, METHODS)
    check_option("option", option, ("equal", "first", "second"))
    notes = Notes()
    phi = efa.phi.to_numpy(dtype=np.float64)
    m = len(phi)
    if m < 2:
        raise DataError("A single factor is general already; at least two factors are needed.")
    if np.abs(phi[np.tril_indices(m, -1)]).max() < 1e-10:
        raise DataError(
            "The factors are uncorrelated, so nothing general is behind them. Rotate obliquely, "
            "as with rotation='oblimin'."
        )
    if m > 2 and option != "equal":
        raise OptionError(f"option='{option}' is for two factors; there are {m}.")
    found = transform(
        efa.loadings.to_numpy(dtype=np.float64),
        phi,
        method=method,  # type: ignore[arg-type]  # checked above
        option=option,  # type: ignore[arg-type]
    )
    if m == 2:
        notes.record(
            "Two factors do not determine a general one: its loadings on them rest on "
            f"option='{option}'."
        )
    if not found.converged:
        notes.warn("The factor of second order was not found.", ConvergenceWarning)
    extreme = np.abs(found.second_order) > np.sqrt(1 - 0.005) - 1e-6
    if found.at_bound or (m > 2 and extreme.any()):
        notes.warn(
            f"The general factor explains {listed(efa.phi.index[extreme])} wholly, which leaves "
            "that group nothing of its own (a Heywood case of second order).",
            ConvergenceWarning,
        )
    names, factors = efa.loadings.index, efa.loadings.columns
    general = pd.Series(found.general, index=names, name="general")
    return SchmidLeimanFactors(
        general=general,
        groups=pd.DataFrame(found.groups, index=names, columns=factors),
        second_order=pd.Series(found.second_order, index=factors, name="second_order"),
        communalities=efa.communalities.copy(),
        uniquenesses=efa.uniquenesses.copy(),
        general_share=(general**2 / efa.communalities).rename("general_share"),
        converged=found.converged and efa.converged,
        n=efa.n,
        n_dropped=efa.n_dropped,
        settings={**efa.settings, "second_order_method": method, "option": option},
        warnings=notes.messages(),
    )
