"""Correlations: what they recover, what they say, and what they refuse."""

from __future__ import annotations

import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, spearmanr

import trustmeasure as tm
from trustmeasure.kernels.covariance import smoothed
from trustmeasure.kernels.incomplete import normal_moments
from trustmeasure.kernels.mixed_moments import product_correlation
from trustmeasure.kernels.polychorics import bivariate_normal, contingency, fit_pairs


def latent(rho: float, n: int = 4000, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n)


def answers(n: int = 500, p: int = 5, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(n, 1)) + rng.normal(size=(n, p))
    return pd.DataFrame(
        np.digitize(trait, [-1.5, -0.3, 0.6, 1.8]) + 1.0, columns=[f"q{j}" for j in range(p)]
    )


# -- the bivariate normal distribution -------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.9999, -0.91, -0.89, -0.3, 0.0, 0.5, 0.9, 0.95, 0.9999])
def test_the_bivariate_normal_is_scipys(rho: float) -> None:
    h, k = np.array([[-2.0, 0.0, 1.3]]).T, np.array([[-1.0, 0.0, 2.5]])
    ours = bivariate_normal(h[None], k[None], np.full((1, 1, 1), rho))[0]
    for i, j in np.ndindex(3, 3):
        theirs = multivariate_normal.cdf(
            [h[i, 0], k[0, j]], cov=[[1, rho], [rho, 1]], allow_singular=True
        )
        # SciPy integrates by quasi-Monte Carlo where the matrix is nearly singular.
        assert ours[i, j] == pytest.approx(theirs, abs=1e-7)


def test_far_thresholds_leave_the_margins() -> None:
    found = bivariate_normal(np.full((2, 1), 38.0), np.zeros((2, 1)), np.array([[0.3], [0.99]]))
    assert found == pytest.approx(np.full((2, 1), 0.5), abs=1e-14)


# -- polychorics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [-0.8, 0.0, 0.3, 0.95])
def test_the_correlation_behind_the_answers_is_recovered(rho: float) -> None:
    result = tm.polychoric(np.digitize(latent(rho), [-1, 0, 0.7]))
    error = float(result.se.iloc[0, 1])
    assert abs(float(result.correlation.iloc[0, 1]) - rho) < 3.5 * error
    assert result.converged
    assert result.thresholds.loc["item1"].to_numpy() == pytest.approx([-1, 0, 0.7], abs=0.07)


def test_the_standard_error_is_the_spread_over_samples() -> None:
    fits = [
        tm.polychoric(np.digitize(latent(0.5, n=400, seed=seed), [-0.5, 0.8]))
        for seed in range(200)
    ]
    spread = np.std([float(fit.correlation.iloc[0, 1]) for fit in fits], ddof=1)
    stated = np.mean([float(fit.se.iloc[0, 1]) for fit in fits])
    assert stated == pytest.approx(spread, rel=0.15)  # 200 samples know it to about 5 %


def test_categories_are_ordered_by_size_whatever_their_codes() -> None:
    data = answers()
    spread = data.replace({1.0: -7.5, 2.0: 0.0, 3.0: 0.25, 4.0: 10.0, 5.0: 1000.5})
    assert tm.polychoric(spread).correlation.equals(tm.polychoric(data).correlation)


def test_a_reversed_item_turns_its_correlations() -> None:
    data = answers()
    turned = tm.polychoric(data.assign(q2=6 - data["q2"])).correlation
    plain = tm.polychoric(data).correlation
    assert turned.loc["q2", "q0"] == pytest.approx(-plain.loc["q2", "q0"], abs=1e-10)
    assert turned.loc["q1", "q0"] == plain.loc["q1", "q0"]


def test_pairs_use_whoever_answered_both() -> None:
    data = answers()
    data.loc[:99, "q0"] = np.nan
    data.loc[50:149, "q1"] = np.nan
    result = tm.polychoric(data)
    assert result.n_pairs.loc["q0", "q1"] == 350
    assert result.n_pairs.loc["q2", "q3"] == 500
    own = tm.polychoric(data[["q0", "q1"]].dropna(), thresholds="pairwise").correlation
    pairwise = tm.polychoric(data, thresholds="pairwise").correlation
    assert pairwise.loc["q0", "q1"] == pytest.approx(own.loc["q0", "q1"], abs=1e-10)
    listwise = tm.polychoric(data, missing="listwise")
    assert (listwise.n, listwise.n_dropped) == (350, 150)


