"""Moments of ordered and continuous variables given covariates that are taken as they are.

Each variable regresses on the covariates first: by probit regression where it is ordered, else
by least squares. Correlations then are those of what the covariates leave, each the most likely
one given both regressions, so that every person has thresholds of their own. Influences are
those of Muthén (1984), as in `ordinal_moments`; slopes come after all other moments, covariate
by covariate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.mixed_moments import interval, product_correlation
from trustmeasure.kernels.ordinal_moments import OrdinalMoments, category_codes, shape_of
from trustmeasure.kernels.polychorics import FAR, LARGEST, bivariate_density, bivariate_normal
from trustmeasure.kernels.polyserials import LEVEL, steps_within

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class _Ordered:
    """A probit regression: each person's edges, and how they move with the parameters.

    ``upper`` and ``lower`` (n,) are the edges of a person's category, with the covariates' part
    taken off; ``by_upper`` and ``by_lower`` (n, r) their derivatives in the thresholds and slopes;
    ``own`` (r, n) the influences on these, zero for who did not answer.
    """

    answered: BoolArray
    upper: FloatArray
    lower: FloatArray
    by_upper: FloatArray
    by_lower: FloatArray
    own: FloatArray
    parameters: FloatArray
    converged: bool


@dataclass(frozen=True)
class _Continuous:
    """A least-squares regression: standardised residuals ``z`` (n,), and ``own`` (r, n).

    Parameters are intercept, slopes and residual variance; ``design`` is (n, 1 + m).
    """

    answered: BoolArray
    z: FloatArray
    design: FloatArray
    own: FloatArray
    parameters: FloatArray

    @property
    def variance(self) -> float:
        """Of the residuals."""
        return float(self.parameters[-1])


def conditional_moments(
    values: FloatArray,
    categories: NDArray[np.integer[Any]],
    given: FloatArray,
    *,
    full: bool = True,
) -> OrdinalMoments:
    """Estimate the moments of data (n, p) given covariates (n, m), and their covariance.

    ``values`` and ``categories`` as in `ordinal_moments`; covariates are complete, and none is
    a linear combination of the others.
    """
    n, p = values.shape
    m = given.shape[1]
    shape = shape_of(categories, n_given=m)
    centre, size = given.mean(axis=0), given.std(axis=0)
    x = (given - centre) / size
    fits: list[_Ordered | _Continuous] = [
        _probit(values[:, j], int(k), x) if k else _regression(values[:, j], x)
        for j, k in enumerate(shape.categories)
    ]
    moments, lines = np.zeros(shape.n_moments), np.zeros((shape.n_moments, n))
    covariance, mean = np.eye(p), np.zeros(p)
    slopes = shape.slopes.start + np.arange(m) * p
    for j, fit in enumerate(fits):
        cuts = np.flatnonzero(shape.cut == j)
        first = len(cuts)
        by = fit.parameters[first : first + m] / size
        moved = fit.own[first : first + m] / size[:, None]
        # Back from centred covariates: thresholds move by what the centre takes off.
        sign = 1.0 if isinstance(fit, _Ordered) else -1.0
        moments[cuts] = sign * fit.parameters[:first] + centre @ by
        lines[cuts] = sign * fit.own[:first] + centre @ moved
        moments[slopes + j], lines[slopes + j] = by, moved
        if isinstance(fit, _Continuous):
            place = len(shape.cut) + int(np.searchsorted(shape.continuous, j))
            moments[place], lines[place] = fit.variance, fit.own[-1]
            covariance[j, j], mean[j] = fit.variance, -moments[cuts[0]]
    converged = np.ones(len(shape.rows), dtype=bool)
    for number, (i, j) in enumerate(zip(shape.rows.tolist(), shape.columns.tolist(), strict=True)):
        place = shape.pairs.start + number
        moments[place], lines[place], converged[number] = _pair(fits[i], fits[j])
    covariance[shape.rows, shape.columns] = moments[shape.pairs]
    covariance[shape.columns, shape.rows] = moments[shape.pairs]
    spread = n * (lines @ lines.T) if full else None
    return OrdinalMoments(
        shape=shape,
        moments=moments,
        spread=spread,
        variances=n * (lines**2).sum(axis=1) if spread is None else np.diag(spread).copy(),
        covariance=covariance,
        mean=mean,
        converged=converged,
        vacant=np.zeros(len(shape.rows), dtype=np.int64),
        n=n,
        given_covariance=np.asarray(np.cov(given.T)).reshape(m, m),
        given_mean=centre,
        regressed=np.array([not isinstance(fit, _Ordered) or fit.converged for fit in fits]),
    )


def _regression(values: FloatArray, x: FloatArray) -> _Continuous:
    answered = ~np.isnan(values)
    design = np.column_stack([np.ones(len(x)), x])
    by, *_ = np.linalg.lstsq(design[answered], values[answered], rcond=None)
    rest = np.where(answered, values - design @ by, 0.0)
    variance = float(rest @ rest) / answered.sum()
    scores = np.column_stack([design * (rest / variance)[:, None],
                              (rest**2 / variance - 1.0) / (2 * variance)])  # fmt: skip
    scores[~answered] = 0.0
    return _Continuous(
        answered=answered,
        z=rest / np.sqrt(variance),
        design=design,
        own=_influence(scores),
        parameters=np.append(by, variance),
    )


def _influence(scores: FloatArray) -> FloatArray:
    """Give influences (r, n) of scores (n, r), with their products as information."""
    return np.asarray(np.linalg.pinv(scores.T @ scores, hermitian=True) @ scores.T)


def _probit(values: FloatArray, count: int, x: FloatArray) -> _Ordered:
    """Fit thresholds and slopes by Newton's method; the likelihood is concave."""
    from scipy.special import ndtri

    codes = category_codes(values)
    answered = codes >= 0
    edges = np.arange(count - 1)
    by_upper = np.concatenate([(codes[:, None] == edges).astype(float), -x], axis=1)
    by_lower = np.concatenate([(codes[:, None] == edges + 1).astype(float), -x], axis=1)
    # The outermost edges do not move, wherever the covariates are.
    by_upper[codes == count - 1] = 0.0
    by_lower[codes == 0] = 0.0
    by_upper[~answered] = by_lower[~answered] = 0.0
    share = np.cumsum(np.bincount(codes[answered], minlength=count))[:-1] / answered.sum()
    now = np.concatenate([ndtri(share), np.zeros(x.shape[1])])
    level = -np.inf
    converged = False
    for _ in range(100):
        terms = _probit_terms(now, codes, by_upper, by_lower, answered, count)
        scores, curvature = terms.scores, terms.curvature
        level = terms.loglik
        step = np.linalg.lstsq(curvature, scores.sum(axis=0), rcond=None)[0]
        if np.abs(step).max() < 1e-10:
            converged = bool(np.abs(now).max() < FAR)
            break
        while True:
            found = _probit_terms(now + step, codes, by_upper, by_lower, answered, count)
            if found.loglik >= level - 1e-10 * abs(level) or np.abs(step).max() < 1e-12:
                break
            step = step / 2
        now = now + step
    terms = _probit_terms(now, codes, by_upper, by_lower, answered, count)
    return _Ordered(
        answered=answered,
        upper=terms.upper,
        lower=terms.lower,
        by_upper=by_upper,
        by_lower=by_lower,
        own=_influence(terms.scores),
        parameters=now,
        converged=converged,
    )


