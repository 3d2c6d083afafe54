"""What two-level models are asked afterwards: residuals, factor scores, score tests."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from tests.unit.test_two_level_models import FACTORS, REGRESSION, fitted, schools
from trustmeasure.confirmatory.two_level.results import TwoLevelStructuralModel


@cache
def regression() -> TwoLevelStructuralModel:
    return fitted(schools())


@cache
def factors() -> TwoLevelStructuralModel:
    return fitted(schools(), FACTORS)


def test_a_modification_index_is_what_chi_square_falls_by() -> None:
    table = fitted(schools(), FACTORS.replace("3", "3 + y4")).modification_indices()
    assert set(table["level"]) == {1, 2}
    row = table.query("level == 1").iloc[0]
    model = FACTORS.replace("3", "3 + y4")
    more = model.replace("level: 2", f"{row.lhs} ~~ {row.rhs}\nlevel: 2")
    fall = fitted(schools(), model).fit["chisq"] - fitted(schools(), more).fit["chisq"]
    assert row.mi == pytest.approx(fall, rel=0.1, abs=0.05)


def test_equalities_between_levels_are_tested() -> None:
    model = "level: 1\nfw =~ y1 + a*y2 + b*y3\nlevel: 2\nfb =~ y1 + a*y2 + b*y3"
    tests = fitted(schools(), model).score_tests()
    assert tests["constraint"].iloc[0] == "fw =~ y2 == fb =~ y2 (level 2)"
    free = "level: 1\nfw =~ y1 + y2 + b*y3\nlevel: 2\nfb =~ y1 + y2 + b*y3"
    fall = fitted(schools(), model).fit["chisq"] - fitted(schools(), free).fit["chisq"]
    assert tests["chisq"].iloc[0] == pytest.approx(fall, rel=0.1, abs=0.05)
    assert tests["df"].tolist() == [1, 1, 2]
    with pytest.raises(tm.OptionError, match="nothing equal"):
        factors().score_tests()


def test_residuals_have_a_level_and_add_up_with_what_is_implied() -> None:
    found = regression().residuals()
    assert found.cov.index.names == ["level", None]
    implied = regression().implied()
    for level, whole in zip((1, 2), regression().unrestricted.covariances, strict=True):
        names = implied[level]["cov"].columns
        own = found.cov.loc[level][names]
        np.testing.assert_allclose(own + implied[level]["cov"], whole, atol=1e-10)
    assert set(found.largest(4)["level"]) <= {1, 2}
    assert found.mean is not None
    assert np.abs(found.mean).max() < 5e-3
    with pytest.raises(tm.OptionError, match="standard errors of each level's moments"):
        regression().residuals(kind="standardized")


def _whole_clusters(found: TwoLevelStructuralModel, data: pd.DataFrame) -> tuple[float, ...]:
    """Regress the latent variables of one cluster and its first person on all its answers."""
    value = found.estimates.set_index(["lhs", "op", "rhs", "level"])["est"]
    items = ["y1", "y2", "y3"]
    within = np.array([value[("fw", "=~", name, 1)] for name in items])
    between = np.array([value[("fb", "=~", name, 2)] for name in items])
    n = len(data)
    on_minutes, on_support = value[("fw", "~", "minutes", 1)], value[("fb", "~", "support", 2)]
    disturbed, shared = value[("fw", "~~", "fw", 1)], value[("fb", "~~", "fb", 2)]
    # Given the exogenous variables, which are known.
    spread_w = disturbed * np.outer(within, within)
    spread_w += np.diag([value[(name, "~~", name, 1)] for name in items])
    spread_b = shared * np.outer(between, between)
    spread_b += np.diag([value[(name, "~~", name, 2)] for name in items])
    whole = np.kron(np.eye(n), spread_w) + np.kron(np.ones((n, n)), spread_b)
    level = np.array([value[(name, "~1", "", 2)] for name in items])
    first = on_minutes * data["minutes"].to_numpy()
    second = float(on_support * data["support"].iloc[0])
    mean = np.concatenate([level + within * own + between * second for own in first])
    off = np.linalg.solve(whole, data[items].to_numpy().ravel() - mean)
    cluster = shared * np.tile(between, n)
    person = np.concatenate([disturbed * within, np.zeros(3 * (n - 1))])
    return (
        float(first[0] + person @ off),
        float(np.sqrt(disturbed - person @ np.linalg.solve(whole, person))),
        float(second + cluster @ off),
        float(np.sqrt(shared - cluster @ np.linalg.solve(whole, cluster))),
    )


def test_scores_are_expectations_given_all_answers_of_the_cluster() -> None:
    found = regression()
    persons, clusters = (found.factor_scores(level=level) for level in (1, 2))
    data = schools()
    school = data["school"].iloc[0]
    own = data[data["school"] == school]
    person, person_error, cluster, cluster_error = _whole_clusters(found, own)
    assert persons.scores["fw"].iloc[0] == pytest.approx(person, abs=1e-8)
    assert persons.se["fw"].iloc[0] == pytest.approx(person_error, rel=1e-8)
    assert clusters.scores.loc[school, "fb"] == pytest.approx(cluster, abs=1e-8)
    assert clusters.se.loc[school, "fb"] == pytest.approx(cluster_error, rel=1e-8)
    assert clusters.scores.index.name == "school"
    assert len(clusters.scores) == found.n_clusters
    assert 0 < clusters.reliability["fb"] < 1


def test_larger_clusters_are_known_better() -> None:
    data = schools()
    counts = data["school"].value_counts()
    errors = factors().factor_scores(level=2).se["fb"]
    order = counts.loc[errors.index].to_numpy()
    assert np.corrcoef(order, errors)[0, 1] < -0.7


def test_other_persons_are_scored_in_their_clusters() -> None:
    data = schools()
    some = data[data["school"].isin(data["school"].unique()[:3])]
    whole = factors().factor_scores(level=2).scores
    mixed = some.sample(frac=1, random_state=1)
    part = factors().factor_scores(mixed, level=2).scores
    np.testing.assert_allclose(part.loc[whole.index[:3]], whole.iloc[:3], atol=1e-10)
    persons = factors().factor_scores(mixed).scores.loc[some.index]
    np.testing.assert_allclose(persons, factors().factor_scores().scores.loc[some.index])
    holes = mixed.assign(y1=mixed["y1"].where(mixed.index != mixed.index[0]))
    found = factors().factor_scores(holes)
    assert found.scores["fw"].isna().sum() == found.n_dropped == 1
    assert "1 of" in found.warnings[0]


def test_what_cannot_be_scored_says_so() -> None:
    data = schools()
    with pytest.raises(tm.DataError, match="clusters of 'school'"):
        factors().factor_scores(data.drop(columns="school"))
    with pytest.raises(tm.DataError, match="variable"):
        factors().factor_scores(data.drop(columns="y1"))
    with pytest.raises(tm.DataError, match="Nobody"):
        factors().factor_scores(data.assign(school=np.nan))
    with pytest.raises(tm.OptionError, match="level=3"):
        factors().factor_scores(level=3)
    with pytest.raises(tm.OptionError, match="method"):
        factors().factor_scores(method="EBM")
    alone = REGRESSION.replace("fb =~ y1 + y2 + y3", "y1 ~~ y2 + y3").replace("fb", "y1")
    with pytest.raises(tm.OptionError, match=r"no latent variables .* at level 2"):
        fitted(data, alone).factor_scores(level=2)
