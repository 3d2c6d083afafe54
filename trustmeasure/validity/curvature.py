"""Whether more is better only up to a point, or there can be too much trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_level, check_option, listed
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.kernels import turning_points as kernel
from trustmeasure.kernels.least_squares import LeastSquares, full_rank, least_squares
from trustmeasure.results import Notes, Result
from trustmeasure.validity.outcomes import OutcomeSample, outcome_sample

FloatArray = NDArray[np.float64]
N_CURVE = 101


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CurvilinearResult(Result):
    """A quadratic relation, its turning point, and two tests of whether it turns.

    Attributes
    ----------
    shape : {"U", "inverse U"}
        By the sign of the quadratic coefficient; whether data speak for it is another
        question.
    coefficients : DataFrame, index term
        Of the quadratic: ``estimate``, ``se``, ``t``, ``pvalue``, ``ci_low``, ``ci_high``.
    r2, delta_r2 : float
        Variance explained, and what the quadratic term adds.
    turning_point, turning_low, turning_high : float
        Where the quadratic turns, with Fieller's interval; infinite where it is not
        bounded.
    turns_inside : bool
        Whether that is within the range of x.
    ends : DataFrame, index "lower" and "upper"
        Slopes of the quadratic at both ends of the range: ``x``, ``slope``, ``se``, ``t``,
        one-sided ``pvalue``.
    u_pvalue : float
        Lind and Mehlum's test, the larger of the two.
    lines : DataFrame, index "below" and "above"
        Simonsohn's two lines: ``n``, ``slope``, ``se``, ``statistic``, ``pvalue``.
    breakpoint : float
        Where the lines part (Robin Hood); NaN where none can.
    flat_low, flat_high : float
        The range from which the break was chosen.
    lines_turn : bool
        Whether the lines have opposite slopes, both significant at 1 − conf_level.
    curve : DataFrame
        ``x`` over the range, the ``quadratic`` with its interval (``low``, ``high``),
        covariates at their means.
    points : DataFrame
        ``x`` and ``y``, what covariates explain taken out.
    """

    title: ClassVar[str] = "Curvilinear relation"

    shape: str
    coefficients: pd.DataFrame
    r2: float
    delta_r2: float
    turning_point: float
    turning_low: float
    turning_high: float
    turns_inside: bool
    ends: pd.DataFrame
    u_pvalue: float
    lines: pd.DataFrame
    breakpoint: float
    flat_low: float
    flat_high: float
    lines_turn: bool
    curve: pd.DataFrame
    points: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the coefficients of the quadratic."""
        return self.coefficients.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the persons' points as plain Python objects."""
        plain = super().to_dict()
        del plain["points"]
        return plain


