"""Models beside each other: whether they are nested, which fits better, and by chance or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed
from trustmeasure.confirmatory.equalities import nonlinear_equalities
from trustmeasure.confirmatory.inference import infer
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.kernels.fit_indices import pvalue
from trustmeasure.kernels.moment_fit import Sample, fit_moments
from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

METHODS = ("satorra.bentler.2001", "satorra.bentler.2010")
# χ² a person with which one model fits what another implies, if it is nested in it.
NESTED = 1e-7


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ModelComparison(Result):
    """What `compare_models` returns.

    Attributes
    ----------
    table : DataFrame, index model
        From the most general model to the most restricted one. npar, df, chisq, scaling (the
        factor of scaled statistics), aic, bic, aic_weight (of the evidence among these models),
        cfi, rmsea, srmr; against, the closest model that it is nested in, and beside that:
        chisq_diff, df_diff, pvalue, delta_cfi, delta_rmsea, delta_srmr, and rmsea_diff, the
        RMSEA of the difference.
    nested : DataFrame, model × model
        Whether the model of the row is nested in that of the column.
    """

    title: ClassVar[str] = "Comparison of models"

    table: pd.DataFrame
    nested: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Give the table."""
        return self.table.copy()


def compare_models(
    models: Mapping[str, StructuralModel], *, method: str = "satorra.bentler.2001"
) -> ModelComparison:
    r"""Compare models of the same data.

    Models are ordered by their degrees of freedom, and each is tested against the closest above
    in which it is nested.
    A difference of χ² means something for nested models only, so nesting is checked in
    numbers: a model is nested in another if that one fits the moments that it implies
    perfectly (Bentler & Satorra, 2010). Where statistics are scaled,

    .. math:: T_d = \frac{T_0 - T_1}{(d_0 c_0 - d_1 c_1) / (d_0 - d_1)}

    with T the unscaled statistics, d their degrees of freedom and c their scaling factors
    (Satorra & Bentler, 2001); the method of 2010 takes :math:`c_1` at the estimates of the
    restricted model and cannot become negative.

    Parameters
    ----------
    models : mapping
        Name → fitted model, at least two, of the same persons and variables, by the same
        estimator.
    method : {"satorra.bentler.2001", "satorra.bentler.2010"}
        For scaled statistics.

    Returns
    -------
    ModelComparison

    Raises
    ------
    OptionError
        For fewer than two models, different estimators, and estimators whose statistics have
        no difference test here ("MLMV", "MLMVS", "ULS", ordered items).
    DataError
        For models of different persons or variables.

    Warns
    -----
    ConvergenceWarning
        When models did not converge, and when the scaling factor of a difference is negative.

    Notes
    -----
    Differences equal ``lavaan::lavTestLRT(fit1, fit0, method = "satorra.bentler.2001")``;
    nesting is that of ``semTools::net``. For the method of 2010 lavaan carries estimates over to
    the general model by their names, which fails where the models place the same thing elsewhere
    (latent means and intercepts); here the general model is fitted to what the restricted one
    implies. Models that are not nested have no χ² difference: for
    them there are AIC and BIC, of which the smaller is better.

    References
    ----------
    Bentler, P. M., & Satorra, A. (2010). Testing model nesting and equivalence. *Psychological
    Methods, 15*, 111–123. https://doi.org/10.1037/a0019625

    Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for
    moment structure analysis. *Psychometrika, 66*, 507–514.
    https://doi.org/10.1007/BF02296192

    Satorra, A., & Bentler, P. M. (2010). Ensuring positiveness of the scaled difference
    chi-square test statistic. *Psychometrika, 75*, 243–248.
    https://doi.org/10.1007/s11336-009-9135-y

    Savalei, V., Brace, J. C., & Fouladi, R. T. (2024). We need to change how we compute RMSEA
    for nested model comparisons in structural equation modeling. *Psychological Methods, 29*,
    480–493. https://doi.org/10.1037/met0000537

    Examples
    --------
    >>> import trustmeasure as tm
    >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
    >>> model = "trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871"
    >>> equal = "trust =~ a*q_1855 + a*q_4289 + a*q_377 + a*q_379 + a*q_871"
    >>> compared = tm.compare_models({
    ...     "congeneric": tm.cfa(model, keyed, std_lv=True, estimator="MLR"),
    ...     "tau-equivalent": tm.cfa(equal, keyed, std_lv=True, estimator="MLR"),
    ... })
    >>> compared.table[["df", "chisq", "against", "chisq_diff", "df_diff"]].round(1)
                    df  chisq     against  chisq_diff  df_diff
    model
    congeneric       5  167.7                     NaN      NaN
    tau-equivalent   9  318.4  congeneric       138.1      4.0
    """
    check_option("method", method, METHODS)
    _check_models(models)
    order = sorted(
        models, key=lambda name: (float(models[name].fit["df"]), list(models).index(name))
    )
    notes = Notes()
    late = [name for name in order if not models[name].converged]
    if late:
        notes.warn(f"{listed(late)} did not converge: compare with caution.", ConvergenceWarning)
    if len({_exogenous(models[name]) for name in order}) > 1:
        notes.record(
            "The models take different variables as exogenous, whose likelihood is left out: AIC "
            "and BIC are not comparable."
        )
    nested = pd.DataFrame(
        [[_is_nested(models[a], models[b]) for b in order] for a in order],
        index=order,
        columns=order,
    )
    rows = []
    for place, name in enumerate(order):
        row = _row(models[name])
        above = [other for other in order[:place] if nested.loc[name, other]]
        if above:
            row |= {"against": above[-1]}
            row |= _beside(models[name], models[above[-1]], method, notes, name)
        rows.append(row)
    table = pd.DataFrame(rows, index=pd.Index(order, name="model"))
    table.insert(list(table.columns).index("bic") + 1, "aic_weight", _weights(table["aic"]))
    apart = [name for name in order[1:] if not table.loc[name, "against"]]
    if apart:
        notes.record(
            f"Not nested in any model above: {listed(apart)}. There is no test of the difference; "
            "compare AIC and BIC."
        )
    first = models[order[0]]
    return ModelComparison(
        n=first.n,
        n_dropped=first.n_dropped,
        table=table,
        nested=nested,
        settings={"method": method, "estimator": first.settings["estimator"], "models": order},
        warnings=notes.messages(),
    )


