"""Split-half reliability: all the ways to divide a scale in two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.kernels import reliability as consistency
from trustmeasure.kernels import split_halves as kernel
from trustmeasure.kernels.lower_bounds import lambdas
from trustmeasure.reliability.draws import check_draws
from trustmeasure.reliability.resampled import reliability_limits, resampled_covariances
from trustmeasure.reliability.sample import choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

# Replicates of a bootstrap unless asked for others.
N_BOOT = 500

FloatArray = NDArray[np.float64]

N_SAMPLED = 10_000
_EXTREMES = ("max", "mean", "min")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SplitHalfResult(Result):
    """Split-half reliabilities of a scale.

    Attributes
    ----------
    max, mean, min : float
        Over the splits. The largest is Guttman's lambda 4, the smallest psych's beta.
    median : float
    quantiles : Series, index the probability
        Of the splits: 0.025, 0.25, 0.5, 0.75, 0.975.
    halves : DataFrame, index "max" and "min"
        ``reliability``, and the items of ``half_a`` and ``half_b``.
    values : ndarray, shape (n_splits,)
        The reliability of each split.
    intervals : DataFrame or None, index "max", "mean", "min"
        ``estimate``, ``se``, ``ci_low``, ``ci_high``; None with ``ci=None``.
    n_splits : int
    exhaustive : bool
        Whether these are all splits, or a sample of them.
    alpha, lambda2, lambda6 : float
        Of the same matrix, for comparison; lambda 6 from the squared multiple correlations.
    mean_r, median_r : float
        Mean and median of the covariances (standardised: correlations) between items.
    n_items : int
    """

    title: ClassVar[str] = "Split-half reliability"

    max: float
    mean: float
    min: float
    median: float
    quantiles: pd.Series[float]
    halves: pd.DataFrame
    values: FloatArray
    n_splits: int
    exhaustive: bool
    alpha: float
    lambda2: float
    lambda6: float
    mean_r: float
    median_r: float
    n_items: int
    intervals: pd.DataFrame | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the best and the worst split."""
        return self.halves.copy()


