"""Whether factors differ: their correlations, with intervals and tests against cut-offs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_level
from trustmeasure.confirmatory.comparison import check_subtractable, compare_models
from trustmeasure.confirmatory.estimation import Estimates, estimate
from trustmeasure.confirmatory.fit_measures import degrees_of_freedom
from trustmeasure.confirmatory.inference import Inference, infer
from trustmeasure.confirmatory.language.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.models import cfa
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.resamples import complete_fit
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.specification import Specification, specify
from trustmeasure.errors import ConvergenceWarning, OptionError, TrustMeasureWarning
from trustmeasure.kernels.fit_indices import pvalue
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

# Where the upper limit of the correlation lies (Rönkkö & Cho, 2022, Table 10).
BANDS = ((0.8, "none"), (0.9, "marginal"), (1.0, "moderate"), (np.inf, "severe"))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DiscriminantValidity(Result):
    """What `discriminant_validity` returns.

    Attributes
    ----------
    table : DataFrame, index the two factors
        correlation, se, ci_low, ci_high; chisq_diff, df_diff and pvalue of holding it at the
        cut-off; ``differs`` (the test rejects a correlation as high as the cut-off), and
        problem: "none", "marginal", "moderate" or "severe", by the limit of the interval.
    """

    title: ClassVar[str] = "Discriminant validity"

    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the table."""
        return self.table.copy()


@dataclass(frozen=True)
class _Pair:
    """A correlation of two factors with its error, and its test against the cut-off."""

    first: str
    second: str
    value: float
    error: float
    chisq: float
    pvalue: float
    converged: bool


@dataclass(frozen=True)
class _Fit:
    estimates: Estimates
    inference: Inference
    df: int


def discriminant_validity(
    fit: StructuralModel, *, cutoff: float = 0.9, conf_level: float = 0.95
) -> DiscriminantValidity:
    r"""Test whether factors correlate less than a cut-off: CI(cut) and χ²(cut) of Rönkkö and Cho.

    The model is fitted again with latent variances of 1, which makes covariances correlations;
    then once for each pair with its correlation held at the cut-off (of its sign). If χ² rises
    significantly, the correlation is lower than the cut-off.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa`, of one group and level; items may be ordered, answers incomplete.
    cutoff : float
        In size; .9 by default. With 1 the factors are tested for being the same.
    conf_level : float
        Of the intervals; the test is at 1 − ``conf_level``.

    Returns
    -------
    DiscriminantValidity

    Raises
    ------
    OptionError
        For a model of several groups or levels, without free latent covariances, with equal
        parameters or fixed loadings beside them, or with an estimator whose statistics have no
        difference test.

    Warns
    -----
    ConvergenceWarning
        When a constrained model does not converge.

    Notes
    -----
    Equals ``semTools::discriminantValidity(fit, cutoff = 0.9)``; a correlation beyond the
    cut-off has a test of 0. Differences of scaled statistics are those of Satorra and Bentler
    (2001), of ordered items those of Satorra (2000), as in `compare_models`. Where
    a scaling factor is negative (lavaan gives up there), the test is Wald's, and a note says so.

    References
    ----------
    Rönkkö, M., & Cho, E. (2022). An updated guideline for assessing discriminant validity.
    *Organizational Research Methods, 25*, 6–47. https://doi.org/10.1177/1094428120968614

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
    >>> items = np.repeat(factors, 3, axis=1) + rng.normal(size=(400, 6))
    >>> model = "trust =~ item1 + item2 + item3" + chr(10) + "safety =~ item4 + item5 + item6"
    >>> found = tm.discriminant_validity(tm.cfa(model, items))
    >>> found.table[["correlation", "ci_low", "ci_high", "chisq_diff", "problem"]].round(2)
                  correlation  ci_low  ci_high  chisq_diff problem
    trust safety         0.46    0.35     0.57      114.35    none
    """
    from scipy.special import ndtri

    check_level("conf_level", conf_level)
    if not 0 < cutoff <= 1:
        raise OptionError(f"cutoff={cutoff!r} must lie between 0 and 1.")
    notes = Notes()
    found = _from_answers(fit, cutoff) if _by_answers(fit) else _from_moments(fit, cutoff)
    critical = float(ndtri(0.5 + conf_level / 2))
    rows = []
    for one in found:
        low, high = one.value - critical * one.error, one.value + critical * one.error
        if not one.converged:
            notes.warn(
                f"With the correlation of '{one.first}' and '{one.second}' at {cutoff} the model "
                "does not converge; its test means little.",
                ConvergenceWarning,
            )
        chisq, p = one.chisq, one.pvalue
        if np.isnan(p):
            chisq = ((cutoff - abs(one.value)) / one.error) ** 2
            p = pvalue(chisq, 1)
            notes.record(
                f"The scaling factor of the difference for '{one.first}' and '{one.second}' is "
                "negative; the test is Wald's, ((cut-off − r) / se)²."
            )
        limit = max(abs(low), abs(high))
        rows.append(
            {
                "correlation": one.value, "se": one.error, "ci_low": low, "ci_high": high,
                "chisq_diff": chisq, "df_diff": 1, "pvalue": p, "differs": p < 1 - conf_level,
                "problem": next(word for bound, word in BANDS if limit < bound),
            }
        )  # fmt: skip
    return DiscriminantValidity(
        n=fit.n,
        n_dropped=fit.n_dropped,
        table=pd.DataFrame(
            rows, index=pd.MultiIndex.from_tuples([(one.first, one.second) for one in found])
        ),
        settings={
            "cutoff": cutoff,
            "conf_level": conf_level,
            "estimator": fit.settings["estimator"],
        },
        warnings=notes.messages(),
    )


