"""How people answered: diverging bars of every item's answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from trustmeasure._checks import as_frame, listed, near
from trustmeasure.errors import DataError, OptionError
from trustmeasure.instruments import Instrument, ResponseSet, load_instrument
from trustmeasure.instruments.models import text_in
from trustmeasure.plots import style
from trustmeasure.responses import Responses
from trustmeasure.scoring import Scores
from trustmeasure.tables.labels import REVERSED, item_texts, reversed_items, scale_title
from trustmeasure.tables.numbers import count


def likert(
    data: Any,
    *,
    instrument: Instrument | str | None = None,
    scale: str | None = None,
    items: Sequence[str] | None = None,
    language: str = "en",
    labels: Any = True,
    include_text: bool | None = None,
    percentages: bool = True,
    sort: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the answers to each item as diverging stacked bars.

    Bars are centred on the middle answer, or between the two middle ones where the number
    of answers is even. They show the answers as given: reversed items are marked (R) and
    not turned round.

    Parameters
    ----------
    data : Responses, Scores, or DataFrame of raw codes
    instrument : Instrument or str, optional
        Needed with a DataFrame.
    scale : str, optional
        Only the items of this scale.
    items : sequence of str, optional
        Only these items, in this order.
    language : str
        Of item wordings and answer labels.
    labels : bool or mapping
        True for item wordings (ids where there are none), False for ids, or a mapping
        id → text.
    include_text : bool, optional
        Show wordings that the instrument itself may not ship with (``text: none``, attached
        with ``with_text``); by default only those of instruments whose text is included.
    percentages : bool
        Print percentages where they fit.
    sort : bool
        Items with most answers above the middle on top.
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
        For data without an instrument, codes that are no answers of an item, items that offer
        different numbers of answers, or more than 11 of them.
    OptionError
        For an unknown scale or item.
    """
    raw, known = raw_answers(data, instrument)
    names = chosen_items(raw, known, scale, items)
    _refuse_many_answers(known, names)
    shares, n, answers = answer_shares(raw, known, names)
    if sort:
        middle = (len(answers.values) - 1) / 2
        above = shares[:, np.arange(shares.shape[1]) > middle].sum(axis=1)
        order = np.argsort(-above, kind="stable")
        names, shares, n = [names[i] for i in order], shares[order], n[order]
    texts = item_texts(
        names, labels=labels, instrument=known, language=language, include_text=include_text
    )
    turned = reversed_items(names, known)
    row_labels = [
        style.wrap(texts.get(name, name) + (f"\u00a0{REVERSED}" if name in turned else ""), 42)
        for name in names
    ]
    layout = style.rows(row_labels, least=0.38)
    width = min(10.0, 6.2 + style.label_width(row_labels))
    with style.sheet(ax, width, layout.height + 1.2) as drawn:
        _draw_bars(drawn.ax, shares, layout)
        layout.apply(drawn.ax, row_labels)
        style.number_column(drawn.ax, layout, 0.55, "n", [count(number) for number in n])
        option_names = _option_names(answers, language)
        pad = _draw_legend(drawn, option_names, style.option_colours(len(option_names)))
        if title is None:
            title = f"Answers: {scale_title(scale, known, language) if scale else known.name}"
        note = f"{REVERSED} = reverse-keyed item, shown as answered." if turned else ""
        drawn.caption(title, note)
        if not drawn.own and title:
            drawn.ax.set_title(drawn.ax.get_title(loc="left"), loc="left", pad=pad)
        if percentages:
            _draw_percentages(drawn, shares)
        return drawn.ax


# Of more answers, neither colours nor bars can be told apart.
_MOST_ANSWERS = 11


def _refuse_many_answers(instrument: Instrument, names: Sequence[str]) -> None:
    most = max((instrument.n_options(name) for name in names), default=0)
    if most > _MOST_ANSWERS:
        raise DataError(
            f"The items offer {most} answers, too many for bars of each (at most "
            f"{_MOST_ANSWERS}). Draw the distribution of the scores instead."
        )


