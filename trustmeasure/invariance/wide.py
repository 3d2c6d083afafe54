"""From one row a person and wave to one row a person, with a column for each item and wave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from trustmeasure._checks import as_frame, as_label, listed, near
from trustmeasure.confirmatory.language.parameters import Parameter
from trustmeasure.errors import DataError, OptionError
from trustmeasure.results import Notes


@dataclass(frozen=True)
class Wide:
    """Answers with a column for each item and wave.

    ``labels`` are the waves in order, ``columns`` maps each item to its columns by wave, and
    ``suffixes`` are what factors are called by.
    """

    frame: pd.DataFrame
    labels: tuple[Any, ...]
    columns: Mapping[str, tuple[str, ...]]
    suffixes: tuple[str, ...]

    def rows(
        self, parameters: Sequence[Parameter], factors: Iterable[str]
    ) -> dict[tuple[str, int], int]:
        """Give the row of each parameter within a wave, by its name of one wave and the wave."""
        at = {
            name: (item, place)
            for item, own in self.columns.items()
            for place, name in enumerate(own)
        } | {
            f"{factor}.{end}": (factor, place)
            for factor in factors
            for place, end in enumerate(self.suffixes)
        }
        found = {}
        for row_place, row in enumerate(parameters):
            left, place = at[row.lhs]
            right, other = at.get(row.rhs, (row.rhs, place))  # thresholds have their number there
            if other == place:
                found[f"{left}{row.op}{right}", place] = row_place
        return found


def from_long(
    data: Any,
    items: Sequence[str],
    *,
    wave: str,
    respondent: str,
    keep: Sequence[str],
    notes: Notes,
) -> Wide:
    """Spread the items over waves; what is in ``keep`` must not differ within a person."""
    frame = as_frame(data)
    for name, role in ((wave, "wave"), (respondent, "respondent"), *((k, "cluster") for k in keep)):
        if name not in frame.columns:
            raise DataError(
                f"{role}= names the column '{name}', which the data do not have. Columns: "
                f"{listed(frame.columns)}.{near(name, frame.columns)}"
            )
    _require(items, frame.columns)
    known = frame[wave].notna() & frame[respondent].notna()
    if not known.all():
        notes.record(f"{int((~known).sum())} rows without a wave or a respondent were left out.")
        frame = frame[known]
    twice = frame.duplicated([respondent, wave])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        raise DataError(
            f"Respondent '{frame[respondent].iloc[row]}' has more than one row in wave "
            f"'{frame[wave].iloc[row]}' "
            f"({int(twice.sum())} such rows in all). Keep one row a person and wave."
        )
    labels = waves_in_order(frame[wave])
    if len(labels) < 2:
        raise DataError(
            f"The wave column '{wave}' has {len(labels)} different value(s); at least 2 waves are "
            "needed."
        )
    suffixes = name_waves(labels)
    columns = {item: tuple(f"{item}.{end}" for end in suffixes) for item in items}
    clash = [name for own in columns.values() for name in own if name in keep]
    if clash:
        raise DataError(f"Column(s) {listed(clash)} would be overwritten. Rename them.")
    order = pd.unique(frame[respondent])
    parts = []
    for place, label in enumerate(labels):
        own = frame[frame[wave] == label].set_index(respondent)[list(items)]
        parts.append(
            own.reindex(order).rename(columns={item: columns[item][place] for item in items})
        )
    wide = pd.concat(parts, axis=1)
    for name in keep:
        counts = frame.groupby(respondent)[name].nunique()
        if (counts > 1).any():
            raise DataError(
                f"'{name}' differs between the waves of {int((counts > 1).sum())} respondent(s); "
                "over waves a person must stay in one cluster."
            )
        wide[name] = frame.groupby(respondent)[name].first().reindex(order)
    counts = frame.groupby(respondent)[wave].nunique()
    everywhere = int((counts == len(labels)).sum())
    if everywhere < len(order):
        notes.record(
            f"{everywhere} of {len(order)} respondents have a row in each of {len(labels)} waves."
        )
    return Wide(wide.reset_index(drop=True), tuple(labels), columns, tuple(suffixes))


def from_columns(
    data: Any, items: Sequence[str], columns: Mapping[str, Sequence[str]], labels: Any
) -> Wide:
    """Take a frame that is wide already, with the user's own names."""
    frame = as_frame(data)
    missing = [item for item in items if item not in columns]
    if missing:
        raise OptionError(
            f"columns= has no entry for {listed(missing)}; it maps every item of the model to its "
            "columns, one a wave."
        )
    lengths = {len(columns[item]) for item in items}
    if len(lengths) != 1 or min(lengths) < 2:
        raise OptionError(
            "columns= must give every item the same number of columns, at least 2, in the order "
            f"of the waves; found {sorted(lengths)}."
        )
    chosen = {item: tuple(str(name) for name in columns[item]) for item in items}
    every = [name for own in chosen.values() for name in own]
    _require(every, frame.columns)
    repeated = sorted({name for name in every if every.count(name) > 1})
    if repeated:
        raise OptionError(f"columns= names {listed(repeated)} more than once.")
    count = lengths.pop()
    names = list(range(1, count + 1)) if labels is None else list(labels)
    if len(names) != count:
        raise OptionError(f"wave= has {len(names)} labels, columns= has {count} waves.")
    return Wide(frame, tuple(names), chosen, name_waves(names))


def _require(names: Sequence[str], columns: Sequence[str] | pd.Index) -> None:
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise DataError(
            f"The data do not have the column(s) {listed(unknown)}. Columns: {listed(columns)}."
            + near(unknown[0], columns)
        )


def waves_in_order(column: pd.Series[Any]) -> list[Any]:
    """Order waves as their type does: categories, numbers and dates; texts as they come."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.dropna())
        return [label for label in column.cat.categories if label in present]
    labels = [as_label(label) for label in pd.unique(column.dropna())]
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "M":
        return sorted(labels)
    return labels


def name_waves(labels: Sequence[Any]) -> tuple[str, ...]:
    """Give each wave an ending that names of models may have."""
    names = [re.sub(r"\W+", "_", str(label)).strip("_") for label in labels]
    if all(names) and len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"w{place}" for place in range(1, len(names) + 1))
