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
