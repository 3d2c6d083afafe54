"""Comparison data: samples of populations with 1, 2, … factors and the items' own margins.

A population is a normal factor model whose variables are cut, or stretched, to the observed
distributions. What that does to a correlation has a closed form, Mehler's series in the
Hermite coefficients of the margins, so that the population is found without simulating it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.factor_extraction import extract
from trustmeasure.kernels.ranks import ranks

FloatArray = NDArray[np.float64]

# Terms of Mehler's series; what it leaves out is below 1e-5 for correlations up to .95.
N_TERMS = 100
# A population is as near as it gets when nothing lowered the residuals this often.
MOST_TRIALS, MOST_ROUNDS, LEAST_GAIN = 5, 100, 1e-6
# Numbers in one batch of samples: 1 MB in single precision, which stays near the processor.
NUMBERS = 250_000
# Samples with more numbers than this are drawn one at a time, to keep memory in bounds.
ALONE = 4_000_000
# Up to so many distinct values a cut is compared with all variables at once.
FEW_LEVELS = 20
# Otherwise normal variables are looked up in a grid, of cells 1/400 of a deviation wide.
N_CELLS, REACH = 4096, 5.12


@dataclass(frozen=True)
class Margin:
    """The observed distribution of an item: a step function of a standard normal.

    Attributes
    ----------
    levels : ndarray, shape (l,)
        Distinct values, ascending, scaled to mean 0 and variance 1.
    cuts : ndarray, shape (l − 1,)
        Where the normal variable steps from one level to the next.
    """

    levels: FloatArray
    cuts: FloatArray


@dataclass(frozen=True)
class Comparison:
    """Distances of samples' eigenvalues from the observed ones.

    Attributes
    ----------
    rmse : ndarray, shape (k, n_samples)
        Root mean square distance, for populations with 1, … k factors.
    pvalue : ndarray, shape (k,)
        One-sided Mann–Whitney test against one factor less; NaN for the first.
    n_factors : int or None
        The last number of factors that improved on the one before; None where the largest
        one tried still did.
    """

    rmse: FloatArray
    pvalue: FloatArray
    n_factors: int | None


def margin(answers: FloatArray) -> Margin:
    """Describe an item's distribution by those who answered (n,)."""
    from scipy.special import ndtri

    levels, counts = np.unique(answers, return_counts=True)
    share = counts / counts.sum()
    mean = float(levels @ share)
    spread = float(np.sqrt(((levels - mean) ** 2) @ share))
    return Margin(levels=(levels - mean) / spread, cuts=ndtri(np.cumsum(share)[:-1]))


def compare(
    correlation: FloatArray,
    margins: list[Margin],
    n_obs: int,
    *,
    most: int,
    n_samples: int,
    alpha: float,
    rng: np.random.Generator,
) -> Comparison:
    """Add factors to the population as long as its samples come nearer to the data.

    ``correlation`` (p, p) are product-moment correlations of items with these ``margins``.
    """
    observed = np.linalg.eigvalsh(correlation).astype(np.float64)
    coefficients = np.stack([hermite_coefficients(one) for one in margins])
    rmse: list[FloatArray] = []
    pvalue: list[float] = []
    for m in range(1, most + 1):
        loadings = population(correlation, coefficients, m)
        rmse.append(_distances(observed, loadings, margins, n_obs, n_samples, rng))
        pvalue.append(float("nan") if m == 1 else smaller(rmse[-1], rmse[-2]))
        if m > 1 and pvalue[-1] >= alpha:
            break
    ended = len(pvalue) > 1 and pvalue[-1] >= alpha
    return Comparison(np.array(rmse), np.array(pvalue), len(pvalue) - 1 if ended else None)


def hermite_coefficients(one: Margin) -> FloatArray:
    """Coefficients (N_TERMS,) of a margin in normalised Hermite polynomials, from degree 1."""
    height = np.diff(one.levels) * np.exp(-(one.cuts**2) / 2) / np.sqrt(2 * np.pi)
    before, now = np.zeros_like(one.cuts), np.ones_like(one.cuts)
    found = np.empty(N_TERMS)
    for k in range(1, N_TERMS + 1):
        found[k - 1] = height @ now / np.sqrt(k)
        before, now = now, (one.cuts * now - np.sqrt(k - 1.0) * before) / np.sqrt(k)
    return found


