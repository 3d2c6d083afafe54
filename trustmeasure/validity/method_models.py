"""Models with a factor of method beside the factors of substance: written, fitted, read."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from trustmeasure._checks import listed
from trustmeasure.confirmatory import StructuralModel, compare_models, sem
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.errors import ConvergenceWarning, OptionError, TrustMeasureWarning
from trustmeasure.results import Notes

_INDICES = ("cfi", "tli", "rmsea", "srmr", "aic", "bic")


@dataclass(frozen=True)
class Substance:
    """What a model says of its factors.

    Attributes
    ----------
    text : str
        The model.
    factors : tuple of str
        All latent variables.
    items : tuple of str
        What they are measured by.
    pairs : tuple of (str, str)
        Each loading, as factor and item.
    first_order : bool
        Whether the model holds nothing but factors and their items.
    """

    text: str
    factors: tuple[str, ...]
    items: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    first_order: bool


def read_substance(model: str) -> Substance:
    """Read the model that a factor of method is to be added to.

    Raises
    ------
    OptionError
        For syntax that cannot be read, models without latent variables, and blocks of groups
        or levels.
    """
    parsed = parse_model(model)
    factors = parsed.latent
    if parsed.groups or parsed.levels:
        raise OptionError(
            "The model has blocks ('group:' or 'level:'); a factor of method is added to a model "
            "of one group and one level. Fit each group by itself."
        )
    if not factors:
        raise OptionError("The model has no latent variables ('=~') to set a method beside.")
    pairs = [
        (row.lhs, row.rhs) for row in parsed.formulas if row.op == "=~" and row.rhs not in factors
    ]
    return Substance(
        text=model,
        factors=tuple(factors),
        items=tuple(dict.fromkeys(item for _, item in pairs)),
        pairs=tuple(pairs),
        first_order=not parsed.relations and len(pairs) == len(parsed.formulas),
    )


def check_name(name: str, taken: Sequence[str], argument: str = "name") -> None:
    """Refuse a name for a factor that cannot be one, or is another variable's."""
    if not isinstance(name, str) or not name.isidentifier():
        raise OptionError(f"{argument}={name!r} cannot be a factor's name in a model.")
    if name in taken:
        raise OptionError(
            f"{argument}='{name}' is the name of a variable of the model already. Choose another."
        )


def loading_lines(
    name: str, items: Sequence[str], *, equal: bool, start: Mapping[str, float] | None
) -> str:
    """Write a factor's loadings, each with its label, free or all alike, in any metric."""
    labels = [f"{name}_{k}" for k in range(1, len(items) + 1)]
    terms = []
    for label, item in zip(labels, items, strict=True):
        begin = f"start({start[item]:.6g})*" if start else ""
        terms.append(f"{begin}{label}*{item}")
    lines = [f"{name} =~ " + " + ".join(terms)]
    if equal:
        lines += [f"{labels[0]} == {label}" for label in labels[1:]]
    squares = " + ".join(f"{label}^2" for label in labels)
    lines.append(f"{name}_share := ({squares}) / {len(items)}")
    return "\n".join(lines)


def apart(name: str, factors: Sequence[str]) -> str:
    """Write that a factor does not covary with others."""
    return f"{name} ~~ " + " + ".join(f"0*{factor}" for factor in factors)


def starting_values(fit: StructuralModel, items: Sequence[str]) -> dict[str, float]:
    """Give loadings to start from, a third of each item's standard deviation."""
    (moments,) = fit.implied().values()
    spread = np.sqrt(np.diag(moments["cov"]))
    found = dict(zip(moments["cov"].index, spread, strict=True))
    return {item: float(found[item]) / 3 for item in items}


@dataclass(frozen=True)
class Attempt:
    """A fitted model, and what was warned of in fitting it."""

    fit: StructuralModel
    doubts: tuple[str, ...]