def _from_moments(fit: StructuralModel, cutoff: float) -> list[_Pair]:
    """Test each pair of factors by fitting the moments again."""
    fitted = complete_fit(fit, "discriminant_validity")
    check_subtractable("the model", fit)
    _refuse_groups(len(fitted.samples.groups))
    table = _unit_variances(fitted.specification.table)
    free = _fit(table, fit)
    found = []
    for place in _pairs(table):
        row = table.parameters[place]
        value = float(free.estimates.parameters[row.free - 1])
        error = float(np.sqrt(free.inference.covariance[row.free - 1, row.free - 1]))
        chisq, p, converged = 0.0, 1.0, True
        if abs(value) < cutoff:
            held = _fit(_held(table, place, float(np.copysign(cutoff, value))), fit)
            converged = held.estimates.converged
            chisq, p = _difference(held, free)
        found.append(_Pair(row.lhs, row.rhs, value, error, chisq, p, converged))
    return found


def _from_answers(fit: StructuralModel, cutoff: float) -> list[_Pair]:
    """Test each pair by fitting the answers again: ordered items, full information."""
    table, frame, options = _answers(fit)
    places = _pairs(table)
    _refuse_written(fit.model, {table.parameters[place].lhs for place in places})
    free = _again(fit.model, frame, options)
    between = free.estimates[free.estimates["op"] == "~~"].set_index(["lhs", "rhs"])
    estimates, errors = between["est"].to_dict(), between["se"].to_dict()
    found = []
    for place in places:
        row = table.parameters[place]
        first, second = row.lhs, row.rhs
        value, error = float(estimates[first, second]), float(errors[first, second])
        chisq, p, converged = 0.0, 1.0, True
        if abs(value) < cutoff:
            line = f"{first} ~~ {np.copysign(cutoff, value):.15g}*{second}"
            held = _again(f"{fit.model}\n{line}", frame, options)
            converged = held.converged
            chisq, p = _compared(held, free)
        found.append(_Pair(first, second, value, error, chisq, p, converged))
    return found


def _by_answers(fit: StructuralModel) -> bool:
    """Tell models that their moments alone cannot be fitted from again."""
    if isinstance(fit, OrdinalStructuralModel):
        return True
    kept = getattr(fit, "fitted", None)
    return isinstance(kept, Fitted) and kept.data.patterns is not None


def _compared(held: StructuralModel, free: StructuralModel) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrustMeasureWarning)
        found = compare_models({"free": free, "held": held}).table.loc["held"].to_dict()
    return float(found.get("chisq_diff", np.nan)), float(found.get("pvalue", np.nan))


def _answers(fit: StructuralModel) -> tuple[ParameterTable, pd.DataFrame, dict[str, Any]]:
    """Give the table of a model, the answers that it was fitted to, and how."""
    kept = ("estimator", "missing", "orthogonal", "conf_level")
    options = {name: fit.settings[name] for name in kept}
    if isinstance(fit, OrdinalStructuralModel):
        samples, names = fit.answers.samples, list(fit.answers.observed)
        table = fit.solution.specification.table
        more: tuple[str, ...] = ("ordered", "parameterization")
    else:
        samples, table = fit.fitted.samples, fit.fitted.specification.table
        names, more = list(table.observed), ()
    options |= {name: fit.settings[name] for name in more}
    _refuse_groups(len(samples.groups))
    (group,) = samples.groups
    frame = pd.DataFrame(group.values, columns=names)
    if group.clusters is not None:
        options["cluster"] = str(fit.settings["cluster"])
        frame[options["cluster"]] = group.clusters
    return table, frame, options