def raw_answers(data: Any, instrument: Instrument | str | None) -> tuple[pd.DataFrame, Instrument]:
    """Give raw codes and the instrument, whatever the data are."""
    if isinstance(data, Scores):
        return _turned_back(data), data.instrument
    if isinstance(data, Responses):
        known = data.instrument if instrument is None else load_instrument(instrument)
        if known is None:
            raise DataError(
                "The responses were read without an instrument, so the answers that items offer "
                "are unknown. Pass instrument=...."
            )
        return data.items if data.column_map else data.data, known
    if instrument is None:
        raise DataError(
            "instrument= is needed to draw the answers in a frame: it says which answers the "
            "items offer. Pass an id that list_instruments() gives, a path, or an Instrument."
        )
    return as_frame(data), load_instrument(instrument)


def _turned_back(scores: Scores) -> pd.DataFrame:
    """Undo the keying, so that answers are seen as they were given."""
    own_key = scores.settings.get("confirm_keying")
    key = own_key if isinstance(own_key, dict) else {}
    raw = scores.keyed.copy()
    for name in raw.columns:
        item = scores.instrument.item(name)
        low, high = scores.instrument.response_range(name)
        if key.get(name, item.reverse):
            raw[name] = low + high - raw[name]
        elif item.score_map is not None and name not in key:
            back = {value: code for code, value in item.score_map.items()}
            if len(back) < len(item.score_map):
                raise DataError(
                    f"Item '{name}' gives several answers the same score, so that its answers "
                    "cannot be told from the scores. Draw the responses instead."
                )
            raw[name] = raw[name].map(back)
    return raw


def chosen_items(
    raw: pd.DataFrame, known: Instrument, scale: str | None, items: Sequence[str] | None
) -> list[str]:
    """Choose the items to draw, by scale, by name, or all that the data hold."""
    if scale is not None and items is not None:
        raise OptionError("Pass scale= or items=, not both.")
    if scale is not None:
        wanted = list(known.scale(scale).items)
        if not wanted:
            raise DataError(
                f"Which items belong to scale '{scale}' of instrument '{known.id}' is not known. "
                "Supply it with instrument.with_key(scales={...}), or choose items=[...]."
            )
    elif items is not None:
        wanted = [items] if isinstance(items, str) else [str(name) for name in items]
        for name in wanted:
            known.item(name)  # raises, with near matches, for an unknown id
    else:
        wanted = [name for name in known.item_ids if name in raw.columns]
        if not wanted:
            raise DataError(
                f"None of the items of instrument '{known.id}' is in the data. Columns: "
                f"{listed(raw.columns)}."
            )
    missing = [name for name in wanted if name not in raw.columns]
    if missing or not wanted:
        raise DataError(
            f"Item(s) {listed(missing)} are not in the data. Columns: {listed(raw.columns)}."
            + near(missing[0] if missing else "", raw.columns)
        )
    return wanted


def answer_shares(
    raw: pd.DataFrame, known: Instrument, names: Sequence[str]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], ResponseSet]:
    """Give the share of each answer (items × answers), the n of each item, and the answers."""
    sets = {name: known.response_set(name) for name in names}
    sizes = {answers.n_options for answers in sets.values()}
    if len(sizes) > 1:
        raise DataError(
            f"The items offer different numbers of answers ({sorted(sizes)}), so their bars have "
            "no common middle. Choose items of one response set with scale=... or items=...."
        )
    shares = np.zeros((len(names), sizes.pop()))
    n = np.zeros(len(names), dtype=np.int64)
    for i, name in enumerate(names):
        codes = pd.to_numeric(raw[name], errors="coerce").dropna().to_numpy(dtype=np.float64)
        options = np.array(sets[name].values, dtype=np.float64)
        strange = codes[~np.isin(codes, options)]
        if strange.size:
            raise DataError(
                f"Item '{name}' has the value {strange[0]:g} ({strange.size} in all), which is "
                f"none of its answers ({sets[name].min}–{sets[name].max})."
            )
        n[i] = codes.size
        if codes.size:
            shares[i] = (codes[:, None] == options).mean(axis=0)
    return shares, n, sets[names[0]]


