"""Convergent validity: estimates as the single functions give them, with limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.errors import OptionError

DATA = Path(__file__).parent.parent / "data"
MODEL = "near =~ a + b + c + d\nfar =~ e + f + g"


def answers(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    traits = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=n)
    loadings = np.array([0.8, 0.7, 0.6, 0.75, 0.7, 0.5, 0.6])
    own = np.array([0, 0, 0, 0, 1, 1, 1])
    noise = rng.normal(size=(n, 7)) * np.sqrt(1 - loadings**2)
    return pd.DataFrame(traits[:, own] * loadings + noise, columns=list("abcdefg"))


@pytest.mark.parametrize("ordered", [None, True])
def test_estimates_are_those_of_the_single_functions(ordered: Any) -> None:
    data = answers(500, seed=2)
    if ordered:
        data = data.apply(lambda x: pd.cut(x, [-9, -1, 0, 1, 9], labels=False)).astype(float)
    fit = tm.cfa(MODEL, data, ordered=ordered)
    found = tm.convergent_validity(fit).table
    expected = tm.composite_reliability(fit, observed=False)
    np.testing.assert_allclose(found["omega"], expected, rtol=1e-6)
    expected = tm.average_variance_extracted(fit, observed=False)
    np.testing.assert_allclose(found["ave"], expected, rtol=1e-6)
    if ordered:
        behind = tm.composite_reliability(fit, observed=False, ordinal_scale=False)
        assert (behind > found["omega"]).all()
    else:
        with pytest.raises(OptionError, match="ordinal_scale"):
            tm.composite_reliability(fit, ordinal_scale=False)
    assert ((found["omega_low"] < found["omega"]) & (found["omega"] < found["omega_high"])).all()


def test_limits_cover_what_was_simulated() -> None:
    loadings = np.array([0.8, 0.7, 0.6, 0.75])
    omega = loadings.sum() ** 2 / (loadings.sum() ** 2 + (1 - loadings**2).sum())
    inside = []
    for seed in range(40):
        line = tm.convergent_validity(tm.cfa(MODEL, answers(200, seed))).table.loc["near"]
        inside.append(
            [line["omega_low"] < omega < line["omega_high"],
             line["ave_low"] < (loadings**2).mean() < line["ave_high"]]
        )  # fmt: skip
    assert (np.mean(inside, axis=0) > 0.85).all()


def test_groups_shared_items_and_json() -> None:
    data = answers(400, seed=4).assign(team=np.tile(["x", "y"], 200))
    grouped = tm.convergent_validity(tm.cfa(MODEL, data, group="team"), conf_level=0.9)
    assert list(grouped.table.index) == [("x", "near"), ("x", "far"), ("y", "near"), ("y", "far")]
    assert grouped.loadings.loc[("y", "far", "e"), "loading"] > 0.4
    assert len(json.loads(json.dumps(grouped.to_dict()))["table"]) == 4
    crossed = tm.convergent_validity(tm.cfa(MODEL + "\nnear =~ e", data)).table
    assert crossed["ave"].isna().all()
    assert crossed["ave_se"].isna().all()
    assert crossed["omega"].notna().all()
    with pytest.raises(OptionError, match="latent"):
        tm.convergent_validity(tm.sem("a ~ b", data))


def test_the_table_judges_and_cites() -> None:
    data = answers(400, seed=4).assign(team=np.tile(["x", "y"], 200))
    made = tm.table(tm.convergent_validity(tm.cfa(MODEL, data)))
    assert "Fornell & Larcker, 1981" in made.note
    strong = [cell.text for line in made.rows for cell in line.cells if cell.strong]
    assert strong
    grouped = tm.table(tm.convergent_validity(tm.cfa(MODEL, data, group="team")))
    assert next(line.group for line in grouped.rows if line.group) == "near, x"


def test_factors_of_ordered_and_incomplete_answers_are_told_apart() -> None:
    data = answers(500, seed=6)
    cut = data.apply(lambda x: pd.cut(x, [-9, -1, 0, 1, 9], labels=False)).astype(float)
    holes = data.mask(np.random.default_rng(1).random(data.shape) < 0.05)
    for fit in (tm.cfa(MODEL, cut, ordered=True), tm.cfa(MODEL, holes, missing="fiml")):
        line = tm.discriminant_validity(fit).table.loc[("near", "far")]
        assert line["ci_low"] < 0.4 < line["ci_high"]
        assert line["differs"]
    beyond = tm.discriminant_validity(tm.cfa(MODEL, holes, missing="fiml"), cutoff=0.2).table
    assert beyond["pvalue"].iloc[0] == 1
    assert not beyond["differs"].iloc[0]


def test_a_test_that_cannot_be_scaled_is_walds_and_says_so() -> None:
    # Seeds found by trial: the scaling factor of the first is negative, of the second not.
    for seed, negative in ((1, True), (2, False)):
        holes = np.random.default_rng(1).random((300, 7)) < 0.05
        fit = tm.cfa(MODEL, answers(300, seed).mask(holes), missing="fiml", estimator="MLR")
        found = tm.discriminant_validity(fit, cutoff=0.95)
        line = found.table.loc[("near", "far")]
        wald = ((0.95 - abs(line["correlation"])) / line["se"]) ** 2
        assert any("Wald" in message for message in found.warnings) is negative
        assert bool(np.isclose(line["chisq_diff"], wald)) is negative
        assert line["differs"]


@pytest.mark.parametrize(
    "line", ["near ~~ far", "near =~ 1*a", "whole =~ near + far", "a == b", "near ~~ 1*near"]
)
def test_what_cannot_be_rescaled_is_refused(line: str) -> None:
    data = answers(300, seed=6).mask(np.random.default_rng(1).random((300, 7)) < 0.05)
    model = "near =~ p*a + q*b + c + d\nfar =~ e + f + g\n" + line.replace("a == b", "p == q")
    if line == "near =~ 1*a":
        model = "near =~ 1*a + b + c + d\nfar =~ e + f + g"
    if line == "whole =~ near + far":
        model += "\nwhole ~~ 1*whole\nnear ~~ 0.3*near\nfar ~~ 0.3*far"
    fit = tm.cfa(model, data, missing="fiml")
    with pytest.raises(OptionError, match=r"items alone|no free covariances"):
        tm.discriminant_validity(fit)
