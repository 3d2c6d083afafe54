"""Cut-offs of fit indices for one model, by simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import as_rng, check_count, near
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.confirmatory.simulation import Population, population_of
from trustmeasure.confirmatory.specification import Block
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.structural import implied
from trustmeasure.results import Notes, Result, to_plain

FloatArray = NDArray[np.float64]
Change = tuple[str, str, str, float]

# Residual correlation that one-factor models leave out (McNeish & Wolf, 2023).
RESIDUAL = 0.3
# Shares of misspecified models rejected and of correct ones kept, in turn.
CERTAINTIES = (0.95, 0.90)
# The least that a residual variance keeps when a cross-loading takes from it.
LEAST = 0.05


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FitCutoffs(Result):
    """What `fit_cutoffs` returns.

    Attributes
    ----------
    cutoffs : DataFrame, index level
        srmr, rmsea and cfi (rmsea_scaled and cfi_scaled of ordered items, where scaled) that
        tell a model with this misspecification from a correct one; NaN where nothing does.
    certainty : DataFrame, index level
        Share of misspecified models that the cut-off rejects, and of correct ones that it
        keeps: .95, or .90 where .95 cannot be had.
    observed : Series
        The model's own values.
    misspecifications : DataFrame
        level, lhs, op, rhs, and the standardised size of what each level leaves out.
    replicates : DataFrame
        level ("correct" among them), srmr, rmsea and cfi of every sample.
    n_failed : int
        Samples without a solution, left out.
    """

    title: ClassVar[str] = "Dynamic cut-offs of fit indices"

    cutoffs: pd.DataFrame
    certainty: pd.DataFrame
    observed: pd.Series
    misspecifications: pd.DataFrame
    n_failed: int
    replicates: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give the cut-offs."""
        return self.cutoffs.copy()

    def to_dict(self) -> dict[str, Any]:
        """Give every field but the replicates as plain Python objects."""
        names = ("n", "n_dropped", "settings", "warnings", "cutoffs", "certainty", "observed",
                 "misspecifications", "n_failed")  # fmt: skip
        return {name: to_plain(getattr(self, name)) for name in names}


