"""Structural models: implied moments and their derivatives, and fitting them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trustmeasure.kernels.descent import descend
from trustmeasure.kernels.moment_fit import Model, Sample, discrepancy, fit_moments, score
from trustmeasure.kernels.sandwich import cluster_sums, clustered_distances
from trustmeasure.kernels.structural import NAMES, Layout, implied, matrices, slopes

DATA = Path(__file__).parent.parent / "data"

Places = dict[str, list[tuple[int, int]]]


def layout(p: int, m: int, places: Places, fixed: Places | None = None) -> Layout:
    """Number free parameters in the order of the matrices; ``fixed`` places hold 1."""
    shapes = {"lambda": (p, m), "theta": (p, p), "psi": (m, m), "beta": (m, m), "nu": p, "alpha": m}
    values = {name: np.zeros(shape) for name, shape in shapes.items()}
    for name, cells in (fixed or {}).items():
        for cell in cells:
            values[name][cell] = 1.0
    found, begin = {}, 0
    for name in NAMES:
        cells = np.array(places.get(name, []), dtype=np.intp).reshape(-1, 2)
        found[name] = (cells[:, 0], cells[:, 1], np.arange(begin, begin + len(cells)))
        begin += len(cells)
    return Layout(values, found, begin)


REGRESSION = layout(
    6,
    3,
    {
        "lambda": [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)],
        "theta": [*((i, i) for i in range(6)), (1, 0)],
        "psi": [(0, 0), (1, 1), (2, 2), (1, 0)],
        "beta": [(2, 0), (2, 1)],
        "nu": [(i, 0) for i in range(6)],
        "alpha": [(0, 0), (2, 0)],
    },
    {"lambda": [(0, 0)]},
)


def test_derivatives_of_the_moments_are_differences() -> None:
    n = REGRESSION.n_free
    points = np.random.default_rng(0).normal(size=(4, n))
    found = slopes(REGRESSION, implied(matrices(REGRESSION, points)))
    assert sorted(found.used) == list(range(n))
    for j, parameter in enumerate(found.used):
        step = np.zeros(n)
        step[parameter] = 1e-6
        after = implied(matrices(REGRESSION, points + step))
        before = implied(matrices(REGRESSION, points - step))
        spread = (after.spread - before.spread) / 2e-6
        mean = (after.mean - before.mean) / 2e-6
        assert found.spread()[:, j] == pytest.approx(spread, abs=1e-7)
        assert found.mean[:, j] == pytest.approx(mean, abs=1e-7)


@pytest.mark.parametrize("estimator", ["ML", "GLS", "ULS"])
def test_the_gradient_is_that_of_half_the_discrepancy(estimator: str) -> None:
    rng = np.random.default_rng(1)
    data = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    sample = Sample(np.cov(data.T, bias=True)[None], data.mean(axis=0)[None], 200)
    n = REGRESSION.n_free
    model = Model((REGRESSION,), np.eye(n), np.zeros(n))
    point = np.full((1, n), 0.3)
    point[:, REGRESSION.places["theta"][2][:6]] = 2.0
    gradient, _ = score(model, [sample], point, estimator)
    for j in range(n):
        step = np.zeros(n)
        step[j] = 1e-6
        after = discrepancy(model, [sample], point + step, estimator)
        before = discrepancy(model, [sample], point - step, estimator)
        assert gradient[0, j] == pytest.approx((after - before)[0] / 4e-6, rel=1e-4, abs=1e-6)


THREE = layout(
    9,
    3,
    {
        "lambda": [(1, 0), (2, 0), (4, 1), (5, 1), (7, 2), (8, 2)],
        "theta": [(i, i) for i in range(9)],
        "psi": [(0, 0), (1, 1), (2, 2), (1, 0), (2, 0), (2, 1)],
    },
    {"lambda": [(0, 0), (3, 1), (6, 2)]},
)


def children() -> np.ndarray:
    frame = pd.read_csv(DATA / "hs1939.csv")
    return frame[[f"x{i}" for i in range(1, 10)]].to_numpy()


def start(covariance: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ones(6), np.diag(covariance) / 2, [0.05] * 3, [0.0] * 3])


# lavaan 0.6-14: cfa("visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9",
# HolzingerSwineford1939, estimator = ...). It takes GLS and ULS from covariances that divide by
# n − 1, and multiplies by n − 1, which makes 300/301 and 301/300 of ours.
@pytest.mark.parametrize(
    ("estimator", "chisq", "scale", "loading"),
    [
        ("ML", 85.305521769798, 1.0, 0.553500),
        ("GLS", 77.470723, 300 / 301, 0.481127),
        ("ULS", 72.098219, 301 / 300, 0.500685),
    ],
)
def test_holzinger_and_swineford(
    estimator: str, chisq: float, scale: float, loading: float
) -> None:
    data = children()
    covariance = np.cov(data.T, bias=True)
    n = THREE.n_free
    model = Model((THREE,), np.eye(n), np.zeros(n))
    found = fit_moments(model, [Sample(covariance, None, 301)], start(covariance), estimator)
    assert bool(found.converged)
    assert 301 * scale * float(found.discrepancy) == pytest.approx(chisq, rel=1e-7)
    assert found.parameters[0] == pytest.approx(loading, abs=1e-6)


def test_a_stack_of_samples_is_fitted_as_each_alone() -> None:
    data = children()
    rng = np.random.default_rng(2)
    stack = np.stack([np.cov(data[rng.integers(0, 301, 301)].T, bias=True) for _ in range(5)])
    n = THREE.n_free
    model = Model((THREE,), np.eye(n), np.zeros(n))
    first = start(np.cov(data.T, bias=True))
    together = fit_moments(model, [Sample(stack, None, 301)], first, "ML")
    for covariance, parameters in zip(stack, together.parameters, strict=True):
        alone = fit_moments(model, [Sample(covariance, None, 301)], first, "ML")
        assert parameters == pytest.approx(alone.parameters, abs=1e-6)


def test_equal_loadings_are_equal() -> None:
    covariance = np.cov(children().T, bias=True)
    n = THREE.n_free
    basis = np.delete(np.eye(n), 1, axis=1)
    basis[1, 0] = 1.0  # the second free loading is the first
    model = Model((THREE,), basis, np.zeros(n))
    found = fit_moments(
        model, [Sample(covariance, None, 301)], np.delete(start(covariance), 1), "ML"
    )
    assert found.parameters[0] == found.parameters[1]
    assert float(found.discrepancy) * 301 > 85.31


def test_clusters_add_up_whatever_their_order_and_size() -> None:
    rng = np.random.default_rng(3)
    clusters = rng.integers(4, 30, size=200)
    clusters[:60] = 7  # one cluster with more persons than variables
    white = rng.normal(size=(200, 9))
    sums = cluster_sums(white, clusters)
    spread, level = clustered_distances(white, clusters)
    labels = np.unique(clusters)
    expected = np.array([white[clusters == label].sum(axis=0) for label in labels])
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=1e-12)
    own = [white[clusters == label] for label in labels]
    squares = [0.5 * ((z.T @ z - len(z) * np.eye(9)) ** 2).sum() for z in own]
    assert spread == pytest.approx(sum(squares), rel=1e-12)
    assert level == pytest.approx((expected**2).sum(), rel=1e-12)


def test_a_search_ends_only_where_its_next_step_would_promise_nothing() -> None:
    # A ridge that scoring steps approach by a constant factor, from two starts at once.
    curvature = np.diag([1.0, 4.0, 9.0])
    target = np.array([0.3, -1.0, 2.0])

    def value(points: np.ndarray, which: np.ndarray) -> np.ndarray:
        off = points - target
        return np.einsum("ri,ij,rj->r", off, curvature, off)

    def score(points: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # Twice the Hessian: each step goes half of the way.
        return (points - target) @ curvature, np.broadcast_to(2 * curvature, (len(points), 3, 3))

    found = descend(value, score, np.array([[5.0, 5.0, 5.0], [0.0, 0.0, 0.0]]))
    assert found.converged.all()
    np.testing.assert_allclose(found.point, [target, target], atol=1e-7)
    assert (found.value < 1e-14).all()