def _check_models(models: Mapping[str, StructuralModel]) -> None:
    if not isinstance(models, Mapping) or len(models) < 2:
        raise OptionError(
            "compare_models takes a mapping of at least two models: {'one factor': fit1, "
            "'two factors': fit2}."
        )
    for name, one in models.items():
        check_subtractable(f"'{name}'", one)
    names = list(models)
    first = models[names[0]]
    for name in names[1:]:
        _check_same(names[0], first, name, models[name])


def check_subtractable(name: str, fit: StructuralModel) -> None:
    """Refuse models whose statistics cannot be subtracted from each other."""
    if not isinstance(fit, StructuralModel):
        raise OptionError(f"{name} is no model fitted by cfa, sem or growth.")
    if not isinstance(fit.fitted, Fitted):
        raise OptionError(
            f"{name} is a model of ordered items or of two levels, whose statistics have no "
            "difference test here."
        )
    test = str(fit.settings["test"])
    if test in ("scaled.shifted", "mean.var.adjusted") or fit.fitted.data.estimator == "ULS":
        raise OptionError(
            f"{name} was fitted with estimator='{fit.settings['estimator']}', whose statistics "
            "cannot be subtracted. Fit it with 'MLM' or 'MLR' instead."
        )


def _check_same(name: str, one: StructuralModel, other_name: str, other: StructuralModel) -> None:
    """Refuse models of different estimators, persons or variables."""
    if one.settings["estimator"] != other.settings["estimator"]:
        raise OptionError(
            f"'{name}' was fitted with estimator='{one.settings['estimator']}', '{other_name}' "
            f"with '{other.settings['estimator']}'. Fit both with the same."
        )
    for fit in (one, other):
        table = fit.fitted.specification.table
        if table.inequalities or nonlinear_equalities(table):
            raise OptionError(
                "Models with inequalities or constraints that are not linear cannot be compared "
                "here: their difference has no plain χ² distribution."
            )
    ours, theirs = _variables(one), _variables(other)
    if set(ours) != set(theirs):
        apart = sorted(set(ours) ^ set(theirs))
        raise DataError(
            f"'{name}' and '{other_name}' do not have the same variables ({listed(apart)} in one "
            "of them only), so their fit cannot be compared. Give both all of them."
        )
    groups = [fit.fitted.samples.groups for fit in (one, other)]
    if [group.n for group in groups[0]] != [group.n for group in groups[1]]:
        raise DataError(
            f"'{name}' and '{other_name}' were fitted to different persons or groups: "
            f"{[group.n for group in groups[0]]} and {[group.n for group in groups[1]]}. Fit both "
            "to the same rows."
        )
    for (_, mine), (_, yours), block, second in zip(
        one.fitted.data.saturated,
        other.fitted.data.saturated,
        one.fitted.specification.blocks,
        other.fitted.specification.blocks,
        strict=True,
    ):
        at = [second.observed.index(variable) for variable in block.observed]
        if not np.allclose(mine, yours[np.ix_(at, at)], rtol=1e-5, atol=1e-8):
            raise DataError(
                f"'{name}' and '{other_name}' were fitted to data with different covariances. Fit "
                "both to the same rows."
            )


