"""Alignment: the function and its gradient, known minima, simulated groups, refusals."""

from __future__ import annotations

import json
import string
import warnings

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.kernels.simplicity import (
    Frame,
    align,
    explained,
    invariant_set,
    pair_weights,
    reported,
    simplicity,
    starting_points,
)

ONE = "trust =~ t1 + t2 + t3 + t4"
MEANS = np.array([0.0, 0.3, -0.5, 0.8, 0.1, -0.2])
DEVIATIONS = np.array([1.0, 1.2, 0.8, 1.1, 0.9, 1.3])
SIZES = np.array([200.0, 150, 300, 120, 260, 180])


def configural(bias: bool) -> tuple[np.ndarray, np.ndarray]:
    """Loadings and intercepts of six groups' own models, from known ones."""
    rng = np.random.default_rng(0)
    loadings = np.tile(rng.uniform(0.6, 1.2, 5), (6, 1))
    intercepts = np.tile(rng.uniform(2, 4, 5), (6, 1))
    if bias:
        intercepts[2, 1] += 0.7
        intercepts[4, 3] -= 0.5
        loadings[3, 0] += 0.4
    return loadings * DEVIATIONS[:, None], intercepts + MEANS[:, None] * loadings


def starts(frame: Frame, loadings: np.ndarray, intercepts: np.ndarray) -> list[np.ndarray]:
    draws = np.random.default_rng(1).normal(scale=0.5, size=(6, frame.size))
    return starting_points(loadings, intercepts, frame, 6, draws)


@pytest.mark.parametrize("fixed", [0, 3, None])
def test_the_gradient_is_that_of_the_function(fixed: int | None) -> None:
    loadings, intercepts = configural(bias=True)
    frame, weights = Frame(6, fixed, 0), pair_weights(SIZES)
    point = np.random.default_rng(2).normal(scale=0.3, size=frame.size)

    def value(at: np.ndarray) -> float:
        return simplicity(loadings, intercepts, weights, frame, at, 0.01)[0]

    numeric = [(value(point + e) - value(point - e)) / 2e-6 for e in 1e-6 * np.eye(frame.size)]
    gradient = simplicity(loadings, intercepts, weights, frame, point, 0.01)[1]
    np.testing.assert_allclose(gradient, numeric, atol=1e-8)


def test_the_function_is_what_the_formula_says() -> None:
    loadings, intercepts = configural(bias=True)
    frame, total, weight = Frame(6, 0, 0), 0.0, 0.0
    for g in range(6):
        for h in range(g):
            w = np.sqrt(SIZES[g] * SIZES[h])
            weight += w
            for part in (loadings, intercepts):
                total += w * (((part[g] - part[h]) ** 2 + 0.01) ** 0.25).sum()
    found = simplicity(loadings, intercepts, pair_weights(SIZES), frame, np.zeros(frame.size), 0.01)
    assert found[0] == pytest.approx(total / weight / 10)


def test_exact_invariance_is_found_exactly() -> None:
    loadings, intercepts = configural(bias=False)
    frame = Frame(6, 0, 0)
    found = align(loadings, intercepts, SIZES, frame, starts(frame, loadings, intercepts))
    np.testing.assert_allclose(found.means, MEANS, atol=1e-6)
    np.testing.assert_allclose(found.deviations, DEVIATIONS, atol=1e-6)
    # The smallest value that there is: all differences are 0.
    assert found.value == pytest.approx(0.01**0.25)
    assert found.converged
    for share in explained(loadings, intercepts, found):
        np.testing.assert_allclose(share, 1.0, atol=1e-8)


def test_some_bias_moves_the_means_little_and_no_point_is_lower() -> None:
    loadings, intercepts = configural(bias=True)
    frame, weights = Frame(6, 0, 0), pair_weights(SIZES)
    found = align(loadings, intercepts, SIZES, frame, starts(frame, loadings, intercepts))
    np.testing.assert_allclose(found.means, MEANS, atol=0.03)
    np.testing.assert_allclose(found.deviations, DEVIATIONS, atol=0.04)
    rng = np.random.default_rng(3)
    for spread in (0.01, 0.1, 0.5):
        for _ in range(100):
            near = found.point + rng.normal(scale=spread, size=frame.size)
            assert simplicity(loadings, intercepts, weights, frame, near, 0.01)[0] >= found.value
    np.testing.assert_allclose(reported(loadings, intercepts, frame, found.point)[0], found.means)


def test_free_means_are_not_determined_by_equal_loadings() -> None:
    loadings, intercepts = configural(bias=False)
    frame = Frame(6, None, 0)
    found = align(loadings, intercepts, SIZES, frame, starts(frame, loadings, intercepts))
    assert found.weakest < 1e-9
    np.testing.assert_allclose(found.means - found.means[0], MEANS, atol=1e-5)


