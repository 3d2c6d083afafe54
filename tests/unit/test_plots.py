from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from trustmeasure import plots
from trustmeasure.agreement import aggregate, rwg_j
from trustmeasure.errors import DataError, OptionError, TrustMeasureError
from trustmeasure.exploratory import bartlett_sphericity, efa, kmo, parallel_analysis
from trustmeasure.instruments import Instrument, build_instrument, load_instrument
from trustmeasure.plots import style
from trustmeasure.plots.answers import left_ends
from trustmeasure.plots.distributions import merge_bins
from trustmeasure.reliability import cronbach_alpha, mcdonald_omega, reliability_table
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores, score

DATA = Path(__file__).parent.parent / "data"
LONG = (
    "When something has gone wrong in {referent}, people look for what can be learned from it "
    "before anybody asks whose fault it was, however large the $5 loss"
)


@pytest.fixture(autouse=True)
def _no_pyplot_figures() -> Iterator[None]:
    """Draw outside pyplot, and check that nothing stays behind in it."""
    with plots.offscreen():
        yield
    assert plt.get_fignums() == []


@pytest.fixture(scope="module")
def spi() -> Scores:
    return score(pd.read_csv(DATA / "spi_trust.csv").head(500), "spi-trust")


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(DATA / "bfi.csv").iloc[:, :25].dropna().head(600)


def made_instrument(n_items: int, n_options: int, *, text: str = LONG) -> Instrument:
    labels = {code: {"en": f"Answer number {code}"} for code in range(1, n_options + 1)}
    return build_instrument(
        id="made-up",
        title={"en": "A made-up scale"},
        response_sets=[{"id": "set", "min": 1, "max": n_options, "labels": labels}],
        items=[
            {"id": f"i{j}", "text": {"en": f"{j} {text}"}, "reverse": j % 3 == 2}
            for j in range(n_items)
        ],
        scales=[{"id": "whole", "items": [f"i{j}" for j in range(n_items)]}],
    )


def made_answers(instrument: Instrument, level: Any = None) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    level = rng.normal(size=120) if level is None else level
    n = len(level)
    frame = {}
    for item in instrument.items:
        low, high = instrument.response_range(item.id)
        middle, spread = (low + high) / 2, (high - low) / 4
        value = np.clip(np.round(middle + spread * (level + rng.normal(size=n))), low, high)
        frame[item.id] = low + high - value if item.reverse else value
    return pd.DataFrame({"team": rng.integers(0, 12, n), **frame})


@pytest.fixture(scope="module")
def teams() -> Scores:
    """Twelve teams, three of them with fewer than five members."""
    instrument = made_instrument(6, 7, text="Short text")
    sizes = [14, 13, 12, 11, 10, 9, 8, 7, 6, 4, 3, 2]
    rng = np.random.default_rng(5)
    level = np.repeat(rng.normal(size=12), sizes) + rng.normal(scale=0.4, size=sum(sizes))
    frame = made_answers(instrument, level)
    frame["team"] = np.repeat([f"Team {letter}" for letter in "ABCDEFGHIJKL"], sizes)
    return score(frame, instrument, cluster="team")


