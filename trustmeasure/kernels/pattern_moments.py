"""The normal likelihood of incomplete data in the moments themselves, all patterns at once.

Patterns of answers that miss equally many items make a layer, whose inverses follow from the
inverse P of the whole covariance matrix: with m the missing items, G = P − P·ₘPₘₘ⁻¹Pₘ· is the
inverse of what is observed, with zeros for what is missing. Whatever a model of the moments
needs (slopes, information) is summed over patterns here once, and then turned to parameters.

Moments are ordered as the lower triangle of Σ by rows, each counted once, then the mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.structural import Slopes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

# Numbers held at a time while patterns are gone through.
NUMBERS = 3_000_000


@dataclass(frozen=True)
class Layer:
    """Patterns with k items missing, those of several persons first.

    Attributes
    ----------
    missing : ndarray of int, shape (P, k)
    answered : ndarray of bool, shape (P, p)
    n : ndarray, shape (P,)
    mean : ndarray, shape (P, p)
        Zero where missing.
    scatter : ndarray, shape (S, p, p)
        Sums of squares and products around the mean, of the first S patterns; the others have
        one person each, and none.
    rows, which : ndarray of int
        The persons of the layer, by their row in the data, and each one's pattern.
    """

    missing: IntArray
    answered: NDArray[np.bool_]
    n: FloatArray
    mean: FloatArray
    scatter: FloatArray
    rows: IntArray
    which: IntArray


@dataclass(frozen=True)
class PatternStack:
    """Everyone in a group, by what they answered; who answered nothing is left out."""

    layers: tuple[Layer, ...]
    n_items: int
    n: float = field(init=False)
    n_answers: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", float(sum(layer.n.sum() for layer in self.layers)))
        answers = sum(float(layer.n @ layer.answered.sum(axis=1)) for layer in self.layers)
        object.__setattr__(self, "n_answers", answers)


@dataclass(frozen=True)
class Terms:
    """Half of −2 log-likelihood and its derivatives at given moments, summed over persons.

    ``deviance`` is −2 log-likelihood without its constant. ``slope_spread`` (p, p) holds M with
    d = tr(M dΣ), ``slope_mean`` is (p,). ``expected`` and ``observed`` are (q + p, q + p).
    """

    deviance: float
    slope_spread: FloatArray
    slope_mean: FloatArray
    expected: FloatArray | None = None
    observed: FloatArray | None = None


def stack_patterns(values: FloatArray) -> PatternStack:
    """Sort persons (n, p) by which items they answered."""
    answered = ~np.isnan(values)
    p = values.shape[1]
    filled = np.where(answered, values, 0.0)
    kinds, which, counts = answer_kinds(answered)
    order = np.argsort(which, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(counts)])
    totals = np.add.reduceat(filled[order], bounds[:-1], axis=0)
    mean = totals / counts[:, None]
    lacking = p - kinds.sum(axis=1)
    layers = []
    for k in np.unique(lacking[lacking < p]):
        own = np.flatnonzero(lacking == k)
        own = own[np.argsort(counts[own] == 1, kind="stable")]
        several = own[counts[own] > 1]
        scatter = np.empty((len(several), p, p))
        for place, kind in enumerate(several):
            block = filled[order[bounds[kind] : bounds[kind + 1]]]
            centred = np.where(kinds[kind], block - mean[kind], 0.0)
            scatter[place] = centred.T @ centred
        members = [order[bounds[kind] : bounds[kind + 1]] for kind in own]
        layers.append(
            Layer(
                missing=np.nonzero(~kinds[own])[1].reshape(len(own), int(k)),
                answered=kinds[own],
                n=counts[own].astype(np.float64),
                mean=mean[own],
                scatter=scatter,
                rows=np.concatenate(members),
                which=np.repeat(np.arange(len(own)), counts[own]),
            )
        )
    return PatternStack(tuple(layers), p)


def answer_kinds(answered: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], IntArray, IntArray]:
    """Give the different patterns, each person's, and how many persons have each."""
    n, p = answered.shape
    if answered.all():
        return np.ones((1, p), dtype=bool), np.zeros(n, dtype=np.intp), np.array([n])
    packed = np.packbits(answered, axis=1)
    # Whole numbers sort faster than rows of bits.
    wide = np.zeros((n, 8 * -(-packed.shape[1] // 8)), dtype=np.uint8)
    wide[:, : packed.shape[1]] = packed
    words = wide.view(np.uint64)
    keys: NDArray[Any] = words.ravel()
    if words.shape[1] > 1:
        keys = words.view(np.dtype((np.void, words.shape[1] * 8))).ravel()
    _, first, which, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return answered[first], which.ravel().astype(np.intp), counts


def stack_complete(covariance: FloatArray, mean: FloatArray | None, n: float) -> PatternStack:
    """Give the one pattern of complete data that have these moments, divisor n."""
    p = len(covariance)
    none = np.zeros(0, dtype=np.intp)
    layer = Layer(
        missing=np.zeros((1, 0), dtype=np.intp),
        answered=np.ones((1, p), dtype=bool),
        n=np.array([n]),
        mean=np.zeros((1, p)) if mean is None else mean[None],
        scatter=n * covariance[None],
        rows=none,
        which=none,
    )
    return PatternStack((layer,), p)


def moment_slopes(change: Slopes) -> FloatArray:
    """Give the derivatives (q + p, t) of the moments, each counted once."""
    p = change.mean.shape[-1]
    rows, columns = np.tril_indices(p)
    left, right = change.left, change.right
    spread = left[:, rows] * right[:, columns] + left[:, columns] * right[:, rows]
    return np.concatenate([(change.weight[:, None] * spread).T, change.mean.T])


def moment_vector(found: Terms) -> FloatArray:
    """Give the derivatives (q + p,) of half the deviance in the moments."""
    rows, columns = np.tril_indices(len(found.slope_mean))
    twice = np.where(rows == columns, 1.0, 2.0)
    return np.concatenate([twice * found.slope_spread[rows, columns], found.slope_mean])


def pairwise_moments(values: FloatArray) -> FloatArray:
    """Give covariances and means (q + p,) of persons (n, p), each of those who answered both.

    Covariances have a divisor that is less than their number by the share 1/n.
    """
    answered = ~np.isnan(values)
    one = answered.astype(np.float64)
    mean = np.nanmean(values, axis=0)
    off = np.where(answered, values - mean, 0.0)
    count, sums = one.T @ one, off.T @ one
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (off.T @ off - sums * sums.T / count) / (count - 1.0)
    rows, columns = np.tril_indices(len(mean))
    return np.concatenate([spread[rows, columns] * (1.0 - 1.0 / len(values)), mean])


def pattern_terms(
    stack: PatternStack,
    spread: FloatArray,
    mean: FloatArray,
    *,
    expected: bool = False,
    observed: bool = False,
) -> Terms | None:
    """Sum the likelihood and its derivatives over patterns; None where Σ is no covariance."""
    whole = _whole(spread)
    if whole is None:
        return None
    inverse, logdet = whole
    p = stack.n_items
    sums = _Sums(p, second=expected or observed, observed=observed)
    for layer in stack.layers:
        for part, singles in _chunks(layer, p):
            sums.add(_Pieces.of(part, inverse, logdet, mean), part, singles)
    return sums.terms(expected=expected, observed=observed)


def deviance_of(stack: PatternStack, spread: FloatArray, mean: FloatArray) -> float:
    """Give −2 log-likelihood without its constant; infinite where Σ is no covariance."""
    whole = _whole(spread)
    if whole is None:
        return np.inf
    inverse, logdet = whole
    total = 0.0
    for layer in stack.layers:
        for part, several in _chunks(layer, stack.n_items):
            pieces = _Pieces.of(part, inverse, logdet, mean)
            total += pieces.value(part)
            if several:
                total += float((pieces.inverses(slice(0, several)) * part.scatter).sum())
    return total


def weighted_answers(
    stack: PatternStack, values: FloatArray, spread: FloatArray, mean: FloatArray
) -> tuple[FloatArray, list[tuple[Layer, FloatArray]]]:
    """Give G(y − μ) of each person (n, p), and the inverses G (P, p, p) of each layer."""
    whole = _whole(spread)
    if whole is None:
        raise np.linalg.LinAlgError("the covariance matrix has no inverse")
    inverse, logdet = whole
    found = np.zeros_like(values)
    layers = []
    for layer in stack.layers:
        pieces = _Pieces.of(layer, inverse, logdet, mean)
        off = np.where(np.isnan(values[layer.rows]), 0.0, values[layer.rows] - mean)
        turned = off @ inverse
        if pieces.small is not None and pieces.across is not None:
            at = np.take_along_axis(turned, layer.missing[layer.which], axis=1)
            part = (at[:, None, :] @ pieces.small[layer.which])[:, 0]
            turned = turned - (part[:, None, :] @ pieces.across[layer.which])[:, 0]
        found[layer.rows] = turned
        layers.append((layer, pieces.inverses(slice(None))))
    return found, layers


def _whole(spread: FloatArray) -> tuple[FloatArray, float] | None:
    if not np.isfinite(spread).all():
        return None
    try:
        root = np.linalg.cholesky(spread)
    except np.linalg.LinAlgError:
        return None
    white = np.linalg.inv(root)
    return white.T @ white, 2.0 * float(np.log(np.diag(root)).sum())


def _chunks(layer: Layer, p: int) -> list[tuple[Layer, int]]:
    """Cut a layer into parts that fit in memory; with each, its patterns that have scatter."""
    size = max(1, NUMBERS // (p * p))
    several = len(layer.scatter)
    if len(layer.n) <= size:
        return [(layer, several)]
    none = np.zeros(0, dtype=np.intp)
    return [
        (
            Layer(
                layer.missing[begin : begin + size], layer.answered[begin : begin + size],
                layer.n[begin : begin + size], layer.mean[begin : begin + size],
                layer.scatter[begin : begin + size], none, none,
            ),
            int(np.clip(several - begin, 0, size)),
        )
        for begin in range(0, len(layer.n), size)
    ]  # fmt: skip


@dataclass(frozen=True)
class _Pieces:
    """What the inverses of a layer's patterns are made of, before they are."""

    whole: FloatArray  # (p, p)
    across: FloatArray | None  # Pₘ· (P, k, p)
    small: FloatArray | None  # Pₘₘ⁻¹ (P, k, k)
    logdet: FloatArray  # (P,)
    off: FloatArray  # (P, p)
    turned: FloatArray  # G(ȳ − μ), (P, p)

    @classmethod
    def of(cls, layer: Layer, inverse: FloatArray, logdet: float, mean: FloatArray) -> _Pieces:
        off = np.where(layer.answered, layer.mean - mean, 0.0)
        turned = off @ inverse
        count, k = layer.missing.shape
        if not k:
            return cls(inverse, None, None, np.full(count, logdet), off, turned)
        across = inverse[layer.missing]
        inner = np.take_along_axis(across, layer.missing[:, None, :], axis=2)
        small: FloatArray = np.asarray(np.linalg.inv(inner), dtype=np.float64)
        at = np.take_along_axis(turned, layer.missing, axis=1)
        turned = turned - ((at[:, None, :] @ small) @ across)[:, 0]
        logs = np.asarray(np.linalg.slogdet(inner)[1], dtype=np.float64)
        return cls(inverse, across, small, logdet + logs, off, turned)

    def inverses(self, which: slice) -> FloatArray:
        """Give G (P, p, p) of some of the patterns."""
        if self.across is None or self.small is None:
            return np.broadcast_to(self.whole, (len(self.logdet), *self.whole.shape))[which]
        across = self.across[which]
        return self.whole - across.mT @ (self.small[which] @ across)

    def value(self, layer: Layer) -> float:
        """Give the part of the deviance that needs no scatter."""
        return float(layer.n @ (self.logdet + (self.turned * self.off).sum(axis=1)))


class _Sums:
    """Sums over patterns of what the derivatives are made of."""

    def __init__(self, p: int, *, second: bool, observed: bool) -> None:
        self._p = p
        self._rows, self._columns = np.tril_indices(p)
        q = len(self._rows)
        self._second, self._observed = second, observed
        self.deviance = 0.0
        self.inverses = np.zeros((p, p))
        self.turned_scatter = np.zeros((p, p))
        self.turned = np.zeros(p)
        self.products = np.zeros((q, q))
        self.crossed = np.zeros((q, q))
        self.with_mean = np.zeros((q, p))

    def add(self, pieces: _Pieces, layer: Layer, several: int) -> None:
        n, g = layer.n, pieces.turned
        self.deviance += pieces.value(layer)
        inverses = pieces.inverses(slice(None))
        flat = inverses[:, self._rows, self._columns] if self._second else None
        weighted = n[:, None] * g
        self.inverses += np.tensordot(n, inverses, axes=1)
        self.turned += weighted.sum(axis=0)
        self.turned_scatter += weighted.T @ g
        turned = None
        if several:
            own = inverses[:several]
            turned = own @ layer.scatter @ own
            self.deviance += float((own * layer.scatter).sum())
            self.turned_scatter += turned.sum(axis=0)
        if flat is None:
            return
        self.products += flat.T @ (n[:, None] * flat)
        if not self._observed:
            return
        outer = weighted[:, self._rows] * g[:, self._columns]
        if turned is not None:
            outer[:several] += turned[:, self._rows, self._columns]
        self.crossed += flat.T @ outer
        self.with_mean += flat.T @ weighted

    def terms(self, *, expected: bool, observed: bool) -> Terms:
        return Terms(
            deviance=self.deviance,
            slope_spread=0.5 * (self.inverses - self.turned_scatter),
            slope_mean=-self.turned,
            expected=self._expected() if expected else None,
            observed=self._observed_information() if observed else None,
        )

    def _places(self) -> tuple[IntArray, ...]:
        """Where (i, k), (j, l), (i, l) and (j, k) stand in the triangle, for all (ij) and (kl)."""
        at = np.zeros((self._p, self._p), dtype=np.intp)
        at[self._rows, self._columns] = at[self._columns, self._rows] = np.arange(len(self._rows))
        i, j = self._rows[:, None], self._columns[:, None]
        k, m = self._rows[None, :], self._columns[None, :]
        return at[i, k], at[j, m], at[i, m], at[j, k]

    def _weights(self) -> FloatArray:
        return np.where(self._rows == self._columns, 0.5, 1.0)

    def _expected(self) -> FloatArray:
        ik, jm, im, jk = self._places()
        weight = self._weights()
        q = len(weight)
        found = np.zeros((q + self._p, q + self._p))
        found[:q, :q] = np.outer(weight, weight) * (self.products[ik, jm] + self.products[im, jk])
        found[q:, q:] = self.inverses
        return found

    def _observed_information(self) -> FloatArray:
        ik, jm, im, jk = self._places()
        weight = self._weights()
        q = len(weight)
        found = self._expected()
        crossed = self.crossed
        found[:q, :q] = (
            np.outer(weight, weight)
            * (crossed[im, jk] + crossed[jm, ik] + crossed[ik, jm] + crossed[jk, im])
            - found[:q, :q]
        )
        found[:q, :q] = (found[:q, :q] + found[:q, :q].T) / 2
        at = np.zeros((self._p, self._p), dtype=np.intp)
        at[self._rows, self._columns] = at[self._columns, self._rows] = np.arange(q)
        each = np.arange(self._p)
        i, j = self._rows[:, None], self._columns[:, None]
        mixed = weight[:, None] * (
            self.with_mean[at[each[None, :], i], j] + self.with_mean[at[each[None, :], j], i]
        )
        found[:q, q:] = mixed
        found[q:, :q] = mixed.T
        return found
