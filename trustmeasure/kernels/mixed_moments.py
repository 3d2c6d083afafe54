"""Means, variances and covariances of continuous variables beside ordered ones.

Each comes with the influence that every person has on it (Muthén, 1984): the score of the
likelihood over its information, after what thresholds, means and variances take from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.polychorics import FAR, LARGEST
from trustmeasure.kernels.polyserials import polyserial

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


class Mixed:
    """Moments of continuous variables, and their covariances with all others.

    ``values`` (n, c) hold the continuous variables, NaN where missing, ``codes`` (n, items) the
    categories of ordered ones from 0, −1 where missing, with ``thresholds`` of each; ``shifts``
    (items, k + 1, k − 1) are the influences of categories on thresholds, the last row zeros.
    """

    def __init__(
        self,
        values: FloatArray,
        codes: IntArray,
        thresholds: Sequence[FloatArray],
        shifts: FloatArray,
    ) -> None:
        self.codes, self.thresholds, self.shifts = codes, thresholds, shifts
        self.answered = ~np.isnan(values.T)
        data = np.where(self.answered, values.T, 0.0)
        count = self.answered.sum(axis=1)
        self.mean = data.sum(axis=1) / count
        off = np.where(self.answered, data - self.mean[:, None], 0.0)
        self.variance = (off**2).sum(axis=1) / count
        self.sd = np.sqrt(self.variance)
        self.z = off / self.sd[:, None]
        self.own = [
            _own_influence(z, v, seen)
            for z, v, seen in zip(self.z, self.variance, self.answered, strict=True)
        ]

    def continuous(self, i: int, j: int) -> tuple[float, FloatArray, bool]:
        """Covariance of two continuous variables, the influences (n,) on it, and if it is one."""
        rho, line = self.product_moment(i, j)
        return (*self._to_covariance(rho, line, (i, j)), abs(rho) < LARGEST)

    def with_ordered(self, i: int, j: int) -> tuple[float, FloatArray, bool]:
        """Covariance of a continuous variable with an ordered one, from the polyserial."""
        rho, line, converged = self.polyserial(i, j)
        return (*self._to_covariance(rho, line, (i,)), converged)

    def product_moment(self, i: int, j: int) -> tuple[float, FloatArray]:
        """Correlation of two continuous variables, and the influences (n,) on it."""
        who = self.answered[i] & self.answered[j]
        x, y = self.z[i][who], self.z[j][who]
        rho = product_correlation(x, y)
        # Of variables of which one determines the other, influences have no end.
        rest = 1.0 - min(rho**2, LARGEST**2)
        product = x * y
        slope = rho / rest + product / rest - (x**2 + y**2 - 2 * rho * product) * rho / rest**2
        line = np.zeros(len(who))
        line[who] = slope
        for one, a, b in ((i, x, y), (j, y, x)):
            by_mean = (a - rho * b) / (self.sd[one] * rest)
            by_variance = ((a**2 - rho * product) / rest - 1.0) / (2 * self.variance[one])
            line -= (slope @ by_mean) * self.own[one][0] + (slope @ by_variance) * self.own[one][1]
        return rho, line / float(slope @ slope)

    def polyserial(self, i: int, j: int) -> tuple[float, FloatArray, bool]:
        """Correlation with an ordered variable, influences on it, and if it is a maximum."""
        who = self.answered[i] & (self.codes[:, j] >= 0)
        z, codes, cuts = self.z[i][who], self.codes[who, j], self.thresholds[j]
        count = len(cuts) + 1
        fit = polyserial(z, codes, cuts, tolerance=1e-10)
        rho, root = fit.correlation, np.sqrt(1.0 - fit.correlation**2)
        edges = np.concatenate([[-FAR], cuts, [FAR]])
        upper, lower = edges[codes + 1], edges[codes]
        high, low, share = interval(z, upper, lower, rho)
        slope = (high * (upper * rho - z) - low * (lower * rho - z)) / (root**3 * share)
        change = (high - low) * rho / (root * share)
        by_mean = (z + change) / self.sd[i]
        by_variance = (z**2 - 1.0 + change * z) / (2 * self.variance[i])
        up = np.bincount(codes, slope * high / (root * share), minlength=count)
        down = np.bincount(codes, slope * low / (root * share), minlength=count)
        by_category = self.shifts[j, :, : count - 1] @ (up[:-1] - down[1:])
        line = -by_category[self.codes[:, j]]  # no answer, −1, takes the last row
        line[who] += slope
        line -= (slope @ by_mean) * self.own[i][0] + (slope @ by_variance) * self.own[i][1]
        squares = float(slope @ slope)
        # Where one variable determines the other, the likelihood is level.
        return rho, line / squares if squares else line, fit.converged

    def _to_covariance(
        self, rho: float, line: FloatArray, continuous: tuple[int, ...]
    ) -> tuple[float, FloatArray]:
        scale = float(np.prod(self.sd[list(continuous)]))
        line = scale * line
        for one in continuous:
            line = line + rho * scale / (2 * self.variance[one]) * self.own[one][1]
        return rho * scale, line


def product_correlation(x: FloatArray, y: FloatArray) -> float:
    """Correlate variables that have mean 0 and variance 1, if not among these persons.

    The most likely correlation then is not their mean product but a root of a cubic equation,
    of which persons who vary less than all have more than one inside ±1.
    """
    shared, squares = float(x @ y) / len(x), float(x @ x + y @ y) / len(x)
    if not np.isfinite(squares):  # of a variable that does not vary
        return float("nan")
    roots = np.roots([-1.0, shared, 1.0 - squares, shared])
    inside = np.clip(roots[np.abs(roots.imag) < 1e-8].real, -1.0, 1.0)
    rest = np.maximum(1.0 - inside**2, 1e-12)
    deviance = np.log(rest) + (squares - 2.0 * inside * shared) / rest
    return float(inside[np.argmin(deviance)])


def _own_influence(z: FloatArray, variance: float, answered: NDArray[np.bool_]) -> FloatArray:
    """Influences (2, n) on mean and variance, with products of scores as information.

    Of a variable with two values both scores say the same, so that the information has no
    inverse: the influences are those of plain moments there, which need none.
    """
    scores = np.stack([z, (z**2 - 1.0) / 2]) * answered
    information = scores @ scores.T
    scale = np.sqrt(variance) ** np.array([[1.0], [2.0]])
    alone = information[0, 0] * information[1, 1]
    if alone - information[0, 1] ** 2 <= 1e-10 * alone:
        return np.asarray(scale * np.stack([z, z**2 - 1.0]) * answered / answered.sum())
    return np.asarray(scale * np.linalg.solve(information, scores))


def interval(
    z: FloatArray, upper: FloatArray, lower: FloatArray, rho: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Densities at both edges of each person's category given z, and its probability."""
    from scipy.special import ndtr

    root = np.sqrt(1.0 - rho**2)
    top, bottom = (upper - rho * z) / root, (lower - rho * z) / root
    # From the far tail, where both are near 1, to the near one.
    flip = top + bottom > 0
    share = np.where(flip, ndtr(-bottom) - ndtr(-top), ndtr(top) - ndtr(bottom))
    with np.errstate(under="ignore"):
        high, low = (np.exp(-(edge**2) / 2) / np.sqrt(2 * np.pi) for edge in (top, bottom))
    return high, low, np.maximum(share, 1e-300)
