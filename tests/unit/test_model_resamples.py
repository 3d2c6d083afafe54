"""Bootstrap of models of incomplete answers, ordered items and clusters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.bootstrapping import BootstrapResult
from trustmeasure.confirmatory.results import StructuralModel
from trustmeasure.errors import ConvergenceWarning
from trustmeasure.kernels.moment_replicates import drawn_rows

DATA = Path(__file__).parent.parent / "data"
TWO = "A =~ A2 + A3 + A4\nC =~ C1 + C2 + C3\nshared := A2 * C2"
ITEMS = ["A2", "A3", "A4", "C1", "C2", "C3"]
MODEL = "A =~ A2 + l*A3 + A4\nC =~ C1 + C2 + m*C3\nproduct := l * m"
LEVELS = "level: 1\nfw =~ y1 + y2 + y3\nlevel: 2\nfb =~ y1 + y2 + y3"


@cache
def answers() -> pd.DataFrame:
    """Four categories each, of a model that holds."""
    rng = np.random.default_rng(3)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=500)
    raw = 0.8 * np.repeat(factors, 3, axis=1) + 0.6 * rng.normal(size=(500, 6))
    frame = pd.DataFrame(np.digitize(raw, [-0.8, 0, 0.9]), columns=ITEMS)
    return frame.assign(team=np.arange(500) // 10, group=np.arange(500) % 2)


def holes() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    return answers().assign(
        **{name: answers()[name].where(rng.random(500) > 0.1) for name in ITEMS}
    )


def near_to(found: BootstrapResult, fitted: StructuralModel, rel: float) -> None:
    """See that standard deviations of replicates are those that theory gives, on average."""
    both = pd.DataFrame({"own": found.estimates["se"], "theirs": fitted.estimates["se"]})
    both = both[(both["own"] > 1e-9) & (both["theirs"] > 1e-9)]
    assert len(both) >= 6
    assert float((both["own"] / both["theirs"]).median()) == pytest.approx(1.0, rel=rel)
    np.testing.assert_allclose(found.estimates["est"], fitted.estimates["est"], atol=1e-6)
    np.testing.assert_allclose(found.estimates["std"], fitted.estimates["std"], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"parameterization": "theta"}, {"group": "group"}])
def test_ordered_items(options: dict[str, Any]) -> None:
    model = MODEL if not options.get("group") else TWO.split("shared")[0]
    fitted = tm.cfa(model, answers(), ordered=ITEMS, **options)
    found = tm.bootstrap(fitted, n_boot=80, rng=1)
    near_to(found, fitted, 0.15)
    assert found.n_failed == 0
    assert not found.settings["clusters"]


def test_definitions_and_statistics_of_ordered_items() -> None:
    fitted = tm.cfa(MODEL, answers(), ordered=ITEMS)
    found = tm.bootstrap(
        fitted, n_boot=60, rng=1, ci="bca.simple", statistic=lambda drawn: drawn["l"] * drawn["m"]
    )
    assert found.statistic is not None
    product = found.estimates.query("lhs == 'product'").iloc[0]
    for name in ("est", "se", "ci_low", "ci_high"):
        assert product[name] == pytest.approx(found.statistic[name].iloc[0])
    assert product["ci_low"] < product["est"] < product["ci_high"]
    with pytest.raises(tm.OptionError, match=r"bca\.simple"):
        tm.bootstrap(fitted, n_boot=20, ci="bca")


def test_replicates_of_ordered_items_equal_refits() -> None:
    fitted = tm.cfa(MODEL, answers(), ordered=ITEMS)
    found = tm.bootstrap(fitted, n_boot=10, rng=5)
    rows = np.random.default_rng(5).integers(0, 500, size=(10, 500))
    again = tm.cfa(MODEL, answers().iloc[rows[3]], ordered=ITEMS).estimates
    own = float(again.query("lhs == 'C' and rhs == 'C2'")["est"].iloc[0])
    assert found.replicates["C =~ C2"].iloc[3] == pytest.approx(own, abs=1e-5)


def test_an_empty_category_is_a_replicate_without_a_solution() -> None:
    rare = answers().assign(A2=answers()["A2"].replace(3, 2))
    rare.loc[rare.index[:2], "A2"] = 3
    fitted = tm.cfa(MODEL, rare, ordered=ITEMS)
    with pytest.warns(ConvergenceWarning, match="no solution"):
        found = tm.bootstrap(fitted, n_boot=100, rng=1)
    # Both persons are missed by a share e⁻² of resamples.
    assert 4 < found.n_failed < 26
    assert found.replicates.isna().all(axis=1).sum() == found.n_failed


def test_ordered_items_with_missing_answers_and_continuous_ones() -> None:
    pairwise = tm.cfa(MODEL, holes(), ordered=ITEMS, missing="pairwise")
    near_to(tm.bootstrap(pairwise, n_boot=60, rng=1), pairwise, 0.2)
    mixed = tm.cfa(MODEL, answers(), ordered=ITEMS[:4])
    near_to(tm.bootstrap(mixed, n_boot=30, rng=1), mixed, 0.25)


def test_ordered_items_given_covariates() -> None:
    data = answers().assign(age=np.random.default_rng(5).normal(size=500))
    data["age"] += data["A2"] / 2
    fitted = tm.sem(f"{MODEL}\nA ~ age\nC ~ A + age", data, ordered=ITEMS)
    near_to(tm.bootstrap(fitted, n_boot=40, rng=1), fitted, 0.25)


def test_incomplete_answers() -> None:
    fitted = tm.cfa(MODEL, holes(), missing="fiml", estimator="MLR")
    found = tm.bootstrap(fitted, n_boot=50, rng=1)
    near_to(found, fitted, 0.2)
    corrected = tm.bootstrap(fitted, n_boot=50, rng=1, ci="bca")
    assert corrected.settings["ci"] == "bca"
    pd.testing.assert_series_equal(corrected.estimates["se"], found.estimates["se"])
    with pytest.raises(tm.OptionError, match="turns complete answers"):
        tm.bootstrap(fitted, n_boot=20, bollen_stine=True)


def test_incomplete_answers_in_teams() -> None:
    fitted = tm.cfa(MODEL, holes(), missing="fiml", estimator="MLR", cluster="team")
    found = tm.bootstrap(fitted, n_boot=30, rng=1)
    assert found.settings["clusters"]
    assert "Whole clusters were resampled" in " ".join(found.warnings)


def test_rows_of_clusters_are_drawn_together() -> None:
    clusters = np.array([7, 7, 3, 3, 3, 9])
    for rows in drawn_rows(6, 20, np.random.default_rng(1), clusters):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[1]
        assert counts[2] == counts[3] == counts[4]
        assert counts[0] + counts[2] + counts[5] == 3


@pytest.mark.filterwarnings("ignore:.*improper:trustmeasure.errors.ConvergenceWarning")
def test_two_levels_draw_clusters() -> None:
    data = pd.read_csv(DATA / "schools.csv")
    fitted = tm.cfa(LEVELS, data, cluster="school", estimator="MLR")
    found = tm.bootstrap(fitted, n_boot=60, rng=1)
    near_to(found, fitted, 0.2)
    assert set(found.estimates["level"]) == {1, 2}
    assert found.settings["clusters"]
    corrected = tm.bootstrap(fitted, n_boot=60, rng=1, ci="bca").estimates
    assert (corrected["ci_low"].dropna() < corrected["ci_high"].dropna()).all()
    given = tm.sem(f"{LEVELS}\nfb ~ support", data, cluster="school")
    near_to(tm.bootstrap(given, n_boot=40, rng=1), given, 0.3)
    split = "level: 1\ny1 ~ hours\nlevel: 2\ny1 ~ hours"
    with pytest.raises(tm.OptionError, match="'hours' is taken as given on both levels"):
        tm.bootstrap(tm.sem(split, data, cluster="school"), n_boot=20)


def test_simulation_is_for_one_level() -> None:
    levels = tm.cfa(LEVELS, pd.read_csv(DATA / "schools.csv"), cluster="school")
    with pytest.raises(tm.OptionError, match="models of one level"):
        tm.fit_cutoffs(levels, n_rep=50)
    with pytest.raises(tm.OptionError, match="fitted by cfa, sem or growth"):
        tm.bootstrap(levels.estimates)  # type: ignore[arg-type]
    held = LEVELS.replace("fb =~ y1 + y2", "fb =~ y1 + 1*y2")
    tested = tm.cfa(held, pd.read_csv(DATA / "schools.csv"), cluster="school")
    with pytest.raises(tm.OptionError, match="models of one level"):
        tm.power(tested, 200, n_rep=50)


def test_cutoffs_of_ordered_items() -> None:
    fitted = tm.cfa(MODEL, answers(), ordered=ITEMS)
    found = tm.fit_cutoffs(fitted, n_rep=80, rng=1)
    assert list(found.cutoffs.columns) == ["srmr", "rmsea_scaled", "cfi_scaled"]
    right = found.replicates.query("level == 'correct'")
    wrong = found.replicates.query("level != 'correct'")
    assert len(right) + len(wrong) + found.n_failed == 160
    # Samples of the model itself fit as the data do, which follow it; those of another do not.
    assert right["rmsea_scaled"].mean() < 0.03
    assert wrong["srmr"].mean() > right["srmr"].mean()
    assert found.observed["cfi_scaled"] == fitted.fit["cfi_scaled"]
    assert "RMSEA and CFI are scaled" in str(tm.table(found))
    strong = {"strong": [("A2", "~~", "A3", 0.6), ("C1", "~~", "A4", 0.5)]}
    bad = tm.fit_cutoffs(fitted, n_rep=60, rng=1, misspecification=strong)
    assert bad.certainty.loc["strong"].eq(0.95).all()
    plain = tm.cfa(MODEL, answers(), ordered=ITEMS, estimator="DWLS")
    assert "rmsea" in tm.fit_cutoffs(plain, n_rep=50, rng=1).cutoffs


def test_power_of_ordered_items() -> None:
    model = "A =~ A2 + A3 + A4 + w*C1"
    fitted = tm.cfa(model, answers(), ordered=[*ITEMS[:4]])
    found = tm.power(fitted, [150, 400], n_rep=60, rng=1)
    assert found.parameters is not None
    small, large = (found.parameters.loc[n] for n in (150, 400))
    np.testing.assert_allclose(small["population"], fitted.solution.parameters)  # type: ignore[attr-defined]
    assert (large["n_converged"] == 60).all()
    assert large.loc["A =~ A3", "power"] == 1.0
    assert large["sd"].median() == pytest.approx(
        small["sd"].median() * (150 / 400) ** 0.5, rel=0.25
    )
    assert large["se"].median() == pytest.approx(large["sd"].median(), rel=0.2)
    assert large["coverage"].mean() == pytest.approx(0.95, abs=0.04)
    rare = answers().assign(A2=answers()["A2"].replace(3, 2))
    rare.loc[rare.index[:1], "A2"] = 3
    with pytest.raises(tm.DataError, match="have a solution"):
        tm.power(tm.cfa(model, rare, ordered=ITEMS[:4]), 60, n_rep=50, rng=1)


def test_cutoffs_of_ordered_items_are_refused_where_they_cannot_be() -> None:
    with pytest.raises(tm.OptionError, match="one group"):
        tm.fit_cutoffs(
            tm.cfa(TWO.split("shared")[0], answers(), ordered=ITEMS, group="group"), n_rep=50
        )
    with pytest.raises(tm.DataError, match="complete answers"):
        tm.fit_cutoffs(tm.cfa(MODEL, holes(), ordered=ITEMS, missing="pairwise"), n_rep=50)
    data = answers().assign(age=np.arange(500) % 17)
    with pytest.raises(tm.OptionError, match="covariates"):
        tm.fit_cutoffs(tm.sem(f"{MODEL}\nA ~ age", data, ordered=ITEMS), n_rep=50)
    rare = answers().assign(A2=answers()["A2"].replace(3, 2))
    rare.loc[rare.index[:1], "A2"] = 3
    few = tm.cfa(MODEL, rare, ordered=ITEMS)
    with pytest.raises(tm.DataError, match="too rare"):
        tm.fit_cutoffs(few, n_rep=50, rng=1)