def texts_of(figure: Any) -> list[Text]:
    figure.draw_without_rendering()
    beyond = {  # ticks outside the limits exist, but are not drawn
        id(tick.label1)
        for ax in figure.findobj(Axes)
        for axis in (ax.xaxis, ax.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in beyond
    ]


def assert_nothing_is_cut(figure: Any) -> None:
    edges = figure.bbox
    for text in texts_of(figure):
        box = text.get_window_extent()
        assert box.x0 >= edges.x0 - 1, f"cut on the left: {text.get_text()!r}"
        assert box.x1 <= edges.x1 + 1, f"cut on the right: {text.get_text()!r}"
        assert box.y0 >= edges.y0 - 1, f"cut below: {text.get_text()!r}"
        assert box.y1 <= edges.y1 + 1, f"cut above: {text.get_text()!r}"
        assert text.get_fontsize() >= 9, f"too small: {text.get_text()!r}"


def assert_labels_do_not_overlap(ax: Any) -> None:
    ax.get_figure().draw_without_rendering()
    for labels, low, high in (
        (ax.get_yticklabels(), "y0", "y1"),
        (ax.get_xticklabels(), "x0", "x1"),
    ):
        boxes = sorted(
            (getattr(b, low), getattr(b, high))
            for b in (label.get_window_extent() for label in labels if label.get_text())
        )
        for (_, end), (start, _) in pairwise(boxes):
            assert end <= start + 1


# -- the answers ------------------------------------------------------------------------------


def test_likert_draws_the_shares_of_each_answer(spi: Scores) -> None:
    raw = pd.read_csv(DATA / "spi_trust.csv").head(500)
    ax = plots.likert(spi)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["q_1855", "q_4289", "q_377", "q_379", "q_871\u00a0(R)"]
    for k, container in enumerate(ax.containers):
        expected = [100 * (raw[name[:6].strip("\u00a0")] == k + 1).mean() for name in names]
        assert [bar.get_width() for bar in container] == pytest.approx(expected)


def test_likert_shows_reversed_items_as_answered(spi: Scores) -> None:
    raw = pd.read_csv(DATA / "spi_trust.csv").head(500)
    bar = plots.likert(spi, items=["q_871"]).containers[0][0]
    assert bar.get_width() == pytest.approx(100 * (raw["q_871"] == 1).mean())


def test_likert_of_responses_frames_and_scores_is_the_same(spi: Scores) -> None:
    frame = pd.read_csv(DATA / "spi_trust.csv").head(500)
    instrument = load_instrument("spi-trust")
    responses = Responses(
        data=frame.astype(float),
        instrument=instrument,
        column_map={name: name for name in instrument.item_ids},
    )
    widths = [
        [bar.get_width() for container in ax.containers for bar in container]
        for ax in (
            plots.likert(spi),
            plots.likert(responses),
            plots.likert(frame, instrument="spi-trust"),
        )
    ]
    assert widths[0] == pytest.approx(widths[1])
    assert widths[0] == pytest.approx(widths[2])


def test_likert_follows_the_keying_that_the_user_confirmed() -> None:
    instrument = load_instrument("spi-trust")
    frame = pd.read_csv(DATA / "spi_trust.csv").head(100)
    scored = score(frame, instrument, confirm_keying={"q_871": False})
    bar = plots.likert(scored, items=["q_871"]).containers[0][0]
    assert bar.get_width() == pytest.approx(100 * (frame["q_871"] == 1).mean())


@pytest.mark.parametrize("k", range(2, 12))
def test_likert_is_centred_on_the_middle(k: int) -> None:
    shares = np.random.default_rng(k).dirichlet(np.ones(k), size=4)
    lefts = left_ends(shares)
    ends = lefts + 100 * shares
    if k % 2:
        middle = k // 2
        assert (lefts[:, middle] + ends[:, middle]) / 2 == pytest.approx(0, abs=1e-9)
    else:
        assert ends[:, k // 2 - 1] == pytest.approx(0, abs=1e-9)
    assert ends[:, :-1] == pytest.approx(lefts[:, 1:])


def test_likert_prints_n_and_sorts_on_request(spi: Scores) -> None:
    ax = plots.likert(spi, sort=True)
    assert [text.get_text() for text in ax.texts].count("500") == 5
    centre = (len(ax.containers) - 1) / 2
    above = np.zeros(5)
    for k, container in enumerate(ax.containers):
        if k > centre:
            above += [bar.get_width() for bar in container]
    assert list(above) == sorted(above, reverse=True)


def test_likert_legend_reads_in_order() -> None:
    instrument = made_instrument(3, 11)
    ax = plots.likert(made_answers(instrument), instrument=instrument)
    legend = ax.get_legend()
    ax.get_figure().draw_without_rendering()
    placed = sorted(
        (-round(text.get_window_extent().y0 / 5), text.get_window_extent().x0, text.get_text())
        for text in legend.get_texts()
    )
    read = [" ".join(text.split()) for _, _, text in placed]
    assert read == [f"Answer number {code}" for code in range(1, 12)]


@pytest.mark.parametrize("n_options", range(2, 12))
def test_likert_cuts_nothing_whatever_the_answers(n_options: int) -> None:
    instrument = made_instrument(5, n_options)
    ax = plots.likert(made_answers(instrument), instrument=instrument)
    assert_nothing_is_cut(ax.get_figure())
    assert_labels_do_not_overlap(ax)


def test_likert_refuses_what_it_cannot_draw(spi: Scores) -> None:
    frame = pd.read_csv(DATA / "spi_trust.csv").head(20)
    with pytest.raises(DataError, match="instrument= is needed"):
        plots.likert(frame)
    with pytest.raises(OptionError, match="not both"):
        plots.likert(spi, scale="trust", items=["q_871"])
    with pytest.raises(TrustMeasureError, match="no scale 'trusty'"):
        plots.likert(spi, scale="trusty")
    with pytest.raises(DataError, match="none of its answers"):
        plots.likert(frame.assign(q_871=9), instrument="spi-trust")
    with pytest.raises(DataError, match="not in the data"):
        plots.likert(frame.drop(columns="q_871"), instrument="spi-trust", scale="trust")
    with pytest.raises(OptionError, match="labels="):
        plots.likert(spi, labels="text")


def test_likert_of_an_item_without_answers_has_no_bar() -> None:
    instrument = made_instrument(3, 5)
    frame = made_answers(instrument).assign(i1=np.nan)
    ax = plots.likert(frame, instrument=instrument)
    assert sum(container[1].get_width() for container in ax.containers) == 0
    assert "0" in [text.get_text() for text in ax.texts]


# -- items and correlations ----------------------------------------------------------------------


def test_item_rest_draws_the_numbers_of_alpha(spi: Scores) -> None:
    alpha = cronbach_alpha(spi)
    ax = plots.item_rest(spi)
    lines = {line.get_label(): line for line in ax.lines}
    r = lines["correlation with the other items"]
    assert r.get_xdata() == pytest.approx(alpha.items["r_drop"].to_numpy())
    without = lines["α without the item"]
    assert without.get_xdata() == pytest.approx(alpha.items["alpha_drop"].to_numpy())
    verticals = [line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1]
    assert verticals == pytest.approx([0.30, alpha.estimate])


def test_item_rest_takes_the_users_cut_off(spi: Scores) -> None:
    own = {"item_rest": {"criterion": {"least": 0.7, "source": "Ours"}}}
    ax = plots.item_rest(cronbach_alpha(spi), thresholds=own)
    assert 0.7 in [line.get_xdata()[0] for line in ax.lines]
    bold = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    low = cronbach_alpha(spi).items["r_drop"]
    assert len(bold) == int((low < 0.7).sum())


def test_heatmap_holds_the_lower_triangle(bfi: pd.DataFrame) -> None:
    ax = plots.correlation_heatmap(bfi.iloc[:, :6])
    expected = np.corrcoef(bfi.iloc[:, :6].to_numpy().T)
    drawn = list(ax.collections[0].get_array())
    assert drawn == pytest.approx([expected[i, j] for i in range(6) for j in range(i)])
    assert ax.collections[0].get_clim() == (-1, 1)
    assert len(ax.texts) == 15
    assert "−" in "".join(text.get_text() for text in ax.texts)


def test_heatmap_leaves_values_out_when_there_are_many(bfi: pd.DataFrame) -> None:
    ax = plots.correlation_heatmap(bfi)
    assert {text.get_text() for text in ax.texts} == {"−"}
    negative = (ax.collections[0].get_array() <= -0.10).sum()
    assert len(ax.texts) == negative
    assert len(plots.correlation_heatmap(bfi, values=True).texts) == 300


def test_heatmap_takes_correlations_as_they_are(bfi: pd.DataFrame) -> None:
    matrix = bfi.iloc[:, :4].corr()
    ax = plots.correlation_heatmap(matrix)
    assert ax.collections[0].get_array()[0] == pytest.approx(matrix.iloc[1, 0])


def test_heatmap_refuses_constant_items(bfi: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"'A1'.*constant"):
        plots.correlation_heatmap(bfi.assign(A1=3))


@pytest.mark.parametrize("n_items", [2, 5, 12, 40])
def test_item_figures_cut_nothing(n_items: int) -> None:
    instrument = made_instrument(n_items, 5)
    scored = score(made_answers(instrument), instrument)
    for ax in (
        plots.likert(scored),
        plots.item_rest(scored),
        plots.correlation_heatmap(scored),
    ):
        assert_nothing_is_cut(ax.get_figure())
        assert_labels_do_not_overlap(ax)


def test_words_longer_than_a_line_are_broken_not_cut() -> None:
    instrument = made_instrument(4, 5, text="x" * 150)
    ax = plots.likert(made_answers(instrument), instrument=instrument)
    assert_nothing_is_cut(ax.get_figure())
    label = ax.get_yticklabels()[0].get_text()
    assert label.count("x") == 150


# -- factors ------------------------------------------------------------------------------------


def test_scree_draws_observed_and_random_eigenvalues(bfi: pd.DataFrame) -> None:
    result = parallel_analysis(bfi, n_iter=50, rng=1)
    ax = plots.scree(result)
    lines = {line.get_label(): line for line in ax.lines}
    for kind, kept in (("components", result.n_components), ("factors", result.n_factors)):
        observed = lines[f"{kind}, {kept} retained"].get_ydata()
        assert observed == pytest.approx(result.observed[kind].to_numpy())
        random = lines[f"random {kind}, 95% quantile"].get_ydata()
        assert random == pytest.approx(result.reference[kind].to_numpy())
    filled = [len(line.get_xdata()) for line in ax.lines if line.get_markersize() == 7]
    assert filled == [result.n_components, result.n_factors]
    assert_nothing_is_cut(ax.get_figure())


def test_loadings_are_sorted_and_coloured_from_the_cut_off_on(bfi: pd.DataFrame) -> None:
    result = efa(bfi, n_factors=5)
    ax = plots.loadings(result, cut=0.4)
    names = [label.get_text() for label in ax.get_yticklabels()]
    size = result.loadings.abs().loc[names].to_numpy()
    primary = size.argmax(axis=1)
    assert list(primary) == sorted(primary)
    for factor in range(5):
        own = size[primary == factor, factor]
        assert list(own) == sorted(own, reverse=True)
    drawn = ax.collections[0].get_array().reshape(25, 5)
    assert np.ma.getmaskarray(drawn).tolist() == (size < 0.4).tolist()
    assert len(ax.texts) == 125
    assert "Factor correlations: F1–F2" in ax.get_figure().get_supxlabel()
    assert_nothing_is_cut(ax.get_figure())


def test_loadings_of_one_factor_come_from_omega(spi: Scores) -> None:
    result = mcdonald_omega(spi)
    ax = plots.loadings(result, sort=False)
    drawn = list(ax.collections[0].get_array())
    assert drawn == pytest.approx(list(result.loadings["std_loading"]))
    assert_nothing_is_cut(ax.get_figure())


def test_adequacy_draws_each_item(bfi: pd.DataFrame) -> None:
    result = kmo(bfi)
    ax = plots.adequacy(result)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert dots.get_xdata() == pytest.approx(result.items.to_numpy())
    assert_nothing_is_cut(ax.get_figure())


# -- scores and teams ----------------------------------------------------------------------------


def test_distribution_counts_everybody_over_the_whole_range(spi: Scores) -> None:
    ax = plots.score_distribution(spi)
    assert sum(bar.get_height() for bar in ax.patches[:-1]) == pytest.approx(500)
    assert ax.get_xlim()[0] < 1
    assert ax.get_xlim()[1] > 6
    assert ax.lines[0].get_xdata()[0] == pytest.approx(spi.data["trust"].mean())
    assert_nothing_is_cut(ax.get_figure())


def test_distribution_bins_hold_equally_many_possible_scores(spi: Scores) -> None:
    ax = plots.score_distribution(spi)
    bars = ax.patches[:-1]
    possible = np.arange(26) / 5 + 1
    held = [
        int(((possible > bar.get_x()) & (possible < bar.get_x() + bar.get_width())).sum())
        for bar in bars
    ]
    assert set(held[1:-1]) == {held[1]}
    assert sum(held) == 26


def test_distribution_hides_single_persons(teams: Scores) -> None:
    ax = plots.score_distribution(teams, min_count=5)
    bars = ax.patches[:-1]
    base = min(bar.get_width() for bar in bars)
    people = [bar.get_height() * bar.get_width() / base for bar in bars]
    scored = teams.data["whole"]
    edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
    counts = np.histogram(scored, bins=edges)[0]
    assert counts.sum() == len(scored)
    assert all(number == 0 or number >= 5 for number in counts)
    assert len(people) == len(counts)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([1, 9, 9], [10, 9]),
        ([9, 1, 0, 9], [10, 0, 9]),
        ([0, 1, 0, 9], [0, 10]),
        ([2, 2, 2], [6]),
        ([5, 0, 5], [5, 0, 5]),
        ([1, 0, 0], [1]),
    ],
)
def test_bins_are_merged_until_none_is_small(counts: list[int], expected: list[int]) -> None:
    merged, edges = merge_bins(np.array(counts), np.arange(len(counts) + 1.0), 5)
    assert merged.tolist() == expected
    assert len(edges) == len(merged) + 1
    assert (edges[0], edges[-1]) == (0.0, len(counts))


