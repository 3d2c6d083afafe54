"""How figures look, and the frame that every one of them is drawn in."""

from __future__ import annotations

import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from trustmeasure.errors import OptionError
from trustmeasure.tables.numbers import bounded

# Okabe and Ito's colours, which people with any colour vision tell apart.
BLUE, ORANGE, GREEN, SKY = "#0072B2", "#D55E00", "#009E73", "#56B4E9"
INK, SOFT, GRID, FAINT = "#1f2933", "#52606d", "#d5dbe1", "#f2f4f6"

# Orange to grey to blue. The blue end is much darker than the orange one, so that the two
# sides differ in greyscale too.
DIVERGING = LinearSegmentedColormap.from_list(
    "trustmeasure",
    ["#d9730d", "#f4b36b", "#e1e4e8", "#7fb2dd", "#0b4f8a"],
)

BODY, TITLE = 9.5, 11.5  # points
LINE = 0.175  # inches that a line of body text takes
LETTER = 0.078  # inches that a letter of it takes, on average

RC: Any = {
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so every machine draws the same
    "font.size": BODY,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,  # a "$" in an item is a dollar sign
    "axes.labelsize": BODY,
    "axes.labelcolor": INK,
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": SOFT,
    "axes.facecolor": "white",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.titlesize": TITLE,
    "figure.titleweight": "bold",
    "figure.labelsize": BODY,
    "figure.labelweight": "normal",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "grid.linestyle": "-",
    "legend.fontsize": BODY,
    "legend.frameon": False,
    "xtick.labelsize": BODY,
    "ytick.labelsize": BODY,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.bottom": True,
    "xtick.top": False,
    "xtick.labelbottom": True,
    "xtick.labeltop": False,
    "ytick.left": True,
    "ytick.labelleft": True,
    "lines.linewidth": 1.6,
    "hatch.linewidth": 1.0,
    "savefig.bbox": None,
}

_offscreen: ContextVar[bool] = ContextVar("trustmeasure_offscreen", default=False)


def root_figure(artist: Axes | Figure) -> Figure:
    """Give the whole figure, also of axes in a subfigure."""
    figure: Any = artist
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure


@contextmanager
def offscreen() -> Iterator[None]:
    """Draw figures that pyplot does not know of, so that nothing is shown or kept open."""
    token = _offscreen.set(True)
    try:
        yield
    finally:
        _offscreen.reset(token)


@dataclass
class Sheet:
    """Axes to draw on, and whether the figure is the function's own to lay out."""

    ax: Axes
    own: bool

    @property
    def figure(self) -> Figure:
        """The figure, also where the axes sit in a subfigure."""
        return root_figure(self.ax)

    def caption(self, title: str, note: str = "") -> None:
        """Set the title, left-aligned and wrapped, and the note below."""
        width = self.figure.get_figwidth()
        edge = 0.06 / width
        if self.own:
            if title:
                wrapped = wrap(title, int((width - 0.2) / (LETTER * 1.33)))
                self.figure.suptitle(wrapped, x=edge, ha="left")
            if note:
                wrapped = wrap(note, int((width - 0.2) / LETTER))
                self.figure.supxlabel(wrapped, x=edge, ha="left", color=SOFT)
            return
        room = self.ax.get_position().width * width
        if title:
            wrapped = wrap(title, max(20, int(room / (LETTER * 1.33))))
            self.ax.set_title(wrapped, loc="left", pad=6 + self._height_above())
        if note:
            label = "\n".join(
                filter(None, [self.ax.get_xlabel(), wrap(note, max(20, int(room / LETTER)))])
            )
            self.ax.set_xlabel(label, loc="left")

    def _height_above(self) -> float:
        """Measure what already stands above the axes, in points."""
        self.settle()
        legend = self.ax.get_legend()
        artists: list[Any] = [*self.ax.texts, *([legend] if legend is not None else [])]
        tops = [float(artist.get_window_extent().y1) for artist in artists]
        above = max([*tops, 0.0]) - self.ax.get_window_extent().y1
        return max(0.0, float(above)) * 72 / float(self.figure.dpi)

    def settle(self) -> None:
        """Lay the figure out, so that sizes can be measured."""
        with any_glyph():
            self.figure.draw_without_rendering()