def test_a_correlation_without_maximum_is_named() -> None:
    data = pd.DataFrame({"a": [1, 1, 2, 2, 3, 3] * 20, "b": [1, 1, 2, 2, 3, 3] * 20})
    with pytest.warns(tm.ConvergenceWarning, match="a with b"):
        result = tm.polychoric(data, smooth=False)
    assert not result.converged
    assert result.correlation.loc["a", "b"] > 0.999
    assert np.isnan(result.se.loc["a", "b"])


def test_empty_cells_are_counted_and_may_be_corrected() -> None:
    table = np.array([[20, 5], [0, 15]])
    rows = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], table.ravel(), axis=0)
    with pytest.warns(tm.ConvergenceWarning, match="runs to ±1"):
        plain = tm.tetrachoric(rows, smooth=False)
    assert plain.empty_cells.iloc[0, 1] == 1
    assert "1 cells in the tables of 1 pairs of items are empty" in plain.warnings[0]
    corrected = tm.tetrachoric(rows, correction=0.5, thresholds="pairwise")
    assert corrected.converged
    assert 0.8 < corrected.correlation.iloc[0, 1] < 1
    assert "counted as 0.5 persons" in corrected.warnings[0]


def test_contradicting_pairs_are_smoothed_and_said() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame(np.digitize(rng.normal(size=(12, 9)), [-0.4, 0.5]))
    with pytest.warns(tm.TrustMeasureWarning) as caught:
        result = tm.polychoric(data)
    assert any("was smoothed; the largest change" in str(w.message) for w in caught)
    assert np.linalg.eigvalsh(result.correlation)[0] > 0
    assert np.diag(result.correlation) == pytest.approx(np.ones(9))


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (answers().assign(q0=3.0), {}, "'q0' are constant"),
        (answers().assign(q0=range(500)), {}, "'q0' has 500 different answers"),
        (answers(), {"missing": "fiml"}, "missing='fiml' is not offered"),
        (answers(), {"thresholds": "own"}, "thresholds='own' is not offered"),
        (answers(), {"correction": -1}, "correction=-1 must be"),
        (answers()[["q0"]], {}, "at least 2 are needed"),
    ],
)
def test_what_polychoric_refuses(data: pd.DataFrame, options: dict, words: str) -> None:
    with pytest.raises(tm.TrustMeasureError, match=words):
        tm.polychoric(data, **options)


def test_tetrachoric_refuses_more_than_two_answers() -> None:
    with pytest.raises(tm.DataError, match="'q0' has 5 different answers"):
        tm.tetrachoric(answers())


def test_strangers_are_refused() -> None:
    data = answers(n=20)
    data.loc[:9, "q0"] = np.nan
    data.loc[10:, "q1"] = np.nan
    with pytest.raises(tm.DataError, match="'q0' with 'q1': 0 persons answered both"):
        tm.polychoric(data)


def test_tables_count_pairs_of_answers() -> None:
    codes = np.array([[0, 1, -1], [1, 1, 0], [0, 0, 0]])
    tables = contingency(codes, 2)
    assert tables[0, 1].tolist() == [[1, 1], [0, 1]]
    assert tables[2, 0].tolist() == [[1, 1], [0, 0]]
    assert tables[1, 0].tolist() == tables[0, 1].T.tolist()


def test_large_stacks_are_fitted_in_parts() -> None:
    tables = np.tile([[[30.0, 10.0], [8.0, 25.0]]], (4500, 1, 1))
    cuts = np.zeros((4500, 1))
    found = fit_pairs(tables, cuts, cuts)
    assert np.ptp(found.correlation) == 0
    assert found.converged.all()


# -- the other kinds -------------------------------------------------------------------------------


