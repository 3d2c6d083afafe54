"""Path diagrams: what is drawn, where, and in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trustmeasure as tm
from trustmeasure import plots
from trustmeasure.confirmatory import StructuralModel, cfa, sem
from trustmeasure.errors import DataError, OptionError
from trustmeasure.plots.diagrams import (
    FIXED,
    STRONG,
    WEAK,
    diagram_of,
    general_factors,
    is_measurement,
)
from trustmeasure.plots.layers import acyclic, crossings, depths, heights, layered
from trustmeasure.plots.placing import Plan, place
from trustmeasure.plots.residuals import residual_correlations
from trustmeasure.theory import TheoryFit, fit_theory, theory_of_change

DATA = Path(__file__).parent.parent / "data"
FACTORS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
DEMOCRACY = """
    ind60 =~ x1 + x2 + x3
    dem60 =~ y1 + y2 + y3 + y4
    dem65 =~ y5 + y6 + y7 + y8
    dem60 ~ ind60
    dem65 ~ ind60 + dem60
    y1 ~~ y5
    y2 ~~ y4 + y6
    y3 ~~ y7
    y4 ~~ y8
    y6 ~~ y8
"""
BIFACTOR = "g =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9\n" + FACTORS
SECOND = FACTORS + "\nability =~ visual + textual + speed"


@pytest.fixture(autouse=True)
def _no_pyplot_figures() -> Iterator[None]:
    with plots.offscreen():
        yield
    assert plt.get_fignums() == []


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return pd.read_csv(DATA / "hs1939.csv")


@pytest.fixture(scope="module")
def three(schools: pd.DataFrame) -> StructuralModel:
    return cfa(FACTORS, schools)


@pytest.fixture(scope="module")
def theory_fit() -> TheoryFit:
    rng = np.random.default_rng(1)
    theory = theory_of_change("composite")
    names = theory.constructs["variable"]
    common = rng.normal(size=(150, 1))
    data = pd.DataFrame(0.6 * common + rng.normal(size=(150, len(names))), columns=names)
    return fit_theory(data, form="composite", intervals="delta")


def overlaps(plan: Plan) -> list[tuple[str, str]]:
    found = []
    for (name, a), (other, b) in combinations(plan.boxes.items(), 2):
        wide = min(a.bounds[2], b.bounds[2]) - max(a.bounds[0], b.bounds[0])
        high = min(a.bounds[3], b.bounds[3]) - max(a.bounds[1], b.bounds[1])
        if wide > 1e-9 and high > 1e-9:
            found.append((name, other))
    return found


@pytest.mark.parametrize(
    "model",
    [FACTORS, DEMOCRACY, BIFACTOR, SECOND, "y ~ m + x\nm ~ x\nx ~~ z\ny ~ z", "f =~ a + b + c"],
    ids=["factors", "democracy", "bifactor", "second order", "paths", "one factor"],
)
def test_no_box_covers_another(model: str) -> None:
    plan = place(diagram_of(model))
    assert not overlaps(plan)


@pytest.mark.parametrize("form", ["latent", "composite"])
@pytest.mark.parametrize("rival", [None, "general", "safety", "direct"])
@pytest.mark.parametrize("indicators", [None, True])
def test_no_box_covers_another_in_the_theory(
    form: str, rival: str | None, indicators: bool | None
) -> None:
    theory = theory_of_change(form, rival or (), indicators="facets")
    model = theory if rival is None else theory.rivals[rival]
    assert not overlaps(place(diagram_of(model, indicators=indicators)))


def test_structural_models_run_from_causes_to_effects() -> None:
    plan = place(diagram_of(DEMOCRACY))
    x = {name: box.x for name, box in plan.boxes.items()}
    assert x["x1"] < x["ind60"] < x["dem60"] < x["dem65"] < x["y5"]
    # The arrow that passes dem60 has a bend, well away from it.
    (bend,) = plan.ways[("ind60", "dem65")]
    box = plan.boxes["dem60"]
    assert abs(bend[1] - box.y) > box.half_height


def test_factors_of_everything_stand_apart() -> None:
    diagram = diagram_of(BIFACTOR)
    assert general_factors(diagram) == ["g"]
    assert is_measurement(diagram)
    plan = place(diagram)
    assert plan.boxes["visual"].x < plan.boxes["x1"].x < plan.boxes["g"].x
    assert general_factors(diagram_of(FACTORS)) == []


def test_emphasised_arrows_of_the_theory_are_the_strong_ones() -> None:
    diagram = diagram_of(theory_of_change("latent"))
    strong = {(link.start, link.end) for link in diagram.links if link.kind == STRONG}
    assert strong == {("technical", "cognitive_trust"), ("relational", "affective_trust")}
    weak = {(link.start, link.end) for link in diagram.links if link.kind == WEAK}
    assert weak == {("technical", "affective_trust"), ("relational", "cognitive_trust")}
    assert diagram.hidden == 88


def test_weights_follow_intervals_and_fixed_values_are_thin(schools: pd.DataFrame) -> None:
    fitted = cfa(FACTORS, schools)
    plain = diagram_of(fitted, standardized=False)
    kinds = {(link.start, link.end): link.kind for link in plain.links}
    assert kinds[("visual", "x1")] == FIXED
    assert kinds[("visual", "x2")] == STRONG
    assert {link.kind for link in diagram_of(fitted).links} == {STRONG}


def test_each_estimate_is_written_once(three: StructuralModel) -> None:
    ax = plots.path_diagram(three)
    texts = [text.get_text() for text in ax.texts]
    numbers = sorted(text for text in texts if text.startswith("."))
    rows = three.estimates[
        (three.estimates["op"] == "=~")
        | ((three.estimates["op"] == "~~") & (three.estimates["lhs"] != three.estimates["rhs"]))
    ]
    assert numbers == sorted(f"{value:.2f}"[1:] for value in rows["std"])
    assert {"visual", "textual", "speed", "x1", "x9"} <= set(texts)
    note = ax.figure._supxlabel.get_text()  # type: ignore[union-attr]
    assert "CFI .93" in note.replace("\n", " ")


def test_everything_is_inside_the_figure(theory_fit: TheoryFit) -> None:
    for model in (theory_fit, DEMOCRACY, BIFACTOR):
        ax = plots.path_diagram(model)
        figure: Any = ax.figure
        figure.draw_without_rendering()
        whole = figure.bbox
        for text in ax.texts:
            box = text.get_window_extent()
            assert box.x0 >= -1
            assert box.x1 <= whole.x1 + 1
        for patch in ax.patches:
            box = patch.get_window_extent()
            assert box.x0 >= -1
            assert box.x1 <= whole.x1 + 1


def test_words_keep_to_their_boxes(theory_fit: TheoryFit) -> None:
    ax = plots.path_diagram(theory_fit, labels={"motivation": "the wish that it may succeed"})
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    plan = place(diagram_of(theory_fit, labels={"motivation": "the wish that it may succeed"}))
    for box in plan.boxes.values():
        written = [text for text in ax.texts if text.get_text() == box.text]
        assert written
        extent = written[0].get_window_extent().transformed(ax.transData.inverted())
        assert extent.width <= 2 * box.half_width
        assert abs(extent.height) <= 2 * box.half_height


def test_users_axes_are_used_and_letters_shrink_with_them(three: StructuralModel) -> None:
    from matplotlib.figure import Figure

    small = Figure(figsize=(3, 2)).add_subplot()
    ax = plots.path_diagram(three, ax=small)
    assert ax is small
    assert min(text.get_fontsize() for text in ax.texts) < 6


def test_groups_are_drawn_one_at_a_time(schools: pd.DataFrame) -> None:
    fitted = cfa(FACTORS, schools, group="school")
    labels = list(fitted.estimates["group"].dropna().unique())
    first, second = (diagram_of(fitted, group=label) for label in labels)
    assert diagram_of(fitted).group == labels[0]
    assert [link.value for link in first.links] != [link.value for link in second.links]
    assert str(labels[1]) in plots.path_diagram(fitted, group=labels[1]).figure._suptitle.get_text()  # type: ignore[union-attr]
    with pytest.raises(OptionError, match="none of the model's"):
        plots.path_diagram(fitted, group="third")
    with pytest.raises(OptionError, match="has none"):
        plots.path_diagram(cfa(FACTORS, schools), group="first")
    assert residual_correlations(fitted, labels[1])[0].shape == (9, 9)


def test_levels_are_drawn_one_at_a_time() -> None:
    data = pd.read_csv(DATA / "schools.csv")
    model = "level: 1\nfw =~ y1 + y2 + y3\nlevel: 2\nfb =~ y1 + y2 + y3\nfb ~ support"
    fitted = tm.sem(model, data, cluster="school")
    assert diagram_of(fitted).latent == ("fw",)
    assert diagram_of(fitted, group=2).latent == ("fb",)
    ax = plots.path_diagram(fitted, group=2)
    assert "level 2" in ax.figure._suptitle.get_text()  # type: ignore[union-attr]
    found, which = residual_correlations(fitted, 2)
    assert list(found.columns) == list(found.index) == ["y1", "y2", "y3", "support"]
    assert which == ", level 2"
    assert "level 1" in plots.describe(fitted, kind="residual_heatmap")
    with pytest.raises(OptionError, match="none of the model's"):
        plots.residual_heatmap(fitted, group=3)


def test_models_of_ordered_items_are_drawn_with_their_residuals(schools: pd.DataFrame) -> None:
    ordered = schools.assign(**{f"x{i}": (schools[f"x{i}"].rank() // 76) for i in range(1, 10)})
    fitted = cfa(FACTORS, ordered, ordered=True)
    assert len(tm.plot(fitted).patches) > 10
    ax = tm.plot(fitted, kind="residual_heatmap")
    found, _ = residual_correlations(fitted)
    rows, columns = np.tril_indices(9, -1)
    drawn = np.asarray(ax.collections[0].get_array())
    assert drawn == pytest.approx(found.to_numpy()[rows, columns])
    assert "Empirical Bayes modal" in str(tm.table(fitted.factor_scores()))


def test_what_is_no_model_is_refused(three: StructuralModel) -> None:
    with pytest.raises(DataError, match="model syntax"):
        plots.path_diagram(three.estimates)
    with pytest.raises(DataError, match="fitted model"):
        plots.residual_heatmap(FACTORS)


def test_covariances_and_estimates_can_be_left_out(three: StructuralModel) -> None:
    whole = plots.path_diagram(three)
    bare = plots.path_diagram(three, covariances=False, estimates=False, title="")
    assert len(whole.patches) - len(bare.patches) == 3
    assert len(whole.texts) - len(bare.texts) == 12


def test_models_find_their_figures_and_words(three: StructuralModel, theory_fit: TheoryFit) -> None:
    for model in (three, theory_fit, theory_of_change("composite"), theory_of_change()):
        assert len(tm.plot(model).patches) > 10
        words = plots.describe(model)
        assert words.endswith(".")
    assert "loadings from .42 (x2 on visual) to .86 (x5 on textual)" in plots.describe(three)
    words = plots.describe(theory_fit)
    assert "technical to cognitive trust" in words
    assert "of 22 exclude zero" in words
    assert re.search(
        r"Heat map.*x7 with x2|Heat map.*x2", plots.describe(three, kind="residual_heatmap")
    )


def test_residuals_are_observed_minus_implied(three: StructuralModel) -> None:
    found, _ = residual_correlations(three)
    ax = tm.plot(three, kind="residual_heatmap")
    drawn = np.asarray(ax.collections[0].get_array())
    rows, columns = np.tril_indices(9, -1)
    assert drawn == pytest.approx(found.to_numpy()[rows, columns])
    assert "5 of 36 beyond .10" in ax.figure._supxlabel.get_text().replace("\n", " ")  # type: ignore[union-attr]


def test_a_model_with_two_ways_round_still_has_layers() -> None:
    fitted = diagram_of("a ~ b + x\nb ~ a + z")
    assert not overlaps(place(fitted))


def test_ordinal_and_single_indicators_are_drawn() -> None:
    theory = theory_of_change("composite")
    corrected = theory.corrected(dict.fromkeys(theory.variant.parts, 0.2))
    diagram = diagram_of(corrected)
    assert not diagram.observed
    assert diagram.labels["motivation_true"] == "motivation"


graphs = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.just([f"v{i}" for i in range(n)]),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=16, unique=True),
    )
)


@settings(deadline=None, max_examples=80)
@given(graphs)
def test_layers_hold_every_node_and_every_arrow_goes_on(
    graph: tuple[list[str], list[tuple[int, int]]],
) -> None:
    nodes, pairs = graph
    edges = [(nodes[a], nodes[b]) for a, b in pairs]
    kept = acyclic(nodes, edges)
    depth = depths(nodes, kept)
    assert all(depth[a] < depth[b] for a, b in kept)
    found = layered(nodes, edges)
    placed = [name for layer in found.layers for name in layer]
    assert sorted(set(placed) - found.bends) == sorted(nodes)
    assert len(placed) == len(set(placed))
    steps = [step for way in found.ways.values() for step in pairwise(way)]
    level = {name: k for k, layer in enumerate(found.layers) for name in layer}
    assert all(level[b] == level[a] + 1 for a, b in steps)
    size = dict.fromkeys(placed, (0.2, 0.3))
    at = heights(found.layers, steps, size, 0.1, found.bends)
    for layer in found.layers:
        gaps = np.diff([at[name] for name in layer])
        assert (gaps >= 0.6 - 1e-9).all()


def test_sweeps_undo_a_crossing() -> None:
    found = layered(["a", "b", "c", "d"], [("a", "d"), ("b", "c")])
    steps = [("a", "d"), ("b", "c")]
    assert crossings([["a", "b"], ["c", "d"]], steps) == 1
    assert crossings(found.layers, steps) == 0


def test_long_names_are_broken() -> None:
    model = "a_very_long_name_of_a_latent_variable =~ q_1855 + q_4289 + q_377"
    plan = place(diagram_of(model))
    box = plan.boxes["a_very_long_name_of_a_latent_variable"]
    assert box.text.count("\n") >= 2
    assert box.text.replace("\n", "") == "a_very_long_name_of_a_latent_variable"
    assert not overlaps(plan)


def test_observed_models_are_drawn(schools: pd.DataFrame) -> None:
    fitted = sem("x9 ~ x1 + x4\nx4 ~ x1", schools)
    diagram = diagram_of(fitted)
    assert set(diagram.nodes) == {"x9", "x1", "x4"}
    assert plots.path_diagram(fitted).texts


def test_effects_and_slopes_have_their_figures(schools: pd.DataFrame) -> None:
    effects = tm.mediation(schools, "x1", ["x4", "x7"], "x9", n_boot=200, rng=1)
    ax = tm.plot(effects)
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["total", "direct"]
    assert "x1 → x4 → x9" in plots.describe(effects)
    slopes = tm.moderation(schools, "x9", "x1", "x7")
    assert len(slopes.regions) == 2
    assert "not significant from" in plots.describe(slopes)
    ax = tm.plot(slopes)
    assert ax.get_xlabel() == "x7"
    for draw, wrong in ((plots.mediation_effects, slopes), (plots.conditional_slope, effects)):
        with pytest.raises(DataError, match="draws the result of"):
            draw(wrong)
