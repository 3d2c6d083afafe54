"""Ordinal alpha: coefficient alpha from polychoric correlations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.kernels import reliability as kernel
from trustmeasure.kernels.ordinal_resampling import bootstrap_polychorics
from trustmeasure.kernels.polychoric_sums import sum_error
from trustmeasure.reliability.answers import (
    Answers,
    item_order_note,
    ordered_answers,
    spread,
    usable_replicates,
)
from trustmeasure.reliability.draws import check_draws
from trustmeasure.results import Notes, Result

# Replicates of a bootstrap unless asked for others.
N_BOOT = 1000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrdinalAlphaResult(Result):
    """Alpha of the normal variables behind ordered answers.

    Attributes
    ----------
    estimate : float
        Ordinal alpha.
    ci_low, ci_high : float
        Confidence limits, by the method in ``settings["ci"]``; missing with ``ci=None``.
    se : float
        Standard deviation of the replicates, or asymptotic standard error.
    lambda6 : float
        Guttman's lambda 6 of the polychoric correlations.
    mean_r, median_r : float
        Mean and median polychoric correlation.
    n_items : int
        Items in the scale.
    items : DataFrame, index the item
        ``n_categories`` in use; ``std_r``, ``r_cor``, ``r_drop``, ``alpha_drop``,
        ``lambda6_drop``, ``mean_r_drop`` and ``median_r_drop`` as in `cronbach_alpha`, from
        polychoric correlations.
    correlation : DataFrame
        Polychoric correlations.
    replicates : ndarray or None
        The bootstrap replicates behind a bootstrap interval.
    """

    title: ClassVar[str] = "Ordinal alpha"

    estimate: float
    ci_low: float
    ci_high: float
    se: float
    lambda6: float
    mean_r: float
    median_r: float
    n_items: int
    items: pd.DataFrame
    correlation: pd.DataFrame
    replicates: FloatArray | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of items."""
        return self.items.copy()