@dataclass(frozen=True)
class _Terms:
    upper: FloatArray
    lower: FloatArray
    loglik: float
    scores: FloatArray
    curvature: FloatArray


def _probit_terms(
    point: FloatArray,
    codes: NDArray[np.intp],
    by_upper: FloatArray,
    by_lower: FloatArray,
    answered: BoolArray,
    count: int,
) -> _Terms:
    """Give edges, log-likelihood, scores (n, r) and minus its second derivatives (r, r)."""
    upper = np.where(codes == count - 1, FAR, np.clip(by_upper @ point, -FAR, FAR))
    lower = np.where(codes == 0, -FAR, np.clip(by_lower @ point, -FAR, FAR))
    high, low, share = interval(np.zeros(len(codes)), upper, lower, 0.0)
    if (upper <= lower)[answered].any():
        return _Terms(upper, lower, -np.inf, by_upper, np.eye(len(point)))
    up = np.where(answered, high / share, 0.0)
    down = np.where(answered, low / share, 0.0)
    scores = up[:, None] * by_upper - down[:, None] * by_lower
    curvature = scores.T @ scores
    curvature += (by_upper * (up * upper)[:, None]).T @ by_upper
    curvature -= (by_lower * (down * lower)[:, None]).T @ by_lower
    return _Terms(upper, lower, float(np.log(share[answered]).sum()), scores, curvature)