def test_correlate_gives_each_kind() -> None:
    data = answers()
    assert tm.correlate(data).correlation.to_numpy() == pytest.approx(np.corrcoef(data.T))
    ranked = spearmanr(data).statistic
    assert tm.correlate(data, correlation="spearman").correlation.to_numpy() == pytest.approx(
        ranked
    )
    poly = tm.correlate(data, correlation="polychoric", missing="pairwise").correlation
    assert poly.equals(tm.polychoric(data).correlation)


def test_mixed_takes_each_pairs_own_kind() -> None:
    values = latent(0.6)
    data = pd.DataFrame({"x": values[:, 0], "y": np.digitize(values[:, 1], [-0.5, 0.8])})
    data["z"] = data["x"] ** 3
    result = tm.correlate(data, correlation="mixed", ordered=["y"])
    assert result.correlation.loc["x", "y"] == pytest.approx(0.6, abs=0.04)
    pearson = tm.correlate(data[["x", "z"]]).correlation.loc["x", "z"]
    assert result.correlation.loc["x", "z"] == pytest.approx(pearson)


def mixed_answers(n: int = 800, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = 0.7 * rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, 4))
    cut = {"q1": np.digitize(values[:, 0], [-1, 0, 1.2]), "q2": values[:, 1] > 0.3}
    return pd.DataFrame(cut | {"x": 10 * values[:, 2], "y": values[:, 3] + 5}).astype(float)


def test_mixed_correlations_have_standard_errors() -> None:
    data, ordered = mixed_answers(), ["q1", "q2"]
    found = tm.correlate(data, correlation="mixed", ordered=ordered)
    assert found.se is not None
    assert (np.diag(found.se) == 0).all()
    assert (found.se == found.se.T).all().all()
    # An ordered pair has the error of polychoric(), continuous ones about (1 - r²) / √n.
    assert found.se.loc["q1", "q2"] == tm.polychoric(data[ordered]).se.loc["q1", "q2"]
    r = found.correlation.loc["x", "y"]
    assert found.se.loc["x", "y"] == pytest.approx((1 - r**2) / np.sqrt(800), rel=0.1)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(200):
        some = data.iloc[rng.integers(0, 800, size=800)]
        again = tm.correlate(some, correlation="mixed", ordered=ordered).correlation
        drawn.append([again.loc["x", "q1"], again.loc["q2", "y"]])
    expected = np.std(drawn, axis=0)
    assert [found.se.loc["x", "q1"], found.se.loc["q2", "y"]] == pytest.approx(expected, rel=0.15)
    # Units do not matter, nor does it who stands beside a pair.
    alone = tm.correlate(data[["x", "q1"]] * 7, correlation="mixed", ordered=["q1"])
    assert alone.se is not None
    assert alone.se.loc["x", "q1"] == pytest.approx(found.se.loc["x", "q1"], rel=1e-8)


def test_pairwise_mixed_takes_what_everyone_answered() -> None:
    whole, ordered = mixed_answers(), ["q1", "q2"]
    data = whole.mask(np.random.default_rng(3).random(whole.shape) < 0.2)
    # Those with high answers on x skip y, so that a pair's persons differ from everyone.
    data.loc[data["x"] > 8, ["y", "q2"]] = np.nan
    data.loc[:4] = np.nan
    options: dict[str, Any] = {"missing": "pairwise"}
    found = tm.correlate(data, correlation="mixed", ordered=ordered, **options)
    assert found.se is not None
    assert (found.n, found.n_dropped) == (len(data.dropna(how="all")), 800 - found.n)
    assert any("Correlations are pairwise" in message for message in found.warnings)
    # The same kernel as models', and the same numbers as polychoric() of ordered answers alone.
    pairs = list(combinations(data.columns, 2))
    model = "\n".join(f"{i} ~~ {j}" for i, j in pairs)
    rows = tm.cfa(model, data, ordered=ordered, **options).estimates.set_index(["lhs", "op", "rhs"])
    for i, j in pairs:
        assert found.n_pairs.loc[i, j] == len(data[[i, j]].dropna())
        saturated = rows.loc[(i, "~~", j)]
        assert found.correlation.loc[i, j] == pytest.approx(saturated["std"], abs=1e-6)
        assert found.se.loc[i, j] == pytest.approx(saturated["se_std"], rel=1e-5)
    alone = tm.correlate(data[ordered], correlation="mixed", ordered=ordered, **options)
    same = tm.polychoric(data[ordered], missing="pairwise")
    pd.testing.assert_frame_equal(alone.correlation, same.correlation)
    pd.testing.assert_frame_equal(alone.se, same.se)
    pd.testing.assert_frame_equal(alone.n_pairs, same.n_pairs)


