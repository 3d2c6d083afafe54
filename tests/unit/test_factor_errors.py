"""Standard errors of rotated loadings: against derivatives by force, simulation, resampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import ConvergenceWarning, DataWarning, OptionError
from trustmeasure.exploratory import efa
from trustmeasure.kernels import resampling
from trustmeasure.kernels.factor_extraction import extract
from trustmeasure.kernels.factor_replicates import congruences, extract_stack, replicate
from trustmeasure.kernels.loading_errors import jackknife_errors, normal_errors
from trustmeasure.kernels.rotation import Rotation, arrange, rotate

DATA = Path(__file__).parents[1] / "data"
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def tests9() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")[[f"x{i}" for i in range(1, 10)]]


def _target() -> Array:
    target = np.zeros((9, 3))
    for k in range(3):
        target[3 * k : 3 * k + 3, k] = np.nan
    return target


ROTATIONS = [
    Rotation("none"),
    Rotation("varimax", normalize=True),
    Rotation("promax", normalize=True),
    Rotation("oblimin"),
    Rotation("quartimin", normalize=True),
    Rotation("geomin_oblique", delta=0.05),
    Rotation("bifactor"),
    Rotation("equamax"),
    Rotation("target_oblique", target=_target()),
]


def _solution(R: Array, method: Any, rotation: Rotation) -> tuple[Array, Array]:
    rotated = arrange(rotate(extract(R, 3, method).loadings, rotation), rotation)
    return rotated.loadings, rotated.phi


def _aligned(R: Array, method: Any, rotation: Rotation, reference: Array) -> Array:
    """Loadings and factor correlations of a neighbouring matrix, factors as in the reference."""
    loadings, phi = _solution(R, method, rotation)
    order = np.abs(congruences(loadings, reference)).argmax(axis=0)
    signs = np.sign((loadings[:, order] * reference).sum(axis=0))
    phi = phi[np.ix_(order, order)] * np.outer(signs, signs)
    return np.concatenate([(loadings[:, order] * signs).ravel(), phi[np.tril_indices(3, -1)]])


def _covariances_of_correlations(R: Array) -> Array:
    """Olkin and Siotani's formula, n times the covariance of r_ab and r_cd under normality."""
    a, b = np.tril_indices(len(R), -1)
    c, d = a, b
    ab, cd = R[a, b][:, None], R[c, d][None]
    ac, ad = R[np.ix_(a, c)], R[np.ix_(a, d)]
    bc, bd = R[np.ix_(b, c)], R[np.ix_(b, d)]
    return np.asarray(
        0.5 * ab * cd * (ac**2 + ad**2 + bc**2 + bd**2)
        + ac * bd + ad * bc
        - (ab * ac * ad + ab * bc * bd + cd * ac * bc + cd * ad * bd)
    )  # fmt: skip


@pytest.mark.parametrize("method", ["minres", "ml"])
@pytest.mark.parametrize("rotation", ROTATIONS, ids=lambda r: r.name)
def test_normal_errors_are_those_of_the_delta_method_by_force(
    rotation: Rotation, method: str, tests9: pd.DataFrame
) -> None:
    """Every correlation moved a little, extracted and rotated anew, gives the derivatives."""
    loadings, phi = _solution(tests9.corr().to_numpy(), method, rotation)
    implied = loadings @ phi @ loadings.T
    np.fill_diagonal(implied, 1.0)
    slopes = []
    for i, j in zip(*np.tril_indices(9, -1), strict=True):
        ends = []
        for step in (1e-4, -1e-4):
            moved = implied.copy()
            moved[i, j] = moved[j, i] = implied[i, j] + step
            ends.append(_aligned(moved, method, rotation, loadings))
        slopes.append((ends[0] - ends[1]) / 2e-4)
    J = np.array(slopes).T
    expected = np.sqrt(np.einsum("ai,ij,aj->a", J, _covariances_of_correlations(implied), J) / 301)
    found = normal_errors(loadings, phi, method, rotation, 301)
    # Central differences of 1e-4 are good for some 1e-6 where the curvature is strong.
    np.testing.assert_allclose(found.loadings.ravel(), expected[:27], atol=1e-5)
    if rotation.name not in ("none", "varimax", "equamax", "bifactor"):
        np.testing.assert_allclose(found.phi[np.tril_indices(3, -1)], expected[27:], atol=1e-5)


def test_normal_errors_are_what_samples_of_the_model_show(tests9: pd.DataFrame) -> None:
    rotation = Rotation("oblimin")
    R = tests9.corr().to_numpy()
    extraction = extract(R, 3, "minres")
    rotated = arrange(rotate(extraction.loadings, rotation))
    implied = rotated.loadings @ rotated.phi @ rotated.loadings.T
    np.fill_diagonal(implied, 1.0)
    rng = np.random.default_rng(4)
    root = np.linalg.cholesky(implied)
    samples = np.array([np.corrcoef(root @ rng.normal(size=(9, 2000))) for _ in range(600)])
    found = replicate(samples, extraction.loadings, rotated, "minres", rotation)
    assert found.usable.all()
    errors = normal_errors(rotated.loadings, rotated.phi, "minres", rotation, 2000)
    ratio = errors.loadings / found.loadings.std(axis=0)
    # The standard deviation of 600 draws is itself uncertain by 3 %; 27 of them by 3 of these.
    assert np.abs(ratio - 1).max() < 0.11
    assert abs(np.median(ratio) - 1) < 0.025


