"""What must hold of factors whatever the data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.properties.strategies import SEEDS, answers
from trustmeasure.errors import ConvergenceWarning, DataWarning
from trustmeasure.exploratory import (
    ExploratoryFactors,
    bartlett_sphericity,
    congruence,
    efa,
    kmo,
    parallel_analysis,
)
from trustmeasure.exploratory.rotations import ROTATIONS as ROTATION_NAMES

METHODS = st.sampled_from(["minres", "ml", "pa", "uls", "minrank"])
# Those that need no target and have no edges; any of them must keep the rules below.
SMOOTH = [name for name in ROTATION_NAMES if "target" not in name and name != "simplimax"]
ROTATIONS = st.sampled_from(SMOOTH)


@st.composite
def two_factor_data(draw: st.DrawFn) -> pd.DataFrame:
    """Answers of 120 to 300 persons to items of two correlated traits, some missing."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(120, 300))
    sizes = draw(st.integers(3, 5)), draw(st.integers(3, 5))
    traits = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.3], [0.0, 0.95]])
    columns = np.repeat([0, 1], sizes)
    strength = rng.uniform(0.5, 0.9, size=columns.size)
    noise = rng.normal(size=(n, columns.size)) * np.sqrt(1 - strength**2)
    values = traits[:, columns] * strength + noise
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.03]))] = np.nan
    return pd.DataFrame(values, columns=[f"q{j + 1}" for j in range(columns.size)])