def split_half(
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
) -> SplitHalfResult:
    r"""Compute the reliabilities of all splits of a scale into halves.

    .. math:: r_{AB} = \frac{4 \operatorname{cov}(A, B)}{\operatorname{var}(A + B)}

    for the sums :math:`A` and :math:`B` of two halves, which supposes them to have equal true
    variance but not equal variance (Flanagan, Rulon, Guttman).

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
        Limits of the largest, the mean and the smallest from resampled persons, in each of
        whom all splits are looked at anew; or none.
    conf_level : float
        Confidence level of the interval.
    n_boot : int
        Bootstrap replicates; refused where ``ci`` draws none.
    rng : None, int or numpy.random.Generator
        Source of the random splits, of more than 16 items, and of the bootstrap.

    Returns
    -------
    SplitHalfResult
        All splits of up to 16 items, 10,000 random ones of more; ``exhaustive`` and
        ``warnings`` say which.

    Raises
    ------
    DataError
        For whatever `cronbach_alpha` refuses, and when no bootstrap replicate varies.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning
        When items relate negatively to the rest; nothing is flipped, where psych would. When
        bootstrap replicates had to be left out.

    Notes
    -----
    With ``standardized=True`` equals ``psych::splitHalf(x, raw = TRUE)``, and without
    ``psych::splitHalf(x, raw = TRUE, covar = TRUE)``, for an even number of items, in every
    value. An odd number of items k has as many splits as it has subsets of (k − 1)/2 items;
    psych (2.2.9) looks at the first half of these only, which depends on the order of the
    items, so that there its extremes may be less extreme and its mean differs. Here all
    splits count. Then the mean is (1 − 1/k²) alpha for odd k, and alpha for even k.

    The largest of many split halves is too large in a sample, the smallest too small, and a
    resample has that bias once more, so that percentiles of the replicates would lie beyond
    the estimate. The limits are therefore normal ones of −ln(1 − r), Bonett's (2002) metric,
    with the bias of the replicates taken off (Davison & Hinkley, 1997, section 5.2). In
    simulations with 200 and 1,000 persons, limits of 95 % held the population's mean in 94 to
    96 of 100 samples; its largest and smallest split in 82 to 95 where splits differ, in about
    80 where all are equal (percentiles: in 32).

    References
    ----------
    Bonett, D. G. (2002). Sample size requirements for testing and estimating coefficient
    alpha. *Journal of Educational and Behavioral Statistics, 27*, 335–340.
    https://doi.org/10.3102/10769986027004335

    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*.
    Cambridge University Press. https://doi.org/10.1017/CBO9780511802843

    Guttman, L. (1945). A basis for analyzing test-retest reliability. *Psychometrika, 10*,
    255–282. https://doi.org/10.1007/BF02288892

    Revelle, W., & Condon, D. M. (2019). Reliability from α to ω: A tutorial. *Psychological
    Assessment, 31*, 1395–1411. https://doi.org/10.1037/pas0000754

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ...     "clear": [2, 2, 4, 4, 5, 3, 2, 3],
    ... })
    >>> halves = tm.split_half(answers, ci=None)
    >>> print(f"{halves.n_splits} splits: {halves.min:.3f} to {halves.max:.3f}")
    3 splits: 0.913 to 0.966
    >>> halves.halves.loc["max", "half_a"]
    ('open', 'safe')

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> many = rng.normal(size=(400, 1)) + rng.normal(size=(400, 6))
    >>> tm.split_half(many, rng=1).intervals.round(2)
                 estimate    se  ci_low  ci_high
    coefficient
    max              0.85  0.01    0.82     0.88
    mean             0.83  0.01    0.80     0.86
    min              0.81  0.02    0.79     0.85
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

    cov = sample.structure.R if standardized else sample.cov
    generator = _checks.as_rng(rng)
    marks, exhaustive = choose_splits(len(cov), generator, notes)
    values = kernel.split_reliabilities(cov, marks)
    extremes = (float(values.max()), float(values.mean()), float(values.min()))
    intervals = None
    if ci == "bootstrap":
        draws = resampled_covariances(sample, n_boot, generator, standardized=standardized)
        replicates = kernel.split_extremes(draws, marks)
        intervals = reliability_limits(_EXTREMES, extremes, replicates, n_boot, conf_level, notes)
    bounds = lambdas(cov[None])
    warn_reversed(sample, block.names, notes)
    below = cov[np.tril_indices(len(cov), -1)]
    levels = [0.025, 0.25, 0.5, 0.75, 0.975]
    return SplitHalfResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        max=extremes[0],
        mean=extremes[1],
        min=extremes[2],
        median=float(np.median(values)),
        quantiles=pd.Series(
            np.quantile(values, levels), index=pd.Index(levels, name="probability"), name="value"
        ),
        halves=_extremes(values, marks, block.names),
        values=values,
        n_splits=len(values),
        exhaustive=exhaustive,
        alpha=float(bounds.lambda3[0]),
        lambda2=float(bounds.lambda2[0]),
        lambda6=(
            consistency.consistency(sample.structure).lambda6
            if standardized
            else float(bounds.lambda6[0])
        ),
        mean_r=float(below.mean()),
        median_r=float(np.median(below)),
        n_items=len(cov),
        intervals=intervals,
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


def choose_splits(
    k: int, generator: np.random.Generator, notes: Notes | None = None
) -> tuple[FloatArray, bool]:
    """Give the splits to look at, and whether they are all there are."""
    if k <= kernel.MOST_ITEMS:
        return kernel.all_splits(k), True
    if notes is not None:
        notes.record(
            f"{k} items can be split in {kernel.n_splits(k):,} ways; {N_SAMPLED:,} splits were "
            "drawn at random, so the largest and the smallest of all may be more extreme."
        )
    return kernel.sampled_splits(k, N_SAMPLED, generator), False


def _extremes(values: FloatArray, marks: FloatArray, names: Sequence[str]) -> pd.DataFrame:
    """Name the halves of the best and the worst split."""
    rows = []
    for position in (int(values.argmax()), int(values.argmin())):
        first = marks[position] > 0
        half_a = tuple(name for name, own in zip(names, first, strict=True) if own)
        half_b = tuple(name for name, own in zip(names, first, strict=True) if not own)
        rows.append((float(values[position]), half_a, half_b))
    return pd.DataFrame(
        rows,
        columns=["reliability", "half_a", "half_b"],
        index=pd.Index(["max", "min"], name="split"),
    )
