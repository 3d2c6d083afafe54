"""Invariance over waves: long and wide data, the model that is written, refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory import cfa
from trustmeasure.invariance.wide import name_waves, waves_in_order

ONE = "trust =~ t1 + t2 + t3 + t4"
ITEMS = ["t1", "t2", "t3", "t4"]


def panel(n: int = 400, waves: int = 2, *, shift: float = 0.0, seed: int = 4) -> pd.DataFrame:
    """One row a person and wave; the last wave's t2 is shifted."""
    rng = np.random.default_rng(seed)
    trust, own = rng.normal(size=n), 0.4 * rng.normal(size=(n, 4))
    parts = []
    for wave in range(1, waves + 1):
        answers = 3 + 0.8 * trust[:, None] + own + 0.6 * rng.normal(size=(n, 4))
        part = pd.DataFrame(answers, columns=ITEMS).assign(person=np.arange(n), wave=wave)
        part["t2"] += shift * (wave == waves)
        parts.append(part)
        trust = 0.2 + 0.7 * trust + 0.7 * rng.normal(size=n)
    return pd.concat(parts, ignore_index=True)


def wide_of(data: pd.DataFrame) -> pd.DataFrame:
    wide = data.pivot_table(index="person", columns="wave", values=ITEMS)
    wide.columns = [f"{item}_{wave}" for item, wave in wide.columns]
    return wide.reset_index(drop=True)


def test_long_and_wide_data_give_the_same() -> None:
    data = panel()
    long = tm.longitudinal_invariance(ONE, data, wave="wave", respondent="person")
    columns = {item: (f"{item}_1", f"{item}_2") for item in ITEMS}
    wide = tm.longitudinal_invariance(ONE, wide_of(data), columns=columns)
    pd.testing.assert_frame_equal(long.table, wide.table)
    assert long.n == 400
    assert long.latent_means.index.names == ["factor", "wave"]


def test_the_order_of_rows_does_not_matter() -> None:
    data = panel()
    one = tm.longitudinal_invariance(ONE, data, wave="wave", respondent="person")
    shuffled = data.sample(frac=1, random_state=1)
    other = tm.longitudinal_invariance(ONE, shuffled, wave="wave", respondent="person")
    pd.testing.assert_frame_equal(one.table, other.table, rtol=1e-6)


def test_the_syntax_of_a_level_is_the_model_that_was_fitted() -> None:
    data = wide_of(panel())
    columns = {item: (f"{item}_1", f"{item}_2") for item in ITEMS}
    found = tm.longitudinal_invariance(ONE, data, columns=columns).fits["strict"]
    again = cfa(found.model, data, std_lv=True, meanstructure=True)
    pd.testing.assert_series_equal(found.fit, again.fit)
    assert "t1_1 ~~ t1_2" in found.model
    assert "trust.2 ~ NA*1" in found.model


def test_residuals_need_not_covary_over_waves() -> None:
    found = tm.longitudinal_invariance(
        ONE, panel(), wave="wave", respondent="person", residual_covariances=False
    )
    assert found.table["df"].tolist() == [19, 22, 25, 29]
    assert "~~ t1" not in found.fits["configural"].model


def test_three_waves_and_covariances_within_a_wave() -> None:
    found = tm.longitudinal_invariance(
        f"{ONE}\nt1 ~~ t2", panel(waves=3), wave="wave", respondent="person"
    )
    # 12 items: 90 moments less 12 loadings, 12 intercepts, 12 residuals, 3 covariances of
    # factors, 12 over waves and 3 within.
    assert found.table["df"].tolist() == [36, 42, 48, 56]
    assert len(found.latent_means) == 2


