"""JSON without its surprises, and with the line on which each part begins."""

from __future__ import annotations

import json
from bisect import bisect_left
from typing import Any

from trustmeasure.instruments.strict_yaml import Document, MalformedError

_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder()


def parse(text: str, *, source: str) -> Document:
    """Parse one JSON document.

    Raises
    ------
    InstrumentError
        With the source and the line, for anything that is not plain JSON.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise MalformedError(
                source, None, f": the key '{twice[0]}' occurs twice; remove one of them."
            )
        return dict(items)

    try:
        data = json.loads(text, object_pairs_hook=pairs)
        lines = _Lines(text).found
    except json.JSONDecodeError as error:
        raise MalformedError(
            source, error.lineno, f" is not well-formed JSON: {error.msg}."
        ) from None
    except MalformedError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise MalformedError(source, None, f" is not well-formed JSON: {error}.") from None
    except RecursionError:
        raise MalformedError(source, None, " is nested too deeply.") from None
    return Document(data, lines)


class _Lines:
    """Where the parts of a text stand that is known to be well-formed JSON."""

    def __init__(self, text: str) -> None:
        self.found: dict[tuple[str | int, ...], int] = {}
        self._text = text
        self._breaks = [place for place, sign in enumerate(text) if sign == "\n"]
        self._value(0, ())

    def _value(self, start: int, path: tuple[str | int, ...]) -> int:
        """Note the line of the value that begins at ``start``, and of its parts; give its end."""
        start = self._next(start)
        self.found.setdefault(path, self._line(start))
        if self._text[start] not in "{[":
            return _DECODER.raw_decode(self._text, start)[1]
        closing = "}" if self._text[start] == "{" else "]"
        place, count = self._next(start + 1), 0
        while self._text[place] != closing:
            key: str | int = count
            if closing == "}":
                begin = place
                key, place = _DECODER.raw_decode(self._text, place)
                self.found[(*path, key)] = self._line(begin)
                place = self._next(place) + 1  # past the colon
            place = self._next(self._value(place, (*path, key)))
            if self._text[place] == ",":
                place = self._next(place + 1)
            count += 1
        return place + 1

    def _next(self, place: int) -> int:
        """Skip blanks."""
        while self._text[place] in _BLANK:
            place += 1
        return place

    def _line(self, place: int) -> int:
        return bisect_left(self._breaks, place) + 1