def fit_cutoffs(
    fit: StructuralModel,
    *,
    n_rep: int = 500,
    misspecification: Mapping[str, Sequence[Change]] | None = None,
    rng: Any = None,
) -> FitCutoffs:
    r"""Find cut-offs of SRMR, RMSEA and CFI for this model and sample size, by simulation.

    The usual cut-offs come from one model of 15 items with strong loadings; for others they
    are too strict or too lax (McNeish & Wolf, 2021). Here samples of the model's own size are
    drawn from the fitted model, and from the same model with something more that it leaves
    out; the model is fitted to all. A cut-off is the value that 95 % of the misspecified
    samples do worse than, if 95 % of the correct ones do better; else both at 90 %; else
    there is none.

    Parameters
    ----------
    fit : StructuralModel
        From `cfa` or `sem`, by maximum likelihood or for ordered items; one group, complete
        answers.
    n_rep : int
        Samples of each kind.
    misspecification : mapping, optional
        Level → what the data have and the model does not: (lhs, op, rhs, size) with op "=~" or
        "~~" and the size standardised. By default, of one factor, residual correlations of .30
        in pairs of a third, two thirds and all of its items; of m factors, 1 to m − 1
        cross-loadings, each of a factor's weakest item on the next factor, as strong as that
        factor's weakest loading, or as the item's residual variance allows.
    rng : None, int or numpy.random.Generator

    Returns
    -------
    FitCutoffs

    Raises
    ------
    OptionError
        For models of several groups or levels, other estimators of continuous items, or of
        ordered items given covariates; and for a misspecification of unknown variables, or that
        leaves no variance.
    DataError
        For models of incomplete answers, and where hardly any sample has a solution.

    Notes
    -----
    Covariance matrices are drawn from their Wishart distribution and fitted as one stack, so
    that n does not matter to the time. Cut-offs hold for normal data. Of ordered items, normal
    variables behind the answers are drawn and cut at the model's thresholds, and each sample is
    fitted by itself, which takes some hundredths of a second; RMSEA and CFI are then scaled
    ones, where the estimator scales. The default levels are those of the R package ``dynamic``
    in kind; the draws differ.

    References
    ----------
    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for confirmatory factor
    analysis models. *Psychological Methods, 28*, 61–88. https://doi.org/10.1037/met0000425

    McNeish, D., & Wolf, M. G. (2023). Dynamic fit index cutoffs for one-factor models.
    *Behavior Research Methods, 55*, 1157–1174. https://doi.org/10.3758/s13428-022-01847-y

    Examples
    --------
    >>> import trustmeasure as tm
    >>> keyed = tm.score(tm.read_responses(tm.example_path("spi_trust"), "spi-trust"))
    >>> fitted = tm.cfa("trust =~ q_1855 + q_4289 + q_377 + q_379 + q_871", keyed)
    >>> tm.fit_cutoffs(fitted, n_rep=200, rng=1).cutoffs.round(2)
                             srmr  rmsea   cfi
    level
    1 residual correlation   0.02   0.06  0.99
    2 residual correlations  0.04   0.15  0.96
    """
    check_count("n_rep", n_rep, least=50)
    source = population_of(fit, "fit_cutoffs")
    generator = as_rng(rng)
    levels = _default_levels(source) if misspecification is None else dict(misspecification)
    if not levels:
        raise OptionError("misspecification= is empty; give at least one level.")
    notes = Notes()
    wrong = {
        str(name): _misspecified(source.parts, source.block, changes)
        for name, changes in levels.items()
    }
    drawn = {
        name: source.draw(parts, fit.n, n_rep, generator)
        for name, parts in {"correct": source.parts, **wrong}.items()
    }
    failed = sum(n_rep - len(frame) for frame in drawn.values())
    if failed:
        notes.record(f"{failed} samples without a solution were left out.")
    names = [str(name) for name in levels]
    _refuse_few(drawn, n_rep)
    found = [_cut(source.indices, drawn["correct"], drawn[name]) for name in names]
    index = pd.Index(names, name="level")
    return FitCutoffs(
        n=fit.n,
        n_dropped=fit.n_dropped,
        cutoffs=pd.DataFrame([cut for cut, _ in found], index=index),
        certainty=pd.DataFrame([share for _, share in found], index=index),
        observed=fit.fit[list(source.indices)].copy(),
        misspecifications=pd.DataFrame(
            [(str(name), *change) for name, changes in levels.items() for change in changes],
            columns=["level", "lhs", "op", "rhs", "size"],
        ),
        n_failed=failed,
        replicates=pd.concat(drawn, names=["level"]).reset_index(level=0).reset_index(drop=True),
        settings={"n_rep": n_rep, "default_levels": misspecification is None},
        warnings=notes.messages(),
    )


def _refuse_few(drawn: Mapping[str, pd.DataFrame], n_rep: int) -> None:
    """Refuse quantiles of hardly any samples."""
    name = min(drawn, key=lambda one: len(drawn[one]))
    if len(drawn[name]) < 40:
        raise DataError(
            f"Only {len(drawn[name])} of {n_rep} samples of the level '{name}' have a solution: n "
            "is too small for the model, or some answer categories are too rare. Merge these, or "
            "take a larger n_rep=."
        )


def _cut(
    indices: Mapping[str, bool], correct: pd.DataFrame, wrong: pd.DataFrame
) -> tuple[dict[str, float], dict[str, float]]:
    """Give the cut-off of each index, and the certainty that it has."""
    cutoffs, certainty = dict.fromkeys(indices, np.nan), dict.fromkeys(indices, np.nan)
    for name, larger_is_better in indices.items():
        sign = -1.0 if larger_is_better else 1.0
        for share in CERTAINTIES:
            limit = float(np.quantile(sign * wrong[name], 1 - share))
            if float(np.quantile(sign * correct[name], share)) < limit:
                cutoffs[name], certainty[name] = sign * limit, share
                break
    return cutoffs, certainty


