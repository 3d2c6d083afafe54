"""Invariance of ordered items: identification, levels, partial models, effects, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.ordinal.results import OrdinalStructuralModel
from trustmeasure.invariance import InvarianceResult
from trustmeasure.invariance.levels import ORDINAL_LEVELS
from trustmeasure.invariance.ordinal_plans import Measures
from trustmeasure.invariance.ordinal_score_tests import ordinal_score_tests
from trustmeasure.kernels.measurement_bias import item_bias
from trustmeasure.kernels.ordinal_bias import OrdinalMeasurement, ordinal_bias

DATA = Path(__file__).parent.parent / "data"
ITEMS = ("t1", "t2", "t3", "t4", "t5")
ONE = "trust =~ t1 + t2 + t3 + t4 + t5"
CUTS = np.array([-1.2, -0.4, 0.4, 1.2])


def simulated(
    n: int = 800,
    groups: tuple[str, ...] = ("a", "b"),
    *,
    cuts: np.ndarray = CUTS,
    shift: dict[str, float] | None = None,
    loading: dict[str, float] | None = None,
    threshold: tuple[str, int, float] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Five items of one factor; the last group has bias where asked for.

    Items differ in their thresholds, or two categories would not tell means from variances.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for place, label in enumerate(groups):
        biased = place == len(groups) - 1
        trust = 0.4 * place + (1 + 0.1 * place) * rng.normal(size=n)
        part = {}
        for number, name in enumerate(ITEMS):
            own = cuts + 0.25 * (number - 2)
            slope, level = 1.0, 0.0
            if biased:
                slope += (loading or {}).get(name, 0.0)
                level += (shift or {}).get(name, 0.0)
                if threshold is not None and threshold[0] == name:
                    own[threshold[1]] += threshold[2]
            behind = level + slope * trust + rng.normal(size=n)
            part[name] = 1 + (behind[:, None] > own).sum(axis=1)
        parts.append(pd.DataFrame(part).assign(site=label))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def same() -> InvarianceResult:
    levels = tuple(ORDINAL_LEVELS)
    return tm.measurement_invariance(ONE, simulated(), group="site", ordered=True, levels=levels)


def measures(categories: int = 5, theta: bool = True) -> Measures:
    return Measures({"trust": ITEMS}, (), dict.fromkeys(ITEMS, categories), theta)


def test_thresholds_set_origin_and_unit_free() -> None:
    plan = measures().plan(("thresholds",), ())
    assert set(plan.intercepts.values()) == {"free"}
    assert all(plan.scales.values())
    assert not any(plan.loadings.values())
    assert not plan.variances["trust"]
    plan = measures().plan(ORDINAL_LEVELS["scalar"], ())
    assert set(plan.intercepts.values()) == {"zero"}
    assert plan.variances["trust"]
    assert plan.means["trust"]
    plan = measures().plan(ORDINAL_LEVELS["strict"], ())
    assert not any(plan.scales.values())


def test_one_threshold_has_no_unit_until_intercepts_are_equal() -> None:
    two = measures(2)
    plan = two.plan(ORDINAL_LEVELS["metric"], ())
    assert set(plan.intercepts.values()) == {"free"}
    assert not any(plan.scales.values())
    assert not any(plan.loadings.values())
    assert not plan.variances["trust"]
    plan = two.plan(ORDINAL_LEVELS["scalar"], ())
    assert all(plan.scales.values())
    assert all(plan.loadings.values())
    assert plan.means["trust"]
    # Releasing the intercept takes the item out: its loading is free, its residual variance 1.
    plan = two.plan(ORDINAL_LEVELS["scalar"], {"t1~1"})
    assert plan.intercepts["t1"] == "free"
    assert not plan.scales["t1"]
    assert not plan.loadings["trust", "t1"]


def test_candidates_name_each_restriction_once() -> None:
    metric, scalar = ORDINAL_LEVELS["metric"], ORDINAL_LEVELS["scalar"]
    assert measures(3).candidates(metric, (), ()) == [f"trust=~{item}" for item in ITEMS]
    assert measures(2).candidates(scalar, (), ()) == [f"{item}~1" for item in ITEMS]
    found = measures(4).candidates(metric, (), ("trust=~t1",))
    assert len(found) == 3 * 5 + 4
    assert measures().candidates(metric, ("thresholds",), ()) == [f"trust=~{i}" for i in ITEMS]


def test_two_thresholds_of_an_item_stay_equal() -> None:
    equal = ORDINAL_LEVELS["thresholds"]
    first = ["t1|t1", "t1|t2"]
    assert measures().leaves_enough(equal, first, "t1|t2", 2)
    assert not measures().leaves_enough(equal, [*first, "t1|t3"], "t1|t3", 2)
    assert not measures().leaves_enough(equal, first, "t1|t2", 5)


def test_levels_of_an_invariant_scale_hold(same: InvarianceResult) -> None:
    table = same.table
    assert table["df"].tolist() == [10, 20, 24, 28, 33, 34, 35]
    assert table["df_diff"].tolist()[1:] == [10, 4, 4, 5, 1, 1]
    assert table["holds"].tolist() == [None, True, True, True, True, None, None]
    assert (table["pvalue_diff"].iloc[1:5] > 0.01).all()
    assert table["pvalue_diff"].iloc[6] < 1e-6
    assert set(same.verdicts["citation"]) == {"Rutkowski & Svetina, 2017"}
    assert same.verdicts.loc[("metric", "rmsea"), "criterion"] == "ΔRMSEA ≤ .05"
    assert same.verdicts.loc[("scalar", "rmsea"), "criterion"] == "ΔRMSEA ≤ .01"
    assert same.settings["criteria"] == "ordinal"
    assert same.settings["estimator"] == "WLSMV"


def test_latent_means_are_recovered(same: InvarianceResult) -> None:
    means = same.latent_means.loc[("trust", "b")]
    assert means["ci_low"] < 0.4 < means["ci_high"]
    other = tm.measurement_invariance(
        ONE, simulated(), group="site", ordered=True, reference="b", levels="scalar"
    )
    assert other.latent_means.loc[("trust", "a"), "d"] == pytest.approx(-means["d"], abs=0.02)


@pytest.mark.parametrize("level", ["configural", "thresholds", "metric", "scalar"])
def test_scaling_factors_fit_as_residual_variances_do(same: InvarianceResult, level: str) -> None:
    delta = tm.measurement_invariance(
        ONE, simulated(), group="site", ordered=True, parameterization="delta"
    )
    assert list(delta.table.index) == ["configural", "thresholds", "metric", "scalar"]
    for name in ("chisq", "df", "chisq_diff", "cfi", "srmr"):
        ours, theirs = delta.table.loc[level, name], same.table.loc[level, name]
        assert ours == pytest.approx(theirs, rel=1e-6, nan_ok=True)


def test_the_order_of_items_does_not_matter(same: InvarianceResult) -> None:
    turned = tm.measurement_invariance(
        "trust =~ t4 + t1 + t5 + t3 + t2", simulated(), group="site", ordered=True
    )
    columns = ["chisq", "df", "chisq_diff", "cfi", "rmsea", "srmr"]
    np.testing.assert_allclose(turned.table[columns], same.table[columns].iloc[:5], rtol=1e-5)


@pytest.mark.parametrize(
    ("cuts", "kept", "words"),
    [
        (CUTS[[1, 2]], ["configural", "metric", "scalar", "strict"], ["three categories"]),
        (CUTS[[2]], ["configural", "scalar", "strict"], ["'thresholds' is left", "'metric' is"]),
    ],
)
def test_levels_that_restrict_nothing_are_left_out(
    cuts: np.ndarray, kept: list[str], words: list[str]
) -> None:
    found = tm.measurement_invariance(ONE, simulated(cuts=cuts), group="site", ordered=True)
    assert list(found.table.index) == kept
    assert found.settings["levels"] == kept
    for word in words:
        assert any(word in text for text in found.warnings)


def test_levels_without_one_that_restricts_say_what_to_ask_for() -> None:
    data = simulated(cuts=CUTS[[2]])
    found = tm.measurement_invariance(
        ONE, data, group="site", ordered=True, levels=("configural", "metric")
    )
    assert list(found.table.index) == ["configural"]
    assert "name a level after it in levels=" in found.warnings[0]


def test_like_items_with_two_categories_do_not_tell_means_from_variances() -> None:
    rng = np.random.default_rng(1)
    parts = []
    for place, label in enumerate(("a", "b")):
        spread = 1 + 0.1 * place
        trust = 0.4 * place + spread * rng.normal(size=800)
        answers = {name: trust + spread * rng.normal(size=800) > 0.4 for name in ITEMS}
        parts.append(pd.DataFrame(answers).assign(site=label))
    data = pd.concat(parts, ignore_index=True)
    with pytest.warns(tm.ConvergenceWarning, match="scalar: "):
        found = tm.measurement_invariance(
            ONE, data, group="site", ordered=True, levels=("configural", "scalar")
        )
    assert any("scalar: The model is not identified" in text for text in found.warnings)


def test_items_with_two_categories_join_others_at_scalar() -> None:
    data = simulated()
    data["t1"] = (data["t1"] > 3).astype(int)
    found = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    assert found.table["df"].tolist() == [10, 18, 21, 25, 30]
    assert any("Items with two categories ('t1')" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("bias", "level", "name"),
    [
        ({"threshold": ("t2", 0, -0.6)}, "thresholds", "t2|t1"),
        ({"loading": {"t3": -0.5}}, "metric", "trust=~t3"),
        ({"shift": {"t4": 0.6}}, "scalar", "t4~1"),
    ],
)
def test_the_search_finds_what_differs(bias: dict[str, Any], level: str, name: str) -> None:
    data = simulated(1500, **bias)
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    found = ladder.partial(level, criterion="pvalue")
    assert found.released == (name,)
    assert found.holds
    assert "significant (Holm)" in found.log["reason"].iloc[1]
    again = ladder.partial(level, release=name)
    assert again.fit.fit["chisq"] == pytest.approx(found.fit.fit["chisq"])
    resumed = found.resume()
    assert list(resumed.table.index) == list(ladder.table.index)
    assert resumed.settings["released"] == [name]
    assert resumed.table.loc[level, "pvalue_diff"] > 0.01


def test_score_tests_foretell_what_a_release_gains() -> None:
    data = simulated(1500, loading={"t3": -0.25})
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    design: Any = ladder.design
    metric = ORDINAL_LEVELS["metric"]
    tests = ordinal_score_tests(
        design, ladder.fits["metric"], design.plan(metric, ()), ["trust=~t3", "trust=~t1"],
        correction="none",
    )  # fmt: skip
    for name, test in tests.iterrows():
        free = tm.measurement_invariance(
            ONE, data, group="site", ordered=True, group_partial=str(name), levels="metric"
        ).fits["metric"]
        compared = tm.compare_models({"free": free, "equal": ladder.fits["metric"]})
        gain = compared.table.loc["equal", "chisq_diff"]
        assert test["chisq"] == pytest.approx(gain, rel=0.1, abs=0.3)
        moved = free.estimates.query("op == '=~' and rhs == @name.split('~')[1]")["est"]
        assert test["expected_change"] == pytest.approx(moved.iloc[1] - moved.iloc[0], abs=0.1)


def test_thresholds_of_one_restriction_have_one_test_and_the_first_is_released() -> None:
    data = simulated(1500, cuts=CUTS[:3], threshold=("t2", 1, 0.5))
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    found = ladder.partial("thresholds", criterion="pvalue")
    assert found.released == ("t2|t1",)
    step = ladder.partial("thresholds", release=[]).tests
    np.testing.assert_allclose(
        step.loc[["t2|t1", "t2|t2", "t2|t3"], "chisq"], step["chisq"].iloc[0], rtol=1e-6
    )


def test_min_invariant_stops_the_search() -> None:
    data = simulated(1500, shift={"t1": 0.7, "t2": -0.7, "t3": 0.7})
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    found = ladder.partial("scalar", criterion="pvalue", min_invariant=4)
    assert len(found.released) == 1
    assert "keeps at least 4 invariant items" in found.stopped


def test_items_with_two_categories_are_released_whole() -> None:
    data = simulated(2000, cuts=CUTS[[2]], shift={"t4": 0.9})
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    found = ladder.partial("scalar", criterion="pvalue")
    assert found.released == ("t4~1",)
    assert found.fit.fit["df"] == ladder.table.loc["scalar", "df"] - 1
    effects = found.effect_size().table
    assert effects["d_macs"].idxmax()[1] == "t4"


def test_effect_sizes_find_the_biased_item() -> None:
    data = simulated(2000, shift={"t4": 0.6})
    ladder = tm.measurement_invariance(ONE, data, group="site", ordered=True)
    found = ladder.effect_size(anchors=["t1", "t2"])
    table = found.table.droplevel(["factor", "group"])
    assert table["d_macs"].idxmax() == "t4"
    assert table.loc["t4", "bias_low"] > 0.2
    assert table.loc["t1", "threshold_difference"] == 0.0
    scale = found.scales.iloc[0]
    assert scale["expected"] == pytest.approx(scale["observed"], abs=0.02)
    assert scale["expected"] == pytest.approx(scale["bias"] + scale["latent"])
    suggested = ladder.effect_size()
    assert "t4" not in suggested.anchors
    assert "measurement is taken to be equal" in suggested.warnings[0]


def test_effects_are_of_the_answers_as_they_are_coded() -> None:
    data = simulated(shift={"t4": 0.6})
    plain = tm.measurement_invariance(ONE, data, group="site", ordered=True, levels="scalar")
    double = data.assign(**{name: 10 + 2 * data[name] for name in ITEMS})
    wide = tm.measurement_invariance(ONE, double, group="site", ordered=True, levels="scalar")
    one, two = (found.effect_size(anchors=["t1"]).table for found in (plain, wide))
    np.testing.assert_allclose(2 * one["bias"], two["bias"], atol=1e-8)
    np.testing.assert_allclose(one["d_macs"], two["d_macs"], atol=1e-8)


def measurement(loadings: list[list[float]], shift: float = 0.0) -> OrdinalMeasurement:
    count = len(loadings)
    return OrdinalMeasurement(
        loadings=np.array(loadings),
        intercepts=np.full(count, shift),
        thresholds=np.tile([-1.0, 0.0, 1.5], (count, 1)),
        deviations=np.full(count, 0.9),
        steps=np.ones((count, 3)),
    )


def test_bias_is_the_mean_over_persons() -> None:
    reference = measurement([[1.0, 0.0], [0.8, 0.5]])
    focal = measurement([[0.7, 0.0], [0.4, 0.9]], shift=0.3)
    level, spread = np.array([0.3, -0.2]), np.array([[1.2, 0.4], [0.4, 0.8]])
    found = ordinal_bias(reference, focal, level, spread)
    rng = np.random.default_rng(0)
    persons = rng.multivariate_normal(level, spread, size=400_000)
    gap = focal.expected(persons @ focal.loadings.T) - reference.expected(
        persons @ reference.loadings.T
    )
    np.testing.assert_allclose(found.mean, gap.mean(axis=0), atol=0.003)
    np.testing.assert_allclose(found.square, (gap**2).mean(axis=0), atol=0.003)
    average = focal.average(level, spread) - gap.mean(axis=0)
    expected = reference.expected(persons @ reference.loadings.T).mean(axis=0)
    np.testing.assert_allclose(average, expected, atol=0.003)
    same = ordinal_bias(focal, focal, level, spread)
    np.testing.assert_allclose(same.square, 0.0, atol=1e-14)


def test_many_fine_categories_have_the_bias_of_linear_items() -> None:
    cuts = np.linspace(-9, 9, 1801)
    one, two = (
        OrdinalMeasurement(
            loadings=np.array([[slope]]), intercepts=np.array([level]), thresholds=cuts[None],
            deviations=np.array([0.5]), steps=np.full((1, len(cuts)), cuts[1] - cuts[0]),
        )
        for slope, level in ((1.0, 0.0), (0.8, 0.25))
    )  # fmt: skip
    level, spread = np.array([0.2]), np.array([[1.1]])
    found = ordinal_bias(one, two, level, spread)
    linear = item_bias(np.array([[-0.2]]), np.array([0.25]), level, spread)
    np.testing.assert_allclose(found.mean, linear.mean, atol=1e-6)
    np.testing.assert_allclose(found.square, linear.square, atol=1e-6)


def test_waves_in_long_and_wide_data_are_one() -> None:
    wide = pd.read_csv(DATA / "ordinal_waves.csv")
    columns = {f"t{j}": [f"t{j}_{w}" for w in (1, 2, 3)] for j in range(1, 5)}
    model = "trust =~ t1 + t2 + t3 + t4"
    one = tm.longitudinal_invariance(model, wide, columns=columns, ordered=True)
    long = pd.concat(
        pd.DataFrame({f"t{j}": wide[f"t{j}_{w}"] for j in range(1, 5)}).assign(
            person=wide["person"], wave=w
        )
        for w in (1, 2, 3)
    )
    two = tm.longitudinal_invariance(
        model, long, wave="wave", respondent="person", ordered=["t1", "t2", "t3", "t4"]
    )
    columns_of = ["chisq", "df", "chisq_diff"]
    np.testing.assert_allclose(one.table[columns_of], two.table[columns_of], rtol=1e-6)
    assert one.latent_means["d"].is_monotonic_increasing
    found = one.partial("metric", criterion="pvalue")
    assert found.released == ("trust=~t4",)
    bare = tm.longitudinal_invariance(
        model, wide, columns=columns, ordered=True, residual_covariances=False, levels="configural"
    )
    assert bare.table["df"].iloc[0] == one.table["df"].iloc[0] + 12


def test_ordered_and_continuous_items_go_together() -> None:
    data = simulated()
    rng = np.random.default_rng(4)
    data["t5"] = data["t5"] + rng.normal(size=len(data))
    found = tm.measurement_invariance(
        ONE, data, group="site", ordered=["t1", "t2", "t3", "t4"], levels=tuple(ORDINAL_LEVELS)
    )
    assert found.table["df"].tolist() == [10, 18, 22, 26, 31, 32, 33]
    effects = found.effect_size(anchors=["t1"]).table
    assert np.isnan(effects.loc[("trust", "t5", "b"), "threshold_difference"])
    assert effects["bias"].notna().all()
    assert found.partial("scalar", release="t5~1").fit.fit["df"] == 25


def test_results_leave_as_frames_and_as_json(same: InvarianceResult) -> None:
    for result in (same, same.partial("scalar"), same.effect_size(anchors=["t1"])):
        assert json.dumps(result.to_dict())
        assert not result.to_frame().empty
        assert repr(result)
    assert isinstance(same.fits["scalar"], OrdinalStructuralModel)


def test_tables_and_figures_show_ordered_items(same: InvarianceResult) -> None:
    from trustmeasure import plots

    text = tm.table(same).to_markdown()
    assert "Thresholds" in text
    assert "Satorra’s (2000)" in text
    assert "Rutkowski" in text
    effects = tm.table(same.effect_size(anchors=["t1"])).to_markdown()
    assert "Δτ" in effects
    assert "but for residual variances" in effects
    with plots.offscreen():
        axes = tm.plot(same)
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert labels[:3] == ["Thresholds: ΔCFI", "Thresholds: ΔRMSEA", "Metric: ΔCFI"]
        axes = tm.plot(same, kind="measurement_parameters", parameter="thresholds")
        assert len(axes.get_yticklabels()) == 20
        note = " ".join(axes.figure.get_supxlabel().split())  # type: ignore[union-attr]
        assert "residual variances 1 in each group" in note
        axes = tm.plot(same, kind="measurement_parameters", parameter="intercepts")
        assert len(axes.get_yticklabels()) == 5
    assert "CFI and RMSEA at each level" in plots.describe(same)
    assert "equality of thresholds holds, metric holds" in plots.describe(same)
    assert "Partial Threshold Invariance" in tm.table(same.partial("thresholds")).to_markdown()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ordered": ["t1", "t9"]}, "ordered= names 't9', which the model does not have"),
        ({"ordered": "t1"}, "must be True or a list"),
        ({"ordered": []}, "ordered= names no item"),
        ({"estimator": "MLR"}, "estimator='MLR' is not offered"),
        ({"missing": "fiml"}, "analysed listwise"),
        ({"cluster": "site"}, "cluster= is not offered for ordered"),
        ({"std_lv": False}, "std_lv=False is not offered"),
        ({"parameterization": "gamma"}, "parameterization='gamma' is not offered"),
        ({"parameterization": "delta", "levels": ("metric", "strict")}, "Level 'strict' holds"),
        ({"levels": ("configural", "weak")}, "levels='weak' is not offered"),
        ({"levels": ("metric", "thresholds")}, "'thresholds' holds nothing equal"),
        ({"group_partial": "t1|t9"}, "group_partial= names 't1.t9'.*Did you mean"),
        ({"group_partial": "t1~~t1", "parameterization": "delta"}, "no parameter of the model"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(tm.OptionError, match=message):
        tm.measurement_invariance(ONE, simulated(60), group="site", **({"ordered": True} | options))


def test_models_that_cannot_be_repeated_are_refused() -> None:
    for model, message in (
        (ONE + "\nt1 ~ t2", "repeated over groups has factors of items"),
        ("trust =~ a*t1 + t2 + t3", "repeated over groups takes no modifiers"),
    ):
        with pytest.raises(tm.OptionError, match=message):
            tm.measurement_invariance(model, simulated(60), group="site", ordered=True)


def test_empty_categories_are_named() -> None:
    data = simulated(200)
    data.loc[(data["site"] == "b") & (data["t2"] == 5), "t2"] = 4
    with pytest.raises(tm.DataError, match=r"t2: 5 in group 'b'.*Merge.*example 5 and 4 of t2"):
        tm.measurement_invariance(ONE, data, group="site", ordered=True)
    merged = data.assign(t2=data["t2"].clip(upper=4))
    found = tm.measurement_invariance(
        ONE, merged, group="site", ordered=True, levels=("configural", "thresholds")
    )
    assert found.table["df_diff"].iloc[1] == 4 * 2 + 1
    wide = pd.read_csv(DATA / "ordinal_waves.csv")
    wide["t1_2"] = wide["t1_2"].clip(lower=2)
    columns = {f"t{j}": [f"t{j}_{w}" for w in (1, 2, 3)] for j in range(1, 5)}
    with pytest.raises(tm.DataError, match=r"t1: 1 in wave '2'.*example 1 and 2 of t1"):
        tm.longitudinal_invariance(
            "trust =~ t1 + t2 + t3 + t4", wide, columns=columns, ordered=True
        )


def test_answers_that_cannot_be_analysed_are_refused() -> None:
    data = simulated(60)
    with pytest.raises(tm.DataError, match="All answers to 't3' are 2"):
        tm.measurement_invariance(ONE, data.assign(t3=2), group="site", ordered=True)
    gone = data.assign(t3=data["t3"].where(data["site"] == "a"))
    with pytest.raises(tm.DataError, match=r"Fewer than 2 persons answered.*'b'"):
        tm.measurement_invariance(ONE, gone, group="site", ordered=True)
    fine = data.assign(t3=np.random.default_rng(0).normal(size=len(data)))
    with pytest.raises(tm.DataError, match="at most 20"):
        tm.measurement_invariance(ONE, fine, group="site", ordered=True)


def test_partial_and_effects_check_what_they_are_asked(same: InvarianceResult) -> None:
    with pytest.raises(tm.OptionError, match="'t1=~t2', which is none of what"):
        same.partial("metric", release="t1 =~ t2")
    with pytest.raises(tm.OptionError, match="level='configural' is not offered"):
        same.partial("configural")
    with pytest.raises(tm.OptionError, match="Effect sizes need intercepts"):
        same.partial("thresholds").effect_size()
    few = tm.measurement_invariance(
        ONE, simulated(cuts=CUTS[[2]]), group="site", ordered=True, levels="scalar"
    )
    with pytest.raises(tm.OptionError, match="One such item cannot"):
        few.effect_size(anchors=["t1"])
    assert len(few.effect_size().anchors) == 2