def _variables(fit: StructuralModel) -> tuple[str, ...]:
    return fit.fitted.specification.table.observed


def _exogenous(fit: StructuralModel) -> frozenset[str]:
    return frozenset(name for block in fit.fitted.specification.blocks for name in block.exogenous)


def _row(fit: StructuralModel) -> dict[str, Any]:
    end = "_robust" if "cfi_robust" in fit.fit else ""
    scaled = "chisq_scaling_factor" in fit.fit
    return {
        "npar": int(fit.fit["npar"]),
        "df": int(fit.fit["df"]),
        "chisq": float(fit.fit["chisq"]),
        "scaling": float(fit.fit["chisq_scaling_factor"]) if scaled else 1.0,
        "aic": float(fit.fit.get("aic", math.nan)),
        "bic": float(fit.fit.get("bic", math.nan)),
        "cfi": float(fit.fit[f"cfi{end}"]),
        "rmsea": float(fit.fit[f"rmsea{end}"]),
        "srmr": float(fit.fit["srmr"]),
        "against": "",
    }


def _beside(
    restricted: StructuralModel,
    general: StructuralModel,
    method: str,
    notes: Notes,
    name: str,
) -> dict[str, float]:
    """Test a model against the one above, and give the changes of indices."""
    mine, above = _row(restricted), _row(general)
    found = {f"delta_{key}": mine[key] - above[key] for key in ("cfi", "rmsea", "srmr")}
    df = mine["df"] - above["df"]
    if df == 0:
        return found | {"df_diff": float(df)}
    gap, scaling = mine["chisq"] - above["chisq"], 1.0
    if "chisq_scaling_factor" in restricted.fit:
        lighter = above["scaling"] if above["df"] else 1.0
        if method == "satorra.bentler.2010" and above["df"]:
            lighter = _scaling_at(restricted, general)
        scaling = (mine["df"] * mine["scaling"] - above["df"] * lighter) / df
        if not scaling > 0:
            notes.warn(
                f"The scaling factor of the difference of '{name}' is negative: use "
                "method='satorra.bentler.2010'.",
                ConvergenceWarning,
                stacklevel=4,
            )
            scaling = math.nan
    chisq = gap / scaling
    groups = len(restricted.fitted.samples.groups)
    excess = max(chisq - df, 0.0) * groups / (df * restricted.n)
    return found | {
        "chisq_diff": chisq,
        "df_diff": float(df),
        "pvalue": pvalue(max(chisq, 0.0), df) if math.isfinite(chisq) else math.nan,
        "rmsea_diff": math.sqrt(excess) if math.isfinite(chisq) else math.nan,
    }


