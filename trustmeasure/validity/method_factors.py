"""The unmeasured latent method factor: what items share beside what they measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from trustmeasure._checks import check_level, check_option
from trustmeasure.confirmatory import StructuralModel
from trustmeasure.errors import OptionError
from trustmeasure.results import Notes, Result, to_plain
from trustmeasure.validity import method_models as models

FORMS = ("free", "equal")
ALONE = "traits"
CAUTION = (
    "The method factor takes whatever the items share beyond their traits, substance included, "
    "and its source remains unknown. Simulations find that it neither detects nor corrects "
    "method variance accurately (Richardson et al., 2009): read it as a check of how far "
    "conclusions depend on such variance, not as a correction."
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MethodFactorResult(Result):
    """What `method_factor` returns. All loadings and relations are standardised.

    Attributes
    ----------
    trait_share, method_share, error_share : float
        Of the items' variance, on average.
    ci_low, ci_high : float
        Limits of ``method_share``, by the delta method.
    models : DataFrame, index model
        Fit of "method" (one factor for all items), "traits" (the model as given), "equal" and
        "free" (with the method factor).
    differences : DataFrame, index restricted and general model
        chisq, df and pvalue of the difference; changes of CFI and RMSEA.
    items : DataFrame, index item
        Shares ``trait``, ``method`` and ``error``; the loading on the method factor with se,
        pvalue and limits.
    loadings : DataFrame, index factor and item
        ``without`` and ``with`` the method factor, and their difference ``change``.
    relations : DataFrame, index the two factors
        Correlations (and slopes) of factors, each with limits, without and with.
    reliability : DataFrame, index factor
        Of the sum of the factor's items: ``without`` the method factor, and with it the shares
        of ``trait`` and ``method``.
    fits : mapping
        The fitted models.
    """

    title: ClassVar[str] = "Unmeasured latent method factor"

    trait_share: float
    method_share: float
    error_share: float
    ci_low: float
    ci_high: float
    models: pd.DataFrame
    differences: pd.DataFrame
    items: pd.DataFrame
    loadings: pd.DataFrame
    relations: pd.DataFrame
    reliability: pd.DataFrame
    fits: Mapping[str, StructuralModel] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the items."""
        return self.items.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the fitted models as plain Python objects."""
        kept = {name: value for name, value in vars(self).items() if name != "fits"}
        return {name: to_plain(value) for name, value in kept.items()}


def method_factor(
    model: str,
    data: Any,
    *,
    loadings: str = "free",
    items: Sequence[str] | None = None,
    name: str = "method",
    estimator: str = "ML",
    missing: str = "listwise",
    ordered: bool | Sequence[str] | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> MethodFactorResult:
    r"""Add a factor to a model on which all items load beside their own.

    .. math:: y = \Lambda\eta + \lambda_M \mu + \varepsilon, \qquad
        \operatorname{cov}(\eta, \mu) = 0, \quad \operatorname{var}(\mu) = 1

    and set what items, factors and their correlations are with it beside what they are
    without. With equal loadings the method moves all answers alike; with free ones, each by
    its own amount.

    Parameters
    ----------
    model : str
        The model without a method factor, in lavaan's syntax; regressions may be part of it.
    data : DataFrame, 2-D array, or Scores
        Persons in rows; NaN is missing.
    loadings : {"free", "equal"}
        Which form items, loadings, relations and shares are taken from; both are fitted where
        both can be identified. Equal are the loadings as they are, not the standardised ones.
        Keyed items then make the method move all answers with their constructs; items as they
        were answered, towards agreement, as acquiescence does.
    items : sequence of str, optional
        The items that share the method, as those of reversed wording; all of them without it.
    name : str
        What the method factor is called.
    estimator, missing, ordered, cluster
        As in `cfa`.
    conf_level : float

    Returns
    -------
    MethodFactorResult

    Raises
    ------
    OptionError
        For a single factor all of whose items load freely on the method as well, which no data
        can tell apart; models of groups or levels; a name or items that cannot be.
    DataError
        As in `cfa`.

    Warns
    -----
    ConvergenceWarning
        When a model did not converge, is not identified, or has a solution that cannot be
        (common with this model: a negative variance, a factor left without loadings).

    Notes
    -----
    Equals ``lavaan::cfa(paste(model, "method =~ x1 + x2 + ...; method ~~ 0*f1 + 0*f2"), data,
    std.lv = TRUE)``. Where a solution is not proper, another start is tried and the better
    kept. Differences are those of `compare_models`. They are approximate: without method
    variance, free loadings are not identified and an equal one lies at the edge of what it can
    be, where a difference has no exact χ² distribution.

    What is known against it. Equal loadings are told from traits that correlate only by the
    traits' own loadings being unequal: where these are alike too, the model is not identified
    and does not converge. The factor has no content of its own; it absorbs substance that
    the traits share, or a trait altogether (Conway & Lance, 2010). In simulations it misses
    method variance that is there, and finds some that is not (Richardson et al., 2009; Chin
    et al., 2012). It presumes that method adds to traits and does not interact with them.
    Where a marker was measured, `marker_factor` says more; best is another source or time of
    measurement (Podsakoff et al., 2003).

    References
    ----------
    Chin, W. W., Thatcher, J. B., & Wright, R. T. (2012). Assessing common method bias: Problems
    with the ULMC technique. *MIS Quarterly, 36*, 1003–1019. https://doi.org/10.2307/41703491

    Conway, J. M., & Lance, C. E. (2010). What reviewers should expect from authors regarding
    common method bias in organizational research. *Journal of Business and Psychology, 25*,
    325–334. https://doi.org/10.1007/s10869-010-9181-6

    Podsakoff, P. M., MacKenzie, S. B., Lee, J.-Y., & Podsakoff, N. P. (2003). Common method
    biases in behavioral research: A critical review of the literature and recommended remedies.
    *Journal of Applied Psychology, 88*, 879–903. https://doi.org/10.1037/0021-9010.88.5.879

    Richardson, H. A., Simmering, M. J., & Sturman, M. C. (2009). A tale of three perspectives:
    Examining post hoc statistical techniques for detection and correction of common method
    variance. *Organizational Research Methods, 12*, 762–800.
    https://doi.org/10.1177/1094428109332834

    Williams, L. J., Cote, J. A., & Buckley, M. R. (1989). Lack of method variance in
    self-reported affect and perceptions at work: Reality or artifact? *Journal of Applied
    Psychology, 74*, 462–468. https://doi.org/10.1037/0021-9010.74.3.462

    Examples
    --------
    >>> import numpy as np
    >>> import trustmeasure as tm
    >>> rng = np.random.default_rng(1)
    >>> traits = np.repeat(rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=800), 4, 1)
    >>> traits = traits * [1.2, 1, 0.8, 0.3, 1.3, 1, 0.7, 0.4]
    >>> answers = traits + 0.6 * rng.normal(size=(800, 1)) + rng.normal(size=(800, 8))
    >>> model = "trust =~ item1 + item2 + item3 + item4\nsafety =~ item5 + item6 + item7 + item8"
    >>> found = tm.method_factor(model, answers, loadings="equal")
    >>> found.relations[["without", "with"]].round(2)
                     without  with
    trust ~~ safety     0.54  0.26
    >>> round(found.method_share, 2)
    0.21
    """
    check_option("loadings", loadings, FORMS)
    check_level("conf_level", conf_level)
    substance = models.read_substance(model)
    chosen = substance.items if items is None else tuple(dict.fromkeys(items))
    models.refuse_taken(chosen, substance.items, "items")
    models.check_name(name, (*substance.factors, *substance.items))
    forms = _forms(substance, chosen, loadings)
    options = {
        "estimator": estimator, "missing": missing, "ordered": ordered, "cluster": cluster,
        "conf_level": conf_level,
    }  # fmt: skip
    notes = Notes()
    notes.record(CAUTION)
    attempts = _fits(substance, chosen, name, forms, data, options)
    models.warn_of(f"Model '{ALONE}'", attempts[ALONE], notes)
    models.warn_of(f"Model '{loadings}', with the method factor", attempts[loadings], notes)
    fits = models.fits_of(attempts)
    whole, alone = fits[loadings], fits[ALONE]
    pairs = [(less, more) for less, more in _PAIRS if less in fits and more in fits]
    parts = _parts(substance, alone, whole, name, conf_level)
    for said in _absorbed(parts["reliability"]):
        notes.record(said)
    (share,) = whole.estimates[whole.estimates["lhs"] == f"{name}_share"].to_dict("records")
    half = models.critical(conf_level) * float(share["se_std"]) * len(chosen) / len(substance.items)
    shares = parts["items"][["trait", "method", "error"]].mean()
    return MethodFactorResult(
        n=whole.n,
        n_dropped=whole.n_dropped,
        trait_share=float(shares["trait"]),
        method_share=float(shares["method"]),
        error_share=float(shares["error"]),
        ci_low=max(float(shares["method"]) - half, 0.0),
        ci_high=float(shares["method"]) + half,
        models=models.models_table(fits),
        differences=models.differences_table(fits, pairs, notes),
        **parts,
        fits=fits,
        settings={
            "model": model, "loadings": loadings, "items": list(chosen), "name": name,
            "estimator": whole.settings["estimator"], "missing": missing,
            "ordered": ordered if ordered is None or isinstance(ordered, bool) else list(ordered),
            "cluster": cluster, "conf_level": conf_level,
        },
        warnings=notes.messages(),
    )  # fmt: skip


_PAIRS = (("traits", "equal"), ("traits", "free"), ("equal", "free"), ("method", "free"))


def _forms(substance: models.Substance, chosen: Sequence[str], wanted: str) -> tuple[str, ...]:
    """Give the forms that can be identified, and refuse the one asked for if it cannot."""
    if len(chosen) < 3:
        raise OptionError(
            f"{len(chosen)} item(s) would load on the method factor; at least 3 are needed."
        )
    rotates = len(substance.factors) == 1 and set(chosen) == set(substance.items)
    if rotates and wanted == "free":
        raise OptionError(
            "The model has one factor, and all of its items would load freely on the method "
            "factor too: no data can tell the two apart. Use loadings='equal', items=[...] for "
            "some of them, or a model with more factors."
        )
    return ("equal",) if rotates else ("equal", "free")


def _fits(
    substance: models.Substance,
    chosen: Sequence[str],
    name: str,
    forms: Sequence[str],
    data: Any,
    options: Mapping[str, Any],
) -> dict[str, models.Attempt]:
    found: dict[str, models.Attempt] = {}
    if substance.first_order and set(chosen) == set(substance.items):
        text = models.loading_lines(name, chosen, equal=False, start=None)
        found["method"] = models.fit_quietly(text, data, options)
    found[ALONE] = models.fit_quietly(substance.text, data, options)
    begin = models.starting_values(found[ALONE].fit, chosen)
    outside = models.apart(name, substance.factors)
    for form in forms:
        texts = [
            "\n".join(
                [
                    substance.text,
                    models.loading_lines(name, chosen, equal=form == "equal", start=start),
                    outside,
                ]
            )
            for start in (None, begin)
        ]
        found[form] = models.fit_best(texts, data, options)
    return found


def _parts(
    substance: models.Substance,
    alone: StructuralModel,
    whole: StructuralModel,
    name: str,
    conf_level: float,
) -> dict[str, pd.DataFrame]:
    before = models.std_loadings(alone, substance.pairs)
    after = models.std_loadings(whole, substance.pairs)
    signs = models.turned(after, before)
    after = after * after.index.get_level_values("factor").map(signs).to_numpy()
    errors = models.std_errors(whole, substance.items)
    items = models.method_loadings(whole, name, substance.items, errors, conf_level)
    own = pd.DataFrame({"without": before, "with": after, "change": after - before})
    reliability = models.reliabilities(after, items["loading"], errors, substance.factors)
    total = models.reliabilities(
        before, None, models.std_errors(alone, substance.items), substance.factors
    )
    reliability.insert(0, "without", total["trait"])
    return {
        "items": items,
        "loadings": own,
        "relations": _relations(substance, alone, whole, signs, conf_level),
        "reliability": reliability,
    }


def _relations(
    substance: models.Substance,
    alone: StructuralModel,
    whole: StructuralModel,
    signs: Mapping[str, float],
    conf_level: float,
) -> pd.DataFrame:
    critical = models.critical(conf_level)
    sides = {
        "without": models.relations(alone, substance.factors),
        "with": models.relations(whole, substance.factors, signs),
    }
    found = pd.DataFrame(index=sides["without"].index)
    for side, values in sides.items():
        values = values.reindex(found.index)
        found[side] = values["est"]
        found[f"{side}_low"] = values["est"] - critical * values["se"]
        found[f"{side}_high"] = values["est"] + critical * values["se"]
    found["change"] = found["with"] - found["without"]
    return found


def _absorbed(reliability: pd.DataFrame) -> list[str]:
    """Name factors that the method factor took the place of."""
    lost = reliability.index[reliability["trait"] < reliability["without"] / 2]
    return [
        f"The sum of the items of '{factor}' owes {reliability.loc[factor, 'without']:.2f} of its "
        f"variance to the trait without the method factor, {reliability.loc[factor, 'trait']:.2f} "
        "with it: the method factor has taken the trait's place, and what the model says of its "
        "relations means little."
        for factor in lost
    ]
