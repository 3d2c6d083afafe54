"""Whether factors differ: their correlations, with intervals and tests against cut-offs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_level
from trustmeasure.confirmatory.comparison import check_subtractable
from trustmeasure.confirmatory.estimation import Estimates, estimate
from trustmeasure.confirmatory.fit_measures import degrees_of_freedom
from trustmeasure.confirmatory.inference import Inference, infer
from trustmeasure.confirmatory.parameters import Parameter, ParameterTable
from trustmeasure.confirmatory.resamples import complete_fit
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.specification import Specification, specify
from trustmeasure.errors import ConvergenceWarning, OptionError
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
        From `cfa`, one group, complete answers.
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
        For a model with several groups, with fewer than two free latent covariances, or with
        an estimator whose statistics have no difference test.
    DataError
        For models of incomplete answers.

    Warns
    -----
    ConvergenceWarning
        When a constrained model does not converge.

    Notes
    -----
    Equals ``semTools::discriminantValidity(fit, cutoff = 0.9)``; a correlation beyond the
    cut-off has a test of 0. Differences of scaled statistics are those of Satorra and Bentler
    (2001).

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
    fitted = complete_fit(fit, "discriminant_validity")
    check_subtractable("the model", fit)
    if len(fitted.samples.groups) > 1:
        raise OptionError("discriminant_validity takes a model of one group.")
    table = _unit_variances(fitted.specification.table)
    pairs = _pairs(table)
    if not pairs:
        raise OptionError("The model has no free covariances among its latent variables.")
    notes = Notes()
    free = _fit(table, fit)
    critical = float(ndtri(0.5 + conf_level / 2))
    rows = []
    for place in pairs:
        row = table.parameters[place]
        value = float(free.estimates.parameters[row.free - 1])
        error = float(np.sqrt(free.inference.covariance[row.free - 1, row.free - 1]))
        low, high = value - critical * error, value + critical * error
        chisq, df, p = 0.0, 1, 1.0
        if abs(value) < cutoff:
            held = _fit(_held(table, place, float(np.copysign(cutoff, value))), fit)
            if not held.estimates.converged:
                notes.warn(
                    f"With the correlation of '{row.lhs}' and '{row.rhs}' at {cutoff} the model "
                    "does not converge; its test means little.",
                    ConvergenceWarning,
                )
            chisq, p = _difference(held, free)
        limit = max(abs(low), abs(high))
        rows.append(
            {
                "correlation": value, "se": error, "ci_low": low, "ci_high": high,
                "chisq_diff": chisq, "df_diff": df, "pvalue": p, "differs": p < 1 - conf_level,
                "problem": next(word for bound, word in BANDS if limit < bound),
            }
        )  # fmt: skip
    index = pd.MultiIndex.from_tuples(
        [(table.parameters[place].lhs, table.parameters[place].rhs) for place in pairs]
    )
    return DiscriminantValidity(
        n=fit.n,
        n_dropped=fit.n_dropped,
        table=pd.DataFrame(rows, index=index),
        settings={
            "cutoff": cutoff,
            "conf_level": conf_level,
            "estimator": fit.settings["estimator"],
        },
        warnings=notes.messages(),
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
    return [
        place
        for place, row in enumerate(table.parameters)
        if row.op == "~~" and row.free and row.lhs != row.rhs and {row.lhs, row.rhs} <= latent
    ]


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