def test_distribution_withholds_too_few_people(spi: Scores) -> None:
    few = score(pd.read_csv(DATA / "spi_trust.csv").head(4), "spi-trust")
    with pytest.raises(DataError, match="at least 5"):
        plots.score_distribution(few, min_count=5)
    with pytest.raises(DataError, match="draws Scores"):
        plots.score_distribution(few.data)


def test_team_means_show_teams_and_hide_small_ones(teams: Scores) -> None:
    result = aggregate(teams)
    ax = plots.team_means(result, instrument=teams.instrument)
    shown = result.table[~result.table["suppressed"]].sort_values("mean", ascending=False)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert dots.get_xdata() == pytest.approx(shown["mean"].to_numpy())
    segments = ax.collections[0].get_segments()
    assert [segment[0][0] for segment in segments] == pytest.approx(shown["ci_low"].to_numpy())
    assert [segment[1][0] for segment in segments] == pytest.approx(shown["ci_high"].to_numpy())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [*shown.index, *result.suppressed]
    hidden = [text for text in ax.texts if text.get_text().startswith("not shown")]
    assert len(hidden) == len(result.suppressed) == 3
    low, high = ax.get_xlim()
    assert low < 1 < 7 < high
    assert_nothing_is_cut(ax.get_figure())
    assert_labels_do_not_overlap(ax)


