"""Constraints, bounds, and the estimators that go beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.confirmatory import cfa, sem
from trustmeasure.confirmatory.estimation import discrepancy_at
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError
from trustmeasure.kernels.constrained import Problem, minimise, rank, tangent
from trustmeasure.kernels.pattern_moments import pairwise_moments
from trustmeasure.kernels.sandwich import case_spread, moment_weight

HS = pd.read_csv(Path(__file__).parents[1] / "data" / "hs1939.csv")
THREE = (
    "visual =~ x1 + a*x2 + b*x3\ntextual =~ x4 + c*x5 + x6\nspeed =~ x7 + x8 + x9\n"
    "visual ~~ r*textual\n"
)


def labelled(fitted) -> pd.Series:
    rows = fitted.estimates
    return rows[rows["label"] != ""].set_index("label")["est"]


def test_a_quadratic_is_minimised_on_a_circle_above_a_line() -> None:
    problem = Problem(
        value=lambda x: float(((x - [2.0, 0.0]) ** 2).sum()) / 2,
        slope=lambda x: (x - [2.0, 0.0], np.eye(2)),
        curvature=lambda x: np.eye(2),
        equal=lambda x: (np.array([x @ x - 1.0]), 2 * x[None]),
        positive=lambda x: (np.array([x[1] - 0.6, 5.0 - x[0]]), np.array([[0.0, 1], [-1, 0]])),
    )
    found = minimise(problem, np.array([0.1, 0.9]))
    assert found.converged
    assert found.point == pytest.approx([0.8, 0.6], abs=1e-9)
    assert found.binding.tolist() == [True, False]


def test_the_tangent_leaves_restrictions_as_they_are() -> None:
    slopes = np.array([[1.0, 2, 3, 4], [2.0, 4, 6, 8], [0.0, 1, 0, 0]])
    free = tangent(slopes, 4)
    assert free.shape == (4, 2)
    assert rank(slopes, 4) == 2
    assert slopes @ free == pytest.approx(np.zeros((3, 2)), abs=1e-12)
    assert tangent(np.zeros((0, 3)), 3).tolist() == np.eye(3).tolist()


def test_a_nonlinear_equality_holds_and_counts() -> None:
    free, held = cfa(THREE, HS), cfa(THREE + "a == b*c", HS)
    est = labelled(held)
    assert est["a"] == pytest.approx(est["b"] * est["c"], abs=1e-10)
    assert held.fit["df"] == free.fit["df"] + 1
    assert held.fit["npar"] == free.fit["npar"] - 1
    assert held.fit["chisq"] > free.fit["chisq"]


def test_a_nonlinear_equality_written_for_a_linear_one_gives_the_same() -> None:
    linear = cfa(THREE + "a == b", HS, estimator="MLR")
    curved = cfa(THREE + "exp(a) == exp(b)", HS, estimator="MLR")
    for column in ("est", "se", "std", "se_std"):
        np.testing.assert_allclose(
            curved.estimates[column], linear.estimates[column], rtol=1e-6, atol=1e-7
        )
    pd.testing.assert_series_equal(curved.fit, linear.fit, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("estimator", ["ML", "MLM", "MLR", "GLS"])
def test_an_inequality_that_does_not_bind_changes_nothing(estimator: str) -> None:
    plain, slack = (
        cfa(THREE, HS, estimator=estimator),
        cfa(THREE + "a > 0.1", HS, estimator=estimator),
    )
    pd.testing.assert_frame_equal(plain.estimates, slack.estimates)
    assert slack.warnings == ()


def test_an_inequality_that_binds_is_said_and_equals_the_equality() -> None:
    binding, equal = cfa(THREE + "a > 0.7", HS), cfa(THREE + "a == 0.7", HS)
    np.testing.assert_allclose(binding.estimates["est"], equal.estimates["est"], atol=1e-7)
    np.testing.assert_allclose(binding.estimates["se"], equal.estimates["se"], atol=1e-7)
    assert binding.fit["df"] == equal.fit["df"] - 1
    assert any("Binding" in text and "a > 0.7" in text for text in binding.warnings)


def test_a_bound_is_kept_and_said() -> None:
    fitted = cfa(THREE + "x1 ~~ lower(0.7)*x1", HS)
    rows = fitted.estimates.query("lhs == 'x1' and rhs == 'x1'")
    assert rows["est"].item() == pytest.approx(0.7, abs=1e-12)
    assert any("At a bound" in text and "x1 ~~ x1" in text for text in fitted.warnings)


def test_a_variance_is_kept_from_below_zero() -> None:
    rng = np.random.default_rng(1)
    loads = np.array([1.0, 0.5, 0.4])
    data = pd.DataFrame(
        rng.normal(size=(60, 1)) * loads + rng.normal(size=(60, 3)) * [0.1, 0.9, 1.0],
        columns=["u", "v", "w"],
    )
    with pytest.warns(ConvergenceWarning, match="Heywood"):
        free = cfa("f =~ v + u + w", data)
    held = cfa("f =~ v + u + w\nu ~~ lower(0)*u", data)
    assert not free.admissible
    assert held.converged
    assert held.admissible
    assert held.estimates.query("lhs == 'u' and rhs == 'u'")["est"].item() == 0.0


def test_constraints_across_groups_and_with_missing_answers() -> None:
    data = HS.copy()
    data.loc[::7, "x2"] = np.nan
    model = THREE.replace("a*x2", "c(a1, a2)*x2").replace("b*", "").replace("c*x5", "x5")
    model = model.replace("r*", "") + "a1 == a2^2"
    fitted = cfa(model, data, group="school", missing="fiml")
    est = labelled(fitted)
    assert fitted.converged
    assert est["a1"] == pytest.approx(est["a2"] ** 2, abs=1e-9)


def test_constraints_that_cannot_hold_together_are_said() -> None:
    # Where the search stops may be improper, too.
    with pytest.warns(ConvergenceWarning) as said:
        fitted = cfa(THREE + "a*b == -1\na > 0.2\nb > 0.2", HS)
    assert any("keep to all constraints" in str(warning.message) for warning in said)
    assert not fitted.converged


def test_crossed_bounds_are_refused() -> None:
    with pytest.raises(OptionError, match="Lower bounds lie above"):
        cfa("f =~ x1 + lower(2)*x2 + upper(1)*x2 + x3", HS)


def test_ordered_items_refuse_what_is_not_fitted() -> None:
    data = (HS[["x1", "x2", "x3"]] > HS[["x1", "x2", "x3"]].median()).astype(int)
    with pytest.raises(OptionError, match="no other constraints"):
        sem("f =~ x1 + a*x2 + b*x3\na > 2*b", data, ordered=True)


def test_what_observed_predictors_foretell_is_no_spread_of_the_moments() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(50, 3))
    values[:, 2] = 1.0 + values[:, 0] - values[:, 1]
    spread = case_spread(values, values.mean(axis=0), np.eye(3), means=True, given=np.array([0, 1]))
    assert spread == pytest.approx(np.zeros((9, 9)), abs=1e-20)


def test_predictors_in_mlm_may_take_any_values() -> None:
    flat = sem("x9 ~ x1 + x2", HS, estimator="MLM")
    doubled = sem("x9 ~ x1 + x2", HS.assign(x1=HS["x1"] * 2), estimator="MLM")
    assert flat.estimates["se"].iloc[0] == pytest.approx(2 * doubled.estimates["se"].iloc[0])


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_robust_indices_near_the_plain_ones_where_hardly_anything_is_missing(
    estimator: str,
) -> None:
    data = HS.copy()
    data.loc[0, "x2"] = np.nan
    fit = cfa(THREE, data, missing="fiml", estimator=estimator).fit
    plain = cfa(THREE, HS, estimator=estimator, meanstructure=True).fit
    suffix = "" if estimator == "ML" else "_robust"
    for index in ("cfi", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper"):
        assert fit[f"{index}_robust"] == pytest.approx(plain[f"{index}{suffix}"], abs=0.004)
    assert fit["gfi"] == pytest.approx(plain["gfi"], abs=0.002)


def test_moments_of_pairs_are_those_of_who_answered_both() -> None:
    values = HS[["x1", "x2", "x3"]].to_numpy(copy=True)
    values[::5, 0], values[1::4, 2] = np.nan, np.nan
    frame = pd.DataFrame(values)
    rows, columns = np.tril_indices(3)
    share = 1 - 1 / len(values)
    expected = [*(frame.cov().to_numpy()[rows, columns] * share), *frame.mean()]
    assert pairwise_moments(values) == pytest.approx(np.array(expected))


def test_weights_of_moments_are_the_inverse_of_their_spread() -> None:
    values = HS[["x1", "x2"]].to_numpy()
    off = values - values.mean(axis=0)
    parts = np.column_stack([off[:, 0] ** 2, off[:, 0] * off[:, 1], off[:, 1] ** 2, off])
    expected = np.linalg.inv(np.cov(parts.T, bias=True))
    assert moment_weight(values, means=True) == pytest.approx(expected)
    inner = np.linalg.inv(np.cov(parts[:, :3].T, bias=True))
    assert moment_weight(values, means=False) == pytest.approx(inner)


@pytest.mark.parametrize("estimator", ["ULS", "WLS"])
def test_least_squares_end_where_their_discrepancy_is_level(estimator: str) -> None:
    fitted = sem("f =~ x1 + x2 + x3\nf ~ x4 + x5\nx9 ~ f", HS, estimator=estimator).fitted
    found = fitted.estimates
    move = 1e-6
    for place in range(len(found.reduced)):
        away = found.reduced.copy()
        values = []
        for sign in (1, -1):
            away[place] = found.reduced[place] + sign * move
            values.append(discrepancy_at(found.model, fitted.data, away))
        assert values[0] - values[1] == pytest.approx(0.0, abs=1e-11)


def test_least_squares_model_the_moments_of_predictors() -> None:
    model = "x9 ~ x1 + x2"
    assert sem(model, HS, estimator="ML").fit["npar"] == 3
    assert sem(model, HS, estimator="WLS").fit["npar"] == 6


def test_weights_need_more_persons_than_moments() -> None:
    with pytest.raises(DataError, match="weighs 45 moments"):
        cfa(THREE, HS.head(45), estimator="WLS")


def test_moments_alone_have_no_weights() -> None:
    cov = HS[["x1", "x2", "x3", "x4"]].cov()
    with pytest.raises(OptionError, match="needs the answers"):
        cfa("f =~ x1 + x2 + x3 + x4", cov=cov, n_obs=301, estimator="WLS")


@pytest.mark.parametrize("estimator", ["GLS", "WLS", "MLM"])
def test_missing_answers_go_with_likelihoods(estimator: str) -> None:
    with pytest.raises(OptionError, match="goes with estimators"):
        cfa(THREE, HS, missing="fiml", estimator=estimator)


# --- likelihood of covariances -----------------------------------------------------------------


def test_wishart_likelihood_counts_one_person_less() -> None:
    normal, wishart = cfa(THREE, HS), cfa(THREE, HS, likelihood="wishart")
    n = len(HS)
    assert wishart.fit["chisq"] == pytest.approx(normal.fit["chisq"] * (n - 1) / n)
    ratio = wishart.estimates["est"] / normal.estimates["est"]
    variances = (wishart.estimates["op"] == "~~").to_numpy()
    assert ratio[variances].to_numpy() == pytest.approx(n / (n - 1), rel=1e-6)
    assert ratio[~variances].to_numpy() == pytest.approx(1.0, rel=1e-6)
    moments = HS[[f"x{j}" for j in range(1, 10)]].cov()
    given = cfa(THREE, cov=moments, n_obs=n, likelihood="wishart")
    assert given.fit["chisq"] == pytest.approx(wishart.fit["chisq"])
    assert wishart.settings["likelihood"] == "wishart"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"estimator": "GLS"}, "not with estimator='GLS'"),
        ({"missing": "fiml"}, "complete answers"),
        ({"cluster": "school", "estimator": "MLR"}, "without clusters"),
        ({"ordered": ["x1"]}, "continuous items"),
    ],
)
def test_wishart_likelihood_is_of_complete_answers(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        cfa(THREE, HS, likelihood="wishart", **options)


def test_predictors_are_modelled_where_asked() -> None:
    model = "visual =~ x1 + x2 + x3\nvisual ~ x4"
    given, modelled = sem(model, HS), sem(model, HS, fixed_x=False)
    assert modelled.fit["npar"] == given.fit["npar"] + 1
    assert modelled.fit["chisq"] == pytest.approx(given.fit["chisq"], rel=1e-6)
    with pytest.raises(OptionError, match="leave out fixed_x="):
        sem(model, HS, estimator="GLS", fixed_x=True)
