"""Linear structural models: the moments that their parameters imply, and the derivatives.

The model of one group has measurements y = ν + Λη + ε and latent variables η = α + Bη + ζ,
with covariances Θ of ε and Ψ of ζ, so that with A = (I − B)⁻¹

    Σ = ΛAΨA'Λ' + Θ,    μ = ν + ΛAα.

Everything takes any number of leading axes, so that many sets of parameters (as of bootstrap
replications) are worked on at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

NAMES = ("lambda", "theta", "psi", "beta", "nu", "alpha")
SYMMETRIC = frozenset({"theta", "psi"})


@dataclass(frozen=True)
class Layout:
    """Where the free parameters of one group stand in its matrices.

    Attributes
    ----------
    fixed : dict
        Matrix name → its fixed values, zeros where parameters are free. lambda (p, m), theta
        (p, p), psi (m, m), beta (m, m), nu (p,), alpha (m,).
    places : dict
        Matrix name → (rows, columns, parameters): arrays of equal length; columns are 0 for
        nu and alpha. A symmetric matrix lists each pair once.
    n_free : int
        Free parameters of the whole model, of which this group uses some.
    """

    fixed: Mapping[str, FloatArray]
    places: Mapping[str, tuple[IntArray, IntArray, IntArray]]
    n_free: int

    @cached_property
    def used(self) -> IntArray:
        """Which free parameters the group uses, in the order of `Slopes`."""
        return np.concatenate([self.places[name][2] for name in NAMES])

    @cached_property
    def stands_once(self) -> bool:
        """Whether no parameter stands in several cells."""
        return len(np.unique(self.used)) == len(self.used)

    @cached_property
    def in_order(self) -> bool:
        """Whether the group uses all free parameters, in their own order."""
        return np.array_equal(self.used, np.arange(self.n_free))

    @cached_property
    def constant_slopes(self) -> Slopes:
        """The parts of `Slopes` that are the same wherever the parameters are."""
        p, used = len(self.fixed["theta"]), self.used
        unit = np.eye(p)
        left, right, mean = (np.zeros((len(used), p)) for _ in range(3))
        weight = np.ones(len(used))
        begin = 0
        for name in NAMES:
            rows, columns, which = self.places[name]
            part = slice(begin, begin + len(which))
            begin += len(which)
            if name in SYMMETRIC:
                weight[part] = np.where(rows == columns, 0.5, 1.0)
            if name in ("lambda", "theta"):
                left[part] = unit[rows]
            if name == "theta":
                right[part] = unit[columns]
            if name == "nu":
                mean[part] = unit[rows]
        return Slopes(left=left, right=right, weight=weight, mean=mean, used=used)


@dataclass(frozen=True)
class Implied:
    """Moments that parameters imply, and what their derivatives need.

    ``spread`` is (…, p, p) and ``mean`` (…, p); ``total`` is ΛA, ``carried`` is AΨA'Λ', and
    ``level`` is Aα.
    """

    spread: FloatArray
    mean: FloatArray
    total: FloatArray
    carried: FloatArray
    level: FloatArray


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the moments in the parameters that a group uses, t of them.

    Each derivative of Σ has rank two: w(uv' + vu'), with u in ``left``, v in ``right``, both
    (…, t, p), and w in ``weight`` (t,). ``mean`` is (…, t, p); ``used`` says which free
    parameters.
    """

    left: FloatArray
    right: FloatArray
    weight: FloatArray
    mean: FloatArray
    used: IntArray

    def spread(self) -> FloatArray:
        """Give the derivatives of Σ themselves (…, t, p, p)."""
        half = self.left[..., :, None] * (self.weight[:, None] * self.right)[..., None, :]
        return half + half.mT


def matrices(layout: Layout, parameters: FloatArray) -> dict[str, FloatArray]:
    """Put free parameters (…, n_free) into the matrices of a group."""
    lead = parameters.shape[:-1]
    found = {}
    for name in NAMES:
        fixed = layout.fixed[name]
        filled = np.empty((*lead, *fixed.shape))
        filled[...] = fixed
        rows, columns, which = layout.places[name]
        if not len(which):
            pass
        elif name in ("nu", "alpha"):
            filled[..., rows] = parameters[..., which]
        else:
            filled[..., rows, columns] = parameters[..., which]
            if name in SYMMETRIC:
                filled[..., columns, rows] = parameters[..., which]
        found[name] = filled
    return found


def implied(parts: Mapping[str, FloatArray]) -> Implied:
    """Compute the moments from the matrices of a group."""
    loadings, beta, psi = parts["lambda"], parts["beta"], parts["psi"]
    m = beta.shape[-1]
    if beta.any():
        through = np.linalg.inv(np.eye(m) - beta)
        total = loadings @ through
        carried = through @ psi @ total.mT
        level = (through @ parts["alpha"][..., None])[..., 0]
    else:
        total, level = loadings, parts["alpha"]
        carried = psi @ loadings.mT
    spread = total @ _latent(carried, psi, total, beta) + parts["theta"]
    return Implied(
        spread=(spread + spread.mT) / 2,
        mean=parts["nu"] + (loadings @ level[..., None])[..., 0],
        total=total,
        carried=carried,
        level=level,
    )


def _latent(
    carried: FloatArray, psi: FloatArray, total: FloatArray, beta: FloatArray
) -> FloatArray:
    """Ψ(ΛA)', which ΛA takes to ΛAΨA'Λ'; the same as AΨA'Λ' where nothing regresses."""
    return psi @ total.mT if beta.any() else carried


def slopes(layout: Layout, found: Implied) -> Slopes:
    """Differentiate the moments in every parameter that the group uses."""
    constant = layout.constant_slopes
    shape = (*found.spread.shape[:-2], *constant.left.shape)
    left, right, mean = np.empty(shape), np.empty(shape), np.empty(shape)
    left[...], right[...], mean[...] = constant.left, constant.right, constant.mean
    begin = 0
    for name in NAMES:
        rows, columns, which = layout.places[name]
        part = (..., slice(begin, begin + len(which)), slice(None))
        begin += len(which)
        if not len(which):
            continue
        if name == "lambda":
            right[part] = found.carried[..., columns, :]
            mean[part] = left[part] * found.level[..., columns][..., None]
        elif name == "beta":
            left[part], right[part] = _columns(found.total, rows), found.carried[..., columns, :]
            mean[part] = left[part] * found.level[..., columns][..., None]
        elif name == "psi":
            left[part], right[part] = _columns(found.total, rows), _columns(found.total, columns)
        elif name == "alpha":
            mean[part] = _columns(found.total, rows)
    return Slopes(left=left, right=right, weight=constant.weight, mean=mean, used=constant.used)


def _columns(matrix: FloatArray, which: IntArray) -> FloatArray:
    """Columns of (…, p, m) as (…, t, p)."""
    return matrix[..., which].mT