def test_team_means_leave_out_a_withheld_overall_mean() -> None:
    frame = pd.DataFrame({"team": ["A"] * 6 + ["B"] * 2, "safety": [4.0, 5, 4, 3, 4, 4, 1, 2]})
    result = aggregate(frame, cluster="team", scales=["safety"])
    ax = plots.team_means(result)
    drawn = " ".join(text.get_text() for text in ax.texts)
    assert bool(result.overall["withheld"].iloc[0])
    assert "all together" not in drawn
    means = frame.groupby("team")["safety"].mean()
    assert f"{means['B']:.2f}" not in drawn


def test_team_means_ask_for_a_scale() -> None:
    frame = pd.DataFrame({"team": ["A"] * 6 + ["B"] * 6, "x": range(12), "y": range(12)})
    result = aggregate(frame, cluster="team", scales=["x", "y"])
    with pytest.raises(DataError, match="choose one"):
        plots.team_means(result)
    with pytest.raises(OptionError, match="not in the result"):
        plots.team_means(result, scale="z")
    with pytest.raises(OptionError, match="sort="):
        plots.team_means(result, scale="x", sort="size")
    by_label = plots.team_means(result, scale="x", sort="label", response_range=(0, 20))
    assert [label.get_text() for label in by_label.get_yticklabels()] == ["A", "B"]


