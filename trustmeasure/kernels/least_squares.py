"""Linear regression with the errors that its residuals call for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LeastSquares:
    """Coefficients (k,) with their covariances (k, k).

    ``df`` are the degrees of freedom of t, ``r2`` the share of variance explained, ``added``
    (k,) what each column adds to it beyond all others, and ``errors`` the kind that was
    possible: "HC3" becomes "HC1" where a case determines a coefficient by itself.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    df: float
    r2: float
    added: FloatArray
    errors: str

    @property
    def se(self) -> FloatArray:
        """Standard errors (k,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def full_rank(X: FloatArray) -> bool:
    """Whether no column of the design follows from the others."""
    scale = np.sqrt(np.einsum("ij,ij->j", X, X))
    unit = X / np.where(scale > 0, scale, 1.0)
    # Products have half of the digits: enough to see that columns are far from dependent.
    if np.linalg.eigvalsh(unit.T @ unit)[0] > 1e-4:
        return True
    return bool(np.linalg.matrix_rank(unit, tol=1e-9) == X.shape[1])


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
    unexplained = float(residuals @ residuals)
    if cluster is not None:
        groups = int(cluster.max()) + 1
        scores = np.zeros((groups, k))
        np.add.at(scores, cluster, X * residuals[:, None])
        meat = scores.T @ scores * (groups / (groups - 1)) * ((n - 1) / (n - k))
        covariance, df, errors = bread @ meat @ bread, groups - 1.0, "cluster"
    elif errors == "classical":
        covariance = bread * (unexplained / (n - k))
    else:
        leverage = (Q * Q).sum(axis=1)
        if errors == "HC3" and leverage.max() > 1 - 1e-10:
            errors = "HC1"
        weights = 1 / (1 - leverage) ** 2 if errors == "HC3" else np.full(n, n / (n - k))
        meat = (X * (residuals**2 * weights)[:, None]).T @ X
        covariance = bread @ meat @ bread
    total = float(((y - y.mean()) ** 2).sum()) or np.nan
    return LeastSquares(
        coefficients=coefficients,
        covariance=covariance,
        residuals=residuals,
        df=df,
        r2=1 - unexplained / total,
        added=coefficients**2 / np.diag(bread) / total,
        errors=errors,
    )
