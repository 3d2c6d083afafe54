"""What stands beside the items: persons, clusters, waves, and everything else that stays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trustmeasure._checks import listed
from trustmeasure.errors import DataError, DataWarning
from trustmeasure.platforms.coding import WRITTEN_MISSING
from trustmeasure.platforms.layout import Column, Table, is_identifying
from trustmeasure.platforms.matching import find_column
from trustmeasure.platforms.workbooks import cell_text
from trustmeasure.responses import LogEntry

# Scientific notation counts only with a sign, as software writes it: 12e4 may be an id.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(?:,\d+)?")
_LEADING_ZERO = re.compile(r"[+-]?0\d")

_LEFT_OUT = (
    "display order",
    "block randomiser",
    "timing",
    "free text",
    "topic",
    "identifying",
)


@dataclass(frozen=True)
class Roles:
    """The columns that hold the person, the cluster and the wave."""

    respondent: Column | None
    cluster: Column | None
    wave: Column | None

    def columns(self) -> list[Column]:
        """Those that there are."""
        return [c for c in (self.respondent, self.cluster, self.wave) if c is not None]

    def within(self, table: Table) -> Roles:
        """Find them again after rows were dropped."""
        by_name = {column.name: column for column in table.columns}
        return Roles(
            *(
                None if c is None else by_name[c.name]
                for c in (self.respondent, self.cluster, self.wave)
            )
        )


def find_roles(
    columns: Sequence[Column],
    *,
    respondent: str | None,
    cluster: str | None,
    wave: str | None,
) -> Roles:
    """Find the columns that the arguments name, and the person's where none was named."""
    found = {
        role: None if wanted is None else find_column(columns, wanted, f"{role}=")
        for role, wanted in (("respondent", respondent), ("cluster", cluster), ("wave", wave))
    }
    named = [c for c in found.values() if c is not None]
    twice = {c.name for c in named if sum(c is other for other in named) > 1}
    if twice:
        raise DataError(
            f"Column {listed(sorted(twice))} is named for two of respondent=, cluster= and wave=."
        )
    if found["respondent"] is None:
        found["respondent"] = next(
            (c for c in columns if c.role in {"ResponseId", "respondent"} and c not in named), None
        ) or next((c for c in columns if c.name == "respondent" and c not in named), None)
    return Roles(**found)


