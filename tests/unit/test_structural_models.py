"""Confirmatory models from syntax to result: what holds of every fit, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import ConvergenceWarning, DataError, OptionError

DATA = Path(__file__).parent.parent / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
NAMES = [f"x{j}" for j in range(1, 10)]


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def fitted(pupils: pd.DataFrame) -> StructuralModel:
    return tm.cfa(THREE, pupils)


def holes(data: pd.DataFrame, share: float = 0.1, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    found = data.copy()
    found[NAMES] = found[NAMES].mask(rng.random((len(data), 9)) < share)
    return found


def test_a_model_comes_out_as_frames_with_the_users_names(fitted: StructuralModel) -> None:
    assert fitted.converged
    assert fitted.admissible
    assert fitted.fit["df"] == 24
    assert fitted.fit["chisq"] == pytest.approx(85.306, abs=1e-3)
    rows = fitted.estimates
    assert list(rows["lhs"][:3]) == ["visual"] * 3
    assert "group" not in rows
    assert set(fitted.r_squared.index) == set(NAMES)
    assert fitted.implied()[None]["cov"].columns.tolist() == NAMES


def test_a_result_prints_and_leaves_as_plain_objects(fitted: StructuralModel) -> None:
    import json

    assert "Structural model (n = 301)" in repr(fitted)
    assert json.loads(json.dumps(fitted.to_dict()))["fit"]["df"] == 24


def test_unknown_variables_are_named_with_those_like_them(pupils: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"'x44'.*Did you mean"):
        tm.cfa("f =~ x1 + x2 + x44", pupils)


def test_unknown_options_are_refused(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"estimator='MLX'.*Allowed"):
        tm.cfa(THREE, pupils, estimator="MLX")
    with pytest.raises(OptionError, match="missing='drop'"):
        tm.cfa(THREE, pupils, missing="drop")


def test_what_is_not_identified_is_named(pupils: pd.DataFrame) -> None:
    model = "f =~ x1 + x2\ng =~ x4 + x5 + x6"
    with pytest.warns(ConvergenceWarning, match=r"Not identified: 'f =~ x2'"):
        found = tm.cfa(model, pupils, orthogonal=True)
    assert np.isfinite(found.fit["chisq"])


def test_more_parameters_than_moments_are_refused(pupils: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="more than there are moments"):
        tm.cfa("f =~ x1 + x2", pupils)


def test_dependent_variables_are_named(pupils: pd.DataFrame) -> None:
    data = pupils.assign(x3=pupils["x1"] + pupils["x2"])
    with pytest.raises(DataError, match=r"no inverse.*'x1', 'x2', 'x3'"):
        tm.cfa(THREE, data)


def test_samples_that_are_too_small_are_refused(pupils: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"8 persons"):
        tm.cfa(THREE, pupils.head(8))
    with pytest.raises(DataError, match=r"person"):
        tm.cfa(THREE, pupils.head(1))


def test_constant_variables_are_refused(pupils: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="'x2' are constant"):
        tm.cfa(THREE, pupils.assign(x2=3.0))


def test_moments_need_the_number_of_persons(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="n_obs="):
        tm.cfa(THREE, cov=pupils[NAMES].cov())


@pytest.mark.parametrize("estimator", ["MLR", "MLM"])
def test_moments_do_not_serve_robust_estimators(pupils: pd.DataFrame, estimator: str) -> None:
    with pytest.raises(OptionError, match="needs the answers"):
        tm.cfa(THREE, corr=pupils[NAMES].corr(), n_obs=301, estimator=estimator)


def test_data_and_moments_exclude_each_other(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="'data', 'cov'"):
        tm.cfa(THREE, pupils, cov=pupils[NAMES].cov())
    with pytest.raises(OptionError, match="none was given"):
        tm.cfa(THREE)


def test_syntax_errors_say_where(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"[Ll]ine 2"):
        tm.cfa("f =~ x1 + x2 + x3\nf =~ + ", pupils)


def test_an_unknown_group_column_is_named(pupils: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"'scholl'.*Did you mean 'school'"):
        tm.cfa(THREE, pupils, group="scholl")


def test_negative_variances_are_warned_of_and_kept() -> None:
    corr = pd.DataFrame(
        [[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]], index=list("abc"), columns=list("abc")
    ).astype(float)
    with pytest.warns(ConvergenceWarning, match=r"Heywood case: 'a ~~ a = -0\.156"):
        found = tm.cfa("f =~ a + b + c", corr=corr, n_obs=100)
    assert not found.admissible
    assert found.converged


def test_groups_keep_their_labels(pupils: pd.DataFrame) -> None:
    found = tm.cfa(THREE, pupils, group="school", group_equal="loadings")
    assert list(found.estimates["group"].dropna().unique()) == ["Pasteur", "Grant-White"]
    assert set(found.implied()) == {"Pasteur", "Grant-White"}
    assert list(found.r_squared.columns) == ["Pasteur", "Grant-White"]
    rows = found.estimates.query("op == '=~' and rhs == 'x2'")
    assert len(set(rows["est"])) == 1


def test_numbers_that_name_groups_stay_whole_beside_defined_rows(pupils: pd.DataFrame) -> None:
    found = tm.sem("x1 ~ a*x2\nx3 ~ b*x1\nab := a*b", pupils, group="sex")
    groups = found.estimates["group"]
    assert sorted({str(group) for group in groups.dropna()}) == ["1", "2"]
    assert groups[found.estimates["op"] == ":="].isna().all()


def test_labels_hold_parameters_equal(pupils: pd.DataFrame) -> None:
    found = tm.cfa("f =~ a*x1 + a*x2 + a*x3 + x4", pupils, std_lv=True)
    assert len(set(found.estimates.query("label == 'a'")["est"])) == 1


@pytest.mark.parametrize("estimator", ["ML", "MLR"])
def test_fiml_of_complete_answers_is_what_listwise_gives(
    pupils: pd.DataFrame, estimator: str
) -> None:
    plain = tm.cfa(THREE, pupils, estimator=estimator, meanstructure=True)
    full = tm.cfa(THREE, pupils, estimator=estimator, missing="fiml")
    columns = ["est", "se", "std"]
    np.testing.assert_allclose(full.estimates[columns], plain.estimates[columns], atol=1e-6)
    assert full.fit["chisq"] == pytest.approx(plain.fit["chisq"], abs=1e-5)


def test_listwise_equals_what_is_left_after_deletion(pupils: pd.DataFrame) -> None:
    data = holes(pupils)
    with_note = tm.cfa(THREE, data)
    plain = tm.cfa(THREE, data.dropna(subset=NAMES))
    pd.testing.assert_frame_equal(with_note.estimates, plain.estimates)
    assert with_note.n_dropped == len(data) - plain.n
    assert "listwise" in with_note.warnings[0]


def test_moments_give_what_raw_data_give(pupils: pd.DataFrame) -> None:
    raw = tm.cfa(THREE, pupils, meanstructure=True)
    moments = tm.cfa(
        THREE, cov=pupils[NAMES].cov(), means=pupils[NAMES].mean(), n_obs=301, meanstructure=True
    )
    columns = ["est", "se", "std"]
    np.testing.assert_allclose(moments.estimates[columns], raw.estimates[columns], atol=1e-7)
    assert moments.fit["cfi"] == pytest.approx(raw.fit["cfi"], abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), incomplete=st.booleans())
def test_the_order_of_persons_and_columns_changes_nothing(seed: int, incomplete: bool) -> None:
    pupils = pd.read_csv(DATA / "hs1939.csv")
    data = holes(pupils, 0.05) if incomplete else pupils
    missing = "fiml" if incomplete else "listwise"
    rng = np.random.default_rng(seed)
    shuffled = data.iloc[rng.permutation(len(data)), rng.permutation(data.shape[1])]
    one = tm.cfa(THREE, data, estimator="MLR", missing=missing)
    other = tm.cfa(THREE, shuffled, estimator="MLR", missing=missing)
    for name in ("est", "se", "std"):
        np.testing.assert_allclose(other.estimates[name], one.estimates[name], atol=1e-6)
    np.testing.assert_allclose(other.fit.to_numpy(), one.fit.to_numpy(), rtol=1e-5, atol=1e-7)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(3)), inner=st.permutations(range(3)))
def test_the_order_of_the_model_changes_the_fit_by_nothing(
    order: list[int], inner: list[int]
) -> None:
    pupils = pd.read_csv(DATA / "hs1939.csv")
    lines = THREE.split("\n")
    factor, items = lines[0].split(" =~ ")
    parts = items.split(" + ")
    lines[0] = f"{factor} =~ " + " + ".join(parts[j] for j in inner)
    found = tm.cfa("\n".join(lines[j] for j in order), pupils)
    assert found.fit["chisq"] == pytest.approx(85.30552, abs=1e-4)
    std = found.estimates.query("op == '=~'").set_index("rhs")["std"]
    assert std["x2"] == pytest.approx(0.4236, abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(scale=st.lists(st.floats(0.05, 20.0), min_size=9, max_size=9))
def test_standardised_values_do_not_depend_on_units(scale: list[float]) -> None:
    pupils = pd.read_csv(DATA / "hs1939.csv")
    one = tm.cfa(THREE, pupils)
    other = tm.cfa(THREE, pupils.assign(**{n: pupils[n] * s for n, s in zip(NAMES, scale)}))  # noqa: B905
    np.testing.assert_allclose(other.estimates["std"], one.estimates["std"], atol=1e-5)
    np.testing.assert_allclose(other.estimates["se_std"], one.estimates["se_std"], atol=1e-5)
    assert other.fit["chisq"] == pytest.approx(one.fit["chisq"], rel=1e-6)


# --- questions to a fitted model ------------------------------------------------------------


def test_a_modification_index_is_what_chi_square_falls_by(pupils: pd.DataFrame) -> None:
    fitted = tm.cfa(THREE, pupils)
    row = fitted.modification_indices().iloc[0]
    assert (row["lhs"], row["op"], row["rhs"]) == ("visual", "=~", "x9")
    more = tm.cfa(f"{THREE}\nvisual =~ x9", pupils)
    gain = fitted.fit["chisq"] - more.fit["chisq"]
    assert row["mi"] == pytest.approx(gain, rel=0.15)
    assert np.sign(row["epc"]) == np.sign(more.estimates.query("rhs == 'x9'")["est"].iloc[-1])


def test_modification_indices_are_chosen_and_sorted(fitted: StructuralModel) -> None:
    chosen = fitted.modification_indices(minimum=10, op="~~")
    assert (chosen["mi"] >= 10).all()
    assert set(chosen["op"]) == {"~~"}
    assert chosen["mi"].is_monotonic_decreasing
    with pytest.raises(OptionError, match="op="):
        fitted.modification_indices(op="=")
    judged = fitted.modification_indices(power=True)
    assert {"ncp", "power", "decision"} <= set(judged.columns)


def test_score_tests_need_equalities(fitted: StructuralModel, pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="nothing equal"):
        fitted.score_tests()
    equal = tm.cfa("f =~ a*x4 + a*x5 + a*x6 + x1", pupils, std_lv=True)
    tests = equal.score_tests()
    assert list(tests["df"]) == [1, 1, 2]
    with pytest.raises(OptionError, match="ULS"):
        tm.cfa(THREE, pupils, estimator="ULS").modification_indices()


def test_residuals_of_a_saturated_model_are_none(pupils: pd.DataFrame) -> None:
    found = tm.cfa("f =~ x1 + x2 + x3", pupils, meanstructure=True)
    for kind in ("raw", "correlation", "standardized", "normalized"):
        residuals = found.residuals(kind=kind)
        assert np.abs(residuals.cov.to_numpy()).max() < 1e-4
        assert residuals.mean is not None
    with pytest.raises(OptionError, match="kind="):
        found.residuals(kind="z")


def test_the_largest_residuals_are_named(pupils: pd.DataFrame) -> None:
    found = tm.cfa(THREE, pupils, group="school").residuals(kind="correlation")
    top = found.largest(4)
    assert list(top.columns) == ["group", "lhs", "rhs", "residual"]
    assert top["residual"].abs().is_monotonic_decreasing
    cov = found.cov.loc[(top["group"][0], top["lhs"][0]), top["rhs"][0]]
    assert cov == pytest.approx(top["residual"][0])


def test_factor_scores_follow_the_data(pupils: pd.DataFrame, fitted: StructuralModel) -> None:
    data = pupils.set_index(pupils["id"].map("p{}".format))
    found = tm.cfa(THREE, data).factor_scores()
    assert found.scores.index.equals(data.index)
    one = fitted.factor_scores(pupils.iloc[[7]])
    np.testing.assert_allclose(one.scores.to_numpy()[0], found.scores.to_numpy()[7], atol=1e-8)
    with pytest.raises(DataError, match="'x9'"):
        fitted.factor_scores(pupils.drop(columns="x9"))


def test_bartlett_scores_are_unbiased_and_regression_scores_precise(
    fitted: StructuralModel,
) -> None:
    regression, bartlett = (fitted.factor_scores(method=m) for m in ("regression", "Bartlett"))
    assert (regression.se < bartlett.se).to_numpy().all()
    true = fitted.estimates.query("lhs == rhs and lhs == 'visual'")["est"].iloc[0]
    assert regression.scores["visual"].var(ddof=0) < true < bartlett.scores["visual"].var(ddof=0)


def test_incomplete_persons_are_scored_by_what_they_answered(pupils: pd.DataFrame) -> None:
    data = holes(pupils)
    full = tm.cfa(THREE, data, missing="fiml").factor_scores()
    assert full.scores.notna().all().all()
    assert (full.se.std() > 0).all()
    listwise = tm.cfa(THREE, data).factor_scores()
    complete = data[NAMES].notna().all(axis=1)
    assert listwise.scores.notna().all(axis=1).equals(complete)


def test_scores_need_latent_variables_and_persons(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="no latent variables"):
        tm.sem("x1 ~ x2", pupils).factor_scores()
    moments = tm.cfa(THREE, cov=pupils[NAMES].cov(), n_obs=301)
    with pytest.raises(OptionError, match="no persons"):
        moments.factor_scores()
    assert len(moments.factor_scores(pupils).scores) == 301


# --- bootstrap, comparison, simulation ------------------------------------------------------


def test_bootstrap_errors_are_near_robust_ones(pupils: pd.DataFrame) -> None:
    fitted = tm.cfa("f =~ x4 + x5 + x6 + x1", pupils, estimator="MLR")
    found = tm.bootstrap(fitted, n_boot=800, rng=1)
    free = fitted.estimates["se"] > 0
    ratio = found.estimates["se"][free] / fitted.estimates["se"][free]
    assert ratio.between(0.85, 1.2).all()
    assert found.n_failed == 0
    assert (found.estimates["ci_low"][free] < found.estimates["est"][free]).all()


@pytest.mark.parametrize("ci", ["percentile", "bca", "bca.simple"])
def test_bootstrap_gives_intervals_of_whatever_is_asked(pupils: pd.DataFrame, ci: str) -> None:
    paths = "x9 ~ a*x7 + x1\nx8 ~ b*x9\nindirect := a*b"
    fitted = tm.sem(paths, pupils)
    found = tm.bootstrap(
        fitted, n_boot=200, ci=ci, rng=1, statistic=lambda p: (p["a"] - p["b"]).rename("gap")
    )
    row = found.estimates.query("lhs == 'indirect'").iloc[0]
    assert row["ci_low"] < row["est"] < row["ci_high"]
    assert row["est"] == pytest.approx(fitted.estimates.query("lhs == 'indirect'")["est"].iloc[0])
    assert found.statistic is not None
    assert list(found.statistic.index) == ["gap"]
    assert {"a", "b", "indirect"} <= set(found.replicates.columns)


def test_bollen_and_stine_turn_the_data_until_the_model_holds() -> None:
    rng = np.random.default_rng(3)
    items = rng.normal(size=(300, 1)) * 0.8 + rng.normal(size=(300, 5))
    model = "f =~ item1 + item2 + item3 + item4 + item5"
    right = tm.bootstrap(tm.cfa(model, items), n_boot=300, bollen_stine=True, rng=1)
    fit = tm.cfa(model, items).fit
    assert right.bollen_stine_pvalue == pytest.approx(fit["pvalue"], abs=0.12)
    items[:, 1] += 0.4 * items[:, 0]
    items[:, 3] += 0.4 * items[:, 4]
    wrong = tm.bootstrap(tm.cfa(model, items), n_boot=300, bollen_stine=True, rng=1)
    assert wrong.bollen_stine_pvalue < 0.02


def test_bootstrap_is_refused_where_it_cannot_be(pupils: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match="turns complete answers"):
        tm.bootstrap(tm.cfa(THREE, holes(pupils), missing="fiml"), n_boot=20, bollen_stine=True)
    with pytest.raises(OptionError, match="no persons to draw"):
        tm.bootstrap(tm.cfa(THREE, cov=pupils[NAMES].cov(), n_obs=301), n_boot=20)
    with pytest.raises(OptionError, match="ci="):
        tm.bootstrap(tm.cfa(THREE, pupils), ci="normal")


def test_bootstrap_counts_improper_replicates(pupils: pd.DataFrame) -> None:
    fitted = tm.cfa(THREE, pupils.tail(140))
    with pytest.warns(ConvergenceWarning, match=r"improper|no solution"):
        found = tm.bootstrap(fitted, n_boot=300, rng=1)
    assert 0 < found.n_improper < 100
    assert len(found.replicates) == 300


def test_models_are_compared_with_what_they_are_nested_in(pupils: pd.DataFrame) -> None:
    models = {
        "one": tm.cfa("g =~ " + " + ".join(NAMES), pupils),
        "three": tm.cfa(THREE, pupils),
        "crossed": tm.cfa(f"{THREE}\nvisual =~ x9", pupils),
        "residual": tm.cfa(f"{THREE}\nx7 ~~ x8", pupils),
    }
    found = tm.compare_models(models)
    table = found.table
    assert list(table.index) == ["crossed", "residual", "three", "one"]
    assert table.loc["three", "against"] == "residual"
    assert table.loc["residual", "against"] == ""
    assert not found.nested.loc["crossed", "residual"]
    assert found.nested.loc["one", "three"]
    assert table["aic_weight"].sum() == pytest.approx(1.0)
    assert any("Not nested" in note for note in found.warnings)


def test_models_of_other_data_are_not_compared(pupils: pd.DataFrame) -> None:
    whole = tm.cfa(THREE, pupils)
    with pytest.raises(DataError, match="different persons"):
        tm.compare_models({"a": whole, "b": tm.cfa(THREE, pupils.head(200))})
    with pytest.raises(DataError, match="same variables"):
        tm.compare_models({"a": whole, "b": tm.cfa("f =~ x1 + x2 + x3 + x4", pupils)})
    with pytest.raises(OptionError, match=r"'MLR'\. Fit both with the same"):
        tm.compare_models({"a": whole, "b": tm.cfa(THREE, pupils, estimator="MLR")})
    with pytest.raises(OptionError, match="at least two"):
        tm.compare_models({"a": whole})
    with pytest.raises(OptionError, match="no χ² distribution"):
        tm.compare_models({n: tm.cfa(THREE, pupils, estimator="ULS") for n in "ab"})
    with pytest.raises(OptionError, match="cannot be subtracted"):
        tm.discriminant_validity(tm.cfa(THREE, pupils, estimator="MLMV"))


def test_methods_of_differences_go_with_statistics(pupils: pd.DataFrame) -> None:
    equal = "visual =~ a*x1 + a*x2 + x3\n" + THREE.split("\n", 1)[1]
    shifted = {
        name: tm.cfa(model, pupils, std_lv=True, estimator="MLMV")
        for name, model in (("free", THREE), ("equal", equal))
    }
    with pytest.raises(OptionError, match=r"Use method='satorra\.2000'"):
        tm.compare_models(shifted, method="satorra.bentler.2001")
    found = tm.compare_models(shifted)
    assert found.settings["method"] == "satorra.2000"
    assert "Satorra, 2000" in tm.table(found).to_markdown()
    # One restriction only: there is one direction, and so no variance to adjust for.
    other = tm.compare_models(shifted, scaled_shifted=False)
    assert other.table.loc["equal", "df_diff"] == pytest.approx(1.0)
    assert other.table.loc["equal", "chisq_diff"] == pytest.approx(
        found.table.loc["equal", "chisq_diff"]
    )
    robust = {name: tm.cfa(THREE, pupils, estimator="MLR", missing="fiml") for name in ("a", "b")}
    with pytest.raises(OptionError, match="complete answers without clusters"):
        tm.compare_models(robust, method="satorra.2000")


def test_exact_directions_need_parameters_in_common(pupils: pd.DataFrame) -> None:
    options: dict[str, Any] = {"group": "school", "estimator": "MLMV"}
    models = {
        "metric": tm.cfa(THREE, pupils, group_equal="loadings", **options),
        "scalar": tm.cfa(THREE, pupils, group_equal=("loadings", "intercepts"), **options),
    }
    with pytest.raises(OptionError, match=r"'visual ~1 ' is free in the restricted model alone"):
        tm.compare_models(models, directions="exact")
    assert tm.compare_models(models).table.loc["scalar", "pvalue"] < 0.001


def test_scaled_differences_of_2010_are_not_negative(pupils: pd.DataFrame) -> None:
    options: dict[str, Any] = {"estimator": "MLM", "group": "school"}
    models = {
        "free": tm.cfa(THREE, pupils, **options),
        "equal": tm.cfa(THREE, pupils, group_equal="loadings", **options),
    }
    found = tm.compare_models(models, method="satorra.bentler.2010").table
    assert found.loc["equal", "chisq_diff"] > 0


def test_cutoffs_lie_between_correct_and_wrong_models(fitted: StructuralModel) -> None:
    found = tm.fit_cutoffs(fitted, n_rep=100, rng=1)
    assert list(found.cutoffs.index) == ["1 cross-loading", "2 cross-loadings"]
    means = found.replicates.groupby("level").mean()
    assert (found.cutoffs["rmsea"] > means.loc["correct", "rmsea"]).all()
    assert (found.cutoffs["rmsea"] < means.loc[found.cutoffs.index, "rmsea"]).all()
    assert (found.cutoffs["cfi"] < means.loc["correct", "cfi"]).all()
    own = tm.fit_cutoffs(
        fitted, n_rep=50, rng=1, misspecification={"residual": [("x7", "~~", "x8", 0.4)]}
    )
    assert list(own.cutoffs.index) == ["residual"]
    with pytest.raises(OptionError, match="'x10'"):
        tm.fit_cutoffs(fitted, misspecification={"a": [("x7", "~~", "x10", 0.4)]})
    with pytest.raises(OptionError, match="hardly any residual"):
        tm.fit_cutoffs(fitted, misspecification={"a": [("visual", "=~", "x4", 0.9)]})


def test_power_grows_with_the_sample(fitted: StructuralModel) -> None:
    found = tm.power(fitted, [100, 400], n_rep=200, rng=1)
    assert found.parameters is not None
    few, many = found.parameters.loc[100], found.parameters.loc[400]
    assert (many["power"] >= few["power"] - 0.02).all()
    assert many["coverage"].between(0.88, 1.0).all()
    assert found.fit.loc[400, "close_fit"] > found.fit.loc[100, "close_fit"]
    with pytest.raises(OptionError, match="degrees of freedom"):
        tm.power(0, 100)
    with pytest.raises(OptionError, match="rmsea0"):
        tm.power(10, 100, rmsea0=0.1)


def test_simulated_indices_are_those_of_a_fit(pupils: pd.DataFrame) -> None:
    """A stack of one covariance matrix has the indices that cfa() gives."""
    from trustmeasure.confirmatory.simulation import _indices, simulation_model
    from trustmeasure.kernels.moment_fit import Sample

    for means in (False, True):
        fitted = tm.cfa(THREE, pupils, meanstructure=means)
        refit = simulation_model(fitted, "test")
        group = fitted.fitted.samples.groups[0]
        assert group.mean is not None
        found = refit.fit([(group.mean[None], group.covariance[None])])
        sample = Sample(group.covariance[None], group.mean[None] if means else None, group.n)
        indices = _indices(refit, found, sample)
        for name in ("chisq", "df", "cfi", "tli", "rmsea", "srmr"):
            assert indices[name][0] == pytest.approx(fitted.fit[name], abs=1e-6), name


def test_comparisons_and_latent_correlations_have_tables(pupils: pd.DataFrame) -> None:
    models = {
        "configural": tm.cfa(THREE, pupils, group="school", estimator="MLR"),
        "metric": tm.cfa(THREE, pupils, group="school", estimator="MLR", group_equal="loadings"),
    }
    shown = tm.table(tm.compare_models(models)).to_markdown()
    assert "6.57 (6)" in shown
    assert "Satorra" in shown
    other = tm.table(tm.discriminant_validity(tm.cfa(THREE, pupils))).to_markdown()
    assert "visual" in other
    assert "none" in other


# --- validity -------------------------------------------------------------------------------


def test_composite_reliability_takes_residual_covariances_for_error(pupils: pd.DataFrame) -> None:
    plain = tm.composite_reliability(tm.cfa(THREE, pupils))
    correlated = tm.composite_reliability(tm.cfa(f"{THREE}\nx7 ~~ x8", pupils))
    assert plain["speed"] > correlated["speed"]
    groups = tm.composite_reliability(tm.cfa(THREE, pupils, group="school"))
    assert list(groups.columns) == ["Pasteur", "Grant-White"]


def test_shared_items_have_no_variance_extracted(pupils: pd.DataFrame) -> None:
    found = tm.average_variance_extracted(tm.cfa(f"{THREE}\nvisual =~ x9", pupils))
    assert np.isnan(found["visual"])
    assert found["textual"] == pytest.approx(0.72, abs=0.01)


def test_fornell_and_larcker_set_roots_beside_correlations(fitted: StructuralModel) -> None:
    found = tm.fornell_larcker(fitted)
    ave = tm.average_variance_extracted(fitted)
    np.testing.assert_allclose(np.diag(found) ** 2, ave)
    assert found.loc["visual", "textual"] == pytest.approx(0.4585, abs=1e-3)


def test_latent_correlations_are_tested_against_the_cutoff(pupils: pd.DataFrame) -> None:
    fitted = tm.cfa(THREE, pupils)
    found = tm.discriminant_validity(fitted).table
    assert (found["problem"] == "none").all()
    assert found["differs"].all()
    low = tm.discriminant_validity(fitted, cutoff=0.4).table
    assert low.loc[("visual", "textual"), "chisq_diff"] == 0.0
    assert not low.loc[("visual", "textual"), "differs"]
    with pytest.raises(OptionError, match="one group"):
        tm.discriminant_validity(tm.cfa(THREE, pupils, group="school"))
    with pytest.raises(OptionError, match="no free covariances"):
        tm.discriminant_validity(tm.cfa(THREE, pupils, orthogonal=True))


def test_a_fit_without_problems_warns_of_nothing(pupils: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tm.cfa(THREE, pupils, estimator="MLR", missing="fiml", group="school")