def test_an_item_that_changes_is_found() -> None:
    data = panel(800, shift=0.5)
    ladder = tm.longitudinal_invariance(ONE, data, wave="wave", respondent="person")
    assert ladder.table.loc["scalar", "holds"] is False
    found = ladder.partial("scalar")
    assert found.released == ("t2~1",)
    assert found.holds
    assert found.resume().table.loc["scalar", "holds"] is True
    row = found.effect_size().table.loc[("trust", "t2", 2)]
    assert row["bias"] == pytest.approx(0.5, abs=0.1)
    # The mean fell to 0.2 + 0.7 · 0 = 0.2 above the first; the biased item does not pull it.
    assert found.latent_means["difference"].iloc[0] == pytest.approx(0.2, abs=0.12)


def test_missing_waves_are_kept_by_fiml() -> None:
    data = panel().drop(index=range(400, 450))
    listwise = tm.longitudinal_invariance(ONE, data, wave="wave", respondent="person")
    assert listwise.n == 350
    assert any("350 of 400 respondents" in message for message in listwise.warnings)
    everyone = tm.longitudinal_invariance(
        ONE, data, wave="wave", respondent="person", missing="fiml"
    )
    assert everyone.n == 400
    assert everyone.latent_means["n"].tolist() == [350]


def test_scores_know_their_waves() -> None:
    answers = tm.simulate_responses("trust-pulse", n=260, waves=2, rng=1)
    scores = tm.score(answers)
    items = list(scores.keyed.columns)
    found = tm.longitudinal_invariance(
        f"trust =~ {' + '.join(items)}", scores, levels=("configural", "metric"),
        min_group_size=10, wave="wave", respondent="respondent",
    )  # fmt: skip
    assert found.n > 200


def test_waves_are_ordered_by_their_type() -> None:
    assert waves_in_order(pd.Series([10, 2, 2])) == [2, 10]
    assert waves_in_order(pd.Series(["pre", "post"])) == ["pre", "post"]
    kind = pd.CategoricalDtype(["pre", "post", "later"], ordered=True)
    assert waves_in_order(pd.Series(["post", "pre"], dtype=kind)) == ["pre", "post"]
    assert name_waves(["week 1", "week 2"]) == ("week_1", "week_2")
    assert name_waves(["+", "-"]) == ("w1", "w2")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("trust =~ 1*t1 + t2 + t3", "takes no modifiers"),
        ("trust =~ t1 + t2 + t3\nt4 ~ trust", "nothing else"),
        ("trust =~ t1 + t2 + t3\nt1 == 2", "no constraints"),
        ("a =~ t1 + t2\nb =~ t3 + t4\ng =~ a + b", "nothing else"),
    ],
)
def test_models_that_cannot_be_repeated_are_refused(model: str, message: str) -> None:
    with pytest.raises(tm.OptionError, match=message):
        tm.longitudinal_invariance(model, panel(50), wave="wave", respondent="person")


def test_data_that_are_no_waves_are_refused() -> None:
    data = panel(50)
    with pytest.raises(tm.DataError, match="more than one row in wave '1'"):
        tm.longitudinal_invariance(
            ONE, pd.concat([data, data[:1]]), wave="wave", respondent="person"
        )
    with pytest.raises(tm.DataError, match="at least 2 waves"):
        tm.longitudinal_invariance(ONE, data[:50], wave="wave", respondent="person")
    with pytest.raises(tm.DataError, match=r"'persons'.*Did you mean 'person'"):
        tm.longitudinal_invariance(ONE, data, wave="wave", respondent="persons")
    with pytest.raises(tm.OptionError, match="Name the column of the respondent"):
        tm.longitudinal_invariance(ONE, data)
    with pytest.raises(tm.OptionError, match="same number of columns"):
        tm.longitudinal_invariance("f =~ a + b + c", data, columns={"a": "xy", "b": "x", "c": "xy"})
    with pytest.raises(tm.OptionError, match="partial='trust=~t9' is not offered"):
        tm.longitudinal_invariance(ONE, data, wave="wave", respondent="person", partial="trust=~t9")


def test_results_leave_as_json() -> None:
    found = tm.longitudinal_invariance(ONE, panel(), wave="wave", respondent="person")
    assert json.dumps(found.to_dict())
    assert "wave" in repr(found.latent_means)