def test_the_jackknife_is_the_derivative_in_the_weights(tests9: pd.DataFrame) -> None:
    """Leaving a person out, n times over, gives nearly the same standard errors."""
    values = tests9.to_numpy()
    R, rotation, n = np.corrcoef(values.T), Rotation("quartimin"), len(values)
    extraction = extract(R, 3, "minres")
    rotated = arrange(rotate(extraction.loadings, rotation))
    without = np.array([np.corrcoef(np.delete(values, i, axis=0).T) for i in range(n)])
    left = replicate(without, extraction.loadings, rotated, "minres", rotation)
    spread = np.sqrt((n - 1) * left.loadings.var(axis=0))
    found = jackknife_errors(rotated.loadings, rotated.phi, "minres", rotation, R, values)
    np.testing.assert_allclose(found.loadings, spread, rtol=0.08)


@pytest.mark.parametrize("rotation", ["oblimin", "promax", "varimax", "none"])
def test_bootstrap_and_jackknife_agree(rotation: str) -> None:
    data = pd.read_csv(DATA / "bfi.csv").iloc[:, :25].dropna()
    boot = efa(data, n_factors=5, rotation=rotation, ci="bootstrap", n_boot=300, rng=1)
    jack = efa(data, n_factors=5, rotation=rotation, ci="jackknife")
    assert boot.loadings_se is not None
    assert jack.loadings_se is not None
    ratio = (jack.loadings_se / boot.loadings_se).to_numpy()
    assert abs(np.median(ratio) - 1) < 0.04
    assert ((ratio > 0.75) & (ratio < 1.25)).all()
    inside = (boot.loadings_low <= boot.loadings) & (boot.loadings <= boot.loadings_high)
    assert inside.to_numpy().mean() > 0.97


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_the_stack_is_extracted_as_one_by_one(method: Any, tests9: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    values = tests9.to_numpy()
    stack = np.array([np.corrcoef(values[rng.integers(0, 301, 301)].T) for _ in range(60)])
    start = extract(np.corrcoef(values.T), 3, method).loadings
    found, usable = extract_stack(stack, start, method)
    single = [extract(R, 3, method) for R in stack]
    proper = usable & np.array([not one.at_bound.any() for one in single])
    assert proper.mean() > 0.6
    implied = found @ np.swapaxes(found, 1, 2)
    for b in np.flatnonzero(proper):
        expected = single[b].loadings @ single[b].loadings.T
        # A resample can have two minima; the one nearest to the sample's then counts.
        if abs(np.trace(implied[b]) - np.trace(expected)) < 1e-3:
            np.testing.assert_allclose(implied[b], expected, atol=2e-6)


def test_other_correlations_are_resampled_person_by_person() -> None:
    data = pd.read_csv(DATA / "spi_trust.csv")[["q_1855", "q_4289", "q_377", "q_379", "q_871"]]
    result = efa(
        data.head(400), n_factors=1, correlation="spearman", missing="pairwise",
        ci="bootstrap", n_boot=40, rng=1,
    )  # fmt: skip
    assert result.loadings_se is not None
    assert ((result.loadings_se > 0.01) & (result.loadings_se < 0.15)).to_numpy().all()


def test_what_has_no_formula_is_refused(tests9: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="Allowed: None, 'bootstrap', 'normal', 'jackknife'"):
        efa(tests9, n_factors=3, ci="delta")
    with pytest.raises(OptionError, match="needs the answers themselves"):
        efa(corr=tests9.corr(), n_obs=301, n_factors=3, ci="bootstrap")
    with pytest.raises(OptionError, match="pass n_obs="):
        efa(corr=tests9.corr(), n_factors=3, ci="normal")
    with pytest.raises(OptionError, match="no formula for method='alpha'"):
        efa(tests9, n_factors=3, method="alpha", ci="normal")
    with pytest.raises(OptionError, match="Pearson correlations of complete answers"):
        efa(tests9, n_factors=3, correlation="spearman", ci="jackknife")


def test_no_errors_at_a_bound() -> None:
    corr = np.array(
        [[1, 0.8, 0.8, 0.2], [0.8, 1, 0.3, 0.1], [0.8, 0.3, 1, 0.1], [0.2, 0.1, 0.1, 1]]
    )
    with pytest.warns((ConvergenceWarning, DataWarning)):
        result = efa(corr=corr, n_obs=200, n_factors=1, ci="normal")
    assert result.loadings_se is None
    assert any("stopped at its bound" in note for note in result.warnings)


def test_normal_errors_need_no_answers(tests9: pd.DataFrame) -> None:
    one = efa(tests9, n_factors=3, ci="normal")
    other = efa(corr=tests9.corr(), n_obs=301, n_factors=3, ci="normal")
    assert one.loadings_se is not None
    assert other.loadings_se is not None
    np.testing.assert_allclose(one.loadings_se, other.loadings_se, atol=1e-9)
    assert one.phi_low is not None
    assert one.phi_high is not None
    assert (one.phi_low.to_numpy() <= one.phi.to_numpy()).all()


def test_many_items_are_resampled_without_their_products(
    tests9: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ways to the same covariances, one for the memory of large data."""
    values = tests9.to_numpy()
    found = []
    for most in (10_000_000, 0):
        monkeypatch.setattr(resampling, "_MOST_MOMENTS", most)
        rng = np.random.default_rng(1)
        boot = np.concatenate(list(resampling.bootstrap_covariances(values, 7, rng)))
        halves = [np.array(pair) for pair in resampling.half_correlations(values, 7, rng)]
        found.append((boot, np.concatenate(halves, axis=1)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
