"""Omega of a scale with several factors: total, hierarchical, and of each group of items."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import ConvergenceError, ConvergenceWarning, DataError, DataWarning
from trustmeasure.kernels import hierarchical_omega as kernel
from trustmeasure.kernels.bootstrap_intervals import RELIABILITY, corrected_limits, known_spread
from trustmeasure.kernels.covariance import listwise_moments, pairwise_moments
from trustmeasure.kernels.factor_extraction import degrees_of_freedom, most_factors
from trustmeasure.kernels.ordinal_resampling import bootstrap_polychorics
from trustmeasure.kernels.resampling import bootstrap_covariances
from trustmeasure.kernels.rotation import Rotation
from trustmeasure.reliability.answers import ordered_answers
from trustmeasure.reliability.sample import choose_sample
from trustmeasure.results import Notes, Result

FloatArray = NDArray[np.float64]

METHODS = ("minres", "ml", "pa")
ROTATIONS = ("oblimin", "quartimin", "promax", "geomin_oblique", "bentlerQ", "simplimax")
OPTIONS = ("equal", "first", "second")

# What `kernel.Omegas.numbers` begins with.
COEFFICIENTS = (
    "omega_total",
    "omega_hierarchical",
    "omega_asymptotic",
    "alpha",
    "lambda6",
    "ecv",
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class HierarchicalOmegaResult(Result):
    """Omega of a scale with a general factor and group factors.

    Factors are ``F1``, ``F2``, … in the order of the variance that they explain after
    varimax, each turned so that its own items, once flipped, load positively in sum.

    Attributes
    ----------
    omega_total : float
        Share of the variance of the sum of the standardised items that all common factors
        explain.
    ci_low, ci_high, se : float
        Limits of ``omega_total`` from the bootstrap, and the standard deviation of its
        replicates; missing with ``ci=None``.
    omega_hierarchical : float
        Share that the general factor explains.
    omega_asymptotic : float
        ``omega_hierarchical / omega_total``: what it would be of an endless test of this kind.
    alpha, lambda6 : float
        Standardised alpha and Guttman's lambda 6.
    ecv : float
        Share of the items' common variance that the general factor explains.
    puc : float
        Share of the correlations that are between items of different groups.
    n_factors, n_items : int
    converged : bool
        Whether extraction, rotation and the general factor were found.
    intervals : DataFrame
        One row a coefficient, and for each group its total, general and group omega:
        ``estimate``, ``se``, ``ci_low``, ``ci_high``.
    omega_group : DataFrame, index ``general`` and the factors
        ``total``, ``general`` and ``group``: shares of the variance of the sum of all items,
        and of the sum of each group's own items, that all factors, the general factor and
        the group factors explain. Missing for a factor on which no item loads most.
    general_loadings : Series
        Loadings on the general factor.
    group_loadings : DataFrame, items × factors
        Loadings on the orthogonal group factors.
    communalities, uniquenesses : Series
    group_of : Series
        The factor on which each item loads most.
    second_order : Series
        Loadings of the factors on the general factor.
    pattern, phi : DataFrame
        The oblique solution that was split.
    flipped : tuple of str
        Items that were turned round because they load negatively on the general factor.
    replicates : DataFrame or None
        The bootstrap replicates, columns as the rows of ``intervals``.
    """

    title: ClassVar[str] = "McDonald's omega, hierarchical"

    omega_total: float
    ci_low: float
    ci_high: float
    se: float
    omega_hierarchical: float
    omega_asymptotic: float
    alpha: float
    lambda6: float
    ecv: float
    puc: float
    n_factors: int
    n_items: int
    converged: bool
    intervals: pd.DataFrame
    omega_group: pd.DataFrame
    general_loadings: pd.Series
    group_loadings: pd.DataFrame
    communalities: pd.Series
    uniquenesses: pd.Series
    group_of: pd.Series
    second_order: pd.Series
    pattern: pd.DataFrame
    phi: pd.DataFrame
    flipped: tuple[str, ...]
    replicates: pd.DataFrame | None = field(default=None)

    def to_frame(self) -> pd.DataFrame:
        """One row an item: general and group loadings, communality, uniqueness."""
        frame = self.group_loadings.copy()
        frame.insert(0, "general", self.general_loadings)
        return frame.assign(communality=self.communalities, uniqueness=self.uniquenesses)


@dataclass(frozen=True)
class _Scale:
    """What the model is fitted to, and how its replicates are drawn."""

    R: FloatArray
    names: tuple[str, ...]
    n: int
    n_dropped: int
    blocks: Any  # (n_boot, generator) → blocks of correlations (b, p, p)


def hierarchical_omega(
    data: Any,
    *,
    items: Sequence[str] | None,
    scale: str | None,
    n_factors: int,
    method: str,
    rotation: str,
    option: str,
    flip: bool,
    correlation: str,
    missing: str,
    ci: str | None,
    conf_level: float,
    n_boot: int,
    rng: Any,
) -> HierarchicalOmegaResult:
    """Do what `mcdonald_omega` promises for several factors."""
    notes = Notes()
    sample = _scale(data, items, scale, correlation, missing, notes)
    _refuse_too_many(n_factors, len(sample.names))
    turn = Rotation(rotation, normalize=rotation == "promax")  # type: ignore[arg-type]  # checked
    chosen: dict[str, Any] = {"method": method, "rotation": turn, "option": option}
    found = kernel.solve(sample.R, n_factors, **chosen)
    split = found.split
    omegas = kernel.omegas(sample.R, split.general, split.groups, found.uniquenesses, flip=flip)
    flipped = tuple(name for name, sign in zip(sample.names, omegas.signs, strict=True) if sign < 0)
    _note_problems(found, split.general, sample.names, flipped, option, notes)
    replicates = None
    if ci == "bootstrap":
        generator = _checks.as_rng(rng)
        blocks = kernel.replicate_omegas(
            sample.blocks(n_boot, generator), found, omegas.group_of, flip=flip, **chosen
        )
        replicates = _usable(np.concatenate(list(blocks)), n_boot, notes)
    factors = pd.Index([f"F{k + 1}" for k in range(n_factors)])
    intervals = _intervals(omegas.numbers(), replicates, factors, conf_level)
    settings = {
        "items": list(sample.names),
        "scale": scale,
        "n_factors": n_factors,
        "method": method,
        "rotation": rotation,
        "option": option if n_factors == 2 else None,
        "flip": flip,
        "correlation": correlation,
        "missing": missing,
        "ci": ci,
        "conf_level": conf_level,
        "n_boot": n_boot if ci else None,
    }
    return _result(sample, found, omegas, flipped, intervals, replicates, settings, notes)


def _result(
    sample: _Scale,
    found: kernel.Solution,
    omegas: kernel.Omegas,
    flipped: tuple[str, ...],
    intervals: pd.DataFrame,
    replicates: FloatArray | None,
    settings: dict[str, Any],
    notes: Notes,
) -> HierarchicalOmegaResult:
    """Dress the numbers in the users' names."""
    names = pd.Index(sample.names, name="item")
    factors = pd.Index([f"F{k + 1}" for k in range(found.varimax.shape[1])])
    signs = omegas.signs
    groups = signs[:, None] * found.split.groups
    # The sign of a factor is free: high is what most of its items, as turned, say is high.
    member = omegas.group_of[:, None] == np.arange(groups.shape[1])
    facing = np.where((groups * member).sum(axis=0) < 0, -1.0, 1.0)
    _, se, low, high = intervals.to_numpy()[0]
    return HierarchicalOmegaResult(
        n=sample.n,
        n_dropped=sample.n_dropped,
        omega_total=omegas.total,
        ci_low=float(low),
        ci_high=float(high),
        se=float(se),
        omega_hierarchical=omegas.hierarchical,
        omega_asymptotic=omegas.asymptotic,
        alpha=omegas.alpha,
        lambda6=omegas.lambda6,
        ecv=omegas.ecv,
        puc=omegas.puc,
        n_factors=len(factors),
        n_items=len(names),
        converged=found.converged,
        intervals=intervals,
        omega_group=pd.DataFrame(
            omegas.groups, index=["general", *factors], columns=["total", "general", "group"]
        ),
        general_loadings=pd.Series(signs * found.split.general, index=names, name="general"),
        group_loadings=pd.DataFrame(groups * facing, index=names, columns=factors),
        communalities=pd.Series(1.0 - found.uniquenesses, index=names, name="communality"),
        uniquenesses=pd.Series(found.uniquenesses, index=names, name="uniqueness"),
        group_of=pd.Series(factors[omegas.group_of], index=names, name="group"),
        second_order=pd.Series(facing * found.split.second_order, index=factors, name="general"),
        pattern=pd.DataFrame(found.rotated.loadings * facing, index=names, columns=factors),
        phi=pd.DataFrame(
            found.rotated.phi * np.outer(facing, facing), index=factors, columns=factors
        ),
        flipped=flipped,
        replicates=None
        if replicates is None
        else pd.DataFrame(replicates, columns=intervals.index),
        settings=settings,
        warnings=notes.messages(),
    )


