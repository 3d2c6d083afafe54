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
