"""What the user chose for a table, and the pieces that several tables share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trustmeasure._checks import listed, near
from trustmeasure.errors import OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.tables import labels as names
from trustmeasure.tables.model import Cell, Column, Rich, Row, Table, rich
from trustmeasure.tables.numbers import bounded
from trustmeasure.thresholds import Source, Thresholds, load_thresholds


@dataclass(frozen=True)
class Options:
    """The user's choices, checked; see `trustmeasure.tables.table` for their meaning."""

    title: str | None = None
    known: Instrument | None = None
    scale: str | None = None
    labels: Any = None
    language: str = "en"
    include_text: bool | None = None
    thresholds: Thresholds = field(default_factory=load_thresholds)
    cut: float | None = None
    below_cut: str = "grey"
    sort: bool = True
    hide: frozenset[Any] = frozenset()

    def instrument(self, data: Any) -> Instrument | None:
        """Find the instrument that was passed, or that of the data."""
        return self.known or names.instrument_of(data, self.labels)


@dataclass(frozen=True)
class ItemCells:
    """The leading columns of a table of items: ids, and wordings where there are any."""

    columns: tuple[Column, ...]
    cells: dict[str, tuple[Cell, ...]]
    notes: tuple[Rich, ...]

    def blank(self, first: str) -> tuple[Cell, ...]:
        """Give the leading cells of a summary row."""
        return (Cell(first), *[Cell()] * (len(self.columns) - 1))


def item_cells(ids: Iterable[Any], data: Any, options: Options) -> ItemCells:
    """Prepare ids, wordings and the mark of reversed items."""
    ids = [str(name) for name in ids]
    instrument = options.instrument(data)
    texts = names.item_texts(
        ids,
        labels=options.labels,
        instrument=instrument,
        language=options.language,
        include_text=options.include_text,
    )
    turned = names.reversed_items(ids, instrument)
    columns = [Column(rich("Item"), "left")]
    if texts:
        columns.append(Column(rich("Wording"), "left"))
    cells: dict[str, tuple[Cell, ...]] = {}
    for name in ids:
        first = Cell(f"{name} {names.REVERSED}" if name in turned else name)
        cells[name] = (first, Cell(texts.get(name, ""))) if texts else (first,)
    note = rich(f"{names.REVERSED} = reverse-keyed; its values are those after reversal.")
    return ItemCells(tuple(columns), cells, (note,) if turned else ())


def verdict_note(options: Options, measure: str, value: float) -> Rich:
    """Say in a sentence what a value amounts to, by which cut-off and whose."""
    rule = options.thresholds[measure]
    verdict = options.thresholds.verdict(measure, value)
    if verdict.meets is None and verdict.word == "not available":
        return Rich()
    parts = []
    if rule.criterion is not None and rule.criterion_source is not None:
        met = "meets" if verdict.meets else "does not meet"
        parts.append(f"{met} the criterion {rule.criterion} ({rule.criterion_source.short})")
    if rule.bands and rule.bands_source is not None:
        parts.append(
            f"is {verdict.word} ({verdict.threshold.removeprefix(rule.symbol).strip()}; "
            f"{rule.bands_source.short})"
        )
    # A value that two places would round over a cut-off is given with three.
    same = options.thresholds.verdict(measure, round(value, 2)).word == verdict.word
    return rich(f"{rule.symbol} = {bounded(value, 2 if same else 3)} {' and '.join(parts)}.")


def references(options: Options, *measures: str) -> tuple[str, ...]:
    """Collect the full references of measures, each once."""
    sources: list[Source] = [s for name in measures for s in options.thresholds[name].sources]
    return tuple(dict.fromkeys(source.reference for source in sources))


def build(
    options: Options,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    notes: Iterable[Rich | str],
    measures: Sequence[str] = (),
) -> Table:
    """Put a table together, dropping empty notes."""
    return Table(
        title=options.title or title,
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(rich(note) for note in notes if str(note)),
        references=references(options, *measures),
    )


def one_of(scale: Any, known: Iterable[Any]) -> str:
    """Refuse a scale that the result does not hold."""
    scales = [str(name) for name in known]
    if str(scale) not in scales:
        raise OptionError(
            f"scale={scale!r} is not in the result. Scales: {listed(scales)}." + near(scale, scales)
        )
    return str(scale)


def scale_titles(scales: Iterable[Any], data: Any, options: Options) -> dict[Any, str]:
    """Give the title of each scale, by id."""
    instrument = options.instrument(data)
    return {scale: names.scale_title(scale, instrument, options.language) for scale in scales}


def of_scale(result: Any, options: Options) -> str:
    """Give ": <scale>" for the end of a title, where the result knows its scale."""
    scale = result.settings.get("scale")
    if not scale:
        return ""
    title = names.scale_title(scale, options.instrument(result), options.language)
    return f": {title}"
