"""Tables of models, theories, correlations and factors of method; every result has one."""

from __future__ import annotations

import importlib
import pkgutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from tests.unit.test_validity_method_factors import MARKER, MODEL, answers
from trustmeasure.errors import OptionError
from trustmeasure.results import Result
from trustmeasure.tables import Table
from trustmeasure.tables.dispatch import _BUILDERS

DATA = Path(__file__).parent.parent / "data"
THREE = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"


@pytest.fixture(scope="module")
def hs() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def fit(hs: pd.DataFrame) -> Any:
    return tm.cfa(THREE, hs)


@pytest.fixture(scope="module")
def linked() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(150, 4)), columns=["trust", "voice", "norms", "adoption"])
    frame["voice"] += 0.6 * frame["trust"]
    frame["adoption"] += 0.5 * frame["voice"] + 0.4 * frame["trust"] * frame["norms"]
    return frame


@pytest.fixture(scope="module")
def theory_scores() -> pd.DataFrame:
    names = tm.theory_of_change("composite", outcomes=["adoption"]).constructs["variable"]
    rng = np.random.default_rng(1)
    shared = rng.normal(size=(120, 1))
    return pd.DataFrame(rng.normal(size=(120, len(names))) + shared, columns=names)


def kinds() -> Iterator[type]:
    """Every class of results in the package."""
    for module in pkgutil.walk_packages(tm.__path__, "trustmeasure."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    waiting = list(Result.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("trustmeasure."):
            yield kind


def test_every_result_has_a_table() -> None:
    without = [k.__name__ for k in kinds() if not any(issubclass(k, known) for known in _BUILDERS)]
    assert without == []


def cells(made: Table, first: str) -> list[str]:
    frame = made.frame
    return list(frame[frame.iloc[:, 0] == first].iloc[0])


def test_models_show_loadings_covariances_and_fit(fit: Any) -> None:
    made = tm.table(fit)
    assert cells(made, "visual → x2")[1:] == ["0.55", "0.10", "[0.36, 0.75]", "< .001", ".42"]
    assert cells(made, "visual → x1")[2:5] == ["fixed", "", ""]
    assert "χ²(24, n = 301) = 85.31, p < .001, CFI = .931" in made.note
    assert "RMSEA = .092 [.071, .114]" in made.note
    assert not any(made.frame["Parameter"].str.contains("x1 ↔ x1"))


def test_models_of_groups_and_levels_head_each_block(hs: pd.DataFrame) -> None:
    grouped = tm.table(tm.cfa(THREE, hs, group="school", estimator="MLR"))
    heads = [line.group for line in grouped.rows if line.group]
    assert heads[0] == "Loadings (group Pasteur)"
    assert heads[-1] == "Covariances (group Grant-White)"
    assert "Indices are robust" in grouped.note
    schools = pd.read_csv(DATA / "schools.csv")
    text = "level: 1\nf =~ y1 + y2 + y3\nlevel: 2\ng =~ y1 + y2 + y3"
    two = tm.table(tm.cfa(text, schools, cluster="school"))
    assert [line.group for line in two.rows if line.group] == [
        "Loadings (level 1)", "Loadings (level 2)",
    ]  # fmt: skip


def test_resampled_estimates_and_what_was_defined_are_shown(hs: pd.DataFrame) -> None:
    fitted = tm.sem("x9 ~ a*x7\nx8 ~ b*x9\nboth := a*b", hs)
    made = tm.table(tm.bootstrap(fitted, n_boot=60, rng=1))
    assert "60 bootstrap replicates" in made.note
    assert cells(made, "both = a*b")[1] == cells(tm.table(fitted), "both = a*b")[1]


def test_residuals_and_correlations_are_triangles(hs: pd.DataFrame, fit: Any) -> None:
    residuals = tm.table(fit.residuals(kind="correlation"))
    assert cells(residuals, "9. x9")[1] == ".15"
    strong = [cell.text for line in residuals.rows for cell in line.cells if cell.strong]
    assert strong
    assert all(abs(float(text.replace("−", "-"))) >= 0.10 for text in strong)
    grouped = tm.cfa(THREE, hs, group="school").residuals(kind="standardized")
    assert [line.group for line in tm.table(grouped).rows if line.group] == [
        "group Pasteur", "group Grant-White",
    ]  # fmt: skip
    made = tm.table(tm.correlate(hs[["x1", "x2", "x3"]]))
    assert made.frame.to_numpy().tolist() == [
        ["1. x1", "–", ""], ["2. x2", ".30", "–"], ["3. x3", ".44", ".34"],
    ]  # fmt: skip
    assert "Pearson correlations; n = 301." in made.note
    bfi = pd.read_csv(DATA / "bfi.csv")[["N1", "N2", "N3"]]
    assert "Polychoric correlations; n = 2,757 to" in tm.table(tm.polychoric(bfi)).note


def test_scores_cut_offs_and_power_have_tables(fit: Any) -> None:
    scores = tm.table(fit.factor_scores())
    assert cells(scores, "textual")[-1] == ".89"
    cutoffs = tm.fit_cutoffs(fit, n_rep=50, rng=1)
    assert cells(tm.table(cutoffs), "Observed")[1:] == [".065", ".092", ".931"]
    plain = tm.table(tm.power(24, [100, 301]))
    assert [str(column.heading) for column in plain.columns][1:] == ["n = 100", "n = 301"]
    assert cells(plain, "exact fit")[0] == "exact fit"
    assert cells(plain, "close fit (RMSEA .08 against .05)")[1] == ".27"
    simulated = tm.table(tm.power(fit, [100, 301], n_rep=50, rng=1))
    assert any(line.group == "Parameters" for line in simulated.rows)
    assert cells(simulated, "textual → x5")[1:] == ["1.00", "1.00"]


def test_short_forms_show_what_was_held_out() -> None:
    bfi = pd.read_csv(DATA / "bfi.csv")[[f"N{i}" for i in range(1, 6)]].dropna().head(300)
    found = tm.short_forms(bfi, n_items=3, rng=1)
    made = tm.table(found)
    assert made.frame["Items"].iloc[0] == ", ".join(found.items)
    assert "Held-out cases α" in made.frame
    assert "Held-out cases α" not in tm.table(tm.short_forms(bfi, n_items=3, holdout=0)).frame


def test_theories_show_paths_chains_and_rivals(theory_scores: pd.DataFrame) -> None:
    theory = tm.theory_of_change("composite", rivals=["direct", "general"], outcomes=["adoption"])
    fitted = theory.fit(theory_scores, n_boot=60, rng=1)
    made = tm.table(fitted)
    line = cells(made, "technical → cognitive trust")
    assert line[1] == "positive, above technical → affective trust"
    assert line[2] == f"{fitted.paths.loc['tec_cog', 'est']:.2f}"
    assert "60 bootstrap replicates" in made.note
    assert len(made.frame) == sum(
        len(part) for part in (fitted.paths, fitted.chains, fitted.sums, fitted.emphasis)
    )
    compared = tm.compare_theories(theory_scores, theory, intervals="delta")
    rivals = tm.table(compared).frame
    assert rivals["Model"].tolist() == ["theory", "direct", "general"]
    assert (rivals["ΔAIC"] == "0.0").sum() == 1
    alone = tm.fit_theory(
        theory_scores, form="composite", rivals=["direct"], model="direct", intervals="delta",
        outcomes=["adoption"],
    )  # fmt: skip
    assert tm.table(alone).title == "A Rival of the Theory of Change: direct (Composite Form)"


def test_effects_show_limits_and_probing(linked: pd.DataFrame) -> None:
    found = tm.mediation(linked, "trust", "voice", "adoption", n_boot=200, rng=1)
    made = tm.table(found)
    line = found.effects.loc["trust → voice → adoption"]
    assert cells(made, "trust → voice → adoption")[1] == f"{line['est']:.2f}"
    assert "percentile bootstrap (200 replicates)" in made.note
    assert (
        "delta method"
        in tm.table(tm.mediation(linked, "trust", "voice", "adoption", ci="delta")).note
    )
    moderated = tm.table(tm.moderation(linked, "adoption", "trust", "norms", errors="HC3"))
    assert "HC3 errors" in moderated.note
    heads = [line.group for line in moderated.rows if line.group]
    assert heads[1] == "Slope of trust at values of norms"
    assert moderated.frame["Term"].str.contains("not significant").any()


def test_factors_of_method_show_both_sides() -> None:
    data = answers(0.7, n=500)
    free = tm.method_factor(MODEL, data)
    made = tm.table(free)
    line = free.loadings.loc[("trust", "t1")]
    assert cells(made, "t1")[1:3] == [f"{line[k]:.2f}"[1:] for k in ("without", "with")]
    assert cells(made, "trust ↔ safety")[1].startswith(".")
    assert "traits alone against free loadings on the method: Δχ²(12) = " in made.note
    assert "substance included" in made.note
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        some = tm.method_factor(MODEL, data, items=["t1", "s1", "s2", "v1"], loadings="equal")
    assert cells(tm.table(some), "t2")[4:] == ["–", "", "", ".00"]
    marked = tm.table(tm.marker_factor(MODEL, data, marker=MARKER))
    assert marked.frame["Factors"].tolist()[0] == "trust ↔ safety"
    assert "Williams et al., 2010" in marked.note


@pytest.mark.parametrize("style", ["to_html", "to_markdown", "to_latex"])
def test_new_tables_leave_in_every_format(fit: Any, linked: pd.DataFrame, style: str) -> None:
    for result in (fit, tm.moderation(linked, "adoption", "trust", "norms")):
        assert getattr(tm.table(result), style)()


def test_what_has_no_table_is_told_what_has() -> None:
    with pytest.raises(OptionError, match=r"fit_theory.*mediation.*method_factor"):
        tm.table(object())
