"""Ordered items with missing answers, with covariates, and where answers hardly suffice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.errors import DataError, OptionError

ITEMS = ["i1", "i2", "i3", "i4"]
ONE = "f =~ i1 + i2 + i3 + i4"


def simulated(n: int, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    factor = rng.normal(size=n) + 0.5 * x
    behind = factor[:, None] * [0.9, 0.7, 0.6, 0.8] + rng.normal(size=(n, 4))
    frame = pd.DataFrame(np.digitize(behind, [-1.0, 0.3, 1.4]).astype(float), columns=ITEMS)
    return frame.assign(x=x, group=np.where(np.arange(n) % 3 == 0, "a", "b"))


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return simulated(400)


# --- missing answers ------------------------------------------------------------------------


def test_complete_answers_are_the_same_by_pairs_and_listwise(answers: pd.DataFrame) -> None:
    plain = tm.cfa(ONE, answers, ordered=True)
    pairs = tm.cfa(ONE, answers, ordered=True, missing="pairwise")
    pd.testing.assert_frame_equal(plain.estimates, pairs.estimates)
    assert not any("missing" in note for note in pairs.warnings)


def test_pairs_use_all_answers_and_count_what_is_missing(answers: pd.DataFrame) -> None:
    data = answers.copy()
    data.loc[:59, "i1"] = np.nan
    data.loc[40:69, "i4"] = np.nan
    data.loc[100:102, ITEMS] = np.nan
    fitted = tm.cfa(ONE, data, ordered=True, missing="pairwise")
    assert (fitted.n, fitted.n_dropped) == (397, 3)
    notes = " ".join(fitted.warnings)
    assert "3 of 400 persons answered nothing" in notes
    assert "90 answers of 397 persons are missing (i1 60, i4 30)" in notes
    assert fitted.settings["missing"] == "pairwise"
    # Thresholds come from all who answered the item.
    only = tm.cfa(ONE, data.dropna(subset=["i2"]), ordered=True, missing="pairwise")
    cuts = fitted.estimates.query("op == '|' and lhs == 'i2'")["est"]
    assert only.estimates.query("op == '|' and lhs == 'i2'")["est"].tolist() == pytest.approx(
        cuts.tolist()
    )


def test_pairs_that_nobody_answered_are_named(answers: pd.DataFrame) -> None:
    data = answers.copy()
    data.loc[:200, "i1"] = np.nan
    data.loc[201:, "i2"] = np.nan
    with pytest.raises(DataError, match=r"0 person.* answered both 'i1' and 'i2'"):
        tm.cfa(ONE, data, ordered=True, missing="pairwise")
    with pytest.raises(OptionError, match="is for ordered items"):
        tm.cfa(ONE, data, missing="pairwise")
    with pytest.raises(OptionError, match="missing='available'"):
        tm.cfa(ONE, data, ordered=True, missing="available")


# --- covariates -----------------------------------------------------------------------------


def test_both_parameterizations_are_one_model_where_an_ordered_item_mediates(
    answers: pd.DataFrame,
) -> None:
    """What the residual variance of a mediator follows from is part of the search."""
    model = "f =~ i1 + i2\ni3 ~ f + x\ni4 ~ i3 + f"
    delta, theta = (
        tm.sem(model, answers, ordered=True, parameterization=kind) for kind in ("delta", "theta")
    )
    assert delta.fit["chisq"] == pytest.approx(theta.fit["chisq"], rel=1e-8)
    free = (delta.estimates["op"] == "~").to_numpy()
    for name in ("std", "se_std"):
        assert delta.estimates.loc[free, name].to_numpy() == pytest.approx(
            theta.estimates.loc[free, name].to_numpy(), abs=1e-6
        )


def test_units_of_covariates_do_not_matter(answers: pd.DataFrame) -> None:
    model = f"{ONE}\nf ~ x"
    plain = tm.sem(model, answers, ordered=True)
    moved = tm.sem(model, answers.assign(x=answers["x"] * 0.01 + 2020), ordered=True)
    assert moved.fit["chisq_scaled"] == pytest.approx(plain.fit["chisq_scaled"], rel=1e-5)
    slopes = [
        fit.estimates.query("op == '~'").iloc[0][["est", "std"]].astype(float)
        for fit in (plain, moved)
    ]
    assert slopes[1]["est"] == pytest.approx(slopes[0]["est"] * 100, rel=1e-5)
    assert slopes[1]["std"] == pytest.approx(slopes[0]["std"], rel=1e-5)


def test_covariates_may_be_modelled_instead(answers: pd.DataFrame) -> None:
    model = f"{ONE}\nf ~ x"
    given = tm.sem(model, answers, ordered=True)
    modelled = tm.sem(model, answers, ordered=True, fixed_x=False)
    assert modelled.fit["npar"] == given.fit["npar"] + 2
    assert given.settings["fixed_x"] is True
    assert "x" in modelled.solution.specification.base.blocks[0].observed  # type: ignore[attr-defined]
    slope = [float(fit.estimates.query("op == '~'")["std"].iloc[0]) for fit in (given, modelled)]
    assert slope[0] == pytest.approx(slope[1], abs=0.02)


def test_an_item_may_be_all_that_a_covariate_explains(answers: pd.DataFrame) -> None:
    found = tm.sem("i1 ~ x", answers, ordered=["i1"])
    assert found.fit["df"] == 0
    assert found.estimates.query("op == '~'")["est"].iloc[0] > 0.15


def test_ordered_predictors_are_taken_as_numbers(answers: pd.DataFrame) -> None:
    found = tm.sem("i1 ~ i2", answers, ordered=["i1", "i2"])
    assert found.settings["ordered"] == ["i1"]
    assert any("'i2' are predictors only" in note for note in found.warnings)


def test_slopes_of_moments_are_derivatives(answers: pd.DataFrame) -> None:
    from trustmeasure.kernels.ordinal_structure import ordinal_implied, ordinal_slopes

    for kind in ("delta", "theta"):
        fit = tm.sem(
            "f =~ i1 + i2 + i3\nf ~ x\ni4 ~ i3 + x", answers, ordered=True, parameterization=kind
        )
        own = fit.solution  # type: ignore[attr-defined]
        layout, point = own.model.layouts[0], own.parameters
        moves = 1e-6 * np.eye(len(point))
        found = [ordinal_implied(layout, point + sign * moves).moments for sign in (1, -1)]
        expected = (found[0] - found[1]).T / 2e-6
        assert ordinal_slopes(layout, ordinal_implied(layout, point)) == pytest.approx(
            expected, abs=1e-7
        )


@pytest.mark.parametrize(
    ("columns", "model", "words"),
    [
        ({"z": 2.0}, "f ~ x + z", "'x', 'z' are linearly dependent"),
        ({}, "f ~ x\ni1 ~ z", "determine the answers to 'i1'"),
    ],
)
def test_covariates_that_have_no_slopes_are_refused(
    answers: pd.DataFrame, columns: dict[str, float], model: str, words: str
) -> None:
    other = answers["x"] * 2.0 if columns else answers["i1"] + 0.001 * answers["x"]
    with pytest.raises(DataError, match=words):
        tm.sem(f"{ONE}\n{model}", answers.assign(z=other), ordered=True)


# --- answers that hardly suffice ------------------------------------------------------------


def test_gaps_between_answers_are_said(answers: pd.DataFrame) -> None:
    data = answers.assign(i1=answers["i1"].replace({2.0: 1.0}))
    found = tm.cfa(ONE, data, ordered=True)
    assert any("Nobody gave 'i1' the answer 2" in note for note in found.warnings)


def test_a_filled_cell_is_said(answers: pd.DataFrame) -> None:
    data = (answers[ITEMS] > 1).astype(float)
    data.loc[(data["i1"] == 1) & (data["i2"] == 0), "i1"] = 0.0
    found = tm.sem("i1 ~~ i2\ni3 ~~ i1 + i2", data, ordered=True)
    assert any("'i1 with i2' has an empty cell" in note for note in found.warnings)


def test_variables_that_determine_each_other_are_named(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="'i1 with i2'"):
        tm.cfa(ONE, answers.assign(i2=3 - answers["i1"]), ordered=True)
    model = f"{ONE} + c + d"
    with pytest.raises(DataError, match="'c with d'"):
        tm.cfa(model, answers.assign(c=answers["x"], d=-answers["x"]), ordered=ITEMS)
    with pytest.raises(DataError, match="'i1 with c'"):
        tm.cfa(f"{ONE} + c", answers.assign(c=answers["i1"]), ordered=ITEMS)


def test_constant_items_name_their_group(answers: pd.DataFrame) -> None:
    data = answers.assign(i1=answers["i1"].mask(answers["group"] == "a", 1.0))
    with pytest.raises(DataError, match=r"Group 'a'.*'i1' are constant"):
        tm.cfa(ONE, data, ordered=True, group="group")


def test_too_many_parameters_are_refused(answers: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="1 more than there"):
        tm.cfa("f =~ i1 + i2", answers, ordered=True)


def test_few_persons_are_said() -> None:
    found = tm.sem(
        "i1 ~~ i2 + i3 + i4\ni2 ~~ i3 + i4\ni3 ~~ i4", simulated(16, seed=2), ordered=True
    )
    notes = " ".join(found.warnings)
    assert "16 persons for 6 free parameters" in notes
    assert "16 persons for 18 thresholds" in notes
