"""Running the theory of change: estimates, chains, and intervals on everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, check_level, check_option, listed, near
from trustmeasure.confirmatory import StructuralModel, bootstrap, sem
from trustmeasure.errors import DataError, OptionError
from trustmeasure.results import Notes, Result, to_plain
from trustmeasure.theory.answers import joined, variables
from trustmeasure.theory.models import TheoryOfChange, theory_of_change
from trustmeasure.theory.requirements import check_sample

FloatArray = NDArray[np.float64]
INTERVALS = ("delta", "bootstrap")
_EFFECTS = ["est", "se", "ci_low", "ci_high", "pvalue", "std", "std_ci_low", "std_ci_high"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TheoryFit(Result):
    """The theory of change (or a rival), fitted.

    Attributes
    ----------
    theory : TheoryOfChange
        What was fitted.
    structural : StructuralModel
        The fitted model, with all that `sem` gives.
    paths : DataFrame, index label
        The arrows of the theory: cause, effect, status, expected; estimate with standard
        error, interval and p-value; standardised estimate with its interval.
    chains : DataFrame, index chain
        Every indirect effect from a strategy to an outcome, in the same columns.
    sums : DataFrame
        Chains summed: through each relationship, in all, with direct effects.
    emphasis : DataFrame
        The two expected emphases; above 0 as expected.
    fit : Series
        Indices of fit.
    """

    title: ClassVar[str] = "Theory of change"

    theory: TheoryOfChange = field(repr=False)
    structural: StructuralModel = field(repr=False)
    paths: pd.DataFrame
    chains: pd.DataFrame
    sums: pd.DataFrame
    emphasis: pd.DataFrame
    fit: pd.Series

    def to_frame(self) -> pd.DataFrame:
        """Give the paths."""
        return self.paths.copy()

    def summary(self) -> dict[str, Any]:
        """Give the indices that are read first."""
        return self.structural.summary()

    def to_dict(self) -> dict[str, Any]:
        """Give the tables, the syntax and the assumptions as plain Python objects."""
        return {
            "name": self.theory.name,
            "claim": self.theory.claim,
            "form": self.theory.form,
            "n": self.n,
            "n_dropped": self.n_dropped,
            "settings": to_plain(self.settings),
            "warnings": list(self.warnings),
            "syntax": self.theory.syntax,
            "assumptions": to_plain(self.theory.assumptions),
            "fit": to_plain(self.fit),
            "paths": to_plain(self.paths),
            "chains": to_plain(self.chains),
            "sums": to_plain(self.sums),
            "emphasis": to_plain(self.emphasis),
        }

    def _heading(self) -> str:
        what = "" if self.theory.name == "theory" else f", rival '{self.theory.name}'"
        return f"{self.title}, {self.theory.form} form{what} (n = {self.n})"


def fit_theory(
    data: Any,
    *,
    form: str = "latent",
    rivals: Any = (),
    model: str = "theory",
    estimator: str = "MLR",
    missing: str = "fiml",
    cluster: Any = None,
    reliability: Any = None,
    intervals: str | None = None,
    n_boot: int = 1000,
    conf_level: float = 0.95,
    rng: Any = None,
    thresholds: Any = None,
    **options: Any,
) -> TheoryFit:
    """Fit the theory of change to answers or scores.

    Parameters
    ----------
    data : DataFrame, Scores, or list of Scores
        Persons in rows. The latent form takes keyed items, the composite form scale scores.
        Scores of several instruments are joined by their respondents.
    form : {"latent", "composite"}
    rivals : str or sequence of str
        As in `theory_of_change`; the variables of psychological safety come with its rivals.
    model : str
        Which to fit: "theory", or one of ``rivals``.
    estimator, missing : str
        As in `sem`.
    cluster : str or False, optional
        Column with each person's team, for errors that allow for likeness within teams; by
        default the cluster that Scores know. False for none.
    reliability : mapping, optional
        Of scores, by construct (composite form): each score then measures its construct with
        the error variance (1 − reliability) · variance.
    intervals : {"delta", "bootstrap"}, optional
        Of all effects. By default "bootstrap" (percentile, persons or teams resampled) for
        scores without missing values, else "delta".
    n_boot : int
        Replicates.
    conf_level : float
    rng : None, int or Generator
        For the bootstrap.
    thresholds : path or mapping, optional
        Other minimum samples than the built-in ones ("latent_model_n",
        "latent_n_per_parameter", "composite_path_n").
    **options
        Passed to `theory_of_change`, as ``strategies="well"``.

    Returns
    -------
    TheoryFit

    Raises
    ------
    DataError
        For fewer people than the form needs (the message says what would be possible), and
        variables that the data do not hold.
    OptionError
        For what is not offered.

    Notes
    -----
    Persons without any answer are left out; with ``missing="fiml"`` all others are used.
    Equals ``lavaan::sem(str(theory), data, estimator = "MLR", missing = "fiml")``.

    References
    ----------
    Metz, A., Jensen, T., Farley, A., Boaz, A., Bartley, L., & Villodas, M. (2022). Building
    trusting relationships to support implementation: A proposed theoretical model. *Frontiers
    in Health Services, 2*, 894599. https://doi.org/10.3389/frhs.2022.894599

    MacKinnon, D. P., Lockwood, C. M., & Williams, J. (2004). Confidence limits for the indirect
    effect. *Multivariate Behavioral Research, 39*, 99–128.
    https://doi.org/10.1207/s15327906mbr3901_4

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import trustmeasure as tm
    >>> theory = tm.theory_of_change("composite", outcomes=["adoption"])
    >>> names = theory.constructs["variable"]
    >>> rng = np.random.default_rng(1)
    >>> answers = pd.DataFrame(rng.normal(size=(80, len(names))), columns=names)
    >>> fitted = theory.fit(answers, n_boot=100, rng=1)
    >>> fitted.chains.loc["tec_cog_mot_com_adoption", ["strategy", "outcome"]].tolist()
    ['technical', 'adoption']
    """
    theory = theory_of_change(form, rivals, **options)
    if model != "theory" and model not in theory.rivals:
        raise OptionError(
            f"model='{model}' is not among the models: 'theory', {listed(theory.rivals)}. Name "
            "it in rivals= as well." + near(model, ["theory", *theory.rivals])
        )
    chosen = theory if model == "theory" else theory.rivals[model]
    return fit_variant(
        chosen, data, estimator=estimator, missing=missing, cluster=cluster,
        reliability=reliability, intervals=intervals, n_boot=n_boot, conf_level=conf_level,
        rng=rng, thresholds=thresholds,
    )  # fmt: skip


def fit_variant(
    theory: TheoryOfChange,
    data: Any,
    *,
    estimator: str = "MLR",
    missing: str = "fiml",
    cluster: Any = None,
    reliability: Mapping[str, float] | None = None,
    intervals: str | None = None,
    n_boot: int = 1000,
    conf_level: float = 0.95,
    rng: Any = None,
    thresholds: Any = None,
) -> TheoryFit:
    """Fit one model: check the sample, run `sem`, name what the estimates are about."""
    check_level("conf_level", conf_level)
    check_count("n_boot", n_boot, least=50)
    if intervals is not None:
        check_option("intervals", intervals, INTERVALS)
    notes = Notes()
    frame, known = joined(data, theory.form)
    team = _team(frame, cluster, known, notes)
    table = variables(theory, frame, team, notes)
    usable = int((table.notna().any if missing == "fiml" else table.notna().all)(axis=1).sum())
    needed = check_sample(theory, usable, thresholds)
    if reliability is not None:
        theory = _corrected(theory, table, reliability)
    if team is not None:
        table = table.assign(**{team: frame[team]})
        _note_teams(int(table[team].nunique()), notes)
    fitted = sem(
        theory.syntax, table, estimator=estimator, missing=missing, cluster=team,
        conf_level=conf_level,
    )  # fmt: skip
    effects = _effects(fitted, conf_level)
    complete = not table.isna().to_numpy().any() or missing == "listwise"
    kind = intervals or (
        "bootstrap" if theory.form == "composite" and complete and fitted.converged else "delta"
    )
    if kind == "bootstrap":
        effects = _resampled(fitted, effects, n_boot, conf_level, as_rng(rng), notes)
    return TheoryFit(
        n=fitted.n,
        n_dropped=fitted.n_dropped,
        theory=theory,
        structural=fitted,
        paths=_paths(theory, effects),
        chains=_chains(theory, effects),
        sums=_starting(effects, ("through_", "indirect_", "total_")),
        emphasis=_starting(effects, ("emphasis_",)),
        fit=fitted.fit,
        settings={
            **theory.settings, "model": theory.name, "estimator": estimator, "missing": missing,
            "cluster": team, "reliability": dict(reliability) if reliability else None,
            "intervals": kind, "n_boot": n_boot if kind == "bootstrap" else None,
            "conf_level": conf_level, **needed,
        },
        warnings=(*notes.messages(), *_of_note(fitted)),
    )  # fmt: skip


def _of_note(fitted: StructuralModel) -> list[str]:
    """Leave out that predictors are random variables, which the theory means them to be."""
    return [said for said in fitted.warnings if "are treated as random" not in said]


def _team(frame: pd.DataFrame, cluster: Any, known: str | None, notes: Notes) -> str | None:
    if cluster is False:
        return None
    if cluster is None:
        if known is not None and known in frame.columns:
            notes.record(f"Errors allow for likeness within '{known}' (cluster=False for none).")
            return known
        return None
    if cluster not in frame.columns:
        raise DataError(
            f"cluster= names the column '{cluster}', which the data do not have."
            + near(cluster, frame.columns)
        )
    return str(cluster)


def _note_teams(count: int, notes: Notes) -> None:
    if count < 30:
        notes.record(
            f"{count} teams: with fewer than some 30 to 50, errors that allow for likeness within "
            "teams come out too small."
        )


def _corrected(
    theory: TheoryOfChange, table: pd.DataFrame, reliability: Mapping[str, float]
) -> TheoryOfChange:
    """Fix the error variance of each score at (1 − reliability) · variance."""
    errors = {}
    for key, value in reliability.items():
        if not 0 < float(value) <= 1:
            raise OptionError(
                f"reliability= gives {value!r} for '{key}'; expected a number above 0, up to 1."
            )
        if key not in theory.parts:
            raise OptionError(
                f"reliability= names '{key}', which is no part of the theory. Parts: "
                f"{listed(theory.parts, limit=20)}." + near(key, theory.parts)
            )
        name = theory.parts[key].name
        if name in table.columns:
            errors[key] = (1.0 - float(value)) * float(table[name].var())
    whole = theory.corrected(errors)
    return whole if theory.name == "theory" else whole.rivals[theory.name]


def _effects(fitted: StructuralModel, conf_level: float) -> pd.DataFrame:
    """Give everything that has a label, with an interval also of the standardised value."""
    from scipy.special import ndtri

    rows = fitted.estimates
    named = rows[rows["label"].astype(str) != ""].set_index("label")
    half = float(ndtri(0.5 + conf_level / 2)) * named["se_std"]
    return named.assign(std_ci_low=named["std"] - half, std_ci_high=named["std"] + half)[_EFFECTS]


def _resampled(
    fitted: StructuralModel,
    effects: pd.DataFrame,
    n_boot: int,
    conf_level: float,
    rng: Any,
    notes: Notes,
) -> pd.DataFrame:
    """Put percentile limits of refitted resamples in the place of the delta method's."""
    drawn = bootstrap(fitted, n_boot=n_boot, conf_level=conf_level, rng=rng)
    for message in drawn.warnings:
        notes.record(message)
    rows = drawn.estimates[drawn.estimates["label"].astype(str) != ""].set_index("label")
    found = effects.copy()
    columns = ["se", "ci_low", "ci_high", "std_ci_low", "std_ci_high"]
    found[columns] = rows.loc[found.index, columns]
    # No p-value contradicts its interval: twice the smaller share beyond zero.
    values = drawn.replicates[list(found.index)].dropna().to_numpy(dtype=np.float64)
    beyond = np.minimum((values <= 0).sum(axis=0), (values >= 0).sum(axis=0))
    found["pvalue"] = np.minimum(1.0, 2 * (1 + beyond) / (len(values) + 1))
    return found


def _paths(theory: TheoryOfChange, effects: pd.DataFrame) -> pd.DataFrame:
    stated = theory.assumptions
    stated = stated[(stated["kind"] == "path") & stated.index.isin(effects.index)]
    return stated[["cause", "effect", "status", "expected"]].join(effects).rename_axis("path")


def _chains(theory: TheoryOfChange, effects: pd.DataFrame) -> pd.DataFrame:
    return theory.chains[["strategy", "through", "outcome"]].join(effects)


def _starting(effects: pd.DataFrame, beginnings: tuple[str, ...]) -> pd.DataFrame:
    chosen = [name for name in effects.index if str(name).startswith(beginnings)]
    return effects.loc[chosen].rename_axis("effect")
