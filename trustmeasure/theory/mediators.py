"""Whether an effect goes through others: mediation by one, several, or a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, check_level, check_option
from trustmeasure.errors import OptionError
from trustmeasure.kernels import mediation as kernel
from trustmeasure.kernels.bootstrap_intervals import Limits, bca_limits, percentile_limits
from trustmeasure.kernels.least_squares import least_squares
from trustmeasure.kernels.mediation import Equation
from trustmeasure.results import Notes, Result
from trustmeasure.theory.columns import Columns, take_columns

FloatArray = NDArray[np.float64]
ORDERS = ("parallel", "serial")
INTERVALS = ("percentile", "bca", "delta")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MediationResult(Result):
    """Direct, indirect and total effects.

    Attributes
    ----------
    effects : DataFrame, index effect
        "total", "direct", "indirect" (all ways together), and each way by itself, as
        "trust → motivation → adoption": ``est``, ``se`` and limits by the bootstrap,
        ``se_delta`` by the delta method, ``std`` in standard deviations of both ends with its
        limits.
    paths : DataFrame, index path
        Every regression coefficient: ``est``, ``se``, ``t``, ``pvalue``, limits, ``std``.
    r_squared : Series
        Of each mediator and the outcome.
    """

    title: ClassVar[str] = "Mediation"

    effects: pd.DataFrame
    paths: pd.DataFrame
    r_squared: pd.Series[float]

    def to_frame(self) -> pd.DataFrame:
        """Give the effects."""
        return self.effects.copy()


def mediation(
    data: Any,
    x: str,
    m: str | Sequence[str],
    y: str,
    *,
    order: str = "parallel",
    covariates: str | Sequence[str] = (),
    cluster: str | None = None,
    ci: str = "percentile",
    n_boot: int = 5000,
    conf_level: float = 0.95,
    rng: Any = None,
) -> MediationResult:
    r"""Split the effect of x on y into what goes through mediators and what does not.

    .. math::

        m &= i_m + a x + \dots, \qquad y = i_y + c' x + b m + \dots

    The indirect effect is :math:`ab`, with several mediators a product along each way;
    :math:`c'` is the direct effect, and both together are the total one. Products of
    coefficients are not normal, so intervals are from the bootstrap.

    Parameters
    ----------
    data : DataFrame, Scores
        Persons in rows; of Scores, the scale scores.
    x, y : str
        Columns of cause and outcome.
    m : str or sequence of str
        One mediator or several.
    order : {"parallel", "serial"}
        Several mediators side by side, or each acting on all that come after it, in the
        order given.
    covariates : str or sequence of str
        Numeric columns that enter every regression.
    cluster : str, optional
        Column with each person's team; teams are then resampled, and errors allow for
        likeness within them.
    ci : {"percentile", "bca", "delta"}
        Limits of the effects. "bca" corrects bias and skewness, and errs towards finding
        effects in small samples.
    n_boot : int
        Replicates.
    conf_level : float
    rng : None, int or Generator

    Returns
    -------
    MediationResult

    Raises
    ------
    DataError
        For unknown or constant columns, too few persons, and variables that determine each
        other.
    OptionError
        For what is not offered, and a variable in two roles.

    Notes
    -----
    Persons with a missing value are left out; `sem` with ``missing="fiml"`` keeps them.
    Coefficients equal ``lm()``; effects and ``se_delta`` equal those of ``:=`` in
    ``lavaan::sem()`` (mediators' residuals covary where parallel).

    Cross-sectional mediation presumes that x comes before m and m before y, and that nothing
    outside acts on two of them.

    References
    ----------
    Preacher, K. J., & Hayes, A. F. (2008). Asymptotic and resampling strategies for assessing
    and comparing indirect effects in multiple mediator models. *Behavior Research Methods,
    40*, 879–891. https://doi.org/10.3758/BRM.40.3.879

    Fritz, M. S., Taylor, A. B., & MacKinnon, D. P. (2012). Explanation of two anomalous results
    in statistical mediation analysis. *Multivariate Behavioral Research, 47*, 61–87.
    https://doi.org/10.1080/00273171.2012.640596

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> trust = rng.normal(size=300)
    >>> drive = 0.5 * trust + rng.normal(size=300)
    >>> uptake = 0.4 * drive + 0.1 * trust + rng.normal(size=300)
    >>> people = pd.DataFrame({"trust": trust, "drive": drive, "uptake": uptake})
    >>> found = tm.mediation(people, "trust", "drive", "uptake", n_boot=500, rng=1)
    >>> found.effects.loc["trust → drive → uptake", ["est", "ci_low", "ci_high"]].round(1).tolist()
    [0.2, 0.1, 0.3]
    """
    check_option("order", order, ORDERS)
    check_option("ci", ci, INTERVALS)
    check_count("n_boot", n_boot, least=100)
    check_level("conf_level", conf_level)
    generator = as_rng(rng)
    mediators = [m] if isinstance(m, str) else list(m)
    if not mediators:
        raise OptionError("m= is empty. Name at least one mediator.")
    others = [covariates] if isinstance(covariates, str) else list(covariates)
    notes = Notes()
    columns = take_columns(data, [x, *mediators, y, *others], cluster, notes)
    system = _System.of(x, mediators, y, others, order)
    found = _estimate(system, columns, ci, n_boot, conf_level, generator, notes)
    paths, shares = _paths(system, columns, conf_level)
    return MediationResult(
        n=columns.n,
        n_dropped=columns.n_dropped,
        effects=found,
        paths=paths,
        r_squared=shares,
        settings={
            "x": x, "m": mediators, "y": y, "order": order if len(mediators) > 1 else "simple",
            "covariates": others, "cluster": cluster, "ci": ci,
            "n_boot": None if ci == "delta" else n_boot, "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )  # fmt: skip


@dataclass(frozen=True)
class _System:
    """The regressions of a mediation, and the ways through them.

    ``ways`` hold places among all coefficients, equation after equation; the first is the
    direct one. ``names`` are what each coefficient and way is called.
    """

    variables: tuple[str, ...]
    equations: tuple[Equation, ...]
    ways: tuple[tuple[int, ...], ...]
    way_names: tuple[str, ...]

    @classmethod
    def of(
        cls, x: str, mediators: Sequence[str], y: str, covariates: Sequence[str], order: str
    ) -> _System:
        """Lay the system out; column 0 is the intercept."""
        variables = ("1", x, *mediators, y, *covariates)
        k = len(mediators)
        beside = tuple(range(k + 3, k + 3 + len(covariates)))
        equations = []
        for i in range(k):
            earlier = tuple(range(2, 2 + i)) if order == "serial" else ()
            equations.append(Equation(2 + i, (0, 1, *earlier, *beside)))
        equations.append(Equation(k + 2, (0, 1, *range(2, k + 2), *beside)))
        starts = np.cumsum([0, *(len(e.predictors) for e in equations)])

        def place(cause: int, effect: int) -> int:
            equation = equations[effect - 2]
            return int(starts[effect - 2]) + equation.predictors.index(cause)

        sets = [
            chosen
            for size in range(1, (k if order == "serial" else 1) + 1)
            for chosen in combinations(range(2, k + 2), size)
        ]
        ways: list[tuple[int, ...]] = [(place(1, k + 2),)]
        names = ["direct"]
        for chosen in sets:
            stops = (1, *chosen, k + 2)
            ways.append(tuple(place(a, b) for a, b in pairwise(stops)))
            names.append(" → ".join(variables[stop] for stop in stops))
        return cls(variables, tuple(equations), tuple(ways), tuple(names))

    @property
    def effect_names(self) -> list[str]:
        """Total and indirect effects first."""
        return ["total", "direct", "indirect", *self.way_names[1:]]

    def effects(self, sums: FloatArray) -> FloatArray:
        """Give the effects (…, e) of sums of products, and standardised ones after them."""
        coefficients = np.concatenate(kernel.regressions(sums, self.equations), axis=-1)
        plain = self._added(kernel.chain_products(coefficients, self.ways)[0])
        return np.concatenate([plain, plain * self._scale(sums)[..., None]], axis=-1)

    @staticmethod
    def _added(ways: FloatArray) -> FloatArray:
        indirect = ways[..., 1:].sum(axis=-1, keepdims=True)
        direct = ways[..., :1]
        return np.concatenate([direct + indirect, direct, indirect, ways[..., 1:]], axis=-1)

    def _scale(self, sums: FloatArray) -> FloatArray:
        n = sums[..., 0, 0]
        y = self.equations[-1].outcome

        def variance(j: int) -> FloatArray:
            return np.asarray(sums[..., j, j] / n - (sums[..., 0, j] / n) ** 2)

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.sqrt(variance(1) / variance(y)))

    def delta(self, columns: Columns) -> FloatArray:
        """Give standard errors of the effects by the delta method."""
        data = columns.centred
        terms = kernel.products(data, None).sum(axis=0)
        own = kernel.regressions(kernel.squares(terms, data.shape[1]), self.equations)
        covariance = kernel.joint_covariance(data, self.equations, own, columns.cluster)
        slopes = kernel.chain_products(np.concatenate(own), self.ways)[1]
        slopes = np.swapaxes(self._added(slopes.T), -1, -2)
        return np.asarray(np.sqrt(np.einsum("ek,kl,el->e", slopes, covariance, slopes)))


def _estimate(
    system: _System,
    columns: Columns,
    ci: str,
    n_boot: int,
    conf_level: float,
    rng: np.random.Generator,
    notes: Notes,
) -> pd.DataFrame:
    from scipy.special import ndtri

    k = columns.centred.shape[1]
    terms = kernel.products(columns.centred, columns.cluster)
    estimate = system.effects(kernel.squares(terms.sum(axis=0), k))
    se_delta = system.delta(columns)
    half = estimate.size // 2
    table = pd.DataFrame(index=pd.Index(system.effect_names, name="effect"))
    table["est"] = estimate[:half]
    if ci == "delta":
        reach = float(ndtri(0.5 + conf_level / 2)) * se_delta
        limits = Limits(estimate[:half] - reach, estimate[:half] + reach)
        table["se"], table["ci_low"], table["ci_high"] = se_delta, *limits
        table["se_delta"], table["std"] = se_delta, estimate[half:]
        return table
    drawn = np.concatenate(
        [
            system.effects(kernel.squares(block, k))
            for block in kernel.resampled_sums(terms, n_boot, rng)
        ]
    )
    limits = bootstrap_limits(estimate, drawn, lambda: system.effects(
        kernel.squares(kernel.left_out_sums(terms), k)), ci, conf_level, notes)  # fmt: skip
    usable = drawn[np.isfinite(drawn).all(axis=1)]
    table["se"] = usable[:, :half].std(axis=0, ddof=1)
    table["ci_low"], table["ci_high"] = limits.low[:half], limits.high[:half]
    table["se_delta"], table["std"] = se_delta, estimate[half:]
    table["std_ci_low"], table["std_ci_high"] = limits.low[half:], limits.high[half:]
    return table


def bootstrap_limits(
    estimate: FloatArray,
    drawn: FloatArray,
    left_out: Any,
    ci: str,
    conf_level: float,
    notes: Notes,
) -> Limits:
    """Give limits from the replicates that could be computed."""
    sound = np.isfinite(drawn).all(axis=1)
    if not sound.all():
        notes.record(
            f"{int((~sound).sum())} of {len(drawn)} bootstrap replicates could not be computed "
            "(variables that determined each other) and were left out."
        )
    if ci == "bca":
        return bca_limits(estimate, drawn[sound], left_out(), conf_level)
    return percentile_limits(drawn[sound], conf_level)


def _paths(
    system: _System, columns: Columns, conf_level: float
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Give every coefficient with t statistics, and the variance explained."""
    data = columns.with_one
    spread = data.std(axis=0, ddof=1)
    rows, shares = [], {}
    for equation in system.equations:
        fitted = least_squares(
            data[:, list(equation.predictors)], data[:, equation.outcome], cluster=columns.cluster
        )
        outcome = system.variables[equation.outcome]
        shares[outcome] = fitted.r2
        table = coefficient_table(
            fitted.coefficients, np.sqrt(np.diag(fitted.covariance)), fitted.df, conf_level
        )
        for (_, row), j in zip(table.iterrows(), equation.predictors, strict=True):
            name = "intercept" if j == 0 else system.variables[j]
            std = np.nan if j == 0 else row["est"] * spread[j] / spread[equation.outcome]
            rows.append({"path": f"{outcome} ~ {name}", **row.to_dict(), "std": std})
    return pd.DataFrame(rows).set_index("path"), pd.Series(shares, name="r_squared")


def coefficient_table(
    estimates: FloatArray, errors: FloatArray, df: float, conf_level: float
) -> pd.DataFrame:
    """Give estimates with t tests and intervals."""
    from scipy.special import stdtr, stdtrit

    t = estimates / errors
    reach = float(stdtrit(df, 0.5 + conf_level / 2)) * errors
    return pd.DataFrame(
        {
            "est": estimates, "se": errors, "t": t, "pvalue": 2 * stdtr(df, -np.abs(t)),
            "ci_low": estimates - reach, "ci_high": estimates + reach,
        }
    )  # fmt: skip