def _again(model: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> StructuralModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrustMeasureWarning)
        return cfa(model, frame, std_lv=True, **options)


def _refuse_groups(count: int) -> None:
    if count > 1:
        raise OptionError("discriminant_validity takes a model of one group.")


def _refuse_written(model: str, factors: set[str]) -> None:
    """Refuse what stands in the way of writing unit variances and a held correlation."""
    parsed = parse_model(model)
    fixed = [row for row in parsed.formulas if row.op == "=~" and row.modifiers.fixed]
    between = [row for row in parsed.formulas if row.op == "~~" and row.lhs in parsed.latent]
    explained = [row for row in parsed.formulas if row.op == "~" or row.rhs in factors]
    if parsed.relations or fixed or between or explained:
        raise OptionError(
            "Of ordered items and incomplete answers, discriminant_validity takes factors and "
            "their items alone: without fixed loadings, constraints, regressions, factors of "
            "factors, or variances and covariances of factors (these are free by default)."
        )


def _unit_variances(table: ParameterTable) -> ParameterTable:
    """Fix free variances of latent variables that nothing explains at 1, and free their markers."""
    explained = {row.lhs for row in table.parameters if row.op == "~"}
    explained |= {row.rhs for row in table.parameters if row.op == "=~"}
    scaled = {
        row.lhs
        for row in table.parameters
        if row.op == "~~" and row.lhs == row.rhs and row.free and row.lhs in table.latent
    } - explained
    rows: list[Parameter] = []
    for row in table.parameters:
        own = row.op == "~~" and row.lhs == row.rhs and row.lhs in scaled
        if own:
            rows.append(replace(row, free=0, value=1.0))
        elif row.op == "=~" and row.lhs in scaled and not row.free:
            rows.append(replace(row, free=-1, value=np.nan))
        else:
            rows.append(row)
    if any(row.free for row in table.parameters) and table.equalities and scaled:
        raise OptionError(
            "The model holds parameters equal while its latent variances are free, so that it "
            "cannot be rescaled. Fit it with std_lv=True."
        )
    return _renumbered(replace(table, parameters=tuple(rows)))


def _held(table: ParameterTable, place: int, value: float) -> ParameterTable:
    rows = list(table.parameters)
    rows[place] = replace(rows[place], free=0, value=value)
    if table.equalities:
        raise OptionError(
            "The model holds parameters equal, beside which a correlation cannot be held at a "
            "cut-off. Leave the equalities out."
        )
    return _renumbered(replace(table, parameters=tuple(rows)))


def _renumbered(table: ParameterTable) -> ParameterTable:
    """Count the free parameters anew; definitions, which name them, are left out."""
    if all(row.free >= 0 for row in table.parameters):
        numbers = [row.free for row in table.parameters if row.free]
        if numbers == list(range(1, len(numbers) + 1)):
            return table
    rows, free = [], 0
    for row in table.parameters:
        free += row.free != 0
        rows.append(replace(row, free=free if row.free else 0))
    return replace(table, parameters=tuple(rows), definitions=())


def _pairs(table: ParameterTable) -> list[int]:
    latent = set(table.latent)
    found = [
        place
        for place, row in enumerate(table.parameters)
        if row.op == "~~" and row.free and row.lhs != row.rhs and {row.lhs, row.rhs} <= latent
    ]
    if not found:
        raise OptionError("The model has no free covariances among its latent variables.")
    return found


def _fit(table: ParameterTable, fit: StructuralModel) -> _Fit:
    fitted: Fitted = fit.fitted
    specification: Specification = specify(table)
    df = degrees_of_freedom(specification, means=fitted.means)
    found = estimate(specification, fitted.samples, fitted.data)
    inference = infer(
        specification, found, fitted.data, fitted.samples, errors=str(fit.settings["se"]),
        test=str(fit.settings["test"]), df=df, means=fitted.means,
    )  # fmt: skip
    return _Fit(found, inference, df)


def _difference(held: _Fit, free: _Fit) -> tuple[float, float]:
    """Test one more constraint, scaled where the statistics are."""
    gap = held.estimates.chisq - free.estimates.chisq
    scaling = 1.0
    if held.inference.scaled is not None:
        other = 0.0 if free.inference.scaled is None else free.inference.scaled.scaling
        scaling = held.df * held.inference.scaled.scaling - free.df * other
    chisq = gap / scaling if scaling > 0 else np.nan
    return chisq, pvalue(max(chisq, 0.0), 1) if np.isfinite(chisq) else np.nan