def _pair(
    first: _Ordered | _Continuous, second: _Ordered | _Continuous
) -> tuple[float, FloatArray, bool]:
    """Covariance of what is left of two variables, the influences (n,) on it, and if it is one."""
    if isinstance(first, _Ordered) and isinstance(second, _Ordered):
        return _polychoric(first, second)
    if isinstance(first, _Continuous) and isinstance(second, _Continuous):
        return _product(first, second)
    if isinstance(first, _Continuous) and isinstance(second, _Ordered):
        return _polyserial(first, second)
    if isinstance(first, _Ordered) and isinstance(second, _Continuous):
        return _polyserial(second, first)
    raise TypeError("a variable is ordered or continuous")


def _through(fit: _Ordered, up: FloatArray, down: FloatArray, who: BoolArray) -> FloatArray:
    """Give what a score takes from thresholds and slopes, as influences (n,)."""
    pull = fit.by_upper[who].T @ up + fit.by_lower[who].T @ down
    return np.asarray(pull @ fit.own)


def _polychoric(first: _Ordered, second: _Ordered) -> tuple[float, FloatArray, bool]:
    from scipy.special import ndtr

    who = first.answered & second.answered
    edges = [(fit.upper[who], fit.lower[who]) for fit in (first, second)]
    known, corners = _corners(edges[0], edges[1])

    def slope(rho: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        at = np.array([[rho]])
        share, density, change = known.copy(), np.zeros_like(known), np.zeros_like(known)
        for sign, inside, h, k in corners:
            share[inside] += sign * bivariate_normal(h[None], k[None], at)[0]
            own, moved = bivariate_density(h, k, np.array(rho))
            density[inside] += sign * own
            change[inside] += sign * moved
        share = np.maximum(share, 1e-16)
        return share, density / share, change / share

    def newton(rho: float) -> tuple[float, float]:
        _, ratio, change = slope(rho)
        squares = float(ratio @ ratio)
        curvature = squares - float(change.sum())
        return float(ratio.sum()), curvature if curvature > 0.1 * squares else squares

    rho, converged = steps_within(newton, _start(first, second, who), tolerance=1e-7)
    share, ratio, _ = slope(rho)
    root = np.sqrt(1.0 - rho**2)
    line = np.zeros(len(who))
    line[who] = ratio
    for fit, (top, bottom), (high, low) in (
        (first, edges[0], edges[1]),
        (second, edges[1], edges[0]),
    ):
        pulls = [
            np.exp(-(edge**2) / 2)
            / np.sqrt(2 * np.pi)
            * (ndtr((high - rho * edge) / root) - ndtr((low - rho * edge) / root))
            / share
            for edge in (top, bottom)
        ]
        line -= _through(fit, ratio * pulls[0], -ratio * pulls[1], who)
    return rho, line / max(float(ratio @ ratio), LEVEL), converged


def _corners(
    first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, list[tuple[float, NDArray[np.intp], FloatArray, FloatArray]]]:
    """Take the corners of persons' cells apart: those at infinity, and sign, who and edges.

    What corners at infinity add to a cell's probability does not depend on the correlation.
    """
    from scipy.special import ndtr

    known, corners = np.zeros(len(first[0])), []
    for a, h in enumerate(first):
        for b, k in enumerate(second):
            sign = 1.0 if a == b else -1.0
            finite = (np.abs(h) < FAR) & (np.abs(k) < FAR)
            inside = np.flatnonzero(finite)
            corners.append((sign, inside, h[inside], k[inside]))
            # At +∞ of one, what lies below the edge of the other; at −∞, nothing.
            known += sign * np.where(finite, 0.0, ndtr(np.minimum(h, k)))
    return known, corners


def _start(first: _Ordered, second: _Ordered, who: BoolArray) -> float:
    """Correlate the middles of the persons' intervals, near enough to start from."""
    one, other = (
        np.clip(fit.upper[who], -2.5, 2.5) + np.clip(fit.lower[who], -2.5, 2.5)
        for fit in (first, second)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.clip(np.nan_to_num(np.corrcoef(one, other)[0, 1]), -0.9, 0.9))


def _product(first: _Continuous, second: _Continuous) -> tuple[float, FloatArray, bool]:
    who = first.answered & second.answered
    x, y = first.z[who], second.z[who]
    rho = product_correlation(x, y)
    rest, product = 1.0 - min(rho**2, LARGEST**2), x * y
    slope = rho / rest + product / rest - (x**2 + y**2 - 2 * rho * product) * rho / rest**2
    line = np.zeros(len(who))
    line[who] = slope
    for fit, a, b in ((first, x, y), (second, y, x)):
        sd = np.sqrt(fit.variance)
        by_mean = slope * (a - rho * b) / (sd * rest)
        by_variance = float(slope @ ((a**2 - rho * product) / rest - 1.0)) / (2 * fit.variance)
        line -= np.append(fit.design[who].T @ by_mean, by_variance) @ fit.own
    line /= float(slope @ slope)
    return (*_to_covariance(rho, line, (first, second)), abs(rho) < LARGEST)


def _polyserial(first: _Continuous, second: _Ordered) -> tuple[float, FloatArray, bool]:
    who = first.answered & second.answered
    z, upper, lower = first.z[who], second.upper[who], second.lower[who]

    def slopes(rho: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        root = np.sqrt(1.0 - rho**2)
        high, low, share = interval(z, upper, lower, rho)
        slope = (high * (upper * rho - z) - low * (lower * rho - z)) / (root**3 * share)
        return slope, high / (root * share), low / (root * share)

    def newton(rho: float) -> tuple[float, float]:
        slope, _, _ = slopes(rho)
        return float(slope.sum()), float(slope @ slope)

    middle = np.clip(upper, -2.5, 2.5) + np.clip(lower, -2.5, 2.5)
    start = float(np.clip(np.nan_to_num(np.corrcoef(z, middle)[0, 1]), -0.9, 0.9))
    rho, converged = steps_within(newton, start, tolerance=1e-10)
    slope, up, down = slopes(rho)
    change = (up - down) * rho
    sd = np.sqrt(first.variance)
    by_mean = slope * (z + change) / sd
    by_variance = float(slope @ (z**2 - 1.0 + change * z)) / (2 * first.variance)
    line = np.zeros(len(who))
    line[who] = slope
    line -= np.append(first.design[who].T @ by_mean, by_variance) @ first.own
    line -= _through(second, slope * up, -slope * down, who)
    line /= max(float(slope @ slope), LEVEL)
    return (*_to_covariance(rho, line, (first,)), converged)


def _to_covariance(
    rho: float, line: FloatArray, continuous: tuple[_Continuous, ...]
) -> tuple[float, FloatArray]:
    scale = float(np.prod([np.sqrt(fit.variance) for fit in continuous]))
    line = scale * line
    for fit in continuous:
        line = line + rho * scale / (2 * fit.variance) * fit.own[-1]
    return rho * scale, line
