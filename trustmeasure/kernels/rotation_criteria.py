"""What a rotation minimises: each criterion with its slope, for a stack of loadings at once.

A criterion takes loadings (k, p, m) and gives its parts (k, …), which sum to its value, and
its slope in the loadings (k, p, m). Parts instead of sums let a line search see gains that
two nearly equal sums would lose to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Evaluation = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class Criterion:
    """A criterion, and how its minimum is to be looked for.

    Attributes
    ----------
    evaluate : callable
        Loadings (k, p, m) → parts (k, …) and slope (k, p, m).
    oblique : bool
        Whether factors may correlate.
    smooth : bool
        Whether the slope is continuous; otherwise second-order steps come late.
    """

    evaluate: Callable[[FloatArray], Evaluation]
    oblique: bool
    smooth: bool = True


def oblimin(gamma: float = 0.0) -> Callable[[FloatArray], Evaluation]:
    """Cross-products of squared loadings, their covariances in the share ``gamma``; 0 quartimin."""

    def evaluate(loadings: FloatArray) -> Evaluation:
        squares = loadings**2
        others = squares.sum(axis=2, keepdims=True) - squares
        if gamma != 0.0:
            others = others - gamma * others.mean(axis=1, keepdims=True)
        return squares * others / 4, loadings * others

    return evaluate


def crawford_ferguson(kappa: float) -> Callable[[FloatArray], Evaluation]:
    """Complexity of rows and, in the share ``kappa``, of columns (Crawford & Ferguson)."""

    def evaluate(loadings: FloatArray) -> Evaluation:
        squares = loadings**2
        along = squares.sum(axis=2, keepdims=True) - squares
        down = squares.sum(axis=1, keepdims=True) - squares
        pull = (1.0 - kappa) * along + kappa * down
        return squares * pull / 4, loadings * pull

    return evaluate


def quartimax(loadings: FloatArray) -> Evaluation:
    """Fourth powers of the loadings, to be as large as possible."""
    return -(loadings**4) / 4, -(loadings**3)


def varimax(loadings: FloatArray) -> Evaluation:
    """Variances of the squared loadings of a factor, to be as large as possible."""
    squares = loadings**2
    centred = squares - squares.mean(axis=1, keepdims=True)
    return -(centred**2) / 4, -loadings * centred


def geomin(delta: float = 0.01) -> Callable[[FloatArray], Evaluation]:
    """Geometric means of an item's squared loadings, each raised by ``delta``."""

    def evaluate(loadings: FloatArray) -> Evaluation:
        raised = loadings**2 + delta
        means = np.exp(np.log(raised).mean(axis=2, keepdims=True))
        return means, (2.0 / loadings.shape[2]) * loadings / raised * means

    return evaluate


def bentler(loadings: FloatArray) -> Evaluation:
    """How far the squared loadings of factors are from orthogonal, in Bentler's invariant way."""
    squares = loadings**2
    products = squares.mT @ squares
    diagonal = np.diagonal(products, axis1=1, axis2=2)
    parts = np.log(diagonal).sum(axis=1) - np.linalg.slogdet(products)[1]
    weights = np.linalg.inv(products)
    place = np.arange(loadings.shape[2])
    weights[:, place, place] -= 1.0 / diagonal
    return parts[:, None] / 4, -loadings * (squares @ weights)


def simplimax(n_small: int) -> Callable[[FloatArray], Evaluation]:
    """Squares of the ``n_small`` loadings nearest to zero."""

    def evaluate(loadings: FloatArray) -> Evaluation:
        squares = loadings**2
        flat = squares.reshape(len(squares), -1)
        cut = np.partition(flat, n_small - 1, axis=1)[:, n_small - 1]
        small = squares <= cut[:, None, None]
        return squares * small, 2.0 * loadings * small

    return evaluate


def bifactor(loadings: FloatArray) -> Evaluation:
    """Quartimin of all factors but the first, which is left free to be general."""
    squares = loadings**2
    squares[:, :, 0] = 0.0
    others = squares.sum(axis=2, keepdims=True) - squares
    others[:, :, 0] = 0.0
    return squares * others, 4.0 * loadings * others


def towards(target: FloatArray) -> Callable[[FloatArray], Evaluation]:
    """Squared distances from the ``target`` (p, m), where it is not NaN."""
    given = ~np.isnan(target)
    aim = np.where(given, target, 0.0)

    def evaluate(loadings: FloatArray) -> Evaluation:
        distance = (loadings - aim) * given
        return distance**2, 2.0 * distance

    return evaluate
