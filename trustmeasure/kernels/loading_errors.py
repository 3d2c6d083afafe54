"""Standard errors of rotated loadings and factor correlations, from derivatives.

An extraction followed by a rotation is where certain equations hold: the slope of the
discrepancy is zero, and so are the conditions of the rotation. Bordering the Hessian of the
one with the Jacobian of the others (Jennrich 1974) gives the derivative of every estimate
in every correlation. With it, the sampling covariance of correlations becomes that of the
estimates: under normality with the model as the population, or, as infinitesimal jackknife
(Jennrich 2008; Zhang, Preacher & Jennrich 2012), from the cases themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.rotation import Rotation, promax_axes, rotate, row_lengths

FloatArray = NDArray[np.float64]
_Equations = Callable[[FloatArray], FloatArray]

_STEP = 1e-5  # of central differences; their error is some 1e-9
_CELLS = 4_000_000  # floats held at once


@dataclass(frozen=True)
class LoadingErrors:
    """Standard errors of loadings (p, m) and of factor correlations (m, m), diagonal 0."""

    loadings: FloatArray
    phi: FloatArray


def normal_errors(
    loadings: FloatArray, phi: FloatArray, method: str, rotation: Rotation, n_obs: float
) -> LoadingErrors:
    """Give standard errors under normality, with the model-implied correlations as population."""
    implied = _implied(loadings, phi)

    def variance(M: FloatArray) -> FloatArray:
        product = M @ implied
        return np.asarray(2.0 * np.einsum("aij,aji->a", product, product) / n_obs)

    return _errors(loadings, phi, implied, method, rotation, variance)


def jackknife_errors(
    loadings: FloatArray,
    phi: FloatArray,
    method: str,
    rotation: Rotation,
    correlation: FloatArray,
    answers: FloatArray,
) -> LoadingErrors:
    """Give standard errors by the infinitesimal jackknife from complete answers (n, p)."""
    z = (answers - answers.mean(axis=0)) / answers.std(axis=0)
    n = len(z)

    def variance(M: FloatArray) -> FloatArray:
        total = np.zeros(len(M))
        step = max(1, _CELLS // (M.shape[0] * M.shape[1]))
        for begin in range(0, n, step):
            block = z[begin : begin + step]
            influence = ((block @ M) * block).sum(axis=2)
            total += (influence**2).sum(axis=1)
        return total / n**2

    return _errors(loadings, phi, correlation, method, rotation, variance)


def _errors(
    loadings: FloatArray,
    phi: FloatArray,
    correlation: FloatArray,
    method: str,
    rotation: Rotation,
    variance: Callable[[FloatArray], FloatArray],
) -> LoadingErrors:
    p, m = loadings.shape
    if rotation.name == "promax" and m > 1:
        derivative = _promax_derivative(loadings, phi, correlation, method, rotation)
        oblique = True
    else:
        criterion = rotation.criterion((p, m))
        oblique = criterion is not None and criterion.oblique
        derivative = _derivative(loadings, phi, correlation, method, rotation, oblique)
    rows, columns = np.tril_indices(p, -1)
    found = []
    for part in np.array_split(derivative, max(1, derivative.shape[0] * p * p // _CELLS)):
        M = np.zeros((len(part), p, p))
        M[:, rows, columns] = M[:, columns, rows] = part / 2
        # A correlation moves with its covariance, and against the two variances.
        place = np.arange(p)
        M[:, place, place] = -np.einsum("aij,ji->ai", M, correlation)
        found.append(variance(M))
    with np.errstate(invalid="ignore"):  # a singular matrix can make a variance negative: NaN
        size = np.sqrt(np.concatenate(found))
    phi_errors = np.zeros((m, m))
    if oblique:
        low = np.tril_indices(m, -1)
        phi_errors[low] = size[p * m :]
        phi_errors += phi_errors.T
    return LoadingErrors(loadings=size[: p * m].reshape(p, m), phi=phi_errors)


def _derivative(
    loadings: FloatArray,
    phi: FloatArray,
    correlation: FloatArray,
    method: str,
    rotation: Rotation,
    oblique: bool,
) -> FloatArray:
    """Differentiate loadings and factor correlations in each correlation (q below it)."""
    p, m = loadings.shape
    likelihood = method == "ml"
    theta = _packed(loadings, phi, oblique)

    def slope(x: FloatArray) -> FloatArray:
        L, F = _unpacked(x, p, m, oblique)
        return _slope(L, F, correlation, likelihood, oblique)

    hessian = _jacobian(slope, theta)
    border = _jacobian(_conditions(p, m, method, rotation, oblique), theta)
    size = len(theta)
    bordered = np.zeros((size + len(border), size + len(border)))
    bordered[:size, :size] = (hessian + hessian.T) / 2
    bordered[:size, size:] = border.T
    bordered[size:, :size] = border
    mixed = _mixed(loadings, phi, likelihood, oblique)
    right = np.zeros((len(bordered), mixed.shape[1]))
    right[:size] = -mixed
    try:
        solved = np.linalg.solve(bordered, right)
    except np.linalg.LinAlgError:
        return np.full((size, mixed.shape[1]), np.nan)
    return np.asarray(solved[:size])


def _promax_derivative(
    loadings: FloatArray,
    phi: FloatArray,
    correlation: FloatArray,
    method: str,
    rotation: Rotation,
) -> FloatArray:
    """Chain the derivatives of the varimax solution with those of promax in it."""
    p, m = loadings.shape
    first = Rotation("varimax", normalize=rotation.normalize)
    # Any orthogonal solution, turned again, is the varimax one.
    orthogonal = rotate(loadings @ np.linalg.cholesky(phi), first).loadings

    def promax(x: FloatArray) -> FloatArray:
        flat = x.reshape(-1, p, m)
        rows = flat / row_lengths(flat) if rotation.normalize else flat
        axes = promax_axes(rows, np.broadcast_to(np.eye(m), (len(flat), m, m)), rotation.power)
        turned = flat @ np.linalg.inv(axes).mT
        low = np.tril_indices(m, -1)
        products = axes.mT @ axes
        return np.hstack([turned.reshape(len(flat), -1), products[:, low[0], low[1]]])

    inner = _derivative(orthogonal, np.eye(m), correlation, method, first, False)
    outer = _jacobian(promax, orthogonal.ravel())
    mine = promax(orthogonal.ravel()[None])[0]
    return _as_arranged(outer @ inner, mine, loadings)


def _as_arranged(derivative: FloatArray, values: FloatArray, loadings: FloatArray) -> FloatArray:
    """Bring derivatives of a solution (loadings, phi below) to the order and signs of another."""
    p, m = loadings.shape
    other = values[: p * m].reshape(p, m)
    products = other.T @ loadings
    scale = np.sqrt(np.outer((other**2).sum(axis=0), (loadings**2).sum(axis=0)))
    match = np.abs(products / scale).argmax(axis=0)
    signs = np.sign(products[match, np.arange(m)])
    rows = derivative[: p * m].reshape(p, m, -1)[:, match] * signs[:, None]
    square = np.zeros((m, m, derivative.shape[1]))
    low = np.tril_indices(m, -1)
    square[low] = derivative[p * m :]
    square += np.swapaxes(square, 0, 1)
    moved = square[np.ix_(match, match)] * np.outer(signs, signs)[:, :, None]
    return np.concatenate([rows.reshape(p * m, -1), moved[low]])


def _slope(
    L: FloatArray, phi: FloatArray, correlation: FloatArray, likelihood: bool, oblique: bool
) -> FloatArray:
    """Slope of the discrepancy in loadings and factor correlations, for a stack of them."""
    implied = _implied(L, phi)
    weight = implied - correlation
    if likelihood:
        inverse = np.linalg.inv(implied)
        weight = inverse @ weight @ inverse
    return _pull(weight, L, phi, oblique)


def _pull(weight: FloatArray, L: FloatArray, phi: FloatArray, oblique: bool) -> FloatArray:
    """Chain slopes in the implied correlations (k, p, p) with loadings and phi."""
    weight = weight.copy()
    place = np.arange(weight.shape[-1])
    weight[:, place, place] = 0.0  # the diagonal is always 1
    parts = [(2.0 * weight @ L @ phi).reshape(len(weight), -1)]
    if oblique:
        low = np.tril_indices(L.shape[-1], -1)
        parts.append(2.0 * (L.mT @ weight @ L)[:, low[0], low[1]])
    return np.hstack(parts)


def _mixed(L: FloatArray, phi: FloatArray, likelihood: bool, oblique: bool) -> FloatArray:
    """Differentiate the slope in each correlation below the diagonal."""
    p = len(L)
    rows, columns = np.tril_indices(p, -1)
    inverse = np.linalg.inv(_implied(L, phi)) if likelihood else np.eye(p)
    blocks = []
    step = max(1, _CELLS // p**2)
    for begin in range(0, rows.size, step):
        i, j = rows[begin : begin + step], columns[begin : begin + step]
        if likelihood:
            weight = -inverse[:, i].T[:, :, None] * inverse[j][:, None, :]
            weight = weight + weight.mT
        else:
            weight = np.zeros((i.size, p, p))
            weight[np.arange(i.size), i, j] = weight[np.arange(i.size), j, i] = -1.0
        blocks.append(_pull(weight, L, phi, oblique))
    return np.concatenate(blocks).T


def _conditions(p: int, m: int, method: str, rotation: Rotation, oblique: bool) -> _Equations:
    """Give what the rotation makes zero, as a function of a stack of parameters."""
    criterion = rotation.criterion((p, m))
    low = np.tril_indices(m, -1)
    off = np.nonzero(~np.eye(m, dtype=bool))

    def conditions(x: FloatArray) -> FloatArray:
        L, phi = _unpacked(x, p, m, oblique)
        communality = np.einsum("kij,kjl,kil->ki", L, phi, L)[:, :, None]
        if criterion is None:  # the axes of the extraction itself
            weighted = L / (1.0 - communality) if method == "ml" else L
            return np.asarray((L.mT @ weighted)[:, low[0], low[1]])
        rows = L / np.sqrt(communality) if rotation.normalize else L
        product = rows.mT @ criterion.evaluate(rows)[1]
        if not oblique:
            return np.asarray((product - product.mT)[:, low[0], low[1]])
        return np.asarray((product @ np.linalg.inv(phi))[:, off[0], off[1]])

    return conditions


def _jacobian(function: _Equations, x: FloatArray) -> FloatArray:
    """Differences of a function of stacked parameters: rows its values, columns parameters."""
    columns = []
    step = max(1, _CELLS // x.size**2)  # each makes some p x p cells, fewer than these
    for begin in range(0, x.size, step):
        moves = _STEP * np.eye(x.size)[begin : begin + step]
        columns.append((function(x + moves) - function(x - moves)) / (2 * _STEP))
    return np.concatenate(columns).T


def _implied(L: FloatArray, phi: FloatArray) -> FloatArray:
    """Reproduced correlations with 1 in the diagonal, of one or a stack of solutions."""
    implied = L @ phi @ L.mT
    place = np.arange(implied.shape[-1])
    implied[..., place, place] = 1.0
    return np.asarray(implied)


def _packed(L: FloatArray, phi: FloatArray, oblique: bool) -> FloatArray:
    return np.concatenate([L.ravel(), phi[np.tril_indices(len(phi), -1)] if oblique else []])


def _unpacked(x: FloatArray, p: int, m: int, oblique: bool) -> tuple[FloatArray, FloatArray]:
    L = x[:, : p * m].reshape(-1, p, m)
    phi = np.broadcast_to(np.eye(m), (len(x), m, m)).copy()
    if oblique:
        rows, columns = np.tril_indices(m, -1)
        phi[:, rows, columns] = phi[:, columns, rows] = x[:, p * m :]
    return L, phi