def test_agreement_hides_teams_on_request(teams: Scores) -> None:
    result = rwg_j(teams)
    hidden = aggregate(teams).suppressed
    ax = plots.agreement(result, hide=hidden)
    labels = {label.get_text() for label in ax.get_yticklabels()}
    assert labels.isdisjoint({str(team) for team in hidden})
    shown = result.table.drop(index=list(hidden)).sort_values("rwg_j", ascending=False)
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert dots.get_xdata() == pytest.approx(shown["rwg_j"].to_numpy())
    assert_nothing_is_cut(ax.get_figure())
    with pytest.raises(DataError, match="No team"):
        plots.agreement(result, hide=list(result.table.index))


# -- one door, in the user's axes, without a trace ---------------------------------------------


def everything(spi: Scores, bfi: pd.DataFrame, teams: Scores) -> list[Any]:
    return [
        spi,
        cronbach_alpha(spi),
        mcdonald_omega(spi),
        kmo(bfi),
        parallel_analysis(bfi, n_iter=20, rng=1),
        efa(bfi, n_factors=2),
        aggregate(teams),
        rwg_j(teams),
    ]


def test_plot_draws_every_result_into_given_axes(
    spi: Scores, bfi: pd.DataFrame, teams: Scores
) -> None:
    from matplotlib.figure import Figure

    for result in everything(spi, bfi, teams):
        ax = Figure(figsize=(9, 6), layout="constrained").add_subplot()
        assert plots.plot(result, ax=ax) is ax
        assert ax.get_title(loc="left")
    for kind in ("likert", "item_rest", "correlation_heatmap", "score_distribution"):
        assert plots.plot(spi, kind=kind).get_figure() is not None


