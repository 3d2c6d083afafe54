"""Eigenvalues of random answers that keep what is known of the items: their margins.

Parallel analysis compares like with like: where the observed correlations are of ranks or of
what lies behind ordered answers, so are those of the random answers here. Answers that were
not given stay away at random too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.covariance import pairwise_moments
from trustmeasure.kernels.dimensionality import Eigenvalues, stacked_eigenvalues
from trustmeasure.kernels.polychorics import contingency, fit_pairs, margin_thresholds

FloatArray = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
Answers = TypeVar("Answers", bound=NDArray[Any])

# Numbers in one batch of permuted answers, pairs of items in one of polychorics: some 32 MB.
NUMBERS, PAIRS = 4_000_000, 60_000


def permuted_eigenvalues(
    values: FloatArray,
    n_iter: int,
    rng: np.random.Generator,
    correlate: Callable[[FloatArray], FloatArray] | None = None,
) -> Eigenvalues:
    """Eigenvalues (n_iter, p) of product-moment correlations of permuted answers (n, p).

    Each item's answers are shuffled on their own. With missing answers, NaN, they are
    shuffled among those who answered, and ``correlate`` gives the pairwise correlations.
    """
    if np.isnan(values).any():
        pairwise = correlate or (lambda answers: pairwise_moments(answers).correlation)
        stacks: Iterator[FloatArray] = (
            np.stack([pairwise(_shuffled(values, rng)) for _ in range(size)])
            for size in _batches(n_iter, max(1, NUMBERS // values.size))
        )
    else:
        stacks = _complete(values, n_iter, rng)
    return _eigenvalues(stacks, len(values))


def ordered_eigenvalues(
    codes: Codes, n_categories: int, n_iter: int, rng: np.random.Generator, *, permute: bool
) -> Eigenvalues:
    """Eigenvalues (n_iter, p) of polychoric correlations of random ordered answers.

    ``codes`` (n, p) count categories from 0, −1 is missing. Random answers are the observed
    ones permuted, or cuts of independent normals at the observed thresholds.
    """
    n_pairs = codes.shape[1] * (codes.shape[1] - 1) // 2
    draw: Callable[[Codes, np.random.Generator], Codes] = _shuffled if permute else _drawn
    stacks = (
        _polychoric_stack([draw(codes, rng) for _ in range(size)], n_categories)
        for size in _batches(n_iter, max(1, PAIRS // n_pairs))
    )
    return _eigenvalues(stacks, len(codes))


def _batches(total: int, most: int) -> Iterator[int]:
    for begin in range(0, total, most):
        yield min(most, total - begin)


def _complete(values: FloatArray, n_iter: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Correlate complete answers (n, p), permuted, some replications at a time."""
    centred = values - values.mean(axis=0)
    unit = np.ascontiguousarray((centred / np.sqrt((centred**2).sum(axis=0))).T)
    for size in _batches(n_iter, max(1, NUMBERS // unit.size)):
        mixed = np.repeat(unit[None], size, axis=0)
        rng.permuted(mixed, axis=-1, out=mixed)
        stack = mixed @ mixed.mT
        place = np.arange(len(unit))
        stack[:, place, place] = 1.0
        yield stack


def _shuffled(answers: Answers, rng: np.random.Generator) -> Answers:
    """Permute each item's answers (n, p) among those who gave one."""
    mixed = answers.copy()
    for column in mixed.T:
        given = ~np.isnan(column) if answers.dtype.kind == "f" else column >= 0
        column[given] = rng.permutation(column[given])
    return mixed


def _drawn(codes: Codes, rng: np.random.Generator) -> Codes:
    """Draw categories at random, each as often as it was observed, on average."""
    drawn = codes.T.copy()  # items in rows, so that each lies together in memory
    for column in drawn:
        answered = column >= 0
        given = column if answered.all() else column[answered]
        chosen = given.take(rng.integers(given.size, size=given.size, dtype=np.uint32))
        if given is column:
            column[:] = chosen
        else:
            column[answered] = chosen
    return np.ascontiguousarray(drawn.T)


def _polychoric_stack(samples: list[Codes], n_categories: int) -> FloatArray:
    """Polychoric correlations (b, p, p) of all samples, their pairs fitted together."""
    p = samples[0].shape[1]
    i, j = np.triu_indices(p, 1)
    pairs, rows, columns = [], [], []
    for codes in samples:
        tables = contingency(codes, n_categories)
        margins = np.diagonal(np.diagonal(tables, axis1=2, axis2=3), axis1=0, axis2=1).T
        thresholds = margin_thresholds(np.ascontiguousarray(margins))
        pairs.append(tables[i, j])
        rows.append(thresholds[i])
        columns.append(thresholds[j])
    fits = fit_pairs(np.concatenate(pairs), np.concatenate(rows), np.concatenate(columns))
    stack = np.broadcast_to(np.eye(p), (len(samples), p, p)).copy()
    stack[:, i, j] = stack[:, j, i] = fits.correlation.reshape(len(samples), -1)
    return stack


def _eigenvalues(stacks: Iterator[FloatArray], n_obs: int) -> Eigenvalues:
    parts = [stacked_eigenvalues(stack, _worth(stack, n_obs)) for stack in stacks]
    return Eigenvalues(
        components=np.concatenate([part.components for part in parts]),
        factors=np.concatenate([part.factors for part in parts]),
    )


def _worth(stack: FloatArray, n_obs: int) -> int:
    """Persons whose normal answers would correlate by chance as much as these do."""
    p = stack.shape[1]
    square = ((stack**2).sum() - len(stack) * p) / (len(stack) * p * (p - 1))
    return int(max(3, min(n_obs, 1.0 / max(square, 1e-12))))