def after_margins(latent: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Correlations of the items whose normal variables correlate as ``latent`` (p, p)."""
    found = np.zeros_like(latent)
    for terms in coefficients.T[::-1]:
        found = latent * (found + np.outer(terms, terms))
    np.fill_diagonal(found, 1.0)
    return found


def population(correlation: FloatArray, coefficients: FloatArray, n_factors: int) -> FloatArray:
    """Find loadings (p, m) of normal variables whose items come nearest to ``correlation``.

    Factors are extracted from intermediate correlations, which are moved by what the items
    miss of the target; a move that does not help is taken back and halved.
    """
    p = len(correlation)
    tried, best, least, failed = correlation, correlation, np.inf, 0
    missed = np.zeros_like(correlation)
    loadings = np.zeros((p, n_factors))
    for _ in range(MOST_ROUNDS):
        found = _within(extract(tried, n_factors, "minres").loadings)
        residual = correlation - after_margins(_implied(found), coefficients)
        size = float(np.sqrt((residual**2).sum() / (p * (p - 1))))
        if size < least - LEAST_GAIN:
            best, least, missed, loadings, failed = tried, size, residual, found, 0
            tried = best + missed
        else:
            failed += 1
            tried = best + 0.5**failed * missed
        if failed >= MOST_TRIALS:
            break
    return loadings


def _within(loadings: FloatArray) -> FloatArray:
    """Shorten the loadings of Heywood cases, so that no variable has more variance than 1."""
    communality = (loadings**2).sum(axis=1, keepdims=True)
    return np.asarray(loadings / np.sqrt(np.maximum(communality, 1.0)))


def _implied(loadings: FloatArray) -> FloatArray:
    latent = loadings @ loadings.T
    np.fill_diagonal(latent, 1.0)
    return np.asarray(latent)


def _distances(
    observed: FloatArray,
    loadings: FloatArray,
    margins: list[Margin],
    n_obs: int,
    n_samples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Root mean square distances (n_samples,) of samples' eigenvalues from the observed ones."""
    found = [
        np.sqrt(((np.linalg.eigvalsh(stack) - observed) ** 2).mean(axis=1))
        for stack in sampled_correlations(loadings, margins, n_obs, n_samples, rng)
    ]
    return np.concatenate(found)


def sampled_correlations(
    loadings: FloatArray,
    margins: list[Margin],
    n_obs: int,
    n_samples: int,
    rng: np.random.Generator,
) -> Iterator[FloatArray]:
    """Correlation matrices (b, p, p) of samples from a population, some at a time."""
    p, m = loadings.shape
    weights = loadings.T.astype(np.float32)
    # The last digit of a communality of 1 may lie beyond it.
    unique = np.sqrt(np.maximum(1.0 - (loadings**2).sum(axis=1), 0.0)).astype(np.float32)

    def draw(task: tuple[int, np.random.Generator]) -> FloatArray:
        size, own = task
        normal = own.standard_normal((size, n_obs, p), dtype=np.float32)
        normal *= unique
        normal += own.standard_normal((size, n_obs, m), dtype=np.float32) @ weights
        return _product_moments(_stepped(normal, margins))

    size = max(1, NUMBERS // (n_obs * p))
    sizes = [min(size, n_samples - begin) for begin in range(0, n_samples, size)]
    # Random numbers and arithmetic on arrays leave other threads free. Each batch has a
    # stream of its own, so that what is drawn does not depend on which thread is faster.
    with ThreadPoolExecutor(1 if size == 1 and n_obs * p > ALONE else 2) as pool:
        yield from pool.map(draw, zip(sizes, rng.spawn(len(sizes)), strict=True))


def _product_moments(items: NDArray[np.float32]) -> FloatArray:
    """Correlate each of a stack of samples (b, n, p), which is centred in place."""
    items -= items.mean(axis=1, keepdims=True)
    scatter = np.asarray(items.mT @ items, dtype=np.float64)
    # An item that a small sample gives but one value correlates with nothing.
    spread = np.sqrt(np.maximum(np.diagonal(scatter, axis1=1, axis2=2), 1e-12))
    scatter /= spread[:, :, None] * spread[:, None, :]
    place = np.arange(scatter.shape[1])
    scatter[:, place, place] = 1.0
    return scatter


def _stepped(normal: NDArray[np.float32], margins: list[Margin]) -> NDArray[np.float32]:
    """Give normal variables (b, n, p) the margins of the items."""
    most = max(one.levels.size for one in margins)
    if most > FEW_LEVELS:
        return _looked_up(normal, margins)
    cuts = np.full((most - 1, len(margins)), np.inf, dtype=np.float32)
    heights = np.zeros((most - 1, len(margins)), dtype=np.float32)
    for j, one in enumerate(margins):
        cuts[: one.cuts.size, j] = one.cuts
        heights[: one.cuts.size, j] = np.diff(one.levels)
    items = np.zeros_like(normal)  # the lowest level; means are taken off later
    for cut, height in zip(cuts, heights, strict=True):
        items += (normal > cut) * height
    return items


def _looked_up(normal: NDArray[np.float32], margins: list[Margin]) -> NDArray[np.float32]:
    """Give normal variables (b, n, p) the margins at the nearest of many points of a grid."""
    middles = (np.arange(N_CELLS) + 0.5) * (2 * REACH / N_CELLS) - REACH
    table = np.concatenate(
        [one.levels[np.searchsorted(one.cuts, middles)].astype(np.float32) for one in margins]
    )
    scaled = (normal + np.float32(REACH)) * np.float32(N_CELLS / (2 * REACH))
    cells = np.clip(scaled, 0, N_CELLS - 1).astype(np.int32)
    cells += np.arange(len(margins), dtype=np.int32) * N_CELLS
    return np.asarray(table.take(cells))


def smaller(one: FloatArray, other: FloatArray) -> float:
    """One-sided p value of the Mann–Whitney test that ``one`` tends to be the smaller.

    Normal approximation with continuity correction, as R's ``wilcox.test`` takes from 50
    values on.
    """
    from scipy.special import ndtr

    a, b = one.size, other.size
    both = ranks(np.concatenate([one, other])[:, None])[:, 0]
    u = both[:a].sum() - a * (a + 1) / 2
    z = (u - a * b / 2 + 0.5) / np.sqrt(a * b * (a + b + 1) / 12)
    return float(ndtr(z))
