"""Invariance over groups: levels, criteria, partial models, means, effect sizes, refusals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory import cfa
from trustmeasure.invariance import InvarianceResult, comparisons
from trustmeasure.invariance.score_tests import score_tests
from trustmeasure.kernels.constraint_tests import adjusted
from trustmeasure.kernels.measurement_bias import item_bias, pooled_deviation

DATA = Path(__file__).parent.parent / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ONE = "trust =~ t1 + t2 + t3 + t4 + t5"
EVERY = ("configural", "metric", "scalar", "strict", "lv_variances", "lv_means")


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def schools(hs: pd.DataFrame) -> InvarianceResult:
    return tm.measurement_invariance(THREE, hs, group="school", levels=EVERY)


def simulated(
    n: int = 600,
    groups: tuple[str, ...] = ("a", "b"),
    *,
    intercept: dict[tuple[str, str], float] | None = None,
    loading: dict[tuple[str, str], float] | None = None,
    mean: float = 0.4,
    seed: int = 1,
) -> pd.DataFrame:
    """Five items of one factor; bias is added where asked for, by (group, item)."""
    rng = np.random.default_rng(seed)
    parts = []
    for place, label in enumerate(groups):
        trust = mean * place + (1 + 0.1 * place) * rng.normal(size=n)
        part = {}
        for j in range(1, 6):
            slope = 0.8 + (loading or {}).get((label, f"t{j}"), 0.0)
            level = 3 + (intercept or {}).get((label, f"t{j}"), 0.0)
            part[f"t{j}"] = level + slope * trust + 0.7 * rng.normal(size=n)
        parts.append(pd.DataFrame(part).assign(site=label))
    return pd.concat(parts, ignore_index=True)


def test_the_levels_of_two_schools_have_known_statistics(schools: InvarianceResult) -> None:
    table = schools.table
    assert table["chisq"].round(3).tolist()[:4] == [115.851, 124.044, 164.103, 181.511]
    assert table["df"].tolist() == [48, 54, 60, 69, 72, 75]
    assert table["holds"].tolist() == [None, True, False, True, None, None]
    assert table["df_diff"].iloc[1:].tolist() == [6, 6, 9, 3, 3]
    assert schools.n == 301
    assert "scalar model, which does not hold" in schools.warnings[0]


def test_verdicts_name_criterion_and_source(schools: InvarianceResult) -> None:
    verdicts = schools.verdicts
    assert set(verdicts["citation"]) == {"Chen, 2007"}
    assert verdicts.loc[("metric", "srmr"), "criterion"] == "ΔSRMR ≤ .03"
    assert verdicts.loc[("scalar", "srmr"), "criterion"] == "ΔSRMR ≤ .01"
    assert not verdicts.loc[("scalar", "cfi"), "meets"]
    assert set(verdicts.index.get_level_values("level")) == {"metric", "scalar", "strict"}


def test_small_samples_have_stricter_criteria_and_the_user_may_have_others(
    hs: pd.DataFrame,
) -> None:
    few = hs.groupby("school").head(140)
    found = tm.measurement_invariance(THREE, few, group="school", levels=("configural", "metric"))
    assert found.settings["criteria"] == "small"
    assert found.verdicts.loc[("metric", "cfi"), "criterion"] == "ΔCFI ≥ −.005"
    same = tm.measurement_invariance(
        THREE, few, group="school", levels=("configural", "metric"), criteria="adequate",
        thresholds={"delta_cfi": {"criterion": {"least": 0.5, "source": "Nobody, 2026"}}},
    )  # fmt: skip
    assert same.verdicts.loc[("metric", "cfi"), "citation"] == "Nobody, 2026"
    assert same.table.loc["metric", "holds"] is False


def test_fit_does_not_depend_on_how_factors_get_their_scale(
    hs: pd.DataFrame, schools: InvarianceResult
) -> None:
    marked = tm.measurement_invariance(THREE, hs, group="school", levels=EVERY, std_lv=False)
    columns = ["chisq", "df", "cfi", "rmsea", "srmr", "aic", "chisq_diff"]
    pd.testing.assert_frame_equal(marked.table[columns], schools.table[columns], rtol=1e-6)
    d = ["d", "d_low", "d_high"]
    pd.testing.assert_frame_equal(marked.latent_means[d], schools.latent_means[d], rtol=1e-4)


def test_a_model_that_fixes_a_loading_keeps_it(hs: pd.DataFrame) -> None:
    model = THREE.replace("x1", "1*x1").replace("x4 +", "1*x4 +").replace("x7 +", "1*x7 +")
    found = tm.measurement_invariance(model, hs, group="school", levels=("configural", "metric"))
    assert found.settings["std_lv"] is False
    assert found.table["df"].tolist() == [48, 54]


def test_the_reference_group_is_the_users_choice(
    hs: pd.DataFrame, schools: InvarianceResult
) -> None:
    other = tm.measurement_invariance(THREE, hs, group="school", reference="Grant-White")
    assert other.settings["labels"] == ["Grant-White", "Pasteur"]
    mine = other.latent_means.xs("Pasteur", level="group")["d"]
    theirs = schools.latent_means.xs("Grant-White", level="group")["d"]
    np.testing.assert_allclose(mine, -theirs, rtol=1e-4)


def test_the_guided_search_releases_what_is_known_to_differ(schools: InvarianceResult) -> None:
    found = schools.partial("scalar")
    assert found.released == ("x3~1", "x7~1")
    assert found.holds
    assert found.stopped == "the criterion is met"
    assert found.log["holds"].tolist() == [False, False, True]
    assert found.log["n_tests"].tolist()[1:] == [9, 8]
    assert found.log["score_df"].tolist()[1:] == [1, 1]
    # The score test foretells the gain of a release.
    gain = found.log["chisq"].iloc[0] - found.log["chisq"].iloc[1]
    assert gain == pytest.approx(found.log["score_chisq"].iloc[1], rel=0.05)
    assert "released by a search" in found.warnings[0]


def test_what_was_released_goes_up_the_ladder(schools: InvarianceResult) -> None:
    again = schools.partial("scalar").resume()
    assert again.settings["released"] == ["x3~1", "x7~1"]
    assert again.table.loc["scalar", "chisq"] == pytest.approx(129.4225, rel=1e-5)
    assert again.table.loc["scalar", "holds"] is True
    frame = again.fits["scalar"].estimates.set_index(["lhs", "op", "group"])["est"]
    assert frame["x3", "~1", "Pasteur"] != pytest.approx(frame["x3", "~1", "Grant-White"])
    assert frame["x2", "~1", "Pasteur"] == pytest.approx(frame["x2", "~1", "Grant-White"])


def test_the_search_keeps_two_invariant_items_a_factor() -> None:
    bias = {("b", f"t{j}"): 0.3 * j for j in (2, 3, 4, 5)}
    data = simulated(intercept={**bias, ("b", "t1"): -0.5})
    ladder = tm.measurement_invariance(ONE, data, group="site")
    found = ladder.partial("scalar", correction="none", criterion="pvalue")
    assert len(found.released) <= 3
    assert ladder.partial("scalar", min_invariant=5).released == ()
    assert "keeps at least 5" in ladder.partial("scalar", min_invariant=5).stopped


@pytest.mark.parametrize("correction", ["holm", "bh", "none"])
def test_nothing_significant_ends_the_search(correction: str) -> None:
    ladder = tm.measurement_invariance(
        ONE, simulated(), group="site", levels=("configural", "metric"),
        thresholds={"delta_cfi": {"criterion": {"least": 1.0, "source": "impossible"}}},
    )  # fmt: skip
    found = ladder.partial("metric", correction=correction, alpha=1e-6)
    assert found.released == ()
    assert not found.holds
    assert found.stopped.startswith("no equality that remains is significant")


def test_asked_for_releases_are_logged(schools: InvarianceResult) -> None:
    found = schools.partial("metric", release="visual =~ x2")
    assert found.released == ("visual=~x2",)
    assert found.log["reason"].tolist() == ["all equalities of the level", "asked for"]
    assert found.log["df_diff"].tolist() == [6, 5]
    assert found.latent_means.empty


def test_score_tests_of_three_groups_have_two_degrees_of_freedom() -> None:
    data = simulated(300, ("a", "b", "c"), intercept={("c", "t3"): 0.5})
    ladder = tm.measurement_invariance(ONE, data, group="site")
    names = [f"t{j}~1" for j in range(1, 6)]
    tests = score_tests(ladder.design, ladder.fits["scalar"], names, correction="holm")
    assert tests.index[0] == "t3~1"
    assert set(tests["df"]) == {2}
    released = ladder.partial("scalar", release="t3~1")
    gain = ladder.fits["scalar"].fit["chisq"] - released.fit.fit["chisq"]
    assert tests.loc["t3~1", "chisq"] == pytest.approx(gain, rel=0.1)


def test_corrections_for_many_tests_have_known_values() -> None:
    p = np.array([0.01, 0.04, 0.03, np.nan])
    np.testing.assert_allclose(adjusted(p, "holm"), [0.03, 0.06, 0.06, np.nan])
    np.testing.assert_allclose(adjusted(p, "bh"), [0.03, 0.04, 0.04, np.nan])
    np.testing.assert_allclose(adjusted(p, "none"), p)


def test_a_difference_with_a_negative_factor_is_scaled_as_in_2010(
    hs: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    ladder = tm.measurement_invariance(THREE, hs, group="school", estimator="MLM")
    restricted, general = ladder.fits["metric"], ladder.fits["configural"]
    plain = comparisons.difference(restricted, general)
    assert plain.method == "satorra.bentler.2001"
    worse = general.fit.copy()
    worse["chisq_scaling_factor"] = 9.0
    monkeypatch.setitem(general.__dict__, "fit", worse)
    found = comparisons.difference(restricted, general)
    assert found.method == "satorra.bentler.2010"
    assert found.chisq == pytest.approx(plain.chisq, rel=0.2)


def test_effect_sizes_agree_with_a_simple_integral() -> None:
    # Nye and Drasgow: one factor, equal loadings, so d is the shift over the pooled deviation.
    found = item_bias(np.zeros((1, 1)), np.array([0.5]), np.array([0.3]), np.array([[1.4]]))
    assert found.mean[0] == 0.5
    assert np.sqrt(found.square[0]) == 0.5
    grid = np.linspace(-9, 9, 200_001) * np.sqrt(1.4) + 0.3
    density = np.exp(-0.5 * (grid - 0.3) ** 2 / 1.4) / np.sqrt(2 * np.pi * 1.4)
    gap = 0.2 - 0.4 * grid
    found = item_bias(np.array([[-0.4]]), np.array([0.2]), np.array([0.3]), np.array([[1.4]]))
    assert found.square[0] == pytest.approx(np.trapezoid(gap**2 * density, grid), rel=1e-6)
    assert found.mean[0] == pytest.approx(np.trapezoid(gap * density, grid), rel=1e-6)
    assert pooled_deviation(np.array([1.0]), np.array([2.0]), 11, 21)[0] == pytest.approx(3**0.5)


def test_effect_sizes_of_a_biased_item_have_its_sign_and_size() -> None:
    data = simulated(4000, intercept={("b", "t3"): 0.5})
    ladder = tm.measurement_invariance(ONE, data, group="site")
    for found in (ladder.effect_size(anchors=["t1"]), ladder.partial("scalar").effect_size()):
        row = found.table.loc[("trust", "t3", "b")]
        assert row["bias"] == pytest.approx(0.5, abs=0.06)
        assert row["bias_low"] < 0.5 < row["bias_high"]
        assert row["d_macs"] == pytest.approx(abs(row["d_signed"]), rel=0.05)
        scale = found.scales.loc[("trust", "b")]
        assert scale["bias"] == pytest.approx(0.1, abs=0.03)
        assert scale["bias"] + scale["latent"] == pytest.approx(scale["expected"])
        assert scale["expected"] == pytest.approx(scale["observed"], abs=0.02)


def test_the_anchor_is_an_item_without_bias() -> None:
    data = simulated(1500, intercept={("b", "t1"): 0.6})
    found = tm.measurement_invariance(ONE, data, group="site").effect_size()
    assert "t1" not in found.anchors
    assert found.table["d_macs"].idxmax() == ("trust", "t1", "b")


def test_latent_means_are_recovered_with_their_size() -> None:
    data = simulated(4000, ("a", "b"), mean=0.5)
    means = tm.measurement_invariance(ONE, data, group="site").latent_means
    row = means.loc[("trust", "b")]
    assert row["difference"] == pytest.approx(0.5, abs=0.06)
    assert row["d"] == pytest.approx(0.5 / np.sqrt((1 + 1.1**2) / 2), abs=0.06)
    assert row["d_low"] < row["d"] < row["d_high"]


def test_factors_of_factors_keep_their_means_identified(hs: pd.DataFrame) -> None:
    model = f"{THREE}\ng =~ visual + textual + speed"
    found = tm.measurement_invariance(model, hs, group="school", levels=EVERY)
    assert found.table["df"].tolist() == [48, 56, 64, 73, 77, 78]
    assert found.latent_means["se"].gt(0).all()
    assert list(found.effect_size().scales.index.get_level_values("factor")) == [
        "visual", "textual", "speed",
    ]  # fmt: skip


def test_small_groups_are_warned_of(hs: pd.DataFrame) -> None:
    with pytest.warns(tm.errors.DataWarning, match="fewer than 150 persons: 'Grant-White' \\(145"):
        found = tm.measurement_invariance(
            THREE, hs, group="school", levels=("configural", "metric"), min_group_size=150
        )
    assert any("fewer than 150" in message for message in found.warnings)


def test_doubtful_solutions_are_warned_of_with_their_level() -> None:
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(300, 5)), columns=[f"t{j}" for j in range(1, 6)])
    data["site"] = np.repeat(["a", "b"], 150)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = tm.measurement_invariance(ONE, data, group="site")
    told = [str(one.message) for one in caught]
    assert told
    assert all(message.split(":")[0] in EVERY for message in told)
    assert set(told) <= set(found.warnings)


def test_unequal_groups_are_noted(hs: pd.DataFrame) -> None:
    data = pd.concat([simulated(700, ("a",)), simulated(200, ("b",), seed=3)])
    found = tm.measurement_invariance(ONE, data, group="site", levels=("configural", "metric"))
    assert any("criteria='small'" in message for message in found.warnings)


def test_results_leave_as_frames_and_as_json(schools: InvarianceResult) -> None:
    partial = schools.partial("scalar")
    for result in (schools, partial, schools.effect_size()):
        assert json.dumps(result.to_dict())
        assert not result.to_frame().empty
        assert repr(result)
        assert result._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"levels": ("configural", "weak")}, "levels='weak' is not offered"),
        ({"levels": ()}, "levels= is empty"),
        ({"levels": ("scalar", "metric")}, "'metric' holds nothing equal"),
        ({"estimator": "MLMV"}, "estimator='MLMV' is not offered"),
        ({"parameterization": "theta"}, "parameterization= is for ordered items"),
        ({"criteria": "ordinal"}, "criteria=.ordinal. is for ordered items"),
        ({"criteria": "strict"}, "criteria='strict' is not offered"),
        ({"reference": "Pastuer"}, "no group in 'school'.*Did you mean 'Pasteur'"),
        ({"group_partial": "visual=~x9", "levels": "metric"}, "no parameter of the model"),
    ],
)
def test_options_are_checked(hs: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(tm.errors.OptionError, match=message):
        tm.measurement_invariance(THREE, hs, group="school", **options)  # type: ignore[arg-type]


def test_partial_checks_what_it_is_asked(schools: InvarianceResult) -> None:
    with pytest.raises(tm.OptionError, match="level='configural' is not offered"):
        schools.partial("configural")
    with pytest.raises(tm.OptionError, match="none of what level='scalar' holds equal"):
        schools.partial("scalar", release="visual=~x2")
    with pytest.raises(tm.OptionError, match="correction='bonferroni'"):
        schools.partial("scalar", correction="bonferroni")
    with pytest.raises(tm.OptionError, match="need intercepts on one scale"):
        schools.partial("metric").effect_size()
    with pytest.raises(tm.OptionError, match="no item of 'textual', 'speed'"):
        schools.effect_size(anchors=["x1"])
    with pytest.raises(tm.OptionError, match="names 'x99'"):
        schools.effect_size(anchors=["x99"])


def test_a_level_without_one_before_it_cannot_be_partial(hs: pd.DataFrame) -> None:
    only = tm.measurement_invariance(THREE, hs, group="school", levels=("metric", "scalar"))
    with pytest.raises(tm.OptionError, match="not compared with one before it"):
        only.partial("metric")
    assert only.partial("scalar").released == ("x3~1", "x7~1")


def test_every_level_is_the_model_that_cfa_fits(hs: pd.DataFrame) -> None:
    found = tm.measurement_invariance(
        THREE, hs, group="school", levels=("scalar",), estimator="MLR", group_partial=["x3 ~1"]
    )
    plain = cfa(
        THREE, hs, group="school", group_equal=("loadings", "intercepts"), estimator="MLR",
        group_partial="x3~1", std_lv=True,
    )  # fmt: skip
    pd.testing.assert_series_equal(found.fits["scalar"].fit, plain.fit)
    assert found.verdicts.empty


@pytest.mark.parametrize("estimator", ["ML", "MLM", "MLR"])
def test_differences_are_those_of_comparing_models(hs: pd.DataFrame, estimator: str) -> None:
    found = tm.measurement_invariance(THREE, hs, group="school", estimator=estimator)
    beside = tm.compare_models(found.fits).table
    for name in ("chisq_diff", "df_diff"):
        np.testing.assert_allclose(
            found.table[name].iloc[1:], beside.loc[found.table.index[1:], name], rtol=1e-8
        )


def test_criteria_of_the_user_go_along(hs: pd.DataFrame) -> None:
    lax = {
        name: {"criterion": {sign: limit, "source": "Nobody, 2026"}}
        for name, sign, limit in (
            ("delta_cfi", "least", -0.5), ("delta_srmr_intercepts", "most", 0.5),
        )
    }  # fmt: skip
    found = tm.measurement_invariance(THREE, hs, group="school", thresholds=lax)
    assert found.table.loc["scalar", "holds"] is True
    assert found.partial("scalar").released == ()
    assert found.partial("scalar", release="x3~1").resume().criteria is found.criteria
    assert "Nobody, 2026" in tm.table(found).to_markdown()


def test_generalised_least_squares_has_no_criteria_of_information(hs: pd.DataFrame) -> None:
    found = tm.measurement_invariance(THREE, hs, group="school", estimator="GLS")
    assert found.table["aic"].isna().all()
    assert found.partial("scalar").released[:2] == ("x3~1", "x7~1")