def assemble(
    table: Table,
    codes: Mapping[str, NDArray[np.float64]],
    matched: Mapping[str, Column],
    roles: Roles,
    scales: Mapping[str, Sequence[str]],
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """Put items, roles and the remaining columns into one frame, and log what was left out."""
    data: dict[str, Any] = dict(codes)
    names = {
        "respondent": _add_respondents(table, roles, data),
        "cluster": None,
        "wave": None,
    }
    if roles.cluster is not None:
        names["cluster"] = _put(data, roles.cluster.name, _clusters(table, roles.cluster))
    if roles.wave is not None:
        values = _labels(table, roles.wave, "wave")
        names["wave"] = _put(data, roles.wave.name, values)
        missing = int(pd.isna(pd.Series(values)).sum())
        if missing:
            detail = f"'{roles.wave.name}' empty"
            table.log.append(LogEntry("persons without a wave", missing, detail))
    _refuse_repeated_persons(table, roles, data, names)
    _add_context(table, data, matched, roles)
    _log_unanswered(table, codes, scales)
    return pd.DataFrame(data), names


def _log_unanswered(
    table: Table,
    codes: Mapping[str, NDArray[np.float64]],
    scales: Mapping[str, Sequence[str]],
) -> None:
    """Count who answered nothing at all, and who answered nothing of a scale.

    Where a survey shows blocks to part of the people, the latter is by design: it must not
    pass for answers missing at random.
    """
    if not codes:
        return
    silent = np.logical_and.reduce([np.isnan(column) for column in codes.values()])
    if silent.any():
        table.log.append(
            LogEntry(
                "persons without any answer", int(silent.sum()), "kept; their scores are missing"
            )
        )
    for scale, items in scales.items() if len(scales) > 1 else ():
        skipped = np.logical_and.reduce([np.isnan(codes[item]) for item in items]) & ~silent
        if skipped.any():
            table.log.append(
                LogEntry(
                    "scale without any answer",
                    int(skipped.sum()),
                    f"'{scale}', by persons who answered others: not shown to them, or skipped",
                )
            )


def _put(data: dict[str, Any], name: str, values: Any) -> str:
    """Add a column whose name the users chose, unless an item has it."""
    if name in data:
        raise DataError(
            f"The column '{name}' is named for respondent, cluster or wave, but an item that was "
            "matched to another column has the same name. Rename the column."
        )
    data[name] = values
    return name


def _add_respondents(table: Table, roles: Roles, data: dict[str, Any]) -> str:
    column = roles.respondent
    if column is None:
        return _put(data, "respondent", np.arange(1, table.n + 1))
    values = _labels(table, column, "respondent")
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise DataError(
            f"{len(missing)} of {table.n} persons have no id in the respondent column "
            f"'{column.name}' (first: {table.place(int(missing[0]))}). Fill them in, or leave "
            "respondent= out to have persons numbered."
        )
    return _put(data, column.name, values)


def _refuse_repeated_persons(
    table: Table, roles: Roles, data: Mapping[str, Any], names: Mapping[str, str | None]
) -> None:
    """Refuse a person who occurs twice, or twice in a wave."""
    if roles.respondent is None:
        return
    keys = [data[str(names[role])] for role in ("respondent", "wave") if names[role] is not None]
    frame = pd.DataFrame(dict(enumerate(keys)))
    repeated = frame.duplicated(keep=False).to_numpy()
    if not repeated.any():
        return
    groups = frame[repeated].drop_duplicates()
    column = roles.respondent
    shown = []
    for _, key in groups.head(3).iterrows():
        at = np.flatnonzero((frame == key).all(axis=1).to_numpy())
        # Ids that are mail addresses or the like must not appear in messages.
        who = "one person" if _is_private(column) else f"'{key.iloc[0]}'"
        shown.append(f"{who} in data rows {', '.join(str(table.numbers[i]) for i in at[:4])}")
    within = " within a wave" if roles.wave is not None else ""
    advice = (
        ""
        if roles.wave is not None
        else " If people answered repeatedly, name the wave with wave=."
    )
    raise DataError(
        f"{len(groups)} respondent(s) occur more than once{within} in column '{column.name}': "
        f"{'; '.join(shown)}{' …' if len(groups) > 3 else ''}. Remove the copies, or name another "
        f"column.{advice}"
    )


def _is_private(column: Column) -> bool:
    return column.kind in {"identifying", "free text"} or is_identifying(column)


def _labels(table: Table, column: Column, role: str) -> Any:
    """Trim labels; make them numbers where all are; missing where empty."""
    values = column.values
    if not _is_text(values):
        return values.reset_index(drop=True)
    places, distinct = pd.factorize(values, use_na_sentinel=True)
    texts = [cell_text(value) for value in distinct]
    trimmed = [text.strip() for text in texts]
    changed = {i for i, (a, b) in enumerate(zip(texts, trimmed, strict=True)) if a != b and b}
    if changed:
        table.log.append(
            LogEntry(
                f"{role} labels trimmed", int(np.isin(places, list(changed)).sum()), "outer spaces"
            )
        )
    written = {i for i, text in enumerate(trimmed) if text in WRITTEN_MISSING}
    if written and role != "respondent":
        table.log.append(
            LogEntry(
                f"{role} written as missing",
                int(np.isin(places, list(written)).sum()),
                "NA or NaN, as R and pandas write it",
            )
        )
        trimmed = ["" if i in written else text for i, text in enumerate(trimmed)]
    lookup = np.array([*trimmed, ""], dtype=object)
    cells = pd.Series(lookup[places], dtype=object)
    return to_values(cells, decimal_comma=False)


def _clusters(table: Table, column: Column) -> Any:
    values = _labels(table, column, "cluster")
    series = pd.Series(values)
    missing = int(series.isna().sum())
    if missing == len(series):
        raise DataError(f"The cluster column '{column.name}' is empty in all {table.n} rows.")
    if missing:
        table.log.append(LogEntry("persons without a cluster", missing, f"'{column.name}' empty"))
    by_form: dict[str, list[str]] = {}
    for label in series.dropna().unique():
        by_form.setdefault(" ".join(str(label).split()).casefold(), []).append(str(label))
    alike = [forms for forms in by_form.values() if len(forms) > 1]
    if alike:
        shown = "; ".join(
            " and ".join(f"'{form}'" for form in sorted(forms)) for forms in alike[:5]
        )
        table.log.append(LogEntry("cluster labels that differ only in case", len(alike), shown))
        import warnings

        warnings.warn(
            f"Labels of '{column.name}' differ only in case or spacing and were kept as different "
            f"clusters: {shown}. Make them equal in the data if they mean the same.",
            DataWarning,
            stacklevel=4,
        )
    return values


def _add_context(
    table: Table, data: dict[str, Any], matched: Mapping[str, Column], roles: Roles
) -> None:
    used = {id(c) for c in (*matched.values(), *roles.columns())}
    rest = [c for c in table.columns if id(c) not in used]
    for kind in _LEFT_OUT:
        names = [c.name for c in rest if c.kind == kind]
        if names:
            table.log.append(LogEntry(f"{kind} columns left out", len(names), listed(names, 6)))
    marks = [c for c in rest if c.kind == "simulation mark"]
    if marks:
        yes = int((marks[0].values.astype(str).str.strip().str.lower() == "yes").sum())
        table.log.append(
            LogEntry("simulated", yes, "marked by the column 'simulated': no person gave them")
        )
    clash = []
    decimal_comma = table.delimiter in {";", "\t"}
    for column in rest:
        if column.kind in _LEFT_OUT or column.kind == "simulation mark":
            continue
        if column.name in data:
            clash.append(column.name)
            continue
        data[column.name] = to_values(column.values, decimal_comma=decimal_comma)
    if clash:
        table.log.append(
            LogEntry(
                "columns left out for their name", len(clash), f"items have it: {listed(clash)}"
            )
        )


def _is_text(values: pd.Series[Any]) -> bool:
    """Tell columns whose cells are to be understood from those that a frame understood already."""
    return values.dtype == object or bool(pd.api.types.is_string_dtype(values.dtype))


def to_values(values: pd.Series[Any], *, decimal_comma: bool) -> Any:
    """Make text numeric where every cell with content is a number; missing where empty.

    Numbers with leading zeros (ids, post codes) or more digits than a float holds stay text.
    """
    values = values.reset_index(drop=True)
    if not _is_text(values):
        return values
    places, distinct = pd.factorize(values, use_na_sentinel=True)
    if any(not isinstance(value, str) for value in distinct):
        return values.infer_objects()
    texts = [text.strip() for text in distinct]
    filled = [t for t in texts if t and t not in WRITTEN_MISSING]
    if filled and _are_numbers(filled, decimal_comma):
        numbers = [
            float(t.replace(",", ".")) if t and t not in WRITTEN_MISSING else np.nan for t in texts
        ]
        column = np.array([*numbers, np.nan])[places]
        whole = not np.isnan(column).any() and all(re.fullmatch(r"[+-]?\d+", t) for t in filled)
        return column.astype(np.int64) if whole else column
    lookup: list[Any] = [
        original if text else None for original, text in zip(distinct, texts, strict=True)
    ]
    return pd.Series(np.array([*lookup, None], dtype=object)[places]).infer_objects()


def _are_numbers(texts: Sequence[str], decimal_comma: bool) -> bool:
    def fits(text: str) -> bool:
        if _LEADING_ZERO.match(text) or (sum(c.isdigit() for c in text) > 15 and "." not in text):
            return False
        return bool(_NUMBER.fullmatch(text) or (decimal_comma and _DECIMAL_COMMA.fullmatch(text)))

    return all(fits(text) for text in texts)
