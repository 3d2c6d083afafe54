"""What items and scales are called in tables and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trustmeasure.errors import OptionError
from trustmeasure.instruments import Instrument
from trustmeasure.instruments.models import text_in

REVERSED = "(R)"


def instrument_of(data: Any, labels: Any = None) -> Instrument | None:
    """Find the instrument: passed as labels, or that of Scores and Responses."""
    if isinstance(labels, Instrument):
        return labels
    found = getattr(data, "instrument", None)
    return found if isinstance(found, Instrument) else None


def item_texts(
    ids: Iterable[Any],
    *,
    labels: Any,
    instrument: Instrument | None,
    language: str = "en",
    include_text: bool | None = None,
) -> dict[str, str]:
    """Give the wording of each item, by id; items without wording are left out.

    All tables and figures take wordings from here, so that those of a ``text: none``
    instrument show only where ``include_text=True`` asks for them. ``labels`` is True or None
    (what the instrument says), False (ids only), a mapping id → text, or an Instrument.
    """
    names = [str(name) for name in ids]
    if isinstance(labels, Mapping):
        return {name: str(labels[name]) for name in names if name in labels}
    if labels is False:
        return {}
    if labels not in (None, True) and not isinstance(labels, Instrument):
        raise OptionError(
            f"labels={labels!r} is not offered. Allowed: True, False, an Instrument, or a mapping "
            "from item ids to texts."
        )
    if instrument is None or not instrument.shows_text(include_text):
        return {}
    known = set(instrument.item_ids)
    texts = {name: instrument.item_text(name, language=language) for name in names if name in known}
    return {name: text for name, text in texts.items() if text.strip()}


def reversed_items(ids: Iterable[Any], instrument: Instrument | None) -> set[str]:
    """Name the items that the instrument marks as reversed."""
    if instrument is None:
        return set()
    marked = {item.id for item in instrument.items if item.reverse}
    return marked & {str(name) for name in ids}


def scale_title(scale: Any, instrument: Instrument | None, language: str = "en") -> str:
    """Give a scale's title, or its id where there is no title."""
    if instrument is not None:
        for known in instrument.scales:
            if known.id == scale:
                return text_in(known.title, language) or known.id
    return str(scale)
