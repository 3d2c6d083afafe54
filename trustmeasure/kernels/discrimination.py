"""How often a score of one group exceeds one of another: area under the ROC curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Area:
    """Area under the curve and its standard error (DeLong)."""

    area: float
    se: float

    def limits(self, level: float) -> tuple[float, float]:
        """Give the normal interval, cut off at 0 and 1."""
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2)) * self.se
        return max(0.0, self.area - half), min(1.0, self.area + half)


def area_under_curve(higher: FloatArray, lower: FloatArray) -> Area:
    """Share of pairs (one of each group) in which ``higher`` is; ties count half.

    The variance is that of DeLong et al. (1988), from each person's own share of pairs,
    which places among the sorted scores of the other group give without looking at the pairs
    (after Sun & Xu, 2014).
    """
    m, n = len(higher), len(lower)
    higher, lower = np.sort(higher), np.sort(lower)
    above = _exceeded(lower, higher) / n  # share of the lower group that each one exceeds
    below = 1 - _exceeded(higher, lower) / m  # share of the higher group that exceeds each one
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = above.var(ddof=1) / m + below.var(ddof=1) / n if min(m, n) > 1 else math.nan
    return Area(area=float(above.mean()), se=math.sqrt(variance) if variance >= 0 else math.nan)


def _exceeded(others: FloatArray, values: FloatArray) -> FloatArray:
    """How many of the sorted ``others`` each of ``values`` exceeds; ties count half."""
    fewer, at_most = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return np.asarray((fewer + at_most) / 2)
