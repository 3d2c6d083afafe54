"""Adequacy, parallel analysis and factor analysis: what parity with R does not show."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trustmeasure.errors import ConvergenceWarning, DataError, DataWarning, OptionError
from trustmeasure.exploratory import bartlett_sphericity, efa, kmo, parallel_analysis
from trustmeasure.kernels import dimensionality, factor_extraction
from trustmeasure.kernels.covariance import listwise_moments, pairwise_moments

DATA = Path(__file__).parents[1] / "data"
SPI = ["q_1855", "q_4289", "q_377", "q_379", "q_871"]


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").iloc[:, :25]


@pytest.fixture(scope="module")
def spi() -> pd.DataFrame:
    return pd.read_csv(DATA / "spi_trust.csv")[SPI]


@pytest.fixture
def six() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 1)) + rng.normal(size=(200, 6))
    return pd.DataFrame(values, columns=list("abcdef"))


class TestMoments:
    def test_pairwise_equals_pandas(self, bfi: pd.DataFrame) -> None:
        moments = pairwise_moments(bfi.to_numpy(float))
        np.testing.assert_allclose(moments.correlation, bfi.corr(), rtol=0, atol=1e-13)
        np.testing.assert_allclose(moments.covariance, bfi.cov(), rtol=0, atol=1e-13)
        np.testing.assert_array_equal(moments.counts, bfi.notna().T @ bfi.notna().astype(int))

    def test_complete_data_give_the_same_either_way(self, spi: pd.DataFrame) -> None:
        values = spi.dropna().to_numpy(float)
        one, other = listwise_moments(values), pairwise_moments(values)
        np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-13)
        np.testing.assert_allclose(one.correlation, np.corrcoef(values.T), rtol=1e-13)

    def test_a_large_mean_costs_no_digits(self) -> None:
        values = np.random.default_rng(0).normal(size=(50, 3))
        values[0, 0] = np.nan
        np.testing.assert_allclose(
            pairwise_moments(values + 1e7).correlation,
            pairwise_moments(values).correlation,
            atol=1e-8,
        )


class TestAdequacy:
    def test_dependent_items_are_named(self, six: pd.DataFrame) -> None:
        six["total"] = six["a"] + six["b"]
        with pytest.raises(DataError, match="linearly dependent: 'a', 'b', 'total'"):
            kmo(six)
        with pytest.raises(DataError, match="linearly dependent: 'a', 'b', 'total'"):
            bartlett_sphericity(six)

    def test_fewer_persons_than_items(self, six: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="5 persons answered 6 items"):
            kmo(six.head(5))

    def test_a_constant_item_is_named(self, six: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="'c' are constant"):
            kmo(six.assign(c=1))

    def test_unknown_missing_rule(self, six: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="Allowed: 'listwise', 'pairwise', 'fiml'"):
            bartlett_sphericity(six, missing="drop")

    def test_a_matrix_is_as_good_as_answers(self, six: pd.DataFrame) -> None:
        corr = six.corr()
        assert kmo(corr=corr).overall == pytest.approx(kmo(six).overall, rel=1e-12)
        given = bartlett_sphericity(corr=corr, n_obs=200)
        assert given.chisq == pytest.approx(bartlett_sphericity(six).chisq, rel=1e-10)
        with pytest.raises(OptionError, match="pass n_obs="):
            bartlett_sphericity(corr=corr)

    def test_other_correlations(self, bfi: pd.DataFrame) -> None:
        ranked = bfi.dropna().rank()
        assert kmo(bfi, correlation="spearman").overall == pytest.approx(kmo(ranked).overall)
        full = bartlett_sphericity(bfi, missing="fiml")
        assert full.n == 2800

    def test_dropped_persons_are_counted(self, bfi: pd.DataFrame) -> None:
        result = kmo(bfi)
        assert (result.n, result.n_dropped) == (2436, 364)
        assert "364 of 2800 persons" in result.warnings[0]

    def test_persons_without_any_answer_do_not_count(self, six: pd.DataFrame) -> None:
        six.iloc[0, 0] = np.nan
        more = pd.concat([six, pd.DataFrame(np.nan, index=[0, 1], columns=six.columns)])
        one = bartlett_sphericity(six, missing="pairwise")
        other = bartlett_sphericity(more, missing="pairwise")
        assert other.chisq == pytest.approx(one.chisq, rel=1e-12)
        assert (other.n, other.n_dropped) == (200, 2)

    def test_items_that_nobody_shares(self, six: pd.DataFrame) -> None:
        six.loc[:100, "a"] = np.nan
        six.loc[101:, "b"] = np.nan
        with pytest.raises(DataError, match="'a' with 'b': 0 persons answered both"):
            kmo(six, missing="pairwise")

    def test_results_leave_as_json(self, six: pd.DataFrame) -> None:
        for result in (kmo(six), bartlett_sphericity(six)):
            assert json.loads(json.dumps(result.to_dict()))["n"] == 200
            assert "n = 200" in repr(result)


class TestParallelAnalysis:
    def test_the_same_seed_gives_the_same_result(self, six: pd.DataFrame) -> None:
        one = parallel_analysis(six, n_iter=100, rng=3)
        other = parallel_analysis(six, n_iter=100, rng=3)
        pd.testing.assert_frame_equal(one.reference, other.reference)

    @pytest.mark.parametrize("n_obs", [12, 60, 500])
    def test_the_reference_is_that_of_simulated_answers(self, n_obs: int) -> None:
        p, n_iter = 8, 2000
        rng = np.random.default_rng(5)
        drawn = dimensionality.reference_eigenvalues(n_obs, p, n_iter, rng)
        answers = rng.normal(size=(n_iter, n_obs, p))
        matrices = np.array([np.corrcoef(x.T) for x in answers])
        simulated = dimensionality.stacked_eigenvalues(matrices, n_obs)
        for one, other in (
            (drawn.components, simulated.components),
            (drawn.factors, simulated.factors),
        ):
            error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / n_iter)
            assert (np.abs(one.mean(axis=0) - other.mean(axis=0)) < 4 * error).all()
            spread = one.std(axis=0) / other.std(axis=0)
            # A ratio of two standard deviations from 2,000 draws; factors are heavy-tailed.
            assert ((spread > 0.88) & (spread < 1.14)).all()

    def test_correlations_of_fewer_persons_than_items_have_their_rank(self) -> None:
        matrices = dimensionality.random_correlations(6, 9, 20, np.random.default_rng(1))
        values = np.linalg.eigvalsh(matrices)
        assert (np.abs(values[:, :4]) < 1e-12).all()
        assert (values[:, 4:] > 1e-6).all()

    @pytest.mark.parametrize(("n_obs", "p"), [(2436, 25), (100, 10), (4000, 5), (15, 20)])
    def test_the_stacked_one_factor_solution_is_that_of_the_single_one(
        self, n_obs: int, p: int
    ) -> None:
        matrices = dimensionality.random_correlations(n_obs, p, 300, np.random.default_rng(1))
        stacked = dimensionality.one_factor_communalities(matrices, n_obs)
        single = np.array(
            [
                (factor_extraction.extract(matrix, 1, "minres").loadings ** 2)[:, 0]
                for matrix in matrices
            ]
        )
        apart = np.abs(stacked - single).max(axis=1)
        # Unrelated items often have several minima, of which either method may find one.
        assert np.quantile(apart, 0.9) < 1e-3
        low = [_residual(matrix, h) for matrix, h in zip(matrices, stacked, strict=True)]
        exact = [_residual(matrix, h) for matrix, h in zip(matrices, single, strict=True)]
        # Over many samples neither may be the better one by more than chance makes it.
        assert np.mean(low) < 1.02 * np.mean(exact)

    @pytest.mark.parametrize(("n_obs", "p"), [(100_000, 5), (1_000_000, 12), (1000, 12)])
    def test_the_stacked_reference_is_that_of_single_solutions(self, n_obs: int, p: int) -> None:
        matrices = dimensionality.random_correlations(n_obs, p, 600, np.random.default_rng(2))
        stacked = dimensionality.stacked_eigenvalues(matrices, n_obs).factors
        single = np.array(
            [
                factor_extraction.extract(matrix, 1, "minres").reduced_eigenvalues
                for matrix in matrices
            ]
        )
        # In huge samples of unrelated items many solutions are Heywood cases, and one that
        # stops short of its bound would show here.
        apart = np.quantile(stacked, 0.95, axis=0) - np.quantile(single, 0.95, axis=0)
        assert np.abs(apart).max() < 2e-3

    def test_too_few_items_or_bad_options(self, six: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="at least 3"):
            parallel_analysis(six[["a", "b"]])
        with pytest.raises(OptionError, match="quantile"):
            parallel_analysis(six, quantile=95)
        with pytest.raises(OptionError, match="n_iter"):
            parallel_analysis(six, n_iter=5)
        with pytest.raises(OptionError, match="Allowed: 'pearson'"):
            parallel_analysis(six, correlation="kendall")

    def test_what_it_says_of_few_persons(self, six: pd.DataFrame) -> None:
        result = parallel_analysis(six.head(5), n_iter=50, rng=1)
        assert "5 persons for 6 items" in result.warnings[0]

    def test_frame_and_json(self, six: pd.DataFrame) -> None:
        result = parallel_analysis(six, n_iter=50, rng=1)
        assert result.n_factors == 1
        assert list(result.to_frame().index) == [1, 2, 3, 4, 5, 6]
        json.dumps(result.to_dict())


def _residual(matrix: np.ndarray[Any, Any], communalities: np.ndarray[Any, Any]) -> float:
    """Squares that the first axis of the reduced matrix leaves off the diagonal."""
    reduced = matrix - np.diag(1 - communalities)
    values, vectors = np.linalg.eigh(reduced)
    rest = matrix - values[-1] * np.outer(vectors[:, -1], vectors[:, -1])
    np.fill_diagonal(rest, 0)
    return float((rest**2).sum())


class TestExtraction:
    @pytest.mark.parametrize("method", ["minres", "ml"])
    def test_derivatives(self, method: str, bfi: pd.DataFrame) -> None:
        correlation = bfi.corr().to_numpy()
        discrepancy = {
            "minres": factor_extraction._least_squares,
            "ml": factor_extraction._likelihood,
        }[method]
        x = np.random.default_rng(0).uniform(0.3, 0.8, 25)
        x = np.log(x) if method == "ml" else x
        point = discrepancy(x, correlation, 5)
        steps = 1e-5 * np.eye(25)
        around = [
            (discrepancy(x + s, correlation, 5), discrepancy(x - s, correlation, 5)) for s in steps
        ]
        slope = [(up.value - down.value) / 2e-5 for up, down in around]
        bend = [(up.gradient - down.gradient) / 2e-5 for up, down in around]
        np.testing.assert_allclose(point.gradient, slope, atol=1e-7)
        np.testing.assert_allclose(point.hessian, bend, atol=1e-7)

    def test_principal_axes_end_where_minres_does(self, bfi: pd.DataFrame) -> None:
        one = efa(bfi, n_factors=5, method="pa", rotation="none")
        other = efa(bfi, n_factors=5, method="minres", rotation="none")
        np.testing.assert_allclose(one.loadings, other.loadings, atol=1e-8)

    def test_agrees_with_factor_analyzer(self, bfi: pd.DataFrame) -> None:
        loadings = _factor_analyzer(bfi.dropna(), "minres", None)
        ours = efa(bfi, n_factors=5, rotation="none").loadings
        # factor_analyzer stops its optimiser early.
        np.testing.assert_allclose(np.abs(loadings), np.abs(ours), atol=1e-4)

    def test_varimax_agrees_with_factor_analyzer(self, bfi: pd.DataFrame) -> None:
        loadings = _factor_analyzer(bfi.dropna(), "ml", "varimax")
        ours = efa(bfi, n_factors=5, method="ml", rotation="varimax").loadings.to_numpy()
        match = np.abs(loadings.T @ ours).argmax(axis=0)
        # Its varimax stops when a step gains less than 1e-5.
        np.testing.assert_allclose(np.abs(loadings[:, match]), np.abs(ours), atol=2e-3)

    def test_adequacy_agrees_with_factor_analyzer(self, bfi: pd.DataFrame) -> None:
        from factor_analyzer.factor_analyzer import calculate_bartlett_sphericity, calculate_kmo

        complete = bfi.dropna()
        each, overall = calculate_kmo(complete)
        assert kmo(bfi).overall == pytest.approx(overall, rel=1e-10)
        np.testing.assert_allclose(kmo(bfi).items, each, rtol=1e-10)
        chisq, pvalue = calculate_bartlett_sphericity(complete)
        ours = bartlett_sphericity(bfi)
        assert ours.chisq == pytest.approx(chisq, rel=1e-10)
        assert ours.pvalue == pytest.approx(pvalue, abs=1e-12)

    def test_too_many_factors(self, six: pd.DataFrame) -> None:
        with pytest.raises(DataError, match="6 items allow at most 3 factors"):
            efa(six, n_factors=4)
        with pytest.raises(DataError, match=r"3 items allow at most 1 factor\."):
            efa(six[["a", "b", "c"]], n_factors=2)
        with pytest.raises(DataError, match="at least 3"):
            efa(six[["a", "b"]], n_factors=1)

    def test_options(self, six: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="Did you mean 'geominT' or 'geominQ'"):
            efa(six, n_factors=1, rotation="geomin")
        with pytest.raises(OptionError, match="'minres', 'uls', 'ml', 'pa', 'alpha', 'minrank'"):
            efa(six, n_factors=1, method="gls")
        with pytest.raises(OptionError, match="n_factors"):
            efa(six, n_factors=0)
        with pytest.raises(OptionError, match="Allowed: 'pearson'"):
            efa(six, n_factors=1, correlation="kendall")

    def test_a_heywood_case_is_named(self, six: pd.DataFrame) -> None:
        six["b"] = 0.999 * six["a"] + 0.01 * six["b"]
        with pytest.warns(ConvergenceWarning, match=r"Heywood case.*'a', 'b'"):
            result = efa(six, n_factors=2, rotation="none")
        assert "Heywood" in result.warnings[0]

    def test_runaway_axes_do_not_converge(self) -> None:
        # One factor would need a loading above 1 for the first item.
        corr = np.array([[1, 0.8, 0.8], [0.8, 1, 0.3], [0.8, 0.3, 1]])
        with pytest.warns(ConvergenceWarning, match="Heywood"):
            result = efa(corr=corr, n_factors=1, method="minres")
        assert result.converged
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = efa(corr=corr, n_factors=1, method="pa")
        assert not result.converged
        assert any("did not converge" in str(warning.message) for warning in caught)

    def test_maximum_likelihood_refuses_what_has_no_likelihood(self, six: pd.DataFrame) -> None:
        six["total"] = six["a"] + six["b"]
        with pytest.raises(DataError, match=r"method='ml' needs .* 'a', 'b', 'total'"):
            efa(six, n_factors=1, method="ml")

    def test_other_methods_warn_of_it(self, six: pd.DataFrame) -> None:
        with pytest.warns(DataWarning, match="5 persons for 6 items"):
            result = efa(six.head(5), n_factors=1)
        assert np.isnan(result.chisq)
        assert np.isfinite(result.rmsr)

    def test_nothing_in_common(self) -> None:
        with pytest.warns(DataWarning, match="2 of 2 factors explain nothing"):
            result = efa(corr=np.eye(6), n_factors=2, n_obs=100, rotation="promax")
        assert result.chisq == pytest.approx(0)
        np.testing.assert_allclose(result.communalities, 0, atol=1e-8)

    def test_no_degrees_of_freedom(self, six: pd.DataFrame) -> None:
        result = efa(six[["a", "b", "c"]], n_factors=1)
        assert result.df == 0
        assert np.isnan([result.pvalue, result.rmsea, result.tli, result.bic]).all()
        assert "No degrees of freedom" in result.warnings[-1]


class TestCorrelationInput:
    def test_equals_raw_data(self, bfi: pd.DataFrame) -> None:
        complete = bfi.dropna()
        one = efa(complete, n_factors=5)
        other = efa(corr=complete.corr(), n_obs=len(complete), n_factors=5)
        pd.testing.assert_frame_equal(one.loadings, other.loadings)
        assert other.chisq == pytest.approx(one.chisq, rel=1e-10)
        assert other.n == one.n

    def test_items_pick_rows_and_columns(self, bfi: pd.DataFrame) -> None:
        items = [f"A{i}" for i in range(1, 6)]
        one = efa(corr=bfi.dropna().corr(), items=items, n_factors=1)
        other = efa(bfi.dropna(), items=items, n_factors=1)
        np.testing.assert_allclose(one.loadings, other.loadings, atol=1e-9)

    def test_without_persons_no_test(self, six: pd.DataFrame) -> None:
        result = efa(corr=six.corr(), n_factors=1)
        assert np.isnan([result.chisq, result.pvalue, result.rmsea, result.cfi, result.bic]).all()
        assert "n_obs=" in result.warnings[0]
        assert "n unknown" in repr(result)
        json.dumps(result.to_dict())

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda c: c.iloc[:4], "other names on its rows"),
            (lambda c: c.to_numpy()[:4], "4 rows and 6 columns"),
            (lambda c: c * 2, "2 in the diagonal for 'a'"),
            (lambda c: c.where(~np.eye(6, k=1, dtype=bool), 0.9), "not symmetric"),
            (lambda c: c.where(~np.eye(6, k=1, dtype=bool)), "no value for 'a' with 'b'"),
            (lambda c: c.astype(str) + "x", "not numbers"),
            (lambda c: (c - np.eye(6)) * 9 + np.eye(6), "between −1 and 1"),
            (lambda c: c.iloc[:2, :2], "at least 3"),
            (lambda c: [1.0, 0.5], "1 dimension"),
        ],
    )
    def test_impossible_matrices(self, spoil: Any, message: str, six: pd.DataFrame) -> None:
        with pytest.raises(DataError, match=message):
            efa(corr=spoil(six.corr()), n_factors=1)

    def test_arguments_that_exclude_each_other(self, six: pd.DataFrame) -> None:
        with pytest.raises(OptionError, match="either data"):
            efa(n_factors=1)
        with pytest.raises(OptionError, match="either data"):
            efa(six, corr=six.corr(), n_factors=1)
        with pytest.raises(OptionError, match="n_obs="):
            efa(six, n_obs=100, n_factors=1)
        with pytest.raises(OptionError, match="scale="):
            efa(corr=six.corr(), scale="trust", n_factors=1)
        with pytest.raises(DataError, match=r"'z' are not in corr="):
            efa(corr=six.corr(), items=["a", "b", "z"], n_factors=1)


class TestRotation:
    @pytest.mark.parametrize("name", ["varimax", "promax", "oblimin"])
    def test_one_factor_stays_and_the_request_is_kept(self, name: str, six: pd.DataFrame) -> None:
        result = efa(six, n_factors=1, rotation=name)
        assert result.settings["rotation"] == name
        pd.testing.assert_frame_equal(
            result.loadings, efa(six, n_factors=1, rotation="none").loadings
        )

    def test_oblimin_is_stationary(self, bfi: pd.DataFrame) -> None:
        """No small turn of an axis lowers the criterion."""
        result = efa(bfi, n_factors=5)
        pattern = result.loadings.to_numpy()
        axes = np.linalg.cholesky(result.phi.to_numpy()).T  # columns with correlations phi
        start = pattern @ axes.T  # loadings on orthogonal axes
        best = _quartimin(start, axes)
        rng = np.random.default_rng(0)
        for size in (1e-2, 1e-3):
            for _ in range(50):
                turned = axes + size * rng.normal(size=axes.shape)
                turned /= np.sqrt((turned**2).sum(axis=0))
                assert _quartimin(start, turned) > best

    def test_varimax_is_stationary(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, rotation="varimax")
        rows = result.loadings.to_numpy() / np.sqrt(result.communalities.to_numpy())[:, None]
        pull = rows.T @ (rows**3 - rows * (rows**2).mean(axis=0))
        np.testing.assert_allclose(pull, pull.T, atol=1e-9)

    def test_other_minima_are_reported(self, bfi: pd.DataFrame) -> None:
        result = efa(bfi, n_factors=5, rotation="geomin_orthogonal", n_starts=30)
        assert len(result.local_optima) == 2
        assert result.local_optima["starts"].sum() == 30
        assert result.criterion == pytest.approx(result.local_optima["criterion"].iloc[0])
        assert "30 starts found 2" in result.warnings[-1]

    def test_overextraction_still_converges(self, bfi: pd.DataFrame) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            assert efa(bfi, n_factors=8).converged


def _quartimin(loadings: np.ndarray[Any, Any], axes: np.ndarray[Any, Any]) -> float:
    squares = (loadings @ np.linalg.inv(axes).T) ** 2
    return float((squares.sum(axis=1) ** 2 - (squares**2).sum(axis=1)).sum() / 4)


def _factor_analyzer(data: pd.DataFrame, method: str, turn: str | None) -> np.ndarray[Any, Any]:
    from factor_analyzer import FactorAnalyzer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses an argument that scikit-learn renamed
        fitted = FactorAnalyzer(5, rotation=turn, method=method).fit(data.to_numpy())
    return np.asarray(fitted.loadings_)


def test_printing(spi: pd.DataFrame) -> None:
    result = efa(spi, n_factors=2)
    text = repr(result)
    for word in ("rmsea_ci_low", "q_1855", "F2", "communality"):
        assert word in text
    assert "<table" in result._repr_html_()
    assert list(result.variance.index) == [
        "ss_loadings",
        "proportion",
        "cumulative",
        "proportion_explained",
        "cumulative_explained",
    ]
