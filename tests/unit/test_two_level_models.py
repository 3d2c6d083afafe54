"""Two-level models: the likelihood of whole clusters, closed forms, invariance, refusals."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.kernels.two_level import cluster_moments
from trustmeasure.kernels.two_level_models import (
    cluster_scores,
    deviance,
    gradient,
    loglik,
    observed_information,
    saturated_model,
    score,
)

DATA = Path(__file__).parents[1] / "data"
REGRESSION = """
    level: 1
        fw =~ y1 + y2 + y3
        fw ~ minutes
    level: 2
        fb =~ y1 + y2 + y3
        fb ~ support
"""
FACTORS = "level: 1\nfw =~ y1 + y2 + y3\nlevel: 2\nfb =~ y1 + y2 + y3"


def schools() -> pd.DataFrame:
    return pd.read_csv(DATA / "schools.csv")


def fitted(data: Any, model: str = REGRESSION, **options: Any) -> TwoLevelStructuralModel:
    found = tm.sem(model, data, cluster="school", **options)
    assert isinstance(found, TwoLevelStructuralModel)
    return found


def some_values() -> tuple[np.ndarray, np.ndarray]:
    """Two variables on both levels, one of persons alone, one of clusters."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(12), rng.choice([1, 2, 4, 7], size=12))
    shared = rng.normal(size=(12, 3))
    values = rng.normal(size=(len(codes), 4))
    values[:, :2] += shared[codes, :2]
    values[:, 3] = shared[codes, 2]
    return values, codes


