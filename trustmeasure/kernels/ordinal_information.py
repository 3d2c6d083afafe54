"""What fits to ordered items are asked afterwards: slopes, information, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.ordinal_fit import OrdinalModel, OrdinalSample
from trustmeasure.kernels.ordinal_structure import ordinal_implied, ordinal_slopes
from trustmeasure.kernels.sandwich import scaled_inverse

FloatArray = NDArray[np.float64]


def slope_and_information(
    model: OrdinalModel, samples: Sequence[OrdinalSample], parameters: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Differentiate half the distance in all free parameters, equalities aside.

    Gives the gradient (n_free,), in which a group counts by its persons less one as it does in
    the fit, and the unit information Δ'WΔ (n_free, n_free), in which it counts by its persons.
    """
    total = sum(sample.n for sample in samples)
    size = len(parameters)
    gradient, information = np.zeros(size), np.zeros((size, size))
    for layout, sample in zip(model.layouts, samples, strict=True):
        found = ordinal_implied(layout, parameters)
        change = sample.whiten(ordinal_slopes(layout, found))
        rest = sample.whiten((sample.moments - found.moments)[:, None])[:, 0]
        gradient -= (sample.n - 1.0) / total * (change.T @ rest)
        information += sample.n / total * (change.T @ change)
    return gradient, information


def residual_variances_of_moments(
    model: OrdinalModel,
    samples: Sequence[OrdinalSample],
    spreads: Sequence[FloatArray],
    reduced: FloatArray,
) -> list[FloatArray]:
    """Give the variances (q,) of each group's moments less the implied ones.

    The estimates follow the moments by Δ(ΣΔ'WΔ)⁻¹Δ'W; what is left of them has the covariance
    QΓQ'/n with Q = I − Δ(ΣΔ'WΔ)⁻¹Δ'W. ``spreads`` are Γ (q, q) of each group.
    """
    parameters = model.expand(reduced)
    total = sum(sample.n for sample in samples)
    white, plain = [], []
    information = np.zeros((len(reduced), len(reduced)))
    for layout, sample in zip(model.layouts, samples, strict=True):
        change = ordinal_slopes(layout, ordinal_implied(layout, parameters)) @ model.basis
        turned = sample.whiten(change)
        information += sample.n / total * (turned.T @ turned)
        plain.append(change)
        white.append(turned)
    inverse = scaled_inverse(information)
    found = []
    for sample, spread, change, turned in zip(samples, spreads, plain, white, strict=True):
        share = sample.n / total
        follow = share * change @ inverse @ (turned.T @ sample.whiten(np.eye(len(spread))))
        rest = np.eye(len(spread)) - follow
        found.append(np.einsum("ij,jk,ik->i", rest, spread, rest, optimize=True) / sample.n)
    return found
