"""Linear regression with the errors that its residuals call for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LeastSquares:
    """Coefficients (k,) with their covariances (k, k).

    ``df`` are the degrees of freedom of t, ``r2`` the share of variance explained, and
    ``errors`` the kind that was possible: "HC3" becomes "HC1" where a case determines a
    coefficient by itself.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    df: float
    r2: float
    errors: str

    @property
    def se(self) -> FloatArray:
        """Standard errors (k,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def full_rank(X: FloatArray) -> bool:
    """Whether no column of the design follows from the others."""
    scale = np.sqrt((X * X).sum(axis=0))
    return bool(np.linalg.matrix_rank(X / np.where(scale > 0, scale, 1.0), tol=1e-9) == X.shape[1])


def least_squares(
    X: FloatArray,
    y: FloatArray,
    *,
    errors: str = "classical",
    cluster: NDArray[np.intp] | None = None,
) -> LeastSquares:
    """Regress y (n,) on X (n, k) of full rank, its intercept among the columns.

    ``errors`` are "classical", "HC1" or "HC3"; ``cluster`` (n,), counted from 0, makes them
    robust to dependence within clusters (CR1), with t on the number of clusters less one.
    """
    n, k = X.shape
    Q, R = np.linalg.qr(X)
    inverse = np.linalg.inv(R)
    coefficients = inverse @ (Q.T @ y)
    residuals = y - X @ coefficients
    bread = inverse @ inverse.T
    df = float(n - k)
    if cluster is not None:
        groups = int(cluster.max()) + 1
        scores = np.zeros((groups, k))
        np.add.at(scores, cluster, X * residuals[:, None])
        meat = scores.T @ scores * (groups / (groups - 1)) * ((n - 1) / (n - k))
        df, errors = groups - 1.0, "cluster"
    else:
        leverage = (Q * Q).sum(axis=1)
        if errors == "HC3" and leverage.max() > 1 - 1e-10:
            errors = "HC1"
        squares = residuals**2
        if errors == "HC3":
            weights = squares / (1 - leverage) ** 2
        elif errors == "HC1":
            weights = squares * n / (n - k)
        else:
            weights = np.full(n, squares.sum() / (n - k))
        meat = (X * weights[:, None]).T @ X
    total = float(((y - y.mean()) ** 2).sum())
    return LeastSquares(
        coefficients=coefficients,
        covariance=bread @ meat @ bread,
        residuals=residuals,
        df=df,
        r2=1 - float(residuals @ residuals) / total if total > 0 else np.nan,
        errors=errors,
    )
