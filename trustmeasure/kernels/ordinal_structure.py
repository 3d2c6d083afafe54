"""Structural models of ordered variables: the moments that their parameters imply.

Behind each ordered variable lies a continuous one with mean μ and covariances Σ as in
`structural`, cut at thresholds τ. Only what does not depend on its unit shows: with its scaling
factor δ, which is 1 for a continuous variable,

    thresholds δ(τ − μ),    correlations δᵢδⱼΣᵢⱼ.

Under the delta parameterization scaling factors are parameters, and what remains of 1/δ² is
the residual variance; under the theta parameterization residual variances are parameters, and
δ = Σᵢᵢ^(−1/2). Given covariates x, μ and Σ are those at x = 0 and of what x leaves; the variables
behind regress on them with slopes Π, which show as δΠ. Leading axes are sets of parameters, as
in `structural`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.ordinal_moments import Shape
from trustmeasure.kernels.structural import (
    NAMES,
    Implied,
    Layout,
    Slopes,
    implied,
    matrices,
    slopes,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Places = tuple[IntArray, IntArray]


@dataclass(frozen=True)
class OrdinalLayout:
    """Where the free parameters of one group stand.

    Attributes
    ----------
    structure : Layout
        Of the variables behind. Under the delta parameterization the residual variances of
        ordered variables have no free parameters in it, and their values do not matter.
    shape : Shape
    tau : ndarray, shape (n_cuts,)
        Fixed thresholds, zeros where parameters are free and for continuous variables.
    tau_places : (positions, parameters)
    delta : ndarray, shape (p,)
        Fixed scaling factors; ones where parameters are free, and for continuous variables.
    delta_places : (variables, parameters)
    theta : bool
        The theta parameterization, in which ``delta`` is of no effect for ordered variables.
    tied : (columns of psi, variables)
        Ordered variables that take part among the latent ones, under the delta
        parameterization: their disturbances' variances follow from their scaling factors.
    given : ndarray of int, shape (n_given,)
        Latent variables that stand for covariates which are conditioned on.
    """

    structure: Layout
    shape: Shape
    tau: FloatArray
    tau_places: Places
    delta: FloatArray
    delta_places: Places
    theta: bool
    tied: Places
    given: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    @property
    def n_free(self) -> int:
        """Free parameters of the whole model."""
        return self.structure.n_free


@dataclass(frozen=True)
class OrdinalImplied:
    """Moments that parameters imply, with what they come from.

    ``moments`` is (…, q); ``behind`` holds the moments of the variables behind, ``delta``
    (…, p) the scaling factors, ``tau`` (…, n_cuts) the thresholds of the variables behind, and
    ``variances`` (…, n_tied) the disturbances' variances that follow from others. ``level``
    (…, m, n_given) is what a unit of each covariate does to the latent variables.
    """

    moments: FloatArray
    behind: Implied
    delta: FloatArray
    tau: FloatArray
    variances: FloatArray
    level: FloatArray


def ordinal_implied(layout: OrdinalLayout, parameters: FloatArray) -> OrdinalImplied:
    """Compute the moments of free parameters (…, n_free)."""
    shape = layout.shape
    lead = parameters.shape[:-1]
    tau = np.broadcast_to(layout.tau, (*lead, len(layout.tau))).copy()
    tau[..., layout.tau_places[0]] = parameters[..., layout.tau_places[1]]
    delta = np.broadcast_to(layout.delta, (*lead, len(layout.delta))).copy()
    delta[..., layout.delta_places[0]] = parameters[..., layout.delta_places[1]]
    behind, variances, level = _behind(layout, parameters, delta)
    diagonal = behind.spread.diagonal(axis1=-2, axis2=-1)
    if layout.theta:
        with np.errstate(invalid="ignore", divide="ignore"):
            delta = np.where(shape.ordered, 1.0 / np.sqrt(diagonal), 1.0)
    cuts = delta[..., shape.cut] * (tau - behind.mean[..., shape.cut])
    rows, columns = shape.rows, shape.columns
    pairs = delta[..., rows] * delta[..., columns] * behind.spread[..., rows, columns]
    by = [delta * behind.total[..., column] for column in layout.given]
    moments = np.concatenate([cuts, diagonal[..., shape.continuous], pairs, *by], axis=-1)
    return OrdinalImplied(
        moments=moments, behind=behind, delta=delta, tau=tau, variances=variances, level=level
    )


def _behind(
    layout: OrdinalLayout, parameters: FloatArray, delta: FloatArray
) -> tuple[Implied, FloatArray, FloatArray]:
    """Compute the moments of the variables behind, tied variances, and what covariates do."""
    columns, variables = layout.tied
    parts = matrices(layout.structure, parameters)
    level = np.zeros((*parts["alpha"].shape, len(layout.given)))
    if len(layout.given):
        parts["psi"][..., layout.given[:, None], layout.given] = 0.0
        parts["alpha"][..., layout.given] = 0.0
        through = np.linalg.inv(np.eye(level.shape[-2]) - parts["beta"])
        level = through[..., layout.given]
    if not len(columns):
        return implied(parts), np.zeros((*parameters.shape[:-1], 0)), level
    parts["psi"][..., columns, columns] = 0.0
    without = implied(parts)
    missing = (
        1.0 / delta[..., variables] ** 2
        - without.spread.diagonal(axis1=-2, axis2=-1)[..., variables]
    )
    carried = without.total[..., variables[:, None], columns] ** 2
    variances = np.asarray(np.linalg.solve(carried, missing[..., None])[..., 0], dtype=np.float64)
    parts["psi"][..., columns, columns] = variances
    return implied(parts), variances, level


def ordinal_slopes(layout: OrdinalLayout, found: OrdinalImplied) -> FloatArray:
    """Differentiate the moments in all free parameters (…, q, n_free)."""
    shape, n_free = layout.shape, layout.n_free
    structure, n_tied = layout.structure, len(layout.tied[0])
    if n_tied:
        structure = _with_tied(layout)
    change = slopes(structure, found.behind)
    left, right, weight = change.left, change.right, change.weight[:, None]
    lead = left.shape[:-2]
    total = np.zeros((*lead, shape.n_moments, n_free + n_tied))
    rows, columns = shape.rows, shape.columns
    n_cuts, n_own = len(shape.cut), len(shape.continuous)
    delta, spread, mean = found.delta, found.behind.spread, found.behind.mean
    pairs = weight * (left[..., rows] * right[..., columns] + left[..., columns] * right[..., rows])
    pairs = pairs * (delta[..., rows] * delta[..., columns])[..., None, :]
    cuts = -change.mean[..., shape.cut] * delta[..., None, shape.cut]
    diagonal = 2 * weight * left * right
    reach = found.tau - mean[..., shape.cut]
    if layout.theta:
        # δ = Σᵢᵢ^(−1/2) moves with its variance.
        moved = np.where(shape.ordered, -0.5 * delta**3, 0.0)[..., None, :] * diagonal
        between = spread[..., rows, columns][..., None, :]
        pairs = pairs + between * (
            moved[..., rows] * delta[..., None, columns]
            + delta[..., None, rows] * moved[..., columns]
        )
        cuts = cuts + moved[..., shape.cut] * reach[..., None, :]
    moves = _moves_of_slopes(structure, change, found)
    by = [delta[..., None, :] * moves[number] for number in range(len(layout.given))]
    if layout.theta:
        by = [
            one + moved * found.behind.total[..., None, :, column]
            for one, column in zip(by, layout.given, strict=True)
        ]
    part = np.concatenate([cuts, diagonal[..., shape.continuous], pairs, *by], axis=-1)
    total[..., change.used] = part.mT
    position, which = layout.tau_places
    total[..., position, which] = delta[..., shape.cut[position]]
    for variable, parameter in zip(*layout.delta_places, strict=True):
        own = np.flatnonzero(shape.cut == variable)
        total[..., own, parameter] = reach[..., own]
        for number, column in enumerate(layout.given):
            place = shape.slopes.start + number * len(shape.categories) + variable
            total[..., place, parameter] = found.behind.total[..., variable, column]
        for mine, others in ((rows, columns), (columns, rows)):
            touched = np.flatnonzero(mine == variable)
            other = others[touched]
            total[..., n_cuts + n_own + touched, parameter] = (
                spread[..., variable, other] * delta[..., other]
            )
    if n_tied:
        total = _through_tied(layout, total, diagonal, change.used, found)
    return total


def _moves_of_slopes(structure: Layout, change: Slopes, found: OrdinalImplied) -> list[FloatArray]:
    """Differentiate what each covariate does to the variables behind (…, t, p)."""
    columns = np.concatenate([structure.places[name][1] for name in NAMES])
    paths = np.concatenate(
        [np.full(len(structure.places[name][1]), name in ("lambda", "beta")) for name in NAMES]
    )
    # Vectors have no columns, and symmetric matrices nothing that a covariate goes through.
    columns = np.where(paths, columns, 0)
    return [
        change.left * np.where(paths, found.level[..., columns, number], 0.0)[..., None]
        for number in range(found.level.shape[-1])
    ]


def _with_tied(layout: OrdinalLayout) -> Layout:
    """Let the tied variances be parameters of their own, after all others."""
    columns = layout.tied[0]
    structure = layout.structure
    rows, others, which = structure.places["psi"]
    more = structure.n_free + np.arange(len(columns))
    psi = (
        np.concatenate([rows, columns]),
        np.concatenate([others, columns]),
        np.concatenate([which, more]),
    )
    return replace(
        structure,
        places={**structure.places, "psi": psi},
        n_free=structure.n_free + len(columns),
    )


def _through_tied(
    layout: OrdinalLayout,
    total: FloatArray,
    diagonal: FloatArray,
    used: IntArray,
    found: OrdinalImplied,
) -> FloatArray:
    """Let tied variances move with the parameters, so that total variances stay 1/δ²."""
    n_free = layout.n_free
    variables = layout.tied[1]
    own = np.zeros((*total.shape[:-2], len(variables), total.shape[-1]))
    own[..., used] = diagonal[..., variables].mT
    wanted = np.zeros_like(own[..., :n_free])
    for variable, parameter in zip(*layout.delta_places, strict=True):
        at = np.flatnonzero(variables == variable)
        wanted[..., at, parameter] = -2.0 / found.delta[..., variables[at]] ** 3
    moved = np.linalg.solve(own[..., n_free:], wanted - own[..., :n_free])
    return np.asarray(total[..., :n_free] + total[..., n_free:] @ moved)


def residual_variances(layout: OrdinalLayout, found: OrdinalImplied) -> FloatArray:
    """Give what remains of 1/δ² under the delta parameterization (…, p); 0 where continuous.

    For variables that take part among the latent ones, these are their disturbances' variances.
    """
    behind = found.behind.spread.diagonal(axis1=-2, axis2=-1)
    explained = behind - np.diag(layout.structure.fixed["theta"])
    rest = np.where(layout.shape.ordered, 1.0 / found.delta**2 - explained, 0.0)
    rest[..., layout.tied[1]] = found.variances
    return np.asarray(rest)