def ordinal_alpha(
    data: Any,
    *,
    items: Sequence[str] | None = None,
    scale: str | None = None,
    missing: str = "listwise",
    ci: str | None = "bootstrap",
    conf_level: float = 0.95,
    n_boot: int = N_BOOT,
    rng: Any = None,
) -> OrdinalAlphaResult:
    r"""Compute coefficient alpha from polychoric correlations, with an interval.

    .. math:: \alpha = \frac{k}{k - 1} \left(1 - \frac{k}{1'R1}\right)

    for the polychoric correlations :math:`R` of :math:`k` items.

    It is the reliability of a sum that nobody can compute: that of the continuous variables
    behind the answers. Chalmers (2018) shows that it says nothing about the scores in use,
    and that reading it as their reliability overstates them, the more so the fewer the
    categories. Report it, if at all, beside `cronbach_alpha`, or use `categorical_omega`,
    which is about the sum of the answers themselves.

    Parameters
    ----------
    data : DataFrame (pandas, Polars, PyArrow, …), 2-D array, or Scores
        Persons in rows, items keyed so that high means much. NaN is missing. Answers are
        ordered by size; at most 20 different ones an item.
    items : sequence of str, optional
        The items; without it all columns.
    scale : str, optional
        With Scores, the scale to analyse; unnecessary where there is only one.
    missing : {"listwise", "pairwise"}
        Persons with a missing answer are left out, or used for the pairs that they answered.
    ci : {"bootstrap", "asymptotic", None}
        Percentiles of ordinal alpha in resampled persons, each replicate with thresholds and
        correlations of its own; alpha ± z · se from the asymptotic covariances of the
        polychoric correlations; or no interval.
    conf_level : float
        Confidence level of the interval.
    n_boot : int
        Bootstrap replicates; refused where ``ci`` draws none.
    rng : None, int or numpy.random.Generator
        Source of the bootstrap's random numbers.

    Returns
    -------
    OrdinalAlphaResult

    Raises
    ------
    DataError
        For a constant item, more than 20 categories, pairs without common answers, and
        whatever `cronbach_alpha` refuses.
    OptionError
        For an option that is not offered.
    ConvergenceError
        When no bootstrap replicate could be used.

    Warns
    -----
    ConvergenceWarning
        When a correlation runs to ±1 (pairs named), and when bootstrap replicates had to be
        left out.
    DataWarning
        When items relate negatively to the rest.

    Notes
    -----
    Equals ``psych::alpha(lavaan::lavCor(x, ordered = names(x)))``, and
    ``psych::alpha(psych::polychoric(x)$rho)`` up to the 1e-4 at which the search of that
    function stops; ``alpha.ord`` of ``semTools::reliability`` is the same number. A matrix
    that is not positive definite is used as it is, where psych smooths it.

    The asymptotic standard error is the delta method's,

    .. math:: \mathrm{se}(\alpha) = \frac{k^2}{(k - 1)(1'R1)^2}\,\mathrm{se}(1'R1),

    where the squared standard error of :math:`1'R1` is four times the sum of all cells of the
    covariance matrix of the correlations, uncertain thresholds included (Muthén, 1984). That
    is ``lavInspect(lavCor(x, ordered = names(x), se = "standard", output = "fit"), "gamma") /
    (n - 1)``. Where a correlation runs to ±1 it has no standard error, and alpha has none.

    References
    ----------
    Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients
    alpha and theta for Likert rating scales. *Journal of Modern Applied Statistical Methods,
    6*, 21–29. https://doi.org/10.22237/jmasm/1177992180

    Chalmers, R. P. (2018). On misconceptions and the limited usefulness of ordinal alpha.
    *Educational and Psychological Measurement, 78*, 1056–1071.
    https://doi.org/10.1177/0013164417727036

    Muthén, B. (1984). A general structural equation model with dichotomous, ordered
    categorical, and continuous latent variable indicators. *Psychometrika, 49*, 115–132.
    https://doi.org/10.1007/BF02294210

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> latent = 0.7 * rng.normal(size=(500, 1)) + 0.7 * rng.normal(size=(500, 4))
    >>> answers = np.digitize(latent, [-0.5, 0.8])
    >>> alpha = tm.ordinal_alpha(answers, n_boot=200, rng=1)
    >>> print(f"{alpha.estimate:.2f} [{alpha.ci_low:.2f}, {alpha.ci_high:.2f}]")
    0.77 [0.73, 0.81]
    >>> alpha = tm.ordinal_alpha(answers, ci="asymptotic")
    >>> print(f"[{alpha.ci_low:.2f}, {alpha.ci_high:.2f}]")
    [0.73, 0.81]
    """
    _checks.check_option("ci", ci, ("bootstrap", "asymptotic", None))
    _checks.check_level("conf_level", conf_level)
    check_draws(n_boot, ci, usual=N_BOOT)
    scale = _checks.one_scale(data, scale=scale, items=items)
    notes = Notes()
    sample = ordered_answers(data, items, scale, missing, min_items=2, notes=notes)

    structure = kernel.structure(sample.correlation)
    whole = kernel.consistency(structure)
    item_order_note(structure, sample.names, notes)
    replicates = None
    if ci == "bootstrap":
        replicates = _alpha_replicates(sample, n_boot, _checks.as_rng(rng), notes)
    se, low, high = spread(replicates, conf_level)
    if ci == "asymptotic":
        se = asymptotic_error(sample)
        low, high = kernel.normal_interval(whole.alpha, se, conf_level)
    return OrdinalAlphaResult(
        n=sample.n,
        n_dropped=sample.n_dropped,
        estimate=whole.alpha,
        ci_low=low,
        ci_high=high,
        se=se,
        lambda6=whole.lambda6,
        mean_r=whole.mean_r,
        median_r=whole.median_r,
        n_items=len(sample.names),
        items=_item_table(structure, sample),
        correlation=sample.frame(sample.correlation),
        replicates=replicates,
        settings={
            "items": list(sample.names),
            "scale": scale,
            "missing": missing,
            "ci": ci,
            "conf_level": conf_level,
            "n_boot": n_boot if ci == "bootstrap" else None,
        },
        warnings=notes.messages(),
    )


def asymptotic_error(sample: Answers) -> float:
    """Give the standard error of ordinal alpha by the delta method; NaN without one."""
    k, total = len(sample.names), float(sample.correlation.sum())
    if not np.isfinite(sample.standard_error).all():
        return math.nan
    error = sum_error(sample.codes, sample.n_categories, sample.correlation)
    return error * k**2 / ((k - 1) * total**2)


def _item_table(structure: kernel.Structure, sample: Answers) -> pd.DataFrame:
    totals = kernel.item_totals(structure)
    rest = kernel.without_each_item(structure)
    columns = {
        "n_categories": np.isfinite(sample.thresholds).sum(axis=1) + 1,
        "std_r": totals.std_r,
        "r_cor": totals.r_cor,
        "r_drop": totals.r_drop,
        "alpha_drop": rest.alpha,
        "lambda6_drop": rest.lambda6,
        "mean_r_drop": rest.mean_r,
        "median_r_drop": rest.median_r,
    }
    return pd.DataFrame(columns, index=pd.Index(sample.names, name="item"))


def _alpha_replicates(
    sample: Answers, n_boot: int, generator: np.random.Generator, notes: Notes
) -> FloatArray:
    k = len(sample.names)
    blocks = []
    for part in bootstrap_polychorics(sample.codes, sample.n_categories, n_boot, generator):
        total = part.correlation[part.usable].sum(axis=(1, 2))
        with np.errstate(divide="ignore"):
            blocks.append((1 - k / total) * k / (k - 1))
    return usable_replicates(np.concatenate(blocks), n_boot, notes)
