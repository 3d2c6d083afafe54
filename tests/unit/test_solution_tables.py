"""Tables and figures of general factors, scores, congruence and replication."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from trustmeasure.exploratory import (
    ExploratoryFactors,
    bifactor_indices,
    congruence,
    efa,
    schmid_leiman,
    split_sample_replication,
)
from trustmeasure.plots import offscreen, plot
from trustmeasure.tables import table

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")[[f"x{i}" for i in range(1, 10)]]


@pytest.fixture(scope="module")
def solution(data: pd.DataFrame) -> ExploratoryFactors:
    return efa(data, n_factors=3)


def test_schmid_leiman(solution: ExploratoryFactors) -> None:
    shown = table(schmid_leiman(solution))
    assert list(shown.frame.columns)[1] == "General"
    assert len(shown.frame) == 10
    assert "general share" in shown.note
    assert "<table" in shown.to_html()


def test_bifactor_indices(solution: ExploratoryFactors) -> None:
    shown = table(bifactor_indices(schmid_leiman(solution)))
    assert list(shown.frame["Factor"]) == ["general", "F1", "F2", "F3"]
    assert "75% of the correlations" in shown.note


def test_congruence(solution: ExploratoryFactors, data: pd.DataFrame) -> None:
    other = efa(data, n_factors=2)
    shown = table(congruence(solution, other))
    assert len(shown.frame) == 3
    assert shown.to_markdown().count("**") >= 4


def test_replication(data: pd.DataFrame) -> None:
    found = split_sample_replication(data, n_factors=3, n_splits=20, rng=1)
    shown = table(found)
    assert "20 random splits" in shown.note
    assert shown.frame["Mdn"].str.startswith(".").all()


def test_determinacy(solution: ExploratoryFactors, data: pd.DataFrame) -> None:
    shown = table(solution.scores(data, method="tenberge"))
    assert list(shown.frame["Factor"]) == ["F1", "F2", "F3"]
    assert "'tenberge'" in shown.note


def test_the_rotation_is_named_in_words(data: pd.DataFrame) -> None:
    shown = table(efa(data, n_factors=3, rotation="geomin_oblique", method="alpha"))
    assert "alpha factoring, geomin oblique rotation" in shown.note


def test_the_figure_of_a_general_factor(solution: ExploratoryFactors) -> None:
    with offscreen():
        ax = plot(schmid_leiman(solution))
        assert [t.get_text() for t in ax.get_xticklabels()] == ["general", "F1", "F2", "F3"]
