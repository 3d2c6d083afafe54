"""Differences between nested models whose statistics are adjusted, ordered items among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.errors import DataError, OptionError
from trustmeasure.kernels.difference_tests import carried_over, difference_traces

ITEMS = ["i1", "i2", "i3", "i4"]
ONE = "f =~ i1 + i2 + i3 + i4"


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    group = np.repeat(["a", "b"], [300, 200])
    factor = rng.normal(size=500) + (group == "b") * 0.4
    behind = factor[:, None] * [0.9, 0.7, 0.6, 0.8] + rng.normal(size=(500, 4))
    frame = pd.DataFrame(np.digitize(behind, [-1.0, 0.0, 1.2]), columns=ITEMS)
    return frame.assign(group=group)


def test_all_weights_right_leave_a_plain_difference() -> None:
    """Where Γ is the inverse of V, tr(UΓ) and tr((UΓ)²) count the restrictions."""
    rng = np.random.default_rng(3)
    general = rng.normal(size=(12, 6))
    restricted = general @ rng.normal(size=(6, 4))
    information = general.T @ general
    found = difference_traces(information, information, carried_over(general, restricted))
    assert found.rank == 2
    assert found.first == pytest.approx(2.0)
    assert found.second == pytest.approx(2.0)


def test_orders_of_variables_do_not_matter(answers: pd.DataFrame) -> None:
    free = tm.cfa(ONE, answers, ordered=True, std_lv=True)
    equal = tm.cfa("f =~ a*i1 + a*i2 + i3 + i4", answers, ordered=True, std_lv=True)
    turned = tm.cfa("f =~ i4 + a*i2 + i3 + a*i1", answers, ordered=True, std_lv=True)
    plain = tm.compare_models({"free": free, "equal": equal}).table.loc["equal"]
    other = tm.compare_models({"free": free, "equal": turned}).table.loc["equal"]
    assert plain["against"] == other["against"] == "free"
    assert other["chisq_diff"] == pytest.approx(plain["chisq_diff"], rel=1e-6)


def test_parameterizations_that_differ_in_name_only_are_nested_in_each_other(
    answers: pd.DataFrame,
) -> None:
    delta, theta = (
        tm.cfa(ONE, answers, ordered=True, parameterization=kind) for kind in ("delta", "theta")
    )
    found = tm.compare_models({"delta": delta, "theta": theta})
    assert found.nested.to_numpy().all()
    assert found.table["chisq_diff"].isna().all()
    apart = tm.cfa("f =~ i1 + i2 + i3 + 0*i4", answers, ordered=True)
    assert tm.compare_models({"one": delta, "apart": apart}).table.loc["apart", "df_diff"] == 1


def test_indices_are_of_one_kind_in_all_rows(answers: pd.DataFrame) -> None:
    """Models that restrict thresholds have no robust indices, so none are compared."""
    models = {
        name: tm.cfa(ONE, answers, ordered=True, group="group", group_equal=equal)
        for name, equal in (("configural", ()), ("thresholds", ("thresholds", "loadings")))
    }
    assert "cfi_robust" in models["configural"].fit
    assert "cfi_robust" not in models["thresholds"].fit
    found = tm.compare_models(models)
    assert found.settings["indices"] == "scaled"
    assert found.table.loc["configural", "cfi"] == models["configural"].fit["cfi_scaled"]
    shown = tm.table(found).to_markdown()
    assert "Satorra, 2000" in shown
    assert "scaled" in shown
    adjusted = tm.compare_models(models, scaled_shifted=False)
    df = adjusted.table.loc["thresholds", "df_diff"]
    assert 1 < df < found.table.loc["thresholds", "df_diff"]
    assert f"({df:.2f})" in tm.table(adjusted).to_markdown()


def test_what_cannot_be_compared_says_why(answers: pd.DataFrame) -> None:
    fits = {name: tm.cfa(ONE, answers, ordered=True, estimator=name) for name in ("ULS", "WLSM")}
    with pytest.raises(OptionError, match="'ULSMV' instead"):
        tm.compare_models({"a": fits["ULS"], "b": fits["ULS"]})
    with pytest.raises(OptionError, match="not offered for ordered items"):
        tm.compare_models({"a": fits["WLSM"], "b": fits["WLSM"]}, method="satorra.bentler.2010")
    some = tm.cfa(ONE, answers, ordered=ITEMS[:3], estimator="WLSM")
    with pytest.raises(DataError, match="same items ordered"):
        tm.compare_models({"a": fits["WLSM"], "b": some})
    with pytest.raises(OptionError, match="scaled_shifted='no'"):
        tm.compare_models({"a": some, "b": some}, scaled_shifted="no")  # type: ignore[arg-type]


def test_models_with_covariates_are_compared(answers: pd.DataFrame) -> None:
    rng = np.random.default_rng(4)
    data = answers.assign(x=rng.normal(size=500) + 0.2 * answers["i1"], z=rng.normal(size=500))
    models = {
        "free": tm.sem(f"{ONE}\nf ~ x + z\ni2 ~ x", data, ordered=ITEMS),
        "through": tm.sem("f =~ i3 + i2 + i4 + i1\nf ~ z + x", data, ordered=ITEMS),
    }
    found = tm.compare_models(models).table.loc["through"]
    assert (found["against"], found["df_diff"]) == ("free", 1.0)
    wald = models["free"].estimates.query("op == '~' and lhs == 'i2'")["z"].iloc[0] ** 2
    assert found["chisq_diff"] == pytest.approx(wald, rel=0.15)
    random = tm.sem(f"{ONE}\nf ~ x + z", data, ordered=ITEMS, fixed_x=False)
    with pytest.raises(DataError, match="different covariances"):
        tm.compare_models({"given": models["free"], "random": random})
