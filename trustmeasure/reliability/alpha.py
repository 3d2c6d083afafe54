"""Coefficient alpha: point estimate, intervals, and what each item contributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import reliability as kernel
from trustmeasure.kernels import resampling
from trustmeasure.reliability.draws import check_draws
from trustmeasure.reliability.given import given_sample, only_one
from trustmeasure.reliability.sample import (
    Sample,
    choose_sample,
    raw_correlations,
    score_moments,
    warn_reversed,
)
from trustmeasure.results import Notes, Result

# Replicates of a bootstrap unless asked for others.
N_BOOT = 2000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AlphaResult(Result):
    """Coefficient alpha of a scale, its interval, and what each item contributes.

    Attributes
    ----------
    estimate : float
        Coefficient alpha.
    ci_low, ci_high : float
        Confidence limits of alpha, by the method in ``settings["ci"]``.
    se : float
        Asymptotic standard error of alpha under normality, whatever the interval.
    standardized : float
        Alpha of the standardised items.
    lambda6 : float
        Guttman's lambda 6 from correlations (psych's G6).
    mean_r, median_r : float
        Mean and median correlation between items.
    signal_to_noise : float
        k r̄ / (1 − r̄), for k items of mean correlation r̄.
    mean, sd : float
        Mean and standard deviation over persons of the mean of their answers.
    n_items : int
        Items in the scale.
    items : DataFrame, index the item
        ``n``, ``mean``, ``sd``; correlation with the scale score (``raw_r``), with the sum
        of standardised items (``std_r``), with that sum corrected for overlap and
        reliability (``r_cor``), with the other items (``r_drop``); and what the scale
        would be without the item: ``alpha_drop``, ``std_alpha_drop``, ``lambda6_drop``,
        ``mean_r_drop``, ``median_r_drop``, ``var_r_drop``, ``signal_to_noise_drop``,
        ``se_drop``.
    replicates : ndarray or None
        The bootstrap replicates of alpha behind a bootstrap interval.
    """

    title: ClassVar[str] = "Coefficient alpha"

    estimate: float
    ci_low: float
    ci_high: float
    se: float
    standardized: float
    lambda6: float
    mean_r: float
    median_r: float
    signal_to_noise: float
    mean: float
    sd: float
    n_items: int
    items: pd.DataFrame
    replicates: FloatArray | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of items."""
        return self.items.copy()