def test_plot_lists_what_it_offers(spi: Scores, bfi: pd.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"'likert'"):
        plots.plot(spi, kind="pie")
    with pytest.raises(OptionError, match=r"BartlettSphericity.*ParallelAnalysis"):
        plots.plot(bartlett_sphericity(bfi))
    with pytest.raises(OptionError, match=r"Allowed: .*'min_count'"):
        plots.plot(spi, colour="red")
    assert plots.plot(spi, kind="likert", sort=True).containers


def test_the_users_matplotlib_settings_stay(spi: Scores) -> None:
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 5, "text.usetex": False, "axes.grid": True}):
        ax = plots.likert(spi)
        assert mpl.rcParams["font.size"] == 5
        assert_nothing_is_cut(ax.get_figure())
    assert dict(mpl.rcParams) == before


def test_without_axes_pyplot_knows_the_figure(spi: Scores) -> None:
    style._offscreen.set(False)
    ax = plots.scree(parallel_analysis(spi, n_iter=20, rng=1))
    assert plt.get_fignums() != []
    plots.close(ax)
    assert plt.get_fignums() == []


def test_a_title_can_be_replaced_or_left_out(spi: Scores) -> None:
    alpha = cronbach_alpha(spi)
    assert plots.item_rest(alpha, title="Mine").get_figure().get_suptitle() == "Mine"
    assert plots.item_rest(alpha, title="").get_figure().get_suptitle() == ""


# -- colours --------------------------------------------------------------------------------------


def luminance(colour: Any) -> float:
    return style._luminance(to_rgb(colour))


@pytest.mark.parametrize("k", [4, 5, 6, 7])
def test_neighbouring_answers_differ_in_greyscale_or_by_side(k: int) -> None:
    colours = style.option_colours(k)
    # The ends must not be taken for one another on a black-and-white print.
    assert luminance(colours[0]) - luminance(colours[-1]) > 0.15
    half = k // 2
    left = [luminance(colour) for colour in colours[: k - half]]
    right = [luminance(colour) for colour in colours[half:]]
    assert left == sorted(left)
    assert right == sorted(right, reverse=True)


