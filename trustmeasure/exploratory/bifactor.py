"""What a general factor and group factors are worth: bifactor indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import listed, near
from trustmeasure.correlation.matrices import correlations_given
from trustmeasure.errors import DataError
from trustmeasure.exploratory.second_order import SchmidLeimanFactors
from trustmeasure.exploratory.solution import ExploratoryFactors
from trustmeasure.kernels.bifactor import factor_worth
from trustmeasure.kernels.covariance import is_positive_definite
from trustmeasure.kernels.hierarchical_omega import omegas
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BifactorIndices(Result):
    """What `bifactor_indices` returns.

    Attributes
    ----------
    omega_total, omega_hierarchical : float
        Share of the variance of the sum of all items that all factors explain, and that
        the general one does.
    ecv : float
        Share of the common variance that the general factor explains.
    puc : float
        Share of the correlations that are between items of different groups, and so speak
        of the general factor alone.
    factors : DataFrame, index the factor, the general one first
        ``omega`` and ``omega_hierarchical`` of the sum of the factor's items (all factors;
        the factor alone), ``ecv``, ``h`` (construct replicability), ``determinacy``, and
        ``n_items``.
    items : DataFrame, index the item
        ``group``, the group factor on which it loads most, and ``iecv``, the share of its
        common variance that the general factor explains.
    """

    title: ClassVar[str] = "Bifactor indices"

    omega_total: float
    omega_hierarchical: float
    ecv: float
    puc: float
    factors: pd.DataFrame
    items: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row a factor."""
        return self.factors.copy()

    def _heading(self) -> str:
        return super()._heading() if self.n else self.title


def bifactor_indices(
    loadings: Any, *, uniquenesses: Any = None, corr: Any = None
) -> BifactorIndices:
    r"""Judge a general factor and its group factors from their loadings.

    Parameters
    ----------
    loadings : SchmidLeimanFactors, ExploratoryFactors, DataFrame or array, shape (p, 1 + m)
        Standardised loadings on uncorrelated factors, the general one first: the result of
        `schmid_leiman`, that of ``efa(rotation="bifactor")``, or a table of any model's.
    uniquenesses : Series or array, shape (p,), optional
        Instead of 1 minus the sums of squared loadings.
    corr : DataFrame or array, shape (p, p), optional
        Observed correlations; the variances of sums are then theirs, as in psych, and not
        those that the model implies.

    Returns
    -------
    BifactorIndices

    Raises
    ------
    DataError
        For correlated factors, fewer than two factors, or loadings that leave no
        uniqueness.

    Notes
    -----
    With all items of a group counted to the group factor on which they load most,

    .. math:: \omega = 1 - \frac{\sum\theta}{V},\quad
       \omega_h = \frac{(\sum\lambda_g)^2}{V},\quad
       ECV = \frac{\sum\lambda_g^2}{\sum\lambda_g^2 + \sum\lambda_s^2},\quad
       H = \left(1 + \frac{1}{\sum \lambda^2 / (1 - \lambda^2)}\right)^{-1},

    and the determinacy of a factor is the root of its diagonal element of
    :math:`\Lambda'\Sigma^{-1}\Lambda`. With ``corr=``, the omegas and ``ecv`` equal
    ``psych::omega(r, m)``'s ``omega.tot``, ``omega_h``, ``omega.group`` and ``ECV`` from the
    same loadings. psych turns items that load negatively on the general factor; here they
    count as they are: key them first.

    References
    ----------
    Rodriguez, A., Reise, S. P., & Haviland, M. G. (2016). Evaluating bifactor models:
    Calculating and interpreting statistical indices. *Psychological Methods, 21*, 137–150.
    https://doi.org/10.1037/met0000045

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> table = pd.DataFrame({
    ...     "general": [.6] * 6, "one": [.5, .5, .5, 0, 0, 0], "two": [0, 0, 0, .4, .4, .4],
    ... })
    >>> indices = tm.bifactor_indices(table)
    >>> print(f"{indices.omega_hierarchical:.2f} {indices.ecv:.2f} {indices.puc:.2f}")
    0.67 0.64 0.60
    """
    table = _table(loadings)
    values = table.to_numpy(dtype=np.float64)
    if uniquenesses is None and isinstance(loadings, (SchmidLeimanFactors, ExploratoryFactors)):
        uniquenesses = loadings.uniquenesses
    unique = _uniquenesses(uniquenesses, table)
    implied = values @ values.T + np.diag(unique)
    observed = implied
    if corr is not None:
        given = correlations_given(corr, n_obs=None, items=None, min_items=2)
        if given.matrix.shape[0] != len(table):
            raise DataError(
                f"corr= has {given.matrix.shape[0]} items, and the loadings have {len(table)}."
            )
        place = _places([str(name) for name in table.index], given.names, "corr=")
        observed = given.matrix[np.ix_(place, place)]
    if not is_positive_definite(observed):
        raise DataError(
            "The correlations are not positive definite, so the determinacy of factors is not "
            "defined. Leave out dependent items, or items without unique variance."
        )
    found = omegas(observed, values[:, 0], values[:, 1:], unique, flip=False)
    worth = factor_worth(values, observed)
    names = table.columns
    sizes = np.bincount(found.group_of, minlength=values.shape[1] - 1)
    hierarchical = found.groups[:, 2].copy()
    hierarchical[0] = found.hierarchical
    notes = Notes()
    negative = [str(name) for name in table.index[values[:, 0] < 0]]
    if negative:
        notes.record(
            f"Item(s) {listed(negative)} load negatively on the general factor and lower the "
            "omegas of sums: key them first."
        )
    efa_like = loadings if isinstance(loadings, Result) else None
    return BifactorIndices(
        omega_total=found.total,
        omega_hierarchical=found.hierarchical,
        ecv=found.ecv,
        puc=found.puc,
        factors=pd.DataFrame(
            {
                "omega": found.groups[:, 0],
                "omega_hierarchical": hierarchical,
                "ecv": worth.share,
                "h": worth.replicability,
                "determinacy": worth.determinacy,
                "n_items": [len(table), *sizes.tolist()],
            },
            index=names,
        ),
        items=pd.DataFrame(
            {"group": names[1:].to_numpy()[found.group_of], "iecv": worth.general_share},
            index=table.index,
        ),
        n=0 if efa_like is None else efa_like.n,
        n_dropped=0 if efa_like is None else efa_like.n_dropped,
        settings={
            "items": [str(name) for name in table.index],
            "variance": "implied" if corr is None else "observed",
        },
        warnings=notes.messages(),
    )