def cronbach_alpha(
    data: Any = None,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    cov: Any = None,
    n_obs: int | None = None,
    missing: str = "listwise",
    ci: str = "feldt",
    conf_level: float = 0.95,
    n_boot: int = N_BOOT,
    rng: Any = None,
) -> AlphaResult:
    r"""Compute coefficient alpha with an interval and all item statistics.

    .. math:: \alpha = \frac{k}{k - 1} \left(1 - \frac{\operatorname{tr} C}{1'C1}\right)

    for the covariances :math:`C` of :math:`k` items.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    cov : DataFrame or 2-D array, optional
        Covariances (or correlations) of the items, instead of data. All that needs the
        answers themselves is missing then: ``mean``, the items' means, and the bootstrap.
    n_obs : int, optional
        Persons behind ``cov``; without it there are no standard errors and no interval.
    missing : {"listwise", "pairwise"}
        Listwise uses the persons who answered every item, and every number, interval
        included, is that of those persons. Pairwise takes each covariance over the
        persons who answered both items, as psych does unless told otherwise; then ``n``
        (also in standard errors and intervals) counts all persons who answered anything.
    ci : {"feldt", "bonett", "asymptotic", "bootstrap"}
        Feldt, Woodruff and Salih (1987), exact for parallel items; Bonett (2002),
        1 − exp(ln(1 − α) ± z √(2k / ((k − 1)(n − 2)))), without correction for bias;
        α ± z · se with the standard error of Duhachek and Iacobucci (2004); or
        percentiles of alpha in resampled persons.
    conf_level : float
        Confidence level of the interval.
    n_boot : int
        Bootstrap replicates, for ``ci="bootstrap"`` alone; refused beside intervals that draw
        nothing.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers, for ``ci="bootstrap"`` alone; a seed makes it
        reproducible.

    Returns
    -------
    AlphaResult

    Raises
    ------
    DataError
        For fewer than 3 persons or 2 items, a constant item, an unknown or non-numeric
        column, infinite values, items whose sum does not vary, or, with
        ``missing="pairwise"``, two items that fewer than 2 persons answered together.
    OptionError
        For an option that is not offered, and for a bootstrap without data.

    Warns
    -----
    DataWarning
        When items relate negatively to the rest (nothing is flipped), and when bootstrap
        replicates had to be left out.

    Notes
    -----
    Equals ``psych::alpha(x, use = "complete.obs")`` on complete cases, or with
    ``missing="pairwise"`` ``psych::alpha(x)``, in every column of ``total``,
    ``alpha.drop``, ``item.stats`` and ``feldt``. ``r_drop`` comes from the covariance
    matrix, ``raw_r`` from the mean of the answers that a person gave, both as there.
    ``cronbach_alpha(cov=C, n_obs=n)`` equals ``psych::alpha(C, n.obs = n)`` in ``total`` and
    ``alpha.drop``; its ``r``, ``r.cor`` and ``r.drop`` are ``std_r``, ``r_cor`` and, where
    ``C`` holds correlations, ``r_drop``. Its interval is that of data with these covariances.

    Two differences are meant. With two items psych fills the columns "without the item"
    with a regression coefficient; one item has no internal consistency, so they are NaN
    here. Where the correlations are singular, psych takes squared multiple correlations
    from a pseudo-inverse, which gives a duplicated item 0; here an item that the others
    determine has 1.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests.
    *Psychometrika, 16*, 297–334. https://doi.org/10.1007/BF02310555

    Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for
    coefficient alpha. *Applied Psychological Measurement, 11*, 93–103.
    https://doi.org/10.1177/014662168701100107

    Bonett, D. G. (2002). Sample size requirements for testing and estimating coefficient
    alpha. *Journal of Educational and Behavioral Statistics, 27*, 335–340.
    https://doi.org/10.3102/10769986027004335

    Duhachek, A., & Iacobucci, D. (2004). Alpha's standard error (ASE). *Journal of Applied
    Psychology, 89*, 792–808. https://doi.org/10.1037/0021-9010.89.5.792

    Examples
    --------
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> answers = pd.DataFrame({
    ...     "open": [1, 2, 3, 4, 5, 3, 2, 4],
    ...     "safe": [2, 2, 3, 5, 4, 3, 1, 4],
    ...     "heard": [1, 3, 3, 4, 5, 2, 2, 5],
    ... })
    >>> alpha = tm.cronbach_alpha(answers)
    >>> round(alpha.estimate, 3)
    0.933
    >>> alpha.items[["mean", "r_drop", "alpha_drop"]].round(2)
           mean  r_drop  alpha_drop
    item
    open   3.00    0.93        0.85
    safe   3.00    0.81        0.94
    heard  3.12    0.86        0.91
    """
    _checks.check_option("missing", missing, ("listwise", "pairwise"))
    _checks.check_option("ci", ci, ("feldt", "bonett", "asymptotic", "bootstrap"))
    _checks.check_level("conf_level", conf_level)
    check_draws(n_boot, ci, usual=N_BOOT)
    only_one(data, cov, n_obs)
    notes = Notes()
    if cov is None:
        scale = _checks.one_scale(data, scale=scale, items=items)
        block = _checks.as_items(data, items=items, scale=scale, min_persons=3)
        sample, names = choose_sample(block, missing, notes), block.names
        n_dropped = block.n_persons - sample.n
    else:
        _refuse_with_cov(scale, ci, missing)
        sample, names = given_sample(cov, n_obs=n_obs, items=items, notes=notes)
        n_dropped = 0

    whole = kernel.consistency(sample.structure)
    # Of copies the variance is zero up to rounding.
    se = float(np.sqrt(max(whole.variance, 0.0) / sample.n)) if sample.n else np.nan
    replicates = None
    if ci == "bootstrap":
        replicates = _replicates(sample, n_boot, _checks.as_rng(rng), notes)
    low, high = _alpha_interval(ci, whole.alpha, se, sample, conf_level, replicates)
    warn_reversed(sample, names, notes)

    mean, sd = score_moments(sample)
    return AlphaResult(
        n=sample.n,
        n_dropped=n_dropped,
        estimate=whole.alpha,
        ci_low=low,
        ci_high=high,
        se=se,
        standardized=whole.standardized,
        lambda6=whole.lambda6,
        mean_r=whole.mean_r,
        median_r=whole.median_r,
        signal_to_noise=whole.signal_to_noise,
        mean=mean,
        sd=sd,
        n_items=len(names),
        items=_item_table(sample, names),
        replicates=replicates,
        settings={
            "items": list(names),
            "scale": scale,
            "cov": cov is not None,
            "n_obs": n_obs,
            "missing": missing,
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot if ci == "bootstrap" else None,
        },
        warnings=notes.messages(),
    )