def test_pairwise_mixed_of_complete_answers_is_listwise() -> None:
    whole, ordered = mixed_answers(), ["q1", "q2"]
    options: dict[str, Any] = {"correlation": "mixed", "missing": "pairwise"}
    complete = tm.correlate(whole, ordered=ordered, **options)
    listwise = tm.correlate(whole, correlation="mixed", ordered=ordered)
    pd.testing.assert_frame_equal(complete.correlation, listwise.correlation)
    pd.testing.assert_frame_equal(complete.se, listwise.se)
    strangers = whole.copy()
    strangers.loc[:398, "q1"] = np.nan
    strangers.loc[400:, "y"] = np.nan
    with pytest.raises(tm.DataError, match="'q1' with 'y': 1 persons answered both"):
        tm.correlate(strangers, ordered=ordered, **options)


def test_persons_who_all_answer_alike_tell_of_a_mixed_correlation() -> None:
    data = mixed_answers()
    # y is known only of those who chose the highest category of q1.
    data["y"] = data["y"].where(data["q1"] == 3)
    found = tm.correlate(data, correlation="mixed", ordered=["q1", "q2"], missing="pairwise")
    assert np.isfinite(found.correlation).all().all()
    assert np.isfinite(found.se).all().all()


@pytest.mark.parametrize("ones", [400, 250])
def test_a_variable_of_two_values_may_stand_among_continuous_ones(ones: int) -> None:
    data = mixed_answers()
    data["y"] = (data["y"].rank() <= ones).astype(float)
    found = tm.correlate(data, correlation="mixed", ordered=["q1", "q2"])
    r = found.correlation.loc["x", "y"]
    assert r == pytest.approx(data["x"].corr(data["y"]))
    assert found.se.loc["x", "y"] == pytest.approx((1 - r**2) / np.sqrt(800), rel=0.15)


@pytest.mark.parametrize("seed", range(20))
def test_a_correlation_given_moments_is_the_most_likely(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=6) * rng.choice([0.3, 1, 3])
    y = 0.9 * x + 0.3 * rng.normal(size=6)
    rho = product_correlation(x, y)

    def loglik(r: Any) -> Any:
        return -3 * np.log(1 - r**2) - (x @ x + y @ y - 2 * r * (x @ y)) / (2 * (1 - r**2))

    assert loglik(rho) >= loglik(np.linspace(-0.999, 0.999, 999)).max() - 1e-9