def test_agreeing_groups_are_those_close_to_their_mean() -> None:
    covariance = 0.01 * np.eye(5)
    values = np.array([1.0, 1.05, 0.95, 1.6, 1.02])
    assert invariant_set(values, covariance).tolist() == [True, True, True, False, True]
    assert invariant_set(np.ones(5), covariance).all()


def sites(
    n_groups: int, n: int, *, biased: int | None, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    means = np.concatenate([[0.0], rng.normal(scale=0.4, size=n_groups - 1)])
    parts = []
    for place, label in enumerate(string.ascii_lowercase[:n_groups]):
        trust = means[place] + rng.normal(size=n)
        answers = 3 + 0.8 * trust[:, None] + 0.7 * rng.normal(size=(n, 4))
        part = pd.DataFrame(answers, columns=["t1", "t2", "t3", "t4"]).assign(site=label)
        part["t4"] += 0.6 * (place == biased)
        parts.append(part)
    return pd.concat(parts, ignore_index=True), means


@pytest.mark.parametrize("method", ["fixed", "free"])
def test_means_of_many_groups_are_recovered(method: str) -> None:
    data, means = sites(12, 400, biased=5, seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tm.ConvergenceWarning)
        found = tm.alignment(ONE, data, group="site", method=method, n_starts=4)
    mine = found.means["mean"].to_numpy()
    np.testing.assert_allclose(mine - mine[0], means, atol=0.2)
    assert np.corrcoef(mine, means)[0, 1] > 0.97
    differ = found.parameters[~found.parameters["agrees"]]
    assert ("trust", "t4", "intercept", "f") in differ.index
    assert found.noninvariant < 0.05
    assert (
        found.items["r_squared"].xs("intercept", level="parameter").drop("t4", level="item").min()
        > 0.8
    )


def test_the_model_of_each_group_stays_its_own() -> None:
    data, _ = sites(3, 300, biased=None, seed=5)
    found = tm.alignment(ONE, data, group="site", n_starts=3)
    ladder = tm.measurement_invariance(ONE, data, group="site", levels="configural")
    total = sum(fit.fit["chisq"] for fit in found.fits.values())
    assert total == pytest.approx(ladder.table.loc["configural", "chisq"], rel=1e-6)
    # Aligned parameters imply the moments of the group's own model.
    mean = found.means["mean"].xs("b", level="group").iloc[0]
    table = found.parameters.xs("b", level="group")
    loading = table.xs("loading", level="parameter")["aligned"]
    intercept = table.xs("intercept", level="parameter")
    np.testing.assert_allclose(
        intercept["aligned"] + mean * loading, intercept["configural"], atol=1e-10
    )
    assert json.dumps(found.to_dict())
    assert repr(found)


def test_factors_that_point_the_other_way_are_turned() -> None:
    data, _ = sites(3, 400, biased=None, seed=6)
    same = tm.alignment(ONE, data, group="site", n_starts=3)
    turned = data.assign(t1=-data["t1"])
    other = tm.alignment(ONE, turned, group="site", n_starts=3)
    mine = same.means["mean"].abs().to_numpy()
    np.testing.assert_allclose(other.means["mean"].abs().to_numpy(), mine, atol=1e-3)


def test_another_reference_moves_the_origin() -> None:
    data, _ = sites(4, 400, biased=None, seed=7)
    found = tm.alignment(ONE, data, group="site", reference="c", n_starts=3)
    row = found.means.loc[("trust", "c")]
    assert row["mean"] == 0
    assert row["variance"] == pytest.approx(1)
    assert np.isnan(row["pvalue"])


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("a =~ t1 + t2 + t3\nb =~ t3 + t4 + t1", {}, "'t1', 't3' do not"),
        ("a =~ 1*t1 + t2 + t3", {}, "no loading may be fixed"),
        (ONE, {"method": "FREE"}, "method='FREE' is not offered"),
        (ONE, {"reference": "z"}, "reference='z' is no group"),
        (ONE, {"epsilon": 0}, "epsilon=0 must be"),
    ],
)
def test_options_are_checked(model: str, options: dict[str, object], message: str) -> None:
    data, _ = sites(3, 100, biased=None, seed=8)
    with pytest.raises(tm.OptionError, match=message):
        tm.alignment(model, data, group="site", **options)  # type: ignore[arg-type]


def test_two_groups_have_no_free_alignment() -> None:
    data, _ = sites(2, 100, biased=None, seed=8)
    with pytest.raises(tm.OptionError, match="With two groups"):
        tm.alignment(ONE, data, group="site", method="free")


def test_small_groups_are_warned_of() -> None:
    data, _ = sites(3, 90, biased=None, seed=9)
    with pytest.warns(tm.errors.DataWarning, match="fewer than 100 persons"):
        tm.alignment(ONE, data, group="site", n_starts=2)