def _default_levels(source: Population) -> dict[str, list[Change]]:
    """Leave out residual correlations of one factor, or cross-loadings of several."""
    block, parts = source.block, source.parts
    factors = [j for j, name in enumerate(block.latent) if name not in block.stand_ins]
    factors = [j for j in factors if (parts["lambda"][:, j] != 0).sum() > 1]
    if not factors:
        raise OptionError(
            "The model has no factor of two items or more, so there is nothing that it leaves out "
            "by default. Pass misspecification=."
        )
    if len(factors) == 1:
        return _residual_levels(block, np.flatnonzero(parts["lambda"][:, factors[0]]))
    through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
    spread = through @ parts["psi"] @ through.T
    latent = np.sqrt(np.diag(spread))
    correlation = spread / np.outer(latent, latent)
    sd = np.sqrt(np.diag(implied(parts).spread))
    standard = parts["lambda"] * latent / sd[:, None]
    changes: list[Change] = []
    levels = {}
    for place in range(len(factors) - 1):
        own, other = factors[place], factors[place + 1]
        weakest = _weakest(standard, own)
        size = abs(standard[_weakest(standard, other), other])
        # No more than the item has left over, 5 % of its variance aside.
        along = standard[weakest, own] * correlation[own, other]
        left = 1.0 - LEAST - standard[weakest, own] ** 2
        size = min(size, np.sqrt(max(along**2 + left, 0.0)) - along)
        if size <= 0:
            continue
        changes.append(
            (
                block.latent[other],
                "=~",
                block.observed[weakest],
                float(np.floor(1000 * size) / 1000),
            )
        )
        count = len(changes)
        levels[f"{count} cross-loading" + ("s" if count > 1 else "")] = list(changes)
    return levels


def _weakest(standard: FloatArray, factor: int) -> int:
    items = np.flatnonzero(standard[:, factor])
    return int(items[np.abs(standard[items, factor]).argmin()])


def _residual_levels(block: Block, items: NDArray[np.intp]) -> dict[str, list[Change]]:
    levels: dict[str, list[Change]] = {}
    for third in (1, 2, 3):
        pairs = max(1, round(len(items) * third / 6))
        pairs = min(pairs, len(items) // 2)
        changes: list[Change] = [
            (block.observed[items[2 * k]], "~~", block.observed[items[2 * k + 1]], RESIDUAL)
            for k in range(pairs)
        ]
        if changes not in levels.values():
            levels[f"{pairs} residual correlation" + ("s" if pairs > 1 else "")] = changes
    return levels


def _misspecified(
    parts: Mapping[str, FloatArray], block: Block, changes: Sequence[Change]
) -> dict[str, FloatArray]:
    """Add what is left out to the population; items keep their variances."""
    found = {name: part.copy() for name, part in parts.items()}
    before = np.diag(implied(parts).spread)
    through = np.linalg.inv(np.eye(len(block.latent)) - parts["beta"])
    latent = np.sqrt(np.diag(through @ parts["psi"] @ through.T))
    residuals = []
    for lhs, op, rhs, size in changes:
        if op == "=~":
            i, j = _place(rhs, block.observed), _place(lhs, block.latent)
            found["lambda"][i, j] += size * np.sqrt(before[i]) / latent[j]
        elif op == "~~":
            residuals.append((_place(lhs, block.observed), _place(rhs, block.observed), size))
        else:
            raise OptionError(
                f"misspecification= has the operator '{op}'; it takes '=~' (a loading) and '~~' "
                "(a correlation of residuals)."
            )
    own = np.arange(len(before))
    found["theta"][own, own] += before - np.diag(implied(found).spread)
    if (np.diag(found["theta"]) < np.minimum(LEAST * before, np.diag(parts["theta"])) - 1e-9).any():
        raise OptionError(
            "The misspecification leaves hardly any residual variance. Choose smaller sizes."
        )
    for i, j, size in residuals:
        scale = np.sqrt(found["theta"][i, i] * found["theta"][j, j])
        found["theta"][i, j] = found["theta"][j, i] = found["theta"][i, j] + size * scale
    if np.linalg.eigvalsh(implied(found).spread)[0] <= 0:
        raise OptionError(
            "With this misspecification the model implies no covariance matrix: its residual "
            "variances or correlations are impossible. Choose smaller sizes."
        )
    return found


def _place(name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise OptionError(f"misspecification= names '{name}', which the model has not in this "
                          f"place.{near(name, known)}")  # fmt: skip
    return list(known).index(name)
