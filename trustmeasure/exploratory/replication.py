"""Whether factors come again in other persons: repeated random halves of a sample."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import (
    as_items,
    as_rng,
    check_count,
    check_level,
    check_option,
    listwise,
)
from trustmeasure.correlation.matrices import correlations_of
from trustmeasure.errors import (
    ConvergenceError,
    ConvergenceWarning,
    DataError,
    TrustMeasureWarning,
)
from trustmeasure.exploratory.factors import METHODS, refuse_too_many
from trustmeasure.exploratory.remarks import check_definite
from trustmeasure.exploratory.rotations import check_rotation, check_starts
from trustmeasure.exploratory.solving import Solved, solutions, solve
from trustmeasure.kernels.factor_replicates import congruences
from trustmeasure.kernels.resampling import half_correlations
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SplitSampleReplication(Result):
    """What `split_sample_replication` returns.

    Attributes
    ----------
    factors : DataFrame, index the factor
        Over all splits, of the congruence between the two halves: ``mean``, ``median``, the
        limits ``low`` and ``high``, and ``lowest``.
    items : DataFrame, index the item
        ``factor``, on which the item loads most in the whole sample; ``same_factor``, the
        share of splits in which it loads most on that factor in both halves; and
        ``squared_difference``, the mean of the squared difference between its loadings on
        that factor in the two halves.
    splits : DataFrame, index the split
        Congruence of each factor in each split.
    loadings : DataFrame
        The solution of the whole sample, to which all halves are aligned.
    n_splits : int
        Splits in which both halves had a solution.
    """

    title: ClassVar[str] = "Replication in random halves"

    factors: pd.DataFrame
    items: pd.DataFrame
    splits: pd.DataFrame
    loadings: pd.DataFrame
    n_splits: int

    def to_frame(self) -> pd.DataFrame:
        """One row a factor."""
        return self.factors.copy()


def split_sample_replication(
    data: Any,
    *,
    n_factors: int,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    method: str = "minres",
    rotation: str = "oblimin",
    rotation_args: Mapping[str, float] | None = None,
    target: Any = None,
    normalize: bool | None = None,
    n_starts: int | None = None,
    correlation: str = "pearson",
    missing: str = "listwise",
    n_splits: int = 100,
    conf_level: float = 0.95,
    rng: Any = None,
) -> SplitSampleReplication:
    """Factor random halves of the sample again and again, and compare the two.

    Parameters
    ----------
    data : DataFrame, 2-D array, or Scores
        Persons in rows.
    n_factors, items, scale, method, rotation, rotation_args, target, normalize, n_starts
        As in `efa`. The starts find the solution of the whole sample; that of a half is the
        minimum nearest to it.
    correlation, missing
        As in `efa`. Persons left out listwise are so before the sample is halved.
    n_splits : int
        Random splits into halves; of an odd number of persons one is left out of each.
    conf_level : float
        Share of the splits between ``low`` and ``high``. They describe this sample's
        splits; halves of one sample are not independent samples.
    rng : None, int or numpy.random.Generator
        Source of the splits.

    Returns
    -------
    SplitSampleReplication

    Raises
    ------
    DataError
        When halves have too few persons for the items, or for what `efa` refuses.
    ConvergenceError
        When no split had a solution in both halves.

    Warns
    -----
    ConvergenceWarning
        When halves had no solution; their splits are left out.

    Notes
    -----
    Factors of a half are matched with those of the whole sample by congruence, for order and
    sign. In R: ``f <- function(d) fa(d, m); factor.congruence(f(half1), f(half2))`` for each
    split, matched by hand.

    References
    ----------
    Osborne, J. W., & Fitzpatrick, D. C. (2012). Replication analysis in exploratory factor
    analysis: What it is and why it makes your analysis better. *Practical Assessment,
    Research, and Evaluation, 17*, 15. https://doi.org/10.7275/h0bd-4d11

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
    >>> found = tm.split_sample_replication(answers, n_factors=2, n_splits=50, rng=1)
    >>> bool((found.factors["low"] > .95).all())
    True
    """
    check_count("n_factors", n_factors)
    check_count("n_splits", n_splits, least=2)
    check_level("conf_level", conf_level)
    check_option("method", method, METHODS)
    generator = as_rng(rng)
    notes = Notes()
    where: dict[str, Any] = {"items": items, "scale": scale}
    found = correlations_of(
        data, **where, correlation=correlation, missing=missing, min_items=3, notes=notes
    )
    chosen = check_rotation(
        rotation,
        rotation_args=rotation_args,
        target=target,
        normalize=normalize,
        names=found.names,
        n_factors=n_factors,
    )
    n_starts = check_starts(n_starts, chosen)
    p, n = len(found.names), found.n_obs or 0
    refuse_too_many(n_factors, p)
    if n // 2 <= p:
        raise DataError(
            f"Halves of {n} persons are too small for {p} items; each half needs more persons "
            "than items. Use fewer items."
        )
    check_definite(found, method, notes)
    solved = solve(found, n_factors, method, chosen, n_starts, None)

    first, second = _halves(solved, data, where, correlation, missing, n_splits, generator)
    usable = len(first)
    if usable < 2:
        raise ConvergenceError(
            "No split had a solution in both halves. Use fewer factors, or leave out items that "
            "few persons answered or that hardly vary."
        )
    if usable < n_splits:
        notes.warn(
            f"In {n_splits - usable} of {n_splits} splits a half had no solution; they are left "
            "out.",
            ConvergenceWarning,
        )
    likeness = np.diagonal(congruences(first, second), axis1=1, axis2=2)
    names, whole = list(found.names), solved.rotated.loadings
    labels = [f"F{k + 1}" for k in range(n_factors)]
    tails = [(1 - conf_level) / 2, (1 + conf_level) / 2]
    low, high = np.quantile(likeness, tails, axis=0)
    own = np.abs(whole).argmax(axis=1)
    same = (np.abs(first).argmax(axis=2) == own) & (np.abs(second).argmax(axis=2) == own)
    apart = ((first - second) ** 2).mean(axis=0)[np.arange(p), own]
    return SplitSampleReplication(
        factors=pd.DataFrame(
            {
                "mean": likeness.mean(axis=0),
                "median": np.median(likeness, axis=0),
                "low": low,
                "high": high,
                "lowest": likeness.min(axis=0),
            },
            index=labels,
        ),
        items=pd.DataFrame(
            {
                "factor": np.array(labels)[own],
                "same_factor": same.mean(axis=0),
                "squared_difference": apart,
            },
            index=names,
        ),
        splits=pd.DataFrame(
            likeness, index=pd.RangeIndex(1, usable + 1, name="split"), columns=labels
        ),
        loadings=pd.DataFrame(whole, index=names, columns=labels),
        n_splits=usable,
        n=n,
        n_dropped=found.n_dropped,
        settings={
            "n_factors": n_factors,
            "items": names,
            "scale": scale,
            "method": method,
            "rotation": chosen.name,
            "rotation_args": dict(rotation_args or {}),
            "target": None if chosen.target is None else chosen.target.tolist(),
            "normalize": chosen.normalize,
            "n_starts": n_starts,
            "correlation": correlation,
            "missing": missing,
            "n_splits": n_splits,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _halves(
    solved: Solved,
    data: Any,
    where: dict[str, Any],
    correlation: str,
    missing: str,
    n_splits: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Give the loadings (splits, p, m) of both halves of each split that has solutions."""
    block = as_items(data, **where, min_items=3, min_persons=3)
    if correlation == "pearson" and missing == "listwise":
        values, _ = listwise(block, min_persons=3)
        pairs = half_correlations(values, n_splits, rng)
    else:
        answered = block.values[~np.isnan(block.values).all(axis=1)]
        if missing == "listwise":
            answered = answered[~np.isnan(answered).any(axis=1)]
        pairs = _correlated(answered, block.names, correlation, missing, n_splits, rng)
    kept: tuple[list[FloatArray], list[FloatArray]] = ([], [])
    for one, other in pairs:
        both = solutions(solved, one), solutions(solved, other)
        usable = both[0].usable & both[1].usable
        for side, part in zip(kept, both, strict=True):
            side.append(part.loadings[usable])
    p, m = solved.rotated.loadings.shape
    first, second = (np.concatenate([np.zeros((0, p, m)), *side]) for side in kept)
    return first, second


def _correlated(
    values: FloatArray,
    names: Sequence[str],
    correlation: str,
    missing: str,
    n_splits: int,
    rng: np.random.Generator,
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Correlate the halves of each split anew, where no moments say it faster."""
    half = len(values) // 2
    for _ in range(n_splits):
        order = rng.permutation(len(values))
        found = []
        for rows in (order[:half], order[half : 2 * half]):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TrustMeasureWarning)
                try:
                    part = correlations_of(
                        pd.DataFrame(values[rows], columns=list(names)), items=None, scale=None,
                        correlation=correlation, missing=missing, min_items=3, notes=Notes(),
                    )  # fmt: skip
                except DataError:  # an item is constant in this half
                    break
            found.append(part.matrix[None])
        if len(found) == 2:
            yield found[0], found[1]
