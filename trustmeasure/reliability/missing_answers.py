"""What missing answers do to coefficient alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceWarning, DataError
from trustmeasure.kernels import completions
from trustmeasure.kernels import reliability as kernel
from trustmeasure.kernels.incomplete import normal_moments
from trustmeasure.kernels.moments import item_moments
from trustmeasure.kernels.resampling import resample_counts
from trustmeasure.reliability.items import answer_limits, checked_range
from trustmeasure.reliability.sample import Sample, choose_sample, warn_reversed
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AlphaBoundsResult(Result):
    """Coefficient alpha under different treatments of missing answers, and its extremes.

    Attributes
    ----------
    table : DataFrame, index ``listwise``, ``pairwise``, ``fiml``
        ``alpha``, the persons ``n`` it rests on, ``ci_low`` and ``ci_high``.
    lowest, highest : float
        The most extreme alphas found when every missing answer may be anything within the
        range of answers.
    missing_share : float
        Share of the answers (0–1) that is missing, of persons who answered anything.
    n_complete : int
        Persons with all answers.
    n_items : int
    """

    title: ClassVar[str] = "Alpha under missing answers"

    table: pd.DataFrame
    lowest: float
    highest: float
    missing_share: float
    n_complete: int
    n_items: int

    def to_frame(self) -> pd.DataFrame:
        """Give the table of estimates."""
        return self.table.copy()


def alpha_bounds(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    response_range: tuple[float, float] | None = None,
    conf_level: float = 0.95,
    n_boot: int = 0,
    rng: Any = None,
) -> AlphaBoundsResult:
    r"""Show what alpha is, and what it could be, in view of missing answers.

    Side by side stand alpha from the persons with all answers (listwise), from pairwise
    covariances, and from the covariances that are most likely under normality given all
    answers (full-information maximum likelihood by the EM algorithm, Enders 2003). Listwise
    and pairwise estimates need answers that are missing completely at random, the third one
    needs them missing at random. Beyond any such assumption lies the worst case: the lowest
    and the highest alpha of any completion of the data, each missing answer anywhere within
    the range of answers (bounds in the manner of Horowitz & Manski 2000).

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    response_range : (float, float), optional
        Lowest and highest possible answer. Scores know theirs; for other data without it,
        each item's range is that of the answers that occur.
    conf_level : float
        Confidence level of the intervals.
    n_boot : int
        Bootstrap replicates for the interval of the third estimate; 0 leaves it out, as each
        replicate runs the EM algorithm again.
    rng : None, int or numpy.random.Generator
        Source of random numbers, for the bootstrap and for where the search of the extremes
        starts; None stands for the same start every time.

    Returns
    -------
    AlphaBoundsResult

    Raises
    ------
    DataError
        For whatever `cronbach_alpha` refuses of pairwise answers, and for answers outside
        ``response_range``. Without enough complete persons the listwise row is NaN.
    OptionError
        For a range that is none, or an option that is not offered.

    Warns
    -----
    ConvergenceWarning
        When the EM algorithm did not converge.
    DataWarning
        When items relate negatively to the rest; nothing is flipped.

    Notes
    -----
    The first two rows equal ``psych::alpha(na.omit(x))`` and ``psych::alpha(x)`` with Feldt's
    intervals, the pairwise one with the n of all persons, as there; the third equals alpha of
    ``lavaan::lavCor(x, missing = "ml", output = "cov")``.

    The extremes come from a search that climbs from several starts. They belong to
    completions that exist, so that alpha could truly be that low or high; that no completion
    is more extreme is likely but not proven.

    References
    ----------
    Enders, C. K. (2003). Using the expectation maximization algorithm to estimate coefficient
    alpha for scales with item-level missing data. *Psychological Methods, 8*, 322–337.
    https://doi.org/10.1037/1082-989X.8.3.322

    Horowitz, J. L., & Manski, C. F. (2000). Nonparametric analysis of randomized experiments
    with missing covariate and outcome data. *Journal of the American Statistical Association,
    95*, 77–84. https://doi.org/10.1080/01621459.2000.10473902

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, np.nan, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> bounds = tm.alpha_bounds(answers, response_range=(1, 5))
    >>> bounds.table.round(3)
               alpha  n  ci_low  ci_high
    treatment
    listwise   0.923  7   0.712    0.986
    pairwise   0.906  8   0.683    0.980
    fiml       0.946  8     NaN      NaN
    >>> print(f"{bounds.lowest:.3f} to {bounds.highest:.3f}")
    0.750 to 0.948
    """
    asked = checked_range(response_range)
    _checks.check_level("conf_level", conf_level)
    _checks.check_count("n_boot", n_boot, least=0)
    generator = _checks.as_rng(0 if rng is None else rng)
    scale = _checks.one_scale(data, scale=scale, items=items)
    block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
    low, high = answer_limits(data, block, asked, item_moments(block.values))
    notes = Notes()
    sample = choose_sample(block, "pairwise", notes)
    complete = _complete(block, notes)

    k = len(block.names)
    if sample.complete:  # nothing is missing, so nothing is uncertain
        whole = kernel.consistency(sample.structure).alpha
        fiml, limits, extremes = whole, (np.nan, np.nan), (whole, whole)
    else:
        fiml = _fiml_alpha(sample.values, notes)
        limits = _fiml_interval(sample.values, n_boot, conf_level, generator, notes)
        extremes = completions.extreme_alphas(sample.values, low, high, generator)
    n_complete = int((~np.isnan(block.values).any(axis=1)).sum())
    listwise = (
        (np.nan, n_complete, np.nan, np.nan) if complete is None else _row(complete, k, conf_level)
    )
    rows = [listwise, _row(sample, k, conf_level), (fiml, sample.n, *limits)]
    warn_reversed(sample, block.names, notes)
    return AlphaBoundsResult(
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        table=pd.DataFrame(
            rows,
            columns=["alpha", "n", "ci_low", "ci_high"],
            index=pd.Index(["listwise", "pairwise", "fiml"], name="treatment"),
        ),
        lowest=extremes[0],
        highest=extremes[1],
        missing_share=float(np.isnan(sample.values).mean()),
        n_complete=n_complete,
        n_items=k,
        settings={
            "items": list(block.names),
            "scale": scale,
            "response_range": None if asked is None else list(asked),
            "conf_level": conf_level,
            "n_boot": n_boot,
        },
        warnings=notes.messages(),
    )


def _complete(block: _checks.Items, notes: Notes) -> Sample | None:
    """Choose the persons with all answers; None, with a note, where they allow nothing."""
    try:
        return choose_sample(block, "listwise", Notes())
    except DataError as error:
        notes.record(f"There is no listwise alpha. {error}")
        return None


def _row(sample: Sample, k: int, level: float) -> tuple[float, int, float, float]:
    alpha = kernel.consistency(sample.structure).alpha
    return (alpha, sample.n, *kernel.feldt_interval(alpha, sample.n, k, level))


def _fiml_alpha(values: FloatArray, notes: Notes) -> float:
    moments = normal_moments(values)
    if not moments.converged:
        notes.warn(
            f"The EM algorithm did not converge in {moments.n_iterations} rounds: too many answers "
            "are missing together. Read the estimate 'fiml' with care.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return _alpha(moments.covariance)


def _alpha(cov: FloatArray) -> float:
    k = len(cov)
    return float(k / (k - 1) * (1 - np.trace(cov) / cov.sum()))


def _fiml_interval(
    values: FloatArray, n_boot: int, level: float, generator: np.random.Generator, notes: Notes
) -> tuple[float, float]:
    """Give percentile limits of alpha by full information, or NaN where none were asked for."""
    if not n_boot:
        return np.nan, np.nan
    replicates = []
    for weights in resample_counts(len(values), n_boot, generator):
        for row in weights:
            drawn = np.repeat(values, row.astype(np.intp), axis=0)
            if (np.nanmax(drawn, axis=0) > np.nanmin(drawn, axis=0)).all():
                replicates.append(_alpha(normal_moments(drawn, tolerance=1e-6).covariance))
    usable = np.array([alpha for alpha in replicates if np.isfinite(alpha)])
    if len(usable) < 2:
        raise DataError("No bootstrap sample could be analysed. Use n_boot=0 instead.")
    if len(usable) < n_boot:
        notes.warn(
            f"{n_boot - len(usable)} of {n_boot} bootstrap samples had a constant item and were "
            "left out of the interval of 'fiml'.",
            stacklevel=4,
        )
    return kernel.percentile_interval(usable, level)
