"""How scores are spread."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from trustmeasure import _checks
from trustmeasure.errors import DataError
from trustmeasure.kernels import agreement as kernel
from trustmeasure.plots import style
from trustmeasure.scoring import Scores
from trustmeasure.tables.labels import scale_title
from trustmeasure.tables.numbers import count, interval, level, number
from trustmeasure.tables.people import scale_range

FloatArray = NDArray[np.float64]


def score_distribution(
    scores: Scores,
    *,
    scale: str | None = None,
    bins: int | None = None,
    min_count: int = 1,
    conf_level: float = 0.95,
    language: str = "en",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a histogram of a scale's scores over its whole range, with mean and interval.

    Parameters
    ----------
    scores : Scores
    scale : str, optional
        Needed where there are several.
    bins : int, optional
        Number of bars before merging; by default what suits the number of people.
    min_count : int
        Merge bars until each stands for at least this many people, or for nobody: 5 keeps
        single persons from being seen. A merged bar is as high as the average of those that
        it replaces, and the mean is drawn without its interval's ends being anybody's score.
    conf_level : float
        Level of the mean's t interval, which takes persons as independent.
    language : str
        Of the scale's title.
    title : str, optional
        Instead of the figure's own; "" for none.
    ax : Axes, optional
        Draw here; a new figure otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        For other data than Scores, or fewer scores than ``min_count`` or than 2.
    """
    if not isinstance(scores, Scores):
        raise DataError(f"score_distribution draws Scores; found {type(scores).__name__}.")
    _checks.check_count("min_count", min_count)
    _checks.check_level("conf_level", conf_level)
    name = str(_checks.one_scale(scores, scale=scale))
    scores.instrument.scale(name)
    values = scores.data[name].dropna().to_numpy(dtype=np.float64)
    least = max(2, min_count)
    if len(values) < least:
        raise DataError(
            f"Scale '{name}' has {'too few' if min_count > 1 else len(values)} scores to be drawn; "
            f"at least {least} are needed."
        )
    low, high = scale_range(scores, name)
    fine = (
        _bin_edges(scores, name, len(values))
        if bins is None
        else np.linspace(low, high, _checks.check_count("bins", bins) + 1)
    )
    counts, edges = merge_bins(np.histogram(values, bins=fine)[0], fine, min_count)
    mean, lower, upper = mean_interval(values, conf_level)
    heights = counts / (np.diff(edges) / (fine[1] - fine[0]))
    with style.sheet(ax, 7.2, 3.7) as drawn:
        axes = drawn.ax
        axes.bar(
            edges[:-1], heights, np.diff(edges), align="edge", color=style.SKY, edgecolor="white",
            linewidth=1.0,
        )  # fmt: skip
        axes.axvspan(max(lower, low), min(upper, high), color=style.ORANGE, alpha=0.25, linewidth=0)
        axes.axvline(mean, color=style.ORANGE, linewidth=2)
        margin = 0.02 * (high - low)
        axes.set_xlim(min(low, fine[0]) - margin, max(high, fine[-1]) + margin)
        axes.set_ylim(0, max(float(heights.max()) * 1.16, 1.0))
        _label_mean(axes, mean, (low, high), lower, upper, conf_level)
        axes.grid(axis="y")
        axes.tick_params(length=0)
        axes.set_ylabel("People" if min_count == 1 else "People per bar of equal width")
        if min_count == 1:  # people come in whole numbers
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        named = scale_title(name, scores.instrument, language)
        axes.set_xlabel(f"{named} (possible range {low:g} to {high:g})")
        if title is None:
            title = f"Scores of {count(len(values))} people: {named}"
        merged = (
            f"Bars were merged until each stands for at least {min_count} people."
            if len(edges) < len(fine)
            else ""
        )
        drawn.caption(title, merged)
        return axes


def merge_bins(
    counts: NDArray[Any], edges: FloatArray, least: int
) -> tuple[NDArray[Any], FloatArray]:
    """Merge neighbouring bins until none holds between 1 and ``least`` − 1 people.

    The smallest offender goes first, one bin towards the nearest people (the fewer, of two
    as near), so that bars stay as fine and empty stretches as empty as they may.
    """
    people, ends = [int(number) for number in counts], [float(edge) for edge in edges]
    while len(people) > 1:
        small = [(number, i) for i, number in enumerate(people) if 0 < number < least]
        if not small:
            break
        i = min(small)[1]
        others = [k for k, number in enumerate(people) if number and k != i]
        towards = min(others, key=lambda k: (abs(k - i), people[k])) if others else i - 1
        first = i if towards > i or i == 0 else i - 1
        people[first : first + 2] = [people[first] + people[first + 1]]
        del ends[first + 1]
    return np.array(people), np.array(ends)


def _bin_edges(scores: Scores, scale: str, n: int) -> FloatArray:
    """Give bins that each hold equally many possible scores, about the square root of n.

    A mean of five six-point items has 26 possible values. Bins that hold one value here and
    two there would draw hills where there are none.
    """
    low, high = scale_range(scores, scale)
    known = scores.instrument.scale(scale)
    steps = sum(scores.instrument.n_options(name) - 1 for name in known.items)
    step = (high - low) / steps
    wanted = float(np.clip(np.sqrt(n), 8, 26))
    width = max(1, round((steps + 1) / wanted))
    n_bins = -(-(steps + 1) // width)
    beyond = (n_bins * width - (steps + 1)) // 2
    start = low - step / 2 - beyond * step
    return np.array([start + i * width * step for i in range(n_bins + 1)], dtype=np.float64)


def mean_interval(values: FloatArray, conf_level: float) -> tuple[float, float, float]:
    """Give the mean with the limits of its t interval."""
    mean, sd, n = values.mean(), values.std(ddof=1), np.array(len(values))
    _, low, high = kernel.mean_interval(mean, sd, n, conf_level)
    return float(mean), float(low), float(high)


def _label_mean(
    ax: Axes,
    mean: float,
    limits: tuple[float, float],
    lower: float,
    upper: float,
    conf_level: float,
) -> None:
    """Write the mean beside its line, on the side that has more room."""
    rightwards = mean < sum(limits) / 2
    text = f"mean {number(mean)}, {level(conf_level)} CI {interval(lower, upper, unit=False)}"
    end = upper if rightwards else lower
    room = (limits[1] - end if rightwards else end - limits[0]) / (limits[1] - limits[0])
    # The text takes about two fifths of the axis; a wide interval leaves it no such room.
    ax.annotate(
        text, (end if room > 0.42 else mean, 1), xycoords=("data", "axes fraction"),
        xytext=(5 if rightwards else -5, -3), textcoords="offset points",
        ha="left" if rightwards else "right", va="top", color=style.INK,
    )  # fmt: skip
