"""Whether an effect depends on something else: moderation, simple slopes, Johnson–Neyman."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, check_level, check_option
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels import mediation as kernel
from trustmeasure.kernels.least_squares import full_rank, least_squares
from trustmeasure.kernels.mediation import Equation
from trustmeasure.results import Notes, Result
from trustmeasure.theory.columns import Columns, take_columns
from trustmeasure.theory.mediators import bootstrap_limits, coefficient_table

FloatArray = NDArray[np.float64]
INTERVALS = ("classical", "percentile", "bca")
ERRORS = ("classical", "HC1", "HC3")
N_CURVE = 101


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ModerationResult(Result):
    """A regression with an interaction, probed.

    Attributes
    ----------
    coefficients : DataFrame, index term
        ``est``, ``se``, ``t``, ``pvalue``, ``ci_low``, ``ci_high``; x and w are centred at
        their means unless ``center=False``.
    interaction : float
        The coefficient of x · w.
    r2, delta_r2 : float
        Variance explained, and what the interaction adds.
    simple_slopes : DataFrame, index value of w
        The slope of x there, in the same columns.
    regions : DataFrame
        Johnson–Neyman: stretches of the observed range of w in which the slope of x is
        ``negative``, ``not significant`` or ``positive``: ``low``, ``high``, ``slope``,
        ``share`` of the persons in it.
    curve : DataFrame
        ``w`` over its range, ``slope`` of x with ``ci_low`` and ``ci_high``.
    """

    title: ClassVar[str] = "Moderation"

    coefficients: pd.DataFrame
    interaction: float
    r2: float
    delta_r2: float
    simple_slopes: pd.DataFrame
    regions: pd.DataFrame
    curve: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the coefficients."""
        return self.coefficients.copy()


