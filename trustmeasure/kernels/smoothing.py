"""A smooth curve through points: penalised cubic spline, its smoothness chosen by GCV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Spline:
    """Natural cubic spline, its parameters the values at the knots.

    Attributes
    ----------
    knots : ndarray, shape (k,)
    second : ndarray, shape (k, k)
        From values to second derivatives at the knots.
    penalty : ndarray, shape (k, k)
        Of the integrated squared second derivative.
    """

    knots: FloatArray
    second: FloatArray
    penalty: FloatArray

    def basis(self, x: FloatArray) -> FloatArray:
        """Give what each knot's value adds to the curve at x (n,), as (n, k)."""
        j = np.clip(np.searchsorted(self.knots, x, side="right") - 1, 0, len(self.knots) - 2)
        h = self.knots[j + 1] - self.knots[j]
        left, right = self.knots[j + 1] - x, x - self.knots[j]
        rows = np.arange(len(x))
        basis = (left**3 / h - h * left)[:, None] / 6 * self.second[j] + (right**3 / h - h * right)[
            :, None
        ] / 6 * self.second[j + 1]
        basis[rows, j] += left / h
        basis[rows, j + 1] += right / h
        return np.asarray(basis)


def cubic_spline(x: FloatArray, n_knots: int) -> Spline:
    """Place knots at quantiles of the distinct values of x."""
    knots = np.quantile(np.unique(x), np.linspace(0, 1, n_knots))
    h = np.diff(knots)
    m = n_knots - 2
    D, B = np.zeros((m, n_knots)), np.zeros((m, m))
    i = np.arange(m)
    D[i, i], D[i, i + 1], D[i, i + 2] = 1 / h[:-1], -1 / h[:-1] - 1 / h[1:], 1 / h[1:]
    B[i, i] = (h[:-1] + h[1:]) / 3
    B[i[:-1], i[1:]] = B[i[1:], i[:-1]] = h[1:-1] / 6
    inner = np.linalg.solve(B, D)
    second = np.zeros((n_knots, n_knots))
    second[1:-1] = inner
    return Spline(knots=knots, second=second, penalty=D.T @ inner)


@dataclass(frozen=True)
class Smooth:
    """The curve at each x, covariates at their means, with its standard error."""

    fitted: FloatArray
    se: FloatArray
    edf: float


def smooth(x: FloatArray, y: FloatArray, covariates: FloatArray, *, most_knots: int = 10) -> Smooth:
    """Smooth y over x (n,), beside linear covariates (n, q).

    Minimises the generalised cross-validation score n · RSS / (n − edf)² over the weight
    of the penalty. Standard errors are those of the Bayesian posterior (Wood, 2017).
    """
    from scipy.optimize import minimize_scalar

    spline = cubic_spline(x, min(most_knots, len(np.unique(x))))
    shape = spline.basis(x)
    q, n = covariates.shape[1], len(y)
    centred = covariates - covariates.mean(axis=0)
    X = np.hstack([centred, shape])
    penalty = np.zeros((X.shape[1], X.shape[1]))
    penalty[q:, q:] = spline.penalty
    Q, R = np.linalg.qr(X)
    inverse = np.linalg.inv(R)
    # In these axes every direction is shrunk by itself.
    strength, axes = np.linalg.eigh(inverse.T @ penalty @ inverse)
    strength = np.maximum(strength, 0.0)
    strength[strength < 1e-10 * strength.max()] = 0.0
    along = axes.T @ (Q.T @ y)
    beyond = float(y @ y - along @ along)

    def parts(log_weight: float) -> tuple[FloatArray, float, float]:
        kept = 1 / (1 + np.exp(log_weight) * strength)
        rss = max(beyond, 0.0) + float((((1 - kept) * along) ** 2).sum())
        return kept, rss, float(kept.sum())

    def score(log_weight: float) -> float:
        _, rss, edf = parts(log_weight)
        return n * rss / (n - edf) ** 2

    scale = -np.log(np.median(strength[strength > 0]))
    grid = scale + np.linspace(-20, 25, 91)
    best = int(np.argmin([score(value) for value in grid]))
    near = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(score, bounds=near, method="bounded", options={"xatol": 1e-8})
    kept, rss, edf = parts(float(found.x))
    design = np.hstack([np.zeros_like(centred), shape]) @ inverse @ axes
    return Smooth(
        fitted=design @ (kept * along),
        se=np.sqrt(rss / (n - edf) * (design**2 @ kept)),
        edf=edf,
    )
