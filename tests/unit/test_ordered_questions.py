"""What models of ordered items are asked afterwards: score tests, residuals, factor scores."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.results import StructuralModel

DATA = Path(__file__).parent.parent / "data"
ITEMS = ["A1", "A2", "A3", "A4", "A5"]
ONE = "A =~ A2 + A3 + A4 + A5 + A1"


@cache
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").dropna(subset=[*ITEMS, "gender"]).head(700)


@cache
def fitted(**options: Any) -> StructuralModel:
    return tm.cfa(ONE, bfi(), ordered=ITEMS, **options)


def test_a_modification_index_is_what_chi_square_falls_by() -> None:
    row = fitted(estimator="DWLS").modification_indices(op="~~").iloc[0]
    more = tm.cfa(f"{ONE}\n{row.lhs} ~~ {row.rhs}", bfi(), ordered=ITEMS, estimator="DWLS")
    fall = fitted(estimator="DWLS").fit["chisq"] - more.fit["chisq"]
    estimates = more.estimates.set_index(["lhs", "op", "rhs"])
    # Both are first-order approximations.
    assert row.mi == pytest.approx(fall, rel=0.1)
    assert row.epc == pytest.approx(estimates.loc[(row.lhs, "~~", row.rhs), "est"], rel=0.15)


def test_thresholds_that_the_model_fixes_are_tested() -> None:
    cut = float(fitted().estimates.set_index(["lhs", "op", "rhs"]).loc[("A3", "|", "t2"), "est"])
    held = tm.cfa(f"{ONE}\nA3 | {cut + 0.2}*t2", bfi(), ordered=ITEMS)
    row = held.modification_indices(op="|").iloc[0]
    assert (row.lhs, row.rhs) == ("A3", "t2")
    # As in lavaan, slopes count n − 1 persons, and their information n.
    assert row.epc == pytest.approx(-0.2 * 699 / 700)
    assert row.sepc_all == pytest.approx(row.epc)


def test_letting_go_thresholds_tells_what_refitting_would() -> None:
    equal = tm.cfa(
        ONE, bfi(), ordered=ITEMS, group="gender", estimator="DWLS",
        group_equal=["loadings", "thresholds"],
    )  # fmt: skip
    tests = equal.score_tests()
    assert tests["constraint"].iloc[0] == "A =~ A3 == A =~ A3 (group 2)"
    free = tm.cfa(
        ONE, bfi(), ordered=ITEMS, group="gender", estimator="DWLS",
        group_equal=["loadings", "thresholds"], group_partial=["A=~A3"],
    )  # fmt: skip
    fall = equal.fit["chisq"] - free.fit["chisq"]
    assert tests["chisq"].iloc[0] == pytest.approx(fall, rel=0.1, abs=0.02)
    with pytest.raises(tm.OptionError, match="nothing equal"):
        fitted().score_tests()


@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_parameterizations_leave_the_same(parameterization: str) -> None:
    plain = fitted().residuals(kind="standardized")
    other = fitted(parameterization=parameterization).residuals(kind="standardized")
    np.testing.assert_allclose(other.cov, plain.cov, atol=1e-5)
    indices = fitted(parameterization=parameterization).modification_indices(sort=False)
    pd.testing.assert_series_equal(
        indices["mi"], fitted().modification_indices(sort=False)["mi"], rtol=1e-5
    )


def test_raw_residuals_are_observed_less_implied() -> None:
    found = fitted().residuals()
    observed = tm.polychoric(bfi()[found.cov.columns]).correlation
    implied = fitted().implied()[None]
    np.testing.assert_allclose(found.cov + implied["cov"], observed, atol=1e-6)
    assert found.thresholds is not None
    assert found.mean is None
    assert list(found.thresholds.index[:2]) == ["A2|t1", "A2|t2"]
    # Free thresholds leave nothing, and nothing has no standard error.
    assert (fitted().residuals(kind="normalized").thresholds == 0).all()
    with pytest.raises(tm.OptionError, match="kind"):
        fitted().residuals(kind="z")


def test_residuals_of_groups_and_of_continuous_variables_are_named() -> None:
    groups = fitted(group="gender")
    found = groups.residuals(kind="correlation")
    assert found.thresholds is not None
    assert found.cov.index.nlevels == found.thresholds.index.nlevels == 2
    assert set(found.largest(3)["group"]) <= {1, 2}
    some = tm.cfa(ONE, bfi(), ordered=ITEMS[1:4])
    left = some.residuals(kind="standardized")
    assert left.mean is not None
    assert list(left.mean.index) == ["A5", "A1"]
    assert some.implied()[None]["mean"]["A5"] == pytest.approx(bfi()["A5"].mean())


def _log_posterior(eta: float, answers: list[int]) -> float:
    """Go by the definition: a standard normal factor, and each answer's probability."""
    from scipy.stats import norm

    found = tm.cfa(ONE, bfi(), ordered=ITEMS, std_lv=True).estimates.set_index(["lhs", "op"])
    total = float(norm.logpdf(eta))
    for name, answer in zip(ITEMS, answers, strict=True):
        rows = found.loc[("A", "=~")]
        loading = float(rows.loc[rows["rhs"] == name, "est"].iloc[0])
        cuts = [-np.inf, *found.loc[(name, "|"), "est"], np.inf]
        edges = (np.array(cuts[answer - 1 : answer + 1]) - loading * eta) / np.sqrt(1 - loading**2)
        total += float(np.log(np.diff(norm.cdf(edges))[0]))
    return total


