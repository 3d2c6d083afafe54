"""YAML without its surprises.

Only ``true`` and ``false``, so written, are booleans (``no`` stays the language tag of Norwegian),
only plain whole numbers are numbers (``1.10`` stays the version that it is, ``2024-01-01``
stays text), and there are no tags, no anchors, no aliases and no duplicate keys. Numbers
with a point arrive as text and are read as numbers where the model asks for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from trustmeasure.errors import InstrumentError

MAX_BYTES = 2_000_000
MAX_DEPTH = 30

# Longer rows of digits are text: no code is that large, and int() refuses the longest.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class MalformedError(InstrumentError):
    """A file that cannot be read as plain data; knows the line that says so.

    ``fault`` goes on from the name of the file: ", line 3: the key 'id' occurs twice."
    """

    def __init__(self, source: str, line: int | None, fault: str) -> None:
        super().__init__(f"{source}{f', line {line}' if line else ''}{fault}")
        self.line = line
        self.fault = fault


@dataclass
class Document:
    """Plain data, and the line on which each path begins."""

    data: Any
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """Give the line of a path, or of the nearest part of it that the file has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def parse(text: str, *, source: str) -> Document:
    """Parse one YAML document.

    Raises
    ------
    InstrumentError
        With the source and the line, for anything that is not plain YAML.
    """
    import yaml

    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise MalformedError(
            source, None, f" is larger than {MAX_BYTES // 10**6} MB; is it an instrument?"
        )
    try:
        _refuse_unusual_events(yaml, text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MalformedError(
            source,
            mark.line + 1 if mark else None,
            f" is not well-formed YAML: {error.problem or error.context}.",
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise MalformedError(
            source,
            line,
            f" is not plain text: it holds the character U+{ord(text[error.position]):04X}.",
        ) from None
    if node is None:
        raise MalformedError(source, None, " is empty; expected an instrument.")
    document = Document(data=None)
    document.data = _build(yaml, node, (), document, source)
    return document


def _refuse_unusual_events(yaml: Any, text: str, source: str) -> None:
    """Refuse aliases and tags while they are still events, before anything is expanded."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise MalformedError(
                source,
                line,
                ": a second document begins here (---). Give each instrument a file of its own.",
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise MalformedError(
                source,
                line,
                ": anchors and aliases (&, *) are not allowed in an instrument. Write the value "
                "out.",
            )
        if getattr(event, "tag", None) is not None:
            raise MalformedError(
                source, line, f": the tag '{event.tag}' is not allowed in an instrument. Remove it."
            )
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
            if depth > MAX_DEPTH:
                raise MalformedError(source, line, f": nested more than {MAX_DEPTH} levels deep.")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1


def _build(
    yaml: Any, node: Any, path: tuple[str | int, ...], document: Document, source: str
) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else _scalar(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [
            _build(yaml, part, (*path, i), document, source) for i, part in enumerate(node.value)
        ]
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise MalformedError(source, line, ": a key must be a word or a number.")
        key = _key(key_node)
        if str(key) in {str(known) for known in result}:
            raise MalformedError(
                source, line, f": the key '{key}' occurs twice; remove one of them."
            )
        result[key] = _build(yaml, value_node, (*path, key), document, source)
        document.lines[(*path, key)] = line
    return result


def _key(node: Any) -> str | int:
    """Keys are text, but for the codes of answers, unless in quotes."""
    return int(node.value) if not node.style and _INTEGER.match(node.value) else str(node.value)


def _scalar(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return int(text) if _INTEGER.match(text) else text