def test_letters_contrast_with_what_is_below_them() -> None:
    for place in np.linspace(0, 1, 101):
        background = to_hex(style.DIVERGING(place))
        light, dark = sorted([luminance(background), luminance(style.ink_on(background))])[::-1]
        assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG AA


# -- SVG and words --------------------------------------------------------------------------------


def test_coefficients_of_reliability_stand_on_their_intervals(bfi: pd.DataFrame) -> None:
    items = {letter: [f"{letter}{i}" for i in range(1, 6)] for letter in "NC"}
    keyed = bfi.assign(C4=7 - bfi["C4"], C5=7 - bfi["C5"])
    result = reliability_table(keyed, scales=items, n_boot=20, rng=1)
    ax = plots.plot(result)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[:3] == ["α", "Ordinal α", "ω of one factor"]
    assert "Greatest lower bound" not in labels  # of 600 persons
    marks = {line.get_label(): line.get_xdata() for line in ax.get_lines()}
    assert marks["N"][0] == result.table.loc["N", "alpha"]
    ends = ax.collections[1].get_segments()[0][:, 0]  # alpha of C
    assert list(ends) == result.table.loc["C", ["alpha_ci_low", "alpha_ci_high"]].tolist()
    assert "N: alpha" in plots.describe(result)
    many = reliability_table(
        keyed, scales={f"{s}{i}": items[s] for s in "NC" for i in range(3)}, n_boot=0
    )
    below = plots.reliability_intervals(many, title="")
    assert [label.get_text() for label in below.get_yticklabels()] == list(many.table.index)
    with pytest.raises(DataError, match="draws the result of reliability_table"):
        plots.reliability_intervals(cronbach_alpha(keyed, items=items["N"]))


def test_svg_is_inline_described_and_deterministic(spi: Scores) -> None:
    svg = plots.figure_svg(plots.likert(spi), 'Answers <b> & "more"')
    assert svg == plots.figure_svg(plots.likert(spi), 'Answers <b> & "more"')
    assert svg.startswith("<svg ")
    assert "<?xml" not in svg
    assert "<!" not in svg
    assert "metadata" not in svg
    assert "<style" not in svg
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    title = root[0]
    assert title.text == 'Answers <b> & "more"'
    assert root.get("aria-labelledby") == title.get("id")
    assert "q_1855" in svg  # text stays text
    with pytest.raises(DataError, match="alternative text"):
        plots.figure_svg(plots.likert(spi), " ")


def test_svg_ids_do_not_collide_on_a_page(spi: Scores) -> None:
    alpha = cronbach_alpha(spi)
    pages = [
        plots.figure_svg(plots.likert(spi), "one"),
        plots.figure_svg(plots.item_rest(alpha), "two"),
        plots.figure_svg(plots.item_rest(alpha), "two", id_prefix="own figure"),
    ]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in pages]
    assert ids[0].isdisjoint(ids[1])
    assert ids[1].isdisjoint(ids[2])
    for svg, known in zip(pages, ids, strict=True):
        used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
        assert {a or b for a, b in used} <= known


def test_svg_escapes_what_items_say() -> None:
    instrument = made_instrument(3, 5, text='<script>alert("x")</script> id="y" --> $a_b$')
    ax = plots.likert(made_answers(instrument), instrument=instrument)
    svg = plots.figure_svg(ax, "answers")
    assert "<script" not in svg
    words = " ".join(ET.fromstring(svg).itertext())
    assert 'id="y"' in words
    assert "$a_b$" in words


def test_every_figure_can_be_described(spi: Scores, bfi: pd.DataFrame, teams: Scores) -> None:
    for result in everything(spi, bfi, teams):
        assert plots.describe(result).endswith(".")
    alpha = cronbach_alpha(spi)
    assert f"{alpha.estimate:.2f}"[1:] in plots.describe(alpha)
    for kind in ("likert", "item_rest", "correlation_heatmap"):
        assert re.search(r"\d", plots.describe(spi, kind=kind))
    with pytest.raises(OptionError, match="no figure"):
        plots.describe("text")


