"""Writing: whole or not at all, never over a file unasked, and safe in a spreadsheet."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from trustmeasure.errors import DataError

# A cell that begins with one of these is run as a formula by spreadsheet programs.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def refuse_existing(path: Path, *, overwrite: bool, how: str = "overwrite=True") -> None:
    """Refuse to write over a file unless asked to."""
    if path.is_dir():
        raise DataError(f"'{path}' is a folder; expected the name of a file to write.")
    if path.exists() and not overwrite:
        raise DataError(
            f"'{path}' exists already and was left as it is. Choose another name, or pass "
            f"{how} to replace it."
        )


def write_whole(path: str | Path, content: str | bytes, *, overwrite: bool = False) -> Path:
    """Write a file through a temporary one beside it, so that it appears complete or not at all."""
    path = Path(path)
    refuse_existing(path, overwrite=overwrite)
    if not path.parent.is_dir():
        raise DataError(
            f"The folder '{path.parent}' does not exist; '{path.name}' was not written."
        )
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes private files; what people share follows their own umask.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def neutralise(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Line ends become plain ones: Python's csv does not quote a lone carriage return, which
    would then end the row and let the rest of the cell begin another.
    """
    if not isinstance(value, str):
        return value
    risky = value.startswith(_FORMULA_STARTS)
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not risky:
        return value
    try:
        float(value)  # a number with a sign is no formula
    except ValueError:
        return "'" + value
    return value


def write_csv(frame: pd.DataFrame, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a frame as UTF-8 CSV without its index, formulas neutralised."""
    safe = frame.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column].dtype):
            safe[column] = safe[column].map(neutralise, na_action="ignore")
    safe.columns = [neutralise(str(name)) for name in safe.columns]
    return write_whole(path, safe.to_csv(index=False, lineterminator="\n"), overwrite=overwrite)
