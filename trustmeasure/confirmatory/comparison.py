"""Models beside each other: whether they are nested, which fits better, and by chance or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import check_option, listed
from trustmeasure.confirmatory.differences import (
    DIRECTIONS,
    METHODS,
    Difference,
    difference_test,
    method_for,
)
from trustmeasure.confirmatory.language.equalities import nonlinear_equalities
from trustmeasure.confirmatory.language.parameters import ParameterTable
from trustmeasure.confirmatory.nesting import is_nested, moment_places
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.confirmatory.results import Fitted, StructuralModel
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

_BESIDE = ("chisq_diff", "df_diff", "pvalue", "rmsea_diff",
           "delta_cfi", "delta_rmsea", "delta_srmr")  # fmt: skip
_NEGATIVE = (
    "The scaling factor of the difference of '{}' is negative: use method='satorra.bentler.2010' "
    "or 'satorra.2000'."
)


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
    models: Mapping[str, StructuralModel],
    *,
    method: str = "default",
    directions: str = "delta",
    scaled_shifted: bool = True,
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
    restricted model and cannot become negative. Where statistics are adjusted for their variance
    too (MLMV, WLSMV, ULSMV), a difference is a weighted sum of squares in the directions A that
    the restriction takes from the general model (Satorra, 2000): with Δ the slopes of the
    moments in its parameters, V the weights, Γ the moments' covariance, :math:`P = \Delta'V\Delta`
    and

    .. math:: U = V\Delta P^{-1}A'(AP^{-1}A')^{-1}AP^{-1}\Delta'V,

    it is :math:`a(T_0 - T_1) + b` with :math:`a = \sqrt{d / \mathrm{tr}((U\Gamma)^2)}`,
    :math:`b = d - a\,\mathrm{tr}(U\Gamma)` and :math:`d = d_0 - d_1`.

    Parameters
    ----------
    models : mapping
        Name → fitted model, at least two, of the same persons and variables, by the same
        estimator.
    method : {"default", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"}
        For scaled statistics. By default that of 2000 where they are adjusted for their variance
        ("MLMV", "MLMVS", "WLSMV", "WLSMVS", "ULSMV", "ULSMVS"), and else that of 2001.
    directions : {"delta", "exact"}
        How "satorra.2000" finds what the restriction takes away: from the moments that each
        model can move, which serves any nested models; or from parameters, where one model fixes
        or equates parameters that the other has.
    scaled_shifted : bool
        With "satorra.2000": adjust by a factor and a shift. Otherwise by a factor and the degrees
        of freedom, or, where the models' own statistics are scaled alone ("MLM", "WLSM",
        "ULSM"), by a factor.

    Returns
    -------
    ModelComparison

    Raises
    ------
    OptionError
        For fewer than two models, different estimators, models of two levels, "ULS", whose
        statistic has no χ² distribution, and a method that does not go with the estimator.
    DataError
        For models of different persons or variables.

    Warns
    -----
    ConvergenceWarning
        When models did not converge, and when the scaling factor of a difference is negative.

    Notes
    -----
    Differences equal ``lavaan::lavTestLRT(fit1, fit0, method = "default")``, or the method
    named, with ``A.method`` and ``scaled.shifted`` here ``directions`` and ``scaled_shifted``;
    nesting is that of ``semTools::net``, also of ordered items, which that leaves out. The method
    of 2000 is for complete answers without clusters. CFI and RMSEA are robust where all models
    have these, else scaled, else plain. "DWLS" leaves differences as they are, as lavaan does;
    "WLSMV" corrects them. For the method of 2010 lavaan carries estimates over to the general
    model by their names, which fails where the models place the same thing elsewhere (latent
    means and intercepts); here the general model is fitted to what the restricted one implies.
    Models that are not nested have no χ² difference: for them there are AIC and BIC, of which
    the smaller is better.

    References
    ----------
    Bentler, P. M., & Satorra, A. (2010). Testing model nesting and equivalence. *Psychological
    Methods, 15*, 111–123. https://doi.org/10.1037/a0019625

    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment
    structures. In R. D. H. Heijmans, D. S. G. Pollock, & A. Satorra (Eds.), *Innovations in
    multivariate statistical analysis* (pp. 233–247). Kluwer.
    https://doi.org/10.1007/978-1-4615-4603-0_17

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
    check_option("directions", directions, DIRECTIONS)
    check_option("scaled_shifted", scaled_shifted, (True, False))
    _check_models(models)
    chosen = method_for(next(iter(models.values())), method)
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
        [[is_nested(models[a], models[b]) for b in order] for a in order],
        index=order,
        columns=order,
    )
    end = _kind_of_indices([models[name] for name in order])
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(order):
        row = _row(models[name], end)
        above = [other for other in range(place) if nested.loc[name, order[other]]]
        if above:
            general = order[above[-1]]
            test = difference_test(
                models[name], models[general], method=method, directions=directions,
                scaled_shifted=scaled_shifted,
            )  # fmt: skip
            if test.method != "none" and math.isnan(test.scaling):
                notes.warn(_NEGATIVE.format(name), ConvergenceWarning)
            row |= {"against": general} | _beside(models[name], row, rows[above[-1]], test)
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
        settings={
            "method": chosen,
            "directions": directions,
            "scaled_shifted": scaled_shifted,
            "indices": end.lstrip("_") or "plain",
            "estimator": first.settings["estimator"],
            "models": order,
        },
        warnings=notes.messages(),
    )


def _check_models(models: Mapping[str, StructuralModel]) -> None:
    if not isinstance(models, Mapping) or len(models) < 2:
        raise OptionError(
            "compare_models takes a mapping of at least two models: {'one factor': fit1, "
            "'two factors': fit2}."
        )
    for name, one in models.items():
        _check_one(f"'{name}'", one)
    names = list(models)
    first = models[names[0]]
    for name in names[1:]:
        _check_same(names[0], first, name, models[name])


def _check_one(name: str, fit: StructuralModel) -> None:
    """Refuse models whose statistics have no difference."""
    if not isinstance(fit, StructuralModel):
        raise OptionError(f"{name} is no model fitted by cfa, sem or growth.")
    ordinal = isinstance(fit, OrdinalStructuralModel)
    if not ordinal and not isinstance(fit.fitted, Fitted):
        raise OptionError(
            f"{name} is a model of two levels, whose statistics have no difference test here."
        )
    if fit.settings["estimator"] == "ULS":
        raise OptionError(
            f"{name} was fitted with estimator='ULS', whose statistic has no χ² distribution, nor "
            f"have differences of it. Fit it with '{'ULSMV' if ordinal else 'MLM'}' instead."
        )


def check_subtractable(name: str, fit: StructuralModel) -> None:
    """Refuse models whose statistics cannot be subtracted and scaled by one factor."""
    _check_one(name, fit)
    if isinstance(fit, OrdinalStructuralModel):
        raise OptionError(f"{name} is a model of ordered items, which is not offered here.")
    if str(fit.settings["test"]) in ("scaled.shifted", "mean.var.adjusted"):
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
        table = _table(fit)
        if table.inequalities or nonlinear_equalities(table):
            raise OptionError(
                "Models with inequalities or constraints that are not linear cannot be compared "
                "here: their difference has no plain χ² distribution."
            )
    ours, theirs = _table(one).observed, _table(other).observed
    if set(ours) != set(theirs):
        apart = sorted(set(ours) ^ set(theirs))
        raise DataError(
            f"'{name}' and '{other_name}' do not have the same variables ({listed(apart)} in one "
            "of them only), so their fit cannot be compared. Give both all of them."
        )
    sizes = [_groups(fit) for fit in (one, other)]
    if sizes[0] != sizes[1]:
        raise DataError(
            f"'{name}' and '{other_name}' were fitted to different persons or groups: "
            f"{sizes[0]} and {sizes[1]}. Fit both to the same rows."
        )
    if not _same_moments(one, other):
        raise DataError(
            f"'{name}' and '{other_name}' were fitted to data with different covariances. Fit "
            "both to the same rows, with the same items ordered."
        )


def _same_moments(one: StructuralModel, other: StructuralModel) -> bool:
    if isinstance(one, OrdinalStructuralModel) and isinstance(other, OrdinalStructuralModel):
        pairs = list(zip(one.solution.moments, other.solution.moments, strict=True))
        apart = _given(one) != _given(other)
        if apart or any(len(mine.moments) != len(yours.moments) for mine, yours in pairs):
            return False
        return all(
            np.allclose(mine.moments[at], yours.moments, rtol=1e-5, atol=1e-8)
            for (mine, yours), at in zip(pairs, moment_places(one, other), strict=True)
        )
    for (_, mine), (_, yours), block, second in zip(
        one.fitted.data.saturated,
        other.fitted.data.saturated,
        _blocks(one),
        _blocks(other),
        strict=True,
    ):
        at = [second.observed.index(variable) for variable in block.observed]
        if not np.allclose(mine, yours[np.ix_(at, at)], rtol=1e-5, atol=1e-8):
            return False
    return True


def _given(fit: OrdinalStructuralModel) -> list[frozenset[str]]:
    """Name the covariates that each group is conditioned on."""
    return [frozenset(names) for names in fit.solution.specification.given]


def _table(fit: StructuralModel) -> ParameterTable:
    if isinstance(fit, OrdinalStructuralModel):
        return fit.solution.specification.table
    return fit.fitted.specification.table


def _blocks(fit: StructuralModel) -> tuple[Block, ...]:
    if isinstance(fit, OrdinalStructuralModel):
        return fit.solution.specification.base.blocks
    return fit.fitted.specification.blocks


def _groups(fit: StructuralModel) -> list[int]:
    """Count the persons of each group."""
    if isinstance(fit, OrdinalStructuralModel):
        return [group.n for group in fit.solution.moments]
    return [group.n for group in fit.fitted.samples.groups]


def _exogenous(fit: StructuralModel) -> frozenset[str]:
    return frozenset(name for block in _blocks(fit) for name in block.exogenous)


def _kind_of_indices(fits: Sequence[StructuralModel]) -> str:
    """Which CFI and RMSEA all the models have: robust ones, else scaled, else plain."""
    for end in ("_robust", "_scaled"):
        if all(f"cfi{end}" in fit.fit and f"rmsea{end}" in fit.fit for fit in fits):
            return end
    return ""


def _row(fit: StructuralModel, end: str) -> dict[str, Any]:
    return {
        "npar": int(fit.fit["npar"]),
        "df": int(fit.fit["df"]),
        "chisq": float(fit.fit["chisq"]),
        "scaling": float(fit.fit.get("chisq_scaling_factor", 1.0)),
        "aic": float(fit.fit.get("aic", math.nan)),
        "bic": float(fit.fit.get("bic", math.nan)),
        "cfi": float(fit.fit[f"cfi{end}"]),
        "rmsea": float(fit.fit[f"rmsea{end}"]),
        "srmr": float(fit.fit["srmr"]),
        "against": "",
        **dict.fromkeys(_BESIDE, math.nan),
    }


def _beside(
    restricted: StructuralModel, mine: Mapping[str, Any], above: Mapping[str, Any], test: Difference
) -> dict[str, float]:
    """Give the changes of indices, and the test beside the model above."""
    found = {f"delta_{key}": mine[key] - above[key] for key in ("cfi", "rmsea", "srmr")}
    if test.method == "none":
        return found | {"df_diff": test.df}
    groups = len(_groups(restricted))
    excess = (test.chisq - test.df) * groups / (test.df * restricted.n)
    return found | {
        "chisq_diff": test.chisq,
        "df_diff": test.df,
        "pvalue": test.pvalue,
        "rmsea_diff": math.sqrt(max(excess, 0.0)) if math.isfinite(excess) else math.nan,
    }


def _weights(aic: pd.Series) -> FloatArray:
    """Give Akaike weights: the share of evidence of each model."""
    values = aic.to_numpy(dtype=np.float64)
    likely = np.exp(-(values - values.min()) / 2.0)
    return np.asarray(likely / likely.sum())
