"""Texts made comparable: markup, case, punctuation and spacing do not count."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from trustmeasure.instruments import Instrument

# A letter right after the mark: "if x < 5 and y > 2" holds no tag.
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_BREAK = re.compile(r"<\s*/?\s*(br|p|div|li|ul|ol|td|tr|h\d)\b[^<>]*>", re.IGNORECASE)
_UNSHOWN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
# Editors leave these behind; nobody sees them.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")
_REFERENT = "{referent}"
# A referent is a few words; a longer gap would match sentences that merely begin alike.
_REFERENT_PATTERN = r"\S+(?: \S+){0,7}"


@lru_cache(maxsize=20_000)
def without_markup(text: str) -> str:
    """Strip markup, entities and superfluous space; case and characters stay."""
    for _ in range(2):  # what the entities spell may be markup again
        if "<" in text:
            text = _TAG.sub("", _BREAK.sub(" ", _UNSHOWN.sub(" ", text)))
        if "&" not in text:
            break
        text = html.unescape(text)
    return " ".join(_INVISIBLE.sub("", text).split())


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """Strip markup, entities and superfluous space; fold case."""
    return " ".join(unicodedata.normalize("NFKC", without_markup(text)).split()).casefold()


@lru_cache(maxsize=20_000)
def bare(text: str) -> str:
    """Strip punctuation and quotation marks as well."""
    text = plain(text).translate(_APOSTROPHES)
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


@lru_cache(maxsize=5_000)
def statements(text: str) -> tuple[str, ...]:
    """Give the parts of a heading that may be the statement of a matrix row, bare.

    What follows each " - " of ``stem - statement``, the row of ``Stem [Row]``, and what
    follows the code of ``code. text``.
    """
    spaced = plain(text)
    parts = [spaced[match.end() :] for match in re.finditer(r"\s[-–—:]\s", spaced)]
    bracket = re.search(r"\[([^\[\]]+)\]\s*$", spaced)
    if bracket:
        parts.append(bracket.group(1))
    code = re.match(r"[\w.\[\]]+[.:)]\s+(?=\S)", spaced)
    if code:
        parts.append(spaced[code.end() :])
    found = dict.fromkeys(bare(part) for part in parts)
    found.pop("", None)
    return tuple(found)


def item_wordings(
    instrument: Instrument, item_id: str, language: str | None
) -> tuple[set[str], list[re.Pattern[str]]]:
    """Give an item's wordings, bare, with known referents filled in; and patterns for others."""
    exact: set[str] = set()
    patterns = []
    for tag, text in instrument.item(item_id).text.items():
        if not text.strip() or (language is not None and tag != language):
            continue
        exact.add(bare(text))
        if _REFERENT not in text:
            continue
        for referent in instrument.referents:
            exact.update(bare(text.replace(_REFERENT, name)) for name in referent.values())
        pieces = [re.escape(bare(piece)) for piece in text.split(_REFERENT)]
        if not any(pieces):
            continue
        pattern = _REFERENT_PATTERN.join(
            f"{' ' if i else ''}{piece}{' ' if i < len(pieces) - 1 else ''}" if piece else ""
            for i, piece in enumerate(pieces)
        )
        patterns.append(re.compile(pattern.strip()))
    exact.discard("")
    return exact, patterns