def _scale(
    data: Any,
    items: Sequence[str] | None,
    scale: str | None,
    correlation: str,
    missing: str,
    notes: Notes,
) -> _Scale:
    """Correlate the items, and keep what resampling needs."""
    if correlation == "polychoric":
        answers = ordered_answers(data, items, scale, missing, min_items=4, notes=notes)
        return _Scale(
            R=answers.correlation,
            names=answers.names,
            n=answers.n,
            n_dropped=answers.n_dropped,
            blocks=lambda n_boot, rng: (
                part.correlation[part.usable]
                for part in bootstrap_polychorics(answers.codes, answers.n_categories, n_boot, rng)
            ),
        )
    block = _checks.as_items(data, items=items, scale=scale, min_items=4, min_persons=3)
    sample = choose_sample(block, missing, notes)
    moments = listwise_moments if sample.complete else pairwise_moments
    draw = _resampled if sample.complete else _resampled_pairwise
    return _Scale(
        R=moments(sample.values).correlation,
        names=block.names,
        n=sample.n,
        n_dropped=block.n_persons - sample.n,
        blocks=lambda n_boot, rng: draw(sample.values, n_boot, rng),
    )


def _resampled(values: FloatArray, n_boot: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    for cov in bootstrap_covariances(values, n_boot, rng):
        variance = np.diagonal(cov, axis1=1, axis2=2)
        varied = (variance > 1e-12 * variance.max(axis=0)).all(axis=1)
        sd = np.sqrt(variance[varied])
        yield cov[varied] / (sd[:, :, None] * sd[:, None, :])


def _resampled_pairwise(
    values: FloatArray, n_boot: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    n = len(values)
    for _ in range(n_boot):
        R = pairwise_moments(values[rng.integers(0, n, size=n)]).correlation
        if np.isfinite(R).all():
            yield R[None]


def _refuse_too_many(n_factors: int, n_items: int) -> None:
    if n_factors >= n_items or degrees_of_freedom(n_items, n_factors) < 0:
        raise DataError(
            f"n_factors={n_factors} is too many for {n_items} items: the loadings would outnumber "
            f"the correlations. {n_items} items allow at most {most_factors(n_items)}."
        )


def _note_problems(
    found: kernel.Solution,
    general: FloatArray,
    names: Sequence[str],
    flipped: Sequence[str],
    option: str,
    notes: Notes,
) -> None:
    """Say what in the estimates changes how they must be read."""
    if found.split.second_order.size == 2:
        how = {"equal": "equal", "first": "1 for the first", "second": "1 for the second"}[option]
        notes.record(
            "Two factors have one correlation, which cannot tell both of their loadings on the "
            f"general factor; these were set {how} (option='{option}'), and omega_hierarchical, "
            "ecv and the group omegas depend on that."
        )
    if flipped:
        notes.record(
            f"Item(s) {_checks.listed(flipped)} load negatively on the general factor and were "
            "turned round: the omegas are about the sum with these items reversed (flip=False "
            "leaves them)."
        )
    elif (general < 0).any():
        backward = [name for name, loading in zip(names, general, strict=True) if loading < 0]
        notes.warn(
            f"Item(s) {_checks.listed(backward)} load negatively on the general factor. Check "
            "whether they are to be reversed; nothing was flipped here.",
            DataWarning,
            stacklevel=5,
        )
    if found.at_bound.any() or found.split.at_bound:
        bare = [name for name, bound in zip(names, found.at_bound, strict=True) if bound]
        where = f"item(s) {_checks.listed(bare)}" if bare else "a factor, in the general one"
        notes.warn(
            f"Heywood case: almost no unique variance is left for {where}. Read the omegas with "
            "care, and try fewer factors.",
            ConvergenceWarning,
            stacklevel=5,
        )
    if not found.converged:
        notes.warn(
            "The factor solution did not converge; its omegas mean little. Try other factors, "
            "method or rotation.",
            ConvergenceWarning,
            stacklevel=5,
        )


def _usable(replicates: FloatArray, n_boot: int, notes: Notes) -> FloatArray:
    # A group that has no items in the sample has none in any replicate.
    usable = replicates[np.isfinite(replicates[:, : len(COEFFICIENTS)]).all(axis=1)]
    if len(usable) < 2:
        raise ConvergenceError("The factors were found in none of the bootstrap samples: ci=None.")
    if len(usable) < n_boot:
        notes.warn(
            f"The factors could not be found in {n_boot - len(usable)} of {n_boot} bootstrap "
            "samples; the intervals leave them out.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return usable


def _intervals(
    estimates: FloatArray, replicates: FloatArray | None, factors: pd.Index, level: float
) -> pd.DataFrame:
    names = [
        *COEFFICIENTS,
        *(f"{f}_{kind}" for f in factors for kind in ("total", "general", "group")),
    ]
    table = pd.DataFrame({"estimate": estimates}, index=pd.Index(names, name="coefficient"))
    if replicates is None:
        return table.assign(se=math.nan, ci_low=math.nan, ci_high=math.nan)
    low, high = corrected_limits(estimates, replicates, RELIABILITY, level)
    return table.assign(se=known_spread(replicates), ci_low=low, ci_high=high)