def some_point() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Parameters of the saturated model: Σ_w, the mean of what is within, Σ_b, means."""
    rng = np.random.default_rng(5)
    within, between = (
        root @ root.T / 3 + np.eye(3) for root in (rng.normal(size=(3, 3)) for _ in range(2))
    )
    return within, np.array([0.2]), between, np.array([0.1, -0.3, 0.4])


def test_the_likelihood_equals_that_of_whole_clusters() -> None:
    from scipy.stats import multivariate_normal

    values, codes = some_values()
    within, alone, between, means = some_point()
    w, b = np.array([0, 1, 2]), np.array([0, 1, 3])
    lower = np.tril_indices(3)
    point = np.concatenate([within[lower], alone, between[lower], means])
    data = cluster_moments(values, codes)
    ours = loglik(data, float(deviance(saturated_model(4, w, b), data, point[None])[0]), 3)

    shared = np.zeros((3, 3))
    shared[:2, :2] = between[:2, :2]
    mean = np.array([means[0], means[1], alone[0]])
    whole = 0.0
    for cluster in range(12):
        own = values[codes == cluster]
        n = len(own)
        spread = np.kron(np.eye(n), within) + np.kron(np.ones((n, n)), shared)
        cross = np.tile(np.array([between[0, 2], between[1, 2], 0.0]), n)[:, None]
        spread = np.block([[spread, cross], [cross.T, between[2:, 2:]]])
        vector = np.append(own[:, :3].ravel(), own[0, 3])
        at = np.append(np.tile(mean, n), means[2])
        whole += multivariate_normal(at, spread).logpdf(vector)
    assert ours == pytest.approx(whole, rel=1e-12)


def test_derivatives_equal_differences_and_the_sum_of_the_clusters() -> None:
    values, codes = some_values()
    within, alone, between, means = some_point()
    lower = np.tril_indices(3)
    point = np.concatenate([within[lower], alone, between[lower], means])
    model = saturated_model(4, np.array([0, 1, 2]), np.array([0, 1, 3]))
    data = cluster_moments(values, codes)
    slopes = gradient(model, data, point[None])[0]
    step = 1e-6 * np.eye(len(point))
    sides = deviance(model, data, point + step) - deviance(model, data, point - step)
    np.testing.assert_allclose(slopes, sides / 4e-6, atol=1e-8)
    scores = cluster_scores(model, values, codes, point)
    np.testing.assert_allclose(-scores.sum(axis=0) / len(values), slopes, atol=1e-12)
    hessian = observed_information(model, data, point)
    numeric = (gradient(model, data, point + step) - gradient(model, data, point - step)) / 2e-6
    np.testing.assert_allclose(hessian, numeric, atol=1e-7)


def test_the_expected_information_is_the_mean_of_the_observed() -> None:
    rng = np.random.default_rng(6)
    within, alone, between, means = some_point()
    lower = np.tril_indices(3)
    point = np.concatenate([within[lower], alone, between[lower], means])
    model = saturated_model(4, np.array([0, 1, 2]), np.array([0, 1, 3]))
    codes = np.repeat(np.arange(20_000), np.tile([1, 3], 10_000))
    shared = rng.multivariate_normal(means, between, 20_000)
    values = rng.multivariate_normal([0, 0, alone[0]], within, len(codes))
    values = np.column_stack([values, shared[codes, 2]])
    values[:, :2] += shared[codes, :2]
    data = cluster_moments(values, codes)
    expected = score(model, data, point[None])[1][0]
    observed = observed_information(model, data, point)
    assert np.abs(expected - observed).max() < 0.03 * np.abs(expected).max()


def test_clusters_of_one_size_have_closed_forms() -> None:
    rng = np.random.default_rng(7)
    school = np.repeat(np.arange(60), 5)
    values = rng.normal(size=(300, 3)) + rng.normal(size=(60, 3))[school]
    data = pd.DataFrame(values, columns=["y1", "y2", "y3"]).assign(school=school)
    found = fitted(data, "level: 1\ny1 ~~ y2 + y3\ny2 ~~ y3\nlevel: 2\ny1 ~~ y2 + y3\ny2 ~~ y3")
    means = data.groupby("school").mean().to_numpy()
    apart = values - means[school]
    within = apart.T @ apart / (300 - 60)
    between = np.cov(means.T, ddof=0) - within / 5
    implied = found.implied()
    order = ["y1", "y2", "y3"]
    np.testing.assert_allclose(implied[1]["cov"].loc[order, order], within, atol=1e-9)
    np.testing.assert_allclose(implied[2]["cov"].loc[order, order], between, atol=1e-9)
    np.testing.assert_allclose(implied[2]["mean"][order], values.mean(axis=0), atol=1e-9)
    assert found.fit["df"] == 0
    assert found.fit["chisq"] == pytest.approx(0, abs=1e-8)
    np.testing.assert_allclose(
        found.icc[order], np.diag(between) / np.diag(between + within), atol=1e-9
    )


def test_labels_of_clusters_and_the_order_of_persons_change_nothing() -> None:
    data = schools()
    first = fitted(data, estimator="MLR")
    other = data.sample(frac=1, random_state=1)
    names = {name: place for place, name in enumerate(sorted(set(other["school"]), reverse=True))}
    second = fitted(other.assign(school=other["school"].map(names)), estimator="MLR")
    for column in ("est", "se", "std"):
        np.testing.assert_allclose(first.estimates[column], second.estimates[column], atol=1e-8)
    np.testing.assert_allclose(first.fit, second.fit, rtol=1e-6, atol=1e-8)


def test_units_change_estimates_but_no_fit() -> None:
    data = schools()
    first = fitted(data)
    second = fitted(data.assign(y2=1000 * data["y2"] + 5, support=data["support"] / 50))
    for name in ("chisq", "cfi", "srmr_between", "baseline_chisq"):
        assert first.fit[name] == pytest.approx(second.fit[name], abs=1e-6)
    np.testing.assert_allclose(first.estimates["std"][:5], second.estimates["std"][:5], atol=1e-7)


def test_listwise_deletion_is_the_same_as_deleting_first() -> None:
    data = schools()
    holes = data.copy()
    holes.loc[[3, 50, 200], "y1"] = np.nan
    first, second = fitted(holes), fitted(holes.dropna())
    assert (first.n, first.n_dropped) == (len(data) - 3, 3)
    np.testing.assert_allclose(first.estimates["se"], second.estimates["se"], atol=1e-9)
    assert "3 of 576 persons were left out" in " ".join(first.warnings)


def test_definitions_and_labels_reach_across_levels() -> None:
    model = """
        level: 1
            fw =~ y1 + a*y2 + b*y3
            fw ~~ w*fw
        level: 2
            fb =~ y1 + a*y2 + b*y3
            fb ~~ s*fb
        share := s / (s + w)
    """
    found = fitted(schools(), model)
    rows = found.estimates.set_index(["lhs", "op", "rhs", "level"])["est"]
    assert rows["fw", "=~", "y2", 1] == pytest.approx(rows["fb", "=~", "y2", 2])
    within, between = rows["fw", "~~", "fw", 1], rows["fb", "~~", "fb", 2]
    defined = found.estimates.set_index("lhs").loc["share"]
    assert defined["est"] == pytest.approx(between / (between + within))
    assert 0 < defined["se"] < 0.1
    assert found.fit["df"] == 2


def test_the_result_holds_both_levels() -> None:
    found = fitted(schools())
    assert list(found.estimates["level"].dropna().unique()) == [1, 2]
    assert list(found.r_squared.columns) == ["within", "between"]
    assert found.icc.to_dict()["minutes"] == 0  # within clusters alone
    assert found.icc["y1"] == pytest.approx(0.28, abs=0.1)
    assert found.n_clusters == 90
    plain = found.to_dict()
    assert plain["n_clusters"] == 90
    assert "estimate" not in plain
    assert "srmr_between" in found.summary()
    assert "90" in repr(found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cluster": None}, "cluster= must name the column"),
        ({"group": "support"}, "Groups cannot be combined"),
        ({"missing": "fiml"}, "missing='fiml' is not offered"),
        ({"ordered": True}, "leave out ordered="),
        ({"estimator": "MLM"}, "estimator='MLM' is not offered"),
        ({"meanstructure": False}, "always have means"),
        ({"group_equal": "loadings"}, "'group_equal=' cannot be combined"),
        ({"parameterization": "theta"}, "parameterization="),
    ],
)
def test_options_that_levels_do_not_have_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(tm.OptionError, match=words):
        tm.sem(FACTORS, schools(), **{"cluster": "school", **options})


def test_moments_cannot_have_levels() -> None:
    with pytest.raises(tm.OptionError, match="need the answers of persons in clusters"):
        tm.cfa(FACTORS, cov=schools()[["y1", "y2", "y3"]].cov(), n_obs=576, cluster="school")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("fb ~ b*support\nb > 0", "Inequality constraints"),
        ("fb ~ b*support\nfb ~~ v*fb\nb*v == 1", "not linear"),
        ("y1 | t1", "thresholds"),
    ],
)
def test_constraints_that_are_not_fitted_are_refused(more: str, words: str) -> None:
    with pytest.raises(tm.OptionError, match=words):
        fitted(schools(), f"{FACTORS}\n{more}")


def test_a_variable_of_clusters_that_varies_within_one_is_named() -> None:
    data = schools()
    data.loc[data.index[0], "support"] += 1
    with pytest.raises(tm.DataError, match="'support' differs between persons"):
        fitted(data)


def test_a_variable_of_persons_that_never_varies_within_clusters_is_named() -> None:
    with pytest.raises(tm.DataError, match="Variable 'support' is at level 1, but the same"):
        fitted(schools(), REGRESSION.replace("fw ~ minutes", "fw ~ support"))


def test_too_few_clusters_are_refused_with_the_number_needed() -> None:
    data = schools()
    few = data[data["school"].isin(sorted(set(data["school"]))[:4])]
    with pytest.raises(tm.DataError, match=r"has 4 cluster\(s\).*needs at least 5"):
        fitted(few, FACTORS)


def test_clusters_of_one_person_tell_nothing_of_both_levels() -> None:
    alone = schools().drop_duplicates("school")
    with pytest.raises(tm.DataError, match="too few persons share a cluster"):
        fitted(alone, FACTORS)


def test_few_clusters_are_noted() -> None:
    data = schools()
    some = data[data["school"].isin(sorted(set(data["school"]))[:40])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = fitted(some, FACTORS)
    assert "There are 40 clusters" in " ".join(found.warnings)


def test_dependent_variables_are_named() -> None:
    data = schools()
    data["y4"] = data["y1"] + data["y2"]
    with pytest.raises(tm.DataError, match="linearly dependent"):
        fitted(data, FACTORS.replace("y3", "y3 + y4"))


def test_more_parameters_than_moments_are_refused() -> None:
    with pytest.raises(tm.DataError, match="free parameters more than"):
        fitted(schools(), "level: 1\nfw =~ y1 + y2\nlevel: 2\nfb =~ y1 + y2")
