"""Intervals of models without the normal distribution: all resamples fitted as one stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, check_level, check_option
from trustmeasure.confirmatory.admissibility import describe
from trustmeasure.confirmatory.estimation import statistic_factor
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.replication import defined_values
from trustmeasure.confirmatory.resamples import MomentResamples, Moments, Resamples, resamples_of
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.kernels.bootstrap_intervals import Limits, known_limits, known_spread
from trustmeasure.kernels.moment_replicates import Replicates
from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.results import Notes, Result, to_plain

FloatArray = NDArray[np.float64]
Statistic = Callable[[pd.DataFrame], Any]

INTERVALS = ("percentile", "bca", "bca.simple")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BootstrapResult(Result):
    """What `bootstrap` returns.

    Attributes
    ----------
    estimates : DataFrame
        A row for each parameter and definition: lhs, op, rhs, group, label, est, se (standard
        deviation of the replicates), bias, ci_low, ci_high; std, se_std, std_ci_low and
        std_ci_high of the standardised value.
    statistic : DataFrame or None
        The same of what ``statistic`` computes.
    bollen_stine_pvalue : float
        Share of replicates whose χ², were the model true, is at least the model's; NaN if it
        was not asked for.
    n_boot, n_failed, n_improper : int
        Replicates; those without a solution, which are left out; and those whose solution has
        a negative variance or an impossible correlation, which are kept.
    replicates : DataFrame
        The free parameters and definitions in each replicate, failed ones as NaN.
    """

    title: ClassVar[str] = "Bootstrap of a structural model"

    estimates: pd.DataFrame
    statistic: pd.DataFrame | None
    bollen_stine_pvalue: float
    n_boot: int
    n_failed: int
    n_improper: int
    replicates: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the estimates with their intervals."""
        return self.estimates.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the replicates as plain Python objects."""
        names = ("n", "n_dropped", "settings", "warnings", "estimates", "statistic",
                 "bollen_stine_pvalue", "n_boot", "n_failed", "n_improper")  # fmt: skip
        return {name: to_plain(getattr(self, name)) for name in names}


def bootstrap(
    fit: StructuralModel,
    *,
    n_boot: int = 1000,
    ci: str = "percentile",
    statistic: Statistic | None = None,
    conf_level: float = 0.95,
    bollen_stine: bool = False,
    rng: Any = None,
) -> BootstrapResult:
    r"""Bootstrap a fitted model: persons are drawn anew, and the model is fitted to each draw.

    A resample enters through weights of the persons, which give its means and covariances (or
    its tables of ordered answers); all replicates are then fitted together, so that 1,000 take
    about a second. Incomplete answers (``missing="fiml"``) and two-level models are fitted
    replicate by replicate, some 10 to 50 milliseconds each.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa`, `sem` or `growth`. Persons are drawn within groups, with what they left
        unanswered; whole clusters where the model knows them, which is recorded.
    n_boot : int
        Replicates.
    ci : {"percentile", "bca", "bca.simple"}
        Quantiles of the replicates; corrected for bias and for a standard error that changes
        with the parameter (BCa; its acceleration is the skewness of the persons' influence);
        or corrected for bias alone ("bca.simple"; ordered items have no "bca").
    statistic : callable, optional
        Takes a DataFrame with a column for each free parameter and definition, named as in
        ``replicates``, one row a replicate; gives a number for each row (a Series), or several
        (a DataFrame).
    conf_level : float
    bollen_stine : bool
        Also test the fit of the model by data turned so that it holds in them.
    rng : None, int or numpy.random.Generator

    Returns
    -------
    BootstrapResult
        ``estimates`` with intervals of parameters, standardised values and definitions.

    Raises
    ------
    OptionError
        For models fitted to moments, with constraints that are not linear equalities, or by
        estimator="WLS" to continuous items; for two-level models that take a variable as given
        on both levels; and for ``bollen_stine`` with anything but complete answers to
        continuous items.
    DataError
        Where hardly any replicate has a solution.

    Warns
    -----
    ConvergenceWarning
        When replicates have no solution or an improper one; both are counted.

    Notes
    -----
    Equals ``lavaan::bootstrapLavaan(fit, R = n_boot)`` up to the draw, and with
    ``bollen_stine`` lavaan's ``test = "bollen.stine"``. Quantiles are R's type 7; lavaan's
    interpolate on the normal scale, which differs in the third digit of a standard error. A
    resample of ordered items in which a category is empty has no solution, as in lavaan;
    covariates that these are conditioned on keep the sample's moments in what is standardised. Of
    two-level models lavaan has no bootstrap; here clusters are drawn, each a new one.

    References
    ----------
    Bollen, K. A., & Stine, R. A. (1992). Bootstrapping goodness-of-fit measures in structural
    equation models. *Sociological Methods & Research, 21*, 205–229.
    https://doi.org/10.1177/0049124192021002004

    Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American
    Statistical Association, 82*, 171–185. https://doi.org/10.1080/01621459.1987.10478410

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> m = 0.5 * x + rng.normal(size=300)
    >>> y = 0.4 * m + rng.normal(size=300)
    >>> paths = "m ~ a * x" + chr(10) + "y ~ b * m" + chr(10) + "indirect := a * b"
    >>> fitted = tm.sem(paths, pd.DataFrame({"x": x, "m": m, "y": y}))
    >>> found = tm.bootstrap(fitted, n_boot=500, rng=1)
    >>> found.estimates.set_index("lhs").loc["indirect", ["est", "ci_low", "ci_high"]].round(2)
    est        0.19
    ci_low     0.12
    ci_high    0.26
    Name: indirect, dtype: float64
    """
    check_option("ci", ci, INTERVALS)
    check_level("conf_level", conf_level)
    check_count("n_boot", n_boot, least=10)
    if not isinstance(fit, StructuralModel):
        raise OptionError("bootstrap() takes a model fitted by cfa, sem or growth.")
    source = resamples_of(fit, n_boot, as_rng(rng))
    if bollen_stine and not isinstance(source, MomentResamples):
        raise OptionError(
            "bollen_stine=True turns complete answers to continuous items so that the model "
            "holds in them; leave it out for incomplete answers, ordered items and two levels."
        )
    influence = source.influence() if ci == "bca" else None
    found = source.replicates()
    notes = Notes()
    if source.whole_clusters:
        notes.record("Whole clusters were resampled, so that likeness within them counts.")
    sound = _counted(source, found, n_boot, notes)
    names = parameter_names(source.table)
    computed = _Computed(source, names, statistic)
    estimate = computed(source.point[None])[0]
    drawn = computed(found.parameters[sound])
    left_out = _left_out(influence, computed, ci)
    limits = known_limits(estimate, drawn, None if ci == "percentile" else left_out, conf_level)
    rows = len(fit.estimates)
    pvalue = np.nan
    if bollen_stine and isinstance(source, MomentResamples):
        pvalue = _bollen_stine(fit, source)
    replicates = np.full((n_boot, len(names)), np.nan)
    replicates[sound] = computed.named(found.parameters[sound]).to_numpy()
    return BootstrapResult(
        n=fit.n,
        n_dropped=fit.n_dropped,
        estimates=_table(fit, estimate, drawn, limits, rows),
        statistic=_statistic_table(computed, estimate, drawn, limits, rows),
        bollen_stine_pvalue=pvalue,
        n_boot=n_boot,
        n_failed=int((~sound).sum()),
        n_improper=int(source.improper(found.parameters[sound]).sum()),
        replicates=pd.DataFrame(replicates, columns=names),
        settings={
            "n_boot": n_boot,
            "ci": ci,
            "conf_level": conf_level,
            "bollen_stine": bollen_stine,
            "statistic": statistic is not None,
            "clusters": source.whole_clusters,
        },
        warnings=notes.messages(),
    )


def parameter_names(table: ParameterTable) -> list[str]:
    """Name the free parameters and definitions: by their labels, or as they are written."""
    names = []
    for row in table.free:
        written = "" if "=~" in row.label or "~" in row.label else row.label
        names.append(written if written and written not in names else describe(row))
    return names + [one.name for one in table.definitions]


class _Computed:
    """All that intervals are wanted of, from parameters (b, n_free): (b, quantities)."""

    def __init__(self, source: Resamples, names: list[str], statistic: Statistic | None) -> None:
        self.source, self._names, self._statistic = source, names, statistic
        self.statistic_names: list[str] = []

    def __call__(self, parameters: FloatArray) -> FloatArray:
        values = self.source.values(parameters)
        std = self.source.standardised(parameters)
        plain, whole = defined_values(self.source.table, parameters, std)
        parts = [values, plain, std, whole]
        if self._statistic is not None:
            frame = self._statistic(self.named(parameters))
            own = frame.to_frame() if isinstance(frame, pd.Series) else pd.DataFrame(frame)
            if len(own) != len(parameters):
                raise OptionError(
                    f"statistic= gave {len(own)} rows for {len(parameters)} replicates; it must "
                    "give one number, or one row, for each row of its argument."
                )
            self.statistic_names = [
                "statistic" if isinstance(name, int) and own.shape[1] == 1 else str(name)
                for name in own.columns
            ]
            parts.append(own.to_numpy(dtype=np.float64))
        return np.concatenate(parts, axis=1)

    def named(self, parameters: FloatArray) -> pd.DataFrame:
        """Give the free parameters and definitions by name."""
        std = self.source.standardised(parameters)
        plain, _ = defined_values(self.source.table, parameters, std)
        size = self.source.table.n_free
        return pd.DataFrame(np.hstack([parameters[:, :size], plain]), columns=self._names)


def _counted(source: Resamples, found: Replicates, n_boot: int, notes: Notes) -> NDArray[np.bool_]:
    """Say which replicates serve, and note the others."""
    sound = found.converged
    failed = int((~sound).sum())
    if n_boot - failed < 10:
        raise DataError(
            f"{failed} of {n_boot} replicates have no solution, too many to go on. The sample is "
            "too small for the model."
        )
    if failed:
        notes.warn(
            f"{failed} of {n_boot} replicates have no solution and were left out.",
            ConvergenceWarning,
            stacklevel=4,
        )
    improper = int(source.improper(found.parameters[sound]).sum())
    if improper:
        notes.warn(
            f"{improper} of {n_boot} replicates are improper (a negative variance or an "
            "impossible correlation); they were kept, as leaving them out would narrow the "
            "intervals.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return sound


def _left_out(influence: FloatArray | None, computed: _Computed, ci: str) -> FloatArray | None:
    """Give what each person's absence would change, up to a factor: minus their influence."""
    if ci == "percentile":
        return None
    if influence is None:
        return np.array([[-1.0], [1.0]])  # no skewness, no acceleration
    point, size = computed.source.point, computed.source.table.n_free
    steps = 1e-5 * np.maximum(1.0, np.abs(point[:size]))
    moves = np.zeros((size, len(point)))
    moves[np.arange(size), np.arange(size)] = steps
    slopes = (computed(point + moves) - computed(point - moves)) / (2 * steps[:, None])
    return np.asarray(-influence @ slopes)


def _bollen_stine(fit: StructuralModel, source: MomentResamples) -> float:
    """Fit the same draws of data that are turned so that the model holds in them."""
    refit, moments = source.refit, source.moments
    fitted = refit.fitted
    if fitted.data.estimator != "ML":
        raise OptionError("bollen_stine=True goes with estimators of maximum likelihood.")
    turned: Moments = []
    for layout, group, (means, covariances) in zip(
        fitted.estimates.model.layouts, fitted.samples.groups, moments, strict=True
    ):
        target = implied(matrices(layout, fitted.estimates.parameters))
        turn = np.linalg.cholesky(target.spread) @ np.linalg.inv(
            np.linalg.cholesky(group.covariance)
        )
        mean = np.zeros(len(turn)) if group.mean is None else group.mean
        turned.append(((means - mean) @ turn.T + target.mean, turn @ covariances @ turn.T))
    found = refit.fit(turned)
    chisq = statistic_factor(fitted.data) * found.discrepancy[found.converged]
    return float((chisq >= float(fit.fit["chisq"])).mean())


def _table(
    fit: StructuralModel, estimate: FloatArray, drawn: FloatArray, limits: Limits, rows: int
) -> pd.DataFrame:
    columns = [
        name for name in ("lhs", "op", "rhs", "group", "level", "label") if name in fit.estimates
    ]
    frame = fit.estimates[columns].copy()
    spread = known_spread(drawn)
    plain, whole = slice(0, rows), slice(rows, 2 * rows)
    frame["est"] = estimate[plain]
    frame["se"] = spread[plain]
    frame["bias"] = drawn[:, plain].mean(axis=0) - estimate[plain]
    frame["ci_low"], frame["ci_high"] = limits.low[plain], limits.high[plain]
    frame["std"] = estimate[whole]
    frame["se_std"] = spread[whole]
    frame["std_ci_low"], frame["std_ci_high"] = limits.low[whole], limits.high[whole]
    return frame


def _statistic_table(
    computed: _Computed, estimate: FloatArray, drawn: FloatArray, limits: Limits, rows: int
) -> pd.DataFrame | None:
    if not computed.statistic_names:
        return None
    own = slice(2 * rows, None)
    return pd.DataFrame(
        {
            "est": estimate[own],
            "se": known_spread(drawn[:, own]),
            "ci_low": limits.low[own],
            "ci_high": limits.high[own],
        },
        index=computed.statistic_names,
    )
