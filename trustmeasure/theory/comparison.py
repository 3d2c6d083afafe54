"""The theory of change beside its rivals, on the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure.confirmatory import compare_models
from trustmeasure.errors import OptionError
from trustmeasure.results import Result, to_plain
from trustmeasure.theory.constructs import GENERAL
from trustmeasure.theory.fitting import TheoryFit, fit_variant
from trustmeasure.theory.models import TheoryOfChange, theory_of_change
from trustmeasure.theory.variants import CLAIMS, THEORY

_INDICES = ("cfi", "rmsea", "srmr", "aic", "bic")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TheoryComparison(Result):
    """The theory and its rivals, fitted to the same people and variables.

    Attributes
    ----------
    table : DataFrame, index model
        claim, converged, admissible, npar, chisq, df, pvalue (scaled where the estimator
        scales), cfi, rmsea, srmr, aic, bic, differences of AIC and BIC from the smallest, and
        Akaike weights.
    differences : DataFrame, index rival
        χ² difference of the theory and each rival, by `compare_models`: which is the
        ``restricted`` one, chisq, df, pvalue, and whether they are ``nested``. "edge": the
        p-value is too large, as a correlation of 1 between two kinds of trust lies at the edge
        of what can be. "no": there is no test; look at AIC and BIC. One general trust is nested
        in the latent form only.
    fits : dict
        Name → `TheoryFit`.
    """

    title: ClassVar[str] = "Theory of change and its rivals"

    table: pd.DataFrame
    differences: pd.DataFrame
    fits: Mapping[str, TheoryFit] = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of models, without their claims."""
        return self.table.drop(columns="claim")

    def to_dict(self) -> dict[str, Any]:
        """Give the tables as plain Python objects."""
        names = ("n", "n_dropped", "settings", "warnings", "table", "differences")
        return {name: to_plain(getattr(self, name)) for name in names}


def compare_theories(
    data: Any,
    theory: TheoryOfChange | None = None,
    *,
    form: str = "latent",
    rivals: str | Sequence[str] = ("general", "safety", "direct"),
    theory_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> TheoryComparison:
    """Fit the theory of change and its rivals to the same data, and compare them.

    A theory that fits is not shown to be true: rivals may fit as well. Lower AIC and BIC
    speak for a model; differences of less than 2 say little, of more than 10 much.

    Parameters
    ----------
    data : DataFrame, Scores, or list of Scores
        As in `fit_theory`.
    theory : TheoryOfChange, optional
        With its rivals; otherwise ``form``, ``rivals`` and ``theory_options`` make one.
    form : {"latent", "composite"}
    rivals : str or sequence of str
    theory_options : mapping, optional
        Further arguments of `theory_of_change`, as ``{"strategies": "well"}``.
    **options
        Passed to each fit: ``estimator``, ``missing``, ``cluster``, ``reliability``,
        ``intervals``, ``n_boot``, ``rng``, ``thresholds``; see `fit_theory`.

    Returns
    -------
    TheoryComparison

    Raises
    ------
    OptionError
        For a theory without rivals.
    DataError
        As in `fit_theory`.

    Notes
    -----
    Where psychological safety is a rival's, its variables are part of every model, so that
    indices and information criteria are comparable. The difference of scaled statistics is
    Satorra and Bentler's (2001), as ``lavaan::lavTestLRT(a, b)``.

    References
    ----------
    Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for
    moment structure analysis. *Psychometrika, 66*, 507–514. https://doi.org/10.1007/BF02296192

    Burnham, K. P., & Anderson, D. R. (2004). Multimodel inference: Understanding AIC and BIC
    in model selection. *Sociological Methods & Research, 33*, 261–304.
    https://doi.org/10.1177/0049124104268644

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> theory = tm.theory_of_change("composite", rivals=["direct"], outcomes=["adoption"])
    >>> names = theory.constructs["variable"]
    >>> rng = np.random.default_rng(1)
    >>> answers = pd.DataFrame(rng.normal(size=(80, len(names))), columns=names)
    >>> compared = tm.compare_theories(answers, theory, intervals="delta")
    >>> compared.differences.loc["direct", "restricted"], int(compared.differences["df"].iloc[0])
    ('theory', 2)
    """
    if theory is None:
        theory = theory_of_change(form, rivals, **dict(theory_options or {}))
    if not theory.rivals:
        raise OptionError("The theory has no rivals to compare it with. Name some in rivals=.")
    fits = {
        name: fit_variant(one, data, **options)
        for name, one in {THEORY: theory, **theory.rivals}.items()
    }
    table = _table(fits)
    first = fits[THEORY]
    said = dict.fromkeys(
        f"{name}: {message}" for name, fit in fits.items() for message in fit.warnings
    )
    return TheoryComparison(
        n=first.n,
        n_dropped=first.n_dropped,
        table=table,
        differences=_differences(fits),
        fits=fits,
        settings={**first.settings, "models": list(fits)},
        warnings=tuple(said),
    )


def _table(fits: Mapping[str, TheoryFit]) -> pd.DataFrame:
    rows = []
    for name, fitted in fits.items():
        fit = fitted.fit
        end = "_scaled" if "chisq_scaled" in fit else ""
        row: dict[str, Any] = {
            "claim": CLAIMS[name],
            "converged": fitted.structural.converged,
            "admissible": fitted.structural.admissible,
            "npar": int(fit["npar"]),
            "chisq": float(fit[f"chisq{end}"]),
            "df": int(fit["df"]),
            "pvalue": float(fit[f"pvalue{end}"]),
        }
        for index in _INDICES:
            robust = f"{index}_robust"
            row[index] = float(fit.get(robust, fit.get(index, np.nan)))
        rows.append(row)
    table = pd.DataFrame(rows, index=pd.Index(fits, name="model"))
    table["delta_aic"] = table["aic"] - table["aic"].min()
    table["delta_bic"] = table["bic"] - table["bic"].min()
    likely = np.exp(-table["delta_aic"] / 2)
    table["akaike_weight"] = likely / likely.sum()
    return table


def _differences(fits: Mapping[str, TheoryFit]) -> pd.DataFrame:
    """Test each rival against the theory, where one is nested in the other."""
    rows = []
    for name in fits:
        if name == THEORY:
            continue
        pair = {one: fits[one].structural for one in (THEORY, name)}
        table = compare_models(pair).table
        restricted = str(table.index[-1])
        tested = bool(table["against"].iloc[-1])
        edge = "edge" if GENERAL in fits[name].theory.variant.parts else "yes"
        row = table.iloc[-1]
        rows.append(
            {
                "rival": name,
                "restricted": restricted if tested else "",
                "nested": edge if tested else "no",
                "chisq": float(row["chisq_diff"]) if tested else np.nan,
                "df": float(row["df_diff"]) if tested else np.nan,
                "pvalue": float(row["pvalue"]) if tested else np.nan,
            }
        )
    return pd.DataFrame(rows).set_index("rival")