def test_descriptions_name_no_hidden_team(teams: Scores) -> None:
    result = aggregate(teams)
    words = plots.describe(result)
    assert "Not shown: 3 teams." in words
    assert not any(str(team) in words for team in result.suppressed)


def test_naming_the_figures_does_not_load_matplotlib() -> None:
    code = (
        "import sys, trustmeasure.plots as p; p.plot; dir(p); "
        "print('matplotlib' in sys.modules, callable(p.likert))"
    )
    told = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=DATA.parent.parent)
    assert told.split() == ["False", "True"]
    assert set(plots.__all__) <= set(dir(plots))
    assert all(callable(getattr(plots, name)) for name in plots.__all__)
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = plots.pie  # type: ignore[attr-defined]


# -- what users bring along ---------------------------------------------------------------------


def test_names_may_hold_signs_that_the_font_lacks() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"team": ["🎉 & <b>"] * 6 + ["B"] * 6, "s": rng.normal(size=12)})
    ax = plots.team_means(aggregate(frame, cluster="team", scales=["s"]))
    assert "🎉 &amp; &lt;b&gt;" in plots.figure_svg(ax, "Two teams.")


def test_means_of_another_method_are_not_drawn_off_the_axis(teams: Scores) -> None:
    percentages = score(
        made_answers(teams.instrument), teams.instrument, method="pomp", cluster="team"
    )
    result = aggregate(percentages)
    ax = plots.team_means(result, instrument=teams.instrument)
    low, high = ax.get_xlim()
    assert low < result.table["mean"].min() < result.table["mean"].max() < high


def test_an_axis_holds_the_overall_mean_where_every_team_is_hidden() -> None:
    frame = pd.DataFrame({"team": list("ABCD") * 3, "s": np.arange(12) + 40.0})
    ax = plots.team_means(aggregate(frame, cluster="team", scales=["s"]))
    assert ax.get_xlim()[0] < 45.5 < ax.get_xlim()[1]
    assert ax.get_xlabel() == "s"  # a range that is not known is not claimed


def test_teams_that_all_have_the_same_mean_are_drawn() -> None:
    frame = pd.DataFrame({"team": ["A"] * 5 + ["B"] * 5, "s": 3.0})
    ax = plots.team_means(aggregate(frame, cluster="team", scales=["s"]))
    assert ax.get_xlim()[0] < 3 < ax.get_xlim()[1]


def test_a_mean_with_an_interval_beyond_the_axis_keeps_its_label_inside() -> None:
    few = score(pd.read_csv(DATA / "spi_trust.csv").iloc[[0, 5]], "spi-trust")
    ax = plots.score_distribution(few)
    ax.figure.draw_without_rendering()
    (label,) = (text for text in ax.texts if text.get_text().startswith("mean"))
    box = label.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= ax.figure.bbox.width


def test_too_many_answers_for_bars() -> None:
    instrument = made_instrument(3, 101)
    with pytest.raises(DataError, match="The items offer 101 answers"):
        plots.likert(made_answers(instrument), instrument=instrument)


def test_ax_must_be_axes(spi: Scores) -> None:
    with pytest.raises(OptionError, match="expected matplotlib Axes"):
        plots.plot(spi, ax=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["item_rest", "likert"])
def test_a_title_on_given_axes_stands_above_the_rest(spi: Scores, kind: str) -> None:
    figure = mpl.figure.Figure(figsize=(9, 6), layout="constrained")
    ax = plots.plot(spi, kind=kind, ax=figure.add_subplot())
    figure.draw_without_rendering()
    title = next(t for t in figure.findobj(Text) if t.get_text() == ax.get_title(loc="left"))
    bottom = title.get_window_extent().y0
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_window_extent().y1 <= bottom + 1
    for text in ax.texts:
        assert text.get_window_extent().y1 <= bottom + 1