@contextmanager
def any_glyph() -> Iterator[None]:
    """Let names hold letters and signs that the figure's own font lacks.

    Web pages take them from another font; in other files matplotlib draws a box and says so
    when the file is saved.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from font", category=UserWarning
        )
        yield


@contextmanager
def sheet(ax: Axes | None, width: float, height: float) -> Iterator[Sheet]:
    """Give axes in the house style: the user's, or new ones of this size in inches.

    The user's own settings of matplotlib are left as they are. The last thing done in the
    style is a dry run of drawing, because ticks are made no earlier.
    """
    if ax is not None and not isinstance(ax, Axes):
        raise OptionError(
            f"ax= is of type {type(ax).__name__}; expected matplotlib Axes, such as one of those "
            "that plt.subplots() gives."
        )
    own = ax is None
    # Outside the style, because choosing a backend sets parameters of its own (notebooks
    # become interactive by it), which leaving the style would take back.
    figure = _new_figure(width, height) if ax is None else root_figure(ax)
    with mpl.rc_context(RC):
        if ax is None:
            figure.set_layout_engine("constrained")
            figure.set_facecolor(RC["figure.facecolor"])
            ax = figure.add_subplot()
        drawn = Sheet(ax, own=own)
        try:
            yield drawn
            drawn.settle()
        except BaseException:
            if own and not _offscreen.get():
                import matplotlib.pyplot as plt

                plt.close(figure)  # or a notebook would show what is half drawn
            raise


def _new_figure(width: float, height: float) -> Figure:
    """Give an empty figure, one that pyplot knows unless drawing is off screen."""
    if _offscreen.get():
        return Figure(figsize=(width, height))
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height))


def wrap(text: str, width: int) -> str:
    """Break text into lines of about equal length; nothing is cut off.

    A no-break space keeps what it joins on one line.
    """
    plain = re.sub(r"[ \t\r\n\f\v]+", " ", str(text)).strip(" ")
    lines = textwrap.wrap(plain, width := max(8, width))
    while len(lines) > 1 and width > 8:  # as narrow as the number of lines allows
        narrower = textwrap.wrap(plain, width - 1)
        if len(narrower) > len(lines):
            break
        lines, width = narrower, width - 1
    return "\n".join(lines) or " "


def unit_axis(ax: Axes) -> None:
    """Give the horizontal axis ticks from 0 to 1, or from where it begins."""
    low = ax.get_xlim()[0]
    # Two ticks alone would show no scale.
    every = 1 if low > 0.4 else 2
    ticks = [i / 10 for i in range(-10, 11, every) if i / 10 >= low - 1e-9]
    ax.set_xticks(ticks, ["0" if tick == 0 else bounded(tick, 1) for tick in ticks])
    ax.tick_params(axis="x", length=0)


def number_column(
    ax: Axes,
    layout: Rows,
    offset: float,
    heading: str,
    texts: Sequence[str],
    marked: Sequence[Any] | None = None,
) -> None:
    """Print numbers ``offset`` inches right of the axes, those of concern in bold orange.

    The offset is fixed, so that the axes may shrink without moving the column.
    """
    strong = [False] * len(texts) if marked is None else list(marked)
    for centre, text, bold in zip(layout.centres, texts, strong, strict=True):
        ax.annotate(
            text, (1, centre), xycoords=ax.get_yaxis_transform(), xytext=(72 * offset, 0),
            textcoords="offset points", ha="right", va="center", annotation_clip=False,
            fontweight="bold" if bold else "normal", color=ORANGE if bold else INK,
        )  # fmt: skip
    ax.annotate(
        heading, (1, 1), xycoords="axes fraction", xytext=(72 * offset, 3),
        textcoords="offset points", ha="right", va="bottom", color=SOFT,
    )  # fmt: skip


def n_lines(text: str) -> int:
    """Count the lines of wrapped text."""
    return text.count("\n") + 1


@dataclass(frozen=True)
class Rows:
    """Rows of different heights, in inches from the top, so that labels never overlap."""

    centres: np.ndarray[Any, np.dtype[np.float64]]
    height: float

    def apply(self, ax: Axes, labels: Sequence[str]) -> None:
        """Label the rows, the first one on top."""
        ax.set_ylim(self.height, 0)
        ax.set_yticks(self.centres, labels)
        ax.tick_params(axis="y", length=0, pad=6)
        ax.spines["left"].set_visible(False)


def rows(labels: Sequence[str], least: float = 0.34) -> Rows:
    """Give each label the height that its lines need."""
    heights = np.array([max(least, n_lines(label) * LINE + 0.14) for label in labels])
    ends = np.cumsum(heights)
    return Rows(centres=ends - heights / 2, height=float(ends[-1]) if len(ends) else least)


def label_width(labels: Sequence[str]) -> float:
    """Estimate the inches that the longest line takes."""
    longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    return longest * LETTER + 0.15


def ink_on(colour: Any) -> str:
    """Choose black or white letters for a background, by WCAG's contrast ratio."""
    background = _luminance(to_rgb(colour))
    dark = (background + 0.05) / 0.05
    return "black" if dark >= 1.05 / (background + 0.05) else "white"


def _luminance(rgb: tuple[float, float, float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def option_colours(n_options: int) -> list[Any]:
    """Give each answer its colour, from the lowest to the highest."""
    if n_options == 1:
        return [DIVERGING(0.5)]
    return [DIVERGING(k / (n_options - 1)) for k in range(n_options)]


def nice_ceiling(value: float, step: float) -> float:
    """Round up to a multiple of ``step``."""
    return math.ceil(value / step - 1e-9) * step