def test_a_mixed_correlation_at_one_has_no_standard_error() -> None:
    data = mixed_answers(101)[["q2", "x"]].assign(x=np.arange(101.0) - 50)
    data["same"] = (data["x"] > 0).astype(float)
    data.loc[50, ["x", "same"]] = [-0.5, 0.0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = tm.correlate(data, correlation="mixed", ordered=["q2", "same"])
    words = [str(each.message) for each in caught]
    assert any("polyserial correlation of 1 pair(s)" in w and "x with same" in w for w in words)
    assert np.isnan(found.se.loc["x", "same"])
    assert np.isfinite(found.se.loc["x", "q2"])


def test_full_information_uses_everyone() -> None:
    rng = np.random.default_rng(2)
    values = latent(0.7, n=3000)
    seen = values.copy()
    # The second answer is missing where the first is high, which listwise deletion distorts.
    seen[values[:, 0] + 0.3 * rng.normal(size=3000) > 0.5, 1] = np.nan
    full = tm.correlate(seen, missing="fiml")
    assert full.n == 3000
    assert full.correlation.iloc[0, 1] == pytest.approx(0.7, abs=0.03)
    assert tm.correlate(seen).correlation.iloc[0, 1] < 0.6


def test_full_information_of_complete_data_is_plain() -> None:
    values = latent(0.4, n=300)
    found = normal_moments(values)
    assert found.converged
    assert found.mean == pytest.approx(values.mean(axis=0), abs=1e-10)
    assert found.covariance == pytest.approx(np.cov(values.T, bias=True), abs=1e-8)
    density = multivariate_normal(found.mean, found.covariance).logpdf(values).sum()
    assert found.loglik == pytest.approx(density, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"correlation": "kendall"}, "correlation='kendall' is not offered"),
        ({"correlation": "mixed"}, "needs the ordered items"),
        ({"correlation": "mixed", "ordered": ["q9"]}, "ordered= names 'q9'"),
        ({"correlation": "mixed", "ordered": ["q1"], "missing": "fiml"}, "moments of normal"),
        ({"ordered": ["q1"]}, "ordered= belongs to correlation='mixed'"),
        ({"correlation": "spearman", "missing": "fiml"}, "moments of normal data"),
    ],
)
def test_what_correlate_refuses(options: dict, words: str) -> None:
    with pytest.raises(tm.TrustMeasureError, match=words):
        tm.correlate(answers(), **options)


def test_smoothing_leaves_a_correlation_matrix() -> None:
    impossible = np.full((3, 3), -0.7) + 1.7 * np.eye(3)
    better = smoothed(impossible)
    assert np.linalg.eigvalsh(better)[0] > 0
    assert np.diag(better) == pytest.approx(np.ones(3))


def test_analyses_take_the_kinds() -> None:
    data = answers(n=800)
    poly = tm.polychoric(data).correlation
    fitted = tm.efa(data, n_factors=1, correlation="polychoric")
    same = tm.efa(corr=poly, n_obs=800, n_factors=1)
    assert fitted.loadings.to_numpy() == pytest.approx(same.loadings.to_numpy(), abs=1e-9)
    assert fitted.chisq == pytest.approx(same.chisq)


# -- sufficient statistics -------------------------------------------------------------------------


def frames(data: pd.DataFrame) -> dict[str, object]:
    import duckdb
    import polars as pl

    eager = pl.from_pandas(data)
    return {
        "pandas": data,
        "polars": eager,
        "polars lazy": eager.lazy(),
        "pyarrow": eager.to_arrow(),
        "duckdb": duckdb.from_arrow(eager.to_arrow()),
    }


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_sufficient_statistics_are_those_of_every_kind_of_frame(missing: str) -> None:
    data = answers(n=200)
    data.loc[::7, "q0"] = np.nan
    data.loc[::5, "q3"] = np.nan
    used = data.dropna() if missing == "listwise" else data
    items = list(data.columns)
    for name, frame in frames(data).items():
        n, mean, cov = tm.sufficient_statistics(frame, items, missing=missing)
        assert n == len(used), name
        assert mean.to_numpy() == pytest.approx(used.mean().to_numpy(), rel=1e-12), name
        assert cov.to_numpy() == pytest.approx(used.cov().to_numpy(), rel=1e-10), name


def test_sufficient_statistics_of_incomplete_data_may_use_everyone() -> None:
    data = answers(n=200)
    data.loc[::7, "q0"] = np.nan
    n, mean, cov = tm.sufficient_statistics(data, list(data.columns), missing="fiml")
    found = normal_moments(data.to_numpy())
    assert n == 200
    assert mean.to_numpy() == pytest.approx(found.mean)
    assert cov.to_numpy() == pytest.approx(found.covariance)


def test_sufficient_statistics_refuse_what_is_not_there() -> None:
    lazy = frames(answers(n=20))["polars lazy"]
    with pytest.raises(tm.DataError, match="'q9' are not in the data"):
        tm.sufficient_statistics(lazy, ["q0", "q9"])
    with pytest.raises(tm.OptionError, match="missing='drop'"):
        tm.sufficient_statistics(lazy, ["q0"], missing="drop")
