"""The greatest lower bound to the reliability of a sum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceWarning, DataError
from trustmeasure.kernels.covariance import dependent_items
from trustmeasure.kernels.minimum_trace import greatest_bounds, minimum_trace
from trustmeasure.reliability.draws import check_draws
from trustmeasure.reliability.resampled import reliability_limits, resampled_covariances
from trustmeasure.reliability.sample import Sample, choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

# Replicates of a bootstrap unless asked for others.
N_BOOT = 500

FloatArray = NDArray[np.float64]

# Below this many persons the bound is visibly too high: ten Berge and Sočan (2004).
ENOUGH_PERSONS = 1000


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GlbResult(Result):
    """The greatest lower bound to reliability.

    Attributes
    ----------
    estimate : float
    ci_low, ci_high : float
        Confidence limits; missing with ``ci=None``.
    se : float
        Standard deviation of the bootstrap replicates.
    bias : float
        By how much the bound is too high, as far as the bootstrap tells: the mean of the
        replicates less the estimate.
    gap : float
        By how much the estimate could at most exceed the true minimum, by the dual solution.
    converged : bool
    n_items : int
    items : DataFrame, index the item
        ``variance``, and its parts ``error`` and ``common`` at the bound.
    replicates : ndarray or None
        The bootstrap replicates behind the interval.
    """

    title: ClassVar[str] = "Greatest lower bound"

    estimate: float
    ci_low: float
    ci_high: float
    se: float
    bias: float
    gap: float
    converged: bool
    n_items: int
    items: pd.DataFrame
    replicates: FloatArray | None = field(default=None)

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
    ci: str | None = "bootstrap",
    conf_level: float = 0.95,
    n_boot: int = N_BOOT,
    rng: Any = None,
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
    ci : {"bootstrap", None}
        Limits from resampled persons, the bound computed in each; or none.
    conf_level : float
        Confidence level of the interval.
    n_boot : int
        Bootstrap replicates; refused where ``ci`` draws none.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers.

    Returns
    -------
    GlbResult

    Raises
    ------
    DataError
        For items that determine each other, for pairwise covariances that no complete data
        could have, for whatever `cronbach_alpha` refuses, and when no bootstrap replicate has
        a bound.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning
        With fewer than 1,000 persons: the bound takes chance for common variance, and in
        samples it is too high, the more so the more items there are. When bootstrap
        replicates had to be left out.
    ConvergenceWarning
        When the solution is not proven to eight places.

    Notes
    -----
    Equals ``psych::glb.algebraic(cov(x))``. It is the solution of a semidefinite program, here
    found by an interior-point method with Newton's steps, whose dual proves the ``gap``.

    **The interval inherits the bias of the bound.** A resample overstates the bound once more,
    so that percentiles of the replicates lie above the estimate, which itself lies above the
    truth. The limits here are normal ones of −ln(1 − glb), Bonett's (2002) metric, moved down
    by the bias that the replicates show (Davison & Hinkley, 1997, section 5.2). These show a
    third to a half of it only (with 8 items of one factor and 1,000 persons .006 of .015);
    Shapiro and ten Berge (2000) give it in closed form where the solution is regular, which it
    is not where items share one factor. In simulations of 6 and 8 items, limits of 95 % held
    the population's bound in 77 to 90 of 100 samples of 200 persons, and in 79 to 89 of 1,000
    (percentiles: in 21 to 57); nearly all the others lay above it. Take the lower limit for no
    assurance: `mcdonald_omega` has one.

    References
    ----------
    Bonett, D. G. (2002). Sample size requirements for testing and estimating coefficient
    alpha. *Journal of Educational and Behavioral Statistics, 27*, 335–340.
    https://doi.org/10.3102/10769986027004335

    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Cambridge University Press. https://doi.org/10.1017/CBO9780511802843

    Jackson, P. H., & Agunwamba, C. C. (1977). Lower bounds for the reliability of the total
    score on a test composed of non-homogeneous items: I. Algebraic lower bounds.
    *Psychometrika, 42*, 567–578. https://doi.org/10.1007/BF02295979

    Shapiro, A., & ten Berge, J. M. F. (2000). The asymptotic bias of minimum trace factor
    analysis, with applications to the greatest lower bound to reliability. *Psychometrika,
    65*, 413–425. https://doi.org/10.1007/BF02296154

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
    >>> bound = tm.glb(trust, rng=1)
    >>> print(f"[{bound.ci_low:.3f}, {bound.ci_high:.3f}], bias {bound.bias:.4f}")
    [0.878, 0.893], bias 0.0007
    """
    _checks.check_option("standardized", standardized, (True, False))
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    _checks.check_option("ci", ci, ("bootstrap", None))
    _checks.check_level("conf_level", conf_level)
    check_draws(n_boot, ci, usual=N_BOOT)
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    notes = Notes()
    sample = choose_sample(block, missing, notes)
    refuse_dependent(sample, block.names)

    cov = sample.structure.R if standardized else sample.cov
    solution = minimum_trace(cov)
    variance, total = cov.diagonal(), float(cov.sum())
    estimate = 1 - float(solution.errors.sum()) / total
    se = low = high = bias = math.nan
    replicates = None
    if ci == "bootstrap":
        generator = _checks.as_rng(rng)
        draws = resampled_covariances(sample, n_boot, generator, standardized=standardized)
        replicates = greatest_bounds(draws)
        limits = reliability_limits(
            ["glb"], [estimate], replicates[:, None], n_boot, conf_level, notes
        )
        _, se, low, high = limits.to_numpy()[0].tolist()
        replicates = replicates[np.isfinite(replicates)]
        bias = float(replicates.mean()) - estimate
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
    return GlbResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        se=se,
        bias=bias,
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
        replicates=replicates,
        settings={
            "items": list(block.names),
            "scale": scale,
            "standardized": standardized,
            "missing": missing,
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot if ci else None,
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