def _is_nested(restricted: StructuralModel, general: StructuralModel) -> bool:
    """Whether the general model fits what the restricted one implies."""
    if restricted is general:
        return True
    if restricted.fit["df"] < general.fit["df"]:
        return False
    found = _refitted(restricted, general)
    return bool(found[1] < NESTED)


def _refitted(restricted: StructuralModel, general: StructuralModel) -> tuple[FloatArray, float]:
    """Fit the general model to the implied moments: reduced parameters, and the discrepancy."""
    inside, outside = restricted.fitted, general.fitted
    with_means = inside.means or outside.means
    samples, covariances, means = [], [], []
    for place, (layout, group) in enumerate(
        zip(inside.estimates.model.layouts, inside.samples.groups, strict=True)
    ):
        moments = implied(matrices(layout, inside.estimates.parameters))
        at = _order(inside, outside, place)
        spread = moments.spread[np.ix_(at, at)]
        known = group.mean if not inside.means else moments.mean
        mean = (np.zeros(len(spread)) if known is None else known)[at]
        covariances.append(spread)
        means.append(mean)
        samples.append(Sample(spread, mean if outside.means else None, group.n))
    if any(np.linalg.eigvalsh(one)[0] <= 0 for one in covariances):
        return outside.estimates.reduced, math.nan
    model = outside.specification.model(covariances, means if with_means else None)
    best: tuple[FloatArray, float] = (outside.estimates.reduced, math.inf)
    for start in (_mapped(restricted, general), outside.estimates.reduced):
        found = fit_moments(model, samples, start, "ML", tolerance=1e-14)
        value = float(found.discrepancy)
        if value < best[1]:
            reduced, *_ = np.linalg.lstsq(model.basis, found.parameters - model.origin, rcond=None)
            best = (np.asarray(reduced), value)
        if best[1] < NESTED:
            break
    return best


def _order(inside: Fitted, outside: Fitted, place: int) -> Sequence[int]:
    own = inside.specification.blocks[place].observed
    return [own.index(name) for name in outside.specification.blocks[place].observed]


def _mapped(restricted: StructuralModel, general: StructuralModel) -> FloatArray:
    """Start the general model where the restricted one ended, by the names of parameters."""
    inside, outside = restricted.fitted, general.fitted
    values = {}
    for place, row in enumerate(inside.specification.table.parameters):
        value = float(restricted.estimates["est"].iloc[place])
        values[(row.group, row.lhs, row.op, row.rhs)] = value
        if row.op == "~~":
            values[(row.group, row.rhs, row.op, row.lhs)] = value
    model = outside.estimates.model
    start = np.array(
        [values.get((row.group, row.lhs, row.op, row.rhs), 0.0)
         for row in outside.specification.table.free]
    )  # fmt: skip
    reduced, *_ = np.linalg.lstsq(model.basis, start - model.origin, rcond=None)
    return np.asarray(reduced)


def _scaling_at(restricted: StructuralModel, general: StructuralModel) -> float:
    """Give the general model's scaling factor at the estimates of the restricted one."""
    reduced, value = _refitted(restricted, general)
    if not value < NESTED:
        return math.nan
    outside = general.fitted
    model = outside.estimates.model
    there = replace(outside.estimates, reduced=reduced, parameters=model.expand(reduced))
    inference = infer(
        outside.specification, there, outside.data, outside.samples,
        errors=str(general.settings["se"]), test=str(general.settings["test"]),
        df=int(general.fit["df"]), means=outside.means,
    )  # fmt: skip
    return math.nan if inference.scaled is None else inference.scaled.scaling


def _weights(aic: pd.Series) -> FloatArray:
    """Give Akaike weights: the share of evidence of each model."""
    values = aic.to_numpy(dtype=np.float64)
    likely = np.exp(-(values - values.min()) / 2.0)
    return np.asarray(likely / likely.sum())
