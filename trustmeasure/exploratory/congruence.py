"""Whether factors of two solutions or samples are the same: Tucker's congruence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.factor_replicates import congruences, matched
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FactorCongruence(Result):
    """What `congruence` returns; ``n`` is the number of items.

    Attributes
    ----------
    coefficients : DataFrame
        Congruence of every factor of the first solution (rows) with every one of the second.
    matches : DataFrame, index the factor of the first solution
        ``factor``, its counterpart in the second; ``congruence``, not negative; and
        ``sign``, −1 where the counterpart points the other way. A factor without a
        counterpart is not listed.
    """

    title: ClassVar[str] = "Congruence of factors"

    coefficients: pd.DataFrame
    matches: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """One row a pair of factors."""
        return self.matches.copy()

    def _heading(self) -> str:
        return f"{self.title} ({self.n} items)"


def congruence(a: Any, b: Any, *, of: str = "loadings") -> FactorCongruence:
    r"""Compare the factors of two solutions by Tucker's coefficient of congruence.

    :math:`\varphi = \sum_j a_j b_j / \sqrt{\sum_j a_j^2 \sum_j b_j^2}` over items.

    Parameters
    ----------
    a, b : ExploratoryFactors, SchmidLeimanFactors, DataFrame or array, shape (p, m)
        Two solutions for the same items. Frames are joined by item name; arrays by place.
    of : {"loadings", "structure"}
        With results of `efa`, what is compared.

    Returns
    -------
    FactorCongruence
        ``coefficients`` and ``matches``, the one-to-one assignment of factors with the
        largest sum of sizes of congruences.

    Raises
    ------
    DataError
        When the two have no items in common, other numbers of rows without names, or
        missing loadings.

    Notes
    -----
    ``coefficients`` equal ``psych::factor.congruence(a, b, digits = 15)``, which neither
    matches factors nor turns signs. Items in only one of the two are left out, and named.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a
    meaningful index of factor similarity. *Methodology, 2*, 57–64.
    https://doi.org/10.1027/1614-2241.2.2.57

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.normal(size=(600, 2)), 4, axis=1)
    >>> answers = traits + rng.normal(size=(600, 8))
    >>> one, other = (tm.efa(half, n_factors=2) for half in (answers[:300], answers[300:]))
    >>> bool((tm.congruence(one, other).matches["congruence"] > .95).all())
    True
    """
    check_option("of", of, ("loadings", "structure"))
    if of != "loadings" and not any(isinstance(one, Result) for one in (a, b)):
        raise OptionError(
            f"of='{of}' chooses among the tables of results of efa; a= and b= are tables already."
        )
    notes = Notes()
    first, second = _joined(_frame(a, of, "a"), _frame(b, of, "b"), notes)
    left, right = first.to_numpy(dtype=np.float64), second.to_numpy(dtype=np.float64)
    table = congruences(left, right)
    few = left.shape[1] <= right.shape[1]
    order, signs = matched(right, left) if few else matched(left, right)
    rows = np.arange(len(order)) if few else order
    columns = order if few else np.arange(len(order))
    by_first = np.argsort(rows)
    rows, columns, signs = rows[by_first], columns[by_first], signs[by_first]
    pairs = pd.DataFrame(
        {
            "factor": second.columns[columns],
            "congruence": np.abs(table[rows, columns]),
            "sign": signs.astype(int),
        },
        index=first.columns[rows],
    )
    return FactorCongruence(
        coefficients=pd.DataFrame(table, index=first.columns, columns=second.columns),
        matches=pairs,
        n=len(first),
        settings={"of": of, "items": [str(name) for name in first.index]},
        warnings=notes.messages(),
    )


def _frame(given: Any, of: str, name: str) -> pd.DataFrame:
    """Take loadings from any of what may hold them."""
    table = getattr(given, of, None) if isinstance(given, Result) else given
    if table is None:
        raise DataError(f"{name}= is a {type(given).__name__} without {of}.")
    if isinstance(table, pd.DataFrame):
        frame = table.set_axis([str(i) for i in table.index], axis=0)
        frame = frame.set_axis([str(c) for c in table.columns], axis=1)
        if isinstance(table.index, pd.RangeIndex):
            frame = frame.set_axis([f"item{j + 1}" for j in range(len(frame))], axis=0)
    else:
        values = np.asarray(table)
        if values.ndim != 2:
            raise DataError(
                f"{name}= has {values.ndim} dimension(s); expected loadings, items × factors."
            )
        frame = pd.DataFrame(
            values,
            index=[f"item{j + 1}" for j in range(values.shape[0])],
            columns=[f"F{k + 1}" for k in range(values.shape[1])],
        )
    if frame.index.has_duplicates:
        raise DataError(f"{name}= has an item in several rows.")
    try:
        finite = np.isfinite(frame.to_numpy(dtype=np.float64)).all()
    except (TypeError, ValueError):
        raise DataError(f"{name}= holds values that are not numbers.") from None
    if not finite or frame.shape[1] < 1:
        raise DataError(f"{name}= holds missing or infinite loadings, or no factor at all.")
    return frame


def _joined(a: pd.DataFrame, b: pd.DataFrame, notes: Notes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring both to the items that they share, in the order of the first."""
    shared = [name for name in a.index if name in b.index]
    if not shared and len(a) == len(b) and any(_unnamed(frame) for frame in (a, b)):
        return a, b.set_axis(a.index, axis=0)
    if len(shared) < 2:
        raise DataError(
            f"The two solutions share {len(shared)} item(s); at least 2 are needed. The first has "
            f"{listed(a.index, 4)}, the second {listed(b.index, 4)}."
        )
    alone = [name for frame in (a, b) for name in frame.index if name not in shared]
    if alone:
        notes.record(f"{len(alone)} item(s) in only one of the two were left out: {listed(alone)}.")
    return a.loc[shared], b.loc[shared]


def _unnamed(frame: pd.DataFrame) -> bool:
    return all(name == f"item{j + 1}" for j, name in enumerate(frame.index))
