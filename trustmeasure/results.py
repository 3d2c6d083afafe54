"""The base of every result: frozen, printable, and able to leave as a frame or as JSON."""

from __future__ import annotations

import math
import warnings as _warnings
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from html import escape
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from trustmeasure.errors import DataWarning, TrustMeasureWarning


class Notes:
    """Collects what a function did on the way to its result.

    ``record`` keeps a message for the result's ``warnings``; ``warn`` also shows it at
    once, for what changes how the number must be read. A deletion is recorded; a value
    outside its range is warned of.
    """

    def __init__(self) -> None:
        self._messages: list[str] = []

    def record(self, message: str) -> None:
        """Keep ``message`` for the result."""
        self._messages.append(message)

    def warn(
        self,
        message: str,
        category: type[TrustMeasureWarning] = DataWarning,
        *,
        stacklevel: int = 3,
    ) -> None:
        """Keep ``message`` for the result and show it as a Python warning."""
        self._messages.append(message)
        _warnings.warn(message, category, stacklevel=stacklevel)

    def messages(self) -> tuple[str, ...]:
        """Everything collected so far, in order."""
        return tuple(self._messages)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Result:
    """What every analysis returns.

    Attributes
    ----------
    n : int
        Cases used.
    n_dropped : int
        Cases left out, for the reason given in ``warnings``.
    settings : dict
        The options that produced the result, defaults included.
    warnings : tuple of str
        Everything done to the data or noticed in the estimates.
    """

    title: ClassVar[str] = "Result"

    n: int
    n_dropped: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Give the result's main table as a DataFrame."""

    def summary(self) -> dict[str, Any]:
        """Give the single numbers of the result, for printing; empty where a table says it all."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in _COMMON and isinstance(getattr(self, f.name), (int, float, np.number))
        }

    def to_dict(self) -> dict[str, Any]:
        """Give every field as plain Python objects that ``json.dumps`` accepts."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: to_plain(value) for name, value in values.items()}

    def __repr__(self) -> str:
        parts = [self._heading()]
        numbers = self.summary()
        if numbers:
            width = max(len(name) for name in numbers)
            parts.append("\n".join(f"{name:<{width}}  {_number(v)}" for name, v in numbers.items()))
        with pd.option_context("display.width", 100, "display.max_columns", 30):
            frame = _blank_missing(self.to_frame())
            parts.append(frame.to_string(float_format=_three_places, max_rows=60))
        parts.extend(f"Note: {message}" for message in self.warnings)
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        numbers = self.summary()
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(_number(v))}</td></tr>"
            for name, v in numbers.items()
        )
        table = f"<table>{cells}</table>" if cells else ""
        notes = "".join(f"<p><em>Note.</em> {escape(message)}</p>" for message in self.warnings)
        frame = _blank_missing(self.to_frame()).to_html(float_format=_three_places, max_rows=60)
        return f"<h4>{escape(self._heading())}</h4>{table}{frame}{notes}"

    def _heading(self) -> str:
        dropped = f", {self.n_dropped} left out" if self.n_dropped else ""
        return f"{self.title} (n = {self.n}{dropped})"


_COMMON = frozenset({"n", "n_dropped", "settings", "warnings"})


def _number(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{float(value):.4f}"


def _three_places(value: float) -> str:
    return f"{value:.3f}"


def _blank_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave cells without a value empty in print, whatever kind of missing they hold."""
    return frame.astype(object).where(frame.notna(), "")


def to_plain(value: Any) -> Any:
    """Turn pandas and NumPy objects into what JSON holds; NaN and infinities become None.

    A DataFrame becomes a list of records, its index among them; a Series with a unique
    index a mapping.
    """
    if isinstance(value, pd.DataFrame):
        levels = value.index.nlevels
        names = [
            str(name or ("index" if levels == 1 else f"level_{i}"))
            for i, name in enumerate(value.index.names)
        ]
        named = value.set_axis(value.index.set_names(names))
        return [
            {str(key): to_plain(cell) for key, cell in record.items()}
            for record in named.reset_index().to_dict(orient="records")
        ]
    if isinstance(value, pd.Series):
        return {str(key): to_plain(cell) for key, cell in value.items()}
    if isinstance(value, np.ndarray):
        return [to_plain(cell) for cell in value.tolist()]
    if isinstance(value, Mapping):
        return {str(key): to_plain(cell) for key, cell in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(cell) for cell in value]
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (np.bool_,)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if value is pd.NA or value is pd.NaT:
        return None
    return str(value)
