"""The file of a survey definition: its bytes, its text, its rows, and where it is at fault."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trustmeasure._checks import near
from trustmeasure.errors import DataError, InstrumentError
from trustmeasure.platforms.decoding import decode

# The largest definitions have some thousand questions, which is a few megabytes.
MAX_BYTES = 50_000_000

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# What platforms write instead of a BCP 47 tag, and names of languages as form authors do.
_TAGS = {
    "zh-s": "zh-Hans",
    "zh-t": "zh-Hant",
    "arabic": "ar",
    "العربية": "ar",
    "bengali": "bn",
    "chinese": "zh",
    "中文": "zh",
    "deutsch": "de",
    "dutch": "nl",
    "english": "en",
    "espanol": "es",
    "español": "es",
    "francais": "fr",
    "français": "fr",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "italiano": "it",
    "japanese": "ja",
    "nederlands": "nl",
    "nepali": "ne",
    "polish": "pl",
    "portuguese": "pt",
    "português": "pt",
    "russian": "ru",
    "somali": "so",
    "spanish": "es",
    "swahili": "sw",
    "kiswahili": "sw",
    "turkish": "tr",
    "ukrainian": "uk",
    "urdu": "ur",
}
UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True)
class Source:
    """A file that should hold a survey definition."""

    name: str
    data: bytes

    @classmethod
    def open(cls, path: Path) -> Source:
        """Read a file whole; our own error where it is not there, empty, or far too large."""
        called = f"The survey definition '{path}'"
        if path.is_dir():
            raise InstrumentError(f"'{path}' is a folder; expected the file of a definition.")
        try:
            if path.stat().st_size > MAX_BYTES:
                raise InstrumentError(
                    f"{called} is larger than {MAX_BYTES // 10**6} MB, which no survey "
                    "definition is. Is it an export of answers? Those are read by read_responses."
                )
            data = path.read_bytes()
        except FileNotFoundError:
            siblings = path.parent.iterdir() if path.parent.is_dir() else ()
            raise InstrumentError(
                f"There is no file '{path}'." + near(path.name, (p.name for p in siblings))
            ) from None
        except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
            raise InstrumentError(f"{called} cannot be opened: {error}.") from None
        if not data.strip():
            raise InstrumentError(f"{called} is empty. Export the definition again.")
        return cls(path.name, data)

    @cached_property
    def text(self) -> str:
        """The file as text; binary files are refused."""
        try:
            return decode(self.data, self.name)[0].removeprefix("\ufeff")
        except DataError:
            raise self.error(
                "is a binary file, or damaged, not the definition of a survey. Export the "
                "definition again: " + FORMATS
            ) from None

    def error(self, message: str, place: str = "") -> InstrumentError:
        """Make an error that names the file and the place in it."""
        return InstrumentError(
            f"Survey definition '{self.name}'{f', {place}' if place else ''}"
            f"{': ' if place else ' '}{message}"
        )


FORMATS = (
    "Qualtrics (Survey > Tools > Import/Export > Export survey, .qsf), REDCap (Data Dictionary, "
    ".csv), LimeSurvey (Display/Export > Survey structure, .lss, or Tab-separated values, .txt), "
    "or XLSForm (.xlsx, .xls)."
)


@dataclass(frozen=True)
class Row:
    """A row of a table, by heading, and where it begins in the file."""

    place: str
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "").strip()


def read_rows(source: Source, delimiter: str, headings: Mapping[str, str]) -> list[Row]:
    """Read a delimited text with a heading row; ``headings`` maps squeezed headings to names.

    A heading that is not among them keeps its own name. Rows may be shorter than the heading
    (spreadsheet programs cut empty cells off), but not longer.
    """
    reader = csv.reader(io.StringIO(source.text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    rows: list[Row] = []
    start = 1
    try:
        for record in reader:
            line, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in record):
                continue
            if not names:
                names = [headings.get(squeezed(cell), cell.strip()) for cell in record]
                _refuse_twice(source, names)
                continue
            if any(cell.strip() for cell in record[len(names) :]):
                raise source.error(
                    f"it has {len(record)} cells, but the heading has {len(names)}. Put a text "
                    "that holds the delimiter in quotation marks.",
                    f"line {line}",
                )
            rows.append(Row(f"line {line}", dict(zip(names, record, strict=False))))
    except csv.Error as error:
        raise source.error(
            f"the table cannot be parsed ({error}). Most often a quotation mark is opened there "
            "and never closed.",
            f"from line {start} on",
        ) from None
    return rows


def headings_of(source: Source, delimiter: str) -> list[str]:
    """Give the squeezed headings of a delimited text."""
    reader = csv.reader(io.StringIO(source.text[:100_000], newline=""), delimiter=delimiter)
    try:
        return [squeezed(cell) for cell in next(reader, [])]
    except csv.Error:
        return []


def squeezed(heading: str) -> str:
    """Bring a heading to letters and digits alone, in lower case."""
    return re.sub(r"[\W_]+", "", heading.casefold())


def _refuse_twice(source: Source, names: list[str]) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise source.error(
            f"the heading '{twice[0]}' occurs {names.count(twice[0])} times. Remove the copies.",
            "line 1",
        )


def language_tag(name: str) -> str:
    """Give the BCP 47 tag of a language as a platform names it, or "und" where it is unknown.

    ``EN``, ``pt-BR``, ``ZH-S``, ``English (en)``, ``Español`` and the like.
    """
    name = name.strip()
    known = _TAGS.get(re.split(r"[\s(/,]", name.casefold())[0], "")
    in_brackets = re.search(r"\(([^()]+)\)\s*$", name)
    for candidate in (in_brackets.group(1).strip() if in_brackets else "", name):
        tag = candidate.replace("_", "-")
        if tag.casefold() in _TAGS:
            return _TAGS[tag.casefold()]
        # "English (UK)" is English: uk is the tag of Ukrainian.
        if _TAG.fullmatch(tag) and (not known or tag.split("-")[0].lower() == known):
            language, *rest = tag.split("-")
            return "-".join([language.lower(), *(_subtag(part) for part in rest)])
    return known or UNKNOWN_LANGUAGE


def _subtag(part: str) -> str:
    """Write regions in capitals and scripts with one, as the standard recommends."""
    return part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part