def curvilinear(
    y: Any,
    x: Any,
    *,
    data: Any = None,
    covariates: Any = None,
    cluster: Any = None,
    errors: str = "classical",
    x_range: tuple[float, float] | None = None,
    conf_level: float = 0.95,
) -> CurvilinearResult:
    r"""Test whether a relation turns round: quadratic, u-test, and two lines.

    A significant quadratic coefficient alone does not show a turn: a relation that levels
    off has one too. Lind and Mehlum's test asks whether the quadratic

    .. math:: y = b_0 + b_1 x + b_2 x^2 + c'z

    has slopes :math:`b_1 + 2 b_2 x` of opposite signs at both ends of the range; its turning
    point :math:`-b_1 / (2 b_2)` has Fieller's interval. Simonsohn's test does without the
    parabola: two straight lines, parted at a break near the extreme of a smooth curve, must
    have opposite slopes, both significant. Trust both, or the second.

    Parameters
    ----------
    y, x : array, Series, or str
        Outcome and predictor, one value a person; or columns of ``data``.
    data : DataFrame (pandas, Polars, PyArrow, …) or Scores, optional
    covariates : sequence of str, DataFrame or 2-D array, optional
        Numeric columns of ``data``, or the covariates themselves.
    cluster : str or sequence, optional
        Each person's team. All errors are then robust to what teams share (CR1), and tests
        are t with the number of teams less one.
    errors : {"classical", "HC1", "HC3"}
        Of the quadratic, without clusters. The two lines always have HC3.
    x_range : (float, float), optional
        Ends at which the slopes are tested; without it the observed range.
    conf_level : float
        Confidence level of the intervals; its complement is the level of the tests.

    Returns
    -------
    CurvilinearResult

    Raises
    ------
    DataError
        For fewer than 4 distinct values of x, too few persons, or covariates that x or each
        other determine.
    OptionError
        For an option that is not offered, or vectors of unequal length.

    Warns
    -----
    DataWarning
        When no break leaves both lines with two different values of x.

    Notes
    -----
    Persons with a missing value or without a cluster are left out. Equals
    ``lm(y ~ x + I(x^2) + z)``, with ``sandwich::vcovHC`` or ``sandwich::vcovCL`` (type HC1)
    for errors; the u-test and Fieller's interval are those of Stata's ``utest``. The break
    follows Simonsohn's code: smooth curve as ``mgcv::gam(y ~ s(x, bs = "cr", k = 10) + z)``,
    its extreme in the middle 80 % of x, all x whose curve lies within one standard error of
    it, and among them the quantile z₂ / (z₁ + z₂) of the lines parted at their median.

    An observed relation is not an effect: turning round may come from who has much of x.

    References
    ----------
    Lind, J. T., & Mehlum, H. (2010). With or without U? The appropriate test for a U-shaped
    relationship. *Oxford Bulletin of Economics and Statistics, 72*, 109–118.
    https://doi.org/10.1111/j.1468-0084.2009.00569.x

    Simonsohn, U. (2018). Two lines: A valid alternative to the invalid testing of U-shaped
    relationships with quadratic regressions. *Advances in Methods and Practices in
    Psychological Science, 1*, 538–555. https://doi.org/10.1177/2515245918805755

    Fieller, E. C. (1954). Some problems in interval estimation. *Journal of the Royal
    Statistical Society B, 16*, 175–185. https://doi.org/10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> trust = rng.uniform(1, 5, size=400)
    >>> performance = -(trust - 3.5) ** 2 + rng.normal(size=400)
    >>> found = tm.curvilinear(performance, trust)
    >>> found.shape, round(found.turning_point, 2), found.lines_turn
    ('inverse U', 3.51, True)
    >>> found.lines[["slope", "pvalue"]].round(3)
           slope  pvalue
    line
    below  2.368     0.0
    above -1.610     0.0
    """
    check_option("errors", errors, ("classical", "HC1", "HC3"))
    check_level("conf_level", conf_level)
    notes = Notes()
    sample = outcome_sample(y, x, data, covariates, cluster, notes)
    ends = _range(x_range, sample.x)
    middle = float(sample.x.mean())
    centred = sample.x - middle  # keeps x² from nearly repeating x
    beside = sample.covariates - sample.covariates.mean(axis=0)
    _refuse_dependent(sample, centred, beside)

    fit = kernel.quadratic(centred, sample.y, beside, errors=errors, cluster=sample.cluster)
    linear, square = float(fit.coefficients[1]), float(fit.coefficients[2])
    straight = least_squares(np.column_stack([np.ones_like(centred), centred, beside]), sample.y)
    if straight.r2 > 1 - 1e-12:
        raise DataError(f"'{sample.names[0]}' follows '{sample.names[1]}' in a straight line.")
    between = fit.covariance[1:3, 1:3]
    slopes = kernel.end_slopes(linear, square, between, np.array(ends) - middle, fit.df)
    low, high = kernel.fieller_limits(linear, square, between, fit.df, conf_level)
    turning = middle - linear / (2 * square)
    inside = ends[0] < turning < ends[1]
    if not np.isfinite(low):
        notes.record(
            "The interval of the turning point has no bounds: the data do not tell that there "
            "is one."
        )
    hood = kernel.robin_hood(
        sample.x, sample.y, sample.covariates,
        rises=linear + 2 * square * (float(sample.x.min()) - middle) > 0, cluster=sample.cluster,
    )  # fmt: skip
    lines = _lines(hood.lines, sample.x)
    if hood.lines is None:
        notes.warn(
            f"'{sample.names[1]}' has too few different values around the curve's extreme for a "
            "break between two lines; that test is missing.",
            DataWarning,
        )
    elif sample.cluster is None and "HC1" in hood.lines.errors:
        notes.record("A person determines a line alone, so its errors are HC1 instead of HC3.")
    slope, p = (lines[name].to_numpy(dtype=float) for name in ("slope", "pvalue"))
    return CurvilinearResult(
        n=len(sample.x),
        n_dropped=sample.n_dropped,
        shape="U" if square > 0 else "inverse U",
        coefficients=_coefficients(fit, middle, sample, conf_level),
        r2=fit.r2,
        delta_r2=fit.r2 - straight.r2,
        turning_point=turning,
        turning_low=middle + low,
        turning_high=middle + high,
        turns_inside=bool(inside),
        ends=pd.DataFrame(
            {
                "x": ends,
                "slope": slopes.slope,
                "se": slopes.se,
                "t": slopes.t,
                "pvalue": slopes.pvalue,
            },
            index=pd.Index(["lower", "upper"], name="end"),
        ),
        u_pvalue=slopes.joint,
        lines=lines,
        breakpoint=np.nan if hood.lines is None else hood.lines.at,
        flat_low=hood.flat[0],
        flat_high=hood.flat[1],
        lines_turn=bool(slope[0] * slope[1] < 0 and (p < 1 - conf_level).all()),
        curve=_curve(fit, middle, ends, conf_level),
        points=pd.DataFrame(
            {"x": sample.x, "y": sample.y - beside @ fit.coefficients[3:]}, index=sample.index
        ),
        settings={
            "y": sample.names[0],
            "x": sample.names[1],
            "covariates": list(sample.names[2:]),
            "cluster": sample.cluster_name,
            "n_clusters": None if sample.cluster is None else int(sample.cluster.max()) + 1,
            "errors": fit.errors,
            "x_range": list(ends),
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )


def _refuse_dependent(sample: OutcomeSample, centred: FloatArray, beside: FloatArray) -> None:
    X = np.column_stack([np.ones_like(centred), centred, centred**2, beside])
    if not full_rank(X):
        raise DataError(
            f"The covariates {listed(sample.names[2:])} are constant, or follow from each other "
            f"or from '{sample.names[1]}'. Leave one of them out."
        )


def _range(x_range: Any, x: FloatArray) -> tuple[float, float]:
    if x_range is None:
        return float(x.min()), float(x.max())
    try:
        low, high = (float(end) for end in x_range)
    except (TypeError, ValueError):
        raise OptionError(f"x_range={x_range!r} must be two numbers.") from None
    if not low < high:
        raise OptionError(f"x_range={x_range!r} must rise from its first to its second number.")
    return low, high


def _lines(found: kernel.Break | None, x: FloatArray) -> pd.DataFrame:
    index = pd.Index(["below", "above"], name="line")
    if found is None:
        columns = ["slope", "se", "statistic", "pvalue", "level"]
        return pd.DataFrame(np.nan, index=index, columns=columns).assign(n=0)[["n", *columns]]
    return pd.DataFrame(
        {
            "n": [int((x <= found.at).sum()), int((x >= found.at).sum())],
            "slope": found.slope,
            "se": found.se,
            "statistic": found.statistic,
            "pvalue": found.pvalue,
            "level": found.level,
        },
        index=index,
    )


def _coefficients(
    fit: LeastSquares, middle: float, sample: OutcomeSample, level: float
) -> pd.DataFrame:
    """Bring the coefficients back from centred to the user's own x (and covariates)."""
    from scipy.special import stdtr, stdtrit

    k = len(fit.coefficients)
    back = np.eye(k)
    back[0, 1:3] = -middle, middle**2
    back[0, 3:] = -sample.covariates.mean(axis=0)
    back[1, 2] = -2 * middle
    estimate = back @ fit.coefficients
    se = np.sqrt(np.diag(back @ fit.covariance @ back.T))
    t = estimate / se
    half = float(stdtrit(fit.df, (1 + level) / 2)) * se
    name = sample.names[1]
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "t": t,
            "pvalue": 2 * stdtr(fit.df, -np.abs(t)),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        },
        index=pd.Index(["intercept", name, f"{name}²", *sample.names[2:]], name="term"),
    )


def _curve(
    fit: LeastSquares, middle: float, ends: tuple[float, float], level: float
) -> pd.DataFrame:
    from scipy.special import stdtrit

    x = np.linspace(*ends, N_CURVE)
    X = np.column_stack([np.ones_like(x), x - middle, (x - middle) ** 2])
    height = X @ fit.coefficients[:3]
    se = np.sqrt(np.einsum("ij,jk,ik->i", X, fit.covariance[:3, :3], X))
    half = float(stdtrit(fit.df, (1 + level) / 2)) * se
    return pd.DataFrame({"x": x, "quadratic": height, "low": height - half, "high": height + half})