def moderation(
    data: Any,
    y: str,
    x: str,
    w: str,
    *,
    covariates: str | Sequence[str] = (),
    cluster: str | None = None,
    center: bool = True,
    probe: Sequence[float] | None = None,
    errors: str = "classical",
    ci: str = "classical",
    n_boot: int = 5000,
    conf_level: float = 0.95,
    rng: Any = None,
) -> ModerationResult:
    r"""Ask whether the effect of x on y depends on w, and where it does what.

    .. math:: y = b_0 + b_1 x + b_2 w + b_3 xw + c'z

    so that the slope of x is :math:`b_1 + b_3 w`. Simple slopes give it at chosen values of w;
    the Johnson–Neyman regions say for which values it is significant.

    Parameters
    ----------
    data : DataFrame, Scores
        Persons in rows; of Scores, the scale scores.
    y, x, w : str
        Columns of outcome, predictor and moderator.
    covariates : str or sequence of str
        Numeric columns.
    cluster : str, optional
        Column with each person's team; errors then allow for likeness within teams (CR1,
        t with the number of teams less one), and the bootstrap resamples teams.
    center : bool
        Centre x and w at their means, which makes their own coefficients readable.
    probe : sequence of float, optional
        Values of w for simple slopes; by default its two values where it has two, else its
        mean, and one standard deviation to each side.
    errors : {"classical", "HC1", "HC3"}
        Without clusters.
    ci : {"classical", "percentile", "bca"}
        Limits of coefficients and simple slopes: from t, or from the bootstrap. The regions
        are always from t.
    n_boot : int
    conf_level : float
    rng : None, int or Generator

    Returns
    -------
    ModerationResult

    Raises
    ------
    DataError
        As in `mediation`.
    OptionError
        For what is not offered.

    Notes
    -----
    Persons with a missing value are left out. Equals ``lm(y ~ x * w + z)`` with x and w
    centred, its ``vcov`` (or ``sandwich::vcovHC``, ``sandwich::vcovCL``), and
    ``interactions::johnson_neyman``.

    References
    ----------
    Bauer, D. J., & Curran, P. J. (2005). Probing interactions in fixed and multilevel
    regression: Inferential and graphical techniques. *Multivariate Behavioral Research, 40*,
    373–400. https://doi.org/10.1207/s15327906mbr4003_5

    Johnson, P. O., & Fay, L. C. (1950). The Johnson–Neyman technique, its theory and
    application. *Psychometrika, 15*, 349–367. https://doi.org/10.1007/BF02288864

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> trust, safety = rng.normal(size=(2, 400))
    >>> drive = 0.3 * trust + 0.3 * trust * safety + rng.normal(size=400)
    >>> people = pd.DataFrame({"trust": trust, "safety": safety, "drive": drive})
    >>> found = tm.moderation(people, "drive", "trust", "safety")
    >>> found.regions["effect"].tolist()
    ['negative', 'not significant', 'positive']
    """
    check_option("errors", errors, ERRORS)
    check_option("ci", ci, INTERVALS)
    check_count("n_boot", n_boot, least=100)
    check_level("conf_level", conf_level)
    generator = as_rng(rng)
    others = [covariates] if isinstance(covariates, str) else list(covariates)
    notes = Notes()
    columns = take_columns(data, [y, x, w, *others], cluster, notes)
    design, middle = _design(columns, center)
    outcome = columns.values[:, 0]
    fitted = least_squares(design, outcome, errors=errors, cluster=columns.cluster)
    values = _probes(columns.values[:, 2], probe)
    terms = ["intercept", x, w, f"{x}:{w}", *others]
    weights = _slope_weights(values - middle[1], design.shape[1])
    table = coefficient_table(fitted.coefficients, fitted.se, fitted.df, conf_level)
    slopes = _slopes(weights, fitted.coefficients, fitted.covariance, fitted.df, conf_level)
    if ci != "classical":
        _bootstrap(
            table, slopes, design, outcome, columns, weights, ci, n_boot, conf_level, generator,
            notes,
        )  # fmt: skip
    grid = np.linspace(columns.values[:, 2].min(), columns.values[:, 2].max(), N_CURVE)
    curve = _slopes(
        _slope_weights(grid - middle[1], design.shape[1]), fitted.coefficients,
        fitted.covariance, fitted.df, conf_level,
    )  # fmt: skip
    return ModerationResult(
        n=columns.n,
        n_dropped=columns.n_dropped,
        coefficients=table.set_axis(pd.Index(terms, name="term"), axis=0),
        interaction=float(fitted.coefficients[3]),
        r2=fitted.r2,
        delta_r2=float(fitted.added[3]),
        simple_slopes=slopes.set_axis(pd.Index(values, name=w), axis=0),
        regions=_regions(columns.values[:, 2], middle[1], fitted.coefficients, fitted.covariance,
                         fitted.df, conf_level),
        curve=pd.DataFrame({"w": grid, "slope": curve["est"], "ci_low": curve["ci_low"],
                            "ci_high": curve["ci_high"]}),
        settings={
            "y": y, "x": x, "w": w, "covariates": others, "cluster": cluster, "center": center,
            "errors": fitted.errors, "ci": ci, "n_boot": None if ci == "classical" else n_boot,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )  # fmt: skip


def _design(columns: Columns, center: bool) -> tuple[FloatArray, FloatArray]:
    """Give 1, x, w, xw and covariates, and what x and w were centred at."""
    x, w = columns.values[:, 1], columns.values[:, 2]
    middle = np.array([x.mean(), w.mean()]) if center else np.zeros(2)
    a, b = x - middle[0], w - middle[1]
    design = np.column_stack([np.ones(columns.n), a, b, a * b, columns.values[:, 3:]])
    if columns.n <= design.shape[1] + 1 or not full_rank(design):
        raise DataError(
            "The product of predictor and moderator cannot be told from the rest: "
            f"{columns.n} persons, {len(np.unique(w))} value(s) of the moderator. Use more "
            "persons, or another moderator."
        )
    return design, middle


def _probes(w: FloatArray, probe: Sequence[float] | None) -> FloatArray:
    if probe is not None:
        values = np.asarray(probe, dtype=np.float64)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise OptionError(
                f"probe={probe!r} must be a list of numbers, values of the moderator."
            )
        return values
    distinct = np.unique(w)
    if len(distinct) == 2:
        return distinct
    return np.asarray(w.mean() + w.std(ddof=1) * np.array([-1.0, 0.0, 1.0]))


def _slope_weights(at: FloatArray, k: int) -> FloatArray:
    """Give the weights of coefficients that make the slopes of x, one row a value."""
    weights = np.zeros((len(at), k))
    weights[:, 1], weights[:, 3] = 1.0, at
    return weights


def _slopes(
    weights: FloatArray,
    coefficients: FloatArray,
    covariance: FloatArray,
    df: float,
    conf_level: float,
) -> pd.DataFrame:
    errors = np.sqrt(np.einsum("sk,kl,sl->s", weights, covariance, weights))
    return coefficient_table(weights @ coefficients, errors, df, conf_level)


def _bootstrap(
    table: pd.DataFrame,
    slopes: pd.DataFrame,
    design: FloatArray,
    outcome: FloatArray,
    columns: Columns,
    weights: FloatArray,
    ci: str,
    n_boot: int,
    conf_level: float,
    rng: np.random.Generator,
    notes: Notes,
) -> None:
    """Put bootstrap errors and limits in the place of those from t; centres stay as they are."""
    k = design.shape[1]
    terms = kernel.products(np.column_stack([design, outcome]), columns.cluster)
    equation = [Equation(k, tuple(range(k)))]

    def everything(sums: FloatArray) -> FloatArray:
        own = kernel.regressions(kernel.squares(sums, k + 1), equation)[0]
        return np.concatenate([own, own @ weights.T], axis=-1)

    drawn = np.concatenate(
        [everything(block) for block in kernel.resampled_sums(terms, n_boot, rng)]
    )
    estimate = everything(terms.sum(axis=0))
    limits = bootstrap_limits(
        estimate, drawn, lambda: everything(kernel.left_out_sums(terms)), ci, conf_level, notes
    )
    spread = drawn[np.isfinite(drawn).all(axis=1)].std(axis=0, ddof=1)
    for frame, part in ((table, slice(0, k)), (slopes, slice(k, None))):
        frame["se"] = spread[part]
        frame["ci_low"], frame["ci_high"] = limits.low[part], limits.high[part]
        frame["t"] = frame["est"] / frame["se"]
        del frame["pvalue"]


def _regions(
    w: FloatArray,
    middle: float,
    coefficients: FloatArray,
    covariance: FloatArray,
    df: float,
    conf_level: float,
) -> pd.DataFrame:
    """Cut the observed range of w where the slope of x begins or ends to be significant."""
    from scipy.special import stdtrit

    chosen = np.array([1, 3])
    critical = float(stdtrit(df, 0.5 + conf_level / 2))
    roots = middle + kernel.significance_limits(
        coefficients[chosen], covariance[np.ix_(chosen, chosen)], critical
    )
    low, high = float(w.min()), float(w.max())
    ends = [low, *(float(root) for root in roots if low < root < high), high]
    rows = []
    for a, b in pairwise(ends):
        at = (a + b) / 2 - middle
        slope = coefficients[1] + coefficients[3] * at
        error = np.sqrt(covariance[1, 1] + 2 * at * covariance[1, 3] + at**2 * covariance[3, 3])
        significant = abs(slope) > critical * error
        word = ("positive" if slope > 0 else "negative") if significant else "not significant"
        inside = (w >= a) & ((w < b) if b < high else (w <= b))
        rows.append({"effect": word, "low": a, "high": b, "slope": slope,
                     "share": float(inside.mean())})  # fmt: skip
    return pd.DataFrame(rows)
