"""Bytes of an export file to text: what kind of file it is, its encoding, its delimiter."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from trustmeasure.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

# How many records decide about the delimiter. A quoted text may hold any number of lines.
_JUDGED_RECORDS = 200

_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or a workbook with a password", "xlsx"),
    (b"%PDF", "a PDF document", "csv"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack"),
    (b"BZh", "a compressed file (bzip2)", "unpack"),
    (b"$FL2", "an SPSS file (.sav)", "csv"),
    (b"$FL3", "an SPSS file (.zsav)", "csv"),
    (b"<stata_dta>", "a Stata file (.dta)", "csv"),
    (b"PAR1", "a Parquet file", "frame"),
    (b"SQLite format 3", "a database file", "csv"),
    (b"\x89PNG", "a picture", "csv"),
    (b"\xff\xd8\xff", "a picture", "csv"),
)
_ADVICE = {
    "xlsx": "Open it in a spreadsheet program and save it as .xlsx without a password, or as CSV.",
    "csv": "Export the responses as CSV and read that file.",
    "unpack": "Unpack it first and read the file inside.",
    "frame": "Load it with pandas or Polars and pass the frame.",
}


def read_bytes(path: Path) -> bytes:
    """Read a file whole, with our own error where it is not there or has nothing in it."""
    if path.is_dir():
        raise DataError(f"'{path}' is a folder; expected the file of a survey export.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file '{path}'." + _similar_files(path)) from None
    except OSError as error:
        raise DataError(f"'{path}' could not be opened: {error.strerror}.") from None
    if not data.strip():
        raise DataError(f"'{path.name}' is empty: it has no heading and no rows.")
    return data


def _similar_files(path: Path) -> str:
    from trustmeasure._checks import near

    if not path.parent.is_dir():
        return f" Its folder '{path.parent}' does not exist either."
    return near(path.name, (entry.name for entry in path.parent.iterdir() if entry.is_file()))


def is_workbook(data: bytes) -> bool:
    """Tell an .xlsx workbook by its content, whatever its name."""
    if not data.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def refuse_foreign(data: bytes, name: str) -> None:
    """Refuse what is not a text table, saying what it is instead."""
    for magic, what, advice in _MAGIC:
        if data.startswith(magic):
            raise DataError(f"'{name}' is {what}, not a text table. {_ADVICE[advice]}")
    if is_workbook(data):
        raise DataError(
            f"'{name}' is an Excel workbook, although its name does not say so. Rename it to "
            f"'{Path(name).stem}.xlsx' and read that."
        )
    if data.startswith(b"PK"):
        raise DataError(f"'{name}' is a zip archive, not a text table. {_ADVICE['unpack']}")


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Give the text of a file and the encoding that it was read with.

    Tried in this order: a byte-order mark (UTF-8, UTF-16, UTF-32), UTF-16 without a mark
    (told by its zero bytes), UTF-8, Windows-1252, Latin-1. The last fits any bytes.
    """
    marks = (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    )
    for mark, encoding in marks:
        if data.startswith(mark):
            try:
                return _without_nul(data.decode(encoding), name), encoding
            except UnicodeDecodeError as error:
                raise DataError(
                    f"'{name}' begins with the mark of {encoding.removesuffix('-sig').upper()}, "
                    f"but cannot be read as that from byte {error.start} on. The file may be cut "
                    "off or damaged; export it again."
                ) from None
    if b"\x00" in data:
        return _decode_wide(data, name)
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _decode_wide(data: bytes, name: str) -> tuple[str, str]:
    """Read UTF-16 without a byte-order mark: mostly plain letters, so every second byte is zero."""
    sample = data[:4096]
    even, odd = sample[::2], sample[1::2]
    for encoding, zeros, letters in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.6 * len(zeros) and letters.count(0) < 0.05 * len(letters):
            try:
                return _without_nul(data.decode(encoding), name), encoding
            except UnicodeDecodeError:
                break
    raise DataError(
        f"'{name}' is a binary file (it holds zero bytes), not a text table. {_ADVICE['csv']}"
    )


def _without_nul(text: str, name: str) -> str:
    if "\x00" in text:
        raise DataError(f"'{name}' holds zero characters: it is damaged, or not a text table.")
    return text


def refuse_markup(text: str, name: str) -> None:
    """Refuse web pages, XML and JSON that were saved under a table's name."""
    start = text[:2000].lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")) or re.match(
        r"<(script|meta|table|div)\b", start
    ):
        raise DataError(
            f"'{name}' is a web page (HTML), not a table. Downloads end like this when one is "
            "not logged in any more: log in to the survey platform and export again."
        )
    if start.startswith("<?xml"):
        raise DataError(f"'{name}' is an XML file, not a table. {_ADVICE['csv']}")
    if start.startswith(('{"surveyentry"', '{ "surveyentry"')):
        raise DataError(
            f"'{name}' is the definition of a Qualtrics survey (QSF): it has questions but no "
            f"answers. {_ADVICE['csv']}"
        )
    if re.match(r'[\[{]\s*[{\[]?\s*"', start) and "importid" not in start.split("\n")[0]:
        raise DataError(f"'{name}' is a JSON file, not a table. {_ADVICE['csv']}")


def find_delimiter(text: str) -> tuple[str, str]:
    """Give the delimiter and the text to parse (without Excel's ``sep=`` line).

    Each candidate parses the first records, quotes respected; the one under which most
    records are as wide as the heading wins, then the one that gives more columns.
    """
    told = re.match(r'"?sep=(.)"?\r?\n', text)
    if told:
        return told.group(1), text[told.end() :]
    best, best_rank = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        widths = [len(record) for record in _first_records(text, delimiter)]
        if not widths or widths[0] < 2:
            continue
        share = sum(width == widths[0] for width in widths) / len(widths)
        # A few ragged rows must not hand the file to a delimiter that splits nothing well.
        rank = (1.0 if share >= 0.9 else share, widths[0])
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best, text


def _first_records(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    seen = 0
    try:
        for record in reader:
            if record:
                yield record
                seen += 1
            if seen >= _JUDGED_RECORDS:
                return
    except csv.Error:
        return
