"""The confirmatory marker technique: how far a measured marker moves what is concluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure._checks import check_level, check_option
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.results import Notes, Result, to_plain
from trustmeasure.validity import method_models as models

CFA, BASELINE, EQUAL, FREE = "CFA", "Baseline", "Method-C", "Method-U"
RESTRICTED = "Method-R"
FORMS = {"equal": EQUAL, "free": FREE}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MarkerFactorResult(Result):
    """What `marker_factor` returns. All loadings and correlations are standardised.

    Attributes
    ----------
    form : str
        "Method-C" (equal loadings on the marker) or "Method-U" (free): the model that items,
        reliability and correlations are from.
    method_share : float
        Of the substantive items' variance, on average, with its limits ``ci_low``, ``ci_high``.
    models : DataFrame, index model
        Fit of "CFA", "Baseline", "Method-C", "Method-U", "Method-R" and the models of the
        sensitivity analysis, as "Method-S(.05)".
    differences : DataFrame, index restricted and general model
        chisq, df, pvalue: is there method variance (Baseline against Method-C), is it unequal
        (Method-C against Method-U), does it bias correlations (Method-R against the form).
    items : DataFrame, index item
        Shares ``trait``, ``method``, ``error``; loading on the marker with its limits.
    correlations : DataFrame, index the two factors
        In "CFA", in "Baseline", with the method taken out (``method`` and its limits), and in
        each model of the sensitivity analysis.
    reliability : DataFrame, index factor
        Of the sum of the factor's items: ``total`` (Baseline), and of it what is the ``trait``'s
        and what the ``method``'s (in the form).
    fits : mapping
        The fitted models.
    """

    title: ClassVar[str] = "Confirmatory marker technique"

    form: str
    method_share: float
    ci_low: float
    ci_high: float
    models: pd.DataFrame
    differences: pd.DataFrame
    items: pd.DataFrame
    correlations: pd.DataFrame
    reliability: pd.DataFrame
    fits: Mapping[str, StructuralModel] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the correlations."""
        return self.correlations.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the fitted models as plain Python objects."""
        kept = {name: value for name, value in vars(self).items() if name != "fits"}
        return {name: to_plain(value) for name, value in kept.items()}


def marker_factor(
    model: str,
    data: Any,
    *,
    marker: Sequence[str],
    form: str | None = None,
    name: str = "marker",
    levels: Sequence[float] = (0.95, 0.99),
    estimator: str = "ML",
    missing: str = "listwise",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> MarkerFactorResult:
    r"""Let all items load on a measured marker, and see what becomes of their factors.

    The marker is a construct measured the same way that has no reason to relate to the
    others. Five models say what it does to them (Williams et al., 2010):

    1. "CFA": the substantive factors and the marker, all correlated.
    2. "Baseline": the marker uncorrelated with the others, its items' loadings and residual
       variances held at their values in the CFA.
    3. "Method-C": all substantive items load on the marker too, alike.
    4. "Method-U": they do so each by its own amount.
    5. "Method-R": as the one of these two that is kept, with the correlations of the
       substantive factors held at their values in the Baseline.

    Then the reliability of each factor's items is taken apart, and the method loadings are
    held at the limits of their intervals to see how far correlations depend on their being
    exact ("Method-S").

    Parameters
    ----------
    model : str
        The substantive factors and their items (``=~`` only), in lavaan's syntax.
    data : DataFrame, 2-D array, or Scores
        Persons in rows; NaN is missing.
    marker : sequence of str
        The marker's items, at least two, chosen before the data were seen.
    form : {"equal", "free"}, optional
        Keep Method-C or Method-U; without it, Method-U if it fits significantly better.
    name : str
        What the marker's factor is called.
    levels : sequence of float
        Confidence levels at whose limits (those further from zero) method loadings are held.
    estimator, missing, cluster
        As in `cfa`, without ordered items.
    conf_level : float
        Of intervals; what counts as significant is a probability below its complement.

    Returns
    -------
    MarkerFactorResult

    Raises
    ------
    OptionError
        For fewer than two marker items, marker items that the model holds, and a model with
        more than factors and items.
    DataError
        As in `cfa`.

    Warns
    -----
    ConvergenceWarning
        When a model did not converge, or has a solution that cannot be.

    Notes
    -----
    Each model equals ``lavaan::cfa(..., std.lv = TRUE)`` of its syntax, which ``fits`` holds;
    differences are those of `compare_models`. `marker_variable` does with correlations of
    scores what this does with a model; `method_factor` needs no marker, and so says less.
    A marker catches only the method that it shares with the others; one that was chosen merely
    for being unrelated may catch none.

    References
    ----------
    Williams, L. J., Hartman, N., & Cavazotte, F. (2010). Method variance and marker variables:
    A review and comprehensive CFA marker technique. *Organizational Research Methods, 13*,
    477–514. https://doi.org/10.1177/1094428110366036

    Williams, L. J., & McGonagle, A. K. (2016). Four research designs and a comprehensive
    analysis strategy for investigating common method variance with self-report measures using
    latent variables. *Journal of Business and Psychology, 31*, 339–359.
    https://doi.org/10.1007/s10869-015-9422-9

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=600), 3, 1)
    >>> method = rng.normal(size=(600, 1))
    >>> answers = np.hstack([traits + 0.5 * method, np.repeat(method, 3, axis=1)])
    >>> answers += rng.normal(size=(600, 9))
    >>> model = "trust =~ item1 + item2 + item3\nsafety =~ item4 + item5 + item6"
    >>> found = tm.marker_factor(model, answers, marker=["item7", "item8", "item9"])
    >>> found.correlations[["CFA", "method"]].round(2)
                      CFA  method
    trust ~~ safety  0.39    0.22
    >>> found.form, round(found.method_share, 2)
    ('Method-C', 0.12)
    """
    if form is not None:
        check_option("form", form, tuple(FORMS))
    check_level("conf_level", conf_level)
    for level in levels:
        check_level("levels", level)
    substance = models.read_substance(model)
    own = _marker_items(substance, marker)
    models.check_name(name, (*substance.factors, *substance.items, *own))
    options = {
        "estimator": estimator, "missing": missing, "cluster": cluster, "conf_level": conf_level,
    }  # fmt: skip
    notes = Notes()
    if len(own) == 2:
        notes.record(
            "With two items, the marker's loadings are known only through its correlations with "
            "the other factors, which the technique takes to be 0 from there on. Three are better."
        )
    attempts = _main_fits(substance, own, name, data, options)
    fits = models.fits_of(attempts)
    tests = models.differences_table(fits, [(BASELINE, EQUAL), (EQUAL, FREE)], notes)
    kept = FORMS[form] if form else _kept(tests, conf_level)
    attempts |= _further_fits(substance, own, name, kept, fits, levels, data, options)
    fits = models.fits_of(attempts)
    last = models.differences_table(fits, [(RESTRICTED, kept)], notes)
    for label, attempt in attempts.items():
        models.warn_of(f"Model '{label}'", attempt, notes)
    if not _pvalue(tests, BASELINE, EQUAL) < 1 - conf_level:
        notes.record(
            "Items do not load significantly on the marker (Baseline against Method-C): this "
            "marker finds no method variance, which may also mean that it misses it."
        )
    whole = fits[kept]
    items = models.method_loadings(
        whole, name, substance.items, models.std_errors(whole, substance.items), conf_level
    )
    (share,) = whole.estimates[whole.estimates["lhs"] == f"{name}_share"].to_dict("records")
    half = models.critical(conf_level) * float(share["se_std"])
    return MarkerFactorResult(
        n=whole.n,
        n_dropped=whole.n_dropped,
        form=kept,
        method_share=float(share["std"]),
        ci_low=max(float(share["std"]) - half, 0.0),
        ci_high=float(share["std"]) + half,
        models=models.models_table(fits),
        differences=pd.concat([tests, last]),
        items=items,
        correlations=_correlations(substance, fits, kept, conf_level),
        reliability=_reliability(substance, own, name, fits, kept, items),
        fits=fits,
        settings={
            "model": model, "marker": list(own), "form": form, "name": name,
            "levels": [float(level) for level in levels],
            "estimator": whole.settings["estimator"], "missing": missing, "cluster": cluster,
            "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )  # fmt: skip


def _marker_items(substance: models.Substance, marker: Sequence[str]) -> tuple[str, ...]:
    own = (marker,) if isinstance(marker, str) else tuple(dict.fromkeys(marker))
    if len(own) < 2:
        raise OptionError(
            f"marker= names {len(own)} item(s); a factor needs at least 2. With the marker's "
            "score alone, use marker_variable."
        )
    shared = [item for item in own if item in (*substance.items, *substance.factors)]
    if shared:
        raise OptionError(
            f"marker= names '{shared[0]}', which the model holds already. The marker's items "
            "belong to no factor of the model."
        )
    if not substance.first_order:
        raise OptionError(
            "The marker technique takes a model of factors and their items ('=~' only); fit "
            "relations among factors afterwards."
        )
    return own


def _main_fits(
    substance: models.Substance,
    own: Sequence[str],
    name: str,
    data: Any,
    options: Mapping[str, Any],
) -> dict[str, models.Attempt]:
    together = f"{substance.text}\n{name} =~ " + " + ".join(own)
    found = {CFA: models.fit_quietly(together, data, options)}
    base = _baseline(substance, own, name, found[CFA].fit)
    found[BASELINE] = models.fit_quietly(base, data, options)
    begin = models.starting_values(found[BASELINE].fit, substance.items)
    for label, equal in ((EQUAL, True), (FREE, False)):
        texts = [
            f"{base}\n" + models.loading_lines(name, substance.items, equal=equal, start=start)
            for start in (None, begin)
        ]
        found[label] = models.fit_best(texts, data, options)
    return found


def _baseline(
    substance: models.Substance, own: Sequence[str], name: str, cfa: StructuralModel
) -> str:
    """Write the model with the marker held where the CFA puts it, apart from the others."""
    loadings, variances = models.rows_of(cfa, "=~")["est"], models.rows_of(cfa, "~~")["est"]
    return "\n".join(
        [
            substance.text,
            f"{name} =~ " + " + ".join(f"{_fixed(loadings[name, item])}*{item}" for item in own),
            *(f"{item} ~~ {_fixed(variances[item, item])}*{item}" for item in own),
            models.apart(name, substance.factors),
        ]
    )


def _further_fits(
    substance: models.Substance,
    own: Sequence[str],
    name: str,
    kept: str,
    fits: Mapping[str, StructuralModel],
    levels: Sequence[float],
    data: Any,
    options: Mapping[str, Any],
) -> dict[str, models.Attempt]:
    """Fit Method-R, and for each level the model with method loadings held at their limits."""
    between = models.rows_of(fits[BASELINE], "~~")["est"]
    lines = [
        f"{one} ~~ {_fixed(_either(between, one, other))}*{other}"
        for one, other in combinations(substance.factors, 2)
    ]
    held = "\n".join([fits[kept].model, *lines])
    found = {RESTRICTED: models.fit_quietly(held, data, options)}
    rows = models.rows_of(fits[kept], "=~").loc[name]
    base = _baseline(substance, own, name, fits[CFA])
    for level in levels:
        reach = models.critical(level)
        terms = []
        for item in substance.items:
            value, error = float(rows["est"][item]), float(rows["se"][item])
            terms.append(f"{_fixed(value + np.sign(value) * reach * error)}*{item}")
        text = f"{base}\n{name} =~ " + " + ".join(terms)
        found[sensitivity_name(level)] = models.fit_quietly(text, data, options)
    return found


def sensitivity_name(level: float) -> str:
    """Name the model whose method loadings are at the limits of a level, as Method-S(.05)."""
    return f"Method-S({f'{1 - level:.3g}'.removeprefix('0')})"


def _fixed(value: float) -> str:
    # What is held must not differ from what was estimated; exponents have no place in syntax.
    return f"{value:.15f}"


def _either(values: pd.Series, one: str, other: str) -> float:
    pair = (one, other) if (one, other) in values.index else (other, one)
    return float(values[pair])


def _kept(tests: pd.DataFrame, conf_level: float) -> str:
    return FREE if _pvalue(tests, EQUAL, FREE) < 1 - conf_level else EQUAL


def _pvalue(tests: pd.DataFrame, restricted: str, general: str) -> float:
    values = tests["pvalue"].to_dict()
    return float(values[restricted, general])


def _correlations(
    substance: models.Substance,
    fits: Mapping[str, StructuralModel],
    kept: str,
    conf_level: float,
) -> pd.DataFrame:
    reach = models.critical(conf_level)
    before = models.std_loadings(fits[CFA], substance.pairs)
    found = pd.DataFrame(index=models.relations(fits[BASELINE], substance.factors).index)
    for label, fit in fits.items():
        if label in (EQUAL, FREE, RESTRICTED) and label != kept:
            continue
        signs = models.turned(models.std_loadings(fit, substance.pairs), before)
        values = models.relations(fit, substance.factors, signs).reindex(found.index)
        column = "method" if label == kept else label
        found[column] = values["est"]
        if label == kept:
            found["method_low"] = values["est"] - reach * values["se"]
            found["method_high"] = values["est"] + reach * values["se"]
    return found


def _reliability(
    substance: models.Substance,
    own: Sequence[str],
    name: str,
    fits: Mapping[str, StructuralModel],
    kept: str,
    items: pd.DataFrame,
) -> pd.DataFrame:
    pairs = [*substance.pairs, *((name, item) for item in own)]
    every, factors = [*substance.items, *own], [*substance.factors, name]
    total = models.reliabilities(
        models.std_loadings(fits[BASELINE], pairs), None,
        models.std_errors(fits[BASELINE], every), factors,
    )  # fmt: skip
    parts = models.reliabilities(
        models.std_loadings(fits[kept], pairs), items["loading"],
        models.std_errors(fits[kept], every), factors,
    )  # fmt: skip
    parts.insert(0, "total", total["trait"])
    return parts