def _table(loadings: Any) -> pd.DataFrame:
    """Take loadings, the general factor first, from any of what may hold them."""
    if isinstance(loadings, SchmidLeimanFactors):
        return loadings.loadings
    if isinstance(loadings, ExploratoryFactors):
        name = loadings.settings.get("rotation")
        if name not in ("bifactor", "biquartimin"):
            raise DataError(
                f"A solution with rotation='{name}' has no general factor: use "
                "schmid_leiman(efa(...)), or efa(..., rotation='bifactor')."
            )
        phi = loadings.phi.to_numpy()
        if np.abs(phi - np.eye(len(phi))).max() > 1e-8:
            raise DataError(
                "The factors correlate, and the indices suppose that they do not: use "
                "rotation='bifactor', or schmid_leiman(efa(...))."
            )
        return loadings.loadings
    if isinstance(loadings, pd.DataFrame):
        table = loadings
    else:
        values = np.asarray(loadings)
        if values.ndim != 2:
            raise DataError(f"The loadings have {values.ndim} dimension(s); expected 2.")
        table = pd.DataFrame(
            values,
            index=[f"item{j + 1}" for j in range(values.shape[0])],
            columns=["general", *(f"group{k}" for k in range(1, values.shape[1]))],
        )
    try:
        values = table.to_numpy(dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The loadings hold values that are not numbers.") from None
    if not np.isfinite(values).all():
        raise DataError("The loadings hold missing or infinite values; a loading of 0 is 0.")
    if table.index.has_duplicates:
        raise DataError("The loadings have an item in several rows.")
    if not values.any():
        raise DataError("All loadings are 0: there are no factors to judge.")
    if values.shape[1] < 2 or values.shape[0] < 2:
        raise DataError(
            f"The loadings have shape {values.shape}; expected at least two items, and the "
            "general factor with at least one group factor."
        )
    return table


def _places(order: list[str], names: Sequence[str], what: str) -> list[int]:
    """Find items by name, or by place where one side carries no names of its own."""
    if set(order) == set(names):
        return [list(names).index(name) for name in order]
    shared = [name for name in order if name in names]
    if shared and not any(_numbered(side) for side in (order, names)):
        unknown = [name for name in order if name not in names]
        raise DataError(
            f"{what} lacks {listed(unknown)}, which the loadings have." + near(unknown[0], names)
        )
    return list(range(len(order)))


def _numbered(names: Sequence[str]) -> bool:
    return all(name in (f"item{j + 1}", str(j)) for j, name in enumerate(names))


def _uniquenesses(given: Any, table: pd.DataFrame) -> FloatArray:
    if given is None:
        unique = 1.0 - (table.to_numpy(dtype=np.float64) ** 2).sum(axis=1)
    else:
        if isinstance(given, pd.Series) and len(given) == len(table):
            own = [str(name) for name in given.index]
            given = given.iloc[_places([str(name) for name in table.index], own, "uniquenesses=")]
        try:
            unique = np.asarray(given, dtype=np.float64).ravel()
        except (TypeError, ValueError):
            raise DataError("uniquenesses= holds values that are not numbers.") from None
    if unique.shape != (len(table),) or not np.isfinite(unique).all():
        raise DataError(f"uniquenesses= must be {len(table)} numbers, one an item.")
    if (unique < 0).any():
        names = listed(table.index[unique < 0])
        raise DataError(
            f"The loadings explain more than all variance of {names}, a Heywood case, of which "
            "these indices make no sense. Ask for fewer factors or another method; of a table of "
            "loadings, see that they are standardised, and the factors uncorrelated."
        )
    return np.asarray(unique, dtype=np.float64)