def left_ends(shares: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Give where each segment begins, in percent left (−) or right (+) of the middle."""
    k = shares.shape[1]
    below = shares[:, : k // 2].sum(axis=1)
    if k % 2:
        below = below + shares[:, k // 2] / 2
    starts = np.cumsum(shares, axis=1) - shares
    ends: np.ndarray[Any, Any] = 100 * (starts - below[:, None])
    return ends


def _draw_bars(ax: Axes, shares: np.ndarray[Any, Any], layout: style.Rows) -> None:
    lefts, widths = left_ends(shares), 100 * shares
    for k, colour in enumerate(style.option_colours(shares.shape[1])):
        ax.barh(
            layout.centres, widths[:, k], left=lefts[:, k], height=0.27, color=colour,
            edgecolor="white", linewidth=0.8,
        )  # fmt: skip
    low = style.nice_ceiling(max(25.0, float(-lefts.min())), 5)
    high = style.nice_ceiling(max(25.0, float((lefts + widths).max())), 5)
    ax.set_xlim(-low - 1, high + 1)
    ticks = [tick for tick in range(-100, 101, 25) if -low <= tick <= high]
    ax.set_xticks(ticks, [f"{abs(tick)}%" for tick in ticks])
    ax.grid(axis="x")
    ax.axvline(0, color=style.SOFT, linewidth=1.0, zorder=0.9)
    ax.tick_params(axis="x", length=0)
    ax.spines["bottom"].set_visible(False)


def _option_names(answers: ResponseSet, language: str) -> list[str]:
    """Name each answer: its label, its code, or both where only some have labels."""
    texts = {code: text_in(answers.labels.get(code, {}), language) for code in answers.values}
    if all(texts.values()):
        return [texts[code] for code in answers.values]
    return [f"{code} {texts[code]}".strip() for code in answers.values]


def _draw_legend(drawn: style.Sheet, names: Sequence[str], colours: Sequence[Any]) -> float:
    """Put the answers above the bars, row by row; give the points that they take."""
    room, legend = 0.0, None
    drawn.settle()
    width_there = drawn.ax.get_window_extent().width
    columns = dict.fromkeys(-(-len(names) // n_rows) for n_rows in range(1, len(names) + 1))
    tries = [(n_columns, width) for n_columns in columns for width in (24, 14, 10)]
    for n_columns, width in tries:
        # A legend fills column by column; this order makes it read row by row.
        order = [i for column in range(n_columns) for i in range(column, len(names), n_columns)]
        if legend is not None:
            legend.remove()
        legend = drawn.ax.legend(
            [Patch(facecolor=colours[i], edgecolor="none") for i in order],
            # matplotlib leaves out what begins with an underscore
            [style.wrap(re.sub("^_", "\u200b_", names[i]), width) for i in order],
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=n_columns, borderaxespad=0.2,
            handlelength=1.1, handleheight=1.0, columnspacing=1.2, handletextpad=0.5,
        )  # fmt: skip
        legend.set_in_layout(False)  # until it is known to fit
        drawn.settle()
        extent = legend.get_window_extent()
        room = extent.height / drawn.figure.dpi
        if extent.width <= width_there:
            break
    if legend is not None:
        legend.set_in_layout(True)
    if drawn.own:
        drawn.figure.set_figheight(drawn.figure.get_figheight() + room)
    return 72 * room + 4


def _draw_percentages(drawn: style.Sheet, shares: np.ndarray[Any, Any]) -> None:
    """Print percentages into the segments, and take those away that are too wide for theirs."""
    texts = []
    for k, container in enumerate(drawn.ax.containers):
        colour = style.option_colours(shares.shape[1])[k]
        for i, bar in enumerate(container):
            if not isinstance(bar, Rectangle) or shares[i, k] < 0.005:
                continue
            middle = (bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2)
            text = drawn.ax.text(
                *middle, f"{100 * shares[i, k]:.0f}", ha="center", va="center",
                color=style.ink_on(colour), fontsize=9,
            )  # fmt: skip
            texts.append((text, bar))
    drawn.settle()
    for text, bar in texts:
        room = bar.get_window_extent().width
        if text.get_window_extent().width > room - 2:
            text.remove()