def _refuse_with_cov(scale: str | None, ci: str, missing: str) -> None:
    if scale is not None:
        raise OptionError("scale= picks a scale out of Scores; with cov= choose items=[...].")
    if ci == "bootstrap":
        raise OptionError("ci='bootstrap' resamples persons, and cov= has none. Use ci='feldt'.")
    if missing != "listwise":
        raise OptionError(
            f"missing='{missing}' chooses persons, and cov= has none: the covariances are taken "
            "as they are."
        )


def _replicates(
    sample: Sample, n_boot: int, generator: np.random.Generator, notes: Notes
) -> FloatArray:
    """Bootstrap alpha, leaving out replicates without variance."""
    draw = resampling.bootstrap_alpha if sample.complete else resampling.bootstrap_alpha_pairwise
    replicates = draw(sample.values, n_boot, generator)
    usable = replicates[np.isfinite(replicates)]
    if len(usable) < n_boot:
        notes.warn(
            f"{n_boot - len(usable)} of {n_boot} bootstrap samples had no variance and were left "
            "out of the interval: the sample is very small or has many missing answers.",
            stacklevel=4,
        )
    if len(usable) < 2:
        raise DataError("No bootstrap sample had any variance. Use ci='feldt' instead.")
    return usable


def _alpha_interval(
    ci: str,
    alpha: float,
    se: float,
    sample: Sample,
    level: float,
    replicates: FloatArray | None,
) -> tuple[float, float]:
    k = len(sample.cov)
    if not sample.n:  # covariances of nobody knows how many persons
        return np.nan, np.nan
    if replicates is not None:
        return kernel.percentile_interval(replicates, level)
    if ci == "feldt":
        return kernel.feldt_interval(alpha, sample.n, k, level)
    if ci == "bonett":
        return kernel.bonett_interval(alpha, sample.n, k, level)
    return kernel.normal_interval(alpha, se, level)


def _item_table(sample: Sample, names: Sequence[str]) -> pd.DataFrame:
    totals = kernel.item_totals(sample.structure)
    rest = kernel.without_each_item(sample.structure)
    n = np.diagonal(sample.moments.counts) if sample.n else np.full(len(names), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        se_drop = np.sqrt(rest.variance / sample.n) if sample.n else np.full(len(names), np.nan)
    columns = {
        "n": n,
        "mean": sample.moments.mean,
        "sd": np.sqrt(np.diagonal(sample.cov)),
        "raw_r": raw_correlations(sample, totals),
        "std_r": totals.std_r,
        "r_cor": totals.r_cor,
        "r_drop": totals.r_drop,
        "alpha_drop": rest.alpha,
        "std_alpha_drop": rest.standardized,
        "lambda6_drop": rest.lambda6,
        "mean_r_drop": rest.mean_r,
        "median_r_drop": rest.median_r,
        "var_r_drop": rest.var_r,
        "signal_to_noise_drop": rest.signal_to_noise,
        "se_drop": se_drop,
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="item"))