def fit_quietly(syntax: str, data: Any, options: Mapping[str, Any]) -> Attempt:
    """Fit with latent variances of 1, and keep the warnings for later."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ConvergenceWarning)
        fit = sem(syntax, data, std_lv=True, **options)
    return Attempt(fit, tuple(str(warning.message) for warning in caught))


def fit_best(texts: Sequence[str], data: Any, options: Mapping[str, Any]) -> Attempt:
    """Fit from one start after another until a solution is proper; else keep the smallest χ²."""
    found = []
    for text in texts:
        found.append(fit_quietly(text, data, options))
        if found[-1].fit.converged and found[-1].fit.admissible:
            return found[-1]
    return min(found, key=lambda one: (not one.fit.converged, float(one.fit.fit["chisq"])))


def fits_of(attempts: Mapping[str, Attempt]) -> dict[str, StructuralModel]:
    """Give the fitted models by their names."""
    return {name: one.fit for name, one in attempts.items()}


def warn_of(name: str, attempt: Attempt, notes: Notes) -> None:
    """Warn of a solution that did not converge, or could not be."""
    for said in attempt.doubts:
        notes.warn(f"{name}: {said}", ConvergenceWarning, stacklevel=4)


def models_table(fits: Mapping[str, StructuralModel]) -> pd.DataFrame:
    """Set the fit of models beside each other; χ² scaled where the estimator scales it."""
    rows = []
    for fit in fits.values():
        end = "_scaled" if "chisq_scaled" in fit.fit else ""
        row: dict[str, Any] = {
            "npar": int(fit.fit["npar"]),
            "chisq": float(fit.fit[f"chisq{end}"]),
            "df": int(fit.fit["df"]),
            "pvalue": float(fit.fit[f"pvalue{end}"]),
        }
        for index in _INDICES:
            row[index] = float(fit.fit.get(f"{index}_robust", fit.fit.get(index, np.nan)))
        rows.append(row | {"converged": fit.converged, "admissible": fit.admissible})
    return pd.DataFrame(rows, index=pd.Index(fits, name="model"))


def differences_table(
    fits: Mapping[str, StructuralModel], pairs: Sequence[tuple[str, str]], notes: Notes
) -> pd.DataFrame:
    """Test restricted models against general ones: χ² of the difference, change of CFI."""
    rows: list[dict[str, float]] = []
    refused: dict[str, None] = {}
    for less, more in pairs:
        one, other = fits[less], fits[more]
        row = {"chisq": np.nan, "df": float(one.fit["df"] - other.fit["df"]), "pvalue": np.nan}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TrustMeasureWarning)
                found = compare_models({more: other, less: one}).table.loc[less].to_dict()
        except OptionError as error:
            refused[str(error)] = None
        else:
            if found["against"]:
                row |= {"chisq": float(found["chisq_diff"]), "pvalue": float(found["pvalue"])}
        for index in ("cfi", "rmsea"):
            end = f"{index}_robust" if f"{index}_robust" in one.fit else index
            row[f"delta_{index}"] = float(one.fit[end] - other.fit[end])
        rows.append(row)
    for said in refused:
        notes.record(f"χ² differences could not be tested. {said}")
    both = pd.MultiIndex.from_tuples(list(pairs), names=["restricted", "general"])
    return pd.DataFrame(rows, index=both)


def rows_of(fit: StructuralModel, op: str) -> pd.DataFrame:
    """Give the rows of one operator, by their two sides."""
    rows = fit.estimates[fit.estimates["op"] == op]
    return rows.set_index(["lhs", "rhs"])


def std_loadings(fit: StructuralModel, pairs: Sequence[tuple[str, str]]) -> pd.Series:
    """Give standardised loadings, by factor and item."""
    index = pd.MultiIndex.from_tuples(pairs, names=["factor", "item"])
    return rows_of(fit, "=~")["std"].reindex(index).astype(float)


def std_errors(fit: StructuralModel, items: Sequence[str]) -> pd.Series:
    """Give standardised residual variances of items."""
    variances = rows_of(fit, "~~")["std"]
    return pd.Series({item: float(variances[item, item]) for item in items})


def reliabilities(
    loadings: pd.Series, method: pd.Series | None, errors: pd.Series, factors: Sequence[str]
) -> pd.DataFrame:
    """Take apart the reliability of each factor's items, standardised, into two shares.

    (Σλ)² of the factor, and of the method, each over their sum with the residual variances.
    """
    rows = {}
    for factor in factors:
        own = loadings.xs(factor, level="factor") if factor in loadings.index else pd.Series()
        if len(own) < 2:
            continue
        other = 0.0 if method is None else float(method.reindex(own.index).fillna(0).sum()) ** 2
        mine, error = float(own.sum()) ** 2, float(errors[own.index].sum())
        rows[factor] = {"trait": mine, "method": other, "all": mine + other + error}
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("factor")
    return frame[["trait", "method"]].div(frame["all"], axis=0)


def turned(loadings: pd.Series, beside: pd.Series) -> dict[str, float]:
    """Give the sign that turns each factor the way it lies in another solution."""
    agreement = (loadings * beside).groupby(level="factor", sort=False).sum()
    return {str(factor): -1.0 if value < 0 else 1.0 for factor, value in agreement.items()}


def relations(
    fit: StructuralModel, factors: Sequence[str], signs: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Give standardised relations of latent variables, with limits: "a ~~ b" and "y ~ x"."""
    signs = signs or {}
    rows = {}
    for _, row in fit.estimates.iterrows():
        left, op, right = row["lhs"], row["op"], row["rhs"]
        latent = {left, right} & set(factors)
        wanted = (op == "~~" and left != right and len(latent) == 2) or (op == "~" and latent)
        if not wanted:
            continue
        sign = signs.get(left, 1.0) * signs.get(right, 1.0)
        half = float(row["se_std"])
        rows[f"{left} {op} {right}"] = {"est": sign * float(row["std"]), "se": half}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["est", "se"])


def refuse_taken(items: Sequence[str], known: Sequence[str], argument: str) -> None:
    """Refuse items that the model does not hold."""
    unknown = [item for item in items if item not in known]
    if unknown:
        raise OptionError(
            f"{argument}= names {listed(unknown)}, which no factor of the model is measured by. "
            f"Its items: {listed(known, limit=20)}."
        )


def critical(conf_level: float) -> float:
    """Give how many standard errors an interval reaches to each side."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + conf_level / 2))


def two_sided(z: pd.Series) -> pd.Series:
    """Give the probability of z values as large, or larger, in size."""
    from scipy.special import ndtr

    return pd.Series(2.0 * ndtr(-np.abs(z.to_numpy(dtype=np.float64))), index=z.index)


def method_loadings(
    fit: StructuralModel, name: str, items: Sequence[str], errors: pd.Series, conf_level: float
) -> pd.DataFrame:
    """Share out each item's variance, with its loading on the factor of method, if it has one."""
    rows = rows_of(fit, "=~").loc[name].reindex(list(items))
    sign = -1.0 if rows["std"].sum() < 0 else 1.0
    loading = sign * rows["std"]
    method = loading.fillna(0.0) ** 2
    half = critical(conf_level) * rows["se_std"]
    own = errors[list(items)]
    return pd.DataFrame(
        {
            "trait": 1.0 - method - own,
            "method": method,
            "error": own,
            "loading": loading,
            "se": rows["se_std"],
            "pvalue": two_sided(rows["std"] / rows["se_std"]),
            "ci_low": loading - half,
            "ci_high": loading + half,
        }
    ).rename_axis("item")