@st.composite
def populations(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Perfect simple structure (p × m) and factor correlations."""
    rng = np.random.default_rng(draw(SEEDS))
    m = draw(st.integers(1, 3))
    pattern = np.zeros((4 * m, m))
    for k in range(m):
        pattern[4 * k : 4 * k + 4, k] = rng.uniform(0.45, 0.85, size=4)
    phi = np.full((m, m), draw(st.floats(0.0, 0.5)))
    np.fill_diagonal(phi, 1.0)
    return pattern, phi


def _fit(data: pd.DataFrame, **options: Any) -> ExploratoryFactors:
    with warnings.catch_warnings():
        # Small samples may hold Heywood cases; what is tested holds for them, too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", DataWarning)
        return efa(data, **options)


def _clear(result: ExploratoryFactors) -> bool:
    """Whether order and sign of factors, and the solution itself, are beyond rounding."""
    share = result.variance.loc["ss_loadings"].to_numpy()
    return (
        result.converged
        and not any("Heywood" in note or "minima" in note for note in result.warnings)
        and bool((-np.diff(share) > 1e-3).all())
        and bool((result.loadings.sum() > 1e-3).all())
    )


@settings(deadline=None, max_examples=40)
@given(two_factor_data(), METHODS, ROTATIONS)
def test_parts_fit_together(data: pd.DataFrame, method: str, rotation: str) -> None:
    result = _fit(data, n_factors=2, method=method, rotation=rotation)
    loadings, phi = result.loadings.to_numpy(), result.phi.to_numpy()
    np.testing.assert_allclose(result.structure, loadings @ phi, atol=1e-12)
    np.testing.assert_allclose(result.communalities + result.uniquenesses, 1, atol=1e-12)
    np.testing.assert_allclose(np.diag(phi), 1)
    np.testing.assert_allclose(
        result.communalities, np.diag(loadings @ phi @ loadings.T), atol=1e-12
    )
    np.testing.assert_allclose(
        result.variance.loc["ss_loadings"].sum(), result.communalities.sum(), atol=1e-10
    )
    assert (result.loadings.sum() >= 0).all()
    # The general factor of a bifactor rotation comes first, whatever it explains.
    descending = result.variance.loc["ss_loadings"].iloc[int("bi" in rotation) :]
    assert (np.diff(descending) <= 1e-12).all()
    np.testing.assert_allclose(
        result.correlations - result.residuals, loadings @ phi @ loadings.T, atol=1e-12
    )


@settings(deadline=None, max_examples=40)
@given(two_factor_data(), METHODS, ROTATIONS, SEEDS)
def test_order_of_items_is_only_an_order(
    data: pd.DataFrame, method: str, rotation: str, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(data.columns)
    options = {"n_factors": 2, "method": method, "rotation": rotation}
    one, other = _fit(data, **options), _fit(data[list(order)], **options)
    assume(_clear(one) and _clear(other))
    pd.testing.assert_frame_equal(one.loadings.loc[order], other.loadings, rtol=0, atol=1e-5)
    pd.testing.assert_frame_equal(one.phi, other.phi, rtol=0, atol=1e-5)
    np.testing.assert_allclose(one.chisq, other.chisq, rtol=1e-6)
    np.testing.assert_allclose(kmo(data).overall, kmo(data[list(order)]).overall, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(two_factor_data(), METHODS, ROTATIONS, st.sampled_from(["listwise", "pairwise"]))
def test_units_do_not_matter(data: pd.DataFrame, method: str, rotation: str, missing: str) -> None:
    options: dict[str, Any] = {"n_factors": 2, "method": method, "missing": missing}
    one = _fit(data, rotation=rotation, **options)
    assume(_clear(one))
    other = _fit(data * 12.5 - 3.0, rotation=rotation, **options)
    pd.testing.assert_frame_equal(one.loadings, other.loadings, rtol=0, atol=1e-5)
    np.testing.assert_allclose(one.chisq, other.chisq, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(answers(min_persons=40))
def test_listwise_is_deletion_beforehand(data: pd.DataFrame) -> None:
    complete = data.dropna()
    one, other = _fit(data, n_factors=1), _fit(complete, n_factors=1)
    pd.testing.assert_frame_equal(one.loadings, other.loadings)
    assert one.rmsea_ci == other.rmsea_ci or np.isnan(one.rmsea_ci).all()
    assert one.n == len(complete)
    assert one.n + one.n_dropped == len(data)
    first, second = (
        parallel_analysis(data, n_iter=20, rng=1),
        parallel_analysis(complete, n_iter=20, rng=1),
    )
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())


@settings(deadline=None, max_examples=30)
@given(two_factor_data())
def test_adequacy_survives_deletion_beforehand(data: pd.DataFrame) -> None:
    pd.testing.assert_series_equal(kmo(data).items, kmo(data.dropna()).items)
    assert bartlett_sphericity(data).chisq == bartlett_sphericity(data.dropna()).chisq


@settings(deadline=None, max_examples=30)
@given(two_factor_data(), METHODS)
def test_rotation_moves_axes_and_nothing_else(data: pd.DataFrame, method: str) -> None:
    plain = _fit(data, n_factors=2, method=method, rotation="none")
    for rotation in SMOOTH:
        turned = _fit(data, n_factors=2, method=method, rotation=rotation)
        np.testing.assert_allclose(turned.communalities, plain.communalities, atol=1e-9)
        np.testing.assert_allclose(turned.residuals, plain.residuals, atol=1e-9)
        np.testing.assert_allclose(turned.rmsr, plain.rmsr, atol=1e-9)


@settings(deadline=None, max_examples=30)
@given(two_factor_data(), ROTATIONS, st.sampled_from(["regression", "bartlett", "tenberge"]))
def test_scores_belong_to_their_factors(data: pd.DataFrame, rotation: str, method: str) -> None:
    """Scores, loadings and factor correlations were reordered and turned together."""
    result = _fit(data, n_factors=2, rotation=rotation)
    assume(_clear(result) and float(result.uniquenesses.min()) > 0.02)
    found = result.scores(data, method=method)
    complete = data.dropna()
    scores = found.scores.dropna()
    # On the same persons, the scores of a factor correlate with items as the weights say.
    weights, R = found.weights.to_numpy(), result.correlations.to_numpy()
    np.testing.assert_allclose(found.correlations, _scaled(weights.T @ R @ weights), atol=1e-9)
    validity = (result.structure.to_numpy() * weights).sum(axis=0)
    validity /= np.sqrt(np.diag(weights.T @ R @ weights))
    np.testing.assert_allclose(found.determinacy["validity"], validity, atol=1e-9)
    assert (validity > 0).all()
    assert len(scores) == len(complete)
    order = result.structure.abs().to_numpy().argmax(axis=0)
    for k in range(2):
        with_item = np.corrcoef(scores.iloc[:, k], complete.iloc[:, order[k]])[0, 1]
        assert with_item * result.structure.iloc[order[k], k] > 0


def _scaled(matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    sd = np.sqrt(np.diag(matrix))
    return np.asarray(matrix / np.outer(sd, sd))


@settings(deadline=None, max_examples=30)
@given(two_factor_data(), st.sampled_from(["oblimin", "geomin_oblique", "promax"]), SEEDS)
def test_congruence_knows_a_solution_again(data: pd.DataFrame, rotation: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    result = _fit(data, n_factors=2, rotation=rotation)
    assume(_clear(result))
    order, signs = rng.permutation(2), rng.choice([-1, 1], size=2)
    moved = result.loadings.iloc[rng.permutation(len(result.loadings)), order] * signs
    found = congruence(result, moved)
    np.testing.assert_allclose(found.matches["congruence"], 1.0)
    assert list(found.matches["factor"]) == [f"F{k + 1}" for k in range(2)]
    back = pd.Series(signs, index=[f"F{k + 1}" for k in order])
    assert (found.matches["sign"] == back.loc[found.matches.index]).all()


@settings(deadline=None, max_examples=40)
@given(populations(), st.sampled_from(["minres", "ml", "pa", "uls"]))
def test_a_population_is_recovered(
    population: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], method: str
) -> None:
    pattern, phi = population
    corr = pattern @ phi @ pattern.T
    np.fill_diagonal(corr, 1.0)
    result = efa(corr=corr, n_obs=500, n_factors=pattern.shape[1], method=method)
    off = result.residuals.to_numpy() - np.diag(result.uniquenesses)
    np.testing.assert_allclose(off, 0, atol=1e-6)
    np.testing.assert_allclose(result.communalities, (pattern**2).sum(axis=1), atol=1e-5)
    assert result.chisq < 1e-6
    assert result.rmsea == 0


@settings(deadline=None, max_examples=40)
@given(populations())
def test_oblimin_keeps_a_perfect_simple_structure(
    population: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
) -> None:
    pattern, phi = population
    corr = pattern @ phi @ pattern.T
    np.fill_diagonal(corr, 1.0)
    result = efa(corr=corr, n_obs=500, n_factors=pattern.shape[1])
    order = np.abs(pattern.T @ result.loadings.to_numpy()).argmax(axis=1)
    np.testing.assert_allclose(result.loadings.to_numpy()[:, order], pattern, atol=1e-4)
    np.testing.assert_allclose(result.phi.to_numpy()[np.ix_(order, order)], phi, atol=1e-4)