def test_scores_are_modes_of_the_posterior() -> None:
    from scipy.optimize import minimize_scalar

    model = tm.cfa(ONE, bfi(), ordered=ITEMS, std_lv=True)
    answers = [2, 5, 4, 6, 3]
    person = pd.DataFrame([dict(zip(ITEMS, answers, strict=True))])
    found = model.factor_scores(person)
    best = minimize_scalar(lambda eta: -_log_posterior(eta, answers), options={"xtol": 1e-10})
    assert found.scores.loc[0, "A"] == pytest.approx(best.x, abs=1e-6)
    sides = [_log_posterior(best.x + step, answers) for step in (-1e-3, 0.0, 1e-3)]
    curvature = -(sides[0] - 2 * sides[1] + sides[2]) / 1e-6
    assert found.se.loc[0, "A"] == pytest.approx(curvature**-0.5, rel=1e-4)


def test_scores_take_what_a_covariate_does_to_an_item() -> None:
    from scipy.optimize import minimize_scalar
    from scipy.special import ndtr

    data = bfi().assign(decades=bfi()["age"] / 10)
    model = tm.sem(f"{ONE}\nA ~ decades\nA3 ~ decades", data, ordered=ITEMS)
    known = model.estimates.set_index(["lhs", "op", "rhs"])["est"]
    person = data.iloc[3]

    def misfit(eta: float) -> float:
        variance = known[("A", "~~", "A")]
        total = 0.5 * (eta - known[("A", "~", "decades")] * person["decades"]) ** 2 / variance
        for name in ITEMS:
            cuts = [-np.inf, *(known[(name, "|", f"t{k}")] for k in range(1, 6)), np.inf]
            loading = known[("A", "=~", name)]
            at = loading * eta
            at += known[("A3", "~", "decades")] * person["decades"] if name == "A3" else 0.0
            answer = int(person[name])
            edges = (np.array(cuts[answer - 1 : answer + 1]) - at) / np.sqrt(
                1 - loading**2 * variance
            )
            total -= np.log(np.diff(ndtr(edges))[0])
        return float(total)

    best = minimize_scalar(misfit, bracket=(-1, 1), options={"xtol": 1e-10})
    assert model.factor_scores().scores["A"].iloc[3] == pytest.approx(best.x, abs=1e-6)


def test_scores_do_not_depend_on_the_parameterization() -> None:
    delta = tm.cfa(ONE, bfi(), ordered=ITEMS, std_lv=True).factor_scores()
    theta = tm.cfa(ONE, bfi(), ordered=ITEMS, std_lv=True, parameterization="theta")
    np.testing.assert_allclose(theta.factor_scores().scores, delta.scores, atol=1e-6)
    assert fitted().factor_scores(method="regression").settings["method"] == "EBM"


def test_likelihood_leans_less_and_ends_at_extremes() -> None:
    mode, likely = (fitted().factor_scores(method=method) for method in ("EBM", "ML"))
    assert likely.scores["A"].std() > mode.scores["A"].std()
    best = pd.DataFrame([{"A1": 1, "A2": 6, "A3": 6, "A4": 6, "A5": 6}])
    extreme = fitted().factor_scores(best, method="ML")
    assert 3 < extreme.scores.loc[0, "A"] < 10
    assert extreme.se.loc[0, "A"] > 10


def test_groups_have_scores_of_their_own_model() -> None:
    both = fitted(group="gender")
    scores = both.factor_scores().scores["A"]
    for label, own in bfi().groupby("gender"):
        alone = tm.cfa(ONE, own, ordered=ITEMS).factor_scores().scores["A"]
        np.testing.assert_allclose(scores[bfi()["gender"] == label], alone, atol=1e-4)


def test_an_outcome_among_the_latent_variables_measures_them_too() -> None:
    """A regression of an ordered item on the factor says what a loading says."""
    measured = tm.cfa(ONE, bfi(), ordered=ITEMS)
    regressed = tm.sem("A =~ A2 + A3 + A4 + A5\nA1 ~ A", bfi(), ordered=ITEMS)
    np.testing.assert_allclose(
        regressed.factor_scores().scores, measured.factor_scores().scores, atol=1e-4
    )


def test_a_covariate_moves_the_scores() -> None:
    data = bfi().assign(age=np.minimum(bfi()["age"], 60) / 10)
    found = tm.sem(f"{ONE}\nA ~ age", data, ordered=ITEMS)
    twins = data.iloc[[4, 4]].assign(age=[2.0, 6.0])
    low, high = found.factor_scores(twins).scores["A"]
    slope = float(found.estimates.query("op == '~' and lhs == 'A'")["est"].iloc[0])
    assert 0 < (high - low) / slope < 4
    nobody = found.factor_scores(twins.assign(age=[2.0, np.nan]))
    assert nobody.scores["A"].isna().tolist() == [False, True]
    assert nobody.n_dropped == 1


def test_answers_that_cannot_be_scored_are_named() -> None:
    with pytest.raises(tm.DataError, match="'A3' has the answer 7 in 2 row"):
        fitted().factor_scores(bfi().head(2).assign(A3=7))
    with pytest.raises(tm.OptionError, match="method"):
        fitted().factor_scores(method="EAP")
    with pytest.raises(tm.OptionError, match="no latent variables"):
        tm.sem("A1 ~ A2", bfi(), ordered=["A1", "A2"]).factor_scores()


def test_the_door_to_residual_correlations() -> None:
    found = tm.cfa(f"{ONE}\nA4 ~~ A5", bfi(), ordered=ITEMS).factor_scores()
    assert "1 residual correlation(s) play no part" in found.warnings[0]
