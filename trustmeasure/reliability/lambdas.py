"""Guttman's six lower bounds to the reliability of a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.kernels import lower_bounds as kernel
from trustmeasure.kernels.split_halves import split_extremes
from trustmeasure.reliability.halves import choose_splits
from trustmeasure.reliability.resampled import reliability_limits, resampled_covariances
from trustmeasure.reliability.sample import choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

_NAMES = ("lambda1", "lambda2", "lambda3", "lambda4", "lambda5", "lambda6")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LambdasResult(Result):
    """Guttman's lower bounds to reliability.

    Attributes
    ----------
    lambda1, lambda2, lambda3, lambda5, lambda6 : float
    lambda4 : float
        The largest split-half reliability, of the splits that were looked at.
    n_splits : int
        Splits behind ``lambda4``.
    exhaustive : bool
        Whether these were all splits.
    n_items : int
    intervals : DataFrame or None, index the coefficient
        ``ci_low``, ``ci_high`` from the bootstrap, if it was asked for.
    """

    title: ClassVar[str] = "Guttman's lambdas"

    lambda1: float
    lambda2: float
    lambda3: float
    lambda4: float
    lambda5: float
    lambda6: float
    n_splits: int
    exhaustive: bool
    n_items: int
    intervals: pd.DataFrame | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the six bounds, with their limits where they were asked for."""
        table = pd.DataFrame(
            {"estimate": [getattr(self, name) for name in _NAMES]},
            index=pd.Index(_NAMES, name="coefficient"),
        )
        return table if self.intervals is None else table.join(self.intervals)


def guttman_lambdas(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    standardized: bool = False,
    missing: str = "listwise",
    n_boot: int = 0,
    conf_level: float = 0.95,
    rng: Any = None,
) -> LambdasResult:
    r"""Compute Guttman's lambda 1 to lambda 6.

    With the covariances :math:`C` of :math:`k` items, :math:`V = 1'C1` the variance of their
    sum, and :math:`e_j^2` the variance of item :math:`j` that the others do not predict,

    .. math::
        \lambda_1 &= 1 - \frac{\operatorname{tr} C}{V}, \qquad
        \lambda_2 = \lambda_1 + \frac{1}{V}\sqrt{\frac{k}{k-1}\sum_{i \ne j} c_{ij}^2}, \qquad
        \lambda_3 = \frac{k}{k-1}\lambda_1, \\
        \lambda_4 &= \max_{A \cup B} \frac{4 \operatorname{cov}(A, B)}{V}, \qquad
        \lambda_5 = \lambda_1 + \frac{2}{V}\sqrt{\max_j \sum_{i \ne j} c_{ij}^2}, \qquad
        \lambda_6 = 1 - \frac{\sum_j e_j^2}{V}.

    Each is a lower bound to the reliability of the sum in the population; lambda 3 is alpha.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    standardized : bool
        Take correlations instead of covariances: the bounds for a sum of standardised items.
    missing : {"listwise", "pairwise"}
        As in `cronbach_alpha`.
    n_boot : int
        Bootstrap replicates for intervals, which are those of `split_half`; 0 for none.
    conf_level : float
        Confidence level of the intervals.
    rng : None, int or numpy.random.Generator
        Source of random numbers, for the bootstrap and for the splits of more than 16 items.

    Returns
    -------
    LambdasResult

    Raises
    ------
    DataError
        For whatever `cronbach_alpha` refuses.
    OptionError
        For an option that is not offered.

    Warns
    -----
    DataWarning
        When items relate negatively to the rest; nothing is flipped. When bootstrap replicates
        had to be left out.

    Notes
    -----
    With ``standardized=True`` equals ``psych::guttman(cor(x))`` in lambda.1, lambda.2,
    lambda.3, lambda.5 and lambda.6, and in lambda.4 for an even number of items up to 16. Of
    an odd number psych looks at the first half of the splits only (see `split_half`), so
    that its lambda.4 may be smaller; and where items relate negatively to the rest it turns
    them round for lambda.4, and for that alone. Pairwise correlations are the pairwise covariances
    over the items' own standard deviations, as in psych::alpha and psych::splitHalf.

    With more than 16 items lambda 4 is the largest of 10,000 random splits, and may fall
    short of the largest of all.

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. *Psychometrika, 10*,
    255–282. https://doi.org/10.1007/BF02288892

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> bounds = tm.guttman_lambdas(answers)
    >>> print(f"{bounds.lambda2:.3f} {bounds.lambda3:.3f} {bounds.lambda6:.3f}")
    0.934 0.933 0.921
    """
    _checks.check_option("standardized", standardized, (True, False))
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    _checks.check_level("conf_level", conf_level)
    _checks.check_count("n_boot", n_boot, least=0)
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    notes = Notes()
    sample = choose_sample(block, missing, notes)
    generator = _checks.as_rng(rng)

    cov = sample.structure.R if standardized else sample.cov
    marks, exhaustive = choose_splits(len(cov), generator, notes)
    values = _bounds(cov[None], marks)[0].tolist()
    intervals = None
    if n_boot:
        draws = resampled_covariances(sample, n_boot, generator, standardized=standardized)
        replicates = _bounds(draws, marks)
        limits = reliability_limits(_NAMES, values, replicates, n_boot, conf_level, notes)
        intervals = limits[["ci_low", "ci_high"]]
    warn_reversed(sample, block.names, notes)
    return LambdasResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        **dict(zip(_NAMES, values, strict=True)),
        n_splits=len(marks),
        exhaustive=exhaustive,
        n_items=len(cov),
        intervals=intervals,
        settings={
            "items": list(block.names),
            "scale": scale,
            "standardized": standardized,
            "missing": missing,
            "n_boot": n_boot,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _bounds(covariances: FloatArray, marks: FloatArray) -> FloatArray:
    """Compute all six bounds of a stack (m, k, k): (m, 6)."""
    bounds = kernel.lambdas(covariances)
    fourth = split_extremes(covariances, marks)[:, 0]
    parts = (bounds.lambda1, bounds.lambda2, bounds.lambda3, fourth)
    return np.column_stack((*parts, bounds.lambda5, bounds.lambda6))
