"""Whether several coefficients alpha differ by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class EqualityTest:
    """A chi-square test of equal alphas."""

    chisq: float
    df: int
    pvalue: float


def independent_alphas(alpha: FloatArray, n: FloatArray, k: FloatArray) -> EqualityTest:
    """Test alphas of different persons (Hakstian & Whalen, 1976); arrays of shape (groups,).

    (1 − α)^⅓ is nearly normal, with a variance that n persons and k items determine.
    """
    root = np.cbrt(1 - alpha)
    precision = (k - 1) * (9 * n - 11) ** 2 / (18 * k * (n - 1) * root**2)
    mean = float(precision @ root) / float(precision.sum())
    return _test(float(precision @ (root - mean) ** 2), len(alpha) - 1)


def dependent_alphas(alpha: FloatArray, n: float, k: FloatArray, r: FloatArray) -> EqualityTest:
    """Test alphas of the same persons (Feldt, Woodruff & Salih, 1987).

    ``r``, shape (groups, groups), correlates the sums whose alphas these are. NaN where these
    correlate perfectly.
    """
    length = len(k) / float((1 / k).sum())
    size = n * (length - 1) / (length + 1) - 1
    root = 1 / np.cbrt(1 - alpha)
    variance = 2 * root**2 / (9 * size)
    covariance = 2 * r**2 * np.outer(root, root) / (9 * size)
    above = covariance[np.triu_indices(len(alpha), 1)]
    spread = float(((root - root.mean()) ** 2).sum())
    own = float(variance.mean() - above.mean())
    if own <= 1e-12 * float(variance.mean()):
        return EqualityTest(math.nan, len(alpha) - 1, math.nan)
    return _test(spread / own, len(alpha) - 1)


def _test(chisq: float, df: int) -> EqualityTest:
    from scipy.special import chdtrc

    return EqualityTest(chisq, df, float(chdtrc(df, chisq)))
