"""What must hold of the reliabilities that rest on a model, whatever the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.properties.strategies import FRAME_KINDS, SEEDS, answers, frame_kinds
from trustmeasure.errors import ConvergenceError
from trustmeasure.kernels.hierarchical_omega import omegas
from trustmeasure.reliability import (
    categorical_omega,
    mcdonald_omega,
    multilevel_reliability,
    ordinal_alpha,
)

# Small random samples hold items that relate negatively, correlations at ±1 and Heywood cases.
pytestmark = pytest.mark.filterwarnings(
    "ignore::trustmeasure.errors.DataWarning", "ignore::trustmeasure.errors.ConvergenceWarning"
)


def _or_none(function: Any, data: Any, **options: Any) -> Any:
    """Give the result; None where small samples have none."""
    try:
        return function(data, **options)
    except ConvergenceError:
        return None


def _numbers(result: Any) -> np.ndarray:
    return np.array([float(value) for value in result.summary().values()])


@given(data=answers(min_persons=40, max_items=5), which=st.sampled_from([0, 1]))
@settings(max_examples=15, deadline=None)
def test_listwise_equals_deleting_before_the_interval_included(data: Any, which: int) -> None:
    function = (ordinal_alpha, categorical_omega)[which]
    ours = _or_none(function, data, n_boot=20, rng=1)
    before = _or_none(function, data.dropna(), n_boot=20, rng=1)
    assert (ours is None) == (before is None)
    assume(ours is not None)
    np.testing.assert_array_equal(_numbers(ours), _numbers(before))
    assert_frame_equal(ours.to_frame(), before.to_frame())


@given(data=answers(min_persons=60, missing=False), seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_neither_the_order_of_items_nor_the_codes_of_answers_matter(data: Any, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(data.shape[1])
    other = (data**3).iloc[:, order]
    one, two = ordinal_alpha(data, ci=None), ordinal_alpha(other, ci=None)
    np.testing.assert_allclose(two.estimate, one.estimate, atol=1e-7)
    first = _or_none(categorical_omega, data, ci=None, method="uls")
    second = _or_none(categorical_omega, other, ci=None, method="uls")
    assume(first is not None and np.isfinite(first.estimate))
    np.testing.assert_allclose(second.estimate, first.estimate, atol=1e-6)


@given(data=answers(min_persons=60, min_items=3), kind=frame_kinds())
@settings(max_examples=10, deadline=None)
def test_every_kind_of_frame_gives_the_same(data: pd.DataFrame, kind: str) -> None:
    same = ordinal_alpha(FRAME_KINDS[kind](data), ci=None)
    np.testing.assert_array_equal(_numbers(same), _numbers(ordinal_alpha(data, ci=None)))


@given(seed=SEEDS, m=st.integers(2, 4), flip=st.booleans())
@settings(max_examples=25, deadline=None)
def test_omegas_of_exact_loadings(seed: int, m: int, flip: bool) -> None:
    rng = np.random.default_rng(seed)
    p = 4 * m
    general = rng.uniform(0.3, 0.6, size=p)
    groups = np.kron(np.eye(m), np.ones((4, 1))) * rng.uniform(0.3, 0.6, size=(p, 1))
    implied = np.outer(general, general) + groups @ groups.T
    unique = 1 - np.diag(implied)
    R = implied + np.diag(unique)
    found = omegas(R, general, groups, unique, flip=flip)
    assert 0 < found.hierarchical < found.total < 1
    assert found.total >= found.alpha - 1e-12  # which omega of the true model never is below
    assert found.asymptotic == pytest.approx(found.hierarchical / found.total)
    assert found.groups[0, 1] + found.groups[0, 2] == pytest.approx(found.total)
    np.testing.assert_allclose(found.groups[:, 1] + found.groups[:, 2], found.groups[:, 0])
    assert found.puc == pytest.approx(4 * (m - 1) / (p - 1))
    # Items that point the other way are turned round to the same.
    signs = rng.choice([-1.0, 1.0], size=p)
    turned = omegas(
        R * np.outer(signs, signs), signs * general, signs[:, None] * groups, unique, flip=True
    )
    np.testing.assert_allclose(turned.numbers(), found.numbers())


@given(seed=SEEDS)
@settings(max_examples=8, deadline=None)
def test_hierarchical_omega_does_not_know_units_or_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    facets = np.repeat(rng.normal(size=(250, 3)), 3, axis=1)
    data = rng.normal(size=(250, 1)) + facets + rng.normal(size=(250, 9))
    one = mcdonald_omega(data, n_factors=3, ci=None)
    order = rng.permutation(9)
    other = data[:, order] * rng.uniform(0.1, 9, size=9) + rng.normal(size=9)
    two = mcdonald_omega(other, n_factors=3, ci=None)
    np.testing.assert_allclose(
        np.sort(two.general_loadings), np.sort(one.general_loadings), atol=1e-5
    )
    assert two.omega_hierarchical == pytest.approx(one.omega_hierarchical, abs=1e-5)
    structure = one.pattern @ one.phi @ one.pattern.T
    np.testing.assert_allclose(np.diag(structure), one.communalities, atol=1e-8)


@given(seed=SEEDS, n_teams=st.integers(30, 60))
@settings(max_examples=8, deadline=None)
def test_two_levels_do_not_know_labels_and_recover_what_made_them(seed: int, n_teams: int) -> None:
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 9, size=n_teams)
    team = np.repeat(np.arange(n_teams), size)
    shared = rng.normal(size=(n_teams, 1)) + 0.5 * rng.normal(size=(n_teams, 3))
    own = rng.normal(size=(len(team), 1)) + rng.normal(size=(len(team), 3))
    data = pd.DataFrame(shared[team] + own, columns=["a", "b", "c"])
    one = multilevel_reliability(data, cluster=team, ci=None)
    labels = rng.permutation(n_teams)[team]
    order = rng.permutation(len(team))
    two = multilevel_reliability(data.iloc[order], cluster=labels[order], ci=None)
    np.testing.assert_allclose(two.table, one.table, atol=1e-6)
    assume(one.converged)
    whole = one.within + one.between
    assert np.linalg.eigvalsh(one.within).min() > 0
    np.testing.assert_allclose(one.icc["icc1"], np.diag(one.between) / np.diag(whole), atol=1e-12)
    assert one.omega_cluster_means < one.interrater + 1e-12 or one.omega_between > 1
