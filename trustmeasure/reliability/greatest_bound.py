"""The greatest lower bound to the reliability of a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceWarning, DataError
from trustmeasure.kernels.covariance import dependent_items
from trustmeasure.kernels.minimum_trace import minimum_trace
from trustmeasure.reliability.sample import Sample, choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

# Below this many persons the bound is visibly too high: ten Berge and Sočan (2004).
ENOUGH_PERSONS = 1000


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GlbResult(Result):
    """The greatest lower bound to reliability.

    Attributes
    ----------
    estimate : float
    gap : float
        By how much the estimate could at most exceed the true minimum, by the dual solution.
    converged : bool
    n_items : int
    items : DataFrame, index the item
        ``variance``, and its parts ``error`` and ``common`` at the bound.
    """

    title: ClassVar[str] = "Greatest lower bound"

    estimate: float
    gap: float
    converged: bool
    n_items: int
    items: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the parts of each item's variance."""
        return self.items.copy()


def glb(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    standardized: bool = False,
    missing: str = "listwise",
) -> GlbResult:
    r"""Compute the greatest lower bound to reliability (algebraic, by minimum trace).

    .. math::
        \mathrm{glb} = 1 - \frac{\max \sum_j \theta_j}{1'C1}, \qquad
        C - \operatorname{diag}(\theta) \succeq 0, \quad \theta \ge 0

    the least reliability that the covariances :math:`C` leave possible: no other lower
    bound, alpha and the lambdas among them, can be larger in the population.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    standardized : bool
        Take correlations instead of covariances.
    missing : {"listwise", "pairwise"}
        As in `cronbach_alpha`.

    Returns
    -------
    GlbResult

    Raises
    ------
    DataError
        For items that determine each other, for pairwise covariances that no complete data
        could have, and for whatever `cronbach_alpha` refuses.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning
        With fewer than 1,000 persons: the bound takes chance for common variance, and in
        samples it is too high, the more so the more items there are.
    ConvergenceWarning
        When the solution is not proven to eight places.

    Notes
    -----
    Equals ``psych::glb.algebraic(cov(x))``. It is the solution of a semidefinite program, here
    found by an interior-point method with Newton's steps, whose dual proves the ``gap``.

    References
    ----------
    Jackson, P. H., & Agunwamba, C. C. (1977). Lower bounds for the reliability of the total
    score on a test composed of non-homogeneous items: I. Algebraic lower bounds.
    *Psychometrika, 42*, 567–578. https://doi.org/10.1007/BF02295979

    Ten Berge, J. M. F., & Sočan, G. (2004). The greatest lower bound to the reliability of a
    test and the hypothesis of unidimensionality. *Psychometrika, 69*, 613–625.
    https://doi.org/10.1007/BF02289858

    Examples
    --------
    >>> import trustmeasure as tm
    >>> responses = tm.read_responses(tm.example_path("spi_trust"), "spi-trust")
    >>> trust = tm.score(responses)
    >>> print(f"{tm.cronbach_alpha(trust).estimate:.3f} {tm.glb(trust).estimate:.3f}")
    0.871 0.887
    """
    _checks.check_option("standardized", standardized, (True, False))
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    notes = Notes()
    sample = choose_sample(block, missing, notes)
    refuse_dependent(sample, block.names)

    cov = sample.structure.R if standardized else sample.cov
    solution = minimum_trace(cov)
    if sample.n < ENOUGH_PERSONS:
        notes.warn(
            f"The greatest lower bound of {len(cov)} items from {sample.n} persons is biased "
            f"upwards: it takes chance for common variance. Trust it from about "
            f"{ENOUGH_PERSONS:,} persons on (ten Berge & Sočan, 2004)."
        )
    if not solution.converged:
        notes.warn(
            f"The greatest lower bound is known to {solution.gap:.1g} only.", ConvergenceWarning
        )
    warn_reversed(sample, block.names, notes)
    variance, total = cov.diagonal(), float(cov.sum())
    return GlbResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        estimate=1 - float(solution.errors.sum()) / total,
        gap=solution.gap * float(variance.sum()) / total,
        converged=solution.converged,
        n_items=len(cov),
        items=pd.DataFrame(
            {
                "variance": variance,
                "error": solution.errors,
                "common": variance - solution.errors,
            },
            index=pd.Index(block.names, name="item"),
        ),
        settings={
            "items": list(block.names),
            "scale": scale,
            "standardized": standardized,
            "missing": missing,
        },
        warnings=notes.messages(),
    )


def refuse_dependent(sample: Sample, names: Sequence[str]) -> None:
    """Refuse covariances that leave some items no error at all, or that are impossible."""
    dependent = dependent_items(sample.structure.R)
    if len(dependent):
        raise DataError(
            f"Items {_checks.listed(names[i] for i in dependent)} determine each other (one is a "
            "copy or a sum of others, there are no more persons than items, or pairwise "
            "covariances contradict each other), so nothing bounds the reliability from below. "
            "Leave one of them out with items=[...], or use missing='listwise'."
        )
